//! Status snapshots and the signed lists that go with them: made as a log's first entry, every hour, and
//! with every change of status.

use super::SequencerError;
use crate::{
    keys::StatusKey,
    log::{Hash, Origin},
    statement::{
        Issuer, Jti, Kid, Presentation, StatusSnapshot, StatusToken, StatusUri,
        status_list::{StatusList, Ttl, lists_root},
    },
    store::{EntryRef, StateChange, Store, StoreError, Table},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A snapshot is made at least this often, in seconds.
const EVERY: i64 = 3_600;

/// The newest status of a log that is made public: which entry commits to it, and the signed lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRecord {
    /// Index of the snapshot in its log; it speaks for the entries before it.
    pub index: u64,
    /// Unix seconds.
    pub as_of: i64,
    /// SHA-256 of each uncompressed list, in order.
    pub digests: Vec<Hash>,
    /// The signed token of each list, in order.
    pub tokens: Vec<String>,
}

/// The status record of a log to be shown: the newest one whose snapshot is published.
pub fn status_record(store: &dyn Store, origin: &Origin) -> Result<Option<StatusRecord>, StoreError> {
    let size = store.head(origin).map_or(0, |head| head.head.size);
    status_record_below(store, origin, size)
}

/// The newest status record whose snapshot stands below this size, if it is still kept: there is one behind the
/// newest that is published.
pub fn status_record_below(store: &dyn Store, origin: &Origin, size: u64) -> Result<Option<StatusRecord>, StoreError> {
    Ok(records(store, origin)?.into_iter().find(|record| record.index < size))
}

/// The places of the changes of a certificate's status that are published, in their order.
pub fn changes_of(store: &dyn Store, target: &EntryRef, jti: &Jti) -> Result<Vec<EntryRef>, StoreError> {
    let size = store.head(&target.origin).map_or(0, |head| head.head.size);
    let indexes = change_indexes(store, &changes_id(&target.origin, jti))?;
    let published = indexes.into_iter().filter(|index| *index < size);
    Ok(published.map(|index| EntryRef { origin: target.origin.clone(), index }).collect())
}

/// The URI of a status list: `https://<host>/status/<shard>/<addressee>/<list>`.
pub(super) fn uri(issuer: &Issuer, origin: &Origin, list: u32) -> Result<StatusUri, SequencerError> {
    format!("{issuer}/status/{}/{}/{list}", origin.shard(), origin.addressee())
        .parse()
        .map_err(|e| SequencerError::CannotCompose(format!("the status list has no usable address: {e}")))
}

/// When the next snapshot is due.
pub(super) fn due(last: Timestamp) -> Timestamp {
    Timestamp::from_second(last.as_second().saturating_add(EVERY)).unwrap_or(Timestamp::MAX)
}

/// When the last snapshot of a log was made, whoever signed it.
pub(super) fn newest(store: &dyn Store, origin: &Origin) -> Result<Option<Timestamp>, SequencerError> {
    let newest = records(store, origin)?.into_iter().next();
    Ok(newest.and_then(|record| Timestamp::from_second(record.as_of).ok()))
}

/// When the last snapshot of a log was made that is not older than the entries below `back`, which came back, and that
/// the keys in use signed: one of a key that is closed since says nothing to anybody.
pub(super) fn last(
    store: &dyn Store,
    origin: &Origin,
    back: u64,
    (kid, status_kid): (&Kid, &Kid),
) -> Result<Option<Timestamp>, SequencerError> {
    let newest = records(store, origin)?.into_iter().next().filter(|record| record.index >= back);
    let Some(record) = &newest else { return Ok(None) };
    let none: &[&str] = &[];
    let leaf = store.durable_entry(origin, record.index)?.map(|entry| entry.leaf);
    let statement = leaf.and_then(|leaf| Presentation::from_leaf(&leaf, none).ok());
    let tokens = record.tokens.iter().all(|token| StatusToken::kid_of(token).is_some_and(|found| found == *status_kid));
    if !tokens || statement.is_none_or(|statement| statement.envelope().kid != *kid) {
        return Ok(None);
    }
    Ok(newest.and_then(|record| Timestamp::from_second(record.as_of).ok()))
}

/// A snapshot that stands in a batch: its statement, and the lists to be signed beside it.
pub(super) struct Due {
    pub(super) body: StatusSnapshot,
    origin: Origin,
    index: u64,
    at: Timestamp,
    lists: Vec<(StatusUri, Hash, Arc<StatusList>)>,
}

impl Due {
    pub(super) fn new(
        issuer: &Issuer,
        origin: &Origin,
        index: u64,
        at: Timestamp,
        lists: Vec<Arc<StatusList>>,
    ) -> Result<Self, SequencerError> {
        let mut named = Vec::with_capacity(lists.len());
        for (number, list) in (0u32..).zip(lists) {
            named.push((uri(issuer, origin, number)?, list.digest(), list));
        }
        let digests = named.iter().map(|(_, digest, _)| *digest).collect::<Vec<_>>();
        let body = StatusSnapshot {
            as_of: u64::try_from(at.as_second()).unwrap_or(0),
            size: index,
            lists: u32::try_from(digests.len()).unwrap_or(u32::MAX),
            lists_root: lists_root(&digests),
        };
        Ok(Self { body, origin: origin.clone(), index, at, lists: named })
    }

    /// Signs the lists, and gives the record that shows them once the snapshot is published. The one before
    /// stays beside it until then.
    pub(super) fn sign(&self, key: &StatusKey, store: &dyn Store) -> Result<StateChange, SequencerError> {
        let mut tokens = Vec::with_capacity(self.lists.len());
        for (uri, _, list) in &self.lists {
            let token =
                key.sign(uri, self.at, Ttl::HOUR, list).map_err(|e| SequencerError::Unavailable(e.to_string()))?;
            tokens.push(token);
        }
        let record = StatusRecord {
            index: self.index,
            as_of: self.at.as_second(),
            digests: self.lists.iter().map(|(_, digest, _)| *digest).collect(),
            tokens,
        };
        let previous = status_record(store, &self.origin)?;
        let kept = std::iter::once(record).chain(previous).collect::<Vec<_>>();
        Ok(StateChange::RecordPut {
            table: Table::StatusToken,
            id: self.origin.as_str().as_bytes().to_vec(),
            record: postcard::to_allocvec(&kept).map_err(|e| SequencerError::Unavailable(e.to_string()))?,
        })
    }
}

/// Where the changes of a certificate's status are noted.
pub(super) fn changes_id(origin: &Origin, jti: &Jti) -> Vec<u8> {
    format!("changes/{origin}/{jti}").into_bytes()
}

/// The indexes of the changes noted under an id, published or not.
pub(super) fn change_indexes(store: &dyn Store, id: &[u8]) -> Result<Vec<u64>, StoreError> {
    let record = store.record(Table::Setting, id)?;
    Ok(record.and_then(|bytes| postcard::from_bytes(&bytes).ok()).unwrap_or_default())
}

/// Newest first.
fn records(store: &dyn Store, origin: &Origin) -> Result<Vec<StatusRecord>, StoreError> {
    let record = store.record(Table::StatusToken, origin.as_str().as_bytes())?;
    Ok(record.and_then(|bytes| postcard::from_bytes(&bytes).ok()).unwrap_or_default())
}
