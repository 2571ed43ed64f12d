//! `origin issue`: many certificates over one stream, and running it again changes nothing.

mod conversation;
mod download;
pub(super) mod ledger;
mod patience;
mod report;

use super::{
    Outcome,
    console::{Console, Exit, Failure},
    files::Source,
    list::ListsArgument,
    outage::{self, Offline},
    remote::{self, NodeArguments, TlsArguments},
    rows::Rows,
};
use conversation::Conversation;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ledger::Ledger;
use report::Report;
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Issue certificates: one TOML or JSON file, or JSON lines of many
///
/// Every row's request id is written to FILE.requests before the row is sent, so that after whatever interruption
/// the same command goes on where it was, and running it again changes nothing. A row that is refused says why and
/// stops no other. Many rows are worked on at once: results come, and numbers are given, in the order in which rows
/// are done, and each line says its row. Exit code 0 if every row is issued, 1 if some are refused, 4 if the node does not answer.
///
/// While the node cannot be reached, --offline issues on paper: each row is judged here, gets a number of the block, is
/// noted in the spool and printed, to be signed by hand. --register has issued what the spool holds, once the node is back.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// TOML or JSON of one certificate, or JSON lines of many; with --register the spool; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// Folder for the evidence bundles of what is issued; with --offline, for what is printed
    #[arg(long, value_name = "DIR", conflicts_with = "register")]
    out: Option<PathBuf>,
    /// Where the request ids are kept [default: FILE.requests]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["offline", "register"])]
    requests: Option<PathBuf>,
    /// Rows that the node refused as `REQUEST_BEFORE_RECALL`, and of which no certificate is there: asked for under a new id
    #[arg(long, value_name = "ROW,...", value_delimiter = ',', conflicts_with_all = ["offline", "register"])]
    anew: Vec<usize>,
    /// Issue on paper, under the numbers of a block: nothing is asked at a node
    #[arg(long, requires = "block", conflicts_with = "register")]
    offline: bool,
    /// The block of numbers, as `origin office reserve` wrote it; what is issued under it is noted beside it, in FILE.spool
    #[arg(long, value_name = "FILE", requires = "offline")]
    block: Option<PathBuf>,
    /// Folder of agreement files to judge by with --offline [default: those that come with the program]
    #[arg(long, value_name = "DIR", requires = "offline")]
    agreements: Option<PathBuf>,
    #[command(flatten)]
    lists: ListsArgument,
    /// FILE is a spool: have issued electronically what was issued on paper
    #[arg(long)]
    register: bool,
    #[command(flatten)]
    at: At,
}

