//! The key file of a log: one random key for each entry's disclosures, in no journal, so that overwriting
//! it is the end of them on this node. And the key file of the records that are sealed ([`Table::is_sealed`]): a key for
//! each, for as long as the record is there.
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
use crate::store::state::Table;
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
/// The key file of records.
const RECORDS: &str = "keys/records";
/// What a sealed record begins with; what is not sealed is JSON, or begins with its version, which is no zero.
const SEALED: u8 = 0;

/// The key files of all logs, and that of records.
pub(super) struct Keys {
    disk: Arc<dyn Disk>,
    random: Arc<dyn Random>,
    files: Mutex<HashMap<Origin, Arc<KeyFile>>>,
    records: Mutex<Option<Arc<KeyFile>>>,
}

struct KeyFile {
    name: String,
    file: Arc<dyn DiskFile>,
    /// Keys that are durable.
    made: AtomicU64,
    /// The next key of records.
    next: AtomicU64,
    growing: Mutex<()>,
}

/// What is sealed, and what the seal binds: moved to another place, it does not open.
struct Place(Vec<u8>);

impl Place {
    fn of_entry(origin: &Origin, index: u64) -> Self {
        let mut place = format!("{origin}\n").into_bytes();
        place.extend_from_slice(&index.to_be_bytes());
        Self(place)
    }

    fn of_record(table: Table, id: &[u8]) -> Self {
        Self([&[table.byte()], id].concat())
    }
}

type Key = Zeroizing<[u8; SLOT]>;

/// The nonce, and what is sealed under it; nothing where that is too long.
fn shut(key: &Key, random: &dyn Random, place: &Place, plain: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let mut nonce = [0; NONCE];
    random.fill(&mut nonce)?;
    let cipher = XChaCha20Poly1305::new((&**key).into());
    let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &place.0 }).ok();
    Ok(sealed.map(|sealed| [nonce.as_slice(), sealed.as_slice()].concat()))
}

fn unshut(key: &Key, place: &Place, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    let cipher = XChaCha20Poly1305::new((&**key).into());
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &place.0 }).ok().map(Zeroizing::new)
}

/// The name of a log's key file.
pub(super) fn name(origin: &Origin) -> String {
    let digest = Sha256::digest(origin.as_str());
    format!("keys/{}", hex::encode(digest.get(..16).unwrap_or_default()))
}

/// Whether a key file may take the place of an earlier copy of it: none of its keys is missing, and none that was erased is
/// back. More cannot be asked of the keys alone: those that were made ahead and never used are made anew.
pub(super) fn may_follow(now: &[u8], copied: &[u8]) -> bool {
    now.len() >= copied.len()
        && copied.chunks(SLOT).zip(now.chunks(SLOT)).all(|(copied, now)| copied != ERASED || now == ERASED)
}

/// The key that a sealed record is under; nothing for one that is not sealed.
pub(super) fn slot_of(record: &[u8]) -> Option<u64> {
    let (slot, _) = record.strip_prefix(&[SEALED])?.split_first_chunk()?;
    Some(u64::from_be_bytes(*slot))
}

impl Keys {
    pub(super) fn new(disk: Arc<dyn Disk>, random: Arc<dyn Random>) -> Self {
        Self { disk, random, files: Mutex::default(), records: Mutex::default() }
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
        let file = KeyFile::open(&*self.disk, name(origin), used)?;
        let made = used.div_ceil(BLOCK).saturating_mul(BLOCK).min(file.made.load(Ordering::Acquire));
        file.made.store(made, Ordering::Release);
        let file = Arc::new(file);
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
        let sealed = shut(&key, &*self.random, &Place::of_entry(origin, index), &plain)?;
        let bytes = sealed.ok_or_else(|| StoreError::BadBatch("the disclosures are too long to seal".to_owned()))?;
        Ok(Sealed { origin: origin.clone(), index, bytes })
    }

    pub(super) fn unseal(&self, origin: &Origin, index: u64, sealed: &[u8]) -> Result<Disclosures, StoreError> {
        let Some(key) = self.file(origin)?.key(index)? else { return Ok(Disclosures::Erased) };
        let plain = unshut(&key, &Place::of_entry(origin, index), sealed);
        let disclosures = plain.and_then(|plain| postcard::from_bytes(&plain).ok());
        disclosures.map(Disclosures::Present).ok_or_else(|| StoreError::Unsealable { origin: origin.clone(), index })
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
        self.file(origin)?.erase(&[index])
    }

