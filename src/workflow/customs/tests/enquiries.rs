//! Whom customs may ask, what an answer may say, and what stands past the closing of a key.

use super::{changes::Ear, *};
use crate::{
    statement::SubjectFinding,
    store::{Subject, about},
    workflow::EnquiryRefused,
};

mod promised;

impl Corridor {
    async fn raised(&self, nth: u16) -> Jti {
        self.customs.enquire(&self.officer, self.enquiry(nth)).await.unwrap().jti
    }

    async fn says(&self, nth: u16, enquiry: Jti, act: ReplyAct, answers: Vec<SubjectAnswer>) -> Jti {
        self.exporting.reply(&self.liaison, self.reply(nth, enquiry, act, answers)).await.unwrap().jti
    }

    fn takes(&self, nth: u16, enquiry: Jti, until: Date) -> ReplyWish {
        ReplyWish { reply_by: Some(until), ..self.reply(nth, enquiry, ReplyAct::Extended, Vec::new()) }
    }

    fn asks_what(&self, nth: u16, enquiry: Jti) -> ReplyWish {
        let words = Some("Which consignment?".parse().unwrap());
        ReplyWish { words, ..self.reply(nth, enquiry, ReplyAct::ClarificationAsked, Vec::new()) }
    }
}

#[tokio::test]
async fn an_answer_past_the_closing_of_its_key_is_shown_at_both_sides_and_given_again_with_the_new_key() {
    let corridor = Corridor::open().await;
    let (customs, exporting, liaison) = (&corridor.customs, &corridor.exporting, &corridor.liaison);
    let raised = corridor.raised(1).await;
    let fell = corridor.says(2, raised, ReplyAct::Full, vec![valid(1)]).await;
    exporting.remind().unwrap();
    customs.remind().unwrap();
    let store = corridor.pakistan.store.as_ref();
    let place = about(store, &Subject::Statement(raised)).unwrap()[0].entry.clone();
    corridor.pakistan.revoke(&[(place.origin.clone(), place.index)]);
    for view in [
        customs.enquiry(&corridor.officer, &raised).unwrap(),
        exporting.incoming_enquiry(liaison, &raised).unwrap(),
        customs.enquiries(&corridor.officer, true, ("", 10)).unwrap().enquiries.remove(0),
        exporting.incoming_enquiries(liaison, true, ("", 10)).unwrap().enquiries.remove(0),
    ] {
        assert_eq!((view.state, view.is_open()), (EnquiryState::Sent, true));
        let [reply] = view.replies.as_slice() else { panic!("{view:?}") };
        assert_eq!(reply.jti, fell);
        assert!(reply.key_closed.as_ref().is_some_and(|why| why.contains("counts only below entry")));
    }
    // The next start signs with the new key.
    exporting.sequencer().close();
    let (again, _) = corridor.pakistan.desk();
    let wish = corridor.reply(3, raised, ReplyAct::Full, vec![valid(1)]);
    let replied = again.reply(liaison, wish).await.unwrap();
    assert_eq!((replied.enquiry.state, replied.late), (EnquiryState::Answered, false));
    let asking = customs.enquiry(&corridor.officer, &raised).unwrap();
    let counts = asking.replies.iter().map(|one| (one.jti, one.key_closed.is_none())).collect::<Vec<_>>();
    assert_eq!((asking.state, counts), (EnquiryState::Answered, vec![(fell, false), (replied.jti, true)]));
    let twice = again.reply(liaison, corridor.reply(4, raised, ReplyAct::Full, vec![valid(1)])).await;
    assert_eq!(reason(twice), "ENQUIRY_ANSWERED");
}

