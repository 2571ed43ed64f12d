//! Pakistan, China and Kenya: a node for each, made by `origin init`, under one trust list.

use crate::{
    process::{Running, noon, port, today},
    support::{Said, folder, origin, text},
};
use origin_exchange::trust::{Anchor, TrustList};
use serde_json::Value;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long something that has to happen may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A node and the folder it lives in.
pub(crate) struct Member {
    folder: PathBuf,
    host: &'static str,
}

/// Three of them. All trust the federation's one signer, who lives in Pakistan's offline folder.
pub(crate) struct Federation {
    pub(crate) pakistan: Member,
    pub(crate) china: Member,
    pub(crate) kenya: Member,
    folder: tempfile::TempDir,
}

/// The chamber that Pakistan's node hosts beside its trade authority.
pub(crate) const CHAMBER: &str = "kcci.com.pk";

fn make(folder: &Path, host: &str, node: &str, (country, zone, role): (&str, &str, &str), offices: &[&str]) {
    let partner = format!("127.0.0.1:{}", port());
    let mut arguments = vec!["init", text(folder), "--issuer", host, "--country", country, "--time-zone", zone];
    arguments.extend(["--name", host, "--role", role, "--node", node, "--partner", &partner]);
    for door in ["--public", "--client", "--admin"] {
        arguments.extend([door, "127.0.0.1:0"]);
    }
    for office in offices {
        arguments.extend(["--office", office]);
    }
    origin(&arguments).good();
}

impl Member {
    fn new(folder: &Path, host: &'static str, at: (&str, &str, &str), offices: &[&str]) -> Self {
        let this = Self { folder: folder.join(host), host };
        make(&this.folder, host, &this.node(), at, offices);
        this
    }

