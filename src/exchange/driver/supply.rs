//! The answering end of `Sync`: carries one [`Supplier`] between its partner and the store of the log.

use super::Partner;
use super::convert;
use super::own::OwnLogs;
use super::start::Inner;
use super::status::{broken, status};
use super::wire;
use crate::exchange::ExchangeError;
use crate::exchange::message::{FromReplica, FromSupplier, Hello, MAX_PACKAGE_BYTES, MAX_PACKAGE_ENTRIES};
use crate::exchange::supplier::{Action, Event, Supplier};
use crate::log::{Hash, Origin, consistency_proof};
use crate::store::Store;
use crate::trust::NodeName;
use bytes::Bytes;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Status, Streaming};

/// Answers that the transport may not have taken yet: more than the machine ever has under way.
const ROOM: usize = 16;
/// Who opened a stream has this long to say of which log.
const GREETING: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_secs(1);

/// What goes back to the partner.
pub(super) type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
type Out = mpsc::Sender<Result<wire::SyncResponse, Status>>;

/// Serves one stream until either side ends it.
pub(super) fn serve(
    inner: Arc<Inner>,
    caller: Partner,
    incoming: Streaming<wire::SyncRequest>,
) -> Answers<wire::SyncResponse> {
    let (out, answers) = mpsc::channel(ROOM);
    let (taken, takes) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        if let Err(error) = converse(&inner, &caller, incoming, &out, takes).await {
            tracing::info!(partner = %caller.name, reason = crate::reason::Reasoned::reason(&error), "a stream ends: {error}");
            // A partner that has hung up hears nothing.
            let _ = tokio::time::timeout(TICK, out.send(Err(status(&error)))).await;
        }
    });
    Box::pin(ReceiverStream::new(answers).map(move |answer| {
        // The conversation may be over.
        let _ = taken.send(());
        answer
    }))
}

/// Where the log is kept that a stream is about.
struct Source<'a> {
    store: Arc<dyn Store>,
    own: Option<&'a OwnLogs>,
}

async fn converse(
    inner: &Arc<Inner>,
    partner: &Partner,
    mut incoming: Streaming<wire::SyncRequest>,
    out: &Out,
    takes: mpsc::UnboundedReceiver<()>,
) -> Result<(), ExchangeError> {
    let first = tokio::time::timeout(GREETING, incoming.message()).await.map_err(|_| ExchangeError::Silent)?;
    let first = match first {
        Ok(Some(first)) => first,
        Ok(None) => return Ok(()),
        Err(status) => return broken(&status).map_or(Ok(()), Err),
    };
    let FromReplica::Hello(hello) = convert::from_replica(first)? else {
        return Err(ExchangeError::Protocol("the hello comes first"));
    };
    let origin = hello.log.clone();
    let ended = carry(inner, partner, hello, incoming, (out, takes)).await;
    inner.board.stands(&partner.name, &origin);
    ended
}

/// Gives the log that the partner named until either side ends it.
async fn carry(
    inner: &Arc<Inner>,
    partner: &Partner,
    hello: Hello,
    mut incoming: Streaming<wire::SyncRequest>,
    (out, mut takes): (&Out, mpsc::UnboundedReceiver<()>),
) -> Result<(), ExchangeError> {
    let (caller, origin, held) = (&partner.name, hello.log.clone(), hello.next_index);
    let source = source(inner, &origin)?;
    let mut news = source.store.news();
    let mut changes = inner.lists.changes();
    let mut stop = inner.stopping();
    let (done, mut results) = mpsc::unbounded_channel();
    let mut machine = Supplier::new(origin.clone(), caller.clone(), inner.lists.current(), inner.clock.now());
    let mut events = VecDeque::new();
    news.mark_unchanged();
    let mut published = source.store.head(&origin);
    events.extend(published.clone().map(Event::Published));
    events.push_back(Event::Received(FromReplica::Hello(hello)));
    let size = published.as_ref().map_or(0, |head| head.head.size);
    if source.own.is_some() {
        begins(inner, caller, &origin, (held, size));
    }
    let mut tick = tokio::time::interval(TICK);
    loop {
        while let Some(event) = events.pop_front() {
            for action in machine.step(inner.clock.now(), event) {
                match action {
                    Action::Send(message) => {
                        if source.own.is_some() {
                            sends(inner, caller, &origin, &message);
                        }
                        if out.try_send(Ok(convert::supplier_to_wire(message))).is_err() {
                            return Ok(());
                        }
                    }
                    Action::Prove { old, new } => {
                        let (store, origin, done) = (Arc::clone(&source.store), origin.clone(), done.clone());
                        tokio::task::spawn_blocking(move || {
                            let proof = consistency_proof(old, new, &store.hashes(&origin));
                            // Nobody waits for it any more: then it is of no use.
                            let _ = done.send(match proof {
                                Ok(proof) => Event::Proven(proof),
                                Err(error) => Event::Failed(error.to_string()),
                            });
                        });
                    }
                    Action::Read { start, end, size } => {
                        let (store, origin, done) = (Arc::clone(&source.store), origin.clone(), done.clone());
                        tokio::task::spawn_blocking(move || {
                            let _ = done.send(match read(store.as_ref(), &origin, start, end, size) {
                                Ok((entries, proof)) => Event::Read { entries, proof },
                                Err(why) => Event::Failed(why),
                            });
                        });
                    }
                    Action::Keep(kept) => {
                        if let Some(own) = source.own {
                            own.keep(caller.clone().into(), kept);
                        }
                    }
                    Action::HangUp(why) => return Err(looked_into(inner, caller, &origin, why)),
                }
            }
        }
        tokio::select! {
            message = incoming.message() => match message {
                Ok(Some(message)) => events.push_back(Event::Received(convert::from_replica(message)?)),
                Ok(None) => return Ok(()),
                Err(status) => return broken(&status).map_or(Ok(()), Err),
            },
            Some(()) = takes.recv() => events.push_back(Event::Sent),
            Some(event) = results.recv() => events.push_back(event),
            Ok(()) = news.changed() => {
                let newest = source.store.head(&origin);
                if newest != published {
                    published.clone_from(&newest);
                    let size = newest.as_ref().map_or(0, |head| head.head.size);
                    if source.own.is_some() {
                        inner.board.passage(caller, &origin, |passage| passage.grows(size, inner.clock.now()));
                    }
                    events.extend(newest.map(Event::Published));
                }
            }
            Ok(()) = changes.changed() => {
                let list = inner.lists.current();
                // It may be known by another key by now.
                partner.stands_in(&list).map_err(|_| ExchangeError::NotForYou)?;
                events.push_back(Event::Trust(list));
            }
            _ = tick.tick() => events.push_back(Event::Tick),
            () = out.closed() => return Ok(()),
            // Nothing is wrong then, and the partner dials again as after any end.
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        }
    }
}

