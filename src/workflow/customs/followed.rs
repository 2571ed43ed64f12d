//! The enquiry that a decision says it follows.

use super::{Arrival, UseRefused, enquiries::Side};
use crate::{
    certificate::number_as_read,
    statement::{ItemDecision, Jti, ResponseCode, ResponseReason},
    workflow::{Desk, WorkflowError},
};

impl Desk {
    /// Whether decisions on a certificate may name an enquiry: it asks about this certificate, and that it got no reply is
    /// said only once its day is over without one. A denial may rest on an answer that came too late.
    pub(super) fn follows(
        &self,
        arrival: &Arrival,
        enquiry: Option<&Jti>,
        decisions: &[ItemDecision],
    ) -> Result<(), WorkflowError> {
        let Some(jti) = enquiry else { return Ok(()) };
        let (view, number) = (self.enquiry_of(Side::Asking, jti)?, arrival.whole()?.reference.number);
        let place = view.subjects().iter().zip(1..).find(|(subject, _)| match &subject.certificate {
            Some(at) => at.jti == arrival.jti,
            // It came only after it was asked about, by its number as somebody typed it.
            None => {
                let same = number_as_read(subject.number.as_str()) == number_as_read(number.as_str());
                same && view.to == arrival.issuer
            }
        });
        let Some((subject, place)) = place else { return Err(UseRefused::EnquiryOfAnother(*jti).into()) };
        let no_reply = decisions.iter().any(|one| one.code == ResponseCode::NoReply);
        let too_late = decisions.iter().any(|one| one.reason == Some(ResponseReason::NoReplyInTime));
        if !no_reply && !too_late {
            return Ok(());
        }
        match view.was_late(place, subject) {
            Some(late) if no_reply || !late => Err(UseRefused::EnquiryReplied(*jti).into()),
            None if view.concluded.is_some() => Err(UseRefused::EnquiryConcluded(*jti).into()),
            None if view.answer_unread => Err(UseRefused::AnswerUnread(*jti).into()),
            None if !view.overdue => Err(UseRefused::EnquiryNotOverdue { enquiry: *jti, due: view.reply_due }.into()),
            _ => Ok(()),
        }
    }
}
