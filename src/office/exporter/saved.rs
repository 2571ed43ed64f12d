//! What an exporter saves, to fill in applications with: parties and products under names of its own.

use super::ExporterRefused;
use crate::certificate::{
    Finding, Findings, Item, Party, Text,
    member::{from_json, to_json},
};
use crate::production::ItemProduction;

/// Parties, and products, that are saved for one exporter at most: as many of each.
pub const MAX_SAVED: usize = 500;

/// Bytes of one thing that is saved, at most.
const MOST_BYTES: usize = 32 << 10;

/// What is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SavedKind {
    /// Somebody who takes part: a consignee, a producer.
    Party,
    /// Goods as an item of a certificate describes them, and how they are made.
    Product,
}

/// A party under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedParty {
    /// The name it is saved under.
    pub name: Text<64>,
    /// The party.
    pub party: Party,
}

/// A product under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedProduct {
    /// The name it is saved under.
    pub name: Text<64>,
    /// The item as a certificate has it; its number is 1.
    pub item: Item,
    /// How it is made, where that is saved; its item is 1.
    pub production: Option<ItemProduction>,
}

impl SavedKind {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Party => "party",
            Self::Product => "product",
        }
    }
}

impl SavedParty {
    /// Reads what is to be saved, as a certificate's party is read.
    pub fn read(name: Text<64>, party_json: &[u8]) -> Result<Self, Findings> {
        short(party_json)?;
        from_json(party_json).map(|party| Self { name, party })
    }

    /// The party as JSON.
    #[must_use]
    pub fn party_json(&self) -> String {
        to_json(&self.party)
    }
}

impl SavedProduct {
    /// Reads what is to be saved, as an item of a certificate and of a declaration of production are read; an item
    /// without a number is the first.
    pub fn read(name: Text<64>, item_json: &[u8], production_json: &[u8]) -> Result<Self, Findings> {
        short(item_json)?;
        short(production_json)?;
        let mut item: Item = from_json(&first(item_json, "number"))?;
        item.number = 1;
        let production = if production_json.is_empty() {
            None
        } else {
            let mut production: ItemProduction =
                from_json(&first(production_json, "item")).map_err(|findings| below("production", findings))?;
            production.item = 1;
            Some(production)
        };
        Ok(Self { name, item, production })
    }

    /// The item as JSON.
    #[must_use]
    pub fn item_json(&self) -> String {
        to_json(&self.item)
    }

    /// How it is made, as JSON; empty where it is not saved.
    #[must_use]
    pub fn production_json(&self) -> String {
        self.production.as_ref().map_or_else(String::new, to_json)
    }
}

fn short(json: &[u8]) -> Result<(), Findings> {
    if json.len() <= MOST_BYTES {
        return Ok(());
    }
    Err(Findings(vec![Finding::error("TOO_LONG", "", format!("is longer than {MOST_BYTES} bytes"))]))
}

/// The same with a number, where it has none. What does not read as JSON is left for the reader to say.
fn first(json: &[u8], member: &str) -> Vec<u8> {
    match serde_json::from_slice::<serde_json::Value>(json) {
        Ok(serde_json::Value::Object(mut members)) if !members.contains_key(member) => {
            members.insert(member.to_owned(), 1.into());
            serde_json::Value::Object(members).to_string().into_bytes()
        }
        _ => json.to_vec(),
    }
}

/// The findings of a member that stands below another.
fn below(at: &str, findings: Findings) -> Findings {
    let path = |path: &str| if path.is_empty() { at.to_owned() } else { format!("{at}.{path}") };
    Findings(findings.into_iter().map(|one| Finding { path: path(&one.path), ..one }).collect())
}

/// Whether there is room for one more of a kind, of which so many are saved.
pub(crate) const fn room(kind: SavedKind, saved: usize) -> Result<(), ExporterRefused> {
    if saved < MAX_SAVED { Ok(()) } else { Err(ExporterRefused::TooMuchSaved(kind.word())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn name() -> Text<64> {
        "usual".parse().unwrap()
    }

    #[test]
    fn what_is_saved_reads_as_a_certificate_does_and_back() {
        let party = json!({"name": "Shanghai Yuhe", "address": ["Pudong"], "country": "CN"}).to_string();
        let saved = SavedParty::read(name(), party.as_bytes()).unwrap();
        assert_eq!(SavedParty::read(name(), saved.party_json().as_bytes()).unwrap(), saved);
        let wrong = json!({"name": "Shanghai Yuhe", "adress": ["Pudong"], "country": "China"}).to_string();
        let findings = SavedParty::read(name(), wrong.as_bytes()).unwrap_err();
        assert!(findings.iter().any(|one| one.path == "country"), "{findings}");
        let item = json!({"description": "Footballs", "hs": {"code": "950662", "edition": "2022"}}).to_string();
        let made = json!({"materials_complete": true, "minimal_operations_only": false}).to_string();
        let saved = SavedProduct::read(name(), item.as_bytes(), made.as_bytes()).unwrap();
        assert_eq!((saved.item.number, saved.production.as_ref().map(|one| one.item)), (1, Some(1)));
        let (item, made) = (saved.item_json(), saved.production_json());
        assert_eq!(SavedProduct::read(name(), item.as_bytes(), made.as_bytes()).unwrap(), saved);
        let wrong = SavedProduct::read(name(), item.as_bytes(), b"{\"materials\": 1}").unwrap_err();
        assert!(wrong.iter().all(|one| one.path.starts_with("production")), "{wrong}");
        assert_eq!(room(SavedKind::Party, MAX_SAVED), Err(ExporterRefused::TooMuchSaved("party")));
    }
}
