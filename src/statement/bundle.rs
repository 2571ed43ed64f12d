//! The evidence bundle (`.coo.json`): a certificate with everything a stranger needs to judge it alone.

use super::StatementError;
use crate::encoding::json::{self, Limits};
use serde::{Deserialize, Serialize};

/// Bytes of a bundle.
pub const MAX_BUNDLE_BYTES: usize = 1 << 20;
/// An object, a list, an object.
const DEPTH: usize = 3;
/// Changes and endorsements of one certificate.
const STATEMENTS_MAX: usize = 256;

/// A statement with the proof that it stands in its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proven {
    /// The SD-JWT.
    pub token: String,
    /// Its `tlog-proof`.
    pub proof: String,
}

/// The parts of a bundle, each still to be judged. Only the token is mandatory; what is absent or empty is
/// not written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// The SD-JWT.
    pub token: String,
    /// Its `tlog-proof`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text")]
    pub proof: Option<String>,
    /// The status list token the certificate refers to.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text")]
    pub status: Option<String>,
    /// The [`StatusPath`](super::status_list::StatusPath) of that list.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text")]
    pub status_path: Option<String>,
    /// The JWT of the `status-snapshot` that the list follows from (the leaf, without `~`).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text")]
    pub status_statement: Option<String>,
    /// The `tlog-proof` of that snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text")]
    pub status_proof: Option<String>,
    /// The changes of its status.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Proven>,
    /// Endorsements by other authorities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endorsements: Vec<Proven>,
}

/// An absent part is absent: `null` would be a second spelling.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

impl Bundle {
    /// Reads strict JSON of exactly these members.
    pub fn parse(text: &[u8]) -> Result<Self, StatementError> {
        const WHAT: &str = "the bundle";
        StatementError::within(WHAT, text.len(), MAX_BUNDLE_BYTES)?;
        json::check(text, Limits { bytes: MAX_BUNDLE_BYTES, depth: DEPTH })
            .map_err(|error| StatementError::json(WHAT, error))?;
        let bundle: Self = serde_json::from_slice(text).map_err(|error| StatementError::shape(WHAT, error))?;
        let found = bundle.changes.len().max(bundle.endorsements.len());
        if found > STATEMENTS_MAX {
            return Err(StatementError::shape(WHAT, format!("{found} statements; at most {STATEMENTS_MAX}")));
        }
        Ok(bundle)
    }

    /// Writes JSON for a file, with a line feed at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Texts and lists of texts always serialise.
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reasoned;

    fn proven(n: usize) -> Proven {
        Proven { token: format!("t{n}~"), proof: "p".to_owned() }
    }

    #[test]
    fn a_bundle_reads_back_and_absent_parts_are_not_written() {
        let small = Bundle { token: "t~".to_owned(), ..Bundle::default() };
        assert_eq!(small.to_json(), "{\n  \"token\": \"t~\"\n}\n");
        let full = Bundle {
            proof: Some("p".to_owned()),
            status: Some("s".to_owned()),
            status_path: Some("sp".to_owned()),
            status_statement: Some("ss".to_owned()),
            status_proof: Some("sr".to_owned()),
            changes: vec![proven(1), proven(2)],
            endorsements: vec![proven(3)],
            ..small.clone()
        };
        for bundle in [small, full] {
            assert_eq!(Bundle::parse(bundle.to_json().as_bytes()), Ok(bundle));
        }
    }

    #[test]
    fn a_bundle_of_another_shape_is_refused() {
        let long = format!("{{\"token\":\"{}\"}}", "x".repeat(MAX_BUNDLE_BYTES));
        for (bad, reason) in [
            (long.as_str(), "STATEMENT_TOO_LARGE"),
            ("{}", "WRONG_SHAPE"),
            (r#"{"token":"a","token":"b"}"#, "NOT_STRICT_JSON"),
            (r#"{"token":"a","proof":null}"#, "WRONG_SHAPE"),
            (r#"{"token":"a","prof":"p"}"#, "WRONG_SHAPE"),
            (r#"{"token":"a","changes":[{"token":"b"}]}"#, "WRONG_SHAPE"),
            (r#"{"token":"a","changes":[[["b"]]]}"#, "NOT_STRICT_JSON"),
            (r#"{"token":"a"} "x""#, "NOT_STRICT_JSON"),
        ] {
            let error = Bundle::parse(bad.as_bytes()).expect_err(&bad[..bad.len().min(60)]);
            assert_eq!(error.reason(), reason, "{}", &bad[..bad.len().min(60)]);
        }
        let many =
            Bundle { token: "t".to_owned(), changes: (0..=STATEMENTS_MAX).map(proven).collect(), ..Bundle::default() };
        assert!(Bundle::parse(many.to_json().as_bytes()).is_err());
    }
}
