//! `origin bench` makes what it measures with, prints each figure beside its limit, and leaves nothing behind.

use crate::support::{folder, origin, text};
use serde_json::Value;
use std::fs;

/// Figures of all kinds that are there within seconds: in one process, at a node, between two. Most others issue tens of
/// thousands of certificates first, whatever `--seconds` says.
const QUICK: [&str; 3] = ["check_application", "issue_unary_64", "arrival_latency"];

/// How fast it is here is not asked: the machine is busy with other tests, and the program is built to be tested.
#[test]
fn figures_come_with_their_limits_and_the_gate_ends_with_what_is_missed() {
    let folder = folder();
    let how = ["--seconds", "1", "--gate", "--folder", text(folder.path()), "--format", "json"];
    let said = origin(&[&["bench"][..], &QUICK, &how].concat());
    let figures = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
    let names = figures.iter().map(|figure| figure["name"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(names, QUICK, "{}", said.err);
    for figure in &figures {
        let [value, limit, ratio] = ["value", "limit", "ratio"].map(|name| figure[name].as_f64().unwrap());
        assert!(value > 0.0 && limit > 0.0 && (value / limit - ratio).abs() < 1e-6 * ratio, "{figure}");
        assert!(figure["percentiles"]["p99"].as_f64().unwrap() > 0.0, "{figure}");
    }
    let missed = figures.iter().any(|figure| !figure["missed"].as_array().unwrap().is_empty());
    assert_eq!((said.code == 1, said.code == 0), (missed, !missed), "{}", said.err);
    assert_eq!(said.err.contains("missed what is promised: "), missed, "{}", said.err);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "what it made goes with it");
}
