//! Own history at a start: carries one [`Recall`] for all logs hosted here, and turns the gates of their writers.

use super::own::OwnLogs;
use super::refilling::{Brought, refill};
use super::renumbering::renumber;
use super::start::{Inner, keep_heard_all};
use super::stopped;
use crate::exchange::heads::Fork;
use crate::exchange::message::KnownHead;
use crate::exchange::recall::{Action, Event, Lack, Recall, Settled, durable_root};
use crate::log::{Hash, Host, Origin, TreeHead};
use crate::reason::some_of;
use crate::sequencer::{Bare, Closing, Lost, Recalled, Shown, Standing, Wait, Word};
use crate::store::{Batch, StoreError};
use crate::time::{Timestamp, unix_ms};
use crate::trust::NodeName;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

const TICK: Duration = Duration::from_millis(500);
/// What a store could not do is tried again after.
const AGAIN: Duration = Duration::from_secs(5);

/// A partner, the heads of own logs that it knows, and where that is all that it keeps of them, for whom it waits itself.
pub(super) type Told = (NodeName, Vec<KnownHead>, Option<Vec<NodeName>>);

/// What a task brought.
enum Done {
    Root { origin: Origin, size: u64, root: Hash },
    Refilled { origin: Origin, trouble: Option<String> },
    Beside { origin: Origin, note: String },
    Closed(Origin, Closing),
    Shut { origin: Origin, durable: u64 },
    Renumbered,
}

/// Asks until the node stops: partners that come later may yet tell of logs that were forgotten.
pub(super) async fn recall(inner: Arc<Inner>, mut told: mpsc::UnboundedReceiver<Told>) {
    let mut recaller = Recaller::new(&inner);
    let mut proven = inner.equivocated();
    recaller.proven().await;
    // Before anything is heard: logs that ask nobody are settled, and may grow from here on.
    recaller.tick();
    recaller.shown();
    for origin in recaller.closed.keys().cloned().collect::<Vec<_>>() {
        recaller.renumber(&origin);
    }
    let (mut changes, mut stop) = (inner.lists.changes(), inner.stopping());
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            _ = tick.tick() => recaller.tick(),
            Some((partner, heads, all)) = told.recv() => {
                // What was proven with them is known before they are judged.
                recaller.proven().await;
                // It may have brought a newer list, by which others are to be heard too.
                recaller.step(Event::Trust(inner.lists.current()));
                recaller.told(partner, heads, all);
            }
            Some(done) = recaller.tasks.join_next() => match done {
                Ok(done) => recaller.done(done),
                Err(error) => tracing::error!(%error, "asking for own history failed inside"),
            },
            Ok(()) = changes.changed() => recaller.step(Event::Trust(inner.lists.current())),
            Ok(()) = proven.changed() => recaller.proven().await,
            () = stopped(&mut stop) => break,
        }
    }
    recaller.end().await;
}

struct Recaller<'a> {
    inner: &'a Arc<Inner>,
    machine: Recall,
    tasks: JoinSet<Done>,
    /// Logs that are fetched back, and what ends that.
    refills: BTreeMap<Origin, watch::Sender<bool>>,
    /// Logs of which something is known to be missing, with what came of the last attempt to fetch it.
    lacking: BTreeMap<Origin, Option<String>>,
    /// Logs that are closed for good, with what they are closed with.
    closed: BTreeMap<Origin, Closing>,
    /// Partners that are to be asked and were not found away yet.
    asked: BTreeSet<NodeName>,
    /// The log that goes on by the operator's word, while that is done.
    by_word: Option<Origin>,
    began_ms: u64,
}

/// Who showed a head of an own log with a package, and which, where it counts: it is of no branch that a person has left, and
/// the trust list names that node.
pub(super) fn shown_by(inner: &Inner, origin: &Origin, shown: &Shown) -> Option<(NodeName, TreeHead)> {
    let list = inner.lists.current();
    let by = shown.by.parse::<NodeName>().ok().filter(|by| list.node(by).is_some())?;
    let head = list.signed_head(origin, &shown.note)?;
    let is_left = inner.lifted().borrow().get(origin).is_some_and(|left| left.has(&head));
    (!is_left).then_some((by, head))
}

