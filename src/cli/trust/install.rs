//! `origin trust install`: puts an accepted list where a node or a verifier reads it.

use super::ending;
use crate::{
    api::client::{Refusal, wire, within_deadline},
    cli::{
        Outcome,
        account::OperatorDoor,
        arguments, check_config,
        console::{Console, Exit, Failure},
        files::{self, Source},
        remote,
    },
    node::Configuration,
    trust::{MAX_LIST_BYTES, TrustList},
};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Install a trust list after holding it to the anchor and to the list installed before
///
/// A node that runs by the configuration uses it at once, and its partners take it from there. Refuses what is older,
/// forked, or takes back what the earlier list fixed; and what ends a log of the node below the certificates and changes
/// that it has, unless that is said to be wanted. The anchor is renewed with the list's signers and every root it knows, so
/// that a root nobody chained is refused from then on.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The list; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// The node configuration that names list and anchor [env: ORIGIN_CONFIG]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to", "anchor"])]
    config: Option<PathBuf>,
    /// Where the node serves its operator, if not where the configuration says
    #[arg(long, value_name = "ADDR", conflicts_with_all = ["to", "anchor"])]
    admin: Option<SocketAddr>,
    /// Where the list is installed
    #[arg(long, value_name = "FILE", requires = "anchor")]
    to: Option<PathBuf>,
    /// The anchor beside it
    #[arg(long, value_name = "FILE", requires = "to")]
    anchor: Option<PathBuf>,
    /// The list may end a log of this node below what it has: certificates and changes beyond are void for ever then
    #[arg(long, conflicts_with_all = ["to", "anchor"])]
    for_good: bool,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let note = self.file.read_text(MAX_LIST_BYTES)?;
        // The list of another place is not that of the node that the environment names.
        let elsewhere = self.to.is_some();
        let config = self.config.or_else(|| arguments::configuration_of_environment().filter(|_| !elsewhere));
        let node = config.map(|file| Ok::<_, Failure>((check_config::load(&file)?, file))).transpose()?;
        let (to, anchor) = match (&node, self.to, self.anchor) {
            (Some((configuration, _)), ..) => (configuration.trust.list.clone(), configuration.trust.anchor.clone()),
            (None, Some(to), Some(anchor)) => (to, anchor),
            _ => return Err(Failure::new(Exit::Usage, "give --config, or --to and --anchor")),
        };
        if let Some((configuration, file)) = &node {
            let (next, known) = opened(&note, &to, &anchor)?;
            let door = OperatorDoor::of(file, self.admin);
            ending::agreed(console, &door, configuration, (&next, known.as_ref()), self.for_good)?;
        }
        let said = install(&note, &to, &anchor)?;
        let in_use = match &node {
            Some((configuration, file)) => use_it(console, &OperatorDoor::of(file, self.admin), configuration)?,
            None => None,
        };
        if console.is_json() {
            let (version, installed) = (said.version(), to.display().to_string());
            console.data(serde_json::json!({ "version": version, "installed": installed, "in_use": in_use }));
        } else {
            console.message(format!("installed version {} in {}", said.version(), to.display()));
            match (in_use, node.is_some()) {
                (Some(version), _) => console
                    .message(format!("the running node uses version {version}, and its partners take it from there")),
                (None, true) => console.message("the node does not run; it uses the list from its next start on"),
                (None, false) => {}
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Has the node read the list, if it runs; gives the version it uses then.
pub(in crate::cli) fn use_it(
    console: Console,
    door: &OperatorDoor,
    configuration: &Configuration,
) -> Result<Option<u64>, Failure> {
    remote::converse(async {
        let Ok((connection, address)) = door.open(configuration).await else { return Ok(None) };
        let answer = connection.admin().reload_trust_list(within_deadline(wire::ReloadTrustListRequest {})).await;
        match answer {
            Ok(answer) => Ok(Some(answer.into_inner().trust_version)),
            Err(status) if Refusal::from(&status).unreachable => Ok(None),
            Err(status) => Err(remote::refused(console, &address, &status)),
        }
    })
}

/// The list first, then the anchor: whatever stops in between leaves a list that the anchor beside it opens,
/// because a list that changes its signers carries the signatures of both.
pub(in crate::cli) fn install(note: &str, to: &Path, anchor_path: &Path) -> Result<TrustList, Failure> {
    let (list, _) = opened(note, to, anchor_path)?;
    let renewed = list.anchor().and_then(|anchor| anchor.to_toml()).map_err(super::refused)?;
    files::replace(to, list.to_string().as_bytes(), 0o644)?;
    files::replace(anchor_path, renewed.as_bytes(), 0o644)?;
    Ok(list)
}

/// A list held to the anchor and to the one that is installed, with that.
fn opened(note: &str, to: &Path, anchor_path: &Path) -> Result<(TrustList, Option<TrustList>), Failure> {
    let anchor = arguments::open_anchor(anchor_path)?;
    let known = if to.exists() { Some(arguments::open_trust(to, anchor_path)?) } else { None };
    let list = TrustList::open(note, &anchor, known.as_ref()).map_err(|error| {
        super::refused(error).note(match &known {
            Some(known) => format!("installed now is version {}; nothing was changed", known.version()),
            None => "nothing was installed".to_owned(),
        })
    })?;
    Ok((list, known))
}
