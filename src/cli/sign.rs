//! `origin sign`: shows exactly what will be signed, then has it issued.

use super::{
    Outcome, application,
    apply::Door,
    certificate::findings_text,
    console::{Colour, Console, Exit, Failure},
    origin, remote, tree,
};
use crate::{
    api::client::{wire, within_deadline},
    certificate::Findings,
    encoding::hex,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::{
    io::{BufRead, IsTerminal},
    process::ExitCode,
};
use uuid::Uuid;

/// Sign what was recommended: shows the certificate as it will be signed, asks, and has it issued
///
/// What was shown is what is signed: if anything has changed in between, nothing is. Who examined an application cannot
/// sign it. Of several, one that is refused stops no other. Exit code 0 if every one is signed, 1 otherwise.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The applications' ids
    #[arg(value_name = "APPLICATION", required = true)]
    applications: Vec<String>,
    /// Sign without asking, for scripts that have looked at it
    #[arg(long)]
    yes: bool,
    /// The certificate's number, where the office has no series that gives one
    #[arg(long, value_name = "NUMBER", default_value = "", hide_default_value = true)]
    number: String,
    #[command(flatten)]
    door: Door,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        if !self.yes && !std::io::stdin().is_terminal() {
            return Err(Failure::new(Exit::Usage, "nobody can be asked here whether to sign")
                .help("a script that has looked at what it signs says --yes"));
        }
        if self.applications.len() > 1 && !self.number.is_empty() {
            return Err(Failure::new(Exit::Usage, "one number is not for several certificates"));
        }
        let mut left = 0_usize;
        for id in &self.applications {
            match self.sign(console, id) {
                Ok(true) => {}
                Ok(false) => left += 1,
                // Who declines or is refused one has not declined the others; where nobody answers, nobody will.
                Err(failure) if self.applications.len() > 1 && failure.code() == Exit::Failed.code() => {
                    left += 1;
                    if console.is_json() {
                        let reason = failure.reason();
                        console.data(json!({ "application_id": id, "refused": failure.sentence(), "reason": reason }));
                    } else {
                        console.data(format!("{id}  {}", console.paint(Colour::Red, "not signed")));
                    }
                    console.failure(&failure);
                }
                Err(failure) => return Err(failure.note(format!("application {id}"))),
            }
        }
        if left > 0 && self.applications.len() > 1 {
            console.message(format!("{} signed, {left} not", self.applications.len() - left));
        }
        Ok(if left == 0 { ExitCode::SUCCESS } else { ExitCode::from(Exit::Failed.code()) })
    }

    /// Signs one; false where the signatory declined.
    fn sign(&self, console: Console, id: &str) -> Result<bool, Failure> {
        let request = wire::PreviewCertificateRequest { application_id: id.to_owned(), number: self.number.clone() };
        let preview = self.door.ask(console, |connection| async move {
            connection.examinations().preview_certificate(within_deadline(request)).await
        })?;
        // What is approved is what stands here, not what the node says that its hash is.
        let shown = Sha256::digest(&preview.certificate_json);
        let value = serde_json::from_slice::<serde_json::Value>(&preview.certificate_json);
        let value = value.map_err(|error| Failure::new(Exit::Failed, format!("the node sent no JSON: {error}")))?;
        let findings = Findings(preview.findings.iter().map(remote::finding).collect());
        console.message(format!("{id}, as it will be signed (SHA-256 {}):", hex::encode(&shown)));
        console.message(tree::render(&value).trim_end());
        let paint = |colour, text: &str| console.paint_message(colour, text);
        let certificate = &preview.certificate_json;
        let made = origin::declared(&paint, certificate, &preview.production_json, &preview.origin_json);
        if !made.is_empty() {
            console.message(made.trim_end());
        }
        console.message(findings_text(console, &findings).trim_end());
        if !self.yes && !asked(console)? {
            console.message(format!("{id} is not signed"));
            return Ok(false);
        }
        let request = wire::SignApplicationRequest {
            request_id: Uuid::now_v7().to_string(),
            application_id: id.to_owned(),
            shown_sha256: shown.to_vec().into(),
            number: self.number.clone(),
        };
        let answer = self.door.ask(console, |connection| async move {
            connection.examinations().sign_application(within_deadline(request)).await
        })?;
        application::outcome(console, &answer.application.unwrap_or_default());
        Ok(true)
    }
}

fn asked(console: Console) -> Result<bool, Failure> {
    console.message("sign it? write `yes`:");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Failure::new(Exit::Failed, format!("no answer could be read: {error}")))?;
    Ok(answer.trim() == "yes")
}
