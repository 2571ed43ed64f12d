//! Whether the parts of a certificate are worth more than the whole. A back-to-back certificate bears the price of who
//! sells the goods on, and is not held against it.

use super::{
    beside::{Source, sources},
    originals::Proven,
};
use crate::{
    certificate::{Amount, Commercial, Currency, Finding, Findings, Particulars, ValueBasis},
    encoding::Decimal,
    office::{Draws, shares},
};
use std::collections::BTreeMap;

/// What a value is on: its basis and its currency.
pub(super) type On = (ValueBasis, Currency);

/// Counts the values of each item against what is left of those of the items that it is drawn from.
pub(super) fn count_values(
    particulars: &Particulars,
    originals: &mut [Proven],
    draws: &mut Draws,
    findings: &mut Findings,
) {
    for item in &particulars.goods.items {
        let sources = sources(item.number, originals, draws);
        let own = |source: &Source| originals.get(source.original).is_some_and(|proven| proven.own.is_some());
        if sources.is_empty() || !sources.iter().all(own) {
            continue;
        }
        for ((basis, currency), wanted) in values(particulars.commercial.as_ref(), item.number) {
            let on = (basis, currency);
            let words = Amount { value: wanted, currency };
            let path = "commercial.item_values";
            let Some(left) = sources.iter().map(|source| left(source, on, originals)).collect::<Option<Vec<_>>>()
            else {
                let item = item.number;
                findings.push(if sources.iter().any(|source| states(source, basis, originals)) {
                    let message = format!(
                        "item {item} says {words} {basis}, and what it is drawn from says it in another currency"
                    );
                    let help = "state it in the currency of the original, so that it can be counted against it";
                    Finding::error("DRAWN_UNSTATED", path, message).with_help(help)
                } else {
                    let message =
                        format!("item {item} says {words} {basis}, and what it is drawn from says nothing on that");
                    Finding::warning("DRAWN_UNSTATED", path, message)
                });
                continue;
            };
            let Some(taken) = shares(wanted, &left) else {
                let all = left.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
                let message = format!("item {} says {words} {basis}, and what is left is {all}", item.number);
                let help = "all parts together are worth no more than the whole";
                findings.push(Finding::error("DRAWN_EXCEEDS", path, message).with_help(help));
                continue;
            };
            let what = word(on);
            for (source, share) in sources.iter().zip(taken) {
                if let Some(proven) = originals.get_mut(source.original) {
                    proven.kept.ledger.take_beside(source.item.number, &what, share);
                }
                if let Some(draw) = draws.0.get_mut(source.draw) {
                    draw.beside.add(&what, share);
                }
            }
        }
    }
}

/// Whether the item that something is drawn of states a value on this basis, in whatever currency.
fn states(source: &Source, basis: ValueBasis, originals: &[Proven]) -> bool {
    let whole = originals.get(source.original).map(|proven| proven.certificate.commercial.as_ref());
    whole.is_some_and(|whole| values(whole, source.item.number).keys().any(|(stated, _)| *stated == basis))
}

/// How much is left of the value of an item that something was drawn of; none where it states no such value.
fn left(source: &Source, on: On, originals: &[Proven]) -> Option<Decimal> {
    let proven = originals.get(source.original)?;
    let whole = values(proven.certificate.commercial.as_ref(), source.item.number).remove(&on)?;
    let drawn = proven.kept.ledger.items.get(&source.item.number);
    let taken = drawn.and_then(|drawn| drawn.beside.get(&word(on))).unwrap_or(Decimal::ZERO);
    Some(whole.checked_sub(taken).unwrap_or(Decimal::ZERO))
}

/// The values of an item: one that stands on several invoices has as many.
pub(super) fn values(commercial: Option<&Commercial>, item: u32) -> BTreeMap<On, Decimal> {
    let mut sums: BTreeMap<On, Decimal> = BTreeMap::new();
    for one in commercial.iter().flat_map(|commercial| &commercial.item_values).filter(|one| one.item == item) {
        let sum = sums.entry((one.basis, one.amount.currency)).or_insert(Decimal::ZERO);
        *sum = sum.checked_add(one.amount.value).unwrap_or(*sum);
    }
    sums
}

/// The word under which a ledger keeps it.
pub(super) fn word((basis, currency): On) -> String {
    format!("value {basis} {currency}")
}
