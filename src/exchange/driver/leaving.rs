//! Which branch of a log that forked is held here, and what of the log a person has lifted by that.

use super::start::Inner;
use crate::exchange::heads::{Evidence, Left, Lifted};
use crate::exchange::recall::durable_root;
use crate::log::{Origin, TreeHead};
use crate::store::{Batch, Store, StoreError};
use crate::time::unix_ms;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was lifted of all logs. It blocks.
pub(super) fn left(inner: &Inner) -> Result<BTreeMap<Origin, Left>, StoreError> {
    let lifted = Lifted::all(inner.node_store.as_ref())?;
    Ok(lifted.into_iter().map(|(origin, lifted)| (origin.clone(), left_of(inner, &origin, &lifted))).collect())
}

/// What was lifted of one log: by its entries, where they are here; else by what this node witnessed; else by what is known
/// of it to be of one history. It blocks.
pub(super) fn left_of(inner: &Inner, origin: &Origin, lifted: &[Lifted]) -> Left {
    let (list, store) = (inner.lists.current(), inner.store_of(origin));
    if let Some(store) = store {
        return Left::of(&list, origin, lifted, &|head: &TreeHead| is_held(store.as_ref(), origin, head));
    }
    let witnessed = inner.witness.heads().remove(origin).and_then(|note| list.signed_head(origin, &note));
    let heads = inner.heads();
    let here = |head: &TreeHead| match witnessed {
        Some(seen) if seen.size == head.size => Some(seen.root == head.root),
        Some(seen) => (heads.is_of_one(origin, &seen) && heads.is_of_one(origin, head)).then_some(true),
        None => heads.is_of_one(origin, head).then_some(true),
    };
    let mut left = Left::of(&list, origin, lifted, &here);
    if left.heads.is_empty() {
        // Nothing tells the branches apart. Neither counts, and what is shown next begins anew.
        for (short, long) in left.pairs.clone() {
            left.leave(short);
            left.leave(long);
        }
    }
    left
}

/// Whether what this node cosigned last of a log as its witness gives way to the head whose branch goes on by a person's word,
/// where these are left by it: it is no further, or it is of what is left. One that is further, and of neither as far as is
/// known, stays: what is shown next proves which it is of.
pub(super) fn gives_way(inner: &Inner, origin: &Origin, onto: &TreeHead, left: &[TreeHead]) -> bool {
    let list = inner.lists.current();
    let seen = inner.witness.heads().remove(origin).and_then(|note| list.signed_head(origin, &note));
    let Some(seen) = seen.filter(|seen| seen != onto) else { return false };
    let heads = inner.heads();
    let with_it = |head: &TreeHead| *head == seen || (heads.is_of_one(origin, &seen) && heads.is_of_one(origin, head));
    seen.size <= onto.size || left.iter().any(with_it)
}

/// Whether entries of a log are here, which tell the branches of it apart.
pub(super) fn has_entries(inner: &Inner, origin: &Origin) -> bool {
    inner.store_of(origin).is_some_and(|store| store.head(origin).is_some())
}

/// Those heads of a proof that are of what is held here. It blocks.
pub(super) fn held_of(inner: &Inner, evidence: &Evidence) -> Vec<TreeHead> {
    let origin = evidence.proven.origin();
    let Some(store) = inner.store_of(origin) else { return Vec::new() };
    evidence.held(&inner.lists.current(), &|head: &TreeHead| is_held(store.as_ref(), origin, head))
}

/// Whether a head is of the history whose entries are here; none where it goes further.
fn is_held(store: &dyn Store, origin: &Origin, head: &TreeHead) -> Option<bool> {
    let root = (head.size <= store.durable_size(origin)).then(|| durable_root(store, origin, head.size));
    root.and_then(Result::ok).map(|root| root == head.root)
}

/// A head was proven to be the beginning of a branch that was lifted: it is lifted with that, also at the next start.
pub(super) async fn leave(inner: &Arc<Inner>, origin: Origin, head: TreeHead) -> Result<(), StoreError> {
    let its = Arc::clone(inner);
    let kept = tokio::task::spawn_blocking(move || {
        let _alone = its.judging();
        let mut all = Lifted::all(its.node_store.as_ref())?.remove(&origin).unwrap_or_default();
        if let Some(last) = all.last_mut() {
            last.left.push(head);
            let at_ms = unix_ms(its.clock.now());
            its.node_store.commit(Batch { at_ms, state: vec![last.put(&origin)], ..Batch::default() })?;
        }
        let mut left = left_of(&its, &origin, &all);
        left.leave(head);
        its.leave(&origin, left);
        Ok::<_, StoreError>(())
    });
    kept.await.map_err(|error| StoreError::Index(error.to_string()))?
}