    pub(crate) const fn host(&self) -> &'static str {
        self.host
    }

    pub(crate) fn node(&self) -> String {
        format!("node.{}", self.host)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn at(&self, name: &str) -> String {
        text(&self.folder.join(name)).to_owned()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap()
    }

    pub(crate) fn config(&self) -> String {
        self.at("node.toml")
    }

    /// Where partners dial it.
    pub(crate) fn partner_address(&self) -> SocketAddr {
        let entry: Value = serde_json::from_str(&self.read("trust/node.json")).unwrap();
        entry["grpc"].as_str().unwrap().trim_start_matches("https://").parse().unwrap()
    }

    pub(crate) fn ca(&self) -> Vec<u8> {
        fs::read(self.at("tls/ca.crt.pem")).unwrap()
    }

    #[track_caller]
    pub(crate) fn start(&self) -> Running {
        Running::start(&self.config())
    }

    /// A change to the configuration.
    #[track_caller]
    pub(crate) fn configure(&self, from: &str, to: &str) {
        let before = self.read("node.toml");
        assert!(before.contains(from), "`{from}` is not in:\n{before}");
        fs::write(self.config(), before.replacen(from, to, 1)).unwrap();
    }

    /// Hosts a second authority on this node.
    fn host_also(&self, host: &str, at: (&str, &str, &str), offices: &[&str]) {
        make(&self.folder.join(host), host, &self.node(), at, offices);
        let own = self.read(&format!("{host}/node.toml"));
        let authority = &own[own.find("# One authority;").unwrap()..];
        let below = |name: &str| (format!("\"{name}\""), format!("\"{host}/{name}\""));
        let authority = ["keys", "keys.passphrase"].iter().map(|name| below(name)).fold(
            authority.to_owned(),
            |text, (from, to)| {
                assert!(text.contains(&from), "{text}");
                text.replace(&from, &to)
            },
        );
        fs::write(self.config(), self.read("node.toml") + &authority).unwrap();
    }

    /// Opens an account with one of the authorities; gives its token.
    pub(crate) fn account(&self, node: &Running, issuer: &str, role: &str, offices: &[&str]) -> String {
        let (token, config) = (self.at(&format!("{issuer}-{role}.token")), self.config());
        let mut arguments = vec!["account", "new", "--name", role, "--role", role, "--issuer", issuer, "-o", &token];
        arguments.extend(["--config", &config, "--admin", &node.admin]);
        for office in offices {
            arguments.extend(["--office", office]);
        }
        origin(&arguments).good();
        fs::read_to_string(token).unwrap().trim().to_owned()
    }

    pub(crate) fn trust(&self) -> TrustList {
        let anchor = Anchor::from_toml(&self.read("trust/anchor.toml")).unwrap();
        TrustList::open(&self.read("trust/trust-list.note"), &anchor, None).unwrap()
    }

    /// Judges a file with no network, by this member's trust list, on the day it was issued: in Nairobi that may be
    /// tomorrow.
    pub(crate) fn judge(&self, file: &Path) -> Said {
        let (trust, anchor) = (self.at("trust/trust-list.note"), self.at("trust/anchor.toml"));
        let day = today().to_string();
        let believed = ["--trust", &trust, "--anchor", &anchor, "--as-of", &day];
        origin(&[&["verify", text(file), "--format", "json"][..], &believed].concat())
    }

    /// What the operator is shown of a log that passes between this node and a partner.
    pub(crate) fn passage(&self, node: &Running, partner: &Self, log: &str) -> Option<Value> {
        let config = self.config();
        let shown = ["partner", "status", "--config", &config, "--admin", &node.admin, "--format", "json"];
        let shown = origin(&shown).good().out;
        let all = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let found = all.filter(|one| one["name"] == partner.node().as_str());
        let mut logs = found.flat_map(|one| one["logs"].as_array().unwrap().clone());
        logs.find(|one| one["origin"] == log)
    }

    /// Waits until this node holds so many entries of a partner's log.
    #[track_caller]
    pub(crate) fn holds(&self, node: &Running, partner: &Self, log: &str, size: u64) {
        until(
            || self.passage(node, partner, log).is_some_and(|log| log["held"].as_u64() >= Some(size)),
            || format!("{log} to {size}: {:?}\n{}", self.passage(node, partner, log), node.events()),
        );
    }

    /// Waits until this node also has the disclosures of all entries of a partner's log that it holds.
    #[track_caller]
    pub(crate) fn is_disclosed(&self, node: &Running, partner: &Self, log: &str) {
        until(
            || self.passage(node, partner, log).is_some_and(|log| log["missing_disclosures"] == 0),
            || format!("{log}: {:?}\n{}", self.passage(node, partner, log), node.events()),
        );
    }

    /// Checks a log from its first entry in a data folder while its node is stopped; gives its size and root.
    #[track_caller]
    pub(crate) fn check_log(&self, data: &str, log: &str) -> Value {
        let said = self.look_at_log(data, log).good().json();
        assert_eq!((&said["good"], &said["findings"]), (&true.into(), &0.into()), "{said}");
        said
    }

    pub(crate) fn look_at_log(&self, data: &str, log: &str) -> Said {
        let (data, trust, anchor) = (self.at(data), self.at("trust/trust-list.note"), self.at("trust/anchor.toml"));
        let from = ["log", "check", log, "--data", &data, "--trust", &trust, "--anchor", &anchor];
        origin(&[&from[..], &["--format", "json"]].concat())
    }

    /// The folder with what is held of a partner's log.
    pub(crate) fn replica(partner: &Self, log: &str) -> String {
        format!("data/partners/{}/{}", partner.node(), log.replace('/', "_"))
    }
}

impl Federation {
    /// Made, and every node believes the first list.
    pub(crate) fn new() -> Self {
        let folder = folder();
        let (karachi, lahore) = ("KHI=Karachi Office,Karachi", "LHE=Lahore Office,Lahore");
        let zones = [0, 2, -1].map(noon);
        let issuer = ("PK", zones[0].as_str(), "issuer");
        let pakistan = Member::new(folder.path(), "tdap.gov.pk", issuer, &[karachi, lahore]);
        pakistan.host_also(CHAMBER, issuer, &["KCCI=Karachi Chamber,Karachi"]);
        let (of_china, of_kenya) = (("CN", zones[1].as_str(), "customs"), ("KE", zones[2].as_str(), "customs"));
        let china = Member::new(folder.path(), "gacc.gov.cn", of_china, &["SHA=Office,Shanghai"]);
        let kenya = Member::new(folder.path(), "kra.go.ke", of_kenya, &["NBO=Office,Nairobi"]);
        let this = Self { pakistan, china, kenya, folder };
        let list = this.list("first.note", None, |_| ());
        for member in this.members() {
            this.install(&list, member);
        }
        this
    }

