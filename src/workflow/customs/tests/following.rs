//! Decisions that follow an enquiry: that it got no reply is said only where that is so.

use super::{Corridor, reason, valid, why};
use crate::{
    inbox::{Receipted, erased_there},
    office::WriteOffLine,
    reason::Reasoned as _,
    statement::{
        DocumentDigest, EndorsementAct, EnquiryGround, ItemDecision, Jti, ReplyAct, ResponseCode, ResponseReason,
        SubjectAnswer, SubjectFinding,
    },
    store::{Batch, Disclosures, EntryRef, MemoryStore, Store as _},
    time::{Clock as _, Date},
    workflow::{
        ArrivalsAsked, ArrivedName, Decided, DecisionWish, Desk, EndorsementWish, EnquiryState, MatchWish, Notice,
        ShareWish, WriteOffWish,
    },
};
use std::sync::Arc;

impl Corridor {
    /// That an enquiry got no reply.
    pub(super) fn unanswered(&self, nth: u16, enquiry: Jti) -> DecisionWish {
        let silent = self.decision(nth, None, ResponseCode::NoReply, Some(ResponseReason::NoReplyInTime));
        DecisionWish { enquiry: Some(enquiry), ..silent }
    }

    pub(super) fn later(&self, days: i64) {
        self.pakistan.clock.set(self.pakistan.clock.now() + jiff::SignedDuration::from_hours(24 * days));
    }

    /// An enquiry is answered, and the answer erased before customs have more of it than its entry.
    pub(super) async fn unread(&mut self) -> Unread {
        let raised = self.customs.enquire(&self.officer, self.enquiry(1)).await.unwrap().jti;
        let reply = self.reply(2, raised, ReplyAct::Full, vec![valid(1)]);
        let replied = self.exporting.reply(&self.liaison, reply).await.unwrap().jti;
        let entry = self.pakistan.store.find(&replied).unwrap().unwrap();
        let EntryRef { origin, index } = &entry;
        let Some(Disclosures::Present(said)) = self.pakistan.store.disclosures(origin, *index).unwrap() else {
            panic!()
        };
        self.pakistan.store.erase(origin, *index, 0).unwrap();
        self.customs.sequencer().close();
        self.china.elsewhere = Arc::default();
        let copy = self.china.copies(&self.pakistan, origin);
        let (customs, _) = self.china.desk();
        Unread { raised, replied, said, entry, copy, customs }
    }
}

/// An enquiry of which the answer is not to be read.
pub(super) struct Unread {
    pub(super) raised: Jti,
    pub(super) replied: Jti,
    /// What the answer says.
    pub(super) said: Vec<String>,
    /// Where it stands.
    pub(super) entry: EntryRef,
    /// What customs have of that log.
    pub(super) copy: Arc<MemoryStore>,
    /// Their desk from then on.
    pub(super) customs: Desk,
}

impl Unread {
    /// Customs are told that it was erased.
    pub(super) fn is_gone(&self) {
        let EntryRef { origin, index } = &self.entry;
        let settled = Receipted { settled: index + 1, owed: false }.put(origin);
        let gone = vec![settled, erased_there(origin, *index)];
        self.copy.commit(Batch { state: gone, ..Batch::default() }).unwrap();
    }
}

#[tokio::test]
async fn that_an_enquiry_got_no_reply_is_not_said_before_its_day_is_over() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let raised = customs.enquire(officer, corridor.enquiry(1)).await.unwrap().jti;
    let early = customs.decide(officer, corridor.unanswered(2, raised)).await.unwrap_err();
    assert_eq!(early.reason(), "ENQUIRY_NOT_OVERDUE");
    assert!(early.to_string().contains("2027-05-22"), "{early}");
    // Nor is preference denied for it.
    let denied = corridor.decision(3, None, ResponseCode::PreferenceDenied, Some(ResponseReason::NoReplyInTime));
    let denied = DecisionWish { enquiry: Some(raised), ..denied };
    assert_eq!(reason(customs.decide(officer, denied).await), "ENQUIRY_NOT_OVERDUE");
    let unknown: Jti = "01KB3D9M8000000000000000AB".parse().unwrap();
    assert_eq!(reason(customs.decide(officer, corridor.unanswered(4, unknown)).await), "ENQUIRY_UNKNOWN");
    assert!(corridor.heard().is_empty(), "nothing of it was told");
    corridor.later(200);
    customs.decide(officer, corridor.unanswered(5, raised)).await.unwrap();
    assert_eq!(corridor.heard(), [(ResponseCode::NoReply, false)]);
}

