//! `origin exporter register`, `show`, `list`, `strike-off` and `readmit`.

use super::{Door, Most, full, line};
use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::{Outcome, console::Console},
};
use std::process::ExitCode;
use uuid::Uuid;

/// Register an exporter; the office does that, and registration number and national id are given once
#[derive(Debug, clap::Args)]
pub(super) struct Register {
    /// The name as registered
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The number by which the country knows it: a tax number, a unified social credit code
    #[arg(long, value_name = "NUMBER")]
    national_id: String,
    /// The kind of that number, such as `NTN`, `USCC`, `KRA PIN`
    #[arg(long, value_name = "SCHEME", default_value = "", hide_default_value = true)]
    scheme: String,
    /// The number under which the office registers it
    #[arg(long, value_name = "NUMBER")]
    registration: String,
    /// A line of its address, without the country; once for each line
    #[arg(long = "address", value_name = "LINE", required = true)]
    address: Vec<String>,
    /// The country of the address, by ISO 3166-1
    #[arg(long, value_name = "CODE")]
    country: String,
    #[command(flatten)]
    door: Door,
}

impl Register {
    pub(super) fn run(self, console: Console) -> Outcome {
        let exporter = wire::Exporter {
            name: self.name,
            national_id: self.national_id,
            national_id_scheme: self.scheme,
            registration: self.registration,
            address: self.address,
            country: self.country,
            ..Default::default()
        };
        let request =
            wire::RegisterExporterRequest { request_id: Uuid::now_v7().to_string(), exporter: Some(exporter) };
        let answer = self.door.ask(console, |connection| async move {
            connection.exporters().register_exporter(within_deadline(request)).await
        })?;
        line(console, &answer.exporter.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// Show one exporter with its evidence of cost
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The exporter: its id or registration number [default: the one whose account this is]
    #[arg(value_name = "EXPORTER", default_value = "", hide_default_value = true)]
    exporter: String,
    #[command(flatten)]
    door: Door,
}

impl Show {
    pub(super) fn run(self, console: Console) -> Outcome {
        let request = wire::GetExporterRequest { exporter_id: self.exporter };
        let answer = self.door.ask(console, |connection| async move {
            connection.exporters().get_exporter(within_deadline(request)).await
        })?;
        full(console, &answer.exporter.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// List the exporters that are registered
#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    door: Door,
}

impl List {
    pub(super) fn run(self, console: Console) -> Outcome {
        let call = |connection: Connection, page_size, page_token| async move {
            let request = wire::ListExportersRequest { page_size, page_token };
            connection.exporters().list_exporters(within_deadline(request)).await
        };
        let page = |answer: wire::ListExportersResponse| {
            answer.exporters.iter().for_each(|one| line(console, one));
            (answer.exporters.len(), answer.next_page_token)
        };
        self.door.pages(console, self.most, call, page, "no exporter is registered")
    }
}

/// Strike an exporter off: nobody files for it any more, and no certificate names it as producer
#[derive(Debug, clap::Args)]
pub(super) struct StrikeOff {
    /// The exporter: its id or registration number
    #[arg(value_name = "EXPORTER")]
    exporter: String,
    #[command(flatten)]
    door: Door,
}

impl StrikeOff {
    pub(super) fn run(self, console: Console) -> Outcome {
        let request = wire::StrikeOffExporterRequest { exporter_id: self.exporter };
        let answer = self.door.ask(console, |connection| async move {
            connection.exporters().strike_off_exporter(within_deadline(request)).await
        })?;
        line(console, &answer.exporter.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// Readmit an exporter that was struck off: it files again, and may be named as producer
#[derive(Debug, clap::Args)]
pub(super) struct Readmit {
    /// The exporter: its id or registration number
    #[arg(value_name = "EXPORTER")]
    exporter: String,
    #[command(flatten)]
    door: Door,
}

impl Readmit {
    pub(super) fn run(self, console: Console) -> Outcome {
        let request = wire::ReadmitExporterRequest { exporter_id: self.exporter };
        let answer = self.door.ask(console, |connection| async move {
            connection.exporters().readmit_exporter(within_deadline(request)).await
        })?;
        line(console, &answer.exporter.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}
