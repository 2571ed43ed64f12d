//! What a file can state of forms, routes and goods, and the finding each has.

use super::*;

/// The certificate's only item, several times.
fn with_items(agreement: &Agreement, issued_on: &str, count: usize) -> Judgement {
    let edition = agreement.edition_on(date(issued_on)).unwrap();
    let filling = Filling::of(agreement, edition, date(issued_on));
    let text = filling.fill(&agreement.template(), edition);
    let (before, rest) = text.split_once("[[goods.items]]").unwrap();
    let (item, after) = rest.split_once("[commercial]").unwrap();
    let mut text = before.to_owned();
    for number in 1..=count {
        text.push_str("[[goods.items]]");
        text.push_str(&item.replace("number = 1\n", &format!("number = {number}\n")));
    }
    agreement.judged(&particulars(&format!("{text}[commercial]{after}")), date(issued_on))
}

#[test]
fn the_twenty_first_item_is_refused_where_the_edition_takes_twenty() {
    let chafta = get("CHAFTA");
    assert!(with_items(&chafta, "2026-11-22", 20).ruling.is_some());
    let found = the_one(&with_items(&chafta, "2026-11-22", 21), Severity::Error, "ITEM_COUNT");
    assert!(found.message.contains("21 items") && !found.message.contains("box"), "{found}");
    assert_eq!(found.form_box.as_deref(), Some("6"));
    assert!(found.article.unwrap().contains("box 6"));
    // The old Form E: not confirmed, so it warns. The form since 20 August 2019 has no such note.
    the_one(&with_items(&get("ACFTA"), "2019-08-19", 21), Severity::Warning, "ITEM_COUNT");
    assert!(of(&with_items(&get("ACFTA"), "2019-08-20", 21), Severity::Warning, "ITEM_COUNT").is_empty());
    assert!(of(&with_items(&get("ATIGA"), "2026-11-22", 50), Severity::Error, "ITEM_COUNT").is_empty());
}

#[test]
fn two_sheets_are_refused_where_the_form_has_no_continuation() {
    let sheets = |continued: &str| {
        let cap = "max_items = { value = 20, article = \"Annex 3-A, box 6\", confirmed = true }";
        let per_sheet = format!(
            "max_items = {{ value = {{ per_sheet = 20 }}, article = \"Annex 3-A, box 6\", confirmed = true }}\n{continued}"
        );
        changed("chafta.toml", &[(cap, per_sheet.as_str())])
    };
    let allowed = sheets("continuation_sheets = { value = true, article = \"X\", confirmed = true }");
    assert!(with_items(&allowed, "2026-11-22", 21).ruling.is_some());
    let refused = sheets("continuation_sheets = { value = false, article = \"Annex 3-A, form\", confirmed = true }");
    assert!(with_items(&refused, "2026-11-22", 20).ruling.is_some());
    let found = the_one(&with_items(&refused, "2026-11-22", 41), Severity::Error, "CONTINUATION_SHEETS");
    assert!(found.message.contains("3 sheets") && found.article.unwrap() == "Annex 3-A, form");
    assert_eq!(found.form_box.as_deref(), Some("6"));
    let unknown = with_items(&sheets(""), "2026-11-22", 21);
    the_one(&unknown, Severity::Unknown, "CONTINUATION_SHEETS");
    assert!(unknown.ruling.is_some());
}

#[test]
fn an_english_form_filled_in_urdu_alone_is_refused_and_urdu_beside_english_is_not() {
    let cpfta = get("CPFTA");
    let judge = |changes: &[(&str, &str)]| judged(&cpfta, "2026-11-22", changes);
    let urdu = judge(&[("description = \"Filled\"", "description = \"فٹ بال\"")]);
    let found = the_one(&urdu, Severity::Error, "LANGUAGE");
    assert!(found.path == "goods.items[0].description" && found.message.contains("(box 7)"), "{found}");
    assert!(found.article.unwrap().contains("Rules 1-7"));
    assert!(judge(&[("description = \"Filled\"", "description = \"Footballs فٹ بال\"")]).ruling.is_some());
    assert!(judge(&[("description = \"Filled\"", "description = \"950662-7\"")]).ruling.is_some(), "no letters at all");
    let name = "[consignee.party]\nname = \"上海裕和体育用品有限公司\"";
    the_one(&judge(&[("[consignee.party]\nname = \"Filled\"", name)]), Severity::Error, "LANGUAGE");
    let both = format!("{name}\nother_name = \"Shanghai Yuhe\"");
    assert!(judge(&[("[consignee.party]\nname = \"Filled\"", &both)]).ruling.is_some());

    let stated = |languages: &str| judge(&[("[reference]", &format!("[reference]\nlanguages = [{languages}]"))]);
    the_one(&stated("\"ur\""), Severity::Error, "LANGUAGE");
    assert!(stated("\"ur\", \"en\"").ruling.is_some());
}

