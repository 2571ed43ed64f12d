//! Assigns log, index, identifier, number and status index, in memory, from the last durable state.
//!
//! A plan is only ever made whole from the store and then advanced; when anything after it fails it is
//! thrown away and made again, so what never left the process is used again and leaves no gap.

mod answer;
mod clock;
mod life;
mod load;
mod number;
mod planned;
mod shards;
mod status;

use answer::answer_to;
pub use answer::answered;
pub(super) use planned::{Owed, Planned, Row, Told};
pub(super) use shards::{keyed, of_day};
use status::{ListPlan, list_number};

use super::{
    Beside, Issue, Nudge, Numbering, Outcome, RequestKey, Saying, SequencerError, Task, Work,
    flight::request_text,
    gate::{Gate, MaySign},
    issued_for::{IssuedFor, Run},
    recalled::{is_with_nobody, made_before},
    snapshot::{self},
    unnumbered::Unnumbered,
    work::Done,
};
use crate::{
    certificate::{Ruling, number_as_read},
    log::{Origin, Shard},
    signature::PublicKey,
    statement::{Addressee, Body, Envelope, Issuer, Jti, Kid},
    store::{Answer, EntryRef, Expected, StateChange, Store, Subject, Table},
    time::{Clock, Date, Random, Timestamp, ZoneName, unix_ms},
    trust::TrustList,
};
use arc_swap::ArcSwap;
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::atomic::{AtomicU64, Ordering},
};

/// Batches that can be under way behind the one being assigned: one waiting, one being committed, and one
/// for good measure.
const BATCHES_UNDER_WAY: usize = 4;

/// Whose plan it is, and what it draws on.
pub(super) struct Ground<'a> {
    pub(super) issuer: &'a Issuer,
    pub(super) zone: &'a ZoneName,
    pub(super) kid: &'a Kid,
    pub(super) status_kid: &'a Kid,
    /// The shards that there is a log key for, and its public half.
    pub(super) keys: &'a [(Shard, PublicKey)],
    pub(super) trust: &'a ArcSwap<TrustList>,
    pub(super) store: &'a dyn Store,
    pub(super) clock: &'a dyn Clock,
    pub(super) random: &'a dyn Random,
    pub(super) gate: &'a Gate,
    /// The number of the last batch that is durable and published.
    pub(super) landed: &'a AtomicU64,
    /// Whether it was said that the clock was set back.
    pub(super) told: &'a Cell<bool>,
}

impl Ground<'_> {
    /// Why nothing is signed, if a key in use is closed.
    fn stopped(&self) -> Option<SequencerError> {
        self.gate.stopped(self.issuer, [self.kid, self.status_kid].into_iter(), &self.trust.load())
    }

    /// Whether there is a key for the shard of a log.
    fn has_key(&self, origin: &Origin) -> bool {
        self.keys.iter().any(|(shard, _)| *shard == origin.shard())
    }

    /// Whether the trust list has closed a log.
    fn is_closed(&self, origin: &Origin) -> bool {
        self.trust.load().is_closed(origin)
    }

    /// Refuses what nobody would find in its log: nothing becomes of a certificate that the end of its log made void.
    fn counts(&self, entry: &EntryRef) -> Result<(), SequencerError> {
        SequencerError::if_void(&self.trust.load(), entry)
    }
}

/// The next free place of everything.
pub(super) struct Plan {
    logs: BTreeMap<Origin, LogPlan>,
    series: HashMap<String, u64>,
    /// Numbers that batches under way give, by what they are read as.
    numbers: VecDeque<HashMap<String, String>>,
    /// Records that batches under way change.
    moving: VecDeque<(u64, HashSet<(Table, Vec<u8>)>)>,
    /// How many batches were handed over.
    batches: u64,
    /// Changes of status by the certificate they are about, as far as this plan met them.
    changes: HashMap<Vec<u8>, Vec<EntryRef>>,
    /// Certificates of which this plan changed some items.
    in_part: HashSet<(Origin, Jti)>,
    /// The newest instant that anything was stamped with.
    now: Timestamp,
    /// What the clock showed last, where it was set back behind that.
    set_back: Option<Timestamp>,
    /// The turn of the gate that it was made by.
    turn: u64,
    /// Logs that take nothing more until the trust list closes them.
    resting: BTreeSet<Origin>,
    /// The year whose logs were opened, or could not be.
    year: Option<i16>,
    /// The trust list whose closings its statuses follow.
    trust_version: u64,
    /// A log whose certificates came back without their numbers.
    numbers_unknown: Option<Origin>,
    /// Requests made before this, in Unix milliseconds, may have been carried out by a process whose work was lost.
    lost_before: u64,
    /// Certificates whose numbers nobody knows.
    unnumbered: Unnumbered,
}

