//! The generated protobuf types and service stubs; they leave this room only inside its own types.
#![allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub, clippy::indexing_slicing, reason = "generated")]

/// `google.type`.
pub(crate) mod google {
    pub(crate) mod r#type {
        include!(concat!(env!("OUT_DIR"), "/google.r#type.rs"));
    }
}

/// `origin.v1`.
pub(crate) mod origin {
    pub(crate) mod v1 {
        include!(concat!(env!("OUT_DIR"), "/origin.v1.rs"));
    }
}

/// The descriptors of all services, with comments, for reflection.
pub(crate) const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
