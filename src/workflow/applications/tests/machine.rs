use super::*;
use crate::{
    certificate::Sha256 as Hash,
    office::{Application, CostEvidence, Examined, PolicyTerms},
};
use serde_json::json;
use std::collections::BTreeSet;

/// An office whose policy covers the footballs, findings included, and whose signatory has agreed to it.
struct Automatic {
    office: Office,
    policies: Policies,
    administrator: Caller,
    signatory: Caller,
}

impl Automatic {
    fn new() -> Self {
        let mut office = Office::new();
        let store = Arc::clone(&office.world.store) as Arc<dyn Store>;
        let policies = Policies::load(store, office.clock(), office.accounts.clone()).unwrap();
        office.applications = office.applications.clone().under(policies.clone());
        let administrator = opened(&office.accounts, "D. Admin", Role::Administrator, None);
        let signatory = at_office(&office.accounts, "A. Qureshi", &[Role::Signatory]);
        let automatic = Self { office, policies, administrator, signatory };
        automatic.bring_evidence();
        automatic.office.exporters().verify(&automatic.office.examiner, &automatic.office.registered.id, "1").unwrap();
        automatic.set(|_| {});
        automatic.agree();
        automatic
    }

    fn bring_evidence(&self) {
        let day = |text| parse_date(text).unwrap();
        let evidence = CostEvidence {
            reference: text("1"),
            hs: text("9506"),
            paper: Hash([1; 32]),
            from: day("2026-01-01"),
            until: day("2026-12-31"),
            verified_by: None,
        };
        self.office.exporters().bring(&self.office.examiner, &self.office.registered.id, evidence).unwrap();
    }

    fn terms(&self) -> serde_json::Value {
        let checked = self.office.applications.check(&self.office.exporter, "", &self.office.paper()).unwrap();
        let rules = checked.findings.iter().map(|finding| finding.rule.clone()).collect::<BTreeSet<_>>();
        json!({
            "from": "2026-01-01", "until": "2026-12-31", "agreements": ["CPFTA"], "offices": ["LHE"],
            "destinations": ["CN"], "most_value": { "value": "250000", "currency": "USD" }, "tolerated": rules,
            "signatories": [self.signatory.id()],
        })
    }

    fn set(&self, change: impl FnOnce(&mut serde_json::Value)) {
        let mut terms = self.terms();
        change(&mut terms);
        let terms = PolicyTerms::read_json(terms.to_string().as_bytes()).unwrap();
        self.policies.set(&self.administrator, Some(terms)).unwrap();
    }

    fn agree(&self) {
        let policy = self.policies.get(&self.administrator, None).unwrap().policy;
        let shown = policy.terms.as_ref().unwrap().shown();
        self.policies.agree(&self.signatory, policy.version, shown).unwrap();
    }

    fn row(&self, nth: u16) -> ImportRow {
        // Each is another consignment.
        let paper = self.office.other_paper("\"CS-2611-77\"", &format!("\"CS-{nth}\""));
        let declarant = Some(Office::declarant(&paper));
        ImportRow { request_id: self.office.id(nth), exporter: String::new(), paper, declarant }
    }

    async fn import(&self, nth: u16) -> Application {
        let caller = Arc::new(self.office.exporter.clone());
        let answers = self.office.applications.import(&caller, vec![self.row(nth)]).await.unwrap();
        answers.into_iter().next().unwrap().unwrap().application
    }

    /// Only what is filed and approved is made durable, as when the node is killed behind it.
    fn killed(&self, nth: u16) -> ApplicationId {
        let filed = self.office.applications.import_now(&self.office.exporter, &[self.row(nth)]);
        let (answer, released) = filed.into_iter().next().unwrap();
        let application = answer.unwrap().application;
        assert!(released.is_some() && application.stage.name() == StageName::Approved);
        application.id
    }

    fn restarted(self) -> Self {
        let office = self.office.restarted();
        let applications = office.applications.clone().under(self.policies.clone());
        Self { office: Office { applications, ..office }, ..self }
    }

    /// Has everything taken up that stands, as at a start.
    async fn take_up(&self) {
        let (_stop, stopping) = tokio::sync::watch::channel(false);
        self.office.applications.take_up_all(&stopping).await.unwrap();
    }

