//! Kill -9 of an office at work: what was approved is issued once, or stands approved and is issued at the next call; no
//! number is given twice; a number given in advance stays with its application; and the office sees which is which.
//!
//! `ORIGIN_OFFICE_KILL_ROUNDS` sets how often, `ORIGIN_KILL_SEED` makes the moments those of another run.

use crate::{
    auditor::Auditor,
    broken,
    caller::Caller,
    dice::Dice,
    named,
    process::{Home, Running, footballs},
    support::origin,
    wire::origin::v1 as api,
};
use origin_exchange::{
    time::Timestamp,
    trust::{Anchor, TrustList},
};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{HashMap, HashSet},
    env, fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{task::JoinSet, time};
use tonic::Status;
use uuid::Uuid;

/// Applications on their way at once.
const AT_ONCE: usize = 8;
/// The longest an office is left at work before its node is killed, in milliseconds.
const LONGEST: u64 = 900;

/// What is to become of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// Its number is drawn when it is issued.
    Issued,
    /// Its number is given in advance, and it is issued.
    IssuedAsReserved,
    /// Its number is given in advance, and it is withdrawn.
    Withdrawn,
}

/// One application, with the request of each step: a step is asked again with its own.
#[derive(Debug, Clone)]
struct Case {
    course: Course,
    paper: String,
    requests: [String; 7],
    id: Option<String>,
    reserved: Option<String>,
    issued: Option<String>,
    done: bool,
}

/// The officers' tokens.
#[derive(Debug, Clone)]
struct Tokens {
    exporter: String,
    examiner: String,
    signatory: String,
}

impl Case {
    fn new(nth: usize) -> Self {
        let course = match nth % 3 {
            0 => Course::Issued,
            1 => Course::IssuedAsReserved,
            _ => Course::Withdrawn,
        };
        let requests = std::array::from_fn(|_| Uuid::now_v7().to_string());
        Self { course, paper: footballs(nth), requests, id: None, reserved: None, issued: None, done: false }
    }

    /// Takes it to its end, or as far as the node lives. What was told before must be told again.
    async fn advance(&mut self, caller: &Caller, tokens: &Tokens) -> Result<(), Status> {
        let [create, submit, reserve, claim, recommend, sign, withdraw] = self.requests.clone();
        let mut applications = caller.applications(&tokens.exporter);
        let mut examinations = caller.examinations(&tokens.examiner);
        let file = Some(api::ApplicationFile {
            certificate_json: self.paper.clone().into_bytes().into(),
            production_json: bytes::Bytes::new(),
        });
        let request = api::CreateApplicationRequest { request_id: create, file, exporter: String::new() };
        let drafted = applications.create_application(request).await?.into_inner().application.unwrap();
        let id = drafted.application_id;
        assert_eq!(self.id.get_or_insert_with(|| id.clone()), &id, "one request, two applications");
        let declaration = Some(api::ApplicationDeclaration {
            person: "S. Chaudhry".to_owned(),
            means: api::DeclarationMeans::System.into(),
            shown_sha256: Sha256::digest(self.paper.as_bytes()).to_vec().into(),
            ..Default::default()
        });
        let request = api::SubmitApplicationRequest { request_id: submit, application_id: id.clone(), declaration };
        applications.submit_application(request).await?;
        if self.course != Course::Issued {
            let request = api::ReserveNumberRequest { request_id: reserve, application_id: id.clone() };
            let held = applications.reserve_number(request).await?.into_inner().application.unwrap();
            let number = if held.reserved_number.is_empty() { held.certificate_number } else { held.reserved_number };
            if !number.is_empty() {
                let before = self.reserved.get_or_insert_with(|| number.clone());
                assert_eq!(before, &number, "{id} holds another number than it was told");
            }
        }
        if self.course == Course::Withdrawn {
            let (application_id, note) = (id.clone(), "the buyer went away".to_owned());
            let request = api::WithdrawApplicationRequest { request_id: withdraw, application_id, note };
            applications.withdraw_application(request).await?;
            self.done = true;
            return Ok(());
        }
        let request = api::ClaimApplicationRequest { request_id: claim, application_id: id.clone() };
        examinations.claim_application(request).await?;
        let (application_id, note) = (id.clone(), String::new());
        let request = api::RecommendIssueRequest { request_id: recommend, application_id, note };
        let stands = examinations.recommend_issue(request).await?.into_inner().application.unwrap();
        let issued = if stands.stage() == api::ApplicationStage::Issued {
            stands
        } else {
            let mut examinations = caller.examinations(&tokens.signatory);
            let request = api::PreviewCertificateRequest { application_id: id.clone(), number: String::new() };
            let preview = examinations.preview_certificate(request).await?.into_inner();
            let request = api::SignApplicationRequest {
                request_id: sign,
                application_id: id.clone(),
                shown_sha256: preview.shown_sha256,
                number: String::new(),
            };
            examinations.sign_application(request).await?.into_inner().application.unwrap()
        };
        assert_eq!(issued.stage(), api::ApplicationStage::Issued);
        let number = issued.certificate_number;
        assert_eq!(self.issued.get_or_insert_with(|| number.clone()), &number, "{id} was issued twice");
        if let Some(reserved) = &self.reserved {
            assert_eq!(*reserved, number, "{id} does not bear the number it was given");
        }
        self.done = true;
        Ok(())
    }
}

