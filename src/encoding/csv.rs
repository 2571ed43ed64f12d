//! Tables of comma-separated values (RFC 4180), read from a stream one record at a time.
//!
//! Memory holds one record and a block of the stream, however long the table is. What cannot be read is an error of
//! its record, with its line, and the records behind it follow.

use std::io::Read;

/// Bytes taken from the stream at once.
const BLOCK: usize = 64 << 10;
/// Fields of one record at most: a record of a hundred thousand commas is no row of a table.
const MOST_FIELDS: usize = 4_096;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line it begins on, counted from 1.
    pub line: u64,
    /// Its fields, without their quotes.
    pub fields: Vec<String>,
}

/// Why a record could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// It is longer than a record may be.
    #[error("line {line}: the row is longer than {most} bytes or has more than {MOST_FIELDS} fields")]
    TooLong {
        /// Where it begins.
        line: u64,
        /// Bytes of a record at most.
        most: usize,
    },
    /// A quote is opened and never closed.
    #[error("line {line}: a quote is opened and not closed")]
    Unclosed {
        /// Where the record begins.
        line: u64,
    },
    /// It is not UTF-8.
    #[error("line {line}: the row is not UTF-8 text")]
    NotText {
        /// Where it begins.
        line: u64,
    },
    /// The stream failed; nothing follows.
    #[error("line {line}: {why}")]
    Failed {
        /// How far it came.
        line: u64,
        /// What the stream said.
        why: String,
    },
}

impl CsvError {
    /// The line the record begins on.
    #[must_use]
    pub const fn line(&self) -> u64 {
        match self {
            Self::TooLong { line, .. }
            | Self::Unclosed { line }
            | Self::NotText { line }
            | Self::Failed { line, .. } => *line,
        }
    }
}

/// The records of a table. Empty ones are passed over.
pub struct Records<R> {
    from: R,
    most: usize,
    western: bool,
    /// What was read and not yet given, from `start` on.
    buffer: Vec<u8>,
    start: usize,
    line: u64,
    ended: bool,
    failed: bool,
}

/// How a record ended.
enum End {
    Record { next: usize, lines: u64, fields: Vec<Vec<u8>> },
    Table,
    TooLong,
    Unclosed,
}

impl<R: Read> Records<R> {
    /// Reads from a stream; a record has at most `most` bytes.
    pub const fn new(from: R, most: usize) -> Self {
        Self { from, most, western: false, buffer: Vec::new(), start: 0, line: 1, ended: false, failed: false }
    }

    /// A record that is not UTF-8 is taken as Windows-1252, as older lists are published.
    #[must_use]
    pub fn or_western(mut self) -> Self {
        self.western = true;
        self
    }

    /// Reads a block more. What was given is let go first, so that the buffer stays small.
    fn more(&mut self) -> Result<(), CsvError> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let held = self.buffer.len();
        self.buffer.resize(held + BLOCK, 0);
        let room = self.buffer.get_mut(held..).unwrap_or_default();
        let read = loop {
            match self.from.read(room) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let read = read.map_err(|error| {
            self.failed = true;
            CsvError::Failed { line: self.line, why: error.to_string() }
        })?;
        self.ended = read == 0;
        self.buffer.truncate(held + read);
        if self.line == 1 && held == 0 && self.buffer.starts_with("\u{feff}".as_bytes()) {
            self.start = '\u{feff}'.len_utf8();
        }
        Ok(())
    }

    /// The byte `at` bytes after the start; none at the end of the table.
    fn byte(&mut self, at: usize) -> Result<Option<u8>, CsvError> {
        while self.start + at >= self.buffer.len() {
            if self.ended {
                return Ok(None);
            }
            self.more()?;
        }
        Ok(self.buffer.get(self.start + at).copied())
    }

    fn scan(&mut self) -> Result<End, CsvError> {
        let (mut fields, mut field) = (Vec::new(), Vec::new());
        let (mut quoted, mut was_quoted, mut at, mut lines) = (false, false, 0_usize, 0_u64);
        loop {
            if at > self.most || fields.len() >= MOST_FIELDS {
                return Ok(if quoted { End::Unclosed } else { End::TooLong });
            }
            let Some(byte) = self.byte(at)? else {
                if at == 0 {
                    return Ok(End::Table);
                }
                if quoted {
                    return Ok(End::Unclosed);
                }
                fields.push(field);
                return Ok(End::Record { next: at, lines: lines + 1, fields });
            };
            at += 1;
            match (quoted, byte) {
                (true, b'"') if self.byte(at)? == Some(b'"') => {
                    at += 1;
                    field.push(b'"');
                }
                (true, b'"') => quoted = false,
                (true, byte) => {
                    lines += u64::from(byte == b'\n');
                    field.push(byte);
                }
                (false, b'"') if field.is_empty() && !was_quoted => (quoted, was_quoted) = (true, true),
                (false, b',') => {
                    fields.push(std::mem::take(&mut field));
                    was_quoted = false;
                }
                (false, b'\r') if self.byte(at)? == Some(b'\n') => {}
                (false, b'\n') => {
                    fields.push(field);
                    return Ok(End::Record { next: at, lines: lines + 1, fields });
                }
                (false, byte) => field.push(byte),
            }
        }
    }

