//! Whether the parts of a certificate weigh more, or are in more packages, than the whole.

use super::originals::Proven;
use crate::{
    certificate::{Finding, Findings, Item, Particulars},
    encoding::Decimal,
    office::{Amounts, Draw, Draws, shares},
};

/// One item of an original that an item is drawn from.
struct Source {
    draw: usize,
    original: usize,
    item: Item,
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
        for (what, wanted) in Amounts::of(item, &unit).each() {
            let left_of = |source: &Source| originals.get(source.original)?.kept.ledger.left_beside(&source.item, what);
            let Some(left) = sources.iter().map(left_of).collect::<Option<Vec<_>>>() else { continue };
            let Some(taken) = shares(wanted, &left) else {
                findings.push(too_much(index, item, what, (wanted, &left), &sources, originals));
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

/// The items that an item is drawn from, each once.
fn sources(number: u32, originals: &[Proven], draws: &Draws) -> Vec<Source> {
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
        from.collect::<Vec<_>>().join(", "),
    );
    Finding::error("DRAWN_EXCEEDS", format!("goods.items[{index}].{}", Amounts::member(what)), message)
        .with_help("all parts together weigh no more, and are in no more packages, than the whole")
}
