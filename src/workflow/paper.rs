//! The two codes of a printed certificate: the look-up, which leads to all of it, and the stamp, which says what was signed.
//!
//! Neither is kept. Both follow from what was committed with the certificate: made when they are asked for, they cost
//! issuing nothing, cannot say what is not logged, and are the same each time until a key changes.

use super::{CertificateName, CertificateRecord, Desk, Existence, WorkflowError, record};
use crate::{
    document::PaperCodes,
    encoding::base32,
    log::leaf_hash,
    office::Caller,
    sequencer::stopped::Stopped,
    statement::{Jti, Stamp, StatementError, open_leaf},
    store::{EntryRef, Store},
    trust::KeyAuthority,
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// What the secret of a look-up is drawn for.
const PURPOSE: &str = "look-up";
/// 80 bits: not guessed at any rate, and 16 characters.
const CODE_BYTES: usize = 10;

/// What stands where a stamp says that its certificate stands.
#[derive(Debug, Clone)]
pub enum StandsThere {
    /// Another statement, or none for ever.
    Another,
    /// The certificate, with its evidence.
    Certificate(Box<crate::statement::Bundle>),
}

impl Desk {
    /// The codes of one certificate that the caller may read. It reads from the disk.
    pub fn paper_codes(&self, caller: &Caller, name: &CertificateName) -> Result<PaperCodes, WorkflowError> {
        self.paper_codes_at(&self.readable(caller, name)?)
    }

    /// The codes of the certificate at a place of a log.
    pub fn paper_codes_at(&self, entry: &EntryRef) -> Result<PaperCodes, WorkflowError> {
        let store = self.store().as_ref();
        let facts = store.facts(&entry.origin, entry.index)?.ok_or(WorkflowError::CertificateUnknown)?;
        facts.status_index.ok_or(WorkflowError::CertificateUnknown)?;
        let Some(code) = code_of(store, entry)? else { return Ok(PaperCodes::default()) };
        let host = self.setup().issuer.host().as_str().to_ascii_uppercase();
        let look_up = Some(format!("HTTPS://{host}/V/{}/{code}", facts.jti));
        let Some(key) = self.stamp_key(entry)? else { return Ok(PaperCodes { look_up, ..PaperCodes::default() }) };
        let (leaf, disclosures) = record::parts(store, entry)?;
        let unmade =
            |why: String| WorkflowError::Record(format!("no stamp of {} {}: {why}", entry.origin, entry.index));
        let read = |e: StatementError| unmade(e.to_string());
        let stamp = Stamp::of(&leaf, entry.index, &open_leaf(&leaf, &disclosures).map_err(read)?).map_err(read)?;
        let sealed = key.sign(&stamp).map_err(|e| unmade(e.to_string()))?;
        Ok(PaperCodes { look_up, stamp: Some(sealed.text), carried: sealed.carried, total: sealed.total })
    }

    /// The stamp key, if it counts for a certificate at this place: listed as one, open, and not stopped here.
    fn stamp_key(&self, entry: &EntryRef) -> Result<Option<&crate::keys::StampKey>, WorkflowError> {
        let Some(key) = &self.setup().stamp else { return Ok(None) };
        let (trust, iss, kid) = (self.trust(), &self.setup().issuer, key.kid());
        let listed = trust.key(iss, kid).is_some_and(|listed| listed.x == key.public_key());
        let counts = trust.may_sign_stamp(iss, kid, &entry.origin, entry.index) == KeyAuthority::Allowed;
        if !listed || !counts || trust.closings(iss, kid).is_some() {
            return Ok(None);
        }
        let stopped = Stopped::all(self.store().as_ref())?;
        Ok((!stopped.iter().any(|one| one.kid == *kid)).then_some(key))
    }

    /// Whether a certificate of this identifier exists: attempts at its code are counted by it.
    pub fn exists(&self, jti: &Jti) -> Result<bool, WorkflowError> {
        let store = self.store().as_ref();
        let Some(entry) = store.find(jti)? else { return Ok(false) };
        Ok(store.facts(&entry.origin, entry.index)?.is_some_and(|facts| facts.status_index.is_some()))
    }

    /// The whole certificate, for whoever has the code that stands on its paper. A wrong code, and one of a certificate
    /// whose contents are erased, is answered as a certificate that is not there. It reads from the disk.
    pub fn look_up_whole(&self, jti: Jti, code: &str) -> Result<(Existence, CertificateRecord), WorkflowError> {
        let store = self.store().as_ref();
        let name = CertificateName::Jti(jti);
        let entry = record::find(store, &name)?;
        let own = code_of(store, &entry)?.ok_or(WorkflowError::CertificateUnknown)?;
        // Digests are compared: how long that takes tells nothing of the code.
        if Sha256::digest(own) != Sha256::digest(code.to_ascii_uppercase()) {
            return Err(WorkflowError::CertificateUnknown);
        }
        Ok((self.look_up(&name, None)?, CertificateRecord::read(store, &entry)?))
    }

    /// What stands where a stamp says: in this authority's own logs, or in those that are kept here of others; `None` where
    /// that log is not kept here, or not so far. It reads from the disk.
    pub fn stands_at(&self, stamp: &Stamp) -> Result<Option<StandsThere>, WorkflowError> {
        let (store, own) = if stamp.iss == self.setup().issuer {
            (Arc::clone(self.store()), true)
        } else {
            let mut logs = self.setup().partners.logs().into_iter();
            match logs.find(|(origin, _)| *origin == stamp.log) {
                Some((_, store)) => (store, false),
                None => return Ok(None),
            }
        };
        let Some(leaf) = store.leaf(&stamp.log, stamp.index)? else {
            // What is not published here yet may still come, but never to a log of our own that a stamp names; unless that lost
            // it, or is yet to get it back.
            let lost = self.own_lost(&stamp.iss, &stamp.log).filter(|lost| lost.log == stamp.log);
            let may_be = lost.is_some_and(|lost| (lost.left..lost.signed).contains(&stamp.index));
            // One that was lost whole may be met only once somebody tells of it.
            let is_met = self.sequencer().gate().standing(&stamp.log).is_some();
            let missing = if is_met { self.missing(|log| *log == stamp.log) } else { self.history_unknown() };
            let is_whole = !may_be && missing.is_none();
            return Ok((own && is_whole).then_some(StandsThere::Another));
        };
        let entry = EntryRef { origin: stamp.log.clone(), index: stamp.index };
        let facts = store.facts(&entry.origin, entry.index)?;
        if leaf_hash(&leaf) != stamp.leaf || facts.is_none_or(|facts| facts.status_index.is_none()) {
            return Ok(Some(StandsThere::Another));
        }
        let evidence = self.evidence_in(store.as_ref(), &entry)?;
        Ok(Some(StandsThere::Certificate(Box::new(evidence.bundle))))
    }
}

/// The code of a certificate; none once its contents are erased.
fn code_of(store: &dyn Store, entry: &EntryRef) -> Result<Option<String>, WorkflowError> {
    let secret = store.secret(&entry.origin, entry.index, PURPOSE)?;
    Ok(secret.map(|secret| base32::encode(secret.get(..CODE_BYTES).unwrap_or_default())))
}
