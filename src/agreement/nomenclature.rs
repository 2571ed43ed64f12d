//! Lists of the Harmonized System that an operator installs, one file for each edition: searched by code and by
//! words, and what a certificate's codes are held against.
//!
//! A list is CSV with the columns `hscode` and `description` named in its first line, of chapters, headings and
//! subheadings. Without a list only the form of a code is checked, and that is said.

use super::{fields::Fault, load::AgreementErrors};
use crate::{
    certificate::{Finding, Findings, HsDigits, HsEdition, Particulars},
    time::Date,
};
use std::collections::BTreeMap;

/// The codes of one edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nomenclature {
    edition: HsEdition,
    texts: BTreeMap<String, String>,
}

impl Nomenclature {
    /// Reads a list; `name` is the file's, for messages.
    pub fn read_csv(edition: HsEdition, name: &str, text: &str) -> Result<Self, AgreementErrors> {
        let fault = |line: usize, message: String| {
            let path = if line == 0 { String::new() } else { format!("line {line}") };
            AgreementErrors(vec![Fault { file: name.to_owned(), path, message }])
        };
        let mut records = Records { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
        let head = records.next().map(|(_, head)| head).unwrap_or_default();
        let column = |wanted: &str| head.iter().position(|name| name == wanted);
        let (Some(code), Some(description)) = (column("hscode"), column("description")) else {
            let message = "the first line names no columns `hscode` and `description`";
            return Err(fault(1, message.to_owned()));
        };
        let mut texts = BTreeMap::new();
        for (line, record) in records {
            let (Some(code), Some(description)) = (record.get(code), record.get(description)) else {
                return Err(fault(line, "has too few columns".to_owned()));
            };
            // The published list ends with a line for all goods together.
            if code == "TOTAL" {
                continue;
            }
            if !matches!(code.len(), 2 | 4 | 6) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(fault(line, format!("`{code}` is no code of 2, 4 or 6 digits")));
            }
            if texts.insert(code.clone(), description.clone()).is_some() {
                return Err(fault(line, format!("`{code}` stands above")));
            }
        }
        if texts.is_empty() {
            return Err(fault(0, "holds no code".to_owned()));
        }
        Ok(Self { edition, texts })
    }

    /// The edition.
    #[must_use]
    pub const fn edition(&self) -> HsEdition {
        self.edition
    }

    /// What chapter, heading and subheading of a code are called, as far as they are listed.
    #[must_use]
    pub fn described(&self, code: &HsDigits) -> Vec<(&str, &str)> {
        let levels = [code.chapter(), code.heading(), code.subheading()];
        levels
            .iter()
            .filter_map(|level| self.texts.get_key_value(*level))
            .map(|(code, text)| (code.as_str(), text.as_str()))
            .collect()
    }

    /// Whether the code's six digits are listed.
    #[must_use]
    pub fn holds(&self, code: &HsDigits) -> bool {
        self.texts.contains_key(code.subheading())
    }

    /// The codes that begin with these digits, or whose description has every word; in the order of the codes.
    #[must_use]
    pub fn search(&self, words: &str) -> Vec<(&str, &str)> {
        let digits: String = words.chars().filter(|c| !matches!(c, '.' | ' ')).collect();
        let by_code = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let wanted: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        let fits = |code: &str, text: &str| {
            if by_code {
                return code.starts_with(&digits);
            }
            let text = text.to_lowercase();
            wanted.iter().all(|word| text.contains(word.as_str()))
        };
        if wanted.is_empty() {
            return Vec::new();
        }
        let all = self.texts.iter().map(|(code, text)| (code.as_str(), text.as_str()));
        all.filter(|(code, text)| fits(code, text)).collect()
    }
}

/// The lists installed, at most one for each edition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nomenclatures(Vec<Nomenclature>);

impl Nomenclatures {
    /// Of these lists; of two of one edition the later counts.
    #[must_use]
    pub fn new(mut lists: Vec<Nomenclature>) -> Self {
        lists.reverse();
        lists.sort_by_key(|list| list.edition);
        lists.dedup_by_key(|list| list.edition);
        Self(lists)
    }

    /// The list of an edition.
    #[must_use]
    pub fn of(&self, edition: HsEdition) -> Option<&Nomenclature> {
        self.0.iter().find(|list| list.edition == edition)
    }

    /// The list of the newest edition in force on `on` that is held.
    #[must_use]
    pub fn newest_on(&self, on: Date) -> Option<&Nomenclature> {
        self.0.iter().rev().find(|list| first_day(list.edition) <= on)
    }

