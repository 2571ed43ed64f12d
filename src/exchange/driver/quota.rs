//! What the logs of one partner may take here: bytes on disk, and entries a day.

use crate::store::{Batch, Sealed, StateChange, Store, StoreError, Table};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The bounds of one partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaLimits {
    /// Bytes on disk.
    pub bytes: u64,
    /// New entries a day (UTC).
    pub entries_a_day: u64,
}

/// What one partner's logs have taken.
#[derive(Debug)]
pub(super) struct Quota {
    limits: QuotaLimits,
    used: Mutex<Used>,
}

/// How much that is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Bytes on disk, about.
    pub bytes: u64,
    /// New entries since midnight (UTC).
    pub entries_today: u64,
    day: i64,
}

const DAY: i64 = 86_400;

fn day_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(DAY)
}

/// New entries of one log on one day, kept beside them: a restart gives no second quota.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Today {
    day: i64,
    entries: u64,
}

impl Today {
    const TABLE: Table = Table::Setting;
    const ID: &[u8] = b"taken today";

    /// Reads what was counted last.
    pub(super) fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let Some(bytes) = store.record(Self::TABLE, Self::ID)? else { return Ok(Self::default()) };
        postcard::from_bytes(&bytes).map_err(|e| StoreError::Index(format!("what a partner's log took today: {e}")))
    }

    /// Puts the count of the day into a batch of entries, with these; what is not kept with them is not counted.
    fn count(store: &dyn Store, batch: &mut Batch, day: i64) -> Result<(), StoreError> {
        if batch.entries.is_empty() {
            return Ok(());
        }
        let before = Self::read(store)?;
        let before = if before.day == day { before.entries } else { 0 };
        let entries = before.saturating_add(u64::try_from(batch.entries.len()).unwrap_or(u64::MAX));
        let record = postcard::to_allocvec(&Self { day, entries }).unwrap_or_default();
        batch.state.push(StateChange::RecordPut { table: Self::TABLE, id: Self::ID.to_vec(), record });
        Ok(())
    }
}

/// Room that was taken for a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    /// Bytes on disk.
    pub(super) bytes: u64,
    entries: u64,
    day: i64,
}

impl Quota {
    pub(super) fn new(limits: QuotaLimits) -> Self {
        Self { limits, used: Mutex::default() }
    }

    /// Counts what lies in a log's folder already, and what it took of its last day.
    pub(super) fn found(&self, folder: &Path, today: Today) {
        let bytes = size_of(folder);
        self.with(|used| {
            used.bytes = used.bytes.saturating_add(bytes);
            if today.day > used.day {
                (used.day, used.entries_today) = (today.day, today.entries);
            } else if today.day == used.day {
                used.entries_today = used.entries_today.saturating_add(today.entries);
            }
        });
    }

    /// Takes room for a batch, or says in one sentence why there is none. A batch without entries and disclosures always
    /// finds room.
    pub(super) fn take(&self, batch: &Batch, now: Timestamp) -> Result<Taken, String> {
        let entries = u64::try_from(batch.entries.len()).unwrap_or(u64::MAX);
        let lengths = batch.entries.iter().map(|entry| entry.leaf.len());
        let lengths = lengths.chain(batch.late.iter().map(Sealed::stored_bytes));
        let bytes = lengths.map(|length| u64::try_from(length).unwrap_or(u64::MAX)).fold(0, u64::saturating_add);
        let day = day_of(now);
        let QuotaLimits { bytes: most, entries_a_day } = self.limits;
        self.with(|used| {
            if used.day != day {
                (used.day, used.entries_today) = (day, 0);
            }
            if entries > 0 && used.entries_today.saturating_add(entries) > entries_a_day {
                return Err(format!("the partner's quota of {entries_a_day} entries a day is used up"));
            }
            if bytes > 0 && used.bytes.saturating_add(bytes) > most {
                return Err(format!("the partner's quota of {} MiB is used up", most >> 20));
            }
            used.entries_today += entries;
            used.bytes += bytes;
            Ok(Taken { bytes, entries, day })
        })
    }

    /// Commits what room was taken for. What is not kept after all takes none: else a disk that fails for an hour would use
    /// up the partner's day.
    pub(super) fn commit(&self, store: &dyn Store, mut batch: Batch, taken: Taken) -> Result<(), StoreError> {
        let committed = Today::count(store, &mut batch, taken.day).and_then(|()| store.commit(batch).map(|_| ()));
        committed.inspect_err(|_| self.give_back(taken))
    }

    fn give_back(&self, Taken { bytes, entries, day }: Taken) {
        self.with(|used| {
            used.bytes = used.bytes.saturating_sub(bytes);
            if used.day == day {
                used.entries_today = used.entries_today.saturating_sub(entries);
            }
        });
    }

