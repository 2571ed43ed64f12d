//! From the message a method answers to JSON: what the reader reads, in its camel-case spelling.
//!
//! Every member stands there, but messages and choices that are absent: who reads `found` need not know that it is
//! false where nothing is said.

use crate::encoding::base64;
use crate::time::Timestamp;
use prost_reflect::{DynamicMessage, Kind, ReflectMessage as _, Value};
use serde_json::{Map, Value as Json};

/// The document of a message.
pub(super) fn write(message: &DynamicMessage) -> Json {
    match message.descriptor().full_name() {
        "google.type.Date" => {
            let [year, month, day] = ["year", "month", "day"].map(|name| part(message, name));
            Json::String(format!("{year:04}-{month:02}-{day:02}"))
        }
        "google.protobuf.Timestamp" => {
            let (seconds, nanos) =
                (part(message, "seconds"), i32::try_from(part(message, "nanos")).unwrap_or_default());
            // No instant of ours is one that the calendar does not have.
            Timestamp::new(seconds, nanos).map_or(Json::Null, |instant| Json::String(instant.to_string()))
        }
        _ => {
            let fields = message.descriptor();
            let fields = fields.fields().filter(|field| !field.supports_presence() || message.has_field(field));
            let members =
                fields.map(|field| (field.json_name().to_owned(), value(&message.get_field(&field), &field.kind())));
            Json::Object(members.collect::<Map<_, _>>())
        }
    }
}

fn value(value: &Value, kind: &Kind) -> Json {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::I32(number) => (*number).into(),
        Value::U32(number) => (*number).into(),
        // As texts: half of the readers of JSON have no whole numbers beyond 2^53.
        Value::I64(number) => number.to_string().into(),
        Value::U64(number) => number.to_string().into(),
        Value::String(text) => text.as_str().into(),
        Value::Bytes(bytes) => base64::encode(bytes).into(),
        Value::EnumNumber(number) => {
            let known = kind.as_enum().and_then(|of| of.get_value(*number));
            known.map_or_else(|| (*number).into(), |value| value.name().into())
        }
        Value::Message(message) => write(message),
        Value::List(elements) => Json::Array(elements.iter().map(|element| self::value(element, kind)).collect()),
        // No message has any, and a test holds them to that.
        Value::F32(_) | Value::F64(_) | Value::Map(_) => Json::Null,
    }
}

fn part(message: &DynamicMessage, name: &str) -> i64 {
    match message.get_field_by_name(name).as_deref() {
        Some(Value::I32(number)) => (*number).into(),
        Some(Value::I64(number)) => *number,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::methods::Methods;
    use super::super::reader;
    use super::*;
    use crate::api::wire::google::r#type::Date;
    use crate::api::wire::origin::v1 as wire;
    use serde_json::json;

    fn written(name: &str, message: &impl prost::Message) -> Json {
        let of = Methods::read().unwrap().message(&format!("origin.v1.{name}")).unwrap();
        let document = write(&DynamicMessage::decode(of.clone(), message.encode_to_vec().as_slice()).unwrap());
        // What is written is read as what it was.
        let again = reader::read(document.to_string().as_bytes(), &of).unwrap();
        assert_eq!(again, message.encode_to_vec(), "{document}");
        document
    }

    #[test]
    fn what_is_not_said_stands_there_but_for_messages_and_choices() {
        let nothing = written("MatchDeclarationResponse", &wire::MatchDeclarationResponse::default());
        let expected =
            json!({ "found": false, "differences": [], "notices": [], "balance": [], "items": [], "papers": [] });
        assert_eq!(nothing, expected);
        assert_eq!(written("ArrivedName", &wire::ArrivedName::default()), json!({ "issuer": "" }));
    }

    #[test]
    fn numbers_dates_instants_and_enumerations_have_their_forms() {
        let arrival = wire::Arrival {
            index: u64::MAX,
            delivery: wire::Delivery::Held.into(),
            issued_on: Some(Date { year: 2026, month: 2, day: 3 }),
            arrived_at: Some(prost_types::Timestamp { seconds: 1_764_578_700, nanos: 500_000_000 }),
            ..Default::default()
        };
        let document = written("Arrival", &arrival);
        assert_eq!(document["index"], "18446744073709551615");
        assert_eq!(document["delivery"], "DELIVERY_HELD");
        assert_eq!(document["issuedOn"], "2026-02-03");
        assert_eq!(document["arrivedAt"], "2025-12-01T08:45:00.5Z");
        assert!(document.get("validFrom").is_none());
        let key = wire::DownloadCertificateResponse { content: vec![0xfb, 0xff].into(), ..Default::default() };
        assert_eq!(written("DownloadCertificateResponse", &key)["content"], "+/8=");
    }
}
