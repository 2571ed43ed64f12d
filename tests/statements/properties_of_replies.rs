//! What follows a certificate: whatever can be written down reads back whole, and what is composed is what is accepted.

use super::{hostile, samples, schema, vectors};
use origin_exchange::{
    certificate::{Measure, Sha256, Text},
    statement::{
        Body, Completeness, CustomsResponse, DocumentDigest, Endorsement, EndorsementAct, EndorsementWords, Enquiry,
        EnquiryGround, EnquiryQuestion, EnquiryReply, EnquirySubject, GoodsMeanwhile, ImportDeclaration, ItemAnswer,
        ItemDecision, OpenedBody, ReplyAct, ReplyWords, ResponseCode, ResponseReason, StatementRef, SubjectAnswer,
        SubjectFinding, compose, open_leaf,
    },
    time::{Date, SeededRandom},
};
use proptest::{option, prelude::*, prop_oneof, sample::select};
use serde_json::Value;
use std::sync::LazyLock;

fn text<const MAX: usize>() -> impl Strategy<Value = Text<MAX>> {
    r#"[A-Za-z0-9"\\/~éßЖ漢字اب😀.,;:'&%(){}\[\]<>=_-]{1,17}"#.prop_map(|text| text.parse().unwrap())
}

fn words<const MAX: usize>() -> impl Strategy<Value = Option<Text<MAX>>> {
    option::of(text())
}

fn day() -> impl Strategy<Value = Date> {
    (2026..2029_i16, 1..13_i8, 1..29_i8).prop_map(|(year, month, day)| Date::new(year, month, day).unwrap())
}

fn measure() -> impl Strategy<Value = Measure> {
    let value = prop_oneof![Just("0.00".to_owned()), r"[1-9][0-9]{0,14}(\.[0-9]{1,6})?"];
    (value, select(vec!["PR", "KGM"]))
        .prop_map(|(value, unit)| Measure { value: value.parse().unwrap(), unit: unit.parse().unwrap() })
}

fn place() -> impl Strategy<Value = StatementRef> {
    let log = select(vec!["customs.gov.cn/log/2026/tdap.gov.pk", "tdap.gov.pk/log/2027-2/customs.gov.cn"]);
    (log, 0..4_u8).prop_map(|(log, n)| StatementRef { log: log.parse().unwrap(), jti: samples::jti(n) })
}

/// Numbers of items as a careless program lists them.
fn items() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(prop_oneof![0..5_u32, Just(99_999_999), Just(100_000_000)], 0..4)
}

fn documents() -> impl Strategy<Value = Vec<DocumentDigest>> {
    let media_type = select(vec!["application/pdf", "image/svg+xml", "pdf", "text/html; charset=utf-8"]);
    let document = (text(), media_type, 0..4_u8).prop_map(|(name, media_type, digest)| DocumentDigest {
        name,
        media_type: media_type.parse().unwrap(),
        sha256: Sha256([digest; 32]),
    });
    prop::collection::vec(document, 0..4)
}

fn decision() -> impl Strategy<Value = ItemDecision> {
    let (item, line) = (option::weighted(0.9, 0..5_u32), option::of(0..4_u32));
    let why = (option::of(select(ResponseReason::ALL)), words(), words());
    (item, line, select(ResponseCode::ALL), option::of(measure()), option::of(measure()), why).prop_map(
        |(item, line, code, quantity, left, (reason, basis, words))| ItemDecision {
            item,
            line,
            code,
            quantity,
            left,
            reason,
            basis,
            words,
        },
    )
}

fn response() -> impl Strategy<Value = CustomsResponse> {
    let declaration = (text(), day(), text());
    let declaration = declaration.prop_map(|(number, date, office)| ImportDeclaration { number, date, office });
    let decisions = prop::collection::vec(decision(), 0..5);
    let others = (option::of(place()), option::of(place()), words());
    (place(), option::of(declaration), decisions, others).prop_map(
        |(certificate, declaration, decisions, (amends, enquiry, remarks))| CustomsResponse {
            certificate,
            declaration,
            decisions,
            amends,
            enquiry,
            remarks,
        },
    )
}

