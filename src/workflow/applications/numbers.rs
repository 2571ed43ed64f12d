//! The list of certificate numbers: given, held, voided; in each series from its first serial on, so that a gap shows.

use super::Applications;
use crate::{
    office::{Action, BlockNumber, Caller, NumberRecord},
    sequencer::{LostNumber, PaperNumber, number_id, series_begin},
    store::{EntryRef, Table},
    workflow::{Accounts, WorkflowError},
};

/// Numbers on a page at most, and where none are asked for.
const PAGE: (usize, usize) = (500, 50);
/// Numbers that are looked at in one call: a filter must not read for ever.
const LOOKED_AT: usize = 5_000;
/// Series that are looked at in one call.
const SERIES: usize = 1_000;

/// What became of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberStanding {
    /// A certificate bears it; where, once that is published.
    Given(Option<EntryRef>),
    /// An application holds it.
    Held(NumberRecord),
    /// It will never stand on a certificate.
    Voided(NumberRecord),
    /// It is of a block that an office holds for an outage.
    Block(BlockNumber),
    /// A paper bears it; where that is registered.
    Paper(EntryRef),
    /// A certificate bears it whose entry was lost: its holder has it.
    Lost(LostNumber),
    /// Nobody knows: the count passed it, and nothing bears it.
    Unexplained,
}

/// A number of a series.
#[derive(Debug, Clone)]
pub struct NumberRow {
    /// The number.
    pub number: String,
    /// What became of it.
    pub standing: NumberStanding,
}

/// Some numbers, and where to go on.
#[derive(Debug, Clone, Default)]
pub struct NumbersPage {
    /// In the order of their series.
    pub numbers: Vec<NumberRow>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

impl Applications {
    /// The numbers of the series whose names contain `named`, for officers and auditors. It reads from the disk.
    pub fn numbers(
        &self,
        caller: &Caller,
        named: &str,
        size: usize,
        page_token: &str,
    ) -> Result<NumbersPage, WorkflowError> {
        self.numbers_that(caller, named, |_| true, size, page_token)
    }

    /// The same of those of which something became; a page may then be short, with more behind it.
    pub fn numbers_that(
        &self,
        caller: &Caller,
        named: &str,
        became: impl Fn(&NumberStanding) -> bool,
        size: usize,
        page_token: &str,
    ) -> Result<NumbersPage, WorkflowError> {
        let mut looked_at = 0;
        if !caller.may(Action::ReadAudit) {
            Accounts::allow(caller, Action::ReadQueue)?;
        }
        let size = if size == 0 { PAGE.1 } else { size.min(PAGE.0) };
        // A token is the serial and the series it lies in.
        let (mut serial, mut series) = match page_token.split_once(' ') {
            None if page_token.is_empty() => (None, String::new()),
            None => return Err(WorkflowError::PageToken),
            Some((serial, series)) => {
                (Some(serial.parse::<u64>().map_err(|_| WorkflowError::PageToken)?), series.to_owned())
            }
        };
        let mut page = NumbersPage::default();
        for _ in 0..SERIES {
            // The series that was begun, or the one behind it.
            let (key, next) = match serial {
                Some(_) => (series.clone(), self.store().series_next(&series)?),
                None => match self.store().series_from(&series, 1)?.pop() {
                    Some(found) => found,
                    None => return Ok(page),
                },
            };
            let from = match serial.take() {
                Some(serial) => serial,
                None if key.contains(named) => series_begin(self.store(), &key)?,
                None => next,
            };
            for at in from..next {
                if page.numbers.len() == size || looked_at == LOOKED_AT {
                    page.next = Some(format!("{at} {key}"));
                    return Ok(page);
                }
                looked_at += 1;
                page.numbers.extend(Some(self.number_row(&key, at)?).filter(|row| became(&row.standing)));
            }
            series = key;
        }
        page.next = Some(format!("{} {series}", u64::MAX));
        Ok(page)
    }

    fn number_row(&self, series: &str, serial: u64) -> Result<NumberRow, WorkflowError> {
        let number = number_of(series, serial);
        let store = self.store();
        let standing = if store.number_taken(&number)? {
            NumberStanding::Given(store.find_number(&number)?)
        } else {
            match store.record(Table::Number, &number_id(&number))? {
                None => NumberStanding::Unexplained,
                Some(record) => standing(&record)?,
            }
        };
        Ok(NumberRow { number, standing })
    }
}

/// What a record of a number says; each has members that no other has.
fn standing(record: &[u8]) -> Result<NumberStanding, WorkflowError> {
    if let Ok(PaperNumber { paper }) = serde_json::from_slice(record) {
        return Ok(NumberStanding::Paper(paper));
    }
    if let Ok(held) = serde_json::from_slice(record) {
        return Ok(NumberStanding::Block(held));
    }
    if let Ok(lost) = serde_json::from_slice(record) {
        return Ok(NumberStanding::Lost(lost));
    }
    let record: NumberRecord =
        serde_json::from_slice(record).map_err(|e| WorkflowError::Record(format!("a number: {e}")))?;
    Ok(if record.voided.is_some() { NumberStanding::Voided(record) } else { NumberStanding::Held(record) })
}

/// The number of a series with this serial: the series' name has a `#` for each digit.
fn number_of(series: &str, serial: u64) -> String {
    let digits = series.matches('#').count();
    series.replacen(&"#".repeat(digits), &format!("{serial:0digits$}"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_series_and_a_serial_make_a_number() {
        assert_eq!(number_of("PK-CN-2026-LHE-######", 417), "PK-CN-2026-LHE-000417");
        assert_eq!(number_of("C####", 12_345), "C12345");
    }
}
