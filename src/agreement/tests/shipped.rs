//! Every agreement that ships: its template fills, its editions follow each other, its data hold together.

use super::*;

/// A day in the middle of an edition's time.
fn some_day(edition: &Edition) -> Date {
    edition.in_force.from.checked_add(jiff::Span::new().days(40)).unwrap()
}

#[test]
fn the_agreements_of_the_trade_are_here() {
    let codes: Vec<String> = all().iter().map(|agreement| agreement.code.to_string()).collect();
    let expected = [
        "AANZFTA",
        "ACFTA",
        "AFCFTA",
        "APTA",
        "ATIGA",
        "CHAFTA",
        "CN-AFRICA",
        "CN-LDC",
        "CN-MU",
        "COMESA",
        "CPFTA",
        "EAC",
        "EUR1",
        "GSP",
        "NONPREF",
        "RCEP",
    ];
    assert_eq!(codes, expected);
}

#[test]
fn a_filled_in_template_of_every_agreement_may_be_issued() {
    for agreement in all().iter() {
        let edition = agreement.editions.last().unwrap();
        let filling = Filling::of(agreement, edition, some_day(edition));
        let text = filling.fill(&agreement.template(), edition);
        let judgement = agreement.judged(&particulars(&text), filling.issued_on);
        let ruling = judgement.ruling.unwrap_or_else(|| panic!("{}\n{}\n{text}", agreement.code, judgement.findings));
        assert_eq!(ruling.edition, edition.code, "{}", agreement.code);
        assert!(!ruling.flags.retrospective, "{}", agreement.code);
    }
}

#[test]
fn every_criterion_of_every_edition_may_be_used_at_its_threshold() {
    let mut tried = 0;
    for agreement in all().iter() {
        for edition in &agreement.editions {
            for rule in &edition.criteria {
                let mut filling = Filling::of(agreement, edition, some_day(edition));
                filling.under(rule);
                let judgement = judged_as(agreement, edition, &filling, &[]);
                let place = format!("{} {} {}", agreement.code, edition.code, rule.code);
                assert!(judgement.ruling.is_some(), "{place}\n{}", judgement.findings);
                assert_eq!(
                    judgement.ruling.unwrap().printed.len(),
                    usize::from(rule.printed.value().is_some()),
                    "{place}"
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 60, "{tried}");
}

#[test]
fn each_edition_is_taken_from_its_first_day_to_its_last() {
    for agreement in all().iter() {
        for edition in &agreement.editions {
            let on = |day: Date| agreement.edition_on(day).map(|found| found.code.to_string());
            let code = Some(edition.code.to_string());
            let from = edition.in_force.from;
            assert_eq!(on(from), code, "{}", agreement.code);
            assert_ne!(on(from.yesterday().unwrap()), code, "{}", agreement.code);
            let first = Filling::of(agreement, edition, from);
            assert_eq!(ruling(&judged_as(agreement, edition, &first, &[])).edition, edition.code);
            if let Some(until) = edition.in_force.until {
                assert_eq!(on(until), code, "{}", agreement.code);
                assert_ne!(on(until.tomorrow().unwrap()), code, "{}", agreement.code);
                let last = Filling::of(agreement, edition, until);
                assert_eq!(ruling(&judged_as(agreement, edition, &last, &[])).edition, edition.code);
            }
        }
    }
}

#[test]
fn what_rests_on_general_knowledge_or_on_secondary_sources_is_never_confirmed() {
    for (name, text) in files() {
        for line in text.lines() {
            let weak =
                ["general knowledge", "secondary source", "three secondary", "summary of", "by its name", "as Form E"];
            let article =
                line.split_once("article = \"").map_or("", |(_, rest)| rest.split('"').next().unwrap_or_default());
            if weak.iter().any(|word| article.contains(word)) {
                assert!(!line.contains("confirmed = true"), "{name}: {line}");
            }
        }
    }
}

#[test]
fn every_mark_stands_in_a_box_its_form_has() {
    for agreement in all().iter() {
        for edition in &agreement.editions {
            let marks = [
                &edition.retrospective.printed_in_box,
                &edition.true_copy.printed_in_box,
                &edition.replacement.printed_in_box,
                &edition.back_to_back.printed_in_box,
                &edition.exhibition.printed_in_box,
                &edition.third_party_invoicing.printed_in_box,
                &edition.marks.accumulation.printed_in_box,
                &edition.marks.de_minimis.printed_in_box,
                &edition.marks.partial_cumulation.printed_in_box,
            ];
            for number in marks.into_iter().filter_map(|figure| figure.value()) {
                let stands = edition.forms.iter().any(|form| form.boxes.iter().any(|each| each.number == *number));
                assert!(stands, "{} {}: no box {number}", agreement.code, edition.code);
            }
        }
    }
}

#[test]
fn every_country_that_may_issue_has_at_most_one_series_and_its_numbers_count() {
    let office = "01".parse().unwrap();
    for agreement in all().iter() {
        for edition in &agreement.editions {
            for member in &agreement.parties.members {
                let series: Vec<_> =
                    edition.numbers_of(member.country).filter_map(|rule| rule.series.value()).collect();
                assert!(series.len() <= 1, "{} {}", agreement.code, member.country);
                let Some(series) = series.first() else { continue };
                let routed = series.on_route(member.country, "CN".parse().unwrap());
                let number = |serial| routed.number(&office, date("2026-03-01"), Some("470Z10001"), serial);
                let (one, two) = (number(1).unwrap(), number(2).unwrap());
                assert_ne!(one, two, "{}", agreement.code);
            }
        }
    }
}
