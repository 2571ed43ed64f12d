//! Approval and issue: what is shown to the signatory is what is signed, and the application is issued in the same
//! durable commit as its certificate.

use super::{
    Applications, Body, JudgedOrigin,
    keep::{self, Change, Kept, Request},
};
use crate::{
    certificate::{CertificateNumber, Findings, Particulars, Sha256, Signatory, SigningRole, Text},
    office::{
        Action, Actor, Application, ApplicationId, ApplicationRefused, AuditEvent, By, Caller, Deed, Examined,
        IssuedAs, WhyLeft,
    },
    reason::{Class, Reasoned as _},
    sequencer::{self, Beside, Consent, Issue, Numbering, Outcome, RequestKey, SequencerError, Task, Work},
    workflow::{Accounts, Drawn, WorkflowError, carry::blocking, request::own_request},
};
use sha2::{Digest as _, Sha256 as Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// What a signatory is about to sign.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The application.
    pub application: Application,
    /// The certificate as it will be signed, as JSON; its number is null where it is drawn at issue.
    pub certificate_json: String,
    /// SHA-256 of that: the signatory approves it.
    pub shown: Sha256,
    /// What the rules say today.
    pub findings: Findings,
    /// How the goods were made, as it was declared; empty where it was not.
    pub production_json: Vec<u8>,
    /// What the rules of origin make of that today.
    pub origin: Option<JudgedOrigin>,
}

/// A certificate that was issued for an application.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The application.
    pub application: Application,
    /// The certificate.
    pub certificate: IssuedAs,
}

impl Applications {
    /// What would be signed now, by the caller.
    pub fn preview(
        &self,
        caller: &Caller,
        id: ApplicationId,
        number: Option<CertificateNumber>,
    ) -> Result<Preview, WorkflowError> {
        let kept = self.on_desk(caller, id, Action::SignCertificate)?;
        Deed::Sign.at(kept.application.stage.name())?;
        let (issue, findings) = self.would_issue(&kept.application, signatory_name(caller)?, number)?;
        let (certificate_json, shown) = shown(&issue)?;
        let paper = keep::paper(self.store(), id)?;
        let origin = self.judged_origin(&kept.application, &paper);
        let (application, production_json) = (kept.application, paper.production_json);
        Ok(Preview { application, certificate_json, shown, findings, production_json, origin })
    }

    /// Approves what was shown, and has it issued. The approval is durable before the certificate is: after a crash in
    /// between the application stands as approved, and the same call, or another signatory's, goes on from there.
    pub async fn sign(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        seen: Sha256,
        number: Option<CertificateNumber>,
    ) -> Result<Signed, WorkflowError> {
        Accounts::allow(caller, Action::SignCertificate)?;
        let body = Body::of("sign").part(id.bytes()).part(seen.0).part(number.as_ref().map_or("", |one| one.as_str()));
        let request = self.request(caller, request_id, body)?;
        let (own, by) = (self.clone(), caller.clone());
        let approved = blocking(move || own.approve(&by, request, id, seen, number)).await??;
        match approved {
            Approved::Issued(signed) => Ok(*signed),
            Approved::Work(kept, work, became) => {
                let outcome = self.desk.sequencer().submit(*work).await;
                let own = self.clone();
                blocking(move || own.settle(*kept, &became, outcome)).await?
            }
        }
    }

    pub(super) fn approve(
        &self,
        caller: &Caller,
        request: Request,
        id: ApplicationId,
        seen: Sha256,
        number: Option<CertificateNumber>,
    ) -> Result<Approved, WorkflowError> {
        let again = keep::answered(self.store(), &request)?.is_some();
        let kept = self.on_desk(caller, id, Action::SignCertificate)?;
        if let (true, Some(certificate)) = (again, kept.application.stage.certificate()) {
            let certificate = certificate.clone();
            return Ok(Approved::Issued(Box::new(Signed { application: kept.application, certificate })));
        }
        Deed::Sign.at(kept.application.stage.name())?;
        if let (Some(Examined::ByMachine(policy)), Some(policies)) =
            (kept.application.stage.examined().map(|one| &one.examined), &self.policies)
        {
            policies.other_person(policy, caller)?;
        }
        let name = signatory_name(caller)?;
        let (issue, _) = self.would_issue(&kept.application, name.clone(), number)?;
        if shown(&issue)?.1 != seen {
            return Err(ApplicationRefused::ShownDiffers("signed").into());
        }
        let standing = kept.application.stage.approval().filter(|approval| approval.shown == seen);
        if standing.is_some_and(|approval| approval.signatory.account == *caller.id()) {
            // Approved before, by the same person and of the same: the node ended before the certificate.
            let (work, became) = self.work(&kept, issue);
            return Ok(Approved::Work(Box::new(kept), Box::new(work), became));
        }
        let by = By::caller(caller, &kept.application.subject.office, self.desk.now());
        let after = kept.application.clone().approve(seen, name, &by)?;
        let requests = if again { Vec::new() } else { vec![request] };
        let change = Change { before: Some(kept), after, paper: None };
        let audit = super::audit_row(caller, &change);
        let changes = std::slice::from_ref(&change);
        keep::commit(self.store(), self.now_ms(), &requests, changes, vec![audit], Drawn::default())?;
        let record = keep::record_of(&change.after)?;
        let kept = Kept { application: change.after, record };
        let (work, became) = self.work(&kept, issue);
        Ok(Approved::Work(Box::new(kept), Box::new(work), became))
    }

