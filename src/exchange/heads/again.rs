//! What is proven of a log of which a person has lifted something. Lifted are two heads, and the branch that the one of
//! them that is not held here is the head of: nothing else. So of each head that is off what is held here it is asked
//! whether it is the beginning of such a branch. Where nobody proves that within a minute, it is a new deed.

use super::{Action, Evidence, Heads, Left, Noted, SILENCE, Teller};
use crate::{
    exchange::message::{History, ProveHistory},
    log::{Origin, TreeHead, verify_consistency},
    time::{Timestamp, passed},
};
use std::collections::{BTreeMap, BTreeSet};

/// Questions that one proof may wait for.
const MOST_ASKED: usize = 16;
/// Proofs of one log that may wait. Whoever has its key can sign heads without end, and each has others asked.
const MOST_WAITING: usize = 64;
/// Heads of a log that are kept as left: every beginning of a branch may be shown once. Of more it is asked each time.
const MOST_LEFT: usize = 256;

/// Who showed a head that does not go together with what is known here, and which.
pub(super) type Showings = BTreeMap<Teller, Noted>;

/// What is proven, and waits until it is known whether it is of a branch that was lifted.
#[derive(Debug)]
pub(super) struct Appeal {
    evidence: Box<Evidence>,
    showings: Showings,
    /// The head that is not of what is held here.
    off: TreeHead,
    /// Questions that are open, each with the head of a lifted branch that it asks about.
    open: BTreeMap<u64, TreeHead>,
    since: Timestamp,
}

impl Heads {
    /// Whether a head is known to be of the one history that is known here.
    #[must_use]
    pub fn is_of_one(&self, origin: &Origin, head: &TreeHead) -> bool {
        self.logs.get(origin).is_some_and(|log| log.good.contains(head))
    }

    /// What a person lifted. What is known here is found out anew: it may have been of the branch that was left.
    pub(super) fn lifted(&mut self, origin: &Origin, left: Left) {
        let log = self.logs.entry(origin.clone()).or_default();
        (log.left, log.proven, log.newest) = (left, false, None);
        log.good.clear();
        for shown in log.shown.values_mut() {
            (shown.compared, shown.open, shown.left, shown.contradicts) = (None, None, None, None);
        }
        self.questions.retain(|_, question| question.origin != *origin);
        self.appeals.retain(|appeal| appeal.evidence.proven.origin() != origin);
    }

    /// Somebody reports evidence. Of two heads of which one was left it is the other that counts: whether it is of what is
    /// held here. Of two of which neither was, the one that is not: it may be an earlier head of the branch that was left,
    /// which somebody held against an earlier head of this one.
    pub(super) fn reported(&mut self, evidence: Box<Evidence>, held: &[TreeHead], actions: &mut Vec<Action>) {
        let origin = evidence.proven.origin().clone();
        let (Some((_, first)), Some((_, second))) = (self.open(&evidence.first), self.open(&evidence.second)) else {
            return;
        };
        // Its own node signed it; what that has itself, another does not say.
        let tellers = self.source(&origin).map(Teller::Echo).into_iter().collect();
        let off = match (held.contains(&first.0), held.contains(&second.0)) {
            (true, false) => Some(second.0),
            (false, true) => Some(first.0),
            (true, true) | (false, false) => self.off(&origin, first.0, second.0),
        };
        let log = self.logs.entry(origin.clone()).or_default();
        let beside = match (log.left.has(&first.0), log.left.has(&second.0)) {
            (true, true) => return,
            (true, false) => second,
            (false, true) => first,
            (false, false) => return self.proven(evidence, off, Showings::new(), actions),
        };
        match log.newest.clone() {
            Some(newest) => self.compare(&origin, newest, beside, tellers, actions),
            None => self.first(&origin, beside),
        }
    }

    /// The one of two heads that is not of the history that is known here, where that is known of the other.
    pub(super) fn off(&self, origin: &Origin, one: TreeHead, other: TreeHead) -> Option<TreeHead> {
        match (self.is_of_one(origin, &one), self.is_of_one(origin, &other)) {
            (true, false) => Some(other),
            (false, true) => Some(one),
            (true, true) | (false, false) => None,
        }
    }

    /// The first head that is known of a log.
    pub(super) fn first(&mut self, origin: &Origin, seen: Noted) {
        let log = self.logs.entry(origin.clone()).or_default();
        log.good.push_back(seen.0);
        log.newest = Some(seen);
    }

