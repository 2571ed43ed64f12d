//! A key that somebody else may have: nothing is signed with it, and what it signed since counts as the list says.

use super::{log, verdict, world::World};
use crate::{
    log::Origin,
    office::AuditEvent,
    reason::Reasoned,
    sequencer::{
        Closing, Recalled, Standing,
        marks::{Known, Mark},
        stopped::{End, Stopped},
    },
    statement::{Act, Jti, KeyAct, OpenedBody, Status},
    store::{Batch, Store},
    time::{Clock, Timestamp},
    verification::{CheckedEntry, EntryFault, Headline, StatusPlace, StatusView, check_entry},
    workflow::{
        CancelWish, Cancelled, CertificateName, CertificateRecord, CertificatesAsked, Desk, Issued, ReplaceWish,
        Settlement, Stands, StatusWish, WorkflowError, stays_in_force,
    },
};
use std::{collections::BTreeMap, time::Duration};

fn name(issued: &Issued) -> CertificateName {
    CertificateName::Jti(issued.outcome.jti)
}

async fn change(world: &World, desk: &Desk, nth: u16, issued: &Issued, act: Act) -> Result<(), WorkflowError> {
    let reason = Some("a finding".parse().unwrap());
    let wish = StatusWish { certificate: name(issued), act, items: None, reason, remarks: None };
    desk.change_status(&world.signatory, &world.request_id(nth), wish).await.map(|_| ())
}

/// As it is.
fn anew(world: &World, nth: u16, issued: &Issued) -> ReplaceWish {
    let (request_id, certificate) = (world.request_id(nth), name(issued));
    let reason = Some("the key that signed it is closed".parse().unwrap());
    ReplaceWish { request_id, certificate, certificate_json: Vec::new(), reason, remarks: None }
}

fn sizes(ends: &[End]) -> Vec<(Origin, u64)> {
    ends.iter().map(|end| (end.origin.clone(), end.known.size())).collect()
}

/// What a replica that holds the log under this list finds, by index.
fn findings(world: &World) -> Vec<(u64, &'static str)> {
    let trust = world.trust.load_full();
    let (mut view, mut places, mut found) = (StatusView::new(log()), BTreeMap::<Jti, StatusPlace>::new(), Vec::new());
    for index in 0..world.store.head(&log()).unwrap().head.size {
        let leaf = world.store.leaf(&log(), index).unwrap().unwrap();
        let mut remember =
            |entry: &CheckedEntry| places.extend(entry.status_place().map(|at| (entry.envelope.jti, at)));
        let fault = match check_entry(&leaf, None, &log(), index, &trust) {
            Ok(entry) => {
                remember(&entry);
                view.admit(&entry, |jti| places.get(jti).copied()).err()
            }
            Err(EntryFault::KeyClosed { why, entry }) => {
                remember(&entry);
                view.pass(&entry);
                Some(EntryFault::KeyClosed { why, entry })
            }
            Err(fault) => {
                view.skip();
                Some(fault)
            }
        };
        found.extend(fault.map(|fault| (index, fault.reason())));
    }
    found
}

/// What the audit record has of the operator; each row of it can be read.
fn operators_words(world: &World) -> Vec<AuditEvent> {
    let rows = world.store.audit(0, 1_000).unwrap();
    let events = rows.iter().map(|row| AuditEvent::read(&row.row).unwrap());
    events.filter(|event| event.by == "operator" && event.result == "done").collect()
}

#[tokio::test]
async fn an_operators_word_on_a_log_is_a_row_with_by_action_object_and_result_like_any_other() {
    let world = World::new();
    let _ = world.witnessed();
    let (_, sequencer) = world.desk();
    assert!(sequencer.go_on(&log(), world.clock.now()).unwrap());
    let told = operators_words(&world);
    let told = told.iter().map(|event| (event.action.as_str(), event.object.as_str())).collect::<Vec<_>>();
    assert_eq!(told, [("go_on", log().as_str())]);
}

