//! Carries the machine of one replicated log: does what it wants done, and tells it what came of it.

use super::forked::Forked;
use super::{Up, addressee, elsewhere, is_for_us, stream};
use crate::exchange::cosigned::{Cosigned, Kept};
use crate::exchange::driver::board::Concern;
use crate::exchange::driver::checking::checked;
use crate::exchange::driver::quota::Quota;
use crate::exchange::driver::start::Inner;
use crate::exchange::driver::status::broken;
use crate::exchange::driver::{convert, stopped, wire};
use crate::exchange::heads::{Event::Suspected, Left};
use crate::exchange::replica::{Action, Elsewhere, Event, Finding, Held, Rejudged, Replica, Setup, Unchecked, rejudge};
use crate::exchange::{Alarm, ExchangeError, hosts_issuer};
use crate::log::{Checkpoint, Origin};
use crate::reason::{Reasoned as _, some_of};
use crate::store::{Batch, Store, StoreError};
use crate::time::{Timestamp, unix_ms};
use crate::trust::NodeName;
use crate::verification::Equivocation;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_stream::StreamExt as _;

const TICK: Duration = Duration::from_secs(1);
/// When nothing is cosigned for so long after the start, the operator is told why.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long who brought a log waits until partners have told what this node cosigned: longer than a start waits for them.
const TOLD: Duration = Duration::from_secs(8);

/// What is proven of logs, and what a person has lifted of them.
type Proofs = watch::Receiver<BTreeMap<Origin, Equivocation>>;
type Lifts = watch::Receiver<BTreeMap<Origin, Left>>;

/// Why a carrier ended.
pub(super) enum Ended {
    /// The node stops.
    Stopping,
    /// The list has another node hold the log, or another give it.
    Released,
}

/// What the carrier heard.
enum Heard {
    Event(Event),
    Dialled(Result<Up, String>),
}

/// Carries one machine: does what it wants done, and tells it what came of it.
pub(super) struct Carrier {
    inner: Arc<Inner>,
    partner: NodeName,
    origin: Origin,
    store: Arc<dyn Store>,
    machine: Replica,
    /// Where closed logs are that this one may speak for.
    beside: Elsewhere,
    quota: Arc<Quota>,
    up: Option<Up>,
    /// Streams by another way than the connection, and the one that is taken at the next dial.
    streams: mpsc::Receiver<Up>,
    brought: Option<Up>,
    /// Since when what was brought is held and only not cosigned.
    held_since: Option<tokio::time::Instant>,
    done: mpsc::UnboundedSender<Heard>,
    results: mpsc::UnboundedReceiver<Heard>,
    /// What was told last, and what stands on the board.
    told: Option<ExchangeError>,
    alarm: Option<Alarm>,
    awaits_closed: Vec<Origin>,
    /// What the machine heard of forks.
    forked: Forked,
    /// What was cosigned last, and is not kept yet.
    cosigned: Option<Kept>,
    /// Whether the list had this node hold the log when it began; a log of its own it only gets back.
    for_us: bool,
}

impl Carrier {
    pub(super) fn new(
        inner: &Arc<Inner>,
        partner: NodeName,
        origin: Origin,
        store: Arc<dyn Store>,
        held: Held,
        streams: mpsc::Receiver<Up>,
    ) -> Self {
        let trust = inner.lists.current();
        let cosigns = !hosts_issuer(&trust, &inner.name, &origin);
        let beside = elsewhere(inner);
        let (log, addressee) = (origin.clone(), addressee(&origin));
        let setup = Setup { origin: log, addressee, trust, cosigns, elsewhere: beside.clone() };
        let (done, results) = mpsc::unbounded_channel();
        Self {
            inner: Arc::clone(inner),
            quota: inner.replicas.quota(inner, &partner),
            for_us: is_for_us(inner, &partner, &origin),
            partner,
            origin,
            store,
            machine: Replica::new(setup, held),
            beside,
            up: None,
            streams,
            brought: None,
            held_since: None,
            done,
            results,
            told: None,
            alarm: None,
            awaits_closed: Vec::new(),
            forked: Forked::default(),
            cosigned: None,
        }
    }

