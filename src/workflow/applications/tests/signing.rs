//! What was recommended is signed as it was shown, and issued once; and what its holder may do with it then.

use super::*;

#[tokio::test]
async fn an_application_becomes_the_certificate_that_was_shown_with_the_exporters_declaration() {
    let office = Office::new();
    let id = office.recommended(1);
    let preview = office.applications.preview(&office.world.signatory, id, None).unwrap();
    let value: serde_json::Value = serde_json::from_str(&preview.certificate_json).unwrap();
    assert!(value["reference"]["number"].is_null());
    let signed =
        office.applications.sign(&office.world.signatory, &office.id(9), id, preview.shown, None).await.unwrap();
    let name = CertificateName::Number(signed.certificate.number.clone());
    let record = office.applications.desk.get(&office.world.signatory, &name).unwrap();
    let reference = record.certificate.reference.as_option().unwrap();
    let declaration = reference.declaration.as_ref().unwrap();
    assert_eq!(declaration.shown_sha256, Some(office.paper().shown()));
    assert_eq!(declaration.person, text("S. Chaudhry"));
    assert_eq!(reference.signatories[0].name, text("A. Qureshi"));
    assert_eq!(signed.application.stage.name(), StageName::Issued);
    assert_eq!(office.stage(id), StageName::Issued);
    let again =
        office.applications.sign(&office.world.signatory, &office.id(9), id, preview.shown, None).await.unwrap();
    assert_eq!(again.certificate, signed.certificate, "the same request has the same answer");
    assert_eq!(office.certificates(), 1);
    let queue = office.applications.queue(&office.world.signatory, &QueueAsked::default()).unwrap();
    assert!(queue.rows.is_empty(), "what is issued waits for nobody");
}

#[tokio::test]
async fn after_a_crash_between_approval_and_issue_the_office_sees_it_and_it_is_issued_once() {
    let office = Office::new();
    let id = office.recommended(1);
    office.approved_and_killed(9, id);
    let office = office.restarted();
    let queue = office.applications.queue(&office.world.signatory, &QueueAsked::default()).unwrap();
    assert_eq!(queue.rows[0].application.stage.name(), StageName::Approved);
    let shown = office.shown(id);
    let (one, other) = (office.id(9), office.id(10));
    let (first, second) = tokio::join!(
        office.applications.sign(&office.world.signatory, &one, id, shown, None),
        office.applications.sign(&office.world.signatory, &other, id, shown, None),
    );
    match second {
        Ok(second) => assert_eq!(first.unwrap().certificate, second.certificate, "one approval is one certificate"),
        Err(late) => assert_eq!(late.reason(), "APPLICATION_STATE"),
    }
    assert_eq!(office.certificates(), 1);
    assert_eq!(office.stage(id), StageName::Issued);
}

#[test]
fn of_two_signatories_at_once_the_one_who_was_overtaken_is_told_who_was_first() {
    use crate::{sequencer::SequencerError, workflow::applications::sign::Approved};
    let office = Office::new();
    let id = office.recommended(1);
    let approve = |nth, who: &Caller| {
        let shown = office.applications.preview(who, id, None).unwrap().shown;
        let body = Body::of("sign").part(id.bytes()).part(shown.0).part("");
        let request = office.applications.request(who, &office.id(nth), body).unwrap();
        match office.applications.approve(who, request, id, shown, None).unwrap() {
            Approved::Work(kept, _, became) => (*kept, became),
            Approved::Issued(_) => panic!("it is issued"),
        }
    };
    let (kept, became) = approve(9, &office.world.signatory);
    // As the writer says it of a record that moved between its plan and its commit.
    let late = || Err(SequencerError::Unavailable("the record was changed by another since it was read".to_owned()));
    let settled = |outcome| office.applications.settle(kept.clone(), &became, outcome).unwrap_err();
    assert_eq!(settled(late()).reason(), "WRITER_UNAVAILABLE", "nobody was first");
    assert_eq!(settled(Err(SequencerError::RecordMoved)).reason(), "WRITER_UNAVAILABLE", "nobody is told of himself");
    approve(10, &account("D. Khan", &[Role::Signatory], 33));
    for outcome in [late(), Err(SequencerError::RecordMoved)] {
        let refused = settled(outcome);
        assert_eq!(refused.reason(), "APPLICATION_MOVED");
        assert!(refused.to_string().starts_with("D. Khan was first: the application was approved at"), "{refused}");
    }
    assert_eq!(office.stage(id), StageName::Approved);
}

#[tokio::test]
async fn who_is_of_the_exporter_by_another_account_neither_signs_for_it_nor_issues_to_it() {
    let office = Office::new();
    let id = office.recommended(1);
    let person: crate::office::Person = "S-7".parse().unwrap();
    let wanted = Wanted {
        name: "S. Chaudhry".to_owned(),
        roles: vec![Role::Examiner, Role::Signatory],
        offices: vec!["LHE".parse().unwrap()],
        ..Wanted::default()
    };
    let (own, token) = office.accounts.open(Actor::Operator, wanted, Some(NewToken::default())).unwrap();
    let of_person = |wanted| Wanted { person: Some(person.clone()), ..wanted };
    for account in [&own.id, office.exporter.id()] {
        office.accounts.change(Actor::Operator, account, of_person).unwrap();
    }
    let own = office.accounts.admitted(&token.unwrap()).unwrap();
    let shown = office.applications.preview(&own, id, None).unwrap().shown;
    let signed = office.applications.sign(&own, &office.id(9), id, shown, None).await;
    assert_eq!(signed.unwrap_err().reason(), "OWN_APPLICATION");
    let other = office.submitted(11, office.other_paper("size 5", "size 4"));
    let claimed = office.applications.claim(&own, &office.id(13), other).unwrap_err();
    assert_eq!(claimed.reason(), "OWN_APPLICATION");
    let issued = office.applications.desk.issue(&own, &office.world.footballs(20)).await.unwrap_err();
    assert_eq!(issued.reason(), "OWN_APPLICATION");
    // Another person signs.
    let nobody = |wanted| Wanted { person: None, ..wanted };
    office.accounts.change(Actor::Operator, own.id(), nobody).unwrap();
    let another = office.accounts.again(&own).unwrap();
    office.applications.sign(&another, &office.id(14), id, shown, None).await.unwrap();
}

