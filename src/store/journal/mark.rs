//! How far the sidecars may be trusted: everything in entry segments before the marked one stands in
//! synced rows, so a start reads the segments from there on and not the whole log.

use super::disk::Disk;
use super::wire::Fields;
use crate::store::error::StoreError;

const NAME: &str = "logs/mark";
const MAGIC: &[u8; 8] = b"\x9fOXmar\r\n";

/// The mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// The entry segment to read from.
    pub(super) segment: u32,
    /// Synced rows of each log, by log id.
    pub(super) rows: Vec<u64>,
}

impl Mark {
    /// Reads the mark; none if there is none or it is damaged, for then everything is read.
    pub(super) fn read(disk: &dyn Disk) -> Result<Option<Self>, StoreError> {
        let failed = |e| StoreError::io(NAME, e);
        let Some(file) = disk.open(NAME).map_err(failed)? else { return Ok(None) };
        let mut bytes = vec![0; usize::try_from(file.length().map_err(failed)?).unwrap_or(0)];
        let read = file.read_at(&mut bytes, 0).map_err(failed)?;
        bytes.truncate(read);
        Ok(Self::parse(&bytes))
    }

    pub(super) fn write(&self, disk: &dyn Disk) -> Result<(), StoreError> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.segment.to_le_bytes());
        for rows in &self.rows {
            bytes.extend_from_slice(&rows.to_le_bytes());
        }
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        disk.replace(NAME, &bytes).map_err(|e| StoreError::io(NAME, e))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (content, crc) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(content) != u32::from_le_bytes(*crc) {
            return None;
        }
        let mut fields = Fields::new(content);
        if fields.array::<8>()? != *MAGIC {
            return None;
        }
        let segment = fields.u32()?;
        let mut rows = Vec::new();
        while fields.left() > 0 {
            rows.push(fields.u64()?);
        }
        Some(Self { segment, rows })
    }
}
