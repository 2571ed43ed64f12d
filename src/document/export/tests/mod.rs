mod full;
mod imports;

use super::{Export, ExportError, Format, export, pattern};
use crate::{
    certificate::{
        Certificate, Particulars,
        particulars::tests::{ruling, samples},
    },
    statement::{Presentation, Section},
};
use full::{certificate, leaves, opened};
use quick_xml::{Reader, events::Event};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path};

/// A published schema, beside the repository; where it is not, the test says so and is skipped.
fn published(name: &str) -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/schemas").join(name);
    if !path.exists() {
        println!("SKIPPED: {} is not here", path.display());
        return None;
    }
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

/// The certificates of the demonstration as they are issued.
fn demonstrated() -> Vec<(String, Value)> {
    let issued = |text: &str| {
        let particulars = Particulars::from_json(text.as_bytes()).unwrap();
        let issued: Certificate = particulars.finish(ruling().numbered("PK-CN-LHE-000001".parse().unwrap()));
        serde_json::to_value(issued).unwrap()
    };
    samples().into_iter().map(|(name, text)| (name, issued(&text))).collect()
}

/// Every text of a document, wherever it stands.
fn texts(format: Format, content: &[u8]) -> BTreeSet<String> {
    match format {
        Format::UnCefact => {
            leaves(&serde_json::from_slice(content).unwrap()).into_iter().map(|(_, text)| text).collect()
        }
        Format::Ubl => texts_of_xml(std::str::from_utf8(content).unwrap()),
        Format::Csv => {
            let mut table = csv::Reader::from_reader(content);
            let (heading, mut found) = (table.headers().unwrap().clone(), BTreeSet::new());
            for row in table.records() {
                for (name, cell) in heading.iter().zip(row.unwrap().iter()) {
                    let cell = cell.strip_prefix('\'').unwrap_or(cell);
                    found.insert(cell.to_owned());
                    found.extend(cell.split("; ").map(str::to_owned));
                    // Elements of a list are members with a space between them; those that have one are looked for whole.
                    if !cell.is_empty() && name != "item.description" {
                        found.extend(cell.split([' ', ';']).map(str::to_owned));
                    }
                }
            }
            found
        }
    }
}

fn texts_of_xml(text: &str) -> BTreeSet<String> {
    let (mut reader, mut found, mut open) = (Reader::from_str(text), BTreeSet::new(), String::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return found,
            Event::Start(start) | Event::Empty(start) => {
                open.clear();
                for attribute in start.attributes() {
                    found.insert(unescaped(&attribute.unwrap().value));
                }
            }
            Event::Text(text) => open.push_str(&text),
            Event::GeneralRef(reference) => {
                open.push_str(&unescaped(&format!("&{};", &*reference)));
            }
            Event::End(_) => {
                found.insert(std::mem::take(&mut open));
            }
            _ => {}
        }
    }
}

fn unescaped(text: &str) -> String {
    quick_xml::escape::unescape(text).unwrap().into_owned()
}

/// What a value is in a format that has its own word for it.
fn in_words(format: Format, path: &str, text: &str) -> Vec<String> {
    let mut words = vec![text.to_owned()];
    match (format, path) {
        (Format::UnCefact, "reference.issued_on") => words = vec![format!("{text}T00:00:00Z")],
        (Format::UnCefact, "transport.mode") => words = vec!["1".to_owned()],
        // A place says its country.
        (Format::UnCefact, "from" | "to") => words = vec![],
        (Format::UnCefact, path) if path.starts_with("remarks.references") && path.ends_with("kind") => words = vec![],
        (Format::Ubl, path) if path.ends_with("mode") => {
            words = vec![if text == "road" { "3" } else { "1" }.to_owned()];
        }
        (Format::Ubl, "consignee.to_order") => words = vec!["to order".to_owned()],
        (Format::Ubl, path) if path.starts_with("commercial.adjustments") && path.ends_with("kind") => {
            words = vec![if text == "added" { "true" } else { "false" }.to_owned()];
        }
        (Format::Ubl, "producer.same") => words = vec![],
        (_, path) if path.starts_with("flags.") && path != "flags.true_copy" => {
            words = vec![path.trim_start_matches("flags.").to_owned()];
        }
        (Format::Csv, "flags.true_copy") => words = vec!["true_copy".to_owned()],
        _ => {}
    }
    words
}

