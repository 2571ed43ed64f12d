//! `origin bench`: every figure of the product beside the limit of the machine, measured in the same run.
//!
//! Each figure gets a node of its own in a temporary folder, made by `origin init` as an operator would make it, and
//! is taken over real TLS connections where calls are part of it. Load and node share the machine: a figure is what
//! is left for the node. A refused call ends the figure: nothing is counted that did not succeed. Partners' nodes are
//! processes of their own.

mod applying;
mod asked;
mod cores;
mod countries;
mod exchanging;
mod exporting;
mod federation;
mod figure;
mod ground;
mod importing;
mod issuing;
mod judging;
mod limits;
mod pace;
mod printing;
mod reading;
mod restarting;
mod storing;
mod streaming;
mod verifying;

use super::{
    Outcome,
    console::{Console, Exit, Failure},
};
use figure::{Figure, Name};
use ground::Bench;
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// Measure what this machine allows and what the node makes of it
///
/// Prints value, limit and their ratio for each figure, and how long calls took in milliseconds where calls were
/// made. What is needed is started in a temporary folder and removed afterwards. A figure that misses what is promised
/// of it on a machine of two cores says so.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What to measure [default: everything but issue_growth and partners_50]
    #[arg(value_name = "NAME", value_enum)]
    names: Vec<Name>,
    /// How long each rate is measured
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Make logs and queues as long as the figures are promised for: 1,000,000 for catch_up instead of 30,000, 1,000,000
    /// for issue_growth instead of 100,000, 1,000,000 for queue_first_page and balance instead of 20,000, 1,000,000 for
    /// match_declaration instead of 30,000. All of it is made through the same doors as in use, which takes minutes, and
    /// about 10 GB of the disk
    #[arg(long)]
    full: bool,
    /// End with exit code 1 if a figure misses what is promised of it, after all were measured
    #[arg(long)]
    gate: bool,
    /// Where the temporary folder is made; it decides which disk is measured [default: the system's]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let names = if self.names.is_empty() { Name::USUAL.to_vec() } else { self.names };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        let bench = Bench {
            console,
            window: Duration::from_secs(self.seconds),
            full: self.full,
            base: self.folder.unwrap_or_else(std::env::temp_dir),
        };
        if cfg!(debug_assertions) {
            console.message("this is a debug build, of which nothing is promised: it misses most of it");
        }
        let mut missed = Vec::new();
        for name in names {
            console.message(format!("measuring {}", name.as_str()));
            for figure in runtime.block_on(measure(&bench, name))? {
                if console.is_json() {
                    console.data(figure.to_json());
                } else {
                    console.data(&figure);
                }
                missed.extend(figure.missed().map(|asked| format!("{} {asked}", figure.name.as_str())));
            }
        }
        if self.gate && !missed.is_empty() {
            return Err(Failure::new(Exit::Failed, format!("missed what is promised: {}", missed.join("; "))));
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn measure(bench: &Bench, name: Name) -> Result<Vec<Figure>, Failure> {
    let one = match name {
        Name::IssueStream => issuing::stream(bench).await?,
        Name::IssueUnary64 => issuing::unary(bench).await?,
        Name::VerifyCold => verifying::cold(bench).await?,
        Name::VerifyWarm => verifying::warm(bench).await?,
        Name::VerifyRpc => verifying::rpc(bench).await?,
        Name::DiskRatio => storing::disk_ratio(bench).await?,
        Name::Restart100k => restarting::restart(bench).await?,
        Name::IssueGrowth => storing::growth(bench).await?,
        Name::CosignedLatency => exchanging::cosigned(bench).await?,
        Name::ArrivalLatency => exchanging::arrived(bench).await?,
        Name::Balance => importing::balance(bench).await?,
        Name::MatchDeclaration => importing::matching(bench).await?,
        Name::CheckApplication => judging::applications(bench)?,
        Name::Export => exporting::exports(bench)?,
        Name::ImportApplications => applying::import(bench).await?,
        Name::AutoIssue => applying::issue(bench).await?,
        Name::QueueFirstPage => applying::queue(bench).await?,
        Name::Pdf | Name::PdfLong | Name::PdfSize => return printing::pdf(bench),
        Name::StampPhoto => reading::stamp_photo(bench).await?,
        Name::CatchUp | Name::CatchUpMemory => return exchanging::catch_up(bench).await,
        Name::Partners8 | Name::PartnerStalled => return exchanging::partners(bench).await,
        Name::Partners50 | Name::PartnerSlowest => return exchanging::many_partners(bench).await,
    };
    Ok(vec![one])
}
