//! The spool: what was issued on paper under one block, line by line, each line with the hash of the one before it, so that
//! nothing is changed, put in or taken out of the middle unseen.
//!
//! A line is durable before its paper is printed. One that was cut short by a crash was not acted on; of one that was cut
//! short later, such as by a copy that broke off, a paper may be about. Nobody can tell the two apart, so its number is given
//! no more, and whoever uses the spool is told, each time.

use super::block::BlockFile;
use crate::{
    certificate::CertificateNumber,
    cli::{
        appended::{self, unusable},
        console::{Exit, Failure},
        files,
    },
    encoding::hex,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Bytes of a spool: a thousand certificates of a hundred items.
const MOST_BYTES: u64 = 256 << 20;

/// The first line: the form of the spool and of what is printed, and which block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    spool: u32,
    block: BlockFile,
}

/// The form that is written and read here.
const FORM: u32 = 1;

/// How the first line begins.
const FIRST: &[u8] = b"{\"spool\":";

/// One certificate that was issued on paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// SHA-256 of the line before, in hexadecimal digits.
    pub(super) previous: String,
    pub(super) number: String,
    /// In UTC, to the second.
    pub(super) issued_at: String,
    /// SHA-256 of the row that asked for it.
    pub(super) row: String,
    /// SHA-256 of what was printed.
    pub(super) paper_sha256: String,
    /// The particulars, with the number.
    pub(super) certificate: Value,
}

/// In the place of a line that was cut short: its number is given no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CutShort {
    /// As of an entry.
    previous: String,
    /// The number.
    cut_short: String,
}

/// A line behind the first.
enum Line {
    Entry(Box<Entry>),
    CutShort(CutShort),
}

impl Line {
    fn read(line: &[u8]) -> Result<Self, serde_json::Error> {
        // The message of an untagged reading would say nothing of what is wrong.
        match serde_json::from_slice::<CutShort>(line) {
            Ok(cut) => Ok(Self::CutShort(cut)),
            Err(_) => serde_json::from_slice(line).map(|entry| Self::Entry(Box::new(entry))),
        }
    }

    /// The hash of the line before, and the number.
    fn place(&self) -> (&str, &str) {
        match self {
            Self::Entry(entry) => (&entry.previous, &entry.number),
            Self::CutShort(cut) => (&cut.previous, &cut.cut_short),
        }
    }
}

/// A spool that is held alone.
pub(super) struct Spool {
    path: PathBuf,
    file: File,
    last: String,
    /// The length of the whole lines, where one behind them is cut short.
    cut_at: Option<u64>,
    /// How many numbers of the block are given, or are given no more.
    spent: usize,
    /// The numbers that lines which were cut short were about, and which are given no more.
    given_up: Vec<String>,
    pub(super) block: BlockFile,
    pub(super) entries: Vec<Entry>,
}

impl Spool {
    /// Opens the spool of a block, or begins one.
    pub(super) fn of_block(path: &Path, block: &BlockFile) -> Result<Self, Failure> {
        let mut spool = Self::held(path, Some(block))?;
        if spool.last.is_empty() {
            spool.append(&Head { spool: FORM, block: block.clone() })?;
            files::sync_folder_of(path).map_err(|error| unusable(path, &error))?;
        }
        if spool.block != *block {
            let message = format!("`{}` is the spool of block {}", path.display(), spool.block.block);
            return Err(
                Failure::new(Exit::Failed, message).help("put it elsewhere: a block's spool stands beside its file")
            );
        }
        Ok(spool)
    }

