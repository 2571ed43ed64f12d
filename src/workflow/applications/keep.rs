//! How applications are kept: the record, what it asks for, and the rows that find it, all in one commit.
//!
//! Two who change an application at once read it first; the commit of the second finds that it has moved, and changes
//! nothing. That is asked by the store in the writer's turn, so nothing is locked here.

use super::paper::Paper;
use crate::{
    office::{
        AccountId, Application, ApplicationId, ExporterId, HeldNumber, IssuedAs, NumberRecord, StageName, folded,
    },
    sequencer::{RequestKey, SequencerError, number_id},
    store::{Batch, EntryRef, Expected, StateChange, Store, StoreError, Table},
    workflow::{Drawn, WorkflowError, changes::of_application},
};
use sha2::{Digest as _, Sha256};

/// An application as it was read, with the bytes it was read from.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) application: Application,
    pub(super) record: Vec<u8>,
}

/// A change of an application: what it was, and what it becomes.
pub(super) struct Change {
    pub(super) before: Option<Kept>,
    pub(super) after: Application,
    /// What it asks for, where that changes.
    pub(super) paper: Option<Paper>,
}

/// A request and the digest of its body; the answer is the application.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) key: RequestKey,
    pub(super) digest: [u8; 32],
}

pub(super) fn record_of(application: &Application) -> Result<Vec<u8>, WorkflowError> {
    serde_json::to_vec(application).map_err(|e| WorkflowError::Record(format!("application {}: {e}", application.id)))
}

/// Reads an application.
pub(super) fn find(store: &dyn Store, id: ApplicationId) -> Result<Kept, WorkflowError> {
    let record = store.record(Table::Application, &id.bytes())?;
    let record = record.ok_or_else(|| WorkflowError::ApplicationUnknown(id.to_string()))?;
    let application =
        serde_json::from_slice(&record).map_err(|e| WorkflowError::Record(format!("application {id}: {e}")))?;
    Ok(Kept { application, record })
}

/// Reads what an application asks for.
pub(super) fn paper(store: &dyn Store, id: ApplicationId) -> Result<Paper, WorkflowError> {
    // Only an application whose certificate is erased is without.
    let record = store.record(Table::ApplicationPaper, &id.bytes())?;
    Paper::from_record(&record.ok_or(WorkflowError::ContentsErased)?)
}

/// What becomes of the application that a certificate was issued for when what that says is erased; nothing where it
/// was issued for none, or took the place of the one that was.
pub(in crate::workflow) fn erased(
    store: &dyn Store,
    id: ApplicationId,
    certificate: &EntryRef,
) -> Result<Option<(Expected, Vec<StateChange>)>, WorkflowError> {
    let kept = find(store, id)?;
    let own = |issued: &IssuedAs| issued.index == certificate.index && issued.log == certificate.origin.as_str();
    if !kept.application.stage.certificate().is_some_and(own) {
        return Ok(None);
    }
    let paper = match paper(store, kept.application.id) {
        // A node that ended before the certificate was erased too has done this; so has an order before this one.
        Err(WorkflowError::ContentsErased) => return Ok(None),
        paper => paper?,
    };
    let (expected, goods) = (expected(&kept), goods_key(&kept.application));
    let id = expected.id.clone();
    let after = kept.application.clone().erased().ok_or(WorkflowError::ContentsErased)?;
    let mut state = vec![
        // Taken out first: what is put then is under a key of its own, and what it was before is under none.
        StateChange::RecordRemoved { table: Table::Application, id: id.clone() },
        StateChange::RecordPut { table: Table::Application, id: id.clone(), record: record_of(&after)? },
        StateChange::RecordRemoved { table: Table::ApplicationPaper, id: id.clone() },
    ];
    state.extend(paper.invoices().into_iter().map(|number| {
        let id = invoice_key(&kept.application.exporter, &number, kept.application.id);
        StateChange::RecordRemoved { table: Table::ApplicationInvoice, id }
    }));
    // The next application for the same goods is compared with nothing.
    if store.record(Table::ApplicationGoods, &goods)? == Some(id) {
        state.push(StateChange::RecordRemoved { table: Table::ApplicationGoods, id: goods });
    }
    Ok(Some((expected, state)))
}

/// The place of an application in the queue of its office; none where nobody waits for the office.
pub(super) fn queue_key(application: &Application) -> Option<Vec<u8>> {
    let stage = queue_stage(application.stage.name())?;
    let mut key = queue_prefix(application.subject.office.as_str(), stage);
    key.extend_from_slice(&application.waiting_since_ms().to_be_bytes());
    key.extend_from_slice(&application.id.bytes());
    Some(key)
}

/// Where the queue of an office for a stage begins.
pub(super) fn queue_prefix(office: &str, stage: u8) -> Vec<u8> {
    [office.as_bytes(), &[0, stage]].concat()
}

