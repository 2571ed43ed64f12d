//! One log a year: what happens at new year, to what was said before it, and when a year is closed.

use super::{cancel, log, verdict, world::World};
use crate::{
    log::Origin,
    reason::Reasoned,
    statement::Status,
    store::Store,
    trust::{ListDraft, ListText},
    verification::Headline,
    workflow::{CertificateName, CertificateRecord},
};
use std::sync::Arc;

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
    assert!(refused.to_string().contains("origin key new log-2028"), "it says what to do: {refused}");
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
    let mut section = list.section(&world.issuer).unwrap().successor();
    section.log_keys.retain(|key| key.shard.year() == 2026);
    let section = world.keys.root(&"root".parse().unwrap()).unwrap().sign(section).unwrap();
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
