//! Trouble between two nodes is one clear line with them, and nobody else notices.

use crate::{
    asking::Paper,
    caller::Caller,
    delivery::{issue, issue_footballs, log_to, signatory},
    federation::{Federation, Member, said, says, stop, until},
    ledger::Deed,
    pretender::{Pretender, wire},
    process::{Running, serving},
    support::{origin, text, write},
};
use origin_exchange::time::Timestamp;
use std::{
    fs,
    process::{Command, Stdio},
};

/// A certificate for Kenya passes from Pakistan to there as on any other day, whatever there is with China.
async fn kenya_does_not_notice(federation: &Federation, nodes: [&Running; 2], caller: &Caller, token: &str) {
    let Federation { pakistan, kenya, .. } = federation;
    let [one, three] = nodes;
    let mut paper = Paper::new();
    let rice = (0..3).map(|_| paper.next()).last().unwrap();
    let Deed::Issue(rice) = rice else { panic!("no certificate") };
    let place = issue(caller, token, String::from_utf8(rice.to_vec()).unwrap()).await;
    assert_eq!(place.log, log_to(kenya));
    kenya.holds(three, pakistan, &place.log, place.index + 1);
    Pretender::open(kenya, pakistan, one).await.enough(&pakistan.trust(), &place.log, place.index + 1).await;
    for node in nodes {
        assert_eq!(said(node, &["REPLICA_CANNOT_KEEP"]), 0, "{}", node.events());
    }
}

/// Waits until the node has tried again so often, and has said all of this once.
#[track_caller]
fn tries_again_and_says_once(node: &Running, words: &[&str]) {
    let tries = || said(node, &["hanging up"]);
    until(|| tries() >= 3, || format!("tried {} times\n{}", tries(), node.events()));
    assert_eq!(said(node, &["REPLICA_CANNOT_KEEP"]), 1, "{}", node.events());
    assert_eq!(
        said(node, &[&["REPLICA_CANNOT_KEEP"], words].concat()),
        1,
        "{words:?} is not in one line of\n{}",
        node.events()
    );
}

