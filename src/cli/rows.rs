//! Certificates to be issued, as files bring them: one TOML or JSON document, or JSON lines of many.
//!
//! Lines are read one at a time: a file of a million rows needs no more memory than its longest line. A line that
//! cannot be read is a row that is refused, and the lines behind it follow.

use super::{
    console::{Exit, Failure},
    files::{self, Source},
};
use crate::certificate::{Finding, Findings, Particulars, Reading, Unread};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use std::{
    collections::VecDeque,
    fs::File,
    io::{BufRead, BufReader, Cursor, Read},
};

/// Bytes of one certificate.
const ROW_BYTES: usize = 1 << 20;

/// One certificate to be issued, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Its line in a file of lines, else its place among the rows; counted from 1.
    pub(super) number: usize,
    pub(super) text: RowText,
}

/// In which language it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RowText {
    Json(String),
    Toml(String),
    /// It could not be read, and why.
    Unreadable(String),
}

impl Row {
    /// Why it is refused unread, in a sentence: what it is too long by, or that it is no text.
    pub(super) fn refusal(&self) -> &str {
        match &self.text {
            RowText::Unreadable(why) => why,
            RowText::Json(_) | RowText::Toml(_) => "it cannot be read as a certificate",
        }
    }

    /// What was written, or why it could not be read.
    pub(super) fn written(&self) -> &str {
        let (RowText::Json(text) | RowText::Toml(text) | RowText::Unreadable(text)) = &self.text;
        text
    }

    /// Reads it, with everything there is to say about it.
    pub(super) fn read(&self) -> Reading {
        match &self.text {
            RowText::Json(text) => Particulars::read_json(text.as_bytes()),
            RowText::Toml(text) => Particulars::read_toml(text),
            RowText::Unreadable(why) => {
                let finding = Finding::error("ROW", "", why.clone());
                Reading { particulars: None, findings: Findings(vec![finding]) }
            }
        }
    }

    /// The JSON it stands for, as a node is sent it: also where it does not read, for the node judges that too, and knows
    /// more. None where it is neither JSON nor TOML.
    pub(super) fn json(&self, reading: &Reading) -> Option<String> {
        match (&self.text, &reading.particulars) {
            (RowText::Json(text), _) => Some(text.clone()),
            (RowText::Toml(_), Some(particulars)) => Some(particulars.to_json()),
            (RowText::Toml(text), None) => json_of_toml(text).ok().map(|json| json.to_string()),
            (RowText::Unreadable(_), _) => None,
        }
    }

    /// What can still be judged of it where it cannot be read.
    pub(super) fn unread(&self) -> Unread {
        match &self.text {
            RowText::Json(text) => Unread::of_json(text.as_bytes()),
            RowText::Toml(text) => Unread::of_toml(text),
            RowText::Unreadable(_) => Unread::default(),
        }
    }
}

/// The JSON that a TOML document stands for, also where it is unfinished; the error says where it is no TOML.
pub(super) fn json_of_toml(text: &str) -> Result<Value, String> {
    let table = text.parse::<toml::Table>().map_err(|error| error.to_string().trim().to_owned())?;
    Ok(json_of(toml::Value::Table(table)))
}

fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        // JSON has no others, and null would be a member left out: the certificate would be issued without it. No member
        // takes a number with a fraction.
        toml::Value::Float(number) => Value::from(if number.is_finite() { number } else { 0.5 }),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        // Dates may stand without quotes, as TOML has them.
        toml::Value::Datetime(moment) => Value::String(moment.to_string()),
        toml::Value::Array(list) => Value::Array(list.into_iter().map(json_of).collect()),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(name, value)| (name, json_of(value))).collect::<Map<_, _>>())
        }
    }
}

/// What a file turned out to hold, by its first line and by a name that ends in `.csv`.
pub(super) enum Held {
    /// Certificates.
    Rows(Rows),
    /// A table, from its heading on.
    Table(Box<dyn Read>),
}

/// The rows of one file.
pub(super) struct Rows {
    shown: String,
    kind: Kind,
}

enum Kind {
    One(Option<RowText>),
    Lines(Lines),
}

/// A line without its end, or why it is none.
type Line = Result<String, String>;

