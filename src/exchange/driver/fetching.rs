//! Fetches the disclosures of one replicated log: carries a [`Fetcher`] between the log's own node and the store.

use super::board::Concern;
use super::convert;
use super::parcels::{Bringing, Brought};
use super::quota::Quota;
use super::start::Inner;
use super::supply::Answers;
use super::wire;
use crate::exchange::disclosures::{Action, Awaited, Event, Fetcher, Why, take};
use crate::exchange::message::{Disclosed, DisclosedEntry, DisclosuresAsked};
use crate::exchange::{Alarm, ExchangeError};
use crate::log::Origin;
use crate::reason::Reasoned as _;
use crate::statement::MAX_DISCLOSURES;
use crate::store::{Batch, Store, StoreError};
use crate::time::unix_ms;
use crate::trust::NodeName;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tonic::Status;

const TICK: Duration = Duration::from_secs(1);
/// What is kept is read again this long after the store failed.
const AGAIN: Duration = Duration::from_secs(5);
/// A partner that has used up its quota is asked again after.
const FULL: Duration = Duration::from_mins(1);
/// Most bytes of one entry's disclosures: what a token may have at all.
const MOST: usize = 1 << 20;

/// A receipt that is owed to the issuer of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwedReceipt {
    /// The log that is receipted.
    pub origin: Origin,
    /// Entries below this index are spoken of.
    pub size: u64,
    /// Those whose disclosures did not come, or not rightly.
    pub missing: Vec<u64>,
    /// Those whose disclosures the issuer holds back.
    pub held: Vec<u64>,
}

/// Who makes receipts: statements in the log of the addressee's authority to the issuer.
pub trait Receipts: Send + Sync {
    /// Makes one; it is durable when this returns. It blocks. The error says in a sentence why there is none.
    fn make(&self, owed: &OwedReceipt) -> Result<(), String>;
}

/// Answers of the call under way.
pub(super) struct Call {
    answers: Answers<wire::FetchDisclosuresResponse>,
    /// Bytes that may be read.
    credit: u64,
    /// The entry whose disclosures come in several messages.
    partial: Option<(u64, Vec<String>, usize)>,
}

/// What the task heard.
enum Heard {
    Event(Event),
    Called(Result<Box<Call>, String>),
}

/// Why a carrier ended.
enum Ended {
    Stopping,
    StoreFailed,
    /// The partner's quota has no room for what came.
    Full(String),
}

