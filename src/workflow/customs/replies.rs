//! Answers to the enquiries of others, signed and kept for ever.

use super::{
    EnquiryRefused, EnquiryState, EnquiryView, Notice,
    answers::kept_beside,
    arrival::statement_at,
    asking::has_items,
    digest,
    enquiries::Side,
    fits,
    odds::{found_otherwise, subject_at},
    part,
    refused::can_be_named,
};
use crate::{
    certificate::{Certificate, Text},
    office::{Action, Actor, AuditEvent, Caller},
    sequencer::{Beside, Outcome, Saying, SequencerError, Task, Work},
    statement::{
        DocumentDigest, EnquiryReply, EnquirySubject, ITEM_NUMBER_MAX, Jti, OpenedBody, ReplyAct, ReplyWords,
        SubjectAnswer, SubjectFinding,
    },
    store::{Expected, StateChange, Table},
    time::Date,
    workflow::{Accounts, Desk, WorkflowError, carry::blocking},
};
use std::{collections::BTreeSet, sync::Arc};

/// An answer to give.
#[derive(Debug, Clone)]
pub struct ReplyWish {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// The enquiry.
    pub enquiry: Jti,
    /// What the answer does.
    pub act: ReplyAct,
    /// By which day the rest is answered.
    pub reply_by: Option<Date>,
    /// In words.
    pub words: Option<Text<2048>>,
    /// Certificate by certificate.
    pub answers: Vec<SubjectAnswer>,
    /// Documents that go by another way.
    pub documents: Vec<DocumentDigest>,
}

/// An answer that was given.
#[derive(Debug, Clone)]
pub struct Replied {
    /// The statement.
    pub jti: Jti,
    /// The enquiry by now.
    pub enquiry: EnquiryView,
    /// Whether it came after the day it was due.
    pub late: bool,
    /// What it says that the own logs do not, or that another answer does not.
    pub notices: Vec<Notice>,
}

/// An answer that could be given.
#[derive(Debug, Clone)]
pub struct JudgedReply {
    /// Whether it would come after the day it is due.
    pub late: bool,
    /// What it would say that the own logs do not, or that another answer does not.
    pub notices: Vec<Notice>,
}

impl ReplyWish {
    /// A statement has what it answers in its order.
    fn in_order(mut self) -> Self {
        self.answers.sort_by_key(|answer| answer.subject);
        for answer in &mut self.answers {
            answer.items.sort_by_key(|one| one.item);
        }
        self
    }
}

impl Desk {
    /// Judges an answer as [`Self::reply`] would, and gives none: what is signed stays.
    pub async fn judge_reply(&self, caller: &Caller, wish: ReplyWish) -> Result<JudgedReply, WorkflowError> {
        Accounts::allow(caller, Action::AnswerEnquiry)?;
        let (wish, desk) = (wish.in_order(), self.clone());
        let judge = move || {
            let view = desk.answerable(&desk.first_asked(&wish.enquiry)?, &wish)?;
            let notices = desk.at_odds(&view, &wish.answers)?;
            Ok::<_, WorkflowError>(JudgedReply { late: view.overdue, notices })
        };
        blocking(judge).await?
    }

