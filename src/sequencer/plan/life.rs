//! What becomes of a certificate after its issue: changes of its status, and certificates that take its place.

use super::{Ground, Plan, Planned, Row, Touched};
use crate::{
    log::Origin,
    sequencer::{ChangeOfStatus, Ends, Original, Outcome, Replacement, RequestKey, SequencerError, snapshot},
    statement::{
        Act, Body, Change, Jti, OpenedBody, StatementRef, StatusChange, open_leaf,
        status_list::{LIST_ENTRIES, Status},
    },
    store::{EntryRef, StateChange, Store},
    verification::status_after,
};
use std::{collections::BTreeMap, sync::Arc};

/// A certificate whose status is to change, with its place in the status lists.
struct Target {
    entry: EntryRef,
    jti: Jti,
    list: u32,
    index: u32,
    /// The log that a change of it stands in.
    stands_in: Origin,
}

impl Plan {
    pub(super) fn change(
        &mut self,
        ground: &Ground<'_>,
        work: &ChangeOfStatus,
        (request, digest): (&RequestKey, [u8; 32]),
        planned: &mut Planned,
        touched: &mut BTreeMap<Origin, Touched>,
    ) -> Result<Outcome, SequencerError> {
        let ChangeOfStatus { target, act, items, reason, remarks, beside } = work;
        self.stand_still(ground, &beside.expected)?;
        let target = self.target(ground, target)?;
        let next = self.status_by(ground.store, &target, act, items.as_deref())?;
        let change = StatusChange {
            change: Change { target: target.named(), act: act.clone(), items: items.clone() },
            reason: reason.clone(),
            remarks: remarks.clone(),
        };
        let row = self.apply(ground, &target, next, change, planned, touched)?;
        let day = ground.zone.date_at(self.now);
        let outcome = Outcome { entry: row.entry(), jti: row.envelope.jti, number: None, day };
        self.take_along(beside, &outcome, planned)?;
        planned.rows.push(Row { request: Some((request.clone(), digest)), ..row });
        Ok(outcome)
    }

    /// Issues a certificate that takes up others, and supersedes those that end with it. What does not stand cannot be
    /// replaced, and what stands in part cannot be copied: a copy would give back what was taken away.
    pub(super) fn replace(
        &mut self,
        ground: &Ground<'_>,
        work: &Replacement,
        asked: (&RequestKey, [u8; 32]),
        planned: &mut Planned,
        touched: &mut BTreeMap<Origin, Touched>,
        series: &mut BTreeMap<String, u64>,
    ) -> Result<Outcome, SequencerError> {
        let Replacement { issue, originals, copy, reason, remarks } = work;
        // What can be refused is refused before anything has its place.
        let mut ending = Vec::new();
        for original in originals {
            ending.extend(self.ending(ground, original, *copy)?);
        }
        let outcome = self.issue(ground, issue, asked, planned, touched, series)?;
        for (target, next, items) in ending {
            let successor = StatementRef { log: outcome.entry.origin.clone(), jti: outcome.jti };
            let change = StatusChange {
                change: Change { target: target.named(), act: Act::Superseded { successor }, items },
                reason: reason.clone(),
                remarks: remarks.clone(),
            };
            let row = self.apply(ground, &target, next, change, planned, touched)?;
            planned.rows.push(Row { cause: Some(asked.0.clone()), ..row });
        }
        Ok(outcome)
    }

    /// What becomes of a certificate that another takes up; nothing where none of it ends.
    fn ending(
        &self,
        ground: &Ground<'_>,
        original: &Original,
        copied: bool,
    ) -> Result<Option<(Target, Status, Option<Vec<u32>>)>, SequencerError> {
        let entry = &original.entry;
        let facts = ground.store.facts(&entry.origin, entry.index)?.ok_or(SequencerError::NoSuchCertificate)?;
        ground.counts(entry)?;
        if let Some(changes) = original.changes
            && self.noted(ground.store, &entry.origin, &facts.jti)?.len() != changes
        {
            return Err(SequencerError::RecordMoved);
        }
        let (next, items) = match &original.ends {
            Ends::Nothing => return Ok(None),
            Ends::Whole => (Status::Superseded, None),
            Ends::Items(items) => (Status::InPart, Some(items.clone())),
        };
        let target = self.target(ground, entry)?;
        let now = self.status(&target)?;
        if now != Status::Valid && (copied || now != Status::InPart) {
            let wanted = match original.changes {
                Some(_) => "drawn on",
                None if copied => "copied",
                None => "replaced",
            };
            return Err(SequencerError::StatusForbids { now: now.word(), wanted });
        }
        Ok(Some((target, next, items)))
    }

    /// Finds a certificate, and the log that may take a change of it.
    fn target(&self, ground: &Ground<'_>, entry: &EntryRef) -> Result<Target, SequencerError> {
        let facts = ground.store.facts(&entry.origin, entry.index)?.ok_or(SequencerError::NoSuchCertificate)?;
        let place = facts.status_index.ok_or(SequencerError::NoSuchCertificate)?;
        ground.counts(entry)?;
        let stands_in = self.stands_in(ground, &entry.origin)?;
        let (list, index) = (place / LIST_ENTRIES, place % LIST_ENTRIES);
        Ok(Target { entry: entry.clone(), jti: facts.jti, list, index, stands_in })
    }