#[tokio::test]
async fn nothing_is_signed_with_a_key_that_was_stopped_not_even_after_a_restart() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let key = world.statement_kid();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let now = world.clock.now();
    // Who only asks stops nothing. The log asks nobody to cosign it: its own hours say what was there before.
    let hours = |hours: i64| Timestamp::from_second(now.as_second() + hours * 3_600).unwrap();
    assert_eq!(sizes(&desk.stop_key(key.clone(), now, true).await.unwrap()), [(log(), 0)]);
    assert_eq!(sizes(&desk.stop_key(key.clone(), hours(1), true).await.unwrap()), [(log(), 2)]);
    let second = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap();
    let unknown = desk.stop_key("nobody".parse().unwrap(), now, false).await.unwrap_err();
    assert_eq!(unknown.reason(), "KEY_NOT_LISTED");

    let ends = desk.stop_key(key.clone(), now, false).await.unwrap();
    let refused = desk.issue(&world.signatory, &world.footballs(3)).await.unwrap_err();
    assert_eq!(refused.reason(), "SIGNING_KEY_CLOSED");
    assert_eq!(change(&world, &desk, 4, &second, Act::Suspended).await.unwrap_err().reason(), "SIGNING_KEY_CLOSED");
    // What was done has its answer all the same, and saying it again changes nothing.
    assert_eq!(desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome, second.outcome);
    assert_eq!(desk.stop_key(key.clone(), now, false).await.unwrap(), ends);
    let told = operators_words(&world);
    let told = told.iter().map(|event| (event.action.as_str(), event.object.as_str())).collect::<Vec<_>>();
    assert_eq!(told, [("stop_key", key.as_str())]);
    let page = desk.signed_past(&key, &sizes(&ends), None, 2).unwrap();
    assert_eq!((page.entries.len(), page.next.clone()), (2, Some((log(), 2))));
    let rest = desk.signed_past(&key, &sizes(&ends), page.next.as_ref(), 500).unwrap();
    assert_eq!(rest.entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), [2]);
    assert!(rest.next.is_none() && !rest.entries.iter().any(stays_in_force));
    // Each certificate is listed with the civil day of issue that it bears, and not with that of UTC.
    let bears = |entry: &CheckedEntry| match &entry.body {
        OpenedBody::Certificate(certificate) => certificate.reference.as_option().map(|reference| reference.issued_on),
        _ => None,
    };
    assert!(rest.entries.iter().all(|entry| bears(entry).is_some()));
    sequencer.close();

    let size = world.store.durable_size(&log());
    world.clock.set(world.clock.now() + Duration::from_hours(5));
    let (desk, sequencer) = world.desk();
    let refused = desk.issue(&world.signatory, &world.footballs(5)).await.unwrap_err();
    assert_eq!(refused.reason(), "SIGNING_KEY_CLOSED");
    sequencer.close();
    assert_eq!(world.store.durable_size(&log()), size, "not even a snapshot by the clock");
}

#[tokio::test]
async fn a_log_that_came_back_once_its_key_was_stopped_is_one_to_close_it_in() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let (kid, now) = (world.statement_kid(), world.clock.now());
    let stopped = Stopped { kid: kid.clone(), suspected_since: now.as_second(), at_ms: 0, ends: Vec::new() };
    world.store.commit(Batch { state: vec![stopped.put()], ..Batch::default() }).unwrap();
    assert_eq!(sizes(&desk.stop_key(kid, now, false).await.unwrap()), [(log(), 0)]);
    sequencer.close();
}

#[tokio::test]
async fn a_log_that_was_lost_for_good_is_one_to_close_a_key_in_though_nothing_of_it_is_here() {
    let world = World::new();
    let lost = Closing { size: 0, signed: 14, note: String::new() };
    world.store.commit(Batch { state: vec![lost.put(&log())], ..Batch::default() }).unwrap();
    let (desk, sequencer) = world.desk();
    assert!(world.store.logs().is_empty());
    let (kid, now) = (world.statement_kid(), world.clock.now());
    for only_ask in [true, false] {
        assert_eq!(sizes(&desk.stop_key(kid.clone(), now, only_ask).await.unwrap()), [(log(), 0)]);
    }
    assert_eq!(desk.signed_for(), BTreeMap::from([(log(), 14)]));
    assert!(desk.lost_before(&log(), now).unwrap());
    // What stands in it cannot be listed here, and asking for it is no error.
    let page = desk.signed_past(&kid, &[(log(), 9)], None, 500).unwrap();
    assert!(page.entries.is_empty() && page.next.is_none());
    sequencer.close();
}