    /// Answers an enquiry to this authority: step by step, or at once.
    pub async fn reply(&self, caller: &Caller, wish: ReplyWish) -> Result<Replied, WorkflowError> {
        Accounts::allow(caller, Action::AnswerEnquiry)?;
        let wish = wish.in_order();
        let request = self.request(caller, &wish.request_id)?;
        let by = wish.reply_by.map(|day| day.to_string());
        let parts = [
            wish.enquiry.to_string(),
            part(&(&wish.act, &by, &wish.words))?,
            part(&wish.answers)?,
            part(&wish.documents)?,
        ];
        let digest = digest("reply to an enquiry", &parts.each_ref().map(String::as_str));
        let audit = AuditEvent::of(Actor::Caller(caller), Action::AnswerEnquiry);
        let (asked, answers) = (wish.enquiry, wish.answers.clone());
        let prepare = move |desk: &Self| {
            desk.once(&request, digest, || {
                // Enquiries that clarify one another are answered one at a time too.
                let first = desk.first_asked(&wish.enquiry)?;
                let (beside, under_way) = desk.one_at_a_time("replies", &first)?;
                if under_way.is_some() {
                    return Err(SequencerError::Crowded("enquiry").into());
                }
                let view = desk.answerable(&first, &wish)?;
                let received_on = view.received_on.unwrap_or_else(|| desk.own_today());
                let reply = EnquiryReply {
                    enquiry: view.place.clone(),
                    reply: ReplyWords {
                        act: wish.act,
                        received_on,
                        reply_by: wish.reply_by,
                        words: wish.words.clone(),
                    },
                    answers: wish.answers.clone(),
                    documents: wish.documents.clone(),
                };
                let audit = audit.clone().with_detail(format!("{} to {}", wish.act, view.place.jti));
                let beside = beside.and(kept_beside(&reply.reply)?);
                let saying = Saying::reply(reply).with(beside);
                Ok(Work { request: request.clone(), digest, task: Task::Say(Box::new(saying)), by: Some(audit) })
            })
        };
        let jti = self.carry_out(prepare).await?.outcome.jti;
        let desk = self.clone();
        let look = move || {
            let enquiry = desk.incoming(&asked)?;
            let notices = desk.at_odds(&enquiry, &answers)?;
            Ok::<_, WorkflowError>((enquiry, notices))
        };
        let (enquiry, notices) = blocking(look).await??;
        let late = enquiry.replies.iter().any(|one| one.jti == jti && one.late);
        Ok(Replied { jti, enquiry, late, notices })
    }

    /// The enquiry, if it can be answered so.
    fn answerable(&self, first: &Jti, wish: &ReplyWish) -> Result<EnquiryView, WorkflowError> {
        let view = self.incoming(&wish.enquiry)?;
        check(&view, wish)?;
        says_all(wish, self.own_today())?;
        takes_more(&view, wish)?;
        self.check_items(&view, wish)?;
        self.same_elsewhere(first, &view, wish)?;
        Ok(view)
    }

    /// Whether the certificates have the items that are answered about, and each item that is asked about is answered.
    fn check_items(&self, view: &EnquiryView, wish: &ReplyWish) -> Result<(), WorkflowError> {
        for answer in wish.answers.iter().filter(|answer| !answer.items.is_empty()) {
            let Some(subject) = subject_at(view, answer.subject) else { continue };
            let certificate = self.contents_of(subject)?;
            if let Some(certificate) = &certificate {
                has_items(certificate, &answer.items.iter().map(|one| one.item).collect::<Vec<_>>())?;
            }
            answers_each(answer, subject, certificate.as_ref())?;
        }
        Ok(())
    }

