//! Strict JSON: what `serde_json` accepts, less duplicate members, excess depth and excess size.
//!
//! `serde_json` keeps the last of two equal members without a word, so a token could show one value to us
//! and another to a verifier that keeps the first. Every JSON text that is signed or comes from outside
//! passes through here.

mod outline;

pub(crate) use outline::unquoted;
pub use outline::{Outline, outline};

use serde::{Deserialize, Deserializer, de::DeserializeOwned};

/// Bounds that are checked before and while a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole text.
    pub bytes: usize,
    /// Nesting of arrays and objects; the outermost one counts 1.
    pub depth: usize,
}

/// Why a text is not strict JSON of the expected shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text is longer than its limit.
    #[error("JSON text has more than {limit} bytes")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Syntax, duplicate member, depth, or a value of another shape than expected.
    #[error("{0}")]
    Malformed(String),
}

/// Checks syntax, size, depth and that no object has two members of one name.
pub fn check(text: &[u8], limits: Limits) -> Result<(), JsonError> {
    outline(text, limits).map(|_| ())
}

/// Checks `text` and reads it as a `T`.
pub fn from_slice<T: DeserializeOwned>(text: &[u8], limits: Limits) -> Result<T, JsonError> {
    check(text, limits)?;
    serde_json::from_slice(text).map_err(malformed)
}

/// For `#[serde(deserialize_with)]`: the member must be there, and may be null. Without it serde takes an
/// absent member for null, and a closed shape would have two spellings.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::<T>::deserialize(deserializer)
}

fn malformed(error: serde_json::Error) -> JsonError {
    JsonError::Malformed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const LIMITS: Limits = Limits { bytes: 1 << 20, depth: 4 };

    fn read(text: &str) -> Result<Value, JsonError> {
        from_slice(text.as_bytes(), LIMITS)
    }

    #[test]
    fn a_second_member_of_one_name_is_refused_at_any_depth_and_under_any_escape() {
        for bad in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"\u0061":2}}]"#] {
            assert!(matches!(read(bad), Err(JsonError::Malformed(why)) if why.contains("duplicate")), "{bad}");
        }
        assert!(read(r#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
    }

    #[test]
    fn a_duplicate_among_many_members_is_found() {
        let mut members = (0..1_000).map(|i| format!("\"m{i}\":0")).collect::<Vec<_>>();
        let object = |members: &[String]| format!("{{{}}}", members.join(","));
        assert!(read(&object(&members)).is_ok());
        for copy in [0, 23, 24, 25, 998] {
            members.push(format!("\"m{copy}\":0"));
            assert!(read(&object(&members)).is_err(), "{copy}");
            members.pop();
        }
    }

    #[test]
    fn depth_size_and_trailing_bytes_are_bounded() {
        assert!(read("[[[[]]]]").is_ok());
        assert!(read("[[[[[]]]]]").is_err());
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read("{} x").is_err());
        assert!(from_slice::<Value>(b"[1,2,3]", Limits { bytes: 6, depth: 2 }).is_err());
        assert!(from_slice::<Value>(b"\"\xff\"", LIMITS).is_err());
        assert!(read("\u{feff}{}").is_err());
    }
}
