//! Two countries that cannot reach each other exchange what they have in files, by any carrier, with the same checks.

use crate::{
    delivery::{download, issue_footballs, log_to, signatory},
    federation::{Federation, Member, stop, until},
    outside::configure,
    process::{Running, today},
    support::{Said, origin, origin_with, write},
    wire::origin::v1 as api,
};
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt as _};

/// Pakistan and China have no address for each other; Kenya has one for both.
pub(crate) fn apart(federation: &Federation) {
    let Federation { pakistan, china, .. } = federation;
    let away = [pakistan.node(), china.node()];
    let list = federation.list("apart.note", None, |said| {
        for node in said["nodes"].as_array_mut().unwrap() {
            if away.contains(&node["name"].as_str().unwrap().to_owned()) {
                node["grpc"] = Value::Null;
            }
        }
    });
    for member in federation.members() {
        federation.install(&list, member);
    }
}

pub(crate) fn partner(member: &Member, node: &Running, words: &[&str]) -> Said {
    let config = member.config();
    origin(&[&["partner"][..], words, &["--config", &config, "--admin", &node.admin]].concat())
}

fn import(member: &Member, node: &Running, words: &[&str]) -> Value {
    let said = partner(member, node, &[&["import"][..], words, &["--format", "json"]].concat()).good();
    // A line for what was taken; with `--answer` another for what was made.
    serde_json::from_str(said.out.lines().next().unwrap()).unwrap()
}

