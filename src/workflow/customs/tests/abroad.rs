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
    assert_eq!(corridor.left(), "16000", "as customs have it");
    assert_eq!(corridor.exporting.received_by(&corridor.liaison, &name).unwrap(), None, "nobody said that it came");
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
