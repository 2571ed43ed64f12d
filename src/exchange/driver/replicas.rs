//! The logs that this node replicates: a task, a machine and a store of its own for each.

use super::convert;
use super::fetching::fetch;
use super::link::Link;
use super::quota::{Quota, Today};
use super::start::Inner;
use super::status::broken;
use super::wire;
use crate::exchange::heads::Event::Suspected;
use crate::exchange::replica::{Action, Checked, Event, Held, Replica, Setup, Suspicion, Unchecked, check};
use crate::exchange::{ExchangeError, hosts_issuer, replicates};
use crate::log::{Checkpoint, Origin, SignedCheckpoint, TreeHead};
use crate::reason::Reasoned as _;
use crate::statement::{Addressee, Issuer};
use crate::store::{JournalOptions, JournalStore, Store, StoreError};
use crate::trust::NodeName;
use crate::verification::Equivocation;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

/// Messages to the log's node that the transport may not have taken yet.
const ROOM: usize = 64;
const TICK: Duration = Duration::from_secs(1);
/// A store that could not be opened is tried again after.
const AGAIN: Duration = Duration::from_mins(1);
/// Entries that one thread checks: 64 signatures take about 3 ms.
const PART: usize = 64;

/// Every log replicated here.
pub(super) struct Replicas {
    running: Mutex<BTreeMap<Origin, Option<Arc<dyn Store>>>>,
    quotas: Mutex<HashMap<NodeName, Arc<Quota>>>,
    tasks: Mutex<JoinSet<()>>,
    opened: watch::Sender<u64>,
    /// As many checks run at once as there are cores: more threads check no faster, and each keeps memory of its own.
    checks: Arc<Semaphore>,
}

impl Default for Replicas {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            running: Mutex::default(),
            quotas: Mutex::default(),
            tasks: Mutex::default(),
            opened: watch::Sender::default(),
            checks: Arc::new(Semaphore::new(cores)),
        }
    }
}

impl Replicas {
    fn running(&self) -> MutexGuard<'_, BTreeMap<Origin, Option<Arc<dyn Store>>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a replicated log is kept.
    pub(super) fn store(&self, origin: &Origin) -> Option<Arc<dyn Store>> {
        self.running().get(origin).cloned().flatten()
    }

    /// All that are open.
    pub(super) fn all(&self) -> Vec<(Origin, Arc<dyn Store>)> {
        let running = self.running();
        running.iter().filter_map(|(origin, store)| Some((origin.clone(), store.clone()?))).collect()
    }

    /// Changes whenever another is open.
    pub(super) fn opened(&self) -> watch::Receiver<u64> {
        self.opened.subscribe()
    }

    /// Who checks entries waits for room first.
    pub(super) fn room_to_check(&self) -> Arc<Semaphore> {
        Arc::clone(&self.checks)
    }

    /// What the logs of a partner take.
    pub(super) fn quota(&self, inner: &Inner, partner: &NodeName) -> Arc<Quota> {
        let mut quotas = self.quotas.lock().unwrap_or_else(PoisonError::into_inner);
        let quota = quotas.entry(partner.clone()).or_insert_with(|| Arc::new(Quota::new(inner.quota)));
        Arc::clone(quota)
    }

    /// Begins to replicate a log of a partner, if nobody does yet. `cosigned` is the newest note with this node's own
    /// cosignature that the partner knows.
    pub(super) fn ensure(&self, inner: &Arc<Inner>, partner: &NodeName, origin: &Origin, cosigned: Option<String>) {
        let mut running = self.running();
        if running.contains_key(origin) {
            return;
        }
        running.insert(origin.clone(), None);
        drop(running);
        let floor = cosigned.and_then(|note| Floor::read(inner, origin, note));
        let task = replicate(Arc::clone(inner), partner.clone(), origin.clone(), floor);
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }

    /// A log is not held here any more; what was held stays on disk.
    fn close(&self, origin: &Origin) {
        self.running().remove(origin);
    }

    /// Waits until every task has ended; they have been told.
    pub(super) async fn ended(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
        self.running().clear();
    }
}

