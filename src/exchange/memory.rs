//! What this node cosigned of others' logs, as replica or as witness, before it lost its memory.
//!
//! A folder that was lost, or is yesterday's copy, does not know what its node cosigned since: a head cosigned now might
//! stand behind or beside one cosigned then, and both might have enough cosignatures. So at every start partners are
//! asked for the heads they know, and nothing of a log is cosigned that is not shown to be of the history of all of
//! them: not of the furthest alone, for of a log that shows two histories that may be the wrong one.
//!
//! A log's own node has to answer always; everybody else is waited for a moment. Where the folder knows nothing at all,
//! a moment is not enough: those who answered must be so many that no set of cosigners that meets the log's policy, this
//! node among them, was without one. Whatever head ever had enough cosignatures, one of those asked has seen it. Where
//! this node's cosignature alone is enough nobody need have seen it, and whoever cosigns the log may have: every other
//! cosigner is waited for, asked for by the policy or not, for the log's own node may be an old copy of itself. Once
//! everybody has answered a folder it is whole, and what nobody told of is new.

use super::{is_asked_for, message::KnownHead, replica::Heard};
use crate::{
    log::{Checkpoint, Origin, SignedCheckpoint, TreeHead},
    sequencer::gate::suffices,
    time::{Timestamp, passed},
    trust::{Node, NodeName, TrustList},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How long those that can be reached are waited for, in seconds, though enough have answered.
const GRACE: i64 = 5;

/// Heads of one log that are taken from one partner: it tells what it holds, what it heard of, and what is open there.
const MOST_HEADS: usize = 16;

/// What a partner told, as far as the logs' own keys signed it. Finding that out is the dear part, done beside the memory.
#[derive(Debug, Default)]
pub struct Told {
    heads: Vec<(Origin, Heard)>,
    /// Logs that it keeps and cannot open: what it holds of these it does not tell.
    unread: BTreeSet<Origin>,
}

impl Told {
    /// Takes what the logs' own keys signed; anything else would let a partner stop this node.
    #[must_use]
    pub fn read(trust: &TrustList, heads: &[KnownHead]) -> Self {
        let (mut told, mut counts) = (Vec::new(), BTreeMap::<&Origin, usize>::new());
        for head in heads {
            let Some(key) = trust.log_key(&head.log) else { continue };
            for note in [Some(&head.note), head.cosigned_by_asker.as_ref()].into_iter().flatten() {
                let count = counts.entry(&head.log).or_default();
                if *count >= MOST_HEADS {
                    break;
                }
                *count += 1;
                let Ok(signed) = SignedCheckpoint::open(note, &key) else { continue };
                let Checkpoint { origin, head: found } = signed.checkpoint();
                if *origin == head.log && found.size > 0 {
                    told.push((origin.clone(), Heard { head: *found, note: note.clone() }));
                }
            }
        }
        Self { heads: told, unread: BTreeSet::new() }
    }

    /// The same of whoever keeps these logs too, and cannot open them.
    #[must_use]
    pub fn but(self, unread: BTreeSet<Origin>) -> Self {
        Self { unread, ..self }
    }
}

/// What partners tell of the logs that this node does not write itself.
#[derive(Debug)]
pub struct Memory {
    node: NodeName,
    trust: Arc<TrustList>,
    whole: bool,
    answered: BTreeSet<NodeName>,
    /// The logs of which those who answered could not tell what they hold.
    unread: BTreeMap<NodeName, BTreeSet<Origin>>,
    /// The heads they told of, rising, each once.
    heads: BTreeMap<Origin, Vec<Heard>>,
    /// Heads of branches that a person has lifted: what is cosigned next is of none of them.
    left: BTreeMap<Origin, Vec<TreeHead>>,
    began: Timestamp,
}

impl Memory {
    /// Begins at a start of the node `node`; `whole` is what was kept of [`Self::is_whole`].
    #[must_use]
    pub fn new(node: NodeName, trust: Arc<TrustList>, whole: bool, now: Timestamp) -> Self {
        let (answered, unread) = (BTreeSet::new(), BTreeMap::new());
        let (heads, left) = (BTreeMap::new(), BTreeMap::new());
        Self { node, trust, whole, answered, unread, heads, left, began: now }
    }

    /// Whether everybody has answered since the folder began: to be kept in it.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether a partner's heads are news: its first answer counts, and later ones for what it could not tell in that. Whatever
    /// was cosigned here before the start, who saw it knew of it then.
    #[must_use]
    pub fn awaits(&self, partner: &NodeName) -> bool {
        !self.answered.contains(partner) || self.unread.contains_key(partner)
    }

    /// A partner told all the heads it knows.
    pub fn told(&mut self, partner: &NodeName, heads: Told) {
        if !self.awaits(partner) {
            return;
        }
        let Told { heads, mut unread } = heads;
        // Told again counts only what could not be told before, and once: this node would remember without end.
        let before = self.unread.remove(partner).unwrap_or_default();
        let is_first = self.answered.insert(partner.clone());
        unread.retain(|log| is_first || before.contains(log));
        for (origin, heard) in heads {
            if !is_first && (!before.contains(&origin) || unread.contains(&origin)) {
                continue;
            }
            if self.left.get(&origin).is_some_and(|left| left.contains(&heard.head)) {
                continue;
            }
            let known = self.heads.entry(origin).or_default();
            if !known.iter().any(|known| known.head == heard.head) {
                let at = known.partition_point(|known| known.head.size <= heard.head.size);
                known.insert(at, heard);
            }
        }
        if !unread.is_empty() {
            self.unread.insert(partner.clone(), unread);
        }
        self.whole |= self.has_everybody();
    }

    /// Another trust list is in force.
    pub fn listed(&mut self, trust: Arc<TrustList>) {
        self.trust = trust;
    }

    /// The heads of a log, rising, that this node may have cosigned: what is cosigned next must be of the history of each.
    /// None as long as too few have answered.
    #[must_use]
    pub fn recalled(&self, origin: &Origin, now: Timestamp) -> Option<Vec<Heard>> {
        let waited = passed(self.began, now) >= GRACE || self.has_everybody();
        let enough = !self.awaits_issuer(origin) && waited && (self.whole || self.suffices(origin));
        enough.then(|| self.heads.get(origin).cloned().unwrap_or_default())
    }

    /// Whether the log's own node has to tell what it knows, and has not.
    #[must_use]
    pub fn awaits_issuer(&self, origin: &Origin) -> bool {
        self.silent_issuer(origin).is_some()
    }

    /// Those who have to tell before anything of the log is cosigned: its own node always, and before all others; then
    /// whoever cosigns it.
    #[must_use]
    pub fn awaited(&self, origin: &Origin) -> Vec<NodeName> {
        let issuer = self.silent_issuer(origin).map(|node| vec![node.name.clone()]);
        let silent = self.silent().filter(|name| is_asked_for(&self.trust, name, origin));
        let unread = self.unread.iter().filter(|(_, logs)| logs.contains(origin)).map(|(name, _)| name);
        let unread = unread.filter(|name| self.trust.node(name).is_some());
        issuer.unwrap_or_else(|| silent.chain(unread).cloned().collect())
    }

    fn silent_issuer(&self, origin: &Origin) -> Option<&Node> {
        let issuer = self.trust.issuer_of(origin).and_then(|issuer| self.trust.node_of(issuer));
        issuer.filter(|node| !self.has_answered(node))
    }

    /// A person has judged that these heads of a log are of branches that were left.
    pub fn left(&mut self, origin: &Origin, left: Vec<TreeHead>) {
        if let Some(heads) = self.heads.get_mut(origin) {
            heads.retain(|heard| !left.contains(&heard.head));
        }
        self.left.insert(origin.clone(), left);
    }

    /// What this node holds, or cosigned now, is of the history of all heads of the log: they are as good as its own.
    pub fn passed(&mut self, origin: &Origin) {
        self.heads.remove(origin);
    }

    /// The heads that this node may have cosigned and that are not shown to be of one history. Partners are told of them
    /// too: one that loses its memory meanwhile has nobody else to tell it.
    pub fn open(&self) -> impl Iterator<Item = (&Origin, &Heard)> {
        self.heads.iter().flat_map(|(origin, heads)| heads.iter().map(move |heard| (origin, heard)))
    }

    /// Those that are to be asked and have not answered.
    pub fn silent(&self) -> impl Iterator<Item = &NodeName> {
        self.trust.text().nodes.iter().filter(|node| !self.has_answered(node)).map(|node| &node.name)
    }

    /// Whether everybody who can be asked has answered: then nothing waits for anybody.
    #[must_use]
    pub fn has_everybody(&self) -> bool {
        self.silent().next().is_none() && self.unread.keys().all(|name| self.trust.node(name).is_none())
    }

    /// Who cannot be reached at an address of the list is not waited for; nor does this node ask itself.
    fn has_answered(&self, node: &Node) -> bool {
        node.name == self.node || node.grpc.is_none() || self.answered.contains(&node.name)
    }

    fn suffices(&self, origin: &Origin) -> bool {
        let others = |name: &NodeName| *name != self.node;
        let told = |name: &NodeName| !self.unread.get(name).is_some_and(|logs| logs.contains(origin));
        let has_answered = |name: &NodeName| self.trust.node(name).is_some_and(|node| self.has_answered(node));
        let answered = |name: &NodeName| has_answered(name) && told(name);
        if suffices(&self.trust, origin, 0, others) {
            return suffices(&self.trust, origin, 0, |name| others(name) && answered(name));
        }
        // This node's cosignature alone is enough, so nobody else need have seen what it cosigned.
        let mut cosigners = self.trust.text().nodes.iter().filter(|node| is_asked_for(&self.trust, &node.name, origin));
        cosigners.all(|node| answered(&node.name))
    }
}
