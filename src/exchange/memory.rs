//! What this node cosigned of others' logs, as replica or as witness, before it lost its memory.
//!
//! A folder that was lost, or is yesterday's copy, does not know what its node cosigned since: a head cosigned now might
//! stand behind or beside one cosigned then, and both might have enough cosignatures. So at every start partners are
//! asked for the heads they know, and nothing of a log is cosigned before what is held here has come to the furthest of
//! them and is found to be of its history.
//!
//! A log's own node has to answer always; everybody else is waited for a moment. Where the folder knows nothing at all,
//! a moment is not enough: those who answered must be so many that no set of cosigners that meets the log's policy, this
//! node among them, was without one. Whatever head ever had enough cosignatures, one of those asked has seen it. Once
//! everybody has answered a folder it is whole, and what nobody told of is new.

use super::{message::KnownHead, replica::Heard};
use crate::{
    log::{Origin, SignedCheckpoint},
    sequencer::gate::suffices,
    time::Timestamp,
    trust::{Node, NodeName, TrustList},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How long those that can be reached are waited for, in seconds, though enough have answered.
const GRACE: i64 = 5;

/// What partners tell of the logs that this node does not write itself.
#[derive(Debug)]
pub struct Memory {
    node: NodeName,
    trust: Arc<TrustList>,
    whole: bool,
    answered: BTreeSet<NodeName>,
    /// The furthest head that anybody told of.
    furthest: BTreeMap<Origin, Heard>,
    began: Timestamp,
}

impl Memory {
    /// Begins at a start of the node `node`; `whole` is what was kept of [`Self::is_whole`].
    #[must_use]
    pub fn new(node: NodeName, trust: Arc<TrustList>, whole: bool, now: Timestamp) -> Self {
        Self { node, trust, whole, answered: BTreeSet::new(), furthest: BTreeMap::new(), began: now }
    }

    /// Whether everybody has answered since the folder began: to be kept in it.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.whole
    }

    /// A partner told all the heads it knows.
    pub fn told(&mut self, partner: &NodeName, heads: &[KnownHead]) {
        for head in heads {
            // Only what the log's own key signed counts; anything else would let a partner stop this node.
            let Some(key) = self.trust.log_key(&head.log) else { continue };
            let known = |this: &Self| this.furthest.get(&head.log).map_or(0, |known| known.head.size);
            for note in [Some(&head.note), head.cosigned_by_asker.as_ref()].into_iter().flatten() {
                // What is no news costs no check of a signature.
                let size = note.lines().nth(1).and_then(|line| line.parse::<u64>().ok());
                if size.is_none_or(|size| size <= known(self)) {
                    continue;
                }
                let Ok(signed) = SignedCheckpoint::open(note, &key) else { continue };
                let checkpoint = signed.checkpoint();
                if checkpoint.origin == head.log {
                    let heard = Heard { head: checkpoint.head, note: note.clone() };
                    self.furthest.insert(head.log.clone(), heard);
                }
            }
        }
        self.answered.insert(partner.clone());
        self.whole |= self.everybody();
    }

    /// Another trust list is in force.
    pub fn listed(&mut self, trust: Arc<TrustList>) {
        self.trust = trust;
    }

    /// How far a log had come that this node may have cosigned: what is cosigned next must have come there too. The
    /// outer `None` as long as too few have answered; the inner one where nobody knows of the log.
    #[must_use]
    pub fn recalled(&self, origin: &Origin, now: Timestamp) -> Option<Option<Heard>> {
        let issuer = self.trust.issuer_of(origin).and_then(|issuer| self.trust.node_of(issuer));
        let waited = now.as_second().saturating_sub(self.began.as_second()) >= GRACE || self.everybody();
        let enough = issuer.is_none_or(|node| self.has_answered(node)) && waited && (self.whole || self.suffices(origin));
        enough.then(|| self.furthest.get(origin).cloned())
    }

    /// Those that are to be asked and have not answered.
    pub fn silent(&self) -> impl Iterator<Item = &NodeName> {
        self.trust.text().nodes.iter().filter(|node| !self.has_answered(node)).map(|node| &node.name)
    }

    fn everybody(&self) -> bool {
        self.silent().next().is_none()
    }

    /// Who cannot be reached at an address of the list is not waited for; nor does this node ask itself.
    fn has_answered(&self, node: &Node) -> bool {
        node.name == self.node || node.grpc.is_none() || self.answered.contains(&node.name)
    }

    fn suffices(&self, origin: &Origin) -> bool {
        let others = |name: &NodeName| *name != self.node;
        let answered = |name: &NodeName| {
            others(name) && self.trust.node(name).is_some_and(|node| self.has_answered(node))
        };
        // Where this node's cosignature alone is enough nobody else need have seen what it cosigned.
        suffices(&self.trust, origin, 0, answered) || !suffices(&self.trust, origin, 0, others)
    }
}
