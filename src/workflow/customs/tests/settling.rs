//! What waits for a supervisor: who releases and who drops it, and what is asked again before it is released.

use super::{Corridor, account, reason, valid, why};
use crate::{
    office::{ActState, AuditEvent, Caller, Denials, Role},
    reason::Reasoned as _,
    statement::{Act, ItemDecision, ReplyAct, ResponseCode, ResponseReason},
    time::Clock as _,
    workflow::{ArrivedName, CertificateName, Decided, DecisionWish, ShareWish, StatusWish, WorkflowError},
};
use std::sync::{Arc, Mutex};

impl Corridor {
    /// A denial of an item, or of the whole, that waits for a supervisor.
    pub(super) async fn waits(&self, nth: u16, item: Option<u32>) -> u32 {
        let denied = self.decision(nth, item, ResponseCode::PreferenceDenied, Some(ResponseReason::GoodsDiffer));
        self.customs.decide(&self.officer, denied).await.unwrap().act
    }

    pub(super) async fn settles(&self, nth: u16, act: u32, release: bool) -> &'static str {
        let (request, name) = (self.china.request_id(nth), self.name());
        reason(self.customs.settle_denial(&self.supervisor, &request, name, act, release, None).await)
    }

    pub(super) async fn releases(&self, nth: u16, name: &ArrivedName, act: u32) -> Result<Decided, WorkflowError> {
        let request = self.china.request_id(nth);
        self.customs.settle_denial(&self.supervisor, &request, name.clone(), act, true, None).await
    }

    /// Item 1 is denied by two people, and what would take the place of that waits.
    async fn lifts(&self, nth: u16, name: &ArrivedName, wish: DecisionWish) -> u32 {
        let denied = self.decision(nth, Some(1), ResponseCode::PreferenceDenied, Some(ResponseReason::GoodsDiffer));
        let denied = DecisionWish { certificate: name.clone(), ..denied };
        let denied = self.customs.decide(&self.officer, denied).await.unwrap().act;
        self.releases(nth + 1, name, denied).await.unwrap();
        let wish = DecisionWish { certificate: name.clone(), ..wish };
        let waits = self.customs.decide(&self.officer, wish).await.unwrap();
        assert_eq!(waits.statement, None);
        waits.act
    }

    /// A claim on item 1 is accepted; in spite of a closed key and a predecessor, where that is said.
    fn accepts(&self, nth: u16, in_spite: bool) -> DecisionWish {
        DecisionWish {
            despite_closed_key: in_spite,
            despite_predecessor: in_spite,
            remarks: in_spite.then(|| "its issuer confirmed it by letter".parse().unwrap()),
            ..self.decision(nth, Some(1), ResponseCode::AcceptedForClaim, None)
        }
    }

    fn closes_the_key(&self) {
        let entry = self.issued.outcome.entry.clone();
        self.pakistan.revoke(&[(entry.origin, entry.index)]);
    }
}

/// The queue of a supervisor says of an act that it is not released because of a notice, and what to do.
fn said_so_in_the_queue(corridor: &Corridor, act: u32, notice: &str) {
    let told = corridor.customs.denials(&corridor.supervisor, "", 10).unwrap().denials.remove(0).2;
    let said = told.iter().filter(|one| one.reason == "NOT_RELEASED").map(|one| one.words.as_str()).collect::<Vec<_>>();
    let [said] = said.as_slice() else { panic!("{told:?}") };
    assert!(said.starts_with(&format!("act {act} is not released: drop it, and decide anew")), "{said}");
    assert!(said.ends_with(&format!("[{notice}]")), "{said}");
}

/// An act is not released because of a notice, and the refusal says what to do.
fn refuses(released: Result<Decided, WorkflowError>, act: u32, notice: &str) {
    let refused = released.unwrap_err();
    assert_eq!(refused.reason(), "ARRIVAL_FORBIDS");
    let said = refused.to_string();
    let (first, last) = (format!("act {act} is not released: drop it, and decide anew"), format!("[{notice}]"));
    assert!(said.starts_with(&first) && said.ends_with(&last), "{said}");
}

