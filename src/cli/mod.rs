//! The commands of the `origin` binary: they read what is asked, call the rooms below and say what came of it.
//!
//! What always holds: data goes to standard output, messages and progress to standard error; every failure is one
//! `error:` line with what mends it; no secret is an argument; a command that verifies, inspects or redacts needs
//! no network, no configuration and no clock but `--at`. Not its business: deciding anything about a certificate.
//!
//! One file a command family, each with its `Arguments` and a `run`.

mod account;
mod agreement;
mod agreements;
mod appended;
mod application;
mod apply;
mod arguments;
mod audit;
mod backup;
mod bench;
mod calls;
mod certificate;
mod change;
mod check_config;
mod completion;
pub mod console;
mod corridor;
mod customs;
mod demo;
mod doctor;
mod enquiry;
mod examine;
mod exporter;
mod files;
mod form;
mod forms;
mod init;
mod inspect;
mod issue;
mod key;
mod liaison;
mod list;
mod log;
mod mandate;
mod office;
mod openapi;
mod origin;
mod outage;
mod paper;
mod partner;
mod policy;
mod ports;
mod process;
mod queue;
mod redact;
mod remote;
mod rows;
mod scan;
mod serve;
mod session;
mod sign;
mod tree;
mod trust;
mod verify;
mod watch;
mod webhook;

use clap::{Parser, Subcommand};
use console::{Console, Exit, Failure, Format};
use std::process::ExitCode;

/// How a command ends: well, with a code that says what was found, or with a failure to print.
type Outcome = Result<ExitCode, Failure>;

#[derive(Debug, Parser)]
#[command(
    name = "origin",
    version,
    about = "Certificates of origin that anyone can verify alone",
    long_about = "Certificates of origin that anyone can verify alone.\n\nA node signs certificates, keeps them in \
                  append-only logs and serves them; whoever holds one verifies it offline, for ever.",
    after_help = "Data goes to standard output, messages to standard error; `-` is standard input.\n\
                  Exit codes: 0 good, 1 failed, 2 usage, 3 not valid, 4 unreachable, 5 too little or too old to say, \
                  64 configuration.",
    arg_required_else_help = true,
    disable_help_subcommand = false,
    infer_subcommands = true,
    max_term_width = 100
)]
struct Origin {
    /// How results are printed: `text` for people, `json` for machines
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        value_name = "FORMAT",
        hide_possible_values = true,
        display_order = 900
    )]
    format: Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Verify(verify::Arguments),
    Inspect(inspect::Arguments),
    Redact(redact::Arguments),
    Certificate(certificate::Arguments),
    Agreement(agreement::Arguments),
    Form(form::Arguments),
    List(list::Arguments),
    Key(key::Arguments),
    Trust(trust::Arguments),
    Account(account::Arguments),
    Office(office::Arguments),
    Audit(audit::Arguments),
    Login(session::Login),
    Logout(session::Logout),
    Partner(partner::Arguments),
    Issue(Box<issue::Arguments>),
    Paper(paper::Arguments),
    Corridor(corridor::Arguments),
    Exporter(exporter::Arguments),
    Mandate(mandate::Arguments),
    Apply(apply::Arguments),
    Queue(queue::Arguments),
    Examine(examine::Arguments),
    Sign(sign::Arguments),
    Policy(policy::Arguments),
    Customs(customs::Arguments),
    Enquiry(enquiry::Arguments),
    Liaison(liaison::Arguments),
    Watch(watch::Arguments),
    Webhook(webhook::Arguments),
    Log(log::Arguments),
    Init(Box<init::Arguments>),
    CheckConfig(check_config::Arguments),
    Serve(serve::Arguments),
    Doctor(doctor::Arguments),
    Backup(backup::Arguments),
    Bench(bench::Arguments),
    Openapi(openapi::Arguments),
    Completion(completion::Arguments),
}

