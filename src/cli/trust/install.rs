//! `origin trust install`: puts an accepted list where a node or a verifier reads it.

use crate::{
    cli::{
        Outcome, arguments, check_config,
        console::{Console, Exit, Failure},
        files::{self, Source},
    },
    trust::{MAX_LIST_BYTES, TrustList},
};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Install a trust list after holding it to the anchor and to the list installed before
///
/// Refuses what is older, forked, or takes back what the earlier list fixed. The anchor is renewed with the list's
/// signers and every root it knows, so that a root nobody chained is refused from then on.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The list; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// The node configuration that names list and anchor
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to", "anchor"], required_unless_present_all = ["to", "anchor"])]
    config: Option<PathBuf>,
    /// Where the list is installed
    #[arg(long, value_name = "FILE", requires = "anchor")]
    to: Option<PathBuf>,
    /// The anchor beside it
    #[arg(long, value_name = "FILE", requires = "to")]
    anchor: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let note = self.file.read_text(MAX_LIST_BYTES)?;
        let (to, anchor) = match (self.config, self.to, self.anchor) {
            (Some(config), ..) => {
                let trust = check_config::load(&config)?.trust;
                (trust.list, trust.anchor)
            }
            (None, Some(to), Some(anchor)) => (to, anchor),
            _ => return Err(Failure::new(Exit::Usage, "give --config, or --to and --anchor")),
        };
        let said = install(&note, &to, &anchor)?;
        if console.is_json() {
            console.data(serde_json::json!({ "version": said.version(), "installed": to.display().to_string() }));
        } else {
            console.message(format!("installed version {} in {}", said.version(), to.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The list first, then the anchor: whatever stops in between leaves a list that the anchor beside it opens,
/// because a list that changes its signers carries the signatures of both.
fn install(note: &str, to: &Path, anchor_path: &Path) -> Result<TrustList, Failure> {
    let anchor = arguments::open_anchor(anchor_path)?;
    let known = if to.exists() { Some(arguments::open_trust(to, anchor_path)?) } else { None };
    let list = TrustList::open(note, &anchor, known.as_ref()).map_err(|error| {
        super::refused(error).note(match &known {
            Some(known) => format!("installed now is version {}; nothing was changed", known.version()),
            None => "nothing was installed".to_owned(),
        })
    })?;
    let renewed = list.anchor().and_then(|anchor| anchor.to_toml()).map_err(super::refused)?;
    files::replace(to, list.to_string().as_bytes(), 0o644)?;
    files::replace(anchor_path, renewed.as_bytes(), 0o644)?;
    Ok(list)
}
