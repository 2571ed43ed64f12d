//! What certificates say, given back in their bundles to a node that lost it.

use super::{log, numbers::came_back, world::World};
use crate::{
    certificate::OfficeCode,
    office::{Account, Caller, Role, Wanted},
    reason::Reasoned as _,
    sequencer::{
        Bare, Closing, Consent, Lost, Outcome, Recalled, Standing, Wait, contents_gone, hold, number_id,
        put_with_nobody,
    },
    statement::{Bundle, OpenedBody, Presentation, Section, redact},
    store::{Batch, Disclosures, EntryRef, StateChange, Store as _, Table},
    time::{Clock as _, SeededRandom},
    verification::{Headline, Question},
    workflow::{CertificateBack, CertificateName, CertificateRecord, Desk, ReplaceWish, WorkflowError},
};
use std::sync::Arc;

/// What came back of two certificates is the contents of the first: with the second, and its bundle.
async fn lost() -> (World, Outcome, Bundle) {
    let mut world = World::new();
    let (desk, sequencer) = world.desk();
    let known = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let lost = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    let bundle = desk.evidence_at(&lost.entry).unwrap().bundle;
    sequencer.close();
    world.store = Arc::new(came_back(&world, &known));
    (world, lost, bundle)
}

fn bring(world: &World, desk: &Desk, bundle: &Bundle) -> Result<CertificateBack, WorkflowError> {
    desk.bring_back(&world.signatory, bundle.to_json().as_bytes())
}

fn is_missing(world: &World, entry: &EntryRef) -> bool {
    world.store.disclosures(&entry.origin, entry.index).unwrap() == Some(Disclosures::None)
}

fn account(role: Role, office: Option<&str>) -> Caller {
    let offices = office.map(|code| code.parse::<OfficeCode>().unwrap()).into_iter().collect();
    let wanted = Wanted { name: "M. Khan".to_owned(), roles: vec![role], offices, ..Wanted::default() };
    Account::open(wanted, &SeededRandom::new(41)).unwrap().into()
}

#[tokio::test]
async fn what_nobody_has_is_given_back_in_its_bundle_and_is_then_what_any_certificate_is() {
    let (world, lost, bundle) = lost().await;
    let (desk, sequencer) = world.desk();
    let name = CertificateName::Number(lost.number.clone().unwrap());
    assert_eq!(desk.get(&world.signatory, &name).unwrap_err().reason(), "CERTIFICATE_UNKNOWN");

    let back = bring(&world, &desk, &bundle).unwrap();
    assert_eq!((&back.entry, back.jti, back.before), (&lost.entry, lost.jti, false));
    assert!(Some(back.number.to_string()) == lost.number && !back.held && !back.number_taken, "{back:?}");
    let shown = desk.get(&world.signatory, &name).unwrap();
    assert!(shown.certificate.to_certificate().is_some(), "all that it says is shown");
    assert_eq!(CertificateRecord::token(world.store.as_ref(), &lost.entry).unwrap(), bundle.token);
    assert_eq!(bring(&world, &desk, &bundle).unwrap(), CertificateBack { before: true, ..back }, "once");
    let rows = world.store.audit(0, 100).unwrap();
    let said = rows.iter().filter(|row| String::from_utf8_lossy(&row.row).contains("give_back_contents"));
    assert_eq!(said.count(), 1);

    // Once all that came back is known, its series goes on behind it.
    let recalled = Recalled::read(world.store.as_ref(), &log()).unwrap().unwrap();
    let state = vec![Recalled { numbers_unknown: false, ..recalled }.put(&log())];
    world.store.commit(Batch { at_ms: 2, state, ..Batch::default() }).unwrap();
    sequencer.gate().turned();
    let next = desk.issue(&world.signatory, &world.footballs(3)).await.unwrap().outcome;
    assert_eq!(next.number.as_deref(), Some("PK-CN-2026-LHE-000003"));
}

