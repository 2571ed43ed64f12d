//! The description of what is served as JSON (OpenAPI 3.1), made of the descriptors and of their comments.
//!
//! The same descriptors give the same bytes: names are sorted, and nothing of the machine or the day comes in.

use super::methods::Methods;
use prost_reflect::{EnumDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor, MethodDescriptor};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// What anybody may call without a token.
const OPEN: [&str; 3] = ["VerificationService", "LogService", "SessionService.SignIn"];
/// The schema of refusals; no message has this name.
const PROBLEM: &str = "Problem";
const ABOUT: &str = "What a node of Origin Exchange answers to systems, as JSON: each method of the gRPC services that \
    is no stream, under the same rules and with the same answers. The names of members are those of the services in \
    camel case; a request may have them as the services write them too, and has no others. Every write carries a \
    `requestId` (UUIDv7): the same request with the same id is done once, and answered alike, for seven days.";

/// The whole description.
pub(crate) fn describe(methods: &Methods) -> String {
    let mut comments = Comments::default();
    let mut schemas = Schemas::of(methods);
    let mut tags = BTreeMap::new();
    let mut paths = Map::new();
    for (path, method) in methods.all() {
        let service = method.parent_service();
        let words = comments.at(&service.parent_file(), service.path());
        tags.insert(service.name().to_owned(), words);
        paths.insert(format!("/v1/{path}"), json!({ "post": operation(method, &mut comments) }));
    }
    let tags = tags.into_iter().map(|(name, description)| json!({ "name": name, "description": description }));
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Origin Exchange",
            "version": "v1",
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "The node that this description was asked of" }],
        "tags": tags.collect::<Vec<_>>(),
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas.all(&mut comments),
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "The token of an account, or that of a session",
            } },
        },
    });
    format!("{document:#}\n")
}

fn operation(method: &MethodDescriptor, comments: &mut Comments) -> Json {
    let service = method.parent_service().name().to_owned();
    let operation = json!({
        "operationId": format!("{service}_{}", method.name()),
        "tags": [service],
        "description": comments.at(&method.parent_service().parent_file(), method.path()),
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": reference(&schema_name(&method.input())) } },
        },
        "responses": {
            "200": {
                "description": "What was asked for, or was done",
                "content": { "application/json": { "schema": reference(&schema_name(&method.output())) } },
            },
            "default": {
                "description": "Why it was refused; Retry-After says when the same may succeed",
                "content": { "application/problem+json": { "schema": reference(PROBLEM) } },
            },
        },
    });
    let named = format!("{}.{}", method.parent_service().name(), method.name());
    let is_open = OPEN.iter().any(|open| *open == named || *open == method.parent_service().name());
    if is_open { with(operation, "security", json!([{}, { "token": [] }])) } else { operation }
}

/// An object with one more member.
fn with(mut object: Json, name: &str, value: Json) -> Json {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    object
}

