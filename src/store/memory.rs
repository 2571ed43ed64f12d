//! The store in memory, for tests and simulators: simple, and independent of the journal, so that the
//! battery compares two answers and not one with itself. Nothing survives the process; nothing is sealed.

use super::batch::{Batch, Committed, Present, admit, check_note};
use super::contract::{Secret, SignHead, Store};
use super::entry::{Disclosures, DurableEntry, EntryFacts, EntryRef, NewEntry, PublishedHead, Sealed};
use super::error::StoreError;
use super::feed::{EntryNote, FEED_KEPT_MS, FeedEvent, FeedRow};
use super::state::{
    ANSWERS_KEPT_MS, Answer, AuditHead, AuditRow, REQUEST_AHEAD_MS, Records, RequestId, StateChange, StatusListState,
    Table, number_of_id,
};
use crate::certificate::number_as_read;
use crate::log::{Extension, Hash, HashReader, Origin, leaf_hash, node_hash, root};
use crate::statement::Jti;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::{Bound, Range};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use zeroize::Zeroizing;

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

impl Store for MemoryStore {
    fn seal(&self, origin: &Origin, index: u64, disclosures: &[String]) -> Result<Sealed, StoreError> {
        let bytes = postcard::to_stdvec(disclosures).map_err(|e| StoreError::BadBatch(e.to_string()))?;
        Ok(Sealed { origin: origin.clone(), index, bytes })
    }

    fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        let tells = batch.tells_news();
        let mut memory = self.lock();
        memory.usable()?;
        admit(&batch, &*memory)?;
        memory.write()?;
        for change in batch.state {
            memory.apply(change, batch.at_ms)?;
        }
        let mut durable = BTreeMap::new();
        for entry in batch.entries {
            durable.insert(entry.origin.clone(), entry.index.saturating_add(1));
            memory.append(entry)?;
        }
        for sealed in &batch.late {
            memory.disclose(sealed)?;
        }
        for row in batch.audit {
            let (_, row) = AuditHead::follow(memory.audit_head(), 0, batch.at_ms, row);
            memory.audit.push(row);
        }
        memory.now_ms = memory.now_ms.max(batch.at_ms);
        memory.notes.extend(batch.notes);
        let feeds = !batch.feed.is_empty();
        batch.feed.into_iter().for_each(|row| memory.tell(FeedEvent::Told(row)));
        drop(memory);
        if tells {
            self.news.send_modify(|count| *count = count.wrapping_add(1));
        }
        if feeds {
            self.fed.send_modify(|count| *count = count.wrapping_add(1));
        }
        Ok(Committed { durable: durable.into_iter().collect() })
    }

    fn advance(&self, extensions: Vec<Extension>, sign: SignHead<'_>) -> Result<(), StoreError> {
        let mut memory = self.lock();
        memory.usable()?;
        let mut heads = Vec::new();
        for extension in &extensions {
            let (origin, head) = (&extension.checkpoint().origin, extension.checkpoint().head);
            let log = memory.log(origin).ok_or_else(|| StoreError::UnknownLog(origin.clone()))?;
            if extension.previous() != log.head.as_ref().map(|published| published.head) {
                let expected = extension.previous().map_or(0, |previous| previous.size);
                return Err(StoreError::HeadMoved { origin: origin.clone(), expected, signed: log.published() });
            }
            if head.size > log.durable() {
                return Err(StoreError::NotDurable { origin: origin.clone(), size: head.size, durable: log.durable() });
            }
            if root(head.size, log)? != head.root {
                memory.poisoned = Some(format!("log {origin}: a root that is not of its entries"));
                return Err(StoreError::RootDiffers { origin: origin.clone(), size: head.size });
            }
            heads.push((origin, head));
        }
        let notes = extensions.iter().map(sign).collect::<Result<Vec<_>, _>>()?;
        for (extension, note) in extensions.iter().zip(&notes) {
            check_note(extension, note)?;
        }
        memory.write()?;
        for ((origin, head), note) in heads.into_iter().zip(notes) {
            let to = head.size;
            let before = memory.log_mut(origin)?.head.replace(PublishedHead { head, note });
            let from = before.map_or(0, |before| before.head.size);
            memory.tell(FeedEvent::Published { origin: origin.clone(), from, to });
        }
        drop(memory);
        self.news.send_modify(|count| *count = count.wrapping_add(1));
        self.fed.send_modify(|count| *count = count.wrapping_add(1));
        Ok(())
    }

    fn erase(&self, origin: &Origin, index: u64, _at_ms: u64) -> Result<(), StoreError> {
        let mut memory = self.lock();
        memory.usable()?;
        let absent = || StoreError::NoEntry { origin: origin.clone(), index };
        memory.published(origin, index).ok_or_else(absent)?;
        memory.write()?;
        let entries = &mut memory.log_mut(origin)?.entries;
        let entry = usize::try_from(index).ok().and_then(|i| entries.get_mut(i)).ok_or_else(absent)?;
        if entry.disclosures != Disclosures::None {
            entry.disclosures = Disclosures::Erased;
        }
        Ok(())
    }

    fn expire(&self, now_ms: u64) -> Result<u64, StoreError> {
        let mut memory = self.lock();
        memory.usable()?;
        let before = memory.answers.len();
        let kept = ANSWERS_KEPT_MS + REQUEST_AHEAD_MS;
        memory.answers.retain(|_, answer| now_ms.saturating_sub(answer.at_ms) <= kept);
        let old = memory.feed.iter().take_while(|row| now_ms.saturating_sub(row.at_ms) > FEED_KEPT_MS).count();
        let newest = memory.feed.len().saturating_sub(1);
        memory.feed.drain(..old.min(newest));
        Ok((before - memory.answers.len()) as u64)
    }

    fn reload(&self) -> Result<(), StoreError> {
        self.lock().poisoned = None;
        Ok(())
    }

    fn poisoned(&self) -> Option<String> {
        self.lock().poisoned.clone()
    }

    fn logs(&self) -> Vec<Origin> {
        self.lock().logs.iter().map(|log| log.origin.clone()).collect()
    }

    fn addressee(&self, origin: &Origin) -> Option<String> {
        self.lock().log(origin).map(|log| log.addressee.clone())
    }

    fn durable_size(&self, origin: &Origin) -> u64 {
        self.lock().log(origin).map_or(0, Log::durable)
    }

    fn durable_entry(&self, origin: &Origin, index: u64) -> Result<Option<DurableEntry>, StoreError> {
        let memory = self.lock();
        let entry = memory.log(origin).and_then(|log| log.entry(index));
        Ok(entry.map(|entry| DurableEntry { facts: entry.facts(), leaf: entry.leaf.clone() }))
    }

    fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    fn head(&self, origin: &Origin) -> Option<PublishedHead> {
        self.lock().log(origin).and_then(|log| log.head.clone())
    }

    fn leaf(&self, origin: &Origin, index: u64) -> Result<Option<Bytes>, StoreError> {
        Ok(self.lock().published(origin, index).map(|entry| entry.leaf.clone()))
    }

    fn leaves(&self, origin: &Origin, range: Range<u64>, max_bytes: usize) -> Result<Vec<Bytes>, StoreError> {
        let memory = self.lock();
        let mut leaves = Vec::new();
        let mut bytes = 0_usize;
        for entry in range.map_while(|index| memory.published(origin, index)) {
            bytes = bytes.saturating_add(entry.leaf.len());
            if bytes > max_bytes && !leaves.is_empty() {
                break;
            }
            leaves.push(entry.leaf.clone());
        }
        Ok(leaves)
    }

    fn facts(&self, origin: &Origin, index: u64) -> Result<Option<EntryFacts>, StoreError> {
        Ok(self.lock().published(origin, index).map(Entry::facts))
    }

    fn disclosures(&self, origin: &Origin, index: u64) -> Result<Option<Disclosures>, StoreError> {
        Ok(self.lock().published(origin, index).map(|entry| entry.disclosures.clone()))
    }

    fn secret(&self, origin: &Origin, index: u64, purpose: &str) -> Result<Option<Secret>, StoreError> {
        let Some(Disclosures::Present(disclosures)) = self.disclosures(origin, index)? else { return Ok(None) };
        // Nothing is sealed here: the salts are what nobody knows.
        let mut hash = Sha256::new_with_prefix(purpose);
        for disclosure in &disclosures {
            hash.update(disclosure);
        }
        let secret: [u8; 32] = hash.finalize().into();
        Ok(Some(Zeroizing::new(secret)))
    }

    fn node(&self, origin: &Origin, level: u8, index: u64) -> Result<Hash, StoreError> {
        let memory = self.lock();
        let log = memory.log(origin).ok_or_else(|| StoreError::UnknownLog(origin.clone()))?;
        let end = 1_u64.checked_shl(level.into()).and_then(|width| width.checked_mul(index.checked_add(1)?));
        match end {
            Some(end) if end <= log.published() => log.node(level, index),
            _ => Err(StoreError::NoEntry { origin: origin.clone(), index: end.unwrap_or(u64::MAX) }),
        }
    }

    fn find(&self, jti: &Jti) -> Result<Option<EntryRef>, StoreError> {
        let memory = self.lock();
        Ok(memory.logs.iter().find_map(|log| {
            let index = log.entries.iter().position(|entry| &entry.jti == jti)? as u64;
            (index < log.published()).then(|| EntryRef { origin: log.origin.clone(), index })
        }))
    }

    fn find_number(&self, number: &str) -> Result<Option<EntryRef>, StoreError> {
        let memory = self.lock();
        Ok(memory.numbers.get(number).filter(|at| memory.is_published(at)).cloned())
    }

    fn number_taken(&self, number: &str) -> Result<bool, StoreError> {
        self.lock().number_taken(number)
    }

    fn number_like(&self, number: &str) -> Result<Option<String>, StoreError> {
        Ok(self.lock().numbers_read.like(number))
    }

    fn number_in_advance_like(&self, number: &str) -> Result<Option<String>, StoreError> {
        Ok(self.lock().in_advance_read.like(number))
    }

    fn highest_serial(&self, read: &str, serial: &dyn Fn(&str) -> Option<u64>) -> Result<Option<u64>, StoreError> {
        let memory = self.lock();
        Ok(memory.numbers_read.highest(read, serial).max(memory.in_advance_read.highest(read, serial)))
    }

    fn answered(&self, account: &str, request_id: &RequestId) -> Result<Option<Answer>, StoreError> {
        let memory = self.lock();
        let answer = memory.answers.get(&(account.to_owned(), *request_id)).cloned();
        Ok(answer.map(|answer| {
            let published = answer.entry.as_ref().is_none_or(|at| memory.is_published(at));
            Answer { published, ..answer }
        }))
    }

    fn series_next(&self, series: &str) -> Result<u64, StoreError> {
        Ok(self.lock().series.get(series).copied().unwrap_or(0))
    }

    fn series_from(&self, after: &str, limit: usize) -> Result<Vec<(String, u64)>, StoreError> {
        let memory = self.lock();
        let mut found = memory.series.iter().filter(|(name, _)| name.as_str() > after).collect::<Vec<_>>();
        found.sort();
        Ok(found.into_iter().take(limit).map(|(name, next)| (name.clone(), *next)).collect())
    }

    fn status_lists(&self, origin: &Origin) -> Result<Vec<StatusListState>, StoreError> {
        let memory = self.lock();
        Ok(memory.lists.range((origin.clone(), 0)..=(origin.clone(), u32::MAX)).map(|(_, list)| list.clone()).collect())
    }

    fn status(&self, origin: &Origin, list: u32, index: u32) -> Result<Option<u8>, StoreError> {
        let memory = self.lock();
        let set = memory.lists.get(&(origin.clone(), list)).map(|state| state.set.as_slice()).unwrap_or_default();
        Ok(set.iter().find(|(at, _)| *at == index).map(|(_, status)| *status))
    }

    fn record(&self, table: Table, id: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().records.get(&(table, id.to_vec())).cloned())
    }

    fn records_from(&self, table: Table, after: &[u8], limit: usize) -> Result<Records, StoreError> {
        let memory = self.lock();
        let from = memory.records.range((Bound::Excluded((table, after.to_vec())), Bound::Unbounded));
        let of_table = from.take_while(|((t, _), _)| *t == table);
        Ok(of_table.take(limit).map(|((_, id), record)| (id.clone(), record.clone())).collect())
    }

    fn records_under(&self, table: Table, prefix: &[u8], limit: usize) -> Result<Records, StoreError> {
        let memory = self.lock();
        let from = memory.records.range((table, prefix.to_vec())..);
        let under = from.take_while(|((t, id), _)| *t == table && id.starts_with(prefix));
        Ok(under.take(limit).map(|((_, id), record)| (id.clone(), record.clone())).collect())
    }

    fn audit(&self, from: u64, limit: usize) -> Result<Vec<AuditRow>, StoreError> {
        Ok(self.lock().audit.iter().filter(|row| row.number >= from).take(limit).cloned().collect())
    }

    fn audit_head(&self) -> Result<Option<AuditHead>, StoreError> {
        Ok(self.lock().audit_head())
    }

    fn notes(&self, origin: &Origin, from: u64, limit: usize) -> Result<Vec<EntryNote>, StoreError> {
        let memory = self.lock();
        let behind = memory.notes.iter().filter(|note| note.origin == *origin && note.last >= from);
        Ok(behind.take(limit).cloned().collect())
    }

    fn feed(&self, from: u64, limit: usize) -> Result<Vec<FeedRow>, StoreError> {
        Ok(self.lock().feed.iter().filter(|row| row.number >= from).take(limit).cloned().collect())
    }

    fn feed_next(&self) -> Result<u64, StoreError> {
        Ok(self.lock().feed.last().map_or(1, |row| row.number.saturating_add(1)))
    }

    fn fed(&self) -> watch::Receiver<u64> {
        self.fed.subscribe()
    }
}
