//! Private keys at rest and the typed signers made from them.
//!
//! What always holds: a key file is PKCS#8 under PBES2 with scrypt, readable by OpenSSL, mode 0600 in a
//! folder of mode 0700, created whole or not at all and never overwritten; a key signs what its use says
//! and nothing else, because each use is a type of its own and no raw signer leaves the room; a
//! passphrase comes from a file or from bytes, never from an argument, and is wiped with the keys.
//! Not its business: which keys an authority lists (that is its section in the trust list), and when a
//! key is to be used.

mod error;
mod files;
mod passphrase;
mod pkcs8_file;
mod public_side;
mod store;
mod typed;

pub use error::KeyError;
pub use passphrase::Passphrase;
pub use public_side::{InvalidKeyName, KeyName, KeyUse, PublicSide};
pub use store::KeyStore;
pub use typed::{FederationKey, LogKey, ReplicaKey, RootKey, StampKey, StatementKey, StatusKey, WitnessKey};

#[cfg(test)]
mod tests;