/// Holds that every member is either in the export or in the list of what is not carried, and not in both.
fn complete(name: &str, certificate: &Value, format: Format) -> Export {
    let export = export(&opened(certificate, &[]), format).unwrap();
    let found = texts(format, &export.content);
    let left: BTreeSet<&str> = export.not_carried.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(left.len(), export.not_carried.len(), "{name}: said twice");
    assert!(export.not_carried.iter().all(|one| one.why.len() > 10 && !one.why.ends_with('.')), "{name}");
    let mut all = leaves(certificate);
    all.push(("iss".to_owned(), "https://tdap.gov.pk".to_owned()));
    all.push(("jti".to_owned(), opened(certificate, &[]).envelope.jti.to_string()));
    for (path, text) in &all {
        let words = in_words(format, path, text);
        // Two members of a list stand in one cell of a table, with a space between them.
        let there = |word: &String| {
            found.contains(word) || format == Format::Csv && found.iter().any(|cell| cell.contains(word.as_str()))
        };
        if left.contains(path.as_str()) {
            // A text that no other member has, and that is not carried, is nowhere.
            let only = all.iter().filter(|(_, other)| other == text).count() == 1;
            let carried = found.contains(text);
            assert!(
                !(only && text.len() > 6 && carried),
                "{name}, {format:?}: {path} is said not to be carried, and is: {text}"
            );
        } else {
            assert!(words.iter().all(there), "{name}, {format:?}: {path} is neither carried nor said: {text}");
        }
    }
    for path in left {
        assert!(all.iter().any(|(known, _)| known == path), "{name}, {format:?}: {path} is no member");
    }
    export
}

#[test]
fn every_member_is_carried_or_said_not_to_be() {
    for format in Format::ALL {
        complete("full", &certificate(), format);
        let digest = "uq9TYipR2XUjXydih73BtkqkZAx3FCy8oHaHfZ6saBU";
        for producer in [json!({ "same": true }), json!({ "on_request": true, "digest": digest }), Value::Null] {
            let mut certificate = certificate();
            certificate["producer"] = producer;
            complete("producer", &certificate, format);
        }
        for mode in ["air", "road", "rail", "mail", "fixed", "multimodal"] {
            let mut certificate = certificate();
            certificate["transport"]["mode"] = json!(mode);
            let export = export(&opened(&certificate, &[]), format).unwrap();
            assert!(!export.content.is_empty());
        }
        for (name, certificate) in demonstrated() {
            complete(&name, &certificate, format);
        }
    }
}

fn patterns(format: Format) -> Vec<String> {
    let export = export(&opened(&certificate(), &[]), format).unwrap();
    let mut all: Vec<String> = export.not_carried.iter().map(|one| pattern(&one.path)).collect();
    all.dedup();
    let mut seen = BTreeSet::new();
    all.retain(|path| seen.insert(path.clone()));
    all
}

#[test]
fn what_the_formats_cannot_carry_is_this() {
    assert_eq!(patterns(Format::Ubl), NOT_IN_UBL);
    let carried: BTreeSet<String> = {
        let left: BTreeSet<String> = patterns(Format::UnCefact).into_iter().collect();
        leaves(&certificate()).into_iter().map(|(path, _)| pattern(&path)).filter(|path| !left.contains(path)).collect()
    };
    assert_eq!(carried.iter().map(String::as_str).collect::<Vec<_>>(), IN_UN_CEFACT);
}

