//! A year that is over, with real nodes: its log takes nothing more, the replica cosigns its last head, the trust list
//! says how long it is, and what was certified in it counts at both sides, as the next log says.
//!
//! Nobody waits for a new year: what was done in the last one was done by the same nodes inside this program, on a
//! clock that is so much behind.

use crate::{
    partners::{Federation, Made, pause, says},
    process::{Running, https::Https, today},
    revoked::{lines, verify},
    support::{FOOTBALLS, folder, origin, text},
};
use origin_exchange::{
    certificate::Particulars,
    encoding::base64,
    node::{Configuration, Node, system::SystemRandom},
    time::{Clock, Timestamp},
    trust::{Anchor, TrustList},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_mins(1);

/// The clock of this machine, so much behind.
struct Behind(Duration);

impl Clock for Behind {
    fn now(&self) -> Timestamp {
        Timestamp::now() - self.0
    }
}

/// A key for the logs of a year, and the next section, which lists it.
fn has_log_key(made: &Made, host: &str, year: i16) {
    let (name, year) = (format!("log-{year}"), year.to_string());
    let (keys, passphrase) = (made.at("keys"), made.at("keys.passphrase"));
    let new = ["key", "new", &name, "--use", "log", "--issuer", host, "--shard", &year];
    origin(&[&new[..], &["--keys", &keys, "--passphrase-file", &passphrase]].concat()).good();
    let (section, draft) = (made.at("trust/section.note"), made.at("section.json"));
    origin(&["trust", "draft", "section", "--after", &section, "--keys", &keys, "-o", &draft]).good();
    made.signs(&draft, "root", &section);
}

/// Pakistan certifies footballs on the last day of a year, when both nodes run; gives the certificate's number.
fn certified_in(year: i16, pakistan: &Made, china: &Made) -> String {
    let morning: Timestamp = format!("{year}-12-31T06:00:00Z").parse().unwrap();
    let behind = Timestamp::now().duration_since(morning).unsigned_abs();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let start = |made: &Made| {
        let configuration = Configuration::load(&made.folder.join("node.toml")).unwrap();
        runtime.block_on(Node::start(configuration, Arc::new(Behind(behind)), Arc::new(SystemRandom))).unwrap()
    };
    let (one, two) = (start(pakistan), start(china));
    let (admin, client) = (one.addresses().admin.to_string(), one.addresses().client.to_string());
    let (config, token, ca) = (pakistan.at("node.toml"), pakistan.at("clerk.token"), pakistan.at("tls/ca.crt.pem"));
    let account = ["account", "new", "--name", "clerk", "--role", "signatory", "--office", "LHE", "-o", &token];
    origin(&[&account[..], &["--config", &config, "--admin", &admin]].concat()).good();
    let token = fs::read_to_string(token).unwrap();
    let door = Https { address: &client, ca: Path::new(&ca), token: Some(token.trim()) };

    let (leaves, invoiced) = (format!("{}-01-01", year + 1), format!("{year}-12-30"));
    let dated = FOOTBALLS.replace("2026-11-18", &leaves).replace("2026-11-10", &invoiced);
    let particulars = Particulars::from_toml(&dated).unwrap().to_json();
    let ms = format!("{:012x}", (Timestamp::now() - behind).as_millisecond());
    let wish = json!({
        "requestId": format!("{}-{}-7000-8000-000000000001", &ms[..8], &ms[8..]),
        "certificateJson": base64::encode(particulars.as_bytes()),
    });
    let begun = Instant::now();
    // It signs once its partner has told that it holds nothing yet.
    let answer = loop {
        let answer = door.post("/v1/certificate/issue-certificate", &wish);
        if answer.status != 503 {
            break answer.good();
        }
        assert!(begun.elapsed() < PATIENCE, "{answer:?}");
        pause();
    };
    for node in [one, two] {
        runtime.block_on(node.stop());
    }
    answer["issued"]["number"].as_str().unwrap().to_owned()
}

/// Closes the one log of certificates of a year, as operator and signer do; gives its final size.
fn closed(log: &str, year: i16, (pakistan, one): (&Made, &Running), (china, two): (&Made, &Running)) -> u64 {
    let (year, draft, list) = (year.to_string(), pakistan.at("list.json"), pakistan.at("closed.note"));
    let said = pakistan.asks(one, &["log", "close", "--shard", &year, "-o", &draft]).good();
    let drafted: Value = serde_json::from_str(&fs::read_to_string(&draft).unwrap()).unwrap();
    let shards = drafted["shards"].as_array().unwrap();
    assert_eq!(shards.iter().map(|one| one["origin"].as_str()).collect::<Vec<_>>(), [Some(log)], "{drafted:#}");
    let size = shards[0]["final_size"].as_u64().unwrap();
    assert!(said.err.contains(&format!("{log} ends with {size} entries")), "{}", said.err);
    // Only what the replica holds and has cosigned is drafted.
    china.until(two, "node.tdap.gov.pk", log, |log| log["held"] == size);
    pakistan.until(one, "node.customs.gov.cn", log, |log| log["size"] == size && log["cosigned"]["size"] == size);
    pakistan.signs(&draft, "federation", &list);
    let said = pakistan.asks(one, &["trust", "install", &list]).good();
    assert!(said.err.contains("the running node uses version 2"), "{}", said.err);
    says(two, &["a trust list was taken", "version=2"]);
    size
}

/// The trust list that a node uses.
fn listed(made: &Made) -> TrustList {
    let read = |name: &str| fs::read_to_string(made.at(name)).unwrap();
    let anchor = Anchor::from_toml(&read("trust/anchor.toml")).unwrap();
    TrustList::open(&read("trust/trust-list.note"), &anchor, None).unwrap()
}

/// Fetches the evidence of a certificate until it is judged so with no network; gives the file.
#[track_caller]
fn fetched(pakistan: &Made, one: &Running, number: &str, headline: &str) -> String {
    let (file, token) = (pakistan.at("shown.coo.json"), pakistan.at("signatory.token"));
    let begun = Instant::now();
    loop {
        pakistan.client(one, &token, &["certificate", "download", "--number", number, "-o", &file]).good();
        let said = verify(pakistan, &file);
        if said.out.lines().next() == Some(headline) {
            return file;
        }
        assert!(begun.elapsed() < PATIENCE, "{}\n{}", said.out, one.events());
        pause();
    }
}

#[test]
fn the_log_of_a_year_that_is_over_is_closed_and_its_certificates_verify_at_both_sides() {
    let (folder, year) = (folder(), today().year() - 1);
    let pakistan = Made::pakistan(folder.path());
    let china = Made::china(folder.path());
    has_log_key(&pakistan, "tdap.gov.pk", year);
    has_log_key(&china, "customs.gov.cn", year);
    Federation { folder: folder.path(), signer: &pakistan }
        .founded(&[&pakistan, &china], &["--addressee", "CN=customs.gov.cn"]);
    let number = certified_in(year, &pakistan, &china);

    // The next year: what is over may be closed, and what is in use may not.
    let (one, two) = (pakistan.start(), china.start());
    says(&one, &["connected", "node.customs.gov.cn"]);
    let logs = [year, year + 1].map(|year| format!("tdap.gov.pk/log/{year}/customs.gov.cn"));
    pakistan.issue(&one, 0..1);
    let in_use = pakistan.asks(&one, &["log", "close", &logs[1], "-o", &pakistan.at("none.json")]);
    assert!(in_use.code != 0 && in_use.err.contains("LOG_IN_USE"), "{}", in_use.err);
    let size = closed(&logs[0], year, (&pakistan, &one), (&china, &two));
    let log = logs[0].parse().unwrap();
    assert_eq!([&pakistan, &china].map(|made| listed(made).shard_final_size(&log)), [Some(size); 2]);

    // With no network, by the node of the importing country, and in what its officers see.
    let file = fetched(&pakistan, &one, &number, "VALID");
    let (ca, day) = (china.at("tls/ca.crt.pem"), today().to_string());
    let judged = origin(&["verify", &file, "--node", &two.client, "--ca", &ca, "--as-of", &day]).good();
    assert_eq!(judged.out.lines().next(), Some("VALID"), "{}", judged.out);
    let officer = china.at("officer.token");
    let account = ["account", "new", "--name", "officer", "--role", "customs-officer", "-o", &officer];
    china.asks(&two, &account).good();
    let begun = Instant::now();
    let arrives = |status: &str| loop {
        let asked = ["customs", "arrivals", "--number", &number, "--format", "json"];
        let found = lines(&china.client(&two, &officer, &asked).good());
        if found.len() == 1 && found[0]["log"] == logs[0] && found[0]["status"] == status {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{status}: {found:#?}\n{}", two.events());
        pause();
    };
    arrives("valid");

    // What its issuer says of it from now on stands in the next log, and counts at both sides.
    let suspend = ["certificate", "suspend", "--number", &number, "--reason", "a doubt", "--format", "json"];
    let changed = pakistan.client(&one, &pakistan.at("signatory.token"), &suspend).good().json();
    assert_eq!(changed["log"], logs[1].as_str(), "{changed}");
    arrives("suspended");
    fetched(&pakistan, &one, &number, "SUSPENDED_BY_ISSUER");
    for (made, node) in [(&pakistan, one), (&china, two)] {
        let events = node.stop();
        // A node that is stopped lacks nothing.
        for word in ["LOG_EQUIVOCATED", "REPLICA_CANNOT_KEEP", "panicked"] {
            assert!(!events.contains(word), "{}:\n{events}", text(&made.folder));
        }
    }
}
