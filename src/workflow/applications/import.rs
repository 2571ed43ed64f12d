//! Many at once: each row is an application declared and submitted, or left a draft; a row that fails says why and
//! stops no other, and a row that comes again changes nothing.

use super::{
    Applications, Body, Change, DRAWN_ANEW, Paper, Request, audit_rows,
    file::{Acceptable, declared},
    keep,
    machine::{Released, Seen},
};
use crate::{
    office::{Action, Amount, Application, By, Caller, Declarant, Drafted, MandateRefused, folded, likened},
    reason::Reasoned as _,
    sequencer::{Issue, SequencerError},
    store::Expected,
    workflow::{Accounts, Drawing, WorkflowError, carry::blocking},
};
use std::{collections::HashSet, num::NonZero, sync::Arc, thread};

/// Below this many rows a thread costs more than it saves.
const ROWS_WORTH_A_THREAD: usize = 16;

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
    /// What is to be issued, where the policy releases a signature.
    issue: Option<Box<Issue>>,
    /// What the machine relied on.
    rests_on: Vec<Expected>,
}

/// Rows as they are answered, with what is to be issued for some of them.
type Filed = Vec<(Answer, Option<Released>)>;

type Answer = Result<Imported, WorkflowError>;

impl Applications {
    /// Files many. The answers are in the order of the rows; what the policy releases is issued by then.
    pub async fn import(&self, caller: &Arc<Caller>, rows: Vec<ImportRow>) -> Result<Vec<Answer>, WorkflowError> {
        Accounts::allow(caller, Action::FileApplication)?;
        let (own, by) = (self.clone(), Arc::clone(caller));
        let filed = blocking(move || own.import_now(&by, &rows)).await?;
        let (mut places, mut released) = (Vec::new(), Vec::new());
        let mut answers = Vec::with_capacity(filed.len());
        for (answer, one) in filed {
            if let Some(one) = one {
                places.push(answers.len());
                released.push(one);
            }
            answers.push(answer);
        }
        if !released.is_empty() {
            let issued = self.issue_released(released).await;
            for (place, application) in places.into_iter().zip(issued) {
                if let Some(answer) = answers.get_mut(place) {
                    *answer = Ok(Imported { application, repeated: false });
                }
            }
        }
        Ok(answers)
    }

    pub(super) fn import_now(&self, caller: &Caller, rows: &[ImportRow]) -> Filed {
        let (mut seen, mut named) = (HashSet::new(), HashSet::new());
        // A request, or an invoice, that stands twice in one message waits for its first: it is judged by that one.
        let mut comes_first = |row: &ImportRow| {
            let mut new = seen.insert(row.request_id.clone());
            for number in row.paper.invoices() {
                new &= named.insert((likened(&row.exporter), folded(&number)));
            }
            new
        };
        let first = rows.iter().map(&mut comes_first).collect::<Vec<_>>();
        let firsts = rows.iter().zip(&first).filter(|(_, first)| **first).map(|(row, _)| row).collect::<Vec<_>>();
        let mut together = match self.together(caller, &firsts) {
            Ok(answers) => answers,
            // The same request came by another way in the same moment, or the policy changed: then one by one, each for
            // itself.
            Err(error) if error.reason() == "REQUEST_ID_REUSED" || keep::policy_moved(&error) => {
                firsts.iter().map(|row| self.alone(caller, row)).collect()
            }
            Err(error) => firsts.iter().map(|_| (Err(same(&error)), None)).collect(),
        }
        .into_iter();
        let answers = first.iter().map(|first| if *first { together.next() } else { None }).collect::<Vec<_>>();
        let answers = rows.iter().zip(first).zip(answers);
        answers
            .map(
                |((row, first), answer)| {
                    if first { answer.unwrap_or_else(|| (lost(), None)) } else { self.alone(caller, row) }
                },
            )
            .collect()
    }

    fn alone(&self, caller: &Caller, row: &ImportRow) -> (Answer, Option<Released>) {
        match self.together(caller, &[row]) {
            // The same request came by another way in the same moment: what it came to is read.
            Err(error) if error.reason() == "REQUEST_ID_REUSED" => self.together(caller, &[row]),
            done => done,
        }
        .map_or_else(|error| (Err(error), None), |answers| answers.into_iter().next().unwrap_or_else(|| (lost(), None)))
    }

