//! A question in a file: which method its name asks for, and what is sent of it.

use crate::{
    api::rest::{MAX_DOCUMENT, Methods, takes_request_id},
    certificate::number_as_read,
    encoding::json::{Limits, Outline, outline, unquoted},
};
use serde::Deserialize;
use std::ops::Range;
use uuid::Uuid;

/// How files of questions end.
pub(super) const ENDING: &str = ".json";
/// Deeper than any question: what is deeper is for the node to refuse.
const DEPTH: usize = 32;
/// The service that is asked.
const SERVICE: &str = "customs";

/// What a name asks for: `I-2026-77.write-off.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Where it is posted to.
    pub(super) path: String,
    /// Whether it is told from others by a request id.
    pub(super) takes_id: bool,
}

/// The method of a file; or the names of those there are.
pub(super) fn asked(file: &str, methods: &Methods) -> Result<Asked, String> {
    let named = stem(file).rsplit_once('.').filter(|(name, _)| !name.is_empty());
    let found = named.and_then(|(_, method)| {
        let path = format!("{SERVICE}/{method}");
        methods.at(&path).map(|method| Asked { path: format!("/v1/{path}"), takes_id: takes_request_id(method) })
    });
    found.ok_or_else(|| {
        let ours = methods.all().filter_map(|(path, _)| path.strip_prefix(SERVICE)?.strip_prefix('/'));
        let ours = ours.collect::<Vec<_>>().join(", ");
        format!("`{file}` does not say what it asks for: NAME.METHOD.json, with one of {ours}")
    })
}

/// What a document says of the certificate that it asks about.
#[derive(Deserialize)]
struct About {
    certificate: Named,
}

#[derive(Deserialize)]
struct Named {
    jti: Option<String>,
    number: Option<String>,
}

/// The certificate that a document names, if it names one: its identifier, or its number in whatever letters.
pub(super) fn certificate(document: &[u8]) -> Option<String> {
    let About { certificate: Named { jti, number } } = serde_json::from_slice(without_mark(document)).ok()?;
    jti.or_else(|| number.as_deref().map(number_as_read))
}

/// The name without its ending.
pub(super) fn stem(file: &str) -> &str {
    file.strip_suffix(ENDING).unwrap_or(file)
}

/// The document with the request id in it, unless it has one of its own. It is put before what stands there and nothing
/// else is touched: what is wrong with the rest is for the node to say.
pub(super) fn with_id(document: &[u8], id: Uuid) -> Vec<u8> {
    let text = without_mark(document);
    let limits = Limits { bytes: MAX_DOCUMENT, depth: DEPTH };
    let Ok(Outline::Object(members)) = outline(text, limits) else { return text.to_vec() };
    let name = |place: &Range<usize>| text.get(place.clone()).and_then(|name| std::str::from_utf8(name).ok());
    let mut names = members.iter().filter_map(|(place, _)| name(place).map(unquoted));
    if names.any(|name| name == "requestId" || name == "request_id") {
        return text.to_vec();
    }
    let inside = text.trim_ascii_start().strip_prefix(b"{").unwrap_or_default();
    let comma = if members.is_empty() { "" } else { "," };
    [format!("{{\"requestId\":\"{id}\"{comma}").as_bytes(), inside].concat()
}

/// Some systems write the byte order mark before every text.
pub(super) fn without_mark(document: &[u8]) -> &[u8] {
    document.strip_prefix("\u{feff}".as_bytes()).unwrap_or(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_is_asked() {
        let methods = Methods::read().unwrap();
        let found = |file| asked(file, &methods);
        let write_off = Asked { path: "/v1/customs/write-off".to_owned(), takes_id: true };
        assert_eq!(found("I-2026.77.write-off.json"), Ok(write_off));
        assert!(!found("a.match-declaration.json").unwrap().takes_id);
        for none in ["write-off.json", ".write-off.json", "a.json", "a.sign-in.json", "a.customs/write-off.json"] {
            assert!(found(none).unwrap_err().contains("match-declaration"), "{none}");
        }
    }

    #[test]
    fn a_certificate_is_the_same_however_its_number_is_typed_and_what_names_none_is_about_none() {
        let named = |document: &str| certificate(document.as_bytes());
        let one = named(r#"{"certificate":{"number":"PK-2601","issuer":"tdap.gov.pk"},"lines":[]}"#);
        assert_eq!(one, named("\u{feff}{\"certificate\":{\"number\":\"pk 2601\"}}"));
        assert_ne!(one, named(r#"{"certificate":{"number":"PK-2602"}}"#));
        assert_eq!(named(r#"{"certificate":{"jti":"01kb"}}"#).as_deref(), Some("01kb"));
        for none in ["{}", "{", r#"{"certificate":{}}"#, r#"{"certificate":"PK-2601"}"#] {
            assert_eq!(named(none), None, "{none}");
        }
    }

    #[test]
    fn the_request_id_comes_first_and_the_rest_stays_as_it_stands() {
        let id = Uuid::from_u128(7);
        let sent = |document: &str| String::from_utf8(with_id(document.as_bytes(), id)).unwrap();
        assert_eq!(sent("{}"), format!("{{\"requestId\":\"{id}\"}}"));
        assert_eq!(sent("\u{feff} { \"act\" : 1 }\n"), format!("{{\"requestId\":\"{id}\", \"act\" : 1 }}\n"));
        for own in [r#"{"requestId":"a"}"#, r#"{"act":1,"request_id":"a"}"#, r#"{"request\u0049d":"a"}"#] {
            assert_eq!(sent(own), own);
        }
        // What the node refuses reaches it as it is.
        for bad in ["", "{", "[]", "{\"a\":1} x", "\"text\""] {
            assert_eq!(sent(bad), bad);
        }
        let twice = sent(r#"{"a":1,"a":2}"#);
        assert!(twice.ends_with(r#""a":1,"a":2}"#), "{twice}");
    }
}
