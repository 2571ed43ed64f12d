//! `copy.json`: what belongs to a copy, with a checksum of each file. By it a copy that lost something is told from a node
//! that was cut off, and a copy of another history from an earlier one of this.

use super::{damaged, io_error, put};
use crate::store::{error::StoreError, journal::frame::Class};
use serde::{Deserialize, Serialize};
use std::{fs, io, path::Path};

/// The name of the file.
pub(super) const MANIFEST: &str = "copy.json";
const FORMAT: u32 = 1;

/// What belongs to a copy: the segments of each class, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: u32,
    pub(super) entries: Vec<Held>,
    pub(super) state: Vec<Held>,
}

/// A segment of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Held {
    pub(super) segment: u32,
    pub(super) bytes: u64,
    pub(super) crc32c: u32,
}

impl Manifest {
    /// Of a copy that is begun.
    pub(super) fn empty() -> Self {
        Self { format: FORMAT, entries: Vec::new(), state: Vec::new() }
    }

    /// What a folder says of itself; nothing where it is no copy.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        let path = folder.join(MANIFEST);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error(&path, error)),
        };
        let read = serde_json::from_slice::<Self>(&text).ok().filter(|manifest| manifest.format == FORMAT);
        read.map(Some).ok_or_else(|| damaged(&path, "it does not read"))
    }

    /// Writes it where none is.
    pub(super) fn begin(&self, folder: &Path) -> Result<(), StoreError> {
        if Self::read(folder)?.is_none() { self.write(folder) } else { Ok(()) }
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), StoreError> {
        let text = serde_json::to_vec(self).map_err(|error| StoreError::BadBatch(error.to_string()))?;
        put(folder, MANIFEST, (folder, &mut text.as_slice()), |_| Ok(()))
    }

    pub(super) fn of(&self, class: Class) -> &[Held] {
        match class {
            Class::Entries => &self.entries,
            Class::State => &self.state,
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (Class, &Held)> {
        let of = |class| self.of(class).iter().map(move |held| (class, held));
        of(Class::Entries).chain(of(Class::State))
    }
}
