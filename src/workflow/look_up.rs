//! Whether a certificate exists, for whoever can name it: dates and status, and nothing of what it says.

use super::{CertificateName, CertificateRecord, Desk, Stands, WorkflowError, record};
use crate::{statement::Jti, time::Date};

/// That a certificate exists.
#[derive(Debug, Clone)]
pub struct Existence {
    /// The statement's identifier.
    pub jti: Jti,
    /// The legal date of issue; unknown once the contents are erased.
    pub issued_on: Option<Date>,
    /// The first day it may be used.
    pub valid_from: Date,
    /// The last day, where the agreement states one.
    pub valid_until: Option<Date>,
    /// How it stands; of a paper that is not known here.
    pub stands: Option<Stands>,
}

impl Desk {
    /// Looks a certificate up without asking who asks. By its number it is found only together with its date of
    /// issue: numbers run, so one can be guessed, and both cannot. It reads from the disk.
    pub fn look_up(&self, name: &CertificateName, issued_on: Option<Date>) -> Result<Existence, WorkflowError> {
        let found = self.existing(name, issued_on);
        // What is not here may be among what is missing of the authority's logs.
        match self.missing(|_| true).filter(|_| matches!(found, Err(WorkflowError::CertificateUnknown))) {
            Some(why) => Err(why.into()),
            None => found,
        }
    }

    fn existing(&self, name: &CertificateName, issued_on: Option<Date>) -> Result<Existence, WorkflowError> {
        let store = self.store().as_ref();
        if let CertificateName::Number(number) = name
            && let Some(found) = self.own_paper(number)?
        {
            let paper = found.paper;
            if issued_on != Some(paper.issued_on) {
                return Err(WorkflowError::CertificateUnknown);
            }
            return Ok(Existence {
                jti: found.jti,
                issued_on,
                valid_from: paper.issued_on,
                valid_until: paper.valid_until,
                stands: None,
            });
        }
        let found = CertificateRecord::read(store, &record::find(store, name)?)?;
        let certificate = &found.certificate;
        let own = certificate.reference.as_option().map(|reference| reference.issued_on);
        let by_number = matches!(name, CertificateName::Number(_));
        if (by_number || issued_on.is_some()) && (own.is_none() || own != issued_on) {
            return Err(WorkflowError::CertificateUnknown);
        }
        let (valid_from, valid_until) = (certificate.valid_from, certificate.valid_until);
        let stands = Some(self.stands(&found)?);
        Ok(Existence { jti: found.jti, issued_on: own, valid_from, valid_until, stands })
    }
}
