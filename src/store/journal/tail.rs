//! Where the journals end: what a power cut left of the last batch is cut, anything else that is not as it
//! was written is refused by name.

use super::chain::Chain;
use super::disk::{Disk, DiskFile};
use super::frame::{Class, Link};
use super::record::{EntryHalf, StateBatch, StateRecord};
use super::segment::{self, Found, SegmentHead, Step, Walk, name};
use crate::store::error::StoreError;
use std::collections::HashMap;
use std::sync::Arc;

/// The end of both classes.
pub(super) struct Tail {
    pub(super) entries: Chain,
    pub(super) state: Chain,
    /// State segments there are, ascending; the last is the live one.
    pub(super) state_heads: Vec<SegmentHead>,
    /// Frames of the entries class, from the segment asked for.
    pub(super) frames: Vec<Found>,
}

/// The end of one class.
pub(super) struct End {
    ordinal: u32,
    file: Arc<dyn DiskFile>,
    pub(super) offset: u64,
    next: Link,
    /// Start of the last frame, or of the segment if it has none.
    last: u64,
    torn: bool,
}

impl End {
    fn cut_at(&mut self, frame: &Found, last: u64) {
        self.offset = frame.offset;
        self.next = frame.head.link;
        self.last = last;
    }

    /// Cuts what is behind the end, and writes the last frame over itself before it is synced: if a sync
    /// failed before this process, the system may hold these bytes and believe they are on the disk.
    fn make_durable(self, class: Class) -> Result<Chain, StoreError> {
        let name = name(class, self.ordinal);
        let failed = |e| StoreError::io(&name, e);
        if self.file.length().map_err(failed)? > self.offset {
            self.file.truncate(self.offset).map_err(failed)?;
        }
        let mut bytes = vec![0; usize::try_from(self.offset - self.last).unwrap_or(0)];
        let read = self.file.read_at(&mut bytes, self.last).map_err(failed)?;
        self.file.write_at(bytes.get(..read).unwrap_or_default(), self.last).map_err(failed)?;
        self.file.sync().map_err(failed)?;
        let Self { ordinal, file, offset, next, .. } = self;
        Ok(Chain { class, ordinal, file, offset, next })
    }
}

/// Finds the end, reading entries from segment `from` on; `None` in a folder where nothing was ever written.
pub(super) fn find(disk: &dyn Disk, from: u32) -> Result<Option<Tail>, StoreError> {
    let entry_heads = heads(disk, Class::Entries)?;
    let state_heads = heads(disk, Class::State)?;
    let (Some(live), Some(_)) = (state_heads.last(), entry_heads.last()) else {
        return nothing_yet(disk, &entry_heads, &state_heads);
    };
    let (mut entries, frames) = walk_entries(disk, &entry_heads, from)?;
    let (mut state, batches, told) = walk_state(disk, live)?;
    let mut frames = frames;
    match_halves(&mut entries, &mut frames, &mut state, &batches, told, from)?;
    let (entries, state) = (entries.make_durable(Class::Entries)?, state.make_durable(Class::State)?);
    Ok(Some(Tail { entries, state, state_heads, frames }))
}

/// The heads of a class's segments. A last segment whose beginning never got to the disk was never used.
fn heads(disk: &dyn Disk, class: Class) -> Result<Vec<SegmentHead>, StoreError> {
    let ordinals = segment::ordinals(disk, class)?;
    let mut heads: Vec<SegmentHead> = Vec::new();
    let mut length_before = None;
    for ordinal in &ordinals {
        let name = name(class, *ordinal);
        let file = segment::open(disk, class, *ordinal)?;
        let head = match begun(class, *ordinal, &*file)? {
            Some(head) => head,
            None if Some(ordinal) == ordinals.last() && !Walk::any_whole_frame(class, *ordinal, &*file)? => {
                disk.remove(&name).map_err(|e| StoreError::io(&name, e))?;
                break;
            }
            None => return Err(StoreError::corrupt(&name, 0, "the beginning of the segment is damaged")),
        };
        let expected = match heads.last() {
            Some(before) => before.ordinal + 1,
            None if class == Class::Entries => 1,
            None => *ordinal,
        };
        if *ordinal != expected {
            return Err(StoreError::corrupt(&self::name(class, expected), 0, "the file is missing"));
        }
        if length_before.is_some_and(|length| length != head.length_before) {
            let before = self::name(class, ordinal - 1);
            return Err(StoreError::corrupt(
                &before,
                head.length_before,
                "the file has another length than it was closed with",
            ));
        }
        length_before = Some(file.length().map_err(|e| StoreError::io(&name, e))?);
        heads.push(head);
    }
    Ok(heads)
}

