use super::super::{Finding, Findings, Item, Party, PrintedCriterion, Ruling, Severity, Sha256, offset_dates};
use super::*;
use crate::time::parse_date;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256 as Hasher};
use std::path::Path;

/// The six certificates the demonstration issues, dates resolved, with their file names.
pub(crate) fn samples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node-config/demo/certificates");
    let today = parse_date("2026-11-12").unwrap();
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.file_name().unwrap().to_string_lossy().into_owned(), offset_dates(&text, today).unwrap())
        })
        .collect();
    found.sort();
    assert_eq!(found.len(), 8);
    found
}

fn sample(name: &str) -> Value {
    let all = samples();
    let (_, text) = all.iter().find(|(file, _)| file == name).unwrap();
    serde_json::from_str(text).unwrap()
}

fn footballs() -> Value {
    sample("pk-cn-footballs.json")
}

fn read(value: &Value) -> Reading {
    Particulars::read_json(value.to_string().as_bytes())
}

fn places(findings: &Findings) -> Vec<(&str, &str)> {
    findings.iter().map(|finding| (finding.path.as_str(), finding.rule.as_str())).collect()
}

pub(crate) fn ruling() -> Ruling {
    Ruling {
        issued_on: parse_date("2026-11-12").unwrap(),
        edition: "2007".parse().unwrap(),
        form: "CPFTA".parse().unwrap(),
        form_edition: None,
        languages: vec!["en".parse().unwrap()],
        valid_from: parse_date("2026-11-12").unwrap(),
        valid_until: parse_date("2027-11-12"),
        flags: Flags {
            retrospective: true,
            replacement: false,
            true_copy: false,
            back_to_back: false,
            partial_cumulation: false,
        },
        endorsements: Vec::new(),
        printed: Vec::new(),
    }
}

#[test]
fn every_sample_reads_without_a_finding_and_round_trips() {
    for (name, text) in samples() {
        let reading = Particulars::read_json(text.as_bytes());
        assert_eq!(reading.findings, Findings::default(), "{name}");
        let particulars = reading.particulars.unwrap();
        let again = Particulars::from_json(particulars.to_json().as_bytes()).unwrap();
        assert_eq!(again, particulars, "{name}");
        let strict: Particulars = serde_json::from_str(&particulars.to_json()).unwrap();
        assert_eq!(strict, particulars, "{name}");
    }
}

#[test]
fn every_section_of_every_sample_round_trips_as_it_is_signed() {
    for (name, text) in samples() {
        let particulars = Particulars::from_json(text.as_bytes()).unwrap();
        let certificate = particulars.finish(ruling().numbered("PK-CN-2026-LHE-000417".parse().unwrap()));
        let json = serde_json::to_string(&certificate).unwrap();
        assert_eq!(serde_json::from_str::<Certificate>(&json).unwrap(), certificate, "{name}");
        for item in &certificate.goods.items {
            let json = serde_json::to_string(item).unwrap();
            assert_eq!(&serde_json::from_str::<Item>(&json).unwrap(), item, "{name}");
        }
    }
}

#[test]
fn a_signed_section_wants_every_member_and_no_other() {
    let certificate = Particulars::from_json(footballs().to_string().as_bytes())
        .unwrap()
        .finish(ruling().numbered("A1".parse().unwrap()));
    let whole = serde_json::to_value(&certificate.goods.items[0]).unwrap();
    for member in whole.as_object().unwrap().keys() {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().remove(member);
        let error = serde_json::from_value::<Item>(less).unwrap_err().to_string();
        assert!(error.contains(member.as_str()) && error.contains("REQUIRED"), "{error}");
    }
    let mut more = whole.clone();
    more["colour"] = json!("white");
    assert!(serde_json::from_value::<Item>(more).unwrap_err().to_string().contains("UNKNOWN_MEMBER"));
    let twice = r#"{"number":1,"number":1}"#;
    assert!(serde_json::from_str::<Item>(twice).unwrap_err().to_string().contains("DUPLICATE_MEMBER"));
}

