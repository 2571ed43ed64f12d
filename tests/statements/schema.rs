//! `docs/statements-v1.schema.json` says what the code does: made from the same definitions, and both refuse
//! the same documents.

use super::{pretty, samples, vectors};
use origin_exchange::{
    certificate::schema::signed_definitions,
    statement::{self, EvidenceKind, Kind},
};
use serde_json::{Map, Value, json};

/// The largest integer every JSON reader keeps exact.
const INTEGER_MAX: u64 = (1 << 53) - 1;
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/statements-v1.schema.json");

fn published() -> Value {
    serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap()
}

/// A closed object whose every member must be there.
fn closed(about: &str, members: Vec<(&str, Value)>) -> Value {
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({"type": "object", "description": about, "properties": properties, "required": required, "additionalProperties": false})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

fn nullable(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

fn described(mut schema: Value, about: &str) -> Value {
    schema["description"] = json!(about);
    schema
}

/// The clear claims of a kind: those of every statement, then its own.
fn claims(kind: Kind, aud: Value, disclosures: usize, own: Vec<(&str, Value)>) -> Value {
    let mut members = vec![
        ("iss", described(reference("authority"), "who speaks")),
        ("vct", json!({"const": kind.vct()})),
        ("jti", reference("jti")),
        (
            "iat",
            json!({"type": "integer", "multipleOf": 86_400, "description": "the first second of the day (UTC) of issue; no rule reads it"}),
        ),
        ("aud", described(aud, "to whom")),
        ("log", described(reference("origin"), "the log it stands in: one of the issuer's, to this addressee")),
        (
            "_sd",
            json!({"type": "array", "items": reference("digest"), "minItems": disclosures, "maxItems": disclosures, "uniqueItems": true, "description": "digests of the sections; written sorted, read in any order"}),
        ),
        ("_sd_alg", json!({"const": "sha-256"})),
    ];
    members.extend(own);
    closed("clear claims", members)
}

fn statement(about: &str, claims: &str, disclosures: Vec<(&str, Value)>, items: Value) -> Value {
    disclosing(about, claims, closed("the disclosed sections: name and value", disclosures), items)
}

fn disclosing(about: &str, claims: &str, disclosures: Value, items: Value) -> Value {
    closed(
        about,
        vec![
            ("header", reference("header")),
            ("claims", reference(claims)),
            ("disclosures", disclosures),
            ("items", items),
        ],
    )
}

/// A kind that discloses everything it says: no clear claims of its own, and its sections as the code describes them.
fn whole(kind: Kind, about: &str, aud: Value, parts: &Map<String, Value>) -> [(String, Value); 2] {
    let disclosures = format!("{kind}.disclosures");
    let sections = parts[&disclosures]["properties"].as_object().unwrap().len();
    let clear = format!("{kind}.claims");
    let statement = disclosing(about, &clear, reference(&disclosures), json!({"type": "array", "maxItems": 0}));
    [(clear, claims(kind, aud, sections, vec![])), (kind.name().to_owned(), statement)]
}

/// The schema as the code is.
fn of_the_code() -> Value {
    let code = |form: &str| json!({"type": "string", "maxLength": 20, "pattern": form});
    let country = || json!({"type": "string", "pattern": "^[A-Z]{2}$", "description": "ISO 3166-1 alpha-2"});
    let date = || json!({"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"});
    let count = || json!({"type": "integer", "minimum": 0, "maximum": INTEGER_MAX});
    let sha256 = || json!({"type": "string", "pattern": "^[A-Za-z0-9+/]{43}=$", "description": "SHA-256 in standard base64, as in checkpoints"});
    let indexes = |about: &str| json!({"type": "array", "maxItems": 96, "uniqueItems": true, "items": count(), "description": format!("{about}; indexes, rising, with the other list at most 96")});
    let no_items = || json!({"type": "array", "maxItems": 0});
    let words = || nullable(json!({"type": "string", "minLength": 1, "maxLength": 1_024}));
    let one_addressee = || json!({"anyOf": [reference("authority"), reference("country-urn")]});
    let any_addressee =
        || json!({"anyOf": [reference("authority"), reference("country-urn"), {"const": "urn:origin-exchange:all"}]});
    let mut defs = json!({
        "header": closed("the protected header, exactly these members", vec![
            ("alg", json!({"enum": ["EdDSA", "Ed25519"], "description": "written EdDSA; both name Ed25519"})),
            ("kid", json!({"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$", "description": "the key, unique to its issuer for ever"})),
            ("typ", json!({"const": "dc+sd-jwt"})),
        ]),
        "authority": {"type": "string", "maxLength": 261, "pattern": "^https://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"},
        "country-urn": {"type": "string", "pattern": "^urn:iso:std:iso:3166:-1:[A-Z]{2}$"},
        "origin": {"type": "string", "pattern": "^[a-z0-9.-]+/log/[0-9]{4}(-[0-9]{1,2})?/[a-z0-9.-]+$"},
        "jti": {"type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$", "description": "48 bits: Unix milliseconds of the full hour; 24: running per log within the hour; 56: random; strictly rising within a log"},
        "digest": {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$", "description": "SHA-256 of a disclosure's exact text, in base64url"},
        "certificate-of-origin.claims": claims(Kind::CertificateOfOrigin, one_addressee(), 8, vec![
            ("from", country()),
            ("to", country()),
            ("agreement", closed("the agreement or scheme", vec![("code", code("^[A-Z0-9]+(-[A-Z0-9]+)*$")), ("edition", code("^[A-Za-z0-9]+([.-][A-Za-z0-9]+)*$"))])),
            ("form", code("^[A-Z0-9]+(-[A-Z0-9]+)*$")),
            ("valid_from", date()),
            ("valid_until", described(nullable(date()), "null where the agreement states no limit")),
            ("status", closed("a reference to a Token Status List", vec![("status_list", closed("the list and the place in it", vec![
                ("idx", json!({"type": "integer", "minimum": 0, "maximum": 131_071})),
                ("uri", json!({"type": "string", "maxLength": 256, "pattern": "^https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)+$"})),
            ]))])),
            ("retrospective", json!({"type": "boolean"})),
            ("replacement", json!({"type": "boolean"})),
            ("true_copy", json!({"type": "boolean"})),
            ("back_to_back", json!({"type": "boolean"})),
            ("partial_cumulation", json!({"type": "boolean"})),
        ]),
        "certificate-of-origin": statement(
            "A certificate of origin, complete: eight sections, each item a disclosure of its own. A holder may drop consignee, producer, transport, commercial and remarks.",
            "certificate-of-origin.claims",
            vec![
                ("reference", reference("Reference")),
                ("exporter", reference("Exporter")),
                ("consignee", nullable(reference("Consignee"))),
                ("producer", nullable(reference("Producer"))),
                ("transport", nullable(reference("Transport"))),
                ("goods", closed("what is certified", vec![
                    ("count", json!({"type": "integer", "minimum": 1, "maximum": 504, "description": "how many items there are"})),
                    ("totals", nullable(reference("Totals"))),
                    ("items", json!({"type": "array", "minItems": 1, "maxItems": 504, "uniqueItems": true, "items": closed("the digest of an item's disclosure", vec![("...", reference("digest"))])})),
                ])),
                ("commercial", nullable(reference("Commercial"))),
                ("remarks", nullable(reference("Remarks"))),
            ],
            json!({"type": "array", "items": reference("Item"), "minItems": 1, "maxItems": 504, "description": "the values of the items' disclosures"}),
        ),
        "status-change.claims": {
            "allOf": [claims(Kind::StatusChange, one_addressee(), 2, vec![
                ("target", described(reference("StatementRef"), "the certificate it is about")),
                ("act", json!({"enum": ["cancelled", "withdrawn", "superseded", "suspended", "reinstated"]})),
                ("from_issue", json!({"type": "boolean", "description": "withdrawn: the target never held"})),
                ("from_date", described(nullable(date()), "withdrawn: the target does not hold from this day on")),
                ("successor", described(nullable(reference("StatementRef")), "superseded: the certificate that takes its place")),
                ("items", described(nullable(json!({"type": "array", "minItems": 1, "maxItems": 504, "uniqueItems": true, "items": {"type": "integer", "minimum": 1, "maximum": 99_999_999}})), "numbers of the items concerned, rising; null means the whole certificate")),
            ])],
            "oneOf": [
                {"properties": {"act": {"enum": ["cancelled", "suspended", "reinstated"]}, "from_issue": {"const": false}, "from_date": {"type": "null"}, "successor": {"type": "null"}}},
                {"properties": {"act": {"const": "withdrawn"}, "from_issue": {"const": true}, "from_date": {"type": "null"}, "successor": {"type": "null"}}},
                {"properties": {"act": {"const": "withdrawn"}, "from_issue": {"const": false}, "from_date": {"type": "string"}, "successor": {"type": "null"}}},
                {"properties": {"act": {"const": "superseded"}, "from_issue": {"const": false}, "from_date": {"type": "null"}, "successor": {"type": "object"}}},
            ],
        },
        "status-change": statement("What becomes of a certificate after its issue.", "status-change.claims", vec![("reason", words()), ("remarks", words())], no_items()),
        "status-snapshot.claims": claims(Kind::StatusSnapshot, any_addressee(), 0, vec![
            ("as_of", described(count(), "Unix seconds by the sequencer's clock")),
            ("size", described(count(), "it speaks for the entries of the log below this index")),
            ("lists", json!({"type": "integer", "minimum": 0, "maximum": 4_294_967_295_u64, "description": "how many status lists the log has"})),
            ("lists_root", described(sha256(), "RFC 6962 root over the SHA-256 of each uncompressed list, in order; standard base64")),
        ]),
        "status-snapshot": statement("The status lists of a log as they follow from its entries below a size.", "status-snapshot.claims", vec![], no_items()),
        "key-change.claims": claims(Kind::KeyChange, json!({"const": "urn:origin-exchange:all"}), 1, vec![
            ("key", json!({"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$", "description": "the kid of the key"})),
            ("act", json!({"enum": ["opened", "closed"]})),
            ("trust_version", described(count(), "the version of the trust list that says so")),
            ("section", described(sha256(), "SHA-256 of the root-signed section that says so; standard base64")),
        ]),
        "key-change": statement("The public record that a key was opened or closed.", "key-change.claims", vec![("reason", words())], no_items()),
        "receipt.claims": claims(Kind::Receipt, reference("authority"), 0, vec![
            ("origin", described(reference("origin"), "the log it is about; its host is that of the addressee")),
            ("size", described(count(), "it speaks for the entries of that log below this index")),
            ("missing", indexes("entries whose disclosures did not come, or are not theirs")),
            ("held", indexes("entries whose disclosures the issuer holds back until there is consent")),
        ]),
        "receipt": statement("Which disclosures of a log reached its addressee.", "receipt.claims", vec![], no_items()),
        "evidence.claims": claims(Kind::Evidence, json!({"const": "urn:origin-exchange:all"}), 1, vec![
            ("evidence", json!({"enum": EvidenceKind::ALL, "description": "what is proven; equivocation: two heads signed by the log's key that cannot both be true"})),
            ("concerns", described(reference("origin"), "of which log")),
        ]),
        "evidence": statement("Proof of misbehaviour, for everyone. Without its proof it is incomplete.", "evidence.claims", vec![
            ("proof", json!({"type": "string", "minLength": 1, "maxLength": 524_288, "description": "the proof, as a file of evidence has it; at most 524,288 bytes in UTF-8"})),
        ], no_items()),
    });
    let parts = statement::schema::signed_definitions();
    let whole = [
        whole(
            Kind::CustomsResponse,
            "What customs of the importing country did with a certificate, told to its issuer. What a code asks for \
             (a reason, a quantity, the declaration, the enquiry) must be there, and nothing against it.",
            reference("authority"),
            &parts,
        ),
        whole(
            Kind::Enquiry,
            "Customs of the importing country ask the issuer. Only a check at random asks without words; where a \
             certificate stands is null with number_unknown, and only there, and a scan goes with it.",
            reference("authority"),
            &parts,
        ),
        whole(
            Kind::EnquiryReply,
            "The issuer answers an enquiry. Partial and full replies have answers, no others; valid and not_valid \
             have no item that differs, partly_valid has both, not_issued has none.",
            reference("authority"),
            &parts,
        ),
        whole(
            Kind::Endorsement,
            "Another authority adds its word to a certificate. A destination goes with destination_changed, and with \
             nothing else.",
            one_addressee(),
            &parts,
        ),
        whole(
            Kind::PaperCertificate,
            "A certificate that was issued on paper is registered: its number is never given again, and it has neither \
             status nor goods here. The last day of its use is not before its date of issue.",
            one_addressee(),
            &parts,
        ),
    ];
    let defs_of = defs.as_object_mut().unwrap();
    defs_of.extend(whole.into_iter().flatten());
    for (name, part) in parts {
        // A type of the certificate's sections, such as a measure, must be the same here.
        assert!(signed_definitions().get(&name).is_none_or(|other| *other == part), "{name} has two meanings");
        defs_of.insert(name, part);
    }
    // Goods stands here with the digests of its items, flags as claims of their own.
    let parts = signed_definitions().into_iter().filter(|(name, _)| name != "Goods" && name != "Flags");
    defs.as_object_mut().unwrap().extend(parts);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:origin-exchange:schema:statements:1",
        "title": "Statements of Origin Exchange, version 1 of each kind",
        "description": "A statement with all its disclosures, taken apart: the JWT's header, its clear claims, the disclosed sections by name, and the disclosed items in their order. Frozen: a change of shape is a new version of the kind.",
        "oneOf": Kind::ALL.map(|kind| reference(kind.name())),
        "$defs": defs,
    })
}

pub fn validator() -> jsonschema::Validator {
    jsonschema::options().should_validate_formats(true).build(&published()).unwrap()
}

#[test]
fn the_published_schema_is_that_of_the_code() {
    let written = pretty(&of_the_code());
    if std::env::var_os("WRITE_SCHEMA").is_some() {
        std::fs::write(FILE, &written).unwrap();
    }
    // Not assert_eq: it would print both, 50 kB each.
    assert!(
        std::fs::read_to_string(FILE).unwrap() == written,
        "docs/statements-v1.schema.json is not what the code says; for a new kind or version run this test with \
         WRITE_SCHEMA=1"
    );
}

#[test]
fn every_frozen_statement_follows_the_schema() {
    let validator = validator();
    for sample in samples::all() {
        let decoded = vectors::decode(&sample.issue().token());
        assert!(validator.is_valid(&decoded), "{}", sample.name);
    }
}

/// Every document that differs from `value` by one member absent or one member too many.
fn spoilt(value: &Value) -> Vec<Value> {
    fn walk(value: &Value, rebuild: &dyn Fn(Value) -> Value, out: &mut Vec<Value>) {
        match value {
            Value::Object(members) => {
                for name in members.keys() {
                    let mut fewer = members.clone();
                    fewer.remove(name);
                    out.push(rebuild(fewer.into()));
                }
                let mut more = members.clone();
                more.insert("surplus".to_owned(), Value::Null);
                out.push(rebuild(more.into()));
                for (name, inner) in members {
                    let rebuild = |inner| {
                        let mut members = members.clone();
                        members.insert(name.clone(), inner);
                        rebuild(members.into())
                    };
                    walk(inner, &rebuild, out);
                }
            }
            Value::Array(elements) => {
                for (place, inner) in elements.iter().enumerate() {
                    let rebuild = |inner| {
                        let mut elements = elements.clone();
                        elements[place] = inner;
                        rebuild(elements.into())
                    };
                    walk(inner, &rebuild, out);
                }
            }
            _ => {}
        }
    }
    let mut out = Vec::new();
    walk(value, &|value| value, &mut out);
    out
}

#[test]
fn a_member_absent_or_too_many_is_refused_by_the_schema_at_every_place() {
    let validator = validator();
    for sample in samples::all() {
        for document in spoilt(&vectors::decode(&sample.issue().token())) {
            assert!(!validator.is_valid(&document), "{}: {document:#}", sample.name);
        }
    }
}
