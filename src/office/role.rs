//! What a person or a system is to an authority.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A role an account holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Files for its own goods.
    Exporter,
    /// Files for exporters on their mandate.
    Agent,
    /// Examines what was filed.
    Examiner,
    /// Signs for the authority: an officer, or a back office that has already examined.
    Signatory,
    /// Decides on what arrives.
    CustomsOfficer,
    /// Decides on what arrives, and releases what another refuses.
    CustomsSupervisor,
    /// Answers enquiries of other authorities.
    Liaison,
    /// Reads logs.
    Auditor,
    /// Opens and closes accounts.
    Administrator,
}

/// No role has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a role; the roles are {names}", names = Role::names())]
pub struct UnknownRole(pub String);

impl Role {
    /// Every role.
    pub const ALL: [Self; 9] = [
        Self::Exporter,
        Self::Agent,
        Self::Examiner,
        Self::Signatory,
        Self::CustomsOfficer,
        Self::CustomsSupervisor,
        Self::Liaison,
        Self::Auditor,
        Self::Administrator,
    ];

    /// The name in configuration, storage and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exporter => "exporter",
            Self::Agent => "agent",
            Self::Examiner => "examiner",
            Self::Signatory => "signatory",
            Self::CustomsOfficer => "customs_officer",
            Self::CustomsSupervisor => "customs_supervisor",
            Self::Liaison => "liaison",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }

    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}
