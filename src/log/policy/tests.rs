use super::super::checkpoint::tests::{LOG_KEY, NOTE, REPLICA_KEY, log_key};
use super::*;
use crate::signature::{SecretKey, Signer};
use proptest::prelude::*;
use std::fmt::Write;

fn witness(seed: u8) -> VerifierKey {
    let key = SecretKey::from_seed(&[seed; 32]).unwrap().public_key();
    VerifierKey::cosigner(&format!("w{seed}.example/witness"), key).unwrap()
}

/// The example of the specification, with keys.
fn example() -> String {
    let mut text = format!("log {LOG_KEY}\n\n# two organisations\n");
    for (seed, name) in (1..).zip(["X1", "X2", "X3", "Y1", "Y2", "Y3"]) {
        writeln!(text, "\t witness {name}  {}\t", witness(seed)).unwrap();
    }
    text + "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n \
            group X-and-Y all X-witnesses Y-witnesses\n#quorum none\nquorum X-and-Y\n"
}

fn met(policy: &Policy, names: &[&str]) -> bool {
    policy.evaluate(&names.iter().copied().collect())
}

#[test]
fn the_example_of_the_specification_decides_as_it_says() {
    let policy = example().parse::<Policy>().unwrap();
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
    let printed = policy.to_string();
    assert_eq!(printed.parse::<Policy>().unwrap(), policy);
    assert_eq!(printed.parse::<Policy>().unwrap().to_string(), printed);
}

#[test]
fn a_single_witness_and_nobody_are_quorums_too() {
    let one = format!("witness W {}\nquorum W\n", witness(1)).parse::<Policy>().unwrap();
    assert!(met(&one, &["W"]) && !met(&one, &["V"]) && !met(&one, &[]));
    let nobody = "quorum none\n".parse::<Policy>().unwrap();
    assert_eq!(nobody, Policy::none());
    assert!(met(&nobody, &[]));
    assert_eq!(nobody.to_string(), "quorum none\n");
}

#[test]
fn a_replica_and_some_witnesses_is_built_as_it_is_written() {
    let mut policy = Policy::builder();
    let replica = REPLICA_KEY.parse::<VerifierKey>().unwrap();
    policy.log(log_key(), Some("https://chamber.example.pk/log/2026/customs.example.cn")).unwrap();
    policy.witness("customs.example.cn/replica", replica, None).unwrap();
    let names = [1, 2].map(|seed| format!("w{seed}.example/witness"));
    for (seed, name) in (1..).zip(&names) {
        policy.witness(name, witness(seed), None).unwrap();
    }
    policy.group("witnesses", Rule::AtLeast(1), &names).unwrap();
    policy.group("all", Rule::All, &["customs.example.cn/replica", "witnesses"]).unwrap();
    let policy = policy.quorum("all").unwrap();
    assert_eq!(policy.to_string().parse::<Policy>().unwrap(), policy);
    assert!(policy.to_string().ends_with("group all all customs.example.cn/replica witnesses\nquorum all\n"));

    let mut signed = SignedCheckpoint::open(NOTE, &log_key()).unwrap();
    assert!(!policy.evaluate(&policy.cosigned(&signed).unwrap()));
    let secret = SecretKey::from_seed(&[2; 32]).unwrap();
    let line = super::super::cosign(signed.checkpoint(), &names[1], &secret, 7).unwrap();
    signed.add_cosignature(line, &witness(2)).unwrap();
    assert!(policy.evaluate(&policy.cosigned(&signed).unwrap()));
    // Names of verified cosignatures serve as well, where the policy's names are the keys' names.
    let keys = policy.witnesses().iter().map(|witness| &witness.key);
    let names = signed.cosignatures(keys).unwrap().into_iter().map(|found| found.name).collect::<BTreeSet<_>>();
    assert!(policy.evaluate(&names));
}

