use super::*;
use crate::agreement::terms::LastDay::{DayBefore, SameDate};
use crate::agreement::testing::{CPFTA, CRUSHER, FOOTBALLS, SOAP, agreement, cpfta_with, particulars};
use proptest::prelude::*;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn judged(toml: &str, issued_on: &str) -> Judgement {
    let particulars = particulars(toml);
    agreement(particulars.agreement.as_str()).judged(&particulars, date(issued_on))
}

fn with(toml: &str, old: &str, new: &str) -> String {
    assert!(toml.contains(old), "{old}");
    toml.replacen(old, new, 1)
}

fn of(judgement: &Judgement, severity: Severity, rule: &str) -> Vec<Finding> {
    judgement.findings.iter().filter(|each| each.severity == severity && each.rule == rule).cloned().collect()
}

#[track_caller]
fn the_one(judgement: &Judgement, severity: Severity, rule: &str) -> Finding {
    let found = of(judgement, severity, rule);
    assert_eq!(found.len(), 1, "{severity:?} {rule}\n{}", judgement.findings);
    assert_eq!(judgement.ruling.is_none(), judgement.findings.has_errors());
    found[0].clone()
}

#[track_caller]
fn ruling(judgement: &Judgement) -> &Ruling {
    judgement.ruling.as_ref().unwrap_or_else(|| panic!("{}", judgement.findings))
}

#[test]
fn a_good_certificate_is_ruled_on_and_what_it_rests_on_is_said() {
    let judgement = judged(FOOTBALLS, "2026-11-12");
    let ruling = ruling(&judgement);
    assert_eq!((ruling.edition.as_str(), ruling.form.as_str()), ("2007", "CPFTA"));
    assert_eq!((ruling.valid_from, ruling.valid_until), (date("2026-11-12"), Some(date("2027-11-12"))));
    assert_eq!(ruling.languages.iter().map(ToString::to_string).collect::<Vec<_>>(), ["en"]);
    assert!(!ruling.flags.retrospective && ruling.endorsements.is_empty());
    assert_eq!(of(&judgement, Severity::Warning, "").len(), 0);
    the_one(&judgement, Severity::Unknown, "VALIDITY");
    the_one(&judgement, Severity::Unknown, "HS_EDITION");
    the_one(&judgement, Severity::Unknown, "CRITERION_PRINTED");
}

#[test]
fn the_percentage_is_compared_exactly_and_printed_truncated() {
    let judgement = judged(FOOTBALLS, "2026-11-12");
    let printed = &ruling(&judgement).printed[0];
    assert_eq!(printed.criterion.as_str(), "64%");
    assert_eq!(printed.percentage.as_ref().unwrap().as_str(), "64%");

    let just_below = judged(&with(FOOTBALLS, "64.9", "39.999999"), "2026-11-12");
    let found = the_one(&just_below, Severity::Error, "THRESHOLD");
    assert_eq!(found.path, "goods.items[0].criterion.percentage.exact");
    assert!(found.article.unwrap().contains("40 %") && found.message.contains("39.999999 %"));
    assert!(judged(&with(FOOTBALLS, "64.9", "40"), "2026-11-12").ruling.is_some());
    the_one(&judged(&with(FOOTBALLS, "64.9", "38"), "2026-11-12"), Severity::Error, "THRESHOLD");
}

#[test]
fn the_basis_of_a_percentage_that_prints_alike_is_asked_for() {
    let judgement = judged(&with(FOOTBALLS, ", basis = \"cumulative\"", ""), "2026-11-12");
    the_one(&judgement, Severity::Warning, "CONTENT_BASIS");
}

