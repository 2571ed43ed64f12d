//! The `origin` binary; everything is in [`origin_exchange::cli`].
#![forbid(unsafe_code)]

fn main() {}
