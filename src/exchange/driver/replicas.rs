//! The logs that this node replicates: a task, a machine and a store of its own for each.

mod carrier;
mod forked;

use carrier::{Carrier, Ended};

use super::board::Concern;
use super::fetching::fetch;
use super::link::Link;
use super::own::last_by;
use super::parcels::Brought;
use super::quota::{Quota, Today};
use super::start::Inner;
use super::supply::Answers;
use super::wire;
use crate::exchange::cosigned::Cosigned;
use crate::exchange::replica::{Elsewhere, Held, Loss, ReplicaRecord};
use crate::exchange::{Alarm, ExchangeError, hosts_issuer, replicates};
use crate::inbox::Receipted;
use crate::log::Origin;
use crate::statement::{Addressee, Issuer};
use crate::store::{JournalOptions, JournalStore, Store, StoreError};
use crate::trust::{NodeName, TrustList};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;

/// Messages to the log's node that the transport may not have taken yet.
const ROOM: usize = 64;
/// A store that could not be opened is tried again after.
const AGAIN: Duration = Duration::from_mins(1);

/// Every log replicated here.
pub(super) struct Replicas {
    running: Mutex<BTreeMap<Origin, Option<Running>>>,
    /// Those that are kept here and cannot be opened.
    unread: Mutex<BTreeSet<Origin>>,
    /// What each partner said last to have lost of its logs that are for this node.
    lost: watch::Sender<BTreeMap<(NodeName, Origin), Loss>>,
    quotas: Mutex<HashMap<NodeName, Arc<Quota>>>,
    tasks: Mutex<JoinSet<()>>,
    opened: watch::Sender<u64>,
    /// As many checks run at once as there are cores: more threads check no faster, and each keeps memory of its own.
    checks: Arc<Semaphore>,
}

/// A log that is open.
struct Running {
    store: Arc<dyn Store>,
    ways: OtherWays,
}

/// A log that is served, for the task that replicates it.
struct Open {
    store: Arc<dyn Store>,
    streams: mpsc::Receiver<Up>,
    bringing: mpsc::Receiver<Brought>,
}

/// How a log is brought by another way than the connection to its node.
#[derive(Clone)]
pub(super) struct OtherWays {
    /// A stream, as if its node had opened it.
    pub(super) stream: mpsc::Sender<Up>,
    /// Disclosures.
    pub(super) disclosures: mpsc::Sender<Brought>,
}

impl Default for Replicas {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            running: Mutex::default(),
            unread: Mutex::default(),
            lost: watch::Sender::default(),
            quotas: Mutex::default(),
            tasks: Mutex::default(),
            opened: watch::Sender::default(),
            checks: Arc::new(Semaphore::new(cores)),
        }
    }
}

impl Replicas {
    fn running(&self) -> MutexGuard<'_, BTreeMap<Origin, Option<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a replicated log is kept.
    pub(super) fn store(&self, origin: &Origin) -> Option<Arc<dyn Store>> {
        self.running().get(origin)?.as_ref().map(|open| Arc::clone(&open.store))
    }

    /// Where a replicated log is kept, and how it is brought by another way.
    pub(super) fn ways(&self, origin: &Origin) -> Option<(Arc<dyn Store>, OtherWays)> {
        self.running().get(origin)?.as_ref().map(|open| (Arc::clone(&open.store), open.ways.clone()))
    }

    /// All that are open.
    pub(super) fn all(&self) -> Vec<(Origin, Arc<dyn Store>)> {
        let running = self.running();
        let open =
            running.iter().filter_map(|(origin, open)| Some((origin.clone(), Arc::clone(&open.as_ref()?.store))));
        open.collect()
    }

    /// Those that are kept here and cannot be opened: what they hold is not known.
    pub(super) fn unread(&self) -> MutexGuard<'_, BTreeSet<Origin>> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a partner says to have lost of its logs, and of no others. The same again is told too: it may have shown
    /// otherwise in between.
    pub(super) fn lost_by(&self, partner: &NodeName, said: BTreeMap<Origin, Loss>) {
        self.lost.send_if_modified(|all| {
            let is_said = !said.is_empty();
            all.retain(|(node, _), _| node != partner);
            all.extend(said.into_iter().map(|(origin, loss)| ((partner.clone(), origin), loss)));
            is_said
        });
    }

