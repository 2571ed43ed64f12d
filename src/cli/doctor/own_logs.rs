//! What does not go on with this node's own logs, and what to do about it.

use super::{Look, papers::PUT_BACK};
use crate::{api::client::wire, cli::partner::waiting, log::Origin};

/// What helps where a newer copy of the data folder is at hand.
const RESTORE: &str = "stop the node and put that back: origin backup restore --copy DIR --keys DIR";

/// Where the log key of a shard is.
#[derive(Debug, Clone, Copy)]
pub(super) enum LogKey {
    /// It lies in the folder, and the trust list names it.
    Listed,
    /// It lies in the folder, and the trust list does not name it.
    Kept,
    /// The trust list names one, which is not in the folder.
    Lost,
    /// There is none.
    None,
}

/// A log of this node's own for which not everything goes on, and where its key is.
pub(super) fn shut(one: &wire::ShutLog, key: LogKey) -> Look {
    let wire::ShutLog { origin, reason, message, ended, .. } = one;
    let sentence = format!("{message} [{reason}]");
    if reason == "NUMBER_TAKEN" {
        return Look::warning("own log", sentence).help(
            "two certificates bear each of these numbers, which is found as the one that had it here first; the other is named \
             with it: have one of the two replaced, and the replacement gets a number of its own: origin certificate \
             replace --id ID",
        );
    }
    if reason == "CONTENTS_MISSING" && *ended {
        return Look::good("own log", sentence);
    }
    if reason == "CONTENTS_MISSING" {
        return Look::warning("own log", sentence).help(format!(
            "it is asked for by itself until a partner has given it; see `partner` for what keeps them away. What nobody has \
             any more comes from a newer copy of the data folder, if there is one: stop the node and put that back. So that it \
             is asked for no more: origin partner go-on --log {origin}"
        ));
    }
    if *ended {
        let rest = if reason == "OWN_HISTORY_LOST" {
            "nobody that was heard holds it: find out from addressees and holders which numbers it had, for one that a back \
             office brought may be given again"
        } else {
            "partners that hold the log have what was signed: keep the data folder as it is"
        };
        return Look::warning("own log", sentence).help(format!(
            "numbers are given again, and what goes there goes to its successor. Where there is a newer copy of the data folder, \
             {RESTORE}; else {rest}"
        ));
    }
    let look = Look::bad("own log", sentence);
    match reason.as_str() {
        "OWN_HISTORY_UNKNOWN" => look.help(format!(
            "it goes on when those have answered that a connection leads to; where they cannot, and you know that the data folder \
             is no old copy: origin partner go-on --log {origin}"
        )),
        "OWN_HISTORY_MISSING" => look.help(format!(
            "it goes on when what is missing has come back from the partner that holds it, over a connection: a package gives \
             nothing back, and of one that is reached by packages alone the next trust list names an address (origin trust draft \
             list --node NAME,grpc=https://HOST:PORT), or a newer copy of the data folder brings it: stop the node and put that \
             back. Find out who started this node on an old copy, and why, and what was issued since: the log then has two \
             histories, and that partner proves it. Where nothing comes back over a connection that is there, that partner's operator \
             has to look whether its node still has it. What a partner told counts no more once the trust list does not name \
             it. Where nobody was heard to hold it, look whether a data folder, here or at a partner, is not the one it was, such as \
             for a volume that is not mounted. Only once nobody has it any more: origin partner go-on --for-good --log {origin} closes \
             the log with what is here, and its successor goes on"
        )),
        "NO_LOG_KEY" => look
            .help(match key {
                LogKey::Listed | LogKey::Kept => {
                    "the key lies in the folder, and is read at a start: start the node again".to_owned()
                }
                LogKey::Lost => PUT_BACK.to_owned(),
                LogKey::None => made(one),
            })
            .by_clock(),
        "LOG_KEY_UNLISTED" => look
            .help(
                "have the next trust list name the key that lies here (origin trust draft section), and install that; was the \
                 key made anew? A key that is listed is not replaced: put the one back that the list names",
            )
            .by_clock(),
        "NUMBERS_UNKNOWN" => look.help(format!(
            "where there is a newer copy of the data folder, {RESTORE}; else wait until the addressee's node has given them, \
             or, once you have looked that no number can repeat: origin partner go-on --log {origin}"
        )),
        "NUMBERS_LOST" => look.help(format!(
            "where there is a newer copy of the data folder, {RESTORE}; else have a signatory give the bundles back that \
             holders have: origin certificate give-back FILE; or, once you have looked that no number can repeat: origin \
             partner go-on --log {origin}"
        )),
        "SIGNING_KEY_CLOSED" => look.help(
            "the node needs a new key: give origin key revoke again, it makes one and says what is still to be signed; once the \
             trust list that names it is installed, start the node again",
        ),
        // Also where nothing is here of the log: of its successor no log that is here says that a key is wanted.
        "OWN_HISTORY_LOST" => {
            // Where the node has not read a key that is listed, it says so of the successor.
            let next = match key {
                LogKey::Listed => String::new(),
                LogKey::Kept => {
                    ": its key lies in the folder: the trust list has to name it, and it is read at a start".to_owned()
                }
                LogKey::Lost => format!(": {PUT_BACK}"),
                LogKey::None => format!(": {}", made(one)),
            };
            look.help(format!(
                "look for a newer backup before anything else; where somebody was heard to hold more, one of before the log was \
                 closed is filled from there: {RESTORE}. What comes goes to the log's successor{next}. The next trust list may name the \
                 final size of this one"
            ))
        }
        "OWN_HISTORY_FORKED" => look.help(format!(
            "keep the data folder as it is: somebody has to find out what was written where. Where a fork of the log was lifted and \
             partners go on with what is here, lift it here too: origin partner lift --log {origin} --reason TEXT. Else have the next \
             trust list end the log where the two histories part, and name the key of its successor's shard: numbers are given \
             again when it is installed"
        )),
        _ => look.help("stop the node and keep the data folder as it is: somebody has to find out what was written where"),
    }
}

