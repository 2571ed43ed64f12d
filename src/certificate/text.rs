//! Text of people and places, in any script: one spelling (NFC), bounded, and showing what it says.

use super::{
    declare::serde_by_member,
    error::CertificateError,
    member::Member,
    node::Node,
    reader::{At, Reader},
    schema::Definitions,
};
use serde::Serializer;
use std::{borrow::Cow, fmt, str::FromStr};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// A text of 1 to `MAX` characters (Unicode scalar values) in NFC, on one line, without leading or trailing
/// white space, control characters, bidi controls or invisible characters.
///
/// Bidi controls (U+202E and its like) can make "evil" print as "live", so no document carries one. The
/// zero-width joiner and non-joiner stay: Urdu and Persian are misspelt without them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text<const MAX: usize = 256>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes a text as it was typed: normalised to NFC, white space at its ends dropped, then held to the rule.
    pub fn typed(text: &str) -> Result<Self, CertificateError> {
        let trimmed = text.trim();
        let normal: Cow<'_, str> =
            if is_nfc(trimmed) { Cow::Borrowed(trimmed) } else { Cow::Owned(trimmed.nfc().collect()) };
        normal.parse()
    }
}

impl<const MAX: usize> FromStr for Text<MAX> {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        let fault = |why: String| Err(CertificateError::Text { why });
        // Bytes first, so that a long text costs nothing more: a scalar value is at most four bytes.
        if text.len() > MAX.saturating_mul(4) || text.chars().count() > MAX {
            return fault(format!("is longer than {MAX} characters"));
        }
        if let Some(bad) = text.chars().find_map(refused) {
            return fault(bad);
        }
        if text.is_empty() {
            return fault("is empty".to_owned());
        }
        if !text.chars().any(visible) {
            return fault("has nothing to see in it".to_owned());
        }
        if text.trim().len() != text.len() {
            return fault("begins or ends with white space".to_owned());
        }
        if !is_nfc(text) {
            return fault("is not in Unicode normal form C".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whether a character shows by itself: joiners and variation selectors only shape their neighbours.
fn visible(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Why a character may not stand in a text, if it may not.
fn refused(c: char) -> Option<String> {
    let why = match c {
        _ if c.is_control() => "a control character",
        '\u{2028}' | '\u{2029}' => "a line separator",
        // UAX #9: marks, embeddings, overrides, isolates.
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            "a character that turns the direction of writing"
        }
        '\u{00AD}'
        | '\u{034F}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180E}'
        | '\u{200B}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206A}'..='\u{206F}'
        | '\u{3164}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}' => "an invisible character",
        '\u{FFFC}' | '\u{FFFD}' => "a replacement character, the sign of a text damaged on its way",
        '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' => {
            "a character for private use, which has no agreed meaning"
        }
        '\u{FDD0}'..='\u{FDEF}' => "a code point that is no character",
        _ if u32::from(c) & 0xFFFE == 0xFFFE => "a code point that is no character",
        _ => return None,
    };
    Some(format!("contains {why} (U+{:04X})", u32::from(c)))
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> AsRef<str> for Text<MAX> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Member for Text<MAX> {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let text = reader.text(node, at)?;
        let value = if reader.is_signed() { text.parse() } else { Self::typed(text) };
        value.map_err(|error| reader.error("TEXT", at, format!("the text {}", error.why()))).ok()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({"type": "string", "minLength": 1, "maxLength": MAX})
    }
}

serde_by_member!(for [const MAX: usize] Text<MAX>);

#[cfg(test)]
mod tests;
