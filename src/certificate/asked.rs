//! Which form a file asks for, as far as that can be read, whatever else is at fault: its findings name the boxes of
//! that form.

use super::{
    code::{AgreementCode, FormCode},
    country::Country,
    node::{self, Node},
    particulars::Particulars,
};
use std::str::FromStr;

/// Under which agreement, and on which form of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The agreement.
    pub agreement: AgreementCode,
    /// The form, where the file names one.
    pub form: Option<FormCode>,
    /// The exporting country, by which agreements with several forms choose one.
    pub from: Option<Country>,
}

impl Asked {
    /// What particulars that were read ask for.
    #[must_use]
    pub fn of(particulars: &Particulars) -> Self {
        let Particulars { agreement, form, from, .. } = particulars;
        Self { agreement: agreement.clone(), form: form.clone(), from: Some(*from) }
    }

    /// The same of JSON; none where it does not say under which agreement.
    #[must_use]
    pub fn of_json(json: &[u8]) -> Option<Self> {
        Self::of_node(&node::from_json(json).ok()?)
    }

    /// The same of TOML.
    #[must_use]
    pub fn of_toml(toml: &str) -> Option<Self> {
        if toml.len() > node::BYTES_MAX {
            return None;
        }
        Self::of_node(&node::from_toml(toml::Value::Table(toml.parse().ok()?)))
    }

    fn of_node(node: &Node<'_>) -> Option<Self> {
        let Node::Object(members) = node else { return None };
        Some(Self {
            agreement: member(members, "agreement")?,
            form: member(members, "form"),
            from: member(members, "from"),
        })
    }
}

fn member<T: FromStr>(members: &[(std::borrow::Cow<'_, str>, Node<'_>)], name: &str) -> Option<T> {
    members.iter().find(|(found, _)| found == name).and_then(|(_, value)| match value {
        Node::Text(text) => text.parse().ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_known_whatever_else_is_at_fault() {
        let json = br#"{"agreement": "CPFTA", "from": "PK", "form": 7, "goods": "?"}"#;
        let asked = Asked::of_json(json).unwrap();
        assert_eq!((asked.agreement.as_str(), asked.form, asked.from), ("CPFTA", None, "PK".parse().ok()));
        assert_eq!(Asked::of_toml("agreement = \"CPFTA\"").unwrap().from, None);
        assert_eq!(Asked::of_json(b"{}"), None);
    }
}
