//! Who was struck off, found by the numbers and the name it was registered with: it is no producer either, and does not
//! come back under another registration, nor as a firm of another country.

use super::Exporters;
use crate::{
    certificate::{Country, Finding, Findings, NationalId, Particulars, Party, Producer, Text},
    office::{Exporter, ExporterId, ExporterRefused, Identity, bare_name, likened},
    store::{Expected, StateChange, Store, Table},
    workflow::WorkflowError,
};
use std::collections::{BTreeMap, btree_map::Entry};

/// The exporters that have a number or a name, as a row of the store has them. Neither country nor kind is part of its
/// key: whoever writes another makes nobody another.
pub(super) struct Row {
    key: Vec<u8>,
    record: Option<Vec<u8>>,
    ids: Vec<ExporterId>,
}

impl Row {
    fn read(store: &dyn Store, what: &str, name: &str) -> Result<Self, WorkflowError> {
        let key = format!("{what}:{name}").into_bytes();
        let record = store.record(Table::Exporter, &key)?;
        let unreadable = || WorkflowError::Record("a number or name of exporters names none".to_owned());
        let text = std::str::from_utf8(record.as_deref().unwrap_or_default()).map_err(|_| unreadable())?;
        let ids = text.split_whitespace().map(|id| id.parse::<ExporterId>().map_err(|_| unreadable()));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { key, record, ids })
    }

    /// Those that were struck off and have a number.
    fn off(store: &dyn Store, number: &str) -> Result<Self, WorkflowError> {
        Self::read(store, "off", &likened(number))
    }

    /// Those that were struck off and have a name, but for its legal form.
    fn off_by_name(store: &dyn Store, name: &str) -> Result<Self, WorkflowError> {
        Self::read(store, "offname", &bare_name(name))
    }

    /// Those that are registered by a national id.
    fn national(store: &dyn Store, number: &str) -> Result<Self, WorkflowError> {
        Self::read(store, "national", &likened(number))
    }

    /// Those that the office registered under a number.
    fn registration(store: &dyn Store, number: &str) -> Result<Self, WorkflowError> {
        Self::read(store, "registration", &likened(number))
    }

    /// That it is still what was read.
    pub(super) fn expected(&self) -> Expected {
        Expected { table: Table::Exporter, id: self.key.clone(), record: self.record.clone() }
    }

    /// The row with one exporter more.
    pub(super) fn with(mut self, id: &ExporterId) -> StateChange {
        if !self.ids.contains(id) {
            self.ids.push(id.clone());
        }
        self.changed()
    }

    /// The row with one exporter less.
    pub(super) fn without(mut self, id: &ExporterId) -> StateChange {
        self.ids.retain(|one| one != id);
        self.changed()
    }

    fn changed(self) -> StateChange {
        let (table, id) = (Table::Exporter, self.key);
        if self.ids.is_empty() {
            return StateChange::RecordRemoved { table, id };
        }
        let ids = self.ids.iter().map(ExporterId::as_str).collect::<Vec<_>>();
        StateChange::RecordPut { table, id, record: ids.join(" ").into_bytes() }
    }
}

/// A number, as somebody states it.
#[derive(Clone, Copy)]
struct Stated<'a> {
    number: &'a str,
    /// Its kind; a number of registration at the office has none.
    kind: Option<&'a str>,
    /// The country of whoever states it.
    country: Country,
}

impl Stated<'_> {
    /// Whether it is the number of who has the same. Two countries may give the same by chance: where the country is
    /// another and both say the kind, another kind is another number.
    fn is_of(&self, identity: &Identity) -> bool {
        let is_registration = likened(identity.registration.as_str()) == likened(self.number);
        let kind = identity.scheme.as_ref().filter(|_| !is_registration).map(Text::as_str);
        self.country == identity.country
            || self.kind.zip(kind).is_none_or(|(stated, kind)| likened(stated) == likened(kind))
    }
}

