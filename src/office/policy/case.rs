//! One application held against the policy: whether a machine may examine it, or why it is left to officers.

use super::super::{Amount, Exporter, Subject};
use super::PolicyTerms;
use crate::certificate::{AgreementCode, Country, Findings, OfficeCode};
use crate::reason::{Class, Reasoned};
use crate::time::Date;
use serde::{Deserialize, Serialize};

/// What the policy has to know of an application.
#[derive(Debug, Clone)]
pub struct PolicyCase<'a> {
    /// The civil date at the office.
    pub day: Date,
    /// What it is about.
    pub subject: &'a Subject,
    /// The exporter, where it is registered.
    pub exporter: Option<&'a Exporter>,
    /// The tariff code of each item, in order; none where an item has none.
    pub goods: Vec<Option<&'a str>>,
    /// The value of the goods, where it is stated in one currency.
    pub value: Option<&'a Amount>,
    /// What the rules say of it.
    pub findings: &'a Findings,
}

/// Why the machine leaves an application to officers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhyLeft {
    /// The policy begins later.
    #[error("the policy begins on {0}")]
    NotYet(Date),
    /// The policy is over.
    #[error("the policy ended on {0}")]
    Ended(Date),
    /// It is for other agreements.
    #[error("the policy is not for {0}")]
    Agreement(AgreementCode),
    /// It is for other offices.
    #[error("the policy is not for office {0}")]
    Office(OfficeCode),
    /// It is for other countries.
    #[error("the policy is not for goods to {0}")]
    Destination(Country),
    /// The rules have something to say that the policy does not bear.
    #[error("there are findings for an officer: {0}")]
    Findings(String),
    /// The exporter is not registered, or struck off.
    #[error("the exporter is not registered at this office")]
    Unregistered,
    /// The policy names the exporter as one whose applications officers see.
    #[error("the policy leaves this exporter's applications to officers")]
    Excluded,
    /// An item has no verified evidence of cost that is good today.
    #[error("item {0} has no verified evidence of cost that is good on the day")]
    Evidence(usize),
    /// The value is above the ceiling, or not stated in its currency.
    #[error("the value is not within {0} {1}")]
    Value(String, String),
    /// Nobody's signature is released for it.
    #[error("no signature is released: {0}")]
    Signature(String),
    /// What the machine needed was not to be had.
    #[error("the certificate could not be issued: {0}")]
    Failed(String),
}

impl Reasoned for WhyLeft {
    fn reason(&self) -> &'static str {
        match self {
            Self::NotYet(_) | Self::Ended(_) => "POLICY_DATES",
            Self::Agreement(_) => "POLICY_AGREEMENT",
            Self::Office(_) => "POLICY_OFFICE",
            Self::Destination(_) => "POLICY_DESTINATION",
            Self::Findings(_) => "POLICY_FINDINGS",
            Self::Unregistered => "POLICY_UNREGISTERED",
            Self::Excluded => "POLICY_EXCLUDED",
            Self::Evidence(_) => "POLICY_EVIDENCE",
            Self::Value(..) => "POLICY_VALUE",
            Self::Signature(_) => "POLICY_SIGNATURE",
            Self::Failed(_) => "POLICY_FAILED",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}

/// That the machine looked at an application and left it to officers, as the application keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftToOfficers {
    /// The policy, by its name.
    pub policy: String,
    /// The stable reason.
    pub reason: String,
    /// In words, for officers.
    pub words: String,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
}

/// Findings named in the sentence at most.
const NAMED: usize = 4;

impl PolicyTerms {
    /// Whether a machine may examine the application: it has no findings but those the policy bears, and verified
    /// evidence of cost for every item.
    pub fn covers(&self, case: &PolicyCase<'_>) -> Result<(), WhyLeft> {
        let PolicyCase { day, subject, exporter, goods, value, findings } = case;
        if *day < self.from {
            return Err(WhyLeft::NotYet(self.from));
        }
        if self.until < *day {
            return Err(WhyLeft::Ended(self.until));
        }
        if !self.agreements.contains(&subject.agreement) {
            return Err(WhyLeft::Agreement(subject.agreement.clone()));
        }
        if !self.offices.contains(&subject.office) {
            return Err(WhyLeft::Office(subject.office.clone()));
        }
        if !self.destinations.contains(&subject.to) {
            return Err(WhyLeft::Destination(subject.to));
        }
        self.bears(findings)?;
        let exporter = exporter.filter(|one| !one.struck_off).ok_or(WhyLeft::Unregistered)?;
        if self.excluded.contains(&exporter.id) {
            return Err(WhyLeft::Excluded);
        }
        for (place, hs) in goods.iter().enumerate() {
            let good = hs.is_some_and(|hs| exporter.evidence_for(hs, *day).is_some());
            if !good {
                return Err(WhyLeft::Evidence(place + 1));
            }
        }
        let most = &self.most_value;
        let within =
            |value: &&Amount| value.currency == most.currency && value.value.millionths() <= most.value.millionths();
        value.filter(within).ok_or_else(|| WhyLeft::Value(most.value.to_string(), most.currency.clone()))?;
        Ok(())
    }

