//! Judges what is brought to be issued by the edition in force on the day of issue.
//!
//! What contradicts a confirmed figure is an error. What contradicts an unconfirmed one is a warning. What rests
//! on an unconfirmed or missing figure is reported as unknown, and only where the answer depends on it: a
//! certificate of one item does not care how many items are allowed.

mod consistency;
mod dates;
mod eligibility;
mod fob;
mod goods;
mod languages;
mod papers;
mod route;

use super::{
    edition::Edition,
    figure::{Figure, Known},
    form::Form,
    lists::Holidays,
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
    /// Judges `particulars` as issued on `issued_on`, the civil date at the issuing office; working days are counted
    /// by `holidays`.
    #[must_use]
    pub fn judge(&self, particulars: &Particulars, issued_on: Date, holidays: &Holidays) -> Judgement {
        self.judge_departed(particulars, issued_on, holidays, None)
    }

    /// Judges what was issued on `issued_on` once it is known that the goods left on `departed`: a ship that left
    /// earlier than was thought makes a certificate without a mark one that should have had it.
    #[must_use]
    pub fn judge_later(
        &self,
        particulars: &Particulars,
        issued_on: Date,
        holidays: &Holidays,
        departed: Date,
    ) -> Findings {
        let then = self.judge(particulars, issued_on, holidays);
        let now = self.judge_departed(particulars, issued_on, holidays, Some(departed));
        let mut findings = Findings::default();
        let late = now.ruling.as_ref().is_some_and(|ruling| ruling.flags.retrospective);
        let lost =
            now.findings.iter().find(|one| one.severity == Severity::Error && one.rule == "RETROSPECTIVE_WINDOW");
        let marked = then.ruling.as_ref().is_some_and(|ruling| ruling.flags.retrospective);
        let path = "transport.departure.actual";
        if let Some(lost) = lost {
            let message = format!("the goods left on {departed}: a certificate could no longer be had on {issued_on}");
            let mut finding = Finding::error("RETROSPECTIVE_WINDOW", path, message);
            finding.article.clone_from(&lost.article);
            findings.push(finding);
        } else if late && !marked {
            let edition = self.edition_judging(particulars, issued_on, &mut Findings::default());
            let rules = edition.map(|edition| &edition.retrospective);
            let words = rules.and_then(|rules| rules.wording.value()).map(|words| format!(" `{words}`"));
            let message = format!(
                "the goods left on {departed}, and the certificate was issued on {issued_on} without the mark{} that it \
                 should have had",
                words.unwrap_or_default()
            );
            let finding = Finding::warning("RETROSPECTIVE_UNMARKED", path, message)
                .with_help("have it replaced by one that is marked");
            findings.push(match rules {
                Some(rules) => sourced(&rules.unmarked_days, finding),
                None => finding,
            });
        }
        // A scheme may be for goods shipped from a day on, or until one.
        let dates = now.findings.into_iter().filter(|one| one.rule == "SCHEME_DATES");
        findings.0.extend(dates.filter(|one| !then.findings.iter().any(|before| before == one)));
        findings
    }

    /// What would be decided, whatever there is to say against it: for specimens of forms, which nobody issues.
    #[must_use]
    pub fn would_rule(&self, particulars: &Particulars, issued_on: Date, holidays: &Holidays) -> Option<Ruling> {
        self.judge_anyway(particulars, issued_on, holidays, None).ruling
    }

    fn judge_departed(
        &self,
        particulars: &Particulars,
        issued_on: Date,
        holidays: &Holidays,
        departed: Option<Date>,
    ) -> Judgement {
        let Judgement { findings, ruling } = self.judge_anyway(particulars, issued_on, holidays, departed);
        let ruling = ruling.filter(|_| !findings.has_errors());
        Judgement { findings, ruling }
    }

    /// A judgement with its ruling also where a finding is an error.
    fn judge_anyway(
        &self,
        particulars: &Particulars,
        issued_on: Date,
        holidays: &Holidays,
        departed: Option<Date>,
    ) -> Judgement {
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
        let mut bench = Bench { agreement: self, edition, form, particulars, issued_on, holidays, departed, findings };
        bench.route();
        let printed = bench.goods();
        let flags_and_endorsements = bench.papers();
        bench.consistency();
        let ruling = bench.ruling(printed, flags_and_endorsements);
        Judgement { findings: bench.findings, ruling: Some(ruling) }
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
    holidays: &'a Holidays,
    /// The day the goods really left, where that was learnt after issue.
    departed: Option<Date>,
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
