//! What is known of the disclosures of one partner log, as it is kept in that log's store.

use crate::{
    log::Origin,
    store::{StateChange, Store, StoreError, Table},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Before the places of what is erased: no log's name begins with it.
const ERASED: &[u8] = b"/erased/";

/// Why the disclosures of an entry are not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Why {
    /// They did not come, or did not match the entry's digests.
    Missing,
    /// The issuer keeps them back: a consent is outstanding. No alarm.
    Held,
}

/// How far the receipts went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipted {
    /// Entries below this index were asked for; what did not come is listed apart.
    pub settled: u64,
    /// Something changed since the last receipt.
    pub owed: bool,
}

/// What is awaited of one log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Awaited {
    /// How far it was asked and receipted.
    pub receipted: Receipted,
    /// Entries below that whose disclosures are not here.
    pub open: BTreeMap<u64, Why>,
}

impl Awaited {
    /// Reads what is kept.
    pub fn load(store: &dyn Store, origin: &Origin) -> Result<Self, StoreError> {
        let broken = |e: postcard::Error| StoreError::Index(format!("what is awaited of {origin}: {e}"));
        let receipted = Receipted::load(store, origin)?;
        let mut open = BTreeMap::new();
        let prefix = prefix(origin);
        for (id, record) in store.records_under(Table::Awaited, &prefix, usize::MAX)? {
            if let Some(index) = index_of(&prefix, &id) {
                open.insert(index, postcard::from_bytes(&record).map_err(broken)?);
            }
        }
        Ok(Self { receipted, open })
    }

    /// Indexes of one sort, rising.
    #[must_use]
    pub fn indexes(&self, why: Why) -> Vec<u64> {
        self.open.iter().filter(|(_, found)| **found == why).map(|(index, _)| *index).collect()
    }
}

impl Receipted {
    /// Reads how far the receipts of a log went.
    pub fn load(store: &dyn Store, origin: &Origin) -> Result<Self, StoreError> {
        let broken = |e: postcard::Error| StoreError::Index(format!("what is awaited of {origin}: {e}"));
        match store.record(Table::Receipt, origin.as_str().as_bytes())? {
            Some(bytes) => postcard::from_bytes(&bytes).map_err(broken),
            None => Ok(Self::default()),
        }
    }

    /// Puts it.
    #[must_use]
    pub fn put(self, origin: &Origin) -> StateChange {
        let record = postcard::to_allocvec(&self).unwrap_or_default();
        StateChange::RecordPut { table: Table::Receipt, id: origin.as_str().as_bytes().to_vec(), record }
    }
}

/// Puts that disclosures are awaited.
#[must_use]
pub fn await_it(origin: &Origin, index: u64, why: Why) -> StateChange {
    let record = postcard::to_allocvec(&why).unwrap_or_default();
    StateChange::RecordPut { table: Table::Awaited, id: id(origin, index), record }
}

/// Puts that they are awaited no more.
#[must_use]
pub fn settle(origin: &Origin, index: u64) -> StateChange {
    StateChange::RecordRemoved { table: Table::Awaited, id: id(origin, index) }
}

/// Puts that the issuer has erased them: none were here, and none will come.
#[must_use]
pub fn erased_there(origin: &Origin, index: u64) -> StateChange {
    StateChange::RecordPut { table: Table::Awaited, id: erased_id(origin, index), record: Vec::new() }
}

/// Whether the issuer said that it has erased the disclosures of an entry.
pub fn is_erased_there(store: &dyn Store, origin: &Origin, index: u64) -> Result<bool, StoreError> {
    Ok(store.record(Table::Awaited, &erased_id(origin, index))?.is_some())
}

/// Entries of a log below a size whose disclosures, as far as they have any, are not here: what is awaited, what its issuer
/// erased before it came, and what was not asked for yet.
pub fn not_here(store: &dyn Store, origin: &Origin, size: u64) -> Result<BTreeSet<u64>, StoreError> {
    let open = prefix(origin);
    let erased = [ERASED, &open].concat();
    let mut indexes = (Receipted::load(store, origin)?.settled..size).collect::<BTreeSet<_>>();
    for prefix in [open, erased] {
        for (id, _) in store.records_under(Table::Awaited, &prefix, usize::MAX)? {
            indexes.extend(index_of(&prefix, &id));
        }
    }
    Ok(indexes)
}

fn erased_id(origin: &Origin, index: u64) -> Vec<u8> {
    [ERASED, &id(origin, index)].concat()
}

/// Why the disclosures of an entry are awaited, if they are.
pub fn why(store: &dyn Store, origin: &Origin, index: u64) -> Result<Option<Why>, StoreError> {
    let record = store.record(Table::Awaited, &id(origin, index))?;
    let broken = |e: postcard::Error| StoreError::Index(format!("what is awaited of {origin}: {e}"));
    record.map(|record| postcard::from_bytes(&record).map_err(broken)).transpose()
}

/// No origin has a zero byte.
fn prefix(origin: &Origin) -> Vec<u8> {
    [origin.as_str().as_bytes(), &[0]].concat()
}

fn id(origin: &Origin, index: u64) -> Vec<u8> {
    [prefix(origin).as_slice(), &index.to_be_bytes()].concat()
}

fn index_of(prefix: &[u8], id: &[u8]) -> Option<u64> {
    id.strip_prefix(prefix)?.try_into().map(u64::from_be_bytes).ok()
}
