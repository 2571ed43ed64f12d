//! Heads of all logs compared, and what follows where a log has shown two histories: the proof is kept, goes to every
//! partner, and nothing of that log is taken or cosigned here any more until a person has looked.

pub(super) mod presented;

use super::convert;
use super::heads::held_and_heard;
use super::leaving::{has_entries, held_of, leave};
use super::link::Link;
use super::start::Inner;
use super::{door, wire};
use crate::exchange::Alarm;
use crate::exchange::access::has_room_for;
use crate::exchange::heads::{Action, Event, Evidence};
use crate::exchange::message::{History, ProveHistory};
use crate::exchange::replica::Suspicion;
use crate::log::Origin;
use crate::reason::{Reasoned as _, some_of};
use crate::statement::{Addressee, Kind, OpenedBody, open_leaf};
use crate::store::{Batch, Disclosures, EntryRef, StoreError, Subject, about};
use crate::time::unix_ms;
use crate::trust::{NodeName, TrustList};
use crate::verification::{Equivocation, Prefix};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;
use tokio::sync::mpsc;

const TICK: Duration = Duration::from_secs(1);
/// How often the machine is told which heads this node has itself.
const OWN: Duration = Duration::from_mins(1);
/// How often evidence that has just come is looked for: that of a log whose copy was lost comes back with the others' words,
/// and until it is read here what is forked counts as good. It costs one look into the index of each log to everyone.
const SOON: Duration = Duration::from_secs(5);

/// Events that are judged in one go at most.
const AT_ONCE: usize = 256;

/// Heads that nobody has brought together, by whom to ask and log.
type Alarms = BTreeMap<(NodeName, Origin), Alarm>;

