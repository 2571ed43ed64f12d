//! What becomes of a certificate after its issue.

use super::{log, verdict, world::World};
use crate::{
    certificate::Relation,
    reason::Reasoned,
    statement::{Act, OpenedBody, OpenedCertificate, Since, Status, open_leaf},
    store::{EntryRef, Store},
    time::{Clock, Date, ZoneName},
    verification::Headline,
    workflow::{CertificateName, CertificateRecord, CopyWish, Desk, Issued, ReplaceWish, StatusWish, WorkflowError},
};

fn number(issued: &Issued) -> CertificateName {
    CertificateName::Number(issued.outcome.number.clone().unwrap())
}

fn record(world: &World, entry: &EntryRef) -> CertificateRecord {
    CertificateRecord::read(world.store.as_ref(), entry).unwrap()
}

/// The footballs, of which there are fewer than was said first.
fn corrected(world: &World, nth: u16, certificate: CertificateName, brings: Option<&str>) -> ReplaceWish {
    let row = world.footballs(nth);
    let mut text = String::from_utf8(row.certificate_json).unwrap();
    text = text.replacen("Footballs, inflatable", "Footballs for training, inflatable", 1);
    if let Some(number) = brings {
        text = text.replacen("\"reference\": {", &format!("\"reference\": {{\"number\": \"{number}\","), 1);
    }
    let reason = Some("another kind was shipped".parse().unwrap());
    ReplaceWish { request_id: row.request_id, certificate, certificate_json: text.into_bytes(), reason, remarks: None }
}

fn copy(world: &World, nth: u16, certificate: CertificateName) -> CopyWish {
    let reason = Some("lost in the mail".parse().unwrap());
    CopyWish { request_id: world.request_id(nth), certificate, unused: true, reason, remarks: None }
}

async fn change(
    world: &World,
    desk: &Desk,
    nth: u16,
    certificate: &CertificateName,
    act: Act,
    items: Option<Vec<u32>>,
) -> Result<(), WorkflowError> {
    let reason = Some("a finding".parse().unwrap());
    let wish = StatusWish { certificate: certificate.clone(), act, items, reason, remarks: None };
    desk.change_status(&world.signatory, &world.request_id(nth), wish).await.map(|_| ())
}

/// Of a change that stands in the log.
fn successor(world: &World, entry: &EntryRef) -> crate::statement::StatementRef {
    let leaf = world.store.leaf(&entry.origin, entry.index).unwrap().unwrap();
    let none: &[&str] = &[];
    let OpenedBody::StatusChange(opened) = open_leaf(&leaf, none).unwrap().body else { panic!("no change of status") };
    let Act::Superseded { successor } = opened.change.act else { panic!("not superseded") };
    successor
}

fn number_of(certificate: &OpenedCertificate) -> String {
    certificate.reference.as_option().unwrap().number.to_string()
}

#[tokio::test]
async fn a_replacement_and_what_it_replaces_point_at_each_other_in_one_commit() {
    let world = World::new();
    let (desk, _) = world.desk();
    let old = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let wish = corrected(&world, 2, number(&old), None);
    let new = desk.replace(&world.signatory, wish.clone()).await.unwrap();
    // Certificate, change and the snapshot that shows it came at once: nobody ever saw one without the other.
    assert_eq!((new.outcome.entry.index, world.store.durable_size(&log())), (2, 5));
    assert_eq!(world.store.head(&log()).unwrap().head.size, 5);
    let (was, is) = (record(&world, &old.outcome.entry), record(&world, &new.outcome.entry));
    assert_eq!((was.status, is.status), (Status::Superseded, Status::Valid));
    let (past, future) = (is.history(world.store.as_ref()).unwrap(), was.history(world.store.as_ref()).unwrap());
    let before = past.predecessors.iter().map(|one| (one.relation, one.number.clone(), one.jti)).collect::<Vec<_>>();
    assert_eq!(before, [(Relation::Replaces, old.outcome.number.clone().unwrap(), Some(old.outcome.jti))]);
    let behind = &future.changes[0];
    assert_eq!((behind.successor.clone(), behind.act.word()), (new.outcome.number.clone(), "superseded"));
    assert_eq!(behind.reason, wish.reason, "why stands with it");
    assert!(past.changes.is_empty() && future.predecessors.is_empty());
    let by = successor(&world, &EntryRef { origin: log(), index: 3 });
    assert_eq!((by.log, by.jti), (log(), new.outcome.jti));
    let prior = &is.certificate.reference.as_option().unwrap().prior;
    assert_eq!((prior[0].relation, prior[0].number.to_string()), (Relation::Replaces, number_of(&was.certificate)));
    assert!(is.certificate.flags.replacement);
    let headline = |entry| verdict(&world, &desk.evidence_at(entry).unwrap()).headline;
    assert_eq!(headline(&old.outcome.entry), Headline::Superseded);
    assert_eq!(headline(&new.outcome.entry), Headline::Valid);
    // The same request has the same answer, though the old one could not be replaced again.
    assert_eq!(desk.replace(&world.signatory, wish).await.unwrap().outcome, new.outcome);
    assert_eq!(world.store.durable_size(&log()), 5);
}

