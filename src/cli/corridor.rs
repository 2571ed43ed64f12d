//! `origin corridor`: how certificates go to each country, as the node's operator has it.

use super::{
    Outcome,
    apply::Door,
    console::{Colour, Console},
    remote::date_text,
};
use crate::api::client::{Date, wire, within_deadline};
use serde_json::json;
use std::process::ExitCode;

/// How certificates go to each country: on paper, electronically, or both
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(List),
}

/// List the corridors, with the dates of issue each is for
#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    door: Door,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::List(arguments) => arguments.run(console),
        }
    }
}

impl List {
    fn run(self, console: Console) -> Outcome {
        let answer = self.door.ask(console, |connection| async move {
            connection.continuity().list_corridors(within_deadline(wire::ListCorridorsRequest {})).await
        })?;
        for one in &answer.corridors {
            let medium = match one.medium() {
                wire::Medium::Paper => "paper",
                wire::Medium::Both => "both",
                wire::Medium::Electronic => "electronic",
                wire::Medium::Unspecified => "unknown",
            };
            if console.is_json() {
                console.data(json!({
                    "agreement": one.agreement,
                    "to": one.to,
                    "medium": medium,
                    "from": one.from.as_ref().map(|day| date_text(Some(day))),
                    "until": one.until.as_ref().map(|day| date_text(Some(day))),
                    "in_force": one.in_force,
                }));
                continue;
            }
            let day = |word: &str, day: Option<&Date>| {
                day.map_or_else(String::new, |day| format!("  {word} {}", date_text(Some(day))))
            };
            let (from, until) = (day("from", one.from.as_ref()), day("until", one.until.as_ref()));
            let now = if one.in_force { console.paint(Colour::Green, "  now") } else { String::new() };
            console.data(format!("{:10} {}  {medium:10}{from}{until}{now}", one.agreement, one.to));
        }
        console.message(format!(
            "every other certificate is electronic; one of an outage is registered within {} days",
            answer.register_within_days
        ));
        Ok(ExitCode::SUCCESS)
    }
}
