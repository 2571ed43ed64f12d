//! The agreement files that come with the program, and those an operator installed.

use super::console::{Exit, Failure};
use super::files;
use crate::agreement::Agreements;
use std::{fs, path::Path};

/// The files as they are shipped: `origin init` writes them out, and commands that need no node fall back on them.
/// The list is made when the program is compiled, of every file in `node-config/agreements`.
pub(super) const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/agreements.rs"));

/// Bytes of one agreement file.
const MOST_BYTES: usize = 1 << 20;
/// Files of one folder.
const MOST_FILES: usize = 1024;

/// Reads every `.toml` file of a folder, or the shipped ones.
pub(super) fn load(folder: Option<&Path>) -> Result<Agreements, Failure> {
    read(files_of(folder)?)
}

/// Every `.toml` file of a folder, or the shipped ones: name and text.
pub(super) fn files_of(folder: Option<&Path>) -> Result<Vec<(String, String)>, Failure> {
    match folder {
        None => Ok(SHIPPED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()),
        Some(folder) => in_folder(folder),
    }
}

fn in_folder(folder: &Path) -> Result<Vec<(String, String)>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new(Exit::Configuration, format!("the folder `{}` cannot be read: {error}", folder.display()))
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            found.push((name, files::read_text(&path, MOST_BYTES, Exit::Configuration)?));
        }
        if found.len() > MOST_FILES {
            return Err(Failure::new(Exit::Configuration, format!("more than {MOST_FILES} files of agreements")));
        }
    }
    if found.is_empty() {
        let error = format!("there is no agreement file (.toml) in `{}`", folder.display());
        return Err(Failure::new(Exit::Configuration, error));
    }
    Ok(found)
}

fn read(found: Vec<(String, String)>) -> Result<Agreements, Failure> {
    Agreements::load(found).map_err(|errors| {
        let failure = Failure::new(Exit::Configuration, "the agreement files cannot be used as they stand");
        errors.to_string().lines().fold(failure, Failure::note)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_can_be_used() {
        let rules = SHIPPED.iter().filter(|(name, _)| name.ends_with(".rules.toml")).count();
        let all = load(None).unwrap();
        assert_eq!(all.iter().count(), SHIPPED.len() - rules);
        assert_eq!(all.iter().filter(|agreement| agreement.rules.is_some()).count(), rules);
    }

    /// What a verdict rests on is the digest of the files: shipped and installed copies must agree.
    #[test]
    fn a_folder_with_the_shipped_files_is_the_shipped_set() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node-config/agreements");
        assert_eq!(load(Some(&folder)).unwrap().digest(), load(None).unwrap().digest());
    }
}
