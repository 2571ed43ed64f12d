//! The whole system, one event after the other, with its promises checked after each.

use super::{
    network::{Agenda, Chance},
    node::{Process, SimNode},
    world::{BAD, NODES, SCRIPT, START, Use, WORLD, ends, issuer, key, name, node_of, origin},
};
use crate::{
    exchange::{
        canvasser::{self, DEADLINE_SECONDS},
        cosigned::enough,
        disclosures::{self, Why, take},
        may_have_disclosures,
        message::{
            AddCheckpoint, Disclosed, DisclosedEntry, DisclosuresAsked, FromReplica, FromSupplier, KnownHead, Witnessed,
        },
        recall::{self, durable_root},
        replica::{self, Held, check_with, newest_note},
        supplier::{self, Supplier},
        witness,
    },
    log::{
        Checkpoint, Extension, Hash, Origin, SignedCheckpoint, TreeHead, consistency_proof, cosign, root,
        sign_checkpoint,
    },
    store::{Batch, Disclosures, StateChange, Store},
    time::Timestamp,
    trust::{NodeName, TrustList},
    verification::{CheckedEntry, EntryFault, check_entry},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock, Mutex},
};

/// How bad it gets, and for how long.
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
}

static JUDGED: LazyLock<Mutex<BTreeMap<(Origin, u64), Result<CheckedEntry, EntryFault>>>> =
    LazyLock::new(Mutex::default);

enum Local {
    Replica(Origin, replica::Event),
    Supplier(u64, supplier::Event),
    Witness(witness::Event),
    Canvasser(Origin, canvasser::Event),
    Fetcher(Origin, disclosures::Event),
    Recall(recall::Event),
}

enum Work {
    Commit(Origin, Batch),
    Advance(Origin, Box<Extension>, String),
    Reload(Origin),
    Check(replica::Unchecked),
    CosignReplica(Checkpoint),
    CosignWitness(Checkpoint),
    KeepWitnessed(Origin, StateChange),
    KeepCosigned(Vec<StateChange>),
    Prove { stream: u64, old: u64, new: u64 },
    Read { stream: u64, start: u64, end: u64, size: u64 },
    ProveFor { log: Origin, witness: NodeName, old: u64, new: u64 },
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
    Disclose { from: (usize, u32), asked: DisclosuresAsked },
    Disclosed { to: (usize, u32), log: Origin, answer: Option<DisclosedEntry> },
    Heads { from: (usize, u32), partner: usize },
    Issue(usize),
    Restore(usize),
    Crash(usize),
    Start(usize),
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

/// A partner that does not keep the rules: changes, drops or adds what it would have said. The seam for attacks.
pub(super) type Conduct = Box<dyn FnMut(usize, &Origin, FromSupplier) -> Vec<FromSupplier>>;

pub(super) struct Simulation {
    pub(super) now: u64,
    pub(super) nodes: Vec<SimNode>,
    pub(super) trust: Arc<TrustList>,
    pub(super) conduct: Option<Conduct>,
    pub(super) equivocations: BTreeSet<(usize, Origin)>,
    pub(super) steps: u64,
    chance: Chance,
    agenda: Agenda<Happening>,
    weather: Weather,
    calm: bool,
    logs: BTreeSet<Origin>,
    goals: BTreeMap<Origin, u64>,
    wires: BTreeMap<u64, Wire>,
    calls: BTreeMap<u64, Call>,
    cut: BTreeSet<(usize, usize)>,
    numbers: u64,
    /// Roots that anybody cosigned, by log and size: one size, one root.
    cosigned: BTreeMap<(Origin, u64), Hash>,
    /// The largest size each cosigner cosigned of each log.
    last_cosigned: BTreeMap<(Origin, String), u64>,
    /// What each log's addressee receipted last: missing and held.
    /// The largest size of each log whose head ever had enough cosignatures.
    released: BTreeMap<Origin, u64>,
    /// Logs of which entries were lost.
    closed: BTreeSet<Origin>,
    receipts: BTreeMap<Origin, (Vec<u64>, Vec<u64>)>,
    /// The largest size each log ever published.
    published: BTreeMap<Origin, u64>,
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
        let logs = logs.into_iter().collect::<BTreeSet<_>>();
        let goals = logs.iter().map(|log| (log.clone(), chance.within(1, SCRIPT as u64 / 2))).collect();
        let nodes = (0..NODES.len()).map(|at| SimNode::new(at, &logs)).collect();
        let mut this = Self {
            now: 0,
            nodes,
            trust: Arc::clone(&WORLD.trust),
            conduct: None,
            equivocations: BTreeSet::new(),
            steps: 0,
            chance,
            agenda: Agenda::new(),
            calm: false,
            logs,
            goals,
            wires: BTreeMap::new(),
            calls: BTreeMap::new(),
            cut: BTreeSet::new(),
            numbers: 0,
            cosigned: BTreeMap::new(),
            last_cosigned: BTreeMap::new(),
            released: BTreeMap::new(),
            closed: BTreeSet::new(),
            receipts: BTreeMap::new(),
            published: BTreeMap::new(),
            weather,
        };
        for at in 0..NODES.len() {
            this.nodes[at].slow = this.chance.permille(100);
            let first = this.chance.within(0, 2_000);
            this.agenda.plan(first, Happening::Start(at));
            this.agenda.plan(first + 1, Happening::Tick(at));
            this.agenda.plan(first + 500, Happening::Issue(at));
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

    fn timestamp(&self) -> Timestamp {
        let start = START.parse::<Timestamp>().unwrap().as_millisecond();
        Timestamp::from_millisecond(start + i64::try_from(self.now).unwrap()).unwrap()
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Tick(node) => self.tick(node),
            Happening::Local(node, epoch, event) if self.alive(node, epoch) => self.local(node, event),
            Happening::Work(node, epoch, work) if self.alive(node, epoch) => self.work(node, work),
            Happening::Local(..) | Happening::Work(..) => {}
            Happening::Open(stream) => self.open(stream),
            Happening::Closed { stream, dialler } => self.closed(stream, dialler),
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
                    let event = Local::Replica(wire.log.clone(), replica::Event::Received(message));
                    self.local(wire.dialler.0, event);
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
                    let event = canvasser::Event::Answered { witness: name(call.witness), answer };
                    self.local(call.from.0, Local::Canvasser(call.log, event));
                }
            }
            Happening::Deadline(ticket) => {
                if let Some(call) = self.calls.remove(&ticket)
                    && self.alive(call.from.0, call.from.1)
                {
                    let event = canvasser::Event::Failed(name(call.witness));
                    self.local(call.from.0, Local::Canvasser(call.log, event));
                }
            }
            Happening::Disclose { from, asked } => self.disclose(from, &asked),
            Happening::Disclosed { to, log, answer } => {
                if self.alive(to.0, to.1) {
                    let event = answer.map_or(disclosures::Event::Ended, disclosures::Event::Answer);
                    self.local(to.0, Local::Fetcher(log, event));
                }
            }
            Happening::Heads { from, partner } => self.tell_heads(from, partner),
            Happening::Restore(node) => self.restore(node),
            Happening::Issue(node) => self.issue(node),
            Happening::Crash(node) => self.crash(node),
            Happening::Start(node) => self.start(node),
            Happening::Mend(a, b) => {
                self.cut.remove(&(a, b));
            }
            Happening::Calm => {
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
        let most = if slow { 4_000 } else { 60 };
        self.chance.within(1, most)
    }

