//! `origin trust`: drafting, signing, reading and installing what a node believes.

mod draft_list;
mod draft_section;
mod ending;
mod install;
mod offline;
mod policy;
mod show;
mod sign;

use super::{
    Outcome,
    console::{Console, Exit, Failure},
};
use crate::trust::TrustError;
use clap::Subcommand;
pub(super) use draft_list::{addressee, after as later, entry as node_entry, give_keys, put_entry};
pub(super) use draft_section::{Described, add_keys, section_text};
pub(super) use install::{install, use_it};
pub(super) use offline::Offline;

/// Draft, sign, read and install sections and trust lists
///
/// An authority's section is signed by its root key; the list of all sections by k of the federation's signers.
/// Draft, have each signer sign a copy, merge the copies, install.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Draft(Draft),
    Sign(sign::Arguments),
    Merge(sign::Merge),
    Show(show::Arguments),
    Install(install::Arguments),
    Policy(policy::Arguments),
}

/// Draft an authority's section or a trust list, as JSON to read, correct and sign
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
struct Draft {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Section(Box<draft_section::Arguments>),
    List(Box<draft_list::Arguments>),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Draft(Draft { what: What::Section(arguments) }) => arguments.run(console),
            Command::Draft(Draft { what: What::List(arguments) }) => arguments.run(console),
            Command::Sign(arguments) => arguments.run(console),
            Command::Merge(arguments) => arguments.run(console),
            Command::Show(arguments) => arguments.run(console),
            Command::Install(arguments) => arguments.run(console),
            Command::Policy(arguments) => arguments.run(console),
        }
    }
}

/// What the room of trust refused.
pub(super) fn refused(error: TrustError) -> Failure {
    let behind = matches!(error, TrustError::SectionForked { .. } | TrustError::SectionRolledBack { .. });
    let failure = Failure::new(Exit::Configuration, error);
    if !behind {
        return failure;
    }
    failure.help(
        "a section follows the one in the trust list in force, and is drafted and signed anew behind that: origin trust draft \
         section --after LIST --anchor ANCHOR --issuer AUTHORITY --keys DIR",
    )
}