    /// What would be issued for it today, signed by a person of that name.
    pub(super) fn would_issue(
        &self,
        application: &Application,
        name: Text<256>,
        number: Option<CertificateNumber>,
    ) -> Result<(Issue, Findings), WorkflowError> {
        let paper = keep::paper(self.store(), application.id)?;
        let submission = application.stage.submission();
        let declaration = &submission.ok_or_else(|| application.moved())?.declaration;
        let signatory = Signatory { role: SigningRole::IssuingAuthority, name, title: None, body: None };
        self.to_issue(application, &paper, declaration, signatory, number)
    }

    /// Whether what is issued for it waits for the consent of the exporter itself, whatever its particulars say.
    fn waits_for_exporter(&self, application: &Application) -> Result<bool, WorkflowError> {
        let carried = application.mandate.as_ref();
        carried.map_or(Ok(false), |carried| self.exporters.holds(&application.exporter, &carried.mandate))
    }

    /// The writer's work for an approved application: the certificate, and the application issued with it.
    pub(super) fn work(&self, approved: &Kept, mut issue: Issue) -> (Work, Became) {
        let application = &approved.application;
        let expected = keep::expected(approved);
        let (before, own, became) = (approved.clone(), self.clone(), Became::default());
        let noted = Arc::clone(&became);
        let changes = move |outcome: &Outcome| {
            let certificate = issued_as(outcome, own.now_ms());
            let after = before.application.clone().issued(certificate, own.desk.now());
            let after = after.map_err(|e| e.to_string())?;
            let change = Change { before: Some(before.clone()), after, paper: None };
            let (_, mut state) = keep::state(&change).map_err(|e| e.to_string())?;
            // Asked here, where every approval passes: what is submitted and approved by machine in one commit carries
            // its mandate only from then on.
            if own.waits_for_exporter(&before.application).map_err(|e| e.to_string())? {
                state.push(sequencer::hold(&outcome.entry, Consent::Exporter));
            }
            // A plan that is made again says it again: what is committed was said last.
            *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(change.after);
            Ok(state)
        };
        let beside = Beside {
            application: Some(application.id),
            expected: vec![expected],
            changes: Some(Arc::new(changes)),
            ..Beside::default()
        };
        let beside = std::mem::take(&mut issue.beside).and(beside);
        // One approval is one request: whoever asks again for the same one gets the same certificate.
        let at_ms = application.stage.approval().map_or(0, |approval| approval.at_ms);
        let digest = Hasher::digest(&approved.record).into();
        let id = own_request(at_ms, &digest);
        let request = RequestKey { account: application.id.to_string(), id };
        // The one who approved is the one who signs, whoever asks for the certificate a second time.
        let by = application.stage.approval().map(|approval| {
            let signatory = &approval.signatory;
            AuditEvent {
                by: signatory.account.to_string(),
                in_place_of: signatory.in_place_of.as_ref().map(|(absent, _)| absent.to_string()),
                ..AuditEvent::named(Actor::Node, Action::SignCertificate.name())
            }
            .with_detail(match &approval.released_under {
                Some(policy) => format!("{} released under {policy}", application.id),
                None => application.id.to_string(),
            })
        });
        let task = Task::Issue(Box::new(Issue { beside, ..issue }));
        (Work { request, digest, task, by }, became)
    }

