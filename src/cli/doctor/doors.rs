//! Whether a node serves here, and how far its logs have come.

use super::{
    Look,
    alarms::is_lifted_in_vain,
    own_logs::{self, LogKey},
    stored,
};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        account::OperatorDoor,
        arguments,
        console::{Console, Failure},
        partner::{ask, closed, waiting::each_once},
        remote,
    },
    keys::{KeyStore, KeyUse},
    log::{Origin, VerifierKey},
    node::{Configuration, system::SystemClock},
    reason::counted,
    statement::Kid,
    time::{Clock as _, Timestamp},
    trust::ListedUse,
};
use jiff::SignedDuration;
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    time::Duration,
};

const CONNECT: Duration = Duration::from_secs(2);
/// What is left to do where a lift has not opened a log.
const IN_VAIN: &str = "keep the data folder as it is: what is here is not what partners go on with, though a fork was lifted. Where \
                       no other is told of within minutes of a start, have the next trust list end the log where the two \
                       histories part, and name the key of its successor's shard: numbers are given again when it is installed";
/// A node whose clock is further than this from the doctor's, on one machine, has stood still.
const APART: SignedDuration = SignedDuration::from_secs(5);

/// Every listener, and whether a node runs here.
pub(super) fn look(console: Console, door: &OperatorDoor, configuration: &Configuration) -> (Vec<Look>, bool) {
    let mut addresses = vec![
        ("public", configuration.public.listen),
        ("client", configuration.client.listen),
        ("admin", configuration.admin),
    ];
    addresses.extend(configuration.partner.as_ref().map(|partner| ("partner", partner.listen)));
    let answers = addresses
        .into_iter()
        .map(|(name, address)| (name, address, TcpStream::connect_timeout(&dialled(address), CONNECT).is_ok()))
        .collect::<Vec<_>>();
    // A node with one door shut still says at the operator's what else is the matter.
    let running = answers.iter().any(|(name, _, answers)| *name == "admin" && *answers);
    let mut looks = answers.into_iter().map(|found| listener(found, door.config())).collect::<Vec<_>>();
    if running {
        match remote::converse(status(console, door, configuration)) {
            Ok((status, apart)) => {
                // A node that does not say it is told of with its partners.
                let answer = remote::converse(ask(console, door)).unwrap_or_default();
                looks.extend(state(&status, apart, (&answer.shut, &answer.unheard)));
                looks.extend(stored::look(&status));
                looks.extend(each_once(&answer.shut).iter().map(|one| {
                    let key = own_logs::keyed(one).map_or(LogKey::None, |log| key_of(configuration, &log));
                    let look = own_logs::shut(one, key);
                    if let Some(kid) = read_at_a_start(configuration, one) {
                        return look.help(format!("`{kid}` is listed and configured: restart the node"));
                    }
                    if !one.ended && is_lifted_in_vain(one, &answer.forked) { look.help(IN_VAIN) } else { look }
                }));
            }
            Err(failure) => looks.push(Look::bad("node", failure.sentence())),
        }
    }
    (looks, running)
}

/// A listener on every address is reached on this machine's own.
fn dialled(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => SocketAddr::from(([127, 0, 0, 1], v4.port())),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], v6.port())),
        other => other,
    }
}

fn listener((name, address, answers): (&str, SocketAddr, bool), config: &Path) -> Look {
    if answers {
        return Look::good("listeners", format!("{name}: {address} answers"));
    }
    match TcpListener::bind(address) {
        Ok(_) => Look::warning("listeners", format!("{name}: {address} is free; no node serves there"))
            .help(format!("origin serve --config {}", config.display())),
        Err(error) => Look::bad("listeners", format!("{name}: {address} cannot be used: {error}")),
    }
}

