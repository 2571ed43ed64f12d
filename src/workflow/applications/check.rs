//! What the rules say of an application: everything at once, with field, box and article; nothing is stored.

use super::{
    Applications, Paper, paper,
    twice::{Reader, twice},
};
use crate::{
    agreement::{ItemOrigin, with_alternatives},
    certificate::{CertificateNumber, Declaration, Finding, Findings, Particulars, Signatory, Text},
    office::{Action, Amount, Application, ApplicationRefused, Caller, ExporterId, MandateRefused, Office, Subject},
    production::Production,
    reason::Reasoned,
    sequencer::{Issue, Numbering},
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
    /// What was read, if it reads.
    pub(super) particulars: Option<Particulars>,
    /// The value of the goods, where it is stated.
    pub(super) value: Option<Amount>,
    pub(super) findings: Findings,
}

impl Applications {
    /// Checks what would be filed for an exporter, named as when it is drafted, as if it were issued today.
    pub fn check(&self, caller: &Caller, exporter: &str, paper: &Paper) -> Result<Checked, WorkflowError> {
        let officer = caller.may(Action::ReadQueue);
        if !officer {
            Accounts::allow(caller, Action::FileApplication)?;
        }
        let mut standing = Findings::default();
        // An officer looks at what is registered; who may be looked at by others hangs on their right to file.
        let whose = match self.exporters.named(caller, exporter) {
            Ok(id) if officer || self.exporters.drawing(caller).holds(&id)? => Some(id),
            Ok(id) => {
                standing.push(refused(&MandateRefused::None(id)));
                None
            }
            Err(WorkflowError::Mandate(_)) if officer => {
                let message = "no exporter is named, so nothing that hangs on who it is was checked";
                standing.push(Finding::unknown("EXPORTER_NEEDED", "exporter", message));
                None
            }
            Err(WorkflowError::Mandate(why)) => {
                standing.push(refused(&why));
                None
            }
            Err(why @ WorkflowError::ExporterUnknown(_)) => {
                standing.push(refused(&why));
                None
            }
            Err(other) => return Err(other),
        };
        let Judged { subject, value, mut findings, .. } =
            self.judge(paper, whose.as_ref(), Reader { own: None, officer })?;
        findings.extend(standing);
        if let (Some(subject), Some(whose), false) = (&subject, &whose, officer) {
            match self.drawing(caller).draw(whose, &self.filing(subject, value.as_ref()), None) {
                // That it was struck off is among the findings about the exporter.
                Ok(_) | Err(WorkflowError::Exporter(_)) => {}
                Err(WorkflowError::Mandate(why)) => findings.push(refused(&why)),
                Err(other) => return Err(other),
            }
        }
        Ok(Checked { findings, subject })
    }

    /// Reads and judges what is filed for an exporter. What can be judged of what does not read is said with it.
    pub(super) fn judge(
        &self,
        paper: &Paper,
        whose: Option<&ExporterId>,
        reader: Reader,
    ) -> Result<Judged, WorkflowError> {
        let read = paper.read();
        let (mut findings, production) = (read.findings, read.production);
        let production = production.as_ref();
        let rules = |particulars: Particulars, mut said: Findings| {
            said.extend(self.against((whose, reader), &particulars, production)?);
            self.desk.somewhere(particulars, said, |office, particulars, mut said| {
                self.origin(office, &particulars, production, &mut said);
                self.desk.rule(office, particulars, said)
            })
        };
        let (mut subject, mut value) = (None, None);
        if let Some(particulars) = &read.particulars {
            (subject, value) = (paper::subject(particulars), paper::value(particulars));
            findings = rules(particulars.clone(), findings)?;
        } else {
            self.desk.say_the_rest(&paper.unread(), &mut findings, rules)?;
        }
        // The office gives the number when it signs; that none is drawn from a series is not the applicant's concern.
        findings.0.retain(|finding| finding.rule != "NUMBER_MISSING");
        with_alternatives(&mut findings);
        Ok(Judged { subject, particulars: read.particulars, value, findings })
    }

    /// What the office knows of the exporter and of the producers named, against what is filed.
    fn against(
        &self,
        (whose, reader): (Option<&ExporterId>, Reader),
        particulars: &Particulars,
        production: Option<&Production>,
    ) -> Result<Findings, WorkflowError> {
        let mut findings = self.exporters.producers(particulars)?;
        if let Some(whose) = whose {
            let day = self.day_at(&particulars.reference.office.code);
            let exporter = self.exporters.registered(whose)?;
            findings.extend(exporter.against(particulars, production, day));
            if !exporter.struck_off {
                findings.0.extend(self.exporters.is_another_of(&exporter)?);
            }
            findings.extend(twice(self.store(), whose, reader, particulars)?);
        }
        Ok(findings)
    }

