//! Certificates that were issued without an application, found by their exporter and its invoices: one consignment has one
//! certificate, whichever way it was issued.
//!
//! What is kept names nothing that is disclosed: digests, and the number that the index of numbers has too. It goes when
//! the certificate is erased. A look reads none of the certificates it finds, and a few rows of each invoice.

use super::{CertificateRecord, Desk, WorkflowError, applications::subheadings, desk::Prepared, record};
use crate::{
    certificate::{Commercial, Finding, Findings, Particulars, Party},
    office::{Identity, bare_name, folded, likened},
    sequencer::{Beside, Outcome, Task},
    statement::{Jti, Status},
    store::{EntryRef, StateChange, Store, Table},
    time::Date,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// What is said of what has two certificates.
pub(super) const RULE: &str = "APPLIED_TWICE";
/// Invoices of one certificate that are kept and looked for.
const INVOICES: usize = 16;
/// Numbers of one exporter that it is kept under and looked for by.
const NUMBERS: usize = 4;
/// Certificates of one invoice that are looked at: more than one is rare.
const LOOKED_AT: usize = 8;

/// What is kept of a subheading: it means nothing to who does not know the invoice.
type Tag = [u8; 4];

/// What is kept of a certificate that names an invoice.
#[derive(Serialize, Deserialize)]
struct Row {
    number: String,
    goods: Vec<Tag>,
}

/// An invoice of a certificate, by one of the names of its exporter.
struct Invoiced {
    nth: usize,
    number: String,
    key: Vec<u8>,
    /// Subheadings of the goods, with what is kept of each.
    goods: Vec<(String, Tag)>,
}

impl Invoiced {
    fn tags(&self) -> Vec<Tag> {
        self.goods.iter().map(|(_, tag)| *tag).collect()
    }

    /// A subheading that is among the goods of another certificate of the invoice.
    fn shared(&self, goods: &[Tag]) -> Option<&str> {
        self.goods.iter().find(|(_, tag)| goods.contains(tag)).map(|(code, _)| code.as_str())
    }

    /// What is said of it; `where_else` says where the goods are certified too.
    fn told(&self, subheading: &str, where_else: &str) -> Finding {
        let message = format!("invoice {} with goods of HS {subheading} stands in {where_else}", self.number);
        let path = format!("commercial.invoices[{}].number", self.nth);
        let help = "where it is the same consignment, cancel one of the two; an invoice may cover several consignments";
        Finding::warning(RULE, path, message).with_help(help)
    }
}

/// What an exporter is kept under: its numbers, or its name where it states none.
fn kept_under(exporter: &Party) -> Vec<String> {
    let numbers = numbers(exporter);
    if numbers.is_empty() { vec![name(exporter.name.as_str())] } else { numbers }
}

/// What a certificate's exporter may be kept under.
pub(super) fn names_of(exporter: &Party) -> Vec<String> {
    let mut names = numbers(exporter);
    names.push(name(exporter.name.as_str()));
    names
}

/// What an exporter may be kept under that the office registered.
pub(super) fn names_as_registered(identity: &Identity) -> Vec<String> {
    let number = likened(identity.national_id.as_str());
    let number = (!number.is_empty()).then(|| format!("number {number}"));
    number.into_iter().chain([name(identity.name.as_str())]).collect()
}

fn numbers(exporter: &Party) -> Vec<String> {
    let numbers = exporter.ids.iter().map(|id| likened(id.number.as_str())).filter(|number| !number.is_empty());
    numbers.take(NUMBERS).map(|number| format!("number {number}")).collect()
}

fn name(name: &str) -> String {
    format!("name {}", bare_name(name))
}

/// The beginning of a SHA-256 over parts, none of which has a zero byte.
fn digest<const BYTES: usize>(parts: &[&[u8]]) -> [u8; BYTES] {
    let hash: [u8; 32] =
        parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part).chain_update([0])).finalize().into();
    let mut beginning = [0; BYTES];
    for (to, from) in beginning.iter_mut().zip(hash) {
        *to = from;
    }
    beginning
}

fn key(whose: &str, number: &str, date: Date) -> Vec<u8> {
    digest::<16>(&[whose.as_bytes(), folded(number).as_bytes(), date.to_string().as_bytes()]).to_vec()
}

fn invoiced(names: &[String], commercial: Option<&Commercial>, goods: &BTreeSet<String>) -> Vec<Invoiced> {
    let invoices = commercial.into_iter().flat_map(|commercial| &commercial.invoices).take(INVOICES).enumerate();
    let by_names = invoices.flat_map(|invoice| names.iter().map(move |name| (name, invoice)));
    let all = by_names.map(|(name, (nth, invoice))| {
        let number = invoice.number.to_string();
        let key = key(name, &number, invoice.date);
        let goods = goods.iter().map(|code| (code.clone(), digest::<4>(&[key.as_slice(), code.as_bytes()]))).collect();
        Invoiced { nth, number, key, goods }
    });
    all.collect()
}

fn of(names: &[String], particulars: &Particulars) -> Vec<Invoiced> {
    invoiced(names, particulars.commercial.as_ref(), &subheadings(particulars))
}

