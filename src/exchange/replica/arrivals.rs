//! Packages between their arrival and the commit that makes them durable.

use super::{Checked, Finding, Held, Target, finding, heads::Heads, machine::Setup, record::Heard};
use crate::{
    exchange::{ExchangeError, message::Package},
    log::{Frontier, leaf_hash, verify_consistency},
    statement::{Jti, OpenedBody, Presentation, status_list::LIST_ENTRIES},
    store::{Batch, NewEntry, StateChange},
    verification::{CheckedEntry, EntryFault, check_scope},
};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};

/// Entries of one commit: enough for the disk's rate, few enough that a head is not kept waiting.
const MOST_AT_ONCE: usize = 1024;
/// Identifiers of which the upper half is all ones are not taken as they stand: behind them there must be room for
/// those of entries that have none.
const CEILING: u128 = u128::MAX << 64;

/// Packages that arrived, in the order of the log.
#[derive(Debug)]
pub(super) struct Arrivals {
    waiting: VecDeque<Arrived>,
    /// The edge of the tree with all that arrived.
    edge: Frontier,
    /// The edge with what is durable or being made so.
    staged: Frontier,
    next_ticket: u64,
}

#[derive(Debug)]
struct Arrived {
    ticket: u64,
    start: u64,
    entries: Vec<Bytes>,
    bytes: u64,
    edge: Frontier,
    checked: Option<Checked>,
    /// What was durable when its check began.
    view: u64,
}

/// A batch in the making.
pub(super) struct Staged {
    pub(super) batch: Batch,
    pub(super) findings: Vec<Finding>,
    pub(super) end: u64,
    pub(super) bytes: u64,
}

