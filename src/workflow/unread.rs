//! What there is to say of a certificate beside the rules' own words: everything at once of a file that does not read, and
//! the boxes of the form.

use super::{Desk, WorkflowError};
use crate::{
    certificate::{Asked, Finding, Findings, OfficeCode, Particulars, Unread},
    office::{Caller, Office, OfficeRecord},
    reason::Reasoned as _,
    sequencer::Issue,
    time::Date,
};
use std::sync::Arc;

impl Desk {
    /// The refusal of a file that does not read, with everything that `rules` say of what is left of it, and what stands
    /// against the parties and the office it names.
    pub(super) fn unread(
        &self,
        caller: &Caller,
        certificate_json: &[u8],
        mut said: Findings,
        rules: impl Fn(&Office, Particulars, Findings) -> Result<(Issue, Findings), WorkflowError>,
    ) -> WorkflowError {
        let rules = |particulars: Particulars, mut more: Findings| {
            more.0.extend(self.not_for(caller, &particulars));
            self.disinterested(caller, &particulars, &mut more)?;
            self.somewhere(particulars, more, &rules)
        };
        match self.say_the_rest(&Unread::of_json(certificate_json), &mut said, rules) {
            Ok(()) => WorkflowError::RulesRefuse(said),
            Err(error) => error,
        }
    }

    /// That the caller does not act for the office, where it is one. Of a file that reads it is a refusal of its own.
    fn not_for(&self, caller: &Caller, particulars: &Particulars) -> Option<Finding> {
        let code = &particulars.reference.office.code;
        let refused = self.offices().find(code).is_some() && !caller.acts_for(code);
        let why = refused.then(|| WorkflowError::NotYourOffice(code.to_string()))?;
        Some(Finding::error(why.reason(), "reference.office.code", why.to_string()))
    }

    /// Adds what `rules` say of what is left of a file, by the day at its office.
    pub(super) fn say_the_rest(
        &self,
        unread: &Unread,
        said: &mut Findings,
        rules: impl Fn(Particulars, Findings) -> Result<Findings, WorkflowError>,
    ) -> Result<(), WorkflowError> {
        let day = self.day_somewhere(unread.asked.as_ref().and_then(|asked| asked.office.as_ref()));
        self.agreements().say_the_rest(unread, day, Some(self.setup().country), said, rules)
    }

    /// What rules say of particulars, issued or not. An office that is none of the authority's is said of them; of the
    /// goods the rules say the same at any other.
    pub(super) fn somewhere(
        &self,
        particulars: Particulars,
        mut said: Findings,
        rules: impl FnOnce(&Office, Particulars, Findings) -> Result<(Issue, Findings), WorkflowError>,
    ) -> Result<Findings, WorkflowError> {
        let office = match self.office(&particulars, &mut said) {
            Ok(office) => office,
            Err(WorkflowError::RulesRefuse(refused)) => match self.office_or_any(None) {
                Some(any) => {
                    said = refused;
                    any.office.clone()
                }
                None => return Ok(refused),
            },
            Err(error) => return Err(error),
        };
        match rules(&office, particulars, said) {
            Ok((_, said)) | Err(WorkflowError::RulesRefuse(said)) => Ok(said),
            Err(error) => Err(error),
        }
    }

    /// The refusal of a certificate that the rules are not asked about; the boxes are named.
    pub(super) fn refuse(&self, particulars: &Particulars, mut findings: Findings) -> WorkflowError {
        self.name_boxes(particulars, &mut findings);
        WorkflowError::RulesRefuse(findings)
    }

    /// Names the boxes of what was found beside the rules.
    pub(super) fn name_boxes(&self, particulars: &Particulars, findings: &mut Findings) {
        if let Some(agreement) = self.agreements().get(&particulars.agreement) {
            let day = self.day_somewhere(Some(&particulars.reference.office.code));
            agreement.name_boxes(findings, &Asked::of(particulars), day);
        }
    }

    /// The day at an office or, where it is none of the authority's, at any.
    pub(super) fn day_somewhere(&self, office: Option<&OfficeCode>) -> Date {
        let now = self.now();
        let at_none = || now.to_zoned(jiff::tz::TimeZone::UTC).date();
        self.office_or_any(office).map_or_else(at_none, |record| record.office.date_at(now))
    }

    /// An office of the authority, the named one if it is.
    pub(super) fn office_or_any(&self, office: Option<&OfficeCode>) -> Option<Arc<OfficeRecord>> {
        let named = office.and_then(|code| self.offices().find(code));
        named.or_else(|| self.offices().all().into_iter().next())
    }
}
