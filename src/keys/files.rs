//! Files that nobody but their owner may touch: checked modes, whole creation, no overwriting.

use super::KeyError;
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Permission bits of the folder of keys.
pub(super) const PRIVATE_FOLDER: u32 = 0o700;
/// Permission bits of a private key and of a passphrase file.
pub(super) const PRIVATE_FILE: u32 = 0o600;
/// Permission bits of a public side.
pub(super) const PUBLIC_FILE: u32 = 0o644;

/// Bits that let group or others in.
const OTHERS: u32 = 0o077;

/// Makes the folder with mode 0700, with its parents by the umask; one that exists is checked instead.
pub(super) fn make_folder(path: &Path) -> Result<(), KeyError> {
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(KeyError::io(parent))?;
    }
    match DirBuilder::new().mode(PRIVATE_FOLDER).create(path) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => check_folder(path),
        Err(e) => Err(KeyError::io(path)(e)),
    }
}

/// Refuses a folder that others can reach.
pub(super) fn check_folder(path: &Path) -> Result<(), KeyError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => return Err(KeyError::NoFolder(path.to_owned())),
        Err(e) if e.kind() == ErrorKind::NotFound => return Err(KeyError::NoFolder(path.to_owned())),
        Err(e) => return Err(KeyError::io(path)(e)),
    };
    check_mode(path, &metadata, PRIVATE_FOLDER)
}

/// Refuses a private file that others could reach if its folder let them in.
pub(super) fn check_file(path: &Path) -> Result<(), KeyError> {
    check_mode(path, &fs::metadata(path).map_err(KeyError::io(path))?, PRIVATE_FILE)
}

fn check_mode(path: &Path, metadata: &fs::Metadata, wanted: u32) -> Result<(), KeyError> {
    let found = metadata.permissions().mode() & 0o7777;
    if found & OTHERS == 0 { Ok(()) } else { Err(KeyError::Exposed { path: path.to_owned(), found, wanted }) }
}

/// Reads a file that only its owner may touch; `None` if there is none. The mode is asked of the open
/// file, so it cannot be swapped between the question and the reading.
pub(super) fn read_private(path: &Path, most: usize) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
    let Some(file) = open(path)? else { return Ok(None) };
    check_mode(path, &file.metadata().map_err(KeyError::io(path))?, PRIVATE_FILE)?;
    read(path, file, most).map(Some)
}

/// Reads a file whose contents are no secret; `None` if there is none.
pub(super) fn read_public(path: &Path, most: usize) -> Result<Option<Vec<u8>>, KeyError> {
    let Some(file) = open(path)? else { return Ok(None) };
    read(path, file, most).map(|bytes| Some(bytes.to_vec()))
}

fn open(path: &Path) -> Result<Option<File>, KeyError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(KeyError::io(path)(e)),
    };
    if file.metadata().map_err(KeyError::io(path))?.is_file() {
        Ok(Some(file))
    } else {
        Err(KeyError::Malformed { path: path.to_owned(), problem: "not a file" })
    }
}

fn read(path: &Path, file: File, most: usize) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    // One byte more than allowed, in a buffer that never grows: growing leaves copies of secrets behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 1));
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(KeyError::io(path))?;
    if bytes.len() > most {
        return Err(KeyError::Malformed { path: path.to_owned(), problem: "the file is too large" });
    }
    Ok(bytes)
}

/// Creates a file whole, durable and with exactly `mode`, or not at all; `false` if the name is taken,
/// and then nothing was changed.
pub(super) fn create_new(path: &Path, contents: &[u8], mode: u32) -> Result<bool, KeyError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = Draft(folder.join(format!(".{name}.new")));
    // What an interrupted creation left behind was never named, so it is nobody's key.
    match fs::remove_file(&draft.0) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(KeyError::io(&draft.0)(e)),
        _ => {}
    }
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft.0).map_err(KeyError::io(&draft.0))?;
    file.set_permissions(fs::Permissions::from_mode(mode)).map_err(KeyError::io(&draft.0))?;
    file.write_all(contents).map_err(KeyError::io(&draft.0))?;
    file.sync_all().map_err(KeyError::io(&draft.0))?;
    // A link is made only where nothing stands; a rename would overwrite.
    match fs::hard_link(&draft.0, path) {
        Ok(()) => {}
        Err(e) if e.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(e) => return Err(KeyError::io(path)(e)),
    }
    drop(draft);
    File::open(folder).and_then(|f| f.sync_all()).map_err(KeyError::io(folder))?;
    Ok(true)
}

/// A file under its working name, gone when dropped.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        // If it stays, the next creation under this name removes it.
        let _ = fs::remove_file(&self.0);
    }
}