    /// Whether all findings are of rules it bears.
    pub fn bears(&self, findings: &Findings) -> Result<(), WhyLeft> {
        let mut beyond = findings.iter().map(|one| one.rule.as_str()).filter(|rule| !self.tolerates(rule));
        let mut named: Vec<&str> = Vec::new();
        for rule in beyond.by_ref() {
            if !named.contains(&rule) {
                named.push(rule);
            }
            if named.len() == NAMED {
                break;
            }
        }
        if named.is_empty() { Ok(()) } else { Err(WhyLeft::Findings(named.join(", "))) }
    }

    fn tolerates(&self, rule: &str) -> bool {
        self.tolerated.iter().any(|one| one == rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Finding;
    use crate::office::CostEvidence;
    use serde_json::json;

    fn day(text: &str) -> Date {
        crate::time::parse_date(text).unwrap()
    }

    fn exporter() -> Exporter {
        let identity = json!({"name": "Chenab Sports", "national_id": "1", "registration": "S-1", "address": ["Sialkot"],
            "country": "PK"});
        let exporter = json!({"id": "exp_0123456789abcdef", "registered": 1, "identity": identity});
        let exporter: Exporter = serde_json::from_value(exporter).unwrap();
        let evidence = CostEvidence {
            reference: "2026-7".parse().unwrap(),
            hs: "9506".parse().unwrap(),
            paper: crate::certificate::Sha256([1; 32]),
            from: day("2026-06-01"),
            until: day("2026-06-30"),
            verified_by: None,
        };
        let officer = "acc_0123456789abcdef".parse().unwrap();
        exporter.bring(evidence).unwrap().verify("2026-7", &officer).unwrap()
    }

    #[test]
    fn one_condition_that_is_not_met_leaves_it_to_officers_and_says_which() {
        let subject = Subject {
            agreement: "CPFTA".parse().unwrap(),
            office: "LHE".parse().unwrap(),
            to: "CN".parse().unwrap(),
            exporter: "Chenab Sports".parse().unwrap(),
            goods: "Footballs".parse().unwrap(),
            hs: None,
            items: 1,
        };
        let (exporter, usd) =
            (exporter(), |value: &str| Amount { value: value.parse().unwrap(), currency: "USD".into() });
        let mut all = super::super::tests::terms();
        all["tolerated"] = json!(["FORM_BOXES"]);
        let terms = PolicyTerms::read_json(all.to_string().as_bytes()).unwrap();
        let (within, none) = (usd("250000"), Findings::default());
        let borne = Findings(vec![Finding::unknown("FORM_BOXES", "form", "unconfirmed")]);
        let good = PolicyCase {
            day: day("2026-06-30"),
            subject: &subject,
            exporter: Some(&exporter),
            goods: vec![Some("950662"), Some("95066900")],
            value: Some(&within),
            findings: &borne,
        };
        assert_eq!(terms.covers(&good), Ok(()));
        let reason = |case: PolicyCase<'_>| terms.covers(&case).unwrap_err().reason();
        let with = |change: &dyn Fn(&mut PolicyCase<'_>)| {
            let mut case = good.clone();
            change(&mut case);
            reason(case)
        };
        assert_eq!(with(&|case| case.day = day("2025-12-31")), "POLICY_DATES");
        assert_eq!(with(&|case| case.day = day("2027-01-01")), "POLICY_DATES");
        assert_eq!(
            with(&|case| case.day = day("2026-07-01")),
            "POLICY_EVIDENCE",
            "a cost statement that expired yesterday"
        );
        assert_eq!(with(&|case| case.goods.push(Some("640399"))), "POLICY_EVIDENCE");
        assert_eq!(with(&|case| case.goods.push(None)), "POLICY_EVIDENCE");
        assert_eq!(with(&|case| case.exporter = None), "POLICY_UNREGISTERED");
        assert_eq!(with(&|case| case.value = None), "POLICY_VALUE");
        let (above, other) = (usd("250000.01"), Amount { currency: "EUR".into(), ..usd("1") });
        assert_eq!(reason(PolicyCase { value: Some(&above), ..good.clone() }), "POLICY_VALUE");
        assert_eq!(reason(PolicyCase { value: Some(&other), ..good.clone() }), "POLICY_VALUE");
        let found = Findings(vec![Finding::warning("LATE", "transport.departure", "late")]);
        assert_eq!(reason(PolicyCase { findings: &found, ..good.clone() }), "POLICY_FINDINGS");
        assert_eq!(terms.covers(&PolicyCase { findings: &none, ..good.clone() }), Ok(()));
        for (name, value, expected) in [
            ("agreement", "COMESA", "POLICY_AGREEMENT"),
            ("office", "KHI", "POLICY_OFFICE"),
            ("to", "KE", "POLICY_DESTINATION"),
        ] {
            let mut other = serde_json::to_value(&subject).unwrap();
            other[name] = json!(value);
            let other: Subject = serde_json::from_value(other).unwrap();
            assert_eq!(reason(PolicyCase { subject: &other, ..good.clone() }), expected);
        }
        let struck = Exporter { struck_off: true, ..exporter.clone() };
        assert_eq!(reason(PolicyCase { exporter: Some(&struck), ..good.clone() }), "POLICY_UNREGISTERED");
        let excluding = PolicyTerms { excluded: vec![exporter.id.clone()], ..terms.clone() };
        assert_eq!(excluding.covers(&good).unwrap_err().reason(), "POLICY_EXCLUDED");
    }
}
