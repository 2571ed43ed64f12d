//! What became of a security is said by who asked, once the answer is here, and stays there.

use super::{Corridor, changes::Ear, reason, valid};
use crate::{
    log::Origin,
    office::Caller,
    statement::{GoodsMeanwhile, Jti, ReplyAct, ResponseCode},
    store::{Batch, StateChange, Store as _, Table},
    workflow::{DecisionWish, EnquiryView, EnquiryWish, ReplyWish, SecurityOutcome, WorkflowError},
};

impl Corridor {
    async fn raises_with(&self, nth: u16, goods: GoodsMeanwhile) -> Jti {
        let mut wish = self.enquiry(nth);
        wish.asked.goods = goods;
        self.customs.enquire(&self.officer, wish).await.unwrap().jti
    }

    async fn gets_an_answer(&self, nth: u16, raised: Jti) {
        let reply = self.reply(nth, raised, ReplyAct::Full, vec![valid(1)]);
        self.exporting.reply(&self.liaison, reply).await.unwrap();
    }

    async fn settles_security(
        &self,
        nth: u16,
        caller: &Caller,
        raised: Jti,
        outcome: SecurityOutcome,
    ) -> Result<EnquiryView, WorkflowError> {
        let (request, words) = (self.china.request_id(nth), "order SHA 118/2027".parse().unwrap());
        self.customs.settle_security(caller, &request, raised, (outcome, words)).await
    }

    fn unsettled(&self) -> Vec<Jti> {
        let page = self.customs.unsettled_enquiries(&self.officer, false, ("", 10)).unwrap();
        page.enquiries.iter().map(|one| one.place.jti).collect()
    }
}

#[tokio::test]
async fn a_security_is_listed_from_the_answer_on_until_it_is_said_what_became_of_it_and_who_was_asked_hears_nothing() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let raised = corridor.raises_with(1, GoodsMeanwhile::ReleasedOnSecurity).await;
    let free = corridor.raises_with(2, GoodsMeanwhile::Released).await;
    assert!(corridor.unsettled().is_empty(), "the answer may come yet");
    for (nth, jti) in [(3, raised), (4, free)] {
        corridor.gets_an_answer(nth, jti).await;
    }
    // What the clock has done with is not looked at for a list.
    customs.remind().unwrap();
    assert_eq!(corridor.unsettled(), [raised]);
    let (released, collected) = (SecurityOutcome::Released, SecurityOutcome::Collected);
    assert_eq!(reason(corridor.settles_security(5, &corridor.liaison, raised, released).await), "PERMISSION_DENIED");
    assert_eq!(reason(corridor.settles_security(6, officer, free, released).await), "NOTHING_TO_SETTLE");
    let own: Origin = "customs.gov.cn/log/2026/tdap.gov.pk".parse().unwrap();
    let told = || corridor.china.store.head(&own).map(|published| published.head.size);
    let before = told();
    corridor.settles_security(7, officer, raised, released).await.unwrap();
    assert!(corridor.unsettled().is_empty());
    assert!(
        corridor.settles_security(7, officer, raised, released).await.is_ok(),
        "the same request is answered again"
    );
    let view = corridor.settles_security(8, &corridor.supervisor, raised, collected).await.unwrap();
    let said = view.settled.iter().map(|one| (one.by.name.as_str(), one.outcome)).collect::<Vec<_>>();
    assert_eq!(said, [("Li Na", released), ("Sun Yue", collected)], "what was said wrongly stays, and the last counts");
    let course = customs.course(officer, &corridor.name()).unwrap();
    assert_eq!(course.asked.iter().map(|one| one.settled.len()).collect::<Vec<_>>(), [2, 0]);
    let asked = corridor.exporting.incoming_enquiry(&corridor.liaison, &raised).unwrap();
    assert!(asked.settled.is_empty() && !asked.unsettled);
    assert_eq!(told(), before, "nothing is signed");
    let rows = corridor.china.store.audit(0, 100).unwrap();
    let kept = |row: &[u8]| {
        let row = String::from_utf8_lossy(row);
        ["settle_security", "118/2027", &raised.to_string()].iter().all(|said| row.contains(said))
    };
    assert_eq!(rows.iter().filter(|row| kept(&row.row)).count(), 2);
}

#[tokio::test]
async fn goods_that_wait_for_an_answer_that_never_came_are_listed_too_once_its_day_is_over() {
    let corridor = Corridor::open().await;
    let held = corridor.raises_with(1, GoodsMeanwhile::Held).await;
    corridor.later(170);
    assert!(corridor.unsettled().is_empty());
    corridor.later(20);
    assert_eq!(corridor.unsettled(), [held]);
    corridor.settles_security(2, &corridor.officer, held, SecurityOutcome::Collected).await.unwrap();
    assert!(corridor.unsettled().is_empty());
}

#[tokio::test]
async fn what_is_decided_and_not_settled_by_the_day_to_decide_is_told_once() {
    let by = r#"decide = { value = { length = 8, unit = "months" }, article = "Rule 16b", confirmed = true }"#;
    let corridor = Corridor::open_with(|pakistan| pakistan.verified_by(by)).await;
    let (customs, officer, importing) = (&corridor.customs, &corridor.officer, Ear::of(&corridor.china));
    let raised = corridor.raises_with(1, GoodsMeanwhile::ReleasedOnSecurity).await;
    corridor.gets_an_answer(2, raised).await;
    let accepted = corridor.decision(3, Some(1), ResponseCode::AcceptedForClaim, None);
    customs.decide(officer, DecisionWish { enquiry: Some(raised), ..accepted }).await.unwrap();
    assert_eq!(customs.remind().unwrap(), 0);
    let view = customs.enquiry(officer, &raised).unwrap();
    assert!(view.unsettled && !view.settle_overdue);
    corridor.later(250);
    assert_eq!((customs.remind().unwrap(), customs.remind().unwrap()), (1, 0));
    assert!(customs.enquiry(officer, &raised).unwrap().settle_overdue);
    let heard = importing.all(officer).into_iter().filter(|one| one.starts_with("settle ")).collect::<Vec<_>>();
    assert_eq!(heard, [format!("settle passed {}", view.decide_due.unwrap())]);
    corridor.settles_security(4, officer, raised, SecurityOutcome::CollectedInPart).await.unwrap();
    assert_eq!(customs.remind().unwrap(), 0);
    assert!(!customs.enquiry(officer, &raised).unwrap().settle_overdue);
}

