//! The changes of status that a bundle brings, each verified as strictly as the certificate itself.

use super::{
    Settings, Warning,
    authority::Claimed,
    entry::{check_scope, check_statement},
    head::{Cosigning, Head, Heads},
    standing::Placed,
};
use crate::{
    statement::{Act, Bundle, OpenedBody, Presentation, Proven, StatementRef},
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

/// Verifies the changes of a certificate. One that does not hold changes nothing and is
/// named in a warning.
pub(super) fn verify(
    rules: (&TrustList, &Settings),
    heads: &Heads,
    certificate: Claimed<'_>,
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
    rules: (&TrustList, &Settings),
    heads: &Heads,
    certificate: Claimed<'_>,
    proven: &Proven,
) -> Result<(Placed, Arc<Head>), String> {
    let trust = rules.0;
    let statement = Presentation::parse(&proven.token).map_err(|e| e.to_string())?;
    let log = &statement.envelope().log;
    // A change stands in its target's log, or, once that is closed, in a later one to the same addressee.
    if !trust.speaks_for(log, &certificate.envelope.log) {
        return Err(format!("it stands in {log}, where changes of this certificate do not count"));
    }
    let place = heads.prove(rules, log, statement.jwt().as_bytes(), &proven.proof);
    let place = place.map_err(|fault| format!("its proof: {}", fault.why(log)))?;
    let (entry, _) = check_statement(&statement, log, place.index, trust).map_err(|fault| fault.to_string())?;
    let OpenedBody::StatusChange(opened) = &entry.body else {
        return Err(format!("it is of the kind {}", statement.vct()));
    };
    let change = &opened.change;
    let StatementRef { log: target_log, jti } = &change.target;
    if *target_log != certificate.envelope.log || *jti != certificate.envelope.jti {
        return Err(format!("it is about {jti} in {target_log}"));
    }
    let scope = (certificate.agreement, certificate.office);
    check_scope(&entry, scope, trust).map_err(|fault| fault.to_string())?;
    // What takes force away counts on the authority's word alone, so that nothing is missed. What gives it back
    // does so only in a history that others have seen: the log might show it to this reader alone.
    if change.act == Act::Reinstated && place.head.cosigning == Cosigning::Unmet {
        return Err("it gives force back, and its head lacks cosignatures that the policy asks for; ask its issuer's \
                    node, or its holder for a newer bundle"
            .to_owned());
    }
    let placed = Placed { place: (log.shard(), place.index), day: statement.envelope().day, change: change.clone() };
    Ok((placed, place.head))
}
