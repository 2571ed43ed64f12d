//! The logs of a store in memory: what is published of each, and what is durable but not yet.

use super::rows::{Row, Sidecar, Tree};
use crate::log::Origin;
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
    /// Durable entries past the head whose rows are in the sidecar already, not synced: a log may be years behind its
    /// next head. The journal has them: a start makes them again.
    pub(super) laid: u64,
    /// The segment of the first of them.
    pub(super) laid_from: Option<u32>,
    /// The durable entries after those, in order.
    pub(super) pending: Vec<Row>,
    /// `jti` of the last durable entry.
    pub(super) last_jti: Option<Jti>,
}

impl Log {
    pub(super) fn published(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.head.size)
    }

    pub(super) fn durable(&self) -> u64 {
        self.in_sidecar() + self.pending.len() as u64
    }

    /// Entries whose rows are in the sidecar.
    pub(super) fn in_sidecar(&self) -> u64 {
        self.published() + self.laid
    }

    /// The row of an entry that is not in the sidecar.
    pub(super) fn pending(&self, index: u64) -> Option<Row> {
        let at = index.checked_sub(self.in_sidecar())?;
        self.pending.get(usize::try_from(at).ok()?).copied()
    }

    /// The same, to be changed.
    pub(super) fn pending_mut(&mut self, index: u64) -> Option<&mut Row> {
        let at = index.checked_sub(self.in_sidecar())?;
        self.pending.get_mut(usize::try_from(at).ok()?)
    }

    /// How many rows past the head one of `size` covers: of those laid, and of those pending. None if it covers more
    /// than there are.
    pub(super) fn covered(&self, size: u64) -> Option<(u64, usize)> {
        let covered = size.checked_sub(self.published())?;
        let laid = covered.min(self.laid);
        let pending = usize::try_from(covered - laid).ok()?;
        (pending <= self.pending.len()).then_some((laid, pending))
    }

    /// The segment of the first entry past the head.
    pub(super) fn oldest_segment(&self) -> Option<u32> {
        self.laid_from.or_else(|| self.pending.first().map(|row| row.leaf.segment))
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
