//! Scripts: which language and direction a text is set in, and where a font for it comes from.

/// A script, as far as the names of traders and goods are written in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Script {
    /// Latin letters, and the digits and signs that all scripts share.
    Latin,
    /// Greek.
    Greek,
    /// Cyrillic.
    Cyrillic,
    /// Armenian.
    Armenian,
    /// Hebrew.
    Hebrew,
    /// Arabic, also of Urdu, Persian and Pashto.
    Arabic,
    /// Devanagari.
    Devanagari,
    /// Bengali.
    Bengali,
    /// Gurmukhi.
    Gurmukhi,
    /// Gujarati.
    Gujarati,
    /// Tamil.
    Tamil,
    /// Telugu.
    Telugu,
    /// Kannada.
    Kannada,
    /// Malayalam.
    Malayalam,
    /// Sinhala.
    Sinhala,
    /// Thai.
    Thai,
    /// Lao.
    Lao,
    /// Myanmar.
    Myanmar,
    /// Georgian.
    Georgian,
    /// Ethiopic.
    Ethiopic,
    /// Khmer.
    Khmer,
    /// Tibetan.
    Tibetan,
    /// Mongolian.
    Mongolian,
    /// Chinese characters.
    Han,
    /// Japanese syllables.
    Kana,
    /// Korean.
    Hangul,
    /// Anything else.
    Other,
}

/// First and last code point of the blocks that count, in order; a block in none of them is shared or unknown.
const BLOCKS: &[(u32, u32, Script)] = &[
    (0x0370, 0x03FF, Script::Greek),
    (0x0400, 0x052F, Script::Cyrillic),
    (0x0530, 0x058F, Script::Armenian),
    (0x0590, 0x05FF, Script::Hebrew),
    (0x0600, 0x06FF, Script::Arabic),
    (0x0750, 0x077F, Script::Arabic),
    (0x0870, 0x08FF, Script::Arabic),
    (0x0900, 0x097F, Script::Devanagari),
    (0x0980, 0x09FF, Script::Bengali),
    (0x0A00, 0x0A7F, Script::Gurmukhi),
    (0x0A80, 0x0AFF, Script::Gujarati),
    (0x0B80, 0x0BFF, Script::Tamil),
    (0x0C00, 0x0C7F, Script::Telugu),
    (0x0C80, 0x0CFF, Script::Kannada),
    (0x0D00, 0x0D7F, Script::Malayalam),
    (0x0D80, 0x0DFF, Script::Sinhala),
    (0x0E00, 0x0E7F, Script::Thai),
    (0x0E80, 0x0EFF, Script::Lao),
    (0x0F00, 0x0FFF, Script::Tibetan),
    (0x1000, 0x109F, Script::Myanmar),
    (0x10A0, 0x10FF, Script::Georgian),
    (0x1100, 0x11FF, Script::Hangul),
    (0x1200, 0x139F, Script::Ethiopic),
    (0x1780, 0x17FF, Script::Khmer),
    (0x1800, 0x18AF, Script::Mongolian),
    (0x1C80, 0x1C8F, Script::Cyrillic),
    (0x1F00, 0x1FFF, Script::Greek),
    (0x2DE0, 0x2DFF, Script::Cyrillic),
    (0x2E80, 0x303F, Script::Han),
    (0x3040, 0x30FF, Script::Kana),
    (0x3100, 0x312F, Script::Han),
    (0x3130, 0x318F, Script::Hangul),
    (0x31A0, 0x31EF, Script::Han),
    (0x31F0, 0x31FF, Script::Kana),
    (0x3200, 0x9FFF, Script::Han),
    (0xA640, 0xA69F, Script::Cyrillic),
    (0xAC00, 0xD7FF, Script::Hangul),
    (0xF900, 0xFAFF, Script::Han),
    (0xFB1D, 0xFB4F, Script::Hebrew),
    (0xFB50, 0xFDFF, Script::Arabic),
    (0xFE30, 0xFE4F, Script::Han),
    (0xFE70, 0xFEFF, Script::Arabic),
    (0xFF00, 0xFFEF, Script::Han),
    (0x20000, 0x3FFFF, Script::Han),
];