#[tokio::test]
async fn nobody_is_asked_but_an_authority_abroad_that_the_trust_list_names() {
    let corridor = Corridor::open().await;
    let asked = |nth, to: &str| {
        let mut wish = corridor.enquiry(nth);
        wish.to = to.parse().unwrap();
        wish.asked.ground = EnquiryGround::NumberUnknown;
        wish.asked.question = Some("Did you issue this?".parse().unwrap());
        wish.subjects[0].number = "PK-CN-2026-XXX-999999".parse().unwrap();
        wish.documents = vec![DocumentDigest {
            name: "scan.pdf".parse().unwrap(),
            media_type: "application/pdf".parse().unwrap(),
            sha256: crate::certificate::Sha256([7; 32]),
        }];
        corridor.customs.enquire(&corridor.officer, wish)
    };
    let before = corridor.china.store.logs();
    let refused = asked(1, "https://nobody.example").await.unwrap_err();
    assert_eq!(refused.reason(), "ENQUIRY_ADDRESSEE");
    let said = refused.to_string();
    assert!(said.contains("is not in the trust list") && said.contains("tdap.gov.pk"), "{said}");
    let own = corridor.china.issuer.to_string();
    let refused = asked(2, &own).await.unwrap_err();
    assert!(
        matches!(&refused, WorkflowError::Enquiry(EnquiryRefused::Addressee { why, .. }) if why.contains("itself"))
    );
    assert_eq!(corridor.china.store.logs(), before, "no log to nobody");
    assert!(asked(3, "https://tdap.gov.pk").await.is_ok());
}

#[tokio::test]
async fn an_item_that_the_certificate_does_not_have_is_neither_asked_about_nor_answered() {
    let corridor = Corridor::open().await;
    let mut wish = corridor.enquiry(1);
    wish.subjects[0].items = vec![1, 9];
    let refused = corridor.customs.enquire(&corridor.officer, wish).await.unwrap_err();
    assert_eq!(refused.reason(), "ITEM_UNKNOWN");
    assert!(refused.to_string().contains("has no item 9"), "{refused}");
    let raised = corridor.raised(2).await;
    let item = |item, valid| ItemAnswer { item, valid, words: None };
    let answer =
        SubjectAnswer { finding: SubjectFinding::PartlyValid, items: vec![item(9, true), item(10, false)], ..valid(1) };
    let wish = corridor.reply(3, raised, ReplyAct::Full, vec![answer]);
    assert_eq!(reason(corridor.exporting.reply(&corridor.liaison, wish).await), "ITEM_UNKNOWN");
}

#[tokio::test]
async fn an_answer_that_leaves_out_an_item_asked_about_is_refused_and_the_enquiry_stays_open() {
    let corridor = Corridor::open().await;
    let number = corridor.of_three_items(50).await;
    let asks = async |nth, items: &[u32]| {
        let mut wish = corridor.enquiry(nth);
        let other = wish.subjects[0].clone();
        wish.subjects[0].number = number.parse().unwrap();
        wish.subjects[0].items = items.to_vec();
        wish.subjects.push(other);
        corridor.customs.enquire(&corridor.officer, wish).await.unwrap().jti
    };
    let item = |item, valid| ItemAnswer { item, valid, words: None };
    let partly = |items| SubjectAnswer { finding: SubjectFinding::PartlyValid, items, ..valid(1) };
    let two = || partly(vec![item(1, true), item(2, false)]);
    // Item 3 alone, and where none is named the whole certificate.
    for (nth, asked) in [(1, &[3][..]), (2, &[][..])] {
        let raised = asks(nth, asked).await;
        for (act, answers) in [(ReplyAct::Full, vec![two(), valid(2)]), (ReplyAct::Partial, vec![two()])] {
            let id = 10 * nth + u16::from(act == ReplyAct::Full);
            let wish = corridor.reply(id, raised, act, answers);
            let refused = corridor.exporting.reply(&corridor.liaison, wish).await.unwrap_err();
            assert_eq!(refused.reason(), "SUBJECT_OPEN");
            assert!(refused.to_string().contains("certificate 1 leaves out item 3,"), "{refused}");
        }
        assert!(corridor.exporting.incoming_enquiry(&corridor.liaison, &raised).unwrap().is_open());
        // What nobody asked about may be said beside it.
        let all = partly(vec![item(1, true), item(2, false), item(3, true)]);
        corridor.says(10 * nth + 5, raised, ReplyAct::Partial, vec![all]).await;
        corridor.says(10 * nth + 6, raised, ReplyAct::Full, vec![valid(2)]).await;
        assert!(!corridor.customs.enquiry(&corridor.officer, &raised).unwrap().is_open());
    }
}

