//! One round through what came back to own logs and is not counted yet: each log in its order, and across logs by the hours
//! that identifiers tell; within one hour an earlier log goes before those that go on where it ended.

use crate::{
    log::{Origin, Shard},
    sequencer::{GivenUp, Uncounted},
    statement::Jti,
    store::{EntryRef, Expected, StateChange, Store, StoreError},
};
use std::{
    cell::OnceCell,
    collections::{BTreeMap, VecDeque},
};

/// When an entry was said, as far as that is known.
pub(super) type When = (u64, Shard, Jti);

/// Entries after which it is kept how far a round has come: a node that ends does not begin anew.
const A_STRETCH: usize = 4_096;

/// How far a round has come.
#[derive(Default)]
pub(super) struct Round {
    /// What is not counted, log by log.
    open: BTreeMap<Origin, VecDeque<Uncounted>>,
    /// The next of each log.
    next: BTreeMap<When, Origin>,
    /// Those of them that follow on one of another log.
    put_off: BTreeMap<When, Origin>,
    /// What is counted, and not kept as that yet.
    done: Vec<Uncounted>,
    /// What is given up in these logs.
    given_up: BTreeMap<Origin, GivenUp>,
    /// What was given up of late.
    silent: Vec<EntryRef>,
    /// Entries since it was kept how far it has come.
    steps: usize,
    /// Whether a log has entries that are not published yet: nobody knows when they were said.
    is_halted: bool,
    /// A certificate whose number may come yet, once that was looked for.
    unnumbered: OnceCell<Option<EntryRef>>,
}

impl Round {
    pub(super) fn begin(store: &dyn Store, uncounted: Vec<Uncounted>) -> Result<Self, StoreError> {
        let mut round = Self::default();
        for one in uncounted {
            round.open.entry(one.origin.clone()).or_default().push_back(one);
        }
        for origin in round.open.keys().cloned().collect::<Vec<_>>() {
            round.look(store, &origin)?;
            let given_up = GivenUp::read(store, &origin)?;
            round.given_up.insert(origin, given_up);
        }
        Ok(round)
    }

    /// The one that was said first of those that are not counted.
    pub(super) fn first(&mut self) -> Option<(When, EntryRef)> {
        if self.is_halted {
            return None;
        }
        let (when, origin) = self.next.pop_first()?;
        let index = self.open.get(&origin)?.front()?.next;
        Some((when, EntryRef { origin, index }))
    }

    /// Finds the next of a log; those that were put off have their turn again.
    pub(super) fn look(&mut self, store: &dyn Store, origin: &Origin) -> Result<(), StoreError> {
        self.next.append(&mut self.put_off);
        let Some(front) = self.open.get(origin).and_then(VecDeque::front) else { return Ok(()) };
        match store.facts(origin, front.next)? {
            Some(facts) => {
                let when = (facts.jti.hour_ms(), origin.shard(), facts.jti);
                self.next.insert(when, origin.clone());
            }
            None => self.is_halted = true,
        }
        Ok(())
    }

    /// Leaves the next of a log until another is counted.
    pub(super) fn put_off(&mut self, when: When, origin: Origin) {
        self.put_off.insert(when, origin);
    }

    /// Goes on behind the next of a log.
    pub(super) fn step(&mut self, origin: &Origin) {
        self.steps = self.steps.saturating_add(1);
        let Some(log) = self.open.get_mut(origin) else { return };
        let Some(mut front) = log.pop_front() else { return };
        front.next = front.next.saturating_add(1);
        if front.next < front.end {
            log.push_front(front);
        } else {
            self.done.push(front);
        }
    }

    /// Goes on behind the next of a log, which says nothing any more.
    pub(super) fn give_up(&mut self, entry: EntryRef) {
        self.step(&entry.origin);
        if let Some(given_up) = self.given_up.get_mut(&entry.origin) {
            given_up.add(entry.index);
        }
        self.silent.push(entry);
    }

