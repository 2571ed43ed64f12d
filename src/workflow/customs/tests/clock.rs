//! Reminders before a day of an enquiry is over, and what follows after it, on both sides.

use super::{changes::Ear, *};
use crate::workflow::EnquiriesPage;

impl Corridor {
    fn pass(&self, days: i64) {
        self.pakistan.clock.set(self.pakistan.clock.now() + jiff::SignedDuration::from_hours(24 * days));
    }

    /// About a number that is not known here: no agreement says when it is answered.
    pub(super) fn about_a_stranger(&self, nth: u16, reply_by: Date) -> EnquiryWish {
        let mut wish = self.enquiry(nth);
        wish.asked.ground = EnquiryGround::NumberUnknown;
        wish.asked.question = Some("Did you issue this?".parse().unwrap());
        wish.asked.reply_by = Some(reply_by);
        wish.subjects[0].number = "PK-CN-2026-XXX-999999".parse().unwrap();
        wish.documents = vec![DocumentDigest {
            name: "scan.pdf".parse().unwrap(),
            media_type: "application/pdf".parse().unwrap(),
            sha256: crate::certificate::Sha256([7; 32]),
        }];
        wish
    }

    /// Customs at their next start: logs of partners are opened one by one, and none is yet.
    fn starting(&mut self) -> Desk {
        self.china.elsewhere = std::sync::Arc::default();
        self.china.store.reload().unwrap();
        self.china.desk().0
    }
}

#[tokio::test]
async fn both_sides_are_reminded_before_the_day_and_told_when_it_passed_each_once() {
    let corridor = Corridor::open().await;
    let (customs, exporting) = (&corridor.customs, &corridor.exporting);
    let (issuing, importing) = (Ear::of(&corridor.pakistan), Ear::of(&corridor.china));
    let raised = customs.enquire(&corridor.officer, corridor.enquiry(1)).await.unwrap().jti;
    let remind = || (exporting.remind().unwrap(), customs.remind().unwrap());
    assert_eq!(remind(), (0, 0));
    // CPFTA, Rule 16: six months, until 2027-05-22.
    corridor.pass(166);
    assert_eq!(remind(), (0, 0), "fifteen days before");
    corridor.pass(1);
    assert_eq!(remind(), (1, 1));
    assert_eq!(remind(), (0, 0), "once");
    corridor.china.store.reload().unwrap();
    let (again, _) = corridor.china.desk();
    assert_eq!(again.remind().unwrap(), 0, "and once after a restart");
    corridor.pass(14);
    assert_eq!(remind(), (0, 0), "the day itself is not over");
    corridor.pass(1);
    assert_eq!(remind(), (1, 1));
    let view = customs.enquiry(&corridor.officer, &raised).unwrap();
    assert_eq!(view.proposes, Some(ResponseCode::NoReply));
    let asked = exporting.incoming_enquiry(&corridor.liaison, &raised).unwrap();
    assert_eq!((asked.overdue, asked.proposes), (true, None), "who is asked proposes nothing");
    corridor.pass(14);
    assert_eq!(remind(), (1, 1));
    let steps = ["reply soon 2027-05-22", "reply passed 2027-05-22", "reply unanswered 2027-05-22"];
    let of_clock = |heard: Vec<String>| heard.into_iter().filter(|one| one.starts_with("reply ")).collect::<Vec<_>>();
    assert_eq!(of_clock(issuing.all(&corridor.liaison)), steps);
    assert_eq!(of_clock(importing.all(&corridor.officer)), steps);
    // What is answered is over, and nobody is told of it again.
    exporting.reply(&corridor.liaison, corridor.reply(2, raised, ReplyAct::Full, vec![valid(1)])).await.unwrap();
    corridor.pass(100);
    assert_eq!(remind(), (0, 0));
    assert!(customs.enquiries(&corridor.officer, true, ("", 50)).unwrap().enquiries.is_empty());
    assert_eq!(customs.enquiries(&corridor.officer, false, ("", 50)).unwrap().enquiries.len(), 1);
}

