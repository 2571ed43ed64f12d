//! What was written as TOML, as the JSON it stands for: also where it is unfinished, and no certificate yet.

use crate::{
    cli::{
        console::{Exit, Failure},
        files::Source,
        rows::{Row, Rows},
    },
    production::Production,
};
use bytes::Bytes;
use serde_json::{Map, Value};

/// Bytes of a declaration of production.
const PRODUCTION_BYTES: usize = 1 << 20;

/// The JSON that a TOML document stands for; the error says where it is no TOML.
pub(super) fn json_of_toml(text: &str) -> Result<String, String> {
    let table = text.parse::<toml::Table>().map_err(|error| error.to_string().trim().to_owned())?;
    Ok(json_of(toml::Value::Table(table)).to_string())
}

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
    json_of_toml(&text).map_err(|error| {
        let failure = Failure::new(Exit::Failed, format!("`{source}` is neither JSON nor TOML"));
        error.lines().fold(failure, Failure::note)
    })
}

fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        // Dates may stand without quotes, as TOML has them.
        toml::Value::Datetime(moment) => Value::String(moment.to_string()),
        toml::Value::Array(list) => Value::Array(list.into_iter().map(json_of).collect()),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(name, value)| (name, json_of(value))).collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_as_toml_is_sent_as_the_json_it_stands_for_though_it_is_unfinished() {
        let json = json_of_toml("to = \"CN\"\ndate = 2026-11-29\n[reference.office]\ncode = \"LHE\"").unwrap();
        let stands_for =
            serde_json::json!({ "to": "CN", "date": "2026-11-29", "reference": { "office": { "code": "LHE" } } });
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), stands_for);
        assert!(json_of_toml("to = ").is_err());
    }
}
