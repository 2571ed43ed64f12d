//! UN/CEFACT D23B, Preferential Certificate of Origin: JSON by the published schema (2020-12), written and read.
//!
//! The schema knows a party, a place and a document by one identifier each, and no text but the marks and the name
//! of the agreement. Its code lists, as they are published, hold one code each, so that most countries, kinds of
//! package and modes of transport have no valid code in it. What is written is valid by it all the same; what is
//! read may have any code of the lists that it names. Members whose names begin with `x-`, which it lets stand
//! anywhere, are not written: nobody else would read them.

mod draft;
mod model;

pub use draft::{DOCUMENT_BYTES, Draft, ImportError, import};

use super::{
    ExportError,
    rules::{Essentials, Purpose},
    sentence,
    source::Source,
    tree::{At, Left},
};
use model::{
    Authentication, Consignment, ConsignmentItem, Content, Document, Exchanged, LineItem, Location, Means, Movement,
    Package, Party, Procedure, Product, ShippingMarks, classified, content, country, location, party,
};

/// Document code 864 of UN/EDIFACT list 1001: preference certificate of origin.
const PREFERENCE_CERTIFICATE: &str = "864";
/// The scheme of certificates that claim no preference.
const NO_PREFERENCE: &str = "NONPREF";
/// The only country in the published list of ISO 3166-1.
const COUNTRIES: [&str; 1] = ["DE"];
/// The only kind of package in the published list of UN/ECE Recommendation 21.
const PACKAGES: [&str; 1] = ["SS"];
/// The only mode in the published list of UN/ECE Recommendation 19, and its word here.
const MARITIME: (&str, &str) = ("1", "maritime");
/// The only packaging level in the published list; a package without one is not valid.
const LEVEL: &str = "1";
/// A civil day as the instant that the schema wants.
pub(super) const MIDNIGHT: &str = "T00:00:00Z";

/// Writes the document.
pub(super) fn write(source: &Source) -> Result<Vec<u8>, ExportError> {
    let document = document(source.tree.root());
    let lacks = essentials(&document).missing(Purpose::Certificate);
    if lacks.has_errors() {
        return Err(ExportError::Lacks(lacks));
    }
    let mut content = serde_json::to_vec(&document).map_err(|error| ExportError::Unwritten(error.to_string()))?;
    content.push(b'\n');
    Ok(content)
}

