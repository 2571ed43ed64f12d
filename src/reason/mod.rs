//! What every error of the house can say of itself: a stable reason and a class.
//!
//! What always holds: a reason is UPPER_SNAKE, never changes its meaning, and stands in `docs/errors.md`.
//! Not its business: the sentence for people; that is each error's own, and only how a count and a list read in it is said
//! here.

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

/// Most characters of a list within a sentence: a sentence that is too long for a header is cut, and what to do stands last.
const LIST_MAX: usize = 160;

/// A list within a sentence: all of a short one, such as `A, B`, and of a long one the first and how many there are beside
/// them, such as `A, B and 12 more`.
#[must_use]
pub fn some_of<T: std::fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let (mut said, mut more) = (String::new(), 0_usize);
    for name in names {
        let longer = if said.is_empty() { name.to_string() } else { format!("{said}, {name}") };
        // The first is said however long it is.
        if said.is_empty() || (more == 0 && longer.chars().count() <= LIST_MAX) {
            said = longer;
        } else {
            more = more.saturating_add(1);
        }
    }
    if more == 0 { said } else { format!("{said} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::{LIST_MAX, counted, some_of};

    #[test]
    fn one_is_no_plural() {
        let entries = |count: u64| counted(count, "entry", "entries");
        assert_eq!([entries(0), entries(1), entries(2)], ["0 entries", "1 entry", "2 entries"]);
    }

    #[test]
    fn a_short_list_is_said_whole_and_of_a_long_one_how_many_more_there_are() {
        assert_eq!([some_of::<&str>([]), some_of(["A"]), some_of(["A", "B"])], ["", "A", "A, B"]);
        let said = some_of(1..=500);
        assert!(said.starts_with("1, 2, 3") && said.chars().count() <= LIST_MAX + " and 500 more".len(), "{said}");
        let (listed, more) = said.split_once(" and ").unwrap();
        let listed = listed.split(", ").count();
        assert_eq!(more, format!("{} more", 500 - listed));
        let long = "x".repeat(200);
        assert_eq!(some_of([long.as_str(), "y", "z"]), format!("{long} and 2 more"));
    }
}
