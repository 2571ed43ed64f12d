//! Compares what partners know of all logs, every few minutes: a log that shows one history here and another there is
//! found out, and the proof of it goes to everybody.

mod again;
mod beyond;
mod evidence;
mod presented;
mod question;
mod shown;

pub use evidence::{Evidence, Fork, Left, Lifted, known_evidence};
pub use shown::{Compared, ProvenBy};

use super::{
    Alarm, ExchangeError,
    message::{History, KnownHead, ProveHistory},
    replica::Suspicion,
};
use crate::{
    log::{Origin, TreeHead, verify_consistency},
    time::{Timestamp, passed},
    trust::{NodeName, TrustList},
    verification::Prefix,
};
use again::Appeal;
use question::Question;
use sha2::{Digest as _, Sha256};
use shown::{Shown, Teller, Tellers};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

/// Seconds between two questions to a partner: within one round what two of them were shown is held against each other.
pub(super) const ROUND: i64 = 180;
/// Heads of a log that are remembered as being of one history.
const REMEMBERED: usize = 64;
/// Notes that are remembered as signed: a round of asking brings the same few from every partner.
const MOST_OPENED: usize = 4_096;
/// A question about a history that is not answered for this long, in seconds, is put to the next who may know.
const SILENCE: i64 = 60;
/// Nobody has brought a head together with the others for so long, in seconds, that a person has to know: a whole round of
/// questions, and the silence of whoever was asked how.
pub(super) const LASTING: i64 = ROUND + SILENCE;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Time passed; once a second is often enough.
    Tick,
    /// A newer head of a log that this node has itself, as issuer, replica or witness; and whether it holds the
    /// entries.
    Own {
        /// The note.
        note: String,
        /// Whether the entries are held.
        entries: bool,
    },
    /// A partner answered [`Action::AskHeads`].
    Heads {
        /// Who.
        partner: NodeName,
        /// What it has itself, as issuer, replica or witness.
        heads: Vec<KnownHead>,
    },
    /// In the same answer: what it was told by others. It is compared like the rest, and says nothing of what that partner
    /// has.
    Heard {
        /// Who.
        partner: NodeName,
        /// What it was told.
        heads: Vec<KnownHead>,
    },
    /// Two notes that a machine of this node could not bring together.
    Suspected(Suspicion),
    /// The note of a head that somebody presented with a certificate, and whether another statement stands in its place here.
    Presented(String, bool),
    /// The answer to [`Action::AskHistory`]; none if there is none to be had.
    History {
        /// Of the question.
        ticket: u64,
        /// The answer.
        history: Option<History>,
    },
    /// Another trust list is in force.
    Trust(Arc<TrustList>),
    /// Somebody reports evidence of a log of which a person has lifted something: whether it is news is judged here. With
    /// it come those of its heads that are of what this node holds.
    Reported(Box<Evidence>, Vec<TreeHead>),
    /// A person has lifted what was proven of a log: this is what is lifted of it by now.
    Lifted(Origin, Left),
    /// The witness of this node did not take up this log: its authority signs heads of too many.
    TooMany(Origin),
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask this partner for all heads it knows.
    AskHeads(NodeName),
    /// Ask how two sizes of a log belong together; `None` asks this node's own store.
    AskHistory {
        /// Names the question in its answer.
        ticket: u64,
        /// Whom.
        of: Option<NodeName>,
        /// What.
        question: ProveHistory,
    },
    /// The log has shown two histories: keep this, send it to every partner, stop cosigning the log.
    Evidence(Box<Evidence>),
    /// A head is proven to be the beginning of a branch that a person has lifted: it is lifted with that.
    Left(Origin, TreeHead),
    /// Nobody showed how these two heads belong together: no evidence, and an alarm where it lasts ([`Heads::alarms`]).
    Unanswered(Suspicion),
}

