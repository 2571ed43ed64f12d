//! Names and numbers as they are found again, in whatever spelling: who was struck off does not come back by another
//! letter.

use crate::certificate::{is_legal_form, plain};

/// Words before a name that are no part of it.
const TITLES: [&str; 3] = ["MESSRS", "MS", "THE"];

/// Letters and digits alone, in capitals: how numbers are compared.
pub fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// The same without accents, each letter as the Latin one that it looks like.
pub fn likened(text: &str) -> String {
    plain(text).chars().map(look_alike).filter(|c| c.is_alphanumeric()).collect()
}

/// A name as [`likened`] has it, less what no two firms are told apart by: its legal form, the title before it, and
/// whether it says `and` or `&`.
pub fn bare_name(name: &str) -> String {
    let said = plain(name).chars().map(look_alike).collect::<String>();
    let said = said.trim_start_matches(|c: char| !c.is_alphanumeric());
    let words = words(said.strip_prefix("M/S").unwrap_or(said));
    let titles = words.iter().take_while(|word| TITLES.contains(&word.as_str())).count();
    let words = words.get(titles..).unwrap_or_default();
    let is_form = |at: usize| words.get(at).is_some_and(|word| is_legal_form(word));
    let says_nothing = |(at, word): &(usize, &String)| match word.as_str() {
        "AND" => true,
        // A single member company, and `(P) Ltd`.
        "SMC" => *at > 0,
        "P" => is_form(at + 1),
        word => is_legal_form(word),
    };
    let bare = words.iter().enumerate().filter(|word| !says_nothing(word));
    let bare = bare.map(|(_, word)| word.as_str()).collect::<String>();
    if bare.is_empty() { likened(name) } else { bare }
}

/// Its words; letters with points between them are one, as in `L.L.C.`
fn words(name: &str) -> Vec<String> {
    let apart = name.split(|c: char| !c.is_alphanumeric() && c != '.');
    let words = apart.flat_map(|word| {
        let parts = word.split('.').map(str::to_owned).collect::<Vec<_>>();
        let letters = parts.iter().all(|part| part.chars().nth(1).is_none());
        if letters { vec![parts.concat()] } else { parts }
    });
    words.filter(|word| !word.is_empty()).collect()
}

/// The Latin capital that a character looks like, of those that [`plain`] leaves (confusables.txt of Unicode Technical
/// Standard 39, as far as Latin, Greek, Cyrillic and Armenian capitals go), and the digit that an Arabic one is.
const fn look_alike(c: char) -> char {
    match c {
        '\u{391}' | '\u{410}' | '\u{2C6D}' => 'A',
        '\u{392}' | '\u{412}' => 'B',
        '\u{3F9}' | '\u{421}' => 'C',
        '\u{110}' | '\u{500}' => 'D',
        '\u{395}' | '\u{415}' => 'E',
        '\u{50C}' | '\u{A7AC}' => 'G',
        '\u{397}' | '\u{41D}' | '\u{4BA}' => 'H',
        '1' | '\u{661}' | '\u{6F1}' | '\u{399}' | '\u{406}' | '\u{4C0}' => 'I',
        '\u{37F}' | '\u{408}' => 'J',
        '\u{39A}' | '\u{41A}' => 'K',
        '\u{141}' => 'L',
        '\u{39C}' | '\u{41C}' => 'M',
        '\u{39D}' => 'N',
        '0' | '\u{660}' | '\u{6F0}' | '\u{D8}' | '\u{39F}' | '\u{41E}' | '\u{555}' => 'O',
        '\u{3A1}' | '\u{420}' => 'P',
        '\u{51A}' => 'Q',
        '\u{405}' | '\u{54F}' => 'S',
        '\u{3A4}' | '\u{422}' => 'T',
        '\u{54D}' => 'U',
        '\u{474}' => 'V',
        '\u{51C}' => 'W',
        '\u{3A7}' | '\u{425}' => 'X',
        '\u{3A5}' | '\u{423}' | '\u{4AE}' => 'Y',
        '\u{396}' => 'Z',
        '\u{662}' | '\u{6F2}' => '2',
        '\u{663}' | '\u{6F3}' => '3',
        '\u{664}' | '\u{6F4}' => '4',
        '\u{665}' | '\u{6F5}' => '5',
        '\u{666}' | '\u{6F6}' => '6',
        '\u{667}' | '\u{6F7}' => '7',
        '\u{668}' | '\u{6F8}' => '8',
        '\u{669}' | '\u{6F9}' => '9',
        '\u{2044}' | '\u{2215}' => '/',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_title_form_or_look_alike_makes_another_firm() {
        for name in [
            "BAD PRODUCER (Private) Limited",
            "M/s Bad Producer (Pvt) Ltd",
            "M/s. Bad Producer",
            "M/s.Bad Producer",
            "\u{201C}M\u{2044}S Bad Producer\u{201D}",
            "Messrs. Bad Producer & Co.",
            "Messrs The Bad Producer and Company",
            "The Bad Producer Company",
            "Bad Producer SMC-Private Limited",
            "Bad Producer (SMC-Pvt.) Ltd.",
            "Bad Producer (Pvt) Ltd (SMC)",
            "Bad Producer (P) Ltd",
            "Bad Producer L.L.C.",
            "Bad Pvt.Ltd Producer",
            "Bad Produ\u{441}er",
            "B\u{430}d Pr\u{3BF}du\u{441}\u{435}r L\u{422}D",
            "Bad Pr0ducer",
            "B\u{E1}d Pr\u{F8}ducer",
            "\u{FF22}ad Producer",
        ] {
            assert_eq!(bare_name(name), "BADPRODUCER", "{name}");
        }
        for name in ["Bad Producers", "Good Producer", "M Bad Producer", "Bad P Producer", "SMC Bad Producer"] {
            assert_ne!(bare_name(name), "BADPRODUCER", "{name}");
        }
    }

    #[test]
    fn something_is_left_of_every_name() {
        for (name, left) in [("The Company", "THECOMPANY"), ("SMC (Pvt) Ltd", "SMC"), ("M/s", "MS")] {
            assert_eq!(bare_name(name), left, "{name}");
        }
    }

    #[test]
    fn a_number_is_its_digits_in_whatever_script() {
        assert_eq!(likened("0000000-9"), likened("\u{6F0}\u{6F0}\u{6F0}\u{6F0}\u{6F0}\u{6F0}\u{6F0}-\u{6F9}"));
        assert_eq!(likened("SLK-1"), likened("\u{405}L\u{41A} \u{FF11}"));
        assert_ne!(likened("SLK-1"), likened("SLK-2"));
    }
}
