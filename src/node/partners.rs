//! This node among others: its name, its cosigner keys, its door to partners and the driver behind it.

use super::NodeError;
use super::configuration::PartnerConfiguration;
use super::greeting::Greeting;
use super::listener::{Listener, ListenerLimits};
use super::tls::TlsIdentity;
use super::trust_keeper::TrustKeeper;
use super::{outside, push};
use crate::exchange::driver::{
    self, Dialler, Driver, DriverSetup, DriverView, OutsideWitness, OwnAuthority, PushTarget, QuotaLimits, Receipts,
};
use crate::exchange::heads::Lifted;
use crate::keys::{KeyError, KeyStore, Passphrase, ReplicaKey, WitnessKey};
use crate::reason::Reasoned as _;
use crate::store::StoreError;
use crate::time::{Clock, Random, Timestamp};
use crate::trust::{NodeName, TrustList};
use crate::verification::{Equivocation, Lifting};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// One connection for each partner is usual; more while one is replaced.
const LIMITS: ListenerLimits = ListenerLimits {
    connections: 512,
    // Nodes of several countries may share a machine, or come through one gateway.
    connections_per_address: 64,
    streams_per_connection: 1024,
    idle: Duration::from_mins(5),
};

/// The keys by which this node cosigns.
pub(super) struct CosignerKeys {
    pub(super) replica: ReplicaKey,
    pub(super) witness: WitnessKey,
}

/// The door to partners, bound, with everything behind it at hand.
pub(super) struct PartnerDoor {
    configuration: PartnerConfiguration,
    listener: Listener,
    identity: Arc<TlsIdentity>,
    keys: CosignerKeys,
    reached: (Vec<OutsideWitness>, Vec<PushTarget>),
}

/// The exchange, begun, and the door that is not served yet.
pub(super) struct OpenPartners {
    driver: Driver,
    listener: Listener,
    greeting: Greeting,
    keeper: Arc<TrustKeeper>,
}

impl OpenPartners {
    /// What others may look at.
    pub(super) fn view(&self) -> DriverView {
        self.driver.view()
    }

    /// Serves partners; what they prove of each other is known to verdicts here.
    pub(super) fn serve(self, serving: &mut JoinSet<()>, stop: watch::Receiver<bool>, drain: Duration) -> Driver {
        let (keeper, view, mut stopping) = (self.keeper, self.driver.view(), stop.clone());
        let mut proven = view.equivocated();
        serving.spawn(async move {
            loop {
                let all = proven.borrow_and_update().values().cloned().collect::<Vec<_>>();
                keeper.equivocated(all.clone());
                let (view, list) = (view.clone(), keeper.list().load_full());
                match tokio::task::spawn_blocking(move || lifted(&view, &list)).await {
                    Ok(Ok(lifted)) => keeper.equivocated(all.into_iter().chain(lifted).collect()),
                    Ok(Err(error)) => {
                        tracing::error!(%error, "what was lifted could not be read: verdicts do not say it");
                    }
                    Err(error) => tracing::error!(%error, "a look at what was lifted was lost"),
                }
                tokio::select! {
                    Ok(()) = proven.changed() => {}
                    _ = stopping.wait_for(|stop| *stop) => return,
                }
            }
        });
        serving.spawn(self.listener.serve(self.greeting, self.driver.router(), LIMITS, stop, drain));
        self.driver
    }
}

/// What is proven of logs that a person has lifted: verdicts still say it. What a newer trust list no longer proves is left
/// out. It blocks.
fn lifted(view: &DriverView, list: &TrustList) -> Result<Vec<Equivocation>, StoreError> {
    let mut proven = Vec::new();
    for Lifted { reason, at, evidence, .. } in view.lifted()?.into_values().flatten() {
        let Some(at) = Timestamp::from_second(at).ok() else { continue };
        let found = evidence.and_then(|file| Equivocation::read(list, file.as_bytes()).ok());
        proven.extend(found.map(|found| found.lifted(Lifting { at, reason })));
    }
    Ok(proven)
}

