//! What the work needs of a store, in its words; each engine keeps these promises and one battery holds them to it.

use super::batch::{Batch, Committed};
use super::damage::{Damage, ScrubbedPiece};
use super::entry::{Disclosures, DurableEntry, EntryFacts, EntryRef, PublishedHead, Sealed};
use super::error::StoreError;
use super::feed::{EntryNote, FeedRow};
use super::state::{Answer, AuditHead, AuditRow, Records, RequestId, StatusListState, Table};
use crate::log::LogError;
use crate::log::{Extension, Hash, HashReader, Origin};
use crate::statement::Jti;
use bytes::Bytes;
use std::ops::Range;
use tokio::sync::watch;
use zeroize::Zeroizing;

/// Makes the signed note of a checkpoint from the proof that it extends the last one.
pub type SignHead<'a> = &'a (dyn Fn(&Extension) -> Result<String, LogError> + Sync);

/// Bytes that are wiped when they are dropped.
pub type Secret = Zeroizing<[u8; 32]>;

/// The durable state of one authority: all its logs and everything beside them.
///
/// Every call blocks; none belongs on a runtime worker. Writing calls take turns; reading calls never wait
/// for a sync. What is read about entries ends at the published size, except in the calls named `durable_…`.
pub trait Store: Send + Sync {
    // ---- writing ------------------------------------------------------------------------------------

    /// Seals disclosures for one place of one log. Takes no part in the writer's turn: call it from as many
    /// threads as there are. The index may lie beyond the durable size.
    fn seal(&self, origin: &Origin, index: u64, disclosures: &[String]) -> Result<Sealed, StoreError>;

    /// Makes a batch durable, whole or not at all. It stays unpublished until [`Store::advance`].
    ///
    /// An error for which [`StoreError::leaves_writer_usable`] holds changed nothing; any other stops the
    /// writer until [`Store::reload`].
    fn commit(&self, batch: Batch) -> Result<Committed, StoreError>;