    /// What became of an approved application when the writer answered.
    pub(super) fn settle(
        &self,
        approved: Kept,
        became: &Became,
        outcome: Result<Outcome, SequencerError>,
    ) -> Result<Signed, WorkflowError> {
        let id = approved.application.id;
        let released_under = approved.application.stage.approval().and_then(|one| one.released_under.clone());
        match outcome {
            Ok(outcome) => {
                let jti = outcome.jti.to_string();
                let is_it = |one: &Application| one.stage.certificate().is_some_and(|one| one.jti == jti);
                let noted = became.lock().unwrap_or_else(PoisonError::into_inner).take().filter(is_it);
                let application = match noted {
                    Some(application) => application,
                    None => keep::find(self.store(), id)?.application,
                };
                let certificate = application.stage.certificate().cloned();
                let certificate = certificate.unwrap_or_else(|| issued_as(&outcome, self.now_ms()));
                Ok(Signed { application, certificate })
            }
            // The moment is at fault, and nobody knows what was done: it stays approved until somebody asks again.
            // What a policy released is judged again on the new day, by machine.
            Err(error)
                if matches!(error, SequencerError::RecordMoved)
                    || error.class() == Class::Retry
                        && (released_under.is_some() || !matches!(error, SequencerError::DateMoved(_))) =>
            {
                let now = keep::find(self.store(), id).ok().map(|kept| kept.application);
                let moved = now.filter(|now| now.stage.approval() != approved.application.stage.approval());
                Err(match (moved, error) {
                    // Another approved it anew or sent it back meanwhile: to ask again leads nowhere.
                    (Some(now), _) => now.moved().into(),
                    // A certificate for the approval before this one is under way still, and fails.
                    (None, SequencerError::RecordMoved) => {
                        SequencerError::Unavailable("what another signed is still under way".to_owned()).into()
                    }
                    (None, error) => error.into(),
                })
            }
            Err(error) => {
                let (why, now) = (Text::typed(&error.to_string()).ok(), self.desk.now());
                let mut after = approved.application.clone().fall_back(why, now)?;
                if let Some(policy) = released_under {
                    let why = WhyLeft::Failed(format!("{error} [{}]", error.reason()));
                    after = after.left_to_officers(&policy, &why, now);
                }
                let change = Change { before: Some(approved), after, paper: None };
                let changes = std::slice::from_ref(&change);
                keep::commit(self.store(), self.now_ms(), &[], changes, Vec::new(), Drawn::default())?;
                match error {
                    SequencerError::DateMoved(_) => Err(ApplicationRefused::ShownDiffers("signed").into()),
                    error => Err(error.into()),
                }
            }
        }
    }
}

/// What follows an approval.
pub(super) enum Approved {
    Issued(Box<Signed>),
    Work(Box<Kept>, Box<Work>, Became),
}

/// The application as it is with its certificate, noted when the writer planned that.
pub(super) type Became = Arc<Mutex<Option<Application>>>;

fn issued_as(outcome: &Outcome, at_ms: u64) -> IssuedAs {
    IssuedAs {
        number: outcome.number.clone().unwrap_or_default(),
        jti: outcome.jti.to_string(),
        log: outcome.entry.origin.to_string(),
        index: outcome.entry.index,
        at_ms,
    }
}

/// The certificate as it will be signed, less the number where that is drawn at issue; and its hash.
pub(super) fn shown(issue: &Issue) -> Result<(String, Sha256), WorkflowError> {
    let unreadable = |e: &dyn std::fmt::Display| WorkflowError::Record(format!("what is to be signed: {e}"));
    let (number, drawn) = match &issue.numbering {
        Numbering::Brought(number) | Numbering::Reserved(number) => (number.clone(), false),
        Numbering::Series(_) => ("0".parse::<CertificateNumber>().map_err(|e| unreadable(&e))?, true),
    };
    let certificate = issue.particulars.clone().finish(issue.ruling.clone().numbered(number));
    let mut value = serde_json::to_value(&certificate).map_err(|e| unreadable(&e))?;
    if let Some(number) = value.pointer_mut("/reference/number").filter(|_| drawn) {
        *number = serde_json::Value::Null;
    }
    let text = value.to_string();
    let hash = Sha256(Hasher::digest(text.as_bytes()).into());
    Ok((text, hash))
}

pub(super) fn signatory_name(caller: &Caller) -> Result<Text<256>, WorkflowError> {
    Text::typed(&caller.account().name).map_err(|e| WorkflowError::Record(format!("the account's name: {e}")))
}

/// Who issues signs, unless the file names who does.
pub(in crate::workflow) fn signed_by(caller: &Caller, particulars: &mut Particulars) -> Result<(), WorkflowError> {
    if particulars.reference.signatories.is_empty() {
        let name = signatory_name(caller)?;
        let signatory = Signatory { role: SigningRole::IssuingAuthority, name, title: None, body: None };
        particulars.reference.signatories = vec![signatory];
    }
    Ok(())
}
