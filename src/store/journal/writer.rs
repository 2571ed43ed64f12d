//! The one writer: batches and erasures here; heads, the feed and the dropping of old answers beside it.

mod feed;
mod heads;
mod state;

use super::chain::Chain;
use super::core::Core;
use super::frame::FrameBuilder;
use super::index::{Changes, Reached};
use super::keeper::Job;
use super::keyspace;
use super::logs::Log;
use super::record::{
    EntryHalf, NO_STATUS, StateBatch, StateRecord, put_audit, put_disclosures, put_erasure, put_leaf, put_note,
};
use super::rows::{Place, Row, Sidecar, Tree};
use super::wire::length32;
use crate::log::{Origin, leaf_hash};
use crate::statement::Jti;
use crate::store::batch::{Batch, Committed, Present, admit};
use crate::store::error::StoreError;
use crate::store::feed::FeedEvent;
use crate::store::state::{AuditHead, AuditRow, RequestId, StateChange, Table};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, MutexGuard};

pub(super) use feed::FEED_OUTLASTS_ANSWERS_MS;

/// The age of a segment that is kept for the records of large tables in it: it never comes to its end.
pub(super) const KEPT_FOR_EVER: u64 = u64::MAX;
/// Answers looked at, and dropped, at once.
pub(super) const EXPIRE_AT_ONCE: usize = 4096;

/// Where the journals end, and what goes with it.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) entries: Chain,
    pub(super) state: Chain,
    /// Older state segments, each with the time of the newest answer in it.
    pub(super) kept: Vec<(u32, u64)>,
    /// Time of the newest batch, as its writer gave it.
    pub(super) newest_ms: u64,
    /// Time of the newest answer in the live state segment, or that the segment stays for ever.
    pub(super) newest_answer_ms: u64,
    /// The entry segment a start reads from.
    pub(super) marked: u32,
}

/// The rows of a batch by log, and the late disclosures by entry, where they stand on disk.
type Placed = (Vec<(Origin, Vec<Row>)>, Vec<(Origin, u64, Place)>);

/// The entry half of a batch, before it is written.
struct Entries {
    frame: FrameBuilder,
    count: u32,
    /// Rows by log, places relative to the frame.
    rows: Vec<(Origin, Vec<Row>)>,
    /// Disclosures of entries that are durable without them, places relative to the frame.
    late: Vec<(Origin, u64, Place)>,
    changes: Changes,
}

impl Entries {
    /// Records that have no rows.
    fn of(frame: FrameBuilder, count: u32) -> Self {
        Self { frame, count, rows: Vec::new(), late: Vec::new(), changes: Changes::new() }
    }
}

impl Present for Core {
    fn log_end(&self, origin: &Origin) -> Option<(u64, Option<Jti>)> {
        self.logs().get(origin).map(|log| (log.durable(), log.last_jti))
    }

    fn number_taken(&self, number: &str) -> Result<bool, StoreError> {
        Core::number_taken(self, number)
    }

    fn record_now(&self, table: Table, id: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.record(table, id)
    }

    fn has_answer(&self, account: &str, request_id: &RequestId) -> Result<bool, StoreError> {
        Ok(self.state.get(&keyspace::answer(account, request_id))?.is_some())
    }

    fn has_disclosures(&self, origin: &Origin, index: u64) -> Result<bool, StoreError> {
        Ok(self.durable_row(origin, index)?.is_some_and(|row| row.sealed.length > 0))
    }

    fn list_open(&self, origin: &Origin, list: u32) -> Result<bool, StoreError> {
        let Some(id) = self.logs().id(origin) else { return Ok(false) };
        Ok(self.state.get(&keyspace::list(id, list))?.is_some())
    }
}

impl Core {
    /// The writer's turn, if nothing stopped it.
    fn turn(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        let writer = self.writer.lock().unwrap_or_else(|panicked| {
            // What it had done by then nobody knows: only the disk tells.
            self.poison.set("a writer panicked in its turn");
            panicked.into_inner()
        });
        self.poison.why().map_or(Ok(writer), |why| Err(StoreError::Poisoned(why)))
    }

    /// Runs what writes. Whatever fails in it stops the writer, unless it failed before it began.
    fn write<T>(&self, work: impl FnOnce(&mut Writer) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut writer = self.turn()?;
        let result = work(&mut writer);
        if let Err(error) = &result
            && !error.leaves_writer_usable()
        {
            if matches!(error, StoreError::Index(_)) {
                self.parts.distrust_index();
            }
            self.poison.set(&error.to_string());
        }
        result
    }

