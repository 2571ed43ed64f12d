//! The caller's own stubs, from the same `.proto` files as anybody's: the test is a client like any other.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::indexing_slicing,
    reason = "generated"
)]

pub(crate) mod google {
    pub(crate) mod r#type {
        include!(concat!(env!("OUT_DIR"), "/google.r#type.rs"));
    }
}

pub(crate) mod origin {
    pub(crate) mod v1 {
        include!(concat!(env!("OUT_DIR"), "/origin.v1.rs"));
    }
}
