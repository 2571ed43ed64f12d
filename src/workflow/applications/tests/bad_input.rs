//! What people bring by mistake or by malice: each has its own finding, its box, and its article where there is one.

use super::*;
use crate::{
    agreement::{Agreements, Lists, Opened, Present},
    certificate::{Finding, Findings, Severity},
};
use serde_json::{Value, json};
use std::io::Cursor;

const CPFTA: &str = include_str!("../../../../node-config/agreements/cpfta.toml");
const RULES: &str = include_str!("../../../../node-config/agreements/cpfta.rules.toml");

/// An office under CPFTA with lines of its file replaced.
fn under(changes: &[(&str, &str)]) -> Office {
    let mut text = CPFTA.to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "{old}");
        text = text.replacen(old, new, 1);
    }
    let mut office = Office::new();
    let files = [("cpfta.toml", text.as_str()), ("cpfta.rules.toml", RULES)];
    office.world.agreements = Arc::new(Agreements::load(files).unwrap_or_else(|errors| panic!("{errors}")));
    office.restarted()
}

fn footballs(office: &Office) -> Value {
    serde_json::from_slice(&office.paper().certificate_json).unwrap()
}

fn said(office: &Office, value: &Value) -> Findings {
    let paper = Paper { certificate_json: value.to_string().into_bytes(), production_json: Vec::new() };
    office.applications.check(&office.exporter, "", &paper).unwrap().findings
}

#[track_caller]
fn the_one(findings: &Findings, severity: Severity, rule: &str, path: &str) -> Finding {
    let found = findings.iter().filter(|one| one.severity == severity && one.rule == rule && one.path == path);
    let found = found.collect::<Vec<_>>();
    assert_eq!(found.len(), 1, "{severity:?} {rule} {path}\n{findings}");
    found[0].clone()
}

/// Changes the footballs and finds the one thing that is to be said of it.
#[track_caller]
fn after(change: impl FnOnce(&mut Value), severity: Severity, rule: &str, path: &str) -> Finding {
    let office = Office::new();
    let mut value = footballs(&office);
    change(&mut value);
    the_one(&said(&office, &value), severity, rule, path)
}

#[test]
fn a_scheme_that_is_not_in_force_for_the_route_or_the_day_says_which() {
    let found = after(|value| value["to"] = "KE".into(), Severity::Error, "MEMBERSHIP", "to");
    assert!(found.message.contains("KE is not a member of CPFTA"), "{found}");
    assert!(found.article.is_some(), "{found}");
    let ended = under(&[(
        "in_force = { value = { from = \"2007-07-01\" }, article = \"GACC Decree 162 of 2007\", confirmed = false",
        "in_force = { value = { from = \"2007-07-01\", until = \"2026-10-31\" }, article = \"Notice 1\", confirmed = true",
    )]);
    let found = the_one(&said(&ended, &footballs(&ended)), Severity::Error, "EDITION", "");
    assert!(found.message.contains("no edition of CPFTA is in force on 2026-11-22"), "{found}");
    assert_eq!(found.article.as_deref(), Some("Notice 1"));
    // Where its end is not confirmed it judges all the same, and its form has the boxes.
    let loose = under(&[(
        "in_force = { value = { from = \"2007-07-01\" }, article = \"GACC Decree 162 of 2007\", confirmed = false",
        "in_force = { value = { from = \"2007-07-01\", until = \"2026-10-31\" }, article = \"Notice 1\", confirmed = false",
    )]);
    let found = the_one(&said(&loose, &footballs(&loose)), Severity::Unknown, "HS_LIST", "goods.items[0].hs.code");
    assert_eq!(found.form_box.as_deref(), Some("7"));
}

