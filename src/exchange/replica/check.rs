//! The checks of entries that need nothing but the trust list: the costly part, done beside the machine.

use super::{Checked, Target, Unchecked};
use crate::{
    inbox::finding,
    log::Origin,
    statement::{Jti, OpenedBody, StatementRef, open_leaf, status_list::LIST_ENTRIES},
    store::{Store, StoreError},
    verification::{CheckedEntry, EntryFault, StatusPlace, check_entry},
};
use std::{cmp::Ordering, collections::BTreeMap};

/// Checks entries one by one, and finds the certificates that they change. Give each thread a part of the work: parts
/// of one [`Unchecked`] may be checked apart and put together again.
pub fn check(store: &dyn Store, work: &Unchecked) -> Result<Checked, StoreError> {
    check_with(store, work, |leaf, index| check_entry(leaf, None, &work.origin, index, &work.trust))
}

/// The same with another check of the single entry.
pub(in crate::exchange) fn check_with(
    store: &dyn Store,
    work: &Unchecked,
    one: impl Fn(&[u8], u64) -> Result<CheckedEntry, EntryFault>,
) -> Result<Checked, StoreError> {
    let mut targets = BTreeMap::new();
    let mut entries = Vec::with_capacity(work.entries.len());
    for (index, leaf) in (work.start..).zip(&work.entries) {
        let checked = one(leaf, index);
        if let Ok(entry) = &checked
            && let OpenedBody::StatusChange(opened) = &entry.body
            && let Some(target) = found(store, work, &opened.change.target)?
        {
            targets.insert(opened.change.target.jti, target);
        }
        entries.push(checked);
    }
    Ok(Checked { ticket: work.ticket, entries, targets, trust_version: work.trust.version() })
}

/// The certificate that a change is about: in its own log, or in a closed one that this may speak for.
fn found(store: &dyn Store, work: &Unchecked, target: &StatementRef) -> Result<Option<Target>, StoreError> {
    if target.log == work.origin {
        return durable(store, &work.origin, &target.jti);
    }
    let other = work.elsewhere.store(&target.log).filter(|_| work.trust.speaks_for(&work.origin, &target.log));
    other.map_or(Ok(None), |other| durable(other.as_ref(), &target.log, &target.jti))
}

/// The certificate of this identifier among the durable entries of the log, published or not.
pub(super) fn durable(store: &dyn Store, origin: &Origin, jti: &Jti) -> Result<Option<Target>, StoreError> {
    // Before it is looked for: what is published meanwhile is found by the one search or by the other.
    let (mut low, mut high) = (store.head(origin).map_or(0, |head| head.head.size), store.durable_size(origin));
    let mut index = store.find(jti)?.filter(|found| found.origin == *origin).map(|found| found.index);
    while index.is_none() && low < high {
        let middle = low + (high - low) / 2;
        let Some(entry) = store.durable_entry(origin, middle)? else { return Ok(None) };
        match entry.facts.jti.cmp(jti) {
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
            Ordering::Equal => index = Some(middle),
        }
    }
    let Some(index) = index else { return Ok(None) };
    let Some(entry) = store.durable_entry(origin, index)? else { return Ok(None) };
    if finding::that_holds(store, origin, index)?.is_some_and(|found| !finding::keeps_its_place(&found.reason)) {
        return Ok(None);
    }
    let place = match entry.facts.status_index {
        Some(place) => Some(place),
        None => finding::place(store, origin, index)?,
    };
    Ok(target(origin, index, place, &entry.leaf))
}

/// A certificate as a change refers to it; none where the entry was no good certificate.
fn target(log: &Origin, index: u64, status_index: Option<u32>, leaf: &[u8]) -> Option<Target> {
    let none: &[&str] = &[];
    let place = place_of(status_index?);
    let OpenedBody::Certificate(certificate) = open_leaf(leaf, none).ok()?.body else { return None };
    Some(Target { log: log.clone(), index, place, agreement: certificate.agreement })
}

/// Where the status with this count through all lists stands.
const fn place_of(index: u32) -> StatusPlace {
    StatusPlace { list: index / LIST_ENTRIES, place: index % LIST_ENTRIES }
}
