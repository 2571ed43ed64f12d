//! The logs that this node replicates: a task, a machine and a store of its own for each.

mod carrier;

use carrier::{Carrier, Ended};

use super::fetching::fetch;
use super::link::Link;
use super::parcels::Brought;
use super::quota::{Quota, Today};
use super::start::Inner;
use super::supply::Answers;
use super::wire;
use crate::exchange::replica::{Elsewhere, Held};
use crate::exchange::{ExchangeError, hosts_issuer, replicates};
use crate::log::Origin;
use crate::statement::{Addressee, Issuer};
use crate::store::{JournalOptions, JournalStore, Store};
use crate::trust::NodeName;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZero;
use std::path::PathBuf;
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

    /// Begins to replicate a log of a partner, if nobody does yet.
    pub(super) fn ensure(&self, inner: &Arc<Inner>, partner: &NodeName, origin: &Origin) {
        let mut running = self.running();
        if running.contains_key(origin) {
            return;
        }
        running.insert(origin.clone(), None);
        drop(running);
        let task = replicate(Arc::clone(inner), partner.clone(), origin.clone());
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

async fn replicate(inner: Arc<Inner>, partner: NodeName, origin: Origin) {
    let mut stop = inner.stopping();
    loop {
        match open(&inner, &partner, &origin).await {
            Ok((store, held, today)) => {
                let ((stream, streams), (disclosures, bringing)) = (mpsc::channel(1), mpsc::channel(1));
                let running = Running { store: Arc::clone(&store), ways: OtherWays { stream, disclosures } };
                inner.replicas.running().insert(origin.clone(), Some(running));
                inner.replicas.opened.send_modify(|count| *count = count.wrapping_add(1));
                tracing::info!(%partner, %origin, held = held.edge.size(), "replicating");
                // Its node is asked again: the cosignatures that it gathered can be kept from now on.
                inner.nudge(&partner).notify_one();
                let released = {
                    let (partner, origin) = (partner.clone(), origin.clone());
                    let fetching =
                        fetch(Arc::clone(&inner), partner.clone(), origin.clone(), Arc::clone(&store), bringing);
                    let replicating = Carrier::new(&inner, partner, origin, store, (held, today), streams);
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
    let (trust, beside) = (inner.lists.current(), elsewhere(inner));
    let opened = tokio::task::spawn_blocking(move || {
        // Twice what is kept free for the node's own issuance: a partner's log stops before an authority's does.
        let usual = JournalOptions::default();
        let options = JournalOptions { reserve_bytes: usual.reserve_bytes.saturating_mul(2), ..usual };
        let store: Arc<dyn Store> = Arc::new(JournalStore::open(&at, options, random).map_err(|e| e.to_string())?);
        let held =
            Held::load(store.as_ref(), &origin).and_then(|held| held.beside(store.as_ref(), &origin, &trust, &beside));
        let held = held.map_err(|error| error.to_string())?;
        let today = Today::read(store.as_ref()).map_err(|error| error.to_string())?;
        quota.found(&at, today);
        Ok((store, held, today))
    });
    opened.await.map_err(|error| error.to_string())?
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
    let incoming = link.calls().sync(ReceiverStream::new(requests)).await.map_err(|s| link.why(&s).to_string())?;
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
