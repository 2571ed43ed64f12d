//! The fee gate: what is not paid for is not in the queue.

use super::{Applications, Body, file::View};
use crate::{
    certificate::Text,
    office::{Application, ApplicationId, Caller, Deed, Subject},
    workflow::WorkflowError,
};

impl Applications {
    /// Whether the office of what is filed asks a fee for it.
    pub(super) fn fee_due(&self, subject: &Subject) -> bool {
        self.desk.offices().find(&subject.office).is_some_and(|record| record.office.asks_fee(&subject.agreement))
    }

    /// Records that the fee of an application is paid, with the treasury's reference: an examiner, or the treasury's
    /// system with a token of this one scope.
    pub fn record_fee(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        reference: Text<128>,
    ) -> Result<View, WorkflowError> {
        let body = Body::of("record fee").part(reference.as_str());
        let paid = |application: Application, by: &_| application.record_fee(reference, by);
        self.act(caller, request_id, id, Deed::RecordFee, body, paid)
    }
}
