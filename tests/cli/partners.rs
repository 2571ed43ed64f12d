//! Nodes of several countries as processes: who is answered, who is not, and which trust list everybody uses.

use crate::{
    process::{Running, footballs, noon, port, serving},
    support::{Said, folder, origin, text, write},
};
use origin_exchange::{
    store::{Disclosures, JournalOptions, JournalStore, Store as _},
    time::SeededRandom,
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// How long something that has to happen may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A node's folder, made by `origin init`, with its door to partners on a port that is free now.
pub(crate) struct Made {
    pub(crate) folder: PathBuf,
}

impl Made {
    fn new(folder: &Path, host: &str, country: &str, zone: &str, role: &str) -> Self {
        let node = folder.join(host);
        let [public, client, admin, partner] = [(); 4].map(|()| format!("127.0.0.1:{}", port()));
        let arguments = ["init", text(&node), "--issuer", host, "--country", country, "--time-zone", zone];
        let names = ["--name", host, "--office", "LHE=Office,Lahore", "--office", "KHI=Office,Karachi", "--role", role];
        let doors = ["--public", &public, "--client", &client, "--admin", &admin, "--partner", &partner];
        origin(&[&arguments[..], &names, &doors].concat()).good();
        Self { folder: node }
    }

    pub(crate) fn pakistan(folder: &Path) -> Self {
        Self::new(folder, "tdap.gov.pk", "PK", &noon(0), "issuer")
    }

    pub(crate) fn china(folder: &Path) -> Self {
        Self::new(folder, "customs.gov.cn", "CN", &noon(2), "customs")
    }

    pub(crate) fn kenya(folder: &Path) -> Self {
        Self::new(folder, "kra.go.ke", "KE", &noon(-1), "customs")
    }

    pub(crate) fn at(&self, name: &str) -> String {
        text(&self.folder.join(name)).to_owned()
    }

    pub(crate) fn start(&self) -> Running {
        Running::start(&self.at("node.toml"))
    }

    /// Asks its operator's door.
    pub(crate) fn asks(&self, node: &Running, arguments: &[&str]) -> Said {
        let config = self.at("node.toml");
        origin(&[arguments, &["--config", &config, "--admin", &node.admin]].concat())
    }

    /// Asks its clients' door with somebody's token.
    pub(crate) fn client(&self, node: &Running, token: &str, arguments: &[&str]) -> Said {
        let ca = self.at("tls/ca.crt.pem");
        origin(&[arguments, &["--node", &node.client, "--ca", &ca, "--token-file", token]].concat())
    }

    /// Signs a draft with a key that is offline.
    pub(crate) fn signs(&self, draft: &str, key: &str, signed: &str) {
        let (keys, passphrase) = (self.at("offline/keys"), self.at("offline/keys.passphrase"));
        let key = ["--key", key, "--keys", &keys, "--passphrase-file", &passphrase, "-o", signed];
        origin(&[&["trust", "sign", draft][..], &key].concat()).good();
    }

    /// Issues footballs, each with other marks.
    pub(crate) fn issue(&self, node: &Running, marks: std::ops::Range<usize>) {
        let token = self.at("signatory.token");
        if !Path::new(&token).exists() {
            let account =
                ["account", "new", "--name", "signatory", "--role", "signatory", "--office", "LHE", "-o", &token];
            self.asks(node, &account).good();
        }
        let rows = marks.clone().map(footballs).collect::<Vec<_>>().join("\n");
        let rows = write(&self.folder, &format!("rows-{}.jsonl", marks.start), &(rows + "\n"));
        self.client(node, &token, &["issue", text(&rows)]).good();
    }

    /// What the operator is shown of a partner.
    pub(crate) fn partner(&self, node: &Running, name: &str) -> Value {
        let shown = self.asks(node, &["partner", "status", "--format", "json"]).good().out;
        let mut all = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.find(|one| one["name"] == name).unwrap()
    }

    /// What the doctor finds, line by line.
    pub(crate) fn doctor(&self) -> Said {
        origin(&["doctor", "--config", &self.at("node.toml")])
    }

    /// Waits until a log between this node and a partner is as it should be.
    #[track_caller]
    pub(crate) fn until(&self, node: &Running, partner: &str, log: &str, good: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        let mut last = Value::Null;
        while begun.elapsed() < PATIENCE {
            last = self.partner(node, partner);
            let found = last["logs"].as_array().unwrap().iter().find(|one| one["origin"] == log);
            if let Some(found) = found.filter(|found| good(found)) {
                return found.clone();
            }
            pause();
        }
        panic!("{log} with {partner}: {last:#}\n{}", node.events());
    }
}

/// The federation's one signer, who lives in the first node's offline folder.
pub(crate) struct Federation<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) signer: &'a Made,
}

