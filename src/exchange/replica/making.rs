//! A batch in the making: each entry is held against those before it.

use super::{
    Finding, Held, Target,
    machine::Setup,
    record::{Heard, comes_ahead},
    siblings,
};
use crate::{
    inbox::finding::{is_by_the_list, of},
    reason::Reasoned,
    statement::{Jti, OpenedBody, Presentation, StatementRef, status_list::LIST_ENTRIES},
    store::{self, Batch, EntryRef, NewEntry, StateChange},
    verification::{CheckedEntry, EntryFault, check_received, check_scope},
};
use bytes::Bytes;
use std::collections::BTreeMap;

/// Identifiers of which the upper half is all ones are not taken as they stand: behind them there must be room for
/// those of entries that have none.
const CEILING: u128 = u128::MAX << 64;

/// A batch in the making.
pub(super) struct Making<'a> {
    setup: &'a Setup,
    held: &'a mut Held,
    /// Where the entries came before: the snapshots that lay ahead of the clock then, and what it showed.
    before: Option<&'a BTreeMap<u64, u64>>,
    pub(super) batch: Batch,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Making<'a> {
    /// Of entries that come.
    pub(super) fn begin(setup: &'a Setup, held: &'a mut Held, at_ms: u64) -> Self {
        let batch = Batch { at_ms, ..Batch::default() };
        Self { setup, held, before: None, batch, findings: Vec::new() }
    }

    /// Of entries that came before, among them snapshots that lay ahead of the clock then.
    pub(super) fn again(setup: &'a Setup, held: &'a mut Held, ahead: &'a BTreeMap<u64, u64>, at_ms: u64) -> Self {
        Self { before: Some(ahead), ..Self::begin(setup, held, at_ms) }
    }

    /// Takes the next entry, as it was checked by itself.
    pub(super) fn entry(
        &mut self,
        index: u64,
        leaf: Bytes,
        checked: Result<CheckedEntry, EntryFault>,
        targets: &BTreeMap<Jti, Target>,
        trust_version: u64,
    ) {
        let mut status_index = None;
        // One that another list may see otherwise came when it came all the same.
        let unread = match &checked {
            Err(fault) if is_by_the_list(fault.reason()) => CheckedEntry::read(&leaf, index).ok(),
            Ok(_) | Err(_) => None,
        };
        let ahead = self.ahead(index, checked.as_ref().ok().or(unread.as_ref()));
        let (claimed, fault) = match checked {
            Err(EntryFault::KeyClosed { why, entry }) => {
                status_index = self.pass(&entry);
                (Some(entry.envelope.jti), Some(EntryFault::KeyClosed { why, entry }))
            }
            Err(fault) => {
                self.held.status.skip();
                // One that another list may see otherwise is looked for by its own identifier.
                (is_by_the_list(fault.reason()).then(|| jti_of(&leaf)).flatten(), Some(fault))
            }
            Ok(entry) => {
                let fault = self.follow(&entry, targets, ahead).err();
                if fault.is_none() {
                    status_index = self.remember(&entry);
                }
                (Some(entry.envelope.jti), fault)
            }
        };
        if let Some(fault) = fault {
            let finding = of(&self.setup.origin, index, &fault, trust_version);
            self.batch.state.push(finding.put());
            self.held.findings.insert(index);
            self.findings.push(finding);
        }
        let jti = kept_under(self.held.last, claimed);
        self.held.last = Some(jti);
        let (origin, number, disclosures) = (self.setup.origin.clone(), None, None);
        self.batch.entries.push(NewEntry { origin, index, jti, status_index, number, leaf, disclosures });
    }

    /// What this node's clock showed when a snapshot came that lies ahead of it; none where it does not. What comes back of
    /// an own log is not received: it was said here.
    fn ahead(&mut self, index: u64, entry: Option<&CheckedEntry>) -> Option<u64> {
        if let Some(before) = self.before {
            return before.get(&index).copied();
        }
        let OpenedBody::StatusSnapshot(snapshot) = &entry?.body else { return None };
        let clock = self.batch.at_ms / 1_000;
        if !self.setup.cosigns || check_received(snapshot, clock).is_ok() {
            return None;
        }
        self.batch.state.push(comes_ahead(&self.setup.origin, index, clock));
        Some(clock)
    }

    /// Goes past an entry whose key is closed there; gives the place that a certificate keeps in the lists.
    fn pass(&mut self, entry: &CheckedEntry) -> Option<u32> {
        let lists = self.held.status.lists();
        let placed = self.held.status.pass(entry);
        self.lists_from(lists);
        if placed { self.remember(entry) } else { None }
    }

    /// Has later changes find a certificate; gives where its status stands, counted through all lists.
    fn remember(&mut self, entry: &CheckedEntry) -> Option<u32> {
        let OpenedBody::Certificate(certificate) = &entry.body else { return None };
        let place = entry.status_place()?;
        let (log, agreement) = (self.setup.origin.clone(), certificate.agreement.clone());
        let target = Target { log, index: entry.index, place, agreement };
        self.held.recent.insert(entry.envelope.jti, target);
        place.list.checked_mul(LIST_ENTRIES).map(|first| first + place.place)
    }

    /// Opens the lists that came since there were so many. The order in which targets are handed out is the issuer's
    /// secret; a replica hands out none.
    fn lists_from(&mut self, before: usize) {
        let origin = &self.setup.origin;
        for list in before..self.held.status.lists() {
            let list = u32::try_from(list).unwrap_or(u32::MAX);
            self.batch.state.push(StateChange::StatusListOpened { origin: origin.clone(), list, seed: [0; 32] });
        }
    }

    /// Holds an entry against those before it, and takes over what it changes.
    fn follow(
        &mut self,
        entry: &CheckedEntry,
        targets: &BTreeMap<Jti, Target>,
        ahead: Option<u64>,
    ) -> Result<(), EntryFault> {
        let lists = self.held.status.lists();
        let held = &mut *self.held;
        let recent = &held.recent;
        let change = match &entry.body {
            OpenedBody::StatusChange(opened) => Some(&opened.change),
            _ => None,
        };
        let target = change.and_then(|change| {
            let StatementRef { log, jti } = &change.target;
            recent.get(jti).or_else(|| targets.get(jti)).filter(|target| target.log == *log)
        });
        if let Some(target) = target
            // The office stands in a disclosure, which is not here yet.
            && let Err(fault) = check_scope(entry, (&target.agreement, None), &self.setup.trust)
        {
            held.status.skip();
            return Err(fault);
        }
        let place = target.map(|target| target.place);
        match held.status.receive(entry, ahead, |_| place) {
            // An own log may come back where a closed one that it spoke for is lost.
            Err(EntryFault::SnapshotLists) if !self.setup.cosigns && held.siblings.lack() => {}
            received => received?,
        }
        self.lists_from(lists);
        let (origin, held) = (&self.setup.origin, &*self.held);
        if let Some(change) = change {
            let (log, own) = (&change.target.log, change.target.log == *origin);
            // Where an authority gets back what it lost, its logs stand in one store.
            let kept = own || !self.setup.cosigns;
            let status = place.and_then(|place| held.status.status_in(log, place));
            if let Some((place, status)) = place.zip(status).filter(|_| kept) {
                let (list, index, status) = (place.list, place.place, status.value());
                self.batch.state.push(StateChange::StatusSet { origin: log.clone(), list, index, status });
            }
            if !own && self.setup.cosigns {
                self.batch.state.push(siblings::row(origin, entry.index));
            }
        }
        // What a certificate says of itself is not shown yet: it is found when its disclosures came.
        let place = EntryRef { origin: origin.clone(), index: entry.index };
        self.batch.state.extend(store::index(&place, &entry.body, self.batch.at_ms));
        Ok(())
    }

    /// The batch with the record that goes with it, and what was found.
    pub(super) fn finish(mut self, heard: Option<&Heard>) -> (Batch, Vec<Finding>) {
        let origin = &self.setup.origin;
        self.held.record.follow(&self.held.status);
        if !self.held.open {
            self.held.record.closed = self.held.siblings.judged_with(self.setup.trust.closed_in(origin));
        }
        let mut kept = self.held.record.clone();
        kept.heard = heard.cloned().or(kept.heard);
        self.batch.state.push(kept.put(origin));
        if !self.held.open {
            let addressee = self.setup.addressee.clone();
            self.batch.state.insert(0, StateChange::LogOpened { origin: origin.clone(), addressee });
        }
        (self.batch, self.findings)
    }
}

