//! What was answered to an enquiry, and whether something was that is not to be read here. A reply names its enquiry in what
//! it discloses alone: of one whose disclosures are not here nobody can tell which enquiry it answers, nor that it does not
//! answer this one.

use super::{
    EnquiryView, ReplyView,
    arrival::{instant, statement_at},
    closed::said_about,
    enquiries::Side,
};
use crate::{
    inbox,
    statement::{Issuer, Jti, Kind, OpenedBody},
    store::{Disclosures, EntryRef, Subject},
    workflow::{Desk, WorkflowError},
};

/// The replies to an enquiry.
pub(super) struct Answers {
    /// Those that are shown, in their order.
    pub(super) shown: Vec<ReplyView>,
    /// Whether there was another, which is erased.
    pub(super) erased: bool,
}

impl Desk {
    /// What was answered to an enquiry by who was asked, with what stands past the closing of its key.
    pub(super) fn answers_to(&self, side: Side, enquiry: &Jti, to: &Issuer) -> Result<Answers, WorkflowError> {
        let (trust, subject) = (self.trust(), Subject::Statement(*enquiry));
        let mut answers = Answers { shown: Vec::new(), erased: false };
        for store in self.answering_stores(side) {
            for said in said_about(store.as_ref(), &trust, &subject, Kind::EnquiryReply)? {
                let (about, key_closed) = (said.about, said.key_closed);
                if said.entry.envelope.iss != *to {
                    continue;
                }
                match said.entry.body {
                    OpenedBody::EnquiryReply(Some(body)) => {
                        let day = instant(about.at_ms).map(|at| self.day_there(to, at));
                        let jti = said.entry.envelope.jti;
                        answers.shown.push(ReplyView { jti, reply: *body, day, late: false, key_closed });
                    }
                    OpenedBody::EnquiryReply(None) => answers.erased |= key_closed.is_none(),
                    _ => {}
                }
            }
        }
        answers.shown.sort_by_key(|reply| reply.jti);
        Ok(answers)
    }

    /// Whether who was asked has replied something since of which the words did not come here, or were erased before they
    /// came: it may be the answer. It reads from the disk.
    pub(super) fn has_unread_reply(&self, view: &EnquiryView) -> Result<bool, WorkflowError> {
        for (origin, store) in self.addressed() {
            // Another authority of this node keeps nothing back, and what it erased is known as a reply still.
            if origin.host() != view.to.host() || !self.is_copied(&origin) {
                continue;
            }
            let kept = store.as_ref();
            let published = kept.head(&origin).map_or(0, |head| head.head.size);
            for index in inbox::not_here(kept, &origin, published)? {
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