/// Members that UBL has no place for, some of them only beyond the first.
const NOT_IN_UBL: &[&str] = &[
    "reference.declaration.declared_at",
    "reference.declaration.signature.key",
    "reference.languages[]",
    "reference.prior[].drawn[].item",
    "reference.prior[].drawn[].prior_item",
    "reference.prior[].drawn[].quantity.unit",
    "reference.prior[].drawn[].quantity.value",
    "consignee.claimant.address[]",
    "consignee.claimant.country",
    "consignee.claimant.email",
    "consignee.claimant.ids[].number",
    "consignee.claimant.ids[].scheme",
    "consignee.claimant.name",
    "consignee.claimant.other_name",
    "consignee.claimant.telephone",
    "goods.items[].quantities[].unit",
    "goods.items[].quantities[].value",
    "commercial.exchange_rates[].date",
    "commercial.exchange_rates[].from",
    "commercial.exchange_rates[].rate",
    "commercial.exchange_rates[].source",
    "commercial.exchange_rates[].to",
    "remarks.endorsements[].code",
    "remarks.endorsements[].form_box",
    "remarks.exhibition.address[]",
    "remarks.exhibition.country",
    "remarks.exhibition.from",
    "remarks.exhibition.name",
    "remarks.exhibition.until",
    "remarks.third_parties[].party.address[]",
    "remarks.third_parties[].party.country",
    "remarks.third_parties[].party.email",
    "remarks.third_parties[].party.ids[].number",
    "remarks.third_parties[].party.ids[].scheme",
    "remarks.third_parties[].party.name",
    "remarks.third_parties[].party.other_name",
    "remarks.third_parties[].party.telephone",
    "remarks.third_parties[].role",
];

/// Members that the UN/CEFACT schema has a place for, each time.
const IN_UN_CEFACT: &[&str] = &[
    "agreement",
    "from",
    "goods.items[].hs.code",
    "goods.items[].marks",
    "goods.items[].number",
    "goods.items[].packages[].count",
    "reference.issued_on",
    "reference.number",
    "reference.office.code",
    "reference.place.locode",
    "to",
    "transport.discharge.locode",
    "transport.loading.locode",
    "transport.means",
    "transport.mode",
    "transport.voyage",
];

#[test]
fn a_copy_says_what_the_holder_left_out_in_every_format() {
    for format in Format::ALL {
        let copy = opened(&certificate(), &[Section::Commercial, Section::Consignee]);
        let export = export(&copy, format).unwrap();
        let withheld: Vec<&str> =
            export.not_carried.iter().filter(|one| one.why.contains("holder")).map(|one| one.path.as_str()).collect();
        assert_eq!(withheld, ["consignee", "commercial"], "{format:?}");
        let text = String::from_utf8(export.content).unwrap();
        assert!(!text.contains("INV-1") && !text.contains("consignee <") && !text.contains("142801.5"), "{format:?}");
        let said = match format {
            Format::UnCefact => "",
            Format::Ubl => "withheld by the holder: consignee, commercial",
            Format::Csv => "consignee; commercial",
        };
        assert!(text.contains(said), "{format:?}");
    }
}

#[test]
fn what_is_not_whole_or_no_certificate_has_no_export() {
    let whole = opened(&certificate(), &[]);
    let mut cut = whole.clone();
    cut.completeness = crate::statement::Completeness::Incomplete { missing: vec!["goods.items[1]".to_owned()] };
    for format in Format::ALL {
        assert!(matches!(export(&cut, format), Err(ExportError::Incomplete(_))));
    }
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/statements/key-change-opened.json"),
    );
    let vector: Value = serde_json::from_str(&text.unwrap()).unwrap();
    let token = vector["token"].as_str().unwrap();
    let other = Presentation::parse(token).unwrap().open().unwrap();
    assert_eq!(export(&other, Format::Csv), Err(ExportError::NoCertificate));
}

