//! The figures of an edition that are not about forms, criteria or numbers: time limits, special papers,
//! proof of transport, verification between administrations.

use super::{
    fields::{Faults, Fields, FromValue, words},
    figure::Figure,
    origin::HsRange,
};
use crate::{
    certificate::{BoxNumber, Country, Currency},
    encoding::Decimal,
    time::Date,
};
use jiff::{ToSpan, civil::Weekday};
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
        /// Content below the threshold, carried forward without preference.
        Partial = "partial",
    }
}

/// How much non-originating material that does not meet the rule is disregarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeMinimis {
    /// Per cent, and of what.
    pub share: Tolerance,
    /// For some goods another share may be kept to instead, such as one of the weight for textiles.
    pub or: Vec<(HsRange, Tolerance)>,
}

/// A share that is disregarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// Per cent.
    pub percent: Decimal,
    /// Of what.
    pub of: ValueBase,
}

/// `{ hs = "50-63", percent = "10", of = "weight" }`
struct Instead(HsRange, Tolerance);

impl FromValue for Instead {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let mut fields = Fields::open(value, path, faults)?;
        let hs = fields.required("hs");
        let (percent, of) = (fields.required("percent"), fields.required("of"));
        fields.close();
        Some(Self(hs?, Tolerance { percent: percent?, of: of? }))
    }
}

impl FromValue for DeMinimis {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let mut fields = Fields::open(value, path, faults)?;
        let (percent, of) = (fields.required("percent"), fields.required("of"));
        let or = fields.optional::<Vec<Instead>>("or").unwrap_or_default();
        fields.close();
        let or = or.into_iter().map(|Instead(hs, share)| (hs, share)).collect();
        Some(Self { share: Tolerance { percent: percent?, of: of? }, or })
    }
}

words! {
    /// What a percentage is taken of.
    ValueBase {
        /// Value free on board.
        Fob = "fob",
        /// Price at the factory gate.
        ExWorks = "ex_works",
        /// Cost at the factory gate.
        ExFactoryCost = "ex_factory_cost",
        /// Cost of all materials used.
        TotalCostOfMaterials = "total_cost_of_materials",
        /// Weight of the goods.
        Weight = "weight",
    }
}

/// An amount below which no certificate is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// How much.
    pub amount: Decimal,
    /// In which currency.
    pub currency: Currency,
}

impl FromValue for Waiver {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let mut fields = Fields::open(value, path, faults)?;
        let (amount, currency) = (fields.required("amount"), fields.required("currency"));
        fields.close();
        Some(Self { amount: amount?, currency: currency? })
    }
}

impl fmt::Display for Waiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

words! {
    /// What a time limit is counted in.
    SpanUnit {
        /// Calendar days.
        Days = "days",
        /// Working days.
        WorkingDays = "working_days",
        /// Calendar months.
        Months = "months",
    }
}

/// A time limit between administrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// How many.
    pub length: u32,
    /// Of what.
    pub unit: SpanUnit,
    /// The fewest the other side must be given, where the agreement leaves the figure between two.
    pub least: Option<u32>,
}

impl FromValue for Span {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let mut fields = Fields::open(value, path, faults)?;
        let (length, unit, least) = (fields.required("length"), fields.required("unit"), fields.optional("least"));
        if let (Some(length), Some(least)) = (length, least)
            && length < least
        {
            faults.add(&fields.at("least"), format!("{least} is more than {length}"));
        }
        fields.close();
        Some(Self { length: length?, unit: unit?, least })
    }
}

