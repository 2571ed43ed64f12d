//! Holds the house: which room may call which, and what the pure rooms must not know of.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::too_many_lines
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Floors from the ground up. A room may call rooms of lower floors only.
const FLOORS: &[&[&str]] = &[
    &["reason"],
    &["encoding", "time"],
    &["signature"],
    &["certificate", "log"],
    &["statement", "production"],
    &["agreement", "trust", "office"],
    &["verification"],
    &["document", "store", "keys"],
    &["sequencer", "inbox"],
    &["exchange", "workflow"],
    &["api"],
    &["node"],
    &["cli"],
];

/// Rooms that hold the whole offline verifier: no I/O, no runtime, no clock, no wire types.
const PURE: &[&str] = &[
    "reason",
    "encoding",
    "signature",
    "time",
    "certificate",
    "log",
    "statement",
    "production",
    "agreement",
    "trust",
    "office",
    "verification",
];

/// What a pure room must not name.
const IMPURE: &[&str] = &[
    "tokio",
    "tonic",
    "prost",
    "prost_types",
    "sled",
    "axum",
    "rustls",
    "tokio_rustls",
    "hyper_util",
    "tower",
    "rustix",
    "getrandom",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "std::time::Instant",
    "println",
    "eprintln",
    "tracing",
    "tempfile",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file with its path below `src`, tests left out: tests may look further than what they test.
fn files() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|e| e == "rs") {
                into.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&source(), &mut paths);
    paths
        .into_iter()
        .map(|path| (path.strip_prefix(source()).unwrap().to_owned(), path))
        .filter(|(inside, _)| {
            !inside.iter().any(|part| matches!(part.to_str(), Some("tests" | "tests.rs" | "testing" | "testing.rs")))
        })
        .map(|(inside, path)| {
            let code = code_of(&fs::read_to_string(path).unwrap());
            let tests = ["#[cfg(test)]\nmod ", "#[cfg(test)]\npub mod ", "#[cfg(test)]\npub(crate) mod "];
            let end = tests.iter().filter_map(|t| code.find(t)).min().unwrap_or(code.len());
            (inside, code[..end].to_owned())
        })
        .collect()
}

/// The source without comments and strings, so that prose cannot make an edge.
fn code_of(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut chars = source.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let rest = &source[at..];
        if rest.starts_with("//") {
            while chars.next_if(|(_, c)| *c != '\n').is_some() {}
        } else if rest.starts_with("r#\"") {
            let end = rest[3..].find("\"#").map_or(rest.len(), |n| n + 5);
            while chars.next_if(|(i, _)| *i < at + end).is_some() {}
        } else if rest.starts_with("'\"'") {
            chars.next();
            chars.next();
        } else if c == '"' {
            let mut escaped = false;
            for (_, c) in chars.by_ref() {
                match c {
                    '\\' if !escaped => escaped = true,
                    '"' if !escaped => break,
                    _ => escaped = false,
                }
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// The first path segment after each `crate::`, also inside `crate::{…}`.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let ident = |text: &str| text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(ident(rest));
            continue;
        };
        let (mut depth, mut start) = (0, true);
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if c.is_whitespace() => {}
                _ if start && depth == 0 => {
                    found.insert(ident(&group[i..]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    found
}

/// Every edge between rooms, with one file that makes it.
fn edges() -> BTreeMap<(String, String), PathBuf> {
    let rooms = FLOORS.iter().flat_map(|floor| floor.iter().copied()).collect::<BTreeSet<_>>();
    let mut edges = BTreeMap::new();
    for (inside, code) in files() {
        let room = inside.iter().next().unwrap().to_string_lossy().into_owned();
        if !rooms.contains(room.as_str()) {
            continue;
        }
        for other in rooms_named(&code) {
            if other != room && rooms.contains(other.as_str()) {
                edges.entry((room.clone(), other)).or_insert_with(|| inside.clone());
            }
        }
    }
    edges
}

#[test]
fn every_room_stands_on_a_floor_and_says_first_what_it_is_for() {
    let placed = FLOORS.iter().flat_map(|floor| floor.iter().map(ToString::to_string)).collect::<BTreeSet<_>>();
    let built = fs::read_dir(source())
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_dir())
        .map(|p| p.file_name().unwrap().to_string_lossy().into_owned())
        .collect::<BTreeSet<_>>();
    assert_eq!(built, placed);
    for room in placed {
        let text = fs::read_to_string(source().join(&room).join("mod.rs")).unwrap();
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 24, "{room}/mod.rs does not begin with its purpose");
    }
}

#[test]
fn a_room_calls_rooms_on_lower_floors_only() {
    let floor_of = |room: &str| FLOORS.iter().position(|floor| floor.contains(&room)).unwrap();
    let wrong = edges()
        .into_iter()
        .filter(|((from, to), _)| floor_of(from) <= floor_of(to))
        .map(|((from, to), file)| format!("{from} → {to} in {}", file.display()))
        .collect::<Vec<_>>();
    assert!(wrong.is_empty(), "calls that go up or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn the_offline_verifier_needs_no_file_network_clock_or_runtime() {
    let mut wrong = Vec::new();
    for (inside, code) in files() {
        if !PURE.iter().any(|room| inside.starts_with(room)) {
            continue;
        }
        for word in IMPURE {
            let part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
            let named = code
                .match_indices(word)
                .any(|(at, _)| !part(code[..at].chars().next_back()) && !part(code[at + word.len()..].chars().next()));
            if named {
                wrong.push(format!("{} names {word}", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn generated_wire_types_stay_in_the_door_that_speaks_them() {
    for (inside, code) in files() {
        if code.contains("include_proto!") {
            assert!(inside.starts_with("api"), "{} includes generated types", inside.display());
        }
        if code.contains("prost::") || code.contains("tonic::") {
            let doors = ["api", "exchange/driver", "node", "cli"];
            assert!(doors.iter().any(|d| inside.starts_with(d)), "{} speaks the wire", inside.display());
        }
    }
}