    pub(super) async fn run(mut self, stop: &mut watch::Receiver<bool>) -> Ended {
        let mut changes = self.inner.lists.changes();
        let mut links = self.inner.link_of(&self.partner);
        let mut told = self.inner.memory.subscribe();
        let mut tick = tokio::time::interval(TICK);
        // While nobody is there it stands still, which may be for days.
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut frozen = self.inner.equivocated();
        let mut lifts = self.inner.lifted();
        let (mut lost, its) = (self.inner.replicas.lost(), (self.partner.clone(), self.origin.clone()));
        let (mut recalls, mut said, mut since) = (true, false, tokio::time::Instant::now());
        let mut events = VecDeque::from_iter(self.lifted(&lifts, &frozen));
        // With nobody to dial it is only looked whether what was found holds by the list in force.
        let is_there = links.borrow().is_some();
        events.push_back(if is_there { Event::Tick } else { Event::Trust(self.inner.lists.current()) });
        loop {
            while let Some(event) = events.pop_front() {
                let actions = self.machine.step(self.inner.clock.now(), event);
                for action in actions {
                    events.extend(self.act(action));
                }
                self.show();
            }
            if recalls && !self.machine.recalls() {
                recalls = false;
                self.inner.memory.send_if_modified(|memory| {
                    memory.passed(&self.origin);
                    false
                });
            }
            if self.is_through(links.borrow().is_some()) {
                self.up = None;
                events.push_back(Event::Disconnected);
                continue;
            }
            let connected = self.up.is_some() || self.brought.is_some() || links.borrow().is_some();
            if recalls && !said && connected && since.elapsed() > PATIENCE {
                said = true;
                self.say_who_is_awaited();
                // The log's own node is told with the greeting.
                self.inner.nudge(&self.partner).notify_one();
            }
            let incoming = async {
                match &mut self.up {
                    Some(up) => up.incoming.next().await.transpose(),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = incoming => events.push_back(self.heard(message)),
                Some(heard) = self.results.recv() => match heard {
                    Heard::Event(event) => events.push_back(event),
                    Heard::Dialled(Ok(up)) => {
                        self.up = Some(up);
                        events.push_back(Event::Connected);
                    }
                    Heard::Dialled(Err(why)) => {
                        tracing::debug!(partner = %self.partner, origin = %self.origin, why, "no stream");
                        events.push_back(Event::Disconnected);
                    }
                },
                Some(up) = self.streams.recv() => {
                    self.brought = Some(up);
                    events.extend(self.up.take().map(|_| Event::Disconnected));
                    events.push_back(Event::Offered);
                }
                Ok(()) = changes.changed() => {
                    if self.for_us && !is_for_us(&self.inner, &self.partner, &self.origin) {
                        return Ended::Released;
                    }
                    events.push_back(Event::Trust(self.inner.lists.current()));
                }
                Ok(()) = told.changed(), if connected && self.machine.recalls() => events.push_back(Event::Tick),
                Ok(()) = lifts.changed() => events.extend(self.lifted(&lifts, &frozen)),
                Ok(()) = frozen.changed() => events.extend(self.forked.proven(proven(&frozen, &self.origin))),
                Ok(()) = lost.changed() => {
                    events.extend(lost.borrow_and_update().get(&its).copied().map(Event::Lost));
                }
                // Without a connection there is nobody to dial, and nobody to find silent.
                Ok(()) = links.changed() => {
                    // A partner that is taken off the list, or is known otherwise now, is dialled anew.
                    if links.borrow_and_update().is_some() {
                        since = tokio::time::Instant::now();
                        events.push_back(Event::Offered);
                    } else {
                        events.extend(self.up.take().map(|_| Event::Disconnected));
                    }
                }
                _ = tick.tick(), if connected => {
                    let trust = self.inner.lists.current();
                    let came = self.machine.held().siblings.came(&trust, &self.origin, &self.beside);
                    events.extend(came.then_some(Event::Beside));
                    events.push_back(Event::Tick);
                }
                () = stopped(stop) => {
                    self.keep_cosignature().await;
                    return Ended::Stopping;
                }
            }
        }
    }

    /// What a person has lifted of the log, where that is news.
    fn lifted(&mut self, lifts: &Lifts, frozen: &Proofs) -> Option<Event> {
        let proven = proven(frozen, &self.origin);
        self.forked.lifted(lifts.borrow().get(&self.origin), proven)
    }

    /// Whether a stream that somebody brought has nothing more to give: what it announced is held, and those who have to
    /// tell first what this node cosigned do not.
    fn is_through(&mut self, is_there: bool) -> bool {
        if self.up.as_ref().is_none_or(|up| up.ended.is_none()) || !self.machine.holds_all_uncosigned() {
            self.held_since = None;
            return false;
        }
        let since = *self.held_since.get_or_insert_with(tokio::time::Instant::now);
        let silent = !is_there && self.inner.memory.borrow().awaits_issuer(&self.origin);
        silent || since.elapsed() > TOLD
    }

    /// Nothing is cosigned because of somebody: the operator is told of whom.
    fn say_who_is_awaited(&self) {
        let memory = self.inner.memory.borrow();
        if self.machine.awaits_partners() {
            let silent = memory.silent().map(NodeName::as_str).collect::<Vec<_>>().join(", ");
            tracing::warn!(origin = %self.origin, silent, "nothing of the log is cosigned yet: this node may have forgotten what it cosigned, and those who may know have not told; whoever never comes back has to be taken off the trust list");
        } else {
            tracing::info!(origin = %self.origin, "nothing of the log is cosigned before what is held here is found to be of every head that this node may have cosigned");
        }
    }

    /// What came over the stream, or that it ended.
    fn heard(&mut self, message: Result<Option<wire::SyncResponse>, tonic::Status>) -> Event {
        let taken = match message {
            Ok(Some(message)) => convert::from_supplier(message).map_err(|error| error.to_string()),
            Ok(None) => Err("the log's node ended the stream".to_owned()),
            Err(status) => {
                if let Some(why) = broken(&status) {
                    return Event::Broken(why);
                }
                Err(status.message().to_owned())
            }
        };
        match taken {
            Ok(message) => Event::Received(message),
            Err(why) => {
                tracing::debug!(partner = %self.partner, origin = %self.origin, why, "the stream ended");
                self.up = None;
                Event::Disconnected
            }
        }
    }

    /// Does what is to be done; what comes of it at once is an event.
    fn act(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Dial => self.dial(),
            Action::HangUp(why) => {
                tracing::debug!(partner = %self.partner, origin = %self.origin, %why, "hanging up");
                if let Some(ended) = self.up.take().and_then(|up| up.ended) {
                    // Who brought the stream may be gone.
                    let _ = ended.send(why);
                }
            }
            Action::Send(message) => {
                let message = convert::replica_to_wire(message);
                if self.up.as_ref().is_some_and(|up| up.out.try_send(message).is_err()) {
                    self.up = None;
                    return Some(Event::Disconnected);
                }
            }
            Action::Check(work) => self.check(work),
            Action::Commit(batch) => {
                let taken = match self.quota.take(&batch, self.inner.clock.now()) {
                    Ok(taken) => taken,
                    Err(why) => return Some(Event::StoreFailed(why)),
                };
                let quota = Arc::clone(&self.quota);
                self.blocking(move |store| quota.commit(store, batch, taken).map(|()| Event::Committed));
            }
            Action::Advance { extension, note } => self.blocking(move |store| {
                store.advance(vec![*extension], &|_| Ok(note.clone())).map(|()| Event::Advanced)
            }),
            Action::Cosign(checkpoint) => return Some(self.cosign(&checkpoint)),
            Action::Reload => {
                let (origin, beside, trust) = (self.origin.clone(), self.beside.clone(), self.inner.lists.current());
                self.blocking(move |store| {
                    store.reload()?;
                    let held = Held::load(store, &origin)?.beside(store, &origin, &trust, &beside)?;
                    Ok(Event::Reloaded(Box::new(held)))
                });
            }
            Action::JudgeAgain(setup) => {
                self.up = None;
                let (partner, now) = (self.partner.clone(), self.inner.clock.now());
                self.blocking(move |store| judge_again(store, &setup, &partner, now));
            }
            Action::Recall => {
                let recalled = self.inner.memory.borrow().recalled(&self.origin, self.inner.clock.now());
                return recalled.map(Event::Recalled);
            }
            Action::ReadRoot(size) => self.read_root(size),
            Action::Found(findings) => {
                for finding in findings {
                    let (index, sentence) = (finding.index, finding.sentence);
                    tracing::warn!(partner = %self.partner, origin = %self.origin, index, reason = finding.reason, "an entry failed its check: {sentence}");
                }
            }
            Action::Alarm(why) => self.alarmed(why),
            Action::Suspect(suspicion) => {
                tracing::warn!(partner = %self.partner, origin = %self.origin, "two heads of the log do not go together");
                self.inner.compare(Suspected(suspicion));
            }
        }
        None
    }

