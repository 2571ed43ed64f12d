//! Whether the parts of a certificate weigh more, or are in more packages, than the whole; and what they state that the
//! whole does not.

use super::originals::Proven;
use crate::{
    certificate::{Finding, Findings, Item, Measure, Particulars, UnitCode},
    encoding::Decimal,
    office::{Amounts, Draw, Draws, shares, stated},
    reason::some_of,
};

/// One item of an original that an item is drawn from.
pub(super) struct Source {
    pub(super) draw: usize,
    pub(super) original: usize,
    pub(super) item: Item,
}

/// Counts what each item states beside its quantity against what is left of the items it is drawn from, in whatever all
/// of them state. What is drawn from several takes of each in proportion to what that has left.
pub(super) fn count_beside(
    particulars: &Particulars,
    originals: &mut [Proven],
    draws: &mut Draws,
    findings: &mut Findings,
) {
    for (index, item) in particulars.goods.items.iter().enumerate() {
        let Some(unit) = draws.0.iter().find(|draw| draw.item == item.number).map(|draw| draw.quantity.unit.clone())
        else {
            continue;
        };
        let sources = sources(item.number, originals, draws);
        let own = Amounts::of(item, &unit);
        for (said, amount) in own.each() {
            let Some((what, wanted)) = comparable(said, amount, &own, &sources, originals) else {
                findings.0.extend(unstated(index, item, (said, amount, &unit), &sources, originals));
                continue;
            };
            let what = what.as_str();
            let left_of = |source: &Source| originals.get(source.original)?.kept.ledger.left_beside(&source.item, what);
            let Some(left) = sources.iter().map(left_of).collect::<Option<Vec<_>>>() else { continue };
            let Some(taken) = shares(wanted, &left) else {
                findings.push(too_much(index, item, said, (amount, &left), &sources, originals));
                continue;
            };
            for (source, share) in sources.iter().zip(taken) {
                if let Some(proven) = originals.get_mut(source.original) {
                    proven.kept.ledger.take_beside(source.item.number, what, share);
                }
                if let Some(draw) = draws.0.get_mut(source.draw) {
                    draw.beside.add(what, share);
                }
            }
        }
    }
}

/// Under which word, and as how much, what an item states is counted against what all of its sources state: under the same
/// one, or a weight in a unit that converts; a net weight within the gross weight, where the item says no gross weight.
fn comparable(
    said: &str,
    wanted: Decimal,
    own: &Amounts,
    sources: &[Source],
    originals: &[Proven],
) -> Option<(String, Decimal)> {
    let all_say = |what: &str| {
        let says = |source: &Source| {
            originals.get(source.original).and_then(|one| one.kept.ledger.left_beside(&source.item, what)).is_some()
        };
        sources.iter().all(says)
    };
    if all_say(said) {
        return Some((said.to_owned(), wanted));
    }
    let (kind, unit) = said.split_once(' ')?;
    let gross_too = own.each().any(|(what, _)| what.starts_with("gross "));
    let kinds: &[&str] = match kind {
        "gross" => &["gross"],
        "net" if gross_too => &["net"],
        "net" => &["net", "gross"],
        _ => return None,
    };
    let weight = Measure { value: wanted, unit: unit.parse().ok()? };
    let first = sources.first()?;
    let weights = [&first.item.gross_weight, &first.item.net_weight].into_iter().flatten();
    let units = weights.map(|weight| weight.unit.as_str()).chain(["KGM"]).collect::<Vec<_>>();
    kinds.iter().flat_map(|kind| units.iter().map(move |unit| (*kind, *unit))).find_map(|(kind, unit)| {
        let what = format!("{kind} {unit}");
        let same = weight.in_unit(&unit.parse().ok()?)?;
        all_say(&what).then_some((what, same.value))
    })
}

/// What is to be said of what an item states and its sources do not: nobody counts it.
fn unstated(
    index: usize,
    item: &Item,
    (said, wanted, drawn_in): (&str, Decimal, &UnitCode),
    sources: &[Source],
    originals: &[Proven],
) -> Option<Finding> {
    let (kind, unit) = said.split_once(' ')?;
    let path = format!("goods.items[{index}].{}", Amounts::member(said));
    let numbers = sources.iter().filter_map(|source| originals.get(source.original));
    let mut numbers = numbers.map(|proven| proven.certificate.reference.number.to_string()).collect::<Vec<_>>();
    numbers.dedup();
    let words = Amounts::in_words(said, wanted);
    let message =
        format!("item {} says {words}, and certificate {} says nothing in that", item.number, some_of(numbers));
    if kind != "quantity" {
        // How many cartons stand on a pallet, and what weighs goods that were never weighed, an officer sees.
        return Some(Finding::warning("DRAWN_UNSTATED", path, message));
    }
    let measure = Measure { value: wanted, unit: unit.parse().ok()? };
    match (measure.in_unit(drawn_in), stated(item, drawn_in)) {
        // The same told in another unit.
        (Some(told), Some(drawn)) if told.value == drawn.value => None,
        (Some(told), Some(drawn)) => {
            let message = format!("item {} says {words}, which is {told}, and {drawn}", item.number);
            Some(Finding::error("DRAWN_COVER", path, message))
        }
        _ if sources.iter().any(|source| stated(&source.item, &measure.unit).is_some()) => {
            Some(Finding::warning("DRAWN_UNSTATED", path, message))
        }
        _ => {
            let help = format!("leave it out, or state the item in {drawn_in} alone");
            Some(Finding::error("DRAWN_UNSTATED", path, message).with_help(help))
        }
    }
}

/// The items that an item is drawn from, each once.
pub(super) fn sources(number: u32, originals: &[Proven], draws: &Draws) -> Vec<Source> {
    let mut found: Vec<Source> = Vec::new();
    for (at, Draw { original, prior_item, .. }) in draws.0.iter().enumerate().filter(|(_, draw)| draw.item == number) {
        let Some(place) = originals.iter().position(|proven| proven.kept.name() == original) else { continue };
        let items = originals.get(place).map(|proven| &proven.certificate.goods.items);
        let item = items.and_then(|items| items.iter().find(|item| item.number == *prior_item));
        let Some(item) =
            item.filter(|_| !found.iter().any(|one| (one.original, one.item.number) == (place, *prior_item)))
        else {
            continue;
        };
        found.push(Source { draw: at, original: place, item: item.clone() });
    }
    found
}

fn too_much(
    index: usize,
    item: &Item,
    what: &str,
    (wanted, left): (Decimal, &[Decimal]),
    sources: &[Source],
    originals: &[Proven],
) -> Finding {
    let of = |source: &Source| {
        let number = originals.get(source.original).map(|proven| proven.certificate.reference.number.to_string());
        format!("item {} of certificate {}", source.item.number, number.unwrap_or_default())
    };
    let from = sources.iter().zip(left).map(|(source, left)| format!("{left} of {}", of(source)));
    let message = format!(
        "item {} says {}, and what is left is {}",
        item.number,
        Amounts::in_words(what, wanted),
        some_of(from),
    );
    Finding::error("DRAWN_EXCEEDS", format!("goods.items[{index}].{}", Amounts::member(what)), message)
        .with_help("all parts together weigh no more, and are in no more packages, than the whole")
}
