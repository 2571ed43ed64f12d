//! Who was struck off, found by the numbers and the name it was registered with: it is no producer either.

use super::Exporters;
use crate::{
    certificate::{Country, Finding, Findings, Particulars, Party, Producer},
    office::{Identity, folded},
    store::Table,
    workflow::WorkflowError,
};

/// Producers of one certificate that are looked up at most; each number of theirs is one reading.
const LOOKED_UP: usize = 500;

/// The rows by which an exporter that was struck off is found.
pub(super) fn names(identity: &Identity) -> Vec<Vec<u8>> {
    let numbers = [identity.national_id.as_str(), identity.registration.as_str()].map(folded);
    let numbers = numbers.into_iter().filter(|number| !number.is_empty());
    let mut rows = numbers.map(|number| row("off", identity.country, &number)).collect::<Vec<_>>();
    rows.push(row("offname", identity.country, &folded(identity.name.as_str())));
    rows.sort_unstable();
    rows.dedup();
    rows
}

fn row(what: &str, country: Country, folded: &str) -> Vec<u8> {
    format!("{what}:{country}:{folded}").into_bytes()
}

impl Exporters {
    /// What the producers that a certificate names have against it: none was struck off here.
    pub(in crate::workflow) fn producers(&self, particulars: &Particulars) -> Result<Findings, WorkflowError> {
        let named = match &particulars.producer {
            Some(Producer::Named(parties)) => parties.as_slice(),
            _ => &[],
        };
        let named = named.iter().enumerate().map(|(at, party)| (format!("producer.named[{at}]"), party));
        let items = particulars.goods.items.iter().enumerate();
        let by_item = items.flat_map(|(item, goods)| {
            let producers = goods.producers.iter().enumerate();
            producers.map(move |(at, party)| (format!("goods.items[{item}].producers[{at}]"), party))
        });
        let mut findings = Findings::default();
        for (path, party) in named.chain(by_item).take(LOOKED_UP) {
            findings.0.extend(self.producer(&path, party)?);
        }
        Ok(findings)
    }

    fn producer(&self, path: &str, party: &Party) -> Result<Option<Finding>, WorkflowError> {
        let is_off = |what: &str, text: &str| -> Result<bool, WorkflowError> {
            let found = self.0.store.record(Table::Exporter, &row(what, party.country, &folded(text)))?;
            Ok(found.is_some())
        };
        for id in &party.ids {
            if is_off("off", id.number.as_str())? {
                let message = format!("`{}` ({}) was struck off by this office", party.name, id.number);
                let finding = Finding::error("PRODUCER_WITHDRAWN", path, message);
                return Ok(Some(finding.with_help("no certificate is issued for goods of its making")));
            }
        }
        if is_off("offname", party.name.as_str())? {
            let message = format!("somebody named `{}` was struck off by this office", party.name);
            let finding = Finding::warning("PRODUCER_WITHDRAWN", path, message);
            return Ok(Some(finding.with_help("give the producer's number, by which they are told apart")));
        }
        Ok(None)
    }
}