/// The head of a segment if the segment was begun: with its head, and its snapshot where it has one.
pub(super) fn begun(class: Class, ordinal: u32, file: &dyn DiskFile) -> Result<Option<SegmentHead>, StoreError> {
    let Some(head) = SegmentHead::read(class, ordinal, file)? else { return Ok(None) };
    if class == Class::Entries {
        return Ok(Some(head));
    }
    let first = Walk::new(class, &head, file)?.step()?;
    Ok(matches!(first, Step::Frame(found) if found.head.count == 0).then_some(head))
}

/// A start that was cut off left at most a first segment of each class without a batch; anything more means
/// that a whole class is lost.
fn nothing_yet(disk: &dyn Disk, entries: &[SegmentHead], state: &[SegmentHead]) -> Result<Option<Tail>, StoreError> {
    if !state.is_empty() {
        return Err(StoreError::corrupt(&name(Class::Entries, 1), 0, "the file is missing"));
    }
    for head in entries {
        let name = name(Class::Entries, head.ordinal);
        let file = segment::open(disk, Class::Entries, head.ordinal)?;
        if Walk::any_whole_frame(Class::Entries, head.ordinal, &*file)? {
            return Err(StoreError::corrupt("state", 0, "entries are there, but the state is missing"));
        }
        disk.remove(&name).map_err(|e| StoreError::io(&name, e))?;
    }
    Ok(None)
}

/// Takes a frame and its payload.
pub(super) type Visit<'a> = &'a mut dyn FnMut(Found, &[u8]) -> Result<(), StoreError>;

/// The frames of one segment, to its end: where that is, what has to follow, and whether something torn stands there.
pub(super) fn walk_to_end(
    class: Class,
    head: &SegmentHead,
    file: &dyn DiskFile,
    live: bool,
    visit: Visit<'_>,
) -> Result<(u64, Link, bool), StoreError> {
    let mut walk = Walk::new(class, head, file)?;
    loop {
        match walk.step()? {
            Step::Frame(found) => visit(found, walk.payload())?,
            Step::End => return Ok((walk.end().0, walk.end().1, false)),
            Step::Torn => {
                let (offset, next) = walk.end();
                let name = name(class, head.ordinal);
                if !live {
                    return Err(StoreError::corrupt(&name, offset, "a batch is damaged, and later segments follow"));
                }
                if let Some(later) = walk.whole_frame_past_tear()? {
                    let what = format!("a batch is damaged, and a later one is whole at offset {later}");
                    return Err(StoreError::corrupt(&name, offset, what));
                }
                return Ok((offset, next, true));
            }
        }
    }
}

fn walk_entries(disk: &dyn Disk, heads: &[SegmentHead], from: u32) -> Result<(End, Vec<Found>), StoreError> {
    let mut frames: Vec<Found> = Vec::new();
    let mut end: Option<End> = None;
    for (at, head) in heads.iter().enumerate().filter(|(_, head)| head.ordinal >= from) {
        let name = name(Class::Entries, head.ordinal);
        let continues = |end: &End| (end.next.first, end.next.previous) == (head.link.first, head.link.previous);
        if end.as_ref().is_some_and(|end| !continues(end)) {
            return Err(StoreError::corrupt(&name, 0, "the segment does not follow the one before it"));
        }
        let file = segment::open(disk, Class::Entries, head.ordinal)?;
        let mut last = 0;
        let live = at + 1 == heads.len();
        let (offset, next, torn) = walk_to_end(Class::Entries, head, &*file, live, &mut |found, _| {
            last = found.offset;
            frames.push(found);
            Ok(())
        })?;
        end = Some(End { ordinal: head.ordinal, file, offset, next, last, torn });
    }
    let missing = || StoreError::corrupt(&name(Class::Entries, from), 0, "the file is missing");
    Ok((end.ok_or_else(missing)?, frames))
}

