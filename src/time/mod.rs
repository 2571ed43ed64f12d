//! Time and chance as arguments: a [`Clock`] that tells the instant, a [`Random`] that fills bytes, and
//! the civil date at an office.
//!
//! What always holds: no room below the doors reads a clock or draws a random byte of its own, so every
//! answer can be had again from the same inputs. Time zones come from the database compiled in.

use std::sync::{Mutex, PoisonError};

pub use jiff::{Timestamp, civil::Date};

/// Tells the present instant.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The instant so many seconds after another; the last there is, where it would lie beyond.
#[must_use]
pub fn later(from: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second(from.as_second().saturating_add(seconds)).unwrap_or(Timestamp::MAX)
}

/// Whole seconds from one instant to another; negative where a clock went back.
#[must_use]
pub fn passed(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second().saturating_sub(from.as_second())
}

/// Fills bytes that nobody can predict.
pub trait Random: Send + Sync {
    /// Fills `out`, or says that the system has no randomness to give.
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The system could not give random bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random bytes: {0}")]
pub struct NoRandomness(pub String);

/// The name of a time zone of the IANA database, known to exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct ZoneName(String);

/// The name is not in the IANA time zone database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone of the IANA database, such as `Asia/Karachi`")]
pub struct UnknownZone(pub String);

impl ZoneName {
    /// Looks the name up in the database compiled in.
    pub fn new(name: &str) -> Result<Self, UnknownZone> {
        match jiff::tz::db().get(name) {
            // Exactly the database's spelling, so that one zone has one name in signed documents.
            Ok(zone) if zone.iana_name() == Some(name) => Ok(Self(name.to_owned())),
            _ => Err(UnknownZone(name.to_owned())),
        }
    }

    /// Coordinated Universal Time.
    #[must_use]
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The civil date in this zone at `instant`.
    #[must_use]
    pub fn date_at(&self, instant: Timestamp) -> Date {
        let zone = jiff::tz::db().get(&self.0).unwrap_or(jiff::tz::TimeZone::UTC);
        zone.to_datetime(instant).date()
    }
}

impl<'de> serde::Deserialize<'de> for ZoneName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Reads `YYYY-MM-DD` and nothing else: no time, no sign, no expanded year.
#[must_use]
pub fn parse_date(text: &str) -> Option<Date> {
    let plain = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if plain { text.parse().ok() } else { None }
}

/// For `#[serde(with)]`: a date as `YYYY-MM-DD`.
pub mod serde_date {
    use super::{Date, parse_date};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes the date.
    pub fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(date)
    }

    /// Reads the date.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_date(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not a date YYYY-MM-DD")))
    }

    /// The same for a member that must be present and may be null.
    pub mod option {
        use super::{Date, Deserialize, Deserializer, Error, Serializer, parse_date};

        /// Writes the date or null.
        pub fn serialize<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
            match date {
                Some(date) => serializer.collect_str(date),
                None => serializer.serialize_none(),
            }
        }

        /// Reads the date or null.
        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
            match Option::<String>::deserialize(deserializer)? {
                None => Ok(None),
                Some(text) => parse_date(&text)
                    .map(Some)
                    .ok_or_else(|| D::Error::custom(format!("`{text}` is not a date YYYY-MM-DD"))),
            }
        }
    }
}

/// A clock that stands where it was put, for simulators, tests and `--at`.
#[derive(Debug)]
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    /// A clock that shows `now`.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Puts the clock to another instant.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same bytes for the same seed, for simulators and tests: SHA-256 of seed and counter.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    counter: Mutex<u64>,
}

impl SeededRandom {
    /// A stream that depends on `seed` alone.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, counter: Mutex::new(0) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness> {
        use sha2::{Digest, Sha256};
        let mut counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in out.chunks_mut(32) {
            let mut hash = Sha256::new();
            hash.update(self.seed.to_be_bytes());
            hash.update(counter.to_be_bytes());
            *counter += 1;
            for (to, from) in chunk.iter_mut().zip(hash.finalize()) {
                *to = from;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_civil_date_is_the_offices_not_utcs() -> Result<(), Box<dyn std::error::Error>> {
        let instant: Timestamp = "2026-11-21T20:30:00Z".parse()?;
        assert_eq!(ZoneName::new("Asia/Karachi")?.date_at(instant).to_string(), "2026-11-22");
        assert_eq!(ZoneName::new("Africa/Nairobi")?.date_at(instant).to_string(), "2026-11-21");
        Ok(())
    }

    #[test]
    fn a_zone_has_one_spelling() {
        assert!(ZoneName::new("asia/karachi").is_err());
        assert!(ZoneName::new("Nowhere/None").is_err());
        assert_eq!(ZoneName::new("UTC"), Ok(ZoneName::utc()));
    }

    #[test]
    fn a_date_has_one_spelling() {
        assert!(parse_date("2026-02-28").is_some());
        for bad in ["2026-02-29", "2026-2-28", "+002026-02-28", "2026-02-28T00:00", "20260228", " 2026-02-28"] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
    }
}
