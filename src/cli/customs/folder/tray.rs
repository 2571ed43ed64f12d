//! The folder on the disk: where a question stands, and how it goes from one place to the next.
//!
//! A question is in one place at a time: `in` (put there by the declaration system), `asked` (ours alone, so that nobody
//! replaces what is being asked), then `done` or `refused`. Each step is durable before the next: the request id before
//! the question is sent, the answer before the question is put away. Killed between two steps, the next run takes the
//! question up where it stands, under the same id, and the node answers what it answered.

use super::question::{ENDING, stem};
use crate::cli::{
    console::{Exit, Failure},
    files,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::{self, File, TryLockError},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};
use uuid::Uuid;

const IN: &str = "in";
const ASKED: &str = "asked";
const OUT: &str = "out";
const DONE: &str = "done";
const REFUSED: &str = "refused";
/// What stands behind the name of a question in the file with its request id.
const REQUEST: &str = ".request";
/// Bytes of that file.
const REQUEST_BYTES: usize = 4 << 10;

/// The folder, held alone while the command runs.
pub(super) struct Tray {
    root: PathBuf,
    _held: File,
}

/// Under which id a question is asked, and where.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    node: String,
    request_id: String,
}

impl Tray {
    /// Opens the folder, and makes what is not there.
    pub(super) fn open(root: &Path) -> Result<Self, Failure> {
        for name in [IN, ASKED, OUT, DONE, REFUSED] {
            let folder = root.join(name);
            fs::create_dir_all(&folder).map_err(|error| unusable(&folder, &error))?;
        }
        let lock = root.join(".lock");
        let held = File::options().create(true).truncate(false).write(true).open(&lock);
        let held = held.map_err(|error| unusable(&lock, &error))?;
        match held.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let error = format!("`{}` is served by another `origin customs folder`", root.display());
                return Err(Failure::new(Exit::Failed, error));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(&lock, &error)),
        }
        let tray = Self { root: root.to_owned(), _held: held };
        // An id outlives its question where a run was killed between putting the one and the other away.
        for request in tray.names(ASKED, REQUEST)? {
            let question = request.strip_suffix(REQUEST).unwrap_or_default();
            if !tray.path(ASKED, question).exists() {
                tray.remove(ASKED, &request)?;
            }
        }
        Ok(tray)
    }

    /// Questions that are being asked, by name.
    pub(super) fn asked(&self) -> Result<Vec<String>, Failure> {
        self.names(ASKED, ENDING)
    }

    /// Questions that were put in, by name, in whatever letters the method and the ending are. What does not end in `.json`
    /// is not whole yet.
    pub(super) fn waiting(&self) -> Result<Vec<String>, Failure> {
        let files = self.listed(IN)?.into_iter().filter(|(_, plain)| *plain);
        let mut names = files.filter_map(|(file, _)| question(&file)).collect::<Vec<_>>();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// What lies among them and is none, by name: folders, links, and what has another ending.
    pub(super) fn passed_over(&self) -> Result<BTreeSet<String>, Failure> {
        let others = self.listed(IN)?.into_iter().filter(|(file, plain)| !plain || question(file).is_none());
        Ok(others.map(|(file, _)| file).collect())
    }

    /// Takes a question over.
    pub(super) fn claim(&self, name: &str) -> Result<(), Failure> {
        let is_file = fs::symlink_metadata(self.path(IN, name)).is_ok_and(|found| found.is_file());
        let other = if is_file {
            None
        } else {
            let mut files = self.listed(IN)?.into_iter().filter(|(_, plain)| *plain).map(|(file, _)| file);
            files.find(|file| question(file).as_deref() == Some(name))
        };
        self.moved((IN, other.as_deref().unwrap_or(name)), (ASKED, name))?;
        // What an earlier question of this name was refused for is over.
        self.remove(REFUSED, name)?;
        self.remove(REFUSED, &told(name, "problem"))
    }

    /// Whether a question of this name was answered before.
    pub(super) fn was_done(&self, name: &str) -> bool {
        self.path(DONE, name).exists()
    }

    /// The question itself.
    pub(super) fn read(&self, name: &str, most: usize) -> Result<Vec<u8>, Failure> {
        // One byte more says that it is too long: that is for the node to refuse.
        files::Source::File(self.path(ASKED, name)).read_start(most)
    }

    /// The id under which the question is asked at this node, durable before it is given.
    pub(super) fn request_id(&self, name: &str, node: &str) -> Result<Uuid, Failure> {
        let path = self.path(ASKED, format!("{name}{REQUEST}"));
        if !path.exists() {
            let id = Uuid::now_v7();
            let request = Request { node: node.to_owned(), request_id: id.to_string() };
            let text = serde_json::to_vec(&request).map_err(|error| unusable(&path, &error.into()))?;
            files::replace(&path, &text, 0o644)?;
            return Ok(id);
        }
        let text = files::read(&path, REQUEST_BYTES, Exit::Failed)?;
        let wrong = |why: &dyn std::fmt::Display| {
            Failure::new(Exit::Failed, format!("`{}` has no request id: {why}", path.display()))
                .note("without it the question could be asked twice, so nothing was sent")
        };
        let request = serde_json::from_slice::<Request>(&text).map_err(|error| wrong(&error))?;
        if request.node != node {
            return Err(Failure::new(Exit::Failed, format!("`{name}` was asked at {}", request.node))
                .note(format!("this command names {node}, where it was not asked"))
                .help("let the same node answer it first, or take it out of `asked`"));
        }
        request.request_id.parse().map_err(|error| wrong(&error))
    }

    /// Puts the answer out and the question away.
    pub(super) fn answered(&self, name: &str, answer: &[u8]) -> Result<(), Failure> {
        files::replace(&self.path(OUT, told(name, "answer")), answer, 0o644)?;
        self.put_away(name, DONE)
    }

    /// The same of a question that was refused, with the reason.
    pub(super) fn refused(&self, name: &str, problem: &[u8]) -> Result<(), Failure> {
        files::replace(&self.path(REFUSED, told(name, "problem")), problem, 0o644)?;
        self.put_away(name, REFUSED)
    }

    fn put_away(&self, name: &str, to: &str) -> Result<(), Failure> {
        self.step(name, ASKED, to)?;
        self.remove(ASKED, &format!("{name}{REQUEST}"))
    }

    /// Moves a question, durably.
    fn step(&self, name: &str, from: &str, to: &str) -> Result<(), Failure> {
        self.moved((from, name), (to, name))
    }

    fn moved(&self, (from, file): (&str, &str), (to, name): (&str, &str)) -> Result<(), Failure> {
        let (old, new) = (self.path(from, file), self.path(to, name));
        let moved = fs::rename(&old, &new);
        let sync = |folder: &str| File::open(self.root.join(folder))?.sync_all();
        moved.and_then(|()| sync(to)).and_then(|()| sync(from)).map_err(|error| unusable(&old, &error))
    }

    fn remove(&self, folder: &str, name: &str) -> Result<(), Failure> {
        let path = self.path(folder, name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(unusable(&path, &error)),
            _ => Ok(()),
        }
    }

    /// Plain files with this ending, in the order of their names.
    fn names(&self, folder: &str, ending: &str) -> Result<Vec<String>, Failure> {
        let files = self.listed(folder)?.into_iter().filter(|(_, plain)| *plain).map(|(name, _)| name);
        let mut names = files.filter(|name| name.ends_with(ending) && !name.starts_with('.')).collect::<Vec<_>>();
        names.sort();
        Ok(names)
    }

    /// What lies in a folder, each with whether it is a plain file whose name is a text.
    fn listed(&self, folder: &str) -> Result<Vec<(String, bool)>, Failure> {
        let folder = self.root.join(folder);
        let failed = |error: io::Error| unusable(&folder, &error);
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let plain = name.to_str().is_some() && entry.file_type().is_ok_and(|kind| kind.is_file());
            found.push((name.to_string_lossy().into_owned(), plain));
        }
        Ok(found)
    }

    fn path(&self, folder: &str, name: impl AsRef<OsStr>) -> PathBuf {
        self.root.join(folder).join(name.as_ref())
    }
}

