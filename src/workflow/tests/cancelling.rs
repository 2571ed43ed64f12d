//! A holder's wish to cancel counts once, when it may.

use super::world::World;
use crate::{
    certificate::Particulars,
    log::Origin,
    reason::Reasoned,
    sequencer::is_held,
    statement::{Act, OpenedBody, Since, Status, open_leaf},
    store::Store,
    time::Clock,
    workflow::{
        CancelWish, Cancelled, CertificateName, CertificateRecord, Desk, IssueRow, Issued, ReplaceWish, Settlement,
        StatusWish, WorkflowError,
    },
};

const DAY: i64 = 24;

/// The log of the certificates whose addressee has a node.
fn log() -> Origin {
    "tdap.gov.pk/log/2026/customs.gov.cn".parse().unwrap()
}

fn name(issued: &Issued) -> CertificateName {
    CertificateName::Number(issued.outcome.number.clone().unwrap())
}

fn wish(world: &World, nth: u16, certificate: CertificateName) -> CancelWish {
    let reason = Some("not shipped".parse().unwrap());
    CancelWish { request_id: world.request_id(nth), certificate, unused: true, reason, remarks: None }
}

async fn asked(world: &World, desk: &Desk, nth: u16, certificate: CertificateName) -> String {
    match desk.cancel(&world.signatory, wish(world, nth, certificate)).await.unwrap() {
        Cancelled::Asked(wish) => wish.objection_until.map(|date| date.to_string()).unwrap_or_default(),
        Cancelled::Now(outcome) => panic!("it counts at once: {outcome:?}"),
    }
}

fn record(world: &World, issued: &Issued) -> CertificateRecord {
    CertificateRecord::read(world.store.as_ref(), &issued.outcome.entry).unwrap()
}

/// The changes of status that the log says.
fn changes(world: &World) -> usize {
    let leaves = (0..world.store.durable_size(&log())).map(|index| world.store.leaf(&log(), index).unwrap().unwrap());
    leaves.filter(|leaf| matches!(open_leaf(leaf, &[""; 0]).unwrap().body, OpenedBody::StatusChange(_))).count()
}

fn later(world: &World, days: i64) {
    world.clock.set(world.clock.now() + jiff::SignedDuration::from_hours(days * DAY));
}

async fn settle(world: &World, desk: &Desk, nth: u16, issued: &Issued, how: Settlement) -> Result<(), WorkflowError> {
    let request = world.request_id(nth);
    let letter = (how != Settlement::TakenBack).then(|| "GACC letter 77".parse().unwrap());
    desk.settle_cancellation(&world.signatory, &request, name(issued), how, letter).await.map(|_| ())
}

#[tokio::test]
async fn a_wish_counts_once_when_the_days_to_object_are_over_whatever_stops_in_between() {
    let mut world = World::new();
    world.cancelled_by(
        "objection = { value = { length = 7, unit = \"days\" }, article = \"Rule 7\", confirmed = true }",
    );
    let _china = world.with_customs();
    let (desk, sequencer) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let size = world.store.durable_size(&log());
    let first = wish(&world, 2, name(&issued));
    let answer = desk.cancel(&world.signatory, first.clone()).await.unwrap();
    let Cancelled::Asked(waits) = &answer else { panic!("{answer:?}") };
    assert_eq!(waits.objection_until.unwrap().to_string(), "2026-11-29");
    // It is workflow as yet: nothing is said in the log, and the certificate stands.
    assert_eq!((record(&world, &issued).status, world.store.durable_size(&log())), (Status::Valid, size));
    assert!(record(&world, &issued).cancellation.is_some());
    assert_eq!(
        desk.cancel(&world.signatory, first.clone()).await.unwrap(),
        answer,
        "the same request, the same answer"
    );
    let again = desk.cancel(&world.signatory, wish(&world, 3, name(&issued))).await.unwrap_err();
    assert_eq!(again.reason(), "CANCELLATION_ASKED");
    later(&world, 7);
    assert_eq!(desk.tend_cancellations().await.unwrap(), 0, "the last day is theirs");
    sequencer.close();
    later(&world, 1);
    let (desk, sequencer) = world.desk();
    let (one, two) = tokio::join!(desk.tend_cancellations(), desk.tend_cancellations());
    assert!(one.unwrap() + two.unwrap() > 0);
    assert_eq!(changes(&world), 1);
    assert_eq!(record(&world, &issued).status, Status::Cancelled);
    assert!(record(&world, &issued).cancellation.is_none());
    sequencer.close();
    let (desk, _) = world.desk();
    assert_eq!(desk.tend_cancellations().await.unwrap(), 0);
    assert_eq!(changes(&world), 1);
    assert!(desk.cancellations(&world.signatory, "", 50).unwrap().0.is_empty());
}

