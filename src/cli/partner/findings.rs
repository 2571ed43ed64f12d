//! `origin partner findings`: entries of partners' logs that failed their check here.

use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        account::OperatorDoor,
        console::{Colour, Console, Failure},
        remote::{self, date_text},
        tree::plain,
    },
    log::Origin,
};
use serde_json::json;
use std::process::ExitCode;

/// Entries asked for at once.
pub(super) const A_PAGE: i32 = 500;
/// The reason of what stands past the closing of its key.
pub(in crate::cli) const KEY_CLOSED: &str = "ENTRY_KEY_CLOSED";

/// List entries of partners' logs that failed their check here, with the reason
///
/// They are kept and cosigned, for that says what is held; they are never delivered and never valid. A new trust list may
/// take a finding back, and makes one of whatever stands past the closing of its key.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only of this log, <host>/log/<shard>/<addressee>
    #[arg(long, value_name = "ORIGIN")]
    log: Option<Origin>,
    /// Only what stands past the closing of the key that signed it
    #[arg(long, conflicts_with = "reason")]
    key_closed: bool,
    /// Only with this reason
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    #[command(flatten)]
    door: OperatorDoor,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let log = self.log.map(|log| log.to_string()).unwrap_or_default();
        let reason = if self.key_closed { KEY_CLOSED.to_owned() } else { self.reason.unwrap_or_default() };
        let mut count = 0_u64;
        remote::converse(each_finding(console, &self.door, (&log, &reason), |found| {
            count += 1;
            show(console, found);
        }))?;
        if count == 0 && !console.is_json() {
            console.message("of what was asked for, nothing that is kept here of partners' logs failed its check");
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks the running node for what failed its check, of one log and for one reason where they are not empty.
pub(in crate::cli) async fn each_finding(
    console: Console,
    door: &OperatorDoor,
    (log, reason): (&str, &str),
    mut visit: impl FnMut(&wire::FoundEntry),
) -> Result<(), Failure> {
    let (connection, address) = door.open(&door.configuration()?).await?;
    let mut page_token = String::new();
    loop {
        let (log, reason) = (log.to_owned(), reason.to_owned());
        let request = wire::ListFindingsRequest { page_size: A_PAGE, page_token, log, reason };
        let page = connection.admin().list_findings(within_deadline(request)).await;
        let page = page.map_err(|status| remote::refused(console, &address, &status))?.into_inner();
        page.findings.iter().for_each(&mut visit);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(());
        }
    }
}

fn show(console: Console, found: &wire::FoundEntry) {
    let said = found.statement.as_ref();
    if console.is_json() {
        console.data(json!({
            "log": found.log,
            "index": found.index,
            "reason": found.reason,
            "message": found.message,
            "trust_version": found.trust_version,
            "over": found.over,
            "jti": said.map(|said| &said.jti),
            "kind": said.map(|said| &said.kind),
            "day": said.map(|said| date_text(said.day.as_ref())),
            "agreement": said.map(|said| &said.agreement).filter(|agreement| !agreement.is_empty()),
        }));
        return;
    }
    let what = said.map_or_else(
        || "cannot be read".to_owned(),
        |said| format!("{} {} of {}", plain(&said.kind), said.jti, date_text(said.day.as_ref())),
    );
    let reason = console.paint(Colour::Red, &format!("[{}]", plain(&found.reason)));
    console.data(format!("{} {}  {what}: {} {reason}", plain(&found.log), found.index, plain(&found.message)));
}
