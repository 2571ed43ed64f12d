//! `origin policy`: what may be examined by machine, and whose signature is released under it.

use super::{
    Outcome,
    application::instant,
    apply::Door,
    console::{Console, Exit, Failure},
    files::{self, Source},
    tree::{self, plain},
};
use crate::{
    api::client::{wire, within_deadline},
    encoding::hex,
    office::PolicyTerms,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    io::{BufRead, IsTerminal},
    path::PathBuf,
    process::ExitCode,
};

/// Bytes of a file of terms.
const TERMS_BYTES: usize = 256 << 10;
/// A commented file to fill in.
const TEMPLATE: &str = include_str!("policy/template.toml");

/// Say what may be examined by machine, and let your own signature be released under it
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Show(Show),
    Set(Set),
    Withdraw(Withdraw),
    Agree(Agree),
    Revoke(Revoke),
    Template(Template),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Show(arguments) => arguments.run(console),
            Command::Set(arguments) => arguments.run(console),
            Command::Withdraw(arguments) => arguments.run(console),
            Command::Agree(arguments) => arguments.run(console),
            Command::Revoke(arguments) => arguments.run(console),
            Command::Template(arguments) => arguments.run(console),
        }
    }
}

/// Show the policy in force, who agreed to it, and whether that counts now
#[derive(Debug, clap::Args)]
struct Show {
    /// An older version
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    version: u32,
    #[command(flatten)]
    door: Door,
}

