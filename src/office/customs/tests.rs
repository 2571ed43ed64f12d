mod told;

use super::*;
use crate::{
    certificate::Item,
    statement::{ItemDecision, ResponseReason},
};
use proptest::prelude::*;

fn goods() -> Goods {
    let item = |number: u32, quantity: &str, unit: &str| {
        serde_json::from_value::<Item>(serde_json::json!({
            "number": number, "marks": null, "packages": [], "description": "Footballs", "brand": null, "hs": null,
            "national_codes": [], "origin": null, "criterion": null,
            "quantities": [{"value": quantity, "unit": unit}], "gross_weight": null, "net_weight": null, "producers": [],
        }))
        .unwrap()
    };
    Goods { totals: None, items: vec![item(1, "100", "H87"), item(2, "2.5", "TNE")] }
}

fn of(value: &str, unit: &str) -> Measure {
    Measure { value: value.parse().unwrap(), unit: unit.parse().unwrap() }
}

fn declaration(number: &str) -> ImportDeclaration {
    ImportDeclaration {
        number: number.parse().unwrap(),
        date: crate::time::Date::constant(2026, 12, 1),
        office: "CNSHA".parse().unwrap(),
    }
}

fn decision(item: Option<u32>, code: ResponseCode) -> ItemDecision {
    let reason = code.needs_reason().then_some(ResponseReason::NotOriginating);
    ItemDecision { item, line: None, code, quantity: None, left: None, reason, basis: None, words: None }
}

struct Desk {
    file: CustomsFile,
    number: CertificateNumber,
    goods: Goods,
    ended: BTreeSet<u32>,
}

impl Desk {
    fn new() -> Self {
        let number = "PK-1".parse().unwrap();
        Self { file: CustomsFile::default(), number, goods: goods(), ended: BTreeSet::new() }
    }

    fn certified(&self) -> Certified<'_> {
        Certified { number: &self.number, goods: &self.goods, ended: &self.ended }
    }

    fn write_off(&mut self, item: u32, value: &str, unit: &str) -> Result<Vec<ItemDecision>, &'static str> {
        let mut file = self.file.clone();
        let lines = [WriteOffLine { item, line: None, quantity: of(value, unit) }];
        let decisions = file.write_off(self.certified(), &declaration("D-1"), &lines).map_err(|e| e.reason())?;
        self.file = file;
        Ok(decisions)
    }

    fn decide(&mut self, item: Option<u32>, code: ResponseCode) -> Result<(), &'static str> {
        let mut file = self.file.clone();
        file.decide(self.certified(), None, &[decision(item, code)]).map_err(|e| e.reason())?;
        self.file = file;
        Ok(())
    }
}

#[test]
fn what_is_written_off_says_what_is_left_and_never_goes_beyond() {
    let mut desk = Desk::new();
    let part = desk.write_off(1, "60", "H87").unwrap();
    assert_eq!((part[0].code, part[0].left.clone()), (ResponseCode::UtilisedPartial, Some(of("40", "H87"))));
    assert_eq!(desk.write_off(1, "41", "H87"), Err("BALANCE_EXCEEDED"));
    let all = desk.write_off(1, "40", "H87").unwrap();
    assert_eq!((all[0].code, all[0].left.clone()), (ResponseCode::UtilisedFull, Some(of("0", "H87"))));
    assert_eq!(desk.write_off(3, "1", "H87"), Err("ITEM_UNKNOWN"));
    assert_eq!(desk.file.first_used, Some(declaration("D-1")));
    desk.file.give_back(&all);
    assert_eq!(desk.file.responses.get(&1), Some(&ResponseCode::UtilisedPartial));
    desk.file.give_back(&part);
    assert!(desk.file.responses.is_empty() && desk.file.first_used.is_none(), "nothing is used any more");
}

