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
        "the clock went back: it shows {now}, but {origin} has an entry of {newest}; set the clock and start again"
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
