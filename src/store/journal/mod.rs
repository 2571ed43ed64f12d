//! The store on disk: journals that are the truth, and sidecars and an index that follow from them.
//!
//! ```text
//! lock              held while a process has the folder
//! entries/00000001  entries, disclosures, audit rows, erasures: for ever, never rewritten
//! state/00000001    everything mutable; each segment begins with a snapshot, old ones go
//! logs/00000000.rows, .nodes, mark   fixed-width rows and tree hashes of each log; made again when lost
//! keys/…            a key for each entry's disclosures, and for each sealed record; what alone is overwritten
//! index/            sled; made again when lost
//! scrub             how far all of it was read again, and what was found damaged; it may be lost
//! ```
//! A batch is a frame in either class, written only after the frames before it were synced, so a power cut
//! can tear only the last. The state half names the entry half: the batch counts with both or not at all.

mod beside;
mod chain;
mod copy;
mod core;
mod disk;
mod frame;
mod index;
mod keeper;
mod keys;
mod keyspace;
mod logs;
mod look;
mod mark;
mod open;
mod record;
mod rows;
mod scrub;
mod segment;
mod tail;
mod wire;
mod writer;

pub use self::copy::{Copied, CopyFolders};
use self::core::Core;
use self::disk::{Disk, RealDisk, TakeError};
use self::index::{Index, IndexError, Making, SledIndex};
use self::keys::Keys;
pub use self::look::Looked;
use self::scrub::Scrubbing;
use super::batch::{Batch, Committed};
use super::contract::{Secret, SignHead, Store};
use super::damage::{Damage, ScrubbedPiece};
use super::entry::{Disclosures, DurableEntry, EntryFacts, EntryRef, PublishedHead, Sealed};
use super::error::StoreError;
use super::feed::{EntryNote, FeedRow};
use super::state::{Answer, AuditHead, AuditRow, Records, RequestId, StatusListState, Table};
use crate::log::{Extension, Hash, Origin};
use crate::statement::Jti;
use crate::time::Random;
use bytes::Bytes;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::watch;

/// How a data folder is kept.
#[derive(Debug, Clone)]
pub struct JournalOptions {
    /// Length at which a segment of entries is followed by the next, in bytes. A start reads the last one or
    /// two, so this bounds it.
    pub entry_segment_bytes: u64,
    /// The same for state, of which a start reads the last. Each segment begins with a snapshot of all that is mutable.
    pub state_segment_bytes: u64,
    /// Bytes of the disk that stay free: below them nothing is accepted.
    pub reserve_bytes: u64,
    /// Rows of entries without a head that are kept in memory; beyond them they are laid where they will stand.
    pub rows_in_memory: usize,
    /// Whether the index, marks and keys are kept on a thread of their own. Without, they are kept on the
    /// writer's turn, for tests that must do the same each time.
    pub background: bool,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            entry_segment_bytes: 64 << 20,
            state_segment_bytes: 16 << 20,
            reserve_bytes: 256 << 20,
            rows_in_memory: 8 << 10,
            background: true,
        }
    }
}

/// What outlives a reload.
struct Parts {
    disk: Arc<dyn Disk>,
    index: Arc<dyn Index>,
    index_suspect: AtomicBool,
    index_making: Arc<Making>,
    keys: Keys,
    random: Arc<dyn Random>,
    options: JournalOptions,
    scrubbing: Mutex<Scrubbing>,
}

impl Parts {
    /// Held for moments only, and never while the disk is read.
    fn scrubbing(&self) -> MutexGuard<'_, Scrubbing> {
        self.scrubbing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next start makes the index again.
    fn distrust_index(&self) {
        self.index_suspect.store(true, Ordering::Release);
    }

    fn index_is_suspect(&self) -> bool {
        self.index_suspect.load(Ordering::Acquire)
    }
}

/// The store in a data folder of its own, held against every other process.
pub struct JournalStore {
    /// Where its files are, for people.
    folder: PathBuf,
    parts: Arc<Parts>,
    core: RwLock<Arc<Core>>,
    reloading: Mutex<()>,
    news: watch::Sender<u64>,
    fed: watch::Sender<u64>,
}

impl std::fmt::Debug for JournalStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalStore").field("options", &self.parts.options).finish_non_exhaustive()
    }
}

impl From<IndexError> for StoreError {
    fn from(error: IndexError) -> Self {
        Self::Index(error.0)
    }
}

/// What a reading of everything found whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scrubbed {
    /// Batches in the entries class.
    pub batches: u64,
    /// Leaves, each found under its row and hashed again.
    pub leaves: u64,
    /// Bytes read.
    pub bytes: u64,
}

impl JournalStore {
    /// Opens a data folder, making it if it is not there.
    pub fn open(folder: &Path, options: JournalOptions, random: Arc<dyn Random>) -> Result<Self, StoreError> {
        let shown = folder.display().to_string();
        let disk = RealDisk::take(folder).map_err(|error| match error {
            TakeError::Held => StoreError::Locked(shown.clone()),
            TakeError::Io(error) => StoreError::io(&shown, error),
        })?;
        let index = SledIndex::open(&folder.join("index"))?;
        let store = Self::over(Arc::new(disk), Arc::new(index), options, random);
        let store = store.map_err(|error| error.below(folder))?;
        Ok(Self { folder: folder.to_owned(), ..store })
    }

