//! A node of its own for a figure: its folder, its account, connections to it, certificates to be issued.

use crate::{
    api::client::{Connection, Dial, wire, within_deadline},
    certificate::{Particulars, offset_dates},
    cli::{
        arguments,
        console::{Console, Exit, Failure},
        files::{self, Source},
        ports, remote,
    },
    node::{
        Configuration, Node, OPERATOR_TOKEN,
        system::{SystemClock, SystemRandom},
    },
    time::{Clock, Date, ZoneName},
    trust::TrustList,
};
use bytes::Bytes;
use serde_json::{Value, json};
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

/// The host of the authority that issues.
pub(super) const HOST: &str = "tdap.gov.pk";
const ISSUER: &str = "https://tdap.gov.pk";
const ZONE: &str = "Asia/Karachi";
/// Each has a number series of its own, which six digits exhaust at a million.
pub(super) const EVERY_OFFICE: [&str; 4] = ["LHE", "KHI", "ISB", "PEW"];
const OFFICES: [&str; 4] = EVERY_OFFICE;
/// The certificate that is issued again and again; its number comes from the series.
const FOOTBALLS: &str = include_str!("../../../node-config/demo/certificates/pk-cn-footballs.json");
/// The same to other countries.
const RICE: &str = include_str!("../../../node-config/demo/certificates/pk-ke-rice-nonpreferential.json");
/// The number of its invoice.
const ITS_INVOICE: &str = "CS-2611-77";
/// The office in the first.
const ITS_OFFICE: &str = r#""office":{"code":"LHE""#;
/// Bytes of the longest certificate of an authority that vouches.
const CA_BYTES: usize = 1 << 16;

/// What all figures have in common.
#[derive(Debug, Clone)]
pub(super) struct Bench {
    pub(super) console: Console,
    /// How long a rate is measured.
    pub(super) window: Duration,
    /// Whether logs are as long as the figures are promised for.
    pub(super) full: bool,
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

/// Ports of a node that are free now, one for each door.
pub(super) fn free_ports() -> Result<[u16; 4], Failure> {
    let mut free = [0; 4];
    for port in &mut free {
        *port = ports::free()?.port();
    }
    Ok(free)
}

/// Makes a node's folder as an operator would. Port 0 takes a free one at the start; `arguments` are those that differ
/// from node to node.
pub(super) fn init(node: &Path, ports: [u16; 4], arguments: &[&str]) -> Result<Configuration, Failure> {
    let program = std::env::current_exe().map_err(|error| Failure::new(Exit::Failed, error))?;
    let mut command = Command::new(program);
    command.arg("init").arg(node).arg("--yes").args(arguments);
    for (door, port) in ["--public", "--client", "--admin", "--partner"].into_iter().zip(ports) {
        command.arg(door).arg(format!("127.0.0.1:{port}"));
    }
    let said = command.stdin(Stdio::null()).output().map_err(|error| Failure::new(Exit::Failed, error))?;
    if !said.status.success() {
        let failure = Failure::new(Exit::Failed, "no node could be made to measure with");
        return Err(String::from_utf8_lossy(&said.stderr).lines().fold(failure, Failure::note));
    }
    Configuration::load(&node.join("node.toml"))
        .map_err(|error| Failure::new(Exit::Failed, format!("the node's configuration: {error}")))
}

/// The operator's connection to a node that serves.
pub(super) async fn operator(configuration: &Configuration, admin: SocketAddr) -> Result<Connection, Failure> {
    let token = remote::token(&Source::File(configuration.data.join(OPERATOR_TOKEN)))?;
    let dial = Dial { url: format!("http://{admin}"), ca: None, tls_name: None };
    let connection = Connection::open(&dial, Some(&token)).await;
    connection.map_err(|why| remote::unreachable(&admin.to_string(), &why))
}

/// Opens an account at a node that serves, whose client door is dialled so; gives its id too.
pub(super) async fn account(
    console: Console,
    operator: &Connection,
    dial: Dial,
    wanted: wire::CreateAccountRequest,
) -> Result<(String, Access), Failure> {
    let answer = operator.admin().create_account(within_deadline(wanted)).await;
    let answer = answer.map_err(|status| remote::refused(console, "the node", &status))?.into_inner();
    let id = answer.account.unwrap_or_default().account_id;
    Ok((id, Access { dial, token: Zeroizing::new(answer.token) }))
}

/// How the client door of a node is dialled that was made in this folder.
pub(super) fn dial(node: &Path, client: SocketAddr) -> Result<Dial, Failure> {
    let ca = files::read(&node.join("tls/ca.crt.pem"), CA_BYTES, Exit::Failed)?;
    Ok(Dial { url: format!("https://{client}"), ca: Some(ca), tls_name: Some("localhost".to_owned()) })
}

impl Ground {
    /// Makes a folder with the issuer's node in it.
    pub(super) fn make(bench: &Bench, ports: [u16; 4]) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("origin-bench-").tempdir_in(&bench.base).map_err(|error| {
            Failure::new(Exit::Failed, format!("`{}` cannot be written: {error}", bench.base.display()))
        })?;
        let offices = OFFICES.map(|office| format!("{office}=Lahore,{office}"));
        let mut arguments = vec!["--issuer", ISSUER, "--country", "PK", "--time-zone", ZONE, "--name", "Bench"];
        arguments.extend(offices.iter().flat_map(|office| ["--office", office]));
        let configuration = init(&folder.path().join("node"), ports, &arguments)?;
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
        let operator = operator(&self.configuration, admin).await?;
        Ok(Running { node, access, operator })
    }