#[tokio::test]
async fn the_certificate_that_is_not_here_or_is_named_twice_is_said() {
    let corridor = Corridor::open().await;
    let mut wish = corridor.enquiry(1);
    wish.subjects.push(wish.subjects[0].clone());
    let twice = corridor.customs.enquire(&corridor.officer, wish.clone()).await.unwrap_err();
    assert!(twice.reason() == "SUBJECT_TWICE" && twice.to_string().contains(&corridor.number()), "{twice}");
    wish.request_id = corridor.china.request_id(2);
    wish.subjects[1].number = "PK-CN-2026-XXX-999999".parse().unwrap();
    let unknown = corridor.customs.enquire(&corridor.officer, wish).await.unwrap_err();
    assert_eq!(unknown.reason(), "ARRIVAL_UNKNOWN");
    assert!(unknown.to_string().contains("PK-CN-2026-XXX-999999, subject 2"), "{unknown}");
}

#[tokio::test]
async fn no_more_time_is_taken_than_the_agreement_allows() {
    let corridor = Corridor::open().await;
    let raised = corridor.raised(1).await;
    let reply = |wish| corridor.exporting.reply(&corridor.liaison, wish);
    // CPFTA, Rule 16: six months, and nothing of more time.
    let refused = reply(corridor.takes(2, raised, Date::constant(2028, 3, 15))).await.unwrap_err();
    assert_eq!(refused.reason(), "EXTENSION_TOO_LONG");
    let said = refused.to_string();
    assert!(said.contains("2027-05-22") && said.contains("Rule 16"), "{said}");
}

#[tokio::test]
async fn time_is_taken_until_a_day_later_than_the_one_in_force() {
    let more = r#"extend = { value = { length = 4, unit = "months" }, article = "Rule 16a", confirmed = true }"#;
    let corridor = Corridor::open_with(|pakistan| pakistan.verified_by(more)).await;
    let raised = corridor.raised(1).await;
    for (nth, day) in [(2, Date::constant(2027, 1, 31)), (3, Date::constant(2027, 5, 22))] {
        let refused = corridor.exporting.reply(&corridor.liaison, corridor.takes(nth, raised, day)).await.unwrap_err();
        assert_eq!(refused.reason(), "EXTENSION_TOO_SHORT");
        assert!(refused.to_string().contains("due on 2027-05-22"), "{refused}");
    }
    let later = corridor.takes(4, raised, Date::constant(2027, 5, 23));
    assert!(corridor.exporting.reply(&corridor.liaison, later).await.is_ok());
}

#[tokio::test]
async fn the_last_day_that_was_taken_counts_and_late_is_by_the_day_in_force_then() {
    let more = r#"extend = { value = { length = 4, unit = "months" }, article = "Rule 16a", confirmed = true }"#;
    let corridor = Corridor::open_with(|pakistan| pakistan.verified_by(more)).await;
    let (exporting, liaison) = (&corridor.exporting, &corridor.liaison);
    let raised = corridor.raised(1).await;
    let due = || exporting.incoming_enquiry(liaison, &raised).unwrap().reply_due;
    let refused = exporting.reply(liaison, corridor.takes(2, raised, Date::constant(2027, 9, 23))).await.unwrap_err();
    assert!(refused.to_string().contains("2027-09-22 at the latest (Rule 16a)"), "{refused}");
    exporting.reply(liaison, corridor.takes(3, raised, Date::constant(2027, 7, 1))).await.unwrap();
    assert_eq!(due(), Some(Date::constant(2027, 7, 1)));
    exporting.reply(liaison, corridor.takes(4, raised, Date::constant(2027, 9, 22))).await.unwrap();
    assert_eq!(due(), Some(Date::constant(2027, 9, 22)), "a later one replaces");
    // Past the agreement's own day, and within the time that was taken.
    corridor.pakistan.clock.set("2027-06-15T06:00:00Z".parse().unwrap());
    let within = exporting.reply(liaison, corridor.reply(5, raised, ReplyAct::Full, vec![valid(1)])).await.unwrap();
    assert!(!within.late);
    assert!(!corridor.customs.enquiry(&corridor.officer, &raised).unwrap().replies.iter().any(|one| one.late));
}

