//! The desk of a real issuing body: fees, referrals, numbers in advance, offices that close.

use super::*;
use crate::{
    certificate::AgreementCode,
    office::{Fees, ReferredTo, Scopes},
};

#[test]
fn what_is_not_paid_for_is_not_in_the_queue_and_a_treasurys_token_records_it_and_reads_nothing() {
    let mut office = Office::new();
    office.world.fees = Fees::read(["CPFTA"]).unwrap();
    let office = office.restarted();
    let paper = office.paper();
    let id = office.applications.create(&office.exporter, &office.id(1), "", paper.clone()).unwrap().application.id;
    let submitted = office.applications.submit(&office.exporter, &office.id(2), id, Office::declarant(&paper)).unwrap();
    assert_eq!(submitted.application.stage.name(), StageName::AwaitingPayment);
    let waiting = |stages| {
        let asked = QueueAsked { stages, ..QueueAsked::default() };
        office.applications.queue(&office.examiner, &asked).unwrap().rows.len()
    };
    assert_eq!((waiting(vec![]), waiting(vec![StageName::AwaitingPayment])), (0, 1));
    let treasury = {
        let account = office.examiner.account().clone();
        let scopes = Scopes::only([Action::RecordFee]);
        Caller::new(Arc::new(account), office.examiner.credential().clone(), scopes)
    };
    assert_eq!(office.applications.get(&treasury, id).unwrap_err().reason(), "APPLICATION_UNKNOWN");
    let claimed = office.applications.claim(&treasury, &office.id(3), id).unwrap_err();
    assert_eq!(claimed.reason(), "PERMISSION_DENIED");
    let pay = |nth| office.applications.record_fee(&treasury, &office.id(nth), id, text("TR-991"));
    let paid = pay(4).unwrap();
    assert_eq!(paid.application.stage.name(), StageName::Submitted);
    assert_eq!(pay(4).unwrap().application, paid.application, "the same request has the same answer");
    assert_eq!(pay(5).unwrap_err().reason(), "APPLICATION_STATE", "paid once");
    assert_eq!((waiting(vec![]), waiting(vec![StageName::AwaitingPayment])), (1, 0));
    let rows = office.applications.queue(&office.examiner, &QueueAsked::default()).unwrap().rows;
    assert_eq!(rows[0].application.fee.as_ref().unwrap().reference, text("TR-991"));
}

#[test]
fn a_referred_application_stands_in_the_queue_with_the_day_its_report_is_due() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    office.applications.claim(&office.examiner, &office.id(3), id).unwrap();
    let due = office.applications.day_at(&"LHE".parse().unwrap()).tomorrow().unwrap();
    let asked = Referring { to: ReferredTo::Factory, look_at: text("The moulds of size 5"), due };
    office.applications.refer(&office.examiner, &office.id(4), id, asked).unwrap();
    let rows = office.applications.queue(&office.examiner, &QueueAsked::default()).unwrap().rows;
    assert_eq!(rows[0].application.referred().unwrap().due, due);
    let found = |visited_on| Found {
        visitor: text("F. Inspector"),
        visited_on,
        words: text("As declared"),
        paper: Shown([4; 32]),
    };
    let early = office.applications.report(&office.examiner, &office.id(5), id, found(due)).unwrap_err();
    assert_eq!(early.reason(), "REFERRAL_DATES");
    let today = due.yesterday().unwrap();
    let back = office.applications.report(&office.examiner, &office.id(6), id, found(today)).unwrap();
    assert_eq!(back.application.stage.name(), StageName::UnderExamination);
    assert_eq!(back.application.referrals[0].report.as_ref().unwrap().paper, Shown([4; 32]));
}