    fn application(&self, id: ApplicationId) -> Application {
        keep::find(self.office.applications.store(), id).unwrap().application
    }
}

fn at_office(accounts: &Accounts, name: &str, roles: &[Role]) -> Caller {
    let offices = vec!["LHE".parse().unwrap()];
    let wanted = Wanted { name: name.to_owned(), roles: roles.to_vec(), offices, ..Wanted::default() };
    let (_, token) = accounts.open(Actor::Operator, wanted, Some(NewToken::default())).unwrap();
    accounts.admitted(&token.unwrap()).unwrap()
}

fn left(application: &Application) -> Option<&str> {
    application.left.as_ref().map(|left| left.reason.as_str())
}

#[tokio::test]
async fn what_the_policy_covers_is_issued_at_once_at_any_hour_and_the_record_says_so() {
    let automatic = Automatic::new();
    automatic.office.world.clock.set("2026-11-22T21:30:00Z".parse().unwrap());
    let issued = automatic.import(1).await;
    assert_eq!((issued.stage.name(), left(&issued)), (StageName::Issued, None));
    assert_eq!(issued.stage.examined().unwrap().examined, Examined::ByMachine("policy 1".into()));
    let approval = issued.stage.approval().unwrap();
    assert_eq!(approval.released_under.as_deref(), Some("policy 1"));
    assert_eq!(approval.signatory.account, *automatic.signatory.id());
    let history = issued.history.iter().map(|event| (event.deed.name(), event.name.as_str())).collect::<Vec<_>>();
    let (exporter, signatory) = ("Chenab Sports", "A. Qureshi");
    let expected = [("draft", exporter), ("submit", exporter), ("machine_examine", "policy 1"), ("sign", signatory)];
    assert_eq!(history[..4], expected);
    assert_eq!(history[4], ("issue", "the writer"));
    let rows = automatic.office.world.store.audit(0, 1_000).unwrap();
    let events = rows.iter().map(|row| AuditEvent::read(&row.row).unwrap()).collect::<Vec<_>>();
    let by = |action: &str| {
        let event = events.iter().rev().find(|event| event.action == action).unwrap();
        (event.by.as_str(), event.detail.clone().unwrap())
    };
    let signed = (automatic.signatory.id().as_str(), "approved, released under policy 1".to_owned());
    assert_eq!(by("application_submit").0, automatic.office.exporter.id().as_str());
    assert_eq!(by("application_machine_examine"), ("node", "recommended, under policy 1".to_owned()));
    assert_eq!(by("application_sign"), signed);
    assert_eq!(by("sign_certificate").1, format!("{} released under policy 1", issued.id));
    let name = CertificateName::Number(issued.stage.certificate().unwrap().number.clone());
    let record = automatic.office.applications.desk.get(&automatic.signatory, &name).unwrap();
    let reference = record.certificate.reference.as_option().unwrap();
    assert_eq!(reference.signatories[0].name, text("A. Qureshi"));
    assert_eq!(reference.declaration.as_ref().unwrap().person, text("S. Chaudhry"));
    let again = automatic.import(1).await;
    assert_eq!(again.stage.certificate(), issued.stage.certificate(), "a repeat changes nothing");
    assert_eq!(automatic.office.certificates(), 1);
}

#[tokio::test]
async fn a_single_submission_is_answered_with_its_certificate() {
    let automatic = Automatic::new();
    let (office, paper) = (&automatic.office, automatic.office.paper());
    let declarant = Office::declarant(&paper);
    let drafted = office.applications.create(&office.exporter, &office.id(1), "", paper).unwrap();
    let id = drafted.application.id;
    let view = office.applications.submit(&office.exporter, &office.id(2), id, declarant).unwrap();
    assert_eq!(view.application.stage.name(), StageName::Approved);
    let view = office.applications.with_certificate(view).await.unwrap();
    assert_eq!(view.application.stage.name(), StageName::Issued);
    assert_eq!(office.certificates(), 1);
}

