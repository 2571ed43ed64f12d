//! Enquiries as both sides see them, with the clock of the agreement and the answers.

use super::{
    ArrivedName,
    arrival::{Statement, statement_at, statements_about},
};
use crate::{
    agreement::Span,
    certificate::{AgreementCode, Country, EditionCode},
    inbox,
    office::{Action, Caller},
    statement::{
        Enquiry, EnquiryReply, Envelope, Issuer, Jti, Kind, OpenedBody, ReplyAct, ResponseCode, StatementRef,
        SubjectAnswer,
    },
    store::{About, EntryRef, Store, Subject, about, about_at},
    time::{Date, Timestamp},
    workflow::{Accounts, CertificateRecord, Desk, WorkflowError},
};
use std::{collections::BTreeSet, ops::Range, sync::Arc};

/// Where an enquiry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnquiryState {
    /// Nobody acknowledged it yet.
    Sent,
    /// The other side has it.
    Acknowledged,
    /// Something is to be clarified first.
    ClarificationAsked,
    /// Some of it is answered.
    PartlyAnswered,
    /// All of it is answered.
    Answered,
}

/// An answer, as either side sees it.
#[derive(Debug, Clone)]
pub struct ReplyView {
    /// The statement.
    pub jti: Jti,
    /// What it says.
    pub reply: EnquiryReply,
    /// The civil day it was made at the replying side, or came here.
    pub day: Option<Date>,
    /// Whether it came after the day it was due.
    pub late: bool,
}

/// An enquiry, as either side sees it.
#[derive(Debug, Clone)]
pub struct EnquiryView {
    /// Where it stands.
    pub place: StatementRef,
    /// Who asks.
    pub from: Issuer,
    /// Who is asked.
    pub to: Issuer,
    /// What is asked.
    pub enquiry: Enquiry,
    /// The civil day it was sent, where this side knows it.
    pub sent_on: Option<Date>,
    /// The civil day it came to the replying side.
    pub received_on: Option<Date>,
    /// The last day to say that it came.
    pub acknowledge_due: Option<Date>,
    /// The last day to answer.
    pub reply_due: Option<Date>,
    /// The last day of the importing side to decide.
    pub decide_due: Option<Date>,
    /// The article of the day to answer.
    pub article: Option<String>,
    /// Where it stands.
    pub state: EnquiryState,
    /// Whether the day to answer is over.
    pub overdue: bool,
    /// Whether that day is near.
    pub due_soon: bool,
    /// What an officer may decide now: nothing is decided by a machine.
    pub proposes: Option<ResponseCode>,
    /// What was answered, in its order.
    pub replies: Vec<ReplyView>,
}

impl EnquiryView {
    /// Whether something is still to be answered.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != EnquiryState::Answered
    }

    /// The places in the enquiry that are answered.
    pub(super) fn answered(&self) -> BTreeSet<u32> {
        self.replies.iter().flat_map(|one| &one.reply.answers).map(|answer: &SubjectAnswer| answer.subject).collect()
    }
}

/// Some of the enquiries of a side.
#[derive(Debug, Clone)]
pub struct EnquiriesPage {
    /// Those in the places that were asked for.
    pub enquiries: Vec<EnquiryView>,
    /// Whether there are more behind them.
    pub more: bool,
}

/// One of a list of which not everything is opened.
enum Listed {
    Open(Box<EnquiryView>),
    Over(Arc<dyn Store>, About),
}

/// Which side sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Asking,
    Asked,
}

/// The rules that a certificate was issued under.
pub(super) type Rules = (AgreementCode, EditionCode, Country);

impl Desk {
    /// Enquiries of this authority: those that are open by the day they are due, then the others in the order they were made;
    /// of all these, those in some places. It reads from the disk.
    pub fn enquiries(&self, caller: &Caller, open: bool, places: Range<usize>) -> Result<EnquiriesPage, WorkflowError> {
        Accounts::allow(caller, Action::ReadEnquiries)?;
        self.some_enquiries(Side::Asking, open, places)
    }

