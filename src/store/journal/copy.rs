//! A copy of a data folder, taken while its node writes: both classes up to a batch that counts, and the keys apart.
//!
//! Segments only grow and are never rewritten, so a copy that is there already gets what is new. Whatever is copied was
//! synced first: a batch that a power cut could still take from the node is not to live on in its copy. What follows from
//! the journals (sidecars, index) is made again where the copy is put back.
//!
//! What belongs to the copy is said by its manifest, which is written last: a copying that is cut off leaves what it said
//! before as good as it was, for a longer file begins with the shorter one.
//!
//! An error names its file as whoever asked would find it: a copy and what it is of lie in different places.

mod before;
mod manifest;

use self::{
    before::{There, follows, there},
    manifest::{Held, MANIFEST, Manifest},
};
use super::{
    disk::Disk,
    frame::{Class, FRAME_HEAD, is_whole, read_head},
    keys,
    look::{Untouched, UntouchedFile},
    record::EntryHalf,
    segment::{self, SegmentHead, Walk},
    tail,
};
use crate::store::error::StoreError;
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    time::Duration,
};
use zeroize::Zeroizing;

/// How often it is looked again where something is being written.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// Bytes that are copied at once.
const PORTION: usize = 1 << 16;

/// Where the journals of a data folder lie, and where its keys.
#[derive(Debug, Clone, Copy)]
pub struct CopyFolders<'a> {
    /// `entries` and `state`.
    pub journals: &'a Path,
    /// The key files.
    pub keys: &'a Path,
}

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// Segments that were written.
    pub segments: u64,
    /// Segments that were there before.
    pub kept: u64,
    /// Bytes that were written, those of keys included.
    pub bytes: u64,
}

/// Up to where is copied: the segments of each class, ascending, with their bytes.
struct End {
    entries: Vec<(u32, u64)>,
    state: Vec<(u32, u64)>,
}

fn io_error(path: &Path, error: io::Error) -> StoreError {
    StoreError::io(&path.display().to_string(), error)
}

fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::CopyDamaged { file: path.display().to_string(), what: what.to_owned() }
}

fn another(to: CopyFolders<'_>) -> StoreError {
    StoreError::CopyOfAnother(to.journals.display().to_string())
}

/// Whether a data folder was begun. Refuses one that may not be copied to where it is to go; nothing is written.
pub(super) fn compare(from: CopyFolders<'_>, to: CopyFolders<'_>) -> Result<bool, StoreError> {
    if !is_begun(from)? {
        return Ok(false);
    }
    let there = there(to)?;
    Ok(settled(from, |source, end| follows(source, from, to, &there, end))?.is_some())
}

/// Copies a data folder, or brings an earlier copy of it up to date; `None` where none was begun.
pub(super) fn make(from: CopyFolders<'_>, to: CopyFolders<'_>) -> Result<Option<Copied>, StoreError> {
    if !is_begun(from)? {
        return Ok(None);
    }
    let _lock = prepare(to)?;
    let there = there(to)?;
    settled(from, |source, end| attempt(source, from, to, &there, end))
}

/// Whether there is a store. What may not be looked at is not taken for nothing.
fn is_begun(from: CopyFolders<'_>) -> Result<bool, StoreError> {
    let state = from.journals.join(Class::State.folder());
    state.try_exists().map_err(|error| io_error(&state, error))
}

