//! Holds the bytes of statements: frozen tokens, hostile tokens with their reasons, and the published schema.
//!
//! The files of `tests/vectors/statements` are for other implementations as well. They never change for
//! version 1 of a kind; a new kind or version is written by these tests, run with `WRITE_VECTORS=1`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    unreachable_pub
)]

mod hostile;
mod hostile_claims;
mod hostile_replies;
mod properties;
mod properties_of_replies;
mod redaction;
mod samples;
mod schema;
mod stamp;
mod status;
mod vectors;

use serde_json::Value;
use std::path::PathBuf;

/// A file of the vectors.
fn vector(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/statements").join(name)
}

/// Reads a file of the vectors.
fn read(name: &str) -> String {
    let path = vector(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a file of the vectors says. `WRITE_VECTORS=1` has it say what is made here: for a new kind or version, never to
/// make a test pass.
fn frozen(name: &str, made: impl FnOnce() -> Value) -> Value {
    if std::env::var_os("WRITE_VECTORS").is_some() {
        std::fs::write(vector(name), pretty(&made())).unwrap();
    }
    serde_json::from_str(&read(name)).unwrap()
}

/// As the files are written.
fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}
