//! A table for spreadsheets and customs systems: one row an item, the same columns for every certificate.
//!
//! A column is named by the path of its member, `item` standing for the item of the row. What is said of the
//! certificate as a whole stands in every row. Several values in one cell are separated by `; `. A cell that a
//! spreadsheet would take for a formula gets an apostrophe before it.

use super::{
    ExportError, sentence,
    source::Source,
    tree::{At, Left},
};

/// Between the values of one cell.
const BETWEEN: &str = "; ";
/// What makes a formula of a cell, for one spreadsheet or another.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// How a cell is made of what stands at a place.
#[derive(Clone, Copy)]
enum Cell {
    /// The value itself.
    One,
    /// The values of a list.
    Each,
    /// Of each element of a list the named members, separated by a space.
    Of(&'static [&'static str]),
    /// The same, separated by a comma: each is several words.
    Words(&'static [&'static str]),
    /// The names of the marks that are set.
    Marks,
}
use Cell::{Each, Marks, Of, One, Words};

const PLACE: &[&str] = &["locode", "name"];
const NUMBER: &[&str] = &["scheme", "number"];

/// What is said of the certificate as a whole.
const WHOLE: &[(&str, Cell)] = &[
    ("reference.number", One),
    ("reference.issued_on", One),
    ("iss", One),
    ("jti", One),
    ("agreement", One),
    ("edition", One),
    ("form", One),
    ("from", One),
    ("to", One),
    ("valid_from", One),
    ("valid_until", One),
    ("flags", Marks),
    ("reference.place.locode", One),
    ("reference.place.name", One),
    ("reference.office.code", One),
    ("reference.office.body", One),
    ("reference.office.name", One),
    ("reference.signatories", Words(&["name", "title"])),
    ("reference.declaration.person", One),
    ("reference.declaration.capacity", One),
    ("reference.declaration.means", One),
    ("reference.prior", Of(&["relation", "number", "issued_on", "country"])),
    ("reference.paper_number", One),
    ("reference.form_edition", One),
    ("reference.languages", Each),
    ("exporter.party.name", One),
    ("exporter.party.other_name", One),
    ("exporter.party.address", Each),
    ("exporter.party.country", One),
    ("exporter.party.ids", Of(NUMBER)),
    ("exporter.party.telephone", One),
    ("exporter.party.email", One),
    ("exporter.registration.number", One),
    ("exporter.registration.valid_until", One),
    ("exporter.agent.name", One),
    ("consignee.to_order", One),
    ("consignee.party.name", One),
    ("consignee.party.other_name", One),
    ("consignee.party.address", Each),
    ("consignee.party.country", One),
    ("consignee.party.ids", Of(NUMBER)),
    ("consignee.party.telephone", One),
    ("consignee.party.email", One),
    ("consignee.importer.name", One),
    ("consignee.importer.country", One),
    ("producer.named", Of(&["name", "country"])),
    ("producer.same", One),
    ("transport.mode", One),
    ("transport.means", One),
    ("transport.means_id", One),
    ("transport.voyage", One),
    ("transport.route", One),
    ("transport.departure.planned", One),
    ("transport.departure.actual", One),
    ("transport.loading.locode", One),
    ("transport.loading.name", One),
    ("transport.discharge.locode", One),
    ("transport.discharge.name", One),
    ("transport.via", Of(PLACE)),
    ("transport.transit_countries", Each),
    ("transport.documents", Of(&["kind", "number", "date"])),
    ("transport.containers", Of(&["number", "size_type"])),
    ("goods.totals.packages", One),
    ("goods.totals.gross_weight.value", One),
    ("goods.totals.gross_weight.unit", One),
    ("goods.totals.net_weight.value", One),
    ("goods.totals.net_weight.unit", One),
    ("commercial.invoices", Of(&["number", "date"])),
    ("commercial.total.value", One),
    ("commercial.total.currency", One),
    ("remarks.endorsements", Of(&["text"])),
    ("remarks.references", Of(&["kind", "number", "date"])),
    ("remarks.text", One),
];