#[tokio::test]
async fn nothing_but_the_very_certificate_with_all_that_was_signed_is_taken_and_from_its_own_office_alone() {
    let (world, lost, bundle) = lost().await;
    let (desk, _) = world.desk();
    let of = |token: String| Bundle { token, ..bundle.clone() };
    let (jwt, disclosures) = bundle.token.split_once('~').unwrap();
    let mut parts = disclosures.split_terminator('~').collect::<Vec<_>>();
    parts.pop();
    let fewer = format!("{jwt}~{}~", parts.join("~"));
    let redacted = redact(&Presentation::parse(&bundle.token).unwrap(), &[Section::Commercial]).unwrap();
    // Its signature with one bit set otherwise, and a disclosure of another certificate in place of one of its own.
    let (body, end) = jwt.split_at(jwt.len() - 20);
    let (first, rest) = end.split_at(1);
    let forged = format!("{body}{}{rest}~{disclosures}", if first == "A" { "B" } else { "A" });
    let shown = world.store.disclosures(&lost.entry.origin, lost.entry.index - 1).unwrap();
    let Some(Disclosures::Present(others)) = shown else { panic!("{shown:?}") };
    let mixed = format!("{fewer}{}~", others.last().unwrap());
    for (bad, reason) in [(fewer, "NOT_AS_SIGNED"), (redacted, "NOT_AS_SIGNED"), (forged, "NOT_AS_SIGNED")] {
        assert_eq!(bring(&world, &desk, &of(bad)).unwrap_err().reason(), reason);
    }
    bring(&world, &desk, &of(mixed)).unwrap_err();
    let cut = &bundle.to_json().into_bytes()[1..];
    assert_eq!(desk.bring_back(&world.signatory, cut).unwrap_err().reason(), "NOT_STRICT_JSON");

    // What stands in no log here, though this authority signed it.
    let elsewhere = World::new();
    let (other, _) = elsewhere.desk();
    let mut places = Vec::new();
    for nth in 1..=4 {
        places.push(other.issue(&elsewhere.signatory, &elsewhere.footballs(nth)).await.unwrap().outcome.entry);
    }
    let stray = other.evidence_at(places.last().unwrap()).unwrap().bundle;
    let unsigned = {
        let (signed, shown) = stray.token.split_once('~').unwrap();
        let (body, _) = signed.rsplit_once('.').unwrap();
        let (_, signature) = jwt.rsplit_once('.').unwrap();
        of(format!("{body}.{signature}~{shown}"))
    };
    let refused = bring(&world, &desk, &unsigned).unwrap_err();
    assert!(!["ENTRY_LOST", "CERTIFICATE_UNKNOWN"].contains(&refused.reason()), "{refused}");
    let other = account(Role::Signatory, Some("KHI"));
    let refused = desk.bring_back(&other, stray.to_json().as_bytes()).unwrap_err();
    assert_eq!(refused.reason(), "NOT_YOUR_OFFICE");
    let number = stray_number(&stray);
    assert_eq!(world.store.record(Table::Number, &number_id(&number)).unwrap(), None, "kept before it was proven");

    for (caller, reason) in [
        (account(Role::CustomsOfficer, None), "PERMISSION_DENIED"),
        (account(Role::Examiner, Some("LHE")), "PERMISSION_DENIED"),
        (account(Role::Signatory, Some("KHI")), "NOT_YOUR_OFFICE"),
    ] {
        let refused = desk.bring_back(&caller, bundle.to_json().as_bytes()).unwrap_err();
        assert_eq!(refused.reason(), reason, "{refused}");
    }
    assert!(is_missing(&world, &lost.entry), "nothing was taken");

    // Its entry is lost for good, and its number is kept.
    assert_eq!(bring(&world, &desk, &stray).unwrap_err().reason(), "ENTRY_LOST");
    assert!(world.store.record(Table::Number, &number_id(&number)).unwrap().is_some());

    // What was erased comes back from nowhere.
    bring(&world, &desk, &bundle).unwrap();
    world.store.erase(&lost.entry.origin, lost.entry.index, 9).unwrap();
    assert_eq!(bring(&world, &desk, &bundle).unwrap_err().reason(), "CONTENTS_ERASED");
}

fn stray_number(bundle: &Bundle) -> String {
    let opened = Presentation::parse(&bundle.token).unwrap().open().unwrap();
    let OpenedBody::Certificate(certificate) = opened.body else { panic!("no certificate") };
    certificate.reference.as_option().unwrap().number.to_string()
}

