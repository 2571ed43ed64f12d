//! A node of its own for a figure: its folder, its account, connections to it, certificates to be issued.

use crate::{
    api::client::{Connection, Dial, wire, within_deadline},
    certificate::{Particulars, offset_dates},
    cli::{
        arguments,
        console::{Console, Exit, Failure},
        files::{self, Source},
        remote,
    },
    node::{
        Configuration, Node, OPERATOR_TOKEN,
        system::{SystemClock, SystemRandom},
    },
    time::{Clock, ZoneName},
    trust::TrustList,
};
use bytes::Bytes;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use zeroize::Zeroizing;

/// Callers of single calls at once.
pub(super) const CALLERS: usize = 64;
/// Connections they share: back offices keep one each.
pub(super) const CONNECTIONS: usize = 4;

const ISSUER: &str = "https://tdap.gov.pk";
const ZONE: &str = "Asia/Karachi";
/// Each has a number series of its own, which six digits exhaust at a million.
const OFFICES: [&str; 4] = ["LHE", "KHI", "ISB", "PEW"];
/// The certificate that is issued again and again; its number comes from the series.
const FOOTBALLS: &str = include_str!("../../../node-config/demo/certificates/pk-cn-footballs.json");
/// The office in it.
const ITS_OFFICE: &str = r#""office":{"code":"LHE""#;
/// Bytes of the longest certificate of an authority that vouches.
const CA_BYTES: usize = 1 << 16;

/// What all figures have in common.
#[derive(Debug, Clone)]
pub(super) struct Bench {
    pub(super) console: Console,
    /// How long a rate is measured.
    pub(super) window: Duration,
    /// Where temporary folders are made.
    pub(super) base: PathBuf,
}

/// A node's folder, which goes when it is dropped.
#[derive(Debug)]
pub(super) struct Ground {
    folder: tempfile::TempDir,
    pub(super) configuration: Configuration,
    console: Console,
}

/// The program that runs.
pub(super) fn program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| Failure::new(Exit::Failed, error))
}

impl Ground {
    /// Makes a node's folder, as an operator would. Port 0 takes a free one at the start.
    pub(super) fn make(bench: &Bench, ports: [u16; 3]) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("origin-bench-").tempdir_in(&bench.base).map_err(|error| {
            Failure::new(Exit::Failed, format!("`{}` cannot be written: {error}", bench.base.display()))
        })?;
        let node = folder.path().join("node");
        let mut command = Command::new(program()?);
        command.arg("init").arg(&node);
        command.args(["--yes", "--issuer", ISSUER, "--country", "PK", "--time-zone", ZONE, "--name", "Bench"]);
        for office in OFFICES {
            command.arg("--office").arg(format!("{office}=Bench,{office}"));
        }
        for (door, port) in ["--public", "--client", "--admin"].into_iter().zip(ports) {
            command.arg(door).arg(format!("127.0.0.1:{port}"));
        }
        command.args(["--partner", "127.0.0.1:0"]);
        let said = command.stdin(Stdio::null()).output().map_err(|error| Failure::new(Exit::Failed, error))?;
        if !said.status.success() {
            let failure = Failure::new(Exit::Failed, "no node could be made to measure with");
            return Err(String::from_utf8_lossy(&said.stderr).lines().fold(failure, Failure::note));
        }
        let configuration = Configuration::load(&node.join("node.toml"))
            .map_err(|error| Failure::new(Exit::Failed, format!("the node's configuration: {error}")))?;
        Ok(Self { folder, configuration, console: bench.console })
    }

    /// The node's folder.
    pub(super) fn node(&self) -> PathBuf {
        self.folder.path().join("node")
    }

    /// A folder on the same disk that is no part of the node.
    pub(super) fn beside(&self) -> &Path {
        self.folder.path()
    }

    /// The list and what it is opened with.
    pub(super) fn trust(&self) -> Result<TrustList, Failure> {
        arguments::open_trust(&self.configuration.trust.list, &self.configuration.trust.anchor)
    }

    /// Starts the node in this process, and opens an account at it.
    pub(super) async fn start(&self) -> Result<Running, Failure> {
        let node = Node::start(self.configuration.clone(), Arc::new(SystemClock), Arc::new(SystemRandom))
            .await
            .map_err(|error| Failure::new(Exit::Failed, format!("the node does not start: {error}")))?;
        let (client, admin) = (node.addresses().client, node.addresses().admin);
        let access = self.access(client, admin).await?;
        Ok(Running { node, access })
    }

    /// Opens an account at a node that serves.
    pub(super) async fn access(&self, client: SocketAddr, admin: SocketAddr) -> Result<Access, Failure> {
        let operator = remote::token(&Source::File(self.configuration.data.join(OPERATOR_TOKEN)))?;
        let dial = Dial { url: format!("http://{admin}"), ca: None, tls_name: None };
        let shown = admin.to_string();
        let connection = Connection::open(&dial, Some(&operator)).await;
        let connection = connection.map_err(|why| remote::unreachable(&shown, &why))?;
        let request = wire::CreateAccountRequest {
            issuer: ISSUER.to_owned(),
            name: "Bench".to_owned(),
            roles: vec![wire::Role::Signatory.into()],
            offices: OFFICES.map(str::to_owned).to_vec(),
        };
        let answer = connection.admin().create_account(within_deadline(request)).await;
        let answer = answer.map_err(|status| remote::refused(self.console, &shown, &status))?.into_inner();
        Ok(Access { dial: self.dial(client)?, token: Zeroizing::new(answer.token) })
    }

    /// How the node's client door is dialled.
    pub(super) fn dial(&self, client: SocketAddr) -> Result<Dial, Failure> {
        let ca = files::read(&self.node().join("tls/ca.crt.pem"), CA_BYTES, Exit::Failed)?;
        Ok(Dial { url: format!("https://{client}"), ca: Some(ca), tls_name: Some("localhost".to_owned()) })
    }
}

