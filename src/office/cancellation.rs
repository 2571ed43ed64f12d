//! A holder's wish to have a certificate cancelled, from when it was said until it counts.

use super::AccountId;
use crate::certificate::{CertificateNumber, OfficeCode, Text};
use crate::time::{Date, serde_date};
use serde::{Deserialize, Serialize};

/// A wish that waits. Customs of the importing country may object; it counts when they agreed, or when the days they have
/// for it are over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// The certificate's number.
    pub number: CertificateNumber,
    /// The log it stands in.
    pub log: String,
    /// Its place there.
    pub index: u64,
    /// The office that issued it: days are counted there.
    pub office: OfficeCode,
    /// Who asked for it, and declared that the certificate was not used.
    pub asked_by: AccountId,
    /// When, in Unix milliseconds.
    pub asked_ms: u64,
    /// The last day on which customs may object; none where only their agreement ends the wait.
    #[serde(with = "serde_date::option")]
    pub objection_until: Option<Date>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<1024>>,
    /// Further words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarks: Option<Text<1024>>,
}

impl Cancellation {
    /// Whether it counts on this day at the office, though customs said nothing.
    #[must_use]
    pub fn counts_on(&self, day: Date) -> bool {
        self.objection_until.is_some_and(|last| last < day)
    }
}