/// Letters of Urdu that Arabic has not: ٹ ڈ ڑ ں ھ ہ ے, with ک and ی that Arabic writes otherwise.
const URDU: [char; 8] = ['ٹ', 'ڈ', 'ڑ', 'ں', 'ھ', 'ہ', 'ے', 'ۃ'];
/// Letters of Persian that Arabic has not, and that Urdu shares.
const PERSIAN: [char; 6] = ['پ', 'چ', 'ژ', 'گ', 'ک', 'ی'];

impl Script {
    /// Those a node looks for fonts of, in the order a person reads them.
    pub const LOOKED_FOR: [Self; 14] = [
        Self::Latin,
        Self::Cyrillic,
        Self::Greek,
        Self::Arabic,
        Self::Han,
        Self::Kana,
        Self::Hangul,
        Self::Hebrew,
        Self::Devanagari,
        Self::Bengali,
        Self::Tamil,
        Self::Sinhala,
        Self::Thai,
        Self::Ethiopic,
    ];

    /// The script of a character; none where it belongs to no script, such as a digit, a sign or a space.
    #[must_use]
    pub fn of(character: char) -> Option<Self> {
        (character.is_alphabetic() || character.is_numeric() && !character.is_ascii())
            .then(|| Self::of_block(character))
    }

    /// The script whose block of Unicode a character stands in, letter or not.
    #[must_use]
    pub fn of_block(character: char) -> Self {
        let code = u32::from(character);
        let at = BLOCKS.partition_point(|(_, last, _)| *last < code);
        match BLOCKS.get(at) {
            Some((first, _, script)) if *first <= code => *script,
            // Below Greek, and in the blocks of Latin letters with marks.
            _ if code < 0x0370 || (0x1D00..0x2000).contains(&code) || (0x2C60..0x2C80).contains(&code) => Self::Latin,
            _ if (0xA720..0xA800).contains(&code) || (0xFB00..0xFB07).contains(&code) => Self::Latin,
            _ => Self::Other,
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latin => "Latin",
            Self::Greek => "Greek",
            Self::Cyrillic => "Cyrillic",
            Self::Armenian => "Armenian",
            Self::Hebrew => "Hebrew",
            Self::Arabic => "Arabic",
            Self::Devanagari => "Devanagari",
            Self::Bengali => "Bengali",
            Self::Gurmukhi => "Gurmukhi",
            Self::Gujarati => "Gujarati",
            Self::Tamil => "Tamil",
            Self::Telugu => "Telugu",
            Self::Kannada => "Kannada",
            Self::Malayalam => "Malayalam",
            Self::Sinhala => "Sinhala",
            Self::Thai => "Thai",
            Self::Lao => "Lao",
            Self::Myanmar => "Myanmar",
            Self::Georgian => "Georgian",
            Self::Ethiopic => "Ethiopic",
            Self::Khmer => "Khmer",
            Self::Tibetan => "Tibetan",
            Self::Mongolian => "Mongolian",
            Self::Han => "Han",
            Self::Kana => "Kana",
            Self::Hangul => "Hangul",
            Self::Other => "of none of the scripts that are set here",
        }
    }

