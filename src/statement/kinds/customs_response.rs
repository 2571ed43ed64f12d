//! `customs-response`: what customs of the importing country did with a certificate, item by item, told to its issuer.
//!
//! All of it is disclosed to the issuer alone: a log that others read must not announce that one country doubts
//! another's certificate.

use super::{super::StatementError, place::StatementRef, whole::disclosed_whole};
use crate::{
    certificate::{
        Measure, Text,
        declare::{section, words},
        number_as_read, plain,
    },
    time::Date,
};

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

    /// Whether it lets a claim to preference stand.
    #[must_use]
    pub const fn grants(self) -> bool {
        matches!(self, Self::AcceptedForClaim)
    }

    /// Whether it has to say why.
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::PreferenceSuspended | Self::PreferenceDenied | Self::ReturnedForRectification)
    }

    /// Whether a reason may stand beside it. Reasons say why something is refused, suspended or sent back; two of them are
    /// what another code says itself. What others signed is read whatever it says.
    #[must_use]
    pub const fn takes(self, reason: ResponseReason) -> bool {
        let says_it = matches!(
            (self, reason),
            (Self::NoReply, ResponseReason::NoReplyInTime)
                | (Self::IncompleteData, ResponseReason::InsufficientInformation)
        );
        self.needs_reason() || says_it
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

impl ImportDeclaration {
    /// Whether it is the same declaration, in whatever letters, blanks and dashes its number is written; each office counts
    /// its own.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.is_numbered(&other.number, Some(&other.office))
    }

    /// The same by a number and an office; by the number alone where the office is not known. Between digits, too, blanks
    /// and dashes make no other declaration: one certificate is hardly shown at one office with both `1-23` and `12-3`, and
    /// no refusal is escaped by a dash.
    #[must_use]
    pub fn is_numbered(&self, number: &Text<70>, office: Option<&Text<17>>) -> bool {
        let bare = |text: &str| plain(text).chars().filter(|one| one.is_alphanumeric()).collect::<String>();
        let same = |one: &str, other: &str| number_as_read(one) == number_as_read(other) || bare(one) == bare(other);
        let here = office.is_none_or(|office| same(office.as_str(), self.office.as_str()));
        here && same(number.as_str(), self.number.as_str())
    }
}

section! {
    /// What was done with one item.
    pub struct ItemDecision {
        /// The number of the item; null is the whole certificate.
        item: Option<u32>,
        /// The line of the declaration; an item that stands on several lines is decided line by line.
        line: Option<u32>,
        /// What was done.
        code: ResponseCode,
        /// How much was used, or with REVERSED given back, in a unit that the certificate states for the item.
        quantity: Option<Measure>,
        /// How much of the item can be used after that, in the same unit; after several lines, the last one says.
        left: Option<Measure>,
        /// Why.
        reason: Option<ResponseReason>,
        /// The article it rests on.
        basis: Option<Text<256>>,
        /// Further words.
        words: Option<Text<1024>>,
    }
}

section! {
    /// What customs of the importing country did with a certificate.
    pub struct CustomsResponse {
        /// The certificate.
        certificate: StatementRef,
        /// The declaration it was shown with, if it was shown.
        declaration: Option<ImportDeclaration>,
        /// Item by item, rising by item and line, 1 to 500; or one for the whole.
        decisions: Vec<ItemDecision>,
        /// An earlier response, of which this one replaces or takes back what it said of the items named here.
        amends: Option<StatementRef>,
        /// The enquiry that it follows, where there was one; with NO_REPLY the one that was not answered.
        enquiry: Option<StatementRef>,
        /// Anything else the issuer should know.
        remarks: Option<Text<1024>>,
    }
}

disclosed_whole!(CustomsResponse { certificate, declaration, decisions, amends, enquiry, remarks });

