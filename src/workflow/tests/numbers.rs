//! Numbers of certificates: those of a series, those that are brought, and what reads like one that is given.

use super::{log, world::World};
use crate::{
    certificate::Findings,
    reason::Reasoned,
    store::Store,
    workflow::{IssueRow, Issued, WorkflowError},
};
use std::sync::Arc;

/// The footballs under a number of their own.
fn brought(world: &World, nth: u16, number: &str) -> IssueRow {
    world.footballs_with(nth, |json| json["reference"]["number"] = number.into())
}

#[tokio::test]
async fn a_number_is_given_once_whoever_brings_it() {
    let world = World::new();
    let (desk, _) = world.desk();
    let brought = |nth| brought(&world, nth, "PK-CN-2026-LHE-000002");
    let rows: Arc<[IssueRow]> =
        [brought(1), brought(2), world.footballs(3), world.footballs(4), world.footballs(5)].into();
    let answers = desk.issue_many(&Arc::new(world.signatory.clone()), rows).await.unwrap();
    let numbers = answers
        .iter()
        .map(|answer| match answer {
            Ok(issued) => issued.outcome.number.clone().unwrap(),
            Err(error) => error.reason().to_owned(),
        })
        .collect::<Vec<_>>();
    assert_eq!(
        numbers,
        [
            "PK-CN-2026-LHE-000002",
            "NUMBER_TAKEN",
            "PK-CN-2026-LHE-000001",
            "PK-CN-2026-LHE-000003",
            "PK-CN-2026-LHE-000004"
        ],
        "a series passes over a number that was brought"
    );
}

#[tokio::test]
async fn a_number_by_hand_that_is_not_of_the_office_s_series_is_told_and_none_is_the_twin_of_one() {
    let world = World::new();
    let (desk, _) = world.desk();
    let told = |findings: &Findings| findings.iter().filter(|one| one.rule == "NUMBER_NOT_OF_SERIES").count();
    let own = desk.issue(&world.signatory, &brought(&world, 1, "PK-CN-2026-LHE-000002")).await.unwrap();
    assert_eq!(told(&own.warnings), 0, "{:?}", own.warnings);
    for (nth, other) in (2..).zip(["FOO", "PK-CN-2025-LHE-000001", "PK-CN-2026-KHI-000999"]) {
        let issued = desk.issue(&world.signatory, &brought(&world, nth, other)).await.unwrap();
        assert_eq!(told(&issued.warnings), 1, "{other}: {:?}", issued.warnings);
    }
    let twins = ["pk-cn-2026-lhe-000002", "PK CN 2026 LHE 000002", "PK-CN-2026-LHE-300", "PK-CN-2026-LHE-0000300"];
    for (nth, twin) in (5..).zip(twins) {
        let refused = desk.issue(&world.signatory, &brought(&world, nth, twin)).await.unwrap_err();
        let WorkflowError::RulesRefuse(findings) = &refused else { panic!("{twin}: {refused}") };
        assert_eq!(told(findings), 1, "{twin}: {findings:?}");
    }
}

#[tokio::test]
async fn a_number_that_is_read_as_one_already_given_is_refused_also_within_one_message() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let numbers =
        ["foo", "FOO", "TDAP-3", "TDAP 000003", "PK-CN-2026-KHI-000999", "pk-cn-2026-khi-999", "PK-CN-2026-LHE-000001"];
    let rows: Arc<[IssueRow]> = (1..).zip(numbers).map(|(nth, number)| brought(&world, nth, number)).collect();
    let answers = desk.issue_many(&Arc::new(world.signatory.clone()), rows).await.unwrap();
    let said = |answer: &Result<Issued, WorkflowError>| match answer {
        Ok(issued) => issued.outcome.number.clone().unwrap(),
        Err(error) => error.reason().to_owned(),
    };
    assert_eq!(
        answers.iter().map(said).collect::<Vec<_>>(),
        [
            "foo",
            "NUMBER_TAKEN",
            "TDAP-3",
            "NUMBER_TAKEN",
            "PK-CN-2026-KHI-000999",
            "NUMBER_TAKEN",
            "PK-CN-2026-LHE-000001"
        ]
    );
    let message = answers[1].as_ref().unwrap_err().to_string();
    assert!(message.contains("FOO is read as foo"), "{message}");
    let drawn = desk.issue(&world.signatory, &world.footballs(20)).await.unwrap();
    assert_eq!(drawn.outcome.number.as_deref(), Some("PK-CN-2026-LHE-000002"), "a series passes over it");
    sequencer.close();
    let (desk, _) = world.desk();
    let refused = desk.issue(&world.signatory, &brought(&world, 21, "Foo")).await.unwrap_err();
    assert_eq!(refused.reason(), "NUMBER_TAKEN", "after a restart too");
    let entry = world.store.find_number("foo").unwrap();
    assert!(entry.is_some() && world.store.find_number("FOO").unwrap().is_none(), "it is looked up by its text");
}

#[tokio::test]
async fn what_is_refused_takes_no_place_and_draws_no_number() {
    let world = World::new();
    let (desk, _) = world.desk();
    desk.issue(&world.signatory, &brought(&world, 1, "PK-CN-2026-LHE-000009")).await.unwrap();
    world.clock.set("2027-06-01T10:00:00Z".parse().unwrap());
    let taken = desk.issue(&world.signatory, &brought(&world, 2, "PK-CN-2026-LHE-000009")).await.unwrap_err();
    assert!(["NUMBER_TAKEN", "RULES_REFUSE"].contains(&taken.reason()), "{taken}");
    // The year's log is open whether anything is issued or not: its first entry is a snapshot, and the only one.
    let others = world.store.logs().into_iter().filter(|other| *other != log()).collect::<Vec<_>>();
    assert!(others.iter().all(|other| world.store.durable_size(other) == 1), "{others:?}");
}