    /// The same trouble again is no second line, until all was well in between.
    fn alarmed(&mut self, why: ExchangeError) {
        if !self.told.as_ref().is_some_and(|last| alike(last, &why)) {
            tracing::warn!(partner = %self.partner, origin = %self.origin, reason = why.reason(), "{why}");
            self.told = Some(why);
        }
    }

    fn dial(&mut self) {
        if let Some(up) = self.brought.take() {
            // The carrier may be gone.
            let _ = self.done.send(Heard::Dialled(Ok(up)));
            return;
        }
        let (link, done) = (self.inner.link_of(&self.partner).borrow().clone(), self.done.clone());
        tokio::spawn(async move {
            // The carrier may be gone.
            let _ = done.send(Heard::Dialled(stream(link).await));
        });
    }

    fn check(&self, work: Unchecked) {
        let (store, done, room) = (Arc::clone(&self.store), self.done.clone(), self.inner.replicas.room_to_check());
        tokio::spawn(async move {
            let event = checked(store, work, &room).await.map_or_else(Event::StoreFailed, Event::Checked);
            // The carrier may be gone.
            let _ = done.send(Heard::Event(event));
        });
    }

    fn read_root(&self, size: u64) {
        let (store, origin, done) = (Arc::clone(&self.store), self.origin.clone(), self.done.clone());
        tokio::task::spawn_blocking(move || {
            let root = crate::log::root(size, &store.hashes(&origin));
            if let Err(error) = &root {
                tracing::error!(%origin, size, %error, "the root of what is held could not be read");
            }
            // The carrier may be gone.
            let _ = done.send(Heard::Event(Event::Root(size, root.ok())));
        });
    }

