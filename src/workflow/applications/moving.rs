//! The queue of a closed office moves to another.

use super::{
    Applications,
    keep::{self, Change},
};
use crate::{
    certificate::OfficeCode,
    encoding::hex,
    office::{Action, Actor, AuditEvent, By, OfficeRefused, StageName},
    store::Table,
    workflow::{Drawn, WorkflowError},
};

/// Applications that are looked at in one call.
const AT_ONCE: usize = 200;

/// What one call moved.
#[derive(Debug, Clone, Default)]
pub struct MovedQueue {
    /// Applications that wait at the other office now.
    pub moved: usize,
    /// Those that stay, because the other office does not issue under their agreement.
    pub left: usize,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

impl Applications {
    /// Moves applications that wait at a closed office to another that is open; some at a time. It shows nothing of
    /// what they say. It blocks.
    pub fn move_queue(
        &self,
        actor: Actor<'_>,
        (from, to): (&OfficeCode, &OfficeCode),
        page_token: &str,
    ) -> Result<MovedQueue, WorkflowError> {
        let offices = self.desk.offices();
        let source = offices.find(from).ok_or_else(|| OfficeRefused::Unknown(from.to_string()))?;
        if !source.is_closed() {
            return Err(OfficeRefused::Open(from.to_string()).into());
        }
        let target = offices.open_one(to)?;
        let stages = || StageName::ALL.iter().filter_map(|stage| keep::queue_stage(*stage));
        let mut after = match page_token {
            "" => stages().min().map(|stage| keep::queue_prefix(from.as_str(), stage)).unwrap_or_default(),
            token => hex::decode(token).ok_or(WorkflowError::PageToken)?,
        };
        let behind = [from.as_str().as_bytes(), &[0]].concat();
        if !after.starts_with(&behind) {
            return Err(WorkflowError::PageToken);
        }
        let by = match actor {
            Actor::Caller(caller) => By::caller(caller, from, self.desk.now()),
            _ => By::operator(self.desk.now()),
        };
        let rows = self.store().records_from(Table::ApplicationQueue, &after, AT_ONCE)?;
        let full = rows.len() == AT_ONCE;
        let (mut page, mut changes, mut ended) = (MovedQueue::default(), Vec::new(), !full);
        for (key, _) in rows {
            if !key.starts_with(&behind) {
                ended = true;
                break;
            }
            let Some(id) = keep::queued(&key) else { continue };
            after = key;
            let kept = keep::find(self.store(), id)?;
            if !target.office.issues_under(&kept.application.subject.agreement) {
                page.left += 1;
                continue;
            }
            let moved = kept.application.clone().move_to(to.clone(), &by)?;
            changes.push(Change { before: Some(kept), after: moved, paper: None });
        }
        if !changes.is_empty() {
            let audit = changes.iter().map(|change| {
                let event = AuditEvent::of(actor, Action::ManageOffices).on(change.after.id);
                event.with_detail(format!("moved from {from} to {to}")).to_row()
            });
            keep::commit(self.store(), self.now_ms(), &[], &changes, audit.collect(), Drawn::default())?;
        }
        page.moved = changes.len();
        page.next = (!ended).then(|| hex::encode(&after));
        Ok(page)
    }
}
