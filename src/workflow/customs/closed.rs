//! Statements past the closing of the key that signed them. They count no more, and who acted by them has to see that they
//! were there; so they are read here beside those that count, each with why it does not.

use super::arrival::statement_at;
use crate::{
    inbox::finding,
    statement::{Kind, Status},
    store::{About, EntryRef, Store, StoreError, Subject, about},
    trust::TrustList,
    verification::CheckedEntry,
    workflow::{Desk, WorkflowError},
};

impl Desk {
    /// Whether a certificate of a partner lost its force for good, whatever its key, as one does in whose place another stands.
    /// It reads from the disk.
    pub fn has_lost_force(&self, store: &dyn Store, entry: &EntryRef) -> Result<bool, WorkflowError> {
        let status = self.arrival_as_kept(store, entry)?.map(|arrival| arrival.status);
        Ok(matches!(status, Some(Status::Superseded | Status::Cancelled | Status::Withdrawn)))
    }
}

/// A statement that was said.
pub(in crate::workflow) struct SaidOnce {
    /// Where it stands, and since when it is readable here.
    pub(in crate::workflow) about: About,
    /// What it says.
    pub(in crate::workflow) entry: CheckedEntry,
    /// Why it does not count, where it stands past the closing of its key.
    pub(in crate::workflow) key_closed: Option<String>,
}

/// What a store has about something, in the order of its logs, but findings of another kind than a closed key. An
/// authority keeps no findings of its own logs, so the trust list is asked as well.
pub(in crate::workflow) fn said_about(
    store: &dyn Store,
    trust: &TrustList,
    subject: &Subject,
    kind: Kind,
) -> Result<Vec<SaidOnce>, StoreError> {
    let mut found = Vec::new();
    for about in about(store, subject)?.into_iter().filter(|one| one.kind == kind) {
        if let Some((entry, key_closed)) = said_at(store, trust, &about.entry)? {
            found.push(SaidOnce { about, entry, key_closed });
        }
    }
    Ok(found)
}

/// The published statement at a place, with why it does not count if its key is closed there.
pub(in crate::workflow) fn said_at(
    store: &dyn Store,
    trust: &TrustList,
    place: &EntryRef,
) -> Result<Option<(CheckedEntry, Option<String>)>, StoreError> {
    let kept = finding::that_holds(store, &place.origin, place.index)?;
    if kept.as_ref().is_some_and(|kept| !finding::keeps_its_place(&kept.reason)) {
        return Ok(None);
    }
    let Some(statement) = statement_at(store, place)? else { return Ok(None) };
    let (envelope, body) = (statement.opened.envelope, statement.opened.body);
    let entry = CheckedEntry { index: place.index, envelope, body };
    let key_closed = kept.map(|kept| kept.sentence).or_else(|| entry.key_closed(trust));
    Ok(Some((entry, key_closed)))
}
