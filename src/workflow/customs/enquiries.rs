//! Enquiries as both sides see them, with the clock of the agreement and the answers.

use super::{
    answers::Answers,
    arrival::{Statement, statement_at, statements_about},
    closed::said_about,
};
use crate::{
    certificate::number_as_read,
    inbox,
    office::{Action, Caller},
    statement::{
        Enquiry, EnquiryReply, EnquirySubject, Envelope, Issuer, Jti, Kind, OpenedBody, ReplyAct, ResponseCode,
        StatementRef, SubjectAnswer,
    },
    store::{About, Disclosures, EntryRef, Store, Subject, about, about_at},
    time::{Date, Timestamp},
    workflow::{Accounts, Desk, WorkflowError},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

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
    /// What it says is erased, with the last certificate that it asks about, or what was answered to it.
    Erased,
}

/// An answer, as either side sees it.
#[derive(Debug, Clone)]
pub struct ReplyView {
    /// The statement.
    pub jti: Jti,
    /// What it says.
    pub reply: EnquiryReply,
    /// The civil day at the replying side when it was made, or came here.
    pub day: Option<Date>,
    /// Whether it came after the day that was in force then.
    pub late: bool,
    /// Why it does not count, where it stands past the closing of its key.
    pub key_closed: Option<String>,
    /// Whether what it says in words is erased where it was made.
    pub erased: bool,
}

/// An enquiry, as either side sees it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "one for each thing that is known of it beside its state")]
pub struct EnquiryView {
    /// Where it stands.
    pub place: StatementRef,
    /// Who asks.
    pub from: Issuer,
    /// Who is asked.
    pub to: Issuer,
    /// What is asked; none where it is erased.
    pub enquiry: Option<Enquiry>,
    /// The civil day at the replying side when it was sent; to the side that is asked, by the word of who asks.
    pub sent_on: Option<Date>,
    /// The civil day it came to the replying side.
    pub received_on: Option<Date>,
    /// Whether its days are known: while logs that they rest on are still to be opened here they are not, and none is
    /// named.
    pub days_known: bool,
    /// The last day to say that it came.
    pub acknowledge_due: Option<Date>,
    /// The last day to answer.
    pub reply_due: Option<Date>,
    /// The last day to which more time may be taken, and the article; none where the agreements say nothing.
    pub latest: Option<(Date, Option<String>)>,
    /// The last day of the importing side to decide.
    pub decide_due: Option<Date>,
    /// The article of the day to answer.
    pub article: Option<String>,
    /// Where it stands.
    pub state: EnquiryState,
    /// Whether who is asked has replied since, and what that answers is not to be read here: it may be the answer.
    pub answer_unread: bool,
    /// Whether the day to answer is over.
    pub overdue: bool,
    /// Whether that day is near.
    pub due_soon: bool,
    /// What an officer may decide now: nothing is decided by a machine.
    pub proposes: Option<ResponseCode>,
    /// Of which certificates, by their places in it: those that are here and have no answer.
    pub proposes_of: Vec<u32>,
    /// What was answered, in its order.
    pub replies: Vec<ReplyView>,
    /// The enquiries that give the clarifications which replies asked for.
    pub clarified_by: Vec<Jti>,
    /// The numbers, as they are read, that clarifying enquiries have answers about, each with the day of the first.
    pub(super) clarified: BTreeMap<String, Option<Date>>,
}

