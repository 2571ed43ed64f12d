//! What a node and customs know of an original weighs more than what is shown of it.

use super::*;
use crate::{
    office::{Account, Actor, Caller, Role, Wanted, WriteOffLine},
    statement::ImportDeclaration,
    time::SeededRandom,
    workflow::{ArrivedName, CancelWish, Cancelled, ErasedName, Settlement, Stands, WriteOffWish},
};

fn officer() -> Caller {
    let wanted = Wanted { name: "Officer".to_owned(), roles: vec![Role::CustomsOfficer], ..Wanted::default() };
    Account::open(wanted, &SeededRandom::new(51)).unwrap().into()
}

/// A next trust list by which the authority is its country's customs too.
fn is_customs(world: &World) {
    let section = world.next_section(|section| section.roles = vec!["customs".parse().unwrap()]);
    world.next_list(|text| {
        text.put(&section, None);
        text.addressees.insert("PK".parse().unwrap(), world.issuer.clone());
    });
}

async fn write_off(world: &World, customs: &Desk, nth: u16, original: &Issued, pieces: &str) {
    let wish = WriteOffWish {
        request_id: world.request_id(nth),
        certificate: ArrivedName::Jti(original.outcome.jti),
        declaration: ImportDeclaration {
            number: format!("D-{nth}").parse().unwrap(),
            date: customs.own_today(),
            office: "PKKHI".parse().unwrap(),
        },
        lines: vec![WriteOffLine {
            item: 1,
            line: None,
            quantity: serde_json::from_value(json!({"value": pieces, "unit": "H87"})).unwrap(),
        }],
        remarks: None,
        despite_predecessor: false,
    };
    customs.write_off(&officer(), wish).await.unwrap();
}

fn warned(issued: &Issued, rule: &str) -> bool {
    issued.warnings.0.iter().any(|one| one.rule == rule)
}

#[tokio::test]
async fn an_old_bundle_is_no_basis_of_what_this_node_knows_is_withdrawn() {
    let world = World::new();
    let (china, chinas, issued, bundle) = original(&world, "1000").await;
    let (desk, _) = world.desk();
    let of = desk.remainder(&world.signatory, &bundle).unwrap();
    let draw = async |nth: u16| {
        let json = part(&world, "KE", "back_to_back_on", &of, "100");
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&bundle), &json)).await
    };
    let blind = draw(1).await.unwrap();
    assert!(warned(&blind, "ORIGINAL_STATUS"), "how old its status is, is said: {:?}", blind.warnings);
    world.sees(&china);
    let seeing = draw(2).await.unwrap();
    assert!(!warned(&seeing, "ORIGINAL_STATUS"), "{:?}", seeing.warnings);
    let history = |issued: &Issued| {
        let record = CertificateRecord::read(world.store.as_ref(), &issued.outcome.entry).unwrap();
        desk.history(&record).unwrap().predecessors.remove(0)
    };
    assert_eq!(history(&seeing).status, Some(Stands::As(Status::Valid)));
    let act = Act::Withdrawn { since: Since::Issue };
    let change = StatusWish { certificate: name(&issued), act, items: None, reason: None, remarks: None };
    chinas.change_status(&china.signatory, &china.request_id(902), change).await.unwrap();
    let refused = draw(3).await.unwrap_err();
    assert_eq!(refused.reason(), "ORIGINAL_NOT_VALID");
    let said = refused.to_string();
    assert!(said.contains("WITHDRAWN") && said.contains("which was said on 2026-11-22"), "{said}");
    assert_eq!(desk.remainder(&world.signatory, &bundle).unwrap_err().reason(), "ORIGINAL_NOT_VALID");
    // Who looks at one that rests on it is told.
    let fallen = history(&blind);
    assert_eq!((fallen.status, fallen.jti), (Some(Stands::As(Status::Withdrawn)), Some(issued.outcome.jti)));
    assert_eq!(fallen.since.map(|day| day.to_string()).as_deref(), Some("2026-11-22"));
}

#[tokio::test]
async fn what_customs_wrote_off_of_an_original_is_not_drawn_again() {
    let world = World::new();
    is_customs(&world);
    let (china, _, issued, bundle) = original(&world, "1000").await;
    world.sees(&china);
    let (desk, _) = world.desk();
    let of = desk.remainder(&world.signatory, &bundle).unwrap();
    let draw = async |nth: u16, pieces: &str| {
        let json = part(&world, "KE", "back_to_back_on", &of, pieces);
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&bundle), &json)).await
    };
    draw(1, "100").await.unwrap();
    write_off(&world, &desk, 2, &issued, "700").await;
    assert_eq!(left(&world, &desk, &bundle), "200", "each piece is used once, or passed on once");
    let refused = draw(3, "201").await.unwrap_err();
    assert_eq!(rules(&refused), ["DRAWN_EXCEEDS"]);
    let said = refused.to_string();
    assert!(said.contains("wrote 700 H87 off with declaration D-2 of 2026-11-22 at PKKHI"), "{said}");
    draw(4, "200").await.unwrap();
    assert_eq!(left(&world, &desk, &bundle), "0");
}