#[test]
fn a_consignee_to_order_is_refused_where_a_name_is_required() {
    let named = "to_order = { value = false, article = \"Form, box 2\", confirmed = true }";
    let cpfta = changed("cpfta.toml", &[("to_order = { confirmed = false }", named)]);
    let order =
        judged(&cpfta, "2026-11-22", &[("[consignee.party]", "[consignee]\nto_order = true\n[consignee.party]")]);
    let found = the_one(&order, Severity::Error, "TO_ORDER");
    assert!(found.message.contains("(box 2)") && found.article.unwrap() == "Form, box 2");
    let apta =
        judged(&get("APTA"), "2026-11-22", &[("[consignee.party]", "[consignee]\nto_order = true\n[consignee.party]")]);
    assert!(apta.ruling.is_some());
}

#[test]
fn words_that_consign_to_order_are_no_name() {
    let named = "to_order = { value = false, article = \"Form, box 2\", confirmed = true }";
    let cpfta = changed("cpfta.toml", &[("to_order = { confirmed = false }", named)]);
    let consigned = |name: &str| {
        let party = format!("[consignee.party]\nname = \"{name}\"");
        judged(&cpfta, "2026-11-22", &[("[consignee.party]\nname = \"Filled\"", &party)])
    };
    for name in ["TO ORDER", "To the order of Habib Bank Ltd", "to order.", "Order", "Habib Bank, to the order of X"] {
        let found = the_one(&consigned(name), Severity::Error, "TO_ORDER");
        assert_eq!((found.path.as_str(), found.message.contains(name)), ("consignee.party.name", true), "{found}");
        assert_eq!(found.article.unwrap(), "Form, box 2");
    }
    for name in ["To Orderly Ltd", "Made to Order Fashion Ltd", "Order of Malta", "Shanghai Yuhe"] {
        assert!(consigned(name).findings.iter().all(|one| one.rule != "TO_ORDER"), "{name}");
    }
}

#[test]
fn a_consignee_may_lack_where_the_form_says_so() {
    let without = |code: &str| {
        let agreement = get(code);
        let edition = agreement.editions.last().unwrap();
        let filling = Filling::of(&agreement, edition, date("2026-11-22"));
        let text = filling.fill(&agreement.template(), edition);
        let (before, rest) = text.split_once("[consignee.party]").unwrap();
        let (_, after) = rest.split_once("\n[").unwrap();
        agreement.judged(&particulars(&format!("{before}[{after}")), date("2026-11-22"))
    };
    assert!(without("GSP").ruling.is_some() && without("EUR1").ruling.is_some());
    assert!(the_one(&without("ATIGA"), Severity::Error, "BOX_EMPTY").message.contains("(box 2)"));
}

#[test]
fn the_value_is_shown_only_with_value_content_and_only_to_the_countries_that_ask_for_it() {
    let atiga = get("ATIGA");
    let judge = |from: &str, to: &str, criterion: &str, value: bool| {
        let edition = &atiga.editions[0];
        let mut filling = Filling::of(&atiga, edition, date("2026-11-22"));
        filling.under(edition.criteria.iter().find(|rule| rule.code.as_str() == criterion).unwrap());
        (filling.from, filling.to) = (from.to_owned(), to.to_owned());
        let changes: &[(&str, &str)] = if value {
            &[]
        } else {
            &[("item_values = [{ item = 1, basis = \"fob\", amount = { value = \"10\", currency = \"USD\" } }]", "")]
        };
        judged_as(&atiga, edition, &filling, changes)
    };
    let missing = judge("VN", "KH", "VALUE_CONTENT", false);
    let found = the_one(&missing, Severity::Error, "FOB_VALUE");
    assert!(found.message.contains("(box 9)") && found.article.unwrap().contains("Rule 25"));
    assert!(judge("ID", "VN", "CTSH_VALUE_CONTENT", true).ruling.is_some());
    assert!(of(&judge("VN", "TH", "VALUE_CONTENT", false), Severity::Error, "FOB_VALUE").is_empty());
    the_one(&judge("VN", "TH", "VALUE_CONTENT", true), Severity::Warning, "FOB_VALUE");
    assert!(of(&judge("VN", "KH", "WO", true), Severity::Error, "FOB_VALUE").is_empty());
}

