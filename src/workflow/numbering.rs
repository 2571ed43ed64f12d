//! Where the number of a certificate comes from: the series of its office, or the file that brings it.

use super::{Desk, WorkflowError};
use crate::{
    agreement::{AgreementError, Edition, NumberRule, Series},
    certificate::{AgreementCode, CertificateNumber, Country, Finding, Findings, Particulars},
    office::Office,
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
                if let Ok(draw) = series {
                    findings.0.extend(self.out_of_series(number, &draw)?);
                }
                Some(Numbering::Brought(number.clone()))
            }
            (None, Ok(draw)) => Some(Numbering::Series(draw)),
            (None, Err(finding)) => {
                findings.push(*finding);
                None
            }
        })
    }

    /// What is to be said of a number that is brought where the office has a series: two numbers that differ in case,
    /// punctuation or zeros alone are one to whoever reads them. One that was given in advance is as it was given.
    fn out_of_series(&self, number: &CertificateNumber, draw: &Draw) -> Result<Option<Finding>, WorkflowError> {
        let (rule, path) = ("NUMBER_NOT_OF_SERIES", "reference.number");
        let spelt = Series::spelt(&draw.key, number.as_str());
        if spelt.as_deref() == Some(number.as_str())
            || self.store().record(Table::Number, &number_id(number.as_str()))?.is_some()
        {
            return Ok(None);
        }
        let Draw { key, office, .. } = draw;
        Ok(Some(match spelt {
            Some(spelt) => {
                let message = format!("`{number}` is a number of office {office}, which writes it `{spelt}`");
                Finding::error(rule, path, message).with_help("write it so, or leave it out: the office numbers it")
            }
            None => {
                let message = format!("`{number}` is not of the series that office {office} numbers from: {key}");
                Finding::warning(rule, path, message).with_help("leave it out, and the office numbers it")
            }
        }))
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
        let (country, host) = (self.setup().country, self.setup().issuer.rehearsed_host());
        let rule = edition.and_then(|edition| number_rule(edition, country, host));
        let Some(series) = rule.and_then(|rule| rule.series.value()) else {
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
