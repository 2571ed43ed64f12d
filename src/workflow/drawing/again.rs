//! Ledgers whose records were lost, made again: what came back to the own logs is counted entry by entry, in the order in
//! which it was said, and by what certificates say they drew; as it was counted when it was said.

mod round;

use super::{
    beside::count_beside,
    heritage::{passed_on, returned},
    ledgers::{self, Kept, Taken, name_of, place_of},
    lost::Known,
    originals::Proven,
    values::count_values,
};
use crate::{
    certificate::{Certificate, Findings, Flags, PriorCertificate, Relation},
    log::Origin,
    office::{Action, Actor, Amounts, AuditEvent, Draw, Draws},
    sequencer::{SequencerError, Uncounted, changes_of, counted_after_all},
    statement::{Act, Change, Jti, OpenedBody, Since},
    store::{Disclosures, EntryRef, Expected, StateChange, Store, StoreError},
    workflow::{
        Desk, WorkflowError,
        customs::{of_number, statement_at},
        life::repeated,
    },
};
use round::Round;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::PoisonError,
};

/// How often what came back is counted anew because another was first with it.
const TRIED: usize = 16;

/// What an entry that came back does to ledgers.
enum Again {
    /// Nothing.
    Nothing,
    /// It changes them.
    Changes(Box<Changed>),
    /// What it says, or what the original says that it names by its number, is not here, and may come yet: of this entry.
    Waits(EntryRef),
    /// What it says is not here, and comes from nobody. Given back all the same, it is counted then.
    Lost,
    /// It follows on one that is not counted yet, in another log.
    Later,
}

/// What changes by an entry.
#[derive(Default)]
struct Changed {
    expected: Vec<Expected>,
    state: Vec<StateChange>,
    /// What was said since of the certificate that has drawn something by it, and did not find that.
    since: Vec<EntryRef>,
    /// For the record of who did what.
    said: String,
}

impl Changed {
    fn or_nothing(self) -> Again {
        let is_nothing = self.state.is_empty() && self.since.is_empty();
        if is_nothing { Again::Nothing } else { Again::Changes(Box::new(self)) }
    }
}

impl Desk {
    /// Counts what came back to own logs and is not counted yet, each entry once, up to the first that does not say yet what
    /// it did; one at a time, for two would undo each other. What is known of losses then; where nothing was lost, nothing is
    /// looked at.
    pub(super) fn count_again(&self) -> Result<Known, WorkflowError> {
        let _one = self.counting().lock().unwrap_or_else(PoisonError::into_inner);
        // More may come while it is counted: that it is all here is known of what came before.
        let behind = self.sequencer().gate().behind(|_| true);
        for _ in 0..TRIED {
            let open = self.uncounted()?;
            if open.is_empty() {
                return Ok(Known { behind, ..Known::default() });
            }
            // What is missing of one log may be what another rests on.
            if self.history_unknown().is_some() {
                return Ok(Known { behind, open, missing: None });
            }
            match self.count_what_came(open) {
                Err(WorkflowError::Sequencer(SequencerError::Crowded(_))) => {}
                counted => {
                    let (open, missing) = counted?;
                    return Ok(Known { behind, open, missing });
                }
            }
        }
        Err(SequencerError::Crowded("certificate").into())
    }

    /// Gives what is left, and the entry that is missing for going on, if it is that.
    fn count_what_came(&self, open: Vec<Uncounted>) -> Result<(Vec<Uncounted>, Option<EntryRef>), WorkflowError> {
        let store = self.store().as_ref();
        let (mut round, mut counted, mut missing) = (Round::begin(store, open)?, 0_u64, None);
        while let Some((when, entry)) = round.first() {
            match self.again(&entry, &round)? {
                Again::Waits(of) => {
                    missing = Some(of);
                    break;
                }
                Again::Later => {
                    round.put_off(when, entry.origin);
                    continue;
                }
                Again::Lost => round.give_up(entry.clone()),
                Again::Nothing => {
                    round.step(&entry.origin);
                    round.take_out(&entry, |one| self.is_silent(one))?;
                }
                Again::Changes(changed) => {
                    counted = counted.saturating_add(1);
                    self.take_over(&mut round, &entry, *changed)?;
                    round.take_out(&entry, |one| self.is_silent(one))?;
                }
            }
            round.look(store, &entry.origin)?;
            if round.is_long() {
                self.keep_round(&mut round)?;
            }
        }
        self.keep_round(&mut round)?;
        if counted > 0 {
            tracing::warn!(
                counted,
                reason = "DRAWS_COUNTED_AGAIN",
                "records of what certificates drew of others were lost: they were made again from what was signed"
            );
        }
        Ok((round.left(), missing))
    }

