//! Papers to register, as files bring them: a CSV table or JSON lines, one paper a row.

use super::SCAN_BYTES;
use crate::{
    api::client::wire,
    certificate::Sha256,
    cli::{
        console::{Exit, Failure},
        files::{self, Source},
        forms::Day,
    },
    encoding::{csv::Records, hex},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256 as Hasher};
use std::{
    io::{BufRead, BufReader, Cursor, Read},
    path::{Path, PathBuf},
};

/// Bytes of one row.
const ROW_BYTES: usize = 64 << 10;

/// One row, as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    number: String,
    issued_on: Day,
    #[serde(default)]
    valid_until: Day,
    agreement: String,
    to: String,
    office: String,
    #[serde(default)]
    scan: String,
    #[serde(default)]
    scan_sha256: String,
    #[serde(default)]
    remarks: String,
}

/// A row, or why it is none.
pub(super) type Row = Result<wire::PaperWords, String>;

/// The rows of a file, one at a time.
pub(super) struct Rows {
    kind: Kind,
    /// Where the scans lie that rows name.
    folder: PathBuf,
}

enum Kind {
    Table { records: Box<Records<Box<dyn Read>>>, heading: Vec<String> },
    Lines(Box<dyn BufRead>),
}

impl Rows {
    /// Opens a file. What begins with a brace is JSON lines, anything else a table with its heading.
    pub(super) fn open(source: &Source, scans: Option<&Path>) -> Result<Self, Failure> {
        let shown = source.to_string();
        let unreadable = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, format!("`{shown}`: {error}"));
        let mut from: Box<dyn BufRead> = match source {
            Source::Stdin => Box::new(BufReader::new(std::io::stdin())),
            Source::File(path) => {
                Box::new(BufReader::new(std::fs::File::open(path).map_err(|error| unreadable(&error))?))
            }
        };
        let beside = source.path().and_then(Path::parent).map(Path::to_owned);
        let folder = scans.map(Path::to_owned).or(beside).unwrap_or_default();
        let begins = from.fill_buf().map_err(|error| unreadable(&error))?;
        let begins = begins.strip_prefix("\u{feff}".as_bytes()).unwrap_or(begins);
        if begins.trim_ascii_start().starts_with(b"{") {
            return Ok(Self { kind: Kind::Lines(from), folder });
        }
        let from: Box<dyn Read> = Box::new(from);
        let mut records = Box::new(Records::new(from, ROW_BYTES));
        let heading = match records.next() {
            Some(Ok(record)) => record.fields,
            Some(Err(error)) => return Err(unreadable(&error)),
            None => return Err(unreadable(&"it is empty")),
        };
        let heading = heading.into_iter().map(|name| name.trim().to_owned()).collect();
        Ok(Self { kind: Kind::Table { records, heading }, folder })
    }

    fn read(&self, written: Written) -> Row {
        let hash = match (written.scan.as_str(), written.scan_sha256.as_str()) {
            ("", "") => return Err("names neither `scan` nor `scan_sha256`".to_owned()),
            ("", text) => sha256(text)?,
            (file, text) => {
                let path = self.folder.join(file);
                let bytes = files::read(&path, SCAN_BYTES, Exit::Failed).map_err(|why| why.sentence().to_owned())?;
                if bytes.is_empty() {
                    return Err(format!("`{file}` is empty: scan the paper again"));
                }
                let hash: [u8; 32] = Hasher::digest(bytes).into();
                if !text.is_empty() && sha256(text)? != hash {
                    return Err(format!("`{file}` is another file than `scan_sha256` says"));
                }
                hash
            }
        };
        Ok(wire::PaperWords {
            number: written.number,
            issued_on: written.issued_on.to_wire(),
            valid_until: written.valid_until.to_wire(),
            agreement: written.agreement,
            to: written.to,
            office: written.office,
            scan_sha256: hash.to_vec().into(),
            remarks: written.remarks,
        })
    }

    fn written(&mut self) -> Option<Result<Written, String>> {
        match &mut self.kind {
            Kind::Table { records, heading } => {
                let record = match records.next()? {
                    Ok(record) => record,
                    Err(error) => return Some(Err(error.to_string())),
                };
                if record.fields.len() > heading.len() {
                    return Some(Err(format!("has {} fields, and the heading {}", record.fields.len(), heading.len())));
                }
                let text = |field: String| serde_json::Value::String(field.trim().to_owned());
                let members = heading.iter().cloned().zip(record.fields.into_iter().map(text)).collect();
                Some(serde_json::from_value(serde_json::Value::Object(members)).map_err(|error| error.to_string()))
            }
            Kind::Lines(from) => loop {
                let mut line = Vec::new();
                let most = u64::try_from(ROW_BYTES).unwrap_or(u64::MAX).saturating_add(1);
                match from.by_ref().take(most).read_until(b'\n', &mut line) {
                    Ok(0) => return None,
                    Ok(_) if line.len() > ROW_BYTES => {
                        // What follows is of the same line: nothing of it is a row.
                        *from = Box::new(Cursor::new(Vec::new()));
                        return Some(Err(format!("is longer than {ROW_BYTES} bytes; nothing behind it was read")));
                    }
                    Ok(_) if line.trim_ascii().is_empty() => {}
                    Ok(_) => return Some(serde_json::from_slice(&line).map_err(|error| error.to_string())),
                    Err(error) => {
                        *from = Box::new(Cursor::new(Vec::new()));
                        return Some(Err(error.to_string()));
                    }
                }
            },
        }
    }
}

