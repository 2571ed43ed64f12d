//! What an officer should know of a certificate whatever it is declared with: what its issuer found when it was asked,
//! and where its goods were said to go.

use super::{
    Arrival, EnquiryView, Notice, ReplyView,
    notices::{notices, used_before},
    refused::items_in_words,
};
use crate::{
    certificate::number_as_read,
    reason::counted,
    statement::{
        EndorsementAct, EndorsementWords, EnquirySubject, ImportDeclaration, Issuer, Jti, SubjectAnswer, SubjectFinding,
    },
    store::{EntryRef, Subject},
    verification::LostEntries,
    workflow::{Desk, WorkflowError},
};

impl Desk {
    /// Everything that is to be known before items of a certificate are used, or a claim on them accepted, with a
    /// declaration; where none is named, today. No items are all of them. It reads from the disk.
    pub(super) fn known(
        &self,
        arrival: &Arrival,
        declaration: Option<&ImportDeclaration>,
        items: &[u32],
    ) -> Result<Vec<Notice>, WorkflowError> {
        let mut all = self.known_of_day(arrival, declaration);
        all.extend(used_before(&arrival.file, &self.acts(arrival)?, declaration));
        if let Some(declaration) = declaration {
            all.extend(self.used_of_void(arrival, declaration)?);
        }
        all.extend(self.heard(arrival, items)?);
        Ok(all)
    }

    /// What of that the certificate, its agreement, its file and the day say by themselves.
    pub(super) fn known_of_day(&self, arrival: &Arrival, declaration: Option<&ImportDeclaration>) -> Vec<Notice> {
        let today = self.own_today();
        let mut all = notices(arrival, self.edition_of(arrival), (declaration, today), self.now());
        if let Some(ahead) = declaration.filter(|declaration| declaration.date > today) {
            let words = format!("the declaration is of {}, and today is {today}", ahead.date);
            all.push(Notice::new("DECLARATION_AHEAD", true, words));
        }
        all.extend(self.changes_lost(arrival));
        all
    }

    /// That a change of its status may be among what its issuer lost of the log, and is not here.
    fn changes_lost(&self, arrival: &Arrival) -> Option<Notice> {
        let LostEntries { log, left, signed } = self.partner_lost(&arrival.entry.origin)?;
        let lost = signed.checked_sub(left).filter(|lost| *lost > 0)?;
        let words = format!(
            "its issuer's node says that it lost {} of the log {log} for good: a change of its status may be among them, of which \
             nothing is known there or here; ask the issuer",
            counted(lost, "entry", "entries")
        );
        Some(Notice::new("PARTNER_LOG_LOST", false, words))
    }

    /// What was answered to the enquiries about a certificate, what this authority said of where these items of it go, or
    /// any where none is named, both of those in whose place it stands, and which stand in its own; that acts on it may be
    /// among those that did not come back whole yet, and that what came back is not all counted.
    pub(super) fn heard(&self, arrival: &Arrival, items: &[u32]) -> Result<Vec<Notice>, WorkflowError> {
        let mut all = self.answered(arrival)?;
        all.extend(self.gone(arrival, None, items));
        all.extend(self.superseded(arrival)?);
        all.extend(self.predecessors_heard(arrival)?);
        all.extend(self.proven_no_more(arrival)?);
        all.extend(self.acts_unread(arrival)?);
        let uncounted = arrival.file.in_two_units(items);
        all.extend(uncounted.map(|one| Notice::new("BALANCE_UNIT", false, one.to_string())));
        Ok(all)
    }

    /// That the trust list ended the log of a certificate which stands within, and no head kept here proves it.
    fn proven_no_more(&self, arrival: &Arrival) -> Result<Option<Notice>, WorkflowError> {
        let EntryRef { origin, index } = &arrival.entry;
        let copy = self.addressed().into_iter().find(|(log, _)| log == origin);
        let Some((_, store)) = copy.filter(|_| !self.trust().is_void(origin, *index)) else { return Ok(None) };
        let Some(last) = self.unproven_within(store.as_ref(), &arrival.entry)? else { return Ok(None) };
        let words = format!(
            "the trust list ended its log with {}, and no head of at most that many is kept here that proves it: ask for its \
             bundle, which proves it where its own head has at most that many, and else ask its issuer whether it was issued \
             anew",
            counted(last, "entry", "entries")
        );
        Ok(Some(Notice::new("UNPROVEN", false, words)))
    }

    /// What was answered to the enquiries about a certificate.
    pub(super) fn answered(&self, arrival: &Arrival) -> Result<Vec<Notice>, WorkflowError> {
        let mut all = self.answers(&Subject::Statement(arrival.jti), stands_at(arrival.jti))?;
        if let Some(reference) = arrival.certificate.reference.as_option() {
            all.extend(self.answered_of(reference.number.as_str(), Some(&arrival.issuer))?);
        }
        Ok(all)
    }

    /// That these items of a certificate, or any where none is named, were said to go elsewhere, after a word by which all
    /// of them came here.
    pub(super) fn gone(&self, arrival: &Arrival, back: Option<Jti>, items: &[u32]) -> Vec<Notice> {
        let meets = |of: &[u32]| items.is_empty() || of.is_empty() || of.iter().any(|item| items.contains(item));
        let sent = self.sent_elsewhere(arrival).into_iter().filter(|(jti, _)| back.is_none_or(|back| *jti > back));
        let sent = sent.filter(|(_, words)| meets(&words.items));
        sent.map(|(_, words)| went_elsewhere(&words)).collect()
    }

