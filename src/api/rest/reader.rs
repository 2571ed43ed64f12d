//! From JSON to the message a method takes: the names and forms of proto3 JSON, read strictly.
//!
//! A member is called as the `.proto` file calls it, or in camel case, and stands once. `null` is absent. 64-bit
//! numbers are texts or numbers, bytes are base64, enumerations their names, instants RFC 3339. One form is not that
//! of proto3 JSON: a civil date is `2026-12-01`, as every declaration system writes it. What no method knows is
//! refused and named by its path, so that a member with a slip in its name is never taken for one left out.

use crate::api::{ApiError, MAX_MESSAGE};
use crate::encoding::{base64, json};
use crate::time::{read_date, read_instant};
use bytes::Bytes;
use prost::Message as _;
use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fmt::Display;

/// Most bytes of a document: what a message may have, with the room that base64 and names take.
pub(crate) const MAX_DOCUMENT: usize = 2 * MAX_MESSAGE;
/// Most values of a document: each takes a hundred times what its two bytes take, and who calls is not known yet.
const MAX_VALUES: usize = 100_000;
/// Deeper than any message of the services.
const DEPTH: usize = 32;
/// Characters of a caller's own word that are said back to it.
const SHOWN: usize = 60;

/// Reads a document as a message, in its binary form.
pub(super) fn read(text: &[u8], of: &MessageDescriptor) -> Result<Bytes, ApiError> {
    if text.iter().filter(|byte| matches!(byte, b',' | b'{' | b'[')).count() > MAX_VALUES {
        return Err(ApiError::Json(format!("it has more than {MAX_VALUES} values")));
    }
    let document = json::from_slice::<Json>(text, json::Limits { bytes: MAX_DOCUMENT, depth: DEPTH });
    let document = document.map_err(|error| ApiError::Json(error.to_string()))?;
    let bytes = message(document, of, "")?.encode_to_vec();
    if bytes.len() > MAX_MESSAGE { Err(ApiError::TooLarge(MAX_MESSAGE)) } else { Ok(bytes.into()) }
}

fn message(document: Json, of: &MessageDescriptor, at: &str) -> Result<DynamicMessage, ApiError> {
    let Json::Object(members) = document else { return Err(wrong(at, "an object is needed")) };
    let (mut message, mut given) = (DynamicMessage::new(of.clone()), BTreeSet::new());
    for (name, value) in members {
        let at = if at.is_empty() { shown(&name) } else { format!("{at}.{}", shown(&name)) };
        let field = of.get_field_by_json_name(&name).or_else(|| of.get_field_by_name(&name));
        let field = field.ok_or_else(|| wrong(&at, "there is no such member"))?;
        if value.is_null() {
            continue;
        }
        if !given.insert(field.number()) {
            return Err(wrong(&at, "it is given under its other name too"));
        }
        if let Some(one_of) = field.containing_oneof().filter(|one_of| !one_of.is_synthetic())
            && one_of.fields().filter(|other| given.contains(&other.number())).count() > 1
        {
            let names = one_of.fields().map(|one| one.json_name().to_owned()).collect::<Vec<_>>().join(", ");
            return Err(wrong(&at, format!("one of {names} is given, not more")));
        }
        let value = whole(value, &field, &at)?;
        message.try_set_field(&field, value).map_err(|error| wrong(&at, error))?;
    }
    Ok(message)
}

fn whole(value: Json, field: &FieldDescriptor, at: &str) -> Result<Value, ApiError> {
    if !field.is_list() {
        return one(value, &field.kind(), at);
    }
    let Json::Array(elements) = value else { return Err(wrong(at, "an array is needed")) };
    let elements = elements.into_iter().enumerate();
    let elements = elements.map(|(nth, element)| one(element, &field.kind(), &format!("{at}[{nth}]")));
    elements.collect::<Result<_, _>>().map(Value::List)
}