struct LogPlan {
    /// None as long as it may not be signed for: then nothing gets a place in it.
    may_sign: Option<MaySign>,
    addressee: Addressee,
    next: u64,
    last: Option<Jti>,
    lists: Vec<ListPlan>,
    /// When its last snapshot was made; `None` makes one due.
    snapshot_at: Option<Timestamp>,
}

impl LogPlan {
    /// No certificate is addressed to everyone: there the log has no status to speak of.
    fn has_status(&self) -> bool {
        self.addressee != Addressee::Everyone
    }

    fn takes_snapshots(&self) -> bool {
        self.next > 0 && self.has_status() && self.may_sign.is_some()
    }
}

/// What a batch changed of a log besides its entries; written once for each log.
#[derive(Default)]
struct Touched {
    allocated: bool,
    changed: bool,
}

impl Plan {
    /// The turn of the gate that it was made by; at another one it does not hold.
    pub(super) const fn turn(&self) -> u64 {
        self.turn
    }

    /// The trust list that it was made by; under one that closes keys otherwise it does not hold.
    pub(super) const fn trust_version(&self) -> u64 {
        self.trust_version
    }

    /// Lets a log be signed for, as the gate stood when this was made; one that is new is asked about now.
    fn may_sign(&self, ground: &Ground<'_>, origin: &Origin) -> Result<MaySign, SequencerError> {
        match self.logs.get(origin) {
            Some(log) => log.may_sign.clone().ok_or_else(|| ground.gate.refusal(origin)),
            None => ground.gate.may_sign(origin, &ground.trust.load()),
        }
    }