/// Unlocks the cosigner keys. It blocks.
pub(super) fn open_keys(one: &PartnerConfiguration) -> Result<CosignerKeys, NodeError> {
    let refused = |error: KeyError| self::refused(one, &error);
    let passphrase = Passphrase::from_file(&one.passphrase_file).map_err(refused)?;
    let folder = KeyStore::open(&one.keys, passphrase).map_err(refused)?;
    let replica = folder.replica(&one.replica_key).map_err(refused)?;
    let witness = folder.witness(&one.witness_key).map_err(refused)?;
    let mine = |node: &NodeName| {
        let message = || format!("holds a cosigner key of {node}, not of {}", one.node);
        let of_another = || NodeError::Content { path: one.keys.clone(), message: message() };
        if *node == one.node { Ok(()) } else { Err(of_another()) }
    };
    mine(replica.node())?;
    mine(witness.node())?;
    Ok(CosignerKeys { replica, witness })
}

/// That a cosigner key cannot be used.
pub(super) fn refused(one: &PartnerConfiguration, error: &KeyError) -> NodeError {
    NodeError::Content { path: one.keys.clone(), message: format!("{error} [{}]", error.reason()) }
}

impl PartnerDoor {
    /// Takes the address, reads the identity and unlocks the cosigner keys.
    pub(super) async fn bind(configuration: PartnerConfiguration) -> Result<Self, NodeError> {
        let listener = Listener::bind("partner", configuration.listen)?;
        let identity = TlsIdentity::read(configuration.tls.clone())?;
        let named = configuration.clone();
        let open = move || {
            let reached = (outside::open(&named.witnesses)?, push::open(&named.pushes)?);
            Ok::<_, NodeError>((open_keys(&named)?, reached))
        };
        let opened = tokio::task::spawn_blocking(open).await;
        let (keys, reached) = opened.map_err(|error| NodeError::Inside(error.to_string()))??;
        Ok(Self { configuration, listener, identity, keys, reached })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    pub(super) fn identity(&self) -> Arc<TlsIdentity> {
        Arc::clone(&self.identity)
    }

    /// Begins to dial partners; the door is not served yet.
    pub(super) async fn start(
        self,
        keeper: &Arc<TrustKeeper>,
        own: Vec<OwnAuthority>,
        receipts: Arc<dyn Receipts>,
        (clock, random): (Arc<dyn Clock>, Arc<dyn Random>),
    ) -> Result<OpenPartners, NodeError> {
        let inside = |error: driver::PartnerError| NodeError::Inside(error.to_string());
        self.say_if_unlisted(keeper)?;
        let list = keeper.list();
        let acceptor = driver::acceptor(Arc::clone(&self.identity) as _, Arc::clone(&list)).map_err(inside)?;
        let PartnerConfiguration { node, data, quota, witnessed, .. } = self.configuration;
        let (outside_witnesses, pushes) = self.reached;
        let kept = data.clone();
        let started = Driver::start(DriverSetup {
            name: node,
            lists: Arc::clone(keeper) as _,
            dialler: Dialler::new(self.identity, Arc::clone(&list)),
            own,
            replica: self.keys.replica,
            witness: self.keys.witness,
            outside_logs: witnessed.into_iter().map(|log| (log.origin, log.keys)).collect(),
            outside_witnesses,
            pushes,
            data,
            quota: QuotaLimits { bytes: quota.bytes, entries_a_day: quota.entries_a_day },
            receipts: Some(receipts),
            clock,
            random,
        });
        let driver = started.await.map_err(|error| NodeError::Content { path: kept, message: error.to_string() })?;
        let (greeting, keeper) = (Greeting::partners(acceptor, list), Arc::clone(keeper));
        Ok(OpenPartners { driver, listener: self.listener, greeting, keeper })
    }

    /// A node that the list does not know yet starts all the same: its entry comes with a later list.
    fn say_if_unlisted(&self, keeper: &TrustKeeper) -> Result<(), NodeError> {
        let (list, name, pin) = (keeper.list().load_full(), &self.configuration.node, self.identity.pin()?);
        let version = list.version();
        match list.node(name) {
            None => tracing::warn!(node = %name, version, "this node is not in the trust list: no partner answers it"),
            Some(node) if !node.spki.contains(&pin) => {
                tracing::warn!(node = %name, version, "the trust list pins another TLS key for this node: no partner answers it");
            }
            Some(_) => {}
        }
        Ok(())
    }
}
