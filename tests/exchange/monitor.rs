//! A monitor that is none of the federation's, written by others in another language, reads a log's tiles over HTTPS.

use crate::{
    delivery::{issue_footballs, log_to, signatory},
    federation::{Federation, stop},
    outside::python,
};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_monitor_of_strangers_comes_to_the_root_of_the_tiles_and_of_the_entries_as_the_log_grows() {
    let Some(python) = python() else { return };
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    pakistan.configure("heads = \"partners\"", "heads = \"public\"");
    pakistan.configure("entries = \"addressee\"", "entries = \"public\"");
    let mut one = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let (log, ca, state) = (log_to(china), pakistan.at("tls/ca.crt.pem"), kenya.at("monitor.json"));
    let key = |log: &str| pakistan.trust().log_key(&log.parse().unwrap()).unwrap().to_string();
    let monitor = |key: &str| -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/others/tlog_monitor.py");
        let prefix = format!("https://{}/{log}", one.public);
        Command::new(&python).arg(script).args([prefix.as_str(), &ca, key, &state]).output().unwrap()
    };
    let watched = || -> Value {
        let said = monitor(&key(&log));
        assert!(said.status.success(), "{}\n{}", String::from_utf8_lossy(&said.stderr), one.events());
        serde_json::from_slice(&said.stdout).unwrap()
    };

    // Partial tiles alone, then a whole one and the one above it.
    let newest = issue_footballs(&caller, &token, 0..3).await.pop().unwrap();
    let first = watched();
    assert!(first["size"].as_u64() > Some(newest.index) && first["before"] == 0, "{first}");
    assert_eq!((first["tiles"].as_u64(), first["bundles"].as_u64()), (Some(1), Some(1)), "{first}");
    let newest = issue_footballs(&caller, &token, 3..259).await.pop().unwrap();
    let grown = watched();
    assert!(grown["size"].as_u64() > Some(newest.index) && grown["before"] == first["size"], "{grown}");
    assert_eq!((grown["tiles"].as_u64(), grown["bundles"].as_u64()), (Some(3), Some(2)), "{grown}");

    // It would have said so if a head were another's, or if the log had shown it another history before.
    let another = monitor(&key(&log_to(kenya)));
    assert!(!another.status.success(), "the key of another log");
    let seen = fs::read_to_string(&state).unwrap();
    let mut other: Value = serde_json::from_str(&seen).unwrap();
    other["root"] = "00".repeat(32).into();
    fs::write(&state, other.to_string()).unwrap();
    let another = monitor(&key(&log));
    let said = String::from_utf8_lossy(&another.stderr);
    assert!(!another.status.success() && said.contains("does not begin with what was seen before"), "{said}");

    stop([one, two, three]);
    let checked = pakistan.check_log("data/tdap.gov.pk", &log);
    assert_eq!((&checked["size"], &checked["root"]), (&grown["size"], &grown["root"]), "{checked}");
}
