//! Every start, and every reload: the ends of the journals are found, the logs are taken from them, what
//! follows from the journals is checked against them and made again where it is behind or lost.

use super::Parts;
use super::beside::Beside;
use super::chain::Chain;
use super::core::Core;
use super::frame::{Class, FRAME_HEAD, FrameBuilder};
use super::index::{Changes, Overlay, Reached};
use super::keeper::{Keeper, Poison};
use super::keys::slot_of;
use super::keyspace;
use super::logs::{Log, Logs};
use super::mark::Mark;
use super::record::{EntryHalf, EntryRecord, EntryRecords, StateBatch, StateRecord};
use super::rows::{Place, Row, Sidecar, Tree};
use super::segment::{self, Found, SegmentHead, Step, Walk, name};
use super::tail::{self, Tail};
use super::wire::length32;
use super::writer::{FEED_OUTLASTS_ANSWERS_MS, KEPT_FOR_EVER, Writer};
use crate::log::{Hash, Origin, leaf_hash};
use crate::store::entry::PublishedHead;
use crate::store::error::StoreError;
use crate::store::state::StateChange;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

/// Changes given to the index at once.
const INDEX_AT_ONCE: usize = 8192;
/// Rows written to a sidecar at once.
const ROWS_AT_ONCE: usize = 4096;
/// A half-made index says it reached this, and is made again.
const MAKING: Reached = Reached { sequence: u64::MAX, crc: 0 };

/// What the live state segment says.
#[derive(Default)]
struct Told {
    logs: Vec<(Origin, String, Option<PublishedHead>)>,
    kept: Vec<(u32, u64)>,
    newest_answer_ms: u64,
    newest_ms: u64,
    keyed: Keyed,
}

/// What the journals say of keys.
#[derive(Default)]
struct Keyed {
    /// Entries that were erased.
    entries: Vec<(u32, u64)>,
    /// Keys of records that were taken out.
    records: Vec<u64>,
    /// How many keys of records there must be.
    records_used: u64,
}

impl Keyed {
    fn see(&mut self, record: &StateRecord) {
        match record {
            StateRecord::Sealed { record, .. } => {
                let used = slot_of(record).map_or(0, |slot| slot.saturating_add(1));
                self.records_used = self.records_used.max(used);
            }
            StateRecord::Unsealed { slot, .. } => self.records.push(*slot),
            _ => {}
        }
    }
}

impl Core {
    pub(super) fn open(parts: Arc<Parts>) -> Result<Self, StoreError> {
        let mark = Mark::read(&*parts.disk)?;
        let marked = mark.is_some();
        match Self::open_from(&parts, mark) {
            // The sidecars are not what the mark says: they are made again, from the first entry.
            Err(StoreError::Corrupt { file, offset, what }) if marked && file.starts_with("logs/") => {
                tracing::warn!(file, offset, what, "a sidecar is damaged; all are made again from the journal");
                Self::open_from(&parts, None)
            }
            other => other,
        }
    }

    fn open_from(parts: &Arc<Parts>, mark: Option<Mark>) -> Result<Self, StoreError> {
        let from = mark.as_ref().map_or(1, |mark| mark.segment);
        let Some(tail) = tail::find(&*parts.disk, from)? else { return Self::begin(parts) };
        let mut told = read_live_state(parts, &tail)?;
        let trusted = mark.map_or_else(Vec::new, |mark| mark.rows);
        let mut keyed = std::mem::take(&mut told.keyed);
        let logs = read_logs(parts, &tail, &told, &trusted, &mut keyed.entries)?;
        catch_up(parts, &tail, &logs, &mut keyed)?;
        for log in logs.all() {
            parts.keys.open(&log.origin, keys_used(log)?)?;
        }
        for (id, index) in keyed.entries {
            if let Some(log) = logs.by_id(id) {
                parts.keys.erase(&log.origin, index)?;
            }
        }
        parts.keys.open_records(keyed.records_used)?;
        parts.keys.erase_records(&keyed.records)?;
        let Tail { entries, state, .. } = tail;
        let Told { kept, newest_answer_ms, newest_ms, .. } = told;
        Self::assemble(parts, logs, Writer { entries, state, kept, newest_ms, newest_answer_ms, marked: from })
    }

