//! Where the number of a certificate comes from: the series of its office, or the file that brings it.

use super::{Desk, WorkflowError};
use crate::{
    agreement::{AgreementError, Edition, NumberRule, Series},
    certificate::{AgreementCode, CertificateNumber, Country, Finding, Findings, OfficeCode, Particulars},
    office::{Office, folded},
    sequencer::{Draw, Numbering, number_id},
    store::Table,
    time::Date,
};

impl Desk {
    /// Where the number comes from; none where a finding says why there is none.
    pub(super) fn numbering(
        &self,
        edition: &Edition,
        office: &Office,
        particulars: &Particulars,
        day: Date,
        findings: &mut Findings,
    ) -> Result<Option<Numbering>, WorkflowError> {
        let Particulars { agreement: code, from, to, .. } = particulars;
        let registration = registration(particulars);
        let series = self.series_of(Some(edition), office, code, (*from, *to), registration, day);
        Ok(match (&particulars.reference.number, series) {
            (Some(number), series) => {
                findings.0.extend(self.out_of_series(number, &office.code, series.ok().as_ref())?);
                Some(Numbering::Brought(number.clone()))
            }
            (None, Ok(draw)) => Some(Numbering::Series(draw)),
            (None, Err(finding)) => {
                findings.push(*finding);
                None
            }
        })
    }

    /// What is to be said of a number that is brought: it is the office's own, as its series writes it, where it has one;
    /// two numbers that differ in case, punctuation or zeros alone are one to whoever reads them. One that was given in
    /// advance is as it was given.
    fn out_of_series(
        &self,
        number: &CertificateNumber,
        own: &OfficeCode,
        draw: Option<&Draw>,
    ) -> Result<Option<Finding>, WorkflowError> {
        let (rule, path) = ("NUMBER_NOT_OF_SERIES", "reference.number");
        let spelt = draw.and_then(|draw| Series::spelt(&draw.key, number.as_str()));
        if spelt.as_deref() == Some(number.as_str())
            || self.store().record(Table::Number, &number_id(number.as_str()))?.is_some()
        {
            return Ok(None);
        }
        if let Some(spelt) = spelt {
            let (message, help) = match self.read_as(&spelt)? {
                Some(given) => (
                    format!("`{number}` is read as `{given}`, which this authority has given already"),
                    "leave it out: the office numbers it",
                ),
                None => (
                    format!("`{number}` is a number of office {own}, which writes it `{spelt}`"),
                    "write it so, or leave it out: the office numbers it",
                ),
            };
            return Ok(Some(Finding::error(rule, path, message).with_help(help)));
        }
        if let Some(other) = self.numbered_by_another(number, own) {
            let message = format!("`{number}` is a number of office {other}, and the certificate is issued by {own}");
            let mend = if draw.is_some() { "leave it out: the office numbers it" } else { "bring one of the office" };
            let help = format!("{mend}; or have office {other} issue the certificate");
            return Ok(Some(Finding::error("NUMBER_OF_ANOTHER", path, message).with_help(help)));
        }
        Ok(draw.map(|Draw { key, .. }| {
            let message = format!("`{number}` is not of the series that office {own} numbers from: {key}");
            Finding::warning(rule, path, message).with_help("leave it out, and the office numbers it")
        }))
    }

    /// What is read as a number, of those that stand on a certificate or were given in advance.
    pub(super) fn read_as(&self, number: &str) -> Result<Option<String>, WorkflowError> {
        let like = self.store().number_like(number)?;
        Ok(if like.is_some() { like } else { self.store().number_in_advance_like(number)? })
    }

    /// The other office of the authority, open or closed, in whose series a number is or reads: whoever reads it takes that
    /// office for the one that issued.
    fn numbered_by_another(&self, number: &CertificateNumber, own: &OfficeCode) -> Option<OfficeCode> {
        let read = folded(number.as_str());
        let others = self.offices().all().into_iter().map(|record| record.office.code.clone());
        // Only the few whose code stands in it are held against every series.
        let mut named = others.filter(|code| code != own && read.contains(&folded(code.as_str())));
        let editions = || self.agreements().iter().flat_map(|agreement| &agreement.editions);
        named.find(|code| {
            let mut series = editions().filter_map(|edition| self.template(edition));
            series.any(|series| series.spelt_by(code, number.as_str()).is_some())
        })
    }

    /// The series that this authority numbers from under an edition.
    pub(super) fn template<'a>(&self, edition: &'a Edition) -> Option<&'a Series> {
        let (country, host) = (self.setup().country, self.setup().issuer.rehearsed_host());
        number_rule(edition, country, host)?.series.value()
    }

    /// Where the number of a certificate is drawn from that the office issues under this edition.
    pub(super) fn series_of(
        &self,
        edition: Option<&Edition>,
        office: &Office,
        agreement: &AgreementCode,
        (from, to): (Country, Country),
        registration: Option<String>,
        day: Date,
    ) -> Result<Draw, Box<Finding>> {
        let Some(series) = edition.and_then(|edition| self.template(edition)) else {
            let missing = "the agreement's data have no number series for this authority".to_owned();
            let finding = Finding::error("NUMBER_MISSING", "reference.number", missing);
            return Err(Box::new(finding.with_help("bring the number in the file".to_owned())));
        };
        let series = series.on_route(from, to);
        let key = series.key(&office.code, day, registration.as_deref()).map_err(|why| {
            let path = match &why {
                AgreementError::RegistrationMissing { .. } => "exporter.registration.number",
                _ => "reference.office.code",
            };
            Box::new(Finding::error("NUMBER_SERIES", path, why.to_string()))
        })?;
        let first = office.first_serial(agreement);
        Ok(Draw { key, series, office: office.code.clone(), registration, first })
    }

    /// Where a number is drawn from that is given in advance, on this day.
    pub(super) fn draw_in_advance(
        &self,
        office: &Office,
        particulars: &Particulars,
        day: Date,
    ) -> Result<Draw, WorkflowError> {
        let agreement = self.agreements().get(&particulars.agreement);
        let edition = agreement.and_then(|agreement| agreement.edition_on(day));
        let Particulars { agreement: code, from, to, .. } = particulars;
        self.series_of(edition, office, code, (*from, *to), registration(particulars), day)
            .map_err(|finding| WorkflowError::RulesRefuse(Findings(vec![*finding])))
    }
}

/// The exporter's registration, which a series may have in its numbers.
fn registration(particulars: &Particulars) -> Option<String> {
    particulars.exporter.registration.as_ref().map(|one| one.number.to_string())
}

/// How this authority numbers: the rule that names it by the first label of its host, in either case, else the
/// one for its whole country.
fn number_rule<'a>(edition: &'a Edition, country: Country, host: &str) -> Option<&'a NumberRule> {
    let label = host.split('.').next().unwrap_or(host);
    let mut rules = edition.numbers_of(country).collect::<Vec<_>>();
    rules.sort_by_key(|rule| rule.authority.is_none());
    rules.into_iter().find(|rule| rule.authority.as_deref().is_none_or(|name| name.eq_ignore_ascii_case(label)))
}
