//! The index at a start: brought to the end of the journal from where it is, or made again from nothing.

use super::{Keyed, OpenFiles, Parts, entries_file, visit_state};
use crate::store::error::StoreError;
use crate::store::journal::frame::{Class, FRAME_HEAD, is_whole, read_head};
use crate::store::journal::index::{Changes, Reached};
use crate::store::journal::keyspace;
use crate::store::journal::logs::Logs;
use crate::store::journal::record::{EntryHalf, EntryRecord, EntryRecords, StateBatch};
use crate::store::journal::segment::{self, SegmentHead, Step, Walk, name};
use crate::store::journal::tail::Tail;
use std::collections::HashMap;
use std::sync::atomic::Ordering;

/// Changes given to the index at once.
const INDEX_AT_ONCE: usize = 8192;
/// A half-made index says it reached this, and is made again.
const MAKING: Reached = Reached { sequence: u64::MAX, crc: 0 };

/// Brings the index to the end of the journal: from where it is, or from nothing.
pub(super) fn catch_up(parts: &Parts, tail: &Tail, logs: &Logs, keyed: &mut Keyed) -> Result<(), StoreError> {
    let end = Reached { sequence: tail.state.next.first, crc: tail.state.next.previous };
    let reached = if parts.index_is_suspect() { None } else { parts.index.reached().unwrap_or(None) };
    let caught_up = match reached {
        Some(reached) => replay(parts, tail, logs, reached)?,
        None => false,
    };
    if !caught_up {
        tracing::info!("the index is made again from the journal");
        // Who reads through a store that is being reloaded must not take a half-made index for a whole one.
        parts.index_making.begin();
        parts.index.clear()?;
        rebuild(parts, tail, logs, keyed)?;
    }
    parts.index.apply(&Changes::new(), end)?;
    parts.index_making.end();
    parts.index_suspect.store(false, Ordering::Release);
    Ok(())
}

/// Collects changes and hands them over in portions.
struct Portions<'a> {
    parts: &'a Parts,
    changes: Changes,
}

impl Portions<'_> {
    fn give(&mut self, reached: Reached, at_least: usize) -> Result<(), StoreError> {
        if self.changes.len() >= at_least {
            self.parts.index.apply(&self.changes, reached)?;
            self.changes.clear();
        }
        Ok(())
    }

    fn state(&mut self, batch: &StateBatch, logs: &Logs) -> Result<(), StoreError> {
        for record in &batch.records {
            keyspace::state_changes(record, batch.at_ms, &|origin| logs.id(origin), &mut self.changes)
                .ok_or_else(|| StoreError::corrupt("state", 0, "a change names a log that is not open"))?;
        }
        Ok(())
    }
}

/// Replays the batches an index has not got; `false` if it is not an index of this journal.
fn replay(parts: &Parts, tail: &Tail, logs: &Logs, reached: Reached) -> Result<bool, StoreError> {
    let Some(first) = tail.state_heads.iter().rposition(|head| head.link.first <= reached.sequence) else {
        return Ok(false);
    };
    let mut portions = Portions { parts, changes: Changes::new() };
    let mut files = HashMap::new();
    let mut here = false;
    for head in tail.state_heads.iter().skip(first) {
        visit_state(parts, head, &mut |before, batch| {
            if here {
                portions.give(before, INDEX_AT_ONCE)?;
            }
            here |= before == reached;
            let Some(batch) = batch.filter(|batch| here && !batch.snapshot) else { return Ok(()) };
            portions.state(&batch, logs)?;
            match &batch.half {
                Some(half) => replay_half(parts, &mut files, half, &mut portions.changes),
                None => Ok(()),
            }
        })?;
    }
    let end = Reached { sequence: tail.state.next.first, crc: tail.state.next.previous };
    if here {
        portions.give(end, 1)?;
    }
    Ok(here)
}

fn replay_half(
    parts: &Parts,
    files: &mut OpenFiles,
    half: &EntryHalf,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    let name = name(Class::Entries, half.segment);
    let damaged = |what: &str| StoreError::corrupt(&name, u64::from(half.offset), what);
    let file = entries_file(parts, files, half.segment)?;
    let mut frame = vec![0; usize::try_from(half.length).unwrap_or(0)];
    file.read_at(&mut frame, u64::from(half.offset)).map_err(|e| StoreError::io(&name, e))?;
    let (head_bytes, payload) =
        frame.split_first_chunk::<FRAME_HEAD>().ok_or_else(|| damaged("the batch is cut off"))?;
    let head = read_head(Class::Entries, head_bytes)
        .filter(|head| head.crc == half.crc && is_whole(head, head_bytes, payload))
        .ok_or_else(|| damaged("the batch is damaged"))?;
    entry_changes(payload, head.link.first, changes).ok_or_else(|| damaged("a record does not read"))
}

fn entry_changes(payload: &[u8], first: u64, changes: &mut Changes) -> Option<()> {
    for (sequence, record) in (first..).zip(EntryRecords::new(payload)) {
        keyspace::entry_changes(&record?, sequence, changes);
    }
    Some(())
}

/// Makes the index from everything there is.
fn rebuild(parts: &Parts, tail: &Tail, logs: &Logs, keyed: &mut Keyed) -> Result<(), StoreError> {
    let mut portions = Portions { parts, changes: Changes::new() };
    for ordinal in segment::ordinals(&*parts.disk, Class::Entries)? {
        let name = name(Class::Entries, ordinal);
        let file = segment::open(&*parts.disk, Class::Entries, ordinal)?;
        let damaged = |offset: u64, what: &str| StoreError::corrupt(&name, offset, what);
        let head = SegmentHead::read(Class::Entries, ordinal, &*file)?;
        let mut walk = Walk::new(Class::Entries, &head.ok_or_else(|| damaged(0, "the head is damaged"))?, &*file)?;
        loop {
            let (offset, link) = walk.end();
            match walk.step()? {
                Step::Frame(_) => {}
                Step::End => break,
                Step::Torn => return Err(damaged(offset, "the batch is damaged")),
            }
            let unreadable = || damaged(offset, "a record does not read");
            entry_changes(walk.payload(), link.first, &mut portions.changes).ok_or_else(unreadable)?;
            keyed.entries.extend(EntryRecords::new(walk.payload()).flatten().filter_map(|record| match record {
                EntryRecord::Erasure { log, index, .. } => Some((log, index)),
                _ => None,
            }));
            portions.give(MAKING, INDEX_AT_ONCE)?;
        }
    }
    for (at, head) in tail.state_heads.iter().enumerate() {
        visit_state(parts, head, &mut |_, batch| {
            if let Some(batch) = batch.filter(|batch| at == 0 || !batch.snapshot) {
                batch.records.iter().for_each(|record| keyed.see(record));
                portions.state(&batch, logs)?;
            }
            portions.give(MAKING, INDEX_AT_ONCE)
        })?;
    }
    portions.give(MAKING, 1)
}
