//! The issuer's side of one `Sync` stream: heads as they are published, entries as they are wanted, cosignatures as
//! they come. Nothing of a stream outlives it.

use super::{
    ExchangeError,
    access::may_replicate,
    cosigned::Kept,
    credit::Credit,
    message::{Announce, Cosign, FromReplica, FromSupplier, Hello, Package},
};
use crate::{
    log::{EMPTY_ROOT, Hash, Origin, TreeHead, roundness},
    store::PublishedHead,
    time::{Timestamp, passed},
    trust::{NodeName, TrustList},
};
use bytes::Bytes;
use std::{collections::VecDeque, sync::Arc};

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Time passed; once a second is often enough.
    Tick,
    /// The partner said something.
    Received(FromReplica),
    /// The transport took what was sent first of what it had not taken yet.
    Sent,
    /// The log has a newer head. Also once at the beginning, if it has one at all.
    Published(PublishedHead),
    /// The result of [`Action::Prove`].
    Proven(Vec<Hash>),
    /// The result of [`Action::Read`]: entries from its start on, at least one, as many as fit a package, and the
    /// consistency proof from the tree that ends with the last of them to the size asked for.
    Read {
        /// The leaves.
        entries: Vec<Bytes>,
        /// The proof.
        proof: Vec<Hash>,
    },
    /// [`Action::Prove`] or [`Action::Read`] failed.
    Failed(String),
    /// Another trust list is in force.
    Trust(Arc<TrustList>),
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Say this on the stream. [`Event::Sent`] follows when the transport has taken it.
    Send(FromSupplier),
    /// Build the consistency proof between two published sizes of the log.
    Prove {
        /// The smaller size.
        old: u64,
        /// The larger.
        new: u64,
    },
    /// Read entries for a package: within [`super::message::MAX_PACKAGE_ENTRIES`] and
    /// [`super::message::MAX_PACKAGE_BYTES`].
    Read {
        /// Index of the first.
        start: u64,
        /// Index past the last that may come.
        end: u64,
        /// The size that the proof leads to.
        size: u64,
    },
    /// Keep this verified cosignature of an own head.
    Keep(Kept),
    /// End the stream, telling the reason.
    HangUp(ExchangeError),
}

/// Heads that may be announced and not cosigned; of news beyond them the [roundest](roundness) waits, and the newest behind
/// it. Announced as fast as they come, a partner farther away than the next eight would cosign what nobody waits for any more.
const MOST_OPEN: usize = 8;
/// A partner that has all entries of what was announced and cosigns nothing hears of news all the same after this long, in
/// seconds: it may not know yet what it may cosign.
const PATIENCE: i64 = 1;
/// Messages that the transport may not have taken yet.
const MOST_UNTAKEN: u32 = 4;
/// A partner that owes a greeting for this long, in seconds, is silent.
const SILENCE: i64 = 30;
/// A partner that takes nothing of what there is for this long, in seconds, is cut off.
const SLOW: i64 = 60;

/// The issuer's side of one stream.
#[derive(Debug)]
pub struct Supplier {
    origin: Origin,
    caller: NodeName,
    trust: Arc<TrustList>,
    since: Timestamp,
    greeted: bool,
    closed: bool,
    newest: Option<PublishedHead>,
    /// Heads to be announced, rising: as many as there is room for, or one, and the newest.
    news: VecDeque<PublishedHead>,
    /// The head announced last, or named in the hello.
    announced: TreeHead,
    /// When the partner heard of a head on this stream; never at the beginning.
    told_at: Option<Timestamp>,
    proving: Option<PublishedHead>,
    /// Heads announced and not cosigned yet, and the newest in any case.
    open: VecDeque<PublishedHead>,
    /// The next entry to be sent, up to where entries are wanted, and the credit for them.
    next: u64,
    wanted: u64,
    credit: Credit,
    /// The read under way: its start and the size its proof leads to.
    reading: Option<(u64, u64)>,
    untaken: u32,
    /// When the partner last took something, or said something.
    moved_at: Timestamp,
}