/// The numbers that a party states.
fn stated(party: &Party) -> impl Iterator<Item = Stated<'_>> {
    let country = party.country;
    party.ids.iter().map(move |id| Stated { number: id.number.as_str(), kind: Some(id.scheme.as_str()), country })
}

/// The numbers of an exporter that are not empty.
fn numbers(identity: &Identity) -> impl Iterator<Item = Stated<'_>> {
    let (country, kind) = (identity.country, identity.scheme.as_ref().map(Text::as_str));
    let national = Stated { number: identity.national_id.as_str(), kind, country };
    let registration = Stated { number: identity.registration.as_str(), kind: None, country };
    [national, registration].into_iter().filter(|one| !likened(one.number).is_empty())
}

/// One that was struck off, and has a number that is looked for.
struct Off<'a> {
    number: &'a str,
    exporter: Exporter,
    /// Whether it is the same number; else one of another kind in another country.
    same: bool,
}

/// Who of those that were struck off has one of these numbers, the same rather than one that is only alike; `but` is not
/// looked for.
fn off<'a>(
    store: &dyn Store,
    numbers: impl Iterator<Item = Stated<'a>>,
    but: Option<&ExporterId>,
) -> Result<Option<Off<'a>>, WorkflowError> {
    let mut alike = None;
    for stated in numbers.filter(|one| !likened(one.number).is_empty()) {
        for id in Row::off(store, stated.number)?.ids.iter().filter(|id| Some(*id) != but) {
            let exporter = registered(store, id)?;
            let same = stated.is_of(&exporter.identity);
            let found = Off { number: stated.number, exporter, same };
            if same {
                return Ok(Some(found));
            }
            alike = Some(found);
        }
    }
    Ok(alike)
}

/// What is said of a number that is only alike.
fn alike(rule: &str, path: &str, (name, number): (&Text<256>, &str)) -> Finding {
    let message = format!(
        "`{name}` gives {number} as another country's number of another kind; an exporter of that number was struck off by this office"
    );
    Finding::warning(rule, path, message).with_help("see whether it is the same")
}

/// The rows by which an exporter that was struck off is found.
pub(super) fn rows(store: &dyn Store, identity: &Identity) -> Result<Vec<Row>, WorkflowError> {
    let mut rows = vec![Row::off_by_name(store, identity.name.as_str())?];
    for stated in numbers(identity) {
        let row = Row::off(store, stated.number)?;
        if rows.iter().all(|other| other.key != row.key) {
            rows.push(row);
        }
    }
    Ok(rows)
}

impl Exporters {
    /// The rows of the numbers of who is to be registered, and what the store must still say then. Refuses who is
    /// registered, or was struck off, in whatever spelling.
    pub(super) fn nobody_has(&self, identity: &Identity) -> Result<([Row; 2], Vec<Expected>), WorkflowError> {
        let store = self.0.store.as_ref();
        let mut expected = Vec::new();
        for stated in numbers(identity) {
            expected.push(Row::off(store, stated.number)?.expected());
        }
        if let Some(Off { number, exporter, same: true }) = off(store, numbers(identity), None)? {
            let (number, registration) = (number.to_owned(), exporter.identity.registration.to_string());
            return Err(ExporterRefused::WasStruckOff { number, registration }.into());
        }
        let number = identity.registration.as_str();
        let registration = Row::registration(store, number)?;
        expected.push(registration.expected());
        if let Some(id) = registration.ids.first().filter(|_| !likened(number).is_empty()) {
            let registration = registered(store, id)?.identity.registration.to_string();
            return Err(ExporterRefused::RegisteredAs { number: number.to_owned(), registration }.into());
        }
        let national = Row::national(store, identity.national_id.as_str())?;
        expected.push(national.expected());
        let (number, kind) = (identity.national_id.as_str(), identity.scheme.as_ref().map(Text::as_str));
        let stated = Stated { number, kind, country: identity.country };
        for id in &national.ids {
            let other = registered(store, id)?.identity;
            if stated.is_of(&other) {
                let (number, registration) = (number.to_owned(), other.registration.to_string());
                return Err(ExporterRefused::NationalId { number, registration }.into());
            }
        }
        Ok(([registration, national], expected))
    }

