//! A witness: cosigns that heads of logs it does not hold extend the heads it cosigned before (C2SP tlog-witness).
//!
//! For each log one head is checked, kept and cosigned after the other: the size of the last is compared and the new
//! one made durable before anybody hears of it, so that no two heads are ever answered that roll each other back.

use super::{
    access::witnesses,
    message::{AddCheckpoint, Witnessed},
    replica::{Heard, Suspicion},
};
use crate::{
    log::{
        Checkpoint, EMPTY_ROOT, LogError, MAX_PROOF_HASHES, Origin, SignedCheckpoint, SignedNote, TreeHead,
        verify_consistency,
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
    Kept(Origin),
    /// It could not be made durable; what the store says of the log is unknown until it was read again with
    /// [`Witness::load`].
    KeepFailed(Origin),
    /// The cosignature of [`Action::Cosign`], as a line without its newline; none if the key failed.
    Cosigned {
        /// Of which log.
        origin: Origin,
        /// The line.
        line: Option<String>,
    },
    /// Another trust list is in force.
    Trust(Arc<TrustList>),
    /// Somebody proved that the log has shown two histories.
    Equivocated(Origin),
    /// A person has lifted that: the log is cosigned again, on the branch that was seen.
    Lifted(Origin),
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
        origin: Origin,
        /// The change.
        change: StateChange,
    },
    /// Cosign with the witness key, at the time of the event.
    Cosign(Checkpoint),
    /// Answer a call.
    Answer {
        /// Of the call.
        ticket: u64,
        /// The answer.
        answer: Witnessed,
    },
    /// Two notes that do not go together.
    Suspect(Suspicion),
    /// Ask the node's [memory](super::memory::Memory) for this log; its answer comes as [`Event::Recalled`].
    Recall(Origin),
}

/// The witness of one node, for all logs it watches.
#[derive(Debug)]
pub struct Witness {
    node: NodeName,
    trust: Arc<TrustList>,
    logs: BTreeMap<Origin, Watched>,
    equivocated: BTreeSet<Origin>,
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
    checkpoint: Checkpoint,
    note: String,
}

