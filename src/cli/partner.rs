//! `origin partner`: how the exchange with other nodes is, from the running node.

mod add;
mod evidence;
mod export;
mod findings;
mod go_on;
mod histories;
mod import;
pub(super) mod lifting;
mod passage;
mod rehearse;
pub(super) mod waiting;

use super::{
    Outcome,
    account::OperatorDoor,
    console::{Colour, Console, Failure},
    remote,
};
use crate::{
    api::client::{wire, within_deadline},
    node::system::SystemClock,
    reason::counted,
    time::{Clock, Timestamp},
};
use clap::Subcommand;
pub(super) use findings::{KEY_CLOSED, each_finding};
pub(super) use passage::{awaits, behind, closed, first_missing, is_forked};
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
    /// Show each log between this node and its partners: lag, cosignatures, disclosures, findings, alarms, quotas
    Status(OperatorDoor),
    Findings(findings::Arguments),
    Histories(histories::Arguments),
    Evidence(evidence::Arguments),
    Rehearse(Box<rehearse::Arguments>),
    GoOn(go_on::Arguments),
    Lift(lifting::Arguments),
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
            Command::Histories(arguments) => return arguments.run(console),
            Command::Evidence(arguments) => return arguments.run(console),
            Command::Rehearse(arguments) => return arguments.run(console),
            Command::GoOn(arguments) => return arguments.run(console),
            Command::Lift(arguments) => return arguments.run(console),
        };
        let (answer, histories) = remote::converse(async {
            let answer = ask(console, &door).await?;
            let histories = if logs { histories::ask(console, &door, String::new(), false).await? } else { Vec::new() };
            Ok((answer, histories))
        })?;
        let now = SystemClock.now();
        if answer.partners.is_empty() && !console.is_json() {
            console
                .message("this node has no partners: `[partner]` of its configuration, and the trust list, name them");
        }
        if logs {
            tell_waiting(console, &answer);
        }
        let shut = if console.is_json() { answer.shut.clone() } else { waiting::each_once(&answer.shut) };
        for shut in shut.iter().filter(|_| logs) {
            tell_shut(console, shut);
        }
        for forked in answer.forked.iter().filter(|_| logs) {
            lifting::tell(console, forked);
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
                let size = log.closed_with.map_or_else(|| passage::entries(log.size), closed);
                console.data(format!("witnessed here  {}: {size}", log.origin));
            }
        }
        for history in &histories {
            tell_history(console, history);
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

/// Whether others were shown the same of a log that is held here. That it has shown two histories was said before.
fn tell_history(console: Console, history: &wire::LogHistory) {
    if console.is_json() {
        console.data(histories::document(history, None));
        return;
    }
    let said = histories::said(history);
    if said.heard > 0 && !history.forked {
        console.data(format!("{}: {}", history.origin, console.paint(said.colour, &said.words)));
    }
}

/// One witness outside the trust list, and what it cosigned.
fn tell_outside(console: Console, witness: &wire::OutsideWitness) {
    let wire::OutsideWitness { name, address, message, cosigned, conflicts, .. } = witness;
    let at = |at: &Option<prost_types::Timestamp>| at.as_ref().map(text);
    if console.is_json() {
        let cosigned = cosigned.iter().map(|one| json!({ "origin": one.origin, "size": one.size, "at": at(&one.at) }));
        let cosigned = cosigned.collect::<Vec<_>>();
        console.data(json!({
            "outside_witness": name,
            "address": address,
            "message": message,
            "conflicts": conflicts,
            "cosigned": cosigned,
        }));
        return;
    }
    let wrong = conflicts.iter().chain(Some(message)).filter(|one| !one.is_empty()).map(String::as_str);
    let wrong = wrong.collect::<Vec<_>>().join("; ");
    let (colour, word) = match (wrong.is_empty(), cosigned.is_empty()) {
        (false, _) => (Colour::Red, wrong.as_str()),
        (true, true) => (Colour::Yellow, "was not shown a head yet"),
        (true, false) => (Colour::Green, "cosigns"),
    };
    console.data(format!("outside witness {name} at {address}: {}", console.paint(colour, word)));
    for one in cosigned {
        let when = at(&one.at).unwrap_or_else(|| "-".to_owned());
        console.data(format!("  to   {}: cosigned {} at {when}", one.origin, one.size));
    }
}

/// Who waits for whom.
fn tell_waiting(console: Console, answer: &wire::ListPartnersResponse) {
    if console.is_json() {
        waiting::tell_data(console, answer);
        return;
    }
    for one in &answer.unheard {
        console.data(console.paint(Colour::Red, &waiting::unheard(one)));
    }
    for one in &answer.unknown_arrivals {
        let colour = if one.lost.is_empty() { Colour::Yellow } else { Colour::Red };
        console.data(console.paint(colour, &waiting::unknown_arrivals(one)));
    }
    for one in waiting::Withheld::all(answer) {
        console.data(console.paint(Colour::Yellow, &one.said(&answer.node)));
    }
}

/// One log of this node's own for which not everything goes on.
fn tell_shut(console: Console, shut: &wire::ShutLog) {
    let wire::ShutLog { origin, reason, message, ended, .. } = shut;
    if console.is_json() {
        console.data(json!({ "shut": origin, "reason": reason, "message": message, "ended": ended }));
    } else {
        let colour = if *ended { Colour::Yellow } else { Colour::Red };
        console.data(console.paint(colour, &format!("{message} [{reason}]")));
    }
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
        (None, false) if partner.reason == "PARTNER_WITHOUT_ADDRESS" => {
            (Colour::Yellow, format!("reached by packages: {} [{}]", partner.message, partner.reason))
        }
        (None, false) => (Colour::Red, format!("{} [{}]", partner.message, partner.reason)),
    };
    let address = if partner.address.is_empty() { "no address" } else { &partner.address };
    console.data(format!("{:32} {address:32} {}", partner.name, console.paint(colour, &word)));
    let Some(shut) = shut else { return };
    if partner.trust_version > 0 {
        let fork = if partner.trust_forked { ", another than this node's" } else { "" };
        let clock = partner.clock_ahead_ms.map(|ms| format!(", clock {}", ahead(ms))).unwrap_or_default();
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
        console.data(format!("  {}", passage::said(log, shut, now)));
        if log.missing_disclosures > 0 || log.findings > 0 {
            let missing = counted(log.missing_disclosures, "entry waits", "entries wait");
            let since = log.missing_since.as_ref().map(|at| format!(" since {}", text(at))).unwrap_or_default();
            let missing = format!("{missing} for disclosures{since}{}", first_missing(log));
            let missing = (log.missing_disclosures > 0).then_some(missing);
            let findings = (log.findings > 0).then(|| format!("{} failed the check", log.findings));
            let both = missing.into_iter().chain(findings).collect::<Vec<_>>().join(", ");
            console.data(format!("       {both}"));
        }
        if log.held_disclosures > 0 {
            let held = counted(log.held_disclosures, "entry waits", "entries wait");
            console.data(format!("       {held} for the holder's consent"));
        }
    }
    for alarm in &partner.alarms {
        let since = alarm.since.as_ref().map_or_else(|| "-".to_owned(), text);
        let words = format!("{}: {}; since {since} [{}]", alarm.origin, alarm.message, alarm.reason);
        console.data(format!("  alarm {}", console.paint(Colour::Red, &words)));
    }
}

