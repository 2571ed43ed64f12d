//! Who was struck off, found by the numbers and the name it was registered with: it is no producer either, and does not
//! come back under another registration.

use super::Exporters;
use crate::{
    certificate::{Country, Finding, Findings, NationalId, Particulars, Party, Producer, Text},
    office::{Exporter, ExporterId, ExporterRefused, Identity, bare_name, folded},
    store::{Expected, Store, Table},
    workflow::WorkflowError,
};

/// Producers of one certificate that are looked up at most; each number of theirs is one reading.
const LOOKED_UP: usize = 500;

/// The rows by which an exporter that was struck off is found.
pub(super) fn names(identity: &Identity) -> Vec<Vec<u8>> {
    let mut rows = numbers(identity).map(|number| number_row(identity.country, number)).collect::<Vec<_>>();
    rows.push(name_row(identity.country, identity.name.as_str()));
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// The row by which the exporter of a national id is found. The kind of the number is no part of it: another word for
/// the kind makes nobody another.
pub(super) fn national_row(country: Country, national_id: &str) -> Vec<u8> {
    row("national", country, &folded(national_id))
}

/// The numbers of an exporter that are not empty.
fn numbers(identity: &Identity) -> impl Iterator<Item = &str> {
    let both = [identity.national_id.as_str(), identity.registration.as_str()];
    both.into_iter().filter(|number| !folded(number).is_empty())
}

fn number_row(country: Country, number: &str) -> Vec<u8> {
    row("off", country, &folded(number))
}

fn name_row(country: Country, name: &str) -> Vec<u8> {
    row("offname", country, &bare_name(name))
}

fn row(what: &str, country: Country, folded: &str) -> Vec<u8> {
    format!("{what}:{country}:{folded}").into_bytes()
}

impl Exporters {
    /// Refuses to register who is registered, or was struck off; what the store must still say when it is registered.
    pub(super) fn nobody_has(&self, identity: &Identity) -> Result<Vec<Expected>, WorkflowError> {
        let mut expected = Vec::new();
        for number in numbers(identity) {
            let id = number_row(identity.country, number);
            let record = self.0.store.record(Table::Exporter, &id)?;
            if let Some(off) = record.as_deref() {
                let (number, registration) = (number.to_owned(), self.registration_of(off)?);
                return Err(ExporterRefused::WasStruckOff { number, registration }.into());
            }
            expected.push(Expected { table: Table::Exporter, id, record });
        }
        let id = national_row(identity.country, identity.national_id.as_str());
        let record = self.0.store.record(Table::Exporter, &id)?;
        if let Some(other) = record.as_deref() {
            let (number, registration) = (identity.national_id.to_string(), self.registration_of(other)?);
            return Err(ExporterRefused::NationalId { number, registration }.into());
        }
        expected.push(Expected { table: Table::Exporter, id, record });
        Ok(expected)
    }

    fn registration_of(&self, id: &[u8]) -> Result<String, WorkflowError> {
        Ok(self.registered(&exporter_of(id)?)?.identity.registration.to_string())
    }

    /// What stands against an exporter because another of its numbers or its name was struck off: a number is an error,
    /// the name alone a warning. It may have been registered before the other was struck off.
    pub(in crate::workflow) fn is_another_of(&self, exporter: &Exporter) -> Result<Option<Finding>, WorkflowError> {
        let identity = &exporter.identity;
        let others = |row: Vec<u8>| -> Result<bool, WorkflowError> {
            let record = self.0.store.record(Table::Exporter, &row)?;
            Ok(record.is_some_and(|id| id != exporter.id.as_str().as_bytes()))
        };
        for number in numbers(identity) {
            if others(number_row(identity.country, number))? {
                let message = format!("`{}` ({number}) was struck off under another registration", identity.name);
                let finding = Finding::error("EXPORTER_STRUCK_OFF", "exporter", message);
                return Ok(Some(finding.with_help("the office that registered it says why")));
            }
        }
        if others(name_row(identity.country, identity.name.as_str()))? {
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
        if is_off(store, &number_row(party.country, number))? {
            let message =
                format!("`{}` ({number}) was struck off by this office: nothing is issued for it", party.name);
            let finding = Finding::error("EXPORTER_STRUCK_OFF", "exporter", message);
            findings.push(finding.with_help("the office that registered it says why"));
            return Ok(findings);
        }
    }
    findings.0.extend(namesake(store, party)?);
    Ok(findings)
}

/// What stands against an exporter that has the name of one that was struck off. The other number of another firm tells
/// the two apart; whoever leaves his own out does not come back by that.
fn namesake(store: &dyn Store, party: &Party) -> Result<Option<Finding>, WorkflowError> {
    for name in std::iter::once(&party.name).chain(&party.other_name) {
        let Some(off) = store.record(Table::Exporter, &name_row(party.country, name.as_str()))? else { continue };
        let off = registered(store, &exporter_of(&off)?)?.identity;
        let kind = off.scheme.as_ref().map(Text::as_str);
        let is_kind = |scheme: &str| kind.is_none_or(|kind| folded(kind) == folded(scheme));
        let told_apart = |id: &NationalId| is_kind(id.scheme.as_str()) && !folded(id.number.as_str()).is_empty();
        if party.ids.iter().any(told_apart) {
            let message = format!("an exporter named `{name}` was struck off by this office");
            let finding = Finding::warning("EXPORTER_STRUCK_OFF", "exporter", message);
            return Ok(Some(finding.with_help("see by its national id whether it is the same")));
        }
        let kind = kind.unwrap_or("national id");
        let message = format!(
            "`{name}` has the name of an exporter that this office struck off, and no {kind} says that it is another: nothing is issued for it"
        );
        let finding = Finding::error("EXPORTER_STRUCK_OFF", "exporter.party.name", message);
        return Ok(Some(finding.with_help(format!("if it is another, give its {kind}"))));
    }
    Ok(None)
}

/// The registered exporter that a certificate names by its national id, if it is one.
pub(in crate::workflow) fn registered_as(
    store: &dyn Store,
    particulars: &Particulars,
) -> Result<Option<ExporterId>, WorkflowError> {
    let party = &particulars.exporter.party;
    for id in &party.ids {
        if let Some(id) = store.record(Table::Exporter, &national_row(party.country, id.number.as_str()))? {
            return exporter_of(&id).map(Some);
        }
    }
    Ok(None)
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
        if is_off(store, &number_row(party.country, id.number.as_str()))? {
            let message = format!("`{}` ({}) was struck off by this office", party.name, id.number);
            let finding = Finding::error("PRODUCER_WITHDRAWN", path, message);
            return Ok(Some(finding.with_help("no certificate is issued for goods of its making")));
        }
    }
    if is_off(store, &name_row(party.country, party.name.as_str()))? {
        let message = format!("somebody named `{}` was struck off by this office", party.name);
        let finding = Finding::warning("PRODUCER_WITHDRAWN", path, message);
        return Ok(Some(finding.with_help("give the producer's number, by which they are told apart")));
    }
    Ok(None)
}

fn is_off(store: &dyn Store, row: &[u8]) -> Result<bool, WorkflowError> {
    Ok(store.record(Table::Exporter, row)?.is_some())
}

/// Whom a row names.
fn exporter_of(id: &[u8]) -> Result<ExporterId, WorkflowError> {
    let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
    id.ok_or_else(|| WorkflowError::Record("an exporter's number names no exporter".to_owned()))
}
