//! What was answered to an enquiry, and whether something was that is not to be read here. A reply names its enquiry in what
//! it discloses alone: of one whose disclosures are not here nobody can tell which enquiry it answers, nor that it does not
//! answer this one.

use super::{
    EnquiryView, ReplyView,
    arrival::{instant, statement_at, statements_about},
    closed::said_about,
    course::{parse, written},
    enquiries::Side,
};
use crate::{
    inbox,
    log::Origin,
    sequencer::{Beside, Outcome},
    statement::{EnquiryReply, EnquirySubject, Issuer, Jti, Kind, OpenedBody, ReplyAct, ReplyWords, StatementRef},
    store::{Disclosures, EntryRef, StateChange, Store, Subject, Table},
    workflow::{Desk, WorkflowError},
};
use std::sync::Arc;

/// The replies to an enquiry.
pub(super) struct Answers {
    /// Those that are shown, in their order.
    pub(super) shown: Vec<ReplyView>,
    /// Whether there was another, which is erased and may have been an answer.
    pub(super) erased: bool,
}

impl Desk {
    /// What was answered to an enquiry by who was asked, with what stands past the closing of its key.
    pub(super) fn answers_to(&self, side: Side, enquiry: &StatementRef, to: &Issuer) -> Result<Answers, WorkflowError> {
        let (trust, subject) = (self.trust(), Subject::Statement(enquiry.jti));
        let mut answers = Answers { shown: Vec::new(), erased: false };
        for store in self.answering_stores(side) {
            for said in said_about(store.as_ref(), &trust, &subject, Kind::EnquiryReply)? {
                let (about, key_closed, jti) = (said.about, said.key_closed, said.entry.envelope.jti);
                if said.entry.envelope.iss != *to {
                    continue;
                }
                let (reply, erased) = match said.entry.body {
                    OpenedBody::EnquiryReply(Some(body)) => (*body, false),
                    OpenedBody::EnquiryReply(None) => match kept_of(store.as_ref(), &jti)? {
                        Some(reply) => {
                            let enquiry = enquiry.clone();
                            (EnquiryReply { enquiry, reply, answers: Vec::new(), documents: Vec::new() }, true)
                        }
                        None => {
                            answers.erased |= key_closed.is_none();
                            continue;
                        }
                    },
                    _ => continue,
                };
                let day = instant(about.at_ms).map(|at| self.day_there(to, at));
                answers.shown.push(ReplyView { jti, reply, day, late: false, key_closed, erased });
            }
        }
        answers.shown.sort_by_key(|reply| reply.jti);
        Ok(answers)
    }

    /// The enquiry about these certificates that a reply was made to whose words are erased: the reply says it no more, and
    /// the enquiry is found by it still. It reads from the disk.
    pub(super) fn replied_to(
        &self,
        side: Side,
        reply: &Jti,
        subjects: &[EnquirySubject],
    ) -> Result<Option<EnquiryView>, WorkflowError> {
        for subject in subjects {
            // What is known by now may have been asked about by its number alone.
            let known = subject.certificate.iter().map(|place| Subject::Statement(place.jti));
            for by in known.chain([Subject::Number(subject.number.to_string())]) {
                for store in self.asking_stores(side) {
                    for (_, enquiry) in statements_about(store.as_ref(), &by, Kind::Enquiry)? {
                        match self.enquiry_of(side, &enquiry.opened.envelope.jti) {
                            Ok(view) if view.counting().any(|one| one.jti == *reply) => return Ok(Some(view)),
                            Ok(_) | Err(WorkflowError::EnquiryUnknown) => {}
                            Err(error) => return Err(error),
                        }
                    }
                }
            }
        }
        Ok(None)
    }

    /// How far the logs of who is asked are here, to be kept with the enquiry: what was here before it answers it not.
    pub(super) fn known_before(&self, to: &Issuer) -> Result<Beside, WorkflowError> {
        let theirs = self.addressed().into_iter().filter(|(origin, _)| origin.host() == to.host());
        let sizes = theirs.map(|(origin, store)| {
            let size = store.head(&origin).map_or(0, |head| head.head.size);
            (origin, size)
        });
        Ok(kept_with(before_id, written(&sizes.collect::<Sizes>())?))
    }

    /// Whether who was asked has replied something since of which the words did not come here, or were erased before they
    /// came: it may be the answer. It reads from the disk.
    pub(super) fn has_unread_reply(&self, view: &EnquiryView) -> Result<bool, WorkflowError> {
        let record = self.store().record(Table::Customs, &before_id(&view.place.jti))?;
        // Of an enquiry from before this was kept, or that came back after a loss, only the hour is known.
        let before: Sizes =
            record.map(|bytes| parse(&bytes, "what was here before an enquiry")).transpose()?.unwrap_or_default();
        for (origin, store) in self.addressed() {
            // Another authority of this node keeps nothing back, and what it erased is known as a reply still.
            if origin.host() != view.to.host() || !self.is_copied(&origin) {
                continue;
            }
            let kept = store.as_ref();
            let published = kept.head(&origin).map_or(0, |head| head.head.size);
            let since = before.iter().find(|(log, _)| *log == origin).map_or(0, |(_, size)| *size);
            for index in inbox::not_here(kept, &origin, published)?.into_iter().filter(|index| *index >= since) {
                let Some(facts) = kept.facts(&origin, index)? else { continue };
                // Identifiers tell the hour.
                let earlier = facts.jti.hour_ms() < view.place.jti.hour_ms();
                if earlier || facts.status_index.is_some() || inbox::is_finding(kept, &origin, index)? {
                    continue;
                }
                let entry = EntryRef { origin: origin.clone(), index };
                let Some(statement) = statement_at(kept, &entry)? else { continue };
                let unread = statement.disclosures == Disclosures::None;
                if unread && matches!(statement.opened.body, OpenedBody::EnquiryReply(None)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Sizes of logs.
type Sizes = Vec<(Origin, u64)>;

/// What is kept of a reply that answers nothing beside what it discloses: once that is erased, it is known still that it did
/// not, and what day it took.
pub(super) fn kept_beside(reply: &ReplyWords) -> Result<Beside, WorkflowError> {
    if matches!(reply.act, ReplyAct::Partial | ReplyAct::Full) {
        return Ok(Beside::default());
    }
    Ok(kept_with(reply_id, written(&ReplyWords { words: None, ..reply.clone() })?))
}

fn kept_of(store: &dyn Store, reply: &Jti) -> Result<Option<ReplyWords>, WorkflowError> {
    let record = store.record(Table::Customs, &reply_id(reply))?;
    record.map(|bytes| parse(&bytes, "what is kept of a reply")).transpose()
}

/// A record that is kept with a statement.
fn kept_with(id: fn(&Jti) -> Vec<u8>, record: Vec<u8>) -> Beside {
    let changes = move |outcome: &Outcome| {
        let id = id(&outcome.jti);
        Ok::<_, String>(vec![StateChange::RecordPut { table: Table::Customs, id, record: record.clone() }])
    };
    Beside { changes: Some(Arc::new(changes)), ..Beside::default() }
}

fn before_id(enquiry: &Jti) -> Vec<u8> {
    format!("before/{enquiry}").into_bytes()
}

fn reply_id(reply: &Jti) -> Vec<u8> {
    format!("reply/{reply}").into_bytes()
}
