//! A node that starts asks its partners what they hold of its own logs, before it signs again.
//!
//! A copy restored from yesterday knows nothing of today: signing on from it would show two histories. So for each own
//! log the answers must come from so many partners that no set of cosigners that meets the log's policy is left out:
//! whatever head had enough cosignatures, one of those asked has seen it. A log that asks for nobody's cosignature
//! asks nobody here either.
//!
//! A required replica's answer suffices by that rule. The others are waited for a moment all the same: the replica may
//! itself have been restored, or say less than it knows, and a witness that saw a later head speaks against it. It is
//! a moment only, because a partner that is away for a week must not stop anybody for a week. One that says that it begins
//! anew knows nothing but what others tell it: it counts as heard with those that it waits for itself.
//!
//! So who comes back later may yet bring a head that the others had not seen. One that goes further than what is here
//! was signed by a process that this one knows nothing of: the log is shut again at once, what is missing is fetched
//! where nothing was said past it, and where something was the log stays shut.
//!
//! A log whose entries nobody holds who was heard waits for a person: to close it is for ever, and those who say that they
//! have nothing may be up on an empty folder as this node is, until it is put back.
//!
//! What a partner told shuts a log as long as it is on the trust list: after a start it would not be asked either.
//!
//! A log that forked once is no other. A copy that is the beginning of what a holder has is filled from there, whoever
//! lifted the fork and whether that is known here: those who hold the log go on with what they hold or not at all. What
//! is not the beginning of it the holder proves. A head that nobody holds may be of either branch: it shuts a log that
//! is proven to have forked until a person lifts that here, and what is known to be of the branch that was left counts
//! for nothing from then on.

mod action;
mod own;

pub use action::{Action, Event, Lack, Settled};

use super::{
    heads::Fork,
    message::{History, KnownHead},
};
use crate::{
    log::{Hash, Host, Origin, TreeHead, leaf_hash, verify_consistency},
    sequencer::gate::{asks_nobody, suffices},
    store::{PublishedHead, Store, StoreError},
    time::{Timestamp, has_come, later, passed},
    trust::{NodeName, TrustList},
};
use own::{Known, Own, Stage, later_of};
use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
    sync::Arc,
};

/// The first pause before a partner that cannot be reached is asked again, in seconds; it doubles.
const FIRST_PAUSE: i64 = 1;
/// The longest pause, in seconds.
const LONGEST_PAUSE: i64 = 64;
/// A partner that has not answered for this long, in seconds, is asked again.
const SILENCE: i64 = 30;

/// How long those that can be reached are waited for, in seconds, though enough have answered.
const GRACE: i64 = 5;

/// Asks about the own logs of one node.
#[derive(Debug)]
pub struct Recall {
    node: NodeName,
    trust: Arc<TrustList>,
    hosts: BTreeSet<Host>,
    logs: BTreeMap<Origin, Own>,
    partners: BTreeMap<NodeName, Partner>,
    /// Logs that have shown two histories, and are not lifted.
    proven: BTreeSet<Origin>,
    /// Those that are.
    lifted: BTreeMap<Origin, Vec<Fork>>,
    /// When the first were asked.
    began: Option<Timestamp>,
}

#[derive(Debug)]
struct Partner {
    answered: bool,
    /// It may have forgotten what it knew, and these have not told it yet.
    awaits: BTreeSet<NodeName>,
    /// It was dialled in vain since this began.
    missed: bool,
    asked_at: Option<Timestamp>,
    until: Timestamp,
    pause: i64,
}

impl Recall {
    /// Begins with the logs of `hosts` that are on disk, with so many durable entries each. `node` is this one.
    #[must_use]
    pub fn new(
        node: &NodeName,
        trust: Arc<TrustList>,
        hosts: BTreeSet<Host>,
        logs: impl IntoIterator<Item = (Origin, u64)>,
    ) -> Self {
        let others = trust.text().nodes.iter().map(|other| other.name.clone()).filter(|name| name != node);
        let partners = others.map(|name| (name, Partner::fresh())).collect();
        let logs = logs.into_iter().map(|(origin, durable)| (origin, Own::asking(durable))).collect();
        let (proven, lifted) = (BTreeSet::new(), BTreeMap::new());
        Self { node: node.clone(), trust, hosts, logs, partners, proven, lifted, began: None }
    }

