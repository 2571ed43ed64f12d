//! A small world with fixed keys: Pakistan issues, China's and Kenya's customs receive, each with a node.

mod policies;
mod properties;
mod questions;
mod vectors;

use super::*;
use crate::{
    log::{Origin, SignedNote, VerifierKey, sign_note},
    signature::{PublicKey, SecretKey, Signer},
    statement::{Issuer, Kid},
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const PK: &str = "https://tdap.gov.pk";
const CN: &str = "https://customs.gov.cn";
const KE: &str = "https://kra.go.ke";
const PK_TO_CN: &str = "tdap.gov.pk/log/2026/customs.gov.cn";
const PK_TO_KE: &str = "tdap.gov.pk/log/2026/kra.go.ke";
const PK_TO_LK: &str = "tdap.gov.pk/log/2026/lk";
const PK_TO_ALL: &str = "tdap.gov.pk/log/2026/all";

/// The key whose seed is SHA-256 of its label.
fn key(label: &str) -> SecretKey {
    SecretKey::from_seed(&Sha256::digest(label).into()).unwrap()
}

fn public(label: &str) -> PublicKey {
    key(label).public_key()
}

fn iss(text: &str) -> Issuer {
    text.parse().unwrap()
}

fn kid(text: &str) -> Kid {
    text.parse().unwrap()
}

fn origin(text: &str) -> Origin {
    text.parse().unwrap()
}

fn node_name(text: &str) -> NodeName {
    text.parse().unwrap()
}

fn signer_vkey(name: &str) -> VerifierKey {
    VerifierKey::note(name, public(name)).unwrap()
}

/// A note over any text at all, signed with the keys whose labels are their names.
fn note(text: &str, signers: &[&str]) -> String {
    let lines = signers.iter().map(|name| sign_note(text, name, &key(name)).unwrap()).collect();
    SignedNote::new(text.to_owned(), lines).unwrap().to_string()
}

fn root_label(iss: &Issuer) -> String {
    root_name(iss)
}

fn section_text(who: &str, country: &str, zone: &str, node: Option<&str>, role: &str) -> SectionText {
    let iss = iss(who);
    let label = |what: &str| format!("{}/{what}", iss.host());
    let statement = ListedKey {
        kid: kid("s-1"),
        alg: Algorithm::EdDSA,
        x: public(&label("s-1")),
        r#use: ListedUse::Statement,
        kinds: ["certificate-of-origin", "status-change", "status-snapshot", "key-change"]
            .map(|kind| kind.parse().unwrap())
            .to_vec(),
        agreements: None,
        offices: None,
        from: Vec::new(),
    };
    let status = ListedKey {
        kid: kid("t-1"),
        x: public(&label("t-1")),
        r#use: ListedUse::Status,
        kinds: Vec::new(),
        ..statement.clone()
    };
    SectionText {
        serial: 1,
        country: country.parse().unwrap(),
        time_zone: crate::time::ZoneName::new(zone).unwrap(),
        names: BTreeMap::from([("en".parse().unwrap(), format!("Authority of {country}").parse().unwrap())]),
        root: VerifierKey::note(&root_name(&iss), public(&root_label(&iss))).unwrap(),
        node: node.map(node_name),
        roles: vec![role.parse().unwrap()],
        keys: vec![statement, status],
        log_keys: vec![ListedLogKey { shard: "2026".parse().unwrap(), x: public(&label("log-2026")) }],
        iss,
    }
}

fn pakistan() -> SectionText {
    section_text(PK, "PK", "Asia/Karachi", Some("node.pk"), "issuer")
}

fn china() -> SectionText {
    section_text(CN, "CN", "Asia/Shanghai", Some("node.cn"), "customs")
}

fn kenya() -> SectionText {
    section_text(KE, "KE", "Africa/Nairobi", Some("node.ke"), "customs")
}

fn signed(text: SectionText) -> Section {
    let root = key(&root_label(&text.iss));
    text.sign(&root).unwrap()
}

fn entry(text: SectionText) -> SectionEntry {
    SectionEntry { note: signed(text).note().to_string(), root_history: Vec::new() }
}

fn node(name: &str) -> Node {
    let name = node_name(name);
    Node {
        replica_vkey: VerifierKey::cosigner(&name.replica(), public(&name.replica())).ok(),
        witness_vkey: VerifierKey::cosigner(&name.witness(), public(&name.witness())).ok(),
        retired: Vec::new(),
        https: format!("https://{name}").parse().ok(),
        grpc: format!("https://{name}:7443").parse().ok(),
        spki: vec![SpkiPin(Sha256::digest(name.as_str()).into())],
        name,
    }
}

const SIGNERS: [&str; 3] = ["pk.example/trust", "cn.example/trust", "ke.example/trust"];

/// Three countries, three nodes, 2 of 3 signers, replica and one witness.
fn world() -> ListText {
    ListText {
        version: 1,
        issued: "2026-01-01T00:00:00Z".parse().unwrap(),
        next_update: "2026-07-01T00:00:00Z".parse().unwrap(),
        k: 2,
        signers: SIGNERS.map(signer_vkey).to_vec(),
        sections: vec![entry(pakistan()), entry(china()), entry(kenya())],
        closings: Vec::new(),
        shards: Vec::new(),
        nodes: ["node.pk", "node.cn", "node.ke"].map(node).to_vec(),
        addressees: BTreeMap::from([("CN".parse().unwrap(), iss(CN)), ("KE".parse().unwrap(), iss(KE))]),
        cosigning: Cosigning {
            replica: ReplicaRule::IfItHasANode,
            replica_from: BTreeMap::new(),
            witnesses: 1,
            witnesses_without_replica: None,
            of: ["node.pk", "node.cn", "node.ke"].map(node_name).to_vec(),
        },
    }
}

fn anchor() -> Anchor {
    Anchor::new(2, SIGNERS.map(signer_vkey).to_vec(), BTreeMap::new()).unwrap()
}

fn json(text: &ListText) -> String {
    format!("{}\n", serde_json::to_string_pretty(text).unwrap())
}

/// Signed by the first two signers and opened under the anchor.
fn accepted(text: &ListText) -> TrustList {
    TrustList::open(&note(&json(text), &SIGNERS[..2]), &anchor(), None).unwrap()
}

#[test]
fn signers_sign_one_after_the_other_or_apart_and_the_list_is_the_same() {
    let mut one = ListDraft::new(world()).unwrap();
    assert!(one.to_string().starts_with('{'), "an unsigned draft is bare JSON");
    let mut other = ListDraft::parse(&one.to_string()).unwrap();
    one.sign(&SIGNERS[0].parse().unwrap(), &key(SIGNERS[0]), None).unwrap();
    assert!(matches!(one.finish(&anchor(), None), Err(TrustError::NotEnoughSignatures { found: 1, needed: 2, .. })));
    other.sign(&SIGNERS[2].parse().unwrap(), &key(SIGNERS[2]), None).unwrap();
    let mut merged = ListDraft::parse(&one.to_string()).unwrap();
    merged.merge(&ListDraft::parse(&other.to_string()).unwrap()).unwrap();
    let signers = world().signers;
    let names = merged.signed_by(&signers).unwrap();
    assert_eq!(names.iter().map(|key| key.name()).collect::<Vec<_>>(), [SIGNERS[0], SIGNERS[2]]);
    let list = merged.finish(&anchor(), None).unwrap();
    assert_eq!(list.text(), &world());
    assert_eq!(
        TrustList::open(&list.to_string(), &anchor(), Some(&list)).unwrap(),
        list,
        "opening it again is harmless"
    );
}

#[test]
fn a_draft_takes_no_strangers_signature_and_no_other_text() {
    let mut draft = ListDraft::new(world()).unwrap();
    let stranger = draft.sign(&"stranger".parse().unwrap(), &key("stranger"), None);
    assert_eq!(stranger, Err(TrustError::OtherSigner("stranger".to_owned())));
    // A right name with a wrong key is a stranger too.
    assert!(draft.sign(&SIGNERS[0].parse().unwrap(), &key("stranger"), None).is_err());
    let other = ListDraft::new(ListText { version: 2, ..world() }).unwrap();
    assert_eq!(draft.merge(&other), Err(TrustError::OtherText));
}

#[test]
fn nobody_is_asked_to_sign_what_would_be_refused() {
    let unsafe_quorum = ListDraft::new(ListText { k: 1, ..world() });
    assert_eq!(unsafe_quorum.err(), Some(TrustError::UnsafeQuorum { k: 1, n: 3 }));
    let mut text = pakistan();
    text.serial = 0;
    assert!(text.sign(&key("tdap.gov.pk/root")).is_err());
    assert!(matches!(pakistan().sign(&key("stranger")), Err(TrustError::OtherSigner(_))));
}

/// Whoever believes a list must not come to take what was rehearsed for real.
#[test]
fn a_list_has_authorities_that_rehearse_or_others_and_never_both() {
    let rehearses = |who: &str, country: &str, zone: &str, node: &str, role: &str| {
        section_text(&iss(who).rehearsal().unwrap().to_string(), country, zone, Some(node), role)
    };
    let all = [
        rehearses(PK, "PK", "Asia/Karachi", "node.pk", "issuer"),
        rehearses(CN, "CN", "Asia/Shanghai", "node.cn", "customs"),
        rehearses(KE, "KE", "Africa/Nairobi", "node.ke", "customs"),
    ];
    let mut text = world();
    text.sections = all.map(entry).to_vec();
    let addressee = |who: &str| iss(who).rehearsal().unwrap();
    text.addressees = BTreeMap::from([("CN".parse().unwrap(), addressee(CN)), ("KE".parse().unwrap(), addressee(KE))]);
    assert!(accepted(&text).sections().all(|section| section.iss().is_rehearsal()));
    text.sections[0] = entry(pakistan());
    let mixed = ListDraft::new(text).err();
    let (rehearsal, other) = (addressee(CN), iss(PK));
    assert_eq!(mixed, Some(TrustError::RehearsalMixed { rehearsal, other }));
}

#[test]
fn an_anchor_file_reads_back_and_follows_the_list() {
    let list = accepted(&world());
    let anchor = list.anchor().unwrap();
    assert_eq!(anchor.roots().len(), 3);
    let text = anchor.to_toml().unwrap();
    assert!(text.starts_with("# What this verifier believes"));
    assert_eq!(Anchor::from_toml(&text).unwrap(), anchor);
    for (from, to) in [("k = 2", "k = 1"), ("k = 2", "k = 4"), ("k = 2", "kk = 2"), ("[roots]", "[rooots]")] {
        assert!(Anchor::from_toml(&text.replace(from, to)).is_err(), "{to}");
    }
}

#[test]
fn a_list_holds_until_its_next_is_due_and_not_a_second_longer() {
    let list = accepted(&world());
    let due = world().next_update;
    assert_eq!(list.freshness(due), Freshness::Current);
    let after = due + jiff::SignedDuration::from_secs(1);
    assert_eq!(list.freshness(after), Freshness::Stale { since: due });
    assert_eq!(list.freshness("2020-01-01T00:00:00Z".parse().unwrap()), Freshness::Current);
}
