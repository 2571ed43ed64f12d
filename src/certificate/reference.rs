//! Section `reference`: number, date, place and office of issue, who signed, what the exporter declared, and
//! the certificates this one follows.

use super::{
    code::{CertificateNumber, Language, OfficeCode},
    country::Country,
    declare::{section, text_member, words},
    digest::Sha256,
    error::CertificateError,
    measure::Measure,
    party::Place,
    reader::quoted,
    text::Text,
};
use crate::time::{Date, Timestamp, read_utc, whole_seconds};
use std::{fmt, str::FromStr};

section! {
    /// The office that issues.
    pub struct IssuingOffice {
        /// The office, as its authority names it.
        code: OfficeCode,
        /// The issuing body, such as a development authority, customs or a chamber.
        body: Text<256>,
        /// The name of the office.
        name: Option<Text<256>>,
    }
}

words! {
    /// On whose behalf somebody signed.
    pub enum SigningRole("SIGNING_ROLE") {
        /// The authority that issues.
        IssuingAuthority = "issuing_authority",
        /// Customs of the exporting country, where the form has a box for it.
        ExportCustoms = "export_customs",
        /// Another body that certifies on the form.
        OtherBody = "other_body",
    }
}

section! {
    /// A person who signed the certificate for a body.
    pub struct Signatory {
        /// On whose behalf.
        role: SigningRole,
        /// Name.
        name: Text<256>,
        /// Office held.
        title: Option<Text<256>>,
        /// The body, where another than the issuing one.
        body: Option<Text<256>>,
    }
}

words! {
    /// How the exporter made the declaration.
    pub enum DeclarationMeans("DECLARATION_MEANS") {
        /// A signed paper the authority keeps.
        SignedPaper = "signed_paper",
        /// Confirmed in the authority's portal.
        Portal = "portal",
        /// Sent by the exporter's or agent's system under its agreement with the authority.
        System = "system",
        /// The exporter's own electronic signature.
        ElectronicSignature = "electronic_signature",
    }
}

section! {
    /// The exporter's own electronic signature over what was shown.
    pub struct DeclarationSignature {
        /// The algorithm or form, such as `Ed25519` or `CAdES-B`.
        algorithm: Text<35>,
        /// The signature: base64url without padding.
        value: Text<4096>,
        /// What identifies the signer's key, such as a certificate's serial and issuer.
        key: Option<Text<256>>,
    }
}

section! {
    /// The exporter's declaration.
    pub struct Declaration {
        /// Who declared.
        person: Text<256>,
        /// In which capacity, such as director or agent.
        capacity: Option<Text<256>>,
        /// When.
        declared_at: Option<Instant>,
        /// How.
        means: DeclarationMeans,
        /// SHA-256 of what was shown to the person.
        shown_sha256: Option<Sha256>,
        /// The person's own signature, if any.
        signature: Option<DeclarationSignature>,
    }
}

words! {
    /// How this certificate follows an earlier one.
    pub enum Relation("RELATION") {
        /// It takes the earlier one's place.
        Replaces = "replaces",
        /// It is a certified true copy of it.
        TrueCopyOf = "true_copy_of",
        /// It is issued in an intermediate country on the basis of it.
        BackToBackOn = "back_to_back_on",
        /// It covers materials that are counted in by cumulation.
        CumulatesWith = "cumulates_with",
    }
}

section! {
    /// A quantity taken from an item of an earlier certificate.
    pub struct QuantityDrawn {
        /// The item of this certificate.
        item: u32,
        /// The item of the earlier one.
        prior_item: u32,
        /// How much of it.
        quantity: Measure,
    }
}

section! {
    /// An earlier certificate this one follows.
    pub struct PriorCertificate {
        /// How it follows it.
        relation: Relation,
        /// The earlier one's number.
        number: CertificateNumber,
        /// The earlier one's date of issue.
        issued_on: Date,
        /// The country that issued it.
        country: Country,
        /// The certified or approved exporter's code on it, if it was self-certified.
        exporter_code: Option<Text<35>>,
        /// The quantities drawn from it.
        drawn: Vec<QuantityDrawn>,
    }
}

section! {
    /// Section `reference`.
    pub struct Reference {
        /// The certificate's number.
        number: CertificateNumber,
        /// Civil date of issue at the issuing office.
        issued_on: Date,
        /// Place of issue.
        place: Place,
        /// Issuing office.
        office: IssuingOffice,
        /// Who signed for which body.
        signatories: Vec<Signatory>,
        /// The exporter's declaration.
        declaration: Option<Declaration>,
        /// Earlier certificates this one follows.
        prior: Vec<PriorCertificate>,
        /// The number of the paper this certificate takes the place of, or is printed on.
        paper_number: Option<Text<35>>,
        /// The edition of the form, as printed on it.
        form_edition: Option<Text<35>>,
        /// The languages of the form.
        languages: Vec<Language>,
    }
}

/// An instant in whole seconds of UTC, `2026-11-12T08:30:00Z`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instant(Timestamp);

impl Instant {
    /// The instant, less its fraction of a second.
    #[must_use]
    pub fn of(instant: Timestamp) -> Self {
        Self(whole_seconds(instant))
    }

    /// The instant.
    #[must_use]
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl FromStr for Instant {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        let instant = read_utc(text).map(Self);
        instant.map_err(|why| CertificateError::code("INSTANT", format!("`{}`: {why}", quoted(text))))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

text_member!(
    Instant,
    serde_json::json!({"type": "string", "format": "date-time", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"})
);
