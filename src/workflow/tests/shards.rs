//! One log a year: what happens at new year, to what was said before it, and when a year is closed.

use super::{cancel, log, verdict, world::World};
use crate::{
    log::Origin,
    reason::Reasoned,
    statement::{Act, OpenedBody, StatementRef, Status},
    store::{EntryRef, Store},
    trust::{ListDraft, ListText},
    verification::{ClosedLists, Headline, StatusPlace, StatusView, check_entry},
    workflow::{CertificateName, CertificateRecord, StatusWish},
};
use std::{collections::HashMap, sync::Arc};

/// Half past midnight in Karachi, while UTC is still in the old year.
const NEW_YEAR: &str = "2026-12-31T19:30:00Z";

fn next_log() -> Origin {
    "tdap.gov.pk/log/2027/cn".parse().unwrap()
}

#[tokio::test]
async fn the_new_year_opens_its_logs_though_nobody_issues_anything() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    world.clock.set("2026-12-31T18:59:59Z".parse().unwrap());
    sequencer.gate().turned();
    sequencer.close();
    assert_eq!(world.store.logs(), [log()], "a second before midnight at the office");
    world.clock.set(NEW_YEAR.parse().unwrap());
    let (_, sequencer) = world.desk();
    sequencer.gate().turned();
    sequencer.close();
    assert_eq!(world.store.head(&next_log()).unwrap().head.size, 1, "its first entry is its status snapshot");
}

#[tokio::test]
async fn certificates_of_both_years_hold_and_the_old_log_takes_the_changes_of_its_own() {
    let world = World::new();
    let (desk, _) = world.desk();
    let old = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let kept = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    world.clock.set(NEW_YEAR.parse().unwrap());
    let new = desk.issue(&world.signatory, &world.footballs(3)).await.unwrap().outcome;
    assert_eq!((new.entry.origin.clone(), new.entry.index), (next_log(), 1));
    let wish = cancel(CertificateName::Number(old.number.clone().unwrap()));
    let change = desk.change_status(&world.signatory, &world.request_id(4), wish).await.unwrap();
    assert_eq!(change.entry.origin, log(), "a change stands in the log of its certificate as long as that is open");
    for (outcome, headline) in [(&old, Headline::Cancelled), (&kept, Headline::Valid), (&new, Headline::Valid)] {
        let verdict = verdict(&world, &desk.evidence_at(&outcome.entry).unwrap());
        assert_eq!(verdict.headline, headline, "{}", verdict.to_json());
        let found = desk.get(&world.signatory, &CertificateName::Jti(outcome.jti)).unwrap();
        assert_eq!(found.entry, outcome.entry);
    }
}

#[tokio::test]
async fn without_next_years_key_nothing_is_issued_and_everything_else_goes_on() {
    let world = World::new();
    let (desk, _) = world.desk();
    world.clock.set(NEW_YEAR.parse().unwrap());
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    world.clock.set("2027-12-31T19:30:00Z".parse().unwrap());
    let refused = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap_err();
    assert_eq!(refused.reason(), "NO_LOG_KEY");
    assert!(refused.to_string().contains("`origin doctor` says how"), "it says what to do: {refused}");
    let wish = cancel(CertificateName::Jti(issued.jti));
    desk.change_status(&world.signatory, &world.request_id(3), wish).await.unwrap();
    let record = CertificateRecord::read(world.store.as_ref(), &issued.entry).unwrap();
    assert_eq!(record.status, Status::Cancelled);
}

#[tokio::test]
async fn a_log_key_that_the_trust_list_does_not_name_opens_no_log() {
    let world = World::new();
    let (desk, _) = world.desk();
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let list = world.trust.load_full();
    let section = world.next_section(|section| section.log_keys.retain(|key| key.shard.year() == 2026));
    let mut text = ListText::following(&list, list.text().issued, list.text().next_update);
    text.put(&section, None);
    let mut draft = ListDraft::new(text).unwrap();
    world.keys.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
    // As a node has it that never saw the key listed: no key is ever taken off a list.
    world.trust.store(Arc::new(draft.finish(&list.anchor().unwrap(), None).unwrap()));
    world.clock.set(NEW_YEAR.parse().unwrap());
    let refused = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap_err();
    assert_eq!(refused.reason(), "LOG_KEY_UNLISTED");
    assert_eq!(world.store.logs(), [log()]);
    world.trust.store(list);
    let issued = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    assert_eq!(issued.entry.origin, next_log());
}

