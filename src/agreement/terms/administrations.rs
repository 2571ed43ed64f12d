//! What administrations owe each other: answers in time, what they overlook, what one adds to another's certificate.

use crate::{
    agreement::fields::{Faults, Fields, FromValue, figures, words},
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

figures! {
    /// The clock of a check after import, each limit counted from receipt of the request.
    Verification {
        /// To say that the request came.
        acknowledge: Span,
        /// To answer it.
        reply: Span,
        /// By which the answer may be put off.
        extend: Span,
        /// For the importing side to decide, in all.
        decide: Span,
        /// For the importing side to tell the issuer that it refused a certificate, counted from when it came.
        tell_refusal: Span,
        /// For the exporter or producer to consent to a visit, counted from the notice.
        visit_consent: Span,
        /// Whether preference is refused when no answer comes in time.
        refuse_unanswered: bool,
        /// Whether preference may be suspended meanwhile.
        may_suspend: bool,
        /// Whether the goods are released meanwhile (on security, after the necessary formalities).
        release_goods: bool,
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