#[test]
fn criteria_print_as_the_agreement_writes_them() {
    let printed = |code: &str, criterion: &str, exact: &str, more: &str| {
        let agreement = get(code);
        let edition = agreement.editions.last().unwrap();
        let mut filling = Filling::of(&agreement, edition, date("2026-11-22"));
        filling.under(edition.criteria.iter().find(|rule| rule.code.as_str() == criterion).unwrap());
        if let Some((_, threshold)) = &mut filling.criterion {
            *threshold = (!exact.is_empty()).then(|| exact.to_owned());
        }
        let old = format!("criterion = {{ code = \"{criterion}\"");
        let new = format!("{old}{more}");
        let judgement = judged_as(&agreement, edition, &filling, &[(&*old, &*new)]);
        let marks: Vec<String> = ruling(&judgement).endorsements.iter().map(|one| one.text.to_string()).collect();
        (ruling(&judgement).printed[0].criterion.to_string(), marks.join(", "))
    };
    let plain = |text: &str| (text.to_owned(), String::new());
    assert_eq!(printed("ATIGA", "CTSH_VALUE_CONTENT", "35.9", ""), plain("CTSH + 35%"));
    assert_eq!(
        printed("ATIGA", "PARTIAL_CUM", "20", ", partial_cumulation = true"),
        ("PC 20%".into(), "Partial Cumulation".into())
    );
    assert_eq!(printed("ATIGA", "CTH", "", ", accumulation = true"), ("CTH".into(), "Accumulation".into()));
    assert_eq!(printed("RCEP", "CTC", "", ", accumulation = true, de_minimis = true"), plain("CTC ACU DMI"));
    assert_eq!(printed("RCEP", "VALUE_CONTENT", "41", ", accumulation = true"), plain("RVC ACU"));
    assert_eq!(printed("CHAFTA", "PE", "", ""), plain("WP"));
    assert_eq!(printed("GSP", "SUFFICIENT_WORKING", "", ""), plain("W 9506"));
    assert_eq!(printed("EAC", "CTH", "", ""), plain("C"));
}

#[test]
fn a_criterion_that_prints_the_heading_asks_for_the_code() {
    let gsp = get("GSP");
    let edition = &gsp.editions[0];
    let mut filling = Filling::of(&gsp, edition, date("2026-11-22"));
    filling.under(edition.criteria.iter().find(|rule| rule.code.as_str() == "SUFFICIENT_WORKING").unwrap());
    let hs = "hs = { code = \"950662\", edition = \"2022\" }\n";
    the_one(&judged_as(&gsp, edition, &filling, &[(hs, "")]), Severity::Error, "CRITERION_PRINTED");
}

#[test]
fn a_criterion_of_other_importers_is_refused_with_those_that_are_used() {
    let gsp = get("GSP");
    let edition = &gsp.editions[0];
    let mut filling = Filling::of(&gsp, edition, date("2026-11-22"));
    filling.under(edition.criteria.iter().find(|rule| rule.code.as_str() == "SUFFICIENT_WORKING").unwrap());
    filling.to = "US".to_owned();
    let found = the_one(&judged_as(&gsp, edition, &filling, &[]), Severity::Error, "CRITERION");
    let help = found.help.unwrap();
    assert!(help.contains("MATERIAL_CONTENT") && !help.contains("SUFFICIENT_WORKING"), "{help}");
}

