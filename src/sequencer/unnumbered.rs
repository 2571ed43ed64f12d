//! Certificates whose numbers nobody knows: they came back without them, and an operator went on. Such as one that was held
//! when it was lost, which its holder alone has. A series passes over as many numbers as there are, once.

use super::recalled::{Recalled, bears_number};
use crate::{
    log::Origin,
    store::{Disclosures, StateChange, Store, StoreError, Table},
};

fn id(origin: &Origin) -> Vec<u8> {
    format!("unnumbered/{origin}").into_bytes()
}

/// Keeps how many there are of those that came back to a log.
pub(super) fn keep(store: &dyn Store, origin: &Origin, recalled: &Recalled) -> Result<StateChange, StoreError> {
    let mut count = 0_u64;
    for index in recalled.from..recalled.end {
        if !matches!(store.disclosures(origin, index), Ok(Some(Disclosures::None))) {
            continue;
        }
        let (Some(facts), Some(leaf)) = (store.facts(origin, index)?, store.leaf(origin, index)?) else { continue };
        count += u64::from(bears_number(facts.status_index, &leaf));
    }
    Ok(StateChange::RecordPut { table: Table::Setting, id: id(origin), record: count.to_be_bytes().to_vec() })
}

/// How many there are in all logs.
pub(super) fn all(store: &dyn Store) -> Result<u64, StoreError> {
    let mut count = 0_u64;
    for origin in store.logs() {
        let record = store.record(Table::Setting, &id(&origin))?;
        count = count.saturating_add(record.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes));
    }
    Ok(count)
}

/// That a series passed over so many.
pub(super) fn passed(series: &str, count: u64) -> StateChange {
    let (id, record) = (passed_id(series), count.to_be_bytes().to_vec());
    StateChange::RecordPut { table: Table::Setting, id, record }
}

/// Whether it did.
pub(super) fn has_passed(store: &dyn Store, series: &str, count: u64) -> Result<bool, StoreError> {
    let record = store.record(Table::Setting, &passed_id(series))?;
    Ok(record.is_some_and(|record| record == count.to_be_bytes()))
}

fn passed_id(series: &str) -> Vec<u8> {
    format!("unnumbered-passed/{series}").into_bytes()
}
