//! `origin mandate`: who files for an exporter, and how far.

use super::{
    Outcome,
    apply::{Door, ForExporter},
    arguments,
    console::Console,
    remote::{date_text, date_to_wire},
    tree::plain,
};
use crate::{
    api::client::{wire, within_deadline},
    encoding::decimal::Decimal,
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
    #[arg(long, value_name = "COUNT", value_parser = ceiling)]
    most_applications: Option<u64>,
    /// Value of all applications at most, such as `500000 USD` [default: no ceiling]
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    most_value: Option<(String, String)>,
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
        let (most_value, currency) = self.most_value.unwrap_or_default();
        let mandate = wire::Mandate {
            exporter_id: self.whose.exporter,
            agent_account_id: self.agent,
            agreements: self.agreements.iter().map(ToString::to_string).collect(),
            offices: self.offices,
            from: Some(date_to_wire(self.from)),
            until: Some(date_to_wire(self.until)),
            most_applications: self.most_applications.unwrap_or_default(),
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

/// A ceiling of applications. The node takes 0 for no ceiling, and nobody who writes 0 means that.
fn ceiling(text: &str) -> Result<u64, String> {
    let count = text.parse::<u64>().ok().filter(|count| *count > 0);
    count.ok_or_else(|| "a ceiling is a whole number from 1 on; leave it out where there shall be none".to_owned())
}

/// A value and its currency.
fn amount(text: &str) -> Result<(String, String), String> {
    let read = text.trim().split_once(' ').filter(|(value, _)| value.parse::<Decimal>().is_ok());
    let read = read.map(|(value, currency)| (value.to_owned(), currency.trim().to_owned()));
    read.ok_or_else(|| "an amount is a number and its currency, such as `500000 USD`".to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        give: Give,
    }

    #[test]
    fn a_mandate_for_no_application_is_refused_and_does_not_become_one_without_a_ceiling() {
        let give = |most: &[&str]| {
            let door = ["x", "--node", "localhost:1", "--token-file", "t"];
            let mandate = ["--agent", "acc_1", "--from", "2026-01-01", "--until", "2026-12-31"];
            Line::try_parse_from(door.iter().chain(&mandate).chain(most)).map(|line| line.give.most_applications)
        };
        let refused = give(&["--most-applications", "0"]).unwrap_err();
        assert!(refused.to_string().contains("from 1 on"), "{refused}");
        assert_eq!(give(&["--most-applications", "1"]).unwrap(), Some(1));
        assert_eq!(give(&[]).unwrap(), None);
    }

    #[test]
    fn an_amount_that_cannot_be_read_is_shown_with_one_that_can() {
        assert_eq!(amount("500000 USD"), Ok(("500000".to_owned(), "USD".to_owned())));
        for wrong in ["200,000 USD", "500000", "USD 500000", "500000 "] {
            assert!(amount(wrong).unwrap_err().contains("`500000 USD`"), "{wrong}");
        }
    }
}
