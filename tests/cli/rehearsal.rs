//! A rehearsal between two real nodes: what a partner that does its part is reported to have done, and what one that does
//! not is reported to have failed.

use crate::{
    partners::{Federation, Made, pause},
    process::{Running, footballs, port},
    support::{Said, command, folder, origin, text, write},
};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

/// A node that `origin init --rehearsal` made.
fn rehearses(folder: &Path, host: &str, country: &str, zone: &str, role: &str) -> Made {
    let node = folder.join(host);
    let [public, client, admin, partner] = [(); 4].map(|()| format!("127.0.0.1:{}", port()));
    let arguments = ["init", text(&node), "--rehearsal", "--issuer", host, "--country", country, "--time-zone", zone];
    let names = ["--name", host, "--office", "LHE=Office,Lahore", "--office", "KHI=Office,Karachi", "--role", role];
    let doors = ["--public", &public, "--client", &client, "--admin", &admin, "--partner", &partner];
    origin(&[&arguments[..], &names, &doors].concat()).good();
    Made { folder: node }
}

/// Pakistan, whose operator rehearses, and the customs of China.
struct Pair {
    pakistan: Made,
    china: Made,
    folder: tempfile::TempDir,
}

impl Pair {
    fn new() -> Self {
        let folder = folder();
        let pakistan = rehearses(folder.path(), "tdap.gov.pk", "PK", "Asia/Karachi", "issuer");
        let china = rehearses(folder.path(), "customs.gov.cn", "CN", "Asia/Shanghai", "customs");
        let this = Self { pakistan, china, folder };
        let list = this.list("list.note", None);
        this.federation().install(&list, &this.china);
        this.federation().install(&list, &this.pakistan);
        this
    }

    fn federation(&self) -> Federation<'_> {
        Federation { folder: self.folder.path(), signer: &self.pakistan }
    }

    fn list(&self, name: &str, valid: Option<&str>) -> String {
        let mut with = vec!["--addressee", "CN=rehearsal.customs.gov.cn"];
        with.extend(valid.into_iter().flat_map(|valid| ["--valid", valid]));
        self.federation().list(name, None, &[&self.pakistan, &self.china], &with)
    }

    /// The token of somebody of China's customs.
    fn token(&self, node: &Running, role: &str) -> String {
        let token = self.china.at(&format!("{role}.token"));
        let account = ["account", "new", "--name", role, "--role", role, "-o", &token];
        self.china.asks(node, &account).good();
        token
    }

    fn rehearse(&self, more: &[&str]) -> Vec<String> {
        let config = self.pakistan.at("node.toml");
        let fixed = ["--format", "json", "partner", "rehearse", "--config", &config, "--count", "20"];
        fixed.iter().chain(more).map(|one| (*one).to_owned()).collect()
    }
}

/// The state of each point of a report, and what was seen.
fn points(said: &Said) -> Vec<(String, String, String)> {
    let report = said.json();
    let rows = report["points"].as_array().unwrap();
    let of = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.iter().map(|row| (of(row, "point"), of(row, "state"), of(row, "seen"))).collect()
}

fn state<'a>(points: &'a [(String, String, String)], name: &str) -> (&'a str, &'a str) {
    let (_, state, seen) = points.iter().find(|(point, ..)| point == name).unwrap();
    (state, seen)
}

/// With everybody there who is needed, each point is gone through with a second real node, and passes.
#[test]
fn a_partner_that_does_its_part_conforms_point_by_point() {
    let pair = Pair::new();
    let node = pair.china.start();
    let [officer, supervisor, auditor] =
        ["customs_officer", "customs_supervisor", "auditor"].map(|role| pair.token(&node, role));
    let (carrier, offline) = (pair.folder.path().join("carrier"), pair.pakistan.at("offline"));
    let ca = pair.china.at("tls/ca.crt.pem");
    let month = (0..12).map(footballs).collect::<Vec<_>>().join("\n");
    let month = write(pair.folder.path(), "month.jsonl", &(month + "\n"));
    let people = ["--door", &node.client, "--ca", &ca, "--officer", &officer, "--supervisor", &supervisor];
    let rest = ["--auditor", &auditor, "--offline", &offline, "--carrier", text(&carrier)];
    let arguments = pair.rehearse(&[&people[..], &rest, &["--certificates", text(&month)]].concat());
    let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    let mut child = command(&arguments);
    let mut child = child.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();

    // The partner's operator takes what the carrier brings.
    let begun = Instant::now();
    let (package, answer) = (carrier.join("to-partner.package"), carrier.join("from-partner.package"));
    while !package.exists() && child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_mins(3) {
        pause();
    }
    if package.exists() {
        let taken = ["partner", "import", text(&package), "--answer", text(&answer)];
        pair.china.asks(&node, &taken).good();
    }
    let ended = child.wait_with_output().unwrap();
    let said = Said {
        code: ended.status.code().unwrap_or(-1),
        out: String::from_utf8(ended.stdout).unwrap(),
        err: String::from_utf8(ended.stderr).unwrap(),
    };
    let failed = points(&said).into_iter().filter(|(_, state, _)| state != "passed").collect::<Vec<_>>();
    assert!(failed.is_empty(), "{failed:#?}\n{}\n{}", said.err, node.events());
    let report = said.good().json();
    assert_eq!((&report["conforms"], &report["failed"]), (&true.into(), &0.into()));
    let cosigned = report["points"].as_array().unwrap().iter().find(|row| row["point"] == "cosigned").unwrap();
    assert!(cosigned["figures"]["issued_to_cosigned_p99_ms"].as_f64() > Some(0.0), "{cosigned}");
    let own = report["points"].as_array().unwrap().iter().find(|row| row["point"] == "own_logs").unwrap();
    let kinds = &own["figures"]["kinds"];
    assert!(kinds["certificate-of-origin"].as_u64() >= Some(20 + 2 * 2 + 3), "{own}");
    assert!(kinds["status-change"].as_u64() >= Some(6) && kinds["key-change"].as_u64() == Some(1), "{own}");
    // What it was told about is behind it: nobody of the rehearsal is let in any more, and nothing of it is left running.
    let config = fs::read_to_string(pair.pakistan.at("node.toml")).unwrap();
    assert!(config.contains("statement_key = \"statement-2\""), "{config}");
    assert!(!pair.pakistan.folder.join("rehearsal-unreachable.toml").exists());
    let own = pair.pakistan.start();
    let accounts = pair.pakistan.asks(&own, &["account", "list", "--format", "json"]).good().out;
    assert!(accounts.lines().count() >= 2 && !accounts.contains("\"disabled\":false"), "{accounts}");
    own.stop();
    node.stop();
}

