//! Asks the witnesses of one own log to cosign its heads, all at once, each with a deadline of its own.
//!
//! Witnesses are the nodes that the trust list names, and those outside it that an operator configured. What the latter
//! cosign counts nowhere that the list does not name them, so no round waits for them.
//!
//! Heads come faster than witnesses answer, and only cosignatures on one head count together. So all are asked for
//! the same head, round by round: the next head is taken up when all who answer have, or this one has enough. It is the
//! [roundest](roundness) that came meanwhile, which the addressee's node is shown as well. A witness that is late is
//! asked for the head of the round that it finds.

use super::{
    access::witnesses,
    cosigned::Kept,
    message::{AddCheckpoint, Witnessed},
};
use crate::{
    log::{Hash, Origin, VerifierKey, roundness},
    store::PublishedHead,
    time::{Timestamp, has_come, later, passed},
    trust::{NodeName, TrustList},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

/// Who is asked to cosign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cosigner {
    /// A node of the trust list.
    Node(NodeName),
    /// A witness outside it, by the name of its key.
    Outside(Arc<str>),
}

impl From<NodeName> for Cosigner {
    fn from(name: NodeName) -> Self {
        Self::Node(name)
    }
}

impl fmt::Display for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(name) => write!(f, "{name}"),
            Self::Outside(name) => f.write_str(name),
        }
    }
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Time passed; once a second is often enough.
    Tick,
    /// The log has a newer head. Also once at the beginning, if it has one at all.
    Published(PublishedHead),
    /// The result of [`Action::Prove`].
    Proven {
        /// For whom.
        witness: Cosigner,
        /// The proof.
        proof: Vec<Hash>,
    },
    /// A witness answered [`Action::Ask`].
    Answered {
        /// Who.
        witness: Cosigner,
        /// What.
        answer: Witnessed,
    },
    /// A witness could not be asked, or did not answer in time.
    Failed(Cosigner),
    /// Another trust list is in force.
    Trust(Arc<TrustList>),
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Build the consistency proof between two published sizes of the log.
    Prove {
        /// For whom.
        witness: Cosigner,
        /// The smaller size.
        old: u64,
        /// The larger.
        new: u64,
    },
    /// Call `AddCheckpoint` at this node, and give up after [`DEADLINE_SECONDS`].
    Ask {
        /// Who.
        witness: Cosigner,
        /// What.
        request: AddCheckpoint,
    },
    /// Keep this verified cosignature of an own head.
    Keep {
        /// Whose.
        by: Cosigner,
        /// The cosignature.
        kept: Kept,
    },
    /// A witness does not watch the log, or says that it saw another history or a larger size than there is.
    Refused {
        /// Who.
        witness: Cosigner,
        /// What it said.
        answer: Witnessed,
    },
}

/// How long a witness may take to answer, in seconds.
pub const DEADLINE_SECONDS: i64 = 5;
/// The newest head is cosigned again after this long without news, in seconds (design, replication).
const HEARTBEAT: i64 = 600;
/// The first pause after a failure, in seconds; it doubles.
const FIRST_PAUSE: i64 = 1;
/// The longest pause, in seconds.
const LONGEST_PAUSE: i64 = 64;
/// Times a witness may correct the size it is believed to have seen, for one head.
const MOST_CORRECTIONS: u32 = 3;

/// The canvasser of one own log.
#[derive(Debug)]
pub struct Canvasser {
    origin: Origin,
    trust: Arc<TrustList>,
    outside: Vec<VerifierKey>,
    newest: Option<PublishedHead>,
    /// The roundest head that came since that of the round; none if there is none.
    next: Option<PublishedHead>,
    round: Option<Round>,
    witnesses: BTreeMap<Cosigner, Asked>,
}

/// One head, shown to all.
#[derive(Debug)]
struct Round {
    head: PublishedHead,
    since: Timestamp,
    /// The nodes that cosigned it.
    cosigned: BTreeSet<Cosigner>,
    /// The same, and those outside the list.
    done: BTreeSet<Cosigner>,
}

/// What is known of one witness.
#[derive(Debug, Clone)]
struct Asked {
    /// The size it is believed to have cosigned last.
    seen: u64,
    busy: Option<(PublishedHead, Timestamp)>,
    corrections: u32,
    pause: i64,
    until: Timestamp,
}

