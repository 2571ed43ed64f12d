//! What is written off, amended and taken back, and what stands in the way of that.

use super::{Corridor, line, reason};
use crate::{
    agreement::Agreements,
    certificate::Measure,
    office::WriteOffLine,
    reason::Reasoned as _,
    statement::{Act, ResponseCode, Since},
    time::Clock as _,
    workflow::{ArrivalsAsked, ArrivedName, DecisionWish, Notice, WorkflowError, WriteOffWish, tests::world::World},
};
use std::sync::Arc;

const CHAFTA: &str = include_str!("../../../../node-config/agreements/chafta.toml");
const CPFTA: &str = include_str!("../../../../node-config/agreements/cpfta.toml");
const CPFTA_RULES: &str = include_str!("../../../../node-config/agreements/cpfta.rules.toml");

/// A certificate under CPFTA covers what one under ChAFTA does, as its file that is shipped has it.
fn one_consignment(world: &mut World, confirmed: bool) {
    let rule = CHAFTA.lines().find(|line| line.starts_with("single_consignment")).unwrap();
    let rule = rule.replace("confirmed = true", &format!("confirmed = {confirmed}"));
    let (unknown, rules) = ("single_consignment = { confirmed = false }", CPFTA_RULES.to_owned());
    assert!(CPFTA.contains(unknown));
    let files = [("cpfta.toml", CPFTA.replace(unknown, &rule)), ("cpfta.rules.toml", rules)];
    world.agreements = Arc::new(Agreements::load(files).unwrap());
}

#[tokio::test]
async fn a_write_off_is_told_to_the_issuer_and_the_balance_bears_no_more() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let first = customs.write_off(officer, corridor.write_off(1, "D-1", "10000")).await.unwrap();
    assert_eq!((first.act, corridor.left().as_str()), (1, "6800"));
    let again = customs.write_off(officer, corridor.write_off(1, "D-1", "10000")).await.unwrap();
    assert_eq!((again.act, again.statement), (first.act, first.statement), "the same request, the same answer");
    assert_eq!(reason(customs.write_off(officer, corridor.write_off(2, "D-2", "6801")).await), "BALANCE_EXCEEDED");
    let second = customs.write_off(officer, corridor.write_off(3, "D-2", "6800")).await.unwrap();
    assert_eq!(corridor.left(), "0");
    let warned = second.notices.iter().any(|notice| notice.reason == "ALREADY_USED");
    assert!(!warned, "it was not used in full before this: {:?}", second.notices);
    assert_eq!(corridor.heard(), [(ResponseCode::UtilisedPartial, false), (ResponseCode::UtilisedFull, false)]);
    let course = customs.course(officer, &corridor.name()).unwrap();
    assert_eq!(course.acts.iter().map(|act| act.number).collect::<Vec<_>>(), [1, 2]);
    assert!(course.acts.iter().all(|act| act.statement.is_some()));
}

