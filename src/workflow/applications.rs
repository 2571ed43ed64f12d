//! Applications: filed, checked, examined, signed, issued.
//!
//! A verb asks, in this order: may the role (the table of actions), is it the caller's to see, is it the stage for it
//! (the table of states), what do the rules say. What it changes is one durable commit, with the answer to its request;
//! a certificate is issued in one commit with the stage of its application.

mod check;
mod differences;
mod examine;
mod fee;
mod file;
mod import;
mod keep;
mod machine;
mod moving;
mod number;
mod numbers;
mod origin;
mod paper;
mod queue;
mod referral;
mod risk;
mod sign;
mod standing;
mod twice;

pub use check::Checked;
pub use differences::Differences;
pub(super) use file::listed_for;
pub use file::{FiledPage, View};
pub use import::{ImportRow, Imported};
pub(super) use keep::erased;
pub use moving::MovedQueue;
pub use numbers::{NumberRow, NumberStanding, NumbersPage};
pub use origin::JudgedOrigin;
pub use paper::Paper;
pub use queue::{JudgedNow, QueueAsked, QueuePage, QueueRow};
pub use referral::{Found, Referring};
pub use risk::{Risk, RiskPoint};
pub(super) use sign::signed_by;
pub use sign::{Preview, Signed};
pub(super) use twice::{Reader, twice};

use super::{Accounts, Desk, Drawn, Exporters, Policies, WorkflowError};
use crate::{
    certificate::{AgreementCode, OfficeCode},
    office::{AccountId, Action, Actor, Application, ApplicationId, AuditEvent, Caller, Carried, Filing, Subject},
    sequencer::RequestKey,
    store::{Expected, Store},
    time::{Date, Random, unix_ms},
};
use keep::{Change, Kept, Request};
use sha2::{Digest as _, Sha256};
use standing::Standing;
use std::sync::Arc;

/// An application as it stands, whoever may see it.
pub(super) fn kept(store: &dyn Store, id: ApplicationId) -> Result<Application, WorkflowError> {
    Ok(keep::find(store, id)?.application)
}

/// Applications on a page at most.
const PAGE_MAX: usize = 500;
/// Applications on a page where none are asked for.
const PAGE_USUAL: usize = 50;

/// How often a mandate is drawn on anew because others drew on it in the same moment. Each time one of them got on, so
/// that this is never reached but by a caller that files the same way many times at once.
const DRAWN_ANEW: usize = 200;

/// The applications of one authority. Cheap to clone.
#[derive(Clone)]
pub struct Applications {
    desk: Desk,
    exporters: Exporters,
    random: Arc<dyn Random>,
    policies: Option<Policies>,
    standing: Standing,
}

impl Applications {
    /// Those of the desk's authority.
    #[must_use]
    pub fn new(desk: Desk, exporters: Exporters, random: Arc<dyn Random>) -> Self {
        Self { desk, exporters, random, policies: None, standing: Standing::default() }
    }

    /// The same under the authority's policy of examination by machine; without one everything goes to officers.
    #[must_use]
    pub fn under(self, policies: Policies) -> Self {
        Self { policies: Some(policies), ..self }
    }

    fn store(&self) -> &dyn Store {
        self.desk.store().as_ref()
    }

    fn now_ms(&self) -> u64 {
        unix_ms(self.desk.now())
    }

    /// The caller's request, with the digest of what it asks.
    fn request(&self, caller: &Caller, request_id: &str, body: Body) -> Result<Request, WorkflowError> {
        let RequestKey { account, id } = self.desk.request(caller, request_id)?;
        Ok(Request { key: RequestKey { account, id }, digest: body.0.finalize().into() })
    }

    /// One application as it stands, if it is the caller's to see: of its own exporter, or at an office it acts for.
    fn seen(&self, caller: &Caller, id: ApplicationId) -> Result<Kept, WorkflowError> {
        let kept = keep::find(self.store(), id)?;
        let application = &kept.application;
        let own = caller.may(Action::ReadOwn) && application.is_of(caller.id(), caller.account().exporter.as_ref());
        let office = caller.may(Action::ReadQueue) && caller.acts_for(&application.subject.office);
        if own || office { Ok(kept) } else { Err(WorkflowError::ApplicationUnknown(id.to_string())) }
    }

    /// One application that an officer is about to act on. Who may act on it need not be let in to read it: the token
    /// of a treasury opens nothing else.
    fn on_desk(&self, caller: &Caller, id: ApplicationId, action: Action) -> Result<Kept, WorkflowError> {
        Accounts::allow(caller, action)?;
        let kept = keep::find(self.store(), id)?;
        let office = &kept.application.subject.office;
        if caller.acts_for(office) {
            return Ok(kept);
        }
        // Whether there is one at another office is told to who filed it alone.
        self.seen(caller, id)?;
        Err(WorkflowError::NotYourOffice(office.to_string()))
    }

    /// Makes one change durable.
    fn commit(&self, caller: &Caller, request: Request, change: Change) -> Result<View, WorkflowError> {
        let audit = audit_row(caller, &change);
        let changes = std::slice::from_ref(&change);
        keep::commit(self.store(), self.now_ms(), &[request], changes, vec![audit], Drawn::default())?;
        // Whatever brought it to be submitted, the machine looks at it once.
        if change.after.is_untouched() && self.policy().is_some() {
            self.standing.call(change.after.id);
        }
        self.view(change.after)
    }

