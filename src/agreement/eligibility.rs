//! Which goods, routes and days an edition is for, beyond who its members are and when it is in force: schemes
//! counted by shipment or by import, goods under a quota, routes that were closed.

use super::{
    edition::InForce,
    fields::{Faults, Fields, FromValue},
    figure::Figure,
};
use crate::{certificate::Country, time::Date};
use toml::Value;

/// The eligibility of an edition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Eligibility {
    /// Days on which the goods may leave the exporting country.
    pub shipped: Figure<InForce>,
    /// Days on which preference may be claimed at import.
    pub imported: Figure<InForce>,
    /// Goods whose preference is limited in quantity.
    pub quotas: Vec<Quota>,
    /// Routes on which certificates are no longer taken.
    pub closed: Vec<ClosedRoute>,
}

impl Eligibility {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            shipped: fields.figure("shipped"),
            imported: fields.figure("imported"),
            quotas: fields.list("quotas", Quota::read),
            closed: fields.list("closed", ClosedRoute::read),
        }
    }
}

/// Digits an HS code begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HsPrefix(String);

impl HsPrefix {
    /// Whether `code` begins with these digits.
    #[must_use]
    pub fn covers(&self, code: &str) -> bool {
        code.starts_with(&self.0)
    }
}

impl FromValue for HsPrefix {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let text = String::from_value(value, path, faults)?;
        if (2..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self(text));
        }
        faults.add(path, format!("`{text}` is not the beginning of an HS code: 2 to 12 digits"));
        None
    }
}

/// Goods under a tariff-rate quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// The goods in words.
    pub goods: String,
    /// Their codes.
    pub hs: Vec<HsPrefix>,
    /// Exporting countries concerned; empty: all.
    pub from: Vec<Country>,
    /// Importing countries concerned; empty: all.
    pub to: Vec<Country>,
    /// Where this is read.
    pub article: Option<String>,
    /// Whether that was confirmed.
    pub confirmed: bool,
    /// What an officer should know, such as the quantity.
    pub note: Option<String>,
}

impl Quota {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (goods, hs) = (fields.required("goods"), fields.required("hs"));
        let from = fields.optional("from").unwrap_or_default();
        let to = fields.optional("to").unwrap_or_default();
        let (article, confirmed, note) = fields.source();
        Some(Self { goods: goods?, hs: hs?, from, to, article, confirmed, note })
    }
}

/// A route on which certificates issued after a day are not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedRoute {
    /// Exporting countries concerned; empty: all.
    pub from: Vec<Country>,
    /// Importing countries concerned; empty: all.
    pub to: Vec<Country>,
    /// Last day on which one could be issued.
    pub last_issue: Date,
    /// What takes its place, in words.
    pub instead: Option<String>,
    /// Where this is read.
    pub article: Option<String>,
    /// Whether that was confirmed.
    pub confirmed: bool,
    /// What an officer should know.
    pub note: Option<String>,
}

impl ClosedRoute {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.optional("from").unwrap_or_default();
        let to = fields.optional("to").unwrap_or_default();
        let (last_issue, instead) = (fields.required("last_issue"), fields.optional("instead"));
        let (article, confirmed, note) = fields.source();
        Some(Self { from, to, last_issue: last_issue?, instead, article, confirmed, note })
    }
}
