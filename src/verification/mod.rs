//! Every check of a statement, and one verdict.
//!
//! What always holds: a verdict depends on its inputs alone, byte for byte; each check is passed, failed
//! or unknown, never guessed; no input makes it panic, and work is bounded before it starts.
//! Not its business: fetching anything, reading a clock, deciding what an officer does with goods.

mod check;
mod headline;
mod question;
mod text;
mod verdict;
mod view;

pub use check::{Basis, Check, Outcome, Subject};
pub use headline::{Headline, Tone};
pub use question::{Question, STATUS_MAX_AGE_SECONDS};
pub use verdict::{Answer, Day, FORMAT, Place, Say, TrustUsed, Verdict, Warning};
pub use view::{Section, View};

#[cfg(test)]
mod tests;
