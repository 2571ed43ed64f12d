//! A receiver of pushed packages that lost what it had, one that asks for time, and one that somebody else sends old packages:
//! the test stands before the partner's door, answers as it says, and hands on to the partner what it does not answer.

use crate::{
    delivery::{issue_footballs, log_to, signatory},
    federation::{Federation, Member, says, stop, until},
    outside::configure,
    packages::{apart, partner},
    process::{Running, https::Https},
};
use origin_exchange::time::Timestamp;
use serde_json::Value;
use std::{
    collections::VecDeque,
    io::{Read, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
};
use tokio_rustls::rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

/// A package that came with the log: from which entry of it on, and what it was answered.
type Came = (u64, u16);

/// Who stands before the partner's door.
#[derive(Clone)]
struct Porter {
    address: String,
    plan: Arc<Mutex<VecDeque<String>>>,
    /// A header that the partner's next answer for the log has too.
    also: Arc<Mutex<Option<String>>>,
    came: Arc<Mutex<Vec<Came>>>,
    /// The first package that came with the log, as it was posted.
    first: Arc<Mutex<Option<Vec<u8>>>>,
}

impl Porter {
    /// It shows the partner's certificate, and serves until the tests end.
    fn before(member: &Member, node: &Running, log: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (plan, also, came, first) = (Arc::default(), Arc::default(), Arc::default(), Arc::default());
        let porter = Self { address, plan, also, came, first };
        let chain = CertificateDer::pem_file_iter(member.at("tls/server.crt.pem")).unwrap();
        let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_file(member.at("tls/server.key.pem")).unwrap();
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let (own, tls, ca, log) = (porter.clone(), Arc::new(tls), member.at("tls/ca.crt.pem"), log.to_owned());
        let behind = node.public.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let partner = Https { address: &behind, ca: Path::new(&ca), token: None };
                let tls = ServerConnection::new(Arc::clone(&tls)).unwrap();
                own.opens(StreamOwned::new(tls, stream.unwrap()), &partner, &log);
            }
        });
        porter
    }

    /// Takes one package. One without the log, whenever it comes, is the partner's, and changes nothing of the plan.
    fn opens(&self, mut stream: StreamOwned<ServerConnection, TcpStream>, partner: &Https<'_>, log: &str) {
        let request = whole(&mut stream);
        let begins = begins(&request, log);
        if begins.is_some() {
            self.first.lock().unwrap().get_or_insert_with(|| request.clone());
        }
        let planned = begins.and_then(|_| self.plan.lock().unwrap().pop_front());
        let honest = begins.filter(|_| planned.is_none());
        let mut answer = planned.map_or_else(|| partner.hand_on(&request), String::into_bytes);
        if let Some(also) = honest.and_then(|_| self.also.lock().unwrap().take()) {
            let end = answer.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
            answer.splice(end..end, also.into_bytes());
        }
        let status = str::from_utf8(&answer[9..12]).unwrap().parse::<u16>().unwrap();
        self.came.lock().unwrap().extend(begins.map(|begins| (begins, status)));
        stream.write_all(&answer).unwrap();
        stream.conn.send_close_notify();
        // Whoever sent it may have gone.
        let _ = stream.flush();
    }

    /// What it answers next, instead of the partner.
    fn answers(&self, status: &str, more: &str, words: &str) {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{more}Connection: close\r\n\r\n", words.len());
        self.plan.lock().unwrap().push_back(head + words);
    }

    fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }
}

/// A request with all of its body.
fn whole(stream: &mut StreamOwned<ServerConnection, TcpStream>) -> Vec<u8> {
    let mut request = Vec::new();
    loop {
        let mut some = [0; 8 << 10];
        let read = stream.read(&mut some).unwrap();
        assert!(read > 0, "it ended early");
        request.extend_from_slice(&some[..read]);
        let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = str::from_utf8(&request[..end]).unwrap().to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if request.len() >= end + 4 + length.parse::<usize>().unwrap() {
            return request;
        }
    }
}

/// Reads until it is told so.
fn is_told(stream: &mut impl Read, words: &str) {
    let mut told = Vec::new();
    while !String::from_utf8_lossy(&told).contains(words) {
        let mut some = [0; 1 << 10];
        let read = stream.read(&mut some).unwrap();
        assert!(read > 0, "{words} is not said, but {}", String::from_utf8_lossy(&told));
        told.extend_from_slice(&some[..read]);
    }
}