impl Federation<'_> {
    /// A list of these nodes, after the one before where there is one; `with` are further arguments of the draft.
    pub(crate) fn list(&self, name: &str, after: Option<&str>, nodes: &[&Made], with: &[&str]) -> String {
        let (draft, list) = (self.folder.join(format!("{name}.json")), self.folder.join(name));
        let anchor = self.signer.at("trust/anchor.toml");
        let own = origin(&["key", "list", "--keys", &self.signer.at("offline/keys"), "--format", "json"]).good().out;
        let mut keys = own.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let vkey = keys.find(|key| key["use"] == "federation").unwrap()["verifier_key"].clone();
        let mut arguments = vec!["trust", "draft", "list", "-o", text(&draft)];
        match after {
            Some(after) => arguments.extend(["--after", after, "--anchor", &anchor]),
            None => arguments.extend(["--signer", vkey.as_str().unwrap()]),
        }
        let entries =
            nodes.iter().map(|node| (node.at("trust/section.note"), node.at("trust/node.json"))).collect::<Vec<_>>();
        for (section, entry) in &entries {
            arguments.extend(["--section", section, "--entry", entry]);
        }
        arguments.extend(with);
        origin(&arguments).good();
        // Any of the nodes may witness for the two others.
        let mut said: serde_json::Value = serde_json::from_str(&fs::read_to_string(&draft).unwrap()).unwrap();
        let names = said["nodes"].as_array().unwrap().iter().map(|node| node["name"].clone()).collect::<Vec<_>>();
        if names.len() > 2 {
            said["cosigning"]["witnesses"] = 1.into();
            said["cosigning"]["of"] = names.into();
            fs::write(&draft, said.to_string()).unwrap();
        }
        self.signer.signs(text(&draft), "federation", text(&list));
        text(&list).to_owned()
    }

    /// Makes these nodes believe a list of all of them from their first day.
    pub(crate) fn founded(&self, nodes: &[&Made], with: &[&str]) {
        let list = self.list("list.note", None, nodes, with);
        for node in nodes {
            self.install(&list, node);
        }
    }

    /// Makes a node believe this list from its first day: it has the signer's anchor.
    pub(crate) fn install(&self, list: &str, node: &Made) {
        let anchor = fs::read(self.signer.at("trust/anchor.toml")).unwrap();
        fs::write(node.at("trust/anchor.toml"), anchor).unwrap();
        fs::copy(list, node.at("trust/trust-list.note")).unwrap();
    }
}

/// Another process is watched from outside: there is no event to wait for.
#[allow(clippy::disallowed_methods, reason = "what another process does can only be looked at now and then")]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// Waits until the node has said all of these words in one event.
#[track_caller]
pub(crate) fn says(node: &Running, words: &[&str]) {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if node.events().lines().any(|line| words.iter().all(|word| line.contains(word))) {
            return;
        }
        pause();
    }
    panic!("{words:?} was not said:\n{}", node.events());
}

/// How many events have all of these words.
fn said(node: &Running, words: &[&str]) -> usize {
    node.events().lines().filter(|line| words.iter().all(|word| line.contains(word))).count()
}