    /// Who the office registered under a number: just so, else as whoever reads it has it, which is nobody else's.
    pub(super) fn registered_under(&self, number: &str) -> Result<Option<ExporterId>, WorkflowError> {
        let store = self.0.store.as_ref();
        if let Some(id) = store.record(Table::Exporter, &super::number_key(number))? {
            let id = String::from_utf8(id).ok().and_then(|id| id.parse().ok());
            return id.map(Some).ok_or_else(|| super::unreadable("the id of an exporter"));
        }
        if likened(number).is_empty() {
            return Ok(None);
        }
        Ok(Row::registration(store, number)?.ids.into_iter().next())
    }

    /// What stands against an exporter because another of its numbers or its name was struck off: a number is an error,
    /// the name alone a warning. It may have been registered before the other was struck off.
    pub(in crate::workflow) fn is_another_of(&self, exporter: &Exporter) -> Result<Option<Finding>, WorkflowError> {
        let (store, identity) = (self.0.store.as_ref(), &exporter.identity);
        let (rule, path) = ("EXPORTER_STRUCK_OFF", "exporter");
        if let Some(Off { number, same, .. }) = off(store, numbers(identity), Some(&exporter.id))? {
            if !same {
                return Ok(Some(alike(rule, path, (&identity.name, number))));
            }
            let message = format!("`{}` ({number}) was struck off under another registration", identity.name);
            return Ok(Some(Finding::error(rule, path, message).with_help("the office that registered it says why")));
        }
        if Row::off_by_name(store, identity.name.as_str())?.ids.iter().any(|id| *id != exporter.id) {
            let message = format!("another exporter named `{}` was struck off by this office", identity.name);
            let finding = Finding::warning(rule, path, message);
            return Ok(Some(finding.with_help("see by its national id whether it is the same")));
        }
        Ok(None)
    }

    /// What the producers that a certificate names have against it: none was struck off here.
    pub(in crate::workflow) fn producers(&self, particulars: &Particulars) -> Result<Findings, WorkflowError> {
        producers(self.0.store.as_ref(), particulars)
    }
}

/// What stands against the parties of a certificate that no application asks for: neither its exporter nor a producer was
/// struck off here.
pub(in crate::workflow) fn parties(store: &dyn Store, particulars: &Particulars) -> Result<Findings, WorkflowError> {
    let mut findings = producers(store, particulars)?;
    let (party, registration) = (&particulars.exporter.party, particulars.exporter.registration.as_ref());
    let registration =
        registration.map(|one| Stated { number: one.number.as_str(), kind: None, country: party.country });
    let (rule, path) = ("EXPORTER_STRUCK_OFF", "exporter");
    if let Some(Off { number, same, .. }) = off(store, stated(party).chain(registration), None)? {
        if same {
            let message =
                format!("`{}` ({number}) was struck off by this office: nothing is issued for it", party.name);
            let finding = Finding::error(rule, path, message);
            findings.push(finding.with_help("the office that registered it says why"));
            return Ok(findings);
        }
        findings.push(alike(rule, path, (&party.name, number)));
    }
    findings.0.extend(namesake(store, party)?);
    Ok(findings)
}

/// What stands against an exporter that has the name of one that was struck off. The other number of another firm tells
/// the two apart; whoever leaves his own out does not come back by that.
fn namesake(store: &dyn Store, party: &Party) -> Result<Option<Finding>, WorkflowError> {
    let mut namesake = None;
    for name in std::iter::once(&party.name).chain(&party.other_name) {
        for id in Row::off_by_name(store, name.as_str())?.ids {
            let off = registered(store, &id)?.identity;
            let kind = off.scheme.as_ref().map(Text::as_str);
            let is_kind = |scheme: &str| kind.is_none_or(|kind| likened(kind) == likened(scheme));
            let told_apart = |id: &NationalId| is_kind(id.scheme.as_str()) && !likened(id.number.as_str()).is_empty();
            if party.ids.iter().any(told_apart) {
                let message = format!("an exporter named `{name}` was struck off by this office");
                let finding = Finding::warning("EXPORTER_STRUCK_OFF", "exporter", message);
                namesake = Some(finding.with_help("see by its national id whether it is the same"));
                continue;
            }
            let kind = kind.unwrap_or("national id");
            let message = format!(
                "`{name}` has the name of an exporter that this office struck off, and no {kind} says that it is another: nothing is issued for it"
            );
            let finding = Finding::error("EXPORTER_STRUCK_OFF", "exporter.party.name", message);
            return Ok(Some(finding.with_help(format!("if it is another, give its {kind}"))));
        }
    }
    Ok(namesake)
}

