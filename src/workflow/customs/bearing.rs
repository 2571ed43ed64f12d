//! What a certificate bears: how much may be written off of it.

use super::{Arrival, MatchWish, Notice, UseRefused, course::certified};
use crate::{
    agreement::Matching,
    certificate::{Goods, Measure, UnitCode},
    office::{Certified, CustomsAct, CustomsFile, CustomsRefused, NotDrawn, WriteOffLine},
    reason::Reasoned as _,
    statement::{ImportDeclaration, ItemDecision},
    workflow::WorkflowError,
};

/// A whole, in the parts that [`crate::certificate::Measure::parts`] has.
const ONE: u128 = 1_000_000;

/// Refusals that a match tells of: what is only said otherwise in a declaration stands among its differences.
const TOLD: [&str; 5] =
    ["BALANCE_EXCEEDED", "DENIAL_WAITS", "ITEM_WITHOUT_FORCE", "PREFERENCE_NOT_GRANTED", "QUANTITY_NOT_WHOLE"];

/// Writes lines off against which none of the denials that wait stands, and says what that makes of each item.
pub(super) fn draw(
    file: &mut CustomsFile,
    certified: Certified<'_>,
    declaration: &ImportDeclaration,
    lines: &[WriteOffLine],
    waiting: &[CustomsAct],
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
        (refused, _) => refused.into(),
    })?;
    settled(waiting, certified, Some(declaration), &decisions)?;
    Ok(decisions)
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
    waiting: &[CustomsAct],
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
        if let Err(refused) = draw(&mut file, certified, &wish.declaration, &[line], waiting)
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
