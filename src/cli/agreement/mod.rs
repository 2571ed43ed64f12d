//! `origin agreement`: what is held of agreements and their rules of origin, checked and explained.

mod check;
mod explain;
mod list;
mod template;

use super::{
    Outcome,
    console::{Console, Exit, Failure},
};
use crate::{
    agreement::{Agreement, Agreements},
    certificate::AgreementCode,
};
use clap::Subcommand;

/// Look up, check and explain agreements and their rules of origin
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Arguments),
    Check(check::Arguments),
    Explain(Box<explain::Arguments>),
    Template(template::Arguments),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::List(arguments) => arguments.run(console),
            Command::Check(arguments) => arguments.run(console),
            Command::Explain(arguments) => arguments.run(console),
            Command::Template(arguments) => arguments.run(console),
        }
    }
}

/// The agreement with this code, or a failure that names the nearest.
pub(super) fn named<'a>(agreements: &'a Agreements, code: &AgreementCode) -> Result<&'a Agreement, Failure> {
    agreements.get(code).ok_or_else(|| {
        let known = agreements.iter().map(|one| one.code.to_string()).collect::<Vec<_>>();
        let failure = Failure::new(Exit::Failed, format!("there is no agreement `{code}` here"))
            .note(format!("known are {}", known.join(", ")));
        match known.iter().find(|one| strsim::damerau_levenshtein(one, code.as_str()) <= 2) {
            Some(near) => failure.help(format!("did you mean {near}?")),
            None => failure.help("see origin agreement list"),
        }
    })
}
