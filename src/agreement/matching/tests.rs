use super::*;
use crate::agreement::testing::{CRUSHER, FOOTBALLS, SOAP, agreement, cpfta_with, particulars};
use crate::agreement::{Agreement, Agreements};
use crate::certificate::{HsCode, Item, Packages};
use proptest::prelude::*;

const ATIGA: &str = include_str!("../../../node-config/agreements/atiga.toml");

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn of(value: &str, unit: &str) -> Measure {
    Measure { value: value.parse().unwrap(), unit: unit.parse().unwrap() }
}

/// The certificate these particulars become; the soap is applied for later than the others are issued.
fn certificate(toml: &str) -> Certificate {
    let particulars = particulars(toml);
    let issued_on = if toml == SOAP { "2026-11-16" } else { "2026-11-12" };
    let judgement = agreement(particulars.agreement.as_str()).judged(&particulars, date(issued_on));
    let ruling = judgement.ruling.unwrap_or_else(|| panic!("{}", judgement.findings));
    particulars.finish(ruling.numbered("PK-1".parse().unwrap()))
}

/// The line that declares an item exactly as it is certified.
fn line_of(line: u32, item: &Item, certificate: &Certificate) -> DeclaredLine {
    let invoice = certificate.commercial.as_ref().and_then(|commercial| commercial.invoices.first());
    DeclaredLine {
        line,
        item: None,
        tariff_code: item.hs.as_ref().map(|hs| hs.code.clone()),
        description: Some(item.description.clone()),
        origin: Some(item.origin.unwrap_or(certificate.from)),
        quantity: item.quantities.first().cloned(),
        gross_weight: item.gross_weight.clone(),
        net_weight: item.net_weight.clone(),
        invoice: invoice.map(|invoice| invoice.number.clone()),
        marks: item.marks.clone(),
        packages: Some(item.packages.iter().map(|some| some.count).sum()).filter(|_| !item.packages.is_empty()),
    }
}

/// The declaration that says what the certificate says.
fn declared(certificate: &Certificate) -> Declared {
    let lines = (1..).zip(&certificate.goods.items).map(|(line, item)| line_of(line, item, certificate));
    let consignee = certificate.consignee.as_ref().and_then(|consignee| consignee.party.as_ref());
    Declared {
        date: date("2026-12-20"),
        hs_edition: None,
        country_of_export: Some(certificate.from),
        importer: consignee.map(|party| party.name.clone()),
        lines: lines.collect(),
    }
}

fn held(agreement: &Agreement, certificate: &Certificate, declared: &Declared) -> Matching {
    compare(certificate, declared, agreement.edition_on(date("2026-11-12")), &Lists::none())
}

fn said(matching: &Matching) -> Vec<(&str, &str)> {
    matching.differences.iter().map(|one| (one.subject.as_str(), one.weight.as_str())).collect()
}

/// Footballs declared with one change, under CPFTA.
fn footballs(change: impl FnOnce(&mut Declared)) -> Matching {
    footballs_under(&agreement("CPFTA"), change)
}

fn footballs_under(agreement: &Agreement, change: impl FnOnce(&mut Declared)) -> Matching {
    let certificate = certificate(FOOTBALLS);
    let mut declared = declared(&certificate);
    change(&mut declared);
    held(agreement, &certificate, &declared)
}

fn atiga() -> Agreement {
    let all = Agreements::load([("atiga.toml", ATIGA)]).unwrap_or_else(|errors| panic!("{errors}"));
    all.iter().next().unwrap().clone()
}

#[test]
fn the_same_goods_declared_as_certified_give_no_difference() {
    for toml in [FOOTBALLS, SOAP, CRUSHER] {
        let certificate = certificate(toml);
        let matching = held(&agreement(certificate.agreement.as_str()), &certificate, &declared(&certificate));
        assert_eq!((matching.items, matching.differences), (vec![Some(1)], Vec::new()), "{toml}");
    }
}

#[test]
fn case_spaces_points_and_accents_are_no_difference() {
    let matching = footballs(|declared| {
        declared.importer = Some("SHANGHAI YUHE SPORTING-GOODS CO., LIMITED".parse().unwrap());
        let line = &mut declared.lines[0];
        line.description = Some("FOOT BALLS - inflâtable (size 5)".parse().unwrap());
        line.invoice = Some("cs 2611/77".parse().unwrap());
        line.tariff_code = Some("9506621000".parse().unwrap());
        line.marks = Some("YUHE SHA 1-100".parse().unwrap());
    });
    assert_eq!(said(&matching), []);
}