#[tokio::test]
async fn what_the_policy_does_not_cover_stays_in_the_queue_which_says_why() {
    let automatic = Automatic::new();
    let mut nth = 0;
    let mut filed = async |stage, reason| {
        nth += 1;
        automatic.office.world.clock.set(automatic.office.world.clock.now() + Duration::from_secs(1));
        let application = automatic.import(nth).await;
        assert_eq!((application.stage.name(), left(&application)), (stage, reason));
        application.id
    };
    let submitted = StageName::Submitted;
    automatic.set(|terms| terms["tolerated"] = json!([]));
    automatic.agree();
    filed(submitted, Some("POLICY_FINDINGS")).await;
    automatic.set(|terms| terms["excluded"] = json!([automatic.office.registered.id]));
    automatic.agree();
    filed(submitted, Some("POLICY_EXCLUDED")).await;
    automatic.set(|terms| terms["most_value"] = json!({ "value": "100", "currency": "USD" }));
    automatic.agree();
    filed(submitted, Some("POLICY_VALUE")).await;
    automatic.set(|_| {});
    let unsigned = filed(StageName::Recommended, Some("POLICY_SIGNATURE")).await;
    automatic.agree();
    automatic.bring_evidence();
    filed(submitted, Some("POLICY_FINDINGS")).await;
    // To bear what is said of it does not make unverified evidence good.
    automatic.set(|_| {});
    automatic.agree();
    filed(submitted, Some("POLICY_EVIDENCE")).await;
    automatic.policies.set(&automatic.administrator, None).unwrap();
    filed(submitted, None).await;
    assert_eq!(automatic.office.certificates(), 0);
    let queue = automatic.office.applications.queue(&automatic.office.examiner, &QueueAsked::default()).unwrap();
    let reasons = queue.rows.iter().map(|row| left(&row.application).unwrap_or("-")).collect::<Vec<_>>();
    assert_eq!(
        reasons,
        ["POLICY_FINDINGS", "POLICY_EXCLUDED", "POLICY_VALUE", "POLICY_FINDINGS", "POLICY_EVIDENCE", "-"]
    );
    // An officer goes on where the machine stopped.
    let office = &automatic.office;
    let shown = office.applications.preview(&automatic.signatory, unsigned, None).unwrap().shown;
    let signed = office.applications.sign(&automatic.signatory, &office.id(90), unsigned, shown, None).await.unwrap();
    assert_eq!(signed.application.stage.approval().unwrap().released_under, None);
}

#[tokio::test]
async fn after_a_kill_between_approval_and_issue_it_is_issued_exactly_once() {
    let automatic = Automatic::new();
    let id = automatic.killed(1);
    let automatic = automatic.restarted();
    let applications = &automatic.office.applications;
    let (first, second, ()) = tokio::join!(applications.take_up(id), applications.take_up(id), automatic.take_up());
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(automatic.application(id).stage.name(), StageName::Issued);
    automatic.take_up().await;
    assert_eq!(automatic.office.certificates(), 1);
}

#[tokio::test]
async fn what_the_machine_issues_on_a_mandate_that_says_so_waits_for_the_exporters_consent_also_after_a_kill() {
    let automatic = Automatic::new();
    let office = &automatic.office;
    let agent = office.agent("Swift Clearing");
    let day = |text| parse_date(text).unwrap();
    let (from, until) = (day("2026-01-01"), day("2026-12-31"));
    let (agreements, offices) = (Vec::new(), Vec::new());
    let scope = Scope { agreements, offices, from, until, most_applications: None, most_value: None, hold: true };
    office.mandate(70, &agent, scope);
    let row = |nth| ImportRow { exporter: "SLK-1".to_owned(), ..automatic.row(nth) };
    let at_once = office.applications.import(&Arc::new(agent.clone()), vec![row(1)]).await.unwrap();
    let at_once = at_once.into_iter().next().unwrap().unwrap().application.id;
    // Filed and approved, and the node is killed behind it.
    let killed = office.applications.import_now(&agent, &[row(2)]).into_iter().next().unwrap();
    assert!(killed.1.is_some());
    let killed = killed.0.unwrap().application.id;
    let automatic = automatic.restarted();
    automatic.take_up().await;
    let desk = &automatic.office.applications.desk;
    for id in [at_once, killed] {
        assert_eq!(automatic.application(id).stage.name(), StageName::Issued);
        let own = CertificateName::Application(id);
        assert!(desk.get(&automatic.signatory, &own).unwrap().held, "nothing is sent without the exporter");
        let refused = desk.release(&agent, &automatic.office.id(71), own).await.unwrap_err();
        assert_eq!(refused.reason(), "EXPORTER_CONSENTS");
    }
}

