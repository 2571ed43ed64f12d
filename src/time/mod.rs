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

/// The instant, less its fraction of a second.
#[must_use]
pub fn whole_seconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

/// The instant so many seconds after another; the last there is, where it would lie beyond.
#[must_use]
pub fn later(from: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second(from.as_second().saturating_add(seconds)).unwrap_or(Timestamp::MAX)
}

/// Whole seconds between two instants that a clock showed. One that was set back is as far from where it was: whoever waits
/// by it for a minute must not wait until it has come there again, which may take a year.
#[must_use]
pub fn passed(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second().saturating_sub(from.as_second()).saturating_abs()
}

/// Whether an instant has come that was put so many seconds ahead at most. One that lies further ahead was put there before
/// the clock was set back, and is waited for no more.
#[must_use]
pub fn has_come(instant: Timestamp, now: Timestamp, longest: i64) -> bool {
    now >= instant || passed(now, instant) > longest
}

/// The instant in Unix milliseconds, as it is stored and signed; 0 for any before 1970, of which there is nothing here.
#[must_use]
pub fn unix_ms(instant: Timestamp) -> u64 {
    u64::try_from(instant.as_millisecond()).unwrap_or(0)
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

/// Why a text is no date, or no instant. Whoever says so says the text too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotADate {
    /// It is written as one, and the calendar does not have it.
    #[error("there is no such day")]
    NoSuchDay,
    /// It is written in another manner.
    #[error("a date is written YYYY-MM-DD")]
    OtherForm,
    /// It is written otherwise than an instant.
    #[error("an instant is written YYYY-MM-DDTHH:MM:SSZ, in UTC")]
    NoInstant,
}

/// Reads `YYYY-MM-DD` and nothing else: no time, no sign, no expanded year; and no day that there is not, which is never
/// taken for one near it.
pub fn read_date(text: &str) -> Result<Date, NotADate> {
    let plain = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if plain { text.parse().map_err(|_| NotADate::NoSuchDay) } else { Err(NotADate::OtherForm) }
}

/// The same where it does not matter why a text is none.
#[must_use]
pub fn parse_date(text: &str) -> Option<Date> {
    read_date(text).ok()
}

/// Reads an instant, `YYYY-MM-DDTHH:MM:SSZ` or with an offset; its day is one that there is.
pub fn read_instant(text: &str) -> Result<Timestamp, NotADate> {
    text.parse().map_err(|_| match text.get(..10).map(read_date) {
        Some(Err(NotADate::NoSuchDay)) => NotADate::NoSuchDay,
        _ => NotADate::NoInstant,
    })
}

/// The same in one spelling, as what is signed has it: `YYYY-MM-DDTHH:MM:SSZ`, in UTC, of the years 0 to 9999.
pub fn read_utc(text: &str) -> Result<Timestamp, NotADate> {
    let instant = read_instant(text)?;
    let as_written = text.len() == "2026-01-01T00:00:00Z".len() && instant.to_string() == text;
    if as_written { Ok(instant) } else { Err(NotADate::NoInstant) }
}

/// For `#[serde(with)]`: a date as `YYYY-MM-DD`.
pub mod serde_date {
    use super::{Date, read_date};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes the date.
    pub fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(date)
    }

    /// Reads the date.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        let text = String::deserialize(deserializer)?;
        read_date(&text).map_err(|why| D::Error::custom(format!("`{text}`: {why}")))
    }

    /// The same for a member that must be present and may be null.
    pub mod option {
        use super::{Date, Deserialize, Deserializer, Error, Serializer, read_date};

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
                Some(text) => read_date(&text).map(Some).map_err(|why| D::Error::custom(format!("`{text}`: {why}"))),
            }
        }
    }
}

/// A clock that stands where it was put.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct FixedClock(Mutex<Timestamp>);

#[cfg(test)]
impl FixedClock {
    /// A clock that shows `now`.
    #[must_use]
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Puts the clock to another instant.
    pub(crate) fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

#[cfg(test)]
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
    fn nobody_waits_until_a_clock_that_was_set_back_has_come_there_again() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (now, over) in [(1_029, false), (1_030, true), (971, false), (970, true), (0, true)] {
            assert_eq!(passed(at(1_000), at(now)) >= 30, over, "{now}");
        }
        for (now, come) in [(1_000, false), (1_030, true), (999, true), (0, true)] {
            assert_eq!(has_come(at(1_030), at(now), 30), come, "{now}");
        }
        assert!(has_come(Timestamp::MIN, at(0), 30) && passed(Timestamp::MIN, at(0)) >= 600);
    }

    #[test]
    fn a_date_has_one_spelling() {
        assert!(parse_date("2026-02-28").is_some());
        for bad in ["2026-02-29", "2026-2-28", "+002026-02-28", "2026-02-28T00:00", "20260228", " 2026-02-28"] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
    }

    /// Taken for the day after the last of the month, it would be another day than was written.
    #[test]
    fn a_day_that_there_is_not_is_no_other_day() {
        for none in ["2026-02-29", "2026-02-30", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00"] {
            assert_eq!(read_date(none), Err(NotADate::NoSuchDay), "{none}");
            for instant in [format!("{none}T10:00:00Z"), format!("{none}T10:00:00+05:00")] {
                assert_eq!(read_instant(&instant), Err(NotADate::NoSuchDay), "{instant}");
                assert_eq!(read_utc(&instant), Err(NotADate::NoSuchDay), "{instant}");
            }
            let said = serde_date::deserialize(serde_json::json!(none)).unwrap_err().to_string();
            assert_eq!(said, format!("`{none}`: there is no such day"));
        }
        assert_eq!(read_date("30.02.2026"), Err(NotADate::OtherForm));
        for otherwise in ["2026-02-28", "2026-02-28T25:00:00Z", "tomorrow", "中中中中"] {
            assert_eq!(read_instant(otherwise), Err(NotADate::NoInstant), "{otherwise}");
        }
        assert!(read_instant("2028-02-29T10:00:00Z").is_ok());
    }

    /// Of two spellings one would be signed and another be read for the same.
    #[test]
    fn what_is_signed_has_its_instant_in_one_spelling() {
        assert!(read_utc("2028-02-29T10:00:00Z").is_ok());
        for other in
            ["2028-02-29T15:00:00+05:00", "2028-02-29T10:00:00.5Z", "2028-02-29t10:00:00z", "2028-02-29 10:00:00Z"]
        {
            assert_eq!(read_utc(other), Err(NotADate::NoInstant), "{other}");
        }
    }
}