#[tokio::test]
async fn after_an_answer_nobody_says_that_there_was_none_but_that_it_came_too_late() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let raised = customs.enquire(officer, corridor.enquiry(1)).await.unwrap().jti;
    corridor.later(200);
    let reply = corridor.reply(2, raised, ReplyAct::Full, vec![valid(1)]);
    corridor.exporting.reply(&corridor.liaison, reply).await.unwrap();
    assert_eq!(reason(customs.decide(officer, corridor.unanswered(3, raised)).await), "ENQUIRY_ANSWERED");
    let late = corridor.decision(4, None, ResponseCode::PreferenceDenied, Some(ResponseReason::NoReplyInTime));
    customs.decide(officer, DecisionWish { enquiry: Some(raised), ..late }).await.unwrap();
}

#[tokio::test]
async fn a_reply_of_which_the_words_are_not_here_is_never_taken_for_none() {
    let mut corridor = Corridor::open().await;
    let answer = corridor.unread().await;
    let (raised, customs, officer) = (answer.raised, &answer.customs, &corridor.officer);
    let unread = |enquiry: &Jti| customs.enquiry(officer, enquiry).unwrap().answer_unread;
    assert!(unread(&raised), "it may come yet");
    answer.is_gone();
    assert!(unread(&raised), "it never comes");
    // Asked again within the hour, which is all that the identifiers tell.
    let mut wish = corridor.enquiry(5);
    wish.subjects[0].jti = Some(corridor.issued.outcome.jti);
    let again = customs.enquire(officer, wish).await.unwrap().jti;
    assert!(unread(&raised) && !unread(&again), "what was here before answers nothing that is asked since");
    corridor.later(200);
    let view = customs.enquiry(officer, &raised).unwrap();
    let known = (view.state, view.is_open(), view.answer_unread, view.overdue, view.proposes);
    assert_eq!(known, (EnquiryState::Sent, true, true, true, None), "its day is told, and nothing proposed");
    assert_eq!(customs.enquiry(officer, &again).unwrap().proposes, Some(ResponseCode::NoReply));
    assert_eq!(customs.remind().unwrap(), 4, "of both, that the day passed and that there is no answer still");
    assert_eq!(customs.remind().unwrap(), 0);
    // A copy is found by the identifier here.
    let certificate = ArrivedName::Jti(corridor.issued.outcome.jti);
    let silent = DecisionWish { certificate: certificate.clone(), ..corridor.unanswered(3, raised) };
    assert_eq!(reason(customs.decide(officer, silent).await), "ANSWER_UNREAD");
    let denied = corridor.decision(4, None, ResponseCode::PreferenceDenied, Some(ResponseReason::NoReplyInTime));
    let denied = DecisionWish { certificate, enquiry: Some(raised), ..denied };
    assert_eq!(reason(customs.decide(officer, denied).await), "ANSWER_UNREAD");
}

