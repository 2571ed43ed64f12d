//! Brings back the disclosures of own entries that came back without them: of certificates first, and with them their
//! numbers. Until those are here no number is given, for any of them may have been given already.
//!
//! A number series could also be left, and another begun; but an agreement's numbers are its own, digit by digit, and
//! numbers that a back office brought follow no series at all. What is known can be passed over, whatever it is.

mod nobody;

use self::nobody::{Said, nobody_has, nobody_says};
use super::fetching::Call;
use super::link::Link;
use super::start::Inner;
use super::wire;
use crate::exchange::disclosures::{Taken, take};
use crate::exchange::message::{Disclosed, DisclosedEntry};
use crate::exchange::{is_to_everyone, replicates};
use crate::log::Origin;
use crate::sequencer::{
    Bare, Consent, Lost, Recalled, Standing, Wait, bears_number, hold, is_held, is_with_nobody, numbers_again,
    put_with_nobody,
};
use crate::statement::{Completeness, OpenedBody, open_leaf};
use crate::store::{Batch, Disclosures, EntryRef, Store, StoreError};
use crate::time::unix_ms;
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
/// The longest until then, where no number waits for it: it may be with nobody.
const SELDOM: Duration = Duration::from_mins(10);
/// The longest that a holder may take for what it is asked for at once. What came by then is kept, and the rest is asked of
/// others first: one that says a little now and then would keep the numbers shut for as long as it likes.
const AT_MOST: Duration = Duration::from_mins(1);