#[test]
fn cpfta_is_unmarked_to_day_15_marked_from_day_16_and_refused_after_a_year() {
    let left = with(FOOTBALLS, "planned = \"2026-11-18\"", "actual = \"2026-11-18\"");
    for unmarked in ["2026-11-18", "2026-12-03"] {
        let judgement = judged(&left, unmarked);
        assert!(!ruling(&judgement).flags.retrospective, "{unmarked}");
        assert_eq!(of(&judgement, Severity::Unknown, "RETROSPECTIVE").len(), 0, "{unmarked}");
    }
    for marked in ["2026-12-04", "2027-11-18"] {
        let judgement = judged(&left, marked);
        let ruling = ruling(&judgement);
        assert!(ruling.flags.retrospective, "{marked}");
        let [mark] = ruling.endorsements.as_slice() else { panic!("{marked}: {:?}", ruling.endorsements) };
        assert_eq!((mark.code.as_str(), mark.text.as_str()), ("ISSUED_RETROACTIVELY", "ISSUED RETROACTIVELY"));
        assert_eq!(mark.form_box.as_ref().unwrap().as_str(), "13");
        the_one(&judgement, Severity::Unknown, "ENDORSEMENT_WORDING");
    }
    let refused = judged(&left, "2027-11-19");
    let found = the_one(&refused, Severity::Error, "RETROSPECTIVE_WINDOW");
    assert_eq!(found.path, "transport.departure.actual");
    assert!(found.article.unwrap().contains("Arts. 13-14"));
}

#[test]
fn a_ship_that_left_early_makes_a_certificate_retrospective() {
    let early = with(FOOTBALLS, "planned = \"2026-11-18\"", "planned = \"2026-11-18\", actual = \"2026-10-20\"");
    assert!(ruling(&judged(&early, "2026-11-12")).flags.retrospective);
    assert!(!ruling(&judged(FOOTBALLS, "2026-11-12")).flags.retrospective);
}

#[test]
fn a_planned_day_that_has_passed_asks_for_the_actual_one() {
    let judgement = judged(FOOTBALLS, "2026-12-20");
    assert!(ruling(&judgement).flags.retrospective);
    assert_eq!(the_one(&judgement, Severity::Warning, "RETROSPECTIVE").path, "transport.departure.planned");
}

#[test]
fn without_a_departure_lateness_is_unknown_and_does_not_block() {
    let judgement = judged(&with(FOOTBALLS, "[transport]\ndeparture = { planned = \"2026-11-18\" }", ""), "2026-11-12");
    the_one(&judgement, Severity::Unknown, "RETROSPECTIVE");
    assert!(judgement.ruling.is_some());
}

#[test]
fn a_departure_still_to_come_is_not_actual() {
    let future = with(FOOTBALLS, "planned = \"2026-11-18\"", "actual = \"2026-11-18\"");
    the_one(&judged(&future, "2026-11-12"), Severity::Error, "DEPARTURE");
    assert!(judged(&future, "2026-11-17").ruling.is_some(), "a day ahead may be another time zone");
}

#[test]
fn the_mark_is_neither_doubled_nor_changed_nor_put_on_what_is_not_late() {
    let left = with(FOOTBALLS, "planned = \"2026-11-18\"", "actual = \"2026-11-18\"");
    let brought = |text: &str| {
        format!(
            "{left}\n[[remarks.endorsements]]\ncode = \"ISSUED_RETROACTIVELY\"\ntext = \"{text}\"\nform_box = \"13\"\n"
        )
    };
    let same = judged(&brought("ISSUED RETROACTIVELY"), "2026-12-20");
    assert!(ruling(&same).endorsements.is_empty(), "the one brought stands");
    // The wording is not confirmed, so another one warns.
    the_one(&judged(&brought("ISSUED RETROSPECTIVELY"), "2026-12-20"), Severity::Warning, "ENDORSEMENT_WORDING");
    the_one(&judged(&brought("ISSUED RETROACTIVELY"), "2026-11-20"), Severity::Warning, "RETROSPECTIVE");
}

