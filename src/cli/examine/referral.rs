//! `origin examine refer` and `report`: what a factory visit or a laboratory has to look at, and what was found.

use super::Done;
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        apply::Door,
        arguments,
        console::{Console, Exit, Failure},
        files::Source,
        remote,
    },
    encoding::hex,
    time::Date,
};
use clap::ValueEnum;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Bytes of a report's paper at most: a scan of many pages.
const PAPER: usize = 64 << 20;

#[derive(Debug, Clone, Copy, ValueEnum)]
enum To {
    /// A visit to the factory
    Factory,
    /// A laboratory
    Laboratory,
}

/// Refer an application to a factory visit or a laboratory
#[derive(Debug, clap::Args)]
pub(super) struct Refer {
    /// The application's id
    #[arg(value_name = "APPLICATION")]
    application: String,
    /// To where
    #[arg(long, value_enum)]
    to: To,
    /// What is to be looked at
    #[arg(long, value_name = "TEXT")]
    look_at: String,
    /// The day by which the report is due, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    due: Date,
    #[command(flatten)]
    door: Door,
}

/// Report what was found: the application comes back to the officer who referred it
#[derive(Debug, clap::Args)]
pub(super) struct Report {
    /// The application's id
    #[arg(value_name = "APPLICATION")]
    application: String,
    /// Who visited, or which laboratory tested
    #[arg(long, value_name = "NAME")]
    visitor: String,
    /// On which day, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    visited: Date,
    /// What was found, in words
    #[arg(long, value_name = "TEXT")]
    found: String,
    /// The report's paper; the office keeps it, and its SHA-256 goes with the report
    #[arg(long, value_name = "FILE", required_unless_present = "paper_sha256", conflicts_with = "paper_sha256")]
    paper: Option<Source>,
    /// The SHA-256 of the paper, where it is not at hand
    #[arg(long, value_name = "HEX")]
    paper_sha256: Option<String>,
    #[command(flatten)]
    door: Door,
}

impl Refer {
    pub(super) fn run(self, console: Console) -> Done {
        let Self { application, to, look_at, due, door } = self;
        let to = match to {
            To::Factory => "factory",
            To::Laboratory => "laboratory",
        };
        let request = wire::ReferApplicationRequest {
            request_id: Uuid::now_v7().to_string(),
            application_id: application,
            to: to.to_owned(),
            look_at,
            due: Some(remote::date_to_wire(due)),
        };
        let answer = door.ask(console, |connection| async move {
            connection.examinations().refer_application(within_deadline(request)).await
        })?;
        Ok(answer.application)
    }
}

impl Report {
    pub(super) fn run(self, console: Console) -> Done {
        let Self { application, visitor, visited, found, paper, paper_sha256, door } = self;
        let hash = match (paper, paper_sha256) {
            (Some(paper), _) => Sha256::digest(paper.read(PAPER)?).to_vec(),
            (None, text) => {
                let bytes = hex::decode(&text.unwrap_or_default()).filter(|bytes| bytes.len() == 32);
                bytes.ok_or_else(|| Failure::new(Exit::Usage, "--paper-sha256 is 64 hexadecimal digits"))?
            }
        };
        let request = wire::ReportReferralRequest {
            request_id: Uuid::now_v7().to_string(),
            application_id: application,
            visitor,
            visited_on: Some(remote::date_to_wire(visited)),
            words: found,
            paper_sha256: hash.into(),
        };
        let answer = door.ask(console, |connection| async move {
            connection.examinations().report_referral(within_deadline(request)).await
        })?;
        Ok(answer.application)
    }
}
