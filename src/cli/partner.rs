//! `origin partner`: how the exchange with other nodes is, from the running node.

mod add;
mod export;
mod findings;
mod import;
mod rehearse;

use super::{
    Outcome,
    account::OperatorDoor,
    console::{Colour, Console, Failure},
    remote,
};
use crate::{
    api::client::{Connection, wire, within_deadline},
    log::Origin,
    node::system::SystemClock,
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
    /// Have a log signed on though partners could not be asked what they hold of it
    ///
    /// A node that starts asks its partners, log by log, what they hold of its own logs, and signs for a log only when
    /// enough have answered: its data folder may be an old copy. Where they cannot be reached, and you know that the
    /// folder is whole, this goes on without them. If it is not whole, the log shows two histories, for ever. The same
    /// for certificates that came back without their numbers: one of them may be given twice. The audit trail keeps it.
    GoOn {
        #[command(flatten)]
        door: OperatorDoor,
        /// The log, <host>/log/<shard>/<addressee>
        #[arg(long, value_name = "ORIGIN")]
        log: Origin,
    },
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
            Command::GoOn { door, log } => return go_on(console, &door, &log),
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
                print(console, partner, now, logs);
            }
        }
        for witness in answer.outside_witnesses.iter().filter(|_| logs) {
            tell_outside(console, witness);
        }
        for log in witnessed(&answer).into_iter().filter(|_| logs) {
            if console.is_json() {
                console.data(json!({ "witnessed": log.origin, "size": log.size }));
            } else {
                console.data(format!("witnessed here  {}: {} entries", log.origin, log.size));
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

/// Goes on without the partners' word.
fn go_on(console: Console, door: &OperatorDoor, log: &Origin) -> Outcome {
    let request = wire::GoOnRequest { log: log.to_string() };
    let answer = remote::converse(async {
        let (connection, address) = door.open(&door.configuration()?).await?;
        match connection.admin().go_on(within_deadline(request)).await {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) => {
                let failure = remote::refused(console, &address, &status);
                let is_unknown = matches!(failure.reason(), Some("LOG_UNKNOWN" | "AUTHORITY_UNKNOWN"));
                Err(if is_unknown { of_those(failure, &connection).await } else { failure })
            }
        }
    })?;
    if console.is_json() {
        console.data(json!({ "log": log.as_str(), "was_shut": answer.was_shut }));
    } else if answer.was_shut {
        console.data(format!("{log} goes on by your word; the audit trail keeps it"));
    } else {
        console.data(format!("{log} was not shut: nothing changed"));
    }
    Ok(ExitCode::SUCCESS)
}

/// The same failure, with the logs that there are.
async fn of_those(failure: Failure, connection: &Connection) -> Failure {
    let answer = connection.admin().get_status(within_deadline(wire::GetStatusRequest {})).await;
    let authorities = answer.map(|answer| answer.into_inner().authorities).unwrap_or_default();
    let logs = authorities.into_iter().flat_map(|authority| authority.logs).map(|log| log.origin);
    let logs = logs.collect::<Vec<_>>();
    if logs.is_empty() { failure } else { failure.note(format!("its logs are {}", logs.join(", "))) }
}

/// Asks the running node.
pub(super) async fn ask(console: Console, door: &OperatorDoor) -> Result<wire::ListPartnersResponse, Failure> {
    let (connection, address) = door.open(&door.configuration()?).await?;
    let answer = connection.admin().list_partners(within_deadline(wire::ListPartnersRequest {})).await;
    answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &address, &status))
}

fn print(console: Console, partner: &wire::PartnerState, now: Timestamp, logs: bool) {
    let (colour, word) = match (&partner.connected_since, partner.reason.is_empty()) {
        (Some(_), _) => (Colour::Green, "connected".to_owned()),
        (None, true) => (Colour::Yellow, "not yet connected".to_owned()),
        (None, false) => (Colour::Red, format!("{} [{}]", partner.message, partner.reason)),
    };
    let address = if partner.address.is_empty() { "no address" } else { &partner.address };
    console.data(format!("{:32} {address:32} {}", partner.name, console.paint(colour, &word)));
    if !logs {
        return;
    }
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
        let lag = match behind(log, now) {
            Some((entries, seconds)) => format!("{entries} entries and {seconds} s behind"),
            None => "up to date".to_owned(),
        };
        let cosigned = match &log.cosigned_at {
            Some(at) => format!("cosigned {} at {}", log.cosigned_size, text(at)),
            None => "not cosigned".to_owned(),
        };
        console.data(format!("  {way:4} {}: {} of {}, {lag}; {cosigned}", log.origin, log.held, log.size));
        if log.missing_disclosures > 0 || log.findings > 0 {
            let (missing, findings) = (log.missing_disclosures, log.findings);
            console.data(format!("       {missing} entries wait for disclosures, {findings} failed their check"));
        }
        if log.held_disclosures > 0 {
            console.data(format!("       {} entries wait for their holders' consent", log.held_disclosures));
        }
    }
}

/// How packages fare that are pushed, in one line.
fn pushed(console: Console, push: &wire::PushState) -> String {
    let at = |at: &Option<prost_types::Timestamp>| at.as_ref().map_or_else(|| "never".to_owned(), text);
    let (address, taken) = (&push.address, at(&push.taken_at));
    if push.failures == 0 {
        return format!("pushed to {address}: last taken {taken}");
    }
    let (failures, tried, next) = (push.failures, at(&push.tried_at), at(&push.next_at));
    let times = if failures == 1 { "once".to_owned() } else { format!("{failures} times") };
    let words = format!("not taken, {times}: {}; last tried {tried}, next {next}, last taken {taken}", push.message);
    format!("pushed to {address}: {}", console.paint(Colour::Red, &words))
}

/// Entries and seconds by which a log is behind.
pub(super) fn behind(log: &wire::PartnerLog, now: Timestamp) -> Option<(u64, i64)> {
    let since = log.behind_since.as_ref()?;
    Some((log.size.saturating_sub(log.held), now.as_second().saturating_sub(since.seconds).max(0)))
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
