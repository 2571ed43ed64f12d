//! Who may ask whom for what of a log; the trust list decides, and a caller is the node its TLS key is pinned for.

use crate::{
    log::Origin,
    trust::{Node, NodeName, TrustList},
};

/// The addressee's part of the log that every partner replicates.
const EVERYONE: &str = "all";

/// Logs of one authority and one shard whose addressees the trust list does not know, that are taken up here. Countries
/// without a node are 676 at most, by their two letters: whoever signs heads of more logs makes addressees up.
pub(super) const MOST_UNKNOWN: usize = 1_024;

/// Whether the log is addressed to everybody: it has no addressee of its own, and its disclosures are public.
#[must_use]
pub fn is_to_everyone(origin: &Origin) -> bool {
    origin.addressee() == EVERYONE
}

/// Whether this node holds the log as its addressee's: those to `all` are held by everybody but their own node.
#[must_use]
pub fn replicates(trust: &TrustList, node: &NodeName, origin: &Origin) -> bool {
    if is_to_everyone(origin) {
        return trust.node(node).is_some() && !hosts_issuer(trust, node, origin);
    }
    let addressee = trust.addressee_of(origin).and_then(|iss| trust.node_of(iss));
    is(addressee, node) && !hosts_issuer(trust, node, origin)
}

/// Whether this node watches the log without its entries. A node cosigns a log as replica or as witness, never both,
/// and never its own.
#[must_use]
pub fn witnesses(trust: &TrustList, node: &NodeName, origin: &Origin) -> bool {
    trust.log_key(origin).is_some()
        && trust.node(node).is_some()
        && !replicates(trust, node, origin)
        && !hosts_issuer(trust, node, origin)
}

/// Whether this node is to have the log, or to cosign it: as its addressee's, or as one of the witnesses that the trust list
/// asks. Another may know the log's heads and is never behind with them.
#[must_use]
pub fn is_asked_for(trust: &TrustList, node: &NodeName, origin: &Origin) -> bool {
    replicates(trust, node, origin) || trust.text().cosigning.of.contains(node) && witnesses(trust, node, origin)
}

/// Whether this node may be given the log's entries: it is the addressee's, or gets back what it lost of its own.
#[must_use]
pub fn may_replicate(trust: &TrustList, caller: &NodeName, origin: &Origin) -> bool {
    replicates(trust, caller, origin) || hosts_issuer(trust, caller, origin)
}

/// Whether this node may be given disclosures of the log: as for its entries, but for logs to `all`, whose
/// disclosures are public.
#[must_use]
pub fn may_have_disclosures(trust: &TrustList, caller: &NodeName, origin: &Origin) -> bool {
    may_replicate(trust, caller, origin)
}

/// Whether the log is of an authority that this node hosts.
#[must_use]
pub fn hosts_issuer(trust: &TrustList, node: &NodeName, origin: &Origin) -> bool {
    is(trust.issuer_of(origin).and_then(|iss| trust.node_of(iss)), node)
}

/// Whether one more log may be taken up beside those of these names. Whoever has a log key can sign heads of logs to
/// made up addressees without end, and each is kept.
pub(super) fn has_room_for<'a>(trust: &TrustList, origin: &Origin, names: impl Iterator<Item = &'a str>) -> bool {
    let is_known = |origin: &Origin| is_to_everyone(origin) || trust.addressee_of(origin).is_some();
    if is_known(origin) {
        return true;
    }
    let shard = origin.as_str().strip_suffix(origin.addressee()).unwrap_or_default();
    let beside = names.filter(|name| name.starts_with(shard)).filter_map(|name| name.parse::<Origin>().ok());
    beside.filter(|one| !is_known(one)).take(MOST_UNKNOWN).count() < MOST_UNKNOWN
}

fn is(found: Option<&Node>, name: &NodeName) -> bool {
    found.is_some_and(|node| node.name == *name)
}
