//! Who may sign what, where in which log: anchor, sections, the list, and the cosigning policy that follows.
//!
//! What always holds: a [`TrustList`] exists only if k of the signers known before signed its exact bytes,
//! every section is signed by its authority's root key, and nothing that an earlier list fixed was rewritten;
//! a section changes only by its root, so no foreign majority puts words in a country's mouth; every input is
//! bounded before work is spent on it. The list alone decides: not a token, not a key-change statement.
//! Not its business: clocks (an instant is given), verifying statements, keeping lists.
//!
//! ```text
//! anchor      what a verifier pins: signers, k, roots
//! section     an authority's own entry, under its root    root_change   how a root follows a root
//! list        the note of k of n                          admission     rules within a list
//! continuity  rules between a list and the last one       closing       where a key ends
//! authority   may this key sign this here?                cosigning     who must cosign a log
//! draft       making and signing all of it             seal         a node's word for a package
//! ```

mod admission;
mod anchor;
mod authority;
mod closing;
mod continuity;
mod cosigning;
mod draft;
mod error;
mod list;
mod names;
mod node;
mod root_change;
mod seal;
mod section;
mod texts;

pub use anchor::{Anchor, MAX_ANCHOR_BYTES};
pub use authority::{ClosedBecause, KeyAuthority, Scope};
pub use closing::{Closing, ClosingReason};
pub use cosigning::{Cosigning, ReplicaRule};
pub use draft::ListDraft;
pub use error::TrustError;
pub use list::{Freshness, ListText, MAX_LIST_BYTES, SectionEntry, ShardEnd, TrustList};
pub use names::{InvalidName, KindName, NodeName, Role, SignerName, root_name};
pub use node::{Endpoint, Node, NotEndpoint, NotPin, SpkiPin};
pub use root_change::{RootChange, RootChangeText};
pub use seal::{PackageSeal, SealFault};
pub use section::{Algorithm, ListedKey, ListedLogKey, ListedUse, MAX_SECTION_BYTES, Place, Section, SectionText};

#[cfg(test)]
mod tests;