#[tokio::test]
async fn what_cannot_be_issued_replaces_nothing() {
    let world = World::new();
    let (desk, _) = world.desk();
    let old = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let taken = old.outcome.number.clone().unwrap();
    let refused = desk.replace(&world.signatory, corrected(&world, 2, number(&old), Some(&taken))).await.unwrap_err();
    assert_eq!(refused.reason(), "NUMBER_TAKEN");
    let unknown = CertificateName::Number("PK-CN-2026-LHE-999999".to_owned());
    let refused = desk.replace(&world.signatory, corrected(&world, 3, unknown, None)).await.unwrap_err();
    assert_eq!(refused.reason(), "CERTIFICATE_UNKNOWN");
    // Its key may not speak of it any more: neither the new one nor the end of the old one is signed.
    world.narrow_key("NONPREF");
    let refused = desk.replace(&world.signatory, corrected(&world, 4, number(&old), None)).await.unwrap_err();
    assert_eq!(refused.reason(), "REPLICA_CHECK_FAILED");
    assert_eq!((record(&world, &old.outcome.entry).status, world.store.durable_size(&log())), (Status::Valid, 2));
}

#[tokio::test]
async fn only_what_stands_is_replaced_or_copied_and_only_once() {
    let world = World::new();
    let (desk, _) = world.desk();
    let old = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let name = number(&old);
    change(&world, &desk, 2, &name, Act::Suspended, None).await.unwrap();
    let replaced = desk.replace(&world.signatory, corrected(&world, 3, name.clone(), None)).await.unwrap_err();
    let copied = desk.true_copy(&world.signatory, copy(&world, 4, name.clone())).await.unwrap_err();
    assert_eq!((replaced.reason(), copied.reason()), ("STATUS_FORBIDS", "STATUS_FORBIDS"));
    assert_eq!(copied.to_string(), "the certificate is suspended; it cannot be copied");
    change(&world, &desk, 5, &name, Act::Reinstated, None).await.unwrap();
    // Two at once: one of them is first.
    let (one, two) = tokio::join!(
        desk.replace(&world.signatory, corrected(&world, 6, name.clone(), None)),
        desk.true_copy(&world.signatory, copy(&world, 7, name.clone())),
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let refused = one.err().or(two.err()).unwrap();
    assert_eq!(refused.reason(), "STATUS_FORBIDS");
    // The authority may find at any time that it should never have been.
    change(&world, &desk, 8, &name, Act::Withdrawn { since: Since::Issue }, None).await.unwrap();
    assert_eq!(record(&world, &old.outcome.entry).status, Status::Withdrawn);
}

#[tokio::test]
async fn a_true_copy_says_what_the_original_says_with_its_date() {
    let world = World::new();
    let (desk, _) = world.desk();
    let original = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    // Three weeks on the goods have long left: a new certificate would be issued after departure, a copy is not.
    let later = world.clock.now() + jiff::SignedDuration::from_hours(21 * 24);
    world.clock.set(later);
    let copied = desk.true_copy(&world.signatory, copy(&world, 2, number(&original))).await.unwrap();
    assert_ne!(copied.outcome.number, original.outcome.number);
    let (first, second) = (record(&world, &original.outcome.entry), record(&world, &copied.outcome.entry));
    assert_eq!((first.status, second.status), (Status::Superseded, Status::Valid));
    let (first, second) = (first.certificate.to_certificate().unwrap(), second.certificate.to_certificate().unwrap());
    assert_eq!(second.reference.issued_on, first.reference.issued_on);
    assert_eq!(copied.outcome.day, original.outcome.day);
    assert_eq!((second.valid_from, second.valid_until), (first.valid_from, first.valid_until));
    assert_eq!(
        (&second.goods, &second.exporter, &second.commercial),
        (&first.goods, &first.exporter, &first.commercial)
    );
    assert!(second.flags.true_copy && !second.flags.retrospective);
    let words = second.remarks.unwrap().endorsements;
    assert!(words.iter().any(|one| one.text.as_str() == "CERTIFIED TRUE COPY"), "{words:?}");
    let prior = &second.reference.prior[0];
    assert_eq!((prior.relation, &prior.number), (Relation::TrueCopyOf, &first.reference.number));
    let judged = verdict(&world, &desk.evidence_at(&copied.outcome.entry).unwrap());
    assert_eq!(judged.headline, Headline::Valid, "{}", judged.to_json());
}

async fn two_items(world: &World, desk: &Desk) -> Issued {
    desk.issue(&world.signatory, &world.tea_and_coffee(1)).await.unwrap()
}

#[tokio::test]
async fn some_items_lose_their_force_and_the_rest_keep_theirs() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = two_items(&world, &desk).await;
    let (name, entry) = (number(&issued), &issued.outcome.entry);
    let withdrawn = Act::Withdrawn { since: Since::Issue };
    let headline = || verdict(&world, &desk.evidence_at(entry).unwrap()).headline;
    let refused = change(&world, &desk, 2, &name, withdrawn.clone(), Some(vec![7])).await.unwrap_err();
    assert_eq!(refused.reason(), "ITEM_UNKNOWN");
    change(&world, &desk, 3, &name, withdrawn.clone(), Some(vec![2])).await.unwrap();
    assert_eq!((record(&world, entry).status, headline()), (Status::InPart, Headline::ValidInPart));
    let refused = change(&world, &desk, 4, &name, Act::Suspended, Some(vec![1, 2])).await.unwrap_err();
    assert_eq!(refused.to_string(), "item 2 of the certificate is withdrawn; it cannot be suspended");
    // What a suspension of the whole covered comes back with its end, and no more than that.
    change(&world, &desk, 5, &name, Act::Suspended, None).await.unwrap();
    assert_eq!(headline(), Headline::SuspendedByIssuer);
    change(&world, &desk, 6, &name, Act::Reinstated, None).await.unwrap();
    assert_eq!((record(&world, entry).status, headline()), (Status::InPart, Headline::ValidInPart));
    // What stands in part can be replaced by what is left of it, and is never copied.
    let refused = desk.true_copy(&world.signatory, copy(&world, 7, name)).await.unwrap_err();
    assert_eq!(refused.reason(), "STATUS_FORBIDS");
}

