//! This node as a witness: one machine for all logs it watches, on a thread of its own.

use super::lists::Lists;
use crate::exchange::heads;
use crate::exchange::memory::Memory;
use crate::exchange::message::{AddCheckpoint, Witnessed};
use crate::exchange::witness::{Action, Event, OutsideLogs, Witness};
use crate::keys::WitnessKey;
use crate::log::{LogName, Origin, TreeHead};
use crate::store::{Batch, PublishedHead, StateChange, Store, StoreError, Table};
use crate::time::{Clock, unix_ms};
use crate::trust::NodeName;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

/// Calls that wait; who comes beyond is told to come again.
const WAITING: usize = 1024;

/// What comes to the desk.
enum Asked {
    Head(AddCheckpoint, oneshot::Sender<Witnessed>, OwnedSemaphorePermit),
    /// The log is proven to have shown two histories.
    Equivocated(Origin),
    /// A person has lifted that, and these heads are of the branches that were left.
    Lifted {
        origin: Origin,
        left: Vec<TreeHead>,
        /// Something is proven beside what was lifted.
        frozen: bool,
    },
    /// Before that: by that person's word the branch of this head goes on, and that is durable.
    Onto(Origin, PublishedHead),
    /// The log was held here until now, up to the head of this note.
    Held(Origin, PublishedHead),
}

/// Where heads are shown to this node.
pub(super) struct WitnessDesk {
    /// What this node itself has to say always comes through, however many heads are shown meanwhile: whoever shows two
    /// histories would keep the witness from hearing of it.
    ask: mpsc::UnboundedSender<Asked>,
    /// For calls that wait.
    room: Arc<Semaphore>,
    heads: Arc<Mutex<BTreeMap<LogName, String>>>,
    outside: BTreeSet<LogName>,
}

/// What the witness works with.
pub(super) struct WitnessSetup {
    pub(super) name: NodeName,
    pub(super) key: WitnessKey,
    pub(super) store: Arc<dyn Store>,
    pub(super) lists: Arc<dyn Lists>,
    pub(super) clock: Arc<dyn Clock>,
    /// Logs outside the trust list that are watched too.
    pub(super) outside: OutsideLogs,
    /// Logs known to have shown two histories.
    pub(super) equivocated: BTreeSet<Origin>,
    /// What partners tell of logs that this node may have cosigned before.
    pub(super) memory: watch::Sender<Memory>,
    /// Where heads are compared.
    pub(super) suspicions: mpsc::UnboundedSender<heads::Event>,
}

impl WitnessDesk {
    /// Reads what was witnessed before and begins. Needs a runtime, and blocks.
    pub(super) fn open(setup: WitnessSetup) -> Result<Self, StoreError> {
        let trust = setup.lists.current();
        let machine = Witness::load(setup.store.as_ref(), setup.name.clone(), trust, setup.equivocated.clone())?;
        let machine = machine.watching(setup.outside.clone());
        let outside = setup.outside.keys().cloned().collect();
        let heads = machine.heads().map(|(origin, _, note)| (origin.clone(), note.to_owned())).collect();
        let heads = Arc::new(Mutex::new(heads));
        let (ask, asked) = mpsc::unbounded_channel();
        let thread = Thread { setup, machine, heads: Arc::clone(&heads), open: HashMap::new(), tickets: 0 };
        tokio::task::spawn_blocking(move || thread.run(asked));
        Ok(Self { ask, room: Arc::new(Semaphore::new(WAITING)), heads, outside })
    }

    /// Shows a head; gives the witness's answer.
    pub(super) async fn ask(&self, request: AddCheckpoint) -> Witnessed {
        let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else { return Witnessed::Busy };
        let (answer, answered) = oneshot::channel();
        self.tell(Asked::Head(request, answer, place));
        answered.await.unwrap_or(Witnessed::Busy)
    }

    /// The log is proven to have shown two histories.
    pub(super) fn freeze(&self, origin: &Origin) {
        self.tell(Asked::Equivocated(origin.clone()));
    }

    /// A person has lifted what is proven of the log, and these heads are of the branches that were left. Where something is
    /// proven beside that, the log stays frozen.
    pub(super) fn lift(&self, origin: &Origin, left: Vec<TreeHead>, frozen: bool) {
        self.tell(Asked::Lifted { origin: origin.clone(), left, frozen });
    }

