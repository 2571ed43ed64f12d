//! `origin paper register`: papers from a table, each registered once however often the file is sent.

use super::rows::Rows;
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        apply::Door,
        console::{Console, Exit, Failure},
        files::Source,
        outage::{Counts, result_line},
        remote,
    },
};
use std::{path::PathBuf, process::ExitCode};
use uuid::Uuid;

/// Rows of one call.
const BATCH: usize = 128;

/// Register certificates that were issued on paper and are still valid: a CSV table, or JSON lines
///
/// The heading of a table names: number, issued_on, valid_until, agreement, to, office, scan or scan_sha256, and remarks
/// where there are any. A scan is read and hashed here, and stays here. Each row becomes a signed statement to customs of
/// the importing country, and its number is never given again. A row that is refused says why and stops no other; the same
/// file again changes nothing. Exit code 0 if every row is registered, 1 if some are refused.
#[derive(Debug, clap::Args)]
pub(super) struct Register {
    /// The table, or JSON lines; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// Folder of the scans that rows name [default: where the file lies]
    #[arg(long, value_name = "DIR")]
    scans: Option<PathBuf>,
    #[command(flatten)]
    door: Door,
}

impl Register {
    pub(super) fn run(self, console: Console) -> Outcome {
        let token = self.door.token.read()?;
        let mut rows = Rows::open(&self.file, self.scans.as_deref())?;
        let mut counts = Counts::default();
        remote::converse(async {
            let connection = self.door.node.connect(Some(&token)).await?;
            let mut number = 0_usize;
            loop {
                let (mut places, mut batch, mut more) = (Vec::new(), Vec::new(), false);
                for row in rows.by_ref().take(BATCH) {
                    (number, more) = (number + 1, true);
                    match row {
                        Ok(paper) => {
                            places.push((number, paper.number.clone()));
                            batch.push(wire::PaperRow { request_id: Uuid::now_v7().to_string(), paper: Some(paper) });
                        }
                        Err(why) => counts.unreadable(console, number, &why),
                    }
                }
                if !more {
                    return Ok(());
                }
                if batch.is_empty() {
                    continue;
                }
                let request = wire::RegisterPaperCertificatesRequest { rows: batch };
                let answer = connection.continuity().register_paper_certificates(within_deadline(request)).await;
                let answer = answer.map_err(|status| {
                    let failure = remote::refused(console, &self.door.node.node, &status);
                    failure.note("what was registered stays so: the same command goes on")
                })?;
                let results = answer.into_inner().results;
                if results.len() != places.len() {
                    return Err(Failure::new(Exit::Failed, "the node did not answer every row"));
                }
                for ((row, name), result) in places.into_iter().zip(results) {
                    result_line(console, &mut counts, (row, &name), result);
                }
            }
        })?;
        counts.summary(console, "registered");
        Ok(if counts.refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(Exit::Failed.code()) })
    }
}
