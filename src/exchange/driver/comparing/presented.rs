//! Heads that somebody presents for a verdict, with a certificate that rests on them: whoever is shown another history of a
//! log than everybody else holds the proof of it.

use super::{act, kept, take};
use crate::exchange::driver::start::Inner;
use crate::exchange::driver::{door, stopped};
use crate::exchange::heads::{Event, Evidence};
use crate::log::{Origin, root};
use crate::store::Store;
use crate::trust::TrustList;
use crate::verification::Prefix;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Heads that wait to be judged. What comes beyond them is not judged, for a verdict waits for nothing here: who holds proof
/// may present it again.
pub(in crate::exchange::driver) const ROOM: usize = 64;
/// One is judged in so long: whoever has certificates verified by the thousand gets the processors for that.
const PAUSE: Duration = Duration::from_millis(10);

/// What is to be made of a head that was presented.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::exchange) enum Presented {
    /// By the entries that are here it is of another history.
    Another(Box<Evidence>),
    /// The entries that are here do not go so far, or there are none.
    Open,
}

/// Judges what is presented until the node stops. It holds up none of what partners say.
pub(in crate::exchange::driver) async fn judge(inner: Arc<Inner>, mut presented: mpsc::Receiver<(String, bool)>) {
    let mut stop = inner.stopping();
    loop {
        let (note, another) = tokio::select! {
            Some(shown) = presented.recv() => shown,
            () = stopped(&mut stop) => return,
        };
        let (its, shown) = (Arc::clone(&inner), note.clone());
        let judged = tokio::task::spawn_blocking(move || judged(&its, &shown)).await;
        let judged = judged.inspect_err(|error| tracing::error!(%error, "judging a presented head failed inside"));
        match judged.ok().flatten() {
            Some(Presented::Another(evidence)) => {
                let origin = evidence.proven.origin();
                tracing::info!(%origin, "a certificate that somebody presented proves that its log has shown two histories");
                kept(&evidence, take(&inner, &evidence).await);
            }
            Some(Presented::Open) => {
                let actions = inner.heads().step(inner.clock.now(), Event::Presented(note, another));
                for action in actions {
                    act(&inner, action).await;
                }
            }
            None => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// It blocks.
fn judged(inner: &Inner, note: &str) -> Option<Presented> {
    let origin = note.lines().next()?.parse::<Origin>().ok()?;
    // One proof is enough. And of a branch that a person has left certificates go round for years, each with a head of its
    // own: none of them is a new deed, and each would freeze the log again.
    if inner.equivocated().borrow().contains_key(&origin) || inner.lifted().borrow().contains_key(&origin) {
        return None;
    }
    against(inner.store_of(&origin).as_deref(), &inner.lists.current(), &origin, note)
}

/// Holds a head that was presented against the entries that are here; none where nothing is to be made of it: nobody answers
/// for it, or it is of what is held. It blocks.
pub(in crate::exchange) fn against(
    store: Option<&dyn Store>,
    list: &TrustList,
    origin: &Origin,
    note: &str,
) -> Option<Presented> {
    // Beyond the end of a log nobody vouches for anything.
    let end = list.shard_final_size(origin).unwrap_or(u64::MAX);
    let head = list.signed_head(origin, note).filter(|head| head.size <= end)?;
    let held = store.and_then(|store| Some((store, store.head(origin)?)));
    let Some((store, held)) = held.filter(|(_, held)| head.size <= held.head.size) else {
        return Some(Presented::Open);
    };
    if root(head.size, &store.hashes(origin)).ok()? == head.root {
        return None;
    }
    let (root, proof) = door::history(store, origin, head.size, held.head.size).ok()?;
    let prefix = (head.size < held.head.size).then_some(Prefix { root, proof });
    let evidence = Evidence::prove(list, held.note, note.to_owned(), prefix).ok()?;
    Some(Presented::Another(Box::new(evidence)))
}
