//! Bad luck on a machine: each is one clear line, and nothing is lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::too_many_lines
)]

#[path = "process/mod.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod process;
#[path = "cli/support.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod support;

use process::{Home, Running, copy_folder, footballs, one_clear_line, serving};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    sync::OnceLock,
    thread::{self, JoinHandle},
};
use support::{Said, command, origin, text};

/// Certificates the node has issued before the mishap, a few at a time.
const ISSUED: usize = 48;
const AT_ONCE: usize = 6;
/// Their file.
const ROWS: &str = "rows.jsonl";
/// What was asked of the node.
const LEDGER: &str = "rows.jsonl.requests";

type Numbers = BTreeSet<String>;

/// A node with certificates, stopped; every test spoils a copy.
fn stocked() -> (Home, Numbers) {
    static STOCK: OnceLock<(Home, Numbers)> = OnceLock::new();
    let (home, numbers) = STOCK.get_or_init(|| {
        let home = Home::new();
        let node = Running::start(&home.config());
        node.account(&home, "signatory");
        let mut numbers = Numbers::new();
        // The same file, longer each time: rows that were issued before are not asked for again.
        for end in (AT_ONCE..=ISSUED).step_by(AT_ONCE) {
            write_rows(&home, end);
            numbers = issue(&home, &node);
            assert_eq!(numbers.len(), end);
        }
        node.stop();
        (home, numbers)
    });
    (home.copy(), numbers.clone())
}

fn write_rows(home: &Home, end: usize) {
    let rows = (0..end).map(|row| footballs(row) + "\n").collect::<String>();
    fs::write(home.path(ROWS), rows).unwrap();
}

/// The command that issues the file of rows.
fn issuing(home: &Home, node: &Running) -> Command {
    let (rows, ca, token) = (home.path(ROWS), home.path("tls/ca.crt.pem"), home.path("signatory.token"));
    // The file of requests knows the node by its address, and that is another one after every start here.
    if let Ok(asked) = fs::read_to_string(home.path(LEDGER)) {
        let (_, rest) = asked.split_once('\n').unwrap();
        fs::write(home.path(LEDGER), format!("{}\n{rest}", serde_json::json!({ "node": node.client }))).unwrap();
    }
    command(&["issue", &rows, "--node", &node.client, "--ca", &ca, "--token-file", &token, "--format", "json"])
}

fn numbers(out: &str) -> Numbers {
    let lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter_map(|line| line["number"].as_str().map(str::to_owned)).collect()
}

/// Issues the file of rows.
#[track_caller]
fn issue(home: &Home, node: &Running) -> Numbers {
    let output = issuing(home, node).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{err}\n{}", node.events());
    numbers(str::from_utf8(&output.stdout).unwrap())
}

/// The caller forgets the answers, not what it asked: the node is asked again under the same ids.
fn forget_answers(home: &Home) {
    let ledger = home.path(LEDGER);
    let asked = fs::read_to_string(&ledger).unwrap();
    let kept = asked.lines().filter(|line| !line.starts_with("{\"done\"")).map(|line| format!("{line}\n"));
    fs::write(&ledger, kept.collect::<String>()).unwrap();
}

/// The node serves every certificate, answers every request as before and goes on; its log passes the check of a
/// replica.
#[track_caller]
fn nothing_is_lost(home: &Home, before: &Numbers) {
    let node = Running::start(&home.config());
    forget_answers(home);
    assert_eq!(issue(home, &node), *before);
    write_rows(home, before.len() + 3);
    let after = issue(home, &node);
    assert!(after.is_superset(before) && after.len() == before.len() + 3, "{before:?}\n{after:?}");
    let ca = home.path("tls/ca.crt.pem");
    let token = home.path("signatory.token");
    let list = ["certificate", "list", "--node", &node.client, "--ca", &ca, "--token-file", &token];
    let listed = origin(&[&list[..], &["--limit", "5000", "--format", "json"]].concat()).good();
    assert_eq!(numbers(&listed.out), after);
    node.stop();
    // A snapshot of the status comes first.
    assert_eq!(home.check_log(&log(home)), after.len() as u64 + 1);
}

/// The one log of the node.
fn log(home: &Home) -> String {
    let ledger = fs::read_to_string(home.path(LEDGER)).unwrap();
    let line = ledger.lines().find_map(|line| line.split("\"log\":\"").nth(1)).unwrap();
    line.split('"').next().unwrap().to_owned()
}

/// A start that has to fail.
#[track_caller]
fn refused(home: &Home, words: &[&str]) -> Said {
    match Running::try_start(serving(&home.config())) {
        Ok(node) => panic!("it started, at {}", node.client),
        Err(said) => {
            one_clear_line(&said, words);
            said
        }
    }
}