    /// Whether an entry may have been given up before.
    pub(super) fn was_given_up(&self, entry: &EntryRef) -> bool {
        self.given_up.get(&entry.origin).is_some_and(|given_up| given_up.contains(entry.index))
    }

    /// Takes out what was given up at the end of a log and says something after all, now that this entry does.
    pub(super) fn take_out<E>(
        &mut self,
        entry: &EntryRef,
        is_silent: impl Fn(&EntryRef) -> Result<bool, E>,
    ) -> Result<(), E> {
        let Some(given_up) = self.given_up.get_mut(&entry.origin) else { return Ok(()) };
        if given_up.end != entry.index.saturating_add(1) {
            return Ok(());
        }
        while given_up.from < given_up.end {
            let last = EntryRef { origin: entry.origin.clone(), index: given_up.end.saturating_sub(1) };
            if is_silent(&last)? {
                break;
            }
            given_up.end = last.index;
        }
        Ok(())
    }

    /// Whether an entry is not counted yet.
    pub(super) fn is_open(&self, entry: &EntryRef) -> bool {
        let log = self.open.get(&entry.origin);
        log.is_some_and(|log| log.iter().any(|one| (one.next..one.end).contains(&entry.index)))
    }

    /// A certificate whose number may come yet: it is looked for once.
    pub(super) fn unnumbered<E>(
        &self,
        find: impl FnOnce() -> Result<Option<EntryRef>, E>,
    ) -> Result<Option<EntryRef>, E> {
        if let Some(known) = self.unnumbered.get() {
            return Ok(known.clone());
        }
        let found = find()?;
        Ok(self.unnumbered.get_or_init(|| found).clone())
    }

    /// Whether it is time to keep how far it has come.
    pub(super) const fn is_long(&self) -> bool {
        self.steps >= A_STRETCH
    }

    /// What keeps how far it has come, where that moved.
    pub(super) fn keep(&mut self) -> (Vec<Expected>, Vec<StateChange>) {
        self.steps = 0;
        let (mut expected, mut state) = (Vec::new(), Vec::new());
        let mut done = std::mem::take(&mut self.done);
        let fronts = self.open.values_mut().filter_map(VecDeque::front_mut);
        for (still, changes) in done.iter_mut().chain(fronts).filter_map(Uncounted::keep) {
            expected.push(still);
            state.extend(changes);
        }
        for (still, change) in self.given_up.values_mut().filter_map(GivenUp::keep) {
            expected.push(still);
            state.push(change);
        }
        (expected, state)
    }

    /// What was given up since this was asked last.
    pub(super) fn silent(&mut self) -> Vec<EntryRef> {
        std::mem::take(&mut self.silent)
    }

    /// What is not counted at its end.
    pub(super) fn left(self) -> Vec<Uncounted> {
        self.open.into_values().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sequencer::Recalled,
        store::{Batch, MemoryStore},
    };

    #[test]
    fn how_far_it_has_come_is_kept_every_few_thousand_entries_also_where_nothing_changed() {
        let (store, origin) = (MemoryStore::new(), "tdap.gov.pk/log/2026/cn".parse::<Origin>().unwrap());
        let opened = StateChange::LogOpened { origin: origin.clone(), addressee: "cn".to_owned() };
        let came = Recalled { from: 0, end: 9_000, at_ms: 1, numbers_unknown: false };
        let state = vec![opened, came.put(&origin)];
        store.commit(Batch { at_ms: 1, state, ..Batch::default() }).unwrap();
        let mut round = Round::begin(&store, Uncounted::all(&store).unwrap()).unwrap();
        let mut kept = Vec::new();
        for _ in 0..9_000 {
            round.step(&origin);
            if round.is_long() {
                let (expected, state) = round.keep();
                store.commit(Batch { at_ms: 1, expected, state, ..Batch::default() }).unwrap();
                kept.extend(Uncounted::all(&store).unwrap().iter().map(|one| one.next));
            }
        }
        assert_eq!(kept, [4_096, 8_192]);
    }
}
