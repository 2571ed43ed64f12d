//! How every partner is: what operators are shown.

use super::PartnerError;
use crate::log::Origin;
use crate::reason::Reasoned as _;
use crate::time::Timestamp;
use crate::trust::NodeName;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is known of one partner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartnerState {
    /// Since when it is connected; none while it is not.
    pub connected: Option<Timestamp>,
    /// What went wrong last, and when; none once it went well again.
    pub trouble: Option<Trouble>,
    /// Version of its trust list, as it said last.
    pub list_version: Option<u64>,
    /// Whether that list is another than this node's, though of the same version.
    pub list_forked: bool,
    /// Milliseconds by which its clock is ahead of this node's, as measured last.
    pub clock_ahead_ms: Option<i64>,
    /// Logs that pass between us, either way.
    pub logs: BTreeMap<Origin, Passage>,
    /// How packages fare that are pushed to it; none where none are.
    pub push: Option<PushState>,
}

/// Packages that are pushed to a partner over HTTPS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PushState {
    /// Where, for people.
    pub address: String,
    /// When one was posted last.
    pub tried: Option<Timestamp>,
    /// When one was taken last.
    pub taken: Option<Timestamp>,
    /// When the one that was not taken is posted again.
    pub next: Option<Timestamp>,
    /// How often it was not taken, one time after the other.
    pub failures: u64,
    /// What went wrong last, in words; none once one was taken.
    pub trouble: Option<String>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The stable reason.
    pub reason: String,
    /// One sentence.
    pub sentence: String,
    /// When it was first so.
    pub since: Timestamp,
}

/// One log between this node and a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passage {
    /// Whether this node replicates it from the partner; else the partner replicates or witnesses it from here.
    pub inward: bool,
    /// Size of the newest head.
    pub size: u64,
    /// Entries that the replicating or witnessing end holds, as far as known here.
    pub held: u64,
    /// When the head that is not held yet was first known; none where nothing is behind.
    pub behind_since: Option<Timestamp>,
    /// Size and time, in Unix seconds, of the last cosignature.
    pub cosigned: Option<(u64, u64)>,
    /// Entries of a log replicated here whose disclosures came, or that have none: all below this index, but for
    /// those that are missing.
    pub disclosed: u64,
    /// Entries whose disclosures are wanted and have not come.
    pub missing: u64,
    /// Entries whose disclosures the issuer keeps back: their holders have yet to consent. No alarm.
    pub kept_back: u64,
    /// Entries that were found wrong.
    pub findings: u64,
}

impl Passage {
    /// The replicating or witnessing end holds this many entries.
    pub(super) fn holds(&mut self, held: u64) {
        self.held = self.held.max(held);
        if self.held >= self.size {
            self.behind_since = None;
        }
    }

    /// The log's newest head has this size.
    pub(super) fn grows(&mut self, size: u64, now: Timestamp) {
        self.size = self.size.max(size);
        if self.held < self.size && self.behind_since.is_none() {
            self.behind_since = Some(now);
        }
    }
}

/// All partners. Held for moments only, and never across I/O.
#[derive(Debug, Default)]
pub struct Board(Mutex<BTreeMap<NodeName, PartnerState>>);

impl Board {
    fn all(&self) -> MutexGuard<'_, BTreeMap<NodeName, PartnerState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of what stands there now.
    #[must_use]
    pub fn read(&self) -> BTreeMap<NodeName, PartnerState> {
        self.all().clone()
    }

    pub(super) fn update(&self, name: &NodeName, change: impl FnOnce(&mut PartnerState)) {
        change(self.all().entry(name.clone()).or_default());
    }

    pub(super) fn passage(&self, name: &NodeName, origin: &Origin, change: impl FnOnce(&mut Passage)) {
        self.update(name, |state| change(state.logs.entry(origin.clone()).or_default()));
    }

    /// A log of this node's own has grown: whoever holds it elsewhere is behind from now on, connected or not.
    pub(super) fn grown(&self, origin: &Origin, size: u64, now: Timestamp) {
        let mut all = self.all();
        let passages = all.values_mut().filter_map(|state| state.logs.get_mut(origin));
        passages.filter(|passage| !passage.inward).for_each(|passage| passage.grows(size, now));
    }

    /// The log passes between us no more.
    pub(super) fn forget(&self, name: &NodeName, origin: &Origin) {
        self.update(name, |state| {
            state.logs.remove(origin);
        });
    }

    /// Leaves those named alone.
    pub(super) fn keep_only(&self, names: &[NodeName]) {
        self.all().retain(|name, _| names.contains(name));
    }

    pub(super) fn connected(&self, name: &NodeName, now: Timestamp) {
        self.update(name, |state| {
            state.connected = Some(now);
            state.trouble = None;
        });
    }

    /// Says whether this is news: the same trouble again is no second line in the log.
    pub(super) fn trouble(&self, name: &NodeName, error: &PartnerError, now: Timestamp) -> bool {
        let (reason, sentence) = (error.reason().to_owned(), error.to_string());
        let mut news = false;
        self.update(name, |state| {
            state.connected = None;
            let same = state.trouble.as_ref().is_some_and(|last| last.reason == reason && last.sentence == sentence);
            if !same {
                news = true;
                state.trouble = Some(Trouble { reason, sentence, since: now });
            }
        });
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partner_that_is_away_is_behind_the_log_as_it_is_and_not_as_it_was() {
        let (board, origin): (Board, Origin) = (Board::default(), "tdap.gov.pk/log/2026/cn".parse().unwrap());
        let (name, at): (NodeName, _) = ("node.gacc.gov.cn".parse().unwrap(), |s| Timestamp::from_second(s).unwrap());
        board.passage(&name, &origin, |passage| {
            passage.grows(3_885, at(0));
            passage.holds(3_885);
        });
        let passage = || board.read().get(&name).and_then(|state| state.logs.get(&origin).copied()).unwrap();
        assert_eq!(passage().behind_since, None);
        board.grown(&origin, 3_888, at(7));
        assert_eq!((passage().size, passage().held, passage().behind_since), (3_888, 3_885, Some(at(7))));
    }
}
