use super::super::{HashReader, Levels, SignedCheckpoint, VerifierKey, consistency_proof, leaf_hash, root};
use super::*;
use crate::reason::{Class, Reasoned};
use crate::signature::SecretKey;

fn origin() -> Origin {
    "a.example/log/2026/cn".parse().unwrap()
}

fn tree() -> Levels {
    (0..20u64).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

fn head(size: u64) -> TreeHead {
    TreeHead { size, root: root(size, &tree()).unwrap() }
}

#[test]
fn a_head_that_extends_the_last_one_is_signed_as_the_log() {
    let secret = SecretKey::from_seed(&[1; 32]).unwrap();
    let key = VerifierKey::log(&origin(), secret.public_key());
    let mut last = None;
    for size in [1, 2, 7, 20] {
        let proof = consistency_proof(last.map_or(0, |head: TreeHead| head.size), size, &tree()).unwrap();
        let extension = Extension::prove(origin(), last, head(size), &proof).unwrap();
        assert_eq!((extension.previous(), extension.checkpoint().head), (last, head(size)));
        let note = sign_checkpoint(&extension, &secret).unwrap();
        let signed = SignedCheckpoint::open(&note, &key).unwrap();
        assert_eq!(signed.checkpoint(), extension.checkpoint());
        assert_eq!(signed.note().to_string(), note);
        last = Some(head(size));
    }
}

#[test]
fn the_same_size_is_never_signed_twice() {
    for next in [head(7), TreeHead { size: 7, root: leaf_hash(b"fork") }, head(6)] {
        let error = Extension::prove(origin(), Some(head(7)), next, &[]).unwrap_err();
        assert!(matches!(error, LogError::NotAnExtension { why: ProofError::NotLarger, .. }), "{error}");
        assert_eq!((error.reason(), error.class()), ("CHECKPOINT_NOT_AN_EXTENSION", Class::Fatal));
    }
}

#[test]
fn another_history_is_no_extension() {
    let fork = (0..20u64).map(|n| leaf_hash(&(n + u64::from(n > 3)).to_be_bytes())).collect::<Levels>();
    let next = TreeHead { size: 20, root: fork.root() };
    for proof in [consistency_proof(7, 20, &fork).unwrap(), consistency_proof(7, 20, &tree()).unwrap(), vec![]] {
        assert!(Extension::prove(origin(), Some(head(7)), next, &proof).is_err());
    }
}

#[test]
fn the_first_head_needs_no_proof_and_takes_none() {
    assert!(Extension::prove(origin(), None, head(1), &[]).is_ok());
    assert!(Extension::prove(origin(), None, head(0), &[]).is_ok());
    assert!(Extension::prove(origin(), None, head(1), &[EMPTY_ROOT]).is_err());
    assert!(Extension::prove(origin(), None, TreeHead { size: 0, root: head(1).root }, &[]).is_err());
    assert!(Extension::prove(origin(), None, TreeHead { size: MAX_TREE_SIZE + 1, root: EMPTY_ROOT }, &[]).is_err());
    assert!(tree().node(4, 0).is_ok());
}
