//! What a certificate bears: how much may be written off of it.

use super::{Arrival, MatchWish, Notice, UseRefused, course::certified};
use crate::{
    agreement::Matching,
    certificate::{Goods, Measure, UnitCode},
    office::{ActState, Certified, CustomsAct, CustomsFile, CustomsRefused, NotDrawn, WriteOffLine},
    reason::Reasoned as _,
    statement::{ImportDeclaration, ItemDecision},
    workflow::{Desk, WorkflowError},
};

/// A whole, in the parts that [`crate::certificate::Measure::parts`] has.
const ONE: u128 = 1_000_000;

/// Refusals that a match tells of: what is only said otherwise in a declaration stands among its differences.
const TOLD: [&str; 6] = [
    "BALANCE_EXCEEDED",
    "BALANCE_UNIT",
    "DENIAL_WAITS",
    "ITEM_WITHOUT_FORCE",
    "PREFERENCE_NOT_GRANTED",
    "QUANTITY_NOT_WHOLE",
];

/// What was done with a certificate before.
#[derive(Default)]
pub(super) struct Before {
    /// Denials that wait for a supervisor.
    waiting: Vec<CustomsAct>,
    /// Every act.
    pub(super) acts: Vec<CustomsAct>,
}

impl Desk {
    /// What was done with a certificate before. It reads from the disk.
    pub(super) fn before(&self, arrival: &Arrival) -> Result<Before, WorkflowError> {
        Ok(Before { waiting: self.waiting_on(arrival)?, acts: self.acts(arrival)? })
    }

    /// Writes lines off a certificate.
    pub(super) fn draw_on(
        &self,
        arrival: &Arrival,
        file: &mut CustomsFile,
        declaration: &ImportDeclaration,
        lines: &[WriteOffLine],
    ) -> Result<Vec<ItemDecision>, WorkflowError> {
        let (certificate, ended) = (arrival.whole()?, arrival.ended());
        draw(file, certified(&certificate, &ended), declaration, lines, &self.before(arrival)?)
    }
}

/// Writes lines off against which none of the denials that wait stands, and says what that makes of each item.
fn draw(
    file: &mut CustomsFile,
    certified: Certified<'_>,
    declaration: &ImportDeclaration,
    lines: &[WriteOffLine],
    before: &Before,
) -> Result<Vec<ItemDecision>, WorkflowError> {
    for WriteOffLine { item, quantity, .. } in lines {
        if !is_whole(certified.goods, *item, quantity) {
            return Err(UseRefused::NotWhole { item: *item, quantity: quantity.clone() }.into());
        }
    }
    let first = file.first_used.clone();
    let decisions = file.write_off(certified, declaration, lines).map_err(|refused| match (refused, first) {
        (refused @ CustomsRefused::NotDrawn(NotDrawn::Exceeds { .. }), Some(first)) => {
            WorkflowError::from(UseRefused::UsedBefore { refused: Box::new(refused), first: Box::new(first) })
        }
        (CustomsRefused::NotDrawn(refused @ NotDrawn::Unit { .. }), _) => in_other_unit(refused, &before.acts),
        (refused, _) => refused.into(),
    })?;
    settled(&before.waiting, certified, Some(declaration), &decisions)?;
    Ok(decisions)
}

/// Why an item is not written off in a unit, and since which act.
fn in_other_unit(refused: NotDrawn, acts: &[CustomsAct]) -> WorkflowError {
    let NotDrawn::Unit { item, drawn_in: Some(unit), .. } = &refused else {
        return CustomsRefused::from(refused).into();
    };
    // Uses in another unit, which only a loss leaves, are not counted.
    let counts = |used: &Measure| used.in_unit(unit).is_some();
    let draws =
        |one: &ItemDecision| one.item == Some(*item) && one.code.draws() && one.quantity.as_ref().is_some_and(counts);
    let first = acts.iter().find(|act| act.state == ActState::Counts && act.decisions.iter().any(draws));
    let (since, unit) = (first.map(|act| act.number), unit.clone());
    UseRefused::OtherUnit { refused: Box::new(refused.into()), since, unit }.into()
}

/// Refuses what a denial that waits stands against: a supervisor would release it over what was used meanwhile.
pub(super) fn settled(
    waiting: &[CustomsAct],
    certified: Certified<'_>,
    declaration: Option<&ImportDeclaration>,
    decisions: &[ItemDecision],
) -> Result<(), CustomsRefused> {
    let against = waiting.iter().find(|one| one.stands_against(certified, declaration, decisions));
    against.map_or(Ok(()), |one| Err(CustomsRefused::Waits(one.number)))
}

/// Whether a quantity has no part of what is counted. Where the certificate itself certifies a part, parts are used.
fn is_whole(goods: &Goods, item: u32, quantity: &Measure) -> bool {
    let parted = |one: &Measure, unit: &UnitCode| one.parts(unit).is_some_and(|parts| !parts.is_multiple_of(ONE));
    let item = goods.items.iter().find(|one| one.number == item);
    let certified = item.map_or(&[] as &[Measure], |item| &item.quantities);
    !quantity.unit.counted().any(|unit| parted(quantity, &unit) && !certified.iter().any(|one| parted(one, &unit)))
}

/// Why what a declaration states could not be written off, line by line.
pub(super) fn would_be_refused(
    arrival: &Arrival,
    wish: &MatchWish,
    matching: &Matching,
    before: &Before,
) -> Vec<Notice> {
    let Ok(certificate) = arrival.whole() else { return Vec::new() };
    let (ended, mut file, mut found) = (arrival.ended(), arrival.file.clone(), Vec::new());
    let certified = certified(&certificate, &ended);
    for (line, item) in wish.declared.lines.iter().zip(&matching.items) {
        let Some(item) = *item else { continue };
        // What the lines before it would use was not used yet.
        file.first_used.clone_from(&arrival.file.first_used);
        let Some(quantity) = line.quantity.clone() else {
            found.extend(nothing_left(&file, certified, item));
            continue;
        };
        let line = WriteOffLine { item, line: Some(line.line), quantity };
        if let Err(refused) = draw(&mut file, certified, &wish.declaration, &[line], before)
            && TOLD.contains(&refused.reason())
        {
            found.push(Notice::new(refused.reason(), true, refused.to_string()));
        }
    }
    found
}

fn nothing_left(file: &CustomsFile, certified: Certified<'_>, item: u32) -> Option<Notice> {
    let left = file.left(certified, item)?;
    let first = file.first_used.as_ref().filter(|_| left.value.is_zero())?;
    let words = format!(
        "nothing is left of item {item}; it was first used with declaration {} of {} at {}",
        first.number, first.date, first.office
    );
    Some(Notice::new("BALANCE_EXCEEDED", true, words))
}
