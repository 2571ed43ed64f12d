//! Who exports, as the office knows them: registered once, with the evidence of what their goods cost.

mod against;
mod name;
mod saved;

pub use against::is_same_exporter;
pub use name::{bare_name, folded, likened};
pub(crate) use saved::room;
pub use saved::{MAX_SAVED, SavedKind, SavedParty, SavedProduct};

use super::account::drawn_id;
use crate::certificate::{Country, Findings, Sha256, Text};
use crate::reason::{Class, Reasoned};
use crate::time::{Date, serde_date};
use serde::{Deserialize, Serialize};

/// Evidence of cost an exporter may have at once.
pub const MAX_EVIDENCE: usize = 256;

drawn_id! {
    /// The id of an exporter, unique to the authority for ever.
    ExporterId "exp_";
    /// The text is not the id of an exporter.
    NotExporterId "an exporter"
}

/// Who an exporter is by law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The name as registered.
    pub name: Text<256>,
    /// The number by which the country knows them: a tax number, a unified social credit code.
    pub national_id: Text<35>,
    /// The kind of that number, such as `NTN` or `USCC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Text<35>>,
    /// The number under which the office registered them; no two exporters have the same.
    pub registration: Text<35>,
    /// Where they are, line by line, without the country.
    pub address: Vec<Text<256>>,
    /// The country of the address.
    pub country: Country,
}

/// Evidence of what goods cost to produce, brought before any shipment and good for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostEvidence {
    /// What names it among the exporter's own.
    pub reference: Text<64>,
    /// The first digits of the Harmonized System of the goods it is for.
    pub hs: Text<12>,
    /// SHA-256 of the paper, which stays with the exporter or in the office's files.
    pub paper: Sha256,
    /// The first day it is good for.
    #[serde(with = "serde_date")]
    pub from: Date,
    /// The last day.
    #[serde(with = "serde_date")]
    pub until: Date,
    /// The officer's account that verified it; it counts for nothing until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_by: Option<super::AccountId>,
}

/// An exporter as the office keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exporter {
    /// Its id.
    pub id: ExporterId,
    /// Who it is by law.
    pub identity: Identity,
    /// Its evidence of cost, in the order in which it was brought.
    #[serde(default)]
    pub evidence: Vec<CostEvidence>,
    /// When it was registered, in Unix seconds.
    pub registered: i64,
    /// Struck off: nobody files for it any more.
    #[serde(default)]
    pub struck_off: bool,
}

impl Exporter {
    /// Brings evidence; the same reference brought again takes the place of what was there, unverified.
    pub fn bring(mut self, evidence: CostEvidence) -> Result<Self, ExporterRefused> {
        if evidence.until < evidence.from {
            return Err(ExporterRefused::EvidenceDates);
        }
        let digits = evidence.hs.as_str();
        if !(2..=10).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ExporterRefused::EvidenceHs(evidence.hs.to_string()));
        }
        self.evidence.retain(|one| one.reference != evidence.reference);
        if self.evidence.len() >= MAX_EVIDENCE {
            return Err(ExporterRefused::TooMuchEvidence);
        }
        self.evidence.push(CostEvidence { verified_by: None, ..evidence });
        Ok(self)
    }

    /// Takes evidence for verified by an officer.
    pub fn verify(mut self, reference: &str, officer: &super::AccountId) -> Result<Self, ExporterRefused> {
        let evidence = self.evidence.iter_mut().find(|one| one.reference.as_str() == reference);
        let evidence =
            evidence.ok_or_else(|| ExporterRefused::EvidenceUnknown(reference.chars().take(64).collect()))?;
        evidence.verified_by = Some(officer.clone());
        Ok(self)
    }

    /// Verified evidence for goods of this HS code that is good on a day.
    #[must_use]
    pub fn evidence_for(&self, hs: &str, day: Date) -> Option<&CostEvidence> {
        let good = |one: &&CostEvidence| {
            one.verified_by.is_some() && hs.starts_with(one.hs.as_str()) && one.from <= day && day <= one.until
        };
        self.evidence.iter().rev().find(good)
    }
}

