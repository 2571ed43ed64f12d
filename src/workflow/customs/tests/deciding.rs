//! What is decided of a certificate, and what has to be so before it is.

use super::{Corridor, reason, why};
use crate::{
    reason::Reasoned as _,
    statement::{Act, ImportDeclaration, ResponseCode},
    time::{Clock as _, Date},
    workflow::{ArrivedName, CertificateName, DecisionWish, Notice, StatusWish, WorkflowError},
};

/// What a refusal says stands in the way.
fn forbidden<T>(result: Result<T, WorkflowError>) -> (&'static str, String) {
    match result.err() {
        Some(WorkflowError::ArrivalForbids(notice)) => (notice.reason, notice.words),
        other => (other.map_or("none", |error| error.reason()), String::new()),
    }
}

#[tokio::test]
async fn no_claim_is_accepted_on_a_certificate_that_its_issuer_stopped() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let accept = |nth, item| {
        let accepted = corridor.decision(nth, item, ResponseCode::AcceptedForClaim, None);
        customs.decide(officer, accepted)
    };
    corridor.change(2, Act::Suspended, None).await;
    for (nth, item) in [(1, Some(1)), (2, None)] {
        let (reason, words) = forbidden(accept(nth, item).await);
        assert_eq!(reason, "STATUS_FORBIDS");
        assert!(words.contains("suspended by its issuer") && words.contains("PREFERENCE_DENIED"), "{words}");
    }
    let undeclared = corridor.decision(3, Some(1), ResponseCode::AcceptedForClaim, None);
    let undeclared = DecisionWish { declaration: None, ..undeclared };
    assert_eq!(forbidden(customs.decide(officer, undeclared).await).0, "STATUS_FORBIDS", "nor today");
    // What accepts nothing is decided as ever.
    for (nth, code) in [(4, ResponseCode::Received), (5, ResponseCode::PreferenceSuspended)] {
        customs.decide(officer, corridor.decision(nth, Some(1), code, why(code))).await.unwrap();
    }
    let act = corridor.waits(6, Some(1)).await;
    assert_eq!(corridor.settles(7, act, false).await, "none");
    corridor.change(3, Act::Reinstated, None).await;
    accept(8, Some(1)).await.unwrap();
}

#[tokio::test]
async fn no_claim_is_accepted_on_an_item_that_lost_its_force() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let number = corridor.of_three_items(2).await;
    let stopped = StatusWish {
        certificate: CertificateName::Number(number.clone()),
        act: Act::Suspended,
        items: Some(vec![2]),
        reason: Some("found so".parse().unwrap()),
        remarks: None,
    };
    let request = corridor.pakistan.request_id(3);
    corridor.exporting.change_status(&corridor.pakistan.signatory, &request, stopped).await.unwrap();
    let accept = |nth, item| {
        let accepted = corridor.decision(nth, item, ResponseCode::AcceptedForClaim, None);
        let certificate = ArrivedName::Number(number.clone(), None);
        customs.decide(officer, DecisionWish { certificate, ..accepted })
    };
    let (reason, words) = forbidden(accept(1, Some(2)).await);
    assert_eq!(reason, "STATUS_FORBIDS");
    assert!(words.contains("item 2 has lost its force"), "{words}");
    accept(2, Some(1)).await.unwrap();
    accept(3, None).await.unwrap();
}

#[tokio::test]
async fn what_was_written_off_is_not_said_to_be_unused() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let used = customs.write_off(officer, corridor.write_off(1, "D-1", "800")).await.unwrap().act;
    let unused = |nth, item, line, declaration: &str| {
        let mut wish = corridor.decision(nth, item, ResponseCode::NotUtilised, None);
        wish.declaration = Some(corridor.declaration(declaration));
        wish.decisions[0].line = line;
        customs.decide(officer, wish)
    };
    for (nth, item, line) in [(2, Some(1), None), (3, None, None), (4, Some(1), Some(1))] {
        let refused = unused(nth, item, line, "D-1").await.unwrap_err();
        assert_eq!(refused.reason(), "WRITTEN_OFF");
        assert!(refused.to_string().starts_with("800 H87 of item 1 are written off"), "{refused}");
    }
    // What was imported without it, on another line or with another declaration, is said.
    unused(5, Some(1), Some(2), "D-1").await.unwrap();
    unused(6, Some(1), Some(1), "D-2").await.unwrap();
    corridor.takes_back(7, used).await;
    unused(8, Some(1), None, "D-1").await.unwrap();
}

