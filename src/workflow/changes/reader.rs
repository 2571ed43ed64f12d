//! Reads the feed: rows become changes, a bounded portion at a time.

use super::super::{CertificateRecord, WorkflowError, applications};
use super::{Audience, CertificateEvent, Change, Changes, Cursor, Inner, What, told::Told};
use crate::{
    log::Origin,
    office::{Application, ApplicationId, Caller},
    sequencer::IssuedFor,
    statement::{OpenedBody, open_leaf},
    store::{EntryRef, FeedEvent, FeedRow, Store},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// Entries looked at, and rows read, for one page: what a reader may have in memory, and how long it may hold a thread.
const AT_ONCE: u64 = 256;
/// Pages that are kept for the next reader: those who keep up read the same.
const PAGES_KEPT: usize = 8;

/// Some changes, whoever may hear of them, and where to go on.
#[derive(Debug, Clone)]
pub struct Page {
    /// In their order.
    pub changes: Vec<Arc<Change>>,
    /// Behind them.
    pub next: Cursor,
    /// Whether there is nothing more for now.
    pub end: bool,
}

/// What a reader wishes to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Changes of applications.
    pub applications: bool,
    /// What became of certificates.
    pub certificates: bool,
    /// Only what the account filed or had issued itself, not all of its offices.
    pub own_alone: bool,
}

/// Pages that were read a moment ago.
#[derive(Debug, Default)]
pub(super) struct Pages(Mutex<VecDeque<Known>>);

/// A page, what it follows, and where the feed ended when it was read.
#[derive(Debug)]
struct Known {
    after: Cursor,
    page: Page,
    feed_next: u64,
}

impl Wish {
    /// Everything that the account may hear of.
    pub const ALL: Self = Self { applications: true, certificates: true, own_alone: false };

    fn wants(self, change: &Change, caller: &Caller) -> bool {
        let kind = match change.what {
            What::Application { .. } => self.applications,
            What::Certificate { .. } => self.certificates,
        };
        kind && change.is_for(caller, self.own_alone)
    }
}

impl Changes {
    /// Behind everything there is now.
    pub fn now(&self) -> Result<Cursor, WorkflowError> {
        let (issuer, store) = (&self.0.issuer, self.0.store.as_ref());
        let newest = store.feed_next()?.saturating_sub(1);
        let row = store.feed(newest, 1)?.into_iter().next();
        Ok(row.map_or_else(|| Cursor::behind(issuer, 0, 0), |row| Cursor::behind(issuer, row.number, row.at_ms)))
    }

    /// Before everything that is kept.
    pub fn oldest(&self) -> Result<Cursor, WorkflowError> {
        let first = self.0.store.feed(0, 1)?.first().map_or(1, |row| row.number);
        Ok(Cursor::behind(&self.0.issuer, first.saturating_sub(1), 0))
    }

    /// A cursor that was given before, if what stands behind it is still kept.
    pub fn resume(&self, text: &str) -> Result<Cursor, WorkflowError> {
        let cursor = Cursor::read(text, &self.0.issuer)?;
        self.0.check(&cursor)?;
        Ok(cursor)
    }

    /// The next changes that the caller may hear of and wishes to. It reads from the disk.
    pub fn page(&self, caller: &Caller, wish: Wish, after: &Cursor) -> Result<Page, WorkflowError> {
        let feed_next = self.0.store.feed_next()?;
        let mut page = match self.0.pages.get(after, feed_next) {
            Some(page) => page,
            None => {
                let (page, whole) = self.0.read(after)?;
                if whole {
                    self.0.pages.put(Known { after: *after, page: page.clone(), feed_next });
                }
                page
            }
        };
        page.changes.retain(|change| wish.wants(change, caller));
        Ok(page)
    }
}

impl Pages {
    /// A page that did not end the feed is the same for ever; one that did, as long as there is no more.
    fn get(&self, after: &Cursor, feed_next: u64) -> Option<Page> {
        let pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |one: &&Known| one.after == *after && (!one.page.end || one.feed_next == feed_next);
        pages.iter().rev().find(same).map(|one| one.page.clone())
    }

