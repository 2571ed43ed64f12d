//! Closed logs beside the one that is replicated: a later log of the same authority to the same addressee speaks for their
//! certificates, so its changes and snapshots are held against their lists.
//!
//! The lists of a closed log follow from its own entries up to its final size, then from the changes that later logs have
//! of its certificates, log by log. Where such changes stand is kept beside each log ([`row`]): what is in memory is made
//! again from these at every start, and a closed log's own store never changes by another's word.

use super::{Held, check::durable, held::TABLE, record::ReplicaRecord};
use crate::{
    inbox::finding,
    log::{Hash, Origin},
    statement::{Change, OpenedBody, Status, StatusList, open_leaf},
    store::{StateChange, Store, StoreError},
    trust::TrustList,
    verification::{ClosedLists, ListView, StatusPlace},
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// Where the logs of an authority are kept on this node; by default nowhere.
#[derive(Clone, Default)]
pub struct Elsewhere(Option<Look>);

type Look = Arc<dyn Fn(&Origin) -> Option<Arc<dyn Store>> + Send + Sync>;

impl Elsewhere {
    /// Where they are found by this.
    #[must_use]
    pub fn new(look: impl Fn(&Origin) -> Option<Arc<dyn Store>> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(look)))
    }

    /// The store that a log is kept in.
    #[must_use]
    pub fn store(&self, origin: &Origin) -> Option<Arc<dyn Store>> {
        self.0.as_ref().and_then(|look| look(origin))
    }

    /// Its store, where the log is held to its end.
    fn whole(&self, origin: &Origin, end: u64) -> Option<Arc<dyn Store>> {
        let held = |store: &Arc<dyn Store>| store.head(origin).is_some_and(|head| head.head.size >= end);
        // One that was closed empty is nowhere, and nothing of it is missing.
        self.store(origin).filter(held)
    }

    /// Up to where a closed log can come: to its final size, or to what its own node says to be left of it.
    fn end(&self, origin: &Origin, size: u64) -> u64 {
        let record = self.store(origin).map(|store| ReplicaRecord::read(store.as_ref(), origin));
        let loss = record.and_then(|record| record.ok()?.loss);
        loss.map_or(size, |loss| loss.size.min(size))
    }
}

impl fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Elsewhere" } else { "Elsewhere(nowhere)" })
    }
}

/// The closed logs that a log is held beside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Siblings(BTreeMap<Origin, Sibling>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Sibling {
    /// Whether it is here to its end, or to what its own node says to be left of it.
    whole: bool,
    /// Entries of it that were here when its lists were read.
    held: u64,
    /// By which closings of keys it was judged: by others its lists are others.
    judged: Option<Hash>,
}

impl Siblings {
    /// Whether these are the closed logs by this list.
    pub(super) fn are_by(&self, trust: &TrustList, origin: &Origin) -> bool {
        let closed = trust.closed_before(origin);
        closed.len() == self.0.len() && closed.iter().all(|(closed, _)| self.0.contains_key(closed))
    }

    /// Whether any is not here to its end, and may yet come.
    #[must_use]
    pub fn lack(&self) -> bool {
        self.0.values().any(|sibling| !sibling.whole)
    }

    /// Those that are not here to their ends, and may yet come.
    pub(super) fn lacking(&self) -> Vec<Origin> {
        let lacking = self.0.iter().filter(|(_, sibling)| !sibling.whole);
        lacking.map(|(origin, _)| origin.clone()).collect()
    }

    /// Whether one that was not here to its end is now, has more than it had, or was judged again since its lists were read.
    #[must_use]
    pub fn came(&self, trust: &TrustList, origin: &Origin, elsewhere: &Elsewhere) -> bool {
        let mut closed = trust.closed_before(origin).into_iter();
        closed.any(|(closed, size)| match self.0.get(&closed) {
            Some(Sibling { whole: false, .. }) => {
                let end = elsewhere.end(&closed, size);
                end == 0 || elsewhere.whole(&closed, end).is_some()
            }
            Some(Sibling { held, judged, .. }) => elsewhere.store(&closed).is_some_and(|store| {
                let record = ReplicaRecord::read(store.as_ref(), &closed);
                held_of(store.as_ref(), &closed, size) > *held || record.is_ok_and(|record| record.closed != *judged)
            }),
            None => false,
        })
    }

    /// By which closings of keys a log is judged beside these: its own by the list, and those that these were judged by.
    /// None while every key is open.
    pub(super) fn judged_with(&self, own: Option<Hash>) -> Option<Hash> {
        if !self.are_judged() {
            return own;
        }
        let mut hash = Sha256::new_with_prefix(b"closed keys of closed logs\0");
        for (origin, judged) in self.0.iter().filter_map(|(origin, one)| Some((origin, one.judged?))) {
            hash.update(origin.as_str());
            hash.update([0]);
            hash.update(judged.0);
        }
        if let Some(own) = own {
            hash.update(own.0);
        }
        Some(Hash(hash.finalize().into()))
    }

    /// Whether keys were closed that signed in any of these.
    pub(super) fn are_judged(&self) -> bool {
        self.0.values().any(|sibling| sibling.judged.is_some())
    }
}