pub(super) type Batches = Vec<(Found, Option<EntryHalf>)>;

/// The end of the live state segment, its batches, and the place in the entries class told of before it.
pub(super) fn walk_state(disk: &dyn Disk, head: &SegmentHead) -> Result<(End, Batches, (u32, u64)), StoreError> {
    let file = segment::open(disk, Class::State, head.ordinal)?;
    let mut batches = Batches::new();
    let mut told = (0, 0);
    let (offset, next, torn) = walk_to_end(Class::State, head, &*file, true, &mut |found, payload| {
        let unreadable =
            || StoreError::corrupt(&name(Class::State, found.ordinal), found.offset, "the batch does not read");
        if found.head.count == 0 {
            for record in StateBatch::read(payload).ok_or_else(unreadable)?.records {
                if let StateRecord::Entries { segment, offset } = record {
                    told = (segment, offset);
                }
            }
        } else {
            batches.push((found, StateBatch::read_half(payload).map_err(|_| unreadable())?));
        }
        Ok(())
    })?;
    let last = batches.last().map_or(0, |(found, _)| found.offset);
    Ok((End { ordinal: head.ordinal, file, offset, next, last, torn }, batches, told))
}

/// A batch counts with both halves or not at all; only the last may lack one.
fn match_halves(
    entries: &mut End,
    frames: &mut Vec<Found>,
    state: &mut End,
    batches: &[(Found, Option<EntryHalf>)],
    mut told: (u32, u64),
    from: u32,
) -> Result<(), StoreError> {
    let by_place: HashMap<(u32, u64), &Found> = frames.iter().map(|f| ((f.ordinal, f.offset), f)).collect();
    let mut orphan = false;
    for (at, (batch, half)) in batches.iter().enumerate() {
        let Some(half) = half else { continue };
        let place = (half.segment, u64::from(half.offset));
        let found =
            by_place.get(&place).filter(|f| f.head.crc == half.crc && f.end() - f.offset == u64::from(half.length));
        if found.is_some() || half.segment < from {
            told = (half.segment, place.1 + u64::from(half.length));
            continue;
        }
        let is_last = at + 1 == batches.len() && !state.torn;
        // Its entry half was the last thing being written: nothing whole stands there or behind.
        let was_being_written = place == (entries.ordinal, entries.offset);
        if !is_last || !was_being_written {
            let what = "the state journal tells of a batch here that is missing or another one";
            return Err(StoreError::corrupt(&name(Class::Entries, half.segment), place.1, what));
        }
        let last = batches.get(..at).and_then(|before| before.last()).map_or(0, |(found, _)| found.offset);
        state.cut_at(batch, last);
        orphan = true;
    }
    drop(by_place);
    let untold = frames.iter().filter(|found| (found.ordinal, found.offset) >= told).count();
    match untold {
        0 => Ok(()),
        1 if !orphan && !entries.torn => {
            if let Some(cut) = frames.pop() {
                let last =
                    frames.last().filter(|before| before.ordinal == cut.ordinal).map_or(0, |before| before.offset);
                entries.cut_at(&cut, last);
            }
            Ok(())
        }
        _ => {
            let first = frames.iter().find(|found| (found.ordinal, found.offset) >= told);
            let (ordinal, offset) = first.map_or(told, |found| (found.ordinal, found.offset));
            let what = format!("{untold} batches follow that the state journal does not tell of");
            Err(StoreError::corrupt(&name(Class::Entries, ordinal), offset, what))
        }
    }
}