fn said(error: &WorkflowError) -> Vec<(String, String)> {
    let WorkflowError::RulesRefuse(findings) = error else { panic!("{error}") };
    let errors = findings.0.iter().filter(|one| one.severity == crate::certificate::Severity::Error);
    errors.map(|one| (one.rule.clone(), one.path.clone())).collect()
}

/// A replacement of the footballs, changed so.
fn changed(world: &World, nth: u16, certificate: CertificateName, by: impl Fn(&mut serde_json::Value)) -> ReplaceWish {
    let wish = corrected(world, nth, certificate, None);
    let mut json: serde_json::Value = serde_json::from_slice(&wish.certificate_json).unwrap();
    by(&mut json);
    ReplaceWish { certificate_json: json.to_string().into_bytes(), ..wish }
}

#[tokio::test]
async fn a_replacement_mends_a_certificate_and_brings_in_neither_another_exporter_nor_other_goods() {
    let world = World::new();
    let (desk, _) = world.desk();
    let old = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let another = changed(&world, 2, number(&old), |json| {
        json["exporter"]["party"]["name"] = "Somebody Else".into();
        json["exporter"]["party"]["ids"] = serde_json::json!([{"scheme": "NTN", "number": "7777777-7"}]);
        json["exporter"]["registration"] = serde_json::Value::Null;
    });
    let refused = desk.replace(&world.signatory, another).await.unwrap_err();
    assert_eq!(said(&refused), [("REPLACEMENT_EXPORTER".to_owned(), "exporter.party".to_owned())]);
    let nameless = changed(&world, 3, number(&old), |json| {
        json["exporter"]["party"]["name"] = "Somebody Else".into();
        json["exporter"]["party"]["ids"] = serde_json::json!([]);
        json["exporter"]["registration"] = serde_json::Value::Null;
    });
    let refused = desk.replace(&world.signatory, nameless).await.unwrap_err();
    assert!(said(&refused).iter().any(|(rule, _)| rule == "REPLACEMENT_EXPORTER"), "{refused}");
    let cars = changed(&world, 4, number(&old), |json| json["goods"]["items"][0]["hs"]["code"] = "870323".into());
    let refused = desk.replace(&world.signatory, cars).await.unwrap_err();
    assert!(said(&refused).iter().any(|(rule, _)| rule == "REPLACEMENT_GOODS"), "{refused}");
    assert_eq!(record(&world, &old.outcome.entry).status, Status::Valid);
    // What is mended is told to the signatory.
    let mended = changed(&world, 5, number(&old), |json| {
        json["goods"]["items"][0]["hs"]["code"] = "950669".into();
        json["goods"]["items"][0]["gross_weight"]["value"] = "8000".into();
        json["goods"]["totals"] = serde_json::Value::Null;
    });
    let issued = desk.replace(&world.signatory, mended).await.unwrap();
    let told = issued.warnings.0.iter().filter(|one| one.rule == "REPLACEMENT_CHANGES").collect::<Vec<_>>();
    let paths = told.iter().map(|one| one.path.as_str()).collect::<Vec<_>>();
    assert_eq!(paths, ["goods.items[0].description", "goods.items[0].hs.code", "goods.items[0].gross_weight"]);
    assert_eq!(told[2].message, "item 1 says 8000 KGM, and it said 8190 KGM");
}

