//! What is evidence of two histories, what is not, and what stays good.

use super::world::{World, cosigned, key, origin, plain_trust, question, seed, trust, verify, witness_asked};
use crate::{
    log::{Levels, consistency_proof, leaf_hash},
    reason::Reasoned as _,
    signature::Signer as _,
    statement::Act,
    verification::{Equivocation, Headline, Lifting, Prefix, Question, Settings, Subject, Verifier},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Two worlds that part after the certificate: at entry 2.
fn parted() -> (World, World) {
    let (one, mut other) = (World::settled(), World::issued());
    other.add_change(Act::Suspended, None);
    other.add_change(Act::Reinstated, None);
    (one, other)
}

/// The root of the world's log at a size, and the proof from there to all of it.
fn prefix(world: &World, size: usize) -> Prefix {
    let leaves = world.issued.iter().map(|issued| leaf_hash(issued.jwt.as_bytes())).collect::<Vec<_>>();
    let all = leaves.iter().copied().collect::<Levels>();
    let root = leaves[..size].iter().copied().collect::<Levels>().root();
    Prefix { root, proof: consistency_proof(size as u64, leaves.len() as u64, &all).unwrap() }
}

#[test]
fn one_size_with_two_roots_is_evidence_and_one_history_is_not() {
    let (one, other) = parted();
    let trust = plain_trust();
    let found = Equivocation::prove(&trust, &one.note(3), &other.note(3), None).unwrap();
    assert_eq!((found.origin(), found.size()), (&origin(), 3));
    let same = Equivocation::prove(&trust, &one.note(2), &other.note(2), None).unwrap_err();
    assert_eq!(same.reason(), "EVIDENCE_CONSISTENT");
}

#[test]
fn a_prefix_that_does_not_match_is_evidence_only_with_its_proof() {
    let (one, other) = parted();
    let trust = plain_trust();
    let (short, long) = (one.note(3), other.note(4));
    let reason = |prefix: Option<&Prefix>| Equivocation::prove(&trust, &long, &short, prefix).map_err(|e| e.reason());
    assert_eq!(reason(None), Err("EVIDENCE_PREFIX_NEEDED"));
    assert_eq!(reason(Some(&prefix(&other, 3))).map(|found| (found.size(), found.longer())), Ok((3, 4)));
    let said = reason(Some(&prefix(&other, 3))).unwrap().parted();
    assert_eq!(said, "that parted at or before size 3 (heads of sizes 3 and 4)");
    let mut wrong = prefix(&other, 3);
    wrong.root = prefix(&one, 3).root;
    assert_eq!(reason(Some(&wrong)), Err("MERKLE_PROOF_OTHER_ROOT"));
    let own = Equivocation::prove(&trust, &other.note(3), &long, Some(&prefix(&other, 3)));
    assert_eq!(own.unwrap_err().reason(), "EVIDENCE_CONSISTENT");
}

#[test]
fn what_the_logs_key_did_not_sign_is_no_evidence() {
    let (one, other) = parted();
    let stranger = trust(|section, _| section.log_keys[0].x = key(seed::STRANGER).public_key());
    let refused = Equivocation::prove(&stranger, &one.note(3), &other.note(3), None).unwrap_err();
    assert_eq!(refused.reason(), "NOTE_NOT_SIGNED");
    assert!(Equivocation::prove(&plain_trust(), "nonsense", &other.note(3), None).is_err());
}

#[test]
fn evidence_is_read_from_a_file_and_proven_before_it_counts() {
    let (one, other) = parted();
    let trust = plain_trust();
    let read = |first: &str, second: &str, prefix: Value| {
        let file = json!({"first": first, "second": second, "prefix": prefix}).to_string();
        Equivocation::read(&trust, file.as_bytes()).map_err(|error| error.reason())
    };
    let found = read(&one.note(3), &other.note(3), Value::Null).unwrap();
    assert_eq!(found, Equivocation::prove(&trust, &one.note(3), &other.note(3), None).unwrap());
    let Prefix { root, proof } = prefix(&other, 3);
    let shown = json!({"root": root, "proof": proof});
    assert_eq!(read(&one.note(3), &other.note(4), shown).map(|found| found.size()), Ok(3));
    assert_eq!(read(&one.note(2), &other.note(2), Value::Null), Err("EVIDENCE_CONSISTENT"));
    assert_eq!(read(&one.note(3), "nonsense", Value::Null), Err("NOTE_MALFORMED"));
    for text in ["", "{}", "[1]", "{\"first\":\"a\",\"second\":\"b\"}"] {
        assert_eq!(Equivocation::read(&trust, text.as_bytes()).unwrap_err().reason(), "EVIDENCE_MALFORMED", "{text}");
    }
    let long = vec![b' '; crate::verification::MAX_EVIDENCE_BYTES + 1];
    assert_eq!(Equivocation::read(&trust, &long).unwrap_err().reason(), "EVIDENCE_MALFORMED");
}

#[test]
fn what_a_quorum_had_cosigned_before_stays_good() {
    let trust = witness_asked();
    let world = World::settled();
    let mut bundle = world.bundle();
    for proof in [&mut bundle.proof, &mut bundle.status_proof] {
        *proof = proof.as_deref().map(|proof| cosigned(proof, "node.eac.int/witness", seed::WITNESS));
    }
    assert_eq!(verify(&trust, &bundle, &question()).headline, Headline::Valid);
    let with = |size: usize, asked: &Question| {
        let (mut one, mut other) = (World::settled(), World::settled());
        one.add_change(Act::Suspended, None);
        other.add_change(Act::Cancelled, None);
        for world in [&mut one, &mut other] {
            world.add_change(Act::Suspended, None);
        }
        let found = Equivocation::prove(&trust, &one.note(size), &other.note(size), None).unwrap();
        let settings = Settings { equivocations: vec![found] };
        Verifier::new(Arc::clone(&trust), None, settings).verify(&bundle.to_json(), asked).headline
    };
    assert_eq!(with(4, &question()), Headline::Valid);
    // The histories parted before what was cosigned, where another statement stands in its place.
    let asked = Question { other_history: Some(4), ..question() };
    assert_eq!(with(4, &asked), Headline::Equivocated);
    let mut uncosigned = bundle.clone();
    uncosigned.proof = Some(world.proof(1));
    assert_eq!(verify(&trust, &uncosigned, &question()).headline, Headline::NotCosigned);
}

#[test]
fn evidence_that_a_person_lifted_is_still_said_with_the_reason() {
    let trust = witness_asked();
    let world = World::settled();
    let (mut one, mut other) = (World::settled(), World::settled());
    one.add_change(Act::Suspended, None);
    other.add_change(Act::Cancelled, None);
    let found = Equivocation::prove(&trust, &one.note(4), &other.note(4), None).unwrap();
    let lifting =
        Lifting { at: "2026-11-22T06:00:00Z".parse().unwrap(), reason: "an old copy was restored".to_owned() };
    let said = |known: Vec<Equivocation>| {
        let settings = Settings { equivocations: known };
        let verdict = Verifier::new(Arc::clone(&trust), None, settings).verify(&world.bundle().to_json(), &question());
        let history = verdict.checks.iter().find(|check| check.name == Subject::History).unwrap();
        (verdict.headline, history.sentence.clone())
    };
    let (_, sentence) = said(vec![found.clone().lifted(lifting.clone())]);
    assert!(
        sentence.contains("showed two histories that parted at or before size 4 (heads of sizes 4 and 4)"),
        "{sentence}"
    );
    assert!(sentence.contains("lifted") && sentence.contains("an old copy was restored"), "{sentence}");
    // What nobody lifted counts before what somebody did.
    let (headline, _) = said(vec![found.clone().lifted(lifting), found]);
    assert_eq!(headline, Headline::Equivocated);
}

#[test]
fn below_a_fork_that_nobody_lifted_an_older_one_that_was_is_told_of_too() {
    let trust = witness_asked();
    let mut bundle = World::settled().bundle();
    for proof in [&mut bundle.proof, &mut bundle.status_proof] {
        *proof = proof.as_deref().map(|proof| cosigned(proof, "node.eac.int/witness", seed::WITNESS));
    }
    let (mut one, mut other) = (World::settled(), World::settled());
    one.add_change(Act::Suspended, None);
    other.add_change(Act::Cancelled, None);
    for world in [&mut one, &mut other] {
        world.add_change(Act::Suspended, None);
    }
    let found = |size| Equivocation::prove(&trust, &one.note(size), &other.note(size), None).unwrap();
    let lifting =
        Lifting { at: "2026-11-22T06:00:00Z".parse().unwrap(), reason: "an old copy was restored".to_owned() };
    let settings = Settings { equivocations: vec![found(4).lifted(lifting), found(5)] };
    let verdict = Verifier::new(Arc::clone(&trust), None, settings).verify(&bundle.to_json(), &question());
    let history = verdict.checks.iter().find(|check| check.name == Subject::History).unwrap();
    let said = &history.sentence;
    assert_eq!(verdict.headline, Headline::Valid);
    assert!(said.contains("size 5") && said.contains("cosigned this before. "), "{said}");
    assert!(said.contains("size 4") && said.ends_with("with the reason \"an old copy was restored\"."), "{said}");
}