impl Supplier {
    /// Begins when a partner, known by its TLS key, opened a stream and named this log. Let the newest head come
    /// first, if there is one, then the hello.
    #[must_use]
    pub fn new(origin: Origin, caller: NodeName, trust: Arc<TrustList>, now: Timestamp) -> Self {
        Self {
            origin,
            caller,
            trust,
            since: now,
            greeted: false,
            closed: false,
            newest: None,
            news: VecDeque::new(),
            announced: TreeHead { size: 0, root: EMPTY_ROOT },
            told_at: None,
            proving: None,
            open: VecDeque::new(),
            next: 0,
            wanted: 0,
            credit: Credit::default(),
            reading: None,
            untaken: 0,
            moved_at: now,
        }
    }

    /// Entries that the partner was not sent yet.
    #[must_use]
    pub fn behind(&self) -> u64 {
        self.newest.as_ref().map_or(0, |head| head.head.size.saturating_sub(self.next))
    }

    /// Takes one event.
    pub fn step(&mut self, now: Timestamp, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.closed {
            return actions;
        }
        let result = match event {
            Event::Tick => self.tick(now),
            Event::Received(message) => {
                self.moved_at = now;
                self.received(message, &mut actions)
            }
            Event::Sent => {
                self.untaken = self.untaken.saturating_sub(1);
                self.moved_at = now;
                Ok(())
            }
            Event::Published(head) => {
                self.published(head);
                Ok(())
            }
            Event::Proven(proof) => {
                if let Some(head) = self.proving.take() {
                    self.announce(now, head, proof, &mut actions);
                }
                Ok(())
            }
            Event::Read { entries, proof } => self.read(now, entries, proof, &mut actions),
            Event::Failed(why) => Err(ExchangeError::CannotKeep(why)),
            Event::Trust(trust) => {
                self.trust = trust;
                self.allowed()
            }
        };
        match result {
            Ok(()) => self.go_on(now, &mut actions),
            Err(why) => {
                self.closed = true;
                actions.push(Action::HangUp(why));
            }
        }
        actions
    }

    fn tick(&self, now: Timestamp) -> Result<(), ExchangeError> {
        if !self.greeted {
            return if passed(self.since, now) >= SILENCE { Err(ExchangeError::Silent) } else { Ok(()) };
        }
        let owes =
            self.untaken > 0 || (self.told_at.is_some() && self.next < self.announced.size && self.credit.left() == 0);
        if owes && passed(self.moved_at, now) >= SLOW { Err(ExchangeError::SlowConsumer) } else { Ok(()) }
    }

    fn allowed(&self) -> Result<(), ExchangeError> {
        if may_replicate(&self.trust, &self.caller, &self.origin) { Ok(()) } else { Err(ExchangeError::NotForYou) }
    }

    fn received(&mut self, message: FromReplica, actions: &mut Vec<Action>) -> Result<(), ExchangeError> {
        match message {
            FromReplica::Hello(_) if self.greeted => Err(ExchangeError::Protocol("a second hello")),
            FromReplica::Hello(hello) => self.greet(&hello),
            _ if !self.greeted => Err(ExchangeError::Protocol("the hello comes first")),
            FromReplica::Want(want) => {
                if want.from > self.next || want.to > self.announced.size || self.told_at.is_none() {
                    return Err(ExchangeError::Protocol("entries that were not announced"));
                }
                self.wanted = self.wanted.max(want.to);
                self.credit.give(want.credit);
                Ok(())
            }
            FromReplica::Cosign(cosign) => self.cosigned(&cosign, actions),
        }
    }

    fn greet(&mut self, hello: &Hello) -> Result<(), ExchangeError> {
        if hello.log != self.origin {
            return Err(ExchangeError::UnknownLog);
        }
        self.allowed()?;
        let published = self.newest.as_ref().map_or(0, |head| head.head.size);
        let held = hello.next_index.max(hello.head.size);
        if held > published {
            return Err(ExchangeError::Ahead { held, published });
        }
        self.greeted = true;
        self.announced = hello.head;
        (self.next, self.wanted) = (hello.next_index, hello.next_index);
        self.news = self.newest.iter().cloned().collect();
        Ok(())
    }

