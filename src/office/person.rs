//! The person behind an account, as far as four eyes have to know.

use super::AccountId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest name of a person, in characters.
const MAX_PERSON: usize = 120;

/// Who a person is to the authority: a staff number, or a name where there is none. Case and spaces make no other
/// person, because two accounts of one person must be known for what they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Person(String);

/// The text does not name a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a person is named by 1 to 120 characters, none of which controls: a staff number is best")]
pub struct NotAPerson;

impl Person {
    /// Reads what names a person.
    pub fn new(text: &str) -> Result<Self, NotAPerson> {
        let plain = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let fits = !plain.is_empty() && plain.chars().count() <= MAX_PERSON && !plain.chars().any(char::is_control);
        if fits { Ok(Self(plain)) } else { Err(NotAPerson) }
    }

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

impl TryFrom<String> for Person {
    type Error = NotAPerson;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text)
    }
}

impl From<Person> for String {
    fn from(person: Person) -> Self {
        person.0
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
