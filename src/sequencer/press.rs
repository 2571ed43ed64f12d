//! Makes entries of planned rows: compose, sign, check as a replica would, seal. In parallel, and never on
//! the thread that commits.

use super::{
    RequestKey, SequencerError, Setup,
    issued_for::Run,
    plan::{Owed, Planned, Row, Told},
    work::Done,
};
use crate::{
    log::{Hash, leaf_hash},
    reason::{Class, Reasoned},
    statement::{Body, Issued, OpenedBody, StatementError, StatementRef, compose, open_leaf},
    store::{Batch, Disclosures, EntryRef, NewEntry, StateChange},
    trust::TrustList,
    verification::{CheckedEntry, EntryFault, OwnLeaf, check_own_entries, check_scope},
};
use bytes::Bytes;
use std::{
    collections::HashMap,
    num::NonZero,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Rows that a thread takes at a time: enough to be worth it, few enough that all threads end together.
const ROWS_AT_A_TIME: usize = 16;

/// Asked once: it is read from files.
static CORES: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, NonZero::get));

/// A batch ready to be committed.
pub(super) struct Pressed {
    pub(super) batch: Batch,
    /// What the signed leaves hash to: what is read back from the disk must hash to the same.
    pub(super) hashes: HashMap<EntryRef, Hash>,
}

/// Why a plan could not be pressed: the request at fault, if it is one alone.
pub(super) struct Fault {
    pub(super) request: Option<RequestKey>,
    pub(super) error: SequencerError,
}

impl From<SequencerError> for Fault {
    fn from(error: SequencerError) -> Self {
        Self { request: None, error }
    }
}

/// Signs, checks and seals every row of a plan.
pub(super) fn press(setup: &Setup, planned: &Planned) -> Result<Pressed, Fault> {
    let trust = setup.trust.load_full();
    let entries = press_rows(setup, &trust, &planned.rows)?;
    let mut state = planned.state.clone();
    for due in &planned.snapshots {
        state.extend(due.sign(&setup.signers.status, setup.store.as_ref())?);
    }
    for Owed { request, digest, done } in &planned.outcomes {
        let (answer, entry) = match done {
            Done::Said(outcome) => (postcard::to_allocvec(outcome), Some(outcome.entry.clone())),
            Done::Reserved(reserved) => (postcard::to_allocvec(reserved), None),
        };
        state.push(StateChange::RequestAnswered {
            account: request.account.clone(),
            request_id: request.id,
            body_digest: *digest,
            answer: answer.map_err(|e| SequencerError::Unavailable(e.to_string()))?,
            entry,
        });
    }
    let hashes = entries
        .iter()
        .map(|(entry, hash)| (EntryRef { origin: entry.origin.clone(), index: entry.index }, *hash))
        .collect();
    let entries = entries.into_iter().map(|(entry, _)| entry).collect();
    let expected = planned.expected.clone();
    let audit = planned.told.iter().map(Told::row).chain(planned.noted.iter().cloned()).collect();
    let notes = planned.runs.iter().map(Run::note).collect::<Result<_, _>>()?;
    let feed = planned.feed.clone();
    let batch = Batch { at_ms: planned.at_ms, entries, expected, state, audit, notes, feed, ..Batch::default() };
    Ok(Pressed { batch, hashes })
}

/// Some rows that one thread pressed, and where they stand among all.
type Share = (usize, Vec<(NewEntry, Hash)>);

/// Presses rows on as many threads as there are cores, each taking the next few until none are left; they come back in
/// their order.
fn press_rows(setup: &Setup, trust: &TrustList, rows: &[Row]) -> Result<Vec<(NewEntry, Hash)>, Fault> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<Share>, Fault> {
        let mut pressed = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(share) = rows.chunks(ROWS_AT_A_TIME).nth(at) else { return Ok(pressed) };
            let entries = press_share(setup, trust, share)?;
            pressed.push((at, entries));
        }
    };
    let shares = rows.len().div_ceil(ROWS_AT_A_TIME);
    let others = CORES.min(shares).saturating_sub(1);
    let mut pressed = thread::scope(|scope| {
        let others = (0..others).map(|_| scope.spawn(work)).collect::<Vec<_>>();
        let mut pressed = work()?;
        for other in others {
            let also = other.join().map_err(|_| SequencerError::Unavailable("a signing thread died".into()))?;
            pressed.extend(also?);
        }
        Ok::<_, Fault>(pressed)
    })?;
    pressed.sort_unstable_by_key(|(at, _)| *at);
    Ok(pressed.into_iter().flat_map(|(_, entries)| entries).collect())
}

