//! Webhooks of a real node against a real HTTPS receiver that does what receivers do.

use super::super::tls::TlsIdentity;
use super::super::{Configuration, WebhookConfiguration, WebhookTargets, system::SystemClock, tls_material};
use super::{clock, files, signatory, start};
use crate::api::testing::Caller;
use crate::encoding::base64;
use crate::time::{Clock as _, FixedClock};
use crate::workflow::tests::world::{footballs, request_id};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use std::collections::VecDeque;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What a receiver does with a message.
#[derive(Debug, Clone)]
enum Does {
    Answers(u16),
    /// To where nobody asked it to send anything.
    Redirects(String),
    HangsUp,
    NeverAnswers,
}

/// A message that came.
#[derive(Debug, Clone)]
struct Came {
    id: String,
    at: String,
    signature: String,
    body: String,
    taken: bool,
}

/// An HTTPS server of its own.
struct Receiver {
    url: String,
    came: Arc<Mutex<Vec<Came>>>,
    plan: Arc<Mutex<VecDeque<Does>>>,
}

impl Receiver {
    async fn listen(folder: &Path, plan: impl IntoIterator<Item = Does>) -> Self {
        let material = tls_material::write(folder, &["localhost".to_owned()], SystemClock.now()).unwrap();
        let acceptor = TlsIdentity::read(material.server).unwrap().acceptor().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/changes?of=exports", listener.local_addr().unwrap().port());
        let (came, plan) = (Arc::<Mutex<Vec<Came>>>::default(), Arc::new(Mutex::new(plan.into_iter().collect())));
        let own = (Arc::clone(&came), Arc::clone(&plan));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, (came, plan)) = (acceptor.clone(), own.clone());
                tokio::spawn(async move {
                    // A sender that does not trust this receiver goes.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    receive(stream, &came, &plan).await;
                });
            }
        });
        Self { url, came, plan }
    }

    fn taken(&self) -> Vec<Came> {
        self.came.lock().unwrap().iter().filter(|one| one.taken).cloned().collect()
    }

    /// The changes in what was taken, in order.
    fn changes(&self) -> Vec<Value> {
        let bodies = self.taken().into_iter().map(|one| serde_json::from_str::<Value>(&one.body).unwrap());
        bodies.flat_map(|body| body["data"]["changes"].as_array().cloned().unwrap_or_default()).collect()
    }

    async fn until(&self, what: &str, enough: impl Fn(&Self) -> bool) {
        let waited = async {
            while !enough(self) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let came = tokio::time::timeout(Duration::from_mins(2), waited).await;
        assert!(came.is_ok(), "{what}: {:#?}", self.came.lock().unwrap());
    }
}

async fn receive(
    mut stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>,
    came: &Mutex<Vec<Came>>,
    plan: &Mutex<VecDeque<Does>>,
) {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        let mut some = [0; 4096];
        let read = stream.read(&mut some).await.unwrap();
        bytes.extend_from_slice(&some[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let length = header(&head, "content-length").parse::<usize>().unwrap();
        if bytes.len() >= end + 4 + length {
            break (head, String::from_utf8(bytes[end + 4..].to_vec()).unwrap());
        }
    };
    assert!(head.starts_with("POST /changes?of=exports HTTP/1.1"), "{head}");
    let does = plan.lock().unwrap().pop_front().unwrap_or(Does::Answers(200));
    came.lock().unwrap().push(Came {
        id: header(&head, "webhook-id"),
        at: header(&head, "webhook-timestamp"),
        signature: header(&head, "webhook-signature"),
        body,
        taken: matches!(does, Does::Answers(200..=299)),
    });
    let answer = match does {
        Does::Answers(status) => format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n"),
        Does::Redirects(to) => format!("HTTP/1.1 307 There\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"),
        Does::HangsUp => return,
        Does::NeverAnswers => std::future::pending().await,
    };
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
}

fn header(head: &str, name: &str) -> String {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next().unwrap()
}

fn verifies(secret: &str, came: &Came) -> bool {
    let key = base64::decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{}.{}", came.id, came.at, came.body).as_bytes());
    format!("v1,{}", base64::encode(&mac.finalize().into_bytes())) == came.signature
}

/// A node whose webhooks may go to this machine, where receivers are known by their own authority.
fn configured(folder: &Path) -> Configuration {
    let mut configuration = files::write(folder);
    configuration.webhooks.targets = WebhookTargets::Any;
    configuration.webhooks.ca = Some(folder.join("receiver/ca.crt.pem"));
    configuration
}

async fn issue(client: &Caller, clock: &FixedClock, nth: u16) {
    client.issue(&[(request_id(clock, nth), footballs(clock))]).await.remove(0).unwrap();
}

fn events(changes: &[Value]) -> Vec<String> {
    let told = changes.iter().map(|one| &one["certificate"]);
    told.map(|one| format!("{} {}", one["event"].as_str().unwrap(), one["index"])).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_come_in_order_until_they_are_taken_under_a_signature_that_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = Receiver::listen(&folder.path().join("elsewhere"), []).await;
    let plan = [Does::Answers(503), Does::Redirects(elsewhere.url.clone()), Does::HangsUp];
    let receiver = Receiver::listen(&folder.path().join("receiver"), plan).await;
    let (configuration, clock) = (configured(folder.path()), clock());
    let node = start(&configuration, &clock).await.unwrap();
    let client = signatory(&node, folder.path()).await;
    let (id, secret) = client.add_webhook(&request_id(&clock, 50), &receiver.url).await.unwrap();
    assert_eq!(client.add_webhook(&request_id(&clock, 50), &receiver.url).await.unwrap(), (id.clone(), secret.clone()));
    for nth in [1, 2, 3] {
        issue(&client, &clock, nth).await;
    }
    receiver.until("three issued and released", |one| one.changes().len() >= 6).await;
    let came = receiver.came.lock().unwrap().clone();
    assert!(came.iter().all(|one| verifies(&secret, one)), "{came:#?}");
    let first = came.iter().take(4).collect::<Vec<_>>();
    assert!(
        first.iter().all(|one| (&one.id, &one.body) == (&first[0].id, &first[0].body)),
        "a retry is the same message"
    );
    assert!(first[3].taken && elsewhere.came.lock().unwrap().is_empty(), "no redirect is followed");
    let changes = receiver.changes();
    let mut told = events(&changes);
    assert_eq!(told[0], "issued 1");
    told.sort();
    assert_eq!(told, ["issued 1", "issued 2", "issued 3", "released 1", "released 2", "released 3"]);
    assert!(changes.iter().all(|one| !one["certificate"]["number"].as_str().unwrap().is_empty()));
    documented(&secret, &came[3]);

    // The node is stopped and started: it goes on, and what was taken does not come again.
    node.stop().await;
    let before = receiver.came.lock().unwrap().len();
    let node = start(&configuration, &clock).await.unwrap();
    let client = signatory(&node, folder.path()).await;
    issue(&client, &clock, 4).await;
    receiver.until("one more", |one| one.changes().len() >= 8).await;
    assert!(receiver.came.lock().unwrap().len() > before);
    let all = receiver.changes().into_iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(all.len(), 8);
    assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 8, "each once");
    // Another account neither sees it nor ends it.
    assert_eq!(client.webhooks().await.unwrap(), []);
    assert_eq!(client.remove_webhook(&id).await.unwrap_err(), "WEBHOOK_UNKNOWN");
    node.stop().await;
}