    fn status(&self, target: &Target) -> Result<Status, SequencerError> {
        let log = self.logs.get(&target.entry.origin).ok_or(SequencerError::NoSuchCertificate)?;
        let list = usize::try_from(target.list).ok().and_then(|at| log.lists.get(at));
        let statuses = &list.ok_or(SequencerError::NoSuchCertificate)?.statuses;
        statuses.get(target.index).map_err(|e| SequencerError::Unavailable(e.to_string()))
    }

    /// What the status becomes by an act, if the act may follow.
    fn status_by(
        &self,
        store: &dyn Store,
        target: &Target,
        act: &Act,
        items: Option<&[u32]>,
    ) -> Result<Status, SequencerError> {
        let now = self.status(target)?;
        // Only the end of a suspension of the whole asks what it covered.
        let ends = now == Status::Suspended && *act == Act::Reinstated && items.is_none();
        let behind = if ends && self.changed_in_part(store, target)? { Status::InPart } else { Status::Valid };
        status_after(now, behind, act, items)
            .ok_or(SequencerError::StatusForbids { now: now.word(), wanted: act.word() })
    }

    /// Whether a change of some items came before.
    fn changed_in_part(&self, store: &dyn Store, target: &Target) -> Result<bool, SequencerError> {
        let origin = &target.entry.origin;
        if self.in_part.contains(&(origin.clone(), target.jti)) {
            return Ok(true);
        }
        let noted = self.noted(store, origin, &target.jti)?;
        let none: &[&str] = &[];
        for EntryRef { origin, index } in noted {
            // One that is not published yet is this plan's own.
            let Some(leaf) = store.leaf(&origin, index)? else { continue };
            let opened = open_leaf(&leaf, none).map_err(|e| SequencerError::Unavailable(e.to_string()))?;
            if let OpenedBody::StatusChange(one) = opened.body
                && one.change.items.is_some()
                && one.change.act != Act::Reinstated
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The places of the changes noted of a certificate, durable or of this plan.
    fn noted(&self, store: &dyn Store, origin: &Origin, jti: &Jti) -> Result<Vec<EntryRef>, SequencerError> {
        match self.changes.get(&snapshot::changes_id(origin, jti)) {
            Some(places) => Ok(places.clone()),
            None => Ok(snapshot::noted_changes(store, origin, jti)?),
        }
    }

    /// Gives a change its place, and takes over what it changes.
    fn apply(
        &mut self,
        ground: &Ground<'_>,
        target: &Target,
        next: Status,
        change: StatusChange,
        planned: &mut Planned,
        touched: &mut BTreeMap<Origin, Touched>,
    ) -> Result<Row, SequencerError> {
        let (origin, list, index) = (&target.entry.origin, target.list, target.index);
        let addressee = self.logs.get(origin).map(|log| log.addressee.clone());
        let addressee = addressee.ok_or(SequencerError::NoSuchCertificate)?;
        // A closed log's certificates may be the first that the year's log speaks of.
        self.open_log(ground, &target.stands_in, &addressee, planned)?;
        let gone = || SequencerError::Unavailable(format!("log {origin} has no status list"));
        let log = self.logs.get_mut(origin).ok_or_else(gone)?;
        let statuses = usize::try_from(list).ok().and_then(|at| log.lists.get_mut(at)).ok_or_else(gone)?;
        Arc::make_mut(&mut statuses.statuses)
            .set(index, next)
            .map_err(|e| SequencerError::Unavailable(e.to_string()))?;
        planned.state.push(StateChange::StatusSet { origin: origin.clone(), list, index, status: next.value() });
        touched.entry(target.stands_in.clone()).or_default().changed = true;
        if change.change.items.is_some() && change.change.act != Act::Reinstated {
            self.in_part.insert((origin.clone(), target.jti));
        }
        let row = self.place(ground, &target.stands_in, Body::StatusChange(change))?;
        planned.state.push(self.remember_change(ground.store, target, row.entry())?);
        Ok(row)
    }

    /// Notes that an entry changes the status of a certificate, so that its bundle finds it.
    fn remember_change(
        &mut self,
        store: &dyn Store,
        target: &Target,
        entry: EntryRef,
    ) -> Result<StateChange, SequencerError> {
        let (origin, jti) = (&target.entry.origin, &target.jti);
        let id = snapshot::changes_id(origin, jti);
        if !self.changes.contains_key(&id) {
            let before = snapshot::noted_changes(store, origin, jti)?;
            self.changes.insert(id.clone(), before);
        }
        let places = self.changes.entry(id).or_default();
        let elsewhere = entry.origin != *origin;
        places.push(entry);
        Ok(snapshot::put_changes(origin, jti, places, elsewhere)?)
    }
}

impl Target {
    fn named(&self) -> StatementRef {
        StatementRef { log: self.entry.origin.clone(), jti: self.jti }
    }
}
