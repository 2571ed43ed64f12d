//! `origin audit`: the record of who did what, for auditors.

use super::{
    Outcome, arguments,
    console::{Console, Exit, Failure},
    files::{self, Source},
    remote::{self, TlsArguments},
};
use crate::{
    api::client::{Connection, wire, within_deadline},
    encoding::hex,
    office::AuditEvent,
    store::{AuditChain, AuditHead, AuditLink, AuditRow},
    time::Timestamp,
};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{fmt::Write as _, path::PathBuf, process::ExitCode};

/// Bytes of the largest export that is checked.
const EXPORT_BYTES: usize = 1 << 30;

/// Read, check and export the record of who did what at an authority
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(List),
    Check(Check),
    Export(Export),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::List(arguments) => arguments.run(console),
            Command::Check(arguments) => arguments.run(console),
            Command::Export(arguments) => arguments.run(console),
        }
    }
}

/// The node, and the auditor's session or token.
#[derive(Debug, Clone, clap::Args)]
struct Auditor {
    /// The node's gRPC address, HOST:PORT
    #[arg(long, value_name = "ADDR", env = "ORIGIN_NODE", value_parser = remote::address)]
    node: Option<String>,
    #[command(flatten)]
    tls: TlsArguments,
    /// File with the auditor's session or token; `-` is standard input
    #[arg(long, value_name = "FILE", env = "ORIGIN_TOKEN_FILE")]
    token_file: Option<Source>,
}

impl Auditor {
    /// Visits rows from a number on, until there are no more or the visitor has enough.
    fn visit(
        &self,
        console: Console,
        mut from: u64,
        visit: &mut dyn FnMut(AuditRow) -> Result<bool, Failure>,
    ) -> Result<Option<AuditHead>, Failure> {
        let missing = |flag: &str| Failure::new(Exit::Usage, format!("{flag} is missing"));
        let node = self.node.as_ref().ok_or_else(|| missing("--node"))?;
        let token = remote::token(self.token_file.as_ref().ok_or_else(|| missing("--token-file"))?)?;
        remote::converse(async {
            let connection = self.tls.connect(node, Some(&token)).await?;
            let refused = |status: tonic::Status| remote::refused(console, node, &status);
            // The head first: rows that come meanwhile are no contradiction.
            let head = head(&connection).await.map_err(refused)?;
            loop {
                let request = wire::ListAuditRowsRequest { from, page_size: 500 };
                let page = connection.audits().list_audit_rows(within_deadline(request)).await;
                let page = page.map_err(refused)?.into_inner();
                for row in page.rows {
                    if !visit(row_of(row))? {
                        return Ok(head);
                    }
                }
                match page.next_from {
                    Some(next) => from = next,
                    None => return Ok(head),
                }
            }
        })
    }
}

async fn head(connection: &Connection) -> Result<Option<AuditHead>, tonic::Status> {
    let answer = connection.audits().get_audit_head(within_deadline(wire::GetAuditHeadRequest {})).await?.into_inner();
    let link = <[u8; 32]>::try_from(answer.link.as_ref()).ok().map(AuditLink);
    Ok(answer.number.zip(link).map(|(number, link)| AuditHead { number, link }))
}

fn row_of(row: wire::AuditRow) -> AuditRow {
    let link = <[u8; 32]>::try_from(row.link.as_ref()).ok().map(AuditLink);
    AuditRow { number: row.number, at_ms: row.at_ms, link, row: row.row.into() }
}

/// List rows, oldest first
#[derive(Debug, clap::Args)]
struct List {
    /// The number of the first row
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    from: u64,
    /// Rows at most
    #[arg(long, value_name = "COUNT", value_parser = arguments::rows, default_value_t = 100)]
    limit: usize,
    /// Only what this account did
    #[arg(long, value_name = "ACCOUNT")]
    by: Option<String>,
    /// Only this action, by the names of docs/roles.md and docs/audit.md
    #[arg(long, value_name = "ACTION", value_parser = action)]
    action: Option<String>,
    #[command(flatten)]
    auditor: Auditor,
}

