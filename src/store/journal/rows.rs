//! The sidecar of a log: one row of fixed width per published entry, and the tree's hashes from level 8 up.
//!
//! ```text
//!  0 16  jti                       60  4  sealed disclosures: segment
//! 16 32  leaf hash                 64  4  offset
//! 48  4  leaf: segment             68  4  length, 0 for none
//! 52  4  offset                    72  4  status index
//! 56  4  length                    76  4  crc32c of bytes 0–75
//! ```
//! `jti` rises strictly, so `jti` → index is a binary search; index → bytes is one read. Everything in it
//! follows from the journal and is made again from there when it is lost.

use super::disk::{Disk, DiskFile};
use super::record::NO_STATUS;
use super::wire::Fields;
use crate::log::{Frontier, Hash, HashReader, root_of};
use crate::statement::Jti;
use crate::store::entry::EntryFacts;
use crate::store::error::StoreError;
use std::sync::Arc;

/// Bytes of a row.
pub(super) const ROW: usize = 80;
/// Hashes below this level are computed from at most 255 rows.
pub(super) const KEPT_LEVEL: u8 = 8;
const KEPT_WIDTH: u64 = 1 << KEPT_LEVEL;
/// Bytes of a hash.
pub(super) const HASH: usize = 32;

/// Where bytes stand in the entries class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) segment: u32,
    pub(super) offset: u32,
    pub(super) length: u32,
}

/// A row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) jti: Jti,
    pub(super) leaf_hash: Hash,
    pub(super) leaf: Place,
    /// Length 0: none.
    pub(super) sealed: Place,
    pub(super) status: u32,
}

impl Row {
    pub(super) fn facts(&self) -> EntryFacts {
        let status_index = (self.status != NO_STATUS).then_some(self.status);
        EntryFacts { jti: self.jti, status_index, leaf_hash: self.leaf_hash }
    }

    pub(super) fn put(&self, to: &mut Vec<u8>) {
        let start = to.len();
        to.extend_from_slice(&self.jti.0);
        to.extend_from_slice(&self.leaf_hash.0);
        for place in [self.leaf, self.sealed] {
            for field in [place.segment, place.offset, place.length] {
                to.extend_from_slice(&field.to_le_bytes());
            }
        }
        to.extend_from_slice(&self.status.to_le_bytes());
        let crc = crc32c::crc32c(to.get(start..).unwrap_or_default());
        to.extend_from_slice(&crc.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (content, crc) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(content) != u32::from_le_bytes(*crc) {
            return None;
        }
        let mut fields = Fields::new(content);
        let (jti, leaf_hash) = (Jti(fields.array()?), Hash(fields.array()?));
        let mut place = || Some(Place { segment: fields.u32()?, offset: fields.u32()?, length: fields.u32()? });
        let (leaf, sealed) = (place()?, place()?);
        Some(Self { jti, leaf_hash, leaf, sealed, status: fields.u32()? })
    }
}

/// The file of a log's rows.
pub(super) fn rows_name(id: u32) -> String {
    format!("logs/{id:08}.rows")
}

/// The file of a log's hashes of level 8.
pub(super) fn nodes_name(id: u32) -> String {
    format!("logs/{id:08}.nodes")
}

/// The two files of a log's sidecar.
#[derive(Debug, Clone)]
pub(super) struct Sidecar {
    rows: Arc<dyn DiskFile>,
    nodes: Arc<dyn DiskFile>,
    rows_name: Arc<str>,
    nodes_name: Arc<str>,
}

impl Sidecar {
    /// Opens the files of log `id`, making them if they are not there.
    pub(super) fn open(disk: &dyn Disk, id: u32) -> Result<Self, StoreError> {
        let file = |name: &str| -> Result<Arc<dyn DiskFile>, StoreError> {
            let failed = |e| StoreError::io(name, e);
            match disk.open(name).map_err(failed)? {
                Some(file) => Ok(file),
                None => disk.create(name).map_err(failed),
            }
        };
        let (rows_name, nodes_name) = (rows_name(id), nodes_name(id));
        let (rows, nodes) = (file(&rows_name)?, file(&nodes_name)?);
        Ok(Self { rows, nodes, rows_name: rows_name.into(), nodes_name: nodes_name.into() })
    }

    /// Rows from `first` on, exactly `count`.
    pub(super) fn read(&self, first: u64, count: u64) -> Result<Vec<Row>, StoreError> {
        let bytes = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(ROW);
        let mut bytes = vec![0; bytes];
        let start = first.saturating_mul(ROW as u64);
        let read = self.rows.read_at(&mut bytes, start).map_err(|e| StoreError::io(&self.rows_name, e))?;
        let mut rows = Vec::with_capacity(bytes.len() / ROW);
        for (at, row) in bytes.get(..read).unwrap_or_default().chunks_exact(ROW).enumerate() {
            let offset = start + (at * ROW) as u64;
            let damaged = || StoreError::corrupt(&self.rows_name, offset, "the row does not match its checksum");
            rows.push(Row::read(row).ok_or_else(damaged)?);
        }
        if rows.len() as u64 != count {
            let end = start + (rows.len() * ROW) as u64;
            return Err(StoreError::corrupt(&self.rows_name, end, "the row is missing"));
        }
        Ok(rows)
    }

