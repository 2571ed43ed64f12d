//! One task for each partner of the trust list: dials it, greets it, tries again; a list that changes brings and
//! takes partners while the node runs.

use super::link::Link;
use super::lists;
use super::start::Inner;
use super::wire;
use super::{PartnerError, heads};
use crate::reason::Reasoned as _;
use crate::time::Timestamp;
use crate::trust::{Node, NodeName, TrustList};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// The first pause after a failure; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often partners tell each other the version of their lists and the time.
const GREETING: Duration = Duration::from_mins(1);

/// Keeps a task for each partner until the node stops.
pub(super) async fn keep_all(inner: Arc<Inner>) {
    let (mut changes, mut stop) = (inner.lists.changes(), inner.stopping());
    let mut tasks = JoinSet::new();
    let mut running: HashMap<NodeName, (Node, tokio::task::AbortHandle)> = HashMap::new();
    loop {
        let list = inner.lists.current();
        let named = list.text().nodes.iter().filter(|node| node.name != inner.name).collect::<Vec<_>>();
        inner.board.keep_only(&named.iter().map(|node| node.name.clone()).collect::<Vec<_>>());
        // Who left the list, or is reached or known otherwise than before, is begun anew.
        running.retain(|name, (before, task)| {
            let same = named.iter().any(|node| node.name == *name && *node == before);
            if !same {
                task.abort();
            }
            same
        });
        for node in named {
            running.entry(node.name.clone()).or_insert_with(|| {
                let task = tasks.spawn(keep(Arc::clone(&inner), node.name.clone()));
                (node.clone(), task)
            });
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            changed = changes.changed() => if changed.is_err() { break },
            Some(_) = tasks.join_next() => {}
        }
    }
    tasks.shutdown().await;
}

/// Stays with one partner, whatever happens to it.
async fn keep(inner: Arc<Inner>, name: NodeName) {
    let mut pause = FIRST_PAUSE;
    let mut changes = inner.lists.changes();
    let nudge = inner.nudge(&name);
    loop {
        let begun = tokio::time::Instant::now();
        let error = match inner.dialler.dial(&name).await {
            Ok(link) => converse(&inner, &link).await,
            Err(error) => error,
        };
        if inner.board.trouble(&name, &error, inner.clock.now()) {
            tracing::warn!(partner = %name, reason = error.reason(), "{error}");
        }
        // A conversation that went well for a while is not a failure in a row.
        if begun.elapsed() > LONGEST_PAUSE {
            pause = FIRST_PAUSE;
        }
        changes.mark_unchanged();
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            // Another list may be what was missing.
            changed = changes.changed() => {
                if changed.is_err() { return; }
                pause = FIRST_PAUSE;
            }
            // It calls: it is back. Not at once, so that its calls cannot have it dialled without a rest.
            () = nudge.notified() => {
                pause = FIRST_PAUSE;
                tokio::time::sleep(FIRST_PAUSE).await;
            }
        }
    }
}

/// Takes the connection out of use when the conversation ends, however it ends.
struct InUse<'a>(&'a Inner, &'a NodeName);

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        self.0.linked(self.1, None);
    }
}

/// Talks with a partner until the connection, or the partner, fails.
async fn converse(inner: &Arc<Inner>, link: &Link) -> PartnerError {
    let name = link.name();
    let mut changes = inner.lists.changes();
    let mut in_use = None;
    let nudge = inner.nudge(name);
    loop {
        changes.mark_unchanged();
        if let Err(error) = greet(inner, link).await {
            return error;
        }
        if in_use.is_none() {
            inner.board.connected(name, inner.clock.now());
            tracing::info!(partner = %name, "connected");
            inner.linked(name, Some(link.clone()));
            in_use = Some(InUse(inner, name));
        }
        if let Err(error) = heads::look(inner, link).await {
            return error;
        }
        tokio::select! {
            () = tokio::time::sleep(GREETING) => {}
            error = link.lost() => return error,
            changed = changes.changed() => if changed.is_err() { std::future::pending::<()>().await },
            () = nudge.notified() => {}
        }
    }
}

/// Each end says which list it uses, and the one with the older gets the newer: it is fetched from a partner, and given to one
/// that does not reach this node.
async fn greet(inner: &Arc<Inner>, link: &Link) -> Result<(), PartnerError> {
    let list = inner.lists.current();
    let answer = offer(inner, link, &list).await?;
    if answer.version > list.version() {
        take(inner, link.name(), lists::fetch(link).await?).await;
    } else if answer.wants_list && answer.version < list.version() {
        match lists::give(link, &list).await {
            Ok(()) => drop(offer(inner, link, &list).await?),
            // The connection may be as good as before: the partner asks again.
            Err(error) => {
                tracing::info!(partner = %link.name(), reason = error.reason(), "a trust list was not given: {error}");
            }
        }
    }
    Ok(())
}

/// Says which list is in use here, and hears which is there.
async fn offer(
    inner: &Arc<Inner>,
    link: &Link,
    list: &TrustList,
) -> Result<wire::OfferTrustListResponse, PartnerError> {
    let name = link.name();
    let (sent, new_log) = (inner.clock.now(), inner.is_untold(name));
    let mut request = tonic::Request::new(wire::OfferTrustListRequest {
        version: list.version(),
        digest: bytes::Bytes::copy_from_slice(&list.digest().0),
        now: Some(instant(sent)),
        new_log,
        withheld: inner.withheld_from(name),
    });
    request.set_timeout(super::CALL);
    let answer = link.calls().offer_trust_list(request).await.map_err(|status| {
        if new_log {
            inner.tell(name);
        }
        link.why(&status)
    });
    let answer = answer?.into_inner();
    let back = inner.clock.now();
    inner.heard(name, answer.version, &answer.digest, answer.now.as_ref(), midway(sent, back));
    inner.hears_withheld(name, &answer.withheld);
    Ok(answer)
}

/// Takes a partner's list, if it may follow. One that may not is the partner's trouble, or the federation's, and changes
/// nothing here; the same again is no second line.
pub(super) async fn take(inner: &Arc<Inner>, name: &NodeName, note: String) {
    let lists = Arc::clone(&inner.lists);
    let taken = tokio::task::spawn_blocking(move || lists.take(&note)).await;
    match taken {
        Ok(Ok(list)) => {
            inner.board.list_taken(name);
            if let Some(list) = list {
                tracing::info!(partner = %name, version = list.version(), "a trust list was taken");
            }
        }
        Ok(Err(error)) => {
            if let Some(version) = inner.board.list_refused(name, &error.to_string()) {
                tracing::warn!(partner = %name, version, reason = error.reason(), "a trust list was not taken: {error}");
            }
        }
        Err(error) => tracing::error!(%error, "taking a trust list failed inside"),
    }
}

fn midway(sent: Timestamp, back: Timestamp) -> Timestamp {
    let half = (back.as_millisecond() - sent.as_millisecond()) / 2;
    Timestamp::from_millisecond(sent.as_millisecond() + half).unwrap_or(back)
}

/// An instant as the wire has it.
pub(super) fn instant(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}
