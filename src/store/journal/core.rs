//! An opened data folder, and everything that is read from it.

use super::Parts;
use super::beside::Beside;
use super::disk::DiskFile;
use super::frame::Class;
use super::index::Overlay;
use super::keeper::{Keeper, Poison};
use super::keyspace::{self, StoredAnswer};
use super::logs::{Log, Logs};
use super::rows::{KEPT_LEVEL, Place, Row};
use super::segment;
use super::writer::Writer;
use crate::log::{Hash, Origin, leaf_hash, root_of};
use crate::statement::Jti;
use crate::store::contract::Secret;
use crate::store::entry::{Disclosures, DurableEntry, EntryFacts, EntryRef, PublishedHead};
use crate::store::error::StoreError;
use crate::store::state::{Answer, AuditHead, AuditRow, Records, RequestId, StatusListState, Table};
use bytes::Bytes;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Entry segments kept open for reading.
const OPEN_SEGMENTS: usize = 256;

/// An opened data folder.
pub(super) struct Core {
    pub(super) parts: Arc<Parts>,
    pub(super) logs: RwLock<Logs>,
    pub(super) state: Arc<Overlay>,
    pub(super) writer: Mutex<Writer>,
    pub(super) poison: Arc<Poison>,
    pub(super) keeper: Keeper,
    pub(super) beside: Beside,
    pub(super) segments: RwLock<HashMap<u32, Arc<dyn DiskFile>>>,
}

impl Core {
    pub(super) fn logs(&self) -> RwLockReadGuard<'_, Logs> {
        self.logs.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn logs_mut(&self) -> RwLockWriteGuard<'_, Logs> {
        self.logs.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends writing through this value for good.
    pub(super) fn retire(&self) {
        let _turn = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.keeper.stop();
        self.poison.set("the store was reloaded");
    }

    pub(super) fn poisoned(&self) -> Option<String> {
        self.poison.why()
    }

    pub(super) fn origins(&self) -> Vec<Origin> {
        self.logs().all().iter().map(|log| log.origin.clone()).collect()
    }

    pub(super) fn addressee(&self, origin: &Origin) -> Option<String> {
        self.logs().get(origin).map(|log| log.addressee.clone())
    }

    pub(super) fn durable_size(&self, origin: &Origin) -> u64 {
        self.logs().get(origin).map_or(0, Log::durable)
    }

    pub(super) fn head(&self, origin: &Origin) -> Option<PublishedHead> {
        self.logs().get(origin)?.head.clone()
    }

    /// The row of a published entry.
    fn row(&self, origin: &Origin, index: u64) -> Result<Option<Row>, StoreError> {
        let sidecar = match self.logs().get(origin) {
            Some(log) if index < log.published() => log.sidecar.clone(),
            _ => return Ok(None),
        };
        sidecar.row(index).map(Some)
    }

    /// The row of a durable entry, published or not.
    pub(super) fn durable_row(&self, origin: &Origin, index: u64) -> Result<Option<Row>, StoreError> {
        let sidecar = {
            let logs = self.logs();
            let Some(log) = logs.get(origin) else { return Ok(None) };
            match log.pending(index) {
                Some(row) => return Ok(Some(row)),
                None if index < log.in_sidecar() => log.sidecar.clone(),
                None => return Ok(None),
            }
        };
        sidecar.row(index).map(Some)
    }

    fn segment(&self, ordinal: u32) -> Result<Arc<dyn DiskFile>, StoreError> {
        if let Some(file) = self.segments.read().unwrap_or_else(PoisonError::into_inner).get(&ordinal) {
            return Ok(Arc::clone(file));
        }
        let file = segment::open(&*self.parts.disk, Class::Entries, ordinal)?;
        let mut segments = self.segments.write().unwrap_or_else(PoisonError::into_inner);
        if segments.len() >= OPEN_SEGMENTS {
            segments.clear();
        }
        segments.insert(ordinal, Arc::clone(&file));
        Ok(file)
    }