#[test]
fn what_the_specification_forbids_is_refused_with_its_line() {
    let (a, b) = (witness(1), witness(2));
    let same_key = VerifierKey::cosigner("another.name", *a.public_key().unwrap()).unwrap();
    let two = format!("witness A {a}\nwitness B {b}\n");
    for (text, line, fault) in [
        ("log\nquorum none\n".into(), 1, PolicyFault::Syntax),
        ("Quorum none\n".into(), 1, PolicyFault::Syntax),
        ("quorum none # no comment here\n".into(), 1, PolicyFault::Syntax),
        (format!("log {LOG_KEY} https://a https://b\nquorum none\n"), 1, PolicyFault::Syntax),
        ("log nonsense\nquorum none\n".into(), 1, PolicyFault::Key),
        (format!("log {a}\nquorum none\n"), 1, PolicyFault::KeyKind),
        (format!("witness L {LOG_KEY}\nquorum none\n"), 1, PolicyFault::KeyKind),
        (format!("log {LOG_KEY}\nlog {LOG_KEY}\nquorum none\n"), 2, PolicyFault::DuplicateKey),
        (format!("{two}witness C {same_key}\nquorum none\n"), 3, PolicyFault::DuplicateKey),
        (format!("witness none {a}\nquorum none\n"), 1, PolicyFault::Name),
        (format!("witness A {a}\nwitness A {b}\nquorum A\n"), 2, PolicyFault::Name),
        (format!("{two}group A any B\nquorum A\n"), 3, PolicyFault::Name),
        (format!("{two}group G any A C\nquorum G\n"), 3, PolicyFault::Undefined),
        (format!("{two}group G any none\nquorum G\n"), 3, PolicyFault::Undefined),
        (format!("{two}group G any G\nquorum G\n"), 3, PolicyFault::Undefined),
        (format!("quorum A\n{two}"), 1, PolicyFault::Undefined),
        (format!("{two}group G any A A\nquorum G\n"), 3, PolicyFault::MemberTwice),
        (format!("{two}group G any A\ngroup H any A B\nquorum H\n"), 4, PolicyFault::MemberTwice),
        (format!("{two}group G any\nquorum G\n"), 3, PolicyFault::Threshold),
        (format!("{two}group G 0 A\nquorum G\n"), 3, PolicyFault::Threshold),
        (format!("{two}group G 2 A\nquorum G\n"), 3, PolicyFault::Threshold),
        (format!("{two}group G 01 A\nquorum G\n"), 3, PolicyFault::Threshold),
        (format!("{two}group G most A B\nquorum G\n"), 3, PolicyFault::Threshold),
        ("quorum none\nquorum none\n".into(), 2, PolicyFault::SecondQuorum),
    ] {
        assert_eq!(text.parse::<Policy>(), Err(LogError::PolicyLine { line, fault }), "{text:?}");
    }
    for (text, fault) in [
        ("", PolicyFault::NoQuorum),
        ("# nothing\n", PolicyFault::NoQuorum),
        ("quorum none", PolicyFault::Unterminated),
        ("quorum none\r\n", PolicyFault::Character),
        ("quorum\u{b}none\n", PolicyFault::Character),
        ("# \u{7f}\nquorum none\n", PolicyFault::Character),
    ] {
        assert_eq!(text.parse::<Policy>(), Err(LogError::Policy(fault)), "{text:?}");
    }
    let flood = (0..=MAX_LINES)
        .map(|n| format!("group G{n} any {}\n", if n == 0 { "A".into() } else { format!("G{}", n - 1) }));
    let text = format!("{two}{}quorum none\n", flood.collect::<String>());
    assert_eq!(
        text.parse::<Policy>(),
        Err(LogError::PolicyLine { line: 2 + MAX_LINES + 1, fault: PolicyFault::TooMany })
    );
    assert!(matches!("\n".repeat(MAX_POLICY_BYTES + 1).parse::<Policy>(), Err(LogError::TooLarge { .. })));
}

#[test]
fn names_may_hold_anything_but_ascii_white_space() {
    let text = format!("witness Üñ\u{2003}+x {}\nquorum Üñ\u{2003}+x\n", witness(1));
    let policy = text.parse::<Policy>().unwrap();
    assert_eq!(policy.to_string(), text);
    let mut builder = Policy::builder();
    for bad in ["", " ", "a b", "a\n", "none"] {
        assert_eq!(builder.witness(bad, witness(2), None).err(), Some(PolicyFault::Name), "{bad:?}");
    }
    assert_eq!(builder.log(log_key(), Some("a b")).err(), Some(PolicyFault::Url));
}

proptest! {
    #[test]
    fn nothing_panics_and_what_parses_prints_to_itself(insert in "[ -~\n\t]{0,9}", a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let good = example();
        let (a, b) = (a.index(good.len()), b.index(good.len()));
        let text = format!("{}{insert}{}", &good[..a.min(b)], &good[a.max(b)..]);
        if let Ok(policy) = text.parse::<Policy>() {
            prop_assert_eq!(policy.to_string().parse::<Policy>(), Ok(policy));
        }
    }
}