    /// Whether this log may be signed on, as far as what partners hold of it goes: it was settled, or nobody who
    /// counts has heard of it.
    #[must_use]
    pub fn is_settled(&self, origin: &Origin) -> bool {
        self.logs
            .get(origin)
            .map_or_else(|| self.asks_nobody(origin) || self.has_enough(origin), |log| log.stage == Stage::Settled)
    }

    /// The log was opened since this began: nothing of it is missing.
    pub fn opened(&mut self, origin: &Origin) {
        self.logs.entry(origin.clone()).or_insert_with(|| Own::at(Stage::Settled, 0));
    }

    /// The log was closed for good before this began: nothing that partners tell of it opens it.
    pub fn closed(&mut self, origin: &Origin) {
        self.logs.insert(origin.clone(), Own::at(Stage::Ended, 0));
    }

    /// Whether it is known what became of this log.
    #[must_use]
    pub fn knows(&self, origin: &Origin) -> bool {
        self.logs.contains_key(origin)
    }

    /// The head that a partner tells, if it is of a log of these hosts and the log's own key signed it. Only that
    /// counts; anything else would let a partner stop this node.
    #[must_use]
    pub fn signed(&self, told: &KnownHead) -> Option<TreeHead> {
        if !self.hosts.contains(told.log.host()) {
            return None;
        }
        self.trust.signed_head(&told.log, &told.note)
    }

    /// What is known to be missing of the logs that are neither settled nor ended.
    #[must_use]
    pub fn lacks(&self) -> BTreeMap<Origin, Lack> {
        self.logs.iter().filter_map(|(origin, log)| Some((origin.clone(), log.lack()?))).collect()
    }

    /// Who says to hold more than so many entries of a log, and how many, whatever became of it here.
    #[must_use]
    pub fn holders(&self, origin: &Origin, more_than: u64) -> Vec<(NodeName, u64)> {
        self.logs.get(origin).map_or_else(Vec::new, |log| log.holders(more_than))
    }

    /// Those that have answered.
    pub fn answered(&self) -> impl Iterator<Item = &NodeName> {
        self.partners.iter().filter(move |(_, partner)| self.is_heard(partner)).map(|(name, _)| name)
    }

    /// Whether everybody who can be reached has answered, or was waited for long enough.
    #[must_use]
    pub fn has_waited(&self, now: Timestamp) -> bool {
        let over = self.began.is_some_and(|at| passed(at, now) >= GRACE);
        over || self.partners.values().all(|partner| partner.answered || partner.missed)
    }

    /// Those that have not answered.
    pub fn silent(&self) -> impl Iterator<Item = &NodeName> {
        self.partners.iter().filter(move |(_, partner)| !self.is_heard(partner)).map(|(name, _)| name)
    }

    /// Whether a partner has told what it knows: one that begins anew once all have told whom it waits for.
    fn is_heard(&self, partner: &Partner) -> bool {
        let is_silent = |name: &NodeName| self.partners.get(name).is_some_and(|other| !other.answered);
        partner.answered && !partner.awaits.iter().any(is_silent)
    }

    /// Whether everybody has answered who can be asked: at an address of the trust list.
    #[must_use]
    pub fn has_everybody(&self) -> bool {
        let mut silent = self.silent();
        silent.all(|name| self.trust.node(name).is_none_or(|node| node.grpc.is_none()))
    }

