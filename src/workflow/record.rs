//! Certificates as the authority keeps them: found by identifier or number, read, listed.

use super::{WorkflowError, pending};
use crate::{
    certificate::Country,
    log::Origin,
    office::{ApplicationId, Cancellation},
    sequencer,
    statement::{Addressee, Jti, Opened, OpenedBody, OpenedCertificate, Status, open_leaf, status_list::LIST_ENTRIES},
    store::{Disclosures, EntryRef, Store, StoreError},
};
use bytes::Bytes;
use std::{collections::BTreeMap, ops::Range};

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

/// Why nothing is made of a certificate whose contents are not shown: they were erased, or lost.
pub(super) fn without_contents(store: &dyn Store, entry: &EntryRef) -> WorkflowError {
    match store.disclosures(&entry.origin, entry.index) {
        Ok(Some(Disclosures::None)) => WorkflowError::ContentsMissing,
        Ok(_) => WorkflowError::ContentsErased,
        Err(error) => error.into(),
    }
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

/// Which certificates are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct CertificatesAsked<'a> {
    /// Those to this country alone.
    pub to: Option<Country>,
    /// Those of the authority alone that are to be issued anew, for the trust list ended their log: it made them void, or
    /// they cannot be proven any more.
    pub void: bool,
    /// Certificates of one page; 0 for as many as is usual.
    pub page_size: usize,
    /// What the page before gave; empty for the first.
    pub page_token: &'a str,
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

/// What of a statement stands in its log: its token without what is disclosed.
pub(super) fn leaf_of(token: &str) -> &str {
    token.split('~').next().unwrap_or_default()
}

/// Where a certificate stands.
pub(super) fn find(store: &dyn Store, name: &CertificateName) -> Result<EntryRef, WorkflowError> {
    let entry = match name {
        CertificateName::Jti(jti) => store.find(jti)?,
        CertificateName::Number(number) => numbered(store, number)?,
        CertificateName::Application(id) => {
            let application = super::applications::application(store, *id)?;
            let certificate = application.stage.certificate().ok_or(WorkflowError::CertificateUnknown)?;
            store.find(&certificate.jti.parse().map_err(|_| WorkflowError::CertificateUnknown)?)?
        }
    };
    entry.ok_or(WorkflowError::CertificateUnknown)
}

/// Where the certificate of a number stands in the store of who gave it: of that very spelling, or else of another that is
/// read as it.
pub(super) fn numbered(store: &dyn Store, number: &str) -> Result<Option<EntryRef>, StoreError> {
    if let Some(entry) = store.find_number(number)? {
        return Ok(Some(entry));
    }
    match store.number_like(number)? {
        Some(other) => store.find_number(&other),
        None => Ok(None),
    }
}

/// How many certificates a page has of which so many are asked for.
pub(super) fn page_size(asked: usize) -> usize {
    if asked == 0 { PAGE_USUAL } else { asked.min(PAGE_MAX) }
}

/// A page of certificates, each log's from an index on, newest first whichever log they stand in: by their identifiers, which
/// rise in each log and tell the hour. Nothing closer is kept of when one was issued. A page goes on behind the last one
/// that was looked at. Those alone are on it that are meant.
pub(super) fn list(
    store: &dyn Store,
    CertificatesAsked { to, page_size, page_token, .. }: CertificatesAsked<'_>,
    first: impl Fn(&Origin) -> u64,
    meant: impl Fn(&CertificateRecord) -> Result<bool, WorkflowError>,
) -> Result<Page, WorkflowError> {
    let size = self::page_size(page_size);
    let before = (!page_token.is_empty()).then(|| page_token.parse::<Jti>()).transpose();
    let before = before.map_err(|_| WorkflowError::PageToken)?;
    let mut logs = store.logs();
    logs.retain(|origin| origin.addressee() != Addressee::Everyone.label());
    // Of each log the newest that was not looked at.
    let mut newest = BTreeMap::new();
    for origin in logs {
        let below = older(store, &origin, before.as_ref())?;
        newest.extend(newest_of(store, first(&origin)..below, origin)?);
    }
    let (mut page, mut looked_at) = (Page::default(), None);
    while let Some((jti, entry)) = newest.pop_last() {
        if page.certificates.len() == size {
            page.next = looked_at.map(|jti: Jti| jti.to_string());
            return Ok(page);
        }
        let record = CertificateRecord::read(store, &entry)?;
        if to.is_none_or(|to| record.certificate.to == to) && meant(&record)? {
            page.certificates.push(record);
        }
        looked_at = Some(jti);
        newest.extend(newest_of(store, first(&entry.origin)..entry.index, entry.origin)?);
    }
    Ok(page)
}

/// How many published entries of a log are older than a statement; all, where none is named.
fn older(store: &dyn Store, origin: &Origin, than: Option<&Jti>) -> Result<u64, WorkflowError> {
    let published = store.head(origin).map_or(0, |head| head.head.size);
    let Some(than) = than else { return Ok(published) };
    let (mut low, mut high) = (0, published);
    while low < high {
        let middle = u64::midpoint(low, high);
        match store.facts(origin, middle)? {
            Some(facts) if facts.jti < *than => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The newest certificate of a log among these entries.
fn newest_of(store: &dyn Store, among: Range<u64>, origin: Origin) -> Result<Option<(Jti, EntryRef)>, WorkflowError> {
    for index in among.rev() {
        if let Some(facts) = store.facts(&origin, index)?.filter(|facts| facts.status_index.is_some()) {
            return Ok(Some((facts.jti, EntryRef { origin, index })));
        }
    }
    Ok(None)
}
