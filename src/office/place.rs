//! An issuing office.

use crate::certificate::{AgreementCode, OfficeCode};
use crate::time::{Date, Timestamp, ZoneName};
use serde::{Deserialize, Serialize};

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
}

impl Office {
    /// Whether it issues under the agreement.
    #[must_use]
    pub fn issues_under(&self, agreement: &AgreementCode) -> bool {
        self.agreements.contains(agreement)
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
        };
        assert_eq!(office.date_at("2026-12-31T19:30:00Z".parse().unwrap()).to_string(), "2027-01-01");
        assert!(office.issues_under(&"CPFTA".parse().unwrap()));
        assert!(!office.issues_under(&"COMESA".parse().unwrap()));
    }
}
