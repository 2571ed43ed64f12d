//! Who may read an authority's logs.

use super::Action;
use std::fmt;

/// A circle of readers; each takes in the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reader {
    /// The log's addressee, and the authority's own accounts that may.
    Addressee,
    /// Every partner of the federation too, once a node knows its partners by their TLS keys. Until it does, an
    /// unknown caller is nobody's partner, and this circle reads what [`Reader::Addressee`] reads.
    Partners,
    /// Everybody.
    Public,
}

/// No circle of readers has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a circle of readers: addressee, partners or public")]
pub struct UnknownReader(pub String);

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Addressee => "addressee",
            Self::Partners => "partners",
            Self::Public => "public",
        })
    }
}

impl std::str::FromStr for Reader {
    type Err = UnknownReader;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "addressee" => Ok(Self::Addressee),
            "partners" => Ok(Self::Partners),
            "public" => Ok(Self::Public),
            _ => Err(UnknownReader(text.to_owned())),
        }
    }
}

/// Who may read what of an authority's logs; the log addressed to everyone is public whatever stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingRights {
    /// Checkpoints and hash tiles: they tell how many statements go to whom.
    pub heads: Reader,
    /// Entries.
    pub entries: Reader,
}

impl Default for ReadingRights {
    fn default() -> Self {
        Self { heads: Reader::Partners, entries: Reader::Addressee }
    }
}

impl ReadingRights {
    /// Whether someone may do `action` with a log: `granted` says that the role table lets them (never a stranger),
    /// `to_everyone` that the log is addressed to all.
    #[must_use]
    pub fn allow(&self, action: Action, to_everyone: bool, granted: bool) -> bool {
        let circle = match action {
            Action::ReadHeads => self.heads,
            Action::ReadEntries => self.entries,
            _ => return false,
        };
        to_everyone || circle == Reader::Public || granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_reads_only_what_is_public() {
        let usual = ReadingRights::default();
        assert!(!usual.allow(Action::ReadHeads, false, false));
        assert!(!usual.allow(Action::ReadEntries, false, false));
        assert!(usual.allow(Action::ReadEntries, true, false));
        let open = ReadingRights { heads: Reader::Public, entries: Reader::Partners };
        assert!(open.allow(Action::ReadHeads, false, false));
        assert!(!open.allow(Action::ReadEntries, false, false));
    }

    #[test]
    fn nobody_is_taken_for_a_partner_without_proof() {
        for circle in [Reader::Addressee, Reader::Partners] {
            let rights = ReadingRights { heads: circle, entries: circle };
            assert!(!rights.allow(Action::ReadHeads, false, false) && !rights.allow(Action::ReadEntries, false, false));
        }
    }

    #[test]
    fn who_was_granted_it_reads_and_nothing_but_reading_is_allowed() {
        let usual = ReadingRights::default();
        assert!(usual.allow(Action::ReadEntries, false, true));
        assert!(!usual.allow(Action::IssueCertificate, true, true));
    }
}
