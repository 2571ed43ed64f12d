//! Packages by any carrier: what this node has for a partner goes into a file, and what a partner's file has is taken by
//! the same machines that take it from the wire.
//!
//! What always holds: nothing is taken before the file was found whole and sealed; a log that is refused stops no other;
//! the same file taken again changes nothing.

mod bearer;
mod bringing;
mod export;
mod import;
mod push;
mod shelf;

pub(super) use bringing::{Bringing, Brought};
pub(super) use export::export;
#[cfg(test)]
pub(in crate::exchange) use export::head_within;
pub use export::{ExportAsked, Wanted};
pub(super) use import::import;
pub use import::{Imported, ImportedLog};
pub(super) use push::push;
pub use push::{PackagePost, Posted, PushTarget};
pub use shelf::Spool;