    /// Holds the codes of the goods against the lists, as of `on`: the day the certificate is issued.
    #[must_use]
    pub fn check(&self, particulars: &Particulars, on: Date) -> Findings {
        let mut findings = Findings::default();
        let mut absent = Vec::new();
        for (index, item) in particulars.goods.items.iter().enumerate() {
            let Some(hs) = &item.hs else { continue };
            let path = format!("goods.items[{index}].hs");
            if on < first_day(hs.edition) {
                let message = format!("HS {} is not in force on {on}", hs.edition);
                findings.push(Finding::warning("HS_LIST", format!("{path}.edition"), message));
            }
            match self.of(hs.edition) {
                None if absent.contains(&hs.edition) => {}
                None => {
                    absent.push(hs.edition);
                    let message =
                        format!("no list of HS {} is held here: only the form of the code was checked", hs.edition);
                    findings.push(Finding::unknown("HS_LIST", format!("{path}.code"), message));
                }
                Some(list) if !list.holds(&hs.code) => {
                    // Never an error: a difference of classification alone invalidates nothing.
                    let message = format!("`{}` is not in the list of HS {}", hs.code.subheading(), hs.edition);
                    let other = self.0.iter().find(|other| other.holds(&hs.code)).map(|other| other.edition);
                    let finding = Finding::warning("HS_LIST", format!("{path}.code"), message);
                    findings.push(match other {
                        Some(edition) => finding.with_help(format!("it is a code of HS {edition}")),
                        None => finding,
                    });
                }
                Some(_) => {}
            }
        }
        findings
    }
}

/// The day an edition came into force: 1 January of its year.
fn first_day(edition: HsEdition) -> Date {
    let year = edition.as_str().parse().unwrap_or(2012);
    Date::new(year, 1, 1).unwrap_or(Date::ZERO)
}

/// Records of CSV as RFC 4180 has them: fields in quotes may hold commas, quotes and line ends.
struct Records<'t> {
    rest: &'t str,
    line: usize,
}

impl Iterator for Records<'_> {
    type Item = (usize, Vec<String>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let line = self.line;
            let (mut record, mut field, mut quoted, mut end) = (Vec::new(), String::new(), false, self.rest.len());
            let mut chars = self.rest.char_indices().peekable();
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' if quoted && chars.next_if(|(_, next)| *next == '"').is_some() => field.push('"'),
                    '"' => quoted = !quoted,
                    ',' if !quoted => record.push(std::mem::take(&mut field)),
                    '\n' if !quoted => {
                        end = at + 1;
                        break;
                    }
                    '\r' if !quoted => {}
                    other => {
                        if other == '\n' {
                            self.line += 1;
                        }
                        field.push(other);
                    }
                }
            }
            self.line += 1;
            self.rest = self.rest.get(end..).unwrap_or_default();
            record.push(field);
            if record.iter().any(|field| !field.is_empty()) {
                return Some((line, record));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::testing::{FOOTBALLS, particulars};
    use proptest::prelude::*;

    const LIST: &str = "section,hscode,description,parent,level\r\nXX,95,Toys,TOTAL,2\r\nXX,9506,\"Articles for sports, \"\"games\"\"\",95,4\r\n\r\nXX,950662,Balls; inflatable,9506,6\r\n,TOTAL,Total,,0\r\n";

    fn list() -> Nomenclature {
        Nomenclature::read_csv(HsEdition::Hs2022, "hs2022.csv", LIST).unwrap()
    }

    #[test]
    fn a_list_is_searched_by_code_and_by_words() {
        let list = list();
        let codes = |words: &str| list.search(words).into_iter().map(|(code, _)| code.to_owned()).collect::<Vec<_>>();
        assert_eq!(codes("95.06"), ["9506", "950662"]);
        assert_eq!(codes("inflatable BALL"), ["950662"]);
        assert_eq!(codes("sports, \"games\""), ["9506"]);
        assert!(codes("").is_empty() && codes("salt").is_empty());
        assert_eq!(list.described(&"9506629000".parse().unwrap()).len(), 3);
    }

    #[test]
    fn a_code_is_held_against_the_list_of_its_edition_on_the_day() {
        let on = |text: &str| text.parse::<Date>().unwrap();
        let said = |lists: &Nomenclatures, text: &str, day: &str| {
            let findings = lists.check(&particulars(text), on(day));
            findings.iter().map(|one| one.message.clone()).collect::<Vec<_>>()
        };
        let lists = Nomenclatures::new(vec![list()]);
        assert!(said(&lists, FOOTBALLS, "2026-11-12").is_empty());
        let other = FOOTBALLS.replace("950662", "950600");
        assert!(said(&lists, &other, "2026-11-12")[0].contains("not in the list of HS 2022"));
        assert!(said(&lists, FOOTBALLS, "2021-12-31")[0].contains("not in force"));
        let older = FOOTBALLS.replace("edition = \"2022\"", "edition = \"2017\"");
        assert!(said(&lists, &older, "2026-11-12")[0].contains("only the form of the code was checked"));
    }

    #[test]
    fn a_list_with_a_mistake_is_refused_with_its_line() {
        let fault = |text: &str| Nomenclature::read_csv(HsEdition::Hs2022, "x", text).unwrap_err().to_string();
        assert!(fault("").contains("line 1"));
        assert!(fault("hscode,description\n95,a\n95,b\n").contains("line 3: `95` stands above"));
        assert!(fault("hscode,description\n9,a\n").contains("line 2"));
        assert!(fault("hscode,description\n95\n").contains("too few"));
        assert!(fault("hscode,description\n").contains("no code"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(hscode,description\n)?[0-9a-z\",\r\né]{0,80}") {
            let _ = Nomenclature::read_csv(HsEdition::Hs2022, "x", &text);
        }
    }
}
