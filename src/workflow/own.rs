//! Who reads which certificates: an officer those of the authority, an exporter and its agent those that were issued
//! for what they applied for.
//!
//! What is not theirs to know is answered as what there is not: neither a number nor an identifier can be tried out.

use super::{
    Accounts, CertificateName, CertificateRecord, CertificatesAsked, Desk, Page, Stands, WorkflowError, applications,
    drawing, exporters, pending, record,
};
use crate::{
    certificate::Relation,
    encoding::hex,
    office::{Action, Application, Caller, Cancellation, Filing},
    sequencer::{IssuedFor, changes_of},
    statement::{Act, Jti, OpenedBody, Status, open_leaf},
    store::{EntryRef, Store},
};
use std::collections::{BTreeMap, BTreeSet};

/// Certificates that followed one application's, each in the place of one before or drawn from it: nobody has as many.
const SUCCESSORS_MAX: usize = 256;
/// How often one for several is followed to what it was made of: each time it was made of others again.
const BACK_MAX: usize = 8;
/// Applications looked at before a page is given with what was found: a filter must not read for ever.
const LOOKED_AT: usize = 5_000;
/// Wishes looked at at once.
const A_ROUND: usize = 500;

/// Where a page of an account's own certificates goes on: behind an application, and the certificates of the next one
/// that were given before.
#[derive(Default)]
struct Place {
    after: Vec<u8>,
    given: usize,
}

impl Place {
    fn read(token: &str) -> Result<Self, WorkflowError> {
        if token.is_empty() {
            return Ok(Self::default());
        }
        let (after, given) = token.split_once('.').ok_or(WorkflowError::PageToken)?;
        let after = hex::decode(after).filter(|bytes| matches!(bytes.len(), 0 | 16)).ok_or(WorkflowError::PageToken)?;
        let given = given.parse().map_err(|_| WorkflowError::PageToken)?;
        Ok(Self { after, given })
    }

    fn token(&self) -> String {
        format!("{}.{}", hex::encode(&self.after), self.given)
    }
}

impl Desk {
    /// Where a certificate stands that the caller may read. It reads from the disk.
    pub(super) fn readable(&self, caller: &Caller, name: &CertificateName) -> Result<EntryRef, WorkflowError> {
        let store = self.store().as_ref();
        if Self::reads_all(caller)? {
            return record::find(store, name);
        }
        if let CertificateName::Application(id) = name {
            // Whether there is another's application of that id is told to nobody either.
            if !self.reads(caller, &applications::application(store, *id)?)? {
                return Err(WorkflowError::ApplicationUnknown(id.to_string()));
            }
            return record::find(store, name);
        }
        let entry = record::find(store, name)?;
        if self.is_own(caller, &entry)? { Ok(entry) } else { Err(WorkflowError::CertificateUnknown) }
    }

    /// Whether the caller reads any certificate, or its own alone. Who may neither is refused as one who may not read
    /// any.
    fn reads_all(caller: &Caller) -> Result<bool, WorkflowError> {
        if !caller.may(Action::ReadCertificate) && caller.may(Action::ReadOwn) {
            return Ok(false);
        }
        Accounts::allow(caller, Action::ReadCertificate).map(|()| true)
    }

    /// Whether a certificate was issued for an application that is the caller's, or took the place of one that was; of
    /// several, if all of them are.
    fn is_own(&self, caller: &Caller, entry: &EntryRef) -> Result<bool, WorkflowError> {
        let asked_for = self.asked_for(entry)?;
        for application in &asked_for {
            if !self.reads(caller, application)? {
                return Ok(false);
            }
        }
        Ok(!asked_for.is_empty())
    }

