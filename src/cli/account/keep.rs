//! `origin account change`, `token`, `password`, `unlock` and `away`: what becomes of an account after it is open.

use super::{Concerned, role, role_to_wire, show};
use crate::{
    api::client::{wire, within_deadline},
    certificate::OfficeCode,
    cli::{
        Outcome, arguments,
        console::{Console, Exit, Failure},
        files::{self, Source},
    },
    office::{Action, PASSWORD_MOST, Role},
    time::{Date, NotADate, Timestamp, parse_date, read_date, read_instant},
};
use clap::Subcommand;
use std::{path::PathBuf, process::ExitCode};
use zeroize::Zeroizing;

/// An instant, or the first instant of a civil date in UTC.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    let begins = |date: Date| read_instant(&format!("{date}T00:00:00Z"));
    read_date(text).and_then(begins).or_else(|_| read_instant(text)).map_err(|why| match why {
        NotADate::NoSuchDay => why.to_string(),
        NotADate::OtherForm | NotADate::NoInstant => {
            "a date such as 2027-01-31 or an instant such as 2027-01-31T12:00:00Z".to_owned()
        }
    })
}

/// An instant, or the first instant of a civil date where this machine stands: who is away from a day on is away at its
/// office.
fn local_moment(text: &str) -> Result<Timestamp, String> {
    let zone = arguments::zone();
    let date = parse_date(text).and_then(|date| date.in_tz(zone.as_str()).ok()).map(|begins| begins.timestamp());
    date.map_or_else(|| moment(text), Ok)
}

