//! A node that may run on an old copy of its folder: its logs are shut until it is known what they held.

use super::{cancel, log, world::World};
use crate::{
    log::Origin,
    office::AuditEvent,
    reason::{Class, Reasoned},
    sequencer::{Bare, Closing, Lost, Recalled, Sequencer, SequencerError, Standing, Wait, Word, contents_gone},
    statement::{Jti, KeyAct, Presentation, Status},
    store::{AuditRow, Batch, EntryRef, Store},
    time::Clock,
    trust::NodeName,
    workflow::{CertificateName, Desk, IssueRow, Stands},
};
use std::collections::{BTreeMap, BTreeSet};

/// What a partner's word shows a log to be behind by.
fn behind(held: u64, signed: u64) -> Standing {
    Standing::Behind { held, signed, told: "node.kra.go.ke".parse().unwrap() }
}

/// How often an operator said this of the log.
fn said(rows: &[AuditRow], action: &str) -> usize {
    let events = rows.iter().map(|row| AuditEvent::read(&row.row).unwrap());
    events.filter(|event| event.action == action && event.object == log().as_str()).count()
}

#[tokio::test]
async fn work_for_a_log_that_partners_were_not_asked_about_waits_for_their_answer() {
    let world = World::new();
    world.witnessed();
    let (desk, sequencer) = world.unsettled_desk();
    let (asker, row) = (world.signatory.clone(), world.footballs(1));
    let waiting = tokio::spawn(async move { desk.issue(&asker, &row).await });
    // One that asks nobody may have been forgotten as well; this one was not.
    let node = "node.kra.go.ke".parse().unwrap();
    sequencer.gate().heard([node].into(), Vec::new(), true);
    assert_eq!(waiting.await.unwrap().unwrap().outcome.entry, EntryRef { origin: log(), index: 1 });
}

#[tokio::test]
async fn a_log_that_is_not_settled_after_a_start_is_not_even_signed_for_by_the_clock() {
    let world = World::new();
    let (_, _) = world.witnessed();
    let (desk, sequencer) = world.unsettled_desk();
    sequencer.gate().go_on(&log());
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    sequencer.close();
    let size = world.store.durable_size(&log());

    world.clock.set(world.clock.now() + std::time::Duration::from_hours(3));
    let (_, sequencer) = world.unsettled_desk();
    let shut = sequencer.shut().unwrap();
    assert_eq!(
        shut.iter().map(|(log, why)| (log.clone(), why.reason())).collect::<Vec<_>>(),
        [(log(), "OWN_HISTORY_UNKNOWN")]
    );
    sequencer.gate().turned();
    sequencer.close();
    assert_eq!(world.store.durable_size(&log()), size, "the snapshot that is due waits too");

    let (_, sequencer) = world.unsettled_desk();
    assert!(sequencer.go_on(&log(), world.clock.now()).unwrap());
    assert!(!sequencer.go_on(&log(), world.clock.now()).unwrap(), "nothing is shut any more");
    sequencer.close();
    assert_eq!(world.store.durable_size(&log()), size + 1);
    let rows = world.store.audit(0, 100).unwrap();
    assert_eq!(said(&rows, "go_on"), 1, "that an operator said so is kept");
}

#[tokio::test]
async fn an_authority_that_has_no_log_here_names_those_who_have_to_tell_before_it_issues() {
    let world = World::new();
    world.witnessed();
    let (_, sequencer) = world.unsettled_desk();
    let node: NodeName = "node.kra.go.ke".parse().unwrap();
    sequencer.gate().heard(BTreeSet::new(), vec![node.clone()], true);
    assert!(sequencer.shut().unwrap().is_empty(), "no log is here that could be shut");
    assert_eq!(sequencer.unheard(world.clock.now()), std::slice::from_ref(&node));
    sequencer.gate().heard([node.clone()].into(), Vec::new(), true);
    assert!(sequencer.unheard(world.clock.now()).is_empty());
    // A person's word opens a log, and what is told of others is told as of any that is here.
    sequencer.gate().heard(BTreeSet::new(), vec![node], true);
    sequencer.gate().go_on(&log());
    assert!(sequencer.unheard(world.clock.now()).is_empty());
}

