//! `ListHeads`: the newest heads that this node knows, and what it makes of those that partners know.

use super::link::Link;
use super::start::Inner;
use super::wire;
use super::{PartnerError, comparing, convert};
use crate::exchange::heads::Event;
use crate::exchange::message::KnownHead;
use crate::exchange::replica::{Loss, newest_note};
use crate::exchange::{cosigned::Cosigned, hosts_issuer, is_asked_for, replicates};
use crate::log::{self, Origin, SignedCheckpoint, TreeHead, VerifierKey};
use crate::reason::some_of;
use crate::statement::Issuer;
use crate::store::{Batch, Store, StoreError, Table};
use crate::time::unix_ms;
use crate::trust::{NodeName, TrustList};
use crate::verification::Equivocation;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most logs of one answer: a note with many cosignatures takes about 1 kB, and up to three of them stand for each log.
const MOST: usize = 250;
const USUAL: usize = 50;
/// Most heads of one answer.
const MOST_HEADS: usize = 3 * MOST;
/// Most logs that are asked about by name.
const MOST_NAMED: usize = 4096;
/// Most proofs of one answer: one is a few kB.
const MOST_EVIDENCE: usize = 16;
/// Pages that are read of one partner: more logs than anybody has.
const PAGES: usize = 400;
/// Most bytes of heads that are taken of one partner at once: thirty thousand of 1 kB.
const MOST_BYTES: usize = 32 << 20;

/// What is known of one log.
struct Known {
    note: String,
    entries: bool,
    /// Others told of it: it is neither held nor cosigned here.
    heard: bool,
    cosigned_by_caller: Option<String>,
}

/// One page of the heads known here. It blocks.
pub(super) fn page(inner: &Inner, caller: &NodeName, request: &wire::ListHeadsRequest) -> wire::ListHeadsResponse {
    // First: what is opened meanwhile is among what is known, or named here.
    let is_first = request.page_token.is_empty();
    let unread =
        inner.replicas.unread().iter().filter(|_| is_first).map(ToString::to_string).take(MOST_NAMED).collect();
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
    let (logs, more) = cut(wanted, size);
    let next_page_token = logs.last().filter(|_| more).map(|(last, _)| last.to_string()).unwrap_or_default();
    let heads = logs.into_iter().flat_map(|(origin, all)| {
        all.into_iter().map(move |known| wire::KnownHead {
            log: origin.to_string(),
            checkpoint: Bytes::from(known.note),
            cosigned_by_caller: known.cosigned_by_caller.map(Bytes::from).unwrap_or_default(),
            entries: known.entries,
            heard: known.heard,
        })
    });
    let evidence = if is_first { evidence(inner, caller) } else { Vec::new() };
    let lost = if is_first { lost_to(inner, caller) } else { Vec::new() };
    let lost =
        lost.into_iter().map(|(origin, Loss { size, signed })| wire::LostLog { log: origin.to_string(), size, signed });
    let lost = lost.collect();
    let awaits = if is_first { awaited(inner) } else { Vec::new() };
    wire::ListHeadsResponse { heads: heads.collect(), next_page_token, evidence, unread, lost, awaits }
}

/// Those who have to tell what this node knew, where it may have forgotten that.
fn awaited(inner: &Inner) -> Vec<String> {
    let memory = inner.memory.borrow();
    memory.silent().filter(|_| !memory.is_whole()).take(MOST_NAMED).map(ToString::to_string).collect()
}

/// Own logs that a partner replicates and waits for in vain: entries of them are lost for good.
pub(super) fn lost_to(inner: &Inner, partner: &NodeName) -> Vec<(Origin, Loss)> {
    let list = inner.lists.current();
    let all = inner.own.hosts().flat_map(|(host, own)| own.lost(&Issuer::new(host.clone()), &list));
    all.filter(|(origin, _)| replicates(&list, partner, origin)).take(MOST_NAMED).collect()
}

/// Takes the word of a partner about its logs. Of one that is lost whole no head is told, and who got nothing of it has to know
/// that nothing comes.
pub(super) fn take_lost<'a>(
    inner: &Arc<Inner>,
    list: &TrustList,
    partner: &NodeName,
    said: impl Iterator<Item = (&'a str, Loss)>,
) {
    let lost = lost_by(list, &inner.name, partner, said);
    for origin in lost.keys() {
        inner.replicas.ensure(inner, partner, origin);
    }
    inner.replicas.lost_by(partner, lost);
}