#[tokio::test]
async fn pages_of_enquiries_follow_each_other_with_what_is_open_first() {
    let corridor = Corridor::open().await;
    let (customs, exporting) = (&corridor.customs, &corridor.exporting);
    let mut raised = Vec::new();
    for nth in 1..=3 {
        raised.push(customs.enquire(&corridor.officer, corridor.enquiry(nth)).await.unwrap().jti);
    }
    for (nth, jti) in (4..).zip(&raised[..2]) {
        let reply = corridor.reply(nth, *jti, ReplyAct::Full, vec![valid(1)]);
        exporting.reply(&corridor.liaison, reply).await.unwrap();
    }
    // Of what is over the clock knows from now on.
    exporting.remind().unwrap();
    customs.remind().unwrap();
    let asking = |token: &str| customs.enquiries(&corridor.officer, false, (token, 1)).unwrap();
    let asked = |token: &str| exporting.incoming_enquiries(&corridor.liaison, false, (token, 1)).unwrap();
    let sides: [&dyn Fn(&str) -> EnquiriesPage; 2] = [&asking, &asked];
    for side in sides {
        let (mut listed, mut token) = (Vec::new(), Some(String::new()));
        while let Some(after) = token {
            let page = side(&after);
            listed.extend(page.enquiries.iter().map(|one| one.place.jti));
            token = page.next;
        }
        assert_eq!(listed, [raised[2], raised[0], raised[1]]);
    }
    assert_eq!(customs.enquiries(&corridor.officer, true, ("", 10)).unwrap().enquiries.len(), 1);
    // As an earlier version counted those before a page.
    for token in ["50", "2027-05-22", ".", "2027-05-22.x"] {
        assert_eq!(reason(customs.enquiries(&corridor.officer, false, (token, 1))), "PAGE_TOKEN_INVALID", "{token}");
    }
}

#[tokio::test]
async fn between_two_pages_of_enquiries_none_is_left_out_for_an_answer_or_shown_twice_for_a_new_one() {
    let corridor = Corridor::open().await;
    let customs = &corridor.customs;
    let mut raised = Vec::new();
    for nth in 1..=4 {
        raised.push(customs.enquire(&corridor.officer, corridor.enquiry(nth)).await.unwrap().jti);
    }
    let page = |token: &str| {
        let page = customs.enquiries(&corridor.officer, false, (token, 2)).unwrap();
        (page.enquiries.iter().map(|one| one.place.jti).collect::<Vec<_>>(), page.next)
    };
    let (first, next) = page("");
    assert_eq!(first, raised[..2]);
    let reply = corridor.reply(5, raised[0], ReplyAct::Full, vec![valid(1)]);
    corridor.exporting.reply(&corridor.liaison, reply).await.unwrap();
    assert_eq!(page(next.as_deref().unwrap()).0, raised[2..], "one place before them is empty now");
    let sooner = corridor.about_a_stranger(6, Date::constant(2027, 1, 31));
    let sooner = customs.enquire(&corridor.officer, sooner).await.unwrap();
    assert_eq!(sooner.reply_due, Some(Date::constant(2027, 1, 31)));
    let another = corridor.about_a_stranger(7, Date::constant(2027, 1, 31));
    customs.enquire(&corridor.officer, another).await.unwrap();
    let (second, next) = page(next.as_deref().unwrap());
    assert_eq!(second, raised[2..], "and two are before them that were not there");
    assert_eq!(page(next.as_deref().unwrap()), (vec![raised[0]], None));
}

#[tokio::test]
async fn a_node_that_was_down_tells_what_passed_and_reminds_of_no_day_that_is_over() {
    let corridor = Corridor::open().await;
    corridor.customs.enquire(&corridor.officer, corridor.enquiry(1)).await.unwrap();
    corridor.pass(200);
    assert_eq!(corridor.exporting.remind().unwrap(), 2);
    let heard = Ear::of(&corridor.pakistan).all(&corridor.liaison);
    assert_eq!(heard, ["reply passed 2027-05-22", "reply unanswered 2027-05-22"]);
}

#[tokio::test]
async fn more_time_moves_the_day_and_its_reminder() {
    let more = r#"extend = { value = { length = 2, unit = "months" }, article = "Rule 16a", confirmed = true }"#;
    let corridor = Corridor::open_with(|pakistan| pakistan.verified_by(more)).await;
    let exporting = &corridor.exporting;
    let raised = corridor.customs.enquire(&corridor.officer, corridor.enquiry(1)).await.unwrap().jti;
    corridor.pass(170);
    assert_eq!(exporting.remind().unwrap(), 1);
    let until = Date::constant(2027, 6, 22);
    let extended = ReplyWish { reply_by: Some(until), ..corridor.reply(2, raised, ReplyAct::Extended, Vec::new()) };
    exporting.reply(&corridor.liaison, extended).await.unwrap();
    assert_eq!(exporting.remind().unwrap(), 0);
    corridor.pass(30);
    assert_eq!(exporting.remind().unwrap(), 1);
    let clock = Ear::of(&corridor.pakistan).all(&corridor.liaison);
    let clock = clock.iter().filter(|one| one.starts_with("reply ")).collect::<Vec<_>>();
    assert_eq!(clock, ["reply soon 2027-05-22", "reply soon 2027-06-22"]);
}

