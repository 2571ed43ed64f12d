//! What an operator installs with a date: lists of codes, rates of exchange, holidays.
//!
//! What always holds: what is judged by a list is judged by the one that held on the day; what no list says is not
//! known, and said to be; a list is held once, compactly, however many share it. A folder with mistakes is refused
//! with all of them.
//! Not its business: where the files lie, and what an agreement makes of a code.

mod changes;
mod check;
mod code_list;
mod folder;
mod holidays;
mod read;
mod table;
#[cfg(test)]
mod tests;

pub use code_list::{CodeKind, CodeList, Found};
pub use folder::{Opened, Present};
pub use holidays::{Holidays, WorkingDays};

use super::origin::Rates;
use crate::{certificate::HsEdition, time::Date};
use changes::Changes;

/// Everything installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lists {
    /// By kind, and of one kind the earliest first.
    codes: Vec<CodeList>,
    changes: Vec<Changes>,
    rates: Rates,
    holidays: Holidays,
    notes: Vec<String>,
}

impl Lists {
    /// Nothing is installed.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            codes: Vec::new(),
            changes: Vec::new(),
            rates: Rates::none(),
            holidays: Holidays::none(),
            notes: Vec::new(),
        }
    }

    /// The rates of exchange.
    #[must_use]
    pub const fn rates(&self) -> &Rates {
        &self.rates
    }

    /// The holidays.
    #[must_use]
    pub const fn holidays(&self) -> &Holidays {
        &self.holidays
    }

    /// Every list of codes, by kind, and of one kind the earliest first.
    pub fn codes(&self) -> impl Iterator<Item = &CodeList> {
        self.codes.iter()
    }

    /// What the operator should know of what lies in the folder.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The list of a kind that holds on `on`; of several the one that began last. Where none holds on that day, the
    /// last that began before it, else the first there is.
    #[must_use]
    pub fn of(&self, kind: CodeKind, on: Date) -> Option<&CodeList> {
        let all = || self.codes.iter().filter(|list| list.kind() == kind);
        let holding = all().rfind(|list| list.holds().covers(on));
        holding.or_else(|| all().rfind(|list| list.holds().from <= on)).or_else(|| all().next())
    }

    /// The list of one edition of a kind.
    #[must_use]
    pub fn edition(&self, kind: CodeKind, edition: &str) -> Option<&CodeList> {
        self.codes.iter().find(|list| list.kind() == kind && list.edition() == edition)
    }

    /// The Harmonized System of an edition.
    #[must_use]
    pub fn hs(&self, edition: HsEdition) -> Option<&CodeList> {
        self.edition(CodeKind::Hs, edition.as_str())
    }

    /// Between which editions of the Harmonized System a table says what became of the codes.
    pub fn correlations(&self) -> impl Iterator<Item = (HsEdition, HsEdition)> {
        self.changes.iter().map(Changes::editions)
    }

    /// What became of a code of the Harmonized System from one edition to another, as far as a list says so.
    #[must_use]
    pub fn became(&self, code: &str, from: HsEdition, into: HsEdition) -> Vec<String> {
        let mut found: Vec<String> =
            self.changes.iter().flat_map(|changes| changes.of(code, from, into)).map(str::to_owned).collect();
        found.sort();
        found.dedup();
        found
    }
}
