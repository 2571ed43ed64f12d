//! One consignment, one certificate.

use super::*;

fn told(findings: &crate::certificate::Findings) -> Vec<(&str, Option<&str>)> {
    let twice = findings.0.iter().filter(|finding| finding.rule == "APPLIED_TWICE");
    twice.map(|finding| (finding.path.as_str(), finding.form_box.as_deref())).collect()
}

fn findings_of(office: &Office, id: ApplicationId) -> Vec<String> {
    let stage = office.applications.get(&office.examiner, id).unwrap().application.stage;
    let submission = stage.submission().unwrap();
    submission.findings.iter().filter(|one| one.rule == "APPLIED_TWICE").map(|one| one.message.clone()).collect()
}

#[test]
fn a_consignment_that_is_applied_for_again_from_another_file_is_named_with_the_first() {
    let office = Office::new();
    let checked = office.applications.check(&office.exporter, "", &office.paper()).unwrap();
    assert_eq!(told(&checked.findings), []);
    let first = office.submitted(1, office.paper());
    assert_eq!(findings_of(&office, first), Vec::<String>::new(), "it is not another of itself");
    let checked = office.applications.check(&office.exporter, "", &office.paper()).unwrap();
    assert_eq!(told(&checked.findings).len(), 1);
    assert!(told(&checked.findings)[0].1.is_some(), "the box of the form is named");
    let second = office.submitted(10, office.paper());
    let found = findings_of(&office, second);
    assert!(found.len() == 1 && !found[0].contains(&first.to_string()), "who files is not told by whom: {found:?}");
    let registered = office.registered.id.to_string();
    let checked = office.applications.check(&office.examiner, &registered, &office.paper()).unwrap();
    let message = |id: ApplicationId| checked.findings.0.iter().any(|one| one.message.contains(&id.to_string()));
    assert!(message(first) && message(second), "an officer is: {}", checked.findings);
    // Taken back, the first is none any more.
    office.applications.withdraw(&office.exporter, &office.id(20), first, None).unwrap();
    let third = office.submitted(21, office.paper());
    let found = findings_of(&office, third);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn drafts_and_what_was_taken_back_push_no_application_out_of_sight() {
    let office = Office::new();
    office.submitted(1, office.paper());
    for nth in 0..40 {
        office.applications.create(&office.exporter, &office.id(100 + nth), "", office.paper()).unwrap();
    }
    let checked = office.applications.check(&office.exporter, "", &office.paper()).unwrap();
    assert_eq!(told(&checked.findings).len(), 1);
}

#[test]
fn another_invoice_or_other_goods_are_another_consignment() {
    let office = Office::new();
    office.submitted(1, office.paper());
    let value: serde_json::Value = serde_json::from_slice(&office.paper().certificate_json).unwrap();
    let number = value["commercial"]["invoices"][0]["number"].as_str().unwrap();
    let other = office.other_paper(number, "ANOTHER-1");
    assert_eq!(told(&office.applications.check(&office.exporter, "", &other).unwrap().findings), []);
    // The same number, written in another way.
    let same = office.other_paper(number, &number.to_lowercase().replace('-', " "));
    assert_eq!(told(&office.applications.check(&office.exporter, "", &same).unwrap().findings).len(), 1);
    let goods = office.other_paper("\"950662\"", "\"950699\"");
    assert_eq!(told(&office.applications.check(&office.exporter, "", &goods).unwrap().findings), []);
}

#[tokio::test]
async fn rows_of_one_message_with_one_invoice_are_judged_one_after_the_other() {
    let office = Office::new();
    let caller = Arc::new(office.exporter.clone());
    // Whichever way each of them writes whose it is.
    let row = |nth, exporter| row_of(office.id(nth), exporter, office.paper());
    let filed = office.applications.import(&caller, vec![row(1, "SLK-1"), row(2, "slk 1")]).await.unwrap();
    let ids = filed.into_iter().map(|one| one.unwrap().application.id).collect::<Vec<_>>();
    assert_eq!([findings_of(&office, ids[0]).len(), findings_of(&office, ids[1]).len()], [0, 1]);
}

#[tokio::test]
async fn what_is_issued_without_an_application_is_told_of_the_one_that_has_its_invoice() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    let direct = async |nth, ntn: &str| {
        let mut row = office.world.footballs(nth);
        row.certificate_json = String::from_utf8(row.certificate_json).unwrap().replace("0000000-1", ntn).into_bytes();
        let issued = office.applications.desk.issue(&office.world.signatory, &row).await.unwrap();
        issued.warnings.into_iter().filter(|one| one.rule == "APPLIED_TWICE").collect::<Vec<_>>()
    };
    let told = direct(30, "0000000-1").await;
    assert_eq!(told.len(), 1);
    assert!(told[0].message.contains(&id.to_string()) && told[0].form_box.is_some(), "{}", told[0]);
    assert!(direct(31, "7777777-7").await.is_empty(), "another exporter's invoice");
    let mut row = office.world.footballs(33);
    let mut json: serde_json::Value = serde_json::from_slice(&row.certificate_json).unwrap();
    json["goods"]["items"][0]["gross_weight"]["value"] = "8.190,00".into();
    row.certificate_json = json.to_string().into_bytes();
    let refused = office.applications.desk.issue(&office.world.signatory, &row).await.unwrap_err();
    let WorkflowError::RulesRefuse(findings) = &refused else { panic!("{refused}") };
    assert!(findings.iter().any(|one| one.rule == "APPLIED_TWICE"), "what does not read is told of it too: {findings}");
    office.applications.withdraw(&office.exporter, &office.id(20), id, None).unwrap();
    assert!(direct(32, "0000000-1").await.is_empty(), "it was taken back");
}
