//! `origin certificate cancel`, `withdraw`, `suspend`, `reinstate`, `replace` and `copy`: what becomes of a certificate
//! after its issue.

use super::name::Name;
use crate::{
    api::client::{Connection, wire, within_deadline},
    certificate::Particulars,
    cli::{
        Outcome, arguments,
        console::{Console, Exit, Failure},
        files::Source,
        issue::ledger::{self, Done, Known, Ledger, RowKey},
        remote::{self, NodeArguments, TokenArgument},
    },
    time::Date,
};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};
use tonic::{Response, Status};
use uuid::Uuid;

/// Bytes of the largest file with a certificate.
const MOST_BYTES: usize = 1 << 20;

/// Which request, and at which node.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Request {
    /// The request to repeat, where an earlier one had no answer
    #[arg(long = "request-id", value_name = "UUID")]
    repeated: Option<Uuid>,
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    token: TokenArgument,
}

/// A request that its file stands for, so that the file is issued once however often the command is given.
#[derive(Debug, clap::Args)]
pub(super) struct Once {
    /// Where the request id is kept [default: FILE.requests]
    #[arg(long, value_name = "FILE", conflicts_with = "repeated")]
    requests: Option<PathBuf>,
    #[command(flatten)]
    request: Request,
}

/// Why.
#[derive(Debug, clap::Args)]
pub(super) struct Why {
    /// The reason; the holder and the addressee alone see it
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    /// Further words
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(super) remarks: String,
}

/// Which certificate, why, and at which node.
#[derive(Debug, clap::Args)]
struct Change {
    #[command(flatten)]
    name: Name,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    request: Request,
}

/// Items of the certificate.
#[derive(Debug, clap::Args)]
struct Items {
    /// Only this item, by its number on the form; may be given several times [default: the whole certificate]
    #[arg(long = "item", value_name = "NUMBER")]
    items: Vec<u32>,
}

impl Request {
    /// Asks the node; a request that may have been done can be repeated without doing it twice.
    pub(in crate::cli) fn ask<T>(
        &self,
        console: Console,
        call: impl AsyncFnOnce(Connection, String) -> Result<Response<T>, Status>,
    ) -> Result<T, Failure> {
        self.ask_as(console, self.repeated.unwrap_or_else(Uuid::now_v7), call)
    }

    fn ask_as<T>(
        &self,
        console: Console,
        request_id: Uuid,
        call: impl AsyncFnOnce(Connection, String) -> Result<Response<T>, Status>,
    ) -> Result<T, Failure> {
        let (token, request_id) = (self.token.read()?, request_id.to_string());
        remote::converse(async {
            let connection = self.node.connect(Some(&token)).await?;
            let answer = call(connection, request_id.clone()).await;
            answer.map(Response::into_inner).map_err(|status| {
                let failure = remote::refused(console, &self.node.node, &status);
                let unanswered = failure.code() == Exit::Unreachable.code();
                if unanswered { failure.help(format!("repeat it with --request-id {request_id}")) } else { failure }
            })
        })
    }
}