#[tokio::test]
async fn a_certificate_past_the_closing_of_its_key_is_shown_as_that_and_nothing_is_written_off_it() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    customs.write_off(officer, corridor.write_off(1, "D-1", "10000")).await.unwrap();
    let hit = ArrivalsAsked { key_closed: true, ..ArrivalsAsked::default() };
    assert!(customs.arrivals(officer, &hit).unwrap().arrivals.is_empty());
    let entry = corridor.issued.outcome.entry.clone();
    corridor.pakistan.revoke(&[(entry.origin.clone(), entry.index)]);
    let page = customs.arrivals(officer, &hit).unwrap();
    assert_eq!(page.arrivals.iter().map(|one| &one.entry).collect::<Vec<_>>(), [&entry]);
    assert!(page.arrivals[0].key_closed.as_ref().is_some_and(|why| why.contains("counts only below entry 1")));
    assert_eq!(page.arrivals[0].stands().word(), "key closed", "the word of its issuer's list");
    assert_eq!(reason(customs.write_off(officer, corridor.write_off(2, "D-2", "100")).await), "ARRIVAL_FORBIDS");
    // What was done before anybody knew stays in the file.
    let course = customs.course(officer, &corridor.name()).unwrap();
    assert_eq!((course.acts.len(), corridor.left().as_str()), (1, "6800"));
    // A claim is accepted only by who says that he knows; what accepts nothing is decided as ever.
    let accept = |nth| corridor.decision(nth, Some(1), ResponseCode::AcceptedForClaim, None);
    assert_eq!(reason(customs.decide(officer, accept(3)).await), "ARRIVAL_FORBIDS");
    let received = corridor.decision(4, Some(1), ResponseCode::Received, None);
    customs.decide(officer, received).await.unwrap();
    let silent = DecisionWish { despite_closed_key: true, ..accept(6) };
    assert_eq!(reason(customs.decide(officer, silent.clone()).await), "WORDS_MISSING");
    let why = Some("its issuer confirmed it by letter".parse().unwrap());
    let knows = |nth| DecisionWish { request_id: accept(nth).request_id, remarks: why.clone(), ..silent.clone() };
    let accepted = customs.decide(officer, knows(5)).await.unwrap();
    assert_eq!(customs.decide(officer, knows(5)).await.unwrap(), accepted, "said again it is the same");
    assert_eq!(reason(customs.decide(officer, accept(5)).await), "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn who_writes_off_by_weight_what_is_certified_by_the_piece_is_told_what_that_does() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let told = async |nth, much: &str, unit: &str| {
        let mut wish = corridor.write_off(nth, "D-1", "1");
        wish.lines[0].quantity = Measure { value: much.parse().unwrap(), unit: unit.parse().unwrap() };
        let written = customs.write_off(officer, wish).await.unwrap();
        let words = written.notices.into_iter().filter(|one| one.reason == "WRITTEN_OFF_BY_WEIGHT" && !one.blocks);
        (written.act, words.map(|one| one.words).collect::<Vec<_>>())
    };
    let (act, words) = told(1, "5", "KGM").await;
    assert!(
        words.len() == 1 && words[0].starts_with("item 1 is certified in H87, and written off in KGM"),
        "{words:?}"
    );
    assert_eq!(reason(customs.write_off(officer, corridor.write_off(2, "D-1", "5")).await), "BALANCE_UNIT");
    corridor.takes_back(3, act).await;
    assert!(told(4, "5", "H87").await.1.is_empty());
}

#[tokio::test]
async fn that_an_item_was_used_in_full_before_is_said_when_another_is_written_off() {
    let corridor = Corridor::open().await;
    let name = ArrivedName::Number(corridor.of_three_items(2).await, None);
    let balance = corridor.customs.balance(&corridor.officer, &name).unwrap();
    let used = async |nth, declaration, item: usize| {
        let quantity = balance[item - 1].whole.clone().unwrap();
        let lines = vec![WriteOffLine { item: u32::try_from(item).unwrap(), line: None, quantity }];
        let wish = WriteOffWish { certificate: name.clone(), lines, ..corridor.write_off(nth, declaration, "1") };
        let notices = corridor.customs.write_off(&corridor.officer, wish).await.unwrap().notices;
        notices.into_iter().filter(|one| one.reason == "ALREADY_USED").map(|one| one.words).collect::<Vec<_>>()
    };
    assert!(used(1, "D-1", 1).await.is_empty());
    let said = used(2, "D-2", 2).await;
    assert!(said.len() == 1 && said[0].starts_with("used in full before: item 1;"), "{said:?}");
}

