//! JSON Schema (2020-12) of the sections, made from the same definitions that read and write them.

use super::member::{Member, SchemaForm};
use serde_json::{Map, Value, json};

/// The schema of what is brought to be issued ([`super::Particulars`]).
#[must_use]
pub fn input() -> Value {
    let mut schema = super::Particulars::schema(SchemaForm::Input);
    if let Value::Object(members) = &mut schema {
        members.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert("$id".to_owned(), json!("urn:origin-exchange:certificate:1"));
        members.insert("title".to_owned(), json!("Particulars of a certificate of origin"));
    }
    schema
}

/// The schema of a signed section, by its name in the certificate; `item` for one item of the goods.
#[must_use]
pub fn signed(section: &str) -> Option<Value> {
    let form = SchemaForm::Signed;
    Some(match section {
        "reference" => super::Reference::schema(form),
        "exporter" => super::Exporter::schema(form),
        "consignee" => Option::<super::Consignee>::schema(form),
        "producer" => Option::<super::Producer>::schema(form),
        "transport" => Option::<super::Transport>::schema(form),
        "totals" => Option::<super::Totals>::schema(form),
        "item" => super::Item::schema(form),
        "commercial" => Option::<super::Commercial>::schema(form),
        "remarks" => Option::<super::Remarks>::schema(form),
        "flags" => super::Flags::schema(form),
        _ => return None,
    })
}

/// A member: its name, its schema with its description, and whether it must be there.
pub(crate) fn member<T: Member>(
    form: SchemaForm,
    name: &'static str,
    description: &'static str,
) -> (&'static str, Value, bool) {
    let mut schema = T::schema(form);
    if let Value::Object(members) = &mut schema {
        members.insert("description".to_owned(), json!(description.trim()));
    }
    (name, schema, form == SchemaForm::Signed || T::absent().is_none())
}

/// A closed object of the members given.
pub(crate) fn object(description: &'static str, members: Vec<(&'static str, Value, bool)>) -> Value {
    let required: Vec<&str> = members.iter().filter(|(_, _, required)| *required).map(|(name, _, _)| *name).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema, _)| ((*name).to_owned(), schema.clone())).collect();
    let mut object = json!({
        "type": "object",
        "description": description.trim(),
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty()
        && let Value::Object(object) = &mut object
    {
        object.insert("required".to_owned(), json!(required));
    }
    object
}
