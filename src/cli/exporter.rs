//! `origin exporter`: who is registered, with which evidence of cost, and what is saved to fill in applications with.

mod evidence;
mod register;
mod saved;

use super::{
    Outcome,
    apply::{Door, ForExporter, Most},
    console::Console,
    remote::date_text,
    tree::plain,
};
use crate::api::client::wire;
use serde_json::{Value, json};

/// Register exporters, keep their evidence of cost, save their parties and products
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Register(register::Register),
    Show(register::Show),
    List(register::List),
    StrikeOff(register::StrikeOff),
    Readmit(register::Readmit),
    Evidence(evidence::Arguments),
    Party(saved::PartyArguments),
    Product(saved::ProductArguments),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Register(arguments) => arguments.run(console),
            Command::Show(arguments) => arguments.run(console),
            Command::List(arguments) => arguments.run(console),
            Command::StrikeOff(arguments) => arguments.run(console),
            Command::Readmit(arguments) => arguments.run(console),
            Command::Evidence(arguments) => arguments.run(console),
            Command::Party(arguments) => arguments.run(console),
            Command::Product(arguments) => arguments.run(console),
        }
    }
}

/// One line of a list, or one JSON document.
fn line(console: Console, exporter: &wire::Exporter) {
    if console.is_json() {
        console.data(described(exporter));
        return;
    }
    let off = if exporter.struck_off { "  struck off" } else { "" };
    console.data(format!("{}  {:12}  {}{off}", exporter.exporter_id, exporter.registration, plain(&exporter.name)));
}

/// Everything there is to tell of one.
fn full(console: Console, exporter: &wire::Exporter) {
    if console.is_json() {
        console.data(described(exporter));
        return;
    }
    let address = exporter.address.iter().map(|one| plain(one)).collect::<Vec<_>>().join(", ");
    for (label, value) in [
        ("exporter", exporter.exporter_id.clone()),
        ("name", plain(&exporter.name)),
        ("national id", plain(format!("{} {}", exporter.national_id_scheme, exporter.national_id).trim())),
        ("registered", plain(&exporter.registration)),
        ("address", format!("{address}, {}", exporter.country)),
        ("standing", if exporter.struck_off { "struck off" } else { "may file" }.to_owned()),
    ] {
        console.data(format!("{label:12}{value}"));
    }
    for one in &exporter.evidence {
        let verified = match one.verified_by.as_str() {
            "" => "not verified".to_owned(),
            officer => format!("verified by {officer}"),
        };
        let (from, until) = (date_text(one.from.as_ref()), date_text(one.until.as_ref()));
        console.data(format!("evidence    {}  for {}  {from} to {until}  {verified}", plain(&one.reference), one.hs));
    }
}

fn described(exporter: &wire::Exporter) -> Value {
    let evidence = exporter.evidence.iter().map(|one| {
        json!({
            "reference": one.reference, "hs": one.hs, "paper_sha256": one.paper_sha256,
            "from": date_text(one.from.as_ref()), "until": date_text(one.until.as_ref()), "verified_by": one.verified_by,
        })
    });
    json!({
        "exporter_id": exporter.exporter_id,
        "name": exporter.name,
        "national_id": exporter.national_id,
        "national_id_scheme": exporter.national_id_scheme,
        "registration": exporter.registration,
        "address": exporter.address,
        "country": exporter.country,
        "struck_off": exporter.struck_off,
        "evidence": evidence.collect::<Vec<_>>(),
    })
}