#[tokio::test]
async fn a_certificate_bears_the_number_that_its_application_was_given_in_advance() {
    let office = Office::new();
    let paper = office.paper();
    let draft = office.applications.create(&office.exporter, &office.id(1), "", paper.clone()).unwrap().application.id;
    let (one, two) = (office.id(2), office.id(3));
    let (first, again, late) = tokio::join!(
        office.applications.reserve_number(&office.exporter, &one, draft),
        office.applications.reserve_number(&office.exporter, &one, draft),
        office.applications.reserve_number(&office.exporter, &two, draft),
    );
    let numbers = [first, again, late].map(|given| Some(given.ok()?.application.number.unwrap().number));
    assert_eq!(numbers[0], numbers[1], "the same request has the same answer");
    assert_ne!(numbers[0].is_some(), numbers[2].is_some(), "one application holds one number");
    let number = numbers.into_iter().flatten().next().unwrap();
    assert_eq!(
        office.applications.reserve_number(&office.exporter, &office.id(4), draft).await.unwrap_err().reason(),
        "NUMBER_HELD"
    );
    // Another certificate is issued meanwhile, and a back office brings the number: neither gets it.
    let other = office.recommended(11);
    let signed =
        office.applications.sign(&office.world.signatory, &office.id(20), other, office.shown(other), None).await;
    assert_ne!(signed.unwrap().certificate.number, number.to_string());
    let office = office.restarted();
    let mut brought: serde_json::Value = serde_json::from_slice(&paper.certificate_json).unwrap();
    brought["reference"]["number"] = number.as_str().into();
    let row =
        crate::workflow::IssueRow { request_id: office.id(21), certificate_json: brought.to_string().into_bytes() };
    let taken = office.applications.desk.issue(&office.world.signatory, &row).await.unwrap_err();
    assert_eq!(taken.reason(), "NUMBER_TAKEN");
    let declarant = Office::declarant(&paper);
    office.applications.submit(&office.exporter, &office.id(5), draft, declarant).unwrap();
    office.applications.claim(&office.examiner, &office.id(6), draft).unwrap();
    office.applications.recommend(&office.examiner, &office.id(7), draft, None).unwrap();
    let preview = office.applications.preview(&office.world.signatory, draft, None).unwrap();
    assert!(preview.certificate_json.contains(number.as_str()), "the signatory sees the number");
    let signed = office.applications.sign(&office.world.signatory, &office.id(8), draft, preview.shown, None).await;
    assert_eq!(signed.unwrap().certificate.number, number.to_string());
    let page = office.applications.numbers(&office.examiner, "", 0, "").unwrap();
    assert_eq!(page.numbers.len(), 2);
    assert!(page.numbers.iter().all(|row| matches!(row.standing, NumberStanding::Given(Some(_)))));
}

#[tokio::test]
async fn a_number_that_no_certificate_bears_stays_in_the_list_with_its_reason_and_is_given_to_nobody() {
    let office = Office::new();
    let mut ids = Vec::new();
    for nth in 0..4_u16 {
        let id = office.submitted(1 + nth * 10, office.paper());
        let held = office.applications.reserve_number(&office.exporter, &office.id(3 + nth * 10), id).await.unwrap();
        ids.push((id, held.application.number.unwrap().number.to_string()));
    }
    office.applications.withdraw(&office.exporter, &office.id(50), ids[0].0, Some(text("no ship"))).unwrap();
    office.applications.claim(&office.examiner, &office.id(51), ids[1].0).unwrap();
    let other = RefusalCode::Other;
    office.applications.refuse(&office.examiner, &office.id(52), ids[1].0, other, text("not ours")).unwrap();
    let denied = office.applications.void_number(&office.examiner, &office.id(53), ids[2].0, text("x")).unwrap_err();
    assert_eq!(denied.reason(), "PERMISSION_DENIED");
    let voided = office.applications.void_number(&office.world.signatory, &office.id(54), ids[2].0, text("typo"));
    assert_eq!(voided.unwrap().application.stage.name(), StageName::Submitted);
    let office = office.restarted();
    let mut told = Vec::new();
    let mut token = String::new();
    loop {
        let page = office.applications.numbers(&office.world.signatory, "LHE", 1, &token).unwrap();
        told.extend(page.numbers.into_iter().map(|row| match row.standing {
            NumberStanding::Voided(record) => {
                (row.number, record.voided.map(|voided| voided.why.unwrap().as_str().to_owned()))
            }
            NumberStanding::Held(_) => (row.number, None),
            other => panic!("{other:?}"),
        }));
        let Some(next) = page.next else { break };
        token = next;
    }
    let reasons = [Some("no ship"), Some("not ours"), Some("typo"), None].map(|why| why.map(str::to_owned));
    assert_eq!(told, ids.iter().map(|(_, number)| number.clone()).zip(reasons).collect::<Vec<_>>());
    assert!(office.applications.numbers(&office.world.signatory, "KHI", 9, "").unwrap().numbers.is_empty());
    let next = office.applications.reserve_number(&office.exporter, &office.id(60), ids[2].0).await.unwrap();
    assert!(ids.iter().all(|(_, number)| *number != next.application.number.as_ref().unwrap().number.to_string()));
}

