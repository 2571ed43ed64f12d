use super::*;
use crate::agreement::{
    Known, Validity,
    testing::{COMESA, CPFTA, shipped},
};

fn faults(text: &str) -> Vec<String> {
    let Err(AgreementErrors(faults)) = Agreements::load([("a.toml", text)]) else { panic!("the file was taken") };
    faults.into_iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect()
}

#[test]
fn the_shipped_files_load() {
    let all = shipped();
    let codes: Vec<String> = all.iter().map(|agreement| agreement.code.to_string()).collect();
    assert_eq!(codes, ["COMESA", "CPFTA", "NONPREF"]);
    let comesa = all.get(&"COMESA".parse().unwrap()).unwrap();
    assert_eq!(comesa.parties.members.len(), 21);
    let nonpref = all.get(&"NONPREF".parse().unwrap()).unwrap();
    let edition = nonpref.edition_on("2026-10-21".parse().unwrap()).unwrap();
    assert_eq!(edition.form_of("CN".parse().unwrap()).unwrap().code.to_string(), "CCPIT-CO");
    assert_eq!(edition.form_of("PK".parse().unwrap()).unwrap().code.to_string(), "EU8");
    assert_eq!(edition.validity.known(), Known::Confirmed(&Validity::Unlimited));
}

#[test]
fn every_mistake_of_every_file_is_reported_at_once() {
    let broken = CPFTA
        .replace("late_presentation =", "late_presentatoin =")
        .replace("window_months = { value = 12", "window_months = { value = \"twelve\"")
        .replace("counted_to = { value = \"issue\"", "counted_to = { value = \"isue\"")
        .replace("bound = \"at_least\"", "bound = \"atleast\"")
        .replace("{serial:6}", "{serial}");
    let Err(AgreementErrors(found)) = Agreements::load([("one.toml", broken.as_str()), ("two.toml", "format = 2")])
    else {
        panic!("the files were taken")
    };
    let seen = |file: &str, path: &str, part: &str| {
        assert!(
            found.iter().any(|f| f.file == file && f.path == path && f.message.contains(part)),
            "{file} {path} {part}\n{}",
            AgreementErrors(found.clone())
        );
    };
    seen("one.toml", "editions[0].late_presentatoin", "did you mean `late_presentation`?");
    seen("one.toml", "editions[0].retrospective.window_months.value", "whole number or \"none\"");
    seen("one.toml", "editions[0].retrospective.counted_to.value", "did you mean `issue`?");
    seen("one.toml", "editions[0].criteria[1].value.value.bound", "did you mean `at_least`?");
    seen("one.toml", "editions[0].numbers[1].series.value", "serial");
    seen("two.toml", "format", "format 2");
    seen("two.toml", "code", "is missing");
    seen("two.toml", "parties", "is missing");
}

#[test]
fn what_is_not_read_is_refused_and_not_ignored() {
    let file = CPFTA.replacen("[[editions]]\n", "[[editions]]\nproduct_rules_file = \"cpfta-rules.csv\"\n", 1);
    assert!(faults(&file)[0].starts_with("editions[0].product_rules_file: unknown member"), "{:?}", faults(&file));
}

#[test]
fn a_confirmed_figure_names_its_article_and_has_a_value() {
    let bare = CPFTA.replace(
        "records_years = { value = 2, article = \"GACC Decree 162 of 2007, annex, Rule 17\", confirmed = true }",
        "records_years = { confirmed = true }",
    );
    let found = faults(&bare);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().any(|f| f.starts_with("editions[0].records_years.confirmed: ")));
    assert!(found.iter().any(|f| f.starts_with("editions[0].records_years.article: ")));
}

#[test]
fn what_a_box_prints_in_full_leaves_places_for_the_countries_alone() {
    assert!(CPFTA.contains("were produced in {from} and"));
    for (wrong, told) in [("{country}", "`{country}`"), ("{", "`{ and")] {
        let found = faults(&CPFTA.replace("were produced in {from} and", &format!("were produced in {wrong} and")));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("editions[0].forms[0].boxes[11].words.value: ") && found[0].contains(told),
            "{found:?}"
        );
    }
}

#[test]
fn what_is_not_toml_is_said_with_its_place() {
    let found = faults("format = = 1");
    assert!(found[0].contains("not TOML") && found[0].contains("line 1"), "{found:?}");
}

#[test]
fn two_editions_never_share_a_day() {
    let second = CPFTA.split_once("[[editions]]").unwrap().1.replace("code = \"2007\"", "code = \"2020\"");
    let second = second.replace("from = \"2007-07-01\"", "from = \"2020-01-01\"");
    let found = faults(&format!("{CPFTA}\n[[editions]]\n{second}"));
    assert!(found.iter().any(|f| f.contains("`2007` and `2020` are in force on one day")), "{found:?}");
    let ended = CPFTA.replace("from = \"2007-07-01\"", "from = \"2007-07-01\", until = \"2019-12-31\"");
    let both = Agreements::load([("a.toml", format!("{ended}\n[[editions]]\n{second}"))]).unwrap();
    let agreement = both.get(&"CPFTA".parse().unwrap()).unwrap();
    let on = |date: &str| agreement.edition_on(date.parse().unwrap()).map(|edition| edition.code.to_string());
    assert_eq!(on("2019-12-31").as_deref(), Some("2007"));
    assert_eq!(on("2020-01-01").as_deref(), Some("2020"));
    assert_eq!(on("2007-06-30"), None);
}

#[test]
fn the_digest_names_the_files_and_what_stands_in_them() {
    let load = |name: &str, text: &str| Agreements::load([(name, text)]).unwrap().digest().to_owned();
    assert_eq!(load("a.toml", CPFTA), load("a.toml", CPFTA));
    assert_ne!(load("a.toml", CPFTA), load("b.toml", CPFTA));
    assert_ne!(load("a.toml", CPFTA), load("a.toml", &format!("{CPFTA}#")));
    let ways = [[("a", CPFTA), ("b", COMESA)], [("b", COMESA), ("a", CPFTA)]];
    let [one, other] = ways.map(|files| Agreements::load(files).unwrap().digest().to_owned());
    assert_eq!(one, other, "the order in which files are given does not matter");
}