    /// Milliseconds that local work takes.
    fn toil(&mut self, node: usize) -> u64 {
        let most = if self.nodes[node].slow { 900 } else { 15 };
        self.chance.within(0, most)
    }

    // ---- what befalls a node ----------------------------------------------------------------------------

    fn tick(&mut self, node: usize) {
        self.agenda.plan(self.now + 1_000, Happening::Tick(node));
        if !self.calm {
            if self.chance.permille(self.weather.crashes) {
                self.agenda.plan(self.now + self.chance.within(0, 1_000), Happening::Crash(node));
            }
            if self.chance.within(0, 100_000) < self.weather.restores {
                self.agenda.plan(self.now + 1, Happening::Restore(node));
            }
            if self.chance.permille(self.weather.partitions) {
                let other = (node + 1) % NODES.len();
                let pair = (node.min(other), node.max(other));
                self.cut.insert(pair);
                let until = self.now + self.chance.within(500, 40_000);
                self.agenda.plan(until, Happening::Mend(pair.0, pair.1));
            }
        }
        let Some(process) = &self.nodes[node].process else { return };
        let mut events = Vec::new();
        events.extend(process.replicas.keys().map(|log| Local::Replica(log.clone(), replica::Event::Tick)));
        events.extend(process.suppliers.keys().map(|stream| Local::Supplier(*stream, supplier::Event::Tick)));
        events.extend(process.fetchers.keys().map(|log| Local::Fetcher(log.clone(), disclosures::Event::Tick)));
        events.extend(process.canvassers.keys().map(|log| Local::Canvasser(log.clone(), canvasser::Event::Tick)));
        events.extend(process.refills.keys().map(|log| Local::Replica(log.clone(), replica::Event::Tick)));
        events.push(Local::Recall(recall::Event::Tick));
        let late = process.refills.iter().filter(|(_, (_, _, until))| *until < self.now);
        let late = late.map(|(log, _)| log.clone()).collect::<Vec<_>>();
        for event in events {
            self.local(node, event);
        }
        for log in late {
            self.end_refill(node, &log);
        }
    }

    /// The authority's disk is a copy of some time ago; everything since is gone.
    fn restore(&mut self, node: usize) {
        if self.calm || self.nodes[node].process.is_none() {
            return;
        }
        self.crash(node);
        let old = std::mem::take(&mut self.nodes[node].disk.own);
        for log in old.logs() {
            let kept = self.chance.within(0, old.durable_size(&log) + 1);
            if kept > 0 {
                self.nodes[node].issue(&log, kept);
                self.publish(node, &log);
            }
        }
    }

