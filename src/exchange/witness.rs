//! A witness: cosigns that heads of logs it does not hold extend the heads it cosigned before (C2SP tlog-witness).
//!
//! It watches the logs of the trust list, and those of others that its operator named. What the list has a key for is the
//! list's: an operator's word neither adds a key to such a log nor lets this node watch one that it holds.
//!
//! What this node may have cosigned of the list's logs before it lost its memory partners are asked, whichever way a head
//! is shown. Of an operator's logs they know nothing: there the head kept here alone counts.
//!
//! For each log one head is checked, kept and cosigned after the other: the size of the last is compared and the new
//! one made durable before anybody hears of it, so that no two heads are ever answered that roll each other back.

use super::{
    access::{has_room_for, witnesses},
    message::{AddCheckpoint, Witnessed},
    replica::{Heard, Suspicion},
};
use crate::{
    log::{
        AnyCheckpoint, EMPTY_ROOT, LogError, LogName, MAX_PROOF_HASHES, Origin, SignedCheckpoint, SignedNote, TreeHead,
        VerifierKey, verify_consistency,
    },
    store::{StateChange, Store, StoreError, Table},
    trust::{NodeName, TrustList},
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// Calls that may wait for one log.
const MOST_WAITING: usize = 16;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Somebody shows a head. The ticket names the call in its answer.
    Asked {
        /// Of the call.
        ticket: u64,
        /// What is shown.
        request: AddCheckpoint,
    },
    /// The state of [`Action::Keep`] is durable.
    Kept(LogName),
    /// It could not be made durable; what the store says of the log is unknown until it was read again with
    /// [`Witness::load`].
    KeepFailed(LogName),
    /// The cosignature of [`Action::Cosign`], as a line without its newline; none if the key failed.
    Cosigned {
        /// Of which log.
        origin: LogName,
        /// The line.
        line: Option<String>,
    },
    /// Another trust list is in force.
    Trust(Arc<TrustList>),
    /// Somebody proved that the log has shown two histories.
    Equivocated(Origin),
    /// A person has lifted that: the log is cosigned again, on the branch that was seen, and these heads are of others.
    /// What is proven beside that comes behind it, as [`Event::Equivocated`].
    Lifted(Origin, Vec<TreeHead>),
    /// Before that: by that person's word the branch of this head goes on, and that is durable in the table of witnessed heads.
    /// What is cosigned next is of its history.
    Onto {
        /// The log.
        origin: Origin,
        /// The head.
        head: TreeHead,
        /// Its note.
        note: String,
    },
    /// This node held the log until now, up to this head, and that is durable in the table of witnessed heads: what
    /// it cosigned as replica it does not roll back as witness.
    Held {
        /// The log.
        origin: Origin,
        /// The head.
        head: TreeHead,
        /// Its note.
        note: String,
    },
    /// The answer to [`Action::Recall`].
    Recalled {
        /// The log.
        origin: Origin,
        /// The heads that partners know of it, rising; none as long as too few have told.
        heads: Option<Vec<Heard>>,
    },
}

/// What is to be done.
#[derive(Debug)]
pub enum Action {
    /// Make this durable in the node's own store.
    Keep {
        /// Of which log.
        origin: LogName,
        /// The change.
        change: StateChange,
    },
    /// Cosign with the witness key, at the time of the event.
    Cosign(AnyCheckpoint),
    /// Answer a call.
    Answer {
        /// Of the call.
        ticket: u64,
        /// The answer.
        answer: Witnessed,
    },
    /// Two notes that do not go together, of a log of the trust list.
    Suspect(Suspicion),
    /// The same of another's log: its own partners have to be told, by people.
    SuspectOutside {
        /// Which.
        origin: LogName,
        /// The note that was cosigned.
        first: String,
        /// The other.
        second: String,
    },
    /// A head of this log was not taken up: its authority signs heads of too many to addressees that nobody knows.
    TooMany(Origin),
    /// Ask the node's [memory](super::memory::Memory) for this log; its answer comes as [`Event::Recalled`].
    Recall(Origin),
}