    /// The applications that a certificate was issued for: its own, that of the one whose place it took, or those of all
    /// that it was made of. None where one of them was issued without, or is not known any more.
    pub(super) fn asked_for(&self, entry: &EntryRef) -> Result<Vec<Application>, WorkflowError> {
        let (store, mut found) = (self.store().as_ref(), Vec::new());
        let (mut left, mut seen) = (vec![(entry.clone(), 0)], BTreeSet::new());
        while let Some((entry, back)) = left.pop() {
            // Many may be made of the same.
            if !seen.insert((entry.origin.clone(), entry.index)) {
                continue;
            }
            if let Some(id) = IssuedFor::of(store, &entry)?.and_then(|noted| noted.application) {
                match applications::application(store, id) {
                    Ok(application) => found.push(application),
                    Err(WorkflowError::ApplicationUnknown(_)) => return Ok(Vec::new()),
                    Err(error) => return Err(error),
                }
                continue;
            }
            let made_of = made_of(store, &entry)?;
            if made_of.is_empty() || back == BACK_MAX {
                return Ok(Vec::new());
            }
            left.extend(made_of.into_iter().rev().map(|one| (one, back + 1)));
        }
        Ok(found)
    }

    /// Whether what was issued for an application is the caller's to read: of its own exporter, or of one that it filed
    /// for and whose mandate it holds today.
    fn reads(&self, caller: &Caller, application: &Application) -> Result<bool, WorkflowError> {
        let exporter = caller.account().exporter.as_ref();
        if exporter == Some(&application.exporter) {
            return Ok(true);
        }
        if !application.is_of(caller.id(), exporter) {
            return Ok(false);
        }
        let office = application.asked_of();
        let Some(day) = self.today_at(office) else { return Ok(false) };
        let filing = Filing { agreement: &application.subject.agreement, office, day, value: None };
        let mandates = exporters::mandates_of(self.store().as_ref(), &application.exporter)?;
        Ok(mandates.iter().any(|one| one.agent == *caller.id() && one.covers(&filing).is_ok()))
    }

    /// Certificates that the caller may read: those of the authority, newest first by the hour and in each log, or of
    /// them those that are to be issued anew; or its own, by their applications, newest first, each with what took its
    /// place. It reads from the disk.
    pub fn list(&self, caller: &Caller, asked: CertificatesAsked<'_>) -> Result<Page, WorkflowError> {
        let (store, CertificatesAsked { to, void, page_size, page_token }) = (self.store().as_ref(), asked);
        if void {
            Accounts::allow(caller, Action::ReadCertificate)?;
            return self.to_issue_anew(asked);
        }
        if Self::reads_all(caller)? {
            return record::list(store, asked, |_| 0, |_| Ok(true));
        }
        let size = record::page_size(page_size);
        let mut place = Place::read(page_token)?;
        let mut page = Page::default();
        let mut looked_at = 0;
        loop {
            let (rows, full) = applications::listed_for(store, caller, &place.after, size)?;
            for (next, id) in rows {
                looked_at += 1;
                let application = applications::application(store, id)?;
                for entry in self.issued_for(caller, &application)?.into_iter().skip(place.given) {
                    if page.certificates.len() == size {
                        page.next = Some(place.token());
                        return Ok(page);
                    }
                    place.given += 1;
                    let record = CertificateRecord::read(store, &entry)?;
                    if to.is_none_or(|to| record.certificate.to == to) {
                        page.certificates.push(record);
                    }
                }
                place = Place { after: next, given: 0 };
                if looked_at >= LOOKED_AT {
                    page.next = Some(place.token());
                    return Ok(page);
                }
            }
            if !full {
                return Ok(page);
            }
        }
    }

    /// Those that nobody can rely on any more because the trust list ended their log.
    fn to_issue_anew(&self, asked: CertificatesAsked<'_>) -> Result<Page, WorkflowError> {
        let (store, mut first) = (self.store().as_ref(), BTreeMap::new());
        for origin in store.logs() {
            if let Some(from) = self.unproven_from(store, &origin)? {
                first.insert(origin, from);
            }
        }
        let meant = |record: &CertificateRecord| {
            Ok(match self.stands(record)? {
                Stands::Void(_) | Stands::Unproven(_) => true,
                Stands::As(_) | Stands::KeyClosed(_) | Stands::Unknown(_) => false,
            })
        };
        record::list(store, asked, |origin| first.get(origin).copied().unwrap_or(u64::MAX), meant)
    }

