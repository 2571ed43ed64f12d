//! `origin apply draft` and `update`, and the submission of a draft.

use super::{
    Door, ForExporter,
    declares::Declares,
    file::{Filing, OneFile},
    written::{made, only_row},
};
use crate::{
    api::client::{wire, within_deadline},
    certificate::Findings,
    cli::{
        Outcome, application, certificate::findings_text, console::Console, files::Source, issue::ledger::RowKey,
        remote, tree,
    },
};
use std::{path::PathBuf, process::ExitCode};
use uuid::Uuid;
use wire::import_application_result::Outcome as RowOutcome;

/// Keep an application as a draft, with what the rules say of it so far
///
/// It may be unfinished: it says its agreement, its office and its country of destination. Nobody declares it yet;
/// `origin apply submit FILE`, or its id in place of the file, submits it.
#[derive(Debug, clap::Args)]
pub(super) struct Draft {
    /// TOML or JSON of one certificate; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// How the goods were made, TOML or JSON (see origin agreement template)
    #[arg(long, value_name = "FILE")]
    production: Option<Source>,
    /// Where the request ids are kept [default: FILE.requests]
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    #[command(flatten)]
    whose: ForExporter,
    #[command(flatten)]
    door: Door,
}

impl Draft {
    pub(super) fn run(self, console: Console) -> Outcome {
        let Self { file, production, requests, whose, door } = self;
        let filing = Filing { draft: true, requests, whose, declares: Declares::default(), door };
        let row = only_row(&file)?;
        let ledger = filing.ledger(&file)?;
        filing.run(console, std::iter::once(Ok(row)), ledger, made(production.as_ref())?.as_ref())
    }
}

/// Change a draft: it asks for what the file says now, and for nothing else
#[derive(Debug, clap::Args)]
pub(super) struct Update {
    /// The draft's id
    #[arg(value_name = "APPLICATION")]
    application: String,
    /// TOML or JSON of one certificate; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// How the goods were made, TOML or JSON; without it the draft declares nothing of that any more
    #[arg(long, value_name = "FILE")]
    production: Option<Source>,
    /// Where the request ids are kept [default: FILE.requests]
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    #[command(flatten)]
    door: Door,
}

impl Update {
    pub(super) fn run(self, console: Console) -> Outcome {
        let Self { application, file: source, production, requests, door } = self;
        let (row, made) = (only_row(&source)?, made(production.as_ref())?);
        let file = OneFile::of_one(console, &row, made.as_ref())?.into_wire();
        let request = wire::UpdateApplicationRequest {
            request_id: Uuid::now_v7().to_string(),
            application_id: application,
            file: Some(file),
        };
        let answer = door.ask(console, |connection| async move {
            connection.applications().update_application(within_deadline(request)).await
        })?;
        let draft = answer.application.unwrap_or_default();
        // So that `submit FILE` submits this draft, and files no second application.
        if source.path().is_some() || requests.is_some() {
            let whose = ForExporter { exporter: String::new() };
            let filing = Filing { draft: true, requests, whose, declares: Declares::default(), door };
            let mut ledger = filing.ledger(&source)?;
            ledger.drafted(&RowKey::of(row.written()), &draft.application_id)?;
            ledger.sync()?;
        }
        told(console, &draft);
        Ok(ExitCode::SUCCESS)
    }
}

fn told(console: Console, application: &wire::Application) {
    application::outcome(console, application);
    if !console.is_json() {
        let findings = Findings(application.findings.iter().map(remote::finding).collect());
        console.message(findings_text(console, &findings).trim_end());
    }
}

/// Declares and submits a draft as it is kept at the node: it is shown before.
pub(super) fn submit(console: Console, id: &str, declares: &Declares, door: &Door) -> Outcome {
    declares.somebody()?;
    let request = wire::GetApplicationRequest { application_id: id.to_owned() };
    let kept = door.ask(console, |connection| async move {
        connection.applications().get_application(within_deadline(request)).await
    })?;
    let file = OneFile::kept(kept.file.unwrap_or_default());
    if let Ok(value) = serde_json::from_slice(file.certificate()) {
        console.message(format!("{id}, as it is declared:"));
        console.message(tree::render(&value).trim_end());
    }
    let request = wire::SubmitApplicationRequest {
        request_id: Uuid::now_v7().to_string(),
        application_id: id.to_owned(),
        declaration: Some(declares.of(&file)?),
    };
    let answer = door.ask(console, |connection| async move {
        connection.applications().submit_application(within_deadline(request)).await
    })?;
    told(console, &answer.application.unwrap_or_default());
    Ok(ExitCode::SUCCESS)
}

/// The answer to the submission of a draft, as a row of an import is told.
pub(super) fn as_imported(answer: wire::SubmitApplicationResponse) -> wire::ImportedApplication {
    let application = answer.application.unwrap_or_default();
    wire::ImportedApplication {
        stage: application.stage,
        application_id: application.application_id,
        repeated: false,
        findings: application.findings,
        certificate_number: application.certificate_number,
    }
}

/// The application that a row came to.
pub(super) fn imported(result: &wire::ImportApplicationResult) -> Option<&wire::ImportedApplication> {
    match &result.outcome {
        Some(RowOutcome::Imported(one)) => Some(one),
        _ => None,
    }
}