    /// The first start.
    fn begin(parts: &Arc<Parts>) -> Result<Self, StoreError> {
        let entries = Chain::begin(&*parts.disk, Class::Entries, &*parts.random, None)?;
        let records = vec![StateRecord::Entries { segment: entries.ordinal, offset: entries.offset }];
        let mut frame = FrameBuilder::with_capacity(64);
        StateBatch { at_ms: 0, snapshot: true, half: None, records }.put(frame.bytes())?;
        let state = Chain::begin(&*parts.disk, Class::State, &*parts.random, Some(frame))?;
        parts.index.clear()?;
        Self::assemble(
            parts,
            Logs::default(),
            Writer { entries, state, kept: Vec::new(), newest_ms: 0, newest_answer_ms: 0, marked: 1 },
        )
    }

    fn assemble(parts: &Arc<Parts>, logs: Logs, writer: Writer) -> Result<Self, StoreError> {
        let state = Arc::new(Overlay::new(Arc::clone(&parts.index), Arc::clone(&parts.index_making)));
        let poison = Arc::new(Poison::default());
        let keeper = Keeper::start(Arc::clone(parts), Arc::clone(&state), Arc::clone(&poison))?;
        let beside = Beside::start(parts.options.background)?;
        Ok(Self {
            parts: Arc::clone(parts),
            logs: RwLock::new(logs),
            state,
            writer: Mutex::new(writer),
            poison,
            keeper,
            beside,
            segments: RwLock::default(),
        })
    }
}

/// How many keys of a log are in use: up to its last entry with disclosures.
fn keys_used(log: &Log) -> Result<u64, StoreError> {
    /// Rows read at once, from the end.
    const ROWS: u64 = 256;
    let last = |rows: &[Row]| rows.iter().rposition(|row| row.sealed.length > 0).map(|at| at as u64 + 1);
    if let Some(used) = last(&log.pending) {
        return Ok(log.published() + used);
    }
    let mut end = log.published();
    while end > 0 {
        let start = end.saturating_sub(ROWS);
        if let Some(used) = last(&log.sidecar.read(start, end - start)?) {
            return Ok(start + used);
        }
        end = start;
    }
    Ok(0)
}