#[test]
fn comesa_counts_to_the_application_not_to_issue() {
    let left = with(SOAP, "planned = \"2026-11-20\"", "actual = \"2026-11-16\"");
    // Applied for the day before the goods left, issued long after: not late.
    assert!(!ruling(&judged(&left, "2026-12-30")).flags.retrospective);

    let reason = "received_on = \"2027-02-16\"\nretrospective_reason = \"bank holiday\"";
    let late = with(&left, "received_on = \"2026-11-15\"", reason);
    let judgement = judged(&late, "2027-03-01");
    let [mark] = ruling(&judgement).endorsements.as_slice() else { panic!("one mark") };
    assert_eq!(mark.text.as_str(), "ISSUED RETROSPECTIVELY");
    the_one(&judgement, Severity::Unknown, "ENDORSEMENT_BOX");

    let too_late = judged(&with(&late, "2027-02-16", "2027-02-17"), "2027-03-01");
    assert!(the_one(&too_late, Severity::Error, "RETROSPECTIVE_WINDOW").message.contains("application"));
    let without_reason = judged(&with(&late, "retrospective_reason = \"bank holiday\"", ""), "2027-03-01");
    the_one(&without_reason, Severity::Error, "RETROSPECTIVE_REASON");
    let before_application = judged(&late, "2027-02-01");
    the_one(&before_application, Severity::Error, "APPLICATION");
}

#[test]
fn without_the_day_of_application_issue_counts_and_that_is_said() {
    let left = with(SOAP, "planned = \"2026-11-20\"", "actual = \"2026-11-16\"");
    let judgement = judged(&with(&left, "[application]\nreceived_on = \"2026-11-15\"", ""), "2026-11-20");
    assert_eq!(the_one(&judgement, Severity::Unknown, "APPLICATION").path, "application.received_on");
}

#[test]
fn comesa_letters_are_printed_and_said_to_be_unconfirmed() {
    let judgement = judged(SOAP, "2026-11-16");
    assert_eq!(ruling(&judgement).printed[0].criterion.as_str(), "V");
    the_one(&judgement, Severity::Unknown, "CRITERION_PRINTED");
    let other = with(SOAP, "code = \"VALUE_ADDED\"", "code = \"VALUE_ADDED\", printed = \"W\"");
    assert!(the_one(&judged(&other, "2026-11-16"), Severity::Warning, "CRITERION_PRINTED").message.contains("`V`"));
}

#[test]
fn the_same_value_added_passes_comesa_and_its_threshold_is_a_limit() {
    assert!(judged(&with(SOAP, "\"38\"", "\"35\""), "2026-11-16").ruling.is_some());
    the_one(&judged(&with(SOAP, "\"38\"", "\"34.9\""), "2026-11-16"), Severity::Error, "THRESHOLD");
    let materials = with(SOAP, "VALUE_ADDED", "MATERIAL_CONTENT");
    assert!(judged(&with(&materials, "\"38\"", "\"60\""), "2026-11-16").ruling.is_some());
    the_one(&judged(&with(&materials, "\"38\"", "\"60.01\""), "2026-11-16"), Severity::Error, "THRESHOLD");
}

#[test]
fn only_registered_exporters_apply_under_comesa() {
    let unregistered = with(SOAP, "registration = { number = \"ROO 00000\" }", "");
    the_one(&judged(&unregistered, "2026-11-16"), Severity::Error, "REGISTERED_EXPORTER");
    let ended = with(SOAP, "number = \"ROO 00000\"", "number = \"ROO 00000\", valid_until = \"2026-10-31\"");
    the_one(&judged(&ended, "2026-11-16"), Severity::Error, "REGISTERED_EXPORTER");
}

#[test]
fn a_country_outside_on_the_way_asks_for_proof() {
    let passing = with(SOAP, "departure =", "transit_countries = [\"TZ\"]\ndeparture =");
    the_one(&judged(&passing, "2026-11-16"), Severity::Unknown, "DIRECT_CONSIGNMENT");
    let footballs = with(FOOTBALLS, "departure =", "via = [{ locode = \"HKHKG\" }]\ndeparture =");
    let found = the_one(&judged(&footballs, "2026-11-12"), Severity::Warning, "DIRECT_CONSIGNMENT");
    assert!(found.help.unwrap().contains("non-manipulation"));
    let proven =
        with(&footballs, "via =", "documents = [{ kind = \"through_bill_of_lading\", number = \"X1\" }]\nvia =");
    assert!(of(&judged(&proven, "2026-11-12"), Severity::Warning, "DIRECT_CONSIGNMENT").is_empty());
}