#[test]
fn partners_know_each_other_by_the_keys_of_the_trust_list() {
    let folder = folder();
    let pakistan = Made::pakistan(folder.path());
    let china = Made::china(folder.path());
    let kenya = Made::kenya(folder.path());
    let federation = Federation { folder: folder.path(), signer: &pakistan };
    let first = federation.list("first.note", None, &[&pakistan, &china], &[]);
    let second = federation.list("second.note", Some(&first), &[&pakistan, &china, &kenya], &[]);
    federation.install(&first, &china);
    federation.install(&first, &pakistan);
    // Kenya knows everybody; nobody knows Kenya yet.
    federation.install(&second, &kenya);

    let (one, two) = (pakistan.start(), china.start());
    says(&one, &["connected", "node.customs.gov.cn"]);
    says(&two, &["connected", "node.tdap.gov.pk"]);

    // A node that the list does not name: a clear line on both sides, and the two others go on.
    let three = kenya.start();
    says(&one, &["PARTNER_UNKNOWN", "the node node.kra.go.ke is not in trust list 1"]);
    says(&three, &["PARTNER_REFUSES_US", "node.tdap.gov.pk does not know this node's TLS key"]);
    assert_eq!(said(&one, &["PARTNER_UNKNOWN"]), 1, "{}", one.events());
    assert_eq!(said(&three, &["PARTNER_REFUSES_US", "node.tdap.gov.pk"]), 1, "{}", three.events());

    // The newer list reaches one node, and from there the next, without a restart.
    let installed = origin(&["trust", "install", &second, "--config", &pakistan.at("node.toml")]);
    installed.good();
    one.hang_up();
    says(&one, &["connected", "node.kra.go.ke"]);
    says(&two, &["a trust list was taken", "version=2"]);
    says(&two, &["connected", "node.kra.go.ke"]);
    says(&three, &["connected", "node.customs.gov.cn"]);
    let kept = origin(&["trust", "show", &china.at("trust/trust-list.note"), "--format", "json"]).good().json();
    assert_eq!(kept["version"], 2, "{kept}");
    for node in [one, two, three] {
        node.stop();
    }
}

#[test]
fn a_partner_with_another_tls_key_is_refused_and_nobody_else_notices() {
    let folder = folder();
    let pakistan = Made::pakistan(folder.path());
    let china = Made::china(folder.path());
    let kenya = Made::kenya(folder.path());
    Federation { folder: folder.path(), signer: &pakistan }.founded(&[&pakistan, &china, &kenya], &[]);
    // Kenya's machine was set up anew: another TLS key, under the same name.
    let other = Made::kenya(&folder.path().join("anew"));
    for name in ["tls/partner.crt.pem", "tls/partner.key.pem"] {
        fs::copy(other.at(name), kenya.at(name)).unwrap();
    }
    let (one, two, three) = (pakistan.start(), china.start(), kenya.start());
    says(&one, &["connected", "node.customs.gov.cn"]);
    says(&one, &["PARTNER_KEY_WRONG", "node.kra.go.ke shows a TLS key that trust list 1 does not pin"]);
    says(&three, &["the trust list pins another TLS key for this node"]);
    says(&three, &["PARTNER_REFUSES_US", "node.customs.gov.cn"]);
    assert_eq!(said(&two, &["connected", "node.kra.go.ke"]), 0, "{}", two.events());
    let found = pakistan.doctor();
    assert_eq!(found.code, 1, "{}", found.out);
    for words in ["this node is node.tdap.gov.pk", "node.customs.gov.cn is connected", "[PARTNER_KEY_WRONG]"] {
        assert!(found.out.contains(words), "`{words}` is not in:\n{}", found.out);
    }
    let found = kenya.doctor();
    assert!(found.out.contains("pins another TLS key for this node"), "{}", found.out);
    assert!(found.out.contains("[PARTNER_REFUSES_US]"), "{}", found.out);
    two.stop();
    says(&one, &["PARTNER_UNREACHABLE", "node.customs.gov.cn does not answer"]);
    for node in [one, three] {
        node.stop();
    }
}

