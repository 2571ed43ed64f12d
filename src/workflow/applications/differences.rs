//! What differs between an application and the exporter's last certificate for the same goods, and between what it asked
//! for and what it asks for now.

use super::{Applications, Paper, keep};
use crate::{
    office::{Application, ApplicationId, MemberChange},
    store::Table,
    workflow::WorkflowError,
};
use serde_json::Value;

/// Differences shown at most.
const SHOWN: usize = 20;
/// Changes of an answer kept at most.
const CHANGED: usize = 100;
/// Characters of a value shown at most.
const LONGEST: usize = 120;

/// How an application differs from an earlier certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differences {
    /// The number of that certificate.
    pub certificate: String,
    /// The fields that differ.
    pub members: Vec<MemberChange>,
}

/// What is another for every consignment, and tells an officer nothing.
const EVERY_TIME: [&str; 18] = [
    "application",
    "reference",
    "marks",
    "packages",
    "quantities",
    "gross_weight",
    "net_weight",
    "totals",
    "means",
    "voyage",
    "departure",
    "containers",
    "documents",
    "invoices",
    "invoice",
    "item_values",
    "total",
    "references",
];

impl Applications {
    /// How it differs from the exporter's last certificate for the same goods; `None` where there is none before it.
    pub(super) fn differences(&self, application: &Application) -> Result<Option<Differences>, WorkflowError> {
        let last = self.store().record(Table::ApplicationGoods, &keep::goods_key(application))?;
        let last = last.and_then(|id| <[u8; 16]>::try_from(id.as_slice()).ok()).map(ApplicationId::from_bytes);
        let Some(last) = last.filter(|last| *last != application.id) else { return Ok(None) };
        let read = |id| -> Result<Value, WorkflowError> {
            let paper = keep::paper(self.store(), id)?;
            serde_json::from_slice(&paper.certificate_json).map_err(|e| WorkflowError::Record(e.to_string()))
        };
        let certificate = keep::find(self.store(), last)?.application;
        let certificate = certificate.stage.certificate().map(|one| one.number.clone()).unwrap_or_default();
        let mut found = Comparison { passed_over: &EVERY_TIME, most: SHOWN, members: Vec::new() };
        found.compare("", &read(last)?, &read(application.id)?);
        Ok(Some(Differences { certificate, members: found.members }))
    }
}

/// What other particulars change, member by member: everything counts, what is another every time too.
pub(super) fn changed(before: &Paper, now: &Paper) -> Vec<MemberChange> {
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let mut found = Comparison { passed_over: &[], most: CHANGED, members: Vec::new() };
    found.compare("", &read(&before.certificate_json), &read(&now.certificate_json));
    found.compare("production", &read(&before.production_json), &read(&now.production_json));
    found.members
}

struct Comparison<'a> {
    passed_over: &'a [&'a str],
    most: usize,
    members: Vec<MemberChange>,
}

impl Comparison<'_> {
    fn compare(&mut self, path: &str, before: &Value, now: &Value) {
        if before == now || self.members.len() >= self.most {
            return;
        }
        match (before, now) {
            (Value::Object(old), Value::Object(new)) => {
                let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
                for name in names.filter(|name| !self.passed_over.contains(&name.as_str())).collect::<Vec<_>>() {
                    let (old, new) = (old.get(name), new.get(name));
                    let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    self.compare(&below, old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null));
                }
            }
            (Value::Array(old), Value::Array(new)) => {
                for at in 0..old.len().max(new.len()) {
                    let (old, new) = (old.get(at), new.get(at));
                    self.compare(&format!("{path}[{at}]"), old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null));
                }
            }
            // An object that is new or gone is told member by member, so that no value is cut short.
            (Value::Object(_), Value::Null) => self.compare(path, before, &Value::Object(serde_json::Map::new())),
            (Value::Null, Value::Object(_)) => self.compare(path, &Value::Object(serde_json::Map::new()), now),
            _ => self.members.push(MemberChange { path: path.to_owned(), before: shown(before), now: shown(now) }),
        }
    }
}

fn shown(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Some(match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_another_every_time_is_left_out_and_the_rest_is_told_by_field() {
        let before = json!({"to": "CN", "goods": {"items": [{"description": "Footballs", "marks": "A", "hs": {"code": "950662"}}]}});
        let now = json!({"to": "CN", "goods": {"items": [{"description": "Footballs", "marks": "B", "hs": {"code": "950669"}, "brand": "X"}]}});
        let mut found = Comparison { passed_over: &EVERY_TIME, most: SHOWN, members: Vec::new() };
        found.compare("", &before, &now);
        let told = found.members.iter().map(|one| (one.path.as_str(), one.before.as_deref(), one.now.as_deref()));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [("goods.items[0].hs.code", Some("950662"), Some("950669")), ("goods.items[0].brand", None, Some("X"))]
        );
    }
}
