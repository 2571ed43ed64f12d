//! A copy of a data folder, taken while its node writes: both classes up to a batch that counts, and the keys apart.
//!
//! Segments only grow and are never rewritten, so a copy that is there already gets what is new. Whatever is copied was
//! synced first: a batch that a power cut could still take from the node is not to live on in its copy. What follows from
//! the journals (sidecars, index) is made again where the copy is opened. A copy that is cut off leaves the one before it
//! as good as it was: entries come before the state that tells of them, and each file is put in its place whole.

use super::{
    disk::Disk,
    frame::{Class, FRAME_HEAD, is_whole, read_head},
    look::{Untouched, UntouchedFile},
    record::EntryHalf,
    segment::{self, SEGMENT_HEAD, SegmentHead, Walk},
    tail,
};
use crate::store::error::StoreError;
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    time::Duration,
};

/// How often it is looked again where something is being written.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

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

/// Up to where is copied.
struct End {
    /// State segments, ascending; the last is the live one.
    state: Vec<u32>,
    /// Bytes of the live state segment.
    state_bytes: u64,
    /// The last segment of entries, and its bytes.
    entries: (u32, u64),
}

/// Copies a data folder; `None` where none was begun.
pub(super) fn copy(from: CopyFolders<'_>, to: CopyFolders<'_>) -> Result<Option<Copied>, StoreError> {
    if !from.journals.join(Class::State.folder()).exists() {
        return Ok(None);
    }
    let _lock = prepare(to)?;
    let source = Untouched::new(from.journals);
    for look in 1.. {
        let patient = look < LOOKS;
        let copied = match end(&source, patient) {
            Ok(None) => return Ok(None),
            Ok(Some(end)) => attempt(&source, from, to, &end),
            Err(error) => Err(error),
        };
        match copied {
            Ok(copied) => return Ok(Some(copied)),
            // It is being written, or was taken away meanwhile, because its time was over.
            Err(StoreError::Corrupt { .. }) if patient => pause(),
            Err(StoreError::Io { source, .. }) if patient && source.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

#[expect(clippy::disallowed_methods, reason = "another process writes, and tells nobody when it has")]
fn pause() {
    std::thread::sleep(PAUSE);
}

/// The folders of a copy, held against another that is being taken.
fn prepare(to: CopyFolders<'_>) -> Result<File, StoreError> {
    let at = |path: &Path, error| StoreError::io(&path.display().to_string(), error);
    for folder in [&to.journals.join(Class::Entries.folder()), &to.journals.join(Class::State.folder()), to.keys] {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| at(folder, error))?;
    }
    let path = to.journals.join("lock");
    let lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    let lock = lock.map_err(|error| at(&path, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(StoreError::Locked(to.journals.display().to_string())),
        Err(fs::TryLockError::Error(error)) => Err(at(&path, error)),
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
    Ok(Some(End { state, state_bytes, entries }))
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

fn attempt(source: &Untouched, from: CopyFolders<'_>, to: CopyFolders<'_>, end: &End) -> Result<Copied, StoreError> {
    let target = Untouched::new(to.journals);
    let live = end.state.last().copied().unwrap_or_default();
    for (class, last) in [(Class::Entries, end.entries.0), (Class::State, live)] {
        if segment::ordinals(&target, class)?.last().is_some_and(|there| *there > last) {
            return Err(StoreError::CopyOfAnother(to.journals.display().to_string()));
        }
    }
    let mut copied = Copied::default();
    for ordinal in 1..=end.entries.0 {
        let bytes = (ordinal == end.entries.0).then_some(end.entries.1);
        segment_over(source, to.journals, Class::Entries, ordinal, bytes, &mut copied)?;
    }
    // After the entries that they seal, before the state that tells of them.
    for name in names(from.keys)? {
        let contents = fs::read(from.keys.join(&name)).map_err(|error| StoreError::io(&name, error))?;
        put(to.keys, &name, &mut contents.as_slice(), |_| Ok(()))?;
        copied.bytes += contents.len() as u64;
    }
    for &ordinal in &end.state {
        let bytes = (ordinal == live).then_some(end.state_bytes);
        segment_over(source, to.journals, Class::State, ordinal, bytes, &mut copied)?;
    }
    for ordinal in segment::ordinals(&target, Class::State)?.into_iter().filter(|one| !end.state.contains(one)) {
        let path = to.journals.join(segment::name(Class::State, ordinal));
        fs::remove_file(&path).map_err(|error| StoreError::io(&path.display().to_string(), error))?;
    }
    Ok(copied)
}

/// Copies one segment up to `bytes`, or all of one that is closed, unless it is there.
fn segment_over(
    source: &Untouched,
    to: &Path,
    class: Class,
    ordinal: u32,
    bytes: Option<u64>,
    copied: &mut Copied,
) -> Result<(), StoreError> {
    let name = segment::name(class, ordinal);
    let failed = |error| StoreError::io(&name, error);
    let head_of = |file: &mut File| {
        let mut head = Vec::with_capacity(SEGMENT_HEAD);
        file.take(SEGMENT_HEAD as u64).read_to_end(&mut head).map(|_| head)
    };
    let mut file = File::open(source.root().join(&name)).map_err(failed)?;
    let bytes = match bytes {
        Some(bytes) => bytes,
        None => file.metadata().map_err(failed)?.len(),
    };
    let head = head_of(&mut file).map_err(failed)?;
    match File::open(to.join(&name)) {
        Ok(mut there) => {
            let length = there.metadata().map_err(failed)?.len();
            if length > bytes || head_of(&mut there).map_err(failed)? != head {
                return Err(StoreError::CopyOfAnother(to.display().to_string()));
            }
            if length == bytes {
                copied.kept += 1;
                return Ok(());
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let rest = bytes.saturating_sub(head.len() as u64);
    put(to, &name, &mut head.as_slice().chain(file.take(rest)), |written| {
        let damaged = |offset| StoreError::corrupt(&name, offset, "what was copied is not whole");
        let file = UntouchedFile::new(written);
        let head = SegmentHead::read(class, ordinal, &file)?.ok_or_else(|| damaged(0))?;
        let (offset, _, torn) = tail::walk_to_end(class, &head, &file, true, &mut |_, _| Ok(()))?;
        if torn || offset != bytes { Err(damaged(offset)) } else { Ok(()) }
    })?;
    copied.segments += 1;
    copied.bytes += bytes;
    Ok(())
}

/// Puts a file in its place whole and durable, once it was found to be what it should.
fn put(
    folder: &Path,
    name: &str,
    contents: &mut dyn io::Read,
    check: impl FnOnce(File) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let path = folder.join(name);
    let beside = folder.join(format!("{name}.new"));
    let failed = |error| StoreError::io(&path.display().to_string(), error);
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&beside);
    let mut file = options.map_err(failed)?;
    io::copy(contents, &mut file).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    check(file)?;
    fs::rename(&beside, &path).map_err(failed)?;
    File::open(path.parent().unwrap_or(folder)).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// The key files in a folder.
fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let failed = |error| StoreError::io(&folder.display().to_string(), error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if !name.contains('.') {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        FEED_KEPT_MS, Store as _,
        journal::{JournalOptions, JournalStore},
        rig::{Rig, origin},
    };
    use crate::time::SeededRandom;
    use std::{path::PathBuf, sync::Arc};

    fn open(folder: &Path) -> JournalStore {
        let options = JournalOptions {
            entry_segment_bytes: 24 << 10,
            state_segment_bytes: 6 << 10,
            reserve_bytes: 0,
            ..JournalOptions::default()
        };
        JournalStore::open(folder, options, Arc::new(SeededRandom::new(7))).unwrap()
    }

    /// Journals and keys.
    type Place = (PathBuf, PathBuf);

    /// As a node has them.
    fn whole(folder: &Path) -> Place {
        (folder.to_owned(), folder.join("keys"))
    }

    fn over(from: &Place, to: &Place) -> Result<Option<Copied>, StoreError> {
        copy(CopyFolders { journals: &from.0, keys: &from.1 }, CopyFolders { journals: &to.0, keys: &to.1 })
    }

    #[test]
    fn a_copy_taken_while_the_node_writes_has_all_that_was_acknowledged_before_it_and_opens_whole() {
        let folder = tempfile::tempdir().unwrap();
        let node = whole(&folder.path().join("node"));
        let kept = (folder.path().join("copy"), folder.path().join("copied keys"));
        let store = open(&node.0);
        let mut rig = Rig::new(&["cn", "all"]);
        let mut before = 0;
        for round in 0..12 {
            std::thread::scope(|scope| {
                let writer = scope.spawn(|| {
                    for _ in 0..10 {
                        rig.commit(&store, &[(0, 4), (1, 1)], 700).unwrap();
                        rig.advance(&store).unwrap();
                    }
                    store.expire(rig.now_ms() + FEED_KEPT_MS).unwrap();
                });
                let copied = over(&node, &kept).unwrap();
                writer.join().unwrap();
                assert!(round == 0 || copied.is_some_and(|copied| copied.segments > 0));
            });
            let again = whole(&folder.path().join(format!("again {round}")));
            over(&kept, &again).unwrap();
            if again.0.join("state").read_dir().unwrap().next().is_none() {
                continue;
            }
            let back = open(&again.0);
            back.scrub().unwrap();
            let size = back.head(&origin("cn")).map_or(0, |head| head.head.size);
            assert!(size >= before, "round {round}: {size} of {before} that were published when it began");
            for index in 0..size {
                let same = |store: &JournalStore| {
                    (store.leaf(&origin("cn"), index).unwrap(), store.disclosures(&origin("cn"), index).unwrap())
                };
                assert_eq!(same(&back), same(&store), "round {round}, entry {index}");
            }
            before = store.head(&origin("cn")).map_or(0, |head| head.head.size);
        }
        assert!(before > 400);
        let again = over(&node, &kept).unwrap().unwrap();
        assert!(again.kept > 5, "{again:?}");
        assert_eq!(over(&node, &kept).unwrap().unwrap().segments, 0, "nothing is new");
    }

    #[test]
    fn a_copy_of_another_history_or_of_a_later_time_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let (node, other) = (whole(&folder.path().join("node")), whole(&folder.path().join("other")));
        let kept = (folder.path().join("copy"), folder.path().join("copied keys"));
        let early = (folder.path().join("early"), folder.path().join("early keys"));
        let mut rig = Rig::new(&["cn"]);
        let store = open(&node.0);
        rig.commit(&store, &[(0, 4)], 700).unwrap();
        rig.advance(&store).unwrap();
        over(&node, &early).unwrap();
        for _ in 0..30 {
            rig.commit(&store, &[(0, 4)], 700).unwrap();
            rig.advance(&store).unwrap();
        }
        over(&node, &kept).unwrap();
        let mut others = Rig::new(&["cn"]);
        let options = JournalOptions { reserve_bytes: 0, ..JournalOptions::default() };
        let store = JournalStore::open(&other.0, options, Arc::new(SeededRandom::new(8))).unwrap();
        for _ in 0..60 {
            others.commit(&store, &[(0, 4)], 700).unwrap();
            others.advance(&store).unwrap();
        }
        for wrong in [&other, &early] {
            let error = over(wrong, &kept).unwrap_err();
            assert!(matches!(error, StoreError::CopyOfAnother(_)), "{error}");
        }
        let again = whole(&folder.path().join("again"));
        over(&kept, &again).unwrap();
        rig.check(&open(&again.0));
    }

    #[test]
    fn damage_is_said_and_not_copied() {
        let folder = tempfile::tempdir().unwrap();
        let node = whole(&folder.path().join("node"));
        let kept = (folder.path().join("copy"), folder.path().join("copied keys"));
        let store = open(&node.0);
        let mut rig = Rig::new(&["cn"]);
        for _ in 0..30 {
            rig.commit(&store, &[(0, 4)], 700).unwrap();
            rig.advance(&store).unwrap();
        }
        drop(store);
        let path = node.0.join("entries/00000002");
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        let error = over(&node, &kept).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { ref file, .. } if file == "entries/00000002"), "{error}");
        assert!(!kept.0.join("entries/00000002").exists());
    }
}
