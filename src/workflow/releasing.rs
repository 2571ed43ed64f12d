//! Consent to transmission: a certificate that is issued and held is sent to the importing country when its holder says so.

use super::{CertificateName, Desk, WorkflowError, desk::Prepared, record};
use crate::{
    certificate::{ApplicationFacts, Findings, Particulars},
    office::{Action, Actor, AuditEvent, Caller},
    sequencer::{self, Beside, Consent, Nudge, Outcome, Task, Work, answered},
    store::EntryRef,
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

impl Desk {
    /// Lets a certificate be sent that was held; its addressee is told that there is news.
    pub async fn release(
        &self,
        caller: &Caller,
        request_id: &str,
        certificate: CertificateName,
    ) -> Result<Outcome, WorkflowError> {
        let holder = Some(Action::ReleaseCertificate);
        let action = self.may_for_holder(caller, &certificate, Action::ChangeStatus, holder)?;
        let request = self.request(caller, request_id)?;
        let by = AuditEvent::of(Actor::Caller(caller), action);
        // Who acts for no exporter of its own, and is no officer, is an agent.
        let agent = action == Action::ReleaseCertificate && caller.account().exporter.is_none();
        let prepare = move |desk: &Self| {
            let store = desk.store().as_ref();
            let target = record::find(store, &certificate)?;
            let place = format!("{} {}", target.origin, target.index);
            let digest = Sha256::new_with_prefix(b"release\0").chain_update(&place).finalize().into();
            if let Some(before) = answered(store, &request, digest)? {
                return Ok(Prepared::Done(before?));
            }
            let held = sequencer::held(store, &target)?.ok_or(WorkflowError::NotHeld)?;
            if agent && Consent::of(&held) == Consent::Exporter {
                return Err(WorkflowError::ExporterConsents);
            }
            let release = sequencer::release(&target);
            let changes = move |_: &Outcome| Ok(vec![release.clone()]);
            let beside = Beside { expected: vec![held], changes: Some(Arc::new(changes)), ..Beside::default() };
            let task = Task::Nudge(Box::new(Nudge { origin: target.origin, beside, rests: false }));
            let by = Some(by.clone().with_detail(format!("released {place}")));
            let work = Work { request: request.clone(), digest, task, by };
            Ok(Prepared::Work(Box::new(work), Findings::default()))
        };
        self.carry_out(prepare).await.map(|done| done.outcome)
    }

    /// Has what takes up a certificate that is held be held too.
    pub(super) fn hold_like(&self, original: &EntryRef, particulars: &mut Particulars) -> Result<(), WorkflowError> {
        if sequencer::is_held(self.store().as_ref(), original)? {
            let none = ApplicationFacts { received_on: None, retrospective_reason: None, hold: false };
            particulars.application.get_or_insert(none).hold = true;
        }
        Ok(())
    }
}

/// What changes with a certificate that is to be held.
pub(super) fn held_from(particulars: &Particulars) -> Beside {
    if !particulars.application.as_ref().is_some_and(|facts| facts.hold) {
        return Beside::default();
    }
    let changes = |outcome: &Outcome| Ok(vec![sequencer::hold(&outcome.entry, Consent::Holder)]);
    Beside { changes: Some(Arc::new(changes)), ..Beside::default() }
}
