//! What is addressed to a country is held and cosigned there, witnessed by a third, and proves itself to strangers.

use crate::{
    asking::named,
    caller::Caller,
    evidence::verdict,
    federation::{CHAMBER, Federation, Member, PATIENCE, stop},
    ledger::{Answer, Deed, Ledger},
    pretender::Pretender,
    process::{Running, footballs, today},
    support::write,
    wire::origin::v1 as api,
};
use origin_exchange::certificate::offset_dates;
use serde_json::Value;
use std::time::{Duration, Instant};

const RICE: &str = include_str!("../../node-config/demo/certificates/pk-ke-rice-nonpreferential.json");

/// A log of Pakistan's trade authority.
pub(crate) fn log_to(member: &Member) -> String {
    format!("tdap.gov.pk/log/{}/{}", today().year(), member.host())
}

/// Issues one certificate; gives its place.
pub(crate) async fn issue(caller: &Caller, token: &str, json: String) -> Answer {
    let asked = Ledger::default().ask(Deed::Issue(json.into()));
    crate::asking::one(caller.clone(), token.to_owned(), asked).await.1.unwrap()
}

/// Footballs for China, so many of them, in one message.
pub(crate) async fn issue_footballs(caller: &Caller, token: &str, marks: std::ops::Range<usize>) -> Vec<Answer> {
    let mut ledger = Ledger::default();
    let asked = marks.map(|marks| ledger.ask(Deed::Issue(footballs(marks).into()))).collect::<Vec<_>>();
    let begun = std::time::Instant::now();
    // A node that has just started may still be fetching what it lacks, and says that it is to be asked again.
    let mut places = loop {
        let messages = tokio_stream::iter(vec![crate::asking::message(&asked)]);
        let mut back = caller.certificates(token).issue_certificates(messages).await.unwrap().into_inner();
        let (mut places, mut refused) = (Vec::new(), Vec::new());
        while let Some(message) = back.message().await.unwrap() {
            for result in message.results {
                match result.outcome.unwrap() {
                    api::issue_result::Outcome::Issued(issued) => places.push(crate::asking::place(issued)),
                    api::issue_result::Outcome::Error(error) => refused.push(error),
                }
            }
        }
        if refused.is_empty() {
            break places;
        }
        let may_be_asked_again = refused.iter().all(|error| error.code == i32::from(tonic::Code::Unavailable));
        assert!(may_be_asked_again && begun.elapsed() < PATIENCE, "{refused:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert_eq!(places.len(), asked.len());
    places.sort_by_key(|place| place.index);
    places
}

pub(crate) async fn download(caller: &Caller, token: &str, number: &str, format: api::DownloadFormat) -> Vec<u8> {
    let request = api::DownloadCertificateRequest { certificate: named(number), format: format.into() };
    let answer = caller.certificates(token).download_certificate(request).await.unwrap().into_inner();
    assert!(!answer.awaiting_cosignatures, "{number} is not cosigned yet");
    answer.content.to_vec()
}

/// A signatory's connection and token.
pub(crate) async fn signatory(member: &Member, node: &mut Running) -> (Caller, String) {
    let token = member.account(node, member.host(), "signatory", &["LHE", "KHI"]);
    (Caller::open(node, &member.ca()).await, token)
}

fn check<'a>(verdict: &'a Value, subject: &str) -> &'a Value {
    let checks = verdict["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == subject).unwrap_or_else(|| panic!("{verdict:#}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_pakistan_certifies_for_china_is_held_there_witnessed_in_kenya_and_valid_to_strangers() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let mut one = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let (log, trust) = (log_to(china), pakistan.trust());

    let places = issue_footballs(&caller, &token, 0..20).await;
    let size = places.last().unwrap().index + 1;
    assert!(places.iter().all(|place| place.log == log), "{places:?}");
    china.holds(&two, pakistan, &log, size);
    // Pakistan has both lines under one head, and China knows that it has.
    let signed = Pretender::open(china, pakistan, &one).await.enough(&trust, &log, size).await;
    let lines = signed.note().signatures().iter().map(|line| line.name().to_owned()).collect::<Vec<_>>();
    assert!(lines.contains(&"node.gacc.gov.cn/replica".to_owned()), "{lines:?}");
    assert!(lines.contains(&"node.kra.go.ke/witness".to_owned()), "{lines:?}");
    // China has the head that it cosigned.
    let known = Pretender::open(kenya, china, &two).await.heads().await;
    let held = known.iter().find(|head| head.log == log).unwrap();
    assert!(held.entries);
    assert!(str::from_utf8(&held.checkpoint).unwrap().starts_with(signed.note().text()), "{held:?}");

    // A stranger in Kenya, without a network.
    let number = &places[7].number;
    let bundle = download(&caller, &token, number, api::DownloadFormat::Bundle).await;
    let bundle = write(kenya.folder(), "shown.coo.json", str::from_utf8(&bundle).unwrap());
    let verdict = kenya.judge(&bundle).good().json();
    assert_eq!(verdict["headline"], "VALID", "{verdict:#}");
    assert_eq!(check(&verdict, "cosignatures")["outcome"], "passed", "{verdict:#}");

    // The chamber of the same node speaks to Kenya, in a log of its own.
    let chambers = pakistan.account(&one, CHAMBER, "signatory", &["KCCI"]);
    let rice = issue(&caller, &chambers, offset_dates(RICE, today()).unwrap()).await;
    assert_eq!(rice.log, format!("{CHAMBER}/log/{}/kra.go.ke", today().year()));
    kenya.holds(&three, pakistan, &rice.log, rice.index + 1);
    Pretender::open(kenya, pakistan, &one).await.enough(&trust, &rice.log, rice.index + 1).await;
    let bundle = download(&caller, &chambers, &rice.number, api::DownloadFormat::Bundle).await;
    let bundle = write(china.folder(), "shown.coo.json", str::from_utf8(&bundle).unwrap());
    assert_eq!(china.judge(&bundle).good().json()["headline"], "VALID");

    stop([one, two, three]);
    let issued = pakistan.check_log("data/tdap.gov.pk", &log);
    let replica = china.check_log(&Member::replica(pakistan, &log), &log);
    assert!(replica["size"].as_u64() >= Some(size));
    assert!((&issued["size"], &issued["root"]) == (&replica["size"], &replica["root"]), "{issued} {replica}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reinstatement_counts_at_the_addressees_node_under_the_cosignatures_that_the_issuer_gathered() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let (mut one, mut two, three) = (pakistan.start(), china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let (log, trust) = (log_to(china), pakistan.trust());
    let number = issue_footballs(&caller, &token, 0..1).await.remove(0).number;
    let (certificate, reason) = (named(&number), "its origin is in doubt".to_owned());
    let request_id = || uuid::Uuid::now_v7().to_string();
    let mut certificates = caller.certificates(&token);
    let suspend = api::SuspendCertificateRequest {
        request_id: request_id(),
        certificate: certificate.clone(),
        reason: reason.clone(),
        ..Default::default()
    };
    let index = certificates.suspend_certificate(suspend).await.unwrap().into_inner().index;
    let partner = Pretender::open(china, pakistan, &one).await;
    partner.enough(&trust, &log, index + 1).await;
    let suspended = download(&caller, &token, &number, api::DownloadFormat::Bundle).await;
    assert_eq!(verdict(&mut two, china, &suspended).await, "SUSPENDED_BY_ISSUER");

    let reinstate =
        api::ReinstateCertificateRequest { request_id: request_id(), certificate, reason, ..Default::default() };
    let index = certificates.reinstate_certificate(reinstate).await.unwrap().into_inner().index;
    china.holds(&two, pakistan, &log, index + 1);
    partner.enough(&trust, &log, index + 1).await;
    // What a replica asks every minute it asks at a start.
    two.stop();
    two = china.start();
    let begun = Instant::now();
    while verdict(&mut two, china, &suspended).await != "VALID" {
        assert!(begun.elapsed() < PATIENCE, "{}", two.events());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stop([one, two, three]);
}