#[tokio::test]
async fn the_number_of_one_that_no_partner_had_is_passed_over_and_said_to_be_lost() {
    let (before, world) = (World::new(), World::new());
    let (desk_before, _) = before.desk();
    for nth in 1..=3 {
        desk_before.issue(&before.signatory, &before.footballs(nth)).await.unwrap();
    }
    let lost = desk_before.issue(&before.signatory, &before.footballs(4)).await.unwrap().outcome;
    let bundle = desk_before.evidence_at(&lost.entry).unwrap().bundle;

    // The node that goes on has no memory of the last.
    let (desk, _) = world.desk();
    for nth in 1..=3 {
        desk.issue(&world.signatory, &world.footballs(nth)).await.unwrap();
    }
    for _ in 0..2 {
        let refused = bring(&world, &desk, &bundle).unwrap_err();
        let words = refused.to_string();
        assert_eq!(refused.reason(), "ENTRY_LOST", "{words}");
        assert!(words.contains(lost.number.as_deref().unwrap()) && words.contains("passed over"), "{words}");
    }
    let name = CertificateName::Number(lost.number.clone().unwrap());
    let looked_up = |day| desk.look_up(&name, day).unwrap_err().reason();
    assert_eq!(looked_up(Some(lost.day)), "ENTRY_LOST");
    for guessed in [None, Some(lost.day.tomorrow().unwrap())] {
        assert_eq!(looked_up(guessed), "CERTIFICATE_UNKNOWN", "numbers run, and one can be guessed");
    }
    let rows = world.store.audit(0, 100).unwrap();
    let said = rows.iter().filter(|row| String::from_utf8_lossy(&row.row).contains("is passed over"));
    assert_eq!(said.count(), 1);
    let next = desk.issue(&world.signatory, &world.footballs(5)).await.unwrap().outcome;
    assert_eq!(
        (lost.number.as_deref(), next.number.as_deref()),
        (Some("PK-CN-2026-LHE-000004"), Some("PK-CN-2026-LHE-000005"))
    );
    let brought = world.footballs_with(6, |json| json["reference"]["number"] = lost.number.clone().into());
    assert_eq!(desk.issue(&world.signatory, &brought).await.unwrap_err().reason(), "NUMBER_TAKEN");

    // In its place stands another by now, and who holds the log says so.
    let presented = Presentation::parse(&bundle.token).unwrap();
    let other_history = desk.other_history(&bundle, &presented).unwrap();
    let size = world.store.head(&lost.entry.origin).unwrap().head.size;
    assert_eq!(other_history, Some(size));
    assert_eq!(desk_before.other_history(&bundle, &presented).unwrap(), None, "it is the one that stands there");
    let asked = Question { other_history, ..Question::at(world.clock.now()) };
    let verdict = world.verifier().verify(&bundle.to_json(), &asked);
    assert_eq!(verdict.headline, Headline::Equivocated, "{}", verdict.to_text());
    let words = format!("entry {} is another statement", lost.entry.index);
    assert!(verdict.checks.iter().any(|check| check.sentence.contains(&words)), "{}", verdict.to_text());
}

#[tokio::test]
async fn the_number_of_one_that_was_lost_stays_with_what_has_it_here_and_that_is_said() {
    let (before, world) = (World::new(), World::new());
    let (desk_before, _) = before.desk();
    let lost = desk_before.issue(&before.signatory, &before.footballs(1)).await.unwrap().outcome;
    let bundle = desk_before.evidence_at(&lost.entry).unwrap().bundle;
    let (desk, _) = world.desk();
    let (table, id) = (Table::Number, number_id(lost.number.as_deref().unwrap()));
    let record = br#"{"block":"b1"}"#.to_vec();
    let held = StateChange::RecordPut { table, id: id.clone(), record: record.clone() };
    world.store.commit(Batch { state: vec![held], ..Batch::default() }).unwrap();
    let refused = bring(&world, &desk, &bundle).unwrap_err();
    assert_eq!(refused.reason(), "ENTRY_LOST");
    assert!(refused.to_string().contains("stays with what has it here"), "{refused}");
    assert_eq!(world.store.record(table, &id).unwrap(), Some(record));
}

#[tokio::test]
async fn where_no_partner_has_a_number_it_is_said_who_can_bring_it_and_nobody_is_told_to_ask_again() {
    let (world, _, bundle) = lost().await;
    let (desk, sequencer) = world.desk();
    let state = vec![put_with_nobody(&log(), true)];
    world.store.commit(Batch { at_ms: 2, state, ..Batch::default() }).unwrap();
    let refused = desk.issue(&world.signatory, &world.footballs(3)).await.unwrap_err();
    assert_eq!(refused.reason(), "NUMBERS_LOST");
    let words = refused.to_string();
    assert!(words.contains("certificate give-back") && words.contains("partner go-on --log"), "{words}");
    assert!(!words.contains("ask again"), "{words}");
    let shut = sequencer.shut().unwrap();
    assert_eq!(shut.iter().map(|(_, why)| why.reason()).collect::<Vec<_>>(), ["NUMBERS_LOST"]);
    // While that is held against what is missing, who asks may wait.
    bring(&world, &desk, &bundle).unwrap();
    let refused = desk.issue(&world.signatory, &world.footballs(4)).await.unwrap_err();
    assert_eq!(refused.reason(), "NUMBERS_UNKNOWN");
}

