use super::*;

/// 142,800 on board; leather 50,122.80 from elsewhere, bladders 20,000 from China with their certificate.
/// National: (142,800 - 70,122.80) / 142,800 = 50.89 %; cumulative: (142,800 - 50,122.80) / 142,800 = 64.9 %.
const BALLS: &str = r#"
[[items]]
item = 1
materials_complete = true
minimal_operations_only = false
processes = [{ code = "CUT_AND_BONDED" }]
price = { value = "142800.00", currency = "USD", term = "FOB" }

[[items.materials]]
description = "Synthetic leather"
hs = { code = "590320", edition = "2022" }
origin = "undetermined"
price = { value = "50122.80", currency = "USD", term = "CIF" }

[[items.materials]]
description = "Bladders"
hs = { code = "401699", edition = "2022" }
origin = "CN"
evidence = [{ kind = "certificate", reference = "P26470Z100010042", country = "CN" }]
price = { value = "20000", currency = "USD", term = "CIF" }

[[items.materials]]
description = "Latex glue"
hs = { code = "350691", edition = "2022" }
origin = "originating"
price = { value = "9000", currency = "USD" }
"#;

fn shipped_cpfta() -> Agreement {
    with_rules(CPFTA, CPFTA_RULES)
}

#[test]
fn the_footballs_qualify_on_both_bases_and_the_figures_are_kept() {
    let judgement = judged(&shipped_cpfta(), BALLS);
    let item = only(&judgement);
    assert_eq!(item.outcome, Outcome::Qualifies);
    let rule = item.rules.iter().find(|rule| rule.criterion.as_str() == "VALUE_CONTENT").unwrap();
    assert_eq!(rule.national.percentage.unwrap().to_string(), "50.894397");
    assert_eq!(rule.cumulative.percentage.unwrap().to_string(), "64.9");
    // The certificate claims 64.9 % on the cumulative basis, and the figures say so.
    assert!(judgement.findings.is_empty(), "{}", judgement.findings);
}

#[test]
fn a_percentage_better_than_the_figures_is_refused_with_the_figures() {
    let claims = |percent: &str, basis: &str| {
        let text =
            FOOTBALLS.replacen("exact = \"64.9\", basis = \"cumulative\"", &format!("exact = \"{percent}\"{basis}"), 1);
        judged_of(&shipped_cpfta(), &particulars(&text), BALLS, &Rates::none())
    };
    let better = said(&claims("65", ", basis = \"cumulative\""), Severity::Error, "PERCENTAGE_STATED");
    assert!(
        better[0].contains("65 % is stated; the materials listed give 64.9 % on the cumulative basis"),
        "{better:?}"
    );
    assert!(better[0].contains("Rule 4"), "{better:?}");
    assert_eq!(said(&claims("38", ", basis = \"cumulative\""), Severity::Warning, "PERCENTAGE_STATED").len(), 1);
    assert!(claims("64", ", basis = \"cumulative\"").findings.is_empty(), "cut off is the same figure");
    assert!(claims("50.89", "").findings.is_empty(), "without a basis, the national one is met already");
    assert_eq!(said(&claims("64.9", ", basis = \"national\""), Severity::Error, "PERCENTAGE_STATED").len(), 1);
}

#[test]
fn a_criterion_that_is_not_met_is_refused_with_what_is() {
    let low = BALLS.replace("50122.80", "95000");
    let judgement = judged(&shipped_cpfta(), &low);
    let refused = said(&judgement, Severity::Error, "ORIGIN_CLAIM");
    assert!(refused[0].contains("(142800 - 95000) / 142800 x 100 = 33.47 %; at least 40 % is asked"), "{refused:?}");
    // A list of product rules that is not held may yet hold one that is met.
    assert_eq!(only(&judgement).outcome, Outcome::Unknown);
    let why = &only(&judgement).figures[0].text;
    assert!(why.starts_with("none of the rules held here is met; CPFTA may have a rule for this product"), "{why}");
    assert!(why.contains("the list of Rule 6 was not found"), "{why}");
    let silent = FOOTBALLS.replace(
        r#"criterion = { code = "VALUE_CONTENT", percentage = { exact = "64.9", basis = "cumulative" } }"#,
        "",
    );
    let unclaimed = judged_of(&shipped_cpfta(), &particulars(&silent), &low, &Rates::none());
    assert!(said(&unclaimed, Severity::Unknown, "ORIGIN")[0].contains(why.as_str()), "{}", unclaimed.findings);
    let wholly =
        particulars(&FOOTBALLS.replace(
            r#"code = "VALUE_CONTENT", percentage = { exact = "64.9", basis = "cumulative" }"#,
            "code = \"WO\"",
        ));
    let judgement = judged_of(&shipped_cpfta(), &wholly, BALLS, &Rates::none());
    let refused = said(&judgement, Severity::Error, "ORIGIN_CLAIM");
    assert!(
        refused[0].contains("not declared") && refused[0].contains("supports `VALUE_CONTENT`, 50.89 %"),
        "{refused:?}"
    );
}

