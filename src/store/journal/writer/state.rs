//! What the state half keeps and for how long: new segments begin with a snapshot, old ones go when their answers have.

use super::{EXPIRE_AT_ONCE, Writer};
use crate::store::error::StoreError;
use crate::store::journal::core::Core;
use crate::store::journal::frame::{Class, FrameBuilder};
use crate::store::journal::index::Changes;
use crate::store::journal::keys::slot_of;
use crate::store::journal::keyspace::{self, StoredAnswer};
use crate::store::journal::logs::Log;
use crate::store::journal::record::{StateBatch, StateRecord};
use crate::store::journal::segment;
use crate::store::state::{ANSWERS_KEPT_MS, REQUEST_AHEAD_MS, StateChange, Table};
use std::collections::HashMap;

impl Core {
    /// Looks for old answers without the writer's turn, for an answer never changes; each page that has some
    /// takes a turn, so that no batch waits for the whole sweep.
    pub(in crate::store::journal) fn expire(&self, now_ms: u64) -> Result<u64, StoreError> {
        let before = now_ms.saturating_sub(ANSWERS_KEPT_MS + REQUEST_AHEAD_MS);
        let mut expired = 0;
        let mut from = Some(keyspace::ANSWERS.to_vec());
        while let Some(start) = from {
            let (changes, next) = self.old_answers(&start, before)?;
            expired += changes.len() as u64;
            if !changes.is_empty() {
                self.write(|writer| {
                    self.hand_changes(writer, changes);
                    Ok(())
                })?;
            }
            from = next;
        }
        self.expire_feed(now_ms)?;
        self.write(|writer| {
            while let Some((ordinal, newest)) = writer.kept.first().copied()
                && newest < before
            {
                let name = segment::name(Class::State, ordinal);
                self.parts.disk.remove(&name).map_err(|e| StoreError::io(&name, e))?;
                writer.kept.remove(0);
            }
            Ok(expired)
        })
    }

    /// The answers given before a moment, of one page from `start` on, and where the next page starts.
    fn old_answers(&self, start: &[u8], before: u64) -> Result<(Changes, Option<Vec<u8>>), StoreError> {
        let page = self.state.scan(keyspace::ANSWERS, start, EXPIRE_AT_ONCE)?;
        let full = page.len() == EXPIRE_AT_ONCE;
        // The place behind a key is the key and a zero.
        let next = page.last().filter(|_| full).map(|(key, _)| key.iter().copied().chain([0]).collect());
        let mut changes = Changes::new();
        for (key, value) in page {
            // A UUIDv7 begins with its time, and none further ahead is taken: from here on no answer can
            // be old.
            let made = key.get(1..7).map_or(0, |ms| ms.iter().fold(0, |ms, byte| ms << 8 | u64::from(*byte)));
            if made > before.saturating_add(REQUEST_AHEAD_MS) {
                return Ok((changes, None));
            }
            let stored: StoredAnswer = postcard::from_bytes(&value).map_err(|_| self.unreadable("an answer"))?;
            if stored.at_ms < before {
                changes.push((key, None));
            }
        }
        Ok((changes, next))
    }

