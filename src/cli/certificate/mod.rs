//! `origin certificate`: files to fill in, and what they are held to.

mod check;
mod template;

use super::{Outcome, console::Console};
pub(super) use check::findings_text;
use clap::Subcommand;

/// Fill in, check and look after certificates
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Template(template::Arguments),
    Check(check::Arguments),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Template(arguments) => arguments.run(console),
            Command::Check(arguments) => arguments.run(console),
        }
    }
}
