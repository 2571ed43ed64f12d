//! Cancelling at the holder's wish, while the certificate is unused: asked for, and effective when customs of the
//! importing country agreed, when the days they have to object are over, or at once where the agreement's data say so or
//! customs have no node.
//!
//! Whether it was used, this authority knows of what rests on the certificate here (`drawing`), by what customs abroad
//! responded, and otherwise by the word of the one who asks, which is kept.

use super::{
    Accounts, CertificateName, CertificateRecord, Desk, WorkflowError,
    carry::blocking,
    desk::{Prepared, digest_of_change},
    pending, record,
    request::own_request,
};
use crate::{
    agreement::{Known, Objection},
    certificate::{Finding, Findings, Text},
    office::{Action, Actor, Application, AuditEvent, Caller, Cancellation},
    reason::{Class, Reasoned as _},
    sequencer::{self, Beside, ChangeOfStatus, Outcome, RequestKey, SequencerError, Task, Work, answered},
    statement::{Act, Status},
    store::{Batch, EntryRef, StateChange, StoreError},
    time::{Date, unix_ms},
    verification::status_after,
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// The account under which a node's own requests are kept. No person has it: names of accounts are random.
const NODE: &str = "node";
/// Wishes looked at in one go.
const A_ROUND: usize = 500;

/// A certificate that its holder wants cancelled.
#[derive(Debug, Clone)]
pub struct CancelWish {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// The certificate.
    pub certificate: CertificateName,
    /// That it was not used, as the one who asks declares.
    pub unused: bool,
    /// Why.
    pub reason: Option<Text<1024>>,
    /// Further words.
    pub remarks: Option<Text<1024>>,
}

/// What became of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelled {
    /// It counts, from here.
    Now(Outcome),
    /// It waits.
    Asked(Box<Cancellation>),
}

/// How a wish ends before its days are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// Customs of the importing country agreed: it counts.
    Agreed,
    /// They objected: the certificate stands.
    Objected,
    /// The holder wants it no more: the certificate stands.
    TakenBack,
}

impl Settlement {
    const fn word(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Objected => "objected",
            Self::TakenBack => "taken back",
        }
    }
}

/// When a wish counts.
enum Counts {
    AtOnce,
    Later(Option<Date>),
}

impl Desk {
    /// Cancels a certificate at its holder's wish, or keeps the wish until it counts.
    pub async fn cancel(&self, caller: &Caller, wish: CancelWish) -> Result<Cancelled, WorkflowError> {
        let (desk, account, own) = (self.clone(), caller.clone(), wish.clone());
        let asked = blocking(move || desk.ask(&account, &own)).await??;
        let Some((request, by)) = asked.at_once else {
            return asked.waits.map(Cancelled::Asked).ok_or_else(|| WorkflowError::Record("a wish is lost".to_owned()));
        };
        let prepare = move |desk: &Self| {
            let (target, digest) = desk.wished(&wish)?;
            match desk.effective(&target, wish.reason.as_ref(), wish.remarks.as_ref(), Beside::default()) {
                Ok(change) => {
                    let by = by.clone().with_detail(format!("cancelled {} {}", target.origin, target.index));
                    let task = Task::Change(Box::new(change));
                    let work = Work { request: request.clone(), digest, task, by: Some(by) };
                    Ok(Prepared::Work(Box::new(work), Findings::default()))
                }
                Err(refusal) => Prepared::before(desk.store().as_ref(), &request, digest, refusal),
            }
        };
        self.carry_out(prepare).await.map(|done| Cancelled::Now(done.outcome))
    }

