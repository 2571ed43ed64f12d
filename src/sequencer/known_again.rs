//! Numbers of own certificates and papers whose contents came back after a loss, from a partner or in a bundle: from then on
//! they are known as those of any other are.

use super::{recalled::GivenTwice, uncounted::says_after_all, work::PaperNumber};
use crate::{
    log::{Origin, Shard},
    statement::{OpenedBody, PaperWords, open_leaf},
    store::{Batch, Disclosures, EntryRef, StateChange, Store, StoreError},
    trust::TrustList,
    verification::CheckedEntry,
};
use std::collections::BTreeMap;

/// Adds to a batch what has the numbers known again that stand in these contents of entries of a log, which were found to
/// match. A number that something else has by now stays with that, and is kept beside as one that was given twice; a paper
/// that was registered anew, its key being closed, is found by the registration that counts. What was given up is counted
/// after all.
pub fn numbers_again(
    store: &dyn Store,
    trust: &TrustList,
    origin: &Origin,
    came: &[(u64, OpenedBody)],
    batch: &mut Batch,
) -> Result<(), StoreError> {
    says_after_all(store, origin, came.iter().map(|(index, _)| *index), batch)?;
    // What this batch gives each number to: a paper, or else a certificate.
    let mut given: BTreeMap<String, (Option<EntryRef>, StateChange)> = BTreeMap::new();
    let mut twice = Vec::new();
    for (index, body) in came {
        let entry = EntryRef { origin: origin.clone(), index: *index };
        let Some((number, change)) = number(&entry, body)? else { continue };
        let before = given.get(&number).map(|(paper, _)| paper.clone());
        let is_certified = before == Some(None) || store.number_taken(&number)?;
        let paper = match &before {
            Some(paper) => paper.clone(),
            None => PaperNumber::read(store, &number)?.map(|known| known.paper),
        };
        let paper = paper.filter(|paper| *paper != entry);
        let is_twice = match (body, &paper) {
            (OpenedBody::PaperCertificate(Some(anew)), Some(known)) if !is_certified => {
                let (was, is) = (rank(store, trust, known)?, rank(store, trust, &entry)?);
                let differs = || words_of(store, known, came, origin).map(|said| said.as_ref() != Some(&anew.paper));
                let is_twice = was.counts && is.counts && differs()?;
                if !is_twice && is > was {
                    given.insert(number.clone(), (Some(entry), change));
                }
                is_twice
            }
            _ => {
                let is_taken = is_certified || before.is_some();
                if !is_taken {
                    let is_paper = matches!(body, OpenedBody::PaperCertificate(_));
                    given.insert(number.clone(), (is_paper.then_some(entry), change));
                }
                is_taken || paper.is_some() || store.number_like(&number)?.is_some()
            }
        };
        if is_twice {
            twice.extend(store.facts(origin, *index)?.map(|facts| GivenTwice { number, jti: facts.jti }));
        }
    }
    batch.state.extend(given.into_values().map(|(_, change)| change));
    if twice.is_empty() {
        return Ok(());
    }
    let (count, numbers) = (twice.len(), twice.iter().map(|one| one.number.as_str()).collect::<Vec<_>>().join(", "));
    tracing::warn!(%origin, count, numbers, reason = "NUMBER_TAKEN", "certificates came back under numbers that were given again meanwhile: each stands on two, and is found as the one that had it here first");
    let known = GivenTwice::read(store, origin)?;
    batch.expected.push(GivenTwice::still(&known, origin));
    batch.state.push(GivenTwice::put(&[known, twice].concat(), origin));
    Ok(())
}

/// Which of two registrations of a paper it is found by: the one that counts, and of two the later one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    counts: bool,
    shard: Shard,
    index: u64,
}

fn rank(store: &dyn Store, trust: &TrustList, paper: &EntryRef) -> Result<Rank, StoreError> {
    let EntryRef { origin, index } = paper;
    let leaf = store.leaf(origin, *index)?;
    let entry = leaf.and_then(|leaf| CheckedEntry::read(&leaf, *index).ok());
    let counts = entry.is_some_and(|entry| entry.key_closed(trust).is_none());
    Ok(Rank { counts, shard: origin.shard(), index: *index })
}

/// What is registered of a paper whose contents are here, or came beside; none where they are neither.
fn words_of(
    store: &dyn Store,
    paper: &EntryRef,
    came: &[(u64, OpenedBody)],
    log: &Origin,
) -> Result<Option<PaperWords>, StoreError> {
    let EntryRef { origin, index } = paper;
    let beside = came.iter().find(|(place, _)| origin == log && place == index);
    if let Some((_, OpenedBody::PaperCertificate(said))) = beside {
        return Ok(said.as_ref().map(|said| said.paper.clone()));
    }
    let (leaf, shown) = (store.leaf(origin, *index)?, store.disclosures(origin, *index)?);
    let (Some(leaf), Some(Disclosures::Present(shown))) = (leaf, shown) else { return Ok(None) };
    let body = open_leaf(&leaf, &shown).ok().map(|opened| opened.body);
    let Some(OpenedBody::PaperCertificate(said)) = body else { return Ok(None) };
    Ok(said.map(|said| said.paper))
}

/// The number that an entry bears, and what has it known again.
fn number(entry: &EntryRef, body: &OpenedBody) -> Result<Option<(String, StateChange)>, StoreError> {
    Ok(match body {
        OpenedBody::Certificate(certificate) => certificate.reference.as_option().map(|reference| {
            let number = reference.number.to_string();
            (number.clone(), StateChange::NumberRecalled { number, entry: entry.clone() })
        }),
        OpenedBody::PaperCertificate(Some(paper)) => {
            let number = paper.paper.number.as_str().to_owned();
            let change = PaperNumber { paper: entry.clone() }.put(&number).map_err(StoreError::Index)?;
            Some((number, change))
        }
        _ => None,
    })
}
