//! Reading what a command is given, bounded, and writing what it makes, whole or not at all.

use super::console::{Console, Exit, Failure};
use std::{
    borrow::Borrow,
    convert::Infallible,
    fmt, fs,
    io::{ErrorKind, Read, Write},
    os::{
        fd::AsFd,
        unix::fs::{MetadataExt, PermissionsExt},
    },
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

    /// What the system says of it; of standard input what it says of the file that is read there, if it is one.
    fn metadata(&self) -> Option<fs::Metadata> {
        match self {
            Self::Stdin => fs::File::from(std::io::stdin().as_fd().try_clone_to_owned().ok()?).metadata().ok(),
            Self::File(path) => fs::metadata(path).ok(),
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
    Draft::begin(path, mode)?.fill(contents)
}

/// A file in the making: what is dropped before it is finished leaves nothing behind.
pub(super) struct Draft<'a> {
    path: &'a Path,
    to: Place,
}

enum Place {
    /// What is written stands beside it, and takes its place when it is whole.
    Beside(tempfile::NamedTempFile),
    /// A device or a pipe takes what is written as it comes.
    Into(fs::File),
}

impl<'a> Draft<'a> {
    /// Begins one beside the file whose place it takes: where that can be done the file can be made, which is worth knowing
    /// before anything is asked for that is given once.
    pub(super) fn begin(path: &'a Path, mode: u32) -> Result<Self, Failure> {
        if is_no_file(path) {
            let file = fs::OpenOptions::new().append(true).open(path).map_err(|error| unwritten(path, &error))?;
            return Ok(Self { path, to: Place::Into(file) });
        }
        let file = tempfile::Builder::new()
            .prefix(".origin-")
            .permissions(fs::Permissions::from_mode(mode))
            .tempfile_in(folder_of(path))
            .map_err(|error| unwritten(path, &error))?;
        Ok(Self { path, to: Place::Beside(file) })
    }

    /// More of it.
    pub(super) fn write(&mut self, contents: &[u8]) -> Result<(), Failure> {
        let written = match &mut self.to {
            Place::Beside(file) => file.write_all(contents),
            Place::Into(file) => file.write_all(contents),
        };
        written.map_err(|error| unwritten(self.path, &error))
    }

    /// All of it, in its place.
    pub(super) fn fill(mut self, contents: &[u8]) -> Result<(), Failure> {
        self.write(contents)?;
        self.finish()
    }

    /// Whole: puts it in its place, durable on return.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let Self { path, to } = self;
        let Place::Beside(file) = to else { return Ok(()) };
        file.as_file().sync_all().map_err(|error| unwritten(path, &error))?;
        file.persist(path).map_err(|error| unwritten(path, &error.error))?;
        sync_folder_of(path).map_err(|error| unwritten(path, &error))
    }
}

/// Whether there is a device or a pipe: a file put in its place takes it from everybody, as `-o /dev/null` of root would.
/// Names like `/dev/stdout` are links to whatever that is.
fn is_no_file(path: &Path) -> bool {
    let is_stream = |there: fs::Metadata| !there.is_file() && !there.is_dir();
    let is_named = path.starts_with("/dev") || path.starts_with("/proc");
    fs::metadata(path).is_ok_and(is_stream) || (is_named && path.is_symlink())
}

/// The ending of a file's name, in small letters; empty where it has none.
pub(super) fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// What a command writes, as far as the names of files say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    Pdf,
    Json,
    Xml,
    Table,
    /// A statement with its disclosures, as text.
    Token,
}

impl Made {
    /// What it is called, and how its files may end, the usual ending first.
    const fn named(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Pdf => ("a PDF", &["pdf"]),
            Self::Json => ("JSON", &["json"]),
            Self::Xml => ("XML", &["xml"]),
            Self::Table => ("a table", &["csv"]),
            Self::Token => ("a token", &["sd-jwt", "jwt"]),
        }
    }

    /// What an ending says; nothing where it says none of these.
    fn said_by(ending: &str) -> Option<Self> {
        let all = [Self::Pdf, Self::Json, Self::Xml, Self::Table, Self::Token];
        all.into_iter().find(|made| made.named().1.contains(&ending))
    }
}

/// Refuses a name that says another kind of file than is written, or a picture, which never is. `how` says how the command
/// is told what to write.
pub(super) fn is_named_rightly(output: Option<&Path>, made: Made, how: &str) -> Result<(), Failure> {
    let Some(path) = output else { return Ok(()) };
    let ending = ending(path);
    let says = match (ending.as_str(), Made::said_by(&ending)) {
        ("png" | "jpg" | "jpeg" | "svg" | "gif" | "bmp" | "webp" | "tif" | "tiff", _) => "a picture",
        (_, Some(other)) if other != made => other.named().0,
        _ => return Ok(()),
    };
    let (what, endings) = made.named();
    let error = format!("`{}` is the name of {says}, and {what} would be written", path.display());
    let named = endings.first().copied().unwrap_or_default();
    Err(Failure::new(Exit::Usage, error).help(format!("{how}; else name it by what it is, such as FILE.{named}")))
}

