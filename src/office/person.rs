//! The person behind an account, as far as four eyes have to know.

use super::AccountId;
use crate::encoding::text::serde_as_text;
use std::{fmt, str::FromStr};

/// Longest name of a person, in characters.
const MAX_PERSON: usize = 120;

/// Who a person is to the authority: a staff number, or a name where there is none. Case and spaces make no other
/// person, because two accounts of one person must be known for what they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Person(String);

/// The text does not name a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a person is named by 1 to 120 characters, none of which controls: a staff number is best")]
pub struct NotAPerson;

impl Person {
    /// Stands for the holder of an account of whom nothing else is known.
    #[must_use]
    pub fn of_account(id: &AccountId) -> Self {
        Self(id.to_string())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Person {
    type Err = NotAPerson;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let fits = !plain.is_empty() && plain.chars().count() <= MAX_PERSON && !plain.chars().any(char::is_control);
        if fits { Ok(Self(plain)) } else { Err(NotAPerson) }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(Person);
