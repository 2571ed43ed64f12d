//! The key file of a log: one random key for each entry's disclosures, in no journal, so that overwriting
//! it is the end of them on this node.
//!
//! Keys are made in blocks of 256 and synced before the first of a block is used, so that sealing costs no
//! sync of its own. A slot is 32 bytes, and no slot crosses a page. What erasure cannot reach: copies of
//! this file in backups, blocks a disk keeps behind the file system's back, and copies at the addressee and
//! the holder.

use super::disk::{Disk, DiskFile};
use crate::encoding::hex;
use crate::log::Origin;
use crate::store::contract::Secret;
use crate::store::entry::{Disclosures, Sealed};
use crate::store::error::StoreError;
use crate::time::Random;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// Bytes of a slot.
const SLOT: usize = 32;
/// Keys of a block.
const BLOCK: u64 = 256;
/// Most blocks made at once: 4,096 keys, a sync for that many certificates.
const MOST_BLOCKS: u64 = 16;
/// What stands in the slot of an erased entry. No random key equals it, and nor do the zeros of a lost page.
const ERASED: [u8; SLOT] = *b"erased erased erased erased eras";
const NONCE: usize = 24;

/// The key files of all logs.
pub(super) struct Keys {
    disk: Arc<dyn Disk>,
    random: Arc<dyn Random>,
    files: Mutex<HashMap<Origin, Arc<KeyFile>>>,
}

struct KeyFile {
    name: String,
    file: Arc<dyn DiskFile>,
    /// Keys that are durable.
    made: AtomicU64,
    growing: Mutex<()>,
}

impl Keys {
    pub(super) fn new(disk: Arc<dyn Disk>, random: Arc<dyn Random>) -> Self {
        Self { disk, random, files: Mutex::default() }
    }

    /// The key file of a log, of which the first `used` keys must be there. Keys behind them were never used
    /// and are made anew: a power cut may have torn them.
    ///
    /// The file is named after the origin, so that disclosures can be sealed for a log that is opened in the
    /// same batch.
    pub(super) fn open(&self, origin: &Origin, used: u64) -> Result<(), StoreError> {
        self.file_used(origin, used).map(|_| ())
    }

    /// The key file of a log that was open at the start, or of a new one.
    fn file(&self, origin: &Origin) -> Result<Arc<KeyFile>, StoreError> {
        self.file_used(origin, 0)
    }

