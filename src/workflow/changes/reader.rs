//! Reads the feed: rows become changes, a bounded portion at a time.

use super::super::{PartnerLogs, WorkflowError};
use super::{
    Audience, CertificateEvent, Change, Changes, Cursor, EnquiryEvent, Inner, What,
    cursor::{entry_of, place},
    meaning::Part,
    told::Told,
};
use crate::{
    log::Origin,
    office::{Application, ApplicationId, Caller},
    store::{EntryRef, FeedEvent, FeedRow, Store},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
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

/// Kinds of changes.
#[expect(clippy::struct_excessive_bools, reason = "one for each kind, and each is asked for apart")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Kinds {
    /// Changes of applications.
    pub applications: bool,
    /// What became of certificates.
    pub certificates: bool,
    /// What came from partners.
    #[serde(default)]
    pub arrivals: bool,
    /// Enquiries, and their clock.
    #[serde(default)]
    pub enquiries: bool,
}

/// What a reader wishes to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Of which kinds.
    pub kinds: Kinds,
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

impl Kinds {
    /// Every kind.
    pub const ALL: Self = Self { applications: true, certificates: true, arrivals: true, enquiries: true };
}

impl Wish {
    /// Everything that the account may hear of.
    pub const ALL: Self = Self { kinds: Kinds::ALL, own_alone: false };

    fn wants(self, change: &Change, caller: &Caller) -> bool {
        let kind = match change.what {
            What::Application { .. } => self.kinds.applications,
            What::Certificate { .. } => self.kinds.certificates,
            What::Arrival { .. } => self.kinds.arrivals,
            What::Enquiry { .. } => self.kinds.enquiries,
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
            partners: self.partners.as_ref(),
            held: None,
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
pub(super) struct Portion<'a> {
    pub(super) store: &'a dyn Store,
    partners: &'a dyn PartnerLogs,
    /// The logs of partners, once one of them was asked for.
    held: Option<HashMap<Origin, Arc<dyn Store>>>,
    page: Page,
    left: u64,
    pub(super) applications: HashMap<ApplicationId, Option<Arc<Application>>>,
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
                return self.places(row, start, &places, Self::published);
            }
            FeedEvent::Told(told) => Told::read(told),
        };
        match told {
            Some(Told::Application { id, deed, stage }) => self.single(row, |portion| {
                let Some(application) = portion.application(id)? else { return Ok(None) };
                let office = Some(application.subject.office.clone());
                let audience = Audience { application: Some(application), office, by: None };
                Ok(Some((What::Application { id, deed, stage }, audience)))
            }),
            Some(Told::Released { log, from, to }) => {
                let places = Places { origin: &log, late: &[], from, to, except: &[] };
                self.places(row, start, &places, |portion, entry| {
                    portion.certificate(entry, CertificateEvent::Released).map(Part::alone)
                })
            }
            Some(Told::Receipted { log, late, from, to, except }) => {
                let places = Places { origin: &log, late: &late, from, to, except: &except };
                self.places(row, start, &places, |portion, entry| {
                    portion.certificate(entry, CertificateEvent::Receipted).map(Part::alone)
                })
            }
            Some(Told::Heard { log, late, from, to, except }) => {
                let places = Places { origin: &log, late: &late, from, to, except: &except };
                self.places(row, start, &places, Self::heard)
            }
            Some(Told::Clock { enquiry, from, to, deadline, step, due, proposes, unread }) => self.single(row, |_| {
                let unreadable = |text: &str| WorkflowError::Record(format!("the clock of an enquiry names `{text}`"));
                let from = from.parse().map_err(|_| unreadable(&from))?;
                let to = to.parse().map_err(|_| unreadable(&to))?;
                let event = EnquiryEvent::Clock { deadline, step, due, proposes, unread };
                Ok(Some((What::Enquiry { jti: enquiry, from, to, event }, Audience::default())))
            }),
            None => {
                self.page.next = self.page.next.within(row, None);
                Ok(Taken::Whole)
            }
        }
    }

    /// Takes a row that tells of one thing, if there is room.
    fn single(
        &mut self,
        row: &FeedRow,
        what: impl FnOnce(&mut Self) -> Result<Option<(What, Audience)>, WorkflowError>,
    ) -> Result<Taken, WorkflowError> {
        if self.left == 0 {
            return Ok(Taken::Part);
        }
        self.left = self.left.saturating_sub(1);
        self.page.next = self.page.next.within(row, None);
        if let Some((what, audience)) = what(self)? {
            self.push(row, what, audience);
        }
        Ok(Taken::Whole)
    }

    /// Takes each place of a row from a start on, as far as there is room.
    fn places(
        &mut self,
        row: &FeedRow,
        start: u64,
        places: &Places<'_>,
        what: impl Fn(&mut Self, &EntryRef) -> Result<Vec<Part>, WorkflowError>,
    ) -> Result<Taken, WorkflowError> {
        let first = entry_of(start);
        let late = places.late.iter().copied().filter(|index| *index >= first);
        for index in late.chain(places.from.max(first)..places.to) {
            if self.left == 0 {
                self.page.next = self.page.next.within(row, Some(place(index, 0).max(start)));
                return Ok(Taken::Part);
            }
            self.left = self.left.saturating_sub(1);
            let behind = place(index.saturating_add(1), 0);
            if places.except.binary_search(&index).is_err() {
                let mut parts = what(self, &EntryRef { origin: places.origin.clone(), index })?;
                parts.retain(|part| place(index, part.number) >= start);
                let last = parts.len();
                for (nth, Part { number, what, audience }) in (1..).zip(parts) {
                    if nth > 1 && self.left == 0 {
                        self.page.next = self.page.next.within(row, Some(place(index, number)));
                        return Ok(Taken::Part);
                    }
                    self.left = self.left.saturating_sub(u64::from(nth > 1));
                    let next = if nth == last { behind } else { place(index, number.saturating_add(1)) };
                    self.page.next = self.page.next.within(row, Some(next));
                    self.push(row, what, audience);
                }
            }
            self.page.next = self.page.next.within(row, Some(behind));
        }
        self.page.next = self.page.next.within(row, None);
        Ok(Taken::Whole)
    }

    fn push(&mut self, row: &FeedRow, what: What, audience: Audience) {
        self.page.changes.push(Arc::new(Change { cursor: self.page.next, at_ms: row.at_ms, what, audience }));
    }

    /// The store of a partner's log, if it is kept here.
    pub(super) fn held(&mut self, origin: &Origin) -> Option<Arc<dyn Store>> {
        let partners = self.partners;
        let held = self.held.get_or_insert_with(|| partners.logs().into_iter().collect());
        held.get(origin).cloned()
    }
}
