//! `paper-certificate`: the authority registers a certificate that it issued on paper, so that customs of the importing
//! country know it by its number and can hold a scan against the one that was registered.
//!
//! It certifies nothing anew: what the paper says stands on the paper. It has no status and no goods, nothing is drawn
//! from it, and its number is never given to another certificate.

use super::{super::StatementError, whole::disclosed_whole};
use crate::{
    certificate::{
        AgreementCode, CertificateNumber, Country, EditionCode, OfficeCode, Sha256, Text,
        declare::{section, words},
    },
    time::Date,
};

words! {
    /// Why there is paper, and no electronic certificate.
    pub enum PaperGround("PAPER_GROUND") {
        /// Certificates went on paper when it was issued.
        BeforeExchange = "before_exchange",
        /// No electronic one could be issued on that day, nor afterwards within the days set.
        Outage = "outage",
    }
}

section! {
    /// What is registered of a paper.
    pub struct PaperWords {
        /// Its number.
        number: CertificateNumber,
        /// Its date of issue.
        issued_on: Date,
        /// The last day of its use; null where the agreement states no limit.
        valid_until: Option<Date>,
        /// The agreement or scheme.
        agreement: AgreementCode,
        /// The edition of its rules in force on that day.
        edition: EditionCode,
        /// Exporting country.
        from: Country,
        /// Importing country.
        to: Country,
        /// The office that issued it.
        office: OfficeCode,
        /// SHA-256 of the scan that the authority keeps, over the file's exact bytes.
        scan_sha256: Sha256,
        /// Why it is paper.
        ground: PaperGround,
        /// In words.
        remarks: Option<Text<1024>>,
    }
}

section! {
    /// A certificate that was issued on paper.
    pub struct PaperCertificate {
        /// What is registered of it.
        paper: PaperWords,
    }
}

disclosed_whole!(PaperCertificate { paper });

impl PaperCertificate {
    /// Whether it could be used on one day at least, in another country than its own.
    pub(super) fn check(&self) -> Result<(), StatementError> {
        let refuse = |why: &str| Err(StatementError::shape("paper", why));
        let PaperWords { issued_on, valid_until, from, to, .. } = &self.paper;
        if valid_until.is_some_and(|last| last < *issued_on) {
            return refuse("a last day of use before the date of issue");
        }
        if from == to {
            return refuse("one country on both sides");
        }
        Ok(())
    }
}
