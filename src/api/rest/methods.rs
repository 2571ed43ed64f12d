//! Which calls are served as JSON: every method of the clients' services that is no stream, each at one path.
//!
//! The path is made of the names alone: `CustomsService.MatchDeclaration` is `customs/match-declaration`.

use super::writer;
use crate::api::ApiError;
use crate::api::wire::DESCRIPTORS;
use prost_reflect::{DescriptorError, DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};
use std::collections::BTreeMap;

/// The methods by their paths.
#[derive(Debug, Clone, Default)]
pub(crate) struct Methods {
    pool: DescriptorPool,
    by_path: BTreeMap<String, MethodDescriptor>,
}

impl Methods {
    /// Reads them from the descriptors that are compiled in.
    pub(crate) fn read() -> Result<Self, DescriptorError> {
        let pool = DescriptorPool::decode(DESCRIPTORS)?;
        let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        let unary = methods.filter(|method| !method.is_client_streaming() && !method.is_server_streaming());
        let by_path = unary.map(|method| (path(&method), method)).collect();
        Ok(Self { pool, by_path })
    }

    /// The method at a path, as `customs/match-declaration`.
    pub(crate) fn at(&self, path: &str) -> Option<&MethodDescriptor> {
        self.by_path.get(path)
    }

    /// All of them, by path.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &MethodDescriptor)> {
        self.by_path.iter().map(|(path, method)| (path.as_str(), method))
    }

    /// A message of ours as JSON.
    pub(crate) fn told(&self, name: &str, message: &impl prost::Message) -> Result<String, ApiError> {
        let unreadable = |why: String| ApiError::AnswerUnreadable(why);
        let of = self.message(name).ok_or_else(|| unreadable(format!("there is no message {name}")))?;
        let message = DynamicMessage::decode(of, message.encode_to_vec().as_slice());
        Ok(writer::write(&message.map_err(|error| unreadable(error.to_string()))?).to_string())
    }

    /// A message by its full name.
    pub(super) fn message(&self, name: &str) -> Option<MessageDescriptor> {
        self.pool.get_message_by_name(name)
    }
}

/// Whether a call of the method is told from others by a `request_id`.
pub(crate) fn takes_request_id(method: &MethodDescriptor) -> bool {
    method.input().get_field_by_name("request_id").is_some()
}

fn path(method: &MethodDescriptor) -> String {
    let service = method.parent_service();
    let service = service.name().strip_suffix("Service").unwrap_or(service.name());
    format!("{}/{}", hyphenated(service), hyphenated(method.name()))
}

/// `MatchDeclaration` as `match-declaration`.
fn hyphenated(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_reflect::Kind;

    #[test]
    fn each_method_has_a_path_of_its_own_and_streams_have_none() {
        let methods = Methods::read().unwrap();
        let unary = methods.pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        let unary = unary.filter(|one| !one.is_client_streaming() && !one.is_server_streaming()).count();
        assert_eq!(methods.by_path.len(), unary);
        assert!(unary > 100);
        assert_eq!(methods.at("customs/match-declaration").unwrap().name(), "MatchDeclaration");
        assert_eq!(methods.at("verification/look-up-certificate").unwrap().name(), "LookUpCertificate");
        for none in
            ["customs", "certificate/watch-certificates", "Customs/match-declaration", "customs/match-declaration/"]
        {
            assert!(methods.at(none).is_none(), "{none}");
        }
    }

    #[test]
    fn writes_alone_take_request_ids() {
        let methods = Methods::read().unwrap();
        let takes = |path| takes_request_id(methods.at(path).unwrap());
        assert!(takes("customs/write-off") && takes("customs/decide-items"));
        assert!(!takes("customs/match-declaration") && !takes("customs/get-balance"));
    }

    /// What the reader and the writer have no form for must not come into a message that is served.
    #[test]
    fn every_member_that_is_served_has_a_form_in_json() {
        fn walk(of: &MessageDescriptor, seen: &mut Vec<String>) {
            if seen.iter().any(|name| name == of.full_name()) {
                return;
            }
            seen.push(of.full_name().to_owned());
            for field in of.fields() {
                let name = field.full_name().to_owned();
                assert!(!field.is_map() && !matches!(field.kind(), Kind::Float | Kind::Double), "{name}");
                if let Kind::Message(of) = field.kind() {
                    let foreign = of.full_name().starts_with("google.");
                    let known = ["google.type.Date", "google.protobuf.Timestamp"].contains(&of.full_name());
                    assert!(known || !foreign, "{name}");
                    if !foreign {
                        walk(&of, seen);
                    }
                }
            }
        }
        let (methods, mut seen) = (Methods::read().unwrap(), Vec::new());
        for (_, method) in methods.all() {
            walk(&method.input(), &mut seen);
            walk(&method.output(), &mut seen);
        }
        assert!(seen.len() > 200, "{}", seen.len());
    }
}
