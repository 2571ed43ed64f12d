//! What a certificate drew of others when something becomes of it: given back where it ends for good, and passed on to the
//! one that takes its place.

use super::{
    cover::check_cover,
    ledgers::{self, Kept, Taken, name_of},
    same::{Whole, same_description, same_goods, same_makers},
    values::{values, word},
};
use crate::{
    certificate::{Certificate, Finding, Findings, Particulars, PriorCertificate, Relation},
    office::{Amounts, Draw, Draws},
    sequencer::{Beside, Outcome},
    statement::{Act, Jti, Since},
    store::{EntryRef, Expected, StateChange, Store},
    workflow::{CertificateRecord, Desk, WorkflowError},
};
use std::{collections::BTreeMap, sync::Arc};

/// What the one that takes a certificate's place takes over.
pub(in crate::workflow) struct Heritage {
    name: String,
    draws: Draws,
    /// What was drawn on and stands in the logs here, by the name of its ledger.
    originals: BTreeMap<String, Certificate>,
    expected: Vec<Expected>,
    /// That nothing can be drawn of it any more, where what it was drawn on for is void: its place is taken.
    over: Option<StateChange>,
}

impl Desk {
    /// What is to be passed on. Of a certificate that others rest on nothing can take the place: what they drew would be
    /// there twice.
    pub(in crate::workflow) fn heritage(&self, target: &EntryRef) -> Result<Heritage, WorkflowError> {
        let known = self.set_ledgers_right()?;
        let store = self.store().as_ref();
        let name = self.ledger_name(target)?;
        self.knows_its_draws(&known, &name)?;
        let mut of = Kept::read(store, &name)?;
        if of.ledger.is_drawn_on() {
            return Err(WorkflowError::DrawnUpon);
        }
        let (draws, expected) = ledgers::draws(store, &name)?;
        let originals = self.originals_of(&draws)?;
        let expected = vec![of.expected(), expected];
        let over = std::mem::take(&mut of.ledger.ended).then(|| of.put()).transpose()?;
        Ok(Heritage { name, draws, originals, expected, over })
    }

    /// The certificates of this authority that something was drawn of, as far as their contents are left.
    fn originals_of(&self, draws: &Draws) -> Result<BTreeMap<String, Certificate>, WorkflowError> {
        let store = self.store().as_ref();
        let mut found: BTreeMap<String, Certificate> = BTreeMap::new();
        for name in draws.0.iter().map(|draw| &draw.original) {
            let jti = name.rsplit_once('/').and_then(|(_, jti)| jti.parse::<Jti>().ok());
            let Some(jti) = jti.filter(|_| !found.contains_key(name)) else { continue };
            let entry = store.find(&jti)?.filter(|entry| name_of(&entry.origin, &jti) == *name);
            let Some(entry) = entry else { continue };
            if let Some(certificate) = CertificateRecord::read(store, &entry)?.certificate.to_certificate() {
                found.insert(name.clone(), certificate);
            }
        }
        Ok(found)
    }

    /// What an act gives back of what the certificate drew. A withdrawal from a date gives nothing back: the certificate
    /// was good until then, and may have been used. What others rest on is used, and so is what customs abroad wrote off:
    /// it is not cancelled at a wish, also where it was used while the wish waited.
    pub(in crate::workflow) fn given_back(
        &self,
        target: &EntryRef,
        act: &Act,
        items: Option<&[u32]>,
    ) -> Result<Beside, WorkflowError> {
        if !matches!(act, Act::Cancelled | Act::Withdrawn { since: Since::Issue }) {
            return Ok(Beside::default());
        }
        // What turns out never to have given back is not given back twice.
        let known = self.set_ledgers_right()?;
        let store = self.store().as_ref();
        let name = self.ledger_name(target)?;
        let mut expected = Vec::new();
        if *act == Act::Cancelled {
            self.knows_its_draws(&known, &name)?;
            let of = Kept::read(store, &name)?;
            if of.ledger.is_drawn_on() {
                return Err(WorkflowError::DrawnUpon);
            }
            let facts = store.facts(&target.origin, target.index)?.ok_or(WorkflowError::CertificateUnknown)?;
            if self.used_abroad(&facts.jti)? {
                return Err(WorkflowError::UsedAbroad);
            }
            expected.push(of.expected());
        }
        let (state, draws) = returned(store, &name, items, &mut expected)?;
        if state.is_empty() {
            return Ok(Beside { expected, ..Beside::default() });
        }
        let taken = Taken { name, draws };
        let changes = move |outcome: &Outcome| {
            let mut state = state.clone();
            state.push(ledgers::put_taken(&outcome.entry, &taken).map_err(|error| error.to_string())?);
            Ok(state)
        };
        Ok(Beside { expected, changes: Some(Arc::new(changes)), ..Beside::default() })
    }

