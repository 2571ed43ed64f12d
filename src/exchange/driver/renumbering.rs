//! Brings back the disclosures of own certificates that came back without them, and with them their numbers: until
//! they are here no number is given, for any of them may have been given already.
//!
//! A number series could also be left, and another begun; but an agreement's numbers are its own, digit by digit, and
//! numbers that a back office brought follow no series at all. What is known can be passed over, whatever it is.

use super::fetching::Call;
use super::link::Link;
use super::start::Inner;
use super::wire;
use crate::exchange::disclosures::{Taken, take};
use crate::exchange::message::{Disclosed, DisclosedEntry};
use crate::exchange::replicates;
use crate::log::Origin;
use crate::sequencer::{GivenTwice, Lost, PaperNumber, Recalled, Standing, Wait, bears_number};
use crate::statement::{Completeness, OpenedBody, open_leaf};
use crate::store::{Batch, Disclosures, EntryRef, StateChange, Store, StoreError};
use crate::trust::NodeName;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Entries that are asked for at once.
const AT_ONCE: usize = 256;
/// What did not come is asked for again after.
const AGAIN: Duration = Duration::from_secs(5);

/// Fetches until everything is here, or the node stops.
pub(super) async fn renumber(inner: &Arc<Inner>, origin: &Origin) {
    let mut stop = inner.stopping();
    let mut said = false;
    loop {
        match attempt(inner, origin).await {
            Ok(wait) => {
                let missing = wait.as_ref().map(|wait| wait.missing);
                if let Some(own) = inner.own.of(origin) {
                    own.gate.waits(origin, Lost::Numbers, wait);
                }
                match missing {
                    None => return,
                    Some(missing) if said => {
                        tracing::debug!(%origin, missing, "disclosures of own entries did not come");
                    }
                    Some(missing) => {
                        tracing::warn!(%origin, missing, reason = "NUMBERS_UNKNOWN", "certificates came back without their disclosures: no number is given before they are here, or an operator goes on without them");
                        said = true;
                    }
                }
            }
            Err(why) => tracing::warn!(%origin, "disclosures of own entries could not be brought back: {why}"),
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Asks every node that holds the log for what is missing, once; says of how many certificates the number is still
/// unknown, and who was asked. None where all are known.
async fn attempt(inner: &Arc<Inner>, origin: &Origin) -> Result<Option<Wait>, String> {
    let own = inner.own.of(origin).ok_or("its authority is not hosted here")?;
    let (store, log) = (Arc::clone(&own.store), origin.clone());
    let Some((recalled, mut missing)) = blocking(move || missing(store.as_ref(), &log)).await? else { return Ok(None) };
    let list = inner.lists.current();
    let holders = list.text().nodes.iter().map(|node| &node.name).filter(|name| replicates(&list, name, origin));
    let holders = holders.cloned().collect::<Vec<_>>();
    // More of it is being fetched back, and is not shown before all of it is: until then nobody knows what is missing.
    if matches!(own.gate.standing(origin), Some(Standing::Behind { .. })) {
        let first = "more of the log has to come back first".to_owned();
        return Ok(Some(wait(inner, missing.len().max(1), holders, Some(first))));
    }
    let links = holders.iter().filter_map(|name| inner.link_of(name).borrow().clone()).collect::<Vec<_>>();
    let mut trouble = links.is_empty().then(|| "none of them is connected".to_owned());
    let mut held = BTreeSet::new();
    for link in links {
        let mut still = Vec::new();
        for part in missing.chunks(AT_ONCE) {
            match fetch(&link, origin, part).await {
                Ok(answers) => {
                    held.extend(answers.iter().filter(|one| one.state == Disclosed::Held).map(|one| one.index));
                    let (store, log) = (Arc::clone(&own.store), origin.clone());
                    let at_ms = u64::try_from(inner.clock.now().as_millisecond()).unwrap_or(0);
                    let kept = blocking(move || keep(store.as_ref(), &log, &answers, at_ms)).await?;
                    still.extend(part.iter().filter(|index| !kept.contains(index)));
                }
                Err(why) => {
                    tracing::debug!(partner = %link.name(), %origin, why, "disclosures were not given");
                    trouble = Some(format!("{}: {why}", link.name()));
                    still.extend(part);
                }
            }
        }
        missing = still;
    }
    let (store, log) = (Arc::clone(&own.store), origin.clone());
    let unknown = missing.clone();
    let certificates = blocking(move || {
        let mut open = 0;
        for index in missing {
            let (Some(facts), Some(leaf)) = (store.facts(&log, index)?, store.leaf(&log, index)?) else { continue };
            open += usize::from(bears_number(facts.status_index, &leaf));
        }
        Ok(open)
    });
    let certificates = certificates.await?;
    if certificates > 0 {
        let held = unknown.iter().filter(|index| held.contains(*index)).count();
        let said = [nobody_has(held), trouble].into_iter().flatten().collect::<Vec<_>>().join("; ");
        return Ok(Some(wait(inner, certificates, holders, Some(said).filter(|said| !said.is_empty()))));
    }
    let (store, log) = (Arc::clone(&own.store), origin.clone());
    let at_ms = u64::try_from(inner.clock.now().as_millisecond()).unwrap_or(0);
    blocking(move || known(store.as_ref(), &log, recalled, at_ms)).await?;
    tracing::info!(%origin, "the numbers of all certificates are known again");
    own.gate.turned();
    Ok(None)
}

/// What is said of certificates that were not sent yet when they were lost: no partner can give them back.
fn nobody_has(held: usize) -> Option<String> {
    let are = if held == 1 { "is" } else { "are" };
    (held > 0).then(|| {
        format!(
            "{held} of them {are} held since before the loss: what such a certificate says was never sent, its holder alone \
             has it in the bundle, and no partner can give it back; where an operator goes on without it, each series passes \
             over its number"
        )
    })
}

fn wait(inner: &Inner, missing: usize, holders: Vec<NodeName>, trouble: Option<String>) -> Wait {
    let missing = u64::try_from(missing).unwrap_or(u64::MAX);
    Wait { since: inner.clock.now(), missing, holders: holders.into_iter().map(|name| (name, None)).collect(), trouble }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, String> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?;
    done.map_err(|error| error.to_string())
}

/// Entries that came back and whose disclosures did not; none where no number is unknown.
fn missing(store: &dyn Store, origin: &Origin) -> Result<Option<(Recalled, Vec<u64>)>, StoreError> {
    let Some(recalled) = Recalled::read(store, origin)?.filter(|recalled| recalled.numbers_unknown) else {
        return Ok(None);
    };
    let mut missing = Vec::new();
    for index in recalled.from..recalled.end {
        let Some(leaf) = store.leaf(origin, index)? else { continue };
        let none: &[&str] = &[];
        let bare = open_leaf(&leaf, none).is_ok_and(|bare| bare.completeness != Completeness::Complete);
        if bare && store.disclosures(origin, index)? == Some(Disclosures::None) {
            missing.push(index);
        }
    }
    Ok(Some((recalled, missing)))
}

/// Notes that the numbers of all that came back are known, unless more has come back since that was read.
fn known(store: &dyn Store, origin: &Origin, read: Recalled, at_ms: u64) -> Result<(), StoreError> {
    let state = vec![Recalled { numbers_unknown: false, ..read }.put(origin)];
    store.commit(Batch { at_ms, expected: vec![read.still(origin)], state, ..Batch::default() }).map(|_| ())
}

async fn fetch(link: &Link, origin: &Origin, indexes: &[u64]) -> Result<Vec<DisclosedEntry>, String> {
    let request = wire::FetchDisclosuresRequest { log: origin.to_string(), indexes: indexes.to_vec() };
    let answers = link.calls().fetch_disclosures(request).await.map_err(|status| link.why(&status).to_string())?;
    let mut call = Call::new(answers.into_inner());
    let mut all = Vec::new();
    while let Some(answer) = tokio::time::timeout(super::CALL, call.next()).await.map_err(|_| "it is silent")?? {
        all.push(answer);
    }
    Ok(all)
}

/// Makes durable what matches; gives the entries of which nothing more is wanted. A number that something else has by
/// now stays with that, and is kept beside as one that was given twice.
fn keep(store: &dyn Store, origin: &Origin, answers: &[DisclosedEntry], at_ms: u64) -> Result<Vec<u64>, StoreError> {
    let mut batch = Batch { at_ms, ..Batch::default() };
    let (mut kept, mut given, mut twice) = (Vec::new(), BTreeSet::new(), Vec::new());
    for ((index, taken), answer) in take(store, origin, answers, at_ms)?.into_iter().zip(answers) {
        match taken {
            Taken::Good(sealed, found) => {
                batch.late.push(sealed);
                batch.state.extend(found);
                let entry = EntryRef { origin: origin.clone(), index };
                kept.push(index);
                let Some((number, change)) = number(store, &entry, answer)? else { continue };
                let is_taken = !given.insert(number.clone()) || store.number_taken(&number)?;
                if !is_taken {
                    batch.state.push(change);
                }
                if is_taken || reads_as_another(store, &number, &entry)? {
                    twice.extend(store.facts(origin, index)?.map(|facts| GivenTwice { number, jti: facts.jti }));
                }
            }
            Taken::Nothing => kept.push(index),
            Taken::Erased | Taken::Held | Taken::Wrong => {}
        }
    }
    if batch.late.is_empty() {
        return Ok(kept);
    }
    if !twice.is_empty() {
        let (count, numbers) =
            (twice.len(), twice.iter().map(|one| one.number.as_str()).collect::<Vec<_>>().join(", "));
        tracing::warn!(%origin, count, numbers, reason = "NUMBER_TAKEN", "certificates came back under numbers that were given again meanwhile: each stands on two, and is found as the one that had it here first");
        batch.state.push(GivenTwice::put(&[GivenTwice::read(store, origin)?, twice].concat(), origin));
    }
    store.commit(batch)?;
    Ok(kept)
}

/// Whether something else of this authority has a number that is read as this one is.
fn reads_as_another(store: &dyn Store, number: &str, entry: &EntryRef) -> Result<bool, StoreError> {
    let paper = PaperNumber::read(store, number)?.is_some_and(|known| known.paper != *entry);
    Ok(paper || store.number_like(number)?.is_some())
}

/// The number that stands in disclosures which were found to match, and what has it known again.
fn number(
    store: &dyn Store,
    entry: &EntryRef,
    answer: &DisclosedEntry,
) -> Result<Option<(String, StateChange)>, StoreError> {
    let Disclosed::All(disclosures) = &answer.state else { return Ok(None) };
    let Some(leaf) = store.leaf(&entry.origin, entry.index)? else { return Ok(None) };
    let Ok(opened) = open_leaf(&leaf, disclosures) else { return Ok(None) };
    match opened.body {
        OpenedBody::Certificate(certificate) => {
            let number = certificate.reference.as_option().map(|reference| reference.number.to_string());
            let Some(number) = number else { return Ok(None) };
            let change = StateChange::NumberRecalled { number: number.clone(), entry: entry.clone() };
            Ok(Some((number, change)))
        }
        OpenedBody::PaperCertificate(Some(paper)) => {
            let number = paper.paper.number.as_str().to_owned();
            let change = PaperNumber { paper: entry.clone() }.put(&number).map_err(StoreError::Index)?;
            Ok(Some((number, change)))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        exchange::driver::disclosing::disclosed,
        inbox::{Why, await_it},
        log::Extension,
        store::{MemoryStore, NewEntry},
        workflow::tests::world::World,
    };

    /// A store that the entries of a log came back to, bare.
    fn bare(world: &World, log: &Origin) -> MemoryStore {
        let (store, published) = (MemoryStore::new(), world.store.head(log).unwrap());
        let addressee = world.store.addressee(log).unwrap();
        let opened = StateChange::LogOpened { origin: log.clone(), addressee };
        let bare = (0..published.head.size).map(|index| {
            let facts = world.store.facts(log, index).unwrap().unwrap();
            NewEntry {
                origin: log.clone(),
                index,
                jti: facts.jti,
                status_index: facts.status_index,
                number: None,
                leaf: world.store.leaf(log, index).unwrap().unwrap(),
                disclosures: None,
            }
        });
        let entries = bare.collect();
        store.commit(Batch { at_ms: 1, state: vec![opened], entries, ..Batch::default() }).unwrap();
        let extension = Extension::prove(log.clone(), None, published.head, &[]).unwrap();
        store.advance(vec![extension], &|_| Ok(published.note.clone())).unwrap();
        store
    }

    #[tokio::test]
    async fn a_number_that_was_given_again_meanwhile_is_kept_as_that_and_stays_with_what_has_it() {
        let world = World::new();
        let (desk, _) = world.desk();
        let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
        let (log, number, index) = (issued.entry.origin.clone(), issued.number.unwrap(), issued.entry.index);
        let store = bare(&world, &log);
        // Meanwhile something else got the number.
        let other = EntryRef { origin: log.clone(), index: 0 };
        let given = StateChange::NumberRecalled { number: number.clone(), entry: other.clone() };
        store.commit(Batch { at_ms: 2, state: vec![given], ..Batch::default() }).unwrap();

        let Some(Disclosures::Present(shown)) = world.store.disclosures(&log, index).unwrap() else { panic!() };
        let answers = [DisclosedEntry { index, state: Disclosed::All(shown) }];
        assert_eq!(keep(&store, &log, &answers, 3).unwrap(), [index]);
        let twice = vec![GivenTwice { number: number.clone(), jti: issued.jti }];
        assert_eq!(GivenTwice::all(&store).unwrap(), [(log.clone(), twice)]);
        assert_eq!(store.find_number(&number).unwrap(), Some(other));
        assert!(matches!(store.disclosures(&log, index).unwrap(), Some(Disclosures::Present(_))));
    }

    #[test]
    fn it_is_said_that_nobody_else_has_what_was_held() {
        assert_eq!(nobody_has(0), None);
        let said = nobody_has(1).unwrap();
        assert!(said.starts_with("1 of them is held") && said.contains("no partner can give it back"), "{said}");
    }

    #[tokio::test]
    async fn an_addressee_says_to_the_issuer_that_lost_it_that_a_certificate_was_held() {
        let world = World::new();
        let (desk, _) = world.desk();
        let entry = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome.entry;
        let store = bare(&world, &entry.origin);
        let says = |to_addressee| disclosed(&store, &entry.origin, entry.index, to_addressee).unwrap();
        assert_eq!(says(false), Some(Disclosed::None));
        let state = vec![await_it(&entry.origin, entry.index, Why::Held)];
        store.commit(Batch { at_ms: 2, state, ..Batch::default() }).unwrap();
        assert_eq!((says(false), says(true)), (Some(Disclosed::Held), Some(Disclosed::None)));
    }

    #[test]
    fn numbers_stay_shut_where_more_came_back_since_it_was_read_what_is_missing() {
        let store = MemoryStore::new();
        let log: Origin = "tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap();
        let read = Recalled { from: 4, end: 8, at_ms: 1, numbers_unknown: true };
        let more = Recalled { end: 12, ..read };
        for one in [read, more] {
            store.commit(Batch { state: vec![one.put(&log)], ..Batch::default() }).unwrap();
        }
        known(&store, &log, read, 2).unwrap_err();
        assert_eq!(Recalled::read(&store, &log).unwrap(), Some(more));
        known(&store, &log, more, 2).unwrap();
        assert_eq!(Recalled::read(&store, &log).unwrap(), Some(Recalled { numbers_unknown: false, ..more }));
    }
}