    /// Reads and judges rows, on as many threads as there are cores.
    fn judged(&self, caller: &Caller, rows: &[&ImportRow]) -> Vec<Result<Row, WorkflowError>> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let workers = cores.min(rows.len() / ROWS_WORTH_A_THREAD);
        if workers < 2 {
            return rows.iter().map(|row| self.row(caller, row)).collect();
        }
        thread::scope(|scope| {
            let parts = rows.chunks(rows.len().div_ceil(workers)).map(|rows| {
                let judge = move || rows.iter().map(|row| self.row(caller, row)).collect::<Vec<_>>();
                (rows.len(), scope.spawn(judge))
            });
            let mut judged = Vec::with_capacity(rows.len());
            for (count, part) in parts.collect::<Vec<_>>() {
                let died = || Err(SequencerError::Unavailable("a judging thread died".into()).into());
                judged.extend(part.join().unwrap_or_else(|_| (0..count).map(|_| died()).collect()));
            }
            judged
        })
    }

    /// Files rows in one commit; an error is that of the commit. What they draw on a mandate counts with it, and where
    /// others drew on the same one in the same moment, it is drawn anew.
    fn together(&self, caller: &Caller, rows: &[&ImportRow]) -> Result<Filed, WorkflowError> {
        let mut answers = Vec::with_capacity(rows.len());
        let (mut filed, mut rests_on): (Vec<(usize, New)>, Vec<Expected>) = (Vec::new(), Vec::new());
        for row in self.judged(caller, rows) {
            answers.push(match row {
                Ok(Row::Done(before)) => Some(Ok(*before)),
                Ok(Row::New(mut new)) => {
                    // Many rows rest on one policy.
                    for one in std::mem::take(&mut new.rests_on) {
                        if !rests_on.contains(&one) {
                            rests_on.push(one);
                        }
                    }
                    filed.push((answers.len(), *new));
                    None
                }
                Err(refused) => Some(Err(refused)),
            });
        }
        for _ in 0..DRAWN_ANEW {
            let mut drawing = self.drawing(caller);
            let (mut requests, mut changes, mut places) = (Vec::new(), Vec::new(), Vec::new());
            for (nth, (place, new)) in filed.iter().enumerate() {
                match self.drawn_by(&mut drawing, new) {
                    Ok(change) => {
                        requests.push(new.request.clone());
                        changes.push(change);
                        places.push((*place, nth));
                    }
                    // It may be refused because the same request was filed by another way in the same moment.
                    Err(refused) => put(&mut answers, *place, self.before(&new.request)?.ok_or(refused)),
                }
            }
            let audit = changes.iter().flat_map(|change| audit_rows(caller, change)).collect();
            let mut drawn = drawing.drawn()?;
            drawn.expected.extend_from_slice(&rests_on);
            let committed = if changes.is_empty() {
                Ok(())
            } else {
                keep::commit(self.store(), self.now_ms(), &requests, &changes, audit, drawn)
            };
            match committed {
                Ok(()) => {
                    let mut released = (0..answers.len()).map(|_| None).collect::<Vec<_>>();
                    for ((place, nth), change) in places.into_iter().zip(changes) {
                        let issue = filed.get_mut(nth).and_then(|(_, new)| new.issue.take());
                        if let Some(at) = released.get_mut(place) {
                            *at = self.released(&change.after, issue);
                        }
                        put(&mut answers, place, Ok(Imported { application: change.after, repeated: false }));
                    }
                    let answers = answers.into_iter().map(|answer| answer.unwrap_or_else(lost));
                    return Ok(answers.zip(released).collect());
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
        let Some(declarant) = declarant else {
            let drafted = self.drafted(caller, &exporter, paper)?;
            let Seen { application: after, issue, rests_on } =
                Seen::untouched(self.new_draft(caller, exporter, drafted)?);
            let (paper, value, declared) = (paper.clone(), None, false);
            return Ok(Row::New(Box::new(New { request, after, paper, value, declared, issue, rests_on })));
        };
        let Acceptable { subject, particulars, value, findings } = self.acceptable(paper, &exporter)?;
        let by = By::caller(caller, &subject.office, self.desk.now());
        let fee_due = self.fee_due(&subject);
        let drafted = Drafted { subject, paper: paper.shown(), findings: findings.clone() };
        let draft = self.new_draft(caller, exporter, drafted)?;
        let submitted = draft.submit(declarant.clone(), findings.clone(), fee_due, &by)?;
        let Seen { application: after, issue, rests_on } = self.examine(submitted, &particulars, &findings);
        let (paper, declared) = (paper.clone(), true);
        Ok(Row::New(Box::new(New { request, after, paper, value, declared, issue, rests_on })))
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