    fn ledger_name(&self, target: &EntryRef) -> Result<String, WorkflowError> {
        let facts = self.store().facts(&target.origin, target.index)?.ok_or(WorkflowError::CertificateUnknown)?;
        Ok(name_of(&target.origin, &facts.jti))
    }
}

/// Gives back what a certificate drew, all of it or for some of its items, and says what that is; what it rests on is
/// expected. Nothing where it drew nothing.
pub(super) fn returned(
    store: &dyn Store,
    name: &str,
    items: Option<&[u32]>,
    expected: &mut Vec<Expected>,
) -> Result<(Vec<StateChange>, Draws), WorkflowError> {
    let (draws, still) = ledgers::draws(store, name)?;
    if draws.0.is_empty() {
        return Ok((Vec::new(), draws));
    }
    let concerned = |draw: &Draw| items.is_none_or(|items| items.contains(&draw.item));
    let (back, kept): (Vec<_>, Vec<_>) = draws.0.into_iter().partition(concerned);
    let mut ledgers_of = BTreeMap::new();
    for draw in &back {
        let ledger = match ledgers_of.remove(&draw.original) {
            Some(ledger) => ledger,
            None => Kept::read(store, &draw.original)?,
        };
        let mut ledger: Kept = ledger;
        if expected.iter().all(|one| *one != ledger.expected()) {
            expected.push(ledger.expected());
        }
        ledger.ledger.give_back(draw.prior_item, &draw.quantity, &draw.beside);
        ledgers_of.insert(draw.original.clone(), ledger);
    }
    expected.push(still);
    let mut state = vec![ledgers::put_draws(name, &Draws(kept))?];
    for ledger in ledgers_of.values() {
        state.push(ledger.put()?);
    }
    Ok((state, Draws(back)))
}

impl Heritage {
    /// Whether the certificate rests on others.
    pub(in crate::workflow) fn rests_on_others(&self) -> bool {
        !self.draws.0.is_empty()
    }

    /// Has the particulars of the successor rest on the same, with the same quantities.
    pub(in crate::workflow) fn hold_to(
        &self,
        particulars: &mut Particulars,
        old: &Certificate,
        findings: &mut Findings,
    ) {
        let rests = |prior: &&PriorCertificate| !prior.drawn.is_empty();
        for own in old.reference.prior.iter().filter(rests).filter(|_| self.rests_on_others()) {
            let same = |one: &PriorCertificate| one.number == own.number && one.relation == own.relation;
            let prior = &mut particulars.reference.prior;
            match prior.iter().position(same) {
                None => prior.push(own.clone()),
                Some(at) if prior.get(at) == Some(own) => {}
                Some(at) => {
                    let message = format!(
                        "other quantities of {} than {} drew; one that takes its place rests on the same",
                        own.number, old.reference.number
                    );
                    let help =
                        "leave it out: it is added; for other quantities cancel the old one, which gives them back";
                    let path = format!("reference.prior[{at}].drawn");
                    findings.push(Finding::error("DRAWN_CHANGED", path, message).with_help(help));
                }
            }
        }
        let new = particulars.reference.prior.iter().enumerate().filter(|(_, prior)| !prior.drawn.is_empty());
        for (at, prior) in new {
            if !self.rests_on_others() || !old.reference.prior.contains(prior) {
                let message =
                    format!("quantities of {} are drawn, which {} did not", prior.number, old.reference.number);
                findings.push(Finding::error("DRAWN_CHANGED", format!("reference.prior[{at}]"), message));
            }
        }
        if self.rests_on_others() {
            check_cover(particulars, findings);
            self.check_beside(particulars, old, findings);
            self.check_values(particulars, old, findings);
        }
    }

    /// What mends one that rests on others is of their goods, as that was. Where an original is not kept here, the old one
    /// stands for it.
    pub(in crate::workflow) fn hold_alike(
        &self,
        particulars: &Particulars,
        old: &Certificate,
        findings: &mut Findings,
    ) {
        let mut own = Vec::new();
        for (index, item) in particulars.goods.items.iter().enumerate() {
            let draws = self.draws.0.iter().filter(|draw| draw.item == item.number);
            let wholes = draws.filter_map(|draw| self.whole(draw, old)).collect::<Vec<_>>();
            for whole in &wholes {
                let path = format!("goods.items[{index}]");
                same_goods((particulars, item), *whole, &path, &mut |finding| findings.push(finding));
            }
            findings.0.extend(same_description((index, item), wholes.iter().copied()));
            own.extend(wholes.iter().filter(|whole| whole.own).map(|whole| whole.certificate));
        }
        same_makers(particulars, &own, findings);
    }

