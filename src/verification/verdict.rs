//! The whole answer: one headline, two answers, every check.

use super::{Basis, Check, Headline, Outcome, Subject, Tone, View};
use crate::{
    statement::{Kid, Stamp},
    time::{Date, Timestamp},
};
use serde::{Serialize, Serializer};

/// The name of the JSON form; it changes when a member changes its meaning.
pub const FORMAT: &str = "urn:origin-exchange:verdict:1";

/// What every page that shows a verdict says.
const SIGNED_NOT_TRUE: &str = "A signature proves who said it, not that it is true.";
/// What every page with a bad headline says.
const ADVICE: &str = "This is advice on evidence, not an order to hold goods: where the agreement provides for \
                      release on security, that still applies.";

/// Yes, no, or cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Say {
    /// Yes.
    Yes,
    /// No.
    No,
    /// It cannot be said from what is at hand.
    Unknown,
}

impl Say {
    /// The stable name, as in the JSON form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// One of the two answers that are always given apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Yes, no or unknown.
    pub answer: Say,
    /// Why, in one sentence.
    pub sentence: String,
}

impl Answer {
    pub(super) fn new(answer: Say, sentence: impl Into<String>) -> Self {
        Self { answer, sentence: sentence.into() }
    }
}

/// Something worth knowing that does not change the headline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Stable, UPPER_SNAKE.
    pub code: &'static str,
    /// One plain sentence.
    pub sentence: String,
}

/// The day on which use is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Day {
    /// The civil date.
    #[serde(with = "crate::time::serde_date")]
    pub date: Date,
    /// The time zone in which it is that day: the importing country's, or the issuer's where that is not known.
    pub zone: String,
    /// Whether the question named the day; otherwise it is the day at the instant asked, in that zone.
    pub asked: bool,
}

/// Where a statement stands: the identity of what was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Who says so.
    pub iss: String,
    /// With which key.
    pub kid: String,
    /// Identity within the log.
    pub jti: String,
    /// To whom.
    pub aud: String,
    /// In which log.
    pub log: String,
    /// At which index, once proven.
    pub index: Option<u64>,
}

/// The trust list a verdict used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrustUsed {
    /// Its version.
    pub version: u64,
    /// When its next version was due.
    #[serde(serialize_with = "required_instant")]
    pub next_update: Timestamp,
}

/// What a stamp says, and the key it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StampView {
    /// With which key.
    pub kid: Kid,
    /// What it says.
    #[serde(flatten)]
    pub stamp: Stamp,
}

/// The answer to one question about one certificate. It depends on its inputs alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// [`FORMAT`].
    pub format: &'static str,
    /// The first headline that applies.
    pub headline: Headline,
    /// Good, unknown or bad.
    pub tone: Tone,
    /// The headline in one sentence, with what is special to this case.
    pub sentence: String,
    /// What to do next.
    pub next: Option<String>,
    /// Authentic and not withdrawn: an answer for ever.
    pub authentic: Answer,
    /// Usable on the day asked.
    pub usable: Answer,
    /// The day asked; absent where nothing readable says which country's day.
    pub as_of: Option<Day>,
    /// The verifier's only clock.
    #[serde(serialize_with = "required_instant")]
    pub at: Timestamp,
    /// Every check, in the order of [`Subject::ALL`].
    pub checks: Vec<Check>,
    /// Beside the headline, never in it.
    pub warnings: Vec<Warning>,
    /// Identity and place, once the signature is verified.
    pub statement: Option<Place>,
    /// The certificate as signed, once signature and disclosures are verified.
    pub certificate: Option<View>,
    /// The stamp as signed, where one was presented and its form holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stamp: Option<StampView>,
    /// The trust list used.
    pub trust: TrustUsed,
    /// SHA-256 of the agreement files used, in hexadecimal; absent where none were given.
    pub agreements_digest: Option<String>,
    /// What a reader must not conclude.
    pub notes: Vec<&'static str>,
}

