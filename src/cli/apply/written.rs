//! What is applied for and how it was made, as files bring them: also where they are unfinished.

use crate::{
    cli::{
        console::{Exit, Failure},
        files::Source,
        rows::{Row, Rows, json_of_toml},
    },
    production::Production,
};
use bytes::Bytes;

/// Bytes of a declaration of production.
const PRODUCTION_BYTES: usize = 1 << 20;

/// The one row of a file.
pub(super) fn only_row(source: &Source) -> Result<Row, Failure> {
    let mut rows = Rows::open(source)?;
    match (rows.next().transpose()?, rows.next()) {
        (Some(row), None) => Ok(row),
        _ => Err(Failure::new(Exit::Usage, "the file has several rows").help("origin apply import FILE")),
    }
}

/// A declaration of production as JSON, as far as it can be read.
pub(super) fn made(source: Option<&Source>) -> Result<Option<Bytes>, Failure> {
    source.map(|source| self::production(source, PRODUCTION_BYTES).map(Bytes::from)).transpose()
}

/// A declaration of production, TOML or JSON, as JSON. What it says is the node's to judge.
pub(super) fn production(source: &Source, most: usize) -> Result<String, Failure> {
    let text = source.read_text(most)?;
    if text.trim_start().starts_with('{') {
        return Ok(text);
    }
    if let Some(production) = Production::read_toml(&text).production {
        return Ok(production.to_json());
    }
    json_of_toml(&text).map(|json| json.to_string()).map_err(|error| {
        let failure = Failure::new(Exit::Failed, format!("`{source}` is neither JSON nor TOML"));
        error.lines().fold(failure, Failure::note)
    })
}
