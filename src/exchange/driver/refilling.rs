//! Fetches back what is missing of an own log: carries a [`Replica`] of it that cosigns nothing, over the authority's
//! own store.

use super::checking::checked;
use super::comparing::ask;
use super::convert;
use super::replicas::{Up, addressee, stream};
use super::start::Inner;
use crate::exchange::message::ProveHistory;
use crate::exchange::recall::is_another;
use crate::exchange::replica::{Action, Elsewhere, Event, Held, Replica, Setup};
use crate::inbox::finding::keeps_its_place;
use crate::log::{Origin, SignedCheckpoint, TreeHead};
use crate::sequencer::refilled;
use crate::store::{Store, StoreError};
use crate::trust::NodeName;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_stream::StreamExt as _;

const TICK: Duration = Duration::from_secs(1);
/// A partner that has brought nothing for so long is given up; others, or the same one, are asked again later.
const SILENCE: Duration = Duration::from_mins(1);

/// What came of fetching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brought {
    /// The head is held.
    All,
    /// Nothing: the partner proved that what is here is no beginning of the head.
    AnotherHistory,
}

/// Fetches until the head of this note is held, and what it covers is published as it was before. The error says why
/// it ended earlier; what had come by then is durable and proven all the same.
pub(super) async fn refill(
    inner: &Arc<Inner>,
    origin: &Origin,
    from: &NodeName,
    note: &str,
    began_ms: u64,
    mut end: watch::Receiver<bool>,
) -> Result<Brought, String> {
    let own = inner.own.of(origin).ok_or("its authority is not hosted here")?;
    let trust = inner.lists.current();
    let key = trust.log_key(origin).ok_or("the trust list names no key for the log")?;
    let goal = SignedCheckpoint::open(note, &key).map_err(|error| error.to_string())?.checkpoint().head;
    let (store, log, list) = (Arc::clone(&own.store), origin.clone(), Arc::clone(&trust));
    let kept = Arc::clone(&own.store);
    let elsewhere = Elsewhere::new(move |origin| kept.addressee(origin).map(|_| Arc::clone(&kept)));
    let beside = elsewhere.clone();
    let held = tokio::task::spawn_blocking(move || {
        // A failed write stops a store until it was read again.
        if store.poisoned().is_some() {
            store.reload()?;
        }
        Held::load(store.as_ref(), &log)?.beside(store.as_ref(), &log, &list, &beside)
    });
    let held = held.await.map_err(|error| error.to_string())?.map_err(|error: StoreError| error.to_string())?;
    let durable = TreeHead { size: held.edge.size(), root: held.edge.root() };
    if is_beside(inner, origin, from, &durable, &goal).await {
        return Ok(Brought::AnotherHistory);
    }
    let setup = Setup { origin: origin.clone(), addressee: addressee(origin), trust, cosigns: false, elsewhere };
    let link = inner.link_of(from).borrow().clone();
    let up = stream(link).await?;
    let (done, results) = mpsc::unbounded_channel();
    let mut carrier = Carrier {
        inner,
        store: Arc::clone(&own.store),
        origin,
        machine: Replica::new(setup, held),
        up,
        writing: false,
        began_ms,
        past_closing: 0,
        done,
        results,
    };
    let ended = carrier.run(goal.size, &mut end).await;
    carrier.written().await;
    if carrier.past_closing > 0 {
        let count = carrier.past_closing;
        tracing::warn!(%origin, count, reason = "ENTRY_KEY_CLOSED", "own entries that came back stand past the closing of their key, and do not count");
    }
    ended.map(|()| Brought::All)
}

/// Whether the partner proves that what is durable here is no beginning of its head. One that proves nothing may be slow:
/// then what it gives is held against what is here all the same.
async fn is_beside(inner: &Arc<Inner>, origin: &Origin, from: &NodeName, durable: &TreeHead, head: &TreeHead) -> bool {
    let question = ProveHistory { log: origin.clone(), old_size: durable.size, new_size: head.size };
    ask(inner, from, &question).await.is_some_and(|history| is_another(&history, durable, head))
}

struct Carrier<'a> {
    inner: &'a Inner,
    store: Arc<dyn Store>,
    origin: &'a Origin,
    machine: Replica,
    up: Up,
    /// The store is at work for the machine.
    writing: bool,
    began_ms: u64,
    /// How many entries came that stand past the closing of their key: a key that was lost closes many.
    past_closing: usize,
    done: mpsc::UnboundedSender<Event>,
    results: mpsc::UnboundedReceiver<Event>,
}

