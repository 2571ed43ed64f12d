//! An enquiry of which the answer is not to be read ends by a supervisor's word, and no other ends by it.

use super::{Corridor, following::Unread, reason, valid};
use crate::{
    reason::Reasoned as _,
    statement::{Jti, ReplyAct, open_leaf},
    store::{Batch, EntryRef, Store as _, index},
    workflow::{ArrivedName, DecisionWish, EnquiryState},
};

const WHY: &str = "letter TDAP 118/2027";

#[tokio::test]
async fn an_enquiry_whose_answer_nobody_can_read_is_concluded_once_by_a_supervisor_and_its_clock_ends() {
    let mut corridor = Corridor::open().await;
    let answer = corridor.unread().await;
    answer.is_gone();
    let (raised, customs, officer) = (answer.raised, &answer.customs, &corridor.officer);
    let conclude = |nth, caller| {
        let request = corridor.china.request_id(nth);
        async move { customs.conclude_enquiry(caller, &request, raised, WHY.parse().unwrap()).await }
    };
    assert_eq!(reason(conclude(5, officer).await), "PERMISSION_DENIED");
    let view = conclude(6, &corridor.supervisor).await.unwrap();
    assert_eq!((view.state, view.is_open(), view.answer_unread), (EnquiryState::Concluded, false, false));
    let concluded = view.concluded.unwrap();
    assert_eq!((concluded.by.name.as_str(), concluded.reason.as_str()), ("Sun Yue", WHY));
    assert!(conclude(6, &corridor.supervisor).await.is_ok(), "the same request is answered again");
    assert_eq!(reason(conclude(7, &corridor.supervisor).await), "ENQUIRY_CONCLUDED");
    let rows = corridor.china.store.audit(0, 100).unwrap();
    let kept = |row: &[u8]| {
        let row = String::from_utf8_lossy(row);
        [WHY, "conclude_enquiry", &raised.to_string()].iter().all(|said| row.contains(said))
    };
    assert_eq!(rows.iter().filter(|row| kept(&row.row)).count(), 1);

    assert!(customs.enquiries(officer, true, ("", 10)).unwrap().enquiries.is_empty());
    assert_eq!(customs.enquiries(officer, false, ("", 10)).unwrap().enquiries.len(), 1);
    corridor.later(200);
    let view = customs.enquiry(officer, &raised).unwrap();
    assert_eq!((view.overdue, view.due_soon, view.proposes), (false, false, None));
    assert_eq!(customs.remind().unwrap(), 0, "nothing is due any more");
    let certificate = ArrivedName::Jti(corridor.issued.outcome.jti);
    let silent = DecisionWish { certificate, ..corridor.unanswered(8, raised) };
    assert_eq!(reason(customs.decide(officer, silent).await), "ENQUIRY_CONCLUDED", "there was a reply");
}

#[tokio::test]
async fn an_answer_that_comes_after_all_is_the_answer_and_who_concluded_stays() {
    let mut corridor = Corridor::open().await;
    let Unread { raised, said, entry, copy, customs, .. } = corridor.unread().await;
    let request = corridor.china.request_id(5);
    customs.conclude_enquiry(&corridor.supervisor, &request, raised, WHY.parse().unwrap()).await.unwrap();
    let EntryRef { origin, index: place } = &entry;
    let leaf = copy.leaf(origin, *place).unwrap().unwrap();
    let state = index(&entry, &open_leaf(&leaf, &said).unwrap().body, 2);
    let late = vec![copy.seal(origin, *place, &said).unwrap()];
    copy.commit(Batch { at_ms: 2, state, late, ..Batch::default() }).unwrap();
    let view = customs.enquiry(&corridor.officer, &raised).unwrap();
    assert_eq!((view.state, view.replies.len(), view.concluded.is_some()), (EnquiryState::Answered, 1, true));
}

#[tokio::test]
async fn an_enquiry_that_ends_by_its_answer_or_its_day_is_not_concluded_and_what_to_do_is_said() {
    let corridor = Corridor::open().await;
    let customs = &corridor.customs;
    let raised = customs.enquire(&corridor.officer, corridor.enquiry(1)).await.unwrap().jti;
    let refused = async |nth, enquiry: Jti| {
        let request = corridor.china.request_id(nth);
        let concluded = customs.conclude_enquiry(&corridor.supervisor, &request, enquiry, WHY.parse().unwrap());
        let error = concluded.await.unwrap_err();
        (error.reason(), error.to_string())
    };
    assert_eq!(refused(2, "01KB3D9M8000000000000000AB".parse().unwrap()).await.0, "ENQUIRY_UNKNOWN");
    let (early, said) = refused(3, raised).await;
    assert!(early == "NOTHING_UNREAD" && said.contains("until 2027-05-22"), "{said}");
    corridor.later(200);
    let (over, said) = refused(4, raised).await;
    assert!(over == "NOTHING_UNREAD" && said.contains("NO_REPLY"), "{said}");
    let reply = corridor.reply(5, raised, ReplyAct::Full, vec![valid(1)]);
    corridor.exporting.reply(&corridor.liaison, reply).await.unwrap();
    assert_eq!(refused(6, raised).await.0, "ENQUIRY_ANSWERED");
    assert!(customs.enquiry(&corridor.officer, &raised).unwrap().concluded.is_none());
}
