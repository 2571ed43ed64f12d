//! The data folders of a node: each a store of its own, with a name that does not hang on where it lies.
//!
//! What always holds: a folder that may not be looked into is an error, and never taken for one in which nothing is.

use super::{AuthorityConfiguration, Configuration, NodeError};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Below this name stand the authorities' own, by the host of each.
const AUTHORITIES: &str = "authorities";
/// Below this name stands what is kept of partners' logs.
const PARTNERS: &str = "partners";

/// One data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder {
    /// Its name, such as `authorities/tdap.gov.pk`, or `partners/gacc/tdap.gov.pk_log_2026_cn`.
    pub name: PathBuf,
    /// Where it lies.
    pub path: PathBuf,
}

impl DataFolder {
    /// The names of those of which there is a copy below a folder, whole or only begun.
    pub fn copied(copy: &Path) -> Result<Vec<PathBuf>, NodeError> {
        let all = below(&copy.join(AUTHORITIES))?.into_iter().chain(with_logs(&copy.join(PARTNERS))?);
        let mut names = Vec::new();
        for path in all {
            let mut is_copy = false;
            for mark in ["copy.json", "entries", "state", "lock"] {
                is_copy |= is_there(path.join(mark))?;
            }
            if is_copy && let Ok(name) = path.strip_prefix(copy) {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Whether it is what is kept of a partner's log: no start hangs on it, and it is fetched again.
    #[must_use]
    pub fn is_of_partner(&self) -> bool {
        // What the node keeps as a witness lies beside the partners, and is its own.
        self.name.strip_prefix(PARTNERS).is_ok_and(|rest| rest.components().count() > 1)
    }
}

/// Every data folder there is: the authorities' own, and what is kept of partners' logs.
pub fn data_folders(configuration: &Configuration) -> Result<Vec<DataFolder>, NodeError> {
    let own = configuration.authorities.iter();
    let mut folders: Vec<_> = own.map(|one| DataFolder { name: named(one), path: one.data.clone() }).collect();
    if let Some(partner) = &configuration.partner {
        for path in with_logs(&partner.data)? {
            if is_there(path.join("lock"))?
                && let Ok(rest) = path.strip_prefix(&partner.data)
            {
                folders.push(DataFolder { name: Path::new(PARTNERS).join(rest), path });
            }
        }
    }
    Ok(folders)
}

/// Where the folder of a name lies, or is to lie; nothing where this node has no such authority, or no partners.
#[must_use]
pub fn data_folder(configuration: &Configuration, name: &Path) -> Option<PathBuf> {
    if let Ok(rest) = name.strip_prefix(PARTNERS) {
        return configuration.partner.as_ref().map(|partner| partner.data.join(rest));
    }
    configuration.authorities.iter().find(|one| named(one) == name).map(|one| one.data.clone())
}

fn named(authority: &AuthorityConfiguration) -> PathBuf {
    Path::new(AUTHORITIES).join(authority.issuer.host().to_string())
}

/// One folder for each node, and one below it for each of its logs; what is witnessed lies in one of its own.
fn with_logs(partners: &Path) -> Result<Vec<PathBuf>, NodeError> {
    let mut folders = Vec::new();
    for node in below(partners)? {
        folders.extend(below(&node)?);
        folders.push(node);
    }
    Ok(folders)
}

/// The folders in one, none where it is not there.
fn below(folder: &Path) -> Result<Vec<PathBuf>, NodeError> {
    let failed = |source| NodeError::File { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => folders.push(path),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(NodeError::File { path, source }),
        }
    }
    folders.sort();
    Ok(folders)
}

fn is_there(path: PathBuf) -> Result<bool, NodeError> {
    path.try_exists().map_err(|source| NodeError::File { path, source })
}
