//! What can go wrong outside a judgement, which has findings instead.

use crate::reason::{Class, Reasoned};

/// Why an agreement could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgreementError {
    /// The serial no longer fits the series' digits.
    #[error("the series `{0}` has no further number: open another series or widen its serial")]
    SeriesExhausted(String),
    /// The series has the applicant's registration in its numbers and none of the right length was given.
    #[error("numbers of the series `{series}` carry the applicant's registration: {length} letters and digits")]
    RegistrationMissing {
        /// The series.
        series: String,
        /// Characters of a registration.
        length: usize,
    },
    /// The office's code has another length than the series' numbers have room for.
    #[error("numbers of the series `{series}` carry the office as {length} characters, and the office is `{office}`")]
    OfficeMisfits {
        /// The series.
        series: String,
        /// The office.
        office: String,
        /// Characters of an office.
        length: usize,
    },
    /// What the series gave is no certificate number.
    #[error("`{number}` cannot be a certificate number: {why}")]
    NumberRefused {
        /// The text the series gave.
        number: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Reasoned for AgreementError {
    fn reason(&self) -> &'static str {
        match self {
            Self::SeriesExhausted(_) => "NUMBER_SERIES_EXHAUSTED",
            Self::RegistrationMissing { .. } => "REGISTRATION_MISSING",
            Self::OfficeMisfits { .. } => "SERIES_OFFICE_MISFITS",
            Self::NumberRefused { .. } => "SERIES_NUMBER_REFUSED",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::RegistrationMissing { .. } => Class::Reject,
            Self::SeriesExhausted(_) | Self::OfficeMisfits { .. } | Self::NumberRefused { .. } => Class::Fatal,
        }
    }
}
