//! The doors: gRPC services for people's systems and HTTP for auditors; they translate, and decide nothing.
//!
//! What always holds: generated types do not leave this room; a refused call says one stable reason; a negative
//! verdict is an answer, not an error. Not its business: listeners and TLS (`node`), what may be done (`workflow`).

pub(crate) mod client;
mod deadline;
mod error;
mod failure;
mod peer;
mod rate;
mod wire;

pub use error::ApiError;
pub use peer::Peer;
