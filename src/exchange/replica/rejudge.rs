//! Findings under another trust list: what an older list knew no key for may be good by a newer one.
//!
//! What one entry counts for decides what follows it: a certificate that counts takes its place in a status list, and a
//! snapshot that says so is right. So where one finding falls, the log is judged anew from its first entry. What was
//! cosigned stays cosigned: that says what is held, not that it is good. What a snapshot was found to be by the clock stays
//! as it was when it came: no list has a say in that.

use super::{
    Finding, Held, Setup, Unchecked,
    arrivals::MOST_AT_ONCE,
    check,
    making::Making,
    record::{ReplicaRecord, came_ahead},
    siblings,
};
use crate::{
    inbox::finding::{self, Cleared, Kept, is_by_the_list},
    log::Origin,
    reason::Reasoned,
    statement::open_leaf,
    store::{self, Batch, EntryRef, StateChange, Store, StoreError},
    verification::{CheckedEntry, check_entry},
};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// What another list makes of a log.
#[derive(Debug)]
pub struct Rejudged {
    /// To be made durable in the log's own store.
    pub batch: Batch,
    /// Entries that are good now.
    pub cleared: Vec<u64>,
    /// Entries that are not, and were.
    pub found: Vec<Finding>,
}

/// Judges a log again by the list of `setup`: its findings, if an older one made them or closed logs are beside it; what
/// stands past the closing of its key, if another one closed keys otherwise; and what came before the list by which it is
/// void. None where nothing is to be kept. It reads from the disk: the findings, and what lies past the first closing; the
/// whole log where one of them falls or an entry does.
pub fn rejudge(store: &dyn Store, setup: &Setup, at_ms: u64) -> Result<Option<Rejudged>, StoreError> {
    let Setup { origin, trust, .. } = setup;
    let kept = finding::all(store, origin)?;
    let mut record = ReplicaRecord::read(store, origin)?;
    // What a log says of closed ones is right or wrong by how these ended, and that may be known only now.
    let (siblings, ended) = siblings::ended(origin, trust, &setup.elsewhere)?;
    let speaks = !ended.is_empty();
    let closed = siblings.judged_with(trust.closed_in(origin));
    let otherwise = record.closed != closed;
    if otherwise && (siblings.are_judged() || is_hit(store, setup, &kept)?) {
        return judge(store, setup, &kept, at_ms).map(Some);
    }
    // Entries that came before the list by which they are void.
    let durable = store.durable_size(origin);
    let void = |index: u64| kept.iter().any(|kept| kept.cleared.is_none() && kept.finding.index == index);
    if trust.shard_final_size(origin).is_some_and(|last| (last..durable).any(|index| !void(index))) {
        return judge(store, setup, &kept, at_ms).map(Some);
    }
    let older = |kept: &&Kept| {
        let Finding { reason, trust_version, .. } = &kept.finding;
        let by_the_list = *trust_version < trust.version() && is_by_the_list(reason);
        kept.cleared.is_none() && (by_the_list || (speaks && reason == "ENTRY_SNAPSHOT_LISTS"))
    };
    let asked = kept.iter().filter(older).map(|kept| &kept.finding).collect::<Vec<_>>();
    let mut state = Vec::with_capacity(asked.len());
    for found in asked {
        let leaf = leaf(store, origin, found.index)?;
        match check_entry(&leaf, None, origin, found.index, trust) {
            Err(fault) if fault.reason() == found.reason => {
                state.push(finding::of(origin, found.index, &fault, trust.version()).put());
            }
            _ => return judge(store, setup, &kept, at_ms).map(Some),
        }
    }
    if otherwise {
        record.closed = closed;
        state.push(record.put(origin));
    }
    let batch = Batch { at_ms, state, ..Batch::default() };
    Ok((!batch.state.is_empty()).then_some(Rejudged { batch, cleared: Vec::new(), found: Vec::new() }))
}

