//! What comes of judging: item by item, rule by rule, line by line.

use super::{expression::Expression, range::HsRange};
use crate::{
    certificate::{ContentBasis, CriterionCode, Findings, RuleMetBy},
    encoding::Decimal,
};
use serde::Serialize;

/// Whether something holds, as far as what was declared says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It does, whatever the figures that are missing may be.
    Met,
    /// It does not, whatever they may be.
    NotMet,
    /// It depends on what is missing or not confirmed.
    Unknown,
}

impl Answer {
    pub(super) const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::NotMet, _) | (_, Self::NotMet) => Self::NotMet,
            (Self::Met, Self::Met) => Self::Met,
            _ => Self::Unknown,
        }
    }

    pub(super) const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Met, _) | (_, Self::Met) => Self::Met,
            (Self::NotMet, Self::NotMet) => Self::NotMet,
            _ => Self::Unknown,
        }
    }

    /// The answer in words, to stand at the end of a line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not met",
            Self::Unknown => "not known",
        }
    }
}

/// Whether an item originates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// By a confirmed rule and the figures declared.
    Qualifies,
    /// No rule can be met.
    DoesNotQualify,
    /// A figure is missing, or a rule is missing or not confirmed.
    Unknown,
}

impl Outcome {
    /// The outcome in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Qualifies => "qualifies",
            Self::DoesNotQualify => "does not qualify",
            Self::Unknown => "not known whether it qualifies",
        }
    }
}

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// How far it is set in.
    pub depth: usize,
    /// What it says, with the figures used.
    pub text: String,
    /// What came of it, where it answers something.
    pub answer: Option<Answer>,
}

/// One rule reckoned on one basis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reckoning {
    /// Whether it is met.
    pub answer: Answer,
    /// The percentage it rests on, cut off after six digits: what the figures show for certain.
    pub percentage: Option<Decimal>,
    /// The percentage is known exactly, and not only from one side.
    pub exact: bool,
    /// The percentage is held against a ceiling.
    pub at_most: bool,
    /// How it was met.
    #[serde(serialize_with = "shown")]
    pub met_by: Option<RuleMetBy>,
    /// The tolerance was used.
    pub de_minimis: bool,
    /// The explanation.
    pub lines: Vec<Line>,
    /// What keeps the answer from being known.
    pub doubts: Vec<String>,
}

/// One rule held against the production of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleResult {
    /// The criterion it supports.
    pub criterion: CriterionCode,
    /// The goods it concerns, for a product rule.
    #[serde(serialize_with = "shown")]
    pub hs: Option<HsRange>,
    /// What it asks.
    #[serde(serialize_with = "as_text")]
    pub rule: Expression,
    /// Where it is read.
    pub article: Option<String>,
    /// Whether that was confirmed.
    pub confirmed: bool,
    /// What an officer should know.
    pub note: Option<String>,
    /// With the exporting country's materials alone.
    pub national: Reckoning,
    /// With the materials of all parties, as far as the agreement cumulates.
    pub cumulative: Reckoning,
}

impl RuleResult {
    /// The better of the two bases, and which it is: national, unless only the other is met or open.
    #[must_use]
    pub const fn best(&self) -> (ContentBasis, &Reckoning) {
        match (self.national.answer, self.cumulative.answer) {
            (Answer::Unknown | Answer::NotMet, Answer::Met) | (Answer::NotMet, Answer::Unknown) => {
                (ContentBasis::Cumulative, &self.cumulative)
            }
            _ => (ContentBasis::National, &self.national),
        }
    }

    /// The reckoning on a basis.
    #[must_use]
    pub const fn on(&self, basis: ContentBasis) -> &Reckoning {
        match basis {
            ContentBasis::National => &self.national,
            ContentBasis::Cumulative => &self.cumulative,
        }
    }
}

/// The criterion that what was declared supports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Support {
    /// The criterion.
    pub criterion: CriterionCode,
    /// What the form would print for it, where that is known.
    pub printed: Option<String>,
    /// The percentage it rests on, cut off after six digits.
    pub percentage: Option<Decimal>,
    /// On which basis.
    pub basis: ContentBasis,
    /// How it was met.
    #[serde(serialize_with = "shown")]
    pub met_by: Option<RuleMetBy>,
    /// The tolerance was used.
    pub de_minimis: bool,
    /// Whether the rule is confirmed.
    pub confirmed: bool,
}

/// What is said of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemOrigin {
    /// The item's number on the form.
    pub item: u32,
    /// Whether it originates.
    pub outcome: Outcome,
    /// The criterion supported: the one claimed if it is, else the first that is.
    pub supports: Option<Support>,
    /// The figures it was judged by; above them, where no rule says it, what keeps the outcome from being known.
    pub figures: Vec<Line>,
    /// Every rule it was held against.
    pub rules: Vec<RuleResult>,
}

/// What the rules of origin say of a certificate's items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OriginJudgement {
    /// The items, in the order of the form.
    pub items: Vec<ItemOrigin>,
    /// Everything there is to say, to stand beside the findings on the certificate.
    pub findings: Findings,
}

fn as_text<T: std::fmt::Display, S: serde::Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[allow(clippy::ref_option, reason = "serde hands the field over as it stands")]
fn shown<T: std::fmt::Display, S: serde::Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}