impl Asked {
    const fn fresh() -> Self {
        Self { seen: 0, busy: None, corrections: 0, pause: FIRST_PAUSE, until: Timestamp::MIN }
    }

    /// Leaves it alone for a while, longer each time.
    fn rest(&mut self, now: Timestamp) {
        self.until = later(now, self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.corrections = 0;
    }

    fn rests(&self, now: Timestamp) -> bool {
        !has_come(self.until, now, LONGEST_PAUSE)
    }
}

impl Canvasser {
    /// Begins knowing nothing of what the witnesses saw; they say so themselves. `outside` are the keys of the witnesses
    /// outside the trust list.
    #[must_use]
    pub fn new(origin: Origin, trust: Arc<TrustList>, outside: Vec<VerifierKey>) -> Self {
        let (newest, next, round, witnesses) = (None, None, None, BTreeMap::new());
        let mut this = Self { origin, trust, outside, newest, next, round, witnesses };
        this.enlist();
        this
    }

    /// Those whom the list names, and who may witness this log; and those outside it. One outside whom the list names is
    /// asked as the node it is there.
    fn enlist(&mut self) {
        let named = self.trust.text().cosigning.of.iter();
        let named = named.filter(|name| witnesses(&self.trust, name, &self.origin)).cloned().collect::<Vec<_>>();
        let listed = named.iter().filter_map(|name| self.trust.node(name)).flat_map(|node| node.witness_keys());
        let listed = listed.collect::<Vec<_>>();
        let outside = self.outside.iter().filter(|key| !listed.contains(key));
        let outside = outside.map(|key| Cosigner::Outside(key.name().into())).collect::<Vec<_>>();
        let known = std::mem::take(&mut self.witnesses);
        let all = named.into_iter().map(Cosigner::Node).chain(outside);
        self.witnesses =
            all.map(|name| (name.clone(), known.get(&name).cloned().unwrap_or_else(Asked::fresh))).collect();
    }

    /// The keys by which a witness cosigns.
    fn keys(&self, witness: &Cosigner) -> Vec<&VerifierKey> {
        match witness {
            Cosigner::Node(name) => self.trust.node(name).into_iter().flat_map(|node| node.witness_keys()).collect(),
            Cosigner::Outside(name) => self.outside.iter().filter(|key| key.name() == name.as_ref()).collect(),
        }
    }

    /// Takes one event.
    pub fn step(&mut self, now: Timestamp, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Tick => self.tick(now),
            Event::Published(head) => self.published(head),
            Event::Proven { witness, proof } => self.proven(&witness, proof, &mut actions),
            Event::Answered { witness, answer } => self.answered(now, &witness, answer, &mut actions),
            Event::Failed(witness) => {
                if let Some(asked) = self.witnesses.get_mut(&witness) {
                    asked.busy = None;
                    asked.rest(now);
                }
            }
            Event::Trust(trust) => {
                self.trust = trust;
                self.enlist();
            }
        }
        self.canvass(now, &mut actions);
        actions
    }

    fn published(&mut self, head: PublishedHead) {
        if self.newest.as_ref().is_some_and(|newest| newest.head.size >= head.head.size) {
            return;
        }
        let after = self.round.as_ref().map_or(0, |round| round.head.head.size);
        let is_rounder = |next: &PublishedHead| roundness(after, head.head.size) > roundness(after, next.head.size);
        if self.next.as_ref().is_none_or(is_rounder) {
            self.next = Some(head.clone());
        }
        self.newest = Some(head);
    }

    fn tick(&mut self, now: Timestamp) {
        for asked in self.witnesses.values_mut() {
            // The driver's own deadline comes first; this one is for an answer that got lost.
            if asked.busy.as_ref().is_some_and(|(_, since)| passed(*since, now) > 2 * DEADLINE_SECONDS) {
                asked.busy = None;
                asked.rest(now);
            }
        }
    }

