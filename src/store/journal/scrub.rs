//! Everything read again: at once where an operator asks for it, and a piece a minute while the node runs, so that a bit
//! that flipped is known while others still have what it was of.
//!
//! What always holds: no lock is held while the disk is read, no more than one batch is in memory, and nothing is written
//! but where the reading stands and what it found, in a file that may be lost. What was erased is no damage: its seal stays
//! as it was, and keys are not looked at. State is not read: a start reads it, and snapshots take its place.

use super::Scrubbed;
use super::core::Core;
use super::disk::{Disk, DiskFile};
use super::frame::{Class, Link};
use super::logs::Log;
use super::record::{EntryRecord, EntryRecords};
use super::rows::{HASH, KEPT_LEVEL, Place, ROW, Row, nodes_name, rows_name};
use super::segment::{self, Found, SEGMENT_HEAD, SegmentHead, Step, Walk};
use crate::log::{Origin, leaf_hash, root_of};
use crate::store::damage::{Damage, ScrubbedPiece};
use crate::store::error::StoreError;
use std::ops::Range;
use std::sync::PoisonError;

/// Where it stands, and what is damaged.
const NAME: &str = "scrub";
const MAGIC: &[u8; 8] = b"\x9fOXscr\r\n";
/// Pieces in which all is read, one a minute: six days, so that it is a week though what is stored grows meanwhile and the
/// node is stopped now and then.
const PIECES: u64 = 6 * 24 * 60;
/// Bytes of a piece at the least: up to 8 GiB are read sooner, and no disk feels it.
const LEAST: u64 = 1 << 20;
/// Entries of a package: those under one hash of the tree that is kept.
const PACKAGE: u64 = 1 << KEPT_LEVEL;
/// Damage that is told of at once; whoever has more has a disk to replace.
const MOST: usize = 32;

/// Bytes to be read in a minute.
pub(super) fn portion(total: u64) -> u64 {
    total.div_ceil(PIECES).max(LEAST)
}

/// Where the reading stands: a segment, and in it what the next batch has to follow.
#[derive(Debug, Clone, Copy)]
struct Standing {
    ordinal: u32,
    at: Option<(u64, Link)>,
}

impl Standing {
    const FIRST: Self = Self { ordinal: 1, at: None };
}

/// What is known between two pieces. A start goes on with the segment, and with the damage.
#[derive(Debug, Clone)]
pub(super) struct Scrubbing {
    standing: Standing,
    pub(super) damages: Vec<Damage>,
}

impl Scrubbing {
    /// What an earlier process knew; nothing where that is lost, for then all is read from the first on.
    pub(super) fn read(disk: &dyn Disk) -> Self {
        Self::kept(disk).unwrap_or(Self { standing: Standing::FIRST, damages: Vec::new() })
    }

    fn kept(disk: &dyn Disk) -> Option<Self> {
        let file = disk.open(NAME).ok().flatten()?;
        let mut bytes = vec![0; usize::try_from(file.length().ok()?).ok()?];
        let read = file.read_at(&mut bytes, 0).ok()?;
        let (content, crc) = bytes.get(..read)?.split_last_chunk::<4>()?;
        if crc32c::crc32c(content) != u32::from_le_bytes(*crc) {
            return None;
        }
        let (ordinal, damages) = postcard::from_bytes(content.strip_prefix(MAGIC.as_slice())?).ok()?;
        Some(Self { standing: Standing { ordinal, at: None }, damages })
    }

    fn write(&self, disk: &dyn Disk) -> Result<(), StoreError> {
        let kept = (self.standing.ordinal, self.damages.as_slice());
        let kept = postcard::to_stdvec(&kept).map_err(|e| StoreError::BadBatch(e.to_string()))?;
        let mut bytes = [MAGIC.as_slice(), kept.as_slice()].concat();
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        disk.replace(NAME, &bytes).map_err(|e| StoreError::io(NAME, e))
    }
}

/// The segment of entries whose file this is; none for what follows from the journal.
fn ordinal_of(file: &str) -> Option<u32> {
    file.strip_prefix(Class::Entries.folder())?.strip_prefix('/')?.parse().ok()
}

/// The file, the offset and the sentence of an error.
fn told(error: StoreError, file: &str) -> (String, u64, String) {
    match error {
        StoreError::Corrupt { file, offset, what } => (file, offset, what),
        StoreError::Io { file, source } => (file, 0, source.to_string()),
        other => (file.to_owned(), 0, other.to_string()),
    }
}

