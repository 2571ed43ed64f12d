//! Compares what partners know of all logs, every few minutes: a log that shows one history here and another there is
//! found out, and the proof of it goes to everybody.

use super::{
    message::{History, KnownHead, ProveHistory},
    replica::Suspicion,
};
use crate::{
    log::{Origin, SignedCheckpoint, TreeHead, verify_consistency},
    store::{StateChange, Store, StoreError, Table},
    time::{Timestamp, passed},
    trust::{NodeName, TrustList},
    verification::{Equivocation, Prefix},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

/// Seconds between two questions to a partner.
const EVERY: i64 = 180;
/// Heads of a log that are remembered as being of one history.
const REMEMBERED: usize = 64;
/// Notes that are remembered as signed: a round of asking brings the same few from every partner.
const MOST_OPENED: usize = 4_096;
/// A question about a history that is not answered for this long, in seconds, is put to the next who may know.
const SILENCE: i64 = 60;
/// Questions about histories that may be open.
const MOST_OPEN: usize = 64;

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
        /// What it knows.
        heads: Vec<KnownHead>,
    },
    /// Two notes that a machine of this node could not bring together.
    Suspected(Suspicion),
    /// The answer to [`Action::AskHistory`]; none if there is none to be had.
    History {
        /// Of the question.
        ticket: u64,
        /// The answer.
        history: Option<History>,
    },
    /// Another trust list is in force.
    Trust(Arc<TrustList>),
    /// A person has lifted what was proven of a log, up to this size.
    Lifted(Origin, u64),
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
    /// Nobody showed how these two heads belong together: no evidence, and an alarm where it lasts.
    Unanswered(Suspicion),
}

/// Proof that a log has shown two histories. It exists only where it was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What is proven.
    pub proven: Equivocation,
    /// One note with the log's signature.
    pub first: String,
    /// The other.
    pub second: String,
    /// What the longer history has at the shorter one's size; none where the sizes are the same.
    pub prefix: Option<Prefix>,
}

impl Evidence {
    /// Verifies evidence, from whomever it came.
    pub fn prove(
        trust: &TrustList,
        first: String,
        second: String,
        prefix: Option<Prefix>,
    ) -> Result<Self, crate::verification::NoEvidence> {
        let proven = Equivocation::prove(trust, &first, &second, prefix.as_ref())?;
        Ok(Self { proven, first, second, prefix })
    }

    /// The file of it, as [`Equivocation::read`] takes it.
    #[must_use]
    pub fn to_file(&self) -> Vec<u8> {
        let prefix = self.prefix.as_ref();
        let prefix = prefix.map(|prefix| serde_json::json!({ "root": prefix.root, "proof": prefix.proof }));
        let all = serde_json::json!({ "first": self.first, "second": self.second, "prefix": prefix });
        all.to_string().into_bytes()
    }

    /// What keeps it: one record for each log.
    #[must_use]
    pub fn put(&self) -> StateChange {
        let id = self.proven.origin().as_str().as_bytes().to_vec();
        StateChange::RecordPut { table: Table::Evidence, id, record: self.to_file() }
    }
}

/// The logs that are known to have shown two histories, with the proof. What a newer trust list no longer proves is
/// left out, and what a person has lifted. It blocks.
pub fn known_evidence(store: &dyn Store, trust: &TrustList) -> Result<BTreeMap<Origin, Equivocation>, StoreError> {
    let (records, lifted) = (store.records(Table::Evidence)?, Lifted::all(store)?);
    let proven = records.iter().filter_map(|(_, record)| Equivocation::read(trust, record).ok());
    let past = |origin: &Origin| lifted.get(origin).map_or(0, |lifted| lifted.past);
    Ok(proven.filter(|proven| proven.size() > past(proven.origin())).map(|one| (one.origin().clone(), one)).collect())
}

/// A person has judged that a log that has shown two histories is taken and cosigned again, on the branch that is held
/// here. The proof stays; what forks further on is found out anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifted {
    /// Proof that the log had forked up to this size is known and freezes it no more: the larger of the two heads.
    pub past: u64,
    /// Why.
    pub reason: String,
    /// When, in Unix seconds.
    pub at: i64,
}

impl Lifted {
    /// Judges what is proven of a log; none where nothing is. It reads from the disk.
    pub fn judge(
        store: &dyn Store,
        origin: &Origin,
        reason: String,
        at: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let Some(record) = store.record(Table::Evidence, origin.as_str().as_bytes())? else { return Ok(None) };
        let broken = |why: String| StoreError::Index(format!("the evidence of {origin}: {why}"));
        let (first, second, _) = Equivocation::parts(&record).map_err(|why| broken(why.to_string()))?;
        let size = |note: &str| note.lines().nth(1).and_then(|line| line.parse::<u64>().ok());
        let sizes = size(&first).zip(size(&second)).ok_or_else(|| broken("a note has no size".to_owned()))?;
        Ok(Some(Self { past: sizes.0.max(sizes.1), reason, at: at.as_second() }))
    }