    fn proven(&mut self, witness: &Cosigner, proof: Vec<Hash>, actions: &mut Vec<Action>) {
        let Some(asked) = self.witnesses.get(witness) else { return };
        if let Some((head, _)) = &asked.busy {
            let request = AddCheckpoint { old_size: asked.seen, consistency: proof, note: head.note.clone() };
            actions.push(Action::Ask { witness: witness.clone(), request });
        }
    }

    fn answered(&mut self, now: Timestamp, witness: &Cosigner, answer: Witnessed, actions: &mut Vec<Action>) {
        let Some(asked) = self.witnesses.get_mut(witness) else { return };
        let Some((head, _)) = asked.busy.take() else { return };
        let newest = self.newest.as_ref().map_or(0, |newest| newest.head.size);
        let refused = |answer| Action::Refused { witness: witness.clone(), answer };
        match answer {
            Witnessed::Cosigned(line) => {
                let keys = self.keys(witness);
                let kept = Kept::check(&self.trust, &self.origin, &head, &line, keys.into_iter());
                let Some(asked) = self.witnesses.get_mut(witness) else { return };
                if let Ok(kept) = kept {
                    asked.seen = head.head.size;
                    (asked.corrections, asked.pause) = (0, FIRST_PAUSE);
                    actions.push(Action::Keep { by: witness.clone(), kept });
                    self.settle(witness, &head);
                } else {
                    actions.push(refused(Witnessed::Cosigned(line)));
                    asked.rest(now);
                }
            }
            Witnessed::Conflict(size) if size != asked.seen && size <= newest => {
                asked.seen = size;
                asked.corrections += 1;
                if size <= head.head.size && asked.corrections > MOST_CORRECTIONS {
                    asked.rest(now);
                }
            }
            answer => {
                actions.push(refused(answer));
                asked.rest(now);
            }
        }
    }

    fn settle(&mut self, witness: &Cosigner, head: &PublishedHead) {
        if let Some(round) = self.round.as_mut().filter(|round| round.head.head == head.head) {
            round.done.insert(witness.clone());
            if matches!(witness, Cosigner::Node(_)) {
                round.cosigned.insert(witness.clone());
            }
        }
    }

    /// Begins a round if one is due, and asks everybody who is free for its head.
    fn canvass(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        // What goes beyond the end that the list gave the log proves nothing, whoever cosigns it.
        let last = self.trust.shard_final_size(&self.origin).unwrap_or(u64::MAX);
        let Some(newest) = self.newest.as_ref().filter(|newest| newest.head.size <= last) else { return };
        let due = self.round.as_ref().is_none_or(|round| {
            // Entries older than the addressee's node may want more witnesses than newer ones.
            let asked = [0, u64::MAX].map(|index| self.trust.witnesses_asked(&self.origin, index));
            let enough = asked.into_iter().max().and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
            let mut waited_for = self.witnesses.iter().filter(|(name, _)| matches!(name, Cosigner::Node(_)));
            // Of a head smaller than it saw a witness says nothing.
            let over = waited_for.all(|(name, asked)| {
                round.done.contains(name) || asked.rests(now) || asked.seen > round.head.head.size
            }) || (enough > 0 && round.cosigned.len() >= enough)
                || passed(round.since, now) >= DEADLINE_SECONDS;
            (over && newest.head.size > round.head.head.size) || passed(round.since, now) >= HEARTBEAT
        });
        if due {
            let (cosigned, done) = (BTreeSet::new(), BTreeSet::new());
            let head = self.next.take().unwrap_or_else(|| newest.clone());
            self.next = (newest.head.size > head.head.size).then(|| newest.clone());
            self.round = Some(Round { head, since: now, cosigned, done });
        }
        let Some(round) = &self.round else { return };
        for (witness, asked) in &mut self.witnesses {
            if asked.busy.is_some() || asked.rests(now) || round.done.contains(witness) {
                continue;
            }
            let (old, new) = (asked.seen, round.head.head.size);
            if old > new {
                continue;
            }
            asked.busy = Some((round.head.clone(), now));
            if old == 0 || old == new {
                let request = AddCheckpoint { old_size: old, consistency: Vec::new(), note: round.head.note.clone() };
                actions.push(Action::Ask { witness: witness.clone(), request });
            } else {
                actions.push(Action::Prove { witness: witness.clone(), old, new });
            }
        }
    }
}