    /// Reads the journals of a data folder that no process has open, and changes nothing. `None` where there is none.
    pub fn look(folder: &Path) -> Result<Option<Looked>, StoreError> {
        look::look(folder).map_err(|error| error.below(folder))
    }

    /// Copies a data folder, whether a process has it open or none, to where an earlier copy of it may be. `None` where
    /// there is none. What was acknowledged before it began is in the copy.
    pub fn copy(from: CopyFolders<'_>, to: CopyFolders<'_>) -> Result<Option<Copied>, StoreError> {
        copy::make(from, to)
    }

    /// Whether there is a data folder to copy; refuses one that is not to go over what is there. Nothing is written.
    pub fn may_copy(from: CopyFolders<'_>, to: CopyFolders<'_>) -> Result<bool, StoreError> {
        copy::compare(from, to)
    }

    /// Reads a copy and holds it against what it says of itself.
    pub fn check_copy(folder: &Path) -> Result<Copied, StoreError> {
        copy::check(folder)
    }

    /// Puts a copy where nothing is.
    pub fn restore(from: CopyFolders<'_>, to: CopyFolders<'_>) -> Result<Copied, StoreError> {
        copy::restore(from, to)
    }

    /// An error that was found in what was put back at `to`, told of the file of the copy that it came from.
    #[must_use]
    pub fn of_copy(error: StoreError, from: CopyFolders<'_>, to: &Path) -> StoreError {
        copy::of_copy(error, from, to)
    }

    /// Opens every seal there is: whether the keys belong to the journals. Says how many.
    pub fn unseal_all(&self) -> Result<u64, StoreError> {
        self.core().unseal_all()
    }

    fn over(
        disk: Arc<dyn Disk>,
        index: Arc<dyn Index>,
        options: JournalOptions,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        let keys = Keys::new(Arc::clone(&disk), Arc::clone(&random));
        let index_suspect = AtomicBool::new(false);
        let scrubbing = Mutex::new(Scrubbing::read(&*disk));
        let index_making = Arc::default();
        let parts = Parts { disk, index, index_suspect, index_making, keys, random, options, scrubbing };
        let parts = Arc::new(parts);
        let core = Core::open(Arc::clone(&parts))?;
        Ok(Self {
            folder: PathBuf::new(),
            parts,
            core: RwLock::new(Arc::new(core)),
            reloading: Mutex::default(),
            news: watch::Sender::default(),
            fed: watch::Sender::default(),
        })
    }

