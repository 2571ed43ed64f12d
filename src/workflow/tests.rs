mod cancelling;
mod closing;
mod drawing;
mod ended;
mod erasing;
mod given_back;
mod life;
mod numbers;
mod old_copies;
mod paper;
#[cfg(feature = "pdf")]
mod printing;
mod shards;
mod signed_as;
pub(crate) mod world;

use super::*;
use crate::{
    log::{Checkpoint, Origin, cosign},
    office::{AuditEvent, Caller},
    reason::Reasoned,
    sequencer::{
        RequestKey, Saying, Task, Work,
        cosigned::{Cosigned, Kept},
    },
    statement::{Act, KeyAct, KeyChange, KeyRecord, OpenedBody, Receipt, Status},
    store::{Batch, Store},
    time::{Clock, Timestamp},
    verification::{Headline, Question, Verdict, check_entry},
};
use std::{collections::BTreeSet, sync::Arc};
use world::World;

fn log() -> Origin {
    "tdap.gov.pk/log/2026/cn".parse().unwrap()
}

fn a_page(page_size: usize, page_token: &str) -> CertificatesAsked<'_> {
    CertificatesAsked { page_size, page_token, ..CertificatesAsked::default() }
}

fn verdict(world: &World, evidence: &EvidenceFile) -> Verdict {
    let question = Question::at(world.clock.now());
    world.verifier().verify(&evidence.bundle.to_json(), &question)
}

fn cancel(certificate: CertificateName) -> StatusWish {
    StatusWish {
        certificate,
        act: Act::Cancelled,
        items: None,
        reason: Some("not shipped".parse().unwrap()),
        remarks: None,
    }
}

#[tokio::test]
async fn an_issued_certificate_is_valid_to_a_stranger_with_its_evidence_alone() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    assert_eq!(issued.outcome.entry.origin, log());
    assert_eq!(issued.outcome.entry.index, 1, "the log's first entry is its status snapshot");
    let evidence = desk.evidence_at(&issued.outcome.entry).unwrap();
    let verdict = verdict(&world, &evidence);
    assert_eq!(verdict.headline, Headline::Valid, "{}", verdict.to_json());
}

#[tokio::test]
async fn the_same_request_has_the_same_answer_and_changes_nothing() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let row = world.footballs(1);
    let first = desk.issue(&world.signatory, &row).await.unwrap().outcome;
    assert_eq!(desk.issue(&world.signatory, &row).await.unwrap().outcome, first);
    sequencer.close();
    let (desk, _) = world.desk();
    assert_eq!(desk.issue(&world.signatory, &row).await.unwrap().outcome, first, "after a restart too");
    let mut other = row.clone();
    other.certificate_json.push(b' ');
    let refused = desk.issue(&world.signatory, &other).await.unwrap_err();
    assert_eq!(refused.reason(), "REQUEST_ID_REUSED");
    assert_eq!(world.store.durable_size(&log()), 2);
}

#[tokio::test]
async fn many_at_once_are_all_different_and_all_provable() {
    let world = World::new();
    let (desk, _) = world.desk();
    let rows: Arc<[IssueRow]> = (0..200).map(|nth| world.footballs(nth)).collect();
    let answers = desk.issue_many(&Arc::new(world.signatory.clone()), rows).await.unwrap();
    let outcomes = answers.into_iter().map(|answer| answer.unwrap().outcome).collect::<Vec<_>>();
    assert_eq!(outcomes.iter().map(|o| o.number.clone()).collect::<BTreeSet<_>>().len(), 200);
    assert_eq!(outcomes.iter().map(|o| o.entry.index).collect::<BTreeSet<_>>(), (1..=200).collect());
    let verifier = world.verifier();
    for outcome in outcomes.iter().step_by(37) {
        let evidence = desk.evidence_at(&outcome.entry).unwrap();
        let question = Question::at(world.clock.now());
        assert_eq!(verifier.verify(&evidence.bundle.to_json(), &question).headline, Headline::Valid);
    }
}