/// Compares heads.
#[derive(Debug)]
pub struct Heads {
    node: NodeName,
    trust: Arc<TrustList>,
    logs: BTreeMap<Origin, Log>,
    /// The first log of an authority and a shard that was not taken up, and since when.
    beyond: BTreeMap<Origin, Timestamp>,
    /// By the hash of the whole note, under the trust list in force.
    opened: HashMap<[u8; 32], (Origin, TreeHead)>,
    asked_at: BTreeMap<NodeName, Timestamp>,
    questions: BTreeMap<u64, Question>,
    /// What is proven, and waits until it is known whether it is of a branch that was lifted.
    appeals: Vec<Appeal>,
    next_ticket: u64,
    now: Timestamp,
}

/// A head and its note.
type Noted = (TreeHead, String);

/// What is known of one log.
#[derive(Debug, Default)]
struct Log {
    /// The newest head known to be of the one history.
    newest: Option<Noted>,
    /// Whether this node holds the entries up to some size.
    held: u64,
    /// Partners that hold entries, and up to where.
    holders: BTreeMap<NodeName, u64>,
    /// Heads found to be of the one history.
    good: VecDeque<TreeHead>,
    /// What each node shows.
    shown: BTreeMap<Teller, Shown>,
    proven: bool,
    /// What a person has lifted.
    left: Left,
}

impl Log {
    /// A head that these show is of the one history.
    fn are_good(&mut self, seen: &Noted, tellers: &Tellers, by: &ProvenBy, now: Timestamp) {
        for teller in tellers {
            self.shown.entry(teller.clone()).or_default().is_good(seen, by, now);
        }
        self.explained(&seen.0);
    }

    /// Whoever shows this head shows the one history.
    fn explained(&mut self, head: &TreeHead) {
        for shown in self.shown.values_mut() {
            if shown.open.as_ref().is_some_and(|open| open.seen.0 == *head) {
                shown.open = None;
            }
        }
    }

    /// What nobody has explained, and was not asked about for so many seconds, to be held against the newest head.
    fn again(&mut self, every: i64, now: Timestamp) -> Vec<(Noted, Noted, Tellers)> {
        let Some(newest) = &self.newest else { return Vec::new() };
        let mut again = Vec::new();
        for (teller, shown) in &mut self.shown {
            if let Some(open) = shown.open.as_mut().filter(|open| passed(open.tried, now) >= every) {
                open.tried = now;
                again.push((newest.clone(), open.seen.clone(), Tellers::from([teller.clone()])));
            }
        }
        again
    }
}

impl Heads {
    /// Begins knowing nothing.
    #[must_use]
    pub fn new(node: NodeName, trust: Arc<TrustList>, now: Timestamp) -> Self {
        let (logs, asked_at, questions) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (beyond, opened, appeals) = (BTreeMap::new(), HashMap::new(), Vec::new());
        Self { node, trust, logs, beyond, opened, asked_at, questions, appeals, next_ticket: 0, now }
    }

    /// The newest head known of each log, with its note.
    pub fn newest(&self) -> impl Iterator<Item = (&Origin, TreeHead, &str)> {
        self.logs.iter().filter_map(|(origin, log)| {
            let (head, note) = log.newest.as_ref()?;
            Some((origin, *head, note.as_str()))
        })
    }