    /// One enquiry of this authority. It reads from the disk.
    pub fn enquiry(&self, caller: &Caller, jti: &Jti) -> Result<EnquiryView, WorkflowError> {
        Accounts::allow(caller, Action::ReadEnquiries)?;
        self.enquiry_of(Side::Asking, jti)
    }

    /// Enquiries to this authority, in the same order. It reads from the disk.
    pub fn incoming_enquiries(
        &self,
        caller: &Caller,
        open: bool,
        places: Range<usize>,
    ) -> Result<EnquiriesPage, WorkflowError> {
        Accounts::allow(caller, Action::ReadEnquiries)?;
        self.some_enquiries(Side::Asked, open, places)
    }

    /// One enquiry to this authority. It reads from the disk.
    pub fn incoming_enquiry(&self, caller: &Caller, jti: &Jti) -> Result<EnquiryView, WorkflowError> {
        Accounts::allow(caller, Action::ReadEnquiries)?;
        self.incoming(jti)
    }

    pub(super) fn incoming(&self, jti: &Jti) -> Result<EnquiryView, WorkflowError> {
        self.enquiry_of(Side::Asked, jti)
    }

    /// What is over is known by its identifier, and opened only where it has one of the places.
    fn some_enquiries(&self, side: Side, open: bool, places: Range<usize>) -> Result<EnquiriesPage, WorkflowError> {
        let (mut waiting, mut rest) = (Vec::new(), Vec::new());
        for store in self.asking_stores(side) {
            for one in about(store.as_ref(), &Subject::Kind(Kind::Enquiry))? {
                let facts = store.facts(&one.entry.origin, one.entry.index)?;
                let over = facts.map(|facts| self.is_over(&facts.jti).map(|over| (facts.jti, over)));
                match over.transpose()? {
                    Some((_, true)) if open => {}
                    Some((jti, true)) => rest.push((jti, Listed::Over(Arc::clone(&store), one))),
                    _ => {
                        let Some(view) = self.opened(side, store.as_ref(), &one)? else { continue };
                        if view.is_open() {
                            waiting.push(view);
                        } else if !open {
                            rest.push((view.place.jti, Listed::Open(Box::new(view))));
                        }
                    }
                }
            }
        }
        waiting.sort_by_key(|view| (view.reply_due.unwrap_or(Date::MAX), view.place.jti));
        rest.sort_by_key(|(jti, _)| *jti);
        let all =
            waiting.into_iter().map(|view| Listed::Open(Box::new(view))).chain(rest.into_iter().map(|(_, one)| one));
        let mut all = all.skip(places.start);
        let mut enquiries = Vec::new();
        for one in all.by_ref().take(places.len()) {
            match one {
                Listed::Open(view) => enquiries.push(*view),
                Listed::Over(store, one) => enquiries.extend(self.opened(side, store.as_ref(), &one)?),
            }
        }
        Ok(EnquiriesPage { enquiries, more: all.next().is_some() })
    }

    fn opened(&self, side: Side, store: &dyn Store, one: &About) -> Result<Option<EnquiryView>, WorkflowError> {
        let Some(statement) = counted(store, &one.entry)? else { return Ok(None) };
        self.view(side, statement, one.at_ms)
    }

    pub(super) fn enquiry_of(&self, side: Side, jti: &Jti) -> Result<EnquiryView, WorkflowError> {
        for store in self.asking_stores(side) {
            let Some(entry) = store.find(jti)? else { continue };
            let Some(one) = about_at(store.as_ref(), &Subject::Kind(Kind::Enquiry), &entry)? else { continue };
            if let Some(statement) = counted(store.as_ref(), &entry)?
                && let Some(view) = self.view(side, statement, one.at_ms)?
            {
                return Ok(view);
            }
        }
        Err(WorkflowError::EnquiryUnknown)
    }