#[tokio::test]
async fn a_claim_on_what_stands_in_the_place_of_one_that_was_denied_is_accepted_by_who_says_that_he_knows() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let name = corridor.issued_anew(2).await;
    let act = corridor.waits(1, Some(1)).await;
    assert_eq!(corridor.settles(2, act, true).await, "none");
    let decide = |nth, code, despite_predecessor, remarks: Option<&str>| {
        let remarks = remarks.map(|said| said.parse().unwrap());
        let wish = corridor.decision(nth, Some(1), code, None);
        customs.decide(officer, DecisionWish { certificate: name.clone(), despite_predecessor, remarks, ..wish })
    };
    let accept = ResponseCode::AcceptedForClaim;
    let (why, words) = forbidden(decide(3, accept, false, None).await);
    assert_eq!(why, "PREDECESSOR_USED");
    assert!(words.contains("item 1: PREFERENCE_DENIED"), "{words}");
    decide(4, ResponseCode::Received, false, None).await.unwrap();
    assert_eq!(reason(decide(5, accept, true, None).await), "WORDS_MISSING");
    let accepted = decide(6, accept, true, Some("the balls were stitched anew")).await.unwrap();
    assert!(accepted.statement.is_some());
    let again = decide(6, accept, true, Some("the balls were stitched anew")).await.unwrap();
    assert_eq!(again, accepted, "said again it is the same");
    assert_eq!(reason(decide(6, accept, false, Some("the balls were stitched anew")).await), "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn what_was_used_up_and_is_accepted_by_a_late_release_is_used_still() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let used = customs.write_off(officer, corridor.write_off(1, "D-1", "16800")).await.unwrap().act;
    let denied = corridor.waits(2, Some(1)).await;
    assert_eq!(corridor.settles(3, denied, true).await, "none");
    let accepted = corridor.decision(4, Some(1), ResponseCode::AcceptedForClaim, None);
    let accepted = customs.decide(officer, accepted).await.unwrap().act;
    assert_eq!(corridor.settles(5, accepted, true).await, "none");
    let shown = || {
        let course = customs.course(officer, &corridor.name()).unwrap();
        (course.balance[0].response, course.arrival.file.latest)
    };
    assert_eq!(shown(), (Some(ResponseCode::UtilisedFull), Some(ResponseCode::UtilisedFull)));
    corridor.takes_back(6, used).await;
    assert_eq!(shown().0, Some(ResponseCode::AcceptedForClaim), "used no more, it is granted still");
}

#[tokio::test]
async fn no_decision_names_a_day_to_come_and_no_claim_is_accepted_before_the_first_day() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let dated = |date| ImportDeclaration { date, ..corridor.declaration("D-1") };
    let decide = |nth, code, date| {
        let declaration = Some(dated(date));
        customs.decide(officer, DecisionWish { declaration, ..corridor.decision(nth, Some(1), code, why(code)) })
    };
    let tomorrow = corridor.today().tomorrow().unwrap();
    let codes = [ResponseCode::AcceptedForClaim, ResponseCode::PreferenceDenied, ResponseCode::Received];
    for (nth, code) in (1..).zip(codes) {
        assert_eq!(forbidden(decide(nth, code, tomorrow).await).0, "DECLARATION_AHEAD", "{code}");
    }
    let long_ago = Date::constant(2020, 1, 1);
    assert_eq!(forbidden(decide(11, ResponseCode::AcceptedForClaim, long_ago).await).0, "NOT_YET_VALID");
    assert!(corridor.heard().is_empty(), "nothing of it was told");
    // A denial may name any declaration there was.
    assert_eq!(decide(15, ResponseCode::PreferenceDenied, long_ago).await.unwrap().statement, None);
}