    /// Signs and publishes new heads, at most one for each log: checks each against the head signed last
    /// (compare-and-swap) and against the root of what is stored, signs all, makes all notes durable with
    /// one sync, then shows the entries.
    fn advance(&self, extensions: Vec<Extension>, sign: SignHead<'_>) -> Result<(), StoreError>;

    /// Makes the disclosures of a published entry unreadable, for ever. Doing it again changes nothing.
    fn erase(&self, origin: &Origin, index: u64, at_ms: u64) -> Result<(), StoreError>;

    /// Drops answers older than [`super::ANSWERS_KEPT_MS`] and [`super::REQUEST_AHEAD_MS`] together, rows of the feed
    /// older than [`super::FEED_KEPT_MS`], and the room they took; says how many answers.
    fn expire(&self, now_ms: u64) -> Result<u64, StoreError>;

    /// Forgets everything in memory and opens what is on disk, by the path of every start. Durable entries
    /// past the last signed head are kept: compare [`Store::durable_size`] with [`Store::head`].
    fn reload(&self) -> Result<(), StoreError>;

    /// Why the writer stopped, if it did.
    fn poisoned(&self) -> Option<String>;

    // ---- reading again ------------------------------------------------------------------------------

    /// Reads the next piece of what is stored, and a package of entries at random, and holds them against their checksums,
    /// their rows and the tree. Once a minute it has read all within a week. It holds up no writer, and changes nothing.
    fn scrub_piece(&self, now_ms: u64) -> ScrubbedPiece;

    /// What was found damaged and is so still, as the last piece saw it, a start in between or not.
    fn damages(&self) -> Vec<Damage>;

    // ---- logs ---------------------------------------------------------------------------------------

    /// Every open log, in the order of opening.
    fn logs(&self) -> Vec<Origin>;

    /// The addressee of a log, as in `aud`.
    fn addressee(&self, origin: &Origin) -> Option<String>;

    /// Entries that are durable, published or not; 0 for a log that is not open.
    fn durable_size(&self, origin: &Origin) -> u64;

    /// A durable entry, published or not, read back from where it was written: what the writer re-hashes
    /// and checks before it signs a head over it.
    fn durable_entry(&self, origin: &Origin, index: u64) -> Result<Option<DurableEntry>, StoreError>;

    /// Changes whenever a head was published, a log opened or a cosignature kept; what, is read from the store. Who
    /// looks late sees the newest.
    fn news(&self) -> watch::Receiver<u64>;

    /// The head signed last. What it covers is published.
    fn head(&self, origin: &Origin) -> Option<PublishedHead>;

    // ---- published entries --------------------------------------------------------------------------

    /// The leaf at an index.
    fn leaf(&self, origin: &Origin, index: u64) -> Result<Option<Bytes>, StoreError>;

    /// Leaves from `range.start` on, until the range, the published size or `max_bytes` ends them; at least
    /// one where there is one.
    fn leaves(&self, origin: &Origin, range: Range<u64>, max_bytes: usize) -> Result<Vec<Bytes>, StoreError>;

    /// What is kept beside the leaf.
    fn facts(&self, origin: &Origin, index: u64) -> Result<Option<EntryFacts>, StoreError>;

    /// The disclosures of an entry, unsealed; `None` where there is no published entry.
    fn disclosures(&self, origin: &Origin, index: u64) -> Result<Option<Disclosures>, StoreError>;

    /// A secret of the entry for one purpose: HMAC-SHA256 of the purpose under the key its disclosures are sealed with.
    /// `None` where there is no published entry with disclosures, and once they are erased: it dies with them.
    fn secret(&self, origin: &Origin, index: u64, purpose: &str) -> Result<Option<Secret>, StoreError>;

    /// The hash over the 2^`level` published leaves from `index` × 2^`level` on.
    fn node(&self, origin: &Origin, level: u8, index: u64) -> Result<Hash, StoreError>;

    /// The published entry with this `jti`, by binary search in each log.
    fn find(&self, jti: &Jti) -> Result<Option<EntryRef>, StoreError>;

    /// The published entry that carries this certificate number.
    fn find_number(&self, number: &str) -> Result<Option<EntryRef>, StoreError>;

    // ---- state --------------------------------------------------------------------------------------

    /// Whether a number is given, to an entry published or not.
    fn number_taken(&self, number: &str) -> Result<bool, StoreError>;

    /// A number of an entry, published or not, that is read as this one is: itself, or another spelling of it (see
    /// [`crate::certificate::number_as_read`]).
    fn number_like(&self, number: &str) -> Result<Option<String>, StoreError>;

    /// The same of the numbers that stand under [`super::number_id`]: given in advance, or to a paper.
    fn number_in_advance_like(&self, number: &str) -> Result<Option<String>, StoreError>;

    /// The largest serial of the numbers of both kinds whose reading begins with `read`; `serial` tells that of one, and
    /// none where it is of another count. It looks at each of them.
    fn highest_serial(&self, read: &str, serial: &dyn Fn(&str) -> Option<u64>) -> Result<Option<u64>, StoreError>;

    /// The answer a request got. See [`Answer::published`].
    fn answered(&self, account: &str, request_id: &RequestId) -> Result<Option<Answer>, StoreError>;

    /// The next serial of a series; 0 for one never advanced.
    fn series_next(&self, series: &str) -> Result<u64, StoreError>;

    /// Series that were advanced, with their next serial, whose names come after `after`, ascending, at most `limit`.
    fn series_from(&self, after: &str, limit: usize) -> Result<Vec<(String, u64)>, StoreError>;

    /// The status lists of a log, in order.
    fn status_lists(&self, origin: &Origin) -> Result<Vec<StatusListState>, StoreError>;

    /// One status of a list; `None` where none was set.
    fn status(&self, origin: &Origin, list: u32, index: u32) -> Result<Option<u8>, StoreError>;

    /// A record of a table.
    fn record(&self, table: Table, id: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// All records of a table with their ids, ascending.
    fn records(&self, table: Table) -> Result<Records, StoreError> {
        self.records_under(table, &[], usize::MAX)
    }

    /// Records of a table whose ids come after `after`, ascending, at most `limit`. It costs by what it gives, not by
    /// what the table holds.
    fn records_from(&self, table: Table, after: &[u8], limit: usize) -> Result<Records, StoreError>;

    /// Records of a table whose ids begin so, ascending, at most `limit`. Nothing beyond them is looked at, so that what
    /// has none costs one place of the index, also while thousands of others are on their way into it.
    fn records_under(&self, table: Table, prefix: &[u8], limit: usize) -> Result<Records, StoreError>;

    /// Rows of the audit trail from a number on, at most `limit`.
    fn audit(&self, from: u64, limit: usize) -> Result<Vec<AuditRow>, StoreError>;

    /// The newest row of the audit trail, once there is one that is chained.
    fn audit_head(&self) -> Result<Option<AuditHead>, StoreError>;

    /// Notes on entries from an index on, of the run that holds it and those behind it, at most `limit`.
    fn notes(&self, origin: &Origin, from: u64, limit: usize) -> Result<Vec<EntryNote>, StoreError>;

    // ---- feed ---------------------------------------------------------------------------------------

    /// Rows of the feed from a number on that are still kept, at most `limit`. A row that tells of a publication may
    /// come a moment before the head that shows it.
    fn feed(&self, from: u64, limit: usize) -> Result<Vec<FeedRow>, StoreError>;

    /// The number that the next row of the feed gets.
    fn feed_next(&self) -> Result<u64, StoreError>;

    /// Changes whenever rows came to the feed, after they are durable and what they tell of is shown.
    fn fed(&self) -> watch::Receiver<u64>;
}

/// The published tree of one log, for proofs.
#[derive(Clone)]
pub struct LogHashes<'a> {
    store: &'a dyn Store,
    origin: Origin,
}

impl dyn Store + '_ {
    /// The published tree of a log.
    #[must_use]
    pub fn hashes(&self, origin: &Origin) -> LogHashes<'_> {
        LogHashes { store: self, origin: origin.clone() }
    }
}

impl HashReader for LogHashes<'_> {
    type Error = StoreError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        self.store.node(&self.origin, level, index)
    }
}
