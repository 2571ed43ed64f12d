//! A reader of changes hears every one, once, though its node is killed under it.

use crate::{
    process::{Home, Running, footballs, port},
    support::{command, origin, text, write},
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

const CERTIFICATES: usize = 400;
/// The longest that is waited for anything.
const LONG: Duration = Duration::from_mins(3);

/// A process that is killed with the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[allow(clippy::disallowed_methods, reason = "what another process does can only be looked at now and then")]
fn until(what: &str, mut there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < LONG, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The changes printed so far, a line that is being written apart.
fn printed(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn issued(changes: &[Value]) -> Vec<String> {
    let issued = changes.iter().filter(|one| one["certificate"]["event"] == "issued");
    issued.map(|one| one["certificate"]["number"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_reader_hears_every_change_once_though_its_node_is_killed() {
    let home = Home::new();
    let client = format!("127.0.0.1:{}", port());
    home.configure("[client]\nlisten = \"127.0.0.1:0\"", &format!("[client]\nlisten = \"{client}\""));
    let mut node = Running::start(&home.config());
    let token = node.account(&home, "signatory");
    let ca = home.path("tls/ca.crt.pem");
    let door = ["--node", &client, "--ca", &ca, "--token-file", &token];
    let rows = (0..CERTIFICATES).map(|marks| footballs(marks) + "\n").collect::<String>();
    let rows = write(&home.node, "rows.jsonl", &rows);
    let (seen, out) = (home.path("seen"), home.node.join("changes.jsonl"));

    let watch = [&["watch", "--oldest", "--cursor-file", &seen, "--format", "json"], &door[..]].concat();
    let mut watching = command(&watch);
    watching.stdin(Stdio::null()).stderr(Stdio::null()).stdout(File::create(&out).unwrap());
    let watching = Killed(watching.spawn().unwrap());
    let issue = [&["issue", text(&rows)], &door[..]].concat();
    // It has an answer, and so a cursor, before the node is killed.
    until("a cursor", || Path::new(&seen).exists());
    let mut issuing = command(&issue);
    issuing.stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::null());
    let issuing = Killed(issuing.spawn().unwrap());
    until("some of what is issued", || !issued(&printed(&out)).is_empty());
    node.kill();
    drop(issuing);

    let node = Running::start(&home.config());
    origin(&issue).good();
    until("all that is issued", || issued(&printed(&out)).len() >= CERTIFICATES);
    let changes = printed(&out);
    let ids = changes.iter().map(|one| one["id"].as_str().unwrap()).collect::<BTreeSet<_>>();
    assert_eq!(ids.len(), changes.len(), "a change was told twice");
    let numbers = issued(&changes);
    assert_eq!((numbers.len(), numbers.iter().collect::<BTreeSet<_>>().len()), (CERTIFICATES, CERTIFICATES));

    // Whoever goes on from the file, which is written behind the lines, hears of none of them again.
    until("the cursor behind them", || {
        let since = fs::read_to_string(&seen).unwrap();
        let once = [&["watch", "--once", "--since", since.trim(), "--format", "json"], &door[..]].concat();
        let rest = origin(&once).good().out;
        issued(&rest.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>()).is_empty()
    });
    drop(watching);
    node.stop();
}