    /// Ends a wish before its days are over. Gives the cancellation, where it counts now.
    pub async fn settle_cancellation(
        &self,
        caller: &Caller,
        request_id: &str,
        certificate: CertificateName,
        settlement: Settlement,
        reference: Option<Text<1024>>,
    ) -> Result<Option<Outcome>, WorkflowError> {
        let holder = (settlement == Settlement::TakenBack).then_some(Action::AskCancellation);
        let action = self.may_for_holder(caller, &certificate, Action::ChangeStatus, holder)?;
        // It ends the right of another country's customs to object, or says that they did: that can be looked up.
        if settlement != Settlement::TakenBack && reference.is_none() {
            return Err(WorkflowError::ReferenceNeeded);
        }
        let request = self.request(caller, request_id)?;
        let by = AuditEvent::of(Actor::Caller(caller), action);
        let said = reference.as_ref().map_or("", Text::as_str);
        let digest: [u8; 32] = Sha256::new_with_prefix(b"settlement of a wish to cancel\0")
            .chain_update(format!("{}\0{}\0{said}", certificate.text(), settlement.word()))
            .finalize()
            .into();
        if settlement != Settlement::Agreed {
            let desk = self.clone();
            let by_what = reference.as_ref().map_or_else(String::new, |reference| format!(" by {reference}"));
            let by = by.with_detail(format!("cancellation {}{by_what}", settlement.word()));
            return blocking(move || desk.give_up(&request, digest, &certificate, by)).await?.map(|()| None);
        }
        let prepare = move |desk: &Self| {
            if let Some(before) = answered(desk.store().as_ref(), &request, digest)? {
                return Ok(Prepared::Done(before?));
            }
            let target = record::find(desk.store().as_ref(), &certificate)?;
            let (wish, change) = desk.ending(&target)?;
            let by_what = reference.as_ref().map_or_else(String::new, |reference| format!(" by {reference}"));
            let detail = format!("agreed to the cancellation of {} {}{by_what}", target.origin, target.index);
            let by = by.clone().with_detail(detail);
            tracing::info!(number = %wish.number, "customs agreed to a cancellation");
            let task = Task::Change(Box::new(change));
            let work = Work { request: request.clone(), digest, task, by: Some(by) };
            Ok(Prepared::Work(Box::new(work), Findings::default()))
        };
        self.carry_out(prepare).await.map(|done| Some(done.outcome))
    }

    /// Makes effective what has waited long enough, and says how many. Each counts once, however often this is called and
    /// whenever the node stops: it counts in the commit that ends the wish.
    pub async fn tend_cancellations(&self) -> Result<usize, WorkflowError> {
        let desk = self.clone();
        // A list that ends a log speaks of cancellations that counted before it.
        blocking(move || desk.set_ledgers_right()).await??;
        let (mut after, mut done) = (Vec::new(), 0);
        loop {
            let (desk, from) = (self.clone(), after.clone());
            let rows = blocking(move || pending::wishes(desk.store().as_ref(), &from, A_ROUND)).await??;
            let full = rows.len() == A_ROUND;
            for (id, wish) in rows {
                after = id;
                if self.day_at(&wish).is_some_and(|day| wish.counts_on(day)) && self.count(&wish).await? {
                    done += 1;
                }
            }
            if !full {
                return Ok(done);
            }
        }
    }

    /// Lets one wish count. One that cannot any more is over: something else became of the certificate.
    async fn count(&self, wish: &Cancellation) -> Result<bool, WorkflowError> {
        let (desk, own) = (self.clone(), wish.clone());
        let work = blocking(move || {
            let target = pending::entry_of(&own)?;
            let (wish, change) = desk.ending(&target)?;
            let hash: [u8; 32] = Sha256::digest(format!("{wish:?}")).into();
            let id = own_request(unix_ms(desk.now()), &hash);
            let by = AuditEvent::named(Actor::Node, "cancellation_counts").with_detail(format!(
                "nobody objected to what {} asked: cancelled {} {}",
                wish.asked_by, target.origin, target.index
            ));
            let request = RequestKey { account: NODE.to_owned(), id };
            Ok::<_, WorkflowError>(Work { request, digest: hash, task: Task::Change(Box::new(change)), by: Some(by) })
        });
        let refused = match work.await? {
            Ok(work) => match self.setup().sequencer.submit(work).await {
                Ok(_) => return Ok(true),
                // Another was first, or the moment is at fault: the next round sees.
                Err(error) if matches!(error, SequencerError::RecordMoved) || error.class() == Class::Retry => {
                    return Ok(false);
                }
                Err(error) => WorkflowError::from(error),
            },
            Err(WorkflowError::CancellationNotAsked) => return Ok(false),
            Err(error) if waits_for_draws(&error) => return Ok(false),
            Err(error) => error,
        };
        if refused.class() != Class::Reject {
            return Err(refused);
        }
        let (desk, own, why) = (self.clone(), wish.clone(), refused.reason());
        tracing::warn!(number = %wish.number, why, "a wish to cancel cannot count any more, and is over");
        blocking(move || {
            let target = pending::entry_of(&own)?;
            let (_, expected) = pending::wish(desk.store().as_ref(), &target)?;
            let by = AuditEvent::named(Actor::Node, "cancellation_counts").refused(why);
            let audit = vec![by.on(format!("{} {}", target.origin, target.index)).to_row()];
            desk.commit(vec![expected], vec![pending::forget(&target)], audit)
        })
        .await??;
        Ok(false)
    }

