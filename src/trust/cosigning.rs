//! Who must cosign a log, derived from the list: the addressee's replica, and w of the witnesses named.

use super::{
    Node, NodeName, TrustError, TrustList,
    texts::{MOST, twice},
};
use crate::{
    certificate::Country,
    log::{Origin, Policy, PolicyBuilder, PolicyFault, Rule, VerifierKey},
    statement::Issuer,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
};

/// The most cosigner keys a policy can name, with room left for an addressee's (a policy has 256 lines).
const MAX_COSIGNERS: usize = 200;
const MAX_REPLICA_FROM: usize = 65_536;
/// The addressee's part of the log that everyone replicates.
const EVERYONE: &str = "all";
/// Policies of more logs are not remembered: anybody may ask for logs that are nowhere.
const MOST_REMEMBERED: usize = 4096;

/// The list's default policy, for all logs at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cosigning {
    /// Whether the addressee's replica must have cosigned.
    pub replica: ReplicaRule,
    /// From which index on the replica is required, for logs that are older than the addressee's node.
    pub replica_from: BTreeMap<Origin, u64>,
    /// How many witnesses must have cosigned.
    pub witnesses: u32,
    /// How many where no replica is asked for, because the addressee has no node or had none when the entry came: with
    /// one pair of eyes fewer on the log a federation may want another. What came before the addressee's node held the
    /// log was witnessed by it like by any other, and counts. As many as elsewhere, and of others, if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    pub witnesses_without_replica: Option<u32>,
    /// Of which nodes. The issuer's and the addressee's own never count as witnesses of their log.
    pub of: Vec<NodeName>,
}

/// Whether the addressee's replica must have cosigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaRule {
    /// Always; a log whose addressee has no node never meets the policy.
    Required,
    /// Where the addressee has a node other than the issuer's; elsewhere the witnesses suffice.
    IfItHasANode,
}

/// A number that is said; one that is not said is left out, and never `null`.
fn said<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    u32::deserialize(from).map(Some)
}

impl Cosigning {
    /// Asks for nobody as long as no addressee has a node.
    #[must_use]
    pub const fn if_it_has_a_node() -> Self {
        Self {
            replica: ReplicaRule::IfItHasANode,
            replica_from: BTreeMap::new(),
            witnesses: 0,
            witnesses_without_replica: None,
            of: Vec::new(),
        }
    }

    pub(super) fn check(&self, list: &TrustList) -> Result<(), TrustError> {
        let refuse = |problem: String| Err(TrustError::Cosigning(problem));
        if self.replica_from.len() > MAX_REPLICA_FROM {
            return Err(TrustError::TooLarge { what: "logs in `replica_from`", limit: MAX_REPLICA_FROM });
        }
        for (origin, index) in &self.replica_from {
            if *index > MOST || list.log_key(origin).is_none() {
                return refuse(format!("`replica_from` names {origin}, which no authority has a key for, or no index"));
            }
        }
        if let Some(name) = twice(&self.of) {
            return refuse(format!("`of` names `{name}` twice"));
        }
        let mut keys = 0;
        for name in &self.of {
            match list.node(name) {
                Some(node) if node.witness_keys().next().is_some() => {
                    keys += node.witness_keys().count() + node.replica_keys().count();
                }
                _ => return refuse(format!("`of` names `{name}`, which is no node with a witness key")),
            }
        }
        if keys > MAX_COSIGNERS {
            return Err(TrustError::TooLarge { what: "keys of the nodes in `of`", limit: MAX_COSIGNERS });
        }
        // Between two members two nodes fall out, their own; where the addressee has none, the issuer's alone. What
        // remains must still be enough.
        let hosting = list.sections().filter_map(|section| section.text().node.as_ref()).collect::<BTreeSet<_>>();
        let own = self.of.iter().filter(|name| hosting.contains(name)).count();
        let rules = [
            (self.witnesses, 2, "between two members"),
            (self.without_replica(), 1, "where the addressee has no replica"),
        ];
        for (asked, fall_out, between) in rules {
            let remaining = self.of.len() - own.min(fall_out);
            if usize::try_from(asked).is_ok_and(|asked| asked > remaining) {
                return refuse(format!(
                    "{asked} witnesses are asked for, but {between} only {remaining} of `of` are nobody's own"
                ));
            }
        }
        Ok(())
    }

