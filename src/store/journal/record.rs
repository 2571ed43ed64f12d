//! What stands in the payloads of the two record classes.
//!
//! ```text
//! entries   1 leaf        log u32, index u64, jti 16, status index u32, number u8 + text, leaf u16 + bytes
//!           2 disclosures log u32, index u64, sealed u32 + bytes
//!           3 audit row   at u64 (Unix ms), row u32 + bytes
//!           4 erasure     log u32, index u64, at u64 (Unix ms)
//!           5 chained audit row   number u64, at u64 (Unix ms), link 32, row u32 + bytes; 3 is what it was before
//!           6 note          log u32, first u64, last u64, note u16 + bytes
//! state     format u8, kind u8, at u64 (Unix ms), [segment u32, offset u32, length u32, crc u32 of the entry
//!           half, if kind says so], then the records (postcard)
//! ```

use super::wire::{Fields, length32};
use crate::log::{Origin, TreeHead};
use crate::statement::Jti;
use crate::store::entry::NewEntry;
use crate::store::error::StoreError;
use crate::store::feed::{EntryNote, FeedEvent};
use crate::store::state::{AuditLink, StateChange, Table};
use serde::{Deserialize, Serialize};

const LEAF: u8 = 1;
const DISCLOSURES: u8 = 2;
const AUDIT: u8 = 3;
const ERASURE: u8 = 4;
const CHAINED_AUDIT: u8 = 5;
const NOTE: u8 = 6;
/// No status index.
pub(super) const NO_STATUS: u32 = u32::MAX;

/// A record of the entries class, borrowed from a payload. Offsets count from the payload's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryRecord<'a> {
    Leaf { log: u32, index: u64, jti: Jti, status: u32, number: Option<&'a str>, leaf: &'a [u8], offset: usize },
    Disclosures { log: u32, index: u64, sealed: &'a [u8], offset: usize },
    Audit { at_ms: u64, row: &'a [u8] },
    ChainedAudit { number: u64, at_ms: u64, link: AuditLink, row: &'a [u8] },
    Erasure { log: u32, index: u64, at_ms: u64 },
    Note { log: u32, first: u64, last: u64, note: &'a [u8] },
}

/// Appends a leaf; gives the offset of its bytes in `to`.
pub(super) fn put_leaf(to: &mut Vec<u8>, log: u32, entry: &NewEntry) -> usize {
    to.push(LEAF);
    to.extend_from_slice(&log.to_le_bytes());
    to.extend_from_slice(&entry.index.to_le_bytes());
    to.extend_from_slice(&entry.jti.0);
    to.extend_from_slice(&entry.status_index.unwrap_or(NO_STATUS).to_le_bytes());
    let number = entry.number.as_deref().unwrap_or_default().as_bytes();
    to.push(u8::try_from(number.len()).unwrap_or(u8::MAX));
    to.extend_from_slice(number);
    to.extend_from_slice(&u16::try_from(entry.leaf.len()).unwrap_or(u16::MAX).to_le_bytes());
    let offset = to.len();
    to.extend_from_slice(&entry.leaf);
    offset
}

/// Appends sealed disclosures; gives the offset of their bytes in `to`.
pub(super) fn put_disclosures(to: &mut Vec<u8>, log: u32, index: u64, sealed: &[u8]) -> usize {
    to.push(DISCLOSURES);
    to.extend_from_slice(&log.to_le_bytes());
    to.extend_from_slice(&index.to_le_bytes());
    to.extend_from_slice(&length32(sealed.len()).to_le_bytes());
    let offset = to.len();
    to.extend_from_slice(sealed);
    offset
}

/// Appends a chained row of the audit trail.
pub(super) fn put_audit(to: &mut Vec<u8>, number: u64, at_ms: u64, link: &AuditLink, row: &[u8]) {
    to.push(CHAINED_AUDIT);
    to.extend_from_slice(&number.to_le_bytes());
    to.extend_from_slice(&at_ms.to_le_bytes());
    to.extend_from_slice(&link.0);
    to.extend_from_slice(&length32(row.len()).to_le_bytes());
    to.extend_from_slice(row);
}

/// Appends an erasure.
pub(super) fn put_erasure(to: &mut Vec<u8>, log: u32, index: u64, at_ms: u64) {
    to.push(ERASURE);
    to.extend_from_slice(&log.to_le_bytes());
    to.extend_from_slice(&index.to_le_bytes());
    to.extend_from_slice(&at_ms.to_le_bytes());
}

/// Appends a note on entries.
pub(super) fn put_note(to: &mut Vec<u8>, log: u32, note: &EntryNote) {
    to.push(NOTE);
    to.extend_from_slice(&log.to_le_bytes());
    to.extend_from_slice(&note.first.to_le_bytes());
    to.extend_from_slice(&note.last.to_le_bytes());
    to.extend_from_slice(&u16::try_from(note.note.len()).unwrap_or(u16::MAX).to_le_bytes());
    to.extend_from_slice(&note.note);
}

/// Reads the records of a payload one after the other.
pub(super) struct EntryRecords<'a> {
    fields: Fields<'a>,
    length: usize,
}

impl<'a> EntryRecords<'a> {
    pub(super) const fn new(payload: &'a [u8]) -> Self {
        Self { fields: Fields::new(payload), length: payload.len() }
    }

    fn read(&mut self) -> Option<EntryRecord<'a>> {
        let length = self.length;
        let fields = &mut self.fields;
        Some(match fields.u8()? {
            LEAF => {
                let (log, index, jti, status) = (fields.u32()?, fields.u64()?, Jti(fields.array()?), fields.u32()?);
                let number = usize::from(fields.u8()?);
                let number = std::str::from_utf8(fields.bytes(number)?).ok()?;
                let leaf = usize::from(fields.u16()?);
                let offset = length - fields.left();
                let number = (!number.is_empty()).then_some(number);
                EntryRecord::Leaf { log, index, jti, status, number, leaf: fields.bytes(leaf)?, offset }
            }
            DISCLOSURES => {
                let (log, index, sealed) = (fields.u32()?, fields.u64()?, usize::try_from(fields.u32()?).ok()?);
                let offset = length - fields.left();
                EntryRecord::Disclosures { log, index, sealed: fields.bytes(sealed)?, offset }
            }
            AUDIT => {
                let (at_ms, row) = (fields.u64()?, usize::try_from(fields.u32()?).ok()?);
                EntryRecord::Audit { at_ms, row: fields.bytes(row)? }
            }
            CHAINED_AUDIT => {
                let (number, at_ms, link) = (fields.u64()?, fields.u64()?, AuditLink(fields.array()?));
                let row = usize::try_from(fields.u32()?).ok()?;
                EntryRecord::ChainedAudit { number, at_ms, link, row: fields.bytes(row)? }
            }
            NOTE => {
                let (log, first, last) = (fields.u32()?, fields.u64()?, fields.u64()?);
                let note = usize::from(fields.u16()?);
                EntryRecord::Note { log, first, last, note: fields.bytes(note)? }
            }
            ERASURE => EntryRecord::Erasure { log: fields.u32()?, index: fields.u64()?, at_ms: fields.u64()? },
            _ => return None,
        })
    }
}

/// `None` inside means bytes that no version wrote.
impl<'a> Iterator for EntryRecords<'a> {
    type Item = Option<EntryRecord<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        (self.fields.left() > 0).then(|| {
            let record = self.read();
            if record.is_none() {
                self.fields = Fields::new(&[]);
            }
            record
        })
    }
}

