//! Spellings of one text: what is left of it without case and accents, how a number reads, and whether two are a few
//! letters apart.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Words of a name that say its legal form, which no two firms are told apart by.
const LEGAL_FORMS: [&str; 18] = [
    "AG",
    "BHD",
    "CO",
    "COMPANY",
    "CORP",
    "CORPORATION",
    "GMBH",
    "INC",
    "INCORPORATED",
    "LIMITED",
    "LLC",
    "LTD",
    "PLC",
    "PRIVATE",
    "PTY",
    "PVT",
    "SA",
    "SDN",
];

/// Whether a word, in capitals, only says the legal form of a firm.
#[must_use]
pub fn is_legal_form(word: &str) -> bool {
    LEGAL_FORMS.contains(&word)
}

/// A text in capitals, each character in its plainest form (Unicode NFKD), without accents, vowel signs that Arabic may
/// leave out, and joiners. Vowel signs of other scripts stay: without them other words remain.
#[must_use]
pub fn plain(text: &str) -> String {
    let drops = |c: &char| {
        matches!(c, '\u{200C}' | '\u{200D}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}')
            || is_combining_mark(*c) && !c.is_alphabetic()
    };
    text.nfkd().filter(|c| !drops(c)).flat_map(char::to_uppercase).collect()
}

/// A certificate number as whoever reads it does: in capitals, without what stands between its parts, and without the zeros
/// before its last digits and before digits that stand apart. Zeros inside a part are places of it: two Chinese numbers
/// of 16 characters may differ by where they stand alone. Only digits need what stands between them, else `1-23` would
/// be `12-3`. The index of numbers is made by this: to change it is to change the form that the index says it has.
#[must_use]
pub fn number_as_read(number: &str) -> String {
    // Nearly all are ASCII, and each is read several times on its way into a log.
    let text = if number.is_ascii() { number.to_ascii_uppercase() } else { plain(number) };
    let is_digit = |c: char| c.is_ascii_digit();
    let last = text.trim_end_matches(|c: char| !is_digit(c)).trim_end_matches(is_digit).len();
    let (mut read, mut apart) = (String::with_capacity(text.len()), true);
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if !character.is_alphanumeric() {
            apart = true;
            continue;
        }
        if apart && is_digit(character) && read.ends_with(is_digit) {
            read.push('-');
        }
        let leads = character == '0' && (apart || at >= last) && !read.ends_with(is_digit);
        if leads && characters.peek().is_some_and(|(_, next)| is_digit(*next)) {
            continue;
        }
        read.push(character);
        apart = false;
    }
    read
}

/// Whether at most so many letters are put in, left out or changed between two texts (Levenshtein). The work is the
/// length times `most`: cells of the table further from its diagonal are not looked at.
#[must_use]
pub fn within(from: &[char], to: &[char], most: usize) -> bool {
    if from.len().abs_diff(to.len()) > most {
        return false;
    }
    let far = most + 1;
    let mut row = (0..=to.len()).map(|letters| letters.min(far)).collect::<Vec<_>>();
    for (at, letter) in from.iter().enumerate() {
        let (first, last) = (at.saturating_sub(most), (at + far).min(to.len()));
        let Some((edge, cells)) = row.get_mut(first..=last).and_then(<[usize]>::split_first_mut) else { return false };
        let mut before = *edge;
        *edge = if first == 0 { (at + 1).min(far) } else { far };
        let mut left = *edge;
        let mut best = left;
        for (other, cell) in to.iter().skip(first).zip(cells) {
            let changed = before + usize::from(letter != other);
            before = *cell;
            left = changed.min(before + 1).min(left + 1).min(far);
            best = best.min(left);
            *cell = left;
        }
        if best > most {
            return false;
        }
    }
    row.last().is_some_and(|apart| *apart <= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_accents_and_widths_do_not_make_another_text_and_vowels_do() {
        for (one, other) in [
            ("Fußbälle", "FUSSBALLE"),
            ("Société Générale", "societe generale"),
            ("İzmir", "izmir"),
            ("ＬＴＤ", "ltd"),
            ("Đà Nẵng", "ĐA NANG"),
            ("كُرَة", "كرة"),
        ] {
            assert_eq!(plain(one), plain(other), "{one}");
        }
        assert_ne!(plain("की"), plain("का"));
    }

    #[test]
    fn a_number_is_read_as_one_whatever_its_case_its_zeros_and_what_stands_between_its_parts() {
        for (one, other) in [
            ("foo", "FOO"),
            ("TDAP-3", "tdap 000003"),
            ("TDAP3", "TDAP/003"),
            ("PK-CN-2026-LHE-000417", "pk.cn.2026_lhe 417"),
            ("PK-CN-2026-LHE-000417", "\u{FF30}K\u{2013}CN\u{2013}2026\u{2013}LHE\u{2013}\u{FF14}17"),
            ("A-000", "A0"),
            ("VN-TH 09/02/00006", "vn-th 9/2/6"),
            ("A 0123456", "A0123456"),
        ] {
            assert_eq!(number_as_read(one), number_as_read(other), "{one}");
        }
        for (one, other) in [
            ("A-1-23", "A-12-3"),
            ("A-1-23", "A-123"),
            ("A-10", "A-1"),
            ("A-100", "A-10-0"),
            ("A-0-5", "A-5"),
            ("A-1", "B-1"),
            ("A-7B", "A-7"),
            ("P26A00B123450001", "P26A0B0123450001"),
            ("VN-TH 09/02/00006", "VN-TH 09/20/00006"),
        ] {
            assert_ne!(number_as_read(one), number_as_read(other), "{one}");
        }
    }

    proptest! {
        #[test]
        fn two_numbers_of_one_fixed_pattern_never_read_alike(
            one in "P26[0A]{5}[01]{3}",
            other in "P26[0A]{5}[01]{3}",
        ) {
            prop_assert_eq!(number_as_read(&one) == number_as_read(&other), one == other);
        }

        #[test]
        fn it_is_the_distance_of_levenshtein(from in "[ab]{0,9}", to in "[ab]{0,9}", most in 0usize..6) {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(within(&letters(&from), &letters(&to), most), strsim::levenshtein(&from, &to) <= most);
        }
    }
}
