//! What its holder has yet to consent to send is in the log like anything else, and what it says is kept back; no alarm.

use crate::{
    asking::named,
    caller::Caller,
    delivery::{issue, log_to, signatory},
    federation::{Federation, stop, until},
    pretender::{Pretender, wire},
    process::footballs,
    wire::origin::v1 as api,
};
use serde_json::Value;

/// What the issuer answers to who asks for the disclosures of an entry.
async fn state(pretender: &Pretender, log: &str, index: u64) -> (wire::DisclosureState, usize) {
    let request = wire::FetchDisclosuresRequest { log: log.to_owned(), indexes: vec![index] };
    let mut answers = pretender.calls().fetch_disclosures(request).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap();
    (answer.state(), answer.disclosures.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_is_cosigned_and_kept_back_until_its_holder_consents() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let mut one = pakistan.start();
    let (mut two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let mut json: Value = serde_json::from_str(&footballs(1)).unwrap();
    json["application"]["hold"] = true.into();
    let place = issue(&caller, &token, json.to_string()).await;
    let log = log_to(china);
    assert_eq!(place.log, log);
    china.holds(&two, pakistan, &log, place.index + 1);
    let chinas = Pretender::open(china, pakistan, &one).await;
    chinas.enough(&pakistan.trust(), &log, place.index + 1).await;
    // China waits for it, and nothing is missing.
    let held = |count: u64| {
        china.passage(&two, pakistan, &log).is_some_and(|log| {
            log["held_disclosures"] == count
                && log["missing_disclosures"] == 0
                && log["disclosed"].as_u64() > Some(place.index)
        })
    };
    until(|| held(1), || format!("{:?}\n{}", china.passage(&two, pakistan, &log), two.events()));
    assert_eq!(state(&chinas, &log, place.index).await, (wire::DisclosureState::Held, 0));

    // It is as held after a kill of the issuer's node.
    one.kill();
    let mut one = pakistan.start();
    let caller = Caller::open(&mut one, &pakistan.ca()).await;
    let chinas = Pretender::open(china, pakistan, &one).await;
    assert_eq!(state(&chinas, &log, place.index).await.0, wire::DisclosureState::Held);

    let request_id = uuid::Uuid::now_v7().to_string();
    let request = api::ReleaseCertificateRequest { request_id, certificate: named(&place.number) };
    caller.certificates(&token).release_certificate(request).await.unwrap();
    // The snapshot that the consent brings is news; China asks again, and has it.
    until(|| held(0), || format!("{:?}\n{}", china.passage(&two, pakistan, &log), two.events()));
    let (state, disclosures) = state(&chinas, &log, place.index).await;
    assert!(state == wire::DisclosureState::Disclosed && disclosures > 8, "{state:?} {disclosures}");
    two.kill();
    let two = china.start();
    until(|| china.passage(&two, pakistan, &log).is_some_and(|log| log["held_disclosures"] == 0), || two.events());
    stop([one, two, three]);
}