/// Issued in one country, held and cosigned in the next, witnessed in the third; whoever was away catches up.
#[test]
fn what_is_issued_is_held_by_its_addressee_and_cosigned() {
    let folder = folder();
    let pakistan = Made::pakistan(folder.path());
    let china = Made::china(folder.path());
    let kenya = Made::kenya(folder.path());
    let addressees = ["--addressee", "CN=customs.gov.cn", "--addressee", "KE=kra.go.ke"];
    Federation { folder: folder.path(), signer: &pakistan }.founded(&[&pakistan, &china, &kenya], &addressees);
    let (one, two, three) = (pakistan.start(), china.start(), kenya.start());
    let (pk, cn, ke) = ("node.tdap.gov.pk", "node.customs.gov.cn", "node.kra.go.ke");
    says(&one, &["connected", cn]);
    says(&two, &["connected", pk]);
    let log = format!("tdap.gov.pk/log/{}/customs.gov.cn", crate::process::today().year());

    // The first certificate opens a log that nobody had heard of.
    pakistan.issue(&one, 0..3);
    let size = |log: &Value| log["size"].as_u64().unwrap();
    let cosigned = |log: &Value| size(log) > 0 && log["cosigned"]["size"] == log["size"];
    let whole = |log: &Value| cosigned(log) && log["held"] == log["size"] && log["behind"]["entries"] == 0;
    let seen = pakistan.until(&one, cn, &log, whole);
    assert_eq!(seen["inward"], false, "{seen}");
    let held = china.until(&two, pk, &log, whole);
    assert_eq!((&held["inward"], &held["findings"], size(&held)), (&true.into(), &0.into(), size(&seen)), "{held}");
    pakistan.until(&one, ke, &log, cosigned);
    // Whoever was not heard yet is named, and who was has shown the same.
    let told = pakistan.asks(&one, &["partner", "histories", "--log", &log]).good().out;
    assert!([cn, ke, "this node", "held here"].iter().all(|word| told.contains(word)), "{told}");
    // Kenya is a witness of that log, and has nothing of it.
    assert_eq!(three.events().matches("replicating").count(), 0, "{}", three.events());

    let watched = kenya.asks(&three, &["partner", "status"]).good().out;
    assert!(watched.lines().any(|line| line.starts_with("witnessed here") && line.contains(&log)), "{watched}");
    let told = kenya.asks(&three, &["partner", "histories", "--log", &log]).good().out;
    assert!([pk, &log, "only witnessed here", "this node"].iter().all(|word| told.contains(word)), "{told}");

    // China's node is killed; issuing goes on, and what it missed is there when it comes back.
    let mut two = two;
    two.kill();
    // It is known at once that it is gone: the next greeting would be a minute away.
    let gone = Instant::now();
    while pakistan.partner(&one, cn)["reason"] != "PARTNER_UNREACHABLE" {
        assert!(gone.elapsed() < Duration::from_secs(20), "{:#}", pakistan.partner(&one, cn));
        pause();
    }
    pakistan.issue(&one, 3..40);
    pakistan.until(&one, cn, &log, |log| log["behind"]["entries"].as_u64() >= Some(37));
    // What is to everyone is receipted by nobody, and that is no trouble.
    assert_eq!(said(&one, &["a receipt could not be made"]), 0, "{}", one.events());
    let two = china.start();
    let held = china.until(&two, pk, &log, |log| size(log) > size(&seen) + 36 && whole(log));
    let seen = pakistan.until(&one, cn, &log, |log| size(log) == size(&held) && whole(log));
    assert_eq!(seen["findings"], 0, "{seen}");

    // Pakistan's node is killed too; nobody's log forks.
    let mut one = one;
    one.kill();
    let one = pakistan.start();
    pakistan.issue(&one, 40..60);
    let held = china.until(&two, pk, &log, |log| size(log) > size(&held) + 19 && whole(log));
    pakistan.until(&one, ke, &log, |log| size(log) == size(&held) && cosigned(log));
    china.until(&two, pk, &log, |log| log["disclosed"] == log["held"]);
    for node in [one, two, three] {
        let events = node.stop();
        assert!(!events.contains("LOG_EQUIVOCATED") && !events.contains("panicked"), "{events}");
    }

    // What is disclosed reached the addressee, whole; nothing of the log is anywhere at the witness's.
    let kept = china.folder.join("data/partners").join(pk).join(log.replace('/', "_"));
    let store = JournalStore::open(&kept, JournalOptions::default(), Arc::new(SeededRandom::new(1))).unwrap();
    let origin = log.parse().unwrap();
    let disclosed = (0..size(&held)).filter(|index| {
        matches!(store.disclosures(&origin, *index).unwrap(), Some(Disclosures::Present(all)) if all.len() >= 8)
    });
    assert_eq!(disclosed.count(), 60);
    assert!(!kenya.folder.join("data/partners").join(pk).exists());
}

