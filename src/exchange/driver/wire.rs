//! The generated types and stubs of `replication_service.proto`.
#![allow(
    missing_docs,
    dead_code,
    clippy::all,
    clippy::pedantic,
    unreachable_pub,
    clippy::indexing_slicing,
    reason = "generated"
)]

include!(concat!(env!("OUT_DIR"), "/partners/origin.v1.rs"));
