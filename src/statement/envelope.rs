//! What every statement says of itself: who speaks with which key, to whom, in which log, as what.

use super::{Addressee, Issuer, Jti, StatementError};
use crate::{
    encoding::text::serde_as_text,
    log::Origin,
    time::{Date, Timestamp},
};
use std::{fmt, str::FromStr};

const KID_MAX: usize = 64;
const DAY_SECONDS: i64 = 86_400;

/// The name of a key, unique to its issuer for ever: 1 to 64 of `A–Z a–z 0–9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid(String);

/// The text is not 1 to 64 characters of `A–Z a–z 0–9 . _ -`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key name: 1 to {KID_MAX} letters, digits, `.`, `_` or `-`")]
pub struct NotKid;

impl Kid {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Kid {
    type Err = NotKid;

    fn from_str(text: &str) -> Result<Self, NotKid> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let good = (1..=KID_MAX).contains(&text.len()) && text.bytes().all(plain);
        if good { Ok(Self(text.to_owned())) } else { Err(NotKid) }
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(Kid);

/// The claims that every statement has, whatever its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Who speaks.
    pub iss: Issuer,
    /// With which key (in the header).
    pub kid: Kid,
    /// The statement's identifier within its log.
    pub jti: Jti,
    /// `iat`: the day (UTC). No rule reads it: the log's order says what came first.
    pub day: Date,
    /// To whom.
    pub aud: Addressee,
    /// The log it stands in.
    pub log: Origin,
}

impl Envelope {
    /// Whether the log is one of the issuer's.
    #[must_use]
    pub fn in_own_log(&self) -> bool {
        self.log.host() == self.iss.host()
    }

    /// Whether the log's addressee is the statement's.
    #[must_use]
    pub fn in_log_of_addressee(&self) -> bool {
        self.log.addressee() == self.aud.label()
    }
}

/// `iat` of a day: its first second, UTC.
pub(super) fn seconds_of(day: Date) -> Result<i64, StatementError> {
    let midnight = day.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
    midnight.map(|at| at.timestamp().as_second()).map_err(|e| StatementError::shape("iat", e))
}

/// The day of an `iat`, which must be its first second.
pub(super) fn day_of(seconds: i64) -> Result<Date, StatementError> {
    if seconds.rem_euclid(DAY_SECONDS) != 0 {
        return Err(StatementError::shape("iat", "not the first second of a day"));
    }
    let at = Timestamp::from_second(seconds).map_err(|e| StatementError::shape("iat", e))?;
    Ok(at.to_zoned(jiff::tz::TimeZone::UTC).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iat_is_the_first_second_of_its_day() {
        let day = Date::constant(2026, 11, 12);
        assert_eq!(seconds_of(day).unwrap(), 1_794_441_600);
        assert_eq!(day_of(1_794_441_600).unwrap(), day);
        assert!(day_of(1_794_441_601).is_err());
        assert!(day_of(i64::MAX / DAY_SECONDS * DAY_SECONDS).is_err());
    }

    #[test]
    fn a_key_name_is_plain() {
        assert!("tdap-2026.1".parse::<Kid>().is_ok());
        for bad in ["", "a b", "schlüssel", "a/b", &"k".repeat(65)] {
            assert_eq!(bad.parse::<Kid>(), Err(NotKid), "{bad}");
        }
    }
}