type Targets = HashMap<(Origin, crate::statement::Jti), StatusPlace>;

/// Goes through a log as a replica does; gives what a later log needs of it, once it is closed.
fn replicate(world: &World, origin: &Origin, closed: Vec<ClosedLists>, targets: &mut Targets) -> Vec<ClosedLists> {
    let trust = world.trust.load_full();
    let mut view = StatusView::new(origin.clone()).beside(closed);
    for index in 0..world.store.head(origin).unwrap().head.size {
        let leaf = world.store.leaf(origin, index).unwrap().unwrap();
        let entry = check_entry(&leaf, None, origin, index, &trust).unwrap();
        let place = match &entry.body {
            OpenedBody::StatusChange(opened) => {
                let StatementRef { log, jti } = opened.change.target.clone();
                targets.get(&(log, jti)).copied()
            }
            _ => None,
        };
        view.admit(&entry, |_| place).unwrap_or_else(|fault| panic!("entry {index} of {origin}: {fault}"));
        if let Some(place) = entry.status_place() {
            targets.insert((origin.clone(), entry.envelope.jti), place);
        }
    }
    view.ended()
}

#[tokio::test]
async fn a_log_that_is_closed_takes_nothing_and_the_next_one_speaks_for_its_certificates() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let kept = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let gone = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    let before = desk.issue(&world.signatory, &world.footballs(3)).await.unwrap().outcome;
    let in_use = desk.rest_log(&log()).await.unwrap_err();
    assert_eq!(in_use.reason(), "LOG_IN_USE", "this year's certificates go there");
    let wish = |jti, act| StatusWish { act, ..cancel(CertificateName::Jti(jti)) };
    desk.change_status(&world.signatory, &world.request_id(4), wish(before.jti, Act::Suspended)).await.unwrap();

    world.clock.set("2027-01-04T10:00:00Z".parse().unwrap());
    let rested = desk.rest_log(&log()).await.unwrap();
    assert!(rested.resting && rested.cosigned);
    assert_eq!(desk.rest_log(&log()).await.unwrap(), rested, "a second time changes nothing");
    let refused = desk.change_status(&world.signatory, &world.request_id(5), wish(gone.jti, Act::Cancelled)).await;
    assert_eq!(refused.unwrap_err().reason(), "LOG_RESTING");
    world.clock.set("2027-01-04T12:00:00Z".parse().unwrap());
    sequencer.gate().turned();
    let new = desk.issue(&world.signatory, &world.footballs(6)).await.unwrap().outcome;
    assert_eq!(new.entry.origin, next_log());
    assert_eq!(world.store.durable_size(&log()), rested.size, "no snapshot by the clock either");

    world.close_log(&log(), rested.size);
    for refused in [desk.wake_log(&log()), desk.rest_log(&log()).await] {
        assert_eq!(refused.unwrap_err().reason(), "LOG_CLOSED", "nobody reopens it, nor closes it again");
    }
    let change = desk.change_status(&world.signatory, &world.request_id(7), wish(gone.jti, Act::Cancelled)).await;
    assert_eq!(change.unwrap().entry.origin, next_log());
    let lifted = desk.change_status(&world.signatory, &world.request_id(8), wish(before.jti, Act::Reinstated)).await;
    assert_eq!(lifted.unwrap().entry.origin, next_log());
    world.clock.set("2027-01-05T10:00:00Z".parse().unwrap());
    sequencer.gate().turned();
    desk.issue(&world.signatory, &world.footballs(9)).await.unwrap();
    assert_eq!(world.store.durable_size(&log()), rested.size, "the closed log stays as it is");

    let headlines =
        [(&kept, Headline::Valid), (&gone, Headline::Cancelled), (&before, Headline::Valid), (&new, Headline::Valid)];
    for (outcome, headline) in headlines {
        let evidence = desk.evidence_at(&outcome.entry).unwrap();
        assert_eq!(evidence.as_of.unwrap().to_string(), "2027-01-05T10:00:00Z", "its status is of today");
        let verdict = verdict(&world, &evidence);
        assert_eq!(verdict.headline, headline, "{}", verdict.to_json());
    }
    let record = CertificateRecord::read(world.store.as_ref(), &gone.entry).unwrap();
    assert_eq!(record.status, Status::Cancelled);
    assert_eq!(record.history(world.store.as_ref()).unwrap().changes.len(), 1);

    let mut targets = Targets::new();
    let closed = replicate(&world, &log(), Vec::new(), &mut targets);
    replicate(&world, &next_log(), closed, &mut targets);
}