#[tokio::test]
async fn a_denial_takes_two_people_and_a_reason() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let denied = ResponseCode::PreferenceDenied;
    let without = customs.decide(officer, corridor.decision(1, Some(1), denied, None)).await;
    assert_eq!(reason(without), "REASON_MISSING");
    let wish = corridor.decision(2, Some(1), denied, Some(ResponseReason::NotOriginating));
    let waits = customs.decide(&corridor.supervisor, wish.clone()).await.unwrap();
    assert_eq!((waits.act, waits.statement, corridor.heard().len()), (1, None, 0));
    assert_eq!(customs.decide(&corridor.supervisor, wish).await.unwrap(), waits, "the same request, the same answer");
    assert_eq!(customs.denials(officer, "", 10).unwrap().denials.len(), 1);
    let settle = |caller: &Caller, nth: u16, release: bool| {
        let (customs, caller) = (customs.clone(), caller.clone());
        let (request, name) = (corridor.china.request_id(nth), corridor.name());
        async move { customs.settle_denial(&caller, &request, name, 1, release, None).await }
    };
    assert_eq!(reason(settle(officer, 3, true).await), "PERMISSION_DENIED");
    assert_eq!(reason(settle(&corridor.supervisor, 4, true).await), "SAME_PERSON");
    let other = account("Ma Jun", Role::CustomsSupervisor, 35);
    assert!(settle(&other, 5, true).await.unwrap().statement.is_some());
    assert_eq!(corridor.heard(), [(denied, false)]);
    assert!(customs.denials(officer, "", 10).unwrap().denials.is_empty());
    assert_eq!(reason(settle(&other, 6, true).await), "DENIAL_NOT_WAITING");
    let used = customs.write_off(officer, corridor.write_off(7, "D-1", "1")).await;
    assert_eq!(reason(used), "PREFERENCE_NOT_GRANTED");
}

#[tokio::test]
async fn a_denial_that_is_dropped_is_told_to_nobody() {
    let corridor = Corridor::open().await;
    let customs = &corridor.customs;
    let wish = corridor.decision(1, None, ResponseCode::PreferenceDenied, Some(ResponseReason::GoodsDiffer));
    customs.decide(&corridor.officer, wish).await.unwrap();
    let request = corridor.china.request_id(2);
    let dropped = customs.settle_denial(&corridor.supervisor, &request, corridor.name(), 1, false, None).await.unwrap();
    assert_eq!((dropped.statement, corridor.heard().len()), (None, 0));
    assert!(customs.denials(&corridor.officer, "", 10).unwrap().denials.is_empty());
    assert!(customs.write_off(&corridor.officer, corridor.write_off(3, "D-1", "1")).await.is_ok());
}

#[tokio::test]
async fn a_denial_is_dropped_by_who_decided_it_or_by_a_supervisor() {
    let corridor = Corridor::open().await;
    let customs = &corridor.customs;
    let denied = |nth| corridor.decision(nth, None, ResponseCode::PreferenceDenied, Some(ResponseReason::GoodsDiffer));
    let drop = |nth, caller: &Caller, act| {
        let (request, caller, name) = (corridor.china.request_id(nth), caller.clone(), corridor.name());
        async move { customs.settle_denial(&caller, &request, name, act, false, None).await }
    };
    customs.decide(&corridor.supervisor, denied(1)).await.unwrap();
    let refused = drop(2, &corridor.officer, 1).await.unwrap_err();
    assert_eq!(refused.reason(), "PERMISSION_DENIED");
    assert!(refused.to_string().contains("another officer's"), "{refused}");
    assert!(drop(3, &account("Ma Jun", Role::CustomsSupervisor, 35), 1).await.is_ok());
    customs.decide(&corridor.officer, denied(4)).await.unwrap();
    assert_eq!(reason(drop(5, &corridor.colleague, 2).await), "PERMISSION_DENIED");
    assert!(drop(6, &corridor.officer, 2).await.is_ok());
}

#[tokio::test]
async fn what_a_supervisor_says_stands_beside_what_the_officer_said_and_takes_nothing_of_it() {
    for release in [false, true] {
        let corridor = Corridor::open().await;
        let said = |text: &str| Some(text.parse().unwrap());
        let denied = corridor.decision(1, Some(1), ResponseCode::PreferenceDenied, Some(ResponseReason::GoodsDiffer));
        let denied = DecisionWish { remarks: said("the bladders are of rubber"), ..denied };
        let act = corridor.customs.decide(&corridor.officer, denied).await.unwrap().act;
        let (request, words) = (corridor.china.request_id(2), said("seen by two"));
        let settled =
            corridor.customs.settle_denial(&corridor.supervisor, &request, corridor.name(), act, release, words);
        settled.await.unwrap();
        let course = corridor.customs.course(&corridor.officer, &corridor.name()).unwrap();
        let act = &course.acts[0];
        assert_eq!((&act.remarks, &act.settled_words), (&said("the bladders are of rubber"), &said("seen by two")));
    }
}

