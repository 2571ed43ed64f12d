//! Enquiries as both sides see them, with the clock of the agreement and the answers.

use super::{
    EnquiryState, EnquiryView,
    answers::Answers,
    arrival::{Statement, statement_at, statements_about},
    closed::said_about,
    standing::{put_first, state_of},
};
use crate::{
    inbox,
    office::{Action, Caller},
    statement::{Envelope, Issuer, Jti, Kind, OpenedBody, ReplyAct, ResponseCode, StatementRef},
    store::{About, Disclosures, EntryRef, Store, Subject, about, about_at},
    time::{Date, Timestamp},
    workflow::{Accounts, Desk, WorkflowError},
};
use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

/// Some of the enquiries of a side.
#[derive(Debug, Clone)]
pub struct EnquiriesPage {
    /// Those behind the last page.
    pub enquiries: Vec<EnquiryView>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

/// Where one stands in a list: open ones by the day they are due, then the others in the order they were made. A page begins
/// behind the last one of the page before, so that none is left out because another was answered, and none is shown again
/// because another came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Open(Date, Jti),
    Closed(Jti),
}

/// One of a list of which not everything is opened.
enum Listed {
    Open(Box<EnquiryView>),
    Over(Arc<dyn Store>, About),
}

/// Which of a list are asked for.
#[derive(Debug, Clone, Copy)]
struct Which {
    /// Only those that are open.
    open: bool,
    /// Only those of which it is still to be said what became of a security, or of goods that were held.
    unsettled: bool,
}

/// Which side sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Asking,
    Asked,
}

impl Desk {
    /// Enquiries of this authority: those that are open by the day they are due, then the others in the order they were made;
    /// of all these, so many behind the page that gave a token. It reads from the disk.
    pub fn enquiries(&self, caller: &Caller, open: bool, page: (&str, usize)) -> Result<EnquiriesPage, WorkflowError> {
        Accounts::allow(caller, Action::ReadEnquiries)?;
        self.some_enquiries(Side::Asking, Which { open, unsettled: false }, page)
    }

    /// Those of them whose answer is awaited no more, and of which nobody said what became of the security that goods were
    /// released on, or of goods that were held. It reads from the disk.
    pub fn unsettled_enquiries(
        &self,
        caller: &Caller,
        open: bool,
        page: (&str, usize),
    ) -> Result<EnquiriesPage, WorkflowError> {
        Accounts::allow(caller, Action::ReadEnquiries)?;
        self.some_enquiries(Side::Asking, Which { open, unsettled: true }, page)
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
        page: (&str, usize),
    ) -> Result<EnquiriesPage, WorkflowError> {
        Accounts::allow(caller, Action::ReadEnquiries)?;
        self.some_enquiries(Side::Asked, Which { open, unsettled: false }, page)
    }

    /// One enquiry to this authority. It reads from the disk.
    pub fn incoming_enquiry(&self, caller: &Caller, jti: &Jti) -> Result<EnquiryView, WorkflowError> {
        Accounts::allow(caller, Action::ReadEnquiries)?;
        self.incoming(jti)
    }

    pub(super) fn incoming(&self, jti: &Jti) -> Result<EnquiryView, WorkflowError> {
        self.enquiry_of(Side::Asked, jti)
    }

    /// What is over is known by its identifier, and opened only where it is on the page.
    fn some_enquiries(
        &self,
        side: Side,
        which: Which,
        (token, size): (&str, usize),
    ) -> Result<EnquiriesPage, WorkflowError> {
        let after = if token.is_empty() { None } else { Some(token.parse::<Place>()?) };
        let mut all = Vec::new();
        for store in self.asking_stores(side) {
            for one in about(store.as_ref(), &Subject::Kind(Kind::Enquiry))? {
                let facts = store.facts(&one.entry.origin, one.entry.index)?;
                let over = facts.map(|facts| self.is_over(&facts.jti).map(|over| (facts.jti, over)));
                match over.transpose()? {
                    Some((_, true)) if which.open || which.unsettled => {}
                    Some((jti, true)) => all.push((Place::Closed(jti), Listed::Over(Arc::clone(&store), one))),
                    _ => {
                        let Some(view) = self.opened(side, store.as_ref(), &one)? else { continue };
                        let place = Place::of(&view);
                        let is_open = !which.open || matches!(place, Place::Open(..));
                        if is_open && (!which.unsettled || view.unsettled) {
                            all.push((place, Listed::Open(Box::new(view))));
                        }
                    }
                }
            }
        }
        all.retain(|(place, _)| after.is_none_or(|after| *place > after));
        all.sort_by_key(|(place, _)| *place);
        let more = all.len() > size;
        let (mut enquiries, mut last) = (Vec::new(), None);
        for (place, one) in all.into_iter().take(size) {
            last = Some(place);
            match one {
                Listed::Open(view) => enquiries.push(*view),
                Listed::Over(store, one) => enquiries.extend(self.opened(side, store.as_ref(), &one)?),
            }
        }
        Ok(EnquiriesPage { enquiries, next: last.filter(|_| more).map(|place| place.to_string()) })
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
            concluded: None,
            settled: Vec::new(),
            unsettled: false,
            settle_overdue: false,
            overdue: false,
            due_soon: false,
            proposes: None,
            proposes_of: Vec::new(),
            replies,
            clarified_by: Vec::new(),
            clarified: BTreeMap::new(),
            last_answer: None,
        };
        let answers = view.counting().filter(|one| matches!(one.reply.reply.act, ReplyAct::Partial | ReplyAct::Full));
        view.last_answer = answers.map(|one| one.jti).max();
        let unclear = view.counting().filter(|one| one.reply.reply.act == ReplyAct::ClarificationAsked);
        for reply in unclear.map(|one| one.jti).collect::<Vec<_>>() {
            for by in self.clarifying(side, &view, &reply)? {
                view.clarified_by.push(by.place.jti);
                view.last_answer = view.last_answer.max(by.last_answer);
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
        if side == Side::Asking {
            view.concluded = self.conclusion_of(&view.place.jti)?;
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
        if side == Side::Asking {
            self.add_settled(&mut view)?;
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

impl Place {
    fn of(view: &EnquiryView) -> Self {
        let jti = view.place.jti;
        if view.is_open() { Self::Open(view.reply_due.unwrap_or(Date::MAX), jti) } else { Self::Closed(jti) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(due, jti) => write!(f, "{due}.{jti}"),
            Self::Closed(jti) => write!(f, ".{jti}"),
        }
    }
}

impl FromStr for Place {
    type Err = WorkflowError;

    fn from_str(token: &str) -> Result<Self, WorkflowError> {
        let (due, jti) = token.split_once('.').ok_or(WorkflowError::PageToken)?;
        let jti = jti.parse().map_err(|_| WorkflowError::PageToken)?;
        if due.is_empty() {
            return Ok(Self::Closed(jti));
        }
        Ok(Self::Open(due.parse().map_err(|_| WorkflowError::PageToken)?, jti))
    }
}

/// The published statement at a place, if it is no finding.
fn counted(store: &dyn Store, entry: &EntryRef) -> Result<Option<Statement>, WorkflowError> {
    if inbox::is_finding(store, &entry.origin, entry.index)? {
        return Ok(None);
    }
    Ok(statement_at(store, entry)?)
}
