//! What an application asks for, as it was brought: kept byte for byte, because that is what was declared.

use super::twice::subheading;
use crate::{
    certificate::{
        AgreementCode, Country, Declaration, Finding, Findings, HsCode, OfficeCode, Particulars, Severity, Sha256,
        Signatory, Text, Unread,
    },
    encoding::Decimal,
    office::{Amount, Subject},
    production::Production,
    workflow::WorkflowError,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256 as Hasher};
use std::collections::{BTreeMap, BTreeSet};

/// Invoices by which an application is found, the first ones.
const INVOICES: usize = 64;
/// The form of the record on disk.
const FORMAT: u8 = 1;

/// The particulars, and how the goods were made if that is declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// The particulars as JSON, in the published form of a certificate.
    pub certificate_json: Vec<u8>,
    /// How the goods were made, as JSON; empty where it is not declared.
    pub production_json: Vec<u8>,
}

/// A paper that was read.
pub(super) struct ReadPaper {
    /// The particulars; `None` where a finding is an error.
    pub(super) particulars: Option<Particulars>,
    /// How the goods were made, if that is declared and reads.
    pub(super) production: Option<Production>,
    /// What the reading found.
    pub(super) findings: Findings,
}

impl Paper {
    /// SHA-256 of what is shown to who declares: the particulars, and behind a line feed how the goods were made, if
    /// that is declared.
    #[must_use]
    pub fn shown(&self) -> Sha256 {
        let mut hash = Hasher::new_with_prefix(&self.certificate_json);
        if !self.production_json.is_empty() {
            hash.update(b"\n");
            hash.update(&self.production_json);
        }
        Sha256(hash.finalize().into())
    }

    /// Reads it. What an applicant does not say is taken out: who declares is captured at submission, who signs at
    /// signature. A number is the office's to give.
    pub(super) fn read(&self) -> ReadPaper {
        let reading = Particulars::read_json(&self.certificate_json);
        let mut findings = reading.findings;
        let particulars = reading.particulars.map(|mut particulars| {
            if as_applied_for(&mut particulars) {
                let message = "an application brings no certificate number: the office gives it";
                findings.push(Finding::error("NUMBER_BROUGHT", "reference.number", message));
            }
            particulars
        });
        let mut production = None;
        if !self.production_json.is_empty() {
            let reading = Production::read_json(&self.production_json);
            production = reading.production;
            findings.extend(Findings(
                reading
                    .findings
                    .into_iter()
                    .map(|finding| Finding { path: under("production", &finding.path), ..finding })
                    .collect(),
            ));
        }
        ReadPaper { particulars: particulars.filter(|_| !findings.has_errors()), production, findings }
    }

    /// What is left to judge of it where it does not read as it stands.
    pub(super) fn unread(&self) -> Unread {
        let mut unread = Unread::of_json(&self.certificate_json);
        if let Some(remnant) = &mut unread.remnant {
            as_applied_for(&mut remnant.particulars);
        }
        unread
    }

    /// What an unfinished paper says it is about. It is a JSON document that says under which agreement, at which office
    /// and for which country: whose desk it is for, and by what right it is filed, hang on these.
    pub(super) fn outline(&self) -> Result<Outline, WorkflowError> {
        let value = serde_json::from_slice::<Value>(&self.certificate_json);
        let outline = value.ok().and_then(|value| Outline::of(&value));
        outline.ok_or_else(|| {
            let mut findings = self.read().findings;
            let needed = |path: &str| {
                ["", "agreement", "to", "reference", "reference.office", "reference.office.code"].contains(&path)
            };
            findings.0.retain(|finding| needed(&finding.path) && finding.severity == Severity::Error);
            if findings.is_empty() {
                let message = "a draft says its agreement, its office (reference.office.code) and its country (to)";
                findings.push(Finding::error("DRAFT_UNREADABLE", "", message));
            }
            WorkflowError::RulesRefuse(findings)
        })
    }

    /// The numbers of its invoices, as far as it says any.
    pub(super) fn invoices(&self) -> Vec<String> {
        self.named("/commercial/invoices", |invoice| invoice.get("number")).take(INVOICES).collect()
    }

    /// The subheadings of its goods, as far as it says any.
    pub(super) fn subheadings(&self) -> BTreeSet<String> {
        let codes = self.named("/goods/items", |item| item.get("hs")?.get("code"));
        codes.map(|code| subheading(&code)).collect()
    }

    /// A text of each member of a list, which an unfinished paper may have without being one that reads.
    fn named(&self, list: &str, of: fn(&Value) -> Option<&Value>) -> impl Iterator<Item = String> {
        let value = serde_json::from_slice::<Value>(&self.certificate_json).unwrap_or_default();
        let list = value.pointer(list).and_then(Value::as_array).cloned().unwrap_or_default();
        list.into_iter().filter_map(move |one| of(&one).and_then(Value::as_str).map(ToOwned::to_owned))
    }