#[test]
fn membership_is_that_of_the_day() {
    let to = |country: &str| with(SOAP, "to = \"ZM\"", &format!("to = \"{country}\""));
    let former = judged(&to("TZ"), "2026-11-16");
    assert!(the_one(&former, Severity::Error, "MEMBERSHIP").help.unwrap().contains("left"));
    the_one(&judged(&to("CN"), "2026-11-16"), Severity::Error, "MEMBERSHIP");
    the_one(&judged(&to("ET"), "2026-11-16"), Severity::Warning, "PARTICIPATION");
    assert!(of(&judged(&to("TN"), "2026-11-16"), Severity::Warning, "MEMBERSHIP").is_empty());
    // Tunisia's day is not confirmed, so an earlier certificate is warned about and not refused.
    let early = to("TN").replace("2026-11", "2017-11");
    the_one(&judged(&early, "2017-11-16"), Severity::Warning, "MEMBERSHIP");
    // The form has no box for the country of destination: it stands with the consignee.
    let abroad = judged(&with(FOOTBALLS, "to = \"CN\"", "to = \"KE\""), "2026-11-12");
    let found = the_one(&abroad, Severity::Error, "MEMBERSHIP");
    assert_eq!((found.form_box.as_deref(), found.article.as_deref()), (Some("2"), Some("Agreement, parties")));
}

#[test]
fn before_an_unconfirmed_first_day_the_nearest_edition_judges_with_a_warning() {
    let early = FOOTBALLS.replace("2026-11", "2006-11");
    let judgement = judged(&early, "2006-11-12");
    the_one(&judgement, Severity::Warning, "EDITION");
    let confirmed = cpfta_with(
        "article = \"GACC Decree 162 of 2007\", confirmed = false",
        "article = \"GACC Decree 162 of 2007\", confirmed = true",
    );
    let judgement = confirmed.judged(&particulars(&early), date("2006-11-12"));
    the_one(&judgement, Severity::Error, "EDITION");
}

#[test]
fn china_and_the_chambers_have_their_own_forms() {
    let judgement = judged(CRUSHER, "2026-10-21");
    let ruling_ = ruling(&judgement);
    assert_eq!((ruling_.form.as_str(), ruling_.valid_until), ("CCPIT-CO", None));
    assert_eq!(of(&judgement, Severity::Warning, "ENDORSEMENT_AWAITED").len(), 2, "ministry and embassy");

    let chamber = with(CRUSHER, "from = \"CN\"", "from = \"PK\"");
    assert_eq!(ruling(&judged(&chamber, "2026-10-21")).form.as_str(), "EU8");
    let wrong = with(CRUSHER, "agreement = \"NONPREF\"", "agreement = \"NONPREF\"\nform = \"EU9\"");
    assert!(the_one(&judged(&wrong, "2026-10-21"), Severity::Error, "FORM").help.unwrap().contains("EU8"));
    let not_pakistans = with(&chamber, "agreement = \"NONPREF\"", "agreement = \"NONPREF\"\nform = \"CCPIT-CO\"");
    the_one(&judged(&not_pakistans, "2026-10-21"), Severity::Error, "FORM");
}

#[test]
fn the_eight_box_form_asks_for_the_country_of_origin() {
    let nowhere = with(&with(CRUSHER, "from = \"CN\"", "from = \"PK\""), "origin = \"CN\"", "");
    let found = the_one(&judged(&nowhere, "2026-10-21"), Severity::Error, "BOX_EMPTY");
    assert!(found.message.contains("box 3"), "{found}");
}

#[test]
fn a_number_is_held_against_its_countrys_pattern() {
    the_one(&judged(CRUSHER, "2026-10-21"), Severity::Unknown, "NUMBER_PATTERN");
    let wrong = with(CRUSHER, "C26470Z100010042", "CN-42");
    the_one(&judged(&wrong, "2026-10-21"), Severity::Warning, "NUMBER_PATTERN");
    let pakistan = with(FOOTBALLS, "[reference]", "[reference]\nnumber = \"PK-CN-2026-LHE-000417\"");
    the_one(&judged(&pakistan, "2026-11-12"), Severity::Unknown, "NUMBER_PATTERN");
}