    /// Opens one that is there.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        Self::held(path, None)
    }

    /// Whether a file begins as a spool does.
    pub(super) fn is_one(path: &Path) -> Result<bool, Failure> {
        let mut begin = Vec::new();
        let file = File::open(path).map_err(|error| unusable(path, &error))?;
        file.take(FIRST.len() as u64).read_to_end(&mut begin).map_err(|error| unusable(path, &error))?;
        Ok(begin == FIRST)
    }

    /// `begun` is the block of one that is empty yet, or not there.
    fn held(path: &Path, begun: Option<&BlockFile>) -> Result<Self, Failure> {
        let mut file = appended::hold(path, begun.is_some())?;
        let mut text = Vec::new();
        let read =
            Read::by_ref(&mut file).take(MOST_BYTES).read_to_end(&mut text).map_err(|error| unusable(path, &error))?;
        if u64::try_from(read).unwrap_or(u64::MAX) >= MOST_BYTES {
            return Err(Failure::new(Exit::Failed, format!("`{}` is longer than any spool", path.display())));
        }
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (mut last, mut block, mut spent) = (String::new(), begun.cloned(), 0_usize);
        let (mut entries, mut given_up) = (Vec::new(), Vec::new());
        for (nth, line) in text.get(..whole).unwrap_or_default().split_inclusive(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let broken = |why: &dyn std::fmt::Display| {
                let message = format!("`{}`, line {}: {why}", path.display(), nth + 1);
                Failure::new(Exit::Failed, message).note("a spool is only ever appended to; nothing was done")
            };
            if nth == 0 {
                let head: Head = serde_json::from_slice(line).map_err(|error| broken(&error))?;
                if head.spool != FORM {
                    return Err(broken(&format_args!("form {} is not known to this program", head.spool)));
                }
                block = Some(head.block);
            } else {
                let line = Line::read(line).map_err(|error| broken(&error))?;
                let (previous, number) = line.place();
                if previous != last {
                    return Err(broken(&"it does not follow the line before it: something was changed or taken out"));
                }
                let given = block.as_ref().and_then(|block| block.numbers.get(spent));
                if given.is_none_or(|given| given.as_str() != number) {
                    return Err(broken(&"its number is not the next of the block"));
                }
                spent += 1;
                match line {
                    Line::Entry(entry) => entries.push(*entry),
                    Line::CutShort(cut) => given_up.push(cut.cut_short),
                }
            }
            last = hex::encode(&Sha256::digest(line));
        }
        let (rest, whole) = (text.get(whole..).unwrap_or_default(), u64::try_from(whole).unwrap_or(u64::MAX));
        // A first line that was cut short gave no number.
        if whole == 0 {
            appended::cut(&mut file, path, (whole, rest), (FIRST, "spool"))?;
        }
        let cut_at = (whole > 0 && !rest.is_empty()).then_some(whole);
        let Some(block) = block else {
            return Err(Failure::new(Exit::Failed, format!("`{}` is an empty spool", path.display())));
        };
        Ok(Self { path: path.to_owned(), file, last, cut_at, spent, given_up, block, entries })
    }

    /// The numbers of lines that were cut short: of those that were given up, and of the last one, which stays as it is as
    /// long as nothing is noted behind it.
    pub(super) fn lost(&self) -> impl Iterator<Item = &str> {
        let last = self.cut_at.and_then(|_| self.next_number());
        self.given_up.iter().map(String::as_str).chain(last.map(CertificateNumber::as_str))
    }

    /// What is to be said where lines were cut short.
    pub(super) fn cut_short(&self) -> Option<String> {
        let path = self.path.display();
        match self.lost().collect::<Vec<_>>().as_slice() {
            [] => self
                .cut_at
                .map(|_| format!("the last line of `{path}` is cut short; it was about nothing of the block")),
            [one] => Some(format!("a line of `{path}` was cut short; it was about {one}")),
            more => {
                Some(format!("{} lines of `{path}` were cut short; they were about {}", more.len(), more.join(", ")))
            }
        }
    }

    /// Has the number of a line that was cut short given no more, durably. It is written over that line, so that a crash
    /// leaves one or the other.
    pub(super) fn give_up_cut(&mut self) -> Result<(), Failure> {
        let Some(whole) = self.cut_at else { return Ok(()) };
        let mut text = Vec::new();
        if let Some(number) = self.next_number() {
            let line = CutShort { previous: self.last.clone(), cut_short: number.to_string() };
            text = serde_json::to_vec(&line).map_err(|error| Failure::new(Exit::Failed, error))?;
            self.last = hex::encode(&Sha256::digest(&text));
            text.push(b'\n');
            self.spent += 1;
            self.given_up.push(line.cut_short);
        }
        // What is appended to writes nowhere but at its end.
        let over = || {
            let mut file = OpenOptions::new().write(true).open(&self.path)?;
            file.seek(SeekFrom::Start(whole))?;
            file.write_all(&text)?;
            file.set_len(whole.saturating_add(text.len() as u64))?;
            file.sync_all()
        };
        over().map_err(|error: std::io::Error| unusable(&self.path, &error))?;
        self.cut_at = None;
        Ok(())
    }

    /// The number that is given next.
    pub(super) fn next_number(&self) -> Option<&CertificateNumber> {
        self.block.numbers.get(self.spent)
    }

    /// How many can be given yet.
    pub(super) fn left(&self) -> usize {
        self.block.numbers.len().saturating_sub(self.spent)
    }

    /// The hash of the last line, which the next one names.
    pub(super) fn last(&self) -> &str {
        &self.last
    }

    /// Notes one; it is durable when this returns.
    pub(super) fn note(&mut self, entry: Entry) -> Result<(), Failure> {
        self.append(&entry)?;
        self.spent += 1;
        self.entries.push(entry);
        Ok(())
    }

    fn append(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_vec(line).map_err(|error| Failure::new(Exit::Failed, error))?;
        let last = hex::encode(&Sha256::digest(&text));
        text.push(b'\n');
        let written = self.file.write_all(&text).and_then(|()| self.file.sync_all());
        written.map_err(|error| unusable(&self.path, &error))?;
        self.last = last;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::{fs, os::unix::fs::PermissionsExt as _};

    fn block() -> BlockFile {
        serde_json::from_value(json!({
            "authority": "https://tdap.gov.pk", "block": "b1", "office": "LHE", "agreement": "CPFTA", "to": "CN",
            "reserved_on": "2026-11-29", "time_zone": "Asia/Karachi", "register_within_days": 5, "numbers": ["1", "2", "3"],
        }))
        .unwrap()
    }

    fn filled(path: &Path) {
        let mut spool = Spool::of_block(path, &block()).unwrap();
        for number in ["1", "2", "3"] {
            let previous = spool.last().to_owned();
            let text = String::new;
            let entry = Entry {
                previous,
                number: number.to_owned(),
                issued_at: text(),
                row: text(),
                paper_sha256: text(),
                certificate: json!({}),
            };
            spool.note(entry).unwrap();
        }
    }

    #[test]
    fn a_line_that_is_changed_taken_out_or_put_in_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        filled(&path);
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().collect::<Vec<_>>();
        let attempt = |text: String| {
            fs::write(&path, text).unwrap();
            Spool::open(&path).map(|spool| spool.entries.len()).map_err(|failure| failure.sentence().to_owned())
        };
        assert_eq!(attempt(text.clone()), Ok(3));
        let other = lines[2].replace("\"issued_at\":\"\"", "\"issued_at\":\"earlier\"");
        let changed = [lines[0], lines[1], &other, lines[3]].join("\n") + "\n";
        assert!(attempt(changed).unwrap_err().contains("line 4: it does not follow"));
        let renumbered = text.replace("\"number\":\"2\"", "\"number\":\"3\"");
        assert!(attempt(renumbered).unwrap_err().contains("line 3: its number is not the next"));
        let without = [lines[0], lines[1], lines[3]].join("\n") + "\n";
        assert!(attempt(without).unwrap_err().contains("line 3"));
        let twice = [lines[0], lines[1], lines[1], lines[2]].join("\n") + "\n";
        assert!(attempt(twice).unwrap_err().contains("line 3"));
    }

    #[test]
    fn a_line_that_is_cut_short_is_told_each_time_and_its_number_is_given_to_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        filled(&path);
        let text = fs::read_to_string(&path).unwrap();
        let whole = text.lines().take(2).map(|line| line.len() + 1).sum::<usize>();
        let torn = &text[..whole + 9];
        fs::write(&path, torn).unwrap();
        for _ in 0..2 {
            let spool = Spool::open(&path).unwrap();
            assert_eq!((spool.entries.len(), spool.left()), (1, 2));
            assert!(spool.cut_short().unwrap().ends_with("was cut short; it was about 2"));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), torn, "who only looks changes nothing");
        let mut spool = Spool::of_block(&path, &block()).unwrap();
        spool.give_up_cut().unwrap();
        assert_eq!(spool.next_number().unwrap().as_str(), "3");
        assert!(spool.cut_short().unwrap().ends_with("was cut short; it was about 2"));
        drop(spool);
        let mut again = Spool::of_block(&path, &block()).unwrap();
        again.give_up_cut().unwrap();
        assert_eq!((again.entries.len(), again.left(), again.lost().collect::<Vec<_>>()), (1, 1, vec!["2"]));
        let entry = Entry { previous: again.last().to_owned(), number: "3".to_owned(), ..again.entries[0].clone() };
        again.note(entry).unwrap();
        drop(again);
        let again = Spool::open(&path).unwrap();
        assert_eq!((again.entries.len(), again.left()), (2, 0));
        assert!(again.cut_short().unwrap().ends_with("was cut short; it was about 2"), "also behind what follows it");
    }

    #[test]
    fn a_file_that_is_no_spool_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        fs::write(&path, "{\"agreement\":\"CPFTA\"}").unwrap();
        for opened in [Spool::of_block(&path, &block()), Spool::open(&path)] {
            assert!(opened.is_err_and(|failure| failure.sentence().contains("is no spool")));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"agreement\":\"CPFTA\"}");
        assert!(!Spool::is_one(&path).unwrap());
        fs::write(&path, "{\"spool\":1,").unwrap();
        assert!(Spool::of_block(&path, &block()).is_ok(), "a first line that was cut short is written again");
    }

    #[test]
    fn a_spool_is_its_owners_alone_and_of_one_block_and_one_command_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let held = Spool::of_block(&path, &block()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Spool::open(&path).is_err_and(|failure| failure.sentence().contains("in use")));
        drop(held);
        let other = BlockFile { block: "b2".to_owned(), ..block() };
        assert!(Spool::of_block(&path, &other).is_err_and(|failure| failure.sentence().contains("block b1")));
    }
}
