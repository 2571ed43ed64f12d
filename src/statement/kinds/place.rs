//! Where a statement stands, as another one names it.

use super::super::Jti;
use crate::{
    certificate::{
        declare::section,
        error::CertificateError,
        member::Member,
        node::Node,
        reader::{At, Reader},
        schema::Definitions,
    },
    log::Origin,
};
use serde::Serializer;
use serde_json::{Value, json};
use std::{fmt::Display, str::FromStr};

section! {
    /// Where a statement stands: its log and its identifier there.
    pub struct StatementRef {
        /// The log.
        log: Origin,
        /// The identifier.
        jti: Jti,
    }
}

/// A name of the exchange as a member: read by its own grammar.
fn read<T: FromStr<Err: Display>>(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<T> {
    let parsed = reader.text(node, at)?.parse();
    parsed.map_err(|why: T::Err| reader.refuse(&CertificateError::code("PLACE", why.to_string()), at)).ok()
}

impl Member for Origin {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        read(node, at, reader)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({"type": "string", "pattern": "^[a-z0-9.-]+/log/[0-9]{4}(-[0-9]{1,2})?/[a-z0-9.-]+$"})
    }
}

impl Member for Jti {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        read(node, at, reader)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({"type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"})
    }
}
