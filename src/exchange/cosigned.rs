//! The cosignatures that own heads have, and whether they are enough.

use crate::log::{NoteSignature, Origin};

/// A verified cosignature of an own head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The log.
    pub origin: Origin,
    /// Size of the head.
    pub size: u64,
    /// The head's note with the log's signature.
    pub note: String,
    /// The line.
    pub line: NoteSignature,
    /// When the cosigner says it cosigned, in Unix seconds.
    pub time: u64,
}
