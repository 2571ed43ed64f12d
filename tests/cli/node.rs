//! A node that runs: accounts, issuing, cancelling, verifying online and offline, reading logs.

use crate::{
    process::{footballs as row, today},
    support::{FOOTBALLS, Said, command, folder, init, origin, text, write},
};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A running node; it is stopped when the test ends.
pub(crate) struct Running {
    child: Child,
    pub(crate) folder: PathBuf,
    client: String,
    admin: String,
    public: String,
    _home: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(config: &Path) -> (Child, Value) {
    let mut child = command(&["serve", "--config", text(config), "--format", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if line.is_empty() {
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        panic!("the node did not start: {said}");
    }
    // Events go on for as long as it runs; somebody has to take them.
    let mut events = child.stderr.take().unwrap();
    std::thread::spawn(move || std::io::copy(&mut events, &mut std::io::sink()));
    (child, serde_json::from_str(&line).unwrap())
}

impl Running {
    fn start() -> Self {
        Self::start_with(|_| ())
    }

    /// A node that has issued one certificate, the signatory's token, and what was told of it.
    fn with_one_issued() -> (Self, String, Value) {
        let node = Self::start();
        let token = node.account("signatory");
        let file = write(&node.folder, "footballs.toml", &footballs());
        let said = node.asks(&["issue", text(&file), "--format", "json"], Some(&token)).good();
        let issued = lines(&said)[0].clone();
        (node, token, issued)
    }

    /// Starts a node whose folder was worked on before.
    pub(crate) fn start_with(prepare: impl FnOnce(&Path)) -> Self {
        let home = folder();
        let node = init(home.path());
        prepare(&node);
        let (child, told) = serve(&node.join("node.toml"));
        let at = |name: &str| told[name].as_str().unwrap().to_owned();
        Self { child, folder: node, client: at("client"), admin: at("admin"), public: at("public"), _home: home }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        text(&self.folder.join(name)).to_owned()
    }

    /// Opens an account and gives the file with its token.
    pub(crate) fn account(&self, role: &str) -> String {
        let token = self.path(&format!("{role}.token"));
        let mut arguments = vec!["account", "new", "--name", role, "--role", role, "-o", &token];
        let config = self.path("node.toml");
        arguments.extend(["--config", &config, "--admin", &self.admin]);
        if role == "signatory" {
            arguments.extend(["--office", "LHE", "--office", "KHI"]);
        }
        origin(&arguments).good();
        token
    }

    /// A command of a client.
    pub(crate) fn asks(&self, arguments: &[&str], token: Option<&str>) -> Said {
        let ca = self.path("tls/ca.crt.pem");
        let mut all = arguments.to_vec();
        all.extend(["--node", &self.client, "--ca", &ca]);
        if let Some(token) = token {
            all.extend(["--token-file", token]);
        }
        origin(&all)
    }

    /// Judges a file offline.
    pub(crate) fn verify(&self, file: &str, more: &[&str]) -> Said {
        let (trust, anchor, today) =
            (self.path("trust/trust-list.note"), self.path("trust/anchor.toml"), today().to_string());
        let mut arguments = vec!["verify", file, "--trust", &trust, "--anchor", &anchor, "--as-of", &today];
        arguments.extend(more);
        origin(&arguments)
    }
}

/// Footballs that leave tomorrow.
fn footballs() -> String {
    let (yesterday, tomorrow) = (today().yesterday().unwrap(), today().tomorrow().unwrap());
    FOOTBALLS.replace("2026-11-18", &tomorrow.to_string()).replace("2026-11-10", &yesterday.to_string())
}

/// The lines of a command as JSON.
pub(crate) fn lines(said: &Said) -> Vec<Value> {
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_bundle_that_is_there_is_kept_and_another_file_of_its_name_is_neither_overwritten_nor_taken_for_it() {
    let node = Running::start();
    let token = node.account("signatory");
    let (file, bundles) = (write(&node.folder, "footballs.toml", &footballs()), node.path("bundles"));
    let issue = ["issue", text(&file), "--out", &bundles, "--format", "json"];
    let said = lines(&node.asks(&issue, Some(&token)).good());
    let issued = said.iter().find(|line| line["outcome"] == "issued").unwrap();
    let bundle = format!("{bundles}/{}.coo.json", issued["number"].as_str().unwrap());
    let whole = fs::read_to_string(&bundle).unwrap();
    assert_eq!(lines(&node.asks(&issue, Some(&token)).good())[0]["before"], true);
    assert_eq!(fs::read_to_string(&bundle).unwrap(), whole);
    fs::write(&bundle, "{}").unwrap();
    node.asks(&issue, Some(&token)).bad(1, &["is there already and is no bundle of this certificate", &bundle]);
    assert_eq!(fs::read_to_string(&bundle).unwrap(), "{}");
    fs::remove_file(&bundle).unwrap();
    node.asks(&issue, Some(&token)).good();
    assert_eq!(fs::read_to_string(&bundle).unwrap().len(), whole.len());
}

#[test]
fn one_certificate_from_the_file_to_a_stranger_who_verifies_it_alone() {
    let node = Running::start();
    let token = node.account("signatory");
    let file = write(&node.folder, "footballs.toml", &footballs());
    let bundles = node.path("bundles");
    let issue = ["issue", text(&file), "--out", &bundles, "--format", "json"];

    let said = node.asks(&issue, Some(&token)).good();
    let issued = lines(&said).into_iter().find(|line| line["outcome"] == "issued").unwrap();
    assert_eq!(issued["before"], false);
    let number = issued["number"].as_str().unwrap().to_owned();
    let bundle = format!("{bundles}/{number}.coo.json");

    let verdict = node.verify(&bundle, &[]);
    assert!(verdict.out.starts_with("VALID\n"), "{}\n{}", verdict.out, verdict.err);
    let verdict = verdict.good();
    assert!(verdict.out.contains(&number) && verdict.out.contains("Chenab Sports"), "{}", verdict.out);

    // The same question has the same answer, byte for byte.
    let asked = ["--at", "2036-01-01T00:00:00Z", "--format", "json"];
    assert_eq!(node.verify(&bundle, &asked).out, node.verify(&bundle, &asked).out);

    // A copy for a bank verifies, and shows no price.
    let copy = node.path("bank.coo.json");
    origin(&["redact", "--drop", "commercial", &bundle, "-o", &copy]).good();
    let verdict = node.verify(&copy, &[]).good();
    assert!(verdict.out.starts_with("VALID_REDACTED\n"), "{}", verdict.out);
    assert!(!fs::read_to_string(&copy).unwrap().contains("142800"));
    origin(&["redact", "--drop", "commercial", &bundle, "-o", &bundle]).bad(2, &["is read"]);
    let other = node.path("bank-again.coo.json");
    fs::copy(&copy, &other).unwrap();
    let again = origin(&["redact", "--drop", "commercial", &copy, "-o", &other]).good();
    for words in ["`commercial` was left out of this copy before", "replaced "] {
        assert!(again.err.contains(words), "`{words}` is not in:\n{}", again.err);
    }

    // Shown without verifying, it says so.
    let shown = origin(&["inspect", &bundle]).good();
    assert!(shown.err.contains("NOT verified") && shown.out.contains("Chenab Sports"), "{}", shown.out);
    let as_of = shown.out.lines().find(|line| line.trim_start().starts_with("as_of: ")).unwrap();
    assert!(as_of.contains(" (20") && as_of.ends_with("Z)"), "{as_of}");

    // A single altered character is refused.
    let whole = fs::read_to_string(&bundle).unwrap();
    let at = whole.find("eyJ").unwrap() + 200;
    let other = if whole.as_bytes()[at] == b'A' { "B" } else { "A" };
    let tampered = write(&node.folder, "tampered.coo.json", &format!("{}{other}{}", &whole[..at], &whole[at + 1..]));
    assert_eq!(node.verify(text(&tampered), &[]).code, 3);

    // The node judges it the same.
    let said = node.asks(&["verify", &bundle, "--as-of", &today().to_string()], None).good();
    assert!(said.out.starts_with("VALID"), "{}", said.out);

    // Running it again changes nothing.
    let again = node.asks(&issue, Some(&token)).good();
    let same = lines(&again).into_iter().find(|line| line["outcome"] == "issued").unwrap();
    assert_eq!(
        (&same["number"], &same["jti"], &same["before"]),
        (&issued["number"], &issued["jti"], &Value::Bool(true))
    );
    let listed = node.asks(&["certificate", "list"], Some(&token)).good();
    assert_eq!(listed.out.lines().count(), 1, "{}", listed.out);

    // Neither does it with the ledger lost after sending: that is what a new request id would do, so the row is new.
    let shown = node.asks(&["certificate", "show", "--number", &number], Some(&token)).good();
    assert!(shown.out.contains("valid"), "{}", shown.out);
}

#[test]
fn a_cancelled_certificate_is_refused_everywhere() {
    let (node, token, issued) = Running::with_one_issued();
    let jti = issued["jti"].as_str().unwrap().to_owned();
    let look_up = || node.asks(&["verify", "--id", &jti, "--issuer", "tdap.gov.pk"], None);
    assert!(look_up().good().out.contains("valid"));

    let said = node.asks(&["certificate", "cancel", "--id", &jti, "--unused", "--reason", "called off"], Some(&token));
    assert!(said.good().out.contains("cancelled by statement"));

    let bundle = node.path("after.coo.json");
    node.asks(&["certificate", "download", "--id", &jti, "-o", &bundle], Some(&token)).good();
    let verdict = node.verify(&bundle, &[]);
    assert_eq!(verdict.code, 3, "{}", verdict.out);
    assert!(verdict.out.starts_with("CANCELLED\n"), "{}", verdict.out);
    let looked = look_up();
    assert_eq!(looked.code, 3, "{}", looked.err);
    assert!(looked.out.contains("cancelled"));
}

#[test]
fn a_suspension_that_ended_stands_in_the_verdict() {
    let (node, token, issued) = Running::with_one_issued();
    let jti = issued["jti"].as_str().unwrap().to_owned();
    for act in ["suspend", "reinstate"] {
        node.asks(&["certificate", act, "--id", &jti, "--reason", "his invoices"], Some(&token)).good();
    }
    let bundle = node.path("after.coo.json");
    node.asks(&["certificate", "download", "--id", &jti, "-o", &bundle], Some(&token)).good();
    let verdict = node.verify(&bundle, &[]).good();
    let told = verdict.out.lines().find(|line| line.contains("passed   status")).unwrap();
    assert!(told.contains("It was suspended on ") && told.contains(", then reinstated on "), "{told}");
    // How old the word on the status is stands in the first lines.
    assert!(verdict.out.lines().nth(1).unwrap().contains("Its status is as of "), "{}", verdict.out);
}

#[test]
fn a_refused_replacement_is_told_to_machines_as_a_refused_row_is() {
    let (node, token, issued) = Running::with_one_issued();
    let jti = issued["jti"].as_str().unwrap().to_owned();
    let cars = write(&node.folder, "cars.json", &row(1).replace("\"950662\"", "\"870323\""));
    let replace = ["certificate", "replace", text(&cars), "--id", jti.as_str(), "--reason", "cars", "--format", "json"];
    let said = node.asks(&replace, Some(&token));
    assert_eq!(said.code, 1, "{}", said.err);
    let told = lines(&said);
    assert_eq!(told[0]["outcome"], "refused");
    assert_eq!(told[0]["reason"], "RULES_REFUSE");
    let findings = told[0]["findings"].as_array().unwrap();
    assert!(findings.iter().any(|one| one["rule"] == "REPLACEMENT_GOODS"), "{}", said.out);
}

/// Spelling, rules and what only the node knows, in one round.
#[test]
fn everything_is_said_at_once_of_a_file_in_toml_that_does_not_read() {
    let node = Running::start();
    let token = node.account("signatory");
    let bad = footballs()
        .replace("code = \"LHE\"", "code = \"ISB\"")
        .replace("number = \"CS-2611-77\"", "number = 77")
        .replace("planned", "dat = 1, planned")
        .replace("\"950662\"", "\"95066\"")
        .replace("\"VALUE_CONTENT\", percentage = { exact = \"64.9\", basis = \"cumulative\" }", "\"XYZ\"");
    let file = write(&node.folder, "bad.toml", &bad);
    for asked in ["issue", "apply check"] {
        let arguments = asked.split(' ').chain([text(&file), "--format", "json"]).collect::<Vec<_>>();
        let said = node.asks(&arguments, Some(&token));
        assert_eq!(said.code, 1, "{asked}: {}", said.err);
        let told = lines(&said);
        let findings = told[0]["findings"].as_array().unwrap();
        let items = ["goods.items[0].hs.code", "goods.items[0].criterion"];
        let others = ["transport.departure.dat", "commercial.invoices[0].number", "reference.office.code"];
        for path in items.iter().chain(&others) {
            let found = findings.iter().any(|one| one["path"].as_str().unwrap().starts_with(path));
            assert!(found, "{asked}: nothing of {path}: {findings:#?}");
        }
        assert!(findings.iter().any(|one| one["rule"] == "OFFICE_UNKNOWN"), "{asked}: {findings:#?}");
    }
}

#[test]
fn many_rows_go_over_one_stream_and_a_bad_one_stops_no_other() {
    let node = Running::start();
    let token = node.account("signatory");
    let mut rows = (0..300).map(row).collect::<Vec<_>>();
    rows[150] = rows[150].replace("\"950662\"", "\"95066\"");
    rows[151] = rows[151].replace("\"64.9\"", "\"39.9\"");
    let file = write(&node.folder, "rows.jsonl", &(rows.join("\n") + "\n"));
    let run = || node.asks(&["issue", text(&file), "--format", "json"], Some(&token));

    let first = run();
    assert_eq!(first.code, 1, "{}", first.err);
    let results = lines(&first);
    let refused = results.iter().filter(|line| line["outcome"] == "refused").collect::<Vec<_>>();
    assert_eq!((results.len(), refused.len()), (300, 2), "{refused:#?}");
    for line in &refused {
        assert_eq!(line["reason"], "RULES_REFUSE", "the node says why, also of what does not read: {line}");
        assert!(line["findings"].as_array().is_some_and(|findings| !findings.is_empty()), "{line}");
    }
    let numbers = |results: &[Value]| {
        let mut numbers =
            results.iter().filter_map(|line| line["number"].as_str()).map(str::to_owned).collect::<Vec<_>>();
        numbers.sort();
        numbers.dedup();
        numbers
    };
    assert_eq!(numbers(&results).len(), 298);

    let second = run();
    assert_eq!(numbers(&lines(&second)), numbers(&results));
    assert!(second.err.contains("298 issued before"), "{}", second.err);
    let log = node.asks(&["log", "list"], Some(&node.account("auditor"))).good();
    // A first snapshot, and 298 certificates.
    assert!(log.out.contains("tdap.gov.pk/log/"), "{}", log.out);
}

/// The ids are on disk before the rows are sent; a run whose answers were lost asks again under the same ids.
#[test]
fn a_run_whose_answers_were_lost_issues_nothing_twice() {
    let node = Running::start();
    let token = node.account("signatory");
    let file = write(&node.folder, "rows.jsonl", &((0..50).map(row).collect::<Vec<_>>().join("\n") + "\n"));
    let first = node.asks(&["issue", text(&file), "--format", "json"], Some(&token)).good();
    let ledger = node.path("rows.jsonl.requests");
    let asked = fs::read_to_string(&ledger).unwrap();
    let kept = asked.lines().filter(|line| !line.starts_with("{\"done\"")).collect::<Vec<_>>();
    assert_eq!(kept.len(), 51);
    fs::write(&ledger, kept.join("\n") + "\n").unwrap();
    let second = node.asks(&["issue", text(&file), "--format", "json"], Some(&token)).good();
    let jtis = |said: &Said| {
        let mut all = lines(said).iter().map(|line| line["jti"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        all.sort();
        all
    };
    assert_eq!(jtis(&first), jtis(&second));
}

#[test]
fn an_auditor_reads_checks_exports_and_proves() {
    let node = Running::start();
    let token = node.account("signatory");
    let auditor = node.account("auditor");
    let file = write(&node.folder, "rows.jsonl", &((0..300).map(row).collect::<Vec<_>>().join("\n") + "\n"));
    let said = node.asks(&["issue", text(&file), "--format", "json"], Some(&token)).good();
    let first = lines(&said)[0].clone();
    let (log, jti) = (first["log"].as_str().unwrap().to_owned(), first["jti"].as_str().unwrap().to_owned());
    let (trust, anchor) = (node.path("trust/trust-list.note"), node.path("trust/anchor.toml"));

    let tail = node.asks(&["log", "tail", &log, "-n", "3"], Some(&auditor)).good();
    assert_eq!(tail.out.lines().count(), 3, "{}", tail.out);
    let checked = node.asks(&["log", "check", &log, "--trust", &trust, "--anchor", &anchor], Some(&auditor)).good();
    assert!(checked.out.contains("good") && checked.out.contains("0 findings"), "{}", checked.out);

    let copy = node.path("copy");
    node.asks(&["log", "export", &log, "--to", &copy], Some(&auditor)).good();
    assert!(Path::new(&copy).join("tile/entries/000").exists());
    let check_copy = || origin(&["log", "check", "--folder", &copy, "--trust", &trust, "--anchor", &anchor]);
    check_copy().good();
    let proof = origin(&["log", "prove", "--folder", &copy, "--id", &jti]).good();
    assert!(proof.out.starts_with("c2sp.org/tlog-proof@v1\n"), "{}", proof.out);

    // One flipped bit anywhere in the copy is found.
    let entries = Path::new(&copy).join("tile/entries/000");
    let mut bytes = fs::read(&entries).unwrap();
    bytes[1_000] ^= 1;
    fs::write(&entries, bytes).unwrap();
    assert_eq!(check_copy().code, 3);

    // A stranger is told what he lacks.
    node.asks(&["log", "tail", &log], None).bad(1, &["token"]);
}

#[test]
fn who_may_not_is_refused_with_the_reason() {
    let node = Running::start();
    let auditor = node.account("auditor");
    let file = write(&node.folder, "footballs.toml", &footballs());
    let said = node.asks(&["issue", text(&file), "--format", "json"], Some(&auditor));
    assert_eq!(said.code, 1, "{}\n{}", said.out, said.err);
    assert!(format!("{}{}", said.out, said.err).contains("PERMISSION_DENIED"), "{}\n{}", said.out, said.err);

    let config = node.path("node.toml");
    let listed =
        origin(&["account", "list", "--config", &config, "--admin", &node.admin, "--format", "json"]).good().json();
    let id = listed["account_id"].as_str().unwrap();
    origin(&["account", "disable", id, "--config", &config, "--admin", &node.admin]).good();
    node.asks(&["certificate", "list"], Some(&auditor)).bad(1, &["UNAUTHENTICATED", "--token-file"]);

    let wrong = write(&node.folder, "wrong.token", "not a token\n");
    node.asks(&["certificate", "list"], Some(text(&wrong))).bad(64, &["oxt_", "origin account new"]);
}

#[test]
fn a_node_that_does_not_answer_or_is_another_is_code_4() {
    let node = Running::start();
    let token = node.account("signatory");
    let file = write(&node.folder, "footballs.toml", &footballs());
    let ca = node.path("tls/ca.crt.pem");
    let dead = ["issue", text(&file), "--node", "127.0.0.1:1", "--ca", &ca, "--token-file", &token];
    origin(&dead).bad(4, &["does not answer", "127.0.0.1:1"]);
    // Another authority's certificate vouches for nothing here.
    let other = folder();
    let other = init(other.path()).join("tls/ca.crt.pem");
    let strange = ["certificate", "list", "--node", &node.client, "--ca", text(&other), "--token-file", &token];
    origin(&strange).bad(4, &["--ca"]);
    for listener in [&node.public, &node.admin] {
        let elsewhere = ["certificate", "list", "--node", listener, "--ca", &ca, "--token-file", &token];
        origin(&elsewhere).bad(4, &["is no listener for clients", listener, "[client]"]);
    }
}

#[test]
fn a_port_in_use_is_one_clear_line() {
    let node = Running::start();
    let config = node.folder.join("node.toml");
    let text_of = fs::read_to_string(&config).unwrap();
    let taken = text_of.replacen("127.0.0.1:0", &node.public, 1);
    fs::write(&config, taken).unwrap();
    let said =
        origin(&["serve", "--config", text(&config)]).bad(1, &["error:", "another program listens there", "ss -ltnp"]);
    assert_eq!(said.err.lines().count(), 2, "{}", said.err);
}

#[test]
fn a_node_told_to_stop_ends_well_and_starts_again_where_it_was() {
    let (mut node, token, issued) = Running::with_one_issued();
    let number = issued["number"].as_str().unwrap().to_owned();
    let stopped = Command::new("kill").args(["-TERM", &node.child.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert!(node.child.wait().unwrap().success());
    let (child, told) = serve(&node.folder.join("node.toml"));
    node.child = child;
    node.client = told["client"].as_str().unwrap().to_owned();
    node.asks(&["certificate", "show", "--number", &number], Some(&token)).good();
}

#[test]
fn the_doctor_sees_a_running_node_and_its_logs() {
    let node = Running::start();
    let config = node.folder.join("node.toml");
    // The listeners took free ports: what the configuration says is brought in line with them.
    let mut text_of = fs::read_to_string(&config).unwrap();
    for address in [&node.public, &node.client, &node.admin] {
        text_of = text_of.replacen("127.0.0.1:0", address, 1);
    }
    fs::write(&config, text_of).unwrap();
    let said = origin(&["doctor", "--config", text(&config)]).good();
    assert!(said.out.contains("takes work") && said.out.contains("answers"), "{}", said.out);
}