    /// Changes as they are written: what goes into a sealed table is sealed, and with what goes out of it goes its key.
    /// Those are given beside them.
    pub(super) fn sealed(&self, changes: Vec<StateChange>) -> Result<(Vec<StateRecord>, Vec<u64>), StoreError> {
        let (mut records, mut erased) = (Vec::with_capacity(changes.len()), Vec::new());
        // What this batch did itself with a place, which the index has not got yet.
        let mut here = HashMap::new();
        let slot =
            |here: &HashMap<(Table, Vec<u8>), Option<u64>>, table, id: &Vec<u8>| match here.get(&(table, id.clone())) {
                Some(slot) => Ok::<_, StoreError>(*slot),
                None => Ok(self.state.get(&keyspace::record(table, id))?.and_then(|record| slot_of(&record))),
            };
        for change in changes {
            records.push(match change {
                StateChange::RecordPut { table, id, record } if table.is_sealed() => {
                    let record = self.parts.keys.seal_record((table, &id), slot(&here, table, &id)?, &record)?;
                    here.insert((table, id.clone()), slot_of(&record));
                    StateRecord::Sealed { table, id, record }
                }
                StateChange::RecordRemoved { table, id } if table.is_sealed() => match slot(&here, table, &id)? {
                    Some(slot) => {
                        erased.push(slot);
                        here.insert((table, id.clone()), None);
                        StateRecord::Unsealed { table, id, slot }
                    }
                    None => StateRecord::Change(StateChange::RecordRemoved { table, id }),
                },
                other => StateRecord::Change(other),
            });
        }
        Ok((records, erased))
    }

    /// Begins a state segment with everything that is mutable, answers and large tables apart: those stay in the older
    /// segments, answers until they expire, so that a snapshot costs by what an authority has, not by what it does.
    pub(super) fn roll_state(&self, writer: &mut Writer) -> Result<(), StoreError> {
        let mut kept = writer.kept.clone();
        kept.push((writer.state.ordinal, writer.newest_answer_ms));
        let mut records: Vec<StateRecord> =
            kept.iter().map(|&(ordinal, newest_answer_ms)| StateRecord::Kept { ordinal, newest_answer_ms }).collect();
        records.push(StateRecord::Entries { segment: writer.entries.ordinal, offset: writer.entries.offset });
        {
            let logs = self.logs();
            records.extend(logs.all().iter().flat_map(log_records));
        }
        self.snapshot_state(&mut records)?;
        // The numbers of the feed go on though all its rows be gone with their segments.
        records.push(StateRecord::Fed { first: self.feed_next()?, rows: Vec::new() });
        let batch = StateBatch { at_ms: writer.newest_ms, snapshot: true, half: None, records };
        let mut frame = FrameBuilder::with_capacity(4096);
        batch.put(frame.bytes())?;
        writer.state.roll(&*self.parts.disk, &*self.parts.random, Some(frame))?;
        writer.kept = kept;
        writer.newest_answer_ms = 0;
        Ok(())
    }

    fn snapshot_state(&self, records: &mut Vec<StateRecord>) -> Result<(), StoreError> {
        let change = |change| StateRecord::Change(change);
        for (key, _) in self.state.scan(keyspace::SERIES, keyspace::SERIES, usize::MAX)? {
            let series = String::from_utf8_lossy(key.get(1..).unwrap_or_default()).into_owned();
            let next = self.series_next(&series)?;
            records.push(change(StateChange::SeriesAdvanced { series, next }));
        }
        for origin in self.origins() {
            for state in self.status_lists(&origin)? {
                let (list, seed, count) = (state.list, state.seed, state.allocated);
                records.push(change(StateChange::StatusListOpened { origin: origin.clone(), list, seed }));
                records.push(change(StateChange::StatusAllocated { origin: origin.clone(), list, count }));
                records.extend(state.set.into_iter().map(|(index, status)| {
                    change(StateChange::StatusSet { origin: origin.clone(), list, index, status })
                }));
            }
        }
        for table in Table::ALL.into_iter().filter(|table| !table.is_large()) {
            for (id, record) in self.records_under(table, &[], usize::MAX)? {
                records.push(change(StateChange::RecordPut { table, id, record }));
            }
        }
        Ok(())
    }
}

fn log_records(log: &Log) -> Vec<StateRecord> {
    let opened = StateChange::LogOpened { origin: log.origin.clone(), addressee: log.addressee.clone() };
    let mut records = vec![StateRecord::Change(opened)];
    if let Some(head) = &log.head {
        records.push(StateRecord::Head { origin: log.origin.clone(), head: head.head, note: head.note.clone() });
    }
    records
}
