//! The days of an enquiry by the agreements of the certificates it asks about, and by the time that was taken.

use super::{Arrival, ArrivedName, EnquiryView, ReplyView, enquiries::Side};
use crate::{
    agreement::Span,
    certificate::{AgreementCode, Country, EditionCode},
    log::Origin,
    office::ActState,
    statement::{Enquiry, EnquirySubject, Issuer, ItemDecision, Jti, ResponseCode, ResponseReason},
    time::Date,
    workflow::{CertificateRecord, Desk, WorkflowError, changes::listened_to},
};
use std::collections::BTreeSet;

/// The rules that a certificate was issued under.
pub(super) type Rules = (AgreementCode, EditionCode, Country);

/// The day to answer that the replies leave in force, the last that took time before those before it; says of each whether
/// it came after the day in force then. More time than the agreements allow moves no day; where they say none, and none was
/// asked for, the day that was taken is the day.
fn in_force(agreed: Option<Date>, latest: Option<Date>, replies: &mut [ReplyView]) -> Option<Date> {
    let mut due = agreed;
    for reply in replies.iter_mut().filter(|one| one.key_closed.is_none()) {
        reply.late = due.is_some_and(|due| reply.day.is_some_and(|day| day > due));
        if let Some(until) = reply.reply.reply.reply_by {
            let until = latest.map_or(until, |latest| until.min(latest));
            due = Some(agreed.map_or(until, |agreed| agreed.max(until)));
        }
    }
    due
}

impl Desk {
    /// Whether the logs of the other side are open here that the days of an enquiry rest on: those of the certificates
    /// it asks about, and those that were read before, where replies and clarifications stand. A node that starts opens
    /// them as it connects; before that a certificate looks unknown, and an answer as if there were none.
    pub(super) fn days_are_known(&self, side: Side, other: &Issuer, enquiry: &Enquiry) -> Result<bool, WorkflowError> {
        let certified = enquiry.subjects.iter().filter_map(|subject| subject.certificate.as_ref());
        let certified = certified.filter(|_| side == Side::Asking);
        self.are_open(other, certified.map(|place| place.log.clone()).collect())
    }

    /// Whether the logs of another authority that were read before are open here, and others that are needed.
    pub(super) fn are_open(&self, other: &Issuer, mut needed: Vec<Origin>) -> Result<bool, WorkflowError> {
        let (trust, own) = (self.trust(), &self.setup().issuer);
        needed.extend(listened_to(self.store().as_ref(), other)?);
        let open = self.addressed().into_iter().map(|(log, _)| log).collect::<BTreeSet<Origin>>();
        // One that the trust list gives to another authority by now, or knows no more, is never opened here.
        let comes = |log: &Origin| trust.addressee_of(log) == Some(own) && trust.issuer_of(log).is_some();
        Ok(needed.iter().all(|log| open.contains(log) || !comes(log)))
    }

    /// Counts the days of the agreements concerned from a day on; where several are, the earliest counts. It alone says
    /// when an enquiry is due: lists, reminders and decisions have it from here.
    pub(super) fn clock(&self, view: &mut EnquiryView, side: Side, from: Date) -> Result<(), WorkflowError> {
        let lists = self.lists();
        // Days are counted at the side that has to do something.
        let trust = self.trust();
        let (there, here) = (trust.country(&view.to), trust.country(&view.from));
        let earliest = |now: Option<Date>, new: Option<Date>| match (now, new) {
            (Some(now), Some(new)) => Some(now.min(new)),
            (now, new) => now.or(new),
        };
        for edition in self.editions_asked_about(view, side)? {
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
            // Where the agreement says nothing of more time, there is none beyond its own day.
            let more = reply.and_then(|day| Some((day, there?, rules.extend.value()?)));
            let latest = more.and_then(|(day, there, more)| lists.holidays().last_day(there, day, more)).or(reply);
            if let Some(latest) = latest.filter(|day| view.latest.as_ref().is_none_or(|(known, _)| day < known)) {
                let article = more.and_then(|_| rules.extend.article()).or_else(|| rules.reply.article());
                view.latest = Some((latest, article.map(str::to_owned)));
            }
            view.decide_due = earliest(view.decide_due, last(rules.decide.value(), here));
        }
        // Where the agreements say nothing, the day that was asked for is what both sides have. It binds nobody: more time
        // is taken as the side that is asked needs it.
        view.reply_due = view.reply_due.or(view.enquiry.as_ref().and_then(|enquiry| enquiry.asked.reply_by));
        let latest = view.latest.as_ref().map(|(day, _)| *day);
        view.reply_due = in_force(view.reply_due, latest, &mut view.replies);
        Ok(())
    }