/// The folder of a log below that of its node: an origin has slashes, and no underscore. A log whose authority has
/// moved to another node stays where it is: what is held is not fetched again.
fn folder(inner: &Inner, partner: &NodeName, origin: &Origin) -> PathBuf {
    let log = origin.as_str().replace('/', "_");
    let usual = inner.data.join(partner.as_str()).join(&log);
    if usual.exists() {
        return usual;
    }
    let below = std::fs::read_dir(&inner.data).into_iter().flatten().flatten();
    below.map(|node| node.path().join(&log)).find(|kept| kept.exists()).unwrap_or(usual)
}

/// Whether the list has this node hold the log, and the partner as the one who gives it.
fn is_for_us(inner: &Inner, partner: &NodeName, origin: &Origin) -> bool {
    let list = inner.lists.current();
    replicates(&list, &inner.name, origin) && hosts_issuer(&list, partner, origin)
}

impl Inner {
    /// Lets go of a log that the list gives to another node, or that comes from another node now; whoever gives it is
    /// looked at anew.
    fn release(&self, partner: &NodeName, origin: &Origin) {
        tracing::info!(%partner, %origin, "no longer replicating: the trust list has it otherwise");
        if let Some(head) = self.replicas.store(origin).and_then(|store| store.head(origin)) {
            self.witness.held(origin, head);
        }
        self.replicas.close(origin);
        self.board.forget(partner, origin);
        let list = self.lists.current();
        if let Some(node) = list.issuer_of(origin).and_then(|issuer| list.node_of(issuer)) {
            self.nudge(&node.name).notify_one();
        }
    }
}

/// The addressee of a log as `aud` has it.
pub(super) fn addressee(origin: &Origin) -> String {
    let label = origin.addressee();
    if label == Addressee::Everyone.label() {
        return Addressee::Everyone.to_string();
    }
    match label.to_ascii_uppercase().parse() {
        Ok(country) => Addressee::Country(country).to_string(),
        Err(_) => label.parse().map_or_else(|_| label.to_owned(), |host| Issuer::new(host).to_string()),
    }
}

async fn replicate(inner: Arc<Inner>, partner: NodeName, origin: Origin, floor: Option<Floor>) {
    let mut stop = inner.stopping();
    loop {
        match open(&inner, &partner, &origin).await {
            Ok((store, held, today)) => {
                inner.replicas.running().insert(origin.clone(), Some(Arc::clone(&store)));
                inner.replicas.opened.send_modify(|count| *count = count.wrapping_add(1));
                tracing::info!(%partner, %origin, held = held.edge.size(), "replicating");
                let released = {
                    let (partner, origin) = (partner.clone(), origin.clone());
                    let fetching = fetch(Arc::clone(&inner), partner.clone(), origin.clone(), Arc::clone(&store));
                    let replicating = Carrier::new(&inner, partner, origin, store, (held, today, floor));
                    let (mut fetching, mut replicating) =
                        (std::pin::pin!(fetching), std::pin::pin!(replicating.run(&mut stop)));
                    let ended = tokio::select! {
                        ended = &mut replicating => {
                            if matches!(ended, Ended::Stopping) {
                                fetching.await;
                            }
                            ended
                        }
                        () = &mut fetching => replicating.await,
                    };
                    matches!(ended, Ended::Released)
                };
                if released {
                    inner.release(&partner, &origin);
                }
                return;
            }
            Err(why) => {
                tracing::error!(%partner, %origin, "the partner's log cannot be opened here: {why}");
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => {}
                    _ = stop.wait_for(|stop| *stop) => return,
                }
            }
        }
    }
}

async fn open(
    inner: &Arc<Inner>,
    partner: &NodeName,
    origin: &Origin,
) -> Result<(Arc<dyn Store>, Held, Today), String> {
    let (at, origin) = (folder(inner, partner, origin), origin.clone());
    let (random, quota) = (Arc::clone(&inner.random), inner.replicas.quota(inner, partner));
    let opened = tokio::task::spawn_blocking(move || {
        // Twice what is kept free for the node's own issuance: a partner's log stops before an authority's does.
        let usual = JournalOptions::default();
        let options = JournalOptions { reserve_bytes: usual.reserve_bytes.saturating_mul(2), ..usual };
        let store: Arc<dyn Store> = Arc::new(JournalStore::open(&at, options, random).map_err(|e| e.to_string())?);
        let held = Held::load(store.as_ref(), &origin).map_err(|error| error.to_string())?;
        let today = Today::read(store.as_ref()).map_err(|error| error.to_string())?;
        quota.found(&at, today);
        Ok((store, held, today))
    });
    opened.await.map_err(|error| error.to_string())?
}

