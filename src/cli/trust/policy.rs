//! `origin trust policy`: who must cosign a log.

use crate::{
    cli::{
        Outcome,
        arguments::Trust,
        console::{Console, Exit, Failure},
    },
    log::Origin,
};
use std::process::ExitCode;

/// Print who must cosign a log, as C2SP tlog-policy
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The log, such as tdap.gov.pk/log/2026/cn
    #[arg(value_name = "ORIGIN")]
    origin: Origin,
    #[command(flatten)]
    trust: Trust,
    /// The policy for a checkpoint that proves the entry at this index [default: the newest]
    #[arg(long, value_name = "INDEX")]
    index: Option<u64>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let trust = self.trust.open()?;
        if trust.log_key(&self.origin).is_none() {
            let why =
                format!("the trust list names no key for the log {}, so no head of it can be checked", self.origin);
            return Err(Failure::new(Exit::Configuration, why)
                .help("`origin trust show` lists every authority and its log keys, one for each year"));
        }
        let policy = match self.index {
            Some(index) => trust.policy_at(&self.origin, index),
            None => trust.policy(&self.origin),
        }
        .map_err(super::refused)?;
        if console.is_json() {
            console.data(serde_json::json!({ "log": self.origin.to_string(), "policy": policy.to_string() }));
        } else {
            console.raw(policy.to_string().as_bytes());
        }
        Ok(ExitCode::SUCCESS)
    }
}