    /// A partner says what it knows of the asker's logs.
    fn tell_heads(&mut self, from: (usize, u32), partner: usize) {
        let there = self.nodes[partner].process.is_some() && !self.apart(from.0, partner);
        let event = if there {
            let host = issuer(from.0).host().clone();
            let mut heads = Vec::new();
            let mut tell = |log: &Origin, note: String, entries: bool| {
                heads.push(KnownHead { log: log.clone(), note, entries, cosigned_by_asker: None });
            };
            for (log, store) in &self.nodes[partner].disk.partners {
                if let Some(head) = store.head(log) {
                    tell(log, head.note, true);
                }
                if let Some(note) = newest_note(store.as_ref(), log).unwrap() {
                    tell(log, note, false);
                }
            }
            for (log, _, note) in self.nodes[partner].process.as_ref().unwrap().witness.heads() {
                tell(log, note.to_owned(), false);
            }
            heads.retain(|head| *head.log.host() == host);
            recall::Event::Heads { partner: name(partner), heads }
        } else {
            recall::Event::Unreachable(name(partner))
        };
        let at = self.now + self.way(from.0, partner);
        self.agenda.plan(at, Happening::Local(from.0, from.1, Local::Recall(event)));
    }

    fn recall(&mut self, node: usize, action: recall::Action) {
        use recall::{Action, Settled};
        match action {
            Action::AskHeads(partner) => {
                let (from, partner) = ((node, self.nodes[node].epoch), node_of(&partner));
                let at = self.now + self.way(node, partner);
                self.agenda.plan(at, Happening::Heads { from, partner });
            }
            Action::ReadRoot { origin, size } => {
                let root = durable_root(self.nodes[node].disk.own.as_ref(), &origin, size).unwrap();
                self.result(node, Local::Recall(recall::Event::Root { origin, size, root }));
            }
            Action::Refill { origin, note, .. } => {
                let size = note.lines().nth(1).unwrap().parse().unwrap();
                let machine = self.nodes[node].refill(&origin, &self.trust);
                let until = self.now + 30_000;
                let process = self.nodes[node].process.as_mut().unwrap();
                process.refills.insert(origin, (machine, size, until));
            }
            Action::Settled(log, Settled::GoOn { .. }) => {
                // Whatever had enough cosignatures is there again.
                let durable = self.nodes[node].disk.own.durable_size(&log);
                let released = self.released.get(&log).copied().unwrap_or(0);
                assert!(durable >= released, "{log} goes on with {durable} entries after {released} were released");
                self.publish(node, &log);
                self.tell_published(node, &log);
            }
            Action::Settled(log, Settled::Close { size, .. }) => {
                assert!(size >= self.released.get(&log).copied().unwrap_or(0), "{log} is closed at {size}");
                self.closed.insert(log);
            }
            Action::Settled(log, Settled::Forked { .. }) => panic!("{log} is not what was signed"),
        }
    }

    fn end_refill(&mut self, node: usize, log: &Origin) {
        let Some(process) = self.nodes[node].process.as_mut() else { return };
        if process.refills.remove(log).is_none() {
            return;
        }
        if let Some(stream) = self.current(node, log) {
            self.close(stream, true);
        }
        let durable = self.nodes[node].disk.own.durable_size(log);
        self.local(node, Local::Recall(recall::Event::Refilled { origin: log.clone(), durable }));
    }

    fn crash(&mut self, node: usize) {
        if self.calm || self.nodes[node].process.take().is_none() {
            return;
        }
        for (stream, wire) in &self.wires {
            for (side, dialler) in [(wire.dialler, false), (wire.answerer, true)] {
                if wire.open && side.0 == node {
                    // The other side hears of it now or later.
                    let at = self.now + 1 + stream % 700;
                    self.agenda.plan(at, Happening::Closed { stream: *stream, dialler });
                }
            }
        }
        let back = self.now + self.chance.within(100, 20_000);
        self.agenda.plan(back, Happening::Start(node));
    }

    fn start(&mut self, node: usize) {
        if self.nodes[node].process.is_some() {
            return;
        }
        let trust = Arc::clone(&self.trust);
        self.nodes[node].start(&trust);
        for log in self.nodes[node].own_logs() {
            self.tell_published(node, &log);
        }
    }

    fn issue(&mut self, node: usize) {
        let own = self.logs.iter().filter(|log| ends(log).0 == node).cloned().collect::<Vec<_>>();
        let again = self.now + self.chance.within(50, 6_000);
        self.agenda.plan(if self.calm { self.now + 300 } else { again }, Happening::Issue(node));
        if self.nodes[node].process.is_none() || own.is_empty() {
            return;
        }
        let log = own[usize::try_from(self.chance.within(0, own.len() as u64)).unwrap()].clone();
        let settled = self.nodes[node].process.as_ref().unwrap().recall.is_settled(&log);
        if !settled || self.closed.contains(&log) {
            return;
        }
        let left = self.goals[&log].saturating_sub(self.nodes[node].disk.own.durable_size(&log));
        if left > 0 {
            let count = self.chance.within(1, 8).min(left);
            self.nodes[node].issue(&log, count);
            // A crash may come between the two.
            self.later(node, Work::Publish(log));
        }
    }

    /// Signs a head over what is durable.
    fn publish(&mut self, node: usize, log: &Origin) {
        let store = Arc::clone(&self.nodes[node].disk.own);
        let previous = store.head(log).map(|head| head.head);
        let size = store.durable_size(log);
        if size <= previous.map_or(0, |head| head.size) {
            return;
        }
        let tree = &WORLD.scripts[log].tree;
        let next = TreeHead { size, root: root(size, tree).unwrap() };
        let proof = previous.map_or_else(Vec::new, |head| consistency_proof(head.size, size, tree).unwrap());
        let extension = Extension::prove(log.clone(), previous, next, &proof).unwrap();
        store.advance(vec![extension], &|extension| sign_checkpoint(extension, &key(node, Use::Log))).unwrap();
        let most = self.published.entry(log.clone()).or_default();
        *most = size.max(*most);
    }

