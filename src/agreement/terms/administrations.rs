//! What administrations owe each other: answers in time, what they overlook, what one adds to another's certificate.

use crate::{
    agreement::{
        fields::{Faults, Fields, FromValue, words},
        figure::Figure,
    },
    certificate::Country,
    time::Date,
};
use jiff::{ToSpan, civil::Weekday};
use std::fmt;
use toml::Value;

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
    pub(in crate::agreement) fn read(fields: &mut Fields<'_>) -> Self {
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
    pub(in crate::agreement) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (act, by) = (fields.required("act"), fields.required("by"));
        let from = fields.optional("from").unwrap_or_default();
        let to = fields.optional("to").unwrap_or_default();
        let (article, confirmed, note) = fields.source();
        Some(Self { act: act?, by: by?, from, to, article, confirmed, note })
    }
}
