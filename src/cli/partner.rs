//! `origin partner`: how the exchange with other nodes is, from the running node.

mod add;
mod export;
mod findings;
mod go_on;
mod import;
mod rehearse;

use super::{
    Outcome,
    account::OperatorDoor,
    console::{Colour, Console, Failure},
    remote,
};
use crate::{
    api::client::{wire, within_deadline},
    log::Origin,
    node::system::SystemClock,
    reason::counted,
    time::{Clock, Timestamp},
};
use clap::Subcommand;
pub(super) use findings::{KEY_CLOSED, each_finding};
use serde_json::json;
use std::{collections::BTreeSet, process::ExitCode};

/// Add partner nodes, rehearse with them, and see how the exchange with them is
///
/// Who the partners are, where they are reached and by which keys they are known stands in the trust list.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(Box<add::Arguments>),
    Export(Box<export::Arguments>),
    Import(Box<import::Arguments>),
    /// List the partners: connected or not, and why
    List(OperatorDoor),
    /// Show each log between this node and its partners: lag, cosignatures, disclosures, findings, quotas
    Status(OperatorDoor),
    Findings(findings::Arguments),
    Rehearse(Box<rehearse::Arguments>),
    GoOn(go_on::Arguments),
    /// Take and cosign a log again that has shown two histories
    ///
    /// A log of a partner that is proven to have shown two histories is frozen: this node keeps the branch that it held
    /// first, takes and cosigns nothing more, and its verdicts say so. Once you have looked into it with the partner (an old
    /// copy that was restored, say) and the branch held here is the one that goes on, this lifts it here. The proof stays
    /// where it was said, what forks further on freezes the log again, and the audit trail keeps what you did.
    Lift {
        #[command(flatten)]
        door: OperatorDoor,
        /// The log, <host>/log/<shard>/<addressee>
        #[arg(long, value_name = "ORIGIN")]
        log: Origin,
        /// Why, for the audit trail
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let (door, logs) = match self.command {
            Command::Add(arguments) => return arguments.run(console),
            Command::Export(arguments) => return arguments.run(console),
            Command::Import(arguments) => return arguments.run(console),
            Command::List(door) => (door, false),
            Command::Status(door) => (door, true),
            Command::Findings(arguments) => return arguments.run(console),
            Command::Rehearse(arguments) => return arguments.run(console),
            Command::GoOn(arguments) => return arguments.run(console),
            Command::Lift { door, log, reason } => return lift(console, &door, &log, reason),
        };
        let answer = remote::converse(ask(console, &door))?;
        let now = SystemClock.now();
        if answer.partners.is_empty() && !console.is_json() {
            console
                .message("this node has no partners: `[partner]` of its configuration, and the trust list, name them");
        }
        for shut in answer.shut.iter().filter(|_| logs) {
            tell_shut(console, shut);
        }
        for forked in answer.forked.iter().filter(|_| logs) {
            tell_forked(console, forked);
        }
        for partner in &answer.partners {
            if console.is_json() {
                console.data(document(partner, now));
            } else {
                print(console, partner, now, logs.then_some(answer.shut.as_slice()));
            }
        }
        for witness in answer.outside_witnesses.iter().filter(|_| logs) {
            tell_outside(console, witness);
        }
        for log in witnessed(&answer).into_iter().filter(|_| logs) {
            if console.is_json() {
                console.data(json!({ "witnessed": log.origin, "size": log.size, "closed_with": log.closed_with }));
            } else {
                let size = log.closed_with.map_or_else(|| entries(log.size), closed);
                console.data(format!("witnessed here  {}: {size}", log.origin));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Logs of others whose heads this node has seen grow, and whose entries it has not.
fn witnessed(answer: &wire::ListPartnersResponse) -> Vec<&wire::LogState> {
    let held = answer.partners.iter().flat_map(|partner| &partner.logs).filter(|log| log.inward);
    let held = held.map(|log| log.origin.as_str()).collect::<BTreeSet<_>>();
    answer.known_logs.iter().filter(|known| !held.contains(known.origin.as_str())).collect()
}

/// One witness outside the trust list, and what it cosigned.
fn tell_outside(console: Console, witness: &wire::OutsideWitness) {
    let wire::OutsideWitness { name, address, message, cosigned, .. } = witness;
    let at = |at: &Option<prost_types::Timestamp>| at.as_ref().map(text);
    if console.is_json() {
        let cosigned = cosigned.iter().map(|one| json!({ "origin": one.origin, "size": one.size, "at": at(&one.at) }));
        let cosigned = cosigned.collect::<Vec<_>>();
        console.data(json!({ "outside_witness": name, "address": address, "message": message, "cosigned": cosigned }));
        return;
    }
    let (colour, word) = match (message.is_empty(), cosigned.is_empty()) {
        (false, _) => (Colour::Red, message.as_str()),
        (true, true) => (Colour::Yellow, "was not shown a head yet"),
        (true, false) => (Colour::Green, "cosigns"),
    };
    console.data(format!("outside witness {name} at {address}: {}", console.paint(colour, word)));
    for one in cosigned {
        let when = at(&one.at).unwrap_or_else(|| "-".to_owned());
        console.data(format!("  to   {}: cosigned {} at {when}", one.origin, one.size));
    }
}

/// One log of this node's own for which not everything goes on.
fn tell_shut(console: Console, shut: &wire::ShutLog) {
    let wire::ShutLog { origin, reason, message } = shut;
    if console.is_json() {
        console.data(json!({ "shut": origin, "reason": reason, "message": message }));
    } else {
        console.data(console.paint(Colour::Red, &format!("{message} [{reason}]")));
    }
}

/// A log that has shown two histories.
fn tell_forked(console: Console, forked: &wire::ForkedLog) {
    let wire::ForkedLog { origin, size, lifted_at, lifted_reason } = forked;
    let lifted = lifted_at.as_ref().and_then(|at| Timestamp::from_second(at.seconds).ok());
    if console.is_json() {
        console.data(json!({ "forked": origin, "size": size, "lifted_at": lifted.map(|at| at.to_string()), "lifted_reason": lifted_reason }));
        return;
    }
    let line = match lifted {
        Some(at) => format!("{origin} has shown two histories up to size {size}; lifted {at}: {lifted_reason}"),
        None => console.paint(
            Colour::Red,
            &format!(
                "{origin} has shown two histories after size {size}: nothing more is taken or cosigned; once you have \
                 looked into it: origin partner lift [LOG_EQUIVOCATED]"
            ),
        ),
    };
    console.data(line);
}

/// Takes and cosigns a log again.
fn lift(console: Console, door: &OperatorDoor, log: &Origin, reason: String) -> Outcome {
    let request = wire::LiftEvidenceRequest { log: log.to_string(), reason };
    let answer = remote::converse(async {
        let (connection, address) = door.open(&door.configuration()?).await?;
        let answer = connection.admin().lift_evidence(within_deadline(request)).await;
        answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &address, &status))
    })?;
    if console.is_json() {
        console.data(json!({ "log": log.as_str(), "was_frozen": answer.was_frozen, "past": answer.past }));
    } else if answer.was_frozen {
        let past = answer.past;
        console.data(format!(
            "{log} is taken and cosigned again, on the branch that is held here; what forks past size {past} freezes it anew"
        ));
    } else {
        console.data(format!("{log} was not frozen: nothing changed"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the running node.
pub(super) async fn ask(console: Console, door: &OperatorDoor) -> Result<wire::ListPartnersResponse, Failure> {
    let (connection, address) = door.open(&door.configuration()?).await?;
    let answer = connection.admin().list_partners(within_deadline(wire::ListPartnersRequest {})).await;
    answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &address, &status))
}

/// One partner; with its logs where it is known which of this node's are shut.
fn print(console: Console, partner: &wire::PartnerState, now: Timestamp, shut: Option<&[wire::ShutLog]>) {
    let (colour, word) = match (&partner.connected_since, partner.reason.is_empty()) {
        (Some(_), _) => (Colour::Green, "connected".to_owned()),
        (None, true) => (Colour::Yellow, "not yet connected".to_owned()),
        (None, false) => (Colour::Red, format!("{} [{}]", partner.message, partner.reason)),
    };
    let address = if partner.address.is_empty() { "no address" } else { &partner.address };
    console.data(format!("{:32} {address:32} {}", partner.name, console.paint(colour, &word)));
    let Some(shut) = shut else { return };
    if partner.trust_version > 0 {
        let fork = if partner.trust_forked { ", another than this node's" } else { "" };
        let clock = partner.clock_ahead_ms.map(|ms| format!(", clock {ms:+} ms")).unwrap_or_default();
        console.data(format!("  trust list {}{fork}{clock}", partner.trust_version));
    }
    console.data(format!(
        "  here {} of {} MiB, {} of {} entries today",
        partner.bytes_used >> 20,
        partner.bytes_quota >> 20,
        partner.entries_today,
        partner.entries_a_day
    ));
    if let Some(push) = &partner.push {
        console.data(format!("  {}", pushed(console, push)));
    }
    for log in &partner.logs {
        let way = if log.inward { "from" } else { "to" };
        let lag = lag(log, shut, now);
        console.data(format!("  {way:4} {}: {}, {lag}; {}", log.origin, held(log), cosigned(log)));
        if log.missing_disclosures > 0 || log.findings > 0 {
            let missing = counted(log.missing_disclosures, "entry waits", "entries wait");
            console.data(format!("       {missing} for disclosures, {} failed the check", log.findings));
        }
        if log.held_disclosures > 0 {
            let held = counted(log.held_disclosures, "entry waits", "entries wait");
            console.data(format!("       {held} for the holder's consent"));
        }
    }
}

/// How much of a log its reader holds. A partner may hold what this node lost of its own.
fn held(log: &wire::PartnerLog) -> String {
    let wire::PartnerLog { held, size, .. } = log;
    if held > size { format!("{held} there and {size} here") } else { format!("{held} of {size}") }
}

/// What was cosigned last. Of its own cosignatures a node keeps those that came back to it: after a start it may have given
/// a newer one.
fn cosigned(log: &wire::PartnerLog) -> String {
    let Some(at) = &log.cosigned_at else { return "not cosigned".to_owned() };
    let least = if log.inward && log.cosigned_size < log.held { "at least " } else { "" };
    format!("cosigned {least}{} at {}", log.cosigned_size, text(at))
}

fn entries(count: u64) -> String {
    counted(count, "entry", "entries")
}

/// A log that takes nothing more.
pub(super) fn closed(with: u64) -> String {
    format!("closed with {}", entries(with))
}

/// How far a log has come between this node and a partner. Of one that this node lost entries of, what a partner has seen
/// of it is no measure.
fn lag(log: &wire::PartnerLog, shut: &[wire::ShutLog], now: Timestamp) -> String {
    let doubted = |one: &wire::ShutLog| {
        // What is lost for good is said by what the log is closed with.
        one.origin == log.origin && one.reason.starts_with("OWN_HISTORY_") && one.reason != "OWN_HISTORY_LOST"
    };
    let lag = match behind(log, now) {
        Some((behind, seconds)) => Some(format!("{} and {seconds} s behind", entries(behind))),
        None if shut.iter().any(doubted) => Some("the log is shut".to_owned()),
        None if log.closed_with.is_some() => None,
        None => Some("up to date".to_owned()),
    };
    log.closed_with.map(closed).into_iter().chain(lag).collect::<Vec<_>>().join(", ")
}

/// How packages fare that are pushed, in one line.
fn pushed(console: Console, push: &wire::PushState) -> String {
    let at = |at: &Option<prost_types::Timestamp>| at.as_ref().map_or_else(|| "never".to_owned(), text);
    let (address, taken) = (&push.address, at(&push.taken_at));
    let Some(how) = not_taken(push) else { return format!("pushed to {address}: last taken {taken}") };
    let (tried, next) = (at(&push.tried_at), at(&push.next_at));
    let words = format!("{how}; last tried {tried}, next {next}, last taken {taken}");
    format!("pushed to {address}: {}", console.paint(Colour::Red, &words))
}

/// How often what is pushed was not taken, and why; none where it was.
pub(super) fn not_taken(push: &wire::PushState) -> Option<String> {
    let times = match push.failures {
        0 => return None,
        1 => "once".to_owned(),
        failures => format!("{failures} times"),
    };
    Some(format!("not taken, {times}: {}", push.message))
}

/// Entries and seconds by which a log is behind; for what stands beyond its end nobody waits.
pub(super) fn behind(log: &wire::PartnerLog, now: Timestamp) -> Option<(u64, i64)> {
    let since = log.behind_since.as_ref()?;
    let end = log.closed_with.map_or(log.size, |last| log.size.min(last));
    let entries = end.checked_sub(log.held).filter(|entries| *entries > 0)?;
    Some((entries, now.as_second().saturating_sub(since.seconds).max(0)))
}

fn text(at: &prost_types::Timestamp) -> String {
    Timestamp::from_second(at.seconds).map_or_else(|_| "-".to_owned(), |at| at.to_string())
}

fn document(partner: &wire::PartnerState, now: Timestamp) -> serde_json::Value {
    let logs = partner.logs.iter().map(|log| {
        let (entries, seconds) = behind(log, now).unwrap_or((0, 0));
        json!({
            "origin": log.origin,
            "inward": log.inward,
            "size": log.size,
            "held": log.held,
            "closed_with": log.closed_with,
            "behind": { "entries": entries, "seconds": seconds },
            "cosigned": log.cosigned_at.as_ref().map(|at| json!({ "size": log.cosigned_size, "at": text(at) })),
            "disclosed": log.disclosed,
            "missing_disclosures": log.missing_disclosures,
            "held_disclosures": log.held_disclosures,
            "findings": log.findings,
        })
    });
    json!({
        "name": partner.name,
        "address": partner.address,
        "connected_since": partner.connected_since.as_ref().map(text),
        "reason": partner.reason,
        "message": partner.message,
        "trust_version": partner.trust_version,
        "trust_forked": partner.trust_forked,
        "clock_ahead_ms": partner.clock_ahead_ms,
        "bytes": { "used": partner.bytes_used, "quota": partner.bytes_quota },
        "entries_today": { "used": partner.entries_today, "quota": partner.entries_a_day },
        "logs": logs.collect::<Vec<_>>(),
        "push": partner.push.as_ref().map(|push| json!({
            "address": push.address,
            "tried_at": push.tried_at.as_ref().map(text),
            "taken_at": push.taken_at.as_ref().map(text),
            "next_at": push.next_at.as_ref().map(text),
            "failures": push.failures,
            "message": push.message,
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_shut_is_not_up_to_date_and_one_that_is_closed_is_said_to_be() {
        let origin = "tdap.gov.pk/log/2026/cn".to_owned();
        let log = |closed_with, size| {
            let origin = origin.clone();
            wire::PartnerLog { origin, size, held: size, closed_with, ..Default::default() }
        };
        let (missing, key) = ("OWN_HISTORY_MISSING".to_owned(), "SIGNING_KEY_CLOSED".to_owned());
        let shut = |reason| wire::ShutLog { origin: origin.clone(), reason, ..Default::default() };
        let said = |log: &wire::PartnerLog, shut: &[wire::ShutLog]| lag(log, shut, Timestamp::UNIX_EPOCH);
        assert_eq!(said(&log(None, 3), &[]), "up to date");
        assert_eq!(said(&log(None, 3), &[shut(key)]), "up to date");
        assert_eq!(said(&log(None, 3), &[shut(missing.clone())]), "the log is shut");
        assert_eq!(said(&log(Some(1), 2), &[]), "closed with 1 entry");
        assert_eq!(said(&log(Some(3), 3), &[shut(missing)]), "closed with 3 entries, the log is shut");
        let lost = shut("OWN_HISTORY_LOST".to_owned());
        assert_eq!(said(&log(Some(3), 3), &[lost]), "closed with 3 entries", "nobody waits for it to open");
        let at = Some(prost_types::Timestamp { seconds: -5, nanos: 0 });
        let late = wire::PartnerLog { held: 2, behind_since: at, ..log(None, 3) };
        assert_eq!(said(&late, &[]), "1 entry and 5 s behind");
        let beyond = wire::PartnerLog { closed_with: Some(2), ..late };
        assert_eq!(said(&beyond, &[]), "closed with 2 entries");
    }

    #[test]
    fn what_a_partner_holds_beyond_what_is_here_and_what_may_have_been_cosigned_since_is_not_said_to_be_less() {
        let log = |held, size| wire::PartnerLog { held, size, ..Default::default() };
        assert_eq!((held(&log(2, 3)).as_str(), held(&log(17, 12)).as_str()), ("2 of 3", "17 there and 12 here"));
        assert_eq!(cosigned(&log(3, 3)), "not cosigned");
        let said = |inward, cosigned_size| {
            let cosigned_at = Some(prost_types::Timestamp { seconds: 0, nanos: 0 });
            cosigned(&wire::PartnerLog { inward, cosigned_size, cosigned_at, ..log(3, 3) })
        };
        assert_eq!(said(true, 2), "cosigned at least 2 at 1970-01-01T00:00:00Z");
        assert_eq!(said(true, 3), "cosigned 3 at 1970-01-01T00:00:00Z");
        assert_eq!(said(false, 2), "cosigned 2 at 1970-01-01T00:00:00Z", "what a partner cosigned is known as it came");
    }
}
