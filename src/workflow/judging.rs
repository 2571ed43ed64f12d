//! What a row says, judged by the rules of the day at its office, before anything is signed.

use super::{Desk, WorkflowError, applications::signed_by, releasing::held_from};
use crate::{
    certificate::{Asked, Finding, Findings, Particulars},
    office::{Caller, Office},
    sequencer::Issue,
    time::Date,
    trust::Freshness,
};

impl Desk {
    /// Applies the rules for today at the office.
    pub(super) fn judge(&self, caller: &Caller, certificate_json: &[u8]) -> Result<(Issue, Findings), WorkflowError> {
        let reading = Particulars::read_json(certificate_json);
        let mut findings = reading.findings;
        let Some(mut particulars) = reading.particulars else {
            let rules = |office: &Office, particulars: Particulars, mut said: Findings| {
                // Where the file's office is not known, the rules are asked about it at another.
                if office.code == particulars.reference.office.code {
                    self.signed_as(caller, office, &particulars, &mut said);
                }
                self.applied_for(caller, &particulars, &mut said)?;
                self.rule(office, particulars, said)
            };
            return Err(self.unread(caller, certificate_json, findings, rules));
        };
        signed_by(caller, &mut particulars)?;
        findings.extend(self.stale_list());
        let office = &self.office(&particulars, &mut findings)?;
        if !caller.acts_for(&office.code) {
            return Err(WorkflowError::NotYourOffice(office.code.to_string()));
        }
        self.signed_as(caller, office, &particulars, &mut findings);
        self.disinterested(caller, &particulars, &mut findings)?;
        self.applied_for(caller, &particulars, &mut findings)?;
        self.rule(office, particulars, findings)
    }

    /// Whoever issues by a list that has run out hears it: nobody can rely on what is issued until the next is here.
    pub(super) fn stale_list(&self) -> Findings {
        match self.trust().freshness(self.now()) {
            Freshness::Current => Findings::default(),
            Freshness::Stale { since } => {
                let message = format!("the node's trust list has run out: the next was due {since}");
                let help = "what is issued now verifies as TRUST_STALE until the operator installs the next list";
                Findings(vec![Finding::warning("TRUST_STALE", "", message).with_help(help)])
            }
        }
    }

    /// Applies the rules for today to what was read, and rests on no other certificate that was not proven; `findings`
    /// are those of the reading.
    pub(super) fn rule(
        &self,
        office: &Office,
        particulars: Particulars,
        mut findings: Findings,
    ) -> Result<(Issue, Findings), WorkflowError> {
        self.unproven(&particulars, &mut findings);
        self.rule_proven(office, particulars, findings)
    }

    /// The same for what rests on certificates that were proven.
    pub(super) fn rule_proven(
        &self,
        office: &Office,
        particulars: Particulars,
        findings: Findings,
    ) -> Result<(Issue, Findings), WorkflowError> {
        self.rule_on(office, particulars, findings, office.date_at(self.now()))
    }

    /// The same for what is issued on a day. Every way to issue comes by here: what stands in a box of the form says which.
    pub(super) fn rule_on(
        &self,
        office: &Office,
        particulars: Particulars,
        mut findings: Findings,
        day: Date,
    ) -> Result<(Issue, Findings), WorkflowError> {
        let Some(agreement) = self.agreements().get(&particulars.agreement) else {
            let message = format!("`{}` is not installed", particulars.agreement);
            let help = format!("installed here: {}", self.codes_of_agreements());
            findings.push(Finding::error("AGREEMENT_UNKNOWN", "agreement", message).with_help(help));
            self.lists().check_without_rules(&particulars, day, &mut findings);
            return Err(WorkflowError::RulesRefuse(findings));
        };
        let lists = self.lists();
        let judgement = agreement.judge(&particulars, day, lists.holidays());
        findings.extend(judgement.findings);
        agreement.check_codes(&particulars, day, &lists, &mut findings);
        self.by_corridor(&particulars, day, &mut findings);
        let ruling = judgement.ruling.filter(|_| !findings.has_errors());
        let edition = match ruling.as_ref().map(|ruling| &ruling.edition).or(particulars.edition.as_ref()) {
            Some(code) => agreement.edition(code),
            None => agreement.edition_on(day),
        };
        // What is to be said of the number is said with the rest. Another office numbers otherwise.
        let numbering = match edition.filter(|_| office.code == particulars.reference.office.code) {
            Some(edition) => self.numbering(edition, office, &particulars, day, &mut findings)?,
            None => None,
        };
        agreement.name_boxes(&mut findings, &Asked::of(&particulars), day);
        let ruled = ruling.zip(numbering).filter(|_| !findings.has_errors());
        let Some((ruling, numbering)) = ruled else { return Err(WorkflowError::RulesRefuse(findings)) };
        let addressee = self.addressee(particulars.to);
        let (zone, beside) = (office.time_zone.clone(), held_from(&particulars));
        Ok((Issue { particulars, ruling, zone, addressee, numbering, bears: None, beside }, findings))
    }

    /// The office that is to issue, if it is one of the authority's.
    pub(super) fn office(&self, particulars: &Particulars, findings: &mut Findings) -> Result<Office, WorkflowError> {
        let code = &particulars.reference.office.code;
        let Some(record) = self.offices().find(code) else {
            let message = format!("`{code}` is not an office of this authority");
            let help = format!("its offices: {}", self.codes_of_open_offices());
            findings.push(Finding::error("OFFICE_UNKNOWN", "reference.office.code", message).with_help(help));
            return Err(self.refuse(particulars, std::mem::take(findings)));
        };
        let office = record.office.clone();
        if record.is_closed() {
            let message = format!("office {code} is closed, and issues nothing any more");
            findings.push(Finding::error("OFFICE_CLOSED", "reference.office.code", message));
        }
        if !office.issues_under(&particulars.agreement) {
            let message = format!("office {code} does not issue under {}", particulars.agreement);
            findings.push(Finding::error("OFFICE_AGREEMENT", "agreement", message));
        }
        let (own, from) = (self.setup().country, particulars.from);
        if from != own {
            let message = format!("an authority of {own} certifies no goods exported from {from}");
            findings.push(Finding::error("NOT_OUR_COUNTRY", "from", message));
        }
        Ok(office)
    }
}
