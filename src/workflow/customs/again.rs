//! An act beside the others that decide of the same: of one who decides, and of one who releases, nobody has to remember
//! what else waits, and what was told to the issuer before.

use super::{Notice, notices::amount};
use crate::{
    office::{ActState, CustomsAct, DecidedAgain},
    reason::some_of,
    statement::{ItemDecision, ResponseCode},
};

/// What is to be known of an act by the others on its certificate: that one which waits or counts decided the same before,
/// that one waits which decides otherwise, and what was decided otherwise since; and what was written off of what it denies.
/// Of an act that waits it is asked whether it is not released any more.
pub(super) fn beside_decided(
    acts: &[CustomsAct],
    act: &CustomsAct,
    is_refused: impl Fn(&CustomsAct) -> bool,
) -> Vec<Notice> {
    let mut all = written_off(acts, act).into_iter().collect::<Vec<_>>();
    let meets = |one: &&CustomsAct| act.meeting(one).next().is_some() || act.decides_again(one).is_some();
    for other in acts.iter().filter(|one| one.number != act.number).filter(meets) {
        if other.state == ActState::Waits && other.number < act.number {
            all.extend(decided_before(act, other));
            all.extend(waits(act, other, is_refused(other)));
        } else if other.state == ActState::Counts && was_before(other, act) {
            let standing = standing(acts, other, act);
            all.extend(decided_before(act, &standing));
            all.extend(decided_since(act, &standing));
        }
    }
    all
}

/// That an earlier act decides the same: its issuer would be told twice.
fn decided_before(act: &CustomsAct, other: &CustomsAct) -> Option<Notice> {
    let (number, waits) = (other.number, other.state == ActState::Waits);
    let words = match act.decides_again(other)? {
        DecidedAgain::Same if waits => {
            format!("act {number} decides the same, and waits for a supervisor: one of both is enough, drop the other")
        }
        DecidedAgain::Same if act.state == ActState::Waits => {
            format!("act {number} decided the same, and counts: drop this one, or its issuer is told twice")
        }
        DecidedAgain::Same => format!("act {number} decided the same, and counts: its issuer was told twice"),
        DecidedAgain::Otherwise(said) => {
            let stands = if waits { "waits for a supervisor" } else { "counts" };
            format!(
                "act {number}, which {stands}, decided so before, though not in all as this one does: it says {}; see whether \
                 both are needed",
                some_of(said)
            )
        }
    };
    Some(Notice::new("DECIDED_BEFORE", false, words))
}

/// That something was written off of what is denied: that stays, and who denies may have thought that nothing was used.
fn written_off(acts: &[CustomsAct], act: &CustomsAct) -> Option<Notice> {
    let is_same = |other: &CustomsAct| {
        let declared = act.declaration.as_ref().zip(other.declaration.as_ref());
        declared.is_some_and(|(one, two)| one.is_same(two))
    };
    let meets = |own: &ItemDecision, other: &CustomsAct, there: &ItemDecision| {
        let on_it = own.line.zip(there.line).is_none_or(|(one, two)| one == two && is_same(other));
        own.code == ResponseCode::PreferenceDenied && own.item.is_none_or(|item| there.item == Some(item)) && on_it
    };
    let written = acts.iter().filter(|other| other.state == ActState::Counts).flat_map(|other| {
        let drawn = other.decisions.iter().filter(|there| there.code.draws());
        let drawn = drawn.filter(move |there| act.decisions.iter().any(|own| meets(own, other, there)));
        drawn.map(move |there| format!("{} by act {}", amount(there), other.number))
    });
    let written = written.collect::<Vec<_>>();
    if written.is_empty() {
        return None;
    }
    let words = format!(
        "written off before: {}; that stays beside the denial: `origin customs reverse` takes an act back",
        some_of(written)
    );
    Some(Notice::new("ALREADY_USED", false, words))
}

/// Which of the decisions of an act that counts are over, one by one: a later act decided them anew.
pub(super) fn over(acts: &[CustomsAct], act: &CustomsAct) -> Vec<bool> {
    let later = |one: &&CustomsAct| one.state == ActState::Counts && one.counts_from() > act.counts_from();
    let is_over = |decided: &ItemDecision| {
        act.state == ActState::Counts && acts.iter().filter(later).any(|one| one.decides_anew(act, decided))
    };
    act.decisions.iter().map(is_over).collect()
}

/// That an act before waits which decides otherwise, and whether it may be released after this one. What it stands against
/// is refused.
fn waits(act: &CustomsAct, other: &CustomsAct, is_refused: bool) -> Option<Notice> {
    let said = otherwise(act, other)?;
    let after = if is_refused {
        "it is not released after this: drop it, and decide anew"
    } else {
        "it may be released after this"
    };
    let words = format!("act {} waits for a supervisor, and decides {said}: {after}", other.number);
    Some(Notice::new("DENIAL_WAITS", false, words))
}

/// That an act decided otherwise while this one waited. What stands against a release is refused.
fn decided_since(act: &CustomsAct, other: &CustomsAct) -> Option<Notice> {
    let said = otherwise(act, other).filter(|_| other.counts_from() > (act.by.at_ms, act.number))?;
    let words =
        format!("act {} decided {said} after this was decided: see that both are to count, or drop this", other.number);
    Some(Notice::new("DECIDED_SINCE", false, words))
}

/// What another act decides of the same with another code.
fn otherwise(act: &CustomsAct, other: &CustomsAct) -> Option<String> {
    let mut said = Vec::new();
    for (_, there) in act.meeting(other).filter(|(own, there)| own.code != there.code) {
        let one = other.words_of(there);
        if !said.contains(&one) {
            said.push(one);
        }
    }
    (!said.is_empty()).then(|| some_of(said))
}

/// Whether an act counted before another was decided, or released; whatever counts is before what waits still.
fn was_before(other: &CustomsAct, act: &CustomsAct) -> bool {
    let ((then, earlier), (at, number)) = (other.counts_from(), act.counts_from());
    let released = act.settled.is_some();
    act.state == ActState::Waits || then < at || (then == at && (released || earlier < number))
}

/// What of another act counts still, beside an act: what a third one decided anew after it is over.
fn standing(acts: &[CustomsAct], other: &CustomsAct, act: &CustomsAct) -> CustomsAct {
    let later = |one: &&CustomsAct| {
        one.state == ActState::Counts && one.number != act.number && one.counts_from() > other.counts_from()
    };
    let is_over = |decided: &ItemDecision| {
        acts.iter().filter(later).any(|one| {
            let anew = one.decides_anew(other, decided);
            anew && one.meeting(other).any(|(_, there)| there == decided)
        })
    };
    let decisions = other.decisions.iter().filter(|one| !is_over(one)).cloned().collect();
    CustomsAct { decisions, ..other.clone() }
}
