//! The whole system, one event after the other, with its promises checked after each.

mod alarms;
mod authority;
mod befalls;
mod clocks;
mod closing;
mod deeds;
mod gossip;
mod invariants;
mod old_copy;
mod streams;
mod villain;

use villain::{Branch, Villain};

pub(super) use villain::Malice;

use super::{
    network::{Agenda, Chance},
    node::{Process, SimNode},
    world::{BAD, FORK, NODES, SCRIPT, START, Script, Use, WORLD, ends, issuer, key, name, node_of, origin},
};
use crate::{
    exchange::{
        canvasser::{self, DEADLINE_SECONDS},
        cosigned::enough,
        disclosures::{self, Why, take},
        heads::{self, Evidence, Fork, Left, Lifted, known_evidence},
        may_have_disclosures,
        memory::Told,
        message::{
            AddCheckpoint, Announce, Disclosed, DisclosedEntry, DisclosuresAsked, FromReplica, FromSupplier, History,
            KnownHead, Package, ProveHistory, Want, Witnessed,
        },
        recall::{self, durable_root, is_another},
        replica::{self, Held, check_with, newest_note},
        supplier::{self, Supplier},
        witness,
    },
    log::{
        AnyCheckpoint, Checkpoint, Extension, Hash, LogName, Origin, SignedCheckpoint, TreeHead, consistency_proof,
        cosign, root, sign_checkpoint,
    },
    store::{Batch, Disclosures, StateChange, Store},
    time::Timestamp,
    trust::TrustList,
    verification::{CheckedEntry, EntryFault, check_entry},
};
use bytes::Bytes;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock, Mutex},
};

/// Seconds between two times that a node looks at its own heads.
const OWN: u64 = 60;
/// The same while there are heads that nobody has brought together with the others.
pub(super) const SOON: u64 = 5;
/// Milliseconds that a message takes at most, to or from a node that is slow.
pub(super) const LONGEST_WAY: u64 = 4_000;

/// How bad it gets, and for how long.
#[derive(Clone)]
pub(super) struct Weather {
    /// Milliseconds before everything is mended.
    pub(super) storm: u64,
    /// In a thousand messages: streams cut, and messages of streams lost, repeated or out of turn.
    pub(super) cuts: u64,
    pub(super) lost: u64,
    /// In a thousand writes: failures.
    pub(super) failures: u64,
    /// In a thousand seconds of each node.
    pub(super) crashes: u64,
    pub(super) partitions: u64,
    /// In a hundred thousand seconds of each node: its authority's disk is an old copy.
    pub(super) restores: u64,
    /// In a hundred thousand seconds of each node: what it kept of others is gone.
    pub(super) wipes: u64,
    /// Whether clocks are wrong.
    pub(super) clocks: bool,
}

impl Weather {
    /// Nothing goes wrong by itself, for so many milliseconds.
    pub(super) const fn fair(storm: u64) -> Self {
        Self { storm, cuts: 0, lost: 0, failures: 0, crashes: 0, partitions: 0, restores: 0, wipes: 0, clocks: false }
    }
}

/// What each entry is by a list, as one hash of what that closes in its log.
type Judged = BTreeMap<(Origin, u64, Branch, Option<Hash>), Result<CheckedEntry, EntryFault>>;

static JUDGED: LazyLock<Mutex<Judged>> = LazyLock::new(Mutex::default);

enum Local {
    Replica(Origin, replica::Event),
    Supplier(u64, supplier::Event),
    Witness(witness::Event),
    Canvasser(Origin, canvasser::Event),
    Fetcher(Origin, disclosures::Event),
    Recall(recall::Event),
    Heads(heads::Event),
}

enum Work {
    Commit(Origin, Batch),
    Advance(Origin, Box<Extension>, String),
    Reload(Origin),
    Judge(Box<replica::Setup>),
    Check(replica::Unchecked),
    CosignReplica(Checkpoint),
    CosignWitness(AnyCheckpoint),
    KeepWitnessed(LogName, StateChange),
    KeepCosigned(Vec<StateChange>),
    Prove { stream: u64, old: u64, new: u64 },
    Read { stream: u64, start: u64, end: u64, size: u64 },
    ProveFor { log: Origin, witness: canvasser::Cosigner, old: u64, new: u64 },
    Publish(Origin),
    Take(Origin, Vec<DisclosedEntry>),
    CommitDisclosed(Origin, Batch),
}