fn jti_of(leaf: &[u8]) -> Option<Jti> {
    let none: &[&str] = &[];
    Presentation::from_leaf(leaf, none).ok().map(|statement| statement.envelope().jti)
}

/// The identifier that an entry is kept under: its own if it rises above the last one, else the next that does. A
/// store finds entries by binary search, and one bad entry must not stop a log.
fn kept_under(last: Option<Jti>, claimed: Option<Jti>) -> Jti {
    let number = |jti: Jti| u128::from_be_bytes(jti.0);
    let own = claimed.filter(|jti| last.is_none_or(|last| *jti > last) && number(*jti) < CEILING);
    own.unwrap_or_else(|| Jti(last.map_or(0, |last| number(last).saturating_add(1)).to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_without_a_usable_identifier_is_kept_under_the_next_one() {
        let jti = |number: u128| Jti(number.to_be_bytes());
        assert_eq!(kept_under(None, None), jti(0));
        assert_eq!(kept_under(Some(jti(7)), Some(jti(9))), jti(9));
        assert_eq!(kept_under(Some(jti(7)), Some(jti(7))), jti(8));
        assert_eq!(kept_under(Some(jti(7)), None), jti(8));
        assert_eq!(kept_under(Some(jti(7)), Some(jti(u128::MAX))), jti(8));
    }
}
