//! The demonstration's nodes: each a process of this very program, started, looked at, killed and started again as
//! an operator or bad luck would.

use super::ground::{Site, failed};
use crate::{
    api::client::{Connection, Dial, wire, within_deadline},
    cli::{
        console::{Exit, Failure},
        serve,
    },
    office::ApiToken,
};
use std::{
    fs::{self, File},
    path::PathBuf,
    process::Child,
    time::{Duration, Instant},
};

/// How long a node may take to serve, or its partners to do what they do by themselves.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked whether something has happened.
const LOOK: Duration = Duration::from_millis(10);
/// Lines of its events that are shown of a node that did not start.
const TAIL: usize = 10;

/// A node, and the process that is it.
pub(super) struct Running {
    pub(super) site: Site,
    process: Option<Child>,
    events: PathBuf,
    ca: Vec<u8>,
    admin: Option<Connection>,
}

impl Running {
    /// Starts a node and waits until it serves.
    pub(super) async fn start(site: Site) -> Result<Self, Failure> {
        let ca = fs::read(&site.ca).map_err(failed)?;
        let events = site.home.join("events.log");
        let mut this = Self { site, process: None, events, ca, admin: None };
        this.again().await?;
        Ok(this)
    }

    /// Starts the process, which must not run, and waits until the node serves.
    pub(super) async fn again(&mut self) -> Result<(), Failure> {
        let events = File::options().create(true).append(true).open(&self.events).map_err(failed)?;
        let mut command = serve::beside(&self.site.configuration).map_err(failed)?;
        self.process = Some(command.stderr(events).spawn().map_err(failed)?);
        let begun = Instant::now();
        loop {
            // A node writes its operator's token anew at each start: only an answer says that this is the one.
            if let Ok(connection) = self.dial_admin().await {
                let asked = within_deadline(wire::ListPartnersRequest {});
                if connection.admin().list_partners(asked).await.is_ok() {
                    self.admin = Some(connection);
                    return Ok(());
                }
            }
            let ended = self.process.as_mut().and_then(|process| process.try_wait().ok()).flatten();
            if ended.is_some() || begun.elapsed() > PATIENCE {
                return Err(self.events_of(Failure::new(Exit::Failed, "a node does not start")));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Ends the process as a power cut would: nothing of it is told.
    pub(super) fn kill(&mut self) {
        self.admin = None;
        if let Some(mut process) = self.process.take() {
            // It may have ended by itself; then there is nothing to end.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// The operator's connection.
    pub(super) fn admin(&self) -> Result<&Connection, Failure> {
        self.admin.as_ref().ok_or_else(|| failed("the node does not run"))
    }

    async fn dial_admin(&self) -> Result<Connection, Failure> {
        let token = fs::read_to_string(&self.site.operator_token).map_err(failed)?;
        let token = ApiToken::parse(token.trim()).map_err(failed)?.reveal();
        let dial = Dial { url: format!("http://{}", self.site.ports.admin), ca: None, tls_name: None };
        Connection::open(&dial, Some(&token)).await.map_err(failed)
    }

    /// A connection of somebody with a token, or of anybody.
    pub(super) async fn dial(&self, token: Option<&str>) -> Result<Connection, Failure> {
        let url = format!("https://localhost:{}", self.site.ports.client.port());
        Connection::open(&Dial { url, ca: Some(self.ca.clone()), tls_name: None }, token).await.map_err(failed)
    }

    /// Waits until every partner is connected.
    pub(super) async fn connected(&self, partners: usize) -> Result<(), Failure> {
        self.until("the partners do not connect", |state| {
            let connected = state.partners.iter().filter(|partner| partner.connected_since.is_some());
            connected.count() == partners
        })
        .await
    }

    /// Waits until this node holds a log of a partner up to a size, with every disclosure, and has cosigned it.
    pub(super) async fn holds(&self, log: &str, size: u64) -> Result<(), Failure> {
        self.until("a partner's log does not arrive", |state| {
            let mut logs = state.partners.iter().flat_map(|partner| &partner.logs);
            logs.any(|one| {
                let all_contents = one.disclosed >= size && one.missing_disclosures == 0;
                one.origin == log && one.inward && one.held >= size && one.cosigned_size >= size && all_contents
            })
        })
        .await
    }

    /// Waits until every partner has a trust list of at least this version.
    pub(super) async fn listed(&self, version: u64) -> Result<(), Failure> {
        self.until("the partners do not take the trust list", |state| {
            state.trust_version >= version && state.partners.iter().all(|partner| partner.trust_version >= version)
        })
        .await
    }

    /// The same of the partners that are connected: one that the list has just named may not be there yet.
    pub(super) async fn listed_by_the_connected(&self, version: u64) -> Result<(), Failure> {
        self.until("the partners do not take the trust list", |state| {
            let mut connected = state.partners.iter().filter(|partner| partner.connected_since.is_some());
            state.trust_version >= version && connected.all(|partner| partner.trust_version >= version)
        })
        .await
    }

    async fn until(&self, otherwise: &str, good: impl Fn(&wire::ListPartnersResponse) -> bool) -> Result<(), Failure> {
        let begun = Instant::now();
        loop {
            let request = within_deadline(wire::ListPartnersRequest {});
            let state = self.admin()?.admin().list_partners(request).await.map_err(failed)?.into_inner();
            if good(&state) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                let failure = Failure::new(Exit::Failed, otherwise);
                let troubles = state.partners.iter().filter(|partner| !partner.reason.is_empty());
                let failure = troubles.fold(failure, |failure, one| {
                    failure.note(format!("{}: {} ({})", one.name, one.message, one.reason))
                });
                return Err(self.events_of(failure));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Adds the last that a node said of itself.
    fn events_of(&self, failure: Failure) -> Failure {
        let events = fs::read_to_string(&self.events).unwrap_or_default();
        let lines = events.lines().collect::<Vec<_>>();
        lines.iter().rev().take(TAIL).rev().fold(failure, |failure, line| failure.note(line))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