#[tokio::test]
async fn nothing_is_withdrawn_from_a_day_before_it_was_issued_or_from_one_to_come() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let day: Date = ZoneName::new("Asia/Karachi").unwrap().date_at(world.clock.now());
    let since = |day| Act::Withdrawn { since: Since::Date(day) };
    let early = since(day.yesterday().unwrap());
    let refused = change(&world, &desk, 2, &number(&issued), early, None).await.unwrap_err();
    assert_eq!(refused.reason(), "WITHDRAWN_BEFORE_ISSUE");
    assert!(refused.to_string().contains(&day.to_string()), "{refused}");
    let ahead = since(day.tomorrow().unwrap());
    let refused = change(&world, &desk, 3, &number(&issued), ahead, None).await.unwrap_err();
    assert_eq!(refused.reason(), "WITHDRAWN_AFTER_TODAY");
    assert!(refused.to_string().contains(&day.to_string()), "{refused}");
    change(&world, &desk, 4, &number(&issued), since(day), None).await.unwrap();
    assert_eq!(record(&world, &issued.outcome.entry).status, Status::Withdrawn);
}

#[tokio::test]
async fn what_is_withdrawn_is_withdrawn_again_only_from_an_earlier_day() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let day: Date = ZoneName::new("Asia/Karachi").unwrap().date_at(world.clock.now());
    world.clock.set(world.clock.now() + jiff::SignedDuration::from_hours(24));
    let late = Act::Withdrawn { since: Since::Date(day.tomorrow().unwrap()) };
    let name = number(&issued);
    let withdraw = |nth, act: &Act| change(&world, &desk, nth, &name, act.clone(), None);
    withdraw(2, &late).await.unwrap();
    withdraw(2, &late).await.expect("the same request has the same answer");
    let refused = withdraw(3, &late).await.unwrap_err();
    assert_eq!(refused.reason(), "STATUS_FORBIDS");
    assert!(refused.to_string().contains("only an earlier day"), "{refused}");
    let never = Act::Withdrawn { since: Since::Issue };
    withdraw(4, &never).await.unwrap();
    for again in [&late, &never] {
        assert_eq!(withdraw(5, again).await.unwrap_err().reason(), "STATUS_FORBIDS");
    }
}

#[tokio::test]
async fn an_item_is_withdrawn_again_only_from_an_earlier_day() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = two_items(&world, &desk).await;
    let day: Date = ZoneName::new("Asia/Karachi").unwrap().date_at(world.clock.now());
    world.clock.set(world.clock.now() + jiff::SignedDuration::from_hours(24));
    let (first, never) = (Act::Withdrawn { since: Since::Date(day) }, Act::Withdrawn { since: Since::Issue });
    let later = Act::Withdrawn { since: Since::Date(day.tomorrow().unwrap()) };
    let name = number(&issued);
    let withdraw = |nth, act: &Act, items: &[u32]| change(&world, &desk, nth, &name, act.clone(), Some(items.to_vec()));
    withdraw(2, &first, &[1]).await.unwrap();
    withdraw(2, &first, &[1]).await.expect("the same request has the same answer");
    for (nth, again, items) in [(3, &first, &[1][..]), (4, &later, &[1][..]), (5, &later, &[1, 2][..])] {
        assert_eq!(withdraw(nth, again, items).await.unwrap_err().reason(), "ITEM_STATUS_FORBIDS");
    }
    withdraw(6, &later, &[2]).await.unwrap();
    withdraw(7, &never, &[1]).await.unwrap();
    assert_eq!(withdraw(8, &first, &[1]).await.unwrap_err().reason(), "ITEM_STATUS_FORBIDS");
}