    /// By a person's word the branch of this head goes on, and that is durable: before what was left by it is lifted.
    pub(super) fn onto(&self, origin: &Origin, head: PublishedHead) {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).insert(origin.into(), head.note.clone());
        self.tell(Asked::Onto(origin.clone(), head));
    }

    /// The log was held here until now, up to this head.
    pub(super) fn held(&self, origin: &Origin, head: PublishedHead) {
        self.tell(Asked::Held(origin.clone(), head));
    }

    fn tell(&self, asked: Asked) {
        // Nobody takes it any more: then the node stops.
        let _ = self.ask.send(asked);
    }

    /// The newest note of every log watched that may be one of the trust list's.
    pub(super) fn heads(&self) -> BTreeMap<Origin, String> {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = heads.iter().filter_map(|(name, note)| Some((name.as_str().parse().ok()?, note.clone())));
        ours.collect()
    }

    /// The newest note of every log that an operator named.
    pub(super) fn outside(&self) -> BTreeMap<LogName, String> {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.iter().filter(|(name, _)| self.outside.contains(*name)).map(|(a, b)| (a.clone(), b.clone())).collect()
    }
}

struct Thread {
    setup: WitnessSetup,
    machine: Witness,
    heads: Arc<Mutex<BTreeMap<LogName, String>>>,
    open: HashMap<u64, oneshot::Sender<Witnessed>>,
    tickets: u64,
}

impl Thread {
    /// Takes all calls that wait, makes what is to be kept durable with one sync, and answers. Ends when nobody can ask.
    fn run(mut self, mut asked: mpsc::UnboundedReceiver<Asked>) {
        let mut version = self.setup.lists.current().version();
        let mut come = Vec::new();
        while asked.blocking_recv_many(&mut come, WAITING) > 0 {
            let mut events = VecDeque::new();
            let trust = self.setup.lists.current();
            if trust.version() != version {
                version = trust.version();
                events.push_back(Event::Trust(trust));
            }
            for asked in come.drain(..) {
                match asked {
                    Asked::Head(request, answer, place) => {
                        drop(place);
                        self.tickets += 1;
                        self.open.insert(self.tickets, answer);
                        events.push_back(Event::Asked { ticket: self.tickets, request });
                    }
                    Asked::Lifted { origin, left, frozen } => {
                        // Nothing is cosigned between the two.
                        events.push_back(Event::Lifted(origin.clone(), left));
                        events.extend(frozen.then_some(Event::Equivocated(origin)));
                    }
                    Asked::Onto(origin, PublishedHead { head, note }) => {
                        events.push_back(Event::Onto { origin, head, note });
                    }
                    Asked::Equivocated(origin) => events.push_back(Event::Equivocated(origin)),
                    Asked::Held(origin, head) => events.extend(self.take_over(origin, head)),
                }
            }
            while !events.is_empty() {
                let mut keep = Vec::new();
                while let Some(event) = events.pop_front() {
                    for action in self.machine.step(event) {
                        self.act(action, &mut keep, &mut events);
                    }
                }
                let kept = self.keep(keep);
                self.clear(&kept);
                events.extend(kept);
            }
        }
    }

    /// Logs of which a head was cosigned that is of the history of all that were told.
    fn clear(&self, kept: &[Event]) {
        for event in kept {
            if let Event::Kept(name) = event
                && self.machine.is_clear(name)
                && let Ok(origin) = name.as_str().parse::<Origin>()
            {
                self.setup.memory.send_if_modified(|memory| {
                    memory.passed(&origin);
                    false
                });
            }
        }
    }

