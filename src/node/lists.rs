//! Lists of codes, rates of exchange and holidays: the folder an operator installs them in, read at the start and
//! again whenever files are.

use super::NodeError;
use crate::agreement::{Lists, Opened, Present};
use arc_swap::ArcSwap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files of one folder at most.
const MOST_FILES: usize = 4_096;
/// Bytes of one file of rates, of holidays, or of names.
const MOST_TEXT: u64 = 8 << 20;
/// Bytes of one table.
const MOST_TABLE: u64 = 256 << 20;

/// Reads what is installed in a folder. It blocks: a table has hundreds of thousands of rows.
pub fn installed_lists(folder: &Path) -> Result<Lists, NodeError> {
    let unreadable = |source| NodeError::File { path: folder.to_owned(), source };
    let content = |message: String| NodeError::Content { path: folder.to_owned(), message };
    let mut present = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_text = path.extension().is_some_and(|extension| extension == "toml");
        let text = if is_text { Some(text(&path)?) } else { None };
        present.push(Present { name, text });
        if present.len() > MOST_FILES {
            return Err(content(format!("holds more than {MOST_FILES} files")));
        }
    }
    present.sort_by(|a, b| a.name.cmp(&b.name));
    Lists::load(&present, &mut |name| table(folder, name)).map_err(|errors| content(errors.to_string()))
}

fn text(path: &Path) -> Result<String, NodeError> {
    let mut text = String::new();
    let unreadable = |source| NodeError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    file.take(MOST_TEXT + 1).read_to_string(&mut text).map_err(unreadable)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > MOST_TEXT {
        let message = format!("is longer than {MOST_TEXT} bytes");
        return Err(NodeError::Content { path: path.to_owned(), message });
    }
    Ok(text)
}

fn table(folder: &Path, name: &str) -> Result<Opened, String> {
    let file = File::open(folder.join(name)).map_err(|error| format!("`{name}` cannot be read: {error}"))?;
    let length = file.metadata().map(|metadata| metadata.len()).unwrap_or_default();
    if length > MOST_TABLE {
        return Err(format!("`{name}` is longer than {MOST_TABLE} bytes"));
    }
    Ok(Box::new(file.take(MOST_TABLE)))
}

/// What became of a wish to read the lists again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// They were read.
    Again,
    /// The node was started without a folder of lists, and which folder it is, is read at the start.
    NoFolder,
}

/// Holds the lists for everyone who judges.
pub(super) struct ListKeeper {
    folder: Option<PathBuf>,
    lists: Arc<ArcSwap<Lists>>,
}

impl ListKeeper {
    /// Reads the folder, if there is one.
    pub(super) fn open(folder: Option<PathBuf>) -> Result<Self, NodeError> {
        let keeper = Self { folder, lists: Arc::default() };
        keeper.reload()?;
        Ok(keeper)
    }

    /// The lists, for whoever looks at them anew each time.
    pub(super) fn lists(&self) -> Arc<ArcSwap<Lists>> {
        Arc::clone(&self.lists)
    }

    /// Reads the folder again, if there is one. With a mistake in it what was held stays.
    pub(super) fn reload(&self) -> Result<Read, NodeError> {
        let Some(folder) = &self.folder else { return Ok(Read::NoFolder) };
        let lists = installed_lists(folder)?;
        for list in lists.codes() {
            tracing::info!(list = list.named(), codes = list.len(), kilobytes = list.bytes() / 1024, "a list is held");
        }
        for note in lists.notes() {
            tracing::warn!(note, "a file is not used");
        }
        self.lists.store(Arc::new(lists));
        Ok(Read::Again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_that_lists_were_read_where_there_is_no_folder_of_them() {
        let keeper = ListKeeper::open(None).unwrap();
        assert_eq!(keeper.reload().unwrap(), Read::NoFolder);
        let folder = tempfile::tempdir().unwrap();
        let keeper = ListKeeper::open(Some(folder.path().to_owned())).unwrap();
        assert_eq!(keeper.reload().unwrap(), Read::Again);
    }
}