    fn published(&mut self, head: PublishedHead) {
        if self.newest.as_ref().is_some_and(|newest| newest.head.size >= head.head.size) {
            return;
        }
        self.newest = Some(head.clone());
        if !self.greeted {
            return;
        }
        // One that keeps up cosigns each; one that lags, what others who lag are shown too.
        let taken = self.open.len() + usize::from(self.proving.is_some());
        let room = MOST_OPEN.saturating_sub(taken).max(1);
        self.news.truncate(room);
        if self.news.len() == room {
            let before = self.news.iter().rev().nth(1).or(self.proving.as_ref());
            let after = before.map_or(self.announced.size, |before| before.head.size);
            let is_rounder = |last: &PublishedHead| roundness(after, head.head.size) > roundness(after, last.head.size);
            if self.news.back().is_some_and(is_rounder) {
                self.news.pop_back();
            }
        }
        self.news.push_back(head);
    }

    fn announce(&mut self, now: Timestamp, head: PublishedHead, proof: Vec<Hash>, actions: &mut Vec<Action>) {
        self.announced = head.head;
        self.told_at = Some(now);
        let announce = Announce { note: head.note.clone(), consistency: proof };
        // The partner comes to the oldest first: while that one is open, it is never too late for all of them.
        if self.open.len() >= MOST_OPEN {
            self.open.pop_back();
        }
        self.open.push_back(head);
        self.send(now, FromSupplier::Announce(announce), actions);
    }

    fn read(
        &mut self,
        now: Timestamp,
        entries: Vec<Bytes>,
        proof: Vec<Hash>,
        actions: &mut Vec<Action>,
    ) -> Result<(), ExchangeError> {
        let Some((start, size)) = self.reading.take() else { return Ok(()) };
        let package = Package { start, entries, size, proof };
        if !package.is_bounded() {
            return Err(ExchangeError::CannotKeep("entries could not be read for a package".to_owned()));
        }
        self.next = package.end();
        self.credit.take(u64::try_from(package.bytes()).unwrap_or(u64::MAX));
        self.send(now, FromSupplier::Package(package), actions);
        Ok(())
    }

    fn cosigned(&mut self, cosign: &Cosign, actions: &mut Vec<Action>) -> Result<(), ExchangeError> {
        // A partner cosigns no smaller head after this one, also where this is one that a newer one took the place of.
        while self.open.len() > 1 && self.open.front().is_some_and(|open| open.head.size < cosign.size) {
            self.open.pop_front();
        }
        let Some(head) = self.open.front().filter(|open| open.head.size == cosign.size) else { return Ok(()) };
        let node = self.trust.node(&self.caller).ok_or(ExchangeError::NotForYou)?;
        let kept = Kept::check(&self.trust, &self.origin, head, &cosign.line, node.replica_keys())?;
        actions.push(Action::Keep(kept));
        // The newest stays open: it is cosigned again when there is no news.
        if self.open.len() > 1 {
            self.open.pop_front();
        }
        Ok(())
    }

    /// Whether the partner may hear of another head.
    fn may_announce(&self, now: Timestamp) -> bool {
        let is_patient = self.told_at.is_none_or(|told| passed(told, now) < PATIENCE);
        let has_room = self.open.len() < MOST_OPEN || (self.next >= self.announced.size && !is_patient);
        self.proving.is_none() && self.untaken < MOST_UNTAKEN && has_room
    }

    fn go_on(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        if !self.greeted {
            return;
        }
        if self.may_announce(now)
            && let Some(head) = self.news.pop_front()
        {
            let (old, new) = (self.announced.size, head.head.size);
            if old == 0 || old == new {
                self.announce(now, head, Vec::new(), actions);
            } else {
                self.proving = Some(head);
                actions.push(Action::Prove { old, new });
            }
        }
        let end = self.wanted.min(self.announced.size);
        if self.reading.is_none() && self.untaken < MOST_UNTAKEN && self.credit.left() > 0 && self.next < end {
            let (start, size) = (self.next, self.announced.size);
            self.reading = Some((start, size));
            actions.push(Action::Read { start, end, size });
        }
    }

    fn send(&mut self, now: Timestamp, message: FromSupplier, actions: &mut Vec<Action>) {
        if self.untaken == 0 {
            self.moved_at = now;
        }
        self.untaken += 1;
        actions.push(Action::Send(message));
    }
}