/// What is said of an item.
const ITEM: &[(&str, Cell)] = &[
    ("number", One),
    ("marks", One),
    ("packages", Of(&["count", "kind"])),
    ("description", One),
    ("brand", One),
    ("hs.code", One),
    ("hs.edition", One),
    ("national_codes", Of(&["country", "code"])),
    ("origin", One),
    ("criterion.code", One),
    ("criterion.printed", One),
    ("criterion.percentage.exact", One),
    ("criterion.percentage.basis", One),
    ("quantities", Of(&["value", "unit"])),
    ("gross_weight.value", One),
    ("gross_weight.unit", One),
    ("net_weight.value", One),
    ("net_weight.unit", One),
    ("producers", Of(&["name", "country"])),
];

/// The values of an item, which stand beside it in the certificate.
const VALUES: &str = "commercial.item_values";
const VALUE: &[&str] = &["basis", "amount.value", "amount.currency", "invoice"];
/// The last column: what the holder left out.
const WITHHELD: &str = "withheld";

/// Writes the table.
pub(super) fn write(source: &Source) -> Result<Vec<u8>, ExportError> {
    let root = source.tree.root();
    let mut table =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::with_capacity(8 << 10));
    let of_item = ITEM.iter().map(|(path, _)| format!("item.{path}"));
    let heading = WHOLE.iter().map(|(path, _)| (*path).to_owned()).chain(of_item);
    let last = ["item.values".to_owned(), WITHHELD.to_owned()];
    let unwritten = ExportError::Unwritten;
    table.write_record(heading.chain(last)).map_err(|error| unwritten(error.to_string()))?;
    let whole: Vec<String> = WHOLE.iter().map(|(path, cell)| filled(down(root, path), *cell)).collect();
    let values = || down(root, VALUES).elements();
    for item in root.down(&["goods", "items"]).elements() {
        let number = item.get("number").peek();
        let of_item = ITEM.iter().map(|(path, cell)| filled(down(item, path), *cell));
        let worth = values().filter(|value| value.get("item").peek() == number).map(|value| {
            value.get("item").take();
            joined(value, VALUE, " ")
        });
        let worth = plain(worth.collect::<Vec<_>>().join(BETWEEN));
        let last = [worth, source.withheld.join(BETWEEN)];
        let row = whole.iter().cloned().chain(of_item).chain(last);
        table.write_record(row).map_err(|error| unwritten(error.to_string()))?;
    }
    table.into_inner().map_err(|error| unwritten(error.to_string()))
}

fn down<'a>(at: At<'a>, path: &str) -> At<'a> {
    path.split('.').fold(at, At::get)
}

fn filled(at: At<'_>, cell: Cell) -> String {
    let text = match cell {
        One => at.take().unwrap_or_default().to_owned(),
        Each => at.elements().filter_map(At::take).collect::<Vec<_>>().join(BETWEEN),
        Of(members) => each(at, members, " "),
        Words(members) => each(at, members, ", "),
        Marks => {
            let set = MARKS.iter().filter(|mark| at.get(mark).take().is_some());
            set.copied().collect::<Vec<_>>().join(BETWEEN)
        }
    };
    plain(text)
}

const MARKS: &[&str] = &["retrospective", "replacement", "true_copy", "back_to_back", "partial_cumulation"];

fn each(at: At<'_>, members: &[&str], between: &str) -> String {
    at.elements().map(|one| joined(one, members, between)).collect::<Vec<_>>().join(BETWEEN)
}

fn joined(one: At<'_>, members: &[&str], between: &str) -> String {
    members.iter().filter_map(|member| down(one, member).take()).collect::<Vec<_>>().join(between)
}

/// A text that no spreadsheet takes for a formula.
fn plain(text: String) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text }
}

/// Why this is not carried.
pub(super) fn why_not(left: &Left) -> String {
    sentence(&left.path, &[], "the table has no column for it").to_owned()
}
