//! Packages between their arrival and the commit that makes them durable.

use super::{Checked, Finding, Held, heads::Heads, machine::Setup, making::Making, record::Heard};
use crate::{
    exchange::{ExchangeError, message::Package},
    log::{Frontier, leaf_hash, verify_consistency},
    store::Batch,
};
use bytes::Bytes;
use std::collections::VecDeque;

/// Entries of one commit: enough for the disk's rate, few enough that a head is not kept waiting.
pub(super) const MOST_AT_ONCE: usize = 1024;

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
        let mut made = Making::begin(setup, held, at_ms);
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
        let (batch, findings) = made.finish(heard);
        Some(Staged { batch, findings, end: self.staged.size(), bytes })
    }
}