    /// Takes one event.
    pub fn step(&mut self, now: Timestamp, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Tick => {
                self.began.get_or_insert(now);
                self.ask(now, &mut actions);
            }
            Event::Heads { partner, heads, durable, all, awaits } => {
                if let Some(known) = self.partners.get_mut(&partner) {
                    if all {
                        known.answers(awaits);
                    }
                    self.heard(&partner, heads, &durable, &mut actions);
                }
            }
            Event::Unreachable(partner) => {
                if let Some(partner) = self.partners.get_mut(&partner) {
                    (partner.asked_at, partner.missed) = (None, true);
                    partner.until = later(now, partner.pause);
                    partner.pause = (partner.pause * 2).min(LONGEST_PAUSE);
                }
            }
            Event::Root { origin, size, root } => self.compared(&origin, size, root, &mut actions),
            Event::Refilled { origin, durable } => self.refilled(now, &origin, durable),
            Event::Beside { origin, note } => {
                if let Some(log) = self.logs.get_mut(&origin).filter(|log| log.stage == Stage::Refilling) {
                    log.settle(&origin, Settled::Forked { note }, &mut actions);
                }
            }
            Event::Shut { origin, durable } => self.shut(&origin, durable),
            Event::Proven { proven, lifted } => self.proven(proven, lifted),
            Event::Override(origin) => {
                // Also of a log that is not on disk, and that nobody could be asked about.
                let log = self.logs.entry(origin.clone()).or_insert_with(|| Own::asking(0));
                if matches!(log.stage, Stage::Asking | Stage::Comparing(_)) && log.lack().is_none() {
                    log.settle(&origin, Settled::GoOn { refilled: log.refilled }, &mut actions);
                }
            }
            Event::GiveUp(origin) => {
                if let Some(log) = self.logs.get_mut(&origin).filter(|log| log.lack().is_some()) {
                    log.given_up = true;
                }
            }
            Event::Trust(trust) => self.listed(trust),
        }
        self.decide(now, &mut actions);
        actions
    }

    /// What a person lifted is looked at again.
    fn proven(&mut self, proven: BTreeSet<Origin>, lifted: BTreeMap<Origin, Vec<Fork>>) {
        let news = lifted.iter().filter(|(origin, forks)| self.lifted.get(*origin) != Some(*forks));
        for (origin, _) in news {
            if let Some(log) = self.logs.get_mut(origin).filter(|log| log.stage == Stage::Doubted) {
                log.stage = Stage::Asking;
            }
        }
        (self.proven, self.lifted) = (proven, lifted);
    }

    /// Who joins is asked too, and who left is not waited for.
    fn listed(&mut self, trust: Arc<TrustList>) {
        let names = trust.text().nodes.iter().map(|node| node.name.clone()).filter(|name| *name != self.node);
        let names = names.collect::<BTreeSet<_>>();
        self.partners.retain(|name, _| names.contains(name));
        for log in self.logs.values_mut() {
            log.heads.retain(|(name, _), _| names.contains(name));
        }
        for name in names {
            self.partners.entry(name).or_insert_with(Partner::fresh);
        }
        self.trust = trust;
    }

    fn ask(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        // Also about logs that were forgotten, and that are to be opened: so each is asked, though all are settled.
        let asks = self.logs.is_empty() || self.logs.keys().any(|origin| !self.asks_nobody(origin));
        for (name, partner) in &mut self.partners {
            let silent = partner.asked_at.is_some_and(|at| passed(at, now) >= SILENCE);
            let rested = has_come(partner.until, now, LONGEST_PAUSE);
            if asks && !partner.answered && rested && (partner.asked_at.is_none() || silent) {
                partner.asked_at = Some(now);
                actions.push(Action::AskHeads(name.clone()));
            }
        }
    }

    fn heard(
        &mut self,
        partner: &NodeName,
        heads: Vec<KnownHead>,
        durable: &BTreeMap<Origin, u64>,
        actions: &mut Vec<Action>,
    ) {
        // It tells each head that it knows of: its own, and those that others told it. The later one counts, and is
        // weighed: a partner that tells a thousand of them must not have the disk read a thousand times.
        let mut latest: BTreeMap<(Origin, bool), Known> = BTreeMap::new();
        for told in heads {
            let Some(head) = self.signed(&told) else { continue };
            let KnownHead { log, note, entries, .. } = told;
            later_of(latest.entry((log, entries)), Known { head, note, entries });
        }
        for ((origin, entries), known) in latest {
            let log = self.logs.entry(origin.clone()).or_insert_with(|| Own::asking(0));
            log.weigh(&origin, durable.get(&origin).copied(), &known, actions);
            later_of(log.heads.entry((partner.clone(), entries)), known);
        }
    }

    /// Nothing is being signed any more for a log of which a partner has a later head. Where nobody is known to hold
    /// what is missing, those who may hold it are asked once more: what they said is of before.
    fn shut(&mut self, origin: &Origin, durable: u64) {
        let Some(log) = self.logs.get_mut(origin).filter(|log| log.stage == Stage::Shutting) else { return };
        (log.stage, log.durable, log.refilled) = (Stage::Asking, durable, false);
        if log.heads.values().any(|known| known.entries && known.head.size > durable) {
            return;
        }
        for (name, partner) in &mut self.partners {
            if super::replicates(&self.trust, name, origin) {
                *partner = Partner::fresh();
            }
        }
    }

    /// What one attempt brought. A partner that says it holds the entries and does not give them is asked again, and
    /// in turn with others.
    fn refilled(&mut self, now: Timestamp, origin: &Origin, durable: u64) {
        let Some(log) = self.logs.get_mut(origin).filter(|log| log.stage == Stage::Refilling) else { return };
        log.stage = Stage::Asking;
        if durable > log.durable {
            log.durable = durable;
            (log.refilled, log.tries) = (true, 0);
        } else {
            log.tries += 1;
            log.until = later(now, (FIRST_PAUSE << log.tries.min(6)).min(LONGEST_PAUSE));
        }
    }

    fn compared(&mut self, origin: &Origin, size: u64, root: Hash, actions: &mut Vec<Action>) {
        let past = self.lifted.get(origin).into_iter().flatten().map(|fork| fork.past).max().unwrap_or(0);
        let Some(log) = self.logs.get_mut(origin) else { return };
        match log.stage {
            Stage::Settled => log.compare(origin, size, root, actions),
            Stage::Comparing(head) if head.size == size => log.matched(origin, head, root, past, actions),
            Stage::Judging(fork) if fork.short.size == size => log.judge(fork, root),
            Stage::Comparing(_)
            | Stage::Judging(_)
            | Stage::Asking
            | Stage::Refilling
            | Stage::Shutting
            | Stage::Doubted
            | Stage::Ended => {}
        }
    }

    fn decide(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        let open = self.logs.iter().filter(|(_, log)| log.stage == Stage::Asking);
        for origin in open.map(|(origin, _)| origin.clone()).collect::<Vec<_>>() {
            self.decide_one(now, &origin, actions);
        }
    }

    fn decide_one(&mut self, now: Timestamp, origin: &Origin, actions: &mut Vec<Action>) {
        let enough = self.has_heard_enough(now, origin);
        let (waits, follows) = (self.waits_for_holder(origin), self.follows_what_comes(now, origin));
        let (proven, forks) = (self.proven.contains(origin), self.lifted.get(origin).cloned().unwrap_or_default());
        let Some(log) = self.logs.get_mut(origin) else { return };
        // What else is missing later was not given up.
        log.given_up = log.given_up && log.lack().is_some();
        if !enough && !log.given_up {
            return;
        }
        if let Some(fork) = forks.iter().find(|fork| log.is_to_judge(fork)).copied() {
            log.stage = Stage::Judging(fork);
            actions.push(Action::ReadRoot { origin: origin.clone(), size: fork.short.size });
            return;
        }
        let told = log.told().map(|(_, known)| known);
        let Some(best) = told.max_by_key(|known| (known.head.size, known.entries)).cloned() else {
            return log.settle(origin, Settled::GoOn { refilled: log.refilled }, actions);
        };
        if best.head.size <= log.durable {
            // A witness may have followed a history that a holder's head is not of.
            let holders = log.heads.values().filter(|known| known.entries).map(|known| known.head);
            let next = iter::once(best.head).chain(holders).find(|head| !log.compared.contains(head));
            let Some(head) = next else {
                return log.settle(origin, Settled::GoOn { refilled: log.refilled }, actions);
            };
            log.stage = Stage::Comparing(head);
            actions.push(Action::ReadRoot { origin: origin.clone(), size: head.size });
            return;
        }
        let holds = |known: &Known| known.entries && known.head.size > log.durable && !log.given_up;
        let mut holders = log.heads.iter().filter(|(_, known)| holds(known));
        let count = u32::try_from(holders.clone().count()).unwrap_or(u32::MAX);
        if count > 0 {
            let turn = usize::try_from(log.tries % count).unwrap_or(0);
            let rested = has_come(log.until, now, LONGEST_PAUSE);
            if let Some(((from, _), known)) = holders.nth(turn).filter(|_| rested && !follows) {
                let (from, note) = (from.clone(), known.note.clone());
                log.stage = Stage::Refilling;
                actions.push(Action::Refill { origin: origin.clone(), from, note });
            }
        } else if log.given_up || !waits {
            log.unheld(origin, best.note, proven, actions);
        }
    }

    /// Whether a node that may hold the entries has not said so yet: before that nothing counts as forked for them.
    fn waits_for_holder(&self, origin: &Origin) -> bool {
        let silent = |name: &NodeName| self.partners.get(name).is_some_and(|partner| !partner.answered);
        self.partners.keys().any(|name| super::replicates(&self.trust, name, origin) && silent(name))
    }

    /// Whether closed logs that this one may speak for are coming back: what it says of their certificates is held against
    /// their lists, so they come first. One that nobody holds, or that was asked for in vain, holds up no other.
    fn follows_what_comes(&self, now: Timestamp, origin: &Origin) -> bool {
        let comes = |closed: &Origin| {
            let log = self.logs.get(closed).filter(|log| log.tries == 0 && !log.given_up);
            let held = log.and_then(Own::lack).is_some_and(|lack| !lack.holders.is_empty());
            held && self.has_heard_enough(now, closed)
        };
        self.trust.closed_before(origin).iter().any(|(closed, _)| comes(closed))
    }

    fn has_heard_enough(&self, now: Timestamp, origin: &Origin) -> bool {
        self.asks_nobody(origin) || (self.has_enough(origin) && self.has_waited(now))
    }

    fn asks_nobody(&self, origin: &Origin) -> bool {
        asks_nobody(&self.trust, origin)
    }

    fn has_enough(&self, origin: &Origin) -> bool {
        let durable = self.logs.get(origin).map_or(0, |log| log.durable);
        let answered = |name: &NodeName| self.partners.get(name).is_some_and(|partner| self.is_heard(partner));
        suffices(&self.trust, origin, durable, answered)
    }
}

