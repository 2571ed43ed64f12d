//! JSON Schema (2020-12) of the sections, made from the same definitions that read and write them.

use super::{member::Member, reader::Form};
use serde_json::{Map, Value, json};

/// A member: its name, its schema with its description, and whether it must be there.
pub(crate) type Described = (&'static str, Value, bool);

/// Collects the objects met on the way, so that each stands once under `$defs`.
pub(crate) struct Definitions {
    form: Form,
    objects: Map<String, Value>,
}

impl Definitions {
    fn new(form: Form) -> Self {
        Self { form, objects: Map::new() }
    }

    /// A member of an object.
    pub(crate) fn member<T: Member>(&mut self, name: &'static str, description: &'static str) -> Described {
        let mut schema = T::schema(self);
        if let Value::Object(members) = &mut schema {
            members.insert("description".to_owned(), json!(description.trim()));
        }
        (name, schema, self.form == Form::Signed || T::absent().is_none())
    }

    /// A closed object, defined once and referred to.
    pub(crate) fn object(
        &mut self,
        name: &'static str,
        description: &'static str,
        members: impl FnOnce(&mut Self) -> Vec<Described>,
    ) -> Value {
        if !self.objects.contains_key(name) {
            let members = members(self);
            self.objects.insert(name.to_owned(), closed(description, members));
        }
        json!({"$ref": format!("#/$defs/{name}")})
    }
}

fn closed(description: &str, members: Vec<Described>) -> Value {
    let required: Vec<&str> = members.iter().filter(|(_, _, required)| *required).map(|(name, _, _)| *name).collect();
    let required = json!(required);
    let properties: Map<String, Value> =
        members.into_iter().map(|(name, schema, _)| (name.to_owned(), schema)).collect();
    json!({
        "type": "object",
        "description": description.trim(),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// The schema of what is brought to be issued ([`super::Particulars`]): `docs/certificate-v1.schema.json`.
#[must_use]
pub fn input() -> Value {
    document::<super::Particulars>(
        "urn:origin-exchange:certificate:1",
        "What is brought to have a certificate of origin issued",
    )
}

/// Whether a path such as `goods.items[0].hs.code` names a member of a document of that schema.
#[must_use]
pub fn has_member(schema: &Value, path: &str) -> bool {
    member_at(schema, path).is_some()
}

/// How a value is written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// `true` or `false`.
    Truth,
    /// A whole number.
    Whole,
    /// A text.
    Text,
}

/// How the value is written that stands at such a path of a document of that schema. Where none stands, or more than one
/// value, a text does as well as anything: whoever reads the document says what is wrong there.
#[must_use]
pub fn written_at(schema: &Value, path: &str) -> Written {
    let Some(at) = member_at(schema, path) else { return Written::Text };
    match (may_be(at, "boolean", Value::is_boolean), may_be(at, "integer", Value::is_u64)) {
        (true, _) => Written::Truth,
        (false, true) => Written::Whole,
        (false, false) => Written::Text,
    }
}

/// Whether a value of that type may stand there, or in a list there.
fn may_be(at: &Value, kind: &str, is: fn(&Value) -> bool) -> bool {
    at.get("type").and_then(Value::as_str) == Some(kind)
        || at.get("const").is_some_and(is)
        || at.get("items").into_iter().chain(choices(at)).any(|one| may_be(one, kind, is))
}

fn member_at<'a>(schema: &'a Value, path: &str) -> Option<&'a Value> {
    let mut steps = path.split('.').map(|step| step.split_once('[').map_or(step, |(name, _)| name));
    steps.try_fold(schema, |at, name| member_below(schema, at, name))
}

/// The member of that name, behind references, lists and the one of several that may stand there.
fn member_below<'a>(schema: &'a Value, at: &'a Value, name: &str) -> Option<&'a Value> {
    if let Some(below) = at.get("properties").and_then(|all| all.get(name)) {
        return Some(below);
    }
    let referred = at.get("$ref").and_then(Value::as_str);
    let referred = referred.and_then(|definition| schema.pointer(definition.trim_start_matches('#')));
    let mut below = referred.into_iter().chain(at.get("items")).chain(choices(at));
    below.find_map(|one| member_below(schema, one, name))
}

fn choices(at: &Value) -> impl Iterator<Item = &Value> {
    let named = ["anyOf", "oneOf"].into_iter().filter_map(move |choice| at.get(choice));
    named.filter_map(Value::as_array).flatten()
}

/// The schema of a document that is brought: its own members, and its parts under `$defs`.
pub(crate) fn document<T: Member>(id: &str, title: &str) -> Value {
    let mut definitions = Definitions::new(Form::Input);
    let document = T::schema(&mut definitions);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": id,
        "title": title,
    });
    if let (Value::Object(schema), Value::Object(document)) = (&mut schema, document) {
        schema.extend(document);
        schema.insert("$defs".to_owned(), Value::Object(definitions.objects));
    }
    schema
}

/// The signed sections and their parts, each under the name in `#/$defs/<Type>` they refer to each other by.
/// Whether a section may be null is said by [`super::Certificate`].
#[must_use]
pub fn signed_definitions() -> Map<String, Value> {
    let mut definitions = Definitions::new(Form::Signed);
    // Certificate holds every section; it is itself no section.
    let _ = super::Certificate::schema(&mut definitions);
    let producer = super::Producer::schema(&mut definitions);
    let mut objects = definitions.objects;
    objects.remove("Certificate");
    objects.insert("Producer".to_owned(), producer);
    objects
}

/// A signed document `T`, and its parts under the names by which they are referred to; `name` is its own.
pub(crate) fn signed_parts<T: Member>(name: &str) -> (Option<Value>, Map<String, Value>) {
    let mut definitions = Definitions::new(Form::Signed);
    let _ = T::schema(&mut definitions);
    let mut parts = definitions.objects;
    (parts.remove(name), parts)
}

#[cfg(test)]
mod tests;
