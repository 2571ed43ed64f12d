//! The partner protocol on the network: both ends of `ReplicationService` over TLS with pinned keys.
//!
//! What always holds: wire types do not leave this folder; whoever calls was known by name before the first byte of
//! a request was read; a partner that is taken off the list, or out of its pins, is not answered from then on; what
//! a partner does or leaves undone holds up nobody else. Not its business: which entries to want and what to cosign
//! (the machines beside this folder), listeners (`node`).
//!
//! ```text
//! identity    a certificate's name and key, held to the list   tls         both sides of the greeting
//! link        a connection to a partner                        partners    a task for each partner
//! lists       trust lists from node to node                    door        the answering end
//! board       how every partner is                             status      what refusals look like
//! own         own logs and their cosignatures                  convert     messages to the wire and back
//! supply      gives own logs                                   replicas    takes those of partners
//! checking    their entries, on all cores                      quota       what a partner may take
//! canvassing  collects witnesses' cosignatures                 watching    this node as a witness
//! outside     witnesses that are no nodes, over HTTPS          parcels     packages by any carrier
//! heads       who knows which heads                            comparing   heads of all logs, and evidence
//! histories   whether all were shown the same                  leaving     the branch held here, and what was lifted
//! recalling   own history at a start                           awaiting    what is not cosigned, and for whom
//! refilling   entries that were lost, come back                renumbering their numbers
//! disclosing  gives what is for the addressee                  fetching    takes it
//! start       what the driver is made of                       wire        generated types
//! ```

mod awaiting;
mod board;
mod canvassing;
mod checking;
mod comparing;
mod convert;
mod disclosing;
mod door;
mod error;
mod fetching;
mod heads;
mod histories;
mod identity;
mod leaving;
mod link;
mod lists;
mod outside;
mod own;
mod parcels;
mod partners;
mod quota;
mod recalling;
mod refilling;
mod renumbering;
mod replicas;
mod start;
mod status;
mod supply;
mod tls;
mod watching;
mod wire;

pub use board::{Awaited, Board, Concern, PartnerState, Passage, PushState, Trouble};
#[cfg(test)]
pub(in crate::exchange) use comparing::presented::{Presented, against};
pub use error::PartnerError;
pub use fetching::{OwedReceipt, Receipts};
#[cfg(test)]
pub(in crate::exchange) use heads::{held_and_heard, lost_by};
#[cfg(test)]
pub(in crate::exchange) use histories::agreement;
pub use histories::{Agreement, LogHistory, ShownBy};
pub use identity::{Partner, identity_uri, named, pin_of};
pub use link::Dialler;
pub use lists::{ListError, Lists};
pub use outside::{OutsideState, OutsideWitness, Shown, WitnessPost};
pub use own::OwnAuthority;
#[cfg(test)]
pub(in crate::exchange) use parcels::head_within;
pub use parcels::{ExportAsked, Imported, ImportedLog, PackagePost, Posted, PushTarget, Spool, Wanted};
pub use quota::{QuotaLimits, Used};
#[cfg(test)]
pub(in crate::exchange) use replicas::kept;
pub use start::{Driver, DriverSetup, DriverView, mark_new, mark_put_back, unmark_new};
pub use tls::{acceptor, greeted, refused};

use std::time::Duration;
use tokio::sync::watch;

/// Most bytes of one message, either way.
pub const MAX_MESSAGE: usize = 1 << 20;
/// The longest a single call may take; streams have no end of their own.
const CALL: Duration = Duration::from_secs(30);

/// Until the node stops. What `wait_for` gives would be a lock held across whatever its arm of a `select!` awaits.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
