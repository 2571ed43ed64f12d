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

/// How well a line fits an item.
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
            let likeness = words.as_ref().map(|words| words.quick_likeness(described));
            let (code, shown) = match hs_relation(item, line, declared, became) {
                HsRelation::Same => (8, true),
                HsRelation::NotShown => (8, false),
                HsRelation::OtherEdition(heading) | HsRelation::Differs(heading) => (4 * u32::from(heading), heading),
            };
            let words = match likeness {
                Some(Likeness::Same) => 6,
                Some(Likeness::Typing) => 5,
                Some(Likeness::Alike) => 3,
                Some(Likeness::OtherScript | Likeness::Other) | None => 0,
            };
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

/// How well a line fits an item beyond what the goods are. What neither says fits as well as what both say alike.
fn details(certificate: &Certificate, item: &Item, line: &DeclaredLine) -> u32 {
    let claims = Claims::of(item, line);
    let quantity = match claims.of_subject(Subject::Quantity) {
        Some(claim) if claim.declared == claim.certified => 3,
        Some(claim) if claim.declared < claim.certified => 2,
        None if line.quantity.is_none() && item.quantities.is_empty() => 3,
        _ => 0,
    };
    let weight = |subject: Subject, declared: Option<&Measure>, certified: Option<&Measure>| {
        let equal = claims.of_subject(subject).is_some_and(|claim| claim.declared == claim.certified);
        u32::from(equal || declared.is_none() && certified.is_none())
    };
    let packages = match claims.of_subject(Subject::Packages) {
        Some(claim) => claim.declared == claim.certified,
        None => line.packages.is_none() && item.packages.is_empty(),
    };
    let origin = line.origin == Some(item.origin.unwrap_or(certificate.from));
    quantity
        + 2 * u32::from(origin)
        + weight(Subject::GrossWeight, line.gross_weight.as_ref(), item.gross_weight.as_ref())
        + weight(Subject::NetWeight, line.net_weight.as_ref(), item.net_weight.as_ref())
        + u32::from(packages)
        + u32::from(line.marks == item.marks)
}
