//! A node whose data folder is an old copy: it asks its partners for what it lost before it signs anything, gets it
//! back, and goes on where it was.

use crate::{
    asking::{named, one},
    caller::Caller,
    delivery::{download, issue, issue_footballs, log_to, signatory},
    federation::{Federation, Member, PATIENCE, says, stop, until},
    ledger::{Answer, Deed, Ledger},
    pretender::Pretender,
    process::{Running, footballs, today},
    support::{origin, text, write},
    wire::origin::v1 as api,
};
use origin_exchange::certificate::offset_dates;
use serde_json::Value;
use std::{collections::BTreeSet, fs, time::Instant};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const RICE: &str = include_str!("../../node-config/demo/certificates/pk-ke-rice-nonpreferential.json");

fn rice() -> String {
    let rice = offset_dates(RICE, today()).unwrap();
    rice.replace("KCCI", "KHI").replace("Karachi Chamber", "Trade Development Authority of Pakistan")
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// Makes a copy of what the node keeps, or puts it back.
fn backup(member: &Member, deed: &str) {
    let (copy, keys) = (member.folder().join("copy"), member.folder().join("copied-keys"));
    let (copy, keys) = (copy.display().to_string(), keys.display().to_string());
    origin(&["backup", deed, "--config", &member.config(), "--copy", &copy, "--keys", &keys]).good();
}

/// Asks, each time anew, until the node has what it waits for.
async fn issue_in_time(caller: &Caller, token: &str, json: &str) -> Answer {
    let begun = Instant::now();
    loop {
        let asked = Ledger::default().ask(Deed::Issue(json.to_owned().into()));
        match one(caller.clone(), token.to_owned(), asked).await.1 {
            Ok(answer) => return answer,
            Err(status) => {
                let passing = ["OWN_HISTORY_UNKNOWN", "OWN_HISTORY_MISSING", "NUMBERS_UNKNOWN", "NUMBERS_LOST"];
                let passing = passing.contains(&reason(&status).as_str());
                assert!(passing && begun.elapsed() < PATIENCE, "{status:?}");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

/// Asks for a cancellation, and says that customs agreed to it.
async fn cancel(caller: &Caller, token: &str, number: &str) -> Answer {
    let asked = Ledger::default().ask(Deed::Cancel(number.to_owned()));
    one(caller.clone(), token.to_owned(), asked).await.1.unwrap();
    let request = api::SettleCancellationRequest {
        request_id: uuid::Uuid::now_v7().to_string(),
        certificate: named(number),
        settlement: api::CancellationSettlement::Agreed.into(),
        reference: "a letter of today".to_owned(),
    };
    let settled = caller.certificates(token).settle_cancellation(request).await.unwrap().into_inner();
    Answer { number: String::new(), jti: settled.jti, log: settled.log, index: settled.index }
}

/// Waits until it is said again why a certificate was cancelled: to its addressee and the holder alone that was ever shown.
async fn says_why(caller: &Caller, token: &str, number: &str) {
    let begun = Instant::now();
    loop {
        let asked = api::GetCertificateRequest { certificate: named(number) };
        let known = caller.certificates(token).get_certificate(asked).await.unwrap().into_inner();
        if known.changes.iter().any(|change| change.reason == "the shipment was called off") {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{:?}", known.changes);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

async fn headline(caller: &Caller, token: &str, judge: &Member, number: &str) -> String {
    let bundle = download(caller, token, number, api::DownloadFormat::Bundle).await;
    let name = format!("{}.coo.json", number.replace('/', "_"));
    let bundle = write(judge.folder(), &name, str::from_utf8(&bundle).unwrap());
    judge.judge(&bundle).json()["headline"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_put_back_from_an_old_copy_gets_back_what_it_lost_and_repeats_no_number() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let mut first = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut first).await;
    let trust = pakistan.trust();
    let (to_china, to_kenya) = (log_to(china), log_to(kenya));

    let before = issue_footballs(&caller, &token, 0..6).await;
    china.holds(&two, pakistan, &to_china, before[5].index + 1);
    backup(pakistan, "make");
    stop([first]);

    // What happens past the copy, in one log that it knows and in one that it has never heard of.
    let mut second = pakistan.start();
    let caller = Caller::open(&mut second, &pakistan.ca()).await;
    let mut ledger = Ledger::default();
    let asked = ledger.ask(Deed::Issue(footballs(6).into()));
    let (asked, lost) = one(caller.clone(), token.clone(), asked).await;
    let mut after = vec![lost.unwrap()];
    after.extend(issue_footballs(&caller, &token, 7..12).await);
    after.push(issue(&caller, &token, rice()).await);
    cancel(&caller, &token, &before[1].number).await;
    let last = cancel(&caller, &token, &after[1].number).await;
    let rice_at = after.last().unwrap().index;
    for (member, node, log, size) in [(china, &two, &to_china, last.index + 1), (kenya, &three, &to_kenya, rice_at + 1)]
    {
        member.holds(node, pakistan, log, size);
        member.is_disclosed(node, pakistan, log);
    }
    stop([second]);
    fs::remove_dir_all(pakistan.folder().join("data")).unwrap();
    backup(pakistan, "restore");

    let mut third = pakistan.start();
    let caller = Caller::open(&mut third, &pakistan.ca()).await;
    let mut given = before.iter().chain(&after).map(|place| place.number.clone()).collect::<BTreeSet<_>>();
    let mut newest = 0;
    for marks in 12..18 {
        let place = issue_in_time(&caller, &token, &footballs(marks)).await;
        assert!(place.index > last.index, "{place:?} stands where something stood before {last:?}");
        assert!(given.insert(place.number.clone()), "{} was given twice", place.number);
        newest = place.index;
    }
    let rice = issue_in_time(&caller, &token, &rice()).await;
    assert!(rice.index > rice_at && given.insert(rice.number.clone()), "{rice:?}");
    // A request that was carried out, and forgotten, is not carried out again.
    let (asked, again) = one(caller.clone(), token.clone(), asked).await;
    let again = again.unwrap_err();
    assert_eq!(
        (again.code(), reason(&again).as_str()),
        (Code::FailedPrecondition, "REQUEST_BEFORE_RECALL"),
        "{again:?}"
    );

    // Partners go on with it as before.
    china.holds(&two, pakistan, &to_china, newest + 1);
    kenya.holds(&three, pakistan, &to_kenya, rice.index + 1);
    let pretender = Pretender::open(china, pakistan, &third).await;
    pretender.enough(&trust, &to_china, newest + 1).await;
    // What was lost is there again, found by its number, and its status is what it was.
    for (number, said) in [
        (&before[0].number, "VALID"),
        (&before[1].number, "CANCELLED"),
        (&after[0].number, "VALID"),
        (&after[1].number, "CANCELLED"),
    ] {
        assert_eq!(headline(&caller, &token, kenya, number).await, said, "{number}");
    }
    says_why(&caller, &token, &after[1].number).await;
    let found = api::GetCertificateRequest { certificate: named(&after[2].number) };
    caller.certificates(&token).get_certificate(found).await.unwrap();
    // And a change of it goes through.
    cancel(&caller, &token, &after[2].number).await;
    asks_anew_for_what_is_not_there(pakistan, &third, &token, &asked.id);

    stop([third, two, three]);
    for (member, log) in [(china, &to_china), (kenya, &to_kenya)] {
        let (issued, replica) =
            (pakistan.check_log("data/tdap.gov.pk", log), member.check_log(&Member::replica(pakistan, log), log));
        assert!(issued["size"].as_u64() >= replica["size"].as_u64(), "{issued} {replica}");
    }
}

/// Pakistan's node put back from a copy that knows nothing of the log to China; all are stopped, and
/// Kenya, which else is its witness, never heard of that log. Gives the token of who signs, and what was lost.
async fn put_back(federation: &Federation, count: usize) -> (String, Vec<Answer>) {
    let Federation { pakistan, china, kenya, .. } = federation;
    let mut first = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut first).await;
    backup(pakistan, "make");
    stop([three]);
    let lost = issue_footballs(&caller, &token, 0..count).await;
    china.holds(&two, pakistan, &log_to(china), lost[count - 1].index + 1);
    stop([first, two]);
    fs::remove_dir_all(pakistan.folder().join("data")).unwrap();
    backup(pakistan, "restore");
    (token, lost)
}

/// A certificate is refused before this node was heard: gives what is said.
async fn refused_before(caller: &Caller, token: &str, row: String, unheard: &Member) -> String {
    let asked = Ledger::default().ask(Deed::Issue(row.into()));
    let refused = one(caller.clone(), token.to_owned(), asked).await.1.unwrap_err();
    assert_eq!(reason(&refused), "OWN_HISTORY_UNKNOWN", "{refused:?}");
    assert!(refused.message().contains(&unheard.node()), "{refused:?}");
    refused.message().to_owned()
}

fn status(member: &Member, node: &Running) -> String {
    origin(&["partner", "status", "--config", &member.config(), "--admin", &node.admin]).good().out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_put_back_from_a_copy_gives_no_number_before_every_partner_was_heard() {
    let federation = &Federation::new();
    let Federation { pakistan, china, kenya, .. } = federation;
    let (token, lost) = put_back(federation, 1).await;
    let mut second = pakistan.start();
    let three = kenya.start();
    let caller = Caller::open(&mut second, &pakistan.ca()).await;
    // Kenya answers, and its log asks for nobody else.
    let said = refused_before(&caller, &token, rice(), china).await;
    assert!(!said.contains(&kenya.node()), "{said}");
    let shown = status(pakistan, &second);
    assert!(shown.contains("gives no certificate number") && shown.contains(&china.node()), "{shown}");
    let two = china.start();
    let next = issue_in_time(&caller, &token, &rice()).await;
    assert_ne!(next.number, lost[0].number);
    stop([second, two, three]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_its_keeper_cannot_open_is_not_taken_for_nothing() {
    let federation = &Federation::new();
    let Federation { pakistan, china, kenya, .. } = federation;
    let (token, lost) = put_back(federation, 3).await;
    let log = log_to(china);
    let keys = fs::read_dir(china.folder().join(Member::replica(pakistan, &log)).join("keys")).unwrap();
    let key = keys.map(|entry| entry.unwrap().path()).find(|path| path.is_file()).unwrap();
    let aside = china.folder().join("aside");
    fs::rename(&key, &aside).unwrap();

    let (two, three) = (china.start(), kenya.start());
    let mut second = pakistan.start();
    let caller = Caller::open(&mut second, &pakistan.ca()).await;
    for row in [rice(), footballs(9)] {
        refused_before(&caller, &token, row, china).await;
    }
    let shown = status(china, &two);
    assert!(shown.contains("REPLICA_UNREADABLE") && shown.contains(&log), "{shown}");
    let shown = status(pakistan, &second);
    assert!(shown.contains("PARTNER_COPY_UNREADABLE"), "{shown}");
    stop([two]);
    fs::rename(&aside, &key).unwrap();
    let two = china.start();
    let next = issue_in_time(&caller, &token, &footballs(9)).await;
    assert!(next.index > lost[2].index && lost.iter().all(|place| place.number != next.number), "{next:?}");
    stop([second, two, three]);
}

/// A file whose row was asked for before the loss is refused, and goes on once a person says that the row is not there: with
/// that row alone, and once.
fn asks_anew_for_what_is_not_there(member: &Member, node: &Running, token: &str, before: &str) {
    let rows = write(member.folder(), "again.jsonl", &(footballs(18) + "\n"));
    let (token, ca) = (write(member.folder(), "again.token", token), member.at("tls/ca.crt.pem"));
    let issue = |more: &[&str]| {
        let asked = ["issue", text(&rows), "--node", &node.client, "--ca", &ca, "--token-file", text(&token)];
        origin(&[&asked[..], more].concat())
    };
    issue(&[]).good();
    let requests = member.folder().join("again.jsonl.requests");
    let noted = fs::read_to_string(&requests).unwrap();
    let noted = noted.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let noted = noted.filter(|line| line.get("done").is_none()).map(|mut line| {
        if let Some(asked) = line.get_mut("asked") {
            asked["request_id"] = before.into();
        }
        format!("{line}\n")
    });
    // The file begins with the node.
    let noted = noted.collect::<String>();
    assert!(noted.starts_with("{\"node\":") && noted.contains(before), "{noted}");
    fs::write(&requests, noted).unwrap();
    for more in [&[] as &[&str], &["--anew", "2,3"]] {
        let refused = issue(more);
        assert_eq!(refused.code, 1, "{}", refused.err);
        for word in ["[REQUEST_BEFORE_RECALL]", "origin certificate list", "--anew 1"] {
            assert!(refused.out.contains(word), "`{word}` is not in: {}", refused.out);
        }
        assert_eq!(refused.err.contains("rows that are not there: 2, 3"), !more.is_empty(), "{}", refused.err);
    }
    assert!(issue(&["--anew", "1"]).good().err.contains("1 issued, 0 refused"));
    assert!(issue(&["--anew", "1"]).good().err.contains("0 issued, 1 issued before, 0 refused"));
}

/// Starts the three nodes, and issues certificates that China's node holds when this returns: the nodes, who signs, the log,
/// and where they stand.
async fn begun(federation: &Federation, count: usize) -> ([Running; 3], (Caller, String), String, Vec<Answer>) {
    let Federation { pakistan, china, kenya, .. } = federation;
    let mut first = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let signs = signatory(pakistan, &mut first).await;
    let log = log_to(china);
    let places = issue_footballs(&signs.0, &signs.1, 0..count).await;
    china.holds(&two, pakistan, &log, places[count - 1].index + 1);
    ([first, two, three], signs, log, places)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_starts_alone_serves_what_it_has_and_signs_when_a_partner_comes_or_its_operator_says_so() {
    let federation = &Federation::new();
    let Federation { pakistan, china, .. } = federation;
    let (nodes, (_, token), log, places) = begun(federation, 3).await;
    stop(nodes);

    let ask = async |node: &mut Running, marks| {
        let caller = Caller::open(node, &pakistan.ca()).await;
        let asked = Ledger::default().ask(Deed::Issue(footballs(marks).into()));
        one(caller, token.clone(), asked).await.1
    };
    let mut alone = pakistan.start();
    let refused = ask(&mut alone, 3).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, "OWN_HISTORY_UNKNOWN"), "{refused:?}");
    assert!(refused.message().contains(&china.node()) && refused.message().contains(&log), "{refused:?}");
    let caller = Caller::open(&mut alone, &pakistan.ca()).await;
    let known = api::GetCertificateRequest { certificate: named(&places[0].number) };
    caller.certificates(&token).get_certificate(known).await.unwrap();
    let size = |status: &str| status.contains("OWN_HISTORY_UNKNOWN") && status.contains(&log);
    let config = pakistan.config();
    let door = |node: &Running| vec!["--config".to_owned(), config.clone(), "--admin".to_owned(), node.admin.clone()];
    let partner = |node: &Running, words: &[&str]| {
        let door = door(node);
        let words = ["partner"].iter().chain(words).copied().chain(door.iter().map(String::as_str));
        origin(&words.collect::<Vec<_>>()).good().out
    };
    assert!(size(&partner(&alone, &["status"])), "{}", partner(&alone, &["status"]));
    let two = china.start();
    issue_in_time(&caller, &token, &footballs(4)).await;
    assert!(!size(&partner(&alone, &["status"])));
    stop([alone, two]);

    let mut alone = pakistan.start();
    // A slip of the pen opens nothing and goes into no audit trail; the logs that there are are named.
    let year = log.split('/').nth(2).unwrap();
    let next_year = (year.parse::<u16>().unwrap() + 1).to_string();
    for slip in [format!("{log}x"), log.replace("/log/20", "/log/30"), log.replace(year, &next_year)] {
        let (words, door) = (["partner", "go-on", "--log", slip.as_str()], door(&alone));
        let words = words.into_iter().chain(door.iter().map(String::as_str)).collect::<Vec<_>>();
        origin(&words).bad(1, &["is not a log of this node", "its logs are", &log]);
    }
    let said = partner(&alone, &["go-on", "--log", &log]);
    assert!(said.contains("goes on by your word"), "{said}");
    // Who reads it afterwards finds on whose word it was, and whom nobody had heard.
    says(&alone, &["signed on by the operator's word", &log, &china.node()]);
    assert_eq!(crate::federation::said(&alone, &["partners know of nothing that is missing here", &log]), 0);
    let caller = Caller::open(&mut alone, &pakistan.ca()).await;
    issue_in_time(&caller, &token, &footballs(5)).await;
    assert!(partner(&alone, &["go-on", "--log", &log]).contains("nothing changed"));
    stop([alone]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_copy_that_a_witness_proves_is_signed_on_by_nobodys_word_and_closed_when_the_rest_is_given_up() {
    let federation = &Federation::new();
    let Federation { pakistan, china, kenya, .. } = federation;
    let ([first, two, three], (caller, token), log, _) = begun(federation, 2).await;
    backup(pakistan, "make");
    let after = issue_footballs(&caller, &token, 2..3).await;
    pakistan.holds(&first, kenya, &log, after[0].index + 1);
    stop([first, two]);
    fs::remove_dir_all(pakistan.folder().join("data")).unwrap();
    backup(pakistan, "restore");

    // The holder is away, and the witness knows of what it does not hold.
    let mut old = pakistan.start();
    let (config, admin) = (pakistan.config(), old.admin.clone());
    let partner = |words: &[&str]| {
        let door = ["--config", config.as_str(), "--admin", admin.as_str()];
        origin(&[&["partner"][..], words, &door[..]].concat())
    };
    let status = || partner(&["status"]).good().out;
    until(|| status().contains("OWN_HISTORY_MISSING"), status);
    let said = status();
    let shut = said.lines().find(|line| line.contains("OWN_HISTORY_MISSING")).unwrap();
    assert!([&log, &kenya.node(), &china.node()].iter().all(|word| shut.contains(word.as_str())), "{said}");
    assert!(!said.lines().any(|line| line.contains(&log) && line.contains("up to date")), "{said}");
    let go_on = ["go-on", "--log", log.as_str()];
    partner(&go_on).bad(1, &["OWN_HISTORY_MISSING", &kenya.node(), "--for-good"]);
    let caller = Caller::open(&mut old, &pakistan.ca()).await;
    let asked = Ledger::default().ask(Deed::Issue(footballs(3).into()));
    let refused = one(caller, token.clone(), asked).await.1.unwrap_err();
    assert!(["OWN_HISTORY_MISSING", "OWN_HISTORY_UNKNOWN"].contains(&reason(&refused).as_str()), "{refused:?}");

    let given_up = partner(&[&go_on[..], &["--for-good"]].concat()).good();
    for said in ["about to be closed for good", &format!("not connected now: {}", china.node())] {
        assert!(given_up.err.contains(said), "{}", given_up.err);
    }
    assert!(given_up.out.contains("is closed with"), "{}", given_up.out);
    until(|| status().contains("OWN_HISTORY_LOST"), status);
    assert!(status().contains("closed with"), "{}", status());
    // Numbers wait for whoever may know more, until the operator says that nobody does; that opens the log no more.
    assert!(partner(&go_on).good().err.contains("is about to give certificate numbers"));
    partner(&go_on).bad(1, &["OWN_HISTORY_LOST"]);
    // Whom no connection reaches it is told by package.
    let package = pakistan.at("lost.package");
    partner(&["export", &china.node(), "-o", &package]).good();
    let lost = format!("{{\"lost\":{{\"origin\":\"{log}\"");
    assert!(fs::read_to_string(&package).unwrap().contains(&lost), "{lost}");

    // Its addressee is told when it comes back, and says so instead of waiting for what never comes.
    let two = china.start();
    let (config, admin) = (china.config(), two.admin.clone());
    let told = || origin(&["partner", "status", "--config", &config, "--admin", &admin]).good().out;
    let is_lost = |line: &str| line.contains("closed by its issuer as lost at") && !line.contains("behind");
    until(|| told().lines().any(|line| line.contains(&log) && is_lost(line)), told);
    assert!(told().contains("[PARTNER_LOG_LOST]") && !told().contains("PARTNER_HOLDS_MORE"), "{}", told());
    stop([old, two, three]);
}

/// Its issuer has nothing of it any more, and its addressee no copy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_nothing_of_a_log_is_told_that_its_issuer_closed_it_with_nothing() {
    let federation = &Federation::new();
    let Federation { pakistan, china, kenya, .. } = federation;
    let mut first = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut first).await;
    backup(pakistan, "make");
    let log = log_to(china);
    let lost = issue_footballs(&caller, &token, 0..1).await;
    china.holds(&two, pakistan, &log, lost[0].index + 1);
    pakistan.holds(&first, kenya, &log, lost[0].index + 1);
    Pretender::open(china, pakistan, &first).await.enough(&pakistan.trust(), &log, lost[0].index + 1).await;
    let bundle = download(&caller, &token, &lost[0].number, api::DownloadFormat::Bundle).await;
    let bundle = write(china.folder(), "lost.coo.json", str::from_utf8(&bundle).unwrap());
    stop([first, two]);
    fs::remove_dir_all(pakistan.folder().join("data")).unwrap();
    backup(pakistan, "restore");
    fs::remove_dir_all(china.folder().join(Member::replica(pakistan, &log))).unwrap();

    let old = pakistan.start();
    let shut = || status(pakistan, &old);
    until(|| shut().contains("OWN_HISTORY_MISSING"), shut);
    let (config, admin) = (pakistan.config(), old.admin.as_str());
    origin(&["partner", "go-on", "--for-good", "--log", &log, "--config", &config, "--admin", admin]).good();
    until(|| shut().contains("OWN_HISTORY_LOST"), shut);
    let revoke = ["key", "revoke", "statement-1", "--issuer", pakistan.host(), "--suspected-since"];
    let at = ["2020-01-01T00:00:00Z", "--config", &config, "--admin", admin];
    let revoke = |words: &[&str]| origin(&[&revoke[..], &at, words].concat());
    let how = format!("--until {log}=ENTRIES");
    revoke(&["--dry-run"]).bad(1, &["nothing was drafted", how.as_str()]);
    revoke(&["--dry-run", "--until", format!("{log}=1").as_str()]).good();
    // No more is signed than is known of, unless a head shows it.
    let more = format!("{log}=99");
    let shown = ["--dry-run", "--until", more.as_str(), "--head", text(&bundle)];
    revoke(&shown).bad(2, &["is known here to have", "--head"]);
    revoke(&[&shown[..4], &[config.as_str()]].concat()).bad(2, &["shows no head"]);
    let two = china.start();
    let told = || status(china, &two);
    let is_lost = |line: &str| line.contains(&log) && line.contains("closed by its issuer as lost at 0 entries");
    until(|| told().lines().any(is_lost), told);
    assert!(told().contains("[PARTNER_LOG_LOST]"), "{}", told());
    // Customs there are told the same of what its holder shows them, as the issuer tells it itself, and it counts.
    for (member, node, code) in [(china, &two, "[PARTNER_LOG_LOST]"), (pakistan, &old, "[OWN_LOG_LOST]")] {
        let (ca, day) = (member.at("tls/ca.crt.pem"), today().to_string());
        let judged = origin(&["verify", text(&bundle), "--node", &node.client, "--ca", &ca, "--as-of", &day]).good();
        assert_eq!(judged.out.lines().next(), Some("VALID"), "{}", judged.out);
        assert!(judged.out.contains(code), "{}", judged.out);
    }
    // The key is stopped all the same: who has it does not wait until partners were asked.
    revoke(&[]).bad(1, &["nothing is signed with `statement-1` any more", "nothing was drafted", how.as_str()]);
    stop([old, two, three]);
}

/// Until it hears of it, it calls good what a lost change may have taken back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_addressee_that_is_connected_hears_of_a_loss_as_soon_as_it_is_known() {
    let federation = &Federation::new();
    let Federation { pakistan, china, kenya, .. } = federation;
    let mut first = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut first).await;
    backup(pakistan, "make");
    let log = log_to(china);
    let lost = issue_footballs(&caller, &token, 0..1).await;
    china.holds(&two, pakistan, &log, lost[0].index + 1);
    pakistan.holds(&first, kenya, &log, lost[0].index + 1);
    stop([first, two]);
    fs::remove_dir_all(pakistan.folder().join("data")).unwrap();
    backup(pakistan, "restore");
    fs::remove_dir_all(china.folder().join(Member::replica(pakistan, &log))).unwrap();

    let (two, old) = (china.start(), pakistan.start());
    let (shut, told) = (|| status(pakistan, &old), || status(china, &two));
    let is_lost = || shut().contains("OWN_HISTORY_LOST");
    until(|| is_lost() || shut().contains("OWN_HISTORY_MISSING"), shut);
    if !is_lost() {
        let (config, admin) = (pakistan.config(), old.admin.as_str());
        // By now everybody may have been heard: then the node has closed it itself.
        drop(origin(&["partner", "go-on", "--for-good", "--log", &log, "--config", &config, "--admin", admin]));
    }
    until(is_lost, shut);
    let known = Instant::now();
    until(|| told().contains("[PARTNER_LOG_LOST]"), told);
    assert!(known.elapsed() < PATIENCE / 3, "{:?}", known.elapsed());
    stop([old, two, three]);
}

/// Its addressee never had what it says, so no partner gives it back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_held_certificate_said_comes_back_in_its_bundle_and_numbers_open_and_it_is_held_until_it_is_released() {
    let federation = &Federation::new();
    let Federation { pakistan, china, kenya, .. } = federation;
    let ([first, two, three], (caller, token), log, _) = begun(federation, 1).await;
    backup(pakistan, "make");
    let mut json: Value = serde_json::from_str(&footballs(1)).unwrap();
    json["application"]["hold"] = true.into();
    let held = issue(&caller, &token, json.to_string()).await;
    let waits = |count: u64| {
        let passage = china.passage(&two, pakistan, &log);
        passage.is_some_and(|log| log["held_disclosures"] == count && log["missing_disclosures"] == 0)
    };
    until(|| waits(1), || two.events());
    let bundle = download(&caller, &token, &held.number, api::DownloadFormat::Bundle).await;
    let bundle = write(pakistan.folder(), "held.coo.json", str::from_utf8(&bundle).unwrap());
    stop([first]);
    fs::remove_dir_all(pakistan.folder().join("data")).unwrap();
    backup(pakistan, "restore");

    let mut node = pakistan.start();
    let (config, admin) = (pakistan.config(), node.admin.clone());
    let status = || origin(&["partner", "status", "--config", &config, "--admin", &admin]).good().out;
    until(|| status().contains("1 of them is held since before the loss"), status);
    let (ca, token_file) = (pakistan.at("tls/ca.crt.pem"), pakistan.at("tdap.gov.pk-signatory.token"));
    let client = node.client.clone();
    let give_back = |files: &[&str]| {
        let door = ["--node", client.as_str(), "--ca", &ca, "--token-file", &token_file, "--format", "json"];
        origin(&[&["certificate", "give-back"][..], files, &door[..]].concat())
    };
    let said = give_back(&[text(&bundle)]).good().json();
    assert_eq!(
        (&said["number"], &said["before"], &said["held"]),
        (&held.number.as_str().into(), &false.into(), &true.into())
    );
    assert_eq!(give_back(&[text(&bundle)]).good().json()["before"], true, "once");
    give_back(&[text(&bundle), &config]).bad(1, &["0 certificates given back, 1 here before, 1 refused"]);

    let caller = Caller::open(&mut node, &pakistan.ca()).await;
    let next = issue_in_time(&caller, &token, &footballs(2)).await;
    assert_ne!(next.number, held.number);
    china.holds(&two, pakistan, &log, next.index + 1);
    assert_eq!(headline(&caller, &token, kenya, &held.number).await, "VALID");
    let request_id = uuid::Uuid::now_v7().to_string();
    let request = api::ReleaseCertificateRequest { request_id, certificate: named(&held.number) };
    caller.certificates(&token).release_certificate(request).await.unwrap();
    until(|| waits(0), || two.events());
    stop([node, two, three]);
}
