//! Entries that failed their check, as they are kept.

use super::Finding;
use crate::{
    log::Origin,
    reason::Reasoned,
    store::{StateChange, Store, StoreError, Table},
    verification::EntryFault,
};
use std::collections::BTreeSet;

/// The findings of a log, by index.
pub fn findings(store: &dyn Store, origin: &Origin) -> Result<Vec<Finding>, StoreError> {
    let records = store.records(Table::Finding)?;
    let own = records.into_iter().filter(|(id, _)| index_of(origin, id).is_some());
    own.map(|(_, record)| {
        postcard::from_bytes(&record).map_err(|e| StoreError::Index(format!("a finding of {origin}: {e}")))
    })
    .collect()
}

/// Whether the entry at this index is one.
pub fn is_finding(store: &dyn Store, origin: &Origin, index: u64) -> Result<bool, StoreError> {
    Ok(store.record(Table::Finding, &id(origin, index))?.is_some())
}

pub(super) fn indexes(store: &dyn Store, origin: &Origin) -> Result<BTreeSet<u64>, StoreError> {
    Ok(store.records(Table::Finding)?.iter().filter_map(|(id, _)| index_of(origin, id)).collect())
}

pub(super) fn of(origin: &Origin, index: u64, fault: &EntryFault, trust_version: u64) -> Finding {
    let (reason, sentence) = (fault.reason().to_owned(), fault.to_string());
    Finding { origin: origin.clone(), index, reason, sentence, trust_version }
}

impl Finding {
    /// Puts the finding.
    pub(super) fn put(&self) -> StateChange {
        let record = postcard::to_allocvec(self).unwrap_or_default();
        StateChange::RecordPut { table: Table::Finding, id: id(&self.origin, self.index), record }
    }
}

/// Big-endian, so that they lie in the order of the log.
fn id(origin: &Origin, index: u64) -> Vec<u8> {
    [origin.as_str().as_bytes(), &[0], &index.to_be_bytes()].concat()
}

fn index_of(origin: &Origin, id: &[u8]) -> Option<u64> {
    let index = id.strip_prefix(origin.as_str().as_bytes())?.strip_prefix(&[0])?;
    index.try_into().map(u64::from_be_bytes).ok()
}