/// A stream to the log's node.
pub(super) struct Up {
    pub(super) out: mpsc::Sender<wire::SyncRequest>,
    pub(super) incoming: Streaming<wire::SyncResponse>,
}

/// Why a carrier ended.
enum Ended {
    /// The node stops.
    Stopping,
    /// The list has another node hold the log, or another give it.
    Released,
}

/// What the carrier heard.
enum Heard {
    Event(Event),
    Dialled(Result<Up, String>),
    /// Whether the history here is that of the head that was cosigned last, and the head to be cosigned.
    Compared(bool, Checkpoint),
}

/// Carries one machine: does what it wants done, and tells it what came of it.
struct Carrier {
    inner: Arc<Inner>,
    partner: NodeName,
    origin: Origin,
    store: Arc<dyn Store>,
    machine: Replica,
    quota: Arc<Quota>,
    today: Today,
    up: Option<Up>,
    done: mpsc::UnboundedSender<Heard>,
    results: mpsc::UnboundedReceiver<Heard>,
    alarm: Option<ExchangeError>,
    /// Whether the list had this node hold the log when it began; a log of its own it only gets back.
    for_us: bool,
    /// What this node cosigned last of the log, as the log's node tells, until the history here is found to be of it.
    floor: Option<Floor>,
}

/// A head that this node cosigned, perhaps before it lost its memory.
#[derive(Clone)]
pub(super) struct Floor {
    head: TreeHead,
    note: String,
}

impl Floor {
    /// Reads a note that carries this node's own cosignature; anything else says nothing.
    fn read(inner: &Inner, origin: &Origin, note: String) -> Option<Self> {
        let list = inner.lists.current();
        let signed = SignedCheckpoint::open(&note, &list.log_key(origin)?).ok()?;
        let own = signed.cosignatures(list.node(&inner.name)?.replica_keys()).ok()?;
        let (checkpoint, mine) = (signed.checkpoint(), !own.is_empty());
        (mine && checkpoint.origin == *origin).then_some(Self { head: checkpoint.head, note })
    }
}

impl Carrier {
    fn new(
        inner: &Arc<Inner>,
        partner: NodeName,
        origin: Origin,
        store: Arc<dyn Store>,
        (held, today, floor): (Held, Today, Option<Floor>),
    ) -> Self {
        let trust = inner.lists.current();
        let cosigns = !hosts_issuer(&trust, &inner.name, &origin);
        let setup = Setup { origin: origin.clone(), addressee: addressee(&origin), trust, cosigns };
        let (done, results) = mpsc::unbounded_channel();
        Self {
            inner: Arc::clone(inner),
            quota: inner.replicas.quota(inner, &partner),
            for_us: is_for_us(inner, &partner, &origin),
            partner,
            origin,
            store,
            machine: Replica::new(setup, held),
            today,
            up: None,
            done,
            results,
            alarm: None,
            floor,
        }
    }