    /// What keeps it: one record for each log.
    #[must_use]
    pub fn put(&self, origin: &Origin) -> StateChange {
        let record = serde_json::to_vec(self).unwrap_or_default();
        StateChange::RecordPut { table: Table::Lifted, id: origin.as_str().as_bytes().to_vec(), record }
    }

    /// All that were lifted. It blocks.
    pub fn all(store: &dyn Store) -> Result<BTreeMap<Origin, Self>, StoreError> {
        let broken = |what: &str| StoreError::Index(format!("a log that was lifted: {what}"));
        let read = |(id, record): (Vec<u8>, Vec<u8>)| {
            let origin = std::str::from_utf8(&id).ok().and_then(|text| text.parse().ok());
            let origin = origin.ok_or_else(|| broken("it has no name"))?;
            Ok((origin, serde_json::from_slice(&record).map_err(|error| broken(&error.to_string()))?))
        };
        store.records(Table::Lifted)?.into_iter().map(read).collect()
    }
}

/// Compares heads.
#[derive(Debug)]
pub struct Heads {
    node: NodeName,
    trust: Arc<TrustList>,
    logs: BTreeMap<Origin, Log>,
    /// By the hash of the whole note, under the trust list in force.
    opened: HashMap<[u8; 32], (Origin, TreeHead)>,
    asked_at: BTreeMap<NodeName, Timestamp>,
    questions: BTreeMap<u64, Question>,
    next_ticket: u64,
    now: Timestamp,
}

/// What is known of one log.
#[derive(Debug, Default)]
struct Log {
    /// The newest head known to be of the one history.
    newest: Option<(TreeHead, String)>,
    /// Whether this node holds the entries up to some size.
    held: u64,
    /// Partners that hold entries, and up to where.
    holders: BTreeMap<NodeName, u64>,
    /// Heads found to be of the one history.
    good: VecDeque<TreeHead>,
    proven: bool,
    /// What is proven up to this size a person knows of.
    lifted: u64,
}

#[derive(Debug)]
struct Question {
    origin: Origin,
    old: (TreeHead, String),
    new: (TreeHead, String),
    /// Those that were asked already.
    asked: BTreeSet<Option<NodeName>>,
    since: Timestamp,
}

impl Heads {
    /// Begins knowing nothing.
    #[must_use]
    pub fn new(node: NodeName, trust: Arc<TrustList>, now: Timestamp) -> Self {
        let (logs, asked_at, questions) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { node, trust, logs, opened: HashMap::new(), asked_at, questions, next_ticket: 0, now }
    }

    /// The newest head known of each log, with its note.
    pub fn newest(&self) -> impl Iterator<Item = (&Origin, TreeHead, &str)> {
        self.logs.iter().filter_map(|(origin, log)| {
            let (head, note) = log.newest.as_ref()?;
            Some((origin, *head, note.as_str()))
        })
    }

    /// Takes one event.
    pub fn step(&mut self, now: Timestamp, event: Event) -> Vec<Action> {
        self.now = now;
        let mut actions = Vec::new();
        match event {
            Event::Tick => self.tick(&mut actions),
            Event::Own { note, entries } => self.seen(None, &note, entries, &mut actions),
            Event::Heads { partner, heads } => {
                for head in heads {
                    self.seen(Some(&partner), &head.note, head.entries, &mut actions);
                }
            }
            Event::Suspected(suspicion) => {
                let (first, second) = (self.open(&suspicion.first), self.open(&suspicion.second));
                if let (Some((origin, first)), Some((_, second))) = (first, second) {
                    self.compare(&origin, first, second, &mut actions);
                }
            }
            Event::History { ticket, history } => self.history(ticket, history, &mut actions),
            Event::Trust(trust) => {
                self.opened.clear();
                self.trust = trust;
            }
            Event::Lifted(origin, past) => {
                let log = self.logs.entry(origin).or_default();
                (log.lifted, log.proven) = (past, false);
            }
        }
        actions
    }

    fn tick(&mut self, actions: &mut Vec<Action>) {
        let now = self.now;
        for node in self.trust.text().nodes.iter().filter(|node| node.name != self.node) {
            let due = self.asked_at.get(&node.name).is_none_or(|at| passed(*at, now) >= EVERY);
            if due {
                self.asked_at.insert(node.name.clone(), now);
                actions.push(Action::AskHeads(node.name.clone()));
            }
        }
        let silent = self.questions.iter().filter(|(_, question)| passed(question.since, now) >= SILENCE);
        for ticket in silent.map(|(ticket, _)| *ticket).collect::<Vec<_>>() {
            self.history(ticket, None, actions);
        }
    }

    /// A note that the log's key signed, and its log.
    fn open(&mut self, note: &str) -> Option<(Origin, (TreeHead, String))> {
        let hash = Sha256::digest(note).into();
        if let Some((origin, head)) = self.opened.get(&hash) {
            return Some((origin.clone(), (*head, note.to_owned())));
        }
        let origin: Origin = note.lines().next()?.parse().ok()?;
        let key = self.trust.log_key(&origin)?;
        let signed = SignedCheckpoint::open(note, &key).ok()?;
        let head = (signed.checkpoint().origin == origin).then(|| signed.checkpoint().head)?;
        if self.opened.len() >= MOST_OPENED {
            self.opened.clear();
        }
        self.opened.insert(hash, (origin.clone(), head));
        Some((origin, (head, note.to_owned())))
    }