    /// Opens an account at a node that serves.
    pub(super) async fn access(&self, client: SocketAddr, admin: SocketAddr) -> Result<Access, Failure> {
        let connection = operator(&self.configuration, admin).await?;
        let wanted = wire::CreateAccountRequest {
            name: "Bench".to_owned(),
            roles: vec![wire::Role::Signatory.into()],
            ..Default::default()
        };
        self.open(&connection, client, wanted).await.map(|(_, access)| access)
    }

    /// Opens an account at a node that serves, for every office; gives its id too.
    async fn open(
        &self,
        operator: &Connection,
        client: SocketAddr,
        wanted: wire::CreateAccountRequest,
    ) -> Result<(String, Access), Failure> {
        let (issuer, offices) = (ISSUER.to_owned(), OFFICES.map(str::to_owned).to_vec());
        let wanted = wire::CreateAccountRequest { issuer, offices, ..wanted };
        account(self.console, operator, self.dial(client)?, wanted).await
    }

    /// How the node's client door is dialled.
    pub(super) fn dial(&self, client: SocketAddr) -> Result<Dial, Failure> {
        dial(&self.node(), client)
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
    pub(super) operator: Connection,
}

impl Running {
    /// A new connection.
    pub(super) async fn connect(&self) -> Result<Connection, Failure> {
        self.access.connect().await
    }

    /// Opens a further account, of an exporter where one is named; gives its id too.
    pub(super) async fn open(
        &self,
        ground: &Ground,
        name: &str,
        role: wire::Role,
        exporter_id: &str,
    ) -> Result<(String, Access), Failure> {
        let (name, roles, exporter_id) = (name.to_owned(), vec![role.into()], exporter_id.to_owned());
        let wanted = wire::CreateAccountRequest { name, roles, exporter_id, ..Default::default() };
        ground.open(&self.operator, self.node.addresses().client, wanted).await
    }

    /// Stops the node as an operator would.
    pub(super) async fn stop(self) {
        self.node.stop().await;
    }
}

/// Certificates to be issued, in the form they are sent.
#[derive(Debug)]
pub(super) struct Papers {
    all: Vec<Bytes>,
    next: AtomicUsize,
}

impl Papers {
    /// Written for today, all for China.
    pub(super) fn today() -> Result<Self, Failure> {
        Self::for_china(FOOTBALLS)
    }

    /// The same, each of so many items.
    pub(super) fn of_items(items: u32) -> Result<Self, Failure> {
        Self::for_china(&of_items(FOOTBALLS, items)?.to_string())
    }

    fn for_china(text: &str) -> Result<Self, Failure> {
        let json = dated(text)?;
        let of = |office: &str| Bytes::from(json.replacen(ITS_OFFICE, &ITS_OFFICE.replace("LHE", office), 1));
        Ok(Self { all: OFFICES.map(of).to_vec(), next: AtomicUsize::new(0) })
    }

