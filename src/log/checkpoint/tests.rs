use super::*;
use crate::{encoding::hex, signature::SecretKey};
use proptest::prelude::*;

/// Made apart from this code, with a plain transcription of RFC 8032 section 6 and the seeds of its tests 1 and 2.
pub(in super::super) const LOG_KEY: &str =
    "chamber.example.pk/log/2026/customs.example.cn+73c3072d+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
pub(in super::super) const REPLICA_KEY: &str =
    "customs.example.cn/replica+232ede97+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM";
pub(in super::super) const NOTE: &str = "chamber.example.pk/log/2026/customs.example.cn\n8\n\
    XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n\
    \u{2014} chamber.example.pk/log/2026/customs.example.cn \
    c8MHLZxl8fyAhPh6ahkkttq1ZxfFdprGnE4dPAtAbxguoWKzSB3On9NuaF1I8HhM3S745bTU0EBxDROKArNgVV1BvAI=\n\
    \u{2014} customs.example.cn/replica \
    Iy7elwAAAABqsTuApXDS2BddnbnziKmZCWkg/ZF6bwkhra3BUPk1ksxSfDdy+wR0cr2T8kR4Vo1WhKkuwSsP1A6Gr52gCk110q3FDA==\n";

pub(in super::super) fn log_key() -> VerifierKey {
    LOG_KEY.parse().unwrap()
}

fn replica_key() -> VerifierKey {
    REPLICA_KEY.parse().unwrap()
}

fn replica() -> SecretKey {
    let seed = hex::decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
    SecretKey::from_seed(&seed.try_into().unwrap()).unwrap()
}

#[test]
fn a_checkpoint_and_a_cosignature_made_elsewhere_verify() {
    let signed = SignedCheckpoint::open(NOTE, &log_key()).unwrap();
    assert_eq!(signed.checkpoint().origin.addressee(), "customs.example.cn");
    assert_eq!(signed.checkpoint().head.size, 8);
    assert_eq!(signed.note().to_string(), NOTE);
    let found = signed.cosignatures([&replica_key()]).unwrap();
    assert_eq!(found, [Cosignature { name: "customs.example.cn/replica".into(), time: 1_790_000_000 }]);
}

#[test]
fn our_cosignature_is_the_one_made_elsewhere() {
    let signed = SignedCheckpoint::open(NOTE, &log_key()).unwrap();
    let line = cosign(signed.checkpoint(), "customs.example.cn/replica", &replica(), 1_790_000_000).unwrap();
    assert_eq!(NOTE.lines().last().unwrap(), line.to_string());
    let mut again = signed.clone();
    assert_eq!(again.add_cosignature(line, &replica_key()), Ok(1_790_000_000));
    assert_eq!(again, signed);
    let newer = cosign(signed.checkpoint(), "customs.example.cn/replica", &replica(), 1_790_000_060).unwrap();
    assert_eq!(again.add_cosignature(newer, &replica_key()), Ok(1_790_000_060));
    assert_eq!(again.note().signatures().len(), 2);
}

#[test]
fn a_cosignature_with_another_time_or_under_another_name_fails() {
    let blob = NOTE.lines().last().and_then(|line| line.rsplit(' ').next()).unwrap();
    let mut bytes = base64_decode(blob);
    bytes[11] ^= 1;
    let forged = NOTE.replace(blob, &crate::encoding::base64::encode(&bytes));
    let signed = SignedCheckpoint::open(&forged, &log_key()).unwrap();
    assert_eq!(
        signed.cosignatures([&replica_key()]),
        Err(LogError::BadSignature { name: "customs.example.cn/replica".into() })
    );
    let renamed = NOTE.replace("cn/replica", "cn/witness");
    let signed = SignedCheckpoint::open(&renamed, &log_key()).unwrap();
    let witness = VerifierKey::cosigner("customs.example.cn/witness", replica().public_key()).unwrap();
    assert_eq!(signed.cosignatures([&replica_key(), &witness]), Ok(vec![]));
    // A time of 2^63 or more is no cosignature, whatever it signs.
    bytes[4] = 0x80;
    let forged = NOTE.replace(blob, &crate::encoding::base64::encode(&bytes));
    assert!(SignedCheckpoint::open(&forged, &log_key()).unwrap().cosignatures([&replica_key()]).is_err());
}

