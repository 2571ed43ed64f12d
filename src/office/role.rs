//! What a person or a system is to an authority.

use crate::encoding::text::closed_list;
use serde::{Deserialize, Serialize};
use std::fmt;

closed_list! {
    /// A role an account holds.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Role;
    /// The name in configuration, storage and on the command line.
    name {
        /// Files for its own goods.
        Exporter = "exporter",
        /// Files for exporters on their mandate.
        Agent = "agent",
        /// Examines what was filed.
        Examiner = "examiner",
        /// Signs for the authority: an officer, or a back office that has already examined.
        Signatory = "signatory",
        /// Decides on what arrives.
        CustomsOfficer = "customs_officer",
        /// Decides on what arrives, and releases what another refuses.
        CustomsSupervisor = "customs_supervisor",
        /// Answers enquiries of other authorities.
        Liaison = "liaison",
        /// Reads logs.
        Auditor = "auditor",
        /// Opens and closes accounts.
        Administrator = "administrator",
    }
}

/// No role has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a role; the roles are {names}", names = Role::names())]
pub struct UnknownRole(pub String);

impl Role {
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
