//! Three countries, their keys, the trust list between them, and what each will say to each: made once, for signing is
//! the dear part, and said in other portions with every seed.

use crate::{
    certificate::{Certificate, Country},
    log::{Levels, Origin, VerifierKey, leaf_hash},
    signature::{SecretKey, Signer},
    statement::{
        Act, Addressee, Body, Change, Envelope, Issuer, Jti, Kind, StatementRef, Status, StatusChange, StatusList,
        StatusReference, StatusSnapshot, compose, status_list::lists_root,
    },
    time::{Date, SeededRandom, Timestamp, ZoneName},
    trust::{
        Algorithm, Anchor, Cosigning, ListDraft, ListText, ListedKey, ListedLogKey, ListedUse, Node, NodeName,
        SectionText, TrustList, root_name,
    },
};
use bytes::Bytes;
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

/// When it all begins.
pub(super) static START: LazyLock<Timestamp> = LazyLock::new(|| "2026-11-22T10:00:00Z".parse().unwrap());
/// What each log will have said in the end, at most.
pub(super) const SCRIPT: usize = 96;
/// The entry of each log whose signature is another key's.
pub(super) const BAD: u64 = 9;
/// From here on the other history of each log differs: its first certificate behind the bad entry.
pub(super) const FORK: u64 = 10;

pub(super) const NODES: [&str; 3] = ["pk", "cn", "ke"];
const HOSTS: [&str; 3] = ["tdap.gov.pk", "customs.gov.cn", "kra.go.ke"];
const COUNTRIES: [&str; 3] = ["PK", "CN", "KE"];
const ZONES: [&str; 3] = ["Asia/Karachi", "Asia/Shanghai", "Africa/Nairobi"];

/// What a key is for; one for each node.
#[derive(Clone, Copy)]
pub(super) enum Use {
    Root,
    Statement,
    Log,
    Replica,
    Witness,
}

/// Made once: making one costs more than signing with it.
static KEYS: LazyLock<Vec<SecretKey>> = LazyLock::new(|| {
    let number = |number: usize| u8::try_from(number + 1).unwrap();
    (0..NODES.len() * 16).map(|at| SecretKey::from_seed(&[number(at); 32]).unwrap()).collect()
});

