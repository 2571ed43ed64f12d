//! The figures of an edition that are not about forms, criteria or numbers: time limits, special papers, what is
//! disregarded, what administrations owe each other.

mod administrations;
mod disregarded;

pub use administrations::{
    Discrepancy, EndorsementAct, LatePresentation, RequiredEndorsement, Span, SpanUnit, Verification,
};
pub use disregarded::{DeMinimis, Tolerance, ValueBase, Waiver};

use super::{
    fields::{Faults, Fields, FromValue, words},
    figure::Figure,
};
use crate::certificate::BoxNumber;
use std::fmt;
use toml::Value;

/// A number, or that the agreement expressly sets none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The agreement sets no limit: `"none"`.
    None,
    /// At most this many.
    At(u32),
}

impl FromValue for Limit {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        match value {
            Value::String(word) if word == "none" => Some(Self::None),
            Value::Integer(_) => u32::from_value(value, path, faults).map(Self::At),
            _ => {
                faults.add(path, "a whole number or \"none\" is expected");
                None
            }
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no limit"),
            Self::At(limit) => limit.fmt(f),
        }
    }
}

/// Until when after an earlier certificate something may be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The agreement sets no end: `"none"`.
    None,
    /// For so many months from the earlier certificate's issue.
    Months(u32),
    /// While the earlier certificate may be used: `"validity"`.
    Validity,
}

impl FromValue for Window {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        match value {
            Value::String(word) if word == "none" => Some(Self::None),
            Value::String(word) if word == "validity" => Some(Self::Validity),
            Value::Integer(_) => u32::from_value(value, path, faults).map(Self::Months),
            _ => {
                faults.add(path, "a whole number of months, \"validity\" or \"none\" is expected");
                None
            }
        }
    }
}

/// How many items a certificate takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemCap {
    /// The agreement sets no limit: `"none"`.
    None,
    /// At most this many on one certificate, on however many sheets.
    Certificate(u32),
    /// At most this many on one sheet, `{ per_sheet = 20 }`: more need a continuation sheet.
    Sheet(u32),
}

impl FromValue for ItemCap {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        match value {
            Value::String(word) if word == "none" => Some(Self::None),
            Value::Integer(_) => u32::from_value(value, path, faults).map(Self::Certificate),
            Value::Table(_) => {
                let mut fields = Fields::open(value, path, faults)?;
                let per_sheet = fields.required("per_sheet");
                fields.close();
                per_sheet.map(Self::Sheet)
            }
            _ => {
                faults.add(path, "a whole number, { per_sheet = … } or \"none\" is expected");
                None
            }
        }
    }
}

impl fmt::Display for ItemCap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no limit"),
            Self::Certificate(limit) => limit.fmt(f),
            Self::Sheet(limit) => write!(f, "{limit} on a sheet"),
        }
    }
}

words! {
    /// Which day is the last of a period of months that begins on a date.
    LastDay {
        /// The same day of the month: from 12 November 2026 for 12 months, to 12 November 2027.
        SameDate = "same_date",
        /// The day before: to 11 November 2027.
        DayBefore = "day_before",
    }
}

/// How long a certificate may be used, counted from the date of issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// The agreement states no end: `"none"`.
    Unlimited,
    /// For so many months.
    Months {
        /// How many.
        months: u32,
        /// Where the last of them ends, where a source says so.
        last_day: Option<LastDay>,
    },
}

impl FromValue for Validity {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        if value.as_str() == Some("none") {
            return Some(Self::Unlimited);
        }
        let mut fields = Fields::open(value, path, faults)?;
        let (months, last_day) = (fields.required("months"), fields.optional("last_day"));
        fields.close();
        Some(Self::Months { months: months?, last_day })
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.write_str("no end stated"),
            Self::Months { months, .. } => write!(f, "{months} months from issue"),
        }
    }
}

words! {
    /// Which date decides whether a certificate is late.
    CountedTo {
        /// The day of issue.
        Issue = "issue",
        /// The day the application was made.
        Application = "application",
    }
}

/// Days that are counted from another: calendar days, `3`, or working days, `{ working_days = 3 }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    /// How many.
    pub days: u32,
    /// Whether days on which offices rest are left out.
    pub working: bool,
}

impl FromValue for Grace {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        if let Value::Integer(_) = value {
            return u32::from_value(value, path, faults).map(|days| Self { days, working: false });
        }
        let mut fields = Fields::open(value, path, faults)?;
        let days = fields.required("working_days");
        fields.close();
        Some(Self { days: days?, working: true })
    }
}

impl fmt::Display for Grace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.days, if self.working { " working days" } else { "" })
    }
}

/// Certificates issued after the goods were shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrospective {
    /// Whether a certificate may be had at all once the unmarked days are over.
    pub allowed: Figure<bool>,
    /// Whether days and months run to the application or to the issue.
    pub counted_to: Figure<CountedTo>,
    /// Days after shipment without a mark; 0 marks from the day after shipment on.
    pub unmarked_days: Figure<Grace>,
    /// Months after shipment in which a certificate may still be had.
    pub window_months: Figure<Limit>,
    /// The exact words of the mark.
    pub wording: Figure<String>,
    /// The box that carries it.
    pub printed_in_box: Figure<BoxNumber>,
    /// Whether the reason for being late must be stated.
    pub reason_required: Figure<bool>,
}