    /// Keeps how far a round has come.
    fn keep_round(&self, round: &mut Round) -> Result<(), WorkflowError> {
        let (expected, state) = round.keep();
        if !state.is_empty() {
            self.commit(expected, state, Vec::new())?;
        }
        // What was given up while somebody gave it back.
        let mut after_all = Vec::new();
        for EntryRef { origin, index } in round.silent() {
            if matches!(self.store().disclosures(&origin, index)?, Some(Disclosures::Present(_))) {
                after_all.push(counted_after_all(&origin, index));
            }
        }
        if after_all.is_empty() {
            return Ok(());
        }
        self.commit(Vec::new(), after_all, Vec::new())?;
        Err(SequencerError::Crowded("certificate").into())
    }

    /// Whether an entry that may have drawn something does not say so.
    fn is_silent(&self, entry: &EntryRef) -> Result<bool, WorkflowError> {
        if self.trust().is_void(&entry.origin, entry.index) {
            return Ok(false);
        }
        let body = statement_at(self.store().as_ref(), entry)?.map(|said| said.opened.body);
        let Some(OpenedBody::Certificate(certificate)) = body else { return Ok(false) };
        Ok(certificate.to_certificate().is_none() && may_draw(&certificate.flags))
    }

    /// Keeps what an entry changes, and that it is counted.
    fn take_over(&self, round: &mut Round, entry: &EntryRef, changed: Changed) -> Result<(), WorkflowError> {
        let Changed { mut expected, mut state, since, said } = changed;
        let by = AuditEvent::of(Actor::Node, Action::ChangeStatus).on(format!("{} {}", entry.origin, entry.index));
        let audit = vec![by.with_detail(said).to_row()];
        if since.is_empty() {
            round.step(&entry.origin);
            let (still, counted) = round.keep();
            expected.extend(still);
            state.extend(counted);
            return self.commit(expected, state, audit);
        }
        // It is counted once what was said since has found it: done again from the beginning, both come to the same.
        if !state.is_empty() {
            self.commit(expected, state, audit)?;
        }
        round.step(&entry.origin);
        let mut since = VecDeque::from(since);
        while let Some(one) = since.pop_front() {
            if let Again::Changes(changed) = self.again(&one, round)? {
                if !changed.state.is_empty() {
                    self.commit(changed.expected, changed.state, Vec::new())?;
                }
                since.extend(changed.since);
            }
        }
        Ok(())
    }

    fn again(&self, entry: &EntryRef, round: &Round) -> Result<Again, WorkflowError> {
        let (store, EntryRef { origin, index }) = (self.store().as_ref(), entry);
        if self.trust().is_void(origin, *index) {
            return Ok(Again::Nothing);
        }
        let Some(said) = statement_at(store, entry)? else {
            // Nobody reads it, also later: a round goes no further than what is published.
            return Ok(Again::Nothing);
        };
        match said.opened.body {
            OpenedBody::Certificate(certificate) => {
                if let Some(whole) = certificate.to_certificate() {
                    return self.drawn_again(entry, &said.opened.envelope.jti, &whole, round);
                }
                if !may_draw(&certificate.flags) {
                    return Ok(Again::Nothing);
                }
                let may_come = said.disclosures == Disclosures::None
                    && self.may_come(origin)?.is_some_and(|range| range.contains(index));
                Ok(if may_come { Again::Waits(entry.clone()) } else { Again::Lost })
            }
            OpenedBody::StatusChange(change) => self.changed_again(entry, &change.change, round),
            _ => Ok(Again::Nothing),
        }
    }

