//! What is said of an enquiry in each of its states.

use super::*;

fn enquiry(state: wire::EnquiryState) -> wire::Enquiry {
    let reply_due = Some(WireDate { year: 2026, month: 12, day: 1 });
    wire::Enquiry { state: state.into(), reply_due, ..Default::default() }
}

#[test]
fn the_day_it_is_due_is_told_until_it_is_answered() {
    use wire::EnquiryState as S;
    let open = enquiry(S::Acknowledged);
    assert_eq!(clock(&open).1, "due 2026-12-01");
    assert_eq!(clock(&wire::Enquiry { due_soon: true, ..open.clone() }).1, "due soon 2026-12-01");
    let over = wire::Enquiry { overdue: true, due_soon: true, ..open.clone() };
    assert_eq!(clock(&over), (Some(Colour::Red), "OVERDUE 2026-12-01".to_owned()));
    assert_eq!(clock(&wire::Enquiry { reply_due: None, ..open.clone() }).1, "no day due");
    let starting = wire::Enquiry { reply_due: None, days_unknown: true, ..open };
    assert_eq!(clock(&starting).1, "day not known yet");
}

#[test]
fn of_one_that_is_answered_it_is_told_whether_that_was_in_time() {
    let answered = enquiry(wire::EnquiryState::Answered);
    assert_eq!(clock(&answered).1, "in time");
    assert_eq!(clock(&wire::Enquiry { reply_due: None, ..answered.clone() }).1, "no day due");
    // Late is also what clarified it, whose replies stand with that enquiry.
    let late = wire::Enquiry { late: true, ..answered };
    assert_eq!(clock(&late), (Some(Colour::Red), "LATE".to_owned()));
    assert_eq!(described(&late)["late"], true);
}

#[test]
fn of_one_that_is_erased_it_is_shown_who_asked_whom_and_when() {
    let erased = wire::Enquiry {
        jti: "01KE".to_owned(),
        from: "https://customs.gov.cn".to_owned(),
        to: "https://tdap.gov.pk".to_owned(),
        sent_on: Some(WireDate { year: 2026, month: 11, day: 22 }),
        ..enquiry(wire::EnquiryState::Erased)
    };
    assert_eq!(clock(&erased).1, "-");
    let lines = left(&erased).join(" ");
    let words = lines.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words, "enquiry 01KE from customs.gov.cn to tdap.gov.pk state erased sent 2026-11-22");
    let asked = wire::Enquiry { subjects: vec![wire::EnquirySubject::default()], ..erased.clone() };
    assert!(is_gone(&erased) && !is_gone(&asked), "what was asked is shown while it is here");
}

#[test]
fn what_may_follow_names_a_certificate_that_is_here_and_none_that_is_not() {
    let subject =
        |jti: &str| wire::EnquirySubject { jti: jti.to_owned(), number: "999".to_owned(), ..Default::default() };
    let open = wire::Enquiry {
        jti: "01KE".to_owned(),
        to: "https://tdap.gov.pk".to_owned(),
        overdue: true,
        subjects: vec![subject(""), subject("01KC")],
        ..enquiry(wire::EnquiryState::Sent)
    };
    let nothing = may_follow(Side::Asking, &open).unwrap();
    assert!(nothing.starts_with("ask tdap.gov.pk again") && !nothing.contains("customs decide"), "{nothing}");
    let proposed = |proposes_of: &[u32]| {
        let (proposes, proposes_of) = ("NO_REPLY".to_owned(), proposes_of.to_vec());
        wire::Enquiry { proposes, proposes_of, ..open.clone() }
    };
    let one = "NO_REPLY: origin customs decide 01KC --whole NO_REPLY --enquiry 01KE";
    assert_eq!(may_follow(Side::Asking, &proposed(&[2])).unwrap(), one);
    assert!(may_follow(Side::Asking, &proposed(&[1])).unwrap().contains("customs decide 999 --whole"));
    assert!(may_follow(Side::Asking, &proposed(&[1, 2])).unwrap().ends_with("for each of certificate 1, 2"));
    assert_eq!(may_follow(Side::Asked, &open), None, "who is asked decides nothing");
    let unread = wire::Enquiry { answer_unread: true, ..open.clone() };
    assert_eq!((clock(&unread).1.as_str(), stands(&unread).as_str()), ("OVERDUE 2026-12-01", "sent, answer_unread"));
    let said = may_follow(Side::Asking, &unread).unwrap();
    assert!(said.starts_with("ask tdap.gov.pk what it replied"), "{said}");
    assert!(said.ends_with("origin enquiry conclude 01KE --reason TEXT"), "{said}");
    assert_eq!(may_follow(Side::Asking, &wire::Enquiry { overdue: false, ..open }), None);
}