    fn tell_published(&mut self, node: usize, log: &Origin) {
        let Some(head) = self.nodes[node].disk.own.head(log) else { return };
        let process = self.nodes[node].process.as_ref().unwrap();
        let streams = process.suppliers.keys().copied().filter(|stream| self.wires[stream].log == *log);
        let mut events =
            streams.map(|stream| Local::Supplier(stream, supplier::Event::Published(head.clone()))).collect::<Vec<_>>();
        events.push(Local::Canvasser(log.clone(), canvasser::Event::Published(head)));
        for event in events {
            self.local(node, event);
        }
    }

    // ---- the network ------------------------------------------------------------------------------------

    fn dial(&mut self, node: usize, log: &Origin) {
        self.numbers += 1;
        // An own log is fetched back from its addressee.
        let (from, to) = ends(log);
        let (stream, answerer) = (self.numbers, if node == from { to } else { from });
        let (dialler, answerer) = ((node, self.nodes[node].epoch), (answerer, self.nodes[answerer].epoch));
        let wire = Wire { log: log.clone(), dialler, answerer, open: false, arrivals: [self.now; 2] };
        self.wires.insert(stream, wire);
        let at = self.now + self.way(dialler.0, answerer.0);
        self.agenda.plan(at, Happening::Open(stream));
    }

    fn open(&mut self, stream: u64) {
        let wire = &self.wires[&stream];
        let (dialler, answerer, log) = (wire.dialler, wire.answerer, wire.log.clone());
        if !self.alive(dialler.0, dialler.1) {
            return;
        }
        if !self.alive(answerer.0, answerer.1) || self.apart(dialler.0, answerer.0) {
            self.local(dialler.0, Local::Replica(log, replica::Event::Disconnected));
            return;
        }
        self.wires.get_mut(&stream).unwrap().open = true;
        let (now, trust) = (self.timestamp(), Arc::clone(&self.trust));
        let supplier = Supplier::new(log.clone(), name(dialler.0), trust, now);
        let newest = self.nodes[answerer.0].store(&log).head(&log);
        let process = self.nodes[answerer.0].process.as_mut().unwrap();
        process.suppliers.insert(stream, supplier);
        if let Some(head) = newest {
            self.local(answerer.0, Local::Supplier(stream, supplier::Event::Published(head)));
        }
        self.local(dialler.0, Local::Replica(log, replica::Event::Connected));
    }

    /// Ends a stream; the other side hears of it later.
    fn close(&mut self, stream: u64, by_dialler: bool) {
        let Some(wire) = self.wires.get_mut(&stream).filter(|wire| wire.open) else { return };
        wire.open = false;
        let (dialler, answerer) = (wire.dialler, wire.answerer);
        if let Some(process) = self.nodes[answerer.0].process.as_mut() {
            process.suppliers.remove(&stream);
        }
        if !by_dialler {
            // Sometimes only a keepalive tells.
            let late = if self.chance.permille(200) { 40_000 } else { 0 };
            let at = self.now + self.way(dialler.0, answerer.0) + late;
            self.agenda.plan(at, Happening::Closed { stream, dialler: true });
        }
    }

    fn closed(&mut self, stream: u64, dialler: bool) {
        let wire = self.wires.get_mut(&stream).unwrap();
        wire.open = false;
        let (side, log) = (if dialler { wire.dialler } else { wire.answerer }, wire.log.clone());
        if !self.alive(side.0, side.1) {
            return;
        }
        if dialler {
            // Unless it has dialled again since: then this stream is nobody's.
            if self.current(side.0, &log) == Some(stream) {
                self.local(side.0, Local::Replica(log, replica::Event::Disconnected));
            }
        } else {
            self.nodes[side.0].process.as_mut().unwrap().suppliers.remove(&stream);
        }
    }

    /// The stream that a replica dialled last.
    fn current(&self, node: usize, log: &Origin) -> Option<u64> {
        let epoch = self.nodes[node].epoch;
        let own = self.wires.iter().filter(|(_, wire)| wire.dialler == (node, epoch) && wire.log == *log);
        own.map(|(stream, _)| *stream).max()
    }

    /// When a message of a stream arrives; none if it does not.
    fn convey(&mut self, stream: u64, direction: usize) -> Vec<u64> {
        let wire = &self.wires[&stream];
        let (a, b) = (wire.dialler.0, wire.answerer.0);
        if !wire.open {
            return Vec::new();
        }
        if self.apart(a, b) {
            self.close(stream, false);
            return Vec::new();
        }
        let taken = self.now + self.way(a, b);
        if !self.calm {
            if self.chance.permille(self.weather.cuts) {
                self.close(stream, false);
                return Vec::new();
            }
            if self.chance.permille(self.weather.lost) {
                // Lost, twice, or out of turn.
                return match self.chance.within(0, 3) {
                    0 => {
                        self.close(stream, false);
                        Vec::new()
                    }
                    1 => vec![taken, taken + 1],
                    _ => vec![taken],
                };
            }
        }
        let wire = self.wires.get_mut(&stream).unwrap();
        let at = taken.max(wire.arrivals[direction] + 1);
        wire.arrivals[direction] = at;
        vec![at]
    }

    // ---- machines ---------------------------------------------------------------------------------------

