//! Changes, for business systems that want every one and poll nothing.
//!
//! Where they come from: a row of the store's feed stands in the same commit as the change of an application; that
//! certificates were published stands in the commit of the head that shows them, one small row whatever their number;
//! that they are cosigned, or receipted by their addressee, and what partners said in logs of their own, is found by a
//! [`Herald`] and written in a commit of its own; that an enquiry came to a day of its clock stands in the commit that
//! keeps that it was told ([`super::Desk::remind`]). For whom a certificate was issued is noted beside its entry, once for
//! a run of them. So issuing waits for nobody who reads, and pays one note a batch.
//!
//! What always holds: a change is told after it is durable, and of a certificate after it is published; in one order,
//! the same for all; each once for a cursor; to those alone who may see what it is about ([`Change::is_for`]). What is
//! older than the feed is kept is refused by name, and never passed over in silence.

mod cursor;
mod herald;
mod listening;
mod meaning;
mod reader;
mod told;
mod what;

pub use cursor::Cursor;
pub(super) use herald::is_receipted;
pub use herald::{Herald, HeraldSetup};
pub(super) use listening::listened_to;
pub use reader::{Kinds, Page, Wish};
pub(super) use told::{Told, of_application, of_deed};
pub use what::{ArrivalEvent, CertificateEvent, EnquiryEvent, Said, What};

use super::{
    PartnerLogs, WorkflowError,
    customs::{file_in, sent_at, statement_at},
};
use crate::{
    certificate::OfficeCode,
    office::{AccountId, Action, Application, ApplicationId, Caller, StageName},
    statement::Issuer,
    store::Store,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
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
    partners: Arc<dyn PartnerLogs>,
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
    /// Those that the store of this authority tells of; what partners said is read in their logs.
    #[must_use]
    pub fn new(issuer: Issuer, store: Arc<dyn Store>, partners: Arc<dyn PartnerLogs>) -> Self {
        Self(Arc::new(Inner { issuer, store, partners, readers: Mutex::default(), pages: reader::Pages::default() }))
    }

    /// Wakes whenever there may be more to read.
    #[must_use]
    pub fn more(&self) -> watch::Receiver<u64> {
        self.0.store.fed()
    }

    /// A reader's place, if the account may read anything of them and has not too many readers.
    pub fn reading(&self, caller: &Caller) -> Result<Reading, WorkflowError> {
        let heard =
            [Action::ReadOwn, Action::ReadQueue, Action::ReadCertificate, Action::ReadArrivals, Action::ReadEnquiries];
        if !heard.into_iter().any(|one| caller.may(one)) {
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
        match &change.what {
            What::Certificate { entry, number, .. } => {
                let read = || what::number_of(statement_at(self.0.store.as_ref(), entry).ok()??.opened.body);
                number.get_or_init(read).clone()
            }
            What::Arrival { entry, jti, number, .. } => {
                let read = || {
                    // Who erased it here reads it no more, though another authority of this node may keep what it says.
                    if file_in(self.0.store.as_ref(), &entry.origin, jti).ok()?.0.erased {
                        return None;
                    }
                    let (_, held) = self.0.partners.logs().into_iter().find(|(log, _)| *log == entry.origin)?;
                    what::number_of(sent_at(held.as_ref(), entry).ok()??.opened.body)
                };
                number.get_or_init(read).clone()
            }
            What::Application { .. } | What::Enquiry { .. } => None,
        }
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
    /// its offices, by one that reads certificates; arrivals and enquiries, which are of the whole authority and nobody's
    /// own, by one that reads those. A draft is nobody's but who drafts it.
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
            What::Arrival { .. } => !own_alone && caller.may(Action::ReadArrivals),
            What::Enquiry { .. } => !own_alone && caller.may(Action::ReadEnquiries),
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
