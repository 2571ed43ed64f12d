//! A node's entry in the list: its two cosigner keys, where it is reached, and the TLS keys it is known by.

use super::{
    NodeName, TrustError,
    texts::{at_most, note_key},
};
use crate::{
    encoding::{base64, json, text::serde_as_text},
    log::{Host, KeyKind, VerifierKey},
};
use serde::{Deserialize, Serialize};
use std::{fmt, net::Ipv4Addr, str::FromStr};

const MAX_RETIRED: usize = 16;
const MAX_PINS: usize = 8;

/// A node. One that only hosts authorities and cosigns nothing has no keys here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its name.
    pub name: NodeName,
    /// The key by which it says "I hold every byte to this size", named `<node>/replica`.
    #[serde(deserialize_with = "json::present")]
    pub replica_vkey: Option<VerifierKey>,
    /// The key by which it says "this head extends the last one I saw", named `<node>/witness`.
    #[serde(deserialize_with = "json::present")]
    pub witness_vkey: Option<VerifierKey>,
    /// Keys it used before, of either name: what they cosigned counts. A compromised key is not listed.
    pub retired: Vec<VerifierKey>,
    /// Where its pages and tiles are.
    #[serde(deserialize_with = "json::present")]
    pub https: Option<Endpoint>,
    /// Where partners reach it.
    #[serde(deserialize_with = "json::present")]
    pub grpc: Option<Endpoint>,
    /// SHA-256 of the SubjectPublicKeyInfo of the TLS keys it is known by.
    pub spki: Vec<SpkiPin>,
}

impl Node {
    /// Every key, current or retired, by which it cosigns as replica.
    pub fn replica_keys(&self) -> impl Iterator<Item = &VerifierKey> {
        self.keys_named(self.replica_vkey.as_ref(), self.name.replica())
    }

    /// Every key, current or retired, by which it cosigns as witness.
    pub fn witness_keys(&self) -> impl Iterator<Item = &VerifierKey> {
        self.keys_named(self.witness_vkey.as_ref(), self.name.witness())
    }

    fn keys_named<'a>(
        &'a self,
        current: Option<&'a VerifierKey>,
        name: String,
    ) -> impl Iterator<Item = &'a VerifierKey> {
        current.into_iter().chain(self.retired.iter().filter(move |key| key.name() == name))
    }

    pub(super) fn check(&self) -> Result<(), TrustError> {
        at_most("retired keys of a node", &self.retired, MAX_RETIRED)?;
        at_most("TLS keys of a node", &self.spki, MAX_PINS)?;
        let (replica, witness) = (self.name.replica(), self.name.witness());
        let named = |key: &VerifierKey, name: &str| note_key(key, KeyKind::CosignatureV1, Some(name)).map(|_| ());
        let checked = self.replica_vkey.iter().try_for_each(|key| named(key, &replica));
        let checked = checked.and_then(|()| self.witness_vkey.iter().try_for_each(|key| named(key, &witness)));
        let checked = checked.and_then(|()| {
            let retired = |key: &VerifierKey| named(key, if key.name() == replica { &replica } else { &witness });
            self.retired.iter().try_for_each(retired)
        });
        checked.map_err(|problem| TrustError::Node { name: self.name.to_string(), problem })
    }
}

/// `https://<host>[:<port>]` with nothing after it; the host is a DNS name, `localhost` or an IPv4 address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(String);

/// The text is not `https://<host>[:<port>]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not https://<host> or https://<host>:<port>, in lower case and with nothing after it")]
pub struct NotEndpoint(String);

impl Endpoint {
    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Endpoint {
    type Err = NotEndpoint;

    fn from_str(text: &str) -> Result<Self, NotEndpoint> {
        let good = text.len() <= 300
            && text.strip_prefix("https://").is_some_and(|rest| {
                let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
                let known = host == "localhost" || host.parse::<Host>().is_ok() || host.parse::<Ipv4Addr>().is_ok();
                let plain = |port: &str| {
                    !port.starts_with('0') && port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()
                };
                known && port.is_none_or(plain)
            });
        if good { Ok(Self(text.to_owned())) } else { Err(NotEndpoint(text.chars().take(120).collect())) }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of a SubjectPublicKeyInfo, in standard base64 (as RFC 7469 writes pins).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpkiPin(pub [u8; 32]);

/// The text is not a pin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a pin of a TLS key is the base64 of 32 bytes")]
pub struct NotPin;

impl fmt::Display for SpkiPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64::encode(&self.0))
    }
}

impl FromStr for SpkiPin {
    type Err = NotPin;

    fn from_str(text: &str) -> Result<Self, NotPin> {
        let bytes = base64::decode(text).map_err(|_| NotPin)?;
        bytes.try_into().map(Self).map_err(|_| NotPin)
    }
}

serde_as_text!(Endpoint, SpkiPin);