    fn core(&self) -> Arc<Core> {
        Arc::clone(&self.core.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Damage with its file named as whoever looks for it finds it.
    fn named(&self, damages: Vec<Damage>) -> Vec<Damage> {
        let named = |damage: Damage| Damage { file: self.folder.join(&damage.file).display().to_string(), ..damage };
        damages.into_iter().map(named).collect()
    }

    /// Reads every entry there is and checks it against its checksum and its row; what a log's signed head says, a start
    /// holds against the rows.
    pub fn scrub(&self) -> Result<Scrubbed, StoreError> {
        self.core().scrub()
    }
}

impl Store for JournalStore {
    fn seal(&self, origin: &Origin, index: u64, disclosures: &[String]) -> Result<Sealed, StoreError> {
        self.parts.keys.seal(origin, index, disclosures)
    }

    fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        let (tells, feeds) = (batch.tells_news(), !batch.feed.is_empty());
        let committed = self.core().commit(batch)?;
        if tells {
            self.news.send_modify(|count| *count = count.wrapping_add(1));
        }
        if feeds {
            self.fed.send_modify(|count| *count = count.wrapping_add(1));
        }
        Ok(committed)
    }

    fn advance(&self, extensions: Vec<Extension>, sign: SignHead<'_>) -> Result<(), StoreError> {
        self.core().advance(&extensions, sign)?;
        self.news.send_modify(|count| *count = count.wrapping_add(1));
        self.fed.send_modify(|count| *count = count.wrapping_add(1));
        Ok(())
    }

    fn erase(&self, origin: &Origin, index: u64, at_ms: u64) -> Result<(), StoreError> {
        self.core().erase(origin, index, at_ms)
    }

    fn expire(&self, now_ms: u64) -> Result<u64, StoreError> {
        self.core().expire(now_ms)
    }

    fn reload(&self) -> Result<(), StoreError> {
        let _turn = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        // The old one is read from until the new one stands, but never written through again.
        self.core().retire();
        let fresh = Arc::new(Core::open(Arc::clone(&self.parts))?);
        *self.core.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        // A write that failed for its caller may be durable all the same.
        self.fed.send_modify(|count| *count = count.wrapping_add(1));
        Ok(())
    }

    fn poisoned(&self) -> Option<String> {
        self.core().poisoned()
    }

    fn scrub_piece(&self, now_ms: u64) -> ScrubbedPiece {
        let core = self.core();
        let ScrubbedPiece { found, gone, is_last } = core.scrub_piece(core.portion(), now_ms);
        ScrubbedPiece { found: self.named(found), gone: self.named(gone), is_last }
    }

    fn damages(&self) -> Vec<Damage> {
        let known = self.parts.scrubbing().damages.clone();
        self.named(known)
    }

    fn logs(&self) -> Vec<Origin> {
        self.core().origins()
    }

    fn addressee(&self, origin: &Origin) -> Option<String> {
        self.core().addressee(origin)
    }

    fn durable_size(&self, origin: &Origin) -> u64 {
        self.core().durable_size(origin)
    }

    fn durable_entry(&self, origin: &Origin, index: u64) -> Result<Option<DurableEntry>, StoreError> {
        self.core().durable_entry(origin, index)
    }

    fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    fn head(&self, origin: &Origin) -> Option<PublishedHead> {
        self.core().head(origin)
    }

    fn leaf(&self, origin: &Origin, index: u64) -> Result<Option<Bytes>, StoreError> {
        self.core().leaf(origin, index)
    }

    fn leaves(&self, origin: &Origin, range: Range<u64>, max_bytes: usize) -> Result<Vec<Bytes>, StoreError> {
        self.core().leaves(origin, range, max_bytes)
    }

    fn facts(&self, origin: &Origin, index: u64) -> Result<Option<EntryFacts>, StoreError> {
        self.core().facts(origin, index)
    }

    fn disclosures(&self, origin: &Origin, index: u64) -> Result<Option<Disclosures>, StoreError> {
        self.core().disclosures(origin, index)
    }

    fn secret(&self, origin: &Origin, index: u64, purpose: &str) -> Result<Option<Secret>, StoreError> {
        self.core().secret(origin, index, purpose)
    }

    fn node(&self, origin: &Origin, level: u8, index: u64) -> Result<Hash, StoreError> {
        self.core().node(origin, level, index)
    }

    fn find(&self, jti: &Jti) -> Result<Option<EntryRef>, StoreError> {
        self.core().find(jti)
    }

    fn find_number(&self, number: &str) -> Result<Option<EntryRef>, StoreError> {
        self.core().find_number(number)
    }

    fn number_taken(&self, number: &str) -> Result<bool, StoreError> {
        self.core().number_taken(number)
    }

    fn number_like(&self, number: &str) -> Result<Option<String>, StoreError> {
        self.core().number_under(&keyspace::numbers_like(number))
    }

    fn number_in_advance_like(&self, number: &str) -> Result<Option<String>, StoreError> {
        self.core().number_under(&keyspace::in_advance_like(number))
    }

    fn highest_serial(&self, read: &str, serial: &dyn Fn(&str) -> Option<u64>) -> Result<Option<u64>, StoreError> {
        self.core().highest_serial(read, serial)
    }

    fn answered(&self, account: &str, request_id: &RequestId) -> Result<Option<Answer>, StoreError> {
        self.core().answered(account, request_id)
    }

    fn series_next(&self, series: &str) -> Result<u64, StoreError> {
        self.core().series_next(series)
    }

    fn series_from(&self, after: &str, limit: usize) -> Result<Vec<(String, u64)>, StoreError> {
        self.core().series_from(after, limit)
    }

    fn status_lists(&self, origin: &Origin) -> Result<Vec<StatusListState>, StoreError> {
        self.core().status_lists(origin)
    }

    fn status(&self, origin: &Origin, list: u32, index: u32) -> Result<Option<u8>, StoreError> {
        self.core().status(origin, list, index)
    }

    fn record(&self, table: Table, id: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.core().record(table, id)
    }

    fn records_from(&self, table: Table, after: &[u8], limit: usize) -> Result<Records, StoreError> {
        self.core().records_from(table, after, limit)
    }

    fn records_under(&self, table: Table, prefix: &[u8], limit: usize) -> Result<Records, StoreError> {
        self.core().records_under(table, prefix, limit)
    }

    fn audit(&self, from: u64, limit: usize) -> Result<Vec<AuditRow>, StoreError> {
        self.core().audit(from, limit)
    }

    fn audit_head(&self) -> Result<Option<AuditHead>, StoreError> {
        self.core().audit_head()
    }

    fn notes(&self, origin: &Origin, from: u64, limit: usize) -> Result<Vec<EntryNote>, StoreError> {
        self.core().notes(origin, from, limit)
    }

    fn feed(&self, from: u64, limit: usize) -> Result<Vec<FeedRow>, StoreError> {
        self.core().feed(from, limit)
    }

    fn feed_next(&self) -> Result<u64, StoreError> {
        self.core().feed_next()
    }

    fn fed(&self) -> watch::Receiver<u64> {
        self.fed.subscribe()
    }
}

#[cfg(test)]
mod sim;
#[cfg(test)]
mod tests;