enum Happening {
    Tick(usize),
    Local(usize, u32, Local),
    Work(usize, u32, Work),
    Open(u64),
    Closed { stream: u64, dialler: bool },
    ToSupplier(u64, FromReplica),
    ToReplica(u64, FromSupplier),
    Asked { ticket: u64, to: usize, request: AddCheckpoint },
    Answered { ticket: u64, answer: Witnessed },
    Deadline(u64),
    Disclose { from: (usize, u32), ticket: u64, asked: DisclosuresAsked },
    Disclosed { to: (usize, u32), ticket: u64, log: Origin, answer: Option<DisclosedEntry> },
    Heads { from: (usize, u32), partner: usize },
    Gossip { from: (usize, u32), partner: usize },
    Told { to: (usize, u32), partner: usize, heads: Vec<KnownHead> },
    History { from: (usize, u32), of: usize, ticket: u64, question: ProveHistory },
    Reported { to: usize, evidence: Box<Evidence> },
    Issue(usize),
    Restore(usize),
    Wipe(usize),
    Clock(usize),
    Crash(usize),
    Start(usize),
    List(usize),
    Offered { to: (usize, u32), list: String },
    Mend(usize, usize),
    Calm,
}

/// A stream between two processes.
struct Wire {
    log: Origin,
    dialler: (usize, u32),
    answerer: (usize, u32),
    open: bool,
    /// When the last message of each direction arrives: a stream keeps its order.
    arrivals: [u64; 2],
}

struct Call {
    from: (usize, u32),
    log: Origin,
    witness: usize,
}

pub(super) struct Simulation {
    pub(super) now: u64,
    pub(super) nodes: Vec<SimNode>,
    pub(super) trust: Arc<TrustList>,
    /// A node that does not keep the rules, and how.
    villain: Option<Villain>,
    /// A list that comes later.
    newer: Option<closing::Newer>,
    pub(super) steps: u64,
    chance: Chance,
    agenda: Agenda<Happening>,
    weather: Weather,
    calm: bool,
    logs: BTreeSet<Origin>,
    goals: BTreeMap<Origin, u64>,
    wires: BTreeMap<u64, Wire>,
    calls: BTreeMap<u64, Call>,
    /// The call for disclosures that the fetcher of a log waits for.
    fetching: BTreeMap<(usize, Origin), u64>,
    cut: BTreeSet<(usize, usize)>,
    numbers: u64,
    /// Roots that anybody cosigned, by log and size, and who: one size, one root.
    cosigned: BTreeMap<(Origin, u64), BTreeMap<Hash, BTreeSet<String>>>,
    /// The history of each log whose heads had enough cosignatures behind [`FORK`].
    confirmed: BTreeMap<Origin, Branch>,
    /// Nodes that lost what they knew of others.
    wiped: BTreeSet<usize>,
    /// Nodes that do not start.
    down: BTreeSet<usize>,
    /// Logs that their issuer holds shut because they forked.
    alarmed: BTreeSet<Origin>,
    /// The largest size each cosigner cosigned of each log.
    last_cosigned: BTreeMap<(Origin, String), u64>,
    /// The largest size of each log whose head ever had enough cosignatures.
    released: BTreeMap<Origin, u64>,
    /// Logs of which entries were lost.
    closed: BTreeSet<Origin>,
    /// What each log's addressee receipted last: missing and held.
    receipts: BTreeMap<Origin, (Vec<u64>, Vec<u64>)>,
    /// The largest size each log ever published.
    published: BTreeMap<Origin, u64>,
    /// What nodes are lied to, by which each has to be alarmed.
    untruths: alarms::Untruths,
    /// Snapshots that lay ahead of the addressee's clock when they came.
    came_ahead: BTreeSet<(Origin, u64)>,
}

impl Simulation {
    pub(super) fn new(seed: u64, weather: Weather) -> Self {
        let mut chance = Chance::new(seed);
        let mut logs = (0..NODES.len())
            .flat_map(|from| (0..NODES.len()).filter(move |to| *to != from).map(move |to| origin(from, to)))
            .collect::<Vec<_>>();
        while logs.len() > 3 {
            let at = usize::try_from(chance.within(0, logs.len() as u64)).unwrap();
            logs.swap_remove(at);
        }
        let goals = logs.into_iter().collect::<BTreeSet<_>>().into_iter();
        let goals = goals.map(|log| (log, chance.within(1, SCRIPT as u64 / 2))).collect();
        Self::of(chance, weather, goals)
    }

