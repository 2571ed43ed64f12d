//! What the work asks of a store, answered from memory.

use super::{Entry, Log, MemoryStore};
use crate::log::{Extension, Hash, HashReader as _, Origin, root};
use crate::statement::Jti;
use crate::store::batch::{Batch, Committed, Present as _, admit, check_note};
use crate::store::contract::{Secret, SignHead, Store};
use crate::store::damage::{Damage, ScrubbedPiece};
use crate::store::entry::{Disclosures, DurableEntry, EntryFacts, EntryRef, PublishedHead, Sealed};
use crate::store::error::StoreError;
use crate::store::feed::{EntryNote, FEED_KEPT_MS, FeedEvent, FeedRow};
use crate::store::state::{
    ANSWERS_KEPT_MS, Answer, AuditHead, AuditRow, REQUEST_AHEAD_MS, Records, RequestId, StatusListState, Table,
};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ops::{Bound, Range};
use tokio::sync::watch;
use zeroize::Zeroizing;

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

    fn scrub_piece(&self, _now_ms: u64) -> ScrubbedPiece {
        ScrubbedPiece { is_last: true, ..ScrubbedPiece::default() }
    }

    fn damages(&self) -> Vec<Damage> {
        Vec::new()
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
