//! When partners had cosigned how much of an own log: what a closing after a compromise goes by.
//!
//! Cosignatures themselves are kept for the newest heads alone. Of older ones one mark an hour is kept for ever: the first
//! head in that hour which has the cosignatures that the policy asks for. A page of marks is one record.

use super::gate::asks_nobody;
use crate::{
    log::Origin,
    store::{StateChange, Store, StoreError, Table},
    time::{Timestamp, unix_ms},
    trust::TrustList,
};
use serde::{Deserialize, Serialize};

/// Seconds between two marks of a log.
const EVERY: i64 = 3_600;
/// Seconds of one page: 720 marks of about 8 bytes.
const PAGE: i64 = 720 * EVERY;

/// A size of a log, and when enough partners had cosigned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Unix seconds, by this node's clock: when it was known here.
    pub at: i64,
    /// Entries.
    pub size: u64,
}

/// What says how large a log was before an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Known {
    /// Enough partners had cosigned this, at the time of the mark.
    Cosigned(Mark),
    /// The log asks nobody to cosign it: its own entries say in which hour they were made.
    OwnRecord(u64),
    /// No head is known that had been cosigned before.
    Nothing,
}

impl Known {
    /// Entries below this index are from before.
    #[must_use]
    pub const fn size(self) -> u64 {
        match self {
            Self::Cosigned(mark) => mark.size,
            Self::OwnRecord(size) => size,
            Self::Nothing => 0,
        }
    }
}

/// The mark of a head that has enough cosignatures, if this hour has none yet. A clock that went back by less than an hour
/// marks nothing before it has come to where it was; a mark that lies further ahead was dated by a clock that was ahead, this
/// node's or by an older version a cosigner's, and keeps no hour before its own without one.
pub fn due(store: &dyn Store, origin: &Origin, mark: Mark) -> Result<Option<StateChange>, StoreError> {
    let id = id(origin, mark.at.div_euclid(PAGE));
    let mut marks = store.record(Table::Setting, &id)?.map_or_else(|| Ok(Vec::new()), |bytes| read(origin, &bytes))?;
    let hour = |mark: &Mark| mark.at.div_euclid(EVERY);
    let last = marks.last().map(|last| hour(last) - hour(&mark));
    if last.is_some_and(|ahead| (0..=1).contains(&ahead)) {
        return Ok(None);
    }
    marks.push(mark);
    let record = postcard::to_allocvec(&marks).unwrap_or_default();
    Ok(Some(StateChange::RecordPut { table: Table::Setting, id, record }))
}

/// How much of a log had been cosigned before an instant, as the policy asks: the largest size marked; nothing where no
/// mark is that old. Of a log that asks nobody, the entries made in hours that were over by then.
pub fn before(store: &dyn Store, origin: &Origin, trust: &TrustList, instant: Timestamp) -> Result<Known, StoreError> {
    if asks_nobody(trust, origin) {
        return Ok(Known::OwnRecord(made_before(store, origin, instant)?));
    }
    let mut found: Option<Mark> = None;
    for (_, record) in store.records_under(Table::Setting, &prefix(origin), usize::MAX)? {
        let older = read(origin, &record)?.into_iter().filter(|mark| mark.at < instant.as_second());
        found = older.chain(found).max_by_key(|mark| (mark.size, -mark.at));
    }
    Ok(found.map_or(Known::Nothing, Known::Cosigned))
}

/// Entries made in hours that were over before an instant; identifiers rise, and tell the hour alone.
fn made_before(store: &dyn Store, origin: &Origin, instant: Timestamp) -> Result<u64, StoreError> {
    let ms = unix_ms(instant);
    let hour = u64::try_from(EVERY).unwrap_or(0).saturating_mul(1_000);
    let (mut low, mut high) = (0, store.head(origin).map_or(0, |head| head.head.size));
    while low < high {
        let middle = low + (high - low) / 2;
        let facts = store.facts(origin, middle)?;
        let facts = facts.ok_or_else(|| StoreError::NoEntry { origin: origin.clone(), index: middle })?;
        if facts.jti.hour_ms().saturating_add(hour) <= ms { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

fn read(origin: &Origin, record: &[u8]) -> Result<Vec<Mark>, StoreError> {
    postcard::from_bytes(record).map_err(|error| StoreError::Index(format!("marks of {origin}: {error}")))
}

/// No origin has a zero byte.
fn prefix(origin: &Origin) -> Vec<u8> {
    [b"marks/", origin.as_str().as_bytes(), &[0]].concat()
}

fn id(origin: &Origin, page: i64) -> Vec<u8> {
    [prefix(origin).as_slice(), &page.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Batch, MemoryStore};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Marks a head, if that is due.
    fn put(store: &MemoryStore, origin: &Origin, mark: Mark) -> bool {
        let due = due(store, origin, mark).unwrap();
        let is_due = due.is_some();
        store.commit(Batch { state: due.into_iter().collect(), ..Batch::default() }).unwrap();
        is_due
    }

    #[test]
    fn an_hour_has_one_mark_and_the_largest_size_before_an_instant_is_found() {
        let (store, origin) = (MemoryStore::new(), "tdap.gov.pk/log/2026/customs.gov.cn".parse::<Origin>().unwrap());
        let mark = |at, size| put(&store, &origin, Mark { at, size });
        let begin = PAGE * 700;
        assert!(mark(begin + 10, 5));
        assert!(!mark(begin + 3_599, 900), "the hour has one");
        assert!(mark(begin + 3_600, 901));
        assert!(!mark(begin + 20, 902), "a clock that went back a little marks nothing");
        // Another page.
        assert!(mark(begin + PAGE + 5, 7_000));
        let id = prefix(&origin);
        let pages = store.records_from(Table::Setting, &id, 9).unwrap();
        let marks = pages.iter().flat_map(|(_, record)| read(&origin, record).unwrap());
        let sizes = |until: i64| marks.clone().filter(|mark| mark.at < until).map(|mark| mark.size).max();
        assert_eq!((pages.len(), sizes(begin + 10), sizes(begin + 11)), (2, None, Some(5)));
        assert_eq!(sizes(begin + PAGE + 6), Some(7_000));
        assert_eq!(at(begin).as_second().div_euclid(PAGE), 700);
    }

    #[test]
    fn marks_that_a_clock_ahead_dated_keep_no_other_hour_without_one() {
        let (store, origin) = (MemoryStore::new(), "tdap.gov.pk/log/2026/customs.gov.cn".parse::<Origin>().unwrap());
        let mark = |at, size| put(&store, &origin, Mark { at, size });
        let (begin, day) = (PAGE * 700, 24 * EVERY);
        // What an older version wrote: each hour one that lies five days ahead, of the same page and of the next.
        for hour in 0..48 {
            assert!(mark(begin + 5 * day + hour * EVERY, 10) && mark(begin + PAGE + hour * EVERY, 10));
        }
        for hour in 0..2 * PAGE / EVERY {
            let size = 11 + u64::try_from(hour).unwrap();
            assert!(mark(begin + hour * EVERY + 9, size), "hour {hour}");
        }
        let pages = store.records_from(Table::Setting, &prefix(&origin), 9).unwrap();
        let marks = pages.iter().flat_map(|(_, record)| read(&origin, record).unwrap()).collect::<Vec<_>>();
        for (hour, size) in [(0, 11), (119, 130), (120, 131), (719, 730), (720, 731), (1_439, 1_450)] {
            let until = begin + hour * EVERY + 10;
            let known = marks.iter().filter(|mark| mark.at < until).map(|mark| mark.size).max();
            assert_eq!(known, Some(size), "hour {hour}");
        }
    }
}
