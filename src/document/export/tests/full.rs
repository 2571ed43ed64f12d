//! A certificate that says everything a certificate can say, each text another.

use crate::{
    certificate::{Certificate, schema::signed_definitions},
    signature::SecretKey,
    statement::{
        Addressee, Body, Envelope, Issuer, Jti, Opened, Presentation, Section, StatusReference, compose, redact,
    },
    time::{Date, SeededRandom},
};
use serde_json::{Map, Value, json};

fn party(mark: &str, country: &str) -> Value {
    json!({
        "name": format!("Name {mark} <& Sons>"),
        "other_name": format!("名称 {mark}"),
        "address": [format!("Street {mark} 1"), format!("Town {mark}")],
        "country": country,
        "ids": [
            { "scheme": format!("S1-{mark}"), "number": format!("N1-{mark}") },
            { "scheme": format!("S2-{mark}"), "number": format!("N2-{mark}") },
        ],
        "telephone": format!("+92 {mark}"),
        "email": format!("{mark}@example.com"),
    })
}

fn amount(value: &str) -> Value {
    json!({ "value": value, "currency": "USD" })
}

fn measure(value: &str, unit: &str) -> Value {
    json!({ "value": value, "unit": unit })
}

fn place(code: &str) -> Value {
    json!({ "locode": code, "name": format!("Place {code}") })
}

fn container(number: &str) -> Value {
    json!({ "number": number, "size_type": "22G1", "seals": [format!("Seal-{number}-1"), format!("Seal-{number}-2")] })
}

fn document(kind: &str, number: &str) -> Value {
    json!({ "kind": kind, "number": number, "date": "2026-10-03" })
}

fn item(number: u32) -> Value {
    json!({
        "number": number,
        "marks": format!("Marks of item {number}"),
        "packages": [{ "count": 400 + number, "kind": "CT" }, { "count": 30 + number, "kind": "SS" }],
        "description": format!("Description of item {number} \"with\" <signs>"),
        "brand": format!("Brand {number}"),
        "hs": { "code": format!("95066{number}"), "edition": "2022" },
        "national_codes": [{ "country": "CN", "code": format!("9506620{number}") }],
        "origin": if number == 1 { "PK" } else { "DE" },
        "criterion": {
            "code": "VALUE_CONTENT",
            "printed": format!("printed {number}"),
            "percentage": { "exact": format!("64.{number}"), "printed": format!("6{number}%"), "basis": "cumulative" },
            "met_by": "value",
            "accumulation": true,
            "de_minimis": true,
            "partial_cumulation": true,
        },
        "quantities": [
            measure(&format!("240{number}"), "H87"), measure(&format!("250{number}"), "PR"), measure(&format!("260{number}"), "SET"),
        ],
        "gross_weight": measure(&format!("819{number}.5"), "KGM"),
        "net_weight": measure(&format!("718{number}.5"), "KGM"),
        "producers": [party(&format!("itemproducer{number}"), "PK")],
    })
}

/// Every member of every section is there.
pub(super) fn certificate() -> Value {
    json!({
        "agreement": "CPFTA",
        "edition": "2019-12-01",
        "form": "CPFTA-FORM",
        "from": "PK",
        "to": "CN",
        "valid_from": "2026-11-13",
        "valid_until": "2027-11-14",
        "flags": {
            "retrospective": true, "replacement": true, "true_copy": true, "back_to_back": true, "partial_cumulation": true,
        },
        "reference": {
            "number": "PK-CN-LHE-000001",
            "issued_on": "2026-11-12",
            "place": place("PKLHE"),
            "office": { "code": "LHE", "body": "Trade Authority", "name": "Lahore Office" },
            "signatories": [
                { "role": "issuing_authority", "name": "Signer One", "title": "Director One", "body": "Body One" },
                { "role": "export_customs", "name": "Signer Two", "title": "Director Two", "body": "Body Two" },
            ],
            "declaration": {
                "person": "Person Declaring", "capacity": "Capacity of person", "declared_at": "2026-11-11T08:30:00Z",
                "means": "electronic_signature",
                "shown_sha256": "uq9TYipR2XUjXydih73BtkqkZAx3FCy8oHaHfZ6saBU",
                "signature": { "algorithm": "Ed25519-of-person", "value": "c2lnbmF0dXJlLW9mLXRoZS1wZXJzb24", "key": "serial of the key" },
            },
            "prior": [{
                "relation": "replaces", "number": "PK-CN-OLD-000009", "issued_on": "2026-09-09", "country": "LK",
                "exporter_code": "exporter code of prior",
                "drawn": [{ "item": 1, "prior_item": 2, "quantity": measure("77.25", "KGM") }],
            }],
            "paper_number": "PAPER-77",
            "form_edition": "edition of form 3",
            "languages": ["en", "zh"],
        },
        "exporter": {
            "party": party("exporter", "PK"),
            "registration": { "number": "REG-5", "valid_until": "2029-01-31" },
            "agent": party("agent", "PK"),
        },
        "consignee": {
            "to_order": true,
            "party": party("consignee", "CN"),
            "importer": party("importer", "CN"),
            "notify": [party("notify", "CN")],
            "claimant": party("claimant", "CN"),
        },
        "producer": { "named": [party("producer", "PK")] },
        "transport": {
            "mode": "maritime", "means": "MV FULL", "means_id": "IMO 9999999", "voyage": "007E",
            "route": "By sea by the usual route",
            "departure": { "planned": "2026-11-20", "actual": "2026-11-21", "basis": "on_board" },
            "loading": place("PKKHI"), "discharge": place("CNSHA"), "via": [place("SGSIN"), place("LKCMB")],
            "final_destination": place("CNSZX"), "transit_countries": ["SG", "MY"],
            "legs": [{
                "mode": "road", "means": "LHE-1234", "voyage": "leg voyage 1", "from": place("PKSKT"), "to": place("PKBQM"),
                "departed_on": "2026-11-18",
                "document": document("road_consignment_note", "CMR-1"),
                "containers": [container("ZZZU2003003")],
            }],
            "documents": [document("through_bill_of_lading", "BL-1")],
            "containers": [container("CSQU3054383")],
            "non_manipulation": { "number": "NM-1", "issued_by": "Customs passed through", "country": "MV", "date": "2026-12-02" },
        },
        "goods": {
            "totals": { "packages": 866, "gross_weight": measure("16383.25", "KGM"), "net_weight": measure("14363.25", "KGM") },
            "items": [item(1), item(2)],
        },
        "commercial": {
            "invoices": [{
                "number": "INV-1", "date": "2026-10-30", "amount": amount("142801.5"),
                "delivery": { "incoterm": "CIF", "place": "Delivery at Shanghai" },
                "issued_by": party("invoicer", "SG"),
            }],
            "item_values": [
                { "item": 1, "basis": "fob", "amount": amount("1001.5"), "invoice": "INV-1" },
                { "item": 2, "basis": "ex_works", "amount": amount("1002.5"), "invoice": "INV-1" },
            ],
            "total": amount("2004.5"),
            "exchange_rates": [{ "from": "USD", "to": "PKR", "rate": "281.5", "date": "2026-10-29", "source": "Bank of rates" }],
            "adjustments": [{ "kind": "deducted", "reason": "Ocean freight", "amount": amount("55.5") }],
        },
        "remarks": {
            "endorsements": [{ "code": "ISSUED_RETROACTIVELY", "text": "ISSUED RETROACTIVELY", "form_box": "4" }],
            "third_parties": [{ "role": "invoicing", "party": party("thirdparty", "AE") }],
            "exhibition": { "name": "Exhibition of goods", "address": ["Hall of exhibition"], "country": "AE", "from": "2026-08-01", "until": "2026-08-05" },
            "quota": { "number": "QUOTA-1", "year": 2026 },
            "references": [document("contract", "CONTRACT-1"), document("ucr", "UCR-1")],
            "text": "Free text of the remarks",
        },
    })
}

