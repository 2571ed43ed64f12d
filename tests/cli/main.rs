//! The real binary, command by command: what each promises, and what each says to bad input.

mod certificate;
mod examples;
mod init;
mod keys;
mod node;
mod offline;
mod support;
mod trust;
mod usage;
