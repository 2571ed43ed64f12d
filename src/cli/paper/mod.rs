//! `origin paper`: certificates that were issued on paper, registered by their authority and found by customs.

mod register;
mod rows;
pub(in crate::cli) mod seen;

use super::{Outcome, console::Console};

/// Certificates on paper: register those still valid, list them, compare a scan with what was registered
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Register(register::Register),
    List(seen::List),
    Compare(seen::Compare),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Register(arguments) => arguments.run(console),
            Command::List(arguments) => arguments.run(console),
            Command::Compare(arguments) => arguments.run(console),
        }
    }
}

/// Bytes of a scan: many pages in colour.
const SCAN_BYTES: usize = 64 << 20;
