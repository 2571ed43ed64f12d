//! Holds the bytes of statements: frozen tokens, hostile tokens with their reasons, and the published schema.
//!
//! The files of `tests/vectors/statements` are for other implementations as well. They never change for
//! version 1 of a kind; `writes_the_vectors` exists for new kinds and versions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::too_many_lines,
    unreachable_pub
)]

mod hostile;
mod hostile_replies;
mod properties;
mod properties_of_replies;
mod redaction;
mod samples;
mod schema;
mod speed;
mod stamp;
mod status;
mod vectors;

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

/// Writes every file of the vectors anew. To be run for a new kind or version, never to make a test pass:
/// `cargo test --test statements writes_the_vectors -- --ignored`.
#[test]
#[ignore = "frozen bytes: run by hand for a new kind or version only"]
fn writes_the_vectors() {
    let pretty = |value: &serde_json::Value| format!("{}\n", serde_json::to_string_pretty(value).unwrap());
    for sample in samples::all() {
        std::fs::write(vector(&format!("{}.json", sample.name)), pretty(&vectors::of(&sample))).unwrap();
    }
    std::fs::write(vector("hostile.json"), pretty(&hostile::all())).unwrap();
    std::fs::write(vector("status-list.json"), pretty(&status::vector())).unwrap();
    std::fs::write(vector("stamp.json"), pretty(&stamp::vector())).unwrap();
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs");
    std::fs::create_dir_all(&docs).unwrap();
    std::fs::write(docs.join("statements-v1.schema.json"), pretty(&schema::of_the_code())).unwrap();
}