#[tokio::test]
async fn a_number_is_given_for_one_certificate_and_a_failed_write_gives_none() {
    let office = Office::new();
    let draft = office.applications.create(&office.exporter, &office.id(1), "", office.paper()).unwrap().application.id;
    office.world.store.fail_next_write("the disk is gone");
    let failed = office.applications.reserve_number(&office.exporter, &office.id(2), draft).await.unwrap_err();
    assert_eq!(failed.class(), crate::reason::Class::Retry);
    let held = office.applications.reserve_number(&office.exporter, &office.id(2), draft).await.unwrap();
    assert!(held.application.number.is_some());
    let mut value: serde_json::Value = serde_json::from_slice(&office.paper().certificate_json).unwrap();
    value["to"] = "KE".into();
    let elsewhere = Paper { certificate_json: value.to_string().into_bytes(), production_json: Vec::new() };
    let bound = office.applications.update(&office.exporter, &office.id(3), draft, elsewhere).unwrap_err();
    assert_eq!(bound.reason(), "NUMBER_BOUND");
    let mended = office.other_paper("size 5", "size 4");
    assert!(office.applications.update(&office.exporter, &office.id(4), draft, mended).is_ok());
    let stranger = account("Other Ltd", &[Role::Exporter], 40);
    let unseen = office.applications.reserve_number(&stranger, &office.id(5), draft).await.unwrap_err();
    assert_eq!(unseen.reason(), "APPLICATION_UNKNOWN");
    let auditor = account("E. Audit", &[Role::Auditor], 42);
    assert_eq!(office.applications.numbers(&auditor, "", 0, "").unwrap().numbers.len(), 1);
    assert_eq!(office.applications.numbers(&office.exporter, "", 0, "").unwrap_err().reason(), "PERMISSION_DENIED");
}

#[tokio::test]
async fn a_closed_office_issues_nothing_and_its_queue_is_issued_by_another() {
    let office = Office::new();
    let (lahore, karachi) = ("LHE".parse().unwrap(), "KHI".parse().unwrap());
    let offices = office.applications.desk.offices().clone();
    let approved = office.recommended(1);
    office.approved_and_killed(9, approved);
    let held = office.submitted(11, office.paper());
    let number = office.applications.reserve_number(&office.exporter, &office.id(13), held).await.unwrap();
    let number = number.application.number.unwrap().number.to_string();
    office.applications.claim(&office.examiner, &office.id(14), held).unwrap();
    let mut other = offices.find(&lahore).unwrap().office.clone();
    (other.code, other.place, other.name) = ("KHI".parse().unwrap(), "Karachi".into(), "Karachi Office".into());
    offices.open(Actor::Operator, other).unwrap();
    let move_queue = || office.applications.move_queue(Actor::Operator, (&lahore, &karachi), "");
    assert_eq!(move_queue().unwrap_err().reason(), "OFFICE_OPEN", "an open office keeps its queue");
    offices.close(Actor::Operator, &lahore).unwrap();
    let shut = office.applications.preview(&office.world.signatory, approved, None).unwrap_err();
    assert!(shut.to_string().contains("is closed"), "{shut}");
    let draft =
        office.applications.create(&office.exporter, &office.id(20), "", office.paper()).unwrap().application.id;
    let declarant = Office::declarant(&office.paper());
    let refused = office.applications.submit(&office.exporter, &office.id(21), draft, declarant).unwrap_err();
    assert_eq!(refused.reason(), "RULES_REFUSE");
    let moved = move_queue().unwrap();
    assert_eq!((moved.moved, moved.left, moved.next), (2, 0, None));
    let at_karachi = |name: &str, role, seed| {
        let offices = vec!["KHI".parse().unwrap()];
        let wanted = Wanted { name: name.to_owned(), roles: vec![role], offices, ..Wanted::default() };
        Caller::from(Account::open(wanted, &SeededRandom::new(seed)).unwrap())
    };
    let (examiner, signatory) = (at_karachi("K. One", Role::Examiner, 50), at_karachi("K. Two", Role::Signatory, 51));
    let queue = office
        .applications
        .queue(&examiner, &QueueAsked { office: Some("KHI".parse().unwrap()), ..QueueAsked::default() });
    assert_eq!(queue.unwrap().rows.len(), 1, "what an officer had in hand waits for one of the other office");
    office.applications.claim(&examiner, &office.id(22), held).unwrap();
    office.applications.recommend(&examiner, &office.id(23), held, None).unwrap();
    for (nth, id) in [(24, held), (25, approved)] {
        let preview = office.applications.preview(&signatory, id, None).unwrap();
        assert!(preview.certificate_json.contains("Karachi"), "{}", preview.certificate_json);
        office.applications.sign(&signatory, &office.id(nth), id, preview.shown, None).await.unwrap();
    }
    let certificate = office.applications.get(&office.exporter, held).unwrap().application;
    assert_eq!(certificate.stage.certificate().unwrap().number, number, "the export declaration names this number");
    assert_eq!((certificate.subject.office, certificate.filed_at), (karachi, Some(lahore)));
}

