//! A node that runs: opened in an order that loses nothing when a step fails, reloaded, and stopped gracefully.

use super::authority::{self, OpenAuthority, Surroundings};
use super::configuration::Configuration;
use super::greeting::Greeting;
use super::listener::{Listener, ListenerLimits};
use super::lists::{ListKeeper, Read};
use super::partners::{OpenPartners, PartnerDoor};
use super::receipts::ReceiptBook;
use super::tls::TlsIdentity;
use super::trust_keeper::TrustKeeper;
use super::{NodeError, background::Background, courier::HttpsCourier, federation, operator, paper, webhook_key};
use crate::api::{DoorSetup, Doors, Health, Hosts};
use crate::exchange::driver::Driver;
use crate::sequencer::Sequencer;
use crate::time::{Clock, Random};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often the TLS files are looked at for a renewed certificate.
const TLS_LOOK: Duration = Duration::from_mins(1);

/// A connection without a call for this long gives its place to others; a client's next call opens another.
const IDLE: Duration = Duration::from_mins(5);

/// Where a node is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// HTTPS for everybody.
    pub public: SocketAddr,
    /// gRPC over TLS.
    pub client: SocketAddr,
    /// gRPC for the operator.
    pub admin: SocketAddr,
    /// gRPC for partners, where the node has any.
    pub partner: Option<SocketAddr>,
    /// The file with the operator's token.
    pub operator_token: PathBuf,
}

/// A node that serves until it is stopped.
pub struct Node {
    addresses: Addresses,
    keeper: Arc<TrustKeeper>,
    lists: Arc<ListKeeper>,
    driver: Option<Driver>,
    identities: Vec<Arc<TlsIdentity>>,
    sequencers: Vec<Sequencer>,
    health: Health,
    stop: watch::Sender<bool>,
    serving: JoinSet<()>,
}