#[tokio::test]
async fn an_original_of_which_nobody_knows_here_any_more_what_was_written_off_is_not_drawn() {
    let world = World::new();
    is_customs(&world);
    let (china, _, issued, bundle) = original(&world, "1000").await;
    world.sees(&china);
    let (desk, _) = world.desk();
    write_off(&world, &desk, 1, &issued, "700").await;
    assert_eq!(left(&world, &desk, &bundle), "300");
    let arrived = ErasedName::Arrived(ArrivedName::Jti(issued.outcome.jti));
    desk.erase(Actor::Operator, &arrived, &"order 12/2026".parse().unwrap()).unwrap();
    let refused = desk.remainder(&world.signatory, &bundle).unwrap_err();
    assert_eq!(refused.reason(), "CONTENTS_ERASED", "its holder still shows all of it");
}

#[tokio::test]
async fn what_customs_abroad_wrote_off_is_neither_copied_nor_replaced_nor_divided() {
    let world = World::new();
    let china = world.with_customs();
    world.sees(&china);
    china.sees(&world);
    let ((desk, _), (customs, _)) = (world.desk(), china.desk());
    let (whole, own, of) = own_original(&world, &desk).await;
    write_off(&china, &customs, 2, &whole, "400").await;
    let (request_id, certificate) = (world.request_id(3), name(&whole));
    let copy = CopyWish { request_id, certificate, unused: true, reason: None, remarks: None };
    assert_eq!(desk.true_copy(&world.signatory, copy).await.unwrap_err().reason(), "USED_ABROAD");
    let replace = |nth: u16, certificate_json: Vec<u8>| ReplaceWish {
        request_id: world.request_id(nth),
        certificate: name(&whole),
        certificate_json,
        reason: None,
        remarks: None,
    };
    let corrected = footballs(&world, "CN", "1000").to_string().into_bytes();
    for (nth, json) in [(4, corrected), (5, Vec::new())] {
        let refused = desk.replace(&world.signatory, replace(nth, json)).await.unwrap_err();
        assert_eq!(refused.reason(), "USED_ABROAD");
    }
    let split = async |nth: u16, pieces: &str| {
        let json = part(&world, "CN", "replaces", &of, pieces);
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&own), &json)).await
    };
    assert_eq!(left(&world, &desk, &own), "600");
    let refused = split(6, "601").await.unwrap_err();
    assert_eq!(rules(&refused), ["DRAWN_EXCEEDS"]);
    assert!(refused.to_string().contains("wrote 400 H87 off"), "{refused}");
    split(7, "600").await.unwrap();
    assert_eq!(status(&world, &whole), Status::Superseded, "nothing of it is left to be used beside its part");
}

#[tokio::test]
async fn one_that_was_used_while_the_wish_to_cancel_it_waited_stands() {
    let world = World::new();
    let china = world.with_customs();
    world.sees(&china);
    china.sees(&world);
    let ((desk, _), (customs, _)) = (world.desk(), china.desk());
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let (request_id, reason) = (world.request_id(2), Some("not shipped".parse().unwrap()));
    let wish = CancelWish { request_id, certificate: name(&issued), unused: true, reason, remarks: None };
    assert!(matches!(desk.cancel(&world.signatory, wish).await.unwrap(), Cancelled::Asked(_)));
    let waits = || desk.cancellations(&world.signatory, "", 50).unwrap().0.remove(0);
    assert_eq!(desk.hindrance(&waits()).unwrap(), None);
    write_off(&china, &customs, 3, &issued, "1").await;
    assert_eq!(desk.hindrance(&waits()).unwrap(), Some("USED_ABROAD"));
    let letter = Some("GACC letter 77".parse().unwrap());
    let agreed = Settlement::Agreed;
    let settled = desk.settle_cancellation(&world.signatory, &world.request_id(4), name(&issued), agreed, letter).await;
    assert_eq!(settled.unwrap_err().reason(), "USED_ABROAD");
    assert_eq!(status(&world, &issued), Status::Valid);
}
