//! The doors: gRPC services for people's systems and HTTP for auditors; they translate, and decide nothing.
//!
//! What always holds: generated types do not leave this room; a refused call says one stable reason; a negative
//! verdict is an answer, not an error. Not its business: listeners and TLS (`node`), what may be done (`workflow`).

mod abroad;
mod accounts;
mod admin;
mod applications;
mod arrivals;
mod audit;
mod call;
mod certificates;
mod changes;
pub(crate) mod client;
mod closing;
mod continuity;
mod convert;
mod customs;
mod damages;
mod deadline;
mod doors;
mod downloads;
mod enquiries;
mod error;
mod examinations;
mod exporters;
mod exports;
mod failure;
mod histories;
mod hosts;
mod http;
mod issued;
mod life;
mod lifting;
mod lists;
mod logs;
mod look_up_page;
mod matching;
mod numbers;
mod offices;
mod packages;
mod papers;
mod partners;
mod peer;
mod policies;
mod pushed;
mod rate;
pub(crate) mod rest;
mod serves;
mod sessions;
mod share_page;
mod shares;
mod stream;
#[cfg(test)]
pub(crate) mod testing;
mod verifications;
mod watching;
mod webhooks;
mod wire;
mod witness;

pub use admin::ReloadTrust;
pub use doors::{DoorSetup, Doors, Health, MAX_MESSAGE};
pub use error::ApiError;
pub use hosts::{HostedAuthority, Hosts, KeyUsage, PublishedKey};
pub use papers::MAX_PAPER;
pub use peer::Peer;
