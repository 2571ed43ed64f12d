//! The frozen vectors of `tests/vectors/trust`: run from the files alone, as a second implementation would,
//! and compared with what the fixed keys give, so that no byte of them changes unnoticed.
//!
//! `ORIGIN_WRITE_VECTORS=1 cargo test trust::` writes them; do so only to add cases.

use super::*;
use crate::{reason::Reasoned, statement::Kind};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

mod cases;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/trust")
}

fn read(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// The answer as the index writes it.
fn said(authority: KeyAuthority) -> String {
    match authority {
        KeyAuthority::Allowed => "ALLOWED".to_owned(),
        KeyAuthority::Unknown => "UNKNOWN".to_owned(),
        KeyAuthority::OutOfScope(scope) => {
            let scope = match scope {
                Scope::Use(_) => "USE",
                Scope::Log => "LOG",
                Scope::Kind => "KIND",
                Scope::Agreement => "AGREEMENT",
                Scope::Office => "OFFICE",
            };
            format!("OUT_OF_SCOPE {scope}")
        }
        KeyAuthority::Closed(because) => {
            let stands = if authority.restriction_stands() { ", RESTRICTIONS STAND" } else { "" };
            match because {
                ClosedBecause::NotYetOpen { from } => format!("CLOSED NOT_YET_OPEN {from}"),
                ClosedBecause::Ended { until_index, .. } => format!("CLOSED ENDED {until_index}{stands}"),
                ClosedBecause::LogNotNamed { .. } => format!("CLOSED LOG_NOT_NAMED{stands}"),
                ClosedBecause::ShardEnded { final_size } => format!("CLOSED SHARD_ENDED {final_size}"),
            }
        }
    }
}

fn answer(list: &TrustList, question: &Value) -> Value {
    let text = |member: &str| question[member].as_str().unwrap_or_else(|| panic!("{member} of {question}"));
    let index = || question["index"].as_u64().unwrap();
    match text("ask") {
        "may_sign" => {
            let statement = Kind::ALL.into_iter().find(|kind| kind.name() == text("kind")).unwrap();
            let agreement = question["agreement"].as_str().map(|code| code.parse().unwrap());
            let office = question["office"].as_str().map(|code| code.parse().unwrap());
            let (iss, kid, log) = (iss(text("iss")), kid(text("kid")), origin(text("origin")));
            said(list.may_sign(&iss, &kid, statement, agreement.as_ref(), office.as_ref(), &log, index())).into()
        }
        "may_sign_status" => {
            said(list.may_sign_status(&iss(text("iss")), &kid(text("kid")), &origin(text("origin")), index())).into()
        }
        "policy" => match list.policy_at(&origin(text("origin")), index()) {
            Ok(policy) => policy.to_string().into(),
            Err(error) => error.reason().into(),
        },
        "log_key" => list.log_key(&origin(text("origin"))).map(|key| key.to_string()).into(),
        "authority_for" => list.authority_for(&text("country").parse().unwrap()).map(ToString::to_string).into(),
        "time_zone" => list.time_zone(&iss(text("iss"))).map(crate::time::ZoneName::as_str).into(),
        "shard_final_size" => list.shard_final_size(&origin(text("origin"))).into(),
        "freshness" => match list.freshness(text("at").parse().unwrap()) {
            Freshness::Current => "CURRENT".into(),
            Freshness::Stale { .. } => "STALE".into(),
        },
        other => panic!("no such question: {other}"),
    }
}

#[test]
fn the_published_vectors_have_the_published_outcomes() {
    let index: Value = serde_json::from_str(&read("index.json")).unwrap();
    let cases = index["cases"].as_array().unwrap();
    assert!(cases.len() > 50);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let anchor = Anchor::from_toml(&read(case["anchor"].as_str().unwrap())).unwrap();
        let known = case["known"].as_str().map(|file| {
            let text = read(file);
            let first = Anchor::from_toml(&read(case["known_anchor"].as_str().unwrap())).unwrap();
            TrustList::open(&text, &first, None).unwrap_or_else(|e| panic!("{name}: {file}: {e}"))
        });
        let opened = TrustList::open(&read(case["note"].as_str().unwrap()), &anchor, known.as_ref());
        let outcome = opened.as_ref().map_or_else(|e| e.reason(), |_| "ACCEPTED");
        assert_eq!(outcome, case["outcome"], "{name}: {:?}", opened.err());
        for question in case["questions"].as_array().into_iter().flatten() {
            assert_eq!(answer(opened.as_ref().unwrap(), question), question["answer"], "{name}: {question}");
        }
    }
}

#[test]
fn the_vectors_are_frozen() {
    let files = cases::files();
    if std::env::var_os("ORIGIN_WRITE_VECTORS").is_some() {
        fs::create_dir_all(folder()).unwrap();
        for (name, text) in &files {
            fs::write(folder().join(name), text).unwrap();
        }
    }
    for (name, text) in &files {
        assert!(read(name) == *text, "{name} differs from what its fixed keys give");
    }
    let mut there =
        fs::read_dir(folder()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>();
    there.retain(|name| name != "README.md");
    there.sort();
    assert_eq!(there, files.into_keys().collect::<Vec<_>>());
}