#[test]
fn a_unit_that_converts_exactly_is_taken_and_kept_in_the_items_own() {
    let mut desk = Desk::new();
    let part = desk.write_off(2, "1500", "KGM").unwrap();
    assert_eq!(part[0].quantity, Some(of("1.5", "TNE")));
    assert_eq!(part[0].left, Some(of("1", "TNE")));
    assert_eq!(desk.write_off(2, "1", "H87"), Err("BALANCE_UNIT"));
    desk.file.give_back(&part);
    assert!(!desk.file.ledger.is_drawn_on());
}

#[test]
fn of_what_was_decided_against_an_item_and_the_whole_the_later_is_shown_and_refused_for_and_hides_no_denial() {
    use ResponseCode::{AcceptedForClaim, Diverted, PreferenceDenied, PreferenceSuspended};
    for (first, second, counts) in [
        ((Some(1), PreferenceSuspended), (None, PreferenceDenied), (None, PreferenceDenied)),
        ((Some(1), PreferenceSuspended), (None, Diverted), (None, Diverted)),
        ((None, PreferenceDenied), (Some(1), Diverted), (Some(1), Diverted)),
        ((Some(1), PreferenceDenied), (None, PreferenceSuspended), (Some(1), PreferenceDenied)),
    ] {
        let mut desk = Desk::new();
        for (item, code) in [first, second] {
            desk.decide(item, code).unwrap();
        }
        let (of, code) = counts;
        let subject = if of.is_some() { "item 1" } else { "the certificate" }.to_owned();
        assert_eq!(desk.file.response(1), Some(code), "{first:?} {second:?}");
        let refused = desk.file.stands(1, None, None).unwrap_err();
        assert_eq!(refused, CustomsRefused::Decided { subject, code }, "{first:?} {second:?}");
        // Each is lifted by itself.
        desk.decide(None, AcceptedForClaim).unwrap();
        let own = if first.0.is_some() { first.1 } else { second.1 };
        assert_eq!(desk.file.response(1), Some(own), "{first:?} {second:?}");
    }
    let mut desk = Desk::new();
    for (item, code) in [(Some(1), Diverted), (None, PreferenceDenied), (Some(1), PreferenceSuspended)] {
        desk.decide(item, code).unwrap();
    }
    assert_eq!(desk.file.response(1), Some(PreferenceSuspended), "decided anew");
    let before = serde_json::json!({
        "ledger": {"items": {}}, "responses": {"0": "PREFERENCE_DENIED", "1": "DIVERTED"}, "latest": null, "acts": 2,
        "first_used": null,
    });
    let before = serde_json::from_value::<CustomsFile>(before).unwrap();
    assert_eq!(before.response(1), Some(Diverted), "kept before the order was");
}

#[test]
fn what_is_denied_or_suspended_is_not_used_until_another_decision() {
    let mut desk = Desk::new();
    desk.decide(None, ResponseCode::PreferenceSuspended).unwrap();
    assert_eq!(desk.write_off(1, "1", "H87"), Err("PREFERENCE_NOT_GRANTED"));
    desk.decide(Some(1), ResponseCode::AcceptedForClaim).unwrap();
    assert!(desk.write_off(1, "1", "H87").is_ok(), "the item was decided apart");
    assert_eq!(desk.write_off(2, "1", "TNE"), Err("PREFERENCE_NOT_GRANTED"));
    desk.decide(Some(2), ResponseCode::PreferenceDenied).unwrap();
    desk.decide(None, ResponseCode::AcceptedForClaim).unwrap();
    assert_eq!(desk.write_off(2, "1", "TNE"), Err("PREFERENCE_NOT_GRANTED"), "one bad item stays bad");
    // A later decision against the whole ends what was granted of an item.
    assert_eq!(desk.file.response(1), Some(ResponseCode::UtilisedPartial));
    desk.decide(Some(1), ResponseCode::AcceptedForClaim).unwrap();
    desk.decide(None, ResponseCode::Diverted).unwrap();
    assert_eq!(desk.file.response(1), Some(ResponseCode::Diverted));
    assert_eq!(desk.write_off(1, "1", "H87"), Err("PREFERENCE_NOT_GRANTED"));
}