/// Logs outside the trust list that an operator has this node watch, each with the keys that may sign for it.
pub type OutsideLogs = BTreeMap<LogName, Vec<VerifierKey>>;

/// The witness of one node, for all logs it watches.
#[derive(Debug)]
pub struct Witness {
    node: NodeName,
    trust: Arc<TrustList>,
    outside: OutsideLogs,
    logs: BTreeMap<LogName, Watched>,
    equivocated: BTreeSet<Origin>,
    /// Heads of branches that were left.
    left: BTreeMap<LogName, Vec<TreeHead>>,
}

/// One log.
#[derive(Debug, Default)]
struct Watched {
    /// The head cosigned last, with its note.
    last: Option<(TreeHead, String)>,
    /// Partners have told how far this node may have cosigned the log before it started.
    recalled: bool,
    /// The heads they told, rising, and that cosigned last: each has to be shown to be of the history of what is cosigned
    /// next. For the first of them the log is asked for a proof, until there is none.
    told: Vec<Heard>,
    /// The call that is being answered.
    current: Option<Current>,
    waiting: VecDeque<(u64, AddCheckpoint)>,
}

impl Watched {
    /// Puts a head among those told, if it is not there.
    fn tell(&mut self, heard: Heard) {
        if !self.told.iter().any(|told| told.head == heard.head) {
            let at = self.told.partition_point(|told| told.head.size <= heard.head.size);
            self.told.insert(at, heard);
        }
    }
}

#[derive(Debug)]
struct Current {
    ticket: u64,
    checkpoint: AnyCheckpoint,
    note: String,
}

/// Whose word counts for a log that is watched.
enum Keys {
    /// The trust list's.
    Listed(Origin, Box<VerifierKey>),
    /// The operator's.
    Outside(Vec<VerifierKey>),
}

/// What comes of a request at once.
enum Judged {
    /// And the note that does not go with the one cosigned last, if that is worth knowing.
    Answer(Witnessed, Option<String>),
    New(AnyCheckpoint, String),
    Again(AnyCheckpoint, String),
}

impl Witness {
    /// Begins with what is kept. `equivocated` names logs known to have shown two histories.
    pub fn load(
        store: &dyn Store,
        node: NodeName,
        trust: Arc<TrustList>,
        equivocated: BTreeSet<Origin>,
    ) -> Result<Self, StoreError> {
        let mut logs = BTreeMap::new();
        for (id, note) in store.records(Table::Witnessed)? {
            let broken = |what: &str| StoreError::Index(format!("a witnessed head: {what}"));
            let origin = std::str::from_utf8(&id).ok().and_then(|text| text.parse::<LogName>().ok());
            let origin = origin.ok_or_else(|| broken("its log has no name"))?;
            let note = String::from_utf8(note).map_err(|_| broken("its note is no text"))?;
            // Its signature was checked when it was kept, perhaps by a list that is no longer in force.
            let parsed = SignedNote::parse(&note).and_then(|note| note.text().parse::<AnyCheckpoint>());
            let head = parsed.map_err(|_| broken("its note does not read"))?.head;
            logs.insert(origin, Watched { last: Some((head, note)), ..Watched::default() });
        }
        Ok(Self { node, trust, outside: OutsideLogs::new(), logs, equivocated, left: BTreeMap::new() })
    }

    /// Watches these logs too.
    #[must_use]
    pub fn watching(mut self, outside: OutsideLogs) -> Self {
        self.outside = outside;
        self
    }

    /// Whether nothing is left to be shown of this log that this node may have cosigned before it started.
    #[must_use]
    pub fn is_clear(&self, origin: &LogName) -> bool {
        self.logs.get(origin).is_some_and(|log| log.recalled && log.told.is_empty())
    }

    /// The head cosigned last of each log, with its note.
    pub fn heads(&self) -> impl Iterator<Item = (&LogName, TreeHead, &str)> {
        self.logs
            .iter()
            .filter_map(|(origin, log)| log.last.as_ref().map(|(head, note)| (origin, *head, note.as_str())))
    }

