//! An enquiry as either side sees it, and where it stands by what was answered, or by a supervisor's word.

use super::{SecuritySettled, concluding::Conclusion};
use crate::{
    certificate::number_as_read,
    statement::{
        Enquiry, EnquiryReply, EnquirySubject, Issuer, Jti, ReplyAct, ResponseCode, StatementRef, SubjectAnswer,
    },
    time::Date,
};
use std::collections::{BTreeMap, BTreeSet};

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
    /// A supervisor of who asks concluded it: how it ended is known by another way.
    Concluded,
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
    /// How a supervisor of who asks concluded it; an answer that came since is the answer all the same.
    pub concluded: Option<Conclusion>,
    /// What officers of who asked said became of the security that goods were released on, or of goods that were held,
    /// oldest first; the last counts.
    pub settled: Vec<SecuritySettled>,
    /// Whether there is such a thing, an answer is awaited no more, and nobody said what became of it since the last one.
    pub unsettled: bool,
    /// Whether the last day to decide is over meanwhile.
    pub settle_overdue: bool,
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
    /// The last answer that counts, here or in an enquiry that clarified this one.
    pub(super) last_answer: Option<Jti>,
}

impl EnquiryView {
    /// Whether something is still to be answered.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, EnquiryState::Answered | EnquiryState::Concluded | EnquiryState::Erased)
    }

    /// Whether something was said of a security while an answer was awaited, or before the last one came: it counts until
    /// that is here, which may find what nobody knew.
    #[must_use]
    pub fn is_before_answer(&self, settled: &SecuritySettled) -> bool {
        self.is_awaited() || self.last_answer > settled.answer
    }

    /// Whether an answer is awaited: it is not all there, and its day is not over.
    pub(super) fn is_awaited(&self) -> bool {
        self.is_open() && !self.overdue
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
    pub(super) fn answered_numbers(&self) -> BTreeMap<String, Option<Date>> {
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

/// Whether two enquiries ask about one certificate: one that was not known here by its number alone, in whatever letters,
/// blanks and dashes it was typed.
pub(super) fn is_same(one: &EnquirySubject, other: &EnquirySubject) -> bool {
    match (&one.certificate, &other.certificate) {
        (Some(one), Some(other)) => one.jti == other.jti,
        _ => number_as_read(one.number.as_str()) == number_as_read(other.number.as_str()),
    }
}

/// Keeps the day of an answer about a number, of several the first.
pub(super) fn put_first(numbers: &mut BTreeMap<String, Option<Date>>, number: String, day: Option<Date>) {
    numbers.entry(number).and_modify(|first| *first = day.min(*first)).or_insert(day);
}

/// Where an enquiry stands by its answers, the last of which counts.
pub(super) fn state_of(view: &EnquiryView, answer_erased: bool) -> EnquiryState {
    if view.enquiry.is_none() {
        return EnquiryState::Erased;
    }
    let acts = view.counting().map(|one| one.reply.reply.act).collect::<Vec<_>>();
    if acts.contains(&ReplyAct::Full) || view.is_clarified() {
        return EnquiryState::Answered;
    }
    if view.concluded.is_some() {
        return EnquiryState::Concluded;
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