#[test]
fn a_policy_names_agreements_and_offices_that_there_are() {
    let automatic = Automatic::new();
    let desk = &automatic.office.applications.desk;
    let named = |caller: &Caller, member: &str, code: &str| {
        let mut terms = automatic.terms();
        terms[member] = json!([code]);
        let terms = PolicyTerms::read_json(terms.to_string().as_bytes()).unwrap();
        desk.policy_within_reach(caller, &terms)
    };
    named(&automatic.administrator, "agreements", "CPFTA").unwrap();
    for (member, code, why) in
        [("agreements", "NOSUCH", "no agreement `NOSUCH`"), ("offices", "MARS", "no office `MARS`")]
    {
        let refused = named(&automatic.administrator, member, code).unwrap_err();
        assert_eq!(refused.reason(), "POLICY_INVALID");
        assert!(refused.to_string().contains(why), "{refused}");
    }
    assert_eq!(named(&automatic.signatory, "offices", "MARS").unwrap_err().reason(), "PERMISSION_DENIED");
}

#[tokio::test]
async fn midnight_between_approval_and_issue_has_it_approved_anew_by_machine() {
    let automatic = Automatic::new();
    let id = automatic.killed(1);
    let before = automatic.application(id).stage.approval().unwrap().shown;
    automatic.office.world.clock.set(automatic.office.world.clock.now() + Duration::from_hours(20));
    automatic.take_up().await;
    let issued = automatic.application(id);
    assert_eq!(issued.stage.name(), StageName::Issued);
    assert_ne!(issued.stage.approval().unwrap().shown, before, "another day is another date of issue");
    assert_eq!(automatic.office.certificates(), 1);
}

#[tokio::test]
async fn what_was_approved_is_left_to_officers_where_the_policy_does_not_carry_it_any_more() {
    let automatic = Automatic::new();
    let (revoked, changed) = (automatic.killed(1), automatic.killed(2));
    automatic.policies.revoke(&automatic.signatory).unwrap();
    automatic.office.applications.take_up(revoked).await.unwrap();
    automatic.agree();
    automatic.set(|terms| terms["destinations"] = json!(["CN", "KE"]));
    automatic.agree();
    automatic.take_up().await;
    for id in [revoked, changed] {
        let application = automatic.application(id);
        assert_eq!((application.stage.name(), left(&application)), (StageName::Recommended, Some("POLICY_SIGNATURE")));
    }
    assert_eq!(automatic.office.certificates(), 0);
}

#[tokio::test]
async fn where_the_moment_is_at_fault_it_stands_approved_and_is_taken_up_again() {
    let automatic = Automatic::new();
    let filed = automatic.office.applications.import_now(&automatic.office.exporter, &[automatic.row(1)]);
    let (answer, released) = filed.into_iter().next().unwrap();
    let id = answer.unwrap().application.id;
    automatic.office.world.store.fail_next_write("the disk is gone");
    let stood = automatic.office.applications.issue_released(vec![released.unwrap()]).await;
    assert_eq!(stood[0].stage.name(), StageName::Approved);
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let going = tokio::spawn(automatic.office.applications.clone().keep_going(stopping));
    while automatic.application(id).stage.name() != StageName::Issued {
        tokio::task::yield_now().await;
    }
    stop.send(true).unwrap();
    going.await.unwrap();
    assert_eq!(automatic.office.certificates(), 1);
}

#[tokio::test]
async fn what_came_to_be_submitted_by_another_deed_is_looked_at_once() {
    let automatic = Automatic::new();
    // As by a deed behind submission: it is submitted, and nobody has looked at it.
    let bare = Applications { policies: None, ..automatic.office.applications.clone() };
    let filed = bare.import(&Arc::new(automatic.office.exporter.clone()), vec![automatic.row(1)]).await.unwrap();
    let id = filed.into_iter().next().unwrap().unwrap().application.id;
    assert!(automatic.application(id).is_untouched());
    automatic.take_up().await;
    assert_eq!(automatic.application(id).stage.name(), StageName::Issued);
    automatic.set(|terms| terms["tolerated"] = json!([]));
    automatic.agree();
    let filed = bare.import(&Arc::new(automatic.office.exporter.clone()), vec![automatic.row(2)]).await.unwrap();
    let id = filed.into_iter().next().unwrap().unwrap().application.id;
    automatic.take_up().await;
    let application = automatic.application(id);
    assert_eq!((application.stage.name(), left(&application)), (StageName::Submitted, Some("POLICY_FINDINGS")));
    automatic.take_up().await;
    assert_eq!(automatic.application(id), application, "what was left is the officers'");
}

