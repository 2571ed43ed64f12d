//! How ledgers are kept: what was drawn of a certificate under its own name, what a certificate drew under its own, which
//! certificates were drawn from one, for ever, and what an entry took from a certificate of what that had drawn.

use crate::{
    certificate::{CertificateNumber, Country},
    log::Origin,
    office::{Draws, Ledger},
    statement::Jti,
    store::{EntryRef, Expected, StateChange, Store, Table},
    time::Date,
    workflow::WorkflowError,
};
use serde::{Deserialize, Serialize};

/// A certificate as ledgers name it: its log and its identifier, of whichever authority it is.
pub(super) fn name_of(origin: &Origin, jti: &Jti) -> String {
    format!("{origin}/{jti}")
}

/// Where the certificate of such a name stands.
pub(super) fn place_of(name: &str) -> Option<(Origin, Jti)> {
    let (log, jti) = name.rsplit_once('/')?;
    Some((log.parse().ok()?, jti.parse().ok()?))
}

fn of_key(name: &str) -> Vec<u8> {
    format!("of/{name}").into_bytes()
}

fn by_key(name: &str) -> Vec<u8> {
    format!("by/{name}").into_bytes()
}

/// A ledger as it was read, with the bytes it was read from.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    name: String,
    record: Option<Vec<u8>>,
    pub(super) ledger: Ledger,
}

impl Kept {
    pub(super) fn read(store: &dyn Store, name: &str) -> Result<Self, WorkflowError> {
        let record = store.record(Table::Drawn, &of_key(name))?;
        let ledger = record.as_deref().map(|bytes| parse(bytes, name)).transpose()?.unwrap_or_default();
        Ok(Self { name: name.to_owned(), record, ledger })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// That nobody drew in between.
    pub(super) fn expected(&self) -> Expected {
        Expected { table: Table::Drawn, id: of_key(&self.name), record: self.record.clone() }
    }

    /// Keeps it as it is by now.
    pub(super) fn put(&self) -> Result<StateChange, WorkflowError> {
        let id = of_key(&self.name);
        // It is kept, empty, where the certificate ended: what is left of it can be drawn.
        if self.ledger == Ledger::default() {
            return Ok(StateChange::RecordRemoved { table: Table::Drawn, id });
        }
        Ok(StateChange::RecordPut { table: Table::Drawn, id, record: written(&self.ledger)? })
    }
}

/// What a certificate drew, and that it still stands so.
pub(super) fn draws(store: &dyn Store, name: &str) -> Result<(Draws, Expected), WorkflowError> {
    let id = by_key(name);
    let record = store.record(Table::Drawn, &id)?;
    let draws = record.as_deref().map(|bytes| parse(bytes, name)).transpose()?.unwrap_or_default();
    Ok((draws, Expected { table: Table::Drawn, id, record }))
}

/// Keeps what a certificate drew.
pub(super) fn put_draws(name: &str, draws: &Draws) -> Result<StateChange, WorkflowError> {
    let id = by_key(name);
    if draws.0.is_empty() {
        return Ok(StateChange::RecordRemoved { table: Table::Drawn, id });
    }
    Ok(StateChange::RecordPut { table: Table::Drawn, id, record: written(draws)? })
}

/// All certificates that drew of an original of this name, each with what it drew of whatever, in the order in which they
/// were issued. Every certificate that drew something is looked at.
pub(super) fn drew_of(store: &dyn Store, original: &str) -> Result<Vec<(String, Draws, Expected)>, WorkflowError> {
    let (prefix, mut found) = (by_key(""), Vec::new());
    for (id, record) in store.records_under(Table::Drawn, &prefix, usize::MAX)? {
        let name = id.strip_prefix(prefix.as_slice()).and_then(|name| std::str::from_utf8(name).ok());
        let Some(name) = name.map(str::to_owned) else { continue };
        let draws: Draws = parse(&record, &name)?;
        if draws.0.iter().any(|draw| draw.original == original) {
            found.push((name, draws, Expected { table: Table::Drawn, id, record: Some(record) }));
        }
    }
    found.sort_by_key(|(name, ..)| place_of(name).map(|(_, jti)| jti));
    Ok(found)
}

/// How an original is named that is known by what a certificate says of it alone: neither its log nor its identifier
/// stands there. Nothing is counted under such a name before the original is shown.
pub(super) fn unnamed(country: Country, issued_on: Date, number: &CertificateNumber) -> String {
    format!("unnamed/{country}/{issued_on}/{number}")
}

/// Keeps that something was drawn of such an original.
pub(super) fn put_unnamed(name: &str) -> StateChange {
    StateChange::RecordPut { table: Table::Drawn, id: name.as_bytes().to_vec(), record: Vec::new() }
}

/// Whether something was, and is not counted yet.
pub(super) fn is_unnamed(store: &dyn Store, name: &str) -> Result<bool, WorkflowError> {
    Ok(store.record(Table::Drawn, name.as_bytes())?.is_some())
}

/// Keeps that no more.
pub(super) fn forget_unnamed(name: &str) -> StateChange {
    StateChange::RecordRemoved { table: Table::Drawn, id: name.as_bytes().to_vec() }
}

/// What an entry took from a certificate of what that had drawn: given back by its change, or passed on to its successor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Taken {
    /// The certificate.
    pub(super) name: String,
    /// What it had drawn.
    pub(super) draws: Draws,
}