    /// What a certificate drew, by what it says.
    fn drawn_again(
        &self,
        entry: &EntryRef,
        jti: &Jti,
        whole: &Certificate,
        round: &Round,
    ) -> Result<Again, WorkflowError> {
        let (store, trust, name) = (self.store().as_ref(), self.trust(), name_of(&entry.origin, jti));
        let (before, still) = ledgers::draws(store, &name)?;
        // What says something only now may have been named by a change that was counted without it.
        let mut since = if round.was_given_up(entry) { self.said_before(jti, whole)? } else { Vec::new() };
        // What takes another's place has drawn what that drew: by the change that says so.
        if takes_a_place(whole) {
            return Ok(Changed { since, ..Changed::default() }.or_nothing());
        }
        if !before.0.is_empty() {
            // It was counted, and who counted may have stopped before what was said since found it.
            since.extend(self.said_since(entry, jti, round)?);
            return Ok(Changed { since, ..Changed::default() }.or_nothing());
        }
        let (mut draws, mut originals, mut beyond) = (Draws::default(), Vec::<Proven>::new(), Vec::new());
        let mut state = Vec::new();
        let drawn_on = whole.reference.prior.iter().filter(|prior| draws_on(prior));
        // One of a country that is not in the list is on paper, and what is drawn of it is not counted.
        let drawn_on = drawn_on.filter(|prior| trust.sections().any(|section| section.text().country == prior.country));
        for prior in drawn_on {
            let number = &prior.number;
            let name = match self.named_here(prior)? {
                Some(proven) => {
                    let name = proven.kept.name().to_owned();
                    originals.push(proven);
                    name
                }
                None => {
                    if prior.relation == Relation::Replaces
                        && let Some(missing) = round.unnumbered(|| self.number_may_come())?
                    {
                        return Ok(Again::Waits(missing));
                    }
                    let name = ledgers::unnamed(prior.country, prior.issued_on, number);
                    state.push(ledgers::put_unnamed(&name));
                    name
                }
            };
            for one in prior.drawn.iter().filter(|one| !one.quantity.value.is_zero()) {
                let original = originals.iter_mut().find(|proven| proven.kept.name() == name);
                if original.is_some_and(|proven| !proven.take_up(one.prior_item, &one.quantity)) {
                    beyond.push(format!("item {} of certificate {number}", one.prior_item));
                }
                draws.0.push(Draw {
                    original: name.clone(),
                    number: number.clone(),
                    item: one.item,
                    prior_item: one.prior_item,
                    quantity: one.quantity.clone(),
                    beside: Amounts::default(),
                });
            }
        }
        if draws.0.is_empty() {
            return Ok(Again::Nothing);
        }
        let (particulars, mut refused) = (repeated(whole), Findings::default());
        count_beside(&particulars, &mut originals, &mut draws, &mut refused);
        count_values(&particulars, &mut originals, &mut draws, &mut refused);
        let mut expected = vec![still];
        state.push(ledgers::put_draws(&name, &draws)?);
        for proven in &originals {
            expected.push(proven.kept.expected());
            state.push(proven.kept.put()?);
            if proven.own.is_some() {
                state.push(ledgers::put_part(proven.kept.name(), jti));
            }
        }
        let mut said = "what it drew was not kept any more, and is counted again".to_owned();
        if !beyond.is_empty() {
            said = format!("{said}; more may be drawn than there is of {}", beyond.join(", "));
        }
        since.extend(self.said_since(entry, jti, round)?);
        Ok(Changed { expected, state, since, said }.or_nothing())
    }