    fn act(&mut self, action: Action, keep: &mut Vec<(LogName, StateChange)>, events: &mut VecDeque<Event>) {
        match action {
            Action::Keep { origin, change } => keep.push((origin, change)),
            Action::Cosign(checkpoint) => {
                let time = u64::try_from(self.setup.clock.now().as_second()).unwrap_or(0);
                let line = self.setup.key.cosign(&checkpoint, time);
                if let Err(error) = &line {
                    tracing::error!(origin = %checkpoint.origin, %error, "a head could not be cosigned");
                }
                let line = line.ok().map(|line| line.to_string());
                events.push_back(Event::Cosigned { origin: checkpoint.origin, line });
            }
            Action::Answer { ticket, answer } => {
                if let Some(open) = self.open.remove(&ticket) {
                    // Who asked may have gone.
                    let _ = open.send(answer);
                }
            }
            Action::Recall(origin) => {
                let heads = self.setup.memory.borrow().recalled(&origin, self.setup.clock.now());
                events.push_back(Event::Recalled { origin, heads });
            }
            Action::Suspect(suspicion) => {
                tracing::warn!(origin = %suspicion.origin, "two heads of the log do not go together");
                // Nobody compares any more: then the node stops.
                let _ = self.setup.suspicions.send(heads::Event::Suspected(suspicion));
            }
            Action::TooMany(origin) => {
                // Nobody compares any more: then the node stops.
                let _ = self.setup.suspicions.send(heads::Event::TooMany(origin));
            }
            Action::SuspectOutside { origin, first, second } => {
                // The notes are the evidence, and nobody here has another place for them.
                tracing::error!(%origin, first, second, "two heads of an outside log do not go together");
            }
        }
    }

    /// Makes durable how far this node held a log as its replica, before it may witness it.
    fn take_over(&self, origin: Origin, PublishedHead { head, note }: PublishedHead) -> Option<Event> {
        let seen =
            self.machine.heads().find(|(one, ..)| one.as_str() == origin.as_str()).map_or(0, |(_, seen, _)| seen.size);
        if seen >= head.size {
            return None;
        }
        let (id, record) = (origin.as_str().as_bytes().to_vec(), note.clone().into_bytes());
        let at_ms = unix_ms(self.setup.clock.now());
        let state = vec![StateChange::RecordPut { table: Table::Witnessed, id, record }];
        match self.setup.store.commit(Batch { at_ms, state, ..Batch::default() }) {
            Ok(_) => {
                self.heads.lock().unwrap_or_else(PoisonError::into_inner).insert((&origin).into(), note.clone());
                Some(Event::Held { origin, head, note })
            }
            Err(error) => {
                tracing::error!(%origin, %error, "how far the log was held could not be kept");
                None
            }
        }
    }

    /// One commit for all heads of this turn.
    fn keep(&mut self, keep: Vec<(LogName, StateChange)>) -> Vec<Event> {
        if keep.is_empty() {
            return Vec::new();
        }
        let at_ms = unix_ms(self.setup.clock.now());
        let (origins, state): (Vec<_>, Vec<_>) = keep.into_iter().unzip();
        let notes = state.iter().map(|change| match change {
            StateChange::RecordPut { record, .. } => String::from_utf8(record.clone()).ok(),
            _ => None,
        });
        let notes = notes.collect::<Vec<_>>();
        match self.setup.store.commit(Batch { at_ms, state, ..Batch::default() }) {
            Ok(_) => {
                let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
                heads.extend(origins.iter().cloned().zip(notes).filter_map(|(origin, note)| Some((origin, note?))));
                origins.into_iter().map(Event::Kept).collect()
            }
            Err(error) => {
                tracing::error!(%error, "witnessed heads could not be kept");
                // By the path of every start; what fails here fails again with the next call.
                if let Err(error) = self.setup.store.reload() {
                    tracing::error!(%error, "the witness's store could not be read again");
                }
                origins.into_iter().map(Event::KeepFailed).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_proven_of_a_log_is_heard_however_many_heads_are_shown_meanwhile() {
        let (ask, mut asked) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(WAITING));
        let desk = Arc::new(WitnessDesk { ask, room, heads: Arc::default(), outside: BTreeSet::new() });
        let shown = || AddCheckpoint { old_size: 0, consistency: Vec::new(), note: String::new() };
        for _ in 0..WAITING {
            let desk = Arc::clone(&desk);
            tokio::spawn(async move { desk.ask(shown()).await });
        }
        while asked.len() < WAITING {
            tokio::task::yield_now().await;
        }
        assert_eq!(desk.ask(shown()).await, Witnessed::Busy);
        let log = "tdap.gov.pk/log/2026/cn".parse().unwrap();
        desk.freeze(&log);
        desk.lift(&log, Vec::new(), true);
        let mut all = Vec::new();
        assert_eq!(asked.recv_many(&mut all, 2 * WAITING).await, WAITING + 2);
        let [.., Asked::Equivocated(proven), Asked::Lifted { frozen: true, .. }] = all.as_slice() else { panic!() };
        assert_eq!(*proven, log);
        // Who was taken up leaves his place to the next.
        all.clear();
        assert_eq!(desk.room.available_permits(), WAITING);
    }
}
