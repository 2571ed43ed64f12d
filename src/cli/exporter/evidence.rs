//! `origin exporter evidence`: what goods cost to produce, brought and verified.

use super::{Door, ForExporter, full};
use crate::{
    api::client::{wire, within_deadline},
    certificate::Sha256,
    cli::{Outcome, arguments, console::Console, files::Source, remote::date_to_wire},
    time::Date,
};
use sha2::{Digest as _, Sha256 as Hasher};
use std::process::ExitCode;

/// Bytes of a paper whose hash is kept.
const PAPER_BYTES: usize = 64 << 20;

/// Bring evidence of what goods cost to produce, and verify it
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Add(Add),
    Verify(Verify),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Add(arguments) => arguments.run(console),
            Command::Verify(arguments) => arguments.run(console),
        }
    }
}

/// Bring evidence of cost; brought again under its reference, it has to be verified again
///
/// The node keeps the SHA-256 of the paper; the paper stays where it is.
#[derive(Debug, clap::Args)]
struct Add {
    /// The paper, such as a cost statement
    #[arg(value_name = "FILE")]
    paper: Source,
    /// What names it among the exporter's own
    #[arg(long, value_name = "TEXT")]
    reference: String,
    /// The first digits of the Harmonized System of the goods it is for
    #[arg(long, value_name = "DIGITS")]
    hs: String,
    /// The first day it is good for
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    from: Date,
    /// The last day
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    until: Date,
    #[command(flatten)]
    whose: ForExporter,
    #[command(flatten)]
    door: Door,
}

impl Add {
    fn run(self, console: Console) -> Outcome {
        let paper = Sha256(Hasher::digest(self.paper.read(PAPER_BYTES)?).into());
        let evidence = wire::CostEvidence {
            reference: self.reference,
            hs: self.hs,
            paper_sha256: paper.to_string(),
            from: Some(date_to_wire(self.from)),
            until: Some(date_to_wire(self.until)),
            verified_by: String::new(),
        };
        let request = wire::BringCostEvidenceRequest { exporter_id: self.whose.exporter, evidence: Some(evidence) };
        let answer = self.door.ask(console, |connection| async move {
            connection.exporters().bring_cost_evidence(within_deadline(request)).await
        })?;
        full(console, &answer.exporter.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// Take evidence of cost for verified; an officer does that
#[derive(Debug, clap::Args)]
struct Verify {
    /// The exporter: its id or registration number
    #[arg(value_name = "EXPORTER")]
    exporter: String,
    /// What names the evidence among the exporter's own
    #[arg(value_name = "REFERENCE")]
    reference: String,
    #[command(flatten)]
    door: Door,
}

impl Verify {
    fn run(self, console: Console) -> Outcome {
        let request = wire::VerifyCostEvidenceRequest { exporter_id: self.exporter, reference: self.reference };
        let answer = self.door.ask(console, |connection| async move {
            connection.exporters().verify_cost_evidence(within_deadline(request)).await
        })?;
        full(console, &answer.exporter.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}
