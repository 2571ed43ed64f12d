//! Heads of all logs compared, and what follows where a log has shown two histories: the proof is kept, goes to every
//! partner, and nothing of that log is taken or cosigned here any more until a person has looked.

use super::convert;
use super::link::Link;
use super::start::Inner;
use super::{door, wire};
use crate::exchange::heads::{Action, Event, Evidence, Heads};
use crate::exchange::message::{History, ProveHistory};
use crate::exchange::replica::{Suspicion, newest_note};
use crate::log::Origin;
use crate::statement::{Addressee, Kind, OpenedBody, open_leaf};
use crate::store::{Batch, Disclosures, EntryRef, StoreError, Subject, about};
use crate::time::{Timestamp, passed};
use crate::trust::{NodeName, TrustList};
use crate::verification::{Equivocation, Prefix};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

const TICK: Duration = Duration::from_secs(1);
/// How often the machine is told which heads this node has itself.
const OWN: Duration = Duration::from_mins(1);
/// How often evidence that has just come is looked for: that of a log whose copy was lost comes back with the others' words,
/// and until it is read here what is forked counts as good. It costs one look into the index of each log to everyone.
const SOON: Duration = Duration::from_secs(5);

/// Seconds for which a head may stay uncompared before that is an alarm.
const LASTING: i64 = 3600;
/// Seconds after which a head that was not met again was compared: partners are asked for theirs every three minutes.
const FORGOTTEN: i64 = 600;

/// Compares until the node stops; `said` brings what the other tasks heard.
pub(super) async fn compare(inner: Arc<Inner>, mut said: mpsc::UnboundedReceiver<Event>) {
    let (mut changes, mut stop) = (inner.lists.changes(), inner.stopping());
    let mut machine = Heads::new(inner.name.clone(), inner.lists.current(), inner.clock.now());
    let mut uncompared = Uncompared::default();
    for (origin, past) in inner.lifted().borrow().clone() {
        machine.step(inner.clock.now(), Event::Lifted(origin, past));
    }
    let [mut tick, mut own, mut soon] = [TICK, OWN, SOON].map(tokio::time::interval);
    // Evidence in partners' logs that was read; each is read again with the own heads, for the list may have changed.
    let mut seen = BTreeSet::new();
    loop {
        let mut look = None;
        let mut events = tokio::select! {
            Some(event) = said.recv() => vec![event],
            Ok(()) = changes.changed() => vec![Event::Trust(inner.lists.current())],
            _ = own.tick() => {
                look = Some(true);
                Vec::new()
            }
            _ = soon.tick() => {
                look = Some(false);
                Vec::new()
            }
            _ = tick.tick() => vec![Event::Tick],
            _ = stop.wait_for(|stop| *stop) => return,
        };
        if let Some(whole) = look {
            let its = Arc::clone(&inner);
            let mut known = if whole { BTreeSet::new() } else { std::mem::take(&mut seen) };
            let looked = tokio::task::spawn_blocking(move || {
                let heads = if whole { own_heads(&its) } else { Vec::new() };
                (heads, said_to_all(&its, &mut known), known)
            });
            let (heads, told, known) = looked.await.unwrap_or_default();
            (events, seen) = (heads, known);
            for evidence in told {
                act(&inner, Action::Evidence(Box::new(evidence)), &mut uncompared).await;
            }
        }
        for event in events {
            for action in machine.step(inner.clock.now(), event) {
                act(&inner, action, &mut uncompared).await;
            }
        }
    }
}

/// Heads that could not be compared with others, and since when. For a while that is ordinary: those who have the
/// entries are away, or not up to them yet. What stays so is an alarm: who shows two histories does not answer either.
#[derive(Debug, Default)]
struct Uncompared(BTreeMap<(Origin, String), (Timestamp, Timestamp)>);

impl Uncompared {
    /// Two heads could not be compared. Says whether one of them could not for so long now that a person has to look.
    fn lasts(&mut self, suspicion: &Suspicion, now: Timestamp) -> bool {
        // Partners show their heads every few minutes: what was not met again was compared in between.
        self.0.retain(|_, (_, last)| passed(*last, now) < FORGOTTEN);
        let mut lasting = false;
        for note in [&suspicion.first, &suspicion.second] {
            let head = note.lines().skip(1).take(2).collect::<Vec<_>>().join(" ");
            let (since, last) = self.0.entry((suspicion.origin.clone(), head)).or_insert((now, now));
            *last = now;
            if passed(*since, now) >= LASTING {
                // Said again after as long.
                *since = now;
                lasting = true;
            }
        }
        lasting
    }
}

