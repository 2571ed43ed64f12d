//! An entry of a log: how it is brought, where it is found, what is told of it.

use crate::log::{Hash, Origin, TreeHead};
use crate::statement::Jti;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryRef {
    /// The log.
    pub origin: Origin,
    /// Index in the log, from 0.
    pub index: u64,
}

/// An entry to be made durable.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// The log.
    pub origin: Origin,
    /// Index the writer expects it to get; anything but the next free one is refused.
    pub index: u64,
    /// The statement's `jti`; rises strictly within the log.
    pub jti: Jti,
    /// Place in the log's status lists, counted through all of them: list × 2^17 + `idx`.
    pub status_index: Option<u32>,
    /// Certificate number that is given with this entry, for ever and once per authority.
    pub number: Option<String>,
    /// The leaf: the exact bytes of the statement's JWT, at most [`crate::log::MAX_LEAF_BYTES`].
    pub leaf: Bytes,
    /// Its disclosures, sealed for exactly this place by [`super::Store::seal`]; none for a statement without any.
    pub disclosures: Option<Sealed>,
}

/// Disclosures made unreadable but for this store, for one place in one log.
#[derive(Debug, Clone)]
pub struct Sealed {
    pub(super) origin: Origin,
    pub(super) index: u64,
    pub(super) bytes: Vec<u8>,
}

impl Sealed {
    /// Bytes it takes in the journal.
    #[must_use]
    pub fn stored_bytes(&self) -> usize {
        self.bytes.len()
    }
}

/// What the store tells of an entry without reading its leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryFacts {
    /// The statement's `jti`.
    pub jti: Jti,
    /// Place in the log's status lists, as in [`NewEntry::status_index`].
    pub status_index: Option<u32>,
    /// RFC 6962 leaf hash.
    pub leaf_hash: Hash,
}

/// A durable entry read back for checking before a head over it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurableEntry {
    /// What the store keeps beside the leaf.
    pub facts: EntryFacts,
    /// The leaf, read back from where it was written.
    pub leaf: Bytes,
}

/// The disclosures of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disclosures {
    /// The statement has none.
    None,
    /// They were erased: the key is overwritten.
    Erased,
    /// The exact disclosure strings.
    Present(Vec<String>),
}

/// The head of a log that everybody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedHead {
    /// Size and root.
    pub head: TreeHead,
    /// The signed note.
    pub note: String,
}
