//! Every check of a statement, and one verdict.
//!
//! What always holds: a verdict depends on its inputs alone, byte for byte; each check is passed, failed
//! or unknown, never guessed; no input makes it panic, and work is bounded before it starts.
//! Not its business: fetching anything, reading a clock, deciding what an officer does with goods.

mod answers;
mod authority;
mod cache;
mod changes;
mod check;
mod dates;
mod day;
mod entry;
mod equivocation;
mod head;
mod headline;
mod input;
mod inquiry;
mod judgement;
mod listed;
mod paper;
mod question;
mod stamp;
mod standing;
mod status;
mod succession;
mod text;
mod verdict;
mod verifier;
mod view;

pub use check::{Basis, Check, Outcome, Subject, age};
pub use entry::{
    CheckedEntry, ClosedLists, EntryFault, ListView, OwnLeaf, StatusPlace, StatusView, check_entry, check_own_entries,
    check_received, check_scope,
};
pub use equivocation::{Equivocation, Lifting, MAX_EVIDENCE_BYTES, NoEvidence, Prefix, parted};
pub use headline::{Headline, Tone};
pub use paper::PaperSeen;
pub use question::{LostEntries, Question, STATUS_MAX_AGE_SECONDS, Settings};
pub use stamp::StampPlace;
pub use succession::status_after;
pub use verdict::{Answer, Day, FORMAT, Place, Say, StampView, TrustUsed, Verdict, Warning};
pub use verifier::Verifier;
pub use view::{SectionView, View};

#[cfg(test)]
mod tests;
