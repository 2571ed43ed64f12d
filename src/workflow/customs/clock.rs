//! The clock of enquiries: both sides are reminded before a day is over, and told when it passed without what it was for.
//!
//! What was told of an enquiry is kept in the commit that tells it, so that each step is told once, whenever the node stops;
//! a day that moved, because more time was taken, is another day. The machine proposes what may follow; a person decides.

use super::{
    ArrivedName, Delivery, EnquiryState, EnquiryView,
    arrival::statements_about,
    course::{parse, written},
    enquiries::Side,
};
use crate::{
    statement::{Jti, Kind, OpenedBody, ResponseCode},
    store::{Batch, Expected, StateChange, Subject, Table, about},
    time::{Date, serde_date, unix_ms},
    workflow::{Desk, WorkflowError, changes::Told},
};
use jiff::{Span as Days, ToSpan};
use serde::{Deserialize, Serialize};

/// When people are reminded of the days of an enquiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reminders {
    /// So many days before a day is over, and never before half the time to it has gone.
    pub before: u16,
    /// So many days after the day to answer it is said that the answer is still not there.
    pub after: u16,
}

impl Default for Reminders {
    fn default() -> Self {
        Self { before: 14, after: 14 }
    }
}

/// A day of the clock of an enquiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deadline {
    /// To say that it came.
    Acknowledge,
    /// To answer it.
    Reply,
    /// For the importing side to decide, in all.
    Decide,
    /// For the importing side to settle, by what it decided, the security that goods were released on: the same day.
    Settle,
}

impl Deadline {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Reply => "reply",
            Self::Decide => "decide",
            Self::Settle => "settle",
        }
    }
}

/// How a day of the clock stands to today, while what it is for is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockStep {
    /// It is near.
    Soon,
    /// It has passed.
    Passed,
    /// It passed a while ago, and there is still no answer.
    Unanswered,
}

/// What was told of the clock of one enquiry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// Nothing is due any more: it is answered, decided where that has a day, and settled where there is a security.
    over: bool,
    /// The version of the trust list by which it is: a later one may close the key that signed the last word. It was called
    /// otherwise before securities were settled: what was over by then is looked at once more.
    #[serde(default, rename = "settled_list")]
    list: u64,
    /// What was told.
    told: Vec<Reminded>,
}

impl Kept {
    /// Whether it is over by this version of the trust list.
    const fn is_over(&self, list: u64) -> bool {
        self.over && self.list == list
    }
}

/// A step, with the day it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Reminded {
    deadline: Deadline,
    step: ClockStep,
    #[serde(with = "serde_date")]
    due: Date,
}

impl Desk {
    /// Tells of each enquiry, of this authority and to it, whose clock came to a step, and says how many steps. Each is
    /// told once, however often this is called. It reads from the disk.
    pub fn remind(&self) -> Result<usize, WorkflowError> {
        let mut told = 0;
        for side in [Side::Asking, Side::Asked] {
            for store in self.asking_stores(side) {
                for one in about(store.as_ref(), &Subject::Kind(Kind::Enquiry))? {
                    let facts = store.facts(&one.entry.origin, one.entry.index)?;
                    if let Some(jti) = facts.map(|facts| facts.jti) {
                        told += self.remind_of(side, &jti)?;
                    }
                }
            }
        }
        Ok(told)
    }

    /// The same of one enquiry; one that is not this side's, or no statement that counts, has no clock here.
    fn remind_of(&self, side: Side, jti: &Jti) -> Result<usize, WorkflowError> {
        let (kept, record) = self.clock_kept(jti)?;
        let list = self.trust().version();
        if kept.is_over(list) {
            return Ok(0);
        }
        let view = match self.enquiry_of(side, jti) {
            Ok(view) => view,
            Err(WorkflowError::EnquiryUnknown) => return Ok(0),
            Err(error) => return Err(error),
        };
        // What is not known yet is told at a later look.
        if !view.days_known {
            return Ok(0);
        }
        let answered = !view.is_open();
        let decided = match view.decide_due.filter(|_| side == Side::Asking) {
            None => true,
            Some(_) => self.decided_since(&view)?,
        };
        let steps = self.steps(&view, decided);
        let new = steps.into_iter().filter(|step| !kept.told.contains(step)).collect::<Vec<_>>();
        // Where a supervisor concluded it an answer may come after all.
        let over = answered && view.state != EnquiryState::Concluded && decided && !view.unsettled;
        if new.is_empty() && over == kept.is_over(list) {
            return Ok(0);
        }
        let rows = new.iter().map(|Reminded { deadline, step, due }| {
            let (from, to) = (view.from.to_string(), view.to.to_string());
            let proposes = *deadline == Deadline::Reply && *step != ClockStep::Soon && view.proposes.is_some();
            let unread = matches!(deadline, Deadline::Acknowledge | Deadline::Reply) && view.answer_unread;
            Told::Clock { enquiry: *jti, from, to, deadline: *deadline, step: *step, due: *due, proposes, unread }.row()
        });
        let feed = rows.collect::<Result<Vec<_>, _>>()?;
        let count = feed.len();
        let told = kept.told.into_iter().chain(new).collect();
        let (table, id) = (Table::Customs, clock_id(jti));
        let expected = vec![Expected { table, id: id.clone(), record }];
        let state = vec![StateChange::RecordPut { table, id, record: written(&Kept { over, list, told })? }];
        let at_ms = unix_ms(self.now());
        self.store().commit(Batch { at_ms, expected, state, feed, ..Batch::default() })?;
        Ok(count)
    }

