//! A witness and a log that are none of the federation's, written by others in another language: the node's logs are
//! witnessed there, and the log is witnessed here, over plain HTTPS as C2SP tlog-witness has it.

use crate::{
    delivery::{download, issue_footballs, log_to, signatory},
    federation::{Federation, Member, says, stop, until},
    process::Running,
    support::origin,
    wire::origin::v1 as api,
};
use origin_exchange::statement::Bundle;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

const WITNESS: (&str, &str) =
    ("witness.example/w1", "2222222222222222222222222222222222222222222222222222222222222222");
const STRANGER: (&str, &str, &str) =
    ("a log of strangers", "stranger.example/log", "1111111111111111111111111111111111111111111111111111111111111111");

/// Python with what the script needs; where nobody named it the test says so and is skipped, but never in CI.
pub(crate) fn python() -> Option<PathBuf> {
    let folder = std::env::var_os("ORIGIN_TEST_OTHERS").map(PathBuf::from);
    if folder.is_none() {
        assert!(std::env::var_os("CI").is_none(), "ORIGIN_TEST_OTHERS must be set in CI");
        println!("SKIPPED: ORIGIN_TEST_OTHERS names no folder with the other implementations");
    }
    folder.map(|folder| folder.join("python/bin/python"))
}

fn script(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/others/tlog_witness.py"));
    command
}