#[test]
fn a_use_is_no_decision_and_an_item_is_decided_once_in_one_act() {
    let mut desk = Desk::new();
    assert_eq!(desk.decide(Some(1), ResponseCode::UtilisedFull), Err("RESPONSE_CODE_FOLLOWS"));
    assert_eq!(desk.decide(Some(9), ResponseCode::Received), Err("ITEM_UNKNOWN"));
    let twice = [decision(Some(1), ResponseCode::Received), decision(Some(1), ResponseCode::AcceptedForClaim)];
    let (certified, mut file) = (desk.certified(), CustomsFile::default());
    assert_eq!(file.decide(certified, None, &twice).map_err(|e| e.reason()), Err("ITEM_TWICE"));
    let with_whole = [decision(None, ResponseCode::Received), decision(Some(1), ResponseCode::AcceptedForClaim)];
    assert_eq!(file.decide(certified, None, &with_whole).map_err(|e| e.reason()), Err("ITEM_TWICE"));
    assert_eq!(file.decide(certified, None, &[]).map_err(|e| e.reason()), Err("NOTHING_DECIDED"));
}

#[test]
fn an_item_on_several_lines_is_decided_and_used_line_by_line() {
    let mut desk = Desk::new();
    let on = |line: u32, code| ItemDecision { line: Some(line), ..decision(Some(1), code) };
    let used = |line: Option<u32>, value: &str| WriteOffLine { item: 1, line, quantity: of(value, "H87") };
    let (denied, accepted) = (ResponseCode::PreferenceDenied, ResponseCode::AcceptedForClaim);
    let mut file = desk.file.clone();
    let same = [on(1, accepted), on(1, denied)];
    assert_eq!(file.decide(desk.certified(), None, &same).map_err(|e| e.reason()), Err("ITEM_TWICE"));
    let without = [decision(Some(1), accepted), on(1, denied)];
    assert_eq!(file.decide(desk.certified(), None, &without).map_err(|e| e.reason()), Err("ITEM_TWICE"));
    let (first, second) = (declaration("D-1"), declaration("D-2"));
    let mut file = desk.file.clone();
    file.decide(desk.certified(), Some(&first), &[on(1, accepted), on(2, denied)]).unwrap();
    assert_eq!(file.response(1), Some(accepted), "the item may be used, and not on line 2");
    desk.file = file.clone();
    let refused = |mut file: CustomsFile, declared: &ImportDeclaration, lines: &[WriteOffLine]| {
        file.write_off(desk.certified(), declared, lines).map(|_| ()).map_err(|e| e.reason())
    };
    let both = [used(Some(1), "1"), used(Some(2), "1")];
    assert_eq!(refused(file.clone(), &first, &both), Err("PREFERENCE_NOT_GRANTED"));
    assert_eq!(refused(file.clone(), &first, &[used(None, "1")]), Err("PREFERENCE_NOT_GRANTED"), "it may be line 2");
    assert_eq!(refused(file.clone(), &first, &[used(Some(1), "1")]), Ok(()));
    assert_eq!(refused(file.clone(), &second, &both), Ok(()), "line 2 of another declaration");
    let elsewhere = ImportDeclaration { office: "CNNGB".parse().unwrap(), ..first.clone() };
    assert_eq!(refused(file.clone(), &elsewhere, &both), Ok(()), "the same number at another office");
    assert_eq!(refused(file.clone(), &second, &[used(None, "1"), used(Some(2), "1")]), Err("ITEM_TWICE"));
    assert_eq!(refused(file.clone(), &second, &[used(Some(1), "60"), used(Some(2), "41")]), Err("BALANCE_EXCEEDED"));
    let decisions = file.write_off(desk.certified(), &second, &[used(Some(1), "60"), used(Some(2), "40")]).unwrap();
    let codes = decisions.iter().map(|one| one.code).collect::<Vec<_>>();
    assert_eq!(codes, [ResponseCode::UtilisedPartial, ResponseCode::UtilisedFull]);
    // All lines against it, it is used with another declaration.
    let mut file = desk.file.clone();
    file.decide(desk.certified(), Some(&first), &[on(1, denied), on(2, denied)]).unwrap();
    assert_eq!(refused(file.clone(), &first, &[used(Some(1), "1")]), Err("PREFERENCE_NOT_GRANTED"));
    assert_eq!(refused(file.clone(), &second, &[used(Some(1), "1")]), Ok(()));
}

