//! Who files for whom: by an own account or a mandate, counted once, refused at once when it ends.

use super::*;
use crate::{certificate::Severity, office::Amount};

fn scope(most_applications: Option<u64>, most_value: Option<&str>) -> Scope {
    let day = |text| parse_date(text).unwrap();
    let most_value = most_value.map(|value| Amount { value: value.parse().unwrap(), currency: "USD".into() });
    let (from, until) = (day("2026-01-01"), day("2026-12-31"));
    Scope { agreements: Vec::new(), offices: Vec::new(), from, until, most_applications, most_value, hold: false }
}

fn reason<T>(result: Result<T, WorkflowError>) -> &'static str {
    result.err().map_or("done", |error| error.reason())
}

impl Office {
    fn draft(&self, nth: u16, caller: &Caller, exporter: &str) -> Result<ApplicationId, WorkflowError> {
        self.applications.create(caller, &self.id(nth), exporter, self.paper()).map(|view| view.application.id)
    }

    fn declare(&self, nth: u16, caller: &Caller, id: ApplicationId) -> Result<View, WorkflowError> {
        self.applications.submit(caller, &self.id(nth), id, Self::declarant(&self.paper()))
    }

    fn listed(&self, caller: &Caller) -> Vec<ApplicationId> {
        let page = self.applications.list(caller, None, 0, "").unwrap();
        page.applications.iter().map(|one| one.id).collect()
    }
}

#[test]
fn an_agent_says_for_whom_and_files_by_a_mandate_that_counts_each_submission_once() {
    let office = Office::new();
    let agent = office.agent("Swift Clearing");
    let exporter = office.registered.id.to_string();
    assert_eq!(reason(office.draft(1, &agent, "")), "EXPORTER_NEEDED");
    assert_eq!(reason(office.draft(1, &agent, &exporter)), "MANDATE_MISSING");
    assert_eq!(reason(office.draft(1, &agent, "exp_0123456789abcdef")), "MANDATE_MISSING");
    assert_eq!(reason(office.draft(1, &agent, "SLK-1")), "EXPORTER_UNKNOWN", "no number is looked up by a stranger");
    let mandate = office.mandate(2, &agent, scope(Some(1), Some("200000")));
    let id = office.draft(3, &agent, "SLK-1").unwrap();
    assert_eq!(office.used(&mandate), (0, None), "a draft is no submission");
    let submitted = office.declare(4, &agent, id).unwrap().application;
    assert_eq!(submitted.exporter, office.registered.id);
    assert_eq!(submitted.mandate.as_ref().map(|carried| &carried.mandate), Some(&mandate.id));
    assert_eq!(office.used(&mandate), (1, Some("142800.00".to_owned())));
    office.declare(4, &agent, id).unwrap();
    assert_eq!(office.used(&mandate).0, 1, "the same request again draws nothing");
    let second = office.draft(5, &agent, &exporter).unwrap();
    assert_eq!(reason(office.declare(6, &agent, second)), "MANDATE_CEILING");
    assert_eq!(office.applications.get(&agent, second).unwrap().application.stage.name(), StageName::Draft);
    // The exporter itself needs no mandate, not even for what its agent drafted.
    let declared = office.declare(7, &office.exporter, second).unwrap().application;
    assert_eq!((declared.mandate, office.used(&mandate).0), (None, 1));
}

#[test]
fn a_mandate_that_is_revoked_or_over_counts_at_once_for_drafts_and_answers_too() {
    let office = Office::new();
    let agent = office.agent("Swift Clearing");
    let mandate = office.mandate(1, &agent, scope(None, None));
    let (draft, asked) = (office.draft(2, &agent, "SLK-1").unwrap(), office.draft(3, &agent, "SLK-1").unwrap());
    office.declare(4, &agent, asked).unwrap();
    office.applications.claim(&office.examiner, &office.id(5), asked).unwrap();
    office.applications.query(&office.examiner, &office.id(6), asked, text("Why?"), Vec::new()).unwrap();
    let tries = |nth, caller: &Caller| {
        [
            reason(office.applications.update(caller, &office.id(nth), draft, office.paper())),
            reason(office.declare(nth + 1, caller, draft)),
            reason(office.applications.answer(caller, &office.id(nth + 2), asked, text("So."), None)),
            reason(office.applications.withdraw(caller, &office.id(nth + 3), asked, None)),
        ]
    };
    office.exporters().revoke(&office.exporter, &office.registered.id, &mandate.id).unwrap();
    assert_eq!(tries(10, &agent), ["MANDATE_REVOKED"; 4]);
    assert_eq!(office.listed(&agent).len(), 2, "what it filed stays its own to read");
    let next = office.mandate(20, &agent, scope(None, None));
    office.world.clock.set("2026-12-31T20:00:00Z".parse().unwrap());
    assert_eq!(tries(21, &agent), ["MANDATE_ENDED"; 4], "at the office it is the new year already");
    assert_eq!(office.used(&next).0, 0);
    assert_eq!(tries(30, &office.exporter), ["done"; 4]);
}