    fn put(&self, known: Known) {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= PAGES_KEPT {
            pages.pop_front();
        }
        pages.push_back(known);
    }
}

impl Inner {
    /// Nothing behind the cursor is gone, and it is of this feed.
    fn check(&self, cursor: &Cursor) -> Result<(), WorkflowError> {
        let store = self.store.as_ref();
        if cursor.number >= store.feed_next()? {
            return Err(WorkflowError::CursorUnknown);
        }
        let Some(row) = store.feed(cursor.number, 1)?.into_iter().next() else { return Ok(()) };
        if row.number == cursor.number {
            return if row.at_ms == cursor.at_ms { Ok(()) } else { Err(WorkflowError::CursorUnknown) };
        }
        let (next, _) = cursor.next();
        if cursor.is_behind() && next == row.number { Ok(()) } else { Err(WorkflowError::CursorExpired) }
    }

    /// The page behind a cursor, and whether it has all that the feed tells there.
    fn read(&self, after: &Cursor) -> Result<(Page, bool), WorkflowError> {
        self.check(after)?;
        let (first, mut from) = after.next();
        let limit = usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        let rows = self.store.feed(first, limit)?;
        let mut portion = Portion {
            store: self.store.as_ref(),
            page: Page { changes: Vec::new(), next: *after, end: rows.len() < limit },
            left: AT_ONCE,
            applications: HashMap::new(),
        };
        let mut whole = true;
        for row in &rows {
            match portion.take(row, std::mem::take(&mut from))? {
                Taken::Whole => {}
                Taken::Part => {
                    portion.page.end = false;
                    break;
                }
                Taken::NotYet => {
                    portion.page.end = true;
                    whole = false;
                    break;
                }
            }
        }
        Ok((portion.page, whole))
    }
}

/// What became of a row.
enum Taken {
    Whole,
    /// There was no room for the rest of it.
    Part,
    /// The head that shows what it tells of is not shown yet.
    NotYet,
}

/// A page in the making.
struct Portion<'a> {
    store: &'a dyn Store,
    page: Page,
    left: u64,
    applications: HashMap<ApplicationId, Option<Arc<Application>>>,
}

/// The places that a row tells of.
struct Places<'a> {
    origin: &'a Origin,
    late: &'a [u64],
    from: u64,
    to: u64,
    except: &'a [u64],
}