/// The registered exporter that a certificate names by its national id, if it is one.
pub(in crate::workflow) fn registered_as(
    store: &dyn Store,
    particulars: &Particulars,
) -> Result<Option<ExporterId>, WorkflowError> {
    for stated in stated(&particulars.exporter.party) {
        for id in Row::national(store, stated.number)?.ids {
            if stated.is_of(&registered(store, &id)?.identity) {
                return Ok(Some(id));
            }
        }
    }
    Ok(None)
}

/// Whether a certificate may be in the name of a registered exporter.
pub(in crate::workflow) fn is_in_its_name(
    store: &dyn Store,
    id: &ExporterId,
    particulars: &Particulars,
) -> Result<bool, WorkflowError> {
    Ok(registered(store, id)?.may_be(&particulars.exporter))
}

/// An exporter, for what is not of this part of the office.
pub(in crate::workflow) fn registered(store: &dyn Store, id: &ExporterId) -> Result<Exporter, WorkflowError> {
    let record = store.record(Table::Exporter, id.as_str().as_bytes())?;
    super::read(&record.ok_or_else(|| WorkflowError::ExporterUnknown(id.to_string()))?)
}

fn producers(store: &dyn Store, particulars: &Particulars) -> Result<Findings, WorkflowError> {
    let named = match &particulars.producer {
        Some(Producer::Named(parties)) => parties.as_slice(),
        _ => &[],
    };
    let named = named.iter().enumerate().map(|(at, party)| (format!("producer.named[{at}]"), party));
    let items = particulars.goods.items.iter().enumerate();
    let by_item = items.flat_map(|(item, goods)| {
        let producers = goods.producers.iter().enumerate();
        producers.map(move |(at, party)| (format!("goods.items[{item}].producers[{at}]"), party))
    });
    let mut findings = Findings::default();
    // However many a document has room for, each is looked up once.
    let mut known = BTreeMap::new();
    for (path, party) in named.chain(by_item) {
        let ids = party.ids.iter().map(|id| (id.scheme.as_str(), id.number.as_str())).collect::<Vec<_>>();
        let names = (party.name.as_str(), party.other_name.as_ref().map(Text::as_str));
        let finding = match known.entry((party.country, names, ids)) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(new) => new.insert(producer(store, party)?),
        };
        findings.0.extend(finding.clone().map(|finding| Finding { path, ..finding }));
    }
    Ok(findings)
}

/// What stands against a producer, wherever it is named.
fn producer(store: &dyn Store, party: &Party) -> Result<Option<Finding>, WorkflowError> {
    let (rule, path) = ("PRODUCER_WITHDRAWN", "");
    if let Some(Off { number, same, .. }) = off(store, stated(party), None)? {
        if !same {
            return Ok(Some(alike(rule, path, (&party.name, number))));
        }
        let message = format!("`{}` ({number}) was struck off by this office", party.name);
        let finding = Finding::error(rule, path, message);
        return Ok(Some(finding.with_help("no certificate is issued for goods of its making")));
    }
    for name in std::iter::once(&party.name).chain(&party.other_name) {
        if !Row::off_by_name(store, name.as_str())?.ids.is_empty() {
            let message = format!("somebody named `{name}` was struck off by this office");
            let finding = Finding::warning(rule, path, message);
            return Ok(Some(finding.with_help("give the producer's number, by which they are told apart")));
        }
    }
    Ok(None)
}
