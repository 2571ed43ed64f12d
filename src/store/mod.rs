//! The durable state of one authority: all its logs, their sealed disclosures and everything beside them.
//!
//! What always holds: nothing is acknowledged before it is durable; an entry, its disclosures, its number,
//! its answer and the state that changes with it are there together or not at all; a head is signed only if
//! it extends the head signed last and its root is the root of what is stored; readers see nothing beyond
//! the head; after a failed write nothing goes on from memory until the store was read again from disk.
//! One [`Store`] contract, an engine for disk and, for tests, one for memory; one battery of tests for both.
//!
//! Not its business: what an entry says, who may write it, when a head is due.

mod about;
mod audit;
mod batch;
mod contract;
mod damage;
mod entry;
mod error;
mod feed;
mod journal;
mod state;

pub use about::{About, Subject, about, about_at, index, status_as_of, status_snapshot};
pub use audit::{AuditChain, BrokenChain};
pub use batch::{Batch, Committed, MAX_BATCH_BYTES, MAX_NUMBER_BYTES};
pub use contract::{LogHashes, Secret, SignHead, Store};
pub use damage::{Damage, ScrubbedPiece};
pub use entry::{Disclosures, DurableEntry, EntryFacts, EntryRef, NewEntry, PublishedHead, Sealed};
pub use error::StoreError;
pub use feed::{EntryNote, FEED_KEPT_MS, FeedEvent, FeedRow, MAX_NOTE_BYTES, MAX_TOLD_BYTES};
pub use journal::{Copied, CopyFolders, JournalOptions, JournalStore, Looked, Scrubbed};
pub use state::{
    ANSWERS_KEPT_MS, Answer, AuditHead, AuditLink, AuditRow, Expected, REQUEST_AHEAD_MS, Records, RequestId,
    StateChange, StatusListState, Table, number_id,
};

#[cfg(test)]
mod battery;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod rig;

#[cfg(test)]
pub(crate) use memory::MemoryStore;