/// What the node says of itself, and how far its clock is from this one.
async fn status(
    console: Console,
    door: &OperatorDoor,
    configuration: &Configuration,
) -> Result<(wire::GetStatusResponse, SignedDuration), Failure> {
    let (connection, address) = door.open(configuration).await?;
    let sent = SystemClock.now();
    let answer = connection.admin().get_status(within_deadline(wire::GetStatusRequest {})).await;
    let received = SystemClock.now();
    let status = answer.map_err(|status| remote::refused(console, &address, &status))?.into_inner();
    let told = status.now.as_ref().and_then(|at| Timestamp::new(at.seconds, at.nanos).ok());
    Ok((status, told.map_or(SignedDuration::ZERO, |told| apart(told, sent, received))))
}

/// How far another clock is from this one at least: it was read at some time between the sending of a request and the
/// receipt of its answer, however long those are apart.
fn apart(told: Timestamp, sent: Timestamp, received: Timestamp) -> SignedDuration {
    sent.duration_since(told).max(told.duration_since(received)).max(SignedDuration::ZERO)
}

/// Where the key for the shard of a log is: the node read those that lay in the key folder of its authority at its start.
fn key_of(configuration: &Configuration, origin: &Origin) -> LogKey {
    let own = configuration.authorities.iter().filter(|one| one.issuer.host() == origin.host());
    let mut kept = own.filter_map(|one| {
        let sides = KeyStore::public_sides(&one.keys).unwrap_or_default();
        sides.into_iter().find(|side| side.is_log_key(&one.issuer, origin.shard()))
    });
    let list = arguments::open_trust(&configuration.trust.list, &configuration.trust.anchor);
    let listed = list.ok().and_then(|list| list.log_key(origin));
    match (kept.next(), listed) {
        (Some(side), Some(key)) if VerifierKey::log(origin, side.public_key) == key => LogKey::Listed,
        (Some(_), _) => LogKey::Kept,
        (None, Some(_)) => LogKey::Lost,
        (None, None) => LogKey::None,
    }
}

/// The key that the node signs with from its next start on, in the place of one that is closed: the trust list names it, and
/// the configuration.
fn read_at_a_start(configuration: &Configuration, shut: &wire::ShutLog) -> Option<Kid> {
    let (log, closed) = (shut.origin.parse::<Origin>().ok()?, shut.key.parse::<Kid>().ok()?);
    let authority = configuration.authorities.iter().find(|one| one.issuer.host() == log.host())?;
    let list = arguments::open_trust(&configuration.trust.list, &configuration.trust.anchor).ok()?;
    let name = match list.key(&authority.issuer, &closed)?.r#use {
        ListedUse::Statement => &authority.statement_key,
        ListedUse::Status => &authority.status_key,
        ListedUse::Stamp => return None,
    };
    let side = KeyStore::public_sides(&authority.keys).ok()?.into_iter().find(|side| side.name == *name)?;
    let (KeyUse::Statement { kid, .. } | KeyUse::Status { kid, .. }) = side.key_use else { return None };
    let is_listed = list.key(&authority.issuer, &kid).is_some_and(|listed| listed.x == side.public_key);
    (is_listed && kid != closed && list.closings(&authority.issuer, &kid).is_none()).then_some(kid)
}

/// Logs by which an authority gives no certificate number, whatever the log of the certificate: numbers are one count.
const NO_NUMBERS: &[&str] =
    &["NUMBERS_UNKNOWN", "NUMBERS_LOST", "OWN_HISTORY_UNKNOWN", "OWN_HISTORY_MISSING", "OWN_HISTORY_FORKED"];
/// Logs that no certificate can stand in for want of a key.
const NO_KEY: &[&str] = &["NO_LOG_KEY", "LOG_KEY_UNLISTED"];

/// The logs of an authority that are shut for one of these reasons, each with its own.
fn held_up(issuer: &str, shut: &[wire::ShutLog], reasons: &[&str]) -> String {
    let host = issuer.strip_prefix("https://").unwrap_or(issuer);
    let found = shut.iter().filter(|one| {
        let of_it = one.origin.split('/').next() == Some(host);
        // By one that is ended nothing is held up.
        of_it && !one.ended && reasons.contains(&one.reason.as_str())
    });
    found.map(|one| format!("{} [{}]", one.origin, one.reason)).collect::<Vec<_>>().join(", ")
}

