//! The keys of the index, and the changes that records of the journal mean for it.
//!
//! ```text
//! N read 0 number         → log u32, index u64      R table id      → record
//! W read 0 number         → nothing; as N, of a number that was given in advance
//! A request id 16 account → answer                  D sequence u64  → at u64, audit row
//! S series                → next u64                L log list      → seed of a status list
//! C log list              → indexes handed out      X log list idx  → status
//! H                       → number u64 and link of the newest chained audit row
//! E number u64            → a row of the feed        F                → number u64 of the next
//! P log last u64          → first u64, note on entries
//! ```
//! Numbers inside keys are big-endian, so that order is order. A certificate number stands behind what it is read as, which
//! others may be read as too.

use super::index::Changes;
use super::record::{EntryRecord, StateRecord};
use crate::certificate::number_as_read;
use crate::log::Origin;
use crate::store::feed::{FeedEvent, FeedRow};
use crate::store::state::{AuditHead, AuditLink, AuditRow, RequestId, StateChange, Table, number_of_id};
use serde::{Deserialize, Serialize};

/// An answer as the index keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredAnswer {
    pub(super) body_digest: [u8; 32],
    pub(super) answer: Vec<u8>,
    pub(super) at_ms: u64,
    pub(super) entry: Option<(u32, u64)>,
}