    /// Goes on behind the end of the line the record begins on.
    fn skip_line(&mut self) -> Result<(), CsvError> {
        loop {
            let held = self.buffer.get(self.start..).unwrap_or_default();
            if let Some(at) = held.iter().position(|byte| *byte == b'\n') {
                self.start += at + 1;
                self.line += 1;
                return Ok(());
            }
            self.start = self.buffer.len();
            if self.ended {
                return Ok(());
            }
            self.more()?;
        }
    }

    fn text(&self, fields: Vec<Vec<u8>>, line: u64) -> Result<Record, CsvError> {
        let read = |bytes: Vec<u8>| match String::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(error) if self.western => Ok(error.as_bytes().iter().map(|byte| western(*byte)).collect()),
            Err(_) => Err(CsvError::NotText { line }),
        };
        Ok(Record { line, fields: fields.into_iter().map(read).collect::<Result<_, _>>()? })
    }

    fn step(&mut self) -> Result<Option<Record>, CsvError> {
        loop {
            let line = self.line;
            match self.scan()? {
                End::Table => return Ok(None),
                End::Record { next, lines, fields } => {
                    self.start += next;
                    self.line += lines;
                    if fields.iter().any(|field| !field.is_empty()) {
                        return self.text(fields, line).map(Some);
                    }
                }
                End::TooLong => {
                    self.skip_line()?;
                    return Err(CsvError::TooLong { line, most: self.most });
                }
                // The quote may belong to this line alone: what follows is read anew.
                End::Unclosed => {
                    self.skip_line()?;
                    return Err(CsvError::Unclosed { line });
                }
            }
        }
    }
}

impl<R: Read> Iterator for Records<R> {
    type Item = Result<Record, CsvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed { None } else { self.step().transpose() }
    }
}

/// A byte of Windows-1252.
fn western(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let high = byte.checked_sub(0x80).and_then(|at| HIGH.get(usize::from(at)));
    high.copied().unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &[u8], most: usize) -> Vec<Result<(u64, Vec<String>), CsvError>> {
        Records::new(text, most).map(|one| one.map(|record| (record.line, record.fields))).collect()
    }

    #[allow(clippy::unnecessary_wraps, reason = "it stands beside errors")]
    fn good(line: u64, fields: &[&str]) -> Result<(u64, Vec<String>), CsvError> {
        Ok((line, fields.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn fields_may_hold_commas_quotes_and_line_ends() {
        let table = "\u{feff}a,b\r\n\r\n\"x, \"\"y\"\"\nz\",2\n,,\nlast";
        assert_eq!(
            read(table.as_bytes(), 100),
            [good(1, &["a", "b"]), good(3, &["x, \"y\"\nz", "2"]), good(6, &["last"])]
        );
    }

    #[test]
    fn a_bad_record_is_its_own_and_those_behind_it_follow() {
        let table = b"a\n\"open,1\nb\nccccccccccccccccc\nd\n\xff\ne\n";
        assert_eq!(
            read(table, 12),
            [
                good(1, &["a"]),
                Err(CsvError::Unclosed { line: 2 }),
                good(3, &["b"]),
                Err(CsvError::TooLong { line: 4, most: 12 }),
                good(5, &["d"]),
                Err(CsvError::NotText { line: 6 }),
                good(7, &["e"]),
            ]
        );
    }

    /// Ten megabytes without an end of line cost a block of memory, and the next line is read.
    #[test]
    fn an_endless_record_is_passed_over_without_being_held() {
        let long = std::io::repeat(b'x').take(10 << 20).chain(&b"\nnext,1\n"[..]);
        let mut records = Records::new(long, 1 << 20);
        assert_eq!(records.next(), Some(Err(CsvError::TooLong { line: 1, most: 1 << 20 })));
        assert_eq!(records.next().unwrap().unwrap().fields, ["next", "1"]);
        assert!(records.buffer.capacity() < 4 << 20, "{}", records.buffer.capacity());
    }

    #[test]
    fn an_older_list_is_read_in_the_letters_it_was_written_in() {
        let mut records = Records::new(&b"DE,M\xfcnchen\nSI,Ljubljana \x8eale\n"[..], 100).or_western();
        assert_eq!(records.next().unwrap().unwrap().fields, ["DE", "München"]);
        assert_eq!(records.next().unwrap().unwrap().fields, ["SI", "Ljubljana Žale"]);
    }

    proptest! {
        #[test]
        fn what_is_quoted_reads_back(rows in prop::collection::vec(prop::collection::vec("[a-z\",\n é]{0,8}", 1..4), 0..6)) {
            let quote = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let line = |row: &Vec<String>| row.iter().map(quote).collect::<Vec<_>>().join(",") + "\r\n";
            let table = rows.iter().map(line).collect::<String>();
            let expected = rows.into_iter().filter(|row| row.iter().any(|field| !field.is_empty())).collect::<Vec<_>>();
            let found = Records::new(table.as_bytes(), 1000).map(|one| one.unwrap().fields).collect::<Vec<_>>();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_bytes_make_the_reader_panic_or_go_on_for_ever(bytes in prop::collection::vec(any::<u8>(), 0..200), most in 0usize..40) {
            prop_assert!(Records::new(bytes.as_slice(), most).take(1000).count() <= 201);
        }
    }
}