    /// The same with these logs, each up to a size.
    fn of(chance: Chance, weather: Weather, goals: BTreeMap<Origin, u64>) -> Self {
        let logs = goals.keys().cloned().collect::<BTreeSet<_>>();
        let nodes = (0..NODES.len()).map(|at| SimNode::new(at, &logs)).collect();
        let mut this = Self {
            now: 0,
            nodes,
            trust: Arc::clone(&WORLD.trust),
            villain: None,
            newer: None,
            steps: 0,
            chance,
            agenda: Agenda::new(),
            calm: false,
            logs,
            goals,
            wires: BTreeMap::new(),
            calls: BTreeMap::new(),
            fetching: BTreeMap::new(),
            cut: BTreeSet::new(),
            numbers: 0,
            cosigned: BTreeMap::new(),
            confirmed: BTreeMap::new(),
            wiped: BTreeSet::new(),
            down: BTreeSet::new(),
            alarmed: BTreeSet::new(),
            last_cosigned: BTreeMap::new(),
            released: BTreeMap::new(),
            closed: BTreeSet::new(),
            receipts: BTreeMap::new(),
            published: BTreeMap::new(),
            untruths: alarms::Untruths::default(),
            came_ahead: BTreeSet::new(),
            weather,
        };
        for at in 0..NODES.len() {
            this.nodes[at].slow = this.chance.permille(100);
            let first = this.chance.within(0, 2_000);
            this.agenda.plan(first, Happening::Start(at));
            this.agenda.plan(first + 1, Happening::Tick(at));
            this.agenda.plan(first + 500, Happening::Issue(at));
        }
        if this.weather.clocks {
            this.unset_clocks();
        }
        this.agenda.plan(this.weather.storm, Happening::Calm);
        this
    }

    /// Runs until everything that was issued is held and cosigned, after the storm.
    pub(super) fn run(&mut self) {
        let patience = self.weather.storm + 1_500_000;
        while let Some((at, happening)) = self.agenda.next() {
            self.now = at;
            self.steps += 1;
            // Seldom: it looks at every signature.
            let ticked = matches!(happening, Happening::Tick(0)) && (at / 1_000).is_multiple_of(5);
            self.happen(happening);
            if ticked && self.calm && self.converged().is_ok() {
                return;
            }
            assert!(at < patience, "after the storm this is left: {}", self.converged().unwrap_err());
        }
    }

    /// Runs up to a moment of the storm, in milliseconds.
    pub(super) fn run_until(&mut self, moment: u64) {
        while self.now < moment
            && let Some((at, happening)) = self.agenda.next()
        {
            self.now = at;
            self.steps += 1;
            self.happen(happening);
        }
    }

    /// From now on a node reaches nobody, until the storm is over.
    pub(super) fn part(&mut self, node: usize) {
        self.cut
            .extend((0..NODES.len()).filter(|other| *other != node).map(|other| (node.min(other), node.max(other))));
    }