/// Everything of a verdict that the pipeline found, before the headline is drawn from it.
pub(super) struct Findings {
    pub(super) checks: Vec<Check>,
    pub(super) warnings: Vec<Warning>,
    pub(super) authentic: Answer,
    pub(super) usable: Answer,
    pub(super) as_of: Option<Day>,
    pub(super) at: Timestamp,
    pub(super) statement: Option<Place>,
    pub(super) certificate: Option<View>,
    pub(super) stamp: Option<StampView>,
    pub(super) trust: TrustUsed,
    pub(super) agreements_digest: Option<String>,
}

impl Findings {
    pub(super) fn warn(&mut self, code: &'static str, sentence: impl Into<String>) {
        self.warnings.push(Warning { code, sentence: sentence.into() });
    }
}

impl Verdict {
    /// Draws the headline from the checks: the first in the published order that any check gives.
    pub(super) fn conclude(mut found: Findings) -> Self {
        for name in Subject::ALL {
            if !found.checks.iter().any(|check| check.name == name) {
                found.checks.push(Check::not_reached(name, "Not checked: an earlier check did not pass."));
            }
        }
        found.checks.sort_by_key(|check| check.name);
        found.warnings.sort_by(|a, b| (a.code, &a.sentence).cmp(&(b.code, &b.sentence)));
        let decisive = found
            .checks
            .iter()
            .filter(|check| check.headline.is_some())
            .min_by_key(|check| (check.headline, check.name));
        let headline = decisive.and_then(|check| check.headline).unwrap_or(Headline::Valid);
        let stale = found.checks.iter().any(|check| check.headline == Some(Headline::TrustStale));
        let opening = if stale { headline.sentence_by_stale_trust() } else { headline.sentence() };
        let mut sentence = match decisive {
            Some(check) => format!("{opening} {}", check.sentence),
            None => opening.to_owned(),
        };
        // Who reads no further than the first lines must not take an old file for today's word.
        let status = found.checks.iter().find(|check| check.name == Subject::Status);
        let as_of = status.and_then(|check| check.rests_on.as_ref()).and_then(Basis::as_of);
        if let Some(as_of) = as_of.filter(|_| headline.tone() == Tone::Good) {
            sentence.push_str(" Its status is ");
            sentence.push_str(&as_of);
            sentence.push('.');
        }
        let next = decisive.and_then(|check| check.next.clone());
        let mut notes = vec![SIGNED_NOT_TRUE];
        if headline.tone() == Tone::Bad {
            notes.push(ADVICE);
        }
        Self {
            format: FORMAT,
            headline,
            tone: headline.tone(),
            sentence,
            next,
            authentic: found.authentic,
            usable: found.usable,
            as_of: found.as_of,
            at: found.at,
            checks: found.checks,
            warnings: found.warnings,
            statement: found.statement,
            certificate: found.certificate,
            stamp: found.stamp,
            trust: found.trust,
            agreements_digest: found.agreements_digest,
            notes,
        }
    }

    /// The check of one subject.
    #[must_use]
    pub fn check(&self, name: Subject) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }

    /// How the check of one subject came out.
    #[must_use]
    pub fn outcome(&self, name: Subject) -> Outcome {
        self.check(name).map_or(Outcome::Unknown, |check| check.outcome)
    }

    /// 0 good, 3 not valid, 5 too little or too old to say.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        self.headline.exit_code()
    }

    /// One line of JSON, the same bytes for the same inputs.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Every member is a string, a number, a list or a struct with fixed names: serialising cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Plain text for a terminal, without colour, ending in a line feed.
    #[must_use]
    pub fn to_text(&self) -> String {
        super::text::render(self)
    }

    /// The same of a verdict that came in its JSON form, as from a node; `None` where that is none.
    #[must_use]
    pub fn text_of(json: &[u8]) -> Option<String> {
        super::text::of_json(json)
    }
}

fn required_instant<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}
