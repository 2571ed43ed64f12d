//! Objects of a PDF file (ISO 32000-2, 7.3), with as much of them as is asked for.

use super::{
    PaperError,
    token::{Token, Tokens},
};
use std::borrow::Cow;

/// Depth of lists and dictionaries within each other.
const DEPTH_MAX: usize = 64;
/// Parts of one object, all depths together: the structure tree of 500 pages has less.
const PARTS_MAX: usize = 400_000;

#[derive(Debug)]
pub(super) enum Object<'a> {
    Name(Cow<'a, [u8]>),
    Integer(i64),
    List(Vec<Object<'a>>),
    Dictionary(Dictionary<'a>),
    /// To the object of that number.
    Reference(u32),
    /// `null`, which is as good as absent.
    Null,
    /// Strings, fractions, truth values: never asked for.
    Other,
}

/// Entries in the order of the file; each name stands once.
#[derive(Debug)]
pub(super) struct Dictionary<'a>(Vec<(Cow<'a, [u8]>, Object<'a>)>);

impl<'a> Dictionary<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&Object<'a>> {
        let found = self.0.iter().find(|(name, _)| **name == *key.as_bytes()).map(|(_, value)| value);
        found.filter(|value| !matches!(value, Object::Null))
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&[u8], &Object<'a>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    pub(super) fn name(&self, key: &str) -> Option<&[u8]> {
        match self.get(key)? {
            Object::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn count(&self, key: &str) -> Option<usize> {
        match self.get(key)? {
            Object::Integer(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }
}

impl Object<'_> {
    /// Shows every dictionary in it, itself included.
    pub(super) fn dictionaries(&self, see: &mut impl FnMut(&Dictionary<'_>)) {
        match self {
            Self::List(elements) => elements.iter().for_each(|element| element.dictionaries(see)),
            Self::Dictionary(dictionary) => {
                see(dictionary);
                dictionary.0.iter().for_each(|(_, value)| value.dictionaries(see));
            }
            _ => {}
        }
    }
}

/// What ended a row of objects.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended<'a> {
    Word(&'a [u8]),
    ListEnds,
    DictionaryEnds,
    End,
}

/// One object, up to the word or the end that follows it.
pub(super) fn read<'a>(tokens: &mut Tokens<'a>) -> Result<(Object<'a>, Ended<'a>), PaperError> {
    let mut parts = PARTS_MAX;
    let (mut row, ended) = row(tokens, &mut parts, DEPTH_MAX)?;
    match (row.pop(), row.is_empty(), &ended) {
        (Some(object), true, Ended::Word(_) | Ended::End) => Ok((object, ended)),
        _ => Err(PaperError::PdfMalformed("an object is not one object")),
    }
}

/// Objects up to something that is none.
fn row<'a>(
    tokens: &mut Tokens<'a>,
    parts: &mut usize,
    depth: usize,
) -> Result<(Vec<Object<'a>>, Ended<'a>), PaperError> {
    let deeper = depth.checked_sub(1).ok_or(PaperError::PdfMalformed("lists stand too deep within each other"))?;
    let mut row = Vec::new();
    loop {
        *parts = parts.checked_sub(1).ok_or(PaperError::PdfMalformed("an object has too many parts"))?;
        let object = match tokens.next()? {
            Token::End => return Ok((row, Ended::End)),
            Token::ListEnds => return Ok((row, Ended::ListEnds)),
            Token::DictionaryEnds => return Ok((row, Ended::DictionaryEnds)),
            Token::ListBegins => match self::row(tokens, parts, deeper)? {
                (elements, Ended::ListEnds) => Object::List(elements),
                (_, ended) => return Err(unclosed(&ended)),
            },
            Token::DictionaryBegins => match self::row(tokens, parts, deeper)? {
                (entries, Ended::DictionaryEnds) => Object::Dictionary(dictionary(entries)?),
                (_, ended) => return Err(unclosed(&ended)),
            },
            Token::Name(name) => Object::Name(name),
            Token::Integer(number) => Object::Integer(number),
            Token::Text | Token::Number | Token::Word(b"true" | b"false") => Object::Other,
            Token::Word(b"null") => Object::Null,
            Token::Word(b"R") => match (row.pop(), row.pop()) {
                (Some(Object::Integer(_)), Some(Object::Integer(number))) => {
                    let number = u32::try_from(number);
                    Object::Reference(number.map_err(|_| PaperError::PdfMalformed("a reference leads nowhere"))?)
                }
                _ => return Err(PaperError::PdfMalformed("a reference has no number")),
            },
            Token::Word(word) => return Ok((row, Ended::Word(word))),
        };
        row.push(object);
    }
}

const fn unclosed(ended: &Ended<'_>) -> PaperError {
    match ended {
        Ended::End => PaperError::PdfTruncated,
        _ => PaperError::PdfMalformed("a list or a dictionary is not closed"),
    }
}

fn dictionary(row: Vec<Object<'_>>) -> Result<Dictionary<'_>, PaperError> {
    const ODD: PaperError = PaperError::PdfMalformed("a dictionary is not made of names and values");
    let mut entries = Vec::with_capacity(row.len() / 2);
    let mut row = row.into_iter();
    while let Some(key) = row.next() {
        let (Object::Name(name), Some(value)) = (key, row.next()) else { return Err(ODD) };
        entries.push((name, value));
    }
    // Two readers may take one each of two entries of one name.
    let mut names = entries.iter().map(|(name, _)| &**name).collect::<Vec<_>>();
    names.sort_unstable();
    let twice = names.windows(2).any(|pair| pair.first() == pair.last());
    if twice { Err(PaperError::PdfMalformed("a dictionary has one name twice")) } else { Ok(Dictionary(entries)) }
}
