use super::super::{
    ProofError, SignedCheckpoint,
    checkpoint::tests::{NOTE, log_key},
};
use super::*;
use proptest::prelude::*;

/// Leaf 5 of the eight of formats.md section 2; the path was computed apart from this code.
const LEAF: &[u8] = b"\x40\x41\x42\x43";
const HEAD: &str = "c2sp.org/tlog-proof@v1\nindex 5\n\
    vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n\
    yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=\n\
    037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n\n";

/// As a verifier does: the checkpoint first, then the leaf in it.
fn verify(proof: &LogProof, leaf: &[u8]) -> Result<(), LogError> {
    proof.verify_in(leaf, SignedCheckpoint::open(&proof.checkpoint, &log_key())?.checkpoint())
}

fn text() -> String {
    format!("{HEAD}{NOTE}")
}

#[test]
fn a_proof_made_elsewhere_verifies_and_prints_as_it_was() {
    let proof = text().parse::<LogProof>().unwrap();
    assert_eq!((proof.index, proof.hashes.len(), proof.checkpoint.as_str()), (5, 3, NOTE));
    assert_eq!(verify(&proof, LEAF), Ok(()));
    assert_eq!(proof.to_string(), text());
    assert_eq!(LogProof::new(5, proof.hashes.clone(), NOTE.into()), proof);
}

#[test]
fn a_proof_speaks_of_one_leaf_at_one_place() {
    let good = text().parse::<LogProof>().unwrap();
    let fails = |proof: &LogProof, leaf: &[u8]| verify(proof, leaf).unwrap_err();
    assert_eq!(fails(&good, b"other"), ProofError::OtherRoot.into());
    assert_eq!(fails(&LogProof { index: 4, ..good.clone() }, LEAF), ProofError::OtherRoot.into());
    assert_eq!(fails(&LogProof { index: 8, ..good.clone() }, LEAF), ProofError::OutOfRange.into());
    assert_eq!(fails(&LogProof { hashes: vec![], ..good.clone() }, LEAF), ProofError::WrongLength.into());
    let forged = LogProof { checkpoint: NOTE.replacen("\n8\n", "\n9\n", 1), ..good };
    assert!(matches!(fails(&forged, LEAF), LogError::BadSignature { .. }));
}

#[test]
fn a_log_of_one_entry_has_a_proof_without_hashes() {
    let text = format!("c2sp.org/tlog-proof@v1\nindex 0\n\n{NOTE}");
    let proof = text.parse::<LogProof>().unwrap();
    assert!(proof.hashes.is_empty());
    assert_eq!(proof.to_string(), text);
}

#[test]
fn extra_data_is_carried_and_changes_nothing() {
    let text = text().replace("\nindex", "\nextra aGVsbG8=\nindex");
    let proof = text.parse::<LogProof>().unwrap();
    assert_eq!(proof.extra.as_deref(), Some(b"hello".as_slice()));
    assert_eq!(proof.to_string(), text);
    assert_eq!(verify(&proof, LEAF), Ok(()));
}

#[test]
fn malformed_proofs_are_refused() {
    let good = text();
    let hash = "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=\n";
    for (hazard, bad) in [
        ("nothing", String::new()),
        ("another version", good.replace("@v1", "@v2")),
        ("bytes before it", format!("\n{good}")),
        ("no index", good.replace("index 5\n", "")),
        ("a leading zero", good.replace("index 5", "index 05")),
        ("a sign", good.replace("index 5", "index +5")),
        ("a number that is too large", good.replace("index 5", "index 18446744073709551616")),
        ("two index lines", good.replace("index 5\n", "index 5\nindex 5\n")),
        ("extra data after the index", good.replace("index 5\n", "index 5\nextra aGVsbG8=\n")),
        ("two extra lines", good.replace("index 5", "extra aGVsbG8=\nextra aGVsbG8=\nindex 5")),
        ("empty extra data", good.replace("index 5", "extra \nindex 5")),
        ("lenient base64", good.replace("index 5", "extra aGVsbG8\nindex 5")),
        ("a short hash", good.replace("yoVO", "")),
        ("a space after a hash", good.replace(hash, "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA= \n")),
        ("an empty line among the hashes", good.replace(hash, "\n")),
        ("too many hashes", good.replace(hash, &hash.repeat(MAX_PROOF_HASHES))),
        ("carriage returns", good.replace('\n', "\r\n")),
        ("no checkpoint", HEAD.into()),
        ("a checkpoint without signatures", good.split_once("\n\n\u{2014}").map(|(head, _)| head.into()).unwrap()),
        ("trailing bytes", format!("{good}x")),
        ("a trailing line", format!("{good}\n")),
        ("too large", format!("{good}{}", " ".repeat(MAX_LOG_PROOF_BYTES))),
    ] {
        assert!(bad.parse::<LogProof>().is_err(), "{hazard}");
    }
}

proptest! {
    #[test]
    fn nothing_panics_and_what_parses_prints_as_it_was(insert in "[ -~\n\r\u{2014}]{0,6}", a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let good = text();
        let (a, b) = (a.index(good.len()), b.index(good.len()));
        if let (Some(head), Some(tail)) = (good.get(..a.min(b)), good.get(a.max(b)..)) {
            let bad = format!("{head}{insert}{tail}");
            if let Ok(proof) = bad.parse::<LogProof>() {
                prop_assert_eq!(proof.to_string(), bad);
            }
        }
    }
}
