//! The composition root: configuration to listeners, TLS, telemetry and shutdown.
//!
//! What always holds: this is the only room that reads the system's clock and randomness, and the only one that
//! sees all others; it decides nothing about certificates. Not its business: what a call means (`api`).

mod activity;
mod authority;
mod background;
mod check;
mod clockwork;
mod configuration;
mod courier;
mod elsewhere;
mod error;
mod evidence;
mod federation;
mod files;
mod folders;
mod greeting;
mod heralds;
mod https;
mod listener;
mod lists;
mod operator;
mod outside;
mod paper;
mod partners;
mod push;
mod receipts;
mod running;
mod scrubbing;
pub mod system;
pub mod telemetry;
pub mod tls;
pub mod tls_material;
mod trust_keeper;
mod unread;
mod webhook_key;

pub use check::{Faults, check};
pub use configuration::{
    AuthorityConfiguration, Configuration, EventFormat, Limits, Mistake, Mistakes, OutsideWitnessConfiguration,
    PaperConfiguration, PartnerConfiguration, PushConfiguration, Quota, Telemetry, TlsDoor, TrustFiles,
    WebhookConfiguration, WebhookTargets, WitnessedConfiguration, collide,
};
pub use error::NodeError;
pub use folders::{DataFolder, data_folder, data_folders};
pub(crate) use https::{EXPIRED, NOT_VALID_YET};
pub use lists::installed_lists;
pub use operator::OPERATOR_TOKEN;
pub use paper::press;
pub use running::{Addresses, Node};
pub use webhook_key::WEBHOOK_KEY;

#[cfg(test)]
mod tests;
