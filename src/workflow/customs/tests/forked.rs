//! Certificates of a log that has shown two histories.

use super::Corridor;
use crate::{
    statement::ResponseCode,
    store::EntryRef,
    workflow::{Notice, WorkflowError},
};

/// Why what is asked of a certificate is refused.
fn forbids<T>(result: Result<T, WorkflowError>) -> &'static str {
    match result.err() {
        Some(WorkflowError::ArrivalForbids(notice)) => notice.reason,
        other => other.map_or("none", |error| panic!("{error}")),
    }
}

#[tokio::test]
async fn what_no_quorum_had_cosigned_before_two_histories_parted_stands_unknown_and_no_claim_is_accepted_on_it() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let EntryRef { origin, index } = corridor.issued.outcome.entry.clone();
    let stands = || customs.course(officer, &corridor.name()).unwrap().arrival.stands().word();
    let blocks = || {
        let notices = customs.match_declaration(officer, &corridor.declared("D-1", "100")).unwrap().notices;
        notices.into_iter().filter(|one: &Notice| one.reason == "EQUIVOCATED").map(|one| one.blocks).collect::<Vec<_>>()
    };
    assert_eq!((stands(), blocks()), ("valid", Vec::new()));

    corridor.china.elsewhere.has_forked(&origin, index + 1);
    assert_eq!((stands(), blocks()), ("unknown", vec![true]));
    assert_eq!(forbids(customs.write_off(officer, corridor.write_off(1, "D-1", "100")).await), "EQUIVOCATED");
    let accepts = corridor.decision(2, Some(1), ResponseCode::AcceptedForClaim, None);
    assert_eq!(forbids(customs.decide(officer, accepts).await), "EQUIVOCATED");
    // What accepts nothing is decided as ever.
    customs.decide(officer, corridor.decision(3, Some(1), ResponseCode::Received, None)).await.unwrap();
}
