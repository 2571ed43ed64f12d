//! A list of codes: its kind, its edition, the days it holds, and what stands in it.

use super::table::{CodeTable, Shown};
use crate::{
    agreement::{edition::InForce, fields::words},
    certificate::HsDigits,
};

words! {
    /// Which codes a list is of.
    CodeKind {
        /// The Harmonized System: chapters, headings, subheadings.
        Hs = "hs",
        /// Places, UN/LOCODE.
        Locode = "locode",
        /// Units of measure, UN/ECE Recommendation 20.
        Unit = "unit",
        /// Kinds of package, UN/ECE Recommendation 21.
        Package = "package",
    }
}

impl CodeKind {
    /// What it is called in a sentence.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs => "HS",
            Self::Locode => "UN/LOCODE",
            Self::Unit => "UN/ECE Recommendation 20",
            Self::Package => "UN/ECE Recommendation 21",
        }
    }
}

impl std::str::FromStr for CodeKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
        let found = Self::ALL.iter().copied().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no kind of list: {}", known()))
    }
}

/// A list of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeList {
    pub(super) kind: CodeKind,
    pub(super) edition: String,
    pub(super) holds: InForce,
    pub(super) source: Option<String>,
    pub(super) table: CodeTable,
}

/// One code of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'l> {
    /// The code.
    pub code: &'l str,
    /// What it is called.
    pub name: &'l str,
    /// What else the list says of it; empty if nothing.
    pub detail: &'l str,
}

impl<'l> Found<'l> {
    const fn of((code, name, detail): Shown<'l>) -> Self {
        Self { code, name, detail }
    }
}

impl CodeList {
    /// Which codes it is of.
    #[must_use]
    pub const fn kind(&self) -> CodeKind {
        self.kind
    }

    /// Its edition, such as `2022` or `2024-2`.
    #[must_use]
    pub fn edition(&self) -> &str {
        &self.edition
    }

    /// The days it holds.
    #[must_use]
    pub const fn holds(&self) -> &InForce {
        &self.holds
    }

    /// Who published it.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// How many codes it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether it has none; a list that was read has one at least.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes it takes in memory.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.table.bytes()
    }

    /// The list's name in a sentence, such as `HS 2022`.
    #[must_use]
    pub fn named(&self) -> String {
        format!("{} {}", self.kind.name(), self.edition)
    }

    /// What stands under a code.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<Found<'_>> {
        self.table.get(code).map(Found::of)
    }

    /// What chapter, heading and subheading of a code are called, as far as they are listed.
    #[must_use]
    pub fn described(&self, code: &HsDigits) -> Vec<Found<'_>> {
        [code.chapter(), code.heading(), code.subheading()].into_iter().filter_map(|level| self.get(level)).collect()
    }

    /// The codes that begin as typed, in their order, and those whose name has every word, the best first.
    #[must_use]
    pub fn search(&self, words: &str) -> Vec<Found<'_>> {
        let typed: String = words.chars().filter(|c| !matches!(c, '.' | ' ' | '-')).collect();
        let by_digits = self.kind == CodeKind::Hs && !typed.is_empty() && typed.bytes().all(|b| b.is_ascii_digit());
        if by_digits {
            return self.table.beginning(&typed).map(Found::of).collect();
        }
        let upper = typed.to_ascii_uppercase();
        let mut found: Vec<Found<'_>> = match self.kind {
            CodeKind::Hs => Vec::new(),
            // As it is typed in capitals a code may be begun; in small letters it is one only as a whole.
            _ if typed == upper && typed.len() >= 2 => self.table.beginning(&upper).map(Found::of).collect(),
            _ => self.table.get(&upper).map(Found::of).into_iter().collect(),
        };
        let codes = found.len();
        for one in self.table.search(words) {
            if !found.iter().take(codes).any(|begun| begun.code == one.0) {
                found.push(Found::of(one));
            }
        }
        found
    }
}
