use super::*;
use crate::certificate::Severity;
use proptest::prelude::*;
use std::path::Path;

fn example() -> Production {
    let reading = Production::read_toml(TEMPLATE);
    reading.production.unwrap_or_else(|| panic!("{}", reading.findings))
}

fn places(reading: &ProductionReading) -> Vec<(String, String)> {
    reading.findings.iter().map(|finding| (finding.path.clone(), finding.rule.clone())).collect()
}

fn price(value: &str, term: &str, steps: &[(&str, &str)]) -> Price {
    let steps: Vec<_> = steps.iter().map(|(step, value)| serde_json::json!({"step": step, "value": value})).collect();
    let json = serde_json::json!({"value": value, "currency": "USD", "term": term, "adjustments": steps});
    serde_json::from_value(json).unwrap()
}

#[test]
fn the_template_reads_as_it_stands_and_comes_back_from_json() {
    let production = example();
    assert_eq!(production.items[0].materials.len(), 2);
    let again = Production::read_json(production.to_json().as_bytes());
    assert_eq!(again.production, Some(production.clone()));
    let kept: Production = serde_json::from_str(&serde_json::to_string(&production).unwrap()).unwrap();
    assert_eq!(kept, production);
}

#[test]
fn every_mistake_is_named_at_once_with_its_path_and_what_was_meant() {
    let bad = r#"{"items":[{"item":0,"materials":[{"description":"x","origin":"Chinese","price":{"value":"1.000,50",
        "currency":"RMB","term":"CIF"}}],"processes":[{"code":"cut and sewn"}],"prize":1}]}"#;
    let reading = Production::read_json(bad.as_bytes());
    assert_eq!(reading.production, None);
    let found = places(&reading);
    for expected in [
        ("items[0].prize", "UNKNOWN_MEMBER"),
        ("items[0].item", "OUT_OF_RANGE"),
        ("items[0].materials[0].origin", "MATERIAL_ORIGIN"),
        ("items[0].materials[0].price.value", "DECIMAL"),
        ("items[0].materials[0].price.currency", "CURRENCY"),
        ("items[0].processes[0].code", "PROCESS_CODE"),
    ] {
        assert!(found.contains(&(expected.0.to_owned(), expected.1.to_owned())), "{expected:?}: {found:#?}");
    }
    let help = |rule: &str| reading.findings.iter().find(|f| f.rule == rule).unwrap().help.clone().unwrap();
    assert!(help("UNKNOWN_MEMBER").contains("`price`"));
    assert!(help("PROCESS_CODE").contains("`CUT_AND_SEWN`"));
}

#[test]
fn what_contradicts_itself_is_said() {
    let toml = r#"
        [[items]]
        item = 1
        obtained = { kind = "mined" }
        price = { value = "10", currency = "USD" }
        materials = [{ description = "dye", origin = "CN", content_percent = "101" }]
        [[items]]
        item = 1
        [[cost_statements]]
        reference = "MCS"
        date = "2026-06-01"
        valid_until = "2026-05-31"
        lines = [{ item = 7 }]
    "#;
    let reading = Production::read_toml(toml);
    assert_eq!(
        places(&reading).iter().map(|(path, rule)| (path.as_str(), rule.as_str())).collect::<Vec<_>>(),
        [
            ("items[0].price.term", "PRICE_TERM"),
            ("items[0].obtained", "OBTAINED"),
            ("items[0].materials[0].content_percent", "CONTENT_PERCENT"),
            ("items[0].materials[0].evidence", "EVIDENCE"),
            ("items[1].item", "ITEM_TWICE"),
            ("cost_statements[0].valid_until", "COST_STATEMENT"),
            ("cost_statements[0].lines[0].item", "COST_STATEMENT"),
        ]
    );
    assert!(reading.findings.iter().any(|finding| finding.severity == Severity::Warning));
}

/// 130,000 CIF less 8,000 freight and 1,200 insurance is 120,800 on board; less 300 loading and 500 carriage,
/// 120,000 at the gate.
#[test]
fn a_price_becomes_another_by_the_steps_listed() {
    let steps = [
        ("insurance", "1200"),
        ("freight", "8000"),
        ("loading", "300"),
        ("inland_carriage", "450.50"),
        ("inland_carriage", "49.50"),
    ];
    let cif = price("130000.00", "CIF", &steps);
    assert_eq!(cif.at(Basis::Cif).unwrap().to_string(), "130000.00");
    assert_eq!(cif.at(Basis::Fob).unwrap(), "120800".parse().unwrap());
    assert_eq!(cif.at(Basis::ExWorks).unwrap(), "120000".parse().unwrap());
    assert_eq!(cif.working(Basis::Fob), "130000.00 USD CIF - 1200 insurance - 8000 freight");
    assert_eq!(price("120000", "EXW", &steps).at(Basis::Cif).unwrap(), "130000".parse().unwrap());
    assert_eq!(price("1", "FOB", &[]).at(Basis::Fob).unwrap(), "1".parse().unwrap());
}