#[tokio::test]
async fn a_cancelled_certificate_says_so_and_cannot_be_cancelled_again() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let name = CertificateName::Number(issued.number.clone().unwrap());
    let request = world.request_id(2);
    let change = desk.change_status(&world.signatory, &request, cancel(name.clone())).await.unwrap();
    let again = desk.change_status(&world.signatory, &request, cancel(name.clone())).await.unwrap();
    assert_eq!(change, again);
    let other = desk.change_status(&world.signatory, &world.request_id(3), cancel(name.clone())).await.unwrap_err();
    assert_eq!(other.reason(), "STATUS_FORBIDS");
    assert_eq!(desk.get(&world.signatory, &name).unwrap().status, Status::Cancelled);
    let evidence = desk.evidence(&world.signatory, &name).unwrap();
    assert_eq!(evidence.bundle.changes.len(), 1);
    assert_eq!(verdict(&world, &evidence).headline, Headline::Cancelled);
}

#[tokio::test]
async fn after_a_failed_write_nothing_was_acknowledged_and_the_next_request_finds_a_sound_writer() {
    let world = World::new();
    let (desk, _) = world.desk();
    let first = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    world.store.fail_next_write("the disk went away");
    let failed = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap_err();
    assert_eq!(failed.reason(), "WRITER_UNAVAILABLE");
    let second = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    assert_eq!(second.entry.index, first.entry.index + 1);
    assert_eq!(second.number.as_deref(), Some("PK-CN-2026-LHE-000002"), "what failed left no gap");
    let evidence = desk.evidence_at(&second.entry).unwrap();
    assert_eq!(verdict(&world, &evidence).headline, Headline::Valid);
}

#[tokio::test]
async fn identifiers_rise_though_the_clock_goes_back_and_the_year_opens_a_log_of_its_own() {
    let world = World::new();
    let (desk, _) = world.desk();
    let set = |text: &str| world.clock.set(text.parse::<Timestamp>().unwrap());
    let first = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    set("2026-11-22T07:30:00Z");
    let second = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    assert!(second.jti > first.jti);
    // Half past midnight in Karachi, while UTC is still in the old year.
    set("2026-12-31T19:30:00Z");
    let next_year = desk.issue(&world.signatory, &world.footballs(3)).await.unwrap().outcome;
    assert_eq!(next_year.entry.origin.to_string(), "tdap.gov.pk/log/2027/cn");
    assert_eq!(next_year.number.as_deref(), Some("PK-CN-2027-LHE-000001"));
    set("2027-12-31T19:30:00Z");
    let no_key = desk.issue(&world.signatory, &world.footballs(4)).await.unwrap_err();
    assert_eq!(no_key.reason(), "NO_LOG_KEY");
}

#[tokio::test]
async fn a_snapshot_is_made_every_hour_so_that_status_has_an_age() {
    let world = World::new();
    let (desk, _) = world.desk();
    let first = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let before = desk.evidence_at(&first.entry).unwrap().as_of.unwrap();
    world.clock.set("2026-11-22T11:00:00Z".parse().unwrap());
    desk.issue(&world.signatory, &world.footballs(2)).await.unwrap();
    let after = desk.evidence_at(&first.entry).unwrap().as_of.unwrap();
    assert_eq!(after.as_second() - before.as_second(), 3_600);
}

#[tokio::test]
async fn the_rules_are_asked_before_anything_is_signed() {
    let world = World::new();
    let (desk, _) = world.desk();
    let spoil = |nth, from: &str, to: &str| {
        let mut row = world.footballs(nth);
        let text = String::from_utf8(row.certificate_json).unwrap();
        assert!(text.contains(from));
        row.certificate_json = text.replace(from, to).into_bytes();
        row
    };
    for (row, reason) in [
        (
            spoil(1, "\"exact\": \"64\", \"printed\": \"64%\"", "\"exact\": \"38\", \"printed\": \"38%\""),
            "RULES_REFUSE",
        ),
        (spoil(2, "\"code\": \"LHE\"", "\"code\": \"KHI\""), "RULES_REFUSE"),
        (spoil(3, "\"agreement\": \"CPFTA\"", "\"agreement\": \"ACFTA\""), "RULES_REFUSE"),
        (spoil(4, "\"from\": \"PK\"", "\"from\": \"KE\""), "RULES_REFUSE"),
        (IssueRow { request_id: "x".into(), ..world.footballs(5) }, "REQUEST_ID_INVALID"),
    ] {
        assert_eq!(desk.issue(&world.signatory, &row).await.unwrap_err().reason(), reason);
    }
    let mut stranger = world.signatory.account().clone();
    stranger.roles.clear();
    let stranger = Caller::from(stranger);
    let denied = desk.issue(&stranger, &world.footballs(6)).await.unwrap_err();
    assert_eq!(denied.reason(), "PERMISSION_DENIED");
    assert_eq!(world.store.logs().len(), 0);
}

