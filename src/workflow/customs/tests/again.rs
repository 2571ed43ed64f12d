//! An act beside others that decide of the same: what who decides is told of them, and who releases.

use super::{Corridor, why};
use crate::{
    statement::{ItemDecision, ResponseCode, ResponseReason},
    workflow::{CertificateName, Decided, Notice},
};

impl Corridor {
    /// An act of item 1, or of the whole, with this code.
    async fn decides(&self, nth: u16, item: Option<u32>, code: ResponseCode) -> Decided {
        self.customs.decide(&self.officer, self.decision(nth, item, code, why(code))).await.unwrap()
    }

    /// What the list of what waits says of the first.
    fn queued(&self) -> Vec<Notice> {
        self.customs.denials(&self.supervisor, "", 10).unwrap().denials.remove(0).2
    }
}

/// The one notice, which hinders nothing, begins so.
fn says(notices: &[Notice], reason: &str, begins: &str) {
    let [one] = notices else { panic!("{notices:?}") };
    assert!(one.reason == reason && one.words.starts_with(begins) && !one.blocks, "{one:?}");
}

#[tokio::test]
async fn the_same_denial_twice_is_told_while_the_first_waits_and_once_it_counts() {
    let corridor = Corridor::open().await;
    let first = corridor.waits(1, Some(1)).await;
    let second = corridor.decides(2, Some(1), ResponseCode::PreferenceDenied).await;
    let waits = format!("act {first} decides the same, and waits for a supervisor");
    says(&second.notices, "DECIDED_BEFORE", &waits);
    assert!(corridor.releases(3, &corridor.name(), first).await.unwrap().notices.is_empty());
    let counts = format!("act {first} decided the same, and counts: drop this one");
    says(&corridor.queued(), "DECIDED_BEFORE", &counts);
    let released = corridor.releases(4, &corridor.name(), second.act).await.unwrap();
    let told = format!("act {first} decided the same, and counts: its issuer was told twice");
    says(&released.notices, "DECIDED_BEFORE", &told);
    let third = corridor.decides(5, Some(1), ResponseCode::PreferenceDenied).await;
    says(&third.notices, "DECIDED_BEFORE", &format!("act {} decided the same, and counts: drop", second.act));
}

#[tokio::test]
async fn a_denial_that_was_dropped_or_lifted_is_not_said_to_be_decided_before() {
    let corridor = Corridor::open().await;
    let dropped = corridor.waits(1, Some(1)).await;
    assert_eq!(corridor.settles(2, dropped, false).await, "none");
    let denied = corridor.decides(3, Some(1), ResponseCode::PreferenceDenied).await;
    assert!(denied.notices.is_empty(), "{denied:?}");
    assert_eq!(corridor.settles(4, denied.act, true).await, "none");
    let lifted = corridor.decides(5, Some(1), ResponseCode::AcceptedForClaim).await;
    assert_eq!(corridor.settles(6, lifted.act, true).await, "none");
    let denied = corridor.decides(7, Some(1), ResponseCode::PreferenceDenied).await;
    assert!(denied.notices.is_empty(), "{denied:?}");
}

#[tokio::test]
async fn a_denial_for_another_reason_of_a_line_or_of_the_whole_is_not_said_to_be_the_same() {
    let corridor = Corridor::open().await;
    let first = corridor.waits(1, Some(1)).await;
    let differ = ResponseReason::GoodsDiffer;
    for (nth, item, line, reason, said) in [
        (2, None, None, differ, "PREFERENCE_DENIED of item 1;"),
        (3, Some(1), Some(1), differ, "PREFERENCE_DENIED of item 1;"),
        (4, Some(1), None, ResponseReason::NotOriginating, "PREFERENCE_DENIED of item 1 for GOODS_DIFFER;"),
    ] {
        let mut wish = corridor.decision(nth, item, ResponseCode::PreferenceDenied, Some(reason));
        wish.decisions[0].line = line;
        let denied = corridor.customs.decide(&corridor.officer, wish).await.unwrap();
        let waits =
            format!("act {first}, which waits for a supervisor, decided so before, though not in all as this one");
        says(&denied.notices, "DECIDED_BEFORE", &waits);
        let words = &denied.notices[0].words;
        assert!(words.contains(said) && words.ends_with("see whether both are needed"), "{words}");
        assert_eq!(corridor.settles(nth + 10, denied.act, false).await, "none");
    }
}

#[tokio::test]
async fn a_claim_that_is_accepted_twice_with_one_declaration_is_told_and_with_another_is_not() {
    let corridor = Corridor::open().await;
    let accepts = async |nth, declaration: &str| {
        let mut wish = corridor.decision(nth, Some(1), ResponseCode::AcceptedForClaim, None);
        wish.declaration = Some(corridor.declaration(declaration));
        let notices = corridor.customs.decide(&corridor.officer, wish).await.unwrap().notices;
        notices.into_iter().filter(|one| one.reason == "DECIDED_BEFORE").collect::<Vec<_>>()
    };
    assert!(accepts(1, "D-1").await.is_empty());
    assert!(accepts(2, "D-2").await.is_empty());
    says(&accepts(3, "d 1").await, "DECIDED_BEFORE", "act 1 decided the same, and counts: its issuer was told twice");
}

