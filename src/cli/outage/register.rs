//! `origin issue --register`: what a spool holds, issued electronically; and how results of registering are shown.

use super::{
    offline::CUT_SHORT,
    printed,
    spool::{Entry, Spool},
};
use crate::{
    api::client::{wire, within_deadline},
    certificate::{Findings, Instant},
    cli::{
        Outcome,
        certificate::findings_text,
        console::{Colour, Console, Exit, Failure},
        remote::{self, NodeArguments, date_text},
        tree::plain,
    },
    encoding::hex,
};
use serde_json::json;
use std::{path::Path, process::ExitCode};
use uuid::Uuid;

/// Rows of one call: each waits for its place in the log, within the time a call may take.
const BATCH: usize = 32;

/// What came of the rows so far.
#[derive(Debug, Default)]
pub(in crate::cli) struct Counts {
    pub(in crate::cli) done: u64,
    pub(in crate::cli) before: u64,
    pub(in crate::cli) refused: u64,
}

impl Counts {
    /// A row that cannot be read.
    pub(in crate::cli) fn unreadable(&mut self, console: Console, row: usize, why: &str) {
        self.refused += 1;
        if console.is_json() {
            console.data(json!({ "row": row, "outcome": "refused", "reason": "ROW", "message": why }));
        } else {
            console.data(format!("row {row}: {}  {}", console.paint(Colour::Red, "refused"), plain(why)));
        }
    }

    /// The counts at the end.
    pub(in crate::cli) fn summary(&self, console: Console, word: &str) {
        let before = if self.before == 0 { String::new() } else { format!(", {} {word} before", self.before) };
        console.message(format!("{} {word}{before}, {} refused", self.done, self.refused));
    }
}

/// Shows what came of a row, and counts it.
pub(in crate::cli) fn result_line(
    console: Console,
    counts: &mut Counts,
    (row, number): (usize, &str),
    result: wire::RegisterResult,
) {
    use wire::register_result::Outcome;
    match result.outcome {
        Some(Outcome::Registered(one)) => {
            let certificate = one.certificate.unwrap_or_default();
            let word = if one.before { "registered before" } else { "registered" };
            *(if one.before { &mut counts.before } else { &mut counts.done }) += 1;
            let day = date_text(certificate.issued_on.as_ref());
            let warnings = Findings(certificate.warnings.iter().map(remote::finding).collect());
            if console.is_json() {
                console.data(json!({
                    "row": row, "outcome": "registered", "before": one.before, "number": certificate.number,
                    "jti": certificate.jti, "log": certificate.log, "index": certificate.index, "issued_on": day,
                    "warnings": warnings,
                }));
                return;
            }
            let painted = console.paint(Colour::Green, word);
            console.data(format!("row {row}: {painted}  {}  {}  {day}", certificate.number, certificate.jti));
            console.raw(findings_text(console, &warnings).as_bytes());
        }
        Some(Outcome::Refused(why)) => {
            counts.refused += 1;
            let findings = Findings(why.findings.iter().map(remote::finding).collect());
            let wire::RowRefused { reason, message, .. } = why;
            if console.is_json() {
                console.data(json!({
                    "row": row, "outcome": "refused", "number": number, "reason": reason, "message": message,
                    "findings": findings,
                }));
                return;
            }
            let painted = console.paint(Colour::Red, "refused");
            console.data(format!("row {row}: {painted}  {}  {} [{reason}]", plain(number), plain(&message)));
            console.raw(findings_text(console, &findings).as_bytes());
        }
        None => counts.unreadable(console, row, "the node answered it with nothing"),
    }
}

/// Has issued what a spool holds; what was registered before stays as it is.
pub(in crate::cli) fn register(console: Console, path: &Path, node: &NodeArguments, token: &str) -> Outcome {
    let spool = Spool::open(path)?;
    // What was changed since it was printed is found before anything is sent.
    for entry in &spool.entries {
        printed::as_hashed(&spool.block, entry)?;
    }
    let mut counts = Counts::default();
    remote::converse(async {
        let connection = node.connect(Some(token)).await?;
        for (nth, part) in spool.entries.chunks(BATCH).enumerate() {
            let rows = part.iter().map(|entry| to_wire(&spool.block.block, entry)).collect::<Result<_, _>>()?;
            let request = wire::RegisterOutageCertificatesRequest { rows };
            let answer = connection.continuity().register_outage_certificates(within_deadline(request)).await;
            let answer = answer.map_err(|status| {
                let failure = remote::refused(console, &node.node, &status);
                failure.note("what was registered stays so: the same command goes on")
            })?;
            let results = answer.into_inner().results;
            if results.len() != part.len() {
                return Err(Failure::new(Exit::Failed, "the node did not answer every row"));
            }
            for (at, (entry, result)) in part.iter().zip(results).enumerate() {
                result_line(console, &mut counts, (nth * BATCH + at + 1, &entry.number), result);
            }
        }
        Ok(())
    })?;
    counts.summary(console, "registered");
    if let Some(cut) = spool.cut_short() {
        return Err(Failure::new(Exit::Failed, format!("{cut}, and nothing is registered of it from this spool"))
            .help(CUT_SHORT));
    }
    Ok(if counts.refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(Exit::Failed.code()) })
}

fn to_wire(block: &str, entry: &Entry) -> Result<wire::OutageRow, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, format!("{}: {error}", entry.number));
    let at: Instant = entry.issued_at.parse().map_err(|error| wrong(&error))?;
    let hash = hex::decode(&entry.paper_sha256).ok_or_else(|| wrong(&"its hash has no hexadecimal digits"))?;
    Ok(wire::OutageRow {
        request_id: Uuid::now_v7().to_string(),
        certificate_json: entry.certificate.to_string().into(),
        block_id: block.to_owned(),
        issued_at: Some(prost_types::Timestamp { seconds: at.timestamp().as_second(), nanos: 0 }),
        paper_sha256: hash.into(),
    })
}