/// Fetches until everything is here, or the node stops.
pub(super) async fn renumber(inner: &Arc<Inner>, origin: &Origin) {
    let (mut stop, mut told, mut again) = (inner.stopping(), Told::default(), AGAIN);
    loop {
        let are_numbers_known = round(inner, origin, Lost::Numbers, &mut told).await;
        if round(inner, origin, Lost::Contents, &mut told).await && are_numbers_known {
            return;
        }
        let wait = if are_numbers_known { again } else { AGAIN };
        again = wait.saturating_mul(2).min(SELDOM);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// What this node's log said of a log that came back: each thing once.
#[derive(Debug, Default)]
struct Told {
    /// What is missing of it.
    missing: BTreeSet<Lost>,
    /// That what its entries say comes back.
    back: bool,
}

impl Told {
    /// Contents came back, of which nobody knows any more whether an order erased them: with the first of them it is said what
    /// that asks for, for the others may never come.
    fn came(&mut self, origin: &Origin) {
        if self.may_undo_an_order(origin) {
            tracing::warn!(%origin, "what entries of this log say comes back from who had it: where a certificate in it was erased here by an order before the loss, it can be read again, and the order is to be carried out once more (origin certificate erase)");
        }
    }

    /// Whether what comes back is the first that an order may have erased: a log to everybody has no certificates.
    fn may_undo_an_order(&mut self, origin: &Origin) -> bool {
        !std::mem::replace(&mut self.back, true) && !is_to_everyone(origin)
    }
}

/// Asks once, and has it known how it stands; whether nothing is missing any more.
async fn round(inner: &Arc<Inner>, origin: &Origin, lost: Lost, told: &mut Told) -> bool {
    let wait = match attempt(inner, origin, lost, told).await {
        Ok(wait) => wait,
        Err(why) => {
            tracing::warn!(%origin, "disclosures of own entries could not be brought back: {why}");
            return false;
        }
    };
    let missing = wait.as_ref().map(|wait| wait.missing);
    if let Some(own) = inner.own.of(origin) {
        own.gate.waits(origin, lost, wait);
    }
    let Some(missing) = missing else { return true };
    if !told.missing.insert(lost) {
        tracing::debug!(%origin, missing, "disclosures of own entries did not come");
    } else if lost == Lost::Contents {
        tracing::warn!(%origin, missing, reason = "CONTENTS_MISSING", "entries came back without what they disclose, such as why a status was changed or what customs did: it is asked for until it is here");
    } else {
        tracing::warn!(%origin, missing, reason = "NUMBERS_UNKNOWN", "certificates came back without their disclosures: no number is given before they are here, or an operator goes on without them");
    }
    false
}

/// Asks every node that holds the log for what is missing, once: the contents of those that bear a number, or of the
/// others. Says how many are still without, and who was asked; none where all have them.
async fn attempt(inner: &Arc<Inner>, origin: &Origin, lost: Lost, told: &mut Told) -> Result<Option<Wait>, String> {
    let own = inner.own.of(origin).ok_or("its authority is not hosted here")?;
    let (store, log) = (Arc::clone(&own.store), origin.clone());
    let found = blocking(move || missing(store.as_ref(), &log, lost)).await?;
    let Some((recalled, mut missing)) = found else { return Ok(None) };
    let was_missing = !missing.is_empty();
    let list = inner.lists.current();
    let holders = list.text().nodes.iter().map(|node| &node.name).filter(|name| replicates(&list, name, origin));
    let holders = holders.cloned().collect::<Vec<_>>();
    // More of it is being fetched back, and is not shown before all of it is: until then nobody knows what is missing.
    if matches!(own.gate.standing(origin), Some(Standing::Behind { .. })) {
        if lost == Lost::Contents && !was_missing {
            // It is looked at once more when all is back.
            return Ok(None);
        }
        let first = "more of the log has to come back first".to_owned();
        return Ok(Some(wait(inner, missing.len().max(1), holders, Some(first))));
    }
    if lost == Lost::Contents && was_missing && own.gate.bare().iter().all(|(bare, _)| bare != origin) {
        // They may take their time, and it is missing from now on.
        own.gate.waits(origin, lost, Some(wait(inner, missing.len(), holders.clone(), None)));
    }
    let links = holders.iter().filter_map(|name| inner.link_of(name).borrow().clone()).collect::<Vec<_>>();
    let mut trouble = links.is_empty().then(|| "none of them is connected".to_owned());
    let (mut said, are_all_asked) = (Said::default(), links.len() == holders.len());
    for link in links {
        let began = tokio::time::Instant::now();
        let (mut still, mut parts) = (Vec::<u64>::new(), missing.chunks(AT_ONCE));
        for part in parts.by_ref() {
            let (left, why) = ask(inner, &own.store, origin, (&link, part), &mut said).await?;
            if left.len() < part.len() {
                told.came(origin);
            }
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
    let at_ms = unix_ms(inner.clock.now());
    let is_said = trouble.is_none() && are_all_asked;
    let (with_nobody, open) = (said.of(&missing, is_said), missing.len());
    let is_with_nobody_now = with_nobody.sum() == open && open > 0;
    blocking(move || {
        if lost == Lost::Numbers && is_with_nobody(store.as_ref(), &log)? != is_with_nobody_now {
            let state = vec![put_with_nobody(&log, is_with_nobody_now)];
            store.commit(Batch { at_ms, state, ..Batch::default() })?;
        }
        if open > 0 { Ok(()) } else { known(store.as_ref(), &log, (recalled, lost), at_ms) }
    })
    .await?;
    if open > 0 {
        let nobody = if lost == Lost::Contents { nobody_says(&with_nobody) } else { nobody_has(&with_nobody) };
        let said = [nobody, trouble].into_iter().flatten().collect::<Vec<_>>().join("; ");
        return Ok(Some(wait(inner, open, holders, Some(said).filter(|said| !said.is_empty()))));
    }
    if lost == Lost::Numbers {
        tracing::info!(%origin, "the numbers of all certificates are known again");
        own.gate.turned();
    }
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
        let at_ms = unix_ms(inner.clock.now());
        for index in blocking(move || keep(store.as_ref(), &trust, &log, &answers, at_ms)).await? {
            wanted.remove(&index);
        }
    }
}

fn wait(inner: &Inner, missing: usize, holders: Vec<NodeName>, trouble: Option<String>) -> Wait {
    let missing = u64::try_from(missing).unwrap_or(u64::MAX);
    Wait {
        since: inner.clock.now(),
        missing,
        holders: holders.into_iter().map(|name| (name, None)).collect(),
        trouble,
        coming: true,
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, String> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?;
    done.map_err(|error| error.to_string())
}

/// Entries that came back and whose disclosures did not: those that bear a number, while any is unknown, or all others;
/// none where nothing of that is missing any more.
fn missing(store: &dyn Store, origin: &Origin, lost: Lost) -> Result<Option<(Recalled, Vec<u64>)>, StoreError> {
    let Some(recalled) = Recalled::read(store, origin)? else { return Ok(None) };
    let range = match lost {
        Lost::Contents => Bare::read(store, origin)?.map(|bare| bare.from..bare.end),
        Lost::Entries | Lost::Numbers => recalled.numbers_unknown.then_some(recalled.from..recalled.end),
    };
    let Some(range) = range else { return Ok(None) };
    let mut missing = Vec::new();
    for index in range {
        let (Some(leaf), Some(facts)) = (store.leaf(origin, index)?, store.facts(origin, index)?) else { continue };
        let none: &[&str] = &[];
        let bare = open_leaf(&leaf, none).is_ok_and(|bare| bare.completeness != Completeness::Complete);
        if !bare || store.disclosures(origin, index)? != Some(Disclosures::None) {
            continue;
        }
        // Once an operator went on without its number, a certificate is asked for as any other entry is.
        let for_its_number = recalled.numbers_unknown && bears_number(facts.status_index, &leaf);
        if for_its_number == (lost != Lost::Contents) {
            missing.push(index);
        }
    }
    Ok(Some((recalled, missing)))
}

/// Notes that the numbers of all that came back are known, or what all of it discloses is here, unless more has come back
/// since that was read.
fn known(store: &dyn Store, origin: &Origin, (read, lost): (Recalled, Lost), at_ms: u64) -> Result<(), StoreError> {
    let change = match lost {
        // Certificates are not among those while any number is unknown.
        Lost::Contents if read.numbers_unknown => return Ok(()),
        Lost::Contents => Bare::put_none(read.end, origin),
        Lost::Entries | Lost::Numbers => Recalled { numbers_unknown: false, ..read }.put(origin),
    };
    let state = vec![change];
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

/// Makes durable what matches; gives the entries of which nothing more is wanted. A certificate that its addressee says is
/// held is held again: whose consent it waits for is lost, so it is the stricter one.
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
                // Nothing else waits for a consent: any partner could have what is said to everyone kept from the others.
                let is_certificate = store.facts(origin, index)?.is_some_and(|facts| facts.status_index.is_some());
                if is_certificate && !is_held(store, &entry)? {
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
mod tests;
