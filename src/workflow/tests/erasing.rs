//! What a certificate says, erased: gone here, and the log as it was.

use super::{cancel, log, verdict, world::World};
use crate::{
    certificate::Text,
    log::{Frontier, leaf_hash},
    office::{Action, Actor, AuditEvent, Caller},
    reason::Reasoned,
    statement::{Act, Since, Status},
    store::{Disclosures, EntryRef, Store},
    time::{Clock as _, Timestamp},
    verification::{Headline, Question},
    workflow::{CertificateName, CertificateRecord, Desk, ErasedName, Erasure, StatusWish, WorkflowError},
};

fn erase(desk: &Desk, entry: &EntryRef) -> Result<Erasure, WorkflowError> {
    let jti = desk.store().facts(&entry.origin, entry.index).unwrap().unwrap().jti;
    let reason: Text<1024> = "order 12/2026 of the data protection commissioner".parse().unwrap();
    desk.erase(Actor::Operator, &ErasedName::Own(CertificateName::Jti(jti)), &reason)
}

/// As `origin log check` does: every entry hashed again, against the head.
fn still_verifies(world: &World) {
    for origin in world.store.logs() {
        let head = world.store.head(&origin).unwrap().head;
        let mut edge = Frontier::empty();
        for leaf in world.store.leaves(&origin, 0..head.size, usize::MAX).unwrap() {
            edge.append(leaf_hash(&leaf));
        }
        assert_eq!((edge.size(), edge.root()), (head.size, head.root), "{origin}");
    }
}

fn erasures(world: &World) -> Vec<AuditEvent> {
    let rows = world.store.audit(0, 1_000).unwrap();
    let events = rows.iter().map(|row| AuditEvent::read(&row.row).unwrap());
    events.filter(|event| event.action == Action::EraseContents.name()).collect()
}

#[tokio::test]
async fn what_is_erased_is_gone_here_and_the_log_and_the_holders_copy_verify_as_before() {
    let world = World::new();
    let (desk, _) = world.desk();
    let kept = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let gone = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    let holders = desk.evidence_at(&gone.entry).unwrap();
    let erased = erase(&desk, &gone.entry).unwrap();
    assert_eq!(erased, Erasure { entry: gone.entry.clone(), before: false, statements: 0 });
    assert!(erase(&desk, &gone.entry).unwrap().before, "a second time changes nothing");

    let there = |entry: &EntryRef| world.store.disclosures(&entry.origin, entry.index).unwrap().unwrap();
    assert_eq!(there(&gone.entry), Disclosures::Erased, "and so partners that ask are told");
    assert!(matches!(there(&kept.entry), Disclosures::Present(_)));
    let record = CertificateRecord::read(world.store.as_ref(), &gone.entry).unwrap();
    assert!(!record.certificate.reference.is_shown() && !record.certificate.goods.is_shown());
    let name = CertificateName::Number(gone.number.clone().unwrap());
    assert_eq!(
        desk.get(&world.signatory, &name).unwrap().entry,
        gone.entry,
        "its number is known, and not given again"
    );
    let issued_on = CertificateRecord::read(world.store.as_ref(), &kept.entry).unwrap();
    let issued_on = issued_on.certificate.reference.as_option().unwrap().issued_on;
    let found = desk.look_up(&name, Some(issued_on)).unwrap();
    assert_eq!((found.jti, found.erased), (gone.jti, true), "with the day it was made on");
    let whole = desk.look_up(&CertificateName::Jti(kept.jti), None).unwrap();
    assert!(!whole.erased && whole.issued_on.is_some());
    let another = Some(issued_on.tomorrow().unwrap());
    assert_eq!(desk.look_up(&name, another).unwrap_err().reason(), "CERTIFICATE_UNKNOWN");

    still_verifies(&world);
    assert_eq!(verdict(&world, &holders).headline, Headline::Valid, "the holder's copy is the holder's");
    let left = desk.evidence_at(&gone.entry).unwrap();
    assert_eq!(left.number, None);
    let question = Question::at(world.clock.now());
    let bare = world.verifier().verify(&left.bundle.to_json(), &question);
    assert_eq!(bare.headline, Headline::Incomplete, "{}", bare.to_json());

    let events = erasures(&world);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].by.as_str(), events[0].object.as_str()), ("operator", format!("{} 2", log()).as_str()));
    assert_eq!(events[0].detail.as_deref(), Some("order 12/2026 of the data protection commissioner"));
}