#[test]
fn less_than_certified_is_no_difference_and_more_is_material() {
    assert_eq!(said(&footballs(|declared| declared.lines[0].quantity = Some(of("1", "H87")))), []);
    let more = footballs(|declared| {
        declared.lines[0].quantity = Some(of("16800.000001", "H87"));
        declared.lines[0].gross_weight = Some(of("8.190001", "TNE"));
        declared.lines[0].packages = Some(421);
    });
    assert_eq!(said(&more), [("quantity", "material"), ("gross_weight", "material"), ("packages", "material")]);
    let quantity = &more.differences[0];
    assert_eq!((quantity.certificate.as_str(), quantity.declaration.as_str()), ("16800 H87", "16800.000001 H87"));
    assert_eq!((quantity.line, quantity.item, quantity.confirmed), (Some(1), Some(1), false));
}

#[test]
fn units_that_convert_exactly_are_compared_and_others_are_a_difference_of_units() {
    assert_eq!(said(&footballs(|declared| declared.lines[0].quantity = Some(of("1400", "DZN")))), []);
    let more = footballs(|declared| declared.lines[0].quantity = Some(of("1401", "DZN")));
    assert_eq!(said(&more), [("quantity", "material")]);
    assert_eq!(more.differences[0].declaration, "16812 H87");
    let pairs = |declared: &mut Declared| declared.lines[0].quantity = Some(of("8400", "NPR"));
    assert_eq!(said(&footballs(pairs)), [("unit", "unknown")]);
    assert_eq!(said(&footballs_under(&atiga(), pairs)), [("unit", "minor")]);
}

#[test]
fn split_lines_are_added_up_before_they_are_compared() {
    let split = |second: &str, unit: &str| {
        footballs(|declared| {
            let mut other = DeclaredLine { line: 2, gross_weight: None, packages: None, ..declared.lines[0].clone() };
            other.quantity = Some(of(second, unit));
            declared.lines[0].quantity = Some(of("10000", "H87"));
            declared.lines.push(other);
        })
    };
    assert_eq!(said(&split("6800", "H87")), []);
    let over = split("567", "DZN");
    assert_eq!((over.items.as_slice(), said(&over)), ([Some(1), Some(1)].as_slice(), vec![("quantity", "material")]));
    let sum = &over.differences[0];
    assert_eq!((sum.line, sum.declaration.as_str()), (None, "16804 H87"));
    assert!(sum.words.starts_with("lines 1, 2 declare together 16804 H87"), "{}", sum.words);
}

#[test]
fn another_classification_is_material_minor_or_unknown_as_the_agreement_says_and_never_more() {
    let other = |declared: &mut Declared| declared.lines[0].tariff_code = Some("950669".parse().unwrap());
    assert_eq!(said(&footballs(other)), [("hs_code", "material")]);
    let minor = footballs_under(&atiga(), other);
    let article = minor.differences[0].article.as_deref();
    assert_eq!((said(&minor), minor.differences[0].confirmed), (vec![("hs_code", "minor")], true));
    assert!(article.unwrap().contains("Rule 16(2)"), "{article:?}");
    assert_eq!(said(&footballs_under(&agreement("COMESA"), other)), [("hs_code", "unknown")]);
}

#[test]
fn a_line_whose_code_is_not_known_is_held_against_its_item_by_all_else() {
    let silent = footballs(|declared| declared.lines[0].tariff_code = None);
    assert_eq!((said(&silent), silent.items.first()), (vec![], Some(&Some(1))));
}

#[test]
fn a_code_of_another_edition_is_a_note_and_no_hard_difference() {
    let other = |declared: &mut Declared| {
        declared.hs_edition = Some(HsEdition::Hs2028);
        declared.lines[0].tariff_code = Some("950669".parse().unwrap());
    };
    let note = footballs(other);
    assert_eq!(said(&note), [("hs_code", "unknown")]);
    assert!(note.differences[0].words.contains("of the 2028 edition"), "{}", note.differences[0].words);
    assert_eq!(said(&footballs_under(&atiga(), other)), [("hs_code", "minor")]);
    // The day decides where the declaration does not say.
    let late = footballs(|declared| {
        declared.date = date("2028-01-01");
        declared.lines[0].tariff_code = Some("950669".parse().unwrap());
    });
    assert_eq!(said(&late), [("date", "material"), ("hs_code", "unknown")]);
}