#[test]
fn a_signatory_types_no_number_of_another_office() {
    let office = Office::new();
    let offices = office.applications.desk.offices();
    let lahore = offices.find(&"LHE".parse().unwrap()).unwrap().office.clone();
    offices.open(Actor::Operator, crate::office::Office { code: "KHI".parse().unwrap(), ..lahore }).unwrap();
    let id = office.recommended(1);
    let preview = |number: &str| office.applications.preview(&office.world.signatory, id, number.parse().ok());
    let refused = preview("khi-2026-2").unwrap_err();
    let WorkflowError::RulesRefuse(findings) = &refused else { panic!("{refused}") };
    assert!(findings.iter().any(|one| one.rule == "NUMBER_OF_ANOTHER"), "{findings}");
    assert!(preview("PK-CN-2026-LHE-000007").unwrap().certificate_json.contains("PK-CN-2026-LHE-000007"));
}

#[tokio::test]
async fn the_numbers_of_an_office_begin_where_its_administrator_says() {
    let office = Office::new();
    let begin = std::collections::BTreeMap::from([("CPFTA".parse().unwrap(), 500)]);
    let change = |now| crate::office::Office { series_begin: begin, ..now };
    let lahore = "LHE".parse().unwrap();
    let desk = &office.applications.desk;
    desk.change_office(Actor::Operator, &lahore, change).unwrap();
    let id = office.submitted(1, office.paper());
    let held = office.applications.reserve_number(&office.exporter, &office.id(3), id).await.unwrap();
    assert!(held.application.number.unwrap().number.as_str().ends_with("500"));
    let page = office.applications.numbers(&office.examiner, "", 0, "").unwrap();
    assert_eq!(page.numbers.len(), 1, "what lies below was never a number of the series");
    // A series that has begun counts on: to be told that it begins elsewhere would be untrue.
    let begin = |first| std::collections::BTreeMap::from([("CPFTA".parse().unwrap(), first)]);
    let change = |first| {
        desk.change_office(Actor::Operator, &lahore, move |now| crate::office::Office {
            series_begin: begin(first),
            ..now
        })
    };
    let refused = change(5_000).unwrap_err();
    assert_eq!(refused.reason(), "OFFICE_INVALID");
    assert!(refused.to_string().contains("the next one is 501"), "{refused}");
    change(500).expect("what it was given before stays");
}

#[test]
fn an_office_is_not_stopped_by_a_first_serial_that_its_numbers_have_no_room_for() {
    let office = Office::new();
    let (desk, lahore) = (&office.applications.desk, "LHE".parse().unwrap());
    let begin = |first: u64| {
        let series_begin = std::collections::BTreeMap::from([("CPFTA".parse().unwrap(), first)]);
        move |now: crate::office::Office| crate::office::Office { series_begin, ..now }
    };
    let before = desk.offices().find(&lahore).unwrap();
    let karachi = crate::office::Office { code: "KHI".parse().unwrap(), ..before.office.clone() };
    for refused in [
        desk.change_office(Actor::Operator, &lahore, begin(99_999_999)),
        desk.open_office(Actor::Operator, begin(1_000_000)(karachi)),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.reason(), "OFFICE_INVALID");
        assert!(refused.to_string().contains("the largest that they have room for is 999999"), "{refused}");
    }
    assert_eq!(desk.offices().find(&lahore), Some(before));
    desk.change_office(Actor::Operator, &lahore, begin(999_999)).expect("one number is left");
}