impl Held {
    /// The same beside the closed logs that it may speak for. It reads the lists of each, and blocks.
    pub fn beside(
        self,
        store: &dyn Store,
        origin: &Origin,
        trust: &TrustList,
        elsewhere: &Elsewhere,
    ) -> Result<Self, StoreError> {
        let (siblings, mut closed) = ended(origin, trust, elsewhere)?;
        let durable = store.durable_size(origin);
        speak(store, origin, durable, &mut closed, elsewhere)?;
        Ok(Self { status: self.status.beside(closed), siblings, ..self })
    }
}

/// The lists of the closed logs before a log as they stood when it began to speak for them.
pub(super) fn ended(
    origin: &Origin,
    trust: &TrustList,
    elsewhere: &Elsewhere,
) -> Result<(Siblings, Vec<ClosedLists>), StoreError> {
    let (mut siblings, mut closed) = (Siblings::default(), Vec::new());
    for (sibling, size) in trust.closed_before(origin) {
        let end = elsewhere.end(&sibling, size);
        let store = elsewhere.whole(&sibling, end);
        let judged = match &store {
            Some(store) => ReplicaRecord::read(store.as_ref(), &sibling)?.closed,
            None => None,
        };
        let held = store.as_ref().map_or(0, |store| held_of(store.as_ref(), &sibling, size));
        siblings.0.insert(sibling.clone(), Sibling { whole: end == 0 || store.is_some(), held, judged });
        let Some(store) = store else { continue };
        // First what it says of those before it, then its own.
        speak(store.as_ref(), &sibling, size, &mut closed, elsewhere)?;
        closed.push(own(store.as_ref(), &sibling)?);
    }
    Ok((siblings, closed))
}

/// Entries of a closed log that are here and count.
fn held_of(store: &dyn Store, origin: &Origin, size: u64) -> u64 {
    store.head(origin).map_or(0, |head| head.head.size.min(size))
}

/// The lists of a log as its own entries leave them.
fn own(store: &dyn Store, origin: &Origin) -> Result<ClosedLists, StoreError> {
    let mut lists = Vec::new();
    for state in store.status_lists(origin)? {
        let mut statuses = StatusList::new();
        for (index, bits) in state.set {
            let known = Status::from_value(bits).and_then(|status| statuses.set(index, status)).ok();
            known.ok_or_else(|| StoreError::BadBatch(format!("status {bits} at {index} of {origin} is none")))?;
        }
        // Nothing is issued there any more: which places are taken is nobody's question.
        lists.push(ListView::resume(statuses, []));
    }
    let record = ReplicaRecord::read(store, origin)?;
    let in_part = record.in_part.into_iter().map(|(list, place)| StatusPlace { list, place });
    Ok(ClosedLists::new(origin.clone(), lists, in_part))
}

/// Takes in what a log, up to a size, says of certificates of closed ones.
fn speak(
    store: &dyn Store,
    origin: &Origin,
    size: u64,
    closed: &mut [ClosedLists],
    elsewhere: &Elsewhere,
) -> Result<(), StoreError> {
    if closed.is_empty() {
        return Ok(());
    }
    for index in rows(store, origin)?.into_iter().filter(|index| *index < size) {
        if finding::is_finding(store, origin, index)? {
            continue;
        }
        let Some(change) = change_at(store, origin, index)? else { continue };
        let Some(lists) = closed.iter_mut().find(|lists| *lists.origin() == change.target.log) else { continue };
        let place = match elsewhere.store(lists.origin()) {
            Some(other) => durable(other.as_ref(), lists.origin(), &change.target.jti)?.map(|target| target.place),
            None => None,
        };
        // What may not follow changes nothing; whether that is a finding is said where the entry is judged.
        let _ = lists.change(&change, place);
    }
    Ok(())
}

fn change_at(store: &dyn Store, origin: &Origin, index: u64) -> Result<Option<Change>, StoreError> {
    let none: &[&str] = &[];
    let leaf = store.durable_entry(origin, index)?.map(|entry| entry.leaf);
    let opened = leaf.and_then(|leaf| open_leaf(&leaf, none).ok());
    Ok(opened.and_then(|opened| match opened.body {
        OpenedBody::StatusChange(change) => Some(change.change),
        _ => None,
    }))
}

fn prefix(origin: &Origin) -> Vec<u8> {
    [b"elsewhere/", origin.as_str().as_bytes(), &[0]].concat()
}

/// That an entry changes the status of a certificate of another log.
pub(super) fn row(origin: &Origin, index: u64) -> StateChange {
    let id = [prefix(origin), index.to_be_bytes().to_vec()].concat();
    StateChange::RecordPut { table: TABLE, id, record: Vec::new() }
}

/// Whether a change of state is such a row.
pub(super) fn is_row(change: &StateChange, origin: &Origin) -> bool {
    matches!(change, StateChange::RecordPut { table, id, .. } if *table == TABLE && id.starts_with(&prefix(origin)))
}

/// The entries of a log that change certificates of others, in their order.
fn rows(store: &dyn Store, origin: &Origin) -> Result<Vec<u64>, StoreError> {
    let prefix = prefix(origin);
    let records = store.records_under(TABLE, &prefix, usize::MAX)?.into_iter();
    let places = records.filter_map(|(id, _)| id.strip_prefix(prefix.as_slice())?.try_into().ok());
    Ok(places.map(u64::from_be_bytes).collect())
}
