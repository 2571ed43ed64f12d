//! The addressee's side of one partner log: what arrives is proven, checked, made durable, and only then cosigned.
//!
//! ```text
//! Dial ▶ Connected ▶ Hello ▶ Announce: log signature, extends what is held ▶ Want
//!   ▶ Package: leads to the announced root ▶ Check ▶ Commit ▶ Advance ▶ Cosign ▶ Send
//! ```

mod action;
mod arrivals;
mod check;
mod heads;
mod held;
mod machine;
mod making;
mod record;
mod rejudge;
mod siblings;

pub use crate::inbox::{Finding, findings, is_finding};
pub use action::{Action, Checked, Event, Suspicion, Target, Unchecked};
pub use check::check;
#[cfg(test)]
pub(in crate::exchange) use check::check_with;
pub use held::{Held, newest_note};
pub use machine::{Replica, Setup};
pub use record::{Heard, Loss, ReplicaRecord};
pub use rejudge::{Rejudged, rejudge};
pub use siblings::{Elsewhere, Siblings};