    fn file_used(&self, origin: &Origin, used: u64) -> Result<Arc<KeyFile>, StoreError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        // Opened in this process before: disclosures may be on their way that were sealed with later keys.
        if let Some(file) = files.get(origin) {
            return Ok(Arc::clone(file));
        }
        let digest = Sha256::digest(origin.as_str());
        let name = format!("keys/{}", hex::encode(digest.get(..16).unwrap_or_default()));
        let failed = |e| StoreError::io(&name, e);
        let file = match self.disk.open(&name).map_err(failed)? {
            Some(file) => file,
            None if used > 0 => return Err(StoreError::corrupt(&name, 0, "the key file is missing")),
            None => self.disk.create(&name).map_err(failed)?,
        };
        let there = file.length().map_err(failed)? / SLOT as u64;
        if there < used {
            let end = there * SLOT as u64;
            return Err(StoreError::corrupt(&name, end, format!("{} keys are missing", used - there)));
        }
        let made = AtomicU64::new(used.div_ceil(BLOCK).saturating_mul(BLOCK).min(there));
        let file = Arc::new(KeyFile { name, file, made, growing: Mutex::default() });
        files.insert(origin.clone(), Arc::clone(&file));
        Ok(file)
    }

    /// Whether keys should be made now, so that sealing need not wait for them.
    pub(super) fn runs_short(&self, origin: &Origin, used: u64) -> bool {
        let wanted = used.saturating_add(BLOCK / 2);
        self.file(origin).is_ok_and(|file| file.made.load(Ordering::Acquire) < wanted)
    }

    /// Makes keys ahead of use.
    pub(super) fn make_ahead(&self, origin: &Origin, used: u64) -> Result<(), StoreError> {
        self.file(origin)?.make(used.saturating_add(BLOCK / 2), &*self.random)
    }

    pub(super) fn seal(&self, origin: &Origin, index: u64, disclosures: &[String]) -> Result<Sealed, StoreError> {
        let file = self.file(origin)?;
        file.make(index.saturating_add(1), &*self.random)?;
        let key = file.key(index)?.ok_or_else(|| StoreError::Unsealable { origin: origin.clone(), index })?;
        let plain =
            Zeroizing::new(postcard::to_stdvec(disclosures).map_err(|error| StoreError::BadBatch(error.to_string()))?);
        let mut nonce = [0; NONCE];
        self.random.fill(&mut nonce)?;
        let place = place(origin, index);
        let sealed = XChaCha20Poly1305::new((&*key).into())
            .encrypt(&XNonce::from(nonce), Payload { msg: &plain, aad: &place })
            .map_err(|_| StoreError::BadBatch("the disclosures are too long to seal".to_owned()))?;
        let mut bytes = Vec::with_capacity(NONCE + sealed.len());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(Sealed { origin: origin.clone(), index, bytes })
    }

    pub(super) fn unseal(&self, origin: &Origin, index: u64, sealed: &[u8]) -> Result<Disclosures, StoreError> {
        let Some(key) = self.file(origin)?.key(index)? else { return Ok(Disclosures::Erased) };
        let open = || {
            let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
            let place = place(origin, index);
            let cipher = XChaCha20Poly1305::new((&*key).into());
            let plain = cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &place }).ok()?;
            postcard::from_bytes(&Zeroizing::new(plain)).ok()
        };
        let unsealable = || StoreError::Unsealable { origin: origin.clone(), index };
        open().map(Disclosures::Present).ok_or_else(unsealable)
    }

    /// What else a key is good for, apart for each purpose; `None` once it is erased.
    pub(super) fn secret(&self, origin: &Origin, index: u64, purpose: &str) -> Result<Option<Secret>, StoreError> {
        let Some(key) = self.file(origin)?.key(index)? else { return Ok(None) };
        let unusable = |_| StoreError::Unsealable { origin: origin.clone(), index };
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key.as_slice()).map_err(unusable)?;
        mac.update(purpose.as_bytes());
        let secret: [u8; SLOT] = mac.finalize().into_bytes().into();
        Ok(Some(Zeroizing::new(secret)))
    }

    /// Overwrites a key, durably.
    pub(super) fn erase(&self, origin: &Origin, index: u64) -> Result<(), StoreError> {
        let file = self.file(origin)?;
        if file.key(index)?.is_none() {
            return Ok(());
        }
        let failed = |e| StoreError::io(&file.name, e);
        file.file.write_at(&ERASED, index * SLOT as u64).map_err(failed)?;
        file.file.sync().map_err(failed)
    }
}

impl KeyFile {
    /// Makes keys in whole blocks until there are `wanted`.
    fn make(&self, wanted: u64, random: &dyn Random) -> Result<(), StoreError> {
        if self.made.load(Ordering::Acquire) >= wanted {
            return Ok(());
        }
        let _turn = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let made = self.made.load(Ordering::Acquire);
        if made >= wanted {
            return Ok(());
        }
        // A log that grows makes more at once: a small log stays small, a busy one syncs seldom.
        let ahead = (made / BLOCK).clamp(1, MOST_BLOCKS);
        let blocks = (wanted - made).div_ceil(BLOCK).max(ahead);
        let bytes = usize::try_from(blocks.saturating_mul(BLOCK)).unwrap_or(usize::MAX).saturating_mul(SLOT);
        let mut keys = Zeroizing::new(vec![0; bytes]);
        random.fill(&mut keys)?;
        let failed = |e| StoreError::io(&self.name, e);
        self.file.write_at(&keys, made * SLOT as u64).map_err(failed)?;
        self.file.sync().map_err(failed)?;
        self.made.store(made + blocks * BLOCK, Ordering::Release);
        Ok(())
    }

    /// The key of an entry; `None` once it is erased.
    fn key(&self, index: u64) -> Result<Option<Zeroizing<[u8; SLOT]>>, StoreError> {
        let mut key = Zeroizing::new([0; SLOT]);
        let offset = index * SLOT as u64;
        let read = self.file.read_at(&mut *key, offset).map_err(|e| StoreError::io(&self.name, e))?;
        if read < SLOT || *key == [0; SLOT] {
            return Err(StoreError::corrupt(&self.name, offset, "the key is missing"));
        }
        Ok((*key != ERASED).then_some(key))
    }
}

/// What a seal binds: moved to another entry or another log, it does not open.
fn place(origin: &Origin, index: u64) -> Vec<u8> {
    let mut place = format!("{origin}\n").into_bytes();
    place.extend_from_slice(&index.to_be_bytes());
    place
}