#[test]
fn every_mistake_of_a_file_is_reported_at_once_with_its_path() {
    let mut bad = footballs();
    bad["to"] = json!("UK");
    bad["reference"]["offfice"] = bad["reference"]["office"].take();
    bad["reference"].as_object_mut().unwrap().remove("office");
    bad["exporter"]["party"]["name"] = json!("Chenab \u{202E} Sports");
    bad["transport"]["departure"]["planned"] = json!("12/11/2026");
    bad["transport"]["containers"][0]["number"] = json!("ZZZU1002003");
    bad["transport"]["mode"] = json!("maritme");
    bad["goods"]["items"][0]["hs"]["code"] = json!("9506.62");
    bad["goods"]["items"][0]["quantities"][0]["value"] = json!(16800);
    bad["goods"]["items"][0]["packages"][0]["count"] = json!(0);
    bad["goods"]["items"][0]["gross_weight"]["unit"] = json!("kg");
    bad["commercial"]["item_values"][0]["amount"]["currency"] = json!("RMB");
    bad["commercial"]["total"]["value"] = json!("142,800.00");
    bad["producer"] = json!({"same": true, "named": []});
    let reading = read(&bad);
    assert_eq!(reading.particulars, None);
    let mut found = places(&reading.findings);
    found.sort_unstable();
    let mut expected = vec![
        ("to", "COUNTRY"),
        ("reference.offfice", "UNKNOWN_MEMBER"),
        ("reference.office", "REQUIRED"),
        ("exporter.party.name", "TEXT"),
        ("producer", "PRODUCER"),
        ("transport.departure.planned", "DATE"),
        ("transport.containers[0].number", "CONTAINER_NUMBER"),
        ("transport.mode", "TRANSPORT_MODE"),
        ("goods.items[0].hs.code", "HS_CODE"),
        ("goods.items[0].quantities[0].value", "WRONG_TYPE"),
        ("goods.items[0].packages[0].count", "OUT_OF_RANGE"),
        ("goods.items[0].gross_weight.unit", "UNIT_CODE"),
        ("commercial.item_values[0].amount.currency", "CURRENCY"),
        ("commercial.total.value", "DECIMAL"),
    ];
    expected.sort_unstable();
    assert_eq!(found, expected);
    let help = |path: &str| {
        reading.findings.iter().find(|finding| finding.path == path).and_then(|finding| finding.help.clone()).unwrap()
    };
    assert_eq!(help("reference.offfice"), "did you mean `office`?");
    assert_eq!(help("to"), "did you mean `GB`?");
    assert_eq!(help("transport.mode"), "did you mean `maritime`?");
    assert_eq!(help("goods.items[0].hs.code"), "did you mean `950662`?");
    assert_eq!(help("goods.items[0].gross_weight.unit"), "did you mean `KGM`?");
    assert!(help("goods.items[0].quantities[0].value").contains("quotes"));
}

#[test]
fn a_number_that_is_not_whole_is_not_only_called_a_number() {
    for count in [json!(-1), json!(1.5)] {
        let mut bad = sample("pk-cn-salt-retroactive.json");
        bad["goods"]["items"][0]["packages"][0]["count"] = count;
        let findings = Particulars::read_json(bad.to_string().as_bytes()).findings;
        let told = findings.iter().find(|finding| finding.rule == "WRONG_TYPE").unwrap();
        assert_eq!(told.message, "expected a whole number, found a number with a sign, a fraction or an exponent");
    }
}

