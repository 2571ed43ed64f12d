//! Clear claims and disclosed values, taken one by one by name; what nobody took is refused.

use super::StatementError;
use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// A member name, borrowed where it has no escapes.
#[derive(Deserialize)]
pub(super) struct Name<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// The members of a payload that were not taken yet.
pub(super) struct Claims<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Claims<'a> {
    /// Reads the members of a payload that passed the strict check.
    pub(super) fn read(payload: &'a [u8]) -> Result<Self, StatementError> {
        serde_json::from_slice(payload).map_err(|e| StatementError::shape("the payload", e))
    }

    /// Takes a claim that must be there.
    pub(super) fn take<T: Deserialize<'a>>(&mut self, name: &'static str) -> Result<T, StatementError> {
        let raw = self.take_raw(name).ok_or(StatementError::MissingClaim(name))?;
        typed(name, raw)
    }

    pub(super) fn take_raw(&mut self, name: &str) -> Option<&'a RawValue> {
        let place = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.swap_remove(place).1)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// Refuses what is left.
    pub(super) fn finish(self) -> Result<(), StatementError> {
        // The least name, so that the reason does not depend on the order in which others were taken.
        match self.0.into_iter().map(|(name, _)| name).min() {
            None => Ok(()),
            Some(name) => Err(StatementError::UnknownClaim(name.into_owned())),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Claims<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Claims<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims<'de>, A::Error> {
                // A certificate has 22.
                let mut members = Vec::with_capacity(24);
                while let Some((Name(name), raw)) = map.next_entry()? {
                    members.push((name, raw));
                }
                Ok(Claims(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Reads one value. Every shape here is closed, so digests hidden in it cannot pass; they only get a reason
/// of their own.
pub(super) fn typed<'a, T: Deserialize<'a>>(name: &str, raw: &'a RawValue) -> Result<T, StatementError> {
    serde_json::from_str(raw.get()).map_err(|error| {
        if has_digest_member(raw.get()) {
            StatementError::NestedDigests(name.to_owned())
        } else {
            StatementError::shape(name, error)
        }
    })
}

/// Whether an object inside has a member `_sd` or `...` (in its plain spelling). A quote inside a JSON string
/// is escaped, so the quoted name followed by a colon is a member and nothing else.
fn has_digest_member(json: &str) -> bool {
    ["\"_sd\"", "\"...\""]
        .iter()
        .any(|name| json.match_indices(name).any(|(at, _)| json.get(at + name.len()..).is_some_and(starts_value)))
}

fn starts_value(rest: &str) -> bool {
    rest.trim_start().starts_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_that_looks_like_a_digest_member_is_none() {
        assert!(has_digest_member(r#"{"a":{"_sd" :[]}}"#));
        assert!(has_digest_member(r#"[{"...":"x"}]"#));
        assert!(!has_digest_member(r#"{"marks":"...","b":"\"_sd\":"}"#));
    }
}
