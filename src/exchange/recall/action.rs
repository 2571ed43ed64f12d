//! What is asked of the machine that looks after own history, and what it has done.

use crate::{
    exchange::{heads::Fork, message::KnownHead},
    log::{Hash, Origin, Shard},
    trust::{NodeName, TrustList},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Time passed; once a second is often enough. The first begins.
    Tick,
    /// A partner answered [`Action::AskHeads`].
    Heads {
        /// Who.
        partner: NodeName,
        /// What it knows of logs of this node's authorities.
        heads: Vec<KnownHead>,
        /// How many entries of these logs are durable by now: a log that is signed on grows.
        durable: BTreeMap<Origin, u64>,
        /// Whether that is all that it keeps of them; what it cannot open it does not tell, and is not heard before it does.
        all: bool,
        /// Nodes that it waits for itself, because it may have forgotten what it knew; of the first time that it tells all.
        awaits: BTreeSet<NodeName>,
    },
    /// A partner could not be asked.
    Unreachable(NodeName),
    /// The result of [`Action::ReadRoot`].
    Root {
        /// The log.
        origin: Origin,
        /// Over so many durable entries.
        size: u64,
        /// The root.
        root: Hash,
    },
    /// [`Action::Refill`] is through: so many entries are durable now, proven against the note. No more than before where
    /// the partner did not give what it said it holds.
    Refilled {
        /// The log.
        origin: Origin,
        /// Durable entries.
        durable: u64,
    },
    /// The partner proved that what is here is no beginning of the head of this note: [`is_another`](super::is_another).
    Beside {
        /// The log.
        origin: Origin,
        /// The note that was to be refilled up to.
        note: String,
    },
    /// [`Action::Shut`] is through.
    Shut {
        /// The log.
        origin: Origin,
        /// Durable entries, each under a head.
        durable: u64,
    },
    /// What is proven of forks, by what is known now.
    Proven {
        /// The logs that have shown two histories, but for those that a person has lifted.
        proven: BTreeSet<Origin>,
        /// Those that a person has lifted here.
        lifted: BTreeMap<Origin, Vec<Fork>>,
    },
    /// The operator takes it on himself that nothing is missing; the command is logged. Where something is known to be
    /// missing nobody's word counts.
    Override(Origin),
    /// The operator gives up what is known to be missing of a log: its entries come back from nobody. It is closed for
    /// good with what is here.
    GiveUp(Origin),
    /// Another trust list is in force.
    Trust(Arc<TrustList>),
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask this partner for the newest heads it knows of logs of this node's authorities, and of those whether it
    /// holds the entries.
    AskHeads(NodeName),
    /// Read the root over so many durable entries, published or not: [`durable_root`](super::durable_root).
    ReadRoot {
        /// The log.
        origin: Origin,
        /// So many.
        size: u64,
    },
    /// Fetch what is missing, as a replica of the own log that cosigns nothing, up to this note. First the partner is
    /// asked whether what is here is the beginning of that.
    Refill {
        /// The log.
        origin: Origin,
        /// From whom.
        from: NodeName,
        /// The head it holds.
        note: String,
    },
    /// Let nothing more be signed for a log that was settled, wait until what is being signed is through, and say how
    /// many entries are durable: a partner has a head of it past all that is here.
    Shut {
        /// The log.
        origin: Origin,
        /// The size of that head.
        signed: u64,
    },
    /// What may be done with a log from now on.
    Settled(Origin, Settled),
}

/// What may be done with a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It may be signed on.
    GoOn {
        /// Entries were missing and came back: number series and idempotency stay closed until their disclosures did.
        refilled: bool,
    },
    /// Entries are lost that a head was signed over, and the operator gave them up: the log is closed at the size held, and
    /// its successor opened.
    Close {
        /// Entries held.
        size: u64,
        /// The shard to open; none after the 99th of a year.
        successor: Option<Shard>,
        /// The head that was signed over more.
        note: String,
    },
    /// What is on disk is not what was signed, or of a log that forked not known to be: nothing may be signed before a
    /// person looked. Also of a log that was settled.
    Forked {
        /// The head that was signed over something else.
        note: String,
    },
}

/// What is known to be missing of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// Entries held.
    pub held: u64,
    /// Entries that a head of this node was signed over.
    pub signed: u64,
    /// Who told of that head.
    pub told: NodeName,
    /// Who holds some of them, and how many entries of the log each holds.
    pub holders: Vec<(NodeName, u64)>,
}
