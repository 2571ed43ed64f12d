//! `origin certificate template` and `check`: everything at once, with path, rule and article.

use crate::support::{FOOTBALLS, folder, origin, origin_with, text, write};

#[test]
fn a_template_names_what_is_to_be_filled_in_for_each_agreement() {
    for code in ["CPFTA", "cpfta", "COMESA", "NONPREF"] {
        let said = origin(&["certificate", "template", "--agreement", code]).good();
        assert!(said.out.contains("agreement = "), "{}", said.out);
        let checked = origin_with(said.out.as_bytes(), &["certificate", "check", "-"]);
        assert_eq!(checked.code, 1, "an empty template was found good:\n{}", checked.out);
        assert!(!checked.out.contains("UNKNOWN_MEMBER"), "{}", checked.out);
    }
}

#[test]
fn a_mistyped_agreement_is_answered_with_the_one_that_was_meant() {
    origin(&["certificate", "template", "--agreement", "CPTFA"]).bad(1, &["CPTFA", "--agreement CPFTA"]);
}

#[test]
fn a_good_file_can_be_issued() {
    let folder = folder();
    let file = write(folder.path(), "footballs.toml", FOOTBALLS);
    let said = origin(&["certificate", "check", text(&file), "--on", "2026-11-22"]).good();
    assert!(said.out.contains("can be issued"), "{}", said.out);
    assert!(said.err.contains("judged as of 2026-11-22"), "{}", said.err);
}

#[test]
fn every_mistake_is_reported_at_once_with_its_path_and_what_was_meant() {
    let folder = folder();
    let bad = FOOTBALLS
        .replace("consignee.party", "consigne.party")
        .replace("\"950662\"", "\"95066\"")
        .replace("currency = \"USD\"", "currency = \"DOLLAR\"");
    let file = write(folder.path(), "bad.toml", &bad);
    let said = origin(&["certificate", "check", text(&file), "--on", "2026-11-22", "--format", "json"]);
    assert_eq!(said.code, 1);
    let findings = said.json()["findings"].as_array().unwrap().clone();
    let find = |path: &str| {
        let found = findings.iter().find(|one| one["path"].as_str().unwrap().contains(path));
        found.unwrap_or_else(|| panic!("{path}: {findings:#?}")).to_string()
    };
    assert!(find("consigne").contains("consignee"));
    find("hs.code");
    find("currency");
}

/// Spelling and rules in one round: who mends what is named has not the next list of mistakes before him.
#[test]
fn what_the_rules_say_is_said_though_members_cannot_be_read() {
    let folder = folder();
    let bad = FOOTBALLS
        .replace("[consignee.party]\nname = \"Shanghai Yuhe Sporting Goods Co Ltd\"\n", "")
        .replace("address = [\"Pudong, Shanghai\"]\ncountry = \"CN\"\n", "")
        .replace("\"VALUE_CONTENT\", percentage = { exact = \"64.9\", basis = \"cumulative\" }", "\"XYZ\"")
        .replace("planned = \"2026-11-18\"", "planned = \"2026-01-18\", dat = 1")
        .replace("\"950662\"", "\"95066\"")
        .replace("[[goods.items]]", "containers = [{ number = \"MSKU1234567\" }]\n\n[[goods.items]]");
    let file = write(folder.path(), "bad.toml", &bad);
    let said = origin(&["certificate", "check", text(&file), "--on", "2026-11-22", "--format", "json"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let document = said.json();
    let findings = document["findings"].as_array().unwrap();
    for path in ["hs.code", "departure.dat", "containers[0]", "consignee", "criterion", "transport.departure"] {
        let found = findings.iter().any(|one| one["path"].as_str().unwrap().contains(path));
        assert!(found, "nothing of {path}: {findings:#?}");
    }
    assert!(findings.iter().any(|one| one["rule"] == "CRITERION_UNKNOWN" || one.to_string().contains("XYZ")));
}

#[test]
fn a_rule_is_named_with_its_article() {
    let folder = folder();
    let file = write(folder.path(), "low.toml", &FOOTBALLS.replace("\"64.9\"", "\"39.9\""));
    let said = origin(&["certificate", "check", text(&file), "--on", "2026-11-22"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.out.contains("40") && said.out.contains("Rules of origin"), "{}", said.out);
}

#[test]
fn rows_are_judged_each_by_itself() {
    let good = r#"{"agreement":"NONPREF"}"#;
    let said =
        origin_with(format!("{good}\nnot json\n").as_bytes(), &["certificate", "check", "-", "--format", "json"]);
    assert_eq!(said.code, 1);
    let rows =
        said.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()).collect::<Vec<_>>();
    assert_eq!(rows.iter().map(|row| row["row"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_file_that_is_not_there_or_is_no_text_is_one_line() {
    let folder = folder();
    origin(&["certificate", "check", "nowhere.toml"]).bad(1, &["there is no file `nowhere.toml`"]);
    let file = folder.path().join("noise");
    std::fs::write(&file, [0xff, 0xfe, 0x00]).unwrap();
    origin(&["certificate", "check", text(&file)]).bad(1, &["not UTF-8"]);
    origin(&["certificate", "check", text(folder.path())]).bad(1, &[]);
}