    /// The enquiry that an enquiry clarifies, by way of others that it clarifies; itself where it clarifies none.
    fn first_asked(&self, enquiry: &Jti) -> Result<Jti, WorkflowError> {
        let mut view = self.incoming(enquiry)?;
        while let Some(reply) = view.enquiry.as_ref().and_then(|enquiry| enquiry.clarifies.as_ref()) {
            let Some(entry) = self.store().find(&reply.jti)? else { break };
            let Some(statement) = statement_at(self.store().as_ref(), &entry)? else { break };
            let asked = match statement.opened.body {
                OpenedBody::EnquiryReply(Some(body)) => self.incoming(&body.enquiry.jti),
                OpenedBody::EnquiryReply(None) => {
                    let asked = self.replied_to(Side::Asked, &reply.jti, view.subjects())?;
                    asked.ok_or(WorkflowError::EnquiryUnknown)
                }
                _ => break,
            };
            match asked {
                // Each is later than the one that it clarifies, so that a circle of them has an end.
                Ok(asked) if asked.place.jti < view.place.jti => view = asked,
                Ok(_) | Err(WorkflowError::EnquiryUnknown) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(view.place.jti)
    }

    /// Whether a certificate is answered as it was in the enquiries that belong to this one, from the first on: those that
    /// clarify one another have one answer.
    fn same_elsewhere(&self, first: &Jti, view: &EnquiryView, wish: &ReplyWish) -> Result<(), WorkflowError> {
        let mut open = vec![*first];
        while let Some(enquiry) = open.pop() {
            let other = match self.incoming(&enquiry) {
                Ok(other) => other,
                Err(WorkflowError::EnquiryUnknown) => continue,
                Err(error) => return Err(error),
            };
            open.extend(&other.clarified_by);
            if enquiry != view.place.jti
                && let Some(refused) = otherwise(&other, view, &wish.answers)
            {
                return Err(refused.into());
            }
        }
        Ok(())
    }

    /// What a certificate that is asked about says. The other side may name anything; and of one whose contents are erased
    /// nobody knows its items.
    fn contents_of(&self, subject: &EnquirySubject) -> Result<Option<Certificate>, WorkflowError> {
        if subject.certificate.is_none() {
            return Ok(None);
        }
        Ok(self.own_asked_about(subject)?.and_then(|record| record.certificate.to_certificate()))
    }

    /// Of two who follow a statement at once, one comes after the other and is judged anew; with the last that followed
    /// it, while that is not shown yet. It is read before what is judged.
    pub(super) fn one_at_a_time(&self, what: &str, followed: &Jti) -> Result<(Beside, Option<Jti>), WorkflowError> {
        let (table, id) = (Table::Customs, format!("{what}/{followed}").into_bytes());
        let record = self.store().record(table, &id)?;
        let last = record.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse::<Jti>().ok());
        let under_way = match last {
            Some(last) => self.store().find(&last)?.is_none().then_some(last),
            None => None,
        };
        let expected = vec![Expected { table, id: id.clone(), record }];
        let changes = move |outcome: &Outcome| {
            let record = outcome.jti.to_string().into_bytes();
            Ok::<_, String>(vec![StateChange::RecordPut { table, id: id.clone(), record }])
        };
        Ok((Beside { expected, changes: Some(Arc::new(changes)), ..Beside::default() }, under_way))
    }
}

/// Whether the answer fits what was asked, and what was answered before.
fn check(view: &EnquiryView, wish: &ReplyWish) -> Result<(), WorkflowError> {
    match view.state {
        EnquiryState::Answered => return Err(WorkflowError::EnquiryAnswered),
        EnquiryState::Erased => return Err(EnquiryRefused::Erased(view.place.jti).into()),
        _ => {}
    }
    if wish.act == ReplyAct::Acknowledged && view.counting().next().is_some() {
        return Err(WorkflowError::EnquiryAcknowledged);
    }
    if let (Some(until), Some((latest, article))) = (wish.reply_by, &view.latest)
        && until > *latest
    {
        return Err(EnquiryRefused::TooMuchTime { until, latest: *latest, article: article.clone() }.into());
    }
    let subjects = u32::try_from(view.subjects().len()).unwrap_or(u32::MAX);
    if let Some(answer) = wish.answers.iter().find(|answer| !(1..=subjects).contains(&answer.subject)) {
        return Err(WorkflowError::SubjectUnknown { subject: answer.subject, subjects });
    }
    let before = view.answered();
    if let Some(twice) = wish.answers.iter().find(|answer| before.contains(&answer.subject)) {
        return Err(WorkflowError::SubjectAnswered(twice.subject));
    }
    let now = wish.answers.iter().map(|answer| answer.subject).chain(before).collect::<BTreeSet<_>>();
    match (wish.act, (1..=subjects).find(|subject| !now.contains(subject))) {
        (ReplyAct::Full, Some(open)) => Err(WorkflowError::SubjectOpen(open)),
        (ReplyAct::Partial, None) => Err(EnquiryRefused::IsFull.into()),
        _ => Ok(()),
    }
}

/// An answer that finds something else of a certificate than another enquiry was answered with.
fn otherwise(other: &EnquiryView, view: &EnquiryView, answers: &[SubjectAnswer]) -> Option<EnquiryRefused> {
    answers.iter().find_map(|answer| {
        let (_, found) = found_otherwise(other, view, answer)?;
        let (subject, finding, enquiry) = (answer.subject, found.finding, other.place.jti);
        Some(EnquiryRefused::AnsweredOtherwise { subject, finding, enquiry })
    })
}

/// Whether a reply that takes more time does so.
fn takes_more(view: &EnquiryView, wish: &ReplyWish) -> Result<(), EnquiryRefused> {
    match (wish.act, wish.reply_by, view.reply_due) {
        (ReplyAct::Extended, Some(until), Some(due)) if until <= due => Err(EnquiryRefused::NoMoreTime { until, due }),
        _ => Ok(()),
    }
}

/// Whether an answer that tells items apart says of each item asked about whether it holds: a certificate is answered once,
/// and what is left out would never be answered. Of items that nobody asked about it may speak too, as the issuer may find
/// more than it was asked; any other finding is of the whole certificate.
fn answers_each(
    answer: &SubjectAnswer,
    subject: &EnquirySubject,
    certificate: Option<&Certificate>,
) -> Result<(), EnquiryRefused> {
    let has = certificate.map(|one| one.goods.items.iter().map(|item| item.number).collect::<Vec<_>>());
    let asked = match &has {
        Some(has) if subject.items.is_empty() => has,
        _ => &subject.items,
    };
    // Of an item that the certificate does not have nothing can be answered.
    let is_there = |item: u32| has.as_ref().is_none_or(|has| has.contains(&item));
    let named = |item: u32| answer.items.iter().any(|one| one.item == item);
    let open = asked.iter().copied().filter(|item| is_there(*item) && !named(*item)).collect::<Vec<_>>();
    if answer.finding != SubjectFinding::PartlyValid || open.is_empty() {
        return Ok(());
    }
    Err(EnquiryRefused::ItemsOpen { subject: answer.subject, items: open })
}

/// Whether a reply says what its act asks for, and nothing twice.
fn says_all(wish: &ReplyWish, today: Date) -> Result<(), WorkflowError> {
    let ReplyWish { act, reply_by, words, answers, documents, .. } = wish;
    if answers.is_empty() == matches!(act, ReplyAct::Partial | ReplyAct::Full) {
        return Err(EnquiryRefused::Answers(*act).into());
    }
    let lacks = match (act, reply_by) {
        (ReplyAct::ClarificationAsked, _) if words.is_none() => Some(EnquiryRefused::NoWords),
        (ReplyAct::Extended, None) => Some(EnquiryRefused::NoDay),
        (ReplyAct::Full, Some(_)) => Some(EnquiryRefused::DayWithFull),
        (_, Some(day)) if *day < today => Some(EnquiryRefused::DayPast(*day)),
        _ => None,
    };
    if let Some(lacks) = lacks {
        return Err(lacks.into());
    }
    if let Some((twice, _)) = answers.iter().zip(answers.iter().skip(1)).find(|(a, b)| a.subject == b.subject) {
        return Err(EnquiryRefused::AnsweredTwice(twice.subject).into());
    }
    for answer in answers {
        let SubjectAnswer { subject, finding, items, .. } = answer;
        if let Some((twice, _)) = items.iter().zip(items.iter().skip(1)).find(|(a, b)| a.item == b.item) {
            return Err(EnquiryRefused::ItemTwice { subject: *subject, item: twice.item }.into());
        }
        if let Some(none) = items.iter().find(|one| !(1..=ITEM_NUMBER_MAX).contains(&one.item)) {
            return Err(WorkflowError::ItemUnknown(none.item));
        }
        if !answer.agrees() {
            return Err(EnquiryRefused::FindingDisagrees { subject: *subject, finding: *finding }.into());
        }
    }
    can_be_named(documents)?;
    fits("a reply", &(words, answers, documents))
}
