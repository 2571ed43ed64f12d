//! What customs of the importing country say was used of a certificate: written off there, it is gone, and nobody draws
//! it again.

use crate::{
    certificate::{Certificate, Goods, Measure},
    log::Origin,
    office::Ledger,
    reason::some_of,
    statement::{CustomsResponse, Jti, Kind, OpenedBody, ResponseCode},
    store::{Disclosures, Subject},
    workflow::{Desk, WorkflowError, customs::statements_about},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What was used of a certificate, item by item.
#[derive(Debug, Clone, Default)]
pub(super) struct Used(BTreeMap<u32, UsedItem>);

#[derive(Debug, Clone, Default)]
struct UsedItem {
    amounts: Vec<Measure>,
    /// All of it, without a quantity.
    all: bool,
    /// With which declarations.
    with: BTreeSet<String>,
}

impl Desk {
    /// What customs say of a certificate, by the statements that are here: this authority's own where it is customs, and
    /// those of others. Of what was amended or taken back the later statement counts.
    pub(super) fn used(&self, log: &Origin, jti: &Jti, certificate: &Certificate) -> Result<Used, WorkflowError> {
        let mut stores = vec![Arc::clone(self.store())];
        for (_, store) in self.setup().partners.logs() {
            if !stores.iter().any(|known| Arc::ptr_eq(known, &store)) {
                stores.push(store);
            }
        }
        let trust = self.trust();
        let mut responses = BTreeMap::new();
        for store in stores {
            let said = statements_about(store.as_ref(), &Subject::Statement(*jti), Kind::CustomsResponse)?;
            for (_, statement) in said {
                let by = &statement.opened.envelope.iss;
                // Of another country's word nothing is used up.
                let may = trust.addressee_of(log) == Some(by) || trust.country(by) == Some(certificate.to);
                match statement.opened.body {
                    OpenedBody::CustomsResponse(Some(response)) if may && response.certificate.log == *log => {
                        responses.insert(statement.opened.envelope.jti, response);
                    }
                    // How much was used, nobody knows here any more.
                    _ if may && statement.disclosures == Disclosures::Erased => {
                        return Err(WorkflowError::ContentsErased);
                    }
                    _ => {}
                }
            }
        }
        let amended = responses.values().filter_map(|one| one.amends.as_ref().map(|place| place.jti));
        let amended = amended.collect::<BTreeSet<_>>();
        let mut used = Used::default();
        for response in responses.iter().filter(|(jti, _)| !amended.contains(jti)).map(|(_, response)| response) {
            used.take(response, &certificate.goods);
        }
        Ok(used)
    }
}

impl Used {
    fn take(&mut self, response: &CustomsResponse, goods: &Goods) {
        for decision in response.decisions.iter().filter(|decision| decision.code.draws()) {
            let items = match decision.item {
                Some(item) => vec![item],
                None => goods.items.iter().map(|item| item.number).collect(),
            };
            for number in items {
                let one = self.0.entry(number).or_default();
                match decision.quantity.as_ref().filter(|_| decision.item.is_some()) {
                    Some(quantity) => one.amounts.push(quantity.clone()),
                    None => one.all |= decision.code == ResponseCode::UtilisedFull,
                }
                let with = response.declaration.as_ref();
                one.with.extend(with.map(|one| format!("{} of {} at {}", one.number, one.date, one.office)));
            }
        }
    }

    /// The ledger with what was used drawn too: each piece is used once, or passed on once. What cannot be counted in the
    /// unit that an item is drawn in counts as all of it.
    pub(super) fn beside(&self, ledger: &Ledger, certificate: &Certificate) -> Ledger {
        let (number, goods, none) = (&certificate.reference.number, &certificate.goods, BTreeSet::new());
        let mut both = ledger.clone();
        for (item, used) in &self.0 {
            let counted =
                |ledger: &mut Ledger, amount: &Measure| ledger.draw(number, goods, &none, (*item, amount)).is_ok();
            let all = used.amounts.iter().fold(used.all, |all, amount| !counted(&mut both, amount) || all);
            let rest = both.left(goods, &none).into_iter().find(|left| left.item == *item).filter(|_| all);
            if let Some((whole, left)) = rest.and_then(|rest| Some((rest.whole?, rest.left))) {
                counted(&mut both, &Measure { value: left, unit: whole.unit });
            }
        }
        both
    }

    /// What was used of an item, and with what; nothing where none of it was.
    pub(super) fn words(&self, item: u32) -> Option<String> {
        let used = self.0.get(&item)?;
        let all = used.all || used.amounts.is_empty();
        let amounts = if all { "it".to_owned() } else { some_of(&used.amounts) };
        let with = used.with.iter().map(String::as_str).collect::<Vec<_>>().join("; ");
        let with = if with.is_empty() { String::new() } else { format!(" with declaration {with}") };
        Some(format!("customs of the importing country wrote {amounts} off{with}"))
    }
}
