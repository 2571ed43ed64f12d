//! Certificates as the authority keeps them: found by identifier or number, read, listed.

use super::{WorkflowError, pending};
use crate::{
    certificate::Country,
    log::Origin,
    office::{ApplicationId, Cancellation},
    sequencer,
    statement::{Addressee, Jti, Opened, OpenedBody, OpenedCertificate, Status, open_leaf, status_list::LIST_ENTRIES},
    store::{Disclosures, EntryRef, Store},
};
use bytes::Bytes;

/// How many certificates a page may have.
const PAGE_MAX: usize = 500;
/// How many a page has where none are asked for.
const PAGE_USUAL: usize = 50;

/// Names one certificate of an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateName {
    /// By the statement's identifier.
    Jti(Jti),
    /// By its number.
    Number(String),
    /// By the application it was issued for.
    Application(ApplicationId),
}

impl CertificateName {
    /// As a text, for the digest of a request.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Jti(jti) => format!("jti {jti}"),
            Self::Number(number) => format!("number {number}"),
            Self::Application(id) => format!("application {id}"),
        }
    }
}

/// A certificate as the authority keeps it.
#[derive(Debug, Clone)]
pub struct CertificateRecord {
    /// Where it stands.
    pub entry: EntryRef,
    /// The statement's identifier.
    pub jti: Jti,
    /// The contents; sections are not shown where they were erased.
    pub certificate: OpenedCertificate,
    /// Its status by the changes logged so far.
    pub status: Status,
    /// The SD-JWT with every disclosure that is left.
    pub token: String,
    /// Whether it is issued and not sent: its holder has yet to consent.
    pub held: bool,
    /// A wish to cancel it that does not count yet.
    pub cancellation: Option<Cancellation>,
}

/// Some certificates, and where to go on.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Newest first.
    pub certificates: Vec<CertificateRecord>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

impl CertificateRecord {
    /// Reads the certificate at a place; anything else at that place is no certificate.
    pub fn read(store: &dyn Store, entry: &EntryRef) -> Result<Self, WorkflowError> {
        let facts = store.facts(&entry.origin, entry.index)?.ok_or(WorkflowError::CertificateUnknown)?;
        let place = facts.status_index.ok_or(WorkflowError::CertificateUnknown)?;
        let (leaf, disclosures) = parts(store, entry)?;
        let unreadable =
            |why: String| WorkflowError::Record(format!("entry {} of {}: {why}", entry.index, entry.origin));
        let Opened { body, .. } = open_leaf(&leaf, &disclosures).map_err(|e| unreadable(e.to_string()))?;
        let OpenedBody::Certificate(certificate) = body else { return Err(WorkflowError::CertificateUnknown) };
        let value = store.status(&entry.origin, place / LIST_ENTRIES, place % LIST_ENTRIES)?;
        let status = Status::from_value(value.unwrap_or_default()).map_err(|e| unreadable(e.to_string()))?;
        let token = token_of(&leaf, &disclosures);
        let (held, (cancellation, _)) = (sequencer::is_held(store, entry)?, pending::wish(store, entry)?);
        let (entry, jti) = (entry.clone(), facts.jti);
        Ok(Self { entry, jti, certificate: *certificate, status, token, held, cancellation })
    }

    /// The SD-JWT of the certificate at a place, with every disclosure that is left, as [`Self::read`] gives it.
    /// Nothing of it is opened: to hand back what was just issued, its text alone is needed.
    pub fn token(store: &dyn Store, entry: &EntryRef) -> Result<String, WorkflowError> {
        let (leaf, disclosures) = parts(store, entry)?;
        Ok(token_of(&leaf, &disclosures))
    }
}

/// The leaf of a certificate and the disclosures that are left.
pub(super) fn parts(store: &dyn Store, entry: &EntryRef) -> Result<(Bytes, Vec<String>), WorkflowError> {
    let leaf = store.leaf(&entry.origin, entry.index)?.ok_or(WorkflowError::CertificateUnknown)?;
    let disclosures = match store.disclosures(&entry.origin, entry.index)? {
        Some(Disclosures::Present(disclosures)) => disclosures,
        _ => Vec::new(),
    };
    Ok((leaf, disclosures))
}

/// The SD-JWT of a leaf and its disclosures.
pub(super) fn token_of(leaf: &[u8], disclosures: &[String]) -> String {
    let mut token = String::from_utf8_lossy(leaf).into_owned();
    token.push('~');
    for disclosure in disclosures {
        token.push_str(disclosure);
        token.push('~');
    }
    token
}

/// Where a certificate stands.
pub(super) fn find(store: &dyn Store, name: &CertificateName) -> Result<EntryRef, WorkflowError> {
    let entry = match name {
        CertificateName::Jti(jti) => store.find(jti)?,
        CertificateName::Number(number) => store.find_number(number)?,
        CertificateName::Application(id) => {
            let application = super::applications::application(store, *id)?;
            let certificate = application.stage.certificate().ok_or(WorkflowError::CertificateUnknown)?;
            store.find(&certificate.jti.parse().map_err(|_| WorkflowError::CertificateUnknown)?)?
        }
    };
    entry.ok_or(WorkflowError::CertificateUnknown)
}

/// How many certificates a page has of which so many are asked for.
pub(super) fn page_size(asked: usize) -> usize {
    if asked == 0 { PAGE_USUAL } else { asked.min(PAGE_MAX) }
}

/// A page of certificates: newest log first, newest entry first.
pub(super) fn list(
    store: &dyn Store,
    to: Option<Country>,
    page_size: usize,
    page_token: &str,
) -> Result<Page, WorkflowError> {
    let size = self::page_size(page_size);
    let mut logs = store.logs();
    logs.retain(|origin| origin.addressee() != Addressee::Everyone.label());
    logs.sort();
    logs.reverse();
    let (from_log, mut below) = match page_token.rsplit_once('#') {
        None if page_token.is_empty() => (None, None),
        None => return Err(WorkflowError::PageToken),
        Some((origin, index)) => {
            let origin: Origin = origin.parse().map_err(|_| WorkflowError::PageToken)?;
            (Some(origin), Some(index.parse::<u64>().map_err(|_| WorkflowError::PageToken)?))
        }
    };
    let mut page = Page::default();
    for origin in logs.into_iter().skip_while(|origin| from_log.as_ref().is_some_and(|from| from != origin)) {
        let published = store.head(&origin).map_or(0, |head| head.head.size);
        let mut index = below.take().unwrap_or(published).min(published);
        while let Some(at) = index.checked_sub(1) {
            index = at;
            let is_certificate = store.facts(&origin, at)?.is_some_and(|facts| facts.status_index.is_some());
            if !is_certificate {
                continue;
            }
            if page.certificates.len() == size {
                page.next = Some(format!("{origin}#{}", at + 1));
                return Ok(page);
            }
            let record = CertificateRecord::read(store, &EntryRef { origin: origin.clone(), index: at })?;
            if to.is_none_or(|to| record.certificate.to == to) {
                page.certificates.push(record);
            }
        }
    }
    Ok(page)
}
