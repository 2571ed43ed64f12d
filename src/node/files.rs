//! Writes a file of which others see the old contents or the new, never a part.

use super::NodeError;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Writes beside and renames; durable on return.
pub(super) fn replace(path: &Path, contents: &[u8], mode: u32) -> Result<(), NodeError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let write = || {
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
        file.write_all(contents)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    };
    write().map_err(|source| NodeError::File { path: path.to_owned(), source })
}