/// Whether an entry that counted stands past the closing of its key. What its leaf says is enough to know: its signature
/// was verified when it came.
fn is_hit(store: &dyn Store, setup: &Setup, kept: &[Kept]) -> Result<bool, StoreError> {
    let Setup { origin, trust, .. } = setup;
    let Some(first) = trust.first_closed(origin) else { return Ok(false) };
    let found = kept.iter().filter(|kept| kept.cleared.is_none()).map(|kept| kept.finding.index);
    let found = found.collect::<BTreeSet<_>>();
    for index in (first..store.durable_size(origin)).filter(|index| !found.contains(index)) {
        let entry = CheckedEntry::read(&leaf(store, origin, index)?, index);
        if entry.is_ok_and(|entry| !entry.counts(trust)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn leaf(store: &dyn Store, origin: &Origin, index: u64) -> Result<Bytes, StoreError> {
    let entry = store.durable_entry(origin, index)?;
    entry.map(|entry| entry.leaf).ok_or_else(|| StoreError::NoEntry { origin: origin.clone(), index })
}

/// Judges all that is durable.
fn judge(store: &dyn Store, setup: &Setup, kept: &[Kept], at_ms: u64) -> Result<Rejudged, StoreError> {
    let Setup { origin, trust, .. } = setup;
    let before = kept.iter().map(|kept| (kept.finding.index, kept)).collect::<BTreeMap<_, _>>();
    let (siblings, closed) = siblings::ended(origin, trust, &setup.elsewhere)?;
    let nothing = Held::nothing(origin);
    let mut held = Held { status: nothing.status.beside(closed), ..nothing };
    let (ahead, mut rows) = (came_ahead(store, origin)?, Vec::new());
    let (mut now, mut places, mut statuses) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let (mut next, durable) = (0, store.durable_size(origin));
    while next < durable {
        let end = durable.min(next.saturating_add(u64::try_from(MOST_AT_ONCE).unwrap_or(u64::MAX)));
        let entries = (next..end).map(|index| leaf(store, origin, index)).collect::<Result<Vec<_>, _>>()?;
        let (origin, trust) = (origin.clone(), trust.clone());
        let elsewhere = setup.elsewhere.clone();
        let work = Unchecked { ticket: 0, origin, start: next, entries: entries.clone(), trust, elsewhere };
        let mut checked = check(store, &work)?;
        let lost = |found: &Finding| !finding::keeps_its_place(&found.reason);
        checked.targets.retain(|_, target| target.log != setup.origin || !now.get(&target.index).is_some_and(lost));
        let mut making = Making::again(setup, &mut held, &ahead, at_ms);
        for ((index, leaf), entry) in (next..end).zip(entries).zip(checked.entries) {
            making.entry(index, leaf, entry, &checked.targets, checked.trust_version);
        }
        now.extend(making.findings.drain(..).map(|found| (found.index, found)));
        for entry in &making.batch.entries {
            places.extend(entry.status_index.filter(|_| before.contains_key(&entry.index)).map(|at| (entry.index, at)));
        }
        for change in &making.batch.state {
            if let StateChange::StatusSet { list, index, status, .. } = change {
                statuses.insert((*list, *index), *status);
            } else if siblings::is_row(change, &setup.origin) {
                rows.push(change.clone());
            }
        }
        // The store knows the others.
        held.recent.retain(|_, target| before.contains_key(&target.index));
        next = end;
    }
    let mut state = status(store, origin, held.status.lists(), &statuses)?;
    let mut record = ReplicaRecord::read(store, origin)?;
    record.follow(&held.status);
    record.closed = siblings.judged_with(trust.closed_in(origin));
    state.push(record.put(origin));
    state.extend(rows);
    let stood = |index: &u64| before.get(index).is_some_and(|kept| kept.cleared.is_none());
    let fell = before.values().filter(|kept| kept.cleared.is_none() && !now.contains_key(&kept.finding.index));
    let fell = fell.map(|kept| &kept.finding).collect::<Vec<_>>();
    state.extend(fell.iter().map(|finding| {
        let status_index = places.get(&finding.index).copied();
        finding.take_back(Cleared { trust_version: trust.version(), status_index })
    }));
    for finding in &fell {
        let (none, entry): (&[&str], _) = (&[], EntryRef { origin: origin.clone(), index: finding.index });
        if let Ok(opened) = open_leaf(&leaf(store, origin, finding.index)?, none) {
            state.extend(store::index(&entry, &opened.body, at_ms));
        }
    }
    state.extend(now.values().map(Finding::put));
    let cleared = fell.iter().map(|finding| finding.index).collect();
    let found = now.into_values().filter(|finding| !stood(&finding.index)).collect();
    Ok(Rejudged { batch: Batch { at_ms, state, ..Batch::default() }, cleared, found })
}

/// The statuses as they follow now, where they are kept otherwise.
fn status(
    store: &dyn Store,
    origin: &Origin,
    lists: usize,
    now: &BTreeMap<(u32, u32), u8>,
) -> Result<Vec<StateChange>, StoreError> {
    let kept = store.status_lists(origin)?;
    let open = kept.iter().map(|list| list.list).collect::<BTreeSet<_>>();
    let lists = 0..u32::try_from(lists).unwrap_or(u32::MAX);
    let opened = lists.filter(|list| !open.contains(list));
    let mut state = opened
        .map(|list| StateChange::StatusListOpened { origin: origin.clone(), list, seed: [0; 32] })
        .collect::<Vec<_>>();
    let set =
        |(list, index): (u32, u32), status| StateChange::StatusSet { origin: origin.clone(), list, index, status };
    let was = kept.iter().flat_map(|list| list.set.iter().map(|(index, status)| ((list.list, *index), *status)));
    let was = was.collect::<BTreeMap<_, _>>();
    let other = now.iter().filter(|(at, status)| was.get(*at) != Some(*status));
    state.extend(other.map(|(at, status)| set(*at, *status)));
    state.extend(was.keys().filter(|at| !now.contains_key(*at)).map(|at| set(*at, 0)));
    Ok(state)
}