/// The newest first, as far as identifiers tell.
fn id(key: &[u8], jti: &Jti) -> Vec<u8> {
    [key, &jti.0.map(|byte| !byte)].concat()
}

/// Has a certificate found by its invoices once it is issued.
pub(super) fn kept(particulars: &Particulars) -> Beside {
    let rows = of(&kept_under(&particulars.exporter.party), particulars);
    if rows.is_empty() {
        return Beside::default();
    }
    let changes = move |outcome: &Outcome| {
        let number = outcome.number.clone().unwrap_or_default();
        let put = |one: &Invoiced| {
            let row = Row { number: number.clone(), goods: one.tags() };
            let record = postcard::to_stdvec(&row).map_err(|error| error.to_string())?;
            let id = id(&one.key, &outcome.jti);
            Ok::<_, String>(StateChange::RecordPut { table: Table::CertificateInvoice, id, record })
        };
        rows.iter().map(put).collect::<Result<Vec<_>, String>>()
    };
    Beside { changes: Some(Arc::new(changes)), ..Beside::default() }
}

/// Takes away what finds a certificate that is about to be erased.
pub(super) fn erased(store: &dyn Store, entry: &EntryRef) -> Result<Vec<StateChange>, WorkflowError> {
    let CertificateRecord { jti, certificate, .. } = CertificateRecord::read(store, entry)?;
    let (Some(exporter), Some(commercial)) = (certificate.exporter.as_option(), certificate.commercial.as_option())
    else {
        return Ok(Vec::new());
    };
    let rows = invoiced(&kept_under(&exporter.party), commercial.as_ref(), &BTreeSet::new());
    let mut changes = Vec::new();
    for row in rows {
        let id = id(&row.key, &jti);
        if store.record(Table::CertificateInvoice, &id)?.is_some() {
            changes.push(StateChange::RecordRemoved { table: Table::CertificateInvoice, id });
        }
    }
    Ok(changes)
}

/// Certificates in force that were issued without an application to an exporter of one of these names, and that name an
/// invoice of these particulars, of the same date, for goods of the same subheading. An agent is not told which.
pub(super) fn certified(
    store: &dyn Store,
    names: &[String],
    officer: bool,
    particulars: &Particulars,
) -> Result<Findings, WorkflowError> {
    let (mut findings, mut told) = (Findings::default(), BTreeSet::new());
    for one in of(names, particulars) {
        if told.contains(&one.nth) {
            continue;
        }
        if let Some((number, subheading)) = elsewhere(store, &one)? {
            told.insert(one.nth);
            let certificate = if officer {
                format!("certificate {number} too, issued without an application")
            } else {
                "a certificate of this exporter too".to_owned()
            };
            findings.push(one.told(&subheading, &certificate));
        }
    }
    Ok(findings)
}

/// The certificate in force that has an invoice and goods already: its number, and a subheading of both.
fn elsewhere(store: &dyn Store, one: &Invoiced) -> Result<Option<(String, String)>, WorkflowError> {
    for (id, record) in store.records_from(Table::CertificateInvoice, &one.key, LOOKED_AT)? {
        let Some(jti) = id.strip_prefix(one.key.as_slice()).and_then(<[u8]>::first_chunk::<16>) else { break };
        let row: Row = postcard::from_bytes(&record)
            .map_err(|error| WorkflowError::Record(format!("the certificates of an invoice: {error}")))?;
        let Some(subheading) = one.shared(&row.goods) else { continue };
        if is_in_force(store, &Jti(jti.map(|byte| !byte)))? {
            return Ok(Some((row.number, subheading.to_owned())));
        }
    }
    Ok(None)
}

fn is_in_force(store: &dyn Store, jti: &Jti) -> Result<bool, WorkflowError> {
    // Durable and not published yet: it is about to stand.
    let Some(entry) = store.find(jti)? else { return Ok(true) };
    let status = record::status_at(store, &entry)?;
    Ok(!matches!(status, Status::Cancelled | Status::Withdrawn | Status::Superseded))
}

impl Desk {
    /// Warns of certificates of one message that name the same invoice for the same goods: none of them was there when the
    /// others were judged.
    pub(super) fn invoiced_together(&self, prepared: &mut [Result<Prepared, WorkflowError>]) {
        let mut before: HashMap<Vec<u8>, Vec<Tag>> = HashMap::new();
        for one in prepared {
            let Ok(Prepared::Work(work, warnings)) = one else { continue };
            let Task::Issue(issue) = &work.task else { continue };
            let (particulars, mut told) = (&issue.particulars, BTreeSet::new());
            let mut findings = Findings::default();
            for row in of(&kept_under(&particulars.exporter.party), particulars) {
                let earlier = before.entry(row.key.clone()).or_default();
                if let Some(subheading) = row.shared(earlier)
                    && told.insert(row.nth)
                {
                    findings.push(row.told(subheading, "another certificate that is asked for together with this one"));
                }
                earlier.extend(row.tags());
            }
            if !findings.is_empty() {
                self.name_boxes(particulars, &mut findings);
                warnings.extend(findings);
            }
        }
    }
}