/// A country without a node is written to; then it has one, and then another: each gets the log in its turn.
#[test]
fn a_log_that_gets_another_addressee_is_let_go_of_and_held_anew() {
    let folder = folder();
    let pakistan = Made::pakistan(folder.path());
    let china = Made::china(folder.path());
    let kenya = Made::kenya(folder.path());
    let federation = Federation { folder: folder.path(), signer: &pakistan };
    let all = [&pakistan, &china, &kenya];
    let first = federation.list("first.note", None, &all, &[]);
    let second = federation.list("second.note", Some(&first), &all, &["--addressee", "CN=kra.go.ke"]);
    let third = federation.list("third.note", Some(&second), &all, &["--addressee", "CN=customs.gov.cn"]);
    for node in all {
        federation.install(&first, node);
    }
    let (one, two, three) = (pakistan.start(), china.start(), kenya.start());
    let (pk, cn, ke) = ("node.tdap.gov.pk", "node.customs.gov.cn", "node.kra.go.ke");
    says(&one, &["connected", cn]);
    says(&one, &["connected", ke]);
    let log = format!("tdap.gov.pk/log/{}/cn", crate::process::today().year());
    pakistan.issue(&one, 0..3);
    let size = |log: &Value| log["size"].as_u64().unwrap();
    let cosigned = |log: &Value| size(log) > 3 && log["cosigned"]["size"] == log["size"];
    pakistan.until(&one, cn, &log, cosigned);

    // The node is told by the command that installs the list.
    let install = |list: &str| {
        let said = pakistan.asks(&one, &["trust", "install", list]).good();
        assert!(said.err.contains("the running node uses version"), "{}", said.err);
    };
    let whole = |log: &Value| cosigned(log) && log["held"] == log["size"] && log["disclosed"] == log["held"];
    install(&second);
    kenya.until(&three, pk, &log, whole);
    install(&third);
    says(&three, &["no longer replicating", &log]);
    let held = china.until(&two, pk, &log, whole);
    assert_eq!((&held["inward"], &held["missing_disclosures"]), (&true.into(), &0.into()), "{held}");
    let logs = kenya.partner(&three, pk)["logs"].clone();
    assert!(!logs.as_array().unwrap().iter().any(|one| one["origin"] == log.as_str()), "{logs}");
    for node in [one, two, three] {
        let events = node.stop();
        assert!(!events.contains("LOG_EQUIVOCATED") && !events.contains("panicked"), "{events}");
    }
}