impl Arrivals {
    pub(super) fn after(held: &Held) -> Self {
        Self { waiting: VecDeque::new(), edge: held.edge.clone(), staged: held.edge.clone(), next_ticket: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The index of the first entry that has not arrived.
    pub(super) const fn next(&self) -> u64 {
        self.edge.size()
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> u64 {
        self.waiting.iter().map(|arrived| arrived.bytes).sum()
    }

    /// What was durable when the oldest check under way began.
    pub(super) fn oldest_view(&self) -> Option<u64> {
        self.waiting.front().map(|arrived| arrived.view)
    }

    /// Takes a package if it leads to an announced root; gives the ticket of its check.
    pub(super) fn take(&mut self, package: &Package, heads: &Heads, view: u64) -> Result<u64, ExchangeError> {
        if package.start != self.edge.size() {
            return Err(ExchangeError::Protocol("a package out of order"));
        }
        let root = heads.root_at(package.size).filter(|_| package.end() <= package.size);
        let root = root.ok_or(ExchangeError::Protocol("a package of a head that was not announced"))?;
        let other = || ExchangeError::OtherEntries { start: package.start };
        let mut edge = self.edge.clone();
        for entry in &package.entries {
            edge.append(leaf_hash(entry));
            if heads.root_at(edge.size()).is_some_and(|root| root != edge.root()) {
                return Err(other());
            }
        }
        verify_consistency(edge.size(), package.size, &edge.root(), &root, &package.proof).map_err(|_| other())?;
        self.edge = edge.clone();
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let bytes = u64::try_from(package.bytes()).unwrap_or(u64::MAX);
        let (start, entries) = (package.start, package.entries.clone());
        self.waiting.push_back(Arrived { ticket, start, entries, bytes, edge, checked: None, view });
        Ok(ticket)
    }

    /// The result of a check; one of a package that was dropped is dropped too.
    pub(super) fn checked(&mut self, checked: Checked) {
        let found = self.waiting.iter_mut().find(|arrived| arrived.ticket == checked.ticket);
        if let Some(arrived) = found.filter(|arrived| arrived.entries.len() == checked.entries.len()) {
            arrived.checked = Some(checked);
        }
    }

    /// Drops what is not being written.
    pub(super) fn forget(&mut self) {
        self.waiting.clear();
        self.edge = self.staged.clone();
    }

    /// What was staged is durable; gives its edge.
    pub(super) fn committed(&self) -> Frontier {
        self.staged.clone()
    }

    /// Makes a batch of the packages that are checked, holding each entry against those before it.
    pub(super) fn stage(
        &mut self,
        setup: &Setup,
        held: &mut Held,
        heard: Option<&Heard>,
        at_ms: u64,
    ) -> Option<Staged> {
        let mut made = Making { setup, held, batch: Batch { at_ms, ..Batch::default() }, findings: Vec::new() };
        let mut bytes = 0;
        while let Some(first) = self.waiting.front() {
            let room = made.batch.entries.is_empty() || made.batch.entries.len() + first.entries.len() <= MOST_AT_ONCE;
            if first.checked.is_none() || !room {
                break;
            }
            let Some(arrived) = self.waiting.pop_front() else { break };
            bytes += arrived.bytes;
            self.staged = arrived.edge;
            if let Some(Checked { entries, targets, trust_version, .. }) = arrived.checked {
                for ((index, leaf), checked) in (arrived.start..).zip(arrived.entries).zip(entries) {
                    made.entry(index, leaf, checked, &targets, trust_version);
                }
            }
        }
        if made.batch.entries.is_empty() {
            return None;
        }
        Some(made.finish(heard, self.staged.size(), bytes))
    }
}

struct Making<'a> {
    setup: &'a Setup,
    held: &'a mut Held,
    batch: Batch,
    findings: Vec<Finding>,
}

impl Making<'_> {
    fn entry(
        &mut self,
        index: u64,
        leaf: Bytes,
        checked: Result<CheckedEntry, EntryFault>,
        targets: &BTreeMap<Jti, Target>,
        trust_version: u64,
    ) {
        let mut status_index = None;
        let (claimed, fault) = match checked {
            Err(fault) => {
                self.held.status.skip();
                (by_the_list(&fault).then(|| jti_of(&leaf)).flatten(), Some(fault))
            }
            Ok(entry) => {
                let fault = self.follow(&entry, targets).err();
                if fault.is_none()
                    && let Some(place) = entry.status_place()
                    && let OpenedBody::Certificate(certificate) = &entry.body
                {
                    status_index = place.list.checked_mul(LIST_ENTRIES).map(|first| first + place.place);
                    let target = Target { index, place, agreement: certificate.agreement.clone() };
                    self.held.recent.insert(entry.envelope.jti, target);
                }
                (Some(entry.envelope.jti), fault)
            }
        };
        if let Some(fault) = fault {
            let finding = finding::of(&self.setup.origin, index, &fault, trust_version);
            self.batch.state.push(finding.put());
            self.held.findings.insert(index);
            self.findings.push(finding);
        }
        let jti = kept_under(self.held.last, claimed);
        self.held.last = Some(jti);
        let (origin, number, disclosures) = (self.setup.origin.clone(), None, None);
        self.batch.entries.push(NewEntry { origin, index, jti, status_index, number, leaf, disclosures });
    }

    /// Holds an entry against those before it, and takes over what it changes.
    fn follow(&mut self, entry: &CheckedEntry, targets: &BTreeMap<Jti, Target>) -> Result<(), EntryFault> {
        let held = &mut *self.held;
        let lists = held.status.lists();
        let recent = &held.recent;
        let target_of = |jti: &Jti| recent.get(jti).or_else(|| targets.get(jti));
        if let OpenedBody::StatusChange(opened) = &entry.body
            && let Some(target) = target_of(&opened.change.target.jti)
            // The office stands in a disclosure, which is not here yet.
            && let Err(fault) = check_scope(entry, (&target.agreement, None), &self.setup.trust)
        {
            held.status.skip();
            return Err(fault);
        }
        held.status.admit(entry, |jti| target_of(jti).map(|target| target.place))?;
        let origin = &self.setup.origin;
        for list in lists..held.status.lists() {
            let list = u32::try_from(list).unwrap_or(u32::MAX);
            // The order in which targets are handed out is the issuer's secret; a replica hands out none.
            self.batch.state.push(StateChange::StatusListOpened { origin: origin.clone(), list, seed: [0; 32] });
        }
        if let OpenedBody::StatusChange(opened) = &entry.body
            && opened.change.target.log == *origin
            && let Some(place) = target_of(&opened.change.target.jti).map(|target| target.place)
            && let Some(status) = held.status.status(place)
        {
            let (list, index, status) = (place.list, place.place, status.value());
            self.batch.state.push(StateChange::StatusSet { origin: origin.clone(), list, index, status });
        }
        Ok(())
    }

    fn finish(mut self, heard: Option<&Heard>, end: u64, bytes: u64) -> Staged {
        let origin = &self.setup.origin;
        let status = &self.held.status;
        let record = &mut self.held.record;
        (record.last, record.as_of) = (status.last(), status.as_of());
        record.in_part = status.in_part().map(|place| (place.list, place.place)).collect();
        let mut kept = record.clone();
        kept.heard = heard.cloned().or(kept.heard);
        self.batch.state.push(kept.put(origin));
        if !self.held.open {
            let addressee = self.setup.addressee.clone();
            self.batch.state.insert(0, StateChange::LogOpened { origin: origin.clone(), addressee });
        }
        Staged { batch: self.batch, findings: self.findings, end, bytes }
    }
}

/// Whether a newer trust list may see the entry otherwise; it is then looked for by its own identifier.
const fn by_the_list(fault: &EntryFault) -> bool {
    matches!(
        fault,
        EntryFault::UnknownKey
            | EntryFault::OutOfScope(_)
            | EntryFault::KeyClosed(_)
            | EntryFault::BeyondEnd(_)
            | EntryFault::Addressee
    )
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