fn key(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![kind];
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

/// All numbers of entries that are read as this one.
pub(super) fn numbers_like(number: &str) -> Vec<u8> {
    key(b'N', &[number_as_read(number).as_bytes(), &[0]])
}

pub(super) fn number(number: &str) -> Vec<u8> {
    [numbers_like(number).as_slice(), number.as_bytes()].concat()
}

/// All numbers given in advance that are read as this one.
pub(super) fn in_advance_like(number: &str) -> Vec<u8> {
    key(b'W', &[number_as_read(number).as_bytes(), &[0]])
}

/// All numbers whose reading begins so: of entries, and given in advance.
pub(super) fn numbers_read(read: &str) -> [Vec<u8>; 2] {
    [key(b'N', &[read.as_bytes()]), key(b'W', &[read.as_bytes()])]
}

/// The number that stands in a key of either.
pub(super) fn number_in(key: &[u8]) -> Option<&str> {
    let behind = key.iter().position(|byte| *byte == 0)?.checked_add(1)?;
    std::str::from_utf8(key.get(behind..)?).ok()
}

/// That a number was given in advance, or is not any more.
fn in_advance_change(number: &str, given: bool) -> (Vec<u8>, Option<Vec<u8>>) {
    ([in_advance_like(number).as_slice(), number.as_bytes()].concat(), given.then(Vec::new))
}

/// UUIDv7 first: answers lie by time, for sled's sake and for dropping the old ones.
pub(super) fn answer(account: &str, request_id: &RequestId) -> Vec<u8> {
    key(b'A', &[request_id, account.as_bytes()])
}

pub(super) const ANSWERS: &[u8] = b"A";
pub(super) const SERIES: &[u8] = b"S";

pub(super) fn series(series: &str) -> Vec<u8> {
    key(b'S', &[series.as_bytes()])
}

/// All lists of a log.
pub(super) fn lists(log: u32) -> Vec<u8> {
    key(b'L', &[&log.to_be_bytes()])
}

pub(super) fn list(log: u32, list: u32) -> Vec<u8> {
    key(b'L', &[&log.to_be_bytes(), &list.to_be_bytes()])
}

pub(super) fn allocated(log: u32, list: u32) -> Vec<u8> {
    key(b'C', &[&log.to_be_bytes(), &list.to_be_bytes()])
}

/// All statuses of a list.
pub(super) fn statuses(log: u32, list: u32) -> Vec<u8> {
    key(b'X', &[&log.to_be_bytes(), &list.to_be_bytes()])
}

pub(super) fn status(log: u32, list: u32, index: u32) -> Vec<u8> {
    key(b'X', &[&log.to_be_bytes(), &list.to_be_bytes(), &index.to_be_bytes()])
}

pub(super) fn records(table: Table) -> Vec<u8> {
    vec![b'R', table.byte()]
}

pub(super) fn record(table: Table, id: &[u8]) -> Vec<u8> {
    key(b'R', &[&[table.byte()], id])
}

pub(super) const AUDIT: &[u8] = b"D";

pub(super) fn audit(sequence: u64) -> Vec<u8> {
    key(b'D', &[&sequence.to_be_bytes()])
}

/// The newest chained row of the audit trail.
pub(super) const AUDIT_HEAD: &[u8] = b"H";

/// Before a chained row its link; no row of the time before began with this byte, they were JSON.
const LINKED: u8 = 1;

/// A row of the audit trail from its key and value.
pub(super) fn audit_row(key: &[u8], value: &[u8]) -> Option<AuditRow> {
    let number = u64::from_be_bytes(key.get(1..)?.try_into().ok()?);
    let (at_ms, row) = value.split_first_chunk::<8>()?;
    let at_ms = u64::from_be_bytes(*at_ms);
    let linked = row.split_first().filter(|(mark, _)| **mark == LINKED).and_then(|(_, row)| row.split_first_chunk());
    Some(match linked {
        Some((link, row)) => AuditRow { number, at_ms, link: Some(AuditLink(*link)), row: row.to_vec() },
        None => AuditRow { number, at_ms, link: None, row: row.to_vec() },
    })
}

/// The newest chained row from its value.
pub(super) fn audit_head(value: &[u8]) -> Option<AuditHead> {
    let (number, link) = value.split_first_chunk::<8>()?;
    Some(AuditHead { number: u64::from_be_bytes(*number), link: AuditLink(link.try_into().ok()?) })
}

/// Rows of the feed.
pub(super) const FEED: &[u8] = b"E";

/// The number of the next row of the feed.
pub(super) const FEED_NEXT: &[u8] = b"F";

pub(super) fn feed(number: u64) -> Vec<u8> {
    key(b'E', &[&number.to_be_bytes()])
}

/// A row of the feed from its key and value.
pub(super) fn feed_row(key: &[u8], value: &[u8]) -> Option<FeedRow> {
    let number = u64::from_be_bytes(key.get(1..)?.try_into().ok()?);
    let (at_ms, event): (u64, FeedEvent) = postcard::from_bytes(value).ok()?;
    Some(FeedRow { number, at_ms, event })
}

/// All notes on entries of a log.
pub(super) fn notes(log: u32) -> Vec<u8> {
    key(b'P', &[&log.to_be_bytes()])
}

/// By the last entry: the first key from an entry on is of the run that holds it.
pub(super) fn note(log: u32, last: u64) -> Vec<u8> {
    key(b'P', &[&log.to_be_bytes(), &last.to_be_bytes()])
}

pub(super) fn note_change(log: u32, (first, last): (u64, u64), text: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut value = first.to_be_bytes().to_vec();
    value.extend_from_slice(text);
    (note(log, last), Some(value))
}

/// The last four bytes of a key.
pub(super) fn last_u32(key: &[u8]) -> Option<u32> {
    key.last_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}

/// An entry, as a value.
pub(super) fn read_place(value: &[u8]) -> Option<(u32, u64)> {
    let (log, index) = value.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*log), u64::from_be_bytes(index.try_into().ok()?)))
}

fn place(log: u32, index: u64) -> Vec<u8> {
    let mut value = log.to_be_bytes().to_vec();
    value.extend_from_slice(&index.to_be_bytes());
    value
}

pub(super) fn number_change(text: &str, log: u32, index: u64) -> (Vec<u8>, Option<Vec<u8>>) {
    (number(text), Some(place(log, index)))
}