/// Whether the key may speak about the target of a change: its agreement and its office stand in the target alone.
fn check_target(
    setup: &Setup,
    trust: &TrustList,
    change: &CheckedEntry,
    target: &StatementRef,
) -> Result<(), SequencerError> {
    let store = setup.store.as_ref();
    let place = store.find(&target.jti)?.filter(|place| place.origin == target.log);
    let EntryRef { origin, index } = place.ok_or(SequencerError::NoSuchCertificate)?;
    let leaf = store.leaf(&origin, index)?.ok_or(SequencerError::NoSuchCertificate)?;
    let disclosures = match store.disclosures(&origin, index)? {
        Some(Disclosures::Present(disclosures)) => disclosures,
        // What was erased names no office any more: then the agreement alone is asked.
        _ => Vec::new(),
    };
    let opened = open_leaf(&leaf, &disclosures).map_err(|e| SequencerError::Unavailable(e.to_string()))?;
    let OpenedBody::Certificate(certificate) = opened.body else { return Err(SequencerError::NoSuchCertificate) };
    let office = certificate.reference.as_option().map(|reference| &reference.office.code);
    check_scope(change, (&certificate.agreement, office), trust)
        .map_err(|fault| SequencerError::CheckFailed(fault.to_string()))
}

/// Presses a few rows: what is signed is checked together, for a third of what it costs one by one.
fn press_share(setup: &Setup, trust: &TrustList, rows: &[Row]) -> Result<Vec<(NewEntry, Hash)>, Fault> {
    let signed = rows.iter().map(|row| sign(setup, row).map_err(|error| fault(row, error)));
    let signed = signed.collect::<Result<Vec<_>, _>>()?;
    let leaves = rows.iter().zip(&signed).map(|(row, issued)| OwnLeaf {
        leaf: issued.jwt.as_bytes(),
        origin: &row.envelope.log,
        index: row.index,
    });
    // The leaf, which is what a replica gets. That the disclosures are those it has digests of is the composer's
    // promise, and they are as long again to read.
    let checked = check_own_entries(&leaves.collect::<Vec<_>>(), trust);
    let entries = rows.iter().zip(signed).zip(checked).map(|((row, issued), checked)| {
        let checked = checked.map_err(|fault| SequencerError::CheckFailed(fault.to_string()));
        let entry = checked.and_then(|checked| finish(setup, trust, row, issued, &checked));
        entry.map_err(|error| fault(row, error))
    });
    entries.collect()
}

/// An error of the moment concerns the whole batch, one of the row its request alone.
fn fault(row: &Row, error: SequencerError) -> Fault {
    let own = error.class() != Class::Retry;
    let request = row.request.as_ref().map(|(key, _)| key).or(row.cause.as_ref());
    Fault { request: request.filter(|_| own).cloned(), error }
}

fn sign(setup: &Setup, row: &Row) -> Result<Issued, SequencerError> {
    let cannot = |e: StatementError| match e.class() {
        Class::Reject => SequencerError::CannotCompose(e.to_string()),
        _ => SequencerError::Unavailable(e.to_string()),
    };
    let unsigned = compose(&row.envelope, &row.body, setup.random.as_ref()).map_err(cannot)?;
    setup.signers.statement.sign(unsigned).map_err(cannot)
}

/// Holds what was signed to the scope of its key, and seals what it discloses.
fn finish(
    setup: &Setup,
    trust: &TrustList,
    row: &Row,
    issued: Issued,
    checked: &CheckedEntry,
) -> Result<(NewEntry, Hash), SequencerError> {
    let origin = &row.envelope.log;
    let failed = |fault: EntryFault| SequencerError::CheckFailed(fault.to_string());
    match (&row.body, &checked.body) {
        (Body::Certificate { certificate, .. }, _) => {
            let office = Some(&certificate.reference.office.code);
            check_scope(checked, (&certificate.agreement, office), trust).map_err(failed)?;
        }
        (Body::PaperCertificate(paper), _) => {
            let scope = (&paper.paper.agreement, Some(&paper.paper.office));
            check_scope(checked, scope, trust).map_err(failed)?;
        }
        (_, OpenedBody::StatusChange(change)) => check_target(setup, trust, checked, &change.change.target)?,
        _ => {}
    }
    let disclosures = if issued.disclosures.is_empty() {
        None
    } else {
        Some(setup.store.seal(origin, row.index, &issued.disclosures)?)
    };
    let leaf = Bytes::from(issued.jwt);
    let hash = leaf_hash(&leaf);
    let entry = NewEntry {
        origin: origin.clone(),
        index: row.index,
        jti: row.envelope.jti,
        status_index: row.status_index,
        number: row.number.clone(),
        leaf,
        disclosures,
    };
    Ok((entry, hash))
}
