//! One own log: what is durable of it, what partners tell of it, and how far it is on its way to be settled.

use super::{Action, Lack, Settled};
use crate::{
    exchange::heads::Fork,
    log::{Hash, Origin, TreeHead},
    time::Timestamp,
    trust::NodeName,
};
use std::collections::{BTreeMap, btree_map::Entry};

#[derive(Debug)]
pub(super) struct Own {
    pub(super) durable: u64,
    /// By partner, and whether it holds the entries: it may know of a later head than it holds.
    pub(super) heads: BTreeMap<(NodeName, bool), Known>,
    pub(super) stage: Stage,
    pub(super) refilled: bool,
    /// The operator waits for what is missing no more.
    pub(super) given_up: bool,
    /// Attempts to fetch what is missing that brought nothing, and when the next is due.
    pub(super) tries: u32,
    pub(super) until: Timestamp,
    /// Heads that are of the history that is here; of a settled log the one that a holder told last.
    pub(super) compared: Vec<TreeHead>,
    /// Heads of a branch that was left: nothing is missing of what is here because a witness saw them.
    left: Vec<TreeHead>,
    /// The forks that the history here was held against.
    judged: Vec<Fork>,
}

#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) head: TreeHead,
    pub(super) note: String,
    pub(super) entries: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Asking,
    Comparing(TreeHead),
    /// The root that tells which branch of a fork is here is being read.
    Judging(Fork),
    Refilling,
    Settled,
    /// It was settled, and a later head came: what is being signed is waited for.
    Shutting,
    /// It counts as forked for a head that nobody holds the entries of. A person who lifts the fork, or a partner that
    /// holds more, has it looked at again.
    Doubted,
    /// Closed or forked: no head that is told changes that.
    Ended,
}

impl Own {
    pub(super) fn asking(durable: u64) -> Self {
        Self::at(Stage::Asking, durable)
    }

    pub(super) fn at(stage: Stage, durable: u64) -> Self {
        let (heads, until) = (BTreeMap::new(), Timestamp::MIN);
        let (compared, left, judged) = (Vec::new(), Vec::new(), Vec::new());
        Self { durable, heads, stage, refilled: false, given_up: false, tries: 0, until, compared, left, judged }
    }

    /// Whether what partners tell is still to settle it.
    const fn is_open(&self) -> bool {
        match self.stage {
            Stage::Asking | Stage::Comparing(_) | Stage::Judging(_) | Stage::Refilling | Stage::Shutting => true,
            Stage::Settled | Stage::Doubted | Stage::Ended => false,
        }
    }

    /// What partners tell, but for heads of a branch that was left. What somebody holds the entries of counts always.
    pub(super) fn told(&self) -> impl Iterator<Item = (&(NodeName, bool), &Known)> {
        self.heads.iter().filter(|(_, known)| known.entries || !self.left.contains(&known.head))
    }

    pub(super) fn lack(&self) -> Option<Lack> {
        let further = self.told().filter(|(_, known)| self.is_open() && known.head.size > self.durable);
        let ((told, _), longest) = further.max_by_key(|(_, known)| known.head.size)?;
        let holders = self.holders(self.durable);
        Some(Lack { held: self.durable, signed: longest.head.size, told: told.clone(), holders })
    }

    pub(super) fn holders(&self, more_than: u64) -> Vec<(NodeName, u64)> {
        let holders = self.heads.iter().filter(|(_, known)| known.entries && known.head.size > more_than);
        holders.map(|((name, _), known)| (name.clone(), known.head.size)).collect()
    }