#[test]
fn members_that_contradict_each_other_are_all_named() {
    let mut bad = sample("pk-cn-salt-retroactive.json");
    bad["to"] = json!("PK");
    bad["goods"]["items"][1]["number"] = json!(1);
    bad["goods"]["items"][0]["net_weight"] = json!({"value": "25", "unit": "TNE"});
    bad["goods"]["totals"]["gross_weight"]["value"] = json!("26759.999999");
    bad["goods"]["totals"]["packages"] = json!(143);
    bad["consignee"] = json!({"to_order": false});
    bad["transport"]["loading"] = json!({});
    bad["transport"]["departure"] = json!({"basis": "on_board"});
    bad["commercial"]["item_values"][1]["invoice"] = json!("KCE/1126/8");
    bad["reference"]["prior"] = json!([{
        "relation": "back_to_back_on", "number": "X 1", "issued_on": "2026-01-02", "country": "IR",
        "drawn": [{"item": 7, "prior_item": 1, "quantity": {"value": "1", "unit": "TNE"}}]
    }]);
    let reading = read(&bad);
    assert_eq!(reading.particulars, None);
    assert_eq!(
        places(&reading.findings),
        [
            ("to", "SAME_COUNTRY"),
            ("consignee", "CONSIGNEE_EMPTY"),
            ("transport.loading", "PLACE_EMPTY"),
            ("transport.departure.basis", "BASIS_WITHOUT_DATE"),
            ("goods.items[0].net_weight", "NET_ABOVE_GROSS"),
            ("goods.items[1].number", "ITEM_TWICE"),
            ("goods.totals.packages", "TOTAL_PACKAGES"),
            ("goods.totals.gross_weight", "TOTAL_WEIGHT"),
            ("commercial.item_values[1].item", "NO_SUCH_ITEM"),
            ("commercial.item_values[1].invoice", "NO_SUCH_INVOICE"),
            ("reference.prior[0].drawn[0].item", "NO_SUCH_ITEM"),
        ]
    );
}

#[test]
fn a_weight_of_nothing_is_none() {
    for weight in ["gross_weight", "net_weight"] {
        let mut brought = footballs();
        brought["goods"]["items"][0][weight] = json!({"value": "0.0", "unit": "KGM"});
        let path = format!("goods.items[0].{weight}.value");
        assert!(places(&read(&brought).findings).contains(&(path.as_str(), "ZERO")), "{weight}");
    }
}

#[test]
fn a_total_that_is_not_the_sum_of_its_items_is_asked_about() {
    let said = |total: &str| {
        let mut brought = footballs();
        brought["commercial"]["total"]["value"] = json!(total);
        let reading = read(&brought);
        assert!(reading.particulars.is_some(), "it is a question, and stops nothing");
        places(&reading.findings).contains(&("commercial.total", "TOTAL"))
    };
    assert!(said("1.0") && !said("142800.00") && !said("142800"));
}

#[test]
fn a_code_outside_the_lists_held_is_unknown_and_does_not_stop_issue() {
    let mut odd = footballs();
    odd["goods"]["items"][0]["quantities"][0]["unit"] = json!("MT");
    odd["goods"]["items"][0]["packages"][0]["kind"] = json!("QQ");
    let reading = read(&odd);
    assert!(reading.particulars.is_some());
    assert!(reading.findings.iter().all(|finding| finding.severity == Severity::Unknown));
    assert_eq!(
        places(&reading.findings),
        [
            ("goods.items[0].packages[0].kind", "PACKAGE_CODE_UNKNOWN"),
            ("goods.items[0].quantities[0].unit", "UNIT_CODE_UNKNOWN"),
        ]
    );
    assert_eq!(reading.findings.0[1].help.as_deref(), Some("did you mean `TNE`?"));
}

#[test]
fn a_date_as_offset_is_refused_outside_the_demonstration() {
    let mut unresolved = footballs();
    unresolved["commercial"]["invoices"][0]["date"] = json!("today-2d");
    assert_eq!(places(&read(&unresolved).findings), [("commercial.invoices[0].date", "DATE")]);
}

#[test]
fn toml_says_the_same_as_json() {
    let json = footballs();
    let toml = toml::to_string(&json).unwrap();
    assert_eq!(Particulars::from_toml(&toml), Particulars::from_json(json.to_string().as_bytes()));
    // Dates may stand without quotes, as TOML has them.
    let bare = toml.replace("planned = \"2026-11-18\"", "planned = 2026-11-18");
    assert_ne!(bare, toml);
    assert_eq!(Particulars::from_toml(&bare), Particulars::from_toml(&toml));
    assert_eq!(places(&Particulars::read_toml("agreement = ").findings), [("", "TOML")]);
}

