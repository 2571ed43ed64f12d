use super::*;
use Answer::{Met, NotMet, Unknown};

/// (100,000 - 60,000) / 100,000 = 40 %: exactly at the threshold; a cent more is below it.
#[test]
fn build_down_is_compared_exactly() {
    let rule = cpfta("RVC(40, build_down)", "");
    let at = judged(&rule, &item(&material("590320", "undetermined", "60000.00"), ""));
    assert_eq!(answers(&at), (Met, Met));
    let below = judged(&rule, &item(&material("590320", "undetermined", "60000.01"), ""));
    assert_eq!(answers(&below), (NotMet, NotMet));
    let reckoning = &only(&below).rules[0].national;
    assert_eq!(reckoning.percentage.unwrap().to_string(), "39.99999");
    assert!(reckoning.lines[0].text.contains("(100000 - 60000.01) / 100000 x 100 = 39.99 %"), "{:?}", reckoning.lines);
    assert_eq!(only(&below).outcome, Outcome::DoesNotQualify);
}

/// 24,000 originating + 10,000 labour + 3,000 overheads + 1,000 other + 2,000 profit = 40,000 of 100,000.
#[test]
fn build_up_adds_what_originates() {
    let materials = material("520811", "originating", "24000") + &material("590320", "undetermined", "70000");
    let costs = |profit: &str| {
        format!(
            r#"costs = {{ labour = {{ value = "10000", currency = "USD" }}, overheads = {{ value = "3000", currency = "USD" }},
            {profit} other = [{{ description = "testing", amount = {{ value = "1000", currency = "USD" }} }}] }}"#
        )
        .replace('\n', " ")
    };
    let profit = |value: &str| costs(&format!(r#"profit = {{ value = "{value}", currency = "USD" }},"#));
    let rule = cpfta("RVC(40, build_up)", "");
    assert_eq!(answers(&judged(&rule, &item(&materials, &profit("2000")))), (Met, Met));
    assert_eq!(answers(&judged(&rule, &item(&materials, &profit("1999.99")))), (NotMet, NotMet));
    // Without the profit the sum may yet be reached, or not.
    assert_eq!(answers(&judged(&rule, &item(&materials, &costs("")))), (Unknown, Unknown));
    // Build-down gives 30 % only: the exporter chooses the method that is met.
    let either = cpfta("RVC(40)", "");
    assert_eq!(answers(&judged(&either, &item(&materials, &profit("2000")))), (Met, Met));
}

/// Materials 54,000 + labour 30,000 + overheads 6,000 = 90,000 net; 10,000 of royalties stay outside.
/// (90,000 - 54,000) / 90,000 = 40 %.
#[test]
fn net_cost_leaves_out_what_it_does() {
    let costs = r#"costs = { labour = { value = "30000", currency = "USD" }, overheads = { value = "6000", currency = "USD" }, other = [{ description = "royalties", amount = { value = "10000", currency = "USD" }, outside_net_cost = true }] }"#;
    let given = item(&material("590320", "undetermined", "54000"), costs);
    assert_eq!(answers(&judged(&cpfta("NC(40)", ""), &given)), (Met, Met));
    assert_eq!(answers(&judged(&cpfta("NC(40.01)", ""), &given)), (NotMet, NotMet));
}

/// 30,000 of 50,000 is 60 % of the materials.
#[test]
fn material_content_has_a_ceiling() {
    let rule = cpfta("MC(60)", "");
    let materials =
        |foreign: &str| material("390110", "undetermined", foreign) + &material("250100", "originating", "20000");
    assert_eq!(answers(&judged(&rule, &item(&materials("30000"), ""))), (Met, Met));
    assert_eq!(answers(&judged(&rule, &item(&materials("30000.01"), ""))), (NotMet, NotMet));
}

/// 40,000 of 100,000 at most half; and the goods' value by their steps: 109,200 CIF - 8,000 - 1,200 = 100,000.
#[test]
fn the_value_on_board_is_derived_from_cif() {
    let rule = cpfta("NOM(40)", "");
    let cif = item(&material("390110", "undetermined", "40000"), "").replace(
        r#"value = "100000", currency = "USD", term = "FOB""#,
        r#"value = "109200", currency = "USD", term = "CIF", adjustments = [{ step = "freight", value = "8000" }, { step = "insurance", value = "1200" }]"#,
    );
    let without = particulars(&FOOTBALLS.replace("item_values = [", "# ["));
    let judge = |toml: &str| judged_of(&rule, &without, toml, &Rates::none());
    assert_eq!(answers(&judge(&cif)), (Met, Met));
    assert!(only(&judge(&cif)).figures[0].text.contains("100000 USD = 109200 USD CIF - 8000 freight - 1200 insurance"));
    // A step that is not listed is not taken for nothing.
    let no_freight = judge(&cif.replace(r#"{ step = "freight", value = "8000" }, "#, ""));
    assert_eq!(answers(&no_freight), (Unknown, Unknown));
    assert!(only(&no_freight).rules[0].national.doubts[0].contains("`freight`"));
}

/// A material bought at 36,000 CIF counts at that; 500 more of import duty in a DDP price do not.
#[test]
fn a_material_counts_at_its_cif_value() {
    let ddp = r#"{ description = "leather", origin = "undetermined", price = { value = "60700", currency = "USD", term = "DDP", adjustments = [{ step = "duty", value = "500" }, { step = "delivery", value = "200" }] } },"#;
    assert_eq!(answers(&judged(&cpfta("RVC(40, build_down)", ""), &item(ddp, ""))), (Met, Met));
}

#[test]
fn a_change_of_heading_is_asked_of_every_non_originating_material() {
    let rule = cpfta("CTH", "");
    let all = |hs: &str, value: &str| {
        item(&(material("590320", "undetermined", "30000") + &material(hs, "undetermined", value)), "")
    };
    assert_eq!(answers(&judged(&rule, &all("401699", "20000"))), (Met, Met));
    // 9506.99 stays in 95.06. 10,000 is the tolerance of 10 % of the value on board; a cent more is not.
    let within = judged(&rule, &all("950699", "10000"));
    assert_eq!(answers(&within), (Met, Met));
    assert!(only(&within).rules[0].national.de_minimis && only(&within).supports.as_ref().unwrap().de_minimis);
    let beyond = judged(&rule, &all("950699", "10000.01"));
    assert_eq!(answers(&beyond), (NotMet, NotMet));
    assert!(said(&beyond, Severity::Error, "ORIGIN_CLAIM")[0].contains("950699 stays in heading 9506"));
    // Chapter and subheading, and an exception.
    assert_eq!(answers(&judged(&cpfta("CC", ""), &all("950300", "20000"))), (NotMet, NotMet));
    assert_eq!(answers(&judged(&cpfta("CTSH", ""), &all("950699", "20000"))), (Met, Met));
    assert_eq!(answers(&judged(&cpfta("CTH except 40.16", ""), &all("401699", "20000"))), (NotMet, NotMet));
    // An originating material need not change.
    let own = item(&material("950699", "originating", "50000"), "");
    assert_eq!(answers(&judged(&rule, &own)), (Met, Met));
}

/// 12,000 of 100,000 on board is above 10 %; 50 of 500 kilograms is 10 % of the weight, and a gram more is not.
#[test]
fn some_goods_may_keep_to_a_share_of_the_weight_instead() {
    let or = |hs: &str| {
        let line = r#"de_minimis = { value = { percent = "10", of = "fob" }, article = "Rule 9", confirmed = true }"#;
        let text = CPFTA.replacen(
            "de_minimis = { confirmed = false }",
            &line.replace(
                r#"of = "fob" }"#,
                &format!(r#"of = "fob", or = [{{ hs = "{hs}", percent = "10", of = "weight" }}] }}"#),
            ),
            1,
        );
        let rules = CPFTA_RULES.replacen("rule = \"RVC(40)\"", "rule = \"CTH\"", 1);
        with_rules(&text, &rules)
    };
    let weighed = |grams: &str| {
        let parts = material("950699", "undetermined", "12000").replacen(
            "origin =",
            &format!("weight = {{ value = \"{grams}\", unit = \"KGM\" }}, origin ="),
            1,
        );
        item(&parts, "weight = { value = \"500\", unit = \"KGM\" }")
    };
    let heading = |agreement: &Agreement, kilograms: &str| {
        let judgement = judged(agreement, &weighed(kilograms));
        let rule = only(&judgement).rules.iter().find(|rule| rule.criterion.as_str() == "VALUE_CONTENT").unwrap();
        (rule.national.answer, rule.national.de_minimis)
    };
    assert_eq!(heading(&or("95"), "50"), (Met, true));
    assert_eq!(heading(&or("95"), "50.001"), (NotMet, false));
    assert_eq!(heading(&or("50-63"), "50"), (NotMet, false), "the goods are none of these");
    // Without a weight the other share may yet be kept to.
    let silent = item(&material("950699", "undetermined", "12000"), "");
    assert_eq!(
        only(&judged(&or("95"), &silent))
            .rules
            .iter()
            .find(|rule| rule.criterion.as_str() == "VALUE_CONTENT")
            .unwrap()
            .national
            .answer,
        Unknown
    );
}

#[test]
fn what_was_not_declared_is_not_known() {
    let rule = cpfta("CTH", "");
    let no_code = r#"{ description = "parts", origin = "undetermined", price = { value = "1", currency = "USD" } },"#;
    assert_eq!(answers(&judged(&rule, &item(no_code, ""))), (Unknown, Unknown));
    let incomplete = item(&material("401699", "undetermined", "1"), "").replace("materials_complete = true", "");
    assert_eq!(answers(&judged(&rule, &incomplete)), (Unknown, Unknown));
    let older = item(&material("401699", "undetermined", "1"), "").replace("edition = \"2022\"", "edition = \"2017\"");
    assert_eq!(answers(&judged(&rule, &older)), (Unknown, Unknown));
    // What fails already fails whatever the rest may be.
    let hopeless = item(&material("401699", "undetermined", "70000"), "").replace("materials_complete = true", "");
    assert_eq!(answers(&judged(&cpfta("RVC(40, build_down)", ""), &hopeless)), (NotMet, NotMet));
}

#[test]
fn minimal_operations_never_confer_origin() {
    let rule = cpfta("RVC(40, build_down) or WO", "");
    let base = item(&material("590320", "undetermined", "10000"), "");
    let minimal = base.replace("minimal_operations_only = false", "minimal_operations_only = true");
    assert_eq!(answers(&judged(&rule, &minimal)), (NotMet, NotMet));
    let packed = base.replace("WEAVING", "PACKING");
    assert_eq!(answers(&judged(&rule, &packed)), (NotMet, NotMet), "whatever the exporter says of it");
    let silent = base.replace("minimal_operations_only = false", "").replace("processes =", "# ");
    assert_eq!(answers(&judged(&rule, &silent)), (Unknown, Unknown));
    // Goods of the soil are packed and remain what they are.
    let salt = "[[items]]\nitem = 1\nminimal_operations_only = true\nobtained = { kind = \"mined\" }";
    assert_eq!(answers(&judged(&rule, salt)), (Met, Met));
}

#[test]
fn a_process_is_declared_and_shown() {
    let rule = cpfta("SP(\"weaving\") and CTH", "");
    let base = item(&material("520811", "undetermined", "90000"), "");
    assert_eq!(answers(&judged(&rule, &base)), (Met, Met));
    assert_eq!(answers(&judged(&rule, &base.replace(", evidence = \"report 7\"", ""))), (Unknown, Unknown));
    assert_eq!(answers(&judged(&rule, &base.replace("WEAVING", "DYEING"))), (NotMet, NotMet));
}

#[test]
fn a_product_rule_is_the_longest_that_fits_and_takes_the_place_of_the_general_one() {
    let products = r#"
        products = [
            { hs = "95", rule = "CC", article = "List", confirmed = true },
            { hs = "95.06", rule = "CTH", article = "List", confirmed = true, in_force = { from = "2020-01-01" } },
            { hs = "9506.62", rule = "RVC(60, build_down)", article = "List", confirmed = true },
            { hs = "9506.62", rule = "WO", article = "Old list", confirmed = true, criterion = "WO" },
        ]"#;
    let rule = cpfta("RVC(40)", products);
    let judgement = judged(&rule, &item(&material("590320", "undetermined", "40000"), ""));
    let rules: Vec<String> = only(&judgement).rules.iter().map(|rule| rule.rule.to_string()).collect();
    assert_eq!(rules, ["RVC(60, build_down)", "WO"]);
    assert_eq!(only(&judgement).outcome, Outcome::Qualifies);
    assert_eq!(only(&judgement).supports.as_ref().unwrap().criterion.as_str(), "PSR");
    // Claimed is the general criterion, for which no rule is left.
    assert!(said(&judgement, Severity::Unknown, "ORIGIN_CLAIM")[0].contains("printed `PSR`"));
}

#[test]
fn an_unconfirmed_rule_neither_passes_nor_blocks() {
    let rules = CPFTA_RULES.replace("confirmed = true\n", "confirmed = false\n");
    let rule = with_rules(CPFTA, &rules);
    let low = judged(&rule, &item(&material("590320", "undetermined", "90000"), ""));
    assert_eq!(only(&low).outcome, Outcome::Unknown);
    assert!(!low.findings.has_errors(), "{}", low.findings);
    assert!(said(&low, Severity::Warning, "ORIGIN_CLAIM")[0].contains("not confirmed"));
    let high = judged(&rule, &item(&material("590320", "undetermined", "10000"), ""));
    assert_eq!(only(&high).outcome, Outcome::Unknown);
    assert!(said(&high, Severity::Unknown, "ORIGIN_CLAIM")[0].contains("is met by what is declared"));
}

#[test]
fn amounts_are_converted_by_the_rate_of_the_day_or_not_at_all() {
    let rates = |text: &str| Rates::load([("rates.toml", text)]);
    let rupees = item(&material("590320", "undetermined", "16800000").replace("USD", "PKR"), "");
    let rule = cpfta("RVC(40, build_down)", "");
    let of = particulars(FOOTBALLS);
    let missing = judged_of(&rule, &of, &rupees, &Rates::none());
    assert_eq!(answers(&missing), (Unknown, Unknown));
    assert!(only(&missing).rules[0].national.doubts[0].contains("no rate between PKR and USD"));
    // 280 rupees a dollar: 60,000 dollars, turned round exactly.
    let file = r#"
        format = 1
        [[rates]]
        from = "USD"
        to = "PKR"
        rate = "280"
        valid_from = "2026-11-01"
        valid_until = "2026-11-30"
        source = "State Bank"
    "#;
    assert_eq!(answers(&judged_of(&rule, &of, &rupees, &rates(file).unwrap())), (Met, Met));
    let dearer = file.replace("\"280\"", "\"279.999999\"");
    assert_eq!(answers(&judged_of(&rule, &of, &rupees, &rates(&dearer).unwrap())), (NotMet, NotMet));
    let december = file.replace("2026-11-01", "2026-12-01").replace("2026-11-30", "2026-12-31");
    assert_eq!(answers(&judged_of(&rule, &of, &rupees, &rates(&december).unwrap())), (Unknown, Unknown));
    let AgreementErrors(faults) = rates(&(file.to_owned() + file.split_once("1\n").unwrap().1)).unwrap_err();
    assert!(faults[0].message.contains("two rates"), "{faults:?}");
}

/// 60,000 dollars are 16,800,000 rupees at 280; 55,000 euros are 60,000 dollars at 280 rupees a dollar and 305.454545…
/// a euro only by the exact fraction of both: 55,000 x 3,360 / 11 / 280 = 60,000.
#[test]
fn two_rates_through_a_third_currency_are_taken_exactly_and_both_are_printed() {
    let file = |euro: &str| {
        let rate = |from: &str, rate: &str| {
            format!(
                "[[rates]]\nfrom = \"{from}\"\nto = \"PKR\"\nrate = \"{rate}\"\nvalid_from = \"2026-11-01\"\nvalid_until = \"2026-11-30\"\nsource = \"State Bank\"\n"
            )
        };
        Rates::load([("r.toml", format!("format = 1\n{}{}", rate("USD", "280"), rate("EUR", euro)))]).unwrap()
    };
    let euros = item(&material("590320", "undetermined", "55000").replace("USD", "EUR"), "");
    let rule = cpfta("RVC(40, build_down)", "");
    let of = particulars(FOOTBALLS);
    // 55,000 x 305.454545 / 280 = 59,999.9999…: within; one more in the last place is above 60,000.
    let within = judged_of(&rule, &of, &euros, &file("305.454545"));
    assert_eq!(answers(&within), (Met, Met));
    assert_eq!(answers(&judged_of(&rule, &of, &euros, &file("305.454546"))), (NotMet, NotMet));
    let lines = only(&within).figures.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
    for currency in ["USD", "EUR"] {
        let printed = lines.iter().any(|line| {
            line.starts_with(&format!("rate {currency} to PKR:"))
                && line.ends_with("(State Bank, 2026-11-01 to 2026-11-30), taken for 2026-11-12, the day judged")
        });
        assert!(printed, "{lines:?}");
    }
    // The rules do not say which day's rate counts: that is said, and blocks nothing.
    assert!(said(&within, Severity::Unknown, "RATE_DATE")[0].contains("the rates of the day judged, 2026-11-12"));
    let dollars = judged_of(&rule, &of, &item(&material("590320", "undetermined", "100"), ""), &file("300"));
    assert!(said(&dollars, Severity::Unknown, "RATE_DATE").is_empty(), "no rate was used");
}

#[test]
fn the_rate_is_that_of_the_day_the_agreement_names() {
    // 280 rupees a dollar in November, 300 in October.
    let rate = |rate: &str, month: &str, last: &str| {
        format!(
            "[[rates]]\nfrom = \"USD\"\nto = \"PKR\"\nrate = \"{rate}\"\nvalid_from = \"2026-{month}-01\"\nvalid_until = \"2026-{month}-{last}\"\nsource = \"State Bank\"\n"
        )
    };
    let rates = format!("format = 1\n{}{}", rate("280", "11", "30"), rate("300", "10", "31"));
    let rates = Rates::load([("r.toml", rates)]).unwrap();
    let by = |day: &str| {
        cpfta(
            "RVC(40, build_down)",
            &format!("rate_day = {{ value = \"{day}\", article = \"Rule 4\", confirmed = true }}"),
        )
    };
    // 17,000,000 rupees: 60,714.28 dollars at 280 (39.28 %), 56,666.66 at 300 (43.33 %).
    let rupees = item(&material("590320", "undetermined", "17000000").replace("USD", "PKR"), "");
    let october = FOOTBALLS
        .replacen("date = \"2026-11-10\"", "date = \"2026-10-30\"", 1)
        .replacen("planned = \"2026-11-18\"", "planned = \"2026-10-31\"", 1)
        .replacen("[reference]", "[application]\nreceived_on = \"2026-10-29\"\n\n[reference]", 1);
    let of = particulars(&october);
    for (day, expected, printed) in [
        ("issue", NotMet, "2026-11-12, the day judged"),
        ("invoice", Met, "2026-10-30, the day of invoice"),
        ("shipment", Met, "2026-10-31, the day of shipment"),
        ("application", Met, "2026-10-29, the day of application"),
    ] {
        let judgement = judged_of(&by(day), &of, &rupees, &rates);
        assert_eq!(answers(&judgement), (expected, expected), "{day}");
        assert!(
            only(&judgement).figures.iter().any(|line| line.text.ends_with(printed)),
            "{:?}",
            only(&judgement).figures
        );
        assert!(said(&judgement, Severity::Unknown, "RATE_DATE").is_empty());
    }
    // Where that day is not given, the day judged is taken, and that is said.
    let bare = judged_of(&by("application"), &particulars(FOOTBALLS), &rupees, &rates);
    assert_eq!(answers(&bare), (NotMet, NotMet));
    assert!(said(&bare, Severity::Unknown, "RATE_DATE")[0].contains("the day of application, and that is not given"));
}

#[test]
fn the_cost_statement_is_in_force_and_says_the_same() {
    let rule = cpfta("RVC(40, build_down)", "");
    let statement = |materials: &str, until: &str| {
        item(&material("590320", "undetermined", "40000"), "")
            + &format!(
                r#"
        [[cost_statements]]
        reference = "MCS-1"
        date = "2026-01-01"
        valid_until = "{until}"
        verified_by = "TDAP"
        lines = [{{ item = 1, materials = {{ value = "{materials}", currency = "USD" }} }}]
        "#
            )
    };
    let good = judged(&rule, &statement("40000.00", "2026-11-12"));
    assert_eq!(said(&good, Severity::Error, "COST_STATEMENT_DIFFERS").len(), 0);
    let yesterday = judged(&rule, &statement("40000", "2026-11-11"));
    assert!(said(&yesterday, Severity::Error, "COST_STATEMENT_EXPIRED")[0].contains("good until 2026-11-11"));
    let other = judged(&rule, &statement("39999", "2026-12-31"));
    assert!(said(&other, Severity::Error, "COST_STATEMENT_DIFFERS")[0].contains("come to 40000"));
}

#[test]
fn mistakes_of_a_file_of_rules_are_all_reported_with_their_places() {
    let rules = CPFTA_RULES
        .replacen("rule = \"RVC(40)\"", "rule = \"RVC(40\"", 1)
        .replacen("criterion = \"WO\"", "criterion = \"WP\"", 1)
        .replacen("regional_methods", "regional_metods", 1)
        + r#"
        [[editions.products]]
        hs = "95.06"
        rule = "CTH"
        confirmed = false
        [[editions.products]]
        hs = "95.06-95.07"
        rule = "CTH"
        confirmed = false
        [[editions.products]]
        hs = "9506"
        rule = "CC"
        confirmed = false
        "#;
    let AgreementErrors(faults) = Agreements::load([("a.toml", CPFTA), ("a.rules.toml", rules.as_str())]).unwrap_err();
    let seen = |path: &str, part: &str| {
        let found = faults.iter().any(|fault| fault.path == path && fault.message.contains(part));
        assert!(found, "{path} {part}\n{}", AgreementErrors(faults.clone()));
    };
    seen("editions[0].general[1].rule", "at character 7: `)` is missing");
    seen("editions[0].general[0].criterion", "`WP` is no criterion");
    seen("editions[0].regional_metods", "did you mean `regional_methods`?");
    seen("editions[0].products[2].hs", "stands above");
    let AgreementErrors(faults) = Agreements::load([("a.rules.toml", CPFTA_RULES)]).unwrap_err();
    assert!(faults[0].message.contains("no agreement `CPFTA`"));
}