#[test]
fn a_port_in_use() {
    let (home, numbers) = stocked();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    home.configure("[client]\nlisten = \"127.0.0.1:0\"", &format!("[client]\nlisten = \"{address}\""));
    let said = refused(&home, &["client", &address, "another program listens there"]);
    assert_eq!(said.code, 1, "{}", said.err);
    drop(taken);
    nothing_is_lost(&home, &numbers);
}

#[test]
fn a_wrong_passphrase() {
    let (home, numbers) = stocked();
    let (file, aside) = (home.path("keys.passphrase"), home.path("aside"));
    fs::copy(&file, &aside).unwrap();
    fs::write(&file, "another passphrase\n").unwrap();
    let said = refused(&home, &["passphrase"]);
    assert_eq!(said.code, 64, "{}", said.err);
    fs::copy(&aside, &file).unwrap();
    nothing_is_lost(&home, &numbers);
}

#[test]
fn two_processes_on_one_data_folder() {
    let (home, numbers) = stocked();
    let first = Running::start(&home.config());
    // The same configuration: its ports are free ones, so only the folder is in the way.
    refused(&home, &["another process has this data folder open", text(&home.data())]);
    // The first does not notice: its operator's token is still good, and it issues.
    let config = home.config();
    origin(&["account", "list", "--config", &config, "--admin", &first.admin]).good();
    assert_eq!(issue(&home, &first), numbers);
    first.stop();
    nothing_is_lost(&home, &numbers);
}

#[test]
fn an_index_that_is_deleted_or_damaged_is_made_again() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("deleted", |index| fs::remove_dir_all(index).unwrap()),
        ("empty files", |index| each_file(index, |bytes| bytes.clear())),
        ("half as long", |index| each_file(index, |bytes| bytes.truncate(bytes.len() / 2))),
        ("other bytes", |index| each_file(index, |bytes| bytes.fill(0xa5))),
        ("holes", |index| {
            each_file(index, |bytes| bytes.chunks_mut(4096).step_by(3).for_each(|page| page.fill(0)));
        }),
    ];
    let (whole, numbers) = stocked();
    for (name, damage) in damages {
        println!("{name}");
        let home = whole.copy();
        damage(&home.data().join("index"));
        nothing_is_lost(&home, &numbers);
    }
}

fn each_file(folder: &Path, change: impl Fn(&mut Vec<u8>) + Copy) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_file(&path, change);
        } else {
            let mut bytes = fs::read(&path).unwrap();
            change(&mut bytes);
            fs::write(&path, bytes).unwrap();
        }
    }
}

#[test]
fn a_flipped_bit_in_the_middle_of_a_journal_is_refused_by_name() {
    let (home, numbers) = stocked();
    for name in ["entries/00000001", "state/00000001"] {
        let path = home.data().join(name);
        let whole = fs::read(&path).unwrap();
        for part in [3, 2] {
            let mut bytes = whole.clone();
            bytes[whole.len() / part] ^= 1;
            fs::write(&path, &bytes).unwrap();
            refused(&home, &[name, "damaged at offset", "backup"]);
            // Refusing changed nothing: whoever restores finds all there is.
            assert!(fs::read(&path).unwrap() == bytes, "{name} was changed");
        }
        fs::write(&path, whole).unwrap();
    }
    nothing_is_lost(&home, &numbers);
}

#[test]
fn a_segment_that_is_missing_is_refused_by_name() {
    let (home, numbers) = stocked();
    for name in ["entries/00000001", "state/00000001"] {
        let (path, aside) = (home.data().join(name), home.node.join("aside"));
        fs::rename(&path, &aside).unwrap();
        refused(&home, &[name.split('/').next().unwrap(), "missing"]);
        fs::rename(&aside, &path).unwrap();
    }
    nothing_is_lost(&home, &numbers);
}

#[test]
fn a_clock_that_went_back() {
    if Command::new("faketime").arg("--version").output().is_err() {
        println!("SKIPPED: there is no faketime here; the tests of `node` set the clock back inside the process");
        return;
    }
    let (home, numbers) = stocked();
    let real = serving(&home.config());
    let mut early = Command::new("faketime");
    early.args(["-f", "-3h"]).arg(real.get_program()).args(real.get_args());
    match Running::try_start(early) {
        Ok(node) => panic!("it started, at {}", node.client),
        Err(said) => one_clear_line(&said, &["the clock went back"]),
    }
    nothing_is_lost(&home, &numbers);
}