#[tokio::test]
async fn where_the_days_are_not_known_only_customs_agreement_ends_the_wait() {
    let world = World::new();
    let _china = world.with_customs();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let refused = settle(&world, &desk, 2, &issued, Settlement::Agreed).await.unwrap_err();
    assert_eq!(refused.reason(), "CANCELLATION_NOT_ASKED");
    assert_eq!(asked(&world, &desk, 3, name(&issued)).await, "");
    later(&world, 300);
    assert_eq!(desk.tend_cancellations().await.unwrap(), 0);
    // Objected to, or taken back, it stands, and can be asked for again.
    settle(&world, &desk, 4, &issued, Settlement::Objected).await.unwrap();
    assert_eq!(asked(&world, &desk, 5, name(&issued)).await, "");
    settle(&world, &desk, 6, &issued, Settlement::TakenBack).await.unwrap();
    settle(&world, &desk, 6, &issued, Settlement::TakenBack).await.unwrap();
    assert_eq!(record(&world, &issued).status, Status::Valid);
    assert_eq!(asked(&world, &desk, 7, name(&issued)).await, "");
    settle(&world, &desk, 8, &issued, Settlement::Agreed).await.unwrap();
    assert_eq!(record(&world, &issued).status, Status::Cancelled);
    // The same request has its answer, though there is nothing to agree to any more.
    settle(&world, &desk, 8, &issued, Settlement::Agreed).await.unwrap();
    let reused = settle(&world, &desk, 8, &issued, Settlement::Objected).await.unwrap_err();
    assert_eq!(reused.reason(), "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn a_wish_that_was_overtaken_is_over_and_changes_nothing() {
    let mut world = World::new();
    world.cancelled_by(
        "objection = { value = { length = 5, unit = \"working_days\" }, article = \"Rule 7\", confirmed = true }",
    );
    let _china = world.with_customs();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    // From Sunday, 22 November: Monday to Friday.
    assert_eq!(asked(&world, &desk, 2, name(&issued)).await, "2026-11-27");
    let change = StatusWish {
        certificate: name(&issued),
        act: Act::Withdrawn { since: Since::Issue },
        items: None,
        reason: None,
        remarks: None,
    };
    desk.change_status(&world.signatory, &world.request_id(3), change).await.unwrap();
    later(&world, 6);
    assert_eq!(desk.tend_cancellations().await.unwrap(), 0);
    let record = record(&world, &issued);
    assert_eq!((record.status, record.cancellation), (Status::Withdrawn, None));
}

#[tokio::test]
async fn a_wish_is_over_when_another_certificate_takes_the_place() {
    let world = World::new();
    let _china = world.with_customs();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    assert_eq!(asked(&world, &desk, 2, name(&issued)).await, "");
    let IssueRow { request_id, certificate_json } = world.footballs(3);
    let certificate = name(&issued);
    let replace = ReplaceWish { request_id, certificate, certificate_json, reason: None, remarks: None };
    desk.replace(&world.signatory, replace).await.unwrap();
    let record = record(&world, &issued);
    assert_eq!((record.status, record.cancellation), (Status::Superseded, None));
    assert!(desk.cancellations(&world.signatory, "", 50).unwrap().0.is_empty());
}

#[tokio::test]
async fn it_counts_at_once_where_nobody_is_asked_and_is_for_what_was_not_used() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let silent = CancelWish { unused: false, ..wish(&world, 2, name(&issued)) };
    assert_eq!(desk.cancel(&world.signatory, silent).await.unwrap_err().reason(), "UNUSED_NOT_DECLARED");
    let wished = wish(&world, 3, name(&issued));
    let first = desk.cancel(&world.signatory, wished.clone()).await.unwrap();
    assert!(matches!(first, Cancelled::Now(_)), "its addressee has no node: {first:?}");
    assert_eq!(desk.cancel(&world.signatory, wished).await.unwrap(), first);
    let again = desk.cancel(&world.signatory, wish(&world, 4, name(&issued))).await.unwrap_err();
    assert_eq!(again.reason(), "STATUS_FORBIDS");
}