/// What it says of itself; with what is shut there, and the authorities that issue nothing.
fn state(
    status: &wire::GetStatusResponse,
    apart: SignedDuration,
    (shut, unheard): (&[wire::ShutLog], &[wire::UnheardAuthority]),
) -> Vec<Look> {
    let mut looks = Vec::new();
    looks.push(if apart > APART {
        Look::bad("node", format!("its clock is {} s from this one", apart.as_secs()))
    } else {
        Look::good("node", format!("version {} runs, with trust list {}", status.version, status.trust_version))
    });
    for authority in &status.authorities {
        looks.push(issuing(authority, shut, unheard));
        looks.extend(set_back(status, authority));
        looks.extend(authority.logs.iter().map(log));
    }
    looks
}

/// Whether an authority issues.
fn issuing(authority: &wire::AuthorityState, shut: &[wire::ShutLog], unheard: &[wire::UnheardAuthority]) -> Look {
    let issuer = &authority.issuer;
    let (waits, keyless) = (held_up(issuer, shut, NO_NUMBERS), held_up(issuer, shut, NO_KEY));
    match (authority.issuing, waits.is_empty(), keyless.is_empty()) {
        (false, ..) => Look::bad("issuing", format!("{issuer} takes no work")).help("the node's log says why"),
        (true, false, _) => Look::bad("issuing", format!("{issuer} gives no certificate number: held up by {waits}"))
            .help("see `own log` below: what each log waits for, and for whom"),
        (true, true, false) => {
            Look::bad("issuing", format!("{issuer} issues nothing that goes into {keyless}: there is no key for it"))
                .help("see `own log` below: what each log lacks, and what to do")
        }
        (true, true, true) => match unheard.iter().find(|one| one.issuer == *issuer) {
            Some(one) => own_logs::unheard(one),
            None => Look::good("issuing", format!("{issuer} takes work")),
        },
    }
}

fn log(one: &wire::LogState) -> Look {
    if let Some(with) = one.closed_with.filter(|with| one.size > *with) {
        let beyond = counted(one.size.saturating_sub(with), "entry", "entries");
        let sentence = format!("{} is {}, and {beyond} beyond that count for nothing", one.origin, closed(with));
        return Look::warning("log", sentence).help(
            "certificates among them are issued anew (origin certificate list --void), and changes of status are said again",
        );
    }
    let size = one.closed_with.map_or_else(
        || format!("has {} published", counted(one.size, "entry", "entries")),
        |with| format!("is {}", closed(with)),
    );
    Look::good("log", format!("{} {size}", one.origin))
}

