//! The feed in the writer's turn: rows get their numbers, and the old ones go.

use super::EXPIRE_AT_ONCE;
use crate::log::Origin;
use crate::store::error::StoreError;
use crate::store::feed::{EntryNote, FEED_KEPT_MS, FeedEvent, FeedRow};
use crate::store::journal::core::Core;
use crate::store::journal::index::Changes;
use crate::store::journal::keyspace;
use crate::store::journal::record::StateRecord;
use crate::store::state::{ANSWERS_KEPT_MS, REQUEST_AHEAD_MS};

/// A segment with rows of the feed is kept as one whose newest answer were given so much later.
pub(in crate::store::journal) const FEED_OUTLASTS_ANSWERS_MS: u64 =
    FEED_KEPT_MS.saturating_sub(ANSWERS_KEPT_MS + REQUEST_AHEAD_MS);

impl Core {
    pub(in crate::store::journal) fn feed(&self, from: u64, limit: usize) -> Result<Vec<FeedRow>, StoreError> {
        let rows = self.state.scan(keyspace::FEED, &keyspace::feed(from), limit)?;
        let rows = rows.iter().map(|(key, value)| keyspace::feed_row(key, value));
        rows.collect::<Option<_>>().ok_or_else(|| self.unreadable("a row of the feed"))
    }

    /// The number of the next row.
    pub(in crate::store::journal) fn feed_next(&self) -> Result<u64, StoreError> {
        let Some(value) = self.state.get(keyspace::FEED_NEXT)? else { return Ok(1) };
        value.try_into().map(u64::from_be_bytes).map_err(|_| self.unreadable("the end of the feed"))
    }

    pub(in crate::store::journal) fn notes(
        &self,
        origin: &Origin,
        from: u64,
        limit: usize,
    ) -> Result<Vec<EntryNote>, StoreError> {
        let Some(id) = self.logs().id(origin) else { return Ok(Vec::new()) };
        let found = self.state.scan(&keyspace::notes(id), &keyspace::note(id, from), limit)?;
        let notes = found.iter().map(|(key, value)| {
            let last = key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))?;
            let (first, note) = value.split_first_chunk::<8>()?;
            let first = u64::from_be_bytes(*first);
            Some(EntryNote { origin: origin.clone(), first, last, note: note.to_vec() })
        });
        notes.collect::<Option<_>>().ok_or_else(|| self.unreadable("a note on entries"))
    }

    /// Rows with their numbers, as a record of the state half.
    pub(super) fn numbered(&self, rows: Vec<FeedEvent>) -> Result<Option<StateRecord>, StoreError> {
        if rows.is_empty() { Ok(None) } else { Ok(Some(StateRecord::Fed { first: self.feed_next()?, rows })) }
    }

    /// Drops the rows that are older than the feed is kept, but never the newest: the numbers go on from it.
    pub(super) fn expire_feed(&self, now_ms: u64) -> Result<(), StoreError> {
        let before = now_ms.saturating_sub(FEED_KEPT_MS);
        loop {
            let page = self.feed(0, EXPIRE_AT_ONCE)?;
            let newest = self.feed_next()?.saturating_sub(1);
            let old = page.iter().take_while(|row| row.at_ms < before && row.number < newest);
            let changes = old.map(|row| (keyspace::feed(row.number), None)).collect::<Changes>();
            let all = changes.len() == EXPIRE_AT_ONCE;
            if !changes.is_empty() {
                self.write(|writer| {
                    self.hand_changes(writer, changes);
                    Ok(())
                })?;
            }
            if !all {
                return Ok(());
            }
        }
    }
}
