//! `origin exporter party` and `product`: what is saved to fill in applications with.

use super::{Door, ForExporter};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        console::{Console, Exit, Failure},
        files::Source,
        rows::json_of_toml,
        tree::plain,
    },
};
use serde_json::json;
use std::process::ExitCode;

/// Bytes of a file of what is saved.
const FILE_BYTES: usize = 64 << 10;

/// Save the parties an exporter deals with: consignees, producers
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct PartyArguments {
    #[command(subcommand)]
    command: PartyCommand,
}

#[derive(Debug, clap::Subcommand)]
enum PartyCommand {
    /// Save a party under a name; another of that name is replaced
    Save(SaveParty),
    /// List the parties that are saved
    List(List),
    /// Remove a party
    Remove(Remove),
}

/// Save the goods an exporter sends, as an item of a certificate describes them
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct ProductArguments {
    #[command(subcommand)]
    command: ProductCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ProductCommand {
    /// Save a product under a name; another of that name is replaced
    Save(SaveProduct),
    /// List the products that are saved
    List(List),
    /// Remove a product
    Remove(Remove),
}

impl PartyArguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            PartyCommand::Save(arguments) => arguments.run(console),
            PartyCommand::List(arguments) => arguments.run(console, wire::SavedKind::Party),
            PartyCommand::Remove(arguments) => arguments.run(console, wire::SavedKind::Party),
        }
    }
}

impl ProductArguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            ProductCommand::Save(arguments) => arguments.run(console),
            ProductCommand::List(arguments) => arguments.run(console, wire::SavedKind::Product),
            ProductCommand::Remove(arguments) => arguments.run(console, wire::SavedKind::Product),
        }
    }
}

/// Reads TOML or JSON of one thing as JSON.
fn read(source: &Source) -> Result<Vec<u8>, Failure> {
    let text = source.read_text(FILE_BYTES)?;
    if text.trim_start().starts_with('{') {
        return Ok(text.trim().to_owned().into_bytes());
    }
    let json = json_of_toml(&text);
    json.map(|json| json.to_string().into_bytes())
        .map_err(|error| Failure::new(Exit::Failed, format!("`{source}` is neither TOML nor JSON: {error}")))
}

#[derive(Debug, clap::Args)]
struct SaveParty {
    /// The name it is saved under
    #[arg(value_name = "NAME")]
    name: String,
    /// TOML or JSON of a party: name, address, country, ids; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    #[command(flatten)]
    whose: ForExporter,
    #[command(flatten)]
    door: Door,
}

impl SaveParty {
    fn run(self, console: Console) -> Outcome {
        let party_json = read(&self.file)?.into();
        let request = wire::SavePartyRequest { exporter_id: self.whose.exporter, name: self.name.clone(), party_json };
        self.door.ask(console, |connection| async move {
            connection.exporters().save_party(within_deadline(request)).await
        })?;
        console.message(format!("saved {}", plain(&self.name)));
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, clap::Args)]
struct SaveProduct {
    /// The name it is saved under
    #[arg(value_name = "NAME")]
    name: String,
    /// TOML or JSON of an item of a certificate: description, hs, criterion; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// TOML or JSON of how it is made, as one item of a declaration of production
    #[arg(long, value_name = "FILE")]
    production: Option<Source>,
    #[command(flatten)]
    whose: ForExporter,
    #[command(flatten)]
    door: Door,
}

impl SaveProduct {
    fn run(self, console: Console) -> Outcome {
        let production = self.production.as_ref().map(read).transpose()?.unwrap_or_default();
        let request = wire::SaveProductRequest {
            exporter_id: self.whose.exporter,
            name: self.name.clone(),
            item_json: read(&self.file)?.into(),
            production_json: production.into(),
        };
        self.door.ask(console, |connection| async move {
            connection.exporters().save_product(within_deadline(request)).await
        })?;
        console.message(format!("saved {}", plain(&self.name)));
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    whose: ForExporter,
    #[command(flatten)]
    door: Door,
}

impl List {
    fn run(self, console: Console, kind: wire::SavedKind) -> Outcome {
        let request = wire::ListSavedRequest { exporter_id: self.whose.exporter };
        let answer = self.door.ask(console, |connection| async move {
            connection.exporters().list_saved(within_deadline(request)).await
        })?;
        let rows = answer.rows.iter().filter(|row| row.kind() == kind).collect::<Vec<_>>();
        for row in &rows {
            if console.is_json() {
                console.data(json!({ "name": row.name, "says": row.says }));
            } else {
                console.data(format!("{:16}  {}", plain(&row.name), plain(&row.says)));
            }
        }
        console.said_if_empty(rows.len(), "none is saved");
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, clap::Args)]
struct Remove {
    /// The name it is saved under
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    whose: ForExporter,
    #[command(flatten)]
    door: Door,
}

impl Remove {
    fn run(self, console: Console, kind: wire::SavedKind) -> Outcome {
        let request =
            wire::RemoveSavedRequest { exporter_id: self.whose.exporter, kind: kind.into(), name: self.name.clone() };
        self.door.ask(console, |connection| async move {
            connection.exporters().remove_saved(within_deadline(request)).await
        })?;
        console.message(format!("removed {}", plain(&self.name)));
        Ok(ExitCode::SUCCESS)
    }
}