/// What came of one log.
fn of<'a>(said: &'a Value, list: &str, log: &str) -> &'a Value {
    let all = said[list].as_array().unwrap();
    all.iter().find(|one| one["origin"] == log).unwrap_or_else(|| panic!("{log} is not in {said:#}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_by_carrier_is_held_cosigned_and_receipted_like_what_goes_by_wire() {
    let federation = Federation::new();
    apart(&federation);
    let Federation { pakistan, china, kenya, .. } = &federation;
    let mut one = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let (log, back) = (log_to(china), format!("gacc.gov.cn/log/{}/tdap.gov.pk", today().year()));
    let (to_china, to_pakistan) = (china.node(), pakistan.node());

    let places = issue_footballs(&caller, &token, 0..5).await;
    let size = places.last().unwrap().index + 1;
    let (package, answer) = (china.at("from-pakistan.package"), pakistan.at("from-china.package"));
    partner(pakistan, &one, &["export", &to_china, "-o", &package]).good();
    assert_eq!(fs::metadata(&package).unwrap().permissions().mode() & 0o777, 0o600);
    let bytes = fs::read(&package).unwrap();

    // What is not whole, was changed, or is for somebody else is refused by name, and nothing is taken of it.
    let (config, admin) = (china.config(), two.admin.clone());
    let door = ["partner", "import", "-", "--config", &config, "--admin", &admin];
    origin_with(&bytes[..bytes.len() / 2], &door).bad(1, &["PACKAGE_DAMAGED"]);
    let held = String::from_utf8(bytes.clone()).unwrap();
    let changed = held.replacen("\"made_at\":1", "\"made_at\":2", 1);
    origin_with(changed.as_bytes(), &door).bad(1, &["PACKAGE_DAMAGED", "not those that were sealed"]);
    partner(kenya, &three, &["import", &package]).bad(1, &["PACKAGE_FOR_ANOTHER", &to_china]);
    assert!(china.passage(&two, pakistan, &log).is_none_or(|log| log["held"] == 0));

    // A log that begins past what is held says what is missing; the others of the package are taken.
    let gap = china.at("gap.package");
    partner(pakistan, &one, &["export", &to_china, "--log", &log, "--after", "2", "-o", &gap]).good();
    let said = partner(china, &two, &["import", &gap, "--format", "json"]);
    assert_eq!(said.code, 1);
    let refused = said.json();
    assert_eq!(of(&refused, "logs", &log)["reason"], "PACKAGE_OUT_OF_ORDER");
    assert!(of(&refused, "logs", &log)["message"].as_str().unwrap().contains("entries 0 to 1"), "{refused:#}");

    // Whole: held, cosigned, disclosed, receipted; and again without any change.
    for words in [&[package.as_str(), "--answer", &answer][..], &[&package]] {
        let said = import(china, &two, words);
        assert_eq!(said["partner"], to_pakistan.as_str());
        let taken = of(&said, "logs", &log);
        assert_eq!((&taken["reason"], &taken["cosigned"]), (&"".into(), &true.into()), "{said:#}\n{}", two.events());
        assert!(taken["held"].as_u64() >= Some(size), "{said:#}");
        assert_eq!(taken["missing_disclosures"], Value::Array(Vec::new()), "{said:#}");
        assert_eq!(taken["receipted"], true, "{said:#}\n{}", two.events());
    }
    china.is_disclosed(&two, pakistan, &log);

    // The answer goes back the same way: the cosignature counts, and the receipt is held.
    let said = import(pakistan, &one, &[&answer]);
    assert_eq!(of(&said, "cosigned", &log)["reason"], "", "{said:#}");
    assert!(of(&said, "cosigned", &log)["size"].as_u64() >= Some(size), "{said:#}");
    let receipts = of(&said, "logs", &back);
    assert!(receipts["held"].as_u64() > Some(0) && receipts["reason"] == "", "{said:#}\n{}", one.events());
    let bundle = download(&caller, &token, &places[2].number, api::DownloadFormat::Bundle).await;
    let bundle = write(kenya.folder(), "shown.coo.json", str::from_utf8(&bundle).unwrap());
    assert_eq!(kenya.judge(&bundle).good().json()["headline"], "VALID");

    // The next package begins where the answer ended; through pipes this time.
    let more = issue_footballs(&caller, &token, 5..7).await.pop().unwrap();
    let piped = partner(pakistan, &one, &["export", &to_china]).good();
    let first = piped.out.lines().find(|line| line.contains(&format!("\"origin\":\"{log}\""))).unwrap();
    let first: Value = serde_json::from_str(first).unwrap();
    assert!(first["log"]["after"].as_u64() >= Some(size), "{first}");
    let taken = origin_with(piped.out.as_bytes(), &door).good();
    assert!(taken.out.contains("cosigned"), "{}", taken.out);
    assert!(china.passage(&two, pakistan, &log).unwrap()["held"].as_u64() > Some(more.index));
    // An old one changes nothing.
    let old = import(china, &two, &[&package]);
    assert_eq!(of(&old, "logs", &log)["reason"], "", "{old:#}");
    assert!(of(&old, "logs", &log)["held"].as_u64() > Some(more.index), "{old:#}");

    stop([one, two, three]);
    let issued = pakistan.check_log("data/tdap.gov.pk", &log);
    let replica = china.check_log(&Member::replica(pakistan, &log), &log);
    assert_eq!((&issued["size"], &issued["root"]), (&replica["size"], &replica["root"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pushed_over_https_is_held_disclosed_and_cosigned() {
    let federation = Federation::new();
    apart(&federation);
    let Federation { pakistan, china, kenya, .. } = &federation;
    let (two, three) = (china.start(), kenya.start());
    let (node, ca) = (china.node(), china.at("tls/ca.crt.pem"));
    let url = format!("https://{}/packages", two.public);
    configure(pakistan, &format!("[[partner.push]]\nnode = \"{node}\"\nurl = \"{url}\"\nca = \"{ca}\"\n"));
    let mut one = pakistan.start();
    let (caller, token) = signatory(pakistan, &mut one).await;
    let log = log_to(china);
    for marks in [0..3, 3..5] {
        let place = issue_footballs(&caller, &token, marks).await.pop().unwrap();
        china.holds(&two, pakistan, &log, place.index + 1);
        china.is_disclosed(&two, pakistan, &log);
        until(
            || {
                let shown = pakistan.passage(&one, china, &log);
                shown.is_some_and(|log| log["cosigned"]["size"].as_u64() > Some(place.index))
            },
            || one.events(),
        );
        let bundle = download(&caller, &token, &place.number, api::DownloadFormat::Bundle).await;
        let bundle = write(kenya.folder(), "shown.coo.json", str::from_utf8(&bundle).unwrap());
        assert_eq!(kenya.judge(&bundle).good().json()["headline"], "VALID");
    }
    // The operator sees how it fares, also once nobody takes anything there.
    let seen = || {
        let shown = partner(pakistan, &one, &["status", "--format", "json"]).good().out;
        let mut all = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.find(|one| one["name"] == node.as_str()).unwrap()["push"].clone()
    };
    let well = seen();
    assert_eq!((&well["address"], &well["failures"]), (&url.clone().into(), &0.into()), "{well}");
    assert!(well["taken_at"].is_string() && well["next_at"].is_null(), "{well}");
    stop([two]);
    issue_footballs(&caller, &token, 5..6).await;
    until(|| seen()["failures"].as_u64() >= Some(2), || format!("{}\n{}", seen(), one.events()));
    let ill = seen();
    assert_eq!(ill["taken_at"], well["taken_at"], "{ill}");
    assert!(ill["next_at"].is_string() && ill["message"] != "", "{ill}");
    let shown = partner(pakistan, &one, &["status"]).good().out;
    assert!(shown.contains(&format!("pushed to {url}: not taken in ")), "{shown}");
    stop([one, three]);
    let issued = pakistan.check_log("data/tdap.gov.pk", &log);
    let replica = china.check_log(&Member::replica(pakistan, &log), &log);
    assert_eq!(issued["size"].as_u64(), replica["size"].as_u64().map(|held| held + 1), "but for what nobody took");
}