    /// What a partner tells of a settled log. A head past all that is durable was signed by a process that this one
    /// knows nothing of. A head that is not past it, and whose entries the partner holds, has to be of the same
    /// history. One that a witness only heard of is not compared here: where it is of another, those who compare all
    /// heads find out.
    pub(super) fn weigh(&mut self, origin: &Origin, durable: Option<u64>, told: &Known, actions: &mut Vec<Action>) {
        let size = told.head.size;
        if self.stage == Stage::Doubted && told.entries && size > self.durable {
            self.stage = Stage::Asking;
        }
        if self.stage != Stage::Settled || (!told.entries && self.left.contains(&told.head)) {
            return;
        }
        self.durable = durable.unwrap_or(self.durable);
        if size > self.durable {
            self.stage = Stage::Shutting;
            actions.push(Action::Shut { origin: origin.clone(), signed: size });
        } else if told.entries && size <= self.durable && !self.compared.contains(&told.head) {
            actions.push(Action::ReadRoot { origin: origin.clone(), size });
        }
    }

    /// Whether what holders told of the settled log at this size is what is here.
    pub(super) fn compare(&mut self, origin: &Origin, size: u64, root: Hash, actions: &mut Vec<Action>) {
        let told = self.heads.values().filter(|known| known.entries && known.head.size == size);
        let other = told.clone().find(|known| known.head.root != root).map(|known| known.note.clone());
        self.compared = told.map(|known| known.head).collect();
        if let Some(note) = other {
            self.settle(origin, Settled::Forked { note }, actions);
        }
    }

    /// Takes the root here at the size of a head that was told. `past` is up to where a person knows of a fork.
    pub(super) fn matched(
        &mut self,
        origin: &Origin,
        head: TreeHead,
        root: Hash,
        past: u64,
        actions: &mut Vec<Action>,
    ) {
        self.stage = Stage::Asking;
        if head.root == root {
            self.compared.push(head);
            return;
        }
        let told = self.heads.values().find(|known| known.head == head);
        // Who told it may have been taken off the trust list meanwhile.
        let Some(note) = told.map(|known| known.note.clone()) else { return };
        if self.heads.values().any(|known| known.entries && known.head == head) {
            self.settle(origin, Settled::Forked { note }, actions);
        } else if head.size <= past {
            self.left.push(head);
        } else {
            self.doubt(origin, note, actions);
        }
    }

    /// Whether it has to be known which branch of this fork is here: somebody knows the head of the longer one, and
    /// what is here is shorter.
    pub(super) fn is_to_judge(&self, fork: &Fork) -> bool {
        let here = fork.short.size <= self.durable && fork.long.size > self.durable && !self.judged.contains(fork);
        here && self.heads.values().any(|known| !known.entries && known.head == fork.long)
    }

    /// Takes the root here at the size of the shorter head of a fork: whoever begins with that is not the longer one.
    pub(super) fn judge(&mut self, fork: Fork, root: Hash) {
        self.left.extend(Some(fork.long).filter(|_| root == fork.short.root));
        self.judged.push(fork);
        self.stage = Stage::Asking;
    }

    /// A head is known that goes further than what is here, and nobody that was heard holds its entries. Of a log that is
    /// proven to have forked it may be of either branch; any other is closed by the operator's word alone: whoever holds
    /// nothing of it may have begun anew, as this node has.
    pub(super) fn unheld(&mut self, origin: &Origin, note: String, proven: bool, actions: &mut Vec<Action>) {
        if proven {
            self.doubt(origin, note, actions);
        } else if self.given_up {
            let (size, successor) = (self.durable, origin.shard().successor());
            self.settle(origin, Settled::Close { size, successor, note }, actions);
        }
    }

    /// It counts as forked until a person says otherwise.
    fn doubt(&mut self, origin: &Origin, note: String, actions: &mut Vec<Action>) {
        self.settle(origin, Settled::Forked { note }, actions);
        self.stage = Stage::Doubted;
    }

    pub(super) fn settle(&mut self, origin: &Origin, settled: Settled, actions: &mut Vec<Action>) {
        self.stage = if matches!(settled, Settled::GoOn { .. }) { Stage::Settled } else { Stage::Ended };
        actions.push(Action::Settled(origin.clone(), settled));
    }
}

/// Keeps the later of two heads.
pub(super) fn later_of<K: Ord>(entry: Entry<'_, K, Known>, known: Known) {
    let kept = entry.or_insert_with(|| known.clone());
    if known.head.size > kept.head.size {
        *kept = known;
    }
}