/// The verifier key that the script makes of a seed.
fn verifier_key(python: &Path, kind: &str, name: &str, seed: &str) -> String {
    let said = script(python).args(["key", kind, name, seed]).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

/// The script as a witness.
struct Outside {
    child: Child,
    logs: ChildStdin,
    port: String,
}

impl Outside {
    /// It shows the TLS identity that a member has for everybody.
    fn start(python: &Path, member: &Member, port: &str) -> Self {
        let (certificate, key) = (member.at("tls/server.crt.pem"), member.at("tls/server.key.pem"));
        let mut command = script(python);
        command.args(["witness", WITNESS.0, WITNESS.1, &certificate, &key, port]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let logs = child.stdin.take().unwrap();
        Self { child, logs, port: port.trim().to_owned() }
    }

    fn watch(&mut self, origin: &str, key: &impl std::fmt::Display) {
        writeln!(self.logs, "{origin}\t{key}").unwrap();
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the operator is shown of the witness outside.
fn shown(member: &Member, node: &Running) -> Value {
    let config = member.config();
    let asked = ["partner", "status", "--config", &config, "--admin", &node.admin, "--format", "json"];
    let said = origin(&asked).good().out;
    let all = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.into_iter().find(|one| one["outside_witness"] == WITNESS.0).unwrap_or_else(|| panic!("{said}"))
}

fn cosigned(member: &Member, node: &Running, log: &str) -> Option<u64> {
    let shown = shown(member, node);
    shown["cosigned"].as_array().unwrap().iter().find(|one| one["origin"] == log)?["size"].as_u64()
}

/// Adds tables to `[partner]`.
pub(crate) fn configure(member: &Member, more: &str) {
    let text = member.read("node.toml");
    let before = text.find("[partner.quota]").unwrap();
    fs::write(member.config(), format!("{}{more}\n{}", &text[..before], &text[before..])).unwrap();
    origin(&["check-config", &member.config()]).good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_of_strangers_cosigns_what_this_node_logs_and_its_line_stands_in_the_bundle() {
    let Some(python) = python() else { return };
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let key = verifier_key(&python, "4", WITNESS.0, WITNESS.1);
    let port = crate::process::port().to_string();
    let ca = kenya.at("tls/ca.crt.pem");
    configure(
        pakistan,
        &format!("[[partner.witness]]\nkey = \"{key}\"\nurl = \"https://127.0.0.1:{port}/w1/\"\nca = \"{ca}\"\n"),
    );
    let mut one = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let (log, trust) = (log_to(china), pakistan.trust());

    // It is away, which holds up nobody and is said once.
    let places = issue_footballs(&caller, &token, 0..3).await;
    china.holds(&two, pakistan, &log, places.last().unwrap().index + 1);
    download(&caller, &token, &places[0].number, api::DownloadFormat::Bundle).await;
    says(&one, &["an outside witness does not cosign", "nobody answers there"]);
    assert!(!shown(pakistan, &one)["message"].as_str().unwrap().is_empty());

    // It comes, and knows the log from now on.
    let mut outside = Outside::start(&python, kenya, &port);
    assert_eq!(outside.port, port);
    outside.watch(&log, &trust.log_key(&log.parse().unwrap()).unwrap());
    let newest = issue_footballs(&caller, &token, 3..6).await.pop().unwrap();
    until(
        || cosigned(pakistan, &one, &log) > Some(newest.index),
        || format!("{}\n{}", shown(pakistan, &one), one.events()),
    );
    assert_eq!(shown(pakistan, &one)["message"], "");
    let carries = |bundle: &[u8]| {
        let bundle = Bundle::parse(bundle).unwrap();
        bundle.proof.is_some_and(|proof| proof.contains(&format!("\u{2014} {} ", WITNESS.0)))
    };
    let begun = std::time::Instant::now();
    loop {
        let bundle = download(&caller, &token, &newest.number, api::DownloadFormat::Bundle).await;
        if carries(&bundle) {
            // It proves nothing to who does not know the witness, and harms nothing.
            let file = crate::support::write(kenya.folder(), "shown.coo.json", str::from_utf8(&bundle).unwrap());
            assert_eq!(kenya.judge(&file).good().json()["headline"], "VALID");
            break;
        }
        assert!(begun.elapsed() < crate::federation::PATIENCE, "{}", one.events());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }

    // It says that it saw more than there is: that is said until it cosigns again, in other words than that it is away.
    outside.watch(&log, &format!("{}\t999", trust.log_key(&log.parse().unwrap()).unwrap()));
    issue_footballs(&caller, &token, 6..7).await;
    let seen = format!("it has seen 999 entries of {log}, and ");
    let conflict = |one: &Running| shown(pakistan, one)["conflicts"][0].as_str().unwrap_or_default().to_owned();
    until(|| conflict(&one).starts_with(&seen), || format!("{}\n{}", shown(pakistan, &one), one.events()));
    drop(outside);
    says(&one, &["an outside witness does not cosign", &seen, "may be an old copy"]);

    // It loses its memory: the node begins with it again from nothing.
    let mut outside = Outside::start(&python, kenya, &port);
    outside.watch(&log, &trust.log_key(&log.parse().unwrap()).unwrap());
    let newest = issue_footballs(&caller, &token, 7..8).await.pop().unwrap();
    until(
        || cosigned(pakistan, &one, &log) > Some(newest.index),
        || format!("{}\n{}", shown(pakistan, &one), one.events()),
    );
    assert_eq!(conflict(&one), "");
    stop([one, two, three]);
}

#[test]
fn a_log_of_strangers_is_witnessed_here_as_the_specification_says_and_across_a_restart() {
    let Some(python) = python() else { return };
    let Federation { pakistan, .. } = &Federation::new();
    let (log, name, seed) = STRANGER;
    let key = verifier_key(&python, "1", name, seed);
    configure(pakistan, &format!("[[partner.witnessed]]\norigin = \"{log}\"\nkeys = [\"{key}\"]\n"));
    let list = pakistan.trust();
    let witness = list.node(&pakistan.node().parse().unwrap()).unwrap().witness_vkey.clone().unwrap().to_string();
    for stage in ["first", "again"] {
        let node = pakistan.start();
        let url = format!("https://{}", node.public);
        let ca = pakistan.at("tls/ca.crt.pem");
        let said = script(&python).args(["log", log, name, seed, &url, &ca, &witness, stage]).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        assert!(said.status.success(), "{out}{err}\n{}", node.events());
        // A branch that the log signed is kept where somebody reads it.
        if stage == "first" {
            says(&node, &["two heads of an outside log do not go together"]);
        }
        stop([node]);
    }
}
