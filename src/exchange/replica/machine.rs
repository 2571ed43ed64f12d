//! The machine itself: what it knows, and what it does on each event.

mod alarming;
mod cosigning;
mod losing;

use super::{
    Action, Elsewhere, Event, Held, ReplicaRecord, Suspicion, Unchecked, arrivals::Arrivals, heads::Heads,
    record::Heard,
};
use crate::{
    exchange::{
        Alarm, ExchangeError,
        credit::Credit,
        message::{Announce, FromReplica, FromSupplier, Hello, Package, Want},
    },
    log::{Extension, Origin, SignedCheckpoint, TreeHead},
    store::{Batch, PublishedHead},
    time::{Timestamp, has_come, later, passed, unix_ms},
    trust::TrustList,
};
use cosigning::{Floor, HEARTBEAT};
use std::{collections::VecDeque, sync::Arc};

/// Bytes of entries that may be on their way, in memory or being written: four packages or more.
const CREDIT: u64 = 4 << 20;
/// A partner that owes an answer for this long, in seconds, is silent.
const SILENCE: i64 = 30;
/// The first pause before dialling again, in seconds; it doubles with each failure.
const FIRST_PAUSE: i64 = 1;
/// The longest pause, in seconds.
const LONGEST_PAUSE: i64 = 64;
/// A partner's log waits so long, in seconds, for closed ones that it may speak for: what it says of them is held against
/// them. A partner that gives none of these stops no other log.
const SIBLINGS: i64 = 600;

/// What a replica is for.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The log.
    pub origin: Origin,
    /// The addressee, as in `aud`.
    pub addressee: String,
    /// The trust list in force.
    pub trust: Arc<TrustList>,
    /// Whether this node's replica key cosigns the log: not where it gets back what it lost of its own.
    pub cosigns: bool,
    /// Where closed logs are that this one may speak for.
    pub elsewhere: Elsewhere,
}

/// The addressee's side of one log.
#[derive(Debug)]
pub struct Replica {
    setup: Setup,
    held: Held,
    stream: Stream,
    writing: Writing,
    arrivals: Arrivals,
    heads: Heads,
    /// The first tick.
    begun: Option<Timestamp>,
    /// The pause before the next dial, in seconds.
    pause: i64,
    cosigned_at: Timestamp,
    /// Heads to be cosigned, rising; the first is with the key.
    to_cosign: VecDeque<TreeHead>,
    /// What is known of the log beside its entries has to be noted durably: two histories, or a loss.
    note_record: bool,
    /// Heads of branches that were left; none where a person has lifted nothing.
    left: Option<Vec<TreeHead>>,
    /// Findings may fall by the list in force.
    judge_again: bool,
    floor: Floor,
    alarm: Option<Alarm>,
    /// The same of what its own node says to have lost.
    lost: Option<Alarm>,
}

/// The stream to the log's own node.
#[derive(Debug)]
enum Stream {
    Down { until: Timestamp },
    Dialling { since: Timestamp },
    Up { heard_at: Timestamp, announced: bool, wanted: u64, credit: Credit },
}

/// What the store is doing.
#[derive(Debug)]
enum Writing {
    Nothing,
    Batch { until: Option<u64>, bytes: u64, heard: Option<Heard> },
    Head(Heard),
    Reload { since: Timestamp },
    Judging,
}

impl Replica {
    /// Begins with what is held; the first tick dials.
    #[must_use]
    pub fn new(setup: Setup, held: Held) -> Self {
        let arrivals = Arrivals::after(&held);
        let judge_again = may_judge(&setup, &held);
        let floor = if setup.cosigns { Floor::Unknown } else { Floor::Passed };
        Self {
            setup,
            held,
            stream: Stream::Down { until: Timestamp::MIN },
            writing: Writing::Nothing,
            arrivals,
            heads: Heads::default(),
            begun: None,
            pause: FIRST_PAUSE,
            cosigned_at: Timestamp::MIN,
            to_cosign: VecDeque::new(),
            note_record: false,
            left: None,
            judge_again,
            floor,
            alarm: None,
            lost: None,
        }
    }

