//! Words of a PDF file (ISO 32000-2, 7.2): white space, comments, delimiters, numbers, names, strings.

use super::PaperError;
use std::borrow::Cow;

/// A place in a file.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `[`
    ListBegins,
    /// `]`
    ListEnds,
    /// `<<`
    DictionaryBegins,
    /// `>>`
    DictionaryEnds,
    /// `/Name`, with its `#xx` resolved.
    Name(Cow<'a, [u8]>),
    /// `(…)` or `<…>`; what it says is never asked for.
    Text,
    /// Without a fraction.
    Integer(i64),
    /// With a fraction, or too large to count with.
    Number,
    /// `obj`, `true`, `R` and other words.
    Word(&'a [u8]),
    /// Nothing more.
    End,
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

const fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !is_delimiter(byte)
}

impl<'a> Tokens<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes).min(self.bytes.len());
    }

    pub(super) fn skip_space(&mut self) {
        let space = self.rest().iter().take_while(|byte| is_space(**byte)).count();
        self.skip(space);
    }

    /// A comment at this place, up to the end of its line.
    pub(super) fn comment(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest();
        if rest.first() != Some(&b'%') {
            return None;
        }
        let length = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        self.skip(length);
        rest.get(..length)
    }

    /// The word `word` and nothing else, at this place.
    pub(super) fn word(&mut self, word: &[u8]) -> bool {
        let rest = self.rest();
        let ends = rest.get(word.len()).is_none_or(|byte| !is_regular(*byte));
        let is = rest.starts_with(word) && ends;
        if is {
            self.skip(word.len());
        }
        is
    }

    pub(super) fn next(&mut self) -> Result<Token<'a>, PaperError> {
        loop {
            self.skip_space();
            if self.comment().is_none() {
                break;
            }
        }
        let rest = self.rest();
        let (token, length) = match (rest.first(), rest.get(1)) {
            (None, _) => return Ok(Token::End),
            (Some(b'['), _) => (Token::ListBegins, 1),
            (Some(b']'), _) => (Token::ListEnds, 1),
            (Some(b'<'), Some(b'<')) => (Token::DictionaryBegins, 2),
            (Some(b'>'), Some(b'>')) => (Token::DictionaryEnds, 2),
            (Some(b'<'), _) => (Token::Text, hexadecimal(rest)?),
            (Some(b'('), _) => (Token::Text, literal(rest)?),
            (Some(b'/'), _) => name(rest)?,
            (Some(byte), _) if is_delimiter(*byte) => {
                return Err(PaperError::PdfMalformed("a bracket stands where none may"));
            }
            _ => regular(rest),
        };
        self.skip(length);
        Ok(token)
    }
}

fn regular(rest: &[u8]) -> (Token<'_>, usize) {
    let length = rest.iter().take_while(|byte| is_regular(**byte)).count();
    let word = rest.get(..length).unwrap_or_default();
    let is_number = word.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.'));
    let token = match std::str::from_utf8(word).ok().filter(|_| is_number) {
        Some(text) => text.parse().map_or(Token::Number, Token::Integer),
        None => Token::Word(word),
    };
    (token, length)
}

fn name(rest: &[u8]) -> Result<(Token<'_>, usize), PaperError> {
    let raw = rest.get(1..).unwrap_or_default();
    let length = raw.iter().take_while(|byte| is_regular(**byte)).count();
    let raw = raw.get(..length).unwrap_or_default();
    if !raw.contains(&b'#') {
        return Ok((Token::Name(Cow::Borrowed(raw)), length + 1));
    }
    let mut resolved = Vec::with_capacity(length);
    let mut bytes = raw.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'#' {
            let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
            let value = digit(bytes.next()).zip(digit(bytes.next())).map(|(high, low)| high * 16 + low);
            let value = value.and_then(|value| u8::try_from(value).ok());
            resolved.push(value.ok_or(PaperError::PdfMalformed("a name ends within an escape"))?);
        } else {
            resolved.push(*byte);
        }
    }
    Ok((Token::Name(Cow::Owned(resolved)), length + 1))
}

/// Length of `<…>`.
fn hexadecimal(rest: &[u8]) -> Result<usize, PaperError> {
    let length = rest.iter().position(|byte| *byte == b'>').ok_or(PaperError::PdfTruncated)? + 1;
    let digits = rest.get(1..length - 1).unwrap_or_default();
    if digits.iter().all(|byte| byte.is_ascii_hexdigit() || is_space(*byte)) {
        Ok(length)
    } else {
        Err(PaperError::PdfMalformed("a string in hexadecimal has other characters"))
    }
}

/// Length of `(…)`, whose brackets are balanced or escaped.
fn literal(rest: &[u8]) -> Result<usize, PaperError> {
    let (mut depth, mut escaped) = (0_usize, false);
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' if depth == 1 => return Ok(at + 1),
            b')' => depth -= 1,
            _ => {}
        }
    }
    Err(PaperError::PdfTruncated)
}
