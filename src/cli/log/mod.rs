//! `origin log`: reading append-only logs, at a node or in a folder that was exported; and closing those of past years.

mod check;
mod close;
mod export;
mod prove;
mod source;
mod tail;

use super::{Outcome, console::Console};
use clap::Subcommand;

/// Read, check, export, prove and close logs, at a node or in an exported folder
///
/// An exported folder has the layout of C2SP tlog-tiles, which any client of that specification reads as well.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(tail::List),
    Tail(tail::Arguments),
    Check(check::Arguments),
    Export(export::Arguments),
    Prove(prove::Arguments),
    Close(close::Arguments),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::List(arguments) => arguments.run(console),
            Command::Tail(arguments) => arguments.run(console),
            Command::Check(arguments) => arguments.run(console),
            Command::Export(arguments) => arguments.run(console),
            Command::Prove(arguments) => arguments.run(console),
            Command::Close(arguments) => arguments.run(console),
        }
    }
}