    fn cosign(&mut self, checkpoint: &Checkpoint) -> Event {
        let now = self.inner.clock.now();
        let time = u64::try_from(now.as_second()).unwrap_or(0);
        match self.inner.replica.cosign(checkpoint, time) {
            Ok(line) => {
                let size = checkpoint.head.size;
                self.inner.board.passage(&self.partner, &self.origin, |passage| passage.cosigned = Some((size, time)));
                let note = self.machine.held().head.as_ref().filter(|held| held.head == checkpoint.head);
                if let Some(note) = note.map(|held| held.note.clone()) {
                    let (origin, line) = (self.origin.clone(), line.clone());
                    self.cosigned = Some(Kept { origin, size, note, line, time });
                }
                Event::Cosigned { size, line: Some(line.to_string()) }
            }
            Err(error) => {
                tracing::error!(origin = %self.origin, %error, "a head could not be cosigned");
                Event::Cosigned { size: checkpoint.head.size, line: None }
            }
        }
    }

    /// Keeps what was cosigned last, as a node that stops: until then no sync is worth it, for whoever was cosigned for
    /// shows it back.
    async fn keep_cosignature(&mut self) {
        let Some(kept) = self.cosigned.take() else { return };
        let (store, trust, now) = (Arc::clone(&self.store), self.inner.lists.current(), self.inner.clock.now());
        let keeping = tokio::task::spawn_blocking(move || {
            let loaded = Cosigned::load(store.as_ref(), &kept.origin, &trust).map_err(|error| error.to_string());
            let state = loaded?.keep(&kept, &trust).map_err(|error| error.to_string())?;
            let at_ms = unix_ms(now);
            store.commit(Batch { at_ms, state, ..Batch::default() }).map_err(|error| error.to_string())
        });
        if let Err(error) = keeping.await.map_err(|error| error.to_string()).flatten() {
            tracing::warn!(origin = %self.origin, error, "what was cosigned last could not be kept");
        }
    }

