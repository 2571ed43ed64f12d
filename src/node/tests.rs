//! A real node over its real listeners, from its files to its stop.

mod files;
mod webhooks;

use super::{Configuration, Node, NodeError};
use crate::api::testing::Caller;
use crate::reason::Reasoned as _;
use crate::time::{Clock as _, FixedClock, SeededRandom};
use crate::workflow::tests::world::{NOW, footballs, request_id};
use files::HOST;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::new(NOW.parse().unwrap()))
}

async fn start(configuration: &Configuration, clock: &Arc<FixedClock>) -> Result<Node, NodeError> {
    Node::start(configuration.clone(), Arc::clone(clock) as _, Arc::new(SeededRandom::new(1))).await
}

/// The operator, on this machine.
async fn operator(node: &Node) -> Caller {
    let token = std::fs::read_to_string(&node.addresses().operator_token).unwrap();
    Caller::operator(node.addresses().admin, token.trim()).await
}

/// Who calls from elsewhere.
async fn afar(node: &Node, folder: &Path, token: Option<&str>) -> Caller {
    let ca = std::fs::read(folder.join("tls/ca.crt.pem")).unwrap();
    Caller::over_tls(node.addresses().client, &ca, token).await
}

/// A signatory of the office, whose account is just opened.
async fn signatory(node: &Node, folder: &Path) -> Caller {
    let token = operator(node).await.account(HOST, "signatory", &["LHE"]).await;
    afar(node, folder, Some(&token)).await
}

