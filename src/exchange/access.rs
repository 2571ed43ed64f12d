//! Who may ask whom for what of a log; the trust list decides, and a caller is the node its TLS key is pinned for.

use crate::{
    log::Origin,
    trust::{Node, NodeName, TrustList},
};

/// The addressee's part of the log that every partner replicates.
const EVERYONE: &str = "all";

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

fn is(found: Option<&Node>, name: &NodeName) -> bool {
    found.is_some_and(|node| node.name == *name)
}
