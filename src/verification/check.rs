//! One check of a verdict: what was looked at, how it came out, and on what that rests.

use super::Headline;
use crate::time::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;

/// What is checked, in the order in which a verdict lists it. Every verdict lists all of them but the last two, which stand
/// where a stamp was presented beside a certificate, and where paper with a look-up code was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Sizes, spelling, JSON, header.
    Readable,
    /// The trust list knows the issuer and the key.
    Issuer,
    /// The issuer's key signed exactly this.
    Signature,
    /// Every disclosure is signed, every claim has its shape.
    Contents,
    /// The key may sign this, at this place in the log.
    Key,
    /// The log has shown one history.
    History,
    /// The statement stands in the log.
    Log,
    /// The addressee is the importing country's authority, and the reader if asked.
    Addressee,
    /// Nothing withdrawn, cancelled, superseded or suspended.
    Status,
    /// Within the validity on the day asked.
    Dates,
    /// Nothing is missing that may not be withheld.
    Completeness,
    /// The trust list is current.
    Trust,
    /// The cosigning policy is met.
    Cosignatures,
    /// The stamp on the paper is this certificate's.
    Stamp,
    /// The look-up code on the paper leads to this certificate.
    LookUp,
}

impl Subject {
    /// What every verdict lists, in its order.
    pub const ALL: [Self; 13] = [
        Self::Readable,
        Self::Issuer,
        Self::Signature,
        Self::Contents,
        Self::Key,
        Self::History,
        Self::Log,
        Self::Addressee,
        Self::Status,
        Self::Dates,
        Self::Completeness,
        Self::Trust,
        Self::Cosignatures,
    ];

    /// The stable name, as in the JSON form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Readable => "readable",
            Self::Issuer => "issuer",
            Self::Signature => "signature",
            Self::Contents => "contents",
            Self::Key => "key",
            Self::History => "history",
            Self::Log => "log",
            Self::Addressee => "addressee",
            Self::Status => "status",
            Self::Dates => "dates",
            Self::Completeness => "completeness",
            Self::Trust => "trust",
            Self::Cosignatures => "cosignatures",
            Self::Stamp => "stamp",
            Self::LookUp => "look_up",
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// It could not be decided from what is at hand.
    Unknown,
}

impl Outcome {
    /// The stable name, as in the JSON form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a check rests on: a source, the time it speaks of, and how old that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Basis {
    /// The source, in words: "trust list, version 7".
    pub source: String,
    /// The instant the source speaks of.
    #[serde(serialize_with = "instant")]
    pub time: Option<Timestamp>,
    /// Seconds from that instant to the instant of the question; none where the source is the later one.
    pub age_seconds: Option<u64>,
}

impl Basis {
    /// A source without a time.
    pub(super) fn of(source: impl Into<String>) -> Self {
        Self { source: source.into(), time: None, age_seconds: None }
    }

    /// A source that speaks of `time`, seen from `now`.
    pub(super) fn at(source: impl Into<String>, time: Timestamp, now: Timestamp) -> Self {
        let age = now.duration_since(time);
        let age_seconds = if age.is_negative() { None } else { u64::try_from(age.as_secs()).ok() };
        Self { source: source.into(), time: Some(time), age_seconds }
    }

    /// "trust list, version 7, as of 2026-11-22T06:00:00Z, 3 h old".
    #[must_use]
    pub fn sentence(&self) -> String {
        match self.as_of() {
            Some(as_of) => format!("{}, {as_of}", self.source),
            None => self.source.clone(),
        }
    }

    /// "as of 2026-11-22T06:00:00Z, 3 h old", where it has a time.
    pub(super) fn as_of(&self) -> Option<String> {
        let time = self.time?;
        Some(match self.age_seconds {
            Some(seconds) => format!("as of {time}, {} old", age(seconds)),
            None => format!("as of {time}, later than the instant asked"),
        })
    }
}

/// A number of seconds as people say it, rounded down: "3 h", "12 days".
#[must_use]
pub fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[allow(clippy::ref_option)] // the shape that `serialize_with` asks for
pub(super) fn instant<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    pub name: Subject,
    /// How it came out.
    pub outcome: Outcome,
    /// One plain sentence.
    pub sentence: String,
    /// What to do next, where there is something to do.
    pub next: Option<String>,
    /// What it rests on.
    pub rests_on: Option<Basis>,
    /// The headline this check alone would give; the verdict's is the first of them all.
    pub headline: Option<Headline>,
}

impl Check {
    fn new(name: Subject, outcome: Outcome, sentence: impl Into<String>) -> Self {
        Self { name, outcome, sentence: sentence.into(), next: None, rests_on: None, headline: None }
    }

    pub(super) fn passed(name: Subject, sentence: impl Into<String>) -> Self {
        Self::new(name, Outcome::Passed, sentence)
    }

    pub(super) fn failed(name: Subject, headline: Headline, sentence: impl Into<String>) -> Self {
        Self::new(name, Outcome::Failed, sentence).heads(headline)
    }

    pub(super) fn unknown(name: Subject, headline: Headline, sentence: impl Into<String>) -> Self {
        Self::new(name, Outcome::Unknown, sentence).heads(headline)
    }

    /// A check that was not reached because another failed; the other one gives the headline.
    pub(super) fn not_reached(name: Subject, why: &str) -> Self {
        Self::new(name, Outcome::Unknown, why)
    }

    pub(super) fn heads(mut self, headline: Headline) -> Self {
        self.headline = Some(headline);
        self
    }

    pub(super) fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    pub(super) fn resting_on(mut self, basis: Basis) -> Self {
        self.rests_on = Some(basis);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_as_people_say_them() {
        let said = [0, 59, 60, 3_599, 3_600, 10_800, 172_799, 172_800, 86_400 * 400].map(age);
        assert_eq!(said, ["0 s", "59 s", "1 min", "59 min", "1 h", "3 h", "47 h", "2 days", "400 days"]);
    }

    #[test]
    fn a_source_later_than_the_question_has_no_age_and_says_so() {
        let (early, late) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(60).unwrap());
        let later = Basis::at("x", late, early);
        assert_eq!(later.age_seconds, None);
        assert_eq!(later.sentence(), "x, as of 1970-01-01T00:01:00Z, later than the instant asked");
        assert_eq!(Basis::at("x", early, late).sentence(), "x, as of 1970-01-01T00:00:00Z, 1 min old");
    }

    #[test]
    fn names_in_json_are_the_stable_names() {
        for subject in Subject::ALL {
            assert_eq!(serde_json::to_string(&subject).unwrap(), format!("\"{subject}\""));
        }
        assert!(Subject::ALL.is_sorted());
    }
}