    async fn run(mut self, stop: &mut watch::Receiver<bool>) -> Ended {
        let mut changes = self.inner.lists.changes();
        let mut links = self.inner.link_of(&self.partner);
        let mut tick = tokio::time::interval(TICK);
        let mut frozen = self.inner.equivocated();
        let proven = |frozen: &watch::Receiver<BTreeMap<Origin, Equivocation>>, origin: &Origin| {
            frozen.borrow().get(origin).map(|proven| Event::Equivocated(proven.size()))
        };
        let mut events = VecDeque::from_iter(proven(&frozen, &self.origin));
        events.push_back(Event::Tick);
        loop {
            while let Some(event) = events.pop_front() {
                let actions = self.machine.step(self.inner.clock.now(), event);
                for action in actions {
                    events.extend(self.act(action));
                }
                self.show();
            }
            let connected = self.up.is_some() || links.borrow().is_some();
            let incoming = async {
                match &mut self.up {
                    Some(up) => up.incoming.message().await,
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
                    Heard::Compared(good, checkpoint) => events.push_back(self.compared(good, &checkpoint)),
                },
                Ok(()) = changes.changed() => {
                    if self.for_us && !is_for_us(&self.inner, &self.partner, &self.origin) {
                        return Ended::Released;
                    }
                    events.push_back(Event::Trust(self.inner.lists.current()));
                }
                Ok(()) = frozen.changed() => events.extend(proven(&frozen, &self.origin)),
                // Without a connection there is nobody to dial, and nobody to find silent.
                Ok(()) = links.changed() => {
                    // A partner that is taken off the list, or is known otherwise now, is dialled anew.
                    let gone = links.borrow_and_update().is_none();
                    let cut = gone && self.up.take().is_some();
                    events.push_back(if cut { Event::Disconnected } else { Event::Tick });
                }
                _ = tick.tick(), if connected => events.push_back(Event::Tick),
                _ = stop.wait_for(|stop| *stop) => return Ended::Stopping,
            }
        }
    }

