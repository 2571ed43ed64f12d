//! What every error of the house can say of itself: a stable reason and a class.
//!
//! What always holds: a reason is UPPER_SNAKE, never changes its meaning, and stands in `docs/errors.md`.
//! Not its business: the sentence for people; that is each error's own, and only how a count reads in it is said here.

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

/// A count with what is counted: `1 entry`, `2 entries`.
#[must_use]
pub fn counted<N: std::fmt::Display + PartialEq + From<u8> + Copy>(count: N, one: &str, many: &str) -> String {
    format!("{count} {}", if count == N::from(1) { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_no_plural() {
        let entries = |count: u64| counted(count, "entry", "entries");
        assert_eq!([entries(0), entries(1), entries(2)], ["0 entries", "1 entry", "2 entries"]);
    }
}