/// A statement of the certificate, opened, without these sections.
pub(super) fn opened(certificate: &Value, without: &[Section]) -> Opened {
    let certificate: Certificate = serde_json::from_value(certificate.clone()).unwrap();
    let iss: Issuer = "https://tdap.gov.pk".parse().unwrap();
    let aud: Addressee = "https://customs.gov.cn".parse().unwrap();
    let log = "tdap.gov.pk/log/2026/customs.gov.cn".parse().unwrap();
    let day = Date::constant(2026, 11, 12);
    let envelope = Envelope { iss, kid: "tdap-2026-1".parse().unwrap(), jti: Jti([1; 16]), day, aud, log };
    let uri = "https://tdap.gov.pk/status/2026/customs.gov.cn/0".parse().unwrap();
    let body = Body::Certificate { certificate: Box::new(certificate), status: StatusReference { uri, index: 7 } };
    let unsigned = compose(&envelope, &body, &SeededRandom::new(1)).unwrap();
    let token = unsigned.sign(&SecretKey::from_seed(&[7; 32]).unwrap()).unwrap().token();
    let presentation = Presentation::parse(&token).unwrap();
    if without.is_empty() {
        return presentation.open().unwrap();
    }
    Presentation::parse(&redact(&presentation, without).unwrap()).unwrap().open().unwrap()
}

/// Every value with its path; a mark that is not set says nothing.
pub(super) fn leaves(value: &Value) -> Vec<(String, String)> {
    fn walk(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
        match value {
            Value::Null | Value::Bool(false) => {}
            Value::Array(all) => all.iter().enumerate().for_each(|(i, one)| walk(&format!("{path}[{i}]"), one, found)),
            Value::Object(all) => {
                let dot = if path.is_empty() { "" } else { "." };
                all.iter().for_each(|(name, one)| walk(&format!("{path}{dot}{name}"), one, found));
            }
            Value::String(text) => found.push((path.to_owned(), text.clone())),
            other => found.push((path.to_owned(), other.to_string())),
        }
    }
    let mut found = Vec::new();
    walk("", value, &mut found);
    found
}

/// Whatever member the format gets, the certificate above has to say it: else the tests below hold nothing of it.
#[test]
fn the_full_certificate_has_every_member_that_there_is() {
    fn walk(definitions: &Map<String, Value>, schema: &Value, value: &Value, path: &str) {
        assert!(!value.is_null(), "{path} is not there");
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let name = name.rsplit('/').next().unwrap();
            return walk(definitions, &definitions[name], value, path);
        }
        if let Some(some) = schema.get("anyOf").and_then(Value::as_array) {
            return walk(definitions, &some[0], value, path);
        }
        if let Some(items) = schema.get("items") {
            let all = value.as_array().unwrap();
            assert!(!all.is_empty(), "{path} is empty");
            return walk(definitions, items, &all[0], path);
        }
        if let Some(members) = schema.get("properties").and_then(Value::as_object) {
            for (name, member) in members {
                walk(definitions, member, &value[name], &format!("{path}.{name}"));
            }
        }
    }
    let (definitions, certificate) = (signed_definitions(), certificate());
    for section in Section::ALL.iter().filter(|section| **section != Section::Producer) {
        let name = section.name();
        let definition = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        walk(&definitions, &definitions[&definition], &certificate[name], name);
    }
    walk(&definitions, &definitions["Party"], &certificate["producer"]["named"][0], "producer.named");
    assert_eq!(certificate["flags"].as_object().unwrap().len(), 5);
}
