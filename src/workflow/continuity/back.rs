//! What a certificate says, given back in its bundle: after a loss its entry is here again, and its contents may have come
//! back from no partner, such as those of one that was held.
//!
//! The file proves itself: its statement is the very entry of the log here, and what it shows is all that was signed. Its
//! proofs and its status are not read: the log here has both. One that was lost with the disk before any partner had it is in
//! no log; then nothing is taken but its number, which is passed over from then on unless something here has it.

use super::{Accounts, Desk, WorkflowError};
use crate::{
    certificate::{CertificateNumber, OfficeCode},
    office::{Action, Actor, AuditEvent, Caller},
    sequencer::{GivenTwice, LostNumber, is_held, is_with_nobody, number_id, numbers_again, put_with_nobody},
    statement::{Bundle, Completeness, Envelope, Jti, Opened, OpenedBody, Presentation},
    store::{self, Batch, Disclosures, EntryRef, Expected, StoreError, Table},
    time::unix_ms,
};

/// How often it is looked at anew because another came between: a partner may bring the same in the same moment, and an
/// issue may take its number.
const LOOKED_AT: usize = 4;

/// A certificate that was to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateBack {
    /// Where it stands.
    pub entry: EntryRef,
    /// The statement's identifier.
    pub jti: Jti,
    /// Its number.
    pub number: CertificateNumber,
    /// Whether its contents were here, and nothing was changed.
    pub before: bool,
    /// Whether it is held: it is sent when it is released.
    pub held: bool,
    /// Whether its number was given to something else meanwhile: by its number that is found.
    pub number_taken: bool,
}

impl Desk {
    /// Takes back what a certificate says from its bundle, where that is missing here; from then on it is what any other is.
    /// The same again changes nothing. The number of one that no log has any more is kept from being given again. It is
    /// durable on return, and blocks.
    pub fn bring_back(&self, caller: &Caller, bundle: &[u8]) -> Result<CertificateBack, WorkflowError> {
        Accounts::allow(caller, Action::GiveBackContents)?;
        let shown = Presentation::parse(&Bundle::parse(bundle)?.token)?;
        let Envelope { iss, jti, log, .. } = shown.envelope();
        if *iss != self.setup().issuer {
            return Err(WorkflowError::CertificateUnknown);
        }
        let Some(entry) = self.store().find(jti)?.filter(|entry| entry.origin == *log) else {
            return Err(self.pass_over(caller, &shown)?);
        };
        let opened = self.as_signed(&entry, &shown)?;
        let (office, number) = named(&opened)?;
        let event = by(caller, &office)?.on(format!("{} {}", entry.origin, entry.index));
        let before = self.take_back(&entry, &opened, &shown, &event)?;
        let store = self.store().as_ref();
        let (jti, held) = (opened.envelope.jti, is_held(store, &entry)?);
        let number_taken = GivenTwice::read(store, &entry.origin)?.iter().any(|one| one.jti == jti);
        Ok(CertificateBack { entry, jti, number, before, held, number_taken })
    }

    /// Keeps the number of a certificate from being given again that this authority signed and no log here has; says what
    /// became of it. What is here by that number stays what it is.
    fn pass_over(&self, caller: &Caller, shown: &Presentation) -> Result<WorkflowError, WorkflowError> {
        let Envelope { iss, kid, jti, log, .. } = shown.envelope();
        let trust = self.trust();
        let Some(key) = trust.key(iss, kid) else { return Ok(WorkflowError::CertificateUnknown) };
        shown.verify(&key.x)?;
        let (office, number) = named(&shown.open()?)?;
        let event = by(caller, &office)?.on(format!("{log} {jti}"));
        let (store, table, id) = (self.store().as_ref(), Table::Number, number_id(number.as_str()));
        let (taken, known) = (store.number_taken(number.as_str())?, store.record(table, &id)?);
        // An application or a block that has it gives it to a certificate yet.
        let held = known.as_deref().is_some_and(|record| serde_json::from_slice::<LostNumber>(record).is_err());
        if !taken && known.is_none() {
            let lost = LostNumber { lost: *jti, log: log.clone() };
            let batch = Batch {
                at_ms: unix_ms(self.now()),
                expected: vec![Expected { table, id, record: None }],
                state: vec![lost.put(number.as_str()).map_err(WorkflowError::Record)?],
                audit: vec![event.with_detail(format!("lost, {number} is passed over")).to_row()],
                ..Batch::default()
            };
            store.commit(batch)?;
            tracing::warn!(%log, %jti, %number, reason = "ENTRY_LOST", "a certificate that this authority signed is in no log here: its number is passed over");
            // The writer counts its numbers by what is known now.
            self.sequencer().gate().turned();
        }
        let then = match (taken, held) {
            (true, _) => "was given to another certificate since",
            (false, true) => "stays with what has it here (`origin certificate numbers`)",
            (false, false) => "is passed over from now on",
        };
        Ok(WorkflowError::EntryLost { statement: format!("{jti} of {log}"), number: number.to_string(), then })
    }

