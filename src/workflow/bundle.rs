//! The evidence file of a certificate: everything a stranger needs to judge it alone.

use super::{
    Desk, WorkflowError,
    customs::{later_changes, statements_about},
    record::{parts, token_of},
};
use crate::{
    log::{LogProof, Origin, Quorum, inclusion_proof},
    office::Caller,
    sequencer::{
        SequencerError, SpokenFor, StatusRecord, changes_of, cosigned::Cosigned, spared, spoken_for, spoken_for_below,
        status_record, status_record_below,
    },
    statement::{
        Bundle, Jti, Kind, Proven,
        status_list::{LIST_ENTRIES, StatusPath},
    },
    store::{EntryRef, PublishedHead, Store, Subject},
    time::Timestamp,
    trust::TrustList,
};
use std::time::Duration;

/// A file that can be handed on.
#[derive(Debug, Clone)]
pub struct EvidenceFile {
    /// The bundle.
    pub bundle: Bundle,
    /// The certificate's number, if its contents are not erased: the natural name of the file.
    pub number: Option<String>,
    /// The instant its status speaks of.
    pub as_of: Option<Timestamp>,
    /// Whether the partners have yet to cosign it: until then it verifies as `NOT_COSIGNED`.
    pub awaiting_cosignatures: bool,
}

/// How long evidence is waited for until the partners have cosigned (design, API).
const COSIGNATURES_WAITED_FOR: Duration = Duration::from_secs(10);

impl Desk {
    /// The evidence of one certificate that the caller may read, as of now. It reads from the disk.
    pub fn evidence(&self, caller: &Caller, name: &super::CertificateName) -> Result<EvidenceFile, WorkflowError> {
        let entry = self.readable(caller, name)?;
        SequencerError::if_void(&self.trust(), &entry)?;
        // It would prove nothing, to whomever it is shown.
        if let Some(last) = self.unproven_within(self.store().as_ref(), &entry)? {
            return Err(WorkflowError::NoHeadKept { entry, last });
        }
        self.evidence_at(&entry)
    }

    /// The end of an entry's log, where the list ended it and no head within that end is kept which covers the entry.
    pub(super) fn unproven_within(&self, store: &dyn Store, entry: &EntryRef) -> Result<Option<u64>, WorkflowError> {
        let trust = self.trust();
        let size = store.head(&entry.origin).map_or(0, |head| head.head.size);
        let Some(last) = trust.shard_final_size(&entry.origin).filter(|last| *last < size) else { return Ok(None) };
        let rests_on = Heads::of(store, entry, &trust)?.over(entry.index).size;
        Ok((rests_on > last).then_some(last))
    }

    /// The evidence of one certificate, once the partners have cosigned as the policy asks; after ten seconds as it is by
    /// then.
    pub async fn released(
        &self,
        caller: &Caller,
        name: &super::CertificateName,
    ) -> Result<EvidenceFile, WorkflowError> {
        let until = tokio::time::Instant::now() + COSIGNATURES_WAITED_FOR;
        let mut news = self.store().news();
        loop {
            news.mark_unchanged();
            let (desk, asker, certificate) = (self.clone(), caller.clone(), name.clone());
            let evidence = tokio::task::spawn_blocking(move || desk.evidence(&asker, &certificate))
                .await
                .map_err(|e| WorkflowError::Record(e.to_string()))??;
            if !evidence.awaiting_cosignatures {
                return Ok(evidence);
            }
            // The store ends with the node: then there is nothing to wait for either.
            let Ok(Ok(())) = tokio::time::timeout_at(until, news.changed()).await else { return Ok(evidence) };
        }
    }

    /// The first entry of a log that is proven no more because the list ended the log: its end, or one before that which
    /// no head within covers. `None` where it goes on.
    pub(super) fn unproven_from(&self, store: &dyn Store, origin: &Origin) -> Result<Option<u64>, WorkflowError> {
        let trust = self.trust();
        let Some(last) = trust.shard_final_size(origin) else { return Ok(None) };
        let first_in = |(mut low, mut high): (u64, u64)| {
            while low < high {
                let index = u64::midpoint(low, high);
                // What proves an entry proves those before it of which the policy asks the same.
                match self.unproven_within(store, &EntryRef { origin: origin.clone(), index })? {
                    Some(_) => high = index,
                    None => low = index + 1,
                }
            }
            Ok::<_, WorkflowError>(low)
        };
        // Of what stood there before the addressee had a node it asks something else.
        let replica_from = trust.text().cosigning.replica_from.get(origin).map_or(0, |from| last.min(*from));
        let early = first_in((0, replica_from))?;
        if early < replica_from { Ok(Some(early)) } else { first_in((replica_from, last)).map(Some) }
    }