fn enquiry() -> impl Strategy<Value = Enquiry> {
    let subject = (option::of(place()), text(), option::of(day()), items(), words());
    let subject = subject.prop_map(|(certificate, number, issued_on, items, declaration)| EnquirySubject {
        certificate,
        number,
        issued_on,
        items,
        declaration,
    });
    let goods = select(GoodsMeanwhile::ALL);
    let asked = (text(), select(EnquiryGround::ALL), words(), goods, words(), option::of(day()));
    let asked = asked.prop_map(|(reference, ground, question, goods, basis, reply_by)| EnquiryQuestion {
        reference,
        ground,
        question,
        goods,
        basis,
        reply_by,
    });
    (asked, prop::collection::vec(subject, 0..4), documents(), option::of(place()))
        .prop_map(|(asked, subjects, documents, clarifies)| Enquiry { asked, subjects, documents, clarifies })
}

fn reply() -> impl Strategy<Value = EnquiryReply> {
    let item = (0..5_u32, any::<bool>(), words()).prop_map(|(item, valid, words)| ItemAnswer { item, valid, words });
    let answer = (0..5_u32, select(SubjectFinding::ALL), prop::collection::vec(item, 0..4), words());
    let answer = answer.prop_map(|(subject, finding, items, words)| SubjectAnswer { subject, finding, items, words });
    let reply = (select(ReplyAct::ALL), day(), option::of(day()), words());
    let reply = reply.prop_map(|(act, received_on, reply_by, words)| ReplyWords { act, received_on, reply_by, words });
    (place(), reply, prop::collection::vec(answer, 0..4), documents())
        .prop_map(|(enquiry, reply, answers, documents)| EnquiryReply { enquiry, reply, answers, documents })
}

fn endorsement() -> impl Strategy<Value = Endorsement> {
    let destination = option::of(select(vec!["EG", "CN"]));
    let containers = prop::collection::vec(select(vec!["CSQU3054383", "MSKU1234565"]), 0..3);
    let seals = prop::collection::vec(select(vec!["A1", "B2", "C3"]), 0..3);
    let seen = (destination, items(), containers, seals);
    (Just(samples::destination_changed().endorsed), select(EndorsementAct::ALL), day(), text(), seen, words()).prop_map(
        |(endorsed, act, day, office, (destination, items, containers, seals), text)| Endorsement {
            endorsed,
            endorsement: EndorsementWords {
                act,
                day,
                office,
                destination: destination.map(|country| country.parse().unwrap()),
                items,
                containers: containers.into_iter().map(|number| number.parse().unwrap()).collect(),
                seals: seals.into_iter().map(|seal| seal.parse().unwrap()).collect(),
                text,
            },
        },
    )
}

/// Numbers from 1 on, rising.
fn mend_items(items: &mut Vec<u32>) {
    items.retain(|item| (1..100_000_000).contains(item));
    items.sort_unstable();
    items.dedup();
}

fn mend_documents(documents: &mut Vec<DocumentDigest>) {
    documents.sort_by_key(|document| document.sha256);
    documents.dedup_by_key(|document| document.sha256);
    for document in documents {
        if !matches!(document.media_type.as_str(), "application/pdf" | "image/svg+xml") {
            document.media_type = "image/png".parse().unwrap();
        }
    }
}

/// Makes a careless response one that holds.
fn mended_response(mut response: CustomsResponse) -> CustomsResponse {
    let decisions = &mut response.decisions;
    decisions.retain(|decision| decision.item.is_some_and(|item| item > 0) && decision.line != Some(0));
    decisions.sort_by_key(|decision| (decision.item, decision.line));
    decisions.dedup_by_key(|decision| (decision.item, decision.line));
    // An item decided as a whole is not decided by its lines.
    decisions.dedup_by(|later, earlier| later.item == earlier.item && earlier.line.is_none());
    if decisions.is_empty() {
        decisions.push(samples::decision(None, ResponseCode::Received));
    }
    for decision in decisions.iter_mut() {
        mend_decision(decision);
    }
    let of = |code: ResponseCode| response.decisions.iter().any(|decision| decision.code == code);
    if of(ResponseCode::Reversed) {
        response.amends.get_or_insert(response.certificate.clone());
    }
    if of(ResponseCode::NoReply) {
        response.enquiry.get_or_insert(response.certificate.clone());
    }
    if response.decisions.iter().any(|decision| decision.code.draws() || decision.line.is_some()) {
        response.declaration.get_or_insert_with(samples::declaration);
    }
    response
}