impl Desk {
    fn decide_line(&mut self, of: &ImportDeclaration, line: u32, code: ResponseCode) {
        let mut file = self.file.clone();
        let decided = ItemDecision { line: Some(line), ..decision(Some(1), code) };
        file.decide(self.certified(), Some(of), &[decided]).unwrap();
        self.file = file;
    }

    fn used_on(&self, declared: &ImportDeclaration, line: Option<u32>) -> Result<CustomsFile, &'static str> {
        let mut file = self.file.clone();
        let lines = [WriteOffLine { item: 1, line, quantity: of("1", "H87") }];
        file.write_off(self.certified(), declared, &lines).map_err(|e| e.reason())?;
        Ok(file)
    }

    /// What a use of the first item on a line would say; nothing is used.
    fn use_line(&self, of: &ImportDeclaration, line: Option<u32>) -> Result<(), &'static str> {
        self.used_on(of, line).map(|_| ())
    }
}

#[test]
fn a_line_that_was_denied_alone_leaves_its_item_to_other_lines() {
    let (first, second) = (declaration("I-77"), declaration("D-2"));
    let mut desk = Desk::new();
    desk.decide_line(&first, 2, ResponseCode::PreferenceDenied);
    assert_eq!(desk.use_line(&first, Some(2)), Err("PREFERENCE_NOT_GRANTED"));
    assert_eq!(desk.use_line(&first, None), Err("PREFERENCE_NOT_GRANTED"), "it may be line 2");
    assert_eq!(desk.use_line(&first, Some(1)), Ok(()));
    assert_eq!(desk.use_line(&second, Some(2)), Ok(()), "another declaration");
    // In other letters, with other blanks or dashes it is the same declaration.
    for (office, number) in [
        ("cnsha", "i-77"),
        ("\u{FF23}\u{FF2E}\u{FF33}\u{FF28}\u{FF21}", "\u{FF29}\u{FF0D}\u{FF17}\u{FF17}"),
        ("CNSHA", "I\u{2013}77"),
        ("CNSHA", "I\u{2212}77"),
        ("CNSHA", "I \u{2010} 77"),
        ("CNSHA", "I\u{A0}77"),
        ("CNSHA", "I\u{3000}77"),
        ("CN-SHA", "I77"),
        ("CNSHA", "i 7-7"),
        ("CNSHA", "I-7-7"),
    ] {
        let spelled = ImportDeclaration { office: office.parse().unwrap(), ..declaration(number) };
        assert_eq!(desk.use_line(&spelled, Some(2)), Err("PREFERENCE_NOT_GRANTED"), "{number} at {office}");
    }
    // What only says how far it is lifts nothing.
    desk.decide_line(&first, 2, ResponseCode::Received);
    desk.decide(Some(1), ResponseCode::IncompleteData).unwrap();
    assert_eq!(desk.use_line(&first, Some(2)), Err("PREFERENCE_NOT_GRANTED"));
    desk.decide_line(&first, 2, ResponseCode::AcceptedForClaim);
    assert_eq!(desk.use_line(&first, Some(2)), Ok(()));
}

