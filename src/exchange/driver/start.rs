//! What the driver is made of, and its life.

mod view;

use super::board::Board;
use super::door::Door;
use super::fetching::Receipts;
use super::link::{Dialler, Link};
use super::lists::Lists;
use super::outside::{Outside, OutsideWitness};
use super::own::{Own, OwnAuthority};
use super::parcels::{PushTarget, Spool, push};
use super::quota::QuotaLimits;
use super::replicas::Replicas;
use super::watching::{WitnessDesk, WitnessSetup};
use super::wire::replication_service_server::ReplicationServiceServer;
use super::{MAX_MESSAGE, PartnerError, canvassing, comparing, leaving, partners, recalling};
use crate::exchange::heads::{self, Heads, Left, Lifted};
use crate::exchange::memory::{Memory, Told};
use crate::exchange::message::KnownHead;
use crate::exchange::parcel::ParcelError;
use crate::exchange::witness::OutsideLogs;
use crate::keys::{ReplicaKey, WitnessKey};
use crate::log::Origin;
use crate::reason::Reasoned as _;
use crate::sequencer::{Gate, has_heard_all, put_heard_all, unheard_again};
use crate::store::{Batch, JournalOptions, JournalStore, StateChange, Store, StoreError, Table};
use crate::time::{Clock, Random, Timestamp, unix_ms};
use crate::trust::NodeName;
use crate::verification::Equivocation;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tonic::service::Routes;

pub use view::DriverView;

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
    /// What a person has lifted of logs.
    lifted: watch::Sender<BTreeMap<Origin, Left>>,
    /// Held by whoever changes either of them.
    judging: Mutex<()>,
    /// What is known of the heads that each node was shown.
    heads: Mutex<Heads>,
    suspicions: mpsc::UnboundedSender<heads::Event>,
    /// Heads that anybody presents, so many as there is room for.
    presented: mpsc::Sender<(String, bool)>,
    told: mpsc::UnboundedSender<recalling::Told>,
    pub(super) replicas: Replicas,
    pub(super) data: PathBuf,
    pub(super) quota: QuotaLimits,
    pub(super) receipts: Option<Arc<dyn Receipts>>,
    pub(super) clock: Arc<dyn Clock>,
    /// When it began to ask partners what they know.
    began: Timestamp,
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

/// Takes the mark away again, where a copy is put back into that folder.
pub fn unmark_new(data: &Path) -> std::io::Result<()> {
    fs::remove_file(data.join(NEW)).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })
}

/// Marks an authority's own store, or that of what a node cosigned, as put back from a copy: what was signed since then may be
/// known to partners alone.
pub fn mark_put_back(store: &dyn Store, at: Timestamp) -> Result<(), StoreError> {
    let cosigned = StateChange::RecordRemoved { table: Table::Setting, id: WHOLE.to_vec() };
    store.commit(Batch { at_ms: unix_ms(at), state: vec![cosigned, unheard_again()], ..Batch::default() }).map(drop)
}

/// Keeps in an authority's own store that nothing that it signed is known to partners alone.
pub(super) fn keep_heard_all(store: &dyn Store, at: Timestamp) -> Result<(), StoreError> {
    store.commit(Batch { at_ms: unix_ms(at), state: vec![put_heard_all()], ..Batch::default() }).map(drop)
}

/// Whether what was cosigned is known here. An authority whose own folder does not say that everybody was heard gives no
/// number before that.
fn is_whole(
    store: &dyn Store,
    marked: &Path,
    authorities: &[(String, Arc<dyn Store>, Arc<Gate>)],
    now: Timestamp,
) -> Result<bool, StoreError> {
    if marked.exists() {
        for (_, own, _) in authorities {
            keep_heard_all(own.as_ref(), now)?;
        }
        keep_whole(store, now)?;
        let failed = |error| StoreError::Index(format!("{}: {error}", marked.display()));
        fs::remove_file(marked).map_err(failed)?;
        return Ok(true);
    }
    for (issuer, own, gate) in authorities {
        if !has_heard_all(own.as_ref())? {
            tracing::warn!(
                %issuer, logs = own.logs().len(), reason = "OWN_HISTORY_UNKNOWN",
                "the data folder of this authority was lost, put back or is new to partners: it gives no certificate number before every partner was heard, or an operator says that nothing is missing"
            );
            gate.forgot_all();
        }
    }
    Ok(store.record(Table::Setting, WHOLE)?.is_some())
}

