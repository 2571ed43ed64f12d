//! The index in sled 0.34.7.
//!
//! Read in its source: `flush` ends in `sync_file_range`, which makes nothing durable, so nothing here is
//! relied upon; a batch is applied atomically; opening one that was damaged may fail or panic. Either is
//! answered by throwing it away: the journal has everything.

use super::{Changes, Index, IndexError, REACHED, Reached};
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

/// Pages of the tree kept in memory, in bytes.
const CACHE_BYTES: u64 = 256 << 20;
/// How often sled hands its buffers to the system, in milliseconds. What a crash takes of them is made again from the
/// journal in a moment; each time costs every thread that ever read, and a sync of the disk beside those of the journal.
const FLUSH_EVERY_MS: u64 = 5000;

/// A sled database in a folder of its own.
#[derive(Debug)]
pub(in super::super) struct SledIndex {
    folder: PathBuf,
    db: RwLock<Option<sled::Db>>,
}

impl SledIndex {
    /// Opens what is there; what does not open is thrown away.
    pub(in super::super) fn open(folder: &Path) -> Result<Self, IndexError> {
        let db = match guarded(|| open(folder)) {
            Ok(db) => db,
            Err(error) => {
                tracing::warn!(%error, "the index does not open; it is rebuilt from the journal");
                remove(folder)?;
                guarded(|| open(folder))?
            }
        };
        Ok(Self { folder: folder.to_owned(), db: RwLock::new(Some(db)) })
    }

    fn with<T>(&self, f: impl FnOnce(&sled::Db) -> Result<T, sled::Error>) -> Result<T, IndexError> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        match db.as_ref() {
            Some(db) => guarded(|| f(db)),
            None => Err(IndexError("the index is closed".to_owned())),
        }
    }
}

fn open(folder: &Path) -> Result<sled::Db, sled::Error> {
    let db = sled::Config::new()
        .path(folder)
        .mode(sled::Mode::HighThroughput)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(Some(FLUSH_EVERY_MS))
        .open()?;
    // A first read, so that damage near the root shows now and not on the way of a request.
    db.get(REACHED)?;
    Ok(db)
}

fn remove(folder: &Path) -> Result<(), IndexError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(IndexError(error.to_string())),
        _ => Ok(()),
    }
}

/// sled panics on some damage where it should return an error.
fn guarded<T>(f: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, IndexError> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result.map_err(|error| IndexError(error.to_string())),
        Err(_) => Err(IndexError("sled panicked".to_owned())),
    }
}

impl Index for SledIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        self.with(|db| Ok(db.get(key)?.map(|value| value.to_vec())))
    }

    fn scan(&self, prefix: &[u8], from: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError> {
        let start = from.max(prefix).to_vec();
        self.with(|db| {
            for pair in db.range(start..) {
                let (key, value) = pair?;
                if !key.starts_with(prefix) || !visit(&key, &value) {
                    break;
                }
            }
            Ok(())
        })
    }

    fn apply(&self, changes: &Changes, reached: Reached) -> Result<(), IndexError> {
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        batch.insert(REACHED, &reached.to_bytes());
        self.with(|db| db.apply_batch(batch))
    }

    fn reached(&self) -> Result<Option<Reached>, IndexError> {
        self.with(|db| Ok(db.get(REACHED)?.and_then(|bytes| Reached::from_bytes(&bytes))))
    }

    fn flush(&self) -> Result<(), IndexError> {
        self.with(|db| db.flush().map(|_| ()))
    }

    fn clear(&self) -> Result<(), IndexError> {
        let mut db = self.db.write().unwrap_or_else(PoisonError::into_inner);
        drop(db.take());
        remove(&self.folder)?;
        *db = Some(guarded(|| open(&self.folder))?);
        Ok(())
    }
}