    /// What this authority said of other destinations, of the goods of which it did not say later that they go elsewhere
    /// again, or come here after all.
    fn sent_elsewhere(&self, arrival: &Arrival) -> Vec<(Jti, EndorsementWords)> {
        let own_country = Some(self.setup().country);
        let certificate = arrival.certificate.to_certificate();
        let every = certificate.map(|one| one.goods.items.iter().map(|item| item.number).collect::<Vec<_>>());
        let mut elsewhere: Vec<(Jti, EndorsementWords)> = Vec::new();
        for note in &arrival.endorsements {
            let Some(words) = &note.words else { continue };
            let EndorsementWords { act, destination, items, .. } = words;
            if *act != EndorsementAct::DestinationChanged || destination.is_none() {
                continue;
            }
            // Of the goods it names the last word counts, wherever they go.
            if items.is_empty() {
                elsewhere.clear();
            } else {
                elsewhere.retain_mut(|(_, before)| still_of(before, items, every.as_deref()));
            }
            if *destination != own_country {
                elsewhere.push((note.jti, words.clone()));
            }
        }
        elsewhere
    }

    /// What was answered to the enquiries about a number that was not known here when it was asked about, or is on paper.
    pub(super) fn answered_of(&self, number: &str, issuer: Option<&Issuer>) -> Result<Vec<Notice>, WorkflowError> {
        let subject = Subject::Number(number.to_owned());
        let mut all = self.answers(&subject, |view, one| {
            let of_it = one.certificate.is_none() && number_as_read(one.number.as_str()) == number_as_read(number);
            of_it && issuer.is_none_or(|issuer| *issuer == view.to)
        })?;
        for paper in self.papers_to(&subject, issuer)? {
            all.extend(self.answers(&Subject::Statement(paper.jti), stands_at(paper.jti))?);
        }
        Ok(all)
    }

    /// What was answered to the enquiries that are found by something, of the certificates that are meant.
    fn answers(
        &self,
        by: &Subject,
        meant: impl Fn(&EnquiryView, &EnquirySubject) -> bool,
    ) -> Result<Vec<Notice>, WorkflowError> {
        let mut all = Vec::new();
        for view in self.enquiries_about(by)? {
            let places = view.subjects().iter().zip(1..).filter(|(one, _)| meant(&view, one));
            let places = places.map(|(_, place)| place).collect::<Vec<u32>>();
            for reply in view.counting() {
                let about = reply.reply.answers.iter().filter(|answer| places.contains(&answer.subject));
                all.extend(about.map(|answer| found(&view.place.jti, reply, answer)));
            }
        }
        Ok(all)
    }
}

/// Whether what is asked about is what a statement says.
fn stands_at(jti: Jti) -> impl Fn(&EnquiryView, &EnquirySubject) -> bool {
    move |_, one| one.certificate.as_ref().is_some_and(|place| place.jti == jti)
}

fn found(enquiry: &Jti, reply: &ReplyView, answer: &SubjectAnswer) -> Notice {
    let fails = answer.items.iter().filter(|one| !one.valid).map(|one| one.item).collect::<Vec<_>>();
    let (reason, what) = match answer.finding {
        SubjectFinding::Valid => ("ISSUER_FINDS_VALID", "it holds".to_owned()),
        SubjectFinding::NotValid => ("ISSUER_FINDS_NOT_VALID", "it does not hold".to_owned()),
        SubjectFinding::PartlyValid => {
            ("ISSUER_FINDS_NOT_VALID", format!("it does not hold for {}", items_in_words(&fails)))
        }
        SubjectFinding::NotIssued => ("ISSUER_FINDS_NOT_VALID", "it did not issue it".to_owned()),
    };
    let on = reply.day.map_or_else(String::new, |day| format!(" on {day}"));
    let late = if reply.late { ", after the day by which it was due" } else { "" };
    let of_items = answer.items.iter().filter_map(|one| one.words.as_ref().map(|words| (one.item, words)));
    let of_items = of_items.map(|(item, words)| format!("item {item}: {words}"));
    let said = answer.words.iter().map(ToString::to_string).chain(of_items).collect::<Vec<_>>().join("; ");
    let said = if said.is_empty() { said } else { format!(" ({said})") };
    Notice::new(reason, false, format!("its issuer answered enquiry {enquiry}{on}{late}: {what}{said}"))
}

fn went_elsewhere(words: &EndorsementWords) -> Notice {
    let EndorsementWords { day, office, destination, items: of, .. } = words;
    let of = if of.is_empty() { String::new() } else { format!(" of {}", items_in_words(of)) };
    let destination = destination.map(|country| country.to_string()).unwrap_or_default();
    let words = format!("on {day}, {office} endorsed that its goods{of} go to {destination}");
    Notice::new("DESTINATION_CHANGED", false, words)
}

/// Takes items out of what was said of others, or of all; whether any are left.
fn still_of(before: &mut EndorsementWords, items: &[u32], every: Option<&[u32]>) -> bool {
    if before.items.is_empty() {
        let Some(every) = every else { return true };
        before.items = every.to_vec();
    }
    before.items.retain(|item| !items.contains(item));
    !before.items.is_empty()
}

/// The items that are named one by one; none where one of them is not, so that all are meant.
pub(super) fn named_items(items: impl Iterator<Item = Option<u32>>) -> Vec<u32> {
    items.collect::<Option<Vec<_>>>().unwrap_or_default()
}
