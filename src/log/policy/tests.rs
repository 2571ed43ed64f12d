use super::super::checkpoint::tests::{LOG_KEY, NOTE, REPLICA_KEY, log_key};
use super::*;
use crate::signature::{SecretKey, Signer};
use std::fmt::Write;

fn witness(seed: u8) -> VerifierKey {
    let key = SecretKey::from_seed(&[seed; 32]).unwrap().public_key();
    VerifierKey::cosigner(&format!("w{seed}.example/witness"), key).unwrap()
}

/// The example of the specification, with keys.
fn example() -> Policy {
    let mut policy = Policy::builder();
    policy.log(log_key()).unwrap();
    for (seed, name) in (1..).zip(["X1", "X2", "X3", "Y1", "Y2", "Y3"]) {
        policy.witness(name, witness(seed)).unwrap();
    }
    policy.group("X-witnesses", Rule::AtLeast(2), &["X1", "X2", "X3"]).unwrap();
    policy.group("Y-witnesses", Rule::Any, &["Y1", "Y2", "Y3"]).unwrap();
    policy.group("X-and-Y", Rule::All, &["X-witnesses", "Y-witnesses"]).unwrap();
    policy.quorum("X-and-Y").unwrap()
}

fn met(policy: &Policy, names: &[&str]) -> bool {
    policy.evaluate(&names.iter().copied().collect())
}

#[test]
fn the_example_of_the_specification_decides_and_prints_as_it_says() {
    let policy = example();
    for (names, expected) in [
        (&["X1", "X2", "Y1"][..], true),
        (&["X2", "X3", "Y3"], true),
        (&["X1", "X2", "X3"], false),
        (&["X1", "Y1", "Y2", "Y3"], false),
        (&["X1", "X2", "X3", "Y1", "Y2", "Y3"], true),
        (&["X-and-Y"], false),
        (&["X-witnesses", "Y-witnesses"], false),
        (&[], false),
    ] {
        assert_eq!(met(&policy, names), expected, "{names:?}");
    }
    let mut text = format!("log {LOG_KEY}\n");
    for (seed, name) in (1..).zip(["X1", "X2", "X3", "Y1", "Y2", "Y3"]) {
        writeln!(text, "witness {name} {}", witness(seed)).unwrap();
    }
    text += "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n\
             group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n";
    assert_eq!(policy.to_string(), text);
}

#[test]
fn a_single_witness_and_nobody_are_quorums_too() {
    let mut one = Policy::builder();
    one.witness("W", witness(1)).unwrap();
    let one = one.quorum("W").unwrap();
    assert!(met(&one, &["W"]) && !met(&one, &["V"]) && !met(&one, &[]));
    let nobody = Policy::builder().quorum("none").unwrap();
    assert!(met(&nobody, &[]));
    assert_eq!(nobody.to_string(), "quorum none\n");
}

#[test]
fn a_replica_and_some_witnesses_is_built_as_it_is_written() {
    let mut policy = Policy::builder();
    let replica = REPLICA_KEY.parse::<VerifierKey>().unwrap();
    policy.log(log_key()).unwrap();
    policy.witness("customs.example.cn/replica", replica).unwrap();
    let names = [1, 2].map(|seed| format!("w{seed}.example/witness"));
    for (seed, name) in (1..).zip(&names) {
        policy.witness(name, witness(seed)).unwrap();
    }
    policy.group("witnesses", Rule::AtLeast(1), &names).unwrap();
    policy.group("all", Rule::All, &["customs.example.cn/replica", "witnesses"]).unwrap();
    let policy = policy.quorum("all").unwrap();
    assert!(policy.to_string().ends_with("group all all customs.example.cn/replica witnesses\nquorum all\n"));

    let mut signed = SignedCheckpoint::open(NOTE, &log_key()).unwrap();
    assert!(!policy.evaluate(&policy.cosigned(&signed).unwrap()) && !policy.is_met_by(&signed));
    let secret = SecretKey::from_seed(&[2; 32]).unwrap();
    // A line that is good for another head is none for this one.
    let mut other = signed.checkpoint().clone();
    other.head.size += 1;
    let mut note = signed.note().clone();
    note.add(super::super::cosign(&other, &names[1], &secret, 7).unwrap()).unwrap();
    assert!(!policy.is_met_by(&SignedCheckpoint::of(note, &log_key()).unwrap()));
    let line = super::super::cosign(signed.checkpoint(), &names[1], &secret, 7).unwrap();
    signed.add_cosignature(line, &witness(2)).unwrap();
    assert!(policy.evaluate(&policy.cosigned(&signed).unwrap()) && policy.is_met_by(&signed));
    // Names of verified cosignatures serve as well, where the policy's names are the keys' names.
    let keys = policy.witnesses().iter().map(|witness| &witness.key);
    let names = signed.cosignatures(keys).unwrap().into_iter().map(|found| found.name).collect::<BTreeSet<_>>();
    assert!(policy.evaluate(&names));
}