#[test]
fn a_code_of_another_edition_of_the_hs_is_told_where_it_stands_and_what_became_of_it() {
    let office = Office::new();
    let names = "format = 1\n[[lists]]\nkind = \"hs\"\nedition = \"2017\"\nfiles = [\"a\"]\nfrom = \"2017-01-01\"\nuntil = \"2021-12-31\"\n\
                 [[lists]]\nkind = \"hs\"\nedition = \"2022\"\nfiles = [\"b\"]\nfrom = \"2022-01-01\"\n\
                 [[lists]]\nkind = \"hs_changes\"\nedition = \"2017\"\ninto = \"2022\"\nfiles = [\"c\"]\n";
    let present = [Present { name: "lists.toml".to_owned(), text: Some(names.to_owned()) }];
    let lists = Lists::load(&present, &mut |name| {
        let text = match name {
            "a" => "hscode,description\n852990,Parts\n",
            "b" => "hscode,description\n950662,Balls\n",
            _ => "hs2017,hs2022\n852990,852411\n852990,852492\n",
        };
        Ok(Box::new(Cursor::new(text)) as Opened)
    });
    office.world.lists.store(Arc::new(lists.unwrap_or_else(|errors| panic!("{errors}"))));
    let mut value = footballs(&office);
    assert!(!said(&office, &value).iter().any(|one| one.rule == "HS_LIST"));
    value["goods"]["items"][0]["hs"]["code"] = "852990".into();
    let found = the_one(&said(&office, &value), Severity::Warning, "HS_LIST", "goods.items[0].hs.code");
    assert_eq!(found.help.as_deref(), Some("it is a code of HS 2017, which HS 2022 has as 852411, 852492"));
    assert_eq!(found.form_box.as_deref(), Some("7"));
}

/// As many items like the first.
fn items(value: &mut Value, count: u64) {
    let item = value["goods"]["items"][0].clone();
    let fob = value["commercial"]["item_values"][0].clone();
    let numbered = |one: &Value, member: &str, number: u64| {
        let mut one = one.clone();
        one[member] = number.into();
        one
    };
    value["goods"]["items"] = (1..=count).map(|number| numbered(&item, "number", number)).collect();
    value["commercial"]["item_values"] = (1..=count).map(|number| numbered(&fob, "item", number)).collect();
    value["goods"].as_object_mut().unwrap().remove("totals");
}

#[test]
fn the_twenty_first_item_and_the_second_sheet_are_refused_where_the_edition_does_not_take_them() {
    let cap = "max_items = { value = \"none\", article = \"Form, overleaf\", confirmed = false, note = \"no cap in the overleaf that was read\" }";
    let twenty = under(&[(cap, "max_items = { value = 20, article = \"Form, note 6\", confirmed = true }")]);
    let mut value = footballs(&twenty);
    items(&mut value, 20);
    assert!(!said(&twenty, &value).iter().any(|one| one.rule == "ITEM_COUNT"));
    items(&mut value, 21);
    let found = the_one(&said(&twenty, &value), Severity::Error, "ITEM_COUNT", "goods.items");
    assert!(found.message.contains("21 items") && found.form_box.as_deref() == Some("6"), "{found}");
    assert_eq!(found.article.as_deref(), Some("Form, note 6"));
    let sheets = "continuation_sheets = { value = true, article = \"issuing guides of 2019\", confirmed = false";
    let single = under(&[
        (cap, "max_items = { value = { per_sheet = 20 }, article = \"Form, note 6\", confirmed = true }"),
        (sheets, "continuation_sheets = { value = false, article = \"Form, note 7\", confirmed = true"),
    ]);
    let found = the_one(&said(&single, &value), Severity::Error, "CONTINUATION_SHEETS", "goods.items");
    assert!(found.message.contains("2 sheets of 20"), "{found}");
    assert_eq!(found.article.as_deref(), Some("Form, note 7"));
}

#[test]
fn an_english_form_filled_in_urdu_alone_is_refused_box_by_box() {
    let office = Office::new();
    let mut value = footballs(&office);
    value["goods"]["items"][0]["description"] = "فٹ بال، سائز پانچ".into();
    value["exporter"]["party"]["name"] = "چناب اسپورٹس".into();
    let findings = said(&office, &value);
    for (path, number) in [("goods.items[0].description", "7"), ("exporter.party.name", "1")] {
        let found = the_one(&findings, Severity::Error, "LANGUAGE", path);
        assert_eq!(found.form_box.as_deref(), Some(number));
        assert!(found.article.as_ref().unwrap().contains("Rules 1-7"), "{found}");
    }
    // Beside the English it does no harm.
    value["goods"]["items"][0]["description"] = "Footballs, size 5 (فٹ بال)".into();
    value["exporter"]["party"]["other_name"] = "Chenab Sports".into();
    assert!(!said(&office, &value).iter().any(|one| one.rule == "LANGUAGE"));
}

#[test]
fn a_consignee_to_order_is_refused_where_the_form_wants_a_name() {
    let named = under(&[(
        "to_order = { confirmed = false }",
        "to_order = { value = false, article = \"Form, overleaf, box 2\", confirmed = true }",
    )]);
    let mut value = footballs(&named);
    value["consignee"] = json!({ "to_order": true });
    let found = the_one(&said(&named, &value), Severity::Error, "TO_ORDER", "consignee.to_order");
    assert_eq!((found.form_box.as_deref(), found.article.as_deref()), (Some("2"), Some("Form, overleaf, box 2")));
    // What the agreement says of it was not found: then it is unknown, and blocks nothing.
    let office = Office::new();
    the_one(&said(&office, &value), Severity::Unknown, "TO_ORDER", "consignee.to_order");
}