/// The refusal says what is asked and by which article; a line of more than 240 characters would be cut off.
#[test]
fn what_may_be_written_instead_fits_into_one_line_with_its_figures() {
    let text = FOOTBALLS.replacen("64.9", "38", 1);
    let (agreement, of) = (shipped_cpfta(), particulars(&text));
    let mut findings = agreement.judged(&of, date("2026-11-12")).findings;
    findings.extend(judged_of(&agreement, &of, BALLS, &Rates::none()).findings);
    with_alternatives(&mut findings);
    let refused = findings.iter().find(|one| one.rule == "THRESHOLD").unwrap();
    assert!(refused.article.as_ref().unwrap().contains("Rule 4"), "{refused}");
    let help = refused.help.as_ref().unwrap();
    assert!(help.starts_with("write `64`: ") && help.ends_with("/ 142800 x 100 = 64.9 %)"), "{help}");
    assert!(help.chars().count() < 240, "{help}");
}

#[test]
fn the_value_on_the_certificate_is_the_price_declared() {
    let judgement = judged(&shipped_cpfta(), &BALLS.replace("142800.00", "142900"));
    assert!(said(&judgement, Severity::Error, "VALUE_DIFFERS")[0].contains("the price declared gives 142900"));
}

#[test]
fn an_item_nobody_declared_is_not_judged_and_not_passed_over() {
    let judgement = judged(&shipped_cpfta(), "[[items]]\nitem = 9");
    assert_eq!(only(&judgement).outcome, Outcome::Unknown);
    assert_eq!(said(&judgement, Severity::Unknown, "PRODUCTION").len(), 1);
}

#[test]
fn without_rules_nothing_is_judged_and_that_is_said() {
    let bare = Agreements::load([("a.toml", CPFTA)]).unwrap().iter().next().unwrap().clone();
    let judgement = judged(&bare, BALLS);
    assert_eq!(said(&judgement, Severity::Unknown, "ORIGIN_RULES").len(), 1);
    assert_eq!(only(&judgement).outcome, Outcome::Unknown);
}

/// (31,500 - 19,530) / 31,500 = 38 % of the ex-factory cost.
const BARS: &str = r#"
[[items]]
item = 1
materials_complete = true
minimal_operations_only = false
processes = [{ code = "SAPONIFICATION" }]
costs = { ex_factory_cost = { value = "31500", currency = "USD" } }

[[items.materials]]
description = "Palm stearin"
hs = { code = "151190", edition = "2022" }
origin = "MY"
price = { value = "17000", currency = "USD", term = "CIF" }

[[items.materials]]
description = "Perfume"
hs = { code = "330290", edition = "2022" }
origin = "undetermined"
price = { value = "2530", currency = "USD", term = "CIF" }

[[items.materials]]
description = "Caustic soda"
hs = { code = "281511", edition = "2022" }
origin = "originating"
price = { value = "3000", currency = "USD" }
"#;

#[test]
fn the_soap_of_comesa_adds_38_per_cent_and_changes_heading() {
    let comesa = with_rules(COMESA, COMESA_RULES);
    let judgement = judged_of(&comesa, &particulars(SOAP), BARS, &Rates::none());
    let item = only(&judgement);
    assert_eq!(item.outcome, Outcome::Qualifies);
    let answer = |code: &str| {
        let rule = item.rules.iter().find(|rule| rule.criterion.as_str() == code).unwrap();
        (rule.national.answer, rule.national.percentage.map(|percent| percent.to_string()), rule.confirmed)
    };
    assert_eq!(answer("VALUE_ADDED"), (Answer::Met, Some("38".to_owned()), true));
    // 19,530 of 22,530 is 86.68 % of the materials.
    assert_eq!(answer("MATERIAL_CONTENT"), (Answer::NotMet, Some("86.684420".trim_end_matches('0').to_owned()), true));
    assert_eq!(answer("CTH"), (Answer::Met, None, false));
    assert!(judgement.findings.is_empty(), "{}", judgement.findings);
    let egyptian = BARS
        .replace("origin = \"MY\"", "origin = \"EG\", evidence = [{ kind = \"certificate\", reference = \"EG 1\" }]");
    let egyptian = egyptian.replace("\"EG\", evidence", "\"EG\"\nevidence");
    let judgement = judged_of(&comesa, &particulars(SOAP), &egyptian, &Rates::none());
    let rule = only(&judgement).rules.iter().find(|rule| rule.criterion.as_str() == "MATERIAL_CONTENT").unwrap();
    assert_eq!((rule.national.answer, rule.cumulative.answer), (Answer::NotMet, Answer::Met));
}

/// A new agreement is a file, and its rules another.
#[test]
fn a_new_agreement_with_its_rules_is_two_files() {
    let text = CPFTA.replacen("code = \"CPFTA\"", "code = \"NEW-1\"", 1);
    let rules = CPFTA_RULES.replacen("rules_of = \"CPFTA\"", "rules_of = \"NEW-1\"", 1).replacen(
        "rule = \"RVC(40)\"",
        "rule = \"CTH and RVC(64)\"",
        1,
    );
    let of = particulars(&FOOTBALLS.replacen("agreement = \"CPFTA\"", "agreement = \"NEW-1\"", 1));
    let judgement = judged_of(&with_rules(&text, &rules), &of, BALLS, &Rates::none());
    assert_eq!(only(&judgement).outcome, Outcome::Qualifies);
    assert_eq!(only(&judgement).supports.as_ref().unwrap().basis.as_str(), "cumulative");
}
