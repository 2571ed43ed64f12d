//! What is found damaged while what is stored is read again, before anybody asks for it.

use crate::log::Origin;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Something stored that is not what was written, or does not follow from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// The file.
    pub file: String,
    /// Byte offset of the damage.
    pub offset: u64,
    /// What is wrong there.
    pub what: String,
    /// By log, the entries from the first to the last of those that are not served because of it, or whose contents are not.
    pub entries: Vec<(Origin, Range<u64>)>,
    /// When it was found, in Unix milliseconds.
    pub found_ms: u64,
}

/// What came of reading a piece of what is stored again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScrubbedPiece {
    /// Damage that nobody knew of: told once.
    pub found: Vec<Damage>,
    /// Damage that was known and is gone.
    pub gone: Vec<Damage>,
    /// Whether all was read with it: the next piece is the first again.
    pub is_last: bool,
}
