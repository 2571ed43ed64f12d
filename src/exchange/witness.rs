//! A witness: cosigns that heads of logs it does not hold extend the heads it cosigned before (C2SP tlog-witness).

use crate::{
    exchange::{
        message::{AddCheckpoint, Witnessed},
        replica::Suspicion,
    },
    log::{Checkpoint, Origin},
    store::StateChange,
    trust::TrustList,
};
use std::sync::Arc;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Somebody shows a head. The ticket names the call in its answer.
    Asked {
        /// Of the call.
        ticket: u64,
        /// What is shown.
        request: AddCheckpoint,
    },
    /// The state of [`Action::Keep`] is durable.
    Kept(Origin),
    /// It could not be made durable.
    KeepFailed(Origin),
    /// The cosignature of [`Action::Cosign`], as a line without its newline; none if the key failed.
    Cosigned {
        /// Of which log.
        origin: Origin,
        /// The line.
        line: Option<String>,
    },
    /// Another trust list is in force.
    Trust(Arc<TrustList>),
    /// Somebody proved that the log has shown two histories.
    Equivocated(Origin),
}

/// What is to be done.
#[derive(Debug)]
pub enum Action {
    /// Make this durable in the node's own store.
    Keep {
        /// Of which log.
        origin: Origin,
        /// The change.
        change: StateChange,
    },
    /// Cosign with the witness key, at the time of the event.
    Cosign(Checkpoint),
    /// Answer a call.
    Answer {
        /// Of the call.
        ticket: u64,
        /// The answer.
        answer: Witnessed,
    },
    /// Two notes that do not go together.
    Suspect(Suspicion),
}