#[test]
fn a_value_with_a_comma_is_refused_and_never_guessed() {
    let path = "commercial.item_values[0].amount.value";
    for written in ["1.000,50", "1,000.50", "1000,50", "1 000.50", "USD 1000"] {
        let found = after(
            |value| value["commercial"]["item_values"][0]["amount"]["value"] = written.into(),
            Severity::Error,
            "DECIMAL",
            path,
        );
        assert_eq!(found.form_box.as_deref(), Some("9"), "{found}");
    }
}

#[test]
fn a_formula_in_a_description_is_pointed_out_and_stays_what_was_written() {
    let path = "goods.items[0].description";
    for formula in [
        "=HYPERLINK(\"http://x\",\"y\")",
        "=1+1",
        "@SUM(1)",
        "+cmd|' /C calc'!A0",
        "-A1(2)",
        "-1+cmd|' /C calc'!A0",
        "+1",
        "-footballs",
        "--1*A1",
        "+(1)",
    ] {
        let found = after(
            |value| value["goods"]["items"][0]["description"] = formula.into(),
            Severity::Warning,
            "FORMULA",
            path,
        );
        assert_eq!(found.form_box.as_deref(), Some("7"));
    }
    let office = Office::new();
    for harmless in [
        "- footballs, size 5",
        "-40 degrees boxes",
        "+ spare bladders",
        "Balls = 420 pcs",
        "-40C (deep frozen) boxes",
        "+5 lengths",
    ] {
        let mut value = footballs(&office);
        value["goods"]["items"][0]["description"] = harmless.into();
        assert!(!said(&office, &value).iter().any(|one| one.rule == "FORMULA"), "{harmless}");
    }
}

#[test]
fn ten_megabytes_of_description_are_refused_before_they_are_read() {
    let office = Office::new();
    let mut value = footballs(&office);
    value["goods"]["items"][0]["description"] = "x".repeat(10 << 20).into();
    let findings = said(&office, &value);
    assert!(findings.has_errors());
    assert!(findings.iter().all(|one| one.message.len() < 1_000), "what was brought is not said back");
    // Within the size of a document, and longer than a description may be.
    value["goods"]["items"][0]["description"] = "x".repeat(1_025).into();
    let found = the_one(&said(&office, &value), Severity::Error, "TEXT", "goods.items[0].description");
    assert!(found.message.contains("longer than 1024"), "{found}");
}

#[test]
fn what_turns_the_direction_of_writing_or_hides_is_refused() {
    for (text, why) in [
        ("Footballs \u{202E}slaem\u{202C}", "turns the direction"),
        ("Footballs \u{2066}x\u{2069}", "turns the direction"),
        ("Foot\u{200B}balls", "invisible"),
        ("Footballs\u{0000}", "control"),
    ] {
        let change = |value: &mut Value| value["goods"]["items"][0]["description"] = text.into();
        let found = after(change, Severity::Error, "TEXT", "goods.items[0].description");
        assert!(found.message.contains(why), "{found}");
    }
}

