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