#[test]
fn fob_stands_where_the_form_shows_it_and_nowhere_else() {
    let without = FOOTBALLS.lines().filter(|line| !line.starts_with("item_values")).collect::<Vec<_>>().join("\n");
    the_one(&judged(&without, "2026-11-12"), Severity::Error, "FOB_VALUE");
    let nothing = the_one(&judged(&with(FOOTBALLS, "142800.00", "0.00"), "2026-11-12"), Severity::Error, "FOB_VALUE");
    assert!(nothing.message.contains("is 0") && nothing.message.contains("(box 9)") && nothing.help.is_some());
    assert_eq!(
        (nothing.path.as_str(), nothing.article.as_deref()),
        ("commercial.item_values[0].amount.value", Some("Form, box 9"))
    );
    let too_much = with(
        SOAP,
        "[commercial]",
        "[commercial]\nitem_values = [{ item = 1, basis = \"fob\", amount = { value = \"9000\", currency = \"USD\" } }]",
    );
    the_one(&judged(&too_much, "2026-11-16"), Severity::Warning, "FOB_VALUE");
}

#[test]
fn an_item_cap_binds_and_an_unconfirmed_one_matters_only_to_several_items() {
    assert!(of(&judged(FOOTBALLS, "2026-11-12"), Severity::Unknown, "ITEM_COUNT").is_empty());
    let second = FOOTBALLS.split_once("[[goods.items]]").unwrap().1.split_once("[commercial]").unwrap().0;
    let two = with(
        FOOTBALLS,
        "[commercial]",
        &format!("[[goods.items]]{}\n[commercial]", second.replace("number = 1", "number = 2")),
    );
    let two = with(
        &two,
        "item_values = [",
        "item_values = [{ item = 2, basis = \"fob\", amount = { value = \"1\", currency = \"USD\" } }, ",
    );
    the_one(&judged(&two, "2026-11-12"), Severity::Unknown, "ITEM_COUNT");
    let capped = cpfta_with(
        "max_items = { value = \"none\", article = \"Form, overleaf\", confirmed = false",
        "max_items = { value = 1, article = \"Form, overleaf\", confirmed = true",
    );
    let judgement = capped.judged(&particulars(&two), date("2026-11-12"));
    the_one(&judgement, Severity::Error, "ITEM_COUNT");
}

#[test]
fn criteria_of_other_agreements_and_missing_ones_are_refused_with_the_list() {
    let other = with(FOOTBALLS, "VALUE_CONTENT", "VALUE_ADDED");
    let found = the_one(&judged(&other, "2026-11-12"), Severity::Error, "CRITERION");
    assert!(found.help.unwrap().contains("VALUE_CONTENT"));
    let none = FOOTBALLS.lines().filter(|line| !line.starts_with("criterion")).collect::<Vec<_>>().join("\n");
    assert!(the_one(&judged(&none, "2026-11-12"), Severity::Error, "BOX_EMPTY").message.contains("box 8"));
    let rule = with(
        FOOTBALLS,
        "{ code = \"VALUE_CONTENT\", percentage = { exact = \"64.9\", basis = \"cumulative\" } }",
        "{ code = \"PSR\" }",
    );
    the_one(&judged(&rule, "2026-11-12"), Severity::Unknown, "PRODUCT_RULE");
}

#[test]
fn a_true_copy_is_valid_as_long_as_the_original_and_says_what_it_is() {
    let judgement = judged(&copy_of("2026-06-01"), "2026-11-12");
    let ruling = ruling(&judgement);
    assert!(ruling.flags.true_copy);
    assert_eq!((ruling.valid_from, ruling.valid_until), (date("2026-06-01"), Some(date("2027-06-01"))));
    assert_eq!(ruling.endorsements[0].text.as_str(), "CERTIFIED TRUE COPY");
    let late = judged(&copy_of("2025-11-11"), "2026-11-12");
    the_one(&late, Severity::Error, "PRIOR_WINDOW");
    the_one(&judged(&copy_of("2026-11-13"), "2026-11-12"), Severity::Error, "PRIOR_DATE");
}

fn copy_of(issued: &str) -> String {
    let prior =
        format!("{{ relation = \"true_copy_of\", number = \"X-1\", issued_on = \"{issued}\", country = \"PK\" }}");
    with(FOOTBALLS, "[reference]", &format!("[reference]\nprior = [{prior}]"))
}