/// Shows the operator what a partner holds of an own log that it asks for.
fn begins(inner: &Inner, partner: &NodeName, origin: &Origin, (held, size): (u64, u64)) {
    let now = inner.clock.now();
    inner.board.passage(partner, origin, |passage| {
        passage.inward = false;
        // Who says that he holds more than there is will be refused, and stays behind until he is believed.
        if held <= size {
            passage.holds(held);
            passage.carries(held, now);
        }
        passage.grows(size, now);
    });
}

/// Shows the operator how far it was sent: it cosigns once it has everything.
fn sends(inner: &Inner, partner: &NodeName, origin: &Origin, message: &FromSupplier) {
    if let FromSupplier::Package(package) = message {
        let (sent, now) = (package.end(), inner.clock.now());
        inner.board.passage(partner, origin, |passage| passage.carries(sent, now));
    }
}

/// Looks into it where a partner says that it holds more of a log than is here. What was given up stays with whoever holds
/// it: that is told with the log's state, and is no news.
fn looked_into(inner: &Inner, partner: &NodeName, origin: &Origin, why: ExchangeError) -> ExchangeError {
    let is_given_up = inner.own.of(origin).is_some_and(|own| own.is_given_up(origin));
    if !matches!(why, ExchangeError::Ahead { .. }) || is_given_up {
        return why;
    }
    tracing::error!(
        %partner,
        %origin,
        "{why}: it is asked for the head that says so; if this node signed that, the data folder is an old copy, and the log \
         is shut until it has back what it lost"
    );
    // A size is no proof. The head that the partner tells is: see `recall`.
    inner.nudge(partner).notify_one();
    why
}

/// A hosted authority's log, open or not yet; else one that is replicated here, for its own node that lost it.
fn source<'a>(inner: &'a Inner, origin: &Origin) -> Result<Source<'a>, ExchangeError> {
    if let Some(own) = inner.own.of(origin) {
        return Ok(Source { store: Arc::clone(&own.store), own: Some(own) });
    }
    let store = inner.replicas.store(origin).ok_or(ExchangeError::UnknownLog)?;
    Ok(Source { store, own: None })
}

/// Entries for one package, and the proof from where they end.
fn read(
    store: &dyn Store,
    origin: &Origin,
    start: u64,
    end: u64,
    size: u64,
) -> Result<(Vec<Bytes>, Vec<Hash>), String> {
    let most = u64::try_from(MAX_PACKAGE_ENTRIES).unwrap_or(u64::MAX);
    let end = end.min(start.saturating_add(most));
    let entries = store.leaves(origin, start..end, MAX_PACKAGE_BYTES).map_err(|error| error.to_string())?;
    let reached = start.saturating_add(u64::try_from(entries.len()).unwrap_or(u64::MAX));
    if reached >= size {
        return Ok((entries, Vec::new()));
    }
    let proof = consistency_proof(reached, size, &store.hashes(origin)).map_err(|error| error.to_string())?;
    Ok((entries, proof))
}
