//! The kinds of statement, by the name that `vct` gives them.

use crate::encoding::text::closed_list;
use std::{fmt, str::FromStr};

closed_list! {
    /// What a statement is; each kind's shape is version 1, closed and frozen.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Kind;
    /// The short name, as trust lists and pages write it.
    name {
        /// A shipment originates here.
        CertificateOfOrigin = "certificate-of-origin",
        /// A certificate is cancelled, withdrawn, superseded, suspended or reinstated.
        StatusChange = "status-change",
        /// The status lists of a log, as they follow from its entries up to a size.
        StatusSnapshot = "status-snapshot",
        /// A key of the authority was opened or closed.
        KeyChange = "key-change",
        /// Which disclosures of a log reached its addressee.
        Receipt = "receipt",
        /// What customs of the importing country did with a certificate.
        CustomsResponse = "customs-response",
        /// Customs of the importing country ask the issuer.
        Enquiry = "enquiry",
        /// The issuer answers an enquiry.
        EnquiryReply = "enquiry-reply",
        /// Another authority adds its word to a certificate.
        Endorsement = "endorsement",
        /// A log has shown two histories.
        Evidence = "evidence",
        /// A certificate that was issued on paper is registered.
        PaperCertificate = "paper-certificate",
    }
}

/// No kind has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of statement")]
pub struct UnknownKind(pub String);

impl Kind {
    /// The `vct` claim.
    #[must_use]
    pub const fn vct(self) -> &'static str {
        match self {
            Self::CertificateOfOrigin => "urn:origin-exchange:statement:certificate-of-origin:1",
            Self::StatusChange => "urn:origin-exchange:statement:status-change:1",
            Self::StatusSnapshot => "urn:origin-exchange:statement:status-snapshot:1",
            Self::KeyChange => "urn:origin-exchange:statement:key-change:1",
            Self::Receipt => "urn:origin-exchange:statement:receipt:1",
            Self::CustomsResponse => "urn:origin-exchange:statement:customs-response:1",
            Self::Enquiry => "urn:origin-exchange:statement:enquiry:1",
            Self::EnquiryReply => "urn:origin-exchange:statement:enquiry-reply:1",
            Self::Endorsement => "urn:origin-exchange:statement:endorsement:1",
            Self::Evidence => "urn:origin-exchange:statement:evidence:1",
            Self::PaperCertificate => "urn:origin-exchange:statement:paper-certificate:1",
        }
    }

    /// The kind that `vct` names.
    #[must_use]
    pub fn from_vct(vct: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.vct() == vct)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}
