//! Certificate numbers: each given once, whether to a certificate or in advance.

use super::{Ground, Owed, Plan, Planned};
use crate::{
    certificate::{CertificateNumber, number_as_read},
    office::AuditEvent,
    sequencer::{
        Beside, Draw, PaperNumber, RequestKey, Reservation, Reserved, SequencerError,
        work::{Done, series_begin_id},
    },
    store::{EntryRef, StateChange, Store, Table, number_id},
    time::Date,
};
use std::collections::BTreeMap;

impl Plan {
    /// Gives numbers in advance. It makes no entry of a log: the count, the records that the numbers are given and what
    /// they are given to are one change of state.
    pub(super) fn reserve(
        &mut self,
        ground: &Ground<'_>,
        one: &Reservation,
        planned: &mut Planned,
        series: &mut BTreeMap<String, u64>,
    ) -> Result<Reserved, SequencerError> {
        let Reservation { day: today, draw, count, beside, .. } = one;
        self.stand_still(ground, &beside.expected)?;
        self.may_number(ground)?;
        let mut drawn = Vec::new();
        for _ in 0..*count {
            let number = self.draw(ground, draw, *today, planned, series)?.to_string();
            if let Some(numbers) = self.numbers.front_mut() {
                // Under another key than a certificate's: its own certificate may come in the very next batch.
                numbers.insert(in_advance(&number), number.clone());
            }
            drawn.push(number);
        }
        let mut drawn = drawn.into_iter();
        let nothing = || SequencerError::CannotCompose("a reservation of no number".to_owned());
        let number = drawn.next().ok_or_else(nothing)?;
        let reserved = Reserved { number, day: *today, more: drawn.collect() };
        self.take_along(beside, &reserved, planned)?;
        Ok(reserved)
    }

    /// Owes the answer to a reservation, or answers its refusal.
    pub(super) fn settle(
        planned: &mut Planned,
        (request, digest): (&RequestKey, [u8; 32]),
        by: Option<&AuditEvent>,
        done: Result<Reserved, SequencerError>,
    ) -> Result<(), SequencerError> {
        match done {
            Ok(reserved) => {
                let noted = by.map(|by| by.clone().by_request(&request.id).with_detail(detail(&reserved, by)).to_row());
                planned.noted.extend(noted);
                planned.outcomes.push(Owed { request: request.clone(), digest, done: Done::Reserved(reserved) });
                Ok(())
            }
            Err(error @ SequencerError::Unavailable(_)) => Err(error),
            Err(refusal) => {
                planned.answers.push((request.clone(), Err(refusal)));
                Ok(())
            }
        }
    }

    /// The next number of a series.
    pub(super) fn draw(
        &mut self,
        ground: &Ground<'_>,
        draw: &Draw,
        day: Date,
        planned: &mut Planned,
        series: &mut BTreeMap<String, u64>,
    ) -> Result<CertificateNumber, SequencerError> {
        let Draw { key, series: template, office, registration, first } = draw;
        let known = match self.series.get(key) {
            Some(next) => *next,
            None => ground.store.series_next(key)?,
        };
        let begins = known == 0;
        let mut next = if begins { (*first).max(1) } else { known };
        let begin = next;
        // A number of the series may have been brought by a back office already, in whatever spelling: it is passed over.
        let number = loop {
            let number = template
                .number(office, day, registration.as_deref(), next)
                .map_err(|why| SequencerError::SeriesExhausted { series: key.clone(), why: why.to_string() })?;
            next += 1;
            if self.given(ground.store, number.as_str())?.is_none() {
                break number;
            }
        };
        if begins && begin > 1 {
            // What lies below was never a number of this series: no gap has to be explained there.
            let (id, record) = (series_begin_id(key), begin.to_be_bytes().to_vec());
            planned.state.push(StateChange::RecordPut { table: Table::Setting, id, record });
        }
        self.series.insert(key.clone(), next);
        series.insert(key.clone(), next);
        Ok(number)
    }

    /// Whether a paper of this number may be registered: it is nobody's, or held by what is expected to hold it still.
    pub(super) fn paper_may(&self, ground: &Ground<'_>, number: &str, beside: &Beside) -> Result<(), SequencerError> {
        self.may_number(ground)?;
        let id = number_id(number);
        let held = beside.expected.iter().any(|one| one.table == Table::Number && one.id == id && one.record.is_some());
        if held { self.not_issued(ground.store, number) } else { self.not_given(ground.store, number) }
    }

    /// Has the number of a paper given.
    pub(super) fn paper_takes(
        &mut self,
        number: &str,
        entry: &EntryRef,
        planned: &mut Planned,
    ) -> Result<(), SequencerError> {
        if let Some(numbers) = self.numbers.front_mut() {
            numbers.insert(in_advance(number), number.to_owned());
        }
        let taken = PaperNumber { paper: entry.clone() }.put(number).map_err(SequencerError::Unavailable)?;
        planned.state.push(taken);
        Ok(())
    }

    /// Refuses a number that stands on a certificate or was given in advance, itself or in another spelling.
    pub(super) fn not_given(&self, store: &dyn Store, number: &str) -> Result<(), SequencerError> {
        unless(number, self.given(store, number)?)
    }

    /// Refuses a number that stands on a certificate, itself or in another spelling.
    pub(super) fn not_issued(&self, store: &dyn Store, number: &str) -> Result<(), SequencerError> {
        unless(number, self.issued(store, number)?)
    }

    /// What is read as a number, of those that stand on a certificate or were given in advance.
    fn given(&self, store: &dyn Store, number: &str) -> Result<Option<String>, SequencerError> {
        let given = self.issued(store, number)?.or_else(|| self.under_way(&in_advance(number)));
        Ok(if given.is_some() { given } else { store.number_in_advance_like(number)? })
    }

    /// What is read as a number, of those that stand on a certificate, or that a batch under way gives to one.
    fn issued(&self, store: &dyn Store, number: &str) -> Result<Option<String>, SequencerError> {
        let under_way = self.under_way(&number_as_read(number));
        Ok(if under_way.is_some() { under_way } else { store.number_like(number)? })
    }

    fn under_way(&self, read: &str) -> Option<String> {
        self.numbers.iter().find_map(|batch| batch.get(read)).cloned()
    }
}

/// Refuses a number that is given, as itself or as another that is read so.
fn unless(number: &str, given: Option<String>) -> Result<(), SequencerError> {
    match given {
        None => Ok(()),
        Some(given) if given == number => Err(SequencerError::NumberTaken(given)),
        Some(given) => Err(SequencerError::NumberReadsAs { number: number.to_owned(), given }),
    }
}

/// What the audit trail says was given: of a block the first, the last, how many, and for what.
fn detail(reserved: &Reserved, by: &AuditEvent) -> String {
    let Reserved { number, more, .. } = reserved;
    match more.last() {
        None => number.clone(),
        Some(last) => {
            let what = by.detail.as_ref().map_or_else(String::new, |what| format!(", {what}"));
            format!("{number} to {last}, {} numbers{what}", more.len().saturating_add(1))
        }
    }
}

/// A number that a batch under way gives in advance, by what it is read as.
fn in_advance(number: &str) -> String {
    format!("#{}", number_as_read(number))
}
