//! The exchange of three countries as real processes, and what bad luck may do to it: what is addressed to one is
//! seen by nobody else, what was acknowledged survives kill -9, and trouble with one partner is one line.
//!
//! `ORIGIN_KILL_ROUNDS` and `ORIGIN_KILL_SEED` are those of the other kill test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test says what went wrong by panicking"
)]

mod alone;
#[path = "../kill/asking.rs"]
mod asking;
#[path = "../kill/auditor.rs"]
#[allow(dead_code, reason = "shared with the kill test of one node")]
mod auditor;
mod branch;
#[path = "../kill/caller.rs"]
mod caller;
mod consent;
mod customs_system;
mod delivery;
#[path = "../kill/dice.rs"]
mod dice;
mod endless;
mod erased;
mod evidence;
mod federation;
mod flood;
mod followed;
mod hostile_log;
mod hostile_partner;
mod kills;
#[path = "../kill/ledger.rs"]
#[allow(dead_code, reason = "shared with the kill test of one node")]
mod ledger;
mod many;
mod monitor;
mod one_bad_entry;
mod outside;
mod packages;
mod pretender;
#[path = "../process/mod.rs"]
#[allow(dead_code, reason = "shared with other test programs")]
mod process;
mod pushed;
mod relay;
mod restored;
mod secrecy;
#[path = "../cli/support.rs"]
#[allow(dead_code, reason = "shared with other test programs")]
mod support;
mod troubles;
mod waiting;
#[path = "../kill/wire.rs"]
mod wire;