/// A node whose clock stands before what it signed.
fn set_back(status: &wire::GetStatusResponse, authority: &wire::AuthorityState) -> Option<Look> {
    let read = |at: &prost_types::Timestamp| Timestamp::new(at.seconds, at.nanos).ok();
    let (now, newest) = (status.now.as_ref().and_then(read)?, authority.newest_hour.as_ref().and_then(read)?);
    (now < newest).then(|| {
        Look::bad("clock", format!("{} has an entry of {newest}, and the node's clock shows {now}", authority.issuer))
            .help("it went back; docs/partners.md (A clock that was ahead) says how to go on")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn a_slow_answer_is_no_wrong_clock() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let seconds = |told, sent, received| apart(at(told), at(sent), at(received)).as_secs();
        // Thirty seconds on the way, read at any of them.
        assert_eq!([seconds(100, 100, 130), seconds(115, 100, 130), seconds(130, 100, 130)], [0, 0, 0]);
        assert_eq!([seconds(94, 100, 130), seconds(136, 100, 130)], [6, 6]);
        let status = wire::GetStatusResponse::default();
        let none: (&[_], &[_]) = (&[], &[]);
        let state = |seconds| state(&status, SignedDuration::from_secs(seconds), none).first().map(|look| look.state);
        assert_eq!([state(5), state(6)], [Some(State::Good), Some(State::Bad)]);
    }

    #[test]
    fn an_authority_whose_numbers_wait_is_not_said_to_take_work() {
        let issuer = "https://tdap.gov.pk".to_owned();
        let authority = wire::AuthorityState { issuer, issuing: true, ..Default::default() };
        let status = wire::GetStatusResponse { authorities: vec![authority], ..Default::default() };
        let issuing = |host: &str, reason: &str| {
            let origin = format!("{host}/log/2026/gacc.gov.cn");
            let shut = wire::ShutLog { origin, reason: reason.to_owned(), ..Default::default() };
            let looks = state(&status, SignedDuration::ZERO, (&[shut], &[]));
            looks.into_iter().find(|look| look.what == "issuing").unwrap()
        };
        for reason in NO_NUMBERS.iter().copied() {
            let look = issuing("tdap.gov.pk", reason);
            assert!(look.state == State::Bad && !look.sentence.contains("takes work"), "{look:?}");
            assert!(look.sentence.contains("tdap.gov.pk/log/2026/gacc.gov.cn") && look.sentence.contains(reason));
        }
        // Where the successor of a closed log has no key, what goes there is refused.
        for reason in ["NO_LOG_KEY", "LOG_KEY_UNLISTED"] {
            let look = issuing("tdap.gov.pk", reason);
            assert!(look.state == State::Bad && !look.sentence.contains("takes work"), "{look:?}");
            assert!(look.sentence.contains("tdap.gov.pk/log/2026/gacc.gov.cn") && look.sentence.contains(reason));
        }
        // Where no log is here at all, none is shut, and nothing is issued all the same.
        let awaits = vec!["node.kra.go.ke".to_owned()];
        let unheard = |host: &str| {
            let issuer = format!("https://{host}");
            let unheard = wire::UnheardAuthority { issuer, awaits: awaits.clone(), since: None };
            let looks = state(&status, SignedDuration::ZERO, (&[], &[unheard]));
            looks.into_iter().find(|look| look.what == "issuing").unwrap()
        };
        let look = unheard("tdap.gov.pk");
        assert!(look.state == State::Bad && look.sentence.contains("know: node.kra.go.ke"), "{look:?}");
        assert!(look.help.is_some_and(|help| help.contains("go-on")) && unheard("chamber.cn").state == State::Good);
        // A log that is closed has a successor, and another authority has numbers of its own.
        for (host, reason) in [("tdap.gov.pk", "OWN_HISTORY_LOST"), ("chamber.cn", "NUMBERS_UNKNOWN")] {
            assert!(issuing(host, reason).sentence.ends_with("takes work"));
        }
    }

    #[test]
    fn a_log_that_takes_nothing_more_is_said_to_be_closed() {
        let told =
            |closed_with| log(&wire::LogState { origin: "tdap.gov.pk/log/2026/cn".to_owned(), size: 1, closed_with });
        assert!(told(None).sentence.ends_with("/cn has 1 entry published"));
        assert!(told(Some(3)).sentence.ends_with("/cn is closed with 3 entries"));
        let beyond = told(Some(0));
        assert!(beyond.state == State::Warning, "what a list made void is not passed over");
        assert!(beyond.sentence.ends_with("/cn is closed with 0 entries, and 1 entry beyond that count for nothing"));
    }

    #[test]
    fn a_clock_before_the_newest_entry_is_told() {
        let at = |second| Some(prost_types::Timestamp { seconds: second, nanos: 0 });
        let told = |now, newest| {
            let authority = wire::AuthorityState { newest_hour: newest, issuing: true, ..Default::default() };
            let status = wire::GetStatusResponse { now: at(now), authorities: vec![authority], ..Default::default() };
            state(&status, SignedDuration::ZERO, (&[], &[]))
                .iter()
                .any(|look| look.what == "clock" && look.state == State::Bad)
        };
        assert_eq!([told(7_199, at(7_200)), told(7_200, at(7_200)), told(7_199, None)], [true, false, false]);
    }
}
