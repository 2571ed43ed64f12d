//! Files into declarations, or every mistake at once; and the published schema.

use super::item::Production;
use crate::certificate::{
    Finding, Findings,
    member::{Member, Out},
    node::{self, Node},
    reader::{At, Form, Reader},
};
use serde_json::Value;

/// The outcome of reading: the declaration if nothing forbids it, and everything there is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductionReading {
    /// The declaration; `None` if and only if a finding is an error.
    pub production: Option<Production>,
    /// All findings, warnings among them.
    pub findings: Findings,
}

impl ProductionReading {
    fn of(node: &Node<'_>) -> Self {
        let mut reader = Reader::new(Form::Input);
        let production = Production::read(node, At::ROOT, &mut reader);
        let mut findings = reader.finish();
        if let Some(production) = &production {
            findings.extend(production.check());
        }
        Self { production: production.filter(|_| !findings.has_errors()), findings }
    }

    fn refused(message: String, rule: &str) -> Self {
        Self { production: None, findings: Findings(vec![Finding::error(rule, "", message)]) }
    }
}

impl Production {
    /// Reads JSON and says everything there is to say about it.
    #[must_use]
    pub fn read_json(json: &[u8]) -> ProductionReading {
        match node::from_json(json) {
            Ok(node) => ProductionReading::of(&node),
            Err(error) => ProductionReading::refused(error.to_string(), "JSON"),
        }
    }

    /// Reads TOML and says everything there is to say about it.
    #[must_use]
    pub fn read_toml(toml: &str) -> ProductionReading {
        if toml.len() > node::BYTES_MAX {
            return ProductionReading::refused(format!("longer than {} bytes", node::BYTES_MAX), "TOML");
        }
        match toml.parse::<toml::Table>() {
            Ok(table) => ProductionReading::of(&node::from_toml(toml::Value::Table(table))),
            Err(error) => ProductionReading::refused(error.to_string().trim().to_owned(), "TOML"),
        }
    }

    /// Writes JSON that reads back to the same declaration.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Writing to memory with text keys cannot fail.
        serde_json::to_string(&Out(self)).unwrap_or_default()
    }
}

/// The schema of a declaration: `docs/production-v1.schema.json`.
#[must_use]
pub fn schema() -> Value {
    crate::certificate::schema::document::<Production>(
        "urn:origin-exchange:production:1",
        "How the goods of a certificate of origin were made",
    )
}
