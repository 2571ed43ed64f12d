//! May this key sign this, at this place in the log? The list alone decides.

use super::{Closing, ClosingReason, ListedKey, ListedUse, TrustList};
use crate::{
    certificate::{AgreementCode, OfficeCode},
    log::{Hash, Origin},
    statement::{Issuer, Kid, Kind},
};
use sha2::{Digest, Sha256};

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAuthority {
    /// It may.
    Allowed,
    /// The key is not for this.
    OutOfScope(Scope),
    /// The key does not count at this place in the log.
    Closed(ClosedBecause),
    /// The list does not know the authority or the key.
    Unknown,
}

/// What a key is not for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Statements, or whatever was asked: it is a key of another use.
    Use(ListedUse),
    /// Logs of another authority.
    Log,
    /// This kind of statement.
    Kind,
    /// This agreement.
    Agreement,
    /// This office.
    Office,
}

/// Why a key does not count at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedBecause {
    /// It counts in this log only from this index on.
    NotYetOpen {
        /// The first index at which it counts.
        from: u64,
    },
    /// It counts in this log only below this index.
    Ended {
        /// The first index at which it no longer counts.
        until_index: u64,
        /// Why it was closed.
        reason: ClosingReason,
    },
    /// It is closed, and no closing names this log.
    LogNotNamed {
        /// Why it was closed; compromised, if any closing says so.
        reason: ClosingReason,
    },
    /// The log was closed at this size: entries beyond it are void.
    ShardEnded {
        /// The log's size for ever.
        final_size: u64,
    },
}

impl KeyAuthority {
    /// Whether a cancellation, withdrawal or suspension signed here stays in force until it is restated: the
    /// key was closed because somebody else may have it, and to ignore the act could set a certificate free
    /// that its authority had stopped. Certificates and reinstatements never stand here.
    #[must_use]
    pub const fn restriction_stands(self) -> bool {
        matches!(
            self,
            Self::Closed(
                ClosedBecause::Ended { reason: ClosingReason::Compromised, .. }
                    | ClosedBecause::LogNotNamed { reason: ClosingReason::Compromised }
            )
        )
    }
}

impl TrustList {
    /// The key of this authority and name.
    #[must_use]
    pub fn key(&self, iss: &Issuer, kid: &Kid) -> Option<&ListedKey> {
        self.section(iss)?.key(kid)
    }