#[test]
fn a_denial_is_lifted_by_what_decides_otherwise_on_what_it_covers_and_by_nothing_else() {
    use ResponseCode::{
        AcceptedForClaim, Diverted, IncompleteData, NoReply, NotUtilised, PreferenceDenied, PreferenceSuspended,
        Received, ReturnedForRectification,
    };
    let (first, second) = (declaration("D-1"), declaration("D-2"));
    let lifts = |desk: &Desk, item: Option<u32>, line: Option<u32>, code: ResponseCode| {
        desk.file.lifts_denial(Some(&first), &[ItemDecision { line, ..decision(item, code) }])
    };
    let mut desk = Desk::new();
    desk.decide(Some(1), PreferenceDenied).unwrap();
    for code in [AcceptedForClaim, PreferenceSuspended, ReturnedForRectification, Diverted, NotUtilised] {
        assert!(lifts(&desk, Some(1), None, code) && lifts(&desk, Some(1), Some(2), code), "{code}");
        assert!(!lifts(&desk, Some(2), None, code), "{code} of another item");
        assert!(!lifts(&desk, None, None, code), "{code} of the whole: what was denied of the item stays");
    }
    for code in [Received, IncompleteData, NoReply] {
        assert!(!lifts(&desk, Some(1), None, code), "{code}");
    }
    let mut desk = Desk::new();
    desk.decide(None, PreferenceDenied).unwrap();
    assert!(lifts(&desk, None, None, Diverted) && lifts(&desk, Some(1), None, Diverted));
    assert!(lifts(&desk, Some(1), Some(2), AcceptedForClaim));
    desk.decide_line(&first, 2, AcceptedForClaim);
    assert!(!lifts(&desk, Some(1), Some(2), Diverted), "the line was granted since");
    assert!(lifts(&desk, Some(1), Some(1), Diverted) && lifts(&desk, Some(1), None, Diverted));
    desk.decide(Some(1), AcceptedForClaim).unwrap();
    assert!(!lifts(&desk, Some(1), None, Diverted), "the item was granted since");
    desk.decide(Some(1), Diverted).unwrap();
    assert!(lifts(&desk, Some(1), None, AcceptedForClaim), "and what was denied of the whole is over it again");
    let mut desk = Desk::new();
    desk.decide_line(&first, 2, PreferenceDenied);
    assert!(lifts(&desk, Some(1), Some(2), Diverted));
    assert!(lifts(&desk, Some(1), None, AcceptedForClaim), "a decision on the item ends those on its lines");
    assert!(!lifts(&desk, Some(1), Some(1), AcceptedForClaim) && !lifts(&desk, Some(2), None, AcceptedForClaim));
    let elsewhere = [ItemDecision { line: Some(2), ..decision(Some(1), Diverted) }];
    assert!(!desk.file.lifts_denial(Some(&second), &elsewhere), "line 2 of another declaration");
}

#[test]
fn a_line_that_was_granted_after_its_item_was_denied_is_used_and_no_other() {
    let first = declaration("D-1");
    for against in [Some(1), None] {
        let mut desk = Desk::new();
        desk.decide(against, ResponseCode::PreferenceDenied).unwrap();
        desk.decide_line(&first, 2, ResponseCode::AcceptedForClaim);
        assert_eq!(desk.use_line(&first, Some(2)), Ok(()));
        assert_eq!(desk.use_line(&first, Some(1)), Err("PREFERENCE_NOT_GRANTED"));
        desk.file = desk.used_on(&first, Some(2)).unwrap();
        assert_eq!(desk.use_line(&first, Some(1)), Err("PREFERENCE_NOT_GRANTED"), "its use lifts no denial");
        desk.decide(against, ResponseCode::PreferenceDenied).unwrap();
        assert_eq!(desk.use_line(&first, Some(2)), Err("PREFERENCE_NOT_GRANTED"), "denied again since");
    }
}