#[test]
fn the_withheld_producer_is_bound_by_the_digest_of_its_disclosure() {
    // What the back office keeps for customs: salt, name and value as RFC 9901 encodes a disclosure.
    let member: Party = serde_json::from_value(json!({
        "name": "Salt Range Mining Cooperative", "other_name": null, "address": [], "country": "PK", "ids": [],
        "telephone": null, "email": null
    }))
    .unwrap();
    let withheld = format!(
        "[\"{}\",\"producer\",{}]",
        crate::encoding::base64::encode_url(b"salt-range-mines"),
        serde_json::to_string(&Producer::Named(vec![member])).unwrap()
    );
    let disclosure = crate::encoding::base64::encode_url(withheld.as_bytes());
    let digest = Sha256(Hasher::digest(disclosure.as_bytes()).into());
    let salt = Particulars::from_json(sample("pk-cn-salt-retroactive.json").to_string().as_bytes()).unwrap();
    assert_eq!(salt.producer, Some(Producer::OnRequest { digest }));
}

#[test]
fn a_producer_is_said_in_one_way() {
    let read = |value: Value| serde_json::from_value::<Producer>(value).is_ok();
    assert!(read(json!({"same": true})));
    for bad in [
        json!({}),
        json!({"same": false}),
        json!({"same": null}),
        json!({"same": true, "on_request": true}),
        json!({"named": []}),
        json!({"named": null}),
        json!({"on_request": true}),
        json!({"digest": "sHS14s0OC6anO0BREwA_1MhRogbpeHHH3Yw09Bvbm1g"}),
        json!({"on_request": false, "digest": "sHS14s0OC6anO0BREwA_1MhRogbpeHHH3Yw09Bvbm1g"}),
        json!({"on_request": true, "digest": "sHS14s0OC6anO0BREwA_1MhRogbpeHHH3Yw09Bvbm1h"}),
        json!([]),
    ] {
        assert!(!read(bad.clone()), "{bad}");
    }
}

#[test]
fn issue_adds_what_the_agreement_decided_and_changes_nothing_that_was_brought() {
    let brought = Particulars::from_json(sample("pk-cn-salt-retroactive.json").to_string().as_bytes()).unwrap();
    let mut decided = ruling();
    decided.printed = vec![PrintedCriterion { item: 2, criterion: "P".parse().unwrap(), percentage: None }];
    decided.endorsements = serde_json::from_value(json!([
        {"code": "ISSUED_RETROACTIVELY", "text": "ISSUED RETROACTIVELY", "form_box": "13"}
    ]))
    .unwrap();
    let certificate = brought.clone().finish(decided.numbered("PK-CN-2026-KHI-001903".parse().unwrap()));
    assert_eq!(certificate.reference.number.as_str(), "PK-CN-2026-KHI-001903");
    assert!(certificate.flags.retrospective);
    let printed: Vec<_> =
        certificate.goods.items.iter().map(|item| item.criterion.as_ref().unwrap().printed.as_ref()).collect();
    assert_eq!(printed, [None, Some(&"P".parse().unwrap())]);
    assert_eq!(certificate.remarks.unwrap().endorsements.len(), 1);
    assert_eq!((certificate.exporter, certificate.transport), (brought.exporter, brought.transport));
}

#[test]
fn flags_follow_from_what_is_brought() {
    let mut copy = footballs();
    copy["reference"]["prior"] = json!([
        {"relation": "true_copy_of", "number": "PK-CN-2026-LHE-000001", "issued_on": "2026-10-02", "country": "PK"}
    ]);
    copy["goods"]["items"][0]["criterion"]["partial_cumulation"] = json!(true);
    let flags = read(&copy).particulars.unwrap().flags();
    assert_eq!((flags.true_copy, flags.partial_cumulation), (true, true));
    assert_eq!((flags.replacement, flags.back_to_back, flags.retrospective), (false, false, false));
}

#[test]
fn hostile_documents_cost_bounded_work_and_get_a_bounded_answer() {
    let members: Vec<String> = (0..60_000).map(|i| format!("\"member{i}\":0,")).collect();
    let members = members.concat();
    let many = format!("{{{members}\"to\":0,{}\"to\":0}}", "\"to\":0,".repeat(10_000));
    let findings = Particulars::read_json(many.as_bytes()).findings;
    assert!(findings.has_errors() && findings.0.len() <= 202, "{}", findings.0.len());
    assert_eq!(findings.0.last().unwrap().rule, "MORE_FINDINGS");
    for text in [
        "[".repeat(1 << 20),
        "{\"a\":".repeat(100_000),
        " ".repeat((1 << 20) + 1),
        "\u{feff}{}".to_owned(),
        "{} {}".to_owned(),
        String::new(),
    ] {
        let reading = Particulars::read_json(text.as_bytes());
        assert_eq!(places(&reading.findings), [("", "JSON")]);
    }
    assert_eq!(places(&Particulars::read_json(b"{\"to\":\"\xff\"}").findings), [("", "JSON")]);
    assert_eq!(Particulars::read_json(b"not json").findings.0[0].message, "no JSON stands at line 1 column 2");
}