/// The name of the question that a file is: the file's own, with its method and its ending in small letters.
fn question(file: &str) -> Option<String> {
    let (stem, ending) = file.split_at_checked(file.len().checked_sub(ENDING.len())?)?;
    let is_one = ending.eq_ignore_ascii_case(ENDING) && !file.starts_with('.');
    is_one.then(|| match stem.rsplit_once('.') {
        Some((name, method)) => format!("{name}.{}{ENDING}", method.to_ascii_lowercase()),
        None => format!("{stem}{ENDING}"),
    })
}

/// `I-77.write-off.json` and `answer`: `I-77.write-off.answer.json`.
fn told(name: &str, what: &str) -> String {
    format!("{}.{what}{ENDING}", stem(name))
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("`{}` cannot be used: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &str = "I-77.write-off.json";

    fn tray(root: &Path) -> Tray {
        Tray::open(root).unwrap()
    }

    fn put(root: &Path, name: &str, text: &str) {
        fs::write(root.join(IN).join(name), text).unwrap();
    }

    #[test]
    fn a_question_killed_while_it_was_asked_is_asked_again_under_the_same_id() {
        let folder = tempfile::tempdir().unwrap();
        let first = {
            let tray = tray(folder.path());
            put(folder.path(), QUESTION, "{}");
            assert_eq!(tray.waiting().unwrap(), [QUESTION]);
            tray.claim(QUESTION).unwrap();
            // The system puts another one in while the first is asked.
            put(folder.path(), QUESTION, "{\"other\":1}");
            tray.request_id(QUESTION, "node:1").unwrap()
        };
        let tray = tray(folder.path());
        assert_eq!(tray.asked().unwrap(), [QUESTION]);
        assert_eq!(tray.read(QUESTION, 100).unwrap(), b"{}");
        assert_eq!(tray.request_id(QUESTION, "node:1").unwrap(), first);
        assert!(tray.request_id(QUESTION, "other:1").is_err(), "an id counts at one node");
        tray.answered(QUESTION, b"{\"act\":1}").unwrap();
        assert!(tray.was_done(QUESTION) && tray.asked().unwrap().is_empty());
        assert_eq!(fs::read(folder.path().join("out/I-77.write-off.answer.json")).unwrap(), b"{\"act\":1}");
        assert_eq!(fs::read_dir(folder.path().join(ASKED)).unwrap().count(), 0);
    }

    #[test]
    fn an_id_without_its_question_is_not_taken_for_the_next_of_that_name() {
        let folder = tempfile::tempdir().unwrap();
        let first = {
            let tray = tray(folder.path());
            put(folder.path(), QUESTION, "{}");
            tray.claim(QUESTION).unwrap();
            let first = tray.request_id(QUESTION, "node:1").unwrap();
            // Killed between two steps.
            tray.step(QUESTION, ASKED, REFUSED).unwrap();
            first
        };
        let tray = tray(folder.path());
        put(folder.path(), QUESTION, "{}");
        tray.claim(QUESTION).unwrap();
        assert_ne!(tray.request_id(QUESTION, "node:1").unwrap(), first);
    }

    #[test]
    fn what_is_not_whole_or_no_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let tray = tray(folder.path());
        for name in ["b.write-off.json.part", ".b.write-off.json", "b.write-off.tmp"] {
            put(folder.path(), name, "{");
        }
        fs::create_dir(folder.path().join(IN).join("c.write-off.json")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join(IN).join("d.write-off.json")).unwrap();
        put(folder.path(), "2.get-balance.json", "{}");
        put(folder.path(), "1.get-balance.json", "{}");
        assert_eq!(tray.waiting().unwrap(), ["1.get-balance.json", "2.get-balance.json"]);
        let over = tray.passed_over().unwrap().into_iter().collect::<Vec<_>>();
        let left =
            [".b.write-off.json", "b.write-off.json.part", "b.write-off.tmp", "c.write-off.json", "d.write-off.json"];
        assert_eq!(over, left);
    }

    #[test]
    fn an_ending_or_a_method_in_capitals_is_the_same_name_and_no_link_of_that_name_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let tray = tray(folder.path());
        put(folder.path(), "I-77.write-off.JSON", "{\"first\":1}");
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join(IN).join(QUESTION)).unwrap();
        assert_eq!(tray.waiting().unwrap(), [QUESTION]);
        tray.claim(QUESTION).unwrap();
        assert_eq!(tray.read(QUESTION, 100).unwrap(), b"{\"first\":1}");
        tray.answered(QUESTION, b"{}").unwrap();
        put(folder.path(), "I-77.WRITE-OFF.Json", "{}");
        assert_eq!(tray.waiting().unwrap(), [QUESTION], "nor does a method in capitals make another name");
        assert!(tray.was_done(QUESTION), "a name is asked once, in whatever letters its end is");
    }

    #[test]
    fn a_refused_question_can_be_mended_under_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let tray = tray(folder.path());
        put(folder.path(), QUESTION, "{}");
        tray.claim(QUESTION).unwrap();
        tray.refused(QUESTION, b"{}").unwrap();
        let problem = folder.path().join("refused/I-77.write-off.problem.json");
        assert!(problem.exists() && !tray.was_done(QUESTION));
        put(folder.path(), QUESTION, "{\"act\":1}");
        tray.claim(QUESTION).unwrap();
        assert!(!problem.exists() && !folder.path().join(REFUSED).join(QUESTION).exists());
    }

    #[test]
    fn two_runs_at_once_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let _held = tray(folder.path());
        assert!(Tray::open(folder.path()).is_err());
    }
}
