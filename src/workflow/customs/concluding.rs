//! The end of an enquiry of which the answer is not to be read here, and may never be: how it ended is known by another
//! way, and a supervisor says so.

use super::{
    EnquiryRefused, EnquiryState, EnquiryView,
    course::{parse, written},
    deciding::done,
    digest,
    enquiries::Side,
};
use crate::{
    certificate::Text,
    office::{Action, Actor, AuditEvent, Caller, DoneBy},
    sequencer::SequencerError,
    statement::Jti,
    store::{Expected, StateChange, Table},
    workflow::{Accounts, Desk, WorkflowError, carry::blocking},
};
use serde::{Deserialize, Serialize};

/// How an enquiry was concluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusion {
    /// Who concluded it, and when.
    pub by: DoneBy,
    /// Why, and by which way it is known how it ended.
    pub reason: Text<1024>,
}

impl Desk {
    /// Concludes an enquiry of this authority of which the answer is not to be read here. Who was asked is not told: what
    /// they replied is the answer still, once it comes.
    pub async fn conclude_enquiry(
        &self,
        caller: &Caller,
        request_id: &str,
        enquiry: Jti,
        reason: Text<1024>,
    ) -> Result<EnquiryView, WorkflowError> {
        Accounts::allow(caller, Action::ConcludeEnquiry)?;
        let request = self.request(caller, request_id)?;
        let digest = digest("conclusion of an enquiry", &[&enquiry.to_string(), reason.as_str()]);
        let audit = AuditEvent::of(Actor::Caller(caller), Action::ConcludeEnquiry);
        let audit = audit.by_request(&request.id).on(enquiry).with_detail(&reason);
        let (desk, conclusion) = (self.clone(), Conclusion { by: self.done_by(caller), reason });
        let conclude = move || {
            if desk.answer_before(&request, digest)?.is_none() {
                desk.conclude(&enquiry, &conclusion, done(&request, digest, Vec::new()), &audit)?;
            }
            desk.enquiry_of(Side::Asking, &enquiry)
        };
        blocking(conclude).await?
    }

    fn conclude(
        &self,
        enquiry: &Jti,
        conclusion: &Conclusion,
        answered: StateChange,
        audit: &AuditEvent,
    ) -> Result<(), WorkflowError> {
        has_an_answer_unread(&self.enquiry_of(Side::Asking, enquiry)?)?;
        let (table, id) = (Table::Customs, conclusion_id(enquiry));
        // Of two who conclude it at once, one is first.
        let expected = vec![Expected { table, id: id.clone(), record: None }];
        let state = vec![StateChange::RecordPut { table, id, record: written(conclusion)? }, answered];
        self.commit(expected, state, vec![audit.to_row()]).map_err(of_enquiry)
    }

    /// How an own enquiry was concluded, if it was.
    pub(super) fn conclusion_of(&self, enquiry: &Jti) -> Result<Option<Conclusion>, WorkflowError> {
        let record = self.store().record(Table::Customs, &conclusion_id(enquiry))?;
        record.map(|bytes| parse(&bytes, "the conclusion of an enquiry")).transpose()
    }
}

/// Whether an enquiry would wait for ever: one that is over needs no end, and one of which every reply can be read ends by
/// its answer or by its day.
fn has_an_answer_unread(view: &EnquiryView) -> Result<(), EnquiryRefused> {
    let enquiry = view.place.jti;
    match view.state {
        EnquiryState::Answered => Err(EnquiryRefused::EndedByAnswer(enquiry)),
        EnquiryState::Concluded => Err(EnquiryRefused::EndedBefore(enquiry)),
        EnquiryState::Erased => Err(EnquiryRefused::EndedErased(enquiry)),
        _ if view.answer_unread => Ok(()),
        _ => Err(EnquiryRefused::NothingUnread { enquiry, overdue: view.overdue, due: view.reply_due }),
    }
}

/// Another was first with an enquiry, and not with a certificate.
pub(super) fn of_enquiry(error: WorkflowError) -> WorkflowError {
    match error {
        WorkflowError::Sequencer(SequencerError::Crowded(_)) => SequencerError::Crowded("enquiry").into(),
        other => other,
    }
}

fn conclusion_id(enquiry: &Jti) -> Vec<u8> {
    format!("concluded/{enquiry}").into_bytes()
}
