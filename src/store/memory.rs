//! The store in memory, for tests and simulators: simple, and independent of the journal, so that the
//! battery compares two answers and not one with itself. Nothing survives the process; nothing is sealed.

mod contract;

use super::batch::Present;
use super::entry::{Disclosures, EntryFacts, EntryRef, NewEntry, PublishedHead, Sealed};
use super::error::StoreError;
use super::feed::{EntryNote, FeedEvent, FeedRow};
use super::state::{Answer, AuditHead, AuditRow, RequestId, StateChange, StatusListState, Table, number_of_id};
use crate::certificate::number_as_read;
use crate::log::{Hash, HashReader, Origin, leaf_hash, node_hash};
use crate::statement::Jti;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    memory: Mutex<Memory>,
    news: watch::Sender<u64>,
    fed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Memory {
    logs: Vec<Log>,
    numbers: HashMap<String, EntryRef>,
    numbers_read: Readings,
    in_advance_read: Readings,
    answers: HashMap<(String, RequestId), Answer>,
    series: HashMap<String, u64>,
    lists: BTreeMap<(Origin, u32), StatusListState>,
    records: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
    audit: Vec<AuditRow>,
    notes: Vec<EntryNote>,
    feed: Vec<FeedRow>,
    now_ms: u64,
    failing: Option<String>,
    poisoned: Option<String>,
}

/// Numbers, each behind what it is read as.
#[derive(Debug, Default)]
struct Readings(BTreeSet<(String, String)>);

impl Readings {
    fn put(&mut self, number: &str) {
        self.0.insert((number_as_read(number), number.to_owned()));
    }

    fn remove(&mut self, number: &str) {
        self.0.remove(&(number_as_read(number), number.to_owned()));
    }

    fn highest(&self, read: &str, serial: &dyn Fn(&str) -> Option<u64>) -> Option<u64> {
        let begin = self.0.range((read.to_owned(), String::new())..);
        begin.take_while(|(one, _)| one.starts_with(read)).filter_map(|(_, number)| serial(number)).max()
    }

    fn like(&self, number: &str) -> Option<String> {
        let read = number_as_read(number);
        let first = self.0.range((read.clone(), String::new())..).next();
        first.filter(|(one, _)| *one == read).map(|(_, number)| number.clone())
    }
}

#[derive(Debug)]
struct Log {
    origin: Origin,
    addressee: String,
    entries: Vec<Entry>,
    head: Option<PublishedHead>,
}

