//! Whether everybody was shown the same history of the logs that are held here: the newest head that each node has shown,
//! held against the entries.

use super::start::Inner;
use crate::exchange::heads::Compared;
use crate::exchange::{hosts_issuer, is_asked_for};
use crate::log::{Hash, Origin, TreeHead, consistency_proof, root};
use crate::store::{PublishedHead, Store, StoreError};
use crate::trust::NodeName;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
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
    /// Its newest head that was compared since this node started, or a person lifted something of the log, and how it goes
    /// with what is held here; none where none was.
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

/// How a log is kept here.
enum Kept {
    /// With its entries.
    Held(Arc<dyn Store>),
    /// The head alone, by this note.
    Witnessed(String),
}

/// Gives those after a name, or that of one log, by log, until enough is taken. It blocks.
pub(super) fn histories(
    inner: &Inner,
    (only, after): (Option<&Origin>, &str),
    mut take: impl FnMut(LogHistory) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let own = inner.own.all().map(|own| Arc::clone(&own.store));
    let own = own.flat_map(|store| store.logs().into_iter().map(move |origin| (origin, Arc::clone(&store))));
    let witnessed = inner.witness.heads().into_iter().map(|(origin, note)| (origin, Kept::Witnessed(note)));
    let mut logs = witnessed.collect::<BTreeMap<_, _>>();
    // What was witnessed before it was held is held.
    logs.extend(own.chain(inner.replicas.all()).map(|(origin, store)| (origin, Kept::Held(store))));
    let asked = |origin: &Origin| only.is_none_or(|only| only == origin) && origin.as_str() > after;
    for (origin, kept) in logs.into_iter().filter(|(origin, _)| asked(origin)) {
        if let Some(history) = history(inner, origin, kept)?
            && take(history).is_break()
        {
            break;
        }
    }
    Ok(())
}

fn history(inner: &Inner, origin: Origin, kept: Kept) -> Result<Option<LogHistory>, StoreError> {
    let only_witnessed = matches!(kept, Kept::Witnessed(_));
    let (head, shown) = match kept {
        Kept::Held(store) => {
            let Some(head) = store.head(&origin) else { return Ok(None) };
            let shown = shown(inner, &origin, |shown| agreement(store.as_ref(), &origin, &head.head, shown))?;
            (head, shown)
        }
        Kept::Witnessed(note) => {
            // Others' logs may be named like these; and a head that is not by the key in the list proves nothing to anybody.
            let Some(head) = inner.lists.current().signed_head(&origin, &note) else { return Ok(None) };
            let shown = shown(inner, &origin, |shown| Ok(agreement_of_heads(&head, shown)))?;
            (PublishedHead { head, note }, shown)
        }
    };
    Ok(Some(LogHistory { origin, head, only_witnessed, shown }))
}

fn shown(
    inner: &Inner,
    origin: &Origin,
    agreement: impl Fn(&TreeHead) -> Result<Agreement, StoreError>,
) -> Result<Vec<ShownBy>, StoreError> {
    let list = inner.lists.current();
    let heads = inner.heads();
    let (mut compared, left) = (heads.compared(origin), heads.shows_left(origin));
    drop(heads);
    for (node, (shown, _)) in left {
        compared.entry(node).or_insert(shown);
    }
    let mut all = Vec::new();
    for node in list.text().nodes.iter().map(|node| &node.name).filter(|name| **name != inner.name) {
        let compared = compared.remove(node);
        if compared.is_none() && !is_asked_for(&list, node, origin) && !hosts_issuer(&list, node, origin) {
            continue;
        }
        let compared = match compared {
            Some(compared) => {
                let agreement = if compared.another { Agreement::Another } else { agreement(&compared.head)? };
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
