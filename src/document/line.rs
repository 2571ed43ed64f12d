//! A line of text as a form sets it.

use super::script::{Script, setting};
use crate::certificate::Amount;
use serde::Serialize;

/// A word of so many characters without a place to break runs over its neighbours in a narrow column.
const UNBROKEN: usize = 20;
/// Where a line may break though the text has no space there.
const BREAK: char = '\u{200B}';

/// A line of text with the language and direction it is set in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    text: String,
    language: &'static str,
    direction: &'static str,
    weight: &'static str,
}

impl Line {
    /// A text as it is usually set.
    #[must_use]
    pub fn new(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let setting = setting(text);
        Self {
            text: breakable(text),
            language: setting.language,
            direction: if setting.rtl { "rtl" } else { "ltr" },
            weight: "regular",
        }
    }

    /// The same in bold: what the eye looks for first.
    #[must_use]
    pub fn bold(text: impl AsRef<str>) -> Self {
        Self { weight: "bold", ..Self::new(text) }
    }

    /// An amount as forms print it, the currency first.
    #[must_use]
    pub fn from_amount(amount: &Amount) -> Self {
        Self::new(format!("{} {}", amount.currency, amount.value))
    }

    /// The text, with the places where it may break.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The text with places to break in words that are longer than a narrow column. Letters that join, as those of Arabic
/// do, are left alone: a break between them would change their shapes.
pub(super) fn breakable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = 0;
    for c in text.chars() {
        let joins = matches!(Script::of(c), Some(Script::Arabic | Script::Mongolian)) || !bound(c);
        if c.is_whitespace() || joins {
            run = 0;
        } else if run == UNBROKEN {
            out.push(BREAK);
            run = 1;
        } else {
            run += 1;
        }
        out.push(c);
    }
    out
}

/// Whether no line breaks beside the character: Chinese and its neighbours break between any two.
fn bound(c: char) -> bool {
    !matches!(Script::of(c), Some(Script::Han | Script::Kana | Script::Thai | Script::Lao | Script::Khmer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_longer_than_a_column_gets_places_to_break_and_others_stay_as_they_are() {
        let long = "X".repeat(45);
        assert_eq!(breakable(&long).matches(BREAK).count(), 2);
        for plain in [
            "Footballs, inflatable, size 5",
            "上海宇赫体育用品有限公司上海宇赫体育用品有限公司",
            "عبدالرحمنعبدالرحمنعبدالرحمن",
        ] {
            assert_eq!(breakable(plain), plain);
        }
    }
}