/// Visits the batches of a state segment with the link each follows.
fn visit_state(
    parts: &Parts,
    head: &SegmentHead,
    visit: &mut dyn FnMut(Reached, Option<StateBatch>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let file = segment::open(&*parts.disk, Class::State, head.ordinal)?;
    let mut walk = Walk::new(Class::State, head, &*file)?;
    loop {
        let (offset, link) = walk.end();
        let before = Reached { sequence: link.first, crc: link.previous };
        let damaged = |what: &str| StoreError::corrupt(&name(Class::State, head.ordinal), offset, what);
        match walk.step()? {
            Step::Frame(_) => {
                let batch = StateBatch::read(walk.payload()).ok_or_else(|| damaged("the batch does not read"))?;
                visit(before, Some(batch))?;
            }
            Step::End => return visit(before, None),
            Step::Torn => return Err(damaged("the batch is damaged")),
        }
    }
}

fn read_live_state(parts: &Parts, tail: &Tail) -> Result<Told, StoreError> {
    let mut told = Told::default();
    let Some(live) = tail.state_heads.last() else { return Ok(told) };
    visit_state(parts, live, &mut |_, batch| {
        let Some(batch) = batch else { return Ok(()) };
        told.newest_ms = told.newest_ms.max(batch.at_ms);
        for record in batch.records {
            told.keyed.see(&record);
            match record {
                StateRecord::Change(StateChange::LogOpened { origin, addressee }) => {
                    told.logs.push((origin, addressee, None));
                }
                StateRecord::Change(StateChange::RequestAnswered { .. }) => {
                    told.newest_answer_ms = told.newest_answer_ms.max(batch.at_ms);
                }
                StateRecord::Change(change) if change.is_large() => told.newest_answer_ms = KEPT_FOR_EVER,
                StateRecord::Sealed { .. } | StateRecord::Unsealed { .. } => told.newest_answer_ms = KEPT_FOR_EVER,
                StateRecord::Head { origin, head, note } => {
                    if let Some(log) = told.logs.iter_mut().find(|(known, ..)| *known == origin) {
                        log.2 = Some(PublishedHead { head, note });
                    }
                }
                StateRecord::Kept { ordinal, newest_answer_ms } => told.kept.push((ordinal, newest_answer_ms)),
                StateRecord::Fed { rows, .. } if !rows.is_empty() => {
                    let kept_as = batch.at_ms.saturating_add(FEED_OUTLASTS_ANSWERS_MS);
                    told.newest_answer_ms = told.newest_answer_ms.max(kept_as);
                }
                StateRecord::Change(_) | StateRecord::Entries { .. } | StateRecord::Fed { .. } => {}
            }
        }
        Ok(())
    })?;
    // Segments that were taken away after the snapshot told of them.
    told.kept.retain(|(ordinal, _)| tail.state_heads.iter().any(|head| head.ordinal == *ordinal));
    Ok(told)
}

/// A log whose rows are being read.
struct Growing {
    log: Log,
    signed: u64,
    /// Rows in the sidecar and the tree.
    placed: u64,
    rows: Vec<Row>,
}

impl Growing {
    /// Puts rows below the signed head where they belong.
    fn place(&mut self) -> Result<(), StoreError> {
        let below = usize::try_from(self.signed.saturating_sub(self.placed)).unwrap_or(usize::MAX);
        let rows: Vec<Row> = self.rows.drain(..below.min(self.rows.len())).collect();
        let kept = self.log.tree.kept();
        self.log.sidecar.write(self.placed, &rows)?;
        let complete: Vec<Hash> = rows.iter().filter_map(|row| self.log.tree.append(row.leaf_hash)).collect();
        self.log.sidecar.write_nodes(kept, &complete)?;
        self.placed += rows.len() as u64;
        Ok(())
    }

    /// Disclosures that came later than the entry, whose row is placed already: a mark may tell of rows that were
    /// synced before these came.
    fn disclose(&self, index: u64, sealed: Place) -> Result<(), StoreError> {
        let row = self.log.sidecar.row(index)?;
        if row.sealed == sealed { Ok(()) } else { self.log.sidecar.write(index, &[Row { sealed, ..row }]) }
    }

    fn finish(mut self) -> Result<Log, StoreError> {
        self.place()?;
        let origin = self.log.origin.clone();
        if self.placed < self.signed {
            return Err(StoreError::BehindHead { origin, durable: self.placed, signed: self.signed });
        }
        if let Some(head) = &self.log.head
            && self.log.tree.edge().root() != head.head.root
        {
            let what =
                format!("the entries of log {origin} do not have the root that was signed for {} of them", self.signed);
            return Err(StoreError::corrupt("logs/", 0, what));
        }
        self.log.last_jti = match self.rows.last() {
            Some(row) => Some(row.jti),
            None if self.placed > 0 => Some(self.log.sidecar.row(self.placed - 1)?.jti),
            None => None,
        };
        self.log.pending = self.rows;
        Ok(self.log)
    }
}

/// The logs with their rows; the erasures found on the way go to `erased`.
fn read_logs(
    parts: &Parts,
    tail: &Tail,
    told: &Told,
    trusted: &[u64],
    erased: &mut Vec<(u32, u64)>,
) -> Result<Logs, StoreError> {
    let mut growing = Vec::new();
    for (id, (origin, addressee, head)) in (0..).zip(&told.logs) {
        let sidecar = Sidecar::open(&*parts.disk, id)?;
        let signed = head.as_ref().map_or(0, |head| head.head.size);
        let placed = usize::try_from(id).ok().and_then(|id| trusted.get(id)).copied().unwrap_or(0).min(signed);
        let tree = Tree::load(&sidecar, placed)?;
        let (origin, addressee, head) = (origin.clone(), addressee.clone(), head.clone());
        let (laid, laid_from, pending, last_jti) = (0, None, Vec::new(), None);
        let log = Log { id, origin, addressee, sidecar, tree, head, laid, laid_from, pending, last_jti };
        growing.push(Growing { log, signed, placed, rows: Vec::new() });
    }
    let mut files = HashMap::new();
    for found in &tail.frames {
        let payload = read_payload(parts, &mut files, found)?;
        read_rows(found, &payload, &mut growing, erased)?;
    }
    let mut logs = Logs::default();
    for log in growing {
        logs.push(log.finish()?);
    }
    Ok(logs)
}

type OpenFiles = HashMap<u32, Arc<dyn super::disk::DiskFile>>;

fn read_payload(parts: &Parts, files: &mut OpenFiles, found: &Found) -> Result<Vec<u8>, StoreError> {
    let file = match files.get(&found.ordinal) {
        Some(file) => Arc::clone(file),
        None => segment::open(&*parts.disk, Class::Entries, found.ordinal)?,
    };
    files.insert(found.ordinal, Arc::clone(&file));
    let mut payload = vec![0; usize::try_from(found.head.length).unwrap_or(0)];
    let failed = |e| StoreError::io(&name(Class::Entries, found.ordinal), e);
    file.read_at(&mut payload, found.offset + FRAME_HEAD as u64).map_err(failed)?;
    Ok(payload)
}

fn read_rows(
    found: &Found,
    payload: &[u8],
    logs: &mut [Growing],
    erased: &mut Vec<(u32, u64)>,
) -> Result<(), StoreError> {
    let damaged = |what: &str| StoreError::corrupt(&name(Class::Entries, found.ordinal), found.offset, what);
    let start = u32::try_from(found.offset).unwrap_or(u32::MAX).saturating_add(length32(FRAME_HEAD));
    let place = |offset: usize, bytes: &[u8]| Place {
        segment: found.ordinal,
        offset: start.saturating_add(length32(offset)),
        length: length32(bytes.len()),
    };
    for record in EntryRecords::new(payload) {
        match record.ok_or_else(|| damaged("a record does not read"))? {
            EntryRecord::Leaf { log, index, jti, status, leaf, offset, .. } => {
                let log = get(logs, log).ok_or_else(|| damaged("an entry of a log that is not open"))?;
                let next = log.placed + log.rows.len() as u64;
                if index > next {
                    return Err(damaged("an entry is missing before this batch"));
                }
                if index == next {
                    let leaf_hash = leaf_hash(leaf);
                    log.rows.push(Row { jti, leaf_hash, leaf: place(offset, leaf), sealed: Place::default(), status });
                }
            }
            EntryRecord::Disclosures { log, index, sealed, offset } => {
                let log = get(logs, log).ok_or_else(|| damaged("disclosures of a log that is not open"))?;
                let at = index.checked_sub(log.placed).and_then(|at| usize::try_from(at).ok());
                let place = place(offset, sealed);
                match at {
                    Some(at) => {
                        if let Some(row) = log.rows.get_mut(at) {
                            row.sealed = place;
                        }
                    }
                    None => log.disclose(index, place)?,
                }
            }
            EntryRecord::Erasure { log, index, .. } => erased.push((log, index)),
            EntryRecord::Audit { .. } | EntryRecord::ChainedAudit { .. } | EntryRecord::Note { .. } => {}
        }
    }
    for log in logs.iter_mut().filter(|log| log.rows.len() >= ROWS_AT_ONCE) {
        log.place()?;
    }
    Ok(())
}

fn get(logs: &mut [Growing], id: u32) -> Option<&mut Growing> {
    logs.get_mut(usize::try_from(id).ok()?)
}

/// Brings the index to the end of the journal: from where it is, or from nothing.
fn catch_up(parts: &Parts, tail: &Tail, logs: &Logs, keyed: &mut Keyed) -> Result<(), StoreError> {
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
    parts.index_suspect.store(false, std::sync::atomic::Ordering::Release);
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
    let file = match files.get(&half.segment) {
        Some(file) => Arc::clone(file),
        None => segment::open(&*parts.disk, Class::Entries, half.segment)?,
    };
    files.insert(half.segment, Arc::clone(&file));
    let mut frame = vec![0; usize::try_from(half.length).unwrap_or(0)];
    file.read_at(&mut frame, u64::from(half.offset)).map_err(|e| StoreError::io(&name, e))?;
    let (head_bytes, payload) =
        frame.split_first_chunk::<FRAME_HEAD>().ok_or_else(|| damaged("the batch is cut off"))?;
    let head = super::frame::read_head(Class::Entries, head_bytes)
        .filter(|head| head.crc == half.crc && super::frame::is_whole(head, head_bytes, payload))
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