/// Fetches until the node stops.
pub(super) async fn fetch(
    inner: Arc<Inner>,
    partner: NodeName,
    origin: Origin,
    store: Arc<dyn Store>,
    mut bringing: mpsc::Receiver<Brought>,
) {
    let mut stop = inner.stopping();
    let quota = inner.replicas.quota(&inner, &partner);
    // That the quota is used up: as long as it is so, it is no second line.
    let mut alarm = None;
    loop {
        let mut pause = AGAIN;
        let (its, log) = (Arc::clone(&store), origin.clone());
        let loaded = tokio::task::spawn_blocking(move || {
            // A failed write stops a store until it was read again.
            if its.poisoned().is_some() {
                its.reload()?;
            }
            Awaited::load(its.as_ref(), &log)
        });
        match loaded.await {
            Ok(Ok(awaited)) => {
                let (done, results) = mpsc::unbounded_channel();
                let published = store.head(&origin).map_or(0, |head| head.head.size);
                let machine = Fetcher::new(origin.clone(), awaited, published);
                let carrier = Carrier {
                    inner: &inner,
                    partner: &partner,
                    origin: &origin,
                    store: &store,
                    quota: &quota,
                    full: None,
                    alarm: &mut alarm,
                    machine,
                    call: None,
                    brought: None,
                    missing: Vec::new(),
                    done,
                    results,
                };
                let ended = carrier.run(&mut stop, &mut bringing).await;
                match ended {
                    Ended::Stopping => return,
                    Ended::StoreFailed => {}
                    Ended::Full(why) => {
                        pause = FULL;
                        let why = ExchangeError::CannotKeep(why);
                        if alarm.is_none() {
                            tracing::warn!(%partner, %origin, reason = why.reason(), "disclosures are not taken: {why}");
                        }
                        alarm = Some(Alarm::after(alarm, why, inner.clock.now()));
                        inner.board.concern(&partner, &origin, Concern::Disclosures, alarm.clone());
                    }
                }
            }
            Ok(Err(error)) => tracing::warn!(%partner, %origin, %error, "what is awaited of the log cannot be read"),
            Err(error) => tracing::error!(%partner, %origin, %error, "fetching disclosures failed inside"),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

struct Carrier<'a> {
    inner: &'a Arc<Inner>,
    partner: &'a NodeName,
    origin: &'a Origin,
    store: &'a Arc<dyn Store>,
    /// What the logs of the partner take.
    quota: &'a Arc<Quota>,
    /// Why it has no room for what came.
    full: Option<String>,
    /// That it had none before, as it stands on the board.
    alarm: &'a mut Option<Alarm>,
    machine: Fetcher,
    call: Option<Call>,
    /// What somebody brought, while it is being taken.
    brought: Option<Bringing>,
    /// What was said to be missing last.
    missing: Vec<u64>,
    done: mpsc::UnboundedSender<Heard>,
    results: mpsc::UnboundedReceiver<Heard>,
}

impl Carrier<'_> {
    async fn run(
        mut self,
        stop: &mut tokio::sync::watch::Receiver<bool>,
        bringing: &mut mpsc::Receiver<Brought>,
    ) -> Ended {
        let mut news = self.store.news();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut link = self.inner.link_of(self.partner);
        let mut events = VecDeque::new();
        self.show();
        loop {
            while let Some(event) = events.pop_front() {
                let failed = matches!(event, Event::StoreFailed);
                for action in self.machine.step(self.inner.clock.now(), event) {
                    self.act(action);
                }
                self.show();
                if failed {
                    return self.full.map_or(Ended::StoreFailed, Ended::Full);
                }
            }
            if let Some(next) = self.bring() {
                events.push_back(next);
                continue;
            }
            let connected = self.call.is_some() || self.brought.is_some() || link.borrow().is_some();
            let answer = async {
                match &mut self.call {
                    Some(call) => call.read().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                answer = answer => events.extend(self.heard(answer)),
                Some(heard) = self.results.recv() => match heard {
                    Heard::Event(event) => {
                        if let (Event::ReceiptFailed, Some(bringing)) = (&event, &mut self.brought) {
                            bringing.has_no_receipt();
                        }
                        events.push_back(event);
                    }
                    Heard::Called(Ok(call)) => self.call = Some(*call),
                    Heard::Called(Err(why)) => {
                        tracing::debug!(partner = %self.partner, origin = %self.origin, why, "disclosures cannot be asked for");
                        events.push_back(Event::Ended);
                    }
                },
                // Without a connection there is nobody to ask; what comes with a package is asked for when that gives its
                // disclosures.
                Ok(()) = news.changed(), if connected => {
                    events.extend(self.store.head(self.origin).map(|head| Event::Published(head.head.size)));
                }
                Some(brought) = bringing.recv() => {
                    events.extend(self.store.head(self.origin).map(|head| Event::Published(head.head.size)));
                    events.push_back(Event::Brought);
                    self.brought = Some(Bringing::new(brought));
                }
                _ = tick.tick(), if connected => events.push_back(Event::Tick),
                Ok(()) = link.changed(), if !connected => {}
                _ = stop.wait_for(|stop| *stop) => return Ended::Stopping,
            }
        }
    }

    /// One message of the call, or its end.
    fn heard(&mut self, answer: Result<Option<wire::FetchDisclosuresResponse>, Status>) -> Option<Event> {
        let answered = match answer {
            Ok(Some(answer)) => self.call.as_mut().map_or(Ok(None), |call| call.take(answer)),
            Ok(None) => Err("it is through".to_owned()),
            Err(status) => Err(status.message().to_owned()),
        };
        match answered {
            Ok(entry) => entry.map(Event::Answer),
            Err(why) => {
                tracing::debug!(partner = %self.partner, origin = %self.origin, why, "a call for disclosures ended");
                self.call = None;
                Some(Event::Ended)
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Fetch { asked, credit } => self.ask(asked, credit),
            Action::Credit(bytes) => {
                if let Some(call) = &mut self.call {
                    call.credit = call.credit.saturating_add(bytes);
                }
            }
            Action::Cancel => self.call = None,
            Action::Take(answers) => {
                let at_ms = unix_ms(self.inner.clock.now());
                let origin = self.origin.clone();
                self.blocking(move |store| take(store, &origin, &answers, at_ms).map(Event::Taken));
            }
            Action::Commit(batch) => self.commit(batch),
            Action::Receipt { origin, size, missing, held } => {
                self.receipt(OwedReceipt { origin, size, missing, held });
            }
            // The same again is no second line.
            Action::Missing(indexes) if indexes != self.missing => {
                let (count, first) = (indexes.len(), indexes.first());
                tracing::warn!(partner = %self.partner, origin = %self.origin, count, first, "disclosures are missing or wrong");
                self.missing = indexes;
            }
            Action::Missing(_) => {}
        }
    }

    /// What is kept of disclosures takes room in the partner's quota, as entries do.
    fn commit(&mut self, batch: Batch) {
        match self.quota.take(&batch, self.inner.clock.now()) {
            Ok(taken) => {
                if taken.bytes > 0 && self.alarm.take().is_some() {
                    self.inner.board.concern(self.partner, self.origin, Concern::Disclosures, None);
                }
                let quota = Arc::clone(self.quota);
                self.blocking(move |store| quota.commit(store, batch, taken).map(|()| Event::Committed));
            }
            Err(why) => {
                self.full = Some(why);
                // The task may be gone.
                let _ = self.done.send(Heard::Event(Event::StoreFailed));
            }
        }
    }

    /// What is to be asked next of what somebody brought; when all of it was looked at, who brought it is told.
    fn bring(&mut self) -> Option<Event> {
        let bringing = self.brought.as_mut().filter(|_| self.machine.is_idle())?;
        let published = self.store.head(self.origin).map_or(0, |head| head.head.size);
        if bringing.goes_on(self.machine.awaited(), published) {
            return Some(Event::Brought);
        }
        if bringing.waits_for_receipt(self.machine.owes_receipt()) {
            return None;
        }
        if let Some(bringing) = self.brought.take() {
            bringing.done(self.machine.awaited());
        }
        None
    }

    fn ask(&self, asked: DisclosuresAsked, credit: u64) {
        if let Some(bringing) = &self.brought {
            let call = Box::new(Call { answers: bringing.answers(asked.indexes), credit, partial: None });
            // The task may be gone.
            let _ = self.done.send(Heard::Called(Ok(call)));
            return;
        }
        let (link, done) = (self.inner.link_of(self.partner).borrow().clone(), self.done.clone());
        tokio::spawn(async move {
            let called = async {
                let link = link.ok_or("the partner is not connected")?;
                let request = wire::FetchDisclosuresRequest { log: asked.log.to_string(), indexes: asked.indexes };
                let answers = link.calls().fetch_disclosures(request).await;
                let answers = answers.map_err(|status| link.why(&status).to_string())?.into_inner();
                Ok(Box::new(Call { answers: Box::pin(answers), credit, partial: None }))
            };
            // The task may be gone.
            let _ = done.send(Heard::Called(called.await));
        });
    }

    fn receipt(&self, owed: OwedReceipt) {
        let (receipts, done) = (self.inner.receipts.clone(), self.done.clone());
        tokio::task::spawn_blocking(move || {
            let made = receipts.map_or(Ok(false), |receipts| receipts.make(&owed).map(|()| true));
            let event = match made {
                Ok(true) => Event::Receipted,
                Ok(false) => Event::ReceiptFailed,
                Err(why) => {
                    tracing::warn!(origin = %owed.origin, "a receipt could not be made: {why}");
                    Event::ReceiptFailed
                }
            };
            let _ = done.send(Heard::Event(event));
        });
    }

    fn blocking(&self, work: impl FnOnce(&dyn Store) -> Result<Event, StoreError> + Send + 'static) {
        let (store, done) = (Arc::clone(self.store), self.done.clone());
        tokio::task::spawn_blocking(move || {
            let event = work(store.as_ref()).unwrap_or_else(|error| {
                tracing::warn!(%error, "disclosures could not be kept");
                Event::StoreFailed
            });
            let _ = done.send(Heard::Event(event));
        });
    }

    fn show(&self) {
        let awaited = self.machine.awaited();
        let kept_back = awaited.open.values().filter(|why| **why == Why::Held).count();
        let (missing, kept_back) = (self.machine.missing(), u64::try_from(kept_back).unwrap_or(u64::MAX));
        let (disclosed, first) = (awaited.receipted.settled, self.machine.first_missing());
        self.inner.board.passage(self.partner, self.origin, |passage| {
            (passage.missing, passage.first_missing) = (missing, first);
            (passage.kept_back, passage.disclosed) = (kept_back, disclosed);
        });
    }
}

impl Call {
    /// Answers that are read entry by entry; who reads them says how many entries there may be.
    pub(super) const fn new(answers: Answers<wire::FetchDisclosuresResponse>) -> Self {
        Self { answers, credit: u64::MAX, partial: None }
    }

    /// The next message, as long as there is credit for it; `None` at the end.
    async fn read(&mut self) -> Result<Option<wire::FetchDisclosuresResponse>, Status> {
        if self.credit == 0 {
            return std::future::pending().await;
        }
        self.answers.next().await.transpose()
    }

    /// The next entry; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<DisclosedEntry>, String> {
        loop {
            let answer = self.answers.next().await.transpose().map_err(|status| status.message().to_owned())?;
            let Some(answer) = answer else { return Ok(None) };
            if let Some(entry) = self.take(answer)? {
                return Ok(Some(entry));
            }
        }
    }

    /// Takes one message; gives the entry that it completes.
    fn take(&mut self, answer: wire::FetchDisclosuresResponse) -> Result<Option<DisclosedEntry>, String> {
        let bytes = answer.disclosures.iter().map(bytes::Bytes::len).sum::<usize>();
        self.credit = self.credit.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX).max(1));
        let state = answer.state();
        let (index, mut all, so_far) = match self.partial.take() {
            Some((index, ..)) if index != answer.index => return Err("it breaks off an entry".to_owned()),
            Some(partial) => partial,
            None => (answer.index, Vec::new(), 0),
        };
        // By number too: what is empty takes no bytes, and memory all the same.
        if so_far + bytes > MOST || all.len() + answer.disclosures.len() > MAX_DISCLOSURES {
            return Err("more disclosures than a token has".to_owned());
        }
        if answer.more && answer.disclosures.is_empty() {
            return Err("a message that brings nothing".to_owned());
        }
        for one in &answer.disclosures {
            all.push(convert::text(one).map_err(|error: ExchangeError| error.to_string())?);
        }
        if answer.more {
            self.partial = Some((index, all, so_far + bytes));
            return Ok(None);
        }
        let state = match state {
            wire::DisclosureState::Disclosed => Disclosed::All(all),
            wire::DisclosureState::Held => Disclosed::Held,
            wire::DisclosureState::Erased => Disclosed::Erased,
            wire::DisclosureState::None => Disclosed::None,
            wire::DisclosureState::Unspecified => return Err("a state that no entry has".to_owned()),
        };
        Ok(Some(DisclosedEntry { index, state }))
    }
}

#[cfg(test)]
mod tests;
