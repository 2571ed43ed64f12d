//! A file of many rows with a folder for its bundles: what is fetched beside the stream must not stop the stream.

use crate::{
    process::{Home, Running, footballs},
    support::{command, text, write},
};
use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

/// Far longer than it takes, and not for ever.
const PATIENCE: Duration = Duration::from_mins(3);
/// The results of so many rows are several times what a connection takes unread.
const ROWS: usize = 1_500;

/// Runs a command that has to end well in time; gives what it printed.
#[track_caller]
#[allow(clippy::disallowed_methods, reason = "a command that hangs tells nobody")]
fn in_time(folder: &Path, arguments: &[&str]) -> String {
    let (out, err) = (folder.join("out"), folder.join("err"));
    let mut child = command(arguments)
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it hangs after {} lines", fs::read_to_string(&out).unwrap().lines().count());
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(ended.success(), "{ended}: {}", fs::read_to_string(&err).unwrap());
    fs::read_to_string(&out).unwrap()
}

fn bundles(folder: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn many_rows_are_issued_and_all_their_bundles_fetched() {
    let home = Home::new();
    let node = Running::start(&home.config());
    let token = node.account(&home, "signatory");
    let rows = (0..ROWS).map(footballs).collect::<Vec<_>>().join("\n");
    let rows = write(&home.node, "rows.jsonl", &(rows + "\n"));
    let (ca, into) = (home.path("tls/ca.crt.pem"), home.path("bundles"));
    let issue = ["issue", text(&rows), "--out", &into, "--node", &node.client, "--ca", &ca, "--token-file", &token];

    let said = in_time(&home.node, &issue);
    assert_eq!(said.lines().filter(|line| line.contains(": issued ")).count(), ROWS);
    assert_eq!(bundles(Path::new(&into)).len(), ROWS);

    // A run that was stopped has its rows and lacks bundles: the same command fetches what is missing.
    for bundle in bundles(Path::new(&into)).iter().take(ROWS / 2) {
        fs::remove_file(bundle).unwrap();
    }
    let said = in_time(&home.node, &issue);
    assert_eq!(said.lines().filter(|line| line.contains(": issued before ")).count(), ROWS);
    assert_eq!(bundles(Path::new(&into)).len(), ROWS);
}
