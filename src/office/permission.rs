//! Which role may do what: one table, and what does not stand in it is denied.

use super::Role;
use std::fmt;

/// Something an account may or may not do at its own authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Have a certificate signed.
    IssueCertificate,
    /// Cancel, withdraw, suspend or reinstate a certificate.
    ChangeStatus,
    /// Read a certificate with its disclosures.
    ReadCertificate,
    /// Read checkpoints and hashes of a log that is not public.
    ReadHeads,
    /// Read entries of a log that is not public; an entry shows digests, never disclosures.
    ReadEntries,
    /// Open, list and close accounts.
    ManageAccounts,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 6] = [
        Self::IssueCertificate,
        Self::ChangeStatus,
        Self::ReadCertificate,
        Self::ReadHeads,
        Self::ReadEntries,
        Self::ManageAccounts,
    ];

    /// The action in words, for the sentence that denies it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::IssueCertificate => "issue a certificate",
            Self::ChangeStatus => "change the status of a certificate",
            Self::ReadCertificate => "read a certificate",
            Self::ReadHeads => "read the heads of a log",
            Self::ReadEntries => "read the entries of a log",
            Self::ManageAccounts => "manage accounts",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl Role {
    /// The table. Exporters, agents, customs and liaison officers act through what is filed by or arrives for
    /// them; the authority's whole register is not theirs. An administrator makes accounts and sees no papers.
    #[must_use]
    pub const fn may(self, action: Action) -> bool {
        use Action::{ChangeStatus, IssueCertificate, ManageAccounts, ReadCertificate, ReadEntries, ReadHeads};
        matches!(
            (self, action),
            (Self::Signatory, IssueCertificate | ChangeStatus | ReadCertificate | ReadHeads | ReadEntries)
                | (Self::Examiner, ReadCertificate)
                | (Self::Liaison, ReadCertificate | ReadHeads | ReadEntries)
                | (Self::Auditor, ReadHeads | ReadEntries)
                | (Self::Administrator, ManageAccounts)
        )
    }
}

#[cfg(test)]
mod tests;