    /// What a change of status gave back, passed on or ended.
    fn changed_again(&self, entry: &EntryRef, change: &Change, round: &Round) -> Result<Again, WorkflowError> {
        let (store, Change { target, act, items }) = (self.store().as_ref(), change);
        let find = |log: &Origin, jti: &Jti| Ok::<_, StoreError>(store.find(jti)?.filter(|found| found.origin == *log));
        let Some(old) = find(&target.log, &target.jti)? else { return Ok(Again::Nothing) };
        let name = name_of(&target.log, &target.jti);
        let new = match act {
            Act::Cancelled | Act::Withdrawn { since: Since::Issue } => None,
            Act::Superseded { successor } => match find(&successor.log, &successor.jti)? {
                Some(new) => Some((new, successor)),
                None => return Ok(Again::Nothing),
            },
            Act::Withdrawn { .. } | Act::Suspended | Act::Reinstated => return Ok(Again::Nothing),
        };
        let rests_on = [Some(&old), new.as_ref().map(|(new, _)| new)];
        if rests_on.into_iter().flatten().any(|one| round.is_open(one)) {
            return Ok(Again::Later);
        }
        let (mut expected, mut since) = (Vec::new(), Vec::new());
        let is_part = match &new {
            Some((new, successor)) => self.is_drawn_from(new, &successor.jti, &name)?,
            None => None,
        };
        let (state, said) = match new {
            None => {
                let (mut state, draws) = returned(store, &name, items.as_deref(), &mut expected)?;
                if draws.0.is_empty() {
                    // What it gave back before stays kept as that.
                    state.clear();
                } else {
                    state.push(ledgers::put_taken(entry, &Taken { name, draws })?);
                }
                (state, "what it gave back is given back again")
            }
            // Once the other one says which of both it is, the change is found by it.
            Some(_) if is_part.is_none() => return Ok(Again::Nothing),
            Some(_) if is_part == Some(true) => {
                let mut of = Kept::read(store, &name)?;
                let ends = items.is_none() && !std::mem::replace(&mut of.ledger.ended, true);
                expected.push(of.expected());
                (if ends { vec![of.put()?] } else { Vec::new() }, "that it was drawn on to its end is kept again")
            }
            Some((new, successor)) => {
                let mut of = Kept::read(store, &name)?;
                let (draws, still) = ledgers::draws(store, &name)?;
                expected.extend([of.expected(), still]);
                let over = std::mem::take(&mut of.ledger.ended).then(|| of.put()).transpose()?;
                since = self.said_since(&new, &successor.jti, round)?;
                let state = passed_on(&Taken { name, draws }, over.as_ref(), (&new, &successor.jti))?;
                (state, "what it passed on is passed on again")
            }
        };
        Ok(Changed { expected, state, since, said: said.to_owned() }.or_nothing())
    }

    /// Whether a certificate was drawn from what ends with it; else it takes its place. None where it does not say.
    fn is_drawn_from(&self, new: &EntryRef, jti: &Jti, original: &str) -> Result<Option<bool>, WorkflowError> {
        let store = self.store().as_ref();
        if ledgers::is_part(store, original, jti)? {
            return Ok(Some(true));
        }
        let body = statement_at(store, new)?.map(|said| said.opened.body);
        let Some(OpenedBody::Certificate(certificate)) = body else { return Ok(None) };
        Ok(match certificate.to_certificate() {
            Some(whole) => Some(!takes_a_place(&whole)),
            None => certificate.flags.true_copy.then_some(false),
        })
    }

    /// The changes of a certificate that are counted: what was said of it while it was not.
    fn said_since(&self, entry: &EntryRef, jti: &Jti, round: &Round) -> Result<Vec<EntryRef>, WorkflowError> {
        let mut said = changes_of(self.store().as_ref(), entry, jti)?;
        said.retain(|one| !round.is_open(one));
        Ok(said)
    }

    /// The changes by which own certificates end with this one.
    fn said_before(&self, jti: &Jti, whole: &Certificate) -> Result<Vec<EntryRef>, WorkflowError> {
        let (store, mut said) = (self.store().as_ref(), Vec::new());
        let names = |prior: &&PriorCertificate| matches!(prior.relation, Relation::Replaces | Relation::TrueCopyOf);
        for prior in whole.reference.prior.iter().filter(names) {
            for old in of_number(store, prior.number.as_str())? {
                let Some(facts) = store.facts(&old.origin, old.index)? else { continue };
                for one in changes_of(store, &old, &facts.jti)? {
                    let body = statement_at(store, &one)?.map(|said| said.opened.body);
                    let Some(OpenedBody::StatusChange(change)) = body else { continue };
                    if matches!(&change.change.act, Act::Superseded { successor } if successor.jti == *jti) {
                        said.push(one);
                    }
                }
            }
        }
        Ok(said)
    }

    /// The original that a certificate names, where it is here and there is one alone.
    fn named_here(&self, prior: &PriorCertificate) -> Result<Option<Proven>, WorkflowError> {
        let (own, number, mut found) = (self.store(), prior.number.as_str(), BTreeMap::new());
        if prior.relation == Relation::Replaces {
            for entry in of_number(own.as_ref(), number)? {
                found.extend(named_at(own.as_ref(), &entry, prior)?.map(|(name, whole)| (name, (whole, Some(entry)))));
            }
        } else {
            for (origin, store) in self.setup().partners.logs() {
                for entry in of_number(store.as_ref(), number)?.into_iter().filter(|entry| entry.origin == origin) {
                    found.extend(named_at(store.as_ref(), &entry, prior)?.map(|(name, whole)| (name, (whole, None))));
                }
            }
        }
        let Some((name, (whole, entry))) = found.pop_first().filter(|_| found.is_empty()) else { return Ok(None) };
        Ok(Some(Proven::as_drawn_on(whole, Kept::read(own.as_ref(), &name)?, entry)))
    }