#[tokio::test]
async fn of_a_release_and_a_drop_at_one_moment_one_counts() {
    let corridor = Corridor::open().await;
    let act = corridor.waits(1, Some(1)).await;
    let (released, dropped) = tokio::join!(corridor.settles(2, act, true), corridor.settles(3, act, false));
    assert_eq!([released, dropped].iter().filter(|one| **one == "none").count(), 1, "{released}, {dropped}");
    assert_eq!(corridor.heard().len(), usize::from(released == "none"));
}

/// Hears what is denied to a caller.
#[derive(Default)]
struct Ear(Mutex<Vec<String>>);

impl Denials for Ear {
    fn denied(&self, event: AuditEvent) {
        self.0.lock().unwrap().push(event.action);
    }
}

#[tokio::test]
async fn who_drops_what_he_decided_is_denied_nothing_in_the_audit_record() {
    let corridor = Corridor::open().await;
    let act = corridor.waits(1, Some(1)).await;
    let ear = Arc::new(Ear::default());
    let officer = corridor.officer.clone().heard_by(Arc::clone(&ear) as Arc<dyn Denials>);
    let settle = |nth, release| {
        let (request, name) = (corridor.china.request_id(nth), corridor.name());
        let (customs, officer) = (corridor.customs.clone(), officer.clone());
        async move { customs.settle_denial(&officer, &request, name, act, release, None).await }
    };
    settle(2, false).await.unwrap();
    assert!(ear.0.lock().unwrap().is_empty());
    assert_eq!(reason(settle(3, true).await), "PERMISSION_DENIED");
    assert_eq!(*ear.0.lock().unwrap(), ["release_denial"], "who asks to release is");
}

#[tokio::test]
async fn an_act_that_was_released_stands_where_it_was_released_and_is_the_last_word() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let wish = ShareWish { declared: corridor.declared("D-1", "1"), until: corridor.today() };
    let (_, secret) = customs.share(officer, wish).unwrap();
    let later = || corridor.china.clock.set(corridor.china.clock.now() + jiff::SignedDuration::from_mins(1));
    let denied = corridor.waits(1, Some(1)).await;
    later();
    let suspended = corridor.decision(2, Some(1), ResponseCode::PreferenceSuspended, Some(ResponseReason::GoodsDiffer));
    let suspended = customs.decide(officer, suspended).await.unwrap().act;
    later();
    assert_eq!(corridor.settles(3, denied, true).await, "none");
    let course = customs.course(officer, &corridor.name()).unwrap();
    assert_eq!(course.acts.iter().map(|act| act.number).collect::<Vec<_>>(), [suspended, denied]);
    let released = course.acts[1].settled.as_ref().unwrap();
    assert!(released.at_ms > course.acts[0].by.at_ms && course.acts[1].by.at_ms < course.acts[0].by.at_ms);
    assert_eq!(course.balance[0].response, Some(ResponseCode::PreferenceDenied));
    // The importer's page says the same of what counts.
    let counts = customs.shared(&secret).unwrap().acts.into_iter();
    let counts = counts.map(|act| (act.number, act.state == ActState::Counts)).collect::<Vec<_>>();
    assert_eq!(counts, [(suspended, false), (denied, true)]);
}

#[tokio::test]
async fn no_release_accepts_a_claim_once_the_key_is_closed_unless_that_was_foreseen_when_it_was_decided() {
    for in_spite in [false, true] {
        let corridor = Corridor::open().await;
        // It waits with the denial of another line.
        let mut wish = corridor.accepts(1, in_spite);
        wish.decisions[0].line = Some(1);
        let (code, reason) = (ResponseCode::PreferenceDenied, Some(ResponseReason::NotOriginating));
        let denied = ItemDecision { line: Some(2), code, reason, ..wish.decisions[0].clone() };
        wish.decisions.push(denied);
        let act = corridor.customs.decide(&corridor.officer, wish).await.unwrap().act;
        corridor.closes_the_key();
        let released = corridor.releases(2, &corridor.name(), act).await;
        if in_spite {
            assert!(released.unwrap().statement.is_some());
        } else {
            refuses(released, act, "KEY_CLOSED");
            let waiting = corridor.customs.denials(&corridor.officer, "", 10).unwrap().denials;
            assert_eq!(waiting.len(), 1, "it waits still");
            said_so_in_the_queue(&corridor, act, "KEY_CLOSED");
            assert_eq!(corridor.settles(3, act, false).await, "none");
        }
    }
}

