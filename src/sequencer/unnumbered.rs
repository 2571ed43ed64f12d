//! Certificates whose numbers nobody knows: they came back without them, and an operator went on, such as one that was held
//! when it was lost, which its holder alone has; or they never came back, and their log is closed without them. A series
//! passes over as many numbers as there may be, once.

use super::recalled::{Closing, Recalled, bears_number};
use crate::{
    log::Origin,
    statement::Issuer,
    store::{Disclosures, StateChange, Store, StoreError, Table},
    time::Date,
    trust::TrustList,
};
use std::collections::{BTreeMap, BTreeSet};

/// What is lost of the numbers of an authority.
#[derive(Debug)]
pub(super) struct Unnumbered {
    /// How many there are at most: which of the entries that never came back were certificates nobody knows.
    pub(super) count: u64,
    /// The years whose logs they stand in.
    years: BTreeSet<i16>,
}

impl Unnumbered {
    /// What is lost in all logs of an authority, also in one of which nothing else is here: of one that the list ended it
    /// alone may know.
    pub(super) fn read(store: &dyn Store, issuer: &Issuer, trust: &TrustList) -> Result<Self, StoreError> {
        let mut short = BTreeMap::<Origin, u64>::new();
        for (origin, closing) in Closing::all(store)? {
            short.insert(origin, closing.signed.saturating_sub(closing.size));
        }
        for ended in trust.text().shards.iter().filter(|ended| ended.origin.host() == issuer.host()) {
            let lost = ended.final_size.saturating_sub(store.durable_size(&ended.origin));
            let known = short.entry(ended.origin.clone()).or_default();
            *known = lost.max(*known);
        }
        let mut lost = short.into_iter().collect::<Vec<_>>();
        for origin in store.logs() {
            let record = store.record(Table::Setting, &id(&origin))?;
            let count = record.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
            lost.push((origin, count));
        }
        lost.retain(|(_, count)| *count > 0);
        let count = lost.iter().fold(0_u64, |all, (_, count)| all.saturating_add(*count));
        Ok(Self { count, years: lost.iter().map(|(origin, _)| origin.shard().year()).collect() })
    }

    /// Whether a series of which nothing is known may have given some of them by this day. One that begins in a year of
    /// which nothing is lost has not.
    pub(super) fn may_be_before(&self, day: Date) -> bool {
        self.years.contains(&day.year())
    }
}

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
