//! The own logs: a canvasser for each, and word to the addressee's node when there is a new one.

use super::start::Inner;
use super::{convert, outside};
use crate::exchange::canvasser::{Action, Canvasser, Cosigner, DEADLINE_SECONDS, Event};
use crate::exchange::message::{AddCheckpoint, Witnessed};
use crate::exchange::replicates;
use crate::log::{Origin, consistency_proof};
use crate::store::Store;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const TICK: Duration = Duration::from_secs(1);

/// Keeps a canvasser for every log of one hosted authority until the node stops.
pub(super) async fn keep_all(inner: Arc<Inner>, store: Arc<dyn Store>) {
    let (mut news, mut stop) = (store.news(), inner.stopping());
    let mut known: BTreeSet<Origin> = BTreeSet::new();
    let mut tasks = JoinSet::new();
    loop {
        news.mark_unchanged();
        // A log without a head has nothing to be shown yet.
        for origin in store.logs().into_iter().filter(|origin| store.head(origin).is_some()) {
            if known.insert(origin.clone()) {
                inner.tell_addressee(&origin);
                tasks.spawn(canvass(Arc::clone(&inner), Arc::clone(&store), origin));
            }
        }
        tokio::select! {
            changed = news.changed() => if changed.is_err() { break },
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    tasks.shutdown().await;
}

impl Inner {
    /// Has the nodes that replicate a log look for it now: it is new, or what was missing of it is back.
    pub(super) fn tell_addressee(&self, origin: &Origin) {
        let list = self.lists.current();
        for node in list.text().nodes.iter().filter(|node| node.name != self.name) {
            if replicates(&list, &node.name, origin) {
                self.tell(&node.name);
            }
        }
    }
}

async fn canvass(inner: Arc<Inner>, store: Arc<dyn Store>, origin: Origin) {
    let (mut news, mut changes) = (store.news(), inner.lists.changes());
    let (done, mut results) = mpsc::unbounded_channel();
    let mut machine = Canvasser::new(origin.clone(), inner.lists.current(), inner.outside.keys());
    let mut published = store.head(&origin);
    let mut events = published.clone().map(Event::Published).into_iter().collect::<VecDeque<_>>();
    let mut tick = tokio::time::interval(TICK);
    loop {
        while let Some(event) = events.pop_front() {
            for action in machine.step(inner.clock.now(), event) {
                match action {
                    Action::Prove { witness, old, new } => {
                        let (store, origin, done) = (Arc::clone(&store), origin.clone(), done.clone());
                        tokio::task::spawn_blocking(move || {
                            // The canvasser may be gone.
                            let _ = done.send(match consistency_proof(old, new, &store.hashes(&origin)) {
                                Ok(proof) => Event::Proven { witness, proof },
                                Err(_) => Event::Failed(witness),
                            });
                        });
                    }
                    Action::Ask { witness, request } => {
                        let size = published.as_ref().map_or(0, |head| head.head.size);
                        if let Cosigner::Node(node) = &witness {
                            inner.board.passage(node, &origin, |passage| passage.grows(size, inner.clock.now()));
                        }
                        let (inner, done, origin) = (Arc::clone(&inner), done.clone(), origin.clone());
                        tokio::spawn(async move {
                            let answer = ask(&inner, &witness, &origin, &request).await;
                            let _ = done.send(match answer {
                                Some(answer) => Event::Answered { witness, answer },
                                None => Event::Failed(witness),
                            });
                        });
                    }
                    Action::Keep { by, kept } => {
                        if let Some(own) = inner.own.of(&origin) {
                            own.keep(by, kept);
                        }
                    }
                    Action::Refused { witness, answer } => match (&witness, answer) {
                        (Cosigner::Node(node), Witnessed::Awaiting(of)) => inner.waits_for(node, &origin, &of),
                        (Cosigner::Node(node), Witnessed::Frozen) => {
                            if inner.board.frozen(node, &origin) {
                                tracing::warn!(
                                    %witness, %origin, reason = "LOG_EQUIVOCATED",
                                    "a witness does not cosign: the log has shown two histories, and is frozen there until its operator lifts that there"
                                );
                            }
                        }
                        (_, answer) => tracing::warn!(%witness, %origin, ?answer, "a witness does not cosign"),
                    },
                }
            }
        }
        tokio::select! {
            Some(event) = results.recv() => events.push_back(event),
            Ok(()) = news.changed() => {
                let newest = store.head(&origin);
                if newest != published {
                    published.clone_from(&newest);
                    let size = newest.as_ref().map_or(0, |head| head.head.size);
                    inner.board.grown(&origin, size, inner.clock.now());
                    events.extend(newest.map(Event::Published));
                }
            }
            Ok(()) = changes.changed() => events.push_back(Event::Trust(inner.lists.current())),
            _ = tick.tick() => events.push_back(Event::Tick),
        }
    }
}

/// Shows a head to a witness: over HTTPS where an operator said so, else over the connection to its node.
async fn ask(inner: &Arc<Inner>, witness: &Cosigner, origin: &Origin, request: &AddCheckpoint) -> Option<Witnessed> {
    if let Some(there) = inner.outside.of(witness, &inner.lists.current()) {
        return outside::ask(inner, there, origin, request).await;
    }
    let Cosigner::Node(witness) = witness else { return None };
    let link = inner.link_of(witness).borrow().clone()?;
    let deadline = Duration::from_secs(DEADLINE_SECONDS.unsigned_abs());
    let mut call = tonic::Request::new(convert::checkpoint_to_wire(request));
    call.set_timeout(deadline);
    let answered = tokio::time::timeout(deadline, async { link.calls().add_checkpoint(call).await }).await;
    match answered {
        Ok(Ok(answer)) => convert::witnessed(answer.get_ref()).ok(),
        Ok(Err(status)) => {
            tracing::debug!(%witness, why = %link.why(&status), "a witness was not reached");
            None
        }
        Err(_) => None,
    }
}
