//! Asks the witnesses of one own log to cosign its newest head, all at once, each with a deadline of its own.

use crate::{
    exchange::message::{AddCheckpoint, Witnessed},
    log::Hash,
    store::PublishedHead,
    trust::{NodeName, TrustList},
};
use std::sync::Arc;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Time passed; once a second is often enough.
    Tick,
    /// The log has a newer head. Also once at the beginning, if it has one at all.
    Published(PublishedHead),
    /// The result of [`Action::Prove`].
    Proven {
        /// For whom.
        witness: NodeName,
        /// The proof.
        proof: Vec<Hash>,
    },
    /// A witness answered [`Action::Ask`].
    Answered {
        /// Who.
        witness: NodeName,
        /// What.
        answer: Witnessed,
    },
    /// A witness could not be asked, or did not answer in time.
    Failed(NodeName),
    /// Another trust list is in force.
    Trust(Arc<TrustList>),
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Build the consistency proof between two published sizes of the log.
    Prove {
        /// For whom.
        witness: NodeName,
        /// The smaller size.
        old: u64,
        /// The larger.
        new: u64,
    },
    /// Call `AddCheckpoint` at this node, and give up after [`DEADLINE_SECONDS`].
    Ask {
        /// Who.
        witness: NodeName,
        /// What.
        request: AddCheckpoint,
    },
    /// Keep this verified cosignature of an own head.
    Keep(super::cosigned::Kept),
}

/// How long a witness may take to answer, in seconds.
pub const DEADLINE_SECONDS: i64 = 5;