    /// Whether the key may sign a statement of this kind at this index of this log. Agreement and office are
    /// given where the statement has them; what is not given is not asked.
    #[must_use]
    #[allow(clippy::too_many_arguments, reason = "a question with seven parts; a struct would only name them twice")]
    pub fn may_sign(
        &self,
        iss: &Issuer,
        kid: &Kid,
        statement: Kind,
        agreement: Option<&AgreementCode>,
        office: Option<&OfficeCode>,
        origin: &Origin,
        index: u64,
    ) -> KeyAuthority {
        let Some(key) = self.key(iss, kid) else { return KeyAuthority::Unknown };
        let out = |asked: bool, scope| asked.then_some(KeyAuthority::OutOfScope(scope));
        out(key.r#use != ListedUse::Statement, Scope::Use(key.r#use))
            .or_else(|| out(!key.kinds.iter().any(|known| known.as_str() == statement.name()), Scope::Kind))
            .or_else(|| out(outside(key.agreements.as_deref(), agreement), Scope::Agreement))
            .or_else(|| out(outside(key.offices.as_deref(), office), Scope::Office))
            .unwrap_or_else(|| self.at_place(iss, key, origin, index))
    }

    /// Whether the key may sign the status lists that the snapshot at this index of this log speaks of.
    #[must_use]
    pub fn may_sign_status(&self, iss: &Issuer, kid: &Kid, origin: &Origin, index: u64) -> KeyAuthority {
        self.may_sign_as(ListedUse::Status, iss, kid, origin, index)
    }

    /// Whether the key may sign the stamp of the certificate at this index of this log.
    #[must_use]
    pub fn may_sign_stamp(&self, iss: &Issuer, kid: &Kid, origin: &Origin, index: u64) -> KeyAuthority {
        self.may_sign_as(ListedUse::Stamp, iss, kid, origin, index)
    }

    fn may_sign_as(&self, wanted: ListedUse, iss: &Issuer, kid: &Kid, origin: &Origin, index: u64) -> KeyAuthority {
        match self.key(iss, kid) {
            None => KeyAuthority::Unknown,
            Some(key) if key.r#use != wanted => KeyAuthority::OutOfScope(Scope::Use(key.r#use)),
            Some(key) => self.at_place(iss, key, origin, index),
        }
    }

    /// An open key counts in every log of its authority from the index named (0 if none), a closed one only
    /// in the logs its closings name, below their `until_index`.
    fn at_place(&self, iss: &Issuer, key: &ListedKey, origin: &Origin, index: u64) -> KeyAuthority {
        if origin.host() != iss.host() {
            return KeyAuthority::OutOfScope(Scope::Log);
        }
        if let Some(final_size) = self.shard_final_size(origin).filter(|size| index >= *size) {
            return KeyAuthority::Closed(ClosedBecause::ShardEnded { final_size });
        }
        let from = key.from.iter().find(|place| place.origin == *origin).map_or(0, |place| place.index);
        if index < from {
            return KeyAuthority::Closed(ClosedBecause::NotYetOpen { from });
        }
        let Some(closings) = self.closings(iss, &key.kid) else { return KeyAuthority::Allowed };
        // One key in one state: compromised in one log is compromised.
        let reason = closings.iter().map(|closing| closing.reason).max().unwrap_or(ClosingReason::Rotated);
        match closings.iter().find(|closing| closing.origin == *origin) {
            Some(closing) if index < closing.until_index => KeyAuthority::Allowed,
            Some(&Closing { until_index, .. }) => KeyAuthority::Closed(ClosedBecause::Ended { until_index, reason }),
            None => KeyAuthority::Closed(ClosedBecause::LogNotNamed { reason }),
        }
    }

    /// What keys of its authority count no more in a log, and from where; as one hash, so that it is known whether a log
    /// was judged by it. None while every key is open.
    #[must_use]
    pub fn closed_in(&self, origin: &Origin) -> Option<Hash> {
        let authority = self.authorities.get(self.issuer_of(origin)?)?;
        let mut hash = Sha256::new_with_prefix(b"closed keys\0");
        for (kid, closings) in &authority.closings {
            let until = closings.iter().find(|one| one.origin == *origin).map_or(0, |one| one.until_index);
            let stands = closings.iter().any(|one| one.reason == ClosingReason::Compromised);
            hash.update(kid.as_str());
            hash.update([0, u8::from(stands)]);
            hash.update(until.to_be_bytes());
        }
        (!authority.closings.is_empty()).then(|| Hash(hash.finalize().into()))
    }

    /// The first index of a log at which a key of its authority counts no more; none while every key is open.
    #[must_use]
    pub fn first_closed(&self, origin: &Origin) -> Option<u64> {
        let authority = self.authorities.get(self.issuer_of(origin)?)?;
        let until = |closings: &Vec<Closing>| {
            closings.iter().find(|one| one.origin == *origin).map_or(0, |one| one.until_index)
        };
        authority.closings.values().map(until).min()
    }

    /// The closings of a key; none while it is open.
    #[must_use]
    pub fn closings(&self, iss: &Issuer, kid: &Kid) -> Option<&[Closing]> {
        self.authorities.get(iss)?.closings.get(kid).map(Vec::as_slice)
    }
}

/// Whether a scope that is a list lacks a code that is asked for.
fn outside<T: PartialEq>(scope: Option<&[T]>, code: Option<&T>) -> bool {
    matches!((scope, code), (Some(scope), Some(code)) if !scope.contains(code))
}