#[test]
fn words_that_differ_weigh_by_how_much_they_differ() {
    let described = |agreement: &Agreement, text: &str| {
        let matching =
            footballs_under(agreement, |declared| declared.lines[0].description = Some(text.parse().unwrap()));
        said(&matching).iter().map(|(subject, weight)| format!("{subject} {weight}")).collect::<Vec<_>>().join(", ")
    };
    let (cpfta, atiga, comesa) = (agreement("CPFTA"), atiga(), agreement("COMESA"));
    for (text, by_cpfta, by_atiga, by_comesa) in [
        ("Fotballs, inflatable, size 5", "description minor", "description minor", "description unknown"),
        ("Inflatable football of size 5, PVC", "description unknown", "description minor", "description unknown"),
        ("Footballs, inflatable, size 4", "description material", "description material", "description material"),
        ("Tennis rackets", "description material", "description material", "description material"),
        ("充气足球,5号", "description unknown", "description unknown", "description unknown"),
    ] {
        assert_eq!(described(&cpfta, text), by_cpfta, "{text}");
        assert_eq!(described(&atiga, text), by_atiga, "{text}");
        assert_eq!(described(&comesa, text), by_comesa, "{text}");
    }
}

#[test]
fn a_list_that_is_not_confirmed_says_so() {
    let line = "minor_discrepancies = { value = [\"slight\"], article = \"GACC Decree 162 of 2007, annex, Rule 15\", confirmed = true";
    let doubted = cpfta_with(line, &line.replace("confirmed = true", "confirmed = false"));
    let typed = |declared: &mut Declared| {
        declared.lines[0].description = Some("Fotballs, inflatable, size 5".parse().unwrap());
    };
    let (sure, unsure) = (footballs(typed), footballs_under(&doubted, typed));
    assert!(sure.differences[0].confirmed && !sure.differences[0].words.contains("confirmed"));
    assert_eq!((said(&unsure), unsure.differences[0].confirmed), (vec![("description", "minor")], false));
    assert!(unsure.differences[0].words.ends_with("which is not confirmed"), "{}", unsure.differences[0].words);
}

#[test]
fn without_an_edition_nothing_is_let_pass() {
    let certificate = certificate(FOOTBALLS);
    let mut declared = declared(&certificate);
    declared.lines[0].description = Some("Fotballs, inflatable, size 5".parse().unwrap());
    declared.lines[0].quantity = Some(of("16801", "H87"));
    let matching = compare(&certificate, &declared, None, &Lists::none());
    assert_eq!(said(&matching), [("description", "unknown"), ("quantity", "material")]);
}

#[test]
fn countries_the_importer_and_the_invoice_are_held_against_the_certificate() {
    let matching = footballs(|declared| {
        declared.country_of_export = Some("AE".parse().unwrap());
        declared.importer = Some("Guangzhou Leather Trading Co Ltd".parse().unwrap());
        declared.lines[0].origin = Some("IN".parse().unwrap());
        declared.lines[0].invoice = Some("CS-2611-78".parse().unwrap());
        declared.lines[0].marks = Some("GLT/CAN".parse().unwrap());
    });
    let all = ["consignee", "country_of_export", "invoice", "origin", "marks"].map(|subject| (subject, "material"));
    assert_eq!(said(&matching), all);
    let slips = footballs(|declared| {
        declared.importer = Some("Shanghai Yuhe Sportting Goods".parse().unwrap());
        declared.lines[0].marks = Some("AS ADDRESSED".parse().unwrap());
    });
    assert_eq!(said(&slips), [("consignee", "minor")]);
    let related = footballs(|declared| declared.importer = Some("Shanghai Yuhe Trading Goods".parse().unwrap()));
    assert_eq!(said(&related), [("consignee", "unknown")]);
    // A name in two scripts is compared in the one that can be.
    let of_two_scripts = |importer: &str, expected: &[(&str, &str)]| {
        let mut certificate = certificate(FOOTBALLS);
        let party = certificate.consignee.as_mut().unwrap().party.as_mut().unwrap();
        party.other_name = Some("上海裕和体育用品有限公司".parse().unwrap());
        let mut own = declared(&certificate);
        own.importer = Some(importer.parse().unwrap());
        assert_eq!(said(&held(&agreement("CPFTA"), &certificate, &own)), expected);
    };
    of_two_scripts("Beijing Other Trading Co Ltd", &[("consignee", "material")]);
    of_two_scripts("上海裕和体育用品有限公司", &[]);
    // To order: there is nobody to compare with.
    let crusher = certificate(CRUSHER);
    let mut anybody = declared(&crusher);
    anybody.importer = Some("Alexandria Quarries".parse().unwrap());
    assert_eq!(said(&held(&agreement("NONPREF"), &crusher, &anybody)), []);
}