/// The lines of a file that are not empty.
struct Lines {
    from: Box<dyn BufRead>,
    /// Read before, to know what the file is.
    begun: VecDeque<(usize, Line)>,
    read: usize,
}

impl Lines {
    /// The next one with its number.
    fn next(&mut self, shown: &str) -> Result<Option<(usize, Line)>, Failure> {
        if let Some(begun) = self.begun.pop_front() {
            return Ok(Some(begun));
        }
        while let Some(line) = line(&mut self.from, shown)? {
            self.read += 1;
            if !line.as_ref().is_ok_and(|text| text.trim().is_empty()) {
                return Ok(Some((self.read, line)));
            }
        }
        Ok(None)
    }
}

/// Whether a line is a document of its own.
fn is_document(line: &str) -> bool {
    line.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(line).is_ok()
}

/// Whether a file that begins so is a JSON list of documents; in TOML a table's name stands in brackets.
fn is_list(first: &str) -> bool {
    let inside = first.trim().strip_prefix('[').map(str::trim_start);
    inside.is_some_and(|inside| inside.is_empty() || inside.starts_with(['{', ']']))
}

/// Whether a file that begins so is a table: its first line names fields by their paths, and a line of TOML has `=`.
fn is_heading(first: &str) -> bool {
    let is_path = |field: &str| {
        let field = field.trim().trim_matches('"');
        !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.[]".contains(&byte))
    };
    let separator = [',', ';', '\t'].into_iter().find(|separator| first.contains(*separator));
    separator.is_some_and(|separator| first.split(separator).all(is_path))
}

impl Rows {
    /// Opens a file of certificates. A table is none: who reads tables opens what is [`Held`].
    pub(super) fn open(source: &Source) -> Result<Self, Failure> {
        match Held::open(source)? {
            Held::Rows(rows) => Ok(rows),
            Held::Table(_) => Err(Failure::new(Exit::Failed, format!("`{source}` is a table, and no certificate"))
                .help("a certificate is TOML or JSON; `origin apply import FILE` files the rows of a table")),
        }
    }

    /// Whether there can be more than one row.
    pub(super) const fn are_lines(&self) -> bool {
        matches!(self.kind, Kind::Lines(_))
    }
}

impl Held {
    /// Opens a file and looks at its first line to know what it is.
    pub(super) fn open(source: &Source) -> Result<Self, Failure> {
        let shown = source.to_string();
        let from: Box<dyn BufRead> = match source {
            Source::Stdin => Box::new(BufReader::new(std::io::stdin())),
            Source::File(path) => match File::open(path) {
                Ok(file) => Box::new(BufReader::new(file)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return Err(Failure::new(Exit::Failed, format!("there is no file `{shown}`")));
                }
                Err(error) => return Err(unreadable(&shown, &error)),
            },
        };
        let mut lines = Lines { from, begun: VecDeque::new(), read: 0 };
        let Some((number, first)) = lines.next(&shown)? else {
            return Err(Failure::new(Exit::Failed, format!("`{shown}` is empty")));
        };
        let first = match first {
            Ok(first) => first.strip_prefix('\u{feff}').unwrap_or(&first).to_owned(),
            Err(why) => {
                // Then the line behind it says what the file is.
                let second = lines.next(&shown)?;
                if !second.as_ref().is_some_and(|(_, line)| line.as_ref().is_ok_and(|line| is_document(line))) {
                    return Err(Failure::new(Exit::Failed, format!("`{shown}`: the first line {why}")));
                }
                lines.begun.push_back((number, Err(why)));
                lines.begun.extend(second);
                return Ok(Self::Rows(Rows { shown, kind: Kind::Lines(lines) }));
            }
        };
        if is_document(&first) {
            lines.begun.push_back((number, Ok(first)));
            return Ok(Self::Rows(Rows { shown, kind: Kind::Lines(lines) }));
        }
        let named = source.path().is_some_and(|path| files::ending(path) == "csv");
        if is_heading(&first) || named && !first.trim_start().starts_with(['{', '[']) {
            // With the lines before it that were empty, so that each row is named by its line.
            let begun = Cursor::new(format!("{}{first}\n", "\n".repeat(number.saturating_sub(1))));
            return Ok(Self::Table(Box::new(begun.chain(lines.from))));
        }
        let begins = first.trim_start().starts_with('{');
        if is_list(&first) {
            return Err(Failure::new(Exit::Failed, format!("`{shown}` holds a JSON list, not a certificate")).help(
                "write the certificates of the list as JSON lines: one document a line, such as by jq -c '.[]'",
            ));
        }
        let mut text = first;
        let room = u64::try_from(ROW_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        text.push('\n');
        lines.from.take(room).read_to_string(&mut text).map_err(|error| unreadable(&shown, &error))?;
        if text.len() > ROW_BYTES {
            return Err(Failure::new(Exit::Failed, format!("`{shown}` is longer than {ROW_BYTES} bytes"))
                .help("many certificates stand in one file as JSON lines: one document a line"));
        }
        let text = if begins { RowText::Json(text) } else { RowText::Toml(text) };
        Ok(Self::Rows(Rows { shown, kind: Kind::One(Some(text)) }))
    }
}

impl Iterator for Rows {
    type Item = Result<Row, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let (number, text) = match &mut self.kind {
            Kind::One(text) => (1, text.take()?),
            Kind::Lines(lines) => match lines.next(&self.shown).transpose()? {
                Ok((number, Ok(text))) => (number, RowText::Json(text)),
                Ok((number, Err(why))) => (number, RowText::Unreadable(format!("the line {why}"))),
                Err(failure) => return Some(Err(failure)),
            },
        };
        Some(Ok(Row { number, text }))
    }
}

