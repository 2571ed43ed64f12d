//! The changes of status that a bundle brings, each verified as strictly as the certificate itself.

use super::{
    Warning,
    authority::Claimed,
    entry::{check_scope, check_statement},
    head::{Cosigning, Head, Heads},
    standing::{LogPlace, Placed},
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
    /// Reinstatements whose heads too few have cosigned yet: they do not count, and whoever waits for one is told.
    uncosigned: Vec<Placed>,
}

impl Changes {
    /// The reinstatement of the whole certificate that would have it in force, if more had cosigned it: nothing that
    /// counts stands after it, and the list, told up to here, does not know it.
    pub(super) fn awaited(&self, told: Option<LogPlace>) -> Option<&Placed> {
        let last = self.placed.iter().map(|placed| placed.place).max();
        let is_new = |placed: &&Placed| Some(placed.place) > last && told.is_none_or(|told| placed.place >= told);
        let whole = self.uncosigned.iter().filter(|placed| placed.change.items.is_none());
        whole.filter(is_new).max_by_key(|placed| placed.place)
    }

    fn not_counted(&mut self, position: usize, why: &str) {
        let sentence = format!("Change {} of the bundle was not counted: {why}.", position + 1);
        self.warnings.push(Warning { code: "CHANGE_NOT_COUNTED", sentence });
    }
}

/// Verifies the changes of a certificate. One that does not hold changes nothing and is
/// named in a warning.
pub(super) fn verify(trust: &TrustList, heads: &Heads, certificate: Claimed<'_>, bundle: &Bundle) -> Changes {
    let mut found = Changes::default();
    for (position, proven) in bundle.changes.iter().enumerate() {
        match one(trust, heads, certificate, proven) {
            // What takes force away counts on the authority's word alone, so that nothing is missed. What gives it back
            // does so only in a history that others have seen: the log might show it to this reader alone.
            Ok((placed, head)) if placed.change.act == Act::Reinstated && head.cosigning == Cosigning::Unmet => {
                let why = "it gives force back, and its head lacks cosignatures that the policy asks for; ask its issuer's \
                           node, or its holder for a newer bundle";
                found.not_counted(position, why);
                found.uncosigned.push(placed);
            }
            Ok((placed, head)) => {
                found.placed.push(placed);
                found.heads.push(head);
            }
            Err(why) => found.not_counted(position, &why),
        }
    }
    found
}

fn one(
    trust: &TrustList,
    heads: &Heads,
    certificate: Claimed<'_>,
    proven: &Proven,
) -> Result<(Placed, Arc<Head>), String> {
    let statement = Presentation::parse(&proven.token).map_err(|e| e.to_string())?;
    let log = &statement.envelope().log;
    // A change stands in its target's log, or, once that is closed, in a later one to the same addressee.
    if !trust.speaks_for(log, &certificate.envelope.log) {
        return Err(format!("it stands in {log}, where changes of this certificate do not count"));
    }
    let place = heads.prove(trust, log, statement.jwt().as_bytes(), &proven.proof);
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
    let placed = Placed { place: (log.shard(), place.index), day: statement.envelope().day, change: change.clone() };
    Ok((placed, place.head))
}
