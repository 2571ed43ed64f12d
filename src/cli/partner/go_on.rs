//! `origin partner go-on`: an operator's word on a log that waits for partners.

use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::{
        Outcome,
        account::OperatorDoor,
        console::{Console, Failure},
        remote,
    },
    log::Origin,
    reason::{counted, some_of},
};
use serde_json::json;
use std::process::ExitCode;

/// Have a log signed on though partners could not be asked what they hold of it, or close it for what is lost
///
/// A node that starts asks its partners, log by log, what they hold of its own logs, and signs for a log only when
/// enough have answered: its data folder may be an old copy. Where they cannot be reached, and you know that the
/// folder is whole, this goes on without them. If it is not whole, the log shows two histories, for ever. The same
/// for certificates that came back without their numbers: give their bundles back first (origin certificate give-back).
/// Each series passes over as many numbers as are unknown then, and one that a back office brought may be given twice all
/// the same.
///
/// Where a partner knows a longer head of the log that this very node signed (OWN_HISTORY_MISSING), the folder is an old
/// copy, and the log is not signed on by anybody's word: what is missing comes from the partner that holds it, or with a
/// newer copy of the folder. Once nobody has it any more, --for-good gives it up: the log is closed with what is here,
/// and its successor takes what comes. Each series passes over as many numbers as entries are given up; one that a back
/// office brought may be given again, and so may one of a series that has not so many left.
///
/// What is about to be done is said before it is done, and the audit record keeps it.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    door: OperatorDoor,
    /// The log, <host>/log/<shard>/<addressee>
    #[arg(long, value_name = "ORIGIN")]
    log: Origin,
    /// What a partner proved to be missing comes back from nobody: close the log with what is here
    #[arg(long)]
    for_good: bool,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let Self { door, log, for_good } = self;
        let (answer, was_closed) = remote::converse(async {
            let (connection, address) = door.open(&door.configuration()?).await?;
            let refused = |status: &tonic::Status| remote::refused(console, &address, status);
            let known = connection.admin().list_partners(within_deadline(wire::ListPartnersRequest {})).await;
            let known = known.map_err(|status| refused(&status))?.into_inner();
            let away = known.partners.iter().filter(|partner| partner.connected_since.is_none());
            let away = away.map(|partner| partner.name.as_str()).collect::<Vec<_>>();
            let waits = known.unheard.iter().find(|one| one.issuer.ends_with(&format!("//{}", log.host())));
            // While a log is shut no number is given by this word.
            if let Some(waits) = waits.filter(|_| !for_good && !known.shut.iter().any(|one| stays_shut(one, &log))) {
                console.message(numbers(waits));
            }
            // One that is closed for good stays so, and what else waits for it is opened all the same.
            let of_log = known.shut.iter().filter(|shut| shut.origin == log.as_str());
            let (closed, mut waiting): (Vec<_>, Vec<_>) = of_log.partition(|shut| shut.reason == "OWN_HISTORY_LOST");
            waiting.retain(|shut| !shut.ended);
            let is_alone = waits.is_none() && waiting.len() == 1;
            for shut in waiting {
                // What entries said is given up by a word of its own, once nothing else waits.
                let is_next = is_alone || shut.reason != "CONTENTS_MISSING";
                if let Some(way) = way(shut, for_good, &away).filter(|_| is_next) {
                    console.message(way);
                }
            }
            let request = wire::GoOnRequest { log: log.to_string(), for_good };
            match connection.admin().go_on(within_deadline(request)).await {
                Ok(answer) => Ok((answer.into_inner(), !closed.is_empty())),
                Err(status) => {
                    let failure = refused(&status);
                    let reason = failure.reason().unwrap_or_default().to_owned();
                    Err(match reason.as_str() {
                        "LOG_UNKNOWN" | "AUTHORITY_UNKNOWN" => of_those(failure, &connection).await,
                        "OWN_HISTORY_MISSING" => failure.help(
                            "wait for who holds what is missing, or put a newer copy of the data folder back; once nobody has \
                             it any more, --for-good closes the log with what is here, and its successor goes on",
                        ),
                        _ => failure,
                    })
                }
            }
        })?;
        tell(console, &log, (for_good, was_closed), &answer);
        Ok(ExitCode::SUCCESS)
    }
}

