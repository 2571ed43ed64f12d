//! UN/CEFACT documents as drafts of applications.

use super::{
    super::{Draft, Format, ImportError, export, import},
    certificate, leaves, opened,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The members of a certificate that a draft has under the same path and that are the office's to give.
const OFFICE: [&str; 2] = ["reference.number", "reference.issued_on"];

/// Writes, reads back, and holds that every member carried is the same.
fn round_trip(certificate: &Value) -> Result<(), TestCaseError> {
    let export = export(&opened(certificate, &[]), Format::UnCefact).unwrap();
    let draft = import(&export.content).unwrap();
    let got = leaves(&draft.application);
    let left: Vec<&str> = export.not_carried.iter().map(|one| one.path.as_str()).collect();
    for (path, text) in leaves(certificate) {
        if left.contains(&path.as_str()) || OFFICE.contains(&path.as_str()) {
            continue;
        }
        // The one reference carried stands first in the draft.
        let found = if path.starts_with("remarks.references[") {
            got.iter().any(|(at, is)| at.starts_with("remarks.references[0]") && *is == text)
        } else {
            got.iter().any(|(at, is)| *at == path && *is == text)
        };
        prop_assert!(found, "{} is {} in the certificate, and not in the draft: {}", path, text, draft.application);
    }
    // And it says nothing of its own: whatever is in the draft was in the certificate.
    let said: Vec<String> = leaves(certificate).into_iter().map(|(_, text)| text).collect();
    for (path, text) in &got {
        prop_assert!(said.contains(text), "{} is {} in the draft alone", path, text);
    }
    let unknown = draft.document.iter().filter(|finding| finding.rule == "NOT_UNDERSTOOD").count();
    prop_assert_eq!(unknown, 0, "{}", draft.document);
    Ok(())
}

/// Members that may be null, and lists that may be shorter.
const OPTIONAL: [&str; 18] = [
    "/reference/place/locode",
    "/exporter/party/ids",
    "/consignee",
    "/consignee/party",
    "/consignee/party/ids",
    "/transport",
    "/transport/mode",
    "/transport/means",
    "/transport/voyage",
    "/transport/loading",
    "/transport/discharge",
    "/transport/discharge/locode",
    "/goods/items/0/marks",
    "/goods/items/0/packages",
    "/goods/items/1/packages",
    "/goods/items/1/origin",
    "/remarks",
    "/remarks/references",
];

fn text() -> impl Strategy<Value = String> {
    "[A-Za-z0-9][A-Za-z0-9 <>&\"'/=+ñü中]{0,40}[A-Za-z0-9]"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_a_document_carries_is_the_same_in_the_draft(
        dropped in proptest::collection::vec(any::<bool>(), OPTIONAL.len()),
        texts in (text(), text(), "[A-Z0-9]{1,20}"),
        ports in prop_oneof![Just(("PKKHI", "CNSHA")), Just(("INNSA", "HKHKG")), Just(("PKBQM", "CNTAO"))],
        kinds in prop_oneof![Just(("CT", "SS")), Just(("SS", "BG"))],
        mode in prop_oneof![Just("maritime"), Just("air"), Just("inland_water")],
    ) {
        let mut certificate = certificate();
        certificate["goods"]["items"][0]["marks"] = json!(texts.0);
        certificate["transport"]["means"] = json!(texts.1);
        certificate["transport"]["voyage"] = json!(texts.2);
        certificate["transport"]["mode"] = json!(mode);
        certificate["transport"]["loading"]["locode"] = json!(ports.0);
        certificate["transport"]["discharge"]["locode"] = json!(ports.1);
        certificate["goods"]["items"][0]["packages"][0]["kind"] = json!(kinds.0);
        certificate["goods"]["items"][0]["packages"][1]["kind"] = json!(kinds.1);
        for (place, drop) in OPTIONAL.iter().zip(dropped) {
            if let (true, Some(value)) = (drop, certificate.pointer_mut(place)) {
                *value = if value.is_array() { json!([]) } else { Value::Null };
            }
        }
        // A port in another country says no country of the certificate; the draft says what it read, with a warning.
        if ports.0 == "INNSA" {
            certificate["from"] = json!("IN");
            certificate["to"] = json!("HK");
        }
        round_trip(&certificate)?;
    }

    #[test]
    fn no_document_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = import(&bytes);
    }
}

fn document() -> Value {
    serde_json::from_slice(&export(&opened(&certificate(), &[]), Format::UnCefact).unwrap().content).unwrap()
}

fn read(document: &Value) -> Result<Draft, ImportError> {
    import(document.to_string().as_bytes())
}

#[test]
fn number_and_date_of_a_certificate_are_no_ones_to_bring() {
    let draft = read(&document()).unwrap();
    assert_eq!(draft.application["reference"]["number"], Value::Null);
    let rules: Vec<&str> = draft.document.iter().map(|finding| finding.rule.as_str()).collect();
    assert!(rules.contains(&"NUMBER_OF_ANOTHER") && rules.contains(&"DATE_OF_ANOTHER"), "{rules:?}");
    // An application has neither.
    let mut document = document();
    let header = document["exchangedDocument"].as_object_mut().unwrap();
    header.remove("id");
    header.remove("issueDateTime");
    assert!(read(&document).is_ok());
}