    /// What the rules of origin say today at the office of how the goods were made, if that is declared.
    fn origin(
        &self,
        office: &Office,
        particulars: &Particulars,
        production: Option<&Production>,
        findings: &mut Findings,
    ) -> Vec<ItemOrigin> {
        let agreement = self.desk.agreements().get(&particulars.agreement);
        let Some((production, agreement)) = production.zip(agreement) else { return Vec::new() };
        let today = office.date_at(self.desk.now());
        let lists = self.desk.lists();
        let judged = agreement.judge_origin(particulars, production, lists.rates(), today);
        findings.extend(judged.findings);
        judged.items
    }

    /// What is to be signed, as the rules decide it today.
    pub(super) fn to_issue(
        &self,
        application: &Application,
        paper: &Paper,
        declaration: &Declaration,
        signatory: Signatory,
        number: Option<CertificateNumber>,
    ) -> Result<(Issue, Findings), WorkflowError> {
        let read = paper.read();
        let mut findings = read.findings;
        let Some(particulars) = read.particulars else { return Err(WorkflowError::RulesRefuse(findings)) };
        let particulars = paper::complete(particulars, declaration, signatory);
        findings.extend(self.against(
            (Some(&application.exporter), Reader::officer(application.id)),
            &particulars,
            read.production.as_ref(),
        )?);
        self.rule_for(application, particulars, number, read.production.as_ref(), findings)
    }

    /// The same of what is complete: at the office of the application, and under the number that it holds.
    pub(super) fn rule_for(
        &self,
        application: &Application,
        particulars: Particulars,
        number: Option<CertificateNumber>,
        production: Option<&Production>,
        mut findings: Findings,
    ) -> Result<(Issue, Findings), WorkflowError> {
        Self::bears(application, &particulars)?;
        let mut particulars = self.at_its_office(application, particulars);
        let held = application.number.as_ref().map(|held| held.number.clone());
        particulars.reference.number = match (&held, number) {
            (Some(held), Some(other)) if *held != other => {
                return Err(ApplicationRefused::NumberHeld(held.to_string()).into());
            }
            (Some(held), _) => Some(held.clone()),
            (None, number) => number,
        };
        let office = self.desk.office(&particulars, &mut findings)?;
        let judged = self.origin(&office, &particulars, production, &mut findings);
        with_basis(&mut particulars, &judged);
        let (mut issue, findings) = self.desk.rule(&office, particulars, findings)?;
        if let Some(held) = held {
            issue.numbering = Numbering::Reserved(held);
        }
        Ok((issue, findings))
    }

    /// What it asks for, as its office would issue it: where the queue of a closed office was moved to another, that one
    /// issues, at its own place. What the exporter declared stays as it is kept.
    pub(super) fn at_its_office(&self, application: &Application, mut particulars: Particulars) -> Particulars {
        if application.filed_at.is_some()
            && let Some(record) = self.desk.offices().find(&application.subject.office)
            && let Ok(name) = record.office.place.parse::<Text<256>>()
        {
            particulars.reference.office.code = record.office.code.clone();
            particulars.reference.office.name = record.office.name.parse().ok();
            particulars.reference.place.name = Some(name);
            particulars.reference.place.locode = None;
        }
        particulars
    }
}

/// Why it would not be taken, as a finding of who files it.
fn refused(why: &(impl Reasoned + std::fmt::Display)) -> Finding {
    let help = "an account of the exporter files it, or the exporter gives a mandate that carries it";
    Finding::error(why.reason(), "exporter", why.to_string()).with_help(help)
}

/// National and cumulative content may print alike: the basis the figures were met on is kept beside the percentage,
/// where the applicant named none.
fn with_basis(particulars: &mut Particulars, judged: &[ItemOrigin]) {
    for item in &mut particulars.goods.items {
        let Some(criterion) = &mut item.criterion else { continue };
        let supports = judged.iter().find(|one| one.item == item.number).and_then(|one| one.supports.as_ref());
        if let (Some(percentage), Some(support)) = (&mut criterion.percentage, supports)
            && support.criterion == criterion.code
        {
            percentage.basis.get_or_insert(support.basis);
        }
    }
}