/// By default a few thousand rows; `ORIGIN_ROWS=1000000` for the number of the promise.
#[tokio::test]
async fn one_bad_row_in_the_middle_of_an_import_leaves_the_others_unharmed() {
    let rows = std::env::var("ORIGIN_ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000_u32);
    let office = Office::new();
    let caller = Arc::new(office.exporter.clone());
    let (good, bad) =
        (office.paper(), Paper { certificate_json: b"{\"agreement\":".to_vec(), production_json: Vec::new() });
    let (mut filed, mut refused) = (0_u32, Vec::new());
    let ms = u64::try_from(office.world.clock.now().as_millisecond()).unwrap();
    for from in (0..rows).step_by(64) {
        // Rows come as the stream brings them: nothing holds more than a message.
        let message = (from..rows.min(from + 64)).map(|nth| ImportRow {
            exporter: String::new(),
            request_id: format!("{}-{}-7000-8000-{:012x}", &format!("{ms:012x}")[..8], &format!("{ms:012x}")[8..], nth),
            paper: if nth == rows / 2 { bad.clone() } else { good.clone() },
            declarant: None,
        });
        let answers = office.applications.import(&caller, message.collect()).await.unwrap();
        for (nth, answer) in (from..).zip(answers) {
            match answer {
                Ok(imported) => filed += u32::from(!imported.repeated),
                Err(error) => refused.push((nth, error.reason())),
            }
        }
    }
    assert_eq!((filed, refused), (rows - 1, vec![(rows / 2, "RULES_REFUSE")]));
}

/// National and cumulative content print alike; which of them it is stands in what is signed.
#[test]
fn the_basis_the_figures_were_met_on_is_kept_where_the_applicant_names_none() {
    let office = Office::new();
    let mut value = footballs(&office);
    value["goods"]["items"][0]["criterion"] = json!({ "code": "VALUE_CONTENT", "percentage": { "exact": "50" } });
    let material = |origin: &str, cif: &str| {
        json!({
            "description": "Parts", "origin": origin, "price": { "value": cif, "currency": "USD", "term": "CIF" },
            "evidence": [{ "kind": "certificate", "reference": "P26470Z100010042" }],
        })
    };
    // 142,800 on board: 90,000 from elsewhere or from China leave 36.97 %; without China's 20,000, 50.98 %.
    let production = json!({ "items": [{
        "item": 1, "materials_complete": true, "minimal_operations_only": false, "processes": [{ "code": "BONDING" }],
        "materials": [material("undetermined", "70000"), material("CN", "20000")],
    }] });
    let paper = Paper {
        certificate_json: value.to_string().into_bytes(),
        production_json: production.to_string().into_bytes(),
    };
    let id = office.submitted(1, paper);
    office.applications.claim(&office.examiner, &office.id(3), id).unwrap();
    office.applications.recommend(&office.examiner, &office.id(4), id, None).unwrap();
    let preview = office.applications.preview(&office.world.signatory, id, None).unwrap();
    let shown: Value = serde_json::from_str(&preview.certificate_json).unwrap();
    assert_eq!(shown["goods"]["items"][0]["criterion"]["percentage"]["basis"], "cumulative", "{shown}");
}

/// Every place of a document, as a pointer.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (format!("{at}/{name}"), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(nth, value)| (format!("{at}/{nth}"), value)).collect(),
        _ => Vec::new(),
    };
    for (at, value) in below {
        out.push(at.clone());
        places(value, &at, out);
    }
}

fn rules_at(findings: &Findings) -> std::collections::BTreeSet<(String, String)> {
    // That a list is not installed is said once, at the first of its codes that reads.
    let own = findings.iter().filter(|one| !one.rule.ends_with("_LIST"));
    own.map(|one| (one.rule.clone(), one.path.clone())).collect()
}

#[test]
fn whatever_one_member_says_wrongly_the_rules_are_heard_of_all_others_and_nothing_is_made_up() {
    let office = Office::new();
    let mut good = footballs(&office);
    good["goods"]["items"][0]["criterion"] =
        json!({ "code": "VALUE_CONTENT", "percentage": { "exact": "12", "basis": "cumulative" } });
    let before = rules_at(&said(&office, &good));
    let too_low = ("THRESHOLD".to_owned(), "goods.items[0].criterion.percentage.exact".to_owned());
    assert!(before.contains(&too_low), "{before:?}");
    let mut all = Vec::new();
    places(&good, "", &mut all);
    for place in all {
        let mut spoilt = good.clone();
        // What is a list is spoilt by being none, and everything else by being one.
        let is_list = spoilt.pointer(&place).is_some_and(Value::is_array);
        *spoilt.pointer_mut(&place).unwrap() = if is_list { json!({ "?": 1 }) } else { json!(["?"]) };
        let findings = said(&office, &spoilt);
        assert!(findings.has_errors(), "{place}");
        let after = rules_at(&findings);
        let path = place.split('/').skip(1).fold(String::new(), |path, step| match step.parse::<usize>() {
            Ok(nth) => format!("{path}[{nth}]"),
            Err(_) if path.is_empty() => step.to_owned(),
            Err(_) => format!("{path}.{step}"),
        });
        let new = after.difference(&before).filter(|(_, at)| !at.starts_with(&path)).collect::<Vec<_>>();
        assert!(new.is_empty(), "{place} makes up {new:?}");
        // Without the agreement nothing asks for a percentage; and it is in these.
        let needed = ["/agreement", "/goods", "/goods/items"].contains(&place.as_str());
        if !needed && !place.starts_with("/goods/items/0/criterion") && place != "/goods/items/0" {
            assert!(after.contains(&too_low), "{place} hides the percentage: {findings}");
        }
    }
}

