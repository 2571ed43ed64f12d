//! Turns bytes into values and back, one spelling for each value, and refuses every other spelling.
//!
//! What always holds: work is bounded before it starts (size, depth), a value that parses writes back to
//! the bytes it came from where the format is ours, and nothing here panics on any input.
//! Not its business: what the values mean.

pub mod base32;
pub mod base45;
pub mod base64;
pub mod cbor;
pub mod csv;
pub mod decimal;
pub mod hex;
pub mod json;
pub(crate) mod text;

pub use decimal::Decimal;