impl Span {
    /// The last of so many days, weeks of five, or months, after a day. Holidays are not known here.
    #[must_use]
    pub fn last_day(&self, from: Date) -> Option<Date> {
        /// No limit of an agreement is longer, in working days.
        const MOST: u32 = 5_000;
        match self.unit {
            SpanUnit::Days => from.checked_add(i64::from(self.length).days()).ok(),
            SpanUnit::Months => from.checked_add(i64::from(self.length).months()).ok(),
            SpanUnit::WorkingDays => {
                let (mut day, mut left) = (from, self.length.min(MOST));
                while left > 0 {
                    day = day.tomorrow().ok()?;
                    let rests = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
                    left -= u32::from(!rests);
                }
                Some(day)
            }
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(least) = self.least {
            write!(f, "{least} to ")?;
        }
        write!(f, "{} {}", self.length, self.unit.as_str().replace('_', " "))
    }
}

/// The clock of a check after import, each limit counted from receipt of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// To say that the request came.
    pub acknowledge: Figure<Span>,
    /// To answer it.
    pub reply: Figure<Span>,
    /// By which the answer may be put off.
    pub extend: Figure<Span>,
    /// For the importing side to decide, in all.
    pub decide: Figure<Span>,
    /// For the importing side to tell the issuer that it refused a certificate, counted from when it came.
    pub tell_refusal: Figure<Span>,
    /// For the exporter or producer to consent to a visit, counted from the notice.
    pub visit_consent: Figure<Span>,
    /// Whether preference is refused when no answer comes in time.
    pub refuse_unanswered: Figure<bool>,
    /// Whether preference may be suspended meanwhile.
    pub may_suspend: Figure<bool>,
    /// Whether the goods are released meanwhile (on security, after the necessary formalities).
    pub release_goods: Figure<bool>,
}

impl Default for Verification {
    fn default() -> Self {
        Self {
            acknowledge: Figure::unknown(),
            reply: Figure::unknown(),
            extend: Figure::unknown(),
            decide: Figure::unknown(),
            tell_refusal: Figure::unknown(),
            visit_consent: Figure::unknown(),
            refuse_unanswered: Figure::unknown(),
            may_suspend: Figure::unknown(),
            release_goods: Figure::unknown(),
        }
    }
}

impl Verification {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            acknowledge: fields.figure("acknowledge"),
            reply: fields.figure("reply"),
            extend: fields.figure("extend"),
            decide: fields.figure("decide"),
            tell_refusal: fields.figure("tell_refusal"),
            visit_consent: fields.figure("visit_consent"),
            refuse_unanswered: fields.figure("refuse_unanswered"),
            may_suspend: fields.figure("may_suspend"),
            release_goods: fields.figure("release_goods"),
        }
    }
}

words! {
    /// Whether a certificate may be shown to customs after its last day.
    LatePresentation {
        /// Never.
        Refused = "refused",
        /// Where customs accept exceptional reasons, such as force majeure.
        Exceptional = "exceptional",
        /// Where the goods were imported within validity.
        ImportedInTime = "imported_in_time",
        /// In either case.
        ExceptionalOrImportedInTime = "exceptional_or_imported_in_time",
    }
}

words! {
    /// A difference between the certificate and the papers shown with it.
    Discrepancy {
        /// Spelling and typing.
        Typing = "typing",
        /// A tick where a cross is asked, or the like.
        Tick = "tick",
        /// A signature that differs slightly from the specimen.
        Signature = "signature",
        /// Units that differ from the invoice's.
        Units = "units",
        /// Paper size, ink.
        Paper = "paper",
        /// Words of the description.
        Description = "description",
        /// The HS code.
        HsCode = "hs_code",
        /// Any slight difference, if the certificate corresponds to the goods.
        Slight = "slight",
    }
}

words! {
    /// What another authority must add before the certificate is complete.
    EndorsementAct {
        /// Customs of the exporting country verified it.
        ExportVerified = "export_verified",
        /// Another authority approved it.
        Approved = "approved",
        /// A ministry or consulate legalised it.
        Legalised = "legalised",
    }
}

/// An endorsement by another authority that some route or importer asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredEndorsement {
    /// What it says.
    pub act: EndorsementAct,
    /// Who gives it.
    pub by: String,
    /// Exporting countries it concerns; empty: all.
    pub from: Vec<Country>,
    /// Importing countries that ask for it; empty: all.
    pub to: Vec<Country>,
    /// Where this is read.
    pub article: Option<String>,
    /// Whether that was confirmed.
    pub confirmed: bool,
    /// What an officer should know.
    pub note: Option<String>,
}

impl RequiredEndorsement {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (act, by) = (fields.required("act"), fields.required("by"));
        let from = fields.optional("from").unwrap_or_default();
        let to = fields.optional("to").unwrap_or_default();
        let (article, confirmed, note) = fields.source();
        Some(Self { act: act?, by: by?, from, to, article, confirmed, note })
    }
}
