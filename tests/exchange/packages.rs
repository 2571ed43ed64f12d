//! Two countries that cannot reach each other exchange what they have in files, by any carrier, with the same checks.

use crate::{
    asking,
    branch::{Branch, keys},
    caller::Caller,
    delivery::{download, issue_footballs, log_to, signatory},
    federation::{Federation, Member, said, says, stop, until},
    ledger::{Deed, Ledger},
    outside::configure,
    process::{Running, footballs, https::Https, today},
    support::{Said, origin, origin_with, write},
    wire::origin::v1 as api,
};
use bytes::Bytes;
use origin_exchange::{
    encoding::base64,
    exchange::{
        message::Disclosed,
        parcel::{EntryLine, Line, LogLine, LostLine, ParcelWriter},
    },
};
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};
use tonic_types::StatusExt as _;

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

/// The lines of a package, without its seal.
fn lines(package: &[u8]) -> Vec<Line> {
    let text = str::from_utf8(package).unwrap();
    let all = (1..).zip(text.lines()).map(|(number, line)| Line::read(line.as_bytes(), number).unwrap());
    all.filter(|line| !matches!(line, Line::End(_))).collect()
}

/// Which of them begins a log.
fn begins(lines: &[Line], log: &str) -> usize {
    lines.iter().position(|line| matches!(line, Line::Log(one) if one.origin.as_str() == log)).unwrap()
}

/// These lines, sealed by the member's node.
fn sealed(from: &Member, lines: &[Line]) -> Vec<u8> {
    let key = keys(from, "").replica(&"replica".parse().unwrap()).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ParcelWriter::new(&mut bytes);
    for line in lines {
        writer.line(line).unwrap();
    }
    let Line::Package(front) = &lines[0] else { panic!("no package") };
    writer.seal(front, |seal| key.seal(seal)).unwrap();
    bytes
}

/// The same package, in which two entries of a log have each other's disclosures; with their indexes.
fn swapped(from: &Member, package: &[u8], log: &str) -> (Vec<u8>, [u64; 2]) {
    let mut lines = lines(package);
    let after = begins(&lines, log) + 1;
    let entries = lines[after..].iter_mut().map_while(|line| match line {
        Line::Entry(entry) => Some(entry),
        _ => None,
    });
    let mut disclosed = entries.filter(|entry| entry.disclosures.is_some()).take(2).collect::<Vec<_>>();
    let [first, second] = &mut disclosed[..] else { panic!("too few entries have disclosures") };
    std::mem::swap(&mut first.disclosures, &mut second.disclosures);
    let indexes = [first.index, second.index];
    (sealed(from, &lines), indexes)
}

/// A package of a whole log with one entry more, signed for by the log's key, which nobody signed; with its index.
fn longer(from: &Member, whole: &[u8], log: &str) -> (Vec<u8>, u64) {
    let mut lines = lines(whole);
    let at = begins(&lines, log);
    let entries = lines[at + 1..].iter().map_while(|line| match line {
        Line::Entry(entry) => Some(entry.leaf.clone()),
        _ => None,
    });
    let mut leaves = entries.collect::<Vec<_>>();
    let count = leaves.len();
    let index = u64::try_from(count).unwrap();
    // The signature of another statement.
    let mut spoilt = leaves[count - 1].clone().into_bytes();
    let place = spoilt.iter().rposition(|byte| *byte == b'.').unwrap() + 10;
    spoilt[place] = if spoilt[place] == b'A' { b'B' } else { b'A' };
    let spoilt = String::from_utf8(spoilt).unwrap();
    leaves.push(spoilt.clone());
    let branch = Branch::new(&keys(from, ""), log, leaves.into_iter().map(Bytes::from).collect());
    let Line::Log(head) = &mut lines[at] else { panic!("no log") };
    head.checkpoint = String::from_utf8(branch.note(index + 1).into()).unwrap();
    lines.insert(at + 1 + count, Line::Entry(EntryLine::new(index, spoilt, Disclosed::None)));
    (sealed(from, &lines), index)
}

/// A package of another history of a log, as its key signs it.
fn forked(from: &Member, package: &[u8], log: &str) -> Vec<u8> {
    let size = 4;
    let branch = Branch::of_nothing(&keys(from, ""), log, size);
    let checkpoint = String::from_utf8(branch.note(size.into()).into()).unwrap();
    let mut lines = lines(package);
    lines.truncate(1);
    lines.push(Line::Log(LogLine { origin: log.parse().unwrap(), after: 0, checkpoint, consistency: Vec::new() }));
    let leaf = |nth: u32| format!("entry {nth} of another history");
    lines.extend((0..size).map(|nth| Line::Entry(EntryLine::new(nth.into(), leaf(nth), Disclosed::None))));
    sealed(from, &lines)
}