    /// What is shown of the certificate that stands there: all of what was signed, and nothing else.
    fn as_signed(&self, entry: &EntryRef, shown: &Presentation) -> Result<Opened, WorkflowError> {
        let (store, Envelope { iss, kid, .. }) = (self.store().as_ref(), shown.envelope());
        let facts = store.facts(&entry.origin, entry.index)?;
        if facts.is_none_or(|facts| facts.status_index.is_none()) {
            return Err(WorkflowError::CertificateUnknown);
        }
        let differs = |why: String| WorkflowError::NotAsSigned { entry: entry.clone(), why };
        let leaf = store.leaf(&entry.origin, entry.index)?;
        if leaf.is_none_or(|leaf| leaf != shown.jwt().as_bytes()) {
            return Err(differs("its signed part is another".to_owned()));
        }
        if let Some(key) = self.trust().key(iss, kid) {
            shown.verify(&key.x)?;
        }
        let opened = shown.open()?;
        match &opened.completeness {
            Completeness::Complete => Ok(opened),
            Completeness::Redacted { missing } | Completeness::Incomplete { missing } => {
                let missing = missing.join(", ");
                Err(differs(format!("withheld in it is {missing}; bring a file from which nothing is withheld")))
            }
        }
    }

    /// Makes the contents of an entry durable where they are missing; says whether they were here.
    fn take_back(
        &self,
        entry: &EntryRef,
        opened: &Opened,
        shown: &Presentation,
        event: &AuditEvent,
    ) -> Result<bool, WorkflowError> {
        let (store, EntryRef { origin, index }) = (self.store().as_ref(), entry);
        let disclosures = shown.disclosures().map(str::to_owned).collect::<Vec<_>>();
        let mut looked = 1;
        loop {
            match store.disclosures(origin, *index)? {
                Some(Disclosures::Present(_)) => return Ok(true),
                // Who had it erased meant that it comes back from nowhere.
                Some(Disclosures::Erased) => return Err(WorkflowError::ContentsErased),
                Some(Disclosures::None) => {}
                None => return Err(WorkflowError::CertificateUnknown),
            }
            let at_ms = unix_ms(self.now());
            let mut batch = Batch { at_ms, ..Batch::default() };
            batch.late.push(store.seal(origin, *index, &disclosures)?);
            batch.state.extend(store::index(entry, &opened.body, at_ms));
            numbers_again(store, &self.trust(), origin, &[(*index, opened.body.clone())], &mut batch)?;
            if is_with_nobody(store, origin)? {
                // What is still missing now, who looks for it says.
                batch.state.push(put_with_nobody(origin, false));
            }
            batch.audit.push(event.to_row());
            match store.commit(batch) {
                Ok(_) => break,
                Err(StoreError::BadBatch(_) | StoreError::NumberTaken(_) | StoreError::RecordMoved { .. })
                    if looked < LOOKED_AT =>
                {
                    looked += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        tracing::info!(%origin, index, "what an own certificate says was given back");
        // The writer counts its numbers by what is known now.
        self.sequencer().gate().turned();
        Ok(false)
    }
}

/// The office that issued a certificate, and its number.
fn named(opened: &Opened) -> Result<(OfficeCode, CertificateNumber), WorkflowError> {
    let OpenedBody::Certificate(certificate) = &opened.body else { return Err(WorkflowError::CertificateUnknown) };
    let reference = certificate.reference.as_option().ok_or(WorkflowError::CertificateUnknown)?;
    Ok((reference.office.code.clone(), reference.number.clone()))
}

/// What the audit trail says of who gives back what an office issued; refused to who does not act for it.
fn by(caller: &Caller, office: &OfficeCode) -> Result<AuditEvent, WorkflowError> {
    if !caller.acts_for(office) {
        return Err(WorkflowError::NotYourOffice(office.to_string()));
    }
    let hand = caller.hand(office);
    let mut event = AuditEvent::of(Actor::Caller(caller), Action::GiveBackContents);
    event.in_place_of = hand.in_place_of.map(|(absent, _)| absent.to_string());
    Ok(event)
}