/// How a node's client door is reached, and with which token.
#[derive(Debug, Clone)]
pub(super) struct Access {
    dial: Dial,
    token: Zeroizing<String>,
}

impl Access {
    /// What the account shows.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// A new connection.
    pub(super) async fn connect(&self) -> Result<Connection, Failure> {
        let connection = Connection::open(&self.dial, Some(&self.token)).await;
        connection.map_err(|why| remote::unreachable(&self.dial.url, &why))
    }
}

/// A node in this process.
pub(super) struct Running {
    node: Node,
    pub(super) access: Access,
}

impl Running {
    /// A new connection.
    pub(super) async fn connect(&self) -> Result<Connection, Failure> {
        self.access.connect().await
    }

    /// Stops the node as an operator would.
    pub(super) async fn stop(self) {
        self.node.stop().await;
    }
}

/// Certificates to be issued, in the form they are sent.
#[derive(Debug)]
pub(super) struct Papers {
    by_office: Vec<Bytes>,
    next: AtomicUsize,
}

impl Papers {
    /// Written for today.
    pub(super) fn today() -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, error.to_string());
        let zone = ZoneName::new(ZONE).map_err(|error| failed(&error))?;
        let dated = offset_dates(FOOTBALLS, zone.date_at(SystemClock.now())).map_err(|error| failed(&error))?;
        let reading = Particulars::read_json(dated.as_bytes());
        let particulars = reading.particulars.ok_or_else(|| failed(&reading.findings))?;
        let json = particulars.to_json();
        let of = |office: &str| Bytes::from(json.replacen(ITS_OFFICE, &ITS_OFFICE.replace("LHE", office), 1));
        Ok(Self { by_office: OFFICES.map(of).to_vec(), next: AtomicUsize::new(0) })
    }

    /// The next one, each office in its turn.
    pub(super) fn next(&self) -> Bytes {
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        self.by_office.get(nth % OFFICES.len()).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_office_has_certificates_of_its_own_to_issue() {
        let papers = Papers::today().unwrap();
        for office in OFFICES {
            let particulars = Particulars::read_json(&papers.next()).particulars.unwrap();
            assert_eq!(particulars.reference.office.code.as_str(), office);
            assert!(particulars.reference.number.is_none(), "the series gives the number");
        }
    }
}
