//! Where an application stands, with what is known there and nowhere earlier.

use super::super::{Examined, Hand};
use crate::certificate::{Declaration, Findings, Sha256, Text};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Where an application stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Stage {
    /// It is being filled in.
    Draft,
    /// It is submitted, and waits for its fee.
    AwaitingPayment {
        /// What was submitted.
        submission: Box<Submission>,
    },
    /// It waits for an officer.
    Submitted {
        /// What was submitted.
        submission: Box<Submission>,
    },
    /// An officer has claimed it.
    UnderExamination {
        /// What was submitted.
        submission: Box<Submission>,
        /// The officer.
        examiner: Hand,
        /// Since when, in Unix milliseconds.
        since_ms: u64,
    },
    /// The officer asked, and waits for the answer.
    Queried {
        /// What was submitted.
        submission: Box<Submission>,
        /// The officer.
        examiner: Hand,
        /// Since when, in Unix milliseconds.
        since_ms: u64,
    },
    /// It is referred to a factory visit or a laboratory; what is to be looked at stands with the application.
    Referred {
        /// What was submitted.
        submission: Box<Submission>,
        /// The officer.
        examiner: Hand,
        /// Since when, in Unix milliseconds.
        since_ms: u64,
    },
    /// It was examined, and waits for a signatory.
    Recommended {
        /// What was submitted.
        submission: Box<Submission>,
        /// By whom it was examined.
        recommendation: Box<Recommendation>,
    },
    /// A signatory approved it; the certificate is being issued. Where the node ended in between it is found here, and
    /// is issued or taken back.
    Approved {
        /// What was submitted.
        submission: Box<Submission>,
        /// By whom it was examined.
        recommendation: Box<Recommendation>,
        /// By whom it was approved.
        approval: Box<Approval>,
    },
    /// The certificate is issued.
    Issued {
        /// What was submitted.
        submission: Box<Submission>,
        /// By whom it was examined.
        recommendation: Box<Recommendation>,
        /// By whom it was approved.
        approval: Box<Approval>,
        /// The certificate.
        certificate: IssuedAs,
    },
    /// It was refused.
    Refused {
        /// What was submitted.
        submission: Box<Submission>,
        /// Why.
        refusal: Refusal,
    },
    /// Who filed it took it back.
    Withdrawn {
        /// What was submitted, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        submission: Option<Box<Submission>>,
    },
}

/// What was submitted: the declaration, and what the rules said of it at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// When, in Unix milliseconds: the queue is in this order.
    pub at_ms: u64,
    /// The exporter's declaration.
    pub declaration: Declaration,
    /// What the rules said.
    #[serde(default, skip_serializing_if = "Findings::is_empty")]
    pub findings: Findings,
}

/// That it was examined and should be issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    /// By whom, or under which policy.
    pub examined: Examined,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
}

/// That a signatory approved it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub signatory: Hand,
    /// The name that the certificate names.
    pub name: Text<256>,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// SHA-256 of what was shown to the signatory: the certificate less its number.
    pub shown: Sha256,
    /// The policy under which the signature was released without a person at that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_under: Option<String>,
}

/// The certificate an application became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedAs {
    /// Its number.
    pub number: String,
    /// The statement's identifier.
    pub jti: String,
    /// The log it stands in.
    pub log: String,
    /// Its place there.
    pub index: u64,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
}

/// Why an application was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The coded reason.
    pub code: RefusalCode,
    /// In words.
    pub words: Text<1024>,
}

