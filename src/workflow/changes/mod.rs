//! Changes, for business systems that want every one and poll nothing.
//!
//! Where they come from: a row of the store's feed stands in the same commit as the change of an application; that
//! certificates were published stands in the commit of the head that shows them, one small row whatever their number;
//! that they are cosigned, or receipted by their addressee, is found by a [`Herald`] and written in a commit of its own.
//! For whom a certificate was issued is noted beside its entry, once for a run of them. So issuing waits for nobody who
//! reads, and pays one note a batch.
//!
//! What always holds: a change is told after it is durable, and of a certificate after it is published; in one order,
//! the same for all; each once for a cursor; to those alone who may see what it is about ([`Change::is_for`]). What is
//! older than the feed is kept is refused by name, and never passed over in silence.

mod cursor;
mod herald;
mod reader;
mod told;

pub use cursor::Cursor;
pub use herald::{Herald, HeraldSetup};
pub use reader::{Page, Wish};
pub(super) use told::of_application;

use super::{CertificateRecord, WorkflowError};
use crate::{
    certificate::OfficeCode,
    office::{AccountId, Action, Application, ApplicationId, Caller, Deed, StageName},
    statement::{Act, Issuer, Jti},
    store::{EntryRef, Store},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use tokio::sync::watch;

/// Readers of one account at once.
const READERS_OF_AN_ACCOUNT: usize = 8;
/// Readers of all accounts of an authority at once.
const READERS: usize = 1_024;

/// The changes of one authority. Cheap to clone.
#[derive(Clone)]
pub struct Changes(Arc<Inner>);

struct Inner {
    issuer: Issuer,
    store: Arc<dyn Store>,
    readers: Mutex<HashMap<AccountId, usize>>,
    pages: reader::Pages,
}

/// One change.
#[derive(Debug)]
pub struct Change {
    /// Up to and with it.
    pub cursor: Cursor,
    /// When it was, in Unix milliseconds.
    pub at_ms: u64,
    /// What it is.
    pub what: What,
    audience: Audience,
}

/// What a change is.
#[derive(Debug)]
pub enum What {
    /// Something was done to an application.
    Application {
        /// Which.
        id: ApplicationId,
        /// What was done.
        deed: Deed,
        /// Where it stood then.
        stage: StageName,
    },
    /// Something became of a certificate.
    Certificate {
        /// Where it stands.
        entry: EntryRef,
        /// Its identifier.
        jti: Jti,
        /// What became of it.
        event: CertificateEvent,
        /// Its number, once it was asked for.
        number: OnceLock<Option<String>>,
    },
}

/// What became of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateEvent {
    /// It was issued: signed, logged, published.
    Issued,
    /// It is cosigned as the policy asks.
    Released,
    /// Its status changed.
    Changed {
        /// How.
        act: Act,
        /// Of these items; none is the whole.
        items: Option<Vec<u32>>,
        /// The statement that says so.
        by: Jti,
    },
    /// Its addressee has it with its disclosures.
    Receipted,
}

/// Whom a change may be told.
#[derive(Debug, Clone, Default)]
struct Audience {
    application: Option<Arc<Application>>,
    office: Option<OfficeCode>,
    /// The account that had a certificate issued.
    by: Option<String>,
}

/// A reader's place among those of its account; it is free again when this is dropped.
pub struct Reading(Arc<Inner>, AccountId);

impl Changes {
    /// Those that the store of this authority tells of.
    #[must_use]
    pub fn new(issuer: Issuer, store: Arc<dyn Store>) -> Self {
        Self(Arc::new(Inner { issuer, store, readers: Mutex::default(), pages: reader::Pages::default() }))
    }

    /// Wakes whenever there may be more to read.
    #[must_use]
    pub fn more(&self) -> watch::Receiver<u64> {
        self.0.store.fed()
    }

    /// A reader's place, if the account may read anything of them and has not too many readers.
    pub fn reading(&self, caller: &Caller) -> Result<Reading, WorkflowError> {
        if ![Action::ReadOwn, Action::ReadQueue, Action::ReadCertificate].into_iter().any(|one| caller.may(one)) {
            super::Accounts::allow(caller, Action::ReadCertificate)?;
        }
        let mut readers = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = readers.values().sum();
        let own = readers.entry(caller.id().clone()).or_default();
        if *own >= READERS_OF_AN_ACCOUNT || all >= READERS {
            return Err(WorkflowError::TooManyReaders);
        }
        *own += 1;
        Ok(Reading(Arc::clone(&self.0), caller.id().clone()))
    }

    /// The number of the certificate that a change is about, where its contents are not erased. It reads from the disk.
    #[must_use]
    pub fn number_of(&self, change: &Change) -> Option<String> {
        let What::Certificate { entry, number, .. } = &change.what else { return None };
        let read = || {
            let record = CertificateRecord::read(self.0.store.as_ref(), entry).ok()?;
            record.certificate.reference.into_option().map(|reference| reference.number.to_string())
        };
        number.get_or_init(read).clone()
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut readers = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = readers.get_mut(&self.1) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                readers.remove(&self.1);
            }
        }
    }
}

impl Change {
    /// Whether it is the caller's to hear of: what its exporter filed and what was issued for that, by a role that reads
    /// its own; what was submitted at its offices, by one that reads the queue; certificates that it had issued, or of
    /// its offices, by one that reads certificates. A draft is nobody's but who drafts it.
    #[must_use]
    pub fn is_for(&self, caller: &Caller, own_alone: bool) -> bool {
        let Audience { application, office, by } = &self.audience;
        let exporter = caller.account().exporter.as_ref();
        let filed = |one: &Arc<Application>| one.is_of(caller.id(), exporter);
        if caller.may(Action::ReadOwn) && application.as_ref().is_some_and(filed) {
            return true;
        }
        let here = || !own_alone && office.as_ref().is_some_and(|office| caller.acts_for(office));
        match &self.what {
            What::Application { stage, .. } => {
                let submitted = application.as_ref().is_some_and(|one| one.stage.submission().is_some());
                *stage != StageName::Draft && submitted && caller.may(Action::ReadQueue) && here()
            }
            What::Certificate { .. } => {
                let issued = by.as_deref() == Some(caller.id().as_str());
                caller.may(Action::ReadCertificate) && (issued || here())
            }
        }
    }

    /// The application that it is about, or that the certificate was issued for.
    #[must_use]
    pub fn application(&self) -> Option<ApplicationId> {
        self.audience.application.as_ref().map(|application| application.id)
    }

    /// The office that it is about.
    #[must_use]
    pub const fn office(&self) -> Option<&OfficeCode> {
        self.audience.office.as_ref()
    }
}

#[cfg(test)]
mod tests;