#[tokio::test]
async fn a_denial_for_want_of_a_reply_is_decided_and_released_with_what_the_issuer_answered_since() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let raised = customs.enquire(officer, corridor.enquiry(1)).await.unwrap().jti;
    corridor.later(200);
    let said = |decided: &Decided| decided.notices.iter().map(|one| one.reason).collect::<Vec<_>>();
    let denies = async |nth| {
        let late = Some(ResponseReason::NoReplyInTime);
        let denied = corridor.decision(nth, Some(1), ResponseCode::PreferenceDenied, late);
        customs.decide(officer, DecisionWish { enquiry: Some(raised), ..denied }).await.unwrap()
    };
    let first = denies(2).await;
    assert!(said(&first).is_empty(), "{first:?}");
    let queue = || customs.denials(&corridor.supervisor, "", 10).unwrap().denials.remove(0).2;
    assert!(queue().is_empty());
    let reply = corridor.reply(2, raised, ReplyAct::Full, vec![valid(1)]);
    assert!(corridor.exporting.reply(&corridor.liaison, reply).await.unwrap().late);
    // So says the queue before it is released, and that the answer was late.
    let [waits]: [Notice; 1] = queue().try_into().unwrap();
    assert_eq!(waits.reason, "ISSUER_FINDS_VALID");
    assert!(waits.words.contains("after the day by which it was due: it holds"), "{}", waits.words);
    let (request, name) = (corridor.china.request_id(3), corridor.name());
    let released = customs.settle_denial(&corridor.supervisor, &request, name, first.act, true, None).await.unwrap();
    assert_eq!(released.notices, [waits]);
    assert_eq!(said(&denies(4).await), ["DECIDED_BEFORE", "ISSUER_FINDS_VALID"]);
    // So it is where the officer waits for more, and not where the answer is no part of why.
    let decides = async |nth, code| {
        let wish = corridor.decision(nth, Some(1), code, why(code));
        said(&customs.decide(officer, wish).await.unwrap())
    };
    assert_eq!(decides(5, ResponseCode::PreferenceSuspended).await, ["DENIAL_WAITS", "ISSUER_FINDS_VALID"]);
    let told = decides(6, ResponseCode::PreferenceDenied).await;
    assert_eq!(told, ["DECIDED_BEFORE", "DECIDED_BEFORE", "DENIAL_WAITS"]);
}

#[tokio::test]
async fn both_sides_count_the_days_of_the_side_that_replies() {
    let corridor = Corridor::open().await;
    let (customs, exporting, officer) = (&corridor.customs, &corridor.exporting, &corridor.officer);
    let last = Date::constant(2027, 5, 22);
    // It is 23:00 in Karachi, and the next day in Shanghai.
    corridor.pakistan.clock.set("2026-11-22T18:00:00Z".parse().unwrap());
    let raised = customs.enquire(officer, corridor.enquiry(1)).await.unwrap();
    assert_eq!(raised.reply_due, Some(last));
    let asking = customs.enquiry(officer, &raised.jti).unwrap();
    let asked = exporting.incoming_enquiry(&corridor.liaison, &raised.jti).unwrap();
    assert_eq!((asking.sent_on, asking.reply_due), (asked.received_on, asked.reply_due));
    // The evening of the last day.
    corridor.pakistan.clock.set("2027-05-22T17:36:00Z".parse().unwrap());
    let reply = corridor.reply(2, raised.jti, ReplyAct::Full, vec![valid(1)]);
    assert!(!exporting.reply(&corridor.liaison, reply).await.unwrap().late);
    let asking = customs.enquiry(officer, &raised.jti).unwrap();
    assert_eq!((asking.reply_due, asking.replies[0].day, asking.replies[0].late), (Some(last), Some(last), false));
    let late = corridor.decision(3, None, ResponseCode::PreferenceDenied, Some(ResponseReason::NoReplyInTime));
    let denied = customs.decide(officer, DecisionWish { enquiry: Some(raised.jti), ..late }).await;
    assert_eq!(reason(denied), "ENQUIRY_ANSWERED");
}

#[tokio::test]
async fn no_decision_follows_an_enquiry_about_another_certificate() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let other = corridor.exporting.issue(&corridor.pakistan.signatory, &corridor.pakistan.footballs(2)).await.unwrap();
    let mut about_other = corridor.enquiry(1);
    about_other.subjects[0].number = other.outcome.number.unwrap().parse().unwrap();
    let raised = customs.enquire(officer, about_other).await.unwrap().jti;
    corridor.later(200);
    assert_eq!(reason(customs.decide(officer, corridor.unanswered(2, raised)).await), "ENQUIRY_OF_ANOTHER");
    let received =
        DecisionWish { enquiry: Some(raised), ..corridor.decision(3, Some(1), ResponseCode::AcceptedForClaim, None) };
    assert_eq!(reason(customs.decide(officer, received).await), "ENQUIRY_OF_ANOTHER");
}