/// What comes of a request at once.
enum Judged {
    Answer(Witnessed, Option<Suspicion>),
    New(Checkpoint, String),
    Again(Checkpoint, String),
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
            let origin = std::str::from_utf8(&id).ok().and_then(|text| text.parse::<Origin>().ok());
            let origin = origin.ok_or_else(|| broken("its log has no name"))?;
            let note = String::from_utf8(note).map_err(|_| broken("its note is no text"))?;
            // Its signature was checked when it was kept, perhaps by a list that is no longer in force.
            let parsed = SignedNote::parse(&note).and_then(|note| note.text().parse::<Checkpoint>());
            let head = parsed.map_err(|_| broken("its note does not read"))?.head;
            logs.insert(origin, Watched { last: Some((head, note)), ..Watched::default() });
        }
        Ok(Self { node, trust, logs, equivocated })
    }

    /// Whether nothing is left to be shown of this log that this node may have cosigned before it started.
    #[must_use]
    pub fn is_clear(&self, origin: &Origin) -> bool {
        self.logs.get(origin).is_some_and(|log| log.recalled && log.told.is_empty())
    }

    /// The head cosigned last of each log, with its note.
    pub fn heads(&self) -> impl Iterator<Item = (&Origin, TreeHead, &str)> {
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
            Event::Lifted(origin) => {
                self.equivocated.remove(&origin);
            }
            Event::Held { origin, head, note } => {
                let log = self.logs.entry(origin).or_default();
                if log.last.as_ref().is_none_or(|(last, _)| last.size < head.size) {
                    log.last = Some((head, note));
                }
            }
            Event::Recalled { origin, heads } => self.recalled(&origin, heads, &mut actions),
        }
        actions
    }

    fn asked(&mut self, ticket: u64, request: AddCheckpoint, actions: &mut Vec<Action>) {
        let note = SignedNote::parse(&request.note);
        let origin = note.as_ref().ok().and_then(|note| note.text().lines().next()?.parse::<Origin>().ok());
        let answer = match &origin {
            None => Some(Witnessed::Malformed),
            Some(origin) if !witnesses(&self.trust, &self.node, origin) => Some(Witnessed::UnknownLog),
            Some(_) => None,
        };
        let (Some(origin), None) = (origin, &answer) else {
            actions.extend(answer.map(|answer| Action::Answer { ticket, answer }));
            return;
        };
        let log = self.logs.entry(origin.clone()).or_default();
        if log.waiting.len() >= MOST_WAITING {
            actions.push(Action::Answer { ticket, answer: Witnessed::Busy });
            return;
        }
        log.waiting.push_back((ticket, request));
        if log.recalled {
            self.next(&origin, actions);
        } else {
            actions.push(Action::Recall(origin));
        }
    }

    fn recalled(&mut self, origin: &Origin, heads: Option<Vec<Heard>>, actions: &mut Vec<Action>) {
        let Some(log) = self.logs.get_mut(origin).filter(|log| !log.recalled) else { return };
        let Some(heads) = heads else {
            let busy = log.waiting.drain(..).map(|(ticket, _)| Action::Answer { ticket, answer: Witnessed::Busy });
            return actions.extend(busy);
        };
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
    fn next(&mut self, origin: &Origin, actions: &mut Vec<Action>) {
        loop {
            let Some(log) = self.logs.get_mut(origin) else { return };
            if log.current.is_some() {
                return;
            }
            let Some((ticket, request)) = log.waiting.pop_front() else { return };
            let first = log.told.first().map(|heard| (heard.head, heard.note.clone()));
            let (last, kept) = (first.as_ref().or(log.last.as_ref()), first.is_none());
            match judge(&self.trust, origin, last, &request, self.equivocated.contains(origin)) {
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
                Judged::Answer(answer, suspicion) => {
                    actions.extend(suspicion.map(Action::Suspect));
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

    fn keep(log: &mut Watched, ticket: u64, checkpoint: Checkpoint, note: String, actions: &mut Vec<Action>) {
        let origin = checkpoint.origin.clone();
        let (id, record) = (origin.as_str().as_bytes().to_vec(), note.clone().into_bytes());
        let change = StateChange::RecordPut { table: Table::Witnessed, id, record };
        log.current = Some(Current { ticket, checkpoint, note });
        actions.push(Action::Keep { origin, change });
    }

    fn kept(&mut self, origin: &Origin, actions: &mut Vec<Action>) {
        let Some(log) = self.logs.get_mut(origin) else { return };
        if let Some(current) = &log.current {
            log.last = Some((current.checkpoint.head, current.note.clone()));
            actions.push(Action::Cosign(current.checkpoint.clone()));
        }
    }

    fn finish(&mut self, origin: &Origin, answer: Witnessed, actions: &mut Vec<Action>) {
        let current = self.logs.get_mut(origin).and_then(|log| log.current.take());
        if let Some(Current { ticket, .. }) = current {
            // What was proven meanwhile is respected: the line was made, but nobody hears of it.
            let frozen = self.equivocated.contains(origin);
            actions.push(Action::Answer { ticket, answer: if frozen { Witnessed::Unsigned } else { answer } });
        }
        self.next(origin, actions);
    }
}

/// The checks of C2SP tlog-witness, in its order.
fn judge(
    trust: &TrustList,
    origin: &Origin,
    last: Option<&(TreeHead, String)>,
    request: &AddCheckpoint,
    equivocated: bool,
) -> Judged {
    let plain = |answer| Judged::Answer(answer, None);
    let Some(key) = trust.log_key(origin) else { return plain(Witnessed::UnknownLog) };
    let signed = match SignedCheckpoint::open(&request.note, &key) {
        Ok(signed) => signed,
        Err(LogError::NotSigned { .. } | LogError::BadSignature { .. }) => return plain(Witnessed::Unsigned),
        Err(_) => return plain(Witnessed::Malformed),
    };
    if equivocated {
        return plain(Witnessed::Unsigned);
    }
    let head = signed.checkpoint().head;
    if request.old_size > head.size || request.consistency.len() > MAX_PROOF_HASHES {
        return plain(Witnessed::Malformed);
    }
    let seen = last.map_or(TreeHead { size: 0, root: EMPTY_ROOT }, |(head, _)| *head);
    let suspicion = || {
        let (first, second) = (last.map(|(_, note)| note.clone())?, signed.note().to_string());
        Some(Suspicion { origin: origin.clone(), first, second })
    };
    // The log signed both: that is worth knowing whatever size it says it believed in.
    let forked = head.size == seen.size && head.root != seen.root;
    if forked || request.old_size != seen.size {
        return Judged::Answer(Witnessed::Conflict(seen.size), suspicion().filter(|_| forked));
    }
    if verify_consistency(seen.size, head.size, &seen.root, &head.root, &request.consistency).is_err() {
        return Judged::Answer(Witnessed::Unproven, suspicion());
    }
    let checkpoint = signed.checkpoint().clone();
    if last.is_some() && head.size == seen.size {
        Judged::Again(checkpoint, request.note.clone())
    } else {
        Judged::New(checkpoint, request.note.clone())
    }
}
