//! The status of own logs under a list that closes a key.
//!
//! What a compromised key gave back does not count past its end, and what it took away does; replicas judge the log anew
//! when the list reaches them. The lists that the authority goes on with have to be those which follow from the entries
//! by the same list, or its next snapshot would be a finding everywhere and every status unknown.

use super::SequencerError;
use crate::{
    log::{Hash, Origin},
    statement::{Jti, OpenedBody, Status},
    store::{Batch, StateChange, Store, StoreError, Table},
    trust::TrustList,
    verification::{CheckedEntry, StatusPlace, StatusView},
};
use std::collections::{BTreeMap, HashMap};

/// By which closings the status of a log was judged last.
fn id(origin: &Origin) -> Vec<u8> {
    format!("judged/{origin}").into_bytes()
}

/// Brings the status of a log in line with the keys that the list closes, where another list closed keys otherwise. Says
/// whether it did. It reads what lies past the first closing, and the whole log where something there counts no more. No
/// batch may be under way.
pub(super) fn restate(
    store: &dyn Store,
    trust: &TrustList,
    origin: &Origin,
    at_ms: u64,
) -> Result<bool, SequencerError> {
    let closed = trust.closed_in(origin);
    let before = store.record(Table::Setting, &id(origin))?;
    let before: Option<Hash> = before.and_then(|bytes| postcard::from_bytes(&bytes).ok());
    let (true, Some(closed)) = (closed != before, closed) else { return Ok(false) };
    let first = trust.first_closed(origin).unwrap_or(0);
    let mut hit = before.is_some();
    for index in first..store.durable_size(origin) {
        hit = hit || read(store, origin, index)?.is_some_and(|entry| !entry.counts(trust));
        if hit {
            break;
        }
    }
    let mut state = if hit { follow(store, trust, origin)? } else { Vec::new() };
    let record = postcard::to_allocvec(&closed).unwrap_or_default();
    state.push(StateChange::RecordPut { table: Table::Setting, id: id(origin), record });
    store.commit(Batch { at_ms, state, ..Batch::default() })?;
    Ok(true)
}

/// What an entry says; none where it cannot be read.
fn read(store: &dyn Store, origin: &Origin, index: u64) -> Result<Option<CheckedEntry>, StoreError> {
    let entry = store.durable_entry(origin, index)?;
    let entry = entry.ok_or_else(|| StoreError::NoEntry { origin: origin.clone(), index })?;
    Ok(CheckedEntry::read(&entry.leaf, index).ok())
}

/// The statuses as they follow from the entries that count, where they are kept otherwise.
fn follow(store: &dyn Store, trust: &TrustList, origin: &Origin) -> Result<Vec<StateChange>, StoreError> {
    let mut view = StatusView::new(origin.clone());
    let mut certificates: HashMap<Jti, StatusPlace> = HashMap::new();
    let mut changed: BTreeMap<StatusPlace, Status> = BTreeMap::new();
    for index in 0..store.durable_size(origin) {
        let Some(entry) = read(store, origin, index)? else {
            view.skip();
            continue;
        };
        if let Some(place) = entry.status_place() {
            certificates.insert(entry.envelope.jti, place);
        }
        if entry.counts(trust) {
            // Its own snapshots may be of what counted then; they change nothing.
            let _ = view.admit(&entry, |jti| certificates.get(jti).copied());
        } else {
            view.pass(&entry);
        }
        if let OpenedBody::StatusChange(one) = &entry.body
            && let Some(place) = certificates.get(&one.change.target.jti)
            && let Some(status) = view.status(*place)
        {
            changed.insert(*place, status);
        }
    }
    let mut kept = BTreeMap::new();
    for list in store.status_lists(origin)? {
        kept.extend(list.set.into_iter().map(|(place, status)| (StatusPlace { list: list.list, place }, status)));
    }
    let is_kept = |place: &StatusPlace| kept.get(place).copied().unwrap_or(Status::Valid.value());
    let other = changed.into_iter().filter(|(place, status)| status.value() != is_kept(place));
    let set = other.map(|(StatusPlace { list, place: index }, status)| StateChange::StatusSet {
        origin: origin.clone(),
        list,
        index,
        status: status.value(),
    });
    Ok(set.collect())
}