/// A price of 100 with the freight in it cannot hold a freight of 150.
#[test]
fn a_price_whose_steps_are_more_than_it_is_refused() {
    let judged = |term: &str, value: &str, steps: &str| {
        let toml = format!(
            "[[items]]\nitem = 1\nprice = {{ value = \"{value}\", currency = \"USD\", term = \"{term}\", adjustments = [{steps}] }}"
        );
        places(&Production::read_toml(&toml))
    };
    let exceeded = [("items[0].price.adjustments".to_owned(), "PRICE_ADJUSTMENTS".to_owned())];
    let freight = r#"{ step = "freight", value = "150" }"#;
    assert_eq!(judged("CIF", "100", freight), exceeded);
    assert_eq!(judged("CFR", "149.99", freight), exceeded);
    assert!(judged("CIF", "150", freight).is_empty());
    assert_eq!(judged("CIF", "150", &format!(r#"{freight}, {{ step = "insurance", value = "0.01" }}"#)), exceeded);
    // What comes behind the term is added to the price, and may be more.
    assert!(judged("FOB", "100", freight).is_empty());
    let material = format!(
        "[[items]]\nitem = 1\nmaterials = [{{ description = \"x\", origin = \"IN\", price = {{ value = \"1\", currency = \"USD\", term = \"CFR\", adjustments = [{freight}] }} }}]"
    );
    let found = places(&Production::read_toml(&material));
    assert_eq!(found[0].0, "items[0].materials[0].price.adjustments");
}

#[test]
fn a_quantity_of_nothing_and_the_paper_of_another_country_are_said() {
    let toml = r#"
        [[items]]
        item = 1
        per = { value = "0", unit = "H87" }
        [[items.materials]]
        description = "bladders"
        origin = "CN"
        evidence = [{ kind = "certificate", reference = "P1", country = "CN" },
            { kind = "certificate", reference = "P2", country = "IN" }]
    "#;
    let reading = Production::read_toml(toml);
    let expected = [("items[0].per", "ZERO"), ("items[0].materials[0].evidence[1].country", "EVIDENCE")];
    assert_eq!(places(&reading), expected.map(|(path, rule)| (path.to_owned(), rule.to_owned())));
}

#[test]
fn a_step_that_is_not_listed_is_not_taken_for_nothing() {
    let cif = price("130000", "CIF", &[("insurance", "1200")]);
    assert_eq!(cif.at(Basis::Fob), Err(Missing::Step(Step::Freight)));
    assert_eq!(price("1", "CIF", &[("insurance", "1"), ("freight", "1")]).at(Basis::Fob), Err(Missing::Negative));
    let domestic = Price { term: None, ..cif };
    assert_eq!(domestic.at(Basis::Fob), Err(Missing::Term));
}

#[test]
fn the_published_schema_is_the_readers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/production-v1.schema.json");
    let written = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("WRITE_SCHEMA").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == written,
        "docs/production-v1.schema.json differs from the reader; if the form was meant to change, run this test with \
         WRITE_SCHEMA=1"
    );
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let example: serde_json::Value = serde_json::from_str(&example().to_json()).unwrap();
    assert!(validator.is_valid(&example));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,300}") {
        let _ = Production::read_json(text.as_bytes());
        let _ = Production::read_toml(&text);
    }

    #[test]
    fn there_and_back_is_the_same_price(value in 0u32..1_000_000, freight in 0u32..1_000_000, insurance in 0u32..9_999) {
        let steps = [("freight", freight.to_string()), ("insurance", insurance.to_string())];
        let steps: Vec<_> = steps.iter().map(|(step, value)| (*step, value.as_str())).collect();
        let fob = price(&value.to_string(), "FOB", &steps);
        let cif = fob.at(Basis::Cif).unwrap();
        prop_assert_eq!(price(&cif.to_string(), "CIF", &steps).at(Basis::Fob).unwrap(), fob.value);
    }
}
