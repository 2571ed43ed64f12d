//! What a certificate that takes another's place may say otherwise: a mistake is mended, and no other exporter's goods,
//! nor other goods, come in under a certificate that was examined for these.
//!
//! What is mended is told to the signatory item by item.

use crate::{
    certificate::{Certificate, Finding, Findings, Item, Particulars},
    office::{is_same_exporter, stated},
};
use std::collections::BTreeSet;

/// Holds the particulars against the certificate whose place they shall take.
pub(super) fn mends(particulars: &Particulars, original: &Certificate, findings: &mut Findings) {
    let number = &original.reference.number;
    if !is_same_exporter(&particulars.exporter, &original.exporter) {
        let message = format!(
            "`{}` is not the exporter of certificate {number}, which is `{}`",
            particulars.exporter.party.name, original.exporter.party.name
        );
        let help = "a replacement mends a certificate; another exporter applies for one of its own";
        findings.push(Finding::error("REPLACEMENT_EXPORTER", "exporter.party", message).with_help(help));
    }
    let (new, old) = (chapters(&particulars.goods.items), chapters(&original.goods.items));
    if !new.is_empty() && !old.is_empty() && new.is_disjoint(&old) {
        let list = |chapters: BTreeSet<&str>| chapters.into_iter().collect::<Vec<_>>().join(", ");
        let message = format!(
            "all items are of HS chapters ({}) of which certificate {number} has none: it is for goods of {}",
            list(new),
            list(old)
        );
        let help = "a replacement mends a certificate; other goods are applied for anew";
        findings.push(Finding::error("REPLACEMENT_GOODS", "goods.items", message).with_help(help));
        return;
    }
    for (index, item) in particulars.goods.items.iter().enumerate() {
        let path = format!("goods.items[{index}]");
        match original.goods.items.iter().find(|one| one.number == item.number) {
            Some(was) => remark(item, was, &path, findings),
            None => {
                let message = format!("item {} is not in certificate {number}", item.number);
                findings.push(Finding::warning("REPLACEMENT_CHANGES", path, message));
            }
        }
    }
}

/// Says what of an item is other goods, another claim or another quantity.
fn remark(item: &Item, was: &Item, path: &str, findings: &mut Findings) {
    let claim = |item: &Item| {
        item.criterion.as_ref().map(|criterion| match &criterion.percentage {
            Some(percentage) => format!("{} of {} %", criterion.code, percentage.exact),
            None => criterion.code.to_string(),
        })
    };
    let origin = |item: &Item| item.origin.map(|country| country.to_string());
    let description = |item: &Item| Some(item.description.to_string());
    let said = [
        ("description", description(item), description(was)),
        ("origin", origin(item), origin(was)),
        ("criterion", claim(item), claim(was)),
    ];
    for (member, new, old) in said {
        if new != old {
            let [new, old] = [new, old].map(|said| said.unwrap_or_else(|| "nothing".to_owned()));
            let message = format!("item {} says `{new}`, and it said `{old}`", item.number);
            findings.push(Finding::warning("REPLACEMENT_CHANGES", format!("{path}.{member}"), message));
        }
    }
    let code = |item: &Item| item.hs.as_ref().map(|hs| hs.code.to_string());
    let (new, old) = (code(item), code(was));
    if new != old {
        let [new, old] = [new, old].map(|code| code.unwrap_or_else(|| "no HS code".to_owned()));
        let message = format!("item {} is said to be {new}, and it was said to be {old}", item.number);
        findings.push(Finding::warning("REPLACEMENT_CHANGES", format!("{path}.hs.code"), message));
    }
    let measures = [
        ("quantities", item.quantities.first(), was.quantities.first()),
        ("gross_weight", item.gross_weight.as_ref(), was.gross_weight.as_ref()),
        ("net_weight", item.net_weight.as_ref(), was.net_weight.as_ref()),
    ];
    for (member, new, old) in measures {
        // The first quantity is compared with whatever the other says in its unit.
        let old =
            new.filter(|_| member == "quantities").and_then(|new| stated(was, &new.unit)).or_else(|| old.cloned());
        if new != old.as_ref() {
            let say = |measure: Option<String>| measure.unwrap_or_else(|| "nothing".to_owned());
            let (new, old) = (say(new.map(ToString::to_string)), say(old.map(|old| old.to_string())));
            let message = format!("item {} says {new}, and it said {old}", item.number);
            findings.push(Finding::warning("REPLACEMENT_CHANGES", format!("{path}.{member}"), message));
        }
    }
}

/// The chapters of the Harmonized System that items are of.
fn chapters(items: &[Item]) -> BTreeSet<&str> {
    items.iter().filter_map(|item| item.hs.as_ref()).map(|hs| hs.code.chapter()).collect()
}
