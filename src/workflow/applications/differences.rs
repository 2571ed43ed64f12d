//! What differs between an application and the exporter's last certificate for the same goods.

use super::{Applications, keep};
use crate::{
    office::{Application, ApplicationId},
    store::Table,
    workflow::WorkflowError,
};
use serde_json::Value;

/// Differences shown at most.
const SHOWN: usize = 20;
/// Characters of a value shown at most.
const LONGEST: usize = 120;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field, such as `goods.items[0].criterion.code`.
    pub path: String,
    /// What the last certificate said; `None` where it said nothing.
    pub before: Option<String>,
    /// What the application says; `None` where it says nothing.
    pub now: Option<String>,
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
    pub(super) fn differences(&self, application: &Application) -> Result<Option<Vec<Difference>>, WorkflowError> {
        let last = self.store().record(Table::ApplicationGoods, &keep::goods_key(application))?;
        let last = last.and_then(|id| <[u8; 16]>::try_from(id.as_slice()).ok()).map(ApplicationId::from_bytes);
        let Some(last) = last.filter(|last| *last != application.id) else { return Ok(None) };
        let read = |id| -> Result<Value, WorkflowError> {
            let paper = keep::paper(self.store(), id)?;
            serde_json::from_slice(&paper.certificate_json).map_err(|e| WorkflowError::Record(e.to_string()))
        };
        let mut found = Vec::new();
        compare("", &read(last)?, &read(application.id)?, &mut found);
        Ok(Some(found))
    }
}

fn compare(path: &str, before: &Value, now: &Value, found: &mut Vec<Difference>) {
    if before == now || found.len() >= SHOWN {
        return;
    }
    match (before, now) {
        (Value::Object(old), Value::Object(new)) => {
            let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
            for name in names.filter(|name| !EVERY_TIME.contains(&name.as_str())) {
                let (old, new) = (old.get(name), new.get(name));
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare(&below, old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for at in 0..old.len().max(new.len()) {
                let (old, new) = (old.get(at), new.get(at));
                compare(&format!("{path}[{at}]"), old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null), found);
            }
        }
        _ => found.push(Difference { path: path.to_owned(), before: shown(before), now: shown(now) }),
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
        let mut found = Vec::new();
        compare("", &before, &now, &mut found);
        let told = found.iter().map(|one| (one.path.as_str(), one.before.as_deref(), one.now.as_deref()));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [("goods.items[0].hs.code", Some("950662"), Some("950669")), ("goods.items[0].brand", None, Some("X"))]
        );
    }
}