    /// Written for today, for each of these countries as often; each is named with a port of its.
    pub(super) fn to(countries: impl IntoIterator<Item = (&'static str, &'static str)>) -> Result<Self, Failure> {
        let mut all = Vec::new();
        for (country, port) in countries {
            let of = |office: &str| {
                let text = RICE.replace("KEMBA", port).replace("\"KE\"", &format!("\"{country}\""));
                dated(&text.replacen("KCCI", office, 1)).map(Bytes::from)
            };
            all.push(OFFICES.into_iter().map(of).collect::<Result<Vec<_>, _>>()?);
        }
        // Neighbours go to different countries.
        let all =
            (0..OFFICES.len()).flat_map(|nth| all.iter().filter_map(move |some| some.get(nth))).cloned().collect();
        Ok(Self { all, next: AtomicUsize::new(0) })
    }

    /// The next one, each office and country in its turn.
    pub(super) fn next(&self) -> Bytes {
        self.numbered().1
    }

    /// The next one with an invoice of its own, as another consignment has.
    pub(super) fn next_consignment(&self) -> Bytes {
        let (nth, paper) = self.numbered();
        let text = String::from_utf8_lossy(&paper);
        Bytes::from(text.replace(ITS_INVOICE, &format!("CS-{nth}")))
    }

    fn numbered(&self) -> (usize, Bytes) {
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        (nth, self.all.get(nth % self.all.len().max(1)).cloned().unwrap_or_default())
    }
}

/// The date at the issuing offices.
pub(super) fn today() -> Result<Date, Failure> {
    let zone = ZoneName::new(ZONE).map_err(|error| Failure::new(Exit::Failed, error))?;
    Ok(zone.date_at(SystemClock.now()))
}

/// A certificate of one item made one of so many, all alike.
pub(super) fn of_items(text: &str, items: u32) -> Result<Value, Failure> {
    let mut certificate: Value = serde_json::from_str(text).map_err(|error| Failure::new(Exit::Failed, error))?;
    for (place, name) in [("/goods/items", "number"), ("/commercial/item_values", "item")] {
        let Some(list) = certificate.pointer_mut(place).and_then(Value::as_array_mut) else { continue };
        let Some(first) = list.first().cloned() else { continue };
        let numbered = |number: u32| {
            let mut one = first.clone();
            if let Some(members) = one.as_object_mut() {
                members.insert(name.to_owned(), json!(number));
            }
            one
        };
        *list = (1..=items).map(numbered).collect();
    }
    // The totals of one item are not those of many.
    for (place, name) in [("/goods", "totals"), ("/commercial", "total")] {
        if let Some(members) = certificate.pointer_mut(place).and_then(Value::as_object_mut) {
            members.remove(name);
        }
    }
    Ok(certificate)
}

/// A certificate of a file, dated today, as it is sent.
fn dated(text: &str) -> Result<String, Failure> {
    let dated = offset_dates(text, today()?).map_err(|error| Failure::new(Exit::Failed, error))?;
    let reading = Particulars::read_json(dated.as_bytes());
    let particulars = reading.particulars.ok_or_else(|| Failure::new(Exit::Failed, &reading.findings))?;
    Ok(particulars.to_json())
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

    /// One of many items is issued as readily as one of one: nothing that is asked about it is an error.
    #[test]
    fn a_certificate_of_fifty_items_may_be_issued() {
        let papers = Papers::of_items(50).unwrap();
        let agreements = crate::cli::agreements::load(None).unwrap();
        for office in OFFICES {
            let particulars = Particulars::read_json(&papers.next()).particulars.unwrap();
            assert_eq!(particulars.reference.office.code.as_str(), office);
            assert_eq!(particulars.goods.items.iter().map(|item| item.number).max(), Some(50));
            let agreement = agreements.get(&particulars.agreement).unwrap();
            let judged = agreement.judge(&particulars, today().unwrap(), &crate::agreement::Holidays::none());
            assert!(!judged.findings.has_errors(), "{}", judged.findings);
        }
    }

    #[test]
    fn every_country_has_as_many_certificates_as_the_next() {
        let papers = Papers::to([("KE", "KEMBA"), ("MY", "MYPKG")]).unwrap();
        let all = (0..8).map(|_| Particulars::read_json(&papers.next()).particulars.unwrap()).collect::<Vec<_>>();
        let to = all.iter().map(|one| one.to.as_str().to_owned()).collect::<Vec<_>>();
        assert_eq!(to, ["KE", "MY"].repeat(4));
        assert_eq!(all.iter().filter(|one| one.reference.office.code.as_str() == "PEW").count(), 2);
    }
}