/// One HTTP/1.1 request over TLS: head and body of the answer.
async fn get(node: &Node, ca: &[u8], host: &str, path: &str, token: Option<&str>) -> (String, Vec<u8>) {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = tokio::net::TcpStream::connect(node.addresses().public).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{token}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server may close without the closing words of TLS.
    let _ = stream.read_to_end(&mut answer).await;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase(), answer[end + 4..].to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_issues_proves_and_serves_what_it_issued() {
    let folder = tempfile::tempdir().unwrap();
    let (configuration, clock) = (files::write(folder.path()), clock());
    let node = start(&configuration, &clock).await.unwrap();
    let ca = std::fs::read(folder.path().join("tls/ca.crt.pem")).unwrap();
    let admin = operator(&node).await;
    let signatory = admin.account(HOST, "signatory", &["LHE"]).await;
    let auditor = admin.account(HOST, "auditor", &[]).await;
    let client = afar(&node, folder.path(), Some(&signatory)).await;
    let stranger = afar(&node, folder.path(), None).await;

    // Issued, and the same request again changes nothing.
    let row = (request_id(&clock, 1), footballs(&clock));
    let issued = client.issue(std::slice::from_ref(&row)).await.remove(0).unwrap();
    let again = client.issue(&[row]).await.remove(0).unwrap();
    assert_eq!((&issued.number, issued.index), (&again.number, again.index));
    assert!(!issued.token.is_empty());

    // A mistake names its place; a stranger is told that a token is needed.
    let spoilt = (request_id(&clock, 2), b"{}".to_vec());
    assert_eq!(client.issue(std::slice::from_ref(&spoilt)).await.remove(0).unwrap_err(), "RULES_REFUSE");
    assert_eq!(stranger.refusal_of_issue(&[spoilt]).await, "UNAUTHENTICATED");

    // Evidence, verdict, look-up.
    let bundle = client.bundle(&issued.number).await;
    assert_eq!(stranger.verdict(&bundle).await, "VALID");
    assert_eq!(stranger.look_up(HOST, &issued.jti).await, Ok("VALID"));
    client.cancel(&request_id(&clock, 3), &issued.number).await.unwrap();
    assert_eq!(stranger.look_up(HOST, &issued.jti).await, Ok("CANCELLED"));
    assert_eq!(stranger.verdict(&client.bundle(&issued.number).await).await, "CANCELLED");

    // The log, by both doors.
    let log = issued.log.strip_prefix(HOST).unwrap();
    assert_eq!(stranger.checkpoint(&issued.log).await.unwrap_err(), "READING_DENIED");
    let auditing = afar(&node, folder.path(), Some(&auditor)).await;
    let signed = auditing.checkpoint(&issued.log).await.unwrap();
    let (head, body) = get(&node, &ca, HOST, &format!("{log}/checkpoint"), Some(&auditor)).await;
    assert!(head.starts_with("http/1.1 200") && head.contains("cache-control: no-cache"), "{head}");
    assert_eq!(body, signed);
    let (head, _) = get(&node, &ca, HOST, &format!("{log}/checkpoint"), None).await;
    assert!(head.starts_with("http/1.1 403"), "{head}");
    let size = String::from_utf8(signed).unwrap().lines().nth(1).unwrap().to_owned();
    // By address, without a name in the DNS.
    let path = format!("/{}/tile/entries/000.p/{size}", issued.log);
    let (head, body) = get(&node, &ca, "localhost", &path, Some(&auditor)).await;
    assert!(head.starts_with("http/1.1 200") && head.contains("private, max-age=31536000, immutable"), "{head}");
    assert_eq!(crate::log::tile::parse_entries(&body).unwrap().len().to_string(), size);
    let (_, body) = get(&node, &ca, HOST, &format!("{log}/tile/0/000.p/{size}"), Some(&auditor)).await;
    assert_eq!((body.len() / 32).to_string(), size);
    let (head, _) = get(&node, &ca, HOST, &format!("{log}/tile/0/000"), Some(&auditor)).await;
    assert!(head.starts_with("http/1.1 404"), "{head}");

    // Keys, status list, health.
    let (head, body) = get(&node, &ca, HOST, "/.well-known/jwt-vc-issuer", None).await;
    assert!(head.contains("application/json"), "{head}");
    assert!(String::from_utf8(body).unwrap().contains(r#""kid":"tdap-2026-1""#));
    let status = log.replacen("/log/", "/status/", 1);
    let (head, _) = get(&node, &ca, HOST, &format!("{status}/0"), None).await;
    assert!(head.starts_with("http/1.1 200") && head.contains("application/statuslist+jwt"), "{head}");
    let (head, body) = get(&node, &ca, "localhost", "/healthz", None).await;
    assert!(body == b"serving\n" && head.contains("cache-control: no-store"), "{head}");
    let (head, body) = get(&node, &ca, HOST, "/no/such/path", None).await;
    assert!(head.starts_with("http/1.1 404") && head.contains("cache-control: no-store"), "{head}");
    assert!(body.starts_with(b"NOT_FOUND: "));
    assert_eq!(admin.log_holds(&issued.log).await, Ok(true));
    node.stop().await;

    // Started again, it has everything.
    let node = start(&configuration, &clock).await.unwrap();
    let client = afar(&node, folder.path(), Some(&signatory)).await;
    assert_eq!(client.look_up(HOST, &issued.jti).await, Ok("CANCELLED"));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_on_paper_leads_to_the_certificate_and_nothing_less_does() {
    let folder = tempfile::tempdir().unwrap();
    let (configuration, clock) = (files::write(folder.path()), clock());
    let node = start(&configuration, &clock).await.unwrap();
    let ca = std::fs::read(folder.path().join("tls/ca.crt.pem")).unwrap();
    let client = signatory(&node, folder.path()).await;
    let stranger = afar(&node, folder.path(), None).await;
    let issued = client.issue(&[(request_id(&clock, 1), footballs(&clock))]).await.remove(0).unwrap();
    let (look_up, stamp) = client.paper(&issued.number).await;

    // The node has the log: the stamp is as good as the certificate, until that is cancelled.
    assert_eq!(stranger.verdict(stamp.as_bytes()).await, "VALID");
    let whole = String::from_utf8(issued.token.clone()).unwrap();
    let path = look_up.strip_prefix("HTTPS://TDAP.GOV.PK").unwrap();
    let code = path.rsplit_once('/').unwrap().1;
    assert_eq!(stranger.look_up_whole(HOST, &issued.jti, code).await, Ok(whole.clone().into_bytes()));
    assert_eq!(stranger.look_up_whole(HOST, &issued.jti, "WRONG").await.unwrap_err(), "CERTIFICATE_UNKNOWN");

    // As a scanner asks, and as a person types it.
    for (host, path) in
        [("TDAP.GOV.PK", path.to_owned()), (HOST, path.to_lowercase()), ("localhost", format!("/{HOST}{path}"))]
    {
        let (head, body) = get(&node, &ca, host, &path, None).await;
        assert!(head.starts_with("http/1.1 200") && head.contains("application/json"), "{host}{path}: {head}");
        for said in
            ["cache-control: no-store", "referrer-policy: no-referrer", "content-security-policy: default-src 'none'"]
        {
            assert!(head.contains(said), "{head}");
        }
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (answer["jti"].as_str(), answer["status"].as_str()),
            (Some(&*issued.jti), Some("CERTIFICATE_STATUS_VALID"))
        );
        assert!(answer["token"].as_str().is_some_and(|token| !token.is_empty()), "{answer}");
    }
    for wrong in [format!("/V/{}/0000000000000000", issued.jti), "/V/x/y".to_owned(), format!("/V/{}/", issued.jti)] {
        let (head, body) = get(&node, &ca, HOST, &wrong, None).await;
        assert!(head.starts_with("http/1.1 404") && head.contains("cache-control: no-store"), "{wrong}: {head}");
        assert!(!String::from_utf8_lossy(&body).contains(&issued.jti));
    }
    // What every sheet names in words says how to verify it, to everybody.
    for (host, path) in [("TDAP.GOV.PK", "/V".to_owned()), (HOST, "/v".to_owned()), ("localhost", format!("/{HOST}/V"))]
    {
        let (head, body) = get(&node, &ca, host, &path, None).await;
        assert!(head.starts_with("http/1.1 200") && head.contains("text/html"), "{host}{path}: {head}");
        assert!(head.contains("content-security-policy: default-src 'none'; style-src 'sha256-"), "{head}");
        let page = String::from_utf8(body).unwrap();
        assert!(page.contains("https://tdap.gov.pk/V/") && page.contains("origin verify"), "{page}");
    }
    let (head, _) = get(&node, &ca, "nobody.example", "/V", None).await;
    assert!(head.starts_with("http/1.1 404"), "{head}");
    client.cancel(&request_id(&clock, 3), &issued.number).await.unwrap();
    assert_eq!(stranger.verdict(stamp.as_bytes()).await, "CANCELLED");

    // Whoever tries many codes is heard no more, for this certificate.
    let mut refusals = std::collections::BTreeSet::new();
    for _ in 0..12 {
        refusals.insert(stranger.look_up_whole(HOST, &issued.jti, "WRONG").await.unwrap_err());
    }
    assert!(refusals.contains("RATE_LIMITED"), "{refusals:?}");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_a_node_from_starting_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let (configuration, clock) = (files::write(folder.path()), clock());
    let fails = async |configuration: &Configuration| {
        let Err(error) = start(configuration, &clock).await else { panic!("it started") };
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
        (error.reason(), error.to_string())
    };

    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut busy = configuration.clone();
    busy.client.listen = taken.local_addr().unwrap();
    let (reason, line) = fails(&busy).await;
    assert_eq!(reason, "ADDRESS_IN_USE", "{line}");

    std::fs::write(folder.path().join("passphrase"), "another one\n").unwrap();
    let (reason, line) = fails(&configuration).await;
    assert!(reason.contains("PASSPHRASE"), "{reason}: {line}");

    let mut lost = configuration.clone();
    lost.trust.list = folder.path().join("no-such-file");
    let (reason, line) = fails(&lost).await;
    assert!(reason == "FILE_UNREADABLE" && line.contains("no-such-file"), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_went_back_stops_the_start_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (configuration, clock) = (files::write(folder.path()), clock());
    let node = start(&configuration, &clock).await.unwrap();
    let client = signatory(&node, folder.path()).await;
    client.issue(&[(request_id(&clock, 1), footballs(&clock))]).await.remove(0).unwrap();
    node.stop().await;

    clock.set("2026-11-20T00:00:00Z".parse().unwrap());
    let Err(error) = start(&configuration, &clock).await else { panic!("it started") };
    assert_eq!(error.reason(), "CLOCK_WENT_BACK", "{error}");
    clock.set(NOW.parse().unwrap());
    start(&configuration, &clock).await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_set_back_under_a_running_node_is_told_and_is_no_midnight() {
    let folder = tempfile::tempdir().unwrap();
    let (configuration, clock) = (files::write(folder.path()), clock());
    let node = start(&configuration, &clock).await.unwrap();
    let client = signatory(&node, folder.path()).await;
    client.issue(&[(request_id(&clock, 1), footballs(&clock))]).await.remove(0).unwrap();
    let day = std::time::Duration::from_hours(24);
    let right = clock.now();
    clock.set(right + day);
    let ahead = client.issue(&[(request_id(&clock, 2), footballs(&clock))]).await.remove(0).unwrap();

    clock.set(right);
    let row = (request_id(&clock, 3), footballs(&clock));
    let refused = client.issue(std::slice::from_ref(&row)).await.remove(0).unwrap_err();
    assert_eq!(refused, "CLOCK_WENT_BACK", "to judge again for another day leads nowhere");
    let (now, newest) = operator(&node).await.clock_and_newest_hour().await;
    assert!(now < newest, "{now} {newest}");
    // What ends a certificate waits for nothing.
    client.cancel(&request_id(&clock, 4), &ahead.number).await.unwrap();
    clock.set(right + day);
    client.issue(&[(request_id(&clock, 5), footballs(&clock))]).await.remove(0).unwrap();
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_names_the_services_it_has_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let node = start(&files::write(folder.path()), &clock()).await.unwrap();
    let stranger = afar(&node, folder.path(), None).await;
    let (client, admin) = (stranger.services().await, operator(&node).await.services().await);
    let named = |services: &[String], name: &str| services.iter().any(|one| one == name);
    let all =
        ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
    assert!(all.iter().all(|name| named(&client, name) && named(&admin, name)), "{client:?} {admin:?}");
    assert!(named(&client, "origin.v1.CertificateService") && named(&client, "origin.v1.LogService"), "{client:?}");
    assert!(named(&admin, "origin.v1.AdminService") && !named(&admin, "origin.v1.LogService"), "{admin:?}");
    assert_eq!(stranger.services_v1alpha().await, client, "who asks as was asked before it was v1");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operators_token_opens_nothing_at_the_clients_door_and_an_administrator_only_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let node = start(&files::write(folder.path()), &clock()).await.unwrap();
    let token = operator(&node).await.account(HOST, "administrator", &[]).await;
    let own = std::fs::read_to_string(&node.addresses().operator_token).unwrap();
    let own = afar(&node, folder.path(), Some(own.trim())).await;
    assert!(own.accounts(HOST).await.is_err(), "the operator's token is good on this machine alone");
    let administrator = afar(&node, folder.path(), Some(&token)).await;
    assert_eq!(administrator.accounts(HOST).await, Ok(1));
    let log = format!("{HOST}/log/2026/all");
    assert_eq!(administrator.log_holds(&log).await, Err("NOT_THE_OPERATOR".to_owned()));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_ends_by_itself_stops_the_node_with_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = start(&files::write(folder.path()), &clock()).await.unwrap();
    node.cut_listeners();
    let (_again, reload) = tokio::sync::mpsc::channel(1);
    let ended = node.run(std::future::pending(), reload).await.unwrap_err();
    assert!(ended.reason() == "NODE_FAULT" && ended.to_string().contains("a listener of the node ended"), "{ended}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_was_closed_issues_nothing_more_on_a_stream_that_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock();
    let node = start(&files::write(folder.path()), &clock).await.unwrap();
    let client = signatory(&node, folder.path()).await;
    let mut stream = client.open_stream().await;
    stream.send(&request_id(&clock, 1), &footballs(&clock)).await.unwrap();
    operator(&node).await.close_every_account(HOST).await;
    assert_eq!(stream.send(&request_id(&clock, 2), &footballs(&clock)).await.unwrap_err(), "UNAUTHENTICATED");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_cannot_take_every_place_and_gives_its_places_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut configuration = files::write(folder.path());
    configuration.limits.connections_per_address = 1;
    configuration.limits.drain = std::time::Duration::ZERO;
    let node = start(&configuration, &clock()).await.unwrap();
    let open = async || tokio::net::TcpStream::connect(node.addresses().admin).await.unwrap();
    // The preface of HTTP/2: a server that serves answers it with its own settings.
    let served = async |stream: &mut tokio::net::TcpStream| {
        let _ = stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
        stream.read(&mut [0; 9]).await.unwrap_or(0) > 0
    };
    let mut first = open().await;
    assert!(served(&mut first).await);
    assert!(!served(&mut open().await).await);
    drop(first);
    while !served(&mut open().await).await {}
    node.stop().await;
}

/// Counts how often the thread that made it asks for the time.
struct AskedHere(FixedClock, std::thread::ThreadId, std::sync::atomic::AtomicUsize);

impl crate::time::Clock for AskedHere {
    fn now(&self) -> crate::time::Timestamp {
        if std::thread::current().id() == self.1 {
            self.2.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
        self.0.now()
    }
}

#[tokio::test]
async fn a_presentation_is_judged_beside_the_threads_that_serve_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = files::write(folder.path());
    let clock = FixedClock::new(NOW.parse().unwrap());
    let clock = Arc::new(AskedHere(clock, std::thread::current().id(), 0.into()));
    let node = Node::start(configuration, Arc::clone(&clock) as _, Arc::new(SeededRandom::new(1))).await.unwrap();
    let stranger = afar(&node, folder.path(), None).await;
    let asked = async |bytes: usize| {
        let before = clock.2.load(std::sync::atomic::Ordering::SeqCst);
        stranger.verdict(&vec![b'~'; bytes]).await;
        clock.2.load(std::sync::atomic::Ordering::SeqCst) - before
    };
    // What a node looks at as it starts is over then.
    asked(1).await;
    // Once at the door; for the verdict where that is made.
    assert_eq!([asked(1).await, asked(64 << 10).await], [1, 1]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_searched_by_any_account_and_replaced_while_the_node_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (mut configuration, clock) = (files::write(folder.path()), clock());
    let lists = folder.path().join("lists");
    std::fs::create_dir(&lists).unwrap();
    let names =
        "format = 1\n[[lists]]\nkind = \"hs\"\nedition = \"2022\"\nfiles = [\"hs.csv\"]\nfrom = \"2022-01-01\"\n";
    std::fs::write(lists.join("lists.toml"), names).unwrap();
    std::fs::write(lists.join("hs.csv"), "hscode,description\n95,Toys\n").unwrap();
    configuration.lists = Some(lists.clone());
    let node = start(&configuration, &clock).await.unwrap();
    let auditor = operator(&node).await.account(HOST, "auditor", &[]).await;
    let client = afar(&node, folder.path(), Some(&auditor)).await;
    let stranger = afar(&node, folder.path(), None).await;
    assert_eq!(stranger.search_codes("toys").await.unwrap_err(), "UNAUTHENTICATED");
    assert_eq!(client.search_codes("balls").await, Ok((Vec::new(), "2022".to_owned())));
    // A list with a mistake changes nothing; a good one is in use without a restart.
    std::fs::write(lists.join("hs.csv"), "hscode,description\n95,Toys\n9,wrong\n").unwrap();
    node.reload_lists().await.unwrap();
    assert_eq!(client.search_codes("toys").await.unwrap().0, ["95 Toys < "]);
    std::fs::write(lists.join("hs.csv"), "hscode,description\n95,Toys\n9506,Sports\n950662,Balls\n").unwrap();
    node.reload_lists().await.unwrap();
    assert_eq!(client.search_codes("balls").await.unwrap().0, ["950662 Balls < Toys < Sports"]);
    node.stop().await;
    // A node does not start on lists with a mistake.
    std::fs::remove_file(lists.join("hs.csv")).unwrap();
    let refused = start(&configuration, &clock).await.err().unwrap();
    assert!(refused.to_string().contains("`hs.csv` cannot be read"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_changes_ends_with_its_account_and_with_the_node_and_can_be_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let (configuration, clock) = (files::write(folder.path()), clock());
    let node = start(&configuration, &clock).await.unwrap();
    let admin = operator(&node).await;
    let dial = async |node: &Node, token: &str| afar(node, folder.path(), Some(token)).await;
    let signatory = admin.account(HOST, "signatory", &["LHE"]).await;
    let auditor = admin.account(HOST, "auditor", &[]).await;
    let client = dial(&node, &signatory).await;
    assert_eq!(dial(&node, &auditor).await.watch("").await.map(|_| ()).unwrap_err(), "PERMISSION_DENIED");
    assert_eq!(client.watch("not a cursor").await.map(|_| ()).unwrap_err(), "CURSOR_INVALID");

    let mut watching = client.watch("").await.unwrap();
    let (none, begin) = watching.next().await.unwrap();
    assert!(none.is_empty(), "the first answer comes at once, and has a cursor");
    client.issue(&[(request_id(&clock, 1), footballs(&clock))]).await.remove(0).unwrap();
    let (mut seen, mut cursor) = (Vec::new(), begin.clone());
    while seen.len() < 2 {
        let (ids, next) = watching.next().await.unwrap();
        seen.extend(ids);
        cursor = next;
    }
    // A second reader, from the first change on.
    let mut behind = client.watch(&seen[0]).await.unwrap();
    assert_eq!(behind.next().await.unwrap().0, seen[1..]);

    // The node stops: both streams end with a reason to come again.
    let stopped = tokio::spawn(node.stop());
    let ended = async |watching: &mut crate::api::testing::Watching| loop {
        if let Err(reason) = watching.next().await {
            return reason;
        }
    };
    assert_eq!(ended(&mut watching).await, "STOPPING");
    assert_eq!(ended(&mut behind).await, "STOPPING");
    stopped.await.unwrap();

    let node = start(&configuration, &clock).await.unwrap();
    let client = dial(&node, &signatory).await;
    let mut again = client.watch(&cursor).await.unwrap();
    assert_eq!(again.next().await.unwrap().0, Vec::<String>::new(), "nothing comes twice");
    client.issue(&[(request_id(&clock, 2), footballs(&clock))]).await.remove(0).unwrap();
    let (ids, _) = again.next().await.unwrap();
    assert!(!ids.is_empty() && ids.iter().all(|id| !seen.contains(id)));
    let admin = operator(&node).await;
    // Another's change wakes the stream, which then finds its own account closed.
    admin.close_every_account(HOST).await;
    let late = admin.account(HOST, "signatory", &["LHE"]).await;
    let late = dial(&node, &late).await;
    late.issue(&[(request_id(&clock, 3), footballs(&clock))]).await.remove(0).unwrap();
    assert_eq!(ended(&mut again).await, "UNAUTHENTICATED");
    node.stop().await;
}
