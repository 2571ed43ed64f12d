//! The issuer's side of one call for disclosures: to the node that the trust list names, and to nobody else.

use crate::{
    exchange::{
        ExchangeError,
        access::may_have_disclosures,
        message::{Disclosed, DisclosedEntry, DisclosuresAsked, MAX_INDEXES},
    },
    time::Timestamp,
    trust::{NodeName, TrustList},
};
use std::{collections::VecDeque, sync::Arc};

/// Answers that the transport may not have taken yet.
const MOST_UNTAKEN: u32 = 8;
/// A caller that takes nothing for this long, in seconds, is cut off.
const SLOW: i64 = 60;

/// What happened.
#[derive(Debug)]
pub enum DiscloserEvent {
    /// Time passed.
    Tick,
    /// The result of [`DiscloserAction::Read`].
    Read(Disclosed),
    /// It could not be read.
    Failed(String),
    /// The transport took the answer that was sent first of what it had not taken yet.
    Sent,
    /// Another trust list is in force.
    Trust(Arc<TrustList>),
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum DiscloserAction {
    /// Read what there is to disclose of this published entry, and whether it may be disclosed.
    Read(u64),
    /// Send this; [`DiscloserEvent::Sent`] follows.
    Send(DisclosedEntry),
    /// All is answered.
    Done,
    /// End the call, telling the reason.
    HangUp(ExchangeError),
}

/// One call.
#[derive(Debug)]
pub struct Discloser {
    caller: NodeName,
    trust: Arc<TrustList>,
    asked: DisclosuresAsked,
    left: VecDeque<u64>,
    reading: Option<u64>,
    untaken: u32,
    moved_at: Timestamp,
    over: bool,
}

impl Discloser {
    /// Begins a call by the node that the caller's TLS key is pinned for.
    #[must_use]
    pub fn new(
        caller: NodeName,
        trust: Arc<TrustList>,
        asked: DisclosuresAsked,
        now: Timestamp,
    ) -> (Self, Vec<DiscloserAction>) {
        let left = asked.indexes.iter().copied().collect();
        let mut this = Self { caller, trust, asked, left, reading: None, untaken: 0, moved_at: now, over: false };
        let rising = this.asked.indexes.is_sorted_by(|a, b| a < b) && this.asked.indexes.len() <= MAX_INDEXES;
        let begun = if rising { this.allowed() } else { Err(ExchangeError::Protocol("indexes rise, 4,096 at most")) };
        let actions = this.settle(begun, now, Vec::new());
        (this, actions)
    }

    /// Takes one event.
    pub fn step(&mut self, now: Timestamp, event: DiscloserEvent) -> Vec<DiscloserAction> {
        let mut actions = Vec::new();
        if self.over {
            return actions;
        }
        let result = match event {
            DiscloserEvent::Tick => {
                let slow = self.untaken > 0 && now.as_second().saturating_sub(self.moved_at.as_second()) >= SLOW;
                if slow { Err(ExchangeError::SlowConsumer) } else { Ok(()) }
            }
            DiscloserEvent::Read(state) => {
                // Asked again just before it leaves: a list may have come that no longer names the caller.
                self.allowed().map(|()| {
                    if let Some(index) = self.reading.take() {
                        self.moved_at = if self.untaken == 0 { now } else { self.moved_at };
                        self.untaken += 1;
                        actions.push(DiscloserAction::Send(DisclosedEntry { index, state }));
                    }
                })
            }
            DiscloserEvent::Failed(why) => Err(ExchangeError::CannotKeep(why)),
            DiscloserEvent::Sent => {
                self.untaken = self.untaken.saturating_sub(1);
                self.moved_at = now;
                Ok(())
            }
            DiscloserEvent::Trust(trust) => {
                self.trust = trust;
                self.allowed()
            }
        };
        self.settle(result, now, actions)
    }

    fn allowed(&self) -> Result<(), ExchangeError> {
        let may = may_have_disclosures(&self.trust, &self.caller, &self.asked.log);
        if may { Ok(()) } else { Err(ExchangeError::NotForYou) }
    }

    fn settle(
        &mut self,
        result: Result<(), ExchangeError>,
        now: Timestamp,
        mut actions: Vec<DiscloserAction>,
    ) -> Vec<DiscloserAction> {
        if let Err(why) = result {
            self.over = true;
            actions.push(DiscloserAction::HangUp(why));
        } else if self.reading.is_none() && self.left.is_empty() && self.untaken == 0 {
            self.over = true;
            actions.push(DiscloserAction::Done);
        } else if self.reading.is_none()
            && self.untaken < MOST_UNTAKEN
            && let Some(index) = self.left.pop_front()
        {
            self.reading = Some(index);
            self.moved_at = if self.untaken == 0 { now } else { self.moved_at };
            actions.push(DiscloserAction::Read(index));
        }
        actions
    }
}