    /// Takes one event.
    pub fn step(&mut self, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Asked { ticket, request } => self.asked(ticket, request, &mut actions),
            Event::Kept(origin) => self.kept(&origin, &mut actions),
            Event::KeepFailed(origin) => self.finish(&origin, Witnessed::Busy, &mut actions),
            Event::Cosigned { origin, line } => {
                self.finish(&origin, line.map_or(Witnessed::Busy, Witnessed::Cosigned), &mut actions);
            }
            Event::Trust(trust) => self.trust = trust,
            Event::Equivocated(origin) => {
                self.equivocated.insert(origin);
            }
            Event::Lifted(origin, left) => self.lifted(&origin, left, &mut actions),
            Event::Onto { origin, head, note } => {
                if let Some(log) = self.logs.get_mut(&LogName::from(&origin)) {
                    log.last = Some((head, note));
                }
            }
            Event::Held { origin, head, note } => {
                let log = self.logs.entry((&origin).into()).or_default();
                if log.last.as_ref().is_none_or(|(last, _)| last.size < head.size) {
                    log.last = Some((head, note));
                }
            }
            Event::Recalled { origin, heads } => self.recalled(&(&origin).into(), heads, &mut actions),
        }
        actions
    }

    /// By that person's word the branch seen here goes on. Where the log was frozen until now, that goes for all that this
    /// node may have cosigned; whether anything of it is another deed, those who compare all heads find out.
    fn lifted(&mut self, origin: &Origin, left: Vec<TreeHead>, actions: &mut Vec<Action>) {
        let (was_frozen, name) = (self.equivocated.remove(origin), LogName::from(origin));
        if let Some(log) = self.logs.get_mut(&name) {
            log.told.retain(|heard| !left.contains(&heard.head));
            if let Some((last, first)) = log.last.as_ref().filter(|_| was_frozen) {
                for Heard { note: second, .. } in log.told.drain(..).filter(|heard| heard.head != *last) {
                    let (origin, first) = (origin.clone(), first.clone());
                    actions.push(Action::Suspect(Suspicion { origin, first, second }));
                }
            }
        }
        self.left.insert(name, left);
    }

    fn asked(&mut self, ticket: u64, request: AddCheckpoint, actions: &mut Vec<Action>) {
        let note = SignedNote::parse(&request.note);
        let origin = note.as_ref().ok().and_then(|note| note.text().lines().next()?.parse::<LogName>().ok());
        let Some(origin) = origin else {
            return actions.push(Action::Answer { ticket, answer: Witnessed::Malformed });
        };
        let Some(keys) = self.keys(&origin) else {
            return actions.push(Action::Answer { ticket, answer: Witnessed::UnknownLog });
        };
        if !self.logs.contains_key(&origin)
            && let Some(answer) = self.refused(&keys, &request.note, actions)
        {
            return actions.push(Action::Answer { ticket, answer });
        }
        let log = self.logs.entry(origin.clone()).or_default();
        if log.waiting.len() >= MOST_WAITING {
            actions.push(Action::Answer { ticket, answer: Witnessed::Busy });
            return;
        }
        log.waiting.push_back((ticket, request));
        match keys {
            Keys::Listed(listed, _) if !log.recalled => actions.push(Action::Recall(listed)),
            Keys::Listed(..) | Keys::Outside(_) => self.next(&origin, actions),
        }
    }

    /// What is answered where a log that was not shown before is not taken up. That there is one its key alone can say:
    /// else whoever may call would use up the room of its authority.
    fn refused(&self, keys: &Keys, note: &str, actions: &mut Vec<Action>) -> Option<Witnessed> {
        if let Err(answer) = keys.open(note) {
            return Some(answer);
        }
        let Keys::Listed(origin, _) = keys else { return None };
        if has_room_for(&self.trust, origin, self.logs.keys().map(|name| name.as_str())) {
            return None;
        }
        actions.push(Action::TooMany(origin.clone()));
        Some(Witnessed::UnknownLog)
    }

    fn recalled(&mut self, origin: &LogName, heads: Option<Vec<Heard>>, actions: &mut Vec<Action>) {
        let Some(log) = self.logs.get_mut(origin).filter(|log| !log.recalled) else { return };
        let Some(mut heads) = heads else {
            let busy = log.waiting.drain(..).map(|(ticket, _)| Action::Answer { ticket, answer: Witnessed::Busy });
            return actions.extend(busy);
        };
        // By a person's word the branch that was seen here goes on, whatever others were shown.
        let left = self.left.get(origin);
        heads.retain(|heard| left.is_none_or(|left| !left.contains(&heard.head)));
        // What is kept here alone needs no more than usual.
        if heads.iter().any(|heard| log.last.as_ref().is_none_or(|(last, _)| *last != heard.head)) {
            log.told = heads;
            if let Some((head, note)) = log.last.clone() {
                log.tell(Heard { head, note });
            }
        }
        log.recalled = true;
        self.next(origin, actions);
    }

    /// Takes up calls of a log until one has to wait for the store or the key.
    fn next(&mut self, origin: &LogName, actions: &mut Vec<Action>) {
        loop {
            let (keys, up_to) = (self.keys(origin), self.cosigns_up_to(origin));
            let Some(log) = self.logs.get_mut(origin) else { return };
            if log.current.is_some() {
                return;
            }
            let Some((ticket, request)) = log.waiting.pop_front() else { return };
            let first = log.told.first().map(|heard| (heard.head, heard.note.clone()));
            let (seen, kept) = (first.as_ref().or(log.last.as_ref()), first.is_none());
            match judge(keys.as_ref(), seen, &request, up_to) {
                Judged::New(checkpoint, note) | Judged::Again(checkpoint, note) if !kept => {
                    log.told.remove(0);
                    log.told.retain(|heard| heard.head != checkpoint.head);
                    match log.told.first().map(|heard| heard.head.size) {
                        None => Self::keep(log, ticket, checkpoint, note, actions),
                        // Nor may what was just shown be left behind.
                        Some(size) => {
                            log.tell(Heard { head: checkpoint.head, note });
                            actions.push(Action::Answer { ticket, answer: Witnessed::Conflict(size) });
                        }
                    }
                }
                Judged::Answer(answer, other) => {
                    let first = seen.map(|(_, note)| note.clone());
                    actions.extend(first.zip(other).zip(keys).map(|((first, second), keys)| match keys {
                        Keys::Listed(origin, _) => Action::Suspect(Suspicion { origin, first, second }),
                        Keys::Outside(_) => Action::SuspectOutside { origin: origin.clone(), first, second },
                    }));
                    actions.push(Action::Answer { ticket, answer });
                }
                Judged::New(checkpoint, note) => Self::keep(log, ticket, checkpoint, note, actions),
                Judged::Again(checkpoint, note) => {
                    actions.push(Action::Cosign(checkpoint.clone()));
                    log.current = Some(Current { ticket, checkpoint, note });
                }
            }
        }
    }

    fn keep(log: &mut Watched, ticket: u64, checkpoint: AnyCheckpoint, note: String, actions: &mut Vec<Action>) {
        let origin = checkpoint.origin.clone();
        let (id, record) = (origin.as_str().as_bytes().to_vec(), note.clone().into_bytes());
        let change = StateChange::RecordPut { table: Table::Witnessed, id, record };
        log.current = Some(Current { ticket, checkpoint, note });
        actions.push(Action::Keep { origin, change });
    }

    fn kept(&mut self, origin: &LogName, actions: &mut Vec<Action>) {
        let Some(log) = self.logs.get_mut(origin) else { return };
        if let Some(current) = &log.current {
            log.last = Some((current.checkpoint.head, current.note.clone()));
            actions.push(Action::Cosign(current.checkpoint.clone()));
        }
    }

    fn finish(&mut self, origin: &LogName, answer: Witnessed, actions: &mut Vec<Action>) {
        let current = self.logs.get_mut(origin).and_then(|log| log.current.take());
        if let Some(Current { ticket, checkpoint, .. }) = current {
            // What was proven or listed meanwhile is respected: the line was made, but nobody hears of it.
            let refused = refused(self.cosigns_up_to(origin), checkpoint.head.size);
            actions.push(Action::Answer { ticket, answer: refused.unwrap_or(answer) });
        }
        self.next(origin, actions);
    }

    /// Whose word counts for this log; none where it is not watched.
    fn keys(&self, name: &LogName) -> Option<Keys> {
        if let Ok(origin) = name.as_str().parse::<Origin>()
            && let Some(key) = self.trust.log_key(&origin)
        {
            return witnesses(&self.trust, &self.node, &origin).then_some(Keys::Listed(origin, Box::new(key)));
        }
        self.outside.get(name).cloned().map(Keys::Outside)
    }

    /// The largest size that is cosigned: the end that the list gave the log, for what goes beyond it proves nothing,
    /// whoever cosigns it. None of a log that is proven to have shown two histories.
    fn cosigns_up_to(&self, name: &LogName) -> Option<u64> {
        let frozen = self.equivocated.iter().any(|origin| origin.as_str() == name.as_str());
        let end = name.as_str().parse::<Origin>().ok().and_then(|origin| self.trust.shard_final_size(&origin));
        (!frozen).then(|| end.unwrap_or(u64::MAX))
    }
}