    /// Where enquiries of a side stand: one's own, or those of others.
    pub(super) fn asking_stores(&self, side: Side) -> Vec<Arc<dyn Store>> {
        match side {
            Side::Asking => vec![Arc::clone(self.store())],
            Side::Asked => self.stores_addressed(),
        }
    }

    /// Where the answers to them stand.
    fn answering_stores(&self, side: Side) -> Vec<Arc<dyn Store>> {
        match side {
            Side::Asking => self.stores_addressed(),
            Side::Asked => vec![Arc::clone(self.store())],
        }
    }

    /// The stores that hold logs addressed to this authority, each once.
    pub(super) fn stores_addressed(&self) -> Vec<Arc<dyn Store>> {
        let mut stores: Vec<Arc<dyn Store>> = Vec::new();
        for (_, store) in self.addressed() {
            if !stores.iter().any(|known| Arc::ptr_eq(known, &store)) {
                stores.push(store);
            }
        }
        stores
    }

    fn view(&self, side: Side, statement: Statement, at_ms: u64) -> Result<Option<EnquiryView>, WorkflowError> {
        let Envelope { iss, aud, log, jti, .. } = statement.opened.envelope;
        let OpenedBody::Enquiry(Some(enquiry)) = statement.opened.body else { return Ok(None) };
        let crate::statement::Addressee::Authority(to) = aud else { return Ok(None) };
        // A store of this node may hold logs to other authorities too.
        let own = &self.setup().issuer;
        if *own != if side == Side::Asking { iss.clone() } else { to.clone() } {
            return Ok(None);
        }
        let here = super::arrival::instant(at_ms).map(|at| self.own_day(at));
        let mut replies = Vec::new();
        for store in self.answering_stores(side) {
            for (about, reply) in statements_about(store.as_ref(), &Subject::Statement(jti), Kind::EnquiryReply)? {
                let author = reply.opened.envelope.iss;
                if let OpenedBody::EnquiryReply(Some(body)) = reply.opened.body
                    && author == to
                {
                    let day = super::arrival::instant(about.at_ms).map(|at| self.own_day(at));
                    replies.push(ReplyView { jti: reply.opened.envelope.jti, reply: *body, day, late: false });
                }
            }
        }
        replies.sort_by_key(|reply| reply.jti);
        let received_on = match side {
            Side::Asked => here,
            Side::Asking => replies.first().map(|one| one.reply.reply.received_on),
        };
        let mut view = EnquiryView {
            place: StatementRef { log, jti },
            from: iss,
            to,
            enquiry: *enquiry,
            sent_on: here.filter(|_| side == Side::Asking),
            received_on,
            acknowledge_due: None,
            reply_due: None,
            decide_due: None,
            article: None,
            state: EnquiryState::Sent,
            overdue: false,
            due_soon: false,
            proposes: None,
            replies,
        };
        if let Some(from) = received_on.or(view.sent_on) {
            self.clock(&mut view, side, from);
        }
        view.state = state_of(&view);
        // A day is over where it is to be kept: at the side that replies.
        let today = self.day_there(&view.to, self.now());
        view.overdue = view.is_open() && view.reply_due.is_some_and(|due| due < today);
        view.due_soon = view.is_open() && view.reply_due.is_some_and(|due| self.is_soon(&view, due, today));
        view.proposes = (side == Side::Asking && view.overdue).then_some(ResponseCode::NoReply);
        Ok(Some(view))
    }

