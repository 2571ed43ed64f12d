//! One walk over a JSON text (RFC 8259) that finds what is wrong with it and where its outermost parts stand.
//!
//! Signed documents are many small texts; each is walked once here, and its parts are then read from where they
//! stand. Whatever is read afterwards passes `serde_json` as well: what this walk alone answers for is depth,
//! and that no object has two members of one name.

use super::{JsonError, Limits, malformed};
use serde::de::IgnoredAny;
use std::{borrow::Cow, collections::BTreeSet, ops::Range};

/// Where the outermost parts of a text stand, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outline {
    /// It is neither array nor object.
    Scalar,
    /// The elements of an array.
    Array(Vec<Range<usize>>),
    /// The members of an object: the name with its quotes, and the value.
    Object(Vec<(Range<usize>, Range<usize>)>),
}

/// Checks syntax, size, depth and that no object has two members of one name, and outlines the text.
pub fn outline(text: &[u8], limits: Limits) -> Result<Outline, JsonError> {
    if text.len() > limits.bytes {
        return Err(JsonError::TooLarge { found: text.len(), limit: limits.bytes });
    }
    let whole = std::str::from_utf8(text).map_err(|error| JsonError::Malformed(error.to_string()))?;
    let mut walk = Walk { text: whole, at: 0 };
    walk.outermost(limits.depth).map_err(|Fault(why)| {
        // serde_json says the line and the column as well, where it refuses the text too.
        match serde_json::from_slice::<IgnoredAny>(text) {
            Err(error) => malformed(error),
            Ok(_) => JsonError::Malformed(format!("{why} at byte {}", walk.at)),
        }
    })
}

/// What a name is without its quotes and escapes.
pub(crate) fn unquoted(name: &str) -> Cow<'_, str> {
    match name.get(1..name.len().saturating_sub(1)) {
        Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
        _ => serde_json::from_str(name).map_or(Cow::Borrowed(name), Cow::Owned),
    }
}

struct Fault(&'static str);

struct Walk<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Walk<'a> {
    fn outermost(&mut self, depth: usize) -> Result<Outline, Fault> {
        self.space();
        let outline = match self.peek() {
            Some(b'[') => {
                let mut elements = Vec::with_capacity(3);
                self.array(depth, |range| elements.push(range))?;
                Outline::Array(elements)
            }
            Some(b'{') => {
                // A certificate's payload has 22.
                let mut members = Vec::with_capacity(24);
                self.object(depth, |name, value| members.push((name, value)))?;
                Outline::Object(members)
            }
            _ => {
                self.value(depth)?;
                Outline::Scalar
            }
        };
        self.space();
        if self.at == self.text.len() { Ok(outline) } else { Err(Fault("trailing characters")) }
    }

    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'[') => self.array(depth, |_| ()),
            Some(b'{') => self.object(depth, |_, _| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => Err(Fault("expected a value")),
        }
    }

    fn array(&mut self, depth: usize, mut found: impl FnMut(Range<usize>)) -> Result<(), Fault> {
        let depth = depth.checked_sub(1).ok_or(Fault("nested too deep"))?;
        self.at += 1;
        self.space();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            let start = self.at;
            self.value(depth)?;
            found(start..self.at);
            self.space();
            if self.take(b']') {
                return Ok(());
            }
            self.need(b',')?;
            self.space();
        }
    }

    fn object(&mut self, depth: usize, mut found: impl FnMut(Range<usize>, Range<usize>)) -> Result<(), Fault> {
        let depth = depth.checked_sub(1).ok_or(Fault("nested too deep"))?;
        self.at += 1;
        self.space();
        if self.take(b'}') {
            return Ok(());
        }
        let mut names = Names::default();
        loop {
            let name = self.at;
            if self.peek() != Some(b'"') {
                return Err(Fault("expected a member name"));
            }
            self.string()?;
            let name = name..self.at;
            if !names.insert(unquoted(self.text.get(name.clone()).unwrap_or_default())) {
                return Err(Fault("duplicate member"));
            }
            self.space();
            self.need(b':')?;
            self.space();
            let start = self.at;
            self.value(depth)?;
            found(name, start..self.at);
            self.space();
            if self.take(b'}') {
                return Ok(());
            }
            self.need(b',')?;
            self.space();
        }
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            let plain = self.rest().iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F));
            self.at += plain.ok_or(Fault("a string that does not end"))?;
            match self.next() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => self.escape()?,
                _ => return Err(Fault("a control character in a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        const BAD: Fault = Fault("an escape that is none");
        match self.next() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => match self.unit()? {
                // Half a pair stands for no character.
                0xD800..=0xDBFF => {
                    self.need(b'\\')?;
                    self.need(b'u')?;
                    if matches!(self.unit()?, 0xDC00..=0xDFFF) { Ok(()) } else { Err(BAD) }
                }
                0xDC00..=0xDFFF => Err(BAD),
                _ => Ok(()),
            },
            _ => Err(BAD),
        }
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u16, Fault> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        self.at += 4;
        unit.ok_or(Fault("an escape that is none"))
    }

    fn number(&mut self) -> Result<(), Fault> {
        const BAD: Fault = Fault("a number that is none");
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return Err(BAD);
        }
        if self.take(b'.') && self.digits() == 0 {
            return Err(BAD);
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if !self.take(b'+') {
                self.take(b'-');
            }
            if self.digits() == 0 {
                return Err(BAD);
            }
        }
        // Beyond 2^1024 a number has no value for most readers.
        let text = self.text.get(start..self.at).unwrap_or_default();
        let finite = text.len() < 20 && !text.contains(['e', 'E']) || text.parse::<f64>().is_ok_and(f64::is_finite);
        if finite { Ok(()) } else { Err(BAD) }
    }

    fn digits(&mut self) -> usize {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        digits
    }

    fn word(&mut self, word: &'static str) -> Result<(), Fault> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(Fault("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.at += 1;
        byte
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, byte: u8) -> Result<(), Fault> {
        if self.take(byte) { Ok(()) } else { Err(Fault("something is missing")) }
    }
}

