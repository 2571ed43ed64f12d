//! The commands of the `origin` binary.

pub mod console;