impl List {
    fn run(self, console: Console) -> Outcome {
        let (mut left, mut next) = (self.limit, None);
        self.auditor.visit(console, self.from, &mut |row| {
            if left == 0 {
                next = Some(row.number);
                return Ok(false);
            }
            let event = AuditEvent::read(&row.row);
            let told = event.as_ref();
            let wanted = self.by.as_ref().is_none_or(|by| told.is_some_and(|event| event.by == *by))
                && self.action.as_ref().is_none_or(|action| told.is_some_and(|event| event.action == *action));
            if wanted {
                left -= 1;
                show(console, &row, told);
            }
            Ok(true)
        })?;
        // Whoever asks for one row asks for the first, and not for the rest.
        if let Some(next) = next.filter(|_| self.limit > 1) {
            console.message(format!("{} shown, and the record goes on; next rows: --from {next}", self.limit));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn action(text: &str) -> Result<String, String> {
    let known = || AuditEvent::actions().collect::<Vec<_>>().join(", ");
    AuditEvent::actions().find(|one| one == text).ok_or_else(|| format!("no row names it; the actions are {}", known()))
}

fn time(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.map_or_else(|| at_ms.to_string(), |at| at.to_string())
}

fn show(console: Console, row: &AuditRow, event: Option<&AuditEvent>) {
    if console.is_json() {
        let mut shown = json!({ "number": row.number, "at": time(row.at_ms), "event": event });
        if let (None, Some(members)) = (event, shown.as_object_mut()) {
            // Of a time before rows had this form.
            members.insert("row".to_owned(), json!(String::from_utf8_lossy(&row.row)));
        }
        console.data(shown);
        return;
    }
    let Some(event) = event else {
        // Of a time before rows had this form.
        let text = String::from_utf8_lossy(&row.row);
        console.data(format!("{:>8}  {}  {}", row.number, time(row.at_ms), super::tree::plain(&text)));
        return;
    };
    let mut line = format!("{:>8}  {}  {:20}  {:20}", row.number, time(row.at_ms), event.by, event.action);
    // Writing to a String cannot fail.
    let _ = write!(line, "  {}", if event.object.is_empty() { "-" } else { &event.object });
    let _ = write!(line, "  {}", event.result);
    for (word, more) in
        [("with", &event.with), ("in place of", &event.in_place_of), ("", &event.detail), ("from", &event.from)]
    {
        if let Some(more) = more {
            let _ = write!(line, "  {word} {more}");
        }
    }
    if event.left_out > 0 {
        let _ = write!(line, "  ({} like it before this were left out)", event.left_out);
    }
    console.data(super::tree::plain(line.trim_end()));
}

/// Check that every row is what was written and that none is missing
#[derive(Debug, clap::Args)]
struct Check {
    /// A file that `origin audit export` wrote, to be checked alone [default: the node's record]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// A head kept from an earlier check, NUMBER:LINK: the record must still lead to it
    #[arg(long = "head", value_name = "HEAD", value_parser = kept)]
    heads: Vec<AuditHead>,
    #[command(flatten)]
    auditor: Auditor,
}

fn kept(text: &str) -> Result<AuditHead, String> {
    let wrong = || "a head is NUMBER:LINK, as an earlier check printed it".to_owned();
    let (number, link) = text.split_once(':').ok_or_else(wrong)?;
    let link = hex::decode(link).and_then(|link| <[u8; 32]>::try_from(link.as_slice()).ok()).ok_or_else(wrong)?;
    Ok(AuditHead { number: number.parse().map_err(|_| wrong())?, link: AuditLink(link) })
}

impl Check {
    fn run(self, console: Console) -> Outcome {
        let mut chain = AuditChain::default();
        let mut awaited = self.heads.clone();
        let mut take = |row: &AuditRow| {
            let broken =
                |error| Failure::new(Exit::NotValid, error).note("the record was changed after it was written");
            chain.take(row).map_err(broken)?;
            match awaited.iter().position(|head| head.number == row.number) {
                Some(at) if row.link == Some(awaited.swap_remove(at).link) => Ok(()),
                Some(_) => {
                    Err(Failure::new(Exit::NotValid, format!("row {} is another than the one kept", row.number))
                        .note("the record was written anew after that head was kept"))
                }
                None => Ok(()),
            }
        };
        let published = match &self.file {
            Some(path) => {
                for line in files::read_text(path, EXPORT_BYTES, Exit::Failed)?.lines() {
                    let row: Exported = serde_json::from_str(line)
                        .map_err(|error| Failure::new(Exit::Failed, format!("`{}`: {error}", path.display())))?;
                    take(&row.into())?;
                }
                None
            }
            None => self.auditor.visit(console, 0, &mut |row| take(&row).map(|()| true))?,
        };
        if let Some(head) = awaited.first() {
            return Err(Failure::new(Exit::NotValid, format!("row {} is not in the record any more", head.number))
                .note("rows were cut off its end after that head was kept"));
        }
        if let Some(head) = published.filter(|head| chain.head().is_none_or(|last| last.number < head.number)) {
            return Err(Failure::new(Exit::NotValid, format!("rows up to {} are missing", head.number)));
        }
        if let Some(path) = self.file.as_ref().filter(|_| chain.rows() == 0) {
            return Err(Failure::new(Exit::Failed, format!("there are no rows in `{}`", path.display()))
                .note("every record has rows: this is no whole export"));
        }
        let head = chain.head().map(|head| format!("{}:{}", head.number, hex::encode(&head.link.0)));
        if console.is_json() {
            console.data(json!({ "rows": chain.rows(), "head": head }));
        } else {
            console.message(format!(
                "{} rows hold; keep the head, and give it to the next check as --head:",
                chain.rows()
            ));
            console.data(head.unwrap_or_default());
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A row in an export.
#[derive(Debug, Serialize, Deserialize)]
struct Exported {
    number: u64,
    at_ms: u64,
    link: Option<String>,
    row: String,
}

impl From<Exported> for AuditRow {
    fn from(row: Exported) -> Self {
        let link = row.link.and_then(|link| hex::decode(&link)).and_then(|link| link.try_into().ok()).map(AuditLink);
        Self { number: row.number, at_ms: row.at_ms, link, row: row.row.into_bytes() }
    }
}

/// Write all rows to a file, one JSON object a line, that `origin audit check FILE` checks without the node
#[derive(Debug, clap::Args)]
struct Export {
    /// The file, readable by its owner alone
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    auditor: Auditor,
}

impl Export {
    fn run(self, console: Console) -> Outcome {
        files::apart(Some(&self.output), &self.auditor.token_file)?;
        let (mut text, mut rows) = (String::new(), 0_u64);
        self.auditor.visit(console, 0, &mut |row| {
            let row = Exported {
                number: row.number,
                at_ms: row.at_ms,
                link: row.link.map(|link| hex::encode(&link.0)),
                // Every row is JSON; one that were not UTF-8 would not hold when the export is checked.
                row: String::from_utf8_lossy(&row.row).into_owned(),
            };
            let line = serde_json::to_string(&row).map_err(|error| Failure::new(Exit::Failed, error))?;
            text.push_str(&line);
            text.push('\n');
            rows += 1;
            Ok(true)
        })?;
        files::replace(&self.output, text.as_bytes(), 0o600)?;
        console.message(format!("{rows} rows are in {}", self.output.display()));
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    /// Every literal that names an action of its own where a row is made.
    fn named(folder: &Path, into: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                named(&path, into);
            } else {
                let code = fs::read_to_string(&path).unwrap_or_default();
                let calls = code.split(concat!("AuditEvent::", "named(")).skip(1);
                let words = calls.filter_map(|call| call.lines().next()?.split('"').nth(1).map(str::to_owned));
                into.extend(words.filter(|word| !word.contains('{')));
            }
        }
    }

    /// An action that rows name and `--action` refuses could not be looked for.
    #[test]
    fn every_action_that_rows_name_can_be_asked_for_and_no_other() {
        let mut found = Vec::new();
        named(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.len() > 15, "{found:?}");
        for one in found.iter().map(String::as_str).chain(["application_submit", "sign_certificate"]) {
            assert_eq!(action(one).as_deref(), Ok(one));
        }
        assert!(action("nosuch").unwrap_err().contains("sign_in"));
    }
}
