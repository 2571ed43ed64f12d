//! `origin account`: who may call a node, through the operator's door.

use super::{
    Outcome, arguments, check_config,
    console::{Console, Exit, Failure},
    files::{self, Source},
    remote,
};
use crate::{
    api::client::{Connection, Dial, wire, within_deadline},
    certificate::OfficeCode,
    node::{Configuration, OPERATOR_TOKEN},
    office::Role,
    statement::Issuer,
};
use clap::Subcommand;
use serde_json::json;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Open, list and close accounts at a running node
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(New),
    List(List),
    Disable(Disable),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::New(arguments) => arguments.run(console),
            Command::List(arguments) => arguments.run(console),
            Command::Disable(arguments) => arguments.run(console),
        }
    }
}

/// The operator's door of the node on this machine.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Door {
    /// The node's configuration, which says where it serves its operator and where the token is
    #[arg(long, value_name = "FILE", default_value = "node.toml", env = "ORIGIN_CONFIG")]
    config: PathBuf,
    /// Where the node serves its operator, if not where the configuration says
    #[arg(long, value_name = "ADDR")]
    admin: Option<SocketAddr>,
}

impl Door {
    /// The door of the node of this configuration.
    pub(super) fn of(config: &Path, admin: Option<SocketAddr>) -> Self {
        Self { config: config.to_owned(), admin }
    }

    /// The configuration's file.
    pub(super) fn config(&self) -> &Path {
        &self.config
    }

    /// Reads the configuration.
    pub(super) fn configuration(&self) -> Result<Configuration, Failure> {
        check_config::load(&self.config)
    }

    /// Dials the node.
    pub(super) async fn open(&self, configuration: &Configuration) -> Result<(Connection, String), Failure> {
        let address = self.admin.unwrap_or(configuration.admin).to_string();
        let token = operator_token(&configuration.data)?;
        let dial = Dial { url: format!("http://{address}"), ca: None, tls_name: None };
        let connection = Connection::open(&dial, Some(&token)).await.map_err(|why| {
            remote::unreachable(&address, &why)
                .help(format!("is the node running? origin serve --config {}", self.config.display()))
        })?;
        Ok((connection, address))
    }
}

fn operator_token(data: &Path) -> Result<zeroize::Zeroizing<String>, Failure> {
    let path = data.join(OPERATOR_TOKEN);
    if !path.exists() {
        return Err(Failure::new(Exit::Unreachable, format!("there is no operator's token `{}`", path.display()))
            .note("a node writes it at every start")
            .help("start the node: origin serve --config FILE"));
    }
    remote::token(&Source::File(path))
}

/// The authority concerned: the one named, or the only one there is.
pub(super) fn authority(named: Option<Issuer>, configuration: &Configuration) -> Result<Issuer, Failure> {
    match (named, configuration.authorities.as_slice()) {
        (Some(issuer), _) => Ok(issuer),
        (None, [only]) => Ok(only.issuer.clone()),
        (None, several) => {
            let names = several.iter().map(|one| one.issuer.to_string()).collect::<Vec<_>>().join(", ");
            Err(Failure::new(Exit::Usage, format!("this node hosts several authorities: {names}"))
                .help("name one: --issuer AUTHORITY"))
        }
    }
}

fn role(text: &str) -> Result<Role, String> {
    let known = || Role::ALL.map(Role::name).join(", ");
    text.replace('-', "_").parse().map_err(|_| format!("the roles are {}", known()))
}

const fn role_to_wire(role: Role) -> wire::Role {
    match role {
        Role::Exporter => wire::Role::Exporter,
        Role::Agent => wire::Role::Agent,
        Role::Examiner => wire::Role::Examiner,
        Role::Signatory => wire::Role::Signatory,
        Role::CustomsOfficer => wire::Role::CustomsOfficer,
        Role::Liaison => wire::Role::Liaison,
        Role::Auditor => wire::Role::Auditor,
        Role::Administrator => wire::Role::Administrator,
    }
}

