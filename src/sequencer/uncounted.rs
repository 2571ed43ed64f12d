//! Entries that came back to own logs, and of which nothing came back that was kept beside them in their commit, such as what
//! a certificate drew of others: whoever keeps that counts them again. What is counted is kept no more, and what is given up
//! is one record a log, however much it is.

use super::recalled::Recalled;
use crate::{
    log::Origin,
    store::{Batch, Expected, StateChange, Store, StoreError, Table},
};

const UNCOUNTED: &str = "uncounted/";
const GIVEN_UP: &str = "given-up/";

/// Entries of one log that came back together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncounted {
    /// The log.
    pub origin: Origin,
    /// The next of them that is not counted.
    pub next: u64,
    /// They end below this index.
    pub end: u64,
    /// The same as it is kept: by that they are found.
    last: u64,
    /// The record as it was read.
    kept: Option<Vec<u8>>,
}

impl Uncounted {
    /// All that is not counted, log by log in its order.
    pub fn all(store: &dyn Store) -> Result<Vec<Self>, StoreError> {
        let mut all = Vec::new();
        // Most logs never lost anything, and nothing more is looked at then.
        for (origin, _) in Recalled::all(store)? {
            all.extend(Self::of(store, &origin)?);
        }
        Ok(all)
    }

    fn of(store: &dyn Store, origin: &Origin) -> Result<Vec<Self>, StoreError> {
        let Some(Recalled { from, end, .. }) = Recalled::read(store, origin)? else { return Ok(Vec::new()) };
        let (prefix, mut found) = (prefix(origin), Vec::new());
        let records = store.records_under(Table::Setting, prefix.as_bytes(), usize::MAX)?;
        if records.is_empty() {
            // It came back to an earlier version, which kept nothing of this.
            found.push(Self::new(origin, from, end));
        }
        for (id, record) in records {
            let broken = || StoreError::Index(format!("what is not counted of {origin} cannot be read"));
            let end = id.strip_prefix(prefix.as_bytes()).and_then(|end| std::str::from_utf8(end).ok());
            let end = end.ok_or_else(broken)?;
            if end.is_empty() {
                continue;
            }
            let end = end.parse::<u64>().map_err(|_| broken())?;
            let next = <[u8; 8]>::try_from(record.as_slice()).map(u64::from_be_bytes).map_err(|_| broken())?;
            found.push(Self { kept: Some(record), ..Self::new(origin, next, end) });
        }
        found.retain(|one| one.next < one.end);
        found.sort_by_key(|one| one.next);
        Ok(found)
    }

    fn new(origin: &Origin, next: u64, end: u64) -> Self {
        Self { origin: origin.clone(), next, end, last: end, kept: None }
    }

    /// The changes that keep that entries came back. What came to an earlier version is not forgotten over them, and what they
    /// go on from is one with them: before all have come nothing is counted.
    pub(super) fn came(
        store: &dyn Store,
        origin: &Origin,
        (from, end): (u64, u64),
    ) -> Result<Vec<StateChange>, StoreError> {
        let (mut came, mut state) = (Self::new(origin, from, end), vec![is_kept(origin)]);
        for before in Self::of(store, origin)? {
            if before.end == from {
                came.next = before.next;
                state.extend(before.kept.is_some().then(|| before.removed()));
            } else if before.kept.is_none() {
                state.push(before.put());
            }
        }
        state.push(came.put());
        Ok(state)
    }

    /// What keeps it as it is by now, where nobody changed it in between; none where it is kept so. What is counted is removed.
    pub fn keep(&mut self) -> Option<(Expected, Vec<StateChange>)> {
        let record = (self.next < self.last).then(|| self.record());
        if self.kept.is_some() && self.kept == record {
            return None;
        }
        let is_first = self.kept.is_none();
        let expected = Expected { table: Table::Setting, id: self.id(), record: self.kept.take() };
        let mut state = Vec::new();
        if is_first {
            state.push(is_kept(&self.origin));
        }
        match record {
            Some(_) => state.push(self.put()),
            None if is_first => {}
            None => state.push(self.removed()),
        }
        self.kept = record;
        Some((expected, state))
    }

    fn id(&self) -> Vec<u8> {
        format!("{}{}", prefix(&self.origin), self.last).into_bytes()
    }

    fn record(&self) -> Vec<u8> {
        self.next.to_be_bytes().to_vec()
    }

