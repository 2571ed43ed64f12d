//! The status of own logs under a list that closes a key, or ends a log below its newest entry; and of those that came
//! back beside others.
//!
//! What a compromised key gave back does not count past its end, and what it took away does; past the end of a log nothing
//! counts. Replicas judge the log anew when the list reaches them. The lists that the authority goes on with have to be
//! those which follow from the entries by the same list, or its next snapshot would be a finding everywhere and every
//! status unknown. So it is with what a later log says of certificates of one that came back after it.

use super::{SequencerError, recalled::Recalled, snapshot::set_void_apart};
use crate::{
    log::{Hash, Origin},
    statement::{Jti, OpenedBody, Status},
    store::{Batch, StateChange, Store, StoreError, Table},
    trust::TrustList,
    verification::{CheckedEntry, StatusPlace, StatusView},
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// By what the status of a log was judged last.
fn id(origin: &Origin) -> Vec<u8> {
    format!("judged/{origin}").into_bytes()
}

/// By what the status of a log is judged: the keys that the list closes, the end of the log where entries stand beyond it,
/// and what came back of it last. None where all counts as it was said here.
fn judged_by(store: &dyn Store, trust: &TrustList, origin: &Origin, back: Option<Recalled>) -> Option<Hash> {
    let mut judged = trust.closed_in(origin);
    let mut and = |prefix: &[u8], numbers: &[u64]| {
        let mut hash = Sha256::new_with_prefix(prefix);
        for number in numbers {
            hash.update(number.to_be_bytes());
        }
        if let Some(before) = judged {
            hash.update(before.0);
        }
        judged = Some(Hash(hash.finalize().into()));
    };
    if let Some(last) = ended_below(store, trust, origin) {
        and(b"ended log\0", &[last]);
    }
    if let Some(Recalled { from, end, at_ms, .. }) = back {
        and(b"log that came back\0", &[from, end, at_ms]);
    }
    judged
}

/// The final size of a log that has more entries.
fn ended_below(store: &dyn Store, trust: &TrustList, origin: &Origin) -> Option<u64> {
    trust.shard_final_size(origin).filter(|last| *last < store.durable_size(origin))
}

/// Brings the status of the logs in line with the list, where another one closed keys or ended logs otherwise. The lists of
/// a closed log follow also from the log that speaks for it, so these are judged together. Gives the logs whose next
/// snapshot tells of what was judged. It reads what lies past the first closing, and whole logs where something there counts
/// no more. No batch may be under way.
pub(super) fn restate(store: &dyn Store, trust: &TrustList, at_ms: u64) -> Result<HashSet<Origin>, SequencerError> {
    let mut restated = HashSet::new();
    let mut by_addressee: BTreeMap<String, Vec<Origin>> = BTreeMap::new();
    for origin in store.logs() {
        by_addressee.entry(origin.addressee().to_owned()).or_default().push(origin);
    }
    for mut logs in by_addressee.into_values() {
        logs.sort_by_key(|log| log.shard());
        // Closed ones, and the open one behind them, which speaks for them.
        for run in logs.split_inclusive(|log| !trust.is_closed(log)) {
            if judge(store, trust, run, at_ms)? {
                restated.extend(run.last().cloned());
            }
        }
    }
    Ok(restated)
}

/// Judges logs that are told of together, and says whether another list judged otherwise.
fn judge(store: &dyn Store, trust: &TrustList, logs: &[Origin], at_ms: u64) -> Result<bool, SequencerError> {
    let (mut judged, mut hit) = (Vec::new(), false);
    for origin in logs {
        // One by itself has all that is said of it in its own entries, and these came in their order.
        let back = if logs.len() > 1 { Recalled::read(store, origin)? } else { None };
        let closed = judged_by(store, trust, origin, back);
        let before = store.record(Table::Setting, &id(origin))?;
        let before: Option<Hash> = before.and_then(|bytes| postcard::from_bytes(&bytes).ok());
        let (true, Some(closed)) = (closed != before, closed) else { continue };
        hit = hit || before.is_some() || back.is_some() || is_hit(store, trust, origin)?;
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
    let first = trust.first_closed(origin).into_iter().chain(ended_below(store, trust, origin)).min();
    for index in first.unwrap_or(0)..store.durable_size(origin) {
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

/// The statuses as they follow from the entries that count, log by log, where they are kept otherwise; and the notes of
/// changes with those apart that were never said.
fn follow(store: &dyn Store, trust: &TrustList, logs: &[Origin]) -> Result<Vec<StateChange>, StoreError> {
    let mut certificates: HashMap<(Origin, Jti), Certificate> = HashMap::new();
    let mut changed: BTreeMap<(Origin, StatusPlace), Status> = BTreeMap::new();
    let (mut kept, mut closed, mut unsaid) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
    for origin in logs {
        let mut view = StatusView::new(origin.clone()).beside(closed);
        for index in 0..store.durable_size(origin) {
            let Some(entry) = read(store, origin, index)? else {
                view.skip();
                continue;
            };
            let is_void = trust.is_void(origin, index);
            if let Some(place) = entry.status_place() {
                certificates.insert((origin.clone(), entry.envelope.jti), Certificate { place, is_void });
            }
            let target = match &entry.body {
                OpenedBody::StatusChange(one) => Some(&one.change.target),
                _ => None,
            };
            let of = target.and_then(|target| certificates.get(&(target.log.clone(), target.jti)).copied());
            if entry.counts(trust) {
                // Nobody else finds a certificate that is void: what was said of it changes nothing.
                let place = of.filter(|of| !of.is_void).map(|of| of.place);
                // Its own snapshots may be of what counted then; they change nothing.
                let _ = view.admit(&entry, |_| place);
            } else {
                view.pass(&entry);
            }
            unsaid.extend(target.filter(|_| is_void).map(|target| (target.log.clone(), target.jti)));
            if let Some((target, of)) = target.zip(of)
                && let Some(status) = view.status_in(&target.log, of.place)
            {
                changed.insert((target.log.clone(), of.place), status);
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
    let mut state = set.collect::<Vec<_>>();
    for (log, jti) in unsaid {
        state.extend(set_void_apart(store, (&log, &jti), |place| trust.is_void(&place.origin, place.index))?);
    }
    Ok(state)
}

/// A certificate that changes are about.
#[derive(Clone, Copy)]
struct Certificate {
    place: StatusPlace,
    is_void: bool,
}
