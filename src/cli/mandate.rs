//! `origin mandate`: who files for an exporter, and how far.

use super::{
    Outcome,
    apply::{Door, ForExporter},
    arguments,
    console::{Console, Exit, Failure},
    remote::{date_text, date_to_wire},
    tree::plain,
};
use crate::{
    api::client::{wire, within_deadline},
    time::Date,
};
use serde_json::json;
use std::process::ExitCode;
use uuid::Uuid;

/// Give, list and end mandates: by them agents and platforms file for exporters
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Give(Give),
    List(List),
    Revoke(Revoke),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Give(arguments) => arguments.run(console),
            Command::List(arguments) => arguments.run(console),
            Command::Revoke(arguments) => arguments.run(console),
        }
    }
}

/// Give an agent's account a mandate; the office records one that was brought on paper
#[derive(Debug, clap::Args)]
struct Give {
    /// The agent's or platform's account
    #[arg(long, value_name = "ACCOUNT")]
    agent: String,
    /// An agreement it is for [default: every one]
    #[arg(long = "agreement", value_name = "CODE", value_parser = arguments::agreement)]
    agreements: Vec<crate::certificate::AgreementCode>,
    /// An office it is for [default: every one]
    #[arg(long = "office", value_name = "CODE")]
    offices: Vec<String>,
    /// The first day
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    from: Date,
    /// The last day
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    until: Date,
    /// Applications at most [default: no ceiling]
    #[arg(long, value_name = "COUNT", default_value_t = 0, hide_default_value = true)]
    most_applications: u64,
    /// Value of all applications at most, such as `500000 USD` [default: no ceiling]
    #[arg(long, value_name = "AMOUNT")]
    most_value: Option<String>,
    /// Keep what is issued on it from the importing country until the exporter itself consents
    #[arg(long)]
    hold: bool,
    #[command(flatten)]
    whose: ForExporter,
    #[command(flatten)]
    door: Door,
}

impl Give {
    fn run(self, console: Console) -> Outcome {
        let (most_value, currency) = match self.most_value.as_deref().map(str::trim) {
            None => (String::new(), String::new()),
            Some(amount) => amount
                .split_once(' ')
                .map(|(value, currency)| (value.to_owned(), currency.trim().to_owned()))
                .ok_or_else(|| Failure::new(Exit::Usage, "an amount names its currency, such as `500000 USD`"))?,
        };
        let mandate = wire::Mandate {
            exporter_id: self.whose.exporter,
            agent_account_id: self.agent,
            agreements: self.agreements.iter().map(ToString::to_string).collect(),
            offices: self.offices,
            from: Some(date_to_wire(self.from)),
            until: Some(date_to_wire(self.until)),
            most_applications: self.most_applications,
            most_value,
            currency,
            hold: self.hold,
            ..Default::default()
        };
        let request = wire::GiveMandateRequest { request_id: Uuid::now_v7().to_string(), mandate: Some(mandate) };
        let answer = self.door.ask(console, |connection| async move {
            connection.exporters().give_mandate(within_deadline(request)).await
        })?;
        line(console, &answer.mandate.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// List the mandates of an exporter; an agent sees its own
#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    whose: ForExporter,
    #[command(flatten)]
    door: Door,
}

impl List {
    fn run(self, console: Console) -> Outcome {
        let request = wire::ListMandatesRequest { exporter_id: self.whose.exporter };
        let answer = self.door.ask(console, |connection| async move {
            connection.exporters().list_mandates(within_deadline(request)).await
        })?;
        answer.mandates.iter().for_each(|one| line(console, one));
        Ok(ExitCode::SUCCESS)
    }
}

/// End a mandate before its time; it counts from the next call on
#[derive(Debug, clap::Args)]
struct Revoke {
    /// The mandate's id
    #[arg(value_name = "MANDATE")]
    mandate: String,
    #[command(flatten)]
    whose: ForExporter,
    #[command(flatten)]
    door: Door,
}

impl Revoke {
    fn run(self, console: Console) -> Outcome {
        let request = wire::RevokeMandateRequest { exporter_id: self.whose.exporter, mandate_id: self.mandate };
        let answer = self.door.ask(console, |connection| async move {
            connection.exporters().revoke_mandate(within_deadline(request)).await
        })?;
        line(console, &answer.mandate.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// Who has it and who gave it, by name where that is told.
fn between(mandate: &wire::Mandate) -> String {
    if mandate.agent_name.is_empty() {
        return mandate.agent_account_id.clone();
    }
    format!("{} ({}) for {}", mandate.agent_account_id, plain(&mandate.agent_name), plain(&mandate.exporter_name))
}

/// One line of a list, or one JSON document.
fn line(console: Console, mandate: &wire::Mandate) {
    let (from, until) = (date_text(mandate.from.as_ref()), date_text(mandate.until.as_ref()));
    if console.is_json() {
        console.data(json!({
            "mandate_id": mandate.mandate_id,
            "exporter_id": mandate.exporter_id,
            "agent_account_id": mandate.agent_account_id,
            "agreements": mandate.agreements,
            "offices": mandate.offices,
            "from": from,
            "until": until,
            "most_applications": mandate.most_applications,
            "used_applications": mandate.used_applications,
            "most_value": mandate.most_value,
            "used_value": mandate.used_value,
            "currency": mandate.currency,
            "revoked": mandate.revoked,
            "hold": mandate.hold,
            "exporter_name": mandate.exporter_name,
            "agent_name": mandate.agent_name,
        }));
        return;
    }
    let all = |codes: &[String], every: &str| if codes.is_empty() { every.to_owned() } else { codes.join(", ") };
    let most =
        if mandate.most_applications == 0 { String::new() } else { format!(" of {}", mandate.most_applications) };
    let used = if mandate.used_value.is_empty() { "0" } else { mandate.used_value.as_str() };
    let value = if mandate.most_value.is_empty() {
        String::new()
    } else {
        format!("  {used} of {} {}", mandate.most_value, mandate.currency)
    };
    console.data(format!(
        "{}  {}  {from} to {until}  {}  {}  {}{most} filed{value}{}{}",
        mandate.mandate_id,
        between(mandate),
        all(&mandate.agreements, "every agreement"),
        all(&mandate.offices, "every office"),
        mandate.used_applications,
        if mandate.hold { "  held until the exporter consents" } else { "" },
        if mandate.revoked { "  revoked" } else { "" },
    ));
}
