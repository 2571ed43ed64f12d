//! Signatures that a test has verified: thousands of simulated storms ask about the same few thousand, and the answer
//! follows from what is asked alone.

use super::{PublicKey, Signature};
use sha2::{Digest as _, Sha256};
use std::{cell::RefCell, collections::HashSet};

/// What is remembered by a thread, at most: 3 MB.
const MOST: usize = 50_000;

thread_local! {
    static KNOWN: RefCell<HashSet<[u8; 32]>> = RefCell::default();
}

fn digest(key: &PublicKey, message: &[u8], signature: &Signature) -> [u8; 32] {
    let parts = Sha256::new().chain_update(key.as_bytes()).chain_update(signature.as_bytes());
    parts.chain_update(message).finalize().into()
}

pub(super) fn is_known(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    KNOWN.with_borrow(|known| known.contains(&digest(key, message, signature)))
}

pub(super) fn note(key: &PublicKey, message: &[u8], signature: &Signature) {
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(digest(key, message, signature));
    });
}
