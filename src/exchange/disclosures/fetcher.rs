//! The addressee's side: asks for what it lacks, and says in receipts what it has.

use super::Taken;
use crate::{
    exchange::{
        is_to_everyone,
        message::{DisclosedEntry, DisclosuresAsked, MAX_INDEXES},
    },
    inbox::{Awaited, Receipted, Why, await_it, erased_there, settle},
    log::Origin,
    store::{Batch, StateChange},
    time::{Timestamp, has_come, later, passed, unix_ms},
};
use std::collections::BTreeSet;

/// Entries asked for in one call.
const MOST_ASKED: u64 = 256;
/// Bytes that may be on their way or in memory.
const CREDIT: u64 = 4 << 20;
/// Bytes that are made durable at once.
const PORTION: u64 = 1 << 20;
/// Seconds between receipts.
const RECEIPT_EVERY: i64 = 60;
/// A call that brings nothing for this long, in seconds, is given up.
const SILENCE: i64 = 60;
/// Seconds before what is missing is asked for again; it doubles up to ten minutes.
const FIRST_PAUSE: i64 = 30;
/// The longest pause, in seconds.
const LONGEST_PAUSE: i64 = 600;
/// Seconds before what is held back is asked for again, where there is no news of the log.
const HELD_PAUSE: i64 = 3_600;
/// The same where there is: a consent makes news, and so does every other entry.
const HELD_AFTER_NEWS: i64 = 10;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Time passed; once a second is often enough.
    Tick,
    /// So many entries of the log are held and published here.
    Published(u64),
    /// One answer of the call of [`Action::Fetch`].
    Answer(DisclosedEntry),
    /// The call is over, however it ended.
    Ended,
    /// The result of [`Action::Take`].
    Taken(Vec<(u64, Taken)>),
    /// The batch of [`Action::Commit`] is durable.
    Committed,
    /// [`Action::Take`] or [`Action::Commit`] failed. What is kept is read again and given to a new machine.
    StoreFailed,
    /// The receipt of [`Action::Receipt`] is in the log.
    Receipted,
    /// The receipt could not be made; it stays owed.
    ReceiptFailed,
    /// Disclosures were brought by another way than the connection: what is not here is asked for at once, and what is
    /// owed is receipted.
    Brought,
}

/// What is to be done.
#[derive(Debug)]
pub enum Action {
    /// Call `FetchDisclosures` at the log's own node, and read so many bytes at most.
    Fetch {
        /// What is asked.
        asked: DisclosuresAsked,
        /// Bytes.
        credit: u64,
    },
    /// Read so many bytes more of the call's answers.
    Credit(u64),
    /// Give the call up.
    Cancel,
    /// Hold these against their entries: [`super::take`].
    Take(Vec<DisclosedEntry>),
    /// Make this durable in the log's own store. One at a time.
    Commit(Batch),
    /// Tell the issuer, in a signed receipt in this node's own log to it, what reached this node.
    Receipt {
        /// The log that is receipted.
        origin: Origin,
        /// Entries below this index are spoken of.
        size: u64,
        /// Those whose disclosures did not come, or not rightly.
        missing: Vec<u64>,
        /// Those whose disclosures the issuer holds back.
        held: Vec<u64>,
    },
    /// Tell both operators that disclosures of these entries are wrong or missing.
    Missing(Vec<u64>),
}

/// Fetches the disclosures of one partner log.
#[derive(Debug)]
pub struct Fetcher {
    origin: Origin,
    awaited: Awaited,
    published: u64,
    call: Option<Call>,
    writing: Option<Writing>,
    /// Nothing new is asked for before: what was asked for last was left without an answer.
    again_at: Timestamp,
    missing_again_at: Timestamp,
    held_again_at: Timestamp,
    held_asked_at: Timestamp,
    pause: i64,
    receipt_at: Timestamp,
    receipt_under_way: bool,
    /// Where the entries end of which there is something to say once everything before them is settled: answers may
    /// come out of turn, and a receipt speaks for all entries up to its size.
    ahead: u64,
    stopped: bool,
}

