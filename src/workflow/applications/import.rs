//! Many at once: each row is an application declared and submitted, or left a draft; a row that fails says why and
//! stops no other, and a row that comes again changes nothing.

use super::{
    Applications, Body, Change, DRAWN_ANEW, Paper, Request,
    file::{Acceptable, declared},
    keep,
};
use crate::{
    office::{Action, Amount, Application, By, Caller, Declarant, MandateRefused},
    reason::Reasoned as _,
    sequencer::SequencerError,
    workflow::{Accounts, Drawing, WorkflowError},
};
use std::{collections::HashSet, sync::Arc};

/// One application to be filed.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// For which exporter: its id or its registration number, or nothing where it is the caller's own.
    pub exporter: String,
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
    Done(Box<Imported>),
    New(Box<New>),
}

/// A row that is to be filed.
struct New {
    request: Request,
    after: Application,
    paper: Paper,
    value: Option<Amount>,
    /// It is submitted, and counts on the mandate; else it is left a draft.
    declared: bool,
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

    pub(super) fn import_now(&self, caller: &Caller, rows: Vec<ImportRow>) -> Vec<Answer> {
        let mut seen = HashSet::new();
        // A request that stands twice in one message waits for its first.
        let first = rows.iter().map(|row| seen.insert(row.request_id.as_str())).collect::<Vec<_>>();
        let firsts = rows.iter().zip(&first).filter(|(_, first)| **first).map(|(row, _)| row).collect::<Vec<_>>();
        let mut together = match self.together(caller, &firsts) {
            Ok(answers) => answers,
            // The same request came by another way in the same moment: then one by one, each for itself.
            Err(error) if error.reason() == "REQUEST_ID_REUSED" => {
                firsts.iter().map(|row| self.alone(caller, row)).collect()
            }
            Err(error) => firsts.iter().map(|_| Err(same(&error))).collect(),
        }
        .into_iter();
        let answers = first.iter().map(|first| if *first { together.next() } else { None }).collect::<Vec<_>>();
        let answers = rows.iter().zip(first).zip(answers);
        answers
            .map(|((row, first), answer)| if first { answer.unwrap_or_else(lost) } else { self.alone(caller, row) })
            .collect()
    }

    fn alone(&self, caller: &Caller, row: &ImportRow) -> Answer {
        let answers = self.together(caller, &[row])?;
        answers.into_iter().next().unwrap_or_else(lost)
    }

    /// Files rows in one commit; an error is that of the commit. What they draw on a mandate counts with it, and where
    /// others drew on the same one in the same moment, it is drawn anew.
    fn together(&self, caller: &Caller, rows: &[&ImportRow]) -> Result<Vec<Answer>, WorkflowError> {
        let mut answers = Vec::with_capacity(rows.len());
        let mut filed = Vec::new();
        for row in rows {
            answers.push(match self.row(caller, row) {
                Ok(Row::Done(before)) => Some(Ok(*before)),
                Ok(Row::New(new)) => {
                    filed.push((answers.len(), *new));
                    None
                }
                Err(refused) => Some(Err(refused)),
            });
        }
        for _ in 0..DRAWN_ANEW {
            let mut drawing = self.exporters.drawing(caller);
            let (mut requests, mut changes, mut places) = (Vec::new(), Vec::new(), Vec::new());
            for (place, new) in &filed {
                match self.drawn_by(&mut drawing, new) {
                    Ok(change) => {
                        requests.push(new.request.clone());
                        changes.push(change);
                        places.push(*place);
                    }
                    // It may be refused because the same request was filed by another way in the same moment.
                    Err(refused) => put(&mut answers, *place, self.before(&new.request)?.ok_or(refused)),
                }
            }
            let audit = changes.iter().map(|change| super::audit_row(caller, change)).collect();
            let committed = if changes.is_empty() {
                Ok(())
            } else {
                keep::commit(self.store(), self.now_ms(), &requests, &changes, audit, drawing.drawn()?)
            };
            match committed {
                Ok(()) => {
                    for (place, change) in places.into_iter().zip(changes) {
                        put(&mut answers, place, Ok(Imported { application: change.after, repeated: false }));
                    }
                    return Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect());
                }
                Err(error) if keep::drawn_on(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(keep::crowded())
    }

    /// What an earlier request came to.
    fn before(&self, request: &Request) -> Result<Option<Imported>, WorkflowError> {
        let Some(id) = keep::answered(self.store(), request)? else { return Ok(None) };
        Ok(Some(Imported { application: keep::find(self.store(), id)?.application, repeated: true }))
    }

    /// What a row changes, with what it draws.
    fn drawn_by(&self, drawing: &mut Drawing<'_>, new: &New) -> Result<Change, WorkflowError> {
        let New { after, paper, value, declared, .. } = new;
        let filing = self.filing(&after.subject, value.as_ref());
        let carried = if *declared {
            drawing.draw(&after.exporter, &filing, None)?
        } else {
            drawing.files(&after.exporter, &filing)?;
            None
        };
        Ok(Change { before: None, after: after.clone().carried(carried), paper: Some(paper.clone()) })
    }

    /// Reads, judges and declares one row.
    fn row(&self, caller: &Caller, row: &ImportRow) -> Result<Row, WorkflowError> {
        let ImportRow { request_id, exporter, paper, declarant } = row;
        let body = Body::of("import").part(exporter).paper(paper);
        let body = match declarant {
            Some(declarant) => declared(body, declarant),
            None => body,
        };
        let request = self.request(caller, request_id, body)?;
        if let Some(before) = self.before(&request)? {
            return Ok(Row::Done(Box::new(before)));
        }
        let exporter = self.exporters.named(caller, exporter)?;
        // What the office knows of an exporter is told to nobody who holds no mandate of it.
        if !self.exporters.drawing(caller).holds(&exporter)? {
            return Err(MandateRefused::None(exporter).into());
        }
        let Acceptable { subject, value, findings } = self.acceptable(paper, &exporter)?;
        let by = By::caller(caller, &subject.office, self.desk.now());
        let mut after = self.new_draft(caller, exporter, subject, paper)?;
        if let Some(declarant) = declarant {
            after = after.submit(declarant.clone(), findings, &by)?;
        }
        let (paper, declared) = (paper.clone(), declarant.is_some());
        Ok(Row::New(Box::new(New { request, after, paper, value, declared })))
    }
}

fn put(answers: &mut [Option<Answer>], place: usize, answer: Answer) {
    if let Some(at) = answers.get_mut(place) {
        *at = Some(answer);
    }
}

fn lost() -> Answer {
    Err(SequencerError::Unavailable("a row was lost".into()).into())
}

/// The error that one commit of many rows had, for each of them.
fn same(error: &WorkflowError) -> WorkflowError {
    match error {
        WorkflowError::Sequencer(error) => error.clone().into(),
        other => SequencerError::Unavailable(other.to_string()).into(),
    }
}
