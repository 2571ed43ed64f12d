//! The goods, item by item, in the columns of the forms.

use super::{
    super::countries::country_name,
    Cells, ItemPart, Line,
    cells::{invoices, party, section},
};
use crate::{
    agreement::{Edition, Form, Mark, Shows},
    certificate::{Commercial, Criterion, HsCode, Item, Measure, UnitCode, ValueBasis},
    statement::{OpenedCertificate, Shown},
};

/// Every item; one that the holder withheld has null in each column.
pub(super) fn items(certificate: &OpenedCertificate, edition: Option<&Edition>) -> Vec<ItemPart> {
    let Some(goods) = certificate.goods.as_option() else { return Vec::new() };
    let commercial = section(&certificate.commercial);
    let part = |(nth, item): (usize, &Shown<Item>)| match item {
        Shown::Yes(item) => {
            ItemPart { number: item.number.to_string(), cells: cells(item, nth == 0, commercial, edition, certificate) }
        }
        Shown::No => ItemPart { number: (nth + 1).to_string(), cells: withheld() },
    };
    goods.items.iter().enumerate().map(part).collect()
}

fn withheld() -> Cells {
    let columns = [
        "item",
        "marks",
        "packages",
        "description",
        "hs_code",
        "criterion",
        "gross_weight",
        "quantity",
        "fob",
        "invoices",
        "origin",
    ];
    columns.into_iter().map(|column| (column, None)).collect()
}

#[allow(clippy::option_option)] // a section that is withheld, absent, or there
fn cells(
    item: &Item,
    is_first: bool,
    commercial: Option<Option<&Commercial>>,
    edition: Option<&Edition>,
    certificate: &OpenedCertificate,
) -> Cells {
    let origin = item.origin.unwrap_or(certificate.from);
    let packages = item.packages.iter().map(|one| {
        let name = one.kind.name().map_or_else(|| one.kind.to_string(), |name| format!("{name} ({})", one.kind));
        Line::new(format!("{} {name}", one.count))
    });
    Cells::from([
        ("item", Some(vec![Line::new(item.number.to_string())])),
        ("marks", Some(item.marks.iter().map(Line::new).collect())),
        ("packages", Some(packages.collect())),
        ("description", Some(description(item))),
        ("hs_code", Some(hs(item))),
        ("criterion", Some(item.criterion.iter().map(|one| criterion(one, edition)).collect())),
        ("gross_weight", Some(item.gross_weight.iter().map(|one| Line::new(measure(one))).collect())),
        ("quantity", Some(item.quantities.iter().map(|one| Line::new(measure(one))).collect())),
        ("fob", commercial.map(|one| values(one, item.number))),
        ("invoices", commercial.map(|one| invoices_of(one, item.number, is_first))),
        ("origin", Some(vec![Line::new(country_name(origin))])),
    ])
}

fn description(item: &Item) -> Vec<Line> {
    let mut lines = vec![Line::new(&item.description)];
    lines.extend(item.brand.iter().map(|brand| Line::new(format!("Brand: {brand}"))));
    if !item.producers.is_empty() {
        lines.push(Line::new("Producer:"));
        lines.extend(item.producers.iter().flat_map(party));
    }
    lines
}

fn hs(item: &Item) -> Vec<Line> {
    let mut lines = item.hs.iter().map(|code| Line::new(dotted(code))).collect::<Vec<_>>();
    lines.extend(item.national_codes.iter().map(|one| Line::new(format!("{} {}", one.country, one.code))));
    lines
}

/// `9506.62`, as tariffs print it.
fn dotted(code: &HsCode) -> String {
    let digits = code.code.as_str();
    let (heading, rest) = digits.split_at_checked(4).unwrap_or((digits, ""));
    let (subheading, national) = rest.split_at_checked(2).unwrap_or((rest, ""));
    [heading, subheading, national].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".")
}