    /// The log of an answer that a crash left without a head, where that may not be signed yet.
    fn waits_for_head<'a>(&self, answer: &'a Answer) -> Option<&'a Origin> {
        let origin = answer.entry.as_ref().filter(|_| !answer.published).map(|entry| &entry.origin)?;
        self.logs.get(origin).filter(|log| log.may_sign.is_none()).map(|_| origin)
    }

    /// Whether a certificate number may be given: none that was lost may be given again.
    fn may_number(&self, ground: &Ground<'_>) -> Result<(), SequencerError> {
        ground.gate.may_number(&ground.trust.load())?;
        let Some(log) = &self.numbers_unknown else { return Ok(()) };
        let is_with_nobody = is_with_nobody(ground.store, log)?;
        Err(ground.gate.numbers_unknown(log).with_nobody(is_with_nobody))
    }

    /// The instant at which the next snapshot is due, if any log is open.
    pub(super) fn next_snapshot(&self, ground: &Ground<'_>) -> Option<Timestamp> {
        if ground.stopped().is_some() {
            return None;
        }
        let open = self.logs.iter().filter(|(origin, log)| log.takes_snapshots() && self.may_grow(ground, origin));
        open.map(|(_, log)| log.snapshot_at.map_or(self.now, snapshot::due)).min()
    }

    /// Assigns what can be assigned, answers what can be answered, and adds the snapshots that are due.
    pub(super) fn assign(&mut self, ground: &Ground<'_>, works: &[Work]) -> Result<Planned, SequencerError> {
        // The clock stamps entries and never goes back, whatever the machine's does.
        let (stamped, clock) = (self.now, ground.clock.now());
        self.now = stamped.max(clock);
        self.watch(ground, clock);
        let mut planned = Planned { at_ms: unix_ms(self.now), ..Planned::default() };
        let mut touched: BTreeMap<Origin, Touched> = BTreeMap::new();
        let mut series: BTreeMap<String, u64> = BTreeMap::new();
        self.numbers.push_front(HashMap::new());
        self.batches += 1;
        planned.number = self.batches;
        self.moving.push_front((self.batches, HashSet::new()));
        let stopped = ground.stopped();
        for Work { request, digest, task, by } in works {
            let stored = ground.store.answered(&request.account, &request.id)?;
            if let Some(shut) = stored.as_ref().and_then(|answer| self.waits_for_head(answer)) {
                planned.answers.push((request.clone(), Err(ground.gate.refusal(shut))));
                continue;
            }
            if let Some(answer) = stored.map(|answer| answer_to(request, &answer, *digest)).transpose()? {
                planned.answers.push((request.clone(), answer));
                continue;
            }
            if let Some(stopped) = &stopped {
                planned.answers.push((request.clone(), Err(stopped.clone())));
                continue;
            }
            if made_before(&request.id, self.lost_before) {
                let refusal = SequencerError::RequestBeforeRecall(request_text(request));
                planned.answers.push((request.clone(), Err(refusal)));
                continue;
            }
            if let Some(refusal) = task.day().and_then(|day| self.other_day(day)) {
                planned.answers.push((request.clone(), Err(refusal)));
                continue;
            }
            let done = match task {
                Task::Reserve(one) => {
                    let done = self.reserve(ground, one, &mut planned, &mut series);
                    Self::settle(&mut planned, (request, *digest), by.as_ref(), done)?;
                    continue;
                }
                Task::Issue(issue) => {
                    self.issue(ground, issue, (request, *digest), &mut planned, &mut touched, &mut series)
                }
                Task::Replace(one) => {
                    self.replace(ground, one, (request, *digest), &mut planned, &mut touched, &mut series)
                }
                Task::Change(change) => self.change(ground, change, (request, *digest), &mut planned, &mut touched),
                Task::Say(saying) => self.say(ground, saying, (request, *digest), &mut planned),
                Task::Nudge(nudge) => self.nudge(ground, nudge, (request, *digest), &mut planned),
            };
            match done {
                Ok(outcome) => {
                    if let Some(by) = by {
                        planned.tell(by, request, &outcome);
                    }
                    if let Some(issue) = task.issue() {
                        let by = by.as_ref().map_or(&request.account, |by| &by.by);
                        let office = issue.particulars.reference.office.code.clone();
                        let before = match task {
                            // What takes the place of one other is for whom that was; of several, it may be for another.
                            Task::Replace(one) if one.originals.len() == 1 => one.originals.first(),
                            _ => None,
                        };
                        let before = before.map(|one| IssuedFor::of(ground.store, &one.entry)).transpose()?.flatten();
                        let application = issue.beside.application.or(before.and_then(|before| before.application));
                        let issued_for = IssuedFor { by: by.clone(), office, application };
                        Run::add(&mut planned.runs, issued_for, &outcome.entry);
                    }
                    let (request, digest, done) = (request.clone(), *digest, Done::Said(outcome));
                    planned.outcomes.push(Owed { request, digest, done });
                }
                Err(error @ SequencerError::Unavailable(_)) => return Err(error),
                Err(refusal) => planned.answers.push((request.clone(), Err(refusal))),
            }
        }
        if stopped.is_none() {
            self.open_year(ground, &mut planned)?;
            self.close(ground, &mut planned, touched, series)?;
        }
        if planned.is_empty() {
            // It is not sent: numbers that are under way must not be forgotten for it.
            self.numbers.pop_front();
            self.moving.pop_front();
            self.batches -= 1;
            // Nor is anything stamped.
            self.now = stamped;
        } else {
            self.numbers.truncate(BATCHES_UNDER_WAY);
            self.moving.truncate(BATCHES_UNDER_WAY);
        }
        Ok(planned)
    }

    /// Adds what a batch says once: counters, and the snapshots due by a change, a new log or the clock.
    fn close(
        &mut self,
        ground: &Ground<'_>,
        planned: &mut Planned,
        touched: BTreeMap<Origin, Touched>,
        series: BTreeMap<String, u64>,
    ) -> Result<(), SequencerError> {
        planned.state.extend(series.into_iter().map(|(series, next)| StateChange::SeriesAdvanced { series, next }));
        for (origin, mark) in &touched {
            let Some(log) = self.logs.get(origin) else { continue };
            if let (true, Some(list)) = (mark.allocated, log.lists.last()) {
                planned.state.push(StateChange::StatusAllocated {
                    origin: origin.clone(),
                    list: list_number(log.lists.len() - 1)?,
                    count: list.allocated,
                });
            }
        }
        let now = self.now;
        let due = self
            .logs
            .iter()
            .filter(|(origin, log)| {
                let changed = touched.get(*origin).is_some_and(|mark| mark.changed);
                let late = log.snapshot_at.is_none_or(|at| snapshot::due(at) <= now);
                log.takes_snapshots() && (changed || late) && self.may_grow(ground, origin)
            })
            .map(|(origin, _)| origin.clone())
            .collect::<Vec<_>>();
        for origin in due {
            self.snapshot(ground, &origin, planned)?;
        }
        Ok(())
    }

    fn issue(
        &mut self,
        ground: &Ground<'_>,
        issue: &Issue,
        (request, digest): (&RequestKey, [u8; 32]),
        planned: &mut Planned,
        touched: &mut BTreeMap<Origin, Touched>,
        series: &mut BTreeMap<String, u64>,
    ) -> Result<Outcome, SequencerError> {
        let Issue { particulars, ruling, addressee, numbering, bears, beside, .. } = issue;
        let issued_on = ruling.issued_on;
        // What can be refused is refused before anything is opened or drawn.
        self.stand_still(ground, &beside.expected)?;
        let origin = self.log_of(ground, addressee, issued_on)?;
        self.may_number(ground)?;
        let number = match numbering {
            Numbering::Brought(number) => {
                self.not_given(ground.store, number.as_str())?;
                number.clone()
            }
            // What holds it is expected to have it still: nothing else is issued under it.
            Numbering::Reserved(number) => {
                self.not_issued(ground.store, number.as_str())?;
                number.clone()
            }
            Numbering::Series(draw) => self.draw(ground, draw, issued_on, planned, series)?,
        };
        self.open_log(ground, &origin, addressee, planned)?;
        let text = number.to_string();
        let day = bears.unwrap_or(issued_on);
        let ruling = Ruling { issued_on: day, ..ruling.clone() };
        let certificate = particulars.clone().finish(ruling.numbered(number));
        let (status, status_index) = self.allocate_status(ground, &origin, planned, touched)?;
        let body = Body::Certificate { certificate: Box::new(certificate), status };
        if let Some(numbers) = self.numbers.front_mut() {
            numbers.insert(number_as_read(&text), text.clone());
        }
        let row = self.place(ground, &origin, body)?;
        let outcome = Outcome { entry: row.entry(), jti: row.envelope.jti, number: Some(text.clone()), day };
        self.take_along(beside, &outcome, planned)?;
        planned.rows.push(Row {
            status_index: Some(status_index),
            number: Some(text),
            request: Some((request.clone(), digest)),
            ..row
        });
        Ok(outcome)
    }

    fn say(
        &mut self,
        ground: &Ground<'_>,
        saying: &Saying,
        (request, digest): (&RequestKey, [u8; 32]),
        planned: &mut Planned,
    ) -> Result<Outcome, SequencerError> {
        let day = ground.zone.date_at(self.now);
        self.stand_still(ground, &saying.beside.expected)?;
        if let Body::PaperCertificate(paper) = saying.body() {
            self.paper_may(ground, paper.paper.number.as_str(), &saying.beside)?;
        }
        let origin = self.log_of(ground, saying.addressee(), day)?;
        self.open_log(ground, &origin, saying.addressee(), planned)?;
        let row = self.place(ground, &origin, saying.body().clone())?;
        let outcome = Outcome { entry: row.entry(), jti: row.envelope.jti, number: None, day };
        let found = Subject::said(saying.body());
        planned.state.extend(found.iter().map(|one| one.put(&outcome.entry, saying.body().kind(), planned.at_ms)));
        if let Body::PaperCertificate(paper) = saying.body() {
            self.paper_takes(paper.paper.number.as_str(), &outcome.entry, planned)?;
        }
        self.take_along(&saying.beside, &outcome, planned)?;
        planned.rows.push(Row { request: Some((request.clone(), digest)), ..row });
        Ok(outcome)
    }

    /// Changes state beside a log, and makes its next snapshot.
    fn nudge(
        &mut self,
        ground: &Ground<'_>,
        nudge: &Nudge,
        (request, digest): (&RequestKey, [u8; 32]),
        planned: &mut Planned,
    ) -> Result<Outcome, SequencerError> {
        let Nudge { origin, beside, rests } = nudge;
        self.stand_still(ground, &beside.expected)?;
        if !self.logs.get(origin).is_some_and(LogPlan::has_status) {
            return Err(SequencerError::NoSuchCertificate);
        }
        self.grows(ground, origin)?;
        self.may_sign(ground, origin)?;
        if *rests && origin.shard() >= Shard::of_year(ground.zone.date_at(self.now).year()) {
            return Err(SequencerError::LogInUse(origin.to_string()));
        }
        self.snapshot(ground, origin, planned)?;
        let gone = || SequencerError::Unavailable(format!("log {origin} made no snapshot"));
        let row = planned.rows.last_mut().ok_or_else(gone)?;
        row.request = Some((request.clone(), digest));
        let day = ground.zone.date_at(self.now);
        let outcome = Outcome { entry: row.entry(), jti: row.envelope.jti, number: None, day };
        self.take_along(beside, &outcome, planned)?;
        if *rests {
            self.resting.insert(origin.clone());
        }
        Ok(outcome)
    }

    /// Has state change with what an outcome stands for.
    fn take_along<T>(&mut self, beside: &Beside<T>, done: &T, planned: &mut Planned) -> Result<(), SequencerError> {
        planned.expected.extend(beside.expected.iter().cloned());
        planned.feed.extend(beside.feed.iter().cloned());
        if let Some(changes) = &beside.changes {
            planned.state.extend(changes(done).map_err(SequencerError::Unavailable)?);
        }
        if let Some((_, moving)) = self.moving.front_mut() {
            moving.extend(beside.expected.iter().map(|one| (one.table, one.id.clone())));
        }
        Ok(())
    }

    /// Gives a body the next place of its log.
    fn place(&mut self, ground: &Ground<'_>, origin: &Origin, body: Body) -> Result<Row, SequencerError> {
        let now = self.now;
        let gone = || SequencerError::Unavailable(format!("log {origin} is not open"));
        let log = self.logs.get_mut(origin).ok_or_else(gone)?;
        if log.may_sign.is_none() {
            return Err(ground.gate.refusal(origin));
        }
        let jti = Jti::next(log.last, now, ground.random).map_err(|e| SequencerError::Unavailable(e.to_string()))?;
        let envelope = Envelope {
            iss: ground.issuer.clone(),
            kid: ground.kid.clone(),
            jti,
            day: utc_day(now),
            aud: log.addressee.clone(),
            log: origin.clone(),
        };
        let index = log.next;
        log.last = Some(jti);
        log.next += 1;
        Ok(Row { envelope, index, body, status_index: None, number: None, request: None, cause: None })
    }

    /// Refuses what rests on a record that has moved, or that a batch under way moves.
    fn stand_still(&self, ground: &Ground<'_>, expected: &[Expected]) -> Result<(), SequencerError> {
        let landed = ground.landed.load(Ordering::Acquire);
        let under_way = || self.moving.iter().filter(|(number, _)| *number > landed);
        for Expected { table, id, record } in expected {
            let key = (*table, id.clone());
            let moves = under_way().any(|(_, batch)| batch.contains(&key));
            if moves || ground.store.record(*table, id)? != *record {
                return Err(SequencerError::RecordMoved);
            }
        }
        Ok(())
    }
}

fn utc_day(now: Timestamp) -> Date {
    now.to_zoned(jiff::tz::TimeZone::UTC).date()
}