#[derive(Debug)]
struct Call {
    /// Not answered yet.
    left: BTreeSet<u64>,
    /// Where the new entries asked for end.
    end: u64,
    arrived: Vec<DisclosedEntry>,
    bytes: u64,
    heard_at: Timestamp,
    over: bool,
}

#[derive(Debug)]
struct Writing {
    bytes: u64,
    awaited: Option<Awaited>,
}

impl Fetcher {
    /// Begins with what is kept, and `published` entries of the log.
    #[must_use]
    pub fn new(origin: Origin, awaited: Awaited, published: u64) -> Self {
        // How far ahead it was is not kept: of all that is there, something may be to say.
        let ahead = if awaited.receipted.owed { published } else { 0 };
        Self {
            origin,
            awaited,
            published,
            call: None,
            writing: None,
            again_at: Timestamp::MIN,
            missing_again_at: Timestamp::MIN,
            held_again_at: Timestamp::MIN,
            held_asked_at: Timestamp::MIN,
            pause: FIRST_PAUSE,
            receipt_at: Timestamp::MIN,
            receipt_under_way: false,
            ahead,
            stopped: false,
        }
    }

    /// What is awaited.
    #[must_use]
    pub const fn awaited(&self) -> &Awaited {
        &self.awaited
    }

    /// How many entries lack disclosures that are wanted: those that did not come, and, while a partner leaves what it is
    /// asked for without an answer, all behind them, of which it was not asked yet.
    #[must_use]
    pub fn missing(&self) -> u64 {
        let settled = self.awaited.receipted.settled;
        let answers = self.pause == FIRST_PAUSE;
        let (end, behind) = if answers { (u64::MAX, 0) } else { (settled, self.published.saturating_sub(settled)) };
        let listed = self.awaited.open.range(..end).filter(|(_, why)| **why == Why::Missing).count();
        u64::try_from(listed).unwrap_or(u64::MAX).saturating_add(behind)
    }

    /// The first of these, where there are any.
    #[must_use]
    pub fn first_missing(&self) -> Option<u64> {
        let listed = self.awaited.open.iter().find(|(_, why)| **why == Why::Missing).map(|(index, _)| *index);
        let behind = (self.pause != FIRST_PAUSE).then_some(self.awaited.receipted.settled);
        listed.into_iter().chain(behind).min().filter(|_| self.missing() > 0)
    }

