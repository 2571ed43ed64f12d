//! Who must cosign: the derived policy, and the text others read.

use super::*;
use std::collections::BTreeSet;

fn met(list: &TrustList, log: &str, index: u64, cosigned: &[&str]) -> bool {
    let policy = list.policy_at(&origin(log), index).unwrap();
    policy.evaluate(&cosigned.iter().copied().collect::<BTreeSet<_>>())
}

fn with(change: impl FnOnce(&mut ListText)) -> TrustList {
    let mut text = world();
    change(&mut text);
    accepted(&text)
}

#[test]
fn the_addressee_holds_it_and_a_third_country_saw_it() {
    let list = accepted(&world());
    assert!(met(&list, PK_TO_CN, 0, &["node.cn/replica", "node.ke/witness"]));
    assert!(!met(&list, PK_TO_CN, 0, &["node.cn/replica"]));
    assert!(!met(&list, PK_TO_CN, 0, &["node.ke/witness"]));
    // Neither the issuer's own word nor the addressee's second key counts as a witness.
    assert!(!met(&list, PK_TO_CN, 0, &["node.cn/replica", "node.pk/witness", "node.cn/witness", "node.pk/replica"]));
}

#[test]
fn where_the_addressee_has_no_node_witnesses_suffice() {
    let list = accepted(&world());
    assert!(met(&list, PK_TO_LK, 0, &["node.cn/witness"]));
    assert!(!met(&list, PK_TO_LK, 0, &["node.pk/witness"]));
}

#[test]
fn a_country_that_joins_must_hold_only_what_came_after() {
    let list = with(|text| {
        text.addressees.insert("LK".parse().unwrap(), iss(KE));
        text.cosigning.replica_from.insert(origin(PK_TO_LK), 500);
    });
    assert!(met(&list, PK_TO_LK, 499, &["node.cn/witness"]));
    assert!(!met(&list, PK_TO_LK, 500, &["node.cn/witness"]));
    assert!(met(&list, PK_TO_LK, 500, &["node.cn/witness", "node.ke/replica"]));
    assert_eq!(list.policy(&origin(PK_TO_LK)).unwrap(), list.policy_at(&origin(PK_TO_LK), 500).unwrap());
}

#[test]
fn where_no_replica_is_asked_for_more_witnesses_may_be() {
    let more = |text: &mut ListText| text.cosigning.witnesses_without_replica = Some(2);
    let list = with(more);
    assert!(met(&list, PK_TO_LK, 0, &["node.cn/witness", "node.ke/witness"]));
    assert!(!met(&list, PK_TO_LK, 0, &["node.cn/witness"]));
    assert!(met(&list, PK_TO_CN, 0, &["node.cn/replica", "node.ke/witness"]), "elsewhere as many as ever");
    // What two had witnessed stays good when the country joins, also if it joins at the node of one of them.
    let joined = with(|text| {
        more(text);
        text.addressees.insert("LK".parse().unwrap(), iss(KE));
        text.cosigning.replica_from.insert(origin(PK_TO_LK), 500);
    });
    assert!(met(&joined, PK_TO_LK, 499, &["node.cn/witness", "node.ke/witness"]));
    assert!(!met(&joined, PK_TO_LK, 499, &["node.cn/witness"]));
    assert!(met(&joined, PK_TO_LK, 500, &["node.cn/witness", "node.ke/replica"]));
    assert_eq!(
        (joined.witnesses_asked(&origin(PK_TO_LK), 499), joined.witnesses_asked(&origin(PK_TO_LK), 500)),
        (2, 1)
    );
}

#[test]
fn more_witnesses_than_an_issuer_has_partners_are_never_asked_for() {
    let mut text = world();
    text.cosigning.witnesses_without_replica = Some(3);
    assert!(matches!(
        TrustList::open(&note(&json(&text), &SIGNERS[..2]), &anchor(), None),
        Err(TrustError::Cosigning(_))
    ));
}

#[test]
fn with_nobody_to_ask_the_quorum_is_none() {
    let list = with(|text| {
        text.nodes.clear();
        text.cosigning = Cosigning::if_it_has_a_node();
        text.sections = [pakistan(), china(), kenya()].map(|s| entry(SectionText { node: None, ..s })).to_vec();
    });
    assert!(met(&list, PK_TO_CN, 0, &[]));
    assert!(list.policy(&origin(PK_TO_CN)).unwrap().to_string().ends_with("quorum none\n"));
}

#[test]
fn a_required_replica_that_nobody_keeps_is_said_plainly() {
    let list = with(|text| text.cosigning.replica = ReplicaRule::Required);
    assert!(met(&list, PK_TO_CN, 0, &["node.cn/replica", "node.ke/witness"]));
    assert!(matches!(list.policy(&origin(PK_TO_LK)), Err(TrustError::Cosigning(_))));
    assert!(list.policy(&origin(PK_TO_ALL)).is_ok(), "the log to everyone has no addressee to require");
}

#[test]
fn a_node_does_not_vouch_for_its_own_log() {
    // Pakistan's customs on Pakistan's node.
    let customs = "https://fbr.gov.pk";
    let list = with(|text| {
        text.sections.push(entry(section_text(customs, "PK", "Asia/Karachi", Some("node.pk"), "customs")));
    });
    let log = "tdap.gov.pk/log/2026/fbr.gov.pk";
    assert!(met(&list, log, 0, &["node.cn/witness"]));
    assert!(!met(&list, log, 0, &["node.pk/replica", "node.pk/witness"]));
}

#[test]
fn a_retired_cosigner_key_still_counts() {
    let list = with(|text| {
        let old = VerifierKey::cosigner("node.cn/replica", public("node.cn/replica/old")).unwrap();
        text.nodes[1].retired.push(old);
    });
    let policy = list.policy(&origin(PK_TO_CN)).unwrap();
    let names = policy.witnesses().iter().map(|w| (w.name.as_str(), w.key.name())).collect::<Vec<_>>();
    assert!(names.contains(&("node.cn/replica/2", "node.cn/replica")), "{names:?}");
    assert!(met(&list, PK_TO_CN, 0, &["node.cn/replica/2", "node.ke/witness"]));
}

#[test]
fn everyone_replicates_the_log_to_everyone_so_either_key_counts() {
    let list = accepted(&world());
    assert!(met(&list, PK_TO_ALL, 0, &["node.cn/witness"]));
    let policy = list.policy(&origin(PK_TO_ALL)).unwrap();
    let replica = policy.witnesses().iter().find(|w| w.key.name() == "node.cn/replica").unwrap();
    assert!(policy.evaluate(&BTreeSet::from([replica.name.as_str()])));
}

#[test]
fn the_text_that_others_read_names_the_log() {
    let list = accepted(&world());
    for log in [PK_TO_CN, PK_TO_LK, PK_TO_ALL] {
        let text = list.policy(&origin(log)).unwrap().to_string();
        assert!(text.starts_with(&format!("log {log}+")), "{text}");
    }
}