    /// Judges a wish, and keeps it where it does not count at once.
    fn ask(&self, caller: &Caller, wish: &CancelWish) -> Result<Asked, WorkflowError> {
        let action = Action::AskCancellation;
        let action = self.may_for_holder(caller, &wish.certificate, Action::ChangeStatus, Some(action))?;
        let request = self.request(caller, &wish.request_id)?;
        let store = self.store().as_ref();
        let (target, digest) = self.wished(wish)?;
        let by = AuditEvent::of(Actor::Caller(caller), action);
        if let Some(before) = store.answered(&request.account, &request.id)? {
            if before.body_digest != digest {
                let id = uuid::Uuid::from_bytes(request.id).to_string();
                return Err(SequencerError::RequestReused(id).into());
            }
            // A wish has an answer that rests on no entry; what counted at once has the writer's.
            return match before.entry {
                Some(_) => Ok(Asked { at_once: Some((request, by)), waits: None }),
                None => Ok(Asked { at_once: None, waits: Some(Box::new(pending::read(&before.answer)?)) }),
            };
        }
        if !wish.unused {
            return Err(WorkflowError::UnusedNotDeclared);
        }
        SequencerError::if_void(&self.trust(), &target)?;
        let certificate = CertificateRecord::read(store, &target)?;
        if status_after(certificate.status, Status::Valid, &Act::Cancelled, None).is_none() {
            let now = certificate.status.word();
            return Err(SequencerError::StatusForbids { now, wanted: "cancelled" }.into());
        }
        self.given_back(&target, &Act::Cancelled, None)?;
        let (standing, expected) = pending::wish(store, &target)?;
        if standing.is_some() {
            return Err(WorkflowError::CancellationAsked);
        }
        let objection_until = match self.counts(&certificate)? {
            Counts::AtOnce => return Ok(Asked { at_once: Some((request, by)), waits: None }),
            Counts::Later(until) => until,
        };
        let reference = certificate.certificate.reference.as_option();
        let reference = reference.ok_or_else(|| record::without_contents(self.store().as_ref(), &target))?;
        let kept = Cancellation {
            number: reference.number.clone(),
            log: target.origin.to_string(),
            index: target.index,
            office: reference.office.code.clone(),
            asked_by: caller.id().clone(),
            asked_ms: unix_ms(self.now()),
            objection_until,
            reason: wish.reason.clone(),
            remarks: wish.remarks.clone(),
        };
        let answer = serde_json::to_vec(&kept).map_err(|error| WorkflowError::Record(error.to_string()))?;
        let by = by.by_request(&request.id).with_detail("cancellation asked for, declared unused");
        let audit = vec![by.on(format!("{} {}", target.origin, target.index)).to_row()];
        let done = StateChange::RequestAnswered {
            account: request.account,
            request_id: request.id,
            body_digest: digest,
            answer,
            entry: None,
        };
        self.commit(vec![expected], vec![pending::keep(&target, &kept)?, done], audit)?;
        Ok(Asked { at_once: None, waits: Some(Box::new(kept)) })
    }

