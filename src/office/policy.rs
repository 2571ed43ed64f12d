//! The authority's policy of examination by machine: what it covers, which findings it bears, whose signature it
//! releases.
//!
//! What always holds: without a policy nothing is examined by machine; a policy names whatever it covers, and covers
//! nothing else; it releases the signature of nobody who has not agreed to this very version of it.

mod case;

pub use case::{LeftToOfficers, PolicyCase, WhyLeft};

use super::{AccountId, Amount, ExporterId, Person, SamePerson};
use crate::certificate::{AgreementCode, Country, OfficeCode, Sha256};
use crate::reason::{Class, Reasoned};
use crate::time::{Date, serde_date};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256 as Hasher};

/// Names in one list of a policy at most.
const MOST_NAMED: usize = 256;
/// Findings a policy bears at most: one that bears many has no rules left.
const MOST_TOLERATED: usize = 16;
/// Signatories at most.
const MOST_SIGNATORIES: usize = 16;

/// What an administrator sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyTerms {
    /// The first day.
    #[serde(with = "serde_date")]
    pub from: Date,
    /// The last day.
    #[serde(with = "serde_date")]
    pub until: Date,
    /// The agreements.
    pub agreements: Vec<AgreementCode>,
    /// The offices.
    pub offices: Vec<OfficeCode>,
    /// The importing countries.
    pub destinations: Vec<Country>,
    /// The value of one application at most; what states none, or another currency, is not covered.
    pub most_value: Amount,
    /// The rules whose findings it bears; none is the usual.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerated: Vec<String>,
    /// Exporters whose applications officers see in any case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<ExporterId>,
    /// The signatories whose signature it releases, once each has agreed; the first who can signs. Where none is
    /// named, what is examined by machine waits for a signatory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatories: Vec<AccountId>,
}

/// A version of the policy, as it was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Rises with every change.
    pub version: u32,
    /// The terms; none where the policy was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<PolicyTerms>,
    /// The administrator's account that set it.
    pub set_by: AccountId,
    /// The person behind that account.
    pub set_by_person: Person,
    /// When, in Unix milliseconds.
    pub set_ms: u64,
}

/// That a signatory lets their signature be released under a version of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyAgreement {
    /// The signatory's account.
    pub account: AccountId,
    /// The version.
    pub version: u32,
    /// When, in Unix milliseconds.
    pub agreed_ms: u64,
    /// When they took it back, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_ms: Option<u64>,
}

/// Why a policy is not set or agreed to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefused {
    /// It cannot be as it is wanted.
    #[error("{0}")]
    Form(String),
    /// There is none, or not this version.
    #[error("{}", unknown(*.0))]
    Unknown(u32),
    /// Another version is in force than the one agreed to, or it says something else.
    #[error("the policy in force is version {now}, not what was shown: look at it again")]
    Version {
        /// The version in force.
        now: u32,
    },
    /// The policy does not name the account as a signatory.
    #[error("the policy does not name this account as a signatory")]
    NotNamed,
    /// Who set the policy does not let their own signature be released by it.
    #[error(transparent)]
    SamePerson(#[from] SamePerson),
}

fn unknown(version: u32) -> String {
    match version {
        0 => "no policy of examination is set here: every application goes to officers".to_owned(),
        version => format!("there is no version {version} of the policy here"),
    }
}

impl Reasoned for PolicyRefused {
    fn reason(&self) -> &'static str {
        match self {
            Self::Form(_) => "POLICY_INVALID",
            Self::Unknown(_) => "POLICY_UNKNOWN",
            Self::Version { .. } => "POLICY_VERSION",
            Self::NotNamed => "POLICY_NOT_YOURS",
            Self::SamePerson(_) => "SAME_PERSON",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}

impl PolicyTerms {
    /// Reads terms from JSON, and says what cannot be.
    pub fn read_json(json: &[u8]) -> Result<Self, PolicyRefused> {
        let terms: Self = serde_json::from_slice(json).map_err(|error| PolicyRefused::Form(error.to_string()))?;
        terms.check()?;
        Ok(terms)
    }