/// Each was the end of it: only who had mended it heard what else there was.
#[test]
fn a_file_without_its_agreement_or_its_countries_is_told_everything_else_with_that() {
    let office = Office::new();
    let mut value = footballs(&office);
    value["goods"]["items"][0]["criterion"] =
        json!({ "code": "VALUE_CONTENT", "percentage": { "exact": "12", "basis": "cumulative" } });
    value["goods"]["items"][0]["net_weight"] = json!({ "value": "9000", "unit": "KGM" });
    value["reference"]["office"]["code"] = "NOWHERE".into();
    let wrong = [("from", "ZZ", "COUNTRY"), ("to", "China", "COUNTRY"), ("agreement", "cpfta", "AGREEMENT_CODE")];
    for (member, wrong, rule) in wrong {
        for (wrong, rule) in [(Some(wrong), rule), (None, "REQUIRED")] {
            let mut spoilt = value.clone();
            spoilt.as_object_mut().unwrap().remove(member);
            if let Some(wrong) = wrong {
                spoilt[member] = wrong.into();
            }
            let findings = said(&office, &spoilt);
            the_one(&findings, Severity::Error, rule, member);
            the_one(&findings, Severity::Error, "NET_ABOVE_GROSS", "goods.items[0].net_weight");
            the_one(&findings, Severity::Error, "OFFICE_UNKNOWN", "reference.office.code");
            let judged = findings.iter().any(|one| one.rule == "THRESHOLD");
            assert_eq!(judged, member != "agreement", "{member}: {findings}");
            assert!(findings.iter().all(|one| !one.message.contains("NONE-NAMED")), "{findings}");
        }
    }
    // One that reads and is none is the end of the agreement's rules alone.
    value["agreement"] = "CPTFA".into();
    let findings = said(&office, &value);
    for (rule, path) in [
        ("AGREEMENT_UNKNOWN", "agreement"),
        ("NET_ABOVE_GROSS", "goods.items[0].net_weight"),
        ("OFFICE_UNKNOWN", "reference.office.code"),
    ] {
        the_one(&findings, Severity::Error, rule, path);
    }
    the_one(&findings, Severity::Unknown, "HS_LIST", "goods.items[0].hs.code");
}

#[test]
fn what_cannot_be_read_says_its_box_and_the_rules_are_told_in_the_same_answer() {
    let office = Office::new();
    let mut value = footballs(&office);
    value["goods"]["items"][0]["criterion"] =
        json!({ "code": "VALUE_CONTENT", "percentage": { "exact": "12", "basis": "cumulative" } });
    value["goods"]["items"][0]["hs"]["code"] = "95066".into();
    value["commercial"]["item_values"][0]["amount"]["value"] = "1.000,50".into();
    value["consignee"] = json!({});
    let paper = Paper { certificate_json: value.to_string().into_bytes(), production_json: Vec::new() };
    let findings = said(&office, &value);
    for (rule, path, number) in [
        ("HS_CODE", "goods.items[0].hs.code", "7"),
        ("DECIMAL", "commercial.item_values[0].amount.value", "9"),
        ("THRESHOLD", "goods.items[0].criterion.percentage.exact", "8"),
    ] {
        let found = findings.iter().find(|one| one.rule == rule && one.path == path);
        let found = found.unwrap_or_else(|| panic!("no {rule} at {path}:\n{findings}"));
        assert_eq!(found.form_box.as_deref(), Some(number), "{found}");
    }
    // What stands only to be judged is never filed.
    let drafted = office.applications.create(&office.exporter, &office.id(1), "", paper.clone()).unwrap();
    let id = drafted.application.id;
    let refused =
        office.applications.submit(&office.exporter, &office.id(2), id, Office::declarant(&paper)).unwrap_err();
    let WorkflowError::RulesRefuse(findings) = refused else { panic!("{refused}") };
    assert!(findings.iter().any(|one| one.rule == "THRESHOLD") && findings.iter().any(|one| one.rule == "DECIMAL"));
}

#[test]
fn an_office_that_is_none_hides_nothing_of_the_goods() {
    let office = Office::new();
    let mut value = footballs(&office);
    value["reference"]["office"]["code"] = "NOWHERE".into();
    value["goods"]["items"][0]["criterion"] =
        json!({ "code": "VALUE_CONTENT", "percentage": { "exact": "12", "basis": "cumulative" } });
    let findings = said(&office, &value);
    for rule in ["OFFICE_UNKNOWN", "THRESHOLD"] {
        assert!(findings.iter().any(|one| one.rule == rule), "{rule}: {findings}");
    }
}
