//! A mandate: by it an agent or a platform files for an exporter, so far and no further.

use super::account::drawn_id;
use super::{AccountId, ExporterId};
use crate::certificate::{AgreementCode, OfficeCode};
use crate::encoding::decimal::Decimal;
use crate::reason::{Class, Reasoned};
use crate::time::{Date, serde_date};
use serde::{Deserialize, Serialize};

drawn_id! {
    /// The id of a mandate.
    MandateId "man_";
    /// The text is not the id of a mandate.
    NotMandateId "a mandate"
}

/// How far a mandate goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The agreements; every one where none is named.
    #[serde(default)]
    pub agreements: Vec<AgreementCode>,
    /// The offices; every one where none is named.
    #[serde(default)]
    pub offices: Vec<OfficeCode>,
    /// The first day.
    #[serde(with = "serde_date")]
    pub from: Date,
    /// The last day.
    #[serde(with = "serde_date")]
    pub until: Date,
    /// Applications at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_applications: Option<u64>,
    /// Value at most, of all applications together, in the currency named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_value: Option<Amount>,
    /// Whether what is issued on it is kept from the importing country until the exporter itself consents.
    #[serde(default)]
    pub hold: bool,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// How much.
    pub value: Decimal,
    /// Of which currency, by ISO 4217.
    pub currency: String,
}

/// A mandate as the office keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mandate {
    /// Its id.
    pub id: MandateId,
    /// For whom.
    pub exporter: ExporterId,
    /// The agent's or platform's account.
    pub agent: AccountId,
    /// How far.
    pub scope: Scope,
    /// Applications filed by it so far.
    #[serde(default)]
    pub used_applications: u64,
    /// Their value so far, in the currency of its ceiling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_value: Option<Decimal>,
    /// The account that gave it: the exporter's own, or the officer's who recorded one on paper.
    pub given_by: AccountId,
    /// When it was ended before its time, in Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<i64>,
}

/// What a mandate carried of one application: which mandate, and how much of its ceiling of value that took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The mandate.
    pub mandate: MandateId,
    /// The value of the goods, where it is stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Amount>,
}

/// What is filed by a mandate.
#[derive(Debug, Clone)]
pub struct Filing<'a> {
    /// Under which agreement.
    pub agreement: &'a AgreementCode,
    /// At which office.
    pub office: &'a OfficeCode,
    /// The civil date at the office.
    pub day: Date,
    /// The value of the goods, where it is stated.
    pub value: Option<&'a Amount>,
}

impl Mandate {
    /// The currency in which values are counted on it, where it has a ceiling in another than the filing's.
    #[must_use]
    pub fn counts_in(&self, filing: &Filing<'_>) -> Option<&str> {
        let most = self.scope.most_value.as_ref()?;
        filing.value.filter(|value| value.currency != most.currency).map(|_| most.currency.as_str())
    }
}

/// Why a mandate does not carry a filing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MandateRefused {
    /// There is none.
    #[error("this account holds no mandate of {0}: the exporter gives one, or the office records one")]
    None(ExporterId),
    /// The account is no exporter's, and it is not said for whom it files.
    #[error("say for which exporter this is filed: by its id, or by its registration number")]
    Unnamed,
    /// Its first day is yet to come.
    #[error("the mandate begins on {0}")]
    NotYet(Date),
    /// Its last day is over.
    #[error("the mandate ended on {0}")]
    Ended(Date),
    /// The exporter or the office ended it.
    #[error("the mandate was revoked")]
    Revoked,
    /// It is for other agreements.
    #[error("the mandate is not for {0}")]
    Agreement(AgreementCode),
    /// It is for other offices.
    #[error("the mandate is not for office {0}")]
    Office(OfficeCode),
    /// All applications it is for are filed, or their value is reached.
    #[error("this goes beyond the mandate's ceiling: {0}")]
    Ceiling(String),
    /// What is filed cannot be held against its ceiling of value.
    #[error("{0}")]
    Value(String),
    /// It names an agreement or an office that there is not.
    #[error("{0}")]
    Nowhere(String),
    /// It cannot be given so.
    #[error("{0}")]
    Form(&'static str),
}

impl MandateRefused {
    /// Of two mandates that do not carry a filing, the reason of the one that came nearer to it.
    #[must_use]
    pub fn nearer(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::None(_) | Self::Unnamed | Self::Nowhere(_) | Self::Form(_) => 0,
            Self::Revoked => 1,
            Self::Ended(_) => 2,
            Self::NotYet(_) => 3,
            Self::Agreement(_) => 4,
            Self::Office(_) => 5,
            Self::Ceiling(_) => 6,
            Self::Value(_) => 7,
        }
    }
}

