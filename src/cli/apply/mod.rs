//! `origin apply`: what exporters and their systems do, from the file to the certificate.

mod convert;
mod csv;
mod declares;
mod draft;
mod file;
mod mine;
mod template;
mod told;
mod written;

use super::{
    Outcome, arguments,
    console::{Console, Failure},
    remote::{self, NodeArguments, TokenArgument},
};
use crate::api::client::Connection;
use std::{future::Future, process::ExitCode};

/// Rows of a page at most, as nodes give them.
const PAGE: usize = 500;
/// Rows of a list, where nobody says how many.
const USUAL_ROWS: usize = 50;

/// Apply for certificates: check, draft, submit, import many, answer, withdraw, follow
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Template(template::Template),
    Convert(convert::Convert),
    Check(file::Check),
    Draft(draft::Draft),
    Update(draft::Update),
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
            Command::Convert(arguments) => arguments.run(console),
            Command::Check(arguments) => arguments.run(console),
            Command::Draft(arguments) => arguments.run(console),
            Command::Update(arguments) => arguments.run(console),
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

/// How long a list may get, and where it goes on.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Most {
    /// Rows at most [default: 50]
    #[arg(long, value_name = "COUNT", value_parser = arguments::rows)]
    limit: Option<usize>,
    /// Where to go on, as the page before said it
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true)]
    page: String,
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

    /// Asks for page after page until so many rows came or there are no more, over one connection. `call` is given the
    /// size of a page and where it begins; `page` shows one, and says how many rows it had and where the next begins; `none`
    /// is said where there is not one row.
    pub(super) fn pages<T, F: Future<Output = Result<tonic::Response<T>, tonic::Status>>>(
        &self,
        console: Console,
        most: Most,
        call: impl Fn(Connection, i32, String) -> F,
        page: impl Fn(T) -> (usize, String),
        none: &str,
    ) -> Outcome {
        console.said_if_empty(self.rows(console, most, call, page)?, none);
        Ok(ExitCode::SUCCESS)
    }

    /// How many rows were shown.
    fn rows<T, F: Future<Output = Result<tonic::Response<T>, tonic::Status>>>(
        &self,
        console: Console,
        most: Most,
        call: impl Fn(Connection, i32, String) -> F,
        page: impl Fn(T) -> (usize, String),
    ) -> Result<usize, Failure> {
        let token = self.token.read()?;
        remote::converse(async {
            let connection = self.node.connect(Some(&token)).await?;
            let (mut left, mut shown, mut begins) = (most.limit.unwrap_or(USUAL_ROWS), 0_usize, most.page);
            while left > 0 {
                let size = i32::try_from(left.min(PAGE)).unwrap_or(i32::MAX);
                let answer = call(connection.clone(), size, begins).await;
                let answer = answer.map_err(|status| remote::refused(console, &self.node.node, &status))?;
                let (rows, next) = page(answer.into_inner());
                shown = shown.saturating_add(rows);
                if next.is_empty() {
                    return Ok(shown);
                }
                (left, begins) = (left.saturating_sub(rows), next);
            }
            // Whoever asks for one row asks for the first, and not for the rest.
            if most.limit != Some(1) && !begins.is_empty() {
                console.message(format!("{shown} shown, and there are more; next page: --page {}", for_shell(&begins)));
            }
            Ok(shown)
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

/// A word as it is typed into a shell: in quotes where the shell would cut it or read it otherwise.
fn for_shell(word: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=,+@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(bare) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of a series hold a blank where the token names their last.
    #[test]
    fn a_token_that_is_printed_can_be_copied_into_a_shell() {
        assert_eq!(for_shell("MDE5-x_9.=="), "MDE5-x_9.==");
        assert_eq!(for_shell("51 PK-CN-2026-LHE-######"), "'51 PK-CN-2026-LHE-######'");
        assert_eq!(for_shell("a'b;$c"), r"'a'\''b;$c'");
    }
}