struct Office {
    home: Home,
    ca: Vec<u8>,
    tokens: Tokens,
    auditor: Auditor,
    dice: Dice,
    cases: Vec<Case>,
    made: Arc<AtomicUsize>,
    /// Applications found approved after a start.
    found_approved: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_office_killed_at_work_issues_once_and_keeps_every_number() {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let rounds = number("ORIGIN_OFFICE_KILL_ROUNDS").unwrap_or(12);
    let seed = number("ORIGIN_KILL_SEED").unwrap_or_else(|| u64::try_from(Timestamp::now().as_millisecond()).unwrap());
    println!("ORIGIN_KILL_SEED={seed} ORIGIN_OFFICE_KILL_ROUNDS={rounds}");
    let (mut office, mut node) = Office::new(seed);
    for _ in 0..rounds {
        let caller = Caller::open(&mut node, &office.ca).await;
        office.look(&caller).await;
        office.work(caller, &mut node).await;
        node = Running::start(&office.home.config());
    }
    let caller = Caller::open(&mut node, &office.ca).await;
    office.look(&caller).await;
    office.close(&caller).await;
    drop(caller);
    node.stop();
    println!(
        "{rounds} kills: {} applications, {} of them found approved after a start, {} certificates",
        office.cases.len(),
        office.found_approved,
        office.auditor.counted().0,
    );
}

impl Office {
    fn new(seed: u64) -> (Self, Running) {
        let home = Home::new();
        let node = Running::start(&home.config());
        let read = |path: &str| fs::read_to_string(path).unwrap().trim().to_owned();
        let open = |role: &str, more: &[&str]| {
            let (token, config) = (home.path(&format!("office-{role}.token")), home.config());
            let mut arguments = vec!["account", "new", "--name", role, "--role", role, "-o", &token];
            arguments.extend(["--config", &config, "--admin", &node.admin]);
            arguments.extend(more);
            origin(&arguments).good();
            read(&token)
        };
        let officer = ["--office", "LHE", "--office", "KHI"];
        let (examiner, signatory) = (open("examiner", &officer), open("signatory", &officer));
        let exporter = register(&home, &node);
        let exporter = open("exporter", &["--exporter", &exporter]);
        let tokens = Tokens { exporter, examiner, signatory };
        let anchor = Anchor::from_toml(&read(&home.path("trust/anchor.toml"))).unwrap();
        let list = fs::read_to_string(home.path("trust/trust-list.note")).unwrap();
        let trust = TrustList::open(&list, &anchor, None).unwrap();
        let auditor = Auditor::new(trust, read(&node.account(&home, "auditor")));
        let office = Self {
            ca: fs::read(home.path("tls/ca.crt.pem")).unwrap(),
            home,
            tokens,
            auditor,
            dice: Dice::new(seed),
            cases: Vec::new(),
            made: Arc::default(),
            found_approved: 0,
        };
        (office, node)
    }

    /// Files, examines and signs more than the office can do, until its node is killed.
    async fn work(&mut self, caller: Caller, node: &mut Running) {
        let left = Arc::new(Mutex::new(Vec::new()));
        let mut workers = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (caller, tokens, left, made) =
                (caller.clone(), self.tokens.clone(), Arc::clone(&left), Arc::clone(&self.made));
            workers.spawn(async move {
                loop {
                    let mut case = Case::new(made.fetch_add(1, Ordering::Relaxed));
                    let ended = case.advance(&caller, &tokens).await;
                    left.lock().unwrap().push(case);
                    if let Err(status) = ended {
                        return status;
                    }
                }
            });
        }
        time::sleep(self.dice.moment(LONGEST)).await;
        node.kill();
        while let Some(ended) = workers.join_next().await {
            let status = ended.unwrap();
            assert!(broken(&status), "the node said: {status:?}\n{}", node.events());
        }
        self.cases.append(&mut left.lock().unwrap());
    }