fn mend_decision(decision: &mut ItemDecision) {
    let ItemDecision { code, quantity, left, reason, words, .. } = decision;
    if code.needs_reason() {
        reason.get_or_insert(ResponseReason::HsMismatch);
    }
    if *code == ResponseCode::PreferenceDenied && *reason == Some(ResponseReason::RandomCheck) {
        *reason = Some(ResponseReason::Other);
    }
    if *reason == Some(ResponseReason::Other) {
        words.get_or_insert("which".parse().unwrap());
    }
    if !code.draws() && *code != ResponseCode::Reversed || quantity.as_ref().is_some_and(|used| used.value.is_zero()) {
        *quantity = None;
    }
    if *code == ResponseCode::UtilisedPartial {
        quantity.get_or_insert(samples::measure("1"));
    }
    match (quantity, left) {
        (None, left) => *left = None,
        (Some(_), left) if *code == ResponseCode::UtilisedFull => *left = None,
        (Some(used), Some(left)) => left.unit = used.unit.clone(),
        _ => {}
    }
}

fn mended_enquiry(mut enquiry: Enquiry) -> Enquiry {
    mend_documents(&mut enquiry.documents);
    if enquiry.subjects.is_empty() {
        enquiry.subjects = samples::enquiry_at_random().subjects;
    }
    let unknown = enquiry.asked.ground == EnquiryGround::NumberUnknown;
    if unknown && enquiry.documents.is_empty() {
        enquiry.documents.push(samples::document(1));
    }
    if enquiry.asked.ground != EnquiryGround::Random {
        enquiry.asked.question.get_or_insert("what".parse().unwrap());
    }
    for (nth, subject) in (0_u8..).zip(&mut enquiry.subjects) {
        mend_items(&mut subject.items);
        let known = samples::jti(nth);
        let place = subject.certificate.take().or_else(|| samples::enquiry_at_random().subjects.remove(0).certificate);
        subject.certificate = place.filter(|_| !unknown).map(|place| StatementRef { jti: known, ..place });
    }
    enquiry
}

fn mended_reply(mut reply: EnquiryReply) -> EnquiryReply {
    mend_documents(&mut reply.documents);
    let (answers, words) = (&mut reply.answers, &mut reply.reply);
    answers.retain(|answer| answer.subject > 0);
    answers.sort_by_key(|answer| answer.subject);
    answers.dedup_by_key(|answer| answer.subject);
    if !matches!(words.act, ReplyAct::Partial | ReplyAct::Full) {
        answers.clear();
    } else if answers.is_empty() {
        *answers = samples::answered().answers;
    }
    for answer in answers {
        answer.items.retain(|item| item.item > 0);
        answer.items.sort_by_key(|item| item.item);
        answer.items.dedup_by_key(|item| item.item);
        let (holds, fails) = (answer.items.iter().any(|item| item.valid), answer.items.iter().any(|item| !item.valid));
        answer.finding = match (holds, fails) {
            (true, true) => SubjectFinding::PartlyValid,
            (true, false) => SubjectFinding::Valid,
            (false, true) => SubjectFinding::NotValid,
            (false, false) if answer.finding == SubjectFinding::PartlyValid => SubjectFinding::Valid,
            (false, false) => answer.finding,
        };
    }
    words.reply_by = words.reply_by.filter(|day| words.act != ReplyAct::Full && *day >= words.received_on);
    if words.act == ReplyAct::Extended {
        words.reply_by.get_or_insert(words.received_on);
    }
    if words.act == ReplyAct::ClarificationAsked {
        words.words.get_or_insert("what".parse().unwrap());
    }
    reply
}