#[tokio::test]
async fn what_the_issuer_found_is_known_before_the_certificate_is_used() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let raised = customs.enquire(officer, corridor.enquiry(1)).await.unwrap().jti;
    let words = Some("the stitching is of third countries".parse().unwrap());
    let answer = SubjectAnswer { finding: SubjectFinding::NotValid, words, ..valid(1) };
    let reply = corridor.reply(2, raised, ReplyAct::Full, vec![answer]);
    corridor.exporting.reply(&corridor.liaison, reply).await.unwrap();
    let shown = customs.course(officer, &corridor.name()).unwrap().notices;
    let matched = customs.match_declaration(officer, &corridor.declared("D-1", "1")).unwrap().notices;
    let written = customs.write_off(officer, corridor.write_off(3, "D-1", "1")).await.unwrap().notices;
    for notices in [shown, matched, written] {
        let found = notices.iter().find(|notice| notice.reason == "ISSUER_FINDS_NOT_VALID").unwrap();
        assert!(!found.blocks, "an officer decides");
        for said in [raised.to_string().as_str(), "it does not hold", "the stitching is of third countries"] {
            assert!(found.words.contains(said), "{}", found.words);
        }
    }
    // And a denial says which enquiry it follows.
    let denied = corridor.decision(4, None, ResponseCode::PreferenceDenied, Some(ResponseReason::IssuerDisowns));
    assert!(customs.decide(officer, DecisionWish { enquiry: Some(raised), ..denied }).await.is_ok());
}

#[tokio::test]
async fn what_a_decision_has_to_say_and_does_not_is_refused_by_its_own_reason() {
    let corridor = Corridor::open().await;
    let whole = |nth, code, reason| corridor.decision(nth, None, code, reason);
    let mut of_no_declaration = corridor.decision(5, Some(1), ResponseCode::Received, None);
    of_no_declaration.decisions[0].line = Some(1);
    of_no_declaration.declaration = None;
    let mut lengthy = corridor.decision(6, Some(1), ResponseCode::Received, None);
    let words = Some("字".repeat(1024).parse().unwrap());
    let line = |line| ItemDecision { line: Some(line), words: words.clone(), ..lengthy.decisions[0].clone() };
    lengthy.decisions = (1..=400).map(line).collect();
    for (wish, refused) in [
        (whole(1, ResponseCode::NoReply, None), "ENQUIRY_MISSING"),
        (whole(7, ResponseCode::PreferenceDenied, Some(ResponseReason::NoReplyInTime)), "ENQUIRY_MISSING"),
        (whole(2, ResponseCode::PreferenceSuspended, None), "REASON_MISSING"),
        (whole(3, ResponseCode::ReturnedForRectification, Some(ResponseReason::Other)), "WORDS_MISSING"),
        (whole(4, ResponseCode::PreferenceDenied, Some(ResponseReason::RandomCheck)), "REASON_DENIES_NOTHING"),
        (whole(8, ResponseCode::AcceptedForClaim, Some(ResponseReason::NotOriginating)), "REASON_MISPLACED"),
        (whole(9, ResponseCode::Received, Some(ResponseReason::NotOriginating)), "REASON_MISPLACED"),
        (whole(10, ResponseCode::IncompleteData, Some(ResponseReason::NotOriginating)), "REASON_MISPLACED"),
        (of_no_declaration, "DECLARATION_MISSING"),
        (lengthy, "STATEMENT_TOO_LARGE"),
    ] {
        assert_eq!(reason(corridor.customs.decide(&corridor.officer, wish).await), refused);
    }
    assert!(corridor.heard().is_empty());
}

#[tokio::test]
async fn that_a_number_was_not_issued_is_known_before_anything_of_that_number_is_used() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let first = corridor.number();
    let (series, serial) = first.split_at(first.len() - 4);
    let number = format!("{series}{:04}", serial.parse::<u16>().unwrap() + 1);
    let mut wish = corridor.enquiry(1);
    wish.asked.ground = EnquiryGround::NumberUnknown;
    wish.asked.question = Some("Did you issue this?".parse().unwrap());
    wish.subjects[0].number = number.parse().unwrap();
    wish.documents = vec![DocumentDigest {
        name: "scan.pdf".parse().unwrap(),
        media_type: "application/pdf".parse().unwrap(),
        sha256: crate::certificate::Sha256([7; 32]),
    }];
    let raised = customs.enquire(officer, wish).await.unwrap().jti;
    let answer = SubjectAnswer { finding: SubjectFinding::NotIssued, ..valid(1) };
    let reply = corridor.reply(2, raised, ReplyAct::Full, vec![answer]);
    corridor.exporting.reply(&corridor.liaison, reply).await.unwrap();
    let said = |number: &str| {
        let certificate = ArrivedName::Number(number.to_owned(), None);
        let wish = MatchWish { certificate, ..corridor.declared("D-1", "1") };
        let notices = customs.match_declaration(officer, &wish).unwrap().notices;
        notices.iter().any(|one| one.reason == "ISSUER_FINDS_NOT_VALID" && one.words.contains(&raised.to_string()))
    };
    assert!(said(&number), "nothing of it came");
    let later = corridor.exporting.issue(&corridor.pakistan.signatory, &corridor.pakistan.footballs(3)).await.unwrap();
    assert_eq!(later.outcome.number.as_deref(), Some(number.as_str()));
    assert!(said(&number), "it came after that");
    assert!(!said(&first));
}