#[test]
fn an_office_issues_and_asks_fees_under_agreements_that_there_are() {
    let office = Office::new();
    let (desk, lahore) = (&office.applications.desk, "LHE".parse().unwrap());
    let before = desk.offices().find(&lahore).unwrap();
    let code = || "COPFTA".parse::<AgreementCode>().unwrap();
    let wrongs: [fn(&mut crate::office::Office, AgreementCode); 3] = [
        |office, code| office.agreements.push(code),
        |office, code| office.fees = Fees::Under(vec![code]),
        |office, code| office.series_begin.extend([(code, 5)]),
    ];
    for wrong in wrongs {
        let mut wanted = before.office.clone();
        wrong(&mut wanted, code());
        let opened = crate::office::Office { code: "KHI".parse().unwrap(), ..wanted.clone() };
        for refused in
            [desk.change_office(Actor::Operator, &lahore, |_| wanted), desk.open_office(Actor::Operator, opened)]
        {
            let refused = refused.unwrap_err();
            assert_eq!(refused.reason(), "OFFICE_INVALID");
            assert!(refused.to_string().contains("no agreement `COPFTA`"), "{refused}");
            assert!(refused.to_string().contains("CPFTA"), "it names those there are: {refused}");
        }
    }
    let several = |office: crate::office::Office| crate::office::Office {
        agreements: vec!["XFTA".parse().unwrap(), "CPFTA".parse().unwrap(), code()],
        fees: Fees::Under(vec!["YFTA".parse().unwrap(), code()]),
        ..office
    };
    let refused = desk.change_office(Actor::Operator, &lahore, several).unwrap_err().to_string();
    assert!(refused.contains("no agreements `COPFTA`, `XFTA`, `YFTA` here"), "all of them: {refused}");
    assert_eq!(desk.offices().find(&lahore), Some(before));
}

#[tokio::test]
async fn a_deputy_voids_and_signs_for_the_office_of_the_absent() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    office.applications.reserve_number(&office.exporter, &office.id(3), id).await.unwrap();
    let wanted = Wanted {
        name: "D. Deputy".to_owned(),
        roles: vec![Role::Signatory],
        offices: vec!["KHI".parse().unwrap()],
        ..Wanted::default()
    };
    let deputy = || Caller::from(Account::open(wanted.clone(), &SeededRandom::new(60)).unwrap());
    let refused = office.applications.void_number(&deputy(), &office.id(4), id, text("Wrong")).unwrap_err();
    assert_eq!(refused.reason(), "APPLICATION_UNKNOWN");
    let absent = Arc::new(office.world.signatory.account().clone());
    let place = crate::office::Deputising { office: "LHE".parse().unwrap(), absent };
    let deputising = deputy().deputising(vec![place]);
    let voided = office.applications.void_number(&deputising, &office.id(5), id, text("Wrong")).unwrap();
    assert_eq!(voided.application.number, None);
    let away = office.world.signatory.clone().away(true);
    let id = office.submitted(11, office.paper());
    office.applications.reserve_number(&office.exporter, &office.id(13), id).await.unwrap();
    let laid_down = office.applications.void_number(&away, &office.id(14), id, text("Wrong")).unwrap_err();
    assert_eq!(laid_down.reason(), "SIGNATORY_AWAY");
}

#[test]
fn the_queue_says_that_an_exporter_was_struck_off_and_nobody_recommends_what_cannot_be_issued() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    office.applications.claim(&office.examiner, &office.id(3), id).unwrap();
    let off = || office.applications.queue(&office.examiner, &QueueAsked::default()).unwrap().rows[0].struck_off;
    assert!(!off());
    office.exporters().strike_off(&office.examiner, &office.registered.id).unwrap();
    assert!(off());
    let refused = office.applications.recommend(&office.examiner, &office.id(4), id, None).unwrap_err();
    assert_eq!(refused.reason(), "EXPORTER_STRUCK_OFF");
    let checked = office.applications.check(&office.examiner, "SLK-1", &office.paper()).unwrap();
    assert!(checked.findings.iter().any(|one| one.rule == "EXPORTER_STRUCK_OFF"), "{}", checked.findings);
    let (other, words) = (RefusalCode::Other, text("struck off"));
    office.applications.refuse(&office.examiner, &office.id(5), id, other, words).unwrap();
}