#[tokio::test]
async fn what_partners_had_cosigned_of_lost_entries_is_unknown_unless_all_of_them_were_made_since() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let size = world.store.durable_size(&log());
    let now = world.clock.now();
    let lost_before = |hours: i64| {
        let since = Timestamp::from_second(now.as_second() + hours * 3_600).unwrap();
        desk.lost_before(&log(), since).unwrap()
    };
    // Entries that are not here come after the last that is.
    assert_eq!([-1, 1].map(lost_before), [false, true]);
    assert!(desk.signed_for().is_empty());
    let (told, gate) = ("node.gacc.gov.cn".parse().unwrap(), sequencer.gate());
    gate.settle(&log(), Standing::Behind { held: size, signed: size + 7, told });
    assert_eq!(desk.signed_for(), BTreeMap::from([(log(), size + 7)]));
    gate.settle(&log(), Standing::Closed(Closing { size, signed: size + 9, note: String::new() }));
    assert_eq!(desk.signed_for(), BTreeMap::from([(log(), size + 9)]));
    // What the trust list leaves of it is all that counts.
    world.close_log(&log(), size);
    assert_eq!(desk.signed_for(), BTreeMap::from([(log(), size)]));
    sequencer.close();
}

#[tokio::test]
async fn where_the_marks_are_of_after_a_loss_it_is_known_that_a_closing_may_lie_too_early() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    sequencer.close();
    let now = world.clock.now();
    let since = |known, hours: i64| {
        let suspected = Timestamp::from_second(now.as_second() + hours * 3_600).unwrap();
        desk.marks_since(&End { origin: log(), known }, suspected).unwrap()
    };
    assert_eq!(since(Known::Nothing, 1), None, "nothing was lost");
    let at_ms = u64::try_from(now.as_millisecond()).unwrap();
    let recalled = Recalled { from: 0, end: 2, at_ms, numbers_unknown: false };
    world.store.commit(Batch { state: vec![recalled.put(&log())], ..Batch::default() }).unwrap();
    let mark = |at| Known::Cosigned(Mark { at, size: 2 });
    let began = Timestamp::from_second(now.as_second()).ok();
    assert_eq!([Known::Nothing, mark(now.as_second() - 1)].map(|known| since(known, 1)), [began; 2]);
    assert_eq!([Known::OwnRecord(2), mark(now.as_second())].map(|known| since(known, 1)), [None; 2]);
    assert_eq!(since(Known::Nothing, -1), None, "what was lost was made later");
}