/// Why an exporter cannot be as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExporterRefused {
    /// The registration number is another exporter's.
    #[error("`{0}` is the registration number of another exporter")]
    Registered(String),
    /// The registration number is another exporter's in another spelling.
    #[error("`{number}` is read as `{registration}`, which is the registration number of another exporter")]
    RegisteredAs {
        /// The number.
        number: String,
        /// The one that is given.
        registration: String,
    },
    /// The national id is another exporter's, who is registered and was not struck off.
    #[error("`{number}` is the national id of an exporter that is registered already, under `{registration}`")]
    NationalId {
        /// The number by which the country knows it.
        number: String,
        /// The number under which the office registered it.
        registration: String,
    },
    /// One of the numbers is that of an exporter that was struck off: who was struck off does not come back by
    /// registering anew.
    #[error("`{number}` is a number of the exporter `{registration}`, which was struck off; the office can readmit it")]
    WasStruckOff {
        /// The number.
        number: String,
        /// The number under which the office registered it.
        registration: String,
    },
    /// Evidence that would end before it begins.
    #[error("evidence of cost ends on the day it begins or later")]
    EvidenceDates,
    /// What is no beginning of a code of the Harmonized System would be for no goods at all.
    #[error("`{0}` does not begin a code of the Harmonized System: 2 to 10 digits without points")]
    EvidenceHs(String),
    /// More evidence than an exporter may have.
    #[error("an exporter has at most {MAX_EVIDENCE} pieces of evidence at once")]
    TooMuchEvidence,
    /// There is no such evidence.
    #[error("the exporter has brought no evidence of cost `{0}`")]
    EvidenceUnknown(String),
    /// More is saved than an exporter may have.
    #[error("an exporter saves each {0} under a name, at most {MAX_SAVED}: remove one that is not used")]
    TooMuchSaved(&'static str),
    /// Nothing is saved under the name.
    #[error("no {0} is saved as `{1}`")]
    NotSaved(&'static str, String),
    /// What is to be saved is not well-formed.
    #[error("it cannot be saved: {0}")]
    Unreadable(Findings),
    /// Struck off.
    #[error("the exporter was struck off: nobody files for it any more")]
    StruckOff,
}

impl Reasoned for ExporterRefused {
    fn reason(&self) -> &'static str {
        match self {
            Self::Registered(_) | Self::RegisteredAs { .. } => "EXPORTER_EXISTS",
            Self::NationalId { .. } => "NATIONAL_ID_EXISTS",
            Self::WasStruckOff { .. } => "EXPORTER_WAS_STRUCK_OFF",
            Self::EvidenceDates => "EVIDENCE_DATES",
            Self::EvidenceHs(_) => "EVIDENCE_HS",
            Self::TooMuchEvidence => "TOO_MUCH_EVIDENCE",
            Self::EvidenceUnknown(_) => "EVIDENCE_UNKNOWN",
            Self::TooMuchSaved(_) => "TOO_MUCH_SAVED",
            Self::NotSaved(..) => "SAVED_UNKNOWN",
            Self::Unreadable(_) => "SAVED_INVALID",
            Self::StruckOff => "EXPORTER_STRUCK_OFF",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        crate::time::parse_date(text).unwrap()
    }

    #[test]
    fn evidence_counts_when_it_is_verified_and_while_it_is_good() {
        let exporter: Exporter = serde_json::from_value(serde_json::json!({
            "id": "exp_0123456789abcdef", "registered": 1,
            "identity": {"name": "Chenab Sports", "national_id": "1234567-8", "registration": "S-1",
                "address": ["Sialkot"], "country": "PK"},
        }))
        .unwrap();
        let evidence = CostEvidence {
            reference: "2026-7".parse().unwrap(),
            hs: "950662".parse().unwrap(),
            paper: Sha256([1; 32]),
            from: day("2026-01-01"),
            until: day("2026-12-31"),
            verified_by: Some("acc_0123456789abcdef".parse().unwrap()),
        };
        let exporter = exporter.bring(evidence.clone()).unwrap();
        let (hs, last) = ("95066200", day("2026-12-31"));
        assert_eq!(exporter.evidence_for(hs, last), None, "nobody verifies their own");
        let officer = "acc_0123456789abcdef".parse().unwrap();
        let exporter = exporter.verify("2026-7", &officer).unwrap();
        assert!(exporter.evidence_for(hs, last).is_some());
        assert_eq!(exporter.evidence_for(hs, day("2027-01-01")), None, "it ended yesterday");
        assert_eq!(exporter.evidence_for("95066900", last), None);
        let exporter = exporter.bring(evidence).unwrap();
        assert_eq!(
            (exporter.evidence.len(), exporter.evidence_for(hs, last)),
            (1, None),
            "brought anew, verified anew"
        );
        assert_eq!(exporter.clone().verify("2025-1", &officer).unwrap_err().reason(), "EVIDENCE_UNKNOWN");
        let dotted = CostEvidence { hs: "9506.62".parse().unwrap(), ..exporter.evidence[0].clone() };
        assert_eq!(exporter.clone().bring(dotted).unwrap_err().reason(), "EVIDENCE_HS");
        assert_eq!(serde_json::from_str::<Exporter>(&serde_json::to_string(&exporter).unwrap()).unwrap(), exporter);
    }
}
