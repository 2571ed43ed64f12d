//! What an authority goes by while paper and electronic certificates stand side by side: its corridors, the days in which
//! what was issued in an outage is registered, and the blocks of numbers that its offices hold for one.

use crate::certificate::{AgreementCode, CertificateNumber, Country, OfficeCode};
use crate::encoding::text::closed_list;
use crate::time::{Date, serde_date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Numbers of one block at most.
pub const BLOCK_MOST: u32 = 1_000;

closed_list! {
    /// How certificates go to a country.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Medium;
    /// The word for it.
    word {
        /// On paper alone.
        Paper = "paper",
        /// Electronically, and each with a paper.
        Both = "both",
        /// Electronically alone.
        Electronic = "electronic",
    }
}

/// No medium has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of paper, both, electronic")]
pub struct UnknownMedium(pub String);

impl fmt::Display for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Medium {
    type Err = UnknownMedium;

    fn from_str(text: &str) -> Result<Self, UnknownMedium> {
        Self::ALL.into_iter().find(|one| one.word() == text).ok_or_else(|| UnknownMedium(text.to_owned()))
    }
}

/// How certificates under one agreement go to one country, for some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corridor {
    /// The agreement or scheme.
    pub agreement: AgreementCode,
    /// Importing country.
    pub to: Country,
    /// How they go.
    pub medium: Medium,
    /// The first date of issue it is for; from ever, if none.
    pub from: Option<Date>,
    /// The last date of issue it is for; without end, if none.
    pub until: Option<Date>,
}

impl Corridor {
    /// Whether it is for certificates issued on that day.
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// Whether both speak of the same certificates on some day.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let before =
            |until: Option<Date>, from: Option<Date>| until.zip(from).is_some_and(|(until, from)| until < from);
        self.agreement == other.agreement
            && self.to == other.to
            && !before(self.until, other.from)
            && !before(other.until, self.from)
    }
}

/// What an authority goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continuity {
    /// Its corridors, of which no two meet. Where none is for a certificate it is issued electronically.
    pub corridors: Vec<Corridor>,
    /// Days after its date of issue in which a certificate issued on paper in an outage is issued electronically.
    pub register_within_days: u16,
}

impl Default for Continuity {
    fn default() -> Self {
        Self { corridors: Vec::new(), register_within_days: 5 }
    }
}

impl Continuity {
    /// The corridor of certificates issued on that day, if one is named.
    #[must_use]
    pub fn corridor(&self, agreement: &AgreementCode, to: Country, day: Date) -> Option<&Corridor> {
        self.corridors.iter().find(|one| one.agreement == *agreement && one.to == to && one.covers(day))
    }
}

/// Numbers that an office holds for the certificates that it issues on paper while its node cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberBlock {
    /// What it is called: the request it was asked for by, in hexadecimal digits.
    pub id: String,
    /// The office.
    pub office: OfficeCode,
    /// The agreement its certificates are issued under.
    pub agreement: AgreementCode,
    /// Where they go.
    pub to: Country,
    /// The civil date at the office when it was given.
    #[serde(with = "serde_date")]
    pub reserved_on: Date,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// The account that asked.
    pub by: String,
    /// The numbers, rising.
    pub numbers: Vec<CertificateNumber>,
}

/// What is kept of a number of a block until a certificate bears it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockNumber {
    /// The block it belongs to.
    pub block: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corridor(from: Option<Date>, until: Option<Date>, medium: Medium) -> Corridor {
        Corridor { agreement: "CPFTA".parse().unwrap(), to: "CN".parse().unwrap(), medium, from, until }
    }

    #[test]
    fn a_corridor_changes_with_its_days_and_what_none_is_for_is_not_said() {
        let (last, first) = (Date::constant(2026, 6, 30), Date::constant(2026, 7, 1));
        let continuity = Continuity {
            corridors: vec![corridor(None, Some(last), Medium::Paper), corridor(Some(first), None, Medium::Both)],
            ..Continuity::default()
        };
        let medium = |code: &str, to: &str, day| {
            continuity.corridor(&code.parse().unwrap(), to.parse().unwrap(), day).map(|one| one.medium)
        };
        assert_eq!(medium("CPFTA", "CN", last), Some(Medium::Paper));
        assert_eq!(medium("CPFTA", "CN", first), Some(Medium::Both));
        assert_eq!(medium("CPFTA", "KE", first), None);
        assert_eq!(medium("NONPREF", "CN", first), None);
    }

    #[test]
    fn two_corridors_meet_where_one_day_has_two_answers() {
        let (a, b, c) = (Date::constant(2026, 1, 1), Date::constant(2026, 6, 1), Date::constant(2026, 12, 1));
        let one = corridor(Some(a), Some(b), Medium::Paper);
        assert!(one.meets(&corridor(Some(b), None, Medium::Both)));
        assert!(one.meets(&corridor(None, None, Medium::Both)));
        assert!(!one.meets(&corridor(Some(c), None, Medium::Both)));
        assert!(!one.meets(&Corridor { to: "KE".parse().unwrap(), ..corridor(None, None, Medium::Both) }));
    }
}