#[test]
fn a_scheme_without_return_is_refused_the_wrong_way_round() {
    let judge = |code: &str, from: &str, to: &str| {
        let agreement = get(code);
        let edition = agreement.editions.last().unwrap();
        let mut filling = Filling::of(&agreement, edition, date("2026-11-22"));
        (filling.from, filling.to) = (from.to_owned(), to.to_owned());
        judged_as(&agreement, edition, &filling, &[])
    };
    assert!(judge("CN-LDC", "ZM", "CN").ruling.is_some());
    let back = judge("CN-LDC", "CN", "ZM");
    assert_eq!(of(&back, Severity::Error, "DIRECTION").len(), 2, "{}", back.findings);
    the_one(&judge("CN-LDC", "ZM", "ET"), Severity::Error, "DIRECTION");
    // Not all beneficiaries are listed: another country is unknown, and never refused.
    let unlisted = judge("CN-LDC", "TG", "CN");
    the_one(&unlisted, Severity::Unknown, "MEMBERSHIP");
    assert!(unlisted.ruling.is_some());
    // One is expressly left out.
    the_one(&judge("CN-AFRICA", "SZ", "CN"), Severity::Error, "MEMBERSHIP");
    // A list of members that is not confirmed only warns.
    let unconfirmed = judge("ATIGA", "VN", "TL");
    the_one(&unconfirmed, Severity::Warning, "MEMBERSHIP");
    assert!(unconfirmed.ruling.is_some());
}

#[test]
fn a_scheme_is_for_its_days_of_shipment_and_import() {
    let africa = get("CN-AFRICA");
    let judge = |left: &str, issued_on: &str| {
        let edition = &africa.editions[0];
        let mut filling = Filling::of(&africa, edition, date(issued_on));
        filling.left = date(left);
        judged_as(&africa, edition, &filling, &[])
    };
    let early = judge("2026-04-30", "2026-06-02");
    let found = the_one(&early, Severity::Error, "SCHEME_DATES");
    assert!(found.path == "transport.departure.planned" && found.article.unwrap().contains("South African"));
    assert!(of(&judge("2026-05-01", "2026-06-02"), Severity::Error, "SCHEME_DATES").is_empty());
    // That import counts is not confirmed: goods that leave after the last day are warned about.
    let late = judge("2028-05-02", "2028-04-30");
    assert!(late.ruling.is_some());
    assert!(the_one(&late, Severity::Warning, "SCHEME_DATES").message.contains("any more"));
    // Before and after, the scheme is not in force at all.
    let outside = africa.judged(
        &particulars(
            &Filling::of(&africa, &africa.editions[0], date("2026-06-02"))
                .fill(&africa.template(), &africa.editions[0]),
        ),
        date("2028-05-01"),
    );
    the_one(&outside, Severity::Error, "EDITION");
}

#[test]
fn goods_under_a_quota_ask_for_its_certificate() {
    let mauritius = get("CN-MU");
    let judge = |code: &str, quota: &str| {
        let edition = &mauritius.editions[0];
        let mut filling = Filling::of(&mauritius, edition, date("2026-11-22"));
        (filling.from, filling.to) = ("MU".to_owned(), "CN".to_owned());
        let (hs, quota) = (format!("code = \"{code}\""), format!("[commercial]{quota}"));
        judged_as(&mauritius, edition, &filling, &[("code = \"950662\"", &*hs), ("[commercial]", &*quota)])
    };
    // Which code sugar has was not read, so it is unknown and never blocks.
    assert!(the_one(&judge("170114", ""), Severity::Unknown, "QUOTA").message.starts_with("sugar"));
    assert!(of(&judge("090210", ""), Severity::Unknown, "QUOTA").is_empty());
    let given = judge("170114", "\n[remarks]\nquota = { number = \"Q-1\", year = 2026 }");
    assert!(of(&given, Severity::Unknown, "QUOTA").is_empty());
}

#[test]
fn a_route_that_was_closed_names_what_takes_its_place() {
    let gsp = get("GSP");
    let judge = |from: &str, to: &str, issued_on: &str| {
        let edition = &gsp.editions[0];
        let mut filling = Filling::of(&gsp, edition, date(issued_on));
        (filling.from, filling.to) = (from.to_owned(), to.to_owned());
        judged_as(&gsp, edition, &filling, &[])
    };
    let found = the_one(&judge("PK", "DE", "2018-07-02"), Severity::Error, "ROUTE_CLOSED");
    assert!(found.help.unwrap().contains("REX"));
    assert!(judge("PK", "DE", "2018-07-01").ruling.is_some());
    assert!(judge("PK", "GB", "2026-11-22").ruling.is_some());
}