    /// The rules of the certificates that are asked about, each once.
    pub(super) fn editions_asked_about(&self, view: &EnquiryView, side: Side) -> Result<Vec<Rules>, WorkflowError> {
        let mut rules: Vec<Rules> = Vec::new();
        for place in view.subjects().iter().filter_map(|subject| subject.certificate.as_ref()) {
            let certificate = match side {
                Side::Asking => found(self.arrived(&ArrivedName::Jti(place.jti)))?.map(|arrival| arrival.certificate),
                Side::Asked => match self.store().find(&place.jti)? {
                    Some(entry) => {
                        found(CertificateRecord::read(self.store().as_ref(), &entry))?.map(|record| record.certificate)
                    }
                    None => None,
                },
            };
            let one = match certificate {
                Some(one) => Some((one.agreement, one.edition, one.to)),
                None => found(self.paper_by(&place.jti))?
                    .flatten()
                    .map(|one| (one.paper.agreement, one.paper.edition, one.paper.to)),
            };
            if let Some(one) = one.filter(|one| !rules.contains(one)) {
                rules.push(one);
            }
        }
        Ok(rules)
    }

    /// The certificates of an enquiry that are here and have no answer yet, by their places in it: of these alone an
    /// officer can say that there was none, and of those of which that was said it is not proposed again.
    pub(super) fn unanswered_here(&self, view: &EnquiryView) -> Result<Vec<u32>, WorkflowError> {
        let mut places = Vec::new();
        for (place, subject) in (1_u32..).zip(view.subjects()) {
            if view.was_late(place, subject).is_some() {
                continue;
            }
            let Some(arrival) = found(self.arrived(&name_of(subject, &view.to)))? else { continue };
            if !self.is_said_unanswered(&arrival, &view.place.jti, subject)? {
                places.push(place);
            }
        }
        Ok(places)
    }

    /// Whether an act on a certificate, which counts or waits, says of all that was asked about it that this enquiry got no
    /// reply in time.
    fn is_said_unanswered(
        &self,
        arrival: &Arrival,
        enquiry: &Jti,
        subject: &EnquirySubject,
    ) -> Result<bool, WorkflowError> {
        let acts = self.acts(arrival)?;
        let after_it = acts.iter().filter(|act| {
            act.enquiry.as_ref() == Some(enquiry) && matches!(act.state, ActState::Counts | ActState::Waits)
        });
        let unanswered = |one: &&ItemDecision| {
            one.code == ResponseCode::NoReply || one.reason == Some(ResponseReason::NoReplyInTime)
        };
        let said = after_it.flat_map(|act| &act.decisions).filter(unanswered).filter(|one| one.line.is_none());
        let said = said.map(|one| one.item).collect::<BTreeSet<_>>();
        let mut asked = subject.items.clone();
        if let (true, Some(goods)) = (asked.is_empty(), arrival.certificate.goods.as_option()) {
            asked.extend(goods.items.iter().filter_map(|item| item.as_option()).map(|item| item.number));
        }
        let of_each = !asked.is_empty() && asked.iter().all(|item| said.contains(&Some(*item)));
        Ok(of_each || said.contains(&None))
    }
}

/// How a certificate that is asked about is looked for; one that was not known then may have come since.
fn name_of(subject: &EnquirySubject, issuer: &Issuer) -> ArrivedName {
    match &subject.certificate {
        Some(place) => ArrivedName::Jti(place.jti),
        None => ArrivedName::Number(subject.number.to_string(), Some(issuer.clone())),
    }
}

/// What is not to be found is none; what could not be read is no answer to that.
fn found<T>(result: Result<T, WorkflowError>) -> Result<Option<T>, WorkflowError> {
    match result {
        Ok(one) => Ok(Some(one)),
        Err(WorkflowError::Store(error)) => Err(error.into()),
        Err(_) => Ok(None),
    }
}