    fn put(&self) -> StateChange {
        StateChange::RecordPut { table: Table::Setting, id: self.id(), record: self.record() }
    }

    fn removed(&self) -> StateChange {
        StateChange::RecordRemoved { table: Table::Setting, id: self.id() }
    }
}

/// Keeps that it is kept of a log what is not counted: where nothing is, nothing is left to be.
fn is_kept(origin: &Origin) -> StateChange {
    StateChange::RecordPut { table: Table::Setting, id: prefix(origin).into_bytes(), record: Vec::new() }
}

fn prefix(origin: &Origin) -> String {
    format!("{UNCOUNTED}{origin}/")
}

/// Where entries of a log stand that were counted as nothing, because they say nothing any more: none stands outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// The log.
    pub origin: Origin,
    /// The first of them.
    pub from: u64,
    /// All stand below this index, and one directly; the same as the first where there is none.
    pub end: u64,
    /// The record as it was read.
    kept: Option<Vec<u8>>,
}

impl GivenUp {
    /// Of every log in which there are any.
    pub fn all(store: &dyn Store) -> Result<Vec<Self>, StoreError> {
        let mut all = Vec::new();
        for (id, record) in store.records_under(Table::Setting, GIVEN_UP.as_bytes(), usize::MAX)? {
            let origin = id.strip_prefix(GIVEN_UP.as_bytes()).and_then(|name| std::str::from_utf8(name).ok());
            let origin = origin.and_then(|name| name.parse::<Origin>().ok());
            let origin = origin.ok_or_else(|| StoreError::Index("what was given up cannot be read".to_owned()))?;
            all.push(Self::parse(&origin, Some(record))?);
        }
        Ok(all)
    }

    /// Of one log.
    pub fn read(store: &dyn Store, origin: &Origin) -> Result<Self, StoreError> {
        Self::parse(origin, store.record(Table::Setting, &Self::id(origin))?)
    }

    fn parse(origin: &Origin, kept: Option<Vec<u8>>) -> Result<Self, StoreError> {
        let broken = |_| StoreError::Index(format!("what was given up of {origin} cannot be read"));
        let range = kept.as_deref().map(postcard::from_bytes::<(u64, u64)>).transpose().map_err(broken)?;
        let (from, end) = range.unwrap_or_default();
        Ok(Self { origin: origin.clone(), from, end, kept })
    }

    fn id(origin: &Origin) -> Vec<u8> {
        format!("{GIVEN_UP}{origin}").into_bytes()
    }

    fn record(&self) -> Option<Vec<u8>> {
        (self.from < self.end).then(|| postcard::to_allocvec(&(self.from, self.end)).unwrap_or_default())
    }

    /// Whether an entry may be one of them.
    #[must_use]
    pub fn contains(&self, index: u64) -> bool {
        (self.from..self.end).contains(&index)
    }

    /// Takes one up among them.
    pub fn add(&mut self, index: u64) {
        let end = index.saturating_add(1);
        let is_first = self.from >= self.end;
        (self.from, self.end) = if is_first { (index, end) } else { (self.from.min(index), self.end.max(end)) };
    }

    /// What keeps it as it is by now, where nobody changed it in between; none where it is kept so.
    pub fn keep(&mut self) -> Option<(Expected, StateChange)> {
        let record = self.record();
        if self.kept == record {
            return None;
        }
        let (table, id) = (Table::Setting, Self::id(&self.origin));
        let change = match &record {
            Some(record) => StateChange::RecordPut { table, id: id.clone(), record: record.clone() },
            None => StateChange::RecordRemoved { table, id: id.clone() },
        };
        Some((Expected { table, id, record: std::mem::replace(&mut self.kept, record) }, change))
    }
}

/// Adds to a batch that brings what entries say that those which were given up are counted after all; what is given up in
/// the same moment has it fail.
pub(super) fn says_after_all(
    store: &dyn Store,
    origin: &Origin,
    came: impl Iterator<Item = u64>,
    batch: &mut Batch,
) -> Result<(), StoreError> {
    let (given_up, open) = (GivenUp::read(store, origin)?, Uncounted::of(store, origin)?);
    // What came back once more is counted in its turn.
    let is_open = |index: u64| open.iter().any(|one| (one.next..one.end).contains(&index));
    let after_all = came.filter(|index| given_up.contains(*index) && !is_open(*index));
    batch.state.extend(after_all.map(|index| counted_after_all(origin, index)));
    batch.expected.push(Expected { table: Table::Setting, id: GivenUp::id(origin), record: given_up.kept });
    Ok(())
}

