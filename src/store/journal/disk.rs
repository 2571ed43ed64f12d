//! The disk under the journal, as the few things a journal may ask of it.
//!
//! A disk keeps what was written before a [`DiskFile::sync`] that returned, and may keep, drop or tear
//! anything else, 4 KiB page by page. A sync that failed says nothing about what is there, and a later one
//! that succeeds does not make up for it: the system may have marked the lost pages clean.

use std::fmt::Debug;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Folders of a data folder.
pub(super) const FOLDERS: [&str; 4] = ["entries", "state", "logs", "keys"];

/// A folder of files; paths are relative, with `/`.
pub(super) trait Disk: Send + Sync + Debug {
    /// Makes a file that is not there; its name is durable on return.
    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens a file that may be there.
    fn open(&self, path: &str) -> io::Result<Option<Arc<dyn DiskFile>>>;
    /// Names of the files in a folder, in no order.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
    /// Takes a file away, durably.
    fn remove(&self, path: &str) -> io::Result<()>;
    /// Puts a whole small file in the place of what is there: durably the old one or the new one.
    fn replace(&self, path: &str, contents: &[u8]) -> io::Result<()>;
    /// Bytes that may still be written.
    fn free_bytes(&self) -> io::Result<u64>;
}

/// A file of a [`Disk`].
pub(super) trait DiskFile: Send + Sync + Debug {
    /// Length in bytes.
    fn length(&self) -> io::Result<u64>;
    /// Reads from an offset; fewer bytes only at the end.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes all bytes at an offset.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Makes contents and length durable.
    fn sync(&self) -> io::Result<()>;
    /// Cuts the file.
    fn truncate(&self, length: u64) -> io::Result<()>;
}

/// The files of a folder, held against every other process while this value lives.
#[derive(Debug)]
pub(super) struct RealDisk {
    root: PathBuf,
    _lock: File,
}

#[derive(Debug)]
struct RealFile(File);

/// Why a data folder could not be taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum TakeError {
    #[error("another process has it")]
    Held,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl RealDisk {
    /// Takes a data folder, making it if it is not there, readable by its owner alone.
    pub(super) fn take(root: &Path) -> Result<Self, TakeError> {
        for folder in FOLDERS {
            DirBuilder::new().recursive(true).mode(0o700).create(root.join(folder))?;
        }
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(root.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(TakeError::Held),
            Err(fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        Self::sync_folder(root)?;
        Ok(Self { root: root.to_owned(), _lock: lock })
    }

    fn sync_folder(folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn sync_parent(&self, path: &str) -> io::Result<()> {
        let path = self.root.join(path);
        Self::sync_folder(path.parent().unwrap_or(&self.root))
    }
}

fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

impl Disk for RealDisk {
    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = owner_only().create_new(true).open(self.root.join(path))?;
        self.sync_parent(path)?;
        Ok(Arc::new(RealFile(file)))
    }

    fn open(&self, path: &str) -> io::Result<Option<Arc<dyn DiskFile>>> {
        match owner_only().open(self.root.join(path)) {
            Ok(file) => Ok(Some(Arc::new(RealFile(file)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        fs::read_dir(self.root.join(folder))?.map(name).collect()
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.root.join(path))?;
        self.sync_parent(path)
    }

    fn replace(&self, path: &str, contents: &[u8]) -> io::Result<()> {
        let fresh = self.root.join(format!("{path}.new"));
        let file = owner_only().create(true).truncate(true).open(&fresh)?;
        file.write_all_at(contents, 0)?;
        file.sync_all()?;
        fs::rename(fresh, self.root.join(path))?;
        self.sync_parent(path)
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(&self.root)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

impl DiskFile for RealFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, mut into: &mut [u8], mut offset: u64) -> io::Result<usize> {
        let mut read = 0;
        while !into.is_empty() {
            match self.0.read_at(into, offset) {
                Ok(0) => break,
                Ok(n) => {
                    read += n;
                    offset += n as u64;
                    into = into.get_mut(n..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}