#[tokio::test]
async fn every_finding_at_issue_names_the_box_of_the_form_whether_the_file_reads_or_not() {
    let world = World::new();
    let (desk, _) = world.desk();
    let low = ("\"exact\": \"64\", \"printed\": \"64%\"", "\"exact\": \"38\", \"printed\": \"38%\"");
    let cases = [
        (vec![low], vec![("goods.items[0].criterion", "8")]),
        (vec![("\"code\": \"LHE\"", "\"code\": \"KHI\"")], vec![("reference.office.code", "13")]),
        (vec![low, ("\"950662\"", "\"95066\"")], vec![("goods.items[0].hs", "7"), ("goods.items[0].criterion", "8")]),
    ];
    for (nth, (changes, expected)) in (1..).zip(cases) {
        let mut row = world.footballs(nth);
        let mut text = String::from_utf8(row.certificate_json).unwrap();
        for (from, to) in changes {
            assert!(text.contains(from));
            text = text.replace(from, to);
        }
        row.certificate_json = text.into_bytes();
        let refused = desk.issue(&world.signatory, &row).await.unwrap_err();
        let WorkflowError::RulesRefuse(findings) = refused else { panic!("{refused}") };
        for (path, number) in expected {
            let found = findings.iter().find(|one| one.path.starts_with(path));
            let found = found.unwrap_or_else(|| panic!("{path}: {findings}"));
            assert_eq!(found.form_box.as_deref(), Some(number), "{found}");
        }
    }
}

#[tokio::test]
async fn certificates_are_listed_newest_first_page_by_page() {
    let world = World::new();
    let (desk, _) = world.desk();
    for nth in 0..5 {
        desk.issue(&world.signatory, &world.footballs(nth)).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let page = desk.list(&world.signatory, a_page(2, &token)).unwrap();
        seen.extend(page.certificates.iter().map(|record| record.entry.index));
        match page.next {
            Some(next) => token = next,
            None => break,
        }
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    assert_eq!(desk.list(&world.signatory, a_page(2, "nonsense")).unwrap_err().reason(), "PAGE_TOKEN_INVALID");
}

#[tokio::test]
async fn certificates_of_several_logs_are_listed_newest_first_page_by_page() {
    let world = World::new();
    let (desk, _) = world.desk();
    for (nth, (hour, to)) in (1..).zip([(10, "CN"), (11, "KE"), (12, "CN"), (13, "KE")]) {
        world.clock.set(format!("2026-11-22T{hour}:00:00Z").parse().unwrap());
        let json = drawing::footballs(&world, to, "1000");
        let row = IssueRow { request_id: world.request_id(nth), certificate_json: json.to_string().into_bytes() };
        desk.issue(&world.signatory, &row).await.unwrap();
    }
    let listed = |to: Option<&str>| {
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let asked = CertificatesAsked { to: to.map(|to| to.parse().unwrap()), ..a_page(1, &token) };
            let page = desk.list(&world.signatory, asked).unwrap();
            seen.extend(page.certificates.iter().map(|one| format!("{} {}", one.certificate.to, one.entry.index)));
            match page.next {
                Some(next) => token = next,
                None => break seen,
            }
        }
    };
    let (all, china) = (listed(None), listed(Some("CN")));
    let countries = all.iter().map(|one| &one[..2]).collect::<Vec<_>>();
    assert_eq!(countries, ["KE", "CN", "KE", "CN"], "{all:?}");
    assert_eq!(china, [all[1].clone(), all[3].clone()]);
}

#[tokio::test]
async fn a_certificate_is_usable_at_once_though_it_is_still_yesterday_in_utc() {
    let world = World::new();
    let (desk, _) = world.desk();
    world.clock.set("2026-11-22T19:30:00Z".parse().unwrap());
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    assert_eq!(issued.outcome.day.to_string(), "2026-11-23");
    let verdict = verdict(&world, &desk.evidence_at(&issued.outcome.entry).unwrap());
    assert_eq!(verdict.headline, Headline::Valid, "{}", verdict.to_json());
}