/// The program of docs/changes.md takes what a node sent, and refuses it altered.
fn documented(secret: &str, came: &Came) {
    let page = include_str!("../../../docs/changes.md");
    let program = page.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let run = |body: &str| {
        let call = format!(
            "{program}\nimport sys\nverify(sys.argv[1], {{'webhook-id': sys.argv[2], 'webhook-timestamp': sys.argv[3], \
             'webhook-signature': sys.argv[4]}}, sys.argv[5].encode(), now=int(sys.argv[3]) + 60)"
        );
        let arguments = ["-c", &call, secret, &came.id, &came.at, &came.signature, body];
        Command::new("python3").args(arguments).output()
    };
    match run(&came.body) {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert!(!run(&came.body.replace("issued", "refused")).unwrap().status.success());
        }
        Err(error) => println!("the example of docs/changes.md was not run: python3: {error}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_gone_slow_inside_or_somebody_else_is_told_of_and_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let good = Receiver::listen(&folder.path().join("receiver"), []).await;
    let impostor = Receiver::listen(&folder.path().join("impostor"), []).await;
    let (configuration, clock) = (configured(folder.path()), clock());
    let node = start(&configuration, &clock).await.unwrap();
    let client = signatory(&node, folder.path()).await;
    let add = async |nth: u16, url: &str| client.add_webhook(&request_id(&clock, nth), url).await;

    let (id, _) = add(60, &good.url).await.unwrap();
    assert_eq!(client.test_webhook(&id).await.unwrap(), (true, 200, String::new()));
    assert_eq!(serde_json::from_str::<Value>(&good.taken()[0].body).unwrap()["type"], "ping");
    // An answer that does not come: the attempt ends by itself, and the webhook is not the worse for it.
    good.plan.lock().unwrap().push_back(Does::NeverAnswers);
    let (taken, status, why) = client.test_webhook(&id).await.unwrap();
    assert!(!taken && status == 0 && why.contains("no answer within"), "{why}");

    let (other, _) = add(61, &impostor.url).await.unwrap();
    let (taken, status, why) = client.test_webhook(&other).await.unwrap();
    assert!(!taken && status == 0 && why.starts_with("TLS: "), "{why}");
    assert!(impostor.came.lock().unwrap().is_empty(), "nothing is said to somebody else");
    client.remove_webhook(&other).await.unwrap();

    for wrong in ["http://localhost/", "https://user@localhost/", "ftp://localhost/"] {
        assert_eq!(add(62, wrong).await.unwrap_err(), "FIELD_INVALID");
    }

    // Gone is gone, until somebody says otherwise.
    good.plan.lock().unwrap().extend([Does::Answers(410)]);
    issue(&client, &clock, 1).await;
    good.until("the message that is refused", |one| one.came.lock().unwrap().len() >= 3).await;
    let paused = async {
        while client.webhooks().await.unwrap()[0].2.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), paused).await.unwrap();
    assert!(client.webhooks().await.unwrap()[0].2.contains("410"));
    assert!(good.changes().is_empty());
    client.resume_webhook(&id).await.unwrap();
    good.until("what was not taken", |one| one.changes().len() >= 2).await;
    assert_eq!(events(&good.changes()), ["issued 1", "released 1"]);
    node.stop().await;

    // The same node, whose webhooks may not go to this machine.
    let inside = Configuration { webhooks: WebhookConfiguration::default(), ..configuration };
    let node = start(&inside, &clock).await.unwrap();
    let client = signatory(&node, folder.path()).await;
    let (id, _) = client.add_webhook(&request_id(&clock, 70), &good.url).await.unwrap();
    let (taken, _, why) = client.test_webhook(&id).await.unwrap();
    assert!(!taken && why.contains("open network"), "{why}");
    node.stop().await;
}
