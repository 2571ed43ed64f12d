//! `origin log list` and `tail`: which logs there are, and their newest entries.

use super::source::{From, OnlyAt};
use crate::{
    api::client::wire,
    cli::{
        Outcome, arguments,
        console::{Console, Failure},
        partner::closed,
        remote,
        tree::plain,
    },
    statement::{Issuer, Presentation},
};
use serde_json::{Value, json};
use std::{process::ExitCode, time::Duration};

/// List the logs of a node
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Only those of this authority
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    #[command(flatten)]
    at: OnlyAt,
}

impl List {
    pub(super) fn run(self, console: Console) -> Outcome {
        let issuer = self.issuer.map(|issuer| issuer.to_string()).unwrap_or_default();
        let logs = remote::converse(async { self.at.open(console).await?.logs(&issuer).await })?;
        if logs.is_empty() {
            console.message("no log here may be read without a token, or without another one: --token-file FILE");
        }
        for log in logs {
            if console.is_json() {
                console.data(json!({ "log": log.origin, "size": log.size, "closed_with": log.closed_with }));
            } else {
                console.data(line(&log));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// One log, for people.
fn line(log: &wire::Log) -> String {
    let end = log.closed_with.map(|with| format!(", {}", closed(with))).unwrap_or_default();
    format!("{:10}  {}{end}", log.size, plain(&log.origin))
}

/// Show the newest entries of a log, and with --follow those that come
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    from: From,
    /// How many of the newest entries
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 10)]
    lines: u64,
    /// Go on with every entry that is published, until interrupted
    #[arg(short, long)]
    follow: bool,
}

/// How often a log is asked for more: heads are published many times a second where there is work, and an hourly
/// snapshot where there is none.
const POLL: Duration = Duration::from_secs(1);

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        remote::converse(async {
            let source = self.from.open(console).await?;
            let mut next = None;
            loop {
                let size = source.head().await?.checkpoint.head.size;
                let mut at = next.unwrap_or_else(|| size.saturating_sub(self.lines));
                while at < size {
                    for entry in source.entries(at, size).await? {
                        if !show(console, at, &entry) {
                            // Whoever read along has gone.
                            return Ok(ExitCode::SUCCESS);
                        }
                        at += 1;
                    }
                }
                next = Some(at);
                if !self.follow {
                    return Ok(ExitCode::SUCCESS);
                }
                tokio::select! {
                    () = tokio::time::sleep(POLL) => {}
                    _ = tokio::signal::ctrl_c() => return Ok::<_, Failure>(ExitCode::SUCCESS),
                }
            }
        })
    }
}

/// One entry as one line; false where nobody reads any more.
fn show(console: Console, index: u64, leaf: &[u8]) -> bool {
    let no_disclosures: [&str; 0] = [];
    let statement = Presentation::from_leaf(leaf, &no_disclosures);
    let line = match (&statement, console.is_json()) {
        (Ok(statement), true) => {
            let envelope = statement.envelope();
            json!({
                "index": index,
                "kind": statement.kind().map(|kind| kind.name()),
                "jti": envelope.jti.to_string(),
                "day": envelope.day.to_string(),
                "kid": envelope.kid.to_string(),
                "bytes": leaf.len(),
            })
            .to_string()
        }
        (Ok(statement), false) => {
            let kind = statement.kind().map_or("unknown kind", |kind| kind.name());
            format!("{index:10}  {}  {kind:22} {}", statement.envelope().day, statement.envelope().jti)
        }
        (Err(error), true) => json!({ "index": index, "kind": Value::Null, "fault": error.to_string() }).to_string(),
        (Err(error), false) => format!("{index:10}  unreadable: {}", plain(&error.to_string())),
    };
    console.try_data(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_takes_nothing_more_is_listed_as_closed() {
        let log = |closed_with| wire::Log { origin: "tdap.gov.pk/log/2026/cn".to_owned(), size: 3, closed_with };
        assert_eq!(line(&log(None)).trim(), "3  tdap.gov.pk/log/2026/cn");
        assert_eq!(line(&log(Some(1))).trim(), "3  tdap.gov.pk/log/2026/cn, closed with 1 entry");
    }
}
