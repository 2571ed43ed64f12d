//! What certificates cost on the disk, and what a full log costs in speed.

use super::{
    figure::{Figure, Limit, Name, real},
    ground::{Bench, Ground},
    issuing::{Contents, by_stream},
    pace::Pace,
};
use crate::cli::console::{Exit, Failure};
use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

/// Certificates that are weighed.
const WEIGHED: u64 = 50_000;
/// Entries of a young log.
const YOUNG: u64 = 10_000;
/// Entries of a full one, and of one that takes no longer than the other figures.
const FULL: u64 = 1_000_000;
const HALF_FULL: u64 = 100_000;

/// `disk_ratio`.
pub(super) async fn disk_ratio(bench: &Bench) -> Result<Figure, Failure> {
    let ground = Ground::make(bench, [0; 4])?;
    let running = ground.start().await?;
    let (_, issued) = by_stream(bench.console, &running.access, Pace::count(WEIGHED), Contents::Token).await?;
    running.stop().await;
    let data = &ground.configuration.data;
    let bytes = on_disk(data)
        .map_err(|error| Failure::new(Exit::Failed, format!("`{}` cannot be read: {error}", data.display())))?;
    let limit = Limit::new(1.0, "tokens with their disclosures alone");
    Ok(Figure::new(Name::DiskRatio, real(bytes) / real(issued.payload.max(1)), "x payload", limit))
}

/// Bytes a folder takes on the disk.
fn on_disk(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        // Blocks of 512 bytes, whatever the file system's own are (POSIX stat).
        bytes += if metadata.is_dir() { on_disk(&entry.path())? } else { metadata.blocks() * 512 };
    }
    Ok(bytes)
}

/// `issue_growth`.
pub(super) async fn growth(bench: &Bench) -> Result<Figure, Failure> {
    let ground = Ground::make(bench, [0; 4])?;
    let running = ground.start().await?;
    let issue = async |pace| by_stream(bench.console, &running.access, pace, Contents::Receipt).await;
    issue(Pace::count(YOUNG)).await?;
    let (young, _) = issue(Pace::within(bench.window)).await?;
    // The warm-up issued too: the log is a little fuller than what is counted here.
    let entries = if bench.full { FULL } else { HALF_FULL };
    issue(Pace::count(entries.saturating_sub(YOUNG + young.done))).await?;
    let (full, _) = issue(Pace::within(bench.window)).await?;
    running.stop().await;
    let limit = Limit::new(young.rate(bench.window), "the same log at 10,000 entries");
    let rate = full.rate(bench.window);
    Ok(Figure::new(Name::IssueGrowth, rate, "certificates/s", limit).with_calls(&full.calls))
}