#[tokio::test]
async fn a_log_that_lost_entries_for_good_takes_nothing_more_and_its_successor_wants_a_key() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    assert!(sequencer.keyless(world.clock.now()).is_empty() && sequencer.closed_with(&log()).is_none());
    sequencer.close();
    let lost = Closing { size: 2, signed: 9, note: "the head over nine".to_owned() };
    world.store.commit(Batch { state: vec![lost.put(&log())], ..Batch::default() }).unwrap();
    let (desk, sequencer) = world.desk();
    let refused = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap_err();
    assert_eq!(refused.reason(), "NO_LOG_KEY");
    assert!(refused.to_string().contains("2026-2"), "{refused}");
    // A person mends it, who asks is told which, and the operator sees it before anybody asks.
    assert!(refused.class() == Class::Retry && refused.to_string().contains("tell the operator"), "{refused}");
    assert_eq!(sequencer.closed_with(&log()), Some(2));
    let keyless = sequencer.keyless(world.clock.now()).into_iter().map(|(log, why)| (log.to_string(), why.reason()));
    assert_eq!(keyless.collect::<Vec<_>>(), [(log().to_string().replace("/2026/", "/2026-2/"), "NO_LOG_KEY")]);
    let wish = cancel(CertificateName::Jti(issued.jti));
    let refused = desk.change_status(&world.signatory, &world.request_id(3), wish).await.unwrap_err();
    assert_eq!(refused.reason(), "OWN_HISTORY_LOST");
    let word = sequencer.go_on(&log(), world.clock.now()).unwrap_err();
    assert_eq!(word.reason(), "OWN_HISTORY_LOST", "nobody's word brings back what is lost");
    // Who holds it is said, though nothing of it is taken.
    let said = word.to_string();
    assert!(["with 2 entries", "a head of 9", "hold more: nobody"].iter().all(|word| said.contains(word)), "{said}");
    sequencer.gate().heard(BTreeSet::new(), vec!["node.kra.go.ke".parse().unwrap()], true);
    let unheard = sequencer.go_on(&log(), world.clock.now()).unwrap_err().to_string();
    assert!(unheard.ends_with("since the start: node.kra.go.ke; heard to hold more: nobody"), "{unheard}");
    let holders = vec![("node.gacc.gov.cn".parse().unwrap(), Some(9))];
    let wait = Wait { since: world.clock.now(), missing: 7, holders, trouble: None, coming: true };
    sequencer.gate().waits(&log(), Lost::Entries, Some(wait));
    let said = sequencer.go_on(&log(), world.clock.now()).unwrap_err().to_string();
    assert!(said.ends_with("heard to hold more: node.gacc.gov.cn (holds 9 entries)"), "{said}");
    assert_eq!(world.store.durable_size(&log()), 2);
}

#[tokio::test]
async fn whoever_looks_up_what_is_not_here_is_told_of_lost_entries_that_may_have_been_it_and_of_no_others() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    sequencer.close();
    let lost = Closing { size: 2, signed: 9, note: "the head over nine".to_owned() };
    let keep = |state| world.store.commit(Batch { state, ..Batch::default() }).unwrap();
    keep(vec![lost.put(&log())]);
    let (desk, _) = world.desk();
    let number = CertificateName::Number("PK-CN-2026-LHE-000009".to_owned());
    let said = |day| {
        let refused = desk.look_up(&number, day).unwrap_err();
        assert_eq!(refused.reason(), "CERTIFICATE_UNKNOWN");
        refused.to_string().contains(&format!("7 entries are lost of {} for good, and it may be among them", log()))
    };
    let (today, other_year) = (Some(issued.day), Some("2025-06-01".parse().unwrap()));
    assert_eq!([today, other_year, None].map(said), [true, false, false]);
    // Nor is one that was issued after the log was closed.
    keep(vec![Closing::put_at(1, &log())]);
    assert!(!said(today));
}

