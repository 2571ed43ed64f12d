//! The federation's trust list: made, and changed as a test wants it.

use super::{Home, World};
use crate::{
    keys::{KeyStore, KeyUse},
    log::{Origin, Shard, VerifierKey},
    signature::{SecretKey, Signer as _},
    statement::{Issuer, Kid, Kind},
    time::{SeededRandom, ZoneName},
    trust::{
        Algorithm, Anchor, Closing, ClosingReason, Cosigning, ListDraft, ListText, ListedKey, ListedLogKey, ListedUse,
        Node, NodeName, Section, SectionText, ShardEnd, TrustList, root_name,
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// A node that holds what it is addressed.
fn holder(name: &NodeName, seed: u8) -> Node {
    let key = SecretKey::from_seed(&[seed; 32]).unwrap();
    Node {
        witness_vkey: None,
        replica_vkey: Some(VerifierKey::cosigner(&name.replica(), key.public_key()).unwrap()),
        retired: Vec::new(),
        https: None,
        grpc: None,
        spki: Vec::new(),
        name: name.clone(),
    }
}

impl World {
    /// A next trust list with this change, in use from now on.
    pub(crate) fn next_list(&self, change: impl FnOnce(&mut ListText)) {
        let list = self.trust.load_full();
        let mut text = ListText::following(&list, list.text().issued, list.text().next_update);
        change(&mut text);
        let mut draft = ListDraft::new(text).unwrap();
        self.keys.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
        self.trust.store(Arc::new(draft.finish(&list.anchor().unwrap(), Some(&list)).unwrap()));
    }

    /// The authority's next section with this change, in no list yet.
    pub(crate) fn next_section(&self, change: impl FnOnce(&mut SectionText)) -> Section {
        let mut section = self.trust.load().section(&self.issuer).unwrap().successor();
        change(&mut section);
        self.keys.root(&"root".parse().unwrap()).unwrap().sign(section).unwrap()
    }

    /// A next trust list by which customs of China have a node: what they are addressed, they hold and are asked about.
    pub(crate) fn with_customs(&self) -> Self {
        let china = self.abroad();
        let name: NodeName = "node.customs.gov.cn".parse().unwrap();
        let section = china.next_section(|section| {
            section.node = Some(name.clone());
            section.roles = vec!["customs".parse().unwrap()];
        });
        self.next_list(|text| {
            text.nodes.push(holder(&name, 11));
            text.put(&section, None);
            text.addressees.insert("CN".parse().unwrap(), china.issuer.clone());
        });
        china
    }

    /// A next trust list by which this authority has a node.
    pub(crate) fn has_node(&self) {
        let name: NodeName = "node.tdap.gov.pk".parse().unwrap();
        let section = self.next_section(|section| section.node = Some(name.clone()));
        self.next_list(|text| {
            text.nodes.push(holder(&name, 12));
            text.put(&section, None);
        });
    }

    /// A next trust list that closes a log at a size.
    pub(crate) fn close_log(&self, origin: &Origin, final_size: u64) {
        self.next_list(|text| text.shards.push(ShardEnd { origin: origin.clone(), final_size }));
    }

    /// A log key of another shard, and a next trust list that names it.
    pub(crate) fn list_log_key(&self, shard: &str) {
        let shard: Shard = shard.parse().unwrap();
        let random = SeededRandom::new(shard.to_string().bytes().fold(0, |seed, byte| seed * 31 + u64::from(byte)));
        let log_key = log_key(&self.issuer, shard, &self.keys, &random);
        let section = self.next_section(|section| section.log_keys.push(log_key));
        self.next_list(|text| text.put(&section, None));
    }

    /// A next trust list by which a node must have witnessed every head; its name and the key it does that with.
    pub(crate) fn witnessed(&self) -> (String, SecretKey) {
        let key = SecretKey::from_seed(&[9; 32]).unwrap();
        let name: NodeName = "node.kra.go.ke".parse().unwrap();
        self.next_list(|text| {
            text.nodes.push(Node {
                witness_vkey: Some(VerifierKey::cosigner(&name.witness(), key.public_key()).unwrap()),
                replica_vkey: None,
                retired: Vec::new(),
                https: None,
                grpc: None,
                spki: Vec::new(),
                name: name.clone(),
            });
            text.cosigning = Cosigning { witnesses: 1, of: vec![name.clone()], ..Cosigning::if_it_has_a_node() };
        });
        (name.witness(), key)
    }

    /// A next trust list in which the statement key may speak of another agreement only.
    pub(crate) fn narrow_key(&self, agreement: &str) {
        let section = self.next_section(|section| {
            for key in section.keys.iter_mut().filter(|key| key.r#use == ListedUse::Statement) {
                key.agreements = Some(vec![agreement.parse().unwrap()]);
            }
        });
        self.next_list(|text| text.put(&section, None));
    }

    /// A next trust list that closes the statement key as compromised at these places, and lists another, which is used
    /// from the next start on.
    pub(crate) fn revoke(&self, ends: &[(Origin, u64)]) {
        let (old, kid): (Kid, Kid) = (self.statement_kid(), "tdap-2026-2".parse().unwrap());
        let key_use = KeyUse::Statement { iss: self.issuer.clone(), kid: kid.clone() };
        let made = self.keys.make(&"statement-2".parse().unwrap(), key_use, &SeededRandom::new(31)).unwrap();
        let section = self.next_section(|section| {
            let like = section.keys.iter().find(|key| key.kid == old).unwrap().clone();
            section.keys.push(ListedKey { kid, x: made.public_key, ..like });
        });
        self.next_list(|text| {
            text.put(&section, None);
            text.close(ends.iter().map(|(origin, until_index)| Closing {
                iss: self.issuer.clone(),
                kid: old.clone(),
                origin: origin.clone(),
                until_index: *until_index,
                reason: ClosingReason::Compromised,
            }));
        });
    }
}

/// Makes the key of the only signer of trust lists.
pub(crate) fn federation(keys: &KeyStore, random: &SeededRandom) -> VerifierKey {
    let key_use = KeyUse::Federation { signer: "federation.example".parse().unwrap() };
    keys.make(&"federation".parse().unwrap(), key_use, random).unwrap().verifier_key().unwrap()
}

/// The first trust list, and the anchor it is known by.
pub(crate) fn first_list(keys: &KeyStore, signer: VerifierKey, section: &Section) -> (TrustList, Anchor) {
    let anchor = Anchor::new(1, vec![signer.clone()], BTreeMap::new()).unwrap();
    let (issued, next_update) = ("2026-11-01T00:00:00Z".parse().unwrap(), "2027-11-01T00:00:00Z".parse().unwrap());
    let mut text = ListText { signers: vec![signer], ..ListText::first(issued, next_update) };
    text.put(section, None);
    let mut draft = ListDraft::new(text).unwrap();
    keys.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
    (draft.finish(&anchor, None).unwrap(), anchor)
}

fn log_key(issuer: &Issuer, shard: Shard, keys: &KeyStore, random: &SeededRandom) -> ListedLogKey {
    let key_use = KeyUse::Log { iss: issuer.clone(), shard };
    let made = keys.make(&format!("log-{shard}").parse().unwrap(), key_use, random).unwrap();
    ListedLogKey { shard, x: made.public_key }
}

/// Makes the keys of an authority, its root apart from those that its node has, and its section with them.
pub(crate) fn section(
    home: Home,
    (roots, keys): (&KeyStore, &KeyStore),
    years: &[i16],
    random: &SeededRandom,
) -> Section {
    let issuer: Issuer = home.issuer.parse().unwrap();
    let label = issuer.host().as_str().split('.').next().unwrap().to_owned();
    let (kid, status): (Kid, Kid) =
        (format!("{label}-2026-1").parse().unwrap(), format!("{label}-status-2026").parse().unwrap());
    let root = roots.make(&"root".parse().unwrap(), KeyUse::Root { iss: issuer.clone() }, random).unwrap();
    let make = |name: &str, key_use| keys.make(&name.parse().unwrap(), key_use, random).unwrap();
    let statement = make("statement", KeyUse::Statement { iss: issuer.clone(), kid: kid.clone() });
    let status_side = make("status", KeyUse::Status { iss: issuer.clone(), kid: status.clone() });
    let stamp: Kid = format!("{label}-stamp-2026").parse().unwrap();
    let stamp_side = make("stamp", KeyUse::Stamp { iss: issuer.clone(), kid: stamp.clone() });
    let log_keys = years.iter().map(|year| log_key(&issuer, Shard::of_year(*year), keys, random)).collect();
    let listed = |kid: &Kid, x, r#use, kinds: Vec<Kind>| ListedKey {
        kid: kid.clone(),
        alg: Algorithm::EdDSA,
        x,
        r#use,
        kinds: kinds.into_iter().map(|kind| kind.name().parse().unwrap()).collect(),
        agreements: None,
        offices: None,
        from: Vec::new(),
    };
    let text = SectionText {
        iss: issuer.clone(),
        serial: 1,
        country: home.country.parse().unwrap(),
        time_zone: ZoneName::new(home.zone).unwrap(),
        names: BTreeMap::from([("en".parse().unwrap(), home.city.parse().unwrap())]),
        root: VerifierKey::note(&root_name(&issuer), root.public_key).unwrap(),
        node: None,
        // Customs of China issue there too, and are whom certificates to China are addressed to.
        roles: if home.country == "CN" { vec!["customs".parse().unwrap()] } else { Vec::new() },
        keys: vec![
            listed(&kid, statement.public_key, ListedUse::Statement, Kind::ALL.to_vec()),
            listed(&status, status_side.public_key, ListedUse::Status, Vec::new()),
            listed(&stamp, stamp_side.public_key, ListedUse::Stamp, Vec::new()),
        ],
        log_keys,
    };
    roots.root(&"root".parse().unwrap()).unwrap().sign(text).unwrap()
}
