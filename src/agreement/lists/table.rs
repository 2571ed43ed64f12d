//! Codes and what they are called, held compactly: two texts for all of them, and a short row for each.

use std::ops::Range;

/// Characters of the longest code, `PKKHI`'s five or the six of the Harmonized System.
pub(super) const LONGEST: usize = 6;
/// Bytes of the longest description.
pub(super) const MOST_TEXT: usize = 4_096;
/// Codes that are looked at for one search: words that fit more are too short to be of use.
const MOST_FOUND: usize = 20_000;

/// A code, padded with zeros.
type Code = [u8; LONGEST];

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    code: Code,
    /// Where its line begins in `shown`, and in `folded`.
    shown: u32,
    folded: u32,
}

/// The rows in the order of their codes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CodeTable {
    rows: Vec<Row>,
    /// What is shown: a line for each row.
    shown: String,
    /// What is searched, in small letters: a line for each row.
    folded: String,
}

/// A table being filled.
#[derive(Default)]
pub(super) struct Filling(Vec<(Code, Box<str>, Box<str>)>);

fn code(text: &str) -> Option<Code> {
    let mut code = [0; LONGEST];
    let room = code.get_mut(..text.len()).filter(|room| !room.is_empty())?;
    room.copy_from_slice(text.as_bytes());
    text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).then_some(code)
}

fn text_of(code: &Code) -> &str {
    let end = code.iter().position(|byte| *byte == 0).unwrap_or(LONGEST);
    // Only capital letters and digits ever get in.
    code.get(..end).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
}

/// On one line, with single spaces.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

impl Filling {
    /// Adds a code, what it is called, what is said beside that, and other words it is found by. False where the code
    /// has a form this table does not hold.
    pub(super) fn add(&mut self, text: &str, name: &str, detail: &str, other: &str) -> bool {
        let Some(code) = code(text) else { return false };
        let (name, detail) = (one_line(name), one_line(detail));
        let mut folded = name.to_lowercase();
        let other = one_line(other).to_lowercase();
        if !other.is_empty() && other != folded {
            folded = format!("{folded} {other}");
        }
        let shown = if detail.is_empty() { name } else { format!("{name}\t{detail}") };
        self.0.push((code, shown.into_boxed_str(), folded.into_boxed_str()));
        true
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The table, and the codes that stood more than once; the first of them counts, and is found by the words of all.
    pub(super) fn finish(mut self) -> (CodeTable, Vec<String>) {
        self.0.sort_by_key(|row| row.0);
        let mut table = CodeTable { rows: Vec::with_capacity(self.0.len()), ..CodeTable::default() };
        let mut twice = Vec::new();
        for (code, shown, folded) in self.0 {
            if table.rows.last().is_some_and(|last| last.code == code) {
                twice.push(text_of(&code).to_owned());
                table.folded.pop();
                table.folded.push(' ');
            } else {
                let place = |text: &String| u32::try_from(text.len()).unwrap_or(u32::MAX);
                table.rows.push(Row { code, shown: place(&table.shown), folded: place(&table.folded) });
                table.shown.push_str(&shown);
                table.shown.push('\n');
            }
            table.folded.push_str(&folded);
            table.folded.push('\n');
        }
        table.shown.shrink_to_fit();
        table.folded.shrink_to_fit();
        (table, twice)
    }
}

/// A row as it is shown: code, name, what is said beside it.
pub(super) type Shown<'t> = (&'t str, &'t str, &'t str);

