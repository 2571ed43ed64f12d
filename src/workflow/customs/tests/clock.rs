//! Reminders before a day of an enquiry is over, and what follows after it, on both sides.

use super::{changes::Ear, *};

impl Corridor {
    fn pass(&self, days: i64) {
        self.pakistan.clock.set(self.pakistan.clock.now() + jiff::SignedDuration::from_hours(24 * days));
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
    assert!(customs.enquiries(&corridor.officer, true, 0..50).unwrap().enquiries.is_empty());
    assert_eq!(customs.enquiries(&corridor.officer, false, 0..50).unwrap().enquiries.len(), 1);
}

#[tokio::test]
async fn a_page_of_enquiries_has_its_places_and_no_others_what_is_open_first() {
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
    let expected = [(raised[2], true), (raised[0], true), (raised[1], false)];
    for (place, expected) in expected.into_iter().enumerate() {
        for page in [
            customs.enquiries(&corridor.officer, false, place..place + 1).unwrap(),
            exporting.incoming_enquiries(&corridor.liaison, false, place..place + 1).unwrap(),
        ] {
            let [one] = page.enquiries.as_slice() else { panic!("{page:?}") };
            assert_eq!((one.place.jti, page.more), expected);
        }
    }
    let past = customs.enquiries(&corridor.officer, false, 3..10).unwrap();
    assert!(past.enquiries.is_empty() && !past.more);
    assert_eq!(customs.enquiries(&corridor.officer, true, 0..10).unwrap().enquiries.len(), 1);
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
    let mut wish = corridor.enquiry(1);
    wish.asked.ground = EnquiryGround::NumberUnknown;
    wish.asked.question = Some("Did you issue this?".parse().unwrap());
    wish.asked.basis = Some("Article 20".parse().unwrap());
    wish.asked.reply_by = Some(Date::constant(2027, 1, 31));
    wish.subjects[0].number = "PK-CN-2026-XXX-999999".parse().unwrap();
    wish.documents = vec![DocumentDigest {
        name: "scan.pdf".parse().unwrap(),
        media_type: "application/pdf".parse().unwrap(),
        sha256: crate::certificate::Sha256([7; 32]),
    }];
    let mut past = EnquiryWish { request_id: corridor.china.request_id(2), ..wish.clone() };
    past.asked.reply_by = Some(Date::constant(2026, 11, 21));
    assert_eq!(reason(corridor.customs.enquire(&corridor.officer, past).await), "REPLY_BY_PAST");
    let raised = corridor.customs.enquire(&corridor.officer, wish).await.unwrap().jti;
    let seen = corridor.exporting.incoming_enquiry(&corridor.liaison, &raised).unwrap();
    assert_eq!((seen.reply_due, seen.article), (Some(Date::constant(2027, 1, 31)), None));
    assert_eq!(seen.enquiry.asked.basis.as_ref().map(ToString::to_string).as_deref(), Some("Article 20"));
    corridor.pass(60);
    assert_eq!(corridor.exporting.remind().unwrap(), 1);
}