    /// Counts the days of the agreements concerned from a day on; where several are, the earliest counts.
    fn clock(&self, view: &mut EnquiryView, side: Side, from: Date) {
        let lists = self.lists();
        // Days are counted at the side that has to do something.
        let trust = self.trust();
        let (there, here) = (trust.country(&view.to), trust.country(&view.from));
        let earliest = |now: Option<Date>, new: Option<Date>| match (now, new) {
            (Some(now), Some(new)) => Some(now.min(new)),
            (now, new) => now.or(new),
        };
        for edition in self.editions_asked_about(view, side) {
            let Some(edition) = self.agreements().get(&edition.0).and_then(|one| one.edition(&edition.1)) else {
                continue;
            };
            let rules = &edition.verification;
            let last = |span: Option<&Span>, country: Option<Country>| match (span, country) {
                (Some(span), Some(country)) => lists.holidays().last_day(country, from, span),
                _ => None,
            };
            view.acknowledge_due = earliest(view.acknowledge_due, last(rules.acknowledge.value(), there));
            let reply = last(rules.reply.value(), there);
            if reply.is_some() && (view.reply_due.is_none() || reply < view.reply_due) {
                view.article = rules.reply.article().map(str::to_owned);
            }
            view.reply_due = earliest(view.reply_due, reply);
            view.decide_due = earliest(view.decide_due, last(rules.decide.value(), here));
        }
        // Where the agreements say nothing, the day that was asked for is what both sides have.
        view.reply_due = view.reply_due.or(view.enquiry.asked.reply_by);
        let due = view.reply_due;
        for reply in &mut view.replies {
            reply.late = due.is_some_and(|due| reply.day.is_some_and(|day| day > due));
        }
        // The time that the replying side took counts from then on.
        if let Some(until) = view.replies.iter().filter_map(|one| one.reply.reply.reply_by).max() {
            view.reply_due = view.reply_due.map(|due| due.max(until));
        }
    }

    /// The last day to answer, if the enquiry came on that day.
    pub(super) fn due(&self, view: &EnquiryView, side: Side, from: Date) -> Option<Date> {
        let mut view = view.clone();
        self.clock(&mut view, side, from);
        view.reply_due
    }

    /// The rules of the certificates that are asked about, each once.
    pub(super) fn editions_asked_about(&self, view: &EnquiryView, side: Side) -> Vec<Rules> {
        let mut rules: Vec<Rules> = Vec::new();
        for subject in view.enquiry.subjects.iter().filter_map(|subject| subject.certificate.as_ref()) {
            let certificate = match side {
                Side::Asking => self.arrived(&ArrivedName::Jti(subject.jti)).ok().map(|arrival| arrival.certificate),
                Side::Asked => {
                    let entry = self.store().find(&subject.jti).ok().flatten();
                    let record = entry.and_then(|entry| CertificateRecord::read(self.store().as_ref(), &entry).ok());
                    record.map(|record| record.certificate)
                }
            };
            let Some(one) = certificate.map(|one| (one.agreement, one.edition, one.to)) else { continue };
            if !rules.contains(&one) {
                rules.push(one);
            }
        }
        rules
    }

    /// The civil day at this authority.
    pub(super) fn own_day(&self, at: Timestamp) -> Date {
        self.day_there(&self.setup().issuer, at)
    }

    /// The civil day at an authority, by the trust list.
    pub(super) fn day_there(&self, issuer: &Issuer, at: Timestamp) -> Date {
        let trust = self.trust();
        match trust.time_zone(issuer) {
            Some(zone) => zone.date_at(at),
            None => at.to_zoned(jiff::tz::TimeZone::UTC).date(),
        }
    }
}

/// The published statement at a place, if it is no finding.
fn counted(store: &dyn Store, entry: &EntryRef) -> Result<Option<Statement>, WorkflowError> {
    if inbox::is_finding(store, &entry.origin, entry.index)? {
        return Ok(None);
    }
    Ok(statement_at(store, entry)?)
}

/// Where an enquiry stands by its answers, the last of which counts.
fn state_of(view: &EnquiryView) -> EnquiryState {
    let acts = view.replies.iter().map(|one| one.reply.reply.act).collect::<Vec<_>>();
    if acts.contains(&ReplyAct::Full) {
        return EnquiryState::Answered;
    }
    match acts.last() {
        None => EnquiryState::Sent,
        Some(ReplyAct::ClarificationAsked) => EnquiryState::ClarificationAsked,
        Some(_) if acts.contains(&ReplyAct::Partial) => EnquiryState::PartlyAnswered,
        Some(_) => EnquiryState::Acknowledged,
    }
}