    pub(super) fn used(&self) -> Used {
        self.with(|used| *used)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Used) -> T) -> T {
        work(&mut self.used.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MemoryStore, NewEntry};
    use bytes::Bytes;

    fn batch(count: u64) -> Batch {
        let entry = |index| NewEntry {
            origin: "tdap.gov.pk/log/2026/customs.gov.cn".parse().unwrap(),
            index,
            jti: crate::statement::Jti([0; 16]),
            status_index: None,
            number: None,
            leaf: Bytes::from_static(&[b'x'; 100]),
            disclosures: None,
        };
        Batch { entries: (0..count).map(entry).collect(), ..Batch::default() }
    }

    #[test]
    fn a_flood_ends_at_the_quota_and_goes_on_the_next_day() {
        let quota = Quota::new(QuotaLimits { bytes: 2_000, entries_a_day: 10 });
        let (today, tomorrow) = ("2026-11-22T10:00:00Z".parse().unwrap(), "2026-11-23T00:00:00Z".parse().unwrap());
        assert!(quota.take(&batch(10), today).is_ok());
        assert!(quota.take(&batch(1), today).unwrap_err().contains("10 entries a day"));
        assert!(quota.take(&batch(0), today).is_ok());
        assert!(quota.take(&batch(10), tomorrow).is_ok());
        let after = "2026-11-24T00:00:00Z".parse().unwrap();
        assert!(quota.take(&batch(1), after).unwrap_err().contains("MiB"));
    }

    #[test]
    fn a_restart_gives_no_second_quota() {
        let limits = QuotaLimits { bytes: 1 << 20, entries_a_day: 10 };
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let stores = [(); 2].map(|()| MemoryStore::new());
        for (store, count) in stores.iter().zip([4, 5]) {
            let mut counted = batch(count);
            Today::count(store, &mut counted, day_of(now)).unwrap();
            let state = counted.state;
            store.commit(Batch { state, ..Batch::default() }).unwrap();
        }
        let (quota, nothing) = (Quota::new(limits), Path::new("no such folder"));
        for store in &stores {
            quota.found(nothing, Today::read(store).unwrap());
        }
        assert!(quota.take(&batch(1), now).is_ok());
        assert!(quota.take(&batch(1), now).unwrap_err().contains("10 entries a day"));
        let tomorrow = "2026-11-23T10:00:00Z".parse().unwrap();
        assert!(quota.take(&batch(10), tomorrow).is_ok());
    }

    #[test]
    fn entries_that_are_not_kept_take_nothing_of_the_day() {
        let (store, now) = (MemoryStore::new(), "2026-11-22T10:00:00Z".parse().unwrap());
        let quota = Quota::new(QuotaLimits { bytes: 1 << 20, entries_a_day: 10 });
        // Their log was never opened, so the store takes none of them.
        for _ in 0..3 {
            let taken = quota.take(&batch(8), now).unwrap();
            quota.commit(&store, batch(8), taken).unwrap_err();
            assert_eq!((quota.used().bytes, quota.used().entries_today), (0, 0));
        }
        assert_eq!(Today::read(&store).unwrap().entries, 0);
        // What failed yesterday gives nothing back of today.
        let taken = quota.take(&batch(8), now).unwrap();
        let tomorrow = "2026-11-23T10:00:00Z".parse().unwrap();
        quota.take(&batch(2), tomorrow).unwrap();
        quota.give_back(taken);
        assert_eq!((quota.used().bytes, quota.used().entries_today), (200, 2));
    }

    #[test]
    fn disclosures_take_of_the_quota_as_entries_do_and_are_refused_as_they_are() {
        let store = MemoryStore::new();
        let log = "tdap.gov.pk/log/2026/customs.gov.cn".parse().unwrap();
        let disclosed = |bytes: usize| {
            let sealed = store.seal(&log, 0, &["a".repeat(bytes)]).unwrap();
            Batch { late: vec![sealed], ..Batch::default() }
        };
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let quota = Quota::new(QuotaLimits { bytes: 2 << 20, entries_a_day: 1 });
        let taken = quota.take(&disclosed(1 << 20), now).unwrap();
        assert!(taken.bytes >= 1 << 20 && quota.used().bytes == taken.bytes && quota.used().entries_today == 0);
        assert!(quota.take(&disclosed(1 << 20), now).unwrap_err().contains("2 MiB"));
        // What is told of entries, and no bytes of anybody's, finds room all the same; so does the entry of the day.
        assert_eq!((quota.take(&batch(0), now).unwrap().bytes, quota.used().bytes), (0, taken.bytes));
        assert_eq!(quota.take(&batch(1), now).unwrap().bytes, 100);
        // Nor do the entries of a day hold up what belongs to them.
        assert!(quota.take(&disclosed(10), now).is_ok());
        quota.give_back(taken);
        assert!(quota.take(&disclosed(1 << 20), now).is_ok());
    }
}