/// The row that an entry of a batch has, but for its disclosures, which may have come later.
fn row_of(found: &Found, record: &EntryRecord<'_>) -> Option<(u32, u64, Row)> {
    let EntryRecord::Leaf { log, index, jti, status, leaf, offset, .. } = *record else { return None };
    let row =
        Row { jti, leaf_hash: leaf_hash(leaf), leaf: found.place(offset, leaf), sealed: Place::default(), status };
    Some((log, index, row))
}

/// Puts entries that follow on others into their range; none of another log, and no more than a package.
fn taken_in(known: &mut [(Origin, Range<u64>)], more: &[(Origin, Range<u64>)]) -> bool {
    let ([(log, range)], [(other, more)]) = (known, more) else { return false };
    let joins = *log == *other
        && (range.start..=range.end).contains(&more.start)
        && more.end.saturating_sub(range.start) <= PACKAGE;
    if joins {
        range.end = range.end.max(more.end);
    }
    joins
}

/// Damage in `to` of which nothing is in `from`.
fn beside(from: &[Damage], to: &[Damage]) -> Vec<Damage> {
    let is_in = |one: &Damage| from.iter().any(|other| (&other.file, other.offset) == (&one.file, one.offset));
    to.iter().filter(|one| !is_in(one)).cloned().collect()
}

impl Core {
    /// Reads everything at once; the first damage is the error.
    pub(super) fn scrub(&self) -> Result<Scrubbed, StoreError> {
        let disk = &*self.parts.disk;
        let end = {
            let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            (writer.entries.ordinal, writer.entries.offset)
        };
        let mut found = Scrubbed::default();
        for ordinal in segment::ordinals(disk, Class::Entries)? {
            let name = segment::name(Class::Entries, ordinal);
            let file = segment::open(disk, Class::Entries, ordinal)?;
            let head = SegmentHead::read(Class::Entries, ordinal, &*file)?;
            let head = head.ok_or_else(|| StoreError::corrupt(&name, 0, "the segment's head is damaged"))?;
            let mut walk = Walk::new(Class::Entries, &head, &*file)?;
            while (ordinal, walk.end().0) < end {
                let frame = match walk.step()? {
                    Step::Frame(frame) => frame,
                    Step::End => break,
                    Step::Torn => return Err(StoreError::corrupt(&name, walk.end().0, "the batch is damaged")),
                };
                found.batches += 1;
                found.bytes += frame.end() - frame.offset;
                for record in EntryRecords::new(walk.payload()) {
                    let record = record.ok_or_else(|| StoreError::corrupt(&name, frame.offset, UNREADABLE))?;
                    let Some((log, index, row)) = row_of(&frame, &record) else { continue };
                    self.hold_row(log, index, &row)?;
                    found.leaves += 1;
                }
            }
        }
        Ok(found)
    }

    /// Bytes of the next piece.
    pub(super) fn portion(&self) -> u64 {
        let disk = &*self.parts.disk;
        let length = |ordinal| segment::open(disk, Class::Entries, ordinal).ok()?.length().ok();
        let ordinals = segment::ordinals(disk, Class::Entries).unwrap_or_default();
        portion(ordinals.into_iter().filter_map(length).sum())
    }

    /// Looks at known damage, reads on for so many bytes, and looks at a package at random. What cannot be read is damage.
    pub(super) fn scrub_piece(&self, bytes: u64, now_ms: u64) -> ScrubbedPiece {
        // After an error nobody knows what is there before a reload.
        let Some(end) = self.settled() else { return ScrubbedPiece::default() };
        let before = self.parts.scrubbing().clone();
        let mut reading = Reading { core: self, end, now_ms, damages: Vec::new() };
        let still = before.damages.iter().filter(|damage| reading.is_still(damage)).cloned().collect();
        reading.damages = still;
        let (standing, is_last) = reading.walk(before.standing, bytes);
        reading.package_at_random();
        let after = Scrubbing { standing, damages: reading.damages };
        let (found, gone) = (beside(&before.damages, &after.damages), beside(&after.damages, &before.damages));
        if (after.standing.ordinal != before.standing.ordinal || after.damages != before.damages)
            && let Err(error) = after.write(&*self.parts.disk)
        {
            tracing::warn!(%error, "what was read again could not be kept: a start reads it once more");
        }
        *self.parts.scrubbing() = after;
        ScrubbedPiece { found, gone, is_last }
    }

