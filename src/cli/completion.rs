//! `origin completion`: what a shell needs to complete commands and options.

use super::{Origin, Outcome, console::Console};
use clap::CommandFactory;
use std::process::ExitCode;

/// Print completions for a shell
///
/// For bash: origin completion bash > ~/.local/share/bash-completion/completions/origin
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: clap_complete::Shell,
}

impl Arguments {
    #[allow(clippy::unnecessary_wraps)] // every command ends in an outcome
    pub(super) fn run(self, console: Console) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Origin::command(), "origin", &mut script);
        console.raw(&script);
        Ok(ExitCode::SUCCESS)
    }
}
