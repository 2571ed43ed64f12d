//! A node whose partners are away knows what it holds: it says of their certificates what they said last, and takes what
//! comes by carrier.

use crate::{
    asking::named,
    caller::Caller,
    delivery::{download, issue_footballs, log_to, signatory},
    evidence::verdict,
    federation::{Federation, PATIENCE, stop},
    pretender::Pretender,
    process::https::Https,
    support::origin,
    wire::origin::v1 as api,
};
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tonic::Code;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_starts_while_the_issuer_is_away_says_what_the_issuer_said_last() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let (mut one, mut two, three) = (pakistan.start(), china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let (log, trust) = (log_to(china), pakistan.trust());
    let place = issue_footballs(&caller, &token, 0..1).await.remove(0);
    let partner = Pretender::open(china, pakistan, &one).await;
    partner.enough(&trust, &log, place.index + 1).await;
    let bundle = download(&caller, &token, &place.number, api::DownloadFormat::Bundle).await;
    assert_eq!(verdict(&mut two, china, &bundle).await, "VALID");
    let suspend = api::SuspendCertificateRequest {
        request_id: uuid::Uuid::now_v7().to_string(),
        certificate: named(&place.number),
        reason: "its origin is in doubt".to_owned(),
        ..Default::default()
    };
    let last = caller.certificates(&token).suspend_certificate(suspend).await.unwrap().into_inner().index;
    china.holds(&two, pakistan, &log, last + 1);
    china.is_disclosed(&two, pakistan, &log);
    partner.enough(&trust, &log, last + 1).await;
    assert_eq!(verdict(&mut two, china, &bundle).await, "SUSPENDED_BY_ISSUER");
    let officer = china.account(&two, china.host(), "customs_officer", &[]);

    one.kill();
    two.stop();
    let mut two = china.start();
    // From its first answer on, with nobody to tell it again.
    assert_eq!(verdict(&mut two, china, &bundle).await, "SUSPENDED_BY_ISSUER", "{}", two.events());
    let ca = china.at("tls/ca.crt.pem");
    let system = Https { address: &two.client, ca: Path::new(&ca), token: Some(&officer) };
    let listed = system.post("/v1/customs/list-arrivals", &json!({})).good();
    let arrivals = listed["arrivals"].as_array().unwrap();
    let found = arrivals.iter().find(|one| one["number"] == place.number).unwrap_or_else(|| panic!("{listed:#}"));
    assert_eq!(found["status"], "suspended", "{found:#}");
    let shown = china.passage(&two, pakistan, &log).unwrap();
    assert_eq!((&shown["inward"], shown["held"].as_u64() > Some(last)), (&true.into(), true), "{shown:#}");
    assert_eq!(shown["missing_disclosures"], 0, "{shown:#}");
    let config = china.config();
    let door = ["--config", &config, "--admin", &two.admin];
    let status = |words: &[&str]| origin(&[words, &door].concat()).good().out;
    let shown = status(&["partner", "status"]);
    assert!(shown.contains(&format!("from {log}")), "{shown}");
    let all = status(&["partner", "status", "--format", "json"]);
    let mut all = all.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let away = all.find(|one| one["name"] == pakistan.node().as_str()).unwrap();
    assert_eq!(away["connected_since"], Value::Null, "{away:#}");

    // Nothing was lost by it: what Pakistan says next is taken and cosigned as ever.
    let mut one = pakistan.start();
    let caller = Caller::open(&mut one, &pakistan.ca()).await;
    let partner = Pretender::open(china, pakistan, &one).await;
    let reinstate = api::ReinstateCertificateRequest {
        request_id: uuid::Uuid::now_v7().to_string(),
        certificate: named(&place.number),
        reason: "the doubt was answered".to_owned(),
        ..Default::default()
    };
    // It signs once its partners have told what they hold.
    let begun = Instant::now();
    let last = loop {
        match caller.certificates(&token).reinstate_certificate(reinstate.clone()).await {
            Ok(answer) => break answer.into_inner().index,
            Err(status) => {
                assert!(status.code() == Code::Unavailable && begun.elapsed() < PATIENCE, "{status:?}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    };
    china.holds(&two, pakistan, &log, last + 1);
    partner.enough(&trust, &log, last + 1).await;
    stop([one, two, three]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_of_a_partner_that_does_not_answer_is_held_and_says_whose_word_is_waited_for() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let (mut one, two, three) = (pakistan.start(), china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let log = log_to(china);
    issue_footballs(&caller, &token, 0..2).await;
    two.stop();
    let size = issue_footballs(&caller, &token, 2..5).await.pop().unwrap().index + 1;
    let (config, to, package) = (pakistan.config(), china.node(), china.at("from-pakistan.package"));
    let export = ["partner", "export", &to, "-o", &package, "--config", &config, "--admin", &one.admin];
    origin(&export).good();
    one.kill();

    // China may have forgotten what it cosigned: Pakistan itself has to tell, which a package does not.
    let two = china.start();
    let config = china.config();
    let import = ["partner", "import", &package, "--config", &config, "--admin", &two.admin, "--format", "json"];
    let said = origin(&import).good().json();
    let logs = said["logs"].as_array().unwrap();
    let taken = logs.iter().find(|one| one["origin"] == log).unwrap_or_else(|| panic!("{said:#}"));
    assert_eq!((&taken["reason"], taken["held"].as_u64() >= Some(size)), (&"".into(), true), "{said:#}");
    assert_eq!((&taken["cosigned"], &taken["awaits"]), (&false.into(), &json!([pakistan.node()])), "{said:#}");
    assert_eq!(taken["missing_disclosures"], Value::Array(Vec::new()), "{said:#}");
    stop([two, three]);
}