    /// The evidence of the certificate at a place of a log.
    pub fn evidence_at(&self, entry: &EntryRef) -> Result<EvidenceFile, WorkflowError> {
        self.evidence_in(self.store().as_ref(), entry)
    }

    /// The evidence of the certificate at a place of a log, from whichever store keeps that log.
    pub(super) fn evidence_in(&self, store: &dyn Store, entry: &EntryRef) -> Result<EvidenceFile, WorkflowError> {
        let record = super::CertificateRecord::read(store, entry)?;
        let jti = record.jti;
        let mut file = evidence(store, entry, record, &self.trust())?;
        // Last, so that a change that comes meanwhile is among them, though the list of before does not know of it.
        file.bundle.changes = self.changes_held(store, entry, &jti)?;
        Ok(file)
    }

    /// The changes of a certificate's status that are held here, each with its proof: those in its own log and, once that
    /// is closed, those in later logs of its issuer. A partner's later log has a store of its own.
    pub(super) fn changes_held(
        &self,
        store: &dyn Store,
        entry: &EntryRef,
        jti: &Jti,
    ) -> Result<Vec<Proven>, WorkflowError> {
        let (trust, mut held) = (self.trust(), Vec::new());
        for change in changes_here(store, entry, jti)? {
            held.push(proven(store, &change, &trust)?);
        }
        for (log, store) in self.later_logs(&entry.origin) {
            for (change, _) in later_changes(store.as_ref(), &log, (&entry.origin, jti))? {
                held.push(proven(store.as_ref(), &change, &trust)?);
            }
        }
        Ok(held)
    }
}

/// The same without the changes of its status.
fn evidence(
    store: &dyn Store,
    entry: &EntryRef,
    record: super::CertificateRecord,
    trust: &TrustList,
) -> Result<EvidenceFile, WorkflowError> {
    let heads = Heads::of(store, entry, trust)?;
    let head = heads.over(entry.index);
    let size = head.size;
    let facts = store.facts(&entry.origin, entry.index)?.ok_or(WorkflowError::CertificateUnknown)?;
    let place = facts.status_index.ok_or(WorkflowError::CertificateUnknown)?;
    let mut bundle = Bundle { token: record.token, proof: Some(proof(store, entry, head)?), ..Bundle::default() };
    let told = Told::of(store, entry, (size, heads.newest.size), trust)?;
    let as_of = told.as_ref().and_then(|told| Timestamp::from_second(told.record.as_of).ok());
    if let Some(Told { snapshot, first, record: status, later }) = told {
        let list = place / LIST_ENTRIES;
        let at = usize::try_from(list).unwrap_or(usize::MAX);
        // A list begun after the snapshot is in none of its tokens yet: the next snapshot brings it.
        if let Some(token) = status.tokens.get(at) {
            let leaf = store.leaf(&snapshot.origin, snapshot.index)?.ok_or(WorkflowError::CertificateUnknown)?;
            let path = StatusPath::new(&status.digests, first.saturating_add(list))
                .map_err(|e| WorkflowError::Record(e.to_string()))?;
            let head = later.as_ref().unwrap_or(&heads).over(snapshot.index);
            bundle.status = Some(token.clone());
            bundle.status_path = Some(path.to_string());
            bundle.status_statement = Some(String::from_utf8_lossy(&leaf).into_owned());
            bundle.status_proof = Some(proof(store, &snapshot, head)?);
        }
    }
    let number = record.certificate.reference.into_option().map(|reference| reference.number.to_string());
    Ok(EvidenceFile { bundle, number, as_of, awaiting_cosignatures: heads.enough.is_none() })
}

/// A change as a store has it, with its proof.
fn proven(store: &dyn Store, change: &EntryRef, trust: &TrustList) -> Result<Proven, WorkflowError> {
    let (leaf, disclosures) = parts(store, change)?;
    let heads = Heads::of(store, change, trust)?;
    let proof = proof(store, change, heads.over(change.index))?;
    Ok(Proven { token: token_of(&leaf, &disclosures), proof })
}

/// The changes of a certificate's status that the store of its log has: by the issuer's own notes, in whichever log of
/// its own they stand, or, in a log of a partner, by what was admitted about it there.
fn changes_here(store: &dyn Store, entry: &EntryRef, jti: &Jti) -> Result<Vec<EntryRef>, WorkflowError> {
    let mut changes = changes_of(store, entry, jti)?;
    for (one, _) in statements_about(store, &Subject::Statement(*jti), Kind::StatusChange)? {
        if one.entry.origin == entry.origin && !changes.contains(&one.entry) {
            changes.push(one.entry);
        }
    }
    Ok(changes)
}

/// The newest word on the status of a certificate's log, by that log or, once it is closed, by a later one.
struct Told {
    snapshot: EntryRef,
    /// The place of the log's first list among those of the snapshot.
    first: u32,
    record: StatusRecord,
    /// The heads of the later log.
    later: Option<Heads>,
}