/// The next line without its end, or why it is none; nothing at the end of the file. What is too long is passed over
/// without being held.
fn line(from: &mut Box<dyn BufRead>, shown: &str) -> Result<Option<Line>, Failure> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(ROW_BYTES).unwrap_or(u64::MAX).saturating_add(2);
    let mut part = from.by_ref().take(limit);
    part.read_until(b'\n', &mut bytes).map_err(|error| unreadable(shown, &error))?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let ended = bytes.ends_with(b"\n");
    while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        bytes.pop();
    }
    if bytes.len() > ROW_BYTES {
        if !ended {
            pass_over(from).map_err(|error| unreadable(shown, &error))?;
        }
        return Ok(Some(Err(format!("is longer than the {ROW_BYTES} bytes that a row may have"))));
    }
    Ok(Some(String::from_utf8(bytes).map_err(|error| files::no_text(error.as_bytes()).to_owned())))
}

/// Goes on behind the next end of line.
fn pass_over(from: &mut Box<dyn BufRead>) -> std::io::Result<()> {
    loop {
        let held = from.fill_buf()?;
        if held.is_empty() {
            return Ok(());
        }
        let end = held.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(held.len(), |at| at + 1);
        from.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
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
    fn a_json_list_is_called_one_and_a_table_of_toml_is_none() {
        for list in ["[\n{\"a\": 1}\n]", "[{\"a\": 1}, {\"a\": 2}]\n", " [ { \"a\":", "[]"] {
            let failure = rows(list).unwrap_err();
            assert!(failure.sentence().contains("holds a JSON list"), "{list}: {failure:?}");
            assert!(format!("{failure:?}").contains("one document a line"));
        }
        for table in ["[reference]\na = 1", "[[items]]\na = 1", "[ \"a\" ]\nb = 1"] {
            assert!(matches!(rows(table).unwrap().as_slice(), [RowText::Toml(_)]), "{table}");
        }
    }

    /// A table read as TOML would be refused for a missing `=`, and nobody would learn what to do with it.
    #[test]
    fn a_table_is_told_from_toml_by_its_heading_and_handed_on_whole() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::File(folder.path().join("rows"));
        let open = |text: &str| {
            std::fs::write(source.path().unwrap(), text).unwrap();
            Held::open(&source)
        };
        for table in ["agreement,goods.items[0].number\nCPFTA,1\n", "\n\"from\", to\nPK,CN\n", "a;b\n1;2\n"] {
            let Held::Table(mut from) = open(table).unwrap() else { panic!("{table}") };
            let mut read = String::new();
            from.read_to_string(&mut read).unwrap();
            assert_eq!(read, table);
            let failure = rows(table).unwrap_err();
            assert!(failure.sentence().contains("is a table") && format!("{failure:?}").contains("apply import"));
        }
        for none in ["to = \"CN, PK\"\n", "# a, b\nto = \"CN\"", "agreement\nCPFTA\n", "Dear Sir, good day\n"] {
            assert!(matches!(open(none).unwrap(), Held::Rows(_)), "{none}");
        }
        let named = Source::File(folder.path().join("rows.CSV"));
        for (text, is_table) in [("agreement\nCPFTA\n", true), ("No. and day\n1\n", true), ("{\"a\":1}\n", false)] {
            std::fs::write(named.path().unwrap(), text).unwrap();
            assert_eq!(matches!(Held::open(&named).unwrap(), Held::Table(_)), is_table, "{text}");
        }
    }

    #[test]
    fn what_is_written_as_toml_is_sent_as_the_json_it_stands_for_though_it_is_unfinished() {
        let json = json_of_toml("to = \"CN\"\ndate = 2026-11-29\n[reference.office]\ncode = \"LHE\"").unwrap();
        let stands_for =
            serde_json::json!({ "to": "CN", "date": "2026-11-29", "reference": { "office": { "code": "LHE" } } });
        assert_eq!(json, stands_for);
        assert!(json_of_toml("to = ").is_err());
    }

    #[test]
    fn a_mistake_in_toml_is_the_same_mistake_in_the_json_that_is_sent() {
        for mistake in ["nan", "-inf", "64.9", "1.0", "-1", "7", "true", "[]", "{ cod = \"XYZ\" }", "2026-02-03"] {
            let row = Row { number: 1, text: RowText::Toml(format!("agreement = \"CPFTA\"\nremarks = {mistake}")) };
            let reading = row.read();
            let sent = row.json(&reading).unwrap();
            assert_eq!(Particulars::read_json(sent.as_bytes()).findings, reading.findings, "{sent}");
        }
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
    fn an_endless_line_is_a_row_that_is_refused_and_the_next_one_is_read() {
        let endless = format!("{{\"a\":1}}\n{}\n{{\"a\":3}}\n", "x".repeat(10 << 20));
        let found = rows(&endless).unwrap();
        assert!(matches!(&found[1], RowText::Unreadable(why) if why.contains("longer than")), "{:?}", found.len());
        let row = Row { number: 2, text: found[1].clone() };
        assert_eq!(row.refusal(), "the line is longer than the 1048576 bytes that a row may have");
        assert_eq!(found[2], RowText::Json("{\"a\":3}".to_owned()));
        assert!(rows(&"x".repeat(ROW_BYTES + 1)).is_err());
        assert!(rows(" \n").is_err());
    }

    #[test]
    fn a_line_in_other_letters_than_utf_8_is_a_row_that_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        std::fs::write(&path, b"{\"a\":1}\n{\"a\":\"\xff\"}\n{\"a\":3}").unwrap();
        let found = Rows::open(&Source::File(path)).unwrap().map(|row| row.unwrap()).collect::<Vec<_>>();
        assert_eq!(found.len(), 3);
        assert!(found[1].read().findings.has_errors() && matches!(found[1].text, RowText::Unreadable(_)));
        assert_eq!(found[1].refusal(), "the line is not UTF-8 text");
    }

    #[test]
    fn a_first_line_that_cannot_be_read_refuses_its_own_row_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let foreign = b"\n{\"a\":\"\xff\"}\n\n{\"a\":2}\n".to_vec();
        let endless = format!("{}\n{{\"a\":2}}\n", "x".repeat(2 << 20)).into_bytes();
        for bytes in [foreign, endless] {
            std::fs::write(&path, bytes).unwrap();
            let found = Rows::open(&Source::File(path.clone())).unwrap().map(|row| row.unwrap()).collect::<Vec<_>>();
            let readable = found.iter().map(|row| matches!(row.text, RowText::Json(_))).collect::<Vec<_>>();
            assert_eq!(readable, [false, true]);
        }
        std::fs::write(&path, b"a = \"\xff\"\nb = 2\n").unwrap();
        assert!(Rows::open(&Source::File(path)).is_err(), "no file of lines");
    }

    #[test]
    fn a_row_is_named_by_its_line_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        std::fs::write(&path, "\n{\"a\":1}\n\n \n{\"a\":2}\n{\"a\":3}").unwrap();
        let numbers = Rows::open(&Source::File(path)).unwrap().map(|row| row.unwrap().number).collect::<Vec<_>>();
        assert_eq!(numbers, [2, 5, 6]);
    }
}