/// Refuses an output that is one of the files that are read: what stands there would be lost. To be asked before anything
/// is read.
pub(super) fn apart(output: Option<&Path>, inputs: impl IntoIterator<Item: Borrow<Source>>) -> Result<(), Failure> {
    let Some(path) = output else { return Ok(()) };
    let Some(there) = fs::metadata(path).ok().and_then(|metadata| place(&metadata)) else { return Ok(()) };
    let is_there = |input: &Source| input.metadata().and_then(|metadata| place(&metadata)) == Some(there);
    if inputs.into_iter().any(|input| is_there(input.borrow())) {
        let error = format!("`{}` is read, and what is written in its place would be all that is left", path.display());
        return Err(Failure::new(Exit::Usage, error).help("name another file for what is written"));
    }
    Ok(())
}

/// Where the contents of a file lie, whatever it is called; none of what is no file, such as a pipe.
fn place(metadata: &fs::Metadata) -> Option<(u64, u64)> {
    metadata.is_file().then(|| (metadata.dev(), metadata.ino()))
}

/// Makes durable that a new file is there.
pub(super) fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    fs::File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::new(Exit::Failed, format!("`{}` cannot be written: {error}", path.display()));
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => failure.help("make room on that disk"),
        _ => failure,
    }
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
    use std::os::unix::fs::FileTypeExt as _;
    use std::process::Command;

    #[test]
    fn what_is_written_to_a_pipe_goes_into_it_and_takes_no_ones_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let reader = std::thread::spawn({
            let path = path.clone();
            move || fs::read(path).unwrap()
        });
        replace(&path, b"all of it", 0o600).unwrap();
        assert!(fs::symlink_metadata(&path).unwrap().file_type().is_fifo(), "a file stands in its place");
        assert_eq!(reader.join().unwrap(), b"all of it");
        let names = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 1, "something was left beside it");
        assert!(is_no_file(Path::new("/dev/null")) && is_no_file(Path::new("/dev/stdout")));
        assert!(!is_no_file(&folder.path().join("new")) && !is_no_file(folder.path()));
    }

    #[test]
    fn a_name_says_what_is_written_in_large_letters_too() {
        let named = |name: &str, made| is_named_rightly(Some(Path::new(name)), made, "--as pdf writes a PDF").is_ok();
        assert_eq!(ending(Path::new("W9.PDF")), "pdf");
        for (name, made) in [
            ("W9.PDF", Made::Pdf),
            ("W9.coo.json", Made::Json),
            ("W9.XML", Made::Xml),
            ("W9.csv", Made::Table),
            ("W9.sd-jwt", Made::Token),
            ("W9.jwt", Made::Token),
            ("W9.txt", Made::Token),
            ("W9", Made::Json),
        ] {
            assert!(named(name, made), "{name}");
        }
        for (name, made) in [
            ("W9.PDF", Made::Json),
            ("W9.pdf", Made::Token),
            ("W9.Png", Made::Pdf),
            ("W9.jpeg", Made::Json),
            ("W9.coo.json", Made::Pdf),
            ("W9.json", Made::Token),
            ("W9.sd-jwt", Made::Json),
            ("W9.xml", Made::Table),
            ("W9.csv", Made::Xml),
        ] {
            assert!(!named(name, made), "{name}");
        }
    }

    /// By another path, by a link, by a second name: it is the same file, and would be lost.
    #[test]
    fn what_is_read_is_not_written_over_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), b"mine").unwrap();
        fs::write(at("b"), b"mine").unwrap();
        std::os::unix::fs::symlink(at("a"), at("link")).unwrap();
        fs::hard_link(at("a"), at("second")).unwrap();
        let inputs = [Source::Stdin, Source::File(at("none")), Source::File(at("a"))];
        for output in ["a", "./a", "link", "second"] {
            let failure = apart(Some(at(output).as_path()), &inputs).unwrap_err();
            assert!(failure.sentence().contains("is read") && failure.code() == 2, "{output}");
        }
        for output in [Some(at("b")), Some(at("new")), None] {
            assert!(apart(output.as_deref(), &inputs).is_ok(), "{output:?}");
        }
        assert_eq!(fs::read(at("a")).unwrap(), b"mine");
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
