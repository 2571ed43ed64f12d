//! The one writer of an authority, over all its logs: assign, sign, check, commit, checkpoint, answer.
//!
//! What always holds: nothing is answered before its statement is durable and under a published checkpoint;
//! a checkpoint is signed only over durable entries that were re-read and re-hashed, and only if it extends
//! the last one; the same request has the same answer, and a certificate number is given once; after an
//! error nothing carries on from memory: the store is reloaded, by the path of every start, before the next
//! piece of work; a log that partners were to be asked about and were not is not signed for ([`gate`]). Not its
//! business: who may ask (workflow), and what an agreement demands (agreement).
//!
//! ```text
//! submit ──▶ queue ──▶ assign ──▶ press (sign, check, seal; in parallel) ──▶ commit ──▶ advance ──▶ answer
//!                      └──────────── thread "assign" ────────────────┘      └──── thread "commit" ─────┘
//! ```
//! Assigning and signing of the next batch overlaps the sync of this one. A batch is whatever has arrived
//! since the last one left: no timer.

mod commit;
pub mod cosigned;
mod error;
mod flight;
pub mod gate;
mod held;
mod issued_for;
mod known_again;
mod line;
pub mod marks;
mod plan;
mod press;
mod recalled;
mod restated;
mod resting;
mod snapshot;
pub mod spared;
mod stamped;
pub mod stopped;
mod uncounted;
mod unnumbered;
mod wait;
mod work;

pub use crate::store::number_id;
pub use error::SequencerError;
pub use gate::{Gate, Standing, Word};
pub use held::{Consent, held, hold, is_held, release};
pub use issued_for::IssuedFor;
pub use known_again::numbers_again;
pub use line::Sequencer;
pub use plan::answered;
pub use recalled::{
    Bare, Closing, GivenTwice, Recalled, Shown, bears_number, contents_gone, has_heard_all, is_with_nobody,
    put_heard_all, put_with_nobody, refilled, unheard_again,
};
pub use resting::is_resting;
pub use snapshot::{
    SpokenFor, StatusRecord, changes_of, spoken_for, spoken_for_below, status_record, status_record_below,
    void_changes_of,
};
pub use stamped::newest_hour;
pub use uncounted::{GivenUp, Uncounted, counted_after_all};
pub use wait::{Lost, Wait};
pub use work::{
    Beside, ChangeOfStatus, Changes, Draw, Ends, Issue, LostNumber, Nudge, Numbering, Original, Outcome, PaperNumber,
    Replacement, RequestKey, Reservation, Reserved, Saying, Task, Which, Work, series_begin,
};

use crate::{
    keys::{LogKey, StatementKey, StatusKey},
    statement::Issuer,
    store::Store,
    time::{Clock, Random, ZoneName},
    trust::TrustList,
};
use arc_swap::ArcSwap;
use std::sync::Arc;

/// Everything a sequencer works with.
pub struct Setup {
    /// The authority.
    pub issuer: Issuer,
    /// Where its offices are: a certificate's date of issue is the civil date there.
    pub zone: ZoneName,
    /// Its durable state.
    pub store: Arc<dyn Store>,
    /// The keys it signs with.
    pub signers: Signers,
    /// The trust list in force; what is signed is checked by it before it is committed, as a replica would.
    pub trust: Arc<ArcSwap<TrustList>>,
    /// Stamps entries.
    pub clock: Arc<dyn Clock>,
    /// Salts and identifiers.
    pub random: Arc<dyn Random>,
    /// Bounds.
    pub limits: Limits,
}

/// The keys of one authority that its sequencer uses.
pub struct Signers {
    /// Signs statements.
    pub statement: StatementKey,
    /// Signs status list tokens.
    pub status: StatusKey,
    /// Sign checkpoints, one for each shard.
    pub logs: Vec<LogKey>,
}

/// Bounds of the queue and of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Pieces of work that may wait; what comes beyond is refused.
    pub queue: u32,
    /// Pieces of work in one batch. 256 rows of 4 kB with one sync reach the disk's rate (design, limits).
    pub batch: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { queue: 4_096, batch: 512 }
    }
}
