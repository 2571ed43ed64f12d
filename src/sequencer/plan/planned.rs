//! What a plan hands on to be signed: rows with their places, and everything that becomes durable with them.

use crate::{
    office::AuditEvent,
    sequencer::{Outcome, RequestKey, SequencerError, issued_for::Run, snapshot::Due, work::Done},
    statement::{Body, Envelope},
    store::{EntryRef, Expected, StateChange},
};

/// An entry with its place, not yet signed.
pub(in crate::sequencer) struct Row {
    pub(in crate::sequencer) envelope: Envelope,
    pub(in crate::sequencer) index: u64,
    pub(in crate::sequencer) body: Body,
    /// List × 2^17 + index, as the store counts.
    pub(in crate::sequencer) status_index: Option<u32>,
    pub(in crate::sequencer) number: Option<String>,
    /// The request it answers; none for a snapshot.
    pub(in crate::sequencer) request: Option<(RequestKey, [u8; 32])>,
    /// The request without which it would not be there, where another row answers that.
    pub(in crate::sequencer) cause: Option<RequestKey>,
}

impl Row {
    pub(in crate::sequencer) fn entry(&self) -> EntryRef {
        EntryRef { origin: self.envelope.log.clone(), index: self.index }
    }
}

/// A batch with its places, not yet signed.
#[derive(Default)]
pub(in crate::sequencer) struct Planned {
    pub(in crate::sequencer) at_ms: u64,
    /// Which batch it is, counted since the process began; one that was not handed over has no number of its own.
    pub(in crate::sequencer) number: u64,
    pub(in crate::sequencer) rows: Vec<Row>,
    pub(in crate::sequencer) state: Vec<StateChange>,
    /// What records must still be when the batch is committed.
    pub(in crate::sequencer) expected: Vec<Expected>,
    pub(in crate::sequencer) snapshots: Vec<Due>,
    /// What can be answered at once: refusals, and repeats of what is done.
    pub(in crate::sequencer) answers: Vec<(RequestKey, Result<Done, SequencerError>)>,
    /// What is answered when the batch is published.
    pub(in crate::sequencer) outcomes: Vec<Owed>,
    /// Who does all this, for the audit record.
    pub(in crate::sequencer) told: Vec<Told>,
    /// Rows of the audit record about what makes no entry.
    pub(in crate::sequencer) noted: Vec<Vec<u8>>,
    /// For whom certificates are issued.
    pub(in crate::sequencer) runs: Vec<Run>,
    /// Rows of the feed, of what no entry of a log tells.
    pub(in crate::sequencer) feed: Vec<Vec<u8>>,
}

/// The answer that is owed to a request.
pub(in crate::sequencer) struct Owed {
    pub(in crate::sequencer) request: RequestKey,
    pub(in crate::sequencer) digest: [u8; 32],
    pub(in crate::sequencer) done: Done,
}

/// What one caller did to one log in a batch, one entry after the other: one row, for a stream of thousands must not
/// make the audit record as long as the log.
pub(in crate::sequencer) struct Told {
    event: AuditEvent,
    first: EntryRef,
    last: u64,
}

impl Told {
    /// The row of the audit record.
    pub(in crate::sequencer) fn row(&self) -> Vec<u8> {
        let EntryRef { origin, index } = &self.first;
        let places = if *index == self.last { index.to_string() } else { format!("{index}-{}", self.last) };
        self.event.clone().on(format!("{origin} {places}")).to_row()
    }
}

impl Planned {
    /// Whether there is nothing to be made durable.
    pub(in crate::sequencer) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.outcomes.is_empty()
    }

    pub(super) fn tell(&mut self, by: &AuditEvent, request: &RequestKey, outcome: &Outcome) {
        let event = by.clone().by_request(&request.id);
        let same = |told: &Told| {
            let follows =
                told.first.origin == outcome.entry.origin && told.last.checked_add(1) == Some(outcome.entry.index);
            follows && AuditEvent { request: event.request.clone(), ..told.event.clone() } == event
        };
        match self.told.last_mut() {
            Some(told) if same(told) => told.last = outcome.entry.index,
            _ => self.told.push(Told { event, first: outcome.entry.clone(), last: outcome.entry.index }),
        }
    }
}