    /// The Debian package that has a font of it, where it is one of those that are set here.
    #[must_use]
    pub const fn package(self) -> &'static str {
        match self {
            Self::Han | Self::Kana | Self::Hangul => "fonts-noto-cjk",
            _ => "fonts-noto-core",
        }
    }

    /// Letters that a font of it has, where it has any.
    #[must_use]
    pub const fn sample(self) -> &'static str {
        match self {
            Self::Latin => "Aéřş",
            Self::Greek => "Ωλ",
            Self::Cyrillic => "Жщ",
            Self::Armenian => "Աա",
            Self::Hebrew => "אב",
            Self::Arabic => "عپٹے",
            Self::Devanagari => "कख",
            Self::Bengali => "কখ",
            Self::Gurmukhi => "ਕਖ",
            Self::Gujarati => "કખ",
            Self::Tamil => "கங",
            Self::Telugu => "కఖ",
            Self::Kannada => "ಕಖ",
            Self::Malayalam => "കഖ",
            Self::Sinhala => "කඛ",
            Self::Thai => "กข",
            Self::Lao => "ກຂ",
            Self::Myanmar => "ကခ",
            Self::Georgian => "აბ",
            Self::Ethiopic => "ሀለ",
            Self::Khmer => "កខ",
            Self::Tibetan => "ཀཁ",
            Self::Mongolian => "ᠠᠡ",
            Self::Han => "上體",
            Self::Kana => "かカ",
            Self::Hangul => "한",
            Self::Other => "",
        }
    }

    /// Whether it runs from right to left.
    #[must_use]
    pub const fn is_rtl(self) -> bool {
        matches!(self, Self::Arabic | Self::Hebrew)
    }
}

/// Language and direction of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// By BCP 47; `und` where the script does not say it.
    pub language: &'static str,
    /// Whether it runs from right to left.
    pub rtl: bool,
}

/// How a text is set: in the language of most of its letters' script, in the direction of its first letter (UAX 9, P2). A
/// text without letters is set as Latin is.
#[must_use]
pub fn setting(text: &str) -> Setting {
    let mut counts: Vec<(Script, usize)> = Vec::new();
    for script in text.chars().filter_map(Script::of) {
        match counts.iter_mut().find(|(one, _)| *one == script) {
            Some((_, count)) => *count += 1,
            None => counts.push((script, 1)),
        }
    }
    // A tie goes to the script that came first.
    let most = counts.iter().map(|(_, count)| *count).max();
    let main = counts.iter().find(|(_, count)| Some(*count) == most).map_or(Script::Latin, |(script, _)| *script);
    let has = |letters: &[char]| text.chars().any(|c| letters.contains(&c));
    let language = match main {
        Script::Arabic if has(&URDU) => "ur",
        Script::Arabic if has(&PERSIAN) => "fa",
        Script::Arabic => "ar",
        Script::Han if counts.iter().any(|(script, _)| *script == Script::Kana) => "ja",
        Script::Han => "zh",
        Script::Kana => "ja",
        Script::Hangul => "ko",
        Script::Greek => "el",
        Script::Cyrillic => "ru",
        Script::Armenian => "hy",
        Script::Hebrew => "he",
        Script::Devanagari => "hi",
        Script::Bengali => "bn",
        Script::Tamil => "ta",
        Script::Sinhala => "si",
        Script::Thai => "th",
        Script::Georgian => "ka",
        Script::Ethiopic => "am",
        _ => "en",
    };
    let first = text.chars().find(|c| c.is_alphabetic());
    Setting { language, rtl: first.is_some_and(|c| Script::of_block(c).is_rtl()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_set_in_the_language_of_its_script() {
        for (text, language, rtl) in [
            ("Chenab Sports (Pvt) Ltd", "en", false),
            ("上海宇赫体育用品有限公司", "zh", false),
            ("上海宇赫 Co. 体育用品", "zh", false),
            ("شركة النيل للتجارة", "ar", true),
            ("چناب اسپورٹس", "ur", true),
            ("ООО «Ромашка»", "ru", false),
            ("420 / 77-1", "en", false),
            ("株式会社さくら", "ja", false),
            ("Nile شركة النيل للتجارة", "ar", false),
            ("شركة Nile Trading Company", "en", true),
            ("٣ (12) Chenab", "en", false),
        ] {
            assert_eq!(setting(text), Setting { language, rtl }, "{text}");
        }
    }

    #[test]
    fn blocks_are_in_order_and_every_sample_is_of_its_script() {
        assert!(BLOCKS.windows(2).all(|pair| pair[0].1 < pair[1].0));
        for script in Script::LOOKED_FOR {
            assert!(!script.sample().is_empty());
            for c in script.sample().chars() {
                assert_eq!(Script::of(c), Some(script), "{c}");
            }
        }
    }
}