impl Command {
    fn run(self, console: Console) -> Outcome {
        match self {
            Self::Demo(arguments) => arguments.run(console),
            Self::Verify(arguments) => arguments.run(console),
            Self::Inspect(arguments) => arguments.run(console),
            Self::Redact(arguments) => arguments.run(console),
            Self::Certificate(arguments) => arguments.run(console),
            Self::Agreement(arguments) => arguments.run(console),
            Self::Form(arguments) => arguments.run(console),
            Self::List(arguments) => arguments.run(console),
            Self::Key(arguments) => arguments.run(console),
            Self::Trust(arguments) => arguments.run(console),
            Self::Account(arguments) => arguments.run(console),
            Self::Office(arguments) => arguments.run(console),
            Self::Audit(arguments) => arguments.run(console),
            Self::Login(arguments) => arguments.run(console),
            Self::Logout(arguments) => arguments.run(console),
            Self::Partner(arguments) => arguments.run(console),
            Self::Issue(arguments) => arguments.run(console),
            Self::Paper(arguments) => arguments.run(console),
            Self::Corridor(arguments) => arguments.run(console),
            Self::Exporter(arguments) => arguments.run(console),
            Self::Mandate(arguments) => arguments.run(console),
            Self::Apply(arguments) => arguments.run(console),
            Self::Queue(arguments) => arguments.run(console),
            Self::Examine(arguments) => arguments.run(console),
            Self::Sign(arguments) => arguments.run(console),
            Self::Policy(arguments) => arguments.run(console),
            Self::Customs(arguments) => arguments.run(console),
            Self::Enquiry(arguments) => arguments.run(console),
            Self::Liaison(arguments) => arguments.run(console),
            Self::Watch(arguments) => arguments.run(console),
            Self::Webhook(arguments) => arguments.run(console),
            Self::Log(arguments) => arguments.run(console),
            Self::Init(arguments) => arguments.run(console),
            Self::CheckConfig(arguments) => arguments.run(console),
            Self::Serve(arguments) => arguments.run(console),
            Self::Doctor(arguments) => arguments.run(console),
            Self::Backup(arguments) => arguments.run(console),
            Self::Bench(arguments) => arguments.run(console),
            Self::Openapi(arguments) => arguments.run(console),
            Self::Completion(arguments) => arguments.run(console),
        }
    }
}

/// Reads the command line, runs the command, prints its failure if it has one, and gives the exit code.
#[must_use]
pub fn run() -> ExitCode {
    let origin = match Origin::try_parse() {
        Ok(origin) => origin,
        Err(answer) => {
            // Help and version come this way too. A closed pipe is the reader's wish.
            let _ = answer.print();
            return if answer.use_stderr() { Failure::new(Exit::Usage, "").exit_code() } else { ExitCode::SUCCESS };
        }
    };
    let console = Console::new(origin.format);
    origin.command.run(console).unwrap_or_else(|failure| {
        console.failure(&failure);
        failure.exit_code()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Origin::command().debug_assert();
    }

    /// Every command, option and value is told of in one plain sentence.
    #[test]
    fn every_command_and_option_says_what_it_is_for() {
        fn walk(command: &clap::Command, path: &str, mute: &mut Vec<String>) {
            if command.get_about().is_none() {
                mute.push(path.to_owned());
            }
            for argument in command.get_arguments() {
                if argument.get_help().is_none() && !argument.is_hide_set() {
                    mute.push(format!("{path} {}", argument.get_id()));
                }
            }
            for below in command.get_subcommands() {
                walk(below, &format!("{path} {}", below.get_name()), mute);
            }
        }
        let mut mute = Vec::new();
        walk(&Origin::command(), "origin", &mut mute);
        assert!(mute.is_empty(), "without help: {mute:#?}");
    }

    /// An option that takes one word of a list names them all.
    #[test]
    fn the_help_of_a_closed_list_is_the_whole_list() {
        use crate::{certificate::DeclarationMeans, office, statement::EnquiryGround};
        let told = |path: &[&str], option: &str| {
            let below = |above: clap::Command, name: &&str| above.find_subcommand(name).unwrap().clone();
            let command = path.iter().fold(Origin::command(), below);
            let argument = command.get_arguments().find(|one| one.get_long() == Some(option)).unwrap();
            argument.get_help().unwrap().to_string()
        };
        let told = |path: &[&str], option: &str, words: &[&str]| {
            let told = told(path, option);
            let missing = words.iter().filter(|word| !told.contains(**word)).collect::<Vec<_>>();
            assert!(missing.is_empty(), "{path:?} --{option} without {missing:?}: {told}");
        };
        told(&["account", "new"], "role", &office::Role::ALL.map(office::Role::name));
        told(&["apply", "list"], "stage", &office::StageName::ALL.iter().map(|one| one.name()).collect::<Vec<_>>());
        told(&["apply", "submit"], "means", &DeclarationMeans::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>());
        told(&["examine", "refuse"], "code", &["not_originating", "other"]);
        told(&["enquiry", "raise"], "ground", &EnquiryGround::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>());
        told(
            &["certificate", "numbers"],
            "standing",
            &["given", "held", "voided", "unexplained", "block", "paper", "lost"],
        );
    }

    #[test]
    fn no_secret_is_an_argument() {
        fn walk(command: &clap::Command) {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                let secret = ["passphrase", "token", "secret", "password"].iter().any(|word| name.contains(word));
                assert!(!secret || name.ends_with("_file"), "`{name}` takes a secret from the command line");
            }
            command.get_subcommands().for_each(walk);
        }
        walk(&Origin::command());
    }
}
