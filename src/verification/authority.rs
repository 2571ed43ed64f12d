//! What the trust list's word on a key means for a statement signed with it.

use super::{Basis, Check, Headline, Subject};
use crate::{
    certificate::{AgreementCode, OfficeCode},
    statement::{Envelope, Kind},
    time::Timestamp,
    trust::{ClosedBecause, ClosingReason, KeyAuthority, Scope, TrustList},
};

/// What to do about a certificate that counts for nothing, where what was presented shows none in its place.
pub(super) const ANEW: &str = "Ask the authority whether it issued this certificate anew.";

/// Why the key does not count; `None` if it does. The words follow "the key may not sign it: ".
pub(super) fn refusal(authority: KeyAuthority) -> Option<String> {
    let reason = |reason| match reason {
        ClosingReason::Rotated => "its successor is in use",
        ClosingReason::Retired => "it was retired",
        ClosingReason::Compromised => "somebody else may have it",
    };
    Some(match authority {
        KeyAuthority::Allowed => return None,
        KeyAuthority::Unknown => "the trust list does not know it".to_owned(),
        KeyAuthority::OutOfScope(Scope::Use(r#use)) => format!("it is a {} key", r#use.word()),
        KeyAuthority::OutOfScope(Scope::Log) => "this is not a log of its authority".to_owned(),
        KeyAuthority::OutOfScope(Scope::Kind) => "it is not for this kind of statement".to_owned(),
        KeyAuthority::OutOfScope(Scope::Agreement) => "it is not for this agreement".to_owned(),
        KeyAuthority::OutOfScope(Scope::Office) => "it is not for this office".to_owned(),
        KeyAuthority::Closed(ClosedBecause::NotYetOpen { from }) => {
            format!("in this log it counts only from entry {from} on")
        }
        KeyAuthority::Closed(ClosedBecause::Ended { until_index, reason: why }) => {
            format!("in this log it counts only below entry {until_index}, because {}", reason(why))
        }
        KeyAuthority::Closed(ClosedBecause::LogNotNamed { reason: why }) => {
            format!("it is closed and counts nowhere in this log, because {}", reason(why))
        }
        KeyAuthority::Closed(ClosedBecause::ShardEnded { final_size }) => {
            format!("this log was closed with {final_size} entries, and those beyond are void")
        }
    })
}

/// What a certificate claims to be signed for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claimed<'a> {
    pub(super) envelope: &'a Envelope,
    pub(super) agreement: &'a AgreementCode,
    /// Absent where the section that names it was withheld.
    pub(super) office: Option<&'a OfficeCode>,
}

/// Whether the key may sign this certificate, at this place in the log if it is proven.
pub(super) fn check(trust: &TrustList, claimed: Claimed<'_>, index: Option<u64>, at: Timestamp) -> Check {
    let Envelope { iss, kid, log, .. } = claimed.envelope;
    let (agreement, office) = (Some(claimed.agreement), claimed.office);
    let kind = Kind::CertificateOfOrigin;
    let authority = trust.may_sign(iss, kid, kind, agreement, office, log, index.unwrap_or(0));
    let basis = Basis::at(format!("trust list, version {}", trust.version()), trust.text().issued, at);
    let why = refusal(authority).unwrap_or_default();
    // Why the place is not proven, and what to do about that, the check of the log says.
    let unplaced = || {
        let sentence =
            format!("Whether the key {kid} may sign at this place is unknown, because the place is not proven.");
        Check::not_reached(Subject::Key, &sentence)
    };
    let check = match (authority, index) {
        (KeyAuthority::OutOfScope(_), _) => {
            Check::failed(Subject::Key, Headline::OutOfScope, format!("The key {kid} may not sign this: {why}."))
                .next("Ask the authority for a certificate signed by a key that may sign it.")
        }
        (KeyAuthority::Unknown, _) => {
            Check::failed(Subject::Key, Headline::UntrustedIssuer, format!("The key {kid} counts for nothing: {why}."))
        }
        (KeyAuthority::Closed(_), None) => unplaced(),
        (KeyAuthority::Closed(ClosedBecause::ShardEnded { .. }), Some(index)) => {
            // The log ended, not the key.
            let sentence = format!("The key {kid} counts for nothing at entry {index}: {why}.");
            Check::failed(Subject::Key, Headline::NotInLog, sentence).next(ANEW)
        }
        (KeyAuthority::Closed(_), Some(index)) => {
            let sentence = format!("The key {kid} does not count at entry {index}: {why}.");
            Check::failed(Subject::Key, Headline::KeyClosed, sentence).next(ANEW)
        }
        // A closed key may still count at the first entry, or one that opens late at none that we know of.
        (KeyAuthority::Allowed, None) if trust.closings(iss, kid).is_some() || trust.is_closed(log) => unplaced(),
        (KeyAuthority::Allowed, _) if office.is_none() && restricted_to_offices(trust, claimed.envelope) => {
            let sentence = format!("The key {kid} signs for certain offices only, and the issuing office is withheld.");
            Check::unknown(Subject::Key, Headline::Incomplete, sentence)
                .next("Ask the holder for the complete certificate.")
        }
        (KeyAuthority::Allowed, None) => Check::passed(
            Subject::Key,
            format!("The key {kid} is open and may sign certificates under {}.", claimed.agreement),
        ),
        (KeyAuthority::Allowed, Some(index)) => {
            let sentence = format!("The key {kid} may sign certificates under {} at entry {index}.", claimed.agreement);
            Check::passed(Subject::Key, sentence)
        }
    };
    check.resting_on(basis)
}

fn restricted_to_offices(trust: &TrustList, envelope: &Envelope) -> bool {
    trust.key(&envelope.iss, &envelope.kid).is_some_and(|key| key.offices.is_some())
}