    fn later(&mut self, node: usize, work: Work) {
        let at = self.now + self.toil(node);
        self.agenda.plan(at, Happening::Work(node, self.nodes[node].epoch, work));
    }

    /// The result reaches the machine a moment after the fact: a crash may come between.
    fn result(&mut self, node: usize, event: Local) {
        let at = self.now + self.toil(node);
        self.agenda.plan(at, Happening::Local(node, self.nodes[node].epoch, event));
    }

    fn local(&mut self, node: usize, event: Local) {
        let now = self.timestamp();
        let Some(process) = self.nodes[node].process.as_mut() else { return };
        match event {
            Local::Replica(log, event) => {
                if let Some((machine, size, _)) = process.refills.get_mut(&log) {
                    let actions = machine.step(now, event);
                    let full = machine.held().tree_head().size >= *size;
                    for action in actions {
                        self.replica(node, &log, action);
                    }
                    if full {
                        self.end_refill(node, &log);
                    }
                } else if let Some(machine) = process.replicas.get_mut(&log) {
                    let actions = machine.step(now, event);
                    for action in actions {
                        self.replica(node, &log, action);
                    }
                }
            }
            Local::Recall(event) => {
                let actions = process.recall.step(now, event);
                for action in actions {
                    self.recall(node, action);
                }
            }
            Local::Supplier(stream, event) => {
                let Some(supplier) = process.suppliers.get_mut(&stream) else { return };
                let actions = supplier.step(now, event);
                for action in actions {
                    self.supplier(node, stream, action);
                }
            }
            Local::Witness(event) => {
                let actions = process.witness.step(event);
                for action in actions {
                    self.witness(node, action);
                }
            }
            Local::Fetcher(log, event) => {
                let actions = process.fetchers.get_mut(&log).unwrap().step(now, event);
                for action in actions {
                    self.fetcher(node, &log, action);
                }
            }
            Local::Canvasser(log, event) => {
                let actions = process.canvassers.get_mut(&log).unwrap().step(now, event);
                for action in actions {
                    self.canvasser(node, &log, action);
                }
            }
        }
    }

    fn replica(&mut self, node: usize, log: &Origin, action: replica::Action) {
        use replica::Action;
        match action {
            Action::Dial => self.dial(node, log),
            Action::HangUp(_) => {
                if let Some(stream) = self.current(node, log) {
                    self.close(stream, true);
                }
            }
            Action::Send(message) => {
                if let Some(stream) = self.current(node, log) {
                    for at in self.convey(stream, 0) {
                        self.agenda.plan(at, Happening::ToSupplier(stream, message.clone()));
                    }
                }
            }
            Action::Check(unchecked) => self.later(node, Work::Check(unchecked)),
            Action::Commit(batch) => self.later(node, Work::Commit(log.clone(), batch)),
            Action::Advance { extension, note } => self.later(node, Work::Advance(log.clone(), extension, note)),
            Action::Cosign(checkpoint) => self.later(node, Work::CosignReplica(checkpoint)),
            Action::Reload => self.later(node, Work::Reload(log.clone())),
            // What an authority keeps of its own statuses is not kept here as its sequencer would.
            Action::Found(_) if ends(log).0 == node => {}
            Action::Found(findings) => assert!(findings.iter().all(|finding| finding.index == BAD), "{findings:?}"),
            Action::Alarm(why) => {
                if let crate::exchange::ExchangeError::Equivocated(_) = why {
                    self.equivocations.insert((node, log.clone()));
                }
            }
            Action::Suspect(_) => {}
        }
    }

    fn supplier(&mut self, node: usize, stream: u64, action: supplier::Action) {
        use supplier::Action;
        match action {
            Action::Send(message) => {
                let log = self.wires[&stream].log.clone();
                let messages = match &mut self.conduct {
                    Some(conduct) => conduct(node, &log, message),
                    None => vec![message],
                };
                for message in messages {
                    for at in self.convey(stream, 1) {
                        self.agenda.plan(at, Happening::ToReplica(stream, message.clone()));
                    }
                }
                self.result(node, Local::Supplier(stream, supplier::Event::Sent));
            }
            Action::Prove { old, new } => self.later(node, Work::Prove { stream, old, new }),
            Action::Read { start, end, size } => self.later(node, Work::Read { stream, start, end, size }),
            Action::Keep(kept) => self.keep(node, &kept),
            Action::HangUp(_) => self.close(stream, false),
        }
    }

    fn fetcher(&mut self, node: usize, log: &Origin, action: disclosures::Action) {
        use disclosures::Action;
        match action {
            Action::Fetch { asked, .. } => {
                let (from, to) = ((node, self.nodes[node].epoch), ends(log).0);
                // Somebody else is curious too.
                let third = (0..NODES.len()).find(|other| *other != node && *other != to).unwrap();
                assert!(!may_have_disclosures(&self.trust, &name(third), log));
                let at = self.now + self.way(node, to);
                self.agenda.plan(at, Happening::Disclose { from, asked });
            }
            Action::Credit(_) | Action::Cancel | Action::Missing(_) => {}
            Action::Take(answers) => self.later(node, Work::Take(log.clone(), answers)),
            Action::Commit(batch) => self.later(node, Work::CommitDisclosed(log.clone(), batch)),
            Action::Receipt { origin, size, missing, held } => {
                let entries = self.nodes[node].disk.partners[log].durable_size(log);
                assert!(size <= entries && origin == *log && missing.iter().chain(&held).all(|index| *index < size));
                self.receipts.insert(origin, (missing, held));
                self.result(node, Local::Fetcher(log.clone(), disclosures::Event::Receipted));
            }
        }
    }