    /// How many witnesses are asked for where no replica is.
    fn without_replica(&self) -> u32 {
        self.witnesses_without_replica.unwrap_or(self.witnesses)
    }
}

/// The policies that were asked for. They follow from the list, and every head is held against one.
#[derive(Debug, Default)]
pub(super) struct Policies {
    /// For entries since the addressee has a node.
    since: RwLock<BTreeMap<Origin, Result<Arc<Policy>, TrustError>>>,
    /// For those before.
    before: RwLock<BTreeMap<Origin, Result<Arc<Policy>, TrustError>>>,
}

impl Policies {
    fn of(
        &self,
        origin: &Origin,
        is_since: bool,
        write: impl FnOnce() -> Result<Policy, TrustError>,
    ) -> Result<Arc<Policy>, TrustError> {
        let all = if is_since { &self.since } else { &self.before };
        if let Some(known) = all.read().unwrap_or_else(PoisonError::into_inner).get(origin) {
            return known.clone();
        }
        let written = write().map(Arc::new);
        let mut all = all.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MOST_REMEMBERED {
            all.insert(origin.clone(), written.clone());
        }
        written
    }
}

/// Another list may be made of a copy: nothing is remembered of this one.
impl Clone for Policies {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What was asked for says nothing of a list.
impl PartialEq for Policies {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Policies {}

impl TrustList {
    /// Who must cosign what is added to this log now, as C2SP tlog-policy (which is also how it prints). With
    /// nobody to ask, the quorum is `none`. The error says why no cosignatures could ever suffice.
    pub fn policy(&self, origin: &Origin) -> Result<Arc<Policy>, TrustError> {
        self.policy_at(origin, u64::MAX)
    }

    /// Who must have cosigned a checkpoint that proves the entry at this index: entries older than the
    /// addressee's node need no replica.
    pub fn policy_at(&self, origin: &Origin, index: u64) -> Result<Arc<Policy>, TrustError> {
        let is_since = index >= self.replica_from(origin);
        self.policies.of(origin, is_since, || self.written(origin, is_since))
    }

    /// The index from which on the addressee's replica is asked for.
    fn replica_from(&self, origin: &Origin) -> u64 {
        self.text.cosigning.replica_from.get(origin).copied().unwrap_or(0)
    }

    /// The policy for entries since the addressee has a node, or for those before.
    fn written(&self, origin: &Origin, is_since: bool) -> Result<Policy, TrustError> {
        let rules = &self.text.cosigning;
        let issuer = self.issuer_of(origin).and_then(|iss| self.node_of(iss));
        let addressee = self.addressee_of(origin).and_then(|iss| self.node_of(iss));
        let replica = self.replica_of(origin);
        let everyone = origin.addressee() == EVERYONE;
        let ask_replica = !everyone && is_since;
        if ask_replica && replica.is_none() && rules.replica == ReplicaRule::Required {
            return Err(TrustError::Cosigning(format!(
                "the replica of {} is required, and it has no node of its own",
                origin.addressee()
            )));
        }
        let like_any_other = !everyone && !ask_replica && rules.witnesses_without_replica.is_some();
        let witnesses = (rules.of.iter().filter_map(|name| self.node(name)))
            .filter(|node| !is(issuer, node) && (like_any_other || !is(addressee, node)))
            .collect::<Vec<_>>();
        let needed = usize::try_from(self.asked(origin, is_since)).unwrap_or(usize::MAX);
        if needed > witnesses.len() {
            return Err(TrustError::Cosigning(format!(
                "{needed} witnesses are asked for, and {} are neither the issuer's nor the addressee's",
                witnesses.len()
            )));
        }
        let log = self.log_key(origin);
        write(log, replica, ask_replica, &witnesses, needed, everyone)
            .map_err(|fault| TrustError::Cosigning(fault.to_string()))
    }

