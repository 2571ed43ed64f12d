//! The files a node shares with its federation: trust list, anchor, agreements.

use super::{NodeError, TrustFiles};
use crate::agreement::Agreements;
use crate::trust::{Anchor, TrustList};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Opens the trust list with its anchor; with a list already known, only one that may follow it.
pub(super) fn trust(files: &TrustFiles, known: Option<&TrustList>) -> Result<Arc<TrustList>, NodeError> {
    let anchor = anchor(&files.anchor)?;
    let list = TrustList::open(&read(&files.list)?, &anchor, known).map_err(|error| content(&files.list, &error))?;
    Ok(Arc::new(list))
}

/// Reads an anchor.
pub(super) fn anchor(file: &Path) -> Result<Anchor, NodeError> {
    Anchor::from_toml(&read(file)?).map_err(|error| content(file, &error))
}

/// Reads every `.toml` file of the folder.
pub(super) fn agreements(folder: &Path) -> Result<Agreements, NodeError> {
    let unreadable = |source| NodeError::File { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            files.push((name, read(&path)?));
        }
    }
    if files.is_empty() {
        return Err(content(folder, &"holds no agreement file (`.toml`)"));
    }
    Agreements::load(files).map_err(|error| content(folder, &error))
}

fn read(path: &Path) -> Result<String, NodeError> {
    fs::read_to_string(path).map_err(|source| NodeError::File { path: path.to_owned(), source })
}

fn content(path: &Path, error: &dyn std::fmt::Display) -> NodeError {
    NodeError::Content { path: path.to_owned(), message: error.to_string() }
}