/// The same with what is said of it, if anything is.
fn described(object: Json, words: &str) -> Json {
    if words.is_empty() { object } else { with(object, "description", words.into()) }
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn schema_name(of: &MessageDescriptor) -> String {
    short(of.full_name())
}

fn short(full: &str) -> String {
    full.strip_prefix("origin.v1.").unwrap_or(full).to_owned()
}

/// Every message and enumeration that a method takes or gives.
#[derive(Default)]
struct Schemas {
    messages: BTreeMap<String, MessageDescriptor>,
    enums: BTreeMap<String, EnumDescriptor>,
    /// Those that come in an answer: a later version may give them further members.
    answered: BTreeSet<String>,
}

impl Schemas {
    fn of(methods: &Methods) -> Self {
        let mut schemas = Self::default();
        for (_, method) in methods.all() {
            let mut answered = BTreeSet::new();
            schemas.take(&method.output(), &mut answered);
            schemas.answered.append(&mut answered);
            schemas.take(&method.input(), &mut BTreeSet::new());
        }
        schemas
    }

    fn take(&mut self, of: &MessageDescriptor, seen: &mut BTreeSet<String>) {
        if plain(of).is_some() || !seen.insert(schema_name(of)) {
            return;
        }
        self.messages.insert(schema_name(of), of.clone());
        for field in of.fields() {
            match field.kind() {
                Kind::Message(below) => self.take(&below, seen),
                Kind::Enum(of) => {
                    self.enums.insert(short(of.full_name()), of);
                }
                _ => {}
            }
        }
    }

    fn all(&mut self, comments: &mut Comments) -> Json {
        let mut all = Map::new();
        for (name, of) in &self.messages {
            let schema = message(of, comments);
            let closed = !self.answered.contains(name);
            let schema = if closed { with(schema, "additionalProperties", false.into()) } else { schema };
            all.insert(name.clone(), schema);
        }
        for (name, of) in &self.enums {
            let file = of.parent_file();
            let mut words = comments.at(&file, of.path());
            for value in of.values() {
                let said = comments.at(&file, value.path());
                if !said.is_empty() {
                    words = format!("{words}\n- `{}`: {said}", value.name());
                }
            }
            let names = of.values().map(|value| value.name().to_owned()).collect::<Vec<_>>();
            all.insert(name.clone(), json!({ "type": "string", "enum": names, "description": words.trim() }));
        }
        all.insert(PROBLEM.to_owned(), problem());
        Json::Object(all)
    }
}

fn message(of: &MessageDescriptor, comments: &mut Comments) -> Json {
    let file = of.parent_file();
    let mut words = comments.at(&file, of.path());
    for one_of in of.oneofs().filter(|one_of| !one_of.is_synthetic()) {
        let names = one_of.fields().map(|field| format!("`{}`", field.json_name())).collect::<Vec<_>>();
        words = format!("{words}\nAt most one of {}.", names.join(", "));
    }
    let members = of.fields().map(|field| {
        let said = comments.at(&file, field.path());
        (field.json_name().to_owned(), member(&field, &said))
    });
    let members = members.collect::<Map<_, _>>();
    described(json!({ "type": "object", "properties": members }), words.trim())
}

fn member(field: &FieldDescriptor, words: &str) -> Json {
    let one = match field.kind() {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::String => json!({ "type": "string" }),
        Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({ "type": "integer", "format": "int32" }),
        Kind::Uint32 | Kind::Fixed32 => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => json!({ "type": "string", "pattern": "^-?[0-9]{1,19}$" }),
        Kind::Uint64 | Kind::Fixed64 => json!({ "type": "string", "pattern": "^[0-9]{1,20}$" }),
        Kind::Float | Kind::Double => json!({ "type": "number" }),
        Kind::Enum(of) => reference(&short(of.full_name())),
        Kind::Message(of) => plain(&of).unwrap_or_else(|| reference(&schema_name(&of))),
    };
    described(if field.is_list() { list(&one, words) } else { one }, words)
}

/// A list, with how many it may have where its comment begins with that.
fn list(one: &Json, words: &str) -> Json {
    let list = json!({ "type": "array", "items": one });
    match bounds(words) {
        Some((0, most)) => with(list, "maxItems", most.into()),
        Some((least, most)) => with(with(list, "minItems", least.into()), "maxItems", most.into()),
        None => list,
    }
}

/// `1 to 500.`, `1 to 256 rows.` or `At most 100.`, as the whole first sentence.
fn bounds(words: &str) -> Option<(u64, u64)> {
    let (sentence, _) = words.split_once('.')?;
    let (least, most) = match sentence.strip_prefix("At most ") {
        Some(most) => ("0", most),
        None => sentence.strip_suffix(" rows").unwrap_or(sentence).split_once(" to ")?,
    };
    Some((least.parse().ok()?, most.parse().ok()?))
}

/// What is no object, though it is a message.
fn plain(of: &MessageDescriptor) -> Option<Json> {
    match of.full_name() {
        "google.type.Date" => Some(json!({ "type": "string", "format": "date" })),
        "google.protobuf.Timestamp" => Some(json!({ "type": "string", "format": "date-time" })),
        _ => None,
    }
}

fn problem() -> Json {
    let text = |words: &str| json!({ "type": "string", "description": words });
    let at_fault = json!({ "field": text("Where it stands in the request"), "detail": text("What is wrong") });
    let articles = json!({
        "rule": text("The rule"),
        "article": text("The article of the agreement"),
        "detail": text("What it demands"),
    });
    let list = |of: Json, words: &str| json!({ "type": "array", "description": words, "items": { "type": "object", "properties": of } });
    json!({
        "type": "object",
        "description": "A refusal (RFC 9457). Programs go by `reason`, which never changes its meaning.",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": text("Always `about:blank`"),
            "title": text("The name of the status"),
            "status": { "type": "integer", "description": "The HTTP status" },
            "detail": text("What happened, for people"),
            "code": text("The gRPC code"),
            "reason": text("The stable reason, such as BALANCE_EXCEEDED"),
            "id": text("Under which the node's log says more, where the node is at fault"),
            "retryAfterMs": { "type": "integer", "description": "When the same request may succeed" },
            "fields": list(at_fault, "What is wrong with the request"),
            "articles": list(articles, "What the agreement demands"),
            "findings": {
                "type": "array",
                "description": "What rules said of a certificate",
                "items": { "type": "object" },
            },
        },
    })
}

/// The comments of the `.proto` files, by file and place.
#[derive(Default)]
struct Comments(BTreeMap<String, BTreeMap<Vec<i32>, String>>);

