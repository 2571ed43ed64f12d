//! `FILE.requests`: which row was asked for under which request id, and what became of it.
//!
//! JSON lines, only ever appended to. The line that says "asked" is durable before the row is sent; so a row that
//! was perhaps issued always has its id here. A line that was cut short by a crash was never acted on and is cut off.

use crate::{
    api::client::wire,
    cli::{
        appended,
        console::{Exit, Failure},
        files::{self, Source},
        remote::date_text,
    },
    encoding::hex,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// A row's identity: the SHA-256 of its text, and how many equal rows stand before it. Two equal rows are two
/// certificates.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(in crate::cli) struct RowKey {
    row: String,
    #[serde(default, skip_serializing_if = "is_first")]
    again: u32,
    /// It was left a draft: another request than the one that submits the same row.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    draft: bool,
}

impl RowKey {
    /// The first row of this text.
    pub(in crate::cli) fn of(text: &str) -> Self {
        Self { row: hex::encode(&Sha256::digest(text.trim().as_bytes())), again: 0, draft: false }
    }

    /// The same row, left a draft.
    pub(in crate::cli) fn drafted(&self) -> Self {
        Self { draft: true, ..self.clone() }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_first(again: &u32) -> bool {
    *again == 0
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli) struct Done {
    pub(in crate::cli) number: String,
    pub(in crate::cli) jti: String,
    pub(in crate::cli) log: String,
    pub(in crate::cli) index: u64,
    pub(in crate::cli) issued_on: String,
}

impl From<wire::IssuedCertificate> for Done {
    fn from(issued: wire::IssuedCertificate) -> Self {
        let issued_on = date_text(issued.issued_on.as_ref());
        Self { number: issued.number, jti: issued.jti, log: issued.log, index: issued.index, issued_on }
    }
}

/// What is known of a row before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Known {
    /// It was never asked for.
    New,
    /// It was asked for; whether it was issued is not known here.
    Asked(Uuid),
    /// It was issued.
    Done(Box<Done>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Line {
    /// The first line: at which node these requests count.
    Node(String),
    Asked {
        #[serde(flatten)]
        key: RowKey,
        #[serde(with = "uuid_text")]
        request_id: Uuid,
    },
    Done {
        #[serde(flatten)]
        key: RowKey,
        #[serde(flatten)]
        done: Done,
    },
    /// The row is what this draft asks for.
    Drafted {
        #[serde(flatten)]
        key: RowKey,
        application: String,
    },
}

const NOTHING_SENT: &str = "without a durable request id nothing is sent";

/// How the first line begins.
const FIRST: &[u8] = b"{\"node\":\"";

/// A request id as text.
mod uuid_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use uuid::Uuid;

    pub(in crate::cli) fn serialize<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(in crate::cli) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The file of request ids: the one that is named, else FILE.requests beside the rows.
pub(in crate::cli) fn beside(named: Option<&Path>, rows: Option<&Path>) -> Result<PathBuf, Failure> {
    match (named, rows) {
        (Some(path), rows) => {
            files::apart(Some(path), [rows.map_or(Source::Stdin, |rows| Source::File(rows.to_owned()))])?;
            Ok(path.to_owned())
        }
        (None, Some(rows)) => {
            let mut name = rows.as_os_str().to_owned();
            name.push(".requests");
            Ok(name.into())
        }
        (None, None) => Err(Failure::new(Exit::Usage, "rows from standard input need a file for their request ids")
            .help("name one: --requests FILE")),
    }
}

/// The file, held alone while the command runs.
pub(in crate::cli) struct Ledger {
    path: PathBuf,
    file: File,
    known: HashMap<RowKey, Known>,
    /// Which row each draft asks for.
    drafts: HashMap<String, RowKey>,
    /// How many equal rows were named, by half of their digest: a million rows take some thirty megabytes.
    seen: HashMap<[u8; 16], u32>,
    pending: Vec<u8>,
}

impl Ledger {
    /// Opens or makes the file for requests to one node.
    pub(in crate::cli) fn open(path: &Path, node: &str) -> Result<Self, Failure> {
        let mut file = appended::hold(path, true).map_err(|failure| failure.note(NOTHING_SENT))?;
        let (mut known, mut drafts) = (HashMap::new(), HashMap::new());
        let mut whole = 0_u64;
        let mut reader = BufReader::new(&file);
        let mut first = true;
        let mut text = String::new();
        loop {
            text.clear();
            let read = reader.read_line(&mut text).map_err(|error| unusable(path, &error))?;
            if read == 0 || !text.ends_with('\n') {
                break;
            }
            let line = serde_json::from_str::<Line>(&text).map_err(|error| {
                Failure::new(Exit::Failed, format!("`{}` is no file of request ids: {error}", path.display()))
                    .note(format!("at byte {whole}; without it rows could be issued twice, so nothing was sent"))
            })?;
            whole = whole.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
            match line {
                Line::Node(at) if first && at == node => {}
                Line::Node(at) if first => {
                    return Err(Failure::new(Exit::Failed, format!("`{}` holds requests to {at}", path.display()))
                        .note(format!("this command names {node}, where those rows were not asked for"))
                        .help("keep one file of requests a node: --requests FILE"));
                }
                Line::Asked { key, request_id } => {
                    known.insert(key, Known::Asked(request_id));
                }
                Line::Done { key, done } => {
                    known.insert(key, Known::Done(Box::new(done)));
                }
                Line::Drafted { key, application } => {
                    drafts.insert(application, key);
                }
                Line::Node(_) => {}
            }
            first = false;
        }
        drop(reader);
        appended::cut(&mut file, path, (whole, text.as_bytes()), (FIRST, "file of request ids"))?;
        let (path, pending) = (path.to_owned(), Vec::new());
        let mut ledger = Self { path, file, known, drafts, seen: HashMap::new(), pending };
        if whole == 0 {
            ledger.write(&Line::Node(node.to_owned()))?;
            ledger.sync()?;
            files::sync_folder_of(&ledger.path).map_err(|error| unusable(&ledger.path, &error))?;
        }
        Ok(ledger)
    }

    /// The identity of the next row; rows are named in the order of the file.
    pub(in crate::cli) fn name(&mut self, text: &str) -> RowKey {
        let digest: [u8; 32] = Sha256::digest(text.trim().as_bytes()).into();
        let row = hex::encode(&digest);
        let half = digest.first_chunk::<16>().copied().unwrap_or_default();
        let count = self.seen.entry(half).or_insert(0);
        let again = *count;
        *count = count.saturating_add(1);
        RowKey { row, again, draft: false }
    }

    /// What is known of a row.
    pub(in crate::cli) fn known(&self, key: &RowKey) -> Known {
        self.known.get(key).cloned().unwrap_or(Known::New)
    }

    /// Notes that a row is about to be asked for; it is not sent before [`Ledger::sync`].
    pub(in crate::cli) fn asked(&mut self, key: &RowKey, request_id: Uuid) -> Result<(), Failure> {
        self.write(&Line::Asked { key: key.clone(), request_id })
    }

    /// Notes what became of a row. Losing this line costs a question, so it is synced with the next ones.
    pub(in crate::cli) fn done(&mut self, key: &RowKey, done: &Done) -> Result<(), Failure> {
        self.write(&Line::Done { key: key.clone(), done: done.clone() })
    }

    /// The draft that asks for this row, if one does.
    pub(in crate::cli) fn draft_of(&self, key: &RowKey) -> Option<&str> {
        let key = key.drafted();
        self.drafts.iter().find(|(_, row)| **row == key).map(|(application, _)| application.as_str())
    }

    /// A draft that was made of this file, whatever it said then.
    pub(in crate::cli) fn any_draft(&self) -> Option<&str> {
        self.drafts.keys().next().map(String::as_str)
    }

    /// Notes what a draft asks for.
    pub(in crate::cli) fn drafted(&mut self, key: &RowKey, application: &str) -> Result<(), Failure> {
        let key = key.drafted();
        self.drafts.insert(application.to_owned(), key.clone());
        self.write(&Line::Drafted { key, application: application.to_owned() })
    }

    /// Makes everything noted durable.
    pub(in crate::cli) fn sync(&mut self) -> Result<(), Failure> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&self.pending).and_then(|()| self.file.sync_data());
        self.pending.clear();
        written.map_err(|error| unusable(&self.path, &error))
    }

    fn write(&mut self, line: &Line) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.pending, line).map_err(|error| unusable(&self.path, &error.into()))?;
        self.pending.push(b'\n');
        Ok(())
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    appended::unusable(path, error).note(NOTHING_SENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn done() -> Done {
        Done {
            number: "PK-1".to_owned(),
            jti: "J".to_owned(),
            log: "L".to_owned(),
            index: 7,
            issued_on: "2026-11-22".to_owned(),
        }
    }

    fn open(path: &Path) -> Ledger {
        Ledger::open(path, "node:1").unwrap()
    }

    #[test]
    fn what_was_asked_and_answered_is_known_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.requests");
        let (first, second) = {
            let mut ledger = open(&path);
            let (first, second) = (ledger.name("{\"a\":1}"), ledger.name("{\"a\":2}"));
            let id = Uuid::now_v7();
            ledger.asked(&first, id).unwrap();
            ledger.asked(&second, id).unwrap();
            ledger.done(&second, &done()).unwrap();
            ledger.sync().unwrap();
            (first, second)
        };
        let ledger = open(&path);
        assert!(matches!(ledger.known(&first), Known::Asked(_)));
        assert_eq!(ledger.known(&second), Known::Done(Box::new(done())));
    }