    /// The log.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.setup.origin
    }

    /// What is durable.
    #[must_use]
    pub const fn held(&self) -> &Held {
        &self.held
    }

    /// The newest size that the log was heard to have, on this stream or before it.
    #[must_use]
    pub fn heard_size(&self) -> u64 {
        let kept = self.held.record.heard.as_ref().map_or(0, |heard| heard.head.size);
        self.heads.newest().map_or(kept, |heard| heard.head.size.max(kept))
    }

    /// Takes one event.
    pub fn step(&mut self, now: Timestamp, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Tick => self.tick(now, &mut actions),
            Event::Offered => {
                if let Stream::Down { until } = &mut self.stream {
                    *until = now;
                }
                self.tick(now, &mut actions);
            }
            Event::Connected => self.connected(now, &mut actions),
            Event::Disconnected => self.down(now),
            Event::Broken(why) => self.hang_up(now, why, &mut actions),
            Event::Received(message) => self.received(now, message, &mut actions),
            Event::Checked(checked) => self.arrivals.checked(checked),
            Event::Committed => self.committed(&mut actions),
            Event::Advanced => self.advanced(&mut actions),
            Event::StoreFailed(why) => self.store_failed(now, why, &mut actions),
            Event::Reloaded(held) => self.reloaded(now, *held),
            Event::Cosigned { size, line } => self.cosigned(now, size, line, &mut actions),
            Event::Trust(trust) => {
                // Entries that are on their way were checked by the list before, whether any are held or not.
                let closes = |trust: &TrustList| trust.closed_in(&self.setup.origin);
                let otherwise = self.setup.cosigns && closes(&trust) != closes(&self.setup.trust);
                self.setup.trust = trust;
                self.judge_again |= otherwise || may_judge(&self.setup, &self.held);
            }
            Event::Beside => self.judge_again = self.setup.cosigns,
            Event::Equivocated(size) => self.equivocated(now, size, &mut actions),
            Event::Lifted(left) => {
                self.lift(left, &mut actions);
                self.recall(&mut actions);
            }
            Event::Lost(loss) => self.loses(now, loss, &mut actions),
            Event::Recalled(heads) if matches!(self.floor, Floor::Unknown) => {
                let heads = heads.into_iter().filter(|heard| !self.is_left(&heard.head)).collect();
                self.floor = Floor::At { heads, reading: false };
                self.recall(&mut actions);
            }
            Event::Recalled(_) => {}
            Event::Root(size, root) => self.compared(now, size, root, &mut actions),
        }
        self.misses(now);
        self.write(now, &mut actions);
        actions
    }

    /// The closed logs that have to be here before anything of this one is taken; none where nothing waits.
    #[must_use]
    pub fn awaits_closed(&self, now: Timestamp) -> Vec<Origin> {
        let waits = matches!(self.stream, Stream::Down { .. }) && self.waits(now);
        if waits { self.held.siblings.lacking() } else { Vec::new() }
    }

    /// Whether it waits for closed logs. What comes back of an own log was judged when it was said.
    fn waits(&self, now: Timestamp) -> bool {
        let is_over = self.begun.is_some_and(|begun| passed(begun, now) >= SIBLINGS);
        self.setup.cosigns && self.held.siblings.lack() && !is_over
    }

    fn tick(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        self.recall(actions);
        match &self.stream {
            Stream::Down { until } => {
                self.begun = self.begun.or(Some(now));
                let free = matches!(self.writing, Writing::Nothing) && !self.judge_again && !self.waits(now);
                let idle = free && self.arrivals.is_empty();
                if has_come(*until, now, LONGEST_PAUSE) && idle && self.held.record.equivocated.is_none() {
                    self.stream = Stream::Dialling { since: now };
                    actions.push(Action::Dial);
                }
            }
            Stream::Dialling { since } => {
                if passed(*since, now) >= SILENCE {
                    self.hang_up(now, ExchangeError::Silent, actions);
                }
            }
            Stream::Up { heard_at, announced, wanted, credit } => {
                let owes = (!announced && !self.is_gone()) || (credit.left() > 0 && self.arrivals.next() < *wanted);
                if owes && passed(*heard_at, now) >= SILENCE {
                    self.hang_up(now, ExchangeError::Silent, actions);
                } else if passed(self.cosigned_at, now) >= HEARTBEAT {
                    self.cosign_held(now, actions);
                }
            }
        }
        if let Writing::Reload { since } = &self.writing
            && passed(*since, now) >= self.pause
        {
            self.pause = longer(self.pause);
            self.writing = Writing::Reload { since: now };
            actions.push(Action::Reload);
        }
    }

    fn connected(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        if !matches!(self.stream, Stream::Dialling { .. }) {
            return;
        }
        let head = self.held.tree_head();
        self.heads = Heads::after(&self.held);
        let next_index = self.held.edge.size();
        self.stream = Stream::Up { heard_at: now, announced: false, wanted: next_index, credit: Credit::default() };
        let hello = Hello { log: self.setup.origin.clone(), next_index, head };
        actions.push(Action::Send(FromReplica::Hello(hello)));
    }

    /// The stream is gone; what arrived and is not being written is asked for again.
    fn down(&mut self, now: Timestamp) {
        self.stream = Stream::Down { until: later(now, self.pause) };
        self.pause = longer(self.pause);
        self.arrivals.forget();
        // A head that is being made durable, or was passed by a batch, is announced again.
        self.heads = Heads::default();
    }

    fn hang_up(&mut self, now: Timestamp, why: ExchangeError, actions: &mut Vec<Action>) {
        self.raise(now, why.clone(), actions);
        actions.push(Action::HangUp(why));
        self.down(now);
    }

    fn received(&mut self, now: Timestamp, message: FromSupplier, actions: &mut Vec<Action>) {
        let Stream::Up { heard_at, .. } = &mut self.stream else { return };
        *heard_at = now;
        let taken = match message {
            FromSupplier::Announce(announce) => self.announced(now, announce, actions),
            FromSupplier::Package(package) => self.package(package, actions),
        };
        if let Err(why) = taken {
            self.hang_up(now, why, actions);
        }
    }

    fn announced(
        &mut self,
        now: Timestamp,
        announce: Announce,
        actions: &mut Vec<Action>,
    ) -> Result<(), ExchangeError> {
        let key = self.setup.trust.log_key(&self.setup.origin).ok_or(ExchangeError::UntrustedLog)?;
        let signed = SignedCheckpoint::open(&announce.note, &key)?;
        let head = signed.checkpoint().head;
        let heard = Heard { head, note: announce.note };
        if self.is_left(&head) {
            // It still shows the other branch: what is held is kept.
            return Err(ExchangeError::Equivocated(head.size));
        }
        if let Some(other) = self.heads.contradicted(&heard, &self.held) {
            actions.push(Action::Suspect(self.suspicion(other, heard.note)));
            if self.left.is_some() {
                // It may be of the branch that was left: whoever compares all heads says whether it is news.
                return Err(ExchangeError::Equivocated(head.size));
            }
            self.equivocated(now, head.size, actions);
            return Ok(());
        }
        if let Err(why) = self.heads.announce(heard, announce.consistency, &self.held) {
            if let ExchangeError::Inconsistent { .. } | ExchangeError::OtherEntries { .. } = why
                && let Some(known) = self.heads.newest().or(self.held.record.heard.as_ref())
            {
                actions.push(Action::Suspect(self.suspicion(known.note.clone(), signed.note().to_string())));
            }
            return Err(why);
        }
        self.shows(head.size);
        self.pause = FIRST_PAUSE;
        self.want(true, actions);
        if self.held.head.as_ref().is_some_and(|held| held.head == head) {
            self.is_well();
            // It may have lost what was cosigned before.
            self.cosign_held(now, actions);
        }
        Ok(())
    }

    /// Asks for what was announced and not asked for, and gives back the credit of what was made durable.
    fn want(&mut self, news: bool, actions: &mut Vec<Action>) {
        let Some(to) = self.heads.newest().map(|heard| heard.head.size) else { return };
        if let Stream::Up { announced, .. } = &mut self.stream {
            *announced = true;
        }
        let next = self.arrivals.next();
        let waiting = self.arrivals.bytes() + self.writing.bytes();
        let Stream::Up { wanted, credit, .. } = &mut self.stream else { return };
        let more = CREDIT.saturating_sub(waiting + credit.left());
        // Small change is not worth a message.
        if to > next && ((news && to > *wanted) || more >= CREDIT / 4) {
            *wanted = to;
            credit.give(more);
            actions.push(Action::Send(FromReplica::Want(Want { from: next, to, credit: more })));
        }
    }

    fn package(&mut self, package: Package, actions: &mut Vec<Action>) -> Result<(), ExchangeError> {
        let Stream::Up { wanted, credit, .. } = &mut self.stream else { return Ok(()) };
        if !package.is_bounded() {
            return Err(ExchangeError::Protocol("a package out of bounds"));
        }
        if !credit.take(u64::try_from(package.bytes()).unwrap_or(u64::MAX)) || package.end() > *wanted {
            return Err(ExchangeError::Protocol("a package nobody asked for"));
        }
        let durable = self.held.edge.size();
        let (ticket, start) = (self.arrivals.take(&package, &self.heads, durable)?, package.start);
        let Setup { origin, trust, elsewhere, .. } = self.setup.clone();
        actions.push(Action::Check(Unchecked { ticket, origin, start, entries: package.entries, trust, elsewhere }));
        Ok(())
    }

    /// The next thing for the store to do, if it has nothing to do.
    fn write(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        if !matches!(self.writing, Writing::Nothing) {
            return;
        }
        if std::mem::take(&mut self.note_record) {
            let state = vec![self.held.record.put(&self.setup.origin)];
            self.writing = Writing::Batch { until: None, bytes: 0, heard: None };
            actions.push(Action::Commit(Batch { at_ms: unix_ms(now), state, ..Batch::default() }));
        }
        if self.held.record.equivocated.is_some() || !matches!(self.writing, Writing::Nothing) {
            return;
        }
        if std::mem::take(&mut self.judge_again) {
            // What is on its way was checked by the list before.
            self.down(now);
            self.writing = Writing::Judging;
            actions.push(Action::JudgeAgain(Box::new(self.setup.clone())));
            return;
        }
        if let Some((heard, proof)) = self.heads.reached(self.held.edge.size()) {
            let previous = self.held.head.as_ref().map(|head| head.head);
            match Extension::prove(self.setup.origin.clone(), previous, heard.head, &proof) {
                Ok(extension) => {
                    let note = heard.note.clone();
                    self.writing = Writing::Head(heard);
                    actions.push(Action::Advance { extension: Box::new(extension), note });
                }
                Err(why) => self.hang_up(now, why.into(), actions),
            }
            return;
        }
        let heard = self.heard();
        let staged = self.arrivals.stage(&self.setup, &mut self.held, heard.as_ref(), unix_ms(now));
        if let Some(staged) = staged {
            self.writing = Writing::Batch { until: Some(staged.end), bytes: staged.bytes, heard };
            if !staged.findings.is_empty() {
                actions.push(Action::Found(staged.findings));
            }
            actions.push(Action::Commit(staged.batch));
        }
    }

    fn committed(&mut self, actions: &mut Vec<Action>) {
        let Writing::Batch { until, heard, .. } = std::mem::replace(&mut self.writing, Writing::Nothing) else {
            return;
        };
        if until.is_some() {
            self.held.edge = self.arrivals.committed();
            self.held.record.heard = heard.or(self.held.record.heard.take());
            self.held.open = true;
            // A log may be years behind its next head: only what a check cannot see is kept in memory.
            let seen = self.arrivals.oldest_view().unwrap_or(self.held.edge.size());
            self.held.recent.retain(|_, target| target.index >= seen);
        }
        self.want(false, actions);
    }

    fn advanced(&mut self, actions: &mut Vec<Action>) {
        let Writing::Head(heard) = std::mem::replace(&mut self.writing, Writing::Nothing) else { return };
        self.held.head = Some(PublishedHead { head: heard.head, note: heard.note });
        if self.heads.newest().is_some() {
            // It was announced on this stream.
            self.is_well();
        }
        self.heads.advanced(heard.head.size);
        self.recall(actions);
        self.cosign(actions);
    }

    fn store_failed(&mut self, now: Timestamp, why: String, actions: &mut Vec<Action>) {
        let first = !matches!(self.writing, Writing::Reload { .. });
        self.judge_again |= matches!(self.writing, Writing::Judging);
        self.writing = Writing::Reload { since: now };
        if first {
            self.hang_up(now, ExchangeError::CannotKeep(why), actions);
            actions.push(Action::Reload);
        } else {
            self.raise(now, ExchangeError::CannotKeep(why), actions);
        }
    }

    fn reloaded(&mut self, now: Timestamp, held: Held) {
        if !matches!(self.writing, Writing::Reload { .. } | Writing::Judging) {
            return;
        }
        let ReplicaRecord { equivocated, loss, .. } = self.held.record;
        self.held = held;
        // What came to be known while the store failed, or was lifted, is not durable yet.
        let record = &mut self.held.record;
        self.note_record |= (record.equivocated, record.loss) != (equivocated, loss);
        (record.equivocated, record.loss) = (equivocated, loss);
        self.arrivals = Arrivals::after(&self.held);
        self.heads = Heads::default();
        self.writing = Writing::Nothing;
        self.stream = Stream::Down { until: later(now, self.pause) };
    }

    fn is_left(&self, head: &TreeHead) -> bool {
        self.left.as_ref().is_some_and(|left| left.contains(head))
    }

    /// The first branch is kept as it is; nothing more is taken or cosigned.
    fn equivocated(&mut self, now: Timestamp, size: u64, actions: &mut Vec<Action>) {
        if self.held.record.equivocated.is_none() {
            self.held.record.equivocated = Some(size);
            self.note_record = true;
            self.hang_up(now, ExchangeError::Equivocated(size), actions);
        } else {
            // As it was before a start.
            self.alarm = Some(Alarm::after(self.alarm.take(), ExchangeError::Equivocated(size), now));
        }
    }

    fn suspicion(&self, first: String, second: String) -> Suspicion {
        Suspicion { origin: self.setup.origin.clone(), first, second }
    }
}

impl Writing {
    const fn bytes(&self) -> u64 {
        match self {
            Self::Batch { bytes, .. } => *bytes,
            _ => 0,
        }
    }
}

/// Whether there are findings that a list may take back, entries that it makes void, keys that it closes otherwise than the
/// one before, or closed logs that it has the log speak for: of a partner's log, for what comes back of an own one was
/// judged when it was issued.
fn may_judge(setup: &Setup, held: &Held) -> bool {
    let Setup { origin, trust, .. } = setup;
    let durable = held.edge.size();
    let void = |last: u64| held.findings.range(last..).count() < usize::try_from(durable - last).unwrap_or(usize::MAX);
    let ended = trust.shard_final_size(origin).is_some_and(|last| last < durable && void(last));
    let otherwise = || held.open && held.record.closed != held.siblings.judged_with(trust.closed_in(origin));
    setup.cosigns && (!held.findings.is_empty() || ended || otherwise() || !held.siblings.are_by(trust, origin))
}

fn longer(pause: i64) -> i64 {
    (pause * 2).min(LONGEST_PAUSE)
}
