//! What stands in the way of a decision beyond the file of the certificate: a claim is accepted on what has force, and what
//! was written off was used.

use super::{
    Arrival, Notice, UseRefused,
    again::beside_decided,
    heard::named_items,
    notices::{key_closed, status_forbids},
    settling::decided_since,
};
use crate::{
    certificate::Measure,
    office::{ActState, Certified, CustomsAct, Despite, WHOLE},
    statement::{ImportDeclaration, ItemDecision, ResponseCode, ResponseReason},
    time::Date,
    workflow::{Desk, WorkflowError},
};

/// What may be decided of what has no force.
const INSTEAD: &str = "no claim is accepted on it; deny or suspend preference (PREFERENCE_DENIED, PREFERENCE_SUSPENDED), \
                       or say that it was not used (NOT_UTILISED)";

/// Notices that stand in the way and are asked about by themselves: what is gone on in spite of, and what is decided
/// instead.
const ASKED_APART: [&str; 2] = ["KEY_CLOSED", "STATUS_FORBIDS"];

impl Desk {
    /// Refuses to accept a claim on what stands past the closing of its key, or in the place of one that was used or decided
    /// against here, but by who says that he knows. It reads from the disk.
    pub(super) fn may_accept(
        &self,
        arrival: &Arrival,
        decisions: &[ItemDecision],
        despite: Despite,
    ) -> Result<(), WorkflowError> {
        if !decisions.iter().any(|one| one.code.grants()) {
            return Ok(());
        }
        let mut known = Vec::new();
        if !despite.closed_key {
            known.extend(key_closed(arrival));
        }
        if !despite.predecessor {
            known.extend(self.predecessors_used(arrival)?);
        }
        known.into_iter().next().map_or(Ok(()), |notice| Err(WorkflowError::ArrivalForbids(notice)))
    }

    /// Refuses a declaration of a day to come, and to accept a claim with one that a write-off is refused with.
    pub(super) fn fits_the_day(
        &self,
        arrival: &Arrival,
        declaration: Option<&ImportDeclaration>,
        decisions: &[ItemDecision],
    ) -> Result<(), WorkflowError> {
        let grants = decisions.iter().any(|one| one.code.grants());
        let stops = |one: &Notice| {
            one.blocks && (one.reason == "DECLARATION_AHEAD" || (grants && !ASKED_APART.contains(&one.reason)))
        };
        let stopped = self.known_of_day(arrival, declaration).into_iter().find(stops);
        stopped.map_or(Ok(()), |notice| Err(WorkflowError::ArrivalForbids(notice)))
    }

    /// What an officer should know of an act by which a claim is accepted; of one that waits for the issuer, or denies
    /// because it did not answer in time, what it answered; of one against the goods, that they were used with another
    /// certificate since; of any, what other acts decide of the same; and of any that waits, that it is not released any more.
    /// It reads from the disk.
    pub(super) fn known_of_act(&self, arrival: &Arrival, act: &CustomsAct) -> Result<Vec<Notice>, WorkflowError> {
        let acts = self.acts(arrival)?;
        // Of what is erased nothing is released.
        let refused = |waiting: &CustomsAct| decided_since(arrival, &acts, waiting).ok().flatten();
        let mut known = beside_decided(&acts, act, |waiting| refused(waiting).is_some());
        if act.state == ActState::Waits {
            if let Some(refused) = refused(act) {
                known.retain(|one| one.reason != "DECIDED_SINCE");
                known.push(Notice::new("DECIDED_SINCE", false, refused.to_string()));
            } else if let Err(refused @ WorkflowError::NotReleased { .. }) = self.judged_anew(arrival, act) {
                known.push(Notice::new("NOT_RELEASED", false, refused.to_string()));
            }
        }
        if act.against().next().is_some() {
            let against = act.decisions.iter().filter(|one| !one.code.grants()).map(|one| one.item);
            known.extend(self.successors_used(arrival, &named_items(against))?);
        }
        let unanswered = |one: &ItemDecision| {
            one.code == ResponseCode::PreferenceSuspended || one.reason == Some(ResponseReason::NoReplyInTime)
        };
        if act.decisions.iter().any(|one| one.code.grants()) {
            let (items, mut beside) = (named_items(act.decisions.iter().map(|one| one.item)), arrival.clone());
            if act.state == ActState::Counts {
                beside.file = arrival.file.beside(act);
            }
            known.extend(self.known(&beside, act.declaration.as_ref(), &items)?);
            known.extend(self.predecessors_used(arrival)?);
        } else if act.decisions.iter().any(unanswered) {
            known.extend(self.answered(arrival)?);
        }
        Ok(known)
    }

    /// Refuses to say that what was written off was not used. It reads from the disk.
    pub(super) fn unused(
        &self,
        arrival: &Arrival,
        declaration: Option<&ImportDeclaration>,
        decisions: &[ItemDecision],
    ) -> Result<(), WorkflowError> {
        for one in decisions.iter().filter(|one| one.code == ResponseCode::NotUtilised) {
            let used = match (one.line, declaration) {
                (Some(line), Some(declaration)) => self.used_on_line(arrival, declaration, (one.item, line))?,
                _ => used_of(arrival, one.item.unwrap_or(WHOLE)),
            };
            if let Some((item, used)) = used {
                return Err(UseRefused::WrittenOff { item, used }.into());
            }
        }
        Ok(())
    }

    /// How much of an item was written off on a line of a declaration.
    fn used_on_line(
        &self,
        arrival: &Arrival,
        declaration: &ImportDeclaration,
        (item, line): (Option<u32>, u32),
    ) -> Result<Option<(u32, Measure)>, WorkflowError> {
        let acts = self.acts(arrival)?.into_iter().filter(|act| {
            let with_it = act.declaration.as_ref().is_some_and(|own| own.is_same(declaration));
            act.state == ActState::Counts && with_it
        });
        let on_it = |one: &ItemDecision| one.code.draws() && one.item == item && one.line == Some(line);
        let mut used = acts.flat_map(|act| act.decisions).filter(on_it);
        Ok(used.find_map(|one| one.item.zip(one.quantity)))
    }
}

/// How much of an item was written off, or of the first item of the whole that was used.
fn used_of(arrival: &Arrival, place: u32) -> Option<(u32, Measure)> {
    let mut used = arrival.file.ledger.items.iter().filter(|(_, one)| !one.drawn.is_zero());
    let (item, one) = used.find(|(item, _)| place == WHOLE || **item == place)?;
    Some((*item, Measure { value: one.drawn, unit: one.unit.clone() }))
}

/// Refuses to accept a claim on what has no force at its issuer on a day.
pub(super) fn in_force(
    arrival: &Arrival,
    Certified { goods, ended, .. }: Certified<'_>,
    day: Date,
    decisions: &[ItemDecision],
) -> Result<(), WorkflowError> {
    let of_item = |one: &ItemDecision| match one.item {
        Some(item) => ended.contains(&item).then(|| format!("item {item} has lost its force at its issuer")),
        None => {
            let all = goods.items.iter().all(|item| ended.contains(&item.number));
            all.then(|| "every item of it has lost its force at its issuer".to_owned())
        }
    };
    let stopped = status_forbids(arrival, day).map(|notice| notice.words);
    let mut granted = decisions.iter().filter(|one| one.code.grants());
    let why = granted.find_map(|one| stopped.clone().or_else(|| of_item(one)));
    let forbids = |why: String| Notice::new("STATUS_FORBIDS", true, format!("{why}: {INSTEAD}"));
    why.map_or(Ok(()), |why| Err(WorkflowError::ArrivalForbids(forbids(why))))
}
