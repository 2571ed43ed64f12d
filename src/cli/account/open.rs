//! `origin account new`.

use super::{
    Door,
    keep::{moment, read_password},
    role, role_to_wire,
};
use crate::{
    api::client::{wire, within_deadline},
    certificate::OfficeCode,
    cli::{
        Outcome, arguments,
        console::{Console, Exit, Failure},
        files::{self, Source},
    },
    office::{Action, Role},
    statement::Issuer,
    time::Timestamp,
};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// Open an account and show its token, once
#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// For people: who or what the account is
    #[arg(long, value_name = "NAME")]
    name: String,
    #[arg(
        long = "role",
        value_name = "ROLE",
        required = true,
        value_parser = role,
        help = arguments::one_of("What it may do", Role::ALL.map(Role::name))
    )]
    roles: Vec<Role>,
    /// The offices it acts for
    #[arg(long = "office", value_name = "CODE", value_parser = arguments::office)]
    offices: Vec<OfficeCode>,
    /// The person behind it, by a staff number: nobody examines and signs one certificate by two accounts
    #[arg(long, value_name = "NUMBER")]
    person: Option<String>,
    /// The exporter whose account it is: its id or registration number, as `origin exporter list` shows them
    #[arg(long, value_name = "EXPORTER")]
    exporter: Option<String>,
    /// The name it signs in by; it gets no token then, but with --scope or --until
    #[arg(long, value_name = "NAME", requires = "password_file")]
    login: Option<String>,
    /// File with its password, 15 characters or more; `-` is standard input
    #[arg(long, value_name = "FILE", requires = "login")]
    password_file: Option<Source>,
    /// What its token opens, by the names of docs/roles.md [default: whatever the account may]
    #[arg(long = "scope", value_name = "ACTION")]
    scopes: Vec<Action>,
    /// When its token ends: a date or an instant in UTC [default: never]
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<Timestamp>,
    /// The authority, where the node hosts several
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    /// Where the token goes, readable by its owner alone [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    door: Door,
}

impl New {
    pub(super) fn run(self, console: Console) -> Outcome {
        if let Some(path) = self.output.as_ref().filter(|path| path.exists()) {
            return Err(Failure::new(Exit::Failed, format!("`{}` is there already", path.display()))
                .note("no account was opened"));
        }
        if self.roles.contains(&Role::Exporter) && self.exporter.is_none() {
            let why = "an account in the role `exporter` is of an exporter, and none is named: it could do nothing";
            return Err(Failure::new(Exit::Usage, why)
                .help("--exporter, as `origin exporter list` shows it; who files for others has the role `agent`"));
        }
        let password = self.password_file.as_ref().map(read_password).transpose()?;
        let (name, roles) = (self.name, self.roles.iter().map(|role| role_to_wire(*role).into()).collect());
        let without_token = password.is_some() && self.scopes.is_empty() && self.until.is_none();
        // A token is told once: that it can be written down is known first.
        let output = self.output.as_deref().filter(|_| !without_token);
        let draft = output.map(|path| files::Draft::begin(path, 0o600)).transpose()?;
        let request = wire::CreateAccountRequest {
            issuer: String::new(),
            name,
            roles,
            offices: self.offices.iter().map(ToString::to_string).collect(),
            person: self.person.unwrap_or_default(),
            login: self.login.unwrap_or_default(),
            exporter_id: self.exporter.unwrap_or_default(),
            without_token,
            token_scopes: self.scopes.iter().map(|action| action.name().to_owned()).collect(),
            password: password.map(|password| password.to_string()).unwrap_or_default(),
            token_expire_time: self.until.map(|at| prost_types::Timestamp { seconds: at.as_second(), nanos: 0 }),
        };
        let answer = self.door.converse(console, self.issuer, async |connection, issuer| {
            let request = wire::CreateAccountRequest { issuer, ..request };
            connection.admin().create_account(within_deadline(request)).await
        })?;
        let account = answer.account.unwrap_or_default();
        console.message(format!("opened account {} ({})", account.account_id, account.name));
        if without_token {
            console.message(format!("it signs in as {}: origin login --node ADDR --login {0}", account.login));
        } else if let Some((path, draft)) = output.zip(draft) {
            draft.fill(format!("{}\n", answer.token).as_bytes())?;
            console.message(format!("its token is in {}; it is not shown again", path.display()));
        } else {
            console.message("its token, which is not shown again:");
        }
        let shown = (self.output.is_none() && !without_token).then_some(&answer.token);
        if console.is_json() {
            console.data(json!({ "account_id": account.account_id, "name": account.name, "token": shown }));
        } else if let Some(token) = shown {
            console.data(token);
        } else if without_token {
            console.data(&account.account_id);
        }
        Ok(ExitCode::SUCCESS)
    }
}
