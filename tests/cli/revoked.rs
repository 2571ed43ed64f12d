//! A key that somebody else may have, with real nodes: stopped at once, closed where the partner had cosigned, what it hits
//! listed on both sides, and issued anew.

use crate::{
    partners::{Federation, Made, pause, says},
    process::{Running, today},
    support::{Said, folder, origin, text, write},
};
use origin_exchange::{certificate::offset_dates, time::Timestamp};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_mins(1);
const RICE: &str = include_str!("../../node-config/demo/certificates/pk-ke-rice-nonpreferential.json");

/// The lines of a command as JSON.
pub(crate) fn lines(said: &Said) -> Vec<Value> {
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn verify(made: &Made, file: &str) -> Said {
    let (trust, anchor, day) = (made.at("trust/trust-list.note"), made.at("trust/anchor.toml"), today().to_string());
    origin(&["verify", file, "--trust", &trust, "--anchor", &anchor, "--as-of", &day])
}

/// What a partner finds past the closing, once there is as much of it.
#[track_caller]
fn found(partner: &Made, node: &Running, certificates: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let said = partner.asks(node, &["partner", "findings", "--key-closed", "--format", "json"]).good();
        let found = lines(&said);
        let hit = found.iter().filter(|one| one["kind"] == "certificate-of-origin").count();
        if hit == certificates {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{hit} of {certificates}\n{}\n{}", said.out, node.events());
        pause();
    }
}

/// Waits until that second has come.
fn comes(second: i64) {
    while Timestamp::now().as_second() < second {
        pause();
    }
}

/// Revokes the key once more, from another second on: nothing is left to do, and the same logs are shown.
fn revoked_again(pakistan: &Made, one: &Running, file: &str, (second, ends): (&str, &[Value])) {
    let revoke = ["key", "revoke", "statement-1", "--suspected-since", second];
    let shown = lines(&pakistan.asks(one, &[&revoke[..], &["--dry-run", "--format", "json"]].concat()).good());
    let logs = |of: &[Value]| of.iter().filter_map(|end| end["log"].as_str()).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(logs(&shown), logs(ends), "{shown:#?}");
    let done = pakistan.asks(one, &[&revoke[..], &["-o", file]].concat()).good();
    assert!(done.err.contains("closes `statement-1`") && !done.err.contains("trust list"), "{}", done.err);
    assert!(!Path::new(&pakistan.at("trust/next")).exists());
}

/// What the list itself voids does not make the log bad.
fn voided_is_no_finding(pakistan: &Made, log: &str) {
    let (data, trust) = (pakistan.at("data/tdap.gov.pk"), pakistan.at("trust/trust-list.note"));
    let anchor = pakistan.at("trust/anchor.toml");
    let check = ["log", "check", log, "--data", &data, "--trust", &trust, "--anchor", &anchor];
    let checked = origin(&check).good();
    assert!(checked.out.contains(&format!("{log}: good; ")) && checked.out.contains("0 findings"), "{}", checked.out);
    let said = checked.out.lines().filter(|line| line.contains("[ENTRY_KEY_CLOSED]")).collect::<Vec<_>>();
    assert!(said.len() == 1 && said[0].starts_with(log) && said[0].contains(" entries from "), "{said:#?}");
    assert!(checked.out.contains("by the trust list"), "{}", checked.out);
}

/// What a partner's doctor says as long as certificates that fell have no successor.
const WAITS: &str = "not issued anew yet";

/// A node whose key is stopped.
fn signs_nothing(pakistan: &Made, node: &Running, jti: &str) {
    let suspend = ["certificate", "suspend", "--id", jti, "--reason", "a doubt"];
    let refused = pakistan.client(node, &pakistan.at("signatory.token"), &suspend);
    assert!(refused.code != 0 && refused.err.contains("SIGNING_KEY_CLOSED"), "{}", refused.err);
}

/// One that fell, and has its successor.
fn counts_for_nothing(pakistan: &Made, node: &Running, jti: &str) {
    let show = ["certificate", "show", "--id", jti];
    let shown = pakistan.client(node, &pakistan.at("signatory.token"), &show).good();
    assert!(shown.out.contains("superseded") && shown.out.contains("counts for nothing"), "{}", shown.out);
    assert!(!shown.out.contains("issue it anew"), "{}", shown.out);
}

#[test]
fn a_key_that_others_may_have_is_stopped_closed_and_what_it_signed_since_is_issued_anew() {
    let folder = folder();
    let pakistan = Made::pakistan(folder.path());
    let china = Made::china(folder.path());
    Federation { folder: folder.path(), signer: &pakistan }
        .founded(&[&pakistan, &china], &["--addressee", "CN=customs.gov.cn"]);
    let (one, two) = (pakistan.start(), china.start());
    let (pk, cn) = ("node.tdap.gov.pk", "node.customs.gov.cn");
    says(&one, &["connected", cn]);
    let log = format!("tdap.gov.pk/log/{}/customs.gov.cn", today().year());
    let whole = |log: &Value| log["size"].as_u64() > Some(0) && log["cosigned"]["size"] == log["size"];
    pakistan.issue(&one, 0..3);
    pakistan.until(&one, cn, &log, whole);

    // A second later somebody may have the key, and what is issued then cannot be told from what he issued.
    let since = Timestamp::now().as_second() + 2;
    comes(since);
    let when = Timestamp::from_second(since).unwrap().to_string();
    pakistan.issue(&one, 3..6);
    pakistan.until(&one, cn, &log, |log| log["size"].as_u64() >= Some(7) && whole(log));

    // Who only looks stops nothing.
    let revoke = ["key", "revoke", "statement-1", "--suspected-since", &when];
    let shown = pakistan.asks(&one, &[&revoke[..], &["--dry-run", "--format", "json"]].concat()).good();
    let ends = lines(&shown);
    let end = ends.iter().find(|end| end["log"] == log.as_str()).unwrap();
    let until = end["until_index"].as_u64().unwrap();
    assert!((1..=4).contains(&until), "what was cosigned before, to within the hour: {end}");
    let hit = end["certificates"].as_u64().unwrap();
    assert!((3..=6).contains(&hit), "{end}");
    // Nor does who is refused.
    let nowhere = format!("{log}=999");
    pakistan.asks(&one, &[&revoke[..], &["--until", &nowhere]].concat()).bad(2, &["is known here to have"]);
    pakistan.issue(&one, 6..7);
    let delivered = |log: &Value| log["held"].as_u64() >= Some(8) && log["disclosed"] == log["held"];
    china.until(&two, pk, &log, delivered);
    let hit = usize::try_from(hit).unwrap() + 1;

    // The key is stopped; section and list are signed with what is offline, and in use on both sides.
    let file = text(&folder.path().join("hit.jsonl")).to_owned();
    let offline = pakistan.at("offline");
    let said = pakistan.asks(&one, &[&revoke[..], &["--offline", &offline, "-o", &file]].concat()).good();
    for words in ["nothing is signed with `statement-1`", "it closes `statement-1`", "restart the node"] {
        assert!(said.err.contains(words), "`{words}` is not in:\n{}", said.err);
    }
    assert!(said.out.contains(&format!("{log}: closed at {until} of")), "{}", said.out);
    let rows = fs::read_to_string(&file).unwrap();
    assert_eq!(rows.lines().count(), hit, "{rows}");
    let first: Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
    let jti = first["jti"].as_str().unwrap().to_owned();
    assert!(first["log"] == log.as_str() && first["index"].as_u64() >= Some(until), "{first}");
    let signatory = pakistan.at("signatory.token");
    signs_nothing(&pakistan, &one, &jti);

    // China finds the same certificates, and its officers see them.
    found(&china, &two, hit);
    let officer = china.at("officer.token");
    let account = ["account", "new", "--name", "officer", "--role", "customs-officer", "-o", &officer];
    china.asks(&two, &account).good();
    let arrivals = ["customs", "arrivals", "--key-closed", "--format", "json"];
    let arrived = lines(&china.client(&two, &officer, &arrivals).good());
    assert_eq!(arrived.len(), hit, "{arrived:#?}");
    assert!(arrived.iter().all(|one| one["key_closed"].is_string() && one["delivery"] == "complete"), "{arrived:#?}");

    assert!(china.doctor().out.contains(WAITS), "{}", china.doctor().out);

    // Given again before the restart it says what is still to do; after it, everyone is told.
    let again = pakistan.asks(&one, &[&revoke[..], &["-o", &file]].concat()).good();
    assert!(again.err.contains("restart the node") && !again.err.contains("said to everyone"), "{}", again.err);
    let told = pakistan.doctor().out;
    assert!(told.contains("`statement-2` is listed and configured: restart the node"), "{told}");
    one.stop();
    let one = pakistan.start();
    says(&one, &["connected", cn]);
    let told = pakistan.asks(&one, &[&revoke[..], &["-o", &file]].concat()).good();
    for words in ["opens `statement-2`", "closes `statement-1`", "origin certificate reissue"] {
        assert!(told.err.contains(words), "`{words}` is not in:\n{}", told.err);
    }
    assert!(Path::new(&pakistan.at("keys/statement-2.key.pem")).exists());

    // What is hit is issued anew, once; both sides agree about every status.
    let reissue = ["certificate", "reissue", &file, "--reason", "the key is closed", "--format", "json"];
    let issued = lines(&pakistan.client(&one, &signatory, &reissue).good());
    assert_eq!(issued.len(), hit, "{issued:#?}");
    let once_more = pakistan.client(&one, &signatory, &reissue).good();
    assert!(once_more.err.contains(&format!("0 issued anew, {hit} issued before, 0 refused")), "{}", once_more.err);
    assert_eq!(lines(&once_more), issued);
    pakistan.until(&one, cn, &log, whole);
    found(&china, &two, hit);
    let all = lines(&china.asks(&two, &["partner", "findings", "--format", "json"]).good());
    assert!(all.iter().all(|one| one["reason"] == "ENTRY_KEY_CLOSED"), "{all:#?}");
    let held = china.until(&two, pk, &log, |log| log["held"] == log["size"]);
    assert!(!china.doctor().out.contains(WAITS), "{}", china.doctor().out);
    assert_eq!(held["findings"].as_u64(), u64::try_from(all.len()).ok());
    let bundle = |jti: &str, name: &str| {
        let path = text(&folder.path().join(name)).to_owned();
        pakistan.client(&one, &signatory, &["certificate", "download", "--id", jti, "-o", &path]).good();
        verify(&pakistan, &path)
    };
    let new = issued.iter().find(|row| row["replaces"] == jti.as_str()).unwrap();
    let good = bundle(new["issued"]["jti"].as_str().unwrap(), "new.coo.json").good();
    assert!(good.out.starts_with("VALID"), "{}", good.out);
    let closed = bundle(&jti, "old.coo.json");
    assert_eq!((closed.code, closed.out.lines().next()), (3, Some("KEY_CLOSED")), "{}", closed.out);
    assert!(closed.out.contains("What to do: The certificate "), "{}", closed.out);
    assert!(!closed.out.contains("whether it issued this"), "{}", closed.out);
    counts_for_nothing(&pakistan, &one, &jti);

    // Done is done, though the log to everyone began since, and whatever second is named.
    comes(since + 1);
    let second = Timestamp::from_second(since + 1).unwrap().to_string();
    revoked_again(&pakistan, &one, text(&folder.path().join("again.jsonl")), (&second, &ends));
    for node in [one, two] {
        let events = node.stop();
        assert!(!events.contains("LOG_EQUIVOCATED") && !events.contains("panicked"), "{events}");
    }
    voided_is_no_finding(&pakistan, &log);
}

/// Issues rice for Kenya, at an office of its own.
fn issues_rice(pakistan: &Made, node: &Running) {
    let rice = offset_dates(RICE, today()).unwrap().replace("KCCI", "KHI");
    let row = serde_json::from_str::<Value>(&rice).unwrap().to_string() + "\n";
    let (rows, token) = (write(&pakistan.folder, "rice.jsonl", &row), pakistan.at("clerk.token"));
    let account = ["account", "new", "--name", "clerk", "--role", "signatory", "--office", "KHI", "-o", &token];
    pakistan.asks(node, &account).good();
    pakistan.client(node, &token, &["issue", text(&rows)]).good();
}

#[test]
fn a_key_is_closed_at_every_partner_and_each_finds_what_is_its_own() {
    let folder = folder();
    let pakistan = Made::pakistan(folder.path());
    let china = Made::china(folder.path());
    let kenya = Made::kenya(folder.path());
    let addressees = ["--addressee", "CN=customs.gov.cn", "--addressee", "KE=kra.go.ke"];
    Federation { folder: folder.path(), signer: &pakistan }.founded(&[&pakistan, &china, &kenya], &addressees);
    let (one, two, three) = (pakistan.start(), china.start(), kenya.start());
    for partner in ["node.customs.gov.cn", "node.kra.go.ke"] {
        says(&one, &["connected", partner]);
    }
    pakistan.issue(&one, 0..2);
    issues_rice(&pakistan, &one);
    for (partner, node, host) in [(&china, &two, "customs.gov.cn"), (&kenya, &three, "kra.go.ke")] {
        let log = format!("tdap.gov.pk/log/{}/{host}", today().year());
        let whole = |log: &Value| log["size"].as_u64() > Some(1) && log["cosigned"]["size"] == log["size"];
        pakistan.until(&one, &format!("node.{host}"), &log, whole);
        partner.until(node, "node.tdap.gov.pk", &log, |log| whole(log) && log["held"] == log["size"]);
    }

    // Before anything was cosigned, to within the hour: all that it signed is hit.
    let (since, offline) = (Timestamp::now().as_second() - 2 * 3_600, pakistan.at("offline"));
    let (since, file) = (Timestamp::from_second(since).unwrap().to_string(), pakistan.at("hit.jsonl"));
    let revoke = ["key", "revoke", "statement-1", "--suspected-since", &since, "--offline", &offline, "-o", &file];
    pakistan.asks(&one, &revoke).good();
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 3);
    for (partner, node, certificates) in [(&china, &two, 2), (&kenya, &three, 1)] {
        let own = found(partner, node, certificates);
        assert!(own.iter().all(|one| one["reason"] == "ENTRY_KEY_CLOSED"), "{own:#?}");
        let kept = origin(&["trust", "show", &partner.at("trust/trust-list.note"), "--format", "json"]).good().json();
        assert_eq!(kept["version"], 2, "{kept}");
    }

    // Who knows better corrects it with the next list, and it does not go back without a word.
    let log = format!("tdap.gov.pk/log/{}/customs.gov.cn", today().year());
    let shown = lines(&pakistan.asks(&one, &[&revoke[..], &["--dry-run", "--format", "json"]].concat()).good());
    let size = shown.iter().find(|end| end["log"] == log.as_str()).and_then(|end| end["size"].as_u64()).unwrap();
    let until = format!("{log}={size}");
    let corrected = pakistan.asks(&one, &[&revoke[..], &["--until", &until]].concat()).good();
    assert!(corrected.err.contains("trust list 3 is installed"), "{}", corrected.err);
    found(&china, &two, 0);
    found(&kenya, &three, 1);
    let again = pakistan.asks(&one, &[&revoke[..], &["--until", &until]].concat()).good();
    assert!(!again.err.contains("is installed"), "it is closed there: {}", again.err);
    let back = pakistan.asks(&one, &revoke).good();
    let words = format!("is closed in {log} at 0, and no more at {size}");
    assert!(back.err.contains(&words) && back.err.contains("trust list 4 is installed"), "{}", back.err);
    found(&china, &two, 2);
    for node in [one, two, three] {
        let events = node.stop();
        assert!(!events.contains("LOG_EQUIVOCATED") && !events.contains("panicked"), "{events}");
    }
}

#[test]
fn a_key_that_is_not_there_or_a_time_to_come_is_refused_before_anything_is_stopped() {
    let folder = folder();
    let made = Made::pakistan(folder.path());
    let config = made.at("node.toml");
    let revoke =
        |kid: &str, when: &str| origin(&["key", "revoke", kid, "--suspected-since", when, "--config", &config]);
    revoke("statement-9", "2026-01-01T00:00:00Z").bad(2, &["no key `statement-9`", "log key"]);
    revoke("statement-1", "2999-01-01T00:00:00Z").bad(2, &["has not come yet"]);
    // Only a running node stops a key.
    revoke("statement-1", "2026-01-01T00:00:00Z").bad(4, &["origin serve"]);
}
