//! What the driver is made of, and its life.

use super::board::Board;
use super::door::Door;
use super::fetching::Receipts;
use super::link::{Dialler, Link};
use super::lists::Lists;
use super::outside::{Outside, OutsideState, OutsideWitness};
use super::own::{Own, OwnAuthority};
use super::parcels::{ExportAsked, Imported, PushTarget, Spool, export, import, push};
use super::quota::{QuotaLimits, Used};
use super::replicas::Replicas;
use super::watching::{WitnessDesk, WitnessSetup};
use super::wire::replication_service_server::ReplicationServiceServer;
use super::{MAX_MESSAGE, PartnerError, canvassing, comparing, partners, recalling};
use crate::exchange::heads::{self, Lifted};
use crate::exchange::memory::{Memory, Told};
use crate::exchange::message::{AddCheckpoint, KnownHead, Witnessed};
use crate::exchange::parcel::ParcelError;
use crate::exchange::witness::OutsideLogs;
use crate::keys::{ReplicaKey, WitnessKey};
use crate::log::{LogName, Origin};
use crate::reason::Reasoned as _;
use crate::store::{Batch, JournalOptions, JournalStore, StateChange, Store, StoreError, Table};
use crate::time::{Clock, Random, Timestamp};
use crate::trust::{NodeName, PackageSeal};
use crate::verification::Equivocation;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tonic::service::Routes;

/// What this node keeps as a witness lies beside the partners' folders; no node's name begins with a point.
const WITNESS_FOLDER: &str = ".witness";
/// Packages that arrive lie there until they are taken.
const PACKAGE_FOLDER: &str = ".packages";
/// The file in the folder of partners' logs that says that nothing can have been cosigned yet: the cosigner keys were
/// made with the folder. What is restored or emptied later is without it.
const NEW: &str = ".new";
/// Kept in the node's own store once every partner has answered it.
const WHOLE: &[u8] = b"memory-whole";
/// Clocks that differ by this much, in milliseconds, are said to.
const CLOCK_MS: i64 = 5_000;

/// What the driver works with.
pub struct DriverSetup {
    /// This node's name in the trust list.
    pub name: NodeName,
    /// Where the trust list is kept.
    pub lists: Arc<dyn Lists>,
    /// Dials as this node.
    pub dialler: Dialler,
    /// The authorities hosted here.
    pub own: Vec<OwnAuthority>,
    /// Cosigns what is replicated.
    pub replica: ReplicaKey,
    /// Cosigns what is watched.
    pub witness: WitnessKey,
    /// Logs outside the trust list that are watched too.
    pub outside_logs: OutsideLogs,
    /// Witnesses outside the trust list that are shown own heads.
    pub outside_witnesses: Vec<OutsideWitness>,
    /// Partners that packages are pushed to.
    pub pushes: Vec<PushTarget>,
    /// Where partners' logs are kept.
    pub data: PathBuf,
    /// What one partner's logs may take.
    pub quota: QuotaLimits,
    /// Makes receipts of what reached this node; without, they stay owed.
    pub receipts: Option<Arc<dyn Receipts>>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// For the stores of partners' logs.
    pub random: Arc<dyn Random>,
}

