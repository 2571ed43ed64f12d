//! The name somebody signs in by.

use crate::encoding::text::serde_as_text;
use std::{fmt, str::FromStr};

/// Longest name, in characters: that of an address of electronic mail.
const MAX_LOGIN: usize = 254;

/// The name an account signs in by, unique to its authority: a short name or an address of electronic mail, in lower
/// case, so that one person cannot be mistaken for another by the case of a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Login(String);

/// The text is no name to sign in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name to sign in by has 3 to 254 letters, digits and any of . _ - + @, such as a.qureshi")]
pub struct NotALogin;

impl Login {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Login {
    type Err = NotALogin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase();
        let good = (3..=MAX_LOGIN).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+@".contains(&b));
        if good { Ok(Self(text)) } else { Err(NotALogin) }
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(Login);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_spelling() {
        assert_eq!(" A.Qureshi@tdap.gov.pk".parse::<Login>(), "a.qureshi@TDAP.gov.pk".parse::<Login>());
        for wrong in ["", "ab", "a qureshi", "а.qureshi", &"a".repeat(255)] {
            assert!(wrong.parse::<Login>().is_err(), "{wrong}");
        }
    }
}