#[tokio::test]
async fn the_successor_of_a_log_that_was_closed_with_nothing_here_is_said_to_want_a_key() {
    let world = World::new();
    let lost = Closing { size: 0, signed: 9, note: "the head over nine".to_owned() };
    world.store.commit(Batch { state: vec![lost.put(&log())], ..Batch::default() }).unwrap();
    let (_, sequencer) = world.desk();
    assert!(world.store.logs().is_empty());
    let keyless = sequencer.keyless(world.clock.now()).into_iter().map(|(log, why)| (log.to_string(), why.reason()));
    assert_eq!(keyless.collect::<Vec<_>>(), [(log().to_string().replace("/2026/", "/2026-2/"), "NO_LOG_KEY")]);
}

#[tokio::test]
async fn a_log_that_a_partner_shows_to_be_behind_is_shut_again_and_takes_nothing_until_it_is_settled() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let size = world.store.durable_size(&log());
    let gate = sequencer.gate();
    gate.settle(&log(), behind(size, size + 7));
    gate.wait();
    let refused = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap_err();
    assert_eq!(refused.reason(), "OWN_HISTORY_MISSING");
    assert!(refused.to_string().contains(&log().to_string()), "{refused}");
    let told =
        format!("node.kra.go.ke knows a head of {} entries that this node once signed, and {size} are", size + 7);
    assert!(refused.to_string().contains(&told), "{refused}");
    let word = sequencer.go_on(&log(), world.clock.now()).unwrap_err();
    assert_eq!(word.reason(), "OWN_HISTORY_MISSING", "nobody's word brings back what is missing");
    assert_eq!(world.store.durable_size(&log()), size);
    gate.settle(&log(), Standing::Settled);
    desk.issue(&world.signatory, &world.footballs(2)).await.unwrap();
}

#[tokio::test]
async fn what_a_log_is_behind_by_is_given_up_only_where_a_partner_told_of_it_and_the_audit_trail_keeps_that() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let (gate, size) = (sequencer.gate(), world.store.durable_size(&log()));
    let nothing = sequencer.give_up(&log(), world.clock.now()).unwrap_err();
    assert_eq!(nothing.reason(), "NOTHING_MISSING", "a log that is whole is not closed by a slip of the pen");
    gate.settle(&log(), behind(size, size + 1));
    assert_eq!(sequencer.give_up(&log(), world.clock.now()).unwrap(), (size, size + 1));
    assert_eq!(gate.wishes(), BTreeMap::from([(log(), Word::GivenUp)]));
    let rows = world.store.audit(0, 100).unwrap();
    assert_eq!(said(&rows, "give_up"), 1);
}

#[tokio::test]
async fn who_was_not_heard_of_is_named_where_nobody_that_was_holds_what_is_missing() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let (gate, silent) = (sequencer.gate(), "node.gacc.gov.cn".parse().unwrap());
    gate.heard(["node.kra.go.ke".parse().unwrap()].into(), vec![silent], true);
    gate.settle(&log(), behind(2, 3));
    let wait = Wait { since: world.clock.now(), missing: 1, holders: Vec::new(), trouble: None, coming: true };
    gate.waits(&log(), Lost::Entries, Some(wait));
    let said = sequencer.shut().unwrap().remove(0).1.to_string();
    assert!(
        said.contains("held by no partner that was heard; not heard of since the start: node.gacc.gov.cn"),
        "{said}"
    );
}