async fn act(inner: &Arc<Inner>, action: Action, uncompared: &mut Uncompared) {
    match action {
        // The conversation with the partner asks, and tells what it heard.
        Action::AskHeads(partner) => inner.nudge(&partner).notify_one(),
        Action::AskHistory { ticket, of, question } => {
            let inner = Arc::clone(inner);
            tokio::spawn(async move {
                let history = match of {
                    Some(partner) => ask(&inner, &partner, &question).await,
                    None => own_history(&inner, question).await,
                };
                inner.compare(Event::History { ticket, history });
            });
        }
        Action::Evidence(evidence) => {
            if let Err(error) = take(inner, &evidence).await {
                tracing::error!(origin = %evidence.proven.origin(), %error, "evidence could not be kept");
            }
        }
        Action::Unanswered(suspicion) => {
            if uncompared.lasts(&suspicion, inner.clock.now()) {
                let size = |note: &str| note.lines().nth(1).unwrap_or_default().to_owned();
                tracing::warn!(
                    origin = %suspicion.origin,
                    sizes = format!("{}, {}", size(&suspicion.first), size(&suspicion.second)),
                    "for an hour nobody who was reached has shown how two heads of the log belong together: ask its node why it \
                     does not"
                );
            }
            let (first, second) = (suspicion.first, suspicion.second);
            tracing::debug!(origin = %suspicion.origin, first, second, "two heads could not be compared; the next ones are again");
        }
    }
}

/// The newest heads of the logs that this node has itself. It blocks.
fn own_heads(inner: &Inner) -> Vec<Event> {
    let mut all = Vec::new();
    for own in inner.own.all() {
        let heads = own.store.logs().into_iter().filter_map(|origin| own.head(&origin));
        all.extend(heads.map(|head| Event::Own { note: head.note, entries: true }));
    }
    for (origin, store) in inner.replicas.all() {
        if let Ok(Some(note)) = newest_note(store.as_ref(), &origin) {
            all.push(Event::Own { note, entries: true });
        }
    }
    all.extend(inner.witness.heads().into_values().map(|note| Event::Own { note, entries: false }));
    all
}

/// Evidence in partners' logs to everyone, of logs that nothing is proven of here: what a partner said while this node was
/// away. What was `seen` is left out. It blocks.
fn said_to_all(inner: &Inner, seen: &mut BTreeSet<EntryRef>) -> Vec<Evidence> {
    let (known, trust) = (inner.equivocated().borrow().clone(), inner.lists.current());
    let logs = inner.replicas.all().into_iter().filter(|(origin, _)| origin.addressee() == Addressee::Everyone.label());
    let mut proven = Vec::new();
    for (_, store) in logs {
        let said = about(store.as_ref(), &Subject::Kind(Kind::Evidence)).unwrap_or_default();
        for one in said {
            if seen.contains(&one.entry) {
                continue;
            }
            let EntryRef { origin, index } = &one.entry;
            let (leaf, shown) = (store.leaf(origin, *index), store.disclosures(origin, *index));
            let (Ok(Some(leaf)), Ok(Some(Disclosures::Present(shown)))) = (leaf, shown) else { continue };
            seen.insert(one.entry.clone());
            let Ok(opened) = open_leaf(&leaf, &shown) else { continue };
            let OpenedBody::Evidence(body) = opened.body else { continue };
            let Some(proof) = body.proof.as_option().filter(|_| !known.contains_key(&body.concerns)) else { continue };
            // It counts only if it proves itself, whoever says it.
            let parts = Equivocation::parts(proof.as_bytes());
            proven.extend(parts.and_then(|(first, second, prefix)| Evidence::prove(&trust, first, second, prefix)));
        }
    }
    proven
}

async fn ask(inner: &Arc<Inner>, partner: &NodeName, question: &ProveHistory) -> Option<History> {
    let link = inner.link_of(partner).borrow().clone()?;
    let ProveHistory { log, old_size, new_size } = question;
    let request = wire::ProveHistoryRequest { log: log.to_string(), old_size: *old_size, new_size: *new_size };
    let mut request = tonic::Request::new(request);
    request.set_timeout(super::CALL);
    let answer = link.calls().prove_history(request).await.ok()?.into_inner();
    let root = convert::hash(&answer.root).ok()?;
    Some(History { root, proof: convert::hashes(&answer.proof).ok()? })
}