    pub(super) fn to_record(&self) -> Result<Vec<u8>, WorkflowError> {
        let body = postcard::to_stdvec(self).map_err(|e| unreadable(&e))?;
        Ok([&[FORMAT][..], &body].concat())
    }

    pub(super) fn from_record(record: &[u8]) -> Result<Self, WorkflowError> {
        match record.split_first() {
            Some((&FORMAT, body)) => postcard::from_bytes(body).map_err(|e| unreadable(&e)),
            _ => Err(unreadable(&"it is of another version")),
        }
    }
}

/// What a paper is about, as far as it says.
pub(super) struct Outline {
    pub(super) agreement: AgreementCode,
    pub(super) office: OfficeCode,
    to: Country,
    exporter: Option<Text<256>>,
    goods: Option<Text<1024>>,
    hs: Option<HsCode>,
    items: u32,
}

impl Outline {
    fn of(value: &Value) -> Option<Self> {
        let text = |at: &str| value.pointer(at).and_then(Value::as_str);
        let items = value.pointer("/goods/items").and_then(Value::as_array).map_or(0, Vec::len);
        let hs = || {
            Some(HsCode {
                code: text("/goods/items/0/hs/code")?.parse().ok()?,
                edition: text("/goods/items/0/hs/edition")?.parse().ok()?,
            })
        };
        Some(Self {
            agreement: text("/agreement")?.parse().ok()?,
            office: text("/reference/office/code")?.parse().ok()?,
            to: text("/to")?.parse().ok()?,
            exporter: text("/exporter/party/name").and_then(|name| Text::typed(name).ok()),
            goods: text("/goods/items/0/description").and_then(|goods| Text::typed(goods).ok()),
            hs: hs(),
            items: u32::try_from(items).unwrap_or(u32::MAX),
        })
    }

    /// The same for a list, where what is not said yet has to stand as something.
    pub(super) fn subject(self, registered: &Text<256>) -> Result<Subject, WorkflowError> {
        let Self { agreement, office, to, exporter, goods, hs, items } = self;
        let exporter = exporter.unwrap_or_else(|| registered.clone());
        let goods = match goods {
            Some(goods) => goods,
            None => Text::typed("(goods not described yet)").map_err(|error| unreadable(&error))?,
        };
        Ok(Subject { agreement, office, to, exporter, goods, hs, items })
    }
}

/// Takes out what an applicant does not say; tells whether a number was brought.
fn as_applied_for(particulars: &mut Particulars) -> bool {
    particulars.reference.declaration = None;
    particulars.reference.signatories = Vec::new();
    particulars.reference.number.take().is_some()
}

/// A path below another.
fn under(at: &str, path: &str) -> String {
    if path.is_empty() { at.to_owned() } else { format!("{at}.{path}") }
}

fn unreadable(why: &dyn std::fmt::Display) -> WorkflowError {
    WorkflowError::Record(format!("what an application asks for: {why}"))
}

/// What a list shows of it.
pub(super) fn subject(particulars: &Particulars) -> Option<Subject> {
    let first = particulars.goods.items.first()?;
    Some(Subject {
        agreement: particulars.agreement.clone(),
        office: particulars.reference.office.code.clone(),
        to: particulars.to,
        exporter: particulars.exporter.party.name.clone(),
        goods: first.description.clone(),
        hs: first.hs.clone(),
        items: u32::try_from(particulars.goods.items.len()).unwrap_or(u32::MAX),
    })
}

/// The value of all goods, for the ceiling of a mandate: what the items add up to, or the total where that says more;
/// nothing where it is not stated, or in several currencies.
pub(super) fn value(particulars: &Particulars) -> Option<Amount> {
    let commercial = particulars.commercial.as_ref()?;
    let mut items = BTreeMap::new();
    for one in &commercial.item_values {
        let most = items.entry(one.item).or_insert(&one.amount);
        if most.value < one.amount.value {
            *most = &one.amount;
        }
    }
    let stated = || commercial.item_values.iter().map(|one| &one.amount).chain(&commercial.total);
    let currency = stated().next()?.currency;
    if stated().any(|one| one.currency != currency) {
        return None;
    }
    let sum = items.values().try_fold(Decimal::ZERO, |sum, one| sum.checked_add(one.value))?;
    let value = commercial.total.as_ref().map_or(sum, |total| sum.max(total.value));
    Some(Amount { value, currency: currency.to_string() })
}

/// The particulars as they would be signed: with the declaration and who signs.
pub(super) fn complete(mut particulars: Particulars, declaration: &Declaration, signatory: Signatory) -> Particulars {
    particulars.reference.declaration = Some(declaration.clone());
    particulars.reference.signatories = vec![signatory];
    particulars
}