impl EnquiryView {
    /// Whether something is still to be answered.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, EnquiryState::Answered | EnquiryState::Erased)
    }

    /// The certificates that it asks about, as far as that is not erased.
    #[must_use]
    pub fn subjects(&self) -> &[EnquirySubject] {
        self.enquiry.as_ref().map(|enquiry| enquiry.subjects.as_slice()).unwrap_or_default()
    }

    /// The replies that count: those past the closing of their key do not.
    pub(super) fn counting(&self) -> impl Iterator<Item = &ReplyView> {
        self.replies.iter().filter(|one| one.key_closed.is_none())
    }

    /// The places in the enquiry that are answered.
    pub(super) fn answered(&self) -> BTreeSet<u32> {
        self.counting().flat_map(|one| &one.reply.answers).map(|answer: &SubjectAnswer| answer.subject).collect()
    }

    /// The reply that answers about the certificate at a place.
    fn answer_about(&self, place: u32) -> Option<&ReplyView> {
        let answers = |one: &ReplyView| one.reply.answers.iter().any(|answer| answer.subject == place);
        self.counting().find(|one| one.reply.reply.act == ReplyAct::Full || answers(one))
    }

    /// The numbers, as they are read, of the certificates that are answered about, here or in the enquiry that clarified
    /// this one, each with the day of the first answer.
    fn answered_numbers(&self) -> BTreeMap<String, Option<Date>> {
        let mut numbers = self.clarified.clone();
        for (place, subject) in (1..).zip(self.subjects()) {
            if let Some(answer) = self.answer_about(place) {
                put_first(&mut numbers, number_as_read(subject.number.as_str()), answer.day);
            }
        }
        numbers
    }

    /// Of a certificate that is answered about, whether that was too late: what an enquiry that clarified this one was
    /// answered with counts by its day, as if it stood here, and of two answers the one that came in time.
    pub(super) fn was_late(&self, place: u32, subject: &EnquirySubject) -> Option<bool> {
        let past = |day: Option<Date>| day.zip(self.reply_due).is_some_and(|(day, due)| day > due);
        let here = self.answer_about(place).map(|answer| answer.late);
        let there = self.clarified.get(&number_as_read(subject.number.as_str())).copied().map(past);
        here.into_iter().chain(there).reduce(|here, there| here && there)
    }

    /// Whether it asks about the certificate of another enquiry's subject: one that was not known here by its number alone.
    pub(super) fn asks_about(&self, other: &EnquirySubject) -> bool {
        self.subjects().iter().any(|one| is_same(one, other))
    }

    /// Whether a certificate was answered about after the day that was in force then, here or in an enquiry that clarified
    /// this one.
    #[must_use]
    pub fn is_late(&self) -> bool {
        (1..).zip(self.subjects()).any(|(place, one)| self.was_late(place, one) == Some(true))
    }

    /// Whether the enquiries that clarify this one have the answers to all of it.
    fn is_clarified(&self) -> bool {
        let mut asked = (1..).zip(self.subjects());
        !self.clarified_by.is_empty() && asked.all(|(place, one)| self.was_late(place, one).is_some())
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

    /// Own enquiries that are found by what they ask about, in their order.
    pub(super) fn enquiries_about(&self, subject: &Subject) -> Result<Vec<EnquiryView>, WorkflowError> {
        let mut views = Vec::new();
        for (_, enquiry) in statements_about(self.store().as_ref(), subject, Kind::Enquiry)? {
            match self.enquiry_of(Side::Asking, &enquiry.opened.envelope.jti) {
                Ok(view) => views.push(view),
                Err(WorkflowError::EnquiryUnknown) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(views)
    }

    /// Where enquiries of a side stand: one's own, or those of others.
    pub(super) fn asking_stores(&self, side: Side) -> Vec<Arc<dyn Store>> {
        match side {
            Side::Asking => vec![Arc::clone(self.store())],
            Side::Asked => self.stores_addressed(),
        }
    }

    /// Where the answers to them stand.
    pub(super) fn answering_stores(&self, side: Side) -> Vec<Arc<dyn Store>> {
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
        let OpenedBody::Enquiry(enquiry) = statement.opened.body else { return Ok(None) };
        // Of one that is erased, who asked whom, and when, is left.
        if enquiry.is_none() && statement.disclosures != Disclosures::Erased {
            return Ok(None);
        }
        let crate::statement::Addressee::Authority(to) = aud else { return Ok(None) };
        // A store of this node may hold logs to other authorities too.
        let own = &self.setup().issuer;
        if *own != if side == Side::Asking { iss.clone() } else { to.clone() } {
            return Ok(None);
        }
        // Its clock runs in the days of the side that replies, which both sides count alike.
        let there = super::arrival::instant(at_ms).map(|at| self.day_there(&to, at));
        let place = StatementRef { log, jti };
        let Answers { shown: replies, erased } = self.answers_to(side, &place, &to)?;
        let (sent_on, received_on) = match side {
            Side::Asking => (there, replies.first().map(|one| one.reply.reply.received_on)),
            Side::Asked => {
                let made = super::arrival::instant(jti.hour_ms()).map(|at| self.day_there(&to, at));
                // A clock that is ahead says nothing of it.
                (made.filter(|made| there.is_some_and(|there| *made <= there)), there)
            }
        };
        let mut view = EnquiryView {
            place,
            from: iss,
            to,
            enquiry: enquiry.map(|enquiry| *enquiry),
            sent_on,
            received_on,
            days_known: false,
            acknowledge_due: None,
            reply_due: None,
            latest: None,
            decide_due: None,
            article: None,
            state: EnquiryState::Sent,
            answer_unread: false,
            overdue: false,
            due_soon: false,
            proposes: None,
            proposes_of: Vec::new(),
            replies,
            clarified_by: Vec::new(),
            clarified: BTreeMap::new(),
        };
        let unclear = view.counting().filter(|one| one.reply.reply.act == ReplyAct::ClarificationAsked);
        for reply in unclear.map(|one| one.jti).collect::<Vec<_>>() {
            for by in self.clarifying(side, &view, &reply)? {
                view.clarified_by.push(by.place.jti);
                for (number, day) in by.answered_numbers() {
                    put_first(&mut view.clarified, number, day);
                }
            }
        }
        let other = if side == Side::Asking { &view.to } else { &view.from };
        view.days_known = match &view.enquiry {
            Some(enquiry) => self.days_are_known(side, other, enquiry)?,
            None => true,
        };
        if let Some(from) = received_on.or(sent_on).filter(|_| view.days_known) {
            self.clock(&mut view, side, from)?;
        }
        view.state = state_of(&view, erased);
        view.answer_unread = side == Side::Asking && view.is_open() && self.has_unread_reply(&view)?;
        // A day is over where it is to be kept: at the side that replies.
        let today = self.day_there(&view.to, self.now());
        view.overdue = view.is_open() && view.reply_due.is_some_and(|due| due < today);
        view.due_soon = view.is_open() && view.reply_due.is_some_and(|due| self.is_soon(&view, due, today));
        if side == Side::Asking && view.overdue && !view.answer_unread {
            view.proposes_of = self.unanswered_here(&view)?;
            view.proposes = (!view.proposes_of.is_empty()).then_some(ResponseCode::NoReply);
        }
        Ok(Some(view))
    }

    /// The enquiries that give the clarification which a reply to this one asked for: those about a certificate of it. Each
    /// is later than the one that it clarifies, so that a circle of them has an end.
    pub(super) fn clarifying(
        &self,
        side: Side,
        view: &EnquiryView,
        reply: &Jti,
    ) -> Result<Vec<EnquiryView>, WorkflowError> {
        let mut found = Vec::new();
        for jti in self.enquiries_clarifying(side, reply)?.into_iter().filter(|jti| *jti > view.place.jti) {
            match self.enquiry_of(side, &jti) {
                Ok(by) if by.from == view.from && by.to == view.to => {
                    found.extend(by.subjects().iter().any(|one| view.asks_about(one)).then_some(by));
                }
                Ok(_) | Err(WorkflowError::EnquiryUnknown) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Enquiries that say that they clarify a reply.
    fn enquiries_clarifying(&self, side: Side, reply: &Jti) -> Result<Vec<Jti>, WorkflowError> {
        let (trust, subject, mut found) = (self.trust(), Subject::Statement(*reply), Vec::new());
        for store in self.asking_stores(side) {
            let said = said_about(store.as_ref(), &trust, &subject, Kind::Enquiry)?;
            let counting = said.into_iter().filter(|said| said.key_closed.is_none());
            found.extend(counting.map(|said| said.entry.envelope.jti));
        }
        Ok(found)
    }

    /// The civil day at this authority.
    pub(super) fn own_day(&self, at: Timestamp) -> Date {
        self.day_there(&self.setup().issuer, at)
    }

    /// The civil day at an authority, by the trust list.
    pub(in crate::workflow) fn day_there(&self, issuer: &Issuer, at: Timestamp) -> Date {
        let trust = self.trust();
        match trust.time_zone(issuer) {
            Some(zone) => zone.date_at(at),
            None => at.to_zoned(jiff::tz::TimeZone::UTC).date(),
        }
    }
}

/// Whether two enquiries ask about one certificate: one that was not known here by its number alone, in whatever letters,
/// blanks and dashes it was typed.
pub(super) fn is_same(one: &EnquirySubject, other: &EnquirySubject) -> bool {
    match (&one.certificate, &other.certificate) {
        (Some(one), Some(other)) => one.jti == other.jti,
        _ => number_as_read(one.number.as_str()) == number_as_read(other.number.as_str()),
    }
}

/// Keeps the day of an answer about a number, of several the first.
fn put_first(numbers: &mut BTreeMap<String, Option<Date>>, number: String, day: Option<Date>) {
    numbers.entry(number).and_modify(|first| *first = day.min(*first)).or_insert(day);
}

/// The published statement at a place, if it is no finding.
fn counted(store: &dyn Store, entry: &EntryRef) -> Result<Option<Statement>, WorkflowError> {
    if inbox::is_finding(store, &entry.origin, entry.index)? {
        return Ok(None);
    }
    Ok(statement_at(store, entry)?)
}

/// Where an enquiry stands by its answers, the last of which counts.
fn state_of(view: &EnquiryView, answer_erased: bool) -> EnquiryState {
    if view.enquiry.is_none() {
        return EnquiryState::Erased;
    }
    let acts = view.counting().map(|one| one.reply.reply.act).collect::<Vec<_>>();
    if acts.contains(&ReplyAct::Full) || view.is_clarified() {
        return EnquiryState::Answered;
    }
    // Nobody can say any more what of it was answered, and how.
    if answer_erased {
        return EnquiryState::Erased;
    }
    match acts.last() {
        None => EnquiryState::Sent,
        Some(ReplyAct::ClarificationAsked) => EnquiryState::ClarificationAsked,
        Some(_) if acts.contains(&ReplyAct::Partial) => EnquiryState::PartlyAnswered,
        Some(_) => EnquiryState::Acknowledged,
    }
}
