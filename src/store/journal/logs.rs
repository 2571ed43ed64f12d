//! The logs of a store in memory: what is published of each, and what is durable but not yet.

use super::rows::{Row, Sidecar, Tree};
use crate::log::{Hash, Origin};
use crate::statement::Jti;
use crate::store::entry::PublishedHead;
use std::collections::HashMap;

/// One log.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) id: u32,
    pub(super) origin: Origin,
    pub(super) addressee: String,
    pub(super) sidecar: Sidecar,
    /// Over published entries.
    pub(super) tree: Tree,
    pub(super) head: Option<PublishedHead>,
    /// Durable entries past the head, in order.
    pub(super) pending: Vec<Row>,
    /// `jti` of the last durable entry.
    pub(super) last_jti: Option<Jti>,
}

impl Log {
    pub(super) fn published(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.head.size)
    }

    pub(super) fn durable(&self) -> u64 {
        self.published() + self.pending.len() as u64
    }

    /// The row of an entry past the head.
    pub(super) fn pending(&self, index: u64) -> Option<Row> {
        let at = index.checked_sub(self.published())?;
        self.pending.get(usize::try_from(at).ok()?).copied()
    }

    /// The row of an entry past the head, to be changed.
    pub(super) fn pending_mut(&mut self, index: u64) -> Option<&mut Row> {
        let at = index.checked_sub(self.published())?;
        self.pending.get_mut(usize::try_from(at).ok()?)
    }

    /// How many pending rows a head of `size` covers; none if it covers more than there are.
    pub(super) fn covered(&self, size: u64) -> Option<usize> {
        let covered = usize::try_from(size.checked_sub(self.published())?).ok()?;
        (covered <= self.pending.len()).then_some(covered)
    }

    /// The root for a size between the published and the durable one.
    pub(super) fn root_at(&self, size: u64) -> Option<Hash> {
        let mut edge = self.tree.edge().clone();
        for row in self.pending.get(..self.covered(size)?)? {
            edge.append(row.leaf_hash);
        }
        Some(edge.root())
    }
}

/// All logs, in the order of opening; the id of a log is its place.
#[derive(Debug, Default)]
pub(super) struct Logs {
    list: Vec<Log>,
    ids: HashMap<Origin, u32>,
}

impl Logs {
    pub(super) fn push(&mut self, log: Log) {
        self.ids.insert(log.origin.clone(), log.id);
        self.list.push(log);
    }

    pub(super) fn all(&self) -> &[Log] {
        &self.list
    }

    pub(super) fn id(&self, origin: &Origin) -> Option<u32> {
        self.ids.get(origin).copied()
    }

    pub(super) fn by_id(&self, id: u32) -> Option<&Log> {
        self.list.get(usize::try_from(id).ok()?)
    }

    pub(super) fn get(&self, origin: &Origin) -> Option<&Log> {
        self.by_id(self.id(origin)?)
    }

    pub(super) fn get_mut(&mut self, origin: &Origin) -> Option<&mut Log> {
        let id = usize::try_from(self.id(origin)?).ok()?;
        self.list.get_mut(id)
    }

    /// The id the next log gets.
    pub(super) fn next_id(&self) -> u32 {
        u32::try_from(self.list.len()).unwrap_or(u32::MAX)
    }
}