/// Works on a data folder up to its end, and looks again where it was being written; nothing where there is no end.
fn settled<T>(
    from: CopyFolders<'_>,
    work: impl Fn(&Untouched, &End) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let source = Untouched::new(from.journals);
    for look in 1.. {
        let patient = look < LOOKS;
        let end = match end(&source, patient) {
            Ok(None) => return Ok(None),
            Ok(Some(end)) => end,
            // It is being written.
            Err(StoreError::Corrupt { .. }) if patient => {
                pause();
                continue;
            }
            Err(error) => return Err(error.below(from.journals)),
        };
        match work(&source, &end) {
            Ok(done) => return Ok(Some(done)),
            // It was taken away meanwhile, because its time was over.
            Err(StoreError::Io { source, .. }) if patient && source.kind() == io::ErrorKind::NotFound => pause(),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Reads a whole copy and holds it against what it says of itself.
pub(super) fn check(folder: &Path) -> Result<Copied, StoreError> {
    Ok(checked(folder)?.1)
}

fn checked(folder: &Path) -> Result<(Manifest, Copied), StoreError> {
    let manifest = Manifest::read(folder)?.ok_or_else(|| damaged(&folder.join(MANIFEST), "it is missing"))?;
    if manifest.state.is_empty() {
        return Err(damaged(&folder.join(MANIFEST), "the copy was never finished"));
    }
    let mut checked = Copied::default();
    for (class, held) in manifest.all() {
        let path = folder.join(segment::name(class, held.segment));
        let (bytes, crc32c) = summed(&path, open_copied(&path)?, held.bytes)?;
        if (bytes, crc32c) != (held.bytes, held.crc32c) {
            return Err(damaged(&path, "it is not what was copied"));
        }
        checked.segments += 1;
        checked.bytes += bytes;
    }
    Ok((manifest, checked))
}

/// Puts a copy where nothing is.
pub(super) fn restore(from: CopyFolders<'_>, to: CopyFolders<'_>) -> Result<Copied, StoreError> {
    let (manifest, mut copied) = checked(from.journals)?;
    let _lock = prepare(to)?;
    for (class, held) in manifest.all() {
        let name = segment::name(class, held.segment);
        let path = from.journals.join(&name);
        put(to.journals, &name, (&path, &mut open_copied(&path)?.take(held.bytes)), |_| Ok(()))?;
    }
    copied.bytes += keys_over(from, to)?;
    Ok(copied)
}

/// An error that was found in what was put back at `to`, told of the file of the copy that it came from: what was put
/// back does not stay.
pub(super) fn of_copy(error: StoreError, from: CopyFolders<'_>, to: &Path) -> StoreError {
    let own = |file: &str| Path::new(file).strip_prefix(to).unwrap_or(Path::new(file)).to_owned();
    let copied = |file: &str| {
        let name = own(file);
        name.strip_prefix("keys").map_or_else(|_| from.journals.join(&name), |key| from.keys.join(key))
    };
    match error {
        StoreError::Corrupt { file, offset, what } => damaged(&copied(&file), &format!("{what}, at offset {offset}")),
        StoreError::Unsealable { origin, index } => {
            let what = format!("it does not open what is sealed of entry {index} of log {origin}");
            damaged(&copied(&keys::name(&origin)), &what)
        }
        StoreError::Version { file, found, known } => {
            StoreError::Version { file: copied(&file).display().to_string(), found, known }
        }
        StoreError::Io { file, source } => io_error(&to.join(own(&file)), source),
        other => other,
    }
}

/// A file of a copy.
fn open_copied(path: &Path) -> Result<File, StoreError> {
    File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => damaged(path, "it is missing"),
        _ => io_error(path, error),
    })
}

#[expect(clippy::disallowed_methods, reason = "another process writes, and tells nobody when it has")]
fn pause() {
    std::thread::sleep(PAUSE);
}

/// How many of the first bytes of a file there are, and their checksum.
fn summed(path: &Path, file: File, bytes: u64) -> Result<(u64, u32), StoreError> {
    let mut summing = Summing { from: file.take(bytes), bytes: 0, crc32c: 0 };
    io::copy(&mut summing, &mut io::sink()).map_err(|error| io_error(path, error))?;
    Ok((summing.bytes, summing.crc32c))
}

/// Sums up what is read through it.
struct Summing<R> {
    from: R,
    bytes: u64,
    crc32c: u32,
}

impl<R: Read> Read for Summing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.crc32c = crc32c::crc32c_append(self.crc32c, into.get(..read).unwrap_or_default());
        self.bytes += read as u64;
        Ok(read)
    }
}

fn is_empty(to: CopyFolders<'_>) -> Result<bool, StoreError> {
    for folder in [Class::Entries, Class::State].map(|class| to.journals.join(class.folder())) {
        match fs::read_dir(&folder).map(|mut entries| entries.next().is_some()) {
            Ok(true) => return Ok(false),
            Ok(false) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io_error(&folder, error)),
        }
    }
    Ok(true)
}

