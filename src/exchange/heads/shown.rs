//! What each node shows of one log, and how far that is known to be of one history.

use super::{Heads, Log, Noted, ROUND};
use crate::{
    exchange::{Alarm, ExchangeError},
    log::{Origin, TreeHead},
    time::{Timestamp, passed},
    trust::NodeName,
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// Heads that are remembered of what one node showed of a log: at one a round, those of some hours.
const MOST_SHOWN: usize = 64;

/// Who told of a head.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Teller {
    /// This node, of what it has itself.
    Here,
    /// A node, of what it has itself.
    Holder(NodeName),
    /// A node, of what it was told: that says nothing of what it has.
    Echo(NodeName),
    /// Whoever presented it with a certificate: nobody's node.
    Presented,
}

/// Those that told of a head.
pub(super) type Tellers = BTreeSet<Teller>;

impl Teller {
    /// The other node that told of it.
    pub(super) const fn node(&self) -> Option<&NodeName> {
        match self {
            Self::Here | Self::Presented => None,
            Self::Holder(name) | Self::Echo(name) => Some(name),
        }
    }

    /// The other node that has what it told of.
    pub(super) const fn holder(&self) -> Option<&NodeName> {
        match self {
            Self::Holder(name) => Some(name),
            Self::Here | Self::Echo(_) | Self::Presented => None,
        }
    }
}

/// Who has shown that a head is of the history that is known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProvenBy {
    /// Nobody had to: it is a head that was known, or that was compared before.
    Known,
    /// This node, by the entries that it holds.
    Here,
    /// Another that holds the entries.
    Node(NodeName),
}

/// The newest head that a node has shown and that is known to be of the one history; or the one that is proven not to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Size and root.
    pub head: TreeHead,
    /// The note, with the log's signature.
    pub note: Arc<str>,
    /// By whose proof.
    pub by: ProvenBy,
    /// When it was shown, and compared, last.
    pub at: Timestamp,
    /// Whether it is of another history than what is known here.
    pub another: bool,
}

/// A head that a node shows, and that nobody has brought together with the others.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) seen: Noted,
    /// The size of the head that it was held against last.
    pub(super) known: u64,
    pub(super) since: Timestamp,
    pub(super) tried: Timestamp,
}

/// What one node shows of a log.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) compared: Option<Compared>,
    pub(super) open: Option<Open>,
    /// The head of a branch that was left that it shows, and since when.
    pub(super) left: Option<(Compared, Timestamp)>,
    /// What it showed, compared or not, the newest last.
    heads: VecDeque<TreeHead>,
    /// When one was held against what is known, of what anybody presents.
    tried: Option<Timestamp>,
    /// The size of one that was presented with a statement in whose place another stands here, and since when.
    pub(super) contradicts: Option<(u64, Timestamp)>,
}

impl Shown {
    /// Whether one more of what anybody presents is held against what is known by now: one is in each round.
    pub(super) fn is_due(&mut self, now: Timestamp) -> bool {
        let is_due = self.tried.is_none_or(|tried| passed(tried, now) >= ROUND);
        if is_due {
            self.tried = Some(now);
        }
        is_due
    }

    /// It showed this head. Once there is proof, what was shown before is what tells who showed which history.
    pub(super) fn has_shown(&mut self, head: TreeHead, is_proven: bool) {
        if self.heads.contains(&head) || (is_proven && self.heads.len() >= MOST_SHOWN) {
            return;
        }
        if self.heads.len() >= MOST_SHOWN {
            self.heads.pop_front();
        }
        self.heads.push_back(head);
    }

    /// The head is of the one history.
    pub(super) fn is_good(&mut self, (head, note): &Noted, by: &ProvenBy, now: Timestamp) {
        self.left = None;
        if self.compared.as_ref().is_some_and(|last| last.another || last.head.size > head.size) {
            return;
        }
        // Whoever has proven it once has proven it.
        let before = self.compared.take().filter(|last| last.head == *head && last.by != ProvenBy::Known);
        let by = before.map_or_else(|| by.clone(), |last| last.by);
        self.compared = Some(Compared { head: *head, note: note.as_str().into(), by, at: now, another: false });
    }

    /// The head is of another history. It stays what the node showed until a person has looked, whatever it shows then.
    pub(super) fn is_another(&mut self, (head, note): &Noted, now: Timestamp) {
        if self.compared.as_ref().is_some_and(|last| last.another && last.head != *head) {
            return;
        }
        let (head, note, by) = (*head, note.as_str().into(), ProvenBy::Known);
        self.compared = Some(Compared { head, note, by, at: now, another: true });
    }

