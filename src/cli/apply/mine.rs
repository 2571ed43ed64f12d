//! `origin apply list`, `show`, `number`, `answer` and `withdraw`.

use super::{Door, Most, declares::Declares, file::OneFile};
use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::{
        Outcome, application, arguments,
        console::{Console, Exit, Failure},
        files::{Source, apart, deliver},
        origin, tree,
    },
    office::StageName,
};
use std::process::ExitCode;
use uuid::Uuid;

/// List the account's own applications, newest first
#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[arg(
        long,
        value_name = "STAGE",
        value_parser = application::stage,
        help = arguments::one_of("Only those of this stage", StageName::ALL.iter().map(|one| one.name()))
    )]
    stage: Option<wire::ApplicationStage>,
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    door: Door,
}

impl List {
    pub(super) fn run(self, console: Console) -> Outcome {
        let stage = self.stage.unwrap_or_default().into();
        let call = |connection: Connection, page_size, page_token| async move {
            let request = wire::ListApplicationsRequest { page_size, page_token, stage };
            connection.applications().list_applications(within_deadline(request)).await
        };
        let page = |answer: wire::ListApplicationsResponse| {
            answer.applications.iter().for_each(|one| application::line(console, one));
            (answer.applications.len(), answer.next_page_token)
        };
        self.door.pages(console, self.most, call, page, "there is no such application of this account")
    }
}

/// Show one application with its history; for who filed it, and for its office
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The application's id
    #[arg(value_name = "APPLICATION")]
    application: String,
    /// What it asks for, too; how the goods were made, and what the rules of origin make of that on both bases
    #[arg(long)]
    file: bool,
    /// Write what is shown to who declares, byte for byte, for the person's own signature; `-` is standard output
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    shown: Option<Source>,
    #[command(flatten)]
    door: Door,
}

impl Show {
    pub(super) fn run(self, console: Console) -> Outcome {
        let shown = self.shown.as_ref().and_then(Source::path);
        apart(shown, [self.door.token.source()])?;
        let request = wire::GetApplicationRequest { application_id: self.application };
        let answer = self.door.ask(console, |connection| async move {
            connection.applications().get_application(within_deadline(request)).await
        })?;
        if self.shown.is_some() {
            let file = OneFile::kept(answer.file.unwrap_or_default());
            deliver(console, shown, &file.shown_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        application::full(console, &answer.application.unwrap_or_default());
        if self.file {
            let file = answer.file.unwrap_or_default();
            match serde_json::from_slice(&file.certificate_json) {
                Ok(value) if !console.is_json() => {
                    console.raw(tree::render(&value).as_bytes());
                    let (certificate, made) = (&file.certificate_json, &file.production_json);
                    let paint = |colour, text: &str| console.paint(colour, text);
                    console.raw(origin::declared(&paint, certificate, made, &answer.origin_json).as_bytes());
                }
                Ok(value) => console.data(value),
                Err(error) => return Err(Failure::new(Exit::Failed, format!("the node sent no JSON: {error}"))),
            }
            let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap_or_default();
            if console.is_json() && !file.production_json.is_empty() {
                console.data(serde_json::json!({
                    "production": read(&file.production_json), "origin": read(&answer.origin_json),
                }));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Ask for the certificate's number in advance, for the export declaration; also for examiners of the office
#[derive(Debug, clap::Args)]
pub(super) struct Number {
    /// The application's id
    #[arg(value_name = "APPLICATION")]
    application: String,
    #[command(flatten)]
    door: Door,
}

impl Number {
    pub(super) fn run(self, console: Console) -> Outcome {
        let request =
            wire::ReserveNumberRequest { request_id: Uuid::now_v7().to_string(), application_id: self.application };
        let answer = self.door.ask(console, |connection| async move {
            connection.applications().reserve_number(within_deadline(request)).await
        })?;
        application::outcome(console, &answer.application.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// Answer what an officer asked; with --file, other particulars that mend it, declared anew
#[derive(Debug, clap::Args)]
pub(super) struct Answer {
    /// The application's id
    #[arg(value_name = "APPLICATION")]
    application: String,
    /// The answer
    #[arg(long = "answer", value_name = "TEXT")]
    words: String,
    /// TOML or JSON of the certificate as it should be
    #[arg(long, value_name = "FILE")]
    file: Option<Source>,
    /// How the goods were made, TOML or JSON; without it a mended application declares nothing of that
    #[arg(long, value_name = "FILE", requires = "file")]
    production: Option<Source>,
    #[command(flatten)]
    declares: Declares,
    #[command(flatten)]
    door: Door,
}

impl Answer {
    pub(super) fn run(self, console: Console) -> Outcome {
        let mended = match &self.file {
            None => None,
            Some(source) => Some(OneFile::read(console, source, self.production.as_ref())?),
        };
        let declaration = mended.as_ref().map(|file| self.declares.of(file)).transpose()?;
        let request = wire::AnswerQueryRequest {
            request_id: Uuid::now_v7().to_string(),
            application_id: self.application,
            answer: self.words,
            file: mended.map(OneFile::into_wire),
            declaration,
        };
        let answer = self.door.ask(console, |connection| async move {
            connection.applications().answer_query(within_deadline(request)).await
        })?;
        application::outcome(console, &answer.application.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// Take an application back
#[derive(Debug, clap::Args)]
pub(super) struct Withdraw {
    /// The application's id
    #[arg(value_name = "APPLICATION")]
    application: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    #[command(flatten)]
    door: Door,
}

impl Withdraw {
    pub(super) fn run(self, console: Console) -> Outcome {
        let request = wire::WithdrawApplicationRequest {
            request_id: Uuid::now_v7().to_string(),
            application_id: self.application,
            note: self.note,
        };
        let answer = self.door.ask(console, |connection| async move {
            connection.applications().withdraw_application(within_deadline(request)).await
        })?;
        application::outcome(console, &answer.application.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}
