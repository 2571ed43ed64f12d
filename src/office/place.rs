//! An issuing office and the number series it draws from.

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

/// Where an office takes the serial numbers of an agreement's certificates from. The agreement's data say how a
/// number is written; the writer alone draws from a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberSeries {
    /// The office.
    pub office: OfficeCode,
    /// The agreement.
    pub agreement: AgreementCode,
    /// The first serial of each year.
    pub first: u64,
}

impl NumberSeries {
    /// The name under which the next serial of the year of `date` is kept.
    #[must_use]
    pub fn key(&self, date: Date) -> String {
        format!("{}/{}/{}", self.agreement, self.office, date.year())
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

    #[test]
    fn a_year_has_its_own_serials() {
        let series = NumberSeries { office: "KHI".parse().unwrap(), agreement: "CPFTA".parse().unwrap(), first: 1 };
        let (old, new) = ("2026-12-31".parse().unwrap(), "2027-01-01".parse().unwrap());
        assert_eq!(series.key(old), "CPFTA/KHI/2026");
        assert_ne!(series.key(old), series.key(new));
    }
}