/// The change that has an entry counted that was given up.
#[must_use]
pub fn counted_after_all(origin: &Origin, index: u64) -> StateChange {
    Uncounted::new(origin, index, index.saturating_add(1)).put()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    fn log() -> Origin {
        "tdap.gov.pk/log/2026/cn".parse().unwrap()
    }

    fn commit(store: &MemoryStore, state: Vec<StateChange>) {
        store.commit(Batch { at_ms: 1, state, ..Batch::default() }).unwrap();
    }

    fn ranges(store: &MemoryStore) -> Vec<(u64, u64)> {
        Uncounted::all(store).unwrap().iter().map(|one| (one.next, one.end)).collect()
    }

    fn records(store: &MemoryStore) -> usize {
        store.records(Table::Setting).unwrap().len()
    }

    /// A store with the log, to which these entries came back.
    fn store(from: u64, end: u64) -> MemoryStore {
        let store = MemoryStore::new();
        commit(&store, vec![StateChange::LogOpened { origin: log(), addressee: "cn".to_owned() }]);
        assert!(ranges(&store).is_empty());
        commit(&store, vec![Recalled { from, end, at_ms: 1, numbers_unknown: false }.put(&log())]);
        store
    }

    #[test]
    fn what_came_back_is_counted_once_and_then_kept_no_more_though_more_comes_meanwhile() {
        let (store, origin) = (store(3, 6), log());
        // It came back to an earlier version, and then more to this one.
        assert_eq!(ranges(&store), [(3, 6)]);
        commit(&store, Uncounted::came(&store, &origin, (8, 9)).unwrap());
        commit(&store, Uncounted::came(&store, &origin, (9, 12)).unwrap());
        assert_eq!(ranges(&store), [(3, 6), (8, 12)]);

        for mut part in Uncounted::all(&store).unwrap() {
            assert!(part.keep().is_none());
            for next in [part.next + 1, part.end] {
                part.next = next;
                let (expected, state) = part.keep().unwrap();
                store.commit(Batch { at_ms: 1, expected: vec![expected], state, ..Batch::default() }).unwrap();
            }
        }
        assert!(ranges(&store).is_empty(), "nor is what came to the earlier version counted once more");
        assert_eq!(records(&store), 2, "what came back, and that all of it is counted");
    }

    #[test]
    fn what_came_to_an_earlier_version_is_counted_at_once_and_not_again() {
        let store = store(3, 6);
        let mut one = Uncounted::all(&store).unwrap().remove(0);
        one.next = one.end;
        commit(&store, one.keep().unwrap().1);
        assert!(ranges(&store).is_empty());
        assert_eq!(records(&store), 2);
    }

    #[test]
    fn however_much_is_given_up_is_one_record_and_what_says_something_after_all_is_counted() {
        let (store, origin) = (store(0, 200_000), log());
        let mut whole = Uncounted::all(&store).unwrap().remove(0);
        whole.next = whole.end;
        commit(&store, whole.keep().unwrap().1);
        let before = records(&store);
        for lot in 0..100 {
            let mut given_up = GivenUp::read(&store, &origin).unwrap();
            (0..1_000).for_each(|nth| given_up.add(lot * 2_000 + nth * 2));
            commit(&store, vec![given_up.keep().unwrap().1]);
        }
        assert_eq!(records(&store), before + 1);
        let given_up = GivenUp::all(&store).unwrap().remove(0);
        assert_eq!((&given_up.origin, given_up.from, given_up.end), (&origin, 0, 199_999));

        let mut batch = Batch { at_ms: 2, ..Batch::default() };
        says_after_all(&store, &origin, [4_000, 199_999].into_iter(), &mut batch).unwrap();
        let moved = GivenUp { from: 0, end: 0, ..given_up }.keep().unwrap().1;
        let late = batch.clone();
        store.commit(batch).unwrap();
        assert_eq!(ranges(&store), [(4_000, 4_001)], "the other was not given up");
        commit(&store, vec![moved]);
        assert!(store.commit(late).is_err(), "what is given up meanwhile is looked at once more");
    }
}
