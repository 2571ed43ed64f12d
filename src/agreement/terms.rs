//! The figures of an edition that are not about forms, criteria or numbers: time limits, special papers, what is
//! disregarded, what administrations owe each other.

mod administrations;
mod disregarded;

pub use administrations::{
    Discrepancy, EndorsementAct, LatePresentation, RequiredEndorsement, Span, SpanUnit, Verification,
};
pub use disregarded::{DeMinimis, Tolerance, ValueBase, Waiver};

use super::fields::{Faults, Fields, FromValue, figures, words};
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

figures! {
    /// Certificates issued after the goods were shipped.
    Retrospective {
        /// Whether a certificate may be had at all once the unmarked days are over.
        allowed: bool,
        /// Whether days and months run to the application or to the issue.
        counted_to: CountedTo,
        /// Days after shipment without a mark; 0 marks from the day after shipment on.
        unmarked_days: Grace,
        /// Months after shipment in which a certificate may still be had.
        window_months: Limit,
        /// The exact words of the mark.
        wording: String,
        /// The box that carries it.
        printed_in_box: BoxNumber,
        /// Whether the reason for being late must be stated.
        reason_required: bool,
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

figures! {
    /// A special paper or circumstance: true copy, replacement, parts of one certificate, one for several,
    /// back-to-back, exhibition, third-party invoicing.
    Provision {
        /// Whether the agreement allows it.
        allowed: bool,
        /// The exact words it puts on the certificate; `{number}`, `{date}` and `{country}` stand
        /// for the earlier one's.
        wording: String,
        /// The box that carries them.
        printed_in_box: BoxNumber,
        /// Until when after the earlier certificate's issue it may be had.
        window_months: Window,
        /// Whether it may be used no longer than the earlier certificate; of several, the one that ends first. A
        /// true copy may not, whatever stands here.
        ends_with_original: bool,
        /// When the earlier certificate ends, where only part of it is taken over.
        original_ends: OriginalEnds,
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

figures! {
    /// Cancelling at the holder's wish, while the certificate is unused.
    Cancellation {
        /// Whether a holder may have it cancelled at all.
        allowed: bool,
        /// How long customs may object; where that is not known, it counts only when they have agreed.
        objection: Objection,
    }
}

figures! {
    /// What the form says of an item that is no plain case: cumulation, tolerance.
    Mark {
        /// Letters that stand behind the criterion, such as `ACU`.
        beside_criterion: String,
        /// Words that stand in a box once for the certificate.
        wording: String,
        /// That box.
        printed_in_box: BoxNumber,
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
