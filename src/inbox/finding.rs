//! Entries of partners' logs that failed their check, as they are kept beside them.
//!
//! A finding that a later trust list takes back is kept as that: the row of its entry was written when it counted for
//! nothing, so where its status stands is kept here.

use crate::{
    log::Origin,
    reason::Reasoned,
    store::{StateChange, Store, StoreError, Table},
    verification::EntryFault,
};
use serde::{Deserialize, Serialize};

/// An entry that failed its check: kept, counted, never delivered, never valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The log.
    pub origin: Origin,
    /// The entry.
    pub index: u64,
    /// Which check failed: the reason of an [`EntryFault`].
    pub reason: String,
    /// The same for people.
    pub sentence: String,
    /// The trust list it was checked by.
    pub trust_version: u64,
}

/// A finding, and what a later list made of it.
pub struct Kept {
    /// What was found.
    pub finding: Finding,
    /// That it holds no more.
    pub cleared: Option<Cleared>,
}

/// That a finding holds no more. It stands behind the finding in its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleared {
    /// The trust list that took it back.
    pub trust_version: u64,
    /// Where the status of the entry stands, counted through all lists; none if it is no certificate.
    pub status_index: Option<u32>,
}

/// The findings of a log that hold, by index.
pub fn findings(store: &dyn Store, origin: &Origin) -> Result<Vec<Finding>, StoreError> {
    let holds = |kept: Kept| kept.cleared.is_none().then_some(kept.finding);
    Ok(all(store, origin)?.into_iter().filter_map(holds).collect())
}

/// Whether the entry at this index is one.
pub fn is_finding(store: &dyn Store, origin: &Origin, index: u64) -> Result<bool, StoreError> {
    Ok(that_holds(store, origin, index)?.is_some())
}

/// The finding at this index, if there is one and it holds.
pub fn that_holds(store: &dyn Store, origin: &Origin, index: u64) -> Result<Option<Finding>, StoreError> {
    Ok(read(store, origin, index)?.filter(|kept| kept.cleared.is_none()).map(|kept| kept.finding))
}

/// Findings of a log that hold, from an index on, of at most so many records; with where to go on, if there may be more.
pub fn from(
    store: &dyn Store,
    origin: &Origin,
    index: u64,
    most: usize,
) -> Result<(Vec<Finding>, Option<u64>), StoreError> {
    // Ids of one log have one length: this one comes before that of the index itself.
    let after = match index.checked_sub(1) {
        Some(before) => id(origin, before),
        None => prefix(origin),
    };
    let records = store.records_from(Table::Finding, &after, most)?;
    let full = records.len() == most;
    let (mut found, mut last) = (Vec::new(), None);
    for (id, record) in records {
        let Some(index) = index_of(origin, &id) else { return Ok((found, None)) };
        last = Some(index);
        found.extend(Some(kept(origin, &record)?).filter(|kept| kept.cleared.is_none()).map(|kept| kept.finding));
    }
    Ok((found, last.filter(|_| full).map(|last| last.saturating_add(1))))
}

/// Where the status of an entry stands whose finding was taken back.
pub fn place(store: &dyn Store, origin: &Origin, index: u64) -> Result<Option<u32>, StoreError> {
    Ok(read(store, origin, index)?.and_then(|kept| kept.cleared?.status_index))
}

/// Every finding of a log, also those that were taken back.
pub fn all(store: &dyn Store, origin: &Origin) -> Result<Vec<Kept>, StoreError> {
    let records = store.records_under(Table::Finding, &prefix(origin), usize::MAX)?.into_iter();
    records.map(|(_, record)| kept(origin, &record)).collect()
}

fn read(store: &dyn Store, origin: &Origin, index: u64) -> Result<Option<Kept>, StoreError> {
    store.record(Table::Finding, &id(origin, index))?.map(|record| kept(origin, &record)).transpose()
}

fn kept(origin: &Origin, record: &[u8]) -> Result<Kept, StoreError> {
    let unreadable = |e| StoreError::Index(format!("a finding of {origin}: {e}"));
    let (finding, rest) = postcard::take_from_bytes(record).map_err(unreadable)?;
    let cleared = (!rest.is_empty()).then(|| postcard::from_bytes(rest)).transpose().map_err(unreadable)?;
    Ok(Kept { finding, cleared })
}

/// Whether a newer trust list may see the entry otherwise, by the reason of its finding.
#[must_use]
pub fn is_by_the_list(reason: &str) -> bool {
    matches!(
        reason,
        "ENTRY_KEY_UNKNOWN" | "ENTRY_KEY_OUT_OF_SCOPE" | "ENTRY_KEY_CLOSED" | "ENTRY_BEYOND_END" | "ENTRY_ADDRESSEE"
    )
}

/// Whether a certificate that is this finding keeps its place in the status lists: its key is closed there, and its issuer
/// goes on with lists in which it has one.
#[must_use]
pub fn keeps_its_place(reason: &str) -> bool {
    reason == "ENTRY_KEY_CLOSED"
}

/// The finding that a fault is.
#[must_use]
pub fn of(origin: &Origin, index: u64, fault: &EntryFault, trust_version: u64) -> Finding {
    let (reason, sentence) = (fault.reason().to_owned(), fault.to_string());
    Finding { origin: origin.clone(), index, reason, sentence, trust_version }
}

impl Finding {
    /// Puts the finding.
    #[must_use]
    pub fn put(&self) -> StateChange {
        let record = postcard::to_allocvec(self).unwrap_or_default();
        StateChange::RecordPut { table: Table::Finding, id: id(&self.origin, self.index), record }
    }

    /// Puts that it holds no more.
    #[must_use]
    pub fn take_back(&self, cleared: Cleared) -> StateChange {
        let record = postcard::to_allocvec(&(self, cleared)).unwrap_or_default();
        StateChange::RecordPut { table: Table::Finding, id: id(&self.origin, self.index), record }
    }
}

/// No origin has a zero byte.
fn prefix(origin: &Origin) -> Vec<u8> {
    [origin.as_str().as_bytes(), &[0]].concat()
}

/// Big-endian, so that they lie in the order of the log.
fn id(origin: &Origin, index: u64) -> Vec<u8> {
    [prefix(origin).as_slice(), &index.to_be_bytes()].concat()
}

fn index_of(origin: &Origin, id: &[u8]) -> Option<u64> {
    id.strip_prefix(prefix(origin).as_slice())?.try_into().map(u64::from_be_bytes).ok()
}
