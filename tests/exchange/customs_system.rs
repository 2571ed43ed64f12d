//! The declaration system of the importing customs: asks at lodgement, writes off, and repeats what it had no answer to.

use crate::{
    delivery::{issue, log_to, signatory},
    federation::{Federation, stop, until},
    ledger::Answer,
    process::{footballs, https::Https, today},
    support::{origin, text},
};
use serde_json::{Value, json};
use std::{fs, path::Path};
use uuid::Uuid;

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The importer has no account: it opens the link that an officer made, until it is taken back. Gives the link's secret.
fn an_importer_opens_its_link(system: &Https<'_>, public: &str, wish: &Value) -> String {
    let link = system.post("/v1/share/create-share", wish).good();
    let path = link["url"].as_str().unwrap().strip_prefix("https://gacc.gov.cn").unwrap();
    let importer = Https { address: public, ca: system.ca, token: None };
    let found = importer.get(path);
    for line in ["cache-control: no-store", "referrer-policy: no-referrer", "x-robots-tag: noindex"] {
        assert!(found.head.contains(line), "{found:?}");
    }
    let seen = found.good();
    assert_eq!(seen["matched"]["balance"][0]["left"], "15800", "{seen:#}");
    assert_eq!(seen["acts"].as_array().map(Vec::len), Some(4), "{seen:#}");
    assert!(seen["acts"].as_array().unwrap().iter().all(|act| act["by"] == ""), "{seen:#}");
    let page = importer.browse(path);
    assert!(page.head.contains("content-type: text/html") && page.body.contains("15800 H87"), "{page:?}");
    let id = &link["share"]["shareId"];
    system.post("/v1/share/revoke-share", &json!({ "shareId": id })).good();
    assert_eq!(importer.get(path).status, 404);
    path.rsplit('/').next().unwrap().to_owned()
}