#[test]
fn what_is_not_understood_is_said_with_its_place() {
    let mut document = document();
    document["x-own"] = json!({ "deep": [1, { "b": true }] });
    document["specifiedConsignment"][0]["associated"] =
        json!([{ "id": [{ "content": "4000001", "schemeAgencyId": "9" }] }]);
    document["specifiedConsignment"][0]["consignor"] = json!("https://example.com/party/1");
    let draft = read(&document).unwrap();
    let places: Vec<&str> =
        draft.document.iter().filter(|finding| finding.rule == "NOT_UNDERSTOOD").map(|f| f.path.as_str()).collect();
    for place in [
        "x-own.deep[0]",
        "x-own.deep[1].b",
        "specifiedConsignment[0].associated[0].id[0].content",
        "specifiedConsignment[0].consignor",
    ] {
        assert!(places.contains(&place), "{place}: {places:?}");
    }
    assert_eq!(draft.application["exporter"], Value::Null);
}

#[test]
fn the_lists_that_the_schema_names_are_understood_whole() {
    let mut document = document();
    let consignment = &mut document["specifiedConsignment"][0];
    consignment["mainCarriageLogisticsTransportMovement"][0]["modeCode"]["content"] = json!("4");
    let line = &mut consignment["includedConsignmentItem"][0]["includedTradeLineItem"][0];
    line["specifiedTradeProduct"][0]["originTradeCountry"] = json!([{ "id": [{ "content": "PK" }] }]);
    line["physicalReferencedLogisticsPackage"][0]["typeCode"] = json!({ "content": "CT" });
    let draft = read(&document).unwrap().application;
    assert_eq!(draft["transport"]["mode"], json!("air"));
    assert_eq!(draft["goods"]["items"][0]["origin"], json!("PK"));
    assert_eq!(draft["goods"]["items"][0]["packages"][0], json!({ "count": 401, "kind": "CT" }));
}

#[test]
fn a_code_of_no_list_is_left_out_and_named() {
    let mut document = document();
    let consignment = &mut document["specifiedConsignment"][0];
    consignment["applicableCrossBorderRegulatoryProcedure"][0]["freeTradeAgreementName"]["content"] =
        json!("China–Pakistan Free Trade Agreement");
    consignment["loadingLogisticsLocation"]["id"][0]["content"] = json!("Karachi");
    let draft = read(&document).unwrap();
    assert_eq!((&draft.application["agreement"], &draft.application["from"]), (&Value::Null, &Value::Null));
    let named = draft.document.iter().filter(|finding| finding.rule == "NOT_TAKEN_OVER").count();
    assert_eq!(named, 2, "{}", draft.document);
}

#[test]
fn what_lacks_what_it_has_to_say_is_refused_with_every_place() {
    let mut document = document();
    document["exchangedDocument"].as_object_mut().unwrap().remove("issuer");
    let consignment = document["specifiedConsignment"][0].as_object_mut().unwrap();
    consignment.remove("applicableCrossBorderRegulatoryProcedure");
    consignment["includedConsignmentItem"][1].as_object_mut().unwrap().remove("id");
    let Err(ImportError::Lacks(findings)) = read(&document) else { panic!("it lacks three members") };
    assert_eq!(findings.iter().count(), 3, "{findings}");
    for empty in [json!({ "exchangedDocument": {} }), json!({ "specifiedConsignment": [] })] {
        assert!(matches!(read(&empty), Err(ImportError::Lacks(_))));
    }
}

#[test]
fn a_member_of_another_kind_is_named_before_anything_that_is_missing() {
    for (document, member) in [
        (json!({ "exchangedDocument": 5 }), "exchangedDocument is no object"),
        (json!({ "exchangedDocument": {}, "specifiedConsignment": {} }), "specifiedConsignment is no list of objects"),
        (json!({ "specifiedConsignment": [5] }), "specifiedConsignment is no list of objects"),
    ] {
        let refused = read(&document).unwrap_err().to_string();
        assert!(refused.ends_with(member), "{document}: {refused}");
    }
}

#[test]
fn hostile_documents_are_refused_before_they_cost_anything() {
    let twice = br#"{"exchangedDocument":{},"exchangedDocument":{}}"#;
    assert!(matches!(import(twice), Err(ImportError::Unreadable(_))));
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(matches!(import(deep.as_bytes()), Err(ImportError::Unreadable(_))));
    let long = vec![b' '; super::super::DOCUMENT_BYTES + 1];
    assert!(matches!(import(&long), Err(ImportError::Unreadable(_))));
    assert_eq!(import(b"{}"), Err(ImportError::AnotherKind));
    assert_eq!(import(b"[1]"), Err(ImportError::AnotherKind));
    let items = vec![json!({}); 501];
    let many = json!({ "specifiedConsignment": [{ "includedConsignmentItem": items }] });
    assert_eq!(read(&many), Err(ImportError::TooManyItems(501)));
    // What is said of it is bounded too.
    let mut document = document();
    document["x-much"] = json!(vec![0; 100_000]);
    assert!(read(&document).unwrap().document.iter().count() < 600);
}
