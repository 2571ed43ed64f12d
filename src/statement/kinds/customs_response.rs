//! `customs-response`: what customs of the importing country did with a certificate, item by item, told to its issuer.
//!
//! All of it is disclosed to the issuer alone: a log that others read must not announce that one country doubts
//! another's certificate.

use super::{super::StatementError, place::StatementRef, whole::disclosed_whole};
use crate::{
    certificate::{
        Measure, Text,
        declare::{section, words},
    },
    time::Date,
};
use std::collections::BTreeSet;

/// Decisions of one response at most: as many as a list of a section may have entries.
pub const DECISIONS_MAX: usize = 500;

words! {
    /// What customs did.
    pub enum ResponseCode("RESPONSE_CODE") {
        /// The certificate reached the customs office.
        Received = "RECEIVED",
        /// What is needed to decide is missing.
        IncompleteData = "INCOMPLETE_DATA",
        /// The claim of preference was accepted; nothing is drawn yet.
        AcceptedForClaim = "ACCEPTED_FOR_CLAIM",
        /// All that was left of it was used.
        UtilisedFull = "UTILISED_FULL",
        /// Some of it was used.
        UtilisedPartial = "UTILISED_PARTIAL",
        /// The goods were imported without using it.
        NotUtilised = "NOT_UTILISED",
        /// Preference waits for a verification.
        PreferenceSuspended = "PREFERENCE_SUSPENDED",
        /// Preference was refused.
        PreferenceDenied = "PREFERENCE_DENIED",
        /// The issuer is asked to mend it.
        ReturnedForRectification = "RETURNED_FOR_RECTIFICATION",
        /// The goods went elsewhere.
        Diverted = "DIVERTED",
        /// An earlier response is taken back.
        Reversed = "REVERSED",
        /// The issuer did not answer an enquiry in time.
        NoReply = "NO_REPLY",
    }
}

impl ResponseCode {
    /// Whether goods are written off by it.
    #[must_use]
    pub const fn draws(self) -> bool {
        matches!(self, Self::UtilisedFull | Self::UtilisedPartial)
    }

    /// Whether it has to say why.
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::PreferenceSuspended | Self::PreferenceDenied | Self::ReturnedForRectification)
    }
}

words! {
    /// Why customs refused, suspended or sent something back (RCEP, Article 3.25, and the practice of others).
    pub enum ResponseReason("RESPONSE_REASON") {
        /// The goods do not originate.
        NotOriginating = "NOT_ORIGINATING",
        /// The agreement does not cover the product.
        ProductNotEligible = "PRODUCT_NOT_ELIGIBLE",
        /// The criterion is wrong or missing.
        CriterionWrong = "CRITERION_WRONG",
        /// Classified otherwise, with another rule or none.
        HsMismatch = "HS_MISMATCH",
        /// Shown after its last day.
        CertificateExpired = "CERTIFICATE_EXPIRED",
        /// Withdrawn, cancelled or superseded by its issuer.
        CertificateWithdrawn = "CERTIFICATE_WITHDRAWN",
        /// Signed by a key or a person that is not listed.
        SignatoryNotListed = "SIGNATORY_NOT_LISTED",
        /// A signature that does not hold.
        SignatureInvalid = "SIGNATURE_INVALID",
        /// Changed after it was issued.
        CertificateAltered = "CERTIFICATE_ALTERED",
        /// Its quantity is used, or its number was shown twice.
        AlreadyUsed = "ALREADY_USED",
        /// Issued after shipment, without the wording that this asks for.
        RetrospectiveNotEndorsed = "RETROSPECTIVE_NOT_ENDORSED",
        /// More goods than its originals cover.
        BackToBackExceeded = "BACK_TO_BACK_EXCEEDED",
        /// Direct consignment was not shown.
        DirectConsignmentNotShown = "DIRECT_CONSIGNMENT_NOT_SHOWN",
        /// An invoice of a third party that is not disclosed.
        ThirdPartyInvoiceUndisclosed = "THIRD_PARTY_INVOICE_UNDISCLOSED",
        /// The goods are not those it describes.
        GoodsDiffer = "GOODS_DIFFER",
        /// What was asked for was not given.
        InsufficientInformation = "INSUFFICIENT_INFORMATION",
        /// The issuer did not answer in time.
        NoReplyInTime = "NO_REPLY_IN_TIME",
        /// The issuer answered that it is not valid.
        IssuerDisowns = "ISSUER_DISOWNS",
        /// A visit was refused.
        VisitRefused = "VISIT_REFUSED",
        /// The scheme is not in force for this route or day.
        SchemeNotInForce = "SCHEME_NOT_IN_FORCE",
        /// The certificate was not found in the exchange.
        NotFoundInExchange = "NOT_FOUND_IN_EXCHANGE",
        /// Chosen at random for verification.
        RandomCheck = "RANDOM_CHECK",
        /// Reasonable doubt, for verification.
        ReasonableDoubt = "REASONABLE_DOUBT",
        /// What the words say.
        Other = "OTHER",
    }
}

