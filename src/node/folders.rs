//! The data folders of a node: each a store of its own, with a name that does not hang on where it lies.

use super::{AuthorityConfiguration, Configuration};
use std::{
    fs,
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

/// Every data folder there is: the authorities' own, and what is kept of partners' logs.
#[must_use]
pub fn data_folders(configuration: &Configuration) -> Vec<DataFolder> {
    let own = configuration.authorities.iter();
    let mut folders: Vec<_> = own.map(|one| DataFolder { name: named(one), path: one.data.clone() }).collect();
    if let Some(partner) = &configuration.partner {
        // One folder for each node, and one below it for each of its logs; what is witnessed lies in one of its own.
        for node in below(&partner.data) {
            let logs = below(&node).into_iter().chain([node.clone()]).filter(|folder| folder.join("lock").exists());
            folders.extend(logs.filter_map(|path| {
                let name = Path::new(PARTNERS).join(path.strip_prefix(&partner.data).ok()?);
                Some(DataFolder { name, path })
            }));
        }
    }
    folders
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

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect::<Vec<_>>();
    folders.sort();
    folders
}