#[tokio::test]
async fn no_number_is_given_in_any_log_while_another_history_of_one_may_have_taken_it_until_the_list_ends_that_log() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let forked: Origin = "tdap.gov.pk/log/2026/ke".parse().unwrap();
    sequencer.gate().settle(&forked, Standing::Forked { size: 9 });
    let refused = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap_err();
    assert_eq!(refused.reason(), "OWN_HISTORY_FORKED");
    assert!(refused.to_string().contains(forked.as_str()), "{refused}");
    let shut = |sequencer: &Sequencer| {
        let shut = sequencer.shut().unwrap().into_iter();
        shut.map(|(log, why)| (log, why.reason())).collect::<Vec<_>>()
    };
    assert_eq!(shut(&sequencer), [(forked.clone(), "OWN_HISTORY_FORKED")]);
    world.close_log(&forked, 6);
    let issued = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    assert_eq!(issued.entry.origin, log());
    assert!(shut(&sequencer).is_empty());
    assert_eq!(
        sequencer.ended_short(),
        [(forked, 0, 6)],
        "nothing waits for it, and it is told that none of it is here"
    );
}

#[tokio::test]
async fn a_log_that_the_list_ended_and_that_was_lost_with_its_holders_is_told_of_and_one_that_is_whole_is_not() {
    let world = World::new();
    let (desk, sequencer) = world.desk_with_successor();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let lost: Origin = "tdap.gov.pk/log/2026/ke".parse().unwrap();
    world.close_log(&lost, 6);
    world.close_log(&log(), world.store.durable_size(&log()));
    assert_eq!(sequencer.ended_short(), [(lost.clone(), 0, 6)]);
    let next = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome.number.unwrap();
    assert!(next.ends_with("000008"), "{next} is one of the six that may stand there");
    // While it is asked for it is told as that.
    assert!(sequencer.gate().forgot(&lost) && sequencer.ended_short().is_empty());
    assert_eq!(sequencer.shut().unwrap().len(), 1);
}

#[tokio::test]
async fn who_is_told_that_a_log_forked_is_told_both_ways_on_and_the_end_of_the_log_opens_its_successor() {
    let world = World::new();
    let (desk, sequencer) = world.desk_with_successor();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    sequencer.gate().settle(&log(), Standing::Forked { size: 9 });
    let refused = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap_err();
    assert_eq!(refused.reason(), "OWN_HISTORY_FORKED");
    let said = refused.to_string();
    assert!(said.contains(&format!("origin partner lift --log {}", log())) && said.contains("`shards`"), "{said}");
    world.close_log(&log(), 2);
    let issued = desk.issue(&world.signatory, &world.footballs(3)).await.unwrap().outcome;
    assert_eq!(issued.entry.origin.to_string(), log().to_string().replace("/2026/", "/2026-2/"));
    assert!(sequencer.shut().unwrap().is_empty());
}

#[tokio::test]
async fn whoever_is_told_that_a_log_waits_is_told_since_when_and_for_whom() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let (gate, begun) = (sequencer.gate(), world.clock.now());
    let holder = "node.gacc.gov.cn".parse().unwrap();
    let wait = Wait { since: begun, missing: 7, holders: vec![(holder, Some(9))], trouble: None, coming: true };
    let later =
        Wait { since: begun + std::time::Duration::from_hours(1), trouble: Some("silent".to_owned()), ..wait.clone() };
    gate.settle(&log(), behind(2, 9));
    gate.waits(&log(), Lost::Entries, Some(wait.clone()));
    gate.waits(&log(), Lost::Entries, Some(later.clone()));
    let coming = || match gate.behind(|one| *one == log()) {
        Some(SequencerError::HistoryMissing { coming, .. }) => coming,
        other => panic!("{other:?}"),
    };
    assert!(coming(), "who holds it is connected");
    gate.waits(&log(), Lost::Entries, Some(Wait { coming: false, ..later }));
    assert!(!coming());
    let refused = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap_err().to_string();
    let said = format!("7 missing since {begun}, held by node.gacc.gov.cn (holds 9 entries); the last time: silent");
    assert!(refused.contains(&said), "{refused}");
    gate.waits(&log(), Lost::Entries, None);
    gate.settle(&log(), Standing::Settled);
    desk.issue(&world.signatory, &world.footballs(3)).await.unwrap();

    let unknown = Recalled { from: 0, end: 2, at_ms: 1, numbers_unknown: true };
    world.store.commit(Batch { state: vec![unknown.put(&log())], ..Batch::default() }).unwrap();
    gate.turned();
    gate.waits(&log(), Lost::Numbers, Some(wait));
    let refused = desk.issue(&world.signatory, &world.footballs(4)).await.unwrap_err();
    assert_eq!(refused.reason(), "NUMBERS_UNKNOWN");
    let shut = sequencer.shut().unwrap();
    for said in shut.iter().map(|(_, why)| why.to_string()).chain([refused.to_string()]) {
        assert!(said.contains("held by node.gacc.gov.cn (holds 9 entries)"), "{said}");
    }
}

