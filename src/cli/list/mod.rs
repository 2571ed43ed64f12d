//! `origin list`: what an operator installs with a date: codes searched, what is held shown, a folder checked.

mod search;
mod show;

use super::{
    Outcome,
    console::{Console, Exit, Failure},
};
use crate::{agreement::Lists, node::installed_lists, reason::Reasoned as _};
use clap::Subcommand;
use std::path::{Path, PathBuf};

/// Search lists of codes, and look at what is installed: HS, UN/LOCODE, units, rates of exchange, holidays
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Search(search::Arguments),
    Show(show::Arguments),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Search(arguments) => arguments.run(console),
            Command::Show(arguments) => arguments.run(console),
        }
    }
}

/// The folder lists are installed in, for commands that need no node.
#[derive(Debug, clap::Args)]
pub(super) struct ListsArgument {
    /// Folder of lists, as a node's file names it (see docs/lists.md)
    #[arg(long, value_name = "DIR")]
    lists: Option<PathBuf>,
}

impl ListsArgument {
    /// What is installed there; without a folder nothing is.
    pub(super) fn read(&self) -> Result<Lists, Failure> {
        self.lists.as_deref().map_or_else(|| Ok(Lists::none()), installed)
    }
}

/// What is installed in a folder, or every mistake in it.
pub(super) fn installed(folder: &Path) -> Result<Lists, Failure> {
    installed_lists(folder).map_err(|error| {
        let text = error.to_string();
        let mut lines = text.lines();
        let failure =
            Failure::new(Exit::Configuration, format!("the lists cannot be used as they stand [{}]", error.reason()));
        lines.by_ref().fold(failure, Failure::note)
    })
}