impl Node {
    /// Starts a node. When it returns, every listener accepts; when it fails, nothing is left open.
    pub async fn start(
        configuration: Configuration,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, NodeError> {
        // Addresses and TLS first: the cheapest to refuse, before any file of the node is touched.
        let public = Listener::bind("public", configuration.public.listen)?;
        let client = Listener::bind("client", configuration.client.listen)?;
        let admin = Listener::bind("admin", configuration.admin)?;
        let public_tls = TlsIdentity::read(configuration.public.tls.clone())?;
        let client_tls = TlsIdentity::read(configuration.client.tls.clone())?;
        let partner = match configuration.partner.clone() {
            Some(partner) => Some(PartnerDoor::bind(partner).await?),
            None => None,
        };
        let mut identities = vec![Arc::clone(&public_tls), Arc::clone(&client_tls)];
        identities.extend(partner.as_ref().map(PartnerDoor::identity));

        let agreements = Arc::new(federation::agreements(&configuration.agreements)?);
        let keeper = Arc::new(TrustKeeper::open(configuration.trust.clone(), Arc::clone(&agreements))?);
        let folder = configuration.lists.clone();
        let lists = tokio::task::spawn_blocking(move || ListKeeper::open(folder)).await;
        let lists = Arc::new(lists.map_err(|error| NodeError::Inside(error.to_string()))??);
        let around = Surroundings {
            trust: keeper.list(),
            agreements,
            lists: lists.lists(),
            verifier: keeper.verifier(),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
            courier: Arc::new(HttpsCourier::open(&configuration.webhooks)?),
            webhook_key: webhook_key::open(&configuration.data, random.as_ref())?,
            elsewhere: Arc::default(),
            printer: paper::printer(&configuration.paper)?,
        };
        let opened = open_all(&configuration, around.clone()).await?;
        let own = opened.iter().map(OpenAuthority::exchanged).collect();
        let speakers = opened.iter().map(|one| (one.hosted.issuer.clone(), one.sequencer.clone())).collect();
        let receipts = Arc::new(ReceiptBook::new(speakers, Arc::clone(&keeper), Arc::clone(&clock)));
        let address = partner.as_ref().map(PartnerDoor::address);
        let exchange = match partner {
            Some(door) => Some(door.start(&keeper, own, receipts, (Arc::clone(&clock), Arc::clone(&random))).await?),
            None => None,
        };
        around.elsewhere.hosted(opened.iter().map(|one| Arc::clone(one.hosted.desk.store())).collect());
        let view = exchange.as_ref().map(OpenPartners::view);
        if let Some(view) = &view {
            around.elsewhere.partners(view.clone());
        }
        let background = Background::of(&opened, &around, view.as_ref());
        let (hosted, sequencers) = opened.into_iter().map(|one| (one.hosted, one.sequencer)).unzip();
        let (operator, operator_token) = operator::token(&configuration.data, random.as_ref())?;
        let (stop, stopping) = watch::channel(false);
        let doors = Doors::open(DoorSetup {
            hosts: Hosts::new(hosted),
            lists: lists.lists(),
            verifier: keeper.verifier(),
            clock: Arc::clone(&clock),
            operator,
            deadline: configuration.limits.deadline,
            verifications_per_minute: configuration.limits.verifications_per_minute,
            stopping: stopping.clone(),
            partners: view,
            reload_trust: {
                let keeper = Arc::clone(&keeper);
                Arc::new(move || keeper.reload().map_err(|error| error.to_string()))
            },
        })
        .await
        .map_err(|error| NodeError::Inside(error.to_string()))?;

        let addresses = Addresses {
            public: public.address(),
            client: client.address(),
            admin: admin.address(),
            partner: address,
            operator_token,
        };
        let (limits, drain) = (listener_limits(&configuration), configuration.limits.drain);
        let mut serving = JoinSet::new();
        background.begin(&mut serving, &stopping);
        serving.spawn(public.serve(
            Greeting::Tls(public_tls.acceptor()?),
            doors.public,
            limits,
            stopping.clone(),
            drain,
        ));
        serving.spawn(client.serve(
            Greeting::Tls(client_tls.acceptor()?),
            doors.client,
            limits,
            stopping.clone(),
            drain,
        ));
        serving.spawn(admin.serve(Greeting::None, doors.admin, limits, stopping.clone(), drain));
        let driver = exchange.map(|exchange| exchange.serve(&mut serving, stopping, drain));
        tracing::info!(
            public = %addresses.public,
            client = %addresses.client,
            admin = %addresses.admin,
            partner = addresses.partner.map(tracing::field::display),
            authorities = configuration.authorities.len(),
            "serving"
        );
        Ok(Self { addresses, keeper, lists, driver, identities, sequencers, health: doors.health, stop, serving })
    }

    /// Where it is reached.
    #[must_use]
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Reads TLS certificates, the trust list and the lists of codes, rates and holidays again. What cannot be read changes nothing and is said.
    pub fn reload(&self) {
        self.reload_tls();
        match self.keeper.reload() {
            Ok(version) => tracing::info!(version, "the trust list was read again"),
            Err(error) => tracing::error!(%error, "the trust list stays as it was"),
        }
        drop(self.reload_lists());
    }

    /// Reads the lists again, on a thread of its own: hundreds of thousands of rows must not hold up the runtime.
    pub(super) fn reload_lists(&self) -> tokio::task::JoinHandle<()> {
        let lists = Arc::clone(&self.lists);
        tokio::task::spawn_blocking(move || match lists.reload() {
            Ok(Read::Again) => tracing::info!("the lists were read again"),
            Ok(Read::NoFolder) => tracing::info!(
                "no lists were read: to have some, name their folder (`lists`) in the configuration and start the node again"
            ),
            Err(error) => tracing::error!(%error, "the lists stay as they were"),
        })
    }

    fn reload_tls(&self) {
        for identity in &self.identities {
            match identity.reload() {
                Ok(false) => {}
                Ok(true) => tracing::info!("a renewed TLS certificate is in use"),
                Err(error) => tracing::error!(%error, "the TLS certificate stays as it was"),
            }
        }
    }

    /// Serves until `until` comes; `again` says each time that files should be read again.
    ///
    /// A listener that ends by itself stops the node: half a node that looks alive is worse than none.
    pub async fn run(
        mut self,
        until: impl Future<Output = ()>,
        mut again: tokio::sync::mpsc::Receiver<()>,
    ) -> Result<(), NodeError> {
        let mut look = tokio::time::interval(TLS_LOOK);
        let mut until = std::pin::pin!(until);
        let ended = loop {
            tokio::select! {
                () = until.as_mut() => break Ok(()),
                Some(ended) = self.serving.join_next() => {
                    let why = ended.map_or_else(|error| error.to_string(), |()| "it stopped accepting".to_owned());
                    tracing::error!(why, "a listener ended");
                    break Err(NodeError::Inside(format!("a listener of the node ended by itself: {why}")));
                }
                Some(()) = again.recv() => self.reload(),
                _ = look.tick() => self.reload_tls(),
            }
        };
        self.stop().await;
        ended
    }

    /// Ends the listeners as a panic in one would.
    #[cfg(test)]
    pub(super) fn cut_listeners(&mut self) {
        self.serving.abort_all();
    }

    /// Stops: health says so, no new connection is taken, calls in progress end within the drain, and every
    /// writer finishes what it accepted.
    pub async fn stop(mut self) {
        tracing::info!("stopping");
        self.health.stopping().await;
        // A receiver that is gone has stopped already.
        let _ = self.stop.send(true);
        if let Some(driver) = self.driver.take() {
            driver.stop().await;
        }
        while self.serving.join_next().await.is_some() {}
        let sequencers = std::mem::take(&mut self.sequencers);
        let closed = tokio::task::spawn_blocking(move || sequencers.iter().for_each(Sequencer::close)).await;
        if let Err(error) = closed {
            tracing::error!(%error, "a writer did not close");
        }
        tracing::info!("stopped");
    }
}

fn listener_limits(configuration: &Configuration) -> ListenerLimits {
    ListenerLimits {
        connections: configuration.limits.connections,
        connections_per_address: configuration.limits.connections_per_address,
        streams_per_connection: configuration.limits.streams_per_connection,
        idle: IDLE,
    }
}

/// Opens every authority; if one fails, those before it are closed again.
async fn open_all(configuration: &Configuration, around: Surroundings) -> Result<Vec<OpenAuthority>, NodeError> {
    let authorities = configuration.authorities.clone();
    let open = move || {
        let mut opened: Vec<OpenAuthority> = Vec::with_capacity(authorities.len());
        for one in &authorities {
            match authority::open(one, &around) {
                Ok(open) => opened.push(open),
                Err(error) => {
                    for open in &opened {
                        open.sequencer.close();
                    }
                    return Err(error);
                }
            }
        }
        Ok(opened)
    };
    tokio::task::spawn_blocking(open).await.map_err(|error| NodeError::Inside(error.to_string()))?
}
