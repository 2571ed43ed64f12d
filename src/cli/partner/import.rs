//! `origin partner import`: takes a package that a partner made for this node.

use super::export;
use crate::{
    api::client::{Connection, wire},
    cli::{
        Outcome,
        account::OperatorDoor,
        console::{Colour, Console, Exit, Failure},
        files::Source,
        remote,
    },
};
use serde_json::json;
use std::{fs::File, io::Read, process::ExitCode};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Bytes of one message.
const CHUNK: usize = 256 << 10;
/// Messages that were not sent yet.
const ROOM: usize = 4;

/// Take a package that a partner made for this node
///
/// Nothing is taken of one that is not whole, or not sealed by the partner it names. Its logs are then taken as from a
/// connection: proven, checked, made durable, cosigned; and its disclosures held against what was signed. Taken again it
/// changes nothing. One that begins past what is held says what is missing.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The package; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// Where this node's answer goes, a package for the partner: cosignatures, receipts, and what it has not got yet
    #[arg(long, value_name = "FILE")]
    answer: Option<Source>,
    #[command(flatten)]
    door: OperatorDoor,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        if self.answer == Some(Source::Stdin) && console.is_json() {
            return Err(Failure::new(Exit::Usage, "an answer on standard output leaves no room for JSON there"));
        }
        let (answer, made) = remote::converse(async {
            let (connection, address) = self.door.open(&self.door.configuration()?).await?;
            let there = (&connection, address.as_str());
            let answer = import(console, there, &self.file).await?;
            let made = match &self.answer {
                Some(to) => {
                    let partner = answer.partner.clone();
                    let request = wire::ExportPackageRequest { partner, ..Default::default() };
                    Some(export::export(console, there, request, to).await?)
                }
                None => None,
            };
            Ok((answer, made))
        })?;
        tell(console, &answer, self.answer == Some(Source::Stdin));
        if let (Some(made), Some(to)) = (&made, &self.answer) {
            export::tell(console, &answer.partner, made, to);
        }
        let refused = answer.logs.iter().any(|log| !log.reason.is_empty());
        let refused = refused || answer.cosigned.iter().any(|one| !one.reason.is_empty());
        Ok(if refused { ExitCode::from(Exit::Failed.code()) } else { ExitCode::SUCCESS })
    }
}

/// Sends the file as it is read.
pub(super) async fn import(
    console: Console,
    (connection, address): (&Connection, &str),
    file: &Source,
) -> Result<wire::ImportPackageResponse, Failure> {
    let mut from: Box<dyn Read + Send> = match file {
        Source::Stdin => Box::new(std::io::stdin()),
        Source::File(path) => Box::new(
            File::open(path)
                .map_err(|error| Failure::new(Exit::Failed, format!("`{file}` cannot be read: {error}")))?,
        ),
    };
    let (out, chunks) = mpsc::channel(ROOM);
    let reading = std::thread::spawn(move || {
        loop {
            let mut chunk = vec![0; CHUNK];
            let read = from.read(&mut chunk)?;
            chunk.truncate(read);
            let message = wire::ImportPackageRequest { chunk: chunk.into() };
            if read == 0 || out.blocking_send(message).is_err() {
                return Ok::<_, std::io::Error>(());
            }
        }
    });
    let answer = connection.admin().import_package(ReceiverStream::new(chunks)).await;
    let answer = answer.map_err(|status| remote::refused(console, address, &status))?;
    // A file that could not be read to its end has no seal, and was refused.
    drop(reading);
    Ok(answer.into_inner())
}

