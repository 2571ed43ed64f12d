use super::*;
use crate::certificate::{Severity, offset_dates};
use crate::office::Exporter;
use crate::time::parse_date;
use serde_json::{Value, json};

const FOOTBALLS: &str = include_str!("../../../../node-config/demo/certificates/pk-cn-footballs.json");

fn day(text: &str) -> Date {
    parse_date(text).unwrap()
}

fn exporter() -> Exporter {
    let evidence = json!([{"reference": "CS-2026-7", "hs": "9506", "paper": "A".repeat(43), "from": "2026-01-01",
        "until": "2026-11-21", "verified_by": "acc_0123456789abcdef"}]);
    let identity = json!({"name": "Chenab Sports (Pvt) Ltd", "national_id": "0000000-1", "registration": "SLK-1",
        "address": ["Daska Road, Sialkot"], "country": "PK"});
    let exporter = json!({"id": "exp_0123456789abcdef", "registered": 1, "identity": identity, "evidence": evidence});
    serde_json::from_value(exporter).unwrap()
}

/// What is found of the footballs after a change, on a day.
fn found(exporter: &Exporter, on: &str, change: impl FnOnce(&mut Value)) -> Vec<(String, Severity, String)> {
    let mut value: Value = serde_json::from_str(&offset_dates(FOOTBALLS, day(on)).unwrap()).unwrap();
    change(&mut value);
    let reading = Particulars::read_json(value.to_string().as_bytes());
    let particulars = reading.particulars.unwrap_or_else(|| panic!("{}", reading.findings));
    let findings = exporter.against(&particulars, None, day(on));
    findings.into_iter().map(|one| (one.rule, one.severity, one.message)).collect()
}

fn rules(exporter: &Exporter, change: impl FnOnce(&mut Value)) -> Vec<(String, Severity)> {
    found(exporter, "2026-11-20", change).into_iter().map(|(rule, severity, _)| (rule, severity)).collect()
}

fn one(rule: &str, severity: Severity) -> Vec<(String, Severity)> {
    vec![(rule.to_owned(), severity)]
}

#[test]
fn who_is_registered_and_evidenced_has_nothing_against_it() {
    assert!(rules(&exporter(), |_| {}).is_empty());
    let spaced = |value: &mut Value| value["exporter"]["party"]["name"] = "CHENAB  SPORTS (PVT) LTD".into();
    assert!(rules(&exporter(), spaced).is_empty(), "case and spaces are no difference");
}

#[test]
fn another_number_is_an_error_and_another_spelling_a_warning() {
    let number = |value: &mut Value| value["exporter"]["party"]["ids"][0]["number"] = "0000000-2".into();
    assert_eq!(rules(&exporter(), number), one("EXPORTER_IDENTITY", Severity::Error));
    let written = |value: &mut Value| value["exporter"]["party"]["ids"][0]["number"] = "00000001".into();
    assert!(rules(&exporter(), written).is_empty(), "a number is its digits");
    let spelt = |value: &mut Value| value["exporter"]["party"]["name"] = "Chenab Sport Private Limited".into();
    assert_eq!(rules(&exporter(), spelt), one("EXPORTER_NAME", Severity::Warning));
    let moved = |value: &mut Value| value["exporter"]["party"]["address"] = json!(["Kotli Road", "Sialkot"]);
    assert_eq!(rules(&exporter(), moved), one("EXPORTER_ADDRESS", Severity::Warning));
    let registration = |value: &mut Value| value["exporter"]["registration"] = json!({"number": "SLK-9"});
    assert_eq!(rules(&exporter(), registration), one("EXPORTER_REGISTRATION", Severity::Warning));
}

#[test]
fn where_no_number_says_who_it_is_another_name_is_another_firm() {
    let named = |name: &'static str| {
        move |value: &mut Value| {
            value["exporter"]["party"]["ids"] = json!([]);
            value["exporter"]["party"]["name"] = name.into();
        }
    };
    let name = |severity| one("EXPORTER_NAME", severity);
    assert_eq!(rules(&exporter(), named("Chenab Sports Limited")), name(Severity::Warning));
    assert_eq!(rules(&exporter(), named("Indus Sports (Pvt) Ltd")), name(Severity::Error));
    let by_number = |value: &mut Value| {
        value["exporter"]["party"]["name"] = "Indus Sports (Pvt) Ltd".into();
    };
    assert_eq!(rules(&exporter(), by_number), name(Severity::Warning), "the number says who it is");
}

#[test]
fn evidence_that_is_not_good_is_told_of_with_its_dates() {
    let expired = &found(&exporter(), "2026-11-22", |_| {})[0];
    assert_eq!((expired.0.as_str(), expired.1), ("COST_EVIDENCE_EXPIRED", Severity::Warning));
    assert!(expired.2.contains("good until 2026-11-21, and today is 2026-11-22"), "{expired:?}");
    let early = &found(&exporter(), "2025-12-31", |_| {})[0];
    assert_eq!(early.0, "COST_EVIDENCE_NOT_YET");
    let other = |value: &mut Value| value["goods"]["items"][0]["hs"]["code"] = "420212".into();
    let missing = found(&exporter(), "2026-11-20", other).remove(0);
    assert_eq!(missing.0, "COST_EVIDENCE_MISSING");
    assert!(missing.2.contains("420212") && missing.2.contains("there is for 9506"), "{missing:?}");
    let mut unverified = exporter();
    unverified.evidence[0].verified_by = None;
    assert_eq!(rules(&unverified, |_| {}), one("COST_EVIDENCE_UNVERIFIED", Severity::Warning));
    let obtained = |value: &mut Value| value["goods"]["items"][0]["criterion"] = json!({"code": "WO"});
    assert!(rules(&unverified, obtained).is_empty(), "what comes from the ground has no cost statement");
}

#[test]
fn who_was_struck_off_files_nothing() {
    let exporter = Exporter { struck_off: true, ..exporter() };
    assert_eq!(rules(&exporter, |_| {}), one("EXPORTER_STRUCK_OFF", Severity::Error));
}

#[test]
fn a_cost_statement_that_is_declared_is_one_the_office_holds() {
    let particulars = offset_dates(FOOTBALLS, day("2026-11-20")).unwrap();
    let particulars = Particulars::read_json(particulars.as_bytes()).particulars.unwrap();
    let rules = |reference: &str, until: &str| {
        let statement = json!({"reference": reference, "date": "2026-01-01", "valid_until": until});
        let production = Production::read_json(json!({"cost_statements": [statement]}).to_string().as_bytes());
        let production = production.production.unwrap_or_else(|| panic!("{}", production.findings));
        let findings = exporter().against(&particulars, Some(&production), day("2026-11-20"));
        findings.into_iter().map(|one| one.rule).collect::<Vec<_>>()
    };
    assert!(rules("CS-2026-7", "2026-11-21").is_empty());
    assert_eq!(rules("CS-2026-7", "2027-11-21"), ["COST_STATEMENT_DATES"]);
    assert_eq!(rules("CS-2026-8", "2026-11-21"), ["COST_STATEMENT_UNKNOWN"]);
}
