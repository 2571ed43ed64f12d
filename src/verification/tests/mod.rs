//! The promises of a verdict.

mod evidence;
mod headlines;
mod hostile;
mod rendering;
mod stamp;
mod status;
pub(super) mod world;
