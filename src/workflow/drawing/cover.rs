//! Whether what a certificate certifies is what it draws.

use crate::{
    certificate::{Finding, Findings, Particulars, QuantityDrawn},
    encoding::Decimal,
    office::stated,
};

/// Every item is drawn, in one unit, and as much as is drawn is what it says.
pub(super) fn check_cover(particulars: &Particulars, findings: &mut Findings) {
    let drawn = particulars.reference.prior.iter().flat_map(|prior| &prior.drawn).collect::<Vec<_>>();
    for (index, item) in particulars.goods.items.iter().enumerate() {
        let path = format!("goods.items[{index}]");
        let own = drawn.iter().filter(|one| one.item == item.number).collect::<Vec<_>>();
        let Some(first) = own.first() else {
            let message = format!("item {} is not drawn from any original", item.number);
            let help = "name it in `drawn` of the original in `reference.prior`, or leave the item out";
            findings.push(Finding::error("DRAWN_COVER", path, message).with_help(help));
            continue;
        };
        let unit = &first.quantity.unit;
        if own.iter().any(|one| one.quantity.unit != *unit) {
            let message = format!("item {} is drawn in several units, and cannot be added up", item.number);
            findings.push(Finding::error("DRAWN_COVER", path, message));
            continue;
        }
        let add = |sum: Option<Decimal>, one: &&&QuantityDrawn| sum?.checked_add(one.quantity.value);
        let sum = own.iter().fold(Some(Decimal::ZERO), add);
        let says = stated(item, unit).map(|measure| measure.value);
        if sum.is_none() || sum != says {
            let (sum, says) = (sum.map(|sum| sum.to_string()), says.map(|says| says.to_string()));
            let message = format!(
                "item {} says {} {unit}, and {} {unit} are drawn for it",
                item.number,
                says.as_deref().unwrap_or("nothing in"),
                sum.as_deref().unwrap_or("more than can be written in"),
            );
            findings.push(Finding::error("DRAWN_COVER", path, message));
        }
    }
}
