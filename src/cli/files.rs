//! Reading what a command is given, bounded, and writing what it makes, whole or not at all.

use super::console::{Console, Exit, Failure};
use std::{
    convert::Infallible,
    fmt, fs,
    io::{ErrorKind, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// A file to read, or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// `-`.
    Stdin,
    /// A path.
    File(PathBuf),
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "-" { Self::Stdin } else { Self::File(PathBuf::from(text)) })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Source {
    /// The path, where there is one.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File(path) => Some(path),
        }
    }

    /// Reads at most `most` bytes; one that is longer is refused, not cut.
    pub(super) fn read(&self, most: usize) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Stdin => bounded(std::io::stdin().lock(), most, &self.to_string(), Exit::Failed),
            Self::File(path) => read(path, most, Exit::Failed),
        }
    }

    /// Reads at most `most` bytes and one: what is longer is for its reader to refuse. A mark of UTF-8 is left out.
    pub(super) fn read_start(&self, most: usize) -> Result<Vec<u8>, Failure> {
        let shown = self.to_string();
        let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        let read = match self {
            Self::Stdin => std::io::stdin().lock().take(limit).read_to_end(&mut bytes),
            Self::File(path) if path.is_dir() => {
                return Err(Failure::new(Exit::Failed, format!("`{shown}` is a folder, not a file")));
            }
            Self::File(path) => fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)),
        };
        read.map_err(|error| unreadable(&shown, &error, Exit::Failed))?;
        Ok(unmarked(bytes))
    }

    /// The same, as text.
    pub(super) fn read_text(&self, most: usize) -> Result<String, Failure> {
        text(self.read(most)?, &self.to_string(), Exit::Failed)
    }
}

/// Reads a file of at most `most` bytes.
pub(super) fn read(path: &Path, most: usize, exit: Exit) -> Result<Vec<u8>, Failure> {
    let shown = path.display().to_string();
    let file = fs::File::open(path).map_err(|error| unreadable(&shown, &error, exit))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Failure::new(exit, format!("`{shown}` is a folder, not a file")));
    }
    bounded(file, most, &shown, exit)
}

/// Reads a text file of at most `most` bytes.
pub(super) fn read_text(path: &Path, most: usize, exit: Exit) -> Result<String, Failure> {
    text(read(path, most, exit)?, &path.display().to_string(), exit)
}

/// Bytes as text, if they are.
pub(super) fn text(bytes: Vec<u8>, shown: &str, exit: Exit) -> Result<String, Failure> {
    String::from_utf8(unmarked(bytes))
        .map_err(|error| Failure::new(exit, format!("`{shown}` {}", no_text(error.as_bytes()))))
}

/// Without the mark that some editors begin UTF-8 with.
fn unmarked(mut bytes: Vec<u8>) -> Vec<u8> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
    }
    bytes
}

/// Whether bytes begin with the mark of UTF-16.
pub(super) fn is_utf_16(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

/// What bytes are that are not UTF-8, as the end of a sentence.
pub(super) fn no_text(bytes: &[u8]) -> &'static str {
    if is_utf_16(bytes) { "is UTF-16 text, not UTF-8: save it as UTF-8" } else { "is not UTF-8 text" }
}

fn bounded(from: impl Read, most: usize, shown: &str, exit: Exit) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    from.take(limit).read_to_end(&mut bytes).map_err(|error| unreadable(shown, &error, exit))?;
    if bytes.len() > most {
        return Err(Failure::new(exit, format!("`{shown}` is longer than {most} bytes")));
    }
    Ok(bytes)
}

fn unreadable(shown: &str, error: &std::io::Error, exit: Exit) -> Failure {
    match error.kind() {
        ErrorKind::NotFound => Failure::new(exit, format!("there is no file `{shown}`")),
        ErrorKind::PermissionDenied => Failure::new(exit, format!("`{shown}` may not be read by this user")),
        _ => Failure::new(exit, format!("`{shown}` cannot be read: {error}")),
    }
}

/// Writes a file of which others see the old contents or the new, never a part; durable on return.
pub(super) fn replace(path: &Path, contents: &[u8], mode: u32) -> Result<(), Failure> {
    let mut draft = Draft::begin(path, mode)?;
    draft.write(contents)?;
    draft.finish()
}

