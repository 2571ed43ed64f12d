mod bad_input;
mod desk;
mod examining;
mod filing;
mod machine;
mod own;
mod risk;
mod signing;
mod twice;

use super::*;
use crate::{
    certificate::{DeclarationMeans, Sha256 as Shown, Text},
    office::{Account, Actor, Declarant, Exporter, Identity, Mandate, RefusalCode, Role, Scope, StageName, Wanted},
    reason::Reasoned as _,
    store::{StateChange, Table},
    time::{Clock, SeededRandom, parse_date},
    workflow::{CertificateName, CertificatesAsked, NewToken, tests::world::World},
};
use std::time::Duration;

struct Office {
    world: World,
    applications: Applications,
    accounts: Accounts,
    registered: Exporter,
    exporter: Caller,
    examiner: Caller,
}

fn account(name: &str, roles: &[Role], seed: u64) -> Caller {
    let offices = vec!["LHE".parse().unwrap()];
    let wanted = Wanted { name: name.to_owned(), roles: roles.to_vec(), offices, ..Wanted::default() };
    Caller::from(Account::open(wanted, &SeededRandom::new(seed)).unwrap())
}

/// An account of the authority itself, as a mandate is given to.
fn opened(accounts: &Accounts, name: &str, role: Role, exporter: Option<&Exporter>) -> Caller {
    let exporter = exporter.map(|one| one.id.clone());
    let wanted = Wanted { name: name.to_owned(), roles: vec![role], exporter, ..Wanted::default() };
    let (_, token) = accounts.open(Actor::Operator, wanted, Some(NewToken::default())).unwrap();
    accounts.admitted(&token.unwrap()).unwrap()
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    text.parse().unwrap()
}

/// The exporter of the footballs, as the office registered it.
fn identity(registration: &str) -> Identity {
    Identity {
        name: text("Chenab Sports (Pvt) Ltd"),
        // Another exporter has another one.
        national_id: text(&format!("0000000-{}", registration.rsplit('-').next().unwrap())),
        scheme: Some(text("NTN")),
        registration: text(registration),
        address: vec![text("Daska Road"), text("Sialkot")],
        country: "PK".parse().unwrap(),
    }
}

impl Office {
    fn new() -> Self {
        let world = World::new();
        let store = Arc::clone(&world.store) as Arc<dyn Store>;
        let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(20));
        let accounts = Accounts::load(Arc::clone(&store), Arc::clone(&clock), Arc::clone(&random)).unwrap();
        let exporters = Exporters::new(store, clock, random, accounts.clone());
        let examiner = account("B. Malik", &[Role::Examiner], 32);
        let registered = exporters.register(&examiner, &world.request_id(900), identity("SLK-1")).unwrap();
        let applications = Applications::new(world.desk().0, exporters, Arc::new(SeededRandom::new(21)));
        let exporter = opened(&accounts, "Chenab Sports", Role::Exporter, Some(&registered));
        Self { world, applications, accounts, registered, exporter, examiner }
    }

    /// The same office after its node was killed and started.
    fn restarted(self) -> Self {
        let exporters = self.applications.exporters.clone();
        let applications = Applications::new(self.world.desk().0, exporters, Arc::new(SeededRandom::new(22)));
        Self { applications, ..self }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.world.clock) as Arc<dyn Clock>
    }

    fn exporters(&self) -> &Exporters {
        &self.applications.exporters
    }

    fn agent(&self, name: &str) -> Caller {
        opened(&self.accounts, name, Role::Agent, None)
    }

    fn mandate(&self, nth: u16, agent: &Caller, scope: Scope) -> Mandate {
        self.exporters().give(&self.exporter, &self.id(nth), &self.registered.id, agent.id(), scope).unwrap()
    }

    fn used(&self, mandate: &Mandate) -> (u64, Option<String>) {
        let all = self.exporters().mandates(&self.examiner, &self.registered.id).unwrap();
        let one = all.into_iter().find(|one| one.id == mandate.id).unwrap();
        (one.used_applications, one.used_value.map(|value| value.to_string()))
    }

    fn paper(&self) -> Paper {
        Paper { certificate_json: self.world.footballs(1).certificate_json, production_json: Vec::new() }
    }

    fn other_paper(&self, from: &str, to: &str) -> Paper {
        let json = String::from_utf8(self.paper().certificate_json).unwrap();
        assert!(json.contains(from), "{from} is not in the sample");
        Paper { certificate_json: json.replace(from, to).into_bytes(), production_json: Vec::new() }
    }

    /// The footballs, of which that percentage is claimed.
    fn claiming(&self, exact: &str) -> Paper {
        let mut value: serde_json::Value = serde_json::from_slice(&self.paper().certificate_json).unwrap();
        let percentage = serde_json::json!({ "exact": exact, "basis": "cumulative" });
        value["goods"]["items"][0]["criterion"] =
            serde_json::json!({ "code": "VALUE_CONTENT", "percentage": percentage, "accumulation": true });
        Paper { certificate_json: value.to_string().into_bytes(), production_json: Vec::new() }
    }

    fn id(&self, nth: u16) -> String {
        self.world.request_id(nth)
    }

    fn declarant(paper: &Paper) -> Declarant {
        let (person, capacity) = (text("S. Chaudhry"), Some(text("Export manager")));
        Declarant { person, capacity, means: DeclarationMeans::Portal, shown: paper.shown(), signature: None }
    }

    fn submitted(&self, nth: u16, paper: Paper) -> ApplicationId {
        let declarant = Self::declarant(&paper);
        let drafted = self.applications.create(&self.exporter, &self.id(nth), "", paper).unwrap();
        let id = drafted.application.id;
        let submitted = self.applications.submit(&self.exporter, &self.id(nth + 1), id, declarant).unwrap();
        assert_eq!(submitted.application.stage.name(), StageName::Submitted);
        id
    }

    fn recommended(&self, nth: u16) -> ApplicationId {
        let id = self.submitted(nth, self.paper());
        self.applications.claim(&self.examiner, &self.id(nth + 2), id).unwrap();
        self.applications.recommend(&self.examiner, &self.id(nth + 3), id, None).unwrap();
        id
    }

    fn stage(&self, id: ApplicationId) -> StageName {
        self.applications.get(&self.examiner, id).unwrap().application.stage.name()
    }

    fn shown(&self, id: ApplicationId) -> Shown {
        self.applications.preview(&self.world.signatory, id, None).unwrap().shown
    }

    /// Only the approval is made durable, as when the node is killed behind it.
    fn approved_and_killed(&self, nth: u16, id: ApplicationId) {
        let body = Body::of("sign").part(id.bytes()).part(self.shown(id).0).part("");
        let request = self.applications.request(&self.world.signatory, &self.id(nth), body).unwrap();
        let shown = self.shown(id);
        self.applications.approve(&self.world.signatory, request, id, shown, None).unwrap();
        assert_eq!(self.stage(id), StageName::Approved);
    }

    fn certificates(&self) -> usize {
        self.applications.desk.list(&self.world.signatory, CertificatesAsked::default()).unwrap().certificates.len()
    }
}