/// Pushes a package as a node does; gives the head of the answer, in small letters, and its body.
fn push(to: &Member, node: &Running, package: &[u8]) -> (String, String) {
    let last = str::from_utf8(package).unwrap().lines().last().unwrap().to_owned();
    let seal = serde_json::from_str::<Value>(&last).unwrap()["end"]["seal"].as_str().unwrap().to_owned();
    let (seal, length) = (base64::encode(seal.as_bytes()), package.len());
    let more = format!("Origin-Package-Seal: {seal}\r\nContent-Length: {length}\r\nConnection: close");
    let head = format!("POST /packages HTTP/1.1\r\nHost: localhost\r\n{more}\r\n\r\n");
    let ca = to.at("tls/ca.crt.pem");
    let door = Https { address: &node.public, ca: Path::new(&ca), token: None };
    let answer = String::from_utf8(door.hand_on(&[head.as_bytes(), package].concat())).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

/// What a partner signs and seals is held against what is here as what comes by wire is. Kenya, which could tell, is away.
async fn what_is_wrong_in_a_package_is_found_out(
    federation: &Federation,
    (one, two): (&Running, &Running),
    (caller, token): (&Caller, &str),
    log: &str,
) {
    let Federation { pakistan, china, .. } = federation;
    let (to_china, whole) = (china.node(), china.at("whole.package"));
    partner(pakistan, one, &["export", &to_china, "--from-the-start", "-o", &whole]).good();
    let whole = fs::read(&whole).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = china.at(name);
        fs::write(&path, bytes).unwrap();
        path
    };

    // An entry that nobody signed is a finding, and the head is cosigned.
    let (longer, index) = longer(pakistan, &whole, log);
    let (longer, answer) = (file("longer.package", &longer), pakistan.at("longer.answer"));
    let said = import(china, two, &[&longer, "--answer", &answer]);
    let taken = of(&said, "logs", log);
    assert_eq!((&taken["held"], &taken["cosigned"]), (&json!(index + 1), &true.into()), "{said:#}\n{}", two.events());
    assert_eq!(china.passage(two, pakistan, log).unwrap()["findings"], 1);

    // By its own signature the issuer's node learns that its folder is an old copy: it signs nothing more.
    let said = partner(pakistan, one, &["import", &answer, "--format", "json"]);
    assert_eq!(said.code, 1, "{}", said.out);
    let said = said.json();
    assert_eq!(of(&said, "cosigned", log)["reason"], "PARTNER_HOLDS_MORE", "{said:#}");
    says(one, &["OWN_HISTORY_MISSING", "ERROR", log]);
    let asked = Ledger::default().ask(Deed::Issue(footballs(9).into()));
    let refused = asking::one(caller.clone(), token.to_owned(), asked).await.1.unwrap_err();
    let why = refused.get_error_details();
    assert_eq!(why.error_info().map(|info| info.reason.as_str()), Some("OWN_HISTORY_MISSING"), "{refused:?}");

    // Another history proves itself, and freezes the log.
    let forked = file("forked.package", &forked(pakistan, &whole, log));
    let said = partner(china, two, &["import", &forked, "--format", "json"]).json();
    assert_eq!(of(&said, "logs", log)["reason"], "HEADS_INCONSISTENT", "{said:#}");
    says(two, &["LOG_EQUIVOCATED", "ERROR", log]);

    // Who pushes a package is told which log is refused, and gets the cosignatures all the same.
    let (head, body) = push(china, two, &whole);
    assert!(head.starts_with("http/1.1 200"), "{head}\n{body}");
    assert!(head.contains(&format!("origin-package-refused: {log} log_equivocated")), "{head}");
    assert!(body.contains("{\"cosigned\":"), "{body}");
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

    // Entries come with disclosures that are those of others: they are held, and named until theirs have come.
    let (mixed, indexes) = swapped(pakistan, &bytes, &log);
    let said = origin_with(&mixed, &[&door[..], &["--format", "json"]].concat()).good().json();
    let taken = of(&said, "logs", &log);
    assert_eq!((&taken["missing_disclosures"], &taken["reason"]), (&json!(indexes), &"".into()), "{said:#}");

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
    let last = of(&old, "logs", &log)["held"].as_u64().unwrap();
    assert!(last > more.index, "{old:#}");
    assert_eq!(of(&old, "logs", &log)["cosigned"], true, "with what came before: {old:#}");
    // What its node lost for good of a log it tells by a package too, until a head goes further.
    let mut lost = lines(&bytes);
    lost.push(Line::Lost(LostLine { origin: log.parse().unwrap(), size: last, signed: last + 2 }));
    origin_with(&sealed(pakistan, &lost), &door).good();
    let told = || partner(china, &two, &["status"]).good().out;
    until(|| told().contains("[PARTNER_LOG_LOST]"), told);

    stop([three]);
    what_is_wrong_in_a_package_is_found_out(&federation, (&one, &two), (&caller, &token), &log).await;
    for node in [one, two] {
        let events = node.stop();
        assert!(!events.contains("panicked"), "{events}");
    }
    // What the package proved is known after a start too, though nobody is there to say it again.
    let one = pakistan.start();
    let shut = || partner(pakistan, &one, &["status"]).good().out;
    until(|| shut().contains("OWN_HISTORY_MISSING"), shut);
    partner(pakistan, &one, &["go-on", "--log", &log]).bad(1, &["OWN_HISTORY_MISSING"]);
    one.stop();
    let issued = pakistan.check_log("data/tdap.gov.pk", &log);
    let replica = china.look_at_log(&Member::replica(pakistan, &log), &log);
    let replica: Value = serde_json::from_str(replica.out.lines().last().unwrap()).unwrap();
    let sizes = [&issued, &replica].map(|log| log["size"].as_u64().unwrap());
    assert_eq!((sizes[0] + 1, &replica["findings"]), (sizes[1], &1.into()), "{replica}");
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
    // What comes in a package is there with it: nobody warns of it before.
    assert_eq!(said(&two, &["disclosures are missing"]), 0, "{}", two.events());
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
