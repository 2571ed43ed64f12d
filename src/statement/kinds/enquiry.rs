//! `enquiry`: customs of the importing country asks the issuer whether it really said what a certificate says.
//!
//! All of it is disclosed to the issuer alone.

use super::{super::StatementError, place::StatementRef, whole::disclosed_whole};
use crate::{
    certificate::{
        CertificateNumber, Sha256, Text,
        declare::{section, words},
    },
    time::Date,
};

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
    }
}

section! {
    /// A certificate that is asked about.
    pub struct EnquirySubject {
        /// Where it stands; null where it is not known in the exchange.
        certificate: Option<StatementRef>,
        /// Its number.
        number: CertificateNumber,
        /// Its date of issue, as it bears it.
        issued_on: Option<Date>,
        /// The items asked about; none are all.
        items: Vec<u32>,
        /// The declaration it was shown with.
        declaration: Option<Text<70>>,
    }
}

section! {
    /// A document that goes with a statement by another way.
    pub struct DocumentDigest {
        /// Its name.
        name: Text<256>,
        /// What it is, as a media type.
        media_type: Text<127>,
        /// SHA-256 of its bytes.
        sha256: Sha256,
    }
}

/// A question of the importing side to the issuing one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enquiry {
    /// What is asked.
    pub asked: EnquiryQuestion,
    /// Of which certificates; they are answered by their place in this list, from 1.
    pub subjects: Vec<EnquirySubject>,
    /// Documents that go with it, such as scans.
    pub documents: Vec<DocumentDigest>,
    /// The reply that asked for a clarification, if this one gives it.
    pub clarifies: Option<StatementRef>,
}

disclosed_whole!(Enquiry { asked, subjects, documents, clarifies });

impl Enquiry {
    pub(super) fn check(&self) -> Result<(), StatementError> {
        let refuse = |name: &str, why: &str| Err(StatementError::shape(name, why));
        if self.subjects.is_empty() || self.subjects.len() > SUBJECTS_MAX {
            return Err(StatementError::shape("subjects", format!("not 1 to {SUBJECTS_MAX} certificates")));
        }
        check_documents(&self.documents)?;
        if self.asked.ground == EnquiryGround::NumberUnknown && self.documents.is_empty() {
            return refuse("documents", "a certificate that is not known is shown by a scan");
        }
        if self.asked.ground != EnquiryGround::Random && self.asked.question.is_none() {
            return refuse("asked", "only a check at random asks without words");
        }
        for subject in &self.subjects {
            let unknown = self.asked.ground == EnquiryGround::NumberUnknown;
            if subject.certificate.is_none() != unknown {
                return refuse(
                    "subjects",
                    "where a certificate stands is null where its number is not known, and only there",
                );
            }
        }
        Ok(())
    }
}

/// A statement names documents within bounds.
pub(super) fn check_documents(documents: &[DocumentDigest]) -> Result<(), StatementError> {
    if documents.len() > DOCUMENTS_MAX {
        return Err(StatementError::shape("documents", format!("more than {DOCUMENTS_MAX}")));
    }
    Ok(())
}
