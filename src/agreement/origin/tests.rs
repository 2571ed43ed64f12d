//! Worked examples with figures computed by hand, and random ones against an independent reckoning.

mod cumulation;
mod methods;
mod properties;
mod quantities;
mod shipped;

use super::*;
use crate::agreement::testing::{COMESA, COMESA_RULES, CPFTA, CPFTA_RULES, FOOTBALLS, SOAP, particulars};
use crate::agreement::{Agreement, AgreementErrors, Agreements};
use crate::certificate::{Finding, Particulars, Severity};
use crate::production::Production;
use crate::time::Date;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn production(toml: &str) -> Production {
    let reading = Production::read_toml(toml);
    reading.production.unwrap_or_else(|| panic!("{}\n{toml}", reading.findings))
}

/// The agreement of `text` with the rules of `rules`.
fn with_rules(text: &str, rules: &str) -> Agreement {
    let all = Agreements::load([("a.toml", text), ("a.rules.toml", rules)]);
    all.unwrap_or_else(|errors| panic!("{errors}")).iter().next().unwrap().clone()
}

/// CPFTA with one general rule instead of its own, for goods valued free on board.
fn cpfta(rule: &str, more: &str) -> Agreement {
    let text = CPFTA.replacen(
        "de_minimis = { confirmed = false }",
        r#"de_minimis = { value = { percent = "10", of = "fob" }, article = "Rule 9", confirmed = true }"#,
        1,
    );
    let rules = format!(
        r#"
        format = 1
        rules_of = "CPFTA"
        [[editions]]
        of = "2007"
        product_rules = {{ value = "instead", article = "Rule 6", confirmed = true }}
        products_complete = {{ value = true, article = "Rule 6", confirmed = true }}
        value_of = {{ value = "fob", article = "Rule 4", confirmed = true }}
        regional_methods = {{ value = ["build_down", "build_up"], article = "Rule 4", confirmed = true }}
        minimal_operations = {{ value = ["PACKING"], article = "Rule 7", confirmed = true }}
        {more}
        [[editions.general]]
        criterion = "VALUE_CONTENT"
        rule = '{rule}'
        article = "Rule 4"
        confirmed = true
        "#
    );
    with_rules(&text, &rules)
}

/// The footballs, whose value on the certificate is what `toml` declares.
fn judged(agreement: &Agreement, toml: &str) -> OriginJudgement {
    let round = toml.contains(r#"value = "100000", currency = "USD", term = "FOB""#);
    let text = if round { FOOTBALLS.replace("142800.00", "100000") } else { FOOTBALLS.to_owned() };
    judged_of(agreement, &particulars(&text), toml, &Rates::none())
}

fn judged_of(agreement: &Agreement, of: &Particulars, toml: &str, rates: &Rates) -> OriginJudgement {
    agreement.judge_origin(of, &production(toml), rates, date("2026-11-12"))
}

/// An item whose figures are all there, at 100,000 USD on board.
fn item(materials: &str, more: &str) -> String {
    format!(
        r#"
        [[items]]
        item = 1
        materials_complete = true
        minimal_operations_only = false
        processes = [{{ code = "WEAVING", evidence = "report 7" }}]
        price = {{ value = "100000", currency = "USD", term = "FOB" }}
        materials = [{materials}]
        {more}
        "#
    )
}

#[track_caller]
fn the_one(judgement: &OriginJudgement, severity: Severity, rule: &str) -> Finding {
    let found = judgement.findings.iter().filter(|one| one.severity == severity && one.rule == rule);
    let [one] = found.collect::<Vec<_>>()[..] else { panic!("{rule}: {}", judgement.findings) };
    one.clone()
}

fn material(hs: &str, origin: &str, value: &str) -> String {
    format!(
        r#"{{ description = "m{hs}", hs = {{ code = "{hs}", edition = "2022" }}, origin = "{origin}",
            price = {{ value = "{value}", currency = "USD" }} }},"#
    )
    .replace('\n', " ")
}

#[track_caller]
fn only(judgement: &OriginJudgement) -> &ItemOrigin {
    let [item] = judgement.items.as_slice() else { panic!("{:?}", judgement.items) };
    item
}

/// The answers of the only rule: national, cumulative.
#[track_caller]
fn answers(judgement: &OriginJudgement) -> (Answer, Answer) {
    let rule = only(judgement).rules.first().unwrap();
    (rule.national.answer, rule.cumulative.answer)
}

fn said(judgement: &OriginJudgement, severity: Severity, rule: &str) -> Vec<String> {
    let found = judgement.findings.iter().filter(|one| one.severity == severity && one.rule == rule);
    found.map(ToString::to_string).collect()
}