#[tokio::test]
async fn a_repeat_keeps_its_answer_though_the_rules_refuse_it_today() {
    let world = World::new();
    let (desk, _) = world.desk();
    let row = world.footballs(1);
    let first = desk.issue(&world.signatory, &row).await.unwrap().outcome;
    // Two years on the certificate could not be issued any more; six days on, the request is still known.
    world.clock.set("2026-11-28T10:00:00Z".parse().unwrap());
    let mut elsewhere = world.signatory.account().clone();
    elsewhere.offices = vec!["KHI".parse().unwrap()];
    let elsewhere = Caller::from(elsewhere);
    assert_eq!(desk.issue(&elsewhere, &row).await.unwrap().outcome, first);
    let rows: Arc<[IssueRow]> = [row.clone()].into();
    let many = desk.issue_many(&Arc::new(elsewhere.clone()), rows).await.unwrap();
    assert_eq!(many.into_iter().next().unwrap().unwrap().outcome, first);
    let fresh = desk.issue(&elsewhere, &world.footballs(2)).await.unwrap_err();
    assert_eq!(fresh.reason(), "NOT_YOUR_OFFICE");
}

#[tokio::test]
async fn a_closed_log_stops_no_other() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    world.close_log(&issued.entry.origin, 2);
    // A new year, an hourly snapshot due in every log: the closed one is left alone.
    world.clock.set("2027-01-02T10:00:00Z".parse().unwrap());
    let next = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    assert_eq!(next.entry.origin.to_string(), "tdap.gov.pk/log/2027/cn");
    assert_eq!(world.store.durable_size(&issued.entry.origin), 2);
    let name = CertificateName::Number(issued.number.unwrap());
    let change = desk.change_status(&world.signatory, &world.request_id(3), cancel(name)).await.unwrap();
    assert_eq!(change.entry.origin, next.entry.origin, "a closed log takes no change either: the next one does");
    assert_eq!(world.store.durable_size(&issued.entry.origin), 2);
}

#[tokio::test]
async fn a_receipt_goes_to_the_issuer_of_the_log_and_a_key_change_to_everyone() {
    let world = World::new();
    let (_, sequencer) = world.desk();
    let say = async |nth: u8, saying| {
        let request = RequestKey { account: "exchange".to_owned(), id: [nth; 16] };
        let work = Work { request, digest: [nth; 32], task: Task::Say(Box::new(saying)), by: None };
        sequencer.submit(work).await.unwrap().entry
    };
    let receipt = Receipt {
        origin: "gacc.gov.cn/log/2026/tdap.gov.pk".parse().unwrap(),
        size: 40,
        missing: vec![3],
        held: vec![12, 39],
    };
    let entry = say(1, Saying::receipt(receipt.clone())).await;
    assert_eq!((entry.origin.to_string().as_str(), entry.index), ("tdap.gov.pk/log/2026/gacc.gov.cn", 1));
    let record = KeyRecord {
        key: "tdap-2026-2".parse().unwrap(),
        act: KeyAct::Opened,
        trust_version: 2,
        section: crate::log::leaf_hash(b"section"),
    };
    let change = KeyChange { record, reason: Some("yearly".parse().unwrap()) };
    let public = say(2, Saying::key_change(change)).await;
    assert_eq!((public.origin.to_string().as_str(), public.index), ("tdap.gov.pk/log/2026/all", 0));
    let trust = world.trust.load_full();
    let leaf = world.store.leaf(&entry.origin, entry.index).unwrap().unwrap();
    let checked = check_entry(&leaf, Some(&[]), &entry.origin, entry.index, &trust).unwrap();
    assert_eq!(checked.body, OpenedBody::Receipt(receipt));
    world.clock.set(world.clock.now() + std::time::Duration::from_hours(30));
    let (_, sequencer) = world.desk();
    sequencer.close();
    assert_eq!(world.store.durable_size(&public.origin), 1, "what is said to everyone has no status");
}

