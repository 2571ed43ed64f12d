//! A log that shows two histories on the wire, each to a partner that never sees the other: they find it out by what
//! they tell each other, and one that has lost all it knew by what another kept.

use crate::{
    branch::{Branch, keys},
    delivery::{download, issue_footballs, log_to, signatory},
    federation::{CHAMBER, Federation, Member, said, says, until},
    packages::partner,
    pretender::{Pretender, size_of, wire},
    process::{Running, today},
    relay::{Door, Lie, Several},
    support::{Said, origin, text, write},
    wire::origin::v1::DownloadFormat,
};
use bytes::Bytes;
use origin_exchange::log::LogProof;
use serde_json::Value;
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use wire::{WitnessOutcome, sync_request::Message};

/// How often a connection is cut until those at its ends have compared what they know.
const CUT: Duration = Duration::from_secs(10);

/// One history for everybody but the witness in Kenya, who is shown another.
struct ForKenya {
    branch: Branch,
    /// The size that the witness saw last.
    seen: AtomicU64,
}

impl ForKenya {
    fn is_it(&self, checkpoint: &[u8]) -> bool {
        checkpoint.strip_prefix(self.branch.log().as_bytes()).is_some_and(|rest| rest.starts_with(b"\n"))
    }

    fn seen(&self) -> u64 {
        self.seen.load(Ordering::SeqCst)
    }
}

impl Lie for ForKenya {
    fn shows(&self, from: &str, asked: wire::AddCheckpointRequest) -> wire::AddCheckpointRequest {
        if from != "tdap.gov.pk" || !self.is_it(&asked.checkpoint) {
            return asked;
        }
        let seen = self.seen();
        self.branch.checkpoint(seen, seen.max(size_of(&asked.checkpoint)))
    }

    fn cosigns(
        &self,
        _: &str,
        shown: &wire::AddCheckpointRequest,
        answer: wire::AddCheckpointResponse,
    ) -> wire::AddCheckpointResponse {
        if self.is_it(&shown.checkpoint) && answer.outcome() == WitnessOutcome::Cosigned {
            self.seen.store(size_of(&shown.checkpoint), Ordering::SeqCst);
        }
        answer
    }

    fn lists(&self, from: &str, mut honest: wire::ListHeadsResponse) -> wire::ListHeadsResponse {
        let log = self.branch.log();
        match from {
            "kra.go.ke" => {
                for head in honest.heads.iter_mut().filter(|head| head.log == log) {
                    *head = self.branch.known(size_of(&head.checkpoint));
                }
            }
            // The issuer's own node keeps to its history, and is not told of the other.
            "tdap.gov.pk" => honest.heads.retain(|head| head.log != log && !head.log.starts_with(CHAMBER)),
            _ => {}
        }
        honest
    }
}

fn found(node: &Running, log: &str) -> bool {
    said(node, &["LOG_EQUIVOCATED", "ERROR", log]) > 0
}

/// The node has said once that the log has shown two histories, and shows it to its operator.
#[track_caller]
fn is_frozen(member: &Member, node: &Running, log: &str) {
    says(node, &["LOG_EQUIVOCATED", "ERROR", log]);
    assert_eq!(said(node, &["LOG_EQUIVOCATED", "ERROR", log]), 1, "{}", node.events());
    let shown = partner(member, node, &["status"]).good().out;
    assert!(shown.contains(&format!("{log} has shown two histories that parted at or before size")), "{shown}");
}

#[track_caller]
fn end(nodes: impl IntoIterator<Item = Running>) {
    for node in nodes {
        let events = node.stop();
        assert!(!events.contains("panicked"), "{events}");
    }
}