/// Compares until the node stops; `said` brings what the other tasks heard.
pub(super) async fn compare(inner: Arc<Inner>, mut said: mpsc::UnboundedReceiver<Event>) {
    let (mut changes, mut stop) = (inner.lists.changes(), inner.stopping());
    let mut alarms = Alarms::new();
    for (origin, left) in inner.lifted().borrow().clone() {
        inner.heads().step(inner.clock.now(), Event::Lifted(origin, left));
    }
    let [mut tick, mut own, mut soon] = [TICK, OWN, SOON].map(tokio::time::interval);
    // Evidence in partners' logs that was read; each is read again with the own heads, for the list may have changed.
    let mut seen = BTreeSet::new();
    loop {
        let (mut own_of, mut look, mut ticked) = (OwnOf::Logs(BTreeSet::new()), None, false);
        let events = tokio::select! {
            Some(event) = said.recv() => {
                // All that waits is judged in one go: what is here is read once for it, and not once for each.
                let mut events = vec![event];
                while events.len() < AT_ONCE && let Ok(event) = said.try_recv() {
                    events.push(event);
                }
                // What partners know is held against what is here now, and not a minute ago.
                own_of = OwnOf::Logs(events.iter().flat_map(held_against_own).collect());
                events
            }
            Ok(()) = changes.changed() => vec![Event::Trust(inner.lists.current())],
            _ = own.tick() => {
                (own_of, look) = (OwnOf::All, Some(true));
                Vec::new()
            }
            _ = soon.tick() => {
                if inner.heads().is_open() {
                    own_of = OwnOf::All;
                }
                look = Some(false);
                Vec::new()
            }
            _ = tick.tick() => {
                ticked = true;
                vec![Event::Tick]
            }
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let mut heads = Vec::new();
        if own_of.is_something() || look.is_some() {
            let its = Arc::clone(&inner);
            let mut known = if look == Some(true) { BTreeSet::new() } else { std::mem::take(&mut seen) };
            let looked = tokio::task::spawn_blocking(move || {
                let heads = own_heads(&its, &own_of);
                let told = if look.is_some() { said_to_all(&its, &mut known) } else { Vec::new() };
                (heads, told, known)
            });
            let (here, told, known) = looked.await.unwrap_or_default();
            (heads, seen) = (here, known);
            for evidence in told {
                kept(&evidence, take(&inner, &evidence).await);
            }
        }
        for event in heads.into_iter().chain(events) {
            let actions = inner.heads().step(inner.clock.now(), event);
            for action in actions {
                act(&inner, action).await;
            }
        }
        // It goes through all that everybody has shown of every log.
        if ticked {
            show(&inner, &mut alarms);
        }
    }
}

/// The logs whose heads are read here.
enum OwnOf {
    Logs(BTreeSet<Origin>),
    All,
}

impl OwnOf {
    fn is_something(&self) -> bool {
        !matches!(self, Self::Logs(logs) if logs.is_empty())
    }

    fn has(&self, origin: &Origin) -> bool {
        match self {
            Self::Logs(logs) => logs.contains(origin),
            Self::All => true,
        }
    }
}

/// The logs of which an event is judged by the heads that are here by now: whoever holds the entries shows how two heads
/// belong together, and that may be this node.
fn held_against_own(event: &Event) -> Vec<Origin> {
    match event {
        Event::Heads { heads, .. } | Event::Heard { heads, .. } => heads.iter().map(|head| head.log.clone()).collect(),
        Event::Reported(evidence, _) => vec![evidence.proven.origin().clone()],
        Event::Suspected(Suspicion { origin, .. }) => vec![origin.clone()],
        Event::Presented(..) => Vec::new(),
        Event::Tick | Event::Own { .. } | Event::History { .. } | Event::Trust(_) => Vec::new(),
        Event::Lifted(..) | Event::TooMany(_) => Vec::new(),
    }
}

/// Shows the operator which heads nobody has brought together. For a while that is ordinary: those who have the entries are
/// away, or not up to them yet. What stays so is an alarm: who shows two histories does not answer either.
fn show(inner: &Inner, known: &mut Alarms) {
    let mut alarms = inner.heads().alarms(inner.clock.now());
    // Of these there is proof.
    let proven = inner.equivocated();
    alarms.retain(|(_, origin), _| !proven.borrow().contains_key(origin));
    if alarms == *known {
        return;
    }
    for ((partner, origin), alarm) in alarms.iter().filter(|(key, _)| !known.contains_key(*key)) {
        let why = &alarm.why;
        tracing::warn!(%partner, %origin, reason = why.reason(), "{why}: ask the operator of its node why");
    }
    inner.board.uncompared(&alarms);
    *known = alarms;
}

async fn act(inner: &Arc<Inner>, action: Action) {
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
        Action::Evidence(evidence) => kept(&evidence, freeze(inner, &evidence).await),
        Action::Left(origin, head) => {
            tracing::info!(%origin, size = head.size, "a head is the beginning of a branch that was lifted: no news");
            if let Err(error) = leave(inner, origin.clone(), head).await {
                tracing::error!(%origin, %error, "that a head is of a branch that was lifted could not be kept");
            }
        }
        Action::Unanswered(Suspicion { origin, first, second }) => {
            tracing::debug!(%origin, first, second, "two heads could not be compared; the next ones are again");
        }
    }
}