impl Partner {
    const fn fresh() -> Self {
        Self {
            answered: false,
            awaits: BTreeSet::new(),
            missed: false,
            asked_at: None,
            until: Timestamp::MIN,
            pause: FIRST_PAUSE,
        }
    }

    /// It told all that it knows. What it knew the first time it has told, also where it forgets it later.
    fn answers(&mut self, awaits: BTreeSet<NodeName>) {
        if self.answered {
            self.awaits.retain(|name| awaits.contains(name));
        } else {
            (self.answered, self.awaits) = (true, awaits);
        }
    }
}

/// Whether a partner's answer proves that what is durable here is no beginning of a head that this node signed: nobody
/// need be believed for that.
#[must_use]
pub fn is_another(history: &History, durable: &TreeHead, head: &TreeHead) -> bool {
    let History { root, proof } = history;
    verify_consistency(durable.size, head.size, root, &head.root, proof).is_ok() && *root != durable.root
}

/// The root over the first `size` durable entries of a log, published or not. It blocks.
pub fn durable_root(store: &dyn Store, origin: &Origin, size: u64) -> Result<Hash, StoreError> {
    let published = store.head(origin).map_or(0, |head: PublishedHead| head.head.size).min(size);
    let mut edge = crate::log::Frontier::load(published, &store.hashes(origin))?;
    for index in published..size {
        let gone = || StoreError::NoEntry { origin: origin.clone(), index };
        edge.append(leaf_hash(&store.durable_entry(origin, index)?.ok_or_else(gone)?.leaf));
    }
    Ok(edge.root())
}