    fn whole<'a>(&'a self, draw: &Draw, old: &'a Certificate) -> Option<Whole<'a>> {
        let (certificate, number) = match self.originals.get(&draw.original) {
            Some(original) => (original, draw.prior_item),
            None => (old, draw.item),
        };
        let item = certificate.goods.items.iter().find(|item| item.number == number)?;
        let is_part = |prior: &PriorCertificate| {
            prior.relation == Relation::Replaces && !prior.drawn.is_empty() && prior.number == draw.number
        };
        Some(Whole { certificate, item, own: old.reference.prior.iter().any(is_part) })
    }

    /// One that rests on others takes over what the old one took of their weights and packages: it states no more.
    fn check_beside(&self, particulars: &Particulars, old: &Certificate, findings: &mut Findings) {
        for (index, item) in particulars.goods.items.iter().enumerate() {
            let drawn = self.draws.0.iter().find(|draw| draw.item == item.number);
            let was = old.goods.items.iter().find(|one| one.number == item.number);
            let Some((drawn, was)) = drawn.zip(was) else { continue };
            let before = Amounts::of(was, &drawn.quantity.unit);
            for (what, says) in Amounts::of(item, &drawn.quantity.unit).each() {
                let member = Amounts::member(what);
                let said = before.get(what);
                // Packages of another kind, and quantities in another unit, are the same goods told otherwise.
                let grows = said.map_or(member.ends_with("_weight"), |said| says > said);
                if grows {
                    let said = said.map_or_else(|| "nothing of it".to_owned(), |said| Amounts::in_words(what, said));
                    let message = format!(
                        "item {} says {}, and {} said {said}",
                        item.number,
                        Amounts::in_words(what, says),
                        old.reference.number
                    );
                    let help = "cancel the old one, which gives back what it took, and draw anew";
                    let path = format!("goods.items[{index}].{member}");
                    findings.push(Finding::error("DRAWN_CHANGED", path, message).with_help(help));
                }
            }
        }
    }

    /// A part that takes the place of one is worth no more than that took of the whole.
    fn check_values(&self, particulars: &Particulars, old: &Certificate, findings: &mut Findings) {
        for item in &particulars.goods.items {
            for (on, says) in values(particulars.commercial.as_ref(), item.number) {
                let draws = self.draws.0.iter().filter(|draw| draw.item == item.number);
                let took = draws.filter_map(|draw| draw.beside.get(&word(on)));
                let took = took.reduce(|sum, one| sum.checked_add(one).unwrap_or(sum));
                if let Some(took) = took.filter(|took| says > *took) {
                    let (number, currency) = (&old.reference.number, on.1);
                    let message =
                        format!("item {} is worth {says} {currency}, and {number} took {took} for it", item.number);
                    let help = "cancel the old one, which gives back what it took, and draw anew";
                    findings.push(Finding::error("DRAWN_CHANGED", "commercial.item_values", message).with_help(help));
                }
            }
        }
    }

    /// What changes with the successor: it has drawn what the old one drew.
    pub(in crate::workflow) fn pass_on(self) -> Beside {
        let Self { name, draws, expected, over, .. } = self;
        if draws.0.is_empty() && over.is_none() {
            return Beside { expected, ..Beside::default() };
        }
        let taken = Taken { name, draws };
        let changes = move |outcome: &Outcome| {
            let state = passed_on(&taken, over.as_ref(), (&outcome.entry, &outcome.jti));
            state.map_err(|error| error.to_string())
        };
        Beside { expected, changes: Some(Arc::new(changes)), ..Beside::default() }
    }
}

/// What changes where a certificate takes another's place: it has drawn what that drew.
pub(super) fn passed_on(
    taken: &Taken,
    over: Option<&StateChange>,
    (successor, jti): (&EntryRef, &Jti),
) -> Result<Vec<StateChange>, WorkflowError> {
    let mut state = over.cloned().into_iter().collect::<Vec<_>>();
    if !taken.draws.0.is_empty() {
        state.push(ledgers::put_draws(&taken.name, &Draws::default())?);
        state.push(ledgers::put_draws(&name_of(&successor.origin, jti), &taken.draws)?);
        state.push(ledgers::put_taken(successor, taken)?);
    }
    Ok(state)
}
