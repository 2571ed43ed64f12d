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
use std::collections::{BTreeMap, HashMap, HashSet};

/// By which closings the status of a log was judged last.
fn id(origin: &Origin) -> Vec<u8> {
    format!("judged/{origin}").into_bytes()
}

/// Brings the status of the logs in line with the keys that the list closes, where another list closed keys otherwise. The
/// lists of a closed log follow also from the log that speaks for it, so these are judged together. Gives the logs whose
/// next snapshot tells of what was judged. It reads what lies past the first closing, and whole logs where something there
/// counts no more. No batch may be under way.
pub(super) fn restate(store: &dyn Store, trust: &TrustList, at_ms: u64) -> Result<HashSet<Origin>, SequencerError> {
    let mut restated = HashSet::new();
    let mut by_addressee: BTreeMap<String, Vec<Origin>> = BTreeMap::new();
    for origin in store.logs() {
        by_addressee.entry(origin.addressee().to_owned()).or_default().push(origin);
    }
    for mut logs in by_addressee.into_values() {
        logs.sort_by_key(|log| log.shard());
        // Closed ones, and the open one behind them, which speaks for them.
        for run in logs.split_inclusive(|log| trust.shard_final_size(log).is_none()) {
            if judge(store, trust, run, at_ms)? {
                restated.extend(run.last().cloned());
            }
        }
    }
    Ok(restated)
}

/// Judges logs that are told of together, and says whether another list closed keys otherwise.
fn judge(store: &dyn Store, trust: &TrustList, logs: &[Origin], at_ms: u64) -> Result<bool, SequencerError> {
    let (mut judged, mut hit) = (Vec::new(), false);
    for origin in logs {
        let closed = trust.closed_in(origin);
        let before = store.record(Table::Setting, &id(origin))?;
        let before: Option<Hash> = before.and_then(|bytes| postcard::from_bytes(&bytes).ok());
        let (true, Some(closed)) = (closed != before, closed) else { continue };
        hit = hit || before.is_some() || is_hit(store, trust, origin)?;
        let record = postcard::to_allocvec(&closed).unwrap_or_default();
        judged.push(StateChange::RecordPut { table: Table::Setting, id: id(origin), record });
    }
    if judged.is_empty() {
        return Ok(false);
    }
    let mut state = if hit { follow(store, trust, logs)? } else { Vec::new() };
    state.extend(judged);
    store.commit(Batch { at_ms, state, ..Batch::default() })?;
    Ok(true)
}

/// Whether an entry past the first closing counts no more.
fn is_hit(store: &dyn Store, trust: &TrustList, origin: &Origin) -> Result<bool, StoreError> {
    for index in trust.first_closed(origin).unwrap_or(0)..store.durable_size(origin) {
        if read(store, origin, index)?.is_some_and(|entry| !entry.counts(trust)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What an entry says; none where it cannot be read.
fn read(store: &dyn Store, origin: &Origin, index: u64) -> Result<Option<CheckedEntry>, StoreError> {
    let entry = store.durable_entry(origin, index)?;
    let entry = entry.ok_or_else(|| StoreError::NoEntry { origin: origin.clone(), index })?;
    Ok(CheckedEntry::read(&entry.leaf, index).ok())
}

/// The statuses as they follow from the entries that count, log by log, where they are kept otherwise.
fn follow(store: &dyn Store, trust: &TrustList, logs: &[Origin]) -> Result<Vec<StateChange>, StoreError> {
    let mut certificates: HashMap<(Origin, Jti), StatusPlace> = HashMap::new();
    let mut changed: BTreeMap<(Origin, StatusPlace), Status> = BTreeMap::new();
    let (mut kept, mut closed) = (BTreeMap::new(), Vec::new());
    for origin in logs {
        let mut view = StatusView::new(origin.clone()).beside(closed);
        for index in 0..store.durable_size(origin) {
            let Some(entry) = read(store, origin, index)? else {
                view.skip();
                continue;
            };
            if let Some(place) = entry.status_place() {
                certificates.insert((origin.clone(), entry.envelope.jti), place);
            }
            let target = match &entry.body {
                OpenedBody::StatusChange(one) => Some(&one.change.target),
                _ => None,
            };
            let place = target.and_then(|target| certificates.get(&(target.log.clone(), target.jti)).copied());
            if entry.counts(trust) {
                // Its own snapshots may be of what counted then; they change nothing.
                let _ = view.admit(&entry, |_| place);
            } else {
                view.pass(&entry);
            }
            if let Some((target, place)) = target.zip(place)
                && let Some(status) = view.status_in(&target.log, place)
            {
                changed.insert((target.log.clone(), place), status);
            }
        }
        for list in store.status_lists(origin)? {
            let place = |place| (origin.clone(), StatusPlace { list: list.list, place });
            kept.extend(list.set.into_iter().map(|(at, status)| (place(at), status)));
        }
        closed = view.ended();
    }
    let is_kept = |at: &(Origin, StatusPlace)| kept.get(at).copied().unwrap_or(Status::Valid.value());
    let other = changed.into_iter().filter(|(at, status)| status.value() != is_kept(at));
    let set = other.map(|((origin, StatusPlace { list, place: index }), status)| StateChange::StatusSet {
        origin,
        list,
        index,
        status: status.value(),
    });
    Ok(set.collect())
}
