//! The unit of durability: entries, disclosures, numbers, answers and state that stand or fall together.

use super::entry::{NewEntry, Sealed};
use super::error::StoreError;
use super::feed::{EntryNote, MAX_NOTE_BYTES, MAX_TOLD_BYTES};
use super::state::{Expected, RequestId, StateChange, Table};
use crate::encoding::hex;
use crate::log::{Extension, MAX_LEAF_BYTES, Origin};
use crate::statement::Jti;
use std::collections::{HashMap, HashSet};

/// Longest certificate number the store takes, in bytes.
pub const MAX_NUMBER_BYTES: usize = 200;
/// Most bytes of one batch, so that reading one back needs bounded memory.
pub const MAX_BATCH_BYTES: usize = 64 << 20;

/// What is made durable as one: after a power cut all of it is there or none.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The writer's clock, in Unix milliseconds.
    pub at_ms: u64,
    /// Entries, in the order of their indexes within each log.
    pub entries: Vec<NewEntry>,
    /// Disclosures of entries that were made durable without them, in this batch or before it: a replica gets them
    /// later than the entry. An entry gets them once.
    pub late: Vec<Sealed>,
    /// What records must still be for the batch to be taken at all.
    pub expected: Vec<Expected>,
    /// Changes of mutable state, applied in order.
    pub state: Vec<StateChange>,
    /// Rows for the audit trail; the store numbers them and chains each to the one before it.
    pub audit: Vec<Vec<u8>>,
    /// Notes on entries of this batch.
    pub notes: Vec<EntryNote>,
    /// Rows for the feed; the store numbers them.
    pub feed: Vec<Vec<u8>>,
}

impl Batch {
    /// Whether those who watch heads and cosignatures have to look again.
    pub(super) fn tells_news(&self) -> bool {
        self.state.iter().any(|change| {
            matches!(change, StateChange::LogOpened { .. } | StateChange::RecordPut { table: Table::Cosigned, .. })
        })
    }
}

/// What a commit made durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Durable size of each log the batch touched, by origin.
    pub durable: Vec<(Origin, u64)>,
}