/// What a partner says to have lost of its logs that are for this node: of others' it has no say, and of made up ones there
/// is nothing to miss.
pub(in crate::exchange) fn lost_by<'a>(
    list: &TrustList,
    here: &NodeName,
    partner: &NodeName,
    said: impl Iterator<Item = (&'a str, Loss)>,
) -> BTreeMap<Origin, Loss> {
    let said = said.take(MOST_NAMED).filter_map(|(log, loss)| {
        let origin = convert::origin(log).ok()?;
        let is_its = hosts_issuer(list, partner, &origin) && list.log_key(&origin).is_some();
        (is_its && replicates(list, here, &origin)).then_some((origin, loss))
    });
    said.collect()
}

/// So many logs, and no more heads than whoever asks reads; and whether there are more. Of a log that moved while its heads
/// were told many may stand beside each other.
fn cut<K, H>(logs: impl Iterator<Item = (K, Vec<H>)>, most: usize) -> (Vec<(K, Vec<H>)>, bool) {
    let (mut page, mut heads) = (Vec::new(), 0_usize);
    for (origin, all) in logs {
        heads = heads.saturating_add(all.len());
        if page.len() == most || (heads > MOST_HEADS && !page.is_empty()) {
            return (page, true);
        }
        page.push((origin, all));
    }
    (page, false)
}

/// What is proven here of logs of the caller.
fn evidence(inner: &Inner, caller: &NodeName) -> Vec<wire::ReportEvidenceRequest> {
    let (list, frozen) = (inner.lists.current(), inner.equivocated().borrow().clone());
    let of_caller = frozen.into_keys().filter(|origin| hosts_issuer(&list, caller, origin));
    let kept = of_caller.filter_map(|origin| {
        let record = inner.node_store.record(Table::Evidence, origin.as_str().as_bytes()).ok()??;
        let (first, second, prefix) = Equivocation::parts(&record).ok()?;
        Some(comparing::report(&origin, first, second, prefix))
    });
    kept.take(MOST_EVIDENCE).collect()
}

/// Own logs, those replicated, those watched. Heads may be known to every partner (formats, section 2). Of a log whose
/// entries are not all here the head that is held stands beside the newest that was heard of: its node may need them.
fn known(inner: &Inner, caller: &NodeName) -> BTreeMap<Origin, Vec<Known>> {
    let list = inner.lists.current();
    let keys = list
        .node(caller)
        .map_or_else(Vec::new, |node| node.replica_keys().chain(node.witness_keys()).collect::<Vec<&VerifierKey>>());
    let mut all = BTreeMap::<Origin, Vec<Known>>::new();
    for (origin, note) in inner.witness.heads() {
        all.insert(origin, vec![Known { note, entries: false, heard: false, cosigned_by_caller: None }]);
    }
    for (origin, store) in inner.replicas.all() {
        let both = held_and_heard(store.as_ref(), &origin).into_iter().map(|(note, entries)| {
            // What this node cosigned it has itself.
            let has = |known: &Known| is_same_head(&known.note, &note);
            let heard = !entries && !all.get(&origin).into_iter().flatten().any(has);
            Known { note, entries, heard, cosigned_by_caller: None }
        });
        let both = both.collect::<Vec<_>>();
        if !both.is_empty() {
            all.insert(origin, both);
        }
    }
    for (origin, heard) in inner.memory.borrow().open() {
        let known = Known { note: heard.note.clone(), entries: false, heard: true, cosigned_by_caller: None };
        all.entry(origin.clone()).or_default().push(known);
    }
    remembered(inner, caller, &mut all);
    for own in inner.own.all() {
        for origin in own.store.logs() {
            if let Some(head) = own.head(&origin) {
                let cosigned_by_caller = own.shown_to(&origin, &keys, &list);
                all.insert(origin, vec![Known { note: head.note, entries: true, heard: false, cosigned_by_caller }]);
            }
        }
    }
    all
}

/// The note of the head of a log that is held here, and that of the newest that was heard of, where that is another; each with
/// whether its entries are held.
pub(in crate::exchange) fn held_and_heard(store: &dyn Store, origin: &Origin) -> Vec<(String, bool)> {
    let held = store.head(origin).map(|head| head.note);
    let newest = newest_note(store, origin).ok().flatten().filter(|note| held.as_ref() != Some(note));
    held.map(|note| (note, true)).into_iter().chain(newest.map(|note| (note, false))).collect()
}

