//! `origin check-config`: opens everything a start would open, writes nothing, and names every mistake.

use super::{
    Outcome, arguments,
    console::{Console, Exit, Failure},
};
use crate::{
    keys::KeyStore,
    node::{self, Configuration, Faults, Mistakes, NodeError},
    reason::counted,
};
use serde_json::json;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Check a node configuration and everything it names, and report every mistake at once
///
/// Opens what a start would open: TLS identity, trust list, agreements, keys. Changes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration [env: ORIGIN_CONFIG] [default: node.toml]
    #[arg(value_name = "FILE", conflicts_with = "config")]
    file: Option<PathBuf>,
    /// The same, as other commands are told it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let named = self.file.or(self.config).or_else(arguments::configuration_of_environment);
        let file = named.unwrap_or_else(|| PathBuf::from("node.toml"));
        let configuration = node::check(&file).map_err(|faults| faulty(&file, &faults))?;
        for exposed in exposed_keys(&configuration) {
            console.message(format!("warning: {exposed}"));
        }
        let hosts = configuration.authorities.iter().map(|one| one.issuer.to_string()).collect::<Vec<_>>();
        if console.is_json() {
            console.data(json!({ "file": file.display().to_string(), "good": true, "authorities": hosts }));
        } else {
            console.data(format!("{}: good; it hosts {}", file.display(), hosts.join(", ")));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The keys of a node that its folders alone keep from others: those that a start opens were refused before.
pub(super) fn exposed_keys(configuration: &Configuration) -> Vec<String> {
    let folders = configuration.authorities.iter().map(|one| &one.keys);
    let folders = folders.chain(configuration.partner.as_ref().map(|partner| &partner.keys));
    let exposed = folders.collect::<BTreeSet<_>>().into_iter().filter_map(|folder| KeyStore::exposed(folder).ok());
    exposed.flatten().map(|error| error.to_string()).collect()
}

fn faulty(file: &Path, faults: &Faults) -> Failure {
    let Faults { start, work } = faults;
    if work.is_empty() {
        if let [NodeError::File { path, source }] = start.as_slice()
            && path == file
        {
            return unreadable(path, source);
        }
        if let [NodeError::Configuration { file, mistakes }] = start.as_slice() {
            return refused(file, mistakes);
        }
    }
    let sentences = start.iter().chain(work).flat_map(sentences).collect::<Vec<_>>();
    let what = if start.is_empty() {
        "starts, and part of its work would be refused or not believed"
    } else {
        "would not start"
    };
    let count = counted(sentences.len(), "thing", "things");
    let error = format!("a node of `{}` {what}: {count} to mend", file.display());
    let failure = sentences.into_iter().fold(Failure::new(Exit::Configuration, error), Failure::note);
    failure.help(format!("origin doctor --config {} looks closer", file.display()))
}

/// One sentence for each thing to mend.
fn sentences(fault: &NodeError) -> Vec<String> {
    match fault {
        NodeError::Configuration { mistakes, .. } => mistakes.0.iter().map(ToString::to_string).collect(),
        other => vec![other.to_string()],
    }
}

fn unreadable(path: &Path, source: &std::io::Error) -> Failure {
    if source.kind() == std::io::ErrorKind::NotFound {
        return Failure::new(Exit::Configuration, format!("there is no file `{}`", path.display()))
            .help("origin init writes a configuration with everything it names");
    }
    Failure::new(Exit::Configuration, format!("{}: {source}", path.display()))
}

/// Reads a configuration; every mistake stands on a line of its own.
pub(super) fn load(file: &Path) -> Result<Configuration, Failure> {
    Configuration::load(file).map_err(|error| match error {
        NodeError::Configuration { file, mistakes } => refused(&file, &mistakes),
        NodeError::File { path, source } => unreadable(&path, &source),
        other => Failure::new(Exit::Configuration, other),
    })
}

fn refused(file: &Path, mistakes: &Mistakes) -> Failure {
    let count = mistakes.0.len();
    let noun = if count == 1 { "mistake" } else { "mistakes" };
    let failure = Failure::new(Exit::Configuration, format!("`{}` has {count} {noun}", file.display()));
    mistakes.0.iter().fold(failure, Failure::note)
}