    /// Changes whenever a partner says so, and at once: what was said before counts as well.
    fn lost(&self) -> watch::Receiver<BTreeMap<(NodeName, Origin), Loss>> {
        let mut lost = self.lost.subscribe();
        lost.mark_changed();
        lost
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

    /// Opens what lies here of partners' logs. When this returns what is held is served, whether a log's own node can be
    /// reached or not: what is known of a certificate is not forgotten by a start. Nothing is cosigned by that.
    pub(super) async fn begin(&self, inner: &Arc<Inner>) {
        let (list, name, data) = (inner.lists.current(), inner.name.clone(), inner.data.clone());
        let kept = tokio::task::spawn_blocking(move || kept(&list, &name, &data)).await;
        let kept = kept.unwrap_or_else(|error| {
            tracing::error!(%error, "a look for partners' logs was lost: each is served once its own node is heard");
            Vec::new()
        });
        let mut opening = JoinSet::new();
        for (partner, origin) in kept {
            self.running().insert(origin.clone(), None);
            let (inner, room) = (Arc::clone(inner), self.room_to_check());
            opening.spawn(async move {
                let _room = room.acquire_owned().await;
                let opened = open(&inner, &partner, &origin).await;
                // What cannot be opened is tried again by its task, which says why.
                if opened.is_err() {
                    inner.replicas.unread().insert(origin.clone());
                }
                let opened = opened.ok().map(|store| inner.replicas.serve(&origin, store));
                (partner, origin, opened)
            });
        }
        // Tasks begin once all are there: a log may speak for closed ones.
        let mut all = Vec::new();
        while let Some(opened) = opening.join_next().await {
            match opened {
                Ok(opened) => all.push(opened),
                Err(error) => tracing::error!(%error, "opening a partner's log failed inside"),
            }
        }
        for (partner, origin, opened) in all {
            self.spawn(replicate(Arc::clone(inner), partner, origin, opened));
        }
    }

    /// Begins to replicate a log of a partner, if nobody does yet.
    pub(super) fn ensure(&self, inner: &Arc<Inner>, partner: &NodeName, origin: &Origin) {
        let mut running = self.running();
        if running.contains_key(origin) {
            return;
        }
        running.insert(origin.clone(), None);
        drop(running);
        self.spawn(replicate(Arc::clone(inner), partner.clone(), origin.clone(), None));
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }

    /// Has everybody see what is held of a log.
    fn serve(&self, origin: &Origin, store: Arc<dyn Store>) -> Open {
        let ((stream, streams), (disclosures, bringing)) = (mpsc::channel(1), mpsc::channel(1));
        let running = Running { store: Arc::clone(&store), ways: OtherWays { stream, disclosures } };
        self.running().insert(origin.clone(), Some(running));
        self.unread().remove(origin);
        self.opened.send_modify(|count| *count = count.wrapping_add(1));
        Open { store, streams, bringing }
    }

    /// A log is not held here any more; what was held stays on disk.
    fn close(&self, origin: &Origin) {
        self.running().remove(origin);
        self.unread().remove(origin);
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

/// The logs that lie in the folder and that the list has this node hold, each with the node that gives it. It blocks.
pub(in crate::exchange) fn kept(list: &TrustList, name: &NodeName, data: &Path) -> Vec<(NodeName, Origin)> {
    let nodes = std::fs::read_dir(data).into_iter().flatten().flatten();
    let below = nodes.flat_map(|node| std::fs::read_dir(node.path()).into_iter().flatten().flatten());
    let named = below.filter_map(|log| log.file_name().to_str()?.replace('_', "/").parse().ok());
    let logs = named.collect::<BTreeSet<Origin>>().into_iter().filter(|origin| replicates(list, name, origin));
    let given = |origin: Origin| {
        let giver = list.issuer_of(&origin).and_then(|issuer| list.node_of(issuer))?;
        Some((giver.name.clone(), origin))
    };
    logs.filter_map(given).collect()
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

/// Where the logs are that are replicated here.
pub(super) fn elsewhere(inner: &Arc<Inner>) -> Elsewhere {
    // The store of a log must not keep the driver that keeps it.
    let inner = Arc::downgrade(inner);
    Elsewhere::new(move |origin| inner.upgrade()?.replicas.store(origin))
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

/// Replicates a log until the node stops, or it goes to another; it may be served already.
async fn replicate(inner: Arc<Inner>, partner: NodeName, origin: Origin, mut served: Option<Open>) {
    let (mut stop, mut since) = (inner.stopping(), None);
    loop {
        match begin(&inner, &partner, &origin, served.take()).await {
            Ok((Open { store, streams, bringing }, held)) => {
                inner.board.concern(&partner, &origin, Concern::Stream, None);
                tracing::info!(%partner, %origin, held = held.edge.size(), "replicating");
                let released = {
                    let (partner, origin) = (partner.clone(), origin.clone());
                    let fetching =
                        fetch(Arc::clone(&inner), partner.clone(), origin.clone(), Arc::clone(&store), bringing);
                    let replicating = Carrier::new(&inner, partner, origin, store, held, streams);
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
            Err(_) if !is_for_us(&inner, &partner, &origin) => {
                inner.release(&partner, &origin);
                return;
            }
            Err(why) => {
                // One that cannot be read is served to nobody.
                inner.replicas.running().insert(origin.clone(), None);
                // Nor is it taken for nothing: whoever lost what is in it would go on without.
                inner.replicas.unread().insert(origin.clone());
                tracing::error!(%partner, %origin, reason = "REPLICA_UNREADABLE", "the partner's log cannot be opened here: {why}");
                let alarm =
                    Alarm { why: ExchangeError::Unreadable(why), since: *since.get_or_insert(inner.clock.now()) };
                inner.board.concern(&partner, &origin, Concern::Stream, Some(alarm));
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => {}
                    _ = stop.wait_for(|stop| *stop) => return,
                }
            }
        }
    }
}

/// Opens a log if it is not served yet, and reads what its machine begins with.
async fn begin(
    inner: &Arc<Inner>,
    partner: &NodeName,
    origin: &Origin,
    served: Option<Open>,
) -> Result<(Open, Held), String> {
    let served = if let Some(served) = served {
        served
    } else {
        let store = open(inner, partner, origin).await?;
        let served = inner.replicas.serve(origin, store);
        // Its node is asked again: the cosignatures that it gathered can be kept from now on.
        inner.nudge(partner).notify_one();
        served
    };
    let (store, origin) = (Arc::clone(&served.store), origin.clone());
    let (trust, beside) = (inner.lists.current(), elsewhere(inner));
    let _room = inner.replicas.room_to_check().acquire_owned().await;
    let loaded = tokio::task::spawn_blocking(move || {
        Held::load(store.as_ref(), &origin)?.beside(store.as_ref(), &origin, &trust, &beside)
    });
    let loaded = loaded.await.map_err(|error| error.to_string())?;
    Ok((served, loaded.map_err(|error: StoreError| error.to_string())?))
}

/// Opens the store of a log, and shows how far it is held.
async fn open(inner: &Arc<Inner>, partner: &NodeName, origin: &Origin) -> Result<Arc<dyn Store>, String> {
    let (inner, partner, origin) = (Arc::clone(inner), partner.clone(), origin.clone());
    let opened = tokio::task::spawn_blocking(move || {
        let at = folder(&inner, &partner, &origin);
        // Twice what is kept free for the node's own issuance: a partner's log stops before an authority's does.
        let usual = JournalOptions::default();
        let options = JournalOptions { reserve_bytes: usual.reserve_bytes.saturating_mul(2), ..usual };
        let store: Arc<dyn Store> = Arc::new(JournalStore::open(&at, options, Arc::clone(&inner.random))?);
        let today = Today::read(store.as_ref())?;
        show(&inner, &partner, &origin, store.as_ref())?;
        inner.replicas.quota(&inner, &partner).found(&at, today);
        Ok::<_, StoreError>(store)
    });
    opened.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

/// How far a log is held and was cosigned, as its store has it: nobody need be heard for that. It blocks.
fn show(inner: &Inner, partner: &NodeName, origin: &Origin, store: &dyn Store) -> Result<(), StoreError> {
    let (list, now) = (inner.lists.current(), inner.clock.now());
    let held = store.head(origin).map_or(0, |head| head.head.size);
    let heard = ReplicaRecord::read(store, origin)?.heard.map_or(0, |heard| heard.head.size);
    let keys = list.node(&inner.name).map_or_else(Vec::new, |node| node.replica_keys().collect::<Vec<_>>());
    let cosigned = last_by(&Cosigned::load(store, origin, &list)?, &keys);
    // Else every log is told of as one without its contents until it is its turn to be looked through. Whoever asks for them
    // says what cannot be read.
    let disclosed = Receipted::load(store, origin).map_or(0, |receipted| receipted.settled);
    inner.board.passage(partner, origin, |passage| {
        passage.inward = true;
        passage.disclosed = passage.disclosed.max(disclosed);
        passage.grows(heard.max(held), now);
        passage.holds(held);
        passage.cosigned = passage.cosigned.max(cosigned);
    });
    Ok(())
}

/// A stream to the log's node.
pub(super) struct Up {
    pub(super) out: mpsc::Sender<wire::SyncRequest>,
    pub(super) incoming: Answers<wire::SyncResponse>,
    /// Told why this end hangs up, where somebody wants to know.
    pub(super) ended: Option<oneshot::Sender<ExchangeError>>,
}

/// Opens a stream.
pub(super) async fn stream(link: Option<Link>) -> Result<Up, String> {
    let link = link.ok_or("the partner is not connected")?;
    let (out, requests) = mpsc::channel(ROOM);
    let mut calls = link.calls();
    // One that takes a stream and never begins to answer would keep whoever waits for it waiting for ever.
    let opened = tokio::time::timeout(super::CALL, calls.sync(ReceiverStream::new(requests))).await;
    let incoming = opened.map_err(|_| "the partner is silent")?.map_err(|s| link.why(&s).to_string())?;
    Ok(Up { out, incoming: Box::pin(incoming.into_inner()), ended: None })
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