    /// The same of what is filed for its exporter: a mandate is drawn on in the same commit. `before` is what was
    /// carried of the same application, and `rests_on` what the machine relied on.
    fn commit_filed(
        &self,
        caller: &Caller,
        request: &Request,
        change: Change,
        (filing, before): (&Filing<'_>, Option<&Carried>),
        rests_on: &[Expected],
    ) -> Result<View, WorkflowError> {
        let Change { before: kept, after, paper } = change;
        for _ in 0..DRAWN_ANEW {
            let mut drawing = self.drawing(caller);
            let carried = match drawing.draw(&after.exporter, filing, before) {
                Ok(carried) => carried,
                // It may be refused because the same request was filed by another way in the same moment.
                Err(refused) => return self.again(request)?.ok_or(refused),
            };
            let change = Change { before: kept.clone(), after: after.clone().carried(carried), paper: paper.clone() };
            let (audit, changes) = (audit_rows(caller, &change), std::slice::from_ref(&change));
            let requests = std::slice::from_ref(request);
            let mut drawn = drawing.drawn()?;
            drawn.expected.extend_from_slice(rests_on);
            match keep::commit(self.store(), self.now_ms(), requests, changes, audit, drawn) {
                Ok(()) => return self.view(change.after),
                Err(error) if keep::drawn_on(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(keep::crowded())
    }

    /// The civil date at an office, by which mandates begin and end.
    fn day_at(&self, office: &OfficeCode) -> Date {
        self.desk.day_somewhere(Some(office))
    }

    /// By what right the caller files; values are counted by the rates of the day.
    fn drawing<'a>(&'a self, caller: &'a Caller) -> super::Drawing<'a> {
        self.exporters.drawing(caller).by_rates(self.desk.lists())
    }

    /// What is filed, as mandates ask of it.
    fn filing<'a>(&self, subject: &'a Subject, value: Option<&'a crate::office::Amount>) -> Filing<'a> {
        self.filing_at(&subject.agreement, &subject.office, value)
    }

    fn filing_at<'a>(
        &self,
        agreement: &'a AgreementCode,
        office: &'a OfficeCode,
        value: Option<&'a crate::office::Amount>,
    ) -> Filing<'a> {
        Filing { agreement, office, day: self.day_at(office), value }
    }

    fn view(&self, application: crate::office::Application) -> Result<View, WorkflowError> {
        let paper = keep::paper(self.store(), application.id)?;
        Ok(View { application, paper })
    }

    /// The answer of an earlier request, as the application stands now.
    fn again(&self, request: &Request) -> Result<Option<View>, WorkflowError> {
        let Some(id) = keep::answered(self.store(), request)? else { return Ok(None) };
        self.view(keep::find(self.store(), id)?.application).map(Some)
    }
}

/// An application as it stands.
pub(super) fn application(store: &dyn Store, id: ApplicationId) -> Result<crate::office::Application, WorkflowError> {
    keep::find(store, id).map(|kept| kept.application)
}

/// What makes two requests the same: the verb and its parts, each with its length, so that no two bodies read alike.
struct Body(Sha256);

impl Body {
    fn of(verb: &str) -> Self {
        Self(Sha256::new_with_prefix(b"application\0")).part(verb)
    }

    fn part(mut self, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        self.0.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(part);
        self
    }

    fn paper(self, paper: &Paper) -> Self {
        self.part(&paper.certificate_json).part(&paper.production_json)
    }
}

/// A row of the audit trail: who did what to which application, and nothing of what it says.
fn audit_row(caller: &Caller, change: &Change) -> Vec<u8> {
    // What a policy did behind it in the same commit has rows of its own.
    let own = change.after.history.iter().rev().find(|event| event.account.as_ref() == Some(caller.id()));
    let own = own.or_else(|| change.after.last());
    let deed = own.map_or("change", |event| event.deed.name());
    let mut event = AuditEvent::named(Actor::Caller(caller), &format!("application_{deed}"));
    let hand = caller.hand(&change.after.subject.office);
    event.in_place_of = hand.in_place_of.map(|(absent, _)| absent.to_string());
    let stage = own.map_or_else(|| change.after.stage.name(), |event| event.stage);
    let before = change.before.as_ref().and_then(|kept| kept.application.mandate.as_ref());
    let detail = match change.after.mandate.as_ref().filter(|carried| Some(*carried) != before) {
        Some(carried) => format!("{stage} on {}", carried.mandate),
        None => stage.to_string(),
    };
    event.on(change.after.id).with_detail(detail).to_row()
}

/// The same with the rows of what a policy did behind it.
fn audit_rows(caller: &Caller, change: &Change) -> Vec<Vec<u8>> {
    let mut rows = vec![audit_row(caller, change)];
    rows.extend(policy_rows(change, Some(caller.id())));
    rows
}

/// What was done in a change by no caller: by a policy, or in the name of the signatory whose signature it released.
fn policy_rows<'a>(change: &'a Change, caller: Option<&'a AccountId>) -> impl Iterator<Item = Vec<u8>> + 'a {
    let before = change.before.as_ref().map_or(0, |kept| kept.application.history.len());
    let new = change.after.history.iter().skip(before);
    new.filter(move |event| caller.is_none() || event.account.as_ref() != caller).map(|event| {
        let named = AuditEvent::named(Actor::Node, &format!("application_{}", event.deed));
        let by = event.account.as_ref().map_or_else(|| named.by.clone(), ToString::to_string);
        let said = event.note.as_ref().map_or_else(|| format!("under {}", event.name), ToString::to_string);
        AuditEvent { by, ..named }.on(change.after.id).with_detail(format!("{}, {said}", event.stage)).to_row()
    })
}

fn page_size(asked: usize) -> usize {
    if asked == 0 { PAGE_USUAL } else { asked.min(PAGE_MAX) }
}

#[cfg(test)]
mod tests;
