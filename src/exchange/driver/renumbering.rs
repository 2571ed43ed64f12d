//! Brings back the disclosures of own certificates that came back without them, and with them their numbers: until
//! they are here no number is given, for any of them may have been given already.
//!
//! A number series could also be left, and another begun; but an agreement's numbers are its own, digit by digit, and
//! numbers that a back office brought follow no series at all. What is known can be passed over, whatever it is.

mod nobody;

use self::nobody::{Said, nobody_has};
use super::fetching::Call;
use super::link::Link;
use super::start::Inner;
use super::wire;
use crate::exchange::disclosures::{Taken, take};
use crate::exchange::message::{Disclosed, DisclosedEntry};
use crate::exchange::replicates;
use crate::log::Origin;
use crate::sequencer::{
    Consent, Lost, Recalled, Standing, Wait, bears_number, hold, is_held, is_with_nobody, numbers_again,
    put_with_nobody,
};
use crate::statement::{Completeness, OpenedBody, open_leaf};
use crate::store::{Batch, Disclosures, EntryRef, Store, StoreError};
use crate::trust::{NodeName, TrustList};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Entries that are asked for at once.
const AT_ONCE: usize = 256;
/// Bytes that are made durable at once: more than that, and one entry, is never kept in memory.
const PORTION: usize = 1 << 20;
/// What did not come is asked for again after.
const AGAIN: Duration = Duration::from_secs(5);
/// The longest that a holder may take for what it is asked for at once. What came by then is kept, and the rest is asked of
/// others first: one that says a little now and then would keep the numbers shut for as long as it likes.
const AT_MOST: Duration = Duration::from_mins(1);

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
    let (mut said, are_all_asked) = (Said::default(), links.len() == holders.len());
    for link in links {
        let began = tokio::time::Instant::now();
        let (mut still, mut parts) = (Vec::<u64>::new(), missing.chunks(AT_ONCE));
        for part in parts.by_ref() {
            let (left, why) = ask(inner, &own.store, origin, (&link, part), &mut said).await?;
            still.extend(left);
            let Some(why) = why else { continue };
            tracing::debug!(partner = %link.name(), %origin, why, "disclosures were not given");
            trouble = Some(format!("{}: {why}", link.name()));
            // One that keeps everybody waiting is asked no further before others are.
            if began.elapsed() >= super::CALL {
                break;
            }
        }
        still.extend(parts.flatten().copied());
        missing = still;
    }
    let (store, log) = (Arc::clone(&own.store), origin.clone());
    let at_ms = u64::try_from(inner.clock.now().as_millisecond()).unwrap_or(0);
    let is_said = trouble.is_none() && are_all_asked;
    let certificates = blocking(move || {
        let mut open = Vec::new();
        for index in missing {
            let (Some(facts), Some(leaf)) = (store.facts(&log, index)?, store.leaf(&log, index)?) else { continue };
            open.extend(bears_number(facts.status_index, &leaf).then_some(index));
        }
        let lost = said.of(&open, is_said);
        let is_with_nobody_now = lost.sum() == open.len() && !open.is_empty();
        if is_with_nobody(store.as_ref(), &log)? != is_with_nobody_now {
            let state = vec![put_with_nobody(&log, is_with_nobody_now)];
            store.commit(Batch { at_ms, state, ..Batch::default() })?;
        }
        Ok((open.len(), lost))
    });
    let (certificates, lost) = certificates.await?;
    if certificates > 0 {
        let said = [nobody_has(&lost), trouble].into_iter().flatten().collect::<Vec<_>>().join("; ");
        return Ok(Some(wait(inner, certificates, holders, Some(said).filter(|said| !said.is_empty()))));
    }
    let (store, log) = (Arc::clone(&own.store), origin.clone());
    blocking(move || known(store.as_ref(), &log, recalled, at_ms)).await?;
    tracing::info!(%origin, "the numbers of all certificates are known again");
    tracing::warn!(%origin, "what certificates of this log say came back from who had it: what was erased here by an order before the loss is to be erased again (origin certificate erase)");
    own.gate.turned();
    Ok(None)
}