#[test]
fn in_an_overlap_the_certificate_names_its_edition() {
    let acfta = get("ACFTA");
    let judge = |issued_on: &str, from: &str, named: &str| {
        let edition = acfta.editions.last().unwrap();
        let mut filling = Filling::of(&acfta, edition, date(issued_on));
        (filling.from, filling.to) = (from.to_owned(), if from == "CN" { "VN".to_owned() } else { "CN".to_owned() });
        let line = format!("agreement = \"ACFTA\"\n{named}");
        judged_as(&acfta, edition, &filling, &[("agreement = \"ACFTA\"\n", &line)])
    };
    let edition = |judgement: &Judgement| ruling(judgement).edition.to_string();
    let named = "edition = \"2019\"\n";
    assert_eq!(edition(&judge("2019-08-05", "VN", "")), "2011");
    let early = judge("2019-08-05", "VN", named);
    assert_eq!(edition(&early), "2019");
    the_one(&early, Severity::Unknown, "EDITION");
    assert_eq!(edition(&judge("2019-08-20", "VN", "")), "2019");
    // China's own certificates had no such days, and neither had anybody's before.
    the_one(&judge("2019-08-05", "CN", named), Severity::Warning, "EDITION");
    the_one(&judge("2019-07-31", "VN", named), Severity::Warning, "EDITION");
    let unknown = judge("2026-11-22", "VN", "edition = \"2020\"\n");
    assert!(the_one(&unknown, Severity::Error, "EDITION").help.unwrap().contains("2011"));
}

#[test]
fn a_form_that_was_not_found_asks_for_nothing_and_says_so() {
    let judgement = judged(&get("CN-MU"), "2026-11-22", &[]);
    the_one(&judgement, Severity::Unknown, "FORM_BOXES");
    assert!(judgement.ruling.is_some());
}

#[test]
fn a_form_that_shows_the_invoices_value_and_term_asks_for_them() {
    let without = judged(&get("AFCFTA"), "2026-11-22", &[(", amount = { value = \"10\", currency = \"USD\" }", "")]);
    assert!(the_one(&without, Severity::Error, "BOX_EMPTY").message.contains("(box 6)"));
    let without = judged(&get("AFCFTA"), "2026-11-22", &[(", delivery = { incoterm = \"FOB\" }", "")]);
    assert!(the_one(&without, Severity::Error, "BOX_EMPTY").message.contains("delivery term"));
    let unregistered =
        judged(&get("AFCFTA"), "2026-11-22", &[("[exporter.registration]\nnumber = \"470Z10001\"\n", "")]);
    the_one(&unregistered, Severity::Error, "REGISTERED_EXPORTER");
}

#[test]
fn customs_of_the_exporting_country_is_awaited_where_the_form_has_its_box() {
    let found = the_one(&judged(&get("CN-LDC"), "2026-11-22", &[]), Severity::Warning, "ENDORSEMENT_AWAITED");
    assert!(found.message.contains("export verified"), "{found}");
}

#[test]
fn numbers_are_drawn_as_each_country_writes_them() {
    let number = |code: &str, from: &str, to: &str, office: &str| {
        let agreement = get(code);
        let edition = agreement.editions.last().unwrap();
        let rule = edition.numbers_of(from.parse().unwrap()).next().unwrap();
        let series = rule.series.value().unwrap().on_route(from.parse().unwrap(), to.parse().unwrap());
        series
            .number(&office.parse().unwrap(), date("2026-11-22"), Some("470Z10001"), 6)
            .map(|number| number.to_string())
    };
    assert_eq!(number("ATIGA", "VN", "TH", "02").unwrap(), "VN-TH 26/02/00006");
    assert_eq!(number("ACFTA", "VN", "CN", "09").unwrap(), "VN-CN 26/09/00006");
    assert_eq!(number("ACFTA", "CN", "VN", "470").unwrap(), "E26470Z100010006");
    assert_eq!(number("APTA", "CN", "KR", "470").unwrap(), "B26470Z100010006");
    assert_eq!(number("RCEP", "SG", "CN", "SIN").unwrap(), "SG-RCEP-2026-SIN-000006");
    assert_eq!(number("CPFTA", "PK", "CN", "LHE").unwrap(), "PK-CN-2026-LHE-000006");
    assert!(number("ATIGA", "VN", "TH", "HAN").unwrap_err().to_string().contains("2 characters"));
}