#[tokio::test]
async fn an_agreement_may_have_none_cancelled_or_all_at_once() {
    let mut world = World::new();
    world.cancelled_by("objection = { value = \"none\", article = \"Rule 7\", confirmed = true }");
    let _china = world.with_customs();
    let (desk, sequencer) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    assert!(matches!(desk.cancel(&world.signatory, wish(&world, 2, name(&issued))).await, Ok(Cancelled::Now(_))));
    let other = desk.issue(&world.signatory, &world.footballs(3)).await.unwrap();
    sequencer.close();
    world.cancelled_by("allowed = { value = false, article = \"Rule 8\", confirmed = true }");
    let (desk, _) = world.desk();
    let refused = desk.cancel(&world.signatory, wish(&world, 4, name(&other))).await.unwrap_err();
    let WorkflowError::RulesRefuse(findings) = refused else { panic!("{refused}") };
    assert_eq!(findings.0[0].article.as_deref(), Some("Rule 8"));
}

/// Footballs whose holder has yet to consent to their being sent.
fn held(world: &World, nth: u16) -> IssueRow {
    let row = world.footballs(nth);
    let text = String::from_utf8(row.certificate_json).unwrap();
    let text = text.replacen("\"application\": {", "\"application\": {\"hold\": true, ", 1);
    assert!(Particulars::from_json(text.as_bytes()).unwrap().application.unwrap().hold);
    IssueRow { certificate_json: text.into_bytes(), ..row }
}

#[tokio::test]
async fn a_consent_lets_what_was_held_be_sent_and_makes_news_of_the_log() {
    let world = World::new();
    let _china = world.with_customs();
    let (desk, sequencer) = world.desk();
    let issued = desk.issue(&world.signatory, &held(&world, 1)).await.unwrap();
    let sent = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap();
    sequencer.close();
    let (desk, _) = world.desk();
    let is_held = |issued: &Issued| is_held(world.store.as_ref(), &issued.outcome.entry).unwrap();
    assert_eq!((is_held(&issued), is_held(&sent), record(&world, &issued).held), (true, false, true));
    let size = world.store.head(&log()).unwrap().head.size;
    let request = world.request_id(3);
    let released = desk.release(&world.signatory, &request, name(&issued)).await.unwrap();
    assert!(!is_held(&issued));
    // Who waits for news of the log has some.
    assert_eq!(world.store.head(&log()).unwrap().head.size, size + 1);
    assert_eq!(desk.release(&world.signatory, &request, name(&issued)).await.unwrap(), released);
    let again = desk.release(&world.signatory, &world.request_id(4), name(&issued)).await.unwrap_err();
    assert_eq!(again.reason(), "NOT_HELD");
}

#[tokio::test]
async fn what_was_never_sent_is_cancelled_without_asking_and_what_takes_its_place_is_held_too() {
    let world = World::new();
    let _china = world.with_customs();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &held(&world, 1)).await.unwrap();
    let copy = crate::workflow::CopyWish {
        request_id: world.request_id(2),
        certificate: name(&issued),
        unused: true,
        reason: None,
        remarks: None,
    };
    let copied = desk.true_copy(&world.signatory, copy).await.unwrap();
    assert!(is_held(world.store.as_ref(), &copied.outcome.entry).unwrap());
    let cancelled = desk.cancel(&world.signatory, wish(&world, 3, name(&copied))).await.unwrap();
    assert!(matches!(cancelled, Cancelled::Now(_)), "{cancelled:?}");
}

#[tokio::test]
async fn nobody_says_for_customs_of_another_country_that_they_agreed_without_showing_where() {
    let world = World::new();
    let _china = world.with_customs();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    asked(&world, &desk, 2, name(&issued)).await;
    for (nth, how) in [(3, Settlement::Agreed), (4, Settlement::Objected)] {
        let request = world.request_id(nth);
        let refused = desk.settle_cancellation(&world.signatory, &request, name(&issued), how, None).await.unwrap_err();
        assert_eq!(refused.reason(), "REFERENCE_NEEDED", "{how:?}");
    }
    assert!(record(&world, &issued).cancellation.is_some());
    settle(&world, &desk, 5, &issued, Settlement::Agreed).await.unwrap();
    let rows = world.store.audit(0, 100).unwrap();
    let told = rows.iter().map(|row| String::from_utf8(row.row.clone()).unwrap()).collect::<String>();
    assert!(told.contains("by GACC letter 77"), "{told}");
}