fn document(certificate: At<'_>) -> Document<'_> {
    let reference = certificate.get("reference");
    let agreement = certificate.get("agreement").take();
    let preference = agreement.is_some_and(|agreement| agreement != NO_PREFERENCE);
    let exchanged = Exchanged {
        id: content(reference.get("number").take()),
        type_code: preference.then_some(Content { content: PREFERENCE_CERTIFICATE }),
        issue_date_time: reference.get("issued_on").take().map(|day| format!("{day}{MIDNIGHT}")),
        first_signatory: location(reference.down(&["place", "locode"]).take())
            .map(|issue_logistics_location| Authentication { issue_logistics_location }),
        issuer: party(reference.down(&["office", "code"]).take()),
    };
    Document { exchanged_document: exchanged, specified_consignment: [consignment(certificate, agreement)] }
}

fn consignment<'a>(certificate: At<'a>, agreement: Option<&'a str>) -> Consignment<'a> {
    let transport = certificate.get("transport");
    Consignment {
        id: consignment_reference(certificate.get("remarks")).into_iter().collect(),
        consignor: known_as(certificate.down(&["exporter", "party"])),
        consignee: known_as(certificate.down(&["consignee", "party"])),
        included_consignment_item: certificate.down(&["goods", "items"]).elements().map(item).collect(),
        main_carriage: movement(transport).into_iter().collect(),
        procedure: agreement
            .map(|name| Procedure { free_trade_agreement_name: Content { content: name } })
            .into_iter()
            .collect(),
        unloading: port(transport.get("discharge"), certificate.get("to")),
        loading: port(transport.get("loading"), certificate.get("from")),
    }
}

/// The unique consignment reference is what identifies a consignment.
fn consignment_reference(remarks: At<'_>) -> Option<Content<'_>> {
    let unique = remarks.get("references").elements().find(|one| one.get("kind").peek() == Some("ucr"))?;
    unique.get("kind").take();
    content(unique.get("number").take())
}

/// A party by the first of its numbers.
fn known_as(named: At<'_>) -> Option<Party<'_>> {
    party(named.get("ids").first().get("number").take())
}

/// A port. It says the country too, where it lies there.
fn port<'a>(place: At<'a>, country: At<'a>) -> Option<Location<'a>> {
    let code = place.get("locode").take();
    country.take_if(|country| code.is_some_and(|code| code.starts_with(country)));
    location(code)
}

fn movement(transport: At<'_>) -> Option<Movement<'_>> {
    let movement = Movement {
        mode_code: transport.get("mode").take_if(|mode| mode == MARITIME.1).map(|_| Content { content: MARITIME.0 }),
        id: content(transport.get("voyage").take()),
        used: content(transport.get("means").take()).map(|name| Means { name }),
    };
    (movement.mode_code.is_some() || movement.id.is_some() || movement.used.is_some()).then_some(movement)
}

fn item(item: At<'_>) -> ConsignmentItem<'_> {
    let product = Product {
        designated_product_classification: classified(item.down(&["hs", "code"]).take()),
        origin_trade_country: country(item.get("origin").take_if(|code| COUNTRIES.contains(&code))),
    };
    let packages = item.get("packages").elements().enumerate().map(|(nth, packages)| Package {
        item_quantity: content(packages.get("count").take()),
        level_code: Content { content: LEVEL },
        type_code: content(packages.get("kind").take_if(|kind| PACKAGES.contains(&kind))),
        // Marks have their place on a package: those of the item stand on its first.
        marks: (nth == 0)
            .then(|| content(item.get("marks").take()))
            .flatten()
            .map(|marks| ShippingMarks { marking: [marks] })
            .into_iter()
            .collect(),
    });
    ConsignmentItem {
        id: content(item.get("number").take()).into_iter().collect(),
        included_trade_line_item: [LineItem { package: packages.collect(), specified_trade_product: [product] }],
    }
}

fn essentials<'a>(document: &Document<'a>) -> Essentials<'a> {
    let exchanged = &document.exchanged_document;
    let [consignment] = &document.specified_consignment;
    let items = consignment.included_consignment_item.iter().map(|item| {
        let [line] = &item.included_trade_line_item;
        let [product] = &line.specified_trade_product;
        (item.id.first().map(|id| id.content), !product.designated_product_classification.is_empty())
    });
    Essentials {
        number: exchanged.id.as_ref().map(|id| id.content),
        // A day of issue was read as one before.
        issued_on: exchanged.issue_date_time.as_ref().map(|_| "dated"),
        issuer: exchanged.issuer.as_ref().map(|issuer| issuer.id[0].content),
        agreement: consignment.procedure.first().map(|procedure| procedure.free_trade_agreement_name.content),
        items: items.collect(),
    }
}

const NO_TEXT: &str = "the schema knows parties by one identifier, and has no place for what else is known of them";

/// Why a member is not carried, by the longest beginning of its path.
const WHY_NOT: &[(&str, &str)] = &[
    ("iss", "the schema has one identifier for the issuer, which is its office's"),
    ("jti", "the schema has one identifier for the document, which is its number"),
    ("edition", "the schema names the agreement, and has no place for its edition"),
    ("form", "the schema has no place for the form"),
    ("from", "the schema has no place for the exporting country, and no place of loading in it is known"),
    ("to", "the schema has no place for the importing country, and no place of discharge in it is known"),
    ("valid_from", "the schema has no place for the days of use"),
    ("valid_until", "the schema has no place for the days of use"),
    ("flags", "the schema has no place for it"),
    ("reference.place.name", "the schema knows a place by its code alone"),
    ("reference.office", "the schema knows the issuer by one identifier, which is its office's code"),
    ("reference.signatories", "the schema has no place for who signed"),
    ("reference.declaration", "the schema has no place for the exporter's declaration"),
    ("reference.prior", "the schema has no place for earlier certificates"),
    ("exporter", NO_TEXT),
    ("exporter.party.ids[].scheme", "the schema has no place for the kind of an identifier"),
    ("consignee", NO_TEXT),
    ("consignee.to_order", "the schema has no place for it"),
    ("consignee.party.ids[].scheme", "the schema has no place for the kind of an identifier"),
    ("producer", "the schema has no place for producers"),
    ("transport.mode", "the schema's list of modes, as published, holds maritime transport alone"),
    ("transport.loading.name", "the schema knows a place by its code alone"),
    ("transport.discharge.name", "the schema knows a place by its code alone"),
    ("goods.items[].marks", "the schema has marks of packages alone, and the item names none"),
    ("goods.items[].packages[].kind", "the schema's list of kinds of package, as published, does not hold this one"),
    ("goods.items[].origin", "the schema's list of countries, as published, does not hold this one"),
    ("goods.items[].description", "the schema knows goods by their class, and has no place for a description"),
    ("goods.items[].hs.edition", "the schema has no place for the edition of the Harmonized System"),
    ("goods.items[].national_codes", "the schema does not say whose a class is, so that it could pass for the HS code"),
];

/// Why this is not carried.
pub(super) fn why_not(left: &Left) -> String {
    let otherwise = "the schema has no place for it";
    sentence(&left.path, WHY_NOT, otherwise).to_owned()
}