/// Open an account and show its token, once
#[derive(Debug, clap::Args)]
struct New {
    /// For people: who or what the account is
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What it may do: exporter, agent, examiner, signatory, customs_officer, liaison, auditor, administrator
    #[arg(long = "role", value_name = "ROLE", required = true, value_parser = role)]
    roles: Vec<Role>,
    /// The offices it acts for
    #[arg(long = "office", value_name = "CODE")]
    offices: Vec<OfficeCode>,
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
    fn run(self, console: Console) -> Outcome {
        if let Some(path) = self.output.as_ref().filter(|path| path.exists()) {
            return Err(Failure::new(Exit::Failed, format!("`{}` is there already", path.display()))
                .note("no account was opened"));
        }
        let configuration = self.door.configuration()?;
        let issuer = authority(self.issuer, &configuration)?;
        let request = wire::CreateAccountRequest {
            issuer: issuer.to_string(),
            name: self.name,
            roles: self.roles.iter().map(|role| role_to_wire(*role).into()).collect(),
            offices: self.offices.iter().map(ToString::to_string).collect(),
        };
        let answer = remote::converse(async {
            let (connection, address) = self.door.open(&configuration).await?;
            let answer = connection.admin().create_account(within_deadline(request)).await;
            answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &address, &status))
        })?;
        let account = answer.account.unwrap_or_default();
        console.message(format!("opened account {} ({}) at {issuer}", account.account_id, account.name));
        if let Some(path) = &self.output {
            files::replace(path, format!("{}\n", answer.token).as_bytes(), 0o600)?;
            console.message(format!("its token is in {}; it is not shown again", path.display()));
        } else {
            console.message("its token, which is not shown again:");
        }
        if console.is_json() {
            let token = if self.output.is_none() { Some(&answer.token) } else { None };
            console.data(json!({ "account_id": account.account_id, "name": account.name, "token": token }));
        } else if self.output.is_none() {
            console.data(&answer.token);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// List the accounts of an authority
#[derive(Debug, clap::Args)]
struct List {
    /// The authority, where the node hosts several
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    #[command(flatten)]
    door: Door,
}

impl List {
    fn run(self, console: Console) -> Outcome {
        let configuration = self.door.configuration()?;
        let issuer = authority(self.issuer, &configuration)?.to_string();
        remote::converse(async {
            let (connection, address) = self.door.open(&configuration).await?;
            let mut page_token = String::new();
            loop {
                let request = wire::ListAccountsRequest { issuer: issuer.clone(), page_size: 500, page_token };
                let answer = connection.admin().list_accounts(within_deadline(request)).await;
                let answer = answer.map_err(|status| remote::refused(console, &address, &status))?.into_inner();
                answer.accounts.iter().for_each(|account| show(console, account));
                page_token = answer.next_page_token;
                if page_token.is_empty() {
                    return Ok(ExitCode::SUCCESS);
                }
            }
        })
    }
}

/// Close an account; its token is refused from the next call on
#[derive(Debug, clap::Args)]
struct Disable {
    /// The account's identifier, as `origin account list` shows it
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// The authority, where the node hosts several
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    #[command(flatten)]
    door: Door,
}

impl Disable {
    fn run(self, console: Console) -> Outcome {
        let configuration = self.door.configuration()?;
        let issuer = authority(self.issuer, &configuration)?.to_string();
        let request = wire::DisableAccountRequest { issuer, account_id: self.account };
        let answer = remote::converse(async {
            let (connection, address) = self.door.open(&configuration).await?;
            let answer = connection.admin().disable_account(within_deadline(request)).await;
            answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &address, &status))
        })?;
        show(console, &answer.account.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

fn show(console: Console, account: &wire::Account) {
    let roles = account.roles().map(role_word).collect::<Vec<_>>();
    if console.is_json() {
        console.data(json!({
            "account_id": account.account_id,
            "name": account.name,
            "roles": roles,
            "offices": account.offices,
            "disabled": account.disabled,
            "token_prefix": account.token_prefix,
        }));
        return;
    }
    let state = if account.disabled { "closed" } else { "open" };
    let offices = if account.offices.is_empty() { "-".to_owned() } else { account.offices.join(",") };
    let name = super::tree::plain(&account.name);
    let roles = roles.join(",");
    console.data(format!(
        "{}  {state:6}  {:12}…  {roles:20} {offices:12} {name}",
        account.account_id, account.token_prefix
    ));
}

fn role_word(role: wire::Role) -> &'static str {
    Role::ALL.into_iter().find(|one| role_to_wire(*one) == role).map_or("unknown", Role::name)
}