#[tokio::test]
async fn nobody_of_the_exporter_has_a_signature_released_for_its_application() {
    let automatic = Automatic::new();
    let wanted = |wanted: Wanted| Wanted {
        roles: vec![Role::Signatory, Role::Exporter],
        exporter: Some(automatic.office.registered.id.clone()),
        ..wanted
    };
    automatic.office.accounts.change(Actor::Operator, automatic.signatory.id(), wanted).unwrap();
    let application = automatic.import(1).await;
    assert_eq!((application.stage.name(), left(&application)), (StageName::Recommended, Some("POLICY_SIGNATURE")));
    assert!(application.left.unwrap().words.contains("A. Qureshi filed it, or it was filed for them"));
}

#[tokio::test]
async fn an_agreement_that_is_taken_back_in_the_same_moment_releases_nothing() {
    let automatic = Automatic::new();
    let applications = &automatic.office.applications;
    let judged = applications
        .judge(&automatic.office.paper(), Some(&automatic.office.registered.id), super::super::twice::Reader::default())
        .unwrap();
    let by = crate::office::By::caller(&automatic.office.exporter, &"LHE".parse().unwrap(), applications.desk.now());
    let whose = automatic.office.registered.id.clone();
    let (paper, subject) = (automatic.office.paper().shown(), judged.subject.unwrap());
    let drafted = crate::office::Drafted { subject, paper, findings: judged.findings.clone() };
    let draft = applications.new_draft(&automatic.office.exporter, whose, drafted);
    let submitted = draft
        .unwrap()
        .submit(Office::declarant(&automatic.office.paper()), judged.findings.clone(), false, &by)
        .unwrap();
    let seen = applications.examine(submitted, &judged.particulars.unwrap(), &judged.findings);
    assert_eq!(seen.application.stage.name(), StageName::Approved);
    automatic.policies.revoke(&automatic.signatory).unwrap();
    let change = Change { before: None, after: seen.application, paper: None };
    let rests_on = Drawn { expected: seen.rests_on, state: Vec::new() };
    let late = keep::commit(applications.store(), 0, &[], &[change], Vec::new(), rests_on).unwrap_err();
    assert!(keep::policy_moved(&late), "{late}");
}

#[tokio::test]
async fn who_set_the_policy_does_not_sign_by_hand_what_it_examined() {
    let automatic = Automatic::new();
    let person: crate::office::Person = "S-1".parse().unwrap();
    let twin = at_office(&automatic.office.accounts, "D. Admin at the desk", &[Role::Signatory]);
    for id in [automatic.administrator.id(), twin.id()] {
        let of = |wanted| Wanted { person: Some(person.clone()), ..wanted };
        automatic.office.accounts.change(Actor::Operator, id, of).unwrap();
    }
    let again = |caller: &Caller| automatic.office.accounts.again(caller).unwrap();
    let (administrator, twin) = (again(&automatic.administrator), again(&twin));
    let terms = PolicyTerms { signatories: Vec::new(), ..serde_json::from_value(automatic.terms()).unwrap() };
    automatic.policies.set(&administrator, Some(terms)).unwrap();
    let application = automatic.import(1).await;
    assert_eq!((application.stage.name(), left(&application)), (StageName::Recommended, None));
    let office = &automatic.office;
    let shown = office.applications.preview(&twin, application.id, None).unwrap().shown;
    let alone = office.applications.sign(&twin, &office.id(9), application.id, shown, None).await.unwrap_err();
    assert_eq!(alone.reason(), "SAME_PERSON");
    let other = office.applications.preview(&automatic.signatory, application.id, None).unwrap().shown;
    office.applications.sign(&automatic.signatory, &office.id(10), application.id, other, None).await.unwrap();
}