section! {
    /// The import declaration that a response belongs to.
    pub struct ImportDeclaration {
        /// Its number.
        number: Text<70>,
        /// Its date.
        date: Date,
        /// The customs office, by the code its country gives it.
        office: Text<17>,
    }
}

section! {
    /// What was done with one item.
    pub struct ItemDecision {
        /// The number of the item; null is the whole certificate.
        item: Option<u32>,
        /// The line of the declaration.
        line: Option<u32>,
        /// What was done.
        code: ResponseCode,
        /// How much was used, in a unit that the certificate states for the item.
        quantity: Option<Measure>,
        /// How much of it can be used after that, in the same unit.
        left: Option<Measure>,
        /// Why.
        reason: Option<ResponseReason>,
        /// The article it rests on.
        basis: Option<Text<256>>,
        /// Further words.
        words: Option<Text<1024>>,
    }
}

/// What customs of the importing country did with a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomsResponse {
    /// The certificate.
    pub certificate: StatementRef,
    /// The declaration it was shown with, if it was shown.
    pub declaration: Option<ImportDeclaration>,
    /// Item by item, each once; or one for the whole.
    pub decisions: Vec<ItemDecision>,
    /// An earlier response that this one replaces or takes back.
    pub amends: Option<StatementRef>,
    /// Anything else the issuer should know.
    pub remarks: Option<Text<1024>>,
}

disclosed_whole!(CustomsResponse { certificate, declaration, decisions, amends, remarks });

impl CustomsResponse {
    /// Whether it says what its codes ask it to say, and nothing twice.
    pub(super) fn check(&self) -> Result<(), StatementError> {
        let refuse = |why: &str| Err(StatementError::shape("decisions", why));
        if self.decisions.is_empty() || self.decisions.len() > DECISIONS_MAX {
            return Err(StatementError::shape("decisions", format!("not 1 to {DECISIONS_MAX} decisions")));
        }
        let items = self.decisions.iter().map(|decision| decision.item).collect::<BTreeSet<_>>();
        if items.len() != self.decisions.len() || (items.len() > 1 && items.contains(&None)) {
            return refuse("an item that is decided twice");
        }
        for ItemDecision { item, code, quantity, left, reason, words, .. } in &self.decisions {
            if code.needs_reason() && reason.is_none() {
                return Err(StatementError::shape("decisions", format!("{code} without a reason")));
            }
            if *reason == Some(ResponseReason::Other) && words.is_none() {
                return refuse("reason OTHER without words that say which");
            }
            if *code == ResponseCode::UtilisedPartial && quantity.is_none() {
                return refuse("UTILISED_PARTIAL without a quantity");
            }
            if quantity.is_some() && !(code.draws() || *code == ResponseCode::Reversed) {
                return refuse("a quantity where nothing is used");
            }
            let units = (quantity.as_ref().map(|one| &one.unit), left.as_ref().map(|one| &one.unit));
            if matches!(units, (None, Some(_))) || matches!(units, (Some(used), Some(left)) if used != left) {
                return refuse("what is left is stated in the unit of what was used, beside it");
            }
            if code.draws() && (item.is_none() || self.declaration.is_none()) {
                return refuse("what is used is said of an item, with the declaration");
            }
            if *code == ResponseCode::Reversed && self.amends.is_none() {
                return refuse("REVERSED without the response that is taken back");
            }
        }
        Ok(())
    }
}
