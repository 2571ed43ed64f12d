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
    time::{Timestamp, later},
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
    let published = |entry: &EntryRef| store.head(&entry.origin).is_some_and(|head| entry.index < head.head.size);
    Ok(noted_changes(store, &target.origin, jti)?.into_iter().filter(published).collect())
}

/// What a later log says of the status in a closed one: the lists as its snapshot commits to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpokenFor {
    /// The log that the snapshot stands in.
    pub log: Origin,
    /// The place of the closed log's first list among those of the snapshot.
    pub first: u32,
    /// The snapshot, with the digests of all of its lists and the tokens of the closed log's.
    pub record: StatusRecord,
}

/// The newest that a later log says of the status in a closed one, where its snapshot stands below a size of that log.
pub fn spoken_for_below(
    store: &dyn Store,
    closed: &Origin,
    size: impl Fn(&Origin) -> u64,
) -> Result<Option<SpokenFor>, StoreError> {
    Ok(spoken(store, closed)?.into_iter().find(|spoken| spoken.record.index < size(&spoken.log)))
}

/// The newest that a later log says of the status in a closed one, of what is published.
pub fn spoken_for(store: &dyn Store, closed: &Origin) -> Result<Option<SpokenFor>, StoreError> {
    spoken_for_below(store, closed, |log| store.head(log).map_or(0, |head| head.head.size))
}

/// The log that spoke last for a closed one, published or not.
pub(super) fn spoken_in(store: &dyn Store, closed: &Origin) -> Result<Option<Origin>, StoreError> {
    Ok(spoken(store, closed)?.into_iter().next().map(|spoken| spoken.log))
}

fn spoken_id(closed: &Origin) -> Vec<u8> {
    format!("closed/{closed}").into_bytes()
}

/// Newest first.
fn spoken(store: &dyn Store, closed: &Origin) -> Result<Vec<SpokenFor>, StoreError> {
    let record = store.record(Table::StatusToken, &spoken_id(closed))?;
    Ok(record.and_then(|bytes| postcard::from_bytes(&bytes).ok()).unwrap_or_default())
}

/// The URI of a status list: `https://<host>/status/<shard>/<addressee>/<list>`.
pub(super) fn uri(issuer: &Issuer, origin: &Origin, list: u32) -> Result<StatusUri, SequencerError> {
    format!("{issuer}/status/{}/{}/{list}", origin.shard(), origin.addressee())
        .parse()
        .map_err(|e| SequencerError::CannotCompose(format!("the status list has no usable address: {e}")))
}

