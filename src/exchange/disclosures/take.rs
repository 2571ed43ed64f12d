//! Holds disclosures that arrived against their entry's digests, and seals them: done beside the machine.

use crate::{
    exchange::{
        message::{Disclosed, DisclosedEntry},
        replica::is_finding,
    },
    log::Origin,
    statement::{Completeness, open_leaf},
    store::{self, Disclosures, EntryRef, Sealed, StateChange, Store, StoreError},
};

/// What became of an answer.
#[derive(Debug, Clone)]
pub enum Taken {
    /// All are here and match; to be made durable, with what makes the statement found.
    Good(Sealed, Vec<StateChange>),
    /// The entry has none, has them already, or is none that anybody will be shown.
    Nothing,
    /// They are erased at the issuer's.
    Erased,
    /// The issuer keeps them back.
    Held,
    /// They do not match the digests, or are not all, or the issuer says there are none where there are.
    Wrong,
}

/// Judges answers for published entries of a log, which came at an instant in Unix milliseconds.
pub fn take(
    store: &dyn Store,
    origin: &Origin,
    answers: &[DisclosedEntry],
    at_ms: u64,
) -> Result<Vec<(u64, Taken)>, StoreError> {
    let mut taken = Vec::with_capacity(answers.len());
    for answer in answers {
        let judged = match judge(store, origin, answer, at_ms)? {
            // What nobody will be shown is not waited for either; where a later trust list lets the entry hold, what
            // came with it is kept.
            Taken::Wrong if is_finding(store, origin, answer.index)? => Taken::Nothing,
            judged => judged,
        };
        taken.push((answer.index, judged));
    }
    Ok(taken)
}

fn judge(store: &dyn Store, origin: &Origin, answer: &DisclosedEntry, at_ms: u64) -> Result<Taken, StoreError> {
    let Some(leaf) = store.leaf(origin, answer.index)? else { return Ok(Taken::Wrong) };
    if store.disclosures(origin, answer.index)?.is_some_and(|there| there != Disclosures::None) {
        return Ok(Taken::Nothing);
    }
    let none: &[&str] = &[];
    // An entry that cannot be opened is a finding, and is delivered to nobody.
    let Ok(bare) = open_leaf(&leaf, none) else { return Ok(Taken::Nothing) };
    if bare.completeness == Completeness::Complete {
        return Ok(Taken::Nothing);
    }
    Ok(match &answer.state {
        Disclosed::Held => Taken::Held,
        Disclosed::Erased => Taken::Erased,
        Disclosed::None => Taken::Wrong,
        Disclosed::All(disclosures) => match open_leaf(&leaf, disclosures) {
            Ok(opened) if opened.completeness == Completeness::Complete => {
                let sealed = store.seal(origin, answer.index, disclosures)?;
                let entry = EntryRef { origin: origin.clone(), index: answer.index };
                // A finding is delivered to nobody; where a later list lets it hold, it is found by what it is about then.
                Taken::Good(sealed, store::index(&entry, &opened.body, at_ms))
            }
            _ => Taken::Wrong,
        },
    })
}