async fn own_history(inner: &Arc<Inner>, question: ProveHistory) -> Option<History> {
    let store = inner.store_of(&question.log)?;
    let proven = tokio::task::spawn_blocking(move || {
        door::history(store.as_ref(), &question.log, question.old_size, question.new_size)
    });
    let (root, proof) = proven.await.ok()?.ok()?;
    Some(History { root, proof })
}

/// Keeps evidence, freezes the log here, and tells every partner; what is known already changes nothing.
pub(super) async fn take(inner: &Arc<Inner>, evidence: &Evidence) -> Result<(), StoreError> {
    let (origin, size) = (evidence.proven.origin().clone(), evidence.proven.size());
    let lifted = inner.lifted().borrow().get(&origin).copied().unwrap_or(0);
    // Frozen first: that is safe whether it is kept or not, and of two who report it at once one is told of.
    if size <= lifted || !inner.freeze(&evidence.proven) {
        return Ok(());
    }
    tracing::error!(
        %origin,
        size,
        first = evidence.first,
        second = evidence.second,
        reason = "LOG_EQUIVOCATED",
        "the log has shown two histories: nothing of it is taken or cosigned here past that size"
    );
    let (store, at) = (Arc::clone(&inner.node_store), inner.clock.now());
    let state = vec![evidence.put()];
    let kept = tokio::task::spawn_blocking(move || {
        let at_ms = u64::try_from(at.as_millisecond()).unwrap_or(0);
        store.commit(Batch { at_ms, state, ..Batch::default() })
    });
    kept.await.map_err(|error| StoreError::Index(error.to_string()))??;
    for link in inner.all_links() {
        tokio::spawn(tell(link, origin.clone(), evidence.clone()));
    }
    Ok(())
}

async fn tell(link: Link, origin: Origin, evidence: Evidence) {
    let (root, proof) = evidence.prefix.map_or_else(Default::default, |prefix| {
        (Bytes::copy_from_slice(&prefix.root.0), convert::hashes_to_wire(&prefix.proof))
    });
    let mut request = tonic::Request::new(wire::ReportEvidenceRequest {
        log: origin.to_string(),
        first: Bytes::from(evidence.first),
        second: Bytes::from(evidence.second),
        root,
        proof,
    });
    request.set_timeout(super::CALL);
    if let Err(status) = link.calls().report_evidence(request).await {
        tracing::warn!(partner = %link.name(), %origin, "the partner did not take evidence: {}", link.why(&status));
    }
}

/// Reads what a partner reports; it counts only if it proves itself.
pub(super) fn reported(trust: &TrustList, request: &wire::ReportEvidenceRequest) -> Result<Evidence, Reported> {
    let prefix = if request.root.is_empty() {
        None
    } else {
        Some(Prefix { root: convert::hash(&request.root)?, proof: convert::hashes(&request.proof)? })
    };
    let (first, second) = (convert::text(&request.first)?, convert::text(&request.second)?);
    Ok(Evidence::prove(trust, first, second, prefix)?)
}

/// Why what was reported is no evidence.
#[derive(Debug, thiserror::Error)]
pub(super) enum Reported {
    /// It does not read.
    #[error(transparent)]
    Malformed(#[from] crate::exchange::ExchangeError),
    /// It proves nothing.
    #[error(transparent)]
    None(#[from] crate::verification::NoEvidence),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(first: i64, second: i64) -> Suspicion {
        let note = |size: i64| format!("tdap.gov.pk/log/2026/gacc.gov.cn\n{size}\nroot of {size}\n");
        let origin = "tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap();
        Suspicion { origin, first: note(first), second: note(second) }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn heads_that_cannot_be_compared_are_ordinary_for_a_while_and_an_alarm_after_an_hour() {
        let mut uncompared = Uncompared::default();
        // The log goes on growing, and one head of it is never explained.
        assert!((0..20).all(|nth| !uncompared.lasts(&pair(10, 12 + nth), at(nth * 180))));
        assert!(uncompared.lasts(&pair(10, 40), at(3600)));
        assert!(!uncompared.lasts(&pair(10, 41), at(3780)), "it is not said every three minutes");
    }

    #[test]
    fn a_head_that_was_compared_in_between_begins_anew() {
        let mut uncompared = Uncompared::default();
        assert!(!uncompared.lasts(&pair(10, 12), at(0)));
        assert!(!uncompared.lasts(&pair(12, 14), at(7200)));
    }
}
