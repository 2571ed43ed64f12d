//! The one word a verdict begins with.

use crate::encoding::text::closed_list;
use serde::{Serialize, Serializer};
use std::fmt;

closed_list! {
    /// The headlines, in the order in which the first that applies is taken: an earlier one leaves less to
    /// rely on than a later one. [`Ord`] is that order.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Headline;
    /// The stable name, UPPER_SNAKE.
    as_str {
        /// Not a token, a presentation or a bundle of a certificate of origin.
        Unreadable = "UNREADABLE",
        /// The signature is not the named key's.
        BadSignature = "BAD_SIGNATURE",
        /// The trust list does not know the issuer, or not this key of it.
        UntrustedIssuer = "UNTRUSTED_ISSUER",
        /// Signed, but digests or shape do not fit what is presented.
        Altered = "ALTERED",
        /// The key may not sign this kind, for this agreement, from this office or at this place.
        OutOfScope = "OUT_OF_SCOPE",
        /// The key was closed before this place in the log.
        KeyClosed = "KEY_CLOSED",
        /// The log has shown two histories.
        Equivocated = "EQUIVOCATED",
        /// The proof does not show the certificate in its log.
        NotInLog = "NOT_IN_LOG",
        /// Addressed to somebody else than the importing country's authority, or than the reader.
        WrongAddressee = "WRONG_ADDRESSEE",
        /// Cancelled at the holder's wish.
        Cancelled = "CANCELLED",
        /// Withdrawn by the authority.
        Withdrawn = "WITHDRAWN",
        /// Replaced by another certificate.
        Superseded = "SUPERSEDED",
        /// Past its validity on the day asked.
        Expired = "EXPIRED",
        /// Before its validity on the day asked.
        NotYetValid = "NOT_YET_VALID",
        /// Suspended by the authority for the time being.
        SuspendedByIssuer = "SUSPENDED_BY_ISSUER",
        /// Something that may not be withheld is missing.
        Incomplete = "INCOMPLETE",
        /// The trust list is past its next update.
        TrustStale = "TRUST_STALE",
        /// No proof of inclusion was presented, or none that reaches this far.
        Unproven = "UNPROVEN",
        /// The cosigning policy is not met.
        NotCosigned = "NOT_COSIGNED",
        /// The status is absent or older than accepted.
        StatusUnknown = "STATUS_UNKNOWN",
        /// Only a stamp was seen: signed, the log was not checked.
        StampAuthentic = "STAMP_AUTHENTIC",
        /// Valid for some of its items.
        ValidInPart = "VALID_IN_PART",
        /// Valid, and parts were withheld by the holder.
        ValidRedacted = "VALID_REDACTED",
        /// Everything was checked and holds.
        Valid = "VALID",
    }
}

/// How to show a headline: colour and icon follow it, and so does the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// Rely on it.
    Good,
    /// Too little or too old to say.
    Unknown,
    /// Do not rely on it.
    Bad,
}

impl Headline {
    /// Good, bad, or too little to say.
    #[must_use]
    pub const fn tone(self) -> Tone {
        match self {
            Self::Valid | Self::ValidRedacted | Self::ValidInPart => Tone::Good,
            Self::TrustStale | Self::Unproven | Self::NotCosigned | Self::StatusUnknown | Self::StampAuthentic => {
                Tone::Unknown
            }
            _ => Tone::Bad,
        }
    }

    /// The exit code of a program that ends with this headline: 0 good, 5 too little or too old to say,
    /// 3 not valid.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self.tone() {
            Tone::Good => 0,
            Tone::Unknown => 5,
            Tone::Bad => 3,
        }
    }

    /// What a verdict with nothing to add says and advises.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unreadable => "This is not a readable certificate of origin.",
            Self::BadSignature => "The signature is not that of the authority it names.",
            Self::UntrustedIssuer => "The trust list does not know who signed this.",
            Self::Altered => "What is presented is not what was signed.",
            Self::OutOfScope => "The key that signed this may not sign it.",
            Self::KeyClosed => "The key that signed this had been closed.",
            Self::Equivocated => "The authority's log has shown two different histories.",
            Self::NotInLog => "The proof does not show this certificate in the authority's log.",
            Self::WrongAddressee => "This certificate is addressed to somebody else.",
            Self::Cancelled => "This certificate was cancelled.",
            Self::Withdrawn => "This certificate was withdrawn by the authority.",
            Self::Superseded => "This certificate was replaced by another.",
            Self::Expired => "This certificate is genuine and no longer usable on the day asked.",
            Self::NotYetValid => "This certificate is genuine and not yet usable on the day asked.",
            Self::SuspendedByIssuer => "This certificate is suspended by the authority.",
            Self::Incomplete => "Something that may not be withheld is missing.",
            Self::TrustStale => "The trust list is too old to rely on.",
            Self::Unproven => "It is not proven that this certificate stands in the authority's log.",
            Self::NotCosigned => "The authority's log was not cosigned as the policy demands.",
            Self::StatusUnknown => "It is not known whether this certificate was withdrawn since.",
            Self::StampAuthentic => "The stamp is signed; the log was not checked.",
            Self::ValidInPart => "This certificate is genuine and in force for some of its items.",
            Self::ValidRedacted => "This certificate is genuine and in force; its holder withheld parts of it.",
            Self::Valid => "This certificate is genuine and in force.",
        }
    }
}

impl Headline {
    /// The same where the trust list has run out: what rests on it is said under that condition.
    #[must_use]
    pub const fn sentence_by_stale_trust(self) -> &'static str {
        match self {
            Self::Expired => {
                "Whatever the current trust list says of its keys, this certificate is no longer usable on the day asked; by \
                 the one at hand, which has run out, it is genuine."
            }
            Self::NotYetValid => {
                "Whatever the current trust list says of its keys, this certificate is not yet usable on the day asked; by the \
                 one at hand, which has run out, it is genuine."
            }
            other => other.sentence(),
        }
    }
}

impl fmt::Display for Headline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Headline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_the_published_one() {
        let published = "UNREADABLE BAD_SIGNATURE UNTRUSTED_ISSUER ALTERED OUT_OF_SCOPE KEY_CLOSED EQUIVOCATED \
                         NOT_IN_LOG WRONG_ADDRESSEE CANCELLED WITHDRAWN SUPERSEDED EXPIRED NOT_YET_VALID \
                         SUSPENDED_BY_ISSUER INCOMPLETE TRUST_STALE UNPROVEN NOT_COSIGNED STATUS_UNKNOWN \
                         STAMP_AUTHENTIC VALID_IN_PART VALID_REDACTED VALID";
        let names = Headline::ALL.map(Headline::as_str).join(" ");
        assert_eq!(names, published);
        assert!(Headline::ALL.is_sorted());
    }

    #[test]
    fn by_a_trust_list_that_ran_out_nothing_is_called_genuine_without_condition() {
        for headline in
            Headline::ALL.into_iter().filter(|one| *one > Headline::WrongAddressee && one.tone() == Tone::Bad)
        {
            let said = headline.sentence_by_stale_trust();
            assert!(!said.contains("genuine") || said.contains("which has run out"), "{headline}: {said}");
        }
    }

    #[test]
    fn exit_codes_are_the_published_ones() {
        use Headline as H;
        for headline in Headline::ALL {
            let expected = match headline {
                H::Valid | H::ValidRedacted | H::ValidInPart => 0,
                H::TrustStale | H::Unproven | H::NotCosigned | H::StatusUnknown | H::StampAuthentic => 5,
                _ => 3,
            };
            assert_eq!(headline.exit_code(), expected, "{headline}");
        }
    }
}