#[tokio::test]
async fn the_list_of_a_closed_log_is_not_taken_for_another_one() {
    let world = World::new();
    let (desk, _) = world.desk();
    let gone = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    world.clock.set("2027-01-04T10:00:00Z".parse().unwrap());
    let rested = desk.rest_log(&log()).await.unwrap();
    world.close_log(&log(), rested.size);
    let stale = desk.evidence_at(&gone.entry).unwrap();
    let wish = cancel(CertificateName::Jti(gone.jti));
    desk.change_status(&world.signatory, &world.request_id(2), wish).await.unwrap();
    let mut evidence = desk.evidence_at(&gone.entry).unwrap();
    // The empty list of before, shown at the place of the next log's own empty list.
    evidence.bundle.status = stale.bundle.status.clone();
    evidence.bundle.changes.clear();
    evidence.bundle.status_path = evidence.bundle.status_path.map(|path| path.replace("index 1", "index 0"));
    let verdict = verdict(&world, &evidence);
    assert_eq!(verdict.headline, Headline::StatusUnknown, "{}", verdict.to_json());
}

#[tokio::test]
async fn a_log_that_rests_goes_on_when_it_is_taken_back_and_after_a_restart_it_still_rests() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    world.clock.set("2027-01-04T10:00:00Z".parse().unwrap());
    let rested = desk.rest_log(&log()).await.unwrap();
    sequencer.close();
    let (desk, _) = world.desk();
    let wish = || cancel(CertificateName::Jti(issued.jti));
    let refused = desk.change_status(&world.signatory, &world.request_id(2), wish()).await.unwrap_err();
    assert_eq!(refused.reason(), "LOG_RESTING");
    let woken = desk.wake_log(&log()).unwrap();
    assert!(!woken.resting);
    let change = desk.change_status(&world.signatory, &world.request_id(3), wish()).await.unwrap();
    assert_eq!(change.entry, EntryRef { origin: log(), index: rested.size });
}

#[tokio::test]
async fn two_closed_years_are_spoken_for_by_the_third() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let first = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    world.clock.set("2027-01-04T10:00:00Z".parse().unwrap());
    let second = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    let rested = desk.rest_log(&log()).await.unwrap();
    world.close_log(&log(), rested.size);
    let wish = |jti, act| StatusWish { act, ..cancel(CertificateName::Jti(jti)) };
    let change = desk.change_status(&world.signatory, &world.request_id(3), wish(first.jti, Act::Suspended)).await;
    assert_eq!(change.unwrap().entry.origin, next_log());
    sequencer.close();

    let third: Origin = "tdap.gov.pk/log/2028/cn".parse().unwrap();
    world.list_log_key("2028");
    world.clock.set("2028-01-04T10:00:00Z".parse().unwrap());
    let (desk, _) = world.desk_with(&["2026", "2027", "2028"]);
    let rested = desk.rest_log(&next_log()).await.unwrap();
    world.close_log(&next_log(), rested.size);
    let lifted = desk.change_status(&world.signatory, &world.request_id(4), wish(first.jti, Act::Reinstated)).await;
    assert_eq!(lifted.unwrap().entry.origin, third);
    let mut targets = Targets::new();
    let mut closed = Vec::new();
    for origin in [&log(), &next_log(), &third] {
        closed = replicate(&world, origin, closed, &mut targets);
    }
    for outcome in [first, second] {
        let evidence = desk.evidence_at(&outcome.entry).unwrap();
        let standing = CertificateRecord::read(world.store.as_ref(), &outcome.entry).unwrap().status;
        assert_eq!((evidence.as_of.unwrap().to_string().as_str(), standing), ("2028-01-04T10:00:00Z", Status::Valid));
    }
}