/// A file in the making: what is dropped before it is finished leaves nothing behind.
pub(super) struct Draft<'a> {
    path: &'a Path,
    file: tempfile::NamedTempFile,
}

impl<'a> Draft<'a> {
    /// Begins one beside the file whose place it takes.
    pub(super) fn begin(path: &'a Path, mode: u32) -> Result<Self, Failure> {
        let file = tempfile::Builder::new()
            .prefix(".origin-")
            .permissions(fs::Permissions::from_mode(mode))
            .tempfile_in(folder_of(path))
            .map_err(|error| unwritten(path, &error))?;
        Ok(Self { path, file })
    }

    /// More of it.
    pub(super) fn write(&mut self, contents: &[u8]) -> Result<(), Failure> {
        self.file.write_all(contents).map_err(|error| unwritten(self.path, &error))
    }

    /// Whole: puts it in its place, durable on return.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let Self { path, file } = self;
        file.as_file().sync_all().map_err(|error| unwritten(path, &error))?;
        file.persist(path).map_err(|error| unwritten(path, &error.error))?;
        let folder = fs::File::open(folder_of(path)).and_then(|folder| folder.sync_all());
        folder.map_err(|error| unwritten(path, &error))
    }
}

/// The ending of a file's name, in small letters; empty where it has none.
pub(super) fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// Refuses a name that says a PDF where none is written, or a picture, which never is.
pub(super) fn is_named_rightly(path: &Path, is_pdf: bool, pdf: &str) -> Result<(), Failure> {
    let what = match ending(path).as_str() {
        "pdf" if !is_pdf => "a PDF",
        "png" | "jpg" | "jpeg" | "svg" | "gif" | "bmp" | "webp" | "tif" | "tiff" => "a picture",
        _ => return Ok(()),
    };
    let error = format!("`{}` is the name of {what}, and none would be written", path.display());
    Err(Failure::new(Exit::Usage, error).help(format!("{pdf}; else name it by what it is, such as FILE.coo.json")))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("`{}` cannot be written: {error}", path.display()))
}

/// The same, in a folder that is made if it is not there.
pub(super) fn replace_in(path: &Path, contents: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .map_err(|error| Failure::new(Exit::Failed, format!("`{}` cannot be made: {error}", folder.display())))?;
    }
    replace(path, contents, 0o644)
}

/// Writes to the file named by `-o`, or to standard output, byte for byte.
pub(super) fn deliver(console: Console, to: Option<&Path>, contents: &[u8]) -> Result<(), Failure> {
    match to {
        Some(path) => {
            let done = if path.exists() { "replaced" } else { "wrote" };
            replace(path, contents, 0o644)?;
            console.message(format!("{done} {}", path.display()));
        }
        None => console.raw(contents),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_is_written_in_large_letters_too() {
        let named = |name: &str, is_pdf| is_named_rightly(Path::new(name), is_pdf, "--as pdf writes a PDF").is_ok();
        assert_eq!(ending(Path::new("W9.PDF")), "pdf");
        assert!(named("W9.PDF", true) && named("W9.coo.json", false) && named("W9", false));
        for (name, is_pdf) in [("W9.PDF", false), ("W9.pdf", false), ("W9.Png", true), ("W9.jpeg", false)] {
            assert!(!named(name, is_pdf), "{name}");
        }
    }

    #[test]
    fn what_is_too_long_is_refused_and_not_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        fs::write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5, Exit::Failed).unwrap(), b"12345");
        assert!(read(&path, 4, Exit::Failed).is_err());
    }

    #[test]
    fn a_mark_of_utf_8_is_no_part_of_a_text_and_other_letters_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        let source = Source::File(path.clone());
        fs::write(&path, "\u{feff}eyJ~").unwrap();
        assert_eq!(source.read_text(99).unwrap(), "eyJ~");
        assert_eq!(source.read_start(99).unwrap(), b"eyJ~");
        for (bytes, said) in
            [(&b"\xff\xfee\0"[..], "is UTF-16"), (b"\xfe\xff\0e", "is UTF-16"), (b"\xe9", "is not UTF-8")]
        {
            fs::write(&path, bytes).unwrap();
            let failure = source.read_text(99).unwrap_err();
            assert!(failure.sentence().contains(said), "{failure:?}");
        }
    }

    #[test]
    fn a_file_is_replaced_whole_with_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, b"old and longer").unwrap();
        replace(&path, b"new", 0o600).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
