//! `origin certificate reissue`: many certificates issued anew, each in the place of one that says the same.

use super::life::Why;
use crate::{
    api::client::{Connection, Refusal, wire, within_deadline},
    cli::{
        Outcome,
        console::{Console, Exit},
        files,
        issue::ledger::{self, Done, Known, Ledger},
        remote::{self, NodeArguments, TokenArgument},
    },
    statement::Jti,
};
use serde::Deserialize;
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};
use tonic::Code;
use uuid::Uuid;

/// Bytes of the largest file: 200 bytes for each of a million rows.
const MOST_BYTES: usize = 256 << 20;

/// Issue certificates anew as they are, each in the place of the old one
///
/// For those that a closed key signed, and no others: the file is what `origin key revoke` wrote, a line for each with its
/// `jti`. One whose holder asked for its cancellation waits until that is settled. The new one says what the old one says, under the rules of today and with a number of its own; the old one is superseded by it
/// in the same moment. Every row's request id is written to FILE.requests before it is asked for, so that the same command
/// goes on after whatever interruption, and running it again changes nothing. A row that is refused says why and stops no
/// other. Exit code 0 if every row is issued, 1 if some are refused, 4 if the node does not answer.
#[derive(Debug, clap::Args)]
pub(super) struct Reissue {
    /// JSON lines, each with a `jti`
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the request ids are kept [default: FILE.requests]
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    token: TokenArgument,
}

/// What is read of a row.
#[derive(Deserialize)]
struct Row {
    jti: Jti,
}

impl Reissue {
    pub(super) fn run(self, console: Console) -> Outcome {
        let token = self.token.read()?;
        let text = files::read_text(&self.file, MOST_BYTES, Exit::Failed)?;
        let requests = ledger::beside(self.requests.as_deref(), Some(self.file.as_path()))?;
        let mut ledger = Ledger::open(&requests, &self.node.node)?;
        let (mut issued, mut before, mut refused) = (0_u64, 0_u64, 0_u64);
        remote::converse(async {
            let connection = self.node.connect(Some(&token)).await?;
            for (number, line) in (1_usize..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
                let row = match serde_json::from_str::<Row>(line) {
                    Ok(row) => row,
                    Err(error) => {
                        refused += 1;
                        tell_refused(console, number, "", "ROW", &format!("it names no certificate: {error}"));
                        continue;
                    }
                };
                let key = ledger.name(line);
                let request_id = match ledger.known(&key) {
                    Known::Done(done) => {
                        before += 1;
                        tell(console, number, &row.jti, &done);
                        continue;
                    }
                    Known::Asked(id) => id,
                    Known::New => Uuid::now_v7(),
                };
                ledger.asked(&key, request_id)?;
                ledger.sync()?;
                match self.ask(&connection, request_id, &row.jti).await {
                    Ok(one) => {
                        issued += 1;
                        let done = Done::from(one);
                        ledger.done(&key, &done)?;
                        tell(console, number, &row.jti, &done);
                    }
                    Err(status) if is_of_the_row(status.code(), &Refusal::from(&status).reason) => {
                        refused += 1;
                        let why = Refusal::from(&status);
                        tell_refused(console, number, &row.jti.to_string(), &why.reason, &why.message);
                    }
                    Err(status) => {
                        let failure = remote::refused(console, &self.node.node, &status);
                        return Err(failure.note(format!("{} are issued; the same command goes on", issued + before)));
                    }
                }
            }
            ledger.sync()
        })?;
        let before = if before == 0 { String::new() } else { format!(", {before} issued before") };
        console.message(format!("{issued} issued anew{before}, {refused} refused"));
        Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(Exit::Failed.code()) })
    }

    async fn ask(
        &self,
        connection: &Connection,
        request_id: Uuid,
        jti: &Jti,
    ) -> Result<wire::IssuedCertificate, tonic::Status> {
        let name = Some(wire::certificate_name::Name::Jti(jti.to_string()));
        let request = wire::ReplaceCertificateRequest {
            request_id: request_id.to_string(),
            certificate: Some(wire::CertificateName { name }),
            // As it is.
            certificate_json: Vec::new().into(),
            reason: self.why.reason.clone(),
            remarks: self.why.remarks.clone(),
            contents: wire::IssueContents::Receipt.into(),
        };
        let answer = connection.certificates().replace_certificate(within_deadline(request)).await?;
        Ok(answer.into_inner().issued.unwrap_or_default())
    }
}

/// Whether a refusal concerns this certificate alone, and the next may go well.
fn is_of_the_row(code: Code, reason: &str) -> bool {
    let of_the_row = matches!(
        code,
        Code::InvalidArgument | Code::FailedPrecondition | Code::NotFound | Code::AlreadyExists | Code::Aborted
    );
    of_the_row || reason == "NOT_YOUR_OFFICE"
}

fn tell(console: Console, row: usize, old: &Jti, done: &Done) {
    let Done { number, jti, log, index, issued_on } = done;
    if console.is_json() {
        let new = json!({ "number": number, "jti": jti, "log": log, "index": index, "issued_on": issued_on });
        console.data(json!({ "row": row, "replaces": old.to_string(), "issued": new }));
    } else {
        console.data(format!(
            "row {row}: {number} of {issued_on} replaces {old}: statement {jti} at index {index} of {log}"
        ));
    }
}

fn tell_refused(console: Console, row: usize, old: &str, reason: &str, message: &str) {
    if console.is_json() {
        console.data(json!({ "row": row, "replaces": old, "reason": reason, "message": message }));
    } else {
        console.data(format!("row {row}: {old} is refused: {message} [{reason}]"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_of_another_office_stops_no_other_and_an_account_that_may_issue_none_stops_all() {
        assert!(is_of_the_row(Code::PermissionDenied, "NOT_YOUR_OFFICE"));
        assert!(is_of_the_row(Code::FailedPrecondition, "STATUS_FORBIDS"));
        assert!(!is_of_the_row(Code::PermissionDenied, "PERMISSION_DENIED"));
        assert!(!is_of_the_row(Code::Unavailable, "SIGNING_KEY_CLOSED"));
    }
}
