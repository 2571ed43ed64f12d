//! Certificate numbers: each given once, whether to a certificate or in advance.

use super::{Ground, Owed, Plan, Planned};
use crate::{
    agreement::Series,
    certificate::{CertificateNumber, number_as_read},
    office::AuditEvent,
    sequencer::{
        Beside, Draw, PaperNumber, RequestKey, Reservation, Reserved, SequencerError, Which, unnumbered,
        work::{Done, series_begin_id},
    },
    store::{EntryRef, Expected, StateChange, Store, StoreError, Table, number_id},
    time::Date,
};
use std::collections::BTreeMap;

/// Where a count stands.
#[derive(Clone, Copy)]
struct Count {
    /// The first serial, of one that was not begun.
    begins: Option<u64>,
    /// The next serial.
    next: u64,
    /// Whether it is to be kept that numbers which nobody knows were passed over.
    passes: bool,
}

impl Draw {
    /// The highest serial of the series that is known of a certificate, of a paper, or of what was given in advance.
    pub(crate) fn highest_known(&self, store: &dyn Store) -> Result<Option<u64>, StoreError> {
        // One that a back office brought may bear the last serial there is: nothing goes on behind that.
        let last = self.series.last_serial();
        let serial = |number: &str| Series::serial(&self.key, number).filter(|serial| *serial < last);
        store.highest_serial(&Series::begins_as_read(&self.key), &serial)
    }
}

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
        let Reservation { day: today, draw, which, beside, .. } = one;
        self.stand_still(ground, &beside.expected)?;
        self.may_number(ground)?;
        let mut drawn = Vec::new();
        match which {
            Which::Next(count) => {
                for _ in 0..*count {
                    let number = self.draw(ground, draw, *today, planned, series)?;
                    drawn.push(self.give_in_advance(&number));
                }
            }
            Which::These(numbers) => {
                for number in numbers {
                    self.not_given_but(ground.store, number.as_str(), &beside.expected)?;
                }
                let count = self.count(ground.store, draw, *today)?;
                let serials = numbers.iter().filter_map(|number| Series::serial(&draw.key, number.as_str()));
                // What was lost and is known by no number lay behind the block as well as before it.
                let behind = |last: u64| last.saturating_add(1).saturating_add(self.unnumbered.count);
                let next = serials.max().map_or(count.next, |last| count.next.max(behind(last)));
                self.counted(&draw.key, Count { next, ..count }, planned, series);
                drawn.extend(numbers.iter().map(|number| self.give_in_advance(number)));
            }
        }
        let mut drawn = drawn.into_iter();
        let nothing = || SequencerError::CannotCompose("a reservation of no number".to_owned());
        let number = drawn.next().ok_or_else(nothing)?;
        let reserved = Reserved { number, day: *today, more: drawn.collect() };
        self.take_along(beside, &reserved, planned)?;
        Ok(reserved)
    }

    fn give_in_advance(&mut self, number: &CertificateNumber) -> String {
        let number = number.to_string();
        if let Some(numbers) = self.numbers.front_mut() {
            // Under another key than a certificate's: its own certificate may come in the very next batch.
            numbers.insert(in_advance(&number), number.clone());
        }
        number
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
        let Draw { key, series: template, office, registration, .. } = draw;
        let count = self.count(ground.store, draw, day)?;
        let mut next = count.next;
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
        self.counted(key, Count { next, ..count }, planned, series);
        Ok(number)
    }

    /// Where the count of a series stands. After a loss it may have been further: it goes on behind every number of it
    /// that is known, since what lies between may stand on a paper that nobody here knows of, and passes over as many as
    /// are known to be lost.
    fn count(&self, store: &dyn Store, draw: &Draw, day: Date) -> Result<Count, SequencerError> {
        let (key, lost) = (&draw.key, &self.unnumbered);
        if let Some(next) = self.series.get(key) {
            return Ok(Count { begins: None, next: *next, passes: false });
        }
        let known = store.series_next(key)?;
        let (begins, next) = if known == 0 { (Some(draw.first.max(1)), draw.first.max(1)) } else { (None, known) };
        if self.lost_before == 0 && lost.count == 0 {
            return Ok(Count { begins, next, passes: false });
        }
        let (last, highest) = (draw.series.last_serial(), draw.highest_known(store)?);
        let next = highest.map_or(next, |highest| next.max(highest.saturating_add(1)));
        let passes = lost.count > 0 && !unnumbered::has_passed(store, key, lost.count)?;
        let behind = next.saturating_add(lost.count);
        // A series of which there is nothing begins after the loss, but in the year of what was lost.
        let had_some = (known > 0 || highest.is_some() || lost.may_be_before(day)) && behind <= last;
        Ok(Count { begins, next: if passes && had_some { behind } else { next }, passes })
    }

    /// Has the count of a series go on from there.
    fn counted(
        &mut self,
        key: &str,
        Count { begins, next, passes }: Count,
        planned: &mut Planned,
        series: &mut BTreeMap<String, u64>,
    ) {
        if let Some(begin) = begins.filter(|begin| *begin > 1) {
            // What lies below was never a number of this series: no gap has to be explained there.
            let (id, record) = (series_begin_id(key), begin.to_be_bytes().to_vec());
            planned.state.push(StateChange::RecordPut { table: Table::Setting, id, record });
        }
        if passes {
            planned.state.push(unnumbered::passed(key, self.unnumbered.count));
        }
        self.series.insert(key.to_owned(), next);
        series.insert(key.to_owned(), next);
    }

    /// Whether a paper of this number may be registered: it is nobody's, or held by what is expected to hold it still.
    pub(super) fn paper_may(&self, ground: &Ground<'_>, number: &str, beside: &Beside) -> Result<(), SequencerError> {
        self.may_number(ground)?;
        self.not_given_but(ground.store, number, &beside.expected)
    }

    /// Refuses a number that is somebody's, unless what is expected to hold it still holds it.
    fn not_given_but(&self, store: &dyn Store, number: &str, expected: &[Expected]) -> Result<(), SequencerError> {
        let id = number_id(number);
        let held = expected.iter().any(|one| one.table == Table::Number && one.id == id && one.record.is_some());
        if held { self.not_issued(store, number) } else { self.not_given(store, number) }
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
    let what = by.detail.as_ref().map_or_else(String::new, |what| format!(", {what}"));
    match more.last() {
        None => format!("{number}{what}"),
        Some(last) => format!("{number} to {last}, {} numbers{what}", more.len().saturating_add(1)),
    }
}

/// A number that a batch under way gives in advance, by what it is read as.
fn in_advance(number: &str) -> String {
    format!("#{}", number_as_read(number))
}
