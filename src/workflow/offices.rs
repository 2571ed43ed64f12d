//! The offices of one authority: those of its node's configuration to begin with, then as its administrators keep them.

mod terms;

use super::WorkflowError;
use crate::{
    certificate::{OfficeCode, Text},
    office::{Action, Actor, AuditEvent, Fees, Office, OfficeRecord, OfficeRefused},
    store::{Batch, StateChange, Store, Table},
    time::{Clock, unix_ms},
};
use arc_swap::ArcSwap;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Offices that an authority has at most, closed ones included.
const MOST: usize = 1_000;
/// Agreements that an office issues under at most.
const AGREEMENTS: usize = 200;
/// The largest first serial of a series: no series counts further.
const LARGEST_FIRST: u64 = 999_999_999_999_999_999;

/// The offices of one authority. Cheap to clone.
#[derive(Clone)]
pub struct Offices(Arc<Inner>);

type Known = BTreeMap<OfficeCode, Arc<OfficeRecord>>;

struct Inner {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    known: ArcSwap<Known>,
    /// One change after the other: each begins from what the last one left.
    writing: Mutex<()>,
}

impl Offices {
    /// Reads them from the store; what is kept there goes before what is configured.
    pub fn load(store: Arc<dyn Store>, clock: Arc<dyn Clock>, configured: Vec<Office>) -> Result<Self, WorkflowError> {
        let open = configured.into_iter().map(|office| (office.code.clone(), Arc::new(OfficeRecord::open(office))));
        let mut known = open.collect::<Known>();
        for (_, record) in store.records(Table::Office)? {
            let record: OfficeRecord =
                serde_json::from_slice(&record).map_err(|e| WorkflowError::Record(format!("an office: {e}")))?;
            known.insert(record.office.code.clone(), Arc::new(record));
        }
        Ok(Self(Arc::new(Inner { store, clock, known: ArcSwap::from_pointee(known), writing: Mutex::new(()) })))
    }

    /// Every office, by its code.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<OfficeRecord>> {
        self.0.known.load().values().cloned().collect()
    }

    /// One office.
    #[must_use]
    pub fn find(&self, code: &OfficeCode) -> Option<Arc<OfficeRecord>> {
        self.0.known.load().get(code).cloned()
    }

    fn known(&self, code: &OfficeCode) -> Result<Arc<OfficeRecord>, OfficeRefused> {
        self.find(code).ok_or_else(|| OfficeRefused::Unknown(code.to_string()))
    }

    /// One that is open.
    pub fn open_one(&self, code: &OfficeCode) -> Result<Arc<OfficeRecord>, OfficeRefused> {
        let record = self.known(code)?;
        if record.is_closed() { Err(OfficeRefused::Closed(code.to_string())) } else { Ok(record) }
    }

    /// Opens an office, or one that was closed again. It blocks until that is durable.
    pub fn open(&self, actor: Actor<'_>, office: Office) -> Result<Arc<OfficeRecord>, WorkflowError> {
        let _turn = self.turn();
        match self.find(&office.code) {
            Some(before) if !before.is_closed() => return Err(OfficeRefused::Open(office.code.to_string()).into()),
            None if self.0.known.load().len() >= MOST => {
                return Err(OfficeRefused::Invalid(format!("an authority has {MOST} offices at most")).into());
            }
            _ => {}
        }
        self.put(actor, "open", OfficeRecord::open(office))
    }

    /// Changes an office. It blocks until that is durable, and counts from the next call on.
    pub fn change(
        &self,
        actor: Actor<'_>,
        code: &OfficeCode,
        change: impl FnOnce(Office) -> Result<Office, WorkflowError>,
    ) -> Result<Arc<OfficeRecord>, WorkflowError> {
        let _turn = self.turn();
        let before = self.open_one(code)?;
        // Its code is what everything names it by.
        let office = Office { code: code.clone(), ..change(before.office.clone())? };
        self.put(actor, "change", OfficeRecord { office, ..OfficeRecord::clone(&before) })
    }

    /// Closes an office: it issues nothing any more. It blocks until that is durable.
    pub fn close(&self, actor: Actor<'_>, code: &OfficeCode) -> Result<Arc<OfficeRecord>, WorkflowError> {
        let _turn = self.turn();
        let before = self.open_one(code)?;
        let closed = OfficeRecord { closed_ms: Some(self.now_ms()), ..OfficeRecord::clone(&before) };
        self.put(actor, "close", closed)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.0.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        unix_ms(self.0.clock.now())
    }

    /// Keeps an office as it is now. The caller holds the writer's turn.
    fn put(&self, actor: Actor<'_>, deed: &str, record: OfficeRecord) -> Result<Arc<OfficeRecord>, WorkflowError> {
        let office = &record.office;
        possible(office)?;
        let agreements = office.agreements.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let fees = match &office.fees {
            Fees::None => String::new(),
            fees => format!(" fees {}", fees.words().join(",")),
        };
        let begin = office.series_begin.iter().map(|(agreement, first)| format!(" {agreement} from {first}"));
        let detail = format!("{deed} {agreements}{fees}{}", begin.collect::<String>());
        let event = AuditEvent::of(actor, Action::ManageOffices).on(&office.code).with_detail(detail);
        let id = office.code.as_str().as_bytes().to_vec();
        let bytes = serde_json::to_vec(&record).map_err(|e| WorkflowError::Record(format!("an office: {e}")))?;
        self.0.store.commit(Batch {
            at_ms: self.now_ms(),
            state: vec![StateChange::RecordPut { table: Table::Office, id, record: bytes }],
            audit: vec![event.to_row()],
            ..Batch::default()
        })?;
        let record = Arc::new(record);
        let mut known = Known::clone(&self.0.known.load());
        known.insert(record.office.code.clone(), Arc::clone(&record));
        self.0.known.store(Arc::new(known));
        Ok(record)
    }
}

/// Whether an office can be so: certificates print what it says of itself.
fn possible(office: &Office) -> Result<(), OfficeRefused> {
    for (what, text) in [("name", &office.name), ("place", &office.place)] {
        if let Err(error) = text.parse::<Text<256>>() {
            return Err(OfficeRefused::Invalid(format!("the {what} of an office {error}")));
        }
    }
    if office.agreements.len() > AGREEMENTS {
        return Err(OfficeRefused::Invalid(format!("an office issues under {AGREEMENTS} agreements at most")));
    }
    match office.series_begin.iter().find(|(_, first)| **first == 0 || **first > LARGEST_FIRST) {
        Some((agreement, first)) => Err(OfficeRefused::Invalid(format!(
            "the numbers under {agreement} cannot begin with {first}: a first serial is 1 to {LARGEST_FIRST}"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