    fn blocking(&self, work: impl FnOnce(&dyn Store) -> Result<Event, StoreError> + Send + 'static) {
        let (store, done) = (Arc::clone(&self.store), self.done.clone());
        tokio::task::spawn_blocking(move || {
            let event = work(store.as_ref()).unwrap_or_else(|error| Event::StoreFailed(error.to_string()));
            // The carrier may be gone.
            let _ = done.send(Heard::Event(event));
        });
    }

    /// Shows the operator how far it is, and what is wrong.
    fn show(&mut self) {
        if self.machine.alarm() != self.alarm.as_ref() {
            self.alarm = self.machine.alarm().cloned();
            self.inner.board.concern(&self.partner, &self.origin, Concern::Stream, self.alarm.clone());
            if self.alarm.is_none() {
                self.told = None;
            }
        }
        self.show_awaited();
        let held = self.machine.held();
        let (size, published, durable) = (self.machine.heard_size(), held.tree_head().size, held.edge.size());
        let findings = u64::try_from(held.findings.len()).unwrap_or(u64::MAX);
        let (now, comes, lost) = (self.inner.clock.now(), self.up.is_some(), self.machine.lost());
        self.inner.board.passage(&self.partner, &self.origin, |passage| {
            passage.inward = true;
            passage.grows(size, now);
            passage.holds(published);
            passage.carries(durable, now);
            if !comes {
                passage.stands();
            }
            passage.lacks(now);
            (passage.findings, passage.lost) = (findings, lost);
        });
    }

    /// Shows the operator which closed logs the machine waits for, and says it where that is news.
    fn show_awaited(&mut self) {
        let closed = self.machine.awaits_closed(self.inner.clock.now());
        if closed == self.awaits_closed {
            return;
        }
        if !closed.is_empty() {
            let logs = some_of(&closed);
            tracing::info!(partner = %self.partner, origin = %self.origin, "nothing of the log is taken before these are here, which the trust list closed, or ten minutes are over: {logs}");
        }
        self.inner.board.awaits_closed(&self.partner, &self.origin, closed.clone());
        self.awaits_closed = closed;
    }
}

/// Judges findings again by another list, and tells what came of it.
fn judge_again(store: &dyn Store, setup: &Setup, partner: &NodeName, now: Timestamp) -> Result<Event, StoreError> {
    let origin = &setup.origin;
    let at_ms = unix_ms(now);
    if let Some(Rejudged { batch, cleared, found }) = rejudge(store, setup, at_ms)? {
        store.commit(batch)?;
        let version = setup.trust.version();
        for index in cleared {
            tracing::info!(%partner, %origin, index, version, "an entry that had failed its check is good by the trust list in force");
        }
        for Finding { index, reason, sentence, .. } in found {
            tracing::warn!(%partner, %origin, index, reason, version, "an entry fails its check by the trust list in force: {sentence}");
        }
    }
    let held = Held::load(store, origin)?.beside(store, origin, &setup.trust, &setup.elsewhere)?;
    Ok(Event::Reloaded(Box::new(held)))
}

/// Whether two troubles differ in figures alone: the bytes that are free are others with each try.
fn alike(one: &ExchangeError, other: &ExchangeError) -> bool {
    let (one, other) = (one.to_string(), other.to_string());
    let words = |c: &char| !c.is_ascii_digit();
    one.chars().filter(words).eq(other.chars().filter(words))
}

/// Where the two histories of the log parted, where two are proven.
fn proven(frozen: &Proofs, origin: &Origin) -> Option<u64> {
    frozen.borrow().get(origin).map(|proven| proven.size())
}