    /// Entries that a node has issued, and those of them that their addressees hold.
    pub(super) fn issued_and_held(&self, node: usize) -> (u64, u64) {
        let size = |store: &dyn Store, log| store.head(log).map_or(0, |head| head.head.size);
        let own = self.logs.iter().filter(|log| ends(log).0 == node);
        let both = own.map(|log| {
            let held = size(self.nodes[ends(log).1].disk.partners[log].as_ref(), log);
            (size(self.nodes[node].disk.own.as_ref(), log), held)
        });
        both.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Tick(node) => self.tick(node),
            Happening::Local(node, epoch, event) if self.alive(node, epoch) => self.local(node, event),
            Happening::Work(node, epoch, work) if self.alive(node, epoch) => self.work(node, work),
            Happening::Local(..) | Happening::Work(..) => {}
            Happening::Open(stream) => self.open(stream),
            Happening::Closed { stream, dialler } => self.closed(stream, dialler),
            Happening::ToSupplier(stream, message) if !self.takes(stream, &message) => {}
            Happening::ToSupplier(stream, message) => {
                if let Some(wire) = self.wires.get(&stream).filter(|wire| wire.open)
                    && self.alive(wire.answerer.0, wire.answerer.1)
                {
                    let event = Local::Supplier(stream, supplier::Event::Received(message));
                    self.local(wire.answerer.0, event);
                }
            }
            Happening::ToReplica(stream, message) => {
                if let Some(wire) = self.wires.get(&stream).filter(|wire| wire.open)
                    && self.alive(wire.dialler.0, wire.dialler.1)
                {
                    let (node, log) = (wire.dialler.0, wire.log.clone());
                    self.is_shown(node, &log, &message);
                    self.local(node, Local::Replica(log, replica::Event::Received(message)));
                }
            }
            Happening::Asked { ticket, to, request } => {
                if self.nodes[to].process.is_some() {
                    self.local(to, Local::Witness(witness::Event::Asked { ticket, request }));
                }
            }
            Happening::Answered { ticket, answer } => {
                if let Some(call) = self.calls.remove(&ticket)
                    && self.alive(call.from.0, call.from.1)
                {
                    let event = canvasser::Event::Answered { witness: name(call.witness).into(), answer };
                    self.local(call.from.0, Local::Canvasser(call.log, event));
                }
            }
            Happening::Deadline(ticket) => {
                if let Some(call) = self.calls.remove(&ticket)
                    && self.alive(call.from.0, call.from.1)
                {
                    let event = canvasser::Event::Failed(name(call.witness).into());
                    self.local(call.from.0, Local::Canvasser(call.log, event));
                }
            }
            Happening::Disclose { from, ticket, asked } => self.disclose(from, ticket, &asked),
            Happening::Disclosed { to, ticket, log, answer } => {
                if self.fetches(to, ticket, &log) {
                    let event = answer.map_or(disclosures::Event::Ended, disclosures::Event::Answer);
                    self.local(to.0, Local::Fetcher(log, event));
                }
            }
            Happening::Heads { from, partner } => self.tell_heads(from, partner),
            Happening::Gossip { from, partner } => self.gossip(from, partner),
            Happening::Told { to, partner, heads } => {
                if self.alive(to.0, to.1) {
                    let node = &mut self.nodes[to.0];
                    let memory = &mut node.process.as_mut().unwrap().memory;
                    memory.told(&name(partner), Told::read(&self.trust, &heads));
                    node.whole = memory.is_whole();
                }
            }
            Happening::History { from, of, ticket, question } => self.history(from, of, ticket, &question),
            Happening::Reported { to, evidence } => {
                if self.nodes[to].process.is_some() {
                    self.reported(to, evidence);
                }
            }
            Happening::Restore(node) => self.restore(node),
            Happening::Wipe(node) => self.wipe(node),
            Happening::Clock(node) => self.set_clock(node),
            Happening::Issue(node) => self.issue(node),
            Happening::Crash(node) => self.crash(node),
            Happening::Start(node) => self.start(node),
            Happening::List(node) => self.list(node),
            Happening::Offered { to, list } => {
                if self.alive(to.0, to.1) {
                    self.offered(to.0, &list);
                }
            }
            Happening::Mend(a, b) => {
                self.cut.remove(&(a, b));
            }
            Happening::Calm => {
                self.hang_up_what_was_behind();
                self.calm = true;
                self.cut.clear();
                for node in &mut self.nodes {
                    node.slow = false;
                }
                for node in 0..NODES.len() {
                    if self.nodes[node].process.is_none() {
                        self.start(node);
                    }
                }
            }
        }
    }

    fn alive(&self, node: usize, epoch: u32) -> bool {
        self.nodes[node].process.is_some() && self.nodes[node].epoch == epoch
    }

    fn apart(&self, a: usize, b: usize) -> bool {
        self.cut.contains(&(a.min(b), a.max(b)))
    }

    /// Milliseconds that a message takes.
    fn way(&mut self, a: usize, b: usize) -> u64 {
        let slow = self.nodes[a].slow || self.nodes[b].slow;
        let most = if slow { LONGEST_WAY } else { 60 };
        self.chance.within(1, most)
    }

    /// Milliseconds that local work takes.
    fn toil(&mut self, node: usize) -> u64 {
        let most = if self.nodes[node].slow { 900 } else { 15 };
        self.chance.within(0, most)
    }
}

/// Entries whose consent is never given.
const fn is_held(index: u64) -> bool {
    index % 16 == 10
}