fn one(value: Json, kind: &Kind, at: &str) -> Result<Value, ApiError> {
    Ok(match kind {
        Kind::Bool => match value {
            Json::Bool(value) => Value::Bool(value),
            _ => return Err(wrong(at, "true or false is needed")),
        },
        Kind::String => Value::String(text(value, at)?),
        Kind::Bytes => {
            let bytes = base64::decode(text(value, at)?)
                .map_err(|_| wrong(at, "standard base64 with its padding is needed"))?;
            Value::Bytes(bytes.into())
        }
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number(&value, at)?),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number(&value, at)?),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(number(&value, at)?),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(number(&value, at)?),
        // No message has any, and a test holds them to that.
        Kind::Float | Kind::Double => return Err(wrong(at, "it has no form in JSON")),
        Kind::Enum(of) => Value::EnumNumber(word(&text(value, at)?, of, at)?),
        Kind::Message(of) => Value::Message(match of.full_name() {
            "google.type.Date" => date(&text(value, at)?, of, at)?,
            "google.protobuf.Timestamp" => instant(&text(value, at)?, of, at)?,
            _ => message(value, of, at)?,
        }),
    })
}

fn text(value: Json, at: &str) -> Result<String, ApiError> {
    match value {
        Json::String(text) => Ok(text),
        _ => Err(wrong(at, "a text is needed")),
    }
}

/// A whole number in its one spelling, as a number or as a text.
fn number<T: TryFrom<i128>>(value: &Json, at: &str) -> Result<T, ApiError> {
    let read = match value {
        Json::Number(number) => number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)),
        Json::String(text) => text.parse::<i128>().ok().filter(|number| number.to_string() == *text),
        _ => None,
    };
    read.and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| wrong(at, "a whole number within its range is needed"))
}

fn word(name: &str, of: &EnumDescriptor, at: &str) -> Result<i32, ApiError> {
    of.get_value_by_name(name).map(|value| value.number()).ok_or_else(|| {
        let names = of.values().map(|value| value.name().to_owned()).collect::<Vec<_>>().join(", ");
        wrong(at, format!("`{}` is none of {names}", shown(name)))
    })
}

fn date(text: &str, of: &MessageDescriptor, at: &str) -> Result<DynamicMessage, ApiError> {
    let date = read_date(text).map_err(|why| wrong(at, format!("`{}`: {why}", shown(text))))?;
    let parts = [("year", i32::from(date.year())), ("month", date.month().into()), ("day", date.day().into())];
    filled(of, parts.map(|(name, part)| (name, Value::I32(part))), at)
}

fn instant(text: &str, of: &MessageDescriptor, at: &str) -> Result<DynamicMessage, ApiError> {
    let instant = read_instant(text).map_err(|why| wrong(at, format!("`{}`: {why}", shown(text))))?;
    // Protobuf counts a part of a second forwards, before 1970 too.
    let wire = prost_types::Timestamp { seconds: instant.as_second(), nanos: instant.subsec_nanosecond() }.normalized();
    filled(of, [("seconds", Value::I64(wire.seconds)), ("nanos", Value::I32(wire.nanos))], at)
}

fn filled<const N: usize>(
    of: &MessageDescriptor,
    with: [(&str, Value); N],
    at: &str,
) -> Result<DynamicMessage, ApiError> {
    let mut message = DynamicMessage::new(of.clone());
    for (name, value) in with {
        message.try_set_field_by_name(name, value).map_err(|error| wrong(at, error))?;
    }
    Ok(message)
}

fn wrong(at: &str, why: impl Display) -> ApiError {
    let path = if at.is_empty() { "the document" } else { at };
    ApiError::Member { path: path.to_owned(), message: why.to_string() }
}

/// A caller's word, short and plain enough to be said back.
fn shown(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}

