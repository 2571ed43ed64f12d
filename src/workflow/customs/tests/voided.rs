//! Certificates that stand beyond the end which a trust list gave their log, after customs worked with them.

use super::{Corridor, line, reason};
use crate::{
    inbox::finding,
    statement::ResponseCode,
    store::{Batch, EntryRef, Store as _},
    verification::EntryFault,
    workflow::{ArrivalsAsked, ArrivedName, DecisionWish, Notice, WorkflowError, WriteOffWish, tests::world::World},
};
use std::sync::Arc;

fn void() -> ArrivalsAsked {
    ArrivalsAsked { void: true, ..ArrivalsAsked::default() }
}

/// Why what is asked of a certificate is refused.
fn forbids<T>(result: Result<T, WorkflowError>) -> &'static str {
    match result.err() {
        Some(WorkflowError::ArrivalForbids(notice)) => notice.reason,
        other => other.map_or("none", |error| panic!("{error}")),
    }
}

#[tokio::test]
async fn a_certificate_beyond_the_end_of_its_log_stays_readable_as_void_with_what_was_written_off_it() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    customs.write_off(officer, corridor.write_off(1, "D-1", "10000")).await.unwrap();
    assert!(customs.arrivals(officer, &void()).unwrap().arrivals.is_empty());
    let EntryRef { origin, index } = corridor.issued.outcome.entry.clone();
    corridor.pakistan.close_log(&origin, index);
    let listed = || {
        let page = customs.arrivals(officer, &void()).unwrap();
        page.arrivals.into_iter().map(|one| (one.entry.index, one.void.unwrap())).collect::<Vec<_>>()
    };
    // An authority of the same node keeps no findings; a replica judges its log anew.
    let why = format!("it is entry {index} of {origin}, which the trust list ended with 1 entry");
    assert_eq!(listed(), [(index, why.clone())]);
    let version = corridor.pakistan.trust.load().version();
    let found = finding::of(&origin, index, &EntryFault::BeyondEnd(index), version);
    let batch = Batch { at_ms: 1, state: vec![found.put()], ..Batch::default() };
    corridor.pakistan.store.commit(batch).unwrap();
    assert_eq!(listed(), [(index, why)]);
    let course = customs.course(officer, &corridor.name()).unwrap();
    assert_eq!((course.acts.len(), corridor.left().as_str()), (1, "6800"));
    assert!(course.arrival.void.is_some() && course.arrival.key_closed.is_none());

    // Nothing new is done under it, but against it.
    let uses = customs.write_off(officer, corridor.write_off(2, "D-2", "100")).await;
    assert_eq!(forbids(uses), "ENTRY_BEYOND_END");
    let accepts = corridor.decision(3, Some(1), ResponseCode::AcceptedForClaim, None);
    let why = Some("its issuer confirmed it by letter".parse().unwrap());
    let accepts = DecisionWish { remarks: why, despite_closed_key: true, despite_predecessor: true, ..accepts };
    assert_eq!(forbids(customs.decide(officer, accepts).await), "ENTRY_BEYOND_END");
    let matched = customs.match_declaration(officer, &corridor.declared("D-2", "100")).unwrap();
    assert!(matched.notices.iter().any(|one| one.reason == "ENTRY_BEYOND_END" && one.blocks));
    customs.decide(officer, corridor.decision(4, Some(1), ResponseCode::Received, None)).await.unwrap();

    // What was written off is set right all the same.
    let request = corridor.china.request_id(5);
    let amended = customs.amend_write_off(officer, &request, (corridor.name(), 1), vec![line("9000")], None).await;
    let act = amended.unwrap().act;
    assert_eq!(corridor.left(), "7800");
    corridor.takes_back(6, act).await;
    assert_eq!(corridor.left(), "16800");
}

#[tokio::test]
async fn a_number_that_a_void_certificate_bears_too_is_that_of_the_other() {
    let corridor = Corridor::open().await;
    let (pakistan, customs) = (&corridor.pakistan, &corridor.customs);
    let row = |world: &World, nth| world.footballs_with(nth, |json| json["reference"]["number"] = "K-417".into());
    let good = corridor.exporting.issue(&pakistan.signatory, &row(pakistan, 2)).await.unwrap().outcome.entry;
    // What the same authority wrote on a node that is lost.
    let mut lost = World::new();
    lost.trust = Arc::clone(&pakistan.trust);
    let (desk, _) = lost.desk();
    for nth in [1, 2] {
        desk.issue(&lost.signatory, &lost.footballs(nth)).await.unwrap();
    }
    let beyond = desk.issue(&lost.signatory, &row(&lost, 3)).await.unwrap().outcome;
    assert!(beyond.entry.origin == good.origin && beyond.entry.index > good.index);
    corridor.china.sees(&lost);
    let named = || customs.arrived(&ArrivedName::Number("K-417".to_owned(), None));
    assert_eq!(reason(named()), "ARRIVAL_AMBIGUOUS");
    pakistan.close_log(&good.origin, beyond.entry.index);
    let arrival = named().unwrap();
    assert!(arrival.entry == good && arrival.void.is_none());
    let by_jti = customs.arrived(&ArrivedName::Jti(beyond.jti)).unwrap();
    assert!(by_jti.entry == beyond.entry && by_jti.void.is_some());
}

#[tokio::test]
async fn who_uses_a_declaration_that_was_written_off_under_a_void_certificate_is_told_so() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let other = corridor.exporting.issue(&corridor.pakistan.signatory, &corridor.pakistan.footballs(2)).await.unwrap();
    let (name, number) = (ArrivedName::Jti(other.outcome.jti), other.outcome.number.clone().unwrap());
    let uses = WriteOffWish { certificate: name.clone(), ..corridor.write_off(1, "D-1", "100") };
    customs.write_off(officer, uses).await.unwrap();
    let of_void = |notices: Vec<Notice>| {
        notices
            .into_iter()
            .filter(|one| one.reason == "VOID_USED")
            .map(|one| (one.words, one.blocks))
            .collect::<Vec<_>>()
    };
    let matched = |declaration: &str| {
        of_void(customs.match_declaration(officer, &corridor.declared(declaration, "1")).unwrap().notices)
    };
    assert!(matched("D-1").is_empty(), "it counts as yet");
    corridor.pakistan.close_log(&other.outcome.entry.origin, other.outcome.entry.index);
    assert!(matched("D-2").is_empty());
    let said = matched("D-1");
    assert!(matches!(said.as_slice(), [(_, false)]), "{said:?}");
    for words in ["100 H87 of item 1 by act 1", number.as_str(), "origin customs reverse"] {
        assert!(said[0].0.contains(words), "{}", said[0].0);
    }
    let written = customs.write_off(officer, corridor.write_off(2, "D-1", "100")).await.unwrap();
    assert_eq!(of_void(written.notices), said);
    // Taken back, it is no second use.
    let request = corridor.china.request_id(3);
    assert_eq!(reason(customs.reverse_write_off(officer, &request, (name, 1), None).await), "none");
    assert!(matched("D-1").is_empty());
}