    /// The steps that an enquiry's clock stands at; of days that are over, those that a node which was down has missed.
    fn steps(&self, view: &EnquiryView, decided: bool) -> Vec<Reminded> {
        let waits = [
            (Deadline::Acknowledge, view.acknowledge_due, view.counting().next().is_some()),
            (Deadline::Reply, view.reply_due, !view.is_open()),
            (Deadline::Decide, view.decide_due, decided),
            // What is not decided yet is told of as that.
            (Deadline::Settle, view.decide_due, !decided || !view.unsettled),
        ];
        let mut steps = Vec::new();
        for (deadline, due, done) in waits {
            let Some(due) = due.filter(|_| !done) else { continue };
            let who = if matches!(deadline, Deadline::Decide | Deadline::Settle) { &view.from } else { &view.to };
            let today = self.day_there(who, self.now());
            let after = i64::from(self.setup().reminders.after);
            let unanswered = deadline == Deadline::Reply && today > moved(due, after.days());
            for (stands, step) in [
                (self.is_soon(view, due, today), ClockStep::Soon),
                (today > due, ClockStep::Passed),
                (unanswered, ClockStep::Unanswered),
            ] {
                steps.extend(stands.then_some(Reminded { deadline, step, due }));
            }
        }
        steps
    }

    /// Whether a day is near: within the days people are reminded, and past half the time to it.
    pub(super) fn is_soon(&self, view: &EnquiryView, due: Date, today: Date) -> bool {
        let before = i64::from(self.setup().reminders.before);
        let mut first = moved(due, (-before).days());
        if let Some(from) = view.received_on.or(view.sent_on) {
            let length = from.until(due).map_or(0, |span| i64::from(span.get_days()));
            first = first.max(moved(from, ((length + 1) / 2).max(0).days()));
        }
        (first..=due).contains(&today)
    }

    /// Whether every certificate that is asked about was decided on since; that preference waits, or that it came, is no
    /// decision.
    fn decided_since(&self, view: &EnquiryView) -> Result<bool, WorkflowError> {
        for place in view.subjects().iter().filter_map(|subject| subject.certificate.as_ref()) {
            let responses =
                statements_about(self.store().as_ref(), &Subject::Statement(place.jti), Kind::CustomsResponse)?;
            let decides = responses.into_iter().any(|(_, statement)| {
                // Of one log, the later statement has the greater identifier.
                let later = statement.opened.envelope.jti > view.place.jti;
                let OpenedBody::CustomsResponse(Some(response)) = statement.opened.body else { return false };
                later && response.decisions.iter().any(|one| settles(one.code))
            });
            // On what stands on paper alone nothing is decided here, nor on what is erased any more.
            let never = || match self.arrived(&ArrivedName::Jti(place.jti)) {
                Ok(arrival) => arrival.delivery == Delivery::Erased,
                Err(error) => matches!(error, WorkflowError::ArrivalOnPaper { .. }),
            };
            if !decides && !never() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether nothing is awaited of an enquiry any more, as far as its clock knows.
    pub(super) fn is_over(&self, jti: &Jti) -> Result<bool, WorkflowError> {
        Ok(self.clock_kept(jti)?.0.is_over(self.trust().version()))
    }

    fn clock_kept(&self, jti: &Jti) -> Result<(Kept, Option<Vec<u8>>), WorkflowError> {
        let record = self.store().record(Table::Customs, &clock_id(jti))?;
        let kept = record.as_deref().map(|bytes| parse(bytes, "the clock of an enquiry")).transpose()?;
        Ok((kept.unwrap_or_default(), record))
    }
}

const fn settles(code: ResponseCode) -> bool {
    !matches!(code, ResponseCode::Received | ResponseCode::IncompleteData | ResponseCode::PreferenceSuspended)
}

fn moved(day: Date, by: Days) -> Date {
    day.saturating_add(by)
}

fn clock_id(jti: &Jti) -> Vec<u8> {
    format!("clock/{jti}").into_bytes()
}
