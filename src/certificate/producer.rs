//! Section `producer`: who made the goods, or that customs will be told on request.

use super::{
    declare::serde_by_member,
    digest::Sha256,
    error::CertificateError,
    member::{Member, Out},
    node::Node,
    party::Party,
    reader::{At, Reader},
    schema::Definitions,
};
use serde::{Serializer, ser::SerializeStruct};
use serde_json::{Value, json};

/// Who made the goods. Documents carry one of `{"named":[…]}`, `{"same":true}` and
/// `{"on_request":true,"digest":…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Producer {
    /// One producer or several.
    Named(Vec<Party>),
    /// The exporter is the producer.
    Same,
    /// Available to customs on request: a release delivers the withheld disclosure, word for word.
    OnRequest {
        /// SHA-256 of the withheld disclosure string, as it would stand in `_sd` (RFC 9901, section 4.2.3).
        digest: Sha256,
    },
}

impl Member for Producer {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let members = reader.members(node, at, &["named", "same", "on_request", "digest"])?;
        let given = |name| members.get(name).is_some();
        match (given("named"), given("same"), given("on_request"), given("digest")) {
            (true, false, false, false) => {
                let named: Vec<Party> = members.read("named", at, reader)?;
                if named.is_empty() {
                    reader.error("PRODUCER", at.name("named"), "names nobody");
                    return None;
                }
                Some(Self::Named(named))
            }
            (false, true, false, false) => truth("same", members.read("same", at, reader)?, at, reader, Self::Same),
            (false, false, true, _) => {
                let on_request = members.read("on_request", at, reader);
                let digest = members.read("digest", at, reader);
                truth("on_request", on_request?, at, reader, Self::OnRequest { digest: digest? })
            }
            _ => {
                let why =
                    "say one of `named` (a list of parties), `same` (true) and `on_request` (true, with `digest`)";
                reader.refuse(&CertificateError::code("PRODUCER", why), at);
                None
            }
        }
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Named(named) => {
                let mut section = serializer.serialize_struct("Producer", 1)?;
                section.serialize_field("named", &Out(named))?;
                section.end()
            }
            Self::Same => {
                let mut section = serializer.serialize_struct("Producer", 1)?;
                section.serialize_field("same", &true)?;
                section.end()
            }
            Self::OnRequest { digest } => {
                let mut section = serializer.serialize_struct("Producer", 2)?;
                section.serialize_field("on_request", &true)?;
                section.serialize_field("digest", &Out(digest))?;
                section.end()
            }
        }
    }

    fn schema(definitions: &mut Definitions) -> Value {
        let closed = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
        json!({"oneOf": [
            closed(json!({"named": {"type": "array", "items": Party::schema(definitions), "minItems": 1, "maxItems": 500}}), json!(["named"])),
            closed(json!({"same": {"const": true}}), json!(["same"])),
            closed(
                json!({"on_request": {"const": true}, "digest": Sha256::schema(definitions)}),
                json!(["on_request", "digest"]),
            ),
        ]})
    }
}

/// `false` would be a second way to say nothing.
fn truth(name: &str, given: bool, at: At<'_>, reader: &mut Reader, value: Producer) -> Option<Producer> {
    if given {
        return Some(value);
    }
    reader.error("PRODUCER", at.name(name), "must be true; leave it out otherwise");
    None
}

serde_by_member!(Producer);