#[test]
fn goods_that_wait_for_an_answer_are_named_once_it_is_here() {
    let of = |state: wire::EnquiryState, goods: &str| {
        let (jti, reference) = ("01KE".to_owned(), "SH-9".to_owned());
        let unsettled = state == wire::EnquiryState::Answered && goods != "released";
        wire::Enquiry { jti, reference, goods: goods.to_owned(), unsettled, ..enquiry(state) }
    };
    let console = Console::new(crate::cli::console::Format::Text);
    let lines = |state, goods| of_certificate(console, &of(state, goods));
    let waits = lines(wire::EnquiryState::Acknowledged, "released_on_security");
    assert_eq!(waits, ["01KE  due 2026-12-01  acknowledged  SH-9  goods released_on_security"]);
    let answered = lines(wire::EnquiryState::Answered, "released_on_security");
    assert!(answered.len() == 2 && answered[1].contains("released on security until then"), "{answered:?}");
    assert!(answered[1].ends_with("origin enquiry settle 01KE --as HOW --words TEXT"), "{answered:?}");
    assert_eq!(lines(wire::EnquiryState::Answered, "released").len(), 1);
    let held = of(wire::EnquiryState::Answered, "held");
    assert_eq!([Side::Asking, Side::Asked].map(|side| follows(side, &held).count()), [1, 0]);
    // Once its day is over an enquiry is decided on without an answer, and the goods are still to be settled.
    let overdue = wire::Enquiry { overdue: true, unsettled: true, ..of(wire::EnquiryState::Sent, "held") };
    let said = follows(Side::Asking, &overdue).collect::<Vec<_>>();
    assert!(said.len() == 2 && said[1].contains("day to answer is over, and the goods were held"), "{said:?}");
}

#[test]
fn of_a_security_that_was_settled_it_is_told_by_whom_how_and_by_what_and_no_more_that_it_is_to_be() {
    let said = wire::SecuritySettled {
        by: "acc_1".to_owned(),
        by_name: "Li Na".to_owned(),
        outcome: "collected_in_part".to_owned(),
        words: "receipt SHA 118/2027".to_owned(),
        ..Default::default()
    };
    let goods = "released_on_security".to_owned();
    let decide_due = Some(WireDate { year: 2027, month: 6, day: 1 });
    let waits = wire::Enquiry { goods, decide_due, unsettled: true, ..enquiry(wire::EnquiryState::Answered) };
    let overdue = to_settle(&wire::Enquiry { settle_overdue: true, ..waits.clone() }).unwrap();
    assert!(overdue.contains("by 2027-06-01"), "{overdue}");
    assert!(!to_settle(&waits).unwrap().contains("2027-06-01"), "the day is not over");
    let settled = wire::Enquiry { settled: vec![said], unsettled: false, ..waits };
    let lines = of_certificate(Console::new(crate::cli::console::Format::Text), &settled);
    assert!(lines.len() == 2 && lines[1].ends_with("by Li Na (acc_1): receipt SHA 118/2027"), "{lines:?}");
    assert!(lines[0].ends_with("  settled collected_in_part"), "{lines:?}");
    assert_eq!(follows(Side::Asking, &settled).count(), 0);
    assert!(left(&settled).last().is_some_and(|line| line.starts_with("settled ")), "it stays when the rest is erased");
    assert_eq!(described(&settled)["settled"][0]["outcome"], "collected_in_part");
}

#[test]
fn what_was_said_of_a_security_before_the_answer_or_otherwise_than_that_found_is_seen() {
    let said = wire::SecuritySettled { outcome: "released".to_owned(), before_answer: true, ..Default::default() };
    let answer = |finding: &str| wire::SubjectAnswer { finding: finding.to_owned(), ..Default::default() };
    let reply = |finding| wire::EnquiryReply { answers: vec![answer(finding)], ..Default::default() };
    let of = |said: &wire::SecuritySettled, finding| {
        let (goods, unsettled) = ("held".to_owned(), said.before_answer);
        let (settled, replies) = (vec![said.clone()], vec![reply(finding)]);
        wire::Enquiry { goods, unsettled, settled, replies, ..enquiry(wire::EnquiryState::Answered) }
    };
    let lines = |one: &wire::Enquiry| of_certificate(Console::new(crate::cli::console::Format::Text), one);
    let early = lines(&of(&said, "not_valid"));
    assert!(early[0].ends_with("goods held") && early[1].contains("settle that by it"), "{early:?}");
    assert!(early.len() == 3 && early[2].ends_with("(said before the answer came)"), "{early:?}");
    let since = wire::SecuritySettled { before_answer: false, ..said };
    let slip = lines(&of(&since, "not_valid"));
    assert!(slip.len() == 3 && slip[2].contains("released was said, and the answer is not_valid"), "{slip:?}");
    assert_eq!(follows(Side::Asking, &of(&since, "not_valid")).count(), 1);
    assert_eq!(lines(&of(&since, "valid")).len(), 2);
}