/// What the operator's word is about to do to a log that is shut, while these are away; none where the node refuses it.
fn way(shut: &wire::ShutLog, for_good: bool, away: &[&str]) -> Option<String> {
    let origin = &shut.origin;
    let away = if away.is_empty() { String::new() } else { format!("; not connected now: {}", away.join(", ")) };
    match (shut.reason.as_str(), for_good) {
        ("OWN_HISTORY_UNKNOWN", false) => Some(format!(
            "{origin} is about to be signed on from what is here, though not all were heard: if the data folder is an old \
             copy, it shows two histories, for ever{away}"
        )),
        ("NUMBERS_UNKNOWN" | "NUMBERS_LOST", false) => Some(format!(
            "numbers are about to be given again, though not all that {origin} gave are known: one may be given twice{away}"
        )),
        ("CONTENTS_MISSING", false) => Some(format!(
            "what entries of {origin} said and is not here is about to be asked for no more, and what customs did by them counts no \
             more{away}"
        )),
        ("OWN_HISTORY_MISSING", true) => Some(format!(
            "{origin} is about to be closed for good: what is missing is given up, also if who holds it comes back; its \
             successor takes what comes, and each series passes over as many numbers as entries are given up, though one \
             that a back office brought, or of a series that has not so many left, may be given again{away}"
        )),
        _ => None,
    }
}

/// Whether a log of the same authority stays shut when this word is given of one: of that itself the word opens only what is not
/// known.
fn stays_shut(one: &wire::ShutLog, log: &Origin) -> bool {
    let is_of_it = one.origin.split('/').next() == Some(log.host().as_str());
    let shuts = match one.reason.as_str() {
        "OWN_HISTORY_UNKNOWN" => one.origin != log.as_str(),
        "OWN_HISTORY_MISSING" | "OWN_HISTORY_FORKED" => true,
        _ => false,
    };
    is_of_it && !one.ended && shuts
}

/// What the operator's word is about to do to numbers that wait for all to be heard.
fn numbers(waits: &wire::UnheardAuthority) -> String {
    let wire::UnheardAuthority { issuer, awaits, .. } = waits;
    format!(
        "{issuer} is about to give certificate numbers, though these were not heard: {}; if they know of a certificate that is \
         not here, its number is given twice",
        some_of(awaits)
    )
}

fn tell(console: Console, log: &Origin, (for_good, was_closed): (bool, bool), answer: &wire::GoOnResponse) {
    let wire::GoOnResponse { was_shut, size, lost, contents_missing } = answer;
    if console.is_json() {
        let closed = for_good.then(|| json!({ "size": size, "lost": lost }));
        let remains = contents_missing.then_some("CONTENTS_MISSING");
        console.data(json!({ "log": log.as_str(), "was_shut": was_shut, "closed": closed, "remains": remains }));
    } else if for_good {
        let (held, lost) = (counted(*size, "entry", "entries"), counted(*lost, "entry is", "entries are"));
        let successor = log.shard().successor().map_or_else(|| "none".to_owned(), |shard| shard.to_string());
        console.data(format!(
            "{log} is closed with {held}, and {lost} given up; the audit record keeps it. What comes goes to shard \
             {successor}, which needs a log key: origin doctor says how"
        ));
    } else if *was_shut {
        console.data(goes_on(log, was_closed, *contents_missing));
    } else {
        console.data(format!("{log} was not shut: nothing changed"));
    }
}

