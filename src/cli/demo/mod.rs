//! `origin demo`: three real nodes on this machine, with real keys, files, logs and connections, in a folder of their
//! own.
//!
//! It shows only what happened: each line is printed after its step, with the time the step took, and the
//! command succeeds only if every step ended as it should.

mod ground;
mod nodes;
mod story;

use super::{
    Outcome,
    console::{Console, Exit, Failure},
};
use std::{path::PathBuf, process::ExitCode};

/// Bring up three nodes on loopback that issue, replicate, cosign, verify, cancel, refuse, and catch up
///
/// Nothing outlives it but what `--out` keeps: keys, logs and certificates are made in a temporary folder.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// End when everything was shown; without it the nodes stay up until Ctrl-C
    #[arg(long)]
    once: bool,
    /// Keep the certificates, trust list, anchor and agreements in this new folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let folder = tempfile::tempdir().map_err(|error| Failure::new(Exit::Failed, error))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        runtime.block_on(async {
            let mut telling = story::Telling::new(console);
            let nodes = story::tell(&mut telling, folder.path(), self.out.as_deref()).await?;
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
