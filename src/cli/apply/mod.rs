//! `origin apply`: what exporters and their systems do, from the file to the certificate.

mod csv;
mod file;
mod mine;
mod template;

use super::{
    Outcome,
    console::{Console, Failure},
    remote::{self, NodeArguments, TokenArgument},
};
use crate::api::client::Connection;
use std::future::Future;

/// Apply for certificates: check, submit, import many, answer, withdraw, follow
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Template(template::Template),
    Check(file::Check),
    Submit(file::Submit),
    Import(file::Import),
    List(mine::List),
    Show(mine::Show),
    Number(mine::Number),
    Answer(mine::Answer),
    Withdraw(mine::Withdraw),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Template(arguments) => arguments.run(console),
            Command::Check(arguments) => arguments.run(console),
            Command::Submit(arguments) => arguments.run(console),
            Command::Import(arguments) => arguments.run(console),
            Command::List(arguments) => arguments.run(console),
            Command::Show(arguments) => arguments.run(console),
            Command::Number(arguments) => arguments.run(console),
            Command::Answer(arguments) => arguments.run(console),
            Command::Withdraw(arguments) => arguments.run(console),
        }
    }
}

/// The node, and the account that asks.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Door {
    #[command(flatten)]
    pub(super) node: NodeArguments,
    #[command(flatten)]
    pub(super) token: TokenArgument,
}

impl Door {
    /// One call with its answer.
    pub(super) fn ask<T, F: Future<Output = Result<tonic::Response<T>, tonic::Status>>>(
        &self,
        console: Console,
        call: impl FnOnce(Connection) -> F,
    ) -> Result<T, Failure> {
        let token = self.token.read()?;
        remote::converse(async {
            let connection = self.node.connect(Some(&token)).await?;
            let answer = call(connection).await;
            answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &self.node.node, &status))
        })
    }
}

/// The exporter a command is about, where it is not the one whose account asks.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ForExporter {
    /// The exporter: its id or registration number [default: the exporter whose account this is]
    #[arg(long, value_name = "EXPORTER", default_value = "", hide_default_value = true)]
    pub(super) exporter: String,
}
