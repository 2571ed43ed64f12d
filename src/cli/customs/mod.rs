//! `origin customs`: what customs of the importing country do with certificates that arrive from partners.

mod arrivals;
mod balance;
mod decide;
mod decisions;
mod declaration;
mod endorse;
mod folder;
mod named;
mod quantity;
mod settle;
mod share;
mod show;
pub(in crate::cli) mod shown;
mod template;
mod weigh;
mod write_off;

use super::{Outcome, console::Console};

/// Work with certificates that arrive: look at them, match declarations, decide, write off
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Arrivals(arrivals::Arrivals),
    Show(show::Show),
    Template(template::Template),
    Match(weigh::Match),
    Decide(decide::Decide),
    Denials(settle::Denials),
    Release(settle::Release),
    Drop(settle::Drop),
    WriteOff(write_off::WriteOff),
    Amend(write_off::Amend),
    Reverse(write_off::Reverse),
    Balance(write_off::Balance),
    Endorse(endorse::Endorse),
    Folder(folder::Folder),
    Share(share::Share),
    Shares(share::Shares),
    Unshare(share::Unshare),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Arrivals(arguments) => arguments.run(console),
            Command::Show(arguments) => arguments.run(console),
            Command::Template(arguments) => arguments.run(console),
            Command::Match(arguments) => arguments.run(console),
            Command::Decide(arguments) => arguments.run(console),
            Command::Denials(arguments) => arguments.run(console),
            Command::Release(arguments) => arguments.run(console),
            Command::Drop(arguments) => arguments.run(console),
            Command::WriteOff(arguments) => arguments.run(console),
            Command::Amend(arguments) => arguments.run(console),
            Command::Reverse(arguments) => arguments.run(console),
            Command::Balance(arguments) => arguments.run(console),
            Command::Endorse(arguments) => arguments.run(console),
            Command::Folder(arguments) => arguments.run(console),
            Command::Share(arguments) => arguments.run(console),
            Command::Shares(arguments) => arguments.run(console),
            Command::Unshare(arguments) => arguments.run(console),
        }
    }
}
