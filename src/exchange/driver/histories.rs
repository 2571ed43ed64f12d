//! Whether everybody was shown the same history of the logs that are held here: the newest head that each node has shown,
//! held against the entries.

use super::start::Inner;
use crate::exchange::heads::Compared;
use crate::exchange::{hosts_issuer, is_asked_for};
use crate::log::{Hash, Origin, SignedCheckpoint, TreeHead, consistency_proof, root};
use crate::store::{PublishedHead, Store, StoreError};
use crate::trust::NodeName;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A log that is held here, an own one or a partner's, or one that is only witnessed.
#[derive(Debug, Clone)]
pub struct LogHistory {
    /// The log.
    pub origin: Origin,
    /// The newest head that is held here.
    pub head: PublishedHead,
    /// Whether the head alone is kept, which was cosigned as a witness: the entries are elsewhere.
    pub only_witnessed: bool,
    /// What others have shown of it: its own node, those that are to hold or to witness it, and whoever else has.
    pub shown: Vec<ShownBy>,
}

/// What a node has shown of a log.
#[derive(Debug, Clone)]
pub struct ShownBy {
    /// Who.
    pub node: NodeName,
    /// Its newest head that was compared since this node started, and how it goes with what is held here; none where none
    /// was.
    pub compared: Option<(Compared, Agreement)>,
}

/// How a head goes with what is held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// It is the head that is held, or a beginning of it, by this consistency proof.
    Same(Vec<Hash>),
    /// It goes further; that it goes on from what is held was proven when it was compared.
    Further,
    /// It is of another history.
    Another,
}

/// All of them, or of one log, by log. It blocks.
pub(super) fn histories(inner: &Inner, only: Option<&Origin>) -> Result<Vec<LogHistory>, StoreError> {
    let own = inner.own.all().map(|own| Arc::clone(&own.store));
    let own = own.flat_map(|store| store.logs().into_iter().map(move |origin| (origin, Arc::clone(&store))));
    let mut logs = own.chain(inner.replicas.all()).collect::<Vec<_>>();
    logs.retain(|(origin, _)| only.is_none_or(|only| only == origin));
    let held = logs.iter().map(|(origin, _)| origin.clone()).collect::<BTreeSet<_>>();
    let mut all = Vec::with_capacity(logs.len());
    for (origin, store) in logs {
        if let Some(head) = store.head(&origin) {
            let shown = shown(inner, &origin, |shown| agreement(store.as_ref(), &origin, &head.head, shown))?;
            all.push(LogHistory { origin, head, only_witnessed: false, shown });
        }
    }
    let witnessed = inner.witness.heads().into_iter();
    let witnessed = witnessed.filter(|(origin, _)| only.is_none_or(|only| only == origin) && !held.contains(origin));
    for (origin, note) in witnessed {
        // Others' logs may be named like these; and a head that is not by the key in the list proves nothing to anybody.
        let key = inner.lists.current().log_key(&origin);
        let Some(Ok(signed)) = key.map(|key| SignedCheckpoint::open(&note, &key)) else { continue };
        let head = signed.checkpoint().head;
        let shown = shown(inner, &origin, |shown| Ok(agreement_of_heads(&head, shown)))?;
        all.push(LogHistory { origin, head: PublishedHead { head, note }, only_witnessed: true, shown });
    }
    all.sort_by(|a, b| a.origin.cmp(&b.origin));
    Ok(all)
}

fn shown(
    inner: &Inner,
    origin: &Origin,
    agreement: impl Fn(&TreeHead) -> Result<Agreement, StoreError>,
) -> Result<Vec<ShownBy>, StoreError> {
    let list = inner.lists.current();
    let mut compared = inner.heads().compared(origin);
    let mut all = Vec::new();
    for node in list.text().nodes.iter().map(|node| &node.name).filter(|name| **name != inner.name) {
        let compared = compared.remove(node);
        if compared.is_none() && !is_asked_for(&list, node, origin) && !hosts_issuer(&list, node, origin) {
            continue;
        }
        let compared = match compared {
            Some(compared) => {
                let agreement = agreement(&compared.head)?;
                Some((compared, agreement))
            }
            None => None,
        };
        all.push(ShownBy { node: node.clone(), compared });
    }
    all.sort_by(|a, b| a.node.cmp(&b.node));
    Ok(all)
}

/// Holds a head that was shown against the one that is held. It blocks.
pub(in crate::exchange) fn agreement(
    store: &dyn Store,
    origin: &Origin,
    held: &TreeHead,
    shown: &TreeHead,
) -> Result<Agreement, StoreError> {
    if shown == held {
        return Ok(Agreement::Same(Vec::new()));
    }
    if shown.size > held.size {
        return Ok(Agreement::Further);
    }
    let hashes = store.hashes(origin);
    if root(shown.size, &hashes)? != shown.root {
        return Ok(Agreement::Another);
    }
    let proof = consistency_proof(shown.size, held.size, &hashes);
    Ok(Agreement::Same(proof.map_err(|error| StoreError::Index(error.to_string()))?))
}

/// The same where the head alone is kept. What was compared is of the one history; the proof that a smaller head is a
/// beginning of it has whoever holds the entries.
fn agreement_of_heads(kept: &TreeHead, shown: &TreeHead) -> Agreement {
    match shown.size.cmp(&kept.size) {
        Ordering::Greater => Agreement::Further,
        Ordering::Equal if shown.root != kept.root => Agreement::Another,
        Ordering::Equal | Ordering::Less => Agreement::Same(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_head_alone_it_is_said_how_another_goes_with_it_and_nothing_is_proven() {
        let head = |size, byte| TreeHead { size, root: Hash([byte; 32]) };
        let kept = head(12, 1);
        let said = [head(12, 1), head(7, 2), head(14, 2), head(12, 2)].map(|shown| agreement_of_heads(&kept, &shown));
        let same = || Agreement::Same(Vec::new());
        assert_eq!(said, [same(), same(), Agreement::Further, Agreement::Another]);
    }
}
