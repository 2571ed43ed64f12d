//! Which form a file asks for, as far as that can be read, whatever else is at fault: its findings name the boxes of
//! that form.

use super::{
    code::{AgreementCode, EditionCode, FormCode, OfficeCode},
    country::Country,
    node::Node,
    particulars::Particulars,
};
use std::str::FromStr;

/// Under which agreement, on which form of it, and at which office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The agreement.
    pub agreement: AgreementCode,
    /// The edition, where the file names one.
    pub edition: Option<EditionCode>,
    /// The form, where the file names one.
    pub form: Option<FormCode>,
    /// The exporting country, by which agreements with several forms choose one.
    pub from: Option<Country>,
    /// The office, by whose day the form is known.
    pub office: Option<OfficeCode>,
}

impl Asked {
    /// What particulars that were read ask for.
    #[must_use]
    pub fn of(particulars: &Particulars) -> Self {
        let Particulars { agreement, edition, form, from, reference, .. } = particulars;
        Self {
            agreement: agreement.clone(),
            edition: edition.clone(),
            form: form.clone(),
            from: Some(*from),
            office: Some(reference.office.code.clone()),
        }
    }

    /// The same of a file as it was brought; none where it does not say under which agreement.
    pub(super) fn of_node(node: &Node<'_>) -> Option<Self> {
        let office = || member(member(member(node, "reference")?, "office")?, "code");
        Some(Self {
            agreement: parsed(member(node, "agreement"))?,
            edition: parsed(member(node, "edition")),
            form: parsed(member(node, "form")),
            from: parsed(member(node, "from")),
            office: parsed(office()),
        })
    }
}

/// The member of an object; none where it is not there.
pub(super) fn member<'n, 'a>(node: &'n Node<'a>, name: &str) -> Option<&'n Node<'a>> {
    let Node::Object(members) = node else { return None };
    members.iter().find(|(found, _)| found == name).map(|(_, value)| value)
}

fn parsed<T: FromStr>(node: Option<&Node<'_>>) -> Option<T> {
    match node {
        Some(Node::Text(text)) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::certificate::Unread;

    #[test]
    fn the_form_is_known_whatever_else_is_at_fault() {
        let json = br#"{"agreement": "CPFTA", "from": "PK", "form": 7, "goods": "?",
            "reference": {"office": {"code": "LHE", "name": 7}}}"#;
        let asked = Unread::of_json(json).asked.unwrap();
        assert_eq!((asked.agreement.as_str(), asked.form, asked.from), ("CPFTA", None, "PK".parse().ok()));
        assert_eq!(asked.office, "LHE".parse().ok());
        let asked = Unread::of_toml("agreement = \"CPFTA\"").asked.unwrap();
        assert_eq!((asked.from, asked.office), (None, None));
        assert_eq!(Unread::of_json(b"{}").asked, None);
    }
}