/// Heads of the caller's own logs beyond what is told of them: it may have lost what it signed before anybody had an entry,
/// and would sign another history. Of a log that has shown two nothing is told as the one.
fn remembered(inner: &Inner, caller: &NodeName, all: &mut BTreeMap<Origin, Vec<Known>>) {
    let list = inner.lists.current();
    let heads = inner.heads();
    let of_caller = heads.newest().filter(|(origin, ..)| hosts_issuer(&list, caller, origin));
    let of_caller =
        of_caller.map(|(origin, head, note)| (origin.clone(), head.size, note.to_owned())).collect::<Vec<_>>();
    drop(heads);
    let (proven, lifted) = (inner.equivocated(), inner.lifted());
    for (origin, size, note) in of_caller {
        let told = all.get(&origin).into_iter().flatten().filter_map(|known| log::size_in(&known.note)).max();
        let is_forked = proven.borrow().contains_key(&origin) || lifted.borrow().contains_key(&origin);
        if !is_forked && told.is_none_or(|told| told < size) {
            let known = Known { note, entries: false, heard: true, cosigned_by_caller: None };
            all.entry(origin).or_default().push(known);
        }
    }
}

/// Whether two notes are of one head, whoever cosigned them: origin, size and root are their first lines.
fn is_same_head(one: &str, other: &str) -> bool {
    one.lines().take(3).eq(other.lines().take(3))
}

/// How far a partner has one of this node's own logs, by its own word, if it is to have it: an old copy of this node does
/// not know, and must not call the partner behind. It is told, and nothing rests on it.
fn shown(inner: &Inner, partner: &NodeName, head: &KnownHead) {
    let Some(held) = log::size_in(&head.note) else { return };
    let own = inner.own.of(&head.log).and_then(|own| own.head(&head.log));
    if let Some(own) = own.filter(|_| is_asked_for(&inner.lists.current(), partner, &head.log)) {
        inner.board.passage(partner, &head.log, |passage| {
            // Of a head that it only heard it has nothing.
            if head.entries {
                passage.holds(held.min(own.head.size));
            }
            passage.grows(own.head.size, inner.clock.now());
        });
    }
}