/// A witness that is shown a head with a proof that does not lead there cosigns nothing, and goes on from where it was.
async fn a_wrong_proof_is_not_cosigned(issuer: &Pretender, branch: &Branch) {
    let shown =
        async |request: wire::AddCheckpointRequest| issuer.calls().add_checkpoint(request).await.unwrap().into_inner();
    let begun = Instant::now();
    // It may be asking its partners still what it cosigned before.
    while shown(branch.checkpoint(0, 3)).await.outcome() != WitnessOutcome::Cosigned {
        assert!(begun.elapsed() < crate::federation::PATIENCE);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut wrong = branch.checkpoint(3, 5);
    wrong.proof[0] = Bytes::from_static(&[7; 32]);
    let answer = shown(wrong).await;
    assert_eq!((answer.outcome(), answer.line.len()), (WitnessOutcome::Unproven, 0), "{answer:?}");
    let late = shown(branch.checkpoint(0, 5)).await;
    assert_eq!((late.outcome(), late.size), (WitnessOutcome::Conflict, 3), "{late:?}");
    assert_eq!(shown(branch.checkpoint(3, 5)).await.outcome(), WitnessOutcome::Cosigned);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_shows_china_one_history_and_kenya_another_is_found_out_when_these_two_compare_heads() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let log = log_to(china);
    let branch = Branch::of_nothing(&keys(pakistan, ""), &log, 64);
    let split = Arc::new(ForKenya { branch, seen: AtomicU64::new(0) });
    let doors = [Door::before(pakistan, [china, kenya]).await, Door::before(kenya, [pakistan, china]).await];
    for door in &doors {
        door.lies(split.clone());
    }
    let (mut one, two, three) = (pakistan.start(), china.start(), kenya.start());
    let issuer = Pretender::open(pakistan, kenya, &three).await;
    let chambers = format!("{CHAMBER}/log/{}/{}", today().year(), china.host());
    let chambers = Branch::of_nothing(&keys(pakistan, &format!("{CHAMBER}/")), &chambers, 8);
    a_wrong_proof_is_not_cosigned(&issuer, &chambers).await;

    // Each cosigns what it is shown.
    let (caller, token) = signatory(pakistan, &mut one).await;
    let size = issue_footballs(&caller, &token, 0..5).await.last().unwrap().index + 1;
    china.holds(&two, pakistan, &log, size);
    let seen = || format!("{:?} and {}\n{}", doors[0].cosigned(china, &log), split.seen(), three.events());
    until(|| !doors[0].cosigned(china, &log).is_empty() && split.seen() > 0, seen);

    // Partners compare when they meet again, and every minute.
    let mut cut: Option<Instant> = None;
    until(
        || {
            let both = found(&two, &log) && found(&three, &log);
            if !both && cut.is_none_or(|at| at.elapsed() > CUT) {
                cut = Some(Instant::now());
                for door in &doors {
                    door.hang_up();
                }
            }
            both
        },
        || format!("{}\n{}", two.events(), three.events()),
    );
    for (member, node) in [(china, &two), (kenya, &three)] {
        is_frozen(member, node, &log);
    }

    // Neither cosigns any more of what it is shown, each on its own branch, after a restart too.
    let seen = split.seen();
    let answer = issuer.calls().add_checkpoint(split.branch.checkpoint(seen, seen + 1)).await.unwrap().into_inner();
    assert_eq!((answer.outcome(), answer.line.len()), (WitnessOutcome::Frozen, 0), "{answer:?}");
    let cosigned = doors[0].cosigned(china, &log);
    end([two, three]);
    let (two, three) = (china.start(), kenya.start());
    for node in [&two, &three] {
        says(node, &["connected", "node.tdap.gov.pk"]);
    }
    let issuer = Pretender::open(pakistan, kenya, &three).await;
    let answer = issuer.calls().add_checkpoint(split.branch.checkpoint(seen, seen + 1)).await.unwrap().into_inner();
    assert_ne!(answer.outcome(), WitnessOutcome::Cosigned, "{answer:?}");
    assert_eq!(doors[0].cosigned(china, &log), cosigned);
    end([one, two, three]);
}

/// One history for everybody but the addressee in China, who is shown another from now on.
struct ForChina(Branch);

impl Lie for ForChina {
    fn replies(&self, from: &str, log: &str, asked: &wire::SyncRequest) -> Option<Several<wire::SyncResponse>> {
        let Self(branch) = self;
        if from != "gacc.gov.cn" || log != branch.log() {
            return None;
        }
        let reply = match asked.message.as_ref()? {
            Message::Hello(hello) => Some(branch.announce(hello.head_size, branch.size())),
            Message::Want(want) => Some(branch.package(want.from, branch.size())),
            Message::Cosign(_) => None,
        };
        Some(Box::new(reply.into_iter()))
    }

    fn lists(&self, from: &str, mut honest: wire::ListHeadsResponse) -> wire::ListHeadsResponse {
        let Self(branch) = self;
        let shown = honest.heads.iter_mut().filter(|head| from == "gacc.gov.cn" && head.log == branch.log());
        for head in shown {
            *head = branch.known(branch.size());
        }
        honest
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wiped_replica_learns_from_the_witness_what_it_cosigned_and_helps_no_second_history() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let log = log_to(china);
    let door = Door::before(pakistan, [china, kenya]).await;
    let (mut one, two, three) = (pakistan.start(), china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let last = issue_footballs(&caller, &token, 0..5).await.last().unwrap().index;
    let chinas = Pretender::open(china, pakistan, &one).await;
    chinas.enough(&pakistan.trust(), &log, last + 1).await;

    // All that China knows of others is gone, and the issuer goes on from before the last entry, for China alone.
    let known = Pretender::open(china, kenya, &three).await.heads().await;
    let witnessed = known.iter().find(|head| head.log == log).map(|head| size_of(&head.checkpoint)).unwrap();
    assert!(witnessed > last, "{known:?}");
    let mut leaves = chinas.leaves(&log).await;
    leaves.truncate(usize::try_from(witnessed).unwrap());
    leaves[usize::try_from(last).unwrap()] = Bytes::from_static(b"something else");
    let before = door.cosigned(china, &log);
    assert!(!before.is_empty());
    end([two]);
    fs::remove_dir_all(china.folder().join("data/partners")).unwrap();
    door.lies(Arc::new(ForChina(Branch::new(&keys(pakistan, ""), &log, leaves))));
    let two = china.start();

    for (member, node) in [(china, &two), (kenya, &three)] {
        is_frozen(member, node, &log);
    }
    assert_eq!(door.cosigned(china, &log), before);
    end([one, two, three]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_presents_a_head_of_another_history_brings_the_proof_of_it_to_every_node() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let log = log_to(china);
    let (mut one, two, three) = (pakistan.start(), china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let places = issue_footballs(&caller, &token, 0..3).await;
    let size = places[2].index + 1;
    china.holds(&two, pakistan, &log, size);
    Pretender::open(china, pakistan, &one).await.enough(&pakistan.trust(), &log, size).await;
    let bundle = download(&caller, &token, &places[0].number, DownloadFormat::Bundle).await;
    let mut bundle = serde_json::from_slice::<Value>(&bundle).unwrap();
    let ca = china.at("tls/ca.crt.pem");
    let presents = |bundle: &Value| -> Said {
        let file = write(china.folder(), "presented.coo.json", &bundle.to_string());
        origin(&["verify", text(&file), "--node", &two.client, "--ca", &ca, "--as-of", &today().to_string()])
    };
    presents(&bundle).good();

    // The log's key has signed another history, and nobody but a holder of a certificate was shown it.
    let branch = Branch::of_nothing(&keys(pakistan, ""), &log, u32::try_from(size).unwrap());
    let mut rests_on = |size: u64| {
        let head = String::from_utf8(branch.note(size).into()).unwrap();
        bundle["proof"] = LogProof::new(0, Vec::new(), head).to_string().into();
        presents(&bundle)
    };
    assert_ne!(rests_on(size).code, 0);
    for (member, node) in [(china, &two), (kenya, &three)] {
        is_frozen(member, node, &log);
    }
    says(&one, &["LOG_EQUIVOCATED", "ERROR", &log]);

    // Certificates of the branch that was left go round after a person has looked, and freeze nothing again.
    partner(china, &two, &["lift", "--log", &log, "--reason", "their letter of today"]).good();
    assert_ne!(rests_on(size - 1).code, 0);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(said(&two, &["LOG_EQUIVOCATED", "ERROR", &log]), 1, "{}", two.events());
    end([one, two, three]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_saw_the_branch_that_was_left_cosigns_again_from_the_head_that_a_person_names() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let log = log_to(china);
    let (mut one, two, three) = (pakistan.start(), china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let size = issue_footballs(&caller, &token, 0..3).await[2].index + 1;
    china.holds(&two, pakistan, &log, size);
    let mut leaves = Pretender::open(china, pakistan, &one).await.leaves(&log).await;

    // An old copy of Pakistan's folder goes on by itself, and Kenya alone is shown that.
    leaves.push(Bytes::from_static(b"of an old copy"));
    let left = Branch::new(&keys(pakistan, ""), &log, leaves);
    let issuer = Pretender::open(pakistan, kenya, &three).await;
    let (begun, mut seen) = (Instant::now(), 0);
    loop {
        let shown = left.checkpoint(seen, left.size());
        let answer = issuer.calls().add_checkpoint(shown).await.unwrap().into_inner();
        match answer.outcome() {
            WitnessOutcome::Cosigned => break,
            WitnessOutcome::Conflict => seen = answer.size,
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
        assert!(begun.elapsed() < crate::federation::PATIENCE, "{answer:?}");
    }
    let size = issue_footballs(&caller, &token, 3..6).await[2].index + 1;
    for (member, node) in [(china, &two), (kenya, &three)] {
        is_frozen(member, node, &log);
    }
    says(&one, &["a witness does not cosign", "frozen there", &kenya.node(), &log]);
    let told = partner(pakistan, &one, &["status"]).good().out;
    assert!(told.contains("frozen there"), "{told}");

    // Which of the two heads is of the branch that goes on a person says, and nothing else does.
    let lift = |words: &[&str]| {
        partner(kenya, &three, &[&["lift", "--log", &log, "--reason", "their letter of today"][..], words].concat())
    };
    lift(&[]).bad(1, &["tell the two branches apart"]);
    let status = partner(kenya, &three, &["status", "--format", "json"]).good().out;
    let mut told = status.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let forked = told.find(|one| one["forked"] == log.as_str()).unwrap();
    let note = String::from_utf8(left.note(left.size()).into()).unwrap();
    let bad = note.lines().nth(2).unwrap();
    let mut roots = forked["heads"].as_array().unwrap().iter().map(|head| head["root"].as_str().unwrap());
    let good = roots.find(|root| *root != bad).unwrap();
    let lifted = lift(&["--root", good]).good().out;
    assert!(lifted.contains(good), "{lifted}");
    partner(china, &two, &["lift", "--log", &log, "--reason", "their letter of today"]).good();
    Pretender::open(kenya, pakistan, &one).await.enough(&pakistan.trust(), &log, size).await;
    assert_eq!(said(&three, &["LOG_EQUIVOCATED", "ERROR", &log]), 1, "{}", three.events());

    // Its node is told no more that it is frozen there, and what was left is not cosigned.
    let told = || partner(pakistan, &one, &["status"]).good().out;
    until(|| !told().contains("frozen there"), told);
    let answer = issuer.calls().add_checkpoint(left.checkpoint(left.size(), left.size())).await.unwrap().into_inner();
    assert_eq!(answer.outcome(), WitnessOutcome::Conflict, "{answer:?}");
    end([one, two, three]);
}