/// A partner that floods fills its own quota and nothing else; it is one line, and issuing goes on.
#[test]
fn a_partner_past_its_quota_waits_and_stops_nobody() {
    let folder = folder();
    let pakistan = Made::pakistan(folder.path());
    let china = Made::china(folder.path());
    Federation { folder: folder.path(), signer: &pakistan }
        .founded(&[&pakistan, &china], &["--addressee", "CN=customs.gov.cn"]);
    let before = fs::read_to_string(china.at("node.toml")).unwrap();
    fs::write(china.at("node.toml"), before.replace("entries_a_day = 1000000", "entries_a_day = 5")).unwrap();
    let (one, two) = (pakistan.start(), china.start());
    says(&one, &["connected"]);
    says(&two, &["connected"]);
    pakistan.issue(&one, 0..20);
    says(&two, &["REPLICA_CANNOT_KEEP", "quota of 5 entries a day"]);
    pakistan.issue(&one, 20..40);
    let found = china.doctor();
    assert!(found.out.contains("node.tdap.gov.pk is connected"), "{}", found.out);
    // It looked whether the doors are open, and that is no stranger at the partners'.
    assert_eq!(said(&two, &["PARTNER_GREETING_FAILED"]), 0, "{}", two.events());
    assert_eq!(said(&two, &["REPLICA_CANNOT_KEEP"]), 1, "{}", two.events());
    for node in [one, two] {
        node.stop();
    }
}

/// Whoever speaks no TLS, or shows no certificate, is one line and no more.
#[test]
fn a_stranger_at_the_partners_door_is_one_line() {
    let folder = folder();
    let pakistan = Made::pakistan(folder.path());
    let node = pakistan.start();
    for _ in 0..3 {
        use std::io::{Read as _, Write as _};
        let mut stranger = std::net::TcpStream::connect(&node.partner).unwrap();
        stranger.write_all(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        // It may be reset.
        let _ = stranger.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP"));
    }
    says(&node, &["PARTNER_GREETING_FAILED", "127.0.0.1"]);
    assert_eq!(said(&node, &["PARTNER_GREETING_FAILED"]), 1, "{}", node.events());
    node.stop();
}

/// What keeps a node from starting says which file, and what about it.
#[test]
fn cosigner_keys_of_another_node_do_not_start() {
    let folder = folder();
    let pakistan = Made::pakistan(folder.path());
    let before = fs::read_to_string(pakistan.at("node.toml")).unwrap();
    let renamed = before.replace("node = \"node.tdap.gov.pk\"", "node = \"node.kra.go.ke\"");
    let renamed = write(&pakistan.folder, "renamed.toml", &renamed);
    let Err(Said { code, err, .. }) = Running::try_start(serving(text(&renamed))) else { panic!("it started") };
    assert_eq!(code, 64, "{err}");
    assert!(err.contains("holds a cosigner key of node.tdap.gov.pk, not of node.kra.go.ke"), "{err}");
    let mistaken = before.replace("witness_key = \"witness\"", "witness_key = \"replica\"\nquoter = 1");
    let mistaken = write(&pakistan.folder, "mistaken.toml", &mistaken);
    origin(&["check-config", text(&mistaken)]).bad(
        64,
        &["partner.witness_key: is the replica key too", "partner.quoter: is not known (did you mean `quota`?)"],
    );
}

#[test]
fn a_partner_that_the_list_has_as_it_is_makes_no_new_list() {
    let folder = folder();
    let node = folder.path().join("kenya");
    let at = |name: &str| text(&node.join(name)).to_owned();
    let arguments = ["init", text(&node), "--issuer", "kra.go.ke", "--country", "KE", "--time-zone", "Africa/Nairobi"];
    let door = ["--partner", "127.0.0.1:0", "--partner-url", "https://node.kra.go.ke:8446"];
    origin(&[&arguments[..], &["--name", "KRA", "--office", "NBO=Office,Nairobi"], &door].concat()).good();
    let (entry, config, draft) = (at("trust/node.json"), at("node.toml"), at("list.json"));
    let add = ["partner", "add", &entry, "--config", &config, "-o", &draft];
    let said = origin(&add).good();
    assert!(said.err.contains("nothing changes") && !said.err.contains("next:"), "{}", said.err);
    assert!(!Path::new(&draft).exists());
    // What changes is drafted as ever.
    let moved = fs::read_to_string(&entry).unwrap().replace("node.kra.go.ke:8446", "new.kra.go.ke:8446");
    fs::write(&entry, moved).unwrap();
    assert!(origin(&add).good().err.contains("next:") && Path::new(&draft).exists());
}
