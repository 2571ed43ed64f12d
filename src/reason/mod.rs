//! What every error of the house can say of itself: a stable reason and a class.
//!
//! What always holds: a reason is UPPER_SNAKE, never changes its meaning, and stands in `docs/errors.md`.
//! Not its business: the sentence for people; that is each error's own.

/// What the caller should do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// The request is at fault; the same request fails again.
    Reject,
    /// The moment is at fault; the same request may succeed later.
    Retry,
    /// This node is at fault; an operator has to act.
    Fatal,
}

/// An error with a stable reason and a class.
pub trait Reasoned: std::error::Error {
    /// UPPER_SNAKE, stable for ever.
    fn reason(&self) -> &'static str;
    /// What the caller should do.
    fn class(&self) -> Class;
}
