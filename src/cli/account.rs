//! `origin account`: who may call a node, through the operator's door or as an administrator.

mod keep;
mod open;

pub(super) use keep::read_password;

use super::{
    Outcome, arguments, check_config,
    console::{Console, Exit, Failure},
    files::Source,
    remote::{self, TlsArguments},
};
use crate::{
    api::client::{Connection, Dial, role_to_wire, wire, within_deadline},
    node::{AuthorityConfiguration, Configuration, OPERATOR_TOKEN},
    office::Role,
    statement::Issuer,
    time::Timestamp,
};
use clap::Subcommand;
use serde_json::json;
use std::{
    future::Future,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Open, list, change and close accounts at a running node
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(open::New),
    List(List),
    Change(keep::Change),
    Token(keep::TokenArguments),
    Password(keep::Password),
    Unlock(keep::Unlock),
    Away(keep::Away),
    Disable(Disable),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::New(arguments) => arguments.run(console),
            Command::List(arguments) => arguments.run(console),
            Command::Change(arguments) => arguments.run(console),
            Command::Token(arguments) => arguments.run(console),
            Command::Password(arguments) => arguments.run(console),
            Command::Unlock(arguments) => arguments.run(console),
            Command::Away(arguments) => arguments.run(console),
            Command::Disable(arguments) => arguments.run(console),
        }
    }
}

/// How the node is reached by its operator, on this machine.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct OperatorDoor {
    /// The node's configuration, which says where it serves its operator and where the token is
    #[arg(long, value_name = "FILE", default_value = "node.toml", env = "ORIGIN_CONFIG")]
    config: PathBuf,
    /// Where the node serves its operator, if not where the configuration says
    #[arg(long, value_name = "ADDR")]
    admin: Option<SocketAddr>,
}

/// How the node is reached: its operator's door on this machine, or its door for clients as an administrator.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Door {
    #[command(flatten)]
    operator: OperatorDoor,
    /// The node's gRPC address, HOST:PORT, to call as an administrator of the authority and not as the operator
    #[arg(long, value_name = "ADDR", value_parser = remote::address, requires = "token_file")]
    node: Option<String>,
    /// With --node or ORIGIN_NODE: file with the administrator's session or token; `-` is standard input
    #[arg(long, value_name = "FILE")]
    token_file: Option<Source>,
    #[command(flatten)]
    tls: TlsArguments,
}

impl OperatorDoor {
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

    /// Dials the operator's door.
    pub(super) async fn open(&self, configuration: &Configuration) -> Result<(Connection, String), Failure> {
        let address = self.admin.unwrap_or(configuration.admin).to_string();
        let token = operator_token(&configuration.data, &self.config)?;
        let dial = Dial { url: format!("http://{address}"), ca: None, tls_name: None };
        let connection = Connection::open(&dial, Some(&token)).await.map_err(|why| {
            remote::unreachable(&address, &why)
                .help(format!("is the node running? origin serve --config {}", self.config.display()))
        })?;
        Ok((connection, address))
    }
}

impl Door {
    /// Asks the node something about an authority: the one named, or the only one there is.
    pub(super) fn converse<T, F: Future<Output = Result<tonic::Response<T>, tonic::Status>>>(
        &self,
        console: Console,
        named: Option<Issuer>,
        ask: impl FnOnce(Connection, String) -> F,
    ) -> Result<T, Failure> {
        let node = match (&self.node, &self.token_file) {
            // Alone it does not choose the door: who has it set may still be the operator.
            (None, Some(_)) => Some(node_of_environment()?),
            (node, _) => node.clone(),
        };
        let remote_side = node.as_ref().zip(self.token_file.as_ref());
        let (configuration, issuer) = match remote_side {
            // An administrator's own authority needs no name.
            Some(_) => (None, named.map(|issuer| issuer.to_string()).unwrap_or_default()),
            None => {
                let configuration = self.operator.configuration()?;
                let issuer = authority(named, &configuration)?.to_string();
                (Some(configuration), issuer)
            }
        };
        remote::converse(async {
            let (connection, address) = match (&configuration, remote_side) {
                (_, Some((node, file))) => (self.tls.connect(node, Some(&remote::token(file)?)).await?, node.clone()),
                (Some(configuration), None) => self.operator.open(configuration).await?,
                (None, None) => return Err(Failure::new(Exit::Usage, "name the node: --config or --node")),
            };
            let answer = ask(connection, issuer).await;
            answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &address, &status))
        })
    }
}

/// The node that the environment names.
fn node_of_environment() -> Result<String, Failure> {
    let named = std::env::var("ORIGIN_NODE").map_err(|_| {
        Failure::new(Exit::Usage, "a token is shown to a node, and none is named").help("--node ADDR, or ORIGIN_NODE")
    })?;
    remote::address(&named).map_err(|why| Failure::new(Exit::Usage, format!("ORIGIN_NODE: {why}")))
}

