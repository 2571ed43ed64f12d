//! The generic tree a document is read into before anything is made of it, from JSON or TOML, so that one
//! reader serves both and every mistake can be named by its place.

use crate::encoding::json::JsonError;
use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// Nesting of a certificate at most; the outermost object counts 1. Deepest in use: a seal of a container of
/// a leg of the transport (7 within the document, 7 within its disclosure).
pub(crate) const DEPTH_MAX: usize = 8;

/// Bytes of a certificate document at most.
pub(crate) const BYTES_MAX: usize = 1 << 20;

/// A value of the tree. Objects keep the order and the duplicates of the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    /// A whole number from 0 to 2^64 − 1.
    Whole(u64),
    /// Any other number: no member takes one.
    Number,
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl Node<'_> {
    /// What the value is, for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Whole(_) | Self::Number => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads JSON into a tree, bounded in bytes and depth.
pub(crate) fn from_json(text: &[u8]) -> Result<Node<'_>, JsonError> {
    if text.len() > BYTES_MAX {
        return Err(JsonError::TooLarge { found: text.len(), limit: BYTES_MAX });
    }
    // Of what is no JSON at all serde_json asks for an identifier: it took an `n` for the beginning of `null`.
    let malformed =
        |error: serde_json::Error| JsonError::Malformed(error.to_string().replace("expected ident", "no JSON stands"));
    let mut reader = serde_json::Deserializer::from_slice(text);
    let node = Node::deserialize(&mut reader).map_err(malformed)?;
    reader.end().map_err(malformed)?;
    Ok(node)
}

/// Makes a tree of TOML. Dates may stand without quotes, as TOML has them.
pub(crate) fn from_toml(value: toml::Value) -> Node<'static> {
    match value {
        toml::Value::String(text) => Node::Text(Cow::Owned(text)),
        toml::Value::Integer(number) => u64::try_from(number).map_or(Node::Number, Node::Whole),
        toml::Value::Float(_) => Node::Number,
        toml::Value::Boolean(truth) => Node::Bool(truth),
        toml::Value::Datetime(moment) => Node::Text(Cow::Owned(moment.to_string())),
        toml::Value::Array(list) => Node::List(list.into_iter().map(from_toml).collect()),
        toml::Value::Table(table) => {
            Node::Object(table.into_iter().map(|(name, value)| (Cow::Owned(name), from_toml(value))).collect())
        }
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Bounded { depth: DEPTH_MAX }.deserialize(deserializer)
    }
}

#[derive(Clone, Copy)]
struct Bounded {
    depth: usize,
}

impl Bounded {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth =
            self.depth.checked_sub(1).ok_or_else(|| E::custom(format!("nested deeper than {DEPTH_MAX} levels")))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Bounded {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node<'de>, E> {
        Ok(u64::try_from(number).map_or(Node::Number, Node::Whole))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node<'de>, E> {
        Ok(Node::Whole(number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node<'de>, E> {
        Ok(Node::Number)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text)))
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(node) = seq.next_element_seed(inner)? {
            list.push(node);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut members = Vec::new();
        while let Some(name) = map.next_key_seed(Bounded { depth: 0 })? {
            let Node::Text(name) = name else {
                return Err(A::Error::custom("a member name must be a text"));
            };
            members.push((name, map.next_value_seed(inner)?));
        }
        Ok(Node::Object(members))
    }
}
