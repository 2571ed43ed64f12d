//! An issuing office.

use crate::certificate::{AgreementCode, OfficeCode};
use crate::reason::{Class, Reasoned};
use crate::time::{Date, Timestamp, ZoneName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An office that issues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Office {
    /// Its code, unique to the authority.
    pub code: OfficeCode,
    /// Its name as certificates print it.
    pub name: String,
    /// The place of issue as certificates print it.
    pub place: String,
    /// The agreements it issues under.
    pub agreements: Vec<AgreementCode>,
    /// The zone whose civil date is the date of issue.
    pub time_zone: ZoneName,
    /// Which applications wait for a fee before they are examined.
    #[serde(default)]
    pub fees: Fees,
    /// The first serial of its number series, by agreement, where that is not 1. A series that has begun counts on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub series_begin: BTreeMap<AgreementCode, u64>,
}

/// An office as the authority keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeRecord {
    /// The office.
    pub office: Office,
    /// Since when it is closed, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_ms: Option<u64>,
}

impl OfficeRecord {
    /// One that is open.
    #[must_use]
    pub const fn open(office: Office) -> Self {
        Self { office, closed_ms: None }
    }

    /// Whether it issues nothing any more.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed_ms.is_some()
    }
}

/// Why an office cannot be as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfficeRefused {
    /// There is none of that code.
    #[error("`{0}` is not an office of this authority")]
    Unknown(String),
    /// There is one of that code.
    #[error("office {0} is open already")]
    Open(String),
    /// It is closed.
    #[error("office {0} is closed")]
    Closed(String),
    /// Something of it cannot be.
    #[error("{0}")]
    Invalid(String),
}

impl Reasoned for OfficeRefused {
    fn reason(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "OFFICE_UNKNOWN",
            Self::Open(_) => "OFFICE_OPEN",
            Self::Closed(_) => "OFFICE_CLOSED",
            Self::Invalid(_) => "OFFICE_INVALID",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}

/// Which applications wait for a fee. How much it is, and to whom it is paid, is the treasury's to know.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fees {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// Those under these agreements.
    Under(Vec<AgreementCode>),
}

/// The word for all agreements, where a list of them is written.
const ALL: &str = "all";

impl Fees {
    /// Reads a list of agreements, or the one word `all`.
    pub fn read<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let words = words.into_iter().collect::<Vec<_>>();
        match words.as_slice() {
            [] => Ok(Self::None),
            words if words.iter().all(|word| *word == ALL) => Ok(Self::All),
            words if words.contains(&ALL) => {
                Err(format!("`{ALL}` stands alone: it is every agreement, and no other is named beside it"))
            }
            codes => {
                let read = codes.iter().map(|code| code.parse::<AgreementCode>().map_err(|error| error.to_string()));
                read.collect::<Result<_, _>>().map(Self::Under)
            }
        }
    }

    /// As a list of agreements, or the one word `all`.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::All => vec![ALL.to_owned()],
            Self::Under(agreements) => agreements.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Office {
    /// Whether it issues under the agreement.
    #[must_use]
    pub fn issues_under(&self, agreement: &AgreementCode) -> bool {
        self.agreements.contains(agreement)
    }

    /// The first serial of its numbers under an agreement.
    #[must_use]
    pub fn first_serial(&self, agreement: &AgreementCode) -> u64 {
        self.series_begin.get(agreement).copied().unwrap_or(1)
    }

    /// Whether an application under the agreement waits for a fee.
    #[must_use]
    pub fn asks_fee(&self, agreement: &AgreementCode) -> bool {
        match &self.fees {
            Fees::None => false,
            Fees::All => true,
            Fees::Under(agreements) => agreements.contains(agreement),
        }
    }

    /// The legal date of issue at `instant`.
    #[must_use]
    pub fn date_at(&self, instant: Timestamp) -> Date {
        self.time_zone.date_at(instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_issue_is_the_offices_own() {
        let office = Office {
            code: "KHI".parse().unwrap(),
            name: "Karachi Office".to_owned(),
            place: "Karachi".to_owned(),
            agreements: vec!["CPFTA".parse().unwrap()],
            time_zone: ZoneName::new("Asia/Karachi").unwrap(),
            fees: Fees::default(),
            series_begin: BTreeMap::new(),
        };
        assert_eq!(office.date_at("2026-12-31T19:30:00Z".parse().unwrap()).to_string(), "2027-01-01");
        assert!(office.issues_under(&"CPFTA".parse().unwrap()));
        assert!(!office.issues_under(&"COMESA".parse().unwrap()));
    }
    #[test]
    fn fees_are_read_back_as_they_are_written() {
        for words in [vec![], vec!["all"], vec!["CPFTA", "COMESA"]] {
            let fees = Fees::read(words.iter().copied()).unwrap();
            assert_eq!(fees.words(), words);
            assert_eq!(serde_json::from_str::<Fees>(&serde_json::to_string(&fees).unwrap()).unwrap(), fees);
        }
        assert_eq!(Fees::read(["all", "all"]), Ok(Fees::All));
        for beside in [["all", "CPFTA"], ["CPFTA", "all"]] {
            let refused = Fees::read(beside).unwrap_err();
            assert!(refused.contains("`all` stands alone"), "{refused}");
        }
    }
}
