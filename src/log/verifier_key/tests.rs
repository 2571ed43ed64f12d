use super::*;
use crate::signature::{SecretKey, Signer};
use proptest::prelude::*;

fn public(seed: u8) -> PublicKey {
    SecretKey::from_seed(&[seed; 32]).unwrap().public_key()
}

#[test]
fn the_example_of_the_specification_parses_and_prints() {
    let text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let key = text.parse::<VerifierKey>().unwrap();
    assert_eq!((key.name(), key.id(), key.kind()), ("example.com/foo", [0x53, 0x0d, 0x90, 0x3a], KeyKind::Ed25519));
    assert_eq!(key.to_string(), text);
    assert_eq!(VerifierKey::note("example.com/foo", *key.public_key().unwrap()), Ok(key));
}

#[test]
fn types_names_and_keys_have_ids_of_their_own() {
    let origin = "a.example/log/2026/cn".parse::<Origin>().unwrap();
    let log = VerifierKey::log(&origin, public(1));
    assert_eq!(log.name(), origin.as_str());
    let keys = [
        log,
        VerifierKey::cosigner(origin.as_str(), public(1)).unwrap(),
        VerifierKey::log(&origin, public(2)),
        VerifierKey::note("other.example", public(1)).unwrap(),
    ];
    for (at, key) in keys.iter().enumerate() {
        assert_eq!(key.to_string().parse().as_ref(), Ok(key));
        assert!(keys.iter().skip(at + 1).all(|other| other.id() != key.id()));
        let json = serde_json::to_string(key).unwrap();
        assert_eq!(serde_json::from_str::<VerifierKey>(&json).unwrap(), *key);
    }
}

#[test]
fn a_type_that_is_to_come_is_carried_and_not_verified() {
    let text = format!("witness.example+01020304+{}", base64::encode(&[&[0x06], [7u8; 1312].as_slice()].concat()));
    let key = text.parse::<VerifierKey>().unwrap();
    assert_eq!((key.kind(), key.public_key(), key.key_bytes().len()), (KeyKind::Other(6), None, 1312));
    assert_eq!(key.to_string(), text);
}

#[test]
fn what_is_not_a_verifier_key_is_refused() {
    let good = VerifierKey::note("a.example", public(1)).unwrap().to_string();
    let (rest, key) = good.rsplit_once('+').unwrap();
    let small_order = base64::encode(&[&[0x01, 0x01], [0; 31].as_slice()].concat());
    for bad in [
        String::new(),
        "+".into(),
        "++".into(),
        good.replace("a.example", ""),
        good.replace("a.example", "a example"),
        good.replace("a.example", "a\u{2003}example"),
        good.replace("a.example", "b.example"),
        good.replace("a.example", &"a".repeat(MAX_KEY_NAME_BYTES + 1)),
        format!("{rest}+"),
        format!("{rest}+AQ=="),
        format!("{rest}+{key}="),
        format!("{good}\n"),
        format!("{good}+"),
        format!(" {good}"),
        format!("a.example+0000000+{key}"),
        format!("a.example+00000000+{key}"),
        format!("a.example+ABCDEF00+{key}"),
        format!("a.example+01020304+{small_order}"),
        format!("{rest}+{}", "A".repeat(MAX_KEY_BYTES)),
    ] {
        assert!(bad.parse::<VerifierKey>().is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn nothing_panics_and_what_parses_prints_as_it_was(text in "\\PC{0,60}|[a-z.]{1,5}\\+[0-9a-fA-F]{7,9}\\+[A-Za-z0-9+/]{0,8}={0,2}") {
        if let Ok(key) = text.parse::<VerifierKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }
}
