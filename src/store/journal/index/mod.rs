//! The index beside the journal: numbers, answers and mutable records by key. It can be thrown away.
//!
//! What always holds: a batch of changes and the sequence it reaches are applied together, so that an index
//! which is behind says by how much, and the journal is replayed from there.

#[cfg(test)]
mod memory;
mod overlay;
mod sled;

#[cfg(test)]
pub(super) use memory::MemoryIndex;
pub(super) use overlay::{Fresh, Making, Overlay};
pub(super) use sled::SledIndex;

use std::fmt::Debug;

/// Keys with their new values; `None` takes a key away.
pub(super) type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Keys with their values, ascending.
pub(super) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// How far in the state chain an index is: the sequence of the next batch, and the crc that one follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) sequence: u64,
    pub(super) crc: u32,
}

/// The index failed. What it held can be had again from the journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct IndexError(pub(super) String);

/// Ordered keys and values.
pub(super) trait Index: Send + Sync + Debug {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError>;
    /// Visits the keys under `prefix` from `from` on, ascending, until the visitor says `false`.
    fn scan(&self, prefix: &[u8], from: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError>;
    /// Applies changes and what they reach, all or nothing.
    fn apply(&self, changes: &Changes, reached: Reached) -> Result<(), IndexError>;
    /// How far it is; `None` for an empty one.
    fn reached(&self) -> Result<Option<Reached>, IndexError>;
    /// Hands what was applied to the disk.
    fn flush(&self) -> Result<(), IndexError>;
    /// Throws everything away.
    fn clear(&self) -> Result<(), IndexError>;
}

/// Where [`Reached`] stands: before every other key. It names the form of the keys: an index of another form seems not to
/// be there, and is made again. The first form had numbers under their text alone, the second read zeros otherwise.
const REACHED: &[u8] = b"!3";

impl Reached {
    fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        let (sequence, crc) = (self.sequence.to_le_bytes(), self.crc.to_le_bytes());
        for (to, from) in bytes.iter_mut().zip(sequence.into_iter().chain(crc)) {
            *to = from;
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (sequence, crc) = bytes.split_first_chunk::<8>()?;
        Some(Self { sequence: u64::from_le_bytes(*sequence), crc: u32::from_le_bytes(crc.try_into().ok()?) })
    }
}