#[test]
fn an_item_without_a_code_has_no_place_in_the_un_cefact_document() {
    let mut certificate = certificate();
    certificate["goods"]["items"][1]["hs"] = Value::Null;
    let Err(ExportError::Lacks(findings)) = export(&opened(&certificate, &[]), Format::UnCefact) else {
        panic!("it has no code")
    };
    assert_eq!(findings.iter().count(), 1);
    let path = &findings.iter().next().unwrap().path;
    assert!(path.starts_with("specifiedConsignment[0].includedConsignmentItem[1]") && path.ends_with("classCode"));
    for format in [Format::Ubl, Format::Csv] {
        export(&opened(&certificate, &[]), format).unwrap();
    }
}

#[test]
fn a_certificate_without_preference_is_not_marked_as_one_of_preference() {
    let code = |agreement: &str| {
        let mut certificate = certificate();
        certificate["agreement"] = json!(agreement);
        let export = export(&opened(&certificate, &[]), Format::UnCefact).unwrap();
        let document: Value = serde_json::from_slice(&export.content).unwrap();
        document["exchangedDocument"]["typeCode"]["content"].clone()
    };
    assert_eq!(code("CPFTA"), json!("864"));
    assert_eq!(code("NONPREF"), Value::Null);
}

#[test]
fn who_signed_is_told_from_what_he_is_in_a_table() {
    let mut certificate = certificate();
    certificate["reference"]["signatories"] = json!([
        { "role": "issuing_authority", "name": "A. Qureshi", "title": "Deputy Director", "body": null },
        { "role": "export_customs", "name": "B. Khan", "title": null, "body": null },
    ]);
    let export = export(&opened(&certificate, &[]), Format::Csv).unwrap();
    let text = String::from_utf8(export.content).unwrap();
    assert!(text.contains("\"A. Qureshi, Deputy Director; B. Khan\""), "{text}");
}

#[test]
fn no_cell_of_a_table_is_a_formula() {
    let mut certificate = certificate();
    certificate["goods"]["items"][0]["description"] = json!("=HYPERLINK(\"http://example.com\")");
    certificate["exporter"]["party"]["name"] = json!("@SUM(A1)");
    let export = export(&opened(&certificate, &[]), Format::Csv).unwrap();
    let mut table = csv::Reader::from_reader(export.content.as_slice());
    let mut rows = 0;
    for row in table.records() {
        assert!(row.unwrap().iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])));
        rows += 1;
    }
    assert_eq!(rows, 2);
}

#[test]
fn the_published_schema_accepts_every_un_cefact_document() {
    let Some(schema) = published("UNECE-PreferentialCoO-D23B.json") else { return };
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let mut all = demonstrated();
    all.push(("full".to_owned(), certificate()));
    for (name, certificate) in all {
        let export = export(&opened(&certificate, &[]), Format::UnCefact).unwrap();
        let mut document: Value = serde_json::from_slice(&export.content).unwrap();
        let faults: Vec<String> =
            validator.iter_errors(&document).map(|fault| format!("{} at {}", fault, fault.instance_path())).collect();
        assert!(faults.is_empty(), "{name}: {faults:#?}");
        // The validator refuses what does not fit, so that accepting says something.
        document["exchangedDocument"]["issuer"]["name"] = json!("x");
        assert!(!validator.is_valid(&document), "{name}");
    }
}

/// UBL 2.5, IND5: no element of a document is empty.
#[test]
fn no_element_of_a_ubl_document_is_empty() {
    let mut bare = certificate();
    bare["reference"]["signatories"] = json!([]);
    let mut all = demonstrated();
    all.push(("without signatories".to_owned(), bare));
    all.push(("with everything".to_owned(), certificate()));
    for (name, certificate) in all {
        let export = export(&opened(&certificate, &[]), Format::Ubl).unwrap();
        let text = String::from_utf8(export.content).unwrap();
        // What closes at once closes what was just opened.
        let closed_at_once = |at: usize| !text[..at].rsplit('<').next().unwrap().starts_with('/');
        let empty = text.match_indices("></").any(|(at, _)| closed_at_once(at));
        assert!(!text.contains("/>") && !empty, "{name}: {text}");
    }
}
