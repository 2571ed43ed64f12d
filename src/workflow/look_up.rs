//! Whether a certificate exists, for whoever can name it: dates and status, and nothing of what it says.

use super::{
    CertificateName, CertificateRecord, Desk, Stands, WorkflowError,
    customs::{instant, was_over_before},
    own, record,
};
use crate::{
    reason::counted,
    sequencer::{Closing, LostNumber, number_id},
    statement::{Issuer, Jti},
    store::{Disclosures, Table},
    time::{Date, ZoneName},
    verification::LostEntries,
};

const AN_HOUR_MS: u64 = 60 * 60 * 1_000;

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
    /// Whether what it says is erased.
    pub erased: bool,
    /// What took its place.
    pub successor: Option<Jti>,
}

impl Desk {
    /// Looks a certificate up without asking who asks. By its number it is found only together with its date of
    /// issue: numbers run, so one can be guessed, and both cannot. It reads from the disk.
    pub fn look_up(&self, name: &CertificateName, issued_on: Option<Date>) -> Result<Existence, WorkflowError> {
        let found = self.existing(name, issued_on);
        // What is not here may be among what is missing of the authority's logs.
        if !matches!(found, Err(WorkflowError::CertificateUnknown)) {
            return found;
        }
        if let Some(why) = self.history_unknown() {
            return Err(why.into());
        }
        if let Some(number) = self.lost_number(name, issued_on)? {
            return Err(WorkflowError::Lost(number));
        }
        let lost = self.may_be_lost(name, issued_on)?;
        if lost.is_empty() { found } else { Err(WorkflowError::PerhapsLost(lost.join(", "))) }
    }

    /// Entries that are lost for good and may have been the certificate of this name, log by log.
    fn may_be_lost(&self, name: &CertificateName, issued_on: Option<Date>) -> Result<Vec<String>, WorkflowError> {
        let (store, issuer, mut lost) = (self.store().as_ref(), &self.setup().issuer, Vec::new());
        for LostEntries { log: origin, left, signed } in self.all_lost() {
            let may_be = match (name, issued_on) {
                (CertificateName::Jti(jti), _) => !was_over_before(store, &origin, *jti)?,
                (_, Some(day)) => {
                    let closed = Closing::at_ms(store, &origin)?.and_then(instant);
                    let was_open = closed.is_none_or(|at| day <= self.day_there(issuer, at));
                    was_open && origin.shard().year() == day.year()
                }
                (_, None) => false,
            };
            if may_be {
                lost.push(format!(
                    "{} lost of {origin} for good",
                    counted(signed.saturating_sub(left), "entry is", "entries are")
                ));
            }
        }
        Ok(lost)
    }

    /// The number that is asked for, if a certificate bears it whose entry was lost, and that was made on that day.
    fn lost_number(&self, name: &CertificateName, day: Option<Date>) -> Result<Option<String>, WorkflowError> {
        let (CertificateName::Number(number), Some(day)) = (name, day) else { return Ok(None) };
        let record = self.store().record(Table::Number, &number_id(number))?;
        let lost = record.and_then(|record| serde_json::from_slice::<LostNumber>(&record).ok());
        Ok(lost.filter(|lost| self.was_made_on(&lost.lost, day)).map(|_| number.clone()))
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
                erased: false,
                successor: None,
            });
        }
        let entry = record::find(store, name)?;
        let found = CertificateRecord::read(store, &entry)?;
        let certificate = &found.certificate;
        let own_day = certificate.reference.as_option().map(|reference| reference.issued_on);
        let by_number = matches!(name, CertificateName::Number(_));
        let of_day =
            issued_on.is_some_and(|day| own_day.map_or_else(|| self.was_made_on(&found.jti, day), |own| own == day));
        if (by_number || issued_on.is_some()) && !of_day {
            return Err(WorkflowError::CertificateUnknown);
        }
        let (valid_from, valid_until) = (certificate.valid_from, certificate.valid_until);
        let stands = Some(self.stands(&found)?);
        let erased = own_day.is_none() && store.disclosures(&entry.origin, entry.index)? == Some(Disclosures::Erased);
        let successor = own::successor(store, &found)?;
        Ok(Existence { jti: found.jti, issued_on: own_day, valid_from, valid_until, stands, erased, successor })
    }

    /// The civil day at its author of a statement that was signed with this day of UTC, by the hour that its identifier names.
    pub(in crate::workflow) fn said_on(&self, author: &Issuer, jti: &Jti, signed: Date) -> Date {
        let at = instant(jti.hour_ms()).filter(|at| ZoneName::utc().date_at(*at) == signed);
        at.map_or(signed, |at| self.day_there(author, at))
    }

    /// Whether a statement was made on a day here: of one that is erased its identifier alone, which has the hour, says when.
    fn was_made_on(&self, jti: &Jti, day: Date) -> bool {
        let begun = jti.hour_ms();
        let ends = [begun, begun.saturating_add(AN_HOUR_MS.saturating_sub(1))].into_iter();
        ends.filter_map(instant).any(|at| self.day_there(&self.setup().issuer, at) == day)
    }
}