#[tokio::test]
async fn past_its_last_day_a_claim_is_accepted_where_a_write_off_is_taken_and_nowhere_else() {
    let rule = "value = \"refused\", article = \"Rule 15\", confirmed = true";
    for (late, said) in [(rule, "EXPIRED"), ("confirmed = false", "none")] {
        let corridor = Corridor::open_with(|world| world.good_for_a_month(late)).await;
        let (customs, officer) = (&corridor.customs, &corridor.officer);
        let before = corridor.today();
        corridor.pakistan.clock.set(corridor.pakistan.clock.now() + jiff::SignedDuration::from_hours(24 * 35));
        let accept = |nth, declaration| {
            let accepted = corridor.decision(nth, Some(1), ResponseCode::AcceptedForClaim, None);
            customs.decide(officer, DecisionWish { declaration, ..accepted })
        };
        let today = corridor.declaration("D-1");
        assert_eq!(forbidden(customs.write_off(officer, corridor.write_off(1, "D-1", "1")).await).0, said);
        assert_eq!(forbidden(accept(2, Some(today.clone())).await).0, said);
        assert_eq!(forbidden(accept(3, None).await).0, said, "today, where no declaration is named");
        let in_time = ImportDeclaration { date: before, ..today };
        assert_eq!(forbidden(accept(4, Some(in_time)).await).0, "none");
    }
}

#[tokio::test]
async fn who_accepts_a_claim_is_told_what_who_writes_off_is_told_also_when_it_is_released() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    customs.endorse(officer, corridor.endorsement(1, "KE", Vec::new())).await.unwrap();
    let decide = async |nth, code| {
        let decided = customs.decide(officer, corridor.decision(nth, Some(1), code, why(code))).await.unwrap();
        let reasons = decided.notices.iter().map(|one| one.reason).collect::<Vec<_>>();
        (decided.act, reasons)
    };
    let (_, told) = decide(2, ResponseCode::AcceptedForClaim).await;
    assert!(told.contains(&"DESTINATION_CHANGED"), "{told:?}");
    let nothing: [&str; 0] = [];
    assert_eq!(decide(3, ResponseCode::Received).await.1, nothing, "what accepts nothing is told nothing");
    let denied = corridor.waits(4, Some(1)).await;
    assert_eq!(corridor.settles(5, denied, true).await, "none");
    let (lifts, told) = decide(6, ResponseCode::AcceptedForClaim).await;
    assert!(told.contains(&"DESTINATION_CHANGED") && told.contains(&"PREFERENCE_NOT_GRANTED"), "{told:?}");
    let (request, name) = (corridor.china.request_id(7), corridor.name());
    let released = customs.settle_denial(&corridor.supervisor, &request, name, lifts, true, None).await.unwrap();
    assert!(released.notices.iter().any(|one| one.reason == "DESTINATION_CHANGED"), "{:?}", released.notices);
}

#[tokio::test]
async fn who_grants_one_item_and_decides_against_another_is_not_told_of_that_as_if_it_were_decided_before() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let name = ArrivedName::Number(corridor.of_three_items(2).await, None);
    let decide = async |nth, codes: &[(u32, ResponseCode)]| {
        let decided = corridor.decision(nth, None, ResponseCode::Received, None);
        let one = |(item, code): &(u32, ResponseCode)| {
            corridor.decision(nth, Some(*item), *code, why(*code)).decisions.into_iter()
        };
        let decisions = codes.iter().flat_map(one).collect();
        let wish = DecisionWish { certificate: name.clone(), decisions, ..decided };
        customs.decide(officer, wish).await.unwrap()
    };
    let told = |notices: &[Notice]| {
        let told = notices.iter().filter(|one| one.reason == "PREFERENCE_NOT_GRANTED");
        told.map(|one| one.words.clone()).collect::<Vec<_>>()
    };
    let (accepted, denied) = (ResponseCode::AcceptedForClaim, ResponseCode::PreferenceDenied);
    let suspended = decide(3, &[(1, accepted), (3, ResponseCode::PreferenceSuspended)]).await;
    assert!(told(&suspended.notices).is_empty(), "{:?}", suspended.notices);
    let waits = decide(4, &[(1, accepted), (2, denied)]).await;
    let before = ["item 3 is PREFERENCE_SUSPENDED"];
    assert_eq!(told(&waits.notices), before);
    let released = corridor.releases(5, &name, waits.act).await.unwrap();
    assert_eq!(told(&released.notices), before);
    let other = decide(6, &[(1, accepted)]).await;
    assert_eq!(told(&other.notices), ["item 2 is PREFERENCE_DENIED", before[0]], "what another act decided is told");
}