    /// The terms as JSON: what is kept, shown and agreed to, byte for byte.
    #[must_use]
    pub fn to_json(&self) -> String {
        // A struct of texts, dates and lists has a JSON form; were there none, nobody could agree to it.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// SHA-256 of [`Self::to_json`].
    #[must_use]
    pub fn shown(&self) -> Sha256 {
        Sha256(Hasher::digest(self.to_json()).into())
    }

    fn check(&self) -> Result<(), PolicyRefused> {
        let form = |words: &str| Err(PolicyRefused::Form(words.to_owned()));
        let named = [self.agreements.len(), self.offices.len(), self.destinations.len()];
        let currency = self.most_value.currency.as_bytes();
        let rule = |rule: &String| {
            (1..=64).contains(&rule.len()) && rule.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
        };
        if self.until < self.from {
            form("a policy ends on its first day or later")
        } else if named.contains(&0) {
            form("a policy names agreements, offices and destinations, at least one of each")
        } else if named.iter().any(|count| *count > MOST_NAMED) || self.excluded.len() > MOST_NAMED {
            form("a policy names at most 256 of each")
        } else if currency.len() != 3 || !currency.iter().all(u8::is_ascii_uppercase) {
            form("`most_value` names its currency by three letters of ISO 4217")
        } else if self.tolerated.len() > MOST_TOLERATED || !self.tolerated.iter().all(rule) {
            form("a policy bears findings of at most 16 rules, each by its name, such as `FORM_BOXES`")
        } else if !self.excluded.iter().all(|id| id.as_str().parse::<ExporterId>().is_ok()) {
            form("`excluded` names exporters by their id, such as `exp_0123456789abcdef`")
        } else if self.signatories.len() > MOST_SIGNATORIES
            || !self.signatories.iter().all(|id| id.as_str().parse::<AccountId>().is_ok())
        {
            form("`signatories` names at most 16 accounts by their id, such as `acc_0123456789abcdef`")
        } else {
            Ok(())
        }
    }
}

impl Policy {
    /// How applications, certificates and the audit record name this version.
    #[must_use]
    pub fn name(&self) -> String {
        format!("policy {}", self.version)
    }

    /// The terms that a signatory agrees to, if it is what was shown to them and their own to agree to.
    pub fn may_agree(&self, account: &AccountId, person: &Person, shown: Sha256) -> Result<(), PolicyRefused> {
        let terms = self.terms.as_ref().filter(|terms| terms.shown() == shown);
        let terms = terms.ok_or(PolicyRefused::Version { now: self.version })?;
        if !terms.signatories.contains(account) {
            return Err(PolicyRefused::NotNamed);
        }
        self.other_person(account, person).map_err(PolicyRefused::from)
    }

    /// Two people stand behind a release: who set the policy, and who agreed to it.
    pub fn other_person(&self, account: &AccountId, person: &Person) -> Result<(), SamePerson> {
        if self.set_by == *account || self.set_by_person == *person { Err(SamePerson::Policy) } else { Ok(()) }
    }
}

impl PolicyAgreement {
    /// Whether it is to this version, and stands.
    #[must_use]
    pub fn is_to(&self, version: u32) -> bool {
        self.version == version && self.revoked_ms.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    pub(super) fn terms() -> serde_json::Value {
        json!({
            "from": "2026-01-01", "until": "2026-12-31", "agreements": ["CPFTA"], "offices": ["LHE"],
            "destinations": ["CN"], "most_value": { "value": "250000", "currency": "USD" },
            "signatories": ["acc_0123456789abcdef"],
        })
    }

    #[test]
    fn a_policy_names_whatever_it_covers() {
        let read = |name: &str, value: serde_json::Value| {
            let mut all = terms();
            all[name] = value;
            PolicyTerms::read_json(all.to_string().as_bytes())
        };
        assert!(read("tolerated", json!(["FORM_BOXES"])).is_ok());
        for (name, value) in [
            ("agreements", json!([])),
            ("offices", json!([])),
            ("destinations", json!([])),
            ("until", json!("2025-12-31")),
            ("most_value", json!({ "value": "250000", "currency": "dollars" })),
            ("most_value", json!(null)),
            ("tolerated", json!(["*"])),
            ("tolerated", json!(vec!["A"; 17])),
            ("excluded", json!(["Chenab Sports"])),
            ("signatories", json!(["A. Qureshi"])),
            ("hours", json!("9-17")),
        ] {
            assert_eq!(read(name, value).unwrap_err().reason(), "POLICY_INVALID", "{name}");
        }
    }

    #[test]
    fn only_a_signatory_that_is_named_agrees_and_only_to_what_was_shown() {
        let read = PolicyTerms::read_json(terms().to_string().as_bytes()).unwrap();
        assert_eq!(PolicyTerms::read_json(read.to_json().as_bytes()).unwrap(), read);
        let (signatory, setter): (AccountId, AccountId) =
            ("acc_0123456789abcdef".parse().unwrap(), "acc_1123456789abcdef".parse().unwrap());
        let person = |name: &str| name.parse::<Person>().unwrap();
        let shown = read.shown();
        let policy = Policy {
            version: 3,
            terms: Some(read),
            set_by: setter.clone(),
            set_by_person: person("D. Admin"),
            set_ms: 1,
        };
        let agree = |account, name, shown| policy.may_agree(account, &person(name), shown).map_err(|e| e.reason());
        assert_eq!(agree(&signatory, "A. Qureshi", shown), Ok(()));
        assert_eq!(agree(&signatory, "A. Qureshi", Sha256([1; 32])), Err("POLICY_VERSION"));
        assert_eq!(agree(&setter, "A. Qureshi", shown), Err("POLICY_NOT_YOURS"));
        assert_eq!(agree(&signatory, " d.  ADMIN", shown), Err("SAME_PERSON"), "nobody releases alone");
        let withdrawn = Policy { terms: None, ..policy.clone() };
        assert!(withdrawn.may_agree(&signatory, &person("A. Qureshi"), shown).is_err());
    }
}