impl CustomsResponse {
    /// Whether it says what its codes ask it to say, and nothing twice.
    pub(super) fn check(&self) -> Result<(), StatementError> {
        let refuse = |why: &str| Err(StatementError::shape("decisions", why));
        if !(1..=DECISIONS_MAX).contains(&self.decisions.len()) {
            return Err(StatementError::shape("decisions", format!("not 1 to {DECISIONS_MAX} decisions")));
        }
        let in_order = self.decisions.is_sorted_by(|a, b| {
            let other_line = a.item == b.item && a.line.is_some() && a.line < b.line;
            a.item.is_some() && (a.item < b.item || other_line)
        });
        if !in_order {
            return refuse("not rising by item and line, each once; the whole certificate is decided alone");
        }
        self.decisions.iter().find_map(|decision| self.fault(decision)).map_or(Ok(()), refuse)
    }

    /// What a decision lacks, or says against itself.
    fn fault(&self, decision: &ItemDecision) -> Option<&'static str> {
        let ItemDecision { item, line, code, quantity, left, reason, basis: _, words } = decision;
        let is = |expected: ResponseCode| *code == expected;
        let because = |expected: ResponseReason| *reason == Some(expected);
        let other_unit = match (quantity, left) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(used), Some(left)) => used.unit != left.unit,
        };
        let something_left = left.as_ref().is_some_and(|left| !left.value.is_zero());
        let nothing_used = quantity.as_ref().is_some_and(|used| used.value.is_zero());
        let faults = [
            (code.needs_reason() && reason.is_none(), "a refusal, a suspension or a return without its reason"),
            (because(ResponseReason::Other) && words.is_none(), "OTHER without words that say which"),
            (
                because(ResponseReason::RandomCheck) && is(ResponseCode::PreferenceDenied),
                "RANDOM_CHECK, for which preference waits, and PREFERENCE_DENIED",
            ),
            (
                line.is_some() && (item.is_none() || self.declaration.is_none()),
                "a line, which is that of an item in the declaration, without one of them",
            ),
            (is(ResponseCode::UtilisedPartial) && quantity.is_none(), "UTILISED_PARTIAL without a quantity"),
            (nothing_used, "a quantity of nothing"),
            (
                quantity.is_some() && !(code.draws() || is(ResponseCode::Reversed)),
                "a quantity where nothing is used or given back",
            ),
            (quantity.is_some() && item.is_none(), "a quantity of no item"),
            (other_unit, "what is left, not in the unit of what was used and beside it"),
            (is(ResponseCode::UtilisedFull) && something_left, "UTILISED_FULL with something left"),
            (
                code.draws() && (item.is_none() || self.declaration.is_none()),
                "what was used, without the item or the declaration",
            ),
            (is(ResponseCode::Reversed) && self.amends.is_none(), "REVERSED without the response that is taken back"),
            (
                is(ResponseCode::NoReply) && self.enquiry.is_none(),
                "NO_REPLY without the enquiry that nobody answered: name it",
            ),
        ];
        faults.into_iter().find_map(|(found, why)| found.then_some(why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_the_same_with_its_blanks_and_dashes_anywhere_and_another_by_a_letter_a_digit_or_its_office() {
        let of = |number: &str, office: &str| ImportDeclaration {
            number: number.parse().unwrap(),
            date: Date::constant(2026, 12, 1),
            office: office.parse().unwrap(),
        };
        let one = of("I-2026-24", "CNSHA");
        for same in ["I202624", "i 2026/24", "I-20-26-24", "I\u{2013}2026\u{2013}24", "I-2026-024"] {
            assert!(one.is_same(&of(same, "cn-sha")), "{same}");
        }
        for other in ["I-2026-25", "I-2026-240", "J-2026-24", "2026-24"] {
            assert!(!one.is_same(&of(other, "CNSHA")), "{other}");
        }
        assert!(!one.is_same(&of("I-2026-24", "CNNGB")));
        assert!(one.is_numbered(&one.number, None));
    }
}