#[tokio::test]
async fn goods_that_were_sent_elsewhere_and_come_here_after_all_are_spoken_of_no_more() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let endorse = async |nth, destination: &str, items: Vec<u32>| {
        customs.endorse(officer, corridor.endorsement(nth, destination, items)).await.unwrap();
    };
    let told = || {
        let notices = customs.match_declaration(officer, &corridor.declared("D-1", "1")).unwrap().notices;
        notices.iter().filter(|one| one.reason == "DESTINATION_CHANGED").count()
    };
    endorse(1, "KE", Vec::new()).await;
    assert_eq!(told(), 1);
    endorse(2, "CN", vec![1]).await;
    assert_eq!(told(), 0, "its one item is back");
    endorse(3, "KE", vec![1]).await;
    endorse(4, "CN", Vec::new()).await;
    assert_eq!(told(), 0);
}

#[tokio::test]
async fn of_two_countries_that_goods_were_sent_to_the_last_one_is_said() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let name = ArrivedName::Number(corridor.of_three_items(2).await, None);
    for (nth, destination, items) in [(1, "KE", vec![1, 2]), (2, "PK", vec![2])] {
        let wish = EndorsementWish { certificate: name.clone(), ..corridor.endorsement(nth, destination, items) };
        customs.endorse(officer, wish).await.unwrap();
    }
    let notices = customs.course(officer, &name).unwrap().notices;
    let told = notices.iter().filter(|one| one.reason == "DESTINATION_CHANGED").map(|one| one.words.as_str());
    let ends = ["of item 1 go to KE", "of item 2 go to PK"];
    let told = told.collect::<Vec<_>>();
    assert!(told.len() == 2 && told.iter().zip(ends).all(|(one, end)| one.ends_with(end)), "{told:?}");
}

#[tokio::test]
async fn that_an_item_goes_elsewhere_is_said_of_it_and_of_the_whole_and_not_of_the_other_items() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let name = ArrivedName::Number(corridor.of_three_items(2).await, None);
    let away = corridor.endorsement(1, "KE", vec![2]);
    customs.endorse(officer, EndorsementWish { certificate: name.clone(), ..away }).await.unwrap();
    let told = |notices: &[Notice]| notices.iter().any(|one| one.reason == "DESTINATION_CHANGED");
    let matched = |item: Option<u32>| {
        let mut wish = MatchWish { certificate: name.clone(), ..corridor.declared("D-1", "") };
        wish.declared.lines.retain(|_| item.is_some());
        for line in &mut wish.declared.lines {
            line.item = item;
        }
        told(&customs.match_declaration(officer, &wish).unwrap().notices)
    };
    let accepts = async |nth, item| {
        let wish = corridor.decision(nth, item, ResponseCode::AcceptedForClaim, None);
        told(&customs.decide(officer, DecisionWish { certificate: name.clone(), ..wish }).await.unwrap().notices)
    };
    let balance = customs.balance(officer, &name).unwrap();
    for (nth, item) in [(10, 1), (20, 2)] {
        assert_eq!(matched(Some(item)), item == 2, "item {item}");
        let quantity = balance.iter().find(|one| one.item == item).and_then(|one| one.whole.clone()).unwrap();
        let lines = vec![WriteOffLine { item, line: None, quantity }];
        let wish = WriteOffWish { certificate: name.clone(), lines, ..corridor.write_off(nth, "D-1", "1") };
        let written = customs.write_off(officer, wish).await.unwrap();
        assert_eq!(told(&written.notices), item == 2, "item {item}");
        assert_eq!(accepts(nth + 1, Some(item)).await, item == 2, "item {item}");
    }
    assert!(accepts(30, None).await && matched(None));
    assert!(told(&customs.course(officer, &name).unwrap().notices));
}