#[test]
fn a_day_outside_the_certificates_is_said_with_what_the_agreement_says_of_it() {
    let late = footballs(|declared| declared.date = date("2027-11-13"));
    assert_eq!(said(&late), [("date", "material")]);
    assert_eq!(said(&footballs(|declared| declared.date = date("2027-11-12"))), []);
    assert_eq!(said(&footballs(|declared| declared.date = date("2026-11-11"))), [("date", "unknown")]);
}

#[test]
fn a_line_that_names_an_item_is_held_against_it_and_one_that_names_none_finds_it() {
    let mut certificate = certificate(FOOTBALLS);
    let first = certificate.goods.items[0].clone();
    let variant = |number: u32, description: &str, hs: &str, pieces: &str| Item {
        number,
        description: description.parse().unwrap(),
        hs: Some(HsCode { code: hs.parse().unwrap(), edition: HsEdition::Hs2022 }),
        quantities: vec![of(pieces, "H87")],
        ..first.clone()
    };
    certificate.goods.items.push(variant(2, "Footballs, inflatable, size 4", "950662", "100"));
    certificate.goods.items.push(variant(3, "Basketballs", "950662", "100"));
    certificate.goods.items.push(variant(7, "Goalkeepers' gloves", "420321", "100"));
    let mut declared = declared(&certificate);
    let gloves = declared.lines.remove(3);
    declared.lines.insert(0, gloves);
    // The quantity of another item does not draw a line away from its goods.
    declared.lines[1].quantity = Some(of("100", "H87"));
    let cpfta = agreement("CPFTA");
    let found = held(&cpfta, &certificate, &declared);
    assert_eq!((found.items.as_slice(), said(&found)), ([Some(7), Some(1), Some(2), Some(3)].as_slice(), vec![]));

    declared.lines[0].item = Some(3);
    declared.lines[1].item = Some(4);
    declared.lines[2].tariff_code = Some("870323".parse().unwrap());
    declared.lines[2].description = Some("Motor cars".parse().unwrap());
    let named = held(&cpfta, &certificate, &declared);
    assert_eq!(named.items, [Some(3), None, None, Some(3)]);
    let missing = named.differences.iter().filter(|one| one.subject == Subject::Item);
    assert_eq!(missing.map(|one| (one.line, one.item)).collect::<Vec<_>>(), [(Some(1), Some(4)), (Some(2), None)]);
}

#[test]
fn two_lines_alike_go_to_two_items_alike() {
    let mut certificate = certificate(FOOTBALLS);
    let twin = Item { number: 2, ..certificate.goods.items[0].clone() };
    certificate.goods.items.push(twin);
    let matching = held(&agreement("CPFTA"), &certificate, &declared(&certificate));
    assert_eq!((matching.items.as_slice(), said(&matching)), ([Some(1), Some(2)].as_slice(), vec![]));
}

/// Two sorts of one mineral, under one code.
fn rock_salt() -> Certificate {
    let mut certificate = certificate(FOOTBALLS);
    let first = certificate.goods.items[0].clone();
    let item = |number: u32, description: &str, quantity: Measure, net_weight: Option<Measure>| Item {
        number,
        description: description.parse().unwrap(),
        hs: Some(HsCode { code: "250100".parse().unwrap(), edition: HsEdition::Hs2022 }),
        quantities: vec![quantity],
        packages: Vec::new(),
        marks: None,
        gross_weight: None,
        net_weight,
        ..first.clone()
    };
    let crushed = "Rock salt, pink, crushed 2-5 mm, in 1000 kg bulk bags";
    certificate.goods.items = vec![
        item(1, crushed, of("24", "TNE"), Some(of("24000", "KGM"))),
        item(2, "Rock salt, pink, blocks, unworked", of("5000", "KGM"), None),
    ];
    certificate
}

