//! The journals of a node that does not run: whether its next start will find them whole.

use super::Look;
use crate::{
    node::{Configuration, data_folders},
    reason::Reasoned as _,
    store::{JournalStore, StoreError},
};
use std::path::Path;

/// Every data folder.
pub(super) fn look(configuration: &Configuration) -> Vec<Look> {
    match data_folders(configuration) {
        Ok(folders) => folders.iter().filter_map(|folder| journal(&folder.path)).collect(),
        Err(error) => vec![Look::bad("journal", error.to_string())],
    }
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
            .help("move the folder away and keep it; `origin backup restore` puts a copy in its place, and what partners hold beyond that comes back from them"),
    })
}