#[tokio::test]
async fn a_closing_has_the_status_follow_from_what_counts_and_what_it_hits_is_issued_anew() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let old = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let hit = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap();
    assert_eq!((old.outcome.entry.index, hit.outcome.entry.index), (1, 2));
    // Entries 3 to 6: a suspension and its end, each with its snapshot.
    change(&world, &desk, 3, &old, Act::Suspended).await.unwrap();
    change(&world, &desk, 4, &old, Act::Reinstated).await.unwrap();
    let key = world.statement_kid();
    desk.stop_key(key.clone(), world.clock.now(), false).await.unwrap();
    world.revoke(&[(log(), 2)]);
    sequencer.close();

    let (desk, sequencer) = world.desk();
    let new = desk.replace(&world.signatory, anew(&world, 5, &hit)).await.unwrap();
    let fell = [2, 4, 5, 6].map(|index| (index, "ENTRY_KEY_CLOSED"));
    assert_eq!(findings(&world), fell, "and nothing that is signed since");
    let record = |issued: &Issued| CertificateRecord::read(world.store.as_ref(), &issued.outcome.entry).unwrap();
    assert_eq!(record(&old).status, Status::Suspended, "what gave it back does not count");
    assert_eq!((record(&hit).status, record(&new).status), (Status::Superseded, Status::Valid));
    let why = [&old, &hit, &new].map(|issued| desk.key_closed(&record(issued)));
    assert!(why[0].is_none() && why[2].is_none(), "{why:?}");
    assert!(why[1].as_ref().is_some_and(|why| why.contains("counts only below entry 2")), "{why:?}");
    let says = |issued: &Issued| record(issued).certificate.to_certificate().unwrap().goods;
    assert_eq!(says(&new), says(&hit));
    let headline = |issued: &Issued| verdict(&world, &desk.evidence_at(&issued.outcome.entry).unwrap()).headline;
    assert_eq!(headline(&old), Headline::SuspendedByIssuer);
    assert_eq!(headline(&hit), Headline::KeyClosed);
    assert_eq!(headline(&new), Headline::Valid);
    // The bundle proves what took its place: nobody has to be asked for that.
    let next = verdict(&world, &desk.evidence_at(&hit.outcome.entry).unwrap()).next.unwrap();
    assert!(next.starts_with(&format!("The certificate {} in ", new.outcome.jti)), "{next}");
    // Once is enough, and only what stands as it is can be said again as it is.
    let again = desk.replace(&world.signatory, anew(&world, 5, &hit)).await.unwrap();
    assert_eq!(again.outcome, new.outcome);
    let refused = desk.replace(&world.signatory, anew(&world, 6, &old)).await.unwrap_err();
    assert_eq!(refused.reason(), "STATUS_FORBIDS");
    // What was taken away is given back with the new key.
    change(&world, &desk, 7, &old, Act::Reinstated).await.unwrap();
    assert_eq!(headline(&old), Headline::Valid);
    assert_eq!(findings(&world), fell);
    // The new key says so to everyone.
    let (said, _) = desk.announce_key(key, KeyAct::Closed, None).await.unwrap();
    let leaf = world.store.leaf(&said.entry.origin, said.entry.index).unwrap().unwrap();
    let checked = check_entry(&leaf, None, &said.entry.origin, said.entry.index, &world.trust.load()).unwrap();
    assert!(matches!(checked.body, OpenedBody::KeyChange(_)));
    sequencer.close();
}

#[tokio::test]
async fn a_certificate_that_a_closed_key_signed_is_not_called_valid_by_number_by_identifier_or_in_a_list() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let hit = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let (jti, number) = (name(&hit), CertificateName::Number(hit.outcome.number.clone().unwrap()));
    desk.stop_key(world.statement_kid(), world.clock.now(), false).await.unwrap();
    assert_eq!(desk.look_up(&jti, None).unwrap().stands, Some(Stands::As(Status::Valid)), "no list says so yet");
    world.revoke(&[(log(), hit.outcome.entry.index)]);
    sequencer.close();

    let (desk, sequencer) = world.desk();
    for (name, issued_on) in [(&jti, None), (&number, Some(hit.outcome.day))] {
        let stands = desk.look_up(name, issued_on).unwrap().stands;
        assert!(matches!(&stands, Some(Stands::KeyClosed(why)) if why.contains("counts only below")), "{stands:?}");
    }
    let listed = desk.list(&world.signatory, CertificatesAsked::default()).unwrap().certificates;
    assert!(matches!(desk.stands(&listed[0]).unwrap(), Stands::KeyClosed(_)));
    let new = desk.replace(&world.signatory, anew(&world, 2, &hit)).await.unwrap();
    let found = [&hit, &new].map(|issued| desk.look_up(&name(issued), None).unwrap());
    let stands = found.each_ref().map(|found| found.stands.clone().unwrap());
    assert_eq!(stands, [Status::Superseded, Status::Valid].map(Stands::As));
    assert_eq!(found.map(|found| found.successor), [Some(new.outcome.jti), None]);
    sequencer.close();
}

