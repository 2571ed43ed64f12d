//! The heads: held against what is stored, made durable, shown.

use super::{Entries, Writer};
use crate::log::{Extension, Hash, Origin};
use crate::store::batch::check_note;
use crate::store::contract::SignHead;
use crate::store::entry::PublishedHead;
use crate::store::error::StoreError;
use crate::store::feed::FeedEvent;
use crate::store::journal::core::Core;
use crate::store::journal::frame::FrameBuilder;
use crate::store::journal::keeper::Job;
use crate::store::journal::logs::Log;
use crate::store::journal::mark::Mark;
use crate::store::journal::record::StateRecord;
use crate::store::journal::rows::{Row, Sidecar};

/// Rows read or written at once.
const PORTION: usize = 4096;

impl Core {
    pub(in crate::store::journal) fn advance(
        &self,
        extensions: &[Extension],
        sign: SignHead<'_>,
    ) -> Result<(), StoreError> {
        self.write(|writer| {
            for extension in extensions {
                self.check_extension(extension)?;
            }
            let mut records = Vec::new();
            for extension in extensions {
                let note = sign(extension)?;
                check_note(extension, &note)?;
                let checkpoint = extension.checkpoint();
                records.push(StateRecord::Head { origin: checkpoint.origin.clone(), head: checkpoint.head, note });
            }
            let heads = records.clone();
            let published = extensions.iter().map(|extension| {
                let (origin, to) = (extension.checkpoint().origin.clone(), extension.checkpoint().head.size);
                FeedEvent::Published { origin, from: extension.previous().map_or(0, |before| before.size), to }
            });
            records.extend(self.numbered(published.collect())?);
            let at_ms = writer.newest_ms;
            self.write_batch(writer, at_ms, Entries::of(FrameBuilder::with_capacity(0), 0), records, &[])?;
            writer.keep_feed(at_ms);
            for record in heads {
                if let StateRecord::Head { origin, head, note } = record {
                    self.publish(&origin, PublishedHead { head, note })?;
                }
            }
            self.mark(writer);
            Ok(())
        })
    }

    /// Compare-and-swap: the extension must start where the last signed head ended, and end in the stored root.
    fn check_extension(&self, extension: &Extension) -> Result<(), StoreError> {
        let (origin, head) = (&extension.checkpoint().origin, extension.checkpoint().head);
        let durable = {
            let logs = self.logs();
            let log = logs.get(origin).ok_or_else(|| StoreError::UnknownLog(origin.clone()))?;
            if extension.previous() != log.head.as_ref().map(|published| published.head) {
                let expected = extension.previous().map_or(0, |previous| previous.size);
                return Err(StoreError::HeadMoved { origin: origin.clone(), expected, signed: log.published() });
            }
            log.durable()
        };
        match self.root_at(origin, head.size)? {
            Some(root) if root == head.root => Ok(()),
            Some(_) => Err(StoreError::RootDiffers { origin: origin.clone(), size: head.size }),
            None => Err(StoreError::NotDurable { origin: origin.clone(), size: head.size, durable }),
        }
    }

    /// The root for a size between the published and the durable one.
    fn root_at(&self, origin: &Origin, size: u64) -> Result<Option<Hash>, StoreError> {
        let (mut edge, sidecar, first, laid, rest) = {
            let logs = self.logs();
            let Some(log) = logs.get(origin) else { return Ok(None) };
            let Some((laid, pending)) = log.covered(size) else { return Ok(None) };
            let rest = log.pending.iter().take(pending).map(|row| row.leaf_hash).collect::<Vec<_>>();
            (log.tree.edge().clone(), log.sidecar.clone(), log.published(), laid, rest)
        };
        for (at, count) in portions(first, laid) {
            for row in sidecar.read(at, count)? {
                edge.append(row.leaf_hash);
            }
        }
        for leaf in rest {
            edge.append(leaf);
        }
        Ok(Some(edge.root()))
    }

    /// Rows and hashes go to the sidecar, then the head shows them.
    fn publish(&self, origin: &Origin, head: PublishedHead) -> Result<(), StoreError> {
        let unknown = || StoreError::UnknownLog(origin.clone());
        let (sidecar, first, laid, pending, left) = {
            let logs = self.logs();
            let log = logs.get(origin).ok_or_else(unknown)?;
            let (laid, pending) = log.covered(head.head.size).unwrap_or((0, 0));
            (log.sidecar.clone(), log.published(), laid, pending, log.laid - laid)
        };
        for (at, count) in portions(first, laid) {
            let rows = sidecar.read(at, count)?;
            self.grow(origin, &sidecar, &rows)?;
        }
        for (at, count) in portions(0, pending as u64) {
            let rows = {
                let logs = self.logs();
                let log = logs.get(origin).ok_or_else(unknown)?;
                let rows = log.pending.iter().skip(usize::try_from(at).unwrap_or(usize::MAX));
                rows.take(usize::try_from(count).unwrap_or(usize::MAX)).copied().collect::<Vec<_>>()
            };
            sidecar.write(first + laid + at, &rows)?;
            self.grow(origin, &sidecar, &rows)?;
        }
        let laid_from = if left > 0 { Some(sidecar.row(first + laid)?.leaf.segment) } else { None };
        let mut logs = self.logs_mut();
        let log = logs.get_mut(origin).ok_or_else(unknown)?;
        log.pending.drain(..pending.min(log.pending.len()));
        (log.laid, log.laid_from) = (left, laid_from);
        log.head = Some(head);
        Ok(())
    }

    /// Appends rows to the tree, whose hashes go to the sidecar. The tree runs ahead of the head for a moment; readers
    /// are held to the head.
    fn grow(&self, origin: &Origin, sidecar: &Sidecar, rows: &[Row]) -> Result<(), StoreError> {
        let (kept, complete) = {
            let mut logs = self.logs_mut();
            let log = logs.get_mut(origin).ok_or_else(|| StoreError::UnknownLog(origin.clone()))?;
            let kept = log.tree.kept();
            (kept, rows.iter().filter_map(|row| log.tree.append(row.leaf_hash)).collect::<Vec<_>>())
        };
        sidecar.write_nodes(kept, &complete)
    }

    /// Once all entries of older segments are published, a start need not read those segments.
    fn mark(&self, writer: &mut Writer) {
        if writer.entries.ordinal == writer.marked {
            return;
        }
        let logs = self.logs();
        let segment = logs.all().iter().filter_map(Log::oldest_segment).min().unwrap_or(writer.entries.ordinal);
        if segment == writer.marked {
            return;
        }
        let mark = Mark { segment, rows: logs.all().iter().map(Log::published).collect() };
        let sidecars = logs.all().iter().map(|log| log.sidecar.clone()).collect();
        drop(logs);
        writer.marked = segment;
        self.keeper.hand(Job::Mark(mark, sidecars));
    }
}

/// So many rows from `first` on, in portions that fit memory.
fn portions(first: u64, count: u64) -> impl Iterator<Item = (u64, u64)> {
    let end = first.saturating_add(count);
    (first..end).step_by(PORTION).map(move |at| (at, (end - at).min(PORTION as u64)))
}