#[tokio::test]
async fn no_release_accepts_a_claim_once_the_predecessor_is_denied_unless_that_was_foreseen_when_it_was_decided() {
    for in_spite in [false, true] {
        let corridor = Corridor::open().await;
        let anew = corridor.issued_anew(2).await;
        let act = corridor.lifts(10, &anew, corridor.accepts(12, in_spite)).await;
        let denied = corridor.waits(20, Some(1)).await;
        assert_eq!(corridor.settles(21, denied, true).await, "none");
        let released = corridor.releases(22, &anew, act).await;
        if in_spite {
            assert!(released.unwrap().statement.is_some());
        } else {
            refuses(released, act, "PREDECESSOR_USED");
        }
    }
}

#[tokio::test]
async fn no_release_accepts_a_claim_while_the_issuer_stops_the_certificate_or_the_item() {
    for items in [None, Some(vec![1])] {
        let corridor = Corridor::open().await;
        let number = corridor.of_three_items(2).await;
        let name = ArrivedName::Number(number.clone(), None);
        let change = async |nth, act| {
            let wish = StatusWish {
                certificate: CertificateName::Number(number.clone()),
                act,
                items: items.clone(),
                reason: Some("found so".parse().unwrap()),
                remarks: None,
            };
            let request = corridor.pakistan.request_id(nth);
            corridor.exporting.change_status(&corridor.pakistan.signatory, &request, wish).await.unwrap();
        };
        // Nobody goes on in spite of this.
        let act = corridor.lifts(10, &name, corridor.accepts(12, true)).await;
        let told = corridor.customs.denials(&corridor.officer, "", 10).unwrap().denials.remove(0).2;
        assert!(told.iter().all(|one| one.reason != "NOT_RELEASED"), "{told:?}");
        change(3, Act::Suspended).await;
        said_so_in_the_queue(&corridor, act, "STATUS_FORBIDS");
        refuses(corridor.releases(13, &name, act).await, act, "STATUS_FORBIDS");
        change(4, Act::Reinstated).await;
        assert!(corridor.releases(14, &name, act).await.is_ok());
    }
}

#[tokio::test]
async fn that_an_enquiry_got_no_reply_is_not_released_once_it_got_one_and_a_denial_rests_on_one_that_came_late() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let raised = customs.enquire(officer, corridor.enquiry(1)).await.unwrap().jti;
    let clock = &corridor.pakistan.clock;
    clock.set(clock.now() + jiff::SignedDuration::from_hours(24 * 200));
    let late = Some(ResponseReason::NoReplyInTime);
    let denied = corridor.decision(2, Some(1), ResponseCode::PreferenceDenied, late);
    let denied = DecisionWish { enquiry: Some(raised), ..denied };
    let mut silent = DecisionWish { request_id: corridor.china.request_id(3), ..denied.clone() };
    silent.decisions[0].line = Some(2);
    let first = ItemDecision { line: Some(1), code: ResponseCode::NoReply, ..silent.decisions[0].clone() };
    silent.decisions.push(first);
    let denied = customs.decide(officer, denied).await.unwrap().act;
    let silent = customs.decide(officer, silent).await.unwrap().act;
    let reply = corridor.reply(2, raised, ReplyAct::Full, vec![valid(1)]);
    assert!(corridor.exporting.reply(&corridor.liaison, reply).await.unwrap().late);
    let refused = corridor.releases(4, &corridor.name(), silent).await.unwrap_err();
    assert_eq!(refused.reason(), "ENQUIRY_ANSWERED");
    assert!(refused.to_string().starts_with(&format!("act {silent} is not released: drop it")), "{refused}");
    assert_eq!(corridor.settles(5, denied, true).await, "none");
}

#[tokio::test]
async fn what_accepts_nothing_is_released_whatever_became_of_its_certificate() {
    use ResponseCode::{Diverted, NotUtilised, PreferenceDenied, PreferenceSuspended, ReturnedForRectification};
    for code in [PreferenceDenied, PreferenceSuspended, ReturnedForRectification, Diverted, NotUtilised] {
        let corridor = Corridor::open().await;
        let wish = corridor.decision(12, Some(1), code, why(code));
        let act = corridor.lifts(10, &corridor.name(), wish).await;
        corridor.change(2, Act::Suspended, None).await;
        corridor.closes_the_key();
        assert_eq!(corridor.settles(13, act, true).await, "none", "{code}");
    }
}
