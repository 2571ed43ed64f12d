//! Who signs and for which office, as the file says it and as the account that issues is known.

use super::world::World;
use crate::{
    certificate::Findings,
    office::{Actor, Caller, Office},
    workflow::WorkflowError,
};
use serde_json::Value;

#[tokio::test]
async fn who_signs_and_for_which_office_is_held_against_the_account_that_issues() {
    let world = World::new();
    let (desk, _) = world.desk();
    let row = |nth, change: &dyn Fn(&mut Value)| world.footballs_with(nth, |json| change(&mut json["reference"]));
    let rules = ["SIGNATORY_OF_ANOTHER", "SIGNATORY_BODY", "OFFICE_NAME", "OFFICE_OF_ANOTHER", "OFFICE_PLACE"];
    let told = |findings: &Findings| {
        let about = findings.iter().filter(|one| rules.contains(&one.rule.as_str()));
        about.map(|one| (one.rule.clone(), one.path.clone())).collect::<Vec<_>>()
    };
    let said = |rule: &str, path: &str| vec![(rule.to_owned(), path.to_owned())];
    let own = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    assert!(told(&own.warnings).is_empty(), "{:?}", own.warnings);
    let another = |reference: &mut Value| reference["signatories"][0]["name"] = "B. Khan".into();
    let issued = desk.issue(&world.signatory, &row(2, &another)).await.unwrap();
    assert!(told(&issued.warnings).is_empty(), "a back office issues for officers: {:?}", issued.warnings);
    let body = |reference: &mut Value| reference["signatories"][0]["body"] = "Karachi Chamber".into();
    let issued = desk.issue(&world.signatory, &row(3, &body)).await.unwrap();
    assert_eq!(told(&issued.warnings), said("SIGNATORY_BODY", "reference.signatories[0].body"));
    let office = |reference: &mut Value| reference["office"]["name"] = "Karachi".into();
    let issued = desk.issue(&world.signatory, &row(4, &office)).await.unwrap();
    assert_eq!(told(&issued.warnings), said("OFFICE_NAME", "reference.office.name"));
    let elsewhere = said("OFFICE_PLACE", "reference.place.name");
    for (nth, place, told_of) in [(7, "Karachi", elsewhere), (8, "Lahore, Pakistan", vec![])] {
        let place = |reference: &mut Value| reference["place"]["name"] = place.into();
        let issued = desk.issue(&world.signatory, &row(nth, &place)).await.unwrap();
        assert_eq!(told(&issued.warnings), told_of);
    }
    let with_country = |office: Office| Office { place: "Lahore, Pakistan".into(), ..office };
    desk.change_office(Actor::Operator, &"LHE".parse().unwrap(), with_country).unwrap();
    let issued = desk.issue(&world.signatory, &world.footballs(9)).await.unwrap();
    assert!(told(&issued.warnings).is_empty(), "nobody is told of a good place: {:?}", issued.warnings);
    let mut person = world.signatory.account().clone();
    person.person = Some("S-7".parse().unwrap());
    let person = Caller::from(person);
    let refused = desk.issue(&person, &row(5, &another)).await.unwrap_err();
    let WorkflowError::RulesRefuse(findings) = &refused else { panic!("{refused}") };
    let named = said("SIGNATORY_OF_ANOTHER", "reference.signatories[0].name");
    assert_eq!(told(findings), named, "whose account it is is known");
    assert!(desk.issue(&person, &row(6, &|_| {})).await.is_ok(), "in the name of the account");
}

#[tokio::test]
async fn another_office_is_not_named_though_the_name_of_this_one_stands_in_it() {
    let world = World::new();
    let (desk, _) = world.desk();
    let lahore = desk.offices().find(&"LHE".parse().unwrap()).unwrap().office.clone();
    let port = Office { code: "LDP".parse().unwrap(), name: "Lahore Dry Port".into(), ..lahore };
    desk.offices().open(Actor::Operator, port).unwrap();
    let (other, unknown) = (Some("OFFICE_OF_ANOTHER"), Some("OFFICE_NAME"));
    let cases = [
        ("Lahore", None),
        ("LAHORE OFFICE", None),
        ("The Office at Lahore", None),
        ("Lahore Dry Port", other),
        ("lahore dry-port", other),
        ("Lahore Dry Port Office", other),
        ("L", unknown),
        ("Office", unknown),
        ("Lahore Cantonment", unknown),
    ];
    for (nth, (name, expected)) in (1..).zip(cases) {
        let row = world.footballs_with(nth, |json| json["reference"]["office"]["name"] = name.into());
        let (issued, findings) = match desk.issue(&world.signatory, &row).await {
            Ok(issued) => (true, issued.warnings),
            Err(WorkflowError::RulesRefuse(findings)) => (false, findings),
            Err(error) => panic!("{name}: {error}"),
        };
        let about = findings.iter().find(|one| one.path == "reference.office.name");
        assert_eq!(about.map(|one| one.rule.as_str()), expected, "{name}");
        assert_eq!(issued, expected != other, "{name}: {findings}");
    }
}

#[tokio::test]
async fn signatory_office_and_number_are_judged_with_the_rest_whether_the_file_reads_or_not() {
    let world = World::new();
    let (desk, _) = world.desk();
    let row = |nth, hs: &str| {
        let mut row = world.footballs(nth);
        let text = String::from_utf8(row.certificate_json).unwrap();
        let low = text.replace("\"exact\": \"64\", \"printed\": \"64%\"", "\"exact\": \"38\", \"printed\": \"38%\"");
        let mut json = serde_json::from_str::<Value>(&low.replace("\"950662\"", hs)).unwrap();
        json["reference"]["number"] = "PK-CN-2026-LHE-7".into();
        json["reference"]["signatories"][0]["name"] = "B. Khan".into();
        row.certificate_json = json.to_string().into_bytes();
        row
    };
    let mut person = world.signatory.account().clone();
    person.person = Some("S-7".parse().unwrap());
    let here = Caller::from(person.clone());
    person.offices = vec!["KHI".parse().unwrap()];
    let elsewhere = Caller::from(person);
    let together = ["SIGNATORY_OF_ANOTHER", "NUMBER_NOT_OF_SERIES"];
    for (caller, row, also) in [
        (&here, row(1, "\"950662\""), None),
        (&here, row(2, "\"95066\""), None),
        (&elsewhere, row(3, "\"95066\""), Some("NOT_YOUR_OFFICE")),
    ] {
        let refused = desk.issue(caller, &row).await.unwrap_err();
        let WorkflowError::RulesRefuse(findings) = &refused else { panic!("{refused}") };
        for rule in together.into_iter().chain(also) {
            assert!(findings.iter().any(|one| one.rule == rule), "{rule}: {findings}");
        }
        assert!(findings.iter().any(|one| one.path.starts_with("goods.items[0].criterion")), "{findings}");
    }
    let mut unsaid = row(4, "\"950662\"");
    let mut json = serde_json::from_slice::<Value>(&unsaid.certificate_json).unwrap();
    json["reference"]["office"].as_object_mut().unwrap().remove("body");
    json["reference"]["signatories"][0]["body"] = "Trade Development Authority of Pakistan".into();
    unsaid.certificate_json = json.to_string().into_bytes();
    let refused = desk.issue(&here, &unsaid).await.unwrap_err();
    let WorkflowError::RulesRefuse(findings) = &refused else { panic!("{refused}") };
    assert!(findings.iter().all(|one| one.rule != "SIGNATORY_BODY"), "no body stands there to hold it against");
}
