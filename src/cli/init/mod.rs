//! `origin init`: everything a node needs to start, in one new folder.
//!
//! The folder is made beside its place and moved there whole, so that there is a node or there is none.

mod answers;
mod make;
mod node_toml;

use super::{
    Outcome,
    console::{Colour, Console, Exit, Failure},
};
use crate::{
    certificate::{AgreementCode, Country},
    cli::{arguments, files::Source},
    statement::Issuer,
    time::ZoneName,
    trust::{Endpoint, NodeName, Role},
};
pub(super) use answers::{Answers, OfficeAnswer, PartnerAnswer};
pub(super) use make::{node as make_node, offline_signer};
pub(super) use node_toml::{SigningKeys, render_authority, render_node};
use serde_json::json;
use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

/// Write a node configuration with its keys, TLS identity, first section, trust list and anchor
///
/// Asks on a terminal what no flag answers; elsewhere every question that has no proposal needs its flag.
/// Afterwards `origin serve --config DIR/node.toml` runs.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder to make
    #[arg(value_name = "DIR", default_value = "origin-node")]
    folder: PathBuf,
    /// The authority: a host it owns, such as tdap.gov.pk
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    /// For a rehearsal: the authority is rehearsal.<its host>, and no trust list has it beside one that is not
    #[arg(long)]
    rehearsal: bool,
    /// Its country, ISO 3166-1 alpha-2
    #[arg(long, value_name = "XX", value_parser = arguments::country)]
    country: Option<Country>,
    /// The time zone of its civil dates, such as Asia/Karachi
    #[arg(long, value_name = "ZONE", value_parser = answers::zone)]
    time_zone: Option<ZoneName>,
    /// Its name in English
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Its offices: code, name and place of issue
    #[arg(long = "office", value_name = "CODE=NAME,PLACE", value_parser = answers::office)]
    offices: Vec<OfficeAnswer>,
    /// Agreements its offices issue under [default: all that come with the program and name the country]
    #[arg(long = "agreement", value_name = "CODE", value_parser = arguments::agreement)]
    agreements: Vec<AgreementCode>,
    /// What the authority is: issuer, customs, secretariat [default: issuer]
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<Role>,
    /// The node's name [default: node.<authority's host>]
    #[arg(long, value_name = "NAME")]
    node: Option<NodeName>,
    /// Names and addresses clients will dial, for the TLS identity [default: localhost and what listens]
    #[arg(long = "address", value_name = "NAME")]
    addresses: Vec<String>,
    /// Where everybody is served over HTTPS [default: 127.0.0.1:8443]
    #[arg(long, value_name = "ADDR")]
    public: Option<SocketAddr>,
    /// Where people's systems are served over gRPC [default: 127.0.0.1:8444]
    #[arg(long, value_name = "ADDR")]
    client: Option<SocketAddr>,
    /// Where the operator is served, on this machine alone [default: 127.0.0.1:8445]
    #[arg(long, value_name = "ADDR")]
    admin: Option<SocketAddr>,
    /// Where partner nodes are served over gRPC [default: 127.0.0.1:8446]
    #[arg(long, value_name = "ADDR")]
    partner: Option<SocketAddr>,
    /// Where partner nodes dial it, for its entry in the trust list [default: where it listens]
    #[arg(long, value_name = "URL")]
    partner_url: Option<Endpoint>,
    /// File whose one line will open the node's keys; `-` is standard input [default: one is drawn]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<Source>,
    /// For how long the first trust list holds
    #[arg(long, value_name = "TIME", value_parser = arguments::seconds, default_value = "365d")]
    valid: u64,
    /// Take every proposal without asking
    #[arg(long, short)]
    yes: bool,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        if self.folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) || self.folder.is_file() {
            let error = format!("`{}` is there already; nothing was changed", self.folder.display());
            return Err(Failure::new(Exit::Configuration, error).help("name another folder: origin init DIR"));
        }
        if self.valid == 0 {
            let error = "--valid: the first trust list has to hold for some time";
            return Err(Failure::new(Exit::Usage, error).help("give a time such as --valid 365d"));
        }
        let passphrase = self.passphrase_file.as_ref().map(arguments::passphrase).transpose()?;
        let folder = self.folder.clone();
        let valid = self.valid;
        let answers = Answers::gather(self, console)?;
        let made = make::node(&folder, &answers, passphrase, valid)?;
        if console.is_json() {
            console.data(json!({
                "folder": folder.display().to_string(),
                "configuration": made.configuration.display().to_string(),
                "issuer": answers.issuer.to_string(),
                "anchor": made.anchor.display().to_string(),
                "ca": made.ca.display().to_string(),
                "section": made.section.display().to_string(),
                "node_entry": made.entry.display().to_string(),
            }));
        } else {
            console.data(made.configuration.display());
            console.message(format!("made a node for {} in {}", answers.issuer, folder.display()));
            for (path, what) in make::CONTENTS {
                console.message(format!("  {path:16} {what}"));
            }
            console.message(format!(
                "{} move {}/offline to a medium that no network reaches: who has it can speak for {}",
                console.paint_message(Colour::Bold, "note:"),
                folder.display(),
                answers.issuer
            ));
            console.message(format!(
                "{} to join others, give their federation {} and {}: `origin trust draft list` takes both",
                console.paint_message(Colour::Bold, "note:"),
                made.section.display(),
                made.entry.display()
            ));
            console.message(format!(
                "{} origin serve --config {}",
                console.paint_message(Colour::Green, "next:"),
                made.configuration.display()
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