impl Comments {
    /// What stands above a declaration, its lines joined.
    fn at(&mut self, file: &FileDescriptor, place: &[i32]) -> String {
        let of_file = self.0.entry(file.name().to_owned()).or_insert_with(|| {
            let source = file.file_descriptor_proto().source_code_info.as_ref();
            let all = source.map(|source| source.location.as_slice()).unwrap_or_default();
            let said = all.iter().filter_map(|one| Some((one.path.clone(), one.leading_comments.as_ref()?)));
            said.map(|(path, words)| (path, words.split_whitespace().collect::<Vec<_>>().join(" "))).collect()
        });
        of_file.get(place).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::{customs, matching},
        statement::{DOCUMENTS_MAX, SUBJECTS_MAX},
    };

    fn document() -> Json {
        serde_json::from_str(&describe(&Methods::read().unwrap())).unwrap()
    }

    fn references<'a>(within: &'a Json, into: &mut BTreeSet<&'a str>) {
        match within {
            Json::Object(members) => {
                into.extend(members.get("$ref").and_then(Json::as_str));
                members.values().for_each(|value| references(value, into));
            }
            Json::Array(elements) => elements.iter().for_each(|value| references(value, into)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        let (document, mut found) = (document(), BTreeSet::new());
        references(&document, &mut found);
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let there = schemas.keys().map(|name| format!("#/components/schemas/{name}")).collect::<BTreeSet<_>>();
        assert_eq!(found.into_iter().map(ToOwned::to_owned).collect::<BTreeSet<_>>(), there);
        // The pattern that names of components have to fit.
        let plain = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        assert!(schemas.keys().all(plain));
    }

    #[test]
    fn every_operation_says_what_it_does_under_a_name_of_its_own() {
        let document = document();
        let mut names = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let post = &item["post"];
            assert!(post["description"].as_str().unwrap().len() > 10, "{path}");
            assert!(names.insert(post["operationId"].as_str().unwrap()), "{path}");
        }
        assert!(names.contains("CustomsService_MatchDeclaration") && names.len() > 100);
        for tag in document["tags"].as_array().unwrap() {
            assert!(tag["description"].as_str().unwrap().len() > 10, "{tag}");
        }
    }

    #[test]
    fn members_have_the_forms_in_which_they_are_read_and_written() {
        let schemas = &document()["components"]["schemas"];
        let request = &schemas["MatchDeclarationRequest"];
        assert_eq!(request["additionalProperties"], false);
        assert_eq!(request["properties"]["issuedOn"]["format"], "date");
        assert_eq!(request["properties"]["lines"]["items"]["$ref"], "#/components/schemas/DeclarationLine");
        let arrival = &schemas["Arrival"];
        assert!(arrival.get("additionalProperties").is_none(), "a later node may say more");
        assert_eq!(arrival["properties"]["arrivedAt"]["format"], "date-time");
        assert_eq!(arrival["properties"]["index"]["type"], "string");
        assert!(schemas["ArrivedName"]["description"].as_str().unwrap().contains("At most one of `jti`, `number`"));
        assert!(schemas["Delivery"]["enum"].as_array().unwrap().contains(&"DELIVERY_COMPLETE".into()));
        assert!(schemas["Delivery"]["description"].as_str().unwrap().contains("`DELIVERY_HELD`"));
    }

    #[test]
    fn lists_say_how_many_they_take_as_the_node_bounds_them() {
        let schemas = &document()["components"]["schemas"];
        for (message, member, least, most) in [
            ("MatchDeclarationRequest", "lines", Some(1), matching::LINES_MAX),
            ("WriteOffRequest", "lines", Some(1), customs::LINES_MAX),
            ("AmendWriteOffRequest", "lines", Some(1), customs::LINES_MAX),
            ("DecideItemsRequest", "decisions", Some(1), customs::LINES_MAX),
            ("RaiseEnquiryRequest", "subjects", Some(1), SUBJECTS_MAX),
            ("RaiseEnquiryRequest", "documents", None, DOCUMENTS_MAX),
            ("ReplyEnquiryRequest", "answers", None, customs::LINES_MAX),
            ("ReplyEnquiryRequest", "documents", None, DOCUMENTS_MAX),
            ("SubjectAnswer", "items", None, customs::LINES_MAX),
        ] {
            let list = &schemas[message]["properties"][member];
            assert_eq!(list["maxItems"], json!(most), "{message}.{member}");
            assert_eq!(list["minItems"], json!(least), "{message}.{member}");
        }
        assert_eq!(bounds("At most 500 parties and 500 products."), None, "of rows it takes 1,000");
    }

    #[test]
    fn the_description_is_the_same_every_time() {
        let methods = Methods::read().unwrap();
        assert_eq!(describe(&methods), describe(&Methods::read().unwrap()));
    }
}
