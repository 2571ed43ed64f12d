//! Days that were promised, and answers that differ from those before.

use super::*;
use jiff::ToSpan as _;

#[tokio::test]
async fn a_day_that_was_promised_is_the_day_due_where_there_is_no_other() {
    let corridor = Corridor::open().await;
    let (customs, exporting, liaison) = (&corridor.customs, &corridor.exporting, &corridor.liaison);
    // No agreement says when it is answered.
    let number = corridor.of_three_items(50).await;
    let mut wish = corridor.enquiry(1);
    wish.subjects[0].number = number.parse().unwrap();
    let raised = customs.enquire(&corridor.officer, wish).await.unwrap();
    assert_eq!(raised.reply_due, None);
    let both = || {
        [
            customs.enquiry(&corridor.officer, &raised.jti).unwrap(),
            exporting.incoming_enquiry(liaison, &raised.jti).unwrap(),
        ]
    };
    let promised = corridor.today() + 12.days();
    exporting.reply(liaison, corridor.takes(2, raised.jti, promised)).await.unwrap();
    for view in both() {
        assert_eq!((view.reply_due, view.overdue), (Some(promised), false));
    }
    let earlier = corridor.takes(3, raised.jti, promised.yesterday().unwrap());
    assert_eq!(reason(exporting.reply(liaison, earlier).await), "EXTENSION_TOO_SHORT");
    let silent = |nth| DecisionWish {
        certificate: ArrivedName::Number(number.clone(), None),
        enquiry: Some(raised.jti),
        ..corridor.decision(nth, None, ResponseCode::NoReply, Some(ResponseReason::NoReplyInTime))
    };
    let early = customs.decide(&corridor.officer, silent(4)).await.unwrap_err();
    assert!(early.to_string().contains(&promised.to_string()), "{early}");
    let clock = &corridor.pakistan.clock;
    clock.set(clock.now() + jiff::SignedDuration::from_hours(24 * 13));
    assert!(both().iter().all(|view| view.overdue));
    customs.decide(&corridor.officer, silent(5)).await.unwrap();
    let late = corridor.reply(6, raised.jti, ReplyAct::Full, vec![valid(1)]);
    assert!(exporting.reply(liaison, late).await.unwrap().late);
    assert!(customs.enquiry(&corridor.officer, &raised.jti).unwrap().replies.last().is_some_and(|one| one.late));
}

#[tokio::test]
async fn a_late_answer_to_what_clarifies_an_enquiry_is_late_for_that_enquiry_too() {
    let corridor = Corridor::open().await;
    let (customs, exporting, liaison) = (&corridor.customs, &corridor.exporting, &corridor.liaison);
    let raised = corridor.raised(1).await;
    let asked = exporting.reply(liaison, corridor.asks_what(2, raised)).await.unwrap().jti;
    let clarifying = EnquiryWish { clarifies: Some(asked), ..corridor.enquiry(3) };
    let second = customs.enquire(&corridor.officer, clarifying).await.unwrap().jti;
    let denies = |nth, enquiry| DecisionWish {
        enquiry: Some(enquiry),
        ..corridor.decision(nth, Some(1), ResponseCode::PreferenceDenied, Some(ResponseReason::NoReplyInTime))
    };
    let early = customs.decide(&corridor.officer, denies(4, raised)).await;
    assert_eq!(reason(early), "ENQUIRY_NOT_OVERDUE");
    let clock = &corridor.pakistan.clock;
    clock.set("2027-06-07T06:00:00Z".parse().unwrap());
    corridor.says(5, second, ReplyAct::Full, vec![valid(1)]).await;
    for enquiry in [raised, second] {
        for view in [
            customs.enquiry(&corridor.officer, &enquiry).unwrap(),
            exporting.incoming_enquiry(liaison, &enquiry).unwrap(),
        ] {
            assert_eq!((view.state, view.is_late()), (EnquiryState::Answered, true), "{view:?}");
        }
    }
    for (nth, enquiry) in [(6, raised), (7, second)] {
        let silent = corridor.decision(nth, None, ResponseCode::NoReply, Some(ResponseReason::NoReplyInTime));
        let silent = DecisionWish { enquiry: Some(enquiry), ..silent };
        assert_eq!(reason(customs.decide(&corridor.officer, silent).await), "ENQUIRY_ANSWERED");
        customs.decide(&corridor.officer, denies(10 + nth, enquiry)).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_to_what_clarifies_an_enquiry_that_came_in_time_is_in_time_for_that_enquiry_too() {
    let corridor = Corridor::open().await;
    let (customs, exporting, liaison) = (&corridor.customs, &corridor.exporting, &corridor.liaison);
    let number = exporting.issue(&corridor.pakistan.signatory, &corridor.pakistan.footballs(2)).await.unwrap();
    let number = number.outcome.number.unwrap();
    // Of two certificates one is clarified, and answered in time; of the other nothing is said.
    let mut wish = corridor.enquiry(1);
    wish.subjects.push(SubjectWish { number: number.parse().unwrap(), ..wish.subjects[0].clone() });
    let raised = customs.enquire(&corridor.officer, wish).await.unwrap().jti;
    let asked = exporting.reply(liaison, corridor.asks_what(2, raised)).await.unwrap().jti;
    let clarifying = EnquiryWish { clarifies: Some(asked), ..corridor.enquiry(3) };
    let second = customs.enquire(&corridor.officer, clarifying).await.unwrap().jti;
    corridor.says(4, second, ReplyAct::Full, vec![valid(1)]).await;
    corridor.pakistan.clock.set("2027-06-07T06:00:00Z".parse().unwrap());
    let view = customs.enquiry(&corridor.officer, &raised).unwrap();
    assert_eq!((view.overdue, view.is_late(), view.proposes_of), (true, false, vec![2]));
    let denied = DecisionWish {
        enquiry: Some(raised),
        ..corridor.decision(5, Some(1), ResponseCode::PreferenceDenied, Some(ResponseReason::NoReplyInTime))
    };
    assert_eq!(reason(customs.decide(&corridor.officer, denied).await), "ENQUIRY_ANSWERED");
}

#[tokio::test]
async fn a_certificate_that_was_answered_otherwise_in_another_enquiry_is_told_before_that_is_signed() {
    let corridor = Corridor::open().await;
    let (exporting, liaison) = (&corridor.exporting, &corridor.liaison);
    let (first, second) = (corridor.raised(1).await, corridor.raised(2).await);
    let denied = SubjectAnswer { finding: SubjectFinding::NotValid, ..valid(1) };
    corridor.says(3, first, ReplyAct::Full, vec![denied.clone()]).await;
    let on = exporting.own_today();
    let same = corridor.reply(4, second, ReplyAct::Full, vec![denied]);
    assert!(exporting.judge_reply(liaison, same).await.unwrap().notices.is_empty());
    let contrary = corridor.reply(5, second, ReplyAct::Full, vec![valid(1)]);
    let judged = exporting.judge_reply(liaison, contrary.clone()).await.unwrap().notices;
    let [notice] = judged.as_slice() else { panic!("{judged:?}") };
    assert_eq!((notice.reason, notice.blocks), ("ANSWERED_OTHERWISE", false));
    let said = format!("was answered with not_valid in enquiry {first} on {on}, and the answer is valid");
    assert!(notice.words.contains(&said), "{}", notice.words);
    assert_eq!(exporting.reply(liaison, contrary).await.unwrap().notices, judged);
}
