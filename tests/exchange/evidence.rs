//! A log that shows its partners two histories: they find it out by themselves, tell each other, take nothing more of
//! it, and say so to whoever asks them for a verdict.

use crate::{
    caller::Caller,
    delivery::{download, issue_footballs, log_to, signatory},
    federation::{Federation, Member, said, says},
    one_bad_entry::smuggle,
    pretender::Pretender,
    process::{Running, copy_folder},
    wire::origin::v1 as api,
};
use bytes::Bytes;
use std::fs;

/// What a stranger is told by this node of a bundle.
async fn verdict(node: &mut Running, member: &Member, bundle: &[u8]) -> String {
    let caller = Caller::open(node, &member.ca()).await;
    let request = api::VerifyPresentationRequest { presentation: bundle.to_vec().into(), as_of: None };
    let answer = caller.verifications().verify_presentation(request).await.unwrap().into_inner();
    answer.verdict.unwrap().headline
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_with_two_histories_is_found_out_and_frozen_by_everybody() {
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
    let (data, other) = (pakistan.folder().join("data"), pakistan.folder().join("data.other"));
    copy_folder(&data, &other);
    let origin = log.parse().unwrap();
    let index = smuggle(pakistan, &origin, |leaf| spoilt(leaf, 0));
    one = pakistan.start();
    china.holds(&two, pakistan, &log, index + 1);
    Pretender::open(china, pakistan, &one).await.enough(&trust, &log, index + 1).await;
    let caller = Caller::open(&mut one, &pakistan.ca()).await;
    let late = download(&caller, &token, &places[1].number, api::DownloadFormat::Bundle).await;
    assert_eq!(verdict(&mut two, china, &late).await, "VALID");
    drop(caller);
    one.stop();
    fs::remove_dir_all(&data).unwrap();
    fs::rename(&other, &data).unwrap();
    assert_eq!(smuggle(pakistan, &origin, |leaf| spoilt(leaf, 1)), index);
    one = pakistan.start();

    for (node, member) in [(&mut two, china), (&mut three, kenya)] {
        says(node, &["LOG_EQUIVOCATED", "ERROR", &log]);
        assert_eq!(said(node, &["LOG_EQUIVOCATED", "ERROR", &log]), 1, "{}", node.events());
        // What a quorum had cosigned before the place where they part stays good; what rests on one of them does not.
        assert_eq!(verdict(node, member, &bundle).await, "VALID", "{}", member.host());
        assert_eq!(verdict(node, member, &late).await, "EQUIVOCATED", "{}", member.host());
    }
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
