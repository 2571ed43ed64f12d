//! Certificates to be issued, as files bring them: one TOML or JSON document, or JSON lines of many.
//!
//! Lines are read one at a time: a file of a million rows needs no more memory than its longest line.

use super::{
    console::{Exit, Failure},
    files::Source,
};
use crate::certificate::{Particulars, Reading};
use serde::de::IgnoredAny;
use std::{
    fs::File,
    io::{BufRead, BufReader, Cursor, Read},
};

/// Bytes of one certificate.
const ROW_BYTES: usize = 1 << 20;

/// One certificate to be issued, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Its place among the rows, counted from 1.
    pub(super) number: usize,
    pub(super) text: RowText,
}

/// In which language it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RowText {
    Json(String),
    Toml(String),
}

impl Row {
    /// Reads it, with everything there is to say about it.
    pub(super) fn read(&self) -> Reading {
        match &self.text {
            RowText::Json(text) => Particulars::read_json(text.as_bytes()),
            RowText::Toml(text) => Particulars::read_toml(text),
        }
    }
}

/// The rows of one file.
pub(super) struct Rows {
    shown: String,
    kind: Kind,
    next: usize,
}

enum Kind {
    One(Option<RowText>),
    Lines(Box<dyn BufRead>),
}

impl Rows {
    /// Opens a file and looks at its first line to know what it is.
    pub(super) fn open(source: &Source) -> Result<Self, Failure> {
        let shown = source.to_string();
        let mut from: Box<dyn BufRead> = match source {
            Source::Stdin => Box::new(BufReader::new(std::io::stdin())),
            Source::File(path) => match File::open(path) {
                Ok(file) => Box::new(BufReader::new(file)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return Err(Failure::new(Exit::Failed, format!("there is no file `{shown}`")));
                }
                Err(error) => return Err(unreadable(&shown, &error)),
            },
        };
        let first = loop {
            match line(&mut from, &shown)? {
                Some(text) if text.trim().is_empty() => {}
                Some(text) => break text,
                None => return Err(Failure::new(Exit::Failed, format!("`{shown}` is empty"))),
            }
        };
        let first = first.strip_prefix('\u{feff}').unwrap_or(&first).to_owned();
        let begins = first.trim_start().starts_with('{');
        if begins && serde_json::from_str::<IgnoredAny>(&first).is_ok() {
            let from: Box<dyn BufRead> = Box::new(Cursor::new(first + "\n").chain(from));
            return Ok(Self { shown, kind: Kind::Lines(from), next: 1 });
        }
        let mut text = first;
        let room = u64::try_from(ROW_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        text.push('\n');
        from.take(room).read_to_string(&mut text).map_err(|error| unreadable(&shown, &error))?;
        if text.len() > ROW_BYTES {
            return Err(Failure::new(Exit::Failed, format!("`{shown}` is longer than {ROW_BYTES} bytes"))
                .help("many certificates stand in one file as JSON lines: one document a line"));
        }
        let text = if begins { RowText::Json(text) } else { RowText::Toml(text) };
        Ok(Self { shown, kind: Kind::One(Some(text)), next: 1 })
    }

    /// Whether there can be more than one row.
    pub(super) const fn are_lines(&self) -> bool {
        matches!(self.kind, Kind::Lines(_))
    }
}

impl Iterator for Rows {
    type Item = Result<Row, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = match &mut self.kind {
            Kind::One(text) => text.take()?,
            Kind::Lines(from) => loop {
                match line(from, &self.shown) {
                    Ok(Some(text)) if text.trim().is_empty() => {}
                    Ok(Some(text)) => break RowText::Json(text),
                    Ok(None) => return None,
                    Err(failure) => return Some(Err(failure)),
                }
            },
        };
        let number = self.next;
        self.next += 1;
        Some(Ok(Row { number, text }))
    }
}

/// The next line without its end; none at the end of the file.
fn line(from: &mut Box<dyn BufRead>, shown: &str) -> Result<Option<String>, Failure> {
    let mut text = String::new();
    let limit = u64::try_from(ROW_BYTES).unwrap_or(u64::MAX).saturating_add(2);
    let read = from.by_ref().take(limit).read_line(&mut text).map_err(|error| unreadable(shown, &error))?;
    if read == 0 {
        return Ok(None);
    }
    let length = text.trim_end_matches(['\r', '\n']).len();
    if length > ROW_BYTES {
        return Err(Failure::new(Exit::Failed, format!("`{shown}` has a line longer than {ROW_BYTES} bytes")));
    }
    text.truncate(length);
    Ok(Some(text))
}

fn unreadable(shown: &str, error: &std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::InvalidData => Failure::new(Exit::Failed, format!("`{shown}` is not UTF-8 text")),
        _ => Failure::new(Exit::Failed, format!("`{shown}` cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<RowText>, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        std::fs::write(&path, text).unwrap();
        Rows::open(&Source::File(path))?.map(|row| row.map(|row| row.text)).collect()
    }

    #[test]
    fn a_document_over_several_lines_is_one_certificate() {
        assert_eq!(rows("{\n\"a\": 1}\n").unwrap(), [RowText::Json("{\n\"a\": 1}\n".to_owned())]);
        assert_eq!(rows("# comment\na = 1\n").unwrap(), [RowText::Toml("# comment\na = 1\n".to_owned())]);
    }

    #[test]
    fn a_document_a_line_is_a_certificate_a_line_and_empty_lines_are_none() {
        let two = rows("\n{\"a\":1}\r\n\n{\"a\":2}").unwrap();
        assert_eq!(two, [RowText::Json("{\"a\":1}".to_owned()), RowText::Json("{\"a\":2}".to_owned())]);
    }

    /// A broken row is that row's finding; it must not turn the file into something else.
    #[test]
    fn a_broken_line_among_lines_stays_a_row() {
        assert_eq!(rows("{\"a\":1}\n{\"a\":\n{\"a\":3}\n").unwrap().len(), 3);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let endless = format!("{{\"a\":1}}\n{}", "x".repeat(ROW_BYTES + 1));
        assert!(rows(&endless).is_err());
        assert!(rows(" \n").is_err());
    }
}