#[test]
fn an_answer_that_mends_the_value_counts_the_application_once_by_what_it_says_last() {
    let office = Office::new();
    let agent = office.agent("Swift Clearing");
    let mandate = office.mandate(1, &agent, scope(Some(1), Some("150000")));
    let id = office.draft(2, &agent, "SLK-1").unwrap();
    office.declare(3, &agent, id).unwrap();
    let ask = |nth| {
        let _ = office.applications.claim(&office.examiner, &office.id(nth), id);
        office.applications.query(&office.examiner, &office.id(nth + 1), id, text("Value?"), Vec::new()).unwrap();
    };
    let mend = |nth, value: &str| {
        let paper = office.other_paper("142800", value);
        let declarant = Office::declarant(&paper);
        office.applications.answer(&agent, &office.id(nth), id, text("So."), Some((paper, declarant)))
    };
    ask(10);
    assert_eq!(reason(mend(12, "150001")), "MANDATE_CEILING");
    assert_eq!(office.used(&mandate), (1, Some("142800.00".to_owned())));
    mend(13, "150000").unwrap();
    assert_eq!(office.used(&mandate), (1, Some("150000.00".to_owned())));
    ask(14);
    mend(16, "90000").unwrap();
    assert_eq!(office.used(&mandate), (1, Some("90000.00".to_owned())));
}

#[test]
fn all_accounts_of_an_exporter_see_its_applications_and_an_agent_those_it_filed() {
    let office = Office::new();
    let agent = office.agent("Swift Clearing");
    office.mandate(1, &agent, scope(None, None));
    let own = office.draft(2, &office.exporter, "").unwrap();
    let filed = office.draft(3, &agent, "SLK-1").unwrap();
    let colleague = opened(&office.accounts, "Accounts department", Role::Exporter, Some(&office.registered));
    let mut both = vec![own, filed];
    both.sort_unstable_by(|a, b| b.cmp(a));
    for caller in [&office.exporter, &colleague] {
        assert_eq!(office.listed(caller), both);
        assert!(office.applications.get(caller, filed).is_ok());
    }
    assert_eq!(office.listed(&agent), [filed]);
    assert_eq!(reason(office.applications.get(&agent, own)), "APPLICATION_UNKNOWN");
    let other = office.exporters().register(&office.examiner, &office.id(8), identity("SLK-2")).unwrap();
    let stranger = opened(&office.accounts, "Other Ltd", Role::Exporter, Some(&other));
    assert!(office.listed(&stranger).is_empty());
    assert_eq!(reason(office.applications.get(&stranger, own)), "APPLICATION_UNKNOWN");
    assert_eq!(reason(office.draft(9, &stranger, "SLK-1")), "EXPORTER_UNKNOWN");
}