/// `origin issue` at work.
struct Client {
    child: Child,
    said: BufReader<ChildStderr>,
    /// Taken as it comes: a pipe that is full would stop it.
    out: JoinHandle<String>,
}

impl Client {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut out, said) = (child.stdout.take().unwrap(), BufReader::new(child.stderr.take().unwrap()));
        let out = thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).unwrap();
            text
        });
        Self { child, said, out }
    }

    /// Waits until it says this.
    #[track_caller]
    fn hear(&mut self, words: &str, node: &Running) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert!(self.said.read_line(&mut line).unwrap() > 0, "it ended without a word\n{}", node.events());
        }
    }

    fn end(mut self) -> (ExitStatus, String) {
        std::io::copy(&mut self.said, &mut std::io::sink()).unwrap();
        (self.child.wait().unwrap(), self.out.join().unwrap())
    }
}

/// A disk of its own; gone with the test.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf, size: &str) -> Option<Self> {
        let options = format!("size={size},mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none", text(&at)]).output();
        mounted.is_ok_and(|mounted| mounted.status.success()).then_some(Self(at))
    }

    fn resize(&self, size: &str) {
        let options = format!("remount,size={size}");
        assert!(Command::new("mount").args(["-o", &options, text(&self.0)]).status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a node that is still there when a test failed must not keep it.
        let _ = Command::new("umount").args(["-l", text(&self.0)]).status();
    }
}

/// The node keeps a reserve: it stops accepting before the disk is full, says so, and goes on by itself.
#[test]
fn a_disk_that_runs_full_and_gets_room_again() {
    let (home, before) = stocked();
    let (data, aside) = (home.node.join("data"), home.node.join("aside"));
    copy_folder(&data, &aside);
    let Some(disk) = Disk::mount(data.clone(), "400m") else {
        println!("SKIPPED: no tmpfs can be mounted here (it takes root)");
        return;
    };
    copy_folder(&aside, &data);
    let node = Running::start(&home.config());
    disk.resize("200m");
    write_rows(&home, ISSUED + AT_ONCE);
    let mut client = Client::start(issuing(&home, &node));
    client.hear("kept in reserve", &node);
    // What is there is served as ever.
    let (ca, token) = (home.path("tls/ca.crt.pem"), home.path("signatory.token"));
    let list = ["certificate", "list", "--node", &node.client, "--ca", &ca, "--token-file", &token];
    let listed = origin(&[&list[..], &["--format", "json"]].concat()).good();
    assert_eq!(numbers(&listed.out), before);
    // A client that waits asks again and again; the operator is told once.
    let told = |words: &str| node.events().matches(words).count();
    assert_eq!(told("the writer stopped"), 1, "{}", node.events());
    disk.resize("400m");
    let (ended, out) = client.end();
    assert!(ended.success(), "{ended}\n{}", node.events());
    assert!(told("the writer goes on") >= 1 && !node.events().contains("the batch before it"), "{}", node.events());
    let after = numbers(&out);
    assert!(after.is_superset(&before) && after.len() == ISSUED + AT_ONCE, "{after:?}");
    node.stop();
    nothing_is_lost(&home, &after);
}

/// A write that the system refuses half-way, wherever it is: nobody is told of what is not there.
#[test]
fn a_write_that_fails_half_way() {
    const ROWS_IN_ALL: usize = 700;
    let (home, before) = stocked();
    // The signal would end the process; ignored, the write fails instead, as on a full disk.
    let real = serving(&home.config());
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""]);
    limited.arg(real.get_program()).args(real.get_args());
    let node = match Running::try_start(limited) {
        Ok(node) => node,
        Err(said) => {
            println!("SKIPPED: no limit can be set to the size of files here: {}", said.err);
            return;
        }
    };
    write_rows(&home, ROWS_IN_ALL);
    let mut client = Client::start(issuing(&home, &node));
    // The client waits for better times and says so, with the node's reason.
    client.hear("not available", &node);
    client.child.kill().unwrap();
    let (_, out) = client.end();
    let told = numbers(&out[..out.rfind('\n').map_or(0, |end| end + 1)]);
    assert!(told.is_superset(&before) && told.len() < ROWS_IN_ALL, "{}", told.len());
    assert!(node.events().contains("the writer stopped"), "{}", node.events());
    drop(node);

    let node = Running::start(&home.config());
    let all = issue(&home, &node);
    assert!(all.is_superset(&told) && all.len() == ROWS_IN_ALL, "{} of {}", all.len(), told.len());
    node.stop();
    nothing_is_lost(&home, &all);
}