/// A record of the state class. The order of variants and fields is the format on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum StateRecord {
    /// A change that a batch brought.
    Change(StateChange),
    /// A head was signed.
    Head { origin: Origin, head: TreeHead, note: String },
    /// An older segment is still kept for the answers in it, the newest of that age.
    Kept { ordinal: u32, newest_answer_ms: u64 },
    /// The place in the entries class up to which batches are told of in older segments.
    Entries { segment: u32, offset: u64 },
    /// Rows of the feed, numbered from `first`; none in a snapshot, which says with what number they go on.
    Fed { first: u64, rows: Vec<FeedEvent> },
    /// A record of a sealed table is put, as [`super::keys::Keys::seal_record`] sealed it.
    Sealed { table: Table, id: Vec<u8>, record: Vec<u8> },
    /// A record of a sealed table is taken out, and the key that it was under with it.
    Unsealed { table: Table, id: Vec<u8>, slot: u64 },
}

/// Where the entry half of a batch stands; the batch counts only with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EntryHalf {
    pub(super) segment: u32,
    pub(super) offset: u32,
    pub(super) length: u32,
    pub(super) crc: u32,
}

/// A state batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StateBatch {
    pub(super) at_ms: u64,
    pub(super) snapshot: bool,
    pub(super) half: Option<EntryHalf>,
    pub(super) records: Vec<StateRecord>,
}

/// Bytes that no version wrote.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unreadable;

const STATE_FORMAT: u8 = 1;
const WITH_HALF: u8 = 1;
const SNAPSHOT: u8 = 2;

impl StateBatch {
    pub(super) fn put(&self, to: &mut Vec<u8>) -> Result<(), StoreError> {
        let kind = if self.half.is_some() { WITH_HALF } else { 0 } | if self.snapshot { SNAPSHOT } else { 0 };
        to.extend_from_slice(&[STATE_FORMAT, kind]);
        to.extend_from_slice(&self.at_ms.to_le_bytes());
        if let Some(half) = &self.half {
            for field in [half.segment, half.offset, half.length, half.crc] {
                to.extend_from_slice(&field.to_le_bytes());
            }
        }
        let records = postcard::to_stdvec(&self.records).map_err(|e| StoreError::BadBatch(e.to_string()))?;
        to.extend_from_slice(&records);
        Ok(())
    }

    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let (at_ms, snapshot, half, rest) = Self::front(payload)?;
        let (records, rest) = postcard::take_from_bytes(rest).ok()?;
        rest.is_empty().then_some(Self { at_ms, snapshot, half, records })
    }

    /// Only where the entry half stands.
    pub(super) fn read_half(payload: &[u8]) -> Result<Option<EntryHalf>, Unreadable> {
        Self::front(payload).map(|(_, _, half, _)| half).ok_or(Unreadable)
    }

    fn front(payload: &[u8]) -> Option<(u64, bool, Option<EntryHalf>, &[u8])> {
        let mut fields = Fields::new(payload);
        let (format, kind, at_ms) = (fields.u8()?, fields.u8()?, fields.u64()?);
        if format != STATE_FORMAT || kind & !(WITH_HALF | SNAPSHOT) != 0 {
            return None;
        }
        let half = if kind & WITH_HALF == 0 {
            None
        } else {
            let (segment, offset) = (fields.u32()?, fields.u32()?);
            Some(EntryHalf { segment, offset, length: fields.u32()?, crc: fields.u32()? })
        };
        Some((at_ms, kind & SNAPSHOT != 0, half, fields.bytes(fields.left())?))
    }
}
