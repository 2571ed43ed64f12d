//! Which item each line belongs to: the one it names, else the one that fits its goods best and still has room.

use super::{
    Declared, DeclaredLine, Subject,
    differences::{HsRelation, became, hs_relation},
    likeness::{Likeness, Wording},
    sums::{Claims, Sums},
};
use crate::{
    agreement::lists::Lists,
    certificate::{Certificate, Item, Measure},
};
use std::cmp::Reverse;

/// How well a line fits an item, in hundredths of a point.
#[derive(Debug, Clone, Copy)]
struct Fit {
    /// Classification and words: what the goods are.
    goods: u32,
    /// Quantities, origin, marks: which of several alike.
    details: u32,
    line: usize,
    item: usize,
}

/// For each line, in their order, the place of its item. The order itself decides nothing: lines are taken by their
/// numbers.
pub(super) fn pair(certificate: &Certificate, declared: &Declared, lists: &Lists) -> Vec<Option<usize>> {
    let (items, lines) = (&certificate.goods.items, &declared.lines);
    let mut sums = items.iter().map(|_| Sums::default()).collect::<Vec<_>>();
    let named = |line: &DeclaredLine| items.iter().position(|item| Some(item.number) == line.item);
    let mut pairs = lines.iter().map(named).collect::<Vec<_>>();
    for (line, at) in lines.iter().zip(&pairs) {
        take(line, *at, items, &mut sums);
    }
    let mut fits = fits(certificate, declared, lists);
    fits.sort_by_key(|fit| {
        let number = lines.get(fit.line).map_or(0, |line| line.line);
        (Reverse(fit.goods + fit.details), number, fit.item)
    });
    // First where there is room, so that two lines alike go to two items alike; then wherever the goods are.
    for needs_room in [true, false] {
        for fit in &fits {
            let (Some(line), Some(item)) = (lines.get(fit.line), items.get(fit.item)) else { continue };
            let free = pairs.get(fit.line).is_some_and(Option::is_none);
            let has_room = || sums.get(fit.item).is_some_and(|sums| sums.has_room_for(&Claims::of(item, line)));
            if free && (!needs_room || has_room()) {
                take(line, Some(fit.item), items, &mut sums);
                if let Some(pair) = pairs.get_mut(fit.line) {
                    *pair = Some(fit.item);
                }
            }
        }
    }
    pairs
}

fn take<'a>(line: &'a DeclaredLine, at: Option<usize>, items: &'a [Item], sums: &mut [Sums<'a>]) {
    if let Some((item, sums)) = at.and_then(|at| items.get(at).zip(sums.get_mut(at))) {
        sums.add(line.line, &Claims::of(item, line));
    }
}

/// For each line that names no item, the items whose goods fit it best.
fn fits(certificate: &Certificate, declared: &Declared, lists: &Lists) -> Vec<Fit> {
    let items = &certificate.goods.items;
    let ready = |item: &Item| (Wording::of(item.description.as_str()), became(item, declared, lists));
    let ready = items.iter().map(ready).collect::<Vec<_>>();
    let mut found = Vec::new();
    for (at, line) in declared.lines.iter().enumerate().filter(|(_, line)| line.item.is_none()) {
        let words = line.description.as_ref().map(|text| Wording::of(text.as_str()));
        let of_goods = |(place, (item, (described, became))): (usize, (&Item, &(Wording, Vec<String>)))| {
            let (code, shown) = match hs_relation(item, line, declared, became) {
                HsRelation::Same => (800, true),
                HsRelation::NotShown => (800, false),
                HsRelation::OtherEdition(heading) | HsRelation::Differs(heading) => (400 * u32::from(heading), heading),
            };
            let words = words.as_ref().map_or(0, |words| match words.quick_likeness(described) {
                Likeness::Same => 600,
                Likeness::Typing => 500,
                // Of two alike it is the one that has more of the line's words.
                Likeness::Alike => 300 + words.share_in(described),
                Likeness::OtherScript | Likeness::Other => 0,
            });
            // Of one item alone it can only be that; whether it is, the differences tell.
            (shown || words > 0 || items.len() == 1).then_some((place, code + words))
        };
        let goods = items.iter().zip(&ready).enumerate().filter_map(of_goods).collect::<Vec<_>>();
        let best = goods.iter().map(|(_, score)| *score).max();
        for (place, goods) in goods.into_iter().filter(|(_, score)| Some(*score) == best) {
            let details = items.get(place).map_or(0, |item| details(certificate, item, line));
            found.push(Fit { goods, details, line: at, item: place });
        }
    }
    found
}

/// How well a line fits an item beyond what the goods are. What neither says tells nothing.
fn details(certificate: &Certificate, item: &Item, line: &DeclaredLine) -> u32 {
    let claims = Claims::of(item, line);
    let quantity = match claims.of_subject(Subject::Quantity) {
        Some(claim) if claim.declared == claim.certified => 3,
        Some(claim) if claim.declared < claim.certified => 2,
        _ => 0,
    };
    // Tonnes convert into kilograms, and still speak for the item that is certified in tonnes.
    let of_unit = |declared: &Measure| item.quantities.iter().any(|one| one.unit == declared.unit);
    let unit = line.quantity.as_ref().is_some_and(of_unit);
    let equal = |subject| claims.of_subject(subject).is_some_and(|claim| claim.declared == claim.certified);
    let origin = line.origin == Some(item.origin.unwrap_or(certificate.from));
    let alike = [
        unit,
        equal(Subject::GrossWeight),
        equal(Subject::NetWeight),
        equal(Subject::Packages),
        line.marks.is_some() && line.marks == item.marks,
    ];
    100 * (quantity + 2 * u32::from(origin) + alike.into_iter().map(u32::from).sum::<u32>())
}