    fn bytes(&self, place: Place) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; usize::try_from(place.length).unwrap_or(usize::MAX)];
        let name = segment::name(Class::Entries, place.segment);
        let offset = u64::from(place.offset);
        let read = self.segment(place.segment)?.read_at(&mut bytes, offset).map_err(|e| StoreError::io(&name, e))?;
        if read < bytes.len() {
            return Err(StoreError::corrupt(&name, offset, "an entry is cut off"));
        }
        Ok(bytes)
    }

    /// The leaf of a row, if it is the leaf that was logged: a bit that flipped on the disk is never served.
    pub(super) fn leaf_of(&self, row: &Row) -> Result<Bytes, StoreError> {
        let leaf = self.bytes(row.leaf)?;
        if leaf_hash(&leaf) == row.leaf_hash {
            return Ok(leaf.into());
        }
        let name = segment::name(Class::Entries, row.leaf.segment);
        Err(StoreError::corrupt(&name, u64::from(row.leaf.offset), "the leaf does not match its hash"))
    }

    pub(super) fn durable_entry(&self, origin: &Origin, index: u64) -> Result<Option<DurableEntry>, StoreError> {
        self.durable_row(origin, index)?
            .map(|row| Ok(DurableEntry { facts: row.facts(), leaf: self.leaf_of(&row)? }))
            .transpose()
    }

    pub(super) fn leaf(&self, origin: &Origin, index: u64) -> Result<Option<Bytes>, StoreError> {
        self.row(origin, index)?.map(|row| self.leaf_of(&row)).transpose()
    }

    pub(super) fn leaves(
        &self,
        origin: &Origin,
        range: Range<u64>,
        max_bytes: usize,
    ) -> Result<Vec<Bytes>, StoreError> {
        /// Rows read at once.
        const ROWS: u64 = 256;
        let (sidecar, end) = match self.logs().get(origin) {
            Some(log) => (log.sidecar.clone(), log.published().min(range.end)),
            None => return Ok(Vec::new()),
        };
        let mut leaves = Vec::new();
        let mut bytes = 0_usize;
        let mut at = range.start;
        while at < end {
            let count = ROWS.min(end - at);
            for row in sidecar.read(at, count)? {
                bytes = bytes.saturating_add(usize::try_from(row.leaf.length).unwrap_or(usize::MAX));
                if bytes > max_bytes && !leaves.is_empty() {
                    return Ok(leaves);
                }
                leaves.push(self.leaf_of(&row)?);
            }
            at += count;
        }
        Ok(leaves)
    }

    pub(super) fn facts(&self, origin: &Origin, index: u64) -> Result<Option<EntryFacts>, StoreError> {
        Ok(self.row(origin, index)?.map(|row| row.facts()))
    }

    pub(super) fn disclosures(&self, origin: &Origin, index: u64) -> Result<Option<Disclosures>, StoreError> {
        let Some(row) = self.row(origin, index)? else { return Ok(None) };
        if row.sealed.length == 0 {
            return Ok(Some(Disclosures::None));
        }
        let sealed = self.bytes(row.sealed)?;
        self.parts.keys.unseal(origin, index, &sealed).map(Some)
    }

    pub(super) fn secret(&self, origin: &Origin, index: u64, purpose: &str) -> Result<Option<Secret>, StoreError> {
        let sealed = self.row(origin, index)?.is_some_and(|row| row.sealed.length > 0);
        if sealed { self.parts.keys.secret(origin, index, purpose) } else { Ok(None) }
    }

    pub(super) fn node(&self, origin: &Origin, level: u8, index: u64) -> Result<Hash, StoreError> {
        let (sidecar, first) = {
            let logs = self.logs();
            let log = logs.get(origin).ok_or_else(|| StoreError::UnknownLog(origin.clone()))?;
            let end = 1_u64.checked_shl(level.into()).and_then(|width| width.checked_mul(index.checked_add(1)?));
            match end {
                Some(end) if end <= log.published() => {}
                _ => {
                    let index = end.unwrap_or(u64::MAX);
                    return Err(StoreError::NoEntry { origin: origin.clone(), index });
                }
            }
            if let Some(node) = log.tree.node(level, index) {
                return Ok(node);
            }
            (log.sidecar.clone(), index << level)
        };
        debug_assert!(level < KEPT_LEVEL, "higher levels are kept in memory");
        let leaves: Vec<Hash> = sidecar.read(first, 1 << level)?.iter().map(|row| row.leaf_hash).collect();
        Ok(root_of(&leaves))
    }

    pub(super) fn find(&self, jti: &Jti) -> Result<Option<EntryRef>, StoreError> {
        let logs: Vec<_> = {
            let logs = self.logs();
            logs.all().iter().map(|log| (log.origin.clone(), log.sidecar.clone(), log.published())).collect()
        };
        // The newest shard first: it is the one most often asked about.
        for (origin, sidecar, published) in logs.into_iter().rev() {
            let (mut low, mut high) = (0, published);
            while low < high {
                let middle = low + (high - low) / 2;
                match sidecar.row(middle)?.jti.cmp(jti) {
                    std::cmp::Ordering::Less => low = middle + 1,
                    std::cmp::Ordering::Greater => high = middle,
                    std::cmp::Ordering::Equal => return Ok(Some(EntryRef { origin, index: middle })),
                }
            }
        }
        Ok(None)
    }

    /// Opens the disclosures of every published entry and every sealed record; says how many of them there are.
    pub(super) fn unseal_all(&self) -> Result<u64, StoreError> {
        /// Records read at once.
        const PAGE: usize = 256;
        let mut opened = 0;
        for origin in self.origins() {
            for index in 0..self.head(&origin).map_or(0, |head| head.head.size) {
                opened += u64::from(matches!(self.disclosures(&origin, index)?, Some(Disclosures::Present(_))));
            }
        }
        for table in Table::ALL.into_iter().filter(|table| table.is_sealed()) {
            let mut after = Vec::new();
            loop {
                let page = self.records_from(table, &after, PAGE)?;
                let Some((last, _)) = page.last() else { break };
                opened += page.len() as u64;
                after.clone_from(last);
            }
        }
        Ok(opened)
    }

    /// A value of the index that does not read: it is not what was put there.
    pub(super) fn unreadable(&self, what: &str) -> StoreError {
        self.parts.distrust_index();
        StoreError::Index(format!("{what} does not read"))
    }

    /// The entry at a place of the index, and whether it is published.
    fn entry_at(&self, (id, index): (u32, u64)) -> Result<(EntryRef, bool), StoreError> {
        let logs = self.logs();
        let log = logs.by_id(id).ok_or_else(|| self.unreadable("a log id"))?;
        Ok((EntryRef { origin: log.origin.clone(), index }, index < log.published()))
    }

    pub(super) fn find_number(&self, number: &str) -> Result<Option<EntryRef>, StoreError> {
        let Some(value) = self.state.get(&keyspace::number(number))? else { return Ok(None) };
        let place = keyspace::read_place(&value).ok_or_else(|| self.unreadable("the place of a number"))?;
        let (entry, published) = self.entry_at(place)?;
        Ok(published.then_some(entry))
    }

    pub(super) fn number_taken(&self, number: &str) -> Result<bool, StoreError> {
        Ok(self.state.get(&keyspace::number(number))?.is_some())
    }

    /// The first number whose key begins so.
    pub(super) fn number_under(&self, prefix: &[u8]) -> Result<Option<String>, StoreError> {
        let Some((key, _)) = self.state.scan(prefix, prefix, 1)?.pop() else { return Ok(None) };
        let number = key.strip_prefix(prefix).and_then(|number| std::str::from_utf8(number).ok());
        number.map(|number| Some(number.to_owned())).ok_or_else(|| self.unreadable("a number"))
    }

    pub(super) fn highest_serial(
        &self,
        read: &str,
        serial: &dyn Fn(&str) -> Option<u64>,
    ) -> Result<Option<u64>, StoreError> {
        /// Numbers read at once.
        const PAGE: usize = 4_096;
        let mut highest = None;
        for prefix in keyspace::numbers_read(read) {
            let mut from = prefix.clone();
            loop {
                let page = self.state.scan(&prefix, &from, PAGE)?;
                let Some((last, _)) = page.last() else { break };
                from = [last.as_slice(), &[0]].concat();
                for (key, _) in page {
                    let number = keyspace::number_in(&key).ok_or_else(|| self.unreadable("a number"))?;
                    highest = highest.max(serial(number));
                }
            }
        }
        Ok(highest)
    }

    pub(super) fn answered(&self, account: &str, request_id: &RequestId) -> Result<Option<Answer>, StoreError> {
        let Some(value) = self.state.get(&keyspace::answer(account, request_id))? else { return Ok(None) };
        let stored: StoredAnswer = postcard::from_bytes(&value).map_err(|_| self.unreadable("an answer"))?;
        let (entry, published) = match stored.entry {
            Some(place) => {
                let (entry, published) = self.entry_at(place)?;
                (Some(entry), published)
            }
            None => (None, true),
        };
        let StoredAnswer { body_digest, answer, at_ms, .. } = stored;
        Ok(Some(Answer { body_digest, answer, at_ms, entry, published }))
    }

    pub(super) fn series_next(&self, series: &str) -> Result<u64, StoreError> {
        let Some(value) = self.state.get(&keyspace::series(series))? else { return Ok(0) };
        value.try_into().map(u64::from_be_bytes).map_err(|_| self.unreadable("a number series"))
    }

    pub(super) fn series_from(&self, after: &str, limit: usize) -> Result<Vec<(String, u64)>, StoreError> {
        let behind = [keyspace::series(after).as_slice(), &[0]].concat();
        let mut found = Vec::new();
        for (key, value) in self.state.scan(keyspace::SERIES, &behind, limit)? {
            let name = key.get(1..).and_then(|name| std::str::from_utf8(name).ok());
            let next = value.try_into().ok().map(u64::from_be_bytes);
            found.push((name.map(str::to_owned)).zip(next).ok_or_else(|| self.unreadable("a number series"))?);
        }
        Ok(found)
    }

    pub(super) fn status_lists(&self, origin: &Origin) -> Result<Vec<StatusListState>, StoreError> {
        let Some(id) = self.logs().id(origin) else { return Ok(Vec::new()) };
        let prefix = keyspace::lists(id);
        let mut lists = Vec::new();
        for (key, seed) in self.state.scan(&prefix, &prefix, usize::MAX)? {
            let unreadable = || self.unreadable("a status list");
            let list = keyspace::last_u32(&key).ok_or_else(unreadable)?;
            let seed = seed.try_into().map_err(|_| unreadable())?;
            let allocated = match self.state.get(&keyspace::allocated(id, list))? {
                Some(count) => count.try_into().map(u32::from_be_bytes).map_err(|_| unreadable())?,
                None => 0,
            };
            let prefix = keyspace::statuses(id, list);
            let set = self.state.scan(&prefix, &prefix, usize::MAX)?;
            let set = set.iter().map(|(key, bits)| Some((keyspace::last_u32(key)?, *bits.first()?)));
            let set = set.collect::<Option<_>>().ok_or_else(unreadable)?;
            lists.push(StatusListState { list, seed, allocated, set });
        }
        Ok(lists)
    }

    pub(super) fn status(&self, origin: &Origin, list: u32, index: u32) -> Result<Option<u8>, StoreError> {
        let Some(id) = self.logs().id(origin) else { return Ok(None) };
        Ok(self.state.get(&keyspace::status(id, list, index))?.and_then(|bits| bits.first().copied()))
    }

    pub(super) fn record(&self, table: Table, id: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(record) = self.state.get(&keyspace::record(table, id))? else { return Ok(None) };
        self.opened(table, id, record)
    }

    /// A record as it was put.
    fn opened(&self, table: Table, id: &[u8], record: Vec<u8>) -> Result<Option<Vec<u8>>, StoreError> {
        if table.is_sealed() { self.parts.keys.open_record((table, id), record) } else { Ok(Some(record)) }
    }

    fn all_opened(&self, table: Table, found: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Records, StoreError> {
        let opened = found.into_iter().map(|(key, record)| {
            let id = key.get(2..).unwrap_or_default().to_vec();
            Ok(self.opened(table, &id, record)?.map(|record| (id, record)))
        });
        opened.filter_map(Result::transpose).collect()
    }

    pub(super) fn records_under(&self, table: Table, prefix: &[u8], limit: usize) -> Result<Records, StoreError> {
        let prefix = keyspace::record(table, prefix);
        self.all_opened(table, self.state.scan(&prefix, &prefix, limit)?)
    }

    pub(super) fn records_from(&self, table: Table, after: &[u8], limit: usize) -> Result<Records, StoreError> {
        // The place behind a key is the key and a zero.
        let behind = keyspace::record(table, &[after, &[0]].concat());
        self.all_opened(table, self.state.scan(&keyspace::records(table), &behind, limit)?)
    }

    pub(super) fn audit(&self, from: u64, limit: usize) -> Result<Vec<AuditRow>, StoreError> {
        let rows = self.state.scan(keyspace::AUDIT, &keyspace::audit(from), limit)?;
        let rows = rows.iter().map(|(key, value)| keyspace::audit_row(key, value));
        rows.collect::<Option<_>>().ok_or_else(|| self.unreadable("an audit row"))
    }

    /// The newest chained row.
    pub(super) fn audit_head(&self) -> Result<Option<AuditHead>, StoreError> {
        let Some(value) = self.state.get(keyspace::AUDIT_HEAD)? else { return Ok(None) };
        keyspace::audit_head(&value).map(Some).ok_or_else(|| self.unreadable("the newest audit row"))
    }

    /// The number the first chained row gets: behind the rows of the time before, which were few.
    pub(super) fn first_audit_number(&self) -> Result<u64, StoreError> {
        Ok(self.audit(0, usize::MAX)?.last().map_or(0, |row| row.number.saturating_add(1)))
    }
}
