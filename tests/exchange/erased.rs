//! What a certificate says is erased at one node: the other's copy stays until it is erased there, and both logs are good.

use crate::{
    delivery::{issue_footballs, log_to, signatory},
    federation::{Federation, Member, stop, until},
    pretender::{Pretender, wire},
    process::{Running, https::Https, today},
    secrecy::Needles,
    support::{Said, origin},
};
use serde_json::json;
use std::path::Path;
use uuid::Uuid;

const ASKED: &str = "Was she told so by Quillfeather Zarqun?";
const ANSWERED: &str = "Wobblegate Imports say that she was";

/// What a node answers to who asks for the disclosures of an entry.
async fn state(pretender: &Pretender, log: &str, index: u64) -> wire::DisclosureState {
    let request = wire::FetchDisclosuresRequest { log: log.to_owned(), indexes: vec![index] };
    let mut answers = pretender.calls().fetch_disclosures(request).await.unwrap().into_inner();
    answers.message().await.unwrap().unwrap().state()
}

/// Of how many entries of a log a node gives its partner what they say.
async fn disclosed(pretender: &Pretender, log: &str) -> usize {
    let mut given = 0;
    for (index, _) in (0_u64..).zip(pretender.leaves(log).await) {
        given += usize::from(state(pretender, log, index).await == wire::DisclosureState::Disclosed);
    }
    given
}

/// As the operator types it.
fn erase(member: &Member, node: &Running, number: &str, arrived: bool) -> Said {
    let (config, issuer) = (member.config(), member.host());
    let mut arguments = vec!["certificate", "erase", "--config", &config, "--admin", &node.admin];
    arguments.extend(["--issuer", issuer, "--number", number, "--for-good", "--format", "json"]);
    arguments.extend(["--reason", "order 12 of the data protection commissioner"]);
    // Without waiting for a receipt of the answer.
    arguments.push(if arrived { "--arrived" } else { "--unread-answers" });
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_and_answered_about_a_certificate_goes_with_it_at_each_node() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let mut one = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let (log, theirs) = (log_to(china), format!("{}/log/{}/{}", china.host(), today().year(), pakistan.host()));
    let place = issue_footballs(&caller, &token, 0..1).await.remove(0);
    china.holds(&two, pakistan, &log, place.index + 1);
    china.is_disclosed(&two, pakistan, &log);
    let officer = china.account(&two, china.host(), "customs_officer", &[]);
    let liaison = pakistan.account(&one, pakistan.host(), "liaison", &[]);
    let (chinas, pakistans) = (china.at("tls/ca.crt.pem"), pakistan.at("tls/ca.crt.pem"));
    let asking = Https { address: &two.client, ca: Path::new(&chinas), token: Some(&officer) };
    let asked = Https { address: &one.client, ca: Path::new(&pakistans), token: Some(&liaison) };

    let certificate = json!({ "number": place.number });
    let named = json!({ "certificate": certificate });
    until(|| asking.post("/v1/customs/get-balance", &named).status == 200, || two.events());
    let enquiry = json!({
        "requestId": Uuid::now_v7().to_string(), "issuer": pakistan.host(), "reference": "CN-12", "ground": "random",
        "goods": "released", "question": ASKED, "subjects": [certificate],
    });
    let raised = asking.post("/v1/customs/raise-enquiry", &enquiry).good();
    let named = json!({ "jti": raised["jti"] });
    let incoming = || asked.post("/v1/liaison/get-incoming-enquiry", &named);
    until(|| incoming().body.contains(ASKED), || one.events());
    let reply = json!({
        "requestId": Uuid::now_v7().to_string(), "jti": raised["jti"], "act": "full", "words": ANSWERED,
        "answers": [{ "subject": 1, "finding": "valid" }],
    });
    asked.post("/v1/liaison/reply-enquiry", &reply).good();
    let outgoing = || asking.post("/v1/customs/get-enquiry", &named);
    until(|| outgoing().body.contains(ANSWERED), || two.events());
    let to_china = Pretender::open(china, pakistan, &one).await;
    let to_pakistan = Pretender::open(pakistan, china, &two).await;
    assert_eq!((disclosed(&to_china, &log).await, disclosed(&to_pakistan, &theirs).await), (2, 1));

    erase(pakistan, &one, &place.number, false).good();
    let left = incoming().good();
    assert_eq!(left["enquiry"]["state"], "ENQUIRY_STATE_ERASED", "{left:#}");
    assert!(outgoing().body.contains(ANSWERED), "who asked has both still");
    assert_eq!((disclosed(&to_china, &log).await, disclosed(&to_pakistan, &theirs).await), (0, 1));
    erase(china, &two, &place.number, true).good();
    let left = outgoing().good();
    assert_eq!(left["enquiry"]["state"], "ENQUIRY_STATE_ERASED", "{left:#}");
    assert_eq!(disclosed(&to_pakistan, &theirs).await, 0);

    stop([one, two, three]);
    let words = Needles::of(&[ASKED, ANSWERED]);
    for member in [pakistan, china] {
        assert_eq!(words.found_below(&member.folder().join("data")), Vec::<String>::new());
    }
}