#[test]
fn a_paper_gains_no_time_by_being_lost() {
    let ended = judged(&copy_of("2025-11-12"), "2026-11-13");
    the_one(&ended, Severity::Error, "PRIOR_WINDOW");
    let last_day = judged(&copy_of("2025-11-12"), "2026-11-12");
    assert_eq!(ruling(&last_day).valid_until, Some(date("2026-11-12")));
}

#[test]
fn a_period_that_ends_in_a_shorter_month_ends_with_that_month() {
    let last = |from: &str, last| dates::last_day(date(from), 6, last).unwrap().to_string();
    assert_eq!(
        (last("2026-08-30", SameDate), last("2026-08-30", DayBefore)),
        ("2027-02-28".into(), "2027-02-28".into())
    );
    assert_eq!(last("2026-08-31", DayBefore), "2027-02-28", "as from the 30th, not a day earlier");
    assert_eq!(last("2026-08-28", DayBefore), "2027-02-27");
    assert_eq!(last("2026-08-29", DayBefore), "2027-02-28");
}

#[test]
fn the_window_binds_also_where_nobody_knows_from_which_day_on_it_is_marked() {
    let line = CPFTA.lines().find(|line| line.starts_with("unmarked_days")).unwrap();
    let unknown = cpfta_with(line, "unmarked_days = { confirmed = false }");
    let left = particulars(&with(FOOTBALLS, "planned = \"2026-11-18\"", "actual = \"2026-11-18\""));
    the_one(&unknown.judged(&left, date("2027-11-19")), Severity::Error, "RETROSPECTIVE_WINDOW");
    let within = unknown.judged(&left, date("2027-11-18"));
    the_one(&within, Severity::Unknown, "RETROSPECTIVE");
    assert!(!ruling(&within).flags.retrospective, "no mark is put on it by a guess");
}

#[test]
fn a_missing_figure_is_said_where_the_answer_depends_on_it() {
    let line = "window_months = { value = 12, article = \"Decree on the early harvest of 2006, Arts. 13-14\", \
                confirmed = true, note = \"from issue of the original\" }";
    let copy = particulars(&copy_of("2026-06-01"));
    let unknown = cpfta_with(line, "window_months = { confirmed = false }").judged(&copy, date("2026-11-12"));
    assert_eq!(the_one(&unknown, Severity::Unknown, "PRIOR_WINDOW").path, "reference.prior[0].issued_on");
    assert!(of(&judged(&copy_of("2026-06-01"), "2026-11-12"), Severity::Unknown, "PRIOR_WINDOW").is_empty());
    the_one(&judged(FOOTBALLS, "2026-11-12"), Severity::Unknown, "REGISTERED_EXPORTER");
    let registered = with(FOOTBALLS, "[exporter.party]", "[exporter.registration]\nnumber = \"1\"\n[exporter.party]");
    assert!(of(&judged(&registered, "2026-11-12"), Severity::Unknown, "REGISTERED_EXPORTER").is_empty());
}

#[test]
fn which_criterion_refers_to_product_rules_is_data() {
    let psr = with(
        FOOTBALLS,
        "{ code = \"VALUE_CONTENT\", percentage = { exact = \"64.9\", basis = \"cumulative\" } }",
        "{ code = \"PSR\" }",
    );
    let plain = cpfta_with("product_rule = true\n", "").judged(&particulars(&psr), date("2026-11-12"));
    assert!(of(&plain, Severity::Unknown, "PRODUCT_RULE").is_empty());
    the_one(&judged(&psr, "2026-11-12"), Severity::Unknown, "PRODUCT_RULE");
}

#[test]
fn what_the_agreement_does_not_say_is_unknown_and_never_blocks() {
    let third = format!(
        "{FOOTBALLS}\n[[remarks.third_parties]]\nrole = \"invoicing\"\nparty = {{ name = \"Dubai Trading\", address = [\"Dubai\"], country = \"AE\" }}\n"
    );
    let judgement = judged(&third, "2026-11-12");
    assert_eq!(the_one(&judgement, Severity::Unknown, "THIRD_PARTY_INVOICING").path, "remarks.third_parties[0]");
    assert!(judgement.ruling.is_some());
}

