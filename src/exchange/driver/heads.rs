//! `ListHeads`: the newest heads that this node knows, and what it makes of those that partners know.

use super::link::Link;
use super::start::Inner;
use super::wire;
use super::{PartnerError, convert};
use crate::exchange::heads::Event;
use crate::exchange::message::KnownHead;
use crate::exchange::replica::newest_note;
use crate::exchange::{hosts_issuer, replicates};
use crate::log::{Origin, VerifierKey};
use crate::trust::NodeName;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most heads of one answer: a note with many cosignatures takes about 1 kB, and two of them stand for each log.
const MOST: usize = 250;
const USUAL: usize = 50;
/// Most logs that are asked about by name.
const MOST_NAMED: usize = 4096;
/// Pages that are read of one partner: more logs than anybody has.
const PAGES: usize = 400;

/// What is known of one log.
struct Known {
    note: String,
    entries: bool,
    cosigned_by_caller: Option<String>,
}

/// One page of the heads known here. It blocks.
pub(super) fn page(inner: &Inner, caller: &NodeName, request: &wire::ListHeadsRequest) -> wire::ListHeadsResponse {
    let known = known(inner, caller);
    let size = match usize::try_from(request.page_size) {
        Ok(0) | Err(_) => USUAL,
        Ok(size) => size.min(MOST),
    };
    let named = request.logs.iter().take(MOST_NAMED).collect::<Vec<_>>();
    let wanted = known
        .into_iter()
        .filter(|(origin, _)| named.is_empty() || named.iter().any(|name| *name == origin.as_str()))
        .filter(|(origin, _)| origin.as_str() > request.page_token.as_str());
    let mut heads = wanted
        .take(size.saturating_add(1))
        .map(|(origin, known)| wire::KnownHead {
            log: origin.to_string(),
            checkpoint: Bytes::from(known.note),
            cosigned_by_caller: known.cosigned_by_caller.map(Bytes::from).unwrap_or_default(),
            entries: known.entries,
        })
        .collect::<Vec<_>>();
    let more = heads.len() > size;
    heads.truncate(size);
    let next_page_token = heads.last().filter(|_| more).map(|last| last.log.clone()).unwrap_or_default();
    wire::ListHeadsResponse { heads, next_page_token }
}

/// Own logs, those replicated, those watched. Heads may be known to every partner (formats, section 2).
fn known(inner: &Inner, caller: &NodeName) -> BTreeMap<Origin, Known> {
    let list = inner.lists.current();
    let keys = list
        .node(caller)
        .map_or_else(Vec::new, |node| node.replica_keys().chain(node.witness_keys()).collect::<Vec<&VerifierKey>>());
    let mut all = BTreeMap::new();
    for (origin, note) in inner.witness.heads() {
        all.insert(origin, Known { note, entries: false, cosigned_by_caller: None });
    }
    for (origin, store) in inner.replicas.all() {
        if let Ok(Some(note)) = newest_note(store.as_ref(), &origin) {
            all.insert(origin, Known { note, entries: true, cosigned_by_caller: None });
        }
    }
    for own in inner.own.all() {
        for origin in own.store.logs() {
            if let Some(head) = own.head(&origin) {
                let cosigned_by_caller = own.cosigned_by(&origin, &keys);
                all.insert(origin, Known { note: head.note, entries: true, cosigned_by_caller });
            }
        }
    }
    all
}

/// Asks a partner for the heads it knows, and begins to replicate the logs of its own that are for this node.
pub(super) async fn look(inner: &Arc<Inner>, link: &Link) -> Result<(), PartnerError> {
    let mut page_token = String::new();
    for _ in 0..PAGES {
        let most = i32::try_from(MOST).unwrap_or(i32::MAX);
        let request = wire::ListHeadsRequest { logs: Vec::new(), page_size: most, page_token };
        let mut request = tonic::Request::new(request);
        request.set_timeout(super::CALL);
        let answer = link.calls().list_heads(request).await.map_err(|status| link.why(&status))?.into_inner();
        let list = inner.lists.current();
        let mut heads = Vec::with_capacity(answer.heads.len());
        for head in &answer.heads {
            let Ok(origin) = convert::origin(&head.log) else { continue };
            if let Ok(note) = convert::text(&head.checkpoint) {
                let cosigned_by_asker = convert::text(&head.cosigned_by_caller).ok().filter(|note| !note.is_empty());
                heads.push(KnownHead { log: origin.clone(), note, entries: head.entries, cosigned_by_asker });
            }
            if replicates(&list, &inner.name, &origin) && hosts_issuer(&list, link.name(), &origin) {
                inner.replicas.ensure(inner, link.name(), &origin);
            }
        }
        inner.compare(Event::Heads { partner: link.name().clone(), heads });
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Ok(())
}
