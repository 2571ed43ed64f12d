//! A log that shows its partners two histories: they find it out by themselves, tell each other, take nothing more of
//! it, and say so to whoever asks them for a verdict.

use crate::{
    caller::Caller,
    delivery::{download, issue_footballs, log_to, signatory},
    federation::{Federation, Member, said, says},
    one_bad_entry::smuggle,
    pretender::Pretender,
    process::{Running, copy_folder},
    support::{Said, origin},
    wire::origin::v1 as api,
};
use bytes::Bytes;
use std::fs;

/// What a stranger is told by this node of a bundle.
pub(crate) async fn verdict(node: &mut Running, member: &Member, bundle: &[u8]) -> String {
    let caller = Caller::open(node, &member.ca()).await;
    let request = api::VerifyPresentationRequest { presentation: bundle.to_vec().into(), ..Default::default() };
    let answer = caller.verifications().verify_presentation(request).await.unwrap().into_inner();
    answer.verdict.unwrap().headline
}

/// Asks a node's operator.
fn asking(member: &Member, node: &Running) -> impl Fn(&[&str]) -> Said + use<> {
    let (config, admin) = (member.config(), node.admin.clone());
    move |words: &[&str]| origin(&[&["partner"], words, &["--config", &config, "--admin", &admin]].concat())
}

/// Customs are warned of certificates that a quorum had cosigned before, and they stand as they did.
fn stand_valid(member: &Member, node: &Running, all: [&String; 2]) {
    member.account(node, member.host(), "customs_officer", &[]);
    let (ca, token) = (member.at("tls/ca.crt.pem"), member.at(&format!("{}-customs_officer.token", member.host())));
    for number in all {
        let show = ["customs", "show", number, "--node", &node.client, "--ca", &ca, "--token-file", &token];
        let shown = origin(&show).good().out;
        assert!(shown.contains("\nstatus      valid") && shown.contains("two histories"), "{shown}");
    }
}

/// The root of the head that a node has of its log.
fn root_of(member: &Member, node: &Running, log: &str) -> String {
    let held = asking(member, node)(&["histories", "--log", log, "--format", "json"]).out;
    let held: serde_json::Value = serde_json::from_str(held.lines().next().unwrap()).unwrap();
    held["root"].as_str().unwrap().to_owned()
}

