//! `origin certificate`: files to fill in, and what they are held to.

mod abroad;
mod check;
mod draw;
mod erase;
mod export;
mod give_back;
mod keep;
mod life;
pub(super) mod name;
mod numbers;
mod reissue;
mod template;
mod wish;

use super::{Outcome, console::Console};
pub(super) use check::{findings_text, judge_row, not_known};
use clap::Subcommand;
pub(super) use life::Request;

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
    Show(keep::Show),
    Abroad(abroad::Abroad),
    List(keep::List),
    Download(keep::Download),
    Export(export::Export),
    Numbers(numbers::Numbers),
    GiveBack(give_back::GiveBack),
    Cancel(life::Cancel),
    Cancellations(wish::Cancellations),
    Settle(wish::Settle),
    Release(wish::Release),
    Withdraw(life::Withdraw),
    Suspend(life::Suspend),
    Reinstate(life::Reinstate),
    Replace(life::Replace),
    Reissue(reissue::Reissue),
    Copy(life::Copy),
    Left(draw::Left),
    BackToBack(draw::BackToBack),
    Split(draw::Split),
    Consolidate(draw::Consolidate),
    Erase(erase::Erase),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Template(arguments) => arguments.run(console),
            Command::Check(arguments) => arguments.run(console),
            Command::Show(arguments) => arguments.run(console),
            Command::Abroad(arguments) => arguments.run(console),
            Command::List(arguments) => arguments.run(console),
            Command::Download(arguments) => arguments.run(console),
            Command::Export(arguments) => arguments.run(console),
            Command::Numbers(arguments) => arguments.run(console),
            Command::GiveBack(arguments) => arguments.run(console),
            Command::Cancel(arguments) => arguments.run(console),
            Command::Cancellations(arguments) => arguments.run(console),
            Command::Settle(arguments) => arguments.run(console),
            Command::Release(arguments) => arguments.run(console),
            Command::Withdraw(arguments) => arguments.run(console),
            Command::Suspend(arguments) => arguments.run(console),
            Command::Reinstate(arguments) => arguments.run(console),
            Command::Replace(arguments) => arguments.run(console),
            Command::Reissue(arguments) => arguments.run(console),
            Command::Copy(arguments) => arguments.run(console),
            Command::Left(arguments) => arguments.run(console),
            Command::BackToBack(arguments) => arguments.run(console),
            Command::Split(arguments) => arguments.run(console),
            Command::Consolidate(arguments) => arguments.run(console),
            Command::Erase(arguments) => arguments.run(console),
        }
    }
}
