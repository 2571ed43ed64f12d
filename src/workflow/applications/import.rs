//! Many at once: each row is an application declared and submitted, or left a draft; a row that fails says why and
//! stops no other, and a row that comes again changes nothing.

use super::{Applications, Body, Change, Paper, Request, file::declared, keep};
use crate::{
    office::{Action, Application, By, Caller, Declarant},
    reason::Reasoned as _,
    sequencer::SequencerError,
    workflow::{Accounts, WorkflowError},
};
use std::{collections::HashSet, sync::Arc};

/// One application to be filed.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// What is asked for.
    pub paper: Paper,
    /// The declaration; without one the row is left a draft.
    pub declarant: Option<Declarant>,
}

/// A row that was taken, now or before.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The application as it stands.
    pub application: Application,
    /// Whether the same request had filed it before.
    pub repeated: bool,
}

/// What is known of a row before the commit.
enum Row {
    Done(Box<Application>),
    New(Request, Box<Change>),
}

type Answer = Result<Imported, WorkflowError>;

impl Applications {
    /// Files many. The answers are in the order of the rows.
    pub async fn import(&self, caller: &Arc<Caller>, rows: Vec<ImportRow>) -> Result<Vec<Answer>, WorkflowError> {
        Accounts::allow(caller, Action::FileApplication)?;
        let (own, by) = (self.clone(), Arc::clone(caller));
        tokio::task::spawn_blocking(move || own.import_now(&by, rows))
            .await
            .map_err(|e| SequencerError::Unavailable(e.to_string()).into())
    }

    fn import_now(&self, caller: &Caller, rows: Vec<ImportRow>) -> Vec<Answer> {
        let mut seen = HashSet::new();
        let mut answers: Vec<Option<Answer>> = Vec::with_capacity(rows.len());
        let (mut requests, mut changes, mut places) = (Vec::new(), Vec::new(), Vec::new());
        // A request that stands twice in one message waits for its first.
        let mut again = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            if !seen.insert(row.request_id.as_str()) {
                again.push(place);
                answers.push(None);
                continue;
            }
            answers.push(match self.row(caller, row) {
                Ok(Row::Done(application)) => Some(Ok(Imported { application: *application, repeated: true })),
                Ok(Row::New(request, change)) => {
                    requests.push(request);
                    changes.push(*change);
                    places.push(place);
                    None
                }
                Err(refused) => Some(Err(refused)),
            });
        }
        let audit = changes.iter().map(|change| super::audit_row(caller, change)).collect();
        let committed = if changes.is_empty() {
            Ok(())
        } else {
            keep::commit(self.store(), self.now_ms(), requests, &changes, audit)
        };
        match committed {
            Ok(()) => {
                for (place, change) in places.into_iter().zip(changes) {
                    if let Some(answer) = answers.get_mut(place) {
                        *answer = Some(Ok(Imported { application: change.after, repeated: false }));
                    }
                }
            }
            // The same request came by another way in the same moment: then one by one, each for itself.
            Err(error) if error.reason() == "REQUEST_ID_REUSED" => again.extend(places),
            Err(error) => return rows.iter().map(|_| Err(same(&error))).collect(),
        }
        for place in again {
            if let (Some(row), Some(answer)) = (rows.get(place), answers.get_mut(place)) {
                *answer = Some(self.alone(caller, row));
            }
        }
        let lost = || Err(SequencerError::Unavailable("a row was lost".into()).into());
        answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }

    fn alone(&self, caller: &Caller, row: &ImportRow) -> Answer {
        match self.row(caller, row)? {
            Row::Done(application) => Ok(Imported { application: *application, repeated: true }),
            Row::New(request, change) => {
                let audit = vec![super::audit_row(caller, &change)];
                keep::commit(self.store(), self.now_ms(), vec![request], std::slice::from_ref(&*change), audit)?;
                Ok(Imported { application: change.after, repeated: false })
            }
        }
    }

    /// Reads, judges and declares one row.
    fn row(&self, caller: &Caller, row: &ImportRow) -> Result<Row, WorkflowError> {
        let ImportRow { request_id, paper, declarant } = row;
        let body = Body::of("import").paper(paper);
        let body = match declarant {
            Some(declarant) => declared(body, declarant),
            None => body,
        };
        let request = self.request(caller, request_id, body)?;
        if let Some(id) = keep::answered(self.store(), &request)? {
            return Ok(Row::Done(Box::new(keep::find(self.store(), id)?.application)));
        }
        let (subject, findings) = self.acceptable(paper)?;
        let by = By::caller(caller, &subject.office, self.desk.now());
        let mut after = self.new_draft(caller, subject, paper)?;
        if let Some(declarant) = declarant {
            after = after.submit(declarant.clone(), findings, &by)?;
        }
        Ok(Row::New(request, Box::new(Change { before: None, after, paper: Some(paper.clone()) })))
    }
}

/// The error that one commit of many rows had, for each of them.
fn same(error: &WorkflowError) -> WorkflowError {
    match error {
        WorkflowError::Sequencer(error) => error.clone().into(),
        other => SequencerError::Unavailable(other.to_string()).into(),
    }
}
