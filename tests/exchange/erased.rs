//! What a certificate says is erased at one node: the other's copy stays until it is erased there, and both logs are good.

use crate::{
    delivery::{issue_footballs, log_to, signatory},
    federation::{Federation, Member, stop},
    pretender::{Pretender, wire},
    process::Running,
    support::{Said, origin},
};

/// What a node answers to who asks for the disclosures of an entry.
async fn state(pretender: &Pretender, log: &str, index: u64) -> wire::DisclosureState {
    let request = wire::FetchDisclosuresRequest { log: log.to_owned(), indexes: vec![index] };
    let mut answers = pretender.calls().fetch_disclosures(request).await.unwrap().into_inner();
    answers.message().await.unwrap().unwrap().state()
}

/// As the operator types it.
fn erase(member: &Member, node: &Running, number: &str, arrived: bool) -> Said {
    let (config, issuer) = (member.config(), member.host());
    let mut arguments = vec!["certificate", "erase", "--config", &config, "--admin", &node.admin];
    arguments.extend(["--issuer", issuer, "--number", number, "--for-good", "--format", "json"]);
    arguments.extend(["--reason", "order 12 of the data protection commissioner"]);
    if arrived {
        arguments.push("--arrived");
    }
    origin(&arguments)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_erased_at_one_node_is_told_as_erased_and_both_logs_verify_as_before() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let mut one = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let log = log_to(china);
    let places = issue_footballs(&caller, &token, 0..4).await;
    let (gone, kept) = (&places[1], &places[2]);
    china.holds(&two, pakistan, &log, places.last().unwrap().index + 1);
    china.is_disclosed(&two, pakistan, &log);

    let said = erase(pakistan, &one, &gone.number, false).good().json();
    assert_eq!((&said["log"], &said["index"]), (&log.clone().into(), &gone.index.into()), "{said}");
    let chinas = Pretender::open(china, pakistan, &one).await;
    assert_eq!(state(&chinas, &log, gone.index).await, wire::DisclosureState::Erased);
    assert_eq!(state(&chinas, &log, kept.index).await, wire::DisclosureState::Disclosed);

    // It is as erased after a kill of the issuer's node; the addressee has its copy still.
    one.kill();
    let one = pakistan.start();
    let chinas = Pretender::open(china, pakistan, &one).await;
    assert_eq!(state(&chinas, &log, gone.index).await, wire::DisclosureState::Erased);
    let pakistans = Pretender::open(pakistan, china, &two).await;
    assert_eq!(state(&pakistans, &log, gone.index).await, wire::DisclosureState::Disclosed);

    let copy = erase(china, &two, &gone.number, true).good().json();
    assert_eq!((&copy["log"], &copy["erased_before"]), (&log.clone().into(), &false.into()), "{copy}");
    assert_eq!(state(&pakistans, &log, gone.index).await, wire::DisclosureState::Erased);
    assert_eq!(state(&pakistans, &log, kept.index).await, wire::DisclosureState::Disclosed);
    assert_ne!(erase(china, &two, &gone.number, false).code, 0, "it is none of its own");

    stop([one, two, three]);
    let issued = pakistan.check_log("data/tdap.gov.pk", &log);
    let replica = china.check_log(&Member::replica(pakistan, &log), &log);
    assert_eq!((&issued["size"], &issued["root"]), (&replica["size"], &replica["root"]));
}
