use super::*;
use Answer::{Met, NotMet, Unknown};

#[test]
fn materials_of_the_other_party_count_on_the_cumulative_basis_if_a_certificate_shows_it() {
    let rule = cpfta("RVC(40, build_down)", "");
    let evidence = r#"evidence = [{ kind = "certificate", reference = "P26470Z100010042" }],"#;
    let chinese = |evidence: &str| {
        let chinese = material("401699", "CN", "20000").replace("origin =", &format!("{evidence} origin ="));
        item(&(material("590320", "undetermined", "50000") + &chinese), "")
    };
    let shown = judged(&rule, &chinese(evidence));
    assert_eq!(answers(&shown), (NotMet, Met));
    let support = only(&shown).supports.as_ref().unwrap();
    assert_eq!((support.basis.as_str(), support.printed.as_deref()), ("cumulative", Some("50%")));
    assert_eq!(only(&shown).rules[0].national.percentage.unwrap().to_string(), "30");
    assert_eq!(answers(&judged(&rule, &chinese(""))), (NotMet, Unknown));
    // A country that is no party is none on either basis.
    assert_eq!(answers(&judged(&rule, &chinese(evidence).replace("\"CN\"", "\"VN\""))), (NotMet, NotMet));
}

/// A certificate of India shows what originates in India.
#[test]
fn a_certificate_of_another_country_shows_no_origin_of_this_one() {
    let rule = cpfta("RVC(40, build_down)", "");
    let chinese = |evidence: &str| {
        let chinese =
            material("401699", "CN", "20000").replace("origin =", &format!("evidence = [{evidence}], origin ="));
        judged(&rule, &item(&(material("590320", "undetermined", "50000") + &chinese), ""))
    };
    let of = |country: &str| format!(r#"{{ kind = "certificate", reference = "P26", country = "{country}" }}"#);
    let indian = chinese(&of("IN"));
    assert_eq!(answers(&indian), (NotMet, Unknown));
    let doubt = &only(&indian).rules[0].cumulative.doubts[0];
    assert!(doubt.contains("made out in IN") && doubt.contains("the origin CN"), "{doubt}");
    // Pakistan's own certificate shows what originates in Pakistan, not in China.
    assert_eq!(answers(&chinese(&of("PK"))), (NotMet, Unknown));
    assert_eq!(answers(&chinese(&of("CN"))), (NotMet, Met));
    assert_eq!(answers(&chinese(&format!("{}, {}", of("IN"), of("CN")))), (NotMet, Met), "one of them shows it");
    // One's own books show what was paid, and not where it originates.
    assert_eq!(answers(&chinese(r#"{ kind = "records", reference = "PO 7" }"#)), (NotMet, Unknown));
}

/// CPFTA where content of 20 % and more is carried forward, and 70 % is asked.
fn partial(least: &str) -> Agreement {
    let criterion = format!(
        r#"
        [[editions.criteria]]
        code = "PARTIAL_CUM"
        meaning = "content that only counts towards another's origin"
        value = {least}

        [editions.hs]"#
    );
    let text = CPFTA.replacen(r#"value = ["bilateral"]"#, r#"value = ["partial"]"#, 1);
    let text = text.replacen("[editions.hs]", &criterion, 1);
    with_rules(&text, &CPFTA_RULES.replacen("rule = \"RVC(40)\"", "rule = \"RVC(70)\"", 1))
}

const TWENTY: &str =
    r#"{ value = { bound = "at_least", percent = "20", of = "fob" }, article = "Rule 8", confirmed = true }"#;

fn value_content(judgement: &OriginJudgement) -> (Answer, Answer) {
    let rule = only(judgement).rules.iter().find(|rule| rule.criterion.as_str() == "VALUE_CONTENT").unwrap();
    (rule.national.answer, rule.cumulative.answer)
}

fn carried(agreement: &Agreement, foreign: &str, content: &str, country: &str) -> OriginJudgement {
    let evidence = format!(r#"evidence = [{{ kind = "certificate", reference = "P26"{country} }}], origin ="#);
    let given =
        material("401699", "CN", foreign).replace("origin =", &format!(r#"content_percent = "{content}", {evidence}"#));
    judged(agreement, &item(&given, ""))
}

/// 50,000 of which 40 % is content carried forward: 30,000 does not originate, so 70 % does.
#[test]
fn content_below_the_threshold_is_carried_forward_where_cumulation_is_full_or_partial() {
    let carries = partial(TWENTY);
    assert_eq!(value_content(&carried(&carries, "50000", "40", "")), (NotMet, Met));
    assert_eq!(value_content(&carried(&carries, "50000", "39.9", "")), (NotMet, NotMet));
    let rules = CPFTA_RULES.replacen("rule = \"RVC(40)\"", "rule = \"RVC(70)\"", 1);
    assert_eq!(value_content(&carried(&with_rules(CPFTA, &rules), "50000", "40", "")), (NotMet, NotMet));
    // A certificate of a country that is no party shows no content of the parties.
    assert_eq!(value_content(&carried(&carries, "50000", "40", ", country = \"IN\"")), (NotMet, Unknown));
}

/// 37,500 of which 20 % is content: 30,000 does not originate. A hundredth less is carried forward by nothing at all.
#[test]
fn content_below_the_least_that_is_carried_forward_counts_for_nothing() {
    let carries = partial(TWENTY);
    let at = carried(&carries, "37500", "20", "");
    assert_eq!(value_content(&at), (NotMet, Met));
    assert!(said(&at, Severity::Warning, "CONTENT_PERCENT").is_empty());
    let below = carried(&carries, "37500", "19.99", "");
    assert_eq!(value_content(&below), (NotMet, NotMet));
    let rule = only(&below).rules.iter().find(|rule| rule.criterion.as_str() == "VALUE_CONTENT").unwrap();
    assert_eq!(rule.cumulative.percentage.unwrap().to_string(), "62.5");
    let told = the_one(&below, Severity::Warning, "CONTENT_PERCENT");
    assert!(told.message.contains("19.99 %") && told.message.contains("from 20 % on"), "{told}");
    assert_eq!((told.article.as_deref(), told.form_box.as_deref()), (Some("Rule 8"), Some("8")));
    assert_eq!(told.path, "production.items[0].materials[0].content_percent");
    // What the least is, is not known, or not for sure.
    for unsure in ["{ confirmed = false }".to_owned(), TWENTY.replace("confirmed = true", "confirmed = false")] {
        assert_eq!(value_content(&carried(&partial(&unsure), "37500", "20", "")), (NotMet, Unknown), "{unsure}");
    }
}