#[test]
fn what_was_written_off_before_an_item_was_denied_is_given_back_and_the_denial_stays() {
    for code in [ResponseCode::PreferenceDenied, ResponseCode::PreferenceSuspended] {
        let mut desk = Desk::new();
        let older = desk.write_off(1, "60", "H87").unwrap();
        let newer = desk.write_off(1, "10", "H87").unwrap();
        desk.decide(Some(1), code).unwrap();
        for given in [older, newer] {
            desk.file.give_back(&given);
            assert_eq!(desk.file.response(1), Some(code));
            assert_eq!(desk.write_off(1, "1", "H87"), Err("PREFERENCE_NOT_GRANTED"));
        }
    }
}

#[test]
fn what_only_says_how_far_it_is_takes_no_decision_back() {
    for code in [ResponseCode::Received, ResponseCode::IncompleteData, ResponseCode::NoReply] {
        for of in [Some(1), None] {
            let mut desk = Desk::new();
            desk.decide(of, code).unwrap();
            assert_eq!(desk.file.response(1), Some(code));
            desk.decide(of, ResponseCode::PreferenceDenied).unwrap();
            desk.decide(of, code).unwrap();
            assert_eq!(desk.file.latest, Some(code));
            assert_eq!(desk.file.response(1), Some(ResponseCode::PreferenceDenied));
            assert_eq!(desk.write_off(1, "1", "H87"), Err("PREFERENCE_NOT_GRANTED"));
        }
        let mut desk = Desk::new();
        desk.decide(None, ResponseCode::PreferenceDenied).unwrap();
        desk.decide(Some(1), ResponseCode::AcceptedForClaim).unwrap();
        desk.decide(Some(1), code).unwrap();
        assert!(desk.write_off(1, "1", "H87").is_ok(), "nor what was granted");
    }
}

#[test]
fn what_was_granted_of_an_item_outlives_its_first_use() {
    let mut desk = Desk::new();
    desk.decide(None, ResponseCode::PreferenceDenied).unwrap();
    desk.decide(Some(1), ResponseCode::AcceptedForClaim).unwrap();
    let first = desk.write_off(1, "1", "H87").unwrap();
    assert!(desk.write_off(1, "1", "H87").is_ok());
    assert_eq!(desk.file.response(1), Some(ResponseCode::UtilisedPartial));
    assert_eq!(desk.write_off(2, "1", "TNE"), Err("PREFERENCE_NOT_GRANTED"));
    desk.file.give_back(&first);
    desk.file.give_back(&first);
    assert_eq!(desk.file.response(1), Some(ResponseCode::AcceptedForClaim), "used no more, it is granted still");
    desk.write_off(1, "1", "H87").unwrap();
    desk.decide(None, ResponseCode::PreferenceSuspended).unwrap();
    assert_eq!(desk.write_off(1, "1", "H87"), Err("PREFERENCE_NOT_GRANTED"));
}

#[test]
fn the_whole_is_used_in_full_only_when_nothing_of_any_item_is_left() {
    let (partial, full) = (ResponseCode::UtilisedPartial, ResponseCode::UtilisedFull);
    let mut desk = Desk::new();
    let small = desk.write_off(2, "2.5", "TNE").unwrap();
    assert_eq!((small[0].code, desk.file.latest), (full, Some(partial)), "the other item is whole");
    desk.decide(Some(2), ResponseCode::AcceptedForClaim).unwrap();
    desk.decide(Some(1), ResponseCode::AcceptedForClaim).unwrap();
    assert_eq!(desk.file.latest, Some(partial));
    let rest = desk.write_off(1, "100", "H87").unwrap();
    assert_eq!(desk.file.latest, Some(full));
    desk.file.give_back(&small);
    assert_eq!(desk.file.latest, Some(partial), "some of it is used still");
    desk.file.give_back(&rest);
    assert_eq!(desk.file.latest, Some(ResponseCode::Reversed));
    desk.ended.insert(2);
    desk.write_off(1, "100", "H87").unwrap();
    assert_eq!(desk.file.latest, Some(full), "of what has lost its force nothing is left");
    desk.decide(Some(1), ResponseCode::Received).unwrap();
    assert_eq!(desk.file.latest, Some(full), "that it was received does not hide that it is used up");
}