    /// The certificate of a wish, and what makes two wishes the same.
    fn wished(&self, wish: &CancelWish) -> Result<(EntryRef, [u8; 32]), WorkflowError> {
        let target = record::find(self.store().as_ref(), &wish.certificate)?;
        let digest = digest_of_change(&target, &Act::Cancelled, None, wish.reason.as_ref(), wish.remarks.as_ref());
        Ok((target, digest))
    }

    /// When a wish of today counts.
    fn counts(&self, of: &CertificateRecord) -> Result<Counts, WorkflowError> {
        let certificate = &of.certificate;
        let agreement = self.agreements().get(&certificate.agreement);
        let edition = agreement.and_then(|agreement| agreement.edition(&certificate.edition));
        let rules = edition.map(|edition| &edition.cancellation);
        if let Some(rules) = rules
            && let Known::Confirmed(false) = rules.allowed.known()
        {
            let message = format!("{} has no certificate cancelled at its holder's wish", certificate.agreement);
            let finding = Finding::error("CANCELLATION", "", message);
            let finding = match rules.allowed.article() {
                Some(article) => finding.with_article(article),
                None => finding,
            };
            return Err(WorkflowError::RulesRefuse(Findings(vec![finding])));
        }
        // Whom it was never sent to, or who has no node, is not asked.
        let trust = self.trust();
        let asked = trust.addressee_of(&of.entry.origin).and_then(|customs| trust.node_of(customs)).is_some();
        if !asked || sequencer::is_held(self.store().as_ref(), &of.entry)? {
            return Ok(Counts::AtOnce);
        }
        let today = certificate.reference.as_option().and_then(|reference| self.today_at(&reference.office.code));
        Ok(match rules.and_then(|rules| rules.objection.value()) {
            Some(Objection::None) => Counts::AtOnce,
            Some(Objection::Within(span)) => Counts::Later(today.and_then(|today| span.last_day(today))),
            None => Counts::Later(None),
        })
    }

    /// The wish for a certificate, and the change that lets it count.
    fn ending(&self, target: &EntryRef) -> Result<(Cancellation, ChangeOfStatus), WorkflowError> {
        let (wish, expected) = pending::wish(self.store().as_ref(), target)?;
        let wish = wish.ok_or(WorkflowError::CancellationNotAsked)?;
        let forget = pending::forget(target);
        let changes = move |_: &Outcome| Ok(vec![forget.clone()]);
        let over = Beside { expected: vec![expected], changes: Some(Arc::new(changes)), ..Beside::default() };
        let change = self.effective(target, wish.reason.as_ref(), wish.remarks.as_ref(), over)?;
        Ok((wish, change))
    }

