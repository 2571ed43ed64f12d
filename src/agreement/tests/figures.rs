//! Figures of the trade as its sources give them, each where it belongs and as sure as its source is.

use super::*;
use crate::agreement::{CountedTo, Discrepancy, Figure, ItemCap, LatePresentation, Limit, SpanUnit, Window};

/// A figure with its value, and whether it is confirmed.
#[track_caller]
fn stands<T: PartialEq + std::fmt::Debug>(figure: &Figure<T>, value: &T, confirmed: bool) {
    assert_eq!((figure.value(), figure.is_confirmed()), (Some(value), confirmed), "{:?}", figure.article());
    assert!(figure.article().is_some() || !confirmed);
}

fn edition(code: &str) -> Edition {
    get(code).editions.last().unwrap().clone()
}

fn printed(edition: &Edition, code: &str) -> (String, bool) {
    let rule = edition.criteria.iter().find(|rule| rule.code.as_str() == code).unwrap();
    (rule.printed.value().unwrap().clone(), rule.printed.is_confirmed())
}

/// GACC Decree 162 of 2007, Rules 15-18; box 8 by two guides; late within 15 days, to be had for a year.
#[test]
fn the_china_pakistan_agreement() {
    let cpfta = edition("CPFTA");
    let reply = cpfta.verification.reply.value().unwrap();
    assert_eq!((reply.length, reply.unit, cpfta.verification.reply.is_confirmed()), (6, SpanUnit::Months, true));
    stands(&cpfta.records_years, &2, true);
    stands(&cpfta.minor_discrepancies, &vec![Discrepancy::Slight], true);
    stands(&cpfta.change_of_destination.allowed, &true, true);
    assert_eq!(cpfta.retrospective.unmarked_days.value().unwrap().days, 15);
    stands(&cpfta.retrospective.counted_to, &CountedTo::Issue, true);
    stands(&cpfta.retrospective.window_months, &Limit::At(12), true);
    assert_eq!(printed(&cpfta, "WO").0, "P");
    assert_eq!(printed(&cpfta, "VALUE_CONTENT").0, "{percent}%");
    assert_eq!(printed(&cpfta, "PSR").0, "PSR");
    stands(&cpfta.true_copy.window_months, &Window::Months(12), true);
}

/// GACC announcement 136 of 2019 and Viet Nam's circular 12/2019: no cap, marked after three days.
#[test]
fn the_asean_china_agreement_since_2019_and_before() {
    let acfta = edition("ACFTA");
    assert_eq!(acfta.in_force.from, date("2019-08-20"));
    assert_eq!(acfta.forms[0].max_items.value(), Some(&ItemCap::None));
    let unmarked = &acfta.retrospective.unmarked_days;
    assert_eq!((unmarked.value().unwrap().days, unmarked.value().unwrap().working), (3, false));
    assert!(unmarked.is_confirmed());
    assert_eq!(acfta.retrospective.printed_in_box.value().unwrap().as_str(), "13");
    let before = get("ACFTA").edition_on(date("2019-08-19")).unwrap().clone();
    assert_eq!(before.forms[0].max_items.value(), Some(&ItemCap::Certificate(20)));
}

/// The legal text: three working days, a year, percentage in box 8, true copy in box 3 within the original's validity.
#[test]
fn the_asia_pacific_agreement() {
    let apta = edition("APTA");
    let unmarked = apta.retrospective.unmarked_days.value().unwrap();
    assert_eq!((unmarked.days, unmarked.working), (3, true));
    assert!(apta.retrospective.unmarked_days.is_confirmed() && apta.validity.is_confirmed());
    stands(&apta.true_copy.window_months, &Window::Validity, true);
    assert_eq!(apta.true_copy.printed_in_box.value().unwrap().as_str(), "3");
    stands(&apta.late_presentation, &LatePresentation::ExceptionalOrImportedInTime, true);
}

/// Three months from export to the application, five criteria, letters that nobody could read on the overleaf.
#[test]
fn comesa() {
    let comesa = edition("COMESA");
    stands(&comesa.retrospective.counted_to, &CountedTo::Application, true);
    stands(&comesa.retrospective.window_months, &Limit::At(3), true);
    stands(&comesa.registered_exporter, &true, true);
    for (code, letter) in
        [("WO", "P"), ("MATERIAL_CONTENT", "M"), ("VALUE_ADDED", "V"), ("CTH", "X"), ("PARTICULAR_IMPORTANCE", "Y")]
    {
        assert_eq!(printed(&comesa, code), (letter.to_owned(), false));
    }
    assert_eq!(get("COMESA").parties.members.len(), 21);
}

/// In force from 1 May 2026 for two years; for goods from that day on; sugar of Mauritius under its quota.
#[test]
fn the_schemes_of_china_for_africa() {
    let africa = edition("CN-AFRICA");
    assert_eq!((africa.in_force.from, africa.in_force.until), (date("2026-05-01"), Some(date("2028-04-30"))));
    assert!(africa.in_force_source.is_confirmed());
    assert_eq!(africa.eligibility.shipped.value().unwrap().from, date("2026-05-01"));
    let ldc = get("CN-LDC");
    assert!(ldc.editions[0].true_copy.allowed.is_confirmed() && !ldc.editions[1].true_copy.allowed.is_confirmed());
    let mauritius = edition("CN-MU");
    assert!(mauritius.eligibility.quotas[0].note.as_ref().unwrap().contains("50,000"));
}

/// The goods of the samples have rules to be held against.
#[test]
fn the_samples_goods_have_rules_of_origin() {
    for (code, hs) in [("CPFTA", "950662"), ("COMESA", "340111")] {
        let agreement = get(code);
        let rules = agreement.rules.as_ref().unwrap().of(agreement.editions.last().unwrap()).unwrap();
        let rules = rules.rules_for(Some(&hs.parse().unwrap()), date("2026-11-22"));
        assert!(rules.iter().filter(|rule| rule.confirmed).count() >= 2, "{code}");
    }
}
