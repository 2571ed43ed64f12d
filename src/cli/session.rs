//! `origin login` and `origin logout`: a session with a password, kept in a file of its owner's.

use super::{
    Outcome,
    account::read_password,
    console::{Console, Exit, Failure},
    files::{self, Source},
    remote::{self, NodeArguments},
};
use crate::api::client::{wire, within_deadline};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// Sign in at a node with a password; the session's token goes into a file
#[derive(Debug, clap::Args)]
pub(super) struct Login {
    /// The name to sign in by
    #[arg(long = "login", value_name = "NAME")]
    name: String,
    /// File with the password; `-` is standard input
    #[arg(long, value_name = "FILE", default_value = "-")]
    password_file: Source,
    /// Where the session's token goes, readable by its owner alone; commands take it as --token-file
    #[arg(short, long, value_name = "FILE", default_value = "origin.session")]
    output: PathBuf,
    /// The authority, where the node hosts several
    #[arg(long, value_name = "AUTHORITY", default_value = "", hide_default_value = true)]
    issuer: String,
    #[command(flatten)]
    node: NodeArguments,
}

impl Login {
    pub(super) fn run(self, console: Console) -> Outcome {
        files::apart(Some(&self.output), [&self.password_file])?;
        let password = read_password(&self.password_file)?;
        let Self { name: login, issuer, node, output, .. } = self;
        let draft = files::Draft::begin(&output, 0o600)?;
        let answer = remote::converse(async {
            let connection = node.connect(None).await?;
            let request = wire::SignInRequest { issuer, login, password: password.to_string() };
            let answer = connection.sessions().sign_in(within_deadline(request)).await;
            answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &node.node, &status))
        })?;
        draft.fill(format!("{}\n", answer.token).as_bytes())?;
        let account = answer.account.unwrap_or_default();
        let until = super::account::time_text(answer.expire_time.as_ref()).unwrap_or_default();
        console
            .message(format!("signed in as {} ({}), until {until} at the latest", account.login, account.account_id));
        if console.is_json() {
            let output = output.display().to_string();
            console.data(json!({ "account_id": account.account_id, "until": until, "token_file": output }));
        } else {
            console.data(output.display());
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// End a session, and remove its file
#[derive(Debug, clap::Args)]
pub(super) struct Logout {
    /// The file with the session's token
    #[arg(long, value_name = "FILE", default_value = "origin.session")]
    token_file: PathBuf,
    #[command(flatten)]
    node: NodeArguments,
}

impl Logout {
    pub(super) fn run(self, console: Console) -> Outcome {
        let token = remote::token(&Source::File(self.token_file.clone()))?;
        let ended = remote::converse(async {
            let connection = self.node.connect(Some(&token)).await?;
            let answer = connection.sessions().sign_out(within_deadline(wire::SignOutRequest {})).await;
            answer.map_err(|status| remote::refused(console, &self.node.node, &status))
        });
        let removed = std::fs::remove_file(&self.token_file);
        ended?;
        removed.map_err(|error| {
            Failure::new(Exit::Failed, format!("`{}` cannot be removed: {error}", self.token_file.display()))
                .note("the session has ended all the same")
        })?;
        console.message("signed out");
        Ok(ExitCode::SUCCESS)
    }
}