/// Has a node say when it gives a partner up for the moment.
pub(crate) fn say_more(member: &Member) {
    member.configure("filter = \"info\"", "filter = \"info,origin_exchange::exchange=debug\"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_without_quota_left_waits_and_goes_on_when_it_is_raised() {
    let federation = Federation::new();
    let Federation { pakistan, china, kenya, .. } = &federation;
    let (small, usual) = ("entries_a_day = 10\n", "entries_a_day = 1000000\n");
    china.configure(usual, small);
    say_more(china);
    let mut one = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let log = log_to(china);

    let places = issue_footballs(&caller, &token, 0..5).await;
    china.holds(&two, pakistan, &log, places.last().unwrap().index + 1);
    let places = issue_footballs(&caller, &token, 5..45).await;
    tries_again_and_says_once(&two, &["node.tdap.gov.pk", &log, "the partner's quota of 10 entries a day is used up"]);
    kenya_does_not_notice(&federation, [&one, &three], &caller, &token).await;

    // What it holds is good, and the rest comes when there is room.
    two.stop();
    china.configure(small, usual);
    let two = china.start();
    let size = places.last().unwrap().index + 1;
    china.holds(&two, pakistan, &log, size);
    Pretender::open(china, pakistan, &one).await.enough(&pakistan.trust(), &log, size).await;
    stop([one, two, three]);
}

/// A node whose replicas of one partner lie on a small disk of their own; none where that cannot be had here.
fn on_a_small_disk(member: &Member, below: &str) -> Option<Running> {
    let mut probe = Command::new("unshare");
    let probe = probe.args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|ended| ended.success()) {
        return None;
    }
    let disk = member.folder().join(below);
    fs::create_dir_all(&disk).unwrap();
    let config = member.config();
    let serve = serving(&config);
    let script = "mount -t tmpfs -o size=48m none \"$0\" && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", script, text(&disk)]).arg(serve.get_program()).args(serve.get_args());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    match Running::try_start(command) {
        Ok(running) => Some(running),
        Err(said) => panic!("{}", said.err),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_under_one_partners_logs_is_one_line_and_the_others_go_on() {
    let federation = Federation::new();
    let Federation { pakistan, china, kenya, .. } = &federation;
    say_more(china);
    let Some(two) = on_a_small_disk(china, &format!("data/partners/{}", pakistan.node())) else {
        println!("SKIPPED: no small disk can be had here (unshare, tmpfs)");
        return;
    };
    let mut one = pakistan.start();
    let three = kenya.start();
    let (caller, token) = signatory(pakistan, &mut one).await;
    let log = log_to(china);
    let places = issue_footballs(&caller, &token, 0..20).await;
    tries_again_and_says_once(&two, &["node.tdap.gov.pk", &log, "bytes are free where"]);
    kenya_does_not_notice(&federation, [&one, &three], &caller, &token).await;

    // With room again, all is there.
    two.stop();
    let (two, size) = (china.start(), places.last().unwrap().index + 1);
    china.holds(&two, pakistan, &log, size);
    Pretender::open(china, pakistan, &one).await.enough(&pakistan.trust(), &log, size).await;
    stop([one, two, three]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_with_an_old_list_takes_the_new_one_and_one_with_another_list_is_named() {
    let federation = Federation::new();
    let Federation { pakistan, china, kenya, .. } = &federation;
    // China was away: its list has run out since, and the others have the next.
    let old = federation.list("old.note", None, |list| {
        list["next_update"] = list["issued"].clone().as_str().map(later).unwrap().into();
    });
    let next = federation.list("next.note", Some(&old), |_| ());
    let other = federation.list("other.note", Some(&old), |list| list["cosigning"]["witnesses"] = 0.into());
    federation.install(&old, china);
    federation.install(&next, pakistan);
    federation.install(&other, kenya);
    let mut one = pakistan.start();
    let two = china.start();
    says(&two, &["a trust list was taken", "node.tdap.gov.pk", "version=2"]);
    // Kenya was given another list of the same number: the federation's signer signed two.
    let three = kenya.start();
    for (node, partner) in [(&one, "node.kra.go.ke"), (&two, "node.kra.go.ke"), (&three, "node.tdap.gov.pk")] {
        says(node, &["TRUST_FORKED", partner]);
        assert_eq!(said(node, &["TRUST_FORKED", partner]), 1, "{}", node.events());
    }
    assert_eq!(said(&two, &["a trust list was taken"]), 1, "{}", two.events());

    let (caller, token) = signatory(pakistan, &mut one).await;
    let places = issue_footballs(&caller, &token, 0..5).await;
    let (log, size) = (log_to(china), places.last().unwrap().index + 1);
    china.holds(&two, pakistan, &log, size);
    Pretender::open(china, pakistan, &one).await.enough(&pakistan.trust(), &log, size).await;
    stop([one, two, three]);
}

/// Nothing fails at a node whose list has run out, and nothing it issues is valid anywhere: it says so.
#[test]
fn a_trust_list_that_has_run_out_is_said_by_the_node_and_to_whoever_issues() {
    let federation = Federation::new();
    let pakistan = &federation.pakistan;
    let old = federation.list("old.note", None, |list| {
        list["next_update"] = list["issued"].clone().as_str().map(later).unwrap().into();
    });
    for member in federation.members() {
        federation.install(&old, member);
    }
    let nodes = federation.members().map(Member::start);
    says(&nodes[0], &["TRUST_STALE", "the trust list has run out"]);
    let token = pakistan.account(&nodes[0], pakistan.host(), "signatory", &["LHE", "KHI"]);
    let rows = (0..3).map(crate::process::footballs).collect::<Vec<_>>().join("\n");
    let (rows, token) = (write(pakistan.folder(), "rows.jsonl", &(rows + "\n")), write(pakistan.folder(), "t", &token));
    let ca = pakistan.at("tls/ca.crt.pem");
    let issue = ["issue", text(&rows), "--node", &nodes[0].client, "--ca", &ca, "--token-file", text(&token)];
    let issued = origin(&issue).good();
    assert_eq!(issued.err.matches("warning: the node's trust list has run out").count(), 1, "{}", issued.err);
    assert_eq!(said(&nodes[0], &["TRUST_STALE"]), 1, "{}", nodes[0].events());
    stop(nodes);
}

/// One second on: what begins then has run out long before anybody reads it.
fn later(instant: &str) -> String {
    let at: Timestamp = instant.parse().unwrap();
    Timestamp::from_second(at.as_second() + 1).unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_whose_clock_is_a_year_off_is_named_once_and_nobody_else_notices() {
    let federation = Federation::new();
    let Federation { pakistan, china, kenya, .. } = &federation;
    let (mut one, two) = (pakistan.start(), china.start());
    let (list, pretender) = (pakistan.trust(), Pretender::open(kenya, pakistan, &one).await);
    for days in [365, 366] {
        let seconds = Timestamp::now().as_second() + days * 86_400;
        let offer = wire::OfferTrustListRequest {
            version: list.version(),
            digest: list.digest().0.to_vec().into(),
            now: Some(prost_types::Timestamp { seconds, nanos: 0 }),
            ..Default::default()
        };
        pretender.calls().offer_trust_list(offer).await.unwrap();
    }
    says(&one, &["PARTNER_CLOCK", "the clock of node.kra.go.ke is 315359", "ahead of this node's"]);
    assert_eq!(said(&one, &["PARTNER_CLOCK"]), 1, "{}", one.events());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let places = issue_footballs(&caller, &token, 0..5).await;
    china.holds(&two, pakistan, &log_to(china), places.last().unwrap().index + 1);
    stop([one, two]);
}

#[test]
fn a_list_that_gives_addresses_back_reaches_a_node_whose_own_list_has_none() {
    let federation = Federation::new();
    let Federation { pakistan, kenya, .. } = &federation;
    // Kenya dials nobody: by its list it is the only one that is reached.
    let first = federation.list("first.note", None, |list| {
        let nodes = list["nodes"].as_array_mut().unwrap();
        for node in nodes.iter_mut().filter(|node| node["name"] != kenya.node()) {
            node["grpc"] = serde_json::Value::Null;
        }
    });
    let second = federation.list("second.note", Some(&first), |_| ());
    federation.install(&second, pakistan);
    federation.install(&first, kenya);
    let three = kenya.start();
    says(&three, &["PARTNER_WITHOUT_ADDRESS", &pakistan.node()]);
    let one = pakistan.start();
    says(&three, &["a trust list was taken", &pakistan.node(), "version=2"]);
    says(&three, &["connected", &pakistan.node()]);
    stop([one, three]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_partner_is_refused_for_its_tls_key_the_others_issue_and_replicate() {
    let federation = Federation::new();
    let Federation { pakistan, china, kenya, .. } = &federation;
    // Kenya's machine was set up anew, and nobody was told: its key is of the right name, and not the one pinned.
    let anew = Federation::new();
    for name in ["tls/partner.crt.pem", "tls/partner.key.pem"] {
        fs::copy(anew.kenya.at(name), kenya.at(name)).unwrap();
    }
    let (mut one, two, three) = (pakistan.start(), china.start(), kenya.start());
    says(&one, &["PARTNER_KEY_WRONG", "node.kra.go.ke shows a TLS key that trust list 1 does not pin"]);
    says(&three, &["PARTNER_REFUSES_US", "node.tdap.gov.pk"]);
    let (caller, token) = signatory(pakistan, &mut one).await;
    let places = issue_footballs(&caller, &token, 0..5).await;
    let (log, size) = (log_to(china), places.last().unwrap().index + 1);
    china.holds(&two, pakistan, &log, size);
    let known =
        || pakistan.passage(&one, china, &log).is_some_and(|log| log["cosigned"]["size"].as_u64() >= Some(size));
    until(known, || format!("{:?}\n{}", pakistan.passage(&one, china, &log), one.events()));
    // Once as the one who dials, once as the one who is dialled.
    for direction in ["partner=node.kra.go.ke", "from="] {
        assert_eq!(said(&one, &["PARTNER_KEY_WRONG", direction]), 1, "{}", one.events());
    }
    assert_eq!(said(&three, &["PARTNER_REFUSES_US", "node.tdap.gov.pk"]), 1, "{}", three.events());
    stop([one, two, three]);
}