fn salt(line: u32, description: Option<&str>, quantity: Option<Measure>) -> DeclaredLine {
    DeclaredLine {
        line,
        item: None,
        tariff_code: Some("250100".parse().unwrap()),
        description: description.map(|text| text.parse().unwrap()),
        origin: Some("PK".parse().unwrap()),
        quantity,
        gross_weight: None,
        net_weight: None,
        invoice: None,
        marks: None,
        packages: None,
    }
}

#[test]
fn of_two_items_alike_a_line_goes_to_the_one_that_has_more_of_its_words() {
    let certificate = rock_salt();
    let items = |lines: Vec<DeclaredLine>| {
        let declared = Declared { lines, ..declared(&certificate) };
        held(&agreement("CPFTA"), &certificate, &declared).items
    };
    let crushed = |line, quantity| salt(line, Some("Rock salt, pink, crushed 2-5 mm"), Some(quantity));
    let blocks = |line, quantity| salt(line, Some("Rock salt, pink, blocks"), Some(quantity));
    assert_eq!(items(vec![crushed(1, of("1", "TNE"))]), [Some(1)]);
    assert_eq!(items(vec![crushed(1, of("1", "TNE")), blocks(2, of("1", "TNE"))]), [Some(1), Some(2)]);
    assert_eq!(items(vec![blocks(1, of("1000", "KGM")), crushed(2, of("1000", "KGM"))]), [Some(2), Some(1)]);
    // The very quantity of the other item does not draw it away.
    assert_eq!(items(vec![crushed(1, of("5000", "KGM"))]), [Some(1)]);
}

#[test]
fn what_neither_line_nor_item_says_decides_nothing_and_the_unit_as_stated_does() {
    let certificate = rock_salt();
    let item = |description: Option<&str>, quantity: Option<Measure>| {
        let declared = Declared { lines: vec![salt(1, description, quantity)], ..declared(&certificate) };
        held(&agreement("CPFTA"), &certificate, &declared).items
    };
    // Neither the second item nor the line has a net weight.
    assert_eq!(item(Some("Rock salt, pink"), None), [Some(1)]);
    assert_eq!(item(None, None), [Some(1)]);
    for description in [None, Some("Rock salt, pink")] {
        assert_eq!(item(description, Some(of("1", "TNE"))), [Some(1)], "{description:?}");
        assert_eq!(item(description, Some(of("1000", "KGM"))), [Some(2)], "{description:?}");
    }
}