#[tokio::test]
async fn a_certificate_that_is_erased_can_still_be_withdrawn_and_reasons_of_before_are_gone() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let name = CertificateName::Jti(issued.jti);
    let suspend = StatusWish { act: Act::Suspended, ..cancel(name.clone()) };
    let change = desk.change_status(&world.signatory, &world.request_id(2), suspend).await.unwrap().entry;
    let said = |change: &EntryRef| world.store.disclosures(&change.origin, change.index).unwrap();
    assert_eq!(erase(&desk, &issued.entry).unwrap().statements, 1);
    assert_eq!(said(&change), Some(Disclosures::Erased), "a reason may name what the certificate says");
    let withdraw = StatusWish { act: Act::Withdrawn { since: Since::Issue }, ..cancel(name) };
    let later = desk.change_status(&world.signatory, &world.request_id(3), withdraw).await.unwrap().entry;
    assert!(matches!(said(&later), Some(Disclosures::Present(_))));
    let again = erase(&desk, &issued.entry).unwrap();
    assert_eq!((again.before, again.statements), (true, 1), "the reason of a change of after goes at another order");
    assert_eq!(said(&later), Some(Disclosures::Erased));
    assert_eq!(erase(&desk, &issued.entry).unwrap().statements, 0);
    let record = CertificateRecord::read(world.store.as_ref(), &issued.entry).unwrap();
    assert_eq!(record.status, Status::Withdrawn);
    still_verifies(&world);
}

#[tokio::test]
async fn what_is_no_certificate_is_not_erased_by_name() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let wish = cancel(CertificateName::Jti(issued.jti));
    let change = desk.change_status(&world.signatory, &world.request_id(2), wish).await.unwrap().entry;
    assert_eq!(erase(&desk, &change).unwrap_err().reason(), "CERTIFICATE_UNKNOWN");
    let unknown = ErasedName::Own(CertificateName::Number("PK-CN-2026-LHE-999999".to_owned()));
    let refused = desk.erase(Actor::Operator, &unknown, &"x".parse().unwrap()).unwrap_err();
    assert_eq!(refused.reason(), "CERTIFICATE_UNKNOWN");
    assert!(erasures(&world).is_empty());
}

#[tokio::test]
async fn after_the_years_of_its_agreement_a_certificate_is_erased_and_not_a_day_before() {
    let mut world = World::new();
    world.erase_after_years = Some(0);
    let (desk, _) = world.desk();
    let old = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    world.clock.set("2026-11-24T10:00:00Z".parse().unwrap());
    let newer = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    let gone =
        |entry: &EntryRef| world.store.disclosures(&entry.origin, entry.index).unwrap() == Some(Disclosures::Erased);
    // Rule 17 of the agreement has its papers kept for two years.
    for (day, erased) in [("2028-11-22", 0), ("2028-11-23", 1), ("2028-11-24", 0), ("2028-11-25", 1)] {
        world.clock.set(format!("{day}T10:00:00Z").parse::<Timestamp>().unwrap());
        assert_eq!(desk.erase_due().unwrap(), (erased, false), "{day}");
        assert_eq!(gone(&old.entry), day >= "2028-11-23", "{day}");
    }
    assert!(gone(&newer.entry));
    assert_eq!(desk.erase_due().unwrap(), (0, false));
    let events = erasures(&world);
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event.by == "node"), "{events:?}");
    still_verifies(&world);
}

#[tokio::test]
async fn who_keeps_for_longer_or_for_ever_erases_nothing_by_the_clock() {
    let mut world = World::new();
    let issued = world.desk().0.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    for (years, day, erased) in [(None, "2090-01-01", 0), (Some(10), "2036-11-22", 0), (Some(10), "2036-11-23", 1)] {
        world.erase_after_years = years;
        world.clock.set(format!("{day}T10:00:00Z").parse::<Timestamp>().unwrap());
        let (desk, sequencer) = world.desk();
        assert_eq!(desk.erase_due().unwrap().0, erased, "{years:?} on {day}");
        sequencer.close();
    }
    assert_eq!(world.store.disclosures(&log(), issued.entry.index).unwrap(), Some(Disclosures::Erased));
}

#[test]
fn who_may_erase_is_an_administrator_and_nobody_who_sees_papers() {
    let may = crate::office::Role::ALL.into_iter().filter(|role| role.may(Action::EraseContents));
    assert_eq!(may.collect::<Vec<_>>(), [crate::office::Role::Administrator]);
    let world = World::new();
    let signatory: &Caller = &world.signatory;
    assert!(!signatory.may(Action::EraseContents));
}