/// The node, and the account that asks; nobody is asked with --offline.
#[derive(Debug, clap::Args)]
struct At {
    /// The node's gRPC address, HOST:PORT
    #[arg(long, value_name = "ADDR", env = "ORIGIN_NODE", value_parser = remote::address, required_unless_present = "offline")]
    node: Option<String>,
    #[command(flatten)]
    tls: TlsArguments,
    /// File with the account's token; `-` is standard input
    #[arg(long, value_name = "FILE", env = "ORIGIN_TOKEN_FILE", required_unless_present = "offline")]
    token_file: Option<Source>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        if let (true, Some(block)) = (self.offline, &self.block) {
            let (out, agreements) = (self.out.as_deref(), self.agreements.as_deref());
            return Offline { file: &self.file, block, out, agreements, lists: &self.lists }.run(console);
        }
        let (Some(node), Some(token)) = (self.at.node, &self.at.token_file) else {
            return Err(Failure::new(Exit::Usage, "name the node and the account: --node ADDR --token-file FILE"));
        };
        let (node, token) = (NodeArguments { node, tls: self.at.tls }, remote::token(token)?);
        if self.register {
            return match self.file.path() {
                Some(spool) => outage::register(console, spool, &node, &token),
                None => Err(Failure::new(Exit::Usage, "a spool is a file")),
            };
        }
        let ledger_path = ledger::beside(self.requests.as_deref(), self.file.path())?;
        if let Some(folder) = &self.out {
            fs::create_dir_all(folder).map_err(|error| {
                Failure::new(Exit::Failed, format!("`{}` cannot be made: {error}", folder.display()))
            })?;
        }
        let rows = Rows::open(&self.file)?;
        let total = count_lines(&rows, self.file.path());
        let bar = progress(total);
        let ledger = Ledger::open(&ledger_path, &node.node)?;
        let report = Report::new(console, bar.clone());
        let noted = |failure: Failure| {
            failure.note(format!("what was sent is noted in {}; the same command goes on", ledger_path.display()))
        };
        let ended = remote::converse(async {
            let rows_on = node.connect(Some(&token)).await.map_err(noted)?;
            let beside = node.connect(Some(&token)).await.map_err(noted)?;
            let connections = [rows_on, beside];
            let anew = self.anew.into_iter().collect();
            let mut conversation = Conversation::new(&node, &token, connections, ledger, report, self.out, anew);
            let ended = conversation.run(rows).await;
            let (open, unmet) = (conversation.open(), conversation.unmet());
            Ok((ended, open, unmet, conversation.end().await))
        });
        bar.finish_and_clear();
        let (ended, open, unmet, (report, fetched)) = ended?;
        report.summary();
        if let Err(failure) = ended {
            let open = total.map_or(open, |total| total.saturating_sub(report.answered()));
            return Err(noted(broken_off(failure, open, fetched.err())));
        }
        // Bundles that did not come have a help of their own: not all of them come by the same command.
        fetched?;
        if let Some(unmet) = unmet {
            return Err(unmet);
        }
        Ok(if report.refused() == 0 { ExitCode::SUCCESS } else { ExitCode::from(Exit::Failed.code()) })
    }
}

/// The line's failure comes before that of the bundles, which broke with it; rows that were never sent have no answer
/// either.
fn broken_off(failure: Failure, open: u64, bundles: Option<Failure>) -> Failure {
    let failure = match open {
        0 => failure,
        1 => failure.note("1 row has no answer yet"),
        _ => failure.note(format!("{open} rows have no answer yet")),
    };
    bundles.iter().fold(failure, |failure, bundles| failure.note(bundles.sentence()))
}

/// How many rows there are, where that is quickly known.
fn count_lines(rows: &Rows, path: Option<&Path>) -> Option<u64> {
    if !rows.are_lines() {
        return Some(1);
    }
    let file = BufReader::new(fs::File::open(path?).ok()?);
    let lines = file.split(b'\n').map_while(Result::ok).filter(|line| line.iter().any(|b| !b.is_ascii_whitespace()));
    u64::try_from(lines.count()).ok()
}

/// A bar on standard error; nothing where that is no terminal.
fn progress(rows: Option<u64>) -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(5);
    let (bar, style) = match rows {
        Some(rows) if rows > 1 => (
            ProgressBar::with_draw_target(Some(rows), target),
            "{bar:30} {pos}/{len} rows  {per_sec}  {eta} left  {msg}",
        ),
        Some(_) => (ProgressBar::hidden(), ""),
        None => (ProgressBar::with_draw_target(None, target), "{spinner} {pos} rows  {per_sec}  {msg}"),
    };
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_broke_is_told_before_its_bundles_and_with_every_row_that_has_no_answer() {
        let broken = || Failure::new(Exit::Unreachable, "the node does not answer");
        let bundles = Failure::new(Exit::Failed, "bundles that could not be fetched: 3894").help("fetch them");
        let told = broken_off(broken(), 15_648, Some(bundles));
        assert_eq!((told.code(), told.sentence()), (Exit::Unreachable.code(), "the node does not answer"));
        assert_eq!(told.notes(), ["15648 rows have no answer yet", "bundles that could not be fetched: 3894"]);
        assert!(!format!("{told:?}").contains("fetch them"));
        assert_eq!(broken_off(broken(), 1, None).notes(), ["1 row has no answer yet"]);
        assert!(broken_off(broken(), 0, None).notes().is_empty());
    }
}