#[tokio::test]
async fn who_used_up_the_rest_of_an_item_is_not_told_that_it_was_used_before() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let told = |notices: &[Notice]| notices.iter().any(|one| one.reason == "ALREADY_USED");
    let matched = |declaration: &str| {
        let wish = corridor.declared(declaration, "");
        told(&customs.match_declaration(officer, &wish).unwrap().notices)
    };
    let accepts = async |nth, declaration: &str| {
        let mut wish = corridor.decision(nth, Some(1), ResponseCode::AcceptedForClaim, None);
        wish.declaration = Some(corridor.declaration(declaration));
        told(&customs.decide(officer, wish).await.unwrap().notices)
    };
    customs.write_off(officer, corridor.write_off(1, "I-A", "6800")).await.unwrap();
    customs.write_off(officer, corridor.write_off(2, "I-B", "10000")).await.unwrap();
    assert_eq!([matched("I-A"), matched("I-B"), matched("I-C")], [false, false, true]);
    assert!(!accepts(3, "I-B").await && accepts(4, "I-C").await);
    // What was taken back is used by the next one, and not by this one.
    corridor.takes_back(5, 2).await;
    customs.write_off(officer, corridor.write_off(6, "I-C", "10000")).await.unwrap();
    assert_eq!([matched("I-A"), matched("I-B"), matched("I-C")], [false, true, false]);
}

#[tokio::test]
async fn when_the_first_use_is_taken_back_another_that_counts_is_told_as_the_first() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    for (nth, declaration) in [(1, "I-1"), (2, "I-2"), (3, "I-2")] {
        customs.write_off(officer, corridor.write_off(nth, declaration, "100")).await.unwrap();
    }
    let first = async |nth| {
        let refused = customs.write_off(officer, corridor.write_off(nth, "I-3", "16800")).await.unwrap_err();
        refused.to_string().split_once("first used with declaration ").unwrap().1[..3].to_owned()
    };
    assert_eq!(first(4).await, "I-1");
    corridor.takes_back(5, 1).await;
    assert_eq!(first(6).await, "I-2");
    corridor.takes_back(7, 2).await;
    assert_eq!(first(8).await, "I-2");
}

#[tokio::test]
async fn a_certificate_for_one_consignment_is_written_off_with_one_declaration_alone() {
    let corridor = Corridor::open_with(|world| one_consignment(world, true)).await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    customs.write_off(officer, corridor.write_off(1, "I-1", "10000")).await.unwrap();
    // The rest of the same consignment, in whatever spelling.
    customs.write_off(officer, corridor.write_off(2, "i 1", "800")).await.unwrap();
    let refused = customs.write_off(officer, corridor.write_off(3, "I-2", "6000")).await.unwrap_err();
    let WorkflowError::ArrivalForbids(notice) = &refused else { panic!("{refused}") };
    assert_eq!(notice.reason, "SINGLE_CONSIGNMENT");
    for words in ["covers one consignment (Annex 3-A)", "declaration I-1 of", "at CNSHA"] {
        assert!(notice.words.contains(words), "{}", notice.words);
    }
    assert_eq!(corridor.left(), "6000");
    // Who only asks is told so before, and no claim is accepted either.
    let stops = |declaration: &str| {
        let matched = customs.match_declaration(officer, &corridor.declared(declaration, "")).unwrap();
        matched.notices.iter().any(|one| one.reason == "SINGLE_CONSIGNMENT" && one.blocks)
    };
    assert_eq!([stops("I-1"), stops("I-2")], [false, true]);
    let mut accept = corridor.decision(4, Some(1), ResponseCode::AcceptedForClaim, None);
    accept.declaration = Some(corridor.declaration("I-2"));
    assert_eq!(reason(customs.decide(officer, accept).await), "ARRIVAL_FORBIDS");
    // Taken back it was used with none.
    corridor.takes_back(5, 1).await;
    corridor.takes_back(6, 2).await;
    customs.write_off(officer, corridor.write_off(7, "I-2", "6000")).await.unwrap();
    assert_eq!(corridor.left(), "10800");
}

#[tokio::test]
async fn a_second_consignment_is_only_told_where_the_rule_was_not_read_in_the_agreement() {
    let corridor = Corridor::open_with(|world| one_consignment(world, false)).await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    customs.write_off(officer, corridor.write_off(1, "I-1", "10000")).await.unwrap();
    let second = customs.write_off(officer, corridor.write_off(2, "I-2", "6000")).await.unwrap();
    let told = second.notices.iter().find(|one| one.reason == "SINGLE_CONSIGNMENT").unwrap();
    assert!(!told.blocks && told.words.contains("declaration I-1 of"), "{}", told.words);
}