/// The path that a handler gives a field, in the names of JSON. What stands within a document of its own keeps its.
pub(super) fn json_path(path: &str, of: &MessageDescriptor) -> String {
    let (mut message, mut parts) = (Some(of.clone()), Vec::new());
    for part in path.split('.') {
        let (name, place) = part.split_at(part.find('[').unwrap_or(part.len()));
        match message.as_ref().and_then(|message| message.get_field_by_name(name)) {
            Some(field) => {
                parts.push(format!("{}{place}", field.json_name()));
                message = field.kind().as_message().cloned();
            }
            None => {
                parts.push(part.to_owned());
                message = None;
            }
        }
    }
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::super::methods::Methods;
    use super::*;
    use crate::api::wire::google::r#type::Date as WireDate;
    use crate::api::wire::origin::v1 as wire;
    use serde_json::json;

    fn of(name: &str) -> MessageDescriptor {
        Methods::read().unwrap().message(&format!("origin.v1.{name}")).unwrap()
    }

    fn refused(name: &str, document: &Json) -> (String, String) {
        match read(document.to_string().as_bytes(), &of(name)) {
            Err(ApiError::Member { path, message }) => (path, message),
            other => panic!("{document}: {other:?}"),
        }
    }

    #[test]
    fn a_declaration_is_read_under_either_name_of_each_member() {
        for (issued_on, tariff_code) in [("issuedOn", "tariffCode"), ("issued_on", "tariff_code")] {
            let document = json!({
                "certificate": { "number": "260000001", "issuer": null },
                issued_on: "2026-11-22",
                "declaration": { "number": "I-2026-77", "date": "2026-12-01", "office": "SHA" },
                "lines": [{ "line": 1, tariff_code: "950662", "quantity": "500", "item": "1" }],
            });
            let bytes = read(document.to_string().as_bytes(), &of("MatchDeclarationRequest")).unwrap();
            let read = wire::MatchDeclarationRequest::decode(bytes).unwrap();
            assert_eq!(read.issued_on, Some(WireDate { year: 2026, month: 11, day: 22 }));
            let named = read.certificate.unwrap();
            assert_eq!(named.name, Some(wire::arrived_name::Name::Number("260000001".to_owned())));
            let line = read.lines.first().unwrap();
            assert_eq!((line.line, line.item, line.tariff_code.as_str()), (1, 1, "950662"));
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        let cases = [
            (json!({ "certifcate": {} }), "certifcate"),
            (json!({ "lines": [{}, { "itme": 1 }] }), "lines[1].itme"),
            (json!({ "lines": {} }), "lines"),
            (json!({ "lines": [null] }), "lines[0]"),
            (json!({ "lines": [{ "line": 1.5 }] }), "lines[0].line"),
            (json!({ "lines": [{ "line": -1 }] }), "lines[0].line"),
            (json!({ "lines": [{ "line": "01" }] }), "lines[0].line"),
            (json!({ "lines": [{ "line": 4_294_967_296_u64 }] }), "lines[0].line"),
            (json!({ "lines": [{ "quantity": 500 }] }), "lines[0].quantity"),
            (json!({ "declaration": { "date": "2026-2-3" } }), "declaration.date"),
            (json!({ "declaration": { "date": "2026-02-30" } }), "declaration.date"),
            (json!({ "declaration": { "date": { "year": 2026, "month": 2, "day": 3 } } }), "declaration.date"),
            (json!({ "issuedOn": "2026-11-22", "issued_on": "2026-11-22" }), "issued_on"),
            (json!([]), "the document"),
        ];
        for (document, path) in cases {
            assert_eq!(refused("MatchDeclarationRequest", &document).0, path, "{document}");
        }
        let both = json!({ "certificate": { "number": "1", "jti": "J" } });
        let (path, why) = refused("GetBalanceRequest", &both);
        assert!(path == "certificate.number" || path == "certificate.jti", "{path}");
        assert!(why.contains("jti, number"), "{why}");
        let (path, why) = refused("ListArrivalsRequest", &json!({ "delivery": "complete" }));
        assert_eq!(path, "delivery");
        assert!(why.contains("DELIVERY_COMPLETE"), "{why}");
    }

    #[test]
    fn a_second_member_of_one_name_and_a_document_too_deep_or_too_long_are_refused() {
        let of = of("GetBalanceRequest");
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        for bad in ["", "{", "{\"certificate\":{},\"certificate\":{}}", "{} {}", deep.as_str()] {
            assert!(matches!(read(bad.as_bytes(), &of), Err(ApiError::Json(_))), "{bad}");
        }
        let many = format!("{{\"lines\":[{}{{}}]}}", "{},".repeat(MAX_VALUES));
        assert!(matches!(read(many.as_bytes(), &of), Err(ApiError::Json(why)) if why.contains("values")));
        let long = format!("{{\"certificate\":{{\"number\":\"{}\"}}}}", "9".repeat(MAX_MESSAGE));
        assert_eq!(read(long.as_bytes(), &of), Err(ApiError::TooLarge(MAX_MESSAGE)));
    }

    #[test]
    fn paths_of_handlers_are_told_in_the_names_of_json() {
        let path = |path| json_path(path, &of("MatchDeclarationRequest"));
        assert_eq!(path("issued_on"), "issuedOn");
        assert_eq!(path("lines.tariff_code"), "lines.tariffCode");
        assert_eq!(path("lines[3].gross_weight"), "lines[3].grossWeight");
        let inside = json_path("certificate_json.goods.items[0].gross_weight", &of("ReplaceCertificateRequest"));
        assert_eq!(inside, "certificateJson.goods.items[0].gross_weight");
    }
}
