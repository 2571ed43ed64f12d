//! What stands where a copy is to go, held against what is to be copied: neither a copy nor keys are written over by what
//! is not a later state of the same.
//!
//! The keys have the manifest of the copy beside them: it says which journals they open. The keys themselves would not tell,
//! for those that were made ahead and never used are made anew.

use super::{CopyFolders, End, another, io_error, is_empty, key_files, manifest::Manifest, open_copied, summed};
use crate::store::{
    error::StoreError,
    journal::{
        frame::Class,
        keys,
        look::Untouched,
        segment::{self, SEGMENT_HEAD},
    },
};
use std::{
    fs::{self, File},
    io,
    path::Path,
};
use zeroize::Zeroizing;

/// What stands where a copy is to go; empty manifests where nothing does.
pub(super) struct There {
    /// What the copy says of itself.
    pub(super) copy: Manifest,
    /// The journals that the keys open.
    pub(super) keys: Manifest,
}

fn other_keys(path: &Path) -> StoreError {
    StoreError::CopiedKeysOfAnother(path.display().to_string())
}

/// The copy that is there already, and the keys.
pub(super) fn there(to: CopyFolders<'_>) -> Result<There, StoreError> {
    let copy = match Manifest::read(to.journals)? {
        Some(copy) => copy,
        // Whatever stands there is no copy: it may be a node's own folder.
        None if !is_empty(to)? => return Err(another(to)),
        None => Manifest::empty(),
    };
    let keys = match Manifest::read(to.keys)? {
        Some(keys) => keys,
        // They may be a node's own, or those of another copy.
        None if copy.state.is_empty() && !copied_keys(to)?.is_empty() => return Err(other_keys(to.keys)),
        // An earlier version did not note what they open: they were copied with the copy that is given beside them.
        None => copy.clone(),
    };
    Ok(There { copy, keys })
}

/// The names of the key files of a copy.
fn copied_keys(to: CopyFolders<'_>) -> Result<Vec<String>, StoreError> {
    match key_files(to.keys) {
        Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// The keys in a file; none where there is no file.
fn keys_in(path: &Path) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(keys) => Ok(Zeroizing::new(keys)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Zeroizing::default()),
        Err(error) => Err(io_error(path, error)),
    }
}

/// Whether all that an earlier copy holds, and all that the keys beside it open, is the beginning of what is copied now, and
/// no key is lost by it and none comes back: asked before anything is written.
pub(super) fn follows(
    source: &Untouched,
    from: CopyFolders<'_>,
    to: CopyFolders<'_>,
    there: &There,
    end: &End,
) -> Result<(), StoreError> {
    if !begins(source, &there.copy, Some(to.journals), end)? {
        return Err(another(to));
    }
    if there.keys != there.copy && !begins(source, &there.keys, None, end)? {
        return Err(other_keys(to.keys));
    }
    for name in copied_keys(to)? {
        let copied = to.keys.join(&name);
        if !keys::may_follow(&keys_in(&from.keys.join(&name))?, &keys_in(&copied)?) {
            return Err(other_keys(&copied));
        }
    }
    Ok(())
}

/// Whether the journals that a manifest is of are the beginning of what is there now. `copied` is where they lie: without
/// them the last segment of a class alone is held against the source, and its head speaks for those before it.
fn begins(source: &Untouched, old: &Manifest, copied: Option<&Path>, end: &End) -> Result<bool, StoreError> {
    for (class, now) in [(Class::Entries, &end.entries), (Class::State, &end.state)] {
        let held = old.of(class);
        let first = now.first().map_or(1, |(ordinal, _)| *ordinal);
        // What its time was over for is not there any more.
        for (at, one) in held.iter().enumerate().filter(|(_, one)| one.segment >= first) {
            let name = segment::name(class, one.segment);
            let path = source.root().join(&name);
            let sum = |bytes| summed(&path, File::open(&path).map_err(|error| io_error(&path, error))?, bytes);
            let bytes = now.iter().find(|(ordinal, _)| *ordinal == one.segment).map(|(_, bytes)| *bytes);
            let same = match (bytes, copied) {
                (None, _) => false,
                // One that was closed is as long as it was, and the head of the next one tells of its last batch.
                (Some(bytes), Some(copied)) if at + 1 < held.len() => {
                    bytes == one.bytes && {
                        let there = copied.join(&name);
                        let head = SEGMENT_HEAD as u64;
                        sum(head)? == summed(&there, open_copied(&there)?, head)?
                    }
                }
                (Some(bytes), None) if at + 1 < held.len() => bytes == one.bytes,
                (Some(bytes), _) => bytes >= one.bytes && sum(one.bytes)? == (one.bytes, one.crc32c),
            };
            if !same {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