impl Told {
    /// `size` is that of the head which the evidence rests on, `newest` that of the newest which it may rest on.
    fn of(
        store: &dyn Store,
        entry: &EntryRef,
        (size, newest): (u64, u64),
        trust: &TrustList,
    ) -> Result<Option<Self>, WorkflowError> {
        let origin = &entry.origin;
        if let Some(spoken) = spoken_for(store, origin)? {
            let later = Heads::of_log(store, &spoken.log, trust)?;
            let size = later.enough.as_ref().unwrap_or(&later.newest).size;
            // One under the head that was cosigned, as below.
            let below = spoken_for_below(store, origin, |log| if *log == spoken.log { size } else { 0 })?;
            let SpokenFor { log, first, record } = below.unwrap_or(spoken);
            if record.index >= later.newest.size {
                return Ok(None);
            }
            let snapshot = EntryRef { origin: log, index: record.index };
            return Ok(Some(Self { snapshot, first, record, later: Some(later) }));
        }
        // One under the head that was cosigned, though a newer one be published: what is not cosigned may be unsaid.
        let mut record = status_record_below(store, origin, size)?;
        if record.is_none() {
            record = status_record(store, origin)?;
        }
        // Beyond the end of a log it says nothing: the next log speaks for it as soon as it is open.
        record = record.filter(|record| record.index < newest);
        Ok(record.map(|record| {
            let snapshot = EntryRef { origin: origin.clone(), index: record.index };
            Self { snapshot, first: 0, record, later: None }
        }))
    }
}

/// The heads that evidence may rest on.
struct Heads {
    /// The newest that is cosigned as the policy asks; the newest of all where it asks for nobody.
    enough: Option<Noted>,
    /// The newest of all, with the cosignatures it has.
    newest: Noted,
}

/// The note of a head, with its cosignatures.
#[derive(Clone)]
struct Noted {
    size: u64,
    note: String,
}

impl Heads {
    /// Those of a log whatever is to be proven of it.
    fn of_log(store: &dyn Store, origin: &Origin, trust: &TrustList) -> Result<Self, WorkflowError> {
        Self::of(store, &EntryRef { origin: origin.clone(), index: 0 }, trust)
    }

    fn of(store: &dyn Store, entry: &EntryRef, trust: &TrustList) -> Result<Self, WorkflowError> {
        let PublishedHead { head, note } = store.head(&entry.origin).ok_or(WorkflowError::CertificateUnknown)?;
        // Beyond its end nobody vouches for a log: what was there before is proven under a head of then.
        if let Some(last) = trust.shard_final_size(&entry.origin).filter(|last| *last < head.size)
            && let Some((size, note)) = spared::within(store, &entry.origin, trust, (entry.index, last))?
        {
            let noted = Noted { size, note };
            return Ok(Self { enough: Some(noted.clone()), newest: noted });
        }
        let bare = Noted { size: head.size, note };
        let policy = trust.policy_at(&entry.origin, entry.index).map_err(|e| WorkflowError::Record(e.to_string()))?;
        if *policy.quorum() == Quorum::None {
            // Who cosigned unasked, such as a witness outside the trust list, stands in the file all the same.
            let lines = Cosigned::note_at(store, &entry.origin, bare.size)?;
            let noted = Noted { note: lines.unwrap_or(bare.note), ..bare };
            return Ok(Self { enough: Some(noted.clone()), newest: noted });
        }
        let cosigned = Cosigned::load(store, &entry.origin, trust)?;
        let enough = cosigned.newest(trust, entry.index.saturating_add(1)).map(|(size, note)| Noted { size, note });
        let lines = cosigned.heads().find(|(size, _)| *size == bare.size).map(|(_, signed)| signed.note().to_string());
        let newest = lines.map_or(bare.clone(), |note| Noted { size: bare.size, note });
        Ok(Self { enough, newest })
    }

    /// The head to prove an entry under: a change that is newer than what is cosigned is shown all the same.
    fn over(&self, index: u64) -> &Noted {
        self.enough.as_ref().filter(|head| index < head.size).unwrap_or(&self.newest)
    }
}

/// The inclusion proof of an entry under a published head, with the head's note.
fn proof(store: &dyn Store, entry: &EntryRef, head: &Noted) -> Result<String, WorkflowError> {
    let hashes = store.hashes(&entry.origin);
    let unproven = |origin: &Origin, why: String| WorkflowError::Record(format!("{origin}: no inclusion proof: {why}"));
    let path = inclusion_proof(entry.index, head.size, &hashes).map_err(|e| unproven(&entry.origin, e.to_string()))?;
    Ok(LogProof::new(entry.index, path, head.note.clone()).to_string())
}