impl Carrier<'_> {
    async fn run(&mut self, goal: u64, end: &mut watch::Receiver<bool>) -> Result<(), String> {
        let mut tick = tokio::time::interval(TICK);
        // The stream is open already: the first tick has the machine dial it.
        let mut events = VecDeque::from([Event::Tick, Event::Connected]);
        let mut moved = (tokio::time::Instant::now(), 0);
        loop {
            while let Some(event) = events.pop_front() {
                for action in self.machine.step(self.inner.clock.now(), event) {
                    self.act(action)?;
                }
            }
            if self.machine.held().tree_head().size >= goal {
                return Ok(());
            }
            let durable = self.machine.held().edge.size();
            if durable != moved.1 {
                moved = (tokio::time::Instant::now(), durable);
            } else if moved.0.elapsed() > SILENCE {
                return Err("nothing more came".to_owned());
            }
            tokio::select! {
                message = self.up.incoming.next() => match message.transpose() {
                    Ok(Some(message)) => {
                        let message = convert::from_supplier(message).map_err(|error| error.to_string())?;
                        events.push_back(Event::Received(message));
                    }
                    Ok(None) => return Err("the partner ended the stream".to_owned()),
                    Err(status) => return Err(status.message().to_owned()),
                },
                Some(event) = self.results.recv() => events.push_back(self.result(event)),
                _ = tick.tick() => events.push_back(Event::Tick),
                _ = end.wait_for(|end| *end) => return Err("it is not wanted any more".to_owned()),
            }
        }
    }

    fn result(&mut self, event: Event) -> Event {
        if !matches!(event, Event::Checked(_)) {
            self.writing = false;
        }
        event
    }

    fn act(&mut self, action: Action) -> Result<(), String> {
        match action {
            Action::Send(message) => {
                let sent = self.up.out.try_send(convert::replica_to_wire(message));
                sent.map_err(|_| "the partner takes nothing more".to_owned())
            }
            Action::Check(work) => {
                let (store, done) = (Arc::clone(&self.store), self.done.clone());
                let room = self.inner.replicas.room_to_check();
                tokio::spawn(async move {
                    let checked = checked(store, work, &room).await;
                    // Nobody waits for it any more.
                    let _ = done.send(checked.map_or_else(Event::StoreFailed, Event::Checked));
                });
                Ok(())
            }
            Action::Commit(mut batch) => {
                let (origin, began_ms) = (self.origin.clone(), self.began_ms);
                self.write(move |store| {
                    let beside = refilled(store, &origin, &batch, began_ms)?;
                    batch.state.extend(beside);
                    store.commit(batch).map(|_| Event::Committed)
                });
                Ok(())
            }
            Action::Advance { extension, note } => {
                self.write(move |store| {
                    // The note that this authority signed once: nothing is signed anew.
                    store.advance(vec![*extension], &|_| Ok(note.clone())).map(|()| Event::Advanced)
                });
                Ok(())
            }
            Action::Found(findings) => {
                for finding in findings {
                    if keeps_its_place(&finding.reason) {
                        self.past_closing += 1;
                        continue;
                    }
                    let (index, sentence) = (finding.index, finding.sentence);
                    tracing::warn!(origin = %self.origin, index, reason = finding.reason, "an own entry that came back fails its check: {sentence}");
                }
                Ok(())
            }
            Action::HangUp(why) | Action::Alarm(why) => Err(why.to_string()),
            Action::Suspect(_) => Err("the partner shows another history".to_owned()),
            // A stream is open from the first; what failed is begun anew by who asked for it.
            Action::Dial
            | Action::Cosign(_)
            | Action::Reload
            | Action::JudgeAgain(_)
            | Action::Recall
            | Action::ReadRoot(_) => Ok(()),
        }
    }

    fn write(&mut self, work: impl FnOnce(&dyn Store) -> Result<Event, StoreError> + Send + 'static) {
        self.writing = true;
        let (store, done) = (Arc::clone(&self.store), self.done.clone());
        tokio::task::spawn_blocking(move || {
            let event = work(store.as_ref()).unwrap_or_else(|error| Event::StoreFailed(error.to_string()));
            let _ = done.send(event);
        });
    }

    /// Waits for the store: what it does for this log must not go on when its writer takes over.
    async fn written(&mut self) {
        while self.writing {
            match self.results.recv().await {
                Some(event) => drop(self.result(event)),
                None => return,
            }
        }
    }
}
