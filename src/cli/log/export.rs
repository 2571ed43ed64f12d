//! `origin log export`: a copy that any C2SP tlog-tiles client reads, and `origin log check --folder` holds to account.

use super::source::From;
use crate::{
    cli::{
        Outcome,
        console::{Console, Exit, Failure},
        files, remote,
    },
    log::tile,
    reason::counted,
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Copy a log into a folder of C2SP tiles
///
/// The entries are hashed and held to the checkpoint on the way; the checkpoint is written last, so that a folder
/// with a checkpoint is whole.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    from: From,
    /// The folder to write; an older copy in it is brought up to date
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        remote::converse(async {
            let source = self.from.open(console).await?;
            let head = source.head().await?;
            let size = head.checkpoint.head.size;
            let mut bundle = Vec::new();
            let mut bundles = tile::bundles(size);
            let mut current = bundles.next();
            let levels = source
                .read_all(&head, |index, entry| {
                    tile::push_entry(&mut bundle, entry).map_err(|error| Failure::new(Exit::Failed, error))?;
                    if let Some(place) = current.filter(|place| place.end() == index + 1) {
                        put(&self.to, &place.to_string(), &bundle)?;
                        bundle.clear();
                        current = bundles.next();
                    }
                    Ok(())
                })
                .await?;
            for tile in tile::tiles(size) {
                let bytes = tile.read(&levels).map_err(|error| Failure::new(Exit::Failed, error))?;
                put(&self.to, &tile.to_string(), &bytes)?;
            }
            put(&self.to, "checkpoint", head.note.as_bytes())?;
            if console.is_json() {
                console.data(json!({ "log": source.origin().to_string(), "size": size }));
            } else {
                let size = counted(size, "entry", "entries");
                console.message(format!("wrote {size} of {} to {}", source.origin(), self.to.display()));
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Writes one resource under its path.
fn put(folder: &Path, place: &str, contents: &[u8]) -> Result<(), Failure> {
    let path = folder.join(place);
    // What is immutable and there already stays: bringing a copy up to date writes only what is new.
    if place != "checkpoint" && fs::read(&path).is_ok_and(|there| there == contents) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)
            .map_err(|error| Failure::new(Exit::Failed, format!("`{}` cannot be made: {error}", parent.display())))?;
    }
    files::replace(&path, contents, 0o644)
}
