//! What the store does on this disk, beside what the disk itself does in the same run.

use super::{JournalOptions, JournalStore};
use crate::log::{Extension, Levels, Origin, TreeHead, consistency_proof, leaf_hash};
use crate::statement::Jti;
use crate::store::batch::Batch;
use crate::store::contract::Store;
use crate::store::entry::{EntryRef, NewEntry};
use crate::store::error::StoreError;
use crate::store::state::StateChange;
use crate::time::Random;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Entries in all.
    pub rows: u64,
    /// Entries of a batch.
    pub batch: u64,
    /// Bytes of a leaf.
    pub leaf_bytes: usize,
    /// Bytes of its disclosures.
    pub disclosure_bytes: usize,
}

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Entries sealed, committed, signed for and published, a second.
    pub rows_per_second: f64,
    /// Rows of as many bytes appended to one file and synced in batches as large, a second.
    pub limit_rows_per_second: f64,
    /// Slowest batch.
    pub slowest_batch: Duration,
    /// Bytes the data folder takes on the disk.
    pub disk_bytes: u64,
    /// Bytes of leaves and disclosures.
    pub payload_bytes: u64,
    /// Time to open the folder again.
    pub reopen: Duration,
}

impl Measured {
    /// Bytes on the disk for each byte of payload.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn disk_ratio(&self) -> f64 {
        self.disk_bytes as f64 / self.payload_bytes as f64
    }
}

/// Appends and syncs batches of the same bytes: the limit of the disk.
pub fn limit(folder: &Path, load: &Load) -> io::Result<f64> {
    let path = folder.join("limit");
    let mut file = File::create(&path)?;
    let row = load.leaf_bytes + load.disclosure_bytes;
    let bytes = vec![0x5a; row * usize::try_from(load.batch).unwrap_or(1)];
    let begun = Instant::now();
    for _ in 0..load.rows / load.batch.max(1) {
        file.write_all(&bytes)?;
        file.sync_data()?;
    }
    let rate = rate(load.rows, begun.elapsed());
    fs::remove_file(path)?;
    Ok(rate)
}

/// Fills a new store in `folder`/store and opens it again.
pub fn measure(folder: &Path, load: &Load, random: Arc<dyn Random>) -> Result<Measured, StoreError> {
    let failed = |error| StoreError::io(&folder.display().to_string(), error);
    let limit_rows_per_second = limit(folder, load).map_err(failed)?;
    let data = folder.join("store");
    let options = JournalOptions { reserve_bytes: 0, ..JournalOptions::default() };
    let store = JournalStore::open(&data, options.clone(), Arc::clone(&random))?;
    let origin: Origin = "bench.example/log/2026/all".parse()?;
    let opened = StateChange::LogOpened { origin: origin.clone(), addressee: "urn:origin-exchange:all".to_owned() };
    store.commit(Batch { state: vec![opened], ..Batch::default() })?;
    let (elapsed, slowest_batch) = fill(&store, &origin, load)?;
    drop(store);
    let begun = Instant::now();
    let store = JournalStore::open(&data, options, random)?;
    let reopen = begun.elapsed();
    drop(store);
    Ok(Measured {
        rows_per_second: rate(load.rows, elapsed),
        limit_rows_per_second,
        slowest_batch,
        disk_bytes: disk_bytes(&data).map_err(failed)?,
        payload_bytes: load.rows * (load.leaf_bytes + load.disclosure_bytes) as u64,
        reopen,
    })
}

/// Two stages, as the sequencer has them: the next batch is made and sealed while one is written.
fn fill(store: &JournalStore, origin: &Origin, load: &Load) -> Result<(Duration, Duration), StoreError> {
    let mut tree = Levels::new();
    let mut previous = None;
    let mut slowest = Duration::ZERO;
    let begun = Instant::now();
    let starts = (0..load.rows).step_by(usize::try_from(load.batch).unwrap_or(1));
    std::thread::scope(|scope| {
        let (sender, batches) = std::sync::mpsc::sync_channel(1);
        scope.spawn(move || {
            for start in starts {
                let made = batch(store, origin, start..(start + load.batch).min(load.rows), load);
                if sender.send(made).is_err() {
                    return;
                }
            }
        });
        for made in batches {
            let made = made?;
            let this = Instant::now();
            for entry in &made.entries {
                tree.append(leaf_hash(&entry.leaf));
            }
            store.commit(made)?;
            let next = TreeHead { size: tree.size(), root: tree.root() };
            let proof = match previous {
                None => Vec::new(),
                Some(TreeHead { size, .. }) => consistency_proof(size, next.size, &tree)
                    .map_err(|error| StoreError::BadBatch(error.to_string()))?,
            };
            let extension = Extension::prove(origin.clone(), previous, next, &proof)?;
            store.advance(vec![extension], &|extension| Ok(extension.checkpoint().to_string()))?;
            previous = Some(next);
            slowest = slowest.max(this.elapsed());
        }
        Ok((begun.elapsed(), slowest))
    })
}

fn batch(store: &JournalStore, origin: &Origin, range: std::ops::Range<u64>, load: &Load) -> Result<Batch, StoreError> {
    let mut batch = Batch { at_ms: range.start, ..Batch::default() };
    for index in range {
        let mut leaf = format!("{index:016}");
        leaf.extend(std::iter::repeat_n('x', load.leaf_bytes.saturating_sub(16)));
        let disclosures = store.seal(origin, index, &["y".repeat(load.disclosure_bytes)])?;
        let id = u128::from(index) << 16;
        batch.entries.push(NewEntry {
            origin: origin.clone(),
            index,
            jti: Jti(id.to_be_bytes()),
            status_index: u32::try_from(index).ok(),
            number: Some(format!("BENCH-2026-{index:010}")),
            leaf: leaf.into(),
            disclosures: Some(disclosures),
        });
        batch.state.push(StateChange::RequestAnswered {
            account: "bench".to_owned(),
            request_id: (id << 48).to_be_bytes(),
            body_digest: [0; 32],
            answer: Vec::new(),
            entry: Some(EntryRef { origin: origin.clone(), index }),
        });
    }
    Ok(batch)
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people; 2^52 rows are out of reach")]
fn rate(rows: u64, elapsed: Duration) -> f64 {
    rows as f64 / elapsed.as_secs_f64()
}

fn disk_bytes(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        // Blocks of 512 bytes, whatever the file system's own are (POSIX stat).
        bytes += if metadata.is_dir() { disk_bytes(&entry.path())? } else { metadata.blocks() * 512 };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SeededRandom;

    /// `ROWS=100000 cargo test --release --lib store::journal::measure -- --ignored --nocapture`
    #[test]
    #[ignore = "a measurement"]
    fn the_store_keeps_up_with_the_disk() {
        let rows = std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(100_000);
        for batch in [256, 32, 1] {
            let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
            let rows = if batch == 1 { rows / 20 } else { rows };
            let load = Load { rows, batch, leaf_bytes: 1100, disclosure_bytes: 2900 };
            let measured = measure(folder.path(), &load, Arc::new(SeededRandom::new(1))).unwrap();
            println!("{rows} rows by {batch}: {measured:.0?}, disk {:.2} x payload", measured.disk_ratio());
        }
    }
}
