//! What exporters save to fill in applications with: kept by the exporter's own accounts, by agents while they hold a
//! mandate, and by the office.

use super::{Exporters, Read, read, written};
use crate::{
    certificate::Text,
    office::{
        Action, Actor, AuditEvent, Caller, ExporterId, ExporterRefused, MAX_SAVED, SavedKind, SavedParty, SavedProduct,
        room,
    },
    store::{Expected, StateChange, Table},
    workflow::{Accounts, WorkflowError},
};
use serde::{Deserialize, Serialize};

/// What is kept of one thing that is saved: as JSON, which is read as it was when it was saved.
#[derive(Serialize, Deserialize)]
struct Record {
    name: Text<64>,
    /// What a list shows of it.
    says: String,
    main: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    production: String,
}

/// One thing that is saved, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedRow {
    /// What it is.
    pub kind: SavedKind,
    /// The name it is saved under.
    pub name: Text<64>,
    /// The party's name, or the description of the goods.
    pub says: String,
}

/// One thing that is saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// A party.
    Party(SavedParty),
    /// A product.
    Product(Box<SavedProduct>),
}

impl Exporters {
    /// Saves a party; another of the same name is replaced.
    pub fn save_party(
        &self,
        caller: &Caller,
        id: &ExporterId,
        name: Text<64>,
        party_json: &[u8],
    ) -> Result<SavedParty, WorkflowError> {
        let saved = SavedParty::read(name, party_json).map_err(ExporterRefused::Unreadable)?;
        let (says, main) = (saved.party.name.to_string(), saved.party_json());
        let record = Record { name: saved.name.clone(), says, main, production: String::new() };
        self.save(caller, id, SavedKind::Party, &record)?;
        Ok(saved)
    }

    /// Saves a product; another of the same name is replaced.
    pub fn save_product(
        &self,
        caller: &Caller,
        id: &ExporterId,
        name: Text<64>,
        (item_json, production_json): (&[u8], &[u8]),
    ) -> Result<SavedProduct, WorkflowError> {
        let saved = SavedProduct::read(name, item_json, production_json).map_err(ExporterRefused::Unreadable)?;
        let (name, says) = (saved.name.clone(), saved.item.description.to_string());
        let record = Record { name, says, main: saved.item_json(), production: saved.production_json() };
        self.save(caller, id, SavedKind::Product, &record)?;
        Ok(saved)
    }

    /// Removes what is saved under a name.
    pub fn remove_saved(
        &self,
        caller: &Caller,
        id: &ExporterId,
        kind: SavedKind,
        name: &Text<64>,
    ) -> Result<(), WorkflowError> {
        let action = self.keeps(caller, id)?;
        let key = key(id, kind, name.as_str());
        let record = self.0.store.record(Table::Exporter, &key)?;
        if record.is_none() {
            return Err(ExporterRefused::NotSaved(kind.word(), name.to_string()).into());
        }
        let expected = Expected { table: Table::Exporter, id: key.clone(), record };
        let state = vec![StateChange::RecordRemoved { table: Table::Exporter, id: key }];
        let event = AuditEvent::of(Actor::Caller(caller), action).with_detail(format!("{} removed", kind.word()));
        self.commit(vec![expected], state, event.on(id))
    }

    /// What is saved for an exporter, parties first, each by name.
    pub fn list_saved(&self, caller: &Caller, id: &ExporterId) -> Result<Vec<SavedRow>, WorkflowError> {
        self.reads(caller, id)?;
        let mut rows = Vec::new();
        for kind in [SavedKind::Party, SavedKind::Product] {
            let kept = self.kept(id, kind)?.into_iter();
            rows.extend(kept.map(|one| SavedRow { kind, name: one.name, says: one.says }));
        }
        Ok(rows)
    }

    /// What is saved under a name.
    pub fn get_saved(
        &self,
        caller: &Caller,
        id: &ExporterId,
        kind: SavedKind,
        name: &Text<64>,
    ) -> Result<Saved, WorkflowError> {
        self.reads(caller, id)?;
        let record = self.0.store.record(Table::Exporter, &key(id, kind, name.as_str()))?;
        let record = record.ok_or_else(|| ExporterRefused::NotSaved(kind.word(), name.to_string()))?;
        let Record { name, main, production, .. } = read(&record)?;
        let saved = match kind {
            SavedKind::Party => SavedParty::read(name, main.as_bytes()).map(Saved::Party),
            SavedKind::Product => SavedProduct::read(name, main.as_bytes(), production.as_bytes())
                .map(|product| Saved::Product(Box::new(product))),
        };
        saved.map_err(|_| super::unreadable(kind.word()))
    }

    fn reads(&self, caller: &Caller, id: &ExporterId) -> Result<(), WorkflowError> {
        if caller.may(Action::ReadExporters) {
            return self.exporter(id).map(|_| ());
        }
        self.keeps(caller, id).map(|_| ())
    }

    fn save(&self, caller: &Caller, id: &ExporterId, kind: SavedKind, record: &Record) -> Result<(), WorkflowError> {
        let action = self.keeps(caller, id)?;
        let Read { expected: exporter, .. } = self.exporter(id)?;
        let key = key(id, kind, record.name.as_str());
        let before = self.0.store.record(Table::Exporter, &key)?;
        if before.is_none() {
            room(kind, self.kept(id, kind)?.len())?;
        }
        let own = Expected { table: Table::Exporter, id: key.clone(), record: before };
        let state = vec![StateChange::RecordPut { table: Table::Exporter, id: key, record: written(record)? }];
        let event = AuditEvent::of(Actor::Caller(caller), action).with_detail(format!("{} saved", kind.word()));
        self.commit(vec![exporter, own], state, event.on(id))
    }

    /// Whether the caller keeps what is saved for an exporter: of its own, by a mandate that is not ended, or the
    /// office for any.
    fn keeps(&self, caller: &Caller, id: &ExporterId) -> Result<Action, WorkflowError> {
        if caller.may(Action::ManageExporters) {
            return Ok(Action::ManageExporters);
        }
        Accounts::allow(caller, Action::KeepProfile)?;
        if caller.account().exporter.as_ref() == Some(id) {
            return Ok(Action::KeepProfile);
        }
        let today = self.0.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let held = self.mandates_of(id)?.into_iter().map(|one| one.value);
        let good = held.filter(|one| one.agent == *caller.id() && one.is_good_on(today)).count() > 0;
        if good { Ok(Action::KeepProfile) } else { Err(WorkflowError::ExporterUnknown(id.to_string())) }
    }

    fn kept(&self, id: &ExporterId, kind: SavedKind) -> Result<Vec<Record>, WorkflowError> {
        let own = self.0.store.records_under(Table::Exporter, &key(id, kind, ""), MAX_SAVED)?.into_iter();
        own.map(|(_, record)| read(&record)).collect()
    }
}

fn key(id: &ExporterId, kind: SavedKind, name: &str) -> Vec<u8> {
    format!("saved:{id}:{}:{name}", kind.word()).into_bytes()
}
