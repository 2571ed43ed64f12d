//! What a replica hears and what it wants done.

use super::{Elsewhere, Heard, Held, Loss, Setup};
use crate::{
    certificate::AgreementCode,
    exchange::{
        ExchangeError,
        message::{FromReplica, FromSupplier},
    },
    inbox::Finding,
    log::{Checkpoint, Extension, Hash, Origin, TreeHead},
    statement::Jti,
    store::Batch,
    trust::TrustList,
    verification::{CheckedEntry, EntryFault, StatusPlace},
};
use bytes::Bytes;
use std::{collections::BTreeMap, sync::Arc};

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Time passed; once a second is often enough.
    Tick,
    /// There is somebody to dial who was not there before: no pause is kept.
    Offered,
    /// The stream to the log's own node is open.
    Connected,
    /// The stream ended, or could not be opened.
    Disconnected,
    /// The stream ended with something that no partner may send.
    Broken(ExchangeError),
    /// The log's node said something.
    Received(FromSupplier),
    /// The result of [`Action::Check`].
    Checked(Checked),
    /// The batch of [`Action::Commit`] is durable.
    Committed,
    /// The head of [`Action::Advance`] is durable and what it covers is published.
    Advanced,
    /// [`Action::Commit`] or [`Action::Advance`] failed; nothing goes on from memory. The answer to
    /// [`Action::Reload`] comes as [`Event::Reloaded`].
    StoreFailed(String),
    /// What the store holds after it was read again, or judged again.
    Reloaded(Box<Held>),
    /// The cosignature of [`Action::Cosign`], as a line without its newline; none if the key failed.
    Cosigned {
        /// Size of the head.
        size: u64,
        /// The line.
        line: Option<String>,
    },
    /// Another trust list is in force.
    Trust(Arc<TrustList>),
    /// A closed log that this may speak for is held whole now, or was judged again.
    Beside,
    /// Somebody proved that the log has shown two histories, the shorter of this size.
    Equivocated(u64),
    /// A person has lifted what was proven of the log: it is taken and cosigned again, on the branch that is held, and
    /// these heads are of others. What is proven beside that comes behind it, as [`Event::Equivocated`].
    Lifted(Vec<TreeHead>),
    /// The log's own node says that it lost entries of it for good.
    Lost(Loss),
    /// The answer to [`Action::Recall`]: the heads that partners know of the log, rising.
    Recalled(Vec<Heard>),
    /// The root of [`Action::ReadRoot`] at this size; none if it could not be read.
    Root(u64, Option<Hash>),
}

/// What is to be done. Results come back as events; sends and reports have none.
#[derive(Debug)]
pub enum Action {
    /// Open a `Sync` stream to the log's own node.
    Dial,
    /// End the stream, telling the reason.
    HangUp(ExchangeError),
    /// Say this on the stream.
    Send(FromReplica),
    /// Check these entries: [`super::check`], on as many threads as there are.
    Check(Unchecked),
    /// Make this durable in the log's own store: at most one such action is open at a time.
    Commit(Batch),
    /// Make this head durable and publish what it covers: [`crate::store::Store::advance`], giving this note. Never
    /// while a commit is open.
    Advance {
        /// The head, proven to extend the one before.
        extension: Box<Extension>,
        /// The note of the log.
        note: String,
    },
    /// Cosign this head with the replica key, at the time of the event: at most one such action is open at a time.
    Cosign(Checkpoint),
    /// Read the store again from disk, then [`Held::load`] and [`Held::beside`].
    Reload,
    /// End the stream, if one is open; judge the findings again by the list in this setup ([`super::rejudge`]), make
    /// durable what comes of it, then [`Held::load`] and [`Held::beside`]: the answer comes as [`Event::Reloaded`].
    JudgeAgain(Box<Setup>),
    /// Ask the node's [memory](crate::exchange::memory::Memory) for the log, and tell the answer if there is one yet.
    Recall,
    /// Read the root of the entries held up to this size.
    ReadRoot(u64),
    /// Tell the operators of both sides: these entries failed their check. They are in the batch already.
    Found(Vec<Finding>),
    /// Tell the operator; how long it is so, [`super::Replica::alarm`] says.
    Alarm(ExchangeError),
    /// Two notes of the log that do not go together: proof is needed, or is here. See [`Suspicion`].
    Suspect(Suspicion),
}

/// Entries to be checked.
#[derive(Debug, Clone)]
pub struct Unchecked {
    /// Names the work in its result.
    pub ticket: u64,
    /// The log.
    pub origin: Origin,
    /// Index of the first.
    pub start: u64,
    /// The leaves.
    pub entries: Vec<Bytes>,
    /// The list to check by.
    pub trust: Arc<TrustList>,
    /// Where closed logs are that its entries may speak of.
    pub elsewhere: Elsewhere,
}

/// Entries that were checked.
#[derive(Debug)]
pub struct Checked {
    /// Of the work.
    pub ticket: u64,
    /// One for each entry, in order.
    pub entries: Vec<Result<CheckedEntry, EntryFault>>,
    /// Certificates that these entries change and that are published here.
    pub targets: BTreeMap<Jti, Target>,
    /// The version of the trust list that it was checked by.
    pub trust_version: u64,
}

/// A certificate whose status an entry changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its log: this one, or a closed one that this may speak for.
    pub log: Origin,
    /// Its index there.
    pub index: u64,
    /// Where its status stands.
    pub place: StatusPlace,
    /// Its agreement, for which the key of the change must be good too.
    pub agreement: AgreementCode,
}

/// Two notes with the log's signature that seem not to be of one history. Of one size they are evidence as they
/// stand; of two sizes somebody who holds the longer history has to show its root at the smaller size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspicion {
    /// The log.
    pub origin: Origin,
    /// The note that was taken first.
    pub first: String,
    /// The other.
    pub second: String,
}
