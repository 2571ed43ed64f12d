use super::{
    super::testing::{FOOTBALLS, agreements, on, particulars},
    *,
};
use crate::certificate::Severity;

fn specimens() -> Vec<(Agreement, Edition, Form)> {
    let agreements = agreements();
    let mut all = Vec::new();
    for agreement in agreements.iter() {
        for edition in &agreement.editions {
            for form in &edition.forms {
                all.push((agreement.clone(), edition.clone(), form.clone()));
            }
        }
    }
    all
}

#[test]
fn a_specimen_shows_a_route_and_goods_that_its_agreement_allows() {
    let rules = ["MEMBERSHIP", "DIRECTION", "ROUTE_CLOSED", "SCHEME_CLOSED", "HS_DIGITS", "CRITERION", "THRESHOLD"];
    for (agreement, edition, form) in specimens() {
        if edition.code != agreement.editions.last().unwrap().code {
            continue;
        }
        let of = SpecimenOf { agreement: &agreement, edition: &edition, form: &form };
        let mut brought = particulars(FOOTBALLS);
        fit::fit(of, &mut brought, on()).unwrap();
        let judged = agreement.judge(&brought, on(), &Holidays::default());
        let errors = judged.findings.iter().filter(|one| one.severity == Severity::Error);
        let wrong = errors
            .filter(|one| rules.contains(&one.rule.as_str()) || one.path.starts_with("goods.items"))
            .collect::<Vec<_>>();
        assert!(wrong.is_empty(), "{} {}: {wrong:#?}", agreement.code, form.code);
        assert_ne!(brought.from, brought.to);
    }
}

#[test]
fn a_criterion_is_printed_on_a_specimen_as_on_a_certificate() {
    let agreements = agreements();
    let printed = |code: &str, criterion: &str| {
        let agreement = agreements.get(&code.parse().unwrap()).unwrap();
        let edition = agreement.editions.last().unwrap();
        let form = edition.forms.first().unwrap();
        let mut text = FOOTBALLS.replace("\"CPFTA\"", &format!("\"{code}\""));
        if code == "CPFTA" {
            let whole = text.find("\"criterion\"").unwrap();
            let end = text.find("\"quantities\"").unwrap();
            text.replace_range(whole..end, &format!("\"criterion\": {{\"code\": \"{criterion}\"}}, "));
        }
        let brought = if code == "CPFTA" { particulars(&text) } else { particulars(FOOTBALLS) };
        let filled = filled(SpecimenOf { agreement, edition, form }, brought, on()).unwrap();
        filled.certificate.goods.items[0].criterion.as_ref().unwrap().printed.as_ref().unwrap().to_string()
    };
    assert_eq!(printed("CPFTA", "WO"), "P");
    assert_eq!(printed("RCEP", ""), "RVC");
}