fn tell(console: Console, answer: &wire::ImportPackageResponse, beside: bool) {
    if console.is_json() {
        console.data(document(answer));
        return;
    }
    // Where the answer goes to standard output nothing else stands there.
    let say = |text: String| if beside { console.message(text) } else { console.data(text) };
    say(format!("from {}, by trust list {} (here {})", answer.partner, answer.trust_version, answer.own_trust_version));
    for log in &answer.logs {
        if log.reason.is_empty() {
            say(taken(log));
        } else {
            say(console.paint(Colour::Red, &format!("{}: {} [{}]", log.origin, log.message, log.reason)));
        }
        if !log.awaits.is_empty() {
            say(format!("  not cosigned before these have told what they know of it: {}", log.awaits.join(", ")));
        }
        let (missing, kept_back) = (log.missing_disclosures.len(), log.held_disclosures.len());
        if let Some(first) = log.missing_disclosures.first() {
            say(format!("  {missing} entries without their disclosures, the first {first}: ask for"));
            say(format!("  origin partner export NODE --log {} --after {first}", log.origin));
        }
        if kept_back > 0 {
            say(format!("  {kept_back} entries wait for their holders' consent"));
        }
    }
    for one in &answer.cosigned {
        if one.reason.is_empty() {
            say(format!("{}: cosigned up to {}", one.origin, one.size));
        } else {
            say(console.paint(Colour::Red, &format!("{}: {} [{}]", one.origin, one.message, one.reason)));
            if let Some(follows) = follows(&one.reason) {
                say(format!("  {follows}"));
            }
        }
    }
}

/// What came of a log of the package. Of one that has less than is held the head was cosigned with what came before.
fn taken(log: &wire::ImportedLog) -> String {
    let cosigned = match (log.cosigned, log.held > log.size) {
        (true, false) => ", cosigned",
        (true, true) => ", cosigned before",
        (false, _) => "",
    };
    let receipted = if log.receipted { ", receipted" } else { "" };
    format!("{}: {} of {} entries are held{cosigned}{receipted}", log.origin, log.held, log.size.max(log.held))
}

/// What comes of that a head of an own log was not taken, beside that.
fn follows(reason: &str) -> Option<&'static str> {
    (reason == "PARTNER_HOLDS_MORE").then_some(
        "this node runs on an old copy of its data folder, so the log is shut: nothing is signed for it [OWN_HISTORY_MISSING]; \
         origin doctor says what to do",
    )
}

fn document(answer: &wire::ImportPackageResponse) -> serde_json::Value {
    let logs = answer.logs.iter().map(|log| {
        json!({
            "origin": log.origin,
            "after": log.after,
            "size": log.size,
            "held": log.held,
            "cosigned": log.cosigned,
            "awaits": log.awaits,
            "receipted": log.receipted,
            "missing_disclosures": log.missing_disclosures,
            "held_disclosures": log.held_disclosures,
            "reason": log.reason,
            "message": log.message,
        })
    });
    let cosigned = answer
        .cosigned
        .iter()
        .map(|one| json!({ "origin": one.origin, "size": one.size, "reason": one.reason, "message": one.message }));
    json!({
        "partner": answer.partner,
        "trust_version": answer.trust_version,
        "own_trust_version": answer.own_trust_version,
        "logs": logs.collect::<Vec<_>>(),
        "cosigned": cosigned.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_shuts_a_log_says_that_it_did() {
        let said = follows("PARTNER_HOLDS_MORE").unwrap();
        assert!(said.contains("the log is shut") && said.contains("origin doctor"), "{said}");
        assert_eq!(follows("HEADS_INCONSISTENT"), None);
    }

    #[test]
    fn a_package_that_brings_less_than_is_held_says_that_it_was_cosigned_before() {
        let log = |size| wire::ImportedLog {
            origin: "a/log/2026/cn".to_owned(),
            size,
            held: 58,
            cosigned: true,
            receipted: true,
            ..Default::default()
        };
        assert_eq!(taken(&log(58)), "a/log/2026/cn: 58 of 58 entries are held, cosigned, receipted");
        assert_eq!(taken(&log(20)), "a/log/2026/cn: 58 of 58 entries are held, cosigned before, receipted");
    }
}