/// Asks a holder for some entries, and keeps what it answers as it comes; gives those of which more is wanted, and why the
/// call ended if it ended badly. Of what it does not give is noted why.
async fn ask(
    inner: &Inner,
    store: &Arc<dyn Store>,
    origin: &Origin,
    (link, part): (&Link, &[u64]),
    said: &mut Said,
) -> Result<(BTreeSet<u64>, Option<String>), String> {
    let mut wanted = part.iter().copied().collect::<BTreeSet<_>>();
    let mut asked = match fetch(link, origin, part).await {
        Ok(call) => Asked::new(call, part, AT_MOST),
        Err(why) => return Ok((wanted, Some(why))),
    };
    loop {
        let answers = asked.portion().await;
        if answers.is_empty() {
            return Ok((wanted, asked.ended.and_then(Result::err)));
        }
        said.note(&answers);
        let (store, log, trust) = (Arc::clone(store), origin.clone(), inner.lists.current());
        let at_ms = u64::try_from(inner.clock.now().as_millisecond()).unwrap_or(0);
        for index in blocking(move || keep(store.as_ref(), &trust, &log, &answers, at_ms)).await? {
            wanted.remove(&index);
        }
    }
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

async fn fetch(link: &Link, origin: &Origin, indexes: &[u64]) -> Result<Call, String> {
    let request = wire::FetchDisclosuresRequest { log: origin.to_string(), indexes: indexes.to_vec() };
    let mut calls = link.calls();
    // One that never begins to answer would keep the others from being asked, for ever.
    let answers = tokio::time::timeout(super::CALL, calls.fetch_disclosures(request)).await;
    let answers = answers.map_err(|_| "it is silent")?.map_err(|status| link.why(&status).to_string())?;
    Ok(Call::new(Box::pin(answers.into_inner())))
}

/// The answers of one call, a portion at a time: a holder that sends other things than it was asked for, or without end,
/// fills no memory, and is heard no further.
struct Asked {
    call: Call,
    /// Not answered yet.
    left: BTreeSet<u64>,
    /// It is heard until then.
    until: tokio::time::Instant,
    /// How the call ended, once it has.
    ended: Option<Result<(), String>>,
}

impl Asked {
    fn new(call: Call, indexes: &[u64], within: Duration) -> Self {
        let until = tokio::time::Instant::now() + within;
        Self { call, left: indexes.iter().copied().collect(), until, ended: None }
    }

    /// What comes next; nothing once the call has ended.
    async fn portion(&mut self) -> Vec<DisclosedEntry> {
        let (mut came, mut bytes) = (Vec::new(), 0);
        while self.ended.is_none() && bytes < PORTION {
            match self.answer().await {
                Ok(Some(answer)) => {
                    bytes += answer.bytes();
                    came.push(answer);
                }
                Ok(None) => self.ended = Some(Ok(())),
                Err(why) => self.ended = Some(Err(why)),
            }
        }
        came
    }

    /// The next answer; none at the end, or where all have come.
    async fn answer(&mut self) -> Result<Option<DisclosedEntry>, String> {
        if self.left.is_empty() {
            return Ok(None);
        }
        let answer = tokio::time::timeout_at(self.until, self.call.next()).await.map_err(|_| "it is too slow")??;
        let Some(answer) = answer else { return Ok(None) };
        if self.left.remove(&answer.index) {
            return Ok(Some(answer));
        }
        Err(format!("it answers for entry {}, for which it was not asked, or once more", answer.index))
    }
}

/// Makes durable what matches; gives the entries of which nothing more is wanted. What its addressee says is held is held
/// again: whose consent it waits for is lost, so it is the stricter one.
fn keep(
    store: &dyn Store,
    trust: &TrustList,
    origin: &Origin,
    answers: &[DisclosedEntry],
    at_ms: u64,
) -> Result<Vec<u64>, StoreError> {
    let mut batch = Batch { at_ms, ..Batch::default() };
    let (mut kept, mut came) = (Vec::new(), Vec::new());
    for ((index, taken), answer) in take(store, origin, answers, at_ms)?.into_iter().zip(answers) {
        match taken {
            Taken::Good(sealed, found) => {
                batch.late.push(sealed);
                batch.state.extend(found);
                kept.push(index);
                came.extend(body(store, origin, answer)?.map(|body| (index, body)));
            }
            Taken::Nothing => kept.push(index),
            Taken::Held => {
                let entry = EntryRef { origin: origin.clone(), index };
                if !is_held(store, &entry)? {
                    batch.state.push(hold(&entry, Consent::Exporter));
                }
            }
            Taken::Erased | Taken::Wrong => {}
        }
    }
    if batch.late.is_empty() && batch.state.is_empty() {
        return Ok(kept);
    }
    numbers_again(store, trust, origin, &came, &mut batch)?;
    store.commit(batch)?;
    Ok(kept)
}

/// What an entry says by disclosures that were found to match.
fn body(store: &dyn Store, origin: &Origin, answer: &DisclosedEntry) -> Result<Option<OpenedBody>, StoreError> {
    let Disclosed::All(disclosures) = &answer.state else { return Ok(None) };
    let leaf = store.leaf(origin, answer.index)?;
    Ok(leaf.and_then(|leaf| open_leaf(&leaf, disclosures).ok()).map(|opened| opened.body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        exchange::driver::disclosing::disclosed,
        inbox::{Why, await_it},
        log::Extension,
        sequencer::{GivenTwice, held},
        store::{MemoryStore, NewEntry, StateChange},
        workflow::tests::world::World,
    };
    use tokio_stream::StreamExt as _;

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
        assert_eq!(keep(&store, &world.trust.load(), &log, &answers, 3).unwrap(), [index]);
        let twice = vec![GivenTwice { number: number.clone(), jti: issued.jti }];
        assert_eq!(GivenTwice::all(&store).unwrap(), [(log.clone(), twice)]);
        assert_eq!(store.find_number(&number).unwrap(), Some(other));
        assert!(matches!(store.disclosures(&log, index).unwrap(), Some(Disclosures::Present(_))));
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

    #[tokio::test]
    async fn what_was_held_when_it_was_lost_is_held_again_by_the_word_of_its_addressee() {
        let world = World::new();
        let (desk, _) = world.desk();
        let entry = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome.entry;
        let store = bare(&world, &entry.origin);
        let answers = [DisclosedEntry { index: entry.index, state: Disclosed::Held }];
        for _ in 0..2 {
            let kept = keep(&store, &world.trust.load(), &entry.origin, &answers, 3).unwrap();
            assert!(kept.is_empty(), "its contents are still wanted");
        }
        assert_eq!(held(&store, &entry).unwrap().as_ref().map(Consent::of), Some(Consent::Exporter));
        // Its addressee goes on waiting for it, and no alarm is raised there.
        assert_eq!(disclosed(&store, &entry.origin, entry.index, true).unwrap(), Some(Disclosed::Held));
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
    fn message(index: u64, bytes: usize, more: bool) -> wire::FetchDisclosuresResponse {
        let disclosures = vec![vec![b'a'; bytes].into()];
        wire::FetchDisclosuresResponse { index, state: wire::DisclosureState::Disclosed.into(), disclosures, more }
    }

    /// What is taken of a holder that was asked for the first three entries, the most bytes at once, and why it is heard no
    /// further.
    async fn taken(
        said: impl Iterator<Item = wire::FetchDisclosuresResponse> + Send + 'static,
    ) -> (Vec<u64>, usize, Option<String>) {
        let said = tokio_stream::iter(said.map(Ok::<_, tonic::Status>));
        let mut asked = Asked::new(Call::new(Box::pin(said)), &[0, 1, 2], AT_MOST);
        let (mut came, mut most) = (Vec::new(), 0_usize);
        loop {
            let portion = asked.portion().await;
            if portion.is_empty() {
                return (came, most, asked.ended.and_then(Result::err));
            }
            most = most.max(portion.iter().map(DisclosedEntry::bytes).sum());
            came.extend(portion.iter().map(|one| one.index));
        }
    }

    #[tokio::test]
    async fn a_holder_fills_no_memory_with_what_it_was_not_asked_for_says_twice_or_never_ends() {
        let not_asked = |index: u64| format!("it answers for entry {index}, for which it was not asked, or once more");
        let one = 600 << 10;
        let (came, most, why) = taken([0, 2, 1].into_iter().map(move |index| message(index, one, false))).await;
        assert_eq!((came, most, why), (vec![0, 2, 1], 2 * one, None), "all at once would be more");
        // Of what is without an end nothing is read past the first wrong word.
        let endless = (0..).map(move |index| message(index % 2, one, false));
        assert_eq!(taken(endless).await, (vec![0, 1], 2 * one, Some(not_asked(0))));
        let elsewhere = (7..).map(move |index| message(index, one, false));
        assert_eq!(taken(elsewhere).await, (Vec::new(), 0, Some(not_asked(7))));
        let never_whole = std::iter::repeat_with(move || message(0, one, true));
        let why = "more disclosures than a token has".to_owned();
        assert_eq!(taken(never_whole).await, (Vec::new(), 0, Some(why)));
        // What it says once all was answered is not even read.
        let (came, _, why) = taken((0..).map(|index| message(index, 1, false))).await;
        assert_eq!((came, why), (vec![0, 1, 2], None));
        // What came before a call broke off is kept.
        assert_eq!(taken([1].into_iter().map(|index| message(index, 1, false))).await, (vec![1], 1, None));
    }

    #[tokio::test]
    async fn a_holder_that_is_too_slow_is_heard_no_further_and_what_came_of_it_is_kept() {
        let first = tokio_stream::iter([Ok::<_, tonic::Status>(message(1, 1, false))]);
        let call = Call::new(Box::pin(first.chain(tokio_stream::pending())));
        let mut asked = Asked::new(call, &[0, 1, 2], Duration::from_millis(50));
        assert_eq!(asked.portion().await.iter().map(|one| one.index).collect::<Vec<_>>(), [1]);
        assert!(asked.portion().await.is_empty());
        assert_eq!(asked.ended, Some(Err("it is too slow".to_owned())));
    }
}
