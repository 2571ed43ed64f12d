//! What a certificate waits for: the consent to send it, and a wish to cancel it that does not count yet.

use super::WorkflowError;
use crate::{
    office::Cancellation,
    store::{EntryRef, Expected, StateChange, Store, StoreError, Table},
};

/// Where wishes begin in their table.
pub(super) const WISHES: &[u8] = b"cancel/";

fn wish_id(entry: &EntryRef) -> Vec<u8> {
    [WISHES, entry.origin.as_str().as_bytes(), &[0], &entry.index.to_be_bytes()].concat()
}

/// A wish as it was read, if there is one, and that it still stands so.
pub(super) fn wish(store: &dyn Store, entry: &EntryRef) -> Result<(Option<Cancellation>, Expected), WorkflowError> {
    let id = wish_id(entry);
    let record = store.record(Table::Pending, &id)?;
    let wish = record.as_deref().map(read).transpose()?;
    Ok((wish, Expected { table: Table::Pending, id, record }))
}

/// Keeps a wish.
pub(super) fn keep(entry: &EntryRef, wish: &Cancellation) -> Result<StateChange, WorkflowError> {
    let record = serde_json::to_vec(wish).map_err(|error| WorkflowError::Record(error.to_string()))?;
    Ok(StateChange::RecordPut { table: Table::Pending, id: wish_id(entry), record })
}

/// A wish is over, one way or the other.
pub(super) fn forget(entry: &EntryRef) -> StateChange {
    StateChange::RecordRemoved { table: Table::Pending, id: wish_id(entry) }
}

/// Wishes that come after a place in their table, with their places.
pub(super) fn wishes(
    store: &dyn Store,
    after: &[u8],
    limit: usize,
) -> Result<Vec<(Vec<u8>, Cancellation)>, WorkflowError> {
    let rows = store.records_from(Table::Pending, if after.is_empty() { WISHES } else { after }, limit)?;
    let own = rows.into_iter().take_while(|(id, _)| id.starts_with(WISHES));
    own.map(|(id, record)| Ok((id, read(&record)?))).collect()
}

pub(super) fn read(record: &[u8]) -> Result<Cancellation, WorkflowError> {
    serde_json::from_slice(record).map_err(|error| WorkflowError::Record(format!("a wish to cancel: {error}")))
}

/// The certificate a wish is about.
pub(super) fn entry_of(wish: &Cancellation) -> Result<EntryRef, WorkflowError> {
    let origin = wish.log.parse().map_err(|_| StoreError::Index(format!("a wish names no log: {}", wish.log)))?;
    Ok(EntryRef { origin, index: wish.index })
}
