//! Numbers of certificates: those of a series, those that are brought, and what reads like one that is given.

use super::{log, world::World};
use crate::{
    certificate::{Finding, Findings, Sha256},
    log::{Extension, Origin},
    office::{Actor, Continuity, Corridor, Medium, Office},
    reason::Reasoned,
    sequencer::{Closing, Outcome, Recalled, number_id, refilled},
    store::{Batch, Disclosures, MemoryStore, NewEntry, PublishedHead, StateChange, StatusListState, Store, Table},
    time::Clock as _,
    workflow::{BlockAgain, Desk, IssueRow, Issued, PaperRow, WorkflowError},
};
use std::sync::Arc;

/// The footballs under a number of their own.
fn brought(world: &World, nth: u16, number: &str) -> IssueRow {
    world.footballs_with(nth, |json| json["reference"]["number"] = number.into())
}

/// A second office of the authority, with series of its own.
fn open_karachi(desk: &Desk) {
    let lahore = desk.offices().find(&"LHE".parse().unwrap()).unwrap().office.clone();
    let karachi = Office { code: "KHI".parse().unwrap(), name: "Karachi".into(), place: "Karachi".into(), ..lahore };
    desk.offices().open(Actor::Operator, karachi).unwrap();
}

/// What the rule says, where it says something once.
fn said(error: &WorkflowError, rule: &str) -> Finding {
    let WorkflowError::RulesRefuse(findings) = error else { panic!("{error}") };
    let mut said = findings.iter().filter(|one| one.rule == rule);
    let one = said.next().unwrap_or_else(|| panic!("{findings}"));
    assert!(said.next().is_none(), "{findings}");
    one.clone()
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
async fn after_a_loss_a_series_goes_on_behind_every_number_of_it_that_is_known_and_fills_no_gap() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let entry = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome.entry;
    sequencer.close();
    let put = |state| world.store.commit(Batch { at_ms: 1, state, ..Batch::default() }).unwrap();
    let numbered = |number: &str| StateChange::NumberRecalled { number: number.to_owned(), entry: entry.clone() };
    put(vec![numbered("PK-CN-2026-LHE-000881"), numbered("PK-CN-2026-KHI-000999")]);
    // Nothing was lost: one that was brought is passed over when its turn comes.
    let (desk, sequencer) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap();
    assert_eq!(issued.outcome.number.as_deref(), Some("PK-CN-2026-LHE-000002"));
    sequencer.close();
    // What was lost came back: 000003 may stand on a paper that nobody here knows of.
    let recalled = Recalled { from: 0, end: 2, at_ms: 1, numbers_unknown: false };
    put(vec![recalled.put(&entry.origin)]);
    let (desk, sequencer) = world.desk();
    for (nth, number) in [(3, "PK-CN-2026-LHE-000882"), (4, "PK-CN-2026-LHE-000883")] {
        let issued = desk.issue(&world.signatory, &world.footballs(nth)).await.unwrap();
        assert_eq!(issued.outcome.number.as_deref(), Some(number));
    }
    sequencer.close();
    // A number of a block or of a paper is known as one of a certificate is.
    let id = number_id("PK-CN-2026-LHE-000900");
    put(vec![StateChange::RecordPut { table: Table::Number, id, record: br#"{"block":"b1"}"#.to_vec() }]);
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(5)).await.unwrap();
    assert_eq!(issued.outcome.number.as_deref(), Some("PK-CN-2026-LHE-000901"));
}

/// A store that a log came back to, with the number and the contents of one certificate alone.
pub(super) fn came_back(world: &World, known: &Outcome) -> MemoryStore {
    let store = MemoryStore::new();
    bring_back(world, &store, &known.entry.origin, Some(known));
    store
}

/// Has a log come back to a store, as to one that lost it.
pub(super) fn bring_back(world: &World, store: &MemoryStore, origin: &Origin, known: Option<&Outcome>) {
    let PublishedHead { head, note } = world.store.head(origin).unwrap();
    let addressee = world.store.addressee(origin).unwrap();
    let mut batch = Batch { at_ms: 1, ..Batch::default() };
    batch.state.push(StateChange::LogOpened { origin: origin.clone(), addressee });
    for StatusListState { list, seed, .. } in world.store.status_lists(origin).unwrap() {
        batch.state.push(StateChange::StatusListOpened { origin: origin.clone(), list, seed });
    }
    for index in 0..head.size {
        let facts = world.store.facts(origin, index).unwrap().unwrap();
        let shown = match world.store.disclosures(origin, index).unwrap() {
            Some(Disclosures::Present(shown)) if known.is_some_and(|known| index == known.entry.index) => Some(shown),
            _ => None,
        };
        batch.entries.push(NewEntry {
            origin: origin.clone(),
            index,
            jti: facts.jti,
            status_index: facts.status_index,
            number: known.and_then(|known| known.number.clone()).filter(|_| shown.is_some()),
            leaf: world.store.leaf(origin, index).unwrap().unwrap(),
            disclosures: shown.map(|shown| store.seal(origin, index, &shown).unwrap()),
        });
    }
    let kept = refilled(store, origin, &batch, 1).unwrap();
    batch.state.extend(kept);
    store.commit(batch).unwrap();
    let extension = Extension::prove(origin.clone(), None, head, &[]).unwrap();
    store.advance(vec![extension], &|_| Ok(note.clone())).unwrap();
}

#[tokio::test]
async fn where_an_operator_goes_on_without_a_number_each_series_passes_over_it_once() {
    let mut world = World::new();
    let (desk, sequencer) = world.desk();
    let known = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let held = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    assert_eq!(held.number.as_deref(), Some("PK-CN-2026-LHE-000002"));
    sequencer.close();
    world.store = Arc::new(came_back(&world, &known));
    let (desk, sequencer) = world.desk();
    let refused = desk.issue(&world.signatory, &world.footballs(3)).await.unwrap_err();
    assert_eq!(refused.reason(), "NUMBERS_UNKNOWN");
    sequencer.go_on(&known.entry.origin, world.clock.now()).unwrap();
    let issued = desk.issue(&world.signatory, &world.footballs(4)).await.unwrap();
    assert_eq!(issued.outcome.number.as_deref(), Some("PK-CN-2026-LHE-000003"));
    sequencer.close();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(5)).await.unwrap();
    assert_eq!(issued.outcome.number.as_deref(), Some("PK-CN-2026-LHE-000004"), "once");
}

/// Of a series of which nothing is known too, where it may have begun before: in the year of the log.
#[tokio::test]
async fn of_entries_that_are_given_up_each_series_passes_over_as_many_numbers_as_may_stand_in_them() {
    let of_years = [("2026", "PK-CN-2026-LHE-000008"), ("2025", "PK-CN-2026-LHE-000001")];
    for (year, first) in of_years {
        let world = World::new();
        let lost = Closing { size: 2, signed: 9, note: String::new() };
        let given_up = format!("tdap.gov.pk/log/{year}/ke").parse().unwrap();
        world.store.commit(Batch { at_ms: 1, state: vec![lost.put(&given_up)], ..Batch::default() }).unwrap();
        let (desk, sequencer) = world.desk();
        let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
        assert_eq!(issued.outcome.number.as_deref(), Some(first));
        sequencer.close();
        let (desk, _) = world.desk();
        let next = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome.number.unwrap();
        let serial = |number: &str| number.rsplit_once('-').unwrap().1.parse::<u64>().unwrap();
        assert_eq!(serial(&next), serial(first) + 1, "once");
    }
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let known = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    assert_eq!(known.number.as_deref(), Some("PK-CN-2026-LHE-000001"));
    sequencer.close();
    let lost = Closing { size: 4, signed: 6, note: String::new() };
    let given_up = "tdap.gov.pk/log/2026/ke".parse().unwrap();
    world.store.commit(Batch { at_ms: 1, state: vec![lost.put(&given_up)], ..Batch::default() }).unwrap();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap();
    assert_eq!(issued.outcome.number.as_deref(), Some("PK-CN-2026-LHE-000004"));
}

/// The number that is lost may have been given behind the block as well as before it.
#[tokio::test]
async fn a_number_that_is_lost_is_passed_over_behind_a_block_too_that_is_put_back() {
    let mut world = World::new();
    let (desk, sequencer) = world.desk();
    let known = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    desk.issue(&world.signatory, &world.footballs(2)).await.unwrap();
    sequencer.close();
    world.store = Arc::new(came_back(&world, &known));
    let (desk, sequencer) = world.desk();
    sequencer.go_on(&known.entry.origin, world.clock.now()).unwrap();
    let block = BlockAgain {
        issuer: "https://tdap.gov.pk".to_owned(),
        id: "0".repeat(32),
        office: "LHE".parse().unwrap(),
        agreement: "CPFTA".parse().unwrap(),
        to: "CN".parse().unwrap(),
        reserved_on: "2026-11-12".parse().unwrap(),
        numbers: ["PK-CN-2026-LHE-000002", "PK-CN-2026-LHE-000003"].map(|number| number.parse().unwrap()).into(),
        far: false,
    };
    let signatory = Arc::new(world.signatory.clone());
    desk.put_back_block(&signatory, &world.request_id(3), block).await.unwrap();
    let issued = desk.issue(&world.signatory, &world.footballs(4)).await.unwrap();
    assert_eq!(issued.outcome.number.as_deref(), Some("PK-CN-2026-LHE-000005"));
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
    let (given, free) = ("read as `PK-CN-2026-LHE-000002`, which", "writes it `PK-CN-2026-LHE-000300`");
    let twins = [
        ("pk-cn-2026-lhe-000002", given),
        ("PK CN 2026 LHE 000002", given),
        ("PK-CN-2026-LHE-300", free),
        ("PK-CN-2026-LHE-0000300", free),
    ];
    for (nth, (twin, words)) in (5..).zip(twins) {
        let refused = desk.issue(&world.signatory, &brought(&world, nth, twin)).await.unwrap_err();
        let said = said(&refused, "NUMBER_NOT_OF_SERIES");
        assert!(said.message.contains(words), "{said}");
        let suggests = said.help.as_ref().unwrap().contains("write it so");
        assert_eq!(suggests, words == free, "a number that is given is suggested to nobody: {said}");
    }
}

#[tokio::test]
async fn no_office_issues_under_a_number_of_another_however_it_is_written() {
    let world = World::new();
    let (desk, _) = world.desk();
    open_karachi(&desk);
    let numbers = ["PK-CN-2026-KHI-000005", "pk cn 2025 khi 5", "KHI-2026-000001", "khi-2026-2"];
    for (nth, number) in (1..).zip(numbers) {
        let refused = desk.issue(&world.signatory, &brought(&world, nth, number)).await.unwrap_err();
        let said = said(&refused, "NUMBER_OF_ANOTHER");
        assert!(said.message.contains("a number of office KHI") && said.message.contains("by LHE"), "{said}");
        assert!(said.help.as_ref().unwrap().contains("have office KHI issue"), "{said}");
    }
    desk.offices().close(Actor::Operator, &"KHI".parse().unwrap()).unwrap();
    let refused = desk.issue(&world.signatory, &brought(&world, 11, numbers[0])).await.unwrap_err();
    assert!(said(&refused, "NUMBER_OF_ANOTHER").message.contains("office KHI"), "it may be opened again");
    for (nth, number) in (12..).zip(["PK-CN-2026-LHE-000005", "KHI/7", "PK-CN-2026-ISB-000005"]) {
        let issued = desk.issue(&world.signatory, &brought(&world, nth, number)).await.unwrap();
        assert_eq!(issued.outcome.number.as_deref(), Some(number), "its own, and those of no office");
    }
}

#[tokio::test]
async fn a_paper_is_registered_under_the_number_that_it_bears_also_one_of_another_office() {
    let mut world = World::new();
    let (agreement, to) = ("CPFTA".parse().unwrap(), "CN".parse().unwrap());
    let corridor = Corridor { agreement, to, medium: Medium::Paper, from: None, until: None };
    world.continuity = Continuity { corridors: vec![corridor], register_within_days: 5 };
    let (desk, _) = world.desk();
    open_karachi(&desk);
    let number = "PK-CN-2026-KHI-000005";
    let row = PaperRow {
        request_id: world.request_id(1),
        number: number.parse().unwrap(),
        issued_on: "2026-11-20".parse().unwrap(),
        valid_until: None,
        agreement: "CPFTA".parse().unwrap(),
        to,
        office: "LHE".parse().unwrap(),
        scan_sha256: Sha256([7; 32]),
        remarks: None,
    };
    let answers = desk.register_papers(&Arc::new(world.signatory.clone()), vec![row]).await.unwrap();
    assert_eq!(answers[0].as_ref().unwrap().outcome.number.as_deref(), Some(number));
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
    assert!(message.contains("`FOO` is read as `foo`"), "{message}");
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