#[test]
fn a_third_partys_invoice_is_ticked_and_allowed_where_the_form_has_the_box() {
    let third = "\n[[remarks.third_parties]]\nrole = \"invoicing\"\nparty = { name = \"Dubai Trading\", address = [\"Dubai\"], country = \"AE\" }\n[commercial]";
    for (code, words) in [("ATIGA", "Third Country Invoicing"), ("ACFTA", "THIRD PARTY INVOICING")] {
        let judgement = judged(&get(code), "2026-11-22", &[("[commercial]", third)]);
        assert_eq!(ruling(&judgement).endorsements[0].text.as_str(), words);
    }
}

#[test]
fn goods_from_an_exhibition_are_ticked_where_it_is_allowed_and_refused_where_it_is_not() {
    let shown =
        "\n[remarks.exhibition]\nname = \"Trade Expo\"\naddress = [\"Singapore Expo\"]\ncountry = \"SG\"\n[commercial]";
    let judgement = judged(&get("ATIGA"), "2026-11-22", &[("[commercial]", shown)]);
    let [mark] = ruling(&judgement).endorsements.as_slice() else { panic!("{judgement:?}") };
    assert_eq!((mark.text.as_str(), mark.form_box.as_ref().unwrap().as_str()), ("Exhibition", "13"));
    // What an agreement's sources do not say warns and keeps nobody from it.
    let judgement = judged(&get("APTA"), "2026-11-22", &[("[commercial]", shown)]);
    the_one(&judgement, Severity::Unknown, "EXHIBITION");
    assert!(judgement.ruling.is_some());
    let allowed =
        "allowed = { value = true, article = \"Operational Certification Procedure of 8 September 2021, Rule 22\"";
    let forbidden = allowed.replace("true", "false");
    let strict = changed("atiga.toml", &[(allowed, forbidden.as_str())]);
    let found = the_one(&judged(&strict, "2026-11-22", &[("[commercial]", shown)]), Severity::Error, "EXHIBITION");
    assert!(found.article.unwrap().contains("Rule 22"));
}

#[test]
fn an_invoice_from_outside_asks_for_the_companys_name_in_the_remarks() {
    let agreement = get("ATIGA");
    let invoice = ", issued_by = { name = \"Dubai Trading\", address = [\"Dubai\"], country = \"AE\" } }]";
    let text = {
        let edition = agreement.edition_on(date("2026-11-22")).unwrap();
        Filling::of(&agreement, edition, date("2026-11-22")).fill(&agreement.template(), edition)
    };
    let line = text.lines().find(|line| line.starts_with("invoices = [")).unwrap().to_owned();
    let outside = line.replacen(" }]", invoice, 1);
    assert_ne!(line, outside, "{line}");
    let judgement = judged(&agreement, "2026-11-22", &[(&line, &outside)]);
    let found = the_one(&judgement, Severity::Warning, "THIRD_PARTY_INVOICING");
    assert_eq!(found.path, "remarks.third_parties");
    assert!(found.article.is_some());
}

#[test]
fn a_part_of_a_certificate_and_one_for_several_stand_under_provisions_of_their_own() {
    let drawn = |number: &str| {
        format!(
            "{{ relation = \"replaces\", number = \"{number}\", issued_on = \"2026-11-01\", country = \"PK\", drawn = \
             [{{ item = 1, prior_item = 1, quantity = {{ value = \"1\", unit = \"H87\" }} }}] }}"
        )
    };
    let part = format!("[reference]\nprior = [{}]", drawn("X-1"));
    let several = format!("[reference]\nprior = [{}, {}]", drawn("X-1"), drawn("X-2"));
    let said = |code: &str, prior: &str| {
        let judgement = judged(&get(code), "2026-11-22", &[("[reference]", prior)]);
        assert!(judgement.ruling.is_some(), "{:?}", judgement.findings);
        let about = |rule: &&str| !of(&judgement, Severity::Unknown, rule).is_empty();
        ["SPLIT", "CONSOLIDATION", "REPLACEMENT"].into_iter().filter(about).collect::<Vec<_>>()
    };
    assert_eq!(said("EUR1", &part), Vec::<&str>::new(), "read in the agreement");
    assert_eq!(said("EUR1", &several), ["CONSOLIDATION"]);
    assert_eq!(said("ATIGA", &part), ["SPLIT"]);
}