    /// Two heads are proven not to be of one history, and `off`, where that is known, is not of what is held here.
    pub(super) fn proven(
        &mut self,
        evidence: Box<Evidence>,
        off: Option<TreeHead>,
        showings: Showings,
        actions: &mut Vec<Action>,
    ) {
        let origin = evidence.proven.origin().clone();
        let (Some((_, first)), Some((_, second))) = (self.open(&evidence.first), self.open(&evidence.second)) else {
            return;
        };
        let source = self.source(&origin);
        let log = self.logs.entry(origin.clone()).or_default();
        if log.proven || log.left.is_pair(first.0, second.0) {
            return;
        }
        let Some(off) = off else { return self.is_news(evidence, showings, actions) };
        let waiting = self.appeals.iter().filter(|appeal| *appeal.evidence.proven.origin() == origin);
        if waiting.clone().any(|appeal| appeal.off == off) {
            return;
        }
        // No copy that was put back has shown so many.
        if waiting.count() >= MOST_WAITING {
            return self.is_news(evidence, showings, actions);
        }
        let mut open = BTreeMap::new();
        for left in log.left.heads.iter().filter(|left| left.size > off.size) {
            let holders = log.holders.iter().filter(|(_, held)| **held >= left.size).map(|(name, _)| name.clone());
            let holders = holders.chain(source.clone()).collect::<BTreeSet<_>>();
            for of in holders.into_iter().take(MOST_ASKED.saturating_sub(open.len())) {
                self.next_ticket += 1;
                open.insert(self.next_ticket, *left);
                let question = ProveHistory { log: origin.clone(), old_size: off.size, new_size: left.size };
                actions.push(Action::AskHistory { ticket: self.next_ticket, of: Some(of), question });
            }
        }
        if open.is_empty() {
            self.is_news(evidence, showings, actions);
        } else {
            self.appeals.push(Appeal { evidence, showings, off, open, since: self.now });
        }
    }

    /// An answer to whether a head is the beginning of a branch that was lifted.
    pub(super) fn appealed(&mut self, ticket: u64, history: Option<&History>, actions: &mut Vec<Action>) {
        let Some(at) = self.appeals.iter().position(|appeal| appeal.open.contains_key(&ticket)) else { return };
        let Some(appeal) = self.appeals.get_mut(at) else { return };
        let (left, off) = (appeal.open.remove(&ticket), appeal.off);
        let is_beginning = left.zip(history).is_some_and(|(left, History { root, proof })| {
            *root == off.root && verify_consistency(off.size, left.size, root, &left.root, proof).is_ok()
        });
        if is_beginning {
            let Appeal { evidence, showings, .. } = self.appeals.swap_remove(at);
            let origin = evidence.proven.origin().clone();
            let log = self.logs.entry(origin.clone()).or_default();
            for (teller, seen) in showings {
                log.shown.entry(teller).or_default().is_left(&seen, self.now);
            }
            log.explained(&off);
            if log.left.heads.len() < MOST_LEFT {
                log.left.leave(off);
                actions.push(Action::Left(origin, off));
            }
        } else if appeal.open.is_empty() {
            let Appeal { evidence, showings, .. } = self.appeals.swap_remove(at);
            self.is_news(evidence, showings, actions);
        }
    }

    /// Nobody is waited for any longer than a moment: who shows a third history does not answer either.
    pub(super) fn decide_appeals(&mut self, actions: &mut Vec<Action>) {
        let now = self.now;
        let all = std::mem::take(&mut self.appeals).into_iter();
        let (late, waiting): (Vec<_>, Vec<_>) = all.partition(|appeal| passed(appeal.since, now) >= SILENCE);
        self.appeals = waiting;
        for Appeal { evidence, showings, .. } in late {
            self.is_news(evidence, showings, actions);
        }
    }

    /// The log has shown another history than what is held here and what a person knows of.
    fn is_news(&mut self, evidence: Box<Evidence>, showings: Showings, actions: &mut Vec<Action>) {
        let now = self.now;
        let log = self.logs.entry(evidence.proven.origin().clone()).or_default();
        if log.proven {
            return;
        }
        for shown in log.shown.values_mut() {
            // What was open is proven.
            shown.open = None;
        }
        for (teller, seen) in showings {
            log.shown.entry(teller).or_default().is_another(&seen, now);
        }
        log.proven = true;
        actions.push(Action::Evidence(evidence));
    }
}
