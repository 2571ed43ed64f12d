//! What nodes do for each other: replicate the logs addressed to them, cosign, witness, hand over disclosures.
//!
//! What always holds: a machine takes events and gives actions, and does nothing itself: no clock, no store, no
//! wire; nothing is said to be held before it is durable; no head is cosigned that is not held, or does not extend
//! the one seen last; of two branches of a log the first is kept and neither is cosigned any more; one bad entry
//! stops nothing; a partner costs only itself. Not its business: what an authority says (`statement`), who may say
//! it (`trust`), what people do with it (`workflow`).
//!
//! ```text
//! message     what partners say to each other       access       who may ask whom for what
//! replica     holds a partner's log                 supplier     gives one log to one partner
//! witness     watches logs grow                     canvasser    collects witnesses' cosignatures
//! recall      own logs, before signing again        heads        what partners know of all logs
//! memory      others' logs, before cosigning again  parcel       the same in a file, by any carrier
//! disclosures fetches what is for it alone          driver       both ends on the network
//! alarm       what an operator has to look into     credit       how much one stream may send
//! ```
//! Every machine is `step(now, event) -> actions`. An action's result comes back as an event; until it does the
//! machine does not count on it, so a crash between the two loses nothing that was said.

mod access;
mod alarm;
pub mod canvasser;
mod credit;
pub mod disclosures;
pub mod driver;
mod error;
pub mod heads;
pub mod memory;
pub mod message;
pub mod parcel;
pub mod recall;
pub mod replica;
pub mod supplier;
pub mod witness;

pub use crate::sequencer::cosigned;
pub use access::{
    hosts_issuer, is_asked_for, is_to_everyone, may_have_disclosures, may_replicate, replicates, witnesses,
};
pub use alarm::Alarm;
pub use error::ExchangeError;

#[cfg(test)]
mod tests;
