//! What an office does while its node cannot be reached: it issues on paper under numbers that it holds, notes each in a
//! file that shows whether anything was taken out of it, and has them issued electronically afterwards.

mod block;
mod offline;
mod printed;
mod register;
mod spool;

pub(super) use block::Reserve;
pub(super) use offline::Offline;
pub(super) use register::{Counts, register, result_line};