#[test]
fn the_producer_is_named_as_the_form_allows() {
    let nobody = with(FOOTBALLS, "[producer]\nsame = true", "");
    the_one(&judged(&nobody, "2026-11-12"), Severity::Error, "PRODUCER");
}

#[test]
fn a_total_other_than_the_sum_free_on_board_is_pointed_out() {
    let total = with(FOOTBALLS, "[commercial]", "[commercial]\ntotal = { value = \"142000\", currency = \"USD\" }");
    the_one(&judged(&total, "2026-11-12"), Severity::Warning, "TOTALS");
}

#[test]
fn another_agreements_particulars_are_not_judged() {
    let judgement = agreement("COMESA").judged(&particulars(FOOTBALLS), date("2026-11-12"));
    the_one(&judgement, Severity::Error, "AGREEMENT");
}

#[test]
fn every_certificate_of_the_demonstration_may_be_issued() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/node-config/demo/certificates");
    let today = date("2026-11-22");
    let mut judged = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let json = crate::certificate::offset_dates(&text, today).unwrap();
        let particulars = crate::certificate::Particulars::from_json(json.as_bytes()).unwrap();
        let judgement = agreement(particulars.agreement.as_str()).judged(&particulars, today);
        assert!(judgement.ruling.is_some(), "{}\n{}", path.display(), judgement.findings);
        let late = path.to_string_lossy().contains("retroactive");
        assert_eq!(ruling(&judgement).flags.retrospective, late, "{}", path.display());
        judged += 1;
    }
    assert_eq!(judged, 8);
}

proptest! {
    #[test]
    fn exactly_from_40_percent_up_content_qualifies(exact in "(0|[1-9][0-9]?)(\\.[0-9]{1,6})?") {
        let judgement = judged(&with(FOOTBALLS, "64.9", &exact), "2026-11-12");
        let qualifies = exact.parse::<crate::encoding::Decimal>().unwrap().millionths() >= 40_000_000;
        prop_assert_eq!(judgement.ruling.is_some(), qualifies);
        if let Some(ruling) = judgement.ruling {
            // What is printed never claims more than what is exact.
            let whole = exact.split('.').next().unwrap_or_default();
            prop_assert_eq!(ruling.printed[0].criterion.to_string(), format!("{whole}%"));
        }
    }

    #[test]
    fn a_mark_stands_exactly_between_the_free_days_and_the_window(days in 0i32..500) {
        let left = date("2026-01-31");
        let issued_on = left.checked_add(jiff::Span::new().days(days)).unwrap();
        let toml = with(FOOTBALLS, "planned = \"2026-11-18\"", "actual = \"2026-01-31\"");
        let judgement = agreement("CPFTA").judged(&particulars(&toml), issued_on);
        match days {
            0..=15 => prop_assert!(!judgement.ruling.unwrap().flags.retrospective),
            16..=365 => {
                let ruling = judgement.ruling.unwrap();
                prop_assert!(ruling.flags.retrospective);
                prop_assert_eq!(ruling.endorsements.len(), 1);
            }
            _ => prop_assert!(judgement.ruling.is_none()),
        }
    }

    #[test]
    fn every_error_says_where_and_what_and_a_ruling_exists_only_without_one(
        country in "[A-Z]{2}", percent in 0u32..120, days in -30i32..400,
    ) {
        let toml = FOOTBALLS.replacen("to = \"CN\"", &format!("to = \"{country}\""), 1).replacen("64.9", &percent.to_string(), 1);
        if let Ok(particulars) = crate::certificate::Particulars::from_toml(&toml) {
            let issued_on = date("2026-11-18").checked_add(jiff::Span::new().days(days)).unwrap();
            let judgement = agreement("CPFTA").judged(&particulars, issued_on);
            prop_assert_eq!(judgement.ruling.is_none(), judgement.findings.has_errors());
            for finding in &judgement.findings {
                prop_assert!(!finding.rule.is_empty() && !finding.message.is_empty());
            }
            prop_assert_eq!(judgement.clone(), agreement("CPFTA").judged(&particulars, issued_on));
        }
    }
}
