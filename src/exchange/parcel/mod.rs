//! A package that travels by itself: what one node has for another, in one file that any carrier may bring.
//!
//! ```text
//! {"package": …}                from whom, for whom, by which trust list
//! {"log": …}                    a checkpoint, and the proof that it extends the size that the addressee is known to hold
//! {"entry": …} …                each entry from that size on, with what there is to disclose of it
//! {"cosigned": …} …             heads of the addressee's own logs that the sender holds, with its cosignature
//! {"lost": …} …                 logs of its own to the addressee of which the sender lost entries for good, and how many
//! {"end": …}                    the sender's seal over every line before
//! ```
//! What always holds: nothing is taken from a package that is not whole, or not sealed by the node it names; disclosures
//! stand only in a package for the node that may have them; memory does not grow with what they hold. A package is no
//! protocol of its own: its logs are read by the machine that reads a partner's stream, and answered like it.

mod error;
mod hashes;
mod line;
mod survey;
mod write;

pub use error::ParcelError;
pub use hashes::Extended;
pub use line::{
    CosignedLine, EndLine, EntryLine, FrontLine, Line, LogLine, LostLine, MAX_LINE_BYTES, TrustLine, Without,
};
pub use survey::{Survey, SurveyedLog};
pub use write::ParcelWriter;

/// The largest package, in bytes: a year of a large country with its disclosures.
pub const MAX_PARCEL_BYTES: u64 = 64 << 30;
/// The most entries of one package: their hashes are kept in memory while it is read, 40 bytes each.
pub const MAX_PARCEL_ENTRIES: u64 = 1 << 23;
/// The most logs of one package, the most cosigned heads, and the most logs that are told to be lost.
pub const MAX_PARCEL_LOGS: usize = 4096;