#[tokio::test]
async fn goods_that_were_used_here_in_full_are_not_sent_elsewhere_without_notice() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let told = async |nth, destination: &str, items: Vec<u32>| {
        let notices = customs.endorse(officer, corridor.endorsement(nth, destination, items)).await.unwrap().notices;
        notices.iter().any(|one| one.reason == "ALREADY_USED" && one.words.contains("item 1"))
    };
    customs.write_off(officer, corridor.write_off(1, "D-1", "800")).await.unwrap();
    assert!(!told(2, "KE", Vec::new()).await, "the rest may go");
    customs.write_off(officer, corridor.write_off(3, "D-1", "16000")).await.unwrap();
    assert!(told(4, "KE", Vec::new()).await && told(5, "KE", vec![1]).await);
    assert!(!told(6, "CN", Vec::new()).await, "they come here");
}

#[tokio::test]
async fn what_was_endorsed_here_is_seen_here_and_the_certificate_is_not_untouched() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let untouched = || {
        let asked = ArrivalsAsked { untouched: true, ..ArrivalsAsked::default() };
        customs.arrivals(officer, &asked).unwrap().arrivals.len()
    };
    let course = || customs.course(officer, &corridor.name()).unwrap().arrival.endorsements;
    assert_eq!((untouched(), course().len()), (1, 0));
    let away = customs.endorse(officer, corridor.endorsement(1, "KE", Vec::new())).await.unwrap().statement;
    assert_eq!(untouched(), 0);
    let back = customs.endorse(officer, corridor.endorsement(2, "CN", Vec::new())).await.unwrap().statement;
    let mut transit = corridor.endorsement(3, "CN", vec![1]);
    (transit.words.act, transit.words.destination) = (EndorsementAct::TransitNotAltered, None);
    transit.words.containers = vec!["MSCU1234566".parse().unwrap()];
    transit.words.seals = vec!["77120".parse().unwrap()];
    let passed = customs.endorse(officer, transit.clone()).await.unwrap().statement;
    let seen = course();
    assert_eq!(seen.iter().map(|note| note.jti).collect::<Vec<_>>(), [away, back, passed]);
    assert!(seen.iter().all(|note| note.at.is_some()));
    let said = seen.iter().map(|note| note.words.as_ref().unwrap()).collect::<Vec<_>>();
    assert!(said.iter().all(|words| words.day == corridor.today()));
    assert_eq!((&said[2].containers, &said[2].seals), (&transit.words.containers, &transit.words.seals));
    // The importer is not shown what its authorities said of where the goods go.
    let wish = ShareWish { declared: corridor.declared("D-1", "1"), until: corridor.today() };
    let (_, secret) = customs.share(officer, wish).unwrap();
    assert!(customs.shared(&secret).unwrap().matched.arrival.unwrap().endorsements.is_empty());
}

#[tokio::test]
async fn that_an_enquiry_got_no_reply_is_proposed_until_it_is_said_and_who_says_it_again_is_told() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let raised = customs.enquire(officer, corridor.enquiry(1)).await.unwrap().jti;
    corridor.later(200);
    let proposed = |enquiry: &Jti| customs.enquiry(officer, enquiry).unwrap().proposes_of;
    assert_eq!(proposed(&raised), [1]);
    let first = customs.decide(officer, corridor.unanswered(2, raised)).await.unwrap();
    assert!(first.notices.is_empty(), "{first:?}");
    assert!(proposed(&raised).is_empty());
    let again = customs.decide(officer, corridor.unanswered(3, raised)).await.unwrap();
    let [told] = again.notices.as_slice() else { panic!("{again:?}") };
    let before = format!("act {} decided the same, and counts: its issuer was told twice", first.act);
    assert_eq!((told.reason, told.words.as_str()), ("DECIDED_BEFORE", before.as_str()));
    // Another enquiry is another matter.
    let other = customs.enquire(officer, corridor.enquiry(4)).await.unwrap().jti;
    corridor.later(200);
    assert_eq!(proposed(&other), [1]);
    assert!(customs.decide(officer, corridor.unanswered(5, other)).await.unwrap().notices.is_empty());
}