    pub(crate) const fn members(&self) -> [&Member; 3] {
        [&self.pakistan, &self.china, &self.kenya]
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A list of the three, after the one before where there is one; `change` edits its draft. Every log wants its
    /// addressee's replica, and one witness.
    pub(crate) fn list(&self, name: &str, after: Option<&str>, change: impl FnOnce(&mut Value)) -> String {
        let (draft, list) = (self.path(&format!("{name}.json")), self.path(name));
        let anchor = self.pakistan.at("trust/anchor.toml");
        let keys = self.pakistan.at("offline/keys");
        let listed = origin(&["key", "list", "--keys", &keys, "--format", "json"]).good().out;
        let mut listed = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let signer = listed.find(|key| key["use"] == "federation").unwrap()["verifier_key"].clone();
        let mut arguments = vec!["trust", "draft", "list", "-o", text(&draft)];
        match after {
            Some(after) => arguments.extend(["--after", after, "--anchor", &anchor]),
            None => arguments.extend(["--signer", signer.as_str().unwrap()]),
        }
        let mut sections = self.members().map(|member| member.at("trust/section.note")).to_vec();
        sections.push(self.pakistan.at(&format!("{CHAMBER}/trust/section.note")));
        let entries = self.members().map(|member| member.at("trust/node.json"));
        arguments.extend(sections.iter().flat_map(|section| ["--section", section]));
        arguments.extend(entries.iter().flat_map(|entry| ["--entry", entry]));
        arguments.extend(["--addressee", "CN=gacc.gov.cn", "--addressee", "KE=kra.go.ke"]);
        origin(&arguments).good();
        let mut said: Value = serde_json::from_str(&fs::read_to_string(&draft).unwrap()).unwrap();
        said["cosigning"]["witnesses"] = 1.into();
        said["cosigning"]["of"] = self.members().map(Member::node).to_vec().into();
        change(&mut said);
        fs::write(&draft, said.to_string()).unwrap();
        let passphrase = self.pakistan.at("offline/keys.passphrase");
        let key = ["--key", "federation", "--keys", &keys, "--passphrase-file", &passphrase, "-o", text(&list)];
        origin(&[&["trust", "sign", text(&draft)][..], &key].concat()).good();
        text(&list).to_owned()
    }

    /// Makes a node believe this list from its first day: it has the signer's anchor.
    pub(crate) fn install(&self, list: &str, member: &Member) {
        let anchor = self.path("anchor.toml");
        if !anchor.exists() {
            fs::copy(self.pakistan.at("trust/anchor.toml"), &anchor).unwrap();
        }
        fs::copy(anchor, member.at("trust/anchor.toml")).unwrap();
        fs::copy(list, member.at("trust/trust-list.note")).unwrap();
    }
}

/// Waits until something is so, and says what it saw if it never is.
#[track_caller]
#[allow(clippy::disallowed_methods, reason = "another process tells nobody when it is done")]
pub(crate) fn until(mut so: impl FnMut() -> bool, seen: impl FnOnce() -> String) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "{}", seen());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until the node has said all of these words in one event.
#[track_caller]
pub(crate) fn says(node: &Running, words: &[&str]) {
    until(|| said(node, words) > 0, || format!("{words:?} was not said:\n{}", node.events()));
}

/// How many events have all of these words.
pub(crate) fn said(node: &Running, words: &[&str]) -> usize {
    node.events().lines().filter(|line| words.iter().all(|word| line.contains(word))).count()
}

/// What a test leaves behind holds nothing that must never be.
pub(crate) fn stop(nodes: impl IntoIterator<Item = Running>) {
    for node in nodes {
        let events = node.stop();
        for word in ["LOG_EQUIVOCATED", "panicked"] {
            assert!(!events.contains(word), "{events}");
        }
    }
}
