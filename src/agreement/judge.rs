//! Judges what is brought to be issued by the edition in force on the day of issue.
//!
//! What contradicts a confirmed figure is an error. What contradicts an unconfirmed one is a warning. What rests
//! on an unconfirmed or missing figure is reported as unknown, and only where the answer depends on it: a
//! certificate of one item does not care how many items are allowed.

mod consistency;
mod dates;
mod eligibility;
mod goods;
mod languages;
mod papers;
mod route;

use super::{
    edition::Edition,
    figure::{Figure, Known},
    form::Form,
    load::Agreement,
};
use crate::{
    certificate::{Endorsement, Finding, Findings, Flags, Particulars, PrintedCriterion, Ruling, Severity},
    time::Date,
};

/// What an agreement says of particulars issued on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Everything there is to say.
    pub findings: Findings,
    /// What the agreement decides; `None` if and only if a finding is an error.
    pub ruling: Option<Ruling>,
}

impl Agreement {
    /// Judges `particulars` as issued on `issued_on`, the civil date at the issuing office.
    #[must_use]
    pub fn judge(&self, particulars: &Particulars, issued_on: Date) -> Judgement {
        let mut findings = Findings::default();
        if particulars.agreement != self.code {
            let message = format!("`{}` is judged by another agreement than {}", particulars.agreement, self.code);
            findings.push(Finding::error("AGREEMENT", "agreement", message));
            return Judgement { findings, ruling: None };
        }
        let Some(edition) = self.edition_judging(particulars, issued_on, &mut findings) else {
            return Judgement { findings, ruling: None };
        };
        let Some(form) = Self::form_judging(edition, particulars, &mut findings) else {
            return Judgement { findings, ruling: None };
        };
        if form.boxes.is_empty() {
            let message =
                format!("the boxes of form {} are not known, so whether all are filled was not judged", form.code);
            let mut finding = Finding::unknown("FORM_BOXES", "form", message);
            finding.article.clone_from(&form.article);
            finding.help.clone_from(&form.note);
            findings.push(finding);
        }
        let mut bench = Bench { agreement: self, edition, form, particulars, issued_on, findings };
        bench.route();
        let printed = bench.goods();
        let flags_and_endorsements = bench.papers();
        bench.consistency();
        let ruling = bench.ruling(printed, flags_and_endorsements);
        let ruling = (!bench.findings.has_errors()).then_some(ruling);
        Judgement { findings: bench.findings, ruling }
    }
}

/// Flags and the endorsements that go with them.
struct OnTheForm {
    flags: Flags,
    endorsements: Vec<Endorsement>,
}

/// One judgement under way.
struct Bench<'a> {
    agreement: &'a Agreement,
    edition: &'a Edition,
    form: &'a Form,
    particulars: &'a Particulars,
    issued_on: Date,
    findings: Findings,
}

impl<'a> Bench<'a> {
    fn ruling(&mut self, printed: Vec<PrintedCriterion>, marks: OnTheForm) -> Ruling {
        let (valid_from, valid_until) = self.validity();
        self.eligibility(valid_until);
        let languages = self.form.languages.value().or(self.edition.official_languages.value());
        // A form in several languages is filled in one of them: the first, unless the particulars say otherwise.
        let languages = languages.and_then(|all| all.first()).cloned().into_iter().collect();
        Ruling {
            issued_on: self.issued_on,
            edition: self.edition.code.clone(),
            form: self.form.code.clone(),
            form_edition: None,
            languages,
            valid_from,
            valid_until,
            flags: marks.flags,
            endorsements: marks.endorsements,
            printed,
        }
    }

    fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Reports what contradicts a figure.
    fn contradicts<T>(&mut self, figure: &Figure<T>, finding: Finding) {
        let severity = if figure.is_confirmed() { Severity::Error } else { Severity::Warning };
        let mut finding = sourced(figure, finding);
        finding.severity = severity;
        if severity == Severity::Warning {
            finding.message.push_str("; the figure behind this is not confirmed");
        }
        self.push(finding);
    }

    /// The figure's value. Where it is unconfirmed or missing, says so at `path` in words that go on from
    /// "`what`" (such as "how long the certificate is valid").
    fn rely<T>(&mut self, figure: &'a Figure<T>, rule: &str, path: &str, what: &str) -> Option<&'a T> {
        match figure.known() {
            Known::Confirmed(value) => Some(value),
            Known::Unconfirmed(value) => {
                let message = format!("{what} rests on a figure that is not confirmed");
                self.push(sourced(figure, Finding::unknown(rule, path, message)));
                Some(value)
            }
            Known::Unknown => {
                let message = format!("{what} is not known");
                self.push(sourced(figure, Finding::unknown(rule, path, message)));
                None
            }
        }
    }
}

/// The finding with the figure's article and note.
fn sourced<T>(figure: &Figure<T>, mut finding: Finding) -> Finding {
    if let Some(article) = figure.article() {
        finding = finding.with_article(article);
    }
    if let (None, Some(note)) = (&finding.help, figure.note()) {
        finding = finding.with_help(note);
    }
    finding
}

#[cfg(test)]
mod tests;
