//! What must agree between the members of one document, whatever the agreement.

use super::{
    commercial::Commercial,
    finding::{Finding, Findings},
    goods::{Goods, Item},
    measure::Measure,
    particulars::Particulars,
    party::{Consignee, Place},
    transport::Transport,
};
use crate::{encoding::Decimal, time::Date};
use std::collections::BTreeSet;

/// Items of a certificate at most: with the eight sections they stay below the 512 disclosures a verifier takes.
const ITEMS_MAX: usize = 500;

impl Particulars {
    /// Everything to say about how the members agree with each other.
    #[must_use]
    pub fn check(&self) -> Findings {
        let mut findings = Findings::default();
        self.check_countries(&mut findings);
        check_place(&self.reference.place, "reference.place", &mut findings);
        if let Some(consignee) = &self.consignee {
            check_consignee(consignee, &mut findings);
        }
        if let Some(transport) = &self.transport {
            check_transport(transport, &mut findings);
        }
        check_goods(&self.goods, &mut findings);
        self.check_formulas(&mut findings);
        if let Some(commercial) = &self.commercial {
            check_commercial(commercial, &self.goods, &mut findings);
        }
        self.check_prior(&mut findings);
        self.check_exhibition(&mut findings);
        findings
    }

    fn check_countries(&self, findings: &mut Findings) {
        if self.from == self.to {
            findings.push(Finding::error("SAME_COUNTRY", "to", "is the exporting country itself"));
        }
        let exporter = self.exporter.party.country;
        if exporter != self.from {
            let message = format!("the exporter is in {exporter}, and the goods are exported from {}", self.from);
            findings.push(Finding::warning("EXPORTER_ABROAD", "exporter.party.country", message));
        }
    }

    /// Texts that a spreadsheet would run. They are what was written, and are kept; whoever opens an export of them
    /// should not find out by running one.
    fn check_formulas(&self, findings: &mut Findings) {
        let mut texts = vec![("exporter.party.name".to_owned(), self.exporter.party.name.as_str())];
        let consignee = self.consignee.as_ref().and_then(|consignee| consignee.party.as_ref());
        texts.extend(consignee.map(|party| ("consignee.party.name".to_owned(), party.name.as_str())));
        for (i, item) in self.goods.items.iter().enumerate() {
            texts.push((format!("goods.items[{i}].description"), item.description.as_str()));
            texts.extend(item.marks.iter().map(|marks| (format!("goods.items[{i}].marks"), marks.as_str())));
            texts.extend(item.brand.iter().map(|brand| (format!("goods.items[{i}].brand"), brand.as_str())));
        }
        for (path, _) in texts.into_iter().filter(|(_, text)| is_formula(text)) {
            let message = "begins as a formula of a spreadsheet does, and a spreadsheet would run it";
            let help = "write what the goods or the party are; a text that is meant so stays as it is";
            findings.push(Finding::warning("FORMULA", path, message).with_help(help));
        }
    }

    fn check_prior(&self, findings: &mut Findings) {
        for (i, prior) in self.reference.prior.iter().enumerate() {
            let path = format!("reference.prior[{i}]");
            if self.reference.number.as_ref() == Some(&prior.number) && prior.country == self.from {
                findings.push(Finding::warning(
                    "PRIOR_SAME_NUMBER",
                    format!("{path}.number"),
                    "is this certificate's own number",
                ));
            }
            for (k, drawn) in prior.drawn.iter().enumerate() {
                if !self.goods.has_item(drawn.item) {
                    no_such_item(drawn.item, format!("{path}.drawn[{k}].item"), findings);
                }
            }
        }
    }

    fn check_exhibition(&self, findings: &mut Findings) {
        let exhibition = self.remarks.as_ref().and_then(|remarks| remarks.exhibition.as_ref());
        if let Some(exhibition) = exhibition {
            in_order(exhibition.from, exhibition.until, "remarks.exhibition.until", findings);
        }
    }
}

impl Goods {
    fn has_item(&self, number: u32) -> bool {
        self.items.iter().any(|item| item.number == number)
    }
}

fn no_such_item(number: u32, path: String, findings: &mut Findings) {
    findings.push(Finding::error("NO_SUCH_ITEM", path, format!("there is no item {number}")));
}

fn in_order(first: Option<Date>, second: Option<Date>, path: &str, findings: &mut Findings) {
    if let (Some(first), Some(second)) = (first, second)
        && second < first
    {
        findings.push(Finding::error("DATES_REVERSED", path, format!("{second} is before {first}")));
    }
}

