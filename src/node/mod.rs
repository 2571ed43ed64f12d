//! The composition root: configuration to listeners, TLS, telemetry and shutdown.
//!
//! What always holds: this is the only room that reads the system's clock and randomness, and the only one that
//! sees all others; it decides nothing about certificates. Not its business: what a call means (`api`).

mod configuration;
mod error;
mod listener;
pub mod system;
pub mod tls;
pub mod tls_material;

pub use configuration::{
    AuthorityConfiguration, Configuration, EventFormat, Limits, Mistake, Mistakes, Telemetry, TlsDoor, TrustFiles,
};
pub use error::NodeError;
pub use listener::{Listener, ListenerLimits};