impl Iterator for Rows {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let written = self.written()?;
        Some(written.and_then(|written| self.read(written)))
    }
}

/// A SHA-256, in hexadecimal digits as `sha256sum` prints it, or as certificates write it.
fn sha256(text: &str) -> Result<[u8; 32], String> {
    let digits = hex::decode(&text.to_ascii_lowercase()).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    digits.or_else(|| text.parse::<Sha256>().ok().map(|hash| hash.0)).ok_or_else(|| {
        format!("`scan_sha256`: `{text}` is no SHA-256: 64 hexadecimal digits, as sha256sum prints them")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn rows(text: &str) -> Vec<Row> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("papers");
        std::fs::write(&path, text).unwrap();
        std::fs::write(folder.path().join("scan.pdf"), b"abc").unwrap();
        std::fs::write(folder.path().join("empty.pdf"), b"").unwrap();
        Rows::open(&Source::File(path), None).unwrap().collect()
    }

    #[test]
    fn a_table_and_lines_say_the_same_and_a_scan_is_hashed_where_it_lies() {
        let table = rows(&format!(
            "number,issued_on,valid_until,agreement,to,office,scan,scan_sha256\n\
             00123,2026-06-01,2027-06-01,CPFTA,CN,LHE,scan.pdf,\n\
             00124,2026-06-01,,CPFTA,CN,LHE,,{DIGITS}\n"
        ));
        let lines = rows(&format!(
            "{{\"number\":\"00123\",\"issued_on\":\"2026-06-01\",\"valid_until\":\"2027-06-01\",\"agreement\":\"CPFTA\",\
             \"to\":\"CN\",\"office\":\"LHE\",\"scan_sha256\":\"{DIGITS}\"}}\n\n\
             {{\"number\":\"00124\",\"issued_on\":\"2026-06-01\",\"agreement\":\"CPFTA\",\"to\":\"CN\",\"office\":\"LHE\",\
             \"scan\":\"scan.pdf\"}}\n"
        ));
        assert_eq!(table, lines);
        let first = table[0].as_ref().unwrap();
        assert_eq!((first.number.as_str(), hex::encode(&first.scan_sha256)), ("00123", DIGITS.to_owned()));
        assert!(table[1].as_ref().unwrap().valid_until.is_none());
    }

    #[test]
    fn what_cannot_be_read_fails_its_row_alone() {
        let rows = rows(&format!(
            "number,issued_on,valid_until,agreement,to,office,scan,scan_sha256\n\
             1,yesterday,,CPFTA,CN,LHE,scan.pdf,\n\
             2,2026-06-01,,CPFTA,CN,LHE,missing.pdf,\n\
             3,2026-06-01,,CPFTA,CN,LHE,scan.pdf,{}\n\
             4,2026-06-01,,CPFTA,CN,LHE,,\n\
             5,2026-06-01,,CPFTA,CN,LHE,scan.pdf,\n\
             6,2026-06-01,,CPFTA,CN,LHE,empty.pdf,\n",
            "0".repeat(64)
        ));
        let why = rows.iter().map(|row| row.as_ref().err().cloned().unwrap_or_default()).collect::<Vec<_>>();
        assert!(why[0].contains("date"), "{why:?}");
        assert!(why[1].contains("missing.pdf"), "{why:?}");
        assert!(why[2].contains("another file"), "{why:?}");
        assert!(why[3].contains("neither"), "{why:?}");
        assert_eq!(why[4], "");
        assert!(why[5].contains("is empty"), "a scan of nothing: {why:?}");
    }
}