/// The folders of a copy, held against another that is being taken.
fn prepare(to: CopyFolders<'_>) -> Result<File, StoreError> {
    for folder in [&to.journals.join(Class::Entries.folder()), &to.journals.join(Class::State.folder()), to.keys] {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| io_error(folder, error))?;
    }
    let path = to.journals.join("lock");
    let lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    let lock = lock.map_err(|error| io_error(&path, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(StoreError::Locked(to.journals.display().to_string())),
        Err(fs::TryLockError::Error(error)) => Err(io_error(&path, error)),
    }
}

fn end(source: &Untouched, patient: bool) -> Result<Option<End>, StoreError> {
    let mut state = segment::ordinals(source, Class::State)?;
    let Some(&last) = state.last() else { return Ok(None) };
    let mut live = (last, segment::open(source, Class::State, last)?);
    let mut head = tail::begun(Class::State, live.0, &*live.1)?;
    // A segment whose beginning never got to the disk was never used; but first it may be on its way there.
    if head.is_none() && !patient && !Walk::any_whole_frame(Class::State, live.0, &*live.1)? {
        state.pop();
        let Some(&before) = state.last() else { return Ok(None) };
        live = (before, segment::open(source, Class::State, before)?);
        head = tail::begun(Class::State, live.0, &*live.1)?;
    }
    let name = segment::name(Class::State, live.0);
    let head = head.ok_or_else(|| StoreError::corrupt(&name, 0, "the beginning of the segment is damaged"))?;
    let (walked, batches, mut entries) = tail::walk_state(source, &head)?;
    live.1.sync().map_err(|error| StoreError::io(&name, error))?;
    let mut state_bytes = walked.offset;
    for (at, (batch, half)) in batches.iter().enumerate() {
        let Some(half) = half else { continue };
        if at + 1 < batches.len() || half_is_whole(source, half)? {
            entries = (half.segment, u64::from(half.offset) + u64::from(half.length));
        } else if patient {
            let name = segment::name(Class::Entries, half.segment);
            return Err(StoreError::corrupt(&name, half.offset.into(), "a batch is not whole yet"));
        } else {
            // It was the last thing being written, and was never acknowledged.
            state_bytes = batch.offset;
        }
    }
    let file = segment::open(source, Class::Entries, entries.0)?;
    file.sync().map_err(|error| StoreError::io(&segment::name(Class::Entries, entries.0), error))?;
    let bounded = |class, ordinals: &[u32], end: (u32, u64)| {
        let bound = |&ordinal: &u32| {
            let name = segment::name(class, ordinal);
            let length =
                || segment::open(source, class, ordinal)?.length().map_err(|error| StoreError::io(&name, error));
            Ok((ordinal, if ordinal == end.0 { end.1 } else { length()? }))
        };
        ordinals.iter().map(bound).collect::<Result<Vec<_>, StoreError>>()
    };
    let all = (1..=entries.0).collect::<Vec<_>>();
    Ok(Some(End {
        entries: bounded(Class::Entries, &all, entries)?,
        state: bounded(Class::State, &state, (live.0, state_bytes))?,
    }))
}

fn half_is_whole(source: &Untouched, half: &EntryHalf) -> Result<bool, StoreError> {
    let name = segment::name(Class::Entries, half.segment);
    let Some(file) = source.open(&name).map_err(|error| StoreError::io(&name, error))? else { return Ok(false) };
    let mut frame = vec![0; usize::try_from(half.length).unwrap_or(0)];
    let read = file.read_at(&mut frame, half.offset.into()).map_err(|error| StoreError::io(&name, error))?;
    let parts = frame.get(..read).and_then(|frame| frame.split_first_chunk::<FRAME_HEAD>());
    Ok(parts.is_some_and(|(head_bytes, payload)| {
        let head = read_head(Class::Entries, head_bytes).filter(|head| head.crc == half.crc);
        head.is_some_and(|head| is_whole(&head, head_bytes, payload))
    }))
}

