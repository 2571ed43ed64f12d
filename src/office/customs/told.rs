//! Acts whose records are lost, and which the issuer was told of: they are made again from what was signed, and count as
//! they did.

use super::{ActState, CustomsAct, CustomsFile, Despite, DoneBy, WHOLE, stands_against};
use crate::{
    certificate::Goods,
    log::Shard,
    statement::{CustomsResponse, ImportDeclaration, ItemDecision, Jti, ResponseCode},
};
use std::collections::{BTreeMap, BTreeSet};

/// The goods of a certificate, as far as they are known, and the items that have lost their force.
type Stated<'a> = (&'a Goods, &'a BTreeSet<u32>);

impl CustomsFile {
    /// Makes acts again from the responses that told of them, and counts them; `kept` are all those of which there are
    /// records. What waits by these and was told since was released. `shards` says in which of the logs to the issuer each
    /// was told: one goes on where the one before it ended, and an identifier by itself tells no more than the hour. Gives
    /// the acts that are new, or not as they were kept: who did what is not known any more.
    pub fn make_again(
        &mut self,
        stated: (&Goods, &BTreeSet<u32>),
        kept: &[CustomsAct],
        mut lost: Vec<(Jti, CustomsResponse)>,
        shards: &BTreeMap<Jti, Shard>,
    ) -> Vec<CustomsAct> {
        let place = |jti: Jti| (shards.get(&jti).copied(), jti);
        lost.sort_by_key(|(jti, _)| place(*jti));
        let Some(first) = lost.first().map(|(jti, _)| place(*jti)) else { return Vec::new() };
        let mut acts = kept.iter().map(|act| (act.number, act.clone())).collect::<BTreeMap<_, _>>();
        let told = kept.iter().filter_map(|act| Some((place(act.statement?), act.number)));
        let mut told = told.collect::<BTreeMap<_, _>>();
        // What was told after something that is lost was counted without it: all is counted anew then, in its order.
        let is_anew = told.keys().next_back().is_some_and(|last| *last > first);
        for (jti, response) in lost {
            let earlier = told.range(..place(jti)).next_back().and_then(|(_, number)| acts.get(number));
            // A statement tells no more than its hour, and nothing took effect before what was told earlier.
            let at_ms = earlier.map_or(0, |act| act.counts_from().0).max(jti.hour_ms());
            let released = acts.values().find(|act| act.is_released_by(&response)).cloned();
            let act = match released {
                // Of one instant the lower number would stand first.
                Some(waiting) => CustomsAct {
                    settled: Some(DoneBy::unknown(at_ms.saturating_add(1).max(waiting.by.at_ms))),
                    state: ActState::Counts,
                    statement: Some(jti),
                    ..waiting
                },
                None => {
                    self.acts = self.acts.saturating_add(1);
                    CustomsAct {
                        number: self.acts,
                        by: DoneBy::unknown(at_ms),
                        settled: None,
                        declaration: response.declaration,
                        decisions: response.decisions,
                        amends: response.amends.and_then(|amended| told.get(&place(amended.jti)).copied()),
                        state: ActState::Counts,
                        statement: Some(jti),
                        enquiry: response.enquiry.map(|place| place.jti),
                        remarks: response.remarks,
                        settled_words: None,
                        despite: Despite::default(),
                    }
                }
            };
            told.insert(place(jti), act.number);
            acts.insert(act.number, act);
        }
        if is_anew {
            *self = Self { acts: self.acts, erased: self.erased, ..Self::default() };
            for number in told.values() {
                if let Some(act) = acts.get_mut(number) {
                    act.state = ActState::Counts;
                }
            }
        }
        let (counted, left): (Vec<_>, Vec<_>) = told.into_iter().partition(|(told, _)| !is_anew && *told < first);
        let mut before = counted.into_iter().map(|(_, number)| number).collect::<Vec<_>>();
        for (_, number) in left {
            self.count(stated, number, &before, &mut acts);
            before.push(number);
        }
        acts.into_values().filter(|act| !kept.contains(act)).collect()
    }

