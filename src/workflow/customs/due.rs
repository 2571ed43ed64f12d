//! The days of an enquiry by the agreements of the certificates it asks about, and by the time that was taken.

use super::{ArrivedName, EnquiryView, ReplyView, enquiries::Side};
use crate::{
    agreement::Span,
    certificate::{AgreementCode, Country, EditionCode},
    time::Date,
    workflow::{CertificateRecord, Desk},
};

/// The rules that a certificate was issued under.
pub(super) type Rules = (AgreementCode, EditionCode, Country);

/// The day to answer that the replies leave in force, the last that took time before those before it; says of each whether
/// it came after the day in force then. More time than the agreements allow moves no day.
fn in_force(agreed: Option<Date>, latest: Option<Date>, replies: &mut [ReplyView]) -> Option<Date> {
    let mut due = agreed;
    for reply in replies.iter_mut().filter(|one| one.key_closed.is_none()) {
        reply.late = due.is_some_and(|due| reply.day.is_some_and(|day| day > due));
        if let Some(until) = reply.reply.reply.reply_by {
            let until = latest.map_or(until, |latest| until.min(latest));
            due = agreed.map(|agreed| agreed.max(until));
        }
    }
    due
}

impl Desk {
    /// Counts the days of the agreements concerned from a day on; where several are, the earliest counts.
    pub(super) fn clock(&self, view: &mut EnquiryView, side: Side, from: Date) {
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
            // Where the agreement says nothing of more time, there is none beyond its own day.
            let more = reply.and_then(|day| Some((day, there?, rules.extend.value()?)));
            let latest = more.and_then(|(day, there, more)| lists.holidays().last_day(there, day, more)).or(reply);
            if let Some(latest) = latest.filter(|day| view.latest.as_ref().is_none_or(|(known, _)| day < known)) {
                let article = more.and_then(|_| rules.extend.article()).or_else(|| rules.reply.article());
                view.latest = Some((latest, article.map(str::to_owned)));
            }
            view.decide_due = earliest(view.decide_due, last(rules.decide.value(), here));
        }
        // Where the agreements say nothing, the day that was asked for is what both sides have, and none is beyond it.
        if let (None, Some(day)) = (view.reply_due, view.enquiry.asked.reply_by) {
            view.reply_due = Some(day);
            view.latest = Some((day, None));
        }
        let latest = view.latest.as_ref().map(|(day, _)| *day);
        view.reply_due = in_force(view.reply_due, latest, &mut view.replies);
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
            let of_paper = || {
                let paper = self.paper_by(&subject.jti).ok()??.paper;
                Some((paper.agreement, paper.edition, paper.to))
            };
            let of_certificate = certificate.map(|one| (one.agreement, one.edition, one.to));
            let Some(one) = of_certificate.or_else(of_paper) else { continue };
            if !rules.contains(&one) {
                rules.push(one);
            }
        }
        rules
    }
}