fn attempt(
    source: &Untouched,
    from: CopyFolders<'_>,
    to: CopyFolders<'_>,
    there: &There,
    end: &End,
) -> Result<Copied, StoreError> {
    follows(source, from, to, there, end)?;
    // What is cut off from here on is known for what it was before.
    let old = &there.copy;
    old.begin(to.journals)?;
    there.keys.begin(to.keys)?;
    let mut copied = Copied::default();
    let mut new = Manifest::empty();
    for &(ordinal, bytes) in &end.entries {
        new.entries.push(segment_over(source, to, old, (Class::Entries, ordinal, bytes), &mut copied)?);
    }
    // After the entries that they seal, before the state that tells of them.
    copied.bytes += keys_over(from, to)?;
    for &(ordinal, bytes) in &end.state {
        new.state.push(segment_over(source, to, old, (Class::State, ordinal, bytes), &mut copied)?);
    }
    // What the copy has, its keys open: theirs is written first.
    new.write(to.keys)?;
    new.write(to.journals)?;
    let gone = old.state.iter().filter(|held| !new.state.iter().any(|one| one.segment == held.segment));
    for held in gone {
        let path = to.journals.join(segment::name(Class::State, held.segment));
        fs::remove_file(&path).map_err(|error| io_error(&path, error))?;
    }
    Ok(copied)
}

/// Copies one segment up to so many bytes, unless it is there.
fn segment_over(
    source: &Untouched,
    to: CopyFolders<'_>,
    old: &Manifest,
    (class, ordinal, bytes): (Class, u32, u64),
    copied: &mut Copied,
) -> Result<Held, StoreError> {
    let name = segment::name(class, ordinal);
    let held = old.of(class).iter().find(|held| held.segment == ordinal && held.bytes == bytes);
    if let Some(held) = held
        && fs::metadata(to.journals.join(&name)).is_ok_and(|there| there.len() >= bytes)
    {
        copied.kept += 1;
        return Ok(*held);
    }
    let path = source.root().join(&name);
    let file = File::open(&path).map_err(|error| io_error(&path, error))?;
    let mut summing = Summing { from: file.take(bytes), bytes: 0, crc32c: 0 };
    put(to.journals, &name, (&path, &mut summing), |written| {
        ends_whole((class, ordinal, bytes), written).map_err(|error| error.below(source.root()))
    })?;
    copied.segments += 1;
    copied.bytes += bytes;
    Ok(Held { segment: ordinal, bytes, crc32c: summing.crc32c })
}

/// Whether the last batch of a segment ends where it should.
fn ends_whole((class, ordinal, bytes): (Class, u32, u64), written: File) -> Result<(), StoreError> {
    let damaged = |offset| StoreError::corrupt(&segment::name(class, ordinal), offset, "what was copied is not whole");
    let file = UntouchedFile::new(written);
    let head = SegmentHead::read(class, ordinal, &file)?.ok_or_else(|| damaged(0))?;
    let (offset, _, torn) = tail::walk_to_end(class, &head, &file, true, &mut |_, _| Ok(()))?;
    if torn || offset != bytes { Err(damaged(offset)) } else { Ok(()) }
}

/// The names of the key files of a folder.
fn key_files(folder: &Path) -> Result<Vec<String>, StoreError> {
    let failed = |error| io_error(folder, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.contains('.') && entry.file_type().map_err(failed)?.is_file() {
            names.push(name);
        }
    }
    Ok(names)
}

/// Copies the key files; gives their bytes.
fn keys_over(from: CopyFolders<'_>, to: CopyFolders<'_>) -> Result<u64, StoreError> {
    let mut bytes = 0;
    for name in key_files(from.keys)? {
        let path = from.keys.join(&name);
        let contents = Zeroizing::new(fs::read(&path).map_err(|error| io_error(&path, error))?);
        put(to.keys, &name, (&path, &mut contents.as_slice()), |_| Ok(()))?;
        bytes += contents.len() as u64;
    }
    Ok(bytes)
}

/// Puts a file in its place whole and durable, once it was found to be what it should.
fn put(
    folder: &Path,
    name: &str,
    (from, contents): (&Path, &mut dyn Read),
    check: impl FnOnce(File) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let path = folder.join(name);
    let beside = folder.join(format!("{name}.new"));
    let failed = |error| io_error(&path, error);
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&beside);
    let mut file = options.map_err(failed)?;
    let mut portion = Zeroizing::new(vec![0_u8; PORTION]);
    loop {
        match contents.read(&mut portion) {
            Ok(0) => break,
            Ok(read) => file.write_all(portion.get(..read).unwrap_or_default()).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(io_error(from, error)),
        }
    }
    file.sync_all().map_err(failed)?;
    check(file)?;
    fs::rename(&beside, &path).map_err(failed)?;
    File::open(path.parent().unwrap_or(folder)).and_then(|folder| folder.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests;