/// Member names seen: a short list while there are few, as there nearly always are, else a set, so that an
/// object of many members cannot cost the square of their number.
#[derive(Default)]
struct Names<'a> {
    few: Vec<Cow<'a, str>>,
    many: BTreeSet<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    const FEW: usize = 24;

    fn insert(&mut self, name: Cow<'a, str>) -> bool {
        if self.many.is_empty() && self.few.len() < Self::FEW {
            if self.few.contains(&name) {
                return false;
            }
            if self.few.is_empty() {
                self.few.reserve(8);
            }
            self.few.push(name);
            return true;
        }
        self.many.extend(self.few.drain(..));
        self.many.insert(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    const LIMITS: Limits = Limits { bytes: 1 << 20, depth: 100 };

    fn agrees(text: &[u8]) {
        let ours = outline(text, LIMITS);
        let theirs = serde_json::from_slice::<Value>(text);
        match (&ours, &theirs) {
            (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
            (Err(JsonError::Malformed(why)), Ok(_)) if why.contains("duplicate") => {}
            _ => panic!("{ours:?} but {theirs:?} for {:?}", String::from_utf8_lossy(text)),
        }
    }

    #[test]
    fn it_takes_and_refuses_what_another_parser_does() {
        for text in [
            "",
            " ",
            "null",
            "nul",
            "truee",
            "-",
            "-0",
            "01",
            "0.",
            ".5",
            "1e",
            "1e+",
            "1E-7",
            "1e999",
            "-1e999",
            "1.5e3",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "\"\\uD800\"",
            "\"\\uDC00\"",
            "\"\\uD83D\\uDE00\"",
            "\"\\uD83D\\u0041\"",
            "\"\t\"",
            "\"\u{7f}\"",
            "[1]]",
            "\u{feff}1",
            "{\"\":{}}",
            " [ 1 , \"a\" ] ",
            "123456789012345678901234567890",
            "\"",
            "[\"a",
            "{\"a\":[{}]}",
        ] {
            agrees(text.as_bytes());
        }
        agrees(b"\"\xff\"");
    }

    #[test]
    fn the_parts_are_where_they_stand() {
        let text = r#" { "a" : [1, 2] ,"b\u0062":"x" } "#;
        let Ok(Outline::Object(members)) = outline(text.as_bytes(), LIMITS) else { panic!() };
        let parts = members.iter().map(|(name, value)| (unquoted(&text[name.clone()]), &text[value.clone()]));
        assert_eq!(parts.collect::<Vec<_>>(), [("a".into(), "[1, 2]"), ("bb".into(), r#""x""#)]);
        assert_eq!(outline(b"[[],{}, 7]", LIMITS), Ok(Outline::Array(vec![1..3, 4..6, 8..9])));
    }

    proptest! {
        #[test]
        fn no_text_is_judged_otherwise_than_by_another_parser(
            text in r#"([\[\]{},:"\\ut0-9eE.+\- n]|true|null|"a"|\\u00e9|[\u{80}-\u{10ffff}]){0,24}"#
        ) {
            agrees(text.as_bytes());
        }

        #[test]
        fn what_another_writer_writes_is_taken(text in "\\PC{0,20}", numbers in proptest::collection::vec(any::<f64>(), 0..4)) {
            agrees(serde_json::json!({ "t": text, "n": numbers, "o": [{}, [text]] }).to_string().as_bytes());
        }
    }
}