#[tokio::test]
async fn what_is_not_cosigned_yet_is_marked_and_what_is_cosigned_is_valid() {
    let world = World::new();
    let (name, key) = world.witnessed();
    let (desk, sequencer) = world.desk();
    sequencer.gate().go_on(&log());
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let early = desk.evidence_at(&issued.entry).unwrap();
    assert!(early.awaiting_cosignatures);
    assert_eq!(verdict(&world, &early).headline, Headline::NotCosigned);
    // Somebody waits while the witness answers.
    let (asker, certificate) = (world.signatory.clone(), CertificateName::Jti(issued.jti));
    let waiting = tokio::spawn({
        let desk = desk.clone();
        async move { desk.released(&asker, &certificate).await.unwrap() }
    });
    let trust = world.trust.load_full();
    let head = world.store.head(&log()).unwrap();
    let checkpoint = Checkpoint { origin: log(), head: head.head };
    let line = cosign(&checkpoint, &name, &key, 1_795_400_000).unwrap();
    let node = trust.node(&"node.kra.go.ke".parse().unwrap()).unwrap();
    let kept = Kept::check(&trust, &log(), &head, &line.to_string(), node.witness_keys()).unwrap();
    let state = Cosigned::none(log()).keep(&kept, &trust).unwrap();
    world.store.commit(Batch { state, ..Batch::default() }).unwrap();
    let released = waiting.await.unwrap();
    assert!(!released.awaiting_cosignatures);
    let judged = verdict(&world, &released);
    assert_eq!(judged.headline, Headline::Valid, "{}", judged.to_json());
    // A newer head that nobody has cosigned yet takes nothing from what was.
    let second = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome;
    assert!(desk.evidence_at(&second.entry).unwrap().awaiting_cosignatures);
    assert_eq!(verdict(&world, &desk.evidence_at(&issued.entry).unwrap()).headline, Headline::Valid);
}

#[tokio::test]
async fn a_key_that_may_not_speak_of_an_agreement_cancels_none_of_its_certificates() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let wish = || cancel(CertificateName::Jti(issued.jti));
    world.narrow_key("COMESA");
    let refused = desk.change_status(&world.signatory, &world.request_id(2), wish()).await.unwrap_err();
    assert_eq!(refused.reason(), "REPLICA_CHECK_FAILED");
    assert_eq!(world.store.durable_size(&log()), 2, "a refused change takes no place");
    world.narrow_key("CPFTA");
    desk.change_status(&world.signatory, &world.request_id(3), wish()).await.unwrap();
}

#[tokio::test]
async fn who_issued_and_who_cancelled_stands_in_the_audit_record_in_one_row_for_a_stream() {
    let world = World::new();
    let (desk, _) = world.desk();
    let rows: Arc<[IssueRow]> = (1..=40).map(|nth| world.footballs(nth)).collect();
    let issued = desk.issue_many(&Arc::new(world.signatory.clone()), rows).await.unwrap();
    let name = CertificateName::Jti(issued.into_iter().next_back().unwrap().unwrap().outcome.jti);
    desk.change_status(&world.signatory, &world.request_id(99), cancel(name)).await.unwrap();
    let rows = world.store.audit(0, 1_000).unwrap();
    let mut chain = crate::store::AuditChain::default();
    for row in &rows {
        chain.take(row).unwrap();
    }
    let events = rows.iter().map(|row| AuditEvent::read(&row.row).unwrap()).collect::<Vec<_>>();
    assert!(events.len() < 10, "{} rows for one stream", events.len());
    let last = events.last().unwrap();
    assert_eq!((last.action.as_str(), last.by.as_str()), ("change_status", world.signatory.id().as_str()));
    assert!(last.request.is_some() && last.roles == ["signatory"], "{last:?}");
    assert_eq!(last.detail.as_deref(), Some("cancelled tdap.gov.pk/log/2026/cn 40"));
    let places = events[..events.len() - 1].iter().map(|event| {
        assert_eq!(event.action, "issue_certificate");
        let (first, last) = event.object.rsplit(' ').next().unwrap().split_once('-').unwrap_or(("0", "0"));
        last.parse::<u64>().unwrap() - first.parse::<u64>().unwrap() + 1
    });
    assert_eq!(places.sum::<u64>(), 40, "every entry is somebody's");
    let text = serde_json::to_string(&events).unwrap();
    assert!(!text.to_lowercase().contains("football") && !text.contains("Sialkot"), "{text}");
}
