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
use serde_json::{Value, json};
use std::process::ExitCode;
use uuid::Uuid;

/// Give, list and revoke mandates, by which agents and platforms file for exporters
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

/// Give an agent's account a mandate to file for an exporter; an officer so records one that was brought on paper
#[derive(Debug, clap::Args)]
struct Give {
    /// The account of the agent or platform, as `origin account list` shows it
    #[arg(long, value_name = "ACCOUNT")]
    agent: String,
    /// An agreement under which it is good; repeat for each [default: every agreement]
    #[arg(long = "agreement", value_name = "CODE", value_parser = arguments::agreement)]
    agreements: Vec<crate::certificate::AgreementCode>,
    /// An office at which it is good; repeat for each [default: every office]
    #[arg(long = "office", value_name = "CODE")]
    offices: Vec<String>,
    /// The first day on which it is good
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    from: Date,
    /// The last day on which it is good
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    until: Date,
    /// How many applications may be filed by it [default: no ceiling]
    #[arg(long, value_name = "COUNT", value_parser = ceiling)]
    most_applications: Option<u64>,
    /// How much the goods of all applications together may be worth, such as `500000 USD` [default: no ceiling]
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    most_value: Option<(String, String)>,
    /// Send what is issued by it to the importing country only when the exporter itself consents
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

/// A ceiling of value, and its currency.
fn amount(text: &str) -> Result<(String, String), String> {
    let read = text.trim().split_once(' ');
    let read = read.and_then(|(value, currency)| Some((value, value.parse::<Decimal>().ok()?, currency.trim())));
    match read {
        None => Err("an amount is a number and its currency, such as `500000 USD`".to_owned()),
        Some((_, worth, _)) if worth.is_zero() => {
            Err("a ceiling of value is more than 0; leave it out where there shall be none".to_owned())
        }
        Some((value, _, currency)) => Ok((value.to_owned(), currency.to_owned())),
    }
}

/// List the mandates of an exporter; an agent sees those it was given
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
        console.said_if_empty(answer.mandates.len(), "there is no mandate");
        Ok(ExitCode::SUCCESS)
    }
}

/// Revoke a mandate before its last day: nothing more is filed by it from the next call on
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
    if console.is_json() {
        console.data(described(mandate));
    } else {
        console.data(sentence(mandate));
    }
}

/// A mandate for machines.
fn described(mandate: &wire::Mandate) -> Value {
    json!({
        "mandate_id": mandate.mandate_id,
        "exporter_id": mandate.exporter_id,
        "agent_account_id": mandate.agent_account_id,
        "agreements": mandate.agreements,
        "offices": mandate.offices,
        "from": date_text(mandate.from.as_ref()),
        "until": date_text(mandate.until.as_ref()),
        "most_applications": mandate.most_applications,
        "used_applications": mandate.used_applications,
        "most_value": mandate.most_value,
        "used_value": mandate.used_value,
        "currency": mandate.currency,
        "revoked": mandate.revoked,
        "hold": mandate.hold,
        "exporter_name": mandate.exporter_name,
        "agent_name": mandate.agent_name,
    })
}

/// A mandate for people: who files for whom, from when until when, for what, and how much of it is used.
fn sentence(mandate: &wire::Mandate) -> String {
    let (from, until) = (date_text(mandate.from.as_ref()), date_text(mandate.until.as_ref()));
    let all = |codes: &[String], every: &str| if codes.is_empty() { every.to_owned() } else { codes.join(", ") };
    let (filed, most) = (mandate.used_applications, mandate.most_applications);
    let filed = match (filed, most) {
        (1, 0) => "1 application filed".to_owned(),
        (filed, 0) => format!("{filed} applications filed"),
        (filed, most) => format!("{filed} of {most} applications filed"),
    };
    let used = if mandate.used_value.is_empty() { "0" } else { mandate.used_value.as_str() };
    let value = if mandate.most_value.is_empty() {
        String::new()
    } else {
        format!("  {used} of {} {} used", mandate.most_value, mandate.currency)
    };
    format!(
        "{}  {}  {from} to {until}  {}  {}  {filed}{value}{}{}",
        mandate.mandate_id,
        between(mandate),
        all(&mandate.agreements, "every agreement"),
        all(&mandate.offices, "every office"),
        if mandate.hold { "  sent when the exporter consents" } else { "" },
        if mandate.revoked { "  revoked" } else { "" },
    )
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
        for nothing in ["0 USD", "0.00 USD"] {
            assert!(amount(nothing).unwrap_err().contains("more than 0"), "{nothing}");
        }
    }

    #[test]
    fn a_list_says_how_much_of_a_mandate_is_used() {
        let mandate = wire::Mandate {
            mandate_id: "man_1".to_owned(),
            agent_account_id: "acc_1".to_owned(),
            agent_name: "Swift Clearing".to_owned(),
            exporter_name: "Chenab Sports".to_owned(),
            used_applications: 1,
            ..Default::default()
        };
        let open = sentence(&mandate);
        assert!(open.contains("every agreement  every office  1 application filed"), "{open}");
        let bounded = wire::Mandate {
            most_applications: 10,
            most_value: "500000".to_owned(),
            used_value: "142800".to_owned(),
            currency: "USD".to_owned(),
            hold: true,
            revoked: true,
            ..mandate
        };
        let used = "1 of 10 applications filed  142800 of 500000 USD used  sent when the exporter consents  revoked";
        assert!(sentence(&bounded).ends_with(used), "{}", sentence(&bounded));
    }
}