    /// The ledger of an original that is shown, by its place. What was drawn of it and was not found here when it was counted
    /// again is counted now; of what others of its goods are drawn from beside it, all that they weigh.
    pub(super) fn ledger_of(
        &self,
        original: &Certificate,
        (log, jti): (&Origin, &Jti),
        own: Option<&EntryRef>,
    ) -> Result<Kept, WorkflowError> {
        let (store, name) = (self.store().as_ref(), name_of(log, jti));
        let kept = Kept::read(store, &name)?;
        let reference = &original.reference;
        let unnamed = ledgers::unnamed(original.from, reference.issued_on, &reference.number);
        if !ledgers::is_unnamed(store, &unnamed)? {
            return Ok(kept);
        }
        let mut proven = Proven::as_drawn_on(original.clone(), kept, own.cloned());
        let (mut expected, mut state) = (vec![proven.kept.expected()], vec![ledgers::forget_unnamed(&unnamed)]);
        for (by, mut draws, still) in ledgers::drew_of(store, &unnamed)? {
            for draw in draws.0.iter_mut().filter(|draw| draw.original == unnamed) {
                draw.original.clone_from(&name);
                proven.take_up(draw.prior_item, &draw.quantity);
            }
            if let Some(whole) = self.original_here(&by)? {
                let (particulars, mut refused) = (repeated(&whole), Findings::default());
                let originals = std::slice::from_mut(&mut proven);
                count_beside(&particulars, originals, &mut draws, &mut refused);
                count_values(&particulars, originals, &mut draws, &mut refused);
            }
            expected.push(still);
            state.push(ledgers::put_draws(&by, &draws)?);
            let part = place_of(&by).filter(|_| own.is_some());
            state.extend(part.map(|(_, part)| ledgers::put_part(&name, &part)));
        }
        state.push(proven.kept.put()?);
        let by = AuditEvent::of(Actor::Node, Action::ChangeStatus).on(&name);
        let by = by.with_detail("what was drawn of it was not kept any more, and is counted again");
        self.commit(expected, state, vec![by.to_row()])?;
        Kept::read(store, &name)
    }
}

/// What stands at a place, with the name of its ledger, if it is the certificate that another names.
fn named_at(
    store: &dyn Store,
    entry: &EntryRef,
    prior: &PriorCertificate,
) -> Result<Option<(String, Certificate)>, StoreError> {
    let Some(said) = statement_at(store, entry)? else { return Ok(None) };
    let name = name_of(&entry.origin, &said.opened.envelope.jti);
    let OpenedBody::Certificate(certificate) = said.opened.body else { return Ok(None) };
    let is_named = |whole: &Certificate| {
        let reference = &whole.reference;
        (&reference.number, reference.issued_on, whole.from) == (&prior.number, prior.issued_on, prior.country)
    };
    Ok(certificate.to_certificate().filter(is_named).map(|whole| (name, whole)))
}

/// Whether a certificate may have drawn something, as far as it says in the clear. A copy has drawn what it copies had.
const fn may_draw(flags: &Flags) -> bool {
    !flags.true_copy && (flags.back_to_back || flags.replacement)
}

/// Whether something is drawn of a certificate that one follows.
fn draws_on(prior: &PriorCertificate) -> bool {
    !prior.drawn.is_empty() && matches!(prior.relation, Relation::Replaces | Relation::BackToBackOn)
}

/// Whether a certificate takes another's place, with all that this drew.
fn takes_a_place(whole: &Certificate) -> bool {
    let takes = |prior: &PriorCertificate| match prior.relation {
        Relation::TrueCopyOf => true,
        Relation::Replaces => prior.drawn.is_empty(),
        Relation::BackToBackOn | Relation::CumulatesWith => false,
    };
    whole.reference.prior.iter().any(takes)
}