/// How far a clock is off, as people say it.
pub(super) fn ahead(ms: i64) -> String {
    let (size, sign) = (ms.unsigned_abs(), if ms < 0 { '-' } else { '+' });
    match size {
        0..10_000 => format!("{ms:+} ms"),
        10_000..600_000 => format!("{sign}{} s", size / 1_000),
        600_000..172_800_000 => format!("{sign}{} min", size / 60_000),
        _ => format!("{sign}{} days", size / 86_400_000),
    }
}

/// How packages fare that are pushed, in one line.
fn pushed(console: Console, push: &wire::PushState) -> String {
    let at = |at: &Option<prost_types::Timestamp>| at.as_ref().map_or_else(|| "never".to_owned(), text);
    let (address, taken) = (&push.address, at(&push.taken_at));
    let Some(how) = not_taken(push) else { return format!("pushed to {address}: last taken {taken}") };
    let (tried, next) = (at(&push.tried_at), at(&push.next_at));
    let words = format!("{how}; tried last {tried}, and again {next}; before that one was taken {taken}");
    format!("pushed to {address}: {}", console.paint(Colour::Red, &words))
}

/// How often what is pushed was not taken, and why; none where it was.
pub(super) fn not_taken(push: &wire::PushState) -> Option<String> {
    let failures = push.failures;
    (failures > 0).then(|| {
        let attempts = counted(failures, "attempt", "attempts in a row");
        format!("not taken in {attempts}: {}", push.message)
    })
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
            "frozen_there": log.frozen_there,
            "lost": log.lost_at.map(|at| json!({ "at": at, "gone": log.gone })),
            "behind": { "entries": entries, "seconds": seconds },
            "carried": log.carried,
            "entries_a_minute": log.entries_a_minute,
            "seconds_left": passage::left(log).filter(|_| entries > 0),
            "cosigned": log.cosigned_at.as_ref().map(|at| json!({ "size": log.cosigned_size, "at": text(at) })),
            "disclosed": log.disclosed,
            "missing_disclosures": log.missing_disclosures,
            "missing_since": log.missing_since.as_ref().map(text),
            "first_missing": log.first_missing,
            "held_disclosures": log.held_disclosures,
            "findings": log.findings,
            "awaits_closed": log.awaits_closed,
        })
    });
    let alarms = partner.alarms.iter().map(|alarm| {
        let wire::PartnerAlarm { origin, reason, message, since } = alarm;
        json!({ "origin": origin, "reason": reason, "message": message, "since": since.as_ref().map(text) })
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
        "alarms": alarms.collect::<Vec<_>>(),
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
    fn a_clock_that_is_far_off_is_said_in_the_unit_that_shows_it() {
        let all = [-999, 10_500, -720_000, -31_536_000_001];
        assert_eq!(all.map(ahead), ["-999 ms", "+10 s", "-12 min", "-365 days"]);
    }

    /// What is withheld is no alarm of its own: a system that watches finds it with the log.
    #[test]
    fn a_machine_is_told_with_each_log_how_many_disclosures_are_missing_and_since_when() {
        let missing_since = Some(prost_types::Timestamp { seconds: 0, nanos: 0 });
        let log =
            wire::PartnerLog { missing_disclosures: 2, missing_since, first_missing: Some(7), ..Default::default() };
        let partner = wire::PartnerState { logs: vec![log], ..Default::default() };
        let said = document(&partner, Timestamp::UNIX_EPOCH);
        let said = ["missing_disclosures", "missing_since", "first_missing"].map(|name| said["logs"][0][name].clone());
        assert_eq!(said, [json!(2), json!("1970-01-01T00:00:00Z"), json!(7)]);
    }

    #[test]
    fn what_is_not_taken_is_said_with_when_the_last_one_was_taken_before() {
        let push = wire::PushState { failures: 3, message: "it answers 503".to_owned(), ..Default::default() };
        assert_eq!(not_taken(&push).unwrap(), "not taken in 3 attempts in a row: it answers 503");
        assert_eq!(not_taken(&wire::PushState::default()), None);
    }
}
