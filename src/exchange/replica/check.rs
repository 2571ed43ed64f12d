//! The checks of entries that need nothing but the trust list: the costly part, done beside the machine.

use super::{Checked, Unchecked};
use crate::{
    statement::OpenedBody,
    store::{Store, StoreError},
    verification::check_entry,
};
use std::collections::BTreeMap;

/// Checks entries one by one, and finds where the statuses stand that they change. Give each thread a part of the
/// work: parts of one [`Unchecked`] may be checked apart and put together again.
pub fn check(store: &dyn Store, work: &Unchecked) -> Result<Checked, StoreError> {
    let mut places = BTreeMap::new();
    let mut entries = Vec::with_capacity(work.entries.len());
    for (index, leaf) in (work.start..).zip(&work.entries) {
        let checked = check_entry(leaf, None, &work.origin, index, &work.trust);
        if let Ok(entry) = &checked
            && let OpenedBody::StatusChange(opened) = &entry.body
            && let Some(found) = store.find(&opened.change.target.jti)?
            && found.origin == work.origin
            && let Some(facts) = store.facts(&found.origin, found.index)?
            && let Some(place) = facts.status_index
        {
            places.insert(facts.jti, super::held::place_of(place));
        }
        entries.push(checked);
    }
    Ok(Checked { ticket: work.ticket, entries, places, trust_version: work.trust.version() })
}