    /// Up to where entries are durable and have their rows.
    fn settled(&self) -> Option<(u32, u64)> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.poisoned().is_none().then(|| (writer.entries.ordinal, writer.entries.offset))
    }

    fn origin_of(&self, log: u32) -> Option<Origin> {
        self.logs().by_id(log).map(|log| log.origin.clone())
    }

    /// Whether the row of an entry follows from the journal.
    fn hold_row(&self, log: u32, index: u64, expected: &Row) -> Result<(), StoreError> {
        let differs = || {
            let offset = index.saturating_mul(ROW as u64);
            StoreError::corrupt(&rows_name(log), offset, "the row is not what the journal says of the entry")
        };
        let origin = self.origin_of(log).ok_or_else(differs)?;
        let row = self.durable_row(&origin, index)?.ok_or_else(differs)?;
        if (Row { sealed: expected.sealed, ..row }) == *expected { Ok(()) } else { Err(differs()) }
    }

    /// The first thing wrong with entries of a log as they are served: their rows, their leaves, the tree over them.
    fn fault_in(&self, origin: &Origin, range: &Range<u64>) -> Option<(Range<u64>, StoreError)> {
        let mut hashes = Vec::new();
        for index in range.clone() {
            let read = self.durable_row(origin, index).and_then(|row| {
                let Some(row) = row else { return Ok(None) };
                self.leaf_of(&row).map(|_| Some(row.leaf_hash))
            });
            match read {
                Ok(hash) => hashes.push(hash?),
                Err(error) => return Some((index..index.saturating_add(1), error)),
            }
        }
        let logs = self.logs();
        let log = logs.get(origin)?;
        let is_package = range.start.is_multiple_of(PACKAGE) && range.end.saturating_sub(range.start) == PACKAGE;
        let holds = if is_package {
            log.tree.node(KEPT_LEVEL, range.start / PACKAGE).is_none_or(|node| node == root_of(&hashes))
        } else {
            let mut leaves = range.clone().zip(&hashes);
            leaves.all(|(index, hash)| log.tree.node(0, index).is_none_or(|node| node == *hash))
        };
        (!holds).then(|| {
            let offset = (range.start / PACKAGE).saturating_mul(HASH as u64);
            (range.clone(), StoreError::corrupt(&nodes_name(log.id), offset, "the tree is not that of the entries"))
        })
    }

    /// For each log, the entries from the first to the last of those that stand in a span of a segment, or whose
    /// contents do.
    fn entries_in(&self, ordinal: u32, span: &Range<u64>) -> Vec<(Origin, Range<u64>)> {
        /// Rows read at once.
        const ROWS: u64 = 4096;
        let is_there =
            |place: Place| place.length > 0 && place.segment == ordinal && span.contains(&u64::from(place.offset));
        let logs = {
            let logs = self.logs();
            let part = |log: &Log| (log.origin.clone(), log.sidecar.clone(), log.in_sidecar(), log.pending.clone());
            logs.all().iter().map(part).collect::<Vec<_>>()
        };
        let mut found = Vec::new();
        for (origin, sidecar, laid, pending) in logs {
            let mut touched: Option<Range<u64>> = None;
            let mut see = |first: u64, rows: &[Row]| {
                for (index, _) in (first..).zip(rows).filter(|(_, row)| is_there(row.leaf) || is_there(row.sealed)) {
                    let start = touched.as_ref().map_or(index, |range| range.start);
                    touched = Some(start..index.saturating_add(1));
                }
            };
            let mut at = 0;
            while at < laid {
                let count = ROWS.min(laid - at);
                // Rows that do not read are damage of their own.
                see(at, &sidecar.read(at, count).unwrap_or_default());
                at += count;
            }
            see(laid, &pending);
            found.extend(touched.map(|range| (origin, range)));
        }
        found
    }

    /// Whether what stands at a place of a segment is whole: its head, or a batch.
    fn is_whole_at(&self, ordinal: u32, offset: u64) -> Result<bool, StoreError> {
        let file = segment::open(&*self.parts.disk, Class::Entries, ordinal)?;
        if offset < SEGMENT_HEAD as u64 {
            return Ok(SegmentHead::read(Class::Entries, ordinal, &*file)?.is_some());
        }
        Walk::is_whole_at(Class::Entries, ordinal, &*file, offset)
    }
}

