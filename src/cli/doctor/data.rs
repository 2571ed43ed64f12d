//! The journals of a node that does not run: whether its next start will find them whole.

use super::Look;
use crate::{
    node::Configuration,
    reason::Reasoned as _,
    store::{JournalStore, StoreError},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every data folder: the authorities' own, and what is kept of partners' logs.
pub(super) fn look(configuration: &Configuration) -> Vec<Look> {
    let mut folders = configuration.authorities.iter().map(|one| one.data.clone()).collect::<Vec<_>>();
    if let Some(partner) = &configuration.partner {
        // One folder for each node, and one below it for each of its logs; what is witnessed lies in one of its own.
        for node in below(&partner.data) {
            let logs = below(&node).into_iter().filter(|folder| folder.join("lock").exists());
            folders.extend(logs);
            folders.extend(Some(node).filter(|folder| folder.join("lock").exists()));
        }
    }
    folders.iter().filter_map(|folder| journal(folder)).collect()
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect::<Vec<_>>();
    folders.sort();
    folders
}

/// One of them; nothing where the node has not begun it.
fn journal(folder: &Path) -> Option<Look> {
    let shown = folder.display();
    Some(match JournalStore::look(folder) {
        Ok(None) => return None,
        Ok(Some(found)) => Look::good(
            "journal",
            format!("{shown}: {} batches in {} segments are whole", found.batches, found.segments),
        ),
        Err(StoreError::Locked(_)) => Look::warning("journal", format!("{shown}: a process has it open")),
        Err(error) => Look::bad("journal", format!("{error} [{}]", error.reason()))
            .help("keep the folder as it is, and put a backup in its place: what partners hold of its logs comes back from them"),
    })
}
