//! A package on disk: where it is put while it arrives, and how its entries are read again.

use crate::exchange::parcel::{EntryLine, Line, MAX_LINE_BYTES, MAX_PARCEL_BYTES, ParcelError, SurveyedLog};
use crate::store::JournalOptions;
use bytes::Bytes;
use std::fs::File;
use std::io::{Read as _, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Bytes that are read at once, and how many such parts wait to be taken.
const PART: usize = 256 << 10;
const PARTS: usize = 4;
/// Bytes of an answer that people are shown.
const WORDS: usize = 400;

/// A package that arrives, in a file that nobody else sees and that is gone with it.
pub struct Spool {
    file: File,
    bytes: u64,
}

impl Spool {
    /// Begins one in this folder, readable by the node's own user alone. It blocks.
    pub(in crate::exchange::driver) fn open(folder: &Path) -> Result<Self, ParcelError> {
        let made = std::fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
        Ok(Self { file: made.map_err(|error| ParcelError::Inside(error.to_string()))?, bytes: 0 })
    }

    /// Takes more of it. It blocks.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), ParcelError> {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.bytes > MAX_PARCEL_BYTES {
            return Err(ParcelError::TooLarge("the whole of it"));
        }
        // What a partner's log may not take of the disk a package may not take either.
        let stat = rustix::fs::fstatvfs(&self.file).map_err(|error| ParcelError::Inside(error.to_string()))?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        if free < JournalOptions::default().reserve_bytes.saturating_mul(2) {
            return Err(ParcelError::Inside(format!("{} MiB are free on the disk, too few for a package", free >> 20)));
        }
        self.file.write_all(bytes).map_err(|error| ParcelError::Inside(error.to_string()))
    }

    /// Bytes so far.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.bytes
    }

    /// All of it, part by part, read away from the runtime's workers. Needs a runtime.
    #[must_use]
    pub fn into_parts(self) -> ReceiverStream<std::io::Result<Bytes>> {
        let (out, parts) = mpsc::channel(PARTS);
        tokio::task::spawn_blocking(move || {
            let mut from = ReadFrom { file: Arc::new(self.file), offset: 0 };
            loop {
                let mut part = vec![0; PART];
                let read = from.read(&mut part).map(|read| {
                    part.truncate(read);
                    Bytes::from(part)
                });
                let over = read.as_ref().map_or(true, Bytes::is_empty);
                // Who reads may have gone.
                if read.as_ref().is_ok_and(Bytes::is_empty) || out.blocking_send(read).is_err() || over {
                    return;
                }
            }
        });
        ReceiverStream::new(parts)
    }

    /// The first of it as one line of words, for people.
    pub(super) fn words(&self) -> String {
        let mut bytes = vec![0; WORDS];
        let read = self.file.read_at(&mut bytes, 0).unwrap_or(0);
        let text = String::from_utf8_lossy(bytes.get(..read).unwrap_or_default()).into_owned();
        text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect()
    }

    /// The file, from its first byte.
    pub(super) fn into_file(self) -> Arc<File> {
        Arc::new(self.file)
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Self::write(self, bytes).map_err(std::io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One log of a package, its entries at hand.
pub(super) struct Shelf {
    pub(super) file: Arc<File>,
    pub(super) log: SurveyedLog,
}

impl Shelf {
    /// One entry; none where the package does not have it. It blocks.
    pub(super) fn entry(&self, index: u64) -> Result<Option<EntryLine>, ParcelError> {
        let Some((offset, length)) = self.log.place(index) else { return Ok(None) };
        let length = usize::try_from(length).ok().filter(|length| *length <= MAX_LINE_BYTES + 1);
        let mut text = vec![0; length.ok_or(ParcelError::TooLarge("a line of it"))?];
        self.file.read_exact_at(&mut text, offset).map_err(|error| ParcelError::Inside(error.to_string()))?;
        match Line::read(text.strip_suffix(b"\n").unwrap_or(&text), index)? {
            Line::Entry(entry) if entry.index == index => Ok(Some(entry)),
            _ => Err(ParcelError::Damaged("it changed while it was read".to_owned())),
        }
    }
}

/// Reads a file by offsets of its own, so that several may read it at once.
pub(super) struct ReadFrom {
    pub(super) file: Arc<File>,
    pub(super) offset: u64,
}

impl std::io::Read for ReadFrom {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(buffer, self.offset)?;
        self.offset = self.offset.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}