/// How a certificate stands, to whoever asks.
fn told(desk: &Desk, jti: Jti) -> Stands {
    desk.look_up(&CertificateName::Jti(jti), None).unwrap().stands.unwrap()
}

#[tokio::test]
async fn a_node_that_knows_that_its_history_is_missing_calls_no_certificate_valid_that_it_may_have_suspended() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let good = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let bad = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    let wish = cancel(CertificateName::Jti(bad.jti));
    desk.change_status(&world.signatory, &world.request_id(3), wish).await.unwrap();
    let shown = desk.evidence_at(&good.entry).unwrap().bundle;
    let presented = Presentation::parse(&shown.token).unwrap();
    let refused = || desk.status_refused(&shown, &presented).unwrap();

    let gate = sequencer.gate();
    let other: Origin = "tdap.gov.pk/log/2026/ke".parse().unwrap();
    gate.settle(&other, behind(0, 9));
    assert_eq!((told(&desk, good.jti), refused()), (Stands::As(Status::Valid), None), "no change of it stands there");
    // Its own log, and a later one to the same addressee that was lost with the disk.
    let later: Origin = log().to_string().replace("/2026/", "/2027/").parse().unwrap();
    let holders = vec![("node.gacc.gov.cn".parse().unwrap(), Some(9))];
    let wait = Wait { since: world.clock.now(), missing: 5, holders, trouble: None, coming: true };
    for origin in [log(), later] {
        gate.settle(&origin, behind(4, 9));
        gate.waits(&origin, Lost::Entries, Some(wait.clone()));
        let Stands::Unknown(why) = told(&desk, good.jti) else { panic!("{origin}: it was told how it stands") };
        assert_eq!(refused().as_ref(), Some(&why), "a bundle that is shown to the node is answered the same");
        for word in ["OWN_HISTORY_MISSING", origin.as_str(), "held by node.gacc.gov.cn"] {
            assert!(why.contains(word), "{word}: {why}");
        }
        assert_eq!(told(&desk, bad.jti), Stands::As(Status::Cancelled), "what is bad stays bad");
        gate.settle(&origin, Standing::Settled);
        assert_eq!((told(&desk, good.jti), refused()), (Stands::As(Status::Valid), None));
    }
}

#[tokio::test]
async fn an_old_copy_calls_no_certificate_valid_and_none_unknown_before_partners_have_said_what_it_lacks() {
    let world = World::new();
    world.witnessed();
    let (desk, sequencer) = world.unsettled_desk();
    sequencer.gate().go_on(&log());
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    sequencer.close();

    let (desk, sequencer) = world.unsettled_desk();
    sequencer.gate().heard(BTreeSet::new(), vec!["node.kra.go.ke".parse().unwrap()], true);
    let Stands::Unknown(why) = told(&desk, issued.jti) else { panic!("it was told how it stands") };
    assert!(why.contains("OWN_HISTORY_UNKNOWN") && why.contains("node.kra.go.ke"), "{why}");
    let lost = CertificateName::Number("PK-CN-2026-LHE-000009".to_owned());
    let reason = |desk: &Desk| desk.look_up(&lost, Some(issued.day)).unwrap_err().reason();
    assert_eq!(reason(&desk), "OWN_HISTORY_UNKNOWN", "it may be among what is missing");
    sequencer.gate().go_on(&log());
    assert_eq!((told(&desk, issued.jti), reason(&desk)), (Stands::As(Status::Valid), "CERTIFICATE_UNKNOWN"));
}