impl<'a> Recaller<'a> {
    fn new(inner: &'a Arc<Inner>) -> Self {
        let mut logs = Vec::new();
        let mut closed = BTreeMap::new();
        let mut hosts: BTreeSet<Host> = BTreeSet::new();
        for (host, own) in inner.own.hosts() {
            hosts.insert(host.clone());
            closed.extend(own.gate.closed());
            for origin in own.store.logs().into_iter().filter(|origin| !closed.contains_key(origin)) {
                let durable = own.store.durable_size(&origin);
                logs.push((origin, durable));
            }
        }
        let mut machine = Recall::new(&inner.name, inner.lists.current(), hosts, logs);
        for origin in closed.keys() {
            machine.closed(origin);
        }
        let began_ms = unix_ms(inner.clock.now());
        Self {
            inner,
            machine,
            tasks: JoinSet::new(),
            refills: BTreeMap::new(),
            lacking: BTreeMap::new(),
            closed,
            asked: BTreeSet::new(),
            by_word: None,
            began_ms,
        }
    }

    fn own(&self, origin: &Origin) -> Option<&'a OwnLogs> {
        self.inner.own.of(origin)
    }

    fn tick(&mut self) {
        let states = self.inner.board.read();
        let away = |name: &NodeName| {
            states.get(name).is_some_and(|state| state.connected.is_none() && state.trouble.is_some())
        };
        let away = self.asked.iter().filter(|name| away(name)).cloned().collect::<Vec<_>>();
        for name in away {
            self.asked.remove(&name);
            self.step(Event::Unreachable(name));
        }
        for own in self.inner.own.all() {
            for (origin, word) in own.gate.wishes() {
                self.wished(origin, word);
            }
        }
        self.step(Event::Tick);
    }

    fn wished(&mut self, origin: Origin, word: Word) {
        match word {
            Word::Whole => {
                self.by_word = Some(origin.clone());
                self.step(Event::Override(origin));
                self.by_word = None;
            }
            Word::GivenUp => {
                // What is being fetched is ended first: two writers of one log there must not be.
                if let Some(end) = self.refills.get(&origin) {
                    end.send_replace(true);
                }
                self.step(Event::GiveUp(origin));
            }
        }
    }

    fn told(&mut self, partner: NodeName, mut heads: Vec<KnownHead>, all: Option<Vec<NodeName>>) {
        if all.is_some() {
            self.asked.remove(&partner);
        }
        heads.retain(|head| self.own(&head.log).is_some());
        for head in &heads {
            let Some(own) = self.own(&head.log).filter(|_| !self.machine.knows(&head.log)) else { continue };
            // A name that the log's key did not sign anybody can make up: it must not shut the numbers of all logs.
            if self.machine.signed(head).is_none() {
                continue;
            }
            if own.gate.forgot(&head.log) {
                tracing::warn!(partner = %partner, origin = %head.log, "the partner knows of a log that this node has forgotten");
            } else {
                self.machine.opened(&head.log);
            }
        }
        let size = |log: &Origin| self.own(log).map_or(0, |own| own.store.durable_size(log));
        let durable = heads.iter().map(|head| (head.log.clone(), size(&head.log))).collect();
        let (all, awaits) = (all.is_some(), all.into_iter().flatten().collect());
        self.step(Event::Heads { partner, heads, durable, all, awaits });
    }

    /// What packages showed of own logs before this start is told again, as then, where it counts and did not come back since.
    fn shown(&mut self) {
        for own in self.inner.own.all() {
            let shown = Shown::all(own.store.as_ref()).unwrap_or_else(|error| {
                tracing::error!(%error, "what packages showed of own logs cannot be read");
                Vec::new()
            });
            for (log, shown) in shown {
                let Some((partner, head)) = shown_by(self.inner, &log, &shown) else { continue };
                if head.size > own.store.durable_size(&log) && !self.closed.contains_key(&log) {
                    let told = KnownHead { log, note: shown.note, entries: true, cosigned_by_asker: None };
                    self.told(partner, vec![told], None);
                }
            }
        }
    }

    /// The logs hosted here that are proven to have shown two histories, and those of which a person has lifted that.
    async fn proven(&mut self) {
        let (store, trust) = (Arc::clone(&self.inner.node_store), self.inner.lists.current());
        let read = tokio::task::spawn_blocking(move || Fork::lifted(store.as_ref(), &trust)).await;
        let read = read.map_err(|error| StoreError::Index(error.to_string())).flatten();
        let mut lifted = read.unwrap_or_else(|error| {
            tracing::error!(%error, "which forks were lifted cannot be read: none of them counts as lifted");
            BTreeMap::new()
        });
        lifted.retain(|origin, _| self.own(origin).is_some());
        let mut proven = self.inner.equivocated().borrow().keys().cloned().collect::<BTreeSet<_>>();
        proven.retain(|origin| self.own(origin).is_some());
        self.step(Event::Proven { proven, lifted });
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Root { origin, size, root } => self.step(Event::Root { origin, size, root }),
            Done::Refilled { origin, trouble } => {
                self.refills.remove(&origin);
                self.lacking.insert(origin.clone(), trouble);
                let durable = self.own(&origin).map_or(0, |own| own.store.durable_size(&origin));
                self.step(Event::Refilled { origin, durable });
            }
            Done::Beside { origin, note } => {
                self.refills.remove(&origin);
                self.step(Event::Beside { origin, note });
            }
            Done::Closed(origin, closing) => {
                if let Some(own) = self.own(&origin) {
                    own.gate.settle(&origin, Standing::Closed(closing.clone()));
                }
                // Until it is told, who has the log calls good what a lost change may have taken back.
                self.inner.tell_addressee(&origin);
                // What came back before that has its numbers still.
                self.renumber(&origin);
                self.closed.insert(origin, closing);
            }
            Done::Shut { origin, durable } => self.step(Event::Shut { origin, durable }),
            Done::Renumbered => {}
        }
    }

    fn step(&mut self, event: Event) {
        let now = self.inner.clock.now();
        let mut actions = VecDeque::from(self.machine.step(now, event));
        // The gates hear who has answered before a log is settled by it, so that what is refused names the others.
        let answered = self.machine.answered().cloned().collect::<BTreeSet<_>>();
        let silent = self.machine.silent().cloned().collect::<Vec<_>>();
        for own in self.inner.own.all() {
            own.gate.heard(answered.clone(), silent.clone(), self.machine.has_waited(now));
        }
        self.lacks(now);
        if self.machine.has_everybody() {
            for own in self.inner.own.all().filter(|own| own.gate.all_heard()) {
                tracing::info!("every partner was heard: numbers of certificates wait for that no more");
                let store = Arc::clone(&own.store);
                self.blocking(move || keep_heard_all(store.as_ref(), now), |()| Done::Renumbered);
            }
        }
        while let Some(action) = actions.pop_front() {
            self.act(action);
        }
    }

    /// Has the gates know what is missing, and who holds it, also where it is given up: whoever is told that a log is shut
    /// is told that too, and nobody's word has it signed on.
    fn lacks(&mut self, now: Timestamp) {
        let (lacks, before) = (self.machine.lacks(), std::mem::take(&mut self.lacking));
        let (states, waited) = (self.inner.board.read(), self.machine.has_waited(now));
        let is_connected = |name: &NodeName| states.get(name).is_some_and(|state| state.connected.is_some());
        for origin in before.keys().filter(|origin| !lacks.contains_key(*origin)) {
            if let Some(own) = self.own(origin) {
                own.gate.waits(origin, Lost::Entries, None);
                if matches!(own.gate.standing(origin), Some(Standing::Behind { .. })) {
                    own.gate.settle(origin, Standing::Unknown);
                }
            }
        }
        for (origin, Lack { held, signed, told, holders }) in lacks {
            let Some(own) = self.own(&origin) else { continue };
            let trouble = before.get(&origin).cloned().flatten();
            let missing = signed.saturating_sub(held);
            let coming =
                self.refills.contains_key(&origin) || !waited || holders.iter().any(|(name, _)| is_connected(name));
            let holders = holders.into_iter().map(|(name, held)| (name, Some(held))).collect();
            let wait = Wait { since: now, missing, holders, trouble: trouble.clone(), coming };
            own.gate.waits(&origin, Lost::Entries, Some(wait));
            let behind = Standing::Behind { held, signed, told };
            if own.gate.standing(&origin).as_ref() != Some(&behind) {
                own.gate.settle(&origin, behind);
            }
            self.lacking.insert(origin, trouble);
        }
        for (origin, Closing { size, signed, .. }) in &self.closed {
            let Some(own) = self.own(origin) else { continue };
            let holders = self.machine.holders(origin, *size).into_iter().map(|(name, held)| (name, Some(held)));
            let (missing, holders) = (signed.saturating_sub(*size), holders.collect());
            let wait = Wait { since: now, missing, holders, trouble: None, coming: false };
            own.gate.waits(origin, Lost::Entries, Some(wait));
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            // Whoever is connected is asked with each greeting; see `heads::look`.
            Action::AskHeads(name) => {
                self.asked.insert(name);
            }
            Action::ReadRoot { origin, size } => {
                let Some(own) = self.own(&origin) else { return };
                let (store, log) = (Arc::clone(&own.store), origin.clone());
                self.blocking(
                    move || durable_root(store.as_ref(), &log, size),
                    move |root| Done::Root { origin, size, root },
                );
            }
            Action::Refill { origin, from, note } => self.refill(origin, from, note),
            Action::Shut { origin, signed } => self.shut(origin, signed),
            Action::Settled(origin, settled) => self.settled(&origin, settled),
        }
    }

    /// A partner that was not heard before has a head that no process of this folder has signed.
    fn shut(&mut self, origin: Origin, signed: u64) {
        let Some(own) = self.own(&origin) else { return };
        let held = own.store.durable_size(&origin);
        tracing::error!(%origin, held, signed, reason = "OWN_HISTORY_MISSING", "a partner has a later head of the log with this node's signature: the data folder is an old copy, and nothing more is signed for the log until what is missing is back; if something was issued since the start it cannot come back, and a person has to look");
        let (gate, store, log) = (Arc::clone(&own.gate), Arc::clone(&own.store), origin.clone());
        self.blocking(
            move || {
                gate.wait();
                Ok(store.durable_size(&log))
            },
            move |durable| Done::Shut { origin, durable },
        );
    }

    fn refill(&mut self, origin: Origin, from: NodeName, note: String) {
        tracing::warn!(%origin, partner = %from, reason = "OWN_HISTORY_MISSING", "entries that this node signed are missing here; the partner holds them and is asked for them");
        let (end, ended) = watch::channel(false);
        self.refills.insert(origin.clone(), end);
        let (inner, began_ms) = (Arc::clone(self.inner), self.began_ms);
        self.tasks.spawn(async move {
            match refill(&inner, &origin, &from, &note, began_ms, ended).await {
                Ok(Brought::All) => Done::Refilled { origin, trouble: None },
                Ok(Brought::AnotherHistory) => Done::Beside { origin, note },
                Err(why) => {
                    tracing::warn!(%origin, partner = %from, "what is missing did not come: {why}");
                    Done::Refilled { origin, trouble: Some(format!("{from}: {why}")) }
                }
            }
        });
    }

    fn settled(&mut self, origin: &Origin, settled: Settled) {
        let Some(own) = self.own(origin) else { return };
        let signed = |note: &str| self.inner.lists.current().signed_head(origin, note).map_or(0, |head| head.size);
        match settled {
            Settled::GoOn { refilled } => {
                own.gate.settle(origin, Standing::Settled);
                let size = own.store.durable_size(origin);
                let unheard = some_of(self.machine.silent());
                let by_word = self.by_word.as_ref() == Some(origin) && !unheard.is_empty();
                if by_word {
                    tracing::warn!(%origin, size, unheard, "the log is signed on by the operator's word that nothing of it is missing here: these were not heard");
                } else if refilled {
                    tracing::warn!(%origin, size, "what was missing came back: the log is signed on");
                    // Who was refused while less was here than he holds would ask again only after a while.
                    self.inner.tell_addressee(origin);
                } else {
                    tracing::info!(%origin, size, "partners know of nothing that is missing here");
                }
                self.renumber(origin);
            }
            Settled::Close { size, note, .. } => {
                let closing = Closing { size, signed: signed(&note), note };
                let lost = closing.signed.saturating_sub(size);
                tracing::error!(%origin, size, lost, reason = "OWN_HISTORY_LOST", "entries that a head was signed over are not here, and the operator gave them up: the log is closed, and its successor takes what comes");
                let at_ms = unix_ms(self.inner.clock.now());
                let batch = Batch {
                    at_ms,
                    state: vec![closing.put(origin), Closing::put_at(at_ms, origin)],
                    ..Batch::default()
                };
                let (store, origin) = (Arc::clone(&own.store), origin.clone());
                self.blocking(
                    move || {
                        if store.poisoned().is_some() {
                            store.reload()?;
                        }
                        store.commit(batch.clone())
                    },
                    move |_| Done::Closed(origin, closing),
                );
            }
            Settled::Forked { note } => {
                let size = signed(&note);
                tracing::error!(%origin, size, reason = "OWN_HISTORY_FORKED", "what is on disk is not, or not known to be, what the head was signed over: nothing is signed for the log. Where partners go on with what is here since a fork of the log was lifted, lift it here too (`origin partner lift`); else the trust list ends the log and its successor takes what comes");
                own.gate.settle(origin, Standing::Forked { size });
            }
        }
    }

    /// Brings back the numbers of certificates that came back, and what else is disclosed of what did, also those that an
    /// earlier process had not all back.
    fn renumber(&mut self, origin: &Origin) {
        let Some(own) = self.own(origin) else { return };
        let store = own.store.as_ref();
        let read = Recalled::read(store, origin).and_then(|recalled| Ok((recalled, Bare::read(store, origin)?)));
        let unknown = match read {
            Ok((recalled, bare)) => bare.is_some() || recalled.is_some_and(|recalled| recalled.numbers_unknown),
            Err(error) => {
                tracing::error!(%origin, %error, "what is kept of a loss cannot be read");
                false
            }
        };
        if unknown {
            let (inner, origin) = (Arc::clone(self.inner), origin.clone());
            self.tasks.spawn(async move {
                renumber(&inner, &origin).await;
                Done::Renumbered
            });
        }
    }

    /// Has a store do something, again and again until it does or the node stops.
    fn blocking<T: Send + 'static>(
        &mut self,
        work: impl Fn() -> Result<T, StoreError> + Send + Sync + 'static,
        done: impl FnOnce(T) -> Done + Send + 'static,
    ) {
        let (work, mut stop) = (Arc::new(work), self.inner.stopping());
        self.tasks.spawn(async move {
            loop {
                let once = Arc::clone(&work);
                match tokio::task::spawn_blocking(move || once()).await {
                    Ok(Ok(found)) => return done(found),
                    Ok(Err(error)) => tracing::error!(%error, "own history cannot be read or kept"),
                    Err(error) => tracing::error!(%error, "own history: a store failed inside"),
                }
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => {}
                    _ = stop.wait_for(|stop| *stop) => return Done::Renumbered,
                }
            }
        });
    }

    /// Ends what is under way, and waits: nothing is written when this returns.
    async fn end(mut self) {
        for end in self.refills.values() {
            end.send_replace(true);
        }
        while self.tasks.join_next().await.is_some() {}
    }
}