fn taken_key(by: &EntryRef) -> Vec<u8> {
    format!("taken/{}/{}", by.origin, by.index).into_bytes()
}

/// Keeps what an entry took, should it turn out that it was never said.
pub(super) fn put_taken(by: &EntryRef, taken: &Taken) -> Result<StateChange, WorkflowError> {
    Ok(StateChange::RecordPut { table: Table::Drawn, id: taken_key(by), record: written(taken)? })
}

/// What an entry took, and that it is still kept; nothing where it took nothing, or that was set right.
pub(super) fn taken(store: &dyn Store, by: &EntryRef) -> Result<Option<(Taken, Expected)>, WorkflowError> {
    let id = taken_key(by);
    let Some(record) = store.record(Table::Drawn, &id)? else { return Ok(None) };
    let taken = parse(&record, &format!("entry {} of {}", by.index, by.origin))?;
    Ok(Some((taken, Expected { table: Table::Drawn, id, record: Some(record) })))
}

/// Keeps no more what an entry took.
pub(super) fn forget_taken(by: &EntryRef) -> StateChange {
    StateChange::RecordRemoved { table: Table::Drawn, id: taken_key(by) }
}

fn righted_key(origin: &Origin) -> Vec<u8> {
    format!("righted/{origin}").into_bytes()
}

/// Up to which entry of an ended log everything that is void is set right.
pub(super) fn righted(store: &dyn Store, origin: &Origin) -> Result<u64, WorkflowError> {
    let record = store.record(Table::Drawn, &righted_key(origin))?;
    Ok(record.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes))
}

/// Keeps that it is.
pub(super) fn put_righted(origin: &Origin, next: u64) -> StateChange {
    StateChange::RecordPut { table: Table::Drawn, id: righted_key(origin), record: next.to_be_bytes().to_vec() }
}

fn parts_prefix(name: &str) -> Vec<u8> {
    format!("parts/{name}/").into_bytes()
}

fn part_key(original: &str, part: &Jti) -> Vec<u8> {
    [parts_prefix(original), part.to_string().into_bytes()].concat()
}

/// Keeps that a certificate was drawn from another, whatever becomes of it.
pub(super) fn put_part(original: &str, part: &Jti) -> StateChange {
    let id = part_key(original, part);
    StateChange::RecordPut { table: Table::Drawn, id, record: part.to_string().into_bytes() }
}

/// Whether a certificate was drawn from another.
pub(super) fn is_part(store: &dyn Store, original: &str, part: &Jti) -> Result<bool, WorkflowError> {
    Ok(store.record(Table::Drawn, &part_key(original, part))?.is_some())
}

/// The certificates that were drawn from one of this authority.
pub(in crate::workflow) fn parts_of(store: &dyn Store, origin: &Origin, jti: &Jti) -> Result<Vec<Jti>, WorkflowError> {
    let prefix = parts_prefix(&name_of(origin, jti));
    let parts = store.records_under(Table::Drawn, &prefix, usize::MAX)?.into_iter();
    let parts = parts.map(|(_, record)| std::str::from_utf8(&record).ok().and_then(|text| text.parse().ok()));
    parts.map(|part| part.ok_or_else(|| WorkflowError::Record(format!("what was drawn from {origin} {jti}")))).collect()
}

fn parse<T: serde::de::DeserializeOwned>(bytes: &[u8], name: &str) -> Result<T, WorkflowError> {
    serde_json::from_slice(bytes)
        .map_err(|error| WorkflowError::Record(format!("what was drawn of or by {name}: {error}")))
}

fn written(value: &impl Serialize) -> Result<Vec<u8>, WorkflowError> {
    serde_json::to_vec(value).map_err(|error| WorkflowError::Record(error.to_string()))
}