#[tokio::test]
async fn what_no_closed_key_signed_and_what_its_holder_wants_cancelled_is_not_issued_anew() {
    let world = World::new();
    let _china = world.with_customs();
    let (desk, sequencer) = world.desk();
    let good = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let hit = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap();
    let origin = hit.outcome.entry.origin.clone();
    let refused = desk.replace(&world.signatory, anew(&world, 3, &good)).await.unwrap_err();
    assert_eq!(refused.reason(), "KEY_NOT_CLOSED");
    let (request_id, reason) = (world.request_id(4), Some("not shipped".parse().unwrap()));
    let wish = CancelWish { request_id, certificate: name(&hit), unused: true, reason, remarks: None };
    let Cancelled::Asked(_) = desk.cancel(&world.signatory, wish).await.unwrap() else { panic!("it waits") };
    desk.stop_key(world.statement_kid(), world.clock.now(), false).await.unwrap();
    world.revoke(&[(origin, hit.outcome.entry.index)]);
    sequencer.close();

    let (desk, sequencer) = world.desk();
    let refused = desk.replace(&world.signatory, anew(&world, 5, &good)).await.unwrap_err();
    assert_eq!(refused.reason(), "KEY_NOT_CLOSED");
    let refused = desk.replace(&world.signatory, anew(&world, 6, &hit)).await.unwrap_err();
    assert_eq!(refused.reason(), "CANCELLATION_ASKED");
    let taken_back = Settlement::TakenBack;
    desk.settle_cancellation(&world.signatory, &world.request_id(7), name(&hit), taken_back, None).await.unwrap();
    desk.replace(&world.signatory, anew(&world, 8, &hit)).await.unwrap();
    sequencer.close();
}

#[tokio::test]
async fn what_a_later_log_says_of_a_closed_ones_certificates_follows_from_what_counts_too() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let next: Origin = "tdap.gov.pk/log/2027/cn".parse().unwrap();
    let back = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let gone = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap();
    change(&world, &desk, 3, &back, Act::Suspended).await.unwrap();
    world.clock.set("2027-01-04T10:00:00Z".parse().unwrap());
    let rested = desk.rest_log(&log()).await.unwrap();
    world.close_log(&log(), rested.size);
    change(&world, &desk, 4, &gone, Act::Cancelled).await.unwrap();
    let end = world.store.durable_size(&next);
    change(&world, &desk, 5, &back, Act::Reinstated).await.unwrap();
    let status = |issued: &Issued| CertificateRecord::read(world.store.as_ref(), &issued.outcome.entry).unwrap().status;
    assert_eq!((status(&back), status(&gone)), (Status::Valid, Status::Cancelled));
    desk.stop_key(world.statement_kid(), world.clock.now(), false).await.unwrap();
    world.revoke(&[(log(), rested.size), (next.clone(), end)]);
    sequencer.close();

    let (desk, sequencer) = world.desk();
    desk.issue(&world.signatory, &world.footballs(6)).await.unwrap();
    assert_eq!(status(&back), Status::Suspended, "what gave it back does not count");
    assert_eq!(status(&gone), Status::Cancelled, "what the later log took away counts before the end of the key");
    let headline = |issued: &Issued| verdict(&world, &desk.evidence_at(&issued.outcome.entry).unwrap()).headline;
    assert_eq!((headline(&back), headline(&gone)), (Headline::SuspendedByIssuer, Headline::Cancelled));
    change(&world, &desk, 7, &back, Act::Reinstated).await.unwrap();
    assert_eq!((status(&back), headline(&back)), (Status::Valid, Headline::Valid));
    sequencer.close();
}

#[tokio::test]
async fn a_running_writer_stops_when_the_list_closes_its_key() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    world.revoke(&[(log(), 1)]);
    let refused = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap_err();
    assert_eq!(refused.reason(), "SIGNING_KEY_CLOSED");
    assert_eq!(world.store.durable_size(&log()), 2);
    sequencer.close();
}