macro_rules! named {
    ($(#[doc = $doc:literal])+ pub enum $name:ident / $unknown:ident ($what:literal) { $($(#[doc = $one:literal])+ $variant:ident = $text:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[doc = $one])+ $variant,)+ }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in storage, on the wire and on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        /// No such name.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error("`{0}` is not {what}: {known}", what = $what, known = $name::ALL.iter().map(|one| one.name()).collect::<Vec<_>>().join(", "))]
        pub struct $unknown(pub String);

        impl FromStr for $name {
            type Err = $unknown;

            fn from_str(text: &str) -> Result<Self, $unknown> {
                Self::ALL.iter().copied().find(|one| one.name() == text).ok_or_else(|| $unknown(text.to_owned()))
            }
        }
    };
}
pub(super) use named;

named! {
    /// The names of the stages.
    pub enum StageName / UnknownStage ("a stage of an application") {
        /// It is being filled in.
        Draft = "draft",
        /// It waits for its fee.
        AwaitingPayment = "awaiting_payment",
        /// It waits for an officer.
        Submitted = "submitted",
        /// An officer has claimed it.
        UnderExamination = "under_examination",
        /// It waits for an answer.
        Queried = "queried",
        /// It waits for the report of a factory visit or a laboratory.
        Referred = "referred",
        /// It waits for a signatory.
        Recommended = "recommended",
        /// It is being issued.
        Approved = "approved",
        /// The certificate is issued.
        Issued = "issued",
        /// It was refused.
        Refused = "refused",
        /// It was taken back.
        Withdrawn = "withdrawn",
    }
}

named! {
    /// The coded reasons for which an application is refused.
    pub enum RefusalCode / UnknownRefusalCode ("a reason of refusal") {
        /// The goods do not originate by the rules of the agreement.
        NotOriginating = "not_originating",
        /// The criterion claimed is the wrong one, or missing.
        WrongCriterion = "wrong_criterion",
        /// The goods are classified wrongly.
        WrongClassification = "wrong_classification",
        /// The evidence does not bear out what is declared.
        EvidenceInsufficient = "evidence_insufficient",
        /// What is declared is not true.
        FalseDeclaration = "false_declaration",
        /// The goods, route or date are outside the scheme.
        OutsideScheme = "outside_scheme",
        /// A certificate was issued for the same consignment.
        AlreadyIssued = "already_issued",
        /// A question was not answered in time.
        NoAnswer = "no_answer",
        /// The fee was not paid in time.
        NotPaid = "not_paid",
        /// Something else, said in words.
        Other = "other",
    }
}

impl Stage {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> StageName {
        match self {
            Self::Draft => StageName::Draft,
            Self::AwaitingPayment { .. } => StageName::AwaitingPayment,
            Self::Submitted { .. } => StageName::Submitted,
            Self::UnderExamination { .. } => StageName::UnderExamination,
            Self::Queried { .. } => StageName::Queried,
            Self::Referred { .. } => StageName::Referred,
            Self::Recommended { .. } => StageName::Recommended,
            Self::Approved { .. } => StageName::Approved,
            Self::Issued { .. } => StageName::Issued,
            Self::Refused { .. } => StageName::Refused,
            Self::Withdrawn { .. } => StageName::Withdrawn,
        }
    }

    /// What was submitted, if it was.
    #[must_use]
    pub fn submission(&self) -> Option<&Submission> {
        match self {
            Self::Draft => None,
            Self::AwaitingPayment { submission }
            | Self::Submitted { submission }
            | Self::UnderExamination { submission, .. }
            | Self::Queried { submission, .. }
            | Self::Referred { submission, .. }
            | Self::Recommended { submission, .. }
            | Self::Approved { submission, .. }
            | Self::Issued { submission, .. }
            | Self::Refused { submission, .. } => Some(submission),
            Self::Withdrawn { submission } => submission.as_deref(),
        }
    }

    /// The officer who has it in hand, and since when.
    #[must_use]
    pub const fn claimed(&self) -> Option<(&Hand, u64)> {
        match self {
            Self::UnderExamination { examiner, since_ms, .. }
            | Self::Queried { examiner, since_ms, .. }
            | Self::Referred { examiner, since_ms, .. } => Some((examiner, *since_ms)),
            _ => None,
        }
    }

    /// How it was examined, if it was.
    #[must_use]
    pub fn examined(&self) -> Option<&Recommendation> {
        match self {
            Self::Recommended { recommendation, .. }
            | Self::Approved { recommendation, .. }
            | Self::Issued { recommendation, .. } => Some(recommendation),
            _ => None,
        }
    }

    /// By whom it was approved, if it was.
    #[must_use]
    pub fn approval(&self) -> Option<&Approval> {
        match self {
            Self::Approved { approval, .. } | Self::Issued { approval, .. } => Some(approval),
            _ => None,
        }
    }

    /// The certificate, if it is issued.
    #[must_use]
    pub const fn certificate(&self) -> Option<&IssuedAs> {
        match self {
            Self::Issued { certificate, .. } => Some(certificate),
            _ => None,
        }
    }
}