#[tokio::test]
async fn an_approval_that_was_taken_back_issues_nothing() {
    let office = Office::new();
    let id = office.recommended(1);
    office.approved_and_killed(9, id);
    let why = text("The seal of the office is not on it");
    let back = office.applications.send_back(&office.world.signatory, &office.id(10), id, why).unwrap();
    let told = back.application.last().and_then(|event| event.note.clone());
    assert_eq!(told, Some(text("The seal of the office is not on it")), "whoever filed it reads why");
    assert_eq!((office.stage(id), office.certificates()), (StageName::Recommended, 0));
}

#[tokio::test]
async fn a_failed_write_issues_nothing_and_the_same_request_goes_on_from_the_approval() {
    let office = Office::new();
    let id = office.recommended(1);
    office.approved_and_killed(9, id);
    office.world.store.fail_next_write("the disk is gone");
    let shown = office.shown(id);
    let failed = office.applications.sign(&office.world.signatory, &office.id(9), id, shown, None).await.unwrap_err();
    assert_eq!(failed.class(), crate::reason::Class::Retry);
    assert_eq!((office.stage(id), office.certificates()), (StageName::Approved, 0));
    office.applications.sign(&office.world.signatory, &office.id(9), id, shown, None).await.unwrap();
    assert_eq!((office.stage(id), office.certificates()), (StageName::Issued, 1));
}

#[tokio::test]
async fn a_number_that_is_taken_sends_the_application_back_to_the_signatory() {
    let office = Office::new();
    let first = office.recommended(1);
    let signed = office
        .applications
        .sign(&office.world.signatory, &office.id(9), first, office.shown(first), None)
        .await
        .unwrap();
    let second = office.recommended(11);
    let number = Some(signed.certificate.number.parse().unwrap());
    let shown = office.applications.preview(&office.world.signatory, second, number.clone()).unwrap().shown;
    let refused =
        office.applications.sign(&office.world.signatory, &office.id(19), second, shown, number).await.unwrap_err();
    assert_eq!(refused.reason(), "NUMBER_TAKEN");
    assert_eq!((office.stage(second), office.certificates()), (StageName::Recommended, 1));
}

#[tokio::test]
async fn what_was_not_shown_is_not_signed() {
    let office = Office::new();
    let id = office.recommended(1);
    let shown = office.shown(id);
    let other = office.applications.sign(&office.world.signatory, &office.id(9), id, Shown([1; 32]), None).await;
    assert_eq!(other.unwrap_err().reason(), "SHOWN_DIFFERS");
    // Another day is another date of issue: it has to be looked at again.
    office.world.clock.set(office.world.clock.now() + Duration::from_hours(20));
    let tomorrow = office.applications.sign(&office.world.signatory, &office.id(10), id, shown, None).await;
    assert_eq!(tomorrow.unwrap_err().reason(), "SHOWN_DIFFERS");
    assert_eq!((office.stage(id), office.certificates()), (StageName::Recommended, 0));
}

#[tokio::test]
async fn an_exporter_cancels_and_releases_what_it_applied_for_and_nothing_else() {
    let office = Office::new();
    let id = office.recommended(1);
    let shown = office.shown(id);
    office.applications.sign(&office.world.signatory, &office.id(9), id, shown, None).await.unwrap();
    let desk = office.applications.desk.clone();
    let wish = |nth: u16, certificate: CertificateName| crate::workflow::CancelWish {
        request_id: office.id(nth),
        certificate,
        unused: true,
        reason: None,
        remarks: None,
    };
    let own = CertificateName::Application(id);
    let stranger = account("Another", &[Role::Exporter], 77);
    let refused = desk.cancel(&stranger, wish(10, own.clone())).await.unwrap_err();
    assert_eq!(refused.reason(), "APPLICATION_UNKNOWN");
    assert_eq!(desk.release(&stranger, &office.id(11), own.clone()).await.unwrap_err().reason(), "APPLICATION_UNKNOWN");
    // By its number too it is its holder's to end, and nobody else's.
    let number = desk.get(&office.world.signatory, &own).unwrap().certificate.reference.into_option().unwrap().number;
    let by_number = CertificateName::Number(number.to_string());
    let refused = desk.cancel(&stranger, wish(12, by_number.clone())).await.unwrap_err();
    assert_eq!(refused.reason(), "CERTIFICATE_UNKNOWN");
    let released = desk.release(&office.exporter, &office.id(13), own).await.unwrap_err();
    assert_eq!(released.reason(), "NOT_HELD");
    let cancelled = desk.cancel(&office.exporter, wish(14, by_number)).await.unwrap();
    assert!(matches!(cancelled, crate::workflow::Cancelled::Now(_)), "{cancelled:?}");
}