#[tokio::test]
async fn rows_of_one_import_draw_on_the_same_mandate_until_it_is_used_up() {
    let office = Office::new();
    let agent = Arc::new(office.agent("Swift Clearing"));
    let mandate = office.mandate(1, &agent, scope(Some(3), None));
    let rows = || (10..15).map(|nth| row_of(office.id(nth), "SLK-1", office.paper())).collect::<Vec<_>>();
    let told = |answers: Vec<Result<Imported, WorkflowError>>| {
        answers.into_iter().map(|one| one.map(|one| one.repeated).map_err(|e| e.reason())).collect::<Vec<_>>()
    };
    let first = told(office.applications.import(&agent, rows()).await.unwrap());
    let full = Err("MANDATE_CEILING");
    assert_eq!(first, [Ok(false), Ok(false), Ok(false), full, full]);
    assert_eq!(office.used(&mandate).0, 3);
    let again = told(office.applications.import(&agent, rows()).await.unwrap());
    assert_eq!(again, [Ok(true), Ok(true), Ok(true), full, full], "a repeat changes nothing");
    assert_eq!(office.used(&mandate).0, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn imports_at_once_never_overdraw_a_mandate_and_every_row_is_told() {
    let office = Office::new();
    let agent = Arc::new(office.agent("Swift Clearing"));
    let mandate = office.mandate(1, &agent, scope(Some(50), None));
    let imports = (0..8_u16).map(|import| {
        let rows = (0..10).map(|row| row_of(office.id(100 + import * 10 + row), "SLK-1", office.paper())).collect();
        let (applications, agent) = (office.applications.clone(), Arc::clone(&agent));
        tokio::spawn(async move { applications.import(&agent, rows).await.unwrap() })
    });
    let mut told = Vec::new();
    for import in imports.collect::<Vec<_>>() {
        told.extend(import.await.unwrap().into_iter().map(|row| row.map(|_| ()).map_err(|e| e.reason())));
    }
    let filed = told.iter().filter(|row| row.is_ok()).count();
    assert_eq!((told.len(), filed, office.used(&mandate).0), (80, 50, 50), "{told:?}");
    assert!(told.iter().all(|row| matches!(row, Ok(()) | Err("MANDATE_CEILING"))));
    assert_eq!(office.world.store.records(Table::Application).unwrap().len(), 50);
}

#[tokio::test]
async fn the_same_import_twice_at_once_files_and_counts_every_row_once() {
    let office = Office::new();
    let agent = Arc::new(office.agent("Swift Clearing"));
    let mandate = office.mandate(1, &agent, scope(Some(10), None));
    let rows = || (10..16).map(|nth| row_of(office.id(nth), "SLK-1", office.paper())).collect::<Vec<_>>();
    let (one, other) =
        tokio::join!(office.applications.import(&agent, rows()), office.applications.import(&agent, rows()));
    for (one, other) in one.unwrap().into_iter().zip(other.unwrap()) {
        assert_eq!(one.unwrap().application.id, other.unwrap().application.id);
    }
    assert_eq!(office.used(&mandate).0, 6);
}

#[test]
fn nobody_files_for_an_exporter_that_was_struck_off_but_takes_back_what_was_filed() {
    let office = Office::new();
    let (draft, filed) = (office.draft(1, &office.exporter, "").unwrap(), office.submitted(2, office.paper()));
    office.exporters().strike_off(&office.examiner, &office.registered.id).unwrap();
    assert_eq!(reason(office.declare(5, &office.exporter, draft)), "EXPORTER_STRUCK_OFF");
    assert_eq!(reason(office.draft(6, &office.exporter, "")), "EXPORTER_STRUCK_OFF");
    office.applications.withdraw(&office.exporter, &office.id(7), filed, None).unwrap();
}

#[test]
fn a_check_says_what_the_mandate_would_and_draws_nothing() {
    let office = Office::new();
    let agent = office.agent("Swift Clearing");
    let rules = |exporter: &str| {
        let checked = office.applications.check(&agent, exporter, &office.paper()).unwrap();
        checked.findings.into_iter().map(|one| one.rule).filter(|rule| rule.starts_with("MANDATE")).collect::<Vec<_>>()
    };
    assert_eq!(rules(office.registered.id.as_str()), ["MANDATE_MISSING"]);
    let mandate = office.mandate(1, &agent, scope(None, Some("1000")));
    assert_eq!(rules("SLK-1"), ["MANDATE_CEILING"]);
    office.mandate(2, &agent, scope(None, None));
    assert!(rules("SLK-1").is_empty());
    assert_eq!(office.used(&mandate), (0, None));
}

#[test]
fn a_check_and_a_submission_tell_what_the_office_knows_of_the_exporter_and_the_producer() {
    let office = Office::new();
    let other = Identity { name: text("Ravi Panels"), national_id: text("0000000-7"), ..identity("SLK-7") };
    let other = office.exporters().register(&office.examiner, &office.id(1), other).unwrap();
    let made_by = |number: &str| {
        let mut value: serde_json::Value = serde_json::from_slice(&office.paper().certificate_json).unwrap();
        let ids = serde_json::json!([{"scheme": "NTN", "number": number}]);
        let producer =
            serde_json::json!({"name": "Ravi Panels Ltd", "country": "PK", "address": ["Sialkot"], "ids": ids});
        value["producer"] = serde_json::json!({"named": [producer]});
        Paper { certificate_json: value.to_string().into_bytes(), production_json: Vec::new() }
    };
    let rules = |paper: &Paper| {
        let checked = office.applications.check(&office.exporter, "", paper).unwrap();
        checked.findings.into_iter().map(|one| one.rule).collect::<Vec<_>>()
    };
    let against = |number: &str| {
        let checked = office.applications.check(&office.exporter, "", &made_by(number)).unwrap();
        checked.findings.into_iter().find(|one| one.rule == "PRODUCER_WITHDRAWN").map(|one| one.severity)
    };
    assert!(rules(&office.paper()).contains(&"COST_EVIDENCE_MISSING".to_owned()), "never passed in silence");
    let withdrawn = "PRODUCER_WITHDRAWN".to_owned();
    assert_eq!(against("0000000-7"), None);
    let (draft, paper) = {
        let paper = made_by("00000007");
        let drafted = office.applications.create(&office.exporter, &office.id(2), "", paper.clone()).unwrap();
        (drafted.application.id, paper)
    };
    office.exporters().strike_off(&office.examiner, &other.id).unwrap();
    assert_eq!(against("0000000-7"), Some(Severity::Error));
    assert_eq!(
        against("0000000-8"),
        Some(Severity::Warning),
        "the name, less its legal form, is that of one struck off"
    );
    let refused = office.applications.submit(&office.exporter, &office.id(3), draft, Office::declarant(&paper));
    let Err(WorkflowError::RulesRefuse(findings)) = refused else { panic!("it was taken") };
    assert!(findings.iter().any(|one| one.rule == withdrawn && one.path == "producer.named[0]"), "{findings}");
}

#[test]
fn a_stranger_is_told_nothing_of_an_exporter_by_what_it_imports() {
    let office = Office::new();
    let stranger = office.agent("Nobody's agent");
    let paper = office.other_paper("0000000-1", "0000000-9");
    let answers = office
        .applications
        .import_now(&stranger, &[row_of(office.id(1), office.registered.id.as_str(), paper.clone())]);
    assert_eq!(answers[0].0.as_ref().unwrap_err().reason(), "MANDATE_MISSING");
    let checked = office.applications.check(&stranger, office.registered.id.as_str(), &paper).unwrap();
    assert!(checked.findings.iter().all(|one| one.rule != "EXPORTER_IDENTITY"), "{}", checked.findings);
    let own = office.applications.check(&office.exporter, "", &paper).unwrap();
    assert!(own.findings.iter().any(|one| one.rule == "EXPORTER_IDENTITY"), "{}", own.findings);
}

#[tokio::test]
async fn what_is_issued_on_a_mandate_that_says_so_waits_for_the_exporters_own_consent() {
    let office = Office::new();
    let agent = office.agent("Swift Clearing");
    office.mandate(1, &agent, Scope { hold: true, ..scope(None, None) });
    let id = office.draft(2, &agent, "SLK-1").unwrap();
    office.declare(3, &agent, id).unwrap();
    office.applications.claim(&office.examiner, &office.id(4), id).unwrap();
    office.applications.recommend(&office.examiner, &office.id(5), id, None).unwrap();
    let shown = office.shown(id);
    office.applications.sign(&office.world.signatory, &office.id(6), id, shown, None).await.unwrap();
    let (desk, own) = (office.applications.desk.clone(), CertificateName::Application(id));
    assert!(desk.get(&office.world.signatory, &own).unwrap().held);
    let refused = desk.release(&agent, &office.id(7), own.clone()).await.unwrap_err();
    assert_eq!(refused.reason(), "EXPORTER_CONSENTS");
    desk.release(&office.exporter, &office.id(8), own.clone()).await.unwrap();
    assert!(!desk.get(&office.world.signatory, &own).unwrap().held);
}

#[test]
fn an_unfinished_draft_is_kept_with_its_findings_and_refused_only_when_it_is_submitted() {
    let office = Office::new();
    let unfinished = |office: &str| {
        let json =
            format!(r#"{{"agreement":"CPFTA","from":"PK","to":"CN","reference":{{"office":{{"code":"{office}"}}}}}}"#);
        Paper { certificate_json: json.into_bytes(), production_json: Vec::new() }
    };
    let draft = office.applications.create(&office.exporter, &office.id(1), "", unfinished("LHE")).unwrap().application;
    assert!(draft.findings().has_errors(), "what is missing stands beside the draft");
    assert_eq!((draft.subject.exporter.as_str(), draft.subject.items), ("Chenab Sports (Pvt) Ltd", 0));
    let row = ImportRow { declarant: None, ..row_of(office.id(2), "", office.claiming("12")) };
    let imported = office.applications.import_now(&office.exporter, &[row]).remove(0).0.unwrap().application;
    assert!(imported.findings().has_errors(), "a row is left a draft though the rules would refuse it");
    assert_eq!(imported.stage.name(), StageName::Draft);
    let refused =
        office.applications.submit(&office.exporter, &office.id(3), draft.id, Office::declarant(&unfinished("LHE")));
    assert_eq!(reason(refused), "RULES_REFUSE");
    let mended = office.applications.update(&office.exporter, &office.id(4), draft.id, office.paper()).unwrap();
    assert!(!mended.application.findings().has_errors());
    let declared = office.declare(5, &office.exporter, draft.id).unwrap().application;
    assert_eq!(declared.stage.name(), StageName::Submitted);
    assert!(declared.drafted.is_empty(), "the submission holds what is said from there on");
    // Whose desk it is for has to be said, and no stranger learns by drafting what the office knows.
    let nowhere = Paper { certificate_json: br#"{"agreement":"CPFTA"}"#.to_vec(), production_json: Vec::new() };
    assert_eq!(reason(office.applications.create(&office.exporter, &office.id(6), "", nowhere)), "RULES_REFUSE");
    let stranger = office.agent("Nobody's agent");
    let exporter = office.registered.id.to_string();
    let tried =
        office.applications.create(&stranger, &office.id(7), &exporter, office.other_paper("0000000-1", "0000000-9"));
    assert_eq!(reason(tried), "MANDATE_MISSING");
}

#[test]
fn a_value_in_another_currency_is_counted_by_the_rate_of_the_day_and_without_one_it_is_said_so() {
    let office = Office::new();
    let agent = office.agent("Swift Clearing");
    let mandate = office.mandate(1, &agent, scope(None, Some("1000")));
    let rupees = office.other_paper("\"USD\"", "\"PKR\"");
    let check = |paper: &Paper| {
        let checked = office.applications.check(&agent, "SLK-1", paper).unwrap();
        checked.findings.into_iter().find(|one| one.rule.starts_with("MANDATE"))
    };
    let without = check(&rupees).unwrap();
    assert_eq!(without.rule, "MANDATE_VALUE");
    assert!(without.message.contains("no rate of the day from PKR"), "{without}");
    assert!(!without.message.contains("reached"), "{without}");
    let rates = "format = 1\n[[rates]]\nfrom = \"USD\"\nto = \"PKR\"\nrate = \"285.6\"\nvalid_from = \"2026-11-01\"\nvalid_until = \"2026-11-30\"\nsource = \"the bank\"\n";
    let present = [crate::agreement::Present { name: "rates.toml".to_owned(), text: Some(rates.to_owned()) }];
    let lists = crate::agreement::Lists::load(&present, &mut |name| panic!("{name} is not asked for"));
    office.world.lists.store(Arc::new(lists.unwrap_or_else(|errors| panic!("{errors}"))));
    // 142800 PKR are 500 USD.
    assert_eq!(check(&rupees), None);
    let id = office.applications.create(&agent, &office.id(2), "SLK-1", rupees.clone()).unwrap().application.id;
    let carried = office.applications.submit(&agent, &office.id(3), id, Office::declarant(&rupees)).unwrap();
    let carried = carried.application.mandate.unwrap().value.unwrap();
    assert_eq!((carried.value.to_string().as_str(), carried.currency.as_str()), ("500", "USD"));
    assert_eq!(office.used(&mandate), (1, Some("500".to_owned())));
}

#[test]
fn a_mandate_names_agreements_and_offices_that_there_are() {
    let office = Office::new();
    let desk = &office.applications.desk;
    let of = |agreements: &[&str], offices: &[&str]| Scope {
        agreements: agreements.iter().map(|code| code.parse().unwrap()).collect(),
        offices: offices.iter().map(|code| code.parse().unwrap()).collect(),
        ..scope(None, None)
    };
    assert!(desk.within_reach(&of(&[], &[])).is_ok());
    assert!(desk.within_reach(&of(&["CPFTA"], &["LHE"])).is_ok());
    let agreement = desk.within_reach(&of(&["NOSUCH"], &[])).unwrap_err();
    assert_eq!(agreement.reason(), "MANDATE_INVALID");
    assert!(agreement.to_string().contains("no agreement `NOSUCH`") && agreement.to_string().contains("CPFTA"));
    let nowhere = desk.within_reach(&of(&[], &["MARS"])).unwrap_err().to_string();
    assert!(nowhere.contains("no office `MARS`") && nowhere.contains("LHE"), "{nowhere}");
    let all = desk.within_reach(&of(&["NOSUCH", "CPFTA", "NOTHIS"], &["MARS", "LUNA"])).unwrap_err().to_string();
    for named in ["no agreements `NOSUCH`, `NOTHIS` here", "no offices `LUNA`, `MARS` here"] {
        assert!(all.contains(named), "all of them are named: {all}");
    }
}