fn operator_token(data: &Path, config: &Path) -> Result<zeroize::Zeroizing<String>, Failure> {
    let path = data.join(OPERATOR_TOKEN);
    if !path.exists() {
        return Err(Failure::new(Exit::Unreachable, format!("there is no operator's token `{}`", path.display()))
            .note("a node writes it at every start")
            .help(format!("start the node: origin serve --config {}", config.display())));
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

/// The same with all that is configured of it: it is one of this node's.
pub(super) fn hosted(named: Option<Issuer>, configuration: &Configuration) -> Result<AuthorityConfiguration, Failure> {
    let issuer = authority(named, configuration)?;
    let hosted = configuration.authorities.iter().find(|one| one.issuer == issuer).cloned();
    hosted.ok_or_else(|| Failure::new(Exit::Usage, format!("{issuer} is not an authority of this node")))
}

fn role(text: &str) -> Result<Role, String> {
    let known = || Role::ALL.map(Role::name).join(", ");
    text.replace('-', "_").parse().map_err(|_| format!("the roles are {}", known()))
}

/// The account a command is about, and how the node is reached.
#[derive(Debug, clap::Args)]
pub(super) struct Concerned {
    /// The account's identifier, as `origin account list` shows it
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// The authority, where the node hosts several
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    #[command(flatten)]
    door: Door,
}

impl Concerned {
    /// Asks the node something about the account: the connection, the authority and the account's id are given.
    fn ask<T, F: Future<Output = Result<tonic::Response<T>, tonic::Status>>>(
        &self,
        console: Console,
        ask: impl FnOnce(Connection, String, String) -> F,
    ) -> Result<T, Failure> {
        self.door
            .converse(console, self.issuer.clone(), |connection, issuer| ask(connection, issuer, self.account.clone()))
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
        let mut page_token = String::new();
        loop {
            let answer = self.door.converse(console, self.issuer.clone(), async |connection, issuer| {
                let request = wire::ListAccountsRequest { issuer, page_size: 500, page_token: page_token.clone() };
                connection.admin().list_accounts(within_deadline(request)).await
            })?;
            answer.accounts.iter().for_each(|account| show(console, account));
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
}

/// Close an account for good; its tokens and sessions are refused from the next call on
#[derive(Debug, clap::Args)]
struct Disable {
    #[command(flatten)]
    concerned: Concerned,
}

impl Disable {
    fn run(self, console: Console) -> Outcome {
        let answer = self.concerned.ask(console, async |connection, issuer, account_id| {
            let request = wire::DisableAccountRequest { issuer, account_id };
            connection.admin().disable_account(within_deadline(request)).await
        })?;
        show(console, &answer.account.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

fn show(console: Console, account: &wire::Account) {
    let roles = account.roles().map(role_word).collect::<Vec<_>>();
    if console.is_json() {
        let tokens = account.tokens.iter().map(|token| {
            json!({
                "prefix": token.prefix,
                "name": token.name,
                "scopes": (!token.all_scopes).then_some(&token.scopes),
                "made": time_text(token.create_time.as_ref()),
                "until": time_text(token.expire_time.as_ref()),
            })
        });
        let absences = account.absences.iter().map(|absence| {
            json!({
                "from": time_text(absence.start_time.as_ref()),
                "until": time_text(absence.end_time.as_ref()),
                "deputy": absence.deputy_account_id,
            })
        });
        console.data(json!({
            "account_id": account.account_id,
            "name": account.name,
            "roles": roles,
            "offices": account.offices,
            "person": account.person,
            "login": account.login,
            "has_password": account.has_password,
            "exporter_id": account.exporter_id,
            "disabled": account.disabled,
            "token_prefix": account.token_prefix,
            "tokens": tokens.collect::<Vec<_>>(),
            "absences": absences.collect::<Vec<_>>(),
        }));
        return;
    }
    let state = if account.disabled { "closed" } else { "open" };
    let offices = if account.offices.is_empty() { "-".to_owned() } else { account.offices.join(",") };
    let name = super::tree::plain(&account.name);
    let lets_in = match (account.has_password, account.tokens.as_slice()) {
        (true, []) => "password".to_owned(),
        (_, []) => "nothing".to_owned(),
        (_, [first, ..]) => format!("oxt_{}…", first.prefix),
    };
    let roles = roles.join(",");
    console.data(format!("{}  {state:6}  {lets_in:13}  {roles:20} {offices:12} {name}", account.account_id));
    for token in &account.tokens {
        let scopes = if token.all_scopes { "whatever the account may".to_owned() } else { token.scopes.join(",") };
        let until = time_text(token.expire_time.as_ref()).map_or_else(String::new, |until| format!(", until {until}"));
        let name = super::tree::plain(&token.name);
        console.data(format!("  token    {} {name}: {scopes}{until}", token.prefix));
    }
    if account.has_password {
        console.data(format!("  signs in as {}", account.login));
    }
    for absence in &account.absences {
        let (from, until) = (time_text(absence.start_time.as_ref()), time_text(absence.end_time.as_ref()));
        let deputy = if absence.deputy_account_id.is_empty() { "nobody" } else { &absence.deputy_account_id };
        console.data(format!(
            "  away     {} to {}, deputy {deputy}",
            from.unwrap_or_default(),
            until.unwrap_or_default()
        ));
    }
}

/// An instant of the wire, as text.
pub(super) fn time_text(at: Option<&prost_types::Timestamp>) -> Option<String> {
    at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok()).map(|at| at.to_string())
}

fn role_word(role: wire::Role) -> &'static str {
    Role::ALL.into_iter().find(|one| role_to_wire(*one) == role).map_or("unknown", Role::name)
}
