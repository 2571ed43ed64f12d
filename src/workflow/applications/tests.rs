mod bad_input;

use super::*;
use crate::{
    certificate::{DeclarationMeans, Sha256 as Shown, Text},
    office::{Account, Actor, Declarant, Exporter, Identity, Mandate, RefusalCode, Role, Scope, StageName, Wanted},
    reason::Reasoned as _,
    store::{StateChange, Table},
    time::{Clock, SeededRandom, parse_date},
    workflow::{CertificateName, NewToken, tests::world::World},
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
        self.applications.desk.list(&self.world.signatory, None, 0, "").unwrap().certificates.len()
    }
}

fn row_of(request_id: String, exporter: &str, paper: Paper) -> ImportRow {
    ImportRow { request_id, exporter: exporter.to_owned(), declarant: Some(Office::declarant(&paper)), paper }
}

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

#[test]
fn of_two_officers_at_once_one_wins_and_the_other_is_told_who_and_when() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    let other = account("C. Khan", &[Role::Examiner], 33);
    let kept = keep::find(office.applications.store(), id).unwrap();
    office.applications.claim(&office.examiner, &office.id(5), id).unwrap();
    let late = office.applications.claim(&other, &office.id(6), id).unwrap_err();
    assert_eq!(late.reason(), "APPLICATION_CLAIMED");
    assert!(late.to_string().starts_with("B. Malik has claimed it since 2026-11-22"), "{late}");
    // The one who had read it before the other's commit.
    let by = crate::office::By::caller(&other, &"LHE".parse().unwrap(), office.applications.desk.now());
    let after = kept.application.clone().claim(&by).unwrap();
    let request = office.applications.request(&other, &office.id(7), Body::of("claim")).unwrap();
    let change = Change { before: Some(kept), after, paper: None };
    let moved = office.applications.commit(&other, request, change).unwrap_err();
    assert_eq!(moved.reason(), "APPLICATION_MOVED");
    assert!(moved.to_string().starts_with("B. Malik was first"), "{moved}");
}

#[test]
fn a_query_goes_to_the_exporter_and_the_answer_back_to_the_same_officer() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    office.applications.claim(&office.examiner, &office.id(3), id).unwrap();
    let question = text("Which glue?");
    let fields = vec!["goods.items[0].description".to_owned()];
    office.applications.query(&office.examiner, &office.id(4), id, question, fields).unwrap();
    let mended = office.other_paper("thermal bonded PU", "thermal bonded PU, water-based glue");
    let declarant = Office::declarant(&mended);
    let stale = Some((mended.clone(), Office::declarant(&office.paper())));
    let refused = office.applications.answer(&office.exporter, &office.id(5), id, text("So."), stale).unwrap_err();
    assert_eq!(refused.reason(), "SHOWN_DIFFERS");
    let answered =
        office.applications.answer(&office.exporter, &office.id(6), id, text("So."), Some((mended.clone(), declarant)));
    let answered = answered.unwrap();
    assert_eq!(answered.paper, mended);
    assert_eq!(answered.application.stage.claimed().unwrap().0.account, *office.examiner.id());
    let refused = office.applications.refuse(
        &office.examiner,
        &office.id(7),
        id,
        RefusalCode::EvidenceInsufficient,
        text("No evidence of the glue."),
    );
    assert_eq!(refused.unwrap().application.stage.name(), StageName::Refused);
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
fn the_queue_is_read_page_by_page_oldest_first_and_shows_what_differs() {
    let office = Office::new();
    let mut expected = Vec::new();
    for nth in 0..7_u16 {
        expected.push(office.submitted(1 + nth * 2, office.paper()));
        office.world.clock.set(office.world.clock.now() + Duration::from_secs(1));
    }
    office.applications.claim(&office.examiner, &office.id(90), expected[2]).unwrap();
    let mut found = Vec::new();
    let mut asked = QueueAsked { page_size: 3, differences: true, ..QueueAsked::default() };
    loop {
        let page = office.applications.queue(&office.examiner, &asked).unwrap();
        found.extend(page.rows.iter().map(|row| row.application.id));
        assert!(page.rows.iter().all(|row| row.differences.is_none()), "nothing was issued before");
        let Some(next) = page.next else { break };
        asked.page_token = next;
    }
    assert_eq!(found, expected);
    let submitted = QueueAsked { stages: vec![StageName::Submitted], ..QueueAsked::default() };
    assert_eq!(office.applications.queue(&office.examiner, &submitted).unwrap().rows.len(), 6);
    let elsewhere = QueueAsked { office: Some("KHI".parse().unwrap()), ..QueueAsked::default() };
    assert_eq!(office.applications.queue(&office.examiner, &elsewhere).unwrap_err().reason(), "NOT_YOUR_OFFICE");
    assert_eq!(office.applications.queue(&office.exporter, &submitted).unwrap_err().reason(), "PERMISSION_DENIED");
    let mine = office.applications.list(&office.exporter, None, 4, "").unwrap();
    let rest = office.applications.list(&office.exporter, None, 4, mine.next.as_deref().unwrap()).unwrap();
    let ids = mine.applications.iter().chain(&rest.applications).map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids, expected.iter().rev().copied().collect::<Vec<_>>());
    assert_eq!(rest.next, None);
    let one = office.applications.list(&office.exporter, Some(StageName::UnderExamination), 4, "").unwrap();
    assert_eq!(one.applications.len(), 1);
}

