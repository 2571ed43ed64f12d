//! A data folder looked at and left as it is: what a start would refuse is known before one is tried.
//!
//! The end is found as a start finds it, over a disk that takes nothing. What a start would cut or write is not
//! written: a doctor may run as another user than the node, whose files would then no longer be its own.

use super::{
    disk::{Disk, DiskFile},
    frame::Class,
    record::{EntryRecord, EntryRecords},
    segment::{self, Found},
    tail,
};
use crate::store::error::StoreError;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What a look found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Batches of entries, each with its checksum.
    pub batches: usize,
    /// Segments of entries.
    pub segments: u32,
    /// The newest leaf of each log that the last batches have one of.
    pub newest: Vec<Vec<u8>>,
}

/// Bytes of the last batches that are read for the newest leaves: what was written before them is older.
const NEWEST: u64 = 64 << 20;

/// Reads both journals of a data folder to their ends. `None` where no store was ever begun.
pub(super) fn look(root: &Path) -> Result<Option<Looked>, StoreError> {
    let shown = root.display().to_string();
    let lock = match File::open(root.join("lock")) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(&shown, error)),
    };
    // Held to the end: a node that starts meanwhile would write what is being read.
    match lock.try_lock_shared() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Err(StoreError::Locked(shown)),
        Err(fs::TryLockError::Error(error)) => return Err(StoreError::io(&shown, error)),
    }
    let disk = Untouched::new(root);
    let Some(tail) = tail::find(&disk, 1)? else { return Ok(None) };
    let newest = newest(&disk, &tail.frames)?;
    Ok(Some(Looked { batches: tail.frames.len(), segments: tail.entries.ordinal, newest }))
}

fn newest(disk: &Untouched, frames: &[Found]) -> Result<Vec<Vec<u8>>, StoreError> {
    let (mut newest, mut read) = (BTreeMap::<u32, (u64, Vec<u8>)>::new(), 0_u64);
    for frame in frames.iter().rev() {
        if read > NEWEST {
            break;
        }
        read = read.saturating_add(u64::from(frame.head.length));
        let payload = frame.payload(&*segment::open(disk, Class::Entries, frame.ordinal)?)?;
        for record in EntryRecords::new(&payload).flatten() {
            if let EntryRecord::Leaf { log, index, leaf, .. } = record
                && newest.get(&log).is_none_or(|(known, _)| *known < index)
            {
                newest.insert(log, (index, leaf.to_vec()));
            }
        }
    }
    Ok(newest.into_values().map(|(_, leaf)| leaf).collect())
}

/// The files of a folder, to be read alone. What is written goes nowhere.
#[derive(Debug)]
pub(super) struct Untouched(PathBuf);

#[derive(Debug)]
pub(super) struct UntouchedFile(File);

impl Untouched {
    pub(super) fn new(root: &Path) -> Self {
        Self(root.to_owned())
    }

    pub(super) fn root(&self) -> &Path {
        &self.0
    }
}

impl UntouchedFile {
    pub(super) const fn new(file: File) -> Self {
        Self(file)
    }
}

impl Disk for Untouched {
    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, format!("{path} is only looked at")))
    }

    fn open(&self, path: &str) -> io::Result<Option<Arc<dyn DiskFile>>> {
        match File::open(self.0.join(path)) {
            Ok(file) => Ok(Some(Arc::new(UntouchedFile(file)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        fs::read_dir(self.0.join(folder))?.map(name).collect()
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn replace(&self, _: &str, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

impl DiskFile for UntouchedFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut read = 0;
        while let Some(rest) = into.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match self.0.read_at(rest, offset.saturating_add(u64::try_from(read).unwrap_or(u64::MAX))) {
                Ok(0) => break,
                Ok(n) => read += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn write_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&self, _: u64) -> io::Result<()> {
        Ok(())
    }
}