/// Both ends of the partner protocol of one node.
pub struct Driver {
    inner: Arc<Inner>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// What every task and every handler sees.
pub(super) struct Inner {
    pub(super) name: NodeName,
    pub(super) lists: Arc<dyn Lists>,
    pub(super) dialler: Dialler,
    pub(super) own: Own,
    pub(super) replica: ReplicaKey,
    pub(super) witness: WitnessDesk,
    pub(super) outside: Arc<Outside>,
    /// Packages are taken one at a time.
    pub(super) importing: tokio::sync::Mutex<()>,
    /// What partners tell of logs that this node may have cosigned before.
    pub(super) memory: watch::Sender<Memory>,
    /// What is the node's own: heads it witnessed, evidence.
    pub(super) node_store: Arc<dyn Store>,
    equivocated: watch::Sender<BTreeMap<Origin, Equivocation>>,
    /// Up to where what is proven of a log was lifted by a person.
    lifted: watch::Sender<BTreeMap<Origin, u64>>,
    suspicions: mpsc::UnboundedSender<heads::Event>,
    told: mpsc::UnboundedSender<(NodeName, Vec<KnownHead>)>,
    pub(super) replicas: Replicas,
    pub(super) data: PathBuf,
    pub(super) quota: QuotaLimits,
    pub(super) receipts: Option<Arc<dyn Receipts>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) board: Arc<Board>,
    stopping: watch::Receiver<bool>,
    nudges: Mutex<HashMap<NodeName, Arc<Notify>>>,
    /// Partners that have to be told that there is a new log for them.
    untold: Mutex<HashSet<NodeName>>,
    links: Mutex<HashMap<NodeName, watch::Sender<Option<Link>>>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Marks the folder of partners' logs of a node whose cosigner keys are made now.
pub fn mark_new(data: &Path) -> std::io::Result<()> {
    fs::create_dir_all(data)?;
    fs::write(data.join(NEW), "The cosigner keys were made with this folder: nothing was cosigned before.\n")
}

fn keep_whole(store: &dyn Store, at: Timestamp) -> Result<(), StoreError> {
    let at_ms = u64::try_from(at.as_millisecond()).unwrap_or(0);
    let state = vec![StateChange::RecordPut { table: Table::Setting, id: WHOLE.to_vec(), record: Vec::new() }];
    store.commit(Batch { at_ms, state, ..Batch::default() }).map(drop)
}

impl Driver {
    /// Opens what is kept, partners' logs too, and starts dialling. Needs a runtime.
    pub async fn start(setup: DriverSetup) -> Result<Self, StoreError> {
        let DriverSetup { name, lists, dialler, own, replica, witness, outside_logs, outside_witnesses, .. } = setup;
        let DriverSetup { data, quota, receipts, clock, random, pushes, .. } = setup;
        let outside = Arc::new(Outside::new(outside_witnesses));
        let board = Arc::new(Board::default());
        let (folder, marked, chance) = (data.join(WITNESS_FOLDER), data.join(NEW), Arc::clone(&random));
        let (its_name, its_lists, its_clock) = (name.clone(), Arc::clone(&lists), Arc::clone(&clock));
        let (suspicions, said) = mpsc::unbounded_channel();
        let told = suspicions.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let store: Arc<dyn Store> = Arc::new(JournalStore::open(&folder, JournalOptions::default(), chance)?);
            let equivocated = heads::known_evidence(store.as_ref(), &its_lists.current())?;
            let lifted = Lifted::all(store.as_ref())?;
            let mut whole = store.record(Table::Setting, WHOLE)?.is_some();
            if marked.exists() {
                keep_whole(store.as_ref(), its_clock.now())?;
                fs::remove_file(&marked)
                    .map_err(|error| StoreError::Index(format!("{}: {error}", marked.display())))?;
                whole = true;
            }
            let memory = Memory::new(its_name.clone(), its_lists.current(), whole, its_clock.now());
            let memory = watch::Sender::new(memory);
            let witness = WitnessDesk::open(WitnessSetup {
                memory: memory.clone(),
                name: its_name,
                key: witness,
                store: Arc::clone(&store),
                lists: its_lists,
                clock: its_clock,
                outside: outside_logs,
                equivocated: equivocated.keys().cloned().collect(),
                suspicions: told,
            })?;
            Ok::<_, StoreError>((store, (equivocated, lifted), memory, witness))
        });
        let opened = opened.await.map_err(|error| StoreError::Index(error.to_string()))?;
        let (node_store, (equivocated, lifted), memory, witness) = opened?;
        let stores = own.iter().map(|one| Arc::clone(&one.store)).collect::<Vec<_>>();
        let (tell, telling) = mpsc::unbounded_channel();
        let (stop, stopping) = watch::channel(false);
        let inner = Arc::new(Inner {
            own: Own::open(own, (&lists, &clock), (&board, &outside)),
            name,
            lists,
            dialler,
            replica,
            witness,
            outside,
            importing: tokio::sync::Mutex::default(),
            memory,
            node_store,
            equivocated: watch::Sender::new(equivocated),
            lifted: watch::Sender::new(lifted.into_iter().map(|(origin, lifted)| (origin, lifted.past)).collect()),
            suspicions,
            told: tell,
            replicas: Replicas::default(),
            data,
            quota,
            receipts,
            clock,
            random,
            board,
            stopping,
            nudges: Mutex::default(),
            untold: Mutex::default(),
            links: Mutex::default(),
        });
        inner.replicas.begin(&inner).await;
        let mut tasks = JoinSet::new();
        tasks.spawn(partners::keep_all(Arc::clone(&inner)));
        tasks.spawn(comparing::compare(Arc::clone(&inner), said));
        tasks.spawn(recalling::recall(Arc::clone(&inner), telling));
        for store in stores {
            tasks.spawn(canvassing::keep_all(Arc::clone(&inner), store));
        }
        for target in pushes {
            tasks.spawn(push(Arc::clone(&inner), target));
        }
        Ok(Self { inner, stop, tasks })
    }

    /// The answering end, for a listener that puts a [`super::Partner`] beside each request.
    pub fn router(&self) -> axum::Router {
        let door = ReplicationServiceServer::new(Door(Arc::clone(&self.inner)))
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE);
        Routes::new(door).prepare().into_axum_router()
    }

    /// What others may look at while it runs.
    #[must_use]
    pub fn view(&self) -> DriverView {
        DriverView(Arc::clone(&self.inner))
    }

    /// Ends every conversation, and closes every partner's log.
    pub async fn stop(mut self) {
        // Nobody listens any more: then it has stopped.
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
        self.inner.replicas.ended().await;
    }
}

