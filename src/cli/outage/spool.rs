//! The spool: what was issued on paper under one block, line by line, each line with the hash of the one before it, so that
//! nothing is changed, put in or taken out of the middle unseen.
//!
//! A line is durable before its paper is printed. One that was cut short by a crash was never acted on and is cut off.

use super::block::BlockFile;
use crate::{
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
    fs::File,
    io::{Read, Write},
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

/// A spool that is held alone.
pub(super) struct Spool {
    path: PathBuf,
    file: File,
    last: String,
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
            return Err(Failure::new(Exit::Failed, message).help("name another file: --spool FILE"));
        }
        Ok(spool)
    }

    /// Opens one that is there.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        Self::held(path, None)
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
        let (mut last, mut block, mut entries) = (String::new(), begun.cloned(), Vec::new());
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
                let entry: Entry = serde_json::from_slice(line).map_err(|error| broken(&error))?;
                if entry.previous != last {
                    return Err(broken(&"it does not follow the line before it: something was changed or taken out"));
                }
                let given = block.as_ref().and_then(|block| block.numbers.get(entries.len()));
                if given.is_none_or(|number| number.as_str() != entry.number) {
                    return Err(broken(&"its number is not the next of the block"));
                }
                entries.push(entry);
            }
            last = hex::encode(&Sha256::digest(line));
        }
        let rest = text.get(whole..).unwrap_or_default();
        appended::cut(&mut file, path, (u64::try_from(whole).unwrap_or(u64::MAX), rest), (FIRST, "spool"))?;
        let Some(block) = block else {
            return Err(Failure::new(Exit::Failed, format!("`{}` is an empty spool", path.display())));
        };
        Ok(Self { path: path.to_owned(), file, last, block, entries })
    }

    /// The hash of the last line, which the next one names.
    pub(super) fn last(&self) -> &str {
        &self.last
    }

    /// Notes one; it is durable when this returns.
    pub(super) fn note(&mut self, entry: Entry) -> Result<(), Failure> {
        self.append(&entry)?;
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
    use std::fs;

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
    fn a_line_that_is_changed_taken_out_or_put_in_is_seen_and_a_torn_one_is_cut_off() {
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
        assert_eq!(attempt(text[..text.len() - 5].to_owned()), Ok(2), "a torn line was never acted on");
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
    fn a_file_that_is_no_spool_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        fs::write(&path, "{\"agreement\":\"CPFTA\"}").unwrap();
        for opened in [Spool::of_block(&path, &block()), Spool::open(&path)] {
            assert!(opened.is_err_and(|failure| failure.sentence().contains("is no spool")));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"agreement\":\"CPFTA\"}");
        fs::write(&path, "{\"spool\":1,").unwrap();
        assert!(Spool::of_block(&path, &block()).is_ok(), "a first line that was cut short is written again");
    }

    #[test]
    fn a_spool_is_of_one_block_and_one_command_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let held = Spool::of_block(&path, &block()).unwrap();
        assert!(Spool::open(&path).is_err_and(|failure| failure.sentence().contains("in use")));
        drop(held);
        let other = BlockFile { block: "b2".to_owned(), ..block() };
        assert!(Spool::of_block(&path, &other).is_err_and(|failure| failure.sentence().contains("block b1")));
    }
}