#[tokio::test]
async fn what_differs_from_the_last_certificate_for_the_same_goods_is_beside_the_application() {
    let office = Office::new();
    let id = office.recommended(1);
    office.applications.sign(&office.world.signatory, &office.id(9), id, office.shown(id), None).await.unwrap();
    office.submitted(11, office.other_paper("Shanghai Yuhe", "Ningbo Haitian"));
    let asked = QueueAsked { differences: true, ..QueueAsked::default() };
    let queue = office.applications.queue(&office.examiner, &asked).unwrap();
    let differences = queue.rows[0].differences.as_ref().unwrap();
    assert_eq!(differences.members.len(), 1, "{differences:?}");
    assert_eq!(differences.members[0].path, "consignee.party.name");
    let issued = office.applications.get(&office.examiner, id).unwrap().application;
    let number = &issued.stage.certificate().unwrap().number;
    assert_eq!(&differences.certificate, number, "what it is compared with is named");
}

#[test]
fn an_answer_that_changes_what_is_asked_for_says_which_members_from_what_and_to_what() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    office.applications.claim(&office.examiner, &office.id(5), id).unwrap();
    office.applications.query(&office.examiner, &office.id(6), id, text("Which size?"), Vec::new()).unwrap();
    let paper = office.other_paper("size 5", "size 4");
    let mended = Some((paper.clone(), Office::declarant(&paper)));
    office.applications.answer(&office.exporter, &office.id(7), id, text("Size 4"), mended).unwrap();
    let answered = office.applications.get(&office.examiner, id).unwrap().application;
    let changed = &answered.last().unwrap().changed;
    let [one] = changed.as_slice() else { panic!("{changed:?}") };
    assert_eq!(one.path, "goods.items[0].description");
    assert!(one.before.as_ref().unwrap().contains("size 5") && one.now.as_ref().unwrap().contains("size 4"));
    office.applications.query(&office.examiner, &office.id(8), id, text("Sure?"), Vec::new()).unwrap();
    let plain = office.applications.answer(&office.exporter, &office.id(9), id, text("Yes"), None).unwrap();
    assert!(plain.application.last().unwrap().changed.is_empty());
}

#[tokio::test]
async fn who_examines_and_who_signs_sees_how_the_goods_were_made_and_what_the_rules_make_of_it_on_both_bases() {
    let office = Office::new();
    let production = serde_json::json!({ "items": [{
        "item": 1,
        "materials_complete": true,
        "minimal_operations_only": false,
        "materials": [
            { "description": "Leather", "origin": "undetermined", "price": { "value": "40000", "currency": "USD", "term": "CIF" } },
            { "description": "Bladders", "origin": "CN", "price": { "value": "9000", "currency": "USD", "term": "CIF" } },
        ],
    }] });
    let paper = Paper { production_json: production.to_string().into_bytes(), ..office.paper() };
    let id = office.submitted(1, paper.clone());
    let asked = QueueAsked { origin: true, ..QueueAsked::default() };
    let queue = office.applications.queue(&office.examiner, &asked).unwrap();
    let queued = queue.rows[0].origin.clone().unwrap();
    let rule = queued.items[0].rules.iter().find(|rule| rule.criterion.as_str() == "VALUE_CONTENT").unwrap();
    assert_ne!(rule.national.lines, rule.cumulative.lines, "both bases, each with its own figures");
    office.applications.claim(&office.examiner, &office.id(5), id).unwrap();
    office.applications.recommend(&office.examiner, &office.id(6), id, None).unwrap();
    let preview = office.applications.preview(&office.world.signatory, id, None).unwrap();
    assert_eq!(preview.production_json, paper.production_json);
    assert_eq!(preview.origin.unwrap(), queued);
    let bare = office.submitted(11, office.paper());
    assert!(
        office
            .applications
            .judged_origin_of(&office.applications.get(&office.examiner, bare).unwrap().application)
            .unwrap()
            .is_none()
    );
}

#[test]
fn nobody_sees_or_touches_anothers_application() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    let stranger = account("Other Ltd", &[Role::Exporter], 40);
    let elsewhere = {
        let (name, roles, offices) = ("D. Far".to_owned(), vec![Role::Examiner], vec!["KHI".parse().unwrap()]);
        let wanted = Wanted { name, roles, offices, ..Wanted::default() };
        Caller::from(Account::open(wanted, &SeededRandom::new(41)).unwrap())
    };
    for caller in [&stranger, &elsewhere] {
        assert_eq!(office.applications.get(caller, id).unwrap_err().reason(), "APPLICATION_UNKNOWN");
    }
    let taken = office.applications.withdraw(&stranger, &office.id(5), id, None).unwrap_err();
    assert_eq!(taken.reason(), "APPLICATION_UNKNOWN");
    assert_eq!(
        office.applications.claim(&office.exporter, &office.id(6), id).unwrap_err().reason(),
        "PERMISSION_DENIED"
    );
    assert_eq!(office.applications.claim(&elsewhere, &office.id(7), id).unwrap_err().reason(), "APPLICATION_UNKNOWN");
    let auditor = account("E. Audit", &[Role::Auditor], 42);
    assert_eq!(office.applications.check(&auditor, "", &office.paper()).unwrap_err().reason(), "PERMISSION_DENIED");
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

mod desk;
mod filing;
mod machine;
mod own;
mod risk;
mod twice;
