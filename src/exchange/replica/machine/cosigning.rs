//! What a replica cosigns: what it holds, within the end of its log, and nothing behind or beside what it may have
//! cosigned before it started.

use super::{Action, Heard, Replica, Stream};
use crate::{
    exchange::{
        ExchangeError,
        message::{Cosign, FromReplica},
    },
    log::{Checkpoint, Hash, TreeHead},
    time::Timestamp,
};
use std::collections::VecDeque;

/// The newest head is cosigned again after this long without news, in seconds (design, replication).
pub(super) const HEARTBEAT: i64 = 600;
/// Heads that may wait for the key; beyond them the newest takes the place of the one before it.
const MOST_TO_COSIGN: usize = 64;

/// What this node may have cosigned before it started. Nothing is cosigned behind it, or beside it.
#[derive(Debug)]
pub(super) enum Floor {
    /// Too few partners have told what they know.
    Unknown,
    /// Heads, rising, that what is held has not come to, or was not compared with; and whether the root at the size of the
    /// first is being read.
    At { heads: VecDeque<Heard>, reading: bool },
    /// What is held is another history than the first of these is of.
    Beside(VecDeque<Heard>),
    /// What is held is of the history of all of them.
    Passed,
}

impl Replica {
    /// Whether nothing is cosigned because it is not known yet what this node cosigned before, or what is held has not
    /// come there.
    #[must_use]
    pub const fn recalls(&self) -> bool {
        !matches!(self.floor, Floor::Passed)
    }

    /// Whether that is because too few partners have told what they know.
    #[must_use]
    pub const fn awaits_partners(&self) -> bool {
        matches!(self.floor, Floor::Unknown)
    }

    /// Whether all that the stream announced is held, and not cosigned: because it is not known yet what was before, or
    /// because the list has ended the log before it.
    #[must_use]
    pub fn holds_all_uncosigned(&self) -> bool {
        let held = self.held.tree_head().size;
        let rests = self.recalls() || self.is_beyond_end();
        rests && self.heads.newest().is_some_and(|newest| newest.head.size <= held)
    }

    /// Whether the head that is held goes beyond the end that the list gave its log: it proves nothing, whoever cosigns it.
    fn is_beyond_end(&self) -> bool {
        let size = self.held.tree_head().size;
        self.setup.trust.shard_final_size(&self.setup.origin).is_some_and(|last| last < size)
    }

    /// Finds out which heads of the log this node may have cosigned, and whether what is held is of their history.
    pub(super) fn recall(&mut self, actions: &mut Vec<Action>) {
        let held = self.held.tree_head().size;
        match &mut self.floor {
            Floor::Unknown => actions.push(Action::Recall),
            Floor::At { heads, reading } if !*reading => match heads.front().map(|first| first.head.size) {
                None => {
                    self.floor = Floor::Passed;
                    self.cosign(actions);
                }
                Some(size) if size <= held => {
                    *reading = true;
                    actions.push(Action::ReadRoot(size));
                }
                Some(_) => {}
            },
            _ => {}
        }
    }

    /// A person has judged that the branch held here is the one that goes on: these heads are of others. Where the log was
    /// frozen until now, that goes for all that this node may have cosigned; whether anything of it is another deed, those
    /// who compare all heads find out.
    pub(super) fn lift(&mut self, left: Vec<TreeHead>, actions: &mut Vec<Action>) {
        let was_frozen = self.held.record.equivocated.take().is_some();
        if was_frozen {
            self.note_record = true;
            self.alarm = None;
        }
        if let Floor::At { heads, .. } | Floor::Beside(heads) = &mut self.floor {
            let mut heads = std::mem::take(heads);
            heads.retain(|heard| !left.contains(&heard.head));
            let held = self.held.head.as_ref().map(|held| held.note.clone()).filter(|_| was_frozen);
            if let Some(held) = held {
                for Heard { note, .. } in heads.drain(..) {
                    actions.push(Action::Suspect(self.suspicion(note, held.clone())));
                }
            }
            if matches!(self.floor, Floor::Beside(_)) {
                self.alarm = None;
            }
            // Where another than those that were left is beside it, that is found again.
            self.floor = Floor::At { heads, reading: false };
        }
        self.left = Some(left);
    }

    pub(super) fn compared(&mut self, now: Timestamp, size: u64, root: Option<Hash>, actions: &mut Vec<Action>) {
        let Floor::At { heads, reading } = &mut self.floor else { return };
        *reading = false;
        // What was lifted meanwhile is not the first any more.
        let first = heads.front().filter(|first| first.head.size == size).cloned();
        match (root, first) {
            (Some(root), Some(first)) if root == first.head.root => {
                heads.pop_front();
                self.recall(actions);
            }
            (Some(_), Some(first)) => {
                let heads = std::mem::take(heads);
                let shown = self.held.head.as_ref().map(|held| held.note.clone());
                let (old, new) = (first.head.size, self.held.tree_head().size);
                let suspicion = shown.map(|shown| self.suspicion(first.note, shown));
                actions.extend(suspicion.map(Action::Suspect));
                self.raise(now, ExchangeError::Inconsistent { old, new }, actions);
                self.floor = Floor::Beside(heads);
            }
            // It is read again with the next tick.
            _ => {}
        }
    }

    pub(super) fn cosign_held(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        self.cosigned_at = now;
        self.cosign(actions);
    }

    pub(super) fn cosign(&mut self, actions: &mut Vec<Action>) {
        // Before its first announcement the log's node does not know which head is meant.
        let up = matches!(self.stream, Stream::Up { announced: true, .. });
        let may = self.setup.cosigns && matches!(self.floor, Floor::Passed) && !self.is_beyond_end();
        if let Some(held) = self.held.head.as_ref().filter(|_| may && up)
            && self.held.record.equivocated.is_none()
        {
            if self.to_cosign.len() >= MOST_TO_COSIGN {
                self.to_cosign.pop_back();
            }
            // One after the other: a cosigner never goes back to a smaller head.
            self.to_cosign.push_back(held.head);
            if self.to_cosign.len() == 1 {
                actions.push(Action::Cosign(Checkpoint { origin: self.setup.origin.clone(), head: held.head }));
            }
        }
    }

    pub(super) fn cosigned(&mut self, now: Timestamp, size: u64, line: Option<String>, actions: &mut Vec<Action>) {
        if self.to_cosign.front().is_none_or(|head| head.size != size) {
            return;
        }
        self.to_cosign.pop_front();
        if self.held.record.equivocated.is_some() {
            self.to_cosign.clear();
            return;
        }
        if let Some(line) = line {
            self.cosigned_at = now;
            if matches!(self.stream, Stream::Up { announced: true, .. }) {
                actions.push(Action::Send(FromReplica::Cosign(Cosign { size, line })));
            }
        }
        if let Some(head) = self.to_cosign.front() {
            actions.push(Action::Cosign(Checkpoint { origin: self.setup.origin.clone(), head: *head }));
        }
    }
}
