//! Keys that nothing is signed with any more, by the operator's word, before any trust list says so.

use super::marks::{self, Known};
use crate::{
    log::Origin,
    statement::Kid,
    store::{StateChange, Store, StoreError, Table},
    time::Timestamp,
    trust::TrustList,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const STOPPED: &[u8] = b"stopped/";

/// A key that was stopped, because somebody else may have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// The key.
    pub kid: Kid,
    /// Since when somebody else may have had it, in Unix seconds.
    pub suspected_since: i64,
    /// When it was stopped, in Unix milliseconds.
    pub at_ms: u64,
    /// Where it is to be closed, log by log.
    pub ends: Vec<End>,
}

/// Where a key is to be closed in one log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The log.
    pub origin: Origin,
    /// What says so.
    pub known: Known,
}

impl Stopped {
    /// Every key that was stopped.
    pub fn all(store: &dyn Store) -> Result<Vec<Self>, StoreError> {
        let stopped = store.records_under(Table::Setting, STOPPED, usize::MAX)?.into_iter();
        let stopped = stopped.map(|(_, record)| postcard::from_bytes(&record));
        stopped.map(|one| one.map_err(|error| StoreError::Index(format!("a key that was stopped: {error}")))).collect()
    }

    /// The change that keeps it.
    #[must_use]
    pub fn put(&self) -> StateChange {
        let record = postcard::to_allocvec(self).unwrap_or_default();
        StateChange::RecordPut { table: Table::Setting, id: [STOPPED, self.kid.as_str().as_bytes()].concat(), record }
    }
}

/// Where keys of this authority would be closed if they were suspect since an instant: in each log at the size that
/// partners had cosigned before it; also in one that was signed for and of which nothing is here, for a log that no closing names
/// falls whole. It reads from the disk.
pub fn ends(
    store: &dyn Store,
    trust: &TrustList,
    signed_for: &BTreeMap<Origin, u64>,
    suspected_since: Timestamp,
) -> Result<Vec<End>, StoreError> {
    let signed_for = signed_for.iter().filter(|(_, entries)| **entries > 0).map(|(origin, _)| origin.clone());
    let logs = store.logs().into_iter().chain(signed_for).collect::<BTreeSet<_>>();
    let mut ends = Vec::new();
    for origin in logs {
        let known = marks::before(store, &origin, trust, suspected_since)?;
        ends.push(End { origin, known });
    }
    Ok(ends)
}