fn row_of(request_id: String, exporter: &str, paper: Paper) -> ImportRow {
    ImportRow { request_id, exporter: exporter.to_owned(), declarant: Some(Office::declarant(&paper)), paper }
}

#[test]
fn a_check_says_everything_at_once_with_box_and_stores_nothing() {
    let office = Office::new();
    let mut value: serde_json::Value = serde_json::from_slice(&office.paper().certificate_json).unwrap();
    value["goods"]["items"][0]["description"] = "=HYPERLINK(\"http://x\")".into();
    value["consignee"] = serde_json::Value::Null;
    value["to"] = "KE".into();
    let paper = Paper { certificate_json: value.to_string().into_bytes(), production_json: Vec::new() };
    let checked = office.applications.check(&office.exporter, "", &paper).unwrap();
    assert!(
        checked.findings.iter().filter(|one| one.path.starts_with("consignee") || one.path == "to").count() >= 2,
        "{}",
        checked.findings
    );
    assert!(checked.findings.iter().any(|one| one.form_box.is_some()), "{:?}", checked.findings);
    assert!(office.world.store.records(Table::Application).unwrap().is_empty());
    let drafted = office.applications.create(&office.exporter, &office.id(1), "", paper.clone()).unwrap();
    let declarant = Office::declarant(&paper);
    let refused = office.applications.submit(&office.exporter, &office.id(2), drafted.application.id, declarant);
    assert_eq!(refused.unwrap_err().reason(), "RULES_REFUSE");
    value["reference"]["number"] = "PK-1".into();
    let paper = Paper { certificate_json: value.to_string().into_bytes(), production_json: Vec::new() };
    let checked = office.applications.check(&office.exporter, "", &paper).unwrap();
    assert!(checked.findings.iter().any(|one| one.rule == "NUMBER_BROUGHT"));
}

#[test]
fn a_criterion_the_declared_materials_do_not_support_is_refused_with_the_figures() {
    let office = Office::new();
    let with = |cif: &str| {
        let production = serde_json::json!({ "items": [{
            "item": 1,
            "materials_complete": true,
            "minimal_operations_only": false,
            "processes": [{ "code": "BONDING" }],
            "materials": [{
                "description": "Leather",
                "origin": "undetermined",
                "price": { "value": cif, "currency": "USD", "term": "CIF" },
            }],
        }] });
        Paper { production_json: production.to_string().into_bytes(), ..office.paper() }
    };
    let claims = |cif: &str| {
        let checked = office.applications.check(&office.exporter, "", &with(cif)).unwrap();
        checked.findings.into_iter().filter(|one| one.rule == "ORIGIN_CLAIM").collect::<Vec<_>>()
    };
    let refused = claims("100000");
    assert!(refused[0].message.contains("(142800 - 100000) / 142800 x 100 = 29.97 %"), "{refused:?}");
    assert!(refused[0].article.as_ref().unwrap().contains("Rule 4") && refused[0].form_box.is_some(), "{refused:?}");
    assert!(claims("50000").is_empty());
    let drafted = office.applications.create(&office.exporter, &office.id(1), "", with("100000")).unwrap();
    let declarant = Office::declarant(&with("100000"));
    let submitted = office.applications.submit(&office.exporter, &office.id(2), drafted.application.id, declarant);
    assert_eq!(submitted.unwrap_err().reason(), "RULES_REFUSE");
}