    /// Whether there are heads that nobody has brought together with the others: a newer own head may.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.logs.values().any(|log| log.shown_by_nodes().any(|(_, shown)| shown.open.is_some()))
    }

    /// Logs of which a head was shown that nobody has brought together with the others for a whole round. It is for the
    /// log's own node to answer that; of a log of this node, for whoever showed the head. And logs of which an authority has
    /// too many; and those of which the own node shows a branch that was left.
    #[must_use]
    pub fn alarms(&self, now: Timestamp) -> BTreeMap<(NodeName, Origin), Alarm> {
        let mut all = self.too_many_logs();
        for (origin, log) in self.logs.iter().filter(|(_, log)| !log.proven) {
            let end = self.trust.shard_final_size(origin).unwrap_or(u64::MAX);
            for (teller, shown) in log.shown_by_nodes() {
                // Beyond the end of a log there is nothing that anybody has to explain.
                let within = shown.open.as_ref().filter(|open| open.seen.0.size <= end);
                let lasting = within.filter(|open| passed(open.since, now) >= LASTING);
                let Some(open) = lasting else { continue };
                let Some(partner) = self.source(origin).or_else(|| teller.node().cloned()) else { continue };
                let by = teller.node().unwrap_or(&self.node).to_string();
                let why = ExchangeError::Uncompared { known: open.known, shown: open.seen.0.size, by };
                let alarm = Alarm { why, since: open.since };
                let known = all.entry((partner, origin.clone())).or_insert_with(|| alarm.clone());
                if alarm.since < known.since {
                    *known = alarm;
                }
            }
        }
        all.extend(self.logs.keys().filter_map(|one| self.left_by_its_node(one).or_else(|| self.contradicted(one))));
        all
    }

    /// The log's own node, if that is another.
    fn source(&self, origin: &Origin) -> Option<NodeName> {
        let node = self.trust.issuer_of(origin).and_then(|issuer| self.trust.node_of(issuer));
        node.map(|node| node.name.clone()).filter(|name| *name != self.node)
    }

    /// Takes one event.
    pub fn step(&mut self, now: Timestamp, event: Event) -> Vec<Action> {
        self.now = now;
        let mut actions = Vec::new();
        match event {
            Event::Tick => self.tick(&mut actions),
            Event::Own { note, entries } => self.seen(&Teller::Here, &note, entries, &mut actions),
            Event::Heads { partner, heads } => {
                let teller = Teller::Holder(partner);
                for head in heads {
                    self.seen(&teller, &head.note, head.entries, &mut actions);
                }
            }
            Event::Heard { partner, heads } => {
                let teller = Teller::Echo(partner);
                for head in heads {
                    self.seen(&teller, &head.note, false, &mut actions);
                }
            }
            Event::Suspected(suspicion) => {
                let (first, second) = (self.open(&suspicion.first), self.open(&suspicion.second));
                if let (Some((origin, first)), Some((_, second))) = (first, second) {
                    // It was the log's own node that showed what does not go together with the rest.
                    let tellers = self.source(&origin).map(Teller::Holder).into_iter().collect();
                    let is_known = self.logs.get(&origin).is_some_and(|log| log.good.contains(&second.0));
                    let (known, seen) = if is_known { (second, first) } else { (first, second) };
                    self.compare(&origin, known, seen, tellers, &mut actions);
                }
            }
            Event::Presented(note, another) => self.presented(&note, another, &mut actions),
            Event::History { ticket, history } => self.history(ticket, history, &mut actions),
            Event::Trust(trust) => {
                self.opened.clear();
                for (origin, log) in &mut self.logs {
                    let has_key = trust.log_key(origin).is_some();
                    let is_listed = |name: &NodeName| trust.node(name).is_some();
                    log.shown.retain(|teller, _| has_key && teller.node().is_none_or(is_listed));
                }
                self.beyond.clear();
                self.trust = trust;
            }
            Event::Reported(evidence, held) => self.reported(evidence, &held, &mut actions),
            Event::Lifted(origin, left) => self.lifted(&origin, left),
            Event::TooMany(origin) => self.too_many(origin),
        }
        actions
    }

    fn tick(&mut self, actions: &mut Vec<Action>) {
        let now = self.now;
        for node in self.trust.text().nodes.iter().filter(|node| node.name != self.node) {
            let due = self.asked_at.get(&node.name).is_none_or(|at| passed(*at, now) >= ROUND);
            if due {
                self.asked_at.insert(node.name.clone(), now);
                actions.push(Action::AskHeads(node.name.clone()));
            }
        }
        let silent = self.questions.iter().filter(|(_, question)| passed(question.since, now) >= SILENCE);
        for ticket in silent.map(|(ticket, _)| *ticket).collect::<Vec<_>>() {
            self.history(ticket, None, actions);
        }
        self.decide_appeals(actions);
        let mut again = Vec::new();
        for (origin, log) in &mut self.logs {
            again.extend(log.again(ROUND, now).into_iter().map(|pair| (origin.clone(), pair)));
        }
        for (origin, (newest, seen, tellers)) in again {
            self.compare(&origin, newest, seen, tellers, actions);
        }
    }

    /// A note that the log's key signed, and its log.
    fn open(&mut self, note: &str) -> Option<(Origin, Noted)> {
        let hash = Sha256::digest(note).into();
        if let Some((origin, head)) = self.opened.get(&hash) {
            return Some((origin.clone(), (*head, note.to_owned())));
        }
        let origin: Origin = note.lines().next()?.parse().ok()?;
        let head = self.trust.signed_head(&origin, note)?;
        if self.opened.len() >= MOST_OPENED {
            self.opened.clear();
        }
        self.opened.insert(hash, (origin.clone(), head));
        Some((origin, (head, note.to_owned())))
    }

    fn seen(&mut self, by: &Teller, note: &str, entries: bool, actions: &mut Vec<Action>) {
        let Some((origin, seen)) = self.open(note) else { return };
        // What this node has itself was taken up before.
        if by.node().is_some() && !self.takes_up(&origin) {
            return;
        }
        let log = self.logs.entry(origin.clone()).or_default();
        if entries {
            match by.node() {
                None => log.held = log.held.max(seen.0.size),
                Some(partner) => {
                    log.holders.insert(partner.clone(), seen.0.size);
                }
            }
        }
        let shown = log.shown.entry(by.clone()).or_default();
        shown.has_shown(seen.0, log.proven);
        if log.left.has(&seen.0) {
            // It still shows the branch that was left: no news, and not what is known here.
            shown.is_left(&seen, self.now);
            return;
        }
        match log.newest.clone() {
            None => self.first(&origin, seen),
            Some(newest) => self.compare(&origin, newest, seen, Tellers::from([by.clone()]), actions),
        }
    }

    /// Holds a head that was shown against one that is known.
    fn compare(&mut self, origin: &Origin, known: Noted, seen: Noted, tellers: Tellers, actions: &mut Vec<Action>) {
        let now = self.now;
        let log = self.logs.entry(origin.clone()).or_default();
        if log.left.has(&seen.0) {
            return;
        }
        if log.proven {
            return log.shown_frozen(&seen, &tellers, now);
        }
        if log.left.has(&known.0) {
            // Against what was left nothing is held: it is against what is known here.
            if let Some(newest) = log.newest.clone().filter(|(head, _)| *head != known.0 && !log.left.has(head)) {
                self.compare(origin, newest, seen, tellers, actions);
            }
            return;
        }
        if known.0 == seen.0 || (log.good.contains(&known.0) && log.good.contains(&seen.0)) {
            log.are_good(&seen, &tellers, &ProvenBy::Known, now);
            return;
        }
        let is_newer = known.0.size <= seen.0.size;
        let (old, new) = if is_newer { (known, seen) } else { (seen, known) };
        let (origin, asked) = (origin.clone(), BTreeSet::new());
        let question = Question { origin, old, new, is_newer, tellers, asked, of: None, since: now };
        if question.old.0.size == question.new.0.size {
            self.evidence(question, None, actions);
            return;
        }
        if question.old.0.size == 0 {
            self.good(&question, &ProvenBy::Known, actions);
            return;
        }
        let same = |open: &&mut Question| {
            open.origin == question.origin && open.old.0 == question.old.0 && open.new.0 == question.new.0
        };
        let open = self.questions.values_mut().find(same);
        if let Some(open) = open {
            if open.is_newer == is_newer {
                open.tellers.extend(question.tellers);
            }
        } else if self.has_room_for(&question.origin) {
            self.ask(question, actions);
        }
    }

    /// Asks the next of those who may know: this node itself, partners that hold entries, the log's own node.
    fn ask(&mut self, mut question: Question, actions: &mut Vec<Action>) {
        let size = question.new.0.size;
        let log = self.logs.get(&question.origin);
        let own = log.is_some_and(|log| log.held >= size).then_some(None);
        let holders = log.into_iter().flat_map(|log| &log.holders).filter(|(_, held)| **held >= size);
        let holders = holders.map(|(name, _)| Some(name.clone())).collect::<Vec<_>>();
        let mut who = own.into_iter().chain(holders).chain(self.source(&question.origin).map(Some));
        let Some(of) = who.find(|who| !question.asked.contains(who)) else {
            self.unanswered(question, actions);
            return;
        };
        question.asked.insert(of.clone());
        question.since = self.now;
        question.of.clone_from(&of);
        let (log, old_size) = (question.origin.clone(), question.old.0.size);
        self.next_ticket += 1;
        self.questions.insert(self.next_ticket, question);
        let question = ProveHistory { log, old_size, new_size: size };
        actions.push(Action::AskHistory { ticket: self.next_ticket, of, question });
    }

    fn history(&mut self, ticket: u64, history: Option<History>, actions: &mut Vec<Action>) {
        let Some(question) = self.questions.remove(&ticket) else {
            self.appealed(ticket, history.as_ref(), actions);
            return;
        };
        let (old, new) = (question.old.0, question.new.0);
        let proven = history
            .filter(|History { root, proof }| verify_consistency(old.size, new.size, root, &new.root, proof).is_ok());
        match proven {
            // A wrong answer is none; somebody else may know.
            None => self.ask(question, actions),
            Some(History { root, .. }) if root == old.root => {
                let by = question.of.clone().map_or(ProvenBy::Here, ProvenBy::Node);
                self.good(&question, &by, actions);
            }
            Some(History { root, proof }) => self.evidence(question, Some(Prefix { root, proof }), actions),
        }
    }

    /// Nobody knows.
    fn unanswered(&mut self, question: Question, actions: &mut Vec<Action>) {
        let now = self.now;
        let log = self.logs.entry(question.origin.clone()).or_default();
        // What it was held against may not be the newest any more, and of that somebody may know.
        let newest = log.newest.clone().filter(|(head, _)| *head != question.known().0);
        if let Some(newest) = newest {
            let seen = question.seen().clone();
            self.compare(&question.origin, newest, seen, question.tellers, actions);
            return;
        }
        for teller in &question.tellers {
            let shown = log.shown.entry(teller.clone()).or_default();
            shown.is_open(question.seen(), question.known().0.size, now);
        }
        let Question { origin, old: (_, first), new: (_, second), .. } = question;
        actions.push(Action::Unanswered(Suspicion { origin, first, second }));
    }

    /// Both are of one history.
    fn good(&mut self, question: &Question, by: &ProvenBy, actions: &mut Vec<Action>) {
        let now = self.now;
        let log = self.logs.entry(question.origin.clone()).or_default();
        for head in [question.old.0, question.new.0] {
            if !log.good.contains(&head) {
                log.good.push_back(head);
            }
            log.explained(&head);
        }
        while log.good.len() > REMEMBERED {
            log.good.pop_front();
        }
        log.are_good(question.seen(), &question.tellers, by, now);
        if log.newest.as_ref().is_some_and(|(newest, _)| newest.size >= question.new.0.size) {
            return;
        }
        log.newest = Some(question.new.clone());
        for (newest, seen, tellers) in log.again(0, now) {
            self.compare(&question.origin, newest, seen, tellers, actions);
        }
    }

    fn evidence(&mut self, question: Question, prefix: Option<Prefix>, actions: &mut Vec<Action>) {
        let (known, seen) = (question.known().clone(), question.seen().clone());
        // What this node has itself is what it keeps to.
        let is_own = question.tellers.contains(&Teller::Here);
        let off = if is_own { Some(known.0) } else { self.off(&question.origin, known.0, seen.0) };
        let Question { origin, old: (_, first), new: (_, second), tellers, .. } = question;
        let (tellers, other) =
            if off == Some(known.0) { (self.tellers_of(&origin, &known.0), known) } else { (tellers, seen) };
        let showings = tellers.into_iter().map(|teller| (teller, other.clone())).collect();
        let Ok(evidence) = Evidence::prove(&self.trust, first, second, prefix) else { return };
        self.proven(Box::new(evidence), off, showings, actions);
    }
}