impl Reasoned for MandateRefused {
    fn reason(&self) -> &'static str {
        match self {
            Self::None(_) => "MANDATE_MISSING",
            Self::Unnamed => "EXPORTER_NEEDED",
            Self::NotYet(_) => "MANDATE_NOT_YET",
            Self::Ended(_) => "MANDATE_ENDED",
            Self::Revoked => "MANDATE_REVOKED",
            Self::Agreement(_) => "MANDATE_AGREEMENT",
            Self::Office(_) => "MANDATE_OFFICE",
            Self::Ceiling(_) => "MANDATE_CEILING",
            Self::Value(_) => "MANDATE_VALUE",
            Self::Nowhere(_) | Self::Form(_) => "MANDATE_INVALID",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}

impl Mandate {
    /// Whether it is in force on a day.
    #[must_use]
    pub fn is_good_on(&self, day: Date) -> bool {
        self.revoked.is_none() && self.scope.from <= day && day <= self.scope.until
    }

    /// Whether it is for this filing at all, whatever its ceilings.
    pub fn covers(&self, filing: &Filing<'_>) -> Result<(), MandateRefused> {
        let scope = &self.scope;
        if self.revoked.is_some() {
            return Err(MandateRefused::Revoked);
        }
        if filing.day < scope.from {
            return Err(MandateRefused::NotYet(scope.from));
        }
        if scope.until < filing.day {
            return Err(MandateRefused::Ended(scope.until));
        }
        if !scope.agreements.is_empty() && !scope.agreements.contains(filing.agreement) {
            return Err(MandateRefused::Agreement(filing.agreement.clone()));
        }
        if !scope.offices.is_empty() && !scope.offices.contains(filing.office) {
            return Err(MandateRefused::Office(filing.office.clone()));
        }
        Ok(())
    }

    /// The mandate after it carried a filing, or why it does not carry it.
    pub fn carry(self, filing: &Filing<'_>) -> Result<Self, MandateRefused> {
        self.covers(filing)?;
        let used = self.used_applications.saturating_add(1);
        if let Some(most) = self.scope.most_applications.filter(|most| used > *most) {
            let filed = if most == 1 { "application, and that is filed" } else { "applications, and all are filed" };
            return Err(MandateRefused::Ceiling(format!("it is for {most} {filed}")));
        }
        Ok(Self { used_applications: used, ..self.valued(filing.value, None)? })
    }

    /// The same of an application it carried before, which now says another value: it is counted once, by what it
    /// says last.
    pub fn carry_again(self, filing: &Filing<'_>, before: Option<&Amount>) -> Result<Self, MandateRefused> {
        self.covers(filing)?;
        self.valued(filing.value, before)
    }

    fn valued(self, value: Option<&Amount>, before: Option<&Amount>) -> Result<Self, MandateRefused> {
        let Some(most) = &self.scope.most_value else { return Ok(self) };
        let value = match value {
            None => {
                return Err(MandateRefused::Value(format!(
                    "the mandate has a ceiling of {} {}, and what is filed states no value, or values in several \
                     currencies: state the value of all goods in one currency",
                    most.value, most.currency
                )));
            }
            Some(other) if other.currency != most.currency => {
                return Err(MandateRefused::Value(format!(
                    "the mandate has a ceiling of {} {}, and no rate of the day from {} is installed here, so {} {} \
                     cannot be counted against it: state the value in {}, or have the operator install the rate",
                    most.value, most.currency, other.currency, other.value, other.currency, most.currency
                )));
            }
            Some(value) => value,
        };
        let used = self.used_value.unwrap_or(Decimal::ZERO);
        let others = before.filter(|before| before.currency == most.currency).map_or(Decimal::ZERO, |one| one.value);
        let others = used.checked_sub(others).unwrap_or(Decimal::ZERO);
        let sum = others.checked_add(value.value).filter(|sum| sum.millionths() <= most.value.millionths());
        let sum = sum.ok_or_else(|| {
            let free = most.value.checked_sub(others).unwrap_or(Decimal::ZERO);
            MandateRefused::Ceiling(format!(
                "{free} {} of {} {} are left, and this is {} {}",
                most.currency, most.value, most.currency, value.value, value.currency
            ))
        })?;
        Ok(Self { used_value: Some(sum), ..self })
    }
}

impl Scope {
    /// Whether a mandate can be given so.
    pub fn check(&self) -> Result<(), MandateRefused> {
        let currency = self.most_value.as_ref().map(|amount| amount.currency.as_str());
        if self.until < self.from {
            Err(MandateRefused::Form("a mandate ends on its first day or later"))
        } else if self.most_value.as_ref().is_some_and(|most| most.value.is_zero()) {
            Err(MandateRefused::Form("a ceiling of value is more than 0: leave it out where there shall be none"))
        } else if currency.is_some_and(|code| code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase())) {
            Err(MandateRefused::Form("a ceiling of value names its currency by three letters of ISO 4217"))
        } else if self.agreements.len() > 64 || self.offices.len() > 64 {
            Err(MandateRefused::Form("a mandate names at most 64 agreements and 64 offices"))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        crate::time::parse_date(text).unwrap()
    }

    fn mandate() -> Mandate {
        Mandate {
            id: "man_0123456789abcdef".parse().unwrap(),
            exporter: "exp_0123456789abcdef".parse().unwrap(),
            agent: "acc_0123456789abcdef".parse().unwrap(),
            scope: Scope {
                agreements: vec!["CPFTA".parse().unwrap()],
                offices: vec!["KHI".parse().unwrap()],
                from: day("2026-01-01"),
                until: day("2026-12-31"),
                most_applications: Some(3),
                most_value: Some(usd("1000")),
                hold: false,
            },
            used_applications: 0,
            used_value: None,
            given_by: "acc_0123456789abcdef".parse().unwrap(),
            revoked: None,
        }
    }

