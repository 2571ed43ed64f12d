//! The evidence file of a certificate: everything a stranger needs to judge it alone.

use super::{Desk, WorkflowError, record::token_of};
use crate::{
    log::{LogProof, Origin, inclusion_proof},
    office::{Account, Action},
    sequencer::{changes_of, status_record},
    statement::{
        Bundle, Proven,
        status_list::{LIST_ENTRIES, StatusPath},
    },
    store::{Disclosures, EntryRef, PublishedHead, Store},
    time::Timestamp,
};

/// A file that can be handed on.
#[derive(Debug, Clone)]
pub struct EvidenceFile {
    /// The bundle.
    pub bundle: Bundle,
    /// The certificate's number, if its contents are not erased: the natural name of the file.
    pub number: Option<String>,
    /// The instant its status speaks of.
    pub as_of: Option<Timestamp>,
}

impl Desk {
    /// The evidence of one certificate as of now. It reads from the disk.
    pub fn evidence(&self, caller: &Account, name: &super::CertificateName) -> Result<EvidenceFile, WorkflowError> {
        super::Accounts::allow(caller, Action::ReadCertificate)?;
        let entry = super::record::find(self.store().as_ref(), name)?;
        self.evidence_at(&entry)
    }

    /// The evidence of the certificate at a place of a log.
    pub fn evidence_at(&self, entry: &EntryRef) -> Result<EvidenceFile, WorkflowError> {
        let store = self.store().as_ref();
        let record = super::CertificateRecord::read(store, entry)?;
        let head = store.head(&entry.origin).ok_or(WorkflowError::CertificateUnknown)?;
        let facts = store.facts(&entry.origin, entry.index)?.ok_or(WorkflowError::CertificateUnknown)?;
        let place = facts.status_index.ok_or(WorkflowError::CertificateUnknown)?;
        let mut bundle =
            Bundle { token: record.token.clone(), proof: Some(proof(store, entry, &head)?), ..Bundle::default() };
        let status = status_record(store, &entry.origin)?;
        let as_of = status.as_ref().and_then(|status| Timestamp::from_second(status.as_of).ok());
        if let Some(status) = status {
            let list = place / LIST_ENTRIES;
            let at = usize::try_from(list).unwrap_or(usize::MAX);
            // A list begun after the snapshot is in none of its tokens yet: the next snapshot brings it.
            if let Some(token) = status.tokens.get(at) {
                let snapshot = EntryRef { origin: entry.origin.clone(), index: status.index };
                let leaf = store.leaf(&snapshot.origin, snapshot.index)?.ok_or(WorkflowError::CertificateUnknown)?;
                let path = StatusPath::new(&status.digests, list).map_err(|e| WorkflowError::Record(e.to_string()))?;
                bundle.status = Some(token.clone());
                bundle.status_path = Some(path.to_string());
                bundle.status_statement = Some(String::from_utf8_lossy(&leaf).into_owned());
                bundle.status_proof = Some(proof(store, &snapshot, &head)?);
            }
        }
        for change in changes_of(store, entry, &record.jti)? {
            let leaf = store.leaf(&change.origin, change.index)?.ok_or(WorkflowError::CertificateUnknown)?;
            let disclosures = match store.disclosures(&change.origin, change.index)? {
                Some(Disclosures::Present(disclosures)) => disclosures,
                _ => Vec::new(),
            };
            bundle.changes.push(Proven { token: token_of(&leaf, &disclosures), proof: proof(store, &change, &head)? });
        }
        let number = record.certificate.reference.into_option().map(|reference| reference.number.to_string());
        Ok(EvidenceFile { bundle, number, as_of })
    }
}

/// The inclusion proof of an entry under a published head, with the head's note.
fn proof(store: &dyn Store, entry: &EntryRef, head: &PublishedHead) -> Result<String, WorkflowError> {
    let hashes = store.hashes(&entry.origin);
    let unproven = |origin: &Origin, why: String| WorkflowError::Record(format!("{origin}: no inclusion proof: {why}"));
    let path =
        inclusion_proof(entry.index, head.head.size, &hashes).map_err(|e| unproven(&entry.origin, e.to_string()))?;
    Ok(LogProof::new(entry.index, path, head.note.clone()).to_string())
}