/// A running driver, to be looked at.
#[derive(Clone)]
pub struct DriverView(Arc<Inner>);

impl DriverView {
    /// This node's name in the trust list.
    #[must_use]
    pub fn name(&self) -> &NodeName {
        &self.0.name
    }

    /// How every partner is.
    #[must_use]
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.0.board)
    }

    /// What a partner's logs have taken here, and may take.
    #[must_use]
    pub fn quota(&self, partner: &NodeName) -> (Used, QuotaLimits) {
        (self.0.replicas.quota(&self.0, partner).used(), self.0.quota)
    }

    /// The logs of partners that are kept here, each in a store of its own.
    #[must_use]
    pub fn replicated(&self) -> Vec<(Origin, Arc<dyn Store>)> {
        self.0.replicas.all()
    }

    /// Every log of another node that is held or watched here, with the size of its newest head.
    #[must_use]
    pub fn known_logs(&self) -> BTreeMap<Origin, u64> {
        let size = |note: &str| note.lines().nth(1).and_then(|line| line.parse::<u64>().ok());
        let watched = self.0.witness.heads().into_iter();
        let watched = watched.filter_map(|(origin, note)| Some((origin, size(&note)?)));
        let held = self.replicated().into_iter();
        let held = held.filter_map(|(origin, store)| Some((origin.clone(), store.head(&origin)?.head.size)));
        watched.chain(held).fold(BTreeMap::new(), |mut known, (origin, size)| {
            known.entry(origin).and_modify(|known: &mut u64| *known = (*known).max(size)).or_insert(size);
            known
        })
    }

    /// A head that somebody shows this node over HTTP, as the body of C2SP tlog-witness has it.
    pub async fn add_checkpoint(&self, body: &str) -> Witnessed {
        match AddCheckpoint::from_body(body) {
            Some(request) => self.0.witness.ask(request).await,
            None => Witnessed::Malformed,
        }
    }

    /// Writes a package for a partner; gives each log that is in it, from which index on and up to which size. It blocks.
    pub fn export(&self, asked: &ExportAsked, to: impl std::io::Write) -> Result<Vec<(Origin, u64, u64)>, ParcelError> {
        export(&self.0, asked, to).map(|(exported, _)| exported)
    }

    /// Where a package is put while it arrives. It blocks.
    pub fn spool(&self) -> Result<Spool, ParcelError> {
        self.0.spool()
    }

    /// Who announces a package by its seal: a node of the trust list, with one for this node.
    pub fn admit(&self, seal: &str) -> Result<PackageSeal, ParcelError> {
        let seal = PackageSeal::open(seal, &self.0.lists.current())?;
        if seal.to != self.0.name {
            return Err(ParcelError::ForAnother { to: seal.to, here: self.0.name.clone() });
        }
        Ok(seal)
    }

    /// Takes a package that has arrived, if it is the one that was announced.
    pub async fn import_sealed(&self, spool: Spool, announced: PackageSeal) -> Result<Imported, ParcelError> {
        import(&self.0, spool, Some(announced)).await
    }

    /// Takes a package that has arrived.
    pub async fn import(&self, spool: Spool) -> Result<Imported, ParcelError> {
        import(&self.0, spool, None).await
    }

    /// Every log outside the trust list that is watched here and has shown a head, with its size.
    #[must_use]
    pub fn outside_logs(&self) -> BTreeMap<LogName, u64> {
        let size = |note: &str| note.lines().nth(1).and_then(|line| line.parse::<u64>().ok());
        let watched = self.0.witness.outside().into_iter();
        watched.filter_map(|(name, note)| Some((name, size(&note)?))).collect()
    }

    /// The witnesses outside the trust list, and how each is.
    #[must_use]
    pub fn outside_witnesses(&self) -> Vec<(OutsideWitness, OutsideState)> {
        self.0.outside.read()
    }

    /// Logs that are proven to have shown two histories: what a verdict has to know.
    #[must_use]
    pub fn equivocated(&self) -> watch::Receiver<BTreeMap<Origin, Equivocation>> {
        self.0.equivocated()
    }

    /// The proof that a log has shown two histories, as a file of evidence has it. It reads from the disk.
    pub fn evidence(&self, origin: &Origin) -> Result<Option<String>, StoreError> {
        let record = self.0.node_store.record(Table::Evidence, origin.as_str().as_bytes())?;
        Ok(record.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Whether a person has lifted what was proven of a log.
    #[must_use]
    pub fn was_lifted(&self, origin: &Origin) -> bool {
        self.0.lifted.borrow().contains_key(origin)
    }

    /// What a person has lifted. It reads from the disk.
    pub fn lifted(&self) -> Result<BTreeMap<Origin, Lifted>, StoreError> {
        Lifted::all(self.0.node_store.as_ref())
    }

    /// Takes and cosigns a log again that was proven to have shown two histories, on the branch that is held here; gives
    /// what was lifted, none where nothing is proven that was not lifted before. It writes to the disk.
    pub fn lift(&self, origin: &Origin, reason: &str) -> Result<Option<Lifted>, StoreError> {
        let inner = &self.0;
        let proven = inner.equivocated.borrow().contains_key(origin);
        let (store, now) = (inner.node_store.as_ref(), inner.clock.now());
        let lifted = Lifted::judge(store, origin, reason.to_owned(), now)?.filter(|_| proven);
        if let Some(lifted) = &lifted {
            let at_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
            store.commit(Batch { at_ms, state: vec![lifted.put(origin)], ..Batch::default() })?;
            inner.compare(heads::Event::Lifted(origin.clone(), lifted.past));
            inner.witness.lift(origin);
            inner.memory.send_modify(|memory| memory.passed(origin));
            inner.lifted.send_modify(|all| {
                all.insert(origin.clone(), lifted.past);
            });
            inner.equivocated.send_modify(|all| drop(all.remove(origin)));
        }
        Ok(lifted)
    }

    /// Changes whenever another log is kept.
    #[must_use]
    pub fn opened(&self) -> watch::Receiver<u64> {
        self.0.replicas.opened()
    }
}

impl Inner {
    /// Where a package is put while it is made or arrives. It blocks.
    pub(super) fn spool(&self) -> Result<Spool, ParcelError> {
        Spool::open(&self.data.join(PACKAGE_FOLDER))
    }

    /// Tells the comparison of heads what another task heard.
    pub(super) fn compare(&self, event: heads::Event) {
        // Nobody compares any more: then the node stops.
        let _ = self.suspicions.send(event);
    }

    /// A partner told what it knows of the logs of others; that everybody has is kept.
    pub(super) async fn remember(&self, partner: &NodeName, heads: Vec<KnownHead>) {
        let mut told = Told::default();
        if self.memory.borrow().awaits(partner) {
            let list = self.lists.current();
            let read = tokio::task::spawn_blocking(move || Told::read(&list, &heads)).await;
            let Ok(read) = read.inspect_err(|error| tracing::error!(%error, "heads that were told failed inside"))
            else {
                return;
            };
            told = read;
        }
        let mut news = false;
        self.memory.send_modify(|memory| {
            let whole = memory.is_whole();
            memory.listed(self.lists.current());
            memory.told(partner, told);
            news = !whole && memory.is_whole();
        });
        if news {
            let (store, at) = (Arc::clone(&self.node_store), self.clock.now());
            let kept =
                tokio::task::spawn_blocking(move || keep_whole(store.as_ref(), at).map_err(|error| error.to_string()));
            if let Err(error) = kept.await.map_err(|error| error.to_string()).flatten() {
                tracing::error!(
                    error,
                    "that every partner has answered could not be kept: they are asked again at the next start"
                );
            }
        }
    }

    /// A partner told what it knows of the logs of this node's authorities.
    pub(super) fn told(&self, partner: &NodeName, heads: Vec<KnownHead>) {
        // Nobody asks any more: then the node stops.
        let _ = self.told.send((partner.clone(), heads));
    }

    /// Logs that have shown two histories, with the proof.
    pub(super) fn equivocated(&self) -> watch::Receiver<BTreeMap<Origin, Equivocation>> {
        self.equivocated.subscribe()
    }

    /// Up to where what is proven of a log was lifted by a person.
    pub(super) fn lifted(&self) -> watch::Receiver<BTreeMap<Origin, u64>> {
        self.lifted.subscribe()
    }

    /// Takes and cosigns nothing more of a log; says whether it did until now.
    pub(super) fn freeze(&self, proven: &Equivocation) -> bool {
        let origin = proven.origin();
        let first = self.equivocated.send_if_modified(|all| {
            let first = !all.contains_key(origin);
            if first {
                all.insert(origin.clone(), proven.clone());
            }
            first
        });
        if first {
            self.witness.freeze(origin);
        }
        first
    }

    /// The store with the entries of a log, own or replicated.
    pub(super) fn store_of(&self, origin: &Origin) -> Option<Arc<dyn Store>> {
        let own = self.own.of(origin).map(|own| Arc::clone(&own.store));
        own.or_else(|| self.replicas.store(origin))
    }

    /// Every connection there is.
    pub(super) fn all_links(&self) -> Vec<Link> {
        locked(&self.links).values().filter_map(|link| link.borrow().clone()).collect()
    }

    /// Becomes true when the node is to stop.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.clone()
    }

    /// What wakes the conversation with a partner before its time.
    pub(super) fn nudge(&self, name: &NodeName) -> Arc<Notify> {
        Arc::clone(locked(&self.nudges).entry(name.clone()).or_default())
    }

    /// Has a partner told that there is a new log for it.
    pub(super) fn tell(&self, name: &NodeName) {
        locked(&self.untold).insert(name.clone());
        self.nudge(name).notify_one();
    }

    /// Whether a partner has to be told, and takes note that it is being told now.
    pub(super) fn is_untold(&self, name: &NodeName) -> bool {
        locked(&self.untold).remove(name)
    }

    /// The connection to a partner, while there is one.
    pub(super) fn link_of(&self, name: &NodeName) -> watch::Receiver<Option<Link>> {
        locked(&self.links).entry(name.clone()).or_default().subscribe()
    }

    /// Another connection to a partner, or none any more.
    pub(super) fn linked(&self, name: &NodeName, link: Option<Link>) {
        locked(&self.links).entry(name.clone()).or_default().send_replace(link);
    }

    /// A partner said which list it uses and what its clock shows; `at` is when, by the clock here.
    pub(super) fn heard(
        &self,
        name: &NodeName,
        version: u64,
        digest: &[u8],
        now: Option<&prost_types::Timestamp>,
        at: Timestamp,
    ) {
        let ahead = now.and_then(|now| {
            let theirs = now.seconds.checked_mul(1_000)?.checked_add(i64::from(now.nanos / 1_000_000))?;
            theirs.checked_sub(at.as_millisecond())
        });
        let list = self.lists.current();
        let forked = version == list.version() && digest != list.digest().0;
        let (mut news, mut off) = (false, None);
        let is_off = |ms: &i64| ms.saturating_abs() >= CLOCK_MS;
        self.board.update(name, |state| {
            news = forked && !state.list_forked;
            state.list_forked = forked;
            state.list_version = Some(version);
            off = ahead.filter(|ms| is_off(ms) && !state.clock_ahead_ms.as_ref().is_some_and(is_off));
            state.clock_ahead_ms = ahead.or(state.clock_ahead_ms);
        });
        if let Some(ms) = off {
            let way = if ms > 0 { "ahead of" } else { "behind" };
            let error = PartnerError::Clock { name: name.clone(), seconds: ms.unsigned_abs() / 1_000, way };
            tracing::warn!(partner = %name, reason = error.reason(), "{error}");
        }
        if news {
            tracing::error!(
                partner = %name,
                version,
                reason = "TRUST_FORKED",
                "the partner has another trust list of the same version: the federation's signers signed two"
            );
        }
    }
}