    fn usd(value: &str) -> Amount {
        Amount { value: value.parse().unwrap(), currency: "USD".into() }
    }

    fn carry(
        mandate: Mandate,
        agreement: &str,
        office: &str,
        on: &str,
        value: Option<&Amount>,
    ) -> Result<Mandate, &'static str> {
        let (agreement, office) = (agreement.parse().unwrap(), office.parse().unwrap());
        let filing = Filing { agreement: &agreement, office: &office, day: day(on), value };
        mandate.carry(&filing).map_err(|refused| refused.reason())
    }

    #[test]
    fn a_mandate_carries_what_it_is_for_and_each_limit_has_its_reason() {
        let value = usd("400");
        let try_ = |agreement, office, on| carry(mandate(), agreement, office, on, Some(&value)).map(|_| "carried");
        assert_eq!(try_("CPFTA", "KHI", "2026-01-01"), Ok("carried"));
        assert_eq!(try_("CPFTA", "KHI", "2026-12-31"), Ok("carried"), "its last day is in it");
        assert_eq!(try_("CPFTA", "KHI", "2027-01-01"), Err("MANDATE_ENDED"));
        assert_eq!(try_("CPFTA", "KHI", "2025-12-31"), Err("MANDATE_NOT_YET"));
        assert_eq!(try_("COMESA", "KHI", "2026-06-01"), Err("MANDATE_AGREEMENT"));
        assert_eq!(try_("CPFTA", "LHE", "2026-06-01"), Err("MANDATE_OFFICE"));
        let revoked = Mandate { revoked: Some(1), ..mandate() };
        assert_eq!(carry(revoked, "CPFTA", "KHI", "2026-06-01", Some(&value)).err(), Some("MANDATE_REVOKED"));
    }

    #[test]
    fn ceilings_of_count_and_of_value_are_exact() {
        let file = |mandate, value: &str| carry(mandate, "CPFTA", "KHI", "2026-06-01", Some(&usd(value)));
        let two = file(file(mandate(), "400").unwrap(), "600").unwrap();
        assert_eq!(two.used_value.map(|sum| sum.to_string()).as_deref(), Some("1000"));
        assert_eq!(file(two.clone(), "0.000001").err(), Some("MANDATE_CEILING"));
        let (agreement, office) = ("CPFTA".parse().unwrap(), "KHI".parse().unwrap());
        let again = |value: &str| {
            let (value, day) = (usd(value), day("2026-06-01"));
            let filing = Filing { agreement: &agreement, office: &office, day, value: Some(&value) };
            two.clone().carry_again(&filing, Some(&usd("600")))
        };
        let mended = again("599").unwrap();
        assert_eq!((mended.used_applications, mended.used_value.unwrap().to_string()), (2, "999".to_owned()));
        assert_eq!(again("601").unwrap_err().reason(), "MANDATE_CEILING");
        let three = (0..3).fold(mandate(), |mandate, _| file(mandate, "1").unwrap());
        assert_eq!(file(three.clone(), "1").err(), Some("MANDATE_CEILING"));
        let (value, day) = (usd("1"), day("2026-06-01"));
        let filing = Filing { agreement: &agreement, office: &office, day, value: Some(&value) };
        let beyond = three.carry(&filing).unwrap_err().to_string();
        assert_eq!(beyond, "this goes beyond the mandate's ceiling: it is for 3 applications, and all are filed");
    }

    #[test]
    fn a_mandate_by_which_nothing_could_be_filed_is_not_given() {
        let of = |most_value| Scope { most_value: Some(most_value), ..mandate().scope };
        assert_eq!(of(usd("0.01")).check(), Ok(()));
        for nothing in ["0", "0.00"] {
            let refused = of(usd(nothing)).check().unwrap_err();
            assert_eq!(refused.reason(), "MANDATE_INVALID");
            assert!(refused.to_string().contains("more than 0"), "{refused}");
        }
    }

    #[test]
    fn what_cannot_be_counted_is_not_said_to_reach_the_ceiling() {
        let (agreement, office) = ("CPFTA".parse().unwrap(), "KHI".parse().unwrap());
        let told = |value: Option<&Amount>| {
            let filing = Filing { agreement: &agreement, office: &office, day: day("2026-06-01"), value };
            mandate().carry(&filing).unwrap_err()
        };
        let yuan = told(Some(&Amount { currency: "CNY".into(), ..usd("1") }));
        assert_eq!(yuan.reason(), "MANDATE_VALUE");
        assert!(yuan.to_string().contains("no rate of the day from CNY is installed here"), "{yuan}");
        assert_eq!(told(None).reason(), "MANDATE_VALUE");
        let reached = told(Some(&usd("1000.5"))).to_string();
        assert_eq!(
            reached,
            "this goes beyond the mandate's ceiling: 1000 USD of 1000 USD are left, and this is 1000.5 USD"
        );
    }
}
