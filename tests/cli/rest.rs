//! What nodes serve as JSON: every path of their own description, and a folder of files that is asked over it.

use crate::{
    process::{Home, Running, https::Https},
    support::{origin, text},
};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// The description that is served is the one that the program prints; each path in it is a call that is answered.
#[test]
fn every_path_of_the_description_is_a_call_that_is_answered() {
    let home = Home::new();
    let node = Running::start(&home.config());
    let token = fs::read_to_string(node.account(&home, "customs_officer")).unwrap();
    let ca = home.node.join("tls/ca.crt.pem");
    let stranger = Https { address: &node.client, ca: &ca, token: None };
    let officer = Https { token: Some(token.trim()), ..stranger };
    let served = stranger.get("/openapi.json");
    assert_eq!(served.body, origin(&["openapi"]).good().out);
    let served = served.good();
    let paths = served["paths"].as_object().unwrap();
    assert!(paths.len() > 100 && paths.contains_key("/v1/customs/match-declaration"), "{}", paths.len());
    for (path, item) in paths {
        let open = item["post"]["security"].as_array().is_some_and(|ways| ways.contains(&json!({})));
        // Who is not known is told nothing, but by what is open to anybody.
        let unknown = stranger.post(path, &json!({}));
        let expected = if open { 200..500 } else { 400..500 };
        assert!(expected.contains(&unknown.status), "{path}: {unknown:?}");
        assert_eq!(unknown.status == 401, unknown.head.contains("www-authenticate: bearer"), "{path}: {unknown:?}");
        assert!(!open || unknown.json()["reason"] != "UNAUTHENTICATED", "{path}: {unknown:?}");
        let known = officer.post(path, &json!({}));
        assert!(known.head.contains("cache-control: no-store"), "{path}: {known:?}");
        let document = known.json();
        match known.status {
            200 => assert!(document.is_object(), "{path}: {known:?}"),
            400..500 => assert!(!["", "METHOD_UNKNOWN"].contains(&document["reason"].as_str().unwrap()), "{path}"),
            _ => panic!("{path}: {known:?}"),
        }
        officer.post(path, &json!({ "nOnE": 1 })).refused(400, "FIELD_INVALID");
    }
    stranger.post("/v1/customs/match-declaration", &json!({})).refused(401, "UNAUTHENTICATED");
    let page = officer.post("/v1/customs/list-arrivals", &json!({ "pageSize": 5, "page_token": null })).good();
    assert_eq!(page, json!({ "arrivals": [], "nextPageToken": "", "notices": [] }));
    let who = officer.post("/v1/session/get-caller", &json!({})).good();
    assert_eq!(who["issuer"], "https://tdap.gov.pk", "{who}");
    officer.get("/v1/customs/list-arrivals").refused(405, "METHOD_NOT_POSTED");
    officer.post("/v1/customs/list-arrival", &json!({})).refused(404, "METHOD_UNKNOWN");
    Https { token: Some("oxt_wrong"), ..officer }
        .post("/v1/customs/list-arrivals", &json!({}))
        .refused(401, "UNAUTHENTICATED");
    let events = node.stop();
    assert!(!events.contains("panicked"), "{events}");
}

fn put(folder: &Path, name: &str, document: &Value) {
    // Under another name until it is whole, as a declaration system does.
    let part = folder.join("in").join(format!("{name}.part"));
    fs::write(&part, document.to_string()).unwrap();
    fs::rename(part, folder.join("in").join(name)).unwrap();
}

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

#[test]
fn files_in_a_folder_are_answered_or_refused_with_a_reason_and_none_is_lost() {
    let home = Home::new();
    let node = Running::start(&home.config());
    let (token, ca) = (node.account(&home, "customs_officer"), home.path("tls/ca.crt.pem"));
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let run = |address: &str| {
        let asked = ["customs", "folder", text(folder), "--once", "--node", address, "--ca", &ca];
        origin(&[&asked[..], &["--token-file", &token, "--format", "json"]].concat())
    };
    run(&node.client).good();
    put(folder, "1.list-arrivals.json", &json!({ "pageSize": 5 }));
    put(folder, "2.get-balance.json", &json!({ "certificate": { "number": "260000001" } }));
    let misspelt = json!({ "certificate": { "number": "260000001" }, "lines": [{ "itme": 1 }] });
    put(folder, "3.write-off.json", &misspelt);
    put(folder, "4.json", &json!({}));
    fs::write(folder.join("in/5.write-off.json"), "{").unwrap();
    fs::write(folder.join("in/6.list-arrivals.json.part"), "{").unwrap();
    let said = run(&node.client).bad(1, &["`6.list-arrivals.json.part` in `in` is passed over"]);
    let lines = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
    let reasons = lines.iter().map(|line| line["reason"].as_str()).collect::<Vec<_>>();
    let expected =
        [None, Some("ARRIVAL_UNKNOWN"), Some("FIELD_INVALID"), Some("METHOD_UNKNOWN"), Some("JSON_MALFORMED")];
    assert_eq!(reasons, expected, "{}", said.out);
    let answer = read(folder, "out/1.list-arrivals.answer.json");
    assert_eq!(answer, json!({ "arrivals": [], "nextPageToken": "", "notices": [] }));
    assert!(folder.join("done/1.list-arrivals.json").exists() && folder.join("refused/4.json").exists());
    assert_eq!(read(folder, "refused/3.write-off.problem.json")["fields"][0]["field"], "lines[0].itme");
    assert!(folder.join("in/6.list-arrivals.json.part").exists(), "it is not whole");

    // A name is asked once; one that was refused may be mended.
    put(folder, "1.list-arrivals.json", &json!({}));
    put(folder, "4.list-denials.json", &json!({}));
    put(folder, "2.get-balance.json", &json!({}));
    let said = run(&node.client).bad(1, &[]);
    assert!(said.out.contains("NAME_USED") && said.out.contains("FIELD_INVALID"), "{}", said.out);

    // A node that is away costs nothing but the wait, and another one is not asked in its place.
    let address = node.client.clone();
    node.stop();
    put(folder, "7.list-denials.json", &json!({}));
    put(folder, "8.write-off.json", &misspelt);
    run(&address).bad(4, &["does not answer", "the same command goes on"]);
    let node = Running::start(&home.config());
    // The first of them had no id yet: it is a question that changes nothing. The other was never begun.
    run(&node.client).bad(1, &[]);
    assert!(folder.join("done/7.list-denials.json").exists() && folder.join("refused/8.write-off.json").exists());
    assert_eq!(fs::read_dir(folder.join("asked")).unwrap().count(), 0);
    fs::write(folder.join("asked/9.write-off.json"), "{}").unwrap();
    let request = json!({ "node": "elsewhere:1", "request_id": "0198f2a0-0000-7000-8000-000000000001" });
    fs::write(folder.join("asked/9.write-off.json.request"), request.to_string()).unwrap();
    run(&node.client).bad(1, &["was asked at elsewhere:1"]);
    node.stop();
}