    /// It shows a branch that was left: that is not what is known here.
    pub(super) fn is_left(&mut self, (head, note): &Noted, now: Timestamp) {
        self.compared = self.compared.take().filter(|last| last.another);
        let since = self.left.take().map_or(now, |(_, since)| since);
        let (head, note, by) = (*head, note.as_str().into(), ProvenBy::Known);
        self.left = Some((Compared { head, note, by, at: now, another: true }, since));
    }

    /// Whether this head is the one of another history that the node showed.
    fn has_another(&self, head: &TreeHead) -> bool {
        self.compared.as_ref().is_some_and(|last| last.another && last.head == *head)
    }

    /// Nobody has shown how the head belongs together with one of the size `known`. What came first is asked about until it
    /// is explained: who shows ever newer heads explains nothing by that.
    pub(super) fn is_open(&mut self, seen: &Noted, known: u64, now: Timestamp) {
        match &mut self.open {
            Some(open) if open.seen.0 == seen.0 => (open.known, open.tried) = (known, now),
            Some(_) => {}
            None => self.open = Some(Open { seen: seen.clone(), known, since: now, tried: now }),
        }
    }
}

impl Log {
    /// What nodes show. What anybody presents may be newer than what has come here, while whoever has its entries is away.
    pub(super) fn shown_by_nodes(&self) -> impl Iterator<Item = (&Teller, &Shown)> {
        self.shown.iter().filter(|(teller, _)| **teller != Teller::Presented)
    }

    /// These show a head of the log, which has shown two histories: nobody is asked about it any more. Kept is what is known
    /// of it, and what can be held against the entries that are here.
    pub(super) fn shown_frozen(&mut self, seen: &Noted, tellers: &Tellers, now: Timestamp) {
        let is_another = self.shown.values().any(|shown| shown.has_another(&seen.0));
        let by = if self.good.contains(&seen.0) { ProvenBy::Known } else { ProvenBy::Here };
        if !is_another && by == ProvenBy::Here && seen.0.size > self.held {
            return;
        }
        for teller in tellers {
            let shown = self.shown.entry(teller.clone()).or_default();
            if is_another { shown.is_another(seen, now) } else { shown.is_good(seen, &by, now) }
        }
    }
}

impl Heads {
    /// What each other node has shown of a log last, as what it has itself, that was compared, since this node started.
    #[must_use]
    pub fn compared(&self, origin: &Origin) -> BTreeMap<NodeName, Compared> {
        let shown = self.logs.get(origin).into_iter().flat_map(|log| &log.shown);
        shown.filter_map(|(teller, shown)| Some((teller.holder()?.clone(), shown.compared.clone()?))).collect()
    }

    /// The nodes that go on showing a branch of a log that was left, and since when. Without entries it is not known which
    /// of the branches that was.
    #[must_use]
    pub fn shows_left(&self, origin: &Origin) -> BTreeMap<NodeName, (Compared, Timestamp)> {
        let logs = self.logs.get(origin).into_iter().filter(|log| log.held > 0 && !log.proven);
        let shown = logs.flat_map(|log| &log.shown);
        shown.filter_map(|(teller, shown)| Some((teller.holder()?.clone(), shown.left.clone()?))).collect()
    }

    /// A log's own node that goes on showing a branch that was left here. Once the list has ended the log nobody can do
    /// anything about that.
    pub(super) fn left_by_its_node(&self, origin: &Origin) -> Option<((NodeName, Origin), Alarm)> {
        let source = self.source(origin).filter(|_| !self.trust.is_closed(origin))?;
        let (shown, since) = self.shows_left(origin).remove(&source)?;
        let alarm = Alarm { why: ExchangeError::Equivocated(shown.head.size), since };
        Some(((source, origin.clone()), alarm))
    }

    /// The nodes that showed another history of a log than what is known here, as far as that is not lifted.
    #[must_use]
    pub fn showed_another(&self, origin: &Origin) -> Vec<NodeName> {
        let all = self.compared(origin).into_iter();
        all.filter(|(_, shown)| shown.another).map(|(name, _)| name).collect()
    }

    /// The nodes that showed this head as what they have themselves, as far as that is remembered.
    #[must_use]
    pub fn showed(&self, origin: &Origin, head: &TreeHead) -> Vec<NodeName> {
        let shown = self.logs.get(origin).into_iter().flat_map(|log| &log.shown);
        let of_it = shown.filter(|(_, shown)| shown.heads.contains(head));
        of_it.filter_map(|(teller, _)| teller.holder().cloned()).collect()
    }

    /// Who showed this head last.
    pub(super) fn tellers_of(&self, origin: &Origin, head: &TreeHead) -> Tellers {
        let shown = self.logs.get(origin).into_iter().flat_map(|log| &log.shown);
        let of_it = shown.filter(|(_, shown)| shown.compared.as_ref().is_some_and(|last| last.head == *head));
        of_it.map(|(teller, _)| teller.clone()).collect()
    }
}
