//! Why a node does not start or does not go on: one clear line each.

use super::configuration::Mistakes;
use crate::reason::{Class, Reasoned};
use crate::time::Timestamp;
use std::{io, net::SocketAddr, path::PathBuf};

/// Why a node does not start or does not go on.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The configuration cannot be used as it stands.
    #[error("{}: {mistakes}", file.display())]
    Configuration {
        /// The file read.
        file: PathBuf,
        /// Every mistake found.
        mistakes: Mistakes,
    },
    /// A file that the configuration names cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that the configuration names was read and does not hold what it should.
    #[error("{}: {message}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Another program listens there.
    #[error("the {door} listener cannot use {address}: another program listens there")]
    AddressInUse {
        /// Which listener.
        door: &'static str,
        /// Where it should listen.
        address: SocketAddr,
    },
    /// The system refuses the address.
    #[error("the {door} listener cannot use {address}: {source}")]
    Listen {
        /// Which listener.
        door: &'static str,
        /// Where it should listen.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// TLS certificate or key cannot be used.
    #[error("{}: {message}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The TLS material could not be made.
    #[error("the TLS certificate could not be made: {0}")]
    TlsMaterial(String),
    /// The machine's clock stands before the newest entry.
    #[error(
        "the clock went back: it shows {now}, but {origin} has an entry of {newest}; if this clock is wrong, set it and start again; if it is right and was ahead then, docs/partners.md (A clock that was ahead) says how to go on: wait until {newest}, or have the trust list close the log before that entry"
    )]
    ClockWentBack {
        /// What the clock shows.
        now: Timestamp,
        /// The hour of the newest entry.
        newest: Timestamp,
        /// The log.
        origin: String,
    },
    /// A part of the node did not do what it must.
    #[error("{0}")]
    Inside(String),
    /// An authority of the node cannot be opened.
    #[error("{issuer}: {message}")]
    Authority {
        /// The authority.
        issuer: String,
        /// Why, from the room that refused.
        message: String,
        /// The reason of the room that refused.
        reason: &'static str,
        /// Its class.
        class: Class,
    },
}

impl Reasoned for NodeError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Configuration { .. } => "CONFIGURATION_REFUSED",
            Self::File { .. } => "FILE_UNREADABLE",
            Self::Content { .. } => "FILE_REFUSED",
            Self::AddressInUse { .. } => "ADDRESS_IN_USE",
            Self::Listen { .. } => "ADDRESS_REFUSED",
            Self::Tls { .. } => "TLS_MATERIAL_REFUSED",
            Self::TlsMaterial(_) => "TLS_MATERIAL_NOT_MADE",
            Self::ClockWentBack { .. } => "CLOCK_WENT_BACK",
            Self::Inside(_) => "NODE_FAULT",
            Self::Authority { reason, .. } => reason,
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Authority { class, .. } => *class,
            _ => Class::Fatal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_start_because_of_a_clock_is_told_both_ways_on() {
        let (now, newest) = ("2026-11-29T00:00:00Z".parse().unwrap(), "2027-11-29T00:00:00Z".parse().unwrap());
        let said = NodeError::ClockWentBack { now, newest, origin: "tdap.gov.pk/log/2026/all".to_owned() }.to_string();
        for word in ["set it and start again", "wait until 2027-11-29", "close the log", "A clock that was ahead"] {
            assert!(said.contains(word), "{said}");
        }
    }
}