    /// The certificate of an application that the caller may read, and behind it what took its place and what was drawn
    /// from it. One for several stands with the first of them alone.
    fn issued_for(&self, caller: &Caller, application: &Application) -> Result<Vec<EntryRef>, WorkflowError> {
        let store = self.store().as_ref();
        let mut entries = Vec::new();
        if application.stage.certificate().is_none() || !self.reads(caller, application)? {
            return Ok(entries);
        }
        match record::find(store, &CertificateName::Application(application.id)) {
            Ok(entry) => entries.push(entry),
            // It is under way.
            Err(WorkflowError::CertificateUnknown) => {}
            Err(error) => return Err(error),
        }
        let mut at = 0;
        while let Some(entry) = entries.get(at).cloned() {
            at += 1;
            for next in followers(store, &entry)? {
                if entries.contains(&next) || entries.len() == SUCCESSORS_MAX {
                    continue;
                }
                // What took the place of several may be for another.
                let first = self.asked_for(&next)?.into_iter().next().map(|one| one.id);
                if first == Some(application.id) && self.is_own(caller, &next)? {
                    entries.push(next);
                }
            }
        }
        Ok(entries)
    }

    /// Wishes to cancel that wait and that the caller may read, with what asks for those after them. It reads from the
    /// disk.
    pub fn cancellations(
        &self,
        caller: &Caller,
        after: &str,
        size: usize,
    ) -> Result<(Vec<Cancellation>, Option<String>), WorkflowError> {
        let all = Self::reads_all(caller)?;
        let mut after = hex::decode(after).ok_or(WorkflowError::PageToken)?;
        if !after.is_empty() && !after.starts_with(pending::WISHES) {
            return Err(WorkflowError::PageToken);
        }
        let mut found = Vec::new();
        loop {
            let rows = pending::wishes(self.store().as_ref(), &after, if all { size } else { A_ROUND })?;
            let full = !rows.is_empty() && rows.len() == if all { size } else { A_ROUND };
            for (id, wish) in rows {
                after.clone_from(&id);
                // A token names a place of this table: it is given of what the caller may read, or it would tell of
                // others.
                if all || self.is_own(caller, &pending::entry_of(&wish)?)? {
                    found.push(wish);
                    if found.len() == size {
                        return Ok((found, Some(hex::encode(&id))));
                    }
                }
            }
            if !full {
                return Ok((found, None));
            }
        }
    }
}

/// What took the place of a certificate, if something did, and what was drawn from it, in the order of their issue.
fn followers(store: &dyn Store, entry: &EntryRef) -> Result<Vec<EntryRef>, WorkflowError> {
    let record = CertificateRecord::read(store, entry)?;
    let mut followers = Vec::new();
    for part in drawing::parts_of(store, &entry.origin, &record.jti)? {
        followers.extend(store.find(&part)?);
    }
    followers.sort_by(|one, other| (&one.origin, one.index).cmp(&(&other.origin, other.index)));
    if let Some(jti) = successor(store, &record)? {
        followers.extend(store.find(&jti)?);
    }
    Ok(followers)
}

/// What took the place of a certificate of this authority, if something did. It reads from the disk.
pub(super) fn successor(store: &dyn Store, record: &CertificateRecord) -> Result<Option<Jti>, WorkflowError> {
    if record.status != Status::Superseded {
        return Ok(None);
    }
    let none: &[&str] = &[];
    for change in changes_of(store, &record.entry, &record.jti)?.into_iter().rev() {
        let leaf = store.leaf(&change.origin, change.index)?.ok_or(WorkflowError::CertificateUnknown)?;
        let opened = open_leaf(&leaf, none).map_err(|e| WorkflowError::Record(e.to_string()))?;
        if let OpenedBody::StatusChange(opened) = opened.body
            && let Act::Superseded { successor } = opened.change.act
        {
            return Ok(Some(successor.jti));
        }
    }
    Ok(None)
}

/// The certificates of this authority that one was drawn from, as it says; none of one whose contents are erased.
fn made_of(store: &dyn Store, entry: &EntryRef) -> Result<Vec<EntryRef>, WorkflowError> {
    let record = CertificateRecord::read(store, entry)?;
    let mut found = Vec::new();
    for prior in record.certificate.reference.as_option().into_iter().flat_map(|reference| &reference.prior) {
        if prior.relation == Relation::Replaces && !prior.drawn.is_empty() {
            let Some(one) = store.find_number(prior.number.as_str())? else { return Ok(Vec::new()) };
            found.push(one);
        }
    }
    Ok(found)
}