#[derive(Debug)]
struct Entry {
    jti: Jti,
    status_index: Option<u32>,
    leaf: Bytes,
    disclosures: Disclosures,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the next write fail as a failed disk would: the writer stops until the store is reloaded.
    pub fn fail_next_write(&self, why: &str) {
        self.lock().failing = Some(why.to_owned());
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn audit_head(&self) -> Option<AuditHead> {
        self.audit.last().and_then(|row| Some(AuditHead { number: row.number, link: row.link? }))
    }

    fn tell(&mut self, event: FeedEvent) {
        let number = self.feed.last().map_or(1, |row| row.number.saturating_add(1));
        self.feed.push(FeedRow { number, at_ms: self.now_ms, event });
    }

    fn log(&self, origin: &Origin) -> Option<&Log> {
        self.logs.iter().find(|log| &log.origin == origin)
    }

    fn log_mut(&mut self, origin: &Origin) -> Result<&mut Log, StoreError> {
        let unknown = || StoreError::UnknownLog(origin.clone());
        self.logs.iter_mut().find(|log| &log.origin == origin).ok_or_else(unknown)
    }

    fn published(&self, origin: &Origin, index: u64) -> Option<&Entry> {
        self.log(origin).filter(|log| index < log.published())?.entry(index)
    }

    fn is_published(&self, at: &EntryRef) -> bool {
        self.published(&at.origin, at.index).is_some()
    }

    fn usable(&self) -> Result<(), StoreError> {
        self.poisoned.as_ref().map_or(Ok(()), |why| Err(StoreError::Poisoned(why.clone())))
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let Some(why) = self.failing.take() else { return Ok(()) };
        self.poisoned = Some(why.clone());
        Err(StoreError::io("memory", std::io::Error::other(why)))
    }

    fn apply(&mut self, change: StateChange, at_ms: u64) -> Result<(), StoreError> {
        match change {
            StateChange::LogOpened { origin, addressee } => {
                self.logs.push(Log { origin, addressee, entries: Vec::new(), head: None });
            }
            StateChange::SeriesAdvanced { series, next } => {
                self.series.insert(series, next);
            }
            StateChange::RequestAnswered { account, request_id, body_digest, answer, entry } => {
                let answer = Answer { body_digest, answer, at_ms, entry, published: false };
                self.answers.insert((account, request_id), answer);
            }
            StateChange::StatusListOpened { origin, list, seed } => {
                let state = StatusListState { list, seed, allocated: 0, set: Vec::new() };
                self.lists.insert((origin, list), state);
            }
            StateChange::StatusAllocated { origin, list, count } => self.list_mut(origin, list)?.allocated = count,
            StateChange::StatusSet { origin, list, index, status } => {
                let set = &mut self.list_mut(origin, list)?.set;
                set.retain(|(i, _)| *i != index);
                set.push((index, status));
                set.sort_unstable();
            }
            StateChange::RecordPut { table, id, record } => {
                if let Some(number) = number_of_id(&id).filter(|_| table == Table::Number) {
                    self.in_advance_read.put(number);
                }
                self.records.insert((table, id), record);
            }
            StateChange::RecordRemoved { table, id } => {
                if let Some(number) = number_of_id(&id).filter(|_| table == Table::Number) {
                    self.in_advance_read.remove(number);
                }
                self.records.remove(&(table, id));
            }
            StateChange::NumberRecalled { number, entry } => {
                self.numbers_read.put(&number);
                self.numbers.insert(number, entry);
            }
        }
        Ok(())
    }

    fn list_mut(&mut self, origin: Origin, list: u32) -> Result<&mut StatusListState, StoreError> {
        let unknown = StoreError::BadBatch(format!("status list {list} of log {origin} is not open"));
        self.lists.get_mut(&(origin, list)).ok_or(unknown)
    }

    fn append(&mut self, entry: NewEntry) -> Result<(), StoreError> {
        let disclosures = entry.disclosures.map_or(Ok(Disclosures::None), |sealed| unsealed(&sealed))?;
        if let Some(number) = entry.number {
            self.numbers_read.put(&number);
            self.numbers.insert(number, EntryRef { origin: entry.origin.clone(), index: entry.index });
        }
        let stored = Entry { jti: entry.jti, status_index: entry.status_index, leaf: entry.leaf, disclosures };
        self.log_mut(&entry.origin)?.entries.push(stored);
        Ok(())
    }

    fn disclose(&mut self, sealed: &Sealed) -> Result<(), StoreError> {
        let absent = || StoreError::NoEntry { origin: sealed.origin.clone(), index: sealed.index };
        let entries = &mut self.log_mut(&sealed.origin)?.entries;
        let entry = usize::try_from(sealed.index).ok().and_then(|at| entries.get_mut(at)).ok_or_else(absent)?;
        entry.disclosures = unsealed(sealed)?;
        Ok(())
    }
}

fn unsealed(sealed: &Sealed) -> Result<Disclosures, StoreError> {
    let disclosures = postcard::from_bytes(&sealed.bytes).map_err(|e| StoreError::BadBatch(e.to_string()))?;
    Ok(Disclosures::Present(disclosures))
}

impl Log {
    fn published(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.head.size)
    }

    fn durable(&self) -> u64 {
        self.entries.len() as u64
    }

    fn entry(&self, index: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(index).ok()?)
    }
}

impl Entry {
    fn facts(&self) -> EntryFacts {
        EntryFacts { jti: self.jti, status_index: self.status_index, leaf_hash: leaf_hash(&self.leaf) }
    }
}

/// Every hash is computed from the leaves each time: slow, and beyond doubt.
impl HashReader for Log {
    type Error = StoreError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        match level.checked_sub(1) {
            None => match self.entry(index) {
                Some(entry) => Ok(leaf_hash(&entry.leaf)),
                None => Err(StoreError::NoEntry { origin: self.origin.clone(), index }),
            },
            Some(below) => {
                let left = index.saturating_mul(2);
                Ok(node_hash(&self.node(below, left)?, &self.node(below, left.saturating_add(1))?))
            }
        }
    }
}

impl Present for Memory {
    fn log_end(&self, origin: &Origin) -> Option<(u64, Option<Jti>)> {
        self.log(origin).map(|log| (log.durable(), log.entries.last().map(|entry| entry.jti)))
    }

    fn number_taken(&self, number: &str) -> Result<bool, StoreError> {
        Ok(self.numbers.contains_key(number))
    }

    fn record_now(&self, table: Table, id: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.records.get(&(table, id.to_vec())).cloned())
    }

    fn has_answer(&self, account: &str, request_id: &RequestId) -> Result<bool, StoreError> {
        Ok(self.answers.contains_key(&(account.to_owned(), *request_id)))
    }

    fn has_disclosures(&self, origin: &Origin, index: u64) -> Result<bool, StoreError> {
        let entry = self.log(origin).and_then(|log| log.entry(index));
        Ok(entry.is_some_and(|entry| entry.disclosures != Disclosures::None))
    }

    fn list_open(&self, origin: &Origin, list: u32) -> Result<bool, StoreError> {
        Ok(self.lists.contains_key(&(origin.clone(), list)))
    }
}