    /// One row.
    pub(super) fn row(&self, index: u64) -> Result<Row, StoreError> {
        let missing = || StoreError::corrupt(&self.rows_name, index * ROW as u64, "the row is missing");
        self.read(index, 1)?.first().copied().ok_or_else(missing)
    }

    /// Writes rows from `first` on; not synced.
    pub(super) fn write(&self, first: u64, rows: &[Row]) -> Result<(), StoreError> {
        let mut bytes = Vec::with_capacity(rows.len() * ROW);
        for row in rows {
            row.put(&mut bytes);
        }
        self.rows.write_at(&bytes, first * ROW as u64).map_err(|e| StoreError::io(&self.rows_name, e))
    }

    /// Writes hashes of level 8 from `first` on; not synced.
    pub(super) fn write_nodes(&self, first: u64, hashes: &[Hash]) -> Result<(), StoreError> {
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
        self.nodes.write_at(&bytes, first * HASH as u64).map_err(|e| StoreError::io(&self.nodes_name, e))
    }

    /// The first `count` hashes of level 8, or as many as there are.
    fn read_nodes(&self, count: u64) -> Result<Vec<Hash>, StoreError> {
        let mut bytes = vec![0; usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(HASH)];
        let read = self.nodes.read_at(&mut bytes, 0).map_err(|e| StoreError::io(&self.nodes_name, e))?;
        let (hashes, _) = bytes.get(..read).unwrap_or_default().as_chunks::<HASH>();
        Ok(hashes.iter().map(|hash| Hash(*hash)).collect())
    }

    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.rows.sync().map_err(|e| StoreError::io(&self.rows_name, e))?;
        self.nodes.sync().map_err(|e| StoreError::io(&self.nodes_name, e))
    }
}

/// The tree over published entries: its edge, its levels from 8 up, and the leaves level 8 does not cover yet.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    edge: Frontier,
    upper: Vec<Vec<Hash>>,
    tail: Vec<Hash>,
}

impl Tree {
    pub(super) const fn empty() -> Self {
        Self { edge: Frontier::empty(), upper: Vec::new(), tail: Vec::new() }
    }

    /// The tree of the first `size` rows, from the level-8 hashes and at most 255 rows.
    pub(super) fn load(sidecar: &Sidecar, size: u64) -> Result<Self, StoreError> {
        let mut tree = Self::empty();
        let kept = sidecar.read_nodes(size / KEPT_WIDTH)?;
        let covered = kept.len() as u64 * KEPT_WIDTH;
        for hash in kept {
            tree.push_upper(hash);
        }
        tree.edge = Frontier::load(covered, &Upper(&tree.upper))?;
        for row in sidecar.read(covered, size - covered)? {
            tree.append(row.leaf_hash);
        }
        Ok(tree)
    }

    fn push_upper(&mut self, hash: Hash) {
        let mut node = hash;
        for level in 0.. {
            if self.upper.len() == level {
                self.upper.push(Vec::new());
            }
            let Some(nodes) = self.upper.get_mut(level) else { return };
            nodes.push(node);
            let ([.., left, right], 0) = (nodes.as_slice(), nodes.len() % 2) else { return };
            node = crate::log::node_hash(left, right);
        }
    }

    /// Appends a leaf; gives the level-8 hash it completes, if any.
    pub(super) fn append(&mut self, leaf: Hash) -> Option<Hash> {
        let mut complete = None;
        self.tail.push(leaf);
        self.edge.append_with(leaf, |level, _, hash| {
            if level == KEPT_LEVEL {
                complete = Some(hash);
            }
        });
        if let Some(hash) = complete {
            self.push_upper(hash);
            self.tail.clear();
        }
        complete
    }

    /// How many level-8 hashes there are.
    pub(super) fn kept(&self) -> u64 {
        self.upper.first().map_or(0, |nodes| nodes.len() as u64)
    }

    /// The tree's edge.
    pub(super) const fn edge(&self) -> &Frontier {
        &self.edge
    }

    /// A hash of level 8 or above, or one within the leaves level 8 does not cover.
    pub(super) fn node(&self, level: u8, index: u64) -> Option<Hash> {
        if let Some(upper) = level.checked_sub(KEPT_LEVEL) {
            return self.upper.get(usize::from(upper))?.get(usize::try_from(index).ok()?).copied();
        }
        let first = (index << level).checked_sub(self.kept() * KEPT_WIDTH)?;
        let first = usize::try_from(first).ok()?;
        self.tail.get(first..first.checked_add(1 << level)?).map(root_of)
    }
}

/// Reads level 8 and above only; that is all the edge of a multiple of 256 leaves asks for.
struct Upper<'a>(&'a [Vec<Hash>]);

impl HashReader for Upper<'_> {
    type Error = StoreError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        let nodes = level.checked_sub(KEPT_LEVEL).and_then(|upper| self.0.get(usize::from(upper)));
        let node = nodes.zip(usize::try_from(index).ok()).and_then(|(nodes, at)| nodes.get(at)).copied();
        node.ok_or_else(|| StoreError::corrupt("logs", 0, format!("the hash {index} of level {level} is missing")))
    }
}