#[tokio::test]
async fn the_day_that_was_asked_for_counts_where_no_agreement_says_one() {
    let corridor = Corridor::open().await;
    let mut wish = corridor.about_a_stranger(1, Date::constant(2027, 1, 31));
    wish.asked.basis = Some("Article 20".parse().unwrap());
    let mut past = EnquiryWish { request_id: corridor.china.request_id(2), ..wish.clone() };
    past.asked.reply_by = Some(Date::constant(2026, 11, 21));
    assert_eq!(reason(corridor.customs.enquire(&corridor.officer, past).await), "REPLY_BY_PAST");
    let raised = corridor.customs.enquire(&corridor.officer, wish).await.unwrap().jti;
    let seen = corridor.exporting.incoming_enquiry(&corridor.liaison, &raised).unwrap();
    assert_eq!((seen.reply_due, seen.article), (Some(Date::constant(2027, 1, 31)), None));
    assert_eq!(seen.enquiry.unwrap().asked.basis.as_ref().map(ToString::to_string).as_deref(), Some("Article 20"));
    corridor.pass(60);
    assert_eq!(corridor.exporting.remind().unwrap(), 1);
}

#[tokio::test]
async fn while_a_node_opens_the_logs_of_partners_no_day_is_told_that_is_not_the_agreements() {
    let mut corridor = Corridor::open().await;
    let last = Date::constant(2027, 5, 22);
    let mut wish = corridor.enquiry(1);
    wish.asked.reply_by = Some(Date::constant(2026, 12, 23));
    let raised = corridor.customs.enquire(&corridor.officer, wish).await.unwrap();
    assert_eq!(raised.reply_due, Some(last));
    let importing = Ear::of(&corridor.china);
    corridor.pass(60);
    let starting = corridor.starting();
    assert_eq!(starting.remind().unwrap(), 0, "past the day that was asked for, which is not the day it is due");
    let view = starting.enquiry(&corridor.officer, &raised.jti).unwrap();
    assert_eq!((view.days_known, view.reply_due, view.overdue), (false, None, false));
    corridor.china.sees(&corridor.pakistan);
    assert_eq!(starting.remind().unwrap(), 0);
    let view = starting.enquiry(&corridor.officer, &raised.jti).unwrap();
    assert_eq!((view.days_known, view.reply_due), (true, Some(last)));
    corridor.pass(122);
    assert_eq!(starting.remind().unwrap(), 1);
    let heard = importing.all(&corridor.officer);
    let clock = heard.iter().filter(|one| one.starts_with("reply ")).collect::<Vec<_>>();
    assert_eq!(clock, ["reply passed 2027-05-22"]);
}

#[tokio::test]
async fn an_answer_in_a_log_that_is_not_open_yet_is_no_silence() {
    let mut corridor = Corridor::open().await;
    let wish = corridor.about_a_stranger(1, Date::constant(2027, 1, 31));
    let raised = corridor.customs.enquire(&corridor.officer, wish).await.unwrap().jti;
    let stranger = SubjectAnswer { finding: SubjectFinding::NotIssued, ..valid(1) };
    let reply = corridor.reply(2, raised, ReplyAct::Full, vec![stranger]);
    corridor.exporting.reply(&corridor.liaison, reply).await.unwrap();
    Ear::of(&corridor.china).look();
    corridor.pass(120);
    let starting = corridor.starting();
    assert_eq!(starting.remind().unwrap(), 0);
    assert!(!starting.enquiry(&corridor.officer, &raised).unwrap().days_known);
    corridor.china.sees(&corridor.pakistan);
    assert_eq!(starting.remind().unwrap(), 0);
    assert_eq!(starting.enquiry(&corridor.officer, &raised).unwrap().state, EnquiryState::Answered);
}

#[tokio::test]
async fn no_reply_is_proposed_to_who_asked_and_of_a_certificate_that_is_here() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let (issuing, importing) = (Ear::of(&corridor.pakistan), Ear::of(&corridor.china));
    let stranger = corridor.about_a_stranger(1, Date::constant(2027, 1, 31));
    let stranger = customs.enquire(officer, stranger).await.unwrap().jti;
    let known = customs.enquire(officer, corridor.enquiry(2)).await.unwrap().jti;
    corridor.pass(71);
    assert_eq!(customs.remind().unwrap(), 1);
    let view = customs.enquiry(officer, &stranger).unwrap();
    assert_eq!((view.overdue, view.proposes, view.proposes_of), (true, None, Vec::new()));
    assert_eq!(importing.proposed(officer), [None]);
    corridor.pass(111);
    assert_eq!(customs.remind().unwrap(), 2, "still no answer to the one, and none to the other");
    let view = customs.enquiry(officer, &known).unwrap();
    assert_eq!((view.proposes, view.proposes_of), (Some(ResponseCode::NoReply), vec![1]));
    assert_eq!(importing.proposed(officer).into_iter().flatten().collect::<Vec<_>>(), [ResponseCode::NoReply]);
    assert!(corridor.exporting.remind().unwrap() > 0);
    assert!(issuing.proposed(&corridor.liaison).iter().all(Option::is_none), "who is asked decides nothing");
}
