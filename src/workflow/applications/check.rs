//! What the rules say of an application: everything at once, with field, box and article; nothing is stored.

use super::{Applications, Paper, paper};
use crate::{
    agreement::{Agreement, Rates, Shows},
    certificate::{Declaration, Findings, Particulars, Signatory},
    office::{Action, Caller, Office, Subject},
    production::Production,
    sequencer::Issue,
    time::Date,
    workflow::{Accounts, WorkflowError},
};

/// What the rules say of what would be filed.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Everything there is to say.
    pub findings: Findings,
    /// What it is about, if it reads.
    pub subject: Option<Subject>,
}

/// What was read and judged.
pub(super) struct Judged {
    pub(super) subject: Option<Subject>,
    pub(super) findings: Findings,
}

impl Applications {
    /// Checks what would be filed, as if it were issued today.
    pub fn check(&self, caller: &Caller, paper: &Paper) -> Result<Checked, WorkflowError> {
        if !caller.may(Action::ReadQueue) {
            Accounts::allow(caller, Action::FileApplication)?;
        }
        let Judged { subject, findings } = self.judge(paper)?;
        Ok(Checked { findings, subject })
    }

    /// Reads and judges.
    pub(super) fn judge(&self, paper: &Paper) -> Result<Judged, WorkflowError> {
        let read = paper.read();
        let Some(particulars) = read.particulars else {
            return Ok(Judged { subject: None, findings: read.findings });
        };
        let subject = paper::subject(&particulars);
        let (agreement, from, form) = (particulars.agreement.clone(), particulars.from, particulars.form.clone());
        let mut findings = self.apply(particulars, read.production.as_ref(), read.findings)?;
        // The office gives the number when it signs; that none is drawn from a series is not the applicant's concern.
        findings.0.retain(|finding| finding.rule != "NUMBER_MISSING");
        if let Some(agreement) = self.desk.agreements().get(&agreement) {
            let today = self.desk.now().to_zoned(jiff::tz::TimeZone::UTC).date();
            let form = form_of(agreement, today, form.as_ref(), from);
            for finding in &mut findings.0 {
                let shows = shows(&finding.path);
                let boxes = form.iter().flat_map(|form| &form.boxes);
                let found = shows.and_then(|shows| boxes.into_iter().find(|one| one.shows.contains(&shows)));
                finding.form_box = found.map(|one| one.number.to_string());
            }
        }
        Ok(Judged { subject, findings })
    }

    /// Everything the rules say.
    fn apply(
        &self,
        particulars: Particulars,
        production: Option<&Production>,
        mut findings: Findings,
    ) -> Result<Findings, WorkflowError> {
        let ruled = match self.desk.office(&particulars, &mut findings) {
            Ok(office) => {
                self.origin(office, &particulars, production, &mut findings);
                self.desk.rule(office, particulars, findings)
            }
            Err(refused) => Err(refused),
        };
        match ruled {
            Ok((_, findings)) | Err(WorkflowError::RulesRefuse(findings)) => Ok(findings),
            Err(other) => Err(other),
        }
    }

    /// What the rules of origin say today at the office of how the goods were made, if that is declared.
    fn origin(
        &self,
        office: &Office,
        particulars: &Particulars,
        production: Option<&Production>,
        findings: &mut Findings,
    ) {
        let agreement = self.desk.agreements().get(&particulars.agreement);
        if let (Some(production), Some(agreement)) = (production, agreement) {
            let today = office.date_at(self.desk.now());
            findings.extend(agreement.judge_origin(particulars, production, &Rates::none(), today).findings);
        }
    }

    /// What is to be signed, as the rules decide it today.
    pub(super) fn to_issue(
        &self,
        paper: &Paper,
        declaration: &Declaration,
        signatory: Signatory,
        number: Option<crate::certificate::CertificateNumber>,
    ) -> Result<(Issue, Findings), WorkflowError> {
        let read = paper.read();
        let mut findings = read.findings;
        let Some(particulars) = read.particulars else { return Err(WorkflowError::RulesRefuse(findings)) };
        let mut particulars = paper::complete(particulars, declaration, signatory);
        particulars.reference.number = number;
        let office = self.desk.office(&particulars, &mut findings)?;
        self.origin(office, &particulars, read.production.as_ref(), &mut findings);
        self.desk.rule(office, particulars, findings)
    }
}

fn form_of<'a>(
    agreement: &'a Agreement,
    today: Date,
    asked: Option<&crate::certificate::FormCode>,
    from: crate::certificate::Country,
) -> Option<&'a crate::agreement::Form> {
    let edition = agreement.edition_on(today)?;
    match asked {
        Some(code) => edition.form(code),
        None => edition.form_of(from),
    }
}

/// What of a form a field stands in.
fn shows(path: &str) -> Option<Shows> {
    let mut steps = path.split('.').map(|step| step.split('[').next().unwrap_or(step));
    let (first, second, third) = (steps.next()?, steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
    Some(match (first, second, third) {
        ("exporter", ..) => Shows::Exporter,
        ("consignee", ..) => Shows::Consignee,
        ("producer", ..) => Shows::Producer,
        ("transport", ..) => Shows::Transport,
        ("to", ..) => Shows::Destination,
        ("from", ..) => Shows::Origin,
        ("reference", "number", _) => Shows::Number,
        ("reference", "declaration", _) => Shows::Declaration,
        ("reference", ..) => Shows::Certification,
        ("goods", "items", "number") => Shows::Item,
        ("goods", "items", "marks") => Shows::Marks,
        ("goods", "items", "packages") => Shows::Packages,
        ("goods", "items", "hs" | "national_codes") => Shows::HsCode,
        ("goods", "items", "criterion") => Shows::Criterion,
        ("goods", "items", "origin") => Shows::Origin,
        ("goods", "items", "gross_weight" | "net_weight") => Shows::GrossWeight,
        ("goods", "items", "quantities") => Shows::Quantity,
        ("goods", "items", "producers") => Shows::Producer,
        ("goods", "items", _) => Shows::Description,
        ("goods", "totals", _) => Shows::GrossWeight,
        ("commercial", "item_values" | "total", _) => Shows::Fob,
        ("commercial", ..) => Shows::Invoices,
        ("remarks", ..) => Shows::Remarks,
        _ => return None,
    })
}
