//! `origin openapi`: what a node serves as JSON, described for programs.

use super::{
    Outcome,
    console::{Console, Exit, Failure},
    files,
};
use crate::api::rest::{Methods, describe};
use std::{path::PathBuf, process::ExitCode};

/// Print the OpenAPI description of what nodes serve as JSON
///
/// A node of this version serves the same at /openapi.json.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Write it here instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let methods = Methods::read().map_err(|error| Failure::new(Exit::Failed, error))?;
        files::deliver(console, self.output.as_deref(), describe(&methods).as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
