//! Who was struck off, found by the numbers and the name it was registered with: it is no producer either, and does not
//! come back under another registration.

use super::Exporters;
use crate::{
    certificate::{Country, Finding, Findings, Particulars, Party, Producer},
    office::{Exporter, ExporterId, ExporterRefused, Identity, folded},
    store::{Expected, Store, Table},
    workflow::WorkflowError,
};

/// Producers of one certificate that are looked up at most; each number of theirs is one reading.
const LOOKED_UP: usize = 500;

/// The rows by which an exporter that was struck off is found.
pub(super) fn names(identity: &Identity) -> Vec<Vec<u8>> {
    let mut rows = numbers(identity).map(|number| row("off", identity.country, &folded(number))).collect::<Vec<_>>();
    rows.push(row("offname", identity.country, &folded(identity.name.as_str())));
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// The row by which the exporter of a national id is found. The kind of the number is no part of it: another word for
/// the kind makes nobody another.
pub(super) fn national_row(identity: &Identity) -> Vec<u8> {
    row("national", identity.country, &folded(identity.national_id.as_str()))
}

/// The numbers of an exporter that are not empty.
fn numbers(identity: &Identity) -> impl Iterator<Item = &str> {
    let both = [identity.national_id.as_str(), identity.registration.as_str()];
    both.into_iter().filter(|number| !folded(number).is_empty())
}

fn row(what: &str, country: Country, folded: &str) -> Vec<u8> {
    format!("{what}:{country}:{folded}").into_bytes()
}

impl Exporters {
    /// Refuses to register who is registered, or was struck off; what the store must still say when it is registered.
    pub(super) fn nobody_has(&self, identity: &Identity) -> Result<Vec<Expected>, WorkflowError> {
        let mut expected = Vec::new();
        for number in numbers(identity) {
            let id = row("off", identity.country, &folded(number));
            let record = self.0.store.record(Table::Exporter, &id)?;
            if let Some(off) = record.as_deref() {
                let (number, registration) = (number.to_owned(), self.registration_of(off)?);
                return Err(ExporterRefused::WasStruckOff { number, registration }.into());
            }
            expected.push(Expected { table: Table::Exporter, id, record });
        }
        let id = national_row(identity);
        let record = self.0.store.record(Table::Exporter, &id)?;
        if let Some(other) = record.as_deref() {
            let (number, registration) = (identity.national_id.to_string(), self.registration_of(other)?);
            return Err(ExporterRefused::NationalId { number, registration }.into());
        }
        expected.push(Expected { table: Table::Exporter, id, record });
        Ok(expected)
    }

    fn registration_of(&self, id: &[u8]) -> Result<String, WorkflowError> {
        let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| WorkflowError::Record("an exporter's number names no exporter".to_owned()))?;
        Ok(self.registered(&id)?.identity.registration.to_string())
    }

    /// What stands against an exporter because another of its numbers or its name was struck off: a number is an error,
    /// the name alone a warning. It may have been registered before the other was struck off.
    pub(in crate::workflow) fn is_another_of(&self, exporter: &Exporter) -> Result<Option<Finding>, WorkflowError> {
        let identity = &exporter.identity;
        let others = |what: &str, text: &str| -> Result<bool, WorkflowError> {
            let record = self.0.store.record(Table::Exporter, &row(what, identity.country, &folded(text)))?;
            Ok(record.is_some_and(|id| id != exporter.id.as_str().as_bytes()))
        };
        for number in numbers(identity) {
            if others("off", number)? {
                let message = format!("`{}` ({number}) was struck off under another registration", identity.name);
                let finding = Finding::error("EXPORTER_STRUCK_OFF", "exporter", message);
                return Ok(Some(finding.with_help("the office that registered it says why")));
            }
        }
        if others("offname", identity.name.as_str())? {
            let message = format!("another exporter named `{}` was struck off by this office", identity.name);
            let finding = Finding::warning("EXPORTER_STRUCK_OFF", "exporter", message);
            return Ok(Some(finding.with_help("see by its national id whether it is the same")));
        }
        Ok(None)
    }

    /// What the producers that a certificate names have against it: none was struck off here.
    pub(in crate::workflow) fn producers(&self, particulars: &Particulars) -> Result<Findings, WorkflowError> {
        producers(self.0.store.as_ref(), particulars)
    }
}

/// What stands against the parties of a certificate that no application asks for: neither its exporter nor a producer was
/// struck off here.
pub(in crate::workflow) fn parties(store: &dyn Store, particulars: &Particulars) -> Result<Findings, WorkflowError> {
    let mut findings = producers(store, particulars)?;
    let (party, registration) = (&particulars.exporter.party, particulars.exporter.registration.as_ref());
    let numbers = party.ids.iter().map(|id| id.number.as_str()).chain(registration.map(|one| one.number.as_str()));
    for number in numbers.filter(|number| !folded(number).is_empty()) {
        if is_off(store, "off", party.country, number)? {
            let message =
                format!("`{}` ({number}) was struck off by this office: nothing is issued for it", party.name);
            let finding = Finding::error("EXPORTER_STRUCK_OFF", "exporter", message);
            findings.push(finding.with_help("the office that registered it says why"));
            return Ok(findings);
        }
    }
    if is_off(store, "offname", party.country, party.name.as_str())? {
        let message = format!("an exporter named `{}` was struck off by this office", party.name);
        let finding = Finding::warning("EXPORTER_STRUCK_OFF", "exporter", message);
        findings.push(finding.with_help("see by its national id whether it is the same"));
    }
    Ok(findings)
}

/// Whether a certificate may be in the name of a registered exporter.
pub(in crate::workflow) fn is_in_its_name(
    store: &dyn Store,
    id: &ExporterId,
    particulars: &Particulars,
) -> Result<bool, WorkflowError> {
    Ok(registered(store, id)?.may_be(&particulars.exporter))
}

/// An exporter, for what is not of this part of the office.
pub(in crate::workflow) fn registered(store: &dyn Store, id: &ExporterId) -> Result<Exporter, WorkflowError> {
    let record = store.record(Table::Exporter, id.as_str().as_bytes())?;
    super::read(&record.ok_or_else(|| WorkflowError::ExporterUnknown(id.to_string()))?)
}

fn producers(store: &dyn Store, particulars: &Particulars) -> Result<Findings, WorkflowError> {
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
        findings.0.extend(producer(store, &path, party)?);
    }
    Ok(findings)
}

fn producer(store: &dyn Store, path: &str, party: &Party) -> Result<Option<Finding>, WorkflowError> {
    for id in &party.ids {
        if is_off(store, "off", party.country, id.number.as_str())? {
            let message = format!("`{}` ({}) was struck off by this office", party.name, id.number);
            let finding = Finding::error("PRODUCER_WITHDRAWN", path, message);
            return Ok(Some(finding.with_help("no certificate is issued for goods of its making")));
        }
    }
    if is_off(store, "offname", party.country, party.name.as_str())? {
        let message = format!("somebody named `{}` was struck off by this office", party.name);
        let finding = Finding::warning("PRODUCER_WITHDRAWN", path, message);
        return Ok(Some(finding.with_help("give the producer's number, by which they are told apart")));
    }
    Ok(None)
}

fn is_off(store: &dyn Store, what: &str, country: Country, text: &str) -> Result<bool, WorkflowError> {
    Ok(store.record(Table::Exporter, &row(what, country, &folded(text)))?.is_some())
}
