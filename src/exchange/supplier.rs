//! The issuer's side of one `Sync` stream: heads as they are published, entries as they are wanted, cosignatures as
//! they come. Nothing of a stream outlives it.

use crate::{
    exchange::{
        ExchangeError,
        message::{FromReplica, FromSupplier},
    },
    log::Hash,
    store::PublishedHead,
    trust::TrustList,
};
use bytes::Bytes;
use std::sync::Arc;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Time passed; once a second is often enough.
    Tick,
    /// The partner said something.
    Received(FromReplica),
    /// The transport took what was sent first of what it had not taken yet.
    Sent,
    /// The log has a newer head. Also once at the beginning, if it has one at all.
    Published(PublishedHead),
    /// The result of [`Action::Prove`].
    Proven(Vec<Hash>),
    /// The result of [`Action::Read`]: entries from its start on, at least one, as many as fit a package, and the
    /// consistency proof from the tree that ends with the last of them to the size asked for.
    Read {
        /// The leaves.
        entries: Vec<Bytes>,
        /// The proof.
        proof: Vec<Hash>,
    },
    /// [`Action::Prove`] or [`Action::Read`] failed.
    Failed(String),
    /// Another trust list is in force.
    Trust(Arc<TrustList>),
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Say this on the stream. [`Event::Sent`] follows when the transport has taken it.
    Send(FromSupplier),
    /// Build the consistency proof between two published sizes of the log.
    Prove {
        /// The smaller size.
        old: u64,
        /// The larger.
        new: u64,
    },
    /// Read entries for a package: within [`crate::exchange::message::MAX_PACKAGE_ENTRIES`] and
    /// [`crate::exchange::message::MAX_PACKAGE_BYTES`].
    Read {
        /// Index of the first.
        start: u64,
        /// Index past the last that may come.
        end: u64,
        /// The size that the proof leads to.
        size: u64,
    },
    /// Keep this verified cosignature of an own head.
    Keep(super::cosigned::Kept),
    /// End the stream, telling the reason.
    HangUp(ExchangeError),
}