pub(super) fn key(node: usize, r#use: Use) -> &'static SecretKey {
    &KEYS[node * 16 + r#use as usize]
}

pub(super) fn name(node: usize) -> NodeName {
    NODES[node].parse().unwrap()
}

pub(super) fn node_of(name: &NodeName) -> usize {
    NODES.iter().position(|known| *known == name.to_string()).unwrap()
}

pub(super) fn issuer(node: usize) -> Issuer {
    format!("https://{}", HOSTS[node]).parse().unwrap()
}

pub(super) fn origin(from: usize, to: usize) -> Origin {
    format!("{}/log/2026/{}", HOSTS[from], HOSTS[to]).parse().unwrap()
}

/// The node that hosts a log, and the one it is addressed to.
pub(super) fn ends(origin: &Origin) -> (usize, usize) {
    let host = |text: &str| HOSTS.iter().position(|known| *known == text).unwrap();
    (host(origin.host().as_str()), host(origin.addressee()))
}

/// An entry as its issuer brings it.
pub(super) struct Line {
    pub(super) jti: Jti,
    pub(super) leaf: Bytes,
    pub(super) disclosures: Vec<String>,
    pub(super) status_index: Option<u32>,
    /// When it was made, of a snapshot, in Unix seconds by the clock of its issuer.
    pub(super) as_of: Option<i64>,
}

/// All that a log will ever say.
pub(super) struct Script {
    pub(super) lines: Vec<Line>,
    pub(super) tree: Levels,
}

pub(super) struct World {
    pub(super) trust: Arc<TrustList>,
    pub(super) scripts: BTreeMap<Origin, Script>,
    /// What each log says where it shows somebody another history; as well signed as the first.
    pub(super) forks: BTreeMap<Origin, Script>,
}

pub(super) static WORLD: LazyLock<World> = LazyLock::new(|| {
    let (mut scripts, mut forks) = (BTreeMap::new(), BTreeMap::new());
    for from in 0..NODES.len() {
        for to in (0..NODES.len()).filter(|to| *to != from) {
            scripts.insert(origin(from, to), script(from, to, SCRIPT as u64));
            forks.insert(origin(from, to), script(from, to, FORK));
        }
    }
    World { trust: trust(1, |_| {}), scripts, forks }
});

/// Who signs the trust list, and who would like to.
const FEDERATION: u8 = 250;
const ANOTHER: u8 = 251;

fn federation(seed: u8) -> (SecretKey, VerifierKey, Anchor) {
    let key = SecretKey::from_seed(&[seed; 32]).unwrap();
    let signer = VerifierKey::note("federation.example", key.public_key()).unwrap();
    let anchor = Anchor::new(1, vec![signer.clone()], BTreeMap::new()).unwrap();
    (key, signer, anchor)
}

/// What every node was given to believe.
pub(super) fn anchor() -> Anchor {
    federation(FEDERATION).2
}

/// The trust list of this version, changed before it is signed.
pub(super) fn trust(version: u64, change: impl FnOnce(&mut ListText)) -> Arc<TrustList> {
    signed_by(FEDERATION, version, change)
}

/// A list of this version that is as good as the others, but for who signed it.
pub(super) fn trust_of_another(version: u64) -> Arc<TrustList> {
    signed_by(ANOTHER, version, |_| {})
}

fn signed_by(seed: u8, version: u64, change: impl FnOnce(&mut ListText)) -> Arc<TrustList> {
    let (federation, signer, anchor) = federation(seed);
    let node = |at: usize| Node {
        name: name(at),
        replica_vkey: Some(VerifierKey::cosigner(&name(at).replica(), key(at, Use::Replica).public_key()).unwrap()),
        witness_vkey: Some(VerifierKey::cosigner(&name(at).witness(), key(at, Use::Witness).public_key()).unwrap()),
        retired: Vec::new(),
        https: None,
        grpc: Some(format!("https://{}.example:8445", NODES[at]).parse().unwrap()),
        spki: Vec::new(),
    };
    let (issued, next_update) = ("2026-11-01T00:00:00Z".parse().unwrap(), "2027-11-01T00:00:00Z".parse().unwrap());
    let mut text = ListText {
        version,
        signers: vec![signer],
        nodes: (0..NODES.len()).map(node).collect(),
        addressees: (0..NODES.len()).map(|at| (COUNTRIES[at].parse().unwrap(), issuer(at))).collect(),
        cosigning: Cosigning {
            witnesses: 1,
            witnesses_without_replica: None,
            of: (0..NODES.len()).map(name).collect(),
            ..Cosigning::if_it_has_a_node()
        },
        ..ListText::first(issued, next_update)
    };
    for at in 0..NODES.len() {
        let section = SectionText {
            iss: issuer(at),
            serial: 1,
            country: COUNTRIES[at].parse().unwrap(),
            time_zone: ZoneName::new(ZONES[at]).unwrap(),
            names: [("en".parse().unwrap(), "An authority".parse().unwrap())].into(),
            root: VerifierKey::note(&root_name(&issuer(at)), key(at, Use::Root).public_key()).unwrap(),
            node: Some(name(at)),
            roles: vec!["customs".parse().unwrap()],
            keys: vec![ListedKey {
                kid: "s1".parse().unwrap(),
                alg: Algorithm::EdDSA,
                x: key(at, Use::Statement).public_key(),
                r#use: ListedUse::Statement,
                kinds: Kind::ALL.iter().map(|kind| kind.name().parse().unwrap()).collect(),
                agreements: None,
                offices: None,
                from: Vec::new(),
            }],
            log_keys: vec![ListedLogKey { shard: origin(at, (at + 1) % 3).shard(), x: key(at, Use::Log).public_key() }],
        };
        text.put(&section.sign(key(at, Use::Root)).unwrap(), None);
    }
    change(&mut text);
    let mut draft = ListDraft::new(text).unwrap();
    draft.sign(&"federation.example".parse().unwrap(), &federation, None).unwrap();
    Arc::new(draft.finish(&anchor, None).unwrap())
}

/// Snapshots, certificates, changes of their status, and one entry with a signature of another key; other salts from
/// `fork` on.
fn script(from: usize, to: usize, fork: u64) -> Script {
    let mut lines: Vec<Line> = Vec::new();
    let (log, mut list) = (origin(from, to), StatusList::new());
    let (mut certificates, mut snapshots) = (Vec::new(), 0);
    let start = START.as_second();
    let mut certificate: Certificate =
        serde_json::from_str(include_str!("../../verification/tests/certificate.json")).unwrap();
    (certificate.from, certificate.to) =
        (COUNTRIES[from].parse::<Country>().unwrap(), COUNTRIES[to].parse::<Country>().unwrap());
    for index in 0..SCRIPT {
        let jti = Jti((1_794_470_400_000_u128 << 80 | (index as u128) << 56 | 7).to_be_bytes());
        let envelope = Envelope {
            iss: issuer(from),
            kid: "s1".parse().unwrap(),
            jti,
            day: Date::constant(2026, 11, 22),
            aud: Addressee::Authority(issuer(to)),
            log: log.clone(),
        };
        let (mut status_index, mut as_of) = (None, None);
        let bad = index as u64 == BAD;
        let body = match index % 8 {
            2 | 5 => {
                let place = u32::try_from(index * 131).unwrap();
                let uri = format!("https://{}/status/2026/{}/0", HOSTS[from], HOSTS[to]);
                status_index = Some(place);
                certificates.push((jti, place));
                let status = StatusReference { uri: uri.parse().unwrap(), index: place };
                Body::Certificate { certificate: Box::new(certificate.clone()), status }
            }
            7 if !bad => {
                let (target, place) = certificates.remove(0);
                list.set(place, Status::Cancelled).unwrap();
                let target = StatementRef { log: log.clone(), jti: target };
                let change = Change { target, act: Act::Cancelled, items: None };
                Body::StatusChange(StatusChange { change, reason: Some("As asked.".parse().unwrap()), remarks: None })
            }
            _ => {
                snapshots += 1;
                as_of = Some(start + snapshots);
                Body::StatusSnapshot(StatusSnapshot {
                    as_of: u64::try_from(start + snapshots).unwrap(),
                    size: index as u64,
                    lists: 1,
                    lists_root: lists_root(&[list.digest()]),
                })
            }
        };
        let salt = index as u64 + if index as u64 >= fork { 1_000 } else { 0 };
        let unsigned = compose(&envelope, &body, &SeededRandom::new(salt)).unwrap();
        let signer = if bad { key(to, Use::Statement) } else { key(from, Use::Statement) };
        let issued = unsigned.sign(signer).unwrap();
        let leaf = Bytes::from(issued.jwt);
        lines.push(Line { jti, leaf, disclosures: issued.disclosures, status_index, as_of });
    }
    let tree = lines.iter().map(|line| leaf_hash(&line.leaf)).collect();
    Script { lines, tree }
}
