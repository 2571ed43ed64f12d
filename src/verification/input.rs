//! What is to be verified: a token, a redacted presentation, or a bundle, told apart by its first character.

use crate::{
    certificate::node::{self, Node},
    statement::{Bundle, StatementError},
};

/// A JWT begins with a base64url character and a bundle with a brace, so nothing can be taken for both.
const BUNDLE_BEGINS: char = '{';

/// Reads a bundle, or takes a token for a bundle that brings nothing else. White space around a token is the
/// file's, not the token's; inside it is refused.
pub(super) fn read(input: &str) -> Result<Bundle, StatementError> {
    let text = input.trim_matches(|c: char| c.is_ascii_whitespace());
    if text.starts_with(BUNDLE_BEGINS) {
        Bundle::parse(text.as_bytes())
    } else {
        Ok(Bundle { token: text.to_owned(), ..Bundle::default() })
    }
}

/// What people show instead of a certificate, where it is easily known: they are told what they hold, and not which byte
/// of it is wrong.
pub(super) fn nature(input: &str) -> Option<&'static str> {
    let text = input.trim();
    let is_brought = |name: &str| matches!(name, "agreement" | "exporter" | "goods");
    if text.is_empty() {
        return Some("It is empty.");
    }
    if text.starts_with("%PDF") {
        return Some("It is a PDF document, not the certificate's own file.");
    }
    let json = || match node::from_json(text.as_bytes()) {
        Ok(Node::Object(members)) => members.iter().filter(|(name, _)| is_brought(name)).count() > 1,
        _ => false,
    };
    let toml = || text.lines().any(|line| line.split_once('=').is_some_and(|(name, _)| name.trim() == "agreement"));
    if json() || toml() {
        return Some("It is what was brought to have a certificate issued: nobody has signed it.");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_called_what_it_is() {
        let said = |text| nature(text).unwrap_or_default();
        assert_eq!(said(" \n"), "It is empty.");
        assert!(said("%PDF-1.7\n").contains("PDF"));
        assert!(said(r#"{"agreement":"CPFTA","goods":{"items":[]}}"#).contains("nobody has signed it"));
        assert!(said("# a comment\nagreement = \"CPFTA\"\n").contains("nobody has signed it"));
        for other in ["eyJhbGciOiJFZERTQSJ9.e30.AAAA~", r#"{"token":"x"}"#, "{", "agreement"] {
            assert_eq!(nature(other), None, "{other}");
        }
    }
}