fn check_place(place: &Place, path: &str, findings: &mut Findings) {
    if place.locode.is_none() && place.name.is_none() {
        findings.push(Finding::error("PLACE_EMPTY", path, "a place has a UN/LOCODE, a name, or both"));
    }
}

fn check_consignee(consignee: &Consignee, findings: &mut Findings) {
    if !consignee.to_order && consignee.party.is_none() {
        let message = "name the consignee, or say that the goods are consigned to order";
        findings.push(Finding::error("CONSIGNEE_EMPTY", "consignee", message));
    }
}

fn check_transport(transport: &Transport, findings: &mut Findings) {
    let ends = [
        ("loading", transport.loading.as_ref()),
        ("discharge", transport.discharge.as_ref()),
        ("final_destination", transport.final_destination.as_ref()),
    ];
    for (name, place) in ends {
        if let Some(place) = place {
            check_place(place, &format!("transport.{name}"), findings);
        }
    }
    for (i, place) in transport.via.iter().enumerate() {
        check_place(place, &format!("transport.via[{i}]"), findings);
    }
    for (i, leg) in transport.legs.iter().enumerate() {
        for (name, place) in [("from", leg.from.as_ref()), ("to", leg.to.as_ref())] {
            if let Some(place) = place {
                check_place(place, &format!("transport.legs[{i}].{name}"), findings);
            }
        }
    }
    let Some(departure) = &transport.departure else { return };
    if departure.basis.is_some() && departure.actual.is_none() {
        let message = "says what the actual day of departure rests on, and there is none";
        findings.push(Finding::error("BASIS_WITHOUT_DATE", "transport.departure.basis", message));
    }
}

fn check_goods(goods: &Goods, findings: &mut Findings) {
    if goods.items.is_empty() {
        findings.push(Finding::error("NO_ITEMS", "goods.items", "a certificate covers at least one item"));
    }
    if goods.items.len() > ITEMS_MAX {
        let message = format!("has {} items; {ITEMS_MAX} at most", goods.items.len());
        findings.push(Finding::error("TOO_MANY", "goods.items", message));
    }
    let mut numbers = BTreeSet::new();
    for (i, item) in goods.items.iter().enumerate() {
        if !numbers.insert(item.number) {
            let message = format!("item {} stands twice", item.number);
            findings.push(Finding::error("ITEM_TWICE", format!("goods.items[{i}].number"), message));
        }
        check_item(item, &format!("goods.items[{i}]"), findings);
    }
    check_totals(goods, findings);
}

fn check_item(item: &Item, path: &str, findings: &mut Findings) {
    if let (Some(gross), Some(net)) = (&item.gross_weight, &item.net_weight)
        && matches!((gross.parts(&gross.unit), net.parts(&gross.unit)), (Some(whole), Some(part)) if part > whole)
    {
        let message = format!("net weight {net} is more than gross weight {gross}");
        findings.push(Finding::error("NET_ABOVE_GROSS", format!("{path}.net_weight"), message));
    }
    for (k, quantity) in item.quantities.iter().enumerate() {
        not_nothing(quantity, format!("{path}.quantities[{k}].value"), findings);
    }
    for (weight, name) in [(&item.gross_weight, "gross_weight"), (&item.net_weight, "net_weight")] {
        if let Some(weight) = weight {
            not_nothing(weight, format!("{path}.{name}.value"), findings);
        }
    }
    let percentage = item.criterion.as_ref().and_then(|criterion| criterion.percentage.as_ref());
    if let Some(percentage) = percentage
        && percentage.exact > Decimal::from_whole(100)
    {
        let message = format!("{} is more than all of it", percentage.exact);
        findings.push(Finding::error("ABOVE_100", format!("{path}.criterion.percentage.exact"), message));
    }
}

/// `=…` and `@…` always. `+…` and `-…` begin numbers and lists too: they are formulas where a word, a number or a
/// reckoning follows in one piece, which a spreadsheet works out, or a call or a reference anywhere behind them.
fn is_formula(text: &str) -> bool {
    match text.split_at_checked(1) {
        Some(("=" | "@", rest)) => !rest.is_empty(),
        Some(("+" | "-", rest)) => is_worked_out(rest.trim_start_matches(['+', '-'])),
        _ => false,
    }
}