#[tokio::test]
async fn what_was_lost_is_not_said_to_be_erased() {
    let (world, lost, _) = lost().await;
    let (desk, _) = world.desk();
    let wish = ReplaceWish {
        request_id: world.request_id(3),
        certificate: CertificateName::Jti(lost.jti),
        certificate_json: Vec::new(),
        reason: Some("the key that signed it is closed".parse().unwrap()),
        remarks: None,
    };
    let refused = desk.replace(&world.signatory, wish).await.unwrap_err();
    assert_eq!(refused.reason(), "CONTENTS_MISSING");
    assert!(refused.to_string().contains("certificate give-back"), "{refused}");
}

#[tokio::test]
async fn a_number_that_something_else_got_meanwhile_stays_with_that_and_it_is_said() {
    let (world, lost, bundle) = lost().await;
    let (desk, sequencer) = world.desk();
    sequencer.go_on(&lost.entry.origin, world.clock.now()).unwrap();
    let number = lost.number.clone().unwrap();
    let other = EntryRef { origin: log(), index: 0 };
    let given = StateChange::NumberRecalled { number: number.clone(), entry: other.clone() };
    world.store.commit(Batch { at_ms: 2, state: vec![given], ..Batch::default() }).unwrap();
    assert!(bring(&world, &desk, &bundle).unwrap().number_taken);
    assert_eq!(world.store.find_number(&number).unwrap(), Some(other));
    assert!(!is_missing(&world, &lost.entry));
    desk.get(&world.signatory, &CertificateName::Jti(lost.jti)).unwrap();
}

#[tokio::test]
async fn a_log_that_is_closed_for_good_stays_so_by_the_operators_word_which_opens_or_gives_up_what_waits_for_it() {
    let (world, lost, _) = lost().await;
    let (_desk, sequencer) = world.desk();
    let (origin, gate, store) = (&lost.entry.origin, sequencer.gate(), world.store.as_ref());
    let (size, told) = (store.durable_size(origin), "node.kra.go.ke".parse().unwrap());
    gate.settle(origin, Standing::Behind { held: size, signed: size + 1, told });
    gate.settle(origin, Standing::Closed(Closing { size, signed: size + 1, note: String::new() }));
    let go_on = || sequencer.go_on(origin, world.clock.now());
    assert!(go_on().unwrap());
    assert!(!Recalled::read(store, origin).unwrap().unwrap().numbers_unknown);
    assert_eq!(go_on().unwrap_err().reason(), "OWN_HISTORY_LOST", "nothing waits for it");

    let wait = Wait { since: world.clock.now(), missing: 1, holders: Vec::new(), trouble: None, coming: true };
    gate.waits(origin, Lost::Contents, Some(wait));
    assert!(Bare::read(store, origin).unwrap().is_some() && go_on().unwrap());
    assert!(Bare::read(store, origin).unwrap().is_none() && gate.bare().is_empty());
    assert_eq!(contents_gone(store, origin).unwrap(), 1);
    assert!(matches!(gate.standing(origin), Some(Standing::Closed(_))));
}

#[tokio::test]
async fn one_that_is_held_is_held_when_it_is_back_until_it_is_released() {
    let (world, lost, bundle) = lost().await;
    let (desk, _) = world.desk();
    let state = vec![hold(&lost.entry, Consent::Exporter)];
    world.store.commit(Batch { at_ms: 2, state, ..Batch::default() }).unwrap();
    assert!(bring(&world, &desk, &bundle).unwrap().held);
    desk.release(&world.signatory, &world.request_id(3), CertificateName::Jti(lost.jti)).await.unwrap();
    let again = bring(&world, &desk, &bundle).unwrap();
    assert!(again.before && !again.held, "{again:?}");
}

#[tokio::test]
async fn what_is_given_back_when_its_years_are_over_is_erased_like_what_came_back_before() {
    let (mut world, lost, bundle) = lost().await;
    world.erase_after_years = Some(0);
    let (desk, _) = world.desk();
    // The agreement has papers kept for two years.
    world.clock.set("2028-12-01T10:00:00Z".parse().unwrap());
    assert_eq!(desk.erase_due().unwrap(), (1, false));
    assert!(!bring(&world, &desk, &bundle).unwrap().before);
    assert_eq!(desk.erase_due().unwrap(), (1, false));
    let said = world.store.disclosures(&lost.entry.origin, lost.entry.index).unwrap();
    assert_eq!(said, Some(Disclosures::Erased));
    assert_eq!(desk.erase_due().unwrap(), (0, false));
}