/// Reads a password: the first line, without its end.
pub(in crate::cli) fn read_password(source: &Source) -> Result<Zeroizing<String>, Failure> {
    // Four bytes are the longest character.
    let text = Zeroizing::new(source.read_text(PASSWORD_MOST * 4 + 2)?);
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(Failure::new(Exit::Configuration, format!("`{source}` has no password in its first line")));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// Change roles, offices or names; what is not named stays
#[derive(Debug, clap::Args)]
pub(super) struct Change {
    #[command(flatten)]
    concerned: Concerned,
    /// Its name, for people
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// All its roles from now on
    #[arg(long = "role", value_name = "ROLE", value_parser = role)]
    roles: Vec<Role>,
    /// All the offices it acts for from now on
    #[arg(long = "office", value_name = "CODE", value_parser = arguments::office)]
    offices: Vec<OfficeCode>,
    /// It acts for no office from now on
    #[arg(long, conflicts_with = "offices")]
    no_office: bool,
    /// The person behind it, by a staff number
    #[arg(long, value_name = "NUMBER")]
    person: Option<String>,
    /// The name it signs in by
    #[arg(long, value_name = "NAME")]
    login: Option<String>,
    /// The exporter whose account it is: its id or registration number
    #[arg(long, value_name = "EXPORTER")]
    exporter: Option<String>,
}

impl Change {
    pub(super) fn run(self, console: Console) -> Outcome {
        let Self { concerned, name, roles, offices, no_office, person, login, exporter } = self;
        let answer = concerned.ask(console, async |connection, issuer, account_id| {
            let request = wire::UpdateAccountRequest {
                issuer,
                account_id,
                name: name.unwrap_or_default(),
                roles: roles.iter().map(|role| role_to_wire(*role).into()).collect(),
                offices: offices.iter().map(ToString::to_string).collect(),
                person: person.unwrap_or_default(),
                login: login.unwrap_or_default(),
                exporter_id: exporter.unwrap_or_default(),
                clear: no_office.then(|| "offices".to_owned()).into_iter().collect(),
            };
            connection.admin().update_account(within_deadline(request)).await
        })?;
        show(console, &answer.account.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// Make and revoke tokens of an account
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct TokenArguments {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    New(NewToken),
    Revoke(Revoke),
}

impl TokenArguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            TokenCommand::New(arguments) => arguments.run(console),
            TokenCommand::Revoke(arguments) => arguments.run(console),
        }
    }
}

/// Make a further token and show it, once
#[derive(Debug, clap::Args)]
struct NewToken {
    #[command(flatten)]
    concerned: Concerned,
    /// What it is for
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// What it opens, by the names of docs/roles.md [default: whatever the account may]
    #[arg(long = "scope", value_name = "ACTION")]
    scopes: Vec<Action>,
    /// When it ends: a date or an instant in UTC [default: never]
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<Timestamp>,
    /// Where it goes, readable by its owner alone [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl NewToken {
    fn run(self, console: Console) -> Outcome {
        if let Some(path) = self.output.as_ref().filter(|path| path.exists()) {
            return Err(
                Failure::new(Exit::Failed, format!("`{}` is there already", path.display())).note("no token was made")
            );
        }
        let Self { concerned, name, scopes, until, output } = self;
        // It is told once: that it can be written down is known first.
        let draft = output.as_deref().map(|path| files::Draft::begin(path, 0o600)).transpose()?;
        let answer = concerned.ask(console, async |connection, issuer, account_id| {
            let request = wire::CreateTokenRequest {
                issuer,
                account_id,
                name,
                scopes: scopes.iter().map(|action| action.name().to_owned()).collect(),
                expire_time: until.map(|at| prost_types::Timestamp { seconds: at.as_second(), nanos: 0 }),
            };
            connection.admin().create_token(within_deadline(request)).await
        })?;
        match output.as_deref().zip(draft) {
            Some((path, draft)) => {
                draft.fill(format!("{}\n", answer.token).as_bytes())?;
                console.message(format!("token {} is in {}; it is not shown again", answer.prefix, path.display()));
            }
            None => {
                console.message(format!("token {}, which is not shown again:", answer.prefix));
                console.data(&answer.token);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Revoke a token; it is refused from the next call on
#[derive(Debug, clap::Args)]
struct Revoke {
    #[command(flatten)]
    concerned: Concerned,
    /// Its first characters after `oxt_`, as `origin account list` shows them
    #[arg(value_name = "PREFIX", allow_hyphen_values = true)]
    prefix: String,
}

impl Revoke {
    fn run(self, console: Console) -> Outcome {
        let prefix = self.prefix.trim_start_matches("oxt_").to_owned();
        let answer = self.concerned.ask(console, async |connection, issuer, account_id| {
            let request = wire::RevokeTokenRequest { issuer, account_id, prefix };
            connection.admin().revoke_token(within_deadline(request)).await
        })?;
        show(console, &answer.account.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// Give an account a password; its sessions end
#[derive(Debug, clap::Args)]
pub(super) struct Password {
    #[command(flatten)]
    concerned: Concerned,
    /// File with the password, 15 characters or more; `-` is standard input
    #[arg(long, value_name = "FILE")]
    password_file: Source,
}

impl Password {
    pub(super) fn run(self, console: Console) -> Outcome {
        let password = read_password(&self.password_file)?;
        let answer = self.concerned.ask(console, async |connection, issuer, account_id| {
            let request = wire::SetPasswordRequest { issuer, account_id, password: password.to_string() };
            connection.admin().set_password(within_deadline(request)).await
        })?;
        show(console, &answer.account.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// Let an account's name be tried again at once after too many wrong passwords
#[derive(Debug, clap::Args)]
pub(super) struct Unlock {
    #[command(flatten)]
    concerned: Concerned,
}

impl Unlock {
    pub(super) fn run(self, console: Console) -> Outcome {
        let answer = self.concerned.ask(console, async |connection, issuer, account_id| {
            let request = wire::UnlockAccountRequest { issuer, account_id };
            connection.admin().unlock_account(within_deadline(request)).await
        })?;
        show(console, &answer.account.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// Say when a signatory is away and who signs meanwhile, or that they are back
#[derive(Debug, clap::Args)]
pub(super) struct Away {
    #[command(flatten)]
    concerned: Concerned,
    /// From when: a date, which begins at midnight of this machine's time zone, or an instant
    #[arg(long, value_name = "WHEN", value_parser = local_moment, required_unless_present = "back")]
    from: Option<Timestamp>,
    /// Until when: a date or an instant, at which they are back
    #[arg(long, value_name = "WHEN", value_parser = local_moment, required_unless_present = "back")]
    until: Option<Timestamp>,
    /// The signatory's account that acts for their offices meanwhile
    #[arg(long, value_name = "ACCOUNT")]
    deputy: Option<String>,
    /// They are back: every absence is forgotten
    #[arg(long, conflicts_with_all = ["from", "until", "deputy"])]
    back: bool,
}

impl Away {
    pub(super) fn run(self, console: Console) -> Outcome {
        let Self { concerned, from, until, deputy, .. } = self;
        let seconds = |at: Timestamp| prost_types::Timestamp { seconds: at.as_second(), nanos: 0 };
        let absence = from.zip(until).map(|(from, until)| wire::Absence {
            start_time: Some(seconds(from)),
            end_time: Some(seconds(until)),
            deputy_account_id: deputy.unwrap_or_default(),
        });
        let answer = concerned.ask(console, async |connection, issuer, account_id| {
            let request = wire::ArrangeAbsenceRequest { issuer, account_id, absence };
            connection.admin().arrange_absence(within_deadline(request)).await
        })?;
        show(console, &answer.account.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}
