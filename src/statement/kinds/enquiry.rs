//! `enquiry`: customs of the importing country asks the issuer whether it really said what a certificate says.
//!
//! All of it is disclosed to the issuer alone.

use super::{super::StatementError, items::are_rising, place::StatementRef, whole::disclosed_whole};
use crate::{
    certificate::{
        Sha256, Text,
        declare::{section, words},
    },
    time::Date,
};
use std::collections::BTreeSet;

/// Certificates one enquiry may be about.
pub const SUBJECTS_MAX: usize = 500;
/// Documents one statement may name.
pub const DOCUMENTS_MAX: usize = 100;

words! {
    /// Why it is asked.
    pub enum EnquiryGround("ENQUIRY_GROUND") {
        /// Chosen at random.
        Random = "random",
        /// Doubt whether the authority issued it.
        Authenticity = "authenticity",
        /// Doubt about the origin of the goods, or how the criterion was met.
        Origin = "origin",
        /// Doubt whether it says what it said when it was issued.
        Changed = "changed",
        /// Its number is not known in the exchange.
        NumberUnknown = "number_unknown",
    }
}

words! {
    /// What becomes of the goods meanwhile.
    pub enum GoodsMeanwhile("GOODS_MEANWHILE") {
        /// Released at the preferential rate.
        Released = "released",
        /// Released on security.
        ReleasedOnSecurity = "released_on_security",
        /// Held: prohibited or restricted goods, or suspected fraud.
        Held = "held",
        /// Not in the country yet, or long consumed.
        NotConcerned = "not_concerned",
    }
}

section! {
    /// What is asked, and how.
    pub struct EnquiryQuestion {
        /// The enquirer's own reference.
        reference: Text<70>,
        /// Why it is asked.
        ground: EnquiryGround,
        /// What is asked; a check at random needs no words.
        question: Option<Text<2048>>,
        /// What becomes of the goods meanwhile.
        goods: GoodsMeanwhile,
        /// The article it rests on.
        basis: Option<Text<256>>,
        /// By which day an answer is asked for, where the enquirer says so.
        reply_by: Option<Date>,
    }
}

section! {
    /// A certificate that is asked about.
    pub struct EnquirySubject {
        /// Where it stands; null where it is not known in the exchange.
        certificate: Option<StatementRef>,
        /// Its number as it bears it; a false one may bear what no authority writes.
        number: Text<70>,
        /// Its date of issue, as it bears it.
        issued_on: Option<Date>,
        /// The items asked about, rising; none are all.
        items: Vec<u32>,
        /// The declaration it was shown with.
        declaration: Option<Text<70>>,
    }
}

section! {
    /// A document that goes with a statement by another way.
    pub struct DocumentDigest {
        /// Its name, for people to read; no path.
        name: Text<256>,
        /// What it is, as a media type in small letters without parameters, such as `application/pdf`.
        media_type: Text<127>,
        /// SHA-256 of its bytes.
        sha256: Sha256,
    }
}

section! {
    /// A question of the importing side to the issuing one.
    pub struct Enquiry {
        /// What is asked.
        asked: EnquiryQuestion,
        /// Of which certificates, 1 to 500, each once; they are answered by their place in this list, from 1.
        subjects: Vec<EnquirySubject>,
        /// Documents that go with it, such as scans, at most 100, each once.
        documents: Vec<DocumentDigest>,
        /// The reply that asked for a clarification, if this one gives it.
        clarifies: Option<StatementRef>,
    }
}

disclosed_whole!(Enquiry { asked, subjects, documents, clarifies });

impl Enquiry {
    /// Whether it asks something of something.
    pub(super) fn check(&self) -> Result<(), StatementError> {
        let refuse = |name: &str, why: &str| Err(StatementError::shape(name, why));
        if !(1..=SUBJECTS_MAX).contains(&self.subjects.len()) {
            return Err(StatementError::shape("subjects", format!("not 1 to {SUBJECTS_MAX} certificates")));
        }
        check_documents(&self.documents)?;
        let unknown = self.asked.ground == EnquiryGround::NumberUnknown;
        if unknown && self.documents.is_empty() {
            return refuse("documents", "a certificate that is not known is shown by a scan");
        }
        if self.asked.ground != EnquiryGround::Random && self.asked.question.is_none() {
            return refuse("asked", "only a check at random asks without words");
        }
        if self.subjects.iter().any(|subject| subject.certificate.is_none() != unknown) {
            let why = "where a certificate stands is null where its number is not known, and only there";
            return refuse("subjects", why);
        }
        if self.subjects.iter().any(|subject| !are_rising(&subject.items)) {
            return refuse("subjects", "items not from 1 on, rising");
        }
        // Two papers may bear one unknown number: that is what forgeries do.
        let known = self.subjects.iter().filter_map(|subject| subject.certificate.as_ref());
        let places = known.map(|place| (&place.log, place.jti)).collect::<BTreeSet<_>>();
        if !unknown && places.len() != self.subjects.len() {
            return refuse("subjects", "a certificate that is asked about twice");
        }
        Ok(())
    }
}

/// A statement names documents within bounds, each once.
pub(super) fn check_documents(documents: &[DocumentDigest]) -> Result<(), StatementError> {
    let refuse = |why: &str| Err(StatementError::shape("documents", why));
    if documents.len() > DOCUMENTS_MAX {
        return Err(StatementError::shape("documents", format!("more than {DOCUMENTS_MAX}")));
    }
    if documents.iter().map(|document| document.sha256).collect::<BTreeSet<_>>().len() != documents.len() {
        return refuse("a document that is named twice");
    }
    if !documents.iter().all(DocumentDigest::has_media_type) {
        return refuse("a media type that is not like `application/pdf`");
    }
    Ok(())
}

impl DocumentDigest {
    /// Whether it says what it is: type and subtype in small letters, without parameters (RFC 6838, section 4.2).
    #[must_use]
    pub fn has_media_type(&self) -> bool {
        let name = |name: &str| {
            let rest = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$&-^_.+".contains(&b);
            name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()) && name.bytes().all(rest)
        };
        self.media_type.as_str().split_once('/').is_some_and(|(top, sub)| name(top) && name(sub))
    }
}