    /// The key file of records, of which the first `used` keys must be there.
    pub(super) fn open_records(&self, used: u64) -> Result<(), StoreError> {
        if used == 0 { Ok(()) } else { self.records_used(used).map(|_| ()) }
    }

    fn records_used(&self, used: u64) -> Result<Arc<KeyFile>, StoreError> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &*records {
            return Ok(Arc::clone(file));
        }
        // Which of its keys are in use, the records alone say: what is new gets keys behind all that are there.
        let file = Arc::new(KeyFile::open(&*self.disk, RECORDS.to_owned(), used)?);
        *records = Some(Arc::clone(&file));
        Ok(file)
    }

    /// Seals a record, under the key that the one before it at its place is under, or a new one. It begins with which.
    pub(super) fn seal_record(
        &self,
        (table, id): (Table, &[u8]),
        slot: Option<u64>,
        record: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let file = self.records_used(0)?;
        let slot = slot.unwrap_or_else(|| file.next.fetch_add(1, Ordering::AcqRel));
        file.make(slot.saturating_add(1), &*self.random)?;
        let key = file.key(slot)?.ok_or_else(|| file.useless(slot))?;
        let sealed = shut(&key, &*self.random, &Place::of_record(table, id), record)?;
        let sealed = sealed.ok_or_else(|| StoreError::BadBatch("the record is too long to seal".to_owned()))?;
        Ok([&[SEALED], slot.to_be_bytes().as_slice(), &sealed].concat())
    }

    /// A record as it was put; nothing where its key is overwritten.
    pub(super) fn open_record(
        &self,
        (table, id): (Table, &[u8]),
        record: Vec<u8>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(slot) = slot_of(&record) else { return Ok(Some(record)) };
        let file = self.records_used(0)?;
        let Some(key) = file.key(slot)? else { return Ok(None) };
        let sealed = record.get(1 + size_of::<u64>()..).unwrap_or_default();
        let plain = unshut(&key, &Place::of_record(table, id), sealed).ok_or_else(|| file.useless(slot))?;
        Ok(Some(plain.to_vec()))
    }

    /// Overwrites keys of records, durably.
    pub(super) fn erase_records(&self, slots: &[u64]) -> Result<(), StoreError> {
        if slots.is_empty() { Ok(()) } else { self.records_used(0)?.erase(slots) }
    }
}

impl KeyFile {
    /// Opens a key file, or makes it; all keys in it count as made.
    fn open(disk: &dyn Disk, name: String, used: u64) -> Result<Self, StoreError> {
        let failed = |e| StoreError::io(&name, e);
        let file = match disk.open(&name).map_err(failed)? {
            Some(file) => file,
            None if used > 0 => return Err(StoreError::corrupt(&name, 0, "the key file is missing")),
            None => disk.create(&name).map_err(failed)?,
        };
        let there = file.length().map_err(failed)? / SLOT as u64;
        if there < used {
            let end = there * SLOT as u64;
            return Err(StoreError::corrupt(&name, end, format!("{} keys are missing", used - there)));
        }
        Ok(Self { name, file, made: AtomicU64::new(there), next: AtomicU64::new(there), growing: Mutex::default() })
    }

    /// Overwrites keys, with one sync for all.
    fn erase(&self, indexes: &[u64]) -> Result<(), StoreError> {
        let failed = |e| StoreError::io(&self.name, e);
        let mut overwritten = false;
        for &index in indexes {
            if self.key(index)?.is_some() {
                self.file.write_at(&ERASED, index * SLOT as u64).map_err(failed)?;
                overwritten = true;
            }
        }
        if overwritten { self.file.sync().map_err(failed) } else { Ok(()) }
    }

    /// A record that its key does not open.
    fn useless(&self, slot: u64) -> StoreError {
        StoreError::corrupt(&self.name, slot.saturating_mul(SLOT as u64), "a record does not open with its key")
    }

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
    fn key(&self, index: u64) -> Result<Option<Key>, StoreError> {
        let mut key = Zeroizing::new([0; SLOT]);
        let offset = index * SLOT as u64;
        let read = self.file.read_at(&mut *key, offset).map_err(|e| StoreError::io(&self.name, e))?;
        if read < SLOT || *key == [0; SLOT] {
            return Err(StoreError::corrupt(&self.name, offset, "the key is missing"));
        }
        Ok((*key != ERASED).then_some(key))
    }
}
