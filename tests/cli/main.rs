//! The real binary, command by command: what each promises, and what each says to bad input.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_push_string,
    reason = "a test says what went wrong by panicking"
)]

mod backup;
mod bench;
mod certificate;
mod changes;
mod closed_year;
mod demo;
mod examples;
mod ill;
mod init;
mod keys;
mod machine;
#[path = "../process/pdf.rs"]
mod made_pdf;
mod many;
mod new_agreement;
mod node;
mod offline;
mod paper;
mod partners;
#[path = "../process/mod.rs"]
#[allow(dead_code, reason = "shared with other test programs")]
mod process;
mod rehearsal;
mod rest;
mod revoked;
mod support;
mod trust;
mod usage;