#[test]
fn what_stands_against_an_item_is_not_hidden_by_taking_back_what_was_used_of_another() {
    let mut desk = Desk::new();
    let used = desk.write_off(1, "10", "H87").unwrap();
    desk.decide(Some(2), ResponseCode::PreferenceDenied).unwrap();
    desk.file.give_back(&used);
    assert_eq!(desk.file.latest, Some(ResponseCode::PreferenceDenied));
}

#[test]
fn what_was_used_is_used_still_after_its_claim_is_accepted() {
    for (quantity, code) in [("10", ResponseCode::UtilisedPartial), ("100", ResponseCode::UtilisedFull)] {
        for of in [Some(1), None] {
            let mut desk = Desk::new();
            let used = desk.write_off(1, quantity, "H87").unwrap();
            desk.decide(of, ResponseCode::AcceptedForClaim).unwrap();
            assert_eq!(desk.file.response(1), Some(code));
            assert!(desk.file.latest.is_some_and(ResponseCode::draws));
            desk.file.give_back(&used);
            assert_eq!(desk.file.response(1), Some(ResponseCode::AcceptedForClaim));
        }
    }
}

#[test]
fn an_item_that_lost_its_force_is_not_used() {
    let mut desk = Desk::new();
    desk.ended.insert(1);
    assert_eq!(desk.write_off(1, "1", "H87"), Err("ITEM_WITHOUT_FORCE"));
    assert!(desk.write_off(2, "1", "TNE").is_ok());
}

#[test]
fn a_file_reads_back_as_it_was_written() {
    let mut desk = Desk::new();
    desk.decide(Some(1), ResponseCode::AcceptedForClaim).unwrap();
    desk.write_off(1, "60", "H87").unwrap();
    desk.decide(Some(2), ResponseCode::PreferenceDenied).unwrap();
    desk.decide_line(&declaration("D-1"), 2, ResponseCode::PreferenceDenied);
    let written = serde_json::to_vec(&desk.file).unwrap();
    assert_eq!(serde_json::from_slice::<CustomsFile>(&written).unwrap(), desk.file);
    let before = serde_json::json!({
        "ledger": {"items": {}}, "responses": {"1": "ACCEPTED_FOR_CLAIM"}, "latest": "ACCEPTED_FOR_CLAIM", "acts": 1,
        "first_used": null,
        "refused_lines": [{"declaration": "D-1", "item": 1, "line": 2, "code": "PREFERENCE_DENIED"}],
    });
    let desk = Desk { file: serde_json::from_value(before).unwrap(), ..Desk::new() };
    assert_eq!(desk.use_line(&declaration("D-1"), Some(1)), Ok(()));
    assert_eq!(desk.use_line(&declaration("D-1"), Some(2)), Err("PREFERENCE_NOT_GRANTED"), "kept before grants were");
}

proptest! {
    #[test]
    fn whatever_is_used_and_taken_back_never_more_than_all_is_out(
        deeds in proptest::collection::vec((any::<bool>(), 1_u32..60), 1..40),
    ) {
        let mut desk = Desk::new();
        let mut out: Vec<Vec<ItemDecision>> = Vec::new();
        for (uses, pieces) in deeds {
            if uses {
                out.extend(desk.write_off(1, &pieces.to_string(), "H87").ok());
            } else if let Some(decisions) = out.pop() {
                desk.file.give_back(&decisions);
            }
            let used = out.iter().flatten().filter_map(|one| one.quantity.as_ref()).map(|one| one.value.millionths());
            let used = used.sum::<u128>();
            prop_assert!(used <= 100_000_000);
            let left = desk.file.left(desk.certified(), 1).unwrap();
            prop_assert_eq!(left.value.millionths(), 100_000_000 - used);
            prop_assert_eq!(desk.file.first_used.is_some(), used > 0);
        }
    }
}