    fn seen(&mut self, by: Option<&NodeName>, note: &str, entries: bool, actions: &mut Vec<Action>) {
        let Some((origin, seen)) = self.open(note) else { return };
        let log = self.logs.entry(origin.clone()).or_default();
        if entries {
            match by {
                None => log.held = log.held.max(seen.0.size),
                Some(partner) => {
                    log.holders.insert(partner.clone(), seen.0.size);
                }
            }
        }
        match log.newest.clone() {
            None => {
                log.good.push_back(seen.0);
                log.newest = Some(seen);
            }
            Some(newest) => self.compare(&origin, newest, seen, actions),
        }
    }

    fn compare(
        &mut self,
        origin: &Origin,
        first: (TreeHead, String),
        second: (TreeHead, String),
        actions: &mut Vec<Action>,
    ) {
        let log = self.logs.entry(origin.clone()).or_default();
        if log.proven || first.0 == second.0 || (log.good.contains(&first.0) && log.good.contains(&second.0)) {
            return;
        }
        let (old, new) = if first.0.size <= second.0.size { (first, second) } else { (second, first) };
        if old.0.size == new.0.size {
            self.evidence(origin, old.1, new.1, None, actions);
            return;
        }
        let open =
            |question: &Question| question.origin == *origin && question.old.0 == old.0 && question.new.0 == new.0;
        if old.0.size == 0 {
            self.good(origin, old, new);
        } else if !self.questions.values().any(open) && self.questions.len() < MOST_OPEN {
            let question = Question { origin: origin.clone(), old, new, asked: BTreeSet::new(), since: self.now };
            self.ask(question, actions);
        }
    }

    /// Asks the next of those who may know: this node itself, partners that hold entries, the log's own node.
    fn ask(&mut self, mut question: Question, actions: &mut Vec<Action>) {
        let size = question.new.0.size;
        let log = self.logs.get(&question.origin);
        let own = log.is_some_and(|log| log.held >= size).then_some(None);
        let holders = log.into_iter().flat_map(|log| &log.holders).filter(|(_, held)| **held >= size);
        let issuer = self.trust.issuer_of(&question.origin).and_then(|iss| self.trust.node_of(iss));
        let issuer = issuer.map(|node| node.name.clone()).filter(|name| *name != self.node);
        let mut who = own.into_iter().chain(holders.map(|(name, _)| Some(name.clone()))).chain(issuer.map(Some));
        let Some(of) = who.find(|who| !question.asked.contains(who)) else {
            let (first, second) = (question.old.1, question.new.1);
            actions.push(Action::Unanswered(Suspicion { origin: question.origin, first, second }));
            return;
        };
        question.asked.insert(of.clone());
        question.since = self.now;
        let (log, old_size) = (question.origin.clone(), question.old.0.size);
        self.next_ticket += 1;
        self.questions.insert(self.next_ticket, question);
        let question = ProveHistory { log, old_size, new_size: size };
        actions.push(Action::AskHistory { ticket: self.next_ticket, of, question });
    }

    fn history(&mut self, ticket: u64, history: Option<History>, actions: &mut Vec<Action>) {
        let Some(question) = self.questions.remove(&ticket) else { return };
        let (old, new) = (question.old.0, question.new.0);
        let proven = history
            .filter(|History { root, proof }| verify_consistency(old.size, new.size, root, &new.root, proof).is_ok());
        match proven {
            // A wrong answer is none; somebody else may know.
            None => self.ask(question, actions),
            Some(History { root, .. }) if root == old.root => self.good(&question.origin, question.old, question.new),
            Some(History { root, proof }) => {
                let prefix = Some(Prefix { root, proof });
                self.evidence(&question.origin, question.old.1, question.new.1, prefix, actions);
            }
        }
    }

    /// Both are of one history.
    fn good(&mut self, origin: &Origin, old: (TreeHead, String), new: (TreeHead, String)) {
        let log = self.logs.entry(origin.clone()).or_default();
        for head in [old.0, new.0] {
            if !log.good.contains(&head) {
                log.good.push_back(head);
            }
        }
        while log.good.len() > REMEMBERED {
            log.good.pop_front();
        }
        if log.newest.as_ref().is_none_or(|(newest, _)| newest.size < new.0.size) {
            log.newest = Some(new);
        }
    }

    fn evidence(
        &mut self,
        origin: &Origin,
        first: String,
        second: String,
        prefix: Option<Prefix>,
        actions: &mut Vec<Action>,
    ) {
        let Ok(evidence) = Evidence::prove(&self.trust, first, second, prefix) else { return };
        let log = self.logs.entry(origin.clone()).or_default();
        if evidence.proven.size() > log.lifted {
            log.proven = true;
            actions.push(Action::Evidence(Box::new(evidence)));
        }
    }
}
