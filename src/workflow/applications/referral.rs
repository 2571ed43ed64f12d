//! Referral to a factory visit or a laboratory, and the report that brings the application back.

use super::{Applications, Body, file::View};
use crate::{
    certificate::{Sha256, Text},
    office::{Application, ApplicationId, Caller, Deed, ReferredTo},
    time::Date,
    workflow::WorkflowError,
};

/// What is to be looked at, by whom, by when.
#[derive(Debug, Clone)]
pub struct Referring {
    /// To where.
    pub to: ReferredTo,
    /// What is to be looked at.
    pub look_at: Text<1024>,
    /// The civil date at the office by which the report is due.
    pub due: Date,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Who visited, or which laboratory tested.
    pub visitor: Text<256>,
    /// On which day.
    pub visited_on: Date,
    /// In words.
    pub words: Text<1024>,
    /// SHA-256 of the paper, which the office keeps.
    pub paper: Sha256,
}

impl Applications {
    /// Refers an application to a factory visit or a laboratory.
    pub fn refer(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        asked: Referring,
    ) -> Result<View, WorkflowError> {
        let Referring { to, look_at, due } = asked;
        let body = Body::of("refer").part(to.name()).part(look_at.as_str()).part(due.to_string());
        self.act(caller, request_id, id, Deed::Refer, body, |application: Application, by| {
            let today = self.day_at(&application.subject.office);
            application.refer(to, (look_at, due), today, by)
        })
    }

    /// Brings the report: the application is in the hand of the officer who referred it again.
    pub fn report(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        found: Found,
    ) -> Result<View, WorkflowError> {
        let Found { visitor, visited_on, words, paper } = found;
        let body = Body::of("report").part(visitor.as_str()).part(visited_on.to_string()).part(words.as_str());
        self.act(caller, request_id, id, Deed::Report, body.part(paper.0), |application: Application, by| {
            let today = self.day_at(&application.subject.office);
            application.report(visitor, visited_on, (words, paper), today, by)
        })
    }
}
