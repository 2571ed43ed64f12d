//! Declares sections, closed lists of words and types of text, so that each is written down once.

use super::{
    error::CertificateError,
    reader::{nearest, quoted},
};

/// serde for a [`Member`]: writing and reading the signed form. Only for self-describing formats.
macro_rules! serde_by_member {
    (for [$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::certificate::member::Member::write(self, serializer)
            }
        }

        impl<'de, $($generics)*> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::certificate::member::deserialize(deserializer)
            }
        }
    };
    ($type:ty) => {
        $crate::certificate::declare::serde_by_member!(for [] $type);
    };
}
pub(crate) use serde_by_member;

/// [`Member`](super::member::Member), and serde, for a type that is read by its `FromStr` and written by its `Display`;
/// `remark` is a finding about a value that is well-formed all the same, without its path.
macro_rules! text_member {
    ($type:ty, $schema:expr $(, remark: $remark:expr)?) => {
        impl $crate::certificate::member::Member for $type {
            fn read(
                node: &$crate::certificate::node::Node<'_>,
                at: $crate::certificate::reader::At<'_>,
                reader: &mut $crate::certificate::reader::Reader,
            ) -> Option<Self> {
                let value: Self = reader.parse(node, at)?;
                $(
                    let remark: fn(&Self) -> Option<$crate::certificate::finding::Finding> = $remark;
                    if let Some(mut finding) = remark(&value) {
                        finding.path = at.to_string();
                        reader.push(finding);
                    }
                )?
                Some(value)
            }

            fn write<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }

            fn schema(_: &mut $crate::certificate::schema::Definitions) -> ::serde_json::Value {
                $schema
            }
        }

        $crate::certificate::declare::serde_by_member!($type);
    };
}
pub(crate) use text_member;

/// A code is shown as its text, also where all of a value is shown.
macro_rules! shown_as_text {
    ($type:ty) => {
        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::fmt::Debug for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use shown_as_text;

/// A section or a part of one: a struct whose every field is a [`Member`].
macro_rules! section {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident { $($(#[doc = $field_doc:literal])+ $field:ident : $type:ty,)+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $($(#[doc = $field_doc])+ pub $field: $type,)+ }

        impl $crate::certificate::member::Member for $name {
            fn read(
                node: &$crate::certificate::node::Node<'_>,
                at: $crate::certificate::reader::At<'_>,
                reader: &mut $crate::certificate::reader::Reader,
            ) -> Option<Self> {
                let members = reader.members(node, at, &[$(stringify!($field)),+])?;
                $(let $field = members.read::<$type>(stringify!($field), at, reader);)+
                Some(Self { $($field: $field?),+ })
            }

            fn write<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeStruct as _;
                let mut section = serializer.serialize_struct(stringify!($name), [$(stringify!($field)),+].len())?;
                $(section.serialize_field(stringify!($field), &$crate::certificate::member::Out(&self.$field))?;)+
                section.end()
            }

            fn schema(definitions: &mut $crate::certificate::schema::Definitions) -> ::serde_json::Value {
                definitions.object(
                    stringify!($name),
                    concat!($($doc),+),
                    |definitions| vec![
                        $(definitions.member::<$type>(stringify!($field), concat!($($field_doc),+))),+
                    ],
                )
            }
        }

        $crate::certificate::declare::serde_by_member!($name);
    };
}
pub(crate) use section;

/// A closed list of words.
macro_rules! words {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident ($rule:literal) { $($(#[doc = $word_doc:literal])+ $variant:ident = $word:literal,)+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[doc = $word_doc])+ $variant,)+ }

        impl $name {
            /// Every word, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as documents carry it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::certificate::error::CertificateError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if let Some(found) = Self::ALL.iter().find(|word| word.as_str() == text) {
                    return Ok(*found);
                }
                Err($crate::certificate::declare::no_such_word($rule, text, &[$($word),+]))
            }
        }

        $crate::certificate::declare::text_member!($name, ::serde_json::json!({"enum": [$($word),+]}));
    };
}
pub(crate) use words;

/// The error of a word that is not in its closed list.
pub(crate) fn no_such_word(rule: &'static str, text: &str, known: &[&str]) -> CertificateError {
    let why = format!("`{}` is not one of {}", quoted(text), known.join(", "));
    match nearest(text, known.iter().copied()) {
        Some(near) => CertificateError::code_with_help(rule, why, format!("did you mean `{near}`?")),
        None => CertificateError::code(rule, why),
    }
}