impl Show {
    fn run(self, console: Console) -> Outcome {
        show(console, &self.door.policy(console, self.version)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Set a policy, as an administrator; nobody has agreed to the new version yet
///
/// What is set already keeps its version and its agreements.
#[derive(Debug, clap::Args)]
struct Set {
    /// TOML with the terms, as `origin policy template` prints it; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    #[command(flatten)]
    door: Door,
}

impl Set {
    fn run(self, console: Console) -> Outcome {
        let text = self.file.read_text(TERMS_BYTES)?;
        let wrong = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, format!("`{}`: {error}", self.file));
        let terms = toml::from_str::<PolicyTerms>(&text).map_err(|error| wrong(&error))?;
        // What is wrong with it is said before anything is sent.
        PolicyTerms::read_json(terms.to_json().as_bytes()).map_err(|error| wrong(&error))?;
        set(console, &self.door, wire::SetPolicyRequest { terms_json: terms.to_json().into(), withdraw: false })
    }
}

/// Withdraw the policy, as an administrator: everything goes to officers from the next application on
#[derive(Debug, clap::Args)]
struct Withdraw {
    #[command(flatten)]
    door: Door,
}

impl Withdraw {
    fn run(self, console: Console) -> Outcome {
        set(console, &self.door, wire::SetPolicyRequest { withdraw: true, ..Default::default() })
    }
}

fn set(console: Console, door: &Door, request: wire::SetPolicyRequest) -> Outcome {
    let answer = door
        .ask(console, |connection| async move { connection.policies().set_policy(within_deadline(request)).await })?;
    show(console, &answer.policy.unwrap_or_default())?;
    Ok(ExitCode::SUCCESS)
}

/// Let your own signature be released under the policy in force, as a signatory that it names
///
/// The terms are shown, and only to these is agreed: another version needs another agreement.
#[derive(Debug, clap::Args)]
struct Agree {
    /// Agree without being asked, for scripts that have looked at it
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    door: Door,
}

impl Agree {
    fn run(self, console: Console) -> Outcome {
        if !self.yes && !std::io::stdin().is_terminal() {
            return Err(Failure::new(Exit::Usage, "nobody can be asked here whether to agree")
                .help("a script that has looked at the policy says --yes"));
        }
        let policy = self.door.policy(console, 0)?;
        console.message(format!("policy {}, under which your signature would be released:", policy.version));
        console.message(tree::render(&terms_of(&policy)?).trim_end());
        if !self.yes && !asked(console)? {
            console.message("nothing is agreed to");
            return Ok(ExitCode::SUCCESS);
        }
        // What is agreed to is what was shown here, not what the node says that its hash is.
        let terms_sha256 = Sha256::digest(&policy.terms_json).to_vec().into();
        let request = wire::AgreeToPolicyRequest { version: policy.version, terms_sha256 };
        let answer = self.door.ask(console, |connection| async move {
            connection.policies().agree_to_policy(within_deadline(request)).await
        })?;
        show(console, &answer.policy.unwrap_or_default())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Take your own agreement back; nothing is released by it from the next application on
#[derive(Debug, clap::Args)]
struct Revoke {
    #[command(flatten)]
    door: Door,
}

impl Revoke {
    fn run(self, console: Console) -> Outcome {
        let request = wire::RevokeAgreementRequest {};
        let answer = self.door.ask(console, |connection| async move {
            connection.policies().revoke_agreement(within_deadline(request)).await
        })?;
        show(console, &answer.policy.unwrap_or_default())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Print a commented file of terms to fill in
#[derive(Debug, clap::Args)]
struct Template {
    /// Where the file goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Template {
    fn run(self, console: Console) -> Outcome {
        // One that is there may have been filled in.
        if let Some(path) = self.output.as_ref().filter(|path| path.exists()) {
            return Err(Failure::new(Exit::Failed, format!("`{}` is there already", path.display()))
                .help("name another file: -o FILE"));
        }
        files::deliver(console, self.output.as_deref(), TEMPLATE.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Door {
    fn policy(&self, console: Console, version: u32) -> Result<wire::Policy, Failure> {
        let request = wire::GetPolicyRequest { version };
        let answer =
            self.ask(
                console,
                |connection| async move { connection.policies().get_policy(within_deadline(request)).await },
            )?;
        Ok(answer.policy.unwrap_or_default())
    }
}

fn terms_of(policy: &wire::Policy) -> Result<Value, Failure> {
    if policy.terms_json.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&policy.terms_json)
        .map_err(|error| Failure::new(Exit::Failed, format!("the node sent no JSON: {error}")))
}

fn show(console: Console, policy: &wire::Policy) -> Result<(), Failure> {
    let terms = terms_of(policy)?;
    let state = match (policy.in_force, terms.is_null()) {
        (_, true) => "withdrawn: everything goes to officers",
        (true, false) => "in force",
        (false, false) => "not in force any more",
    };
    if console.is_json() {
        let agreements = policy.agreements.iter().map(|one| {
            json!({
                "account_id": one.account_id, "name": one.name, "agreed_at": instant(one.agreed_at.as_ref()),
                "counts": one.void.is_empty(), "void": one.void,
            })
        });
        console.data(json!({
            "version": policy.version, "in_force": policy.in_force, "terms": terms,
            "terms_sha256": hex::encode(&policy.terms_sha256), "set_by": policy.set_by_account_id,
            "set_at": instant(policy.set_at.as_ref()), "agreements": agreements.collect::<Vec<_>>(),
        }));
        return Ok(());
    }
    console.data(format!("policy {}, {state}", policy.version));
    let set_at = instant(policy.set_at.as_ref());
    console.data(format!("set by {} at {set_at}", policy.set_by_account_id));
    if !terms.is_null() {
        console.raw(tree::render(&terms).as_bytes());
    }
    for one in &policy.agreements {
        let void = if one.void.is_empty() { String::new() } else { format!("; does not count: {}", plain(&one.void)) };
        console.data(format!("agreed {} at {}{void}", plain(&one.name), instant(one.agreed_at.as_ref())));
    }
    Ok(())
}

fn asked(console: Console) -> Result<bool, Failure> {
    console.message("agree to it? write `yes`:");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Failure::new(Exit::Failed, format!("no answer could be read: {error}")))?;
    Ok(answer.trim() == "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_a_policy_that_can_be_set() {
        let terms: PolicyTerms = toml::from_str(TEMPLATE).unwrap();
        assert!(terms.signatories.is_empty(), "nobody's signature is released by a file that was only printed");
        let all = TEMPLATE.replace("# tolerated", "tolerated").replace("# excluded", "excluded");
        let terms: PolicyTerms = toml::from_str(&all.replace("# signatories", "signatories")).unwrap();
        assert!(PolicyTerms::read_json(terms.to_json().as_bytes()).is_ok());
        assert!(terms.signatories.len() == 1 && terms.excluded.len() == 1 && terms.tolerated.len() == 1);
    }
}