/// What [`admit`] has to know of the store.
pub(super) trait Present {
    /// Durable size and the last `jti` of a log, if the log is open.
    fn log_end(&self, origin: &Origin) -> Option<(u64, Option<Jti>)>;
    /// Whether a number is given.
    fn number_taken(&self, number: &str) -> Result<bool, StoreError>;
    /// A record as it is now.
    fn record_now(&self, table: Table, id: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Whether a request has an answer.
    fn has_answer(&self, account: &str, request_id: &RequestId) -> Result<bool, StoreError>;
    /// Whether a durable entry has disclosures, readable or erased.
    fn has_disclosures(&self, origin: &Origin, index: u64) -> Result<bool, StoreError>;
    /// Whether a status list is begun.
    fn list_open(&self, origin: &Origin, list: u32) -> Result<bool, StoreError>;
}

/// The last defence: whatever the writer believes, the store takes an entry only at the next index of an
/// open log with a rising `jti`, a number once, an answer once.
pub(super) fn admit(batch: &Batch, present: &dyn Present) -> Result<(), StoreError> {
    let known = |ends: &HashMap<&Origin, (u64, Option<Jti>)>, origin: &Origin| {
        let open = ends.contains_key(origin) || present.log_end(origin).is_some();
        if open { Ok(()) } else { Err(StoreError::UnknownLog(origin.clone())) }
    };
    for Expected { table, id, record } in &batch.expected {
        if present.record_now(*table, id)? != *record {
            return Err(StoreError::RecordMoved { table: *table, id: hex::encode(id) });
        }
    }
    let mut ends: HashMap<&Origin, (u64, Option<Jti>)> = HashMap::new();
    let mut lists: HashSet<(&Origin, u32)> = HashSet::new();
    let mut requests: HashSet<(&str, &RequestId)> = HashSet::new();
    let mut numbers: HashSet<&str> = HashSet::new();
    for change in &batch.state {
        match change {
            StateChange::LogOpened { origin, .. } => {
                if present.log_end(origin).is_some() || ends.insert(origin, (0, None)).is_some() {
                    return Err(StoreError::LogExists(origin.clone()));
                }
            }
            StateChange::RequestAnswered { account, request_id, entry, .. } => {
                if let Some(entry) = entry {
                    known(&ends, &entry.origin)?;
                }
                if !requests.insert((account, request_id)) || present.has_answer(account, request_id)? {
                    return Err(StoreError::RequestAnswered {
                        account: account.clone(),
                        request_id: hex::encode(request_id),
                    });
                }
            }
            StateChange::StatusListOpened { origin, list, .. } => {
                known(&ends, origin)?;
                if present.list_open(origin, *list)? || !lists.insert((origin, *list)) {
                    return Err(StoreError::BadBatch(format!("status list {list} of log {origin} is open already")));
                }
            }
            StateChange::StatusAllocated { origin, list, .. } | StateChange::StatusSet { origin, list, .. } => {
                if !lists.contains(&(origin, *list)) && !present.list_open(origin, *list)? {
                    return Err(StoreError::BadBatch(format!("status list {list} of log {origin} is not open")));
                }
            }
            StateChange::NumberRecalled { number, entry } => {
                let size = present.log_end(&entry.origin).map_or(0, |(size, _)| size);
                if entry.index >= size {
                    return Err(StoreError::NoEntry { origin: entry.origin.clone(), index: entry.index });
                }
                if !numbers.insert(number) {
                    return Err(StoreError::NumberTaken(number.clone()));
                }
                give(number, present)?;
            }
            StateChange::SeriesAdvanced { .. } | StateChange::RecordPut { .. } | StateChange::RecordRemoved { .. } => {}
        }
    }
    let mut bytes = 0_usize;
    let mut disclosed: HashSet<(&Origin, u64)> = HashSet::new();
    for entry in &batch.entries {
        let (next, last) = match ends.get(&entry.origin) {
            Some(end) => *end,
            None => present.log_end(&entry.origin).ok_or_else(|| StoreError::UnknownLog(entry.origin.clone()))?,
        };
        if entry.index != next {
            return Err(StoreError::NotNext { origin: entry.origin.clone(), expected: next, given: entry.index });
        }
        if last.is_some_and(|last| entry.jti <= last) {
            return Err(StoreError::JtiNotRising { origin: entry.origin.clone(), index: entry.index });
        }
        if entry.leaf.is_empty() || entry.leaf.len() > MAX_LEAF_BYTES {
            return Err(StoreError::BadBatch(format!("a leaf of {} bytes", entry.leaf.len())));
        }
        if let Some(sealed) = &entry.disclosures {
            if sealed.origin != entry.origin || sealed.index != entry.index {
                return Err(StoreError::BadBatch(format!(
                    "disclosures sealed for entry {} of {} brought with entry {} of {}",
                    sealed.index, sealed.origin, entry.index, entry.origin
                )));
            }
            bytes = bytes.saturating_add(sealed.bytes.len());
            disclosed.insert((&entry.origin, entry.index));
        }
        if let Some(number) = &entry.number {
            if !numbers.insert(number) {
                return Err(StoreError::NumberTaken(number.clone()));
            }
            give(number, present)?;
        }
        bytes = bytes.saturating_add(entry.leaf.len());
        ends.insert(&entry.origin, (next.saturating_add(1), Some(entry.jti)));
    }
    bytes = bytes.saturating_add(admit_late(batch, present, &ends, disclosed)?);
    bytes = bytes.saturating_add(admit_told(batch, &ends)?);
    if bytes > MAX_BATCH_BYTES {
        return Err(StoreError::BadBatch(format!(
            "{bytes} bytes of entries and audit rows, more than {MAX_BATCH_BYTES}"
        )));
    }
    Ok(())
}

/// Disclosures that come after their entry, which gets them once; gives their bytes.
fn admit_late<'a>(
    batch: &'a Batch,
    present: &dyn Present,
    ends: &HashMap<&Origin, (u64, Option<Jti>)>,
    mut disclosed: HashSet<(&'a Origin, u64)>,
) -> Result<usize, StoreError> {
    let mut bytes = 0_usize;
    for late in &batch.late {
        let before = present.log_end(&late.origin).map_or(0, |(size, _)| size);
        let size = ends.get(&late.origin).map_or(before, |(size, _)| *size);
        if late.index >= size {
            return Err(StoreError::NoEntry { origin: late.origin.clone(), index: late.index });
        }
        let there = late.index < before && present.has_disclosures(&late.origin, late.index)?;
        if there || !disclosed.insert((&late.origin, late.index)) {
            let (origin, index) = (&late.origin, late.index);
            return Err(StoreError::BadBatch(format!("entry {index} of log {origin} has its disclosures")));
        }
        bytes = bytes.saturating_add(late.bytes.len());
    }
    Ok(bytes)
}

/// Notes on entries of the batch, and rows of the feed, of a size that is bounded; gives the bytes of all rows.
fn admit_told(batch: &Batch, ends: &HashMap<&Origin, (u64, Option<Jti>)>) -> Result<usize, StoreError> {
    for EntryNote { origin, first, last, note } in &batch.notes {
        let end = ends.get(origin).map_or(0, |(end, _)| *end);
        let begun = batch.entries.iter().find(|entry| entry.origin == *origin).map_or(u64::MAX, |entry| entry.index);
        if *first < begun || first > last || *last >= end {
            return Err(StoreError::BadBatch(format!(
                "a note on entries {first} to {last} of {origin}, not brought here"
            )));
        }
        if note.len() > MAX_NOTE_BYTES {
            return Err(StoreError::BadBatch(format!("a note of {} bytes", note.len())));
        }
    }
    match batch.feed.iter().find(|row| row.len() > MAX_TOLD_BYTES) {
        Some(row) => Err(StoreError::BadBatch(format!("a row of the feed of {} bytes", row.len()))),
        None => Ok(batch.audit.iter().chain(&batch.feed).fold(0, |bytes, row| bytes.saturating_add(row.len()))),
    }
}

/// Whether a certificate number can be given.
fn give(number: &str, present: &dyn Present) -> Result<(), StoreError> {
    if number.is_empty() || number.len() > MAX_NUMBER_BYTES {
        return Err(StoreError::BadBatch(format!("a certificate number of {} bytes", number.len())));
    }
    if present.number_taken(number)? { Err(StoreError::NumberTaken(number.to_owned())) } else { Ok(()) }
}

/// The note must be of the very checkpoint that was proven to extend the last one.
pub(super) fn check_note(extension: &Extension, note: &str) -> Result<(), StoreError> {
    if note.starts_with(&extension.checkpoint().to_string()) {
        return Ok(());
    }
    Err(StoreError::BadBatch(format!("the note is not of the checkpoint of log {}", extension.checkpoint().origin)))
}