impl Keys {
    /// Reads a note that the log signed; of another gives what is answered.
    fn open(&self, note: &str) -> Result<AnyCheckpoint, Witnessed> {
        let opened = match self {
            Self::Listed(_, key) => {
                SignedCheckpoint::open(note, key).map(|signed| AnyCheckpoint::from(signed.checkpoint()))
            }
            Self::Outside(keys) => SignedNote::parse(note).and_then(|note| AnyCheckpoint::open(&note, keys)),
        };
        opened.map_err(|error| match error {
            LogError::NotSigned { .. } | LogError::BadSignature { .. } => Witnessed::Unsigned,
            _ => Witnessed::Malformed,
        })
    }
}

/// What is answered where nothing of this size is cosigned of a log.
fn refused(up_to: Option<u64>, size: u64) -> Option<Witnessed> {
    match up_to {
        None => Some(Witnessed::Frozen),
        Some(most) => (size > most).then_some(Witnessed::Unsigned),
    }
}

/// The checks of C2SP tlog-witness, in its order. `up_to` is the largest size that is cosigned at all.
fn judge(
    keys: Option<&Keys>,
    last: Option<&(TreeHead, String)>,
    request: &AddCheckpoint,
    up_to: Option<u64>,
) -> Judged {
    let plain = |answer| Judged::Answer(answer, None);
    let Some(keys) = keys else { return plain(Witnessed::UnknownLog) };
    let checkpoint = match keys.open(&request.note) {
        Ok(checkpoint) => checkpoint,
        Err(answer) => return plain(answer),
    };
    let head = checkpoint.head;
    if let Some(answer) = refused(up_to, head.size) {
        return plain(answer);
    }
    if request.old_size > head.size || request.consistency.len() > MAX_PROOF_HASHES {
        return plain(Witnessed::Malformed);
    }
    let seen = last.map_or(TreeHead { size: 0, root: EMPTY_ROOT }, |(head, _)| *head);
    // The log signed both: that is worth knowing whatever size it says it believed in.
    let forked = head.size == seen.size && head.root != seen.root;
    if forked || request.old_size != seen.size {
        return Judged::Answer(Witnessed::Conflict(seen.size), forked.then(|| request.note.clone()));
    }
    if verify_consistency(seen.size, head.size, &seen.root, &head.root, &request.consistency).is_err() {
        return Judged::Answer(Witnessed::Unproven, Some(request.note.clone()));
    }
    if last.is_some() && head.size == seen.size {
        Judged::Again(checkpoint, request.note.clone())
    } else {
        Judged::New(checkpoint, request.note.clone())
    }
}