#[tokio::test]
async fn what_passes_while_a_denial_waits_is_told_to_who_decides_it_and_to_who_releases_the_denial() {
    use ResponseCode::{Diverted, NotUtilised, PreferenceSuspended, ReturnedForRectification};
    for code in [Diverted, NotUtilised, PreferenceSuspended, ReturnedForRectification] {
        let corridor = Corridor::open().await;
        let denied = corridor.waits(1, Some(1)).await;
        let passed = corridor.decides(2, Some(1), code).await;
        assert!(passed.statement.is_some(), "{code}");
        let waits = format!("act {denied} waits for a supervisor, and decides PREFERENCE_DENIED of item 1:");
        says(&passed.notices, "DENIAL_WAITS", &waits);
        let since = format!("act {} decided {code} of item 1 after this was decided:", passed.act);
        says(&corridor.queued(), "DECIDED_SINCE", &since);
        let released = corridor.releases(3, &corridor.name(), denied).await.unwrap();
        says(&released.notices, "DECIDED_SINCE", &since);
    }
    let corridor = Corridor::open().await;
    corridor.waits(1, Some(1)).await;
    let received = corridor.decides(2, Some(1), ResponseCode::Received).await;
    assert!(received.notices.is_empty() && corridor.queued().is_empty(), "what decides nothing");
}

#[tokio::test]
async fn what_is_not_released_any_more_is_said_to_be_dropped_and_decided_anew() {
    let corridor = Corridor::open().await;
    let accepted = corridor.decision(9, Some(1), ResponseCode::AcceptedForClaim, None).decisions.remove(0);
    let mut wish = corridor.decision(1, Some(1), ResponseCode::PreferenceDenied, Some(ResponseReason::GoodsDiffer));
    wish.decisions[0].line = Some(2);
    wish.decisions.insert(0, ItemDecision { line: Some(1), ..accepted });
    let waits = corridor.customs.decide(&corridor.officer, wish).await.unwrap().act;
    let suspended = corridor.decides(2, Some(1), ResponseCode::PreferenceSuspended).await;
    says(&suspended.notices, "DENIAL_WAITS", &format!("act {waits} waits for a supervisor, and decides"));
    let words = &suspended.notices[0].words;
    assert!(words.ends_with("it is not released after this: drop it, and decide anew"), "{words}");
    let queued = corridor.queued().into_iter().filter(|one| one.reason == "DECIDED_SINCE").collect::<Vec<_>>();
    let since = format!("act {} decided otherwise after act {waits}, which waits: drop act {waits}", suspended.act);
    says(&queued, "DECIDED_SINCE", &since);
    assert_eq!(corridor.settles(3, waits, true).await, "DECIDED_SINCE");
}

#[tokio::test]
async fn who_denies_what_was_written_off_and_who_releases_that_are_told_that_it_stays() {
    let corridor = Corridor::open().await;
    let written = corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "16800")).await.unwrap();
    let denied = corridor.decides(2, Some(1), ResponseCode::PreferenceDenied).await;
    let used = format!("written off before: 16800 H87 of item 1 by act {};", written.act);
    says(&denied.notices, "ALREADY_USED", &used);
    says(&corridor.queued(), "ALREADY_USED", &used);
    says(&corridor.releases(3, &corridor.name(), denied.act).await.unwrap().notices, "ALREADY_USED", &used);
    // Denied of another line, it is not of what was written off.
    let corridor = Corridor::open().await;
    corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "100")).await.unwrap();
    let mut wish = corridor.decision(2, Some(1), ResponseCode::PreferenceDenied, Some(ResponseReason::GoodsDiffer));
    wish.decisions[0].line = Some(2);
    let denied = corridor.customs.decide(&corridor.officer, wish).await.unwrap();
    assert!(denied.notices.is_empty(), "{denied:?}");
}

#[tokio::test]
async fn what_a_later_decision_ended_is_shown_as_over_to_customs_and_to_the_issuer() {
    let corridor = Corridor::open().await;
    let over = || {
        let course = corridor.customs.course(&corridor.officer, &corridor.name()).unwrap();
        let here = course.acts.iter().flat_map(|act| course.over(act)).collect::<Vec<_>>();
        let name = CertificateName::Number(corridor.number());
        let notes = corridor.exporting.abroad(&corridor.liaison, &name).unwrap();
        assert_eq!(notes.into_iter().flat_map(|note| note.over).collect::<Vec<_>>(), here);
        here
    };
    corridor.decides(1, Some(1), ResponseCode::PreferenceSuspended).await;
    assert_eq!(over(), [false]);
    corridor.decides(2, Some(1), ResponseCode::AcceptedForClaim).await;
    assert_eq!(over(), [true, false]);
    corridor.decides(3, Some(1), ResponseCode::Received).await;
    assert_eq!(over(), [true, false, false], "what decides nothing ends nothing");
}
