//! What else there is to say of a file that cannot be issued because it does not read: its writer hears everything at
//! once.

use super::{Desk, WorkflowError};
use crate::certificate::{Asked, Findings, Remnant};

impl Desk {
    /// Adds what the rules say of what can be read, and the boxes of the form. Nothing is issued from it.
    pub(super) fn say_the_rest(&self, certificate_json: &[u8], findings: &mut Findings) {
        let mut day = self.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        if let Some(remnant) = Remnant::of_json(certificate_json) {
            let mut more = remnant.particulars.check();
            let office = self.office(&remnant.particulars, &mut more);
            let any = || self.offices().all().first().map(|record| record.office.clone());
            let said = match office {
                Ok(office) => Some((office, more)),
                Err(WorkflowError::RulesRefuse(said)) => any().map(|office| (office, said)),
                Err(_) => None,
            };
            if let Some((office, said)) = said {
                day = office.date_at(self.now());
                match self.rule(&office, remnant.particulars.clone(), said) {
                    Ok((_, judged)) | Err(WorkflowError::RulesRefuse(judged)) => remnant.add(judged, findings),
                    Err(_) => {}
                }
            }
        }
        let asked = Asked::of_json(certificate_json);
        let agreement = asked.as_ref().and_then(|asked| self.agreements().get(&asked.agreement));
        if let Some((asked, agreement)) = asked.as_ref().zip(agreement) {
            agreement.name_boxes(findings, asked, day);
        }
    }
}
