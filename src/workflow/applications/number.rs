//! Certificate numbers asked for in advance: the export declaration names the number before there is a certificate.

use super::{
    Applications, Body,
    file::View,
    keep::{self, Change, Request},
};
use crate::{
    certificate::{CertificateNumber, Particulars, Text},
    office::{Action, Actor, Application, ApplicationId, ApplicationRefused, AuditEvent, By, Caller, Deed},
    sequencer::{Beside, Reservation, Reserved, SequencerError, Task, Which, Work},
    store::Table,
    workflow::{
        Accounts, WorkflowError,
        carry::{blocking, on_its_day},
        changes::of_deed,
    },
};
use std::sync::Arc;

/// Numbers that the applications of one exporter may hold at once: each is one of the office's series for ever.
const MOST_HELD: usize = 200;

impl Applications {
    /// Gives an application its certificate number in advance. The certificate will bear exactly this number, or none
    /// will. Dropping the future changes nothing, and the same request has the same answer.
    pub async fn reserve_number(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
    ) -> Result<View, WorkflowError> {
        Accounts::allow(caller, Action::ReserveNumber)?;
        let request = self.request(caller, request_id, Body::of("reserve number").part(id.bytes()))?;
        let given = on_its_day(|| async {
            let (own, by, request) = (self.clone(), caller.clone(), request.clone());
            if let Some(work) = blocking(move || own.reservation(&by, request, id)).await?? {
                self.desk.sequencer().reserve(work).await?;
            }
            Ok(())
        })
        .await;
        let own = self.clone();
        let now = move || own.view(keep::find(own.store(), id)?.application);
        match given {
            Ok(()) => blocking(now).await?,
            Err(WorkflowError::Sequencer(SequencerError::RecordMoved)) => {
                Err(blocking(now).await??.application.moved().into())
            }
            Err(error) => Err(error),
        }
    }

    /// What the writer has to do for it; nothing where it was done before.
    fn reservation(&self, caller: &Caller, request: Request, id: ApplicationId) -> Result<Option<Work>, WorkflowError> {
        let kept = self.seen(caller, id)?;
        if keep::done_before(self.store(), &request)? {
            return Ok(None);
        }
        kept.application.takes_number()?;
        self.may_hold_more(&kept.application)?;
        let read = keep::paper(self.store(), id)?.read();
        let mut findings = read.findings;
        let Some(particulars) = read.particulars else { return Err(WorkflowError::RulesRefuse(findings)) };
        let particulars = self.at_its_office(&kept.application, particulars);
        let office = self.desk.office(&particulars, &mut findings)?;
        if findings.has_errors() {
            return Err(WorkflowError::RulesRefuse(findings));
        }
        let day = office.date_at(self.desk.now());
        let draw = self.desk.draw_in_advance(&office, &particulars, day)?;
        let registration = registration(&particulars);
        let by = By::caller(caller, &kept.application.subject.office, self.desk.now());
        // What it is then is known but for the number.
        let (expected, _) =
            keep::state(&Change { before: Some(kept.clone()), after: kept.application.clone(), paper: None })?;
        let feed = vec![of_deed(&kept.application, Deed::ReserveNumber)?];
        let changes = move |reserved: &Reserved| {
            let number = reserved.number.parse::<CertificateNumber>().map_err(|e| format!("{e}"))?;
            let after = kept.application.clone().reserve_number(number, registration.clone(), &by);
            let change = Change { before: Some(kept.clone()), after: after.map_err(|e| e.to_string())?, paper: None };
            keep::state(&change).map(|(_, state)| state).map_err(|e| e.to_string())
        };
        let beside: Beside<Reserved> =
            Beside { expected: vec![expected], changes: Some(Arc::new(changes)), feed, ..Beside::default() };
        let zone = office.time_zone.clone();
        let task = Task::Reserve(Box::new(Reservation { day, zone, draw, which: Which::Next(1), beside }));
        let audit = AuditEvent::named(Actor::Caller(caller), "application_reserve_number").on(id);
        Ok(Some(Work { request: request.key, digest: request.digest, task, by: Some(audit) }))
    }

    fn may_hold_more(&self, application: &Application) -> Result<(), WorkflowError> {
        let prefix = keep::held_prefix(&application.exporter);
        let held = self.store().records_under(Table::Number, &prefix, MOST_HELD)?.len();
        if held < MOST_HELD { Ok(()) } else { Err(ApplicationRefused::TooManyNumbers(held).into()) }
    }

    /// Voids the number that an application was given in advance, by a signatory's word.
    pub fn void_number(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        why: Text<1024>,
    ) -> Result<View, WorkflowError> {
        let body = Body::of("void number").part(why.as_str());
        let void = |application: Application, by: &_| application.void_number(why, by);
        self.act(caller, request_id, id, Deed::VoidNumber, body, void)
    }

    /// Whether what is asked for now can bear the number that the application holds.
    pub(super) fn bears(application: &Application, particulars: &Particulars) -> Result<(), WorkflowError> {
        let registration = registration(particulars);
        let Particulars { agreement, to, .. } = particulars;
        Ok(application.bears_number(agreement, *to, registration.as_deref())?)
    }
}

/// The exporter's registration, which a series may have in its numbers.
fn registration(particulars: &Particulars) -> Option<String> {
    particulars.exporter.registration.as_ref().map(|one| one.number.to_string())
}
