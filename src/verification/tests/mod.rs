//! The promises of a verdict.

mod evidence;
mod headlines;
mod hostile;
mod rendering;
mod speed;
pub(super) mod world;