    /// After a start: the office sees what stands approved, what was told holds, and what was on its way goes on.
    async fn look(&mut self, caller: &Caller) {
        self.auditor.follow(caller).await;
        let approved = self.approved(caller).await;
        self.found_approved += approved.len();
        let tokens = self.tokens.clone();
        for case in &mut self.cases {
            if case.done {
                continue;
            }
            let known = case.id.clone();
            if let Some(id) = &known {
                let request = api::GetApplicationRequest { application_id: id.clone() };
                let stands = caller.applications(&tokens.exporter).get_application(request).await.unwrap();
                let stands = stands.into_inner().application.unwrap();
                let is_approved = stands.stage() == api::ApplicationStage::Approved;
                assert_eq!(is_approved, approved.contains(id), "{id} is hidden from the office");
                if let Some(number) = &case.reserved {
                    let ended = stands.stage() == api::ApplicationStage::Withdrawn;
                    let held = [&stands.reserved_number, &stands.certificate_number].contains(&number);
                    assert!(held || ended, "{id} lost its number {number}: {stands:?}");
                }
            }
            case.advance(caller, &tokens).await.unwrap();
            if known.as_ref().is_some_and(|id| approved.contains(id)) {
                assert!(case.issued.is_some());
            }
        }
        // A repeat has the answer that it had.
        for case in self.cases.iter_mut().rev().take(AT_ONCE) {
            case.advance(caller, &tokens).await.unwrap();
        }
        self.auditor.follow(caller).await;
        let issued = self.cases.iter().filter(|case| case.issued.is_some()).count();
        assert_eq!(self.auditor.counted().0, issued, "an application was issued twice, or not at all");
    }

    /// The applications that the signatory's queue shows as approved.
    async fn approved(&self, caller: &Caller) -> HashSet<String> {
        let (mut found, mut page_token) = (HashSet::new(), String::new());
        loop {
            let stages = vec![api::ApplicationStage::Approved.into()];
            let request = api::ListQueueRequest { stages, page_size: 500, page_token, ..Default::default() };
            let page = caller.examinations(&self.tokens.signatory).list_queue(request).await.unwrap().into_inner();
            found.extend(page.applications.into_iter().map(|row| row.application.unwrap().application_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return found;
            }
        }
    }

    /// No number twice, and none unexplained.
    async fn close(&self, caller: &Caller) {
        let mut numbers = HashMap::new();
        for case in &self.cases {
            assert!(case.done, "{case:?}");
            let number = case.issued.as_ref().or(case.reserved.as_ref());
            // A number that was voided before anybody was told of it is in the list alone.
            if let Some(number) = number {
                let twice = numbers.insert(number.clone(), case.clone());
                assert!(twice.is_none(), "{number} was given twice: {case:?} and {twice:?}");
            }
        }
        let issued = self.cases.iter().filter(|case| case.issued.is_some()).count();
        let withdrawn = self.cases.len() - issued;
        let (mut given, mut voided, mut page_token) = (0, 0, String::new());
        loop {
            let request = api::ListNumbersRequest { page_size: 500, page_token, ..Default::default() };
            let page = caller.examinations(&self.tokens.signatory).list_numbers(request).await.unwrap().into_inner();
            for one in page.numbers {
                match one.standing() {
                    api::NumberStanding::Given => given += 1,
                    api::NumberStanding::Voided => {
                        assert_eq!(one.void_reason, "the buyer went away");
                        voided += 1;
                    }
                    other => panic!("{} is {other:?}: {one:?}", one.number),
                }
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!((given, voided), (issued, withdrawn));
        let some = self.cases.iter().filter_map(|case| case.issued.as_ref()).take(50);
        for number in some {
            let request = api::GetCertificateRequest { certificate: named(number) };
            let shown = caller.certificates(&self.tokens.signatory).get_certificate(request).await.unwrap();
            assert_eq!(shown.into_inner().certificate.unwrap().number, *number);
        }
    }
}

/// Registers the exporter of the footballs; gives its id.
fn register(home: &Home, node: &Running) -> String {
    let (token, ca) = (home.path("office-examiner.token"), home.path("tls/ca.crt.pem"));
    let mut arguments = vec!["exporter", "register", "--name", "Chenab Sports (Pvt) Ltd", "--national-id", "0000000-1"];
    arguments.extend(["--registration", "SLK-1", "--address", "Daska Road, Sialkot", "--country", "PK"]);
    arguments.extend(["--node", &node.client, "--ca", &ca, "--token-file", &token]);
    let said = origin(&arguments).good();
    said.out.split_whitespace().next().unwrap().to_owned()
}