/// When the next snapshot is due.
pub(super) fn due(last: Timestamp) -> Timestamp {
    later(last, EVERY)
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

/// Lists with their addresses.
type Named = Vec<(StatusUri, Arc<StatusList>)>;

/// A snapshot that stands in a batch: its statement, and the lists to be signed beside it.
pub(super) struct Due {
    pub(super) body: StatusSnapshot,
    origin: Origin,
    index: u64,
    at: Timestamp,
    digests: Vec<Hash>,
    lists: Named,
    /// Closed logs that it speaks for, with the place of the first list of each.
    closed: Vec<(Origin, u32, Named)>,
}

impl Due {
    pub(super) fn new(
        issuer: &Issuer,
        (origin, index): (&Origin, u64),
        at: Timestamp,
        lists: Vec<Arc<StatusList>>,
        closed: Vec<(Origin, Vec<Arc<StatusList>>)>,
    ) -> Result<Self, SequencerError> {
        let named = |log: &Origin, lists: Vec<Arc<StatusList>>| {
            let named = (0_u32..).zip(lists).map(|(number, list)| Ok((uri(issuer, log, number)?, list)));
            named.collect::<Result<Named, SequencerError>>()
        };
        let mut digests = lists.iter().map(|list| list.digest()).collect::<Vec<_>>();
        let mut behind = Vec::with_capacity(closed.len());
        for (log, lists) in closed {
            let first = u32::try_from(digests.len()).unwrap_or(u32::MAX);
            digests.extend((0_u32..).zip(&lists).map(|(number, list)| list.digest_of(&log, number)));
            let lists = named(&log, lists)?;
            behind.push((log, first, lists));
        }
        let body = StatusSnapshot {
            as_of: u64::try_from(at.as_second()).unwrap_or(0),
            size: index,
            lists: u32::try_from(digests.len()).unwrap_or(u32::MAX),
            lists_root: lists_root(&digests),
        };
        let lists = named(origin, lists)?;
        Ok(Self { body, origin: origin.clone(), index, at, digests, lists, closed: behind })
    }

    /// Signs the lists, and gives the records that show them once the snapshot is published. The ones before
    /// stay beside them until then.
    pub(super) fn sign(&self, key: &StatusKey, store: &dyn Store) -> Result<Vec<StateChange>, SequencerError> {
        let record = self.record(key, &self.lists)?;
        let previous = status_record(store, &self.origin)?;
        let kept = std::iter::once(record).chain(previous).collect::<Vec<_>>();
        let mut state = vec![put(self.origin.as_str().as_bytes().to_vec(), &kept)?];
        for (closed, first, lists) in &self.closed {
            let newest = SpokenFor { log: self.origin.clone(), first: *first, record: self.record(key, lists)? };
            let kept = std::iter::once(newest).chain(spoken_for(store, closed)?).collect::<Vec<_>>();
            state.push(put(spoken_id(closed), &kept)?);
        }
        Ok(state)
    }

    fn record(&self, key: &StatusKey, lists: &[(StatusUri, Arc<StatusList>)]) -> Result<StatusRecord, SequencerError> {
        let mut tokens = Vec::with_capacity(lists.len());
        for (uri, list) in lists {
            let token =
                key.sign(uri, self.at, Ttl::HOUR, list).map_err(|e| SequencerError::Unavailable(e.to_string()))?;
            tokens.push(token);
        }
        Ok(StatusRecord { index: self.index, as_of: self.at.as_second(), digests: self.digests.clone(), tokens })
    }
}

fn put(id: Vec<u8>, kept: &impl Serialize) -> Result<StateChange, SequencerError> {
    let record = postcard::to_allocvec(kept).map_err(|e| SequencerError::Unavailable(e.to_string()))?;
    Ok(StateChange::RecordPut { table: Table::StatusToken, id, record })
}

/// Where the changes of a certificate's status are noted.
pub(super) fn changes_id(origin: &Origin, jti: &Jti) -> Vec<u8> {
    format!("changes/{origin}/{jti}").into_bytes()
}

/// Where those are noted that stand in later logs, because its own is closed.
fn later_id(origin: &Origin, jti: &Jti) -> Vec<u8> {
    format!("changes-later/{origin}/{jti}").into_bytes()
}

/// Where those are noted that the end of their log made void.
fn void_id(origin: &Origin, jti: &Jti) -> Vec<u8> {
    format!("changes-void/{origin}/{jti}").into_bytes()
}

/// The places of changes of a certificate's status that the end of their log made void: they were never said, and what they
/// say of the certificate is kept all the same, until it is erased.
pub fn void_changes_of(store: &dyn Store, target: &EntryRef, jti: &Jti) -> Result<Vec<EntryRef>, StoreError> {
    read(store, &void_id(&target.origin, jti))
}

/// The notes of a certificate's changes with those apart that are void by now.
pub(super) fn set_void_apart(
    store: &dyn Store,
    (origin, jti): (&Origin, &Jti),
    is_void: impl Fn(&EntryRef) -> bool,
) -> Result<Vec<StateChange>, StoreError> {
    let (void, said): (Vec<_>, Vec<_>) = noted_changes(store, origin, jti)?.into_iter().partition(is_void);
    if void.is_empty() {
        return Ok(Vec::new());
    }
    let mut state = Vec::new();
    for elsewhere in [false, true] {
        if void.iter().any(|place| (place.origin != *origin) == elsewhere) {
            state.push(put_changes(origin, jti, &said, elsewhere)?);
        }
    }
    let id = void_id(origin, jti);
    let apart = [read(store, &id)?, void].concat();
    let record = postcard::to_allocvec(&apart).map_err(|error| StoreError::Index(error.to_string()))?;
    state.push(StateChange::RecordPut { table: Table::Setting, id, record });
    Ok(state)
}

/// The places of the changes noted of a certificate, published or not, in their order.
pub(super) fn noted_changes(store: &dyn Store, origin: &Origin, jti: &Jti) -> Result<Vec<EntryRef>, StoreError> {
    let own = read::<u64>(store, &changes_id(origin, jti))?.into_iter();
    let mut places = own.map(|index| EntryRef { origin: origin.clone(), index }).collect::<Vec<_>>();
    places.extend(read::<EntryRef>(store, &later_id(origin, jti))?);
    Ok(places)
}

/// Notes the changes of a certificate: those in its own log, or those elsewhere.
pub(super) fn put_changes(
    origin: &Origin,
    jti: &Jti,
    places: &[EntryRef],
    elsewhere: bool,
) -> Result<StateChange, StoreError> {
    let (id, record) = if elsewhere {
        let later = places.iter().filter(|place| place.origin != *origin).collect::<Vec<_>>();
        (later_id(origin, jti), postcard::to_allocvec(&later))
    } else {
        let own = places.iter().filter(|place| place.origin == *origin);
        (changes_id(origin, jti), postcard::to_allocvec(&own.map(|place| place.index).collect::<Vec<_>>()))
    };
    let record = record.map_err(|error| StoreError::Index(error.to_string()))?;
    Ok(StateChange::RecordPut { table: Table::Setting, id, record })
}

fn read<T: for<'a> Deserialize<'a>>(store: &dyn Store, id: &[u8]) -> Result<Vec<T>, StoreError> {
    let record = store.record(Table::Setting, id)?;
    Ok(record.and_then(|bytes| postcard::from_bytes(&bytes).ok()).unwrap_or_default())
}

/// Newest first.
fn records(store: &dyn Store, origin: &Origin) -> Result<Vec<StatusRecord>, StoreError> {
    let record = store.record(Table::StatusToken, origin.as_str().as_bytes())?;
    Ok(record.and_then(|bytes| postcard::from_bytes(&bytes).ok()).unwrap_or_default())
}
