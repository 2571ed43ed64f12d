//! What the issuer sees of what is left, and what customs hear of paper.

use super::{changes::Ear, *};
use crate::{
    office::{Continuity, Corridor as Route, Medium},
    workflow::PaperRow,
};
use std::sync::Arc;

#[tokio::test]
async fn the_issuer_sees_what_is_left_after_a_write_off_was_taken_back() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    customs.write_off(officer, corridor.write_off(1, "D-1", "10000")).await.unwrap();
    customs.write_off(officer, corridor.write_off(2, "D-2", "800")).await.unwrap();
    let request = corridor.china.request_id(3);
    customs.reverse_write_off(officer, &request, (corridor.name(), 1), None).await.unwrap();
    let name = CertificateName::Number(corridor.number());
    let notes = corridor.exporting.abroad(&corridor.liaison, &name).unwrap();
    let left = notes.iter().filter_map(|note| match &note.what {
        Abroad::Response(response) => response.decisions[0].left.as_ref().map(|left| left.value.to_string()),
        _ => None,
    });
    assert_eq!(left.collect::<Vec<_>>(), ["6800", "6000", "16000"]);
    let over = notes.iter().map(|note| (note.amended, note.taken_back)).collect::<Vec<_>>();
    assert_eq!(over, [(true, true), (false, false), (false, false)]);
    assert_eq!(corridor.left(), "16000", "as customs have it");
    assert_eq!(corridor.exporting.received_by(&corridor.liaison, &name).unwrap(), None, "nobody said that it came");
}

#[tokio::test]
async fn an_item_that_an_amendment_leaves_out_is_given_back_whole_and_both_sides_say_so() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let number = corridor.of_three_items(50).await;
    let name = ArrivedName::Number(number.clone(), None);
    let of = |item, kilograms: &str| WriteOffLine {
        item,
        line: Some(item),
        quantity: Measure { value: kilograms.parse().unwrap(), unit: "KGM".parse().unwrap() },
    };
    let wish = |nth, declaration: &str, lines| WriteOffWish {
        certificate: name.clone(),
        lines,
        ..corridor.write_off(nth, declaration, "1")
    };
    customs.write_off(officer, wish(1, "D-1", vec![of(1, "500"), of(2, "18000")])).await.unwrap();
    let (request, lines) = (corridor.china.request_id(2), vec![of(1, "400")]);
    let amended = customs.amend_write_off(officer, &request, (name.clone(), 1), lines, None).await.unwrap();
    assert_eq!(amended.balance.iter().map(|one| one.left.as_str()).collect::<Vec<_>>(), ["39600", "18000", "18000"]);
    let [given_back] = amended.notices.as_slice() else { panic!("{:?}", amended.notices) };
    assert!(given_back.reason == "GIVEN_BACK" && !given_back.blocks);
    assert!(given_back.words.contains("act 1") && given_back.words.contains("18000 KGM of item 2"), "{given_back:?}");
    let acts = customs.course(officer, &name).unwrap().acts;
    let told = acts[1].decisions.iter().map(|one| (one.item, one.code)).collect::<Vec<_>>();
    assert_eq!(told, [(Some(1), ResponseCode::UtilisedPartial), (Some(2), ResponseCode::Reversed)]);
    // What is taken back later is counted from what was left then.
    customs.write_off(officer, wish(3, "D-2", vec![of(2, "1000")])).await.unwrap();
    let request = corridor.china.request_id(4);
    customs.reverse_write_off(officer, &request, (name.clone(), 3), None).await.unwrap();
    let notes = corridor.exporting.abroad(&corridor.liaison, &CertificateName::Number(number)).unwrap();
    let decisions = notes.into_iter().flat_map(|note| match note.what {
        Abroad::Response(response) => response.decisions,
        _ => Vec::new(),
    });
    let second = decisions.filter(|one| one.item == Some(2));
    let second = second.map(|one| (one.code, one.left.map(|left| left.value.to_string()).unwrap_or_default()));
    let left = |code, left: &str| (code, left.to_owned());
    let expected = [
        left(ResponseCode::UtilisedFull, "0"),
        left(ResponseCode::Reversed, "18000"),
        left(ResponseCode::UtilisedPartial, "17000"),
        left(ResponseCode::Reversed, "18000"),
    ];
    assert_eq!(second.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn customs_hear_of_a_paper_when_its_issuer_registers_it() {
    let route = Route {
        agreement: "CPFTA".parse().unwrap(),
        to: "CN".parse().unwrap(),
        medium: Medium::Both,
        from: None,
        until: None,
    };
    let on_paper = Continuity { corridors: vec![route], ..Continuity::default() };
    let corridor = Corridor::open_with(|pakistan| pakistan.continuity = on_paper).await;
    let row = PaperRow {
        request_id: corridor.pakistan.request_id(7),
        number: "P-417".parse().unwrap(),
        issued_on: corridor.exporting.own_today(),
        valid_until: None,
        agreement: "CPFTA".parse().unwrap(),
        to: "CN".parse().unwrap(),
        office: "LHE".parse().unwrap(),
        scan_sha256: crate::certificate::Sha256([7; 32]),
        remarks: None,
    };
    let signatory = Arc::new(corridor.pakistan.signatory.clone());
    corridor.exporting.register_papers(&signatory, vec![row]).await.unwrap().remove(0).unwrap();
    let ear = Ear::of(&corridor.china);
    ear.look();
    assert!(ear.all(&corridor.officer).contains(&"on paper".to_owned()));
}