    /// The issuer's side of a call for disclosures.
    fn disclose(&mut self, from: (usize, u32), asked: &DisclosuresAsked) {
        let issuer = ends(&asked.log).0;
        assert!(may_have_disclosures(&self.trust, &name(from.0), &asked.log));
        let store = Arc::clone(&self.nodes[issuer].disk.own);
        let mut at = self.now;
        let there = self.nodes[issuer].process.is_some() && !self.apart(from.0, issuer);
        let published = store.head(&asked.log).map_or(0, |head| head.head.size);
        for index in asked.indexes.iter().filter(|index| there && **index < published) {
            at += self.way(from.0, issuer) / 8 + 1;
            if !self.calm && self.chance.permille(self.weather.cuts) {
                break;
            }
            let mut state = match store.disclosures(&asked.log, *index).unwrap() {
                Some(Disclosures::Present(_)) if is_held(*index) => Disclosed::Held,
                Some(Disclosures::Present(all)) => Disclosed::All(all),
                _ => Disclosed::None,
            };
            if let Disclosed::All(all) = &mut state
                && !self.calm
                && self.chance.permille(self.weather.lost * 5)
            {
                // One too few.
                all.pop();
            }
            let answer = Some(DisclosedEntry { index: *index, state });
            self.agenda.plan(at, Happening::Disclosed { to: from, log: asked.log.clone(), answer });
        }
        self.agenda.plan(at + 1, Happening::Disclosed { to: from, log: asked.log.clone(), answer: None });
    }

    fn keep(&mut self, node: usize, kept: &crate::exchange::cosigned::Kept) {
        let trust = Arc::clone(&self.trust);
        let process = self.nodes[node].process.as_mut().unwrap();
        let log = process.cosigned.get_mut(&kept.origin).unwrap();
        let changes = log.keep(kept, &trust).unwrap();
        if let Some((size, _)) = log.newest(&trust, 0) {
            let most = self.released.entry(kept.origin.clone()).or_default();
            *most = size.max(*most);
        }
        self.later(node, Work::KeepCosigned(changes));
    }

    fn witness(&mut self, node: usize, action: witness::Action) {
        use witness::Action;
        match action {
            Action::Keep { origin, change } => self.later(node, Work::KeepWitnessed(origin, change)),
            Action::Cosign(checkpoint) => self.later(node, Work::CosignWitness(checkpoint)),
            Action::Answer { ticket, answer } => {
                let Some(call) = self.calls.get(&ticket) else { return };
                let (a, b) = (call.from.0, node);
                let lost = !self.calm && self.chance.permille(10 * self.weather.lost);
                if !self.apart(a, b) && !lost {
                    let at = self.now + self.way(a, b);
                    self.agenda.plan(at, Happening::Answered { ticket, answer });
                }
            }
            Action::Suspect(_) => {}
        }
    }

    fn canvasser(&mut self, node: usize, log: &Origin, action: canvasser::Action) {
        use canvasser::Action;
        match action {
            Action::Prove { witness, old, new } => {
                self.later(node, Work::ProveFor { log: log.clone(), witness, old, new });
            }
            Action::Ask { witness, request } => {
                self.numbers += 1;
                let (ticket, to) = (self.numbers, node_of(&witness));
                let from = (node, self.nodes[node].epoch);
                self.calls.insert(ticket, Call { from, log: log.clone(), witness: to });
                let deadline = self.now + u64::try_from(DEADLINE_SECONDS).unwrap() * 1_000;
                self.agenda.plan(deadline, Happening::Deadline(ticket));
                // Calls overtake each other, get lost, and come twice.
                let lost = !self.calm && self.chance.permille(10 * self.weather.lost);
                let times = u64::from(!self.apart(node, to) && !lost);
                let twice = u64::from(!self.calm && self.chance.permille(10 * self.weather.lost));
                for _ in 0..times * (1 + twice) {
                    let at = self.now + self.way(node, to);
                    self.agenda.plan(at, Happening::Asked { ticket, to, request: request.clone() });
                }
            }
            Action::Keep(kept) => self.keep(node, &kept),
            Action::Refused { .. } => {}
        }
    }

    // ---- work -------------------------------------------------------------------------------------------