/// It is there, and takes nothing more: its quota for the partner is used up.
#[test]
fn a_partner_that_never_cosigns_fails_and_what_rests_on_that_is_not_claimed() {
    let pair = Pair::new();
    let path = pair.china.folder.join("node.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, config.replace("entries_a_day = 1000000", "entries_a_day = 3")).unwrap();
    let node = pair.china.start();
    let arguments = pair.rehearse(&["--patience", "5s"]);
    let said = origin(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(said.code, 3, "{}\n{}", said.out, said.err);
    let points = points(&said);
    assert_eq!(state(&points, "connected").0, "passed", "{points:#?}");
    assert_eq!(state(&points, "issued").0, "passed", "{points:#?}");
    let (held, seen) = state(&points, "held");
    assert!(held == "failed" && seen.starts_with("it holds "), "{points:#?}");
    for resting in ["cosigned", "bundles", "suspended", "outage", "rotation", "receipts"] {
        assert_eq!(state(&points, resting).0, "not_exercised", "{points:#?}");
    }
    // Its own logs are what they were signed to be all the same.
    assert_eq!(state(&points, "own_logs").0, "passed", "{points:#?}");
    node.stop();
}

/// It believes another list of the same version, which the same signer made.
#[test]
fn a_partner_with_another_trust_list_fails_and_the_exchange_is_held_to_the_rest() {
    let pair = Pair::new();
    let other = pair.list("other.note", Some("40d"));
    pair.federation().install(&other, &pair.china);
    let node = pair.china.start();
    let arguments = pair.rehearse(&["--patience", "20s"]);
    let said = origin(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(said.code, 3, "{}\n{}", said.out, said.err);
    let points = points(&said);
    let (list, seen) = state(&points, "trust_list");
    assert!(list == "failed" && seen.contains("another than this node's of the same version"), "{points:#?}");
    assert_eq!(state(&points, "cosigned").0, "passed", "{points:#?}");
    assert_eq!(state(&points, "outage").0, "passed", "{points:#?}");
    assert_eq!(state(&points, "rotation").0, "not_exercised", "{points:#?}");
    // Nobody of the partner was there.
    assert_eq!(state(&points, "arrivals").0, "not_exercised", "{points:#?}");
    node.stop();
}

#[test]
fn a_partner_that_is_not_there_fails_at_once_and_the_month_is_issued_all_the_same() {
    let pair = Pair::new();
    let arguments = pair.rehearse(&["--patience", "3s"]);
    let said = origin(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(said.code, 3, "{}\n{}", said.out, said.err);
    let points = points(&said);
    assert_eq!(state(&points, "connected").0, "failed", "{points:#?}");
    assert_eq!(state(&points, "held").0, "not_exercised", "{points:#?}");
}

#[test]
fn a_node_that_runs_already_is_left_alone() {
    let pair = Pair::new();
    let node = pair.pakistan.start();
    let arguments = pair.rehearse(&[]);
    let said = origin(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    said.bad(1, &[&format!("somebody serves at {} already", node.admin), "the rehearsal runs the node itself"]);
    node.stop();
}

#[test]
fn a_real_node_rehearses_with_nobody() {
    let folder = folder();
    let real = Made::pakistan(folder.path());
    let said = origin(&["partner", "rehearse", "--config", &real.at("node.toml")]);
    said.bad(64, &["https://tdap.gov.pk is no authority that only rehearses", "origin init DIR --rehearsal"]);
    // Nor does a list take its section beside those that rehearse.
    let pair = Pair::new();
    let anchor = pair.pakistan.at("trust/anchor.toml");
    let (after, draft) = (pair.pakistan.at("trust/trust-list.note"), pair.pakistan.at("mixed.json"));
    let (section, entry) = (real.at("trust/section.note"), real.at("trust/node.json"));
    let mixed = ["trust", "draft", "list", "--after", &after, "--anchor", &anchor, "--section", &section];
    origin(&[&mixed[..], &["--entry", &entry, "-o", &draft]].concat()).bad(64, &["only rehearses and"]);
}