/// The proof is a file that goes to whoever asks, also once it is lifted.
fn is_proven_by(member: &Member, proof: &str, log: &str) {
    let (list, anchor) = (member.at("trust/trust-list.note"), member.at("trust/anchor.toml"));
    let told = origin(&["verify", "--evidence", proof, "--trust", &list, "--anchor", &anchor]).good().out;
    assert!(told.contains(log) && told.contains("that parted at or before size"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_with_two_histories_is_found_out_and_frozen_by_everybody_until_a_person_lifts_it() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let (mut one, mut two, mut three) = (pakistan.start(), china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let (log, trust) = (log_to(china), pakistan.trust());
    let places = issue_footballs(&caller, &token, 0..5).await;
    let size = places.last().unwrap().index + 1;
    china.holds(&two, pakistan, &log, size);
    Pretender::open(china, pakistan, &one).await.enough(&trust, &log, size).await;
    let bundle = download(&caller, &token, &places[0].number, api::DownloadFormat::Bundle).await;
    assert_eq!(verdict(&mut two, china, &bundle).await, "VALID");
    drop(caller);
    one.stop();

    // Two histories from here on, each with an entry of its own in the same place.
    let [data, other, first] = ["data", "data.other", "data.first"].map(|name| pakistan.folder().join(name));
    copy_folder(&data, &other);
    let forked = log.parse().unwrap();
    let index = smuggle(pakistan, &forked, |leaf| spoilt(leaf, 0));
    one = pakistan.start();
    china.holds(&two, pakistan, &log, index + 1);
    Pretender::open(china, pakistan, &one).await.enough(&trust, &log, index + 1).await;
    let caller = Caller::open(&mut one, &pakistan.ca()).await;
    let late = download(&caller, &token, &places[1].number, api::DownloadFormat::Bundle).await;
    assert_eq!(verdict(&mut two, china, &late).await, "VALID");
    let goes_on = root_of(pakistan, &one, &log);
    drop(caller);
    one.stop();
    fs::rename(&data, &first).unwrap();
    fs::rename(&other, &data).unwrap();
    assert_eq!(smuggle(pakistan, &forked, |leaf| spoilt(leaf, 1)), index);
    one = pakistan.start();

    for (node, member) in [(&mut two, china), (&mut three, kenya)] {
        says(node, &["LOG_EQUIVOCATED", "ERROR", &log]);
        assert_eq!(said(node, &["LOG_EQUIVOCATED", "ERROR", &log]), 1, "{}", node.events());
        // What a quorum had cosigned before the place where they part stays good; what rests on one of them does not.
        assert_eq!(verdict(node, member, &bundle).await, "VALID", "{}", member.host());
        assert_eq!(verdict(node, member, &late).await, "EQUIVOCATED", "{}", member.host());
    }
    stand_valid(china, &two, [&places[0].number, &places[1].number]);
    // Each says so to everyone, with the proof, in its own log: whoever was away reads it there.
    for member in [china, kenya] {
        let all = format!("{}/log/{}/all", member.host(), &log[log.find("/log/").unwrap() + 5..][..4]);
        let other = if member.host() == china.host() { (&three, kenya) } else { (&two, china) };
        other.1.holds(other.0, member, &all, 1);
    }
    // It is known again after a restart, and nothing more of the log is taken.
    two.stop();
    let mut two = china.start();
    assert_eq!(verdict(&mut two, china, &late).await, "EQUIVOCATED");
    china.holds(&two, pakistan, &log, index + 1);

    // Pakistan goes on with the branch that China holds, and a person in each country lets it.
    one.stop();
    fs::rename(&data, &other).unwrap();
    fs::rename(&first, &data).unwrap();
    let mut one = pakistan.start();
    let caller = Caller::open(&mut one, &pakistan.ca()).await;
    let more = issue_footballs(&caller, &token, 5..7).await;
    let size = more.last().unwrap().index + 1;
    // It is told what was proven, and goes on all the same: what waits for a lift there are its own verdicts.
    says(&one, &["LOG_EQUIVOCATED", "ERROR", &log]);
    let elsewhere = format!("{}=", "A".repeat(43));
    let asked = asking(pakistan, &one);
    let shown = asked(&["status"]).good();
    assert!(shown.out.contains("it goes on being signed here"), "{}", shown.out);
    assert_eq!(verdict(&mut one, pakistan, &late).await, "EQUIVOCATED");
    let lifted = asked(&["lift", "--log", &log, "--reason", "our own restored copy"]).good();
    assert!(lifted.out.contains("is not shut here"), "{}", lifted.out);
    assert_eq!(verdict(&mut one, pakistan, &late).await, "VALID");
    for (node, member) in [(&mut two, china), (&mut three, kenya)] {
        let asked = asking(member, node);
        // Kenya holds no entries that tell the branches apart: which one goes on a person has to say there.
        let named = if member.host() == kenya.host() { vec!["--root", &*goes_on] } else { Vec::new() };
        let lift = |reason: &str| asked(&[&["lift", "--log", &log, "--reason", reason], named.as_slice()].concat());
        lift(" ").bad(1, &["say why"]);
        if !named.is_empty() {
            asked(&["lift", "--log", &log, "--reason", "our letter"])
                .bad(1, &["tell the two branches apart", &goes_on]);
            asked(&["lift", "--log", &log, "--reason", "our letter", "--root", &elsewhere]).bad(1, &["neither"]);
        }
        lift("a restored copy; see our letter 14").good();
        let again = lift("again").good();
        assert!(again.out.contains("was not frozen"), "{}", again.out);
        assert_eq!(verdict(node, member, &late).await, "VALID", "{}", member.host());
        let shown = asked(&["status"]).good();
        assert!(shown.out.contains("lifted") && shown.out.contains("see our letter 14"), "{}", shown.out);
        assert!(shown.out.contains("that parted at or before size"), "{}", shown.out);
        let proof = member.at("proof.json");
        asked(&["evidence", "--log", &log, "--output", &proof]).good();
        is_proven_by(member, &proof, &log);
    }
    china.holds(&two, pakistan, &log, size);
    Pretender::open(china, pakistan, &one).await.enough(&trust, &log, size).await;

    // Kenya loses all that it holds of partners, what it lifted too, and reads in China's log what was proven. It calls
    // nothing good for long meanwhile: a minute was too long.
    three.stop();
    fs::remove_dir_all(kenya.folder().join("data/partners")).unwrap();
    let mut three = kenya.start();
    let all = format!("{}/log/{}/all", china.host(), &log[log.find("/log/").unwrap() + 5..][..4]);
    kenya.holds(&three, china, &all, 1);
    let back = std::time::Instant::now();
    while verdict(&mut three, kenya, &late).await != "EQUIVOCATED" {
        assert!(back.elapsed() < std::time::Duration::from_secs(30), "{}", three.events());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    for node in [one, two, three] {
        let events = node.stop();
        assert!(!events.contains("panicked"), "{events}");
    }
}

/// The leaf under another signature, of which there are several.
fn spoilt(leaf: &[u8], nth: usize) -> Bytes {
    let at = leaf.iter().rposition(|byte| *byte == b'.').unwrap() + 10;
    let mut spoilt = leaf.to_vec();
    spoilt[at] = b"ABC".iter().copied().filter(|byte| *byte != leaf[at]).nth(nth).unwrap();
    spoilt.into()
}