#[tokio::test]
async fn an_answer_to_the_clarifying_enquiry_answers_the_first_and_a_reply_is_clarified_once() {
    let corridor = Corridor::open().await;
    let (customs, exporting) = (&corridor.customs, &corridor.exporting);
    let raised = corridor.raised(1).await;
    let asked = exporting.reply(&corridor.liaison, corridor.asks_what(2, raised)).await.unwrap().jti;
    let clarifying = |nth, reply| EnquiryWish { clarifies: Some(reply), ..corridor.enquiry(nth) };
    let nothing = customs.enquire(&corridor.officer, clarifying(3, raised)).await;
    assert_eq!(reason(nothing), "CLARIFICATION_NOT_ASKED");
    let second = customs.enquire(&corridor.officer, clarifying(4, asked)).await.unwrap().jti;
    let again = customs.enquire(&corridor.officer, clarifying(5, asked)).await.unwrap_err();
    assert!(again.reason() == "CLARIFIED_BEFORE" && again.to_string().contains(&second.to_string()), "{again}");
    let both = || {
        [
            customs.enquiry(&corridor.officer, &raised).unwrap(),
            exporting.incoming_enquiry(&corridor.liaison, &raised).unwrap(),
        ]
    };
    for view in both() {
        assert_eq!((view.state, view.clarified_by), (EnquiryState::ClarificationAsked, vec![second]));
    }
    corridor.says(6, second, ReplyAct::Full, vec![valid(1)]).await;
    for view in both() {
        assert_eq!((view.state, view.is_open()), (EnquiryState::Answered, false));
    }
    // Its clock is over, too.
    corridor.pakistan.clock.set("2028-01-01T00:00:00Z".parse().unwrap());
    assert_eq!((exporting.remind().unwrap(), customs.remind().unwrap()), (0, 0));
    let heard = Ear::of(&corridor.pakistan).all(&corridor.liaison);
    assert!(!heard.iter().any(|one| one.starts_with("reply passed")), "{heard:?}");
}