#[tokio::test]
async fn of_two_who_write_off_the_last_quantity_one_wins() {
    let corridor = Corridor::open().await;
    let (one, other) = tokio::join!(
        corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "16800")),
        corridor.customs.write_off(&corridor.colleague, corridor.write_off(2, "D-2", "16800")),
    );
    let lost = match (one, other) {
        (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
        (one, other) => panic!("{one:?} and {other:?}"),
    };
    assert_eq!(lost.reason(), "BALANCE_EXCEEDED");
    assert_eq!((corridor.left().as_str(), corridor.heard().len()), ("0", 1));
}

#[tokio::test]
async fn a_write_off_is_amended_and_taken_back_and_the_issuer_sees_both() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    customs.write_off(officer, corridor.write_off(1, "D-1", "16800")).await.unwrap();
    let request = corridor.china.request_id(2);
    let amended = customs.amend_write_off(officer, &request, (corridor.name(), 1), vec![line("800")], None).await;
    assert_eq!((amended.unwrap().act, corridor.left().as_str()), (2, "16000"));
    let request = corridor.china.request_id(3);
    let over = customs.reverse_write_off(officer, &request, (corridor.name(), 1), None).await;
    let over = over.unwrap_err();
    assert_eq!(over.reason(), "ACT_OVER");
    assert!(over.to_string().contains("amend act 2, or take that back"), "{over}");
    let request = corridor.china.request_id(4);
    let reversed = customs.reverse_write_off(officer, &request, (corridor.name(), 2), None).await.unwrap();
    assert_eq!((reversed.act, corridor.left().as_str()), (3, "16800"));
    let request = corridor.china.request_id(6);
    let over =
        customs.amend_write_off(officer, &request, (corridor.name(), 1), vec![line("1")], None).await.unwrap_err();
    assert!(over.to_string().starts_with("act 1 counts no more: act 3 took it back"), "{over}");
    let codes = [ResponseCode::UtilisedFull, ResponseCode::UtilisedPartial, ResponseCode::Reversed];
    assert_eq!(corridor.heard(), [(codes[0], true), (codes[1], true), (codes[2], false)]);
    let request = corridor.china.request_id(5);
    let nothing = customs.amend_write_off(officer, &request, (corridor.name(), 3), vec![line("1")], None).await;
    assert_eq!(reason(nothing), "ACT_NO_WRITE_OFF");
}

#[tokio::test]
async fn what_its_issuer_stopped_is_not_written_off() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    corridor.change(2, Act::Suspended, None).await;
    let refused = customs.write_off(officer, corridor.write_off(1, "D-1", "1")).await.unwrap_err();
    assert!(
        matches!(&refused, WorkflowError::ArrivalForbids(notice) if notice.reason == "STATUS_FORBIDS"),
        "{refused}"
    );
    corridor.change(3, Act::Reinstated, None).await;
    assert!(customs.write_off(officer, corridor.write_off(2, "D-1", "1")).await.is_ok());
    // Withdrawn from the next day on, it was in force on a declaration of the day before.
    let (before, clock) = (corridor.today(), &corridor.pakistan.clock);
    clock.set(clock.now() + jiff::SignedDuration::from_hours(24));
    corridor.change(4, Act::Withdrawn { since: Since::Date(corridor.today()) }, None).await;
    let mut in_force = corridor.write_off(3, "D-2", "1");
    in_force.declaration.date = before;
    let written = customs.write_off(officer, in_force).await.unwrap();
    assert!(written.notices.iter().any(|notice| notice.reason == "WITHDRAWN_LATER"));
    let late = corridor.write_off(4, "D-3", "1");
    assert_eq!(reason(customs.write_off(officer, late).await), "ARRIVAL_FORBIDS");
}
