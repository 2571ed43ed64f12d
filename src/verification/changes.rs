//! The changes of status that a bundle brings, each verified as strictly as the certificate itself.

use super::{
    Settings, Warning,
    authority::refusal,
    head::{Head, Heads, ProofFault},
    standing::Placed,
};
use crate::{
    log::Origin,
    statement::{Act, Bundle, Change, Envelope, Kind, OpenedBody, Presentation, Proven, StatementRef},
    trust::TrustList,
};
use std::sync::Arc;

/// What the changes come to, and the heads they rest on.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) placed: Vec<Placed>,
    pub(super) heads: Vec<Arc<Head>>,
    pub(super) warnings: Vec<Warning>,
}

/// Verifies the changes of the certificate with this envelope. One that does not hold changes nothing and is
/// named in a warning.
pub(super) fn verify(
    rules: (&TrustList, &Settings),
    heads: &Heads,
    certificate: &Envelope,
    bundle: &Bundle,
) -> Changes {
    let mut found = Changes::default();
    for (position, proven) in bundle.changes.iter().enumerate() {
        match one(rules, heads, certificate, proven) {
            Ok((placed, head)) => {
                found.placed.push(placed);
                found.heads.push(head);
            }
            Err(why) => found.warnings.push(Warning {
                code: "CHANGE_NOT_COUNTED",
                sentence: format!("Change {} of the bundle was not counted: {why}.", position + 1),
            }),
        }
    }
    found
}

fn one(
    (trust, settings): (&TrustList, &Settings),
    heads: &Heads,
    certificate: &Envelope,
    proven: &Proven,
) -> Result<(Placed, Arc<Head>), String> {
    let statement = Presentation::parse(&proven.token).map_err(|e| e.to_string())?;
    let Envelope { iss, kid, log, .. } = statement.envelope();
    if *iss != certificate.iss {
        return Err(format!("it is said by {iss}, not by {}", certificate.iss));
    }
    let key = trust.key(iss, kid).ok_or_else(|| format!("the trust list does not know the key {kid}"))?;
    statement.verify(&key.x).map_err(|e| e.to_string())?;
    let OpenedBody::StatusChange(opened) = statement.open().map_err(|e| e.to_string())?.body else {
        return Err(format!("it is of the kind {}", statement.vct()));
    };
    let change = opened.change;
    let StatementRef { log: target_log, jti } = &change.target;
    if *target_log != certificate.log || *jti != certificate.jti {
        return Err(format!("it is about {jti} in {target_log}"));
    }
    if !admissible(trust, &certificate.log, log) {
        return Err(format!("it stands in {log}, where changes of this certificate do not count"));
    }
    let place = heads.prove((trust, settings), log, statement.jwt().as_bytes(), &proven.proof);
    let place = place.map_err(|fault| match fault {
        ProofFault::NoLogKey => format!("the trust list names no key for {log}"),
        ProofFault::Wrong(error) => format!("its proof: {error}"),
    })?;
    let authority = trust.may_sign(iss, kid, Kind::StatusChange, None, None, log, place.index);
    if let Some(why) = refusal(authority)
        && !(authority.restriction_stands() && restricts(&change))
    {
        return Err(format!("the key {kid} may not sign it: {why}"));
    }
    Ok((Placed { place: (log.shard(), place.index), change }, place.head))
}

/// A change stands in its target's log, or, once that is closed, in a later one to the same addressee.
fn admissible(trust: &TrustList, target: &Origin, log: &Origin) -> bool {
    log == target
        || (trust.shard_final_size(target).is_some()
            && log.host() == target.host()
            && log.addressee() == target.addressee()
            && log.shard() > target.shard())
}

/// Whether it takes force away; only such an act stays in force when it was signed past a compromised key's
/// end.
fn restricts(change: &Change) -> bool {
    change.act != Act::Reinstated
}
