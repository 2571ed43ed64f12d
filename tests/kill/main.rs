//! Kill -9 under load, again and again: what was acknowledged is there, no number is given twice, no log forks,
//! and the same request has the same answer.
//!
//! `ORIGIN_KILL_ROUNDS` sets how often, `ORIGIN_KILL_SEED` makes the moments those of another run; what a
//! process has done by then differs all the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::too_many_lines
)]

mod asking;
mod auditor;
mod caller;
mod dice;
mod ledger;
mod office;
#[path = "../process/mod.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod process;
#[path = "../cli/support.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod support;
mod wire;

use asking::{Paper, SILENCE, message, named, one, take};
use auditor::Auditor;
use bytes::Bytes;
use caller::Caller;
use dice::Dice;
use ledger::{Answer, Asked, Deed, Ledger};
use origin_exchange::{
    time::Timestamp,
    trust::{Anchor, TrustList},
};
use process::{Home, Running, serving};
use std::{
    env, fs,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinSet, time};
use tokio_stream::wrappers::UnboundedReceiverStream;
use wire::origin::v1 as api;

/// Rows of one message.
const BATCH: usize = 16;
/// Messages in flight.
const WINDOW: usize = 4;
/// Certificates in flight one by one, beside the stream.
const SINGLE: usize = 2;
/// The longest a node is left at work before it is killed.
const LONGEST: u64 = 400;
/// One start in so many is killed before it is done.
const STARTS_KILLED: u64 = 5;
/// Old requests asked again after a start.
const REPEATED: usize = 16;

/// What was done and how long it took.
#[derive(Default)]
struct Account {
    starts: u32,
    starting: Duration,
    starts_killed: u32,
    loading: Duration,
    checking: Duration,
}

struct World {
    home: Home,
    ca: Vec<u8>,
    token: String,
    dice: Dice,
    paper: Paper,
    ledger: Ledger,
    auditor: Auditor,
    account: Account,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_survives_kill_nine_under_load() {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let rounds = number("ORIGIN_KILL_ROUNDS").unwrap_or(120);
    let seed = number("ORIGIN_KILL_SEED").unwrap_or_else(|| u64::try_from(Timestamp::now().as_millisecond()).unwrap());
    println!("ORIGIN_KILL_SEED={seed} ORIGIN_KILL_ROUNDS={rounds}");
    let begun = Instant::now();

    let (mut world, mut node) = World::new(seed);
    for _ in 0..rounds {
        let caller = Caller::open(&mut node, &world.ca).await;
        world.check(&caller).await;
        world.load(caller, &mut node).await;
        node = world.start().await;
    }
    let caller = Caller::open(&mut node, &world.ca).await;
    world.check(&caller).await;
    drop(caller);
    node.stop();
    world.close();

    let World { ledger, auditor, account, .. } = world;
    println!(
        "{rounds} kills under load and {} while starting in {:.0?}: {} requests, {} proofs; a start takes {:.0?}, \
         loads took {:.0?}, checks {:.0?}",
        account.starts_killed,
        begun.elapsed(),
        ledger.all().len(),
        auditor.proofs,
        account.starting / account.starts.max(1),
        account.loading,
        account.checking,
    );
}

impl World {
    fn new(seed: u64) -> (Self, Running) {
        let home = Home::new();
        let node = Running::start(&home.config());
        let read = |path: &str| fs::read_to_string(path).unwrap().trim().to_owned();
        let token = read(&node.account(&home, "signatory"));
        let anchor = Anchor::from_toml(&read(&home.path("trust/anchor.toml"))).unwrap();
        let list = fs::read_to_string(home.path("trust/trust-list.note")).unwrap();
        let trust = TrustList::open(&list, &anchor, None).unwrap();
        let auditor = Auditor::new(trust, read(&node.account(&home, "auditor")));
        let world = Self {
            ca: fs::read(home.path("tls/ca.crt.pem")).unwrap(),
            home,
            token,
            dice: Dice::new(seed),
            paper: Paper::new(),
            ledger: Ledger::default(),
            auditor,
            account: Account::default(),
        };
        (world, node)
    }

    /// Starts the node again; now and then another start before that one is killed half-way.
    async fn start(&mut self) -> Running {
        if self.dice.below(STARTS_KILLED) == 0 {
            let mut silent = serving(&self.home.config());
            let mut child = silent.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            time::sleep(self.dice.moment(LONGEST)).await;
            child.kill().unwrap();
            child.wait().unwrap();
            self.account.starts_killed += 1;
        }
        let begun = Instant::now();
        let node = Running::start(&self.home.config());
        self.account.starting += begun.elapsed();
        self.account.starts += 1;
        node
    }