    fn work(&mut self, node: usize, work: Work) {
        match work {
            Work::Commit(log, batch) => {
                let store = self.nodes[node].store(&log);
                if !self.calm && self.chance.permille(self.weather.failures) {
                    store.fail_next_write("the disk is full");
                }
                let event = match store.commit(batch) {
                    Ok(_) => replica::Event::Committed,
                    Err(error) => replica::Event::StoreFailed(error.to_string()),
                };
                self.check_prefix(node, &log);
                self.result(node, Local::Replica(log, event));
            }
            Work::Advance(log, extension, note) => {
                let store = self.nodes[node].store(&log);
                let event = match store.advance(vec![*extension], &|_| Ok(note.clone())) {
                    Ok(()) => {
                        let size = store.head(&log).unwrap().head.size;
                        let event = disclosures::Event::Published(size);
                        if ends(&log).1 == node {
                            self.result(node, Local::Fetcher(log.clone(), event));
                        }
                        replica::Event::Advanced
                    }
                    Err(error) => replica::Event::StoreFailed(error.to_string()),
                };
                self.result(node, Local::Replica(log, event));
            }
            Work::Reload(log) => {
                let store = self.nodes[node].store(&log);
                store.reload().unwrap();
                let held = Held::load(store.as_ref(), &log).unwrap();
                self.result(node, Local::Replica(log, replica::Event::Reloaded(Box::new(held))));
            }
            Work::Check(unchecked) => {
                let store = self.nodes[node].store(&unchecked.origin);
                // The same entry under the same list: judged once, whatever the seed.
                let checked = check_with(store.as_ref(), &unchecked, |leaf, index| {
                    assert_eq!(leaf, WORLD.scripts[&unchecked.origin].lines[usize::try_from(index).unwrap()].leaf);
                    let mut judged = JUDGED.lock().unwrap();
                    let judge = || check_entry(leaf, None, &unchecked.origin, index, &unchecked.trust);
                    judged.entry((unchecked.origin.clone(), index)).or_insert_with(judge).clone()
                })
                .unwrap();
                self.result(node, Local::Replica(unchecked.origin, replica::Event::Checked(checked)));
            }
            Work::CosignReplica(checkpoint) => {
                let store = &self.nodes[node].disk.partners[&checkpoint.origin];
                let held = store.head(&checkpoint.origin).expect("it cosigns what it does not hold");
                assert!(held.head.size >= checkpoint.head.size, "it cosigns {checkpoint} and holds {:?}", held.head);
                let line = self.cosign(&checkpoint, &name(node).replica(), key(node, Use::Replica));
                let event = replica::Event::Cosigned { size: checkpoint.head.size, line: Some(line) };
                self.result(node, Local::Replica(checkpoint.origin, event));
            }
            Work::CosignWitness(checkpoint) => {
                let id = checkpoint.origin.as_str().as_bytes();
                let kept = self.nodes[node].disk.node.record(crate::store::Table::Witnessed, id).unwrap();
                let kept = String::from_utf8(kept.expect("it cosigns what it did not keep")).unwrap();
                assert!(kept.starts_with(&checkpoint.to_string()), "it cosigns {checkpoint} and kept {kept}");
                let line = self.cosign(&checkpoint, &name(node).witness(), key(node, Use::Witness));
                let event = witness::Event::Cosigned { origin: checkpoint.origin, line: Some(line) };
                self.result(node, Local::Witness(event));
            }
            Work::KeepWitnessed(origin, change) => {
                let batch = Batch { state: vec![change], ..Batch::default() };
                self.nodes[node].disk.node.commit(batch).unwrap();
                self.result(node, Local::Witness(witness::Event::Kept(origin)));
            }
            Work::KeepCosigned(state) => {
                self.nodes[node].disk.own.commit(Batch { state, ..Batch::default() }).unwrap();
            }
            Work::Prove { stream, old, new } => {
                let log = self.wires[&stream].log.clone();
                let proof = self.prove(node, &log, old, new);
                self.result(node, Local::Supplier(stream, supplier::Event::Proven(proof)));
            }
            Work::Read { stream, start, end, size } => {
                let log = self.wires[&stream].log.clone();
                let store = self.nodes[node].store(&log);
                let end = end.min(start + self.chance.within(1, 12));
                let entries = store.leaves(&log, start..end, 1 << 20).unwrap();
                let proof = self.prove(node, &log, start + entries.len() as u64, size);
                self.result(node, Local::Supplier(stream, supplier::Event::Read { entries, proof }));
            }
            Work::ProveFor { log, witness, old, new } => {
                let proof = self.prove(node, &log, old, new);
                self.result(node, Local::Canvasser(log, canvasser::Event::Proven { witness, proof }));
            }
            Work::Take(log, answers) => {
                let store = Arc::clone(&self.nodes[node].disk.partners[&log]);
                let taken = take(store.as_ref(), &log, &answers).unwrap();
                self.result(node, Local::Fetcher(log, disclosures::Event::Taken(taken)));
            }
            Work::CommitDisclosed(log, batch) => {
                let store = Arc::clone(&self.nodes[node].disk.partners[&log]);
                if store.commit(batch).is_ok() {
                    self.result(node, Local::Fetcher(log, disclosures::Event::Committed));
                } else {
                    store.reload().unwrap();
                    let fetcher = self.nodes[node].fetcher(&log);
                    self.nodes[node].process.as_mut().unwrap().fetchers.insert(log, fetcher);
                }
            }
            Work::Publish(log) => {
                self.publish(node, &log);
                self.tell_published(node, &log);
            }
        }
    }

    fn prove(&self, node: usize, log: &Origin, old: u64, new: u64) -> Vec<Hash> {
        let store = self.nodes[node].store(log);
        let store: &dyn Store = store.as_ref();
        consistency_proof(old, new, &store.hashes(log)).unwrap()
    }

    // ---- what must always hold --------------------------------------------------------------------------

    /// A replica's log is a prefix of what its issuer published.
    fn check_prefix(&self, node: usize, log: &Origin) {
        let store = self.nodes[node].store(log);
        let held = store.durable_size(log);
        assert!(held <= self.published.get(log).copied().unwrap_or(0), "{log}: {held} entries that were not published");
        if let Some(last) = held.checked_sub(1) {
            let entry = store.durable_entry(log, last).unwrap().unwrap();
            assert_eq!(entry.leaf, WORLD.scripts[log].lines[usize::try_from(last).unwrap()].leaf, "{log} at {last}");
        }
    }

