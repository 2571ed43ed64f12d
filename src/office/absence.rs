//! When a signatory is away, and who signs meanwhile.

use super::{AccountId, AccountRefused};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Longest absence arranged at once, in seconds: a year.
const LONGEST: i64 = 366 * 24 * 60 * 60;

/// A time in which the holder of an account is away. They sign nothing in it; the deputy, who has to be a signatory
/// too, acts meanwhile for their offices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// From when, in Unix seconds.
    pub from: i64,
    /// Until when, in Unix seconds; that second they are back.
    pub until: i64,
    /// The account that acts meanwhile, if any does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deputy: Option<AccountId>,
}

impl Absence {
    /// An absence of at most a year.
    pub fn new(from: Timestamp, until: Timestamp, deputy: Option<AccountId>) -> Result<Self, AccountRefused> {
        let (from, until) = (from.as_second(), until.as_second());
        if until <= from {
            return Err(AccountRefused::Absence("an absence ends after it begins"));
        }
        if until - from > LONGEST {
            return Err(AccountRefused::Absence("an absence lasts a year at most; close the account instead"));
        }
        Ok(Self { from, until, deputy })
    }

    /// Whether it is now.
    #[must_use]
    pub fn is_at(&self, now: Timestamp) -> bool {
        (self.from..self.until).contains(&now.as_second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absence_has_two_ends() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (monday, friday) = (at("2026-11-23T00:00:00Z"), at("2026-11-27T00:00:00Z"));
        let away = Absence::new(monday, friday, None).unwrap();
        assert!(away.is_at(monday) && !away.is_at(friday) && !away.is_at(at("2026-11-22T23:59:59Z")));
        assert!(Absence::new(friday, monday, None).is_err());
        assert!(Absence::new(monday, at("2027-11-27T00:00:00Z"), None).is_err());
    }
}
