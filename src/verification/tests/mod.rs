//! The promises of a verdict.

mod rendering;
