//! Origin Exchange: nodes that issue, exchange and verify digitally signed certificates of origin.
//!
//! The house, from the ground up; a room calls rooms on lower floors only (`tests/house.rs` holds it):
//!
//! ```text
//! earth    reason · encoding  time · signature
//! ground   certificate  log
//! speech   statement  production
//! matter   agreement  trust  office
//! verdict  verification
//! tools    document  store  keys
//! writer   sequencer  inbox
//! work     workflow  exchange
//! doors    api
//!          node
//!          cli
//! ```
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::print_stdout,
        clippy::print_stderr,
        clippy::too_many_lines
    )
)]

pub mod encoding;
pub mod reason;
pub mod signature;
pub mod time;

pub mod certificate;
pub mod log;

pub mod production;
pub mod statement;

pub mod agreement;
pub mod office;
pub mod trust;

pub mod verification;

pub mod document;
pub mod keys;
pub mod store;

pub mod inbox;
pub mod sequencer;

pub mod exchange;
pub mod workflow;

pub mod api;

pub mod node;

pub mod cli;