fn base64_decode(text: &str) -> Vec<u8> {
    crate::encoding::base64::decode(text).unwrap()
}

#[test]
fn a_line_of_a_stranger_is_not_added() {
    let mut signed = SignedCheckpoint::open(NOTE, &log_key()).unwrap();
    let line = cosign(signed.checkpoint(), "stranger.example", &replica(), 1).unwrap();
    assert!(matches!(signed.add_cosignature(line, &replica_key()), Err(LogError::NotSigned { .. })));
    let log_line = signed.note().signatures()[0].clone();
    assert!(matches!(signed.add_cosignature(log_line, &log_key()), Err(LogError::KeyKind { .. })));
    assert_eq!(signed.note().to_string(), NOTE);
}

#[test]
fn a_checkpoint_counts_under_its_own_logs_key_only() {
    let other = VerifierKey::note("other.example", *log_key().public_key().unwrap()).unwrap();
    assert_eq!(SignedCheckpoint::open(NOTE, &other), Err(LogError::NotSigned { name: "other.example".into() }));
    assert!(matches!(SignedCheckpoint::open(NOTE, &replica_key()), Err(LogError::KeyKind { kind: 4, .. })));
    // The log's key under another name signs this log's text: it verifies as a note, and is still another log's key.
    let signer = SecretKey::from_seed(&[5; 32]).unwrap();
    let text = NOTE.split_once("\n\n").unwrap().0.to_owned() + "\n";
    let line = super::super::sign_note(&text, "other.example", &signer).unwrap();
    let note = SignedNote::new(text, vec![line]).unwrap();
    let other = VerifierKey::note("other.example", signer.public_key()).unwrap();
    assert!(matches!(SignedCheckpoint::of(note, &other), Err(LogError::OtherLog { .. })));
}

#[test]
fn the_body_has_exactly_three_lines() {
    let good = "a.example/log/2026/cn\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n";
    assert_eq!(good.parse::<Checkpoint>().unwrap().to_string(), good);
    let empty = format!("a.example/log/2026/cn\n0\n{EMPTY_ROOT}\n");
    assert_eq!(empty.parse::<Checkpoint>().unwrap().to_string(), empty);
    for (hazard, bad) in [
        ("nothing", String::new()),
        ("no final newline", good.trim_end().into()),
        ("an extension line", format!("{good}extension\n")),
        ("an empty extension line", format!("{good}\n")),
        ("two lines", good.replace("\n8\n", "\n")),
        ("a leading zero", good.replace("\n8\n", "\n08\n")),
        ("a sign", good.replace("\n8\n", "\n+8\n")),
        ("a space", good.replace("\n8\n", "\n8 \n")),
        ("no size", good.replace("\n8\n", "\n\n")),
        ("a size of 2^63", good.replace("\n8\n", "\n9223372036854775808\n")),
        ("a size over 2^64", good.replace("\n8\n", "\n18446744073709551616\n")),
        ("a short root", good.replace("Xcna", "")),
        ("an unpadded root", good.replace('=', "")),
        ("another spelling of the root", good.replace("yg=", "yh=")),
        ("an empty tree with a root", good.replace("\n8\n", "\n0\n")),
        ("carriage returns", good.replace('\n', "\r\n")),
        ("a foreign origin", good.replace("a.example/log/2026/cn", "example.com/behind-the-sofa")),
    ] {
        assert!(bad.parse::<Checkpoint>().is_err(), "{hazard}: {bad:?}");
    }
}

proptest! {
    #[test]
    fn no_note_makes_the_reader_panic(text in "\\PC{0,60}", cut in any::<prop::sample::Index>()) {
        let at = cut.index(NOTE.len());
        let _ = text.parse::<Checkpoint>();
        if let (Some(head), Some(tail)) = (NOTE.get(..at), NOTE.get(at..)) {
            // Cut before a cosignature, it is the same checkpoint with fewer of them.
            let whole_lines = tail.starts_with('\u{2014}');
            prop_assert!(SignedCheckpoint::open(head, &log_key()).is_err() || whole_lines);
            let _ = SignedCheckpoint::open(&format!("{head}{text}{tail}"), &log_key());
        }
    }
}
