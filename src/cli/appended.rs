//! Files of lines that one command at a time appends to: the request ids of rows, the spool of a block. A line that was cut
//! short by a crash was never acted on; a spool, which is copied about, takes more care ([`cut`] is for its first line alone).

use super::console::{Exit, Failure};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Error, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// Opens one, held alone until it is closed; where there is none, `make` makes it, for its owner alone: the lines of a spool
/// have all that certificates say.
pub(super) fn hold(path: &Path, make: bool) -> Result<File, Failure> {
    let file = OpenOptions::new().read(true).append(true).create(make).truncate(false).mode(0o600).open(path);
    let file = file.map_err(|error| unusable(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let error = format!("`{}` is in use by another command", path.display());
            Err(Failure::new(Exit::Failed, error).help("wait for it to end"))
        }
        Err(TryLockError::Error(error)) => Err(unusable(path, &error)),
    }
}

/// Goes to the end of the whole lines, and cuts off the `rest` behind them. Where none is whole the rest must be the first,
/// cut short, which begins with `first`: another file is no `what`, and left as it is.
pub(super) fn cut(
    file: &mut File,
    path: &Path,
    (whole, rest): (u64, &[u8]),
    (first, what): (&[u8], &str),
) -> Result<(), Failure> {
    if whole == 0 && !first.starts_with(rest) && !rest.starts_with(first) {
        let error = format!("`{}` is no {what}", path.display());
        return Err(Failure::new(Exit::Failed, error).note("it was left as it is, and nothing was done"));
    }
    let end = file.set_len(whole).and_then(|()| file.seek(SeekFrom::End(0)));
    end.map_err(|error| unusable(path, &error))?;
    Ok(())
}

pub(super) fn unusable(path: &Path, error: &Error) -> Failure {
    Failure::new(Exit::Failed, format!("`{}` cannot be used: {error}", path.display()))
}
