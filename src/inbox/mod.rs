//! Logs of partners as they are kept here: which of their entries are findings, and whose disclosures are awaited.
//!
//! Each is a record in the log's own store, written by who replicates it (exchange) and read by who works with what
//! arrived (workflow). Not its business: how an entry comes here, and what is done with it.

mod awaited;
pub mod finding;

pub use awaited::{Awaited, Receipted, Why, await_it, erased_there, is_erased_there, not_here, settle, why};
pub use finding::{Finding, findings, is_finding};
