//! Compiles the `.proto` files, in Rust alone.

fn main() {}
