//! `origin demo`: three real nodes on this machine, with real keys, files, logs and connections, in a folder of their
//! own.
//!
//! It shows only what happened: each line is printed after its step, with the time the step took, and the
//! command succeeds only if every step ended as it should.

mod federation;
mod ground;
mod nodes;
mod story;

pub(super) use story::samples;

use super::{
    Outcome,
    console::{Console, Exit, Failure},
};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Bring up three nodes on loopback that issue, replicate, cosign, verify, cancel, refuse and catch up; a fourth joins
///
/// Nothing outlives it but what `--out` and `--folder` keep: keys, logs and certificates are made in a temporary folder.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// End when everything was shown; without it the nodes stay up until Ctrl-C
    #[arg(long)]
    once: bool,
    /// Keep the certificates, trust list, anchor and agreements in this new folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Make the nodes in this new folder and leave them there: `origin serve --config DIR/china.toml` runs one
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Only make keys, TLS identities and trust list for three nodes, beside the configurations in this folder, and end:
    /// `origin serve --config DIR/china.toml` runs one; with others' ports in the files, at those
    #[arg(long, value_name = "DIR", conflicts_with_all = ["once", "out", "folder"])]
    prepare: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        if let Some(folder) = &self.prepare {
            return prepare(folder, console);
        }
        if let Some(out) = &self.out {
            is_new(out, "--out")?;
        }
        let temporary = tempfile::tempdir().map_err(|error| Failure::new(Exit::Failed, error))?;
        let folder = match &self.folder {
            Some(folder) => {
                is_new(folder, "--folder")?;
                std::fs::create_dir_all(folder).map_err(|error| {
                    Failure::new(Exit::Failed, format!("`{}` cannot be made: {error}", folder.display()))
                })?;
                // What a node's configuration names is looked for from wherever the node is started.
                std::path::absolute(folder).map_err(|error| Failure::new(Exit::Failed, error))?
            }
            None => temporary.path().to_owned(),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        runtime.block_on(async {
            let mut telling = story::Telling::new(console);
            let nodes = story::tell(&mut telling, &folder, self.out.as_deref()).await?;
            telling.end();
            if !self.once {
                telling.addresses(&nodes);
                tokio::signal::ctrl_c().await.map_err(|error| Failure::new(Exit::Failed, error))?;
            }
            drop(nodes);
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Refuses a folder that has something in it, before anything was made: what is there would be written over, and what
/// is left of another run has other keys.
fn is_new(folder: &Path, argument: &str) -> Result<(), Failure> {
    let refused = |why: &dyn std::fmt::Display| {
        Failure::new(Exit::Failed, format!("`{}` {why}; nothing was made", folder.display()))
            .help(format!("name a folder that is not there yet: {argument} DIR"))
    };
    match std::fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(refused(&"is not empty")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(refused(&format!("cannot be used: {error}"))),
    }
}

/// Makes what the three configurations name, and says how to run them.
fn prepare(folder: &Path, console: Console) -> Outcome {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::new(Exit::Failed, format!("`{}` cannot be made: {error}", folder.display())))?;
    let sites = ground::prepare(folder)?;
    for site in &sites {
        let (name, configuration) = (site.country.name, site.configuration.display());
        if console.is_json() {
            console.data(serde_json::json!({ "country": name, "configuration": configuration.to_string() }));
        } else {
            console.data(format!("origin serve --config {configuration}"));
        }
    }
    console.message("each is a process of its own; their keys are for demonstrations and stay out of the repository");
    Ok(ExitCode::SUCCESS)
}