#[tokio::test]
async fn what_was_said_before_the_answer_counts_until_that_is_here() {
    let corridor = Corridor::open().await;
    let raised = corridor.raises_with(1, GoodsMeanwhile::ReleasedOnSecurity).await;
    let released = SecurityOutcome::Released;
    let view = corridor.settles_security(2, &corridor.officer, raised, released).await.unwrap();
    assert!(!view.unsettled && view.is_before_answer(&view.settled[0]), "the answer is awaited");
    corridor.later(1);
    corridor.gets_an_answer(3, raised).await;
    corridor.customs.remind().unwrap();
    assert_eq!(corridor.unsettled(), [raised]);
    corridor.later(1);
    let view = corridor.settles_security(4, &corridor.officer, raised, released).await.unwrap();
    let before = view.settled.iter().map(|one| view.is_before_answer(one)).collect::<Vec<_>>();
    assert_eq!((before.as_slice(), view.unsettled), (&[true, false][..], false));
    corridor.customs.remind().unwrap();
    assert!(corridor.unsettled().is_empty());
}

#[tokio::test]
async fn what_was_said_before_a_clarifying_enquiry_was_answered_counts_until_that_is_here() {
    let corridor = Corridor::open().await;
    let raised = corridor.raises_with(1, GoodsMeanwhile::Held).await;
    let words = Some("Which consignment?".parse().unwrap());
    let unclear = ReplyWish { words, ..corridor.reply(2, raised, ReplyAct::ClarificationAsked, Vec::new()) };
    let asked = corridor.exporting.reply(&corridor.liaison, unclear).await.unwrap().jti;
    let mut clarifying = EnquiryWish { clarifies: Some(asked), ..corridor.enquiry(3) };
    clarifying.asked.goods = GoodsMeanwhile::Released;
    let second = corridor.customs.enquire(&corridor.officer, clarifying).await.unwrap().jti;
    corridor.settles_security(4, &corridor.officer, raised, SecurityOutcome::Released).await.unwrap();
    assert!(corridor.unsettled().is_empty());
    corridor.gets_an_answer(5, second).await;
    assert_eq!(corridor.unsettled(), [raised]);
}

#[tokio::test]
async fn goods_that_wait_for_an_enquiry_and_for_one_that_clarifies_it_are_settled_once() {
    use GoodsMeanwhile::{Held, Released};
    for (goods, is_of_first) in [(Held, true), (Released, false)] {
        let corridor = Corridor::open().await;
        let raised = corridor.raises_with(1, goods).await;
        let words = Some("Which consignment?".parse().unwrap());
        let unclear = ReplyWish { words, ..corridor.reply(2, raised, ReplyAct::ClarificationAsked, Vec::new()) };
        let asked = corridor.exporting.reply(&corridor.liaison, unclear).await.unwrap().jti;
        let mut clarifying = EnquiryWish { clarifies: Some(asked), ..corridor.enquiry(3) };
        clarifying.asked.goods = Held;
        let second = corridor.customs.enquire(&corridor.officer, clarifying).await.unwrap().jti;
        corridor.gets_an_answer(4, second).await;
        let settled = if is_of_first { raised } else { second };
        assert_eq!(corridor.unsettled(), [settled]);
        let view = corridor.settles_security(5, &corridor.officer, second, SecurityOutcome::Released).await.unwrap();
        assert_eq!((view.place.jti, view.settled.len(), view.unsettled), (settled, 1, false));
        assert!(corridor.unsettled().is_empty());
    }
}

#[tokio::test]
async fn what_is_said_once_the_answer_is_here_counts_also_where_the_clock_was_ahead_when_it_came() {
    let corridor = Corridor::open().await;
    let raised = corridor.raises_with(1, GoodsMeanwhile::Held).await;
    corridor.later(60);
    corridor.gets_an_answer(2, raised).await;
    corridor.later(-59);
    assert_eq!(corridor.unsettled(), [raised]);
    let view = corridor.settles_security(3, &corridor.officer, raised, SecurityOutcome::Released).await.unwrap();
    assert!(!view.unsettled && !view.is_before_answer(&view.settled[0]));
    assert!(corridor.unsettled().is_empty());
}

#[tokio::test]
async fn what_was_over_before_anybody_could_settle_it_is_listed_too() {
    let corridor = Corridor::open().await;
    let raised = corridor.raises_with(1, GoodsMeanwhile::ReleasedOnSecurity).await;
    corridor.gets_an_answer(2, raised).await;
    // As a node of before kept that it was answered.
    let record = format!(r#"{{"over":true,"list":{},"told":[]}}"#, corridor.customs.trust().version()).into_bytes();
    let put = StateChange::RecordPut { table: Table::Customs, id: format!("clock/{raised}").into_bytes(), record };
    corridor.china.store.commit(Batch { state: vec![put], ..Batch::default() }).unwrap();
    assert_eq!(corridor.unsettled(), [raised]);
    corridor.customs.remind().unwrap();
    assert_eq!(corridor.unsettled(), [raised]);
}