    /// Asks for more than the node can do, and kills it at some moment. What came back by then was acknowledged.
    async fn load(&mut self, caller: Caller, node: &mut Running) {
        let begun = Instant::now();
        let (out, rows) = mpsc::unbounded_channel();
        for _ in 0..WINDOW {
            out.send(self.message()).unwrap();
        }
        let kill = time::sleep(self.dice.moment(LONGEST));
        tokio::pin!(kill);
        let mut back = caller
            .certificates(&self.token)
            .issue_certificates(UnboundedReceiverStream::new(rows))
            .await
            .unwrap()
            .into_inner();
        let mut singles = JoinSet::new();
        for deed in self.singles() {
            let asked = self.ledger.ask(deed);
            singles.spawn(one(caller.clone(), self.token.clone(), asked));
        }
        let watching = tokio::spawn(watch(caller.clone(), self.auditor.token().to_owned(), self.auditor.origins()));
        let mut alive = true;
        loop {
            tokio::select! {
                () = &mut kill, if alive => {
                    node.kill();
                    alive = false;
                }
                message = time::timeout(SILENCE, back.message()) => match message {
                    Ok(Ok(Some(message))) => {
                        take(&mut self.ledger, message);
                        if alive {
                            out.send(self.message()).unwrap();
                        }
                    }
                    ended => {
                        assert!(!alive, "the stream ended while the node lived: {ended:?}\n{}", node.events());
                        break;
                    }
                },
                Some(done) = singles.join_next() => {
                    let (asked, answer) = done.unwrap();
                    match answer {
                        Ok(answer) => {
                            self.ledger.hear(&asked.id, answer);
                            if alive {
                                let asked = self.ledger.ask(self.paper.next());
                                singles.spawn(one(caller.clone(), self.token.clone(), asked));
                            }
                        }
                        Err(status) => assert!(!alive || broken(&status), "{status:?}\n{}", node.events()),
                    }
                }
            }
        }
        while let Some(done) = singles.join_next().await {
            if let (asked, Ok(answer)) = done.unwrap() {
                self.ledger.hear(&asked.id, answer);
            }
        }
        for note in watching.await.unwrap() {
            self.auditor.see(&note);
        }
        self.account.loading += begun.elapsed();
    }

    /// What is asked for one by one: certificates, and that an old one be cancelled.
    fn singles(&mut self) -> Vec<Deed> {
        let mut deeds = (0..SINGLE).map(|_| self.paper.next()).collect::<Vec<_>>();
        let all = self.ledger.all();
        if !all.is_empty() {
            let picked = self.dice.one_of(all);
            if let Some(Answer { number, .. }) = &picked.answer {
                let cancel = Deed::Cancel(number.clone());
                if !number.is_empty() && all.iter().all(|asked| asked.deed != cancel) {
                    deeds.push(cancel);
                }
            }
        }
        deeds
    }

    fn message(&mut self) -> api::IssueCertificatesRequest {
        let count = 1 + self.dice.below(BATCH as u64);
        let asked = (0..count).map(|_| self.ledger.ask(self.paper.next())).collect::<Vec<_>>();
        message(&asked)
    }

    /// After a start: nothing that was acknowledged or seen is missing or different, and what had no answer gets
    /// one under the same request.
    async fn check(&mut self, caller: &Caller) {
        let begun = Instant::now();
        self.auditor.follow(caller).await;
        self.auditor.compare(&mut self.ledger);
        let mut again = self.ledger.unanswered();
        let all = self.ledger.all();
        for _ in 0..REPEATED.min(all.len()) {
            again.push(self.dice.one_of(all).clone());
        }
        self.show(caller, &again).await;
        self.ask_again(caller, &again).await;
        assert!(self.ledger.unanswered().is_empty());
        self.auditor.follow(caller).await;
        self.auditor.compare(&mut self.ledger);
        self.account.checking += begun.elapsed();
    }

    /// The node finds acknowledged certificates by their number.
    async fn show(&self, caller: &Caller, some: &[Asked]) {
        let mut certificates = caller.certificates(&self.token);
        for answer in some.iter().filter_map(|asked| asked.answer.as_ref()).filter(|answer| !answer.number.is_empty()) {
            let request = api::GetCertificateRequest { certificate: named(&answer.number) };
            let shown = certificates.get_certificate(request).await.unwrap().into_inner().certificate.unwrap();
            let api::Certificate { number, jti, log, index, .. } = shown;
            assert_eq!(Answer { number, jti, log, index }, *answer);
        }
    }

    async fn ask_again(&mut self, caller: &Caller, again: &[Asked]) {
        let (issues, cancels): (Vec<_>, Vec<_>) =
            again.iter().cloned().partition(|asked| matches!(asked.deed, Deed::Issue(_)));
        let messages = issues.chunks(64).map(message).collect::<Vec<_>>();
        let answers = caller.certificates(&self.token).issue_certificates(tokio_stream::iter(messages)).await;
        let mut answers = answers.unwrap().into_inner();
        while let Some(message) = answers.message().await.unwrap() {
            take(&mut self.ledger, message);
        }
        for asked in cancels {
            let (asked, answer) = one(caller.clone(), self.token.clone(), asked).await;
            self.ledger.hear(&asked.id, answer.unwrap());
        }
    }

    /// The logs hold exactly what was asked for, each once, and pass the check of a replica.
    fn close(&self) {
        let issued = self.ledger.all().iter().filter(|asked| matches!(asked.deed, Deed::Issue(_))).count();
        let cancelled = self.ledger.all().len() - issued;
        assert_eq!(self.auditor.counted(), (issued, cancelled));
        for origin in self.auditor.origins() {
            assert_eq!(self.home.check_log(origin.as_str()), self.auditor.size(&origin));
        }
    }
}

/// The line broke: nobody said anything.
fn broken(status: &tonic::Status) -> bool {
    status.details().is_empty()
}

/// Reads heads until the node is gone: what anybody saw, the node is held to.
async fn watch(caller: Caller, token: String, origins: Vec<origin_exchange::log::Origin>) -> Vec<Bytes> {
    let mut notes = Vec::new();
    let mut logs = caller.logs(&token);
    loop {
        for origin in &origins {
            let request = api::GetCheckpointRequest { log: origin.to_string() };
            match time::timeout(SILENCE, logs.get_checkpoint(request)).await {
                Ok(Ok(answer)) => notes.push(answer.into_inner().note),
                _ => return notes,
            }
        }
        if origins.is_empty() {
            return notes;
        }
        time::sleep(Duration::from_millis(20)).await;
    }
}