fn keep_whole(store: &dyn Store, at: Timestamp) -> Result<(), StoreError> {
    let at_ms = unix_ms(at);
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
        let authorities = own.iter().map(|one| (one.issuer.to_string(), Arc::clone(&one.store), Arc::clone(&one.gate)));
        let authorities = authorities.collect::<Vec<_>>();
        let (its_name, its_lists, its_clock) = (name.clone(), Arc::clone(&lists), Arc::clone(&clock));
        let (suspicions, said) = mpsc::unbounded_channel();
        let told = suspicions.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let store: Arc<dyn Store> = Arc::new(JournalStore::open(&folder, JournalOptions::default(), chance)?);
            let adopted = Lifted::adopt(store.as_ref())?;
            if !adopted.is_empty() {
                let at_ms = unix_ms(its_clock.now());
                store.commit(Batch { at_ms, state: adopted, ..Batch::default() })?;
            }
            let equivocated = heads::known_evidence(store.as_ref(), &its_lists.current())?;
            let whole = is_whole(store.as_ref(), &marked, &authorities, its_clock.now())?;
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
            Ok::<_, StoreError>((store, equivocated, memory, witness))
        });
        let opened = opened.await.map_err(|error| StoreError::Index(error.to_string()))?;
        let (node_store, equivocated, memory, witness) = opened?;
        let stores = own.iter().map(|one| Arc::clone(&one.store)).collect::<Vec<_>>();
        let (tell, telling) = mpsc::unbounded_channel();
        let (present, presented) = mpsc::channel(comparing::presented::ROOM);
        let (stop, stopping) = watch::channel(false);
        let heads = Mutex::new(Heads::new(name.clone(), lists.current(), clock.now()));
        let inner = Arc::new(Inner {
            heads,
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
            lifted: watch::Sender::new(BTreeMap::new()),
            judging: Mutex::default(),
            suspicions,
            presented: present,
            told: tell,
            replicas: Replicas::default(),
            data,
            quota,
            receipts,
            began: clock.now(),
            clock,
            random,
            board,
            stopping,
            nudges: Mutex::default(),
            untold: Mutex::default(),
            links: Mutex::default(),
        });
        inner.replicas.begin(&inner).await;
        // By what is held here, which is open now; nobody judges beside it yet.
        let its = Arc::clone(&inner);
        let left = tokio::task::spawn_blocking(move || leaving::left(&its)).await;
        for (origin, left) in left.map_err(|error| StoreError::Index(error.to_string()))?? {
            inner.leave(&origin, left);
        }
        let mut tasks = JoinSet::new();
        tasks.spawn(partners::keep_all(Arc::clone(&inner)));
        tasks.spawn(comparing::compare(Arc::clone(&inner), said));
        tasks.spawn(comparing::presented::judge(Arc::clone(&inner), presented));
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
        let door = ReplicationServiceServer::new(Door::new(Arc::clone(&self.inner)))
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

impl Inner {
    /// Where a package is put while it is made or arrives. It blocks.
    pub(super) fn spool(&self) -> Result<Spool, ParcelError> {
        Spool::open(&self.data.join(PACKAGE_FOLDER))
    }

    /// What is known of the heads that each node was shown. Held for moments only.
    pub(super) fn heads(&self) -> MutexGuard<'_, Heads> {
        locked(&self.heads)
    }

    /// Tells the comparison of heads what another task heard.
    pub(super) fn compare(&self, event: heads::Event) {
        // Nobody compares any more: then the node stops.
        let _ = self.suspicions.send(event);
    }

    /// A partner told what it knows of the logs of others; that everybody has is kept.
    pub(super) async fn remember(&self, partner: &NodeName, heads: Vec<KnownHead>, unread: BTreeSet<Origin>) {
        let mut told = Told::default();
        if self.memory.borrow().awaits(partner) {
            let list = self.lists.current();
            let read = tokio::task::spawn_blocking(move || Told::read(&list, &heads)).await;
            let Ok(read) = read.inspect_err(|error| tracing::error!(%error, "heads that were told failed inside"))
            else {
                return;
            };
            told = read.but(unread);
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

    /// A partner told what it knows of own logs, and where that is all that it keeps of them, for whom it waits itself.
    pub(super) fn told(&self, partner: &NodeName, heads: Vec<KnownHead>, all: Option<Vec<NodeName>>) {
        // Nobody asks any more: then the node stops.
        let _ = self.told.send((partner.clone(), heads, all));
    }

    /// Logs that have shown two histories, with the proof.
    pub(super) fn equivocated(&self) -> watch::Receiver<BTreeMap<Origin, Equivocation>> {
        self.equivocated.subscribe()
    }

    /// What a person has lifted of logs.
    pub(super) fn lifted(&self) -> watch::Receiver<BTreeMap<Origin, Left>> {
        self.lifted.subscribe()
    }

    /// What is proven and what is lifted of logs changes by one after the other, on the disk and here: else a lift would
    /// judge the proof before the one that froze the log, and of two that leave something one would undo the other. Whoever
    /// holds it waits for the disk.
    pub(super) fn judging(&self) -> MutexGuard<'_, ()> {
        locked(&self.judging)
    }

    /// What is left of a log from now on; what is proven of it beside that stays proven. By whoever holds
    /// [`Self::judging`].
    pub(super) fn leave(&self, origin: &Origin, left: Left) {
        let is_frozen = self.equivocated.borrow().contains_key(origin);
        self.witness.lift(origin, left.heads.clone(), is_frozen);
        self.memory.send_modify(|memory| memory.left(origin, left.heads.clone()));
        self.lifted.send_modify(|all| drop(all.insert(origin.clone(), left)));
    }

    /// Takes and cosigns nothing more of a log; says whether it did until now. By whoever holds [`Self::judging`].
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

    /// A partner that is connected has a log that it had not before, or had less of: who waits to ask for it asks now.
    pub(super) fn offers(&self, name: &NodeName) {
        locked(&self.links).entry(name.clone()).or_default().send_if_modified(|link| link.is_some());
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
        let theirs = now.and_then(|now| now.seconds.checked_mul(1_000)?.checked_add(i64::from(now.nanos / 1_000_000)));
        let ahead = theirs.and_then(|theirs| theirs.checked_sub(at.as_millisecond()));
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
            state.tells_time(theirs);
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