/// What another certificate of the enquiry was found to be is held against none but that.
#[test]
fn of_an_enquiry_about_many_each_certificate_has_its_own_answer() {
    let subject = |number: &str, jti: &str| {
        let (number, jti) = (number.to_owned(), jti.to_owned());
        wire::EnquirySubject { number, jti, ..Default::default() }
    };
    let reply = |subject, finding: &str, late| {
        let answer = wire::SubjectAnswer { subject, finding: finding.to_owned(), ..Default::default() };
        wire::EnquiryReply { answers: vec![answer], late, ..Default::default() }
    };
    let released = wire::SecuritySettled { outcome: "released".to_owned(), ..Default::default() };
    let whole = wire::Enquiry {
        subjects: vec![subject("PK-1", "01KA"), subject("PK-2", ""), subject("PK-3", "01KC")],
        replies: vec![reply(1, "valid", false), reply(2, "not_valid", true)],
        settled: vec![released],
        late: true,
        ..enquiry(wire::EnquiryState::PartlyAnswered)
    };
    let about = |jti, number| {
        let one = of_one(&whole, jti, number);
        (clock(&one).1, state_word(one.state()), released_anyway(&one))
    };
    assert_eq!(about("01KA", "PK-1"), ("in time".to_owned(), "answered", None));
    let (clock, state, slip) = about("01KB", "pk 2");
    assert_eq!((clock.as_str(), state), ("LATE", "answered"));
    assert!(slip.is_some_and(|said| said.contains("the answer about PK-2 is not_valid")));
    assert_eq!(about("01KC", "PK-3"), ("due 2026-12-01".to_owned(), "partly_answered", None), "it waits still");
    assert!(released_anyway(&whole).is_some_and(|said| said.contains("about PK-2")), "of the whole it is said which");
}

#[test]
fn the_items_that_are_asked_about_are_one_or_several() {
    let of = |items: Vec<u32>| subject_text(&wire::EnquirySubject { items, ..Default::default() });
    assert_eq!([of(vec![2]), of(vec![1, 2])], [", item 2", ", items 1, 2"]);
}

#[test]
fn an_answer_of_a_closed_key_is_shown_as_that_and_said_again() {
    use wire::EnquiryState as S;
    assert_eq!(said_again(&enquiry(S::Sent)), None);
    let reply = wire::EnquiryReply { key_closed: "closed".to_owned(), ..Default::default() };
    let fell = |state: S| wire::Enquiry { replies: vec![reply.clone()], jti: "01KB".to_owned(), ..enquiry(state) };
    assert!(said_again(&fell(S::Sent)).unwrap().ends_with("origin liaison reply 01KB"));
    assert!(said_again(&fell(S::Answered)).unwrap().ends_with("answered again"));
}

#[test]
fn of_one_that_was_concluded_it_is_told_by_whom_and_why_and_no_day_is_due() {
    let concluded = wire::EnquiryConclusion {
        by: "acc_1".to_owned(),
        by_name: "Sun Yue".to_owned(),
        reason: "letter GACC 12/2027".to_owned(),
        ..Default::default()
    };
    let goods = "held".to_owned();
    let concluded = Some(concluded);
    let over = wire::Enquiry { concluded, goods, unsettled: true, ..enquiry(wire::EnquiryState::Concluded) };
    assert_eq!((clock(&over).1.as_str(), stands(&over).as_str()), ("-", "concluded"));
    assert!(super::concluded(&over).unwrap().ends_with("by Sun Yue (acc_1): letter GACC 12/2027"));
    assert_eq!(described(&over)["concluded"]["reason"], "letter GACC 12/2027");
    let said = follows(Side::Asking, &over).next().unwrap();
    assert!(said.contains("goods were held") && said.contains("by how it ended"), "{said}");
    assert_eq!(described(&enquiry(wire::EnquiryState::Sent))["concluded"], Value::Null);
}