    /// Whether nothing is asked for or being written just now.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.call.is_none() && self.writing.is_none()
    }

    /// Whether a receipt is owed or being made.
    #[must_use]
    pub fn owes_receipt(&self) -> bool {
        !is_to_everyone(&self.origin) && (self.awaited.receipted.owed || self.receipt_under_way)
    }

    /// Takes one event.
    pub fn step(&mut self, now: Timestamp, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.stopped {
            return actions;
        }
        match event {
            Event::Tick => {
                if let Some(call) = self.call.as_mut().filter(|call| !call.over)
                    && passed(call.heard_at, now) >= SILENCE
                {
                    call.over = true;
                    actions.push(Action::Cancel);
                }
            }
            Event::Published(size) => {
                if self.published < size {
                    self.published = size;
                    self.held_again_at = self.held_again_at.min(later(self.held_asked_at, HELD_AFTER_NEWS));
                }
            }
            Event::Answer(entry) => self.answer(now, entry),
            Event::Ended => {
                if let Some(call) = &mut self.call {
                    call.over = true;
                }
            }
            Event::Taken(taken) => self.taken(now, taken, &mut actions),
            Event::Committed => self.committed(&mut actions),
            Event::StoreFailed => {
                self.stopped = true;
                actions.extend(self.call.take().filter(|call| !call.over).map(|_| Action::Cancel));
                return actions;
            }
            Event::Receipted => actions.extend(self.receipted().map(Action::Commit)),
            Event::Brought => {
                (self.again_at, self.missing_again_at) = (Timestamp::MIN, Timestamp::MIN);
                (self.held_again_at, self.receipt_at) = (Timestamp::MIN, Timestamp::MIN);
                self.pause = FIRST_PAUSE;
            }
            Event::ReceiptFailed => {
                self.receipt_under_way = false;
                self.awaited.receipted.owed = true;
            }
        }
        self.go_on(now, &mut actions);
        actions
    }

    fn answer(&mut self, now: Timestamp, entry: DisclosedEntry) {
        let Some(call) = &mut self.call else { return };
        // What was not asked for, or was answered, is not taken, and is no sign of life.
        if call.left.remove(&entry.index) {
            call.heard_at = now;
            call.bytes += size_of(&entry);
            call.arrived.push(entry);
        }
    }

    fn go_on(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        if self.writing.is_none()
            && let Some(call) = &mut self.call
        {
            if !call.arrived.is_empty() && (call.bytes >= PORTION || call.over || call.left.is_empty()) {
                let bytes = std::mem::take(&mut call.bytes);
                self.writing = Some(Writing { bytes, awaited: None });
                actions.push(Action::Take(std::mem::take(&mut call.arrived)));
            } else if call.over || (call.left.is_empty() && call.arrived.is_empty()) {
                self.end(now, actions);
            }
        }
        if self.call.is_none() && self.writing.is_none() {
            self.ask(now, actions);
        }
        self.receipt(now, actions);
    }

    /// The call is through.
    fn end(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        let Some(call) = self.call.take() else { return };
        if !call.over {
            actions.push(Action::Cancel);
        }
        if call.left.is_empty() {
            self.pause = if self.awaited.indexes(Why::Missing).is_empty() { FIRST_PAUSE } else { self.pause };
        } else {
            self.rest(now);
            // What is new waits for no others: one that is held, and lost at the issuer's since, is answered by nobody.
            if call.end > self.awaited.receipted.settled {
                self.again_at = self.missing_again_at;
            }
            actions.push(Action::Missing(call.left.into_iter().collect()));
        }
    }

    /// New entries first, which wait for no others; then those that did not come, and now and then those held back.
    fn ask(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        let settled = self.awaited.receipted.settled;
        let mut end = settled;
        let mut left = BTreeSet::new();
        if has_come(self.again_at, now, LONGEST_PAUSE) && settled < self.published {
            end = self.published.min(settled.saturating_add(MOST_ASKED));
            left.extend(settled..end);
        } else {
            let missing_again = has_come(self.missing_again_at, now, LONGEST_PAUSE);
            let held_again = has_come(self.held_again_at, now, HELD_PAUSE);
            let due = |why: &Why| if *why == Why::Held { held_again } else { missing_again };
            let open = self.awaited.open.iter().filter(|(_, why)| due(why)).map(|(index, _)| *index);
            left.extend(open.take(MAX_INDEXES));
            if held_again {
                (self.held_asked_at, self.held_again_at) = (now, later(now, HELD_PAUSE));
            }
            if left.is_empty() {
                return;
            }
            if missing_again {
                self.rest(now);
            }
        }
        let asked = DisclosuresAsked { log: self.origin.clone(), indexes: left.iter().copied().collect() };
        self.call = Some(Call { left, end, arrived: Vec::new(), bytes: 0, heard_at: now, over: false });
        actions.push(Action::Fetch { asked, credit: CREDIT });
    }

    fn taken(&mut self, now: Timestamp, taken: Vec<(u64, Taken)>, actions: &mut Vec<Action>) {
        if self.writing.is_none() {
            return;
        }
        let mut next = self.awaited.clone();
        let mut batch = Batch { at_ms: unix_ms(now), ..Batch::default() };
        let (mut wrong, mut news) = (Vec::new(), Vec::new());
        for (index, taken) in taken {
            let why = match taken {
                Taken::Good(sealed, found) => {
                    batch.late.push(sealed);
                    batch.state.extend(found);
                    news.push(index);
                    None
                }
                Taken::Nothing => None,
                Taken::Erased => {
                    batch.state.push(erased_there(&self.origin, index));
                    None
                }
                Taken::Held => Some(Why::Held),
                Taken::Wrong => {
                    wrong.push(index);
                    // What was never sent is with its issuer alone: one that lost it learns from here that it was held.
                    Some(next.open.get(&index).copied().filter(|before| *before == Why::Held).unwrap_or(Why::Missing))
                }
            };
            let before = match why {
                Some(why) => next.open.insert(index, why),
                None => next.open.remove(&index),
            };
            if before != why {
                let change = why.map_or_else(|| settle(&self.origin, index), |why| await_it(&self.origin, index, why));
                batch.state.push(change);
                news.push(index);
            }
        }
        if let Some(call) = &self.call {
            // Everything below the first entry without an answer is settled, or listed.
            let waiting = call.left.iter().copied().chain(call.arrived.iter().map(|entry| entry.index));
            let settled = waiting.filter(|index| *index >= next.receipted.settled).min().unwrap_or(call.end);
            // A call for what is open asks for none of the new entries before it, and settles none.
            let settled = settled.min(call.end);
            next.receipted.settled = next.receipted.settled.max(settled);
        }
        let (before, settled) = (self.awaited.receipted.settled, next.receipted.settled);
        next.receipted.owed |= news.iter().any(|index| *index < settled) || (settled > before && self.ahead > 0);
        self.ahead = news.iter().map(|index| index + 1).fold(self.ahead, u64::max);
        if self.ahead <= settled {
            self.ahead = 0;
        }
        batch.state.push(self.kept(next.receipted));
        if let Some(writing) = &mut self.writing {
            writing.awaited = Some(next);
        }
        if !wrong.is_empty() {
            self.rest(now);
            actions.push(Action::Missing(wrong));
        }
        actions.push(Action::Commit(batch));
    }

    fn committed(&mut self, actions: &mut Vec<Action>) {
        let Some(Writing { bytes, awaited }) = self.writing.take() else { return };
        if let Some(awaited) = awaited {
            // A receipt may have been made meanwhile; what changed since is owed all the same.
            self.awaited = awaited;
        }
        if bytes > 0 && self.call.as_ref().is_some_and(|call| !call.over) {
            actions.push(Action::Credit(bytes));
        }
    }

    fn receipt(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        let due = self.awaited.receipted.owed && passed(self.receipt_at, now) >= RECEIPT_EVERY;
        // A receipt is the addressee's; what is to everyone has none who could sign one.
        if !due || is_to_everyone(&self.origin) || self.receipt_under_way || self.writing.is_some() {
            return;
        }
        self.receipt_at = now;
        self.receipt_under_way = true;
        self.awaited.receipted.owed = false;
        let size = self.awaited.receipted.settled;
        let below = |why| self.awaited.indexes(why).into_iter().filter(|index| *index < size).collect();
        let (missing, held) = (below(Why::Missing), below(Why::Held));
        actions.push(Action::Receipt { origin: self.origin.clone(), size, missing, held });
    }

    /// The receipt is in the log: that none is owed is kept, so that a restart makes no second one.
    fn receipted(&mut self) -> Option<Batch> {
        self.receipt_under_way = false;
        if self.awaited.receipted.owed || self.writing.is_some() {
            return None;
        }
        self.writing = Some(Writing { bytes: 0, awaited: None });
        Some(Batch { state: vec![self.kept(self.awaited.receipted)], ..Batch::default() })
    }

    /// What a restart finds: a receipt too many is made then, and never one too few.
    fn kept(&self, receipted: Receipted) -> StateChange {
        Receipted { owed: receipted.owed || self.ahead > 0, ..receipted }.put(&self.origin)
    }

    /// Leaves what is missing alone for a while, longer each time.
    fn rest(&mut self, now: Timestamp) {
        self.missing_again_at = later(now, self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

/// Bytes that an answer takes.
fn size_of(entry: &DisclosedEntry) -> u64 {
    u64::try_from(entry.bytes()).unwrap_or(u64::MAX).saturating_add(16)
}

#[cfg(test)]
mod tests;