/// What came of the word, and for what it is to be given again.
fn goes_on(log: &Origin, was_closed: bool, contents_missing: bool) -> String {
    let what = if was_closed { "stays closed, and what waited for it goes on" } else { "goes on" };
    let remains = if contents_missing {
        "; what entries of it said and is not here is still asked for: give this again to have it asked for no more \
         [CONTENTS_MISSING]"
    } else {
        ""
    };
    format!("{log} {what} by your word; the audit record keeps it{remains}")
}

/// The same failure, with the logs that there are.
async fn of_those(failure: Failure, connection: &Connection) -> Failure {
    let answer = connection.admin().get_status(within_deadline(wire::GetStatusRequest {})).await;
    let authorities = answer.map(|answer| answer.into_inner().authorities).unwrap_or_default();
    let logs = authorities.into_iter().flat_map(|authority| authority.logs).map(|log| log.origin);
    let logs = logs.collect::<Vec<_>>();
    if logs.is_empty() { failure } else { failure.note(format!("its logs are {}", logs.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_word_was_not_taken_for_is_said() {
        let log = "tdap.gov.pk/log/2026/cn".parse().unwrap();
        assert!(goes_on(&log, false, false).ends_with("2026/cn goes on by your word; the audit record keeps it"));
        let closed = goes_on(&log, true, false);
        assert!(closed.contains("2026/cn stays closed, and what waited for it goes on by your word"), "{closed}");
        let more = goes_on(&log, false, true);
        assert!(
            more.contains("goes on by your word")
                && more.ends_with("give this again to have it asked for no more [CONTENTS_MISSING]"),
            "{more}"
        );
    }

    #[test]
    fn numbers_are_said_to_be_given_only_where_the_word_leaves_no_log_shut() {
        let log = "tdap.gov.pk/log/2026/cn".parse().unwrap();
        let stays = |origin: &str, reason: &str| {
            let (origin, reason) = (origin.to_owned(), reason.to_owned());
            stays_shut(&wire::ShutLog { origin, reason, ..Default::default() }, &log)
        };
        let (own, other) = ("tdap.gov.pk/log/2026/cn", "tdap.gov.pk/log/2026/all");
        assert!(!stays(own, "OWN_HISTORY_UNKNOWN") && stays(other, "OWN_HISTORY_UNKNOWN"));
        // The word is refused there.
        assert!(stays(own, "OWN_HISTORY_MISSING") && stays(own, "OWN_HISTORY_FORKED"));
        assert!(!stays(own, "OWN_HISTORY_LOST") && !stays("chamber.cn/log/2026/all", "OWN_HISTORY_MISSING"));
    }

    #[test]
    fn what_is_about_to_be_done_is_said_for_each_state_and_word() {
        let way = |reason: &str, for_good| {
            let (origin, reason) = ("tdap.gov.pk/log/2026/cn".to_owned(), reason.to_owned());
            way(&wire::ShutLog { origin, reason, ..Default::default() }, for_good, &["node.gacc.gov.cn"])
        };
        let says = |way: Option<String>, word: &str| way.is_some_and(|way| way.contains(word));
        assert!(says(way("OWN_HISTORY_UNKNOWN", false), "two histories"));
        assert!(says(way("NUMBERS_UNKNOWN", false), "given twice"));
        assert!(says(way("CONTENTS_MISSING", false), "asked for no more"));
        assert!(says(way("OWN_HISTORY_MISSING", true), "closed for good"));
        assert!(says(way("OWN_HISTORY_MISSING", true), "passes over as many numbers as entries are given up"));
        assert!(says(way("OWN_HISTORY_MISSING", true), "not connected now: node.gacc.gov.cn"));
        // The node refuses these.
        for (reason, for_good) in [
            ("OWN_HISTORY_MISSING", false),
            ("OWN_HISTORY_UNKNOWN", true),
            ("NUMBERS_UNKNOWN", true),
            ("OWN_HISTORY_LOST", true),
            ("OWN_HISTORY_FORKED", true),
        ] {
            assert_eq!(way(reason, for_good), None, "{reason}");
        }
    }
}