    fn check_space(&self, bytes: usize) -> Result<(), StoreError> {
        let free = self.parts.disk.free_bytes().map_err(|e| StoreError::io("data folder", e))?;
        // Twice: once in the journal, once for all that follows from it.
        let needed = self.parts.options.reserve_bytes.saturating_add(bytes as u64 * 2);
        if free < needed { Err(StoreError::NoSpace { free, needed }) } else { Ok(()) }
    }

    pub(super) fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        let mut opened = opened(&batch.state, self.logs().next_id());
        // What needs no turn is done before it: the frame's bytes and the leaf hashes.
        let mut entries = self.lay_out(&batch, &opened)?;
        self.write(|writer| {
            admit(&batch, self)?;
            // Another batch may have opened logs since; during this turn none does.
            let numbered = self::opened(&batch.state, self.logs().next_id());
            if opened != numbered {
                entries = self.lay_out(&batch, &numbered)?;
                opened = numbered;
            }
            self.chain(&mut entries, batch.at_ms, batch.audit)?;
            self.check_space(entries.frame.length())?;
            let newest_answer = batch.state.iter().any(|change| matches!(change, StateChange::RequestAnswered { .. }));
            let large = batch.state.iter().any(StateChange::is_large);
            writer.newest_ms = writer.newest_ms.max(batch.at_ms);
            let told = self.numbered(batch.feed.into_iter().map(FeedEvent::Told).collect())?;
            let feeds = told.is_some();
            let (mut records, erased) = self.sealed(batch.state)?;
            records.extend(told);
            let mut sidecars = Vec::new();
            for (_, id, _) in &opened {
                sidecars.push(Sidecar::open(&*self.parts.disk, *id)?);
            }
            let (rows, late) = self.write_batch(writer, batch.at_ms, entries, records, &opened)?;
            // The record first, as for an entry: what a power cut leaves is overwritten at the next start.
            self.parts.keys.erase_records(&erased)?;
            if newest_answer {
                writer.newest_answer_ms = writer.newest_answer_ms.max(batch.at_ms);
            }
            if feeds {
                writer.keep_feed(batch.at_ms);
            }
            if large {
                writer.newest_answer_ms = KEPT_FOR_EVER;
            }
            let committed = self.settle(opened, sidecars, rows);
            self.place_late(late)?;
            committed.durable.iter().try_for_each(|(origin, _)| self.lay(origin))?;
            Ok(committed)
        })
    }

    /// Writes the entry half and the rows it will have.
    fn lay_out(&self, batch: &Batch, opened: &[(Origin, u32, String)]) -> Result<Entries, StoreError> {
        let logs = self.logs();
        let mut ids: HashMap<&Origin, u32> = opened.iter().map(|(origin, id, _)| (origin, *id)).collect();
        let bytes = batch.entries.iter().map(|entry| {
            entry.leaf.len() + entry.disclosures.as_ref().map_or(0, super::super::entry::Sealed::stored_bytes) + 300
        });
        let late = batch.late.iter().map(|late| late.stored_bytes() + 64);
        let mut frame = FrameBuilder::with_capacity(bytes.chain(late).sum());
        let mut rows: BTreeMap<&Origin, Vec<Row>> = BTreeMap::new();
        let mut changes = Changes::new();
        let mut count = 0_u32;
        for entry in &batch.entries {
            let id = match ids.get(&entry.origin) {
                Some(id) => *id,
                None => logs.id(&entry.origin).ok_or_else(|| StoreError::UnknownLog(entry.origin.clone()))?,
            };
            ids.insert(&entry.origin, id);
            let offset = length32(put_leaf(frame.bytes(), id, entry));
            let leaf = Place { segment: 0, offset, length: length32(entry.leaf.len()) };
            let mut sealed = Place::default();
            count += 1;
            if let Some(disclosures) = &entry.disclosures {
                let offset = length32(put_disclosures(frame.bytes(), id, entry.index, &disclosures.bytes));
                sealed = Place { segment: 0, offset, length: length32(disclosures.bytes.len()) };
                count += 1;
            }
            if let Some(number) = &entry.number {
                changes.push(keyspace::number_change(number, id, entry.index));
            }
            let status = entry.status_index.unwrap_or(NO_STATUS);
            let row = Row { jti: entry.jti, leaf_hash: leaf_hash(&entry.leaf), leaf, sealed, status };
            rows.entry(&entry.origin).or_default().push(row);
        }
        for note in &batch.notes {
            let known = ids.get(&note.origin).copied().or_else(|| logs.id(&note.origin));
            let id = known.ok_or_else(|| StoreError::UnknownLog(note.origin.clone()))?;
            put_note(frame.bytes(), id, note);
            changes.push(keyspace::note_change(id, (note.first, note.last), &note.note));
            count += 1;
        }
        let mut late = Vec::new();
        for sealed in &batch.late {
            let known = ids.get(&sealed.origin).copied().or_else(|| logs.id(&sealed.origin));
            let id = known.ok_or_else(|| StoreError::UnknownLog(sealed.origin.clone()))?;
            let offset = length32(put_disclosures(frame.bytes(), id, sealed.index, &sealed.bytes));
            let place = Place { segment: 0, offset, length: length32(sealed.bytes.len()) };
            late.push((sealed.origin.clone(), sealed.index, place));
            count += 1;
        }
        let rows = rows.into_iter().map(|(origin, rows)| (origin.clone(), rows)).collect();
        Ok(Entries { frame, count, rows, late, changes })
    }

    /// Adds the audit rows, each chained to the one before it: which that is, only the writer's turn tells.
    fn chain(&self, entries: &mut Entries, at_ms: u64, rows: Vec<Vec<u8>>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut last = self.audit_head()?;
        let first = if last.is_none() { self.first_audit_number()? } else { 0 };
        for row in rows {
            let (head, AuditRow { number, row, .. }) = AuditHead::follow(last, first, at_ms, row);
            put_audit(entries.frame.bytes(), number, at_ms, &head.link, &row);
            keyspace::audit_changes(number, at_ms, &head.link, &row, &mut entries.changes);
            entries.count = entries.count.saturating_add(1);
            last = Some(head);
        }
        Ok(())
    }

    /// Makes both halves durable, shows the state, and gives the rows their final places.
    fn write_batch(
        &self,
        writer: &mut Writer,
        at_ms: u64,
        entries: Entries,
        records: Vec<StateRecord>,
        opened: &[(Origin, u32, String)],
    ) -> Result<Placed, StoreError> {
        let Entries { frame, count, mut rows, mut late, mut changes } = entries;
        let parts = &*self.parts;
        if writer.entries.is_full(frame.length(), parts.options.entry_segment_bytes) && count > 0 {
            writer.entries.roll(&*parts.disk, &*parts.random, None)?;
        }
        let (segment, start) = (writer.entries.ordinal, u32::try_from(writer.entries.offset).unwrap_or(u32::MAX));
        let staged = (count > 0).then(|| Arc::new(writer.entries.stage(frame, count)));
        let half = staged.as_ref().map(|staged| EntryHalf {
            segment,
            offset: start,
            length: staged.length(),
            crc: staged.crc(),
        });
        let state = StateBatch { at_ms, snapshot: false, half, records };
        let mut state_frame = FrameBuilder::with_capacity(4096);
        state.put(state_frame.bytes())?;
        if writer.state.is_full(state_frame.length(), parts.options.state_segment_bytes) {
            self.roll_state(writer)?;
        }
        let state_staged = writer.state.stage(state_frame, 1);
        match &staged {
            None => writer.state.write(&state_staged)?,
            // Without threads the halves take turns in being first, so that tests meet either order.
            Some(staged) if !parts.options.background => {
                if state_staged.crc().is_multiple_of(2) {
                    writer.state.write(&state_staged)?;
                    writer.entries.write(staged)?;
                } else {
                    writer.entries.write(staged)?;
                    writer.state.write(&state_staged)?;
                }
            }
            Some(staged) => self.beside.both(&writer.entries, staged, || writer.state.write(&state_staged))?,
        }
        if let Some(staged) = &staged {
            writer.entries.settle(staged);
        }
        writer.state.settle(&state_staged);
        for row in rows.iter_mut().flat_map(|(_, rows)| rows) {
            row.leaf.segment = segment;
            row.leaf.offset = row.leaf.offset.saturating_add(start);
            if row.sealed.length > 0 {
                row.sealed.segment = segment;
                row.sealed.offset = row.sealed.offset.saturating_add(start);
            }
        }
        for (_, _, place) in &mut late {
            place.segment = segment;
            place.offset = place.offset.saturating_add(start);
        }
        let log = |origin: &Origin| {
            let new = opened.iter().find(|(new, ..)| new == origin).map(|(_, id, _)| *id);
            new.or_else(|| self.logs().id(origin))
        };
        for record in &state.records {
            keyspace::state_changes(record, at_ms, &log, &mut changes)
                .ok_or_else(|| StoreError::Index("a change names a log that is not open".to_owned()))?;
        }
        self.hand_changes(writer, changes);
        Ok((rows, late))
    }

    /// Late disclosures go into the rows of their entries. A row below the head is written over; that it may tear is
    /// no harm, for its checksum says so and the rows are made again from the journal.
    fn place_late(&self, late: Vec<(Origin, u64, Place)>) -> Result<(), StoreError> {
        for (origin, index, place) in late {
            let sidecar = {
                let mut logs = self.logs_mut();
                let log = logs.get_mut(&origin).ok_or_else(|| StoreError::UnknownLog(origin.clone()))?;
                if let Some(row) = log.pending_mut(index) {
                    row.sealed = place;
                    continue;
                }
                log.sidecar.clone()
            };
            let row = sidecar.row(index)?;
            sidecar.write(index, &[Row { sealed: place, ..row }])?;
        }
        Ok(())
    }

    /// Puts the rows past the head where they will stand, once there are many.
    fn lay(&self, origin: &Origin) -> Result<(), StoreError> {
        let (sidecar, first, rows) = {
            let logs = self.logs();
            let log = logs.get(origin).ok_or_else(|| StoreError::UnknownLog(origin.clone()))?;
            if log.pending.len() <= self.parts.options.rows_in_memory {
                return Ok(());
            }
            (log.sidecar.clone(), log.in_sidecar(), log.pending.clone())
        };
        // They stay in memory until they are there to be read.
        sidecar.write(first, &rows)?;
        let mut logs = self.logs_mut();
        let log = logs.get_mut(origin).ok_or_else(|| StoreError::UnknownLog(origin.clone()))?;
        log.laid_from = log.oldest_segment();
        log.laid += rows.len() as u64;
        log.pending = Vec::new();
        Ok(())
    }

    /// Shows changes, and hands them to the index.
    fn hand_changes(&self, writer: &Writer, changes: Changes) {
        let reached = Reached { sequence: writer.state.next.first, crc: writer.state.next.previous };
        self.keeper.hand(Job::Index(self.state.show(changes, reached)));
    }

    /// Takes durable entries into the logs.
    fn settle(
        &self,
        opened: Vec<(Origin, u32, String)>,
        sidecars: Vec<Sidecar>,
        rows: Vec<(Origin, Vec<Row>)>,
    ) -> Committed {
        let mut logs = self.logs_mut();
        for ((origin, id, addressee), sidecar) in opened.into_iter().zip(sidecars) {
            let tree = Tree::empty();
            let (head, laid, laid_from, pending, last_jti) = (None, 0, None, Vec::new(), None);
            logs.push(Log { id, origin, addressee, sidecar, tree, head, laid, laid_from, pending, last_jti });
        }
        let mut durable = Vec::new();
        for (origin, rows) in rows {
            if let Some(log) = logs.get_mut(&origin) {
                log.last_jti = rows.last().map(|row| row.jti).or(log.last_jti);
                log.pending.extend(rows);
                durable.push((origin, log.durable()));
            }
        }
        drop(logs);
        for (origin, size) in &durable {
            if self.parts.keys.runs_short(origin, *size) {
                self.keeper.hand(Job::Keys(origin.clone(), *size));
            }
        }
        Committed { durable }
    }

    pub(super) fn erase(&self, origin: &Origin, index: u64, at_ms: u64) -> Result<(), StoreError> {
        self.write(|writer| {
            let id = match self.logs().get(origin) {
                Some(log) if index < log.published() => log.id,
                Some(_) => return Err(StoreError::NoEntry { origin: origin.clone(), index }),
                None => return Err(StoreError::UnknownLog(origin.clone())),
            };
            let mut frame = FrameBuilder::with_capacity(64);
            put_erasure(frame.bytes(), id, index, at_ms);
            // The record first: a key file restored from a backup is erased again from it.
            self.write_batch(writer, at_ms, Entries::of(frame, 1), Vec::new(), &[])?;
            self.parts.keys.erase(origin, index)
        })
    }
}

impl Writer {
    /// The live state segment has rows of the feed of that time.
    pub(super) fn keep_feed(&mut self, at_ms: u64) {
        self.newest_answer_ms = self.newest_answer_ms.max(at_ms.saturating_add(FEED_OUTLASTS_ANSWERS_MS));
    }
}

/// The logs a batch opens, with the ids they get.
fn opened(state: &[StateChange], first_id: u32) -> Vec<(Origin, u32, String)> {
    let opened = state.iter().filter_map(|change| match change {
        StateChange::LogOpened { origin, addressee } => Some((origin.clone(), addressee.clone())),
        _ => None,
    });
    opened.zip(first_id..).map(|((origin, addressee), id)| (origin, id, addressee)).collect()
}
