//! The feed: everything that became durable or was published, in the order in which it did, for those who follow it.
//!
//! Rows are numbered from 1 without a gap, in the writer's turn. What was told of a change stands in the batch of that
//! change; that a log grew is written with the head that shows it. So a row is there exactly if what it tells of is
//! durable, and an entry that no head covers is not told of. Rows are kept for [`FEED_KEPT_MS`], the newest always.

use crate::log::Origin;
use serde::{Deserialize, Serialize};

/// How long a row of the feed is kept, in milliseconds: thirty days. Who was away longer begins anew.
pub const FEED_KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// Longest form of what is told in a row, in bytes.
pub const MAX_TOLD_BYTES: usize = 16 << 10;
/// Longest note on entries, in bytes.
pub const MAX_NOTE_BYTES: usize = 1024;

/// What a row of the feed tells. The order of variants and fields is the format on disk (postcard).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeedEvent {
    /// What came with a batch; its form is its owner's.
    Told(Vec<u8>),
    /// Entries of a log were published.
    Published {
        /// The log.
        origin: Origin,
        /// The first of them.
        from: u64,
        /// One past the last of them.
        to: u64,
    },
}

/// A row of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedRow {
    /// Its number, from 1.
    pub number: u64,
    /// When, by the clock of whoever wrote it, in Unix milliseconds; of a publication, when its entries were written.
    pub at_ms: u64,
    /// What it tells.
    pub event: FeedEvent,
}

/// What is kept for ever beside some entries of a log that follow one another, such as who asked for them. It names
/// nothing that is disclosed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryNote {
    /// The log.
    pub origin: Origin,
    /// The first entry.
    pub first: u64,
    /// The last entry.
    pub last: u64,
    /// The note; its form is its owner's.
    pub note: Vec<u8>,
}