impl CodeTable {
    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Bytes it takes.
    pub(super) const fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>() + self.shown.capacity() + self.folded.capacity()
    }

    fn line(text: &str, at: u32) -> &str {
        let rest = usize::try_from(at).ok().and_then(|at| text.get(at..)).unwrap_or_default();
        rest.split('\n').next().unwrap_or_default()
    }

    fn shown(&self, row: &Row) -> (&str, &str) {
        let line = Self::line(&self.shown, row.shown);
        line.split_once('\t').unwrap_or((line, ""))
    }

    fn row<'t>(&'t self, row: &'t Row) -> Shown<'t> {
        let (name, detail) = self.shown(row);
        (text_of(&row.code), name, detail)
    }

    /// What stands under a code.
    pub(super) fn get(&self, text: &str) -> Option<Shown<'_>> {
        let wanted = code(text)?;
        let at = self.rows.binary_search_by(|row| row.code.cmp(&wanted)).ok()?;
        self.rows.get(at).map(|row| self.row(row))
    }

    /// The rows whose code begins with these characters.
    pub(super) fn beginning(&self, start: &str) -> impl Iterator<Item = Shown<'_>> {
        let places = match code(start) {
            Some(least) => {
                let from = self.rows.partition_point(|row| row.code < least);
                from..self.rows.len()
            }
            None => 0..0,
        };
        let rows = self.rows.get(places).unwrap_or_default().iter().map(|row| self.row(row));
        let start = start.to_owned();
        rows.take_while(move |(code, ..)| code.starts_with(&start))
    }

    /// The rows that have every word, the best first: those called so, those that begin so, those with it as a word.
    pub(super) fn search(&self, words: &str) -> Vec<Shown<'_>> {
        let whole = one_line(words).to_lowercase();
        let mut words: Vec<&str> = whole.split(' ').filter(|word| !word.is_empty()).collect();
        // The longest is the rarest.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let Some((needle, others)) = words.split_first() else { return Vec::new() };
        let mut found: Vec<(u8, Range<usize>, usize)> = Vec::new();
        let mut from = 0;
        while let Some(at) = self.folded.get(from..).and_then(|rest| rest.find(needle)).map(|at| from + at) {
            let place = self.rows.partition_point(|row| usize::try_from(row.folded).is_ok_and(|begin| begin <= at));
            let Some(index) = place.checked_sub(1) else { break };
            let Some(row) = self.rows.get(index) else { break };
            let line = Self::line(&self.folded, row.folded);
            if others.iter().all(|word| line.contains(word)) {
                found.push((rank(line, &whole), 0..line.len(), index));
            }
            // On to the next line: one row is found once.
            from = usize::try_from(row.folded).unwrap_or(usize::MAX).saturating_add(line.len()).saturating_add(1);
            if found.len() >= MOST_FOUND {
                break;
            }
        }
        found.sort_by_key(|(rank, line, index)| (*rank, if *rank < 2 { line.len() } else { 0 }, *index));
        found.into_iter().filter_map(|(.., index)| self.rows.get(index)).map(|row| self.row(row)).collect()
    }
}

fn rank(line: &str, whole: &str) -> u8 {
    let ends = |rest: &str| !rest.starts_with(char::is_alphanumeric);
    match line.strip_prefix(whole) {
        Some(rest) if ends(rest) => 0,
        Some(_) => 1,
        None => {
            let word = line.match_indices(whole).any(|(at, found)| {
                let before = line.get(..at).unwrap_or_default();
                let after = line.get(at + found.len()..).unwrap_or_default();
                !before.ends_with(char::is_alphanumeric) && ends(after)
            });
            if word { 2 } else { 3 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(rows: &[(&str, &str)]) -> CodeTable {
        let mut filling = Filling::default();
        for (code, name) in rows {
            assert!(filling.add(code, name, "", ""), "{code}");
        }
        filling.finish().0
    }

    #[test]
    fn what_is_called_so_comes_before_what_only_contains_it() {
        let table = table(&[("B", "New London"), ("A", "Londonderry"), ("D", "London"), ("C", "Londrina")]);
        let found = table.search("LONDON").into_iter().map(|(code, ..)| code).collect::<Vec<_>>();
        assert_eq!(found, ["D", "A", "B"]);
        assert!(table.search(" ").is_empty() && table.search("paris").is_empty());
    }

    #[test]
    fn a_code_that_stands_twice_is_found_by_the_words_of_both() {
        let mut filling = Filling::default();
        filling.add("FITKU", "Turku", "", "");
        filling.add("FITKU", "Åbo", "", "Abo");
        let (table, twice) = filling.finish();
        assert_eq!(twice, ["FITKU"]);
        assert_eq!(table.search("abo"), [("FITKU", "Turku", "")]);
        assert_eq!(table.search("åbo").len(), 1);
        assert!(!Filling::default().add("fitku", "x", "", "") && !Filling::default().add("TOOLONG", "x", "", ""));
    }

    proptest! {
        /// Against a plain reckoning over every row.
        #[test]
        fn a_search_finds_exactly_the_rows_that_have_every_word(
            names in prop::collection::btree_map("[A-Z]{1,4}", "[a-c]{1,3}( [a-c]{1,3}){0,2}", 0..20),
            words in "[a-c]{1,2}( [a-c]{1,2})?",
        ) {
            let rows = names.iter().map(|(code, name)| (code.as_str(), name.as_str())).collect::<Vec<_>>();
            let table = table(&rows);
            let mut found = table.search(&words).into_iter().map(|(code, ..)| code.to_owned()).collect::<Vec<_>>();
            found.sort();
            let has = |name: &str| words.split(' ').all(|word| name.contains(word));
            let expected = names.iter().filter(|(_, name)| has(name)).map(|(code, _)| code.clone()).collect::<Vec<_>>();
            prop_assert_eq!(found, expected);
            for (code, name) in &names {
                prop_assert_eq!(table.get(code), Some((code.as_str(), name.as_str(), "")));
                let begins = table.beginning(code).map(|(code, ..)| code.to_owned()).collect::<Vec<_>>();
                prop_assert_eq!(begins, names.keys().filter(|other| other.starts_with(code)).cloned().collect::<Vec<_>>());
            }
        }
    }
}