#[test]
fn what_the_specification_forbids_is_refused() {
    let (a, b) = (witness(1), witness(2));
    let same_key = VerifierKey::cosigner("another.name", *a.public_key().unwrap()).unwrap();
    let two = || {
        let mut policy = Policy::builder();
        policy.witness("A", a.clone()).unwrap();
        policy.witness("B", b.clone()).unwrap();
        policy
    };
    assert_eq!(two().log(a.clone()).err(), Some(PolicyFault::KeyKind));
    assert_eq!(two().witness("L", log_key()).err(), Some(PolicyFault::KeyKind));
    assert_eq!(two().log(log_key()).unwrap().log(log_key()).err(), Some(PolicyFault::DuplicateKey));
    assert_eq!(two().witness("C", same_key).err(), Some(PolicyFault::DuplicateKey));
    for name in ["A", "none", "", " ", "a b", "a\n", "a\u{7f}"] {
        assert_eq!(two().witness(name, witness(3)).err(), Some(PolicyFault::Name), "{name:?}");
        assert_eq!(two().group(name, Rule::Any, &["B"]).err(), Some(PolicyFault::Name), "{name:?}");
    }
    for (rule, members, fault) in [
        (Rule::Any, &["A", "C"][..], PolicyFault::Undefined),
        (Rule::Any, &["none"], PolicyFault::Undefined),
        (Rule::Any, &["G"], PolicyFault::Undefined),
        (Rule::Any, &["A", "A"], PolicyFault::MemberTwice),
        (Rule::Any, &[], PolicyFault::Threshold),
        (Rule::AtLeast(0), &["A"], PolicyFault::Threshold),
        (Rule::AtLeast(2), &["A"], PolicyFault::Threshold),
    ] {
        assert_eq!(two().group("G", rule, members).err(), Some(fault), "{members:?}");
    }
    let mut grouped = two();
    grouped.group("G", Rule::Any, &["A"]).unwrap();
    assert_eq!(grouped.group("H", Rule::Any, &["A", "B"]).err(), Some(PolicyFault::MemberTwice));
    assert_eq!(two().quorum("C").err(), Some(PolicyFault::Undefined));
    let mut flood = two();
    flood.group("G0", Rule::Any, &["A"]).unwrap();
    for n in 1..MAX_LINES {
        flood.group(&format!("G{n}"), Rule::Any, &[format!("G{}", n - 1)]).unwrap();
    }
    assert_eq!(flood.group("G", Rule::Any, &["B"]).err(), Some(PolicyFault::TooMany));
}

#[test]
fn names_may_hold_anything_but_ascii_white_space() {
    let mut policy = Policy::builder();
    policy.witness("Üñ\u{2003}+x", witness(1)).unwrap();
    let policy = policy.quorum("Üñ\u{2003}+x").unwrap();
    assert_eq!(policy.to_string(), format!("witness Üñ\u{2003}+x {}\nquorum Üñ\u{2003}+x\n", witness(1)));
}