    /// What came over the stream, or that it ended.
    fn heard(&mut self, message: Result<Option<wire::SyncResponse>, tonic::Status>) -> Event {
        let taken = match message {
            Ok(Some(message)) => convert::from_supplier(message).map_err(|error| error.to_string()),
            Ok(None) => Err("the log's node ended the stream".to_owned()),
            Err(status) => {
                if let Some(broken) = broken(&status) {
                    self.alarmed(broken);
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
                self.up = None;
            }
            Action::Send(message) => {
                let message = convert::replica_to_wire(message);
                if self.up.as_ref().is_some_and(|up| up.out.try_send(message).is_err()) {
                    self.up = None;
                    return Some(Event::Disconnected);
                }
            }
            Action::Check(work) => self.check(work),
            Action::Commit(mut batch) => {
                let now = self.inner.clock.now();
                if let Err(why) = self.quota.take(&batch, now) {
                    return Some(Event::StoreFailed(why));
                }
                self.today.count(&mut batch, now);
                self.blocking(move |store| store.commit(batch).map(|_| Event::Committed));
            }
            Action::Advance { extension, note } => self.blocking(move |store| {
                store.advance(vec![*extension], &|_| Ok(note.clone())).map(|()| Event::Advanced)
            }),
            Action::Cosign(checkpoint) => return self.may_cosign(checkpoint),
            Action::Reload => {
                let origin = self.origin.clone();
                self.blocking(move |store| {
                    store.reload()?;
                    Held::load(store, &origin).map(|held| Event::Reloaded(Box::new(held)))
                });
            }
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

    /// The same trouble again is no second line, until a head was reached in between.
    fn alarmed(&mut self, why: ExchangeError) {
        if !self.alarm.as_ref().is_some_and(|last| alike(last, &why)) {
            tracing::warn!(partner = %self.partner, origin = %self.origin, reason = why.reason(), "{why}");
            self.alarm = Some(why);
        }
    }

    fn dial(&self) {
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

    /// A node that lost its memory cosigns nothing that goes behind, or beside, what it cosigned before.
    fn may_cosign(&self, checkpoint: Checkpoint) -> Option<Event> {
        let Some(floor) = self.floor.clone() else { return Some(self.cosign(&checkpoint)) };
        if checkpoint.head.size < floor.head.size {
            return Some(Event::Cosigned { size: checkpoint.head.size, line: None });
        }
        let (store, done) = (Arc::clone(&self.store), self.done.clone());
        tokio::task::spawn_blocking(move || {
            let root = crate::log::root(floor.head.size, &store.hashes(&checkpoint.origin));
            let _ = done.send(Heard::Compared(root.is_ok_and(|root| root == floor.head.root), checkpoint));
        });
        None
    }

    fn compared(&mut self, good: bool, checkpoint: &Checkpoint) -> Event {
        if good {
            self.floor = None;
            return self.cosign(checkpoint);
        }
        let shown = self.store.head(&self.origin).map(|head| head.note);
        if let (Some(floor), Some(second)) = (&self.floor, shown) {
            tracing::error!(partner = %self.partner, origin = %self.origin, "the log is not the one that this node cosigned before; it is not cosigned");
            let (origin, first) = (self.origin.clone(), floor.note.clone());
            self.inner.compare(Suspected(Suspicion { origin, first, second }));
        }
        Event::Cosigned { size: checkpoint.head.size, line: None }
    }

    fn cosign(&self, checkpoint: &Checkpoint) -> Event {
        let now = self.inner.clock.now();
        let time = u64::try_from(now.as_second()).unwrap_or(0);
        match self.inner.replica.cosign(checkpoint, time) {
            Ok(line) => {
                let size = checkpoint.head.size;
                self.inner.board.passage(&self.partner, &self.origin, |passage| passage.cosigned = Some((size, time)));
                Event::Cosigned { size, line: Some(line.to_string()) }
            }
            Err(error) => {
                tracing::error!(origin = %self.origin, %error, "a head could not be cosigned");
                Event::Cosigned { size: checkpoint.head.size, line: None }
            }
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

    /// Shows the operator how far it is.
    fn show(&self) {
        let held = self.machine.held();
        let (size, published) = (self.machine.heard_size(), held.tree_head().size);
        let findings = u64::try_from(held.findings.len()).unwrap_or(u64::MAX);
        let now = self.inner.clock.now();
        self.inner.board.passage(&self.partner, &self.origin, |passage| {
            passage.inward = true;
            passage.grows(size, now);
            passage.holds(published);
            passage.findings = findings;
        });
    }
}

/// Whether two troubles differ in figures alone: the bytes that are free are others with each try.
fn alike(one: &ExchangeError, other: &ExchangeError) -> bool {
    let (one, other) = (one.to_string(), other.to_string());
    let words = |c: &char| !c.is_ascii_digit();
    one.chars().filter(words).eq(other.chars().filter(words))
}

/// Opens a stream.
pub(super) async fn stream(link: Option<Link>) -> Result<Up, String> {
    let link = link.ok_or("the partner is not connected")?;
    let (out, requests) = mpsc::channel(ROOM);
    let incoming = link.calls().sync(ReceiverStream::new(requests)).await.map_err(|s| link.why(&s).to_string())?;
    Ok(Up { out, incoming: incoming.into_inner() })
}

/// Checks entries on as many threads as there are, and puts the parts together again.
pub(super) async fn checked(store: Arc<dyn Store>, work: Unchecked, room: &Arc<Semaphore>) -> Result<Checked, String> {
    let mut whole = Checked {
        ticket: work.ticket,
        entries: Vec::with_capacity(work.entries.len()),
        targets: BTreeMap::new(),
        trust_version: work.trust.version(),
    };
    let mut checks = Vec::new();
    for part in parts(work) {
        let permit = Arc::clone(room).acquire_owned().await.map_err(|error| error.to_string())?;
        let store = Arc::clone(&store);
        checks.push(tokio::task::spawn_blocking(move || {
            let checked = check(store.as_ref(), &part);
            drop(permit);
            checked
        }));
    }
    for running in checks {
        let part = running.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        whole.entries.extend(part.entries);
        whole.targets.extend(part.targets);
    }
    Ok(whole)
}

/// The work in parts that threads do side by side.
fn parts(work: Unchecked) -> Vec<Unchecked> {
    let Unchecked { ticket, origin, start, entries, trust } = work;
    let starts = (start..).step_by(PART);
    let chunks = entries.chunks(PART).zip(starts);
    chunks
        .map(|(chunk, start)| Unchecked {
            ticket,
            origin: origin.clone(),
            start,
            entries: chunk.to_vec(),
            trust: Arc::clone(&trust),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_kept_under_its_addressee() {
        let of = |text: &str| addressee(&text.parse().unwrap());
        assert_eq!(of("tdap.gov.pk/log/2026/customs.gov.cn"), "https://customs.gov.cn");
        assert_eq!(of("kra.go.ke/log/2026/zm"), "urn:iso:std:iso:3166:-1:ZM");
        assert_eq!(of("kra.go.ke/log/2026/all"), Addressee::Everyone.to_string());
    }
}
