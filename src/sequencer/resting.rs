//! Logs that rest: a log of a past year takes nothing more, so that the trust list can name its final size.

use super::{Beside, Nudge, Outcome, RequestKey, Sequencer, SequencerError, Task, Work};
use crate::{
    log::Origin,
    office::AuditEvent,
    store::{Batch, StateChange, Store, StoreError, Table},
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

fn id(origin: &Origin) -> Vec<u8> {
    format!("resting/{origin}").into_bytes()
}

/// Whether a log takes nothing more until the trust list closes it.
pub fn is_resting(store: &dyn Store, origin: &Origin) -> Result<bool, StoreError> {
    Ok(store.record(Table::Setting, &id(origin))?.is_some())
}

impl Sequencer {
    /// Has a log of a past year take nothing more. Its last entry is a snapshot, and where that stands is given back.
    /// From then on changes of its certificates are refused, until the trust list closes it or [`Self::wake`] is called.
    pub async fn rest(&self, origin: &Origin, request: RequestKey, by: AuditEvent) -> Result<Outcome, SequencerError> {
        let put = StateChange::RecordPut { table: Table::Setting, id: id(origin), record: Vec::new() };
        let changes = move |_: &Outcome| Ok(vec![put.clone()]);
        let beside = Beside { changes: Some(Arc::new(changes)), ..Beside::default() };
        let digest = Sha256::new_with_prefix(b"rest\0").chain_update(origin.as_str()).finalize().into();
        let task = Task::Nudge(Box::new(Nudge { origin: origin.clone(), beside, rests: true }));
        self.submit(Work { request, digest, task, by: Some(by) }).await
    }

    /// Lets a log that rests go on. Says whether it rested. It blocks.
    pub fn wake(&self, origin: &Origin, at_ms: u64, by: AuditEvent) -> Result<bool, SequencerError> {
        let store = self.store();
        if !is_resting(store.as_ref(), origin)? {
            return Ok(false);
        }
        store.commit(Batch {
            at_ms,
            state: vec![StateChange::RecordRemoved { table: Table::Setting, id: id(origin) }],
            audit: vec![by.on(origin).to_row()],
            ..Batch::default()
        })?;
        self.gate().turned();
        Ok(true)
    }
}
