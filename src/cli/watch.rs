//! `origin watch`: every change as it happens, and a restart goes on where the last run ended.

use super::{
    Outcome, change,
    console::{Console, Exit, Failure},
    files,
    remote::{self, NodeArguments, TokenArgument},
    tree::plain,
};
use crate::api::client::{Refusal, wire};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

/// Pauses before the line is taken up again: the first, and the longest that twice as long each time comes to.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// Bytes of a file with a cursor.
const CURSOR_BYTES: usize = 256;

/// Print every change that the account may hear of, as it happens
///
/// One line a change, or one JSON document with --format json: what was done to applications, what became of
/// certificates here and abroad, what came from partners, and enquiries with their clock. With --cursor-file the command remembers how far it came, durably and after the lines are written: run
/// again it goes on from there, and misses nothing of the last thirty days. When the line breaks it is taken up again.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Go on behind this cursor, or behind the change with this id
    #[arg(long, value_name = "CURSOR", conflicts_with = "oldest")]
    since: Option<String>,
    /// Begin with the oldest change that is kept, where no cursor says otherwise
    #[arg(long)]
    oldest: bool,
    /// Where the cursor is kept from run to run
    #[arg(long, value_name = "FILE")]
    cursor_file: Option<PathBuf>,
    /// End when there is nothing more for now
    #[arg(long)]
    once: bool,
    /// Only changes of this kind
    #[arg(long, value_enum, value_name = "KIND")]
    only: Vec<Kind>,
    /// Only what the account filed or had issued itself, and not all of its offices
    #[arg(long)]
    own: bool,
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    token: TokenArgument,
}

/// A kind of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    /// What was done to applications.
    Application,
    /// What became of certificates, here and abroad.
    Certificate,
    /// What came from partners.
    Arrival,
    /// Enquiries, their answers and their clock.
    Enquiry,
}

impl Kind {
    /// As the wire has it.
    pub(super) const fn to_wire(self) -> wire::ChangeKind {
        match self {
            Self::Application => wire::ChangeKind::Application,
            Self::Certificate => wire::ChangeKind::Certificate,
            Self::Arrival => wire::ChangeKind::Arrival,
            Self::Enquiry => wire::ChangeKind::Enquiry,
        }
    }
}

/// How one stream ended.
enum Ended {
    /// Nothing more is wanted, or nobody reads any more.
    Well,
    /// The line broke, or the node asks to come again.
    Broken(String),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let token = self.token.read()?;
        let mut cursor = self.begin()?;
        remote::converse(async {
            let mut pause = PAUSES.0;
            loop {
                let before = cursor.clone();
                let ended = tokio::select! {
                    ended = self.stream(console, &token, &mut cursor) => ended?,
                    _ = tokio::signal::ctrl_c() => Ended::Well,
                };
                let Ended::Broken(why) = ended else { return Ok(ExitCode::SUCCESS) };
                if cursor != before {
                    pause = PAUSES.0;
                }
                console.message(format!("{}; taken up again in {} ms", plain(&why), pause.as_millis()));
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
                }
                pause = (pause * 2).min(PAUSES.1);
            }
        })
    }

    /// The cursor to go on from: that of the command line, else that of the last run; empty where there is none.
    fn begin(&self) -> Result<String, Failure> {
        if let Some(since) = &self.since {
            return Ok(since.clone());
        }
        match self.cursor_file.as_deref().filter(|path| path.exists()) {
            Some(path) => Ok(files::read_text(path, CURSOR_BYTES, Exit::Configuration)?.trim().to_owned()),
            None => Ok(String::new()),
        }
    }

    async fn stream(&self, console: Console, token: &str, cursor: &mut String) -> Result<Ended, Failure> {
        let connection = match self.node.connect(Some(token)).await {
            Ok(connection) => connection,
            // With --once there is nothing to wait for.
            Err(failure) if self.once || cursor.is_empty() => return Err(failure),
            Err(failure) => return Ok(Ended::Broken(failure.sentence().to_owned())),
        };
        let kinds = self.only.iter().map(|kind| kind.to_wire().into());
        let from = if self.oldest { wire::WatchFrom::Oldest } else { wire::WatchFrom::Now };
        let request = wire::WatchCertificatesRequest {
            cursor: cursor.clone(),
            from: from.into(),
            kinds: kinds.collect(),
            own_alone: self.own,
        };
        let mut answers = match connection.certificates().watch_certificates(request).await {
            Ok(answers) => answers.into_inner(),
            Err(status) => return self.broken(console, &status),
        };
        loop {
            let answer = match answers.message().await {
                Ok(Some(answer)) => answer,
                Ok(None) => return Ok(Ended::Broken("the node ended the stream".to_owned())),
                Err(status) => return self.broken(console, &status),
            };
            for one in &answer.changes {
                if !change::show(console, one) {
                    // Whoever read along has gone, and read no more than this.
                    return Ok(Ended::Well);
                }
            }
            *cursor = answer.cursor;
            if let Some(path) = &self.cursor_file {
                remember(path, cursor)?;
            }
            if self.once && answer.caught_up {
                return Ok(Ended::Well);
            }
        }
    }

    /// A refusal that lasts ends the command; the moment's is waited for.
    fn broken(&self, console: Console, status: &tonic::Status) -> Result<Ended, Failure> {
        let refusal = Refusal::from(status);
        if !self.once && (refusal.unreachable || refusal.retry_after.is_some()) {
            return Ok(Ended::Broken(refusal.message));
        }
        let failure = remote::refused(console, &self.node.node, status);
        Err(match (refusal.reason.as_str(), &self.cursor_file) {
            ("CURSOR_EXPIRED" | "CURSOR_UNKNOWN", Some(path)) => {
                failure.help(format!("list what there is, remove {} and begin anew", path.display()))
            }
            _ => failure,
        })
    }
}

fn remember(path: &Path, cursor: &str) -> Result<(), Failure> {
    files::replace(path, format!("{cursor}\n").as_bytes(), 0o644)
}