#[test]
fn a_percentage_that_is_too_low_is_refused_with_the_one_the_materials_give_in_the_same_finding() {
    let office = Office::new();
    let production = serde_json::json!({ "items": [{
        "item": 1,
        "materials_complete": true,
        "minimal_operations_only": false,
        "materials": [{
            "description": "Leather",
            "origin": "undetermined",
            "price": { "value": "50000", "currency": "USD", "term": "CIF" },
        }],
    }] });
    let production_json = production.to_string().into_bytes();
    let paper = Paper { production_json, ..office.claiming("38") };
    let findings = office.applications.check(&office.exporter, "", &paper).unwrap().findings;
    let refused = findings.iter().find(|one| one.rule == "THRESHOLD").unwrap();
    let help = refused.help.as_ref().unwrap();
    assert!(refused.article.as_ref().unwrap().contains("Rule 4") && help.contains("build-down"), "{refused:?}");
    assert!(help.contains("64.98 %") && help.starts_with("write `64`: "), "{help}");
    assert!(findings.iter().all(|one| one.rule != "PERCENTAGE_STATED"), "it is told once: {findings}");
}

#[tokio::test]
async fn an_import_answers_row_by_row_and_a_repeat_changes_nothing() {
    let office = Office::new();
    let caller = Arc::new(office.exporter.clone());
    let row = |nth, paper: Paper| row_of(office.id(nth), "", paper);
    let broken = Paper { certificate_json: b"{".to_vec(), production_json: Vec::new() };
    let rows = || vec![row(1, office.paper()), row(2, broken.clone()), row(3, office.paper()), row(1, office.paper())];
    let first = office.applications.import(&caller, rows()).await.unwrap();
    let told = first.iter().map(|row| row.as_ref().map(|one| one.repeated).map_err(|e| e.reason())).collect::<Vec<_>>();
    assert_eq!(told, [Ok(false), Err("RULES_REFUSE"), Ok(false), Ok(true)]);
    assert!(first.iter().flatten().all(|row| row.application.stage.name() == StageName::Submitted));
    let again = office.applications.import(&caller, rows()).await.unwrap();
    let ids = |rows: &[Result<Imported, WorkflowError>]| {
        rows.iter().map(|row| row.as_ref().ok().map(|one| one.application.id)).collect::<Vec<_>>()
    };
    assert_eq!(ids(&again), ids(&first));
    assert!(again.iter().flatten().all(|row| row.repeated));
    let other = vec![row(1, office.other_paper("size 5", "size 4"))];
    let reused = office.applications.import(&caller, other).await.unwrap();
    assert_eq!(reused[0].as_ref().unwrap_err().reason(), "REQUEST_ID_REUSED");
    assert_eq!(office.world.store.records(Table::Application).unwrap().len(), 2);
}

#[test]
fn a_request_again_has_its_answer_and_for_something_else_is_refused() {
    let office = Office::new();
    let first = office.applications.create(&office.exporter, &office.id(1), "", office.paper()).unwrap();
    let again = office.applications.create(&office.exporter, &office.id(1), "", office.paper()).unwrap();
    assert_eq!(first.application, again.application);
    let other = office.other_paper("size 5", "size 4");
    let reused = office.applications.create(&office.exporter, &office.id(1), "", other).unwrap_err();
    assert_eq!(reused.reason(), "REQUEST_ID_REUSED");
    let id = first.application.id;
    let withdrawn = office.applications.withdraw(&office.exporter, &office.id(2), id, None).unwrap();
    let again = office.applications.withdraw(&office.exporter, &office.id(2), id, None).unwrap();
    assert_eq!(withdrawn.application, again.application);
    let other = office.applications.withdraw(&office.exporter, &office.id(3), id, None).unwrap_err();
    assert_eq!(other.reason(), "APPLICATION_STATE");
}

#[test]
fn what_the_store_holds_of_an_application_stays_readable() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    let change = StateChange::RecordRemoved { table: Table::ApplicationPaper, id: id.bytes().to_vec() };
    office.world.store.commit(crate::store::Batch { state: vec![change], ..Default::default() }).unwrap();
    assert_eq!(office.applications.get(&office.exporter, id).unwrap_err().reason(), "CONTENTS_ERASED");
}
