//! `origin agreement template`: a commented declaration of how goods were made.

use crate::{
    cli::{Outcome, console::Console, files},
    production::TEMPLATE,
};
use std::{path::PathBuf, process::ExitCode};

/// Print a commented file in which to declare how goods were made
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where the file goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        files::deliver(console, self.output.as_deref(), TEMPLATE.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