/// Asks a partner for the heads it knows, and begins to replicate the logs of its own that are for this node and new here.
/// A log that the trust list has no key for is passed over: no head of it could be checked, and anybody can make up names.
pub(super) async fn look(inner: &Arc<Inner>, link: &Link) -> Result<(), PartnerError> {
    let mut page_token = String::new();
    let (mut told, mut others, mut cosigned) = (Vec::new(), Vec::new(), BTreeMap::<Origin, String>::new());
    let too_much = |why: &str| PartnerError::Protocol { name: link.name().clone(), why: why.to_owned() };
    let (mut left, mut own, mut unread, mut awaits) = (MOST_BYTES, BTreeSet::new(), BTreeSet::new(), Vec::new());
    for _ in 0..PAGES {
        let most = i32::try_from(MOST).unwrap_or(i32::MAX);
        let (is_first, unreadable) = if page_token.is_empty() { (true, MOST_NAMED) } else { (false, 0) };
        let request = wire::ListHeadsRequest { logs: Vec::new(), page_size: most, page_token };
        let mut request = tonic::Request::new(request);
        request.set_timeout(super::CALL);
        let answer = link.calls().list_heads(request).await.map_err(|status| link.why(&status))?.into_inner();
        if answer.heads.len() > MOST_HEADS {
            return Err(too_much("a page of heads is longer than it may be"));
        }
        let list = inner.lists.current();
        if is_first {
            awaits = convert::names(&answer.awaits);
            let said = answer.lost.iter().map(|one| (one.log.as_str(), Loss { size: one.size, signed: one.signed }));
            take_lost(inner, &list, link.name(), said);
        }
        for report in answer.evidence.iter().take(MOST_EVIDENCE) {
            // It counts for what it proves. Before the heads: of which history they are is judged by it.
            if let Ok(evidence) = comparing::reported(&list, report)
                && let Err(error) = comparing::take(inner, &evidence).await
            {
                tracing::error!(origin = %evidence.proven.origin(), %error, "evidence could not be kept");
            }
        }
        for log in answer.unread.iter().take(unreadable).filter_map(|log| convert::origin(log).ok()) {
            // Names that no list knows anybody can make up.
            if list.log_key(&log).is_none() {
                continue;
            }
            if inner.own.of(&log).is_none() {
                unread.insert(log);
            } else if replicates(&list, link.name(), &log) {
                own.insert(log);
            }
        }
        let (mut heads, mut heard) = (Vec::with_capacity(answer.heads.len()), Vec::new());
        for head in &answer.heads {
            let Ok(origin) = convert::origin(&head.log) else { continue };
            if list.log_key(&origin).is_none() {
                continue;
            }
            let bytes = head.log.len() + head.checkpoint.len() + head.cosigned_by_caller.len();
            left = left.checked_sub(bytes).ok_or_else(|| too_much("it tells of more heads than there are logs"))?;
            let cosigned_by_asker = convert::text(&head.cosigned_by_caller).ok().filter(|note| !note.is_empty());
            if replicates(&list, &inner.name, &origin) && hosts_issuer(&list, link.name(), &origin) {
                inner.replicas.ensure(inner, link.name(), &origin);
                cosigned.extend(cosigned_by_asker.clone().map(|note| (origin.clone(), note)));
            }
            if let Ok(note) = convert::text(&head.checkpoint) {
                let known = KnownHead { log: origin, note, entries: head.entries, cosigned_by_asker };
                if head.heard { heard.push(known) } else { heads.push(known) }
            }
        }
        for head in heads.iter().chain(&heard) {
            if inner.own.of(&head.log).is_some() {
                shown(inner, link.name(), head);
                told.push(head.clone());
            } else {
                others.push(head.clone());
            }
        }
        inner.compare(Event::Heads { partner: link.name().clone(), heads });
        if !heard.is_empty() {
            inner.compare(Event::Heard { partner: link.name().clone(), heads: heard });
        }
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    inner.remember(link.name(), others, unread).await;
    inner.told(link.name(), told, own.is_empty().then_some(awaits));
    let news = inner.board.unread(link.name(), &own, inner.clock.now());
    if !news.is_empty() {
        let logs = some_of(&news);
        tracing::warn!(partner = %link.name(), reason = "REPLICA_UNREADABLE", "the partner keeps copies of these logs and cannot open them: what they hold is not known, and where this node lost something the partner counts as not heard before its operator has mended that: {logs}");
    }
    let its = Arc::clone(inner);
    let keeping = tokio::task::spawn_blocking(move || {
        for (origin, note) in &cosigned {
            if let Err(error) = keep(&its, origin, note) {
                tracing::warn!(%origin, %error, "the cosignatures that its issuer gathered could not be kept");
            }
        }
    });
    if let Err(error) = keeping.await {
        tracing::error!(%error, "keeping cosignatures failed inside");
    }
    Ok(())
}

/// Keeps a head of a replicated log with the cosignatures that its issuer gathered: what is judged here by what is held
/// here, such as a reinstatement, needs those of the witnesses too. It blocks.
fn keep(inner: &Inner, origin: &Origin, note: &str) -> Result<(), StoreError> {
    let (Some(store), trust) = (inner.replicas.store(origin), inner.lists.current()) else { return Ok(()) };
    let Some(key) = trust.log_key(origin) else { return Ok(()) };
    let Ok(signed) = SignedCheckpoint::open(note, &key) else { return Ok(()) };
    let TreeHead { size, root } = signed.checkpoint().head;
    let is_held = store.head(origin).is_some_and(|held| size <= held.head.size);
    if !is_held || log::root(size, &store.hashes(origin))? != root {
        return Ok(());
    }
    let state = Cosigned::load(store.as_ref(), origin, &trust)?.take(signed, &trust);
    if !state.is_empty() {
        let at_ms = unix_ms(inner.clock.now());
        store.commit(Batch { at_ms, state, ..Batch::default() })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_no_more_heads_than_whoever_asks_reads() {
        let pages = |heads: &[usize], most: usize| {
            let mut left = heads.iter().map(|count| (0_u8, vec![0_u8; *count])).collect::<Vec<_>>();
            let mut pages = Vec::new();
            loop {
                let (page, more) = cut(left.drain(..), most);
                pages.push(page.iter().map(|(_, all)| all.len()).collect::<Vec<_>>());
                let done = pages.iter().map(Vec::len).sum::<usize>();
                assert_eq!(more, done < heads.len());
                if !more {
                    return pages;
                }
                left = heads.iter().skip(done).map(|count| (0_u8, vec![0_u8; *count])).collect();
            }
        };
        assert_eq!(pages(&[1, 2, 3], 2), [vec![1, 2], vec![3]]);
        assert_eq!(pages(&[400, 350, 1, 750, 2], MOST), [vec![400, 350], vec![1], vec![750], vec![2]]);
        assert_eq!(pages(&[], MOST), [Vec::<usize>::new()]);
    }
}
