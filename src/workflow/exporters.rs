//! Exporters and mandates: who is registered, who files for whom.

mod drawing;
mod saved;
mod struck_off;

pub use drawing::{Drawing, Drawn};
pub use saved::{Saved, SavedRow};
pub(super) use struck_off::{is_in_its_name, parties, registered, registered_as};

use super::{Accounts, RequestId, WorkflowError};
use crate::{
    encoding::hex,
    office::{
        Account, AccountId, AccountRefused, Action, Actor, AuditEvent, Caller, CostEvidence, Exporter, ExporterId,
        ExporterRefused, Identity, Mandate, MandateId, MandateRefused, Role, Scope,
    },
    store::{Batch, Expected, StateChange, Store, Table},
    time::{Clock, Random, ZoneName, unix_ms},
};
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Mandates of one exporter that are read at most.
const MANDATES: usize = 500;

/// The exporters of one authority and their mandates. Cheap to clone.
#[derive(Clone)]
pub struct Exporters(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    accounts: Accounts,
}

/// A record as it is, to be expected when it is changed.
struct Read<T> {
    value: T,
    expected: Expected,
}

impl Exporters {
    /// Opens them.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, random: Arc<dyn Random>, accounts: Accounts) -> Self {
        Self(Arc::new(Inner { store, clock, random, accounts }))
    }

    /// Registers an exporter. The same request again has the same answer; a registration number is given once, and a
    /// national id stands for one exporter. Who was struck off is readmitted, not registered anew.
    pub fn register(&self, caller: &Caller, request: &str, identity: Identity) -> Result<Exporter, WorkflowError> {
        Accounts::allow(caller, Action::ManageExporters)?;
        let request = Request::read(self, caller, request, &("register", &identity))?;
        if let Some(id) = request.done(self)? {
            return self.exporter(&id.parse().map_err(|_| unreadable("an answer"))?).map(|read| read.value);
        }
        let registered = self.0.clock.now().as_second();
        let id = ExporterId::draw(self.0.random.as_ref()).map_err(AccountRefused::from)?;
        let number = number_key(identity.registration.as_str());
        if self.0.store.record(Table::Exporter, &number)?.is_some() {
            return Err(ExporterRefused::Registered(identity.registration.to_string()).into());
        }
        let mut expected = vec![Expected { table: Table::Exporter, id: number.clone(), record: None }];
        let (rows, unchanged) = self.nobody_has(&identity)?;
        expected.extend(unchanged);
        let exporter = Exporter { id, identity, evidence: Vec::new(), registered, struck_off: false };
        let own = exporter.id.as_str().as_bytes().to_vec();
        let mut state = vec![
            StateChange::RecordPut { table: Table::Exporter, id: number, record: own.clone() },
            StateChange::RecordPut { table: Table::Exporter, id: own, record: written(&exporter)? },
            request.answer(exporter.id.as_str()),
        ];
        state.extend(rows.map(|row| row.with(&exporter.id)));
        let event = AuditEvent::of(Actor::Caller(caller), Action::ManageExporters).with_detail("registered");
        self.commit(expected, state, event.on(&exporter.id).by_request(&request.id))?;
        Ok(exporter)
    }

    /// One exporter, for its office, its own accounts and the agents that hold a mandate of it.
    pub fn get(&self, caller: &Caller, id: &ExporterId) -> Result<Exporter, WorkflowError> {
        let exporter = self.exporter(id);
        if caller.may(Action::ReadExporters) {
            return exporter.map(|read| read.value);
        }
        Accounts::allow(caller, Action::ReadOwn)?;
        let own = caller.account().exporter.as_ref() == Some(id);
        let held = || Ok::<_, WorkflowError>(self.mandates_of(id)?.iter().any(|one| one.value.agent == *caller.id()));
        // Whether there is another's exporter of this id is not theirs to know.
        if own || held()? {
            exporter.map(|read| read.value)
        } else {
            Err(WorkflowError::ExporterUnknown(id.to_string()))
        }
    }

    /// Exporters after one, by id.
    pub fn list(&self, caller: &Caller, after: &str, limit: usize) -> Result<Vec<Exporter>, WorkflowError> {
        Accounts::allow(caller, Action::ReadExporters)?;
        // Registration numbers, and what is saved, stand behind the exporters in the table.
        let rows = self.0.store.records_from(Table::Exporter, after.as_bytes(), limit)?;
        rows.into_iter().filter(|(id, _)| id.starts_with(b"exp_")).map(|(_, record)| read(&record)).collect()
    }

    /// Strikes an exporter off: nobody files for it any more, and no certificate names it as producer.
    pub fn strike_off(&self, caller: &Caller, id: &ExporterId) -> Result<Exporter, WorkflowError> {
        Accounts::allow(caller, Action::ManageExporters)?;
        let Read { value, expected } = self.exporter(id)?;
        let exporter = Exporter { struck_off: true, ..value };
        let (table, own) = (Table::Exporter, id.as_str().as_bytes().to_vec());
        let mut expected = vec![expected];
        let mut state = vec![StateChange::RecordPut { table, id: own, record: written(&exporter)? }];
        for row in struck_off::rows(self.0.store.as_ref(), &exporter.identity)? {
            expected.push(row.expected());
            state.push(row.with(id));
        }
        let event = AuditEvent::of(Actor::Caller(caller), Action::ManageExporters).with_detail("struck off");
        self.commit(expected, state, event.on(id))?;
        Ok(exporter)
    }

    /// Readmits an exporter that was struck off: it files again, and may be named as producer. It is an act of its own,
    /// which the audit record has; what is registered anew never does it.
    pub fn readmit(&self, caller: &Caller, id: &ExporterId) -> Result<Exporter, WorkflowError> {
        Accounts::allow(caller, Action::ManageExporters)?;
        let Read { value, expected } = self.exporter(id)?;
        if !value.struck_off {
            return Ok(value);
        }
        let exporter = Exporter { struck_off: false, ..value };
        let (table, own) = (Table::Exporter, id.as_str().as_bytes().to_vec());
        let mut expected = vec![expected];
        let mut state = vec![StateChange::RecordPut { table, id: own, record: written(&exporter)? }];
        for row in struck_off::rows(self.0.store.as_ref(), &exporter.identity)? {
            expected.push(row.expected());
            state.push(row.without(id));
        }
        let event = AuditEvent::of(Actor::Caller(caller), Action::ManageExporters).with_detail("readmitted");
        self.commit(expected, state, event.on(id))?;
        Ok(exporter)
    }

    /// Brings evidence of cost: the exporter's own account, or the office for it.
    pub fn bring(&self, caller: &Caller, id: &ExporterId, evidence: CostEvidence) -> Result<Exporter, WorkflowError> {
        let action = Self::for_exporter(caller, id, Action::KeepProfile)?;
        self.change(caller, (action, "evidence brought"), id, |exporter| Ok(exporter.bring(evidence)?))
    }

    /// Takes evidence of cost for verified.
    pub fn verify(&self, caller: &Caller, id: &ExporterId, reference: &str) -> Result<Exporter, WorkflowError> {
        Accounts::allow(caller, Action::ManageExporters)?;
        self.change(caller, (Action::ManageExporters, "evidence verified"), id, |exporter| {
            Ok(exporter.verify(reference, caller.id())?)
        })
    }

    /// Gives a mandate: the exporter's own account, or the office that was brought one on paper.
    pub fn give(
        &self,
        caller: &Caller,
        request: &str,
        id: &ExporterId,
        agent: &AccountId,
        scope: Scope,
    ) -> Result<Mandate, WorkflowError> {
        let action = Self::for_exporter(caller, id, Action::GiveMandate)?;
        let request = Request::read(self, caller, request, &("give", id, agent, &scope))?;
        if let Some(done) = request.done(self)? {
            let done: MandateId = done.parse().map_err(|_| unreadable("an answer"))?;
            return Ok(self.mandate(id, &done)?.value);
        }
        scope.check()?;
        // By the day of the place where it ends last: an office may lie anywhere.
        let now = self.0.clock.now();
        let last = now.checked_sub(SignedDuration::from_hours(12)).unwrap_or(now);
        if scope.until < ZoneName::utc().date_at(last) {
            return Err(MandateRefused::Form("a mandate ends today or later, and this one would be over").into());
        }
        let exporter = self.exporter(id)?;
        if exporter.value.struck_off {
            return Err(ExporterRefused::StruckOff.into());
        }
        let holder: Arc<Account> = self.0.accounts.get(agent)?;
        if holder.disabled || !holder.roles.contains(&Role::Agent) {
            return Err(MandateRefused::Form("a mandate is given to an open account in the role `agent`").into());
        }
        if self.mandates_of(id)?.len() >= MANDATES {
            return Err(
                MandateRefused::Form("an exporter gives at most 500 mandates, those that ended among them").into()
            );
        }
        let mandate = Mandate {
            id: MandateId::draw(self.0.random.as_ref()).map_err(AccountRefused::from)?,
            exporter: id.clone(),
            agent: agent.clone(),
            scope,
            used_applications: 0,
            used_value: None,
            given_by: caller.id().clone(),
            revoked: None,
        };
        let state = vec![put(&mandate)?, request.answer(mandate.id.as_str())];
        let event = AuditEvent::of(Actor::Caller(caller), action).with_detail(format!("{id} to {agent}"));
        self.commit(vec![exporter.expected], state, event.on(&mandate.id).by_request(&request.id))?;
        Ok(mandate)
    }

    /// Ends a mandate before its time. To end it again changes nothing.
    pub fn revoke(&self, caller: &Caller, id: &ExporterId, mandate: &MandateId) -> Result<Mandate, WorkflowError> {
        let action = Self::for_exporter(caller, id, Action::GiveMandate)?;
        let Read { mut value, expected } = self.mandate(id, mandate)?;
        if value.revoked.is_none() {
            value.revoked = Some(self.0.clock.now().as_second());
            let event = AuditEvent::of(Actor::Caller(caller), action).with_detail("revoked");
            self.commit(vec![expected], vec![put(&value)?], event.on(mandate))?;
        }
        Ok(value)
    }

    /// The mandates of an exporter: all of them for its office and its own accounts, their own for agents.
    pub fn mandates(&self, caller: &Caller, id: &ExporterId) -> Result<Vec<Mandate>, WorkflowError> {
        let all = self.mandates_of(id)?.into_iter().map(|one| one.value);
        let own = caller.account().exporter.as_ref() == Some(id);
        if caller.may(Action::ReadExporters) || own && caller.may(Action::ReadOwn) {
            return Ok(all.collect());
        }
        Accounts::allow(caller, Action::ReadOwn)?;
        Ok(all.filter(|one| one.agent == *caller.id()).collect())
    }

    /// The mandates that a caller has been given, of whatever exporter.
    pub fn mandates_given_to(&self, caller: &Caller) -> Result<Vec<Mandate>, WorkflowError> {
        Accounts::allow(caller, Action::ReadOwn)?;
        let all = self.0.store.records(Table::Mandate)?.into_iter().map(|(_, record)| read::<Mandate>(&record));
        let own = all.filter(|one| one.as_ref().map_or(true, |one| one.agent == *caller.id()));
        own.collect()
    }

    /// What an exporter is called.
    pub fn name(&self, id: &ExporterId) -> Result<String, WorkflowError> {
        Ok(self.registered(id)?.identity.name.to_string())
    }

    /// The exporter of an id or a registration number, in whatever spelling, for who administers accounts.
    pub fn of(&self, name: &str) -> Result<ExporterId, WorkflowError> {
        let name = name.trim();
        match name.parse() {
            Ok(id) => Ok(id),
            Err(_) => self.registered_under(name)?.ok_or_else(|| unknown(name)),
        }
    }

    /// The exporter of a name: its id, its registration number in whatever spelling, or nothing for the one whose account
    /// the caller is.
    pub fn named(&self, caller: &Caller, name: &str) -> Result<ExporterId, WorkflowError> {
        let own = caller.account().exporter.as_ref();
        match (name.trim(), own) {
            ("", Some(own)) => return Ok(own.clone()),
            ("", None) => return Err(MandateRefused::Unnamed.into()),
            _ => {}
        }
        let name = name.trim();
        if let Ok(id) = name.parse() {
            return Ok(id);
        }
        // Whether there is another's exporter of this number is not theirs to know.
        let id = self.registered_under(name)?.ok_or_else(|| unknown(name))?;
        let held = || Ok::<_, WorkflowError>(self.mandates_of(&id)?.iter().any(|one| one.value.agent == *caller.id()));
        if own == Some(&id) || caller.may(Action::ReadExporters) || held()? { Ok(id) } else { Err(unknown(name)) }
    }

    /// Whether the caller does `action` for its own exporter, or the office does it for any.
    fn for_exporter(caller: &Caller, id: &ExporterId, action: Action) -> Result<Action, WorkflowError> {
        if caller.may(Action::ManageExporters) {
            return Ok(Action::ManageExporters);
        }
        Accounts::allow(caller, action)?;
        let own = caller.account().exporter.as_ref() == Some(id);
        if own { Ok(action) } else { Err(WorkflowError::ExporterUnknown(id.to_string())) }
    }

    fn change(
        &self,
        caller: &Caller,
        (action, words): (Action, &str),
        id: &ExporterId,
        change: impl FnOnce(Exporter) -> Result<Exporter, WorkflowError>,
    ) -> Result<Exporter, WorkflowError> {
        let Read { value, expected } = self.exporter(id)?;
        let exporter = change(value)?;
        let (table, own) = (Table::Exporter, id.as_str().as_bytes().to_vec());
        let state = vec![StateChange::RecordPut { table, id: own, record: written(&exporter)? }];
        let event = AuditEvent::of(Actor::Caller(caller), action).with_detail(words);
        self.commit(vec![expected], state, event.on(id))?;
        Ok(exporter)
    }

    /// Whether an exporter was struck off.
    pub(super) fn is_off(&self, id: &ExporterId) -> Result<bool, WorkflowError> {
        match self.registered(id) {
            Ok(exporter) => Ok(exporter.struck_off),
            // It may have been lost with the node's own state: a queue shows what there is.
            Err(WorkflowError::ExporterUnknown(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// An exporter, for what the office itself checks.
    pub(super) fn registered(&self, id: &ExporterId) -> Result<Exporter, WorkflowError> {
        self.exporter(id).map(|read| read.value)
    }

    fn exporter(&self, id: &ExporterId) -> Result<Read<Exporter>, WorkflowError> {
        let own = id.as_str().as_bytes().to_vec();
        let record = self.0.store.record(Table::Exporter, &own)?;
        let record = record.ok_or_else(|| WorkflowError::ExporterUnknown(id.to_string()))?;
        let value = read(&record)?;
        Ok(Read { value, expected: Expected { table: Table::Exporter, id: own, record: Some(record) } })
    }

    /// Whether what is issued on a mandate waits for the exporter's own consent to be sent.
    pub(super) fn holds(&self, id: &ExporterId, mandate: &MandateId) -> Result<bool, WorkflowError> {
        Ok(self.mandate(id, mandate)?.value.scope.hold)
    }

    fn mandate(&self, id: &ExporterId, mandate: &MandateId) -> Result<Read<Mandate>, WorkflowError> {
        let key = mandate_key(id, mandate.as_str());
        let record = self.0.store.record(Table::Mandate, &key)?;
        let record = record.ok_or_else(|| WorkflowError::MandateUnknown(mandate.to_string()))?;
        let value = read(&record)?;
        Ok(Read { value, expected: Expected { table: Table::Mandate, id: key, record: Some(record) } })
    }

    fn mandates_of(&self, id: &ExporterId) -> Result<Vec<Read<Mandate>>, WorkflowError> {
        read_mandates(self.0.store.as_ref(), id)
    }

    fn commit(&self, expected: Vec<Expected>, state: Vec<StateChange>, event: AuditEvent) -> Result<(), WorkflowError> {
        let at_ms = unix_ms(self.0.clock.now());
        self.0.store.commit(Batch { at_ms, expected, state, audit: vec![event.to_row()], ..Batch::default() })?;
        Ok(())
    }
}

/// The mandates of an exporter, for what is not of this part of the office.
pub(super) fn mandates_of(store: &dyn Store, id: &ExporterId) -> Result<Vec<Mandate>, WorkflowError> {
    Ok(read_mandates(store, id)?.into_iter().map(|read| read.value).collect())
}

fn read_mandates(store: &dyn Store, id: &ExporterId) -> Result<Vec<Read<Mandate>>, WorkflowError> {
    let own = store.records_under(Table::Mandate, &mandate_key(id, ""), MANDATES)?.into_iter();
    own.map(|(key, record)| {
        let value = read(&record)?;
        Ok(Read { value, expected: Expected { table: Table::Mandate, id: key, record: Some(record) } })
    })
    .collect()
}

/// A request, and what its body was.
struct Request {
    account: String,
    id: [u8; 16],
    digest: [u8; 32],
}

impl Request {
    fn read(
        exporters: &Exporters,
        caller: &Caller,
        text: &str,
        body: &impl serde::Serialize,
    ) -> Result<Self, WorkflowError> {
        let id = RequestId::read(text, exporters.0.clock.now())?.bytes();
        Ok(Self { account: caller.id().to_string(), id, digest: Sha256::digest(written(body)?).into() })
    }

    /// The answer it got before.
    fn done(&self, exporters: &Exporters) -> Result<Option<String>, WorkflowError> {
        let Some(before) = exporters.0.store.answered(&self.account, &self.id)? else { return Ok(None) };
        if before.body_digest != self.digest {
            let id = hex::encode(&self.id);
            return Err(crate::sequencer::SequencerError::RequestReused(id).into());
        }
        String::from_utf8(before.answer).map(Some).map_err(|_| unreadable("an answer"))
    }

    fn answer(&self, id: &str) -> StateChange {
        StateChange::RequestAnswered {
            account: self.account.clone(),
            request_id: self.id,
            body_digest: self.digest,
            answer: id.as_bytes().to_vec(),
            entry: None,
        }
    }
}

fn unknown(name: &str) -> WorkflowError {
    WorkflowError::ExporterUnknown(name.chars().take(35).collect())
}

fn unreadable(what: &str) -> WorkflowError {
    WorkflowError::Record(format!("{what} does not read"))
}

fn written(value: &impl serde::Serialize) -> Result<Vec<u8>, WorkflowError> {
    serde_json::to_vec(value).map_err(|error| WorkflowError::Record(error.to_string()))
}

fn read<T: serde::de::DeserializeOwned>(record: &[u8]) -> Result<T, WorkflowError> {
    serde_json::from_slice(record).map_err(|error| WorkflowError::Record(error.to_string()))
}

fn number_key(registration: &str) -> Vec<u8> {
    [b"reg:", registration.as_bytes()].concat()
}

fn mandate_key(exporter: &ExporterId, mandate: &str) -> Vec<u8> {
    format!("{exporter}/{mandate}").into_bytes()
}

fn put(mandate: &Mandate) -> Result<StateChange, WorkflowError> {
    let id = mandate_key(&mandate.exporter, mandate.id.as_str());
    Ok(StateChange::RecordPut { table: Table::Mandate, id, record: written(mandate)? })
}

#[cfg(test)]
mod tests;
