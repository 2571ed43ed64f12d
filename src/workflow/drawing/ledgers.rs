//! How ledgers are kept: what was drawn of a certificate under its own name, what a certificate drew under its own, and
//! which certificates were drawn from one, for ever.

use crate::{
    log::Origin,
    office::{Draws, Ledger},
    statement::Jti,
    store::{Expected, StateChange, Store, Table},
    workflow::WorkflowError,
};

/// A certificate as ledgers name it: its log and its identifier, of whichever authority it is.
pub(super) fn name_of(origin: &Origin, jti: &Jti) -> String {
    format!("{origin}/{jti}")
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

/// Parts of a certificate that are read in one go.
const A_ROUND: usize = 256;

fn parts_prefix(name: &str) -> Vec<u8> {
    format!("parts/{name}/").into_bytes()
}

/// Keeps that a certificate was drawn from another, whatever becomes of it.
pub(super) fn put_part(original: &str, part: &Jti) -> StateChange {
    let id = [parts_prefix(original), part.to_string().into_bytes()].concat();
    StateChange::RecordPut { table: Table::Drawn, id, record: part.to_string().into_bytes() }
}

/// The certificates that were drawn from one of this authority.
pub(in crate::workflow) fn parts_of(store: &dyn Store, origin: &Origin, jti: &Jti) -> Result<Vec<Jti>, WorkflowError> {
    let prefix = parts_prefix(&name_of(origin, jti));
    let (mut parts, mut after) = (Vec::new(), prefix.clone());
    loop {
        let records = store.records_from(Table::Drawn, &after, A_ROUND)?;
        let full = records.len() == A_ROUND;
        for (id, record) in records {
            if !id.starts_with(&prefix) {
                return Ok(parts);
            }
            let part = std::str::from_utf8(&record).ok().and_then(|text| text.parse().ok());
            parts.push(part.ok_or_else(|| WorkflowError::Record(format!("what was drawn from {origin} {jti}")))?);
            after = id;
        }
        if !full {
            return Ok(parts);
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(bytes: &[u8], name: &str) -> Result<T, WorkflowError> {
    serde_json::from_slice(bytes)
        .map_err(|error| WorkflowError::Record(format!("what was drawn of or by {name}: {error}")))
}

fn written(value: &impl serde::Serialize) -> Result<Vec<u8>, WorkflowError> {
    serde_json::to_vec(value).map_err(|error| WorkflowError::Record(error.to_string()))
}
