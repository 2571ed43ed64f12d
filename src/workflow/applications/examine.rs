//! What examining officers do: claim, release, ask, recommend, refuse, send back.

use super::{Applications, Body, Change, file::View};
use crate::{
    certificate::Text,
    office::{Application, ApplicationId, ApplicationRefused, By, Caller, Deed, ExporterRefused, RefusalCode},
    workflow::WorkflowError,
};

impl Applications {
    /// Takes an application in hand; if another was first, the refusal says who and when.
    pub fn claim(&self, caller: &Caller, request_id: &str, id: ApplicationId) -> Result<View, WorkflowError> {
        self.act(caller, request_id, id, Deed::Claim, Body::of("claim"), Application::claim)
    }

    /// Puts it back into the queue.
    pub fn release(&self, caller: &Caller, request_id: &str, id: ApplicationId) -> Result<View, WorkflowError> {
        self.act(caller, request_id, id, Deed::Release, Body::of("release"), Application::release)
    }

    /// Asks who filed it.
    pub fn query(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        question: Text<1024>,
        fields: Vec<String>,
    ) -> Result<View, WorkflowError> {
        let body = fields.iter().fold(Body::of("query").part(question.as_str()), |body, field| body.part(field));
        self.act(caller, request_id, id, Deed::Query, body, |application, by| application.query(question, fields, by))
    }

    /// Recommends that the certificate be issued.
    pub fn recommend(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        note: Option<Text<1024>>,
    ) -> Result<View, WorkflowError> {
        let body = Body::of("recommend").part(note.as_ref().map_or("", Text::as_str));
        self.act(caller, request_id, id, Deed::Recommend, body, |application, by| {
            // Nothing is issued for it: an officer is told now, and not the signatory later.
            if self.exporters.is_off(&application.exporter)? {
                return Err(WorkflowError::from(ExporterRefused::StruckOff));
            }
            Ok(application.recommend(note, by)?)
        })
    }

    /// Refuses it, with a coded reason and in words.
    pub fn refuse(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        code: RefusalCode,
        words: Text<1024>,
    ) -> Result<View, WorkflowError> {
        let body = Body::of("refuse").part(code.name()).part(words.as_str());
        self.act(caller, request_id, id, Deed::Refuse, body, |application, by| application.refuse(code, words, by))
    }

    /// Sends what was recommended back to the queue, or takes back an approval that led to no certificate. Why stands
    /// in the history, for the examiner and for whoever filed it.
    pub fn send_back(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        why: Text<1024>,
    ) -> Result<View, WorkflowError> {
        let body = Body::of("send back").part(why.as_str());
        self.act(caller, request_id, id, Deed::SendBack, body, |application, by| application.send_back(Some(why), by))
    }

    /// One deed of an officer, durable with the answer to its request.
    pub(super) fn act<E: Into<WorkflowError>>(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        deed: Deed,
        body: Body,
        change: impl FnOnce(Application, &By) -> Result<Application, E>,
    ) -> Result<View, WorkflowError> {
        let Some(action) = deed.action() else {
            return Err(ApplicationRefused::NotYours.into());
        };
        let request = self.request(caller, request_id, body.part(id.bytes()))?;
        if let Some(done) = self.again(&request)? {
            return Ok(done);
        }
        let kept = self.on_desk(caller, id, action)?;
        let by = By::caller(caller, &kept.application.subject.office, self.desk.now());
        let after = change(kept.application.clone(), &by).map_err(Into::into)?;
        self.commit(caller, request, Change { before: Some(kept), after, paper: None })
    }
}