impl Once {
    /// Has a file issued. While anything is left of what it draws on, the same again would draw it again: what was issued
    /// before is told from the file of request ids. `asked` is what the command and the file say.
    pub(super) fn issue(
        &self,
        console: Console,
        file: &Source,
        asked: &str,
        call: impl AsyncFnOnce(Connection, String) -> Result<Response<wire::IssuedCertificate>, Status>,
    ) -> Outcome {
        let named = self.requests.as_deref();
        // Standard input has no name to keep an id by, and whoever names a request keeps its id.
        if self.request.repeated.is_some() || named.or_else(|| file.path()).is_none() {
            issued(console, "issued", self.request.ask(console, call)?);
            return Ok(ExitCode::SUCCESS);
        }
        let mut ledger = Ledger::open(&ledger::beside(named, file.path())?, &self.request.node.node)?;
        let key = RowKey::of(asked);
        let request_id = match ledger.known(&key) {
            Known::Done(done) => {
                told(console, "issued before:", &done);
                return Ok(ExitCode::SUCCESS);
            }
            Known::Asked(id) => id,
            Known::New => Uuid::now_v7(),
        };
        ledger.asked(&key, request_id)?;
        ledger.sync()?;
        let done = issued(console, "issued", self.request.ask_as(console, request_id, call)?);
        ledger.done(&key, &done)?;
        ledger.sync()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Where a change stands.
pub(super) struct Place {
    pub(super) jti: String,
    pub(super) log: String,
    pub(super) index: u64,
}

pub(super) fn changed(console: Console, word: &str, items: &[u32], place: &Place) -> ExitCode {
    let Place { jti, log, index } = place;
    if console.is_json() {
        console.data(json!({ "jti": jti, "log": log, "index": index, "act": word, "items": items }));
    } else {
        let items = items.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        let of = if items.is_empty() { String::new() } else { format!("item {items} ") };
        console.data(format!("{of}{word} by statement {jti} at index {index} of {log}"));
    }
    ExitCode::SUCCESS
}

/// Cancel a certificate at its holder's wish
///
/// For one that was not used, which is declared by `--unused`. It counts at once where the agreement has it so or customs of
/// the importing country have no node; else when they agreed, or when the days they have to object are over. Where the
/// authority itself finds that it should not stand, withdraw it.
#[derive(Debug, clap::Args)]
pub(super) struct Cancel {
    /// Declares that the certificate was not used
    #[arg(long)]
    unused: bool,
    #[command(flatten)]
    change: Change,
}

/// Withdraw a certificate, or some of its items, on the authority's own finding
///
/// At any time, whatever became of it before: from its issue, or from a date on.
#[derive(Debug, clap::Args)]
pub(super) struct Withdraw {
    /// `from-issue`, or the date from which it is not good
    #[arg(long, value_name = "SINCE", value_parser = since, default_value = "from-issue")]
    since: SinceWhen,
    #[command(flatten)]
    items: Items,
    #[command(flatten)]
    change: Change,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SinceWhen {
    Issue,
    Date(Date),
}

fn since(text: &str) -> Result<SinceWhen, String> {
    if text == "from-issue" { Ok(SinceWhen::Issue) } else { arguments::date(text).map(SinceWhen::Date) }
}

fn cancelling(
    console: Console,
    change: &Change,
    items: &[u32],
    withdrawal: Option<wire::Withdrawal>,
    unused: bool,
) -> Result<wire::CancelCertificateResponse, Failure> {
    change.request.ask(console, async |connection, request_id| {
        let request = wire::CancelCertificateRequest {
            request_id,
            certificate: Some(change.name.to_wire()),
            reason: change.why.reason.clone(),
            remarks: change.why.remarks.clone(),
            withdrawal,
            items: items.to_vec(),
            unused,
        };
        connection.certificates().cancel_certificate(within_deadline(request)).await
    })
}

impl Cancel {
    pub(super) fn run(self, console: Console) -> Outcome {
        let answer = cancelling(console, &self.change, &[], None, self.unused)?;
        if let Some(wish) = &answer.waiting {
            super::wish::show(console, wish);
            return Ok(ExitCode::SUCCESS);
        }
        Ok(changed(console, "cancelled", &[], &Place { jti: answer.jti, log: answer.log, index: answer.index }))
    }
}

impl Withdraw {
    pub(super) fn run(self, console: Console) -> Outcome {
        let since = match self.since {
            SinceWhen::Issue => wire::withdrawal::Since::FromIssue(true),
            SinceWhen::Date(date) => wire::withdrawal::Since::FromDate(remote::date_to_wire(date)),
        };
        let (items, withdrawal) = (&self.items.items, wire::Withdrawal { since: Some(since) });
        let answer = cancelling(console, &self.change, items, Some(withdrawal), false)?;
        let place = Place { jti: answer.jti, log: answer.log, index: answer.index };
        Ok(changed(console, "withdrawn", items, &place))
    }
}

/// Take a certificate, or some of its items, out of force until further notice
#[derive(Debug, clap::Args)]
pub(super) struct Suspend {
    #[command(flatten)]
    items: Items,
    #[command(flatten)]
    change: Change,
}

impl Suspend {
    pub(super) fn run(self, console: Console) -> Outcome {
        let (change, items) = (&self.change, &self.items.items);
        let answer = change.request.ask(console, async |connection, request_id| {
            let request = wire::SuspendCertificateRequest {
                request_id,
                certificate: Some(change.name.to_wire()),
                reason: change.why.reason.clone(),
                remarks: change.why.remarks.clone(),
                items: items.clone(),
            };
            connection.certificates().suspend_certificate(within_deadline(request)).await
        })?;
        let place = Place { jti: answer.jti, log: answer.log, index: answer.index };
        Ok(changed(console, "suspended", items, &place))
    }
}

/// End a suspension
#[derive(Debug, clap::Args)]
pub(super) struct Reinstate {
    #[command(flatten)]
    items: Items,
    #[command(flatten)]
    change: Change,
}

impl Reinstate {
    pub(super) fn run(self, console: Console) -> Outcome {
        let (change, items) = (&self.change, &self.items.items);
        let answer = change.request.ask(console, async |connection, request_id| {
            let request = wire::ReinstateCertificateRequest {
                request_id,
                certificate: Some(change.name.to_wire()),
                reason: change.why.reason.clone(),
                remarks: change.why.remarks.clone(),
                items: items.clone(),
            };
            connection.certificates().reinstate_certificate(within_deadline(request)).await
        })?;
        let place = Place { jti: answer.jti, log: answer.log, index: answer.index };
        Ok(changed(console, "reinstated", items, &place))
    }
}

/// Issue a certificate in the place of one that stands
///
/// The old one is superseded by the new one in the same moment; each points at the other.
#[derive(Debug, clap::Args)]
pub(super) struct Replace {
    /// The new one: TOML as `origin certificate template` writes it, or JSON; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    #[command(flatten)]
    change: Change,
}

impl Replace {
    pub(super) fn run(self, console: Console) -> Outcome {
        let json = particulars(console, &self.file)?;
        let change = &self.change;
        let answer = change.request.ask(console, async |connection, request_id| {
            let request = wire::ReplaceCertificateRequest {
                request_id,
                certificate: Some(change.name.to_wire()),
                certificate_json: json.into_bytes().into(),
                reason: change.why.reason.clone(),
                remarks: change.why.remarks.clone(),
                contents: wire::IssueContents::Receipt.into(),
            };
            connection.certificates().replace_certificate(within_deadline(request)).await
        })?;
        issued(console, "replaced by", answer.issued.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// Issue a certified true copy of one that stands and was not used
///
/// It says what the original says, with its date of issue and its days of use, and bears the agreement's words; the
/// original is superseded by it. That it was not used is declared by `--unused`.
#[derive(Debug, clap::Args)]
pub(super) struct Copy {
    /// Declares that the original was not used
    #[arg(long)]
    unused: bool,
    #[command(flatten)]
    change: Change,
}

impl Copy {
    pub(super) fn run(self, console: Console) -> Outcome {
        let change = &self.change;
        let answer = change.request.ask(console, async |connection, request_id| {
            let request = wire::IssueTrueCopyRequest {
                request_id,
                certificate: Some(change.name.to_wire()),
                reason: change.why.reason.clone(),
                remarks: change.why.remarks.clone(),
                contents: wire::IssueContents::Receipt.into(),
                unused: self.unused,
            };
            connection.certificates().issue_true_copy(within_deadline(request)).await
        })?;
        issued(console, "copied by", answer.issued.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// What a file says of a certificate, as JSON.
pub(super) fn particulars(console: Console, file: &Source) -> Result<String, Failure> {
    let text = file.read_text(MOST_BYTES)?;
    // What is JSON is sent as it is, so that the node says what is wrong with it.
    if text.trim_start().starts_with('{') {
        return Ok(text.trim().to_owned());
    }
    let read = Particulars::from_toml(&text).map_err(|findings| {
        let message = format!("`{file}` cannot be issued as it is");
        remote::tell(console, "CERTIFICATE_INVALID", &message, &findings);
        Failure::new(Exit::Failed, message).help(format!("origin certificate check {file}"))
    })?;
    Ok(read.to_json())
}

/// Tells what was issued, with what was warned of.
pub(super) fn issued(console: Console, how: &str, issued: wire::IssuedCertificate) -> Done {
    let warnings = issued.warnings.iter().map(remote::finding).collect::<Vec<_>>();
    if !warnings.is_empty() {
        console.message(super::findings_text(console, &crate::certificate::Findings(warnings)).trim_end());
    }
    let done = Done::from(issued);
    told(console, how, &done);
    done
}

fn told(console: Console, how: &str, done: &Done) {
    let Done { number, jti, log, index, issued_on } = done;
    if console.is_json() {
        console.data(json!({ "number": number, "jti": jti, "log": log, "index": index, "issued_on": issued_on }));
    } else {
        console.data(format!("{how} {number} of {issued_on}: statement {jti} at index {index} of {log}"));
    }
}