/// From which entry of a log on the package of a request goes.
fn begins(request: &[u8], log: &str) -> Option<u64> {
    let named = format!("\"origin\":\"{log}\"");
    let text = str::from_utf8(request).unwrap();
    let line = text.lines().find(|line| line.starts_with("{\"log\"") && line.contains(&named))?;
    serde_json::from_str::<Value>(line).unwrap()["log"]["after"].as_u64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_lost_what_it_had_is_pushed_everything_again_and_one_that_wants_time_has_it() {
    let federation = Federation::new();
    apart(&federation);
    let Federation { pakistan, china, kenya, .. } = &federation;
    let (two, three) = (china.start(), kenya.start());
    let (node, ca, log) = (china.node(), china.at("tls/ca.crt.pem"), log_to(china));
    let porter = Porter::before(china, &two, &log);
    let url = format!("https://{}/packages", porter.address);
    configure(pakistan, &format!("[[partner.push]]\nnode = \"{node}\"\nurl = \"{url}\"\nca = \"{ca}\"\n"));
    let mut one = pakistan.start();
    let (caller, token) = signatory(pakistan, &mut one).await;
    let cosigned = |index: u64| {
        let taken = || {
            let shown = pakistan.passage(&one, china, &log);
            shown.is_some_and(|log| log["cosigned"]["size"].as_u64() > Some(index))
        };
        until(taken, || format!("{:?}\n{}", porter.came(), one.events()));
    };
    let newest = issue_footballs(&caller, &token, 0..3).await.pop().unwrap();
    cosigned(newest.index);

    let seen = || {
        let shown = partner(pakistan, &one, &["status", "--format", "json"]).good().out;
        let mut all = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.find(|one| one["name"] == node.as_str()).unwrap()["push"].clone()
    };

    // It says that what comes before is missing, and once more of the whole: nothing else is sent until that is taken. Then
    // it says that it refuses the log: what it cosigned counts, and the log is sent again until it is taken.
    for _ in 0..2 {
        porter.answers("409 Conflict", "", "PACKAGE_OUT_OF_ORDER: nothing is held of it\n");
    }
    *porter.also.lock().unwrap() = Some(format!("Origin-Package-Refused: {log} REPLICA_CANNOT_KEEP\r\n"));
    let newest = issue_footballs(&caller, &token, 3..4).await.pop().unwrap();
    cosigned(newest.index);
    says(&one, &["a package was not taken", &format!("{log}: it is refused there (REPLICA_CANNOT_KEEP)")]);
    until(|| seen()["failures"] == 0, || format!("{}\n{}", seen(), one.events()));
    let came = porter.came();
    let lost = came.iter().position(|(_, status)| *status == 409).unwrap();
    assert!(came[lost].0 > 0, "what is known to be held is not sent again: {came:?}");
    assert!(came[lost + 1..].starts_with(&[(0, 409), (0, 200), (0, 200)]), "{came:?}");

    // Whoever came by a package of the past begins to send it, and stays: the next one of its maker takes the place.
    let old = porter.first.lock().unwrap().clone().unwrap();
    let head = old.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 2;
    let begun = [&old[..head], b"Expect: 100-continue\r\n\r\n"].concat();
    let mut held = Https { address: &two.public, ca: Path::new(&ca), token: None }.begin(&begun);
    is_told(&mut held, "100 Continue");
    let before = porter.came().len();
    let newest = issue_footballs(&caller, &token, 4..5).await.pop().unwrap();
    cosigned(newest.index);
    is_told(&mut held, "OVERLOADED: another package of yours is arriving");
    let came = porter.came();
    assert!(came[before..].iter().all(|(_, status)| *status == 200), "{came:?}");

    // From then on what is new, as ever. Ten days are longer than anybody waits, and an hour is waited.
    porter.answers("503 Service Unavailable", "Retry-After: 864000\r\n", "closed for the night\n");
    issue_footballs(&caller, &token, 5..6).await;
    until(|| seen()["next_at"].is_string(), || format!("{}\n{}", seen(), one.events()));
    let asked = seen();
    assert_eq!(asked["failures"], 1, "{asked}");
    let said = asked["message"].as_str().unwrap();
    assert!(said.contains("status 503") && said.contains("closed for the night"), "{said}");
    let next: Timestamp = asked["next_at"].as_str().unwrap().parse().unwrap();
    let minutes = next.duration_since(Timestamp::now()).as_mins();
    assert!((50..=60).contains(&minutes), "{minutes} minutes: {asked}");
    let (after, status) = porter.came().pop().unwrap();
    assert!(after > 0 && status == 503, "{:?}", porter.came());
    stop([one, two, three]);
}
