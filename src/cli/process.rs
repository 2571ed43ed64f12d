//! A node of this machine as a process of this very program: started, looked at, killed and started again, as an operator
//! or bad luck would.

use super::{
    console::{Exit, Failure},
    serve,
};
use crate::{
    api::client::{Connection, Dial, wire, within_deadline},
    office::ApiToken,
};
use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How often it is looked whether something has happened.
pub(super) const LOOK: Duration = Duration::from_millis(10);
/// Lines of its events that are shown of a node that did not start.
const TAIL: usize = 10;

/// Where a node is, and how it is reached.
pub(super) struct Place {
    pub(super) configuration: PathBuf,
    /// Where its events go.
    pub(super) events: PathBuf,
    pub(super) admin: SocketAddr,
    pub(super) client: SocketAddr,
    /// What its clients trust.
    pub(super) ca: PathBuf,
    pub(super) operator_token: PathBuf,
    /// How long it may take to serve, or its partners to do what they do by themselves.
    pub(super) patience: Duration,
}

/// A node, and the process that is it while it runs.
pub(super) struct Process {
    place: Place,
    ca: Vec<u8>,
    child: Option<Child>,
    admin: Option<Connection>,
}

impl Process {
    /// Starts a node and waits until it serves.
    pub(super) async fn start(place: Place) -> Result<Self, Failure> {
        let ca =
            fs::read(&place.ca).map_err(|error| failed(format!("`{}` cannot be read: {error}", place.ca.display())))?;
        let mut this = Self { place, ca, child: None, admin: None };
        this.again().await?;
        Ok(this)
    }

    /// Starts the process, which must not run, and waits until the node serves.
    pub(super) async fn again(&mut self) -> Result<(), Failure> {
        let configuration = self.place.configuration.clone();
        self.again_from(&configuration).await
    }

    /// The same from another configuration of the same node.
    pub(super) async fn again_from(&mut self, configuration: &Path) -> Result<(), Failure> {
        // Another node that serves there would be taken for this one.
        if TcpListener::bind(self.place.admin).is_err() {
            return Err(Failure::new(Exit::Failed, format!("somebody serves at {} already", self.place.admin)));
        }
        let events = File::options().create(true).append(true).open(&self.place.events).map_err(failed)?;
        let mut command = serve::beside(configuration).map_err(failed)?;
        self.child = Some(command.stderr(events).spawn().map_err(failed)?);
        let begun = Instant::now();
        loop {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok()).flatten();
            if ended.is_some() || begun.elapsed() > self.place.patience {
                return Err(self.events_of(Failure::new(Exit::Failed, "a node does not start")));
            }
            // A node writes its operator's token anew at each start: only an answer says that this is the one.
            if let Ok(connection) = self.dial_admin().await {
                let asked = within_deadline(wire::ListPartnersRequest {});
                if connection.admin().list_partners(asked).await.is_ok() {
                    self.admin = Some(connection);
                    return Ok(());
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Ends the process as a power cut would: nothing of it is told.
    pub(super) fn kill(&mut self) {
        self.admin = None;
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself; then there is nothing to end.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// The operator's connection.
    pub(super) fn admin(&self) -> Result<&Connection, Failure> {
        self.admin.as_ref().ok_or_else(|| failed("the node does not run"))
    }

    async fn dial_admin(&self) -> Result<Connection, Failure> {
        let token = fs::read_to_string(&self.place.operator_token).map_err(failed)?;
        let token = ApiToken::parse(token.trim()).map_err(failed)?.reveal();
        let dial = Dial { url: format!("http://{}", self.place.admin), ca: None, tls_name: None };
        Connection::open(&dial, Some(&token)).await.map_err(failed)
    }

    /// A connection of somebody with a token, or of anybody.
    pub(super) async fn dial(&self, token: Option<&str>) -> Result<Connection, Failure> {
        let (ip, port) = (self.place.client.ip(), self.place.client.port());
        let host = if ip.is_loopback() || ip.is_unspecified() { "localhost".to_owned() } else { ip.to_string() };
        let url = format!("https://{host}:{port}");
        Connection::open(&Dial { url, ca: Some(self.ca.clone()), tls_name: None }, token).await.map_err(failed)
    }

    /// What the node says of its partners.
    pub(super) async fn partners(&self) -> Result<wire::ListPartnersResponse, Failure> {
        let request = within_deadline(wire::ListPartnersRequest {});
        self.admin()?.admin().list_partners(request).await.map(tonic::Response::into_inner).map_err(failed)
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

    /// Waits until something is so with the partners, and says what is wrong with them if it never is.
    pub(super) async fn until(
        &self,
        otherwise: &str,
        good: impl Fn(&wire::ListPartnersResponse) -> bool,
    ) -> Result<(), Failure> {
        let begun = Instant::now();
        loop {
            let state = self.partners().await?;
            if good(&state) {
                return Ok(());
            }
            if begun.elapsed() > self.place.patience {
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
        let events = fs::read_to_string(&self.place.events).unwrap_or_default();
        let lines = events.lines().collect::<Vec<_>>();
        lines.iter().rev().take(TAIL).rev().fold(failure, |failure, line| failure.note(line))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a command of this program as an operator would, and gives what it printed.
pub(super) fn operator(arguments: impl FnOnce(&mut Command) -> &mut Command) -> Result<String, Failure> {
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    let said = arguments(&mut command).stdin(Stdio::null()).output().map_err(failed)?;
    if said.status.success() {
        return String::from_utf8(said.stdout).map_err(failed);
    }
    let failure = Failure::new(Exit::Failed, "a command of an operator failed");
    Err(String::from_utf8_lossy(&said.stderr).lines().fold(failure, Failure::note))
}

/// An error of a step that has no better sentence.
pub(super) fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error)
}
