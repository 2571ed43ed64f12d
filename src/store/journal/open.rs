//! Every start, and every reload: the ends of the journals are found, the logs are taken from them, what
//! follows from the journals is checked against them and made again where it is behind or lost.

mod catch_up;

use super::Parts;
use super::beside::Beside;
use super::chain::Chain;
use super::core::Core;
use super::disk::DiskFile;
use super::frame::{Class, FrameBuilder};
use super::index::{Overlay, Reached};
use super::keeper::{Keeper, Poison};
use super::keys::slot_of;
use super::logs::{Log, Logs};
use super::mark::Mark;
use super::record::{EntryRecord, EntryRecords, StateBatch, StateRecord};
use super::rows::{Place, Row, Sidecar, Tree};
use super::segment::{self, Found, SegmentHead, Step, Walk, name};
use super::tail::{self, Tail};
use super::writer::{FEED_OUTLASTS_ANSWERS_MS, KEPT_FOR_EVER, Writer};
use crate::log::{Hash, Origin, leaf_hash};
use crate::store::entry::PublishedHead;
use crate::store::error::StoreError;
use crate::store::state::StateChange;
use catch_up::catch_up;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

/// Rows written to a sidecar at once.
const ROWS_AT_ONCE: usize = 4096;

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
        let payload = found.payload(&*entries_file(parts, &mut files, found.ordinal)?)?;
        read_rows(found, &payload, &mut growing, erased)?;
    }
    let mut logs = Logs::default();
    for log in growing {
        logs.push(log.finish()?);
    }
    Ok(logs)
}

/// Segments of entries that were opened before.
type OpenFiles = HashMap<u32, Arc<dyn DiskFile>>;

fn entries_file(parts: &Parts, files: &mut OpenFiles, ordinal: u32) -> Result<Arc<dyn DiskFile>, StoreError> {
    if let Some(file) = files.get(&ordinal) {
        return Ok(Arc::clone(file));
    }
    let file = segment::open(&*parts.disk, Class::Entries, ordinal)?;
    files.insert(ordinal, Arc::clone(&file));
    Ok(file)
}

fn read_rows(
    found: &Found,
    payload: &[u8],
    logs: &mut [Growing],
    erased: &mut Vec<(u32, u64)>,
) -> Result<(), StoreError> {
    let damaged = |what: &str| StoreError::corrupt(&name(Class::Entries, found.ordinal), found.offset, what);
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
                    log.rows.push(Row {
                        jti,
                        leaf_hash,
                        leaf: found.place(offset, leaf),
                        sealed: Place::default(),
                        status,
                    });
                }
            }
            EntryRecord::Disclosures { log, index, sealed, offset } => {
                let log = get(logs, log).ok_or_else(|| damaged("disclosures of a log that is not open"))?;
                let at = index.checked_sub(log.placed).and_then(|at| usize::try_from(at).ok());
                let place = found.place(offset, sealed);
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