/// Whether a spreadsheet works out what follows a sign.
fn is_worked_out(rest: &str) -> bool {
    let in_one_piece = !rest.contains(char::is_whitespace);
    let figures = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '%');
    let reckons = |rest: &str| rest.contains(['+', '-', '*', '/', '^', '&', '(']);
    match rest.chars().next() {
        Some('(' | '@' | '=' | '$' | '"') => true,
        Some(first) if first.is_ascii_alphabetic() => in_one_piece || rest.contains(['(', '!', '|']),
        Some(first) if figures(first) => {
            rest.contains(['!', '|']) || in_one_piece && (rest.chars().all(figures) || reckons(rest))
        }
        _ => false,
    }
}

fn not_nothing(measure: &Measure, path: String, findings: &mut Findings) {
    if measure.value.is_zero() {
        findings.push(Finding::error("ZERO", path, "a quantity of nothing"));
    }
}

/// A weight of an item.
type Weight = fn(&Item) -> Option<&Measure>;

/// Totals that can be added up must add up.
fn check_totals(goods: &Goods, findings: &mut Findings) {
    let Some(totals) = &goods.totals else { return };
    if let Some(total) = totals.packages {
        let counted: u64 = goods.items.iter().flat_map(|item| &item.packages).map(|some| u64::from(some.count)).sum();
        // One outer package may hold several items, so fewer than the sum is a matter to look at.
        if u64::from(total) != counted && counted > 0 {
            let message = format!("says {total}, and the items add up to {counted}");
            findings.push(Finding::warning("TOTAL_PACKAGES", "goods.totals.packages", message));
        }
    }
    let weights: [(&str, Option<&Measure>, Weight); 2] = [
        ("gross_weight", totals.gross_weight.as_ref(), |item| item.gross_weight.as_ref()),
        ("net_weight", totals.net_weight.as_ref(), |item| item.net_weight.as_ref()),
    ];
    for (name, total, of) in weights {
        let Some(total) = total else { continue };
        let sum = goods
            .items
            .iter()
            .map(|item| of(item).and_then(|weight| weight.parts(&total.unit)))
            .try_fold(0u128, |sum, weight| sum.checked_add(weight?));
        if let (Some(whole), Some(sum)) = (total.parts(&total.unit), sum)
            && whole != sum
        {
            let message = format!("says {total}, and the items add up to another weight");
            findings.push(Finding::error("TOTAL_WEIGHT", format!("goods.totals.{name}"), message));
        }
    }
}

/// A total beside the values of all items, in one currency and on one basis, is their sum.
fn check_total(commercial: &Commercial, goods: &Goods, findings: &mut Findings) {
    let Some(total) = commercial.total.as_ref().filter(|_| commercial.adjustments.is_empty()) else { return };
    let mut sums = Vec::new();
    for basis in commercial.item_values.iter().map(|value| value.basis) {
        let values = commercial.item_values.iter().filter(|value| value.basis == basis);
        let items = values.clone().map(|value| value.item).collect::<BTreeSet<_>>();
        let whole = goods.items.iter().all(|item| items.contains(&item.number));
        if !whole || values.clone().any(|value| value.amount.currency != total.currency) {
            continue;
        }
        let sum = values.map(|value| value.amount.value).try_fold(Decimal::from_whole(0), Decimal::checked_add);
        sums.extend(sum);
    }
    if let Some(sum) = sums.first().filter(|_| !sums.contains(&total.value)) {
        let message = format!("is {total}, and the values of the items come to {sum} {}", total.currency);
        findings.push(Finding::warning("TOTAL", "commercial.total", message));
    }
}

fn check_commercial(commercial: &Commercial, goods: &Goods, findings: &mut Findings) {
    let numbers: BTreeSet<&str> = commercial.invoices.iter().map(|invoice| invoice.number.as_str()).collect();
    for (i, value) in commercial.item_values.iter().enumerate() {
        let path = format!("commercial.item_values[{i}]");
        if !goods.has_item(value.item) {
            no_such_item(value.item, format!("{path}.item"), findings);
        }
        if let Some(invoice) = &value.invoice
            && !numbers.contains(invoice.as_str())
        {
            let message = format!("there is no invoice `{invoice}` among the invoices");
            findings.push(Finding::error("NO_SUCH_INVOICE", format!("{path}.invoice"), message));
        }
    }
    check_total(commercial, goods, findings);
    for (i, rate) in commercial.exchange_rates.iter().enumerate() {
        let path = format!("commercial.exchange_rates[{i}]");
        if rate.rate.is_zero() {
            findings.push(Finding::error("ZERO", format!("{path}.rate"), "a rate of nothing"));
        }
        if rate.from == rate.to {
            findings.push(Finding::error("SAME_CURRENCY", path, "a rate is between two currencies"));
        }
    }
}