/// The log that needs a key where this one does not go on: of one that is closed for good that is the successor.
pub(super) fn keyed(one: &wire::ShutLog) -> Option<Origin> {
    let log = one.origin.parse::<Origin>().ok()?;
    if one.reason != "OWN_HISTORY_LOST" {
        return Some(log);
    }
    Origin::new(log.host(), &log.shard().successor()?, log.addressee()).ok()
}

/// What has to be done where there is no key for that log.
fn made(one: &wire::ShutLog) -> String {
    let make = keyed(one).map(|log| {
        let (host, shard) = (log.host(), log.shard());
        format!(" (origin key new log-{shard} --use log --issuer {host} --shard {shard})")
    });
    format!(
        "make the key{}, have the next trust list name it (origin trust draft section), install that, and start the node again",
        make.unwrap_or_default()
    )
}

/// An authority that gives no number, because it may have lost those it gave.
pub(super) fn unheard(one: &wire::UnheardAuthority) -> Look {
    Look::bad("issuing", waiting::unheard(one)).help(format!(
        "it goes on once they have told, over a connection: see `partner` for what keeps them away. Where there is a copy of the \
         data folder, {RESTORE}. Where they cannot come, and you know that the folder lost nothing: origin partner go-on --log \
         ORIGIN, with any log of this authority"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    fn look(reason: &str, key: LogKey) -> Look {
        let (origin, reason) = ("tdap.gov.pk/log/2026/all".to_owned(), reason.to_owned());
        shut(&wire::ShutLog { origin, reason, ..Default::default() }, key)
    }

    #[test]
    fn a_closed_key_asks_for_another_and_lost_numbers_for_the_newest_copy() {
        let help = |reason| look(reason, LogKey::None).help.unwrap();
        let closed = help("SIGNING_KEY_CLOSED");
        assert!(closed.contains("origin key revoke") && !closed.contains("as it is"), "{closed}");
        let numbers = help("NUMBERS_UNKNOWN");
        let places = ["origin backup restore", "origin partner go-on"].map(|words| numbers.find(words));
        assert!(places[0].is_some() && places[0] < places[1], "{numbers}");
        let lost = help("NUMBERS_LOST");
        assert!(lost.contains("certificate give-back") && lost.contains("go-on") && !lost.contains("wait"), "{lost}");
        let forked = help("OWN_HISTORY_FORKED");
        let ways = ["keep the data folder as it is", "origin partner lift --log tdap", "trust list end the log"];
        assert!(ways.iter().all(|way| forked.contains(way)), "{forked}");
        let reason = "OWN_HISTORY_FORKED".to_owned();
        for (reason, said) in [(reason, "what was signed"), ("OWN_HISTORY_LOST".to_owned(), "which numbers it had")] {
            let ended = shut(&wire::ShutLog { reason, ended: true, ..Default::default() }, LogKey::None);
            let help = ended.help.unwrap();
            assert!(ended.state == State::Warning && help.contains(said), "{help}");
            assert!(!help.contains("origin partner lift"), "{help}");
        }
        // Of a log that is closed with nothing no other look says which key its successor lacks.
        let given_up = help("OWN_HISTORY_LOST");
        let key = "origin key new log-2026-2 --use log --issuer tdap.gov.pk --shard 2026-2";
        assert!(given_up.contains(key) && given_up.contains("start the node again"), "{given_up}");
        let made = look("OWN_HISTORY_LOST", LogKey::Kept).help.unwrap();
        assert!(!made.contains("key new") && made.contains("name it, and it is read at a start"), "{made}");
        let listed = look("OWN_HISTORY_LOST", LogKey::Listed).help.unwrap();
        assert!(listed.contains("goes to the log's successor. The next trust list may"), "{listed}");
        let missing = help("OWN_HISTORY_MISSING");
        assert!(missing.contains("a package gives nothing back") && missing.contains("two histories"), "{missing}");
        assert!(!missing.contains("by itself"), "{missing}");
        assert!(missing.contains("that partner's operator") && missing.contains("a newer copy"), "{missing}");
        // Signed on it is by nobody's word, and closed for good only when nobody has the rest.
        assert!(missing.contains("Only once nobody") && missing.contains("go-on --for-good --log tdap"), "{missing}");
        let unknown = help("OWN_HISTORY_UNKNOWN");
        assert!(unknown.contains("go-on --log tdap") && !unknown.contains("missing"), "{unknown}");
    }

    #[test]
    fn a_key_that_is_not_in_use_is_put_back_where_it_is_listed_or_made_or_the_node_is_started_again() {
        let help = |reason, key| {
            let look = look(reason, key);
            assert_eq!(look.state, State::Bad);
            look.help.unwrap()
        };
        assert!(help("NO_LOG_KEY", LogKey::Kept).contains("lies in the folder"));
        assert!(help("NO_LOG_KEY", LogKey::None).contains("make the key (origin key new log-2026 "));
        let lost = help("NO_LOG_KEY", LogKey::Lost);
        assert!(lost.contains("put that key back") && !lost.contains("make the key"), "{lost}");
        assert!(help("LOG_KEY_UNLISTED", LogKey::Kept).contains("have the next trust list name"));
    }

    #[test]
    fn what_came_back_without_what_it_says_shuts_nothing_and_is_waited_for_or_given_up() {
        let gone = wire::ShutLog { reason: "CONTENTS_MISSING".to_owned(), ended: true, ..Default::default() };
        assert!(shut(&gone, LogKey::None).state == State::Good, "nobody can do anything about it any more");
        let look = look("CONTENTS_MISSING", LogKey::None);
        assert_eq!(look.state, State::Warning);
        assert!(look.help.is_some_and(|help| help.contains("by itself") && help.contains("go-on --log tdap")));
    }

    #[test]
    fn a_number_on_two_certificates_is_said_with_what_to_do_and_shuts_nothing() {
        let look = look("NUMBER_TAKEN", LogKey::None);
        assert_eq!(look.state, State::Warning);
        assert!(look.help.is_some_and(|help| help.contains("origin certificate replace --id")));
    }
}