impl Default for Retrospective {
    fn default() -> Self {
        Self {
            allowed: Figure::unknown(),
            counted_to: Figure::unknown(),
            unmarked_days: Figure::unknown(),
            window_months: Figure::unknown(),
            wording: Figure::unknown(),
            printed_in_box: Figure::unknown(),
            reason_required: Figure::unknown(),
        }
    }
}

impl Retrospective {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            allowed: fields.figure("allowed"),
            counted_to: fields.figure("counted_to"),
            unmarked_days: fields.figure("unmarked_days"),
            window_months: fields.figure("window_months"),
            wording: fields.figure("wording"),
            printed_in_box: fields.figure("printed_in_box"),
            reason_required: fields.figure("reason_required"),
        }
    }
}

words! {
    /// When the certificate that others are drawn from ends.
    OriginalEnds {
        /// With the first that is drawn from it.
        AtOnce = "at_once",
        /// When nothing of it is left.
        WhenDrawn = "when_drawn",
    }
}

/// A special paper or circumstance: true copy, replacement, parts of one certificate, one for several, back-to-back,
/// exhibition, third-party invoicing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provision {
    /// Whether the agreement allows it.
    pub allowed: Figure<bool>,
    /// The exact words it puts on the certificate; `{number}`, `{date}` and `{country}` stand
    /// for the earlier one's.
    pub wording: Figure<String>,
    /// The box that carries them.
    pub printed_in_box: Figure<BoxNumber>,
    /// Until when after the earlier certificate's issue it may be had.
    pub window_months: Figure<Window>,
    /// Whether it may be used no longer than the earlier certificate; of several, the one that ends first. A
    /// true copy may not, whatever stands here.
    pub ends_with_original: Figure<bool>,
    /// When the earlier certificate ends, where only part of it is taken over.
    pub original_ends: Figure<OriginalEnds>,
}

impl Default for Provision {
    fn default() -> Self {
        Self {
            allowed: Figure::unknown(),
            wording: Figure::unknown(),
            printed_in_box: Figure::unknown(),
            window_months: Figure::unknown(),
            ends_with_original: Figure::unknown(),
            original_ends: Figure::unknown(),
        }
    }
}

impl Provision {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            allowed: fields.figure("allowed"),
            wording: fields.figure("wording"),
            printed_in_box: fields.figure("printed_in_box"),
            window_months: fields.figure("window_months"),
            ends_with_original: fields.figure("ends_with_original"),
            original_ends: fields.figure("original_ends"),
        }
    }
}

/// How long customs of the importing country may object before a cancellation at the holder's wish counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objection {
    /// They are not asked: `"none"`. It counts at once.
    None,
    /// For so long, counted from the wish.
    Within(Span),
}

impl FromValue for Objection {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        if value.as_str() == Some("none") {
            return Some(Self::None);
        }
        Span::from_value(value, path, faults).map(Self::Within)
    }
}

/// Cancelling at the holder's wish, while the certificate is unused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancellation {
    /// Whether a holder may have it cancelled at all.
    pub allowed: Figure<bool>,
    /// How long customs may object; where that is not known, it counts only when they have agreed.
    pub objection: Figure<Objection>,
}

impl Default for Cancellation {
    fn default() -> Self {
        Self { allowed: Figure::unknown(), objection: Figure::unknown() }
    }
}

impl Cancellation {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        Self { allowed: fields.figure("allowed"), objection: fields.figure("objection") }
    }
}

/// What the form says of an item that is no plain case: cumulation, tolerance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Letters that stand behind the criterion, such as `ACU`.
    pub beside_criterion: Figure<String>,
    /// Words that stand in a box once for the certificate.
    pub wording: Figure<String>,
    /// That box.
    pub printed_in_box: Figure<BoxNumber>,
}

impl Default for Mark {
    fn default() -> Self {
        Self { beside_criterion: Figure::unknown(), wording: Figure::unknown(), printed_in_box: Figure::unknown() }
    }
}

impl Mark {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            beside_criterion: fields.figure("beside_criterion"),
            wording: fields.figure("wording"),
            printed_in_box: fields.figure("printed_in_box"),
        }
    }
}

/// The marks of an edition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Materials of other parties were counted in.
    pub accumulation: Mark,
    /// The tolerance for small quantities was used.
    pub de_minimis: Mark,
    /// The content only counts towards another's origin.
    pub partial_cumulation: Mark,
}

impl Marks {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            accumulation: fields.section("accumulation", Mark::read),
            de_minimis: fields.section("de_minimis", Mark::read),
            partial_cumulation: fields.section("partial_cumulation", Mark::read),
        }
    }
}

words! {
    /// Whose materials may count as originating.
    Cumulation {
        /// Materials of the other party of a two-party agreement.
        Bilateral = "bilateral",
        /// Originating materials of any party.
        Diagonal = "diagonal",
        /// Also work done in any party on materials that do not originate.
        Full = "full",
        /// Content below the threshold, carried forward without preference, from the percentage of criterion
        /// `PARTIAL_CUM` on.
        Partial = "partial",
    }
}