/// What the form prints for the criterion, with the letters that the agreement puts beside it.
fn criterion(criterion: &Criterion, edition: Option<&Edition>) -> Line {
    let printed = criterion.printed.as_ref().map_or_else(|| criterion.code.as_str(), |printed| printed.as_str());
    let mut text = printed.to_owned();
    if let Some(marks) = edition.map(|edition| &edition.marks) {
        let used = [
            (criterion.accumulation, &marks.accumulation),
            (criterion.de_minimis, &marks.de_minimis),
            (criterion.partial_cumulation, &marks.partial_cumulation),
        ];
        let letters = |mark: &Mark| mark.beside_criterion.value().cloned();
        for letters in used.into_iter().filter(|(used, _)| *used).filter_map(|(_, mark)| letters(mark)) {
            if !text.contains(&letters) {
                text = format!("{text} {letters}");
            }
        }
    }
    Line::new(text)
}

fn values(commercial: Option<&Commercial>, item: u32) -> Vec<Line> {
    let all = commercial.map(|one| one.item_values.as_slice()).unwrap_or_default();
    let line = |one: &crate::certificate::ItemValue| match one.basis {
        ValueBasis::Fob => Line::from_amount(&one.amount),
        basis => {
            Line::new(format!("{} {} ({})", one.amount.currency, one.amount.value, basis.as_str().replace('_', " ")))
        }
    };
    all.iter().filter(|one| one.item == item).map(line).collect()
}

/// The invoice that the value of the item names; where none does, all of them beside the first item.
fn invoices_of(commercial: Option<&Commercial>, item: u32, is_first: bool) -> Vec<Line> {
    let values = commercial.map(|one| one.item_values.as_slice()).unwrap_or_default();
    let named = |number: &str| {
        values
            .iter()
            .any(|one| one.item == item && one.invoice.as_ref().is_some_and(|invoice| invoice.as_str() == number))
    };
    let linked = values.iter().any(|one| one.invoice.is_some());
    invoices(commercial, |one| if linked { named(one.number.as_str()) } else { is_first })
}

/// A quantity with the unit's sign or name.
pub(super) fn measure(measure: &Measure) -> String {
    format!("{} {}", measure.value, unit(&measure.unit))
}

fn unit(unit: &UnitCode) -> String {
    match unit.as_str() {
        "KGM" => "kg",
        "GRM" => "g",
        "TNE" => "t",
        "LTR" => "l",
        "MTR" => "m",
        "MTK" => "m²",
        "MTQ" => "m³",
        "H87" => "pieces",
        "PR" => "pairs",
        "SET" => "sets",
        "DZN" => "dozen",
        code => return unit_name(unit, code),
    }
    .to_owned()
}

fn unit_name(unit: &UnitCode, code: &str) -> String {
    unit.name().map_or_else(|| code.to_owned(), ToOwned::to_owned)
}

/// Totals as the form shows them; the value of all goods only where it has a place for values.
pub(super) fn totals(certificate: &OpenedCertificate, form: Option<&Form>) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(totals) = certificate.goods.as_option().and_then(|goods| goods.totals.as_ref()) {
        lines.extend(totals.packages.map(|count| Line::new(format!("Packages in all: {count}"))));
        let weight = |words: &str, one: &Measure| Line::new(format!("{words} in all: {}", measure(one)));
        lines.extend(totals.gross_weight.iter().map(|one| weight("Gross weight", one)));
        lines.extend(totals.net_weight.iter().map(|one| weight("Net weight", one)));
    }
    let commercial = section(&certificate.commercial).flatten();
    let shown = form.is_some_and(|form| form.shows(Shows::Fob) || form.shows(Shows::InvoiceValue));
    let value = commercial.and_then(|one| one.total.as_ref()).filter(|_| shown);
    lines.extend(value.map(|one| Line::new(format!("Value in all: {} {}", one.currency, one.value))));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_printed_as_tariffs_print_it() {
        let code = |digits: &str| {
            let text = format!(r#"{{"code":"{digits}","edition":"2022"}}"#);
            dotted(&serde_json::from_str::<HsCode>(&text).unwrap())
        };
        assert_eq!((code("950662"), code("9506621000")), ("9506.62".to_owned(), "9506.62.1000".to_owned()));
    }
}