    /// One size, one root; no cosigner goes back.
    fn cosign(&mut self, checkpoint: &Checkpoint, cosigner: &str, key: crate::signature::SecretKey) -> String {
        let Checkpoint { origin, head } = checkpoint;
        let root = *self.cosigned.entry((origin.clone(), head.size)).or_insert(head.root);
        assert_eq!(root, head.root, "two roots of {origin} at {} are cosigned", head.size);
        let last = self.last_cosigned.entry((origin.clone(), cosigner.to_owned())).or_default();
        assert!(head.size >= *last, "{cosigner} cosigns {origin} at {} after {last}", head.size);
        *last = head.size;
        let time = u64::try_from(self.timestamp().as_second()).unwrap();
        cosign(checkpoint, cosigner, &key, time).unwrap().to_string()
    }

    /// Every replica holds everything, and every newest head has the cosignatures that the policy asks for.
    pub(super) fn converged(&self) -> Result<(), String> {
        for log in self.logs.iter().filter(|log| !self.closed.contains(*log)) {
            let (from, to) = ends(log);
            let issued = self.goals[log];
            let own = self.nodes[from].disk.own.head(log).map_or(0, |head| head.head.size);
            let held = self.nodes[to].disk.partners[log].head(log).map_or(0, |head| head.head.size);
            if own < issued || held < own {
                return Err(format!("{log}: {issued} issued, {own} published, {held} held"));
            }
            let process: &Process = self.nodes[from].process.as_ref().unwrap();
            let newest = process.cosigned[log].newest(&self.trust, own);
            let Some((_, note)) = newest else { return Err(format!("{log}: the head of {own} lacks cosignatures")) };
            let signed = SignedCheckpoint::open(&note, &self.trust.log_key(log).unwrap()).unwrap();
            assert!(enough(&self.trust, log, &signed, own - 1));
            let awaited = self.nodes[to].process.as_ref().unwrap().fetchers[log].awaited();
            let there = awaited.indexes(Why::Missing).into_iter().all(|index| self.is_lost(log, index));
            if awaited.receipted.settled < own || awaited.receipted.owed || !there {
                return Err(format!("{log}: of {own} disclosures are awaited: {awaited:?}"));
            }
        }
        Ok(())
    }

    /// Whether the issuer lost the disclosures of an entry: its disk was an old copy, and entries came back without.
    fn is_lost(&self, log: &Origin, index: u64) -> bool {
        let has = !WORLD.scripts[log].lines[usize::try_from(index).unwrap()].disclosures.is_empty();
        has && self.nodes[ends(log).0].disk.own.disclosures(log, index).unwrap() == Some(Disclosures::None)
    }

    /// What is left when everything has come to rest.
    pub(super) fn check_rest(&self) {
        assert!(self.equivocations.is_empty(), "{:?}", self.equivocations);
        for log in self.logs.iter().filter(|log| !self.closed.contains(*log)) {
            let (_, to) = ends(log);
            let store: &dyn Store = self.nodes[to].disk.partners[log].as_ref();
            let script = &WORLD.scripts[log];
            let held = store.head(log).unwrap().head;
            assert_eq!(held.root, root(held.size, &script.tree).unwrap());
            for (index, line) in (0..held.size).zip(&script.lines) {
                assert_eq!(store.leaf(log, index).unwrap().unwrap(), line.leaf);
                let bad = index == BAD;
                assert_eq!(store.find(&line.jti).unwrap().is_none(), bad, "{log} at {index}");
                let there = store.disclosures(log, index).unwrap().unwrap();
                let none = line.disclosures.is_empty() || bad || is_held(index);
                match there {
                    Disclosures::None => assert!(none || self.is_lost(log, index), "{log} at {index}"),
                    Disclosures::Present(all) => assert!(!none && all == line.disclosures, "{log} at {index}"),
                    Disclosures::Erased => panic!("nothing was erased"),
                }
                let place = line.status_index.filter(|_| !bad);
                assert_eq!(store.facts(log, index).unwrap().unwrap().status_index, place, "{log} at {index}");
            }
            let findings = replica::findings(store, log).unwrap();
            let indexes = findings.iter().map(|finding| finding.index).collect::<Vec<_>>();
            assert_eq!(indexes, if held.size > BAD { vec![BAD] } else { Vec::new() }, "{log}");
            // The issuer was told what reached its addressee, and nothing else is open.
            let awaited = self.nodes[to].process.as_ref().unwrap().fetchers[log].awaited();
            let open = (awaited.indexes(Why::Missing), awaited.indexes(Why::Held));
            assert!(open.1.iter().all(|index| is_held(*index)), "{log}: {open:?}");
            assert_eq!(self.receipts.get(log).cloned().unwrap_or_default(), open, "{log}");
            for (node, other) in self.nodes.iter().enumerate().filter(|(node, _)| *node != to) {
                assert!(!other.disk.partners.contains_key(log), "{log} at node {node}");
            }
        }
    }
}

/// Entries whose consent is never given.
const fn is_held(index: u64) -> bool {
    index % 16 == 10
}