/// Whether it is named by its number, in whatever spelling, or by its identifier: what a file writes off is of the
/// certificate that the file was shown with and the officer names.
fn a_file_writes_off_its_own_certificate_alone(door: &[&str], folder: &Path, (own, other): (&Answer, &Answer)) {
    let file = |issuer: &str| {
        let (path, number, day) = (folder.join(format!("{issuer}.toml")), own.number.to_lowercase(), today());
        let declaration = format!("declaration = {{ number = \"F-1\", date = {day}, office = \"SHA\" }}");
        let line = "[[lines]]\nitem = 1\nquantity = { value = 5, unit = \"h87\" }";
        let certificate = format!("certificate = \"{number}\"\nissuer = \"{issuer}\"");
        fs::write(&path, format!("{certificate}\n{declaration}\n{line}\n")).unwrap();
        path
    };
    let write_off = |certificate: &str, file: &Path| {
        let asked = ["customs", "write-off", certificate, "--file", text(file), "--format", "json"];
        origin(&[&asked[..], door].concat())
    };
    let (right, not_its_issuer) = (file("tdap.gov.pk"), file("gacc.gov.cn"));
    for (certificate, file) in [(&other.jti, &right), (&other.number, &right), (&own.jti, &not_its_issuer)] {
        write_off(certificate, file).bad(1, &["is of another certificate than the one named"]);
    }
    for (certificate, left) in [(own.jti.to_lowercase(), "16795"), (own.number.clone(), "16790")] {
        let done = write_off(&certificate, &right).good().json();
        assert_eq!(done["items"][0]["left"], left, "{done:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declaration_system_matches_and_writes_off_over_json_and_by_files_and_nothing_counts_twice() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let mut one = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let place = issue(&caller, &token, footballs(1)).await;
    let second = issue(&caller, &token, footballs(2)).await;
    let log = log_to(china);
    china.holds(&two, pakistan, &log, second.index + 1);
    china.is_disclosed(&two, pakistan, &log);
    let token = china.account(&two, china.host(), "customs_officer", &[]);
    let ca = china.at("tls/ca.crt.pem");
    let system = Https { address: &two.client, ca: Path::new(&ca), token: Some(&token) };

    // At lodgement: what differs, what is left, how old the status is.
    let (day, until_day) = (today().to_string(), today().tomorrow().unwrap().to_string());
    let certificate = json!({ "number": place.number, "issuer": "tdap.gov.pk" });
    let declaration = json!({ "number": "I-2026-77", "date": day, "office": "SHA" });
    let line = json!({
        "line": 1, "tariffCode": "95066210", "description": "Inflatable balls", "origin": "PK",
        "quantity": "500", "quantityUnit": "H87",
    });
    let question = json!({ "certificate": certificate, "declaration": declaration, "lines": [line] });
    let mut matched = Value::Null;
    until(
        || {
            matched = system.post("/v1/customs/match-declaration", &question).good();
            matched["found"] == true && matched["arrival"]["delivery"] == "DELIVERY_COMPLETE"
        },
        || two.events(),
    );
    assert_eq!(matched["items"], json!([1]), "{matched:#}");
    assert_eq!(matched["balance"][0]["left"], "16800", "{matched:#}");
    assert!(
        matched["differences"].as_array().unwrap().iter().any(|one| one["subject"] == "description"),
        "{matched:#}"
    );
    assert!(matched["arrival"]["statusAsOf"].as_str().unwrap().ends_with('Z'), "{matched:#}");
    let many = json!({ "certificate": certificate, "declaration": declaration, "lines": vec![&line; 51] });
    let refused = system.post("/v1/customs/match-declaration", &many).refused(400, "FIELD_INVALID");
    assert_eq!(refused["fields"][0]["field"], "lines");

    let its_own = json!({ "certificate": { "number": second.number } });
    until(|| system.post("/v1/customs/get-balance", &its_own).status == 200, || two.events());
    let tokens = china.at(&format!("{}-customs_officer.token", china.host()));
    let door = ["--node", &two.client, "--ca", &ca, "--token-file", &tokens];
    a_file_writes_off_its_own_certificate_alone(&door, china.folder(), (&second, &place));

    // Written off; the same again is the same, and another under its id is refused.
    let write_off = |id: &str, quantity: &str| {
        json!({
            "requestId": id, "certificate": certificate, "declaration": declaration,
            "lines": [{ "item": 1, "line": 1, "quantity": quantity, "unit": "H87" }],
        })
    };
    let id = Uuid::now_v7().to_string();
    let done = system.post("/v1/customs/write-off", &write_off(&id, "500")).good();
    assert_eq!((&done["act"], &done["items"][0]["left"]), (&json!(1), &json!("16300")), "{done:#}");
    let again = system.post("/v1/customs/write-off", &write_off(&id, "500")).good();
    assert_eq!((&again["act"], &again["jti"]), (&done["act"], &done["jti"]), "{again:#}");
    system.post("/v1/customs/write-off", &write_off(&id, "501")).refused(409, "REQUEST_ID_REUSED");
    let more = write_off(&Uuid::now_v7().to_string(), "16301");
    system.post("/v1/customs/write-off", &more).refused(409, "BALANCE_EXCEEDED");

    // The same by files. One question was sent before, by a run that was killed before it had the answer.
    let folder = china.folder().join("declarations");
    let run = || origin(&[&["customs", "folder", text(&folder), "--once"][..], &door].concat());
    run().good();
    let document = |quantity| {
        let mut document = write_off("", quantity);
        document.as_object_mut().unwrap().remove("requestId");
        document
    };
    let id = Uuid::now_v7().to_string();
    let sent = system.post("/v1/customs/write-off", &write_off(&id, "300")).good();
    fs::write(folder.join("asked/a.write-off.json"), document("300").to_string()).unwrap();
    let request = json!({ "node": two.client, "request_id": id });
    fs::write(folder.join("asked/a.write-off.json.request"), request.to_string()).unwrap();
    fs::write(folder.join("in/b.write-off.json"), document("200").to_string()).unwrap();
    fs::write(folder.join("in/c.match-declaration.json"), question.to_string()).unwrap();
    let decide = json!({
        "certificate": certificate, "declaration": declaration,
        "decisions": [{ "item": 1, "code": "ACCEPTED_FOR_CLAIM" }],
    });
    fs::write(folder.join("in/d.decide-items.json"), decide.to_string()).unwrap();
    run().good();
    let first = read(&folder.join("out/a.write-off.answer.json"));
    assert_eq!((&first["act"], &first["jti"]), (&sent["act"], &sent["jti"]), "{first:#}");
    let second = read(&folder.join("out/b.write-off.answer.json"));
    assert_eq!(second["items"][0]["left"], "15800", "{second:#}");
    let matched = read(&folder.join("out/c.match-declaration.answer.json"));
    assert_eq!(matched["balance"][0]["left"], "15800", "{matched:#}");
    assert!(!read(&folder.join("out/d.decide-items.answer.json"))["jti"].as_str().unwrap().is_empty());
    assert_eq!(fs::read_dir(folder.join("asked")).unwrap().count(), 0);

    // Nothing is left in the folder to be asked, and nothing counts twice.
    run().good();
    let balance = system.post("/v1/customs/get-balance", &json!({ "certificate": certificate })).good();
    assert_eq!(balance["items"][0]["left"], "15800", "{balance:#}");

    let secret =
        an_importer_opens_its_link(&system, &two.public, &json!({ "declaration": question, "until": until_day }));
    assert!(!two.events().contains(&secret), "the secret is written to the events");
    stop([one, two, three]);
}