    /// How many witnesses must have cosigned a checkpoint that proves the entry at this index.
    #[must_use]
    pub fn witnesses_asked(&self, origin: &Origin, index: u64) -> u32 {
        self.asked(origin, index >= self.replica_from(origin))
    }

    fn asked(&self, origin: &Origin, is_since: bool) -> u32 {
        let rules = &self.text.cosigning;
        if origin.addressee() == EVERYONE || (is_since && self.replica_of(origin).is_some()) {
            rules.witnesses
        } else {
            rules.without_replica()
        }
    }

    /// The addressee's node, if it is another than the issuer's and has a replica key: a node that vouches for its own
    /// log vouches for nothing.
    fn replica_of(&self, origin: &Origin) -> Option<&Node> {
        let issuer = self.issuer_of(origin).and_then(|iss| self.node_of(iss));
        let addressee = self.addressee_of(origin).and_then(|iss| self.node_of(iss));
        addressee.filter(|node| !is(issuer, node) && node.replica_keys().next().is_some())
    }

    /// The authority that holds this log: the one named in it, or the one its country is mapped to.
    #[must_use]
    pub fn addressee_of(&self, origin: &Origin) -> Option<&Issuer> {
        let label = origin.addressee();
        if let Ok(country) = label.to_ascii_uppercase().parse::<Country>() {
            return self.authority_for(&country);
        }
        let iss = Issuer::new(label.parse().ok()?);
        self.section(&iss).map(|section| section.iss())
    }
}

fn is(node: Option<&Node>, other: &Node) -> bool {
    node.is_some_and(|node| node.name == other.name)
}

/// Names every cosigner that is known, and asks for those that are needed.
fn write(
    log: Option<VerifierKey>,
    replica: Option<&Node>,
    ask_replica: bool,
    witnesses: &[&Node],
    needed: usize,
    everyone: bool,
) -> Result<Policy, PolicyFault> {
    let mut policy = Policy::builder();
    if let Some(log) = log {
        policy.log(log)?;
    }
    let replica = replica.map(|node| one_of(&mut policy, &node.name.replica(), node.replica_keys())).transpose()?;
    let mut members = Vec::with_capacity(witnesses.len());
    for node in witnesses {
        // The log to everyone is replicated by every partner, so a replica's word is as good there.
        let replica_keys = node.replica_keys().filter(|_| everyone);
        members.push(one_of(&mut policy, &node.name.witness(), node.witness_keys().chain(replica_keys))?);
    }
    let mut quorum = replica.into_iter().filter(|_| ask_replica).collect::<Vec<_>>();
    if needed > 0 {
        policy.group("witnesses", Rule::AtLeast(needed), &members)?;
        quorum.push("witnesses".to_owned());
    }
    match quorum.as_slice() {
        [] => policy.quorum("none"),
        [only] => policy.quorum(only),
        both => {
            policy.group("replica-and-witnesses", Rule::All, both)?;
            policy.quorum("replica-and-witnesses")
        }
    }
}

/// Defines a cosigner with all its keys; any of them will do. Gives the name to ask for.
fn one_of<'a>(
    policy: &mut PolicyBuilder,
    name: &str,
    keys: impl Iterator<Item = &'a VerifierKey>,
) -> Result<String, PolicyFault> {
    let keys = keys.collect::<Vec<_>>();
    if let [key] = keys.as_slice() {
        policy.witness(name, (*key).clone())?;
        return Ok(name.to_owned());
    }
    let mut members = Vec::with_capacity(keys.len());
    for (i, key) in keys.into_iter().enumerate() {
        let member = if i == 0 { name.to_owned() } else { format!("{name}/{}", i + 1) };
        policy.witness(&member, key.clone())?;
        members.push(member);
    }
    let group = format!("{name}/any");
    policy.group(&group, Rule::Any, &members)?;
    Ok(group)
}
