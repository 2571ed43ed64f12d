//! As much at once as there may be: officers who write off one certificate in the same moment, and an enquiry about as
//! many certificates as one is about.

use crate::{
    delivery::{issue_footballs, log_to, signatory},
    federation::{Federation, PATIENCE, stop, until},
    ledger::Answer as Place,
    process::{
        Running,
        https::{Answer, Https},
        today,
    },
    support::{origin, text, write},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    path::Path,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Officers at once, and what each writes off of a certificate of 16800 pieces: there is enough for 33 of them.
const OFFICERS: usize = 40;
const PIECES: u64 = 500;
const WINNERS: usize = 33;
/// As many certificates as one enquiry is about.
const SUBJECTS: usize = 500;

/// Once it is here, with what it says.
fn arrives(system: &Https<'_>, place: &Place, node: &Running) {
    let named = json!({ "certificate": { "number": place.number } });
    until(|| system.post("/v1/customs/get-balance", &named).status == 200, || node.events());
}

/// Asks until it is answered: who is told that too many do the same at once asks the same again.
#[allow(clippy::disallowed_methods, reason = "the node says to ask again in a while, and tells nobody when")]
fn asks(system: &Https<'_>, path: &str, document: &Value) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = system.post(path, document);
        if answer.status == 200 || answer.json()["reason"] != "TOO_MANY_AT_ONCE" {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{answer:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// All of them at once, each on a connection of its own and with a declaration of its own.
fn all_write_off(system: &Https<'_>, number: &str) -> Vec<Answer> {
    let (day, start) = (today().to_string(), Barrier::new(OFFICERS));
    let wish = |nth: usize| {
        json!({
            "requestId": Uuid::now_v7().to_string(),
            "certificate": { "number": number, "issuer": "tdap.gov.pk" },
            "declaration": { "number": format!("I-{nth}"), "date": day, "office": "SHA" },
            "lines": [{ "item": 1, "line": 1, "quantity": PIECES.to_string(), "unit": "H87" }],
        })
    };
    thread::scope(|scope| {
        let begin = |nth| {
            let (wish, start) = (wish(nth), &start);
            scope.spawn(move || {
                start.wait();
                asks(system, "/v1/customs/write-off", &wish)
            })
        };
        let officers = (0..OFFICERS).map(begin).collect::<Vec<_>>();
        officers.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_write_off_the_last_pieces_at_once_as_many_win_as_there_is_enough_for() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let mut one = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let place = issue_footballs(&caller, &token, 0..1).await.remove(0);
    china.holds(&two, pakistan, &log_to(china), place.index + 1);
    china.is_disclosed(&two, pakistan, &log_to(china));
    let token = china.account(&two, china.host(), "customs_officer", &[]);
    let ca = china.at("tls/ca.crt.pem");
    let system = Https { address: &two.client, ca: Path::new(&ca), token: Some(&token) };
    arrives(&system, &place, &two);

    let (won, lost) = all_write_off(&system, &place.number).into_iter().partition::<Vec<_>, _>(|one| one.status == 200);
    assert_eq!((won.len(), lost.len()), (WINNERS, OFFICERS - WINNERS), "{lost:?}");
    let acts = won.into_iter().map(|one| one.good()["act"].as_u64().unwrap()).collect::<BTreeSet<_>>();
    assert_eq!(acts.len(), WINNERS, "each has an act of its own: {acts:?}");
    // Whoever lost is told what is left, and where the certificate was used first.
    for refused in lost {
        let said = refused.refused(409, "BALANCE_EXCEEDED");
        assert!(said["detail"].as_str().unwrap().contains("300 of 16800 H87 are left"), "{said:#}");
    }
    let named = json!({ "certificate": { "number": place.number } });
    let kept = system.post("/v1/customs/get-arrival", &named).good();
    assert_eq!(kept["balance"][0]["left"], "300", "{kept:#}");
    let written = kept["acts"].as_array().unwrap().iter().flat_map(|act| act["decisions"].as_array().unwrap());
    let pieces = written.map(|one| one["quantity"].as_str().unwrap().parse::<u64>().unwrap()).collect::<Vec<_>>();
    assert_eq!((pieces.len(), pieces.iter().sum::<u64>()), (WINNERS, 16_500), "{kept:#}");
    stop([one, two, three]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enquiry_is_about_five_hundred_certificates_and_not_about_one_more() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let mut one = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    // A message has 256 of them at most.
    let mut places = issue_footballs(&caller, &token, 0..256).await;
    places.extend(issue_footballs(&caller, &token, 256..SUBJECTS + 1).await);
    let (log, newest) = (log_to(china), places.iter().max_by_key(|place| place.index).unwrap());
    china.holds(&two, pakistan, &log, newest.index + 1);
    china.is_disclosed(&two, pakistan, &log);
    let officer = china.account(&two, china.host(), "customs_officer", &[]);
    let ca = china.at("tls/ca.crt.pem");
    let system = Https { address: &two.client, ca: Path::new(&ca), token: Some(&officer) };
    arrives(&system, newest, &two);

    let numbers = places.iter().map(|place| json!({ "number": place.number })).collect::<Vec<_>>();
    let enquiry = |subjects: &[Value]| {
        json!({
            "requestId": Uuid::now_v7().to_string(), "issuer": "tdap.gov.pk", "reference": "CN-500",
            "ground": "random", "goods": "released", "subjects": subjects,
        })
    };
    let refused = system.post("/v1/customs/raise-enquiry", &enquiry(&numbers)).refused(400, "FIELD_INVALID");
    assert_eq!(refused["fields"][0]["field"], "subjects", "{refused:#}");
    // The command refuses it before anything is sent.
    let many = write(china.folder(), "subjects.json", &json!({ "subjects": numbers }).to_string());
    let tokens = china.at(&format!("{}-customs_officer.token", china.host()));
    let raise = ["enquiry", "raise", "--to", "tdap.gov.pk", "--ground", "random", "--goods", "released"];
    let rest = ["--reference", "CN-500", "--file", text(&many), "--node", &two.client, "--ca", &ca];
    origin(&[&raise[..], &rest, &["--token-file", &tokens]].concat())
        .bad(2, &["501 certificates where one enquiry is about 1 to 500"]);
    let none = system.post("/v1/customs/list-enquiries", &json!({})).good();
    assert_eq!(none["enquiries"], json!([]), "{none:#}");

    let raised = system.post("/v1/customs/raise-enquiry", &enquiry(&numbers[..SUBJECTS])).good();
    let named = json!({ "jti": raised["jti"] });
    let asked = system.post("/v1/customs/get-enquiry", &named).good();
    // It comes to the issuer whole, each certificate in its place.
    let liaison = pakistan.account(&one, pakistan.host(), "liaison", &[]);
    let ca = pakistan.at("tls/ca.crt.pem");
    let issuer = Https { address: &one.client, ca: Path::new(&ca), token: Some(&liaison) };
    until(|| issuer.post("/v1/liaison/get-incoming-enquiry", &named).status == 200, || one.events());
    let came = issuer.post("/v1/liaison/get-incoming-enquiry", &named).good();
    for seen in [&asked, &came] {
        let subjects = seen["enquiry"]["subjects"].as_array().unwrap();
        let jtis = subjects.iter().map(|one| one["jti"].as_str().unwrap());
        assert!(jtis.eq(places.iter().take(SUBJECTS).map(|place| place.jti.as_str())), "{}", subjects.len());
    }
    stop([one, two, three]);
}