#[test]
fn a_message_never_carries_what_would_write_to_a_terminal() {
    let mut bad = footballs();
    bad["to"] = json!("\u{1b}[2J\u{202E}\n");
    bad["\u{1b}]0;owned\u{7}"] = json!(1);
    let text = read(&bad).findings.to_string();
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202E}']), "{text:?}");
}

#[test]
fn findings_say_where_what_and_from_which_article() {
    let finding = Finding::error("WINDOW", "transport.departure.actual", "is too long ago")
        .with_article("Art. 13")
        .with_help("apply for another");
    assert_eq!(
        finding.to_string(),
        "transport.departure.actual: is too long ago [WINDOW] (Art. 13); apply for another"
    );
}

#[test]
fn harmonized_system_codes_of_the_samples_exist() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hs2022.csv");
    let Ok(list) = std::fs::read_to_string(list) else {
        println!("skipped: the list of the Harmonized System is not here");
        return;
    };
    let codes: std::collections::BTreeSet<&str> = list.lines().filter_map(|line| line.split(',').nth(1)).collect();
    for (name, text) in samples() {
        for item in Particulars::from_json(text.as_bytes()).unwrap().goods.items {
            assert!(codes.contains(item.hs.unwrap().code.subheading()), "{name}");
        }
    }
}

/// Every place in a document, as JSON pointers.
fn pointers(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                pointers(inner, &format!("{at}/{name}"), into);
            }
        }
        Value::Array(list) => {
            for (i, inner) in list.iter().enumerate() {
                pointers(inner, &format!("{at}/{i}"), into);
            }
        }
        _ => {}
    }
}

/// A sample with one place replaced.
pub(crate) fn damaged() -> impl Strategy<Value = Value> {
    let odd = prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!(1.5)),
        Just(json!(u64::MAX)),
        Just(json!([])),
        Just(json!({})),
        Just(json!([null])),
        Just(json!({"a": {}})),
        "\\PC{0,12}".prop_map(Value::from),
        "[A-Z0-9]{1,6}".prop_map(Value::from),
        "[0-9]{1,17}(\\.[0-9]{0,7})?".prop_map(Value::from),
    ];
    (0usize..6, any::<prop::sample::Index>(), odd).prop_map(|(which, place, odd)| {
        let mut value: Value = serde_json::from_str(&samples()[which].1).unwrap();
        let mut all = Vec::new();
        pointers(&value, "", &mut all);
        let pointer: &String = place.get(&all);
        *value.pointer_mut(pointer).unwrap() = odd;
        value
    })
}

proptest! {
    #[test]
    fn the_reader_never_panics_and_says_why_it_refuses(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let reading = Particulars::read_json(&bytes);
        prop_assert_eq!(reading.particulars.is_none(), reading.findings.has_errors());
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let reading = Particulars::read_toml(text);
            prop_assert_eq!(reading.particulars.is_none(), reading.findings.has_errors());
        }
    }

    #[test]
    fn a_damaged_document_is_refused_with_findings_or_reads_and_round_trips(value in damaged()) {
        let reading = read(&value);
        prop_assert_eq!(reading.particulars.is_none(), reading.findings.has_errors());
        if let Some(particulars) = reading.particulars {
            let again: Particulars = serde_json::from_str(&particulars.to_json()).unwrap();
            prop_assert_eq!(&again, &particulars);
            let certificate = particulars.finish(ruling().numbered("A1".parse().unwrap()));
            let json = serde_json::to_vec(&certificate).unwrap();
            prop_assert_eq!(serde_json::from_slice::<Certificate>(&json).unwrap(), certificate);
        }
    }
}