#[tokio::test]
async fn what_came_back_shuts_numbers_requests_of_before_and_status_places_until_it_is_known() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let first = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    sequencer.close();
    // As if everything of that log had come back from a partner, in this hour.
    let began_ms = u64::try_from(world.clock.now().as_millisecond()).unwrap() + 1;
    let unknown = Recalled { from: 0, end: 2, at_ms: began_ms, numbers_unknown: true };
    let keep = |recalled: Recalled| {
        world.store.commit(Batch { state: vec![recalled.put(&log())], ..Batch::default() }).unwrap();
    };
    keep(unknown);
    world.clock.set(world.clock.now() + std::time::Duration::from_secs(1));
    let (desk, sequencer) = world.desk();
    let row = world.footballs(2);
    let refused = desk.issue(&world.signatory, &row).await.unwrap_err();
    assert_eq!(refused.reason(), "NUMBERS_UNKNOWN");
    keep(Recalled { numbers_unknown: false, ..unknown });
    sequencer.gate().turned();
    let second = desk.issue(&world.signatory, &row).await.unwrap().outcome;
    assert_ne!(first.number, second.number);
    assert_eq!(second.entry.index, 3, "a snapshot came first: the lists shown knew nothing of what came back");
    let old = IssueRow { request_id: World::request_id_at(7, began_ms - 1), ..world.footballs(3) };
    let refused = desk.issue(&world.signatory, &old).await.unwrap_err();
    assert_eq!(refused.reason(), "REQUEST_BEFORE_RECALL");
}

#[tokio::test]
async fn what_is_said_of_a_key_after_a_loss_is_no_request_of_before_and_said_again_it_is_the_same() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    sequencer.close();
    // What a digest begins with, read as a time, is before this, but for one of 2^48.
    let recalled = Recalled { from: 0, end: 2, at_ms: (1 << 48) - 1, numbers_unknown: false };
    world.store.commit(Batch { state: vec![recalled.put(&log())], ..Batch::default() }).unwrap();
    let (desk, _) = world.desk();
    let say = || desk.announce_key(world.statement_kid(), KeyAct::Opened, None);
    let (said, again) = (say().await.unwrap().0, say().await.unwrap().0);
    assert_eq!(said, again);
}

#[tokio::test]
async fn what_entries_that_came_back_do_not_say_any_more_is_told_and_shuts_nothing_until_it_is_given_up() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let recalled = Recalled { from: 0, end: 2, at_ms: 1, numbers_unknown: false };
    world.store.commit(Batch { state: vec![recalled.put(&log())], ..Batch::default() }).unwrap();
    let (gate, at) = (sequencer.gate(), world.clock.now());
    let bare = || Bare::read(world.store.as_ref(), &log()).unwrap();
    assert!(!sequencer.go_on(&log(), at).unwrap(), "nothing is known to be missing");
    assert_eq!(bare(), Some(Bare { from: 0, end: 2 }));
    let wait = Wait { since: at, missing: 1, holders: Vec::new(), trouble: None, coming: true };
    gate.waits(&log(), Lost::Contents, Some(wait.clone()));
    assert_eq!(gate.bare(), [(log(), wait)]);
    desk.issue(&world.signatory, &world.footballs(2)).await.unwrap();
    assert!(sequencer.shut().unwrap().is_empty());
    assert!(sequencer.go_on(&log(), at).unwrap());
    assert!(gate.bare().is_empty() && bare().is_none());
    assert_eq!(contents_gone(world.store.as_ref(), &log()).unwrap(), 1, "that it is gone is told for good");
}