/// Bytes in a batch that no version wrote.
const UNREADABLE: &str = "a record does not read";

/// One piece being read.
struct Reading<'a> {
    core: &'a Core,
    /// Up to where there is something to read.
    end: (u32, u64),
    now_ms: u64,
    damages: Vec<Damage>,
}

impl Reading<'_> {
    /// Whether known damage is there still.
    fn is_still(&self, damage: &Damage) -> bool {
        match ordinal_of(&damage.file) {
            Some(ordinal) => !self.core.is_whole_at(ordinal, damage.offset).unwrap_or(false),
            None => damage.entries.iter().any(|(origin, range)| self.core.fault_in(origin, range).is_some()),
        }
    }

    /// Takes note of damage, unless it is known.
    fn note(&mut self, (file, offset, what): (String, u64, String), entries: Vec<(Origin, Range<u64>)>) {
        let follows = ordinal_of(&file).is_none();
        for known in self.damages.iter_mut().filter(|known| known.file == file) {
            if known.offset == offset || (follows && taken_in(&mut known.entries, &entries)) {
                return;
            }
        }
        if self.damages.len() < MOST {
            self.damages.push(Damage { file, offset, what, entries, found_ms: self.now_ms });
        }
    }

    /// Whether damage at a place is known, or no more is told of. What it touches is not looked for then, for that reads
    /// every row there is.
    fn is_told(&self, file: &str, offset: u64) -> bool {
        self.damages.len() >= MOST || self.damages.iter().any(|known| known.file == file && known.offset == offset)
    }

    fn knows(&self, origin: &Origin, index: u64) -> bool {
        let mut entries = self.damages.iter().flat_map(|damage| &damage.entries);
        entries.any(|(log, range)| log == origin && range.contains(&index))
    }

    /// Reads on from where it stands; gives where it stands then, and whether all was read.
    fn walk(&mut self, from: Standing, bytes: u64) -> (Standing, bool) {
        let (last, _) = self.end;
        let mut standing = if from.ordinal > last { Standing::FIRST } else { from };
        let mut left = bytes;
        while left > 0 {
            let (read, at) = self.segment(standing, left);
            left = left.saturating_sub(read);
            if at.is_some() {
                return (Standing { at, ..standing }, false);
            }
            if standing.ordinal >= last {
                return (Standing::FIRST, true);
            }
            standing = Standing { ordinal: standing.ordinal.saturating_add(1), at: None };
        }
        (standing, false)
    }

    /// Reads on in one segment: how many bytes, and where it goes on unless the segment is through.
    fn segment(&mut self, standing: Standing, bytes: u64) -> (u64, Option<(u64, Link)>) {
        match self.batches(standing, bytes) {
            Ok(read) => read,
            Err(error) => {
                // The next one may be whole all the same.
                let damage = told(error, &segment::name(Class::Entries, standing.ordinal));
                if !self.is_told(&damage.0, damage.1) {
                    let entries = self.core.entries_in(standing.ordinal, &(0..u64::MAX));
                    self.note(damage, entries);
                }
                (0, None)
            }
        }
    }

    fn batches(&mut self, standing: Standing, bytes: u64) -> Result<(u64, Option<(u64, Link)>), StoreError> {
        let Standing { ordinal, at } = standing;
        let file = segment::open(&*self.core.parts.disk, Class::Entries, ordinal)?;
        let mut walk = match at {
            Some(at) => Walk::resume(Class::Entries, ordinal, &*file, at)?,
            None => self.begin(ordinal, &*file)?,
        };
        let (begun, _) = walk.end();
        while (ordinal, walk.end().0) < self.end {
            let read = walk.end().0.saturating_sub(begun);
            if read >= bytes {
                return Ok((read, Some(walk.end())));
            }
            match walk.step() {
                Ok(Step::Frame(found)) => self.records(&found, walk.payload()),
                Ok(Step::End) => break,
                Ok(Step::Torn) => self.torn(&mut walk, ordinal, "the batch is damaged".to_owned()),
                Err(error) => {
                    let (_, _, what) = told(error, "");
                    self.torn(&mut walk, ordinal, what);
                }
            }
        }
        Ok((walk.end().0.saturating_sub(begun), None))
    }

    /// Begins a segment; one whose head is lost is gone into at its first whole batch.
    fn begin<'file>(&mut self, ordinal: u32, file: &'file dyn DiskFile) -> Result<Walk<'file>, StoreError> {
        let name = segment::name(Class::Entries, ordinal);
        let what = match SegmentHead::read(Class::Entries, ordinal, file) {
            Ok(Some(head)) => {
                self.before(&head);
                return Walk::new(Class::Entries, &head, file);
            }
            Ok(None) => "the segment's head is damaged".to_owned(),
            Err(error) => told(error, &name).2,
        };
        self.note((name, 0, what), Vec::new());
        let mut walk = Walk::without_head(Class::Entries, ordinal, file)?;
        walk.skip();
        Ok(walk)
    }

    /// Whether the segment before this one is as long as when it was closed: one that is cut between two batches ends
    /// like a whole one.
    fn before(&mut self, head: &SegmentHead) {
        let before = head.ordinal.saturating_sub(1);
        let name = segment::name(Class::Entries, before);
        // What cannot be opened, or is damaged before its end, is known by now.
        if before == 0 || self.damages.len() >= MOST || self.damages.iter().any(|damage| damage.file == name) {
            return;
        }
        let file = segment::open(&*self.core.parts.disk, Class::Entries, before).ok();
        if let Some(length) = file.and_then(|file| file.length().ok()).filter(|length| *length < head.length_before) {
            let entries = self.core.entries_in(before, &(length..u64::MAX));
            self.note((name, length, "the file is shorter than it was closed".to_owned()), entries);
        }
    }

    /// Takes note of what is no whole batch, and goes on at the next one that is.
    fn torn(&mut self, walk: &mut Walk<'_>, ordinal: u32, what: String) {
        let (offset, _) = walk.end();
        let behind = walk.skip();
        let name = segment::name(Class::Entries, ordinal);
        if !self.is_told(&name, offset) {
            let entries = self.core.entries_in(ordinal, &(offset..behind));
            self.note((name, offset, what), entries);
        }
    }

    /// Holds the rows of a whole batch against it.
    fn records(&mut self, found: &Found, payload: &[u8]) {
        let name = segment::name(Class::Entries, found.ordinal);
        for record in EntryRecords::new(payload) {
            let Some(record) = record else {
                return self.note((name, found.offset, UNREADABLE.to_owned()), Vec::new());
            };
            let Some((log, index, row)) = row_of(found, &record) else { continue };
            // Asked twice: disclosures that came late may be on their way into the row.
            let held = self.core.hold_row(log, index, &row).or_else(|_| self.core.hold_row(log, index, &row));
            if let Err(error) = held {
                let entries = self.core.origin_of(log).map(|origin| (origin, index..index.saturating_add(1)));
                self.note(told(error, &rows_name(log)), entries.into_iter().collect());
            }
        }
    }

    /// Looks at a package of published entries as whoever asks for it would get it.
    fn package_at_random(&mut self) {
        let logs = self.core.logs().all().iter().map(|log| (log.origin.clone(), log.published())).collect::<Vec<_>>();
        let total = logs.iter().map(|(_, size)| *size).sum::<u64>();
        let mut chance = [0; 8];
        if total == 0 || self.core.parts.random.fill(&mut chance).is_err() {
            return;
        }
        let mut at = u64::from_le_bytes(chance) % total;
        for (origin, size) in logs {
            if at < size {
                let first = at - at % PACKAGE;
                return self.package(&origin, &(first..size.min(first.saturating_add(PACKAGE))));
            }
            at -= size;
        }
    }

    fn package(&mut self, origin: &Origin, range: &Range<u64>) {
        // Asked twice, as above.
        let fault = self.core.fault_in(origin, range).and_then(|_| self.core.fault_in(origin, range));
        let Some((entries, error)) = fault else { return };
        if self.knows(origin, entries.start) {
            return;
        }
        let Some(log) = self.core.logs().id(origin) else { return };
        let mut damage = told(error, &rows_name(log));
        if let Some(ordinal) = ordinal_of(&damage.0) {
            // Which batch it is tells the segment; where all of them are whole it is the row that points elsewhere.
            self.segment(Standing { ordinal, at: None }, u64::MAX);
            if self.knows(origin, entries.start) {
                return;
            }
            damage = (rows_name(log), entries.start.saturating_mul(ROW as u64), damage.2);
        }
        self.note(damage, vec![(origin.clone(), entries)]);
    }
}
