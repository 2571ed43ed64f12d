//! Places in the status lists of a log, and the snapshots that commit to them.

use super::{Ground, LogPlan, Plan, Planned, Touched};
use crate::{
    log::Origin,
    sequencer::{
        SequencerError,
        snapshot::{self, Due},
    },
    statement::{
        Body, StatusReference,
        status_list::{LIST_ENTRIES, StatusList, StatusOrder},
    },
    store::StateChange,
};
use std::{collections::BTreeMap, sync::Arc};

pub(super) struct ListPlan {
    pub(super) seed: [u8; 32],
    pub(super) order: Option<StatusOrder>,
    pub(super) allocated: u32,
    pub(super) statuses: Arc<StatusList>,
}

impl Plan {
    /// Adds a snapshot of a log as its next entry.
    pub(super) fn snapshot(
        &mut self,
        ground: &Ground<'_>,
        origin: &Origin,
        planned: &mut Planned,
    ) -> Result<(), SequencerError> {
        let now = self.now;
        let lists = |log: &LogPlan| log.lists.iter().map(|list| Arc::clone(&list.statuses)).collect::<Vec<_>>();
        let closed = self.spoken_for(ground, origin).into_iter();
        let closed = closed.filter_map(|log| self.logs.get(&log).map(lists).map(|lists| (log, lists)));
        let closed = closed.collect::<Vec<_>>();
        let Some(log) = self.logs.get_mut(origin) else { return Ok(()) };
        log.snapshot_at = Some(now);
        let due = Due::new(ground.issuer, (origin, log.next), now, lists(log), closed)?;
        let row = self.place(ground, origin, Body::StatusSnapshot(due.body))?;
        planned.rows.push(row);
        planned.snapshots.push(due);
        Ok(())
    }

    pub(super) fn open_list(
        &mut self,
        ground: &Ground<'_>,
        origin: &Origin,
        planned: &mut Planned,
    ) -> Result<(), SequencerError> {
        let mut seed = [0; 32];
        ground.random.fill(&mut seed).map_err(|e| SequencerError::Unavailable(e.to_string()))?;
        let Some(log) = self.logs.get_mut(origin) else { return Ok(()) };
        let list = list_number(log.lists.len())?;
        planned.state.push(StateChange::StatusListOpened { origin: origin.clone(), list, seed });
        log.lists.push(ListPlan { seed, order: None, allocated: 0, statuses: Arc::default() });
        Ok(())
    }

    pub(super) fn allocate_status(
        &mut self,
        ground: &Ground<'_>,
        origin: &Origin,
        planned: &mut Planned,
        touched: &mut BTreeMap<Origin, Touched>,
    ) -> Result<(StatusReference, u32), SequencerError> {
        let full = |plan: &Self| {
            plan.logs.get(origin).and_then(|log| log.lists.last()).is_none_or(|list| list.allocated >= LIST_ENTRIES)
        };
        if full(self) {
            // The count of the list that is full now is written before another one is counted.
            if let Some((log, list)) = self.logs.get(origin).and_then(|log| Some((log, log.lists.last()?))) {
                planned.state.push(StateChange::StatusAllocated {
                    origin: origin.clone(),
                    list: list_number(log.lists.len() - 1)?,
                    count: list.allocated,
                });
            }
            self.open_list(ground, origin, planned)?;
            // A list counts only when a snapshot commits to it.
            touched.entry(origin.clone()).or_default().changed = true;
        }
        let gone = || SequencerError::Unavailable(format!("log {origin} has no status list"));
        let log = self.logs.get_mut(origin).ok_or_else(gone)?;
        let number = list_number(log.lists.len().saturating_sub(1))?;
        let list = log.lists.last_mut().ok_or_else(gone)?;
        let order = list.order.get_or_insert_with(|| StatusOrder::new(&list.seed, number));
        let index = order.index(list.allocated).map_err(|e| SequencerError::Unavailable(e.to_string()))?;
        list.allocated += 1;
        touched.entry(origin.clone()).or_default().allocated = true;
        let uri = snapshot::uri(ground.issuer, origin, number)?;
        let place = number
            .checked_mul(LIST_ENTRIES)
            .and_then(|base| base.checked_add(index))
            .ok_or_else(|| SequencerError::Unavailable(format!("log {origin} has too many status lists")))?;
        Ok((StatusReference { uri, index }, place))
    }
}

pub(super) fn list_number(at: usize) -> Result<u32, SequencerError> {
    u32::try_from(at).map_err(|_| SequencerError::Unavailable("too many status lists".into()))
}