fn mended_endorsement(mut endorsement: Endorsement) -> Endorsement {
    let EndorsementWords { act, destination, items, containers, seals, .. } = &mut endorsement.endorsement;
    mend_items(items);
    containers.sort();
    containers.dedup();
    seals.sort();
    seals.dedup();
    if *act == EndorsementAct::DestinationChanged {
        destination.get_or_insert("EG".parse().unwrap());
    } else {
        *destination = None;
    }
    endorsement
}

/// A body, a sample of its kind, and its sections as JSON.
fn as_body(one: Careless) -> (Body, &'static str, Value) {
    match one {
        Careless::Response(one) => {
            let sections = serde_json::to_value(&one).unwrap();
            (Body::CustomsResponse(Box::new(one)), "customs-response-denied", sections)
        }
        Careless::Enquiry(one) => {
            let sections = serde_json::to_value(&one).unwrap();
            (Body::Enquiry(Box::new(one)), "enquiry-at-random", sections)
        }
        Careless::Reply(one) => {
            let sections = serde_json::to_value(&one).unwrap();
            (Body::EnquiryReply(Box::new(one)), "enquiry-reply-full", sections)
        }
        Careless::Endorsement(one) => {
            let sections = serde_json::to_value(&one).unwrap();
            (Body::Endorsement(Box::new(one)), "endorsement-legalised", sections)
        }
    }
}

/// What somebody wrote down, whether it holds or not.
#[derive(Debug, Clone)]
enum Careless {
    Response(CustomsResponse),
    Enquiry(Enquiry),
    Reply(EnquiryReply),
    Endorsement(Endorsement),
}

impl Careless {
    fn mended(self) -> Self {
        match self {
            Self::Response(one) => Self::Response(mended_response(one)),
            Self::Enquiry(one) => Self::Enquiry(mended_enquiry(one)),
            Self::Reply(one) => Self::Reply(mended_reply(one)),
            Self::Endorsement(one) => Self::Endorsement(mended_endorsement(one)),
        }
    }
}

fn careless() -> impl Strategy<Value = Careless> {
    prop_oneof![
        3 => response().prop_map(Careless::Response),
        2 => enquiry().prop_map(Careless::Enquiry),
        2 => reply().prop_map(Careless::Reply),
        1 => endorsement().prop_map(Careless::Endorsement),
    ]
}

static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(schema::validator);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_follows_a_certificate_and_can_be_written_down_is_read_back_whole(one in careless(), random: u64) {
        let (body, _, _) = as_body(one.mended());
        let unsigned = compose(&samples::envelope("https://customs.gov.cn", 1), &body, &SeededRandom::new(random));
        let issued = unsigned.unwrap().sign(&samples::key()).unwrap();
        let opened = open_leaf(issued.jwt.as_bytes(), &issued.disclosures).unwrap();
        prop_assert_eq!(opened.completeness, Completeness::Complete);
        let read = match opened.body {
            OpenedBody::CustomsResponse(Some(read)) => Body::CustomsResponse(read),
            OpenedBody::Enquiry(Some(read)) => Body::Enquiry(read),
            OpenedBody::EnquiryReply(Some(read)) => Body::EnquiryReply(read),
            OpenedBody::Endorsement(Some(read)) => Body::Endorsement(read),
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(read, body);
        prop_assert!(VALIDATOR.is_valid(&vectors::decode(&issued.token())));
    }

    /// Otherwise an authority would sign what its partner must refuse, or be refused what it may say.
    #[test]
    fn what_is_composed_is_what_is_accepted(one in careless()) {
        let (body, sample, sections) = as_body(one);
        let composed = compose(&samples::envelope("https://customs.gov.cn", 1), &body, &SeededRandom::new(1));
        let read = hostile::refuse(&hostile::saying(sample, &sections));
        // Of the faults of one body each may find another one first.
        prop_assert_eq!(composed.is_ok(), read.is_ok(), "{:?} and {:?}", composed, read);
    }
}
