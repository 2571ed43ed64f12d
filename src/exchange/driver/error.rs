//! Why a partner is not served, or does not serve us: one line each.

use crate::reason::{Class, Reasoned};
use crate::trust::{NodeName, SpkiPin};

/// Why nothing is said to, or heard from, a partner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartnerError {
    /// The TLS certificate names no node.
    #[error("the TLS certificate names no node: it has to have one URI `urn:origin-exchange:node:<name>`")]
    Unnamed,
    /// The certificate cannot be read.
    #[error("the TLS certificate cannot be read: {0}")]
    CertificateMalformed(String),
    /// No node of this name is in the list.
    #[error("the node {name} is not in trust list {version}")]
    Unknown {
        /// The name shown.
        name: String,
        /// Version of the list in use.
        version: u64,
    },
    /// The node is known by other keys.
    #[error("the node {name} shows a TLS key that trust list {version} does not pin for it: {pin}")]
    WrongKey {
        /// The node.
        name: NodeName,
        /// The pin of the key shown.
        pin: SpkiPin,
        /// Version of the list in use.
        version: u64,
    },
    /// Somebody else answers at the node's address.
    #[error("at the address of {expected} answers {found}")]
    Another {
        /// Who was dialled.
        expected: NodeName,
        /// Who answered.
        found: NodeName,
    },
    /// The node's entry names no address for partners.
    #[error("trust list {version} names no address at which partners reach {name}")]
    NoAddress {
        /// The node.
        name: NodeName,
        /// Version of the list in use.
        version: u64,
    },
    /// The other end refuses this node's TLS key.
    #[error("{who} does not know this node's TLS key: its trust list lacks this node, or pins another key")]
    RefusesUs {
        /// The other end: a node's name, or an address.
        who: String,
    },
    /// Nobody answers at the node's address.
    #[error("{name} does not answer at {address}: {why}")]
    Unreachable {
        /// The node.
        name: NodeName,
        /// Where it should.
        address: String,
        /// What the system said.
        why: String,
    },
    /// The node answered a call with a refusal.
    #[error("{name} refuses: {reason}: {message}")]
    Refused {
        /// The node.
        name: NodeName,
        /// Its reason.
        reason: String,
        /// Its sentence.
        message: String,
    },
    /// Its clock and this node's are further apart than honest clocks are.
    #[error("the clock of {name} is {seconds} s {way} this node's: one of the two is wrong")]
    Clock {
        /// The node.
        name: NodeName,
        /// By how much.
        seconds: u64,
        /// `ahead of` or `behind`.
        way: &'static str,
    },
    /// What the node sent breaks the protocol.
    #[error("{name} breaks the protocol: {why}")]
    Protocol {
        /// The node.
        name: NodeName,
        /// How.
        why: String,
    },
    /// The greeting failed for another reason.
    #[error("the TLS greeting with {who} failed: {why}")]
    Greeting {
        /// The other end: a node's name, or an address.
        who: String,
        /// Why.
        why: String,
    },
}

impl Reasoned for PartnerError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Unnamed => "PARTNER_UNNAMED",
            Self::CertificateMalformed(_) => "PARTNER_CERTIFICATE_MALFORMED",
            Self::Unknown { .. } => "PARTNER_UNKNOWN",
            Self::WrongKey { .. } => "PARTNER_KEY_WRONG",
            Self::Another { .. } => "PARTNER_IS_ANOTHER",
            Self::NoAddress { .. } => "PARTNER_WITHOUT_ADDRESS",
            Self::RefusesUs { .. } => "PARTNER_REFUSES_US",
            Self::Unreachable { .. } => "PARTNER_UNREACHABLE",
            Self::Refused { .. } => "PARTNER_REFUSES",
            Self::Clock { .. } => "PARTNER_CLOCK",
            Self::Protocol { .. } => "PARTNER_PROTOCOL",
            Self::Greeting { .. } => "PARTNER_GREETING_FAILED",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Unreachable { .. } | Self::Greeting { .. } | Self::RefusesUs { .. } => Class::Retry,
            _ => Class::Reject,
        }
    }
}