    /// Counts an act that was told after those before.
    fn count(&mut self, stated: Stated<'_>, number: u32, before: &[u32], acts: &mut BTreeMap<u32, CustomsAct>) {
        let Some(act) = acts.get(&number).cloned() else { return };
        let over = act.amends.and_then(|over| acts.get_mut(&over)).filter(|over| over.state == ActState::Counts);
        if let Some(over) = over {
            self.give_back(&over.decisions);
            if act.decisions.iter().all(|one| one.code == ResponseCode::Reversed) {
                over.state = ActState::Reversed(number);
                let uses = before.iter().filter_map(|one| acts.get(one));
                let uses = uses.filter(|one| one.state == ActState::Counts && one.is_write_off());
                let with = uses.filter_map(|one| one.declaration.clone()).collect::<Vec<_>>();
                self.first_used = self.first_used.take().and_then(|first| {
                    if with.iter().any(|one| one.is_same(&first)) { Some(first) } else { with.into_iter().next() }
                });
            } else {
                over.state = ActState::Amended(number);
            }
        }
        let declaration = act.declaration.as_ref();
        let (used, said): (Vec<_>, Vec<_>) = act.decisions.iter().cloned().partition(|one| one.code.draws());
        for one in &used {
            self.use_again(stated, declaration, one);
        }
        let said = said.into_iter().filter(|one| one.code != ResponseCode::Reversed).collect::<Vec<_>>();
        self.take_decisions(stated, declaration, &said);
    }

    /// Takes decisions, as they were judged or told.
    pub(super) fn take_decisions(
        &mut self,
        stated: Stated<'_>,
        declaration: Option<&ImportDeclaration>,
        decisions: &[ItemDecision],
    ) {
        for ItemDecision { item, line, code, .. } in decisions {
            let place = item.unwrap_or(WHOLE);
            let used = self.used(stated, place).filter(|_| code.grants());
            let whole = self.used(stated, WHOLE).filter(|_| !stands_against(*code));
            self.latest = Some(whole.unwrap_or(*code));
            self.take(place, line.zip(declaration), *code);
            // What was used stays used, and is granted beside it.
            if let (Some(used), Some(said)) = (used.filter(|_| place != WHOLE), self.responses.get_mut(&place))
                && said.grants()
            {
                *said = used;
                self.granted.insert(place);
            }
        }
    }

    /// Takes that an item was used. Used on a line that was granted by itself, it stays as it was decided.
    pub(super) fn mark_used(&mut self, item: u32, code: ResponseCode) {
        if !self.responses.get(&item).is_some_and(|said| stands_against(*said))
            && self.responses.insert(item, code).is_some_and(ResponseCode::grants)
        {
            self.granted.insert(item);
        }
    }

    /// Counts what the issuer was told was used, also beyond what there is.
    fn use_again(&mut self, stated: Stated<'_>, declaration: Option<&ImportDeclaration>, one: &ItemDecision) {
        let Some(number) = one.item else { return };
        if let Some(quantity) = &one.quantity {
            let item = stated.0.items.iter().find(|item| item.number == number);
            self.count_use(number, item, quantity);
        }
        // Said when less was known of, the code may not say that by now nothing is left.
        let code = self.used((stated.0, &BTreeSet::new()), number).unwrap_or(one.code);
        self.mark_used(number, code);
        self.latest = self.used(stated, WHOLE).or(Some(one.code));
        self.first_used = self.first_used.take().or_else(|| declaration.cloned());
    }
}

impl CustomsAct {
    /// Whether it waits, and is what the issuer was told.
    fn is_released_by(&self, response: &CustomsResponse) -> bool {
        self.state == ActState::Waits
            && self.declaration == response.declaration
            && self.decisions == response.decisions
            && self.remarks == response.remarks
            && self.enquiry == response.enquiry.as_ref().map(|place| place.jti)
    }
}