/// The stages in which an office has something to do, or waits for somebody. The numbers are the format on disk.
pub(super) const fn queue_stage(stage: StageName) -> Option<u8> {
    match stage {
        StageName::Submitted => Some(1),
        StageName::UnderExamination => Some(2),
        StageName::Queried => Some(3),
        StageName::Recommended => Some(4),
        StageName::Approved => Some(5),
        StageName::AwaitingPayment => Some(6),
        StageName::Referred => Some(7),
        StageName::Draft | StageName::Issued | StageName::Refused | StageName::Withdrawn => None,
    }
}

/// Where the list of an exporter, or of an agent's account, begins.
pub(super) fn list_prefix(whose: &str) -> Vec<u8> {
    [whose.as_bytes(), &[0]].concat()
}

/// The newest first: ids begin with their time.
fn list_key(whose: &str, id: ApplicationId) -> Vec<u8> {
    let reversed = id.bytes().map(|byte| !byte);
    [list_prefix(whose), reversed.to_vec()].concat()
}

/// The id at the end of a row of a list.
pub(super) fn listed(key: &[u8]) -> Option<ApplicationId> {
    key.last_chunk::<16>().map(|bytes| ApplicationId::from_bytes(bytes.map(|byte| !byte)))
}

/// The id at the end of a row of a queue.
pub(super) fn queued(key: &[u8]) -> Option<ApplicationId> {
    key.last_chunk::<16>().map(|bytes| ApplicationId::from_bytes(*bytes))
}

/// Where the last certificate of an exporter for the same goods is remembered.
pub(super) fn goods_key(application: &Application) -> Vec<u8> {
    let subject = &application.subject;
    let hs = subject.hs.as_ref().map_or_else(String::new, |hs| hs.code.to_string().chars().take(6).collect());
    format!("{}\0{}\0{}\0{hs}", application.exporter, subject.agreement, subject.to).into_bytes()
}

/// Where the applications of an exporter that name an invoice begin.
pub(super) fn invoice_prefix(exporter: &ExporterId, number: &str) -> Vec<u8> {
    // Of one length for any number, so that none is the beginning of another.
    let digest = Sha256::digest(folded(number));
    [exporter.as_str().as_bytes(), &[0], digest.first_chunk::<16>().map_or(&[][..], |half| half)].concat()
}

/// The newest first, as in a list.
fn invoice_key(exporter: &ExporterId, number: &str, id: ApplicationId) -> Vec<u8> {
    [invoice_prefix(exporter, number), id.bytes().map(|byte| !byte).to_vec()].concat()
}

/// What an application must still be when it is changed.
pub(super) fn expected(kept: &Kept) -> Expected {
    let (id, record) = (kept.application.id.bytes().to_vec(), Some(kept.record.clone()));
    Expected { table: Table::Application, id, record }
}

/// Whether a commit failed because the policy, or an agreement to it, changed in the same moment.
pub(super) const fn policy_moved(error: &WorkflowError) -> bool {
    matches!(error, WorkflowError::Store(StoreError::RecordMoved { table: Table::Setting, .. }))
}

/// What a change means for the store.
pub(super) fn state(change: &Change) -> Result<(Expected, Vec<StateChange>), WorkflowError> {
    let Change { before, after, paper } = change;
    let id = after.id.bytes().to_vec();
    let put = |table, id: Vec<u8>, record| StateChange::RecordPut { table, id, record };
    let mut state = vec![put(Table::Application, id.clone(), record_of(after)?)];
    if let Some(paper) = paper {
        state.push(put(Table::ApplicationPaper, id.clone(), paper.to_record()?));
        for number in paper.invoices() {
            state.push(put(Table::ApplicationInvoice, invoice_key(&after.exporter, &number, after.id), Vec::new()));
        }
    }
    let (old, new) = (before.as_ref().and_then(|kept| queue_key(&kept.application)), queue_key(after));
    if old != new {
        state.extend(old.map(|id| StateChange::RecordRemoved { table: Table::ApplicationQueue, id }));
        state.extend(new.map(|id| put(Table::ApplicationQueue, id, Vec::new())));
    }
    if before.is_none() {
        for whose in std::iter::once(after.exporter.as_str()).chain(after.agent.as_ref().map(AccountId::as_str)) {
            state.push(put(Table::ApplicationList, list_key(whose, after.id), Vec::new()));
        }
    }
    state.extend(number_changes(before.as_ref().map(|kept| &kept.application), after)?);
    if after.stage.name() == StageName::Issued {
        state.push(put(Table::ApplicationGoods, goods_key(after), id.clone()));
    }
    let record = before.as_ref().map(|kept| kept.record.clone());
    Ok((Expected { table: Table::Application, id, record }, state))
}