#[test]
fn a_full_certificate_of_texts_almost_alike_is_compared_in_bounded_work() {
    let mut certificate = certificate(FOOTBALLS);
    let first = certificate.goods.items[0].clone();
    let long = "ab".repeat(512);
    let item = |number: u32| Item { number, description: long.parse().unwrap(), ..first.clone() };
    certificate.goods.items = (1..=500).map(item).collect();
    let mut declared = declared(&certificate);
    declared.lines.truncate(50);
    for line in &mut declared.lines {
        line.description = Some(format!("{}x", &long[..1023]).parse().unwrap());
    }
    let started = std::time::Instant::now();
    let matching = held(&agreement("CPFTA"), &certificate, &declared);
    assert_eq!(matching.differences.len(), 50);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// Items of few kinds, so that many are alike.
fn any_item() -> impl Strategy<Value = (usize, usize, u32, u32, Option<u32>)> {
    (0usize..3, 0usize..4, 1u32..4, 1u32..4, proptest::option::of(1u32..3))
}

fn with_items(kinds: &[(usize, usize, u32, u32, Option<u32>)]) -> Certificate {
    let mut certificate = certificate(FOOTBALLS);
    let first = certificate.goods.items[0].clone();
    let texts = ["Footballs, size 5", "Footballs, size 4", "Balls of leather", "足球"];
    let item = |(number, (hs, text, pieces, weight, packages)): (u32, &(usize, usize, u32, u32, Option<u32>))| Item {
        number,
        description: texts[*text].parse().unwrap(),
        hs: Some(HsCode { code: ["950662", "950669", "420321"][*hs].parse().unwrap(), edition: HsEdition::Hs2022 }),
        quantities: vec![of(&pieces.to_string(), "DZN")],
        gross_weight: Some(of(&weight.to_string(), "KGM")),
        packages: packages.iter().map(|count| Packages { count: *count, kind: "CT".parse().unwrap() }).collect(),
        ..first.clone()
    };
    certificate.goods.items = (1..).zip(kinds).map(item).collect();
    certificate
}

proptest! {
    #[test]
    fn whatever_is_certified_and_declared_so_does_not_differ(
        kinds in proptest::collection::vec(any_item(), 1..8), turn in 0usize..8, named in any::<bool>(),
    ) {
        let certificate = with_items(&kinds);
        let mut declared = declared(&certificate);
        for (line, item) in declared.lines.iter_mut().zip(&certificate.goods.items) {
            line.item = Some(item.number).filter(|_| named);
        }
        let turn = turn % declared.lines.len();
        declared.lines.rotate_left(turn);
        let matching = held(&agreement("CPFTA"), &certificate, &declared);
        prop_assert_eq!(matching.differences, Vec::new());
        prop_assert!(matching.items.iter().all(Option::is_some));
    }

    #[test]
    fn the_order_of_lines_does_not_matter(
        kinds in proptest::collection::vec(any_item(), 1..6),
        lines in proptest::collection::vec(any_item(), 1..6), turn in 0usize..6,
    ) {
        let (certificate, other) = (with_items(&kinds), with_items(&lines));
        let straight = Declared { lines: declared(&other).lines, ..declared(&certificate) };
        let mut turned = straight.clone();
        turned.lines.reverse();
        let turn = turn % turned.lines.len();
        turned.lines.rotate_left(turn);
        let cpfta = agreement("CPFTA");
        let (one, two) = (held(&cpfta, &certificate, &straight), held(&cpfta, &certificate, &turned));
        prop_assert_eq!(&one.differences, &two.differences);
        let by_line = |declared: &Declared, matching: &Matching| {
            let mut all = declared.lines.iter().map(|line| line.line).zip(matching.items.clone()).collect::<Vec<_>>();
            all.sort_unstable();
            all
        };
        prop_assert_eq!(by_line(&straight, &one), by_line(&turned, &two));
    }

    #[test]
    fn no_text_or_number_makes_it_fail_and_two_texts_are_as_alike_from_either_side(
        one in "\\PC{1,40}", two in "\\PC{1,40}", number in any::<u32>(), value in "(0|[1-9][0-9]{0,14})(\\.[0-9]{1,6})?",
        unit in "[A-Z0-9]{2,3}",
    ) {
        let (words, others) = (likeness::Wording::of(&one), likeness::Wording::of(&two));
        prop_assert_eq!(words.likeness(&others), others.likeness(&words));
        prop_assert_eq!(words.likeness(&words), likeness::Likeness::Same);
        let matching = footballs(|declared| {
            declared.importer = Text::typed(&one).ok();
            let line = &mut declared.lines[0];
            line.line = number;
            line.description = Text::typed(&two).ok();
            line.invoice = Text::typed(&one).ok();
            line.marks = Text::typed(&two).ok();
            line.quantity = Some(of(&value, &unit));
            line.net_weight = line.quantity.clone();
            line.gross_weight = line.quantity.clone();
            line.packages = Some(number);
        });
        prop_assert!(matching.differences.iter().all(|one| !one.words.is_empty()));
    }
}

#[test]
fn what_the_documentation_shows_of_a_match_is_what_comes() {
    let matching = footballs(|declared| declared.lines[0].description = Some("Inflatable balls".parse().unwrap()));
    assert_eq!(said(&matching), [("description", "material")]);
    let found = &matching.differences[0];
    assert_eq!((found.article.as_deref(), found.confirmed), (None, false));
    let (command, service) = (include_str!("../../../docs/cli/customs.md"), include_str!("../../../docs/rest.md"));
    for shown in [found.words.as_str(), found.certificate.as_str(), found.declaration.as_str()] {
        assert!(command.contains(shown) && service.contains(shown), "{shown}");
    }
    assert!(command.contains("    material  description: certificate") && service.contains("WEIGHT_MATERIAL"));
}