    #[test]
    fn equal_rows_are_certificates_of_their_own_and_keep_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.requests");
        let mut ledger = open(&path);
        let (first, second) = (ledger.name("{}"), ledger.name(" {}\n"));
        assert_ne!(first, second);
        drop(ledger);
        let mut again = open(&path);
        assert_eq!((again.name("{}"), again.name("{}")), (first, second));
    }

    #[test]
    fn a_draft_is_known_by_what_it_asks_for_now_and_is_no_submission() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.requests");
        let (first, mended) = (RowKey::of("{\"a\":1}"), RowKey::of("{\"a\":2}"));
        let mut ledger = open(&path);
        ledger.asked(&first.drafted(), Uuid::now_v7()).unwrap();
        ledger.drafted(&first, "app_1").unwrap();
        ledger.drafted(&mended, "app_1").unwrap();
        ledger.sync().unwrap();
        drop(ledger);
        let ledger = open(&path);
        assert_eq!(ledger.known(&first), Known::New, "what was drafted was not asked to be issued");
        assert_eq!((ledger.draft_of(&first), ledger.draft_of(&mended)), (None, Some("app_1")));
        assert_eq!(ledger.any_draft(), Some("app_1"));
    }

    #[test]
    fn a_line_cut_short_by_a_crash_is_cut_off_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.requests");
        let mut ledger = open(&path);
        let key = ledger.name("{}");
        ledger.asked(&key, Uuid::now_v7()).unwrap();
        ledger.sync().unwrap();
        drop(ledger);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [whole.as_slice(), b"{\"asked\":{\"row\":\"12"].concat()).unwrap();
        assert!(matches!(open(&path).known(&key), Known::Asked(_)));
        assert_eq!(fs::read(&path).unwrap(), whole);
    }

    /// A file of rows without an end of line, named by mistake, would be cut to nothing.
    #[test]
    fn a_file_that_is_none_of_request_ids_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        for text in ["{\"agreement\":\"CPFTA\"}", "a row", "{\"agreement\":\"CPFTA\"}\n"] {
            fs::write(&path, text).unwrap();
            assert!(beside(Some(&path), Some(&path)).is_err());
            assert!(Ledger::open(&path, "node:1").is_err(), "{text}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        for cut_short in ["", "{\"no", "{\"node\":\"node"] {
            fs::write(&path, cut_short).unwrap();
            drop(open(&path));
            assert_eq!(fs::read_to_string(&path).unwrap(), "{\"node\":\"node:1\"}\n");
        }
    }

    #[test]
    fn requests_to_one_node_are_not_taken_for_answers_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.requests");
        drop(open(&path));
        assert!(Ledger::open(&path, "production:1").is_err());
    }

    #[test]
    fn two_runs_at_once_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.requests");
        let _held = open(&path);
        assert!(Ledger::open(&path, "node:1").is_err());
    }
}