#[tokio::test]
async fn of_two_who_clarify_the_same_reply_at_one_moment_one_is_refused_as_the_later_one_is() {
    let corridor = Corridor::open().await;
    let raised = corridor.raised(1).await;
    let asked = corridor.exporting.reply(&corridor.liaison, corridor.asks_what(2, raised)).await.unwrap().jti;
    let clarifying = |nth| EnquiryWish { clarifies: Some(asked), ..corridor.enquiry(nth) };
    let both = tokio::join!(
        corridor.customs.enquire(&corridor.officer, clarifying(3)),
        corridor.customs.enquire(&corridor.colleague, clarifying(4)),
    );
    let lost = match both {
        (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
        both => panic!("{both:?}"),
    };
    assert_eq!(lost.reason(), "CLARIFIED_BEFORE");
    let view = corridor.customs.enquiry(&corridor.officer, &raised).unwrap();
    let [by] = view.clarified_by.as_slice() else { panic!("{view:?}") };
    assert!(lost.to_string().contains(&by.to_string()), "{lost}");
}

#[tokio::test]
async fn a_clarification_is_of_the_certificates_that_the_reply_is_about_and_each_is_shown() {
    let corridor = Corridor::open().await;
    let (customs, exporting, officer) = (&corridor.customs, &corridor.exporting, &corridor.officer);
    let other = exporting.issue(&corridor.pakistan.signatory, &corridor.pakistan.footballs(2)).await.unwrap();
    let raised = corridor.raised(1).await;
    let asked = exporting.reply(&corridor.liaison, corridor.asks_what(2, raised)).await.unwrap().jti;
    let clarifying = |nth, reply| EnquiryWish { clarifies: Some(reply), ..corridor.enquiry(nth) };
    let mut foreign = clarifying(3, asked);
    foreign.subjects.push(SubjectWish {
        number: other.outcome.number.clone().unwrap().parse().unwrap(),
        ..foreign.subjects[0].clone()
    });
    let refused = customs.enquire(officer, foreign).await.unwrap_err();
    assert_eq!(refused.reason(), "ENQUIRY_OF_ANOTHER");
    let said = refused.to_string();
    assert!(said.contains("subject 2") && said.contains(&raised.to_string()), "{said}");
    // It used up nothing; and of two replies that ask, both have theirs.
    let first = customs.enquire(officer, clarifying(4, asked)).await.unwrap().jti;
    let again = exporting.reply(&corridor.liaison, corridor.asks_what(5, raised)).await.unwrap().jti;
    let second = customs.enquire(officer, clarifying(6, again)).await.unwrap().jti;
    assert_eq!(customs.enquiry(officer, &raised).unwrap().clarified_by, [first, second]);
    assert_eq!(exporting.incoming_enquiry(&corridor.liaison, &raised).unwrap().clarified_by, [first, second]);
}

#[tokio::test]
async fn enquiries_that_clarify_one_another_have_one_answer_about_a_certificate() {
    let corridor = Corridor::open().await;
    let (customs, exporting) = (&corridor.customs, &corridor.exporting);
    let other = exporting.issue(&corridor.pakistan.signatory, &corridor.pakistan.footballs(2)).await.unwrap();
    let two = |nth, clarifies| {
        let mut wish = EnquiryWish { clarifies, ..corridor.enquiry(nth) };
        let number = other.outcome.number.clone().unwrap().parse().unwrap();
        wish.subjects.push(SubjectWish { number, ..wish.subjects[0].clone() });
        customs.enquire(&corridor.officer, wish)
    };
    let raised = two(1, None).await.unwrap().jti;
    let asked = exporting.reply(&corridor.liaison, corridor.asks_what(2, raised)).await.unwrap().jti;
    let first = two(3, Some(asked)).await.unwrap().jti;
    let again = exporting.reply(&corridor.liaison, corridor.asks_what(4, raised)).await.unwrap().jti;
    let second = two(5, Some(again)).await.unwrap().jti;
    corridor.says(6, first, ReplyAct::Partial, vec![valid(1)]).await;
    let denied = SubjectAnswer { finding: SubjectFinding::NotValid, ..valid(1) };
    for (nth, enquiry) in [(7, second), (8, raised)] {
        let wish = corridor.reply(nth, enquiry, ReplyAct::Partial, vec![denied.clone()]);
        let refused = exporting.reply(&corridor.liaison, wish).await.unwrap_err();
        assert_eq!(refused.reason(), "SUBJECT_ANSWERED");
        assert!(refused.to_string().contains(&format!("valid in enquiry {first}")), "{refused}");
    }
    // The same is said again, and of the other certificate anything yet.
    let otherwise = SubjectAnswer { subject: 2, ..denied };
    corridor.says(9, second, ReplyAct::Full, vec![valid(1), otherwise.clone()]).await;
    let contrary = exporting.reply(&corridor.liaison, corridor.reply(10, first, ReplyAct::Full, vec![valid(2)])).await;
    assert_eq!(reason(contrary), "SUBJECT_ANSWERED");
    corridor.says(11, first, ReplyAct::Full, vec![otherwise]).await;
    assert!(!customs.enquiry(&corridor.officer, &raised).unwrap().is_open());
}

#[tokio::test]
async fn what_is_said_of_the_goods_meanwhile_is_what_becomes_of_them() {
    let corridor = Corridor::open().await;
    for (nth, goods, expected) in [
        (1, GoodsMeanwhile::Held, "the goods are held, and are to be released meanwhile, on security"),
        (2, GoodsMeanwhile::Released, "the goods are released meanwhile, where security may be asked for"),
        (3, GoodsMeanwhile::ReleasedOnSecurity, "the goods are released meanwhile, on security"),
        (4, GoodsMeanwhile::NotConcerned, "goods are to be released meanwhile, on security"),
    ] {
        let mut wish = corridor.enquiry(nth);
        wish.asked.goods = goods;
        let notices = corridor.customs.enquire(&corridor.officer, wish).await.unwrap().notices;
        let said = notices.iter().filter(|one| one.reason == "MEANWHILE" && one.words.contains("release"));
        let said = said.map(|one| one.words.as_str()).collect::<Vec<_>>();
        let [one] = said.as_slice() else { panic!("{notices:?}") };
        assert!(one.contains(&format!(": {expected} (")), "{one}");
    }
}

fn document(name: &str, media_type: &str) -> DocumentDigest {
    let (name, media_type) = (name.parse().unwrap(), media_type.parse().unwrap());
    DocumentDigest { name, media_type, sha256: crate::certificate::Sha256([7; 32]) }
}

#[tokio::test]
async fn what_an_enquiry_has_to_say_and_does_not_is_refused_by_its_own_reason() {
    let corridor = Corridor::open().await;
    let asks = |nth, change: fn(&mut EnquiryWish)| {
        let mut wish = corridor.enquiry(nth);
        change(&mut wish);
        corridor.customs.enquire(&corridor.officer, wish)
    };
    let mut nth = 0;
    for (change, refused) in [
        ((|wish| wish.subjects.clear()) as fn(&mut EnquiryWish), "SUBJECT_MISSING"),
        (|wish| wish.asked.ground = EnquiryGround::Origin, "QUESTION_MISSING"),
        (|wish| wish.documents = vec![document("a.pdf", "application/pdf"); 2], "DOCUMENT_TWICE"),
        (|wish| wish.documents = vec![document("a.pdf", "PDF")], "MEDIA_TYPE_UNREADABLE"),
        (|wish| wish.documents = vec![document("a.pdf", "application/pdf"); 101], "TOO_MANY_DOCUMENTS"),
        (|wish| wish.subjects[0].items = vec![1, 0], "ITEM_UNKNOWN"),
        (|wish| wish.subjects[0].items = vec![1, 1], "none"),
    ] {
        nth += 1;
        assert_eq!(reason(asks(nth, change).await), refused);
    }
}

#[tokio::test]
async fn what_a_reply_has_to_say_and_does_not_is_refused_by_its_own_reason() {
    let corridor = Corridor::open().await;
    let raised = corridor.raised(1).await;
    let today = corridor.exporting.own_today();
    let item = |item, valid| ItemAnswer { item, valid, words: None };
    let partly = |items| SubjectAnswer { finding: SubjectFinding::PartlyValid, items, ..valid(1) };
    let full = |nth, answers| corridor.reply(nth, raised, ReplyAct::Full, answers);
    for (wish, refused) in [
        (corridor.takes(2, raised, today.yesterday().unwrap()), "REPLY_BY_PAST"),
        (corridor.reply(3, raised, ReplyAct::Extended, Vec::new()), "REPLY_BY_MISSING"),
        (corridor.reply(4, raised, ReplyAct::ClarificationAsked, Vec::new()), "WORDS_MISSING"),
        (ReplyWish { reply_by: Some(today), ..full(5, vec![valid(1)]) }, "REPLY_BY_NEEDLESS"),
        (corridor.reply(6, raised, ReplyAct::Partial, Vec::new()), "ANSWERS_MISPLACED"),
        (ReplyWish { answers: vec![valid(1)], ..corridor.asks_what(7, raised) }, "ANSWERS_MISPLACED"),
        (corridor.reply(8, raised, ReplyAct::Partial, vec![valid(1)]), "REPLY_IS_FULL"),
        (full(9, vec![valid(1), valid(1)]), "SUBJECT_TWICE"),
        (full(10, vec![partly(Vec::new())]), "FINDING_DISAGREES"),
        (full(11, vec![partly(vec![item(1, true), item(1, false)])]), "ITEM_TWICE"),
        (full(12, vec![partly(vec![item(0, true), item(1, false)])]), "ITEM_UNKNOWN"),
        (ReplyWish { documents: vec![document("a.pdf", "PDF")], ..full(13, vec![valid(1)]) }, "MEDIA_TYPE_UNREADABLE"),
    ] {
        assert_eq!(reason(corridor.exporting.reply(&corridor.liaison, wish).await), refused);
    }
    assert!(corridor.customs.enquiry(&corridor.officer, &raised).unwrap().replies.is_empty());
}

#[tokio::test]
async fn certificates_are_answered_in_any_order() {
    let corridor = Corridor::open().await;
    let other = corridor.exporting.issue(&corridor.pakistan.signatory, &corridor.pakistan.footballs(2)).await.unwrap();
    let mut wish = corridor.enquiry(1);
    let number = other.outcome.number.unwrap().parse().unwrap();
    wish.subjects.push(SubjectWish { number, ..wish.subjects[0].clone() });
    let raised = corridor.customs.enquire(&corridor.officer, wish).await.unwrap().jti;
    corridor.says(3, raised, ReplyAct::Full, vec![valid(2), valid(1)]).await;
    assert!(!corridor.customs.enquiry(&corridor.officer, &raised).unwrap().is_open());
}

#[tokio::test]
async fn who_answers_otherwise_than_the_own_logs_say_is_told_so() {
    let corridor = Corridor::open().await;
    let mut wish = corridor.enquiry(1);
    wish.subjects[0].number = "PK-CN-2026-XXX-999999".parse().unwrap();
    wish.asked.ground = EnquiryGround::NumberUnknown;
    wish.asked.question = Some("Did you issue this?".parse().unwrap());
    wish.documents = vec![DocumentDigest {
        name: "scan.pdf".parse().unwrap(),
        media_type: "application/pdf".parse().unwrap(),
        sha256: crate::certificate::Sha256([7; 32]),
    }];
    let told = async |nth, enquiry, finding| {
        let answer = SubjectAnswer { finding, ..valid(1) };
        let reply = corridor.reply(nth, enquiry, ReplyAct::Full, vec![answer]);
        let replied = corridor.exporting.reply(&corridor.liaison, reply).await.unwrap();
        replied.notices.into_iter().map(|one| (one.reason, one.blocks)).collect::<Vec<_>>()
    };
    let enquiry = corridor.customs.enquire(&corridor.officer, wish.clone()).await.unwrap().jti;
    assert_eq!(told(2, enquiry, SubjectFinding::Valid).await, [("UNKNOWN_HERE", false)]);
    wish.request_id = corridor.china.request_id(3);
    let enquiry = corridor.customs.enquire(&corridor.officer, wish).await.unwrap().jti;
    assert_eq!(told(4, enquiry, SubjectFinding::NotIssued).await, [("ANSWERED_OTHERWISE", false)]);
    let enquiry = corridor.raised(5).await;
    assert_eq!(told(6, enquiry, SubjectFinding::NotIssued).await, [("ISSUED_HERE", false)]);
}

#[tokio::test]
async fn a_day_that_was_only_asked_for_sets_no_end_to_the_time_that_is_taken() {
    let corridor = Corridor::open().await;
    let (exporting, liaison) = (&corridor.exporting, &corridor.liaison);
    let wish = corridor.about_a_stranger(1, Date::constant(2026, 12, 20));
    let raised = corridor.customs.enquire(&corridor.officer, wish).await.unwrap().jti;
    let until = Date::constant(2027, 1, 10);
    exporting.reply(liaison, corridor.takes(2, raised, until)).await.unwrap();
    assert_eq!(exporting.incoming_enquiry(liaison, &raised).unwrap().reply_due, Some(until));
    assert_eq!(corridor.customs.enquiry(&corridor.officer, &raised).unwrap().reply_due, Some(until));
    corridor.pakistan.clock.set("2027-01-05T06:00:00Z".parse().unwrap());
    let stranger = SubjectAnswer { finding: SubjectFinding::NotIssued, ..valid(1) };
    let reply = corridor.reply(3, raised, ReplyAct::Full, vec![stranger]);
    assert!(!exporting.reply(liaison, reply).await.unwrap().late);
}

#[tokio::test]
async fn who_asks_the_same_again_or_gives_another_date_of_issue_is_told_so() {
    let corridor = Corridor::open().await;
    let told = async |wish| {
        let raised = corridor.customs.enquire(&corridor.officer, wish).await.unwrap();
        let reasons = raised.notices.iter().map(|one| one.reason).filter(|reason| *reason != "MEANWHILE");
        (raised.jti, reasons.collect::<Vec<_>>())
    };
    let mut dated = corridor.enquiry(1);
    dated.subjects[0].issued_on = Some(Date::constant(2026, 1, 31));
    let (first, notices) = told(dated).await;
    assert_eq!(notices, ["ISSUE_DATE_DIFFERS"]);
    let mut own = corridor.enquiry(2);
    own.subjects[0].issued_on = corridor.customs.enquiry(&corridor.officer, &first).unwrap().subjects()[0].issued_on;
    let (second, notices) = told(own.clone()).await;
    assert_eq!(notices, ["ASKED_BEFORE"]);
    assert_eq!(told(own).await, (second, vec!["ASKED_BEFORE"]), "a request that is repeated is no other");
    let mut doubted = corridor.enquiry(3);
    doubted.asked.ground = EnquiryGround::Authenticity;
    doubted.asked.question = Some("Is the seal yours?".parse().unwrap());
    assert!(told(doubted).await.1.is_empty(), "another ground");
    for (nth, enquiry) in [(4, first), (5, second)] {
        corridor.says(nth, enquiry, ReplyAct::Full, vec![valid(1)]).await;
    }
    assert!(told(corridor.enquiry(6)).await.1.is_empty(), "what is answered is not asked twice");
}

#[tokio::test]
async fn an_answer_is_judged_as_it_would_be_and_nothing_is_signed() {
    let corridor = Corridor::open().await;
    let (exporting, liaison) = (&corridor.exporting, &corridor.liaison);
    let raised = corridor.raised(1).await;
    let stranger = SubjectAnswer { finding: SubjectFinding::NotIssued, ..valid(1) };
    let wish = corridor.reply(2, raised, ReplyAct::Full, vec![stranger]);
    let judged = exporting.judge_reply(liaison, wish.clone()).await.unwrap();
    let reasons = judged.notices.iter().map(|one| one.reason).collect::<Vec<_>>();
    assert_eq!((reasons, judged.late), (vec!["ISSUED_HERE"], false));
    let twice = corridor.reply(3, raised, ReplyAct::Full, vec![valid(1), valid(1)]);
    assert_eq!(reason(exporting.judge_reply(liaison, twice).await), "SUBJECT_TWICE");
    assert_eq!(reason(exporting.judge_reply(&corridor.officer, wish.clone()).await), "PERMISSION_DENIED");
    assert!(exporting.incoming_enquiry(liaison, &raised).unwrap().replies.is_empty());
    exporting.reply(liaison, wish).await.unwrap();
}

#[tokio::test]
async fn who_is_asked_sees_the_day_on_which_it_was_sent() {
    let corridor = Corridor::open().await;
    // It is half past midnight in Karachi.
    corridor.pakistan.clock.set("2026-11-22T19:30:00Z".parse().unwrap());
    let raised = corridor.raised(1).await;
    let seen = corridor.exporting.incoming_enquiry(&corridor.liaison, &raised).unwrap();
    assert_eq!((seen.sent_on, seen.received_on), (Some(Date::constant(2026, 11, 23)), seen.sent_on));
}