    /// Why a wish cannot count as things stand, by its reason; none where nothing is known against it. It reads from the
    /// disk.
    pub fn hindrance(&self, wish: &Cancellation) -> Result<Option<&'static str>, WorkflowError> {
        let entry = pending::entry_of(wish)?;
        let may = SequencerError::if_void(&self.trust(), &entry).map_err(WorkflowError::from);
        match may.and_then(|()| self.given_back(&entry, &Act::Cancelled, None)) {
            Ok(_) => Ok(None),
            Err(error) if error.class() == Class::Reject || waits_for_draws(&error) => Ok(Some(error.reason())),
            Err(error) => Err(error),
        }
    }

    fn effective(
        &self,
        target: &EntryRef,
        reason: Option<&Text<1024>>,
        remarks: Option<&Text<1024>>,
        over: Beside,
    ) -> Result<ChangeOfStatus, WorkflowError> {
        let act = Act::Cancelled;
        let beside = self.given_back(target, &act, None)?.and(over);
        let (target, reason, remarks) = (target.clone(), reason.cloned(), remarks.cloned());
        Ok(ChangeOfStatus { target, act, items: None, reason, remarks, beside })
    }

    /// Ends a wish, and leaves the certificate as it is.
    fn give_up(
        &self,
        request: &RequestKey,
        digest: [u8; 32],
        certificate: &CertificateName,
        by: AuditEvent,
    ) -> Result<(), WorkflowError> {
        let store = self.store().as_ref();
        if let Some(before) = store.answered(&request.account, &request.id)? {
            if before.body_digest != digest {
                let id = uuid::Uuid::from_bytes(request.id).to_string();
                return Err(SequencerError::RequestReused(id).into());
            }
            return Ok(());
        }
        let target = record::find(store, certificate)?;
        let (wish, expected) = pending::wish(store, &target)?;
        if wish.is_none() {
            return Err(WorkflowError::CancellationNotAsked);
        }
        let audit = vec![by.by_request(&request.id).on(format!("{} {}", target.origin, target.index)).to_row()];
        let done = StateChange::RequestAnswered {
            account: request.account.clone(),
            request_id: request.id,
            body_digest: digest,
            answer: Vec::new(),
            entry: None,
        };
        self.commit(vec![expected], vec![pending::forget(&target), done], audit)
    }

    /// Whether an officer may, or the holder for a certificate that was issued for its own application, or took the place of
    /// one that was, by whatever name.
    pub(super) fn may_for_holder(
        &self,
        caller: &Caller,
        name: &CertificateName,
        officer: Action,
        holder: Option<Action>,
    ) -> Result<Action, WorkflowError> {
        let asks = |holder: &Action| matches!(name, CertificateName::Application(_)) || caller.may(*holder);
        let Some(holder) = holder.filter(|_| !caller.may(officer)).filter(asks) else {
            return Accounts::allow(caller, officer).map(|()| officer);
        };
        Accounts::allow(caller, holder)?;
        let own = |one: &Application| one.is_of(caller.id(), caller.account().exporter.as_ref());
        if let CertificateName::Application(id) = name {
            let application = super::applications::application(self.store().as_ref(), *id)?;
            return if own(&application) { Ok(holder) } else { Err(WorkflowError::ApplicationUnknown(id.to_string())) };
        }
        let asked_for = self.asked_for(&record::find(self.store().as_ref(), name)?)?;
        // Of another's certificate it is told what it is told of none.
        let is_own = !asked_for.is_empty() && asked_for.iter().all(own);
        if is_own { Ok(holder) } else { Err(WorkflowError::CertificateUnknown) }
    }

    /// Makes state durable that no statement goes with.
    pub(super) fn commit(
        &self,
        expected: Vec<crate::store::Expected>,
        state: Vec<StateChange>,
        audit: Vec<Vec<u8>>,
    ) -> Result<(), WorkflowError> {
        let at_ms = unix_ms(self.now());
        match self.store().commit(Batch { at_ms, expected, state, audit, ..Batch::default() }) {
            Ok(_) => Ok(()),
            // Another was first with the same certificate: asked again, it is judged anew.
            Err(StoreError::RecordMoved { .. }) => Err(SequencerError::Crowded("certificate").into()),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn today_at(&self, office: &crate::certificate::OfficeCode) -> Option<Date> {
        self.office_or_any(Some(office)).map(|record| record.office.date_at(self.now()))
    }

    fn day_at(&self, wish: &Cancellation) -> Option<Date> {
        self.today_at(&wish.office)
    }
}

/// Ends the wish for a certificate of which something else becomes, if there is one by then.
pub(super) fn overtaken(target: &EntryRef) -> Beside {
    let forget = pending::forget(target);
    let changes = move |_: &Outcome| Ok(vec![forget.clone()]);
    Beside { changes: Some(Arc::new(changes)), ..Beside::default() }
}

/// A wish that was judged.
struct Asked {
    at_once: Option<(RequestKey, AuditEvent)>,
    waits: Option<Box<Cancellation>>,
}

/// Whether it is not known at the moment, after a loss, what was drawn of a certificate.
fn waits_for_draws(error: &WorkflowError) -> bool {
    matches!(error, WorkflowError::DrawsUnknown(_) | WorkflowError::Sequencer(_)) && error.class() == Class::Retry
}
