//! Certificates that are issued and not yet sent: their entries are in the log like any other's, and what they say is kept
//! from the addressee until the holder consents.

use crate::store::{EntryRef, Expected, StateChange, Store, StoreError, Table};

/// Where these stand in their table.
const HELD: &[u8] = b"held/";

fn id(entry: &EntryRef) -> Vec<u8> {
    [HELD, entry.origin.as_str().as_bytes(), &[0], &entry.index.to_be_bytes()].concat()
}

/// Whether what an entry says is kept from its addressee.
pub fn is_held(store: &dyn Store, entry: &EntryRef) -> Result<bool, StoreError> {
    Ok(store.record(Table::Pending, &id(entry))?.is_some())
}

/// That it is held, as it was read; none if it is not.
pub fn held(store: &dyn Store, entry: &EntryRef) -> Result<Option<Expected>, StoreError> {
    let id = id(entry);
    let record = store.record(Table::Pending, &id)?;
    Ok(record.map(|record| Expected { table: Table::Pending, id, record: Some(record) }))
}

/// Whose consent it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Of whoever filed for it.
    Holder,
    /// Of the exporter itself, and not of its agent.
    Exporter,
}

impl Consent {
    /// Whose consent a record of [`held`] waits for.
    #[must_use]
    pub fn of(held: &Expected) -> Self {
        match held.record.as_deref() {
            Some([1]) => Self::Exporter,
            _ => Self::Holder,
        }
    }
}

/// Holds what an entry says from the moment the entry is there.
#[must_use]
pub fn hold(entry: &EntryRef, consent: Consent) -> StateChange {
    let record = match consent {
        Consent::Holder => vec![0],
        Consent::Exporter => vec![1],
    };
    StateChange::RecordPut { table: Table::Pending, id: id(entry), record }
}

/// Lets it be sent.
#[must_use]
pub fn release(entry: &EntryRef) -> StateChange {
    StateChange::RecordRemoved { table: Table::Pending, id: id(entry) }
}
