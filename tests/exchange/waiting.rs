//! A node that may have forgotten what it cosigned cosigns nothing before partners have told, and says so: to its own
//! operator, and to whoever waits for its cosignatures.

use crate::{
    delivery::{issue_footballs, log_to, signatory},
    federation::{Federation, Member, stop, until},
    packages::partner,
    process::Running,
    support::origin,
};
use std::fs;

fn status(member: &Member, node: &Running) -> String {
    partner(member, node, &["status"]).good().out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_lost_its_memory_names_those_it_waits_for_to_its_operator_and_to_the_issuer() {
    let federation = Federation::new();
    // Kenya's cosignature is asked for by nobody, and it may have seen what China cosigned all the same.
    let list = federation.list("alone.note", None, |list| list["cosigning"]["witnesses"] = 0.into());
    federation.members().into_iter().for_each(|member| federation.install(&list, member));
    let Federation { pakistan, china, kenya, .. } = &federation;
    let (mut one, two, three) = (pakistan.start(), china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let size = issue_footballs(&caller, &token, 0..3).await.last().unwrap().index + 1;
    let log = log_to(china);
    china.holds(&two, pakistan, &log, size);
    stop([two, three]);
    fs::remove_dir_all(china.folder().join("data/partners")).unwrap();

    let two = china.start();
    let waits = |said: &str, who: &str| {
        let line = said.lines().find(|line| line.contains("cosigns nothing of") && line.contains(&log));
        line.is_some_and(|line| line.starts_with(who) && line.contains(&kenya.node()) && line.contains(", since 20"))
    };
    until(|| waits(&status(china, &two), "this node"), || status(china, &two));
    let there = china.node();
    until(|| waits(&status(pakistan, &one), &there), || status(pakistan, &one));
    let three = kenya.start();
    let silent = |said: String| !said.contains("cosigns nothing of");
    until(|| silent(status(china, &two)) && silent(status(pakistan, &one)), || status(pakistan, &one));
    stop([one, two, three]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partners_log_is_checked_at_the_running_node_that_holds_it_by_its_addressees_auditor_alone() {
    let federation = Federation::new();
    let Federation { pakistan, china, kenya, .. } = &federation;
    // Before Kenya has told what it knows, China cosigns nothing.
    let (mut one, two, three) = (pakistan.start(), china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let size = issue_footballs(&caller, &token, 0..3).await.last().unwrap().index + 1;
    let log = log_to(china);
    china.holds(&two, pakistan, &log, size);
    let (ca, trust, anchor) =
        (china.at("tls/ca.crt.pem"), china.at("trust/trust-list.note"), china.at("trust/anchor.toml"));
    let check = |token: &[&str]| {
        let asked = ["log", "check", &log, "--node", &two.client, "--ca", &ca, "--trust", &trust, "--anchor", &anchor];
        origin(&[&asked[..], token].concat())
    };
    check(&[]).bad(1, &["LOG_UNKNOWN"]);
    china.account(&two, china.host(), "auditor", &[]);
    let auditor = china.at(&format!("{}-auditor.token", china.host()));
    let said = check(&["--token-file", &auditor, "--format", "json"]).good().json();
    assert!(said["good"] == true && said["size"].as_u64() >= Some(size), "{said}");
    stop([one, two, three]);
    // What the node cosigned of it counts where its folder is read.
    let said = china.check_log(&Member::replica(pakistan, &log), &log);
    assert!(said["cosigned_by"].as_u64() >= Some(1), "{said}");
}