/// A chained row, and that it is the newest one.
pub(super) fn audit_changes(number: u64, at_ms: u64, link: &AuditLink, row: &[u8], to: &mut Changes) {
    let mut head = number.to_be_bytes().to_vec();
    head.extend_from_slice(&link.0);
    let mut value = at_ms.to_be_bytes().to_vec();
    value.push(LINKED);
    value.extend_from_slice(&link.0);
    value.extend_from_slice(row);
    to.push((audit(number), Some(value)));
    to.push((AUDIT_HEAD.to_vec(), Some(head)));
}

fn key_value(at_ms: u64, row: &[u8]) -> Vec<u8> {
    let mut value = at_ms.to_be_bytes().to_vec();
    value.extend_from_slice(row);
    value
}

/// What an entry record means for the index.
pub(super) fn entry_changes(record: &EntryRecord<'_>, sequence: u64, to: &mut Changes) {
    match record {
        EntryRecord::Leaf { number: Some(number), log, index, .. } => to.push(number_change(number, *log, *index)),
        EntryRecord::Audit { at_ms, row } => to.push((audit(sequence), Some(key_value(*at_ms, row)))),
        EntryRecord::ChainedAudit { number, at_ms, link, row } => audit_changes(*number, *at_ms, link, row, to),
        EntryRecord::Note { log, first, last, note } => to.push(note_change(*log, (*first, *last), note)),
        EntryRecord::Leaf { .. } | EntryRecord::Disclosures { .. } | EntryRecord::Erasure { .. } => {}
    }
}

/// What a state record means for the index. `log` gives the id of an open log.
pub(super) fn state_changes(
    record: &StateRecord,
    at_ms: u64,
    log: &dyn Fn(&Origin) -> Option<u32>,
    changes: &mut Changes,
) -> Option<()> {
    if let StateRecord::Fed { first, rows } = record {
        let mut next = *first;
        for event in rows {
            changes.push((feed(next), Some(postcard::to_stdvec(&(at_ms, event)).ok()?)));
            next = next.saturating_add(1);
        }
        changes.push((FEED_NEXT.to_vec(), Some(next.to_be_bytes().to_vec())));
    }
    match record {
        StateRecord::Sealed { table, id, record } => changes.push((self::record(*table, id), Some(record.clone()))),
        StateRecord::Unsealed { table, id, .. } => changes.push((self::record(*table, id), None)),
        _ => {}
    }
    let StateRecord::Change(change) = record else { return Some(()) };
    if let StateChange::RecordPut { table: Table::Number, id, .. }
    | StateChange::RecordRemoved { table: Table::Number, id } = change
        && let Some(number) = number_of_id(id)
    {
        changes.push(in_advance_change(number, matches!(change, StateChange::RecordPut { .. })));
    }
    let (key, value) = match change {
        // Logs are kept in memory, from the journal.
        StateChange::LogOpened { .. } => return Some(()),
        StateChange::SeriesAdvanced { series: name, next } => (series(name), Some(next.to_be_bytes().to_vec())),
        StateChange::RequestAnswered { account, request_id, body_digest, answer: text, entry } => {
            let entry = match entry {
                Some(entry) => Some((log(&entry.origin)?, entry.index)),
                None => None,
            };
            let stored = StoredAnswer { body_digest: *body_digest, answer: text.clone(), at_ms, entry };
            (answer(account, request_id), Some(postcard::to_stdvec(&stored).ok()?))
        }
        StateChange::StatusListOpened { origin, list: number, seed } => {
            (list(log(origin)?, *number), Some(seed.to_vec()))
        }
        StateChange::StatusAllocated { origin, list, count } => {
            (allocated(log(origin)?, *list), Some(count.to_be_bytes().to_vec()))
        }
        StateChange::StatusSet { origin, list, index, status: bits } => {
            (status(log(origin)?, *list, *index), Some(vec![*bits]))
        }
        StateChange::RecordPut { table, id, record: bytes } => (self::record(*table, id), Some(bytes.clone())),
        StateChange::RecordRemoved { table, id } => (self::record(*table, id), None),
        StateChange::NumberRecalled { number, entry } => number_change(number, log(&entry.origin)?, entry.index),
    };
    changes.push((key, value));
    Some(())
}