/// Where the numbers stand that an exporter's applications hold.
pub(super) fn held_prefix(exporter: &ExporterId) -> Vec<u8> {
    [&b"@"[..], exporter.as_str().as_bytes(), &[0]].concat()
}

/// What becomes of a number that was given in advance: it is kept as held; then a certificate bears it, and the log
/// knows it; or it is void, and stays known with the reason.
fn number_changes(before: Option<&Application>, after: &Application) -> Result<Vec<StateChange>, WorkflowError> {
    let put = |id, record| StateChange::RecordPut { table: Table::Number, id, record };
    let removed = |id| StateChange::RecordRemoved { table: Table::Number, id };
    let written =
        |record: &NumberRecord| serde_json::to_vec(record).map_err(|e| WorkflowError::Record(format!("a number: {e}")));
    let held_id = |held: &HeldNumber| [held_prefix(&after.exporter), held.number.as_str().as_bytes().to_vec()].concat();
    Ok(match (before.and_then(|before| before.number.as_ref()), &after.number) {
        (None, Some(held)) => {
            let record = written(&NumberRecord::of(after, held))?;
            vec![put(number_id(held.number.as_str()), record), put(held_id(held), Vec::new())]
        }
        (Some(held), None) => {
            let id = number_id(held.number.as_str());
            let known = match NumberRecord::of(after, held).ended(after) {
                Some(record) => put(id, written(&record)?),
                None => removed(id),
            };
            vec![known, removed(held_id(held))]
        }
        _ => Vec::new(),
    })
}

/// Whether the same request was carried out before; a request id that was used for something else is refused.
pub(super) fn done_before(store: &dyn Store, request: &Request) -> Result<bool, WorkflowError> {
    match store.answered(&request.key.account, &request.key.id)? {
        None => Ok(false),
        Some(answer) if answer.body_digest == request.digest => Ok(true),
        Some(_) => Err(SequencerError::RequestReused(uuid::Uuid::from_bytes(request.key.id).to_string()).into()),
    }
}

/// Makes changes durable, all or none, with the answers to their requests and what they drew on.
pub(super) fn commit(
    store: &dyn Store,
    at_ms: u64,
    requests: &[Request],
    changes: &[Change],
    audit: Vec<Vec<u8>>,
    drawn: Drawn,
) -> Result<(), WorkflowError> {
    let mut batch = Batch { at_ms, audit, expected: drawn.expected, state: drawn.state, ..Batch::default() };
    for (request, change) in requests.iter().zip(changes) {
        batch.state.push(StateChange::RequestAnswered {
            account: request.key.account.clone(),
            request_id: request.key.id,
            body_digest: request.digest,
            answer: change.after.id.bytes().to_vec(),
            entry: None,
        });
    }
    for change in changes {
        let (expected, state) = state(change)?;
        batch.expected.push(expected);
        batch.state.extend(state);
        let before = change.before.as_ref().map_or(0, |kept| kept.application.history.len());
        batch.feed.extend(of_application(&change.after, before)?);
    }
    match store.commit(batch) {
        Ok(_) => Ok(()),
        Err(StoreError::RecordMoved { table: Table::Application, .. }) => Err(moved(store, changes)),
        Err(error) => Err(error.into()),
    }
}

/// Whether a commit failed because what was drawn on had moved: it is drawn anew.
pub(super) const fn drawn_on(error: &WorkflowError) -> bool {
    matches!(error, WorkflowError::Store(StoreError::RecordMoved { table: Table::Mandate | Table::Exporter, .. }))
}

/// Too many drew on the same mandate at once.
pub(super) fn crowded() -> WorkflowError {
    SequencerError::Crowded("mandate").into()
}

/// Who was first, and when.
fn moved(store: &dyn Store, changes: &[Change]) -> WorkflowError {
    let now = changes.iter().map(|change| (change, find(store, change.after.id)));
    for (change, found) in now {
        match found {
            Ok(kept) if change.before.as_ref().is_none_or(|before| before.record != kept.record) => {
                return kept.application.moved().into();
            }
            Ok(_) => {}
            Err(error) => return error,
        }
    }
    // It moved, and moved back.
    let first = changes.first().map(|change| change.after.moved());
    first.map_or_else(|| WorkflowError::Record("nothing was changed".to_owned()), WorkflowError::from)
}

/// The application that an earlier request of the same body came to; a request id that was used for something else
/// is refused.
pub(super) fn answered(store: &dyn Store, request: &Request) -> Result<Option<ApplicationId>, WorkflowError> {
    let Some(answer) = store.answered(&request.key.account, &request.key.id)? else { return Ok(None) };
    let id = <[u8; 16]>::try_from(answer.answer.as_slice());
    match id {
        Ok(id) if answer.body_digest == request.digest => Ok(Some(ApplicationId::from_bytes(id))),
        _ => Err(SequencerError::RequestReused(uuid::Uuid::from_bytes(request.key.id).to_string()).into()),
    }
}