impl Portion<'_> {
    /// Takes what a row tells from a place on.
    fn take(&mut self, row: &FeedRow, start: u64) -> Result<Taken, WorkflowError> {
        let told = match &row.event {
            FeedEvent::Published { origin, from, to } => {
                if self.store.head(origin).is_none_or(|head| head.head.size < *to) {
                    return Ok(Taken::NotYet);
                }
                let places = Places { origin, late: &[], from: *from, to: *to, except: &[] };
                return self.places(row, start, &places, |portion, entry| portion.published(entry));
            }
            FeedEvent::Told(told) => Told::read(told),
        };
        match &told {
            Some(Told::Application { id, deed, stage }) => {
                if self.left == 0 {
                    return Ok(Taken::Part);
                }
                self.left = self.left.saturating_sub(1);
                self.page.next = self.page.next.within(row, None);
                if let Some(application) = self.application(*id)? {
                    let office = Some(application.subject.office.clone());
                    let audience = Audience { application: Some(application), office, by: None };
                    self.push(row, What::Application { id: *id, deed: *deed, stage: *stage }, audience);
                }
                Ok(Taken::Whole)
            }
            Some(Told::Released { log, from, to }) => {
                let places = Places { origin: log, late: &[], from: *from, to: *to, except: &[] };
                self.places(row, start, &places, |portion, entry| {
                    portion.certificate(entry, CertificateEvent::Released)
                })
            }
            Some(Told::Receipted { log, late, from, to, except }) => {
                let places = Places { origin: log, late, from: *from, to: *to, except };
                self.places(row, start, &places, |portion, entry| {
                    portion.certificate(entry, CertificateEvent::Receipted)
                })
            }
            None => {
                self.page.next = self.page.next.within(row, None);
                Ok(Taken::Whole)
            }
        }
    }

    /// Takes each place of a row from a start on, as far as there is room.
    fn places(
        &mut self,
        row: &FeedRow,
        start: u64,
        places: &Places<'_>,
        what: impl Fn(&Self, &EntryRef) -> Result<Option<(What, Audience)>, WorkflowError>,
    ) -> Result<Taken, WorkflowError> {
        let late = places.late.iter().copied().filter(|index| *index >= start);
        for index in late.chain(places.from.max(start)..places.to) {
            if self.left == 0 {
                self.page.next = self.page.next.within(row, Some(index));
                return Ok(Taken::Part);
            }
            self.left = self.left.saturating_sub(1);
            self.page.next = self.page.next.within(row, Some(index.saturating_add(1)));
            if places.except.binary_search(&index).is_ok() {
                continue;
            }
            if let Some((what, audience)) = what(self, &EntryRef { origin: places.origin.clone(), index })? {
                self.push(row, what, audience);
            }
        }
        self.page.next = self.page.next.within(row, None);
        Ok(Taken::Whole)
    }

    fn push(&mut self, row: &FeedRow, what: What, audience: Audience) {
        self.page.changes.push(Arc::new(Change { cursor: self.page.next, at_ms: row.at_ms, what, audience }));
    }

    /// A published entry: a certificate, a change of one's status, or nothing that concerns anybody here.
    fn published(&self, entry: &EntryRef) -> Result<Option<(What, Audience)>, WorkflowError> {
        if let Some(issued) = self.certificate(entry, CertificateEvent::Issued)? {
            return Ok(Some(issued));
        }
        let Some(leaf) = self.store.leaf(&entry.origin, entry.index)? else { return Ok(None) };
        let none: &[&str] = &[];
        let opened = open_leaf(&leaf, none).map_err(|e| WorkflowError::Record(e.to_string()))?;
        let OpenedBody::StatusChange(change) = opened.body else { return Ok(None) };
        let Some(target) = self.store.find(&change.change.target.jti)? else { return Ok(None) };
        let (act, items) = (change.change.act, change.change.items);
        self.certificate(&target, CertificateEvent::Changed { act, items, by: opened.envelope.jti })
    }

    fn certificate(
        &self,
        entry: &EntryRef,
        event: CertificateEvent,
    ) -> Result<Option<(What, Audience)>, WorkflowError> {
        let facts = self.store.facts(&entry.origin, entry.index)?;
        let Some(facts) = facts.filter(|facts| facts.status_index.is_some()) else { return Ok(None) };
        let audience = self.audience(entry)?;
        let (entry, jti) = (entry.clone(), facts.jti);
        Ok(Some((What::Certificate { entry, jti, event, number: OnceLock::new() }, audience)))
    }

    /// For whom a certificate was issued; by what it says, where nothing is noted of it.
    fn audience(&self, entry: &EntryRef) -> Result<Audience, WorkflowError> {
        if let Some(IssuedFor { by, office, application }) = IssuedFor::of(self.store, entry)? {
            let application = match application {
                Some(id) => self.kept(id)?,
                None => None,
            };
            return Ok(Audience { application, office: Some(office), by: Some(by) });
        }
        let record = CertificateRecord::read(self.store, entry)?;
        let office = record.certificate.reference.into_option().map(|reference| reference.office.code);
        Ok(Audience { application: None, office, by: None })
    }

    fn kept(&self, id: ApplicationId) -> Result<Option<Arc<Application>>, WorkflowError> {
        match self.applications.get(&id) {
            Some(known) => Ok(known.clone()),
            None => read_application(self.store, id),
        }
    }

    fn application(&mut self, id: ApplicationId) -> Result<Option<Arc<Application>>, WorkflowError> {
        let found = self.kept(id)?;
        self.applications.insert(id, found.clone());
        Ok(found)
    }
}

fn read_application(store: &dyn Store, id: ApplicationId) -> Result<Option<Arc<Application>>, WorkflowError> {
    match applications::kept(store, id) {
        Ok(application) => Ok(Some(Arc::new(application))),
        Err(WorkflowError::ApplicationUnknown(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