/// The newest heads of the logs that this node has itself. It blocks.
fn own_heads(inner: &Inner, of: &OwnOf) -> Vec<Event> {
    let mut all = Vec::new();
    for own in inner.own.all() {
        let heads = own.store.logs().into_iter().filter(|origin| of.has(origin)).filter_map(|origin| own.head(&origin));
        all.extend(heads.map(|head| Event::Own { note: head.note, entries: true }));
    }
    for (origin, store) in inner.replicas.all().into_iter().filter(|(origin, _)| of.has(origin)) {
        // What is held may be another history than the newest head that was heard of.
        let known = held_and_heard(store.as_ref(), &origin).into_iter();
        all.extend(known.map(|(note, entries)| Event::Own { note, entries }));
    }
    let witnessed = inner.witness.heads().into_iter().filter(|(origin, _)| of.has(origin));
    all.extend(witnessed.map(|(_, note)| Event::Own { note, entries: false }));
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

/// Has a partner show how two sizes of a log belong together; none where it does not.
pub(super) async fn ask(inner: &Arc<Inner>, partner: &NodeName, question: &ProveHistory) -> Option<History> {
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

fn kept(evidence: &Evidence, kept: Result<(), StoreError>) {
    if let Err(error) = kept {
        tracing::error!(origin = %evidence.proven.origin(), %error, "evidence could not be kept");
    }
}

/// Takes evidence, from whomever it came. Of a log of which a person has lifted something it is judged first whether it is
/// news.
pub(super) async fn take(inner: &Arc<Inner>, evidence: &Evidence) -> Result<(), StoreError> {
    let (its, reported) = (Arc::clone(inner), Box::new(evidence.clone()));
    let taken = tokio::task::spawn_blocking(move || {
        let alone = its.judging();
        if !its.lifted().borrow().contains_key(reported.proven.origin()) {
            return freeze_alone(&its, &reported, alone);
        }
        drop(alone);
        let held = held_of(&its, &reported);
        its.compare(Event::Reported(reported, held));
        Ok(false)
    });
    let news = taken.await.map_err(|error| StoreError::Index(error.to_string()))??;
    tell_all(inner, evidence, news);
    Ok(())
}

/// Keeps evidence, freezes the log here, and tells every partner; what is known already changes nothing.
async fn freeze(inner: &Arc<Inner>, evidence: &Evidence) -> Result<(), StoreError> {
    let (its, proof) = (Arc::clone(inner), evidence.clone());
    let frozen = tokio::task::spawn_blocking(move || freeze_alone(&its, &proof, its.judging()));
    let news = frozen.await.map_err(|error| StoreError::Index(error.to_string()))??;
    tell_all(inner, evidence, news);
    Ok(())
}

/// Keeps evidence and freezes the log here, while nobody lifts; says whether that is news. It blocks.
fn freeze_alone(inner: &Inner, evidence: &Evidence, _alone: MutexGuard<'_, ()>) -> Result<bool, StoreError> {
    if !takes_up(inner, evidence.proven.origin()) {
        inner.compare(Event::TooMany(evidence.proven.origin().clone()));
        return Ok(false);
    }
    // Frozen first: that is safe whether it is kept or not, and of two who report it at once one is told of.
    if !inner.freeze(&evidence.proven) {
        return Ok(false);
    }
    // Without entries it is not known which of the two is the other one; of what others report, not who showed it.
    let origin = evidence.proven.origin();
    let by = if has_entries(inner, origin) { inner.heads().showed_another(origin) } else { Vec::new() };
    let follows = if inner.own.of(origin).is_some() {
        "it is this node's own: verdicts here of what came since are EQUIVOCATED until it is lifted here, and whether it goes on being signed \
         says origin partner status"
    } else {
        "nothing more of it is taken or cosigned here until it is lifted here"
    };
    tracing::error!(
        partner = (!by.is_empty()).then(|| some_of(&by)).map(tracing::field::display),
        %origin,
        size = evidence.proven.size(),
        first = evidence.first,
        second = evidence.second,
        reason = "LOG_EQUIVOCATED",
        "the log has shown two histories: {follows}"
    );
    let at_ms = unix_ms(inner.clock.now());
    inner.node_store.commit(Batch { at_ms, state: vec![evidence.put()], ..Batch::default() })?;
    Ok(true)
}

/// Whether evidence of a log is kept. Of one that is held or cosigned here it always is, for that one was taken up before;
/// of others whoever has a log key can make up logs, and forks of them, without end.
fn takes_up(inner: &Inner, origin: &Origin) -> bool {
    let (trust, known) = (inner.lists.current(), inner.equivocated());
    let frozen = known.borrow();
    let has_room = frozen.contains_key(origin) || has_room_for(&trust, origin, frozen.keys().map(Origin::as_str));
    has_room || inner.store_of(origin).is_some() || inner.witness.heads().contains_key(origin)
}

fn tell_all(inner: &Inner, evidence: &Evidence, is_news: bool) {
    for link in inner.all_links().into_iter().filter(|_| is_news) {
        tokio::spawn(tell(link, evidence.proven.origin().clone(), evidence.clone()));
    }
}

/// Evidence as it goes to a partner.
pub(super) fn report(
    origin: &Origin,
    first: String,
    second: String,
    prefix: Option<Prefix>,
) -> wire::ReportEvidenceRequest {
    let (root, proof) = prefix.map_or_else(Default::default, |prefix| {
        (Bytes::copy_from_slice(&prefix.root.0), convert::hashes_to_wire(&prefix.proof))
    });
    let (first, second) = (Bytes::from(first), Bytes::from(second));
    wire::ReportEvidenceRequest { log: origin.to_string(), first, second, root, proof }
}

async fn tell(link: Link, origin: Origin, evidence: Evidence) {
    let Evidence { first, second, prefix, .. } = evidence;
    let mut request = tonic::Request::new(report(&origin, first, second, prefix));
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
